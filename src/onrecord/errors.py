"""Owns what can go wrong: places, problems, the exception tree and exit codes.

Leaves finding the problems to the stages, and printing them to the command line.

Exceptions, all raised for a wrong call or a machine that does not play along; wrong data is a
:class:`Problem`, a value::

    OnRecordError                exit 2
    ├── GraphNotFound            the folder is no graph
    ├── GraphBroken              exit 1: the graph has errors, listed in ``problems``
    ├── QueryError               exit 1
    │   ├── QuerySyntaxError     SPARQL that does not parse: line, column, caret
    │   ├── QueryRefused         a query that would reach out, or write
    │   ├── QueryLimitExceeded   over the limit of time, memory or size
    │   │   └── ServerTooSlow    a SPARQL server had not answered when the time was over
    │   ├── QueryBusy            no worker was free in time, or the machine has no room for one
    │   └── QueryCancelled       nobody waits for the answer any more
    ├── StoreError               the triple store is damaged, locked or out of reach
    │   └── ServerError          a SPARQL server refuses, or does not answer
    ├── EngineError              a cluster cannot be reached, or gives up
    ├── OutputError              a result cannot be written where it was asked for
    └── MissingExtra             an optional library is not installed: names the pip command
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

MAX_SHOWN = 1000
"""A line of a message or fix is cut here when it is printed: values can be as long as a file."""

EXIT_CLEAN = 0
EXIT_PROBLEMS = 1
EXIT_USAGE = 2


class Severity(enum.StrEnum):
    """How much a problem matters: an error stops a build, a warning and an info do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A span in one of the user's files.

    ``line`` and ``column`` count from 1, in lines and in Unicode code points; 0 means "the file as
    a whole". ``length`` is the number of code points that the caret underlines (at least 1).
    """

    file: str
    line: int = 0
    column: int = 0
    length: int = 1

    def __str__(self) -> str:
        parts = [self.file]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in the user's data: code, place, what was found, and the fix."""

    code: str
    place: Place
    message: str
    fix: str = ""
    severity: Severity = Severity.ERROR

    @property
    def sort_key(self) -> tuple[str, int, int, int, int, str, str]:
        """Problems are shown by place, then weight, then code."""
        place = self.place  # in its parts: comparing places costs ten times as much, and there may be a million
        rank = _RANK[self.severity]
        return (place.file, place.line, place.column, place.length, rank, self.code, self.message)

    def as_dict(self) -> dict[str, object]:
        """The problem as plain values, as ``--json`` prints it."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "length": self.place.length,
            "message": self.message,
            "fix": self.fix,
        }

    def render(self, line_of: Callable[[str, int], str | None]) -> str:
        """The problem as text: the head line, the user's line with a caret, the fix.

        ``line_of(file, line)`` gives the text of a line, or None where it cannot be read.
        """
        weight = "" if self.severity is Severity.ERROR else f"{self.severity} "
        out = [f"{printable(str(self.place))}: {weight}{self.code} {_bounded(printable(self.message))}"]
        source = line_of(self.place.file, self.place.line) if self.place.line else None
        if source is not None and self.place.column:
            shown, caret_at, caret_length = _excerpt(source, self.place.column - 1, self.place.length)
            out.append(f"    {shown}".rstrip())
            out.append("    " + " " * caret_at + "^" * caret_length)
        if self.fix:
            first, *rest = printable(self.fix, keep_newlines=True).split("\n")
            out.append(f"    fix: {_bounded(first)}")
            out.extend(f"         {_bounded(line)}".rstrip() for line in rest)
        return "\n".join(out)


def printable(text: str, *, keep_newlines: bool = False) -> str:
    """``text`` with what a terminal would obey or hide (controls, bidi marks) written as escapes."""
    return "".join(
        char
        if char.isprintable() or char == "\u00a0" or (keep_newlines and char == "\n")
        else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def _bounded(text: str) -> str:
    """A line that a person can take in; ``as_dict`` keeps the whole."""
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def _excerpt(line: str, start: int, length: int) -> tuple[str, int, int]:
    """A window of at most 100 characters of ``line`` round the span, with the caret's place in it."""
    stripped = line.rstrip("\r\n")
    indent = next((at for at, char in enumerate(stripped) if not char.isspace()), len(stripped))
    left = indent if start - indent <= 70 else start - 40
    left = min(left, start)
    window = stripped[left : left + 100]
    prefix = "…" if left > indent else ""
    suffix = "…" if len(stripped) > left + 100 else ""
    shown = "".join(char if char.isprintable() else " " for char in window)
    before, span = shown[: start - left], shown[start - left : start - left + length]
    return prefix + shown + suffix, _cells(prefix + before), max(1, _cells(span))


