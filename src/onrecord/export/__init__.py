"""Owns the door to the exports: quads to text in every format, the same bytes on every run.

Leaves which quads there are to ``assemble``. Every writer works from the table of quads, never
from the triple store, which rewrites literals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from onrecord.errors import OnRecordError
from onrecord.export import native, turtle
from onrecord.nearest import did_you_mean
from onrecord.progress import stage

Writer = Callable[[pl.DataFrame, Mapping[str, str]], bytes]

FORMATS: dict[str, Writer] = {
    "ttl": turtle.write_turtle,
    "trig": turtle.write_trig,
    "nq": native.write_nquads,
    "nt": native.write_ntriples,
    "jsonld": native.write_jsonld,
    "rdf": native.write_rdfxml,
}
"""Format name (and file suffix) to its writer: sorted quads and prefixes in, bytes out."""


def export(quads: pl.DataFrame, format_: str, prefixes: Mapping[str, str]) -> bytes:
    """``quads`` (sorted or not) in one of :data:`FORMATS`.

    ``ttl``, ``nt`` and ``rdf`` hold the union of all named graphs; the others keep the graphs.

    :raises OnRecordError: for a format that is not there.
    """
    writer = FORMATS.get(format_)
    if writer is None:
        near = did_you_mean(format_, FORMATS) or f"the formats are {', '.join(FORMATS)}"
        raise OnRecordError(f'there is no format "{format_}": {near}')
    stage(f"writing {format_}")
    return writer(quads.sort(["graph", "subject", "predicate", "object"]), prefixes)
