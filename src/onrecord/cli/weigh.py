"""Owns ``onrecord corroboration`` and ``onrecord disagreements``.

Leaves the counting and the comparing to ``onrecord.explain``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import graph_argument, json_option, lens_options
from onrecord.cli.progress import with_progress
from onrecord.cli.render import echo_json, folded, plural
from onrecord.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onrecord.explain.corroboration import Corroboration
    from onrecord.explain.evidence import Evidence
    from onrecord.explain.origins import OriginGroup
    from onrecord.lens import Lens


@click.command(short_help="Count the articles and independent origins behind each proposition.")
@graph_argument
@click.option("--subject", default="", metavar="NAME", help="Only propositions about NAME.")
@click.option("--predicate", default="", metavar="NAME", help="Only propositions with this property.")
@click.option("--object", "obj", default="", metavar="NAME", help="Only propositions with this object or value.")
@click.option(
    "--min-articles",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Only what at least N articles put on record.",
)
@lens_options
@json_option
@with_progress
def corroboration(
    graph: Path,
    subject: str,
    predicate: str,
    obj: str,
    min_articles: int,
    lens: Lens,
    as_json: bool,
) -> None:
    """Print what backs each proposition of GRAPH: articles, and origins that are certainly to possibly independent.

    Below each, one line an origin, with the articles that go back to it. For and against are counted apart,
    and so are what is put as fact, what is expected, and what is only claimed or possible.

    \b
    Example:
        onrecord corroboration graphs/miami-talks --min-articles 2
    """
    import onrecord

    found = onrecord.open(graph).corroboration(lens, subject=subject, predicate=predicate, object=obj)
    found = [one for one in found if len(one.articles) >= min_articles]
    if as_json:
        echo_json([one.as_dict() for one in found])
        return
    for one in found:
        for line in _told(one):
            click.echo(line)
    click.echo(plural(len(found), "proposition"), err=True)


def _told(one: Corroboration) -> Iterator[str]:
    """A proposition, what backs it, and a line for each origin."""
    text = f"{one.text}, if {one.condition}" if one.condition else one.text
    for line in folded(printable(text), "", "    "):
        yield click.style(line, bold=True)
    days = one.first if one.first == one.last else f"{one.first} to {one.last}"
    yield from folded(printable(", ".join(part for part in (one.status, days) if part) + f": {one.phrase}"), "  ")
    for group in one.origins:
        reasons = "; ".join((*group.why, *group.doubt))
        yield from folded(printable(_origin(group) + (f": {reasons}" if reasons else "")), "  - ", "    ")


def _origin(group: OriginGroup) -> str:
    """The origin and the articles that have it; an article that speaks for itself is named once."""
    articles = ", ".join(sorted({each.source for each in group.statements}))
    return group.origin if group.origin == articles else f"{group.origin} (in {articles})"


@click.command(short_help="Show what the record says both ways, side by side.")
@graph_argument
@lens_options
@json_option
@with_progress
def disagreements(
    graph: Path,
    lens: Lens,
    as_json: bool,
) -> None:
    """Print the statements of GRAPH that cannot both be so, with their evidence and the rule.

    A "conflict" follows from what is said; a "possible" disagreement is near one: a condition, a
    weak status, a spokesman and the one he speaks for, holders of opposed stances. Nothing is resolved.

    \b
    Example:
        onrecord disagreements graphs/harbour-bridge
    """
    import onrecord

    found = onrecord.open(graph).disagreements(lens)
    if as_json:
        echo_json([one.as_dict() for one in found])
        return
    for one in found:
        first, *further = folded(printable(f"{one.kind}: {one.why}"), "", "    ")
        click.echo(click.style(one.kind, bold=True) + first.removeprefix(one.kind))
        for line in further:
            click.echo(line)
        for side in one.sides:
            for line in folded(printable(side.text), "  ", "    "):
                click.echo(line)
            for each in side.statements:
                for line in folded(printable(_line(each)), "    ", "      "):
                    click.echo(line)
        click.echo()
    counts = [sum(one.kind == kind for one in found) for kind in ("conflict", "possible")]
    click.echo(f"{plural(counts[0], 'conflict')}, {counts[1]} possible", err=True)


def _line(each: Evidence) -> str:
    when = f", of {each.when}" if each.when else ""
    condition = f", if {each.condition.removeprefix('if ')}" if each.condition else ""
    quotes = " ".join(f"“{quote}”" for quote in each.quotes)
    return f"{each.status}{when}{condition}; {each.source}, {each.recorded}, {each.path}: {quotes}"
