"""Owns ``onrecord view``.

Leaves the page to ``onrecord.view``.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from onrecord.cli.options import graph_argument, lens_options, read_lens
from onrecord.files import shown_path


@click.command(short_help="Write the network as one HTML file that opens without a network.")
@graph_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Default: build/NAME/NAME.html beside graphs/.",
)
@lens_options
def view(
    graph: Path,
    output: Path | None,
    as_of: dt.date | None,
    valid_at: dt.date | None,
    possibly: bool,
    include: tuple[str, ...],
    source_ids: tuple[str, ...],
    no_inference: bool,
) -> None:
    """Draw GRAPH as an interactive page: one edge a statement, a click shows its quote.

    The file holds all it needs and loads nothing.

    \b
    Example:
        onrecord view graphs/miami-talks -o miami.html
    """
    import onrecord

    opened = onrecord.open(graph)
    target = output or opened.project.build_folder / f"{opened.project.name}.html"
    opened.view(target, read_lens(as_of, valid_at, possibly, include, source_ids, no_inference))
    click.echo(shown_path(target))
