"""Owns ``onrecord serve``.

Leaves the server to ``onrecord.serve``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import Size, graph_argument, redact_options, server_option, sources_option, take_secret

if TYPE_CHECKING:
    from onrecord.serve.editions import Edition


@click.command(short_help="Serve the site, a SPARQL endpoint and the questions over HTTP.")
@graph_argument
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen at.")
@click.option(
    "--allow-host", "allowed_hosts", multiple=True, metavar="NAME", help="Answer to this host name too. Repeatable."
)
@click.option(
    "--cors", multiple=True, metavar="ORIGIN", help="Let pages of ORIGIN read answers; * for all. Repeatable."
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 3600),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="End a query that takes longer.",
)
@click.option(
    "--max-memory", type=Size(), default="1G", show_default=True, metavar="SIZE", help="End a query that needs more."
)
@click.option(
    "--max-rows",
    type=click.IntRange(1),
    default=1_000_000,
    show_default=True,
    metavar="N",
    help="Refuse an answer of more.",
)
@click.option("--store", metavar="URL", help="Put queries to the SPARQL server at URL, which onrecord push filled.")
@server_option
@redact_options
@click.option("--no-watch", is_flag=True, help="Serve the files as they are now, whatever becomes of them.")
@click.option("--log-json", is_flag=True, help="Log JSON on a terminal too.")
@sources_option
def serve(
    graph: Path,
    port: int,
    host: str,
    allowed_hosts: tuple[str, ...],
    cors: tuple[str, ...],
    timeout: float,
    max_memory: int,
    max_rows: int,
    store: str | None,
    server: str | None,
    redact: bool | None,
    secret_file: Path | None,
    no_watch: bool,
    log_json: bool,
    sources: tuple[Path, ...],
) -> None:
    """Serve GRAPH at http://127.0.0.1:8080/ until Ctrl-C; nobody can change it there.

    /sparql answers SPARQL 1.1 queries, /api puts the questions, /graphs gives whole graphs; all
    else is the site. When a file of GRAPH changes, the graph is built anew beside the one that is
    served; while there are errors in it, the last good one stays, and /problems lists them. With
    --store the site is made of the files, and a SPARQL server answers the queries and questions.

    \b
    Example:
        onrecord serve graphs/miami-talks --port 8080
    """
    from onrecord.errors import MissingExtra, Problems
    from onrecord.limits import Limits
    from onrecord.project import open_project

    try:
        from onrecord.serve.log import Log
        from onrecord.serve.server import serve as run
        from onrecord.serve.settings import Settings
    except ModuleNotFoundError as error:
        if error.name not in ("h11", "prometheus_client", "starlette", "uvicorn"):
            raise
        raise MissingExtra(error.name, "serve") from error

    if server and not store:
        raise click.UsageError("--server goes with --store")
    if secret_file and not redact:
        raise click.UsageError("--secret goes with --redact")
    limits = Limits(timeout, max_memory, max_rows, 256 << 20)
    settings = Settings(
        graph,
        host,
        port,
        allowed_hosts,
        cors,
        sources,
        limits,
        watch=not no_watch,
        store=store or "",
        kind=server,
        redact=redact,
        secret=take_secret(open_project(graph, Problems()), secret_file) if redact else None,
    )
    log = Log(as_json=log_json or not sys.stderr.isatty())

    def ready(address: str, edition: Edition) -> None:
        log.write("serving", address=address, graph=edition.facts["name"], build=edition.build)
        if edition.facts["protected"] and redact is None:
            message = "what is protected is shown, since this machine alone can ask; --redact takes it out"
            log.write("protected", "warning", message=message)
        click.echo(address)

    run(settings, log, ready)
