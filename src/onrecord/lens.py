"""Owns which rows count: a lens selects statements by day, validity, status and source.

Leaves what follows from the selected rows to the stages after it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import polars as pl

from onrecord.errors import OnRecordError
from onrecord.nearest import did_you_mean
from onrecord.project import AssertPolicy
from onrecord.statuses import ASSERTABLE
from onrecord.terms import digest


@dataclass(frozen=True, slots=True)
class Lens:
    """A choice of statements.

    ``as_of`` keeps what was on record by that day; ``valid_at`` keeps what certainly holds on a
    day (``possibly`` widens that to what may hold); ``include`` lets further statuses stand as
    fact; ``sources`` keeps the statements of some sources; without ``inference`` nothing is entailed.
    The default lens ends on the latest day in the graph, so it keeps everything but the statements
    of sources that were withdrawn.

    :raises OnRecordError: for a status in ``include`` that is none, or that never stands as fact.
    """

    as_of: dt.date | None = None
    valid_at: dt.date | None = None
    possibly: bool = False
    include: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    inference: bool = True

    def __post_init__(self) -> None:
        wrong = sorted(self.include - set(ASSERTABLE))
        if wrong:
            raise OnRecordError(f'"{wrong[0]}" is no status to include; write one of {", ".join(ASSERTABLE)}')

    @property
    def is_default(self) -> bool:
        """Whether the lens chooses nothing."""
        return self == Lens()

    def over(self, other: Lens) -> Lens:
        """This lens with what it leaves open taken from ``other``."""
        return Lens(
            self.as_of or other.as_of,
            self.valid_at or other.valid_at,
            self.possibly or (other.possibly and self.valid_at is None),
            self.include or other.include,
            self.sources or other.sources,
            self.inference and other.inference,
        )

    @property
    def key(self) -> str:
        """A short name for what the lens computes."""
        parts = (
            str(self.as_of),
            str(self.valid_at),
            str(self.possibly),
            *sorted(self.include),
            "|",
            *sorted(self.sources),
            str(self.inference),
        )
        return digest(*parts)


def require_sources(wanted: Iterable[str], known: Collection[str]) -> None:
    """Whether every source is known.

    :raises OnRecordError: for the first that is not, with those that look like it.
    """
    for source in sorted(set(wanted) - set(known)):
        near = did_you_mean(source, known)
        raise OnRecordError(f'no source is called "{source}"' + (f": {near}" if near else ""))


def select(statements: pl.DataFrame, lens: Lens, policy: AssertPolicy) -> pl.DataFrame:
    """The rows that the lens lets through, with a column ``asserting``.

    Rows that did not resolve are left out. A statement asserts when the policy says so for its
    status and it is neither negated nor conditional. Nested rows come along with the statements
    that mention them, directly or through a reference.
    """
    rows = statements.filter(pl.col("proposition").is_not_null())
    chosen = rows.filter(~pl.col("nested") & pl.col("statement").is_not_null() & _passes(lens))
    chosen = chosen.with_columns(asserting(policy, lens.include).alias("asserting"))
    mentioned = _mentioned(rows, chosen)
    return pl.concat([chosen, mentioned.with_columns(pl.lit(False).alias("asserting"))]).sort("row")


def asserting(policy: AssertPolicy, include: frozenset[str] = frozenset()) -> pl.Expr:
    """Whether a statement stands as fact."""
    own_voice = pl.col("said_by_terms").is_null() & pl.col("status").is_in(sorted(policy.own_voice))
    by_speaker = pl.col("said_by_terms").is_not_null() & pl.col("status").is_in(sorted(policy.speaker))
    firm = own_voice | by_speaker | pl.col("status").is_in(sorted(include))
    plain = ~pl.col("negated") & pl.col("condition").is_null()
    return firm & plain & ~pl.col("status").is_in(["denied", "mentioned"])


def _passes(lens: Lens) -> pl.Expr:
    keep = pl.col("withdrawn_day").is_null()
    if lens.as_of is not None:
        keep |= pl.col("withdrawn_day") > lens.as_of
        keep &= pl.col("recorded_day") <= lens.as_of
    if lens.sources:
        keep &= pl.col("source").is_in(sorted(lens.sources))
    if lens.valid_at is not None:
        start, end = ("earliest_start", "latest_end") if lens.possibly else ("latest_start", "earliest_end")
        keep &= pl.col(start).is_null() | (pl.col(start) <= lens.valid_at)
        keep &= pl.col(end).is_null() | (pl.col(end) >= lens.valid_at)
    return keep


def _mentioned(rows: pl.DataFrame, chosen: pl.DataFrame) -> pl.DataFrame:
    """The nested rows, and the referred-to propositions, below the chosen statements."""
    if rows.is_empty():
        return rows
    head = rows["proposition"][0][: -len("/00112233445566778899aabbccddeeff>")]
    numbered = rows.select("proposition", "row")
    have = chosen.select("proposition", "row")
    frontier = chosen
    extra: list[pl.DataFrame] = []
    while not frontier.is_empty():
        parts = [frontier["subject"], frontier["object"], frontier["condition"]]
        for name in ("restrictive", "additive"):
            values = frontier.filter(pl.col(name).list.len() > 0)[name].explode().struct.field("value")
            parts.append(values.rename("subject"))
        targets = pl.concat(parts).drop_nulls()
        targets = targets.filter(targets.str.starts_with(head)).unique()
        wanted = numbered.filter(pl.col("proposition").is_in(targets.to_list()))
        wanted = wanted.unique("proposition", keep="first", maintain_order=True)
        fresh = wanted.join(have, on="proposition", how="anti").join(have, on="row", how="anti")
        have = pl.concat([have, fresh])
        frontier = rows.join(fresh.select("row"), on="row", how="semi", maintain_order="left")
        extra.append(frontier.with_columns(pl.lit(True).alias("nested"), pl.lit(None, pl.String).alias("statement")))
    return pl.concat(extra) if extra else rows.clear()
