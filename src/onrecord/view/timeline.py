"""Owns the timeline: lanes of statements on an axis of days, with both clocks of each statement.

Leaves drawing to the page's scripts, what all pages share to ``frame`` and how things look to ``look``.

The axis goes by rank: every day on which something may begin or end is a border, and every stretch
between two borders is as wide as the next, so that one old date does not squash the rest.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onrecord.times import NEVER_ENDS, NEVER_STARTS, Bounds, NotADate, bounds
from onrecord.view.frame import counted_lines, look, record_rows, render
from onrecord.view.look import SHAPES, line_of, shape_of
from onrecord.view.model import ViewEdge, ViewGraph, ViewNode

_SCRIPTS = (
    "elements.js", "data.js", "look.js", "theme.js", "theme-button.js", "selection.js", "panel.js", "sieve.js",
    "clocks.js", "axis.js", "lanes.js", "timeline.js",
)  # fmt: skip
_DAY = dt.timedelta(days=1)
_ENDLESS = 10_000_000
"""Stands for an open end where borders are compared; days are counted as ``date.toordinal`` does."""

Stretch = tuple[int, int]
"""Two borders by their place on the axis: from the first up to the second."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Statements that belong together: those on one event, else those on one class of things."""

    name: str
    kind: str  # the event's type; "" for a class
    iri: str = ""  # the event's: two may be called the same


_EVENTS = Lane(SHAPES["event"].legend, "")


