"""What the commands print: counts, JSON, tables, formats, annotations; and pipes that close early."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result

import onrecord
from inline import BASE
from onrecord.cli import main, render
from onrecord.cli.render import folded, plural
from onrecord.errors import Place, Problem
from small_graph import LETTER, write_graph


def call(*words: str) -> Result:
    found = CliRunner().invoke(main, list(words))
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


@pytest.fixture
def here(graph_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The garden is ``garden`` in the working directory."""
    monkeypatch.chdir(tmp_path)
    return graph_folder


# check


def test_counts_are_always_printed(here: Path) -> None:
    found = call("check", "garden")
    assert found.exit_code == 0
    assert found.stderr == (
        "quotes: 5 checked, 5 passed, 0 skipped (4 exact, 1 normalised)\n"
        "garden: 5 statements in 2 files, 0 questions, 0 errors, 1 warning, 0 remarks\n"
    )
    assert found.stdout.startswith("garden/evidence.lock: warning E010 the lock is behind: 5 quotes")


def test_counts_of_a_clean_graph(here: Path) -> None:
    assert call("check", "garden", "--update-lock").exit_code == 0
    found = call("check", "garden")
    assert (found.exit_code, found.stdout) == (0, "")
    assert found.stderr == (
        "quotes: 5 checked, 5 passed, 0 skipped (4 exact, 1 normalised)\n"
        "garden: 5 statements in 2 files, 0 questions, 0 errors, 0 warnings, 0 remarks\n"
    )
    (here / "sources" / "letter.txt").unlink()
    assert call("check", "garden").stderr.startswith(
        "quotes: 5 checked, 5 passed, 0 skipped (4 exact, 1 normalised); 3 by evidence.lock\n"
    )


def test_counts_where_nothing_could_be_looked_for(here: Path) -> None:
    for path in (here / "sources").iterdir():
        path.unlink()
    found = call("check", "garden")
    assert found.exit_code == 0
    assert "quotes: 5 checked, 0 passed, 5 skipped (5 text missing)\n" in found.stderr
    assert call("check", "garden", "--strict").exit_code == 1


def test_counts_of_an_empty_graph(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "empty", **{"statements/letter.yaml": None, "statements/minutes.yaml": None})
    assert "quotes: 0 checked, 0 passed, 0 skipped\nempty: 0 statements in 0 files" in call("check", str(folder)).stderr


def broken(here: Path) -> None:
    text = LETTER.replace("Rose Marsh, chairs", "Rosalind, chairs").replace("status: expected", "status: expectd")
    (here / "statements" / "letter.yaml").write_text(text)


def test_problems_and_the_exit_code(here: Path) -> None:
    broken(here)
    found = call("check", "garden")
    assert found.exit_code == 1
    assert found.stdout.startswith(
        "garden/evidence.lock: warning E010 the lock is behind: 5 quotes verified now are not in it as found\n"
    )
    assert (
        'garden/statements/letter.yaml:12:14: R001 no entity is called "Rosalind"\n'
        "    - triple: [Rosalind, chairs, Garden Society]\n"
        "               ^^^^^^^^\n"
    ) in found.stdout
    assert "2 errors, 1 warning, 0 remarks" in found.stderr


def test_json_of_a_check(here: Path) -> None:
    broken(here)
    found = call("check", "garden", "--json")
    data = json.loads(found.stdout)
    assert (found.exit_code, found.stderr) == (1, "")
    assert data["graph"] == "garden"
    assert data["counts"] == {"error": 2, "warning": 1, "info": 0, "files": 2, "statements": 5, "questions": 0}
    assert data["quotes"] == {
        "checked": 5,
        "passed": 5,
        "skipped": 0,
        "verdicts": {"exact": 4, "normalised": 1},
    }
    assert data["problems"][1] == {
        "code": "R001",
        "severity": "error",
        "file": "garden/statements/letter.yaml",
        "line": 12,
        "column": 14,
        "length": 8,
        "message": 'no entity is called "Rosalind"',
        "fix": data["problems"][1]["fix"],
    }


