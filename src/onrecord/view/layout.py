"""Owns where nodes stand: positions computed once, at build time, the same on every run.

Leaves how nodes look to ``look``; knows only boxes and which of them are joined.

Distances follow the graph's (stress majorization, Gansner, Koren and North 2004), several seeded
starts are compared, the one with fewest crossings is stretched to a landscape page, and boxes are
pushed off each other and off lines that are not theirs. Parts too big for that are laid out by
``force``, evened out and then freed of overlaps. Every stage rounds what it hands on, so that the
last bits in which processors differ do not reach the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import networkx
import numpy as np
from numpy.typing import NDArray

from onrecord.view.communities import divide
from onrecord.view.force import spread

ASPECT = 1.52
"""Width to height of the page that a layout is meant for."""

_PAD_X, _PAD_Y = 12.0, 10.0
_GAP = 46.0
_SEED = 20_26
_STRESS_UP_TO = 400
_LINES_UP_TO = 400_000

Points: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Box:
    """The room that a node and its label take, measured from the node's centre."""

    width: float
    above: float
    below: float


def place(
    boxes: Sequence[Box], edges: Iterable[tuple[int, int]], levels: Sequence[Sequence[int]] | None = None
) -> tuple[tuple[int, int], ...]:
    """Centres of ``boxes`` in whole pixels, y downwards, none overlapping, round the origin.

    ``edges`` joins boxes by index; loops and repeats do not matter. ``levels`` are the communities of
    :func:`communities.divide`, where the caller has them already; big parts keep theirs together.
    """
    if not boxes:
        return ()
    joined = sorted({(min(a, b), max(a, b)) for a, b in edges if a != b})
    graph = networkx.Graph()
    graph.add_nodes_from(range(len(boxes)))
    graph.add_edges_from(joined)
    components = sorted((sorted(part) for part in networkx.connected_components(graph)), key=lambda p: (-len(p), p))
    part_of, rank = np.zeros(len(boxes), dtype=np.int64), np.zeros(len(boxes), dtype=np.int64)
    for number, nodes in enumerate(components):
        part_of[nodes], rank[nodes] = number, np.arange(len(nodes))
    pairs_of: list[list[tuple[int, int]]] = [[] for _ in components]
    for a, b in joined:
        pairs_of[part_of[a]].append((int(rank[a]), int(rank[b])))
    placed = []
    for nodes, own in zip(components, pairs_of, strict=True):
        sizes = np.array([(boxes[node].width, boxes[node].above, boxes[node].below) for node in nodes])
        pairs = np.array(own, dtype=np.int64).reshape(-1, 2)
        if len(nodes) <= _STRESS_UP_TO:
            placed.append(_place_component(sizes, pairs))
            continue
        own_levels = divide(len(nodes), own) if levels is None else [_renumber(level, nodes) for level in levels]
        placed.append((_refine_big(spread(len(nodes), pairs, own_levels), sizes), sizes))
    corners = _pack([_extent(points, sizes) for points, sizes in placed])
    out: dict[int, tuple[int, int]] = {}
    for nodes, (points, sizes), (left, top) in zip(components, placed, corners, strict=True):
        x0, y0, _, _ = _extent(points, sizes)
        for node, (x, y) in zip(nodes, points, strict=True):
            out[node] = (round(float(x - x0 + left)), round(float(y - y0 + top)))
    all_sizes = np.array([(box.width, box.above, box.below) for box in boxes])
    x0, y0, x1, y1 = _extent(np.array([out[node] for node in range(len(boxes))], dtype=float), all_sizes)
    middle_x, middle_y = round((x0 + x1) / 2), round((y0 + y1) / 2)
    return tuple((out[node][0] - middle_x, out[node][1] - middle_y) for node in range(len(boxes)))


def move_apart(points: Sequence[tuple[float, float]], boxes: Sequence[Box]) -> tuple[tuple[int, int], ...]:
    """``points`` in whole pixels, moved no more than it takes for no box to lie on another."""
    sizes = np.array([(box.width, box.above, box.below) for box in boxes])
    moved = _separate(np.array(points, dtype=float), sizes, 600)
    return tuple((round(float(x)), round(float(y))) for x, y in moved)


def _renumber(level: Sequence[int], nodes: Sequence[int]) -> list[int]:
    """The division of ``nodes`` alone, numbered from 0."""
    numbers: dict[int, int] = {}
    return [numbers.setdefault(level[node], len(numbers)) for node in nodes]


