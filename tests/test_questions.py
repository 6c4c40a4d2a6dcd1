"""Questions kept with a graph: their headers, their parameters, and the rows that they must give."""

from __future__ import annotations

from pathlib import Path

import pytest

import onrecord
from golden_files import assert_golden
from inline import BASE, render
from onrecord.errors import OnRecordError, QuerySyntaxError
from onrecord.graph import Graph
from onrecord.lens import Lens
from onrecord.questions import Question, resolve_name
from onrecord.trials import run_all
from small_graph import ENTITIES, LETTER, write_graph

CHAIRS = "SELECT ?who ?what { ?who gar:chairs ?what }\n"


def garden(folder: Path, rq: str = CHAIRS, csv: str | None = None, **files: str) -> Graph:
    """The garden with one question, ``q``."""
    more: dict[str, str | None] = {"questions/q.rq": rq, "questions/q.csv": csv, **files}
    return onrecord.open(write_graph(folder, **more))


def question(folder: Path, rq: str) -> Question:
    return garden(folder, rq).questions()["q"]


PROBLEMS: dict[str, dict[str, str]] = {
    "Q020-key": {"rq": "#+ titel: Who?\n" + CHAIRS},
    "Q020-header": {"rq": "#+ Who chairs what?\n" + CHAIRS},
    "Q020-text": {"rq": "#+ title: [a, b]\n" + CHAIRS},
    "Q020-flag": {"rq": "#+ ordered: yes\n" + CHAIRS},
    "Q020-status": {"rq": "#+ include: [expected, denied]\n" + CHAIRS},
    "Q020-day": {"rq": "#+ as of: 2024-13-01\n" + CHAIRS},
    "Q020-possibly": {"rq": "#+ possibly: true\n" + CHAIRS},
    "Q020-defaults": {"rq": "#+ defaults:\n#+   - who\nSELECT * { ?_who_iri ?p ?o }\n"},
    "Q020-default-of-none": {"rq": "#+ defaults:\n#+   - whom: Rose\nSELECT * { ?_who_iri ?p ?o }\n"},
    "Q020-default-far": {"rq": "#+ defaults:\n#+   - zzz: Rose\n" + CHAIRS},
    "Q020-default-list": {"rq": "#+ defaults:\n#+   - who: [a, b]\nSELECT * { ?_who_iri ?p ?o }\n"},
    "Q021": {"questions/rows.csv": "a,b\n"},
    "Q022-ragged": {"csv": "who,what\nrose,society\nrose\n"},
    "Q022-empty": {"csv": "\n"},
    "Q022-quote": {"csv": 'who,what\nrose,"society\n'},
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_problem(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    graph = garden(Path("garden"), **{"csv": "who,what\n", **PROBLEMS[name]})
    found = [problem for problem in graph.check() if problem.code[0] == "Q"]
    assert [problem.code for problem in found] == [name[:4]]
    assert_golden(f"problems/{name}.txt", render(found))


HEADER = """\
#+ title: Who tends what?
#+ description: Gardeners and plots
#+ defaults:
#+   - who: Basil Thorn
#+   - day: 2024-06-01
#+ include: [expected, planned]
#+ as of: 2024-06-09
#+ valid at: 2024-06-10
#+ possibly: true
#+ ordered: true
# an ordinary comment that speaks of ?_nothing_iri
SELECT ?what { ?_who_iri gar:tends ?what . BIND(?_day_date AS ?d) BIND('?_neither' AS ?x) }
"""


def test_a_header(tmp_path: Path) -> None:
    found = question(tmp_path / "garden", HEADER)
    assert (found.name, found.title, found.description) == ("q", "Who tends what?", "Gardeners and plots")
    assert found.defaults == {"who": "Basil Thorn", "day": "2024-06-01"}
    assert found.parameters == {"who": ("_who_iri",), "day": ("_day_date",)}
    assert found.lens.include == frozenset({"expected", "planned"})
    assert (str(found.lens.as_of), str(found.lens.valid_at), found.lens.possibly) == ("2024-06-09", "2024-06-10", True)
    assert found.ordered and found.expected is None


def test_a_question_needs_no_header(tmp_path: Path) -> None:
    found = question(tmp_path / "garden", CHAIRS)
    assert (found.title, found.description, found.lens, found.ordered) == ("q", "", Lens(), False)


def test_questions_in_folders_and_a_graph_without_any(tmp_path: Path) -> None:
    assert onrecord.open(write_graph(tmp_path / "none")).questions() == {}
    graph = garden(tmp_path / "garden", **{"questions/more/deep.rq": CHAIRS})
    assert sorted(graph.questions()) == ["deep", "q"]


BY_NAME = "#+ defaults:\n#+   - who: Rose Marsh\nSELECT ?p { ?_who_iri ?p :society }\n"


@pytest.mark.parametrize(
    "name", ["Rose Marsh", "Rose", "Mrs Marsh", "rose", ":rose", f"<{BASE}entity/rose>"], ids=lambda name: name[:12]
)
def test_an_entity_is_asked_for_by_any_of_its_names(tmp_path: Path, name: str) -> None:
    graph = garden(tmp_path / "garden", BY_NAME)
    assert len(graph.ask("q", who=name)) == len(graph.ask("q")) >= 1
    assert len(graph.ask("q", who="Basil Thorn")) == 0


def test_properties_classes_and_speakers_have_names_too(tmp_path: Path) -> None:
    graph = garden(tmp_path / "garden", "SELECT ?s ?o { ?s ?_verb_iri ?o . ?s a ?_kind_iri }\n")
    assert len(graph.ask("q", verb="tends", kind="person")) == 0  # a speaker said so: no fact
    assert len(graph.ask("q", verb="gar:chairs", kind="person")) == 1
    assert len(graph.ask("q", verb="rdf:type", kind="plot")) == 1
    by = garden(tmp_path / "other", "SELECT ?s { ?s onr:saidBy ?_who_iri ; onr:status ?_how_iri }\n")
    assert len(by.ask("q", who="a neighbour", how="stated")) == 1
    assert len(by.ask("q", who="a neighbour", how="onr:expected")) == 0
    assert len(by.ask("q", who="a neighbour", how="https://w3id.org/onrecord/ns#stated")) == 1


TYPED = "SELECT (?_v_{0} AS ?x) (DATATYPE(?_v_{0}) AS ?d) (LANG(?_v_{0}) AS ?l) {{}}\n"


@pytest.mark.parametrize(
    ("kind", "value", "datatype", "language"),
    [
        ("date", "2024-06-01", "date", ""),
        ("integer", "007", "integer", ""),
        ("decimal", "1.50", "decimal", ""),
        ("boolean", "true", "boolean", ""),
        ("dateTime", "2024-06-01T10:00:00Z", "dateTime", ""),
        ("gYear", "2024", "gYear", ""),
        ("anyURI", "urn:x", "anyURI", ""),
        ("string", 'say "hi"\\ \n', "string", ""),
        ("en", "plot", None, "en"),
    ],
)
def test_types_of_parameters(tmp_path: Path, kind: str, value: str, datatype: str | None, language: str) -> None:
    (row,) = garden(tmp_path / "garden", TYPED.format(kind)).ask("q", v=value).values()
    xsd = "http://www.w3.org/2001/XMLSchema#"
    expected = f"{xsd}{datatype}" if datatype else "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
    assert row[1:] == (expected, language)
    assert row[0] is not None and (row[0] == value or row[0].lstrip("0") == value.lstrip("0") or float(row[0]) == 1.5)


def test_a_plain_parameter_is_a_string_and_cannot_break_out(tmp_path: Path) -> None:
    graph = garden(tmp_path / "garden", "SELECT ?x { BIND(?_v AS ?x) }\n")
    evil = "' AS ?x) } SERVICE <http://127.0.0.1:9/> { \" #"
    assert graph.ask("q", v=evil).values() == [(evil,)]


def test_one_parameter_in_two_types(tmp_path: Path) -> None:
    graph = garden(tmp_path / "garden", "SELECT ?x ?p { BIND(?_v AS ?x) ?_v_iri ?p :society }\n")
    assert graph.questions()["q"].parameters == {"v": ("_v", "_v_iri")}
    assert {row[0] for row in graph.ask("q", v="rose").values()} == {"rose"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, 'the question "q" needs a value: who=...'),
        ({"who": "Rosa Marsh"}, 'who: nothing is called "Rosa Marsh"; did you mean "Rose Marsh"'),
        ({"who": "zzqqzz"}, 'who: nothing is called "zzqqzz"'),
        ({"who": ":zzqqzz"}, 'who: nothing is called ":zzqqzz"'),
        ({"who": "<zz qq>"}, 'who: nothing is called "<zz qq>"'),
        ({"who": "Rose", "whom": "x"}, 'the question "q" has no parameter "whom"; did you mean "who"?'),
        ({"who": "Rose", "zzz": "x"}, 'the question "q" has no parameter "zzz"; it has: who, day'),
        ({"who": "Rose", "day": "2024-02-30"}, 'day: "2024-02-30" is no xsd:date'),
        ({"who": "Rose", "day": "soon"}, 'day: "soon" is no xsd:date'),
    ],
)
def test_a_parameter_that_means_nothing_is_refused(tmp_path: Path, given: dict[str, str], message: str) -> None:
    rq = "#+ defaults:\n#+   - day: 2024-06-01\nSELECT * { ?_who_iri ?p ?_day_date }\n"
    with pytest.raises(OnRecordError) as caught:
        garden(tmp_path / "garden", rq).ask("q", **given)
    assert str(caught.value).startswith(message)
    if not message.endswith('"Rose Marsh"'):
        assert str(caught.value) == message


