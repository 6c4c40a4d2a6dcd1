"""Programs that people ask SPARQL endpoints with, against a real server."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, JSON, POST, POSTDIRECTLY, RDFXML, TURTLE, XML, SPARQLWrapper

from serving import Server

HEADS = """PREFIX gar: <https://example.org/garden-terms#>
SELECT ?who ?what WHERE { ?who gar:chairs ?what }"""
GRAPH = """PREFIX gar: <https://example.org/garden-terms#>
CONSTRUCT { ?who gar:chairs ?what } WHERE { ?who gar:chairs ?what }"""
BASE = "https://example.org/garden/"
ROSE, SOCIETY = rdflib.URIRef(f"{BASE}entity/rose"), rdflib.URIRef(f"{BASE}entity/society")
CHAIRS = rdflib.URIRef("https://example.org/garden-terms#chairs")


@pytest.fixture
def wrapper(garden: Server) -> SPARQLWrapper:
    return SPARQLWrapper(f"{garden.address}sparql")


@pytest.mark.parametrize("method", ["GET", POST])
@pytest.mark.parametrize("way", ["urlencoded", POSTDIRECTLY])
def test_sparqlwrapper_gets_rows(wrapper: SPARQLWrapper, method: str, way: str) -> None:
    wrapper.setQuery(HEADS)
    wrapper.setMethod(method)
    if method == POST:
        wrapper.setRequestMethod(way)
    wrapper.setReturnFormat(JSON)
    (row,) = wrapper.queryAndConvert()["results"]["bindings"]
    assert (row["who"]["value"], row["what"]["value"]) == (str(ROSE), str(SOCIETY))
    wrapper.setReturnFormat(XML)
    assert str(ROSE) in wrapper.queryAndConvert().toxml()
    wrapper.setReturnFormat(CSV)
    assert list(csv.reader(io.StringIO(wrapper.queryAndConvert().decode()))) == [
        ["who", "what"],
        [str(ROSE), str(SOCIETY)],
    ]


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # SPARQLWrapper makes one
def test_sparqlwrapper_gets_graphs(wrapper: SPARQLWrapper) -> None:
    wrapper.setQuery(GRAPH)
    wrapper.setReturnFormat(RDFXML)
    assert (ROSE, CHAIRS, SOCIETY) in wrapper.queryAndConvert()
    wrapper.setReturnFormat(TURTLE)
    assert (ROSE, CHAIRS, SOCIETY) in rdflib.Graph().parse(data=wrapper.queryAndConvert(), format="turtle")


def test_sparqlwrapper_chooses_graphs(wrapper: SPARQLWrapper) -> None:
    wrapper.setQuery("ASK { ?s <https://example.org/garden-terms#chairs> ?o }")
    wrapper.setReturnFormat(JSON)
    wrapper.addDefaultGraph(f"{BASE}graph/entities")
    assert wrapper.queryAndConvert()["boolean"] is False
    wrapper.addDefaultGraph(f"{BASE}graph/asserted")
    assert wrapper.queryAndConvert()["boolean"] is True


def test_sparqlwrapper_understands_a_refusal(wrapper: SPARQLWrapper) -> None:
    from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

    wrapper.setQuery("SELECT ?who WHERE { ?who")
    with pytest.raises(QueryBadFormed, match=r"Q010 this \{ is not closed"):
        wrapper.query()


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_asks_through_its_store(garden: Server, method: str) -> None:
    store = SPARQLStore(f"{garden.address}sparql", method=method, returnFormat="json")
    graph = rdflib.Graph(store)
    assert [tuple(row) for row in graph.query(HEADS)] == [(ROSE, SOCIETY)]
    assert list(graph.objects(ROSE, CHAIRS)) == [SOCIETY]
    assert (ROSE, CHAIRS, SOCIETY) in graph
    named = rdflib.Graph(SPARQLStore(f"{garden.address}sparql", method=method), identifier=f"{BASE}graph/entities")
    assert list(named.objects(ROSE, CHAIRS)) == []
    assert rdflib.Graph(store).query("ASK { ?s ?p ?o }").askAnswer is True
    found = rdflib.Graph(SPARQLStore(f"{garden.address}sparql", method=method)).query(GRAPH)
    assert (ROSE, CHAIRS, SOCIETY) in found.graph


def test_rdflib_follows_an_iri(garden: Server) -> None:
    found = rdflib.Graph().parse(f"{garden.address}entity/rose")
    assert (ROSE, CHAIRS, SOCIETY) in found


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on every machine; http.client asks the same")
def test_curl(garden: Server) -> None:
    def curl(*arguments: str) -> str:
        run = subprocess.run(["curl", "-sS", "--fail-with-body", *arguments], capture_output=True, timeout=60)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout.decode()

    endpoint = f"{garden.address}sparql"
    rows = f"who,what\r\n{ROSE},{SOCIETY}\r\n"
    assert curl("-G", endpoint, "-H", "Accept: text/csv", "--data-urlencode", f"query={HEADS}") == rows
    assert curl(endpoint, "-H", "Accept: text/csv", "--data-urlencode", f"query={HEADS}") == rows
    direct = ["-H", "Content-Type: application/sparql-query", "--data-binary", HEADS]
    assert json.loads(curl(endpoint, *direct))["head"]["vars"] == ["who", "what"]
    assert "chairs" in curl("--compressed", "-L", f"{garden.address}entity/rose", "-H", "Accept: application/n-triples")
    assert "<!doctype html>" in curl("-L", f"{garden.address}entity/rose", "-H", "Accept: text/html").lower()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser; where there is none the test is skipped, unless CI is set."""
    import os

    sync_api = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(path).exists() and not os.environ.get("CI"):
        pytest.skip("there is no chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.mark.slow
@pytest.mark.browser
def test_a_script_of_a_served_page_asks(garden: Server, chromium: Any) -> None:
    """What a page of the same server may do: fetch by GET and POST, and parse what comes."""
    page = chromium.new_page()
    page.goto(garden.address)
    script = """async (query) => {
        const body = new URLSearchParams({ query });
        const accept = { Accept: 'application/sparql-results+json' };
        const ways = [
            fetch('/sparql?' + body, { headers: accept }),
            fetch('/sparql', { method: 'POST', headers: accept, body }),
            fetch('/sparql', { method: 'POST', body: query,
                headers: { ...accept, 'Content-Type': 'application/sparql-query' } }),
        ];
        const out = [];
        for (const way of ways) out.push((await (await way).json()).results.bindings[0].who.value);
        return out;
    }"""
    assert page.evaluate(script, HEADS) == [str(ROSE)] * 3
    page.close()


@pytest.mark.slow
@pytest.mark.browser
def test_a_page_of_another_origin_gets_nothing(garden: Server, chromium: Any) -> None:
    page = chromium.new_page()
    page.goto("about:blank")
    script = "async (url) => { try { return (await fetch(url)).status; } catch (error) { return error.name; } }"
    assert page.evaluate(script, f"{garden.address}sparql?query=ASK%7B%7D") == "TypeError"
    page.goto(f"http://localhost:{garden.port}/")
    assert page.evaluate(script, f"http://127.0.0.1:{garden.port}/live") == "TypeError"
    page.close()
