"""Owns statement files in JSON Lines: one object a line, the same keys as in YAML.

Leaves the fields of a statement to ``records``. Numbers keep their written form (RFC 8259 leaves
their precision open); duplicate keys and NaN, which most readers let pass, are problems.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

import polars as pl

from onrecord.documents import MAX_DEPTH, Mapping, Node, Scalar, Sequence
from onrecord.errors import Place, Problems
from onrecord.files import read_bytes, read_text, without_controls
from onrecord.model import FIELDS
from onrecord.parse.columns import AT_ONCE, LINE, NESTED, ODD, PARTS, read_lines, take_plain
from onrecord.parse.records import LISTS, REQUIRED, RecordReader

_SOURCE = frozenset({"source"})
_SURROGATE = re.compile("[\ud800-\udfff]")


_ESCAPED = "0(?:0[2-6a-fA-F]|[1-9a-fA-F][0-9a-fA-F])[0-9a-fA-F]|[1-9a-cA-CeE][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}"
"""The four digits of a character that is neither a control character nor half of one."""

_DECODED_AT_ONCE = 5_000
"""The values of so many lines stand in memory as trees; of more, most of the time goes into asking for that memory."""


class _Rejected(ValueError):
    """JSON that the standard library would accept and a record must not hold."""


def parse_statements(path: Path, name: str, reader: RecordReader, problems: Problems) -> None:
    """Read one file into the reader's rows."""
    data = read_bytes(path, name, problems, bounded=False)
    lines = read_lines(data, name, problems) if data is not None else None
    if data is None or lines is None:
        return
    if not lines["text"].str.contains(r"\S").any():
        problems.warning("P032", Place(name), "this file is empty", "delete it, or write one statement a line")
        return
    ends = 0 if data.endswith(b"\n") else -1  # no line end stands behind the last line
    del data
    for piece in lines.with_row_index(LINE, 1).iter_slices(AT_ONCE):
        _read_lines(piece, name, reader, problems)
        reader.advance(int(piece["text"].str.len_bytes().sum()) + piece.height + ends)
        ends = 0
    reader.rows.places.set_finder(name, FieldFinder(path, name))


def _read_lines(lines: pl.DataFrame, name: str, reader: RecordReader, problems: Problems) -> None:
    flat = lines.filter(pl.col("text").str.contains(_flat(reader.qualifiers)))
    table = _decode(flat, reader.qualifiers)
    plain, odd = take_plain(table, reader.qualifiers)
    closer = lines.join(table.select(LINE), on=LINE, how="anti") if table.height < lines.height else lines.clear()
    if odd:
        closer = pl.concat([closer, lines.filter(pl.col(LINE).is_in(odd))]).sort(LINE)
    for number, line in closer.iter_rows():
        if not line.strip():
            continue
        record = _read_line(line, Place(name, number, 1), problems)
        if record is None:
            continue
        source = record.get("source")
        if not isinstance(source, Scalar):
            code, where, what = ("P021", record.place, 'this statement has no "source"')
            if source is not None:
                code, where, what = ("P022", source.place, '"source" takes a text')
            problems.error(code, where, what, 'write  "source": "the-id-of-the-source"')
            continue
        reader.read(record, source.text, _SOURCE)
    reader.rows.take(plain, name, 1)


def _flat(qualifiers: frozenset[str]) -> str:
    """What a line looks like that holds texts and lists of texts, each under a key that takes it."""
    text = rf'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u(?:{_ESCAPED}))*"'
    names = {*FIELDS, *qualifiers, "source"} - {*LISTS, *NESTED, "triple", "not"}
    values = {
        "|".join(_key(name) for name in sorted(names)): text,
        "|".join(_key(name) for name in sorted(LISTS)): rf"(?:{text}|\[\s*{text}\s*(?:,\s*{text}\s*)*\])",
        "|".join(_key(name) for name in sorted(NESTED)): rf"(?:{text}|\[\s*{text}\s*,\s*{text}\s*,\s*{text}\s*\])",
        "triple": rf"\[\s*{text}\s*,\s*{text}\s*,\s*{text}\s*\]",
        "not": "(?:true|false)",
    }
    pair = "|".join(rf'"(?:{keys})"\s*:\s*{value}' for keys, value in values.items())
    return rf"^\s*\{{\s*(?:{pair})\s*(?:,\s*(?:{pair})\s*)*\}}\s*$"


