"""Owns statement files in Parquet: columns named like the fields, lists as lists or ``|`` texts.

Leaves the fields of a statement to ``records``. The "line" of a problem is the row, from 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from onrecord.documents import Mapping, Node, Scalar, Sequence
from onrecord.errors import Place, Problems
from onrecord.files import without_controls
from onrecord.parse.csv import SEPARATOR, nested_cell
from onrecord.parse.records import RecordReader

if TYPE_CHECKING:
    import polars as pl

_LISTS = frozenset({"said by", "via", "said to", "origin", "quote"})
_NESTED = frozenset({"subject", "object", "on condition"})


def parse_statements(path: Path, name: str, reader: RecordReader, problems: Problems) -> None:
    """Read one file into the reader's rows."""
    import polars as pl

    damage = _damage(path)
    if damage:
        problems.error("P047", Place(name), f"this is not Parquet: {damage}", "write the file anew")
        return
    table = _read(path)
    columns = {column: column.strip().replace("_", " ") for column in table.columns}
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
    table = table.with_columns(
        pl.col(column).cast(pl.String) for column, dtype in table.schema.items() if not _kept(dtype)
    )
    for number, values in enumerate(table.iter_rows(named=True), 1):
        record = _record(values, columns, reader, Place(name, number, 0), problems)
        if record is None:
            continue
        source = record.get("source")
        if not isinstance(source, Scalar):
            problems.error(
                "P021", record.place, 'this row has no "source"', "write the source's id in the column source"
            )
            continue
        reader.read(record, source.text, frozenset({"source"}))


def _read(path: Path) -> pl.DataFrame:
    """One file, by its own name, with the columns that stand in it."""
    import polars as pl

    return pl.read_parquet(path, memory_map=False, glob=False, hive_partitioning=False)


_TRIAL = """
import sys, polars
try:
    polars.read_parquet(sys.argv[1], memory_map=False, glob=False, hive_partitioning=False)
except (polars.exceptions.PolarsError, OSError) as error:
    sys.exit(str(error).strip().split(chr(10))[0][:200])
"""


def _damage(path: Path) -> str:
    """Why the file cannot be read, or nothing. It is tried in a process of its own.

    A few flipped bits make the reader ask for more memory than there is, or panic; both end the
    process that reads. ``-P`` keeps modules of the working directory out of it.
    """
    trial = subprocess.run(
        [sys.executable, "-P", "-c", _TRIAL, path],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"RUST_BACKTRACE": "0"},
        check=False,
    )
    if trial.returncode == 1 and b"Traceback" not in trial.stderr:
        return trial.stderr.decode("utf-8", "replace").strip()
    return "the reader broke down on it" if trial.returncode else ""


def _kept(dtype: object) -> bool:
    import polars as pl

    return dtype in (pl.String, pl.Boolean, pl.List(pl.String), pl.List(pl.Null))


def _readable(dtype: object) -> bool:
    import polars as pl

    simple = (pl.String, pl.Boolean, pl.Date, pl.Null, pl.Categorical, pl.Enum)
    return isinstance(dtype, pl.DataType) and (
        isinstance(dtype, simple) or dtype.is_integer() or dtype in (pl.List(pl.String), pl.List(pl.Null))
    )


def _record(
    values: dict[str, object], columns: dict[str, str], reader: RecordReader, place: Place, problems: Problems
) -> Mapping | None:
    """The fields of a row, or None with a problem where a nested cell is broken."""

    def text(value: object) -> Scalar:
        return Scalar(without_controls(str(value or ""), place, problems), place, plain=False)

    entries: dict[str, tuple[Scalar, Node]] = {}
    for column, value in values.items():
        field = columns[column]
        node: Node | None = None
        if isinstance(value, list):
            node = Sequence([text(item) for item in value], place)
        elif isinstance(value, bool):
            node = Scalar("true" if value else "false", place, plain=False)
        elif isinstance(value, str) and value.strip():
            if field in _LISTS | reader.qualifiers and f" {SEPARATOR} " in value and not value.startswith("["):
                parts = value.split(f" {SEPARATOR} ")
                node = Sequence([text(part) for part in parts], place)
            else:
                node = text(value)
                if field in _NESTED | reader.qualifiers:
                    node = nested_cell(node, problems)
                    if node is None:
                        return None
        if node is not None and not (isinstance(node, Sequence) and not node.items):
            entries[field] = (Scalar(field, place), node)
    return Mapping(entries, place)
