"""Owns statement files in JSON Lines: one object a line, the same keys as in YAML.

Leaves the fields of a statement to ``records``. Numbers keep their written form (RFC 8259 leaves
their precision open); duplicate keys and NaN, which most readers let pass, are problems.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

from onrecord.documents import MAX_DEPTH, Mapping, Node, Scalar, Sequence
from onrecord.errors import Place, Problems
from onrecord.files import read_text, without_controls
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
