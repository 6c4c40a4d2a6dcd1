"""Owns ``onrecord build``.

Leaves the order of the stages to ``onrecord.build``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import graph_argument, json_option, sources_option
from onrecord.cli.progress import with_progress
from onrecord.cli.render import echo_json, echo_problems, plural
from onrecord.errors import EXIT_CLEAN, EXIT_PROBLEMS, printable
from onrecord.files import shown_path

if TYPE_CHECKING:
    from onrecord.graph import Graph


@click.command(short_help="Check, then write store, Turtle, TriG, N-Quads and manifest.")
@graph_argument
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to; default: build/NAME beside graphs/.",
)
@sources_option
@click.option("--no-inference", is_flag=True, help="Leave out what the ontologies entail.")
@click.option("--no-exports", is_flag=True, help="Leave out .ttl, .trig and .nq; onrecord export makes them.")
@click.option("--no-shapes", is_flag=True, help="Do not run SHACL.")
@click.option("--no-evidence", is_flag=True, help="Do not look for the quotes.")
@click.option("--dry-run", is_flag=True, help="Load the store in memory and write nothing.")
@click.option("--verify", is_flag=True, help="Build nothing; say whether what was built is whole.")
@json_option
@with_progress
def build(
    graph: Path,
    out: Path | None,
    sources: tuple[Path, ...],
    no_inference: bool,
    no_exports: bool,
    no_shapes: bool,
    no_evidence: bool,
    dry_run: bool,
    verify: bool,
    as_json: bool,
) -> None:
    """Check GRAPH and write its dataset: a store to query, .ttl, .trig, .nq and a manifest.

    The same input gives the same bytes. A graph with errors is not built, and what was built
    before stays as it is. A large graph is built quickly with --no-inference and --no-exports,
    and never stands in memory as a whole. With --verify, every byte of what was built is compared with its manifest.

    \b
    Example:
        onrecord build graphs/miami-talks
    """
    import onrecord

    opened = onrecord.open(graph)
    if verify:
        _verify(opened, out, as_json)
        return
    report = opened.examine(sources, questions=False, evidence=not no_evidence, shapes=not no_shapes)
    echo_problems(problem for problem in report.problems if problem.severity != "info")
    if report.severities()["error"]:
        click.echo(f"{report.project.name}: not built; {plural(report.severities()['error'], 'error')} above", err=True)
        sys.exit(EXIT_PROBLEMS)
    made = {"inference": not no_inference, "exports": not no_exports}
    manifest = opened.rehearse() if dry_run else opened.build(out, **made)
    folder = out or opened.project.build_folder
    if as_json:
        echo_json(manifest)
        return
    counts = manifest["counts"]
    click.echo(
        f"{opened.project.name}: {plural(counts['statements'], 'statement')} on "
        f"{plural(counts['propositions'], 'proposition')}, {plural(counts['quads'], 'quad')}",
        err=True,
    )
    for name, entry in () if dry_run else manifest["files"].items():
        click.echo(f"  {shown_path(folder / name)}  {entry['bytes']:,} bytes  sha256 {entry['sha256'][:12]}", err=True)


def _verify(graph: Graph, out: Path | None, as_json: bool) -> None:
    """Exit code 1 when what was built is damaged."""
    damage = graph.verify(out)
    folder = out or graph.project.build_folder
    if as_json:
        echo_json({"folder": str(folder), "damage": damage})
    for line in () if as_json else damage:
        click.echo(printable(line))
    if not as_json:
        state = "damaged; run  onrecord build" if damage else "whole"
        click.echo(f"{shown_path(folder)}: {state}", err=True)
    sys.exit(EXIT_PROBLEMS if damage else EXIT_CLEAN)
