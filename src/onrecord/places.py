"""Owns where things were written: the place of each field of each row, and the places file of a build.

Leaves finding the places to the parsers.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import polars as pl

from onrecord.errors import Place

PLACES = "places.jsonl"

_LINES = 100_000
"""So many lines are made one text at a time."""

Finder: TypeAlias = Callable[[int, str], Place | None]
"""Line and field name to the place of the field, where it is found."""


class Places:
    """Where each field of each row was written, kept beside the table.

    YAML gives every field its place; of the rows of a CSV, JSONL or Parquet file only the line is
    kept, and a field is looked up in the file when a problem asks for it.
    """

    def __init__(self) -> None:
        self._fields: dict[int, dict[str, Place]] = {}
        self._rows: dict[int, Place] = {}
        self._blocks: list[_Block] = []
        self._finders: dict[str, Finder] = {}
        self._inner: dict[str, str] = {}
        self._kept: list[_Kept] = []

    def set_row(self, row: int, place: Place) -> None:
        """Where the row starts."""
        self._rows[row] = place

    def set_field(self, row: int, name: str, place: Place) -> None:
        """Where a field of the row stands."""
        self._fields.setdefault(row, {})[name] = place

    def add_block(self, start: int, file: str, lines: pl.Series, column: int, cells: Mapping[int, str]) -> None:
        """The lines of consecutive rows of a file from the row ``start`` on.

        ``cells`` names the field of its line in which a row stands that is nested in another one.
        """
        self._blocks.append(_Block(start, file, lines, column, cells))

    def set_kept(self, start: int, count: int, file: str, written: str) -> None:
        """The places of consecutive rows of a file, as :meth:`render_rows` wrote them; files come in their order."""
        if count:
            self._kept.append(_Kept(start, count, file, written))

    def render_rows(self, start: int, count: int) -> str:
        """The places of rows that were set one by one, for :meth:`set_kept`."""
        rows = [self._spots(row) for row in range(start, start + count)]
        return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))

    def set_table(self, start: int, lines: pl.Series, file: str, written: str) -> None:
        """The places of consecutive rows of a file of lines, as :meth:`render_table` wrote them; and their lines."""
        column, rows, cells = json.loads(written)
        for at, (line, first, length, named) in rows:
            self.set_row(start + at, Place(file, line, first, length))
            for name, spot in named.items():
                self.set_field(start + at, name, Place(file, *spot))
        self.add_block(start, file, lines, column, {start + at: cell for at, cell in cells})

    def render_table(self, start: int, count: int) -> str:
        """The places of rows of which blocks tell the lines, but for those lines, for :meth:`set_table`."""
        blocks = self._blocks[bisect_left(self._blocks, start, key=lambda block: block.start) :]
        rows = [(row - start, self._spots(row)) for row in range(start, start + count) if row in self._rows]
        cells = [(row - start, cell) for block in blocks for row, cell in block.cells.items()]
        column = blocks[0].column if blocks else 1
        return json.dumps((column, rows, cells), ensure_ascii=False, separators=(",", ":"))

    def _spots(self, row: int) -> tuple[int, int, int, dict[str, tuple[int, int, int]]]:
        place, fields = self._rows[row], self._fields.get(row, {})
        named = {name: (field.line, field.column, field.length) for name, field in fields.items()}
        return place.line, place.column, place.length, named

    def renumber(self, rows: Mapping[int, int]) -> None:
        """Give rows that were set one by one their final numbers."""
        places = {row: self._rows.pop(row) for row in rows if row in self._rows}
        fields = {row: self._fields.pop(row) for row in rows if row in self._fields}
        self._rows.update((rows[row], place) for row, place in places.items())
        self._fields.update((rows[row], named) for row, named in fields.items())

    def set_finder(self, file: str, find: Finder) -> None:
        """How to find a field of a file on demand: line and field name to a place."""
        self._finders[file] = find

    def set_inner(self, file: str, inner: str) -> None:
        """What a file, as problems print it, is called inside the graph's folder."""
        self._inner[file] = inner

    def inner(self, file: str) -> str:
        """The name of a file inside the graph: the same on every machine and in every working directory."""
        return self._inner.get(file, file)

    def of(self, row: int, name: str = "") -> Place:
        """The best known place of a field: its own, or that of its list, or the row's."""
        field = name.partition(".")[0]
        if row in self._rows:
            fields = self._fields.get(row, {})
            return fields.get(name) or fields.get(field) or self._rows[row]
        at = bisect_right(self._kept, row, key=lambda kept: kept.start) - 1
        if at >= 0 and row - self._kept[at].start < self._kept[at].count:
            return self._kept[at].of(row, name, field)
        at = bisect_right(self._blocks, row, key=lambda block: block.start) - 1
        if at < 0 or row - self._blocks[at].start >= len(self._blocks[at].lines):
            return Place("")
        block = self._blocks[at]
        place = Place(block.file, block.lines[row - block.start], block.column)
        cell = block.cells.get(row, field)
        finder = self._finders.get(block.file)
        return (finder(place.line, cell) if finder and cell else None) or place


@dataclass(frozen=True, slots=True)
class _Block:
    start: int
    file: str
    lines: pl.Series
    column: int
    cells: Mapping[int, str]


class _Kept:
    """The places of a file's rows, taken apart when one is asked for."""

    def __init__(self, start: int, count: int, file: str, written: str) -> None:
        self.start, self.count, self._file, self._written = start, count, file, written
        self._rows: list[tuple[int, int, int, dict[str, tuple[int, int, int]]]] = []

    def of(self, row: int, name: str, field: str) -> Place:
        if not self._rows:
            self._rows, self._written = json.loads(self._written), ""
        line, column, length, fields = self._rows[row - self.start]
        return Place(self._file, *(fields.get(name) or fields.get(field) or (line, column, length)))


def render_places(table: pl.DataFrame, places: Places) -> bytes:
    """Where each statement of a table was written: one JSON object a line, by file and line."""
    statements = table.select("nested", "file", "line", "column", "statement").filter(~pl.col("nested"))
    inner = {file: places.inner(file) for file in statements["file"].unique()}
    if not inner:
        return b""
    written = {file: json.dumps(name, ensure_ascii=False) for file, name in inner.items()}
    rows = statements.select(
        pl.col("file").replace_strict(inner, return_dtype=pl.String).alias("inner"),
        "line",
        "column",
        pl.col("statement").str.slice(1).str.head(-1),
        pl.col("file").replace_strict(written, return_dtype=pl.String).alias("written"),
    )
    line = pl.concat_str(
        *(pl.lit('{"statement": "'), "statement", pl.lit('", "file": '), "written"),
        *(pl.lit(', "line": '), "line", pl.lit(', "column": '), "column", pl.lit("}")),
    )
    pieces = rows.sort("inner", "line", "column", "statement").iter_slices(_LINES)
    return b"".join(piece.select(line.str.join("\n") + "\n").item().encode() for piece in pieces)
