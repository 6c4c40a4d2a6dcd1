"""Questions on trial: what check finds in them without putting them, and rows that come or do not."""

from __future__ import annotations

from pathlib import Path

import pytest

import onrecord
from golden_files import assert_golden
from inline import BASE, render
from onrecord.errors import GraphBroken, Problem
from onrecord.graph import Graph
from onrecord.trials import Outcome, run_all
from small_graph import write_graph

CHAIRS = "SELECT ?who ?what { ?who gar:chairs ?what }\n"


def garden(folder: Path, rq: str | bytes = CHAIRS, csv: str | bytes | None = None, **files: str) -> Graph:
    """The garden with one question, ``q``."""
    return onrecord.open(write_graph(folder, **{"questions/q.rq": rq, "questions/q.csv": csv, **files}))


# What check finds


def found_in(graph: Graph) -> list[Problem]:
    return [problem for problem in graph.check() if problem.place.file.startswith("garden/questions")]


PROBLEMS: dict[str, dict[str, str]] = {
    "Q001-question": {"rq": "# SERVICE\nSELECT ?who ?what {\n  SERVICE <http://x/> { ?who ?p ?what } }\n"},
    "Q002-question": {"rq": "LOAD <http://x/>\n"},
    "Q003-question": {"rq": "SELECT ?who ?what FROM graph:assertd { ?who gar:chairs ?what }\n"},
    "Q006-question": {"rq": "SELECT ?who ?what {\n  ?who gar:chiars ?what }\n"},
    "Q007": {"rq": f"SELECT ?who ?what {{ ?who {'/'.join(['gar:tends'] * 2000)} ?what }}\n"},
    "Q010-question": {"rq": "#+ title: Who?\nSELECT ?who ?what {\n  ?who gar:chairs ?what ?that .\n}\n"},
    "Q010-value": {"rq": "#+ defaults:\n#+   - x: Rose\nSELECT ?who ?what { ?who ?what 1 .\n  ?what ?_x ?who }\n"},
    "Q023": {"questions/more/q.rq": CHAIRS, "questions/more/q.csv": "who,what\n"},
    "Q024-type": {"rq": "SELECT ?who ?what { ?who ?what ?_count_integr }\n"},
    "Q024-int": {"rq": "SELECT ?who ?what { ?who ?what ?_count_int }\n"},
    "Q024-far": {"rq": "#+ defaults:\n#+   - x: Rose\nSELECT ?who ?what { ?who ?what ?_x_zzzzzz }\n"},
    "Q024-name": {"rq": "#+ defaults:\n#+   - x: Rosa\nSELECT ?who ?what { ?who ?what ?_x_iri }\n"},
    "Q024-day": {"rq": "#+ defaults:\n#+   - x: 2024-02-30\nSELECT ?who ?what { ?who ?what ?_x_date }\n"},
    "Q025-columns": {"csv": "what,who\nsociety,rose\n"},
    "Q025-ask": {"rq": "ASK { ?s gar:tends ?o }\n", "csv": "answer\nyes\n"},
    "Q025-ask-column": {"rq": "ASK { ?s gar:tends ?o }\n", "csv": "is it so\ntrue\n"},
    "Q026-rows": {"csv": None},  # type: ignore[dict-item]  # no file
    "Q026-default": {"rq": "SELECT ?who ?what { ?who ?what ?_x_iri }\n"},
    "Q026-graph": {"rq": "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }\n"},
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_problem(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = found_in(garden(Path("garden"), **{"csv": "who,what\n", **PROBLEMS[name]}))
    codes = {problem.code for problem in found}
    assert codes <= {name[:4], "Q026"} and name[:4] in codes
    assert_golden(f"problems/{name}.txt", render([problem for problem in found if problem.code == name[:4]]))


SOUND = {
    "plain": (CHAIRS, "who,what\nrose,society\n"),
    "ask": ("ASK { ?s gar:tends ?o }\n", "answer\nFALSE\n"),
    "from": ("SELECT ?who FROM graph:inferred FROM graph:source\\/letter { ?who ?p ?o }\n", "who\n"),
    "iri": ("#+ defaults:\n#+   - x: Rose\nSELECT ?p { ?_x_iri ?p ?o . ?s ?p ?_x }\n", "p\n"),
    "language": ("#+ defaults:\n#+   - x: Rose\nSELECT ?p { ?s ?p ?_x_pt_BR }\n", "p\n"),
    "the word": ("# SERVICE\nSELECT ?service { ?service ?p 'LOAD' }\n", "service\n"),
}


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_wrong(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    graph = garden(Path("garden"), *SOUND[name])
    assert found_in(graph) == []
    assert graph.examine().questions == 1


def test_one_bad_question_stands_in_nobodys_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    more = {
        "questions/header.rq": "#+ titel: x\n" + CHAIRS,
        "questions/syntax.rq": "SELECT {\n",
        "questions/rows.rq": CHAIRS,
        "questions/rows.csv": 'who,what\n"rose\n',
        "questions/deep.rq": "SELECT * " + "{" * 3000,
    }
    graph = garden(Path("garden"), csv="who,what\nrose,society\n", **more)
    (Path("garden") / "questions" / "bytes.rq").write_bytes(b"\xff")
    assert [(each.question.name, each.passed) for each in graph.test()] == [
        ("bytes", False),
        ("deep", False),
        ("header", False),
        ("q", True),
        ("rows", False),
        ("syntax", False),
    ]
    messages = {each.question.name: each.message for each in graph.test()}
    assert messages["bytes"] == "garden/questions/bytes.rq:1:1: the byte 0xFF is not UTF-8"
    assert messages["header"] == 'garden/questions/header.rq:1:4: unknown key "titel" in a question'
    assert messages["rows"] == "garden/questions/rows.csv:2:1: these expected rows are no table"
    assert len(graph.ask("q")) == 1
    with pytest.raises(GraphBroken, match='the question "header" cannot be read') as caught:
        graph.ask("header")
    assert [problem.code for problem in caught.value.problems] == ["Q020"]
    found = {problem.place.file.split("/")[-1]: problem.code for problem in found_in(graph) if problem.code != "Q026"}
    assert found == {
        "bytes.rq": "P005",
        "deep.rq": "Q010",
        "header.rq": "Q020",
        "rows.csv": "Q022",
        "syntax.rq": "Q010",
    }


def test_questions_do_not_hinder_a_build(tmp_path: Path) -> None:
    graph = garden(tmp_path / "garden", "SELECT {")
    assert [problem.code for problem in graph.examine(questions=False).problems] == ["E010"]
    graph.check()
    assert graph.build()["counts"]["statements"] == 5


def test_suffixes_are_read_in_either_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    graph = garden(Path("garden"), csv="who,what\n", **{"questions/loud.RQ": CHAIRS})
    assert sorted(graph.questions()) == ["loud", "q"]


def test_rows_behind_a_link_that_leads_out_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    graph = garden(Path("garden"))
    (tmp_path / "rows.csv").write_text("who,what\nrose,society\n")
    (tmp_path / "garden" / "questions" / "q.csv").symlink_to(tmp_path / "rows.csv")
    assert [problem.code for problem in found_in(graph)] == ["P001", "Q026"]
    assert graph.questions()["q"].expected is None


# Expected rows


def outcome(folder: Path, csv: str | None, rq: str = CHAIRS) -> Outcome:
    (found,) = garden(folder, rq, csv).test()
    return found


@pytest.mark.parametrize(
    "cells",
    ["Rose Marsh,Garden Society", "rose,society", "Mrs Marsh,:society", f"<{BASE}entity/rose>,{BASE}entity/society"],
)
def test_cells_are_any_name(tmp_path: Path, cells: str) -> None:
    found = outcome(tmp_path / "garden", f"who,what\n{cells}\n")
    assert (found.passed, found.message, found.diff, found.rows) == (True, "", (), 1)


def test_rows_that_differ(tmp_path: Path) -> None:
    found = outcome(tmp_path / "garden", "who,what\nBasil Thorn,Garden Society\nzeppelin,Garden Society\n")
    assert (found.passed, found.message, found.rows) == (False, "the rows differ", 1)
    assert found.diff == ("- :basil | :society", "+ :rose | :society", "- zeppelin | :society")


def test_rows_that_are_missing_and_extra(tmp_path: Path) -> None:
    rq = "SELECT ?x { VALUES ?x { 'a' 'a' 'b' } }\n"
    assert outcome(tmp_path / "1", "x\nb\na\na\n", rq).passed
    assert outcome(tmp_path / "2", "x\nb\na\n", rq).diff == ("+ a",)
    assert outcome(tmp_path / "3", "x\nb\na\na\nc\n", rq).diff == ("- c",)


def test_the_order_counts_where_it_is_asked_for(tmp_path: Path) -> None:
    rq = "SELECT ?x { VALUES ?x { 'a' 'b' } } ORDER BY ?x\n"
    assert outcome(tmp_path / "1", "x\nb\na\n", rq).passed
    found = outcome(tmp_path / "2", "x\nb\na\n", "#+ ordered: true\n" + rq)
    assert not found.passed and set(found.diff) in ({"- b", "+ b"}, {"- a", "+ a"})
    assert outcome(tmp_path / "3", "x\na\nb\n", "#+ ordered: true\n" + rq).passed


def test_columns_that_differ(tmp_path: Path) -> None:
    found = outcome(tmp_path / "garden", "what,who\nsociety,rose\n")
    assert (found.passed, found.message) == (False, "the columns are who, what; expected what, who")


def test_cells_that_are_not_bound_or_hold_commas(tmp_path: Path) -> None:
    rq = "SELECT ?x ?y { VALUES (?x ?y) { ('a, \"b\"' UNDEF) ('c\\nd' 'e') } }\n"
    assert outcome(tmp_path / "garden", 'x,y\n"a, ""b""",\n"c\nd",e\n', rq).passed


def test_truth_is_expected_too(tmp_path: Path) -> None:
    assert outcome(tmp_path / "1", "answer\ntrue\n", "ASK { :rose ?p ?o }\n").passed
    assert outcome(tmp_path / "2", "answer\nFALSE\n", "ASK { :rose ?p 987654 }\n").passed
    found = outcome(tmp_path / "3", "answer\nfalse\n", "ASK { :rose ?p ?o }\n")
    assert (found.passed, found.message, found.diff) == (False, "the answer differs", ("- false", "+ true"))


def test_what_is_no_test_fails(tmp_path: Path) -> None:
    assert outcome(tmp_path / "1", None).message == "no expected rows; write q.csv"
    assert (
        outcome(tmp_path / "2", "a\n", "CONSTRUCT WHERE { ?s ?p ?o }\n").message == "a question is a SELECT or an ASK"
    )
    needs = outcome(tmp_path / "3", "a\n", "SELECT ?a { ?_who_iri ?p ?a }\n")
    assert (needs.passed, needs.message) == (False, 'the question "q" needs a value: who=...')


def test_only_some_questions(tmp_path: Path) -> None:
    graph = garden(tmp_path / "garden", csv="who,what\nrose,society\n", **{"questions/a.rq": CHAIRS})
    assert [(found.question.name, found.passed) for found in run_all(graph)] == [("a", False), ("q", True)]
    assert [found.question.name for found in run_all(graph, ("q",))] == ["q"]


def test_prefixes_of_an_ontology_that_cannot_be_read_are_no_problem_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    broken = {"ontology/garden.ttl": "gar:Person a"}
    assert found_in(garden(Path("garden"), **broken)) == []
    assert [each.code for each in found_in(garden(Path("garden"), "SELECT ?x { ?x ?y", **broken))] == ["Q010"]
    assert [each.code for each in found_in(garden(Path("garden"), CHAIRS.replace("gar:", "graf:")))] == ["Q010"]
