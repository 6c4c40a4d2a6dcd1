"""Owns ``onrecord coverage``.

Leaves the counting to ``onrecord.coverage``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import graph_argument, json_option, lens_options, sources_option
from onrecord.cli.progress import with_progress
from onrecord.cli.render import echo_json, folded, plural
from onrecord.errors import EXIT_CLEAN, EXIT_PROBLEMS, printable

if TYPE_CHECKING:
    from onrecord.coverage import Sentence
    from onrecord.lens import Lens


@click.command(short_help="Show each sentence of the sources with the statements that rest on it.")
@graph_argument
@sources_option
@click.option("--open", "only_open", is_flag=True, help="Only sentences that are neither covered nor left out.")
@lens_options
@json_option
@with_progress
def coverage(graph: Path, sources: tuple[Path, ...], only_open: bool, as_json: bool, lens: Lens) -> None:
    """Print each sentence of each source of GRAPH with the statements that rest on it.

    A sentence is settled when a statement's quote touches it, or when the source's  left out:
    gives a reason. The options that choose statements choose those that can rest on a sentence; a
    source that they leave out is not shown. Exit code 1 when sentences are open.

    \b
    Example:
        onrecord coverage graphs/miami-talks --sources ~/archive
    """
    import onrecord

    found = onrecord.open(graph).coverage(sources, lens)
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
            at_hand = any(sentence.words is not None for sentence in each.sentences)
            click.echo(click.style(each.source, bold=True) + ("" if at_hand else "  (text not at hand)"))
            for line in _sentence_lines(each.open if only_open else each.sentences):
                click.echo(line)
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


def _sentence_lines(sentences: Iterable[Sentence]) -> Iterator[str]:
    """Each sentence with what rests on it; a run without words that is left out for one reason is one line."""
    for (hidden, reason), run in groupby(sentences, key=_hidden):
        if hidden:
            several = list(run)
            first, last = several[0], several[-1]
            numbers = f"{first.number}." if first is last else f"{first.number}.-{last.number}."
            span = f"[{first.span[0]}-{last.span[1]}]"
            yield from folded(printable(f"left out: {reason}"), f"  {numbers} {span} ", "    ")
        else:
            for sentence in run:
                yield from _lines(sentence)


def _hidden(sentence: Sentence) -> tuple[bool, str]:
    return sentence.words is None and not sentence.statements and bool(sentence.left_out), sentence.left_out


def _lines(sentence: Sentence) -> Iterator[str]:
    head = f"  {sentence.number}. [{sentence.span[0]}-{sentence.span[1]}]"
    yield from [head] if sentence.words is None else folded(printable(sentence.words), f"{head} ", "    ")
    for statement in sentence.statements:
        text = printable(("not: " if statement.negated else "") + statement.text)
        where = f"{Path(statement.file).name}:{statement.line}"
        yield from folded(f"{text}  ({where})", f"       {statement.status:<11} ", " " * 19)
    if sentence.left_out:
        yield from folded(f"left out: {printable(sentence.left_out)}", "       ", "         ")
    if not sentence.is_settled:
        yield click.style("       OPEN: no statement rests on this sentence", fg="yellow")
