"""Owns statement files in Parquet: columns named like the fields, lists as lists or ``|`` texts.

Leaves the fields of a statement to ``records``. The "line" of a problem is the row, from 1.
"""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path

import polars as pl

from onrecord.documents import Mapping, Node, Scalar, Sequence
from onrecord.errors import Place, Problems
from onrecord.files import CONTROL, without_controls
from onrecord.parse.columns import AT_ONCE, LINE, NESTED, ODD, several, split_cells, take_plain
from onrecord.parse.csv import nested_cell
from onrecord.parse.records import LISTS, RecordReader
from onrecord.parse.trial import Trial


def parse_statements(
    path: Path, name: str, reader: RecordReader, problems: Problems, trial: Trial | None = None
) -> None:
    """Read one file into the reader's rows, once it has stood its trial (in a process of its own without one)."""
    with nullcontext(trial) if trial else Trial() as trying:
        damage = trying.find_damage(path)
    if damage:
        problems.error("P047", Place(name), f"this is not Parquet: {damage}", "write the file anew")
        return
    table = _read(path)
    columns = {column: re.sub(CONTROL, "", column).strip().replace("_", " ") for column in table.columns}
    for column, dtype in table.schema.items():
        twice = [other for other in columns if columns[other] == columns[column]]
        if len(twice) > 1 and twice[0] == column:
            what = f'the column "{columns[column]}" stands twice'
            problems.error("P044", Place(name), what, "give each column a name of its own")
            return
        if not _readable(dtype):
            problems.error(
                "P048",
                Place(name),
                f'the column "{column}" holds {dtype}, which is no field of a statement',
                "store texts, lists of texts, dates or true/false",
            )
            return
    known = reader.columns([Scalar(column, Place(name), plain=False) for column in columns.values()]) if columns else []
    if not known:
        return
    cells = table.select(_cell(name, dtype).alias(columns[name]) for name, dtype in table.schema.items()).select(
        column for column in known if column
    )
    cells = cells.with_row_index(LINE, 1)
    size = path.stat().st_size
    for piece in cells.iter_slices(AT_ONCE) if cells.height else (cells,):
        _take(piece, name, reader, problems)
        reader.advance(size * piece.height // max(cells.height, 1))


def _take(cells: pl.DataFrame, name: str, reader: RecordReader, problems: Problems) -> None:
    """Some rows of the table, one after the other."""
    qualifiers = reader.qualifiers
    plain, odd = take_plain(split_cells(cells.with_columns(_holds_control(cells).alias(ODD)), qualifiers), qualifiers)
    first = cells[LINE][0] if cells.height else 1
    for number in odd:
        values = cells.drop(LINE).row(number - first, named=True)
        record = _record(values, reader, Place(name, number, 0), problems)
        if record is None:
            continue
        source = record.get("source")
        if not isinstance(source, Scalar):
            problems.error(
                "P021", record.place, 'this row has no "source"', "write the source's id in the column source"
            )
            continue
        reader.read(record, source.text, frozenset({"source"}))
    reader.rows.take(plain, name, 0)


def _read(path: Path) -> pl.DataFrame:
    """One file, by its own name, with the columns that stand in it."""
    return pl.read_parquet(path, memory_map=False, glob=False, hive_partitioning=False)


def _cell(name: str, dtype: pl.DataType) -> pl.Expr:
    """A column as texts, lists of texts or truth values; blank texts are null."""
    column = pl.col(name)
    if dtype == pl.List(pl.Null):
        return column.cast(pl.List(pl.String))
    if dtype in (pl.Boolean, pl.List(pl.String)):
        return column
    column = column.cast(pl.String)
    return pl.when(column.str.strip_chars() != "").then(column)


def _holds_control(cells: pl.DataFrame) -> pl.Expr:
    """Whether a text of the row holds a character that no text may hold."""
    found = [pl.lit(False)]
    for name, dtype in cells.schema.items():
        if dtype == pl.String:
            found.append(pl.col(name).str.contains(CONTROL))
        elif dtype == pl.List(pl.String):
            found.append(pl.col(name).list.eval(pl.element().str.contains(CONTROL)).list.any())
    return pl.any_horizontal(part.fill_null(False) for part in found)


def _readable(dtype: object) -> bool:
    simple = (pl.String, pl.Boolean, pl.Date, pl.Null, pl.Categorical, pl.Enum)
    return isinstance(dtype, pl.DataType) and (
        isinstance(dtype, simple) or dtype.is_integer() or dtype in (pl.List(pl.String), pl.List(pl.Null))
    )


def _record(values: dict[str, object], reader: RecordReader, place: Place, problems: Problems) -> Mapping | None:
    """The fields of a row, or None with a problem where a nested cell is broken."""

    def text(value: object) -> Scalar:
        return Scalar(without_controls(str(value or ""), place, problems), place, plain=False)

    entries: dict[str, tuple[Scalar, Node]] = {}
    for field, value in values.items():
        node: Node | None = None
        if isinstance(value, list):
            node = Sequence([text(item) for item in value], place)
        elif isinstance(value, bool):
            node = Scalar("true" if value else "false", place, plain=False)
        elif isinstance(value, str):
            parts = several(value) if field in LISTS or field in reader.qualifiers else [value]
            if len(parts) > 1:
                node = Sequence([text(part) for part in parts], place)
            else:
                node = text(value)
                if field in NESTED or field in reader.qualifiers:
                    node = nested_cell(node, problems)
                    if node is None:
                        return None
        if node is not None and not (isinstance(node, Sequence) and not node.items):
            entries[field] = (Scalar(field, place), node)
    return Mapping(entries, place)
