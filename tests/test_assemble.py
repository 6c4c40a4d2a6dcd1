"""Rows to quads: what each field becomes, in which graph, and what never happens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pyoxigraph as ox
import pytest

import onrecord
from inline import (
    BASE,
    MINUTES_HEAD,
    MORE_TERMS,
    Notes,
    load_folder,
    notes,
    rich,
    rich_files,
    sound,
    write_notes,
)
from onrecord import build
from onrecord.assemble import LABEL_DEPTH, QUADS, SOURCES_SAY, TYPE, assemble, describe, sort_quads
from onrecord.lens import Lens
from onrecord.lock import quote_key
from onrecord.terms import ONR, split_term
from small_graph import SETTINGS

GRAPHS = Path(__file__).parents[1] / "graphs"


def dataset(loaded: build.Loaded, lens: Lens | None = None) -> pl.DataFrame:
    """The dataset without what is inferred, which ``test_infer`` looks at."""
    return build.dataset(loaded, replace(lens or Lens(), inference=False))


def about(found: Notes, quads: pl.DataFrame, subject: str) -> dict[str, Any]:
    """What is said of a node: compact predicate to compact objects, and the graphs it is said in."""
    names = found.loaded.resolved.names

    def short(term: str) -> str:
        kind, value, datatype, language = split_term(term)
        if kind == "iri":
            return names.compact(value)
        return value + (f"@{language}" if language else "") + (f"^^{names.compact(datatype)}" if datatype else "")

    out: dict[str, Any] = {}
    for graph, predicate, obj in (
        sort_quads(quads).filter(pl.col("subject") == subject).select("graph", "predicate", "object").iter_rows()
    ):
        out.setdefault(short(graph), {}).setdefault(short(predicate), []).append(short(obj))
    return out


def pairs(found: Notes, quads: pl.DataFrame, graph: str) -> list[tuple[str, str, str]]:
    """The triples of one graph, compact."""
    names = found.loaded.resolved.names
    rows = (
        sort_quads(quads).filter(pl.col("graph") == f"<{BASE}graph/{graph}>").select("subject", "predicate", "object")
    )
    return [
        tuple(names.compact(term[1:-1]) if term.startswith("<") else term for term in row)  # type: ignore[misc]
        for row in rows.iter_rows()
    ]


def statement(found: Notes, number: int) -> dict[str, Any]:
    """What is said of the statement in a row, in its source's graph, hashes left out."""
    (said,) = about(found, dataset(found.loaded), found.own["statement"][number]).values()
    assert said.pop("rdf:type") == ["onr:Statement"]
    return {name: value for name, value in said.items() if name != "onr:proposition"}


# --- nodes --------------------------------------------------------------------------------------


def test_a_plain_statement(tmp_path: Path) -> None:
    found = sound(tmp_path, "- triple: [Rose, tends, plot 7]\n  quote: she does\n")
    quads = dataset(found.loaded)
    (node,), (prop,) = found.own["statement"].to_list(), found.own["proposition"].to_list()
    short = found.loaded.resolved.names.compact(prop[1:-1])
    assert about(found, quads, node) == {
        f"<{BASE}graph/source/letter>": {
            "rdf:type": ["onr:Statement"],
            "onr:proposition": [short],
            "onr:status": ["onr:stated"],
            "onr:quote": ["she does@en"],
            "onr:recorded": ["2024-06-01^^xsd:date"],
            "prov:wasQuotedFrom": ["source:letter"],
        }
    }
    assert about(found, quads, prop) == {
        "graph:propositions": {
            "rdf:type": ["onr:Proposition"],
            "rdf:subject": [":rose"],
            "rdf:predicate": ["gar:tends"],
            "rdf:object": [":plot-7"],
            "rdfs:label": ["Rose Marsh tends plot 7@en"],
        }
    }
    assert about(found, quads, f"<{BASE}entity/rose>") == {
        "graph:asserted": {"gar:tends": [":plot-7"]},
        "graph:entities": {
            "rdf:type": ["gar:Person"],
            "rdfs:label": ["Rose Marsh@en"],
            "skos:altLabel": ["Mrs Marsh@en", "Rose@en"],
        },
    }


