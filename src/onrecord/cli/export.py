"""Owns ``onrecord export``.

Leaves the formats to ``onrecord.export``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import graph_argument, lens_options
from onrecord.cli.progress import with_progress
from onrecord.cli.query import GRAPH_FORMATS, check_output
from onrecord.cli.render import writer

if TYPE_CHECKING:
    from onrecord.lens import Lens


@click.command(short_help="Write the dataset as Turtle, TriG, N-Quads, N-Triples, JSON-LD or RDF/XML.")
@graph_argument
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE; default: standard output."
)
@click.option("--format", "format_", type=click.Choice(GRAPH_FORMATS), help="Default: the suffix of FILE, else ttl.")
@lens_options
@with_progress
def export(
    graph: Path,
    output: Path | None,
    format_: str | None,
    lens: Lens,
) -> None:
    """Write the dataset of GRAPH; the same input gives the same bytes.

    ttl, nt and rdf hold the union of all named graphs, the others keep the graphs apart.

    \b
    Example:
        onrecord export graphs/miami-talks -o miami.ttl
    """
    import onrecord

    suffix = output.suffix.lstrip(".") if output else ""
    chosen = format_ or suffix or "ttl"
    if chosen not in GRAPH_FORMATS:
        raise click.UsageError(f'"{chosen}" is no format; write --format {", ".join(GRAPH_FORMATS)}')
    opened = onrecord.open(graph)
    check_output(opened, output)
    writer(output)([opened.serialize(chosen, lens)])
