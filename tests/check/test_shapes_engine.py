"""shacl_rust against pySHACL, the reference for meaning; what is handed to it against the whole dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pyoxigraph
import pytest
import rdflib
import shacl_rust
from rdflib import RDF, SH, URIRef

from inline import load_folder, rich
from onrecord.build import dataset
from onrecord.check.shapes import validate
from onrecord.project import bundled_ontologies, shapes_beside

GRAPHS = Path(__file__).parents[2] / "graphs"
Result = tuple[str, str, str]
Triple = tuple[str, str, str]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pySHACL and rdflib of themselves


def seeded(data: list[Triple], shapes: rdflib.Graph) -> list[Triple]:
    """The data with, for each target class, a node that has nothing, one that has wrong values and one with many."""
    out = list(data)
    kind = f"<{RDF.type}>"
    for number, (shape, target) in enumerate(sorted(shapes.subject_objects(SH.targetClass))):
        bare, wrong, many = (f"<urn:seed:{name}:{number}>" for name in ("bare", "wrong", "many"))
        out += [(node, kind, f"<{target}>") for node in (bare, wrong, many)]
        for prop in sorted(shapes.objects(shape, SH.property)):
            path = f"<{shapes.value(prop, SH.path)}>"
            out += [(wrong, path, '"wrong"^^<urn:datatype>'), (wrong, path, "<urn:wrong>")]
            out += [(many, path, f'"{value}"{tag}') for value in ("a", "b") for tag in ("", "@en")]
    return out


def frame(triples: Iterable[Triple]) -> pl.DataFrame:
    return pl.DataFrame(
        list(triples), schema=dict.fromkeys(("subject", "predicate", "object"), pl.String), orient="row"
    )


def text_of(triples: Iterable[Triple]) -> str:
    return "".join(f"{' '.join(triple)} .\n" for triple in triples)


def told(results: Iterable[dict[str, Any]]) -> Counter[Result]:
    """Focus node, path and severity of each result of shacl_rust."""
    return Counter(
        (str(found["focusNode"]), str(found.get("resultPath") or ""), str(found["severity"])) for found in results
    )


def by_pyshacl(data: str, shapes: rdflib.Graph) -> Counter[Result]:
    """The same, as pySHACL finds them."""
    import pyshacl

    _, report, _ = pyshacl.validate(rdflib.Graph().parse(data=data, format="nt"), shacl_graph=shapes)

    def term(node: object) -> str:
        return node.n3() if isinstance(node, URIRef | rdflib.Literal) else ""

    return Counter(
        tuple(term(report.value(found, name)) for name in (SH.focusNode, SH.resultPath, SH.resultSeverity))
        for found in report.subjects(RDF.type, SH.ValidationResult)
    )


@pytest.mark.parametrize("mistakes", [False, True], ids=["sound", "seeded"])
@pytest.mark.parametrize(
    ("name", "count"), [("onrecord", 51), ("harbour-bridge", 0), ("miami-talks", 0)], ids=lambda value: str(value)
)
def test_both_engines_find_the_same(name: str, count: int, mistakes: bool, tmp_path: Path) -> None:
    if name == "onrecord":
        loaded, path = rich(tmp_path).loaded, shapes_beside(bundled_ontologies()["onrecord"])
    elif (GRAPHS / name / "onrecord.yaml").exists():
        loaded = load_folder(GRAPHS / name).loaded
        path = loaded.resolved.names.ontology.shapes[-1][0]
    else:
        pytest.skip(f"graphs/{name} is not there")
    assert path is not None
    text = path.read_text("utf-8")
    shapes = rdflib.Graph().parse(data=text, format="turtle")
    quads = dataset(loaded).select("subject", "predicate", "object").unique()
    data = sorted(quads.iter_rows())
    triples = seeded(data, shapes) if mistakes else data
    found, reference = told(validate(frame(triples), text)), by_pyshacl(text_of(triples), shapes)
    assert set(found) == set(reference)
    odd = {result for result in found if found[result] != reference[result]}
    assert odd <= {result for result in found if ":wrong:" in result[0]}, "they count what cannot be compared apart"
    if not mistakes:
        assert not found, "what the examples hold is sound"
        return
    broken = {path for _, path, _ in found}
    paths = {
        f"<{shapes.value(prop, SH.path)}>"
        for shape in shapes.subjects(SH.targetClass)
        for prop in shapes.objects(shape, SH.property)
    }
    assert paths <= broken, "each property shape was broken at least once"
    assert found.total() > max(count, len(paths))


HEAD = """
@prefix ex: <urn:ex:> . @prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""
HAULAGE = """
ex:Lorry rdfs:subClassOf ex:Vehicle .
ex:a a ex:Lorry ; ex:tows ex:b, "a cart", "a cart"@en, "ein Karren"@de ; ex:load 1, 5 ; ex:limit 3 ; ex:colour "red" .
ex:b a ex:Vehicle ; ex:tows ex:c ; ex:load 7 ; ex:limit 7 ; ex:since "2025-13-01"^^xsd:date ; ex:tows ex:a .
ex:c ex:tows "a boat" ; ex:load "7" ; ex:owner ex:a, ex:d ; ex:colour "blue" .
ex:d a ex:Trailer ; ex:tows ex:a ; ex:load 2.5 ; ex:limit 9 ; ex:since "2025-01-01"^^xsd:date .
"""
CONSTRAINTS = (
    *("sh:class ex:Vehicle", "sh:datatype xsd:integer", "sh:datatype rdf:langString", "sh:nodeKind sh:IRI"),
    *("sh:minCount 2", "sh:maxCount 1", "sh:minExclusive 1", "sh:minInclusive 5", "sh:maxExclusive 5"),
    *("sh:maxInclusive 5", "sh:minLength 4", "sh:maxLength 3", 'sh:pattern "^A" ; sh:flags "i"', "sh:uniqueLang true"),
    *('sh:languageIn ("en")', "sh:equals ex:limit", "sh:disjoint ex:limit", "sh:lessThan ex:limit"),
    *("sh:lessThanOrEquals ex:limit", "sh:not [ sh:class ex:Vehicle ]", "sh:hasValue ex:a", 'sh:in (ex:a "red")'),
    "sh:and ([ sh:nodeKind sh:IRI ] [ sh:class ex:Vehicle ])",
    "sh:or ([ sh:nodeKind sh:Literal ] [ sh:class ex:Vehicle ])",
    "sh:xone ([ sh:nodeKind sh:IRI ] [ sh:class ex:Vehicle ])",
    "sh:node [ sh:property [ sh:path ex:owner ; sh:minCount 1 ] ]",
    "sh:property [ sh:path ex:owner ; sh:minCount 1 ]",
    "sh:qualifiedValueShape [ sh:class ex:Vehicle ] ; sh:qualifiedMinCount 1",
    "sh:node [ a sh:NodeShape ; sh:closed true ; sh:ignoredProperties (rdf:type ex:load ex:tows) ]",
    'sh:node [ sh:sparql [ a sh:SPARQLConstraint ; sh:select "SELECT $this WHERE { $this <urn:ex:colour> ?it }" ] ]',
)
PATHS = ("ex:tows", "ex:load", "ex:since", "(ex:tows ex:load)", "[ sh:inversePath ex:tows ]")
PATHS += ("[ sh:alternativePath (ex:tows ex:owner) ]", "[ sh:zeroOrMorePath ex:tows ]", "[ sh:zeroOrOnePath ex:tows ]")
TARGETS = ("sh:targetClass ex:Vehicle", "sh:targetNode ex:a, ex:c", "sh:targetSubjectsOf ex:load", "a rdfs:Class")


