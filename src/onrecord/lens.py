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
    rows = _where(statements, pl.col("proposition").is_not_null())
    stands = ~pl.col("nested") & pl.col("statement").is_not_null() & _passes(lens)
    marked = rows.with_columns(
        stands.fill_null(False).alias(_STANDS), asserting(policy, lens.include).alias("asserting")
    )
    more = _mentioned(marked)
    chosen = _where(marked, pl.col(_STANDS) | pl.col("row").is_in(more.implode()))
    mentioned = pl.when(~pl.col(_STANDS))
    seen = chosen.with_columns(
        mentioned.then(True).otherwise("nested").alias("nested"),
        mentioned.then(None).otherwise("statement").alias("statement"),
        mentioned.then(False).otherwise("asserting").alias("asserting"),
    ).drop(_STANDS)
    return seen if seen["row"].is_sorted() else seen.sort("row")


_STANDS = "\x1fstands"


def _where(table: pl.DataFrame, condition: pl.Expr) -> pl.DataFrame:
    """The rows that meet a condition; a table of which all do is not copied."""
    mask = table.select(condition.alias("mask"))["mask"]
    return table if mask.all() else table.filter(mask)


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


def _mentioned(rows: pl.DataFrame) -> pl.Series:
    """The numbers of the nested rows, and of the referred-to propositions, below the statements that stand."""
    rows = rows.select("row", "proposition", "subject", "object", "condition", "restrictive", "additive", _STANDS)
    frontier = rows.filter(_STANDS)
    if frontier.is_empty():
        return rows["row"].clear()
    head = rows["proposition"][0][: -len("/00112233445566778899aabbccddeeff>")]
    have = frontier.select("proposition", "row")
    extra = [rows["row"].clear()]
    while not frontier.is_empty():
        parts = [frontier["subject"], frontier["object"], frontier["condition"]]
        for name in ("restrictive", "additive"):
            values = frontier.filter(pl.col(name).list.len() > 0)[name].explode().struct.field("value")
            parts.append(values.rename("subject"))
        targets = pl.concat([part.filter(part.str.starts_with(head)) for part in parts]).unique()
        wanted = rows.select("proposition", "row").filter(pl.col("proposition").is_in(targets.to_list()))
        wanted = wanted.unique("proposition", keep="first", maintain_order=True)
        fresh = wanted.join(have, on="proposition", how="anti").join(have, on="row", how="anti")
        have = pl.concat([have, fresh])
        frontier = rows.join(fresh.select("row"), on="row", how="semi", maintain_order="left")
        extra.append(frontier["row"])
    return pl.concat(extra)
