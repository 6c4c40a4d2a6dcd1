"""Owns ``onrecord publish``.

Leaves the pages to ``onrecord.site`` and writing them to ``onrecord.publish``.
"""

from __future__ import annotations

from pathlib import Path

import click

from onrecord.cli.options import graph_argument, json_option, redact_options, sources_option, take_secret
from onrecord.cli.progress import with_progress
from onrecord.cli.render import echo_json
from onrecord.files import shown_path


@click.command(short_help="Write the whole graph as a static site.")
@graph_argument
@click.argument("out", type=click.Path(path_type=Path), metavar="OUT")
@click.option(
    "--base-url",
    metavar="URL",
    default="",
    help="Where the site will stand, as https://example.org/talks/: adds the sitemap and canonical links.",
)
@click.option("--since", metavar="REV", default="", help="Add a page of what changed since this git revision.")
@click.option("--no-console", is_flag=True, help="Leave out the SPARQL console.")
@redact_options
@sources_option
@json_option
@with_progress
def publish(
    graph: Path,
    out: Path,
    base_url: str,
    since: str,
    no_console: bool,
    redact: bool | None,
    secret_file: Path | None,
    sources: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Write GRAPH as a site into the folder OUT: plain files, for any file host or straight from disk.

    The same graph gives the same bytes. A site that stands in OUT is replaced in one move; a folder
    that holds anything else is left alone.

    \b
    Example:
        onrecord publish graphs/miami-talks build/site
        onrecord publish graphs/miami-talks build/site --base-url https://example.org/talks/ --since v1.0
    """
    import onrecord

    if secret_file and not redact:
        raise click.UsageError("--secret goes with --redact")
    opened = onrecord.open(graph)
    secret = take_secret(opened.project, secret_file, out) if redact else None
    done = opened.publish(
        out,
        base_url=base_url,
        since=since,
        console=not no_console,
        redact=redact,
        secret=secret,
        sources=sources,
    )
    if as_json:
        echo_json({"folder": shown_path(done.folder), "files": done.files, "bytes": done.size})
        return
    click.echo(shown_path(done.folder / "index.html"))
