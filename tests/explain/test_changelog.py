"""Owns the tests of how a diff is told: text, Markdown, HTML, and that nothing in it is read as a sign."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from inline import sound
from onrecord.explain.changelog import parts, summary, to_html, to_markdown, to_text
from onrecord.explain.changes import compare
from onrecord.explain.diff import Change, Diff, Difference, ThingChange, Turn
from onrecord.explain.states import state_of
from onrecord.lens import Lens

BEFORE = """
- triple: [Basil Thorn, tends, plot 7]
  status: expected
  quote: Mr Thorn is to tend plot 7
- triple: [Rose Marsh, attends, summer show]
  quote: she is there
"""
AFTER = """
- triple: [Basil Thorn, tends, plot 7]
  quote: Mr Thorn tends plot 7
"""
TEXT = """\
Statements withdrawn (1)
  - Rose Marsh attends summer show  (stated, letter)
      “she is there”

Statements hardened (1)
  ▲ Basil Thorn tends plot 7  (letter)
      status: expected → stated
      quotes: Mr Thorn is to tend plot 7 → Mr Thorn tends plot 7

Now stands as fact (1)
  + Basil Thorn tends plot 7

No longer stands as fact (1)
  - Rose Marsh attends summer show

1 statement withdrawn, 1 hardened, 1 proposition now stands as fact, 1 no longer stands as fact
"""
MARKDOWN = """\
# before → after

1 statement withdrawn, 1 hardened, 1 proposition now stands as fact, 1 no longer stands as fact

## Statements withdrawn

- Rose Marsh attends summer show (stated, letter)
  - “she is there”

## Statements hardened

- Basil Thorn tends plot 7 (letter)
  - status: expected → stated
  - quotes: Mr Thorn is to tend plot 7 → Mr Thorn tends plot 7

## Now stands as fact

- Basil Thorn tends plot 7

## No longer stands as fact

- Rose Marsh attends summer show
"""


@pytest.fixture
def garden(tmp_path: Path) -> Diff:
    one, two = (sound(tmp_path / name, text) for name, text in (("before", BEFORE), ("after", AFTER)))
    return compare(state_of(one.loaded, Lens(), "before"), state_of(two.loaded, Lens(), "after"))


def test_text(garden: Diff) -> None:
    assert to_text(garden) == TEXT


def test_markdown(garden: Diff) -> None:
    assert to_markdown(garden) == MARKDOWN


def test_nothing_is_said_of_nothing() -> None:
    empty = Diff("a", "b")
    assert parts(empty) == []
    assert to_text(empty) == "nothing changed\n"
    assert to_markdown(empty) == "# a → b\n\nnothing changed\n"
    assert "<p>nothing changed</p>" in to_html(empty)


EVIL = "</style><script>alert(1)</script><img src=x onerror=alert(1)> [a](http://b) `c` & \x1b[31m"


def evil() -> Diff:
    record = {"statement": "<s>", "status": EVIL, "quotes": [EVIL]}
    return Diff(
        EVIL,
        EVIL,
        (
            Change("added", EVIL, EVIL, (), None, record),
            Change("edited", EVIL, "s", (Difference("note", EVIL, EVIL),), record, record),
        ),
        (Turn("newly disputed", (), EVIL, (Difference("why", "", EVIL),)),),
        (ThingChange("renamed", EVIL, EVIL, "", (Difference("labels", EVIL, EVIL),)),),
        (ThingChange("merged", EVIL, EVIL, EVIL),),
    )  # fmt: skip


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.seen += [f"@{name}" for name, _ in attrs]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_holds_no_script_and_closes_its_tags() -> None:
    tags = _Tags()
    page = to_html(evil())
    tags.feed(page)
    assert tags.open == []
    assert set(tags.seen) == {
        *("html", "@lang", "head", "meta", "@charset", "@http-equiv", "@content", "@name", "title", "style", "body"),
        *("main", "h1", "p", "section", "h2", "ul", "li", "span", "@class", "@aria-hidden"),
    }
    assert "\x1b" not in page
    assert "http" not in re.sub(r"\(http://b\)|http-equiv", "", page)


def test_the_policy_lets_the_pages_style_through() -> None:
    import base64
    import hashlib

    page = to_html(evil())
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page


def test_markdown_signs_are_escaped() -> None:
    told = to_markdown(evil())
    assert "\x1b" not in told
    assert not re.search(r"(?<!\\)[<`]", told)
    assert "\\[a\\](http://b)" in told
    one = Change("added", "1. first", "- s", (), None, {"status": "stated", "quotes": ["+ more", "2) two"]})
    assert to_markdown(Diff("a", "b", (one,))).splitlines()[6:] == [
        "- 1\\. first (stated, - s)",
        "  - “+ more”",
        "  - “2) two”",
    ]


def test_a_terminal_is_told_no_control_characters() -> None:
    assert "\x1b" not in to_text(evil())


def test_long_texts_are_cut() -> None:
    change = Change("added", "it is", "s", (), None, {"status": "stated", "quotes": ["word " * 100]})
    line = to_text(Diff("a", "b", (change,))).splitlines()[2]
    assert line.endswith("…”")
    assert len(line) < 180


def test_the_summary_counts() -> None:
    things = tuple(ThingChange("added", str(number), str(number)) for number in range(3))
    assert summary(Diff("a", "b", entities=things, sources=things[:1])) == "3 entities added, 1 source added"
    turns = (Turn("now stands as fact", ("a",), "a"), Turn("now follows", (), "b"), Turn("now follows", (), "c"))
    assert summary(Diff("a", "b", propositions=turns)) == "1 proposition now stands as fact, 2 now follow"
    assert summary(Diff("a", "b", propositions=turns[1:])) == "2 propositions now follow"