def _place_component(sizes: Points, pairs: Indices) -> tuple[Points, Points]:
    n = len(sizes)
    if n == 1:
        return np.zeros((1, 2)), sizes
    distances = _distances(n, pairs, sizes)
    starts = 14 if n <= 90 else 8 if n <= 200 else 1
    rough = [
        _landscape(_stress(distances, _start(n, pairs, attempt), 120 if n <= 200 else 40)) for attempt in range(starts)
    ]
    rough.sort(key=lambda points: _cost(points, sizes, pairs))
    refined = [_refine(points, sizes, pairs) for points in rough[: 4 if n <= 90 else 2]]
    return min(refined, key=lambda points: _cost(points, sizes, pairs)), sizes


def _distances(n: int, pairs: Indices, sizes: Points) -> Points:
    """The wished distance of every two nodes: along the graph, longer between busy neighbourhoods."""
    base = float(np.mean(np.sqrt(sizes[:, 0] * (sizes[:, 1] + sizes[:, 2])))) * 1.45
    adjacent = np.zeros((n, n))
    adjacent[pairs[:, 0], pairs[:, 1]] = adjacent[pairs[:, 1], pairs[:, 0]] = 1
    common = adjacent @ adjacent
    degree = adjacent.sum(axis=1)
    distances = np.full((n, n), np.inf)
    for a, b in pairs.tolist():
        lone = degree[a] + degree[b] - 2 * common[a, b] - 2
        distances[a, b] = distances[b, a] = base * (0.8 + 0.16 * float(np.sqrt(lone)))
    np.fill_diagonal(distances, 0)
    for k in range(n):
        distances = np.minimum(distances, distances[:, k, None] + distances[None, k, :])
    return distances


def _start(n: int, pairs: Indices, attempt: int) -> Points:
    """A seeded start: the busiest node in the middle, the others at random round it."""
    points = np.random.Generator(np.random.PCG64(_SEED + attempt)).uniform(-1, 1, (n, 2)) * n * 20
    points[_hub(n, pairs)] = 0
    return points


def _hub(n: int, pairs: Indices) -> int:
    return int(np.bincount(pairs.ravel(), minlength=n).argmax())


def _stress(distances: Points, points: Points, rounds: int) -> Points:
    """Positions whose distances come close to ``distances``, by majorization with weights d**-2."""
    n = len(points)
    weights: Points = 1 / np.square(distances + np.eye(n))
    np.fill_diagonal(weights, 0)
    laplacian = np.diag(weights.sum(axis=1)) - weights
    inverse = np.linalg.inv(laplacian + 1 / n) - 1 / n
    pull = weights * distances
    for _ in range(rounds):
        apart_x = points[:, 0, None] - points[None, :, 0]
        apart_y = points[:, 1, None] - points[None, :, 1]
        length = np.sqrt(apart_x * apart_x + apart_y * apart_y)
        ratio = np.divide(pull, length, out=np.zeros_like(pull), where=length > 1e-9)
        points = inverse @ (points * ratio.sum(axis=1)[:, None] - ratio @ points)
    return points.round(2)


def _landscape(points: Points) -> Points:
    """``points`` turned so that their longest direction lies across the page, and stretched to it."""
    points = points - points.mean(axis=0)
    xx, yy, xy = (float((points[:, a] * points[:, b]).mean()) for a, b in ((0, 0), (1, 1), (0, 1)))
    angle = 0.5 * float(np.arctan2(2 * xy, xx - yy))
    turned = np.column_stack(
        (points[:, 0] * np.cos(angle) + points[:, 1] * np.sin(angle),
         points[:, 1] * np.cos(angle) - points[:, 0] * np.sin(angle))
    )  # fmt: skip
    spread_x, spread_y = (max(float(np.abs(turned[:, axis]).max()), 1.0) for axis in (0, 1))
    stretch = float(np.clip(ASPECT * spread_y / spread_x, 1.0, 1.9))
    wide = float(np.sqrt(stretch))
    out: Points = turned * np.array((wide * 1.04, 0.94 / wide))
    return out.round(1)


def _refine(points: Points, sizes: Points, pairs: Indices) -> Points:
    n = len(points)
    points = _separate(_roomy(points, sizes), sizes, 60)
    if n * len(pairs) <= _LINES_UP_TO:
        for _ in range(70 if n <= 90 else 40):
            points = _separate(_clear_lines(points, sizes, pairs), sizes, 3)
    return _separate(points, sizes, 600).round()


def _refine_big(points: Points, sizes: Points) -> Points:
    """A force layout on the page: its long side across, dense places eased, no box on another."""
    points = _ease(_landscape(points))
    room = float(((sizes[:, 0] + _PAD_X) * (sizes[:, 1] + sizes[:, 2] + _PAD_Y)).sum())
    points = points * float(np.sqrt(2.6 * room / max(float(np.ptp(points[:, 0])) * float(np.ptp(points[:, 1])), 1e-9)))
    return _separate(points.round(1), sizes, 400).round()


