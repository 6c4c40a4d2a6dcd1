"""Owns the tests of the timeline before a browser sees it: borders, stretches, lanes, order, the page's text."""

from __future__ import annotations

import datetime as dt
import json
import random
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.terms import ONR
from onrecord.view.model import ViewEdge, ViewGraph, ViewNode
from onrecord.view.timeline import Bar, Lane, Timeline, arrange, render_timeline

NODES = (
    ViewNode("n:ada", "Ada", "entity", "", "person", "person"),
    ViewNode("n:guild", "Guild", "entity", "", "guild", "organisation"),
    ViewNode("n:fair", "Fair", "entity", "", "meeting", "event"),
    ViewNode("n:fire", "Fire", "entity", "", "disaster", "event"),
    ViewNode("n:p", "Ada attends Fair", "proposition", "", "proposition", "proposition"),
)
LINKS = (
    ViewEdge("", "n:p", "n:ada", "subject", "", "link"),
    ViewEdge("", "n:p", "n:fair", "object", "", "link"),
)


def statement(name: str, source: str = "n:ada", target: str = "n:guild", **fields: Any) -> ViewEdge:
    return ViewEdge(name, source, target, fields.pop("label", "knows"), "p", "statement", status="stated", **fields)


def timeline(*edges: ViewEdge) -> Timeline:
    return arrange(ViewGraph("T", "", NODES, (*edges, *LINKS)))


def days(line: Timeline) -> list[str]:
    return [dt.date.fromordinal(day).isoformat() for day in line.borders]


def only(when: str, recorded: str = "") -> tuple[list[str], Bar, Timeline]:
    line = timeline(statement("s", when=when, recorded=recorded))
    return days(line), line.bars[0], line


@pytest.mark.parametrize(
    ("when", "borders", "possible", "certain", "open_ends"),
    [
        ("2024-03-05", ["2024-03-05", "2024-03-06"], (0, 1), (0, 1), (False, False)),
        ("2024-03-05/2024-03-07", ["2024-03-05", "2024-03-08"], (0, 1), (0, 1), (False, False)),
        ("2024-03", ["2024-03-01", "2024-04-01"], (0, 1), None, (False, False)),
        ("[2024-03-05..2024-03-07]", ["2024-03-05", "2024-03-08"], (0, 1), None, (False, False)),
        ("../2024-03-05", ["2024-03-06"], (0, 1), (0, 1), (True, False)),
        ("2024-03-05/..", ["2024-03-05"], (0, 1), (0, 1), (False, True)),
        ("[..2024-03-05]", ["2024-03-06"], (0, 1), None, (True, False)),
        ("[2024-03-05..]", ["2024-03-05"], (0, 1), None, (False, True)),
        ("/2024-03-05", ["2024-03-05", "2024-03-06"], (0, 2), (1, 2), (True, False)),
        ("2024-03-05/", ["2024-03-05", "2024-03-06"], (0, 2), (0, 1), (False, True)),
        ("2023/2024", ["2023-01-01", "2023-12-31", "2024-01-02", "2025-01-01"], (0, 3), (1, 2), (False, False)),
    ],
)
def test_what_may_hold_and_what_certainly_does(
    when: str, borders: list[str], possible: Any, certain: Any, open_ends: Any
) -> None:
    found, bar, line = only(when)
    assert found == borders
    assert (bar.possible, bar.certain, bar.recorded) == (possible, certain, None)
    assert (line.open_start, line.open_end) == open_ends


def test_the_day_on_record_is_a_stretch_of_its_own() -> None:
    borders, bar, _ = only("2024-03-01/2024-03-31", "2024-03-10")
    assert borders == ["2024-03-01", "2024-03-10", "2024-03-11", "2024-04-01"]
    assert (bar.possible, bar.recorded) == ((0, 3), 1)


def test_an_old_date_takes_one_stretch() -> None:
    line = timeline(statement("a", when="1066"), statement("b", when="2024-03-05"), statement("c", when="2024-03-06"))
    assert days(line) == ["1066-01-01", "1067-01-01", "2024-03-05", "2024-03-06", "2024-03-07"]


@pytest.mark.parametrize("text", ["next week", "", "2024-13-45"])
def test_what_is_no_date_has_no_place(text: str) -> None:
    borders, bar, _ = only(text, text)
    assert (borders, bar.possible, bar.certain, bar.recorded) == ([], None, None, None)


def test_lanes_are_events_in_order_of_time_then_classes() -> None:
    line = timeline(
        statement("1", "n:guild", "n:ada"),
        statement("2", "n:ada", "n:guild"),
        statement("3", "n:ada", "n:fair", when="2024-05-01"),
        statement("4", "n:fair", "n:guild"),
        statement("5", "n:fire", "n:guild", when="2023-05-01"),
        statement("6", "n:guild", "n:fire"),
    )
    assert line.lanes == (
        Lane("Fire", "disaster", "n:fire"),
        Lane("Fair", "meeting", "n:fair"),
        Lane("person", ""),
        Lane("organisation", ""),
    )
    assert [(bar.edge.iri, bar.lane) for bar in line.bars] == [
        ("5", 0),
        ("6", 0),
        ("3", 1),
        ("4", 1),
        ("2", 2),
        ("1", 3),
    ]


