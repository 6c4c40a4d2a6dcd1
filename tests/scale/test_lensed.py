"""What the lenses of questions leave, on a server: the same answers, and no part of the whole dataset."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import onrecord
from onrecord.answers import Answer
from onrecord.cli import main
from onrecord.errors import QueryError
from onrecord.scale.ledger import Ledger
from onrecord.scale.lensed import is_lensed
from onrecord.scale.server import Server
from onrecord.scale.sharded import Embedded, build_shards
from small_graph import LETTER, MINUTES, write_graph

ROOT = Path(__file__).resolve().parents[2]
MIAMI = ROOT / "graphs/miami-talks"
BASE = "https://example.org/garden/"
EVERYTHING = "SELECT ?s ?p ?o WHERE { ?s ?p ?o }"
ATTENDS = "SELECT * WHERE { ?who gar:attends ?what }\n"
QUESTIONS = {
    "questions/then.rq": f"#+ title: What was on record?\n#+ as of: 2024-06-05\n{EVERYTHING}\n",
    "questions/before.rq": f"#+ title: What was on record before anything was?\n#+ as of: 2024-01-01\n{EVERYTHING}\n",
    "questions/shown.rq": f"#+ title: Who may attend what?\n#+ include: [expected]\n{ATTENDS}",
    "questions/at-the-show.rq": f"#+ title: And on the day?\n#+ valid at: 2024-07-06\n{EVERYTHING}\n",
    "questions/perhaps.rq": f"#+ title: Perhaps?\n#+ valid at: 2024-07-06\n#+ possibly: true\n{EVERYTHING}\n",
    "questions/now.rq": f"#+ title: Who attends what?\n{ATTENDS}",
}
ATTENDING = LETTER.replace("    for: Garden Society\n", "")
"""What stands as fact once it is not only expected."""

HEIGHTS = """
  - triple: [Basil Thorn, height in metres, "1.50"]
    quote: Basil Thorn is the one who tends plot 7
"""
AGAIN = """
  - triple: [Basil Thorn, height in metres, "1.5"]
    quote: the second dry month in a row
