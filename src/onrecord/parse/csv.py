"""Owns tables in CSV (RFC 4180, UTF-8): the header names the fields, ``|`` parts several values.

Leaves the fields of a statement to ``columns``, and those of a row out of the ordinary to ``records``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import polars as pl

from onrecord.documents import Mapping, Node, Scalar, Sequence, parse_yaml
from onrecord.errors import Place, Problems
from onrecord.files import read_bytes, read_text
from onrecord.parse.columns import AT_ONCE, LINE, NESTED, SEPARATOR, read_lines, several, split_cells, take_plain
from onrecord.parse.records import LISTS, RecordReader

_SOURCE = frozenset({"source"})
_PIECE = 100_000
_CELL = '(?:[^",\r\n]*|"(?:[^"\r\n]|"")*")'


def parse_statements(path: Path, name: str, reader: RecordReader, problems: Problems) -> None:
    """Read one file into the reader's rows."""
    data = read_bytes(path, name, problems, bounded=False)
    found = read_lines(data, name, problems) if data is not None else None
    if data is None or found is None:
        return
    if not found["text"].str.contains(r"\S").any():
        problems.warning("P032", Place(name), "this file is empty", "delete it, or write a header and rows")
        return
    header, lines, apart = _tidy_lines(found)
    if not header:
        text, several_in = data.decode("utf-8-sig"), LISTS.keys() | reader.qualifiers
        _read_rows(read_records(text, name, several_in, "source", problems, reader.columns), reader, problems)
        return
    first = str(found["text"][0])
    cells = next(csv.reader([first]))
    known = _known_columns(cells, _columns(cells, first), Place(name, 1, 1), "source", problems, reader.columns)
    del data, found
    if not known:
        return
    for piece in lines.iter_slices(AT_ONCE) if lines.height else (lines,):
        plain, odd = take_plain(split_cells(_table(header, known, piece), reader.qualifiers), reader.qualifiers)
        closer = dict(piece.filter(pl.col("line").is_in(odd)).iter_rows())
        is_last = not lines.height or piece["line"][-1] == lines["line"][-1]
        mine = {line: text for line, text in apart.items() if is_last or line < piece["line"][-1]}
        apart = {line: text for line, text in apart.items() if line not in mine}
        rest = sorted((mine | closer).items())
        _read_rows(_single_records(known, rest, name, reader.qualifiers, problems), reader, problems)
        reader.rows.take(plain, name, 1)
        reader.advance(int(piece["text"].str.len_bytes().sum()) + piece.height)
    reader.rows.places.set_finder(name, FieldFinder(path, name, reader.qualifiers))


def _read_rows(records: Iterable[Mapping], reader: RecordReader, problems: Problems) -> None:
    for record in records:
        source = record.get("source")
        if not isinstance(source, Scalar):
            problems.error(
                "P021", record.place, 'this row has no "source"', "write the source's id in the column source"
            )
            continue
        for key in NESTED.keys() | reader.qualifiers:
            entry = record.entries.get(key)
            if entry and isinstance(entry[1], Scalar):
                node = nested_cell(entry[1], problems)
                if node is None:
                    break
                record.entries[key] = (entry[0], node)
        else:
            reader.read(record, source.text, _SOURCE)


def _tidy_lines(lines: pl.DataFrame) -> tuple[list[str], pl.DataFrame, dict[int, str]]:
    """The header, the lines that are one whole record of as many cells each, and the lines that are not.

    All empty where a record may go over several lines, or cannot be read: then only reading the
    file from its beginning tells what is a record.
    """
    nothing: tuple[list[str], pl.DataFrame, dict[int, str]] = ([], pl.DataFrame(), {})
    lines = lines.with_row_index("line", 1)
    tidy = lines.head(1)["text"].str.contains(f"^{_CELL}(?:,{_CELL})*$")[0]
    longest = lines["text"].str.len_bytes().max()
    if not tidy or not isinstance(longest, int) or longest > csv.field_size_limit():
        return nothing
    header = [_field_name(cell) for cell in next(csv.reader([lines["text"][0]]), [])]
    if len(header) < 2 or "" in header or len(set(header)) < len(header):
        return nothing
    lines = lines.slice(1)
    whole = lines["text"].str.contains(f"^{_CELL}(?:,{_CELL}){{{len(header) - 1}}}$")
    apart = dict(lines.filter(~whole).filter(pl.col("text").str.strip_chars() != "").iter_rows())
    for line in apart.values():
        try:
            rows = csv.reader([line], strict=True)
            next(rows)
        except (csv.Error, StopIteration):
            return nothing
    return header, lines.filter(whole), apart


def _table(header: list[str], known: list[str], lines: pl.DataFrame) -> pl.DataFrame:
    """Whole records as a table of texts, blank cells null, with their lines; of those columns that are known."""
    columns = [name for name in known if name]
    if lines.is_empty():
        return pl.DataFrame(schema={LINE: pl.UInt32, **dict.fromkeys(columns, pl.String)})
    joined = pl.col("text").str.join("\n").cast(pl.Binary)
    table = pl.read_csv(
        b"\n".join(piece.select(joined).item() for piece in lines.iter_slices(_PIECE)),
        has_header=False,
        new_columns=header,
        infer_schema=False,
    )
    filled = table.select(columns).select(pl.when(pl.all().str.strip_chars() != "").then(pl.all()))
    return filled.select(lines["line"].alias(LINE), *columns).filter(pl.any_horizontal(pl.col(columns).is_not_null()))


