"""Owns ``onrecord check``.

Leaves the rules to ``onrecord.check``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from onrecord.cli.options import graph_argument, json_option, sources_option
from onrecord.cli.process import tune
from onrecord.cli.progress import with_progress
from onrecord.cli.render import echo_json, echo_problems, plural
from onrecord.errors import EXIT_CLEAN, EXIT_PROBLEMS


@click.command(short_help="Find what is wrong: names, quotes, dates, shapes.")
@graph_argument
@sources_option
@click.option(
    "--update-lock", is_flag=True, help="Write evidence.lock: which quotes were verified, and where they stand."
)
@click.option(
    "--format", "style", type=click.Choice(["text", "github"]), default="text", help="How problems are printed."
)
@click.option("--strict", is_flag=True, help="Let warnings fail the check too.")
@json_option
@with_progress
def check(graph: Path, sources: tuple[Path, ...], update_lock: bool, style: str, strict: bool, as_json: bool) -> None:
    """Check every file of GRAPH and print all problems with their place and fix.

    Quotes are looked for in the archived texts; where a text is not at hand, evidence.lock tells
    what was verified before. Exit code 0: no errors; 1: errors; 2: wrong call.

    \b
    Example:
        onrecord check graphs/miami-talks --sources ~/archive
    """
    import onrecord

    tune(graph)
    opened = onrecord.open(graph)
    report = opened.examine(sources, update_lock=update_lock)
    evidence = report.evidence
    counts = report.severities()
    if as_json:
        echo_json(
            {
                "graph": report.project.name,
                "problems": [problem.as_dict() for problem in report.problems],
                "counts": counts
                | {"files": report.files, "statements": report.statements, "questions": report.questions},
                "quotes": {
                    "checked": len(evidence.checks),
                    "passed": evidence.passed,
                    "skipped": evidence.skipped,
                    "verdicts": evidence.counts(),
                },
            }
        )
    else:
        echo_problems(report.problems, style=style, err=False)
        if report.problems and style == "text":
            click.echo(err=False)
        verdicts = ", ".join(f"{count} {verdict}" for verdict, count in evidence.counts().items())
        from_lock = sum(check.from_lock for check in evidence.checks)
        click.echo(
            f"quotes: {len(evidence.checks)} checked, {evidence.passed} passed, {evidence.skipped} skipped"
            + (f" ({verdicts})" if verdicts else "")
            + (f"; {from_lock} by evidence.lock" if from_lock else ""),
            err=True,
        )
        click.echo(
            f"{report.project.name}: {plural(report.statements, 'statement')} in {plural(report.files, 'file')}, "
            f"{plural(report.questions, 'question')}, "
            f"{plural(counts['error'], 'error')}, {plural(counts['warning'], 'warning')}, "
            f"{plural(counts['info'], 'remark')}",
            err=True,
        )
    broken = counts["error"] or (strict and counts["warning"])
    sys.exit(EXIT_PROBLEMS if broken else EXIT_CLEAN)
