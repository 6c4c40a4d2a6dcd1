"""Owns ``onrecord why`` and how explanations look in a terminal.

Leaves the proofs to ``onrecord.explain``.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import graph_argument, json_option, lens_options, store_options
from onrecord.cli.progress import with_progress
from onrecord.cli.render import echo_json, folded, plural, writer
from onrecord.errors import EXIT_CLEAN, EXIT_PROBLEMS, printable
from onrecord.progress import over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from onrecord.explain.rows import RowExplanation
    from onrecord.explain.why import Explanation, Quoted, Step
    from onrecord.graph import Graph
    from onrecord.lens import Lens


@click.command(short_help="Explain a triple down to the quotes, or say what the graph says instead.")
@graph_argument
@click.argument("subject")
@click.argument("predicate")
@click.argument("object_", metavar="OBJECT")
@lens_options
@store_options
@json_option
@with_progress
def why(
    graph: Graph,
    subject: str,
    predicate: str,
    object_: str,
    lens: Lens,
    as_json: bool,
) -> None:
    """Print the minimal proof of SUBJECT PREDICATE OBJECT in GRAPH: rules, premises, quotes.

    Names may be labels, aliases, ids or CURIEs. A triple that is not in the graph gets what the
    graph does say: a claim, a denial, an expectation. Exit code 1 when the triple does not hold.

    \b
    Example:
        onrecord why graphs/miami-talks "Dmitry Peskov" represents Kremlin
    """
    found = graph.why(subject, predicate, object_, lens=lens)
    lacking = graph.remote.lacking(found, lens) if graph.remote else []
    if as_json:
        echo_json(found.as_dict())
    else:
        click.echo("\n".join(explanation_lines(found)))
    for line in lacking:
        click.echo(printable(line), err=True)
    sys.exit(EXIT_CLEAN if found.holds and not lacking else EXIT_PROBLEMS)


def explanation_lines(found: Explanation) -> Iterator[str]:
    """An explanation as a tree."""
    if found.proof is not None:
        yield from _step_lines(found.proof, "", "")
        return
    yield from folded(printable(f"not in the graph: {found.text}"))
    if found.advice:
        yield from folded(printable(f"because {found.advice}"))
    for heading, items in (("what the graph says of it:", found.instead), ("nearby:", found.nearby)):
        if items:
            yield heading
            for item in items:
                yield from _quoted_lines(item, "  ", with_text=True)
    if found.further:
        yield f"  and {plural(found.further, 'further statement')}"
    if found.would is not None:
        yield "what it would rest on:"
        yield from _step_lines(found.would, "  ", "  ")


def show_row(found: RowExplanation, output: Path | None, *, as_json: bool) -> None:
    """Print why a row is there, or write it to a file."""
    if output is not None:
        as_text = "" if as_json else click.unstyle("\n".join(row_lines(found)))
        text = as_text or json.dumps(found.as_dict(), indent=2, ensure_ascii=False)
        writer(output)([f"{text}\n".encode("utf-8", "backslashreplace")])
    elif as_json:
        echo_json(found.as_dict())
    else:
        over()
        click.echo("\n".join(row_lines(found)))


def row_lines(found: RowExplanation) -> Iterator[str]:
    """Why a row of a query is there: each of its triples."""
    yield printable(", ".join(f"{name} = {value}" for name, value in found.row))
    for index, ground in enumerate(found.grounds):
        last = index == len(found.grounds) - 1
        branch, below = ("└─ ", "   ") if last else ("├─ ", "│  ")
        if ground.explanation is not None and ground.explanation.proof is not None:
            yield from _step_lines(ground.explanation.proof, branch, below)
        else:
            yield branch + printable(ground.text)


def _step_lines(step: Step, branch: str, below: str) -> Iterator[str]:
    yield from (click.style(line, bold=True) for line in folded(printable(step.text), branch, below))
    if step.rule:
        yield from folded(f"{step.rule}: {printable(step.axiom)}", below)
    if step.declared:
        yield f"{below}declared in {step.declared}"
    for item in step.evidence:
        yield from _quoted_lines(item, below)
    for index, premise in enumerate(step.premises):
        last = index == len(step.premises) - 1
        inner, deeper = ("└─ ", "   ") if last else ("├─ ", "│  ")
        yield from _step_lines(premise, below + inner, below + deeper)


def _quoted_lines(item: Quoted, indent: str, *, with_text: bool = False) -> Iterator[str]:
    """A statement as evidence: its words first, then who, how firmly, when and where."""
    if with_text:
        sign = "not: " if item.negated else ""
        yield from folded(printable(sign + item.text), indent)
        indent += "  "
    for quote in item.quotes:
        yield from folded(f"“{printable(quote)}”", indent)
    facts = [item.status]
    facts += [f"said by {', '.join(item.said_by)}"] if item.said_by else []
    facts += [f"via {', '.join(item.via)}"] if item.via else []
    facts += [f"hedged: {item.hedge}"] if item.hedge else []
    facts += [f"on condition: {item.condition}"] if item.condition else []
    facts += [f"holds {item.when}"] if item.when else []
    yield from folded(printable(", ".join(facts)), indent)
    where = ", ".join(part for part in (item.publisher, item.source, item.recorded) if part)
    yield from folded(f"{printable(where)} ({item.file}:{item.line})", indent)
