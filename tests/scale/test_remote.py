from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

import onrecord
from onrecord.answers import Answer
from onrecord.cli import main
from onrecord.errors import OnRecordError, QueryError, QueryLimitExceeded, QueryRefused, QuerySyntaxError, ServerError
from onrecord.graph import Graph
from onrecord.scale.ledger import Ledger
from onrecord.scale.server import Server
from onrecord.scale.sharded import Embedded, build_shards
from onrecord.scale.transfer import require_built, transfer
from small_graph import LETTER, write_graph

ROOT = Path(__file__).resolve().parents[2]
MIAMI = ROOT / "graphs/miami-talks"
BASE = "https://example.org/garden/"
XSD = "http://www.w3.org/2001/XMLSchema#"

HEIGHTS = """
  - triple: [Basil Thorn, height in metres, "1.50"]
    quote: Basil Thorn is the one who tends plot 7
"""


@pytest.fixture
def garden(graph_folder: Path, server: str) -> tuple[Graph, Graph]:
    """The small graph, and the same on a server."""
    write_graph(graph_folder, **{"statements/letter.yaml": LETTER + HEIGHTS})
    here = onrecord.open(graph_folder)
    here.push(server)
    return here, here.at(server)


def seen(answer: Answer) -> tuple[object, ...]:
    """All of an answer but the order of its rows and triples."""
    rows = sorted(map(repr, answer.rows))
    return answer.kind, answer.variables, answer.boolean, rows, sorted(answer.graph.splitlines())


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


QUERIES = (
    "SELECT ?who ?metres WHERE { ?who gar:height ?metres }",
    "SELECT * WHERE { ?s a onr:Statement ; onr:quote ?q }",
    "SELECT ?s ?p ?o WHERE { ?s ?p ?o }",
    "SELECT ?nothing ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ?nothing",
    "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }",
    f"SELECT ?s ?o FROM <{BASE}graph/asserted> WHERE {{ ?s ?p ?o }}",
    f"SELECT ?s ?o FROM NAMED <{BASE}graph/asserted> WHERE {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    "ASK { :rose gar:chairs :society }",
    "ASK { :basil gar:chairs :society }",
    "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }",
    "CONSTRUCT WHERE { ?s gar:height ?o }",
)


def test_answers_are_those_of_the_files(garden: tuple[Graph, Graph]) -> None:
    for sparql in QUERIES:
        expected, actual = (seen(graph.query(sparql)) for graph in garden)
        assert expected == actual, sparql


def test_what_is_printed_is_the_same(garden: tuple[Graph, Graph], server: str) -> None:
    rows = ["query", garden[0].project.folder, "SELECT ?who ?metres WHERE { ?who gar:height ?metres }", "--format"]
    assert "1.50" in run(*rows, "csv", "--store", server)[1]
    for form in ("csv", "tsv", "json", "xml", "jsonl", "table", "md"):
        assert run(*rows, form)[:2] == run(*rows, form, "--store", server)[:2]
    graph = ["query", garden[0].project.folder, "CONSTRUCT WHERE { ?who gar:height ?metres }", "--format"]
    for form in ("ttl", "nt", "jsonld", "rdf"):
        assert run(*graph, form)[:2] == run(*graph, form, "--store", server)[:2]


def test_other_graphs_of_the_server_and_the_ledger_are_no_part_of_it(garden: tuple[Graph, Graph], server: str) -> None:
    here, there = garden
    count = "SELECT (COUNT(*) AS ?n) WHERE { ?s gar:chairs ?o }"
    with Server(server) as other:
        triple = f"<{BASE}entity/basil> <https://example.org/garden-terms#chairs> <{BASE}entity/society>"
        other.update(f"INSERT DATA {{ GRAPH <https://example.org/other> {{ {triple} }} }}")
    assert here.query(count).values() == there.query(count).values()
    assert f"{BASE}graph/pushed" not in there.query("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }").to_csv()


def test_without_inference_what_is_entailed_is_left_out(garden: tuple[Graph, Graph]) -> None:
    here, there = garden
    member = "ASK { :rose gar:memberOf :society }"
    assert [there.query(member, inference=which).boolean for which in (True, False)] == [True, False]
    every = "SELECT ?s ?p ?o WHERE { ?s ?p ?o }"
    assert here.query(every, inference=False).values() == there.query(every, inference=False).values()