def test_every_field_of_a_statement(tmp_path: Path) -> None:
    found = rich(tmp_path)
    said = statement(found, 2)
    (chain,) = said.pop("onr:viaChain")
    assert chain.startswith("list:")
    assert said == {
        "onr:status": ["onr:stated"],
        "onr:quote": ["he is the one@en-GB", "who “tends” it – naïve 🌱@en-GB"],
        "onr:translation": ["he tends it@en"],
        "onr:saidBy": ["<https://example.org/garden/entity/letter:neighbour>", ":rose"],
        "onr:via": [":basil", ":society"],
        "onr:saidWhen": ["2024-05-30^^<http://id.loc.gov/datatypes/edtf/EDTF>"],
        "onr:saidAt": [":summer-show"],
        "onr:saidTo": [":rose", ":society"],
        "onr:origin": [":society"],
        "onr:recorded": ["2024-06-01^^xsd:date"],
        "dcterms:identifier": ["tending"],
        "prov:wasQuotedFrom": ["source:letter"],
    }
    framed = statement(found, 3)
    (selector,) = framed.pop("onr:selector")
    node = f"<{BASE}span/{selector.removeprefix('span:')}>"
    assert about(found, dataset(found.loaded), node) == {
        f"<{BASE}graph/source/letter>": {
            "rdf:type": ["oa:TextQuoteSelector"],
            "oa:exact": ["is expected@en-GB"],
            "oa:prefix": ["Marsh"],
            "oa:suffix": ["at the"],
        }
    }
    assert framed == {
        "onr:status": ["onr:expected"],
        "onr:quote": ["is expected@en-GB"],
        "gar:beside": [":basil"],
        "gar:inTheWords": ["with “joy”@en-GB"],
        "onr:conditionText": ["if it's dry@en-GB"],
        "onr:when": ["2024-07-06/2024-07-07^^<http://id.loc.gov/datatypes/edtf/EDTF>"],
        "onr:whenText": ["that weekend@en-GB"],
        "onr:earliestStart": ["2024-07-06^^xsd:date"],
        "onr:latestStart": ["2024-07-06^^xsd:date"],
        "onr:earliestEnd": ["2024-07-07^^xsd:date"],
        "onr:latestEnd": ["2024-07-07^^xsd:date"],
        "onr:recorded": ["2024-06-01^^xsd:date"],
        "prov:wasQuotedFrom": ["source:letter"],
    }


def test_the_curator_of_the_settings_wrote_what_names_none(tmp_path: Path) -> None:
    rows = "- triple: [Rose, tends, plot 7]\n- triple: [Rose, attends, summer show]\n  curator: Ben\n"
    found = sound(tmp_path, rows, **{"onrecord.yaml": SETTINGS})
    assert [statement(found, number)["onr:curator"] for number in (0, 1)] == [["Ada"], ["Ben"]]


def test_equal_claims_merge_their_evidence(tmp_path: Path) -> None:
    found = rich(tmp_path)
    assert found.own["statement"][0] == found.own["statement"][1]
    assert statement(found, 0) == {
        "onr:status": ["onr:stated"],
        "onr:quote": ["Mrs Marsh, in the chair@en-GB", "our chairwoman@en-GB"],
        "onr:hedge": ["as they say@en-GB"],
        "onr:locator": ["p. 1"],
        "onr:curator": ["Ben"],
        "onr:curated": ["2024-06-02^^xsd:date"],
        "skos:editorialNote": ['two lines,\none "quoted" \\ and a tab:\tend'],
        "onr:recorded": ["2024-06-01^^xsd:date"],
        "dcterms:identifier": ["chairing"],
        "prov:wasQuotedFrom": ["source:letter"],
    }


def test_negation_status_and_condition(tmp_path: Path) -> None:
    found = rich(tmp_path)
    said = statement(found, 5)
    tending = found.loaded.resolved.names.compact(found.own["proposition"][2][1:-1])
    assert said["onr:negated"] == ["true^^xsd:boolean"]
    assert said["onr:status"] == ["onr:claimed"]
    assert said["onr:condition"] == [tending]
    assert "onr:conditionText" not in said
    assert statement(found, 6)["onr:status"] == ["onr:denied"]
    assert "onr:negated" not in statement(found, 6)


