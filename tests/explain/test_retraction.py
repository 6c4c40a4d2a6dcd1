"""Owns the tests of what falls with a source: by hand on the garden, then the two graphs end to end."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest

import onrecord
from inline import MINUTES_HEAD, notes, write_notes
from onrecord.assemble import sort_quads
from onrecord.errors import OnRecordError
from onrecord.explain.retraction import ChangedAnswer, Weakened, without
from onrecord.lens import Lens, select
from onrecord.query import read_day
from small_graph import SETTINGS, write_graph

GRAPHS = Path(__file__).resolve().parents[2] / "graphs"
LETTER = """
- triple: [Rose Marsh, chairs, Garden Society]
  quote: our chairwoman
- triple: [Basil Thorn, tends, plot 7]
  quote: he tends it
- triple: [Rose Marsh, attends, summer show]
  for: Garden Society
  quote: she is there
"""
MINUTES = """
- triple: [Basil Thorn, tends, plot 7]
  quote: plot 7 is his
- triple: [Rose Marsh, chairs, Garden Society]
  not: true
  quote: she does not chair us
"""
QUESTIONS: dict[str, str | bytes | None] = {
    "questions/chair.rq": "#+ title: Who chairs?\nSELECT ?who WHERE { ?who gar:chairs ?what }",
    "questions/chair.csv": "who\nrose\n",
    "questions/tends.rq": "SELECT ?who WHERE { ?who gar:tends ?what }",
    "questions/tends.csv": "who\nbasil\n",
    "questions/member.rq": "ASK { :rose gar:memberOf :society }",
    "questions/member.csv": "answer\ntrue\n",
    "questions/then.rq": "#+ as of: 2024-06-05\nASK { :rose gar:chairs :society }",
    "questions/then.csv": "answer\ntrue\n",
}


@pytest.fixture
def garden(tmp_path: Path) -> Path:
    """Two sources that share a statement and disagree on another."""
    minutes = {"statements/minutes.yaml": notes(MINUTES, MINUTES_HEAD)}
    settings = {"onrecord.yaml": SETTINGS}
    return write_notes(tmp_path / "garden", LETTER, **settings, **minutes, **QUESTIONS)


def test_all_that_falls(garden: Path) -> None:
    found = onrecord.open(garden).retraction("letter")
    assert (found.source, found.title, found.on) == ("letter", "A letter to the members", "2024-06-09")
    assert [each.text for each in found.statements] == [
        "Rose Marsh chairs Garden Society",
        "Basil Thorn tends plot 7",
        "Rose Marsh attends summer show, for Garden Society",
    ]
    assert [(each.text, each.articles, each.origins) for each in found.propositions] == [
        ("Rose Marsh attends summer show, for Garden Society", (1, 0), (1, 0)),
        ("Rose Marsh chairs Garden Society", (1, 0), (1, 0)),
        ("Basil Thorn tends plot 7", (2, 1), (2, 1)),
    ]
    assert [each.is_lost for each in found.propositions] == [True, True, False]
    assert [each.text for each in found.facts] == [
        "Rose Marsh attends summer show, for Garden Society",
        "Rose Marsh chairs Garden Society",
    ]
    assert [each.triple[1] for each in found.facts] == [
        "<https://example.org/garden-terms/qualified#attends>",
        "<https://example.org/garden-terms#chairs>",
    ]
    assert [(each.text, each.how) for each in found.inferences if each.told] == [
        ("Rose Marsh member of Garden Society", "prp-spo1")
    ]
    assert found.settled == ("Rose Marsh chairs Garden Society | not: Rose Marsh chairs Garden Society",)
    assert found.asked == 3  # not the one of a day before
    assert found.questions == (
        ChangedAnswer("chair", "Who chairs?", ("Rose Marsh",)),
        ChangedAnswer("member", "member", ("true",), ("false",)),
    )
    assert json.loads(json.dumps(found.as_dict()))["source"] == "letter"


def test_what_cannot_be_put_is_not_counted_as_put(garden: Path) -> None:
    (garden / "questions" / "needs.rq").write_text("ASK { ?_who_iri gar:chairs :society }", "utf-8")
    assert onrecord.open(garden).retraction("letter").asked == 3


def test_another_source_stands(garden: Path) -> None:
    found = onrecord.open(garden).retraction("minutes")
    assert found.facts == ()
    assert found.inferences == ()
    assert found.questions == ()
    assert [each.text for each in found.lost] == ["not: Rose Marsh chairs Garden Society"]
    assert found.lost[0].against
    assert isinstance(found.lost[0], Weakened)


def test_the_only_source_leaves_nothing(tmp_path: Path) -> None:
    folder = write_notes(tmp_path / "garden", LETTER, **QUESTIONS)
    found = onrecord.open(folder).retraction("letter", "2024-06-05")
    assert len(found.lost) == len(found.statements) == 3
    assert [each.question for each in found.questions] == ["chair", "member", "tends", "then"]
    assert found.asked == 4


def test_the_foretold_is_what_happens(garden: Path) -> None:
    """The graph without the source's rows is the graph with the source withdrawn."""
    graph = onrecord.open(garden)
    foretold = graph.quads(without(graph._loaded, "letter"))
    graph.retract("letter", why="it was a hoax")
    assert sort_quads(graph.quads()).equals(sort_quads(foretold))
    assert graph.statements["withdrawn_day"].drop_nulls().unique().to_list() == [dt.date(2024, 6, 9)]
    graph.reinstate("letter")
    assert graph.statements["withdrawn_day"].null_count() == graph.statements.height


