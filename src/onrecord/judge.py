"""Owns writing ``judgements.yaml``: one entry more or one less, and every other byte as it was.

Leaves what the entries mean to ``judgements``. A change is read back before it is written, so that
a file that cannot take it stays as it is.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import yaml

from onrecord.entries import MARK, alone, cannot_add, dash_indent, line_end, save
from onrecord.errors import OnRecordError, Place, Problem, Problems, Severity
from onrecord.files import check_inside, find_control, read_text
from onrecord.judgements import KEYS, Judgement, address_of, find_classes, id_of, once, read_entries
from onrecord.names import Names
from onrecord.project import JUDGEMENTS, Project

_PLAIN = re.compile(r"[\w(]")
_DASH = re.compile(r"\s*-(\s|$)")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


def add_judgement(
    project: Project,
    names: Names,
    left: str,
    judgement: str,
    right: str,
    *,
    who: str,
    why: str,
    when: dt.date | None = None,
) -> Judgement:
    """Append a judgement to the graph's file, in one step; what stands there stays as it is.

    ``left`` and ``right`` are names of any kind; ids are written. ``when`` is today unless given.

    :raises OnRecordError: for a name or judgement that is none, for words that cannot be written,
        and for what would contradict the other entries. Nothing is written then.
    """
    pair = (_name_to_id(left, names), _name_to_id(right, names))
    day = (when or dt.date.today()).isoformat()
    values = dict(zip(KEYS, (*pair, judgement, who.strip(), day, why.strip()), strict=True))
    for key in ("who", "why"):
        if not values[key]:
            raise OnRecordError(f"a judgement says {key}")
        if find_control(values[key]) is not None or not _is_unicode(values[key]):
            raise OnRecordError(f"{key} holds a character that does not belong in a text")
    with alone(project.folder):
        file = _File(project, names)
        file.append(values)
        file.write()
    return file.entries[-1]


def remove_judgement(project: Project, names: Names, left: str, judgement: str, right: str) -> Judgement:
    """Take the last judgement of that kind on the two entities out of the file, and nothing else.

    Taking back what :func:`add_judgement` appended restores the file byte for byte; a file with
    nothing left in it is deleted.

    :raises OnRecordError: when there is no such judgement.
    """
    pair = sorted((_name_to_id(left, names), _name_to_id(right, names)))
    with alone(project.folder):
        file = _File(project, names)
        wanted = [each for each in file.entries if each.judgement == judgement and sorted(each.pair) == pair]
        if not wanted:
            raise OnRecordError(f'"{pair[0]}" and "{pair[1]}" are not judged {judgement} in {file.shown}')
        file.remove(wanted[-1])
        file.write()
    return wanted[-1]


def _name_to_id(text: str, names: Names) -> str:
    address = address_of(text, names) or replace(names, merged={}).require_entity(text)
    found = id_of(address, names)
    if found is None:
        raise OnRecordError(f'"{text}" is no entity: sources are not judged to be the same')
    return found


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class _File:
    """``judgements.yaml`` as text, with its entries; changes are checked by reading them back."""

    def __init__(self, project: Project, names: Names) -> None:
        self.names, self.path = names, project.folder / JUDGEMENTS
        self.shown = project.name_of(self.path)
        problems = Problems()
        self.text = ""
        if self.path.exists() or self.path.is_symlink():
            inside = check_inside(self.path, project.folder, self.shown, problems)
            if not inside or read_text(self.path, self.shown, problems) is None:
                raise OnRecordError(f"{self.shown}: {problems.items[0].message}")
            self.text = self.path.read_bytes().decode("utf-8")
        self.entries, self.problems = self._read(self.text)

    def _read(self, text: str) -> tuple[list[Judgement], set[Problem]]:
        problems = Problems()
        entries = read_entries(text.removeprefix(MARK), self.shown, self.names, problems)
        find_classes(once(entries, problems), self.names, problems)
        return entries, {problem for problem in problems.items if problem.severity is Severity.ERROR}

    def append(self, values: Mapping[str, str]) -> None:
        """Add an entry at the end, indented and ended like the rest."""
        indent, end = dash_indent(self.text, self.shown), line_end(self.text)
        lines = [f"{'- ' if key == 'left' else '  '}{key}: {_scalar(value)}" for key, value in values.items()]
        entry = end.join(indent + line for line in lines)
        whole = not self.text.removeprefix(MARK) or self.text.endswith(("\n", "\r"))
        text = self.text + entry + end if whole else self.text + end + entry
        entries, problems = self._read(text)
        fresh = sorted(problems - self.problems, key=lambda problem: problem.sort_key)
        if fresh:
            problem = fresh[0]
            raise OnRecordError(f"{problem.message}; {problem.fix}" if problem.fix else problem.message)
        if not _alike(entries, [*self.entries, Judgement(**values, place=Place(self.shown))]):
            raise cannot_add(self.shown)
        self.text, self.entries = text, entries

    def remove(self, entry: Judgement) -> None:
        """Cut the lines of an entry out."""
        mark = MARK if self.text.startswith(MARK) else ""
        lines = _LINE.findall(self.text.removeprefix(MARK))
        first, after = _span("".join(lines), lines, entry.place.line - 1)
        kept = lines[:first] + lines[after:]
        if after == len(lines) and not lines[-1].endswith(("\n", "\r")) and kept:
            kept[-1] = kept[-1].rstrip("\r\n")
        text = mark + "".join(kept)
        entries, _ = self._read(text)
        if not _alike(entries, [each for each in self.entries if each is not entry]):
            raise OnRecordError(f"{entry.place}: this entry cannot be cut out; delete it by hand")
        self.text, self.entries = text, entries

    def write(self) -> None:
        """Replace the file whole; delete it when nothing is left."""
        save(self.path, self.shown, self.text if self.text.removeprefix(MARK) else None)


def _alike(found: Iterable[Judgement], wanted: Iterable[Judgement]) -> bool:
    """Whether the entries say the same, wherever they stand."""
    nowhere = Place("")
    return [replace(each, place=nowhere) for each in found] == [replace(each, place=nowhere) for each in wanted]


def _scalar(text: str) -> str:
    """``text`` as YAML: plain where it can be, else in double quotes."""
    plain = text.isprintable() and _PLAIN.match(text) and text == text.strip()
    if plain and ": " not in text and " #" not in text and not text.endswith(":"):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08X}" for char in quoted)


def _span(text: str, lines: list[str], start: int) -> tuple[int, int]:
    """The lines of the entry whose mapping starts on line ``start``: the first, and the one after it."""
    depth, first, after, inside = 0, start, start + 1, False
    event: Any
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        kind = type(event)
        if kind in (yaml.SequenceStartEvent, yaml.MappingStartEvent):
            depth += 1
            inside = inside or (depth == 2 and event.start_mark.line == start)
        elif kind in (yaml.SequenceEndEvent, yaml.MappingEndEvent):
            depth -= 1
            if inside and depth == 1:
                if event.end_mark.line < len(lines) and event.end_mark.column:
                    after = max(after, event.end_mark.line + 1)
                break
        elif inside and kind is yaml.ScalarEvent:
            after = max(after, event.end_mark.line + (event.end_mark.column > 0))
    while after > start + 1 and not lines[after - 1].strip():
        after -= 1
    while first and not _DASH.match(lines[first]):
        first -= 1
    return first, after
