"""Owns ``onrecord view``.

Leaves the page to ``onrecord.view``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import graph_argument, lens_options
from onrecord.files import shown_path

if TYPE_CHECKING:
    from onrecord.lens import Lens


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
    lens: Lens,
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
    opened.view(target, lens)
    click.echo(shown_path(target))
