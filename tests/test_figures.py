"""Owns the tests of figures: counts and measures that were worked out by hand."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onrecord
from inline import BASE, Notes, sound, write_notes
from onrecord.figures import OWN_VOICE, Figures, project
from onrecord.lens import Lens, select
from small_graph import write_graph

GRAPHS = Path(__file__).resolve().parents[1] / "graphs"
PEOPLE = "".join(f"- id: {name}\n  label: {name.upper()}\n  type: person\n" for name in "abcdefg")


def web(folder: Path, statements: str) -> Notes:
    return sound(folder, statements, **{"entities.yaml": PEOPLE})


def lines(*triples: str) -> str:
    return "".join(f"- triple: [{triple}]\n  quote: q{number}\n" for number, triple in enumerate(triples))


def chain(names: str) -> str:
    return lines(*(f"{one}, supports, {other}" for one, other in pairwise(names)))


def ties(found: Notes, lens: Lens | None = None, *, everything: bool = False) -> dict[str, int]:
    loaded = found.loaded
    rows = select(loaded.resolved.statements, lens or Lens(), loaded.project.policy)
    graph = project(rows, [each.iri for each in loaded.resolved.entities], everything=everything)
    cut = len(f"{BASE}entity/")
    return {"".join(sorted((one[cut:], other[cut:]))): weight for one, other, weight in graph.edges(data="weight")}


def central(found: Figures) -> dict[str, tuple[int, float]]:
    return {each.name: (each.degree, each.betweenness) for each in found.by_betweenness}


# --- counts


COUNTED = """\
- triple: [A, supports, B]
  quote: 1
- triple: [A, supports, B]
  quote: 1 again
- triple: [A, supports, C]
  said by: [D, E]
  quote: 2
- triple: [B, believes, [C, opposes, D]]
  said by: D
  status: confirmed
  quote: 3
- triple: [C, attends, summer show]
  status: expected
  for: G
  quote: 4
- triple: [C, attends, summer show]
  not: true
  quote: 5