def _key(name: str) -> str:
    return re.escape(name).replace(r"\ ", "[ _]").replace(" ", "[ _]")


def _decode(lines: pl.DataFrame, qualifiers: frozenset[str]) -> pl.DataFrame:
    """Flat lines as a table for :func:`onrecord.parse.columns.take_plain`, without those that say a key twice."""
    nothing = pl.DataFrame(schema={LINE: pl.UInt32, ODD: pl.Boolean})
    if lines.is_empty():
        return nothing
    lists = {*LISTS, *NESTED, "triple"}
    fields: dict[str, pl.DataType | type[pl.DataType]] = {}
    for name in ("source", *FIELDS, *sorted(qualifiers)):
        dtype = pl.List(pl.String) if name in lists else pl.Boolean if name == "not" else pl.String
        fields |= dict.fromkeys((name, name.replace(" ", "_")), dtype)
    try:
        pieces = (piece["text"].str.json_decode(pl.Struct(fields)) for piece in lines.iter_slices(_DECODED_AT_ONCE))
        found = pl.concat(pieces, rechunk=True).struct.unnest()
    except pl.exceptions.ComputeError:  # a value that this version of the library reads in another way
        return nothing
    fields = {key: dtype for key, dtype in fields.items() if found[key].null_count() < found.height}
    found = found.select(*fields)
    strings = pl.sum_horizontal(
        pl.lit(0, pl.UInt32),
        *(
            pl.when(pl.col(key).is_not_null())
            .then(1 + pl.col(key).list.len() if isinstance(dtype, pl.List) else pl.lit(1 if dtype == pl.Boolean else 2))
            .otherwise(0)
            for key, dtype in fields.items()
        ),
    )
    once = found.select(strings).to_series() == _count_strings(lines["text"])
    table = found.with_columns(lines[LINE]).filter(once)
    for name in {key.replace("_", " ") for key in fields if "_" in key}:
        both = [pl.col(key) for key in (name, name.replace(" ", "_")) if key in fields]
        if len(both) > 1:
            table = table.filter(~pl.all_horizontal(value.is_not_null() for value in both))
        table = table.with_columns(pl.coalesce(both).alias(name)).drop(name.replace(" ", "_"))
    table = _with_terms(table)
    blank = [
        pl.col(name).str.strip_chars() == ""
        if dtype == pl.String
        else pl.col(name).list.eval(pl.element().str.strip_chars() == "").list.any()
        for name, dtype in table.schema.items()
        if dtype in (pl.String, pl.List(pl.String))
    ]
    return table.with_columns(pl.any_horizontal(pl.lit(False), *blank).fill_null(False).alias(ODD))


def _count_strings(lines: pl.Series) -> pl.Series:
    """How many strings stand in each line of JSON; those of most are counted by their quotes, as they escape none."""
    escapes = lines.str.contains("\\", literal=True)
    found = lines.str.count_matches('"', literal=True) // 2
    if escapes.any():
        found.scatter(escapes.arg_true(), lines.filter(escapes).str.count_matches(r'"(?:[^"\\]|\\.)*"'))
    return found


def _with_terms(table: pl.DataFrame) -> pl.DataFrame:
    """The table with names as texts, nested triples of names in columns of their own, and no column ``triple``."""
    for name in NESTED:
        if name in table.columns:
            values, several = pl.col(name), pl.col(name).list.len() > 1
            table = table.with_columns(
                pl.when(~several).then(values.list.first()).alias(name),
                pl.when(several).then(values).alias(name + PARTS),
            )
    if "triple" not in table.columns:
        return table
    given = [
        pl.col(name).is_not_null() for name in (*REQUIRED, *(name + PARTS for name in NESTED)) if name in table.columns
    ]
    alone = pl.col("triple").is_null() | ~pl.any_horizontal(pl.lit(False), *given)
    table = table.filter(alone)
    return table.with_columns(
        pl.coalesce(
            pl.col("triple").list.get(number, null_on_oob=True), *([name] if name in table.columns else [])
        ).alias(name)
        for number, name in enumerate(REQUIRED)
    ).drop("triple")


