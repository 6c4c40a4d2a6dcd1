"""Owns the statement table that a build keeps for the next one, and which of its rows still mean what they did.

Leaves rows as written to ``parse.before`` and resolving the others to ``columns`` and ``propositions``. A row means
what it did where nothing that it is resolved by changed: what stands beside the statement files, its text, what is said
of its source, and the rows that it refers to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import polars as pl

from onrecord.files import sha256_hex
from onrecord.kept import Keep, Kept
from onrecord.model import AS_WRITTEN, RESOLVED, STATEMENT_SCHEMA, Source
from onrecord.names import Names
from onrecord.parse import Parsed
from onrecord.parse.before import ROWS, with_inner
from onrecord.parse.records import REFERENCE

if TYPE_CHECKING:
    from onrecord.resolve import Resolved

_FILLED = ("status", "curator")
"""Columns that are written, and filled where they are not."""
_POINTING = ("subject_row", "object_row", "condition_row")
_TEXTS = ("subject_text", "object_text", "condition_text")
_NO_TEXTS = ("place", "places", "origin", "speakers", "left_out", "protected")
_SEEN = [*(name for name in STATEMENT_SCHEMA if name not in AS_WRITTEN), "file"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Which rows mean what they did in the build that ``whole`` names."""

    whole: str
    before: pl.Series
    """For each row of today's table its number in the table that was kept; null where it has to be resolved again."""

    @property
    def is_due(self) -> pl.Series:
        """Whether each row has to be resolved again."""
        return self.before.is_null()


@dataclass(frozen=True, slots=True)
class ResolvedBefore:
    """The rows that stand, and the table that has what they were resolved into."""

    standing: Standing
    _told: pl.DataFrame

    def propositions(self, rows: Iterable[int]) -> dict[int, str | None]:
        """The proposition of each of ``rows`` that stands."""
        wanted = pl.Series(sorted(rows), dtype=pl.UInt32)
        found = pl.DataFrame({"row": wanted, "at": self.standing.before.gather(wanted)}).drop_nulls()
        return dict(zip(found["row"], self._told["proposition"].gather(found["at"]), strict=True))

    def join(self, written: pl.DataFrame, due: pl.DataFrame) -> pl.DataFrame:
        """The whole table, from its rows as written and those that were ``due`` as they are resolved."""
        is_due = self.standing.is_due
        late = is_due.cum_sum() - 1  # which of those due a row is; means nothing where none is

        def pick(first: pl.DataFrame, at: pl.Series) -> list[pl.Series]:
            """The columns of ``first``, from its rows ``at`` and from the rows that were due in their turn."""
            where = is_due.to_frame("due").select(pl.when("due").then(late + first.height).otherwise(at))
            return pl.concat([first, due.select(first.columns)])[where.to_series()].get_columns()

        nth = pl.int_range(written.height, dtype=pl.UInt32, eager=True)
        resolved = pick(self._told, self.standing.before)
        return written.with_columns(*resolved, *pick(written.select(_POINTING), nth)).rechunk()


def find_standing(parsed: Parsed, names: Names, kept: Kept, surroundings: str) -> ResolvedBefore | None:
    """The rows of ``parsed`` that mean what they did in the build that ``kept`` is of; None where there is no telling.

    ``names`` are those of today; ``surroundings`` names what stands beside the statement files.
    """
    if not parsed.same or not surroundings or kept.facts.get("surroundings") != surroundings:
        return None
    if kept.facts["merged"] or not names.labels.keys() >= set(kept.facts["told of"]):
        return None
    told = resolved_rows(kept)
    if told is None:
        return None
    written, before = parsed.statements, kept.facts["sources"]
    said = describe_sources(parsed.sources)
    sources = [name for name in said if before.get(name) == said[name]]
    numbers = _numbers(parsed)
    settled = written.select(~_refers() & pl.col("source").is_in(sources) & numbers.is_not_null()).to_series()
    due = _with_those_above(written["row"].filter(~settled), written)
    stands = written.select(pl.when(~pl.col("row").is_in(due.implode())).then(numbers).alias("before"))
    return ResolvedBefore(Standing(kept.whole, stands["before"]), told.select(*RESOLVED, *_FILLED))


