"""Reading ontologies, and what every ontology that comes with onrecord or lies in a graph holds to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest

from onrecord.ontology import Ontology, qualified_namespace
from onrecord.project import bundled_ontologies
from onrecord.statuses import ASSERTABLE, STATUSES
from onrecord.terms import OWL, PREFIXES, RDF, RDFS, SH, SKOS, VANN, XSD, is_iri
from reading import read
from small_graph import ONTOLOGY, write_only

ROOT = Path(__file__).resolve().parents[1]
GAR = "https://example.org/garden-terms#"
ONR = PREFIXES["onr"]


def loaded(tmp_path: Path, more: str = "", **files: str | bytes | None) -> tuple[Ontology, list[str]]:
    found = read(write_only(tmp_path / "garden", **{"ontology/garden.ttl": ONTOLOGY + more, **files}))
    return found.ontology, found.codes


# What an ontology answers


def test_classes_and_properties_are_known_by_their_names(tmp_path: Path) -> None:
    ontology, codes = loaded(tmp_path)
    assert codes == []
    assert ontology.class_names["bed"] == ontology.class_names["plot"] == [f"{GAR}Plot"]
    assert ontology.property_names["tended"] == ontology.property_names["tends"] == [f"{GAR}tends"]
    assert (ontology.label(f"{GAR}tends"), ontology.label(f"{GAR}Plot")) == ("tends", "plot")
    assert ontology.label("https://example.org/unknown#Thing") == "Thing"
    assert {"for", "in the words"} <= set(ontology.qualifier_names())
    assert set(ontology.statuses) == set(STATUSES)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tends", (False, (f"{GAR}Person",), (f"{GAR}Plot",), False, False, False)),
        ("height in metres", (True, (), (f"{XSD}decimal",), False, False, False)),
        ("believes", (False, (), (), False, False, True)),
        ("for", (False, (), (f"{PREFIXES['prov']}Agent",), True, False, False)),
        ("in the words", (True, (), (f"{RDF}langString",), False, True, False)),
    ],
)
def test_what_a_property_is(name: str, expected: tuple[object, ...], tmp_path: Path) -> None:
    ontology, _ = loaded(tmp_path)
    prop = ontology.properties[ontology.property_names[name][0]]
    found = (prop.takes_literal, prop.domain, prop.range, prop.restrictive, prop.additive, prop.stance)
    assert found == expected
    assert prop.qualified_iri == prop.iri.replace("terms#", "terms/qualified#")


@pytest.mark.parametrize(
    ("ranges", "datatype"),
    [
        ("", f"{XSD}string"),
        ("; rdfs:range xsd:string", f"{XSD}string"),
        ("; rdfs:range rdf:langString", None),
        ("; rdfs:range rdfs:Literal", f"{XSD}string"),
        ("; rdfs:range xsd:date", f"{XSD}date"),
    ],
)
def test_the_datatype_comes_from_the_range(ranges: str, datatype: str | None, tmp_path: Path) -> None:
    ontology, _ = loaded(tmp_path, f"gar:x a owl:DatatypeProperty {ranges} .\n")
    assert ontology.properties[f"{GAR}x"].datatype == datatype


def test_superclasses_are_a_closure_even_in_a_ring(tmp_path: Path) -> None:
    ring = "gar:A a owl:Class ; rdfs:subClassOf gar:B . gar:B a owl:Class ; rdfs:subClassOf gar:A, gar:Plan .\n"
    ontology, _ = loaded(tmp_path, ring)
    above = {f"{GAR}A", f"{GAR}B", f"{GAR}Plan", f"{ONR}Provision", f"{PREFIXES['prov']}Entity"}
    assert ontology.superclasses(f"{GAR}A") == above
    assert ontology.is_a([f"{GAR}B"], f"{ONR}Provision")
    assert not ontology.is_a([f"{GAR}Plot"], f"{ONR}Provision")
    assert ontology.superclasses("urn:x") == {"urn:x"}


def test_prefixes_and_qualified_forms(tmp_path: Path) -> None:
    ontology, _ = loaded(tmp_path)
    assert ontology.prefixes["gar"] == GAR
    assert ontology.prefixes["gar-q"] == "https://example.org/garden-terms/qualified#"
    assert PREFIXES.items() <= ontology.prefixes.items()
    assert "onr-q" not in ontology.prefixes
    assert qualified_namespace("https://a/b/") == "https://a/b/qualified#"


def test_a_byte_order_mark_and_a_foreign_base_are_read(tmp_path: Path) -> None:
    ontology, codes = loaded(tmp_path, "@base <https://other.example/> .\n<#x> a owl:Class .\n")
    assert (codes, "https://other.example/#x" in ontology.classes) == ([], True)
    marked = b"\xef\xbb\xbf" + ONTOLOGY.encode()
    assert loaded(tmp_path, **{"ontology/garden.ttl": marked})[1] == []


def test_relative_names_stand_below_the_graphs_base(tmp_path: Path) -> None:
    ontology, _ = loaded(tmp_path, "<terms#x> a owl:Class .\n")
    assert "https://example.org/garden/terms#x" in ontology.classes


def test_blank_nodes_get_the_same_names_each_time(tmp_path: Path) -> None:
    chain = "gar:tends owl:propertyChainAxiom ( gar:chairs {} ) .\n"
    graph = "https://example.org/garden-terms"
    first = loaded(tmp_path / "a", chain.format("gar:tends"))[0].graphs[graph]
    again = loaded(tmp_path / "b", chain.format("gar:tends"))[0].graphs[graph]
    other = loaded(tmp_path / "c", chain.format("gar:chairs"))[0].graphs[graph]
    assert first == again
    assert first != other
    assert all("_:" not in term for triple in first for term in triple)
    assert first == sorted(set(first))


def test_two_files_of_one_ontology_are_read_as_one(tmp_path: Path) -> None:
    more = f"<{GAR[:-1]}> a <{OWL}Ontology> .\n<{GAR}Tree> a <{OWL}Class> .\n"
    settings = "title: a\nontologies: [garden, more]\n"
    ontology, codes = loaded(tmp_path, **{"ontology/more.ttl": more, "onrecord.yaml": settings})
    subjects = {triple[0] for triple in ontology.graphs[GAR[:-1]]}
    assert (codes, {f"<{GAR}Tree>", f"<{GAR}Plot>"} <= subjects) == ([], True)


def test_shapes_are_read_beside_the_ontology(tmp_path: Path) -> None:
    ontology, _ = loaded(tmp_path, **{"ontology/garden.shapes.ttl": "# shapes\n"})
    assert [(path.name, text) for path, text in ontology.shapes][-1] == ("garden.shapes.ttl", "# shapes\n")


def test_shapes_do_not_come_from_outside(tmp_path: Path) -> None:
    folder = write_only(tmp_path / "garden")
    (tmp_path / "other.ttl").write_text("# shapes\n")
    (folder / "ontology" / "garden.shapes.ttl").symlink_to(tmp_path / "other.ttl")
    found = read(folder)
    assert (found.codes, len(found.ontology.shapes)) == (["P001"], 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<a> <b>",
        "<a> <b> <c",
        "@prefix",
        "<http://a> <http://b> <<( " * 30_000,
        "<http://a> <http://b> " + "<<( <http://a> <http://b> " * 30_000 + "<http://c> " + ")>> " * 30_000 + ".",
        "<http://a> <http://b> " + "[ <http://b> " * 30_000 + "<http://c>" + "]" * 30_000 + ".",
        "<http://a> <http://b> " + "(" * 30_000 + ")" * 30_000 + ".",
        "<http://a> <http://b> <<( <http://a> <http://b> <http://c> )>> .",
        "<< <http://a> <http://b> <http://c> >> <http://b> <http://c> .",
        f'<http://a> <{VANN}preferredNamespacePrefix> [] ; <{VANN}preferredNamespaceUri> "" .',
        f"[] a <{OWL}Ontology>, <{OWL}Class>, <{OWL}ObjectProperty> .",
        f"<http://a> a <{OWL}Class> ; <{RDFS}label> <http://b> ; <{RDFS}subClassOf> 7 .",
    ],
)
def test_no_ontology_ends_the_process(text: str, tmp_path: Path) -> None:
    _, codes = loaded(tmp_path, **{"ontology/garden.ttl": text})
    assert set(codes) <= {"O001", "O002"}


def test_a_broken_ontology_hides_no_other_problem(tmp_path: Path) -> None:
    files = {"ontology/garden.ttl": "<a", "ontology/garden.shapes.ttl": b"\xff", "entities.yaml": "- a\n"}
    assert sorted(loaded(tmp_path, **files)[1]) == ["O002", "P005", "P022"]


# The ontologies themselves

FILES = sorted(
    path
    for folder in (ROOT / "ontology", *(ROOT / "graphs").glob("*/ontology"))
    for path in folder.glob("*.ttl")
    if not path.stem.endswith(".shapes")
)
SHAPES = [path.with_suffix(".shapes.ttl") for path in FILES]
ALIGNED_BY = {
    *(f"{RDFS}{name}" for name in ("subClassOf", "subPropertyOf", "seeAlso")),
    *(f"{OWL}{name}" for name in ("equivalentClass", "equivalentProperty", "inverseOf")),
    *(f"{SKOS}{name}" for name in ("inScheme", "exactMatch", "closeMatch", "broadMatch")),
    f"{RDF}type",
}
RL = {
    *("Ontology", "Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty", "NamedIndividual"),
    *("FunctionalProperty", "InverseFunctionalProperty", "SymmetricProperty", "AsymmetricProperty"),
    *("IrreflexiveProperty", "TransitiveProperty", "inverseOf", "equivalentClass", "equivalentProperty"),
    *("disjointWith", "propertyDisjointWith", "propertyChainAxiom", "differentFrom", "sameAs", "versionInfo"),
}
"""Terms of OWL that the OWL 2 RL rules use (https://www.w3.org/TR/owl2-profiles/#OWL_2_RL) and that are used here."""

Node = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


def triples(path: Path) -> list[tuple[Node, str, Node]]:
    return [(q.subject, q.predicate.value, q.object) for q in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)]


