"""Owns what a build tells of its quads, and keeps of them, once they are in the store.

Leaves telling it to ``manifest``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl

from onrecord.assemble import QUADS, to_nquads
from onrecord.progress import advance
from onrecord.written import typed_literals, written_forms

_PIECE = 20_000
"""So many quads are written at once: their text fits into the processor's cache."""


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema=QUADS)


@dataclass(slots=True)
class Tally:
    """How many quads each graph has, the literals with a datatype (graph, object), and what was inferred."""

    graphs: Counter[str] = field(default_factory=Counter)
    typed: pl.DataFrame = field(default_factory=_none)
    inferred: pl.DataFrame = field(default_factory=_none)
    counted: bool = False
    """Whether the store is known to hold as many quads: it takes some that are written otherwise for one."""

    def pass_on(self, parts: Iterable[pl.DataFrame], inferred: str = "") -> Iterator[bytes]:
        """Quads as N-Quads, on their way into a store; ``inferred`` is the name of that graph."""
        typed, entailed = [typed_literals(self.typed)], [self.inferred]
        for part in parts:
            runs = part.select(pl.col("graph").rle()).unnest("graph")  # rows of a source mostly stand together
            counts = dict(runs.group_by("value").agg(pl.col("len").sum()).iter_rows())
            self.graphs.update(counts)
            typed.append(typed_literals(part))
            if inferred in counts:
                entailed.append(part.filter(pl.col("graph") == inferred))
            for piece in part.iter_slices(_PIECE):
                advance(piece.height)
                yield to_nquads(piece)
        self.typed, self.inferred = pl.concat(typed).unique(), pl.concat(entailed)

    def forms(self) -> dict[str, str]:
        """The literals that the store rewrites: as it calls them, and as they were written."""
        return written_forms(self.typed["object"].unique())