def _numbers(parsed: Parsed) -> pl.Series:
    """For each row its number in the table that was kept; null where it was read today."""
    parts, reached = [], 0
    for same in parsed.same:
        parts.append(pl.repeat(None, same.start - reached, dtype=pl.UInt32, eager=True))
        parts.append(pl.int_range(same.before, same.before + same.count, dtype=pl.UInt32, eager=True))
        reached = same.start + same.count
    parts.append(pl.repeat(None, parsed.statements.height - reached, dtype=pl.UInt32, eager=True))
    return pl.concat(parts)


def _refers() -> pl.Expr:
    """Whether a row may refer to a statement by its id."""
    value = pl.element().struct.field("value")
    named = pl.col("qualifiers").list.eval(value.str.starts_with(REFERENCE)).list.any()
    return pl.any_horizontal(*(pl.col(name).str.starts_with(REFERENCE) for name in _TEXTS), named).fill_null(False)


def _with_those_above(rows: pl.Series, written: pl.DataFrame) -> pl.Series:
    """The numbers of ``rows``, of those that they are nested in, and so on."""
    flat = written.filter(pl.col("qualifiers").list.len() > 0).select("row", "qualifiers").explode("qualifiers")
    values = flat.select("row", target=pl.col("qualifiers").struct.field("value_row"))
    links = pl.concat([*(written.select("row", target=name) for name in _POINTING), values]).drop_nulls()
    reached = new = rows
    while not new.is_empty():
        above = links.filter(pl.col("target").is_in(new.implode()))["row"].unique()
        new = above.filter(~above.is_in(reached.implode()))
        reached = pl.concat([reached, new])
    return reached


def _as_resolved(name: str) -> str:
    return f"{name} as resolved"


def resolved_rows(kept: Kept) -> pl.DataFrame | None:
    """The rows of a build as :func:`seen_rows` showed them; None where they were not kept."""
    told = kept.table(ROWS)
    if told is None or not set(RESOLVED) <= set(told.columns):
        return None
    return told.drop(_FILLED).rename({_as_resolved(name): name for name in _FILLED}).select(_SEEN)


def seen_rows(resolved: Resolved) -> pl.DataFrame:
    """The columns that quads are made of, and the file of each row as it is called inside the graph."""
    return with_inner(resolved.statements.select(_SEEN), resolved.places)


def keep_rows(resolved: Resolved, written: pl.DataFrame | None, *, surroundings: str) -> Keep:
    """What :func:`find_standing` and :func:`resolved_rows` need of a build.

    ``written`` is what :meth:`onrecord.parse.before.ReadBefore.keep` kept of the same rows, if it did.
    """
    table = resolved.statements
    filled = table.select(*RESOLVED, *(pl.col(name).alias(_as_resolved(name)) for name in _FILLED))
    if written is None:
        written = seen_rows(resolved).drop(RESOLVED)
    minter = resolved.names.minter
    told_of = [*map(minter.source, resolved.sources), *(found.iri for found in resolved.entities if found.source)]
    facts = {
        "surroundings": surroundings,
        "sources": describe_sources(resolved.sources),
        "told of": told_of,
        "merged": merged_nodes(resolved.names),
    }
    return Keep({ROWS: pl.concat([written, filled], how="horizontal")}, facts)


def merged_nodes(names: Names) -> list[str]:
    """The IRIs of entities that judgements made one, and of those that stand for them."""
    return sorted({*names.merged, *names.merged.values()})


def describe_sources(sources: Mapping[str, Source]) -> dict[str, str]:
    """A hash for each source over all that quads are made of, wherever that stands."""
    return {name: sha256_hex(json.dumps(_fields(source)).encode()) for name, source in sources.items()}


def _fields(source: Source) -> list[Any]:
    plain = [getattr(source, field.name) for field in fields(source) if field.name not in _NO_TEXTS]
    speakers = [(who.id, who.label, who.type, who.note) for who in source.speakers]
    return [*plain, source.origin, speakers]
