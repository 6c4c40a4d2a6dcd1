"""Owns the tests of the other layouts: nothing overlaps, time goes from left to right, sides stay together."""

from __future__ import annotations

import importlib.util
import itertools
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord.view.arrangements import EVENTS, LARGEST, Arrangement, arrangements
from onrecord.view.layout import Box
from onrecord.view.model import ViewEdge, ViewNode

_spec = importlib.util.spec_from_file_location("view_sample", Path(__file__).with_name("view_sample.py"))
assert _spec is not None
assert _spec.loader is not None
sample = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sample)

BOX = Box(120, 12, 30)
CLASSES = ("person", "group", "state", "organisation", "event", "place", "plan", "thing", "literal")


def node(name: str, shape: str = "person") -> ViewNode:
    return ViewNode(name, name, "entity", "", shape, shape)


def statement(source: str, target: str, recorded: str = "2024-05-01", **fields: Any) -> ViewEdge:
    name = f"{source}>{target}{fields.get('when', '')}{recorded}"
    return ViewEdge(name, source, target, "meets", "p", "statement", "stated", recorded=recorded, **fields)


def arrange(nodes: Sequence[ViewNode], edges: Sequence[ViewEdge]) -> dict[str, Arrangement]:
    usual = tuple((200 * (at % 8), 100 * (at // 8)) for at in range(len(nodes)))
    return {found.name: found for found in arrangements(nodes, edges, [BOX] * len(nodes), usual)}


def assert_apart(spots: Sequence[tuple[int, int]]) -> None:
    for (ax, ay), (bx, by) in itertools.combinations(spots, 2):
        assert abs(ax - bx) >= BOX.width or abs(ay - by) >= BOX.above + BOX.below


def test_time_goes_from_left_to_right_and_classes_from_top_to_bottom() -> None:
    nodes = [node("ada"), node("bo"), node("cy"), node("fair", "event"), node("guild", "organisation")]
    edges = [
        statement("ada", "fair", when="1931"),
        statement("bo", "guild", recorded="2024-05-01"),
        statement("cy", "cy", recorded="2024-05-02", when="../2024-06"),
    ]
    found = arrange(nodes, edges)["time"]
    ada, bo, cy, fair, guild = found.spots
    assert ada[0] == fair[0] < bo[0] == guild[0] < cy[0]
    assert ada[1] == bo[1] == cy[1] < guild[1] < fair[1]
    assert [day for _, day in found.captions] == ["1931-01-01", "2024-05-01", "2024-05-02"]
    assert [x for x, _ in found.captions] == sorted(x for x, _ in found.captions)


def test_what_a_proposition_mentions_comes_with_it() -> None:
    nodes = [node("ada"), node("bo"), node("cy"), node("p", "proposition")]
    edges = [
        statement("ada", "p", recorded="2024-05-03"),
        statement("bo", "bo", recorded="2024-05-01"),
        ViewEdge("", "p", "cy", "subject", "", "link"),
    ]
    found = arrange(nodes, edges)["time"]
    ada, bo, cy, _ = found.spots
    assert bo[0] < cy[0] == ada[0] or abs(cy[0] - ada[0]) < BOX.width
    assert bo[0] < cy[0]


def test_no_time_no_arrangement_by_time() -> None:
    assert arrange([node("ada"), node("bo")], [statement("ada", "bo")]) == {}
    assert arrange([], []) == {}


def test_delegations_face_each_other_with_their_own() -> None:
    ours, theirs = ["ada", "abe", "ann"], ["bo", "bea"]
    people = [node(name) for name in (*ours, *theirs, "cy")]
    nodes = [*people, node("Aland", "state"), node("Borneo", "state"), node("talks", "event"), node("hall", "place")]
    nodes += [node(f"topic {at}", "plan") for at in range(7)]
    edges = [
        *(statement("talks", f"topic {at}") for at in range(7)),
        *(statement(name, "talks", narrowed=(("p:for", "<Aland>"),)) for name in ours),
        *(statement(name, "talks") for name in theirs),
        *(statement(name, "Borneo") for name in theirs),
        statement("Aland", "talks"),
        statement("Borneo", "talks"),
        statement("talks", "hall"),
    ]
    found = arrange(nodes, edges)["event talks"]
    where = {each.iri: spot for each, spot in zip(nodes, found.spots, strict=True)}
    x, _ = where["talks"]
    assert all(where[name][0] < x for name in (*ours, "Aland"))
    assert all(where[name][0] > x for name in (*theirs, "Borneo"))
    assert where["cy"][1] > max(spot[1] for name, spot in where.items() if name != "cy")
    assert abs(where["hall"][0] - x) < abs(where["Aland"][0] - x)
    assert_apart(found.spots)


def test_a_statement_qualified_by_an_event_is_on_it() -> None:
    nodes = [*(node(name) for name in ("ada", "bo", "cy", "di")), node("talks", "event")]
    qualified = {"narrowed": (("p:at", "<talks>"),)}
    edges = [statement("ada", "bo", **qualified), statement("cy", "ada", **qualified)]
    assert set(arrange(nodes, edges)) == {"event talks"}
    assert set(arrange(nodes, edges[:1])) == set()


def test_events_of_one_label_are_told_apart() -> None:
    nodes = [*(node(name) for name in ("ada", "bo", "cy", "di")), node("talks", "event")]
    nodes.append(ViewNode("talks-2", "talks", "entity", "", "event", "event"))
    at = {"qualifiers": (("at", "talks"),), "narrowed": (("p:at", "<talks>"),)}
    words = {"qualifiers": (("in the words", "talks"),), "terms": (("p:words", '"talks"@en'),)}
    edges = [statement("ada", "bo", **at), statement("cy", "ada", **at), statement("ada", "cy", **words)]
    edges += [statement("di", "talks-2"), statement("talks-2", "di", **words)]
    assert set(arrange(nodes, edges)) == {"event talks"}
    assert set(arrange(nodes, edges[2:])) == set()


def test_the_busiest_events_come_first_and_not_too_many() -> None:
    people = [node(f"p{at}") for at in range(12)]
    events = [node(f"e{at}", "event") for at in range(EVENTS + 2)]
    edges = [statement(person.iri, event.iri) for at, event in enumerate(events) for person in people[: at + 3]]
    assert list(arrange([*people, *events], edges)) == [f"event e{at}" for at in range(EVENTS + 1, 1, -1)]


def test_a_large_graph_has_one_layout() -> None:
    graph = sample.crowd(LARGEST + 1, 3000)
    assert arrange(graph.nodes, graph.edges) == {}


@pytest.mark.parametrize("size", [(42, 80), (300, 700)])
def test_nothing_overlaps_and_nothing_is_lost(size: tuple[int, int]) -> None:
    graph = sample.harbour() if size[0] == 42 else sample.crowd(*size)
    found = arrange(graph.nodes, graph.edges)
    assert found
    for each in found.values():
        assert len(each.spots) == len(graph.nodes)
        assert_apart(each.spots)


_names = [f"n{at}" for at in range(9)]
_edges = st.lists(
    st.builds(
        statement,
        st.sampled_from(_names),
        st.sampled_from(_names),
        st.sampled_from(["2024-05-01", "2024-05-02", ""]),
        when=st.sampled_from(["", "1999", "2024-05-01/..", "whenever"]),
    ),
    max_size=14,
)


@settings(max_examples=60)
@given(st.lists(st.sampled_from(CLASSES), min_size=9, max_size=9), _edges)
def test_any_graph_is_arranged_the_same_way_every_time(shapes: list[str], edges: list[ViewEdge]) -> None:
    nodes = [node(name, shape) for name, shape in zip(_names, shapes, strict=True)]
    edges = list({edge.iri: edge for edge in edges}.values())
    found = arrange(nodes, edges)
    assert arrange(nodes, random.Random(2).sample(edges, len(edges))) == found
    for each in found.values():
        assert_apart(each.spots)
