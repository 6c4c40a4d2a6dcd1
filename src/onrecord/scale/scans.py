"""Owns a unit as it is written: its rows, its hash, which of its statements have ids and which refer to others.

Leaves what the rows mean to ``units``. What another unit refers to is written down, so that it need not be read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from onrecord.errors import Problems
from onrecord.files import sha256_hex
from onrecord.model import WRITTEN, StatementRows
from onrecord.parse import csv, jsonl, parquet
from onrecord.parse.records import REFERENCE, RecordReader
from onrecord.places import Places
from onrecord.scale.base import Base, Job, base_of, digest_file, is_table
from onrecord.scale.frames import read_frame, write_frame

BY_HAND = ""
"""The name of the unit of all files that people write: YAML and Turtle."""


def is_of(file: str, unit: str) -> bool:
    """Whether a file, by its name inside the graph, belongs to a unit."""
    return file == unit if unit else file.startswith("statements/") and not is_table(Path(file))


def scan(job: Job, name: str) -> dict[str, Any]:
    """Hash a unit's files and write down its statement ids and references, unless that was done before.

    What is written names files and rests on the ontology, so bytes alone do not name it.
    """
    base = base_of(job)
    digest = digest_unit(base, name)
    key = sha256_hex(json.dumps([base.digest, name, digest]).encode())
    target = Path(job.work) / f"scan-{key}.parquet"
    if not target.exists():
        rows, places = read_unit(base, name, Problems())
        write_frame(target, _declared(_inner(rows, places)))
    return {"unit": name, "sha256": digest, "scan": target.name}


def digest_unit(base: Base, name: str) -> str:
    """The hash of a unit's files."""
    return base.by_hand if name == BY_HAND else digest_file(base.project.folder / name)


_DECLARED: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "file": pl.String,
    "line": pl.UInt32,
    "refers": pl.List(pl.String),
    "rows": pl.String,
}


def _declared(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with an id, each with the rows nested in it, and the ids that rows refer to.

    Columns: ``id`` (null for the references of a row without one), ``file``, ``line``, ``refers`` (list of
    ids) and ``rows`` (the rows as JSON, numbered from 0).
    """
    referring = pl.any_horizontal(
        pl.col(f"{name}_text").str.starts_with(REFERENCE).fill_null(False)
        for name in ("subject", "object", "condition")
    )
    pointing = referring | pl.col("qualifiers").is_not_null()
    heads = rows.filter(~pl.col("nested") & (pl.col("id").is_not_null() | pointing))
    inside = rows.filter(pl.col("nested") | pl.col("row").is_in(heads["row"].to_list()))
    table = {row["row"]: row for row in inside.iter_rows(named=True)}
    found = []
    for head in heads["row"].to_list():
        members = _below(head, table)
        refers = sorted({text for row in members for text in _references(row)})
        if head in table and (table[head]["id"] is not None or refers):
            first = members[0]
            texts = json.dumps(_renumbered(members), ensure_ascii=False) if first["id"] is not None else None
            found.append((first["id"], first["file"], first["line"], refers, texts))
    return pl.DataFrame(found, schema=_DECLARED, orient="row")


def _below(head: int, table: Mapping[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """A row and all that are nested in it."""
    found: list[dict[str, Any]] = []
    todo = [head]
    while todo:
        row = table.get(todo.pop())
        if row is None or any(other is row for other in found):
            continue
        found.append(row)
        todo += [row[name] for name in ("subject_row", "object_row", "condition_row") if row[name] is not None]
        todo += [one["value_row"] for one in row["qualifiers"] or () if one["value_row"] is not None]
    return found


def _references(row: Mapping[str, Any]) -> Iterable[str]:
    texts = [row["subject_text"], row["object_text"], row["condition_text"]]
    texts += [one["value"] for one in row["qualifiers"] or ()]
    return [text.removeprefix(REFERENCE) for text in texts if text is not None and text.startswith(REFERENCE)]


def _renumbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that point to each other by their place in the list."""
    place = {row["row"]: at for at, row in enumerate(rows)}
    out = []
    for row in rows:
        changed = {**row, "row": place[row["row"]]}
        for name in ("subject_row", "object_row", "condition_row"):
            changed[name] = place.get(row[name]) if row[name] is not None else None
        if row["qualifiers"]:
            changed["qualifiers"] = [
                {**one, "value_row": place[one["value_row"]] if one["value_row"] is not None else None}
                for one in row["qualifiers"]
            ]
        out.append(changed)
    return out


def read_unit(base: Base, name: str, problems: Problems) -> tuple[pl.DataFrame, Places]:
    """The rows of a unit as written, and where they stand."""
    if name == BY_HAND:
        problems.extend(base.problems)
        return base.parsed.statements, base.parsed.places
    rows = StatementRows()
    reader = RecordReader(rows, frozenset(base.ontology.qualifier_names()), problems)
    path = base.project.folder / name
    shown = base.project.name_of(path)
    rows.places.set_inner(shown, name)
    readers = {".csv": csv.parse_statements, ".jsonl": jsonl.parse_statements, ".parquet": parquet.parse_statements}
    readers[path.suffix.lower()](path, shown, reader, problems)
    return rows.frame(), rows.places


def read_context(path: Path, start: int) -> pl.DataFrame:
    """Rows of other units, numbered from ``start``; they are spoken of and say nothing here."""
    rows: list[dict[str, Any]] = []
    for text in read_frame(path)["rows"].to_list():
        at = start + len(rows)
        for row in json.loads(text):
            for name in ("row", "subject_row", "object_row", "condition_row"):
                row[name] = None if row[name] is None else row[name] + at
            for one in row["qualifiers"] or ():
                one["value_row"] = None if one["value_row"] is None else one["value_row"] + at
            rows.append(row)
    return pl.DataFrame(rows, schema=pl.Schema(WRITTEN), orient="row")


def _inner(rows: pl.DataFrame, places: Places) -> pl.DataFrame:
    """The rows with each file named as it is inside the graph: the same on every machine."""
    return rows.with_columns(pl.col("file").replace({name: places.inner(name) for name in rows["file"].unique()}))