class FieldFinder:
    """Finds a field in its line; the file is read again when the first place is asked for."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self.lines: list[str] | None = None

    def __call__(self, line: int, field: str) -> Place | None:
        """The place of a field in a line; None where the line does not have it."""
        quiet = Problems()
        if self.lines is None:
            self.lines = (read_text(self.path, self.name, quiet, bounded=False) or "").split("\n")
        if not 0 < line <= len(self.lines):
            return None
        record = _read_line(self.lines[line - 1], Place(self.name, line, 1), quiet)
        if record is None:
            return None
        node = record.get("on condition" if field == "condition" else field)
        node = node or (record.get("triple") if field in REQUIRED else None)
        return node.place if node else None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise _Rejected(f'the key "{key}" stands twice')
        out[key] = value
    return out


def _no_constant(name: str) -> NoReturn:
    raise _Rejected(f"{name} is no JSON value")


def _read_line(line: str, place: Place, problems: Problems) -> Mapping | None:
    try:
        value = json.loads(line, object_pairs_hook=_pairs, parse_float=str, parse_int=str, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        at = Place(place.file, place.line, error.colno)
        problems.error("P045", at, f"this is not JSON: {error.msg}", "mend the line")
        return None
    except _Rejected as error:
        problems.error("P046", place, str(error), "mend the line")
        return None
    except RecursionError:
        _too_deep(place, problems)
        return None
    if not isinstance(value, dict):
        problems.error(
            "P022", place, "a statement is an object of fields", 'write  {"triple": ["A", "knows", "B"], ...}'
        )
        return None
    try:
        return _Tree(line, place, problems).mapping(value, place, 1)
    except _TooDeep:
        _too_deep(place, problems)
    except _Rejected as error:
        problems.error("P046", place, str(error), "mend the line")
    return None


def _too_deep(place: Place, problems: Problems) -> None:
    problems.error(
        "P016",
        place,
        f"this is nested more than {MAX_DEPTH} deep",
        "name the inner statement with an id and refer to it",
    )


class _TooDeep(ValueError):
    """JSON that is nested deeper than any statement."""


class _Tree:
    """Turns the values of one line into nodes; keys are looked up in the line one after the other."""

    def __init__(self, line: str, place: Place, problems: Problems) -> None:
        self.line, self.place, self.problems = line, place, problems
        self.at = 0

    def mapping(self, value: dict[str, Any], place: Place, depth: int) -> Mapping:
        entries: dict[str, tuple[Scalar, Node]] = {}
        for key, item in value.items():
            at = self._place_of(key)
            field = self._text(key.replace("_", " "), at)
            if field in entries:
                raise _Rejected(f'the key "{field}" stands twice')
            if item is not None:
                entries[field] = (Scalar(field, at), self._node(item, at, depth + 1))
        return Mapping(entries, place)

    def _node(self, value: object, place: Place, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _TooDeep
        if isinstance(value, dict):
            return self.mapping(value, place, depth)
        if isinstance(value, list):
            items = [self._node(item, place, depth + 1) for item in value]
            triple = len(items) == 3 and any(isinstance(item, (Sequence, Mapping)) for item in items)
            return Sequence(items, place, flow=triple)
        if isinstance(value, bool):
            return Scalar("true" if value else "false", place, plain=False)
        return Scalar("" if value is None else self._text(str(value), place), place, plain=False)

    def _text(self, text: str, place: Place) -> str:
        if _SURROGATE.search(text):
            raise _Rejected("a lone surrogate is no character; write the whole pair")
        return without_controls(text, place, self.problems)

    def _place_of(self, key: str) -> Place:
        """The key's place, where it is written as JSON would write it."""
        written = json.dumps(key, ensure_ascii=False)
        found = re.compile(re.escape(written) + r"\s*:").search(self.line, self.at)
        if found is None:
            return self.place
        self.at = found.end()
        return Place(self.place.file, self.place.line, found.start() + 1, len(written))
