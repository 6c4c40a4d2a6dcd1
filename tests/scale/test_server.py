from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cutting import cutting
from onrecord.cli import options
from onrecord.errors import OnRecordError, ServerError
from onrecord.scale import server as server_module
from onrecord.scale.server import Server, endpoints

ROWS = json.dumps({"head": {"vars": ["n"]}, "results": {"bindings": [{"n": {"type": "literal", "value": "1"}}]}})

Reply = tuple[int, dict[str, str], str]


class Script:
    """A server that gives scripted replies, and keeps what it was asked."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _reply(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                script.asked.append((self.command, self.path, dict(self.headers)))
                status, headers, body = script.replies.pop(0) if script.replies else (200, {}, ROWS)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode("utf-8"))

            do_GET = do_POST = do_PUT = do_DELETE = _reply  # noqa: N815 - the names that the library calls

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.root = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def script() -> Iterator[Script]:
    made = Script()
    thread = threading.Thread(target=made.http.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.http.shutdown()
    thread.join()
    made.http.server_close()


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between tries, which no test waits for."""
    found: list[float] = []
    monkeypatch.setattr(time, "sleep", found.append)
    return found


def test_a_busy_server_is_asked_again_after_longer_and_longer_waits(script: Script, waits: list[float]) -> None:
    script.replies = [(503, {}, "busy"), (503, {}, "busy"), (429, {"Retry-After": "7"}, "later")]
    with Server(script.root, "sparql", {}) as there:
        assert there.select("SELECT (1 AS ?n) {}") == [{"n": {"type": "literal", "value": "1"}}]
    assert (len(script.asked), waits) == (4, [0.5, 1.0, 7.0])


def test_a_server_that_stays_busy_is_given_up(script: Script) -> None:
    script.replies = [(503, {}, "busy")] * 10
    with Server(script.root, "sparql", {}) as there, pytest.raises(ServerError) as caught:
        there.update("CLEAR ALL")
    assert (len(script.asked), str(caught.value)) == (6, f"POST {script.root}: the server refuses (503): busy")


def test_a_mistake_is_said_at_once(script: Script, waits: list[float]) -> None:
    script.replies = [(400, {}, "syntax\x1b[31m error")]
    with Server(script.root, "sparql", {}) as there, pytest.raises(ServerError) as caught:
        there.select("SELEC")
    assert str(caught.value) == f"POST {script.root}: the server refuses (400): syntax\\x1b[31m error"
    assert waits == []


def test_a_deadlock_is_tried_again(script: Script) -> None:
    script.replies = [(500, {}, "Virtuoso 40001 Error SR172: Transaction deadlocked")]
    with Server(script.root, "sparql", {}) as there:
        there.update("CLEAR ALL")
    assert len(script.asked) == 2


def test_nobody_listening_is_said(waits: list[float]) -> None:
    with Server("http://127.0.0.1:1", "sparql", {}) as there, pytest.raises(ServerError) as caught:
        there.update("CLEAR ALL")
    assert str(caught.value) == "POST http://127.0.0.1:1: the server cannot be reached"
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_a_redirect_is_not_followed(script: Script) -> None:
    script.replies = [(302, {"Location": "http://127.0.0.1:1/"}, "")]
    with Server(script.root, "sparql", {}) as there, pytest.raises(ServerError, match="the server sends elsewhere"):
        there.write_graph("https://example.org/g", b"")
    assert len(script.asked) == 1


def test_a_password_is_sent_only_when_asked_for(script: Script) -> None:
    environment = {"ONRECORD_STORE_USER": "ada", "ONRECORD_STORE_PASSWORD": "pä:ss"}
    with Server(script.root, "sparql", environment) as there:
        there.select("ASK {}")
        script.replies = [(401, {"WWW-Authenticate": 'Basic realm="x"'}, "")]
        there.select("ASK {}")
    sent = [headers.get("Authorization") for _, _, headers in script.asked]
    assert sent == [None, None, "Basic " + base64.b64encode("ada:pä:ss".encode()).decode()]


def test_a_token_goes_with_every_request(script: Script) -> None:
    with Server(script.root, "sparql", {"ONRECORD_STORE_TOKEN": "t0ken"}) as there:
        there.select("ASK {}")
    assert script.asked[0][2]["Authorization"] == "Bearer t0ken"


