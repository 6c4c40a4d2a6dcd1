"""Owns where things were written: the place of each field of each row, and the places file of a build.

Leaves finding the places to the parsers.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import polars as pl

from onrecord.errors import Place

PLACES = "places.jsonl"


class Places:
    """Where each field of each row was written, kept beside the table.

    YAML gives every field its place; for CSV, JSONL and Parquet the row's place is known and the
    column is looked up only when a problem asks for it.
    """

    def __init__(self) -> None:
        self._fields: dict[tuple[int, str], Place] = {}
        self._rows: dict[int, Place] = {}
        self._finders: dict[str, Callable[[int, str], Place | None]] = {}
        self._inner: dict[str, str] = {}

    def set_row(self, row: int, place: Place) -> None:
        """Where the row starts."""
        self._rows[row] = place

    def set_field(self, row: int, name: str, place: Place) -> None:
        """Where a field of the row stands."""
        self._fields[row, name] = place

    def set_finder(self, file: str, find: Callable[[int, str], Place | None]) -> None:
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
        found = self._fields.get((row, name)) or self._fields.get((row, name.partition(".")[0]))
        if found:
            return found
        place = self._rows.get(row, Place(""))
        finder = self._finders.get(place.file)
        return (finder(place.line, name.partition(".")[0]) if finder and name else None) or place


def render_places(statements: pl.DataFrame, places: Places) -> bytes:
    """Where each of ``statements`` was written: one JSON object a line, by file and line."""
    rows = statements.select("statement", "file", "line", "column").iter_rows()
    lines = sorted((places.inner(file), line, column, name[1:-1]) for name, file, line, column in rows)
    return "".join(
        json.dumps({"statement": name, "file": file, "line": line, "column": column}, ensure_ascii=False) + "\n"
        for file, line, column, name in lines
    ).encode("utf-8")