def test_the_guard_and_its_words_are_the_same(garden: tuple[Graph, Graph]) -> None:
    there = garden[1]
    with pytest.raises(QueryRefused, match="SERVICE"):
        there.query("SELECT * WHERE { SERVICE <http://localhost:1/> { ?s ?p ?o } }")
    with pytest.raises(QueryRefused, match="INSERT"):
        there.query("INSERT DATA { :a :b :c }")
    with pytest.raises(QueryRefused, match="is no graph of this dataset"):
        there.query(f"ASK FROM <{BASE}graph/pushed> {{ ?s ?p ?o }}")
    with pytest.raises(QuerySyntaxError):
        there.query("SELECT ?s WHERE { ?s ?p }")


def test_rows_over_the_limit_are_refused(garden: tuple[Graph, Graph]) -> None:
    with pytest.raises(QueryLimitExceeded, match="more than 2 rows"):
        garden[1].query("SELECT ?s WHERE { ?s ?p ?o }", max_rows=2)
    with pytest.raises(QueryLimitExceeded, match="over its limit of 100 bytes"):
        garden[1].query("SELECT ?s WHERE { ?s ?p ?o }", max_memory=100)


def test_why_shows_the_same_text_and_says_what_the_server_lacks(garden: tuple[Graph, Graph], server: str) -> None:
    why = ["why", garden[0].project.folder, "Rose Marsh", "member of", "Garden Society"]
    assert run(*why) == run(*why, "--store", server)
    letter = f"GRAPH <{BASE}graph/source/letter> {{ ?s ?p ?o }}"
    with Server(server) as other:
        other.update(f"DELETE {{ {letter} }} WHERE {{ {letter} }}")
    code, out, err = run(*why, "--store", server)
    assert (code, out) == (1, run(*why)[1])
    assert "the server does not hold the statement https://example.org/garden/statement/" in err


def test_a_row_is_explained_by_the_same_triples(garden: tuple[Graph, Graph]) -> None:
    here, there = garden
    chairs = "{ ?who a gar:Person OPTIONAL { ?who gar:chairs ?what } }"
    for query in (f"SELECT (STR(?who) AS ?name) {chairs}", f"SELECT ?what FROM graph:asserted {chairs}", QUERIES[0]):
        for row in range(1, len(here.query(query)) + 1):
            assert here.why_row(query, row) == there.why_row(query, row)


def test_a_graph_that_was_not_pushed_is_said_with_the_fix(graph_folder: Path, server: str) -> None:
    code, _, err = run("ask", graph_folder, "--store", server)
    assert (code, f"holds nothing of the graph; run  onrecord push {graph_folder} {server}" in err) == (2, True)


def test_files_that_changed_since_are_noticed(
    garden: tuple[Graph, Graph], server: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = garden[0].project.folder
    with caplog.at_level(logging.WARNING):
        assert onrecord.open(folder).at(server).query("ASK {}").boolean
        assert caplog.messages == []
        write_graph(folder, **{"statements/letter.yaml": LETTER})
        assert onrecord.open(folder).at(server).query("SELECT ?m WHERE { ?w gar:height ?m }").values() == [("1.50",)]
    (message,) = caplog.messages
    assert "the server does not hold what the files say now (3 of " in message


def test_where_virtuoso_may_lose_rows_it_is_said(
    garden: tuple[Graph, Graph], server: str, caplog: pytest.LogCaptureFixture
) -> None:
    there = garden[1]
    is_virtuoso = there.remote is not None and there.remote.server.kind == "virtuoso"
    with caplog.at_level(logging.WARNING):
        there.query("SELECT ?x WHERE { ?x gar:memberOf? :society . ?x ?p ?o }")
        there.query("SELECT (COUNT(*) AS ?n) (2 * 3 AS ?six) WHERE { ?x ?p ?o }")
    assert len(caplog.messages) == int(is_virtuoso)


def test_describe_is_answered_alike_or_refused(garden: tuple[Graph, Graph]) -> None:
    here, there = garden
    if there.remote is not None and there.remote.server.kind == "oxigraph":
        assert seen(there.query("DESCRIBE :rose")) == seen(here.query("DESCRIBE :rose"))
    else:
        with pytest.raises(QueryError, match="write  CONSTRUCT"):
            there.query("DESCRIBE :rose")


LEDGER = {
    "head": {"vars": ["what", "says", "state"]},
    "results": {
        "bindings": [
            {
                "what": {"type": "uri", "value": f"{BASE}graph/asserted"},
                "says": {"type": "uri", "value": "https://schema.org/sha256"},
                "state": {"type": "literal", "value": "0"},
            },
        ]
    },
}


@pytest.fixture
def answered(graph_folder: Path) -> Iterator[Callable[..., Graph]]:
    """The small graph on a server that gives one and the same answer to every query."""
    servers: list[ThreadingHTTPServer] = []

    def serve(body: bytes, headers: dict[str, str] | None = None, status: int = 200, pause: float = 0.0) -> Graph:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers["Content-Length"]))
                is_ledger = b"pushed" in asked
                is_short = "X-Short" in (headers or {})
                sent = json.dumps(LEDGER).encode() if is_ledger else body
                self.send_response(200 if is_ledger else status)
                self.send_header("Content-Type", "application/sparql-results+json")
                for name, value in ({} if is_ledger else headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(sent) + (9 if is_short and not is_ledger else 0)))
                self.end_headers()
                for at in range(0, len(sent), 20) if pause and not is_ledger else ():
                    self.wfile.write(sent[at : at + 20])
                    time.sleep(pause)
                if is_ledger or not pause:
                    self.wfile.write(sent)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return onrecord.open(graph_folder).at(f"http://127.0.0.1:{server.server_port}", server="virtuoso")

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