@dataclass(frozen=True, slots=True)
class Bar:
    """One statement on the axis.

    ``possible`` is where the proposition may hold, ``certain`` where it certainly does, ``recorded``
    the stretch of the day on which it went on record; None for what is not known.
    """

    edge: ViewEdge
    lane: int
    possible: Stretch | None
    certain: Stretch | None
    recorded: int | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Lanes, bars in reading order, and the borders of the axis in days of the Gregorian calendar.

    With ``open_start`` a stretch without a beginning stands before the first border, with
    ``open_end`` one without an end behind the last.
    """

    lanes: tuple[Lane, ...]
    bars: tuple[Bar, ...]
    borders: tuple[int, ...]
    open_start: bool
    open_end: bool


def arrange(graph: ViewGraph) -> Timeline:
    """The timeline of every statement of ``graph``; the order in which it lists them changes nothing."""
    edges = sorted((edge for edge in graph.edges if edge.kind == "statement"), key=lambda edge: edge.iri)
    spans = [_span(edge.when) for edge in edges]
    days = [_day(edge.recorded) for edge in edges]
    borders = sorted(
        {day for span in spans if span for day in (*span.possible, *(span.certain or ())) if 0 < day < _ENDLESS}
        | {border for day in days if day for border in (day, day + 1)}
    )
    open_start = any(span and span.possible[0] == 0 for span in spans)
    open_end = any(span and span.possible[1] == _ENDLESS for span in spans)
    place = {day: at + open_start for at, day in enumerate(borders)}
    place[0], place[_ENDLESS] = 0, len(borders) + open_start
    sorter = _Lanes(graph, edges)
    lanes = sorter.lanes(dict(zip((edge.iri for edge in edges), spans, strict=True)))
    number = {lane: at for at, lane in enumerate(lanes)}

    def stretch(days: tuple[int, int] | None) -> Stretch | None:
        return (place[days[0]], place[days[1]]) if days else None

    bars = [
        Bar(
            edge,
            number[sorter.lane_of(edge)],
            stretch(span.possible) if span else None,
            stretch(span.certain) if span else None,
            place[day] if day else None,
        )
        for edge, span, day in zip(edges, spans, days, strict=True)
    ]
    names = {node.iri: node.label for node in graph.nodes}
    bars.sort(key=lambda bar: _reading_order(bar, names))
    return Timeline(lanes, tuple(bars), tuple(borders), open_start, open_end)


def render_timeline(graph: ViewGraph) -> str:
    """The page that shows ``graph`` on its two clocks. The same input gives the same text."""
    line = arrange(graph)
    lines = Counter(line_of(bar.edge).name for bar in line.bars)
    sources = {_source_of(bar.edge) for bar in line.bars}
    payload = {
        "title": graph.title,
        **record_rows(graph, [bar.edge for bar in line.bars]),
        "look": look(),
        "timeline": {
            "lanes": [[lane.name, lane.kind] for lane in line.lanes],
            "lane": [bar.lane for bar in line.bars],
            "possible": [bar.possible for bar in line.bars],
            "certain": [bar.certain for bar in line.bars],
            "recorded": [bar.recorded for bar in line.bars],
            "borders": line.borders,
            "openStart": line.open_start,
            "openEnd": line.open_end,
        },
    }
    return render(
        "timeline.html.j2",
        graph,
        scripts=_SCRIPTS,
        styles=("page.css", "timeline.css"),
        data=payload,
        counts=[
            (len(line.bars), "statement", "statements"),
            (sum(bar.possible is not None for bar in line.bars), "with a time of its own", "with times of their own"),
            (len({bar.edge.recorded for bar in line.bars} - {""}), "day on record", "days on record"),
            (len(sources), "source", "sources"),
        ],
        lines=counted_lines(lines),
        licences="",
    )


@dataclass(frozen=True, slots=True)
class _Span:
    """Days from the first up to, and without, the second; 0 and ``_ENDLESS`` are open."""

    possible: tuple[int, int]
    certain: tuple[int, int] | None


def _span(when: str) -> _Span | None:
    try:
        found = bounds(when) if when else None
    except NotADate:
        return None
    return _span_of(found) if found else None


def _span_of(found: Bounds) -> _Span:
    """
    >>> _span_of(bounds("2024-02-28/2024-03")).certain == (738944, 738947)
    True
    """
    first = found.earliest_start.toordinal() if found.earliest_start else 0
    last = found.latest_end.toordinal() + 1 if found.latest_end and found.latest_end != dt.date.max else _ENDLESS
    begins = found.latest_start.toordinal() if found.latest_start else 0
    ends = found.earliest_end.toordinal() + 1 if found.earliest_end else _ENDLESS
    known = found.latest_start != NEVER_STARTS and found.earliest_end != NEVER_ENDS and begins < ends
    return _Span((first, last), (begins, ends) if known else None)


def _day(text: str) -> int:
    try:
        return dt.date.fromisoformat(text[:10]).toordinal()
    except ValueError:
        return 0


def _reading_order(bar: Bar, names: Mapping[str, str]) -> tuple[Any, ...]:
    """By lane; what has a time first, by when it begins, or ends where the beginning is open; then by day on record."""
    start, end = bar.possible or (_ENDLESS, _ENDLESS)
    edge = bar.edge
    words = (names.get(edge.source, ""), edge.label, names.get(edge.target, ""))
    return (bar.lane, start or end, end, bar.recorded if bar.recorded is not None else _ENDLESS, *words, edge.iri)


def _source_of(edge: ViewEdge) -> tuple[str, str, str]:
    return edge.source_publisher, edge.source_title, edge.source_published


class _Lanes:
    """Puts each statement into the lane of an event that it is about, else of its subject's class."""

    def __init__(self, graph: ViewGraph, edges: Sequence[ViewEdge]) -> None:
        self.nodes = {node.iri: node for node in graph.nodes}
        self.parts: dict[str, dict[str, str]] = {}
        for edge in graph.edges:
            if edge.kind == "link":
                self.parts.setdefault(edge.source, {})[edge.label] = edge.target
        events = sorted((node for node in graph.nodes if node.shape_class == "event"), key=lambda node: node.iri)
        self.events = {node.iri: Lane(node.label, node.type_label, node.iri) for node in events}
        found = {edge.iri: self._find(edge) for edge in edges}
        often = Counter(found.values())
        # An event of one statement gets no lane of its own.
        self.found = {iri: lane if often[lane] > 1 or not lane.iri else _EVENTS for iri, lane in found.items()}

    def lane_of(self, edge: ViewEdge) -> Lane:
        """The lane of a statement."""
        return self.found[edge.iri]

    def lanes(self, spans: Mapping[str, _Span | None]) -> tuple[Lane, ...]:
        """The lanes that hold something: events by when they first may be, then classes as the legend has them."""
        first: dict[Lane, int] = {}
        for iri, lane in self.found.items():
            span = spans[iri]
            begins = (span.possible[0] or span.possible[1]) if span else _ENDLESS
            first[lane] = min(first.get(lane, _ENDLESS), begins)
        order = [shape.legend for shape in SHAPES.values()]
        return tuple(
            sorted(
                first,
                key=lambda lane: (
                    (0, first[lane], lane.name, lane.kind, lane.iri)
                    if lane.iri
                    else (1, -1 if lane == _EVENTS else order.index(lane.name), "", "", "")
                ),
            )
        )

    def _find(self, edge: ViewEdge) -> Lane:
        for end in (edge.source, edge.target, *edge.qualified_by):
            if end in self.events:
                return self.events[end]
        for end in (edge.source, edge.target):
            lane = self._within(end, 0)
            if lane:
                return lane
        return Lane(shape_of(self._subject(edge.source, 0)).legend, "")

    def _within(self, iri: str, depth: int) -> Lane | None:
        """The lane of an event that a proposition is about."""
        for end in sorted(self.parts.get(iri, {}).values()) if depth < 20 else ():
            lane = self.events.get(end) or self._within(end, depth + 1)
            if lane:
                return lane
        return None

    def _subject(self, iri: str, depth: int) -> ViewNode:
        """Who or what a proposition is about in the end."""
        inner = self.parts.get(iri, {}).get("subject")
        if inner and depth < 20:
            return self._subject(inner, depth + 1)
        return self.nodes[iri]
