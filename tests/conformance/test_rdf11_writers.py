"""W3C RDF 1.1 suites through the export writers: what a test's data say, the written file says.

The suites (https://github.com/w3c/rdf-tests) are not in the repository; they are looked for in
``../shared/conformance`` beside it, or in ``$ONRECORD_CONFORMANCE``. The tables of this project hold no blank
nodes and no default graph, so both get an IRI first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyoxigraph as ox
import pytest

from onrecord.assemble import QUADS
from onrecord.export import export
from onrecord.terms import split_term

FOLDER = Path(os.environ.get("ONRECORD_CONFORMANCE", Path(__file__).parents[3] / "shared" / "conformance"))
SUITES = FOLDER / "rdf" / "rdf11"
RDFT = "http://www.w3.org/ns/rdftest#"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
DEFAULT = "<urn:default-graph>"
FORMATS = {
    "rdf-turtle": ("Turtle", ox.RdfFormat.TURTLE),
    "rdf-trig": ("Trig", ox.RdfFormat.TRIG),
    "rdf-n-quads": ("NQuads", ox.RdfFormat.N_QUADS),
    "rdf-n-triples": ("NTriples", ox.RdfFormat.N_TRIPLES),
}
COLLECTED = {"rdf-turtle": 219, "rdf-trig": 241, "rdf-n-quads": 53, "rdf-n-triples": 41}
WRITERS = {
    "ttl": ox.RdfFormat.TURTLE,
    "trig": ox.RdfFormat.TRIG,
    "nq": ox.RdfFormat.N_QUADS,
    "nt": ox.RdfFormat.N_TRIPLES,
}
PREFIXES = {
    "": "http://www.w3.org/2013/TurtleTests/",
    "a": "http://a.example/",
    "ex": "http://example/",
    "exo": "http://example.org/",
    "q": "http://example/graphs#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}

pytestmark = pytest.mark.skipif(
    not SUITES.is_dir(), reason=f"the W3C's suites are no part of this repository, and not at hand in {FOLDER}"
)


def cases(suite: str) -> Iterator[tuple[str, Path, str]]:
    """Name, file and base IRI of every test of the manifest whose data are well formed."""
    folder = SUITES / suite
    kind, _ = FORMATS[suite]
    positive = {ox.NamedNode(f"{RDFT}Test{kind}{what}") for what in ("Eval", "PositiveSyntax")}
    base = f"https://w3c.github.io/rdf-tests/rdf/rdf11/{suite}/"
    found: dict[str, dict[str, list[object]]] = {}
    manifest = ox.parse(path=folder / "manifest.ttl", format=ox.RdfFormat.TURTLE, base_iri=f"{base}manifest.ttl")
    for quad in manifest:
        found.setdefault(str(quad.subject), {}).setdefault(quad.predicate.value, []).append(quad.object)
    for name, facts in sorted(found.items()):
        if positive & set(facts.get(TYPE.value, ())):  # type: ignore[arg-type]
            (action,) = facts[f"{MF}action"]
            file = str(action)[1:-1].removeprefix(base)
            yield name.rpartition("#")[2].rstrip(">"), folder / file, f"{base}{file}"


def collected(suite: str) -> list[tuple[str, Path, str]]:
    """The cases, or none where the suites are not there."""
    return list(cases(suite)) if SUITES.is_dir() else []


@pytest.mark.parametrize("suite", FORMATS)
def test_all_cases_are_collected(suite: str) -> None:
    assert len(collected(suite)) == COLLECTED[suite]


def table(data: bytes, format_: ox.RdfFormat, base: str) -> pl.DataFrame:
    """A test's data as quads, blank nodes and the default graph as IRIs."""
    names: dict[str, str] = {}

    def term(node: object) -> str:
        if isinstance(node, ox.BlankNode):
            return names.setdefault(node.value, f"<urn:blank:{len(names)}>")
        return DEFAULT if isinstance(node, ox.DefaultGraph) else str(node)

    rows = [
        (term(quad.graph_name), term(quad.subject), term(quad.predicate), term(quad.object))
        for quad in ox.parse(data, format_, base_iri=base)
    ]
    return pl.DataFrame(rows, schema=QUADS, orient="row").unique()


def plain(quads: pl.DataFrame, name: str) -> set[tuple[object, ...]]:
    """What the format holds of the table: its union, or all of it."""
    columns = ["subject", "predicate", "object"] + (["graph"] if name in ("trig", "nq") else [])
    return {tuple(split_term(term) for term in row) for row in quads.select(columns).iter_rows()}


@pytest.mark.parametrize("suite", FORMATS)
def test_what_the_data_say_is_what_is_written(suite: str) -> None:
    """One test a suite, for speed; the first case that fails is named."""
    _, format_ = FORMATS[suite]
    looked_at = 0
    for case, path, base in collected(suite):
        quads = table(path.read_bytes(), format_, base)
        for name, written in WRITERS.items():
            data = export(quads, name, PREFIXES)
            again = table(data, written, "urn:none:")
            assert plain(again, name) == plain(quads, name), f"{case} as {name}:\n{data.decode()}"
            assert export(quads.reverse(), name, PREFIXES) == data, f"{case} as {name} depends on the order"
        looked_at += 1
    assert looked_at == COLLECTED[suite]
