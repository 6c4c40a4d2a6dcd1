"""Owns ``withdrawn.yaml``: which sources the graph no longer stands on, since when, and why.

Leaves dropping their statements to ``lens``, and telling what falls with them to ``explain``. An
entry is appended behind what stands in the file and can be taken out again to the byte.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from onrecord.documents import Mapping, Node, Scalar, Sequence, parse_yaml
from onrecord.entries import MARK, alone, cannot_add, dash_indent, line_end, save
from onrecord.errors import GraphBroken, OnRecordError, Place, Problems, has_errors, sort_problems
from onrecord.files import check_inside, decode_text, read_bytes
from onrecord.nearest import did_you_mean
from onrecord.times import NotADate, parse_day

WITHDRAWN = "withdrawn.yaml"
_KEYS = ("source", "on", "who", "why")
_NEEDED = ("source", "on", "why")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_PLAIN = re.compile(r"[^\W_](?:[^\s:#]|:(?=\S)|(?<=\S)#| (?=[^#\s]))*")


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A source that the graph no longer stands on: from which day, on whose word, and why."""

    source: str
    on: dt.date
    who: str
    why: str
    place: Place = field(default=Place(""), compare=False)

    def as_dict(self) -> dict[str, str]:
        """The entry as plain values."""
        return {"source": self.source, "on": self.on.isoformat(), "who": self.who, "why": self.why}


def read_withdrawn(
    path: Path, name: str, problems: Problems, sources: Collection[str] | None = None
) -> tuple[Withdrawal, ...]:
    """The entries of ``path`` in the order of the file; none where there is no such file.

    ``name`` is the file as problems print it. With ``sources``, the ids that the graph knows, an
    entry for any other is a W001. An entry with a problem is left out, save for W001.
    """
    text = _text(path, name, problems)
    return _entries(text, name, problems, sources) if text is not None else ()


def _text(path: Path, name: str, problems: Problems) -> str | None:
    if not path.exists() and not path.is_symlink():
        return None
    data = read_bytes(path, name, problems) if check_inside(path, path.parent, name, problems) else None
    return decode_text(data, name, problems) if data is not None else None


def _entries(text: str, name: str, problems: Problems, sources: Collection[str] | None) -> tuple[Withdrawal, ...]:
    root = parse_yaml(text, name, problems)
    if root is None or (isinstance(root, Scalar) and not root.text):
        return ()
    if not isinstance(root, Sequence):
        problems.error("P022", root.place, "this file is a list of withdrawals", "write  - source: ...")
        return ()
    first: dict[str, Place] = {}
    out = []
    for item in root.items:
        entry = _entry(item, problems)
        if entry is None:
            continue
        if entry.source in first:
            problems.error(
                "W003",
                entry.place,
                f'the source "{entry.source}" is withdrawn twice; the first time on line {first[entry.source].line}',
                "keep one entry",
            )
            continue
        first[entry.source] = entry.place
        if sources is not None and entry.source not in sources:
            near = did_you_mean(entry.source, sources) or "write the id of one of the graph's sources"
            problems.error("W001", entry.place, f'no source is called "{entry.source}"', near)
        out.append(entry)
    return tuple(out)


def _entry(node: Node, problems: Problems) -> Withdrawal | None:
    if not isinstance(node, Mapping):
        problems.error("P022", node.place, "a withdrawal is a mapping of fields", "write  - source: ...")
        return None
    values: dict[str, Scalar] = {}
    sound = True
    for key, value in node.items():
        if key.text not in _KEYS:
            fix = did_you_mean(key.text, _KEYS) or f"a withdrawal has: {', '.join(_KEYS)}"
            problems.error("P020", key.place, f'unknown field "{key.text}" in a withdrawal', fix)
        elif not isinstance(value, Scalar):
            problems.error("P022", value.place, f'"{key.text}" takes a text', f"write  {key.text}: ...")
            sound = False
        else:
            values[key.text] = value
    for needed in _NEEDED:
        if needed not in node.entries or (needed in values and not values[needed].text.strip()):
            problems.error("P021", node.place, f'this withdrawal has no "{needed}"', f"write  {needed}: ...")
            sound = False
    if not sound:
        return None
    try:
        day = parse_day(values["on"].text)
    except NotADate:
        what = f'"{values["on"].text}" is no day'
        problems.error("W002", values["on"].place, what, "write a day like 2025-12-17")
        return None
    who = values["who"].text if "who" in values else ""
    return Withdrawal(values["source"].text, day, who, values["why"].text, values["source"].place)


def first_days(statements: pl.DataFrame) -> dict[str, dt.date]:
    """The first day on which each source put something on record."""
    days = statements.drop_nulls("recorded_day").group_by("source").agg(pl.col("recorded_day").min())
    return dict(days.sort("source").iter_rows())


def latest_day(statements: pl.DataFrame, entries: Iterable[Withdrawal]) -> dt.date | None:
    """The latest day in a graph, withdrawals included: the day on which its default lens ends."""
    days = [*statements["recorded_day"].drop_nulls().unique().to_list(), *(entry.on for entry in entries)]
    return max(days, default=None)


def check_withdrawn(entries: Collection[Withdrawal], first: dict[str, dt.date], problems: Problems) -> None:
    """Warn (W004) of a source that is withdrawn before the day of ``first_days``."""
    for entry in entries:
        day = first.get(entry.source)
        if day is not None and entry.on < day:
            problems.warning(
                "W004",
                entry.place,
                f'"{entry.source}" is withdrawn on {entry.on}, before it was on record ({day})',
                f"write  on: {day}  or a later day",
            )