def test_defaults_of_an_entry(garden: Path) -> None:
    graph = onrecord.open(garden)
    assert graph.retract("letter", why="it was a hoax").as_dict() == {
        "source": "letter",
        "on": "2024-06-09",
        "who": "Ada",
        "why": "it was a hoax",
    }
    assert graph.retract("minutes", "2024-07-01", "Bert", "so was this").on == dt.date(2024, 7, 1)
    assert graph.reinstate("letter").who == "Ada"
    # The latest day is now that of the other withdrawal.
    assert graph.retract("letter", why="it was a hoax").on == dt.date(2024, 7, 1)


def test_wrong_calls(garden: Path) -> None:
    graph = onrecord.open(garden)
    with pytest.raises(OnRecordError, match='no source is called "leter": did you mean "letter"'):
        graph.retraction("leter")
    with pytest.raises(OnRecordError, match="was not on record on 2024-05-31; the first day is 2024-06-01"):
        graph.retraction("letter", "2024-05-31")
    with pytest.raises(OnRecordError, match="is no day"):
        graph.retraction("letter", "soon")
    with pytest.raises(OnRecordError, match="needs a reason"):
        graph.retract("letter")
    assert not (garden / "withdrawn.yaml").exists()
    graph.retract("letter", why="it was a hoax")
    with pytest.raises(OnRecordError, match="withdrawn already, on 2024-06-09"):
        graph.retraction("letter")


def test_a_graph_without_days_needs_one(tmp_path: Path) -> None:
    files: dict[str, str | None] = {"statements/letter.yaml": None, "statements/minutes.yaml": None}
    graph = onrecord.open(write_graph(tmp_path / "garden", **files, **{"sources.yaml": "- {id: letter}\n"}))
    with pytest.raises(OnRecordError, match="--on DAY"):
        graph.retraction("letter")
    with pytest.raises(OnRecordError, match='no source is called "leter"'):
        graph.retraction("leter")


def test_a_question_that_fails_is_told(garden: Path) -> None:
    (garden / "questions" / "wrong.rq").write_text("SELECT ?who WHERE { ?who nowhere:x ?what }", "utf-8")
    (garden / "questions" / "wrong.csv").write_text("who\n", "utf-8")
    found = onrecord.open(garden).retraction("letter")
    assert [each.question for each in found.questions] == ["chair", "member"]


@pytest.mark.parametrize(("name", "most"), [("harbour-bridge", 3), ("miami-talks", 1)])
def test_sources_of_the_graphs_end_to_end(tmp_path: Path, name: str, most: int) -> None:
    folder = tmp_path / name
    shutil.copytree(GRAPHS / name, folder)
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    sources = sorted(set(onrecord.open(folder).statements["source"].to_list()))
    for source in sources[:most]:
        graph = onrecord.open(folder)
        own = graph.statements.filter((graph.statements["source"] == source) & ~graph.statements["nested"])
        found = graph.retraction(source)
        assert len(found.statements) == own["statement"].n_unique()
        assert len(found.lost) <= len(found.statements)
        assert found.facts
        assert found.questions
        graph.retract(source, why="for the test")
        left = select(graph.statements, Lens(), graph.project.policy)
        assert source not in left["source"].to_list()
        changed = {each.question for each in found.questions}
        assert {outcome.question.name for outcome in graph.test() if not outcome.passed} == changed
        day = own["recorded_day"].min()
        early = select(graph.statements, Lens(read_day(day)), graph.project.policy)
        assert (source in early["source"].to_list()) == (day < read_day(found.on))
        graph.reinstate(source)
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == files
