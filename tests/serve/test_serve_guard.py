"""What must not get in: foreign hosts and origins, requests that are too large, slow or no HTTP."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onrecord.errors import OnRecordError
from onrecord.serve.settings import Settings
from serving import SRC, Server, read_all, serving
from small_graph import write_graph

QUERY = "/sparql?query=ASK%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D"
POST = b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sparql-query\r\n"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST", "localhost."])
def test_a_host_that_it_answers_to(garden: Server, host: str) -> None:
    for name in (host, f"{host}:{garden.port}"):
        assert garden.ask("GET", QUERY, Host=name).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.2",
        "[::2]",
        "",
    ],
)
def test_another_host_is_misdirected(garden: Server, host: str) -> None:
    """A page that resolves its own name to this machine gets nothing."""
    given = garden.ask("GET", QUERY, Host=host)
    assert (given.status, given.headers["connection"]) == (421, "close")
    assert "boolean" not in given.text


def test_two_hosts_are_refused(garden: Server) -> None:
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"
    assert garden.send(request).split(b" ")[1] in (b"400", b"421")


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "http://127.0.0.1.evil.example"]
)
def test_another_origin_is_refused(garden: Server, origin: str) -> None:
    given = garden.ask("GET", QUERY, Origin=origin)
    assert given.status == 403
    assert "access-control-allow-origin" not in given.headers
    assert garden.ask("OPTIONS", "/sparql", Origin=origin, Access_Control_Request_Method="POST").status == 403


def test_the_own_origin_is_served(garden: Server) -> None:
    assert garden.ask("GET", QUERY, Origin=f"http://{garden.host}").status == 200
    assert garden.ask("GET", QUERY, Sec_Fetch_Site="same-origin", Sec_Fetch_Mode="cors").status == 200
    assert garden.ask("GET", "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 200


def test_nothing_is_embedded_elsewhere(garden: Server) -> None:
    assert garden.ask("GET", QUERY, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors").status == 403


@pytest.mark.parametrize("path", ["/", QUERY, "/nothing", "/sparql?query=x", "/problems", "/assets/site.js"])
def test_every_answer_carries_its_policy(garden: Server, path: str) -> None:
    headers = garden.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe-inline" not in policy
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in headers


def test_an_error_is_no_page(garden: Server) -> None:
    given = garden.get("/sparql", "text/html,*/*;q=0.8", query="<script>alert(1)</script>")
    assert (given.status, given.headers["content-type"]) == (400, "text/plain; charset=utf-8")


CLOSE = b"Connection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 9_000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000, 431),
        (b"GET /?" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (b"GET /?" + b"a" * 200_000, 414),
        (b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n", 413),
        (b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        (b"hello\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n X: folded\r\nContent-Length: a\r\n\r\n", 400),
        (b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 421),
        (b"GET HTTP://localhost/health HTTP/1.1\r\nHost: evil.example\r\n" + CLOSE, 200),
        (b"GET http://localhost HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 200),
        (b"GET ftp://localhost/ HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 404),
        (b"TRACE / HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 405),
        (b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 404),
    ],
)
def test_a_request_that_is_wrong(garden: Server, request_: bytes, status: int) -> None:
    given = garden.send(request_, 3)
    assert given.startswith(b"HTTP/1.1 "), given[:80]
    assert int(given.split(b" ")[1]) == status
    assert garden.get("/health").status == 200


def test_a_body_without_a_length_is_bounded_too(garden: Server) -> None:
    head = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", garden.port), timeout=10) as connection:
        connection.sendall(head)
        with contextlib.suppress(OSError):
            for _ in range(40):
                connection.sendall(chunk)
        assert read_all(connection, 5).split(b" ")[1] == b"413"


def test_a_second_request_in_the_same_packet_is_answered(garden: Server) -> None:
    request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    given = garden.send(request + request + last)
    assert given.count(b"HTTP/1.1 200 OK") == 3


def test_no_websocket(garden: Server) -> None:
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n"
    assert garden.send(request).startswith(b"HTTP/1.1 200 OK")


def test_the_log_keeps_what_was_asked_to_itself(garden: Server) -> None:
    garden.get("/sparql", query="ASK { ?s ?p 'a-very-secret-word' }")
    garden.ask("GET", "/live", Authorization="Bearer a-very-secret-word", Cookie="a-very-secret-word=1")
    garden.ask("POST", "/sparql", b"ASK { ?s ?p 'a-very-secret-word' }", Content_Type="application/sparql-query")
    time.sleep(0.2)
    assert any('"path": "/sparql"' in line and '"query": "' in line for line in garden.log)
    assert [line for line in garden.log if "secret" in line] == []


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a name of its own and a reader of another origin."""
    folder = write_graph(tmp_path_factory.mktemp("opened") / "garden")
    options = ("--no-watch", "--allow-host", "graph.example", "--cors", "https://reader.example")
    with serving(folder, *options) as server:
        yield server