def test_a_statement_goes_to_the_event_that_it_mentions() -> None:
    line = timeline(
        statement("1", "n:ada", "n:guild", narrowed=(("p:at", "<n:fair>"),)),
        statement("2", "n:guild", "n:p"),
        statement("3", "n:p", "n:guild"),
    )
    assert line.lanes == (Lane("Fair", "meeting", "n:fair"),)


def test_events_of_one_label_have_lanes_of_their_own() -> None:
    other = ViewNode("n:fair-2", "Fair", "entity", "", "meeting", "event")
    edges = [
        statement("1", "n:ada", "n:fair", when="2024"),
        statement("2", "n:ada", "n:guild", qualifiers=(("at", "Fair"),), narrowed=(("p:at", "<n:fair>"),)),
        statement("3", "n:ada", "n:fair-2", when="2025"),
        statement("4", "n:ada", "n:guild", qualifiers=(("for", "Fair"),), terms=(("p:for", "<n:fair-2>"),)),
        statement("5", "n:ada", "n:guild", qualifiers=(("in the words", "Fair"),), terms=(("p:words", '"Fair"@en'),)),
    ]
    line = arrange(ViewGraph("T", "", (*NODES, other), tuple(edges)))
    assert line.lanes == (Lane("Fair", "meeting", "n:fair"), Lane("Fair", "meeting", "n:fair-2"), Lane("person", ""))
    assert [(bar.edge.iri, bar.lane) for bar in line.bars] == [("1", 0), ("2", 0), ("3", 1), ("4", 1), ("5", 2)]


def test_where_and_to_whom_something_is_said_is_no_qualifier() -> None:
    told = ((f"{ONR}{name}", "<n:fair>") for name in ("saidBy", "via", "saidTo", "origin", "saidAt", "condition"))
    assert statement("1", terms=(*told, ("p:for", "<n:fire>"))).qualified_by == ("n:fire",)


def test_an_event_of_one_statement_shares_a_lane() -> None:
    line = timeline(statement("1", "n:fair", "n:guild"), statement("2", "n:fire", "n:guild"), statement("3"))
    assert line.lanes == (Lane("event", ""), Lane("person", ""))
    assert [bar.lane for bar in line.bars] == [0, 0, 1]


def test_within_a_lane_what_has_a_time_comes_first() -> None:
    line = timeline(
        statement("no time", recorded="2024-01-01"),
        statement("late", when="2024-06"),
        statement("early", when="1999"),
        statement("until", when="../2024-02-01"),
    )
    assert [bar.edge.iri for bar in line.bars] == ["early", "until", "late", "no time"]


_dates = st.dates(dt.date(1800, 1, 1), dt.date(2100, 1, 1)).map(str)
_whens = st.one_of(
    st.just(""),
    _dates,
    _dates.map(lambda day: day[:7]),
    st.tuples(_dates, _dates).map(lambda pair: "/".join(sorted(pair))),
    st.tuples(_dates, _dates).map(lambda pair: f"[{'..'.join(sorted(pair))}]"),
    _dates.map(lambda day: f"{day}/.."),
    _dates.map(lambda day: f"/{day}"),
)


@given(st.lists(st.tuples(_whens, st.one_of(st.just(""), _dates)), max_size=12))
def test_stretches_name_the_very_days(times: list[tuple[str, str]]) -> None:
    edges = [statement(f"s{at}", when=when, recorded=day) for at, (when, day) in enumerate(times)]
    line = timeline(*edges)
    shuffled = random.Random(1).sample(edges, len(edges))
    assert timeline(*shuffled) == line
    borders = [*([None] if line.open_start else []), *line.borders, *([None] if line.open_end else [])]
    assert list(line.borders) == sorted(set(line.borders))
    for bar in line.bars:
        if bar.recorded is not None:
            start = borders[bar.recorded]
            assert start is not None and str(dt.date.fromordinal(start)) == bar.edge.recorded
            assert borders[bar.recorded + 1] == start + 1
        if bar.possible is None:
            assert not bar.edge.when
            continue
        first, last = bar.possible
        assert first < last
        if bar.certain:
            assert first <= bar.certain[0] < bar.certain[1] <= last
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", bar.edge.when):
            assert borders[first] == dt.date.fromisoformat(bar.edge.when).toordinal()
            assert borders[last] == borders[first] + 1  # type: ignore[operator]


def test_the_page_holds_every_statement_once_and_in_order() -> None:
    graph = ViewGraph("T", "", NODES, (statement("b", when="2024"), statement("a"), statement("c", "n:p"), *LINKS))
    text = render_timeline(graph)
    payload = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text)[1])  # type: ignore[index]
    assert [row["id"] for row in payload["edges"]] == ["c", "b", "a", "link:n:p:object", "link:n:p:subject"]
    assert len(payload["timeline"]["lane"]) == len(payload["statements"]) == 3
    assert render_timeline(replace(graph, nodes=graph.nodes[::-1], edges=graph.edges[::-1])) == text


def test_nothing_of_the_data_is_markup() -> None:
    bad = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'"
    node = ViewNode("n:bad", bad, "entity", "", bad, "event")
    graph = ViewGraph(bad, bad, (node,), (statement("s", "n:bad", "n:bad", label=bad, when=bad, recorded=bad),))
    text = render_timeline(graph)
    assert text.count("<script") == text.count("</script") == 2
    assert "<img" not in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
