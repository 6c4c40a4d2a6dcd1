"""Owns tables in CSV (RFC 4180, UTF-8): the header names the fields, ``|`` parts several values.

Leaves the fields of a statement to ``records``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from onrecord.documents import Mapping, Node, Scalar, Sequence, parse_yaml
from onrecord.errors import Place, Problems
from onrecord.files import read_text
from onrecord.parse.records import RecordReader

SEPARATOR = "|"
_LISTS = frozenset({"said by", "via", "said to", "origin", "quote"})
_NESTED = frozenset({"subject", "object", "on condition"})
_SOURCE = frozenset({"source"})


def parse_statements(path: Path, name: str, reader: RecordReader, problems: Problems) -> None:
    """Read one file into the reader's rows."""
    text = read_text(path, name, problems)
    if text is None:
        return
    if not text.strip():
        problems.warning("P032", Place(name), "this file is empty", "delete it, or write a header and rows")
        return
    for record in read_records(text, name, _LISTS | reader.qualifiers, problems):
        source = record.get("source")
        if not isinstance(source, Scalar):
            problems.error(
                "P021", record.place, 'this row has no "source"', "write the source's id in the column source"
            )
            continue
        for key in _NESTED | reader.qualifiers:
            entry = record.entries.get(key)
            if entry and isinstance(entry[1], Scalar):
                node = nested_cell(entry[1], problems)
                if node is None:
                    break
                record.entries[key] = (entry[0], node)
        else:
            reader.read(record, source.text, _SOURCE)


def nested_cell(cell: Scalar, problems: Problems) -> Node | None:
    r"""A cell that begins with ``[`` or ``{`` as a nested triple; ``\[`` begins a plain text."""
    if cell.text.startswith(("\\[", "\\{")):
        return Scalar(cell.text[1:], cell.place, plain=False)
    if not cell.text.startswith(("[", "{")):
        return cell
    inner = Problems()
    node = parse_yaml(cell.text, cell.place.file, inner)
    if node is None or inner.items or cell.text.rstrip()[-1] not in "]}" or _is_cut(node):
        problems.error(
            "P041",
            cell.place,
            "this cell begins like a nested triple but is none",
            "write [subject, predicate, object], or \\[ where the bracket is part of the text",
        )
        return None
    _move(node, cell.place)
    return node


def _is_cut(node: Node) -> bool:
    """Whether a `` #`` in the cell took a part of it away."""
    if isinstance(node, Scalar):
        return node.cut
    return any(_is_cut(child) for child in (node.items if isinstance(node, Sequence) else (v for _, v in node.items())))


def _move(node: Node, place: Place) -> None:
    node.place = place
    if isinstance(node, Sequence):
        for item in node.items:
            _move(item, place)
    elif isinstance(node, Mapping):
        for key, value in node.items():
            key.place = place
            _move(value, place)


def read_records(text: str, name: str, several: frozenset[str] | set[str], problems: Problems) -> Iterator[Mapping]:
    """The rows of a table as mappings; empty cells are left out.

    ``several`` names the columns whose cells may hold several values. Ragged rows (P042), unclosed
    quotes (P043) and unnamed or doubled columns (P044) are problems.
    """
    rows = _rows(text, name, problems)
    header: list[str] = []
    for line, cells, columns in rows:
        if not header:
            header = [_field_name(cell) for cell in cells]
            bad = next((i for i, field in enumerate(header) if not field or field in header[:i]), None)
            if bad is not None:
                what = f'the column "{header[bad]}" stands twice' if header[bad] else f"column {bad + 1} has no name"
                problems.error("P044", Place(name, line, columns[bad]), what, "give each column a name of its own")
                return
            continue
        if len(cells) != len(header):
            problems.error(
                "P042",
                Place(name, line, 1),
                f"this row has {len(cells)} cells, the header has {len(header)}",
                "put a cell that holds a comma in double quotes",
            )
            continue
        entries: dict[str, tuple[Scalar, Node]] = {}
        for field, cell, column in zip(header, cells, columns, strict=True):
            if not cell.strip():
                continue
            place = Place(name, line, column, max(1, min(len(cell), len(cell.split("\n")[0]))))
            node: Node = Scalar(cell, place, plain=False)
            if field in several and SEPARATOR in cell and not cell.startswith(("[", "{")):
                parts = [Scalar(part.strip(), place, plain=False) for part in re.split(r"\s\|\s", cell)]
                node = Sequence(list(parts), place) if len(parts) > 1 else node
            entries[field] = (Scalar(field, place), node)
        if entries:
            yield Mapping(entries, Place(name, line, 1))


def _field_name(cell: str) -> str:
    return cell.strip().replace("_", " ")


def _rows(text: str, name: str, problems: Problems) -> Iterator[tuple[int, list[str], list[int]]]:
    """Line, cells and the cells' columns of each row that is not blank."""
    lines = io.StringIO(text, newline="").readlines()
    limit = csv.field_size_limit(len(text) + 1)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for cells in reader:
            if cells and any(cell.strip() for cell in cells):
                yield start, cells, _columns(cells, lines[start - 1] if start <= len(lines) else "")
            start = reader.line_num + 1
    except csv.Error as error:
        problems.error(
            "P043",
            Place(name, start, 1),
            f"this row cannot be read: {error}",
            'close the double quote; inside a quoted cell write "" for one',
        )
    finally:
        csv.field_size_limit(limit)


def _columns(cells: list[str], line: str) -> list[int]:
    """Where each cell begins in its line, as far as one line tells."""
    columns = []
    at = 0
    for cell in cells:
        quoted = line.startswith('"', at)
        columns.append(at + 1 + quoted)
        at += len(cell.replace('"', '""')) + 2 + 1 if quoted else len(cell) + 1
    return columns
