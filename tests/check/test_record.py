"""The rules on statements and entities: each problem in its words, and what they let through."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import onrecord
from golden_files import GOLDEN, assert_golden
from inline import LETTER_HEAD, notes, render, write_notes
from onrecord.check.record import is_lexical
from onrecord.errors import Problem
from onrecord.terms import XSD
from small_graph import ENTITIES, SETTINGS, write_graph

TENDS = "- triple: [Basil Thorn, tends, plot 7]\n  quote: a\n"

CASES: dict[str, dict[str, str]] = {
    "C001-near": {"letter": TENDS + "  status: expectd\n"},
    "C001-far": {"letter": TENDS + "  status: zzzzzz\n"},
    "C002": {"letter": TENDS + "  status: denied\n  not: true\n  said by: Rose Marsh\n"},
    "C003-claimed": {"letter": TENDS + "  status: claimed\n"},
    "C003-denied": {"letter": TENDS + "  status: denied\n"},
    "C004": {"letter": TENDS + "  via: [Rose Marsh]\n"},
    "C005-when": {"letter": TENDS + "  said when: 2024-05-30\n"},
    "C005-at": {"letter": TENDS + "  said at: summer show\n"},
    "C005-to": {"letter": TENDS + "  said to: [Rose Marsh]\n"},
    "C006": {"letter": "- triple: [Basil Thorn, tends, plot 7]\n"},
    "C007-prefix": {"letter": "- triple: [Basil Thorn, tends, plot 7]\n  locator: p. 3\n  prefix: the words\n"},
    "C007-suffix": {"letter": "- triple: [Basil Thorn, tends, plot 7]\n  locator: p. 3\n  suffix: the words\n"},
    "C008": {"statements/letter.yaml": notes(TENDS, LETTER_HEAD + "  language: uk\n")},
    "C009": {"letter": TENDS + "\n" + TENDS},
    "C010": {"letter": TENDS + "  recorded: 2024-05-31\n"},
    "C011": {"letter": TENDS + "  said by: Rose Marsh\n  said when: 2024-06-02\n"},
    "C012": {"letter": TENDS + "  when text: last spring\n"},
    "C013": {"letter": "- triple: [Rose Marsh, supports, Rose]\n  quote: a\n"},
    "C014": {
        "letter": "- triple: [Basil Thorn, tends, plot 7]\n  quote:\n    - he\n    - will Reportedly tend\n",
    },
    "C015": {"letter": "- triple: [Rose Marsh, believes, plot 7]\n  quote: a\n"},
    "C016": {"letter": "- triple: [plot 7, tends, plot 7]\n  quote: a\n"},
    "C016-nested": {"letter": "- triple: [Rose Marsh, believes, [plot 7, tends, plot 7]]\n  quote: a\n"},
    "C016-proposition": {
        "letter": "- triple: [[Rose Marsh, tends, plot 7], tends, plot 7]\n  quote: a\n",
    },
    "C017": {"letter": "- triple: [Rose Marsh, tends, summer show]\n  quote: a\n"},
    "C017-source": {"letter": "- triple: [Rose Marsh, tends, 'source:letter']\n  quote: a\n"},
    "C018": {"letter": "- triple: [plot 7, height in metres, tall]\n  quote: a\n"},
    "C018-day": {"letter": "- triple: [summer show, held on, 2024-02-30]\n  quote: a\n"},
    "C018-nested": {"letter": "- triple: [Rose Marsh, believes, [plot 7, counts, 1.5]]\n  quote: a\n"},
    "C019": {"statements/letter.yaml": notes(TENDS, "source:\n  id: letter\n  published: 2024-06-01\n")},
    "C020-missing": {"statements/letter.yaml": notes(TENDS, "source:\n  id: letter\n  title: A letter\n")},
    "C020-wrong": {
        "statements/letter.yaml": notes(TENDS, "source:\n  id: letter\n  title: A letter\n  published: June\n")
    },
    "C020-retrieved": {
        "statements/letter.yaml": notes(
            TENDS, "source:\n  id: letter\n  title: A letter\n  published: 2024-06-01\n  retrieved: today\n"
        )
    },
    "C021": {"sources.yaml": "- id: poster\n  title: A poster\n  published: 2024-05-01\n", "letter": TENDS},
    "C022": {"entities.yaml": ENTITIES + "\n- id: hut\n  label: the hut\n  type: plot\n", "letter": TENDS},
    "C022-speaker": {
        "statements/letter.yaml": notes(
            TENDS, LETTER_HEAD + "  speakers:\n    - id: neighbour\n      label: a neighbour\n"
        )
    },
    "C023": {"entities.yaml": ENTITIES + "\n- id: rose-2\n  label: Rose\n  type: person\n", "letter": TENDS},
}
"""The letter's statements or other files, by the code that they bring about."""


def check(folder: Path, letter: str = TENDS, **files: str) -> list[Problem]:
    """The problems of the garden with ``letter`` as its only statements."""
    return onrecord.open(write_notes(folder, letter, **files)).check()