def test_annotations_for_github(here: Path) -> None:
    broken(here)
    (here / "entities.yaml").write_text((here / "entities.yaml").read_text() + "- id: a%2C\n  label: x\n  type: plot\n")
    found = call("check", "garden", "--format", "github")
    lines = found.stdout.splitlines()
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    assert (
        "::error file=garden/statements/letter.yaml,line=12,col=14,title=R001::"
        'no entity is called "Rosalind"%0Afix: ' in found.stdout
    )
    assert "::warning file=garden/evidence.lock,title=E010::" in found.stdout
    assert '"a%252C" cannot be an id' in found.stdout
    assert found.exit_code == 1


# query


QUERY = "SELECT ?who ?name { ?who a gar:Person ; rdfs:label ?name } ORDER BY ?who"


def test_the_table(here: Path) -> None:
    lines = [line.split() for line in call("query", "garden", QUERY, "--ids").stdout.splitlines()]
    assert lines[0] == ["who", "name"] and lines[2:] == [[":basil", "Basil", "Thorn"], [":rose", "Rose", "Marsh"]]


def test_markdown(here: Path) -> None:
    markdown = call("query", "garden", QUERY, "--format", "md", "--ids").stdout
    assert markdown == "| who | name |\n| --- | --- |\n| :basil | Basil Thorn |\n| :rose | Rose Marsh |\n"
    odd = call("query", "garden", r"SELECT ?x { BIND('a|b\nc' AS ?x) }", "--format", "md")
    assert odd.stdout == "| x |\n| --- |\n| a\\|b c |\n"


def test_the_formats_of_rows(here: Path) -> None:
    rows = list(csv.reader(io.StringIO(call("query", "garden", QUERY, "--format", "csv").stdout, newline="")))
    assert rows == [["who", "name"], [f"{BASE}entity/basil", "Basil Thorn"], [f"{BASE}entity/rose", "Rose Marsh"]]
    data = json.loads(call("query", "garden", QUERY, "--format", "json").stdout)
    assert [row["name"]["value"] for row in data["results"]["bindings"]] == ["Basil Thorn", "Rose Marsh"]
    for name, format_ in (("tsv", ox.QueryResultsFormat.TSV), ("xml", ox.QueryResultsFormat.XML)):
        body = call("query", "garden", QUERY, "--format", name).stdout
        found = ox.parse_query_results(body, format_)
        assert isinstance(found, ox.QuerySolutions)
        assert [str(row["name"]) for row in found] == ['"Basil Thorn"@en', '"Rose Marsh"@en']


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("ttl", ox.RdfFormat.TURTLE),
        ("nt", ox.RdfFormat.N_TRIPLES),
        ("jsonld", ox.RdfFormat.JSON_LD),
        ("rdf", ox.RdfFormat.RDF_XML),
    ],
)
@pytest.mark.parametrize("query", ["CONSTRUCT { ?who gar:is ?name } { ?who rdfs:label ?name }", "DESCRIBE :rose"])
def test_the_formats_of_graphs(here: Path, name: str, format_: ox.RdfFormat, query: str) -> None:
    found = {str(quad.triple) for quad in ox.parse(call("query", "garden", query, "--format", name).stdout, format_)}
    plain = {
        str(quad.triple)
        for quad in ox.parse(call("query", "garden", query, "--format", "nt").stdout, ox.RdfFormat.N_TRIPLES)
    }
    assert found == plain != set()


def test_turtle_is_what_a_graph_is_shown_in(here: Path) -> None:
    assert "gar:leads :society" in call("query", "garden", "CONSTRUCT { ?a gar:leads ?b } { ?a gar:chairs ?b }").stdout


@pytest.mark.parametrize("format_", [None, "table", "md", "json", "csv"])
def test_truth(here: Path, format_: str | None) -> None:
    options = ["--format", format_] if format_ else []
    found = call("query", "garden", "ASK { :rose ?p ?o }", *options)
    assert found.exit_code == 0 and "true" in found.stdout
    assert call("query", "garden", "ASK { :rose ?p 987654 }").stdout == "false\n"


def test_output_goes_to_a_file(here: Path, tmp_path: Path) -> None:
    found = call("query", "garden", QUERY, "--format", "csv", "-o", "deep/rows.csv")
    assert found.stdout == ""
    assert (tmp_path / "deep" / "rows.csv").read_text().startswith("who,name")
    call("query", "garden", QUERY, "-o", "rows.md")
    assert (tmp_path / "rows.md").read_text().startswith("| who | name |")
    assert call("query", "garden", QUERY, "--format", "csv", "-o", "-").stdout.startswith("who,name")


