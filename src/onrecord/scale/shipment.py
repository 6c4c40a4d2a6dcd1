"""Owns a dataset on its way to a server: its named graphs as sorted lines of N-Triples, and the hash of each.

Leaves sending to ``push`` and the names of what lenses leave to ``lensed``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from onrecord.errors import has_errors
from onrecord.export.native import write_ntriples
from onrecord.files import sha256_hex
from onrecord.lens import Lens
from onrecord.progress import each
from onrecord.scale.alike import count_distinct
from onrecord.scale.lensed import describe, description_of, named_for, words_of
from onrecord.written import Forms, written_forms

if TYPE_CHECKING:
    from onrecord.graph import Graph

Lines = dict[str, list[str]]
"""Named graphs as sorted lines of N-Triples."""


class Shipment:
    """A dataset with those that ``lenses`` leave of it; ``quads_of`` gives the quads of each. None wants no such."""

    def __init__(
        self, base: str, quads_of: Callable[[Lens], pl.DataFrame], lenses: Iterable[Lens] | None = None
    ) -> None:
        self.base, self.with_lenses = base, lenses is not None
        self.written: dict[str, Forms] = {}
        """Literals as they were written: of each lens under the name of its description, of the whole under ""."""
        self.through: dict[str, str] = {}
        """What the lens chooses, of each graph that is there for a lens only."""
        quads = quads_of(Lens())
        self._note_forms("", quads)
        whole = _lines_of(quads)
        lines = dict(whole)
        for lens in lenses or ():
            lines |= self._seen(lens, quads_of(lens), whole)
        self.lines: Mapping[str, list[str]] = dict(sorted(lines.items()))
        self.digests = {name: state_of(triples) for name, triples in self.lines.items()}

    def fewest(self, names: Iterable[str]) -> dict[str, int]:
        """How many triples of these graphs a server holds that takes those of one value as one."""
        return {name: count_distinct(self.lines[name]) for name in names}

    def _note_forms(self, description: str, quads: pl.DataFrame) -> None:
        self.written[description] = written_forms(quads["object"].unique().to_list())

    def _seen(self, lens: Lens, quads: pl.DataFrame, whole: Lines) -> Lines:
        """What a lens leaves, without the graphs that the whole dataset has just so."""
        description = description_of(self.base, lens)
        self._note_forms(description, quads)
        own, graphs = Lines(), []
        for name, triples in _lines_of(quads).items():
            is_shared = whole.get(name) == triples
            graphs.append(name if is_shared else named_for(description, self.base, name))
            if not is_shared:
                own[graphs[-1]] = triples
        own[description] = describe(description, lens, graphs)
        self.through |= dict.fromkeys(own, words_of(lens))
        return own


def ship(graph: Graph, *, lenses: bool) -> Shipment:
    """The dataset of a graph, with ``lenses`` also what those of its questions leave of it.

    :raises GraphBroken: when the files hold errors.
    """
    return Shipment(graph.project.base, graph.quads, lenses_of(graph) if lenses else None)


def lenses_of(graph: Graph) -> list[Lens]:
    """The lenses of a graph's questions that choose statements, each once; not of those that cannot be read."""
    sound = (question for question in graph.questions().values() if not has_errors(question.problems))
    chosen = {replace(question.lens, inference=True) for question in sound}
    return sorted(chosen - {Lens()}, key=lambda lens: lens.key)


def state_of(lines: Iterable[str]) -> str:
    """The state of a graph of these lines in a ledger."""
    return sha256_hex(text_of(lines))


def text_of(lines: Iterable[str]) -> bytes:
    """Lines of N-Triples as a file holds them."""
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def _lines_of(quads: pl.DataFrame) -> Lines:
    parts = quads.partition_by("graph", as_dict=True, include_key=False)
    found = ((str(name)[1:-1], part) for (name,), part in each(parts.items(), "writing graphs", "graphs"))
    # Lines end at a line feed alone: a literal may hold the other separators of Unicode.
    return {name: write_ntriples(part, {}).decode("utf-8").split("\n")[:-1] for name, part in found}
