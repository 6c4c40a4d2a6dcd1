"""What the lenses of questions leave, on a server: the same answers, and no part of the whole dataset."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import onrecord
from cutting import cutting
from onrecord.answers import Answer
from onrecord.cli import main
from onrecord.errors import OnRecordError, QueryError, ServerError
from onrecord.lens import Lens
from onrecord.limits import Limits
from onrecord.query import evaluate
from onrecord.scale.ledger import Ledger
from onrecord.scale.lensed import is_lensed
from onrecord.scale.push import deliver
from onrecord.scale.server import Server
from onrecord.scale.sharded import Embedded, build_shards
from onrecord.scale.shipment import ship
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
    assert f"5 not asked\nto ask more: run  onrecord push {folder} {server} --lenses\n" in err


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
    assert there.remote.behind == ""
    with pytest.raises(OnRecordError, match="the server holds no dataset on record by 2024-06-06; run  onrecord push"):
        there.ask("then")
    write_graph(other, **{"statements/letter.yaml": ATTENDING.replace("status: expected", "status: planned")})
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
    shows = "{ :rose gar:attends :summer-show }"
    for sparql in (
        "SELECT ?g WHERE { GRAPH ?g { ?s ?p ?o } }",
        f"ASK FROM <{BASE}graph/asserted> {shows}",
        f"ASKFROM<{BASE}graph/asserted>{shows}",
        f"ASK {{ GRAPHgraph:asserted {shows} }}",
        f"ASK {{ FILTER(true)GRAPH ?g {shows} }}",
    ):
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
    assert run("push", folder, server)[0] == 0
    assert differing(folder, server) == []


def test_a_question_with_an_error_stops_nothing(folder: Path, server: str) -> None:
    (folder / "questions" / "wrong.rq").write_text("#+ title: Wrong\n#+ as of: yesterday\nASK {}\n")
    onrecord.open(folder).push(server, lenses=True)
    there = onrecord.open(folder).at(server)
    assert seen(there.ask("then")) == seen(onrecord.open(folder).ask("then"))


def test_a_description_that_is_not_as_it_was_sent_is_no_choice_of_everything(folder: Path, server: str) -> None:
    onrecord.open(folder).push(server, lenses=True)
    there = onrecord.open(folder).at(server)
    descriptions = [name for name in held(folder, server) if "/" not in name.partition("/through/")[2]]
    with Server(server) as other:
        for name in descriptions:
            other.drop_graph(name)
    code, out, err = run("query", folder, "ASK { ?s ?p ?o }", "--as-of", "2024-06-05", "--store", server)
    assert (code, out) == (2, "")
    assert "what says which graphs are on record by 2024-06-05 is not as it was sent; run  onrecord push" in err
    with pytest.raises(ServerError, match="--whole"):
        there.query("ASK { ?s ?p ?o }", include=["expected"])
    assert run("push", folder, server, "--whole")[0] == 0
    assert differing(folder, server) == []


def test_a_question_that_names_graphs_is_not_asked_through_a_lens(folder: Path, server: str) -> None:
    text = f"#+ title: G\n#+ as of: 2024-06-05\nASK {{ GRAPH <{BASE}graph/asserted> {{ ?s ?p ?o }} }}\n"
    write_graph(folder, **{"questions/g.rq": text, "questions/g.csv": "answer\ntrue\n"})
    onrecord.open(folder).push(server, lenses=True)
    assert run("test", folder, "g")[0] == 0
    code, out, err = run("test", folder, "g", "--store", server)
    assert (code, "not asked: GRAPH or FROM names graphs" in out, "to ask more" in err) == (0, True, False)


def test_why_looks_for_what_the_lens_leaves_out_in_the_whole(folder: Path, server: str) -> None:
    minutes = (
        MINUTES
        + """
  - triple: [Basil Thorn, tends, plot 7]
    quote: the second dry month in a row