def test_an_allowed_host(opened: Server) -> None:
    assert opened.ask("GET", QUERY, Host="graph.example").status == 200
    assert opened.ask("GET", QUERY, Host="graph.example:8080").status == 200
    assert opened.ask("GET", QUERY, Host="other.example").status == 421


def test_an_origin_that_was_named_may_read(opened: Server) -> None:
    given = opened.ask("GET", QUERY, Origin="https://reader.example")
    assert (given.status, given.headers["access-control-allow-origin"]) == (200, "https://reader.example")
    asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "content-type"}
    before = opened.ask("OPTIONS", "/sparql", Origin="https://reader.example", **asked)
    assert (before.status, before.headers["access-control-allow-origin"]) == (200, "https://reader.example")
    other = opened.ask("GET", QUERY, Origin="https://reader.example.evil.example")
    assert (other.status, "access-control-allow-origin" in other.headers) == (403, False)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"host": "0.0.0.0"}, "0.0.0.0 can be reached from other machines"),
        ({"host": "192.168.1.4"}, "--allow-host"),
        ({"allowed_hosts": ("http://x",)}, '"http://x" is no host'),
        ({"cors": ("reader.example",)}, '"reader.example" is no origin'),
        ({"cors": ("https://reader.example/",)}, "is no origin"),
    ],
)
def test_settings_that_are_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(OnRecordError, match=said.replace(".", r"\.")):
        Settings(Path("graph"), **changes)  # type: ignore[arg-type]


def test_settings_that_are_taken() -> None:
    found = Settings(Path("graph"), host="0.0.0.0", allowed_hosts=("graph.example",), cors=("*",))
    assert not found.is_loopback
    assert found.hosts() == {"127.0.0.1", "localhost", "[::1]", "graph.example"}
    assert Settings(Path("graph"), host="::1").hosts() == {"127.0.0.1", "localhost", "[::1]"}


def test_a_port_that_is_taken(garden: Server, graph_folder: Path) -> None:
    command = [sys.executable, "-m", "onrecord", "serve", str(graph_folder), "--port", str(garden.port)]
    run = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": str(SRC)}
    )
    assert run.returncode == 2
    assert f"127.0.0.1:{garden.port} cannot be served at: Address already in use; --port takes another" in run.stderr


@pytest.mark.slow
def test_a_thousand_stalled_clients_hold_nobody_up(garden: Server) -> None:
    """Some send a byte now and then, some send half a body, some never read; a query still comes at once."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    heads = (
        b"GET / HTTP/1.1\r\nHost: loc",
        POST + b"Content-Length: 99\r\n\r\nASK",
        b"",
    )
    with contextlib.ExitStack() as stack:
        stalled = []
        for number in range(1000):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", garden.port), timeout=10))
            connection.sendall(heads[number % 3])
            stalled.append(connection)
        for _ in range(5):
            for connection in stalled[::3]:
                with contextlib.suppress(OSError):
                    connection.sendall(b"a")
            started = time.monotonic()
            assert garden.get(QUERY).status == 200
            assert time.monotonic() - started < 5
        time.sleep(11)
        assert stalled[0].recv(100).startswith(b"HTTP/1.1 408")
        time.sleep(11)
        assert stalled[1].recv(100).startswith(b"HTTP/1.1 408")
        assert garden.get(QUERY).status == 200


@pytest.mark.slow
def test_of_too_many_clients_the_longest_waiting_goes(garden: Server) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(2300):
            stack.enter_context(socket.create_connection(("127.0.0.1", garden.port), timeout=10))
        started = time.monotonic()
        assert garden.get(QUERY).status == 200
        assert time.monotonic() - started < 5


@pytest.mark.slow
def test_who_reads_no_answer_is_dropped(garden: Server) -> None:
    """An answer of some megabytes to somebody who takes none of it."""
    query = b"/sparql?query=" + b"SELECT%20*%20%7B%3Fa%20%3Fb%20%3Fc%20.%20%3Fd%20%3Fe%20%3Ff%7D%20LIMIT%205000"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", garden.port))
        connection.sendall(b"GET " + query + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(34)
        connection.settimeout(90)
        with pytest.raises(ConnectionResetError):
            while connection.recv(1 << 20):
                pass
            raise ConnectionResetError  # cut short without a reset
    assert garden.get("/health").status == 200
