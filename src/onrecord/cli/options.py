"""Owns the options and arguments that several commands share.

Leaves what they do to the library.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from onrecord.statuses import ASSERTABLE
from onrecord.times import NotADate, parse_day

if TYPE_CHECKING:
    from onrecord.project import Project

F = TypeVar("F", bound=Callable[..., Any])

graph_argument = click.argument("graph", type=click.Path(path_type=Path), metavar="GRAPH")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
sources_option = click.option(
    "--sources",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True,
    metavar="DIR",
    help="Look up archived texts in DIR too (by name, then by hash). Repeatable.",
)

KINDS = ("oxigraph", "virtuoso", "fuseki", "graphdb", "neptune", "qlever", "sparql")
"""The kinds of :mod:`onrecord.scale.server`, which is imported by those who talk to a server only."""

server_option = click.option("--server", type=click.Choice(KINDS), help="Kind of server; default: what it says itself.")


class Day(click.ParamType[dt.date]):
    """A calendar day, ``YYYY-MM-DD``."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        """The day that ``value`` names."""
        if isinstance(value, dt.date):
            return value
        try:
            return parse_day(value)
        except NotADate:
            self.fail(f'"{value}" is no day; write one like 2025-12-17', param, ctx)


class Size(click.ParamType[int]):
    """Bytes, as a number with a unit: ``512M``, ``2G``."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The bytes that ``value`` names."""
        if isinstance(value, int):
            return value
        number, unit = value[:-1], value[-1:].upper()
        if unit not in ("M", "G") or not number.isascii() or not number.isdigit() or not 0 < int(number) < 1 << 20:
            self.fail(f'"{value}" is no size; write one like 512M or 2G', param, ctx)
        return int(number) << {"M": 20, "G": 30}[unit]


def limit_options(command: F) -> F:
    """Add the options that bound a query; the command gets what they say as ``limits``."""

    @functools.wraps(command)
    def with_limits(*args: Any, timeout: float, max_memory: int, max_rows: int | None, **others: Any) -> Any:
        from onrecord.limits import Limits

        return command(*args, limits=Limits(timeout, max_memory, max_rows), **others)

    decorated = cast("F", with_limits)
    for option in (
        click.option("--max-rows", type=click.IntRange(1), metavar="N", help="Refuse an answer of more than N rows."),
        click.option(
            "--max-memory",
            type=Size(),
            default="2G",
            show_default=True,
            metavar="SIZE",
            help="End a query that needs more, as 512M or 2G.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(0.1, 86400),
            default=30.0,
            show_default=True,
            metavar="SECONDS",
            help="End a query that takes longer.",
        ),
    ):
        decorated = option(decorated)
    return decorated


def redact_options(command: F) -> F:
    """Add the options that say what becomes of what is protected; the command gets ``redact`` and ``secret_file``."""
    decorated = click.option(
        "--secret",
        "secret_file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="With --redact: the secret for the new hashes, made when FILE is missing. Default: $ONRECORD_SECRET, or "
        "one kept among your settings. Never publish it.",
    )(command)
    return click.option(
        "--redact/--no-redact",
        default=None,
        help="Take out what the graph marks as protected; or show it. A graph with protected items needs one of them "
        "before others read it.",
    )(decorated)


def take_secret(project: Project, file: Path | None, out: Path | None = None) -> bytes:
    """The secret of a graph from ``file`` or where it is kept, outside graph and ``out``; says where one was made."""
    from onrecord.secret import default_file, read_secret

    kept = file or default_file(project.name, project.base)
    for folder in (out, project.folder):
        if folder is not None and kept.resolve().is_relative_to(folder.resolve()):
            raise click.UsageError("the secret would lie among what is published; keep it elsewhere")
    secret, is_new = read_secret(kept, chosen=file is not None)
    if is_new:
        click.echo(f"a secret was made in {kept}: keep it, and publish it never", err=True)
    return secret


def store_options(command: F) -> F:
    """Add the options that name a server; the command gets the graph that it asks, opened, as ``graph``."""

    @functools.wraps(command)
    def with_graph(*args: Any, graph: Path, store: str | None, server: str | None, **others: Any) -> Any:
        import onrecord

        if server and not store:
            raise click.UsageError("--server goes with --store")
        opened = onrecord.open(graph)
        return command(*args, graph=opened.at(store, server=server) if store else opened, **others)

    decorated = cast("F", with_graph)
    store = click.option("--store", metavar="URL", help="Ask the SPARQL server at URL, which onrecord push filled.")
    return store(server_option(decorated))


def lens_options(command: F) -> F:
    """Add the options that choose statements; the command gets what they choose as ``lens``."""

    @functools.wraps(command)
    def with_lens(
        *args: Any,
        as_of: dt.date | None,
        valid_at: dt.date | None,
        possibly: bool,
        include: tuple[str, ...],
        source_ids: tuple[str, ...],
        no_inference: bool,
        **others: Any,
    ) -> Any:
        from onrecord.lens import Lens

        if possibly and valid_at is None:
            raise click.UsageError("--possibly goes with --valid-at")
        lens = Lens(as_of, valid_at, possibly, frozenset(include), frozenset(source_ids), not no_inference)
        return command(*args, lens=lens, **others)

    decorated = cast("F", with_lens)
    for option in reversed(
        (
            click.option("--as-of", type=Day(), metavar="DAY", help="Only what was on record by DAY."),
            click.option("--valid-at", type=Day(), metavar="DAY", help="Only what certainly holds on DAY."),
            click.option("--possibly", is_flag=True, help="With --valid-at: also what may hold on that day."),
            click.option(
                "--include",
                type=click.Choice(ASSERTABLE),
                multiple=True,
                metavar="STATUS",
                help="Let statements of this status stand as fact too. Repeatable.",
            ),
            click.option("--no-inference", is_flag=True, help="Leave out what the ontologies entail."),
            click.option(
                "--source",
                "source_ids",
                multiple=True,
                metavar="ID",
                help="Only statements of this source. Repeatable.",
            ),
        )
    ):
        decorated = option(decorated)
    return decorated
