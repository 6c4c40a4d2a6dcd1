"""The SHACL shapes beside an ontology: each result points to where the data was written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import onrecord
from golden_files import assert_golden
from inline import render
from onrecord.errors import Problem
from onrecord.files import shown_path
from small_graph import ENTITIES, LETTER, write_graph

HEAD = """\
@prefix gar: <https://example.org/garden-terms#> .
@prefix onr: <https://w3id.org/onrecord/ns#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def shape(target: str, path: str, constraint: str, severity: str = "") -> str:
    return (
        f"{HEAD}gar:Shape a sh:NodeShape ; sh:targetClass {target} ; sh:property gar:Shape-it .\n"
        f'gar:Shape-it a sh:PropertyShape ; sh:path {path} ; {constraint} ; sh:message "in plain words"{severity} .\n'
    )


CASES = {
    "S001-entity": shape("gar:Plot", "skos:altLabel", "sh:minCount 1"),
    "S001-value": shape("gar:Person", "gar:chairs", "sh:class gar:Plot"),
    "S001-literal": shape("gar:Person", "skos:altLabel", 'sh:pattern "^R"'),
    "S001-source": shape("onr:Source", "dcterms:title", "sh:maxLength 22"),
    "S001-statement": shape("onr:Statement", "onr:hedge", "sh:minCount 1", " ; sh:severity sh:Warning"),
    "S001-proposition": shape("onr:Proposition", "rdf:predicate", "sh:hasValue gar:tends", " ; sh:severity sh:Info"),
    "S001-class": shape("rdfs:Class", "rdfs:comment", "sh:minCount 1").replace(
        "sh:targetClass rdfs:Class", "sh:targetNode gar:Plot"
    ),
    "S002": "@prefix sh: <http://www.w3.org/ns/shacl#> .\nsh:NodeShape a sh:broken",
    "S002-misspelt": shape("gar:Plot", "skos:altLabel", "sh:minCuont 1"),
    "S002-value": shape("gar:Plot", "skos:altLabel", 'sh:pattern "plot ("'),
    "S004": shape("gar:Polt", "gar:tend", "sh:minCount 1"),
    "S003": shape("gar:Plot", "rdfs:label", "sh:minCount 1").replace("gar:Shape-it .", "gar:Shape-it ; sh:rule [] ."),
}


def check(folder: Path, shapes: str, **files: str) -> list[Problem]:
    return onrecord.open(write_graph(folder, **{"ontology/garden.shapes.ttl": shapes}, **files)).check()


@pytest.mark.parametrize("name", CASES)
def test_problem(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = [problem for problem in check(Path("garden"), CASES[name]) if problem.code[0] == "S"]
    assert {problem.code for problem in found} == {name[:4]}
    assert_golden(f"problems/{name}.txt", render(found))


def test_the_place_is_a_line_of_the_users_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = check(Path("garden"), CASES["S001-entity"])
    places = [str(problem.place) for problem in found if problem.code == "S001"]
    line = ENTITIES[: ENTITIES.index("- id: plot-7")].count("\n") + 1
    assert places == [f"garden/entities.yaml:{line}:3"]
    found = check(Path("other"), CASES["S001-statement"])
    places = [str(problem.place) for problem in found if problem.code == "S001"]
    lines = [number for number, text in enumerate(LETTER.split("\n"), 1) if text.startswith("  - ")]
    assert [place for place in places if "letter" in place] == [
        f"other/statements/letter.yaml:{line}:5" for line in lines
    ]


def test_a_proposition_stands_where_it_was_written_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    again = LETTER + "\n  - triple: [Rose Marsh, chairs, Garden Society]\n    quote: writes our chairwoman\n"
    shapes = shape("onr:Proposition", "rdf:predicate", "sh:not gar:IsChairs")
    shapes += "gar:IsChairs a sh:NodeShape ; sh:hasValue gar:chairs .\n"
    found = check(Path("garden"), shapes, **{"statements/letter.yaml": again})
    line = LETTER[: LETTER.index("  - triple: [Rose Marsh, chairs")].count("\n") + 1
    assert [str(problem.place) for problem in found if problem.code == "S001"] == [
        f"garden/statements/letter.yaml:{line}:5"
    ]


def test_a_speaker_of_a_source_has_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = check(Path("garden"), shape("onr:UnnamedSpeaker", "rdfs:comment", "sh:minCount 1"))
    assert [str(problem.place) for problem in found if problem.code == "S001"] == ["garden/statements/letter.yaml:8:7"]


def test_shapes_without_a_message_say_what_the_engine_says(tmp_path: Path) -> None:
    text = shape("gar:Plot", "skos:altLabel", "sh:minCount 1").replace(' ; sh:message "in plain words"', "")
    (message,) = [problem.message for problem in check(tmp_path / "garden", text) if problem.code == "S001"]
    assert message and "in plain words" not in message


def test_shapes_that_hold_are_silent(tmp_path: Path) -> None:
    assert [p.code for p in check(tmp_path / "garden", shape("gar:Plot", "rdfs:label", "sh:minCount 1"))] == ["E010"]


def test_what_is_only_expected_breaks_no_shape_of_facts(tmp_path: Path) -> None:
    """Shapes read direct triples; that Rose attends the show is only expected."""
    text = shape("gar:Person", "gar:attends", "sh:maxCount 0")
    assert "S001" not in [problem.code for problem in check(tmp_path / "garden", text)]


@pytest.mark.parametrize("shapes", ["", "\ufeff" + CASES["S001-entity"], "garbage <<<", "\x00"])
def test_any_shape_file_gives_problems_and_no_crash(shapes: str, tmp_path: Path) -> None:
    check(tmp_path / "garden", shapes)


def test_shapes_that_are_no_file_are_not_passed_over(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "garden")
    os.mkfifo(folder / "ontology" / "garden.shapes.ttl")
    found = [problem for problem in onrecord.open(folder).check() if problem.code == "P003"]
    assert [problem.place.file for problem in found] == [shown_path(folder / "ontology" / "garden.shapes.ttl")]
