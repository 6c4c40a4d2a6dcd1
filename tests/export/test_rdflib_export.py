"""The way into rdflib: the same quads, literals as written, nothing fetched."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import rdflib
import rdflib.plugins.sparql

from inline import BASE, rich
from onrecord.build import dataset
from onrecord.errors import OnRecordError
from onrecord.export.rdflib import to_rdflib
from onrecord.lens import Lens

pytestmark = pytest.mark.filterwarnings(  # rdflib 7.6 warns of what it does itself
    "ignore:Dataset.default_context is deprecated:DeprecationWarning"
)


def test_the_dataset_holds_the_quads_as_written(tmp_path: Path) -> None:
    found = rich(tmp_path)
    quads = dataset(found.loaded)
    data = found.graph().rdflib()
    assert isinstance(data, rdflib.Dataset)
    iris = quads.filter(~pl.col("object").str.starts_with('"')).select("subject", "predicate", "object", "graph")
    assert {tuple(node.n3() for node in quad) for quad in data.quads() if isinstance(quad[2], rdflib.URIRef)} == set(
        iris.iter_rows()
    )
    assert sum(1 for _ in data.quads()) == quads.height
    plot = rdflib.URIRef(f"{BASE}entity/plot-7")
    gar = rdflib.Namespace("https://example.org/garden-terms#")
    assert str(data.value(plot, gar.height)) == "1.50"
    assert str(data.value(plot, gar["count"])) == "010"
    assert {str(value) for value in data.objects(plot, gar.code)} == {"NO", "+1"}
    assert {str(value) for value in data.objects(plot, gar.isOpen)} == {"1", "true"}


def test_queries_see_the_union_and_the_prefixes(tmp_path: Path) -> None:
    data = rich(tmp_path).graph().rdflib()
    rows = list(data.query('SELECT ?s { ?s gar:chairs :society ; rdfs:label "Rose Marsh"@en }'))
    assert [str(row[0]) for row in rows] == [f"{BASE}entity/rose"]
    assert len(list(data.query("SELECT ?s { GRAPH graph:asserted { ?s gar:chairs ?o } }"))) == 1


def test_a_lens_narrows_it(tmp_path: Path) -> None:
    graph = rich(tmp_path).graph()
    assert bool(graph.rdflib().query("ASK { graph:asserted a ?x } ")) is False
    narrowed = graph.rdflib(Lens(sources=frozenset({"minutes"})))
    assert len(list(narrowed.query("SELECT ?s { ?s a onr:Statement }"))) == 3


def test_the_other_store(tmp_path: Path) -> None:
    graph = rich(tmp_path).graph()
    data = graph.rdflib(store="Oxigraph")
    assert len(list(data.query("SELECT ?s { ?s a onr:Statement }"))) == graph.statements["statement"].n_unique() - 1
    with pytest.raises(OnRecordError, match='there is no store "Oxi"; write default or Oxigraph'):
        graph.rdflib(store="Oxi")


def test_from_fetches_nothing(tmp_path: Path) -> None:
    graph = rich(tmp_path).graph()
    secret = tmp_path / "secret.ttl"
    secret.write_text("<urn:a> <urn:b> <urn:c> .", "utf-8")
    data = graph.rdflib()
    assert rdflib.plugins.sparql.SPARQL_LOAD_GRAPHS is False
    assert list(data.query(f"SELECT * FROM <{secret.as_uri()}> {{ <urn:a> ?p ?o }}")) == []


def test_nothing_becomes_an_empty_dataset(tmp_path: Path) -> None:
    quads = dataset(rich(tmp_path).loaded).clear()
    assert len(to_rdflib(quads, {})) == 0
