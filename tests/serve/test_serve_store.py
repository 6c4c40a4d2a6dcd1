"""A graph whose queries a SPARQL server answers: the same answers, and each way in which that server fails.

The Oxigraph server is a real one, filled with ``push``; where it is to go away, a door stands before it.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, urlsplit

import pyoxigraph as ox
import pytest

import onrecord
from servers import oxigraph
from serving import Given, Server, refused, serving
from small_graph import LETTER, write_graph

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
MIAMI = ROOT / "graphs/miami-talks"
BASE = "https://example.org/garden/"
JSON = "application/sparql-results+json"
CHAIRS = "SELECT ?who WHERE { ?who gar:chairs ?what }"
EDITED = LETTER.replace("[Rose Marsh, chairs, Garden Society]", "[Basil Thorn, chairs, Garden Society]")
QUESTIONS = {
    "questions/chairs.rq": f"#+ title: Who chairs?\n{CHAIRS}\n",
    "questions/then.rq": f"#+ title: Who chaired?\n#+ as of: 2024-06-01\n{CHAIRS}\n",
}


class Door:
    """Stands before a server; it can be shut, so that nobody is there, and held, so that nobody answers."""

    def __init__(self, root: str) -> None:
        self._port = int(root.rpartition(":")[2])
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._open, self._shut = threading.Event(), threading.Event()
        self._open.set()
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._port)) as there:
            back = threading.Thread(target=_copy, args=(there, client), daemon=True)
            back.start()
            while not self._shut.is_set():
                with contextlib.suppress(TimeoutError):
                    client.settimeout(0.05)
                    data = client.recv(1 << 16)
                    self._open.wait()
                    if not data or self._shut.is_set():
                        break
                    there.sendall(data)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nothing is passed on meanwhile."""
        self._open.clear()
        yield
        self._open.set()

    def shut(self) -> None:
        """The server is gone."""
        self._shut.set()
        self._open.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with oxigraph(tmp_path_factory.mktemp("oxigraph")) as root:
        yield root


@pytest.fixture
def folder(tmp_path: Path, store: str) -> Path:
    found = write_graph(tmp_path / "garden", **QUESTIONS)
    onrecord.open(found).push(store, whole=True)
    return found


@pytest.fixture
def door(store: str) -> Iterator[Door]:
    found = Door(store)
    yield found
    found.shut()


def answers(server: Server) -> dict[str, Given]:
    """What a server gives at the addresses whose answers are queries."""
    asked = {
        "select": server.get("/sparql", JSON, query="SELECT ?s ?q WHERE { ?s onr:quote ?q } ORDER BY ?s ?q"),
        "ask": server.get("/sparql", JSON, query="ASK { ?who dip:heads ?what }"),
        "csv": server.get("/sparql", "text/csv", query="SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }"),
        "entity": server.get("/entity/kirill-dmitriev", "application/n-triples"),
        "construct": server.get("/sparql", "text/turtle", query="CONSTRUCT WHERE { ?who dip:heads ?what }"),
        "graph": server.get("/graph/asserted", "application/n-triples"),
        "page": server.get("/entity/kirill-dmitriev.html"),
    }
    listed = server.get("/api/questions").json["questions"]
    return asked | {
        each["name"]: server.get(f"/api/questions/{quote(each['name'])}", "*/*")
        for each in listed
        if not each["refused"]
    }


def seen(given: Given) -> object:
    """An answer, its rows and triples in no order."""
    kind = given.headers["content-type"].partition(";")[0]
    if kind == JSON and "results" in given.json:
        rows = given.json["results"]["bindings"]
        return given.status, sorted(json.dumps(row, sort_keys=True) for row in rows)
    if kind in ("text/turtle", "application/n-triples"):
        format_ = ox.RdfFormat.from_media_type(kind)
        return given.status, sorted(str(quad) for quad in ox.parse(given.body, format_))
    return given.status, kind, given.text


def test_the_miami_graph_is_answered_as_without_a_store(store: str, tmp_path: Path) -> None:
    onrecord.open(MIAMI).push(store, lenses=True)
    with serving(MIAMI, "--store", store, "--no-watch") as there, serving(MIAMI, "--no-watch") as here:
        expected, actual = answers(here), answers(there)
        assert len(actual) > 60
        assert [name for name in actual if seen(expected[name]) != seen(actual[name])] == []
        assert {given.status for given in actual.values()} == {200}
        assert there.get("/health").json["quads"] == here.get("/health").json["quads"]