def iri_of(node: Node) -> str:
    return node.value if isinstance(node, ox.NamedNode) else ""


def namespace(path: Path) -> str:
    (found,) = (
        o.value for _, p, o in triples(path) if p == f"{VANN}preferredNamespaceUri" and isinstance(o, ox.Literal)
    )
    return str(found)


def own_terms(path: Path) -> list[str]:
    space = namespace(path)
    return sorted({iri_of(s) for s, _, _ in triples(path) if iri_of(s).startswith(space)})


def values(path: Path, term: str, predicates: Iterable[str]) -> list[Node]:
    wanted = set(predicates)
    return [o for s, p, o in triples(path) if iri_of(s) == term and p in wanted]


SPACES = {path: namespace(path) for path in FILES}
DEFINED = {iri_of(s) for path in FILES for s, p, _ in triples(path) if p == f"{RDF}type"}
named = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def test_all_ontologies_are_looked_at() -> None:
    assert {path.stem for path in FILES} >= {"onrecord", "diplomacy", "works"}
    assert set(bundled_ontologies().values()) <= set(FILES)
    assert len(set(SPACES.values())) == len(FILES)


@named
def test_the_ontology_says_what_it_is(path: Path) -> None:
    (ontology,) = (iri_of(s) for s, p, o in triples(path) if p == f"{RDF}type" and iri_of(o) == f"{OWL}Ontology")
    assert SPACES[path] in (f"{ontology}#", f"{ontology}/")
    dcterms = PREFIXES["dcterms"]
    for predicate in (f"{dcterms}title", f"{dcterms}license", f"{VANN}preferredNamespacePrefix"):
        assert values(path, ontology, [predicate]), predicate
    assert not values(path, ontology, [f"{OWL}imports"])


