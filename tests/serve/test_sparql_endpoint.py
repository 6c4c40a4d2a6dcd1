"""``/sparql`` of a running server, asked over sockets."""

from __future__ import annotations

import csv
import io
import json
from urllib.parse import urlencode
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest

from serving import Server

HEADS = "SELECT ?who ?what WHERE { ?who gar:chairs ?what }"
BASE = "https://example.org/garden/"
ROSE, SOCIETY = f"{BASE}entity/rose", f"{BASE}entity/society"
SD = "http://www.w3.org/ns/sparql-service-description#"
FORM = "application/x-www-form-urlencoded"


def test_a_query_by_get_and_by_both_ways_of_post(garden: Server) -> None:
    ways = [
        garden.get("/sparql", query=HEADS),
        garden.ask("POST", "/sparql", urlencode({"query": HEADS}).encode(), Content_Type=FORM),
        garden.ask("POST", "/sparql", HEADS.encode(), Content_Type="application/sparql-query"),
    ]
    expected = {"who": {"type": "uri", "value": ROSE}, "what": {"type": "uri", "value": SOCIETY}}
    for given in ways:
        assert (given.status, given.headers["content-type"]) == (200, "application/sparql-results+json")
        assert given.json["results"]["bindings"] == [expected]


@pytest.mark.parametrize("way", ["Accept", "format"])
def test_rows_in_every_format(garden: Server, way: str) -> None:
    types = {
        "json": "application/sparql-results+json",
        "xml": "application/sparql-results+xml",
        "csv": "text/csv; charset=utf-8",
        "tsv": "text/tab-separated-values; charset=utf-8",
    }
    found = {}
    for name, media_type in types.items():
        more = {"format": name} if way == "format" else {}
        given = garden.get("/sparql", "*/*" if more else media_type, query=HEADS, **more)
        assert (given.status, given.headers["content-type"]) == (200, media_type)
        found[name] = given.text
    assert json.loads(found["json"])["head"]["vars"] == ["who", "what"]
    assert [
        uri.text for uri in ElementTree.fromstring(found["xml"]).iter("{http://www.w3.org/2005/sparql-results#}uri")
    ] == [
        ROSE,
        SOCIETY,
    ]
    assert list(csv.reader(io.StringIO(found["csv"]))) == [["who", "what"], [ROSE, SOCIETY]]
    assert found["tsv"] == f"?who\t?what\n<{ROSE}>\t<{SOCIETY}>\n"


def test_a_truth_value(garden: Server) -> None:
    assert garden.get("/sparql", query="ASK { :rose gar:chairs :society }").json["boolean"] is True


@pytest.mark.parametrize(
    ("media_type", "format_"),
    [
        ("text/turtle", ox.RdfFormat.TURTLE),
        ("application/n-triples", ox.RdfFormat.N_TRIPLES),
        ("application/ld+json", ox.RdfFormat.JSON_LD),
        ("application/rdf+xml", ox.RdfFormat.RDF_XML),
        ("application/trig", ox.RdfFormat.TRIG),
        ("application/n-quads", ox.RdfFormat.N_QUADS),
    ],
)
def test_a_graph_in_every_format(garden: Server, media_type: str, format_: ox.RdfFormat) -> None:
    given = garden.get("/sparql", media_type, query="CONSTRUCT { ?a gar:chairs ?b } WHERE { ?a gar:chairs ?b }")
    assert (given.status, given.headers["content-type"].partition(";")[0]) == (200, media_type)
    triples = [(str(quad.subject), str(quad.object)) for quad in ox.parse(given.body, format_)]
    assert triples == [(f"<{ROSE}>", f"<{SOCIETY}>")]


def test_what_nobody_accepts_is_406(garden: Server) -> None:
    assert garden.get("/sparql", "image/png", query=HEADS).status == 406
    given = garden.get("/sparql", "text/turtle", query=HEADS)
    assert (given.status, given.text) == (406, "this query gives rows, in no format that you accept\n")
    assert garden.get("/sparql", query=HEADS, format="doc").status == 400


def test_a_mistake_is_told_with_its_place(garden: Server) -> None:
    given = garden.get("/sparql", query="SELECT ?who\nWHERE { ?who gar:chairs }")
    assert (given.status, given.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert given.text == (
        'query:2:25: Q010 "}" cannot stand here\n'
        "    WHERE { ?who gar:chairs }\n"
        "                            ^\n"
        "    fix: look at the place marked, and right before it\n"
    )


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT <http://127.0.0.1:9/> { ?s ?p ?o } } LIMIT 0",
        "ASK { FILTER EXISTS { SERVICE ?x { ?s ?p ?o } } }",
        "LOAD <http://127.0.0.1:9/>",
        "INSERT DATA { <urn:a> <urn:b> <urn:c> }",
        "SELECT * FROM <http://127.0.0.1:9/> { ?s ?p ?o }",
        "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
    ],
)
def test_nothing_is_fetched_and_nothing_written(garden: Server, query: str) -> None:
    given = garden.get("/sparql", query=query)
    assert given.status == 400
    assert "Q00" in given.text


