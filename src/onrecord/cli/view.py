"""Owns ``onrecord view``.

Leaves the pages to ``onrecord.view``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import graph_argument, lens_options
from onrecord.files import shown_path

if TYPE_CHECKING:
    from onrecord.lens import Lens


@click.command(short_help="Write a page of the graph as one HTML file that opens without a network.")
@graph_argument
@click.option(
    "--kind",
    type=click.Choice(("network", "timeline")),
    default="network",
    show_default=True,
    help="The network, or the statements on their two clocks.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Default: build/NAME/NAME.html beside graphs/, or NAME-KIND.html.",
)
@lens_options
def view(
    graph: Path,
    kind: str,
    output: Path | None,
    lens: Lens,
) -> None:
    """Draw GRAPH as an interactive page: a click on a statement shows its quote.

    The file holds all it needs and loads nothing.

    \b
    Example:
        onrecord view graphs/miami-talks -o miami.html
        onrecord view graphs/miami-talks --kind timeline
    """
    import onrecord

    opened = onrecord.open(graph)
    name = opened.project.name if kind == "network" else f"{opened.project.name}-{kind}"
    target = output or opened.project.build_folder / f"{name}.html"
    if kind == "timeline":
        opened.timeline(target, lens)
    else:
        opened.view(target, lens)
    click.echo(shown_path(target))
