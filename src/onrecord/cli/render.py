"""Owns how results look in a terminal: problems, tables, JSON, the closing lines.

Leaves what they say to the library. Data goes to stdout, talk to stderr.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import NoReturn

import click

from onrecord.errors import EXIT_USAGE, Place, Problem, Severity, printable
from onrecord.excerpts import Excerpts
from onrecord.progress import over

MAX_ALIKE = 1000
"""Of how many problems of one file and code each is printed; of the others it is said how many there are."""


WIDTH_ROWS = 1000
"""How many rows of a long table decide how wide its columns are."""


def echo_json(value: object) -> None:
    """Print ``value`` as JSON on stdout."""
    over()
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def fail(message: str, exit_code: int = EXIT_USAGE) -> NoReturn:
    """Print a message on stderr and end the process."""
    if message:
        click.echo(f"onrecord: {printable(message, keep_newlines=True)}", err=True)
    sys.exit(exit_code)


def json_lines(variables: Sequence[str], pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Rows that come as SPARQL TSV, each as the object that it is in SPARQL's JSON, one a line."""
    from onrecord.answers import as_json, rows_of

    for row in rows_of(pieces, len(variables)):
        found = {name: as_json(term) for name, term in zip(variables, row, strict=True) if term is not None}
        yield json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def with_line_end(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, the last of which ends a line."""
    end = b""
    for piece in pieces:
        yield piece
        end = piece[-1:] or end
    if end != b"\n":
        yield b"\n"


def echo_problems(problems: Iterable[Problem], *, style: str = "text", err: bool = True) -> None:
    """Print problems with excerpt, caret and fix, or as annotations of GitHub's workflow commands.

    They come sorted by file. Where more than ``MAX_ALIKE`` are alike, the rest are a line at the file's end.
    """
    over()
    excerpts = Excerpts()
    for _, of_file in groupby(problems, key=lambda problem: problem.place.file):
        alike: Counter[tuple[str, Severity]] = Counter()
        for problem in of_file:
            alike[problem.code, problem.severity] += 1
            if alike[problem.code, problem.severity] <= MAX_ALIKE:
                _echo_problem(problem, excerpts, style, err)
        for (code, severity), count in sorted(alike.items()):
            if count > MAX_ALIKE:
                message = f"{count - MAX_ALIKE:,} more of this kind in this file are not printed"
                rest = Problem(
                    code,
                    Place(problem.place.file),
                    message,
                    "mend these first; onrecord check --json prints all",
                    severity,
                )
                _echo_problem(rest, excerpts, style, err)


def _echo_problem(problem: Problem, excerpts: Excerpts, style: str, err: bool) -> None:
    if style == "github":
        click.echo(_annotation(problem), err=err)
        return
    head, *rest = problem.render(excerpts.line_of).split("\n")
    colour = {"error": "red", "warning": "yellow", "info": "blue"}[problem.severity]
    code = f"{problem.code} "
    head = head.replace(code, click.style(problem.code, fg=colour, bold=True) + " ", 1)
    click.echo("\n".join([head, *rest]), err=err)


def _annotation(problem: Problem) -> str:
    """One line of https://docs.github.com/actions/reference/workflow-commands-for-github-actions."""
    kind = {"error": "error", "warning": "warning", "info": "notice"}[problem.severity]
    place = problem.place

    def escaped(text: str, *, value: bool = False) -> str:
        text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        return text.replace(":", "%3A").replace(",", "%2C") if value else text

    where = f"file={escaped(place.file, value=True)}"
    if place.line:
        where += f",line={place.line},col={place.column or 1}"
    text = problem.message + (f"\nfix: {problem.fix}" if problem.fix else "")
    return f"::{kind} {where},title={escaped(problem.code, value=True)}::{escaped(printable(text, keep_newlines=True))}"


def echo_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, note: str = "") -> None:
    """Print a table that fits the terminal; in a pipe it keeps its full width.

    The first rows decide how wide the columns are; of a long table the others are printed in the
    same columns as they come.
    """
    over()
    following = ([printable(cell) for cell in row] for row in rows)
    first = list(islice(following, WIDTH_ROWS))
    names = [printable(column) for column in columns]
    widths: list[int] = []
    if len(first) == WIDTH_ROWS:
        widths = _widths(names, first)
    _echo_rows(names, first, widths)
    while more := list(islice(following, WIDTH_ROWS)):
        _echo_rows(names, more, widths, header=False)
    if note:
        click.echo(note, err=True)


def _echo_rows(
    columns: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], header: bool = True
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, show_header=header)
    for index, column in enumerate(columns):
        table.add_column(column, overflow="fold", width=widths[index] if widths else None)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    width = None if sys.stdout.isatty() else sum(widths or _widths(columns, rows)) + 3 * len(columns) + 4
    Console(width=width, highlight=False, soft_wrap=False).print(table)


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    from rich.cells import cell_len

    return [max([cell_len(column), *(cell_len(row[index]) for row in rows)]) for index, column in enumerate(columns)]


def folded(text: str, first: str = "", rest: str | None = None) -> list[str]:
    """``text`` behind ``first``, and where a terminal is too narrow for it, its further lines behind ``rest``."""
    if not sys.stdout.isatty():
        return [first + text]
    import shutil
    import textwrap

    further = first if rest is None else rest
    room = max(24, shutil.get_terminal_size().columns - max(len(first), len(further)) - 1)
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
    return [first + lines[0], *(further + line for line in lines[1:])]


def echo_lines(lines: Iterable[str]) -> None:
    """Print lines; where a terminal is too narrow for one, its rest stands further in than its beginning."""
    for line in lines:
        text = line.lstrip(" ")
        indent = line[: len(line) - len(text)]
        for part in folded(text, indent, indent + "    "):
            click.echo(part)


def plural(count: int, one: str, many: str = "") -> str:
    """``1 statement``, ``2 statements``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def writer(path: Path | None) -> Callable[[Iterable[bytes]], None]:
    """Write pieces of bytes as they come: to stdout, or to a file, which is there whole or not at all."""

    def write(pieces: Iterable[bytes]) -> None:
        if path is None or str(path) == "-":
            if sys.stdout.isatty():
                over()
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        else:
            from onrecord.files import write_atomic

            write_atomic(path, lambda file: file.writelines(pieces))

    return write