def test_the_word_service_may_stand_in_a_query(garden: Server) -> None:
    assert garden.get("/sparql", query="ASK { ?service ?p 'LOAD INSERT SERVICE' } # SERVICE").status == 200


def test_updates_are_refused(garden: Server) -> None:
    update = b"INSERT DATA { <urn:a> <urn:b> <urn:c> }"
    assert garden.ask("POST", "/sparql", update, Content_Type="application/sparql-update").status == 403
    assert garden.ask("POST", "/sparql", b"update=CLEAR+ALL", Content_Type=FORM).status == 403
    for method in ("PUT", "DELETE", "PATCH"):
        given = garden.ask(method, "/sparql")
        assert (given.status, given.headers["allow"]) == (405, "GET, HEAD, POST")


def test_graphs_are_chosen_by_the_request(garden: Server) -> None:
    asserted, entities = f"{BASE}graph/asserted", f"{BASE}graph/entities"
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    everything, facts, both = (
        int(garden.get("/sparql", query=count, **more).json["results"]["bindings"][0]["n"]["value"])
        for more in ({}, {"default-graph-uri": asserted}, {})
    )
    body = urlencode([("query", count), ("default-graph-uri", asserted), ("default-graph-uri", entities)]).encode()
    given = garden.ask("POST", "/sparql", body, Content_Type=FORM)
    both = int(given.json["results"]["bindings"][0]["n"]["value"])
    assert 0 < facts < both < everything
    names = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"
    given = garden.get("/sparql", query=names, **{"named-graph-uri": asserted})
    assert [row["g"]["value"] for row in given.json["results"]["bindings"]] == [asserted]
    assert (
        garden.get("/sparql", query=count, **{"named-graph-uri": asserted}).json["results"]["bindings"][0]["n"]["value"]
        == "0"
    )


def test_the_dataset_of_the_request_stands_over_from(garden: Server) -> None:
    asserted, entities = f"{BASE}graph/asserted", f"{BASE}graph/entities"
    query = f"ASK FROM <{entities}> {{ :rose gar:chairs :society }}"
    assert garden.get("/sparql", query=query).json["boolean"] is False
    assert garden.get("/sparql", query=query, **{"default-graph-uri": asserted}).json["boolean"] is True


def test_a_graph_that_is_not_there_is_not_fetched(garden: Server) -> None:
    given = garden.get("/sparql", query=HEADS, **{"default-graph-uri": "http://127.0.0.1:9/data.ttl"})
    assert given.status == 400
    assert "<http://127.0.0.1:9/data.ttl> is no graph of this dataset, and nothing is fetched" in given.text


def test_literals_come_as_they_were_written(garden: Server) -> None:
    rows = garden.rows("SELECT DISTINCT ?when { ?s onr:when ?when }")
    assert rows == [{"when": "2024-07-06/2024-07-07"}]


def test_the_service_description(garden: Server) -> None:
    given = garden.get("/sparql", "text/turtle")
    triples = list(ox.parse(given.body, ox.RdfFormat.TURTLE))
    endpoint = ox.NamedNode(f"{garden.address}sparql")
    assert ox.Triple(endpoint, ox.NamedNode(f"{SD}endpoint"), endpoint) in [quad.triple for quad in triples]
    features = {quad.object.value for quad in triples if quad.predicate.value == f"{SD}feature"}
    assert features == {f"{SD}UnionDefaultGraph"}
    names = {quad.object.value for quad in triples if quad.predicate.value == f"{SD}name"}
    assert {f"{BASE}graph/asserted", f"{BASE}graph/source/letter"} <= names
    assert garden.get("/sparql", "application/rdf+xml").headers["content-type"] == "application/rdf+xml"


def test_head_gives_the_head(garden: Server) -> None:
    given = garden.ask("HEAD", f"/sparql?{urlencode({'query': HEADS})}")
    assert (given.status, given.body) == (200, b"")
    assert int(given.headers["content-length"]) == len(garden.get("/sparql", query=HEADS).body)


def test_a_known_answer_is_not_sent_again(garden: Server) -> None:
    tag = garden.get("/sparql", query=HEADS).headers["etag"]
    path = f"/sparql?{urlencode({'query': HEADS})}"
    assert garden.ask("GET", path, If_None_Match=tag).status == 304
    assert garden.ask("GET", path, If_None_Match=tag, Accept="text/csv").status == 200
    assert "etag" not in garden.get("/sparql", query="SELECT (NOW() AS ?n) {}").headers


def test_an_answer_that_changes_is_evaluated_each_time(garden: Server) -> None:
    query = "SELECT (STRUUID() AS ?id) {}"
    assert garden.rows(query) != garden.rows(query)


def test_a_long_query_is_refused(garden: Server) -> None:
    given = garden.ask("POST", "/sparql", b"ASK {}" + b" " * (256 << 10), Content_Type="application/sparql-query")
    assert (given.status, given.text) == (413, "this query is longer than 256 KiB; shorten it\n")
