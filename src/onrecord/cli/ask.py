"""Owns ``onrecord ask`` and ``onrecord test``: the questions kept with a graph.

Leaves answering and comparing to ``onrecord.questions``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import graph_argument, json_option, lens_options, limit_options, store_options
from onrecord.cli.progress import with_progress
from onrecord.cli.query import check_output, format_option, ids_option, output_option, show
from onrecord.cli.render import echo_json, echo_problems, echo_table, plural
from onrecord.errors import EXIT_CLEAN, EXIT_PROBLEMS, printable

if TYPE_CHECKING:
    from onrecord.graph import Graph
    from onrecord.lens import Lens
    from onrecord.limits import Limits
    from onrecord.questions import Question


@click.command(short_help="Answer a question kept with the graph.")
@graph_argument
@click.argument("name", required=False)
@click.argument("parameters", nargs=-1, metavar="[PARAM=VALUE]...")
@lens_options
@format_option
@output_option
@ids_option
@limit_options
@store_options
@with_progress
def ask(
    graph: Graph,
    name: str | None,
    parameters: tuple[str, ...],
    lens: Lens,
    format_: str | None,
    output: Path | None,
    ids: bool,
    limits: Limits,
) -> None:
    """Answer the question NAME of GRAPH; without NAME, list the questions (as JSON with --format json).

    A parameter that stands for an entity takes any of its names.

    \b
    Example:
        onrecord ask graphs/miami-talks who-represents-whom event="Miami talks"
    """
    from onrecord.questions import prepare

    if name is None:
        if output is not None or ids or format_ not in (None, "table", "json"):
            option = "-o" if output is not None else "--ids" if ids else f"--format {format_}"
            raise click.UsageError(f"{option} goes with NAME; questions are listed as text, or with --format json")
        questions = graph.questions()
        if format_ == "json":
            echo_json([_described(question) for _, question in sorted(questions.items())])
            return
        rows = [[key, question.title, _parameters(question)] for key, question in sorted(questions.items())]
        echo_table(["question", "title", "parameters"], rows, note=plural(len(rows), "question"))
        problems = [problem for question in questions.values() for problem in question.problems]
        echo_problems(problems)
        sys.exit(EXIT_PROBLEMS if problems else EXIT_CLEAN)
    check_output(graph, output)
    given = {}
    for parameter in parameters:
        key, equals, value = parameter.partition("=")
        if not equals:
            raise click.UsageError(f'"{parameter}" is no parameter; write name=value')
        if key in given:
            raise click.UsageError(f'"{key}" is given twice; write it once')
        given[key] = value
    question, terms = prepare(graph, name, given)
    chosen = lens.over(question.lens)
    show(graph, question.text, chosen, terms, format_, output, limits, graph.project.name_of(question.path), ids=ids)


def _described(question: Question) -> dict[str, object]:
    parameters = {key: question.defaults.get(key) for key in question.parameters}
    return {
        "question": question.name,
        "title": question.title,
        "description": question.description,
        "parameters": parameters,
    }


def _parameters(question: Question) -> str:
    return ", ".join(f"{key}={question.defaults.get(key, '')}" for key in question.parameters)


@click.command(short_help="Put all questions and compare with their expected rows.")
@graph_argument
@click.argument("names", nargs=-1)
@store_options
@json_option
@with_progress
def test(graph: Graph, names: tuple[str, ...], as_json: bool) -> None:
    """Put every question of GRAPH (or NAMES) and compare with its expected rows, one line each.

    \b
    Example:
        onrecord test graphs/miami-talks
    """
    from onrecord.trials import run_all

    outcomes = run_all(graph, names)
    failed = [outcome for outcome in outcomes if not outcome.passed and outcome.asked]
    passed = sum(outcome.passed for outcome in outcomes)
    others = len(outcomes) - passed - len(failed)
    if as_json:
        echo_json(
            [
                {
                    "question": outcome.question.name,
                    "title": outcome.question.title,
                    "passed": outcome.passed,
                    "asked": outcome.asked,
                    "rows": outcome.rows,
                    "message": outcome.message,
                    "diff": list(outcome.diff),
                }
                for outcome in outcomes
            ]
        )
    else:
        for outcome in outcomes:
            mark = click.style("ok  ", fg="green") if outcome.passed else click.style("FAIL", fg="red", bold=True)
            mark = mark if outcome.asked else click.style("-   ", dim=True)
            tail = plural(outcome.rows, "row") if outcome.passed else outcome.message
            click.echo(f"{mark} {outcome.question.name}: {outcome.question.title} ({tail})")
            for line in outcome.diff:
                what = "missing" if line[0] == "-" else "extra  "
                click.echo(f"       {what} {line[2:]}")
        tail = f", {others} not asked" if others else ""
        click.echo(f"{plural(passed, 'question')} passed, {len(failed)} failed{tail}", err=True)
        for fix in sorted({outcome.fix for outcome in outcomes} - {""}):
            click.echo(f"to ask more: {printable(fix)}", err=True)
    sys.exit(EXIT_PROBLEMS if failed else EXIT_CLEAN)