"""
    )
    write_graph(folder, **{"statements/minutes.yaml": minutes})
    onrecord.open(folder).push(server, lenses=True)
    why = ["why", folder, "Basil Thorn", "tends", "plot 7", "--as-of", "2024-06-05"]
    assert run(*why, "--store", server) == run(*why)


def test_a_dataset_that_is_given_beside_the_query_is_the_lens_s(folder: Path, server: str) -> None:
    onrecord.open(folder).push(server, lenses=True)
    for graph in (onrecord.open(folder), onrecord.open(folder).at(server)):
        found = evaluate(
            graph,
            "ASK { :rose gar:attends :summer-show }",
            Lens(include=frozenset({"expected"})),
            Limits(),
            default_graphs=[f"{BASE}graph/asserted"],
            format_="csv",
        )
        assert found.body == b"true"


def test_a_wish_is_kept_where_there_is_nothing_to_send(folder: Path, server: str) -> None:
    questions = {name: (folder / name).read_text() for name in QUESTIONS}
    onrecord.open(folder).push(server, lenses=True)
    for name in questions:
        (folder / name).unlink()
    assert run("push", folder, server)[0] == 0
    assert held(folder, server) == []
    write_graph(folder, **questions, **{"statements/letter.yaml": ATTENDING})
    assert run("push", folder, server)[0] == 0
    assert differing(folder, server) == []


def test_lenses_that_no_question_has_are_said_and_wanted_later(graph_folder: Path, server: str) -> None:
    code, _, err = run("push", graph_folder, server, "--lenses")
    assert (code, "no question of the graph has a lens yet" in err) == (0, True)
    write_graph(graph_folder, **QUESTIONS)
    assert run("push", graph_folder, server)[0] == 0
    assert differing(graph_folder, server) == []


@pytest.mark.parametrize("wanted", [True, False])
def test_a_push_that_is_cut_off_is_taken_up_with_or_without_them(folder: Path, wanted: bool) -> None:
    with cutting() as there:
        graph = onrecord.open(folder)
        graph.push(there.address, lenses=not wanted)
        before = there.dump()
        there.mend()
        graph.push(there.address, lenses=wanted)
        aim, requests = there.dump(), len(there.asked)
        writes = [at for at in range(requests) if there.asked[at] in ("POST /update", "PUT /store", "DELETE /store")]
        for at in (writes[0], writes[2], writes[len(writes) // 2], writes[-1]):
            for is_done in (False, True):
                there.mend()
                there.load(before)
                there.cut(at, is_done=is_done)
                try:
                    with Server(there.address, tries=1) as server:
                        deliver(server, ship(graph, lenses=wanted), graph.project)
                except ServerError:
                    there.mend()
                    assert graph.push(there.address).verified.wrong == ()  # type: ignore[union-attr]
                    if there.dump() == before:  # it was cut off before its first word: nobody knows of it
                        continue
                assert there.dump() == aim, (at, is_done)


def test_after_a_bulk_load_only_what_lenses_leave_is_sent(folder: Path) -> None:
    with cutting() as there:
        graph = onrecord.open(folder)
        graph.push(there.address)
        ledger = f"<{BASE}graph/pushed>"
        there.load({quad for quad in there.dump() if not quad.rstrip(" .").endswith(ledger)})
        shutil.rmtree(graph.project.build_folder, ignore_errors=True)
        done = graph.push(there.address, lenses=True)
        assert all(step.through for step in done.plan.steps)
        assert done.plan.unchanged == len(graph.names.graphs())
        assert done.verified is not None
        assert done.verified.wrong == ()
        assert graph.push(there.address).plan.steps == ()


def test_a_note_of_another_shape_is_passed_over(folder: Path, server: str) -> None:
    onrecord.open(folder).push(server, lenses=True)
    (note,) = onrecord.open(folder).project.build_folder.rglob("pushed.json")
    good = json.loads(note.read_text())
    for forms in ({}, None, {"": None}):
        note.write_text(json.dumps({**good, "forms": forms}))
        assert differing(folder, server) == []
