"""Owns the small picture of the network on the start page.

Leaves where nodes stand to ``view.layout`` and what they look like to ``view.look``; the page that can be
walked through is ``network.html``.
"""

from __future__ import annotations

from markupsafe import Markup

from onrecord.view.look import LINES, shape_of
from onrecord.view.model import ViewGraph
from onrecord.view.network import Network

MOST = 600
"""A picture of more nodes than this would show nothing."""

NAMED = 14
"""So many of the nodes with most ties carry their name."""


def draw(network: Network, graph: ViewGraph) -> Markup | None:
    """The network as SVG, names on the nodes that most is tied to; None for one that is too large or empty."""
    spots = {str(node["id"]): (round(node["x"]), round(node["y"])) for node in network.nodes}
    if not 1 < len(spots) <= MOST:
        return None
    left, right = min(x for x, _ in spots.values()) - 60, max(x for x, _ in spots.values()) + 60
    top, bottom = min(y for _, y in spots.values()) - 40, max(y for _, y in spots.values()) + 50
    degree: dict[str, int] = dict.fromkeys(spots, 0)
    out = []
    for edge in network.edges:
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
        size = 7 + min(degree[name], 16)
        out.append(
            Markup('<circle class="shape-{}" stroke-width="2" cx="{}" cy="{}" r="{}"/>').format(
                shapes[name].name, x, y, size
            )
        )
    named = [node for node in graph.nodes if node.kind == "entity"]
    for node in sorted(named, key=lambda node: (-degree[node.iri], node.iri))[:NAMED]:
        x, y = spots[node.iri]
        below = y + 26 + min(degree[node.iri], 16)
        out.append(Markup('<text x="{}" y="{}">{}</text>').format(x, below, node.label))
    return Markup('<svg viewBox="{} {} {} {}" role="img" aria-label="{}">{}</svg>').format(
        left, top, right - left, bottom - top, f"The network of {graph.title}", Markup("").join(out)
    )
