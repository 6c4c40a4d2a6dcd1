"""Owns statements as evidence: a row of the table with all that a reader needs to judge it.

Leaves which rows count to ``lens``, and what the evidence amounts to to the modules that count it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from onrecord.assemble import proposition_labels
from onrecord.resolve import Resolved
from onrecord.terms import split_term

COLUMNS = (
    "statement",
    "proposition",
    "status",
    "negated",
    "source",
    "recorded_day",
    "quotes",
    "said_by_terms",
    "origin_terms",
    "via_terms",
    "hedge",
    "condition",
    "when",
    "file",
    "line",
)
"""What of the statement table goes into :class:`Evidence`."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A statement with what a reader needs to judge it; names are labels, days are ISO text."""

    statement: str
    text: str  # the proposition in words, with "not:" before it where it is denied or negated
    status: str
    against: bool
    source: str
    title: str
    recorded: str
    quotes: tuple[str, ...] = ()
    said_by: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    hedge: str = ""
    condition: str = ""
    when: str = ""
    file: str = ""
    line: int = 0

    @property
    def path(self) -> str:
        """Who it comes from, in words: ``said by Ansel Grome, via Bram Ostler``."""
        parts = [
            f"{word} {', '.join(names)}"
            for word, names in (("said by", self.said_by), ("from", self.origin), ("via", self.via))
            if names
        ]
        return ", ".join(parts) or "in its own voice"

    def as_dict(self) -> dict[str, Any]:
        """The statement as plain values, as ``--json`` prints it."""
        return asdict(self)


def statements_once(rows: pl.DataFrame) -> pl.DataFrame:
    """Each statement of ``rows`` once, with all its quotes and the first day on which it was recorded."""
    own = rows.filter(~pl.col("nested") & pl.col("statement").is_not_null())
    twice = own.filter(pl.col("statement").is_duplicated())
    if twice.is_empty():
        return own
    merged = twice.group_by("statement", maintain_order=True).agg(
        pl.exclude("quotes", "recorded_day").first(),
        pl.col("quotes").explode().drop_nulls().unique(maintain_order=True),
        pl.col("recorded_day").min(),
    )
    once = own.filter(~pl.col("statement").is_duplicated())
    return pl.concat([once, merged.select(once.columns)]).sort("row")


class Teller:
    """Turns rows into :class:`Evidence`; labels of propositions are made when first asked for."""

    def __init__(self, rows: pl.DataFrame, resolved: Resolved) -> None:
        self._rows = rows
        self._resolved = resolved
        self._labels: dict[str, str] | None = None

    def words(self, term: str) -> str:
        """A term in words: a label, a literal's text, a proposition's sentence."""
        if term.startswith('"'):
            return split_term(term)[1]
        labels = self._proposition_labels()
        return labels[term] if term in labels else self._resolved.names.label(term[1:-1])

    def _proposition_labels(self) -> dict[str, str]:
        if self._labels is None:
            rows = self._rows.unique("proposition", keep="first", maintain_order=True)
            self._labels = proposition_labels(rows, self._resolved)
        return self._labels

    def evidence(self, row: Mapping[str, Any]) -> Evidence:
        """The statement of a row."""
        against = row["negated"] or row["status"] == "denied"
        text = self.words(row["proposition"])
        source = self._resolved.sources.get(row["source"])
        said_by, origin, via = row["said_by_terms"], row["origin_terms"], row["via_terms"]
        return Evidence(
            statement=row["statement"][1:-1],
            text=f"not: {text}" if against else text,
            status=row["status"],
            against=against,
            source=row["source"],
            title=source.title if source else "",
            recorded=str(row["recorded_day"] or ""),
            quotes=tuple(row["quotes"] or ()),
            said_by=tuple(map(self.words, said_by)) if said_by else (),
            origin=tuple(map(self.words, origin)) if origin else (),
            via=tuple(map(self.words, via)) if via else (),
            hedge=row["hedge"] or "",
            condition=self.words(row["condition"]) if row["condition"] else "",
            when=row["when"] or "",
            file=self._resolved.places.inner(row["file"]),
            line=row["line"],
        )