"""
SHOW = PEOPLE + "- id: summer-show\n  label: summer show\n  type: show\n"


def test_statements_are_counted_by_everything_that_they_have(tmp_path: Path) -> None:
    found = sound(tmp_path, COUNTED, **{"entities.yaml": SHOW}).graph().stats()
    assert (found.statements, found.as_fact, found.propositions, found.entities) == (5, 2, 6, 7)
    assert [(each.name, each.entities) for each in found.types] == [("person", 6), ("show", 1)]
    assert [(each.name, each.statements, each.as_fact) for each in found.statuses] == [
        ("stated", 3, 1),
        ("confirmed", 1, 1),
        ("expected", 1, 0),
    ]
    assert [(each.name, each.statements, each.as_fact) for each in found.sources] == [("letter", 5, 2)]
    assert [(each.name, each.statements, each.as_fact) for each in found.properties] == [
        ("attends", 2, 0),
        ("supports", 2, 1),
        ("believes", 1, 1),
    ]
    assert [(each.name, each.statements, each.as_fact) for each in found.speakers] == [
        (OWN_VOICE, 3, 1),
        ("D", 2, 1),
        ("E", 1, 0),
    ]
    assert found.speakers[1].iri == f"{BASE}entity/d"
    assert found.statuses[0].iri == "https://w3id.org/onrecord/ns#stated"


def test_including_a_status_moves_what_stands_as_fact(tmp_path: Path) -> None:
    graph = sound(tmp_path, COUNTED, **{"entities.yaml": SHOW}).graph()
    assert (graph.stats().as_fact, graph.stats(include=["expected", "stated"]).as_fact) == (2, 4)
    assert (graph.stats().ties, graph.stats(include=["stated"]).ties) == (3, 4)


def test_a_lens_leaves_out_statements_and_who_only_they_speak_of(tmp_path: Path) -> None:
    text = lines("A, supports, B") + "- triple: [C, supports, D]\n  recorded: 2024-07-01\n  quote: late\n"
    graph = web(tmp_path, text).graph()
    found = graph.stats(lens=Lens(as_of=dt.date(2024, 6, 30)))
    assert (found.statements, found.entities, found.nodes) == (1, 2, 2)
    assert (graph.stats().statements, graph.stats().entities) == (2, 4)


def test_a_graph_of_nothing_has_figures(tmp_path: Path) -> None:
    found = web(tmp_path, "").graph().stats()
    assert (found.statements, found.nodes, found.ties, found.components, found.modularity) == (0, 0, 0, 0, 0.0)
    assert (found.types, found.by_degree, found.communities) == ((), (), ())


# --- the network


def test_a_tie_is_a_pair_and_weighs_its_statements(tmp_path: Path) -> None:
    text = lines("A, supports, B", "B, opposes, A", "A, height in metres, 2", "C, supports, D")
    found = web(tmp_path, text + "- triple: [A, supports, C]\n  status: expected\n  quote: e\n")
    assert ties(found) == {"ab": 2, "cd": 1}
    assert ties(found, Lens(include=frozenset({"expected"}))) == {"ab": 2, "ac": 1, "cd": 1}
    assert ties(found, everything=True) == {"ab": 2, "ac": 1, "cd": 1}


def test_a_stance_ties_its_holder_to_what_it_is_about(tmp_path: Path) -> None:
    text = lines("A, believes, [B, believes, [C, supports, D]]", "[E, supports, F], supports, G")
    found = web(tmp_path, text)
    assert ties(found) == {"ab": 1, "ac": 1, "ad": 1, "eg": 1, "fg": 1}
    mentioned = {"bc": 1, "bd": 1, "cd": 1, "ef": 1}
    assert ties(found, everything=True) == ties(found) | mentioned


def test_betweenness_and_degree_of_a_chain(tmp_path: Path) -> None:
    found = web(tmp_path, chain("ABCDE")).graph().stats()
    assert central(found) == {
        "C": (2, round(4 / 6, 6)),
        "B": (2, 0.5),
        "D": (2, 0.5),
        "A": (1, 0.0),
        "E": (1, 0.0),
    }
    assert [each.name for each in found.by_degree] == ["B", "C", "D", "A", "E"]
    assert (found.nodes, found.ties, found.components, found.pivots) == (5, 4, 1, None)


def test_the_middle_of_a_star_lies_on_every_path(tmp_path: Path) -> None:
    found = web(tmp_path, lines(*(f"A, supports, {name}" for name in "BCDEF"))).graph().stats(top=1)
    assert [(each.name, each.degree, each.betweenness) for each in found.by_betweenness] == [("A", 5, 1.0)]
    assert len(found.by_degree) == len(found.communities) == 1


def test_two_triangles_on_a_bridge_are_two_communities(tmp_path: Path) -> None:
    text = lines(
        "A, supports, B", "B, supports, C", "C, supports, A", "D, supports, E", "E, supports, F", "F, supports, D"
    )
    found = web(tmp_path, text + "- triple: [C, opposes, D]\n  quote: bridge\n").graph().stats()
    assert [(each.size, each.members) for each in found.communities] == [(3, ("C", "A", "B")), (3, ("D", "E", "F"))]
    assert found.modularity == round(2 * (3 / 7 - (7 / 14) ** 2), 6)
    assert {each.name: each.community for each in found.by_degree} == dict.fromkeys("ABC", 1) | dict.fromkeys("DEF", 2)
    assert central(found)["C"] == (3, 0.6)


def test_components_are_counted(tmp_path: Path) -> None:
    assert web(tmp_path, lines("A, supports, B", "C, supports, D")).graph().stats().components == 2


def test_above_a_thousand_entities_betweenness_is_estimated(tmp_path: Path) -> None:
    table = "source,subject,predicate,object,locator\n"
    table += "".join(f"letter,e{number},supports,e{number + 1},row\n" for number in range(1100))
    people = "id,label,type\n" + "".join(f"e{number},E {number},person\n" for number in range(1101))
    graph = onrecord.open(write_notes(tmp_path, "", **{"entities.csv": people, "statements/list.csv": table}))
    found = graph.stats(top=5)
    assert (found.nodes, found.pivots) == (1101, 200)
    assert found == graph.stats(top=5)
    middle = 2 * 550 * 550 / (1100 * 1099)
    assert abs(found.by_betweenness[0].betweenness - middle) < 0.1


# --- coverage


def test_coverage_is_read_from_the_lock(tmp_path: Path) -> None:
    graph = onrecord.open(write_graph(tmp_path / "garden"))
    assert [(each.source, each.news, each.covered, each.quoted) for each in graph.stats().coverage] == [
        ("letter", None, None, None),
        ("minutes", None, None, None),
    ]
    graph.examine(update_lock=True)
    known = {each.source: each for each in graph.coverage()}
    found = graph.stats().coverage
    assert [each.source for each in found] == ["letter", "minutes"]
    for each in found:
        assert (each.news, each.covered) == (known[each.source].news, known[each.source].covered)
        assert each.quoted == round(known[each.source].quoted, 6)
    assert [each.source for each in graph.stats(lens=Lens(sources=frozenset({"letter"}))).coverage] == ["letter"]


@pytest.mark.parametrize("name", ["miami-talks", "harbour-bridge"])
def test_coverage_of_the_curated_graphs_is_what_coverage_says(name: str) -> None:
    graph = onrecord.open(GRAPHS / name)
    found = {each.source: (each.news, each.covered, each.quoted) for each in graph.stats().coverage}
    known = {each.source: (each.news, each.covered, round(each.quoted, 6)) for each in graph.coverage()}
    assert found == known
    assert len(found) > 1


# --- the same each time


PRINT = "import json, onrecord, sys; print(json.dumps(onrecord.open(sys.argv[1]).stats(everything=True).as_dict()))"


def test_figures_do_not_depend_on_the_process() -> None:
    texts = {
        subprocess.run(
            [sys.executable, "-c", PRINT, str(GRAPHS / "miami-talks")],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(texts) == 1
    found = json.loads(texts.pop())
    assert found["statements"] == sum(each["statements"] for each in found["statuses"])
    assert found["as_fact"] == sum(each["as_fact"] for each in found["properties"])


EDGES = st.lists(
    st.tuples(st.sampled_from("ABCDEFG"), st.sampled_from("ABCDEFG")), min_size=1, max_size=12, unique=True
)


@settings(max_examples=15)
@given(EDGES)
def test_the_order_of_statements_changes_no_figure(
    tmp_path_factory: pytest.TempPathFactory, edges: list[tuple[str, str]]
) -> None:
    found = []
    for order in (edges, edges[::-1]):
        text = lines(*(f"{one}, supports, {other}" for one, other in order))
        found.append(web(tmp_path_factory.mktemp("web"), text).graph().stats(top=99).as_dict())
    assert found[0] == found[1]
    pairs = {frozenset(edge) for edge in edges if edge[0] != edge[1]}
    assert found[0]["ties"] == len(pairs)
    assert sum(each["degree"] for each in found[0]["by_degree"]) == 2 * len(pairs)
    assert sum(each["size"] for each in found[0]["communities"]) == found[0]["nodes"]