def _ease(points: Points) -> Points:
    """``points`` moved along each axis part of the way to even gaps, which thins out the dense middle."""
    out = points.copy()
    for axis in (0, 1):
        order = np.argsort(points[:, axis], kind="stable")
        even = np.empty(len(points))
        even[order] = np.linspace(-0.5, 0.5, len(points)) * float(np.ptp(points[:, axis]))
        out[:, axis] = 0.55 * points[:, axis] + 0.45 * even
    return out


def _roomy(points: Points, sizes: Points) -> Points:
    """``points`` spread or drawn together until the page they span suits the boxes on it."""
    room = (sizes[:, 0] + _PAD_X) * (sizes[:, 1] + sizes[:, 2] + _PAD_Y)
    side = float(np.sqrt(room.mean()))
    span = float((np.ptp(points[:, 0]) + side) * (np.ptp(points[:, 1]) + side))
    least, most = 1.7 * float(room.sum()), 2.5 * float(room.sum())
    return points * float(np.sqrt(min(max(span, least), most) / span))


def _centres(points: Points, sizes: Points) -> Points:
    """Boxes' own centres: a label hangs below its node."""
    return points + np.column_stack((np.zeros(len(points)), (sizes[:, 2] - sizes[:, 1]) / 2))


def _separate(points: Points, sizes: Points, rounds: int) -> Points:
    """Boxes pushed off each other, along the axis on which they overlap least."""
    points = points.copy()
    half = np.column_stack((sizes[:, 0] + _PAD_X, sizes[:, 1] + sizes[:, 2] + _PAD_Y)) / 2
    first, second = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    for step in range(rounds):
        if step % 8 == 0:
            first, second = _near(_centres(points, sizes), half)
            if not len(first):
                break
        centres = _centres(points, sizes)
        apart = centres[second] - centres[first]
        overlap = half[first] + half[second] - np.abs(apart)
        hit = (overlap > 0.5).all(axis=1)
        if not hit.any():
            continue
        if step % 60 == 59:
            points = points * 1.04  # still crowded: give everything more room
            continue
        a, b, apart, overlap = first[hit], second[hit], apart[hit], overlap[hit]
        across = overlap[:, 0] * half[b, 1] < overlap[:, 1] * half[b, 0]
        sign = np.where(apart >= 0, 1.0, -1.0)
        push = np.where(across[:, None], overlap * (1, 0), overlap * (0, 1)) * sign * 0.5
        shares = np.maximum(np.bincount(np.concatenate((a, b)), minlength=len(points)), 1)
        move = np.zeros_like(points)
        np.add.at(move, a, -push)
        np.add.at(move, b, push)
        points += move / np.sqrt(shares)[:, None]
    return points


def _near(centres: Points, half: Points) -> tuple[Indices, Indices]:
    """Pairs of boxes that overlap, or would after a little movement."""
    slack = 12.0
    cell = 2 * half.max(axis=0) + slack
    column, row = np.floor((centres - centres.min(axis=0)) / cell).astype(np.int64).T
    wide = int(column.max()) + 2
    keys = row * wide + column
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    found = []
    for step in (0, 1, wide - 1, wide, wide + 1):
        starts = np.searchsorted(ordered, ordered + step) if step else np.arange(len(order)) + 1
        counts = np.searchsorted(ordered, ordered + step, side="right") - starts
        first = np.repeat(np.arange(len(order)), counts)
        offset = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
        a, b = order[first], order[np.repeat(starts, counts) + offset]
        close = (np.abs(centres[a] - centres[b]) < half[a] + half[b] + slack).all(axis=1)
        found.append(np.column_stack((np.minimum(a[close], b[close]), np.maximum(a[close], b[close]))))
    near = np.concatenate(found)
    near = near[np.lexsort((near[:, 1], near[:, 0]))]
    return near[:, 0], near[:, 1]


def _line_hits(points: Points, sizes: Points, pairs: Indices, clearance: float) -> tuple[Indices, Indices, Points]:
    """Lines that run over a box not theirs: line, box, and the push that would free the box."""
    centres = _centres(points, sizes)
    start, end = points[pairs[:, 0]], points[pairs[:, 1]]
    along = end - start
    length = np.maximum(np.sqrt(np.square(along).sum(axis=1)), 1.0)
    normal = np.column_stack((-along[:, 1], along[:, 0])) / length[:, None]
    to_box = centres[None, :, :] - start[:, None, :]
    share = (to_box * along[:, None, :]).sum(axis=2) / np.square(length)[:, None]
    off = (to_box * normal[:, None, :]).sum(axis=2)
    half_w, half_h = sizes[:, 0] / 2, (sizes[:, 1] + sizes[:, 2]) / 2
    room = (np.abs(normal[:, :1]) * half_w + np.abs(normal[:, 1:]) * half_h) * clearance + 4
    hit = (np.abs(off) < room) & (share > 0) & (share < 1)
    rows = np.arange(len(pairs))
    hit[rows, pairs[:, 0]] = hit[rows, pairs[:, 1]] = False
    line, box = np.nonzero(hit)
    depth = room[line, box] - np.abs(off[line, box])
    sign = np.where(off[line, box] >= 0, 1.0, -1.0)
    return line, box, normal[line] * (depth * sign)[:, None]


