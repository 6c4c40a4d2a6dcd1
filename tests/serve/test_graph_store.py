"""``/graphs``: reading by the Graph Store Protocol, whose W3C cases write first; here what they then read."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from serving import Server

GRAPH = "https://example.org/garden/graph/asserted"


def test_a_named_graph_by_both_ways(garden: Server) -> None:
    by_name = garden.get("/graphs", "application/n-triples", graph=GRAPH)
    direct = garden.get("/graph/asserted", "application/n-triples")
    by_query = garden.get(
        "/sparql", "application/n-triples", query=f"CONSTRUCT {{ ?s ?p ?o }} {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}"
    )
    assert (by_name.status, direct.status) == (200, 200)
    lines = [sorted(given.text.splitlines()) for given in (by_name, direct, by_query)]
    assert lines[0] == lines[1] == lines[2] != []


def test_the_default_graph_is_the_union(garden: Server) -> None:
    given = garden.get("/graphs?default")
    assert (given.status, given.headers["content-type"]) == (200, "text/turtle; charset=utf-8")
    found = {quad.triple for quad in ox.parse(given.body, ox.RdfFormat.TURTLE)}
    assert len(found) == garden.get("/health").json["quads"]


def test_head(garden: Server) -> None:
    assert garden.ask("HEAD", f"/graphs?graph={GRAPH}").status == 200
    assert garden.ask("HEAD", "/graphs?graph=urn:none").status == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/graphs", 400),
        ("/graphs?graph=", 404),
        ("/graphs?graph=urn:none", 404),
        ("/graphs?graph=urn:a&graph=urn:b", 400),
        (f"/graphs?default&graph={GRAPH}", 400),
        ("/graphs?default=1", 400),
        ("/graphs?default&default", 400),
        ("/graph/none", 404),
        ("/graphs?default&format=doc", 400),
        ("/graphs?default&format=nt", 200),
    ],
)
def test_which_graph(garden: Server, path: str, status: int) -> None:
    assert garden.get(path).status == status


def test_no_format_that_is_accepted(garden: Server) -> None:
    assert garden.get("/graphs?default", "image/png").status == 406


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/graphs?default", f"/graphs?graph={GRAPH}", "/graph/asserted"])
def test_writing_is_refused(garden: Server, method: str, path: str) -> None:
    before = garden.get("/graphs?default", "application/n-triples").text
    given = garden.ask(method, path, b"<urn:a> <urn:b> <urn:c> .", Content_Type="text/turtle")
    assert (given.status, given.headers["allow"]) == (405, "GET, HEAD")
    assert sorted(garden.get("/graphs?default", "application/n-triples").text) == sorted(before)