def _single_records(
    header: list[str], lines: Iterable[tuple[int, str]], name: str, qualifiers: frozenset[str], problems: Problems
) -> Iterator[Mapping]:
    """The records in lines that hold one each."""
    fields = LISTS.keys() | qualifiers
    for number, line in lines:
        (cells,) = csv.reader([line], strict=True)
        record = _record(header, cells, _columns(cells, line), name, number, fields, problems)
        if record is not None:
            yield record


class FieldFinder:
    """Finds a field in its line; the file is read again when the first place is asked for."""

    def __init__(self, path: Path, name: str, qualifiers: frozenset[str]) -> None:
        self.path, self.name, self.qualifiers = path, name, qualifiers
        self.lines: list[str] | None = None

    def __call__(self, line: int, field: str) -> Place | None:
        """The place of a field in a line; None where the line does not have it."""
        quiet = Problems()
        if self.lines is None:
            text = read_text(self.path, self.name, quiet, bounded=False) or ""
            self.lines = text.replace("\r\n", "\n").split("\n")
        if not 1 < line <= len(self.lines):
            return None
        try:
            header = [_field_name(cell) for cell in next(csv.reader(self.lines[:1]), [])]
            record = next(_single_records(header, [(line, self.lines[line - 1])], self.name, self.qualifiers, quiet))
        except (csv.Error, StopIteration, ValueError):
            return None
        node = record.get("on condition" if field == "condition" else field)
        return node.place if node else None


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


def read_records(
    text: str,
    name: str,
    several_in: Collection[str],
    needed: str,
    problems: Problems,
    columns_of: Callable[[list[Scalar]], list[str]] | None = None,
) -> Iterator[Mapping]:
    """The rows of a table as mappings; empty cells are left out.

    ``several_in`` names the columns whose cells may hold several values, ``needed`` one that has to be there
    (P021). ``columns_of`` reports what else is wrong with the header; it returns its names, empty for a column that
    is passed over, or none where the rows are. Ragged rows (P042), unclosed quotes (P043) and unnamed or doubled
    columns (P044) are problems.
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
            header = _known_columns(cells, columns, Place(name, line, 1), needed, problems, columns_of)
            if not header:
                return
            continue
        record = _record(header, cells, columns, name, line, several_in, problems)
        if record is not None:
            yield record


def _known_columns(
    cells: list[str],
    columns: list[int],
    at: Place,
    needed: str,
    problems: Problems,
    columns_of: Callable[[list[Scalar]], list[str]] | None,
) -> list[str]:
    """The names of the columns as :func:`read_records` has them of ``columns_of``; none where ``needed`` is missing."""
    header = [_field_name(cell) for cell in cells]
    if not _has_column(needed, header, cells, at, problems):
        return []
    places = (Place(at.file, at.line, column, max(1, len(cell))) for cell, column in zip(cells, columns, strict=True))
    keys = [Scalar(field, place, plain=False) for field, place in zip(header, places, strict=True)]
    return columns_of(keys) if columns_of else header


def _has_column(needed: str, header: list[str], cells: list[str], at: Place, problems: Problems) -> bool:
    """Whether the first line names the column ``needed``; else a P021 says so once, and not at each row."""
    if needed in header:
        return True
    sign = next((sign for sign in ";\t|" if len(cells) == 1 and sign in cells[0]), "")
    near = next((field for field in header if field.strip().lower() == needed), "")
    fix = f"the first line names the columns, and one is {needed}"
    if sign:
        fix = f"separate the columns by commas, not by {'tabs' if sign == chr(9) else sign}"
    elif near:
        fix = f"write {needed}, not {near}"
    problems.error("P021", at, f'the header has no column "{needed}"', fix)
    return False


def _record(
    header: list[str],
    cells: list[str],
    columns: list[int],
    name: str,
    line: int,
    several_in: Collection[str],
    problems: Problems,
) -> Mapping | None:
    """A row as a mapping; None for a blank one, and for a ragged one with its problem."""
    if len(cells) != len(header):
        problems.error(
            "P042",
            Place(name, line, 1),
            f"this row has {len(cells)} cells, the header has {len(header)}",
            "put a cell that holds a comma in double quotes",
        )
        return None
    entries: dict[str, tuple[Scalar, Node]] = {}
    for field, cell, column in zip(header, cells, columns, strict=True):
        if not field or not cell.strip():
            continue
        place = Place(name, line, column, max(1, min(len(cell), len(cell.split("\n")[0]))))
        node: Node = Scalar(cell, place, plain=False)
        parts = several(cell) if field in several_in and SEPARATOR in cell else []
        if len(parts) > 1:
            node = Sequence([Scalar(part, place, plain=False) for part in parts], place)
        entries[field] = (Scalar(field, place), node)
    return Mapping(entries, Place(name, line, 1)) if entries else None


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
