"""Owns ``onrecord diff`` and ``onrecord retract``.

Leaves comparing to ``onrecord.explain``, and ``withdrawn.yaml`` to ``onrecord.withdrawn``.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import Day, graph_argument, json_option, lens_options
from onrecord.cli.progress import with_progress
from onrecord.cli.render import echo_json, echo_lines, plural, writer
from onrecord.errors import EXIT_CLEAN, EXIT_PROBLEMS, printable

if TYPE_CHECKING:
    from onrecord.explain.retraction import Retraction
    from onrecord.lens import Lens


@click.command(short_help="Say what changed between two states of a graph.")
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="AFTER")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "md", "json", "html"]),
    help="Default: the suffix of FILE, else text.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE.")
@json_option
@lens_options
@with_progress
def diff(
    before: str,
    after: str,
    format_: str | None,
    output: Path | None,
    as_json: bool,
    lens: Lens,
) -> None:
    """Print what changed from BEFORE to AFTER, as an editor would say it.

    Each of the two is a folder of a graph, FOLDER@REVISION for the folder as it stood at a git
    revision, or the folder of a build. Statements are added, withdrawn, hardened, softened,
    reversed, reworded, redated, requoted; propositions come to stand as fact, are corroborated or
    disputed; entities and sources are added, removed, renamed, merged. The options that choose
    statements apply to both sides. Exit code 0 when nothing changed, 1 when something did.

    \b
    Example:
        onrecord diff graphs/miami-talks@HEAD~1 graphs/miami-talks
    """
    import json

    from onrecord.explain.changelog import to_html, to_markdown, to_text
    from onrecord.explain.changes import compare
    from onrecord.explain.states import read_states

    if as_json and format_ not in (None, "json"):
        raise click.UsageError(f"--json goes without --format {format_}")
    if as_json and _by_suffix(output) in ("md", "html"):
        raise click.UsageError(f"--json goes without  -o {output}: name a file that ends in .json")
    chosen = "json" if as_json else format_ or _by_suffix(output)
    found = compare(*read_states(before, after, lens))
    if chosen == "json":
        text = json.dumps(found.as_dict(), indent=2, ensure_ascii=False) + "\n"
    else:
        text = {"text": to_text, "md": to_markdown, "html": to_html}[chosen](found)
    if chosen == "text" and output is None and sys.stdout.isatty():
        echo_lines(text.rstrip("\n").split("\n"))
    else:
        writer(output)([text.encode("utf-8", "backslashreplace")])
    sys.exit(EXIT_PROBLEMS if found else EXIT_CLEAN)


def _by_suffix(output: Path | None) -> str:
    suffix = output.suffix.lstrip(".") if output else ""
    return {"md": "md", "json": "json", "html": "html"}.get(suffix, "text")


@click.command(short_help="Withdraw a source, or show what would fall with it.")
@graph_argument
@click.argument("source")
@click.option("--dry-run", is_flag=True, help="Only show what would fall; write nothing.")
@click.option("--on", type=Day(), metavar="DAY", help="Since when. Default: the latest day in the graph.")
@click.option("--who", default="", metavar="NAME", help="On whose word. Default: the curator in onrecord.yaml.")
@click.option("--why", default="", metavar="TEXT", help="The reason; needed unless --dry-run or --undo.")
@click.option("--undo", is_flag=True, help="Take the withdrawal out again.")
@json_option
@with_progress
def retract(
    graph: Path,
    source: str,
    dry_run: bool,
    on: dt.date | None,
    who: str,
    why: str,
    undo: bool,
    as_json: bool,
) -> None:
    """Withdraw SOURCE from GRAPH: write it into withdrawn.yaml, and show what falls with it.

    What falls are its statements, the propositions that lose an article or an origin, the facts and
    inferences that no longer stand, and the questions whose answers change. Seen as of a day
    before the withdrawal (--as-of) the source still counts. --undo restores the file.

    \b
    Example:
        onrecord retract graphs/miami-talks lords-press-2025-12-17 --dry-run
    """
    import onrecord

    if undo and (dry_run or on or who or why):
        raise click.UsageError("--undo goes without --dry-run, --on, --who and --why")
    opened = onrecord.open(graph)
    if undo:
        entry = opened.reinstate(source)
        if as_json:
            echo_json(entry.as_dict())
        click.echo(f"{graph}: {printable(entry.source)} counts again", err=True)
        sys.exit(EXIT_CLEAN)
    if not dry_run and not why.strip():
        raise click.UsageError("a withdrawal needs a reason: --why TEXT (or look first, with --dry-run)")
    found = opened.retraction(source, on)
    if not dry_run:
        opened.retract(source, on, who, why)
    if as_json:
        echo_json(found.as_dict())
    else:
        echo_lines(printable(line) for line in _told(found))
    done = "nothing was written" if dry_run else f"written to {graph / 'withdrawn.yaml'}"
    click.echo(f"{printable(source)} withdrawn on {found.on}: {done}", err=True)
    sys.exit(EXIT_CLEAN)


def _told(found: Retraction) -> list[str]:
    """The retraction as lines."""
    out = [f"{found.title or found.source} ({found.source})", ""]

    def part(title: str, lines: list[str], count: int | None = None) -> None:
        if lines:
            out.extend([f"{title} ({len(lines) if count is None else count:,})", *lines, ""])

    part("Statements that fall", [f"  - {each.text}  ({each.status}, {each.path})" for each in found.statements])
    part("Propositions that nobody else puts on record", [f"  - {each.text}" for each in found.lost])
    part(
        "Propositions with less behind them",
        [
            f"  ~ {each.text}  ({_counted(each.articles, 'article')}, {_counted(each.origins, 'origin')})"
            for each in found.propositions
            if not each.is_lost
        ],
    )
    part("Facts that no longer stand", [f"  - {each.text}" for each in found.facts])
    told = [f"  - {each.text}  ({each.how})" for each in found.inferences if each.told]
    part("Inferences that no longer follow", [*told, *_untold(found, len(told))], len(found.inferences))
    part("Disagreements that end", [f"  - {text}" for text in found.settled])
    answers = []
    for each in found.questions:
        answers.append(f"  ~ {each.question}: {each.title}{f'  ({each.message})' if each.message else ''}")
        answers += [f"      - {row}" for row in each.gone] + [f"      + {row}" for row in each.new]
    if answers:
        out.extend([f"Answers that change ({len(found.questions)} of {plural(found.asked, 'question')})", *answers, ""])
    out.append(
        f"{plural(len(found.statements), 'statement')}, {plural(len(found.lost), 'proposition')} lost, "
        f"{plural(len(found.facts), 'fact')}, {plural(len(found.inferences), 'inference')}, "
        f"{plural(len(found.questions), 'answer')}"
    )
    return out


def _untold(found: Retraction, told: int) -> list[str]:
    """The line on what falls in the words of other vocabularies; --json has it all."""
    more = len(found.inferences) - told
    return [f"  - {plural(more, 'triple')} of types and aligned vocabularies"] if more else []


def _counted(counts: tuple[int, int], noun: str) -> str:
    before, after = counts
    return plural(after, noun) if before == after else f"{before} → {plural(after, noun)}"
