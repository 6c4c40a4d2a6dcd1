"""Owns ``onrecord build``.

Leaves the order of the stages to ``onrecord.build``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onrecord.cli.options import graph_argument, json_option, sources_option
from onrecord.cli.process import tune
from onrecord.cli.progress import with_progress
from onrecord.cli.render import echo_json, echo_problems, plural
from onrecord.errors import EXIT_CLEAN, EXIT_PROBLEMS, OnRecordError, printable
from onrecord.files import shown_path
from onrecord.progress import over

if TYPE_CHECKING:
    from onrecord.graph import Graph


SHOWN = 3
"""So many changed files are named in a line."""

_OF_A_STORE = ("--sources", "--no-inference", "--exports", "--no-exports", "--no-shapes", "--no-evidence")
_GOES_WITHOUT = {
    "--shards": (*_OF_A_STORE, "--skip-broken", "--dry-run", "--watch", "--verify"),
    "--engine": (*_OF_A_STORE, "--skip-broken", "--dry-run", "--watch", "--verify"),
    "--verify": (*_OF_A_STORE, "--skip-broken", "--dry-run", "--watch"),
    "--dry-run": ("--exports", "--skip-broken", "--watch"),
    "--watch": ("--skip-broken", "--json"),
}
"""Options that have no meaning beside another one; the first that is given tells."""

_BECAUSE = {
    "--shards": "; shards hold no inferences, exports and verified quotes, and rows with errors are always left out"
}


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
@click.option(
    "--exports/--no-exports",
    default=None,
    help="Write .ttl, .trig and .nq, or leave them to onrecord export; default: up to 10,000 statements.",
)
@click.option("--no-shapes", is_flag=True, help="Do not run SHACL.")
@click.option("--no-evidence", is_flag=True, help="Do not look for the quotes.")
@click.option("--skip-broken", is_flag=True, help="Leave out rows with errors instead of building nothing.")
@click.option("--dry-run", is_flag=True, help="Load the store in memory, without inference; write nothing.")
@click.option("--watch", is_flag=True, help="Build again whenever a file of the graph changes, until Ctrl-C.")
@click.option("--verify", is_flag=True, help="Build nothing; say whether what was built is whole.")
@click.option("--shards", type=click.IntRange(1, 100_000), metavar="N", help="Write N shards instead of a store.")
@click.option("--slim", is_flag=True, help="With --shards: counts of articles and origins instead of statements.")
@click.option("--engine", type=click.Choice(("embedded", "spark")), help="Where shards are made; default: embedded.")
@click.option("--master", metavar="URL", help="With --engine spark: the cluster; default: local[*].")
@json_option
@with_progress
def build(
    graph: Path,
    out: Path | None,
    sources: tuple[Path, ...],
    no_inference: bool,
    exports: bool | None,
    no_shapes: bool,
    no_evidence: bool,
    skip_broken: bool,
    dry_run: bool,
    watch: bool,
    verify: bool,
    shards: int | None,
    slim: bool,
    engine: str | None,
    master: str | None,
    as_json: bool,
) -> None:
    """Check GRAPH and write its dataset: a store to query, .ttl, .trig, .nq and a manifest.

    The same input gives the same bytes. A graph with errors is not built, and what was built
    before stays as it is. What did not change since the last build is taken over from it: one
    statement file of many is built in a moment, and where nothing changed nothing is made again. A
    large graph is built quickly the first time with --no-inference and --no-exports, and never stands
    in memory as a whole. With --verify, every byte of what was built is compared with its manifest.
    With --skip-broken, rows with errors are told and left out, the manifest counts the errors as
    rejects, and the exit code is 1.

    \b
    Example:
        onrecord build graphs/miami-talks
    """
    import onrecord

    _refuse_what_is_dropped(
        {
            "--shards": shards,
            "--engine": engine,
            "--verify": verify,
            "--dry-run": dry_run,
            "--watch": watch,
            "--sources": sources,
            "--no-inference": no_inference,
            "--exports": exports is True,
            "--no-exports": exports is False,
            "--no-shapes": no_shapes,
            "--no-evidence": no_evidence,
            "--skip-broken": skip_broken,
            "--json": as_json,
        }
    )
    if master and engine != "spark":
        raise click.UsageError("--master goes with --engine spark")
    if slim and not (shards or engine):
        raise click.UsageError("--slim goes with --shards")
    if shards or engine:
        where = master if engine == "spark" and master else engine
        _build_shards(graph, out, shards or 16, where, slim=slim, as_json=as_json)
        return
    tune(graph)
    if verify:
        _verify(onrecord.open(graph), out, as_json)
        return
    chosen = _Choice(graph, out, sources, not no_inference, exports, not no_shapes, not no_evidence, skip_broken)
    if watch:
        _watch(chosen)
        return
    manifest = chosen.build(dry_run=dry_run)
    if manifest is None:
        sys.exit(EXIT_PROBLEMS)
    rejects = manifest["counts"].get("rejects", 0)
    if as_json:
        echo_json(manifest)
        sys.exit(EXIT_PROBLEMS if rejects else EXIT_CLEAN)
    click.echo(_counted(manifest), err=True)
    folder = out or onrecord.open(graph).project.build_folder
    for name, entry in () if dry_run else manifest["files"].items():
        click.echo(f"  {shown_path(folder / name)}  {entry['bytes']:,} bytes  sha256 {entry['sha256'][:12]}", err=True)
    if exports is None and not dry_run and not any(name.endswith(".ttl") for name in manifest["files"]):
        click.echo("  a graph of this size has no .ttl, .trig and .nq unless --exports is given", err=True)
    if rejects:
        click.echo(f"{plural(rejects, 'error')} in rows that were left out, told above", err=True)
        sys.exit(EXIT_PROBLEMS)


def _refuse_what_is_dropped(options: Mapping[str, object]) -> None:
    """An option that would be passed over is a mistake of whoever calls: they think that it holds.

    :raises click.UsageError: with those that go not together.
    """
    given = {name for name, value in options.items() if value}
    for name, others in _GOES_WITHOUT.items():
        wrong = [other for other in others if other in given]
        if name in given and wrong:
            *most, last = wrong
            both = f"{', '.join(most)} and {last}" if most else last
            raise click.UsageError(f"{name} goes without {both}{_BECAUSE.get(name, '')}")


@dataclass(frozen=True)
class _Choice:
    """What is built, and how."""

    graph: Path
    out: Path | None
    sources: tuple[Path, ...]
    inference: bool
    exports: bool | None
    shapes: bool
    evidence: bool
    skip_broken: bool

    def build(self, *, dry_run: bool = False) -> dict[str, Any] | None:
        """Check and build, with what is wrong shown; the manifest, or None where errors are in the way."""
        import onrecord
        from onrecord.uptodate import find_up_to_date, way_of

        opened = onrecord.open(self.graph)
        click.get_current_context().find_root().obj = opened  # held to the end, when the process ends at once
        project = opened.project
        wish = {"evidence": self.evidence, "shapes": self.shapes}
        way = "" if dry_run else way_of(project, self.sources, **wish, exports=self.exports)
        done = find_up_to_date(project, self.out or project.build_folder, way, inference=self.inference)
        if done is not None:
            echo_problems(problem for problem in done.problems if problem.severity != "info")
            return done.manifest
        report = opened.examine(self.sources, questions=False, **wish, built=self.out, way=way)
        echo_problems(problem for problem in report.problems if problem.severity != "info")
        errors = report.severities()["error"]
        if errors and self.skip_broken:
            shown = set(report.problems)
            echo_problems(problem for problem in opened.rejects() if problem not in shown)
            return opened.build(self.out, inference=self.inference, exports=self.exports, skip_broken=True)
        if errors:
            click.echo(f"{report.project.name}: not built; {plural(errors, 'error')} above", err=True)
            return None
        if dry_run:
            return opened.rehearse()
        return opened.build(self.out, inference=self.inference, exports=self.exports)


def _counted(manifest: dict[str, Any]) -> str:
    """What was built, in a line."""
    counts = manifest["counts"]
    return (
        f"{manifest['graph']}: {plural(counts['statements'], 'statement')} on "
        f"{plural(counts['propositions'], 'proposition')}, {plural(counts['quads'], 'quad')}"
    )


def _watch(chosen: _Choice) -> None:
    """Build now and after each change, a line each; what goes wrong is shown, and the last good build stays."""
    import onrecord
    from onrecord.watch import changes

    project = onrecord.open(chosen.graph).project
    try:
        told = changes(project)
        _rebuild(chosen, "")
        for changed in told:
            names = sorted(project.relative(path) for path in changed)
            _rebuild(chosen, ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if names[SHOWN:] else ""))
    except KeyboardInterrupt:
        click.echo("", err=True)


def _rebuild(chosen: _Choice, what: str) -> None:
    start = time.monotonic()
    try:
        manifest = chosen.build()
    except OnRecordError as error:
        click.echo(printable(str(error)), err=True)
        return
    finally:
        over()  # until the next change nothing goes on
    if manifest is not None:
        lead = f"{what}: " if what else ""
        click.echo(printable(f"{lead}{_counted(manifest)} in {time.monotonic() - start:.1f} s"), err=True)


def _build_shards(folder: Path, out: Path | None, shards: int, where: str | None, *, slim: bool, as_json: bool) -> None:
    """Exit code 1 when rows had to be left out."""
    import onrecord
    from onrecord.scale.sharded import REJECTED, build_shards, engine_for

    project = onrecord.open(folder).project
    target = out or project.build_folder / "shards"
    project.require_apart(target)
    with engine_for(where) as engine:
        made = build_shards(folder, target, engine, shards, slim=slim)
    counts = made.manifest["counts"]
    if as_json:
        echo_json(made.manifest)
    else:
        click.echo(
            f"{made.manifest['graph']}: {plural(counts['statements'], 'statement')} on "
            f"{plural(counts['propositions'], 'proposition')}, {plural(counts['quads'], 'quad')} in "
            f"{plural(len(made.manifest['shards']), 'shard')}; {plural(made.mapped, 'unit')} read, "
            f"{plural(made.sealed, 'shard')} written",
            err=True,
        )
        if counts["rejects"]:
            rejected = shown_path(target / REJECTED)
            click.echo(f"{plural(counts['rejects'], 'problem')} in rows that were left out: {rejected}", err=True)
    sys.exit(EXIT_PROBLEMS if counts["rejects"] else EXIT_CLEAN)


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
