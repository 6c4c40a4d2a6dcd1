"""Owns a SPARQL server that goes away at a chosen request, and one that gives few rows at a time.

It answers from a store in this process, or passes requests on to a real server.

    with cutting() as there:
        there.cut(3, is_done=True)   # the fourth request is carried out, and nobody is told
        ...
        there.mend()
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox

Answer = tuple[int, dict[str, str], bytes]
_JSON = "application/sparql-results+json"


class Cutting:
    """What stands behind the address: requests are counted, carried out, and cut off."""

    def __init__(self, upstream: str = "") -> None:
        self.upstream = upstream
        self.store = ox.Store()
        self.asked: list[str] = []
        """The method and path of each request, and the bytes of its body."""
        self.sizes: list[int] = []
        self.rows: int | None = None
        """So many rows are given at most."""
        self.tells = True
        """Whether a header says that rows are cut."""
        self.when_cut: Callable[[], object] = lambda: None
        self._lock = threading.Lock()
        self._first_cut: int | None = None
        self._is_done = False
        self.address = ""

    def cut(self, at: int, *, is_done: bool, when_cut: Callable[[], object] = lambda: None) -> None:
        """Go away at the request with this number, counted from now; with ``is_done`` that one is carried out."""
        self.asked, self.sizes, self._first_cut, self._is_done, self.when_cut = [], [], at, is_done, when_cut

    def mend(self) -> None:
        """Be there again."""
        self.asked, self.sizes, self._first_cut = [], [], None

    def dump(self) -> frozenset[str]:
        """All quads."""
        return frozenset(map(str, self.store))

    def load(self, quads: frozenset[str]) -> None:
        """Hold these quads and no others."""
        self.store.clear()
        self.store.load("".join(f"{quad} .\n" for quad in quads).encode(), format=ox.RdfFormat.N_QUADS)

    def take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        """The answer to a request; None for one that is cut off."""
        with self._lock:
            number = len(self.asked)
            self.asked.append(f"{method} {urlsplit(path).path}")
            self.sizes.append(len(body))
            if self._first_cut is None or number < self._first_cut:
                return self._carry_out(method, path, headers, body)
            if self._is_done and number == self._first_cut:
                self._carry_out(method, path, headers, body)
            self.when_cut()
            return None

    def _carry_out(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if self.upstream:
            return self._pass_on(method, path, headers, body)
        parts = urlsplit(path)
        if parts.path == "/query":
            return self._query(parse_qs(body.decode())["query"][0])
        if parts.path == "/update":
            self.store.update(body.decode())
        elif parts.path == "/store":
            graph = ox.NamedNode(parse_qs(parts.query)["graph"][0])
            if method in ("PUT", "DELETE"):
                self.store.remove_graph(graph)
            self.store.load(body, format=ox.RdfFormat.N_TRIPLES, to_graph=graph)
        return 204, {}, b""

    def _query(self, text: str) -> Answer:
        found = json.loads(self.store.query(text).serialize(format=ox.QueryResultsFormat.JSON) or b"")
        rows = found.setdefault("results", {"bindings": []})["bindings"]
        is_cut = self.rows is not None and len(rows) >= self.rows
        found["results"]["bindings"] = rows[: self.rows]
        more = {"X-SPARQL-MaxRows": str(self.rows)} if is_cut and self.tells else {}
        return 200, {"Content-Type": _JSON, **more}, json.dumps(found).encode()

    def _pass_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        passed = {name: value for name, value in headers.items() if name in ("Content-Type", "Accept")}
        request = urllib.request.Request(self.upstream + path, body or None, passed, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as found:
                return found.status, dict(found.headers), found.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()


@contextmanager
def cutting(upstream: str = "") -> Iterator[Cutting]:
    """A server on loopback; it names itself as Oxigraph does."""
    behind = Cutting(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "oxigraph/0"

        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found = behind.take(self.command, self.path, dict(self.headers), body)
            self.close_connection = found is None
            if found is not None:
                status, headers, data = found
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() in ("content-type", "x-sparql-maxrows"):
                        self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = _reply  # noqa: N815  # the names that the library calls

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    behind.address = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield behind
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
