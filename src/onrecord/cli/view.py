"""Owns ``onrecord view``.

Leaves the pages to ``onrecord.view``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import graph_argument, lens_options, sources_option
from onrecord.cli.progress import with_progress
from onrecord.files import shown_path

if TYPE_CHECKING:
    from onrecord.lens import Lens


@click.command(short_help="Write a page of the graph as one HTML file that opens without a network.")
@graph_argument
@click.option(
    "--kind",
    type=click.Choice(("network", "timeline", "source")),
    default="network",
    show_default=True,
    help="The network; the statements on their two clocks; or the texts with their quotes marked.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Default: build/NAME/NAME.html beside graphs/, or NAME-KIND.html.",
)
@click.option(
    "--with-text",
    is_flag=True,
    help="With --kind source: show whole texts also where no licence allows it. Such a page is for you alone.",
)
@sources_option
@lens_options
@with_progress
def view(
    graph: Path,
    kind: str,
    output: Path | None,
    with_text: bool,
    sources: tuple[Path, ...],
    lens: Lens,
) -> None:
    """Draw GRAPH as an interactive page: a click on a statement shows its quote.

    The file holds all it needs and loads nothing.

    \b
    Example:
        onrecord view graphs/miami-talks -o miami.html
        onrecord view graphs/miami-talks --kind timeline
        onrecord view graphs/harbour-bridge --kind source --source lantern-2024-04-12
    """
    import onrecord

    if kind != "source" and (with_text or sources):
        raise click.UsageError(f"{'--with-text' if with_text else '--sources'} goes with --kind source")
    opened = onrecord.open(graph)
    name = opened.project.name if kind == "network" else f"{opened.project.name}-{kind}"
    target = output or opened.project.build_folder / f"{name}.html"
    if kind == "timeline":
        opened.timeline(target, lens)
    elif kind == "source":
        opened.source_page(target, with_text=with_text, sources=sources, lens=lens)
    else:
        opened.view(target, lens)
    click.echo(shown_path(target))