"""


@pytest.fixture
def folder(graph_folder: Path) -> Path:
    return write_graph(graph_folder, **QUESTIONS, **{"statements/letter.yaml": ATTENDING})


def seen(answer: Answer) -> tuple[object, ...]:
    """All of an answer but the order of its rows and triples."""
    return (
        answer.kind,
        answer.variables,
        answer.boolean,
        sorted(map(repr, answer.rows)),
        sorted(answer.graph.split(b"\n")),
    )


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def held(folder: Path, server: str) -> list[str]:
    """The graphs on the ledger that are there for a lens."""
    base = onrecord.open(folder).project.base
    with Server(server) as there:
        return [name for name in Ledger(there, base).read().graphs if is_lensed(base, name)]


def differing(folder: Path, server: str) -> list[str]:
    """The questions with another answer there than here."""
    here, there = onrecord.open(folder), onrecord.open(folder).at(server)
    return [name for name in here.questions() if seen(here.ask(name)) != seen(there.ask(name))]


@pytest.mark.slow
def test_every_question_of_the_miami_graph_has_the_same_answer(server: str) -> None:
    here = onrecord.open(MIAMI)
    assert here.push(server, lenses=True).verified.wrong == ()  # type: ignore[union-attr]
    assert len(here.questions()) >= 66
    assert differing(MIAMI, server) == []
    code, out, err = run("test", MIAMI, "--store", server)
    assert (code, "FAIL" in out) == (0, False)
    assert f"{len(here.questions())} questions passed, 0 failed\n" in err


def test_questions_with_a_lens_have_the_same_answers(folder: Path, server: str) -> None:
    assert onrecord.open(folder).push(server, lenses=True).verified.wrong == ()  # type: ignore[union-attr]
    assert differing(folder, server) == []
    here, there = onrecord.open(folder), onrecord.open(folder).at(server)
    assert [len(there.ask(name)) for name in ("shown", "now")] == [1, 0]
    graph = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    for sparql in (EVERYTHING, graph, "ASK { :rose gar:attends :summer-show }"):
        for inference in (True, False):
            expected, actual = (
                seen(side.query(sparql, include=["expected"], inference=inference)) for side in (here, there)
            )
            assert expected == actual, (sparql, inference)


def test_the_whole_dataset_has_nothing_of_them(folder: Path, server: str) -> None:
    onrecord.open(folder).push(server, lenses=True)
    here, there = onrecord.open(folder), onrecord.open(folder).at(server)
    for sparql in (EVERYTHING, "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }"):
        assert seen(here.query(sparql)) == seen(there.query(sparql))
    assert there.remote is not None
    assert there.remote.count() == {
        str(row[0]): int(str(row[1]))
        for row in here.query("SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g").values()
    }


def test_a_graph_that_a_lens_leaves_as_it_is_stands_there_once(folder: Path, server: str) -> None:
    onrecord.open(folder).push(server, lenses=True)
    kinds = {name.partition("/through/")[2].partition("/")[2] for name in held(folder, server)}
    assert kinds == {"", "asserted", "inferred", "propositions", "source/letter", "source/minutes"}


def test_without_them_the_way_to_them_is_said(folder: Path, server: str) -> None:
    onrecord.open(folder).push(server)
    code, _, err = run("ask", folder, "then", "--store", server)
    assert (code, "the server holds no dataset on record by 2024-06-05" in err) == (2, True)
    assert f"run  onrecord push {folder} {server} --lenses" in err
    code, _, err = run("query", folder, "ASK {}", "--as-of", "2023-01-01", "--store", server)
    assert (code, "leave --store out, or the choice" in err) == (2, True)
    code, out, err = run("test", folder, "--store", server)
    assert "not asked: the server holds no dataset on record by 2024-06-05" in out
    assert "5 not asked: push with --lenses brings what they look at" in err


def test_a_push_after_it_keeps_them_up_to_date_and_a_word_removes_them(folder: Path, server: str) -> None:
    code, _, err = run("push", folder, server, "--lenses")
    assert (code, "/through/" in err, "  on record by 2024-06-05: asserted  " in err) == (0, False, True)
    write_graph(folder, **{"statements/letter.yaml": ATTENDING.replace("status: expected", "status: planned")})
    code, _, err = run("push", folder, server)
    assert (code, "as they were sent" in err) == (0, True)
    assert differing(folder, server) == []
    assert onrecord.open(folder).at(server).remote.behind == ""  # type: ignore[union-attr]
    code, _, err = run("push", folder, server)
    assert "0 graphs sent" in err
    code, _, err = run("push", folder, server, "--no-lenses")
    assert (code, held(folder, server)) == (0, [])
    assert "/through/" in err
    assert "removed" in err
    code, _, err = run("push", folder, server)
    assert (code, held(folder, server)) == (0, [])


def test_files_that_changed_are_noticed_without_a_note_too(folder: Path, server: str, tmp_path: Path) -> None:
    onrecord.open(folder).push(server, lenses=True)
    other = Path(shutil.copytree(folder, tmp_path / "another" / "garden"))
    there = onrecord.open(other).at(server)
    assert there.remote is not None
    assert there.remote.behind == ""
    assert seen(there.ask("then")) == seen(onrecord.open(folder).ask("then"))
    (other / "questions" / "then.rq").write_text(QUESTIONS["questions/then.rq"].replace("06-05", "06-06"))
    there = onrecord.open(other).at(server)
    assert there.remote is not None
    assert "the server does not hold what the files say now" in there.remote.behind


def test_a_literal_comes_back_as_it_was_written_in_what_the_lens_leaves(folder: Path, server: str) -> None:
    heights = "#+ title: How high?\n#+ as of: 2024-06-05\nSELECT * WHERE { ?who gar:height ?metres }\n"
    files = {"statements/letter.yaml": LETTER + HEIGHTS, "statements/minutes.yaml": MINUTES + AGAIN}
    write_graph(folder, **files, **{"questions/high.rq": heights})
    onrecord.open(folder).push(server, lenses=True)
    here, there = onrecord.open(folder), onrecord.open(folder).at(server)
    assert here.ask("high").values() == there.ask("high").values() == [("1.50", f"{BASE}entity/basil")]


def test_names_of_graphs_are_refused_through_a_lens(folder: Path, server: str) -> None:
    onrecord.open(folder).push(server, lenses=True)
    there = onrecord.open(folder).at(server)
    for sparql in ("SELECT ?g WHERE { GRAPH ?g { ?s ?p ?o } }", f"ASK FROM <{BASE}graph/asserted> {{ ?s ?p ?o }}"):
        with pytest.raises(QueryError, match="what a lens leaves has other names on the server"):
            there.query(sparql, include=["expected"])


def test_why_asks_the_dataset_of_the_lens(folder: Path, server: str) -> None:
    onrecord.open(folder).push(server, lenses=True)
    why = ["why", folder, "Rose Marsh", "attends", "summer show", "--include", "expected"]
    assert run(*why)[0] == 0
    assert run(*why) == run(*why, "--store", server)
    with Server(server) as other:
        for name in held(folder, server):
            if name.endswith("/asserted"):
                other.drop_graph(name)
    code, out, err = run(*why, "--store", server)
    assert (code, out) == (1, run(*why)[1])
    assert "the server does not hold: " in err


def test_shards_have_none(folder: Path, server: str) -> None:
    shards = folder.parent / "shards"
    build_shards(folder, shards, Embedded())
    code, _, err = run("push", shards, server, "--lenses")
    assert (code, "--lenses goes with a graph's own folder" in err) == (2, True)
    onrecord.open(folder).push(server, lenses=True)
    assert run("push", shards, server)[0] == 0
    assert held(folder, server) == []
    code, _, err = run("ask", folder, "then", "--store", server)
    assert (code, "leave --store out, or the choice" in err) == (2, True)


def test_a_question_with_an_error_stops_nothing(folder: Path, server: str) -> None:
    (folder / "questions" / "wrong.rq").write_text("#+ title: Wrong\n#+ as of: yesterday\nASK {}\n")
    onrecord.open(folder).push(server, lenses=True)
    there = onrecord.open(folder).at(server)
    assert seen(there.ask("then")) == seen(onrecord.open(folder).ask("then"))
