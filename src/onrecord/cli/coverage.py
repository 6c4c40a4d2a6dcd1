"""Owns ``onrecord coverage``.

Leaves the counting to ``onrecord.coverage``.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from onrecord.cli.options import graph_argument, json_option, sources_option
from onrecord.cli.render import echo_json, plural
from onrecord.errors import EXIT_CLEAN, EXIT_PROBLEMS, printable


@click.command(short_help="Show each sentence of the sources with the statements that rest on it.")
@graph_argument
@sources_option
@click.option("--open", "only_open", is_flag=True, help="Only sentences that are neither covered nor left out.")
@json_option
def coverage(graph: Path, sources: tuple[Path, ...], only_open: bool, as_json: bool) -> None:
    """Print each sentence of each source of GRAPH with the statements that rest on it.

    A sentence is settled when a statement's quote touches it, or when the source's  left out:
    gives a reason. Exit code 1 when sentences are open.

    \b
    Example:
        onrecord coverage graphs/miami-talks --sources ~/archive
    """
    import onrecord

    found = onrecord.open(graph).coverage(sources)
    if as_json:
        echo_json(
            [
                {
                    "source": each.source,
                    "news": each.news,
                    "covered": each.covered,
                    "open": len(each.open),
                    "quoted": round(each.quoted, 4),
                    "sentences": [asdict(sentence) for sentence in each.sentences],
                }
                for each in found
            ]
        )
    else:
        for each in found:
            click.echo(click.style(each.source, bold=True))
            for sentence in each.open if only_open else each.sentences:
                words = sentence.words if sentence.words is not None else "(text not at hand)"
                start, end = sentence.span
                click.echo(f"  {sentence.number}. [{start}-{end}] {printable(words)}")
                for statement in sentence.statements:
                    sign = "not " if statement.negated else ""
                    where = f"{Path(statement.file).name}:{statement.line}"
                    click.echo(f"       {statement.status:<11} {sign}{printable(statement.text)}  ({where})")
                if sentence.left_out:
                    click.echo(f"       left out: {printable(sentence.left_out)}")
                if not sentence.is_settled:
                    click.echo(click.style("       OPEN: no statement rests on this sentence", fg="yellow"))
            share = each.covered / each.news if each.news else 1.0
            click.echo(
                f"  {each.covered} of {plural(each.news, 'news sentence')} covered ({share:.0%}), "
                f"{len(each.sentences) - each.news} left out, {len(each.open)} open; "
                f"quotes take {each.quoted:.1%} of the text"
            )
            click.echo()
        if not found:
            click.echo("no text is at hand and evidence.lock knows of none", err=True)
    sys.exit(EXIT_PROBLEMS if any(each.open for each in found) else EXIT_CLEAN)