EVIL = r"SELECT ?x { BIND('\u001B[31mred\u202E \u0007' AS ?x) }"


def test_what_a_terminal_would_obey_is_shown_as_an_escape(here: Path) -> None:
    for format_ in ("table", "md"):
        shown = call("query", "garden", EVIL, "--format", format_).stdout
        assert r"\x1b[31mred\u202e \x07" in shown
        assert not {"\x1b", "\u202e", "\x07"} & set(shown)
    variable = call("query", "garden", "ASK { ?a ?b '\x1b[31m }")
    assert "\x1b" not in variable.stderr
    assert "\x1b" not in call("query", "garden", "ASK {}", "--source", "\x1b[31m").stderr


def test_the_lens_options_reach_the_query(here: Path) -> None:
    count = "SELECT (COUNT(*) AS ?n) { ?s a onr:Statement }"

    def statements(*options: str) -> str:
        return call("query", "garden", count, "--format", "csv", *options).stdout.split()[1]

    assert statements() == "5"
    assert statements("--as-of", "2024-06-01") == "3"
    assert statements("--source", "minutes") == "2"
    assert statements("--source", "minutes", "--source", "letter") == "5"
    assert statements("--valid-at", "2024-07-08") == "4"
    assert statements("--valid-at", "2024-07-08", "--possibly") == "4"


def test_names_that_nothing_has_are_warned_of(here: Path) -> None:
    found = call("query", "garden", "SELECT * { ?s gar:tend ?o }")
    assert found.exit_code == 0
    assert found.stderr.startswith("query:1:15: warning Q006 nothing is called gar:tend\n")


# ask and test


QUESTION = (
    "#+ title: Who chairs what?\n#+ defaults:\n#+   - what: society\nSELECT ?who { ?who gar:chairs ?_what_iri }\n"
)


def with_questions(here: Path, csv_text: str) -> None:
    (here / "questions").mkdir()
    (here / "questions" / "chairs.rq").write_text(QUESTION)
    (here / "questions" / "chairs.csv").write_text(csv_text)


def test_ask(here: Path) -> None:
    with_questions(here, "who\nRose\n")
    assert "Rose Marsh" in call("ask", "garden", "chairs").stdout
    assert call("ask", "garden", "chairs", "what=Garden Society", "--format", "csv").stdout.split() == [
        "who",
        f"{BASE}entity/rose",
    ]
    assert call("ask", "garden", "chairs", "what=plot 7", "--format", "csv").stdout.split() == ["who"]
    assert call("ask", "garden", "chairs", "--source", "minutes", "--format", "csv").stdout.split() == ["who"]
    listed = call("ask", "garden")
    assert "what=society" in listed.stdout and "Who chairs what?" in listed.stdout
    assert listed.stderr == "1 question\n"
    assert json.loads(call("ask", "garden", "--format", "json").stdout) == [
        {"question": "chairs", "title": "Who chairs what?", "description": "", "parameters": {"what": "society"}}
    ]


def test_test(here: Path) -> None:
    with_questions(here, "who\nRose\n")
    found = call("test", "garden")
    assert (found.exit_code, found.stdout) == (0, "ok   chairs: Who chairs what? (1 row)\n")
    assert found.stderr == "1 question passed, 0 failed\n"
    (here / "questions" / "chairs.csv").write_text("who\nBasil Thorn\n")
    found = call("test", "garden", "chairs")
    assert found.exit_code == 1
    assert found.stdout == (
        "FAIL chairs: Who chairs what? (the rows differ)\n       missing :basil\n       extra   :rose\n"
    )
    (data,) = json.loads(call("test", "garden", "--json").stdout)
    assert data == {
        "question": "chairs",
        "title": "Who chairs what?",
        "passed": False,
        "asked": True,
        "rows": 1,
        "message": "the rows differ",
        "diff": ["- :basil", "+ :rose"],
    }


def test_questions_that_cannot_be_read(here: Path) -> None:
    with_questions(here, "who\nRose,x\n")
    where = "garden/questions/chairs.csv:2:1"
    for words in (["ask", "garden"], ["ask", "garden", "chairs"]):
        found = call(*words)
        assert (found.exit_code, f"{where}: Q022" in found.stderr) == (1, True)
    assert call("ask", "garden", "chairs").stdout == ""
    found = call("test", "garden")
    assert found.exit_code == 1
    assert f"({where}: these expected rows are no table)" in found.stdout