ROWS = b'{"head": {"vars": ["s"]}, "results": {"bindings": [{"s": {"type": "uri", "value": "urn:a"}}]}}'
ASKED = "SELECT ?s WHERE { ?s ?p ?o }"


def test_a_server_that_cuts_rows_is_an_error(answered: Callable[..., Graph]) -> None:
    with pytest.raises(QueryLimitExceeded, match="the server cuts answers at 1 rows"):
        answered(ROWS, {"X-SPARQL-MaxRows": "1"}).query(ASKED)
    with pytest.raises(QueryLimitExceeded, match="the server cuts answers at 1 rows"):
        answered(ROWS, {"X-SPARQL-MaxRows": "1"}).query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")


@pytest.mark.parametrize(("headers", "status"), [({"X-SQL-State": "S1TAT"}, 200), ({}, 206)])
def test_a_server_that_gives_a_part_is_an_error(
    answered: Callable[..., Graph], headers: dict[str, str], status: int
) -> None:
    with pytest.raises(QueryLimitExceeded, match="gave a part"):
        answered(ROWS, headers, status).query(ASKED)


@pytest.mark.parametrize(
    ("body", "headers"),
    [(ROWS[:-20], {}), (b"<html>", {}), (b"", {}), (ROWS.replace(b'["s"]', b'["t"]'), {}), (ROWS, {"X-Short": "1"})],
)
def test_an_answer_that_is_not_whole_is_an_error(
    answered: Callable[..., Graph], body: bytes, headers: dict[str, str]
) -> None:
    with pytest.raises(ServerError):
        answered(body, headers).query(ASKED)


def test_an_answer_that_trickles_is_ended_at_the_limit(answered: Callable[..., Graph]) -> None:
    began = time.monotonic()
    with pytest.raises(QueryLimitExceeded, match="raise it with --timeout"):
        answered(ROWS * 100, pause=0.1).query(ASKED, timeout=0.5)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("bindings", "expected"), [([], False), ([{"__ASK_RETVAL": {"type": "typed-literal", "value": "1"}}], True)]
)
def test_a_truth_value_may_come_as_rows(answered: Callable[..., Graph], bindings: object, expected: bool) -> None:
    body = json.dumps({"head": {"link": [], "vars": ["__ASK_RETVAL"]}, "results": {"bindings": bindings}})
    assert answered(body.encode()).query("ASK { ?s ?p ?o }").boolean is expected


def test_a_table_is_no_truth_value(answered: Callable[..., Graph]) -> None:
    with pytest.raises(ServerError, match="no truth value"):
        answered(ROWS).query("ASK { ?s ?p ?o }")


def test_the_server_of_a_store_is_named_with_the_store(graph_folder: Path) -> None:
    code, _, err = run("query", graph_folder, "ASK {}", "--server", "oxigraph")
    assert (code, "--server goes with --store" in err) == (2, True)
    with pytest.raises(OnRecordError, match="is no address of a server"):
        onrecord.open(graph_folder).at("garden")


