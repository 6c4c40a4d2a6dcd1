"""Answers that are printed while they come: the same rows, and never a part that passes for the whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import onrecord
from onrecord.cli import main
from onrecord.cli.render import echo_table
from test_worker import PRODUCT

NUMBERS = "VALUES ?n { 3 1 2 4 }"
ROWS = f"SELECT ?n ?t {{ {NUMBERS} BIND(CONCAT('row ', STR(?n)) AS ?t) }}"
ENDLESS = f"SELECT ?a ?d ?g {{ {PRODUCT} }}"


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_json_lines_are_the_rows_of_json(graph_folder: Path) -> None:
    query = "SELECT ?who ?name ?none { ?who rdfs:label ?name ; a gar:Person }"
    lines = call("query", graph_folder, query, "--format", "jsonl").stdout.splitlines()
    whole = json.loads(call("query", graph_folder, query, "--format", "json").stdout)
    assert [json.loads(line) for line in lines] == whole["results"]["bindings"]
    assert len(lines) == 2
    assert call("query", graph_folder, "ASK {}", "--format", "jsonl").stdout == "true\n"


@pytest.mark.parametrize("format_", ["csv", "tsv", "json", "jsonl", "xml"])
def test_what_breaks_off_says_so(graph_folder: Path, format_: str) -> None:
    found = call("query", graph_folder, ENDLESS, "--format", format_, "--max-rows", "5000")
    assert found.exit_code == 1
    assert "the answer has more than 5,000 rows" in found.stderr


@pytest.mark.parametrize("format_", ["csv", "nt", "sheet", "ttl"])
def test_no_file_is_left_of_what_broke_off(graph_folder: Path, tmp_path: Path, format_: str) -> None:
    query = ENDLESS if format_ in ("csv", "sheet") else f"CONSTRUCT {{ ?a ?e ?i }} {{ {PRODUCT} }}"
    target = tmp_path / "rows"
    found = call("query", graph_folder, query, "--format", format_, "--max-rows", "200", "-o", target)
    assert (found.exit_code, found.stdout, list(tmp_path.glob("rows*"))) == (1, "", [])


def test_a_long_graph_is_written_as_it_comes(graph_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyoxigraph as ox

    query = "CONSTRUCT WHERE { ?s rdfs:label ?o }"
    short = call("query", graph_folder, query).stdout
    monkeypatch.setattr("onrecord.cli.query.SORTED_BYTES", 10)
    for name, format_ in (("ttl", ox.RdfFormat.TURTLE), ("jsonld", ox.RdfFormat.JSON_LD)):
        long = call("query", graph_folder, query, "--format", name).stdout
        assert long != short
        assert {*map(str, ox.parse(long, format_))} == {*map(str, ox.parse(short, ox.RdfFormat.TURTLE))}


def test_a_long_answer_keeps_its_order_and_is_read_block_by_block(
    graph_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    garden = onrecord.open(graph_folder)
    query = f"SELECT ?n ?none {{ {NUMBERS} }}"
    assert garden.query(query).values() == [("1", None), ("2", None), ("3", None), ("4", None)]
    monkeypatch.setattr("onrecord.answers.SORTED_ROWS", 2)
    monkeypatch.setattr("onrecord.answers._BLOCK", 3)
    found = garden.query(query)
    assert found.values() == [("3", None), ("1", None), ("2", None), ("4", None)]
    assert found.values() == [*found.texts()]
    assert [term.value for (term, _) in found.rows[1:3] if term] == ["1", "2"]
    assert found.rows[-1][0] == found.rows[3][0]
    assert [*reversed(found.rows)] == [*found.rows][::-1] == [*found.rows[::-1]]
    assert len(garden.query("SELECT * {}").rows) == 1 and [*garden.query("SELECT * {}").rows] == [()]


def test_the_first_rows_decide_how_wide_a_long_table_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("onrecord.cli.render.WIDTH_ROWS", 2)
    echo_table(["a", "b"], iter([["1", "one"], ["2", "two"], ["3", "three"], ["4", "four"], ["5", "5"]]))
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "a   b",
        "───────",
        "1   one",
        "2   two",
        "3   thr",
        "    ee",
        "4   fou",
        "    r",
        "5   5",
    ]


def test_a_query_on_a_fresh_build_reads_no_statements(graph_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    query = "SELECT ?st ?p ?o { ?st onr:proposition ?about . ?about ?p ?o ; rdf:subject :rose }"
    from_files = call("query", graph_folder, query).stdout
    assert len(from_files.splitlines()) > 2
    onrecord.open(graph_folder).build()

    def read(*_: object) -> object:
        raise AssertionError("the statements are read")

    monkeypatch.setattr("onrecord.build.load", read)
    assert call("query", graph_folder, query).stdout == from_files
