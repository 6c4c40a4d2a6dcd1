"""Owns ``onrecord path`` and ``onrecord stats``.

Leaves the finding to ``onrecord.paths`` and the counting to ``onrecord.figures``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import graph_argument, json_option, lens_options
from onrecord.cli.progress import with_progress
from onrecord.cli.render import echo_json, echo_lines, echo_table, plural
from onrecord.errors import EXIT_CLEAN, EXIT_PROBLEMS, printable

if TYPE_CHECKING:
    from onrecord.figures import Central, Count, Figures
    from onrecord.lens import Lens
    from onrecord.paths import Hop, HopStatement, Paths, Route

all_option = click.option(
    "--all", "everything", is_flag=True, help="Count every statement and mention, also what is denied or negated."
)


@click.command(short_help="Show how two entities are connected, with the quote under every hop.")
@graph_argument
@click.argument("start", metavar="A")
@click.argument("end", metavar="B")
@click.option(
    "--alternatives", type=click.IntRange(0, 100), default=0, metavar="K", help="Show up to K further paths, too."
)
@click.option(
    "--avoid",
    multiple=True,
    metavar="NAME",
    help="No path leads through NAME, such as a post that many hold. Repeatable.",
)
@all_option
@lens_options
@json_option
@with_progress
def path(
    graph: Path,
    start: str,
    end: str,
    alternatives: int,
    avoid: tuple[str, ...],
    everything: bool,
    lens: Lens,
    as_json: bool,
) -> None:
    """Print the shortest path in GRAPH from A to B, whichever way its statements point.

    Only what stands as fact counts, unless --include or --all widens that. Who believes, seeks or
    rejects something is tied to what it is about. Exit code 1 when there is no path.

    \b
    Example:
        onrecord path graphs/miami-talks "Steve Witkoff" "Dmitry Peskov" --include expected
    """
    import onrecord

    found = onrecord.open(graph).paths(
        start, end, alternatives=alternatives, everything=everything, lens=lens, avoid=avoid
    )
    if as_json:
        echo_json(found.as_dict())
    else:
        echo_lines(_paths_lines(found))
    sys.exit(EXIT_CLEAN if found.routes else EXIT_PROBLEMS)


def _paths_lines(found: Paths) -> Iterator[str]:
    ends = printable(f"{found.start_label} to {found.end_label}")
    if not found.routes:
        yield f"{ends}: no path{'' if found.everything else ' stands as fact'}"
        for chosen in found.included:
            yield f"with  {' '.join(f'--include {status}' for status in chosen)}  there is one"
        if found.with_all is not None:
            yield f"with  --all  there is one of {plural(found.with_all, 'hop')}"
        elif not found.everything:
            yield "no statement of any status connects them"
        return
    for index, route in enumerate(found.routes):
        if index:
            yield ""
        yield f"{ends}: {plural(len(route.hops), 'hop')}"
        yield from _route_lines(route)


def _route_lines(route: Route) -> Iterator[str]:
    for number, hop in enumerate(route.hops, 1):
        yield f"{number}. {printable(_hop_words(hop))}"
        for statement in hop.statements[:1]:
            yield from _statement_lines(statement)
        if len(hop.statements) > 1:
            yield f"   and {plural(len(hop.statements) - 1, 'further statement')}"


def _hop_words(hop: Hop) -> str:
    if hop.statements:
        qualifiers = "".join(f", {name} {value}" for name, value in hop.statements[0].qualifiers)
        if hop.forward:
            return f"{hop.start_label} → {hop.property} → {hop.end_label}{qualifiers}"
        return f"{hop.start_label} ← {hop.property} ← {hop.end_label}{qualifiers}"
    if hop.forward:
        return f"{hop.start_label} is about {hop.end_label}, its {hop.property}"
    return f"{hop.start_label} is the {hop.property} of {hop.end_label}"


def _statement_lines(found: HopStatement) -> Iterator[str]:
    facts = [("not " if found.negated else "") + found.status]
    facts += [f"said by {', '.join(found.said_by)}"] if found.said_by else []
    facts += [f"hedged: {found.hedge}"] if found.hedge else []
    facts += [f"on condition: {found.condition}"] if found.condition else []
    if found.quotes:
        yield "   " + printable(" ".join(f"“{quote}”" for quote in found.quotes))
    where = ", ".join(part for part in (found.publisher or found.source, found.recorded) if part)
    yield f"   {printable(', '.join(facts))}; {printable(where)} ({found.file}:{found.line})"


@click.command(short_help="Count a graph and measure its network.")
@graph_argument
@click.option(
    "--top", type=click.IntRange(1), default=10, show_default=True, metavar="K", help="Show the first K of each list."
)
@all_option
@lens_options
@json_option
@with_progress
def stats(
    graph: Path,
    top: int,
    everything: bool,
    lens: Lens,
    as_json: bool,
) -> None:
    """Print what GRAPH counts to, and who stands where in its network of entities.

    Counts are of all statements that the lens lets through; the network rests on what stands as
    fact, unless --include or --all widens that. The same files give the same figures.

    \b
    Example:
        onrecord stats graphs/miami-talks --top 5
    """
    import onrecord

    found = onrecord.open(graph).stats(top=top, everything=everything, lens=lens)
    if as_json:
        echo_json(found.as_dict())
        return
    click.echo(
        f"{plural(found.statements, 'statement')}, {found.as_fact:,} as fact; "
        f"{plural(found.propositions, 'proposition')}, {plural(found.entities, 'entity', 'entities')}"
    )
    for heading, counts in (
        ("status", found.statuses),
        ("source", found.sources),
        ("property", found.properties),
        ("speaker", found.speakers),
    ):
        _table([heading, "statements", "as fact"], [_count_row(each) for each in counts], top)
    _table(["type", "entities"], [[each.name, f"{each.entities:,}"] for each in found.types], top)
    _network(found, top)
    _table(
        ["text", "news sentences", "covered", "quoted"],
        [
            [
                each.source,
                _or_dash(each.news),
                _or_dash(each.covered),
                "–" if each.quoted is None else f"{each.quoted:.1%}",
            ]
            for each in found.coverage
        ],
        len(found.coverage),
    )


def _network(found: Figures, top: int) -> None:
    counted = "every statement and mention" if found.everything else "what stands as fact"
    click.echo()
    click.echo(
        f"the network of {counted}: {plural(found.nodes, 'entity', 'entities')}, {plural(found.ties, 'tie')}, "
        f"{plural(found.components, 'component')}"
    )
    _table(
        ["most ties", "degree", "community"], [_central_row(each, str(each.degree)) for each in found.by_degree], top
    )
    estimated = f" (estimated from {found.pivots} entities)" if found.pivots else ""
    _table(
        [f"most between{estimated}", "betweenness", "community"],
        [_central_row(each, f"{each.betweenness:.4f}") for each in found.by_betweenness],
        top,
    )
    _table(
        ["community", "entities", f"members (modularity {found.modularity:.3f})"],
        [[str(each.number), f"{each.size:,}", _some(each.members)] for each in found.communities],
        top,
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], top: int) -> None:
    if rows:
        click.echo()
        echo_table(columns, rows[:top])
        if len(rows) > top:
            click.echo(f"and {len(rows) - top:,} more")


def _count_row(each: Count) -> list[str]:
    return [each.name, f"{each.statements:,}", f"{each.as_fact:,}"]


def _central_row(each: Central, value: str) -> list[str]:
    return [each.name, value, str(each.community)]


def _some(members: Sequence[str], width: int = 72) -> str:
    """The first members, as many as fit."""
    shown = ""
    for index, member in enumerate(members):
        if index and len(shown) + len(member) > width:
            return f"{shown}, …"
        shown += f", {member}" if index else member
    return shown


def _or_dash(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"