@named
def test_every_term_is_typed_labelled_explained_and_claimed(path: Path) -> None:
    lacking = []
    for term in own_terms(path):
        if term not in DEFINED:
            lacking.append(f"{term}: no type")
        for predicate in (f"{RDFS}label", f"{RDFS}comment"):
            texts = values(path, term, [predicate])
            if len(texts) != 1 or not isinstance(texts[0], ox.Literal) or not texts[0].language:
                lacking.append(f"{term}: not one {predicate} with a language")
        if [iri_of(node) for node in values(path, term, [f"{RDFS}isDefinedBy"])] != [SPACES[path].rstrip("#/")]:
            lacking.append(f"{term}: isDefinedBy")
    assert lacking == []


@named
def test_every_term_is_aligned_with_a_vocabulary_that_others_use(path: Path) -> None:
    links: dict[str, set[str]] = {}
    for file in FILES:
        for s, p, o in triples(file):
            if p in ALIGNED_BY and not (p == f"{RDF}type" and iri_of(o).startswith((OWL, RDFS, RDF))):
                links.setdefault(iri_of(s), set()).add(iri_of(o))

    def reach(term: str) -> set[str]:
        seen, waiting = {term}, [term]
        while waiting:
            new = links.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        return seen

    outside = {
        term: {other for other in reach(term) if other and not other.startswith(tuple(SPACES.values()))}
        for term in own_terms(path)
    }
    assert sorted(term for term, others in outside.items() if not others) == []


