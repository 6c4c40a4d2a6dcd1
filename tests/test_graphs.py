"""Owns what is promised of the two graphs in the repository.

Leaves the tool itself to the other tests.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import onrecord
from onrecord.graph import Graph

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("miami-talks", "harbour-bridge")
ARCHIVE = ROOT.parent / "shared" / "sources"


@pytest.fixture(params=NAMES)
def graph(request: pytest.FixtureRequest) -> Graph:
    return onrecord.open(ROOT / "graphs" / request.param)


def test_it_checks_clean(graph: Graph) -> None:
    assert graph.check() == []


def test_every_question_gets_its_expected_rows(graph: Graph) -> None:
    outcomes = graph.test()
    assert [(outcome.question.name, outcome.message) for outcome in outcomes if not outcome.passed] == []


def test_every_sentence_is_settled(graph: Graph) -> None:
    covered = graph.coverage()
    assert [each.source for each in covered] == sorted(graph.names.source_ids.values())
    assert [(each.source, len(each.open)) for each in covered if each.open] == []


def test_quotes_stay_within_their_share(graph: Graph) -> None:
    assert [each.source for each in graph.coverage() if each.quoted > 0.4] == []


def test_two_builds_give_the_same_bytes(graph: Graph, tmp_path: Path) -> None:
    first = graph.build(tmp_path / "a")
    second = onrecord.open(graph.project.folder).build(tmp_path / "b")
    assert first == second
    for name in first["files"]:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_the_miami_graph_is_large_enough_to_mean_something() -> None:
    graph = onrecord.open(ROOT / "graphs" / "miami-talks")
    assert len(graph.questions()) >= 30
    assert graph.statements.filter(~graph.statements["nested"]).height >= 190


KEPT_FOR_OTHERS = {"onBehalfOf"}
"""Terms that a story of this kind needs sooner or later, though the graph beside the ontology has no use for them."""


@pytest.mark.parametrize(("name", "prefix"), [("miami-talks", "dip"), ("harbour-bridge", "works")])
def test_every_term_of_an_ontology_is_used_by_its_graph(name: str, prefix: str) -> None:
    graph = onrecord.open(ROOT / "graphs" / name)
    space = graph.names.prefixes()[prefix]
    text = "SELECT DISTINCT ?term WHERE { { ?s ?term ?o } UNION { ?s a ?term } UNION { ?s rdf:predicate ?term } }"
    used = {row["term"].value for row in graph.query(text, include=["expected", "planned"]) if row["term"]}
    own = graph.query(f'SELECT ?term WHERE {{ ?term rdfs:isDefinedBy ?o FILTER (STRSTARTS(STR(?term), "{space}")) }}')
    unused = {row["term"].value for row in own if row["term"]} - used
    assert {term.removeprefix(space) for term in unused} - KEPT_FOR_OTHERS == set()


def test_the_diplomacy_ontology_stays_small() -> None:
    graph = onrecord.open(ROOT / "graphs" / "miami-talks")
    counted = (
        "SELECT (COUNT(DISTINCT ?t) AS ?n) WHERE {{ ?t rdfs:isDefinedBy <https://w3id.org/onrecord/diplomacy> ; a {} }}"
    )
    sizes = []
    for kind in ("owl:Class", "?kind . FILTER (?kind IN (owl:ObjectProperty, owl:DatatypeProperty))"):
        (row,) = graph.query(counted.format(kind))
        assert row["n"] is not None
        sizes.append(int(row["n"].value))
    assert (sizes[0] <= 22, sizes[1] <= 50) == (True, True), sizes


def test_nobody_is_on_record_as_representing_the_united_states_in_miami() -> None:
    graph = onrecord.open(ROOT / "graphs" / "miami-talks")
    text = "ASK { ?who dip:represents :united-states }"
    assert graph.query(text).boolean is False
    qualified = "ASK { ?who dip-q:represents [ rdf:object :united-states ; dip:at :miami-talks ] }"
    assert graph.query(qualified).boolean is False
    assert graph.query(qualified, include=["expected"]).boolean is True


@pytest.mark.skipif(not ARCHIVE.is_dir(), reason="the archived articles are not in the repository")
def test_every_quote_stands_in_the_archived_articles() -> None:
    report = onrecord.open(ROOT / "graphs" / "miami-talks").examine([ARCHIVE])
    assert report.problems == []
    assert report.evidence.passed == len(report.evidence.checks)
    assert not any(check.from_lock for check in report.evidence.checks)


def test_no_archived_article_is_in_the_repository() -> None:
    texts = [path for path in (ROOT / "graphs" / "miami-talks").rglob("*") if path.suffix == ".txt"]
    assert texts == []
    lock = json.loads((ROOT / "graphs/miami-talks/evidence.lock").read_text("utf-8"))
    assert sorted(lock["texts"]) == ["kremlin-confirms-2025-12-18", "lords-press-2025-12-17"]
