"""Owns YAML as a tree of texts that know their place: scalars, lists, mappings, nothing typed.

Leaves what the keys mean to ``project`` and ``parse``. YAML 1.1 would read ``NO`` as false and
``010`` as eight; here every scalar stays the text that was written (https://yaml.org/spec/1.1/),
and what YAML can do beyond plain data (tags, anchors, aliases) is a problem with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from onrecord.errors import Place, Problems
from onrecord.files import report_control, without_controls

MAX_DEPTH = 24
_LINE_SEPARATORS = re.compile("[\u0085\u2028\u2029]")
_LINE_END = re.compile("\r\n?|\n")
_COMMENT = re.compile(r"\s*#")
_UNPRINTABLE = re.compile("[\x80-\x84\x86-\x9f]")
_WHOLE_QUOTED = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(?:\s+#.*)?""")
_PROSE_LINE = re.compile(r"^(?P<lead>\s*(?:- +)*)(?P<key>[^\s:#\[\]{},][^:#\[\]{},]*): +(?P<value>\S.*)$", re.DOTALL)


@dataclass(slots=True)
class Scalar:
    """A piece of text. ``cut`` says that `` #`` ended it on its line, ``plain`` that it has no quotes."""

    text: str
    place: Place
    plain: bool = True
    cut: bool = False


@dataclass(slots=True)
class Sequence:
    """A list of nodes. ``flow`` says that it was written in square brackets."""

    items: list[Node]
    place: Place
    flow: bool = False


@dataclass(slots=True)
class Mapping:
    """Keys and values in the order of the file."""

    entries: dict[str, tuple[Scalar, Node]]
    place: Place
    flow: bool = False

    def get(self, key: str) -> Node | None:
        """The value of ``key``, or None."""
        entry = self.entries.get(key)
        return entry[1] if entry else None

    def key_nodes(self) -> Iterator[Scalar]:
        """Key nodes."""
        for key, _ in self.entries.values():
            yield key

    def items(self) -> Iterator[tuple[Scalar, Node]]:
        """Key and value nodes."""
        yield from self.entries.values()


Node: TypeAlias = Scalar | Sequence | Mapping


def parse_yaml(text: str, name: str, problems: Problems) -> Node | None:
    """The tree of the one document in ``text``; None for an empty file or a syntax error.

    ``name`` is the file as problems print it.
    """
    for match in _LINE_SEPARATORS.finditer(text):
        before = _LINE_END.split(text[: match.start()])
        problems.error(
            "P017",
            Place(name, len(before), len(before[-1]) + 1),
            f"the character U+{ord(match[0]):04X} is a line break to YAML but not to an editor",
            f'delete it, or write it as "\\u{ord(match[0]):04X}" in double quotes',
        )
        return None
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        before = _LINE_END.split(text[: unprintable.start()])
        report_control(text, unprintable.start(), Place(name, len(before), len(before[-1]) + 1), problems)
        return None
    builder = _Builder(name, text, problems)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if not builder.take(event):
                return None
    except yaml.MarkedYAMLError as error:
        _report_syntax(error, text, name, problems)
        return None
    except yaml.YAMLError as error:
        problems.error("P010", Place(name), f"this is not YAML: {error}", "mend the file")
        return None
    return builder.root