@pytest.mark.parametrize("name", CASES)
def test_problem(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = check(Path("garden"), **CASES[name])
    mine = [problem for problem in found if problem.code == name[:4]]
    if name.startswith("C022"):
        mine = [problem for problem in mine if "hut" in problem.message or "speaker" in problem.message]
    assert_golden(f"problems/{name}.txt", render(mine))
    assert all(problem.fix for problem in mine) and len(mine) == 1


def test_every_code_has_a_golden_text() -> None:
    """Of the families C (record), E (evidence), S (shapes) and Q (queries and questions)."""
    source = Path(__file__).parents[2] / "src" / "onrecord"
    used = {code for path in source.rglob("*.py") for code in re.findall(r'"([CESQ]\d{3})"', path.read_text("utf-8"))}
    golden = {path.name[:4] for path in (GOLDEN / "problems").glob("[CESQ][0-9][0-9][0-9]*.txt")}
    assert used == golden
    assert len(used) >= 45


CLEAN = {
    "a quote in another place is fine": TENDS + "\n" + TENDS.replace("quote: a", "quote: b"),
    "a locator stands for a quote": "- triple: [Basil Thorn, tends, plot 7]\n  locator: row 3\n",
    "a translation is given": TENDS + "  translation: b\n",
    "a hedge is written down": TENDS.replace("quote: a", "quote: reportedly tends") + "  hedge: reportedly\n",
    "expected is no fact": TENDS.replace("quote: a", "quote: is set to tend") + "  status: expected\n",
    "a speaker's words are no fact": TENDS.replace("quote: a", "quote: will likely to") + "  said by: Rose Marsh\n",
    "a negation is no fact": TENDS.replace("quote: a", "quote: allegedly") + "  not: true\n",
    "a stance on a plan": "- triple: [Rose Marsh, supports, hose ban]\n  quote: a\n",
    "a stance on a triple": "- triple: [Rose Marsh, supports, [Basil Thorn, tends, plot 7]]\n  quote: reportedly\n",
    "a stance on a statement": "- id: one\n"
    + TENDS.replace("- ", "  ", 1)
    + "- triple: [Rose Marsh, supports, 'statement:one']\n  quote: a\n",
    "the same day": TENDS + "  said by: Rose Marsh\n  said when: 2024-06-01\n  recorded: 2024-06-01\n",
    "the same month": TENDS + "  said by: Rose Marsh\n  said when: 2024-06\n",
    "a class below the range": "- triple: [Rose Marsh, attends, summer show]\n  quote: a\n",
    "a literal as it should be": "- triple: [plot 7, height in metres, '-1.50']\n  quote: a\n",
}


@pytest.mark.parametrize("name", CLEAN)
def test_what_is_fine_has_no_problem(name: str, tmp_path: Path) -> None:
    files = {"onrecord.yaml": SETTINGS.replace("[en]", "[en, uk]")} if "translation" in name else {}
    found = check(tmp_path / "garden", CLEAN[name], **files)
    assert [problem.code for problem in found if problem.code[0] == "C" and problem.code != "C022"] == []


def test_a_statement_from_a_table_has_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table = "source,subject,predicate,object,quote,status\nletter,Basil Thorn,tends,plot 7,a,sure\n"
    found = check(Path("garden"), **{"statements/more.csv": table})
    places = [str(problem.place) for problem in found if problem.code == "C001"]
    assert places == ["garden/statements/more.csv:2:35"]


@pytest.mark.parametrize(
    ("datatype", "good", "bad"),
    [
        ("integer", ["0", "-12", "+007"], ["", "1.0", "1e3", "a", "１２", "٣", "1 "]),
        ("nonNegativeInteger", ["0", "+1", "-0"], ["-1", ""]),
        ("positiveInteger", ["1", "+010"], ["0", "-1", "00"]),
        ("decimal", ["1.50", ".5", "5.", "-0"], ["1e3", ".", "INF", "1,5"]),
        ("double", ["1e3", "-INF", "NaN", ".5E-2"], ["inf", "+Inf", "e3", "1e"]),
        ("boolean", ["true", "false", "1", "0"], ["True", "yes", ""]),
        ("date", ["2024-02-29", "2024-01-01Z", "2024-01-01+02:00"], ["2023-02-29", "2024-1-1", "2024-01-01 ", "today"]),
        ("gYear", ["2024", "-0044", "2024Z"], ["24", "2024-01"]),
        ("gYearMonth", ["2024-12"], ["2024-13", "2024"]),
        (
            "dateTime",
            ["2024-01-01T24:00:00", "2024-12-31T23:59:59.5Z"],
            ["2024-01-01", "2024-13-01T00:00:00", "2024-01-01T25:00:00"],
        ),
        ("anyURI", ["anything goes"], []),
    ],
)
def test_lexical_spaces(datatype: str, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if not is_lexical(text, XSD + datatype)] == []
    assert [text for text in bad if is_lexical(text, XSD + datatype)] == []


def test_who_is_named_in_a_file_that_cannot_be_read_is_not_called_unused(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "garden", **{"statements/minutes.yaml": "statements:\n\t- triple: [a, b, c]\n"})
    found = {problem.code for problem in onrecord.open(folder).check()}
    assert "P014" in found
    assert "C022" not in found