@named
def test_no_label_means_two_things(path: Path) -> None:
    seen: dict[tuple[str, str], list[str]] = {}
    for term in own_terms(path):
        kinds = {iri_of(node) for node in values(path, term, [f"{RDF}type"])}
        kind = "class" if f"{OWL}Class" in kinds else "property"
        if f"{OWL}NamedIndividual" in kinds:
            continue
        for node in values(path, term, [f"{RDFS}label", f"{SKOS}altLabel"]):
            seen.setdefault((kind, str(node)), []).append(term)
    assert {key: terms for key, terms in seen.items() if len(set(terms)) > 1} == {}


@pytest.mark.parametrize("path", FILES + SHAPES, ids=lambda path: path.stem)
def test_no_reference_into_our_own_namespaces_dangles(path: Path) -> None:
    used = {iri_of(node) for s, _, o in triples(path) for node in (s, o)} | {p for _, p, _ in triples(path)}
    shapes = {iri_of(s) for s, p, _ in triples(path) if p == f"{RDF}type"} if path in SHAPES else set()
    ours = {iri for iri in used if iri.startswith(tuple(SPACES.values()))}
    assert sorted(ours - DEFINED - shapes) == []


@named
def test_only_what_the_rules_of_owl_2_rl_use(path: Path) -> None:
    parts = [(s, p, o) for s, p, o in triples(path)]
    owl = {iri for s, p, o in parts for iri in (p, iri_of(o)) if iri.startswith(OWL)}
    assert sorted(iri.removeprefix(OWL) for iri in owl if iri.removeprefix(OWL) not in RL) == []
    cells = {s for s, p, _ in parts if p in (f"{RDF}first", f"{RDF}rest")}
    blank = {node for s, _, o in parts for node in (s, o) if isinstance(node, ox.BlankNode)}
    assert blank <= cells, "blank nodes stand in property chains only"
    for s, p, o in parts:
        if p in (f"{RDFS}domain", f"{RDFS}range", f"{RDFS}subClassOf", f"{RDFS}subPropertyOf"):
            assert is_iri(iri_of(o)), (s, p, o)
        if p == f"{RDFS}range" and f"{OWL}DatatypeProperty" in map(str, values(path, iri_of(s), [f"{RDF}type"])):
            assert iri_of(o).startswith((XSD, RDF, RDFS, "http://id.loc.gov/")), (s, o)


@named
def test_a_property_takes_things_or_literals(path: Path) -> None:
    for term in own_terms(path):
        kinds = {iri_of(node).removeprefix(OWL) for node in values(path, term, [f"{RDF}type"])}
        if any("Property" in kind or "Qualifier" in kind for kind in kinds) and f"{OWL}Class" not in kinds:
            if "Class" in kinds:
                continue
            assert len(kinds & {"ObjectProperty", "DatatypeProperty"}) == 1, term
        for kind in ("SymmetricProperty", "TransitiveProperty", "InverseFunctionalProperty"):
            assert kind not in kinds or "ObjectProperty" in kinds, term


@named
def test_axioms_that_owl_2_dl_allows_on_simple_properties_only_stand_on_such(path: Path) -> None:
    """A transitive property, one with a chain, and every property above them is not simple.

    https://www.w3.org/TR/owl2-syntax/#Global_Restrictions_on_Axioms_in_OWL_2_DL
    """
    everything = [triple for file in FILES for triple in triples(file)]
    above: dict[str, set[str]] = {}
    for s, p, o in everything:
        if p == f"{RDFS}subPropertyOf":
            above.setdefault(iri_of(s), set()).add(iri_of(o))
    waiting = [
        iri_of(s)
        for s, p, o in everything
        if p == f"{OWL}propertyChainAxiom" or (p == f"{RDF}type" and iri_of(o) == f"{OWL}TransitiveProperty")
    ]
    composite: set[str] = set()
    while waiting:
        term = waiting.pop()
        waiting += above.get(term, set()) - composite
        composite.add(term)
    kinds = {f"{OWL}{kind}Property" for kind in ("Functional", "InverseFunctional", "Asymmetric", "Irreflexive")}
    restricted = set()
    for s, p, o in triples(path):
        if p == f"{OWL}propertyDisjointWith":
            restricted |= {iri_of(s), iri_of(o)}
        elif p == f"{RDF}type" and iri_of(o) in kinds:
            restricted.add(iri_of(s))
    assert sorted(restricted & composite) == []