@dataclass(slots=True)
class _Builder:
    name: str
    text: str
    problems: Problems
    root: Node | None = None
    documents: int = 0
    lines: list[str] = field(init=False)
    stack: list[Sequence | Mapping] = field(default_factory=list)
    keys: list[Scalar | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lines = _LINE_END.split(self.text)

    def take(self, event: Any) -> bool:
        """Add one event to the tree; False stops the reading."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            if event.tag is not None or event.anchor is not None:
                self._forbidden(event)
            self._add(self._scalar(event))
        elif kind is yaml.SequenceStartEvent or kind is yaml.MappingStartEvent:
            if event.tag is not None or event.anchor is not None:
                self._forbidden(event)
            if len(self.stack) >= MAX_DEPTH:
                self.problems.error(
                    "P016",
                    self._place(event),
                    f"this is nested more than {MAX_DEPTH} deep",
                    "name the inner statement with an id and refer to it",
                )
                return False
            node: Sequence | Mapping
            flow = bool(event.flow_style)
            if kind is yaml.SequenceStartEvent:
                node = Sequence([], self._place(event), flow)
            else:
                node = Mapping({}, self._place(event), flow)
            self._add(node)
            self.stack.append(node)
            self.keys.append(None)
        elif kind is yaml.SequenceEndEvent or kind is yaml.MappingEndEvent:
            self.stack.pop()
            self.keys.pop()
        elif kind is yaml.AliasEvent:
            self._forbidden(event)
            self._add(Scalar(f"*{event.anchor}", self._place(event)))
        elif kind is yaml.DocumentStartEvent:
            self.documents += 1
            if self.documents > 1:
                self.problems.error(
                    "P015",
                    self._place(event),
                    "a second document starts here",
                    "delete the line ---, or put the rest into a file of its own",
                )
                return False
        return True

    def _forbidden(self, event: Any) -> None:
        if getattr(event, "tag", None) is not None:
            self.problems.error(
                "P012",
                self._place(event),
                f"a YAML tag ({event.tag}) has no meaning here",
                "delete it; every value is read as the text that is written",
            )
        if event.anchor is not None:
            what = "alias" if isinstance(event, yaml.AliasEvent) else "anchor"
            sign = "*" if what == "alias" else "&"
            self.problems.error(
                "P013",
                self._place(event),
                f"a YAML {what} ({sign}{event.anchor}) has no meaning here",
                f"write the value out; if it begins with {sign}, put it in quotes",
            )

    def _place(self, event: Any) -> Place:
        start, end = event.start_mark, event.end_mark
        length = end.column - start.column if end.line == start.line else 1
        if end.line != start.line and start.line < len(self.lines):
            length = len(self.lines[start.line].rstrip()) - start.column
        return Place(self.name, start.line + 1, start.column + 1, max(1, length))

    def _scalar(self, event: Any) -> Scalar:
        plain = not event.style
        cut = False
        if plain and event.end_mark.line < len(self.lines):
            cut = bool(_COMMENT.match(self.lines[event.end_mark.line], event.end_mark.column))
        place = self._place(event)
        return Scalar(without_controls(event.value, place, self.problems), place, plain, cut)

    def _add(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
            return
        key = self.keys[-1]
        if key is None:
            if not isinstance(node, Scalar):
                self.problems.error("P022", node.place, "a key must be a word, not a list", "write it as text")
                node = Scalar(f"\0{len(parent.entries)}", node.place)
            self.keys[-1] = node
            return
        self.keys[-1] = None
        if key.text in parent.entries:
            first = parent.entries[key.text][0].place
            self.problems.error(
                "P011",
                key.place,
                f'the key "{key.text}" stands twice; the first is on line {first.line}',
                "keep one of them",
            )
            return
        parent.entries[key.text] = (key, node)


def _report_syntax(error: yaml.MarkedYAMLError, text: str, name: str, problems: Problems) -> None:
    lines = _LINE_END.split(text)
    mark = error.problem_mark or error.context_mark
    if mark and error.context_mark and not any(lines[mark.line :]):
        mark = error.context_mark  # at the end of the file: what was never closed tells more
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    what = error.problem or "it cannot be read"
    suspects = [line, line - 1, (error.context_mark.line + 1) if error.context_mark else line]
    for number in suspects:
        if not 1 <= number <= len(lines):
            continue
        source = lines[number - 1]
        stripped = source.lstrip(" -")
        if source[: len(source) - len(stripped)].find("\t") >= 0 or stripped.startswith("\t"):
            problems.error(
                "P014",
                Place(name, number, source.index("\t") + 1),
                "a tab cannot indent YAML",
                "indent with spaces",
            )
            return
        trap = _prose_trap(source)
        if trap and (number == line or not _WHOLE_QUOTED.fullmatch(source.rstrip()[trap[0] :])):
            start, message, fix = trap
            problems.error("P018", Place(name, number, start + 1, len(source.rstrip()) - start), message, fix)
            return
    problems.error("P010", Place(name, line, column), f"this is not YAML: {what}", "mend the line, or the one above")


def _prose_trap(source: str) -> tuple[int, str, str] | None:
    """Start, message and fix where a line holds prose that YAML takes for syntax."""
    match = _PROSE_LINE.match(source)
    if match is None:
        return None
    value, key = match["value"].rstrip(), match["key"]
    first = value[0]
    if first in "[{" and not _goes_on(value):
        return None
    if first in "[{\"'&*!%@`|>" and not value.startswith(("|-", ">-")):
        message = f"the value begins with {first}, which is syntax to YAML"
    elif ": " in value or value.endswith(":"):
        message = 'the value holds ": ", which is syntax to YAML'
    else:
        return None
    indent = " " * (len(match["lead"]) + 2)
    return (
        match.start("value"),
        message,
        f"write the text on a line of its own:\n{match['lead']}{key}: |-\n{indent}{value}",
    )


def _goes_on(value: str) -> bool:
    """Whether words follow the bracket that closes the first one: ``[...] he said``, not ``[a, b``."""
    depth = 0
    for offset, char in enumerate(value):
        depth += (char in "[{") - (char in "]}")
        if depth == 0:
            return bool(re.search(r"\w", value[offset:]))
    return False
