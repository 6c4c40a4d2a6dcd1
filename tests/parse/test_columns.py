"""Tables of statements: what is read at once is what is read row by row."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord.errors import Problem
from onrecord.model import WRITTEN
from onrecord.parse import columns, jsonl, parquet
from onrecord.parse import csv as in_csv
from onrecord.parse.columns import several
from onrecord.progress import Silent, watched
from reading import read
from small_graph import write_only

FIELDS = (
    "source",
    "id",
    "subject",
    "predicate",
    "object",
    "quote",
    "said by",
    "not",
    "note",
    "on condition",
    "for",
    "x",
)
CELLS = (
    *("", " ", "Rose", " a ", "a | b", "a |  | b", "| a", "true", 'é“,"', "1"),
    *("[a, b, c]", "[a, b, c d-e]", "[a, 'b', c]", "[a]", "\\[a", "{a: b}"),
)
cells = st.sampled_from(CELLS) | st.text(st.sampled_from('a |[],"\\\n\r{}'), max_size=5)
few = settings(max_examples=20, deadline=None)
tables = st.lists(st.fixed_dictionaries(dict.fromkeys(FIELDS, cells)), min_size=1, max_size=20)


@contextmanager
def row_by_row() -> Iterator[None]:
    """No row is plain."""
    kept = in_csv.take_plain, jsonl.take_plain, parquet.take_plain

    def none(table: pl.DataFrame, qualifiers: frozenset[str]) -> columns.Taken:
        plain, _ = kept[0](table.clear(), qualifiers)
        return plain, table[columns.LINE].to_list()

    in_csv.take_plain = jsonl.take_plain = parquet.take_plain = none
    try:
        yield
    finally:
        in_csv.take_plain, jsonl.take_plain, parquet.take_plain = kept


@contextmanager
def in_pieces(lines: int) -> Iterator[None]:
    """No more than so many lines are read at once."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (in_csv, jsonl, parquet):
            patch.setattr(module, "AT_ONCE", lines)
        yield


def found(name: str, data: bytes) -> tuple[list[dict[str, Any]], list[Problem]]:
    """The rows that stand in a file, with the places of all that can have one."""
    with tempfile.TemporaryDirectory() as folder:
        out = read(write_only(Path(folder) / "garden", **{f"statements/{name}": data}))
        rows = out.parsed.statements.with_columns(pl.lit("").alias("file")).to_dicts()
        assert [row["row"] for row in rows] == list(range(len(rows)))
        assert out.parsed.statements.schema == pl.Schema(WRITTEN)
        for row in rows:
            for field in (
                "",
                "subject",
                "object",
                "quote",
                "quote.1",
                "said by.0",
                "for.0",
                "note",
                "condition",
                "triple",
            ):
                place = out.parsed.places.of(row["row"], field)
                row[f"place of {field}"] = (place.line, place.column, place.length)
        problems = [(p.code, p.place.line, p.place.column, p.message) for p in out.problems]
    return rows, problems


def assert_same(name: str, data: bytes) -> None:
    at_once = found(name, data)
    with row_by_row():
        assert found(name, data) == at_once
    for lines in (1, 3):
        with in_pieces(lines):
            assert found(name, data) == at_once


@few
@given(tables)
def test_csv(table: list[dict[str, str]]) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    assert_same("a.csv", out.getvalue().encode())


def test_csv_lines_that_are_read_apart() -> None:
    """A quote in the middle of a cell, a ragged line and an empty one stand among plain ones."""
    lines = ["source,subject,predicate,object"]
    lines += ["a,Rose,tends,plot 7", 'a,Ro"se,tends,plot 8', "a,Rose,tends", "", 'a,Ba"sil,tends,plot 9'] * 2
    assert_same("a.csv", "\n".join(lines).encode())
    assert_same("a.csv", "\n".join([lines[0], *lines[2:5]]).encode())


@pytest.mark.slow
@few
@given(tables)
def test_parquet(table: list[dict[str, str]]) -> None:
    out = io.BytesIO()
    pl.DataFrame(table).write_parquet(out)
    assert_same("a.parquet", out.getvalue())


values = cells | st.lists(cells, max_size=4) | st.booleans() | st.none() | st.sampled_from([1, 1.5, {"a": "b"}])


@few
@given(st.lists(st.dictionaries(st.sampled_from([*FIELDS, "triple", "said_by"]), values), max_size=4), st.booleans())
def test_jsonl(records: list[dict[str, Any]], ascii_only: bool) -> None:
    good = {"source": "a", "triple": ["a", "b", "c"]}
    lines = [json.dumps(good | record, ensure_ascii=ascii_only) for record in records]
    lines += [json.dumps({**record, "source": "a"}, ensure_ascii=ascii_only) for record in records]
    assert_same("a.jsonl", "\n".join(lines).encode())


def test_most_rows_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row of names, lists, dates and a nested triple of names is not taken apart one by one."""
    closer: list[object] = []
    for module in (in_csv, jsonl, parquet):
        monkeypatch.setattr(module.RecordReader, "read", lambda *args: closer.append(args))
    row = {"source": "a", "subject": "Rose", "predicate": "believes", "object": "[Basil, tends, plot 7]"}
    more = row | {"id": "s-1", "said by": "Rose | Basil", "not": "true", "quote": 'he said, "so"', "for": "Rose"}
    out = io.StringIO()
    csv.DictWriter(out, more, lineterminator="\n").writeheader()
    csv.DictWriter(out, more, lineterminator="\n").writerow(more)
    line = json.dumps({**more, "object": ["Basil", "tends", "plot 7"], "said by": ["Rose", "Basil"], "not": True})
    packed = io.BytesIO()
    pl.DataFrame([more]).write_parquet(packed)
    for name, data in {
        "a.csv": out.getvalue().encode(),
        "a.jsonl": line.encode(),
        "a.parquet": packed.getvalue(),
    }.items():
        rows, problems = found(name, data)
        assert (len(rows), problems, closer) == (2, [], [])
        assert (rows[1]["object_row"], rows[1]["said_by"], rows[1]["negated"]) == (0, ["Rose", "Basil"], True)


def test_a_large_file_is_told_in_parts(tmp_path: Path) -> None:
    row = {"source": "a", "subject": "Rose", "predicate": "tends", "object": "plot 7"}
    text = "source,subject,predicate,object\n" + "a,Rose,tends,plot 7\n" * 5
    packed = io.BytesIO()
    pl.DataFrame([row] * 5).write_parquet(packed)
    files = {"a.csv": text.encode(), "b.jsonl": (json.dumps(row) + "\n").encode() * 5, "c.parquet": packed.getvalue()}
    told: list[int] = []

    class Heard(Silent):
        def advance(self, count: int) -> None:
            told.append(count)

    folder = write_only(tmp_path / "garden", **{f"statements/{name}": data for name, data in files.items()})
    with in_pieces(2), watched(Heard()):
        read(folder)
    assert sum(told) == sum(map(len, files.values()))
    assert [sum(told[at : at + 4]) for at in (0, 4, 8)] == [len(data) for data in files.values()]
    assert all(count < len(text) / 2 for count in told[:4])


@pytest.mark.parametrize(
    ("cell", "parts"),
    [("a", ["a"]), (" a ", [" a "]), ("a | b", ["a", "b"]), ("a|b", ["a|b"]), ("[a | b]", ["[a | b]"])],
)
def test_several(cell: str, parts: list[str]) -> None:
    assert several(cell) == parts
