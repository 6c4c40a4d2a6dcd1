"""Owns the tests of paths: hand-drawn gardens with known shortest paths, and what a hop rests on."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onrecord
from inline import BASE, Notes, sound, write_notes
from onrecord.errors import GraphBroken, OnRecordError
from onrecord.lens import Lens
from onrecord.paths import Paths, Route

GRAPHS = Path(__file__).resolve().parents[1] / "graphs"
PEOPLE = "".join(f"- id: {name}\n  label: {name.upper()}\n  type: person\n" for name in "abcdefg")


def web(folder: Path, statements: str) -> Notes:
    return sound(folder, statements, **{"entities.yaml": PEOPLE})


def lines(*triples: str) -> str:
    return "".join(f"- triple: [{triple}]\n  quote: q{number}\n" for number, triple in enumerate(triples))


def walk(route: Route) -> str:
    """A path in one line: ``A >supports> B <opposes< C``."""
    out = route.hops[0].start_label
    for hop in route.hops:
        sign = ">" if hop.forward else "<"
        out += f" {sign}{hop.property}{sign} {hop.end_label}"
    return out


def walks(found: Paths) -> list[str]:
    return [walk(route) for route in found.routes]


RING = lines("A, supports, B", "B, supports, C", "D, opposes, C", "A, opposes, D", "D, supports, E", "E, supports, C")


def test_the_shortest_path_and_its_alternatives_by_length(tmp_path: Path) -> None:
    graph = web(tmp_path, RING).graph()
    expected = [
        "A >supports> B >supports> C",
        "A >opposes> D >opposes> C",
        "A >opposes> D >supports> E >supports> C",
    ]
    assert walks(graph.paths("A", "C")) == expected[:1]
    assert walks(graph.paths("A", "C", alternatives=1)) == expected[:2]
    assert walks(graph.paths("A", "C", alternatives=9)) == expected
    assert walks(graph.paths("c", ":a")) == ["C <supports< B <supports< A"]


def test_parallel_statements_are_one_hop_the_firmest_first(tmp_path: Path) -> None:
    text = """\
    - triple: [A, supports, B]
      status: expected
      quote: one
    - triple: [B, opposes, A]
      status: confirmed
      said by: C
      quote: [two, three]
    - triple: [A, believes, B]
      for: D
      quote: four
    """
    text = text.replace("quote: [two, three]", "quote:\n        - two\n        - three")
    graph = web(tmp_path, text).graph()
    (hop,) = graph.paths("A", "B").routes[0].hops
    assert (hop.property, hop.forward, hop.status) == ("believes", True, "stated")
    found = [(each.property, each.status, each.quotes, each.said_by, each.qualifiers) for each in hop.statements]
    assert found == [
        ("believes", "stated", ("four",), (), (("for", "D"),)),
        ("opposes", "confirmed", ("two", "three"), ("C",), ()),
    ]
    assert (hop.statements[0].recorded, hop.statements[0].file) == ("2024-06-01", "statements/letter.yaml")
    (hop,) = graph.paths("A", "B", everything=True).routes[0].hops
    assert [each.status for each in hop.statements] == ["stated", "confirmed", "expected"]
    assert [each.stands_as_fact for each in hop.statements] == [True, True, False]


def test_values_are_no_stations(tmp_path: Path) -> None:
    graph = web(tmp_path, lines("A, height in metres, 2", "B, height in metres, 2")).graph()
    found = graph.paths("A", "B", everything=True)
    assert (found.routes, found.with_all) == ((), None)


WISHES = lines(
    "A, believes, [B, opposes, C]", "D, supports, [B, opposes, C]", "A, believes, [E, believes, [F, supports, G]]"
)


def test_a_holder_is_tied_to_what_the_proposition_is_about(tmp_path: Path) -> None:
    graph = web(tmp_path, WISHES).graph()
    assert walks(graph.paths("A", "C")) == ["A >believes> (B opposes C) >object> C"]
    assert walks(graph.paths("C", "A")) == ["C <object< (B opposes C) <believes< A"]
    assert walks(graph.paths("A", "D")) == ["A >believes> (B opposes C) <supports< D"]
    nested = "A >believes> (E believes (F supports G)) >object> (F supports G) >subject> F"
    assert walks(graph.paths("A", "F")) == [nested]
    back = "F <subject< (F supports G) <object< (E believes (F supports G)) <believes< A"
    assert walks(graph.paths("F", "A")) == [back]
    hops = graph.paths("A", "C").routes[0].hops
    assert [(hop.status, len(hop.statements)) for hop in hops] == [("stated", 1), ("mentioned", 0)]


def test_a_mention_ties_the_parts_to_each_other_only_where_everything_counts(tmp_path: Path) -> None:
    graph = web(tmp_path, WISHES).graph()
    around = "B <subject< (B opposes C) <believes< A >believes> (B opposes C) >object> C"
    assert walks(graph.paths("B", "C")) == [around]
    assert walks(graph.paths("B", "C", everything=True)) == ["B <subject< (B opposes C) >object> C"]


def test_a_wish_that_does_not_count_ties_nobody(tmp_path: Path) -> None:
    text = "- triple: [A, believes, [B, opposes, C]]\n  status: expected\n  quote: q\n"
    graph = web(tmp_path, text).graph()
    found = graph.paths("A", "C")
    assert (found.routes, found.included, found.with_all) == ((), (("expected",),), 2)
    assert graph.paths("B", "C").included == (("expected",),)
    assert len(graph.paths("A", "C", include=["expected"]).routes) == 1


def test_an_asserted_proposition_is_a_hop_like_any_other(tmp_path: Path) -> None:
    text = lines("B, opposes, C", "A, believes, [B, opposes, C]")
    assert walks(web(tmp_path, text).graph().paths("B", "C")) == ["B >opposes> C"]


STATUSES = """\
- triple: [A, supports, B]
  status: expected
  quote: 1