@pytest.mark.parametrize("target", [*TARGETS, "sh:targetObjectsOf ex:owner"])
def test_what_shapes_cannot_look_at_changes_no_result(target: str) -> None:
    """The engine is given a part of the dataset, once each or more often, through its index."""
    data = [
        (str(found.subject), str(found.predicate), str(found.object))
        for found in pyoxigraph.parse(HEAD + HAULAGE, pyoxigraph.RdfFormat.TURTLE)
    ]
    results = 0
    for constraint in CONSTRAINTS:
        for path in PATHS:
            text = f"{HEAD} ex:Vehicle a sh:NodeShape ; {target} ; sh:property ex:it .\n"
            text += f"ex:it a sh:PropertyShape ; sh:path {path} ; {constraint} ."
            whole = shacl_rust.validate(text_of(data), text, data_format="nt", shapes_format="turtle")["results"]
            assert told(validate(frame([*data, *data]), text)) == told(whole), text
            results += len(whole)
    assert results > 100, "most constraints are broken somewhere"


@pytest.mark.parametrize(
    "inside",
    [
        "sh:property ex:off",
        "sh:node ex:out",
        "sh:not ex:out",
        "sh:and ( ex:off )",
        "sh:xone ( ex:out ex:no )",
        "a ex:x",
    ],
)
def test_what_is_deactivated_breaks_nothing(inside: str) -> None:
    off = "ex:off sh:path ex:load ; sh:minCount 9 ; sh:deactivated {0} .\n"
    off += (
        "ex:out a sh:NodeShape ; sh:class ex:Nothing ; sh:deactivated {0} . ex:no a sh:NodeShape ; sh:class ex:No .\n"
    )
    text = f"{HEAD} ex:Shape a sh:NodeShape ; sh:targetNode ex:a ; {inside} .\n{off}"
    data = [
        (str(found.subject), str(found.predicate), str(found.object))
        for found in pyoxigraph.parse(HEAD + HAULAGE, pyoxigraph.RdfFormat.TURTLE)
    ]
    for word in ("true", "false"):
        shapes = text.format(word)
        reference = by_pyshacl(text_of(data), rdflib.Graph().parse(data=shapes, format="turtle"))
        assert set(told(validate(frame(data), shapes))) == set(reference), word  # it counts what sh:node holds, too
