"""Owns how a diff is told: as text, as Markdown, as one HTML page.

Leaves what changed to ``changes``. The page holds no script and loads nothing; whatever the data
says is escaped.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from onrecord.errors import printable
from onrecord.explain.diff import KINDS, TURNS, Change, Diff, Difference, ThingChange, Turn

NOTHING = "nothing changed"
_SHOWN = 160
_LIST_SIGN = re.compile(r"^(\d*)([-+=.)])")
_SIGNS = {
    "added": "+", "withdrawn": "-", "removed": "-", "hardened": "▲", "softened": "▽", "reversed": "⇄",
    "merged": ">", "given a new id": ">", "carried over": ">", "reinstated": "+",
}  # fmt: skip
_THINGS = ("added", "removed", "merged", "given a new id", "withdrawn", "reinstated", "renamed", "changed")


@dataclass(frozen=True, slots=True)
class Line:
    """One change: a sign, the words, what stands beside them, and further lines below."""

    sign: str
    text: str
    note: str = ""
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """The changes of one kind under their heading."""

    title: str
    lines: tuple[Line, ...]


def parts(diff: Diff) -> list[Part]:
    """The diff as headed lists, in the order in which it is told."""
    out = []
    for kind in KINDS:
        found = [change for change in diff.statements if change.kind == kind]
        out.append(Part(f"Statements {kind}", tuple(_statement(change) for change in found)))
    for kind in TURNS:
        turns = [turn for turn in diff.propositions if turn.kind == kind]
        out.append(Part(kind[0].upper() + kind[1:], tuple(_turn(turn) for turn in turns)))
    for title, things in (("Entities", diff.entities), ("Sources", diff.sources)):
        for kind in _THINGS:
            found_things = [thing for thing in things if thing.kind == kind]
            out.append(Part(f"{title} {kind}", tuple(_thing(thing) for thing in found_things)))
    return [part for part in out if part.lines]


def summary(diff: Diff) -> str:
    """The diff in one sentence.

    >>> summary(Diff("a", "b"))
    'nothing changed'
    """
    counts = diff.counts()
    told = []
    for name, one, many in (
        ("statements", "statement", "statements"),
        ("propositions", "proposition", "propositions"),
        ("entities", "entity", "entities"),
        ("sources", "source", "sources"),
    ):
        for number, (kind, count) in enumerate(counts[name].items()):
            noun = f" {one if count == 1 else many}" if number == 0 else ""
            done = kind if count == 1 else kind.replace("stands", "stand").replace("follows", "follow")
            told.append(f"{count:,}{noun} {done}")
    return ", ".join(told) or NOTHING


def _statement(change: Change) -> Line:
    record = change.record
    below = [_difference(each) for each in change.differences]
    if not change.differences:
        below = [f"“{_short(quote)}”" for quote in record["quotes"]]
    status = "" if any(each.field == "status" for each in change.differences) else f"{record['status']}, "
    return Line(_SIGNS.get(change.kind, "~"), change.text, f"{status}{change.source}", tuple(below))


def _turn(turn: Turn) -> Line:
    told = "; ".join(
        each.before or each.after if each.field == "why" else f"{each.field} {each.before} → {each.after}"
        for each in turn.differences
    )
    return Line("-" if turn.kind.startswith("no longer") else "+", turn.text, told)


def _thing(thing: ThingChange) -> Line:
    into = f", now {thing.into}" if thing.into else ""
    differences = tuple(_difference(each) for each in thing.differences)
    return Line(_SIGNS.get(thing.kind, "~"), thing.label or thing.id, f"{thing.id}{into}", differences)


def _difference(each: Difference) -> str:
    if not each.before:
        return f"{each.field}: {_short(each.after)}" if each.field != "negated" else "now denied in the source's voice"
    if not each.after:
        return f"{each.field}: no longer {_short(each.before)}" if each.field != "negated" else "no longer negated"
    return f"{each.field}: {_short(each.before)} → {_short(each.after)}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def to_text(diff: Diff) -> str:
    """The diff as lines for a terminal."""
    out = []
    for part in parts(diff):
        out.append(f"{part.title} ({len(part.lines):,})")
        for line in part.lines:
            note = f"  ({line.note})" if line.note else ""
            out.append(printable(f"  {line.sign} {line.text}{note}"))
            out += [printable(f"      {each}") for each in line.below]
        out.append("")
    return "\n".join([*out, summary(diff), ""])


def to_markdown(diff: Diff) -> str:
    """The diff as CommonMark."""
    out = [f"# {_marked(diff.before)} → {_marked(diff.after)}", "", summary(diff), ""]
    for part in parts(diff):
        out += [f"## {part.title}", ""]
        for line in part.lines:
            note = f" ({_marked(line.note)})" if line.note else ""
            out.append(f"- {_marked(line.text)}{note}")
            out += [f"  - {_marked(each)}" for each in line.below]
        out.append("")
    return "\n".join(out)


def _marked(text: str) -> str:
    """``text`` with what Markdown or HTML would read as a sign escaped."""
    line = " ".join(printable(text).split())
    escaped = "".join(f"\\{char}" if char in "\\`*_{}[]<>#|~&!" else char for char in line)
    return _LIST_SIGN.sub(lambda match: f"{match[1]}\\{match[2]}", escaped)


_STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1c1e21; --soft: #5b6168; --paper: #fbfaf7; --rule: #d9d6cf; --in: #14652f; --out: #9d2121;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e6e1; --soft: #a3a8ae; --paper: #17191c; --rule: #3a3d42; --in: #7fd19b; --out: #f09a92; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
h2 { font-size: 1.05rem; border-bottom: 1px solid var(--rule); padding-bottom: .2rem; margin-top: 2rem; }
h1, li { overflow-wrap: anywhere; }
ul { list-style: none; padding: 0; }
li { margin: .5rem 0; padding-left: 1.6rem; position: relative; }
li li { margin: .1rem 0; padding-left: 0; }
.sign { position: absolute; left: 0; width: 1.2rem; text-align: center; font-weight: 600; }
.in { color: var(--in); }
.out { color: var(--out); }
.note, li li { color: var(--soft); font-size: .92rem; }
"""


def to_html(diff: Diff) -> str:
    """The diff as one page that needs no other file."""
    title = f"{diff.before} → {diff.after}"
    body = "\n".join(_section(part) for part in parts(diff))
    style = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_safe(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{_safe(title)}</h1>\n<p>{_safe(summary(diff))}</p>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _section(part: Part) -> str:
    items = "\n".join(_items(part))
    return f"<section>\n<h2>{_safe(part.title)} ({len(part.lines):,})</h2>\n<ul>\n{items}\n</ul>\n</section>"


def _items(part: Part) -> Iterator[str]:
    for line in part.lines:
        colour = {"+": "in", "-": "out"}.get(line.sign, "")
        note = f' <span class="note">({_safe(line.note)})</span>' if line.note else ""
        below = "".join(f"<li>{_safe(each)}</li>" for each in line.below)
        inner = f"<ul>{below}</ul>" if below else ""
        sign = f'<span class="sign {colour}" aria-hidden="true">{_safe(line.sign)}</span>'
        yield f"<li>{sign}{_safe(line.text)}{note}{inner}</li>"


def _safe(text: str) -> str:
    return escape(printable(text), quote=True)
