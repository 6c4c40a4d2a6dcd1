"""Owns tables of plain statements: columns of texts to rows of the statement table, all rows at once.

Leaves every row with something out of the ordinary in it to ``records``, which takes it apart field by field.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TypeAlias

import polars as pl

from onrecord.errors import Problems
from onrecord.files import decode_text, may_hold_control
from onrecord.model import FIELDS, WRITTEN
from onrecord.parse.records import LISTS, REQUIRED
from onrecord.project import LOCAL_ID, MAX_LOCAL_ID

SEPARATOR = "|"
NESTED = {"subject": "subject", "object": "object", "on condition": "condition"}
"""Fields that hold a name or a nested triple, and what their columns begin with."""

LINE, ODD, CELL, AT = "\x1fline", "\x1fodd", "\x1fcell", "\x1fat"
"""Columns beside the fields; no field has a control character in its name."""

PARTS = "\x1fparts"
"""Ends the name of a column that holds nested triples as lists of three names."""

AT_ONCE = 50_000
"""So many lines of a file are read at once, and told."""

_NAME = r"\s*([\p{L}\p{N}_][\p{L}\p{N}_ .’()/-]*?)\s*"
_TRIPLE = rf"^\[{_NAME},{_NAME},{_NAME}\]$"
"""A nested triple of three plain names: no character in it that is syntax to YAML."""

Taken: TypeAlias = tuple[pl.DataFrame, list[int]]
"""The plain rows (see :meth:`onrecord.model.StatementRows.take`), and the lines of the others."""


def several(cell: str) -> list[str]:
    """The values in a cell that may hold several, ``a | b``.

    >>> several("a | b"), several("[a] | b")
    (['a', 'b'], ['[a] | b'])
    """
    parts = re.split(r"\s\|\s", cell) if not cell.startswith(("[", "{")) else [cell]
    return [part.strip() for part in parts] if len(parts) > 1 else [cell]


def read_lines(data: bytes, name: str, problems: Problems) -> pl.DataFrame | None:
    r"""The lines of a file in UTF-8 as a column ``text``, or None with a problem; see :func:`onrecord.files.read_text`.

    A line ends with ``\n`` or ``\r\n``; one that stands at the end of the file begins no other line.

    >>> read_lines("a\n\nб".encode(), "a.csv", Problems())["text"].to_list()
    ['a', '', 'б']
    """
    if not may_hold_control(data):
        with suppress(pl.exceptions.ComputeError):  # which is what it says where the bytes are not UTF-8
            return _split_lines(data.removeprefix(codecs.BOM_UTF8))
    text = decode_text(data, name, problems)
    return None if text is None else _split_lines(text.encode("utf-8"))


def _split_lines(data: bytes) -> pl.DataFrame:
    """As a table of one column: no cell of a text ends with a control character."""
    if not data:
        return pl.DataFrame(schema={"text": pl.String})
    table = pl.read_csv(
        data, has_header=False, separator="\x01", quote_char=None, new_columns=["text"], infer_schema=False
    )
    return table.select(pl.col("text").fill_null(""))


def split_cells(table: pl.DataFrame, qualifiers: frozenset[str]) -> pl.DataFrame:
    """A table of cells with lists where a cell holds several values or a nested triple of plain names.

    Marks in the column :data:`ODD` the rows that only ``records`` can take apart.
    """
    odd = [pl.col(ODD) if ODD in table.columns else pl.lit(False)]
    for name, dtype in table.schema.items():
        cell = pl.col(name)
        if dtype != pl.String:
            continue
        if name in LISTS:
            table = table.with_columns(_split(table[name]))
        elif name in NESTED and table[name].str.contains(r"^\\?[\[{]").any():
            begins = table.select(LINE, cell).filter(cell.str.starts_with("["))
            found = begins.select(LINE, parts=cell.str.extract_groups(_TRIPLE)).unnest("parts").drop_nulls()
            triples = found.select(LINE, pl.concat_list("1", "2", "3").alias(name + PARTS))
            table = table.join(triples, on=LINE, how="left", maintain_order="left")
            table = table.with_columns(pl.when(pl.col(name + PARTS).is_null()).then(cell).alias(name))
            odd.append(cell.str.contains(r"^\\?[\[{]"))
        elif name in qualifiers:
            odd.append(cell.str.contains(r"^\\?[\[{]|\|"))
    return table.with_columns(pl.any_horizontal(part.fill_null(False) for part in odd).alias(ODD))


def _split(cells: pl.Series) -> pl.Series:
    """A column of cells as lists; what :func:`several` would find empty stands as an empty text."""
    name, cell = cells.name, pl.col(cells.name)
    one = pl.concat_list(cell)
    if cells.str.contains(SEPARATOR, literal=True).any():
        bars = cell.str.contains(r"\s\|\s") & ~cell.str.contains(r"^[\[{]")
        parts = cell.str.strip_chars().str.replace_all(r"\s+\|\s+", "\x1f").str.split("\x1f")
        hole = cell.str.contains(r"\|\s*\||^\s*\||\|\s*$")
        one = pl.when(bars & hole).then(pl.lit([""])).when(bars).then(parts).otherwise(one)
    return cells.to_frame().select(pl.when(cell.is_not_null()).then(one).alias(name)).to_series()


def take_plain(table: pl.DataFrame, qualifiers: frozenset[str]) -> Taken:
    """Part the rows of ``table``: columns :data:`LINE`, :data:`ODD`, and one of texts, lists or truth values a field.

    Empty fields are null; nested triples stand in columns that end in :data:`PARTS`.
    """
    wanted = {name: table.schema.get(name) for name in ("source", *REQUIRED)}
    table = table.with_columns(pl.lit(None, pl.String).alias(name) for name, dtype in wanted.items() if dtype is None)
    table = table.with_columns(
        pl.when(pl.col(name).list.len() > 0).then(pl.col(name)).alias(name)
        for name, dtype in table.schema.items()
        if dtype == pl.List(pl.String)
    )
    marked = table.with_columns((pl.col(ODD) | _odd(table, qualifiers)).alias(ODD))
    plain, odd = marked.filter(~pl.col(ODD)), marked.filter(pl.col(ODD))[LINE].to_list()
    nested: list[pl.DataFrame] = []
    links: dict[str, pl.Series] = {}
    count = 0
    for field, head in NESTED.items():
        if field + PARTS not in plain.columns:
            continue
        inner = plain.with_row_index(AT).filter(pl.col(field + PARTS).is_not_null())
        rows = inner.select(
            LINE,
            "source",
            *(pl.col(field + PARTS).list.get(number).alias(name) for number, name in enumerate(REQUIRED)),
            pl.lit(field).alias(CELL),
        )
        to = pl.int_range(count, count + rows.height, dtype=pl.UInt32, eager=True)
        places = pl.DataFrame({AT: inner[AT], "to": to})
        every = pl.DataFrame({AT: pl.int_range(plain.height, dtype=pl.UInt32, eager=True)})
        links[f"{head}_row"] = every.join(places, on=AT, how="left", maintain_order="left")["to"]
        nested.append(_written(rows, frozenset(), {}))
        count += rows.height
    return pl.concat([*nested, _written(plain, qualifiers, links)]), odd


def _odd(table: pl.DataFrame, qualifiers: frozenset[str]) -> pl.Expr:
    """Whether a row needs a closer look."""
    odd: list[pl.Expr] = []
    for name in ("source", *REQUIRED):
        given = [pl.col(column).is_not_null() for column in (name, name + PARTS) if column in table.columns]
        odd.append(~pl.any_horizontal(given) if table.schema[name] == pl.String else pl.lit(True))
    for name, dtype in table.schema.items():
        cell = pl.col(name)
        if name in (LINE, ODD) or name.endswith(PARTS):
            continue
        if dtype == pl.List(pl.String):
            element = pl.element()
            blank = cell.list.eval(element.is_null() | (element.str.strip_chars() == "")).list.any()
            odd.append(blank if name in LISTS else cell.is_not_null())
        elif name == "not":
            odd.append(~cell.cast(pl.String).is_in(["true", "false"]))
        elif name == "id":
            odd.append(~cell.str.contains(f"^{LOCAL_ID}$") | (cell.str.len_chars() > MAX_LOCAL_ID))
        elif name == "triple" or (name not in FIELDS and name not in qualifiers and name != "source"):
            odd.append(cell.is_not_null())
    return pl.any_horizontal(part.fill_null(False) for part in odd)


def _written(table: pl.DataFrame, qualifiers: frozenset[str], links: Mapping[str, pl.Series]) -> pl.DataFrame:
    """The columns of the statement table; ``links`` say which rows a field points to."""
    nested = CELL in table.columns
    columns: list[pl.Expr | pl.Series] = [
        pl.col(LINE).alias("line"),
        pl.col("source"),
        pl.lit(nested).alias("nested"),
        (pl.col(CELL) if nested else pl.lit(None, pl.String)).alias("cell"),
        _qualifiers(table, qualifiers),
        (pl.col("not").cast(pl.String) == "true").fill_null(False).alias("negated")
        if "not" in table.columns
        else pl.lit(False).alias("negated"),
    ]
    for head in NESTED.values():
        name = f"{head}_row"
        columns.append(links[name].alias(name) if name in links else pl.lit(None, pl.UInt32).alias(name))
    for name, column in FIELDS.items():
        if name not in ("triple", "not"):
            value = pl.col(name) if name in table.columns else pl.lit(None)
            columns.append(value.cast(WRITTEN[column]).alias(column))
    return table.select(columns)


def _qualifiers(table: pl.DataFrame, qualifiers: frozenset[str]) -> pl.Series:
    """The qualifiers of each row as a list, null where there is none."""
    dtype = WRITTEN["qualifiers"]
    at = pl.int_range(pl.len(), dtype=pl.UInt32).alias("at")
    found = [
        table.select(at, pl.lit(name).alias("property"), pl.col(name).alias("value")).drop_nulls("value")
        for name in table.columns
        if name in qualifiers
    ]
    if not found or not any(part.height for part in found):
        return pl.Series("qualifiers", [None], dtype=dtype).new_from_index(0, table.height)
    pairs = pl.concat(found).with_columns(pl.lit(None, pl.UInt32).alias("value_row"))
    grouped = pairs.group_by("at", maintain_order=True).agg(
        pl.struct("property", "value", "value_row").alias("qualifiers")
    )
    return table.select(at).join(grouped, on="at", how="left", maintain_order="left")["qualifiers"]
