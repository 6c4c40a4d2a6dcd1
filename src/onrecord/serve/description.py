"""Owns the service description: what the endpoint can do and which graphs there are.

Leaves what is in them to the edition. https://www.w3.org/TR/sparql11-service-description/
"""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox
from starlette.responses import Response

from onrecord.serve.editions import Edition
from onrecord.serve.negotiation import Format
from onrecord.terms import DCTERMS, RDF, VOID, XSD

SD = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS = "http://www.w3.org/ns/formats/"
_WRITTEN = (
    "SPARQL_Results_JSON",
    "SPARQL_Results_XML",
    "SPARQL_Results_CSV",
    "SPARQL_Results_TSV",
    "Turtle",
    "N-Triples",
    "N-Quads",
    "TriG",
    "JSON-LD",
    "RDF_XML",
)


def describe(edition: Edition, address: str, format_: Format) -> Response:
    """The description of the endpoint at ``address``; there is no federation, which is never offered."""
    data = ox.serialize(
        _triples(edition, address),
        format=ox.RdfFormat.from_media_type(format_.types[0]) or ox.RdfFormat.TURTLE,
        prefixes={"sd": SD, "void": VOID, "dcterms": DCTERMS, "format": _FORMATS},
    )
    return Response(data, headers={"Content-Type": format_.media_type, "Vary": "Accept", "Cache-Control": "no-cache"})


def _triples(edition: Edition, address: str) -> Iterator[ox.Triple]:
    facts = edition.facts
    service, dataset, default = (ox.NamedNode(address + part) for part in ("", "#dataset", "#union"))

    def put(subject: ox.NamedNode, predicate: str, obj: ox.NamedNode | ox.Literal) -> ox.Triple:
        return ox.Triple(subject, ox.NamedNode(predicate), obj)

    yield put(service, f"{RDF}type", ox.NamedNode(f"{SD}Service"))
    yield put(service, f"{SD}endpoint", service)
    yield put(service, f"{SD}supportedLanguage", ox.NamedNode(f"{SD}SPARQL11Query"))
    yield put(service, f"{SD}feature", ox.NamedNode(f"{SD}UnionDefaultGraph"))
    for name in _WRITTEN:
        yield put(service, f"{SD}resultFormat", ox.NamedNode(_FORMATS + name))
    yield put(service, f"{SD}defaultDataset", dataset)
    yield put(dataset, f"{RDF}type", ox.NamedNode(f"{SD}Dataset"))
    yield put(dataset, f"{DCTERMS}title", ox.Literal(facts["title"]))
    yield put(dataset, f"{SD}defaultGraph", default)
    yield put(default, f"{RDF}type", ox.NamedNode(f"{SD}Graph"))
    yield put(default, f"{VOID}triples", _count(sum(facts["graphs"].values())))
    for number, (name, count) in enumerate(sorted(facts["graphs"].items()), 1):
        described = ox.NamedNode(f"{address}#named-{number}")
        yield put(dataset, f"{SD}namedGraph", described)
        yield put(described, f"{RDF}type", ox.NamedNode(f"{SD}NamedGraph"))
        yield put(described, f"{SD}name", ox.NamedNode(name))
        contents = ox.NamedNode(f"{described.value}-contents")
        yield put(described, f"{SD}graph", contents)
        yield put(contents, f"{RDF}type", ox.NamedNode(f"{SD}Graph"))
        yield put(contents, f"{VOID}triples", _count(count))


def _count(number: int) -> ox.Literal:
    return ox.Literal(str(number), datatype=ox.NamedNode(f"{XSD}integer"))