@pytest.mark.parametrize(
    ("when", "bounds"),
    [
        ("2024", ["2024-01-01", "2024-12-31", "2024-01-01", "2024-12-31"]),
        ("2024-07-06/..", ["2024-07-06", "2024-07-06", None, None]),
        ("../2024-07-06", [None, None, "2024-07-06", "2024-07-06"]),
        ("2024-07-06/", ["2024-07-06", "2024-07-06", "2024-07-06", None]),
        ("/2024-07-06", [None, "2024-07-06", "2024-07-06", "2024-07-06"]),
        ("[2024-07..2024-08]", ["2024-07-01", "2024-08-31", "2024-07-01", "2024-08-31"]),
        ("[2024-07..]", ["2024-07-01", None, "2024-07-01", None]),
        ("[..2024-07]", [None, "2024-07-31", None, "2024-07-31"]),
        (None, [None, None, None, None]),
    ],
)
def test_bounds(tmp_path: Path, when: str | None, bounds: list[str | None]) -> None:
    said = statement(sound(tmp_path, "- triple: [Rose, tends, plot 7]\n" + (f'  when: "{when}"\n' if when else "")), 0)
    found = [said.get(f"onr:{name}") for name in ("earliestStart", "latestStart", "earliestEnd", "latestEnd")]
    assert found == [[f"{day}^^xsd:date"] if day else None for day in bounds]


def test_a_chain_keeps_its_order_in_hashed_cells(tmp_path: Path) -> None:
    found = rich(tmp_path)
    quads = dataset(found.loaded)
    graph = f"<{BASE}graph/source/letter>"
    facts = {
        (subject, predicate.rsplit("#", 1)[1]): obj
        for subject, predicate, obj in quads.filter(
            (pl.col("graph") == graph) & pl.col("predicate").str.contains("viaChain|#first|#rest")
        )
        .select("subject", "predicate", "object")
        .iter_rows()
    }
    cell = facts[found.own["statement"][2], "viaChain>"]
    members = []
    while cell != "<http://www.w3.org/1999/02/22-rdf-syntax-ns#nil>":
        members.append(facts[cell, "first>"].rsplit("/", 1)[1])
        cell = facts[cell, "rest>"]
    assert members == ["society>", "basil>", "society>"]
    assert "onr:viaChain" not in statement(found, 6), "one alone needs no chain"


def test_the_source_and_its_speakers_stand_in_its_graph(tmp_path: Path) -> None:
    found = rich(tmp_path)
    quads = dataset(found.loaded)
    home = f"<{BASE}graph/source/letter>"
    assert about(found, quads, f"<{BASE}source/letter>")[home] == {
        "rdf:type": ["onr:Source"],
        "rdfs:label": ["A letter to the members@en-GB"],
        "dcterms:title": ["A letter to the members@en-GB"],
        "dc:publisher": ["Thorn & Sons <press>"],
        "dc:creator": ["Ada"],
        "schema:url": ["https://example.org/letter?a=1&b=2"],
        "dcterms:license": ["CC0-1.0"],
        "dcterms:dateAccepted": ["2024-06-03"],
        "dcterms:language": ["en-GB"],
        "dcterms:issued": ["2024-06-01^^xsd:date"],
        "onr:textHash": ["0f343b0931126a20f133d67c2b018a3b5b2b5fa4a6bd3c4a1d5b3a3c4d5e6f70"],
        "onr:origin": [":rose", ":society"],
        "skos:editorialNote": ["kept in the shed"],
    }
    assert about(found, quads, f"<{BASE}entity/letter:neighbour>") == {
        home: {
            "rdf:type": ["onr:UnnamedSpeaker"],
            "rdfs:label": ["a neighbour@en-GB"],
            "skos:editorialNote": ["she did not say more"],
        }
    }
    assert about(found, quads, f"<{BASE}entity/hut>") == {
        "graph:entities": {
            "rdf:type": ["gar:Plot", "gar:Show"],
            "rdfs:label": ["redskapsbod@nb", "tool shed@en"],
            "skos:altLabel": ["bod@nb", "the shed@en"],
            "skos:exactMatch": ["<http://www.wikidata.org/entity/Q42>"],
            "skos:editorialNote": ["behind the lime tree"],
        }
    }


def test_verified_spans(tmp_path: Path, graph_folder: Path) -> None:
    onrecord.open(graph_folder).examine(update_lock=True)
    found = load_folder(graph_folder)
    node = found.own["statement"][0]
    quads = dataset(found.loaded)
    (said,) = about(found, quads, node).values()
    (span,) = said["onr:span"]
    entry = found.loaded.lock.get("letter", quote_key("our chairwoman, Rose Marsh"))
    assert entry is not None
    ((start, end),) = entry.spans
    assert about(found, quads, f"<{BASE}span/{span.removeprefix('span:')}>") == {
        f"<{BASE}graph/source/letter>": {
            "rdf:type": ["onr:Span"],
            "oa:start": [f"{start}^^xsd:integer"],
            "oa:end": [f"{end}^^xsd:integer"],
        }
    }
    text = (graph_folder / "sources/letter.txt").read_text("utf-8")
    assert text[start:end] == "our chairwoman, Rose Marsh"


