"""Owns statement files in Parquet: columns named like the fields, lists as lists or ``|`` texts.

Leaves the fields of a statement to ``records``. The "line" of a problem is the row, from 1.
"""

from __future__ import annotations

from pathlib import Path

from onrecord.documents import Mapping, Node, Scalar, Sequence
from onrecord.errors import Place, Problems
from onrecord.parse.csv import SEPARATOR, nested_cell
from onrecord.parse.records import RecordReader

_LISTS = frozenset({"said by", "via", "said to", "origin", "quote"})
_NESTED = frozenset({"subject", "object", "on condition"})


def parse_statements(path: Path, name: str, reader: RecordReader, problems: Problems) -> None:
    """Read one file into the reader's rows."""
    import polars as pl

    try:
        table = pl.read_parquet(path, memory_map=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        problems.error("P047", Place(name), f"this is not Parquet: {_first_line(error)}", "write the file anew")
        return
    columns = {column: column.strip().replace("_", " ") for column in table.columns}
    for column, dtype in table.schema.items():
        if not _readable(dtype):
            problems.error(
                "P048",
                Place(name),
                f'the column "{column}" holds {dtype}, which is no field of a statement',
                "store texts, lists of texts, dates or true/false",
            )
            return
    table = table.with_columns(
        pl.col(column).cast(pl.String) for column, dtype in table.schema.items() if not _kept(dtype)
    )
    for number, values in enumerate(table.iter_rows(named=True), 1):
        record = _record(values, columns, reader, Place(name, number, 0), problems)
        source = record.get("source")
        if not isinstance(source, Scalar):
            problems.error(
                "P021", record.place, 'this row has no "source"', "write the source's id in the column source"
            )
            continue
        reader.read(record, source.text, frozenset({"source"}))


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]


def _kept(dtype: object) -> bool:
    import polars as pl

    return dtype in (pl.String, pl.Boolean, pl.List(pl.String))


def _readable(dtype: object) -> bool:
    import polars as pl

    simple = (pl.String, pl.Boolean, pl.Date, pl.Null, pl.Categorical, pl.Enum)
    return isinstance(dtype, pl.DataType) and (
        isinstance(dtype, simple) or dtype.is_integer() or dtype == pl.List(pl.String)
    )


def _record(
    values: dict[str, object], columns: dict[str, str], reader: RecordReader, place: Place, problems: Problems
) -> Mapping:
    entries: dict[str, tuple[Scalar, Node]] = {}
    for column, value in values.items():
        field = columns[column]
        node: Node | None = None
        if isinstance(value, list):
            node = Sequence([Scalar(str(item), place, plain=False) for item in value if item is not None], place)
        elif isinstance(value, bool):
            node = Scalar("true" if value else "false", place, plain=False)
        elif isinstance(value, str) and value.strip():
            if field in _LISTS | reader.qualifiers and f" {SEPARATOR} " in value and not value.startswith("["):
                parts = value.split(f" {SEPARATOR} ")
                node = Sequence([Scalar(part, place, plain=False) for part in parts], place)
            else:
                node = Scalar(value, place, plain=False)
                if field in _NESTED | reader.qualifiers:
                    node = nested_cell(node, problems)
        if node is not None and not (isinstance(node, Sequence) and not node.items):
            entries[field] = (Scalar(field, place), node)
    return Mapping(entries, place)
