"""Owns which rows a build leaves out that is told to go on without those that are broken.

Leaves finding what is wrong to ``check``. An error is held against the row that it stands in; one that stands in no
row, such as in the description of a source, against all rows of its file and of the sources that the file describes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from onrecord.errors import GraphBroken, Problem, Problems, Severity
from onrecord.lens import Lens, select
from onrecord.project import Project
from onrecord.resolve import Resolved

_LINES = (".jsonl", ".parquet")
_YAML = (".yaml", ".yml")


@dataclass(slots=True)
class _Found:
    rows: set[int] = field(default_factory=set)
    files: set[str] = field(default_factory=set)


def leave_out(resolved: Resolved, found: Iterable[Problem], project: Project) -> tuple[Resolved, list[Problem]]:
    """The graph without its broken rows, and what is to be told of them: the errors found, and those that follow.

    :raises GraphBroken: where something is wrong that stands in no statement file: everything rests on that.
    """
    errors = [problem for problem in found if problem.severity is Severity.ERROR]
    table, places = resolved.statements, resolved.places
    by_file: dict[str, list[Problem]] = {}
    for problem in errors:
        by_file.setdefault(problem.place.file, []).append(problem)
    beside = [
        problem for file, mine in by_file.items() if not _is_of_statements(places.inner(file)) for problem in mine
    ]
    if beside:
        raise GraphBroken(f"{project.name}: what all statements rest on has errors", beside)
    broken = _Found()
    own = table.filter(~pl.col("nested") & pl.col("file").is_in(sorted(by_file))).sort("line", "row")
    rows = own.select("file", "row", "line").rows_by_key("file")
    for file in sorted(by_file):
        _hold_against(file, rows.get(file, []), by_file[file], resolved, project, broken)
    sources = {name for name, source in resolved.sources.items() if source.place.file in broken.files}
    bad = pl.col("row").is_in(sorted(broken.rows)) | pl.col("file").is_in(sorted(broken.files))
    bad |= pl.col("source").is_in(sorted(sources)) | (~pl.col("nested") & pl.col("statement").is_null())
    told = Problems(errors)
    good = _without_dangling(table.filter(~bad.fill_null(False)), resolved, told)
    reached = select(good, Lens(inference=False), project.policy)["row"].implode()
    good = good.filter(~pl.col("nested") | pl.col("row").is_in(reached) | pl.col("withdrawn_day").is_not_null())
    entities = [entity for entity in resolved.entities if entity.source not in sources]
    known = {name: source for name, source in resolved.sources.items() if name not in sources}
    return replace(resolved, statements=good, entities=entities, sources=known), told.items


def _is_of_statements(inner: str) -> bool:
    return inner.startswith("statements/")


def _hold_against(
    file: str,
    rows: list[tuple[int, int]],
    errors: list[Problem],
    resolved: Resolved,
    project: Project,
    broken: _Found,
) -> None:
    """Find the rows that the errors of a file stand in, or hold them against the file."""
    inner = resolved.places.inner(file)
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
    if kind not in _YAML:
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
        indent = resolved.places.of(row).column
        if column < indent:
            broken.files.add(file)
        elif not any(_begins_item(written, indent) for written in text[start:line]):
            broken.rows.add(row)  # else it stands in a statement further down that could not be read


def _begins_item(line: str, indent: int) -> bool:
    """Whether the next entry of the list begins on a line, whose entries stand in the column ``indent``."""
    return line.lstrip().startswith("-") and len(line) - len(line.lstrip()) < indent - 1


def _without_dangling(good: pl.DataFrame, resolved: Resolved, told: Problems) -> pl.DataFrame:
    """The rows without those that mention a proposition which no row is left to describe."""
    head = f"<{resolved.names.minter.proposition_base}"
    while True:
        left = good["proposition"].drop_nulls().unique().implode()
        ends = [pl.col(name) for name in ("subject", "object", "condition")]
        lost = pl.any_horizontal(end.str.starts_with(head) & ~end.is_in(left) for end in ends)
        for name in ("restrictive", "additive"):
            value = pl.element().struct.field("value")
            gone = value.str.starts_with(head) & ~value.is_in(left)
            lost |= pl.col(name).list.eval(gone).list.any()
        dangling = good.filter(lost.fill_null(False))
        if dangling.is_empty():
            return good.filter(pl.col("proposition").is_not_null())
        for row, nested in dangling.select("row", "nested").iter_rows():
            if not nested:
                told.error(
                    "R006",
                    resolved.places.of(row),
                    "this refers to a statement that is left out",
                    "mend that one first",
                )
        good = good.join(dangling.select("row"), on="row", how="anti", maintain_order="left")