# --- what is asserted ---------------------------------------------------------------------------


def test_direct_triples(tmp_path: Path) -> None:
    found = rich(tmp_path)
    qualified = found.loaded.resolved.names.compact(found.own["proposition"][4][1:-1])
    assert pairs(found, dataset(found.loaded), "asserted") == [
        (":plot-7", "gar:code", '"+1"'),
        (":plot-7", "gar:code", '"NO"'),
        (":plot-7", "gar:count", '"010"^^<http://www.w3.org/2001/XMLSchema#integer>'),
        (":plot-7", "gar:height", '"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>'),
        (":plot-7", "gar:isOpen", '"1"^^<http://www.w3.org/2001/XMLSchema#boolean>'),
        (":plot-7", "gar:isOpen", '"true"^^<http://www.w3.org/2001/XMLSchema#boolean>'),
        (":plot-7", "gar:motto", '"a \\"b\\" \\\\ c\\nd\\te <é>&\u00a0🌱"@en-GB'),
        (":rose", "gar:chairs", ":society"),
        (":rose", "gar-q:attends", qualified),
        (":summer-show", "gar:heldOn", '"2024-07-06"^^<http://www.w3.org/2001/XMLSchema#date>'),
        ("source:letter", "gar:precedes", ":summer-show"),
    ]


def test_a_lens_decides_what_is_asserted_and_leaves_descriptions(tmp_path: Path) -> None:
    found = rich(tmp_path)
    wider = pairs(found, dataset(found.loaded, Lens(include=frozenset({"expected"}))), "asserted")
    assert len(wider) == 11, "it is conditional"
    none = dataset(found.loaded, Lens(sources=frozenset({"nowhere"})))
    assert pairs(found, none, "asserted") == [] == pairs(found, none, "propositions")
    full = dataset(found.loaded)
    assert pairs(found, none, "entities") == pairs(found, full, "entities") != []
    assert about(found, none, f"<{BASE}source/letter>")[f"<{BASE}graph/source/letter>"]


def test_restrictive_qualifiers_narrow_and_additive_ones_do_not(tmp_path: Path) -> None:
    found = sound(
        tmp_path,
        "- triple: [Rose, tends, plot 7]\n  in the words: mine\n- triple: [Basil Thorn, tends, plot 7]\n  for: Rose\n",
    )
    prop = found.own["proposition"][1]
    assert pairs(found, dataset(found.loaded), "asserted") == [
        (":basil", "gar-q:tends", found.loaded.resolved.names.compact(prop[1:-1])),
        (":rose", "gar:tends", ":plot-7"),
    ]
    assert about(found, dataset(found.loaded), prop)["graph:propositions"]["gar:for"] == [":rose"]


def test_the_qualified_form_is_described_beside_its_property(tmp_path: Path) -> None:
    found = rich(tmp_path)
    quads = dataset(found.loaded)
    terms = "<https://example.org/garden-terms>"
    assert about(found, quads, "<https://example.org/garden-terms/qualified#tends>") == {
        terms: {
            "rdf:type": ["owl:ObjectProperty"],
            "rdfs:label": ["tends (qualified)@en"],
            "rdfs:range": ["onr:Proposition"],
        }
    }
    assert about(found, quads, "<https://example.org/garden-terms#tends>")[terms]["onr:qualifiedForm"] == [
        "gar-q:tends"
    ]
    assert about(found, quads, "<https://example.org/garden-terms/qualified#for>") == {}


def test_a_status_of_the_graphs_own_scheme(tmp_path: Path) -> None:
    terms = MORE_TERMS + 'gar:rumoured a onr:Status ; rdfs:label "rumoured"@en .\n'
    found = sound(tmp_path, "- triple: [Rose, tends, plot 7]\n  status: rumoured\n", **{"ontology/garden.ttl": terms})
    assert statement(found, 0)["onr:status"] == ["gar:rumoured"]


