"""shacl_rust against pySHACL, the reference for meaning: the same results on data with seeded mistakes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
import rdflib
import shacl_rust
from rdflib import RDF, SH, URIRef

from inline import load_folder, rich
from onrecord.build import dataset
from onrecord.project import bundled_ontologies, shapes_beside

GRAPHS = Path(__file__).parents[2] / "graphs"
Result = tuple[str, str, str]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pySHACL and rdflib of themselves


def seeded(data: list[str], shapes: rdflib.Graph) -> list[str]:
    """The data with, for each target class, a node that has nothing, one that has wrong values and one with many."""
    out = list(data)
    kind = f"<{RDF.type}>"
    for number, (shape, target) in enumerate(sorted(shapes.subject_objects(SH.targetClass))):
        bare, wrong, many = (f"<urn:seed:{name}:{number}>" for name in ("bare", "wrong", "many"))
        out += [f"{node} {kind} <{target}> ." for node in (bare, wrong, many)]
        for prop in sorted(shapes.objects(shape, SH.property)):
            path = f"<{shapes.value(prop, SH.path)}>"
            out += [f'{wrong} {path} "wrong"^^<urn:datatype> .', f"{wrong} {path} <urn:wrong> ."]
            out += [f'{many} {path} "{value}" .' for value in ("a", "b")]
            out += [f'{many} {path} "{value}"@en .' for value in ("a", "b")]
    return out


def by_rust(data: str, shapes: str) -> Counter[Result]:
    """Focus node, path and severity of each result, as shacl_rust finds them."""
    report = shacl_rust.validate(data, shapes, data_format="nt", shapes_format="turtle")
    return Counter(
        (str(found["focusNode"]), str(found.get("resultPath") or ""), str(found["severity"]))
        for found in report["results"]
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
    data = quads.select(pl.concat_str(pl.all(), pl.lit("."), separator=" ")).to_series().sort().to_list()
    lines = "\n".join(seeded(data, shapes) if mistakes else data) + "\n"
    found, reference = by_rust(lines, text), by_pyshacl(lines, shapes)
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
