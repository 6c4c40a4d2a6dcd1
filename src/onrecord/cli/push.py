"""Owns ``onrecord push``.

Leaves the sending to ``onrecord.scale``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import graph_argument, json_option, server_option
from onrecord.cli.progress import with_progress
from onrecord.cli.render import echo_json, plural
from onrecord.errors import EXIT_PROBLEMS, printable

if TYPE_CHECKING:
    from onrecord.scale.push import Step, Verified
    from onrecord.scale.transfer import Part, Transferred


@click.command(short_help="Bring the dataset to a SPARQL server, and verify it there.")
@graph_argument
@click.argument("url")
@server_option
@click.option(
    "--lenses/--no-lenses",
    default=None,
    help="Also send what the lenses of the questions leave, to ask them there. Default: as the last push did.",
)
@click.option("--whole", is_flag=True, help="Send every graph, also those that are there already.")
@click.option(
    "--since",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="With shards: the build that the server holds; only what differs is sent.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@json_option
@with_progress
def push(
    graph: Path,
    url: str,
    server: str | None,
    lenses: bool | None,
    whole: bool,
    since: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Bring the dataset of GRAPH to the SPARQL 1.1 server at URL, and verify it there.

    Only what differs is sent, one named graph at a time; an interrupted push goes on where it
    stopped. Then every graph is counted and some statements are read back.

    GRAPH may also be a folder that  onrecord build --shards  wrote: it is sent one shard at a time.

    ONRECORD_STORE_USER and ONRECORD_STORE_PASSWORD, or ONRECORD_STORE_TOKEN, say who asks.

    \b
    Example:
        onrecord push graphs/miami-talks http://localhost:7878
    """
    import onrecord
    from onrecord.scale.transfer import read_built

    built = read_built(graph)
    if built is not None:
        if lenses:
            raise click.UsageError("--lenses goes with a graph's own folder, not with one of shards")
        _push_shards(graph, url, server, whole=whole, since=since, dry_run=dry_run, as_json=as_json)
        return
    if since is not None:
        raise click.UsageError("--since goes with a folder of shards")

    def tell(step: Step) -> None:
        click.echo(printable(_line(step)), err=True)

    after, opened = None if as_json else tell, onrecord.open(graph)
    if lenses:
        from onrecord.scale.shipment import lenses_of

        if not lenses_of(opened):
            click.echo(
                "no question of the graph has a lens yet; later pushes send what those leave that come", err=True
            )
    done = opened.push(url, server=server, lenses=lenses, whole=whole, dry_run=dry_run, after=after)
    if as_json:
        echo_json(done.as_dict())
    elif dry_run:
        for step in done.plan.steps:
            tell(step)
        counts = _counts(done.plan.steps, "graph", "to send", "to remove")
        click.echo(f"{counts}{done.plan.unchanged} {_state(done.plan.found, 'as they should be')}", err=True)
    else:
        state = _state(done.plan.found, "unchanged")
        _say_verified(done.verified, f"{_counts(done.plan.steps, 'graph')}{done.plan.unchanged} {state}")
    if done.verified and done.verified.wrong:
        sys.exit(EXIT_PROBLEMS)


def _counts(steps: Sequence[Step] | Sequence[Part], what: str, sent: str = "sent", removed: str = "removed") -> str:
    """How many were sent and, if any were, removed; what is left to say follows."""
    gone, left = (sum(step.how == how for step in steps) for how in ("removed", "left"))
    counts = f"{plural(len(steps) - gone - left, what)} {sent}, " + (f"{gone} {removed}, " if gone else "")
    return counts + (f"{left} left to others, " if left else "")


def _state(found: object, otherwise: str) -> str:
    """What is said of what was not sent."""
    return "found there without a ledger and taken over" if found else otherwise


def _line(step: Step) -> str:
    if step.how == "removed":
        return f"  {step.graph}  removed"
    if step.how == "left":
        return _left(step.graph)
    if step.how == "whole":
        return f"  {_name(step)}  {plural(step.triples, 'triple')}"
    return f"  {_name(step)}  {_changed(len(step.insert), len(step.delete), len(step.again))}"


def _name(step: Step) -> str:
    """Which graph it is; one that a lens leaves by what that chooses, since its name is a hash."""
    if not step.through:
        return step.graph
    own = step.graph.rpartition("/through/")[2].partition("/")[2]
    return f"{step.through}: {own or 'of which graphs'}"


def _push_shards(
    folder: Path, url: str, server: str | None, *, whole: bool, since: Path | None, dry_run: bool, as_json: bool
) -> None:
    from onrecord.scale.server import Server
    from onrecord.scale.transfer import require_built, transfer

    def tell(part: Part) -> None:
        click.echo(printable(_part_line(part)), err=True)

    old = require_built(since) if since else None
    with Server(url, server) as there:
        done: Transferred = transfer(
            there, require_built(folder), since=old, whole=whole, rehearse=dry_run, after=None if as_json else tell
        )
    for name in () if as_json else done.left:
        click.echo(printable(_left(name)), err=True)
    if as_json:
        echo_json(done.as_dict())
    elif dry_run:
        for part in done.parts:
            tell(part)
        counts = _counts(done.parts, "part", "to send", "to remove")
        click.echo(f"{counts}{done.unchanged} {_state(done.found, 'as they should be')}", err=True)
    else:
        state = _state(done.found, "unchanged")
        _say_verified(done.verified, f"{_counts(done.parts, 'part')}{done.unchanged} {state}")
    if done.verified and done.verified.wrong:
        sys.exit(EXIT_PROBLEMS)


def _part_line(part: Part) -> str:
    name = part.name.removesuffix(".parquet")
    if part.how == "removed":
        return f"  {name}  removed"
    if part.how == "whole":
        return f"  {name}  {plural(part.quads, 'quad')}"
    return f"  {name}  {_changed(part.insert, part.delete, part.again)}"


def _left(graph: str) -> str:
    return f"  {graph}  left: another dataset on the server has it too"


def _changed(insert: int, delete: int, again: int) -> str:
    kept = f", {again:,} sent again beside another form of the same value" if again else ""
    return f"{insert:,} in, {delete:,} out{kept}"


def _say_verified(found: Verified | None, lead: str) -> None:
    if found is None:
        return
    for line in found.wrong:
        click.echo(printable(line))
    counted = f"{plural(found.graphs, 'graph')} counted, {plural(found.statements, 'statement')} read back"
    rewritten = f", {plural(found.rewritten, 'literal')} in another form of the same value" if found.rewritten else ""
    merged = f", {plural(found.merged, 'triple')} held as one with another form of it" if found.merged else ""
    state = "NOT as they were sent" if found.wrong else "as they were sent"
    click.echo(f"{lead}; {counted}: {state}{rewritten}{merged}", err=True)