def _clear_lines(points: Points, sizes: Points, pairs: Indices) -> Points:
    line, box, push = _line_hits(points, sizes, pairs, 0.9)
    if not len(line):
        return points
    move, weight = np.zeros_like(points), np.ones(len(points))
    np.add.at(move, box, push * 0.35)
    np.add.at(weight, box, 0.6)
    for end in (0, 1):
        np.add.at(move, pairs[line, end], -push * 0.1)
        np.add.at(weight, pairs[line, end], 0.2)
    return points + np.clip(move / weight[:, None], -25, 25)


def _crossings(points: Points, pairs: Indices) -> int:
    def side(p: Points, q: Points, r: Points) -> Points:
        return (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])

    a, b = points[pairs[:, 0]][:, None, :], points[pairs[:, 1]][:, None, :]
    c, d = points[pairs[:, 0]][None, :, :], points[pairs[:, 1]][None, :, :]
    crossed = (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)
    return int(crossed.sum()) // 2


def _cost(points: Points, sizes: Points, pairs: Indices) -> float:
    """How hard a layout reads: crossings, lines over boxes, size, and a hub far from the middle."""
    if len(points) * len(pairs) > _LINES_UP_TO:
        return 0.0
    x0, y0, x1, y1 = _extent(points, sizes)
    scale = max((x1 - x0) / ASPECT, y1 - y0)
    hub = points[_hub(len(points), pairs)] - ((x0 + x1) / 2, (y0 + y1) / 2)
    away = float(np.sqrt(np.square(hub / (x1 - x0, y1 - y0)).sum()))
    ideal = float(np.sqrt((sizes[:, 0] * (sizes[:, 1] + sizes[:, 2])).sum() / ASPECT))
    covered = len(_line_hits(points, sizes, pairs, 0.8)[0])
    return _crossings(points, pairs) + 1.2 * covered + len(pairs) * (0.35 * scale / ideal + away)


def _extent(points: Points, sizes: Points) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the boxes."""
    return (
        float((points[:, 0] - sizes[:, 0] / 2).min()),
        float((points[:, 1] - sizes[:, 1]).min()),
        float((points[:, 0] + sizes[:, 0] / 2).max()),
        float((points[:, 1] + sizes[:, 2]).max()),
    )


def _pack(extents: Sequence[tuple[float, float, float, float]]) -> list[tuple[float, float]]:
    """Top left corners of components: the largest first, the others beside and below it, on a landscape page."""
    spans = [(x1 - x0, y1 - y0) for x0, y0, x1, y1 in extents]
    first = spans[0][0]
    least = max(first, *(width for width, _ in spans))
    area = (sum((width + _GAP) * (height + _GAP) for width, height in spans) * ASPECT) ** 0.5
    pages = sorted({least, max(least, area), *(max(least, first * (1 + step / 20)) for step in range(1, 41))})
    tried = [_shelve(spans, page) for page in pages]
    return min(tried, key=lambda result: (max(result[1] / ASPECT, result[2]), result[1]))[0]


def _shelve(spans: Sequence[tuple[float, float]], page: float) -> tuple[list[tuple[float, float]], float, float]:
    """Corners on a page of that width, and the width and height that are used."""
    first_width, first_height = spans[0]
    corners = [(0.0, 0.0)] * len(spans)
    queue = sorted(range(1, len(spans)), key=lambda at: (-spans[at][1], at))
    column = first_width + 1.5 * _GAP
    # Beside the first component while there is room, then below everything.
    left, top, shelf, right, used_height = column, 0.0, 0.0, first_width, first_height
    below = []
    for at in queue:
        width, height = spans[at]
        if left > column and left + width > page:
            left, top, shelf = column, top + shelf + _GAP, 0.0
        if left + width > page or top + height > first_height:
            below.append(at)
            continue
        corners[at] = (left, top)
        left += width + _GAP
        right = max(right, left - _GAP)
        shelf = max(shelf, height)
    left, top, shelf = 0.0, first_height + _GAP, 0.0
    for at in below:
        width, height = spans[at]
        if left and left + width > page:
            left, top, shelf = 0.0, top + shelf + _GAP, 0.0
        corners[at] = (left, top)
        left += width + _GAP
        right = max(right, left - _GAP)
        shelf = max(shelf, height)
        used_height = max(used_height, top + height)
    return corners, right, used_height