- triple: [B, supports, C]
  status: planned
  quote: 2
- triple: [A, supports, D]
  status: possible
  quote: 3
- triple: [D, supports, C]
  status: claimed
  said by: A
  quote: 4
- triple: [C, supports, E]
  status: denied
  said by: A
  quote: 5
- triple: [E, supports, F]
  not: true
  quote: 6
"""


def test_without_a_path_the_smallest_choices_of_statuses_are_named(tmp_path: Path) -> None:
    graph = web(tmp_path, STATUSES).graph()
    found = graph.paths("A", "C")
    assert (found.routes, found.included, found.with_all) == (
        (),
        (("expected", "planned"), ("claimed", "possible")),
        2,
    )
    assert walks(graph.paths("A", "C", include=["expected", "planned"])) == ["A >supports> B >supports> C"]
    assert graph.paths("A", "C", include=["expected"]).included == (("planned",),)
    only_all = graph.paths("A", "F")
    assert (only_all.included, only_all.with_all) == ((), 4)
    assert walks(graph.paths("C", "F", everything=True)) == ["C >supports> E >supports> F"]
    nothing = graph.paths("A", "G")
    assert (nothing.included, nothing.with_all) == ((), None)


def test_what_is_negated_or_conditional_is_no_matter_of_statuses(tmp_path: Path) -> None:
    text = "- triple: [A, supports, B]\n  status: expected\n  not: true\n  quote: 1\n"
    text += "- triple: [A, supports, B]\n  status: planned\n  on condition: if so\n  quote: 2\n"
    found = web(tmp_path, text).graph().paths("A", "B")
    assert (found.included, found.with_all) == ((), 1)


def test_a_lens_chooses_the_statements(tmp_path: Path) -> None:
    text = "- triple: [A, supports, B]\n  recorded: 2024-06-05\n  quote: 1\n"
    graph = web(tmp_path, text).graph()
    assert graph.paths("A", "B", lens=Lens(as_of=dt.date(2024, 6, 4))).with_all is None
    assert len(graph.paths("A", "B", lens=Lens(as_of=dt.date(2024, 6, 5))).routes) == 1


def test_wrong_calls(tmp_path: Path) -> None:
    graph = web(tmp_path, RING + "- triple: [A, supports, A]\n  quote: z\n").graph()
    with pytest.raises(OnRecordError, match='"A" and "a" are the same entity'):
        graph.paths("A", "a")
    with pytest.raises(OnRecordError, match='no entity is called "Zed"'):
        graph.paths("A", "Zed")
    with pytest.raises(OnRecordError, match='no source is called "post"'):
        graph.paths("A", "C", lens=Lens(sources=frozenset({"post"})))


def test_a_path_leads_round_what_is_to_be_avoided(tmp_path: Path) -> None:
    graph = onrecord.open(GRAPHS / "miami-talks")
    (through,) = graph.paths("Witkoff", "Putin").routes
    assert "President" in [hop.end_label for hop in through.hops]
    (round_it,) = graph.paths("Witkoff", "Putin", avoid=["President"]).routes
    assert "President" not in [hop.end_label for hop in round_it.hops]
    assert len(round_it.hops) >= len(through.hops)
    with pytest.raises(OnRecordError, match='"Vladimir Putin" is an end of the path'):
        graph.paths("Witkoff", "Putin", avoid=["Vladimir Putin"])


def test_an_ambiguous_name_lists_the_choices(tmp_path: Path) -> None:
    people = PEOPLE + "- id: h\n  label: A\n  type: person\n"
    folder = write_notes(tmp_path, "- triple: [B, supports, C]\n  quote: q\n", **{"entities.yaml": people})
    with pytest.raises(OnRecordError, match=r'2 entities are called "A": write "a" \(A\) or "h" \(A\)'):
        onrecord.open(folder).paths("A", "B")


def test_a_broken_graph_has_no_paths(tmp_path: Path) -> None:
    folder = write_notes(tmp_path, "- triple: [Nobody, supports, C]\n  quote: q\n", **{"entities.yaml": PEOPLE})
    with pytest.raises(GraphBroken):
        onrecord.open(folder).paths("A", "B")


def test_merged_entities_are_one_station(tmp_path: Path) -> None:
    graph = web(tmp_path, lines("A, supports, B", "C, supports, D")).graph()
    assert graph.paths("A", "D").routes == ()
    graph.judge("B", "same", "C", why="so", who="Ada")
    assert walks(graph.paths("A", "D")) == ["A >supports> B >supports> D"]
    assert walks(graph.paths("A", "C")) == ["A >supports> B"]


EDGES = st.lists(st.tuples(st.sampled_from("abcdefg"), st.sampled_from("abcdefg")), min_size=1, max_size=14)


@settings(max_examples=25)
@given(EDGES)
def test_lengths_are_those_of_the_plain_graph(
    tmp_path_factory: pytest.TempPathFactory, edges: list[tuple[str, str]]
) -> None:
    edges = sorted({edge for edge in edges if edge[0] != edge[1]})
    text = lines(*(f"{one}, supports, {other}" for one, other in edges)) or "- triple: [a, supports, b]\n  quote: q\n"
    graph = web(tmp_path_factory.mktemp("web"), text).graph()
    plain = nx.Graph(edges or [("a", "b")])
    for start, end in (("a", "b"), ("c", "g")):
        found = graph.paths(start, end, alternatives=3).routes
        expected = (
            sorted(len(path) - 1 for path in nx.all_simple_paths(plain, start, end))
            if {start, end} <= set(plain)
            else []
        )
        assert [len(route.hops) for route in found] == expected[:4]
        for route in found:
            nodes = [route.hops[0].start, *(hop.end for hop in route.hops)]
            assert (nodes[0], nodes[-1]) == (f"{BASE}entity/{start}", f"{BASE}entity/{end}")
            assert len(set(nodes)) == len(nodes)


@pytest.mark.parametrize(
    ("name", "start", "end", "expected"),
    [
        (
            "miami-talks",
            "Steve Witkoff",
            "Berlin",
            "Steve Witkoff >participates in> Berlin talks >takes place in> Berlin",
        ),
        (
            "harbour-bridge",
            "Bram Ostler",
            "Pell & Osmund",
            "Bram Ostler >believes> (Pell & Osmund bids for tender 010, at price 1.60) >subject> Pell & Osmund",
        ),
    ],
)
def test_the_curated_graphs(name: str, start: str, end: str, expected: str) -> None:
    graph = onrecord.open(GRAPHS / name)
    found = graph.paths(start, end, alternatives=2)
    assert walks(found)[0] == expected
    assert found.as_dict() == graph.paths(start, end, alternatives=2).as_dict()
    for route in found.routes:
        for hop in route.hops:
            assert all(each.quotes and each.file and each.line for each in hop.statements)


@pytest.mark.slow
def test_the_cost_at_ten_thousand_edges(tmp_path: Path) -> None:
    import random

    rnd = random.Random(1)
    pairs = [rnd.sample(range(4000), 2) for _ in range(10_000)]
    table = "source,subject,predicate,object,locator\n"
    table += "".join(f"letter,e{one},supports,e{two},row {row}\n" for row, (one, two) in enumerate(pairs))
    people = "id,label,type\n" + "".join(f"e{number},E {number},person\n" for number in range(4000))
    files = {"entities.csv": people, "statements/list.csv": table}
    graph = onrecord.open(write_notes(tmp_path, "", **files))
    start = time.process_time()
    found = graph.paths("E 1", "E 7", alternatives=5)
    spent = time.process_time() - start
    assert len(found.routes) == 6
    assert spent < 10, spent
