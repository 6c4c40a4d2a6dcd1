"""Owns the tests of what ``onrecord query --why`` and ``onrecord ask`` do with their options."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onrecord.cli import main

CHAIRS = "SELECT ?who { ?who gar:chairs ?what }"


@pytest.fixture
def folder(graph_folder: Path) -> Path:
    (graph_folder / "questions").mkdir()
    (graph_folder / "questions" / "chair.rq").write_text("SELECT ?who { ?who gar:chairs ?_what_iri }", "utf-8")
    return graph_folder


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def refusal(*words: str | Path) -> str:
    found = call(*words)
    assert (found.exit_code, found.stdout) == (2, "")
    return found.stderr.strip().splitlines()[-1]


def test_why_in_a_file_is_what_is_printed(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "why.txt"
    assert call("query", folder, CHAIRS, "--why", "1", "-o", out).stdout == ""
    assert out.read_text("utf-8") == call("query", folder, CHAIRS, "--why", "1").stdout
    assert out.read_text("utf-8").startswith("who = Rose Marsh\n└─ Rose Marsh chairs ")


def test_why_as_json(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "why.json"
    printed = call("query", folder, CHAIRS, "--why", "1", "--format", "json").stdout
    assert json.loads(printed)["row"] == [["who", "Rose Marsh"]]
    call("query", folder, CHAIRS, "--why", "1", "--format", "json", "-o", out)
    assert out.read_text("utf-8") == printed


def test_why_keeps_to_the_limits(folder: Path) -> None:
    found = call("query", folder, "SELECT ?who { ?who a ?type }", "--why", "1", "--max-rows", "1")
    assert found.exit_code == 1 and "more than 1 row" in found.stderr


def test_a_problem_of_why_names_the_file(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "paths.rq"
    file.write_text("SELECT ?who { ?who gar:chairs+ ?what }", "utf-8")
    assert f"{file}:1:30: Q005 " in call("query", folder, file, "--why", "1").stderr


def test_why_refuses_what_it_does_not_print(folder: Path) -> None:
    why = ("query", folder, CHAIRS, "--why", "1")
    assert (
        refusal(*why, "--format", "csv") == "Error: --why goes without --format csv; it prints text, or --format json"
    )
    assert refusal(*why, "--ids") == "Error: --why goes without --ids; it prints text, or --format json"


def test_a_parameter_is_given_once(folder: Path) -> None:
    assert call("ask", folder, "chair", "what=Garden Society").exit_code == 0
    assert refusal("ask", folder, "chair", "what=plot 7", "what=Garden Society") == (
        'Error: "what" is given twice; write it once'
    )


def test_the_list_of_questions_refuses_what_goes_with_one(folder: Path, tmp_path: Path) -> None:
    tail = "goes with NAME; questions are listed as text, or with --format json"
    assert refusal("ask", folder, "-o", tmp_path / "out.csv") == f"Error: -o {tail}"
    assert refusal("ask", folder, "--format", "csv") == f"Error: --format csv {tail}"
    assert refusal("ask", folder, "--ids") == f"Error: --ids {tail}"
    assert call("ask", folder, "--format", "table").exit_code == 0
