"""Owns one unit of work: a statement file to rows that are ready for their shard, and to rejects.

Leaves which files there are and where units run to ``sharded``. A unit reads files and writes files,
all named after their content, so that it may run anywhere, twice, or not again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from onrecord.assemble import label_propositions, shared_nodes
from onrecord.broken import find_broken, without_broken
from onrecord.check.record import check_record
from onrecord.errors import EngineError, Problem, Problems, Severity, sort_problems
from onrecord.explain.links import origin_pairs
from onrecord.files import write_atomic
from onrecord.judgements import apply_judgements
from onrecord.lens import Lens, select
from onrecord.model import AS_WRITTEN
from onrecord.names import Names
from onrecord.places import Places
from onrecord.project import Project
from onrecord.resolve import resolve_names, resolve_statements
from onrecord.scale.aliases import ALIASES, ASKED, BACKERS, PartNames, names_in, read_asked
from onrecord.scale.base import Job, base_of, known_of
from onrecord.scale.frames import write_frame
from onrecord.scale.scans import BY_HAND, digest_unit, is_of, read_context, read_unit
from onrecord.terms import Minter

LINKS = "links.json"
"""The file of who gives whose words, or is a part of what, by the statements of all units."""

SHARD = "shard"
_HASH = -33  # where the hash begins in a proposition's IRI, up to its closing bracket
REJECTS = pl.Schema(
    {
        "file": pl.String,
        "line": pl.UInt32,
        "column": pl.UInt32,
        "code": pl.String,
        "message": pl.String,
        "fix": pl.String,
    }
)
"""Columns of the table of rows that were left out."""


def map_unit(job: Job, task: Mapping[str, Any]) -> dict[str, Any]:
    """Resolve and check a unit's rows; write them, the nodes they share and the rejects under the task's key.

    The task names the ``unit``, its hash as it was scanned (``sha256``), its ``key``, the file of its ``context``
    (rows of other units that it refers to), the places whose id stands ``twice`` (file, line, id, and where it
    stands first), and what other units leave out: statements that are ``lost`` to it, by id, and ``sources``.
    What is left out here is told likewise.

    :raises EngineError: when the unit is another one than was scanned.
    """
    base, work, key, unit = base_of(job), Path(job.work), str(task["key"]), str(task["unit"])
    problems = Problems()
    rows, places = read_unit(base, unit, problems)
    if digest_unit(base, unit) != task["sha256"]:  # what it is now must not be taken for what it was
        raise EngineError(f"{unit or 'statements'}: changed while the graph was built; build again")
    rows = _without_second_ids(rows, places, task["twice"], problems)
    own = rows.height
    context = read_context(work / str(task["context"]), own) if task["context"] else rows.clear()
    if job.joined:
        parsed = replace(base.parsed, entities=read_asked(work / f"names-{key}.parquet", work / BACKERS))
        names = PartNames(base.ontology, Minter(base.project.base), table=work / ALIASES)
        known = resolve_names(parsed, base.ontology, base.project, problems, names)
    else:
        known = known_of(base, problems)
    resolved = resolve_statements(known, pl.concat([rows, context]), places, base.project, problems)
    resolved = apply_judgements(resolved, base.project, problems)
    mine = resolved.statements.filter(pl.col("row") < own)
    # The rules on entities only warn, and of what all units say together.
    check_record(replace(resolved, statements=mine, entities=[]), base.project, problems)
    wrong = [found for found in problems.items if _is_error_of(found, places, unit)]
    broken = find_broken(mine, places, base.parsed.sources, wrong, base.project)
    sources = sorted(broken.sources)
    broken.sources.update(task["sources"])
    broken.rows.update(context.filter(~pl.col("nested") & pl.col("id").is_in(task["lost"]))["row"])
    told = Problems(wrong)
    sound = without_broken(resolved, broken, told)
    rejects = _rejects((found for found in told.items if _is_error_of(found, places, unit)), places, base.project)
    seen = select(_own_and_mentioned(sound, own).drop(AS_WRITTEN), Lens(inference=False), base.project.policy)
    labels = label_propositions(seen, resolved)
    shard = pl.col("proposition").str.slice(_HASH, 8).str.to_integer(base=16, dtype=pl.Int64) % job.shards
    out = seen.join(labels, on="proposition", how="left").with_columns(shard.cast(pl.Int32).alias(SHARD)).drop("row")
    nodes = shared_nodes(seen, resolved.names.minter)
    spot = pl.col("subject").str.slice(_HASH, 8).str.to_integer(base=16, dtype=pl.Int64) % job.shards
    nodes = nodes.with_columns(spot.cast(pl.Int32).alias(SHARD))
    write_frame(work / f"rows-{key}.parquet", out.sort(SHARD))
    write_frame(work / f"nodes-{key}.parquet", nodes.sort(SHARD))
    write_frame(work / f"rejects-{key}.parquet", rejects)
    named = mine.filter(~pl.col("nested")).select("row", "id").drop_nulls().unique("id", keep="first")
    inner = base.parsed.places.inner
    by_hand = {name for name, source in base.parsed.sources.items() if is_of(inner(source.place.file), BY_HAND)}
    result = {
        "unit": unit,
        "key": key,
        "rejects": rejects.height,
        "shards": sorted({*out[SHARD].unique().to_list(), *nodes[SHARD].unique().to_list()}),
        "links": origin_pairs(seen, base.ontology),
        "lost": sorted(named.join(sound, on="row", how="anti")["id"]),
        "lost sources": sources,
        "rests on": sorted(by_hand.intersection(rows["source"].unique())),
    }
    write_atomic(work / f"done-{key}.json", json.dumps(result))
    return result


def names_of(job: Job, task: Mapping[str, Any]) -> list[str]:
    """What a unit and the rows that it refers to may call an entity."""
    base = base_of(job)
    rows, _ = read_unit(base, str(task["unit"]), Problems())
    if task["context"]:
        rows = pl.concat([rows, read_context(Path(job.work) / str(task["context"]), rows.height)])
    return names_in(rows, Names(base.ontology, Minter(base.project.base)))


def write_asked(job: Job, key: str, asked: pl.DataFrame) -> None:
    """Write the rows of the table of names that a unit asked for."""
    write_frame(Path(job.work) / f"names-{key}.parquet", asked.select(ASKED.names()).unique().sort("name", "entity"))


def _without_second_ids(
    rows: pl.DataFrame, places: Places, twice: Sequence[Sequence[Any]], problems: Problems
) -> pl.DataFrame:
    """The rows without ids that stand in another unit first, each with its problem: to refer to one means the first."""
    first = {(file, line, text): where for file, line, text, where in twice}
    mine = rows.filter(~pl.col("nested") & pl.col("id").is_in([text for _, _, text in first]))
    again = {
        row: (text, first[key])
        for row, file, line, text in mine.select("row", "file", "line", "id").iter_rows()
        if (key := (places.inner(file), line, text)) in first
    }
    for row, (text, where) in again.items():
        problems.error(
            "R004",
            places.of(row, "id"),
            f'the statement id "{text}" stands twice; the first is in {where}',
            "give each statement its own id",
        )
    kept = pl.when(~pl.col("row").is_in(list(again))).then("id")
    return rows.with_columns(kept.alias("id")) if again else rows


def _is_error_of(found: Problem, places: Places, unit: str) -> bool:
    """Whether something is wrong in the unit's own files; what is wrong beside them is told once, elsewhere."""
    return found.severity is Severity.ERROR and is_of(places.inner(found.place.file), unit)


def _rejects(errors: Iterable[Problem], places: Places, project: Project) -> pl.DataFrame:
    """What is wrong, by place, with files named as they are inside the graph: the same on every machine."""
    here = f"{project.name_of(project.folder)}/"
    told = [
        (
            *(places.inner(found.place.file), found.place.line, found.place.column, found.code),
            *(text if here == "./" else text.replace(here, "") for text in (found.message, found.fix)),
        )
        for found in sort_problems(errors)
    ]
    return pl.DataFrame(told, schema=REJECTS, orient="row").unique(maintain_order=True)


def _own_and_mentioned(table: pl.DataFrame, own: int) -> pl.DataFrame:
    """The table with the rows of other units as such that are only spoken of."""
    other = pl.col("row") >= own
    return table.with_columns(
        nested=other | pl.col("nested"),
        statement=pl.when(~other).then("statement"),
        status=pl.when(~other).then("status"),
    )