# coverage


def test_coverage(here: Path) -> None:
    found = call("coverage", "garden")
    assert found.exit_code == 1
    assert "  1. [0-37] To all members of the Garden Society.\n" in found.stdout
    assert "       OPEN: no statement rests on this sentence\n" in found.stdout
    assert "       stated      Rose Marsh chairs Garden Society  (letter.yaml:12)\n" in found.stdout
    assert "news sentences covered" in found.stdout and "quotes take" in found.stdout
    only = call("coverage", "garden", "--open")
    assert "Rose Marsh chairs" not in only.stdout and "1. [0-37]" in only.stdout


def test_coverage_as_json(here: Path) -> None:
    found = call("coverage", "garden", "--json")
    letter, minutes = json.loads(found.stdout)
    assert (letter["source"], minutes["source"], found.stderr) == ("letter", "minutes", "")
    first = letter["sentences"][0]
    assert first["span"] == [0, 37] and first["words"] == "To all members of the Garden Society."
    assert letter["open"] == sum(not s["statements"] and not s["left_out"] for s in letter["sentences"])


def test_coverage_without_the_texts(here: Path) -> None:
    for path in (here / "sources").iterdir():
        path.rename(here.parent / path.name)
    found = call("coverage", "garden")
    assert (found.exit_code, found.stdout) == (0, "")
    assert found.stderr == "no text is at hand and evidence.lock knows of none\n"
    assert "To all members" in call("coverage", "garden", "--sources", ".").stdout
    call("check", "garden", "--update-lock", "--sources", ".")
    assert "letter  (text not at hand)\n  1. [0-37]\n" in call("coverage", "garden").stdout


def test_coverage_where_all_is_settled(here: Path) -> None:
    (here / "statements" / "minutes.yaml").unlink()
    text = LETTER.replace(
        "  speakers:", "  left out:\n    - quote: To all [...] yourselves\n      reason: the rest\n  speakers:"
    )
    (here / "statements" / "letter.yaml").write_text(text)
    found = call("coverage", "garden")
    assert (found.exit_code, "left out: the rest" in found.stdout) == (0, True)


# build and export


def test_build_prints_what_it_wrote(here: Path, tmp_path: Path) -> None:
    found = call("build", "garden")
    assert (found.exit_code, found.stdout) == (0, "")
    assert "  build/garden/garden.ttl  " in found.stderr
    manifest = json.loads(call("build", "garden", "--json").stdout)
    assert manifest["counts"]["statements"] == 5
    assert (tmp_path / "build" / "garden" / "store").is_dir()


def test_a_broken_graph_is_not_built(here: Path, tmp_path: Path) -> None:
    broken(here)
    found = call("build", "garden")
    assert (found.exit_code, found.stdout) == (1, "")
    assert found.stderr.endswith("garden: not built; 2 errors above\n")
    assert not (tmp_path / "build").exists()


def test_export(here: Path, tmp_path: Path) -> None:
    assert call("export", "garden").stdout.startswith("@prefix")
    assert call("export", "garden", "-o", "garden.nt").stdout == ""
    assert call("export", "garden", "--format", "nt").stdout == (tmp_path / "garden.nt").read_text()


