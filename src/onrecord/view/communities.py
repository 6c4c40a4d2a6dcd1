"""Owns the division of a big graph into communities: who is joined more to each other than to the rest.

Leaves placing them to ``layout`` and drawing them to the page.

Louvain's method (Blondel and others 2008) in whole numbers, nodes taken in their order and ties going
to the lower number: no lot is drawn and no rounding differs, so the division is the same everywhere.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence

FEWEST = 6
"""Connected parts of fewer nodes than this share one community, the last."""


def divide(nodes: int, pairs: Iterable[tuple[int, int]]) -> tuple[tuple[int, ...], ...]:
    """The community of each node, level upon level: the finest first, each numbered from 0.

    Every level divides all nodes and joins whole communities of the level before; the last is numbered
    by size, the largest first, parts too small to matter together at its end.

    >>> divide(7, [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3), (2, 3)])[-1]
    (0, 0, 0, 1, 1, 1, 2)
    """
    neighbours: list[Counter[int]] = [Counter() for _ in range(nodes)]
    for a, b in pairs:
        if a != b:
            neighbours[a][b] += 1
            neighbours[b][a] += 1
    small = _small(neighbours)
    own = [0] * nodes
    current = list(range(nodes))
    levels: list[tuple[int, ...]] = []
    while True:
        found = _move(neighbours, own)
        count = max(found, default=-1) + 1
        if count == len(neighbours):
            break
        current = [found[at] for at in current]
        levels.append(tuple(current))
        neighbours, own = _join(neighbours, own, found, count)
    last = levels[-1] if levels else tuple(current)
    return (*levels[:-1], _by_size(last, small))


def _small(neighbours: Sequence[Counter[int]]) -> list[bool]:
    """Which nodes are in a connected part of fewer than ``FEWEST``."""
    small = [False] * len(neighbours)
    seen = [False] * len(neighbours)
    for start in range(len(neighbours)):
        if seen[start]:
            continue
        seen[start] = True
        part = [start]
        for at in part:
            for other in neighbours[at]:
                if not seen[other]:
                    seen[other] = True
                    part.append(other)
        if len(part) < FEWEST:
            for at in part:
                small[at] = True
    return small


def _move(neighbours: Sequence[Counter[int]], own: Sequence[int]) -> list[int]:
    """The community of each node after moving nodes one by one while the modularity grows."""
    n = len(neighbours)
    weights = [sum(near.values()) + own[at] for at, near in enumerate(neighbours)]
    total = sum(weights)
    where = list(range(n))
    inside = list(weights)
    queue, queued = deque(range(n)), [True] * n
    while queue:
        at = queue.popleft()
        queued[at] = False
        home, weight = where[at], weights[at]
        links: dict[int, int] = {}
        for other, shared in neighbours[at].items():
            community = where[other]
            links[community] = links.get(community, 0) + shared
        inside[home] -= weight
        best, most = home, links.get(home, 0) * total - inside[home] * weight
        for community in sorted(links):
            gain = links[community] * total - inside[community] * weight
            if gain > most:
                best, most = community, gain
        inside[best] += weight
        if best == home:
            continue
        where[at] = best
        for other in neighbours[at]:
            if where[other] != best and not queued[other]:
                queued[other] = True
                queue.append(other)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(community, len(numbers)) for community in where]


def _join(
    neighbours: Sequence[Counter[int]], own: Sequence[int], found: Sequence[int], count: int
) -> tuple[list[Counter[int]], list[int]]:
    """The graph of communities: their links, and what each holds within."""
    joined: list[Counter[int]] = [Counter() for _ in range(count)]
    within = [0] * count
    for at, near in enumerate(neighbours):
        community = found[at]
        within[community] += own[at]
        links = joined[community]
        for other, shared in near.items():
            if found[other] == community:
                within[community] += shared
            else:
                links[found[other]] += shared
    return joined, within


def _by_size(communities: Sequence[int], small: Sequence[bool]) -> tuple[int, ...]:
    sizes = Counter(community for community, alone in zip(communities, small, strict=True) if not alone)
    order = sorted(sizes, key=lambda community: (-sizes[community], community))
    numbers = {community: at for at, community in enumerate(order)}
    return tuple(
        len(order) if alone else numbers[community] for community, alone in zip(communities, small, strict=True)
    )
