"""Owns how the datasets that lenses leave stand on a server, beside the whole one: names, and which graphs make one.

Leaves which statements a lens lets through to ``onrecord.lens``, and sending to ``push``. A dataset of a lens has a
description, the named graph ``<base>graph/through/KEY``, which lists its graphs; those that differ from the whole
dataset's have names below that, the others are the same graphs. So it is whole with one copy of what is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from onrecord.lens import Lens
from onrecord.terms import RDFS, SCHEMA, iri, literal

_THROUGH = "through"

_PART = f"{SCHEMA}hasPart"

PARTS = f"SELECT ?part WHERE {{ ?lens {iri(_PART)} ?part }}"
"""Asks a description for the graphs that make the dataset."""


def is_whole(lens: Lens) -> bool:
    """Whether a lens leaves every statement; what is entailed stands in a graph of its own, and can be left out."""
    return replace(lens, inference=True) == Lens()


def wish_of(base: str) -> str:
    """What stands on the ledger where lenses are wanted, also when no question has one."""
    return f"{base}graph/{_THROUGH}"


def description_of(base: str, lens: Lens) -> str:
    """The name of the graph that describes what a lens leaves, with and without inference."""
    return f"{base}graph/{_THROUGH}/{replace(lens, inference=True).key}"


def is_lensed(base: str, graph: str) -> bool:
    """Whether a graph is there for a lens only, and no part of the whole dataset."""
    return graph.startswith(f"{base}graph/{_THROUGH}/")


def named_for(description: str, base: str, graph: str) -> str:
    """The name, on the server, of a graph that a lens leaves otherwise than it is."""
    return f"{description}/{graph.removeprefix(f'{base}graph/')}"


def plain_name(description: str, base: str, graph: str) -> str:
    """The name that a graph of a lens's dataset has in the dataset."""
    own = f"{description}/"
    return f"{base}graph/{graph.removeprefix(own)}" if graph.startswith(own) else graph


def describe(description: str, lens: Lens, graphs: Iterable[str]) -> list[str]:
    """The description of a dataset of these graphs, as sorted lines of N-Triples."""
    label = f"{iri(description)} {iri(f'{RDFS}label')} {literal(words_of(lens))} ."
    return sorted([label, *(f"{iri(description)} {iri(_PART)} {iri(graph)} ." for graph in graphs)])


def words_of(lens: Lens) -> str:
    """What a lens chooses.

    >>> import datetime as dt
    >>> words_of(Lens(valid_at=dt.date(2025, 12, 18), possibly=True, include=frozenset({"planned", "expected"})))
    'possibly valid at 2025-12-18, with what is expected or planned'
    """
    parts = [
        f"on record by {lens.as_of}" if lens.as_of else "",
        f"{'possibly' if lens.possibly else 'certainly'} valid at {lens.valid_at}" if lens.valid_at else "",
        f"with what is {' or '.join(sorted(lens.include))}" if lens.include else "",
        f"of {' or '.join(sorted(lens.sources))} only" if lens.sources else "",
    ]
    return ", ".join(filter(None, parts))
