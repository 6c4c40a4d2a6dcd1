"""Owns other ways to lay out a network than by force: round one event, and in the order of time.

Leaves the force layout and keeping boxes apart to ``layout``; positions are computed at build time.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx

from onrecord.times import NotADate, bounds
from onrecord.view.layout import ASPECT, Box, move_apart
from onrecord.view.look import SHAPES, shape_of
from onrecord.view.model import ViewEdge, ViewNode

EVENTS = 6
"""So many events get an arrangement of their own, those with most statements first."""

LARGEST = 1500
"""Above so many nodes there is but one layout: a page that holds several would be slow to open."""

_LEAST_ROUND = 3
_SIDES = ("state", "organisation", "group")
_AGENTS = ("person", *_SIDES)
_SLOT, _ROW, _WIDE = 172.0, 104.0, 1.6
_GAP_X, _GAP_Y, _LANE = 16.0, 14.0, 46.0

_SHARES = (0.2, 0.35, 0.5, 0.8, 1.2, 2, 3, 5, 8, 12, 20)

Spots = tuple[tuple[int, int], ...]
Captions = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A layout to switch to: what it is called, what it shows, and a spot for each node in their order."""

    name: str
    label: str
    explained: str
    spots: Spots
    captions: Captions = ()  # the days of a time-ordered one: where each has its middle from left to right


def arrangements(
    nodes: Sequence[ViewNode], edges: Sequence[ViewEdge], boxes: Sequence[Box], usual: Spots
) -> tuple[Arrangement, ...]:
    """The arrangements that suit a network: in order of time where days tell nodes apart, and round its events.

    ``boxes`` is the room of each of ``nodes``, ``usual`` where each stands in the force
    layout. The order of ``edges`` changes nothing.
    """
    out: list[Arrangement] = []
    if len(nodes) > LARGEST:
        return ()
    days = _days(nodes, edges)
    if len({day for day in days if day}) > 1:
        explained = "From left to right by the first day that a statement gives; from top to bottom by class."
        out.append(Arrangement("time", "in order of time", explained, *in_order_of_time(nodes, days, boxes)))
    for event, own in _main_events(nodes, edges):
        explained = "Who takes part and what it is about, each side together; farther out what they are tied to."
        spots = round_event(event, own, nodes, edges, boxes, usual)
        out.append(Arrangement(f"event {event.iri}", f"round {event.label}", explained, spots))
    return tuple(out)


# ---- in order of time ----


def _days(nodes: Sequence[ViewNode], edges: Iterable[ViewEdge]) -> list[str]:
    """For each node the first day that one of its statements gives: when it may begin to hold, else when recorded."""
    first: dict[str, str] = {}
    parts: defaultdict[str, set[str]] = defaultdict(set)
    for edge in edges:
        if edge.kind == "link":
            parts[edge.source].add(edge.target)
            continue
        day = _begins(edge.when) or edge.recorded[:10]
        for end in (edge.source, edge.target):
            if day and day < first.get(end, "~"):
                first[end] = day
    for whole in sorted(parts):  # what only a proposition mentions comes with it
        for part in parts[whole]:
            if part not in first and whole in first:
                first[part] = first[whole]
    return [first.get(node.iri, "") for node in nodes]


def _begins(when: str) -> str:
    try:
        found = bounds(when) if when else None
    except NotADate:
        return ""
    return str(found.earliest_start) if found and found.earliest_start else ""


def in_order_of_time(nodes: Sequence[ViewNode], days: Sequence[str], boxes: Sequence[Box]) -> tuple[Spots, Captions]:
    """A column for each day, by rank, and a lane for each class; nodes of one day and class stand in a block.

    Also where each column has its middle, and its day."""
    lanes = [name for name in SHAPES if any(shape_of(node).name == name for node in nodes)]
    order = sorted(range(len(nodes)), key=lambda at: (nodes[at].label, nodes[at].iri))
    cells: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for at in order:
        cells[shape_of(nodes[at]).name, days[at] or "~"].append(at)
    width = max((box.width for box in boxes), default=0) + _GAP_X
    heights = {
        lane: max(boxes[at].above + boxes[at].below for (name, _), cell in cells.items() if name == lane for at in cell)
        + _GAP_Y
        for lane in lanes
    }
    columns = sorted({day for _, day in cells})

    def blocks(share: float) -> dict[str, int]:
        """How many nodes stand beside each other on a day."""
        return {
            day: max(1, math.ceil(math.sqrt(share * max(len(cells[lane, day]) for lane in lanes)))) for day in columns
        }

    def extent(across: Mapping[str, int]) -> tuple[float, float]:
        deep = (
            max(math.ceil(len(cells[lane, day]) / across[day]) for day in columns) * heights[lane] for lane in lanes
        )
        return sum(across.values()) * width + len(columns) * _LANE, sum(deep) + len(lanes) * _LANE

    def cost(share: float) -> float:
        wide, high = extent(blocks(share))
        return max(wide / ASPECT, high)

    across = blocks(min(_SHARES, key=cost))
    wide, high = extent(across)
    left, lefts = -wide / 2, {}
    for day in columns:
        lefts[day] = left
        left += across[day] * width + _LANE
    spots: dict[int, tuple[int, int]] = {}
    top = -high / 2
    for lane in lanes:
        deep = max(math.ceil(len(cells[lane, day]) / across[day]) for day in columns)
        for day in columns:
            for turn, at in enumerate(cells[lane, day]):
                row, column = divmod(turn, across[day])
                # Rows are out of step, so that a line down a block does not run through its nodes.
                x = lefts[day] + (column + 0.5) * width + (row % 2 - 0.5) * _LANE * 0.7
                spots[at] = (round(x), round(top + row * heights[lane] + boxes[at].above))
        top += deep * heights[lane] + _LANE
    captions = tuple((round(lefts[day] + across[day] * width / 2), day if day != "~" else "") for day in columns)
    return tuple(spots[at] for at in range(len(nodes))), captions


