"""Owns the step from names to IRIs: fills the resolved columns of the statement table.

Leaves whether the statements make sense to ``check``. Each distinct name is looked up once; the
table is filled by joins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from onrecord.errors import Problems
from onrecord.kept import Kept
from onrecord.model import RESOLVED, Source
from onrecord.names import Names
from onrecord.ontology import Ontology
from onrecord.parse import Parsed
from onrecord.places import Places
from onrecord.progress import stage
from onrecord.project import Project
from onrecord.resolve.before import ResolvedBefore, Standing, find_standing
from onrecord.resolve.columns import (
    with_conditions,
    with_dates,
    with_lists,
    with_predicates,
    with_references,
    with_sources,
    with_terms,
)
from onrecord.resolve.entities import ResolvedEntity, check_origins, published_day, resolve_entities, tagged
from onrecord.resolve.lookup import Lookup
from onrecord.resolve.propositions import with_propositions, with_statements
from onrecord.terms import Minter
from onrecord.withdrawn import Withdrawal

__all__ = [
    "Known",
    "Resolved",
    "ResolvedEntity",
    "published_day",
    "resolve",
    "resolve_names",
    "resolve_statements",
]


@dataclass(slots=True)
class Resolved:
    """The statement table with both halves filled, and what its IRIs stand for."""

    statements: pl.DataFrame
    entities: list[ResolvedEntity]
    sources: dict[str, Source]
    names: Names
    places: Places
    withdrawn: tuple[Withdrawal, ...] = ()
    standing: Standing | None = None
    """The rows that are known to mean what they did in the build that they were resolved with."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the names of a graph stand for, whatever its statements say."""

    parsed: Parsed
    entities: list[ResolvedEntity]
    names: Names


def resolve(
    parsed: Parsed,
    ontology: Ontology,
    project: Project,
    problems: Problems,
    *,
    kept: Kept | None = None,
    surroundings: str = "",
) -> Resolved:
    """Replace names by IRIs and mint the IRIs of propositions and statements.

    What ``kept`` has of rows that still mean the same is taken from there; ``surroundings`` names what stands beside
    the statement files, as :func:`onrecord.kept.surroundings` does.
    Rows in which a name stays unknown or ambiguous keep nulls in ``proposition`` and ``statement``;
    each gets a problem of the family R.
    """
    stage("resolving names")
    known = resolve_names(parsed, ontology, project, problems)
    before = find_standing(known.parsed, known.names, kept or Kept(None), surroundings)
    return resolve_statements(known, parsed.statements, parsed.places, project, problems, before)


def resolve_names(
    parsed: Parsed, ontology: Ontology, project: Project, problems: Problems, names: Names | None = None
) -> Known:
    """Entities, unnamed speakers and sources with their IRIs; the first half of :func:`resolve`."""
    names = names or Names(ontology, Minter(project.base))
    names.lost, names.sources_lost = parsed.lost, parsed.sources_lost
    parsed = replace(parsed, sources={source.id: tagged(source, problems) for source in parsed.sources.values()})
    entities = resolve_entities(parsed, names, project.language, problems)
    check_origins(parsed, names, problems)
    return Known(parsed, entities, names)


def resolve_statements(
    known: Known,
    statements: pl.DataFrame,
    places: Places,
    project: Project,
    problems: Problems,
    before: ResolvedBefore | None = None,
) -> Resolved:
    """The table of ``statements`` as written with both halves filled; ``known`` is not changed by it."""
    parsed = replace(known.parsed, statements=statements, places=places)
    look = Lookup(parsed, known.names, project, problems)
    table = with_sources(look, statements.filter(before.standing.is_due) if before else statements)
    table = with_predicates(look, table)
    table = with_references(look, table)
    table = with_terms(look, table, "subject")
    table = with_terms(look, table, "object")
    table = with_lists(look, table)
    table = with_conditions(look, table)
    table = with_dates(look, table)
    table = with_propositions(look, table, before)
    table = with_statements(look, table)
    if project.curator:
        by_default = pl.when(~pl.col("nested")).then(pl.lit(project.curator))
        table = table.with_columns(pl.col("curator").fill_null(by_default))
    table = table.select([*statements.columns, *RESOLVED])
    if before:
        table = before.join(statements, table)
    standing = before.standing if before else None
    return Resolved(table, known.entities, parsed.sources, known.names, places, parsed.withdrawn, standing)
