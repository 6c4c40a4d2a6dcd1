"""Owns which rows a build leaves out that is told to go on without those that are broken.

Leaves finding what is wrong to ``check``. An error is held against the row that it stands in; one that stands in no
row, such as in the description of a source, against all rows of its file and of the sources that the file describes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from onrecord.errors import GraphBroken, Problem, Problems, Severity
from onrecord.lens import Lens, select
from onrecord.model import Source
from onrecord.parse.records import REFERENCE
from onrecord.places import Places
from onrecord.project import Project
from onrecord.resolve import Resolved

_LINES = (".jsonl", ".parquet")
_YAML = (".yaml", ".yml")


@dataclass(slots=True)
class Broken:
    """What errors are held against: rows, and files with the sources that they describe."""

    rows: set[int] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)


def leave_out(resolved: Resolved, found: Iterable[Problem], project: Project) -> tuple[Resolved, list[Problem]]:
    """The graph without its broken rows, and what is to be told of them: the errors found, and those that follow.

    :raises GraphBroken: where something is wrong that stands in no statement file: everything rests on that.
    """
    errors = [problem for problem in found if problem.severity is Severity.ERROR]
    places = resolved.places
    beside = [problem for problem in errors if not _is_of_statements(places.inner(problem.place.file))]
    if beside:
        raise GraphBroken(f"{project.name}: what all statements rest on has errors", beside)
    broken = find_broken(resolved.statements, places, resolved.sources, errors, project)
    told = Problems(errors)
    good = without_broken(resolved, broken, told)
    reached = select(good, Lens(inference=False), project.policy)["row"].implode()
    good = good.filter(~pl.col("nested") | pl.col("row").is_in(reached) | pl.col("withdrawn_day").is_not_null())
    return replace(without_sources(resolved, broken.sources), statements=good), told.items


def find_broken(
    table: pl.DataFrame, places: Places, sources: Mapping[str, Source], errors: Iterable[Problem], project: Project
) -> Broken:
    """What the errors in the statement files of a table are held against."""
    by_file: dict[str, list[Problem]] = {}
    for problem in errors:
        by_file.setdefault(problem.place.file, []).append(problem)
    broken = Broken()
    own = table.filter(~pl.col("nested") & pl.col("file").is_in(sorted(by_file))).sort("line", "row")
    rows = own.select("file", "row", "line").rows_by_key("file")
    for file in sorted(by_file):
        _hold_against(file, rows.get(file, []), by_file[file], places, project, broken)
    broken.sources = {name for name, source in sources.items() if source.place.file in broken.files}
    return broken


def without_broken(resolved: Resolved, broken: Broken, told: Problems) -> pl.DataFrame:
    """The statement table without what is broken and what refers to it; the latter is told (R006)."""
    table = resolved.statements
    bad = pl.col("row").is_in(sorted(broken.rows)) | pl.col("file").is_in(sorted(broken.files))
    bad |= pl.col("source").is_in(sorted(broken.sources))
    unclear = pl.col("proposition").is_null() | (~pl.col("nested") & pl.col("statement").is_null())
    out = table.filter(bad.fill_null(False) | unclear)["row"]
    lost = _referring(resolved, out)
    for row in table.filter(~pl.col("nested") & pl.col("row").is_in(lost.implode()))["row"]:
        told.error(
            "R006", resolved.places.of(row), "this refers to a statement that is left out", "mend that one first"
        )
    return table.filter(~pl.col("row").is_in(pl.concat([out, lost]).implode()))


def _is_of_statements(inner: str) -> bool:
    return inner.startswith("statements/")


def _hold_against(
    file: str,
    rows: list[tuple[int, int]],
    errors: list[Problem],
    places: Places,
    project: Project,
    broken: Broken,
) -> None:
    """Find the rows that the errors of a file stand in, or hold them against the file."""
    inner = places.inner(file)
    kind = Path(inner).suffix.lower()
    at: dict[int, list[int]] = {}
    for row, line in rows:
        at.setdefault(line, []).append(row)
    if kind in _LINES or (kind == ".csv" and all(problem.place.line in at for problem in errors)):
        for problem in errors:
            if not problem.place.line:
                broken.files.add(file)
            broken.rows.update(at.get(problem.place.line, ()))  # one that is not there was not read
        return
    if kind not in _YAML or not rows:
        # a record of a CSV file may go over lines, and a statement in Turtle over all of its file
        broken.files.add(file)
        return
    text = (project.folder / inner).read_text("utf-8", errors="replace").splitlines()
    for problem in errors:
        line, column = problem.place.line, problem.place.column
        before = [(number, row) for row, number in rows if number <= line]
        if not before:
            broken.files.add(file)
            continue
        start, row = max(before)
        indent = places.of(row).column
        if column < indent:
            broken.files.add(file)
        elif not any(_begins_item(written, indent) for written in text[start:line]):
            broken.rows.add(row)  # else it stands in a statement further down that could not be read


def _begins_item(line: str, indent: int) -> bool:
    """Whether the next entry of the list begins on a line, whose entries stand in the column ``indent``."""
    return line.lstrip().startswith("-") and len(line) - len(line.lstrip()) < indent - 1


def without_sources(resolved: Resolved, sources: Collection[str]) -> Resolved:
    """What is known beside the statements, without some sources and their unnamed speakers."""
    entities = [entity for entity in resolved.entities if entity.source not in sources]
    known = {name: source for name, source in resolved.sources.items() if name not in sources}
    return replace(resolved, entities=entities, sources=known)


def _referring(resolved: Resolved, out: pl.Series) -> pl.Series:
    """The rows that point to those that are ``out``, at whatever distance, and are not among them."""
    links = _links(resolved) if len(out) else pl.DataFrame(schema={"row": pl.UInt32, "target": pl.UInt32})
    gone = front = out.to_frame("row")
    while front.height:
        near = links.join(front, left_on="target", right_on="row", how="semi").select("row").unique()
        front = near.join(gone, on="row", how="anti")
        gone = pl.concat([gone, front])
    return gone["row"].slice(len(out)).sort()


def _links(resolved: Resolved) -> pl.DataFrame:
    """What each row mentions: nested rows, and rows that it refers to by their id."""
    table, ontology = resolved.statements, resolved.names.ontology
    several = table.select("row", "qualifiers").drop_nulls().explode("qualifiers").unnest("qualifiers")
    takes = {
        name
        for name in several["property"].unique()
        if (found := resolved.names.property(name).iri) and not ontology.properties[found].takes_literal
    }
    referring = several.filter(pl.col("value").str.starts_with(REFERENCE) & pl.col("property").is_in(sorted(takes)))
    ids = table.filter(~pl.col("nested")).select("id", target="row").drop_nulls().unique("id", keep="first")
    referred = referring.select("row", id=pl.col("value").str.strip_prefix(REFERENCE)).join(ids, on="id")
    ends = [table.select("row", target=name).drop_nulls() for name in ("subject_row", "object_row", "condition_row")]
    return pl.concat([*ends, several.select("row", target="value_row").drop_nulls(), referred.select("row", "target")])
