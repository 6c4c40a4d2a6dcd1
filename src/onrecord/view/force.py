"""Owns the force layout of big graphs: nodes that repel each other, edges that draw together.

Leaves rooms, labels and pages to ``layout``; knows only points, what joins them, and communities.

Communities are placed first, their members round them, level by level. Repulsion (the inverse of the
distance, as charges in a plane) is summed over a pyramid of grids, near cells one by one and far ones
through the first two terms of their expansion (Greengard and Rokhlin 1987), in time linear in the nodes.
Only additions, products, quotients and square roots take part, all of which IEEE 754 rounds in one
way, and sums run in the order of the nodes: the same points on every processor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

_COS, _SIN = -0.7373688780783197, 0.6754902942615238  # of the golden angle

_ACROSS = 0.35
"""How strong an edge between two communities is, beside one within."""


def spread(nodes: int, pairs: Indices, levels: Sequence[Sequence[int]]) -> Points:
    """Positions of ``nodes``, about 1 apart on average, that follow ``pairs`` and keep communities together.

    ``levels`` divides the nodes, the finest level first, as :func:`communities.divide` does.
    """
    divisions = [np.arange(nodes), *(np.array(level, dtype=np.int64) for level in levels)]
    divisions = [each for at, each in enumerate(divisions) if at == 0 or len(np.unique(each)) > 3] or divisions[:1]
    parents = divisions[-1]
    count = int(parents.max()) + 1
    points = _sunflower(count)[_inner_first(np.bincount(parents, minlength=count))]
    for depth in range(len(divisions) - 1, -1, -1):
        part = divisions[depth]
        size = int(part.max()) + 1
        if depth < len(divisions) - 1:
            points = _unfold(points, parents, part, size)
        weights = np.bincount(part, minlength=size).astype(float)
        edges, strengths = _between(part, pairs, divisions[-1], size)
        rounds = 160 if size < 3000 else 110 if depth else 90
        points = _settle(points, weights, edges, strengths, rounds, warm=depth < len(divisions) - 1)
        parents = part
    return points


def _sunflower(count: int) -> Points:
    """Points evenly over a disc, each 1 apart from its neighbours, from the middle outwards."""
    x, y = np.empty(count), np.empty(count)
    along, across = 1.0, 0.0
    for at in range(count):
        radius = math.sqrt(0.318 * (at + 0.5))
        x[at], y[at] = radius * along, radius * across
        # The golden angle, turned step by step: no sine is taken, whose last bit differs by library.
        along, across = _COS * along - _SIN * across, _SIN * along + _COS * across
    return np.column_stack((x, y)).round(6)


def _inner_first(sizes: Indices) -> Indices:
    """The place of each in the order from the largest to the smallest."""
    places = np.empty(len(sizes), dtype=np.int64)
    places[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return places


def _unfold(points: Points, parents: Indices, part: Indices, size: int) -> Points:
    """The members of each parent on a disc round it."""
    parent = np.zeros(size, dtype=np.int64)
    parent[part] = parents
    inside = np.bincount(parent, minlength=len(points))
    members = np.argsort(parent, kind="stable")
    rank = np.empty(size, dtype=np.int64)
    rank[members] = np.arange(size) - np.repeat(np.cumsum(inside) - inside, inside)
    weights = np.bincount(parents, minlength=len(points))[parent] / np.maximum(inside[parent], 1)
    out: Points = points[parent] + _sunflower(int(inside.max()))[rank] * np.sqrt(weights)[:, None] * 0.8
    return out


def _between(part: Indices, pairs: Indices, top: Indices, size: int) -> tuple[Indices, Points]:
    """Edges between the members of a division, once each, with what they weigh."""
    a, b = part[pairs[:, 0]], part[pairs[:, 1]]
    keep = a != b
    a, b = a[keep], b[keep]
    weights = np.where(top[pairs[keep, 0]] == top[pairs[keep, 1]], 1.0, _ACROSS)
    keys, places = np.unique(np.minimum(a, b) * size + np.maximum(a, b), return_inverse=True)
    return np.column_stack((keys // size, keys % size)), _sums(places, weights, len(keys))


def _sums(places: Indices, values: Points, count: int) -> Points:
    """The sum of ``values`` at each place, added in their order."""
    return np.bincount(places, weights=values, minlength=count).astype(np.float64, copy=False)


def _settle(points: Points, weights: Points, edges: Indices, strengths: Points, rounds: int, *, warm: bool) -> Points:
    """``points`` after so many steps, each shorter than the last."""
    n = len(points)
    degree = _sums(edges.ravel(), np.repeat(strengths, 2), n)
    mass = weights + np.minimum(degree, 40 * weights) * 0.5
    start, end = edges[:, 0], edges[:, 1]
    total = float(np.sqrt(weights.sum()))
    reach = total * (0.03 if warm else 0.1)
    for step in range(rounds):
        force = _repulsion(points, mass) * mass[:, None] * 0.16
        apart = points[end] - points[start]
        pull = apart * (strengths * 0.55)[:, None]
        for axis in (0, 1):
            force[:, axis] += _sums(start, pull[:, axis], n)
            force[:, axis] -= _sums(end, pull[:, axis], n)
        force -= points * (mass * 0.02)[:, None]
        force /= (mass + degree)[:, None]
        length = np.sqrt(force[:, 0] * force[:, 0] + force[:, 1] * force[:, 1])
        limit = reach * (1 - step / rounds) + 0.02
        points = points + force * (np.minimum(limit, length) / np.maximum(length, 1e-9))[:, None]
    return points.round(4)


def _repulsion(points: Points, mass: Points) -> Points:
    """The push on each point by all others: their mass over the distance, away from them."""
    depth = 3 if len(points) < 600 else 5 if len(points) < 4000 else 6 if len(points) < 20_000 else 7
    low = points.min(axis=0) - 1e-3
    side = float((points - low).max()) * (1 + 1e-6) + 1e-3
    cells = 1 << depth
    column = np.minimum((points[:, 0] - low[0]) * (cells / side), cells - 1).astype(np.int64)
    row = np.minimum((points[:, 1] - low[1]) * (cells / side), cells - 1).astype(np.int64)
    key = row * cells + column
    x, y = points[:, 0] - low[0], points[:, 1] - low[1]
    grids = [_sums(key, values, cells * cells).reshape(cells, cells) for values in (mass, mass * x, mass * y)]
    pyramid = [grids]
    while len(pyramid[-1][0]) > 4:
        pyramid.append([g[0::2, 0::2] + g[0::2, 1::2] + g[1::2, 0::2] + g[1::2, 1::2] for g in pyramid[-1]])
    field: list[Points] | None = None
    for level in reversed(pyramid):
        field = _far(level, side, field)
    assert field is not None
    size = side / cells
    off_x, off_y = x - (column + 0.5) * size, y - (row + 0.5) * size
    real, imaginary, slope, turn = (each.ravel()[key] for each in field)
    push = np.column_stack((real + slope * off_x - turn * off_y, -(imaginary + slope * off_y + turn * off_x)))
    _add_near(push, x, y, mass, column, row, grids, size)
    return push


def _far(level: list[Points], side: float, above: list[Points] | None) -> list[Points]:
    """The field in each cell's middle and its first derivative, of all cells that are not its neighbours.

    The field is that of charges in the complex plane, sum of m / (z - w): its conjugate is the push.
    """
    mass, heavy_x, heavy_y = level
    cells = len(mass)
    size = side / cells
    middle = (np.arange(cells) + 0.5) * size
    safe = np.maximum(mass, 1e-12)
    centre_x, centre_y = heavy_x / safe, heavy_y / safe
    out = [np.zeros((cells, cells)) for _ in range(4)] if above is None else _down(above, size)
    for step_y in range(-3, 4):
        for step_x in range(-3, 4):
            if abs(step_x) <= 1 and abs(step_y) <= 1:
                continue
            rows, others_y = _shift(cells, step_y)
            columns, others_x = _shift(cells, step_x)
            m = mass[others_y, others_x]
            if above is not None:
                # Only children of the parent's neighbours: the rest came from the level above.
                near_y = np.abs((np.arange(cells)[rows] + step_y) // 2 - np.arange(cells)[rows] // 2) <= 1
                near_x = np.abs((np.arange(cells)[columns] + step_x) // 2 - np.arange(cells)[columns] // 2) <= 1
                m = m * (near_y[:, None] & near_x[None, :])
            dx = middle[columns][None, :] - centre_x[others_y, others_x]
            dy = middle[rows][:, None] - centre_y[others_y, others_x]
            square = dx * dx + dy * dy
            square = np.where(m > 0, square, 1.0)
            a, b = dx / square, -dy / square
            out[0][rows, columns] += m * a
            out[1][rows, columns] += m * b
            out[2][rows, columns] -= m * (a * a - b * b)
            out[3][rows, columns] -= m * (2 * a * b)
    return out


def _down(above: list[Points], size: float) -> list[Points]:
    """A field carried from the middles of cells to the middles of their four children."""
    real, imaginary, slope, turn = (np.repeat(np.repeat(each, 2, axis=0), 2, axis=1) for each in above)
    off = np.where(np.arange(len(real)) % 2 == 0, -size / 2, size / 2)
    off_x, off_y = off[None, :], off[:, None]
    return [real + slope * off_x - turn * off_y, imaginary + slope * off_y + turn * off_x, slope, turn]


def _shift(cells: int, step: int) -> tuple[slice, slice]:
    """Cells along one axis that have a cell ``step`` further on, and those cells."""
    return slice(max(0, -step), min(cells, cells - step)), slice(max(0, step), min(cells, cells + step))


def _add_near(
    push: Points, x: Points, y: Points, mass: Points, column: Indices, row: Indices, grids: list[Points], size: float
) -> None:
    """The push of a point's own cell and the eight round it, each taken together at its middle of mass."""
    cells = len(grids[0])
    padded = [np.pad(grid, 1) for grid in grids]
    softer = 0.05 * size * size
    for step_y in (0, 1, 2):
        for step_x in (0, 1, 2):
            m, heavy_x, heavy_y = (grid.ravel()[(row + step_y) * (cells + 2) + column + step_x] for grid in padded)
            if step_x == 1 and step_y == 1:
                m, heavy_x, heavy_y = m - mass, heavy_x - mass * x, heavy_y - mass * y
            safe = np.maximum(m, 1e-12)
            dx, dy = x - heavy_x / safe, y - heavy_y / safe
            share = np.where(m > 1e-9, m / (dx * dx + dy * dy + softer), 0.0)
            push[:, 0] += share * dx
            push[:, 1] += share * dy