# ---- round an event ----


def _statements_at(nodes: Iterable[ViewNode], edges: Iterable[ViewEdge]) -> dict[str, list[ViewEdge]]:
    """The statements on each event, by its IRI: about it, or qualified by it."""
    found: dict[str, list[ViewEdge]] = {node.iri: [] for node in nodes if node.shape_class == "event"}
    for edge in sorted((edge for edge in edges if edge.kind == "statement"), key=lambda edge: edge.iri):
        for event in dict.fromkeys((edge.source, edge.target, *edge.qualified_by)):
            if event in found:
                found[event].append(edge)
    return found


def _main_events(nodes: Sequence[ViewNode], edges: Sequence[ViewEdge]) -> list[tuple[ViewNode, list[ViewEdge]]]:
    found = _statements_at(nodes, edges)
    ranked = []
    for node in nodes:
        own = found.get(node.iri, [])
        if len({end for edge in own for end in (edge.source, edge.target)} - {node.iri}) >= _LEAST_ROUND:
            ranked.append((-len(own), node.label, node.iri, node, own))
    return [(node, own) for *_, node, own in sorted(ranked, key=lambda entry: entry[:3])][:EVENTS]


def round_event(
    event: ViewNode,
    own: Sequence[ViewEdge],
    nodes: Sequence[ViewNode],
    edges: Sequence[ViewEdge],
    boxes: Sequence[Box],
    usual: Spots,
) -> Spots:
    """The event in the middle, those who take part round it side by side, the rest behind those they are tied to.

    ``own`` are the statements on the event. The two largest sides face each other, left and right;
    the others fill what is between, above and below in turn.
    """
    sectors = _sectors(event, own, nodes, edges)
    points: dict[str, tuple[float, float]] = {event.iri: (0.0, 0.0)}
    weights = [max(1.6, sum(len(ring) / (depth + 1) for depth, ring in enumerate(rings))) for rings in sectors]
    total = sum(weights)
    facing = [min(2 * math.pi * weight / total, 0.9 * math.pi) for weight in weights[:2]]
    for rings, middle, sweep in zip(sectors, (math.pi, 0.0), facing, strict=False):
        points |= _fan(rings, middle - sweep / 2, sweep)
    for half, angle in ((2, math.pi + sum(facing[:1]) / 2), (3, sum(facing[1:]) / 2)):
        room = math.pi - sum(facing) / 2
        for rings, weight in zip(sectors[half::2], weights[half::2], strict=True):
            sweep = room * weight / sum(weights[half::2])
            points |= _fan(rings, angle, sweep)
            angle += sweep
    index = {node.iri: at for at, node in enumerate(nodes)}
    tied = [index[iri] for iri in points]
    spots = dict(zip(tied, move_apart([points[nodes[at].iri] for at in tied], [boxes[at] for at in tied]), strict=True))
    rest = [at for at in range(len(nodes)) if at not in spots]
    spots |= _below(rest, spots, boxes, ((index[edge.source], index[edge.target]) for edge in edges), usual)
    return tuple(spots[at] for at in range(len(nodes)))


def _fan(rings: Sequence[Sequence[str]], start: float, sweep: float) -> dict[str, tuple[float, float]]:
    """The nodes of one sector in rows, the first ring innermost."""
    out = {}
    radius, step = 1.7 * _ROW, 0.3
    for ring in rings:
        left = list(ring)
        while left:
            room = max(1, int(sweep * radius * (1 + _WIDE) / 2 / _SLOT))
            row, left = left[:room], left[room:]
            for rank, iri in enumerate(row):
                # The first of a row stands in the middle of it, the others on either side in turn.
                turn = (rank + 1) // 2 * (1 if rank % 2 else -1)
                at = start + sweep / 2 + (turn + step) * sweep / (len(row) + 0.6)
                out[iri] = (round(_WIDE * radius * math.cos(at), 1), round(radius * math.sin(at), 1))
            radius += _ROW
            step = -step  # rows are out of step, so that a line to the middle passes between their nodes
    return out