def _cells(text: str) -> int:
    """How many cells of a terminal ``text`` takes: two for a character of Chinese, none for an accent of its own."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


@dataclass(slots=True)
class Problems:
    """A growing list of problems; every stage fills one and returns it beside its result."""

    items: list[Problem] = field(default_factory=list)

    def error(self, code: str, place: Place, message: str, fix: str = "") -> None:
        """Add an error: the statement cannot stand as it is."""
        self.items.append(Problem(code, place, message, fix, Severity.ERROR))

    def warning(self, code: str, place: Place, message: str, fix: str = "") -> None:
        """Add a warning: it can stand, but an editor should look."""
        self.items.append(Problem(code, place, message, fix, Severity.WARNING))

    def info(self, code: str, place: Place, message: str, fix: str = "") -> None:
        """Add a remark."""
        self.items.append(Problem(code, place, message, fix, Severity.INFO))

    def extend(self, others: Iterable[Problem]) -> None:
        """Add problems found elsewhere."""
        self.items.extend(others)


def sort_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Every problem once, by file, line and column."""
    return sorted(set(problems), key=lambda problem: problem.sort_key)


def has_errors(problems: Iterable[Problem]) -> bool:
    """Whether any of ``problems`` stops a build."""
    return any(problem.severity is Severity.ERROR for problem in problems)


class OnRecordError(Exception):
    """The call is wrong, or the machine does not play along. ``exit_code`` is the process's."""

    exit_code = EXIT_USAGE


class GraphNotFound(OnRecordError):
    """The folder is not a graph: it is missing, or holds no ``onrecord.yaml``."""


class GraphBroken(OnRecordError):
    """The graph has errors, so nothing can be computed from it."""

    exit_code = EXIT_PROBLEMS

    def __init__(self, message: str, problems: Sequence[Problem]) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class QueryError(OnRecordError):
    """A query cannot be answered."""

    exit_code = EXIT_PROBLEMS


class QuerySyntaxError(QueryError):
    """SPARQL that does not parse; ``problem`` holds line, column and the fix."""

    def __init__(self, problem: Problem, query: str) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.query = query


class QueryRefused(QueryError):
    """A query that would reach out of the graph, or change it."""

    def __init__(self, problem: Problem, query: str) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.query = query


class QueryLimitExceeded(QueryError):
    """A query that went over its limit of time, memory or size."""


class ServerTooSlow(QueryLimitExceeded):
    """A query that a SPARQL server had not answered when its time was over."""


class QueryBusy(QueryError):
    """A query that no worker was free for: all of them answer others."""


class QueryCancelled(QueryError):
    """A query that was stopped because nobody waits for its answer any more."""


class StoreError(OnRecordError):
    """The triple store is damaged, locked, or cannot be reached."""


class ServerError(StoreError):
    """A SPARQL server refuses a request, or does not answer it."""


class EngineError(OnRecordError):
    """A cluster cannot be reached, or gives up."""


class OutputError(OnRecordError):
    """A result cannot be written where it was asked for."""


class MissingExtra(OnRecordError):
    """An optional library is not installed."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"{library} is not installed: pip install 'onrecord[{extra}]'")
