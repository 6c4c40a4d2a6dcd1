"""Owns ``onrecord corroboration`` and ``onrecord disagreements``.

Leaves the counting and the comparing to ``onrecord.explain``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import graph_argument, json_option, lens_options
from onrecord.cli.render import echo_json, echo_table, plural
from onrecord.errors import printable

if TYPE_CHECKING:
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

    One line an origin, with the statements that go back to it. For and against are counted apart,
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
    columns = ("proposition", "put as", "on record", "backed by", "origin", "why")
    echo_table(columns, [row for one in found for row in _rows(one)], note=plural(len(found), "proposition"))


def _rows(one: Corroboration) -> list[list[str]]:
    """A row for each origin; what is the same in all of them stands in the first."""
    days = one.first if one.first == one.last else f"{one.first} to {one.last}"
    text = f"{one.text}, if {one.condition}" if one.condition else one.text
    head = [text, one.status, days, one.phrase]
    blank = [""] * len(head)
    return [
        [*(blank if index else head), _origin(group), "; ".join((*group.why, *group.doubt))]
        for index, group in enumerate(one.origins)
    ]


def _origin(group: OriginGroup) -> str:
    """The origin and the articles that have it; an article that speaks for itself is named once."""
    articles = ", ".join(sorted({each.source for each in group.statements}))
    return group.origin if group.origin == articles else f"{group.origin} (in {articles})"


@click.command(short_help="Show what the record says both ways, side by side.")
@graph_argument
@lens_options
@json_option
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
        click.echo(f"{click.style(one.kind, bold=True)}: {printable(one.why)}")
        for side in one.sides:
            click.echo(f"  {printable(side.text)}")
            for each in side.statements:
                click.echo(f"    {printable(_line(each))}")
        click.echo()
    counts = [sum(one.kind == kind for one in found) for kind in ("conflict", "possible")]
    click.echo(f"{plural(counts[0], 'conflict')}, {counts[1]} possible", err=True)


def _line(each: Evidence) -> str:
    when = f", of {each.when}" if each.when else ""
    condition = f", if {each.condition.removeprefix('if ')}" if each.condition else ""
    quotes = " ".join(f"“{quote}”" for quote in each.quotes)
    return f"{each.status}{when}{condition}; {each.source}, {each.recorded}, {each.path}: {quotes}"
