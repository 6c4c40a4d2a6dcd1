"""Owns the small picture of the network on the start page.

Leaves where nodes stand to ``view.layout`` and what they look like to ``view.look``; the page that can be
walked through is ``network.html``.
"""

from __future__ import annotations

import networkx as nx
from markupsafe import Markup

from onrecord.view.look import LINES, shape_of, text_width
from onrecord.view.model import ViewGraph
from onrecord.view.network import Network

MOST = 600
"""A picture of more nodes than this would show nothing."""

NAMED = 14
"""So many of the nodes with most ties carry their name."""


def draw(network: Network, graph: ViewGraph) -> Markup | None:
    """The largest part of the network as SVG, names on the nodes that most is tied to; None where it is too large."""
    everything = {str(node["id"]): (round(node["x"]), round(node["y"])) for node in network.nodes}
    if not 1 < len(everything) <= MOST:
        return None
    ties = nx.Graph([(edge["from"], edge["to"]) for edge in network.edges])
    main: set[str] = max(nx.connected_components(ties), key=lambda part: (len(part), min(part)), default=set())
    spots = {name: spot for name, spot in everything.items() if name in main}
    if len(spots) < 2:
        return None
    left, right = min(x for x, _ in spots.values()) - 90, max(x for x, _ in spots.values()) + 90
    top, bottom = min(y for _, y in spots.values()) - 40, max(y for _, y in spots.values()) + 60
    degree: dict[str, int] = dict.fromkeys(spots, 0)
    out = []
    for edge in network.edges:
        if edge["from"] not in spots:
            continue
        for end in (edge["from"], edge["to"]):
            degree[end] += 1
        (x1, y1), (x2, y2) = spots[edge["from"]], spots[edge["to"]]
        line = LINES[edge["line"]]
        dashes = f' stroke-dasharray="{" ".join(map(str, line.dashes))}"' if line.dashes else ""
        out.append(
            Markup('<path class="line line-{}" stroke-width="{}"' + dashes + ' d="M{} {}L{} {}"/>').format(
                line.name, line.width, x1, y1, x2, y2
            )
        )
    shapes = {node.iri: shape_of(node) for node in graph.nodes}
    for name, (x, y) in spots.items():
        radius = 7 + min(degree[name], 16)
        out.append(
            Markup('<circle class="shape-{}" stroke-width="2" cx="{}" cy="{}" r="{}"/>').format(
                shapes[name].name, x, y, radius
            )
        )
    size = round((right - left) / 62)
    taken: list[tuple[float, float, float]] = []
    named = [node for node in graph.nodes if node.kind == "entity" and node.iri in spots]
    for node in sorted(named, key=lambda node: (-degree[node.iri], node.iri))[: 3 * NAMED]:
        x, y = spots[node.iri]
        below, half = y + size + 7 + min(degree[node.iri], 16), text_width(node.label, size) / 2
        clear = all(abs(x - x2) > half + half2 or abs(below - y2) > size * 1.2 for x2, y2, half2 in taken)
        if clear and len(taken) < NAMED:
            taken.append((x, below, half))
            out.append(Markup('<text x="{}" y="{}" font-size="{}">{}</text>').format(x, below, size, node.label))
    return Markup('<svg viewBox="{} {} {} {}" role="img" aria-label="{}">{}</svg>').format(
        left, top, right - left, bottom - top, f"The network of {graph.title}", Markup("").join(out)
    )
