"""Owns where quotes were found, carried from one build to the next.

Leaves the finding to ``sources`` and the verdicts to ``evidence``. A place is known by the hash of its text and the
key of the quote, so that another text, or another quote, is looked at anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import polars as pl

from onrecord.kept import Keep, Kept
from onrecord.lock import quote_key
from onrecord.sources import Location, Text, Verdict, find_quote

MOST_KEPT = 400_000
"""Of more quotes nothing is kept for the next build."""
_TABLE = "found quotes"
_COLUMNS = ("text", "quote", "verdict", "spans", "turn", "negation")


@dataclass(slots=True)
class Located:
    """Quotes and their places: those of the build before, and those found since, by text and quote."""

    before: dict[tuple[str, str], Location] = field(default_factory=dict)
    now: dict[tuple[str, str], Location] = field(default_factory=dict)

    @classmethod
    def of_build(cls, kept: Kept) -> Located:
        """Where quotes were found by the time of a build."""
        table = kept.table(_TABLE)
        return cls(
            {
                (text, key): Location(
                    Verdict(verdict), tuple(map(tuple, json.loads(spans))), 1, turn=turn, negation=negation
                )
                for text, key, verdict, spans, turn, negation in (table.iter_rows() if table is not None else ())
            }
        )

    def find(self, quote: str, text: Text, prefix: str, suffix: str) -> Location:
        """Where a quote stands in a text (see :func:`onrecord.sources.find_quote`)."""
        name = text.sha256, quote_key(quote, prefix, suffix)
        location = self.before.get(name) or find_quote(quote, text, prefix, suffix)
        if location.verdict.is_found:
            self.now[name] = location
        return location

    def keep(self) -> Keep:
        """What :meth:`of_build` needs. Quotes not found are looked for again: other texts may have them."""
        if len(self.now) > MOST_KEPT:
            return Keep()
        rows = (
            (*name, str(found.verdict), json.dumps(found.spans), found.turn, found.negation)
            for name, found in self.now.items()
        )
        return Keep({_TABLE: pl.DataFrame(rows, schema=dict.fromkeys(_COLUMNS, pl.String), orient="row")})