def withdraw(folder: Path, entry: Withdrawal, name: str = "") -> bytes:
    """Append ``entry`` to the graph's ``withdrawn.yaml``; what stood there stays as it was.

    Returns the bytes that were added. ``name`` is the file as messages print it.

    :raises GraphBroken: when the file as it is holds problems.
    :raises OnRecordError: when the source is withdrawn already, or the entry cannot be added.
    """
    path, name = folder / WITHDRAWN, name or str(folder / WITHDRAWN)
    with alone(folder):
        before, entries = _sound(path, name)
        if any(known.source == entry.source for known in entries):
            raise OnRecordError(f'the source "{entry.source}" is withdrawn already; take it out with  --undo  first')
        if not entry.why.strip():
            raise OnRecordError("a withdrawal needs a reason: --why TEXT")
        for text in (entry.why, entry.who):
            if not all(char.isprintable() or char in "\n\t\u00a0" for char in text):
                raise OnRecordError(f"a withdrawal holds plain text, without control characters: {text!r}")
        text = before or ""
        added = ("" if before is None else line_end(text)) + _rendered(entry, dash_indent(text, name), line_end(text))
        problems = Problems()
        found = _entries((text + added).removeprefix(MARK), name, problems, None)
        if problems.items or [each.as_dict() for each in found] != [*(e.as_dict() for e in entries), _tidy(entry)]:
            raise cannot_add(name)
        save(path, name, text + added)
    return added.encode("utf-8")


def reinstate(folder: Path, source: str, name: str = "") -> Withdrawal:
    """Take the entry of ``source`` out of ``withdrawn.yaml`` again; returns it.

    After :func:`withdraw` the file has the bytes that it had before, and is gone when it had not
    been there. Comments and other entries stay.

    :raises GraphBroken: when the file holds problems.
    :raises OnRecordError: when the source is not withdrawn, or its entry cannot be taken out.
    """
    path, name = folder / WITHDRAWN, name or str(folder / WITHDRAWN)
    with alone(folder):
        before, entries = _sound(path, name)
        entry = next((known for known in entries if known.source == source), None)
        if entry is None or before is None:
            near = did_you_mean(source, [known.source for known in entries])
            raise OnRecordError(f'the source "{source}" is not withdrawn' + (f"; {near}" if near else ""))
        start, end, ours = _extent(before, entry, name)
        text, whole = _cut(before, start, end) if ours else (before[:start] + before[end:], end - start == len(before))
        problems = Problems()
        left = _entries(text.removeprefix(MARK), name, problems, None)
        if problems.items or [each.as_dict() for each in left] != [e.as_dict() for e in entries if e is not entry]:
            raise OnRecordError(f"{name}: the entry cannot be taken out as it is written; delete it by hand")
        save(path, name, None if whole else text)
    return entry


def _sound(path: Path, name: str) -> tuple[str | None, tuple[Withdrawal, ...]]:
    """The file's text with its byte order mark, and its entries.

    :raises GraphBroken: when there are problems in it.
    :raises OnRecordError: when it is a link, which a rewrite would replace.
    """
    if path.is_symlink():
        raise OnRecordError(f"{name}: this is a link; put the file itself there")
    problems = Problems()
    text = _text(path, name, problems)
    entries = _entries(text, name, problems, None) if text is not None else ()
    if has_errors(problems.items):
        raise GraphBroken(f"{name} cannot be read", sort_problems(problems.items))
    marked = text is not None and path.read_bytes().startswith(b"\xef\xbb\xbf")
    return (MARK + text if marked and text is not None else text), entries


def _tidy(entry: Withdrawal) -> dict[str, str]:
    """The entry as it is read back: white space at the ends of lines is not kept."""
    return {key: "\n".join(_lines(value)) for key, value in entry.as_dict().items()}


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().split("\n")]


def _rendered(entry: Withdrawal, indent: str, newline: str) -> str:
    out = []
    for key, value in _tidy(entry).items():
        lead = f"{indent}{'-' if key == 'source' else ' '} {key}:"
        if _PLAIN.fullmatch(value):
            out.append(f"{lead} {value}")
        elif value:
            out.append(f"{lead} |-")
            out += [f"{indent}    {line}".rstrip() for line in value.split("\n")]
    return "".join(line + newline for line in out)


def _extent(text: str, entry: Withdrawal, name: str) -> tuple[int, int, bool]:
    """Where the entry's lines begin and end, and whether they stand as this module writes them.

    The lines of one that was written by hand go on as long as they are indented.
    """
    lines = _LINE.findall(text)
    number = entry.place.line - 1
    start = sum(len(line) for line in lines[:number])
    dash = len(lines[number].removeprefix(MARK)) - len(lines[number].removeprefix(MARK).lstrip(" "))
    body = lines[number].removeprefix(MARK)
    if not body[dash:].startswith("- "):
        raise OnRecordError(f"{name}: the entry does not begin with  - source:  ; delete it by hand")
    start += len(lines[number]) - len(body)
    written = _rendered(entry, " " * dash, line_end(text))
    if text.startswith(written, start):
        return start, start + len(written), True
    end = start + len(body)
    for line in lines[number + 1 :]:
        if line.strip() and len(line) - len(line.lstrip(" ")) <= dash:
            break
        end += len(line)
    return start, min(end, start + len(text[start:end].rstrip()) + len(line_end(text))), False


def _cut(text: str, start: int, end: int) -> tuple[str, bool]:
    """``text`` without the stretch and the line end that was put before it; whether nothing else was there."""
    before, after, newline = text[:start], text[end:], line_end(text)
    if not before:
        return after.removeprefix(newline), not after
    if before.endswith(newline) and (not after or after.startswith(newline) or before.endswith(newline * 2)):
        before = before.removesuffix(newline)
    return before + after, False