def _sectors(
    event: ViewNode, own: Sequence[ViewEdge], nodes: Sequence[ViewNode], edges: Sequence[ViewEdge]
) -> list[list[list[str]]]:
    """Rings of nodes for each side, the largest side first: those who take part, then by steps away from them."""
    known = {node.iri: node for node in nodes}
    taking_part = Counter(end for edge in own for end in (edge.source, edge.target) if end != event.iri)
    sides = _sides(event, own, taking_part, known, edges)
    rings: dict[str, list[list[str]]] = {}
    for iri in sorted(taking_part, key=lambda iri: (iri != sides[iri], -taking_part[iri], known[iri].label, iri)):
        rings.setdefault(sides[iri], [[]])[0].append(iri)
    placed = {event.iri, *taking_part}
    sector = dict(sides)
    near: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for edge in edges:
        near[edge.source][edge.target] += 1
        near[edge.target][edge.source] += 1
    frontier = sorted(taking_part)
    depth = 0
    while frontier:
        depth += 1
        pulls: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for iri in frontier:
            for other, ties in near[iri].items():
                if other not in placed:
                    pulls[other][sector[iri]] += ties
        for other, pull in sorted(pulls.items(), key=lambda entry: (known[entry[0]].label, entry[0])):
            sector[other] = min(pull, key=lambda side: (-pull[side], side))
            layers = rings[sector[other]]
            layers += [[] for _ in range(depth + 1 - len(layers))]
            layers[depth].append(other)
        placed |= pulls.keys()
        frontier = sorted(pulls)
    return [rings[side] for side in sorted(rings, key=lambda side: (side.startswith("~"), -len(rings[side][0]), side))]


def _sides(
    event: ViewNode,
    own: Sequence[ViewEdge],
    taking_part: Iterable[str],
    known: Mapping[str, ViewNode],
    edges: Iterable[ViewEdge],
) -> dict[str, str]:
    """For whom each takes part: as a statement on the event says, else the state or body that one is tied to most.

    What is no agent stands with its class.
    """
    said: dict[str, str] = {}
    for edge in own:
        for side in edge.qualified_by:
            actor = edge.target if edge.source == event.iri else edge.source
            if side in known and known[side].shape_class in _SIDES and side != actor:
                said.setdefault(actor, side)
    ties: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for edge in edges:
        if edge.kind == "statement" and event.iri not in (edge.source, edge.target) and edge.target in known:
            ties[edge.source][edge.target] += 1
    out = {}
    for iri in taking_part:
        node = known[iri]
        if node.shape_class not in _AGENTS:
            out[iri] = f"~{shape_of(node).name}"
            continue
        bodies = [other for other in ties[iri] if known[other].shape_class in ("state", "organisation")]
        tied = min(bodies, key=lambda o: (known[o].shape_class != "state", -ties[iri][o], o), default=iri)
        out[iri] = said.get(iri) or (iri if node.shape_class == "state" else tied)
    return out


def _below(
    rest: Iterable[int],
    spots: Mapping[int, tuple[int, int]],
    boxes: Sequence[Box],
    pairs: Iterable[tuple[int, int]],
    usual: Spots,
) -> dict[int, tuple[int, int]]:
    """What is not tied to the event at all: its parts as they stand in the usual layout, in rows below everything."""
    tied = networkx.Graph()
    tied.add_nodes_from(rest)
    tied.add_edges_from((a, b) for a, b in pairs if a in tied and b in tied)
    parts = []
    for part in networkx.connected_components(tied):
        low = min(usual[at][0] - boxes[at].width / 2 for at in part)
        high = max(usual[at][0] + boxes[at].width / 2 for at in part)
        first = min(usual[at][1] - boxes[at].above for at in part)
        last = max(usual[at][1] + boxes[at].below for at in part)
        parts.append((last - first, high - low, sorted(part), low, first))
    left = min(x - boxes[at].width / 2 for at, (x, _) in spots.items())
    right = max(x + boxes[at].width / 2 for at, (x, _) in spots.items())
    top = max(y + boxes[at].below for at, (_, y) in spots.items()) + 2 * _LANE
    out: dict[int, tuple[int, int]] = {}
    x, deep = left, 0.0
    for height, width, part, low, first in sorted(parts, key=lambda part: (-part[0], part[2])):
        if x > left and x + width > right:
            x, top, deep = left, top + deep + _LANE, 0.0
        out |= {at: (round(usual[at][0] - low + x), round(usual[at][1] - first + top)) for at in part}
        x += width + _LANE
        deep = max(deep, height)
    return out