def test_a_ledger_with_other_columns_is_an_error(
    answered: Callable[..., Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LEDGER, "results", {"bindings": [{"s": {"type": "uri", "value": "urn:a"}}]})
    with pytest.raises(ServerError, match="other columns than were asked for"):
        answered(ROWS)


# --- what came in shards

SOURCES = "- {id: register, title: The register, published: 2024-06-10}\n"
REGISTER = """\
source,locator,subject,predicate,object
register,page 1,Basil Thorn,height in metres,1.50
register,page 2,Nobody,tends,plot 7
"""
HEIGHT_ASKED = "SELECT ?m WHERE { ?w gar:height ?m }"


@pytest.fixture
def sharded(graph_folder: Path) -> Path:
    """The small graph with one row that is wrong, which no embedded build takes."""
    return write_graph(graph_folder, **{"sources.yaml": SOURCES, "statements/register.csv": REGISTER})


def push_shards(folder: Path, out: Path, url: str, *, slim: bool = False) -> Path:
    build_shards(folder, out, Embedded(), 4, slim=slim)
    with Server(url) as there:
        assert transfer(there, require_built(out)).verified is not None
    return out


@pytest.mark.parametrize("slim", [False, True])
def test_what_came_in_shards_is_asked_without_building_the_files(
    sharded: Path, server: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, slim: bool
) -> None:
    monkeypatch.setattr(Graph, "quads", lambda *given: pytest.fail("all files were built"))
    push_shards(sharded, onrecord.open(sharded).project.build_folder / "shards", server, slim=slim)
    with caplog.at_level(logging.WARNING):
        there = onrecord.open(sharded).at(server)
    lacks = "verified spans, entailed triples" + (", statements" if slim else "")
    words = f"{server}: the server holds a build in shards, without {lacks} and rows with errors"
    assert caplog.messages == [words]
    assert there.query("ASK { :rose gar:chairs :society }").boolean
    assert there.query(HEIGHT_ASKED).values() == [("1.50",)]


def test_shards_that_are_not_here_are_not_compared(
    sharded: Path, server: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    push_shards(sharded, tmp_path / "elsewhere", server)
    here = onrecord.open(sharded).project.build_folder
    with caplog.at_level(logging.WARNING):
        assert onrecord.open(sharded).at(server).query(HEIGHT_ASKED).values() == [("1.5",)]
        build_shards(sharded, here, Embedded(), 3)
        onrecord.open(sharded).at(server)
    assert caplog.messages == [
        f"{server}: the server holds a build in shards, and none in {here} tells what it leaves out",
        f"{server}: the server holds another build in shards than those in {here}; run  onrecord push {here} {server}",
    ]


def test_the_commands_ask_what_came_in_shards(sharded: Path, server: str) -> None:
    shards = onrecord.open(sharded).project.build_folder / "shards"
    push_shards(sharded, shards, server)
    code, out, err = run("query", sharded, HEIGHT_ASKED, "--format", "csv", "--store", server)
    assert (code, out.split(), "GRAPH" in err) == (0, ["m", "1.50"], False)
    with Server(server) as there:
        Ledger(there, BASE).begin()
    code, _, err = run("query", sharded, "ASK {}", "--store", server)
    assert (code, f"wait for its end, or run  onrecord push {shards} {server}" in err) == (2, True)


def test_a_damaged_shard_here_costs_the_written_forms_only(
    sharded: Path, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    shards = push_shards(sharded, onrecord.open(sharded).project.build_folder / "shards", server)
    for path in shards.glob("quads-*.parquet"):
        path.resolve().write_bytes(b"damaged")
    with caplog.at_level(logging.WARNING):
        assert onrecord.open(sharded).at(server).query(HEIGHT_ASKED).values() == [("1.5",)]
    assert "literals are shown in the form of their value" in caplog.messages[-1]


def test_files_that_hold_errors_now_are_not_compared(
    garden: tuple[Graph, Graph], server: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write_graph(garden[0].project.folder, **{"statements/broken.yaml": "statements: [\n"})
    with caplog.at_level(logging.WARNING):
        assert onrecord.open(folder).at(server).query(HEIGHT_ASKED).values() == [("1.50",)]
    (message,) = caplog.messages
    assert "what the server holds is not compared with the files (garden has 1 error" in message