def test_an_unknown_status_is_one_problem_and_no_broken_iri(tmp_path: Path) -> None:
    folder = write_notes(tmp_path, "- triple: [Rose, tends, plot 7]\n  status: very likely\n  quote: a\n")
    assert [p.code for p in load_folder(folder).graph().check() if p.severity == "error"] == ["C001"]


# --- labels -------------------------------------------------------------------------------------


def label_of(found: Notes, number: int) -> str:
    """The label of the proposition in a row."""
    said = about(found, dataset(found.loaded), found.own["proposition"][number])
    (label,) = said["graph:propositions"]["rdfs:label"]
    return str(label)


def chain(length: int) -> list[str]:
    """Statements each about the one before."""
    first = "- id: s0\n  triple: [Basil Thorn, tends, plot 7]\n"
    return [first] + [f"- id: s{n}\n  triple: [Rose, believes, statement:s{n - 1}]\n" for n in range(1, length)]


def test_a_label_elides_what_is_nested_too_deep(tmp_path: Path) -> None:
    found = sound(tmp_path, "".join(chain(LABEL_DEPTH + 3)))
    deep = "Rose Marsh believes ("
    assert label_of(found, 0) == "Basil Thorn tends plot 7@en"
    assert label_of(found, 2) == f"{deep * 2}Basil Thorn tends plot 7))@en"
    assert label_of(found, LABEL_DEPTH) == f"{deep * LABEL_DEPTH}Basil Thorn tends plot 7{')' * LABEL_DEPTH}@en"
    assert label_of(found, LABEL_DEPTH + 2) == f"{deep * (LABEL_DEPTH + 1)}…{')' * (LABEL_DEPTH + 1)}@en"


def test_a_label_does_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = chain(LABEL_DEPTH + 5)
    one = dataset(sound(tmp_path / "a", "".join(rows)).loaded)
    other = dataset(sound(tmp_path / "b", "".join(reversed(rows))).loaded)
    assert sort_quads(one).equals(sort_quads(other))


def test_labels_of_statements_that_double_at_each_step_stay_short(tmp_path: Path) -> None:
    terms = MORE_TERMS + 'gar:contradicts a owl:ObjectProperty ; rdfs:label "contradicts"@en .\n'
    rows = ["- id: s0\n  triple: [Rose, tends, plot 7]\n"] + [
        f"- id: s{n}\n  triple: [statement:s{n - 1}, contradicts, statement:s{n - 1}]\n" for n in range(1, 40)
    ]
    found = sound(tmp_path, "".join(rows), **{"ontology/garden.ttl": terms})
    assert len(label_of(found, 39)) < 20_000


NEITHER_SIDE = {
    "2024-07-06/..": {"earliestStart": "2024-07-06", "latestStart": "2024-07-06"},
    "[2024-07-06..]": {"earliestStart": "2024-07-06", "earliestEnd": "2024-07-06"},
    "[..2024-07-06]": {"latestStart": "2024-07-06", "latestEnd": "2024-07-06"},
    "../2024-07-06": {"earliestEnd": "2024-07-06", "latestEnd": "2024-07-06"},
}


@pytest.mark.parametrize("when", NEITHER_SIDE)
def test_a_bound_that_is_none_or_never_is_not_written(tmp_path: Path, when: str) -> None:
    found = dataset(sound(tmp_path / "g", f"- triple: [Rose, tends, plot 7]\n  when: '{when}'\n  quote: q\n").loaded)
    bounds = {
        predicate.rpartition("#")[2][:-1]: obj[1:11]
        for predicate, obj in found.select("predicate", "object").iter_rows()
        if obj.endswith("#date>") and predicate.endswith(("Start>", "End>"))
    }
    assert bounds == NEITHER_SIDE[when]


# --- what never happens -------------------------------------------------------------------------


def every_graph() -> list[Any]:
    """The rich graph, and the example graphs that are there."""
    found = sorted(path.parent.name for path in GRAPHS.glob("*/onrecord.yaml"))
    assert "harbour-bridge" in found
    return ["rich", *found]


@pytest.fixture(params=every_graph())
def quads(request: pytest.FixtureRequest, tmp_path: Path) -> pl.DataFrame:
    """The dataset of each graph."""
    found = rich(tmp_path) if request.param == "rich" else load_folder(GRAPHS / request.param)
    return build.dataset(found.loaded)