# pipes


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which ``onrecord`` is this tool."""
    python = f"{sys.executable} -m onrecord"
    environment = {**os.environ, "PYTHONPATH": str(Path(onrecord.__file__).parents[1])}
    return subprocess.run(
        ["bash", "-c", re.sub(r"(?<!\S)onrecord(?!\S)", python, command, count=1)],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )


@pytest.mark.parametrize(
    "command",
    [
        "onrecord query garden 'SELECT * { ?s ?p ?o }' | true",
        "onrecord query garden 'SELECT * { ?s ?p ?o }' --format csv | true",
        "onrecord query garden 'SELECT * { ?s ?p ?o . ?a ?b ?c }' --format csv | head -c 10 > x",
        "onrecord export garden | true",
        "onrecord check garden --json | true",
        "onrecord --help | true",
    ],
)
def test_a_pipe_that_closes_early_is_no_news(here: Path, command: str) -> None:
    found = shell(f"{command}; echo ${{PIPESTATUS[@]}}")
    first, last = found.stdout.split()[-2:]
    assert (first in ("0", "1", "2"), last) == (True, "0")
    talk = [line for line in found.stderr.splitlines() if not re.fullmatch(r"[\d,]+ rows", line)]
    assert talk == []


@pytest.mark.parametrize("command", ["onrecord --help", "onrecord check garden --json", "onrecord export garden"])
@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_full_disk_behind_the_output_is_told(here: Path, command: str, buffered: str) -> None:
    found = shell(f"PYTHONUNBUFFERED={buffered} {command} > /dev/full")
    assert found.returncode == 2
    assert found.stderr.splitlines()[-1].endswith("cannot be written: No space left on device")
    assert "Traceback" not in found.stderr and "Exception ignored" not in found.stderr


def test_the_end_of_a_build_is_an_exit_code(here: Path) -> None:
    assert shell("onrecord build garden --dry-run --json | tail -c 2").stdout == "}\n"
    assert shell("onrecord build nowhere --dry-run").returncode == 2
    profiled = shell(f"{sys.executable} -m cProfile -m onrecord.__main__ check garden | grep -c 'function calls'")
    assert profiled.stdout == "1\n", "who watches the interpreter sees it end"


def test_it_runs_as_a_module(here: Path) -> None:
    found = shell("onrecord check garden")
    assert found.returncode == 0 and "\x1b" not in found.stdout + found.stderr
    assert (
        found.stderr.splitlines()[-1] == "garden: 5 statements in 2 files, 0 questions, 0 errors, 1 warning, 0 remarks"
    )
    assert shell("onrecord query nowhere 'ASK {}'").returncode == 2
    assert shell("onrecord query garden \"$(printf 'ASK \\xff')\"").returncode == 1


def test_plural() -> None:
    assert [plural(count, "row") for count in (0, 1, 2, 1234)] == ["0 rows", "1 row", "2 rows", "1,234 rows"]
    assert plural(2, "entity", "entities") == "2 entities"


def test_a_sheet_runs_no_formula(here: Path) -> None:
    query = 'SELECT ?a ?b { VALUES (?a ?b) { ("=1+1" "@x") ("a, \\"b\\"" "-3") } } ORDER BY ?b'
    found = call("query", "garden", query, "--format", "sheet")
    assert found.stdout_bytes.decode("utf-8-sig").split("\r\n") == ["a,b", '"a, ""b""",\'-3', "'=1+1,'@x", ""]
    assert call("query", "garden", query, "--format", "csv").stdout.count("=1+1") == 1, "SPARQL's own CSV is faithful"


def test_more_rows_than_are_allowed(here: Path) -> None:
    query = "SELECT ?n { VALUES ?n { 1 2 3 } }"
    assert call("query", "garden", query, "--max-rows", "3").exit_code == 0
    found = call("query", "garden", query, "--max-rows", "2")
    assert (found.exit_code, found.stdout) == (1, "") and "the answer has more than 2 rows" in found.stderr


def test_lines_fold_to_a_terminal_and_stay_whole_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Rose Marsh chairs Garden Society (stated)"
    assert folded(text, "  - ", "    ") == [f"  - {text}"]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    assert folded(text, "  - ", "    ") == ["  - Rose Marsh chairs Garden Society", "    (stated)"]
    assert folded("", "  ") == ["  "]
    assert max(len(line) for line in folded("word " * 40, "- ", "      ")) < 40


@pytest.mark.parametrize("style", ["text", "github"])
def test_of_many_problems_alike_the_rest_are_counted(
    style: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(render, "MAX_ALIKE", 2)
    codes = ["P022", "P020", "P022", "P022", "P022"]
    found = [Problem(code, Place("a.yaml", line), "what") for line, code in enumerate(codes, 1)]
    render.echo_problems([*found, Problem("P022", Place("b.yaml", 1), "what")], style=style, err=False)
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    if style == "text":
        assert lines == [
            "a.yaml:1: P022 what",
            "a.yaml:2: P020 what",
            "a.yaml:3: P022 what",
            "a.yaml: P022 2 more of this kind in this file are not printed",
            "b.yaml:1: P022 what",
        ]
    else:
        assert len(lines) == 5
