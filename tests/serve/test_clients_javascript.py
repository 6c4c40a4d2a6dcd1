"""The JavaScript library sparql-http-client, in a page of another origin, against the served Miami graph."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from serving import Server, serving

ROOT = Path(__file__).resolve().parents[2]
VENDOR = Path(__file__).with_name("vendor")
LIBRARY = "sparql-http-client.min.js"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
HEADS = 'SELECT ?who ?what { ?who rdfs:label "Steve Witkoff"@en ; dip:represents/rdfs:label ?what } ORDER BY ?what'
LABELS = 'CONSTRUCT { ?who rdfs:label ?name } { ?who rdfs:label "Steve Witkoff"@en, ?name }'
SCRIPT = """async ([endpointUrl, kind, query, options, native]) => {
    const own = native ? { fetch: (...call) => fetch(...call) } : {};
    const client = new sparqlHttpClient.default({ endpointUrl, ...own });
    const plain = ({ value, language, datatype }) => [value, language || datatype?.value || ''];
    try {
        const found = await client.query[kind](query, options);
        if (kind === 'ask') return found;
        if (kind === 'construct') return [...found].map((q) => [q.subject, q.predicate, q.object].map(plain));
        return found.map((row) => Object.fromEntries(Object.entries(row).map(([name, term]) => [name, plain(term)])));
    } catch (error) {
        return [error.status ?? error.name, error.message];
    }
}"""
OPERATIONS = ("get", "postUrlencoded", "postDirect")

slow = [pytest.mark.slow, pytest.mark.browser]


class Page(BaseHTTPRequestHandler):
    """A page that loads the library and may ask other servers."""

    def do_GET(self) -> None:
        script = self.path == f"/{LIBRARY}"
        html = f'<!doctype html><title>A reader</title><link rel="icon" href="data:,"><script src="{LIBRARY}"></script>'
        body = (VENDOR / LIBRARY).read_bytes() if script else html.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if script else "text/html; charset=utf-8")
        policy = "default-src 'none'; script-src 'self'; img-src data:; connect-src http://127.0.0.1:*"
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """The origin of a page that is not the graph's server's."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def miami(origin: str) -> Iterator[Server]:
    with serving(ROOT / "graphs" / "miami-talks", "--no-watch", "--timeout", "2", "--cors", origin) as server:
        yield server


@pytest.fixture(scope="module")
def reader(origin: str) -> Iterator[Any]:
    """The page, open in Chromium; without one the tests are skipped, in CI they fail."""
    sync_api = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(path).exists() and not os.environ.get("CI"):
        pytest.skip("there is no chromium")
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        page = browser.new_page()
        page.goto(origin)
        assert page.evaluate("typeof sparqlHttpClient.default") == "function"
        yield page
        browser.close()


@pytest.fixture(scope="module")
def ask(reader: Any, miami: Server) -> Any:
    """Asks with the library: ``ask("select", query, operation="get")``.

    The library's own fetch turns an answer into a stream of rows or triples, and in a browser locks it: the text of a
    refusal and the answer to ASK are read with the browser's fetch, which the library takes as an option.
    """

    def go(kind: str, query: str, server: Server = miami, native: bool = False, **options: Any) -> Any:
        native = native or kind == "ask"
        return reader.evaluate(SCRIPT, [f"{server.address}sparql", kind, query, options, native])

    return go


class TestWithTheLibrary:
    pytestmark = slow

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_rows(self, ask: Any, miami: Server, operation: str) -> None:
        expected = [(row["who"], row["what"]) for row in miami.rows(HEADS)]
        rows = ask("select", HEADS, operation=operation)
        assert [(row["who"][0], row["what"][0]) for row in rows] == expected
        assert rows[0]["what"][1] == "en"
        counted = ask("select", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", operation=operation)
        assert counted[0]["n"][1] == "http://www.w3.org/2001/XMLSchema#integer"
        assert int(counted[0]["n"][0]) > 1000

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_yes_and_no(self, ask: Any, operation: str) -> None:
        assert ask("ask", 'ASK { ?s rdfs:label "Steve Witkoff"@en }', operation=operation) is True
        assert ask("ask", 'ASK { ?s rdfs:label "Nobody at all"@en }', operation=operation) is False

    @pytest.mark.parametrize("operation", OPERATIONS)
    @pytest.mark.parametrize("kind", ["application/n-triples", "text/turtle"])
    def test_graphs(self, ask: Any, miami: Server, operation: str, kind: str) -> None:
        found = ask("construct", LABELS, operation=operation, headers={"accept": kind})
        who = miami.rows(HEADS)[0]["who"]
        assert [[who, ""], [LABEL, ""], ["Steve Witkoff", "en"]] in found

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_a_refusal_says_what_is_wrong_with_the_query(self, ask: Any, operation: str) -> None:
        status, message = ask("select", "SELECT ?who { ?who", operation=operation, native=True)
        assert status == 400
        assert "Q010 this { is not closed" in message

    def test_a_query_over_its_limit_is_refused_with_the_reason(self, ask: Any) -> None:
        bomb = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
        status, message = ask("select", bomb, native=True)
        assert status == 422
        assert "more than 2 seconds" in message

    def test_an_update_is_refused(self, ask: Any) -> None:
        status, message = ask("select", "INSERT DATA { <a:b> <a:c> <a:d> }", native=True)
        assert status == 400
        assert "INSERT" in message

    def test_a_server_that_does_not_name_the_origin_gives_nothing(self, ask: Any, garden: Server) -> None:
        assert ask("ask", "ASK {}", garden)[0] == "TypeError"


def test_the_library_is_as_recorded_with_its_licences() -> None:
    record = json.loads((VENDOR / "vendor.json").read_text("utf-8"))
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    licences = (VENDOR / "THIRD_PARTY.txt").read_text("utf-8")
    assert record["sha256"] == {LIBRARY: hashlib.sha256((VENDOR / LIBRARY).read_bytes()).hexdigest()}
    assert "sparql-http-client" in record["packages"]
    for name, version in record["packages"].items():
        assert lock[f"node_modules/{name}"]["version"] == version
        assert f"\n{name} {version} ({'BSD-3-Clause' if name == 'ieee754' else 'MIT'})\n" in licences
