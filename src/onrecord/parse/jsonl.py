"""Owns statement files in JSON Lines: one object a line, the same keys as in YAML.

Leaves the fields of a statement to ``records``. Numbers keep their written form (RFC 8259 leaves
their precision open); duplicate keys and NaN, which most readers let pass, are problems.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

from onrecord.documents import Mapping, Node, Scalar, Sequence
from onrecord.errors import Place, Problems
from onrecord.files import read_text
from onrecord.parse.records import RecordReader

_SOURCE = frozenset({"source"})
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Rejected(ValueError):
    """JSON that the standard library would accept and a record must not hold."""


def parse_statements(path: Path, name: str, reader: RecordReader, problems: Problems) -> None:
    """Read one file into the reader's rows."""
    text = read_text(path, name, problems)
    if text is None:
        return
    if not text.strip():
        problems.warning("P032", Place(name), "this file is empty", "delete it, or write one statement a line")
        return
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        record = _read_line(line, Place(name, number, 1), problems)
        if record is None:
            continue
        source = record.get("source")
        if not isinstance(source, Scalar):
            problems.error(
                "P021", record.place, 'this statement has no "source"', 'write  "source": "the-id-of-the-source"'
            )
            continue
        reader.read(record, source.text, _SOURCE)


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
        problems.error("P016", place, "this is nested too deep", "name the inner statement with an id and refer to it")
        return None
    if not isinstance(value, dict):
        problems.error(
            "P022", place, "a statement is an object of fields", 'write  {"triple": ["A", "knows", "B"], ...}'
        )
        return None
    node = _node(value, line, place, problems)
    return node if isinstance(node, Mapping) else None


def _node(value: object, line: str, place: Place, problems: Problems) -> Node | None:
    if isinstance(value, str):
        if _SURROGATE.search(value):
            problems.error("P046", place, "a lone surrogate is no character", "write the whole pair, or the character")
            return None
        return Scalar(str(value), place, plain=False)
    if isinstance(value, bool):
        return Scalar("true" if value else "false", place, plain=False)
    if isinstance(value, list):
        items = [_node(item, line, place, problems) for item in value]
        triple = len(items) == 3 and any(isinstance(item, (Sequence, Mapping)) for item in items)
        return Sequence([item for item in items if item is not None], place, flow=triple)
    if isinstance(value, dict):
        entries: dict[str, tuple[Scalar, Node]] = {}
        for key, item in value.items():
            at = _place_of(key, line, place)
            node = None if item is None else _node(item, line, at, problems)
            if node is not None:
                field = key.replace("_", " ")
                entries[field] = (Scalar(field, at), node)
        return Mapping(entries, place)
    return None


def _place_of(key: str, line: str, place: Place) -> Place:
    """The key's place: looked up in the line, where it is written as JSON would write it."""
    written = json.dumps(key, ensure_ascii=False)
    column = line.find(written)
    return Place(place.file, place.line, column + 1, len(written)) if column >= 0 else place
