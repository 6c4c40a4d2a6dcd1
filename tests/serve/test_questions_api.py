"""``/api``: the graph's questions over HTTP, and their description."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from serving import Server

ROSE, BASIL = "https://example.org/garden/entity/rose", "https://example.org/garden/entity/basil"


def values(given: object) -> list[str]:
    return [row["who"]["value"] for row in given["results"]["bindings"]]  # type: ignore[index]


def test_the_list_of_questions(garden: Server) -> None:
    found = {question["name"]: question for question in garden.get("/api/questions").json["questions"]}
    assert sorted(found) == ["as-triples", "at-the-show", "on-record-by", "who-tends"]
    assert found["who-tends"]["title"] == "Who tends a plot?"
    assert found["who-tends"]["href"] == "/api/questions/who-tends"
    (plot,) = found["who-tends"]["parameters"]
    assert (plot["name"], plot["required"], plot["default"]) == ("plot", False, "plot 7")
    (day,) = found["on-record-by"]["parameters"]
    assert (day["required"], day["takes"]) == (True, "an xsd:date")


def test_a_question_is_answered(garden: Server) -> None:
    assert values(garden.get("/api/questions/who-tends").json) == [BASIL]
    assert values(garden.get("/api/questions/who-tends", plot="plot-7").json) == [BASIL]
    assert garden.get("/api/questions/who-tends", format="csv").text == f"who\r\n{BASIL}\r\n"
    assert garden.get("/api/questions/who-tends", "text/csv").text == f"who\r\n{BASIL}\r\n"


def test_a_question_keeps_its_lens(garden: Server) -> None:
    assert values(garden.get("/api/questions/at-the-show").json) == [ROSE]
    assert garden.rows("SELECT ?who WHERE { ?who gar-q:attends ?p }") == []


def test_a_question_that_gives_a_graph(garden: Server) -> None:
    given = garden.get("/api/questions/as-triples", who="Basil Thorn")
    assert (given.status, given.headers["content-type"]) == (200, "text/turtle; charset=utf-8")
    assert garden.get("/api/questions/as-triples", "text/csv").status == 406


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("nobody-asks", 404, "there is no such question; /api/questions lists them"),
        ("who-tends?bed=1", 400, 'this question has no parameter "bed"; it has: plot'),
        ("who-tends?plot=a&plot=b", 400, 'the parameter "plot" is given twice'),
        ("who-tends?plot=plot+8", 400, 'plot: nothing is called "plot 8"; did you mean "plot", "plot 7" or "plan"?'),
        ("who-tends?plot=%00", 400, 'the value of "plot" holds a NUL character'),
        ("who-tends?plot=%FF", 400, "the query string is not UTF-8 in percent encoding"),
        ("who-tends?format=doc", 400, "format=doc is none of: json, xml, csv, tsv"),
        ("on-record-by", 400, 'the question "on-record-by" needs a value: day=...'),
        ("on-record-by?day=June", 400, 'day: "June" is no xsd:date'),
    ],
)
def test_what_is_wrong_is_said(garden: Server, path: str, status: int, text: str) -> None:
    given = garden.get(f"/api/questions/{path}")
    assert (given.status, given.text, given.headers["content-type"]) == (
        status,
        f"{text}\n",
        "text/plain; charset=utf-8",
    )


def test_a_value_cannot_become_part_of_the_query(garden: Server) -> None:
    for value in ('2024-06-05" . ?a ?b ?c . "', "<urn:x> } ; CLEAR ALL #", "> ?x ?y . <urn:x"):
        assert garden.get("/api/questions/on-record-by", day=value).status == 400
        assert garden.get("/api/questions/who-tends", plot=value).status == 400


def test_the_api_is_described(garden: Server) -> None:
    found = garden.get("/openapi.json").json
    assert found["openapi"] == "3.1.0"
    assert {"/sparql", "/graphs", "/health", "/api/questions", "/api/questions/who-tends"} <= set(found["paths"])
    (plot, format_) = found["paths"]["/api/questions/who-tends"]["get"]["parameters"]
    assert (plot["name"], plot["schema"]["default"], format_["schema"]["enum"]) == (
        "plot",
        "plot 7",
        ["json", "xml", "csv", "tsv"],
    )
    page = garden.get("/api", "text/html").text
    assert '<form action="/api/questions/who-tends" method="get">' in page
    assert "://" not in page


@pytest.mark.slow
def test_schemathesis_finds_nothing(garden: Server, tmp_path: Path) -> None:
    """Every operation of the description with valid and invalid calls; what comes back is as described."""
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{garden.address}openapi.json",
        "--max-examples=40",
        "--seed=7",
        "--checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
        "unsupported_method,missing_required_header,negative_data_rejection",
        "--request-timeout=20",
        "--no-color",
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "", "HOME": str(tmp_path)}
    run = subprocess.run(command, capture_output=True, text=True, timeout=400, cwd=tmp_path, env=environment)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-1000:]
    assert json.loads(garden.get("/health").body)["status"] == "ok"