def test_an_ambiguous_name_lists_the_choices(tmp_path: Path) -> None:
    more = ENTITIES + "\n- id: rose-2\n  label: Rose Field\n  type: person\n  aliases: [Rose]\n"
    graph = garden(tmp_path / "garden", BY_NAME, **{"entities.yaml": more})
    with pytest.raises(OnRecordError) as caught:
        graph.ask("q", who="Rose")
    assert str(caught.value) == 'who: 2 things are called "Rose"; write "rose" or "rose-2"'
    assert len(graph.ask("q", who="rose")) >= 1


def test_an_unknown_question(tmp_path: Path) -> None:
    graph = garden(tmp_path / "garden", **{"questions/who-tends.rq": CHAIRS})
    for call in (lambda: graph.ask("who-tend"), lambda: run_all(graph, ("who-tend",))):
        with pytest.raises(OnRecordError, match='there is no question "who-tend"; did you mean "who-tends"'):
            call()
        with pytest.raises(OnRecordError, match='there is no question "zzzz"; see  onrecord ask GRAPH'):
            graph.ask("zzzz")


def test_a_mistake_is_shown_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    graph = garden(Path("garden"), "#+ title: x\n\nSELECT ?who {\n  ?who gar:chairs ?what ?x .\n}\n", "who\nrose\n")
    with pytest.raises(QuerySyntaxError) as caught:
        graph.ask("q")
    assert str(caught.value.problem.place) == "garden/questions/q.rq:4:25"
    (outcome,) = graph.test()
    assert not outcome.passed
    assert outcome.message == 'garden/questions/q.rq:4:25: "?x" cannot stand here'


