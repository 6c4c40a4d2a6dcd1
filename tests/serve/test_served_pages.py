"""The site over HTTP, and the graph's own IRIs with content negotiation."""

from __future__ import annotations

import gzip

import pyoxigraph as ox
import pytest

from serving import Server

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
BASE = "https://example.org/garden/"


def test_the_site_is_served(garden: Server) -> None:
    given = garden.get("/", BROWSER)
    assert (given.status, given.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "The garden society" in given.text
    for path, kind in (
        ("/entity/rose.html", "text/html; charset=utf-8"),
        ("/assets/site.css", "text/css; charset=utf-8"),
        ("/assets/site.js", "text/javascript; charset=utf-8"),
    ):
        assert (garden.get(path).status, garden.get(path).headers["content-type"]) == (200, kind)


def test_what_is_not_there(garden: Server) -> None:
    page = garden.get("/nothing", BROWSER)
    assert (page.status, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    text = garden.get("/nothing", "application/json")
    assert (text.status, text.text) == (404, "there is no such page\n")
    for path in ("/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/entity/..%2f..%2fonrecord.yaml", "//etc/passwd"):
        assert garden.get(path, BROWSER).status == 404


def test_a_page_that_is_known_is_not_sent_again(garden: Server) -> None:
    first = garden.get("/entity/rose.html")
    again = garden.ask("GET", "/entity/rose.html", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert garden.ask("GET", "/entity/basil.html", If_None_Match=first.headers["etag"]).status == 200


def test_pages_come_compressed_to_those_who_take_that(garden: Server) -> None:
    plain = garden.get("/entity/rose.html")
    packed = garden.ask("GET", "/entity/rose.html", Accept_Encoding="gzip")
    assert (packed.headers["content-encoding"], gzip.decompress(packed.body)) == ("gzip", plain.body)
    assert "accept-encoding" in plain.headers["vary"].lower()
    assert len(packed.body) < len(plain.body) / 2


def test_head_of_a_page(garden: Server) -> None:
    given = garden.ask("HEAD", "/entity/rose.html")
    assert (given.status, given.body) == (200, b"")
    assert int(given.headers["content-length"]) == len(garden.get("/entity/rose.html").body)


def test_pages_are_not_posted_to(garden: Server) -> None:
    given = garden.ask("POST", "/entity/rose.html", b"x")
    assert (given.status, given.headers["allow"]) == (405, "GET, HEAD")


def test_a_browser_is_led_from_an_iri_to_the_page(garden: Server) -> None:
    given = garden.get("/entity/rose", BROWSER)
    assert (given.status, given.headers["location"], given.headers["vary"]) == (303, "/entity/rose.html", "Accept")


@pytest.mark.parametrize(
    ("accept", "suffix", "format_"),
    [
        ("text/turtle", ".ttl", ox.RdfFormat.TURTLE),
        ("application/ld+json", ".jsonld", ox.RdfFormat.JSON_LD),
        ("application/n-triples", ".nt", ox.RdfFormat.N_TRIPLES),
        ("application/rdf+xml", ".rdf", ox.RdfFormat.RDF_XML),
    ],
)
def test_a_program_gets_the_triples_of_an_iri(garden: Server, accept: str, suffix: str, format_: ox.RdfFormat) -> None:
    given = garden.get("/entity/rose", accept)
    assert (given.status, given.headers["content-type"].partition(";")[0]) == (200, accept)
    assert given.headers["link"] == '</entity/rose.html>; rel="alternate"; type="text/html"'
    rose = ox.NamedNode(f"{BASE}entity/rose")
    triples = {str(quad.triple) for quad in ox.parse(given.body, format_)}
    assert all(str(rose) in triple for triple in triples)
    assert f"{rose} <https://example.org/garden-terms#chairs> <{BASE}entity/society>" in triples
    by_suffix = garden.get(f"/entity/rose{suffix}", BROWSER)
    assert {str(quad.triple) for quad in ox.parse(by_suffix.body, format_)} == triples


def test_every_kind_of_iri_has_data(garden: Server) -> None:
    found = garden.rows(
        "SELECT (SAMPLE(?s) AS ?one) { ?s a ?kind FILTER(STRSTARTS(STR(?s), 'https://example.org/garden/')) } "
        "GROUP BY ?kind"
    )
    assert len(found) > 5
    for row in found:
        path = row["one"].removeprefix(BASE)
        assert garden.get(f"/{path}", "text/turtle").status == 200, path


@pytest.mark.parametrize("path", ["/entity/nobody", "/entity/a b", "/entity/%3E%20%7D", "/statement/0", "/entity/%00"])
def test_nothing_is_known_of_another_iri(garden: Server, path: str) -> None:
    assert garden.get(path.replace(" ", "%20"), "text/turtle").status == 404


def test_what_programs_watch(garden: Server) -> None:
    assert garden.get("/health").json["status"] == "ok"
    assert garden.get("/live").json == {"build": garden.get("/health").json["build"], "building": False, "problems": 0}
    figures = garden.get("/metrics")
    assert figures.headers["content-type"].startswith("text/plain")
    assert 'onrecord_http_requests_total{method="GET",route="answer_health",status="200"}' in figures.text
    assert "onrecord_quads " in figures.text


def test_the_problems_of_the_files(garden: Server) -> None:
    page = garden.get("/problems", BROWSER)
    assert "The graph is served as its files are" in page.text
    found = garden.get("/problems", "application/json").json
    assert (found["state"], [problem["code"] for problem in found["problems"]]) == ("ready", ["E010", *["Q026"] * 4])