def test_invariants(quads: pl.DataFrame) -> None:
    assert quads.schema == QUADS
    assert quads.null_count().row(0) == (0, 0, 0, 0)
    triples = quads.select("subject", "predicate", "object")
    assert triples.is_duplicated().sum() == 0, "a triple stands in two graphs, or twice in one"
    for column in ("graph", "subject", "predicate"):
        assert quads[column].str.contains(r"^<[^<>\s]+>$").all()
    assert not quads["object"].str.starts_with("_:").any()
    lines = "".join(f"{s} {p} {o} {g} .\n" for g, s, p, o in quads.iter_rows())
    parsed = list(ox.parse(lines.encode(), ox.RdfFormat.N_QUADS))
    assert len(parsed) == quads.height
    for quad, (graph, subject, predicate, obj) in zip(parsed, quads.iter_rows(), strict=True):
        assert (str(quad.graph_name), str(quad.subject), str(quad.predicate)) == (graph, subject, predicate)
        assert same_term(str(quad.object), obj)


def same_term(one: str, other: str) -> bool:
    """Whether two terms are one; pyoxigraph writes language tags in lower case, which are the same tags."""
    (kind, text, datatype, language), found = split_term(one), split_term(other)
    return (kind, text, datatype, (language or "").lower()) == (*found[:3], (found[3] or "").lower())


def test_a_triple_that_two_graphs_would_hold_stands_in_the_first(tmp_path: Path) -> None:
    """The ontology takes rdfs:label for a property, and a statement says what an entity is called."""
    terms = MORE_TERMS + 'rdfs:label a owl:DatatypeProperty ; rdfs:label "is called"@en ; rdfs:range rdf:langString .\n'
    found = sound(
        tmp_path,
        "- triple: [Rose, is called, Rose Marsh]\n- triple: [Rose, is called, Rosie]\n",
        **{"ontology/garden.ttl": terms},
    )
    quads = dataset(found.loaded)
    assert quads.select("subject", "predicate", "object").is_duplicated().sum() == 0
    said = about(found, quads, f"<{BASE}entity/rose>")
    assert said["graph:entities"]["rdfs:label"] == ["Rose Marsh@en"]
    assert said["graph:asserted"]["rdfs:label"] == ["Rosie@en"]


def test_two_ontologies_that_share_a_triple(tmp_path: Path) -> None:
    terms = MORE_TERMS + "onr:Statement a owl:Class .\n"
    found = sound(tmp_path, "", **{"ontology/garden.ttl": terms})
    said = about(found, dataset(found.loaded), f"<{ONR}Statement>")
    assert [name for name, facts in said.items() if "owl:Class" in facts.get("rdf:type", ())] == [
        "<https://w3id.org/onrecord/ns>"
    ]


def test_two_sources_share_one_proposition_node(tmp_path: Path) -> None:
    minutes = notes("- triple: [Rose, tends, plot 7]", MINUTES_HEAD)
    found = sound(tmp_path, "- triple: [Rose, tends, plot 7]", **{"statements/minutes.yaml": minutes})
    quads = dataset(found.loaded)
    assert quads.filter(pl.col("predicate") == f"<{ONR}proposition>")["object"].n_unique() == 1
    assert quads.filter(pl.col("predicate") == f"<{ONR}proposition>")["graph"].n_unique() == 2
    assert len(pairs(found, quads, "asserted")) == 1


def test_an_empty_selection_is_a_dataset_of_descriptions(tmp_path: Path) -> None:
    found = sound(tmp_path, "")
    rows = found.table.with_columns(pl.lit(True).alias("asserting"))
    quads = assemble(rows, found.loaded.resolved, found.loaded.lock, found.loaded.project)
    assert quads.schema == QUADS and quads.height > 100


def test_files_lines_and_days_of_the_build_stay_out(tmp_path: Path) -> None:
    found = rich(tmp_path / "some-folder")
    text = dataset(found.loaded).write_csv()
    for noise in ("some-folder", "letter.yaml", ".ttl", str(tmp_path)):
        assert noise not in text


def test_sources_are_described_by_the_properties_that_are_named(tmp_path: Path) -> None:
    loaded = load_folder(write_notes(tmp_path / "garden", "", **rich_files())).loaded
    said = describe(loaded.resolved, loaded.lock, loaded.project)
    of_sources = said.filter(pl.col("graph").str.contains("/graph/source/"))
    assert {TYPE} < set(of_sources["predicate"]) <= {TYPE, *SOURCES_SAY}