def test_what_a_server_cannot_do_is_said(folder: Path, store: str) -> None:
    with serving(folder, "--store", store, "--max-rows", "5", "--no-watch") as server:
        then = server.get("/api/questions/then")
        assert then.status == 501
        assert then.text == (
            "this question is not answered here: the server holds no dataset on record by 2024-06-01\n"
        )
        assert (
            "This question is not answered here: the server holds no dataset on record by 2024-06-01"
            in server.get("/api").text
        )
        assert server.get("/api/questions/chairs", "text/csv").text == f"who\r\n{BASE}entity/rose\r\n"
        many = server.get("/sparql", query="SELECT * WHERE { ?s ?p ?o }")
        assert (many.status, "the answer has more than 5 rows" in many.text) == (422, True)
        assert (
            server.get("/sparql", query="SELECT * WHERE { SERVICE <http://localhost:1/> { ?s ?p ?o } }").status == 400
        )
        wrong = server.get("/sparql", query="SELECT ?s WHERE { ?s ?p }")
        assert (wrong.status, wrong.text.splitlines()[0][:9]) == (400, "query:1:1")
        assert server.get("/sparql", query=f"ASK FROM <{BASE}graph/pushed> {{ ?s ?p ?o }}").status == 400
        assert server.get("/entity/nobody").status == 404


def test_a_store_that_is_gone_is_a_502_and_the_pages_stay(folder: Path, door: Door) -> None:
    with serving(folder, "--store", door.address) as server:
        assert server.rows(CHAIRS) == [{"who": f"{BASE}entity/rose"}]
        assert server.get("/health").json["store"] == {"status": "ok", "message": ""}
        door.shut()
        for path in (f"/sparql?query={quote(CHAIRS)}", "/api/questions/chairs", "/entity/rose", "/graphs?default"):
            given = server.get(path)
            assert (given.status, given.text) == (502, "the store: the server cannot be reached\n")
        assert server.get("/entity/rose.html").status == 200
        health = server.wait_for("/health", lambda found: found["status"] == "store")
        assert health["store"] == {"status": "unreachable", "message": "the store: the server cannot be reached"}
        assert server.get("/health").status == 503
        assert any(door.address in line for line in server.log)
        assert not [given for given in (server.get("/problems"), server.get("/health")) if door.address in given.text]


def test_a_store_that_does_not_answer_in_time_is_a_504(folder: Path, door: Door) -> None:
    with serving(folder, "--store", door.address, "--timeout", "1") as server:
        with door.held():
            given = server.get("/sparql", query=CHAIRS)
            assert (given.status, "took longer than its limit of time" in given.text) == (504, True)
            health = server.wait_for("/health", lambda found: found["status"] == "store")
            assert health["store"] == {"status": "slow", "message": "the store does not answer in time"}
            assert server.get("/entity/rose.html").status == 200
        server.wait_for("/health", lambda found: found["status"] == "ok")
        assert server.rows(CHAIRS) == [{"who": f"{BASE}entity/rose"}]


def test_a_push_is_served_and_no_answer_mixes_before_and_after(folder: Path, store: str) -> None:
    with serving(folder, "--store", store) as server:
        before = server.get("/live").json["build"]
        (folder / "statements/letter.yaml").write_text(EDITED)
        server.wait_for("/problems", lambda found: "does not hold what the files say now" in found["message"])
        assert server.rows(CHAIRS) == [{"who": f"{BASE}entity/rose"}]
        onrecord.open(folder).push(store)
        given: list[Given] = []
        deadline = time.monotonic() + 60
        while not given or given[-1].status != 200 or "basil" not in given[-1].text:
            assert time.monotonic() < deadline, given[-1]
            given.append(server.get("/sparql", JSON, query=CHAIRS))
            time.sleep(0.2)
        told = {(each.status, each.text) for each in given if each.status != 200}
        assert told <= {(503, "the store holds something else than before; ask again in a few seconds\n")}
        assert not [each for each in given if each.status == 200 and "basil" not in each.text]
        server.wait_for("/problems", lambda found: found["message"] == "")
        assert server.get("/live").json["build"] != before