def test_the_lens_of_the_header_is_used(tmp_path: Path) -> None:
    plain = {"statements/letter.yaml": LETTER.replace("    for: Garden Society\n", "")}
    rq = "SELECT ?who { ?who gar:attends ?what }\n"
    assert garden(tmp_path / "a", rq, "who\n", **plain).test()[0].passed
    assert garden(tmp_path / "b", "#+ include: expected\n" + rq, "who\nRose\n", **plain).test()[0].passed
    assert (
        garden(tmp_path / "c", "#+ include: [expected]\n#+ as of: 2024-05-01\n" + rq, "who\n", **plain).test()[0].passed
    )


def test_resolve_name(graph_folder: Path) -> None:
    graph = onrecord.open(graph_folder)
    assert resolve_name(graph.names, "Rose") == f"{BASE}entity/rose"
    assert resolve_name(graph.names, "tended") == "https://example.org/garden-terms#tends"
    assert resolve_name(graph.names, "bed") == "https://example.org/garden-terms#Plot"
    assert resolve_name(graph.names, "expected") == "https://w3id.org/onrecord/ns#expected"
    assert resolve_name(graph.names, "gar:anything") == "https://example.org/garden-terms#anything"
    assert resolve_name(graph.names, "urn:x") == "urn:x"
    assert resolve_name(graph.names, "no such name") is None