@named
def test_no_property_for_data_stands_below_one_for_annotations(path: Path) -> None:
    annotations = {f"{SKOS}{name}" for name in ("note", "editorialNote", "scopeNote", "prefLabel", "altLabel")}
    annotations |= {f"{RDFS}{name}" for name in ("label", "comment", "seeAlso", "isDefinedBy")}
    below = [(iri_of(s), iri_of(o)) for s, p, o in triples(path) if p == f"{RDFS}subPropertyOf"]
    assert [pair for pair in below if pair[1] in annotations] == []


def test_every_term_of_the_evidence_layer_is_used() -> None:
    onrecord = ROOT / "ontology" / "onrecord.ttl"
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    code += "\n".join(path.read_text("utf-8") for path in SHAPES)
    own = triples(onrecord)
    data = {iri_of(o) for s, p, o in own if p != f"{RDFS}isDefinedBy"} | {p for _, p, _ in own}
    data |= {iri_of(o) for path in FILES if path != onrecord for _, _, o in triples(path)}
    unused = []
    for term in own_terms(onrecord):
        name = re.escape(term.removeprefix(ONR))
        if not re.search(rf"(\bonr:|\bONR\}}|\")({name})\b", code) and term not in data:
            unused.append(term)
    assert unused == []


def test_the_statuses_are_those_of_the_scheme() -> None:
    onrecord = ROOT / "ontology" / "onrecord.ttl"
    scheme = {iri_of(s) for s, p, o in triples(onrecord) if p == f"{SKOS}inScheme" and iri_of(o) == f"{ONR}statuses"}
    typed = {iri_of(s) for s, p, o in triples(onrecord) if p == f"{RDF}type" and iri_of(o) == f"{ONR}Status"}
    assert scheme == typed == {f"{ONR}{status}" for status in STATUSES}
    assert set(STATUSES) - set(ASSERTABLE) == {"denied", "mentioned"}


# Shapes


@pytest.mark.parametrize("path", SHAPES, ids=lambda path: path.stem)
def test_shapes_are_named_and_say_what_is_wrong(path: Path) -> None:
    parts = triples(path)
    assert not any(isinstance(node, ox.BlankNode) for s, _, o in parts for node in (s, o))
    kinds = {iri_of(s): iri_of(o).removeprefix(SH) for s, p, o in parts if p == f"{RDF}type"}
    assert set(kinds.values()) == {"NodeShape", "PropertyShape"}
    negated = {iri_of(o) for _, p, o in parts if p == f"{SH}not"}  # the shape that negates it has the message
    referred = {iri_of(o) for _, p, o in parts if p == f"{SH}property"} | negated
    targets = {"targetClass", "targetSubjectsOf", "targetObjectsOf", "targetNode"}
    for shape, kind in kinds.items():
        has = {p.removeprefix(SH) for s, p, _ in parts if iri_of(s) == shape}
        assert shape in referred or has & targets, f"{shape} is never looked at"
        silent = shape in negated or (kind == "NodeShape" and "property" in has and "not" not in has)
        assert "message" in has or silent, shape
        assert kind == "NodeShape" or "path" in has, shape
    assert referred <= set(kinds)


@pytest.mark.parametrize("path", SHAPES, ids=lambda path: path.stem)
def test_the_words_of_shapes_are_those_of_shacl_core(path: Path) -> None:
    core = {
        *(
            "NodeShape",
            "PropertyShape",
            "targetClass",
            "targetSubjectsOf",
            "targetObjectsOf",
            "property",
            "not",
            "path",
            "message",
            "severity",
            "Warning",
            "Info",
        ),
        *("minCount", "maxCount", "class", "datatype", "nodeKind", "IRI", "Literal", "IRIOrLiteral", "in", "hasValue"),
        *("minInclusive", "maxInclusive", "minExclusive", "maxExclusive", "minLength", "maxLength", "pattern"),
        *("languageIn", "uniqueLang", "equals", "disjoint", "lessThan", "lessThanOrEquals", "node"),
    }
    used = {iri.removeprefix(SH) for _, p, o in triples(path) for iri in (p, iri_of(o)) if iri.startswith(SH)}
    assert sorted(used - core) == []
