"""Owns ``onrecord judge``.

Leaves the file to ``onrecord.judge`` and what a judgement does to ``onrecord.judgements``.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from onrecord.cli.options import Day, graph_argument, json_option
from onrecord.cli.progress import with_progress
from onrecord.cli.render import echo_json


@click.command(short_help="Write down, or take back, that two entities are the same.")
@graph_argument
@click.argument("left", metavar="A")
@click.argument("judgement", type=click.Choice(["same", "different", "unsure"]))
@click.argument("right", metavar="B")
@click.option("--why", default="", metavar="TEXT", help="What the judgement rests on. Needed, unless it is taken back.")
@click.option("--who", default="", metavar="NAME", help="Who judges. Default: the graph's curator.")
@click.option("--when", type=Day(), metavar="DAY", help="The day of the judgement. Default: today.")
@click.option("--undo", is_flag=True, help="Take the judgement back.")
@json_option
@with_progress
def judge(
    graph: Path,
    left: str,
    judgement: str,
    right: str,
    why: str,
    who: str,
    when: dt.date | None,
    undo: bool,
    as_json: bool,
) -> None:
    """Append to judgements.yaml of GRAPH whether the entities A and B are the same.

    What is judged same is one entity from the next build on; its statements keep what was written.
    different and unsure merge nothing. With --undo the entry goes and the dataset is as before.
    Prints where the entry stands, or stood.

    \b
    Example:
        onrecord judge graphs/miami-talks Kremlin different "Russian delegation" --why "one sent the other"
    """
    import onrecord

    opened = onrecord.open(graph)
    if not undo and not why.strip():
        raise click.UsageError("a judgement says why: write --why TEXT")
    if not undo and not (who or opened.project.curator).strip():
        raise click.UsageError("a judgement says who judged: write --who NAME, or  curator:  in onrecord.yaml")
    if undo and (why or who or when):
        raise click.UsageError("--undo goes without --why, --who and --when")
    found = opened.judge(left, judgement, right, who=who, why=why, when=when, undo=undo)
    if as_json:
        echo_json(found.as_dict())
    else:
        click.echo(f"{found.place.file}:{found.place.line}")
    verdict = f"{found.left} and {found.right} are judged {found.judgement}"
    click.echo(f"taken back: {verdict}" if undo else verdict, err=True)