def test_answers_of_a_store_are_not_kept(folder: Path, store: str) -> None:
    with serving(folder, "--store", store, "--no-watch") as server:
        given = [server.get("/sparql", JSON, query=CHAIRS) for _ in range(2)]
        assert [(each.status, "etag" in each.headers) for each in given] == [(200, False)] * 2
        assert "onrecord_answers_remembered_total 0.0" in server.get("/metrics").text


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
ASKED, LEFT = threading.Event(), threading.Event()
"""The poor store was asked what it does not answer; and who asked is gone."""

ROWS = b'{"head": {"vars": ["s"]}, "results": {"bindings": [{"s": {"type": "uri", "value": "urn:a"}}]}}'


@pytest.fixture(scope="module")
def poor_store() -> Iterator[str]:
    """A server that cuts rows, breaks off or says nothing where a query says so."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            if b"urn%3Await" in asked:
                ASKED.set()
                with contextlib.suppress(OSError):
                    if not self.connection.recv(1):
                        LEFT.set()
                return
            sent = json.dumps(LEDGER).encode() if b"pushed" in asked else ROWS
            if b"COUNT" in asked:
                sent = b'{"head": {"vars": ["g", "n"]}, "results": {"bindings": []}}'
            self.send_response(200)
            self.send_header("Content-Type", JSON)
            if b"urn%3Acut" in asked:
                self.send_header("X-SPARQL-MaxRows", "1")
            self.send_header("Content-Length", str(len(sent) + (9 if b"urn%3Abreak" in asked else 0)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def poor_server(tmp_path_factory: pytest.TempPathFactory, poor_store: str) -> Iterator[Server]:
    folder = write_graph(tmp_path_factory.mktemp("poor") / "garden")
    with serving(folder, "--store", poor_store, "--server", "virtuoso", "--no-watch") as found:
        yield found


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("SELECT ?s WHERE { ?s a <urn:cut> }", 422, "the server cuts answers at 1 rows"),
        ("SELECT ?s WHERE { ?s a <urn:break> }", 502, "the store: the answer broke off"),
        ("SELECT ?t WHERE { ?t ?p ?o }", 502, "the store: the answer has other columns: s"),
        ("ASK { ?s ?p ?o }", 502, "the store: the answer is no truth value"),
        ("SELECT ?s WHERE { { VALUES ?s { 1 } } UNION { ?s ?p ?o } }", 422, "Virtuoso may lose the rows of VALUES"),
        ("DESCRIBE <urn:a>", 422, "what DESCRIBE gives is each server's own choice"),
    ],
)
def test_half_an_answer_is_none(poor_server: Server, query: str, status: int, words: str) -> None:
    given = poor_server.get("/sparql", query=query)
    assert (given.status, words in given.text) == (status, True), given.text


def test_a_client_that_hangs_up_ends_what_the_store_was_asked(poor_server: Server) -> None:
    where = urlsplit(poor_server.address)
    query = quote("SELECT ?s WHERE { ?s a <urn:wait> }")
    with socket.create_connection((where.hostname, where.port)) as client:
        client.sendall(f"GET /sparql?query={query} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode())
        assert ASKED.wait(60)
        assert not LEFT.is_set()
    assert LEFT.wait(10), "it is not the limit of 30 seconds that ended it"


def test_a_store_that_holds_nothing_of_the_graph_or_is_not_there(tmp_path: Path, store: str) -> None:
    folder = write_graph(tmp_path / "flowers")
    (folder / "onrecord.yaml").write_text(
        (folder / "onrecord.yaml").read_text().replace("example.org/garden/", "example.org/flowers/")
    )
    code, error = refused(folder, "--store", store)
    assert (code, f"this server holds nothing of the graph; run  onrecord push {folder} {store}" in error) == (2, True)
    code, error = refused(folder, "--store", "http://127.0.0.1:1", "--server", "oxigraph")
    assert (code, "http://127.0.0.1:1/query: the server cannot be reached" in error) == (2, True)
    code, error = refused(folder, "--server", "oxigraph")
    assert (code, "--server goes with --store" in error) == (2, True)
