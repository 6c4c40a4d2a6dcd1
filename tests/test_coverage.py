"""Coverage: each sentence of a text with the statements that rest on it, with and without the text."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

import onrecord
from inline import notes
from onrecord.coverage import Sentence, SourceCoverage, cover
from onrecord.errors import OnRecordError
from onrecord.lens import Lens
from small_graph import LETTER, LETTER_TEXT, write_graph

HEAD = LETTER[: LETTER.index("  speakers:")]
TEXT = "Basil tends it. Rose left early. It rained all day. “Why?” asked Mr. Fox.\nRose is\u00a0back. The end.\n"
LEFT = """\
  left out:
    - quote: It rained
      reason: weather
    - quote: Why? [...] is back
      reason: chatter
"""


def covered(folder: Path, statements: str, left: str = "", text: str | None = TEXT) -> list[SourceCoverage]:
    files = {
        "statements/letter.yaml": notes(statements, HEAD + left),
        "statements/minutes.yaml": None,
        "sources/minutes.txt": None,
        "sources/letter.txt": text,
    }
    return onrecord.open(write_graph(folder, **files)).coverage()


ONE = "- triple: [Basil Thorn, tends, plot 7]\n  quote: "


def test_each_sentence_with_what_rests_on_it(tmp_path: Path) -> None:
    (found,) = covered(
        tmp_path / "garden",
        f"{ONE}Basil tends it\n\n- triple: [Rose Marsh, attends, summer show]\n  not: true\n  quote: |-\n"
        "    tends it. Rose left\n",
        LEFT,
    )
    assert found.source == "letter"
    assert [sentence.words for sentence in found.sentences] == [
        "Basil tends it.",
        "Rose left early.",
        "It rained all day.",
        "“Why?” asked Mr. Fox.",
        "Rose is\u00a0back.",
        "The end.",
    ]
    assert [sentence.number for sentence in found.sentences] == [1, 2, 3, 4, 5, 6]
    assert all(TEXT[slice(*sentence.span)] == sentence.words for sentence in found.sentences)
    assert [[statement.text for statement in sentence.statements] for sentence in found.sentences] == [
        ["Basil Thorn tends plot 7", "Rose Marsh attends summer show"],
        ["Rose Marsh attends summer show"],
        [],
        [],
        [],
        [],
    ]
    first, second = found.sentences[0].statements
    assert (first.status, first.negated, Path(first.file).name, first.line) == ("stated", False, "letter.yaml", 13)
    assert (second.negated, second.line) == (True, 16)
    assert [sentence.left_out for sentence in found.sentences] == ["", "", "weather", "chatter", "chatter", ""]
    assert [sentence.number for sentence in found.open] == [6]
    assert (found.covered, found.news) == (2, 3)
    assert found.quoted == pytest.approx(len("Basil tends it. Rose left") / len(TEXT))  # overlapping quotes count once


def test_a_sentence_that_is_covered_and_left_out_is_news(tmp_path: Path) -> None:
    (found,) = covered(tmp_path / "garden", ONE + "It rained all day", LEFT)
    assert found.sentences[2].is_settled and found.sentences[2].left_out == "weather"
    assert (found.covered, found.news) == (1, 4)


def test_a_quote_of_several_spans_covers_each_sentence_once(tmp_path: Path) -> None:
    (found,) = covered(
        tmp_path / "garden", ONE + "\n    - Basil tends\n    - tends it\n    - Rose left [...] rained all\n"
    )
    assert [len(sentence.statements) for sentence in found.sentences] == [1, 1, 1, 0, 0, 0]


def test_an_elided_statement_covers_only_its_parts(tmp_path: Path) -> None:
    (found,) = covered(tmp_path / "garden", "- triple: [Basil Thorn, tends, plot 7]\n  quote: Basil [...] rained")
    assert [len(sentence.statements) for sentence in found.sentences] == [1, 0, 1, 0, 0, 0]


def test_without_the_text_the_lock_knows(tmp_path: Path) -> None:
    folder = tmp_path / "garden"
    (with_text,) = covered(folder, ONE + "Basil tends it", LEFT)
    onrecord.open(folder).examine(update_lock=True)
    (folder / "sources" / "letter.txt").unlink()
    (without,) = onrecord.open(folder).coverage()
    assert without.quoted == with_text.quoted
    for one, other in zip(with_text.sentences, without.sentences, strict=True):
        assert other == Sentence(one.number, one.span, None, one.statements, one.left_out)


def test_without_text_and_lock_nothing_is_known(tmp_path: Path) -> None:
    assert covered(tmp_path / "garden", ONE + "Basil tends it", text=None) == []


def test_what_is_not_found_covers_nothing(tmp_path: Path) -> None:
    (found,) = covered(tmp_path / "garden", f"{ONE}zeppelin\n\n{ONE}Rose\n", LEFT.replace("It rained", "It snowed"))
    assert found.covered == 0
    assert [sentence.number for sentence in found.open] == [1, 2, 3, 6]


def test_names_that_are_not_known_leave_the_written_words(tmp_path: Path) -> None:
    (found,) = covered(
        tmp_path / "garden", "- triple: [Nobody, tends, plot 7]\n  status: sure\n  quote: Basil tends it"
    )
    (statement,) = found.sentences[0].statements
    assert (statement.text, statement.status) == ("Nobody tends", "sure")


def test_the_whole_garden(graph_folder: Path) -> None:
    letter, minutes = onrecord.open(graph_folder).coverage()
    assert (letter.source, minutes.source) == ("letter", "minutes")
    assert {statement.text for sentence in letter.sentences for statement in sentence.statements} == {
        "Rose Marsh chairs Garden Society",
        "Basil Thorn tends plot 7",
        "Rose Marsh attends summer show, for Garden Society",
    }
    assert sum(len(sentence.words or "") for sentence in letter.sentences) <= len(LETTER_TEXT)
    assert 0 < letter.quoted < 0.4


def test_a_lens_chooses_what_can_rest_on_a_sentence(tmp_path: Path) -> None:
    statements = (
        f"{ONE}Basil tends it\n  when: 2024-05/2024-07\n\n"
        "- triple: [Rose Marsh, attends, summer show]\n  status: expected\n  quote: Rose left early\n"
    )
    covered(tmp_path / "garden", statements)
    graph = onrecord.open(tmp_path / "garden")

    def resting(lens: Lens) -> list[list[bool]]:
        (found,) = graph.coverage(lens=lens)
        return [[statement.as_fact for statement in sentence.statements] for sentence in found.sentences[:2]]

    assert resting(Lens()) == [[True], [False]]
    assert resting(Lens(include=frozenset({"expected"}))) == [[True], [True]]
    assert resting(Lens(valid_at=dt.date(2024, 9, 1))) == [[], [False]]


def test_a_source_that_the_lens_leaves_out_is_not_shown(graph_folder: Path) -> None:
    graph = onrecord.open(graph_folder)

    def shown(lens: Lens | None = None) -> list[str]:
        return [found.source for found in graph.coverage(lens=lens)]

    assert shown(Lens(sources=frozenset({"minutes"}))) == ["minutes"]
    early = Lens(as_of=dt.date(2024, 6, 1))
    assert (shown(), shown(early)) == (["letter", "minutes"], ["letter"])
    graph.retract("letter", on="2024-06-09", why="made up")
    assert (shown(), shown(early)) == (["minutes"], ["letter"])
    with pytest.raises(OnRecordError, match='no source is called "leter"'):
        shown(Lens(sources=frozenset({"leter"})))


def test_an_empty_text_has_no_sentences(tmp_path: Path) -> None:
    assert covered(tmp_path / "garden", ONE + "Basil tends it", text="\n \n") == []


def test_coverage_follows_a_check(graph_folder: Path) -> None:
    from onrecord.build import load
    from onrecord.errors import Problems
    from onrecord.project import open_project

    with pytest.raises(AssertionError, match="coverage follows a check"):
        cover(load(open_project(graph_folder, Problems()), Problems()))
