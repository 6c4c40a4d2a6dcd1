"""Owns the tests of where nodes stand in big graphs: apart, near their own, quickly, and the same every time."""

from __future__ import annotations

import hashlib
import random
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.view.communities import FEWEST, divide
from onrecord.view.force import _repulsion, spread
from onrecord.view.layout import Box, Points, move_apart, place


def blocks(nodes: int, edges: int, seed: int = 7) -> list[tuple[int, int]]:
    """Edges of a graph of blocks of about 50, four in five within a block."""
    draw = random.Random(seed)
    count = max(2, nodes // 50)
    out = []
    for _ in range(edges):
        a = draw.randrange(nodes)
        near = a % count + count * draw.randrange(nodes // count)
        out.append((a, near if draw.random() < 0.8 else draw.randrange(nodes)))
    return out


def overlapping(points: Points, boxes: list[Box]) -> int:
    """How many pairs of boxes share some room."""
    order = sorted(range(len(boxes)), key=lambda at: points[at][0])
    found = 0
    for rank, a in enumerate(order):
        for b in order[rank + 1 :]:
            if points[b][0] - points[a][0] >= (boxes[a].width + boxes[b].width) / 2:
                break
            apart = points[b][1] - points[a][1]
            upper, lower = (a, b) if apart > 0 else (b, a)
            found += abs(apart) < boxes[upper].below + boxes[lower].above
    return found


def shortness(points: Points, pairs: list[tuple[int, int]]) -> float:
    """The mean length of edges over that of random pairs: the lower, the more the picture says."""
    draw = np.random.default_rng(1)
    ends = np.array([pair for pair in pairs if pair[0] != pair[1]])
    a, b = draw.integers(0, len(points), (2, 20_000))
    length = np.linalg.norm(points[ends[:, 0]] - points[ends[:, 1]], axis=1).mean()
    return float(length / np.linalg.norm(points[a] - points[b], axis=1).mean())


# ---- communities ----

EDGES = st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=80)


def test_two_triangles_and_a_lone_node_are_three_communities():
    triangles = [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3), (2, 3)]
    assert divide(7, triangles)[-1] == (0, 0, 0, 1, 1, 1, 2)


@given(EDGES)
def test_every_level_joins_whole_communities_of_the_level_before(edges: list[tuple[int, int]]):
    levels = divide(30, edges)
    assert all(len(level) == 30 for level in levels)
    for finer, coarser in pairwise(levels[:-1]):
        assert len(set(zip(finer, coarser, strict=True))) == len(set(finer))


@given(EDGES, st.randoms(use_true_random=False))
def test_the_order_of_edges_and_their_direction_change_no_community(edges, draw):
    mixed = [(b, a) if draw.random() < 0.5 else (a, b) for a, b in edges]
    draw.shuffle(mixed)
    assert divide(30, mixed) == divide(30, edges)


@given(EDGES)
def test_communities_are_numbered_by_size_and_small_parts_come_last(edges: list[tuple[int, int]]):
    last = divide(30, edges)[-1]
    sizes = [last.count(number) for number in range(max(last) + 1)]
    assert all(sizes)
    joined = {end for edge in edges if edge[0] != edge[1] for end in edge}
    leftover = last[next((node for node in range(30) if node not in joined), 0)]
    if len(joined) < 30:
        assert leftover == len(sizes) - 1
        sizes.pop()
    assert sizes == sorted(sizes, reverse=True) or len(set(last)) <= 2 or min(sizes) < FEWEST


def test_blocks_are_found():
    last = divide(1000, blocks(1000, 4000))[-1]
    same = [last[node] == last[(node + 20) % 1000] for node in range(1000)]
    assert sum(same) > 900


# ---- forces ----


def test_repulsion_is_close_to_the_sum_over_all_pairs():
    draw = np.random.default_rng(3)
    points, mass = draw.normal(size=(2000, 2)) * 30, draw.uniform(1, 3, 2000)
    apart = points[:, None] - points[None]
    square = (apart**2).sum(axis=2)
    np.fill_diagonal(square, 1)
    exact = (apart * (mass[None, :] / square)[..., None]).sum(axis=1)
    off = np.linalg.norm(_repulsion(points, mass) - exact, axis=1).mean()
    assert off / np.linalg.norm(exact, axis=1).mean() < 0.1


def test_the_same_points_on_every_machine():
    pairs = blocks(1200, 3000)
    points = spread(1200, np.array(pairs), divide(1200, pairs))
    digest = hashlib.sha256((points * 1000).round().astype("<i8").tobytes()).hexdigest()
    assert digest[:16] == "cbecc41c5d746b40"


# ---- places ----


@pytest.mark.parametrize(("nodes", "edges"), [(500, 1200), (1000, 2500)])
def test_no_name_covers_another_in_a_big_graph(nodes: int, edges: int):
    boxes = [Box(100 + at % 5 * 8, 10, 26 + at % 2 * 15) for at in range(nodes)]
    points = place(boxes, blocks(nodes, edges))
    assert overlapping(np.array(points), boxes) == 0


def test_edges_of_a_big_graph_are_short():
    pairs = blocks(2000, 6000)
    points = np.array(place([Box(40, 10, 22)] * 2000, pairs), dtype=float)
    assert shortness(points, pairs) < 0.4


def test_a_big_graph_lies_across_the_page():
    points = np.array(place([Box(40, 10, 22)] * 1500, blocks(1500, 4000)), dtype=float)
    width, height = np.ptp(points, axis=0)
    assert 1.2 < width / height < 2.2


def test_a_graph_in_big_and_small_parts_is_placed():
    pairs = [*blocks(600, 2000), (600, 601), (602, 603), (603, 604)]
    points = place([Box(60, 10, 26)] * 610, pairs)
    assert len(set(points)) == 610
    assert overlapping(np.array(points), [Box(60, 10, 26)] * 610) == 0


@pytest.mark.slow
def test_ten_thousand_nodes_are_placed_in_seconds():
    pairs = blocks(10_000, 30_000)
    start = time.process_time()
    points = np.array(place([Box(40, 10, 22)] * 10_000, pairs), dtype=float)
    # 7 s where this was written; the limit leaves room for a slow machine and none for a quadratic step.
    assert time.process_time() - start < 60
    assert shortness(points, pairs) < 0.5


def test_what_is_moved_apart_moves_little():
    points = [(0.0, 0.0), (5.0, 0.0), (400.0, 400.0)]
    moved = move_apart(points, [Box(80, 10, 30)] * 3)
    assert moved[2] == (400, 400)
    assert overlapping(np.array(moved), [Box(80, 10, 30)] * 3) == 0
