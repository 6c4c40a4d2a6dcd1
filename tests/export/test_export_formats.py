"""Every format says the same dataset, in both engines, with each literal as it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import to_canonical_graph

from inline import load_folder, rich, sound
from onrecord.assemble import QUADS
from onrecord.build import dataset
from onrecord.errors import OnRecordError
from onrecord.export import FORMATS, export
from onrecord.lens import Lens
from onrecord.terms import split_term

pytestmark = [  # rdflib 7.6 warns of what it does itself when it reads into a Dataset
    pytest.mark.filterwarnings("ignore:Dataset.default_context is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
]
GRAPHS = Path(__file__).parents[2] / "graphs"
UNIONS = ("ttl", "nt", "rdf")
DATASETS = ("trig", "nq", "jsonld")
OX = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "rdf": ox.RdfFormat.RDF_XML,
    "trig": ox.RdfFormat.TRIG,
    "nq": ox.RdfFormat.N_QUADS,
    "jsonld": ox.RdfFormat.JSON_LD,
}
RDFLIB = {"ttl": "turtle", "nt": "nt", "rdf": "xml", "trig": "trig", "nq": "nquads", "jsonld": "json-ld"}

Statement = tuple[object, ...]


@pytest.fixture(autouse=True)
def _literals_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)


@pytest.fixture(scope="module", params=["rich", "harbour-bridge", "miami-talks"])
def case(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[pl.DataFrame, dict[str, str]]:
    """Quads and prefixes of each graph."""
    if request.param == "rich":
        found = rich(tmp_path_factory.mktemp("rich"))
    elif (GRAPHS / request.param / "onrecord.yaml").exists():
        found = load_folder(GRAPHS / request.param)
    else:
        pytest.skip(f"graphs/{request.param} is not there")
    return dataset(found.loaded), found.loaded.resolved.names.prefixes()


def written(quads: pl.DataFrame, name: str) -> set[Statement]:
    """What an export in the format should hold: triples, or quads."""
    columns = ["subject", "predicate", "object"] + (["graph"] if name in DATASETS else [])
    return {tuple(plain(term) for term in row) for row in quads.select(columns).iter_rows()}


def plain(term: str) -> Statement:
    """A term as a tuple; language tags are the same in any case."""
    kind, text, datatype, language = split_term(term)
    return kind, text, datatype, (language or "").lower()


def by_oxigraph(data: bytes, name: str) -> Iterator[Statement]:
    """What pyoxigraph reads; ``parse`` keeps the written form of every literal."""
    for quad in ox.parse(data, OX[name]):
        terms = [quad.subject, quad.predicate, quad.object] + ([quad.graph_name] if name in DATASETS else [])
        assert name in DATASETS or isinstance(quad.graph_name, ox.DefaultGraph)
        yield tuple(plain(str(term)) for term in terms)


def by_rdflib(data: bytes, name: str) -> Iterator[Statement]:
    """What rdflib reads."""

    def term(node: object) -> Statement:
        if isinstance(node, rdflib.Literal):
            datatype = None if node.datatype is None else str(node.datatype)
            datatype = None if datatype == str(rdflib.XSD.string) else datatype
            return "literal", str(node), datatype, (node.language or "").lower()
        assert isinstance(node, rdflib.URIRef)
        return "iri", str(node), None, ""

    if name in UNIONS:
        for triple in rdflib.Graph().parse(data=data, format=RDFLIB[name]):
            yield tuple(term(node) for node in triple)
        return
    found = rdflib.Dataset()
    found.parse(data=data, format=RDFLIB[name])
    for *triple, graph in found.quads():
        yield tuple(term(node) for node in (*triple, graph))


@pytest.mark.parametrize("name", FORMATS)
def test_both_engines_read_what_is_in_the_table(case: tuple[pl.DataFrame, dict[str, str]], name: str) -> None:
    quads, prefixes = case
    data = export(quads, name, prefixes)
    expected = written(quads, name)
    assert set(by_oxigraph(data, name)) == expected
    assert set(by_rdflib(data, name)) == expected


@pytest.mark.parametrize("name", UNIONS)
def test_a_union_holds_each_triple_once(case: tuple[pl.DataFrame, dict[str, str]], name: str) -> None:
    quads, prefixes = case
    assert len(list(by_oxigraph(export(quads, name, prefixes), name))) == quads.height


def test_canonical_forms_agree(case: tuple[pl.DataFrame, dict[str, str]]) -> None:
    """The same by canonicalisation (RDFC-1.0 in pyoxigraph, rdflib's own), which would see blank nodes too."""
    quads, prefixes = case
    texts = {name: export(quads, name, prefixes) for name in ("ttl", "trig", "nq", "nt")}

    def canonical(name: str) -> set[str]:
        found = ox.Dataset(ox.parse(texts[name], OX[name]))
        found.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        return {str(quad) for quad in found}

    assert canonical("trig") == canonical("nq")
    assert canonical("ttl") == canonical("nt")
    turtle = to_canonical_graph(rdflib.Graph().parse(data=texts["ttl"], format="turtle"))
    lines = to_canonical_graph(rdflib.Graph().parse(data=texts["nt"], format="nt"))
    assert set(turtle) == set(lines)


@pytest.mark.parametrize("name", FORMATS)
def test_written_forms_survive(tmp_path: Path, name: str) -> None:
    """``1.50``, ``010``, ``NO`` and ``+1`` are what the source wrote."""
    found = rich(tmp_path)
    quads, prefixes = dataset(found.loaded), found.loaded.resolved.names.prefixes()
    data = export(quads, name, prefixes)
    for terms in (by_oxigraph(data, name), by_rdflib(data, name)):
        objects = {(term[2][1], str(term[2][2]).rpartition("#")[2]) for term in terms if term[2][0] == "literal"}
        for pair in (("1.50", "decimal"), ("010", "integer"), ("NO", "None"), ("+1", "None")):
            assert pair in objects
        assert {("1", "boolean"), ("true", "boolean"), ("2024-07-06", "date")} <= objects
        assert ("1.5", "decimal") not in objects and ("10", "integer") not in objects
        assert ('a "b" \\ c\nd\te <é>&\u00a0🌱', "None") in objects


@pytest.mark.parametrize("name", FORMATS)
def test_the_order_of_quads_changes_no_byte(case: tuple[pl.DataFrame, dict[str, str]], name: str) -> None:
    quads, prefixes = case
    data = export(quads, name, prefixes)
    other_prefixes = dict(reversed(prefixes.items()))
    for seed in (1, 2):
        assert export(quads.sample(fraction=1.0, shuffle=True, seed=seed), name, other_prefixes) == data
    assert export(quads.reverse(), name, prefixes) == data


@pytest.mark.parametrize("name", ["nq", "nt"])
def test_lines_are_sorted_and_end_in_a_newline(case: tuple[pl.DataFrame, dict[str, str]], name: str) -> None:
    quads, prefixes = case
    lines = export(quads, name, prefixes).decode().split("\n")
    assert lines[-1] == "" and lines[:-1] == sorted(lines[:-1]) and len(lines) - 1 == quads.height
    assert all(line.endswith(" .") for line in lines[:-1])


def test_json_ld_needs_no_context_from_outside(case: tuple[pl.DataFrame, dict[str, str]]) -> None:
    quads, prefixes = case
    data = export(quads, "jsonld", prefixes)
    assert b"@context" not in data and isinstance(json.loads(data), list)


def test_rdf_xml_is_well_formed_and_uses_the_prefixes(case: tuple[pl.DataFrame, dict[str, str]]) -> None:
    import xml.etree.ElementTree as ET

    quads, prefixes = case
    data = export(quads, "rdf", prefixes)
    root = ET.fromstring(data)
    assert root.tag == "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF" and len(root) > 100
    assert b"<onr:proposition" in data and not re.search(rb"xmlns:ns\d", data)


def test_an_empty_dataset_in_every_format() -> None:
    empty = pl.DataFrame(schema=QUADS)
    for name in FORMATS:
        data = export(empty, name, {"a": "urn:a:"})
        assert list(ox.parse(data, OX[name])) == [] if name != "jsonld" else json.loads(data) == []


def test_a_format_that_is_not_there() -> None:
    empty = pl.DataFrame(schema=QUADS)
    with pytest.raises(OnRecordError, match=r'there is no format "tll": did you mean "ttl" or "nt"\?'):
        export(empty, "tll", {})
    with pytest.raises(OnRecordError, match='there is no format "": the formats are ttl, trig, nq, nt, jsonld, rdf'):
        export(empty, "", {})


def one_quad(predicate: str, obj: str) -> pl.DataFrame:
    """A dataset of one quad."""
    row = {"graph": ["<urn:g>"], "subject": ["<urn:s>"], "predicate": [predicate], "object": [obj]}
    return pl.DataFrame(row, schema=QUADS)


@pytest.mark.parametrize(
    ("predicate", "obj"),
    [("<urn:p:1>", '"a"'), ("<urn:p/>", '"a"'), ("<urn:p:a>", '"\x01"'), ("<urn:p:a>", '"\uffff"')],
)
def test_rdf_xml_that_xml_cannot_hold_is_refused(predicate: str, obj: str) -> None:
    """Better no file than one that no reader opens."""
    with pytest.raises(OnRecordError, match=r"the graph cannot be written as RDF/XML: .*; write Turtle instead"):
        export(one_quad(predicate, obj), "rdf", {})


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", [r"a\r\nb\rc", r"\b\f\t", "]]>&amp;<!--", "\u2028\u0085", "\x7f", "e\u0301é"])
def test_odd_characters_survive(name: str, text: str) -> None:
    if name == "rdf" and text.startswith("\\b"):
        pytest.skip("XML cannot hold them, and refuses")
    quads = one_quad("<urn:p:a>", f'"{text}"')
    assert set(by_oxigraph(export(quads, name, {}), name)) == written(quads, name)


def test_a_lens_narrows_an_export(tmp_path: Path) -> None:
    found = sound(tmp_path, "- triple: [Rose, tends, plot 7]\n  status: expected\n  quote: a\n")
    graph = found.graph()
    direct = "<https://example.org/garden/entity/rose> <https://example.org/garden-terms#tends>"
    assert direct not in graph.serialize("nq").decode()
    assert direct in graph.serialize("nq", Lens(include=frozenset({"expected"}))).decode()