def test_a_netrc_does_not_speak_for_the_user(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login ada password opensesame\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with Server(script.root, "sparql", {}) as there:
        there.select("ASK {}")
    assert "Authorization" not in script.asked[0][2]


def test_a_token_does_not_travel_unencrypted() -> None:
    with pytest.raises(OnRecordError, match="a password or token would travel unencrypted; use https"):
        Server("http://store.example", "sparql", {"ONRECORD_STORE_TOKEN": "t0ken"})


def test_a_server_that_does_not_say_what_it_is(script: Script) -> None:
    with pytest.raises(OnRecordError, match="choose one of --server oxigraph, virtuoso"):
        Server(script.root, None, {})


def test_an_answer_that_is_no_result_is_said(script: Script) -> None:
    script.replies = [(200, {}, "<html>welcome</html>")]
    with Server(script.root, "sparql", {}) as there, pytest.raises(ServerError, match="is not SPARQL JSON results"):
        there.select("ASK {}")


def test_rows_cut_at_a_limit_are_an_error(script: Script) -> None:
    script.replies = [(200, {"X-SPARQL-MaxRows": "10000"}, ROWS)]
    with Server(script.root, "sparql", {}) as there, pytest.raises(ServerError, match="cuts answers at 10000 rows"):
        there.select("SELECT * {}")


@pytest.mark.parametrize("names", [("n",), ("n", "m")])
def test_however_few_rows_a_server_gives_all_are_read(names: tuple[str, ...]) -> None:
    with cutting() as behind, Server(behind.address, "oxigraph", {}) as there:
        behind.load(frozenset(f'<urn:{a}> <urn:p> "{b}"' for a in range(9) for b in ("x", 'y\\"\\\\', "\U0001f33f")))
        for rows, tells in ((None, True), (1, True), (2, False), (5, True), (27, False), (28, False)):
            behind.rows, behind.tells = rows, tells
            found = list(there.select_all(names, "?n <urn:p> ?m"))
            keys = [tuple(row[name]["value"] for name in names) for row in found]
            assert (keys, len(keys)) == (sorted(set(keys)), 9 if names == ("n",) else 27)


def test_however_few_rows_a_server_gives_all_graphs_are_counted() -> None:
    with cutting() as behind, Server(behind.address, "oxigraph", {}) as there:
        graphs = {f"urn:g{n:02}": n % 3 for n in range(30)}
        behind.load(frozenset(f"<urn:s> <urn:p> <urn:{m}> <{name}>" for name, n in graphs.items() for m in range(n)))
        for rows in (None, 1, 7, 10, 20, 21):
            behind.rows = rows
            assert there.count(graphs) == graphs
        behind.rows = 0
        with pytest.raises(ServerError, match="cuts answers at 0 rows"):
            there.count(graphs)


@pytest.mark.parametrize("length", ["100", "5"])
def test_a_refusal_that_breaks_off_is_a_refusal(script: Script, length: str) -> None:
    headers = {"Content-Length": length, "Connection": "close"}
    script.replies = [(500, headers, "sorry")] * 2
    with Server(script.root, "sparql", {}) as there:
        with pytest.raises(ServerError, match=r"the server refuses \(500\)"):
            there.ask("ASK {}", "text/plain", 5.0, 1000)
        with pytest.raises(ServerError, match=r"the server refuses \(500\)"):
            there.select("ASK {}")


def test_an_answer_that_breaks_off_is_asked_for_again(script: Script) -> None:
    script.replies = [(200, {"Content-Length": "1000", "Connection": "close"}, ROWS)]
    with Server(script.root, "sparql", {}) as there:
        assert len(there.select("SELECT (1 AS ?n) {}")) == 1
    assert len(script.asked) == 2


@pytest.mark.parametrize(
    "body",
    [
        '{"results": {"bindings": [1]}}',
        '{"results": {"bindings": [{"n": "1"}]}}',
        '{"results": {"bindings": [{"n": {"type": "uri", "value": "\\ud800"}}]}}',
        '{"results": {"bindings": [{"n": {"type": "uri", "value": 7}}]}}',
        '{"results": []}',
        "[" * 100_000,
        "\udcff".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_what_is_no_row_is_said(script: Script, body: str) -> None:
    script.replies = [(200, {}, body)]
    with Server(script.root, "sparql", {}) as there, pytest.raises(ServerError, match="is not SPARQL JSON results"):
        there.select("SELECT ?n {}")


def test_other_columns_than_were_asked_for_are_said(script: Script) -> None:
    with Server(script.root, "sparql", {}) as there:
        with pytest.raises(ServerError, match="other columns than were asked for"):
            list(there.select_all(("g",), "?g ?p ?o"))
        script.replies = [(200, {}, ROWS.replace('"n"', '"g"'))]
        with pytest.raises(ServerError, match="does not count its triples"):
            there.count(["urn:g"])


def test_an_endless_answer_is_ended(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_MOST_BYTES", 1000)
    script.replies = [(200, {}, ROWS + " " * 2000)]
    with Server(script.root, "sparql", {}) as there, pytest.raises(ServerError, match="over its limit of 1,000 bytes"):
        there.select("SELECT ?n {}")


def test_what_is_sent_to_this_machine_passes_no_proxy(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for root in (script.root, script.root.replace("127.0.0.1", "localhost")):
        with Server(root, "sparql", {"ONRECORD_STORE_TOKEN": "t0ken"}) as there:
            assert len(there.select("SELECT (1 AS ?n) {}")) == 1
    assert len(script.asked) == 2


@pytest.mark.parametrize("token", ["t0ken\n", "t0 ken", "tökén", "t0ken\r\nX-Evil: 1", "\udcff"])
def test_a_token_that_no_request_carries_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(OnRecordError, match="ONRECORD_STORE_TOKEN holds") as caught:
        Server("http://127.0.0.1:1", "sparql", {"ONRECORD_STORE_TOKEN": token})
    assert token.strip() not in str(caught.value)


@pytest.mark.parametrize("challenge", ['Basic realm="x"', 'Digest realm="x", nonce="n", qop="auth"'])
@pytest.mark.parametrize("user", ["ada\n", "\udcff", "\u0105da"])
def test_a_user_that_no_request_carries_is_no_traceback(script: Script, challenge: str, user: str) -> None:
    script.replies = [(401, {"WWW-Authenticate": challenge}, "")] * 2
    environment = {"ONRECORD_STORE_USER": user, "ONRECORD_STORE_PASSWORD": "opensesame"}
    with pytest.raises(OnRecordError) as caught, Server(script.root, "sparql", environment) as there:
        there.select("ASK {}")
    assert "opensesame" not in str(caught.value)


def test_a_secret_that_the_server_says_back_is_not_shown(script: Script) -> None:
    pair = base64.b64encode(b"ada:opensesame").decode()
    said = [(401, {"WWW-Authenticate": 'Basic realm="x"'}, ""), (400, {}, f"Basic {pair} has opensesame in it")]
    script.replies = [*said, (200, {}, f"<html>{pair}</html>")]
    environment = {"ONRECORD_STORE_USER": "ada", "ONRECORD_STORE_PASSWORD": "opensesame"}
    with Server(script.root, "sparql", environment) as there:
        with pytest.raises(ServerError) as refused:
            there.select("ASK {}")
        with pytest.raises(ServerError) as strange:
            there.select("ASK {}")
    assert str(refused.value).endswith("the server refuses (400): Basic … has … in it")
    assert str(strange.value).endswith("is not SPARQL JSON results: <html>…</html>")
    script.replies = [(400, {}, "Bearer t0ken is old")]
    with Server(script.root, "sparql", {"ONRECORD_STORE_TOKEN": "t0ken"}) as there, pytest.raises(ServerError) as old:
        there.select("ASK {}")
    assert str(old.value).endswith("the server refuses (400): Bearer … is old")


def test_a_long_wait_that_is_asked_for_has_a_limit(script: Script, waits: list[float]) -> None:
    script.replies = [(503, {"Retry-After": "9" * 400}, "busy")]
    with Server(script.root, "sparql", {}) as there:
        there.update("CLEAR ALL")
    assert waits == [30.0]


def test_the_command_line_names_every_kind() -> None:
    assert options.KINDS == server_module.KINDS


def test_addresses_by_kind() -> None:
    found = endpoints("http://localhost:7200/repositories/news/", "graphdb")
    assert found.update == "http://localhost:7200/repositories/news/statements"
    assert found.graphs == "http://localhost:7200/repositories/news/rdf-graphs/service"


def test_graphs_are_counted_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtuoso 7 counts with the plan of an empty store where a query ranges over graphs: for minutes."""
    asked: list[str] = []

    def rows(there: Server, query: str) -> tuple[list[object], dict[str, str]]:
        asked.append(query)
        return [], {}

    monkeypatch.setattr(Server, "_rows", rows)
    names = [f"https://example.org/{n}" for n in range(server_module.GRAPHS_AT_ONCE + 1)]
    with Server("http://127.0.0.1:1", "sparql", {}) as there:
        assert there.count(names) == dict.fromkeys(names, 0)
    assert len(asked) == 2
    assert all(f"GRAPH <{name}> " in "".join(asked) for name in names)
    assert "GRAPH ?" not in "".join(asked)
