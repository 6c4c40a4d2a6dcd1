"""Owns the page of a network: nodes and edges as pyvis was told of them, with what is on record for each.

Leaves what is in the network to ``network``, what all pages share to ``frame`` and writing the file to the caller.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from onrecord.view.columns import in_columns
from onrecord.view.frame import asset, counted_lines, counted_shapes, describe_statement, describe_things, look, render
from onrecord.view.model import ViewGraph

if TYPE_CHECKING:
    from onrecord.view.network import Network

_BASE = ("elements.js", "data.js", "look.js", "theme.js", "theme-button.js", "labels.js", "svg.js")
_PANES = (
    "renderer.js", "selection.js", "path.js", "panel.js", "sieve.js", "clocks.js", "filters.js", "search.js",
    "table.js", "arrangements.js", "export.js", "keys.js", "main.js",
)  # fmt: skip
_SCRIPTS = {
    "vis": (*_BASE, "draw.js", *_PANES),
    "canvas": (
        "columns.js", *_BASE, "canvas-figures.js", "canvas-scene.js", "canvas-names.js", "canvas-groups.js",
        "canvas-view.js", "canvas-picture.js", "canvas-hands.js", "canvas.js", *_PANES,
    ),
}  # fmt: skip
_LIBRARIES = {"vis": ("vendor/vis-network.min.js",), "canvas": ()}
_STYLES = {"vis": ("page.css",), "canvas": ("page.css", "canvas.css")}
_LICENCES = {"vis": "vendor/THIRD_PARTY.txt", "canvas": ""}


def render_page(network: Network, graph: ViewGraph) -> str:
    """The page that shows ``network``, with the evidence that ``graph`` holds for its edges.

    Nodes and edges that only ``network`` has, added by hand, are drawn with what pyvis was told of
    them. The same input gives the same text.
    """
    nodes, edges, _, _, _, options = network.get_network_data()
    statements = _statements(network)
    payload = {
        "title": graph.title,
        "renderer": network.renderer,
        "base": graph.base,
        "statuses": dict(graph.statuses),
        "nodes": nodes,
        "edges": edges,
        "options": json.loads(options),
        "arrangements": _arrangements(network),
        "things": describe_things(graph.nodes),
        "statements": statements,
        "look": look(),
    }
    return render(
        "network.html.j2",
        graph,
        libraries=_LIBRARIES[network.renderer],
        scripts=_SCRIPTS[network.renderer],
        styles=_STYLES[network.renderer],
        data=in_columns(payload) if network.renderer == "canvas" else payload,
        counts=_counts(nodes, statements),
        backed=sum(record.get("articles", 0) > 1 for record in statements.values()),
        disputed=sum("disputes" in record for record in statements.values()),
        shapes=counted_shapes(graph.nodes),
        lines=counted_lines(Counter(str(edge.get("line", "")) for edge in edges)),
        licences=asset(licences) if (licences := _LICENCES[network.renderer]) else "",
    )


def _arrangements(network: Network) -> list[dict[str, Any]]:
    """The layouts to switch to; none once nodes were added by hand, for which they have no place."""
    return [
        {
            "name": found.name,
            "label": found.label,
            "explained": found.explained,
            "x": [x for x, _ in found.spots],
            "y": [y for _, y in found.spots],
            "captions": found.captions,
        }
        for found in network.arrangements
        if len(found.spots) == len(network.nodes)
    ]


def _statements(network: Network) -> dict[str, dict[str, Any]]:
    """What is on record for each drawn edge, by the edge's id."""
    return {
        edge["id"]: describe_statement(record)
        for edge in network.edges
        if (record := network.evidence.get(edge["id"])) is not None and record.kind == "statement"
    }


def _counts(nodes: list[Any], statements: dict[str, dict[str, Any]]) -> list[tuple[int, str, str]]:
    sources = {
        (s.get("source_publisher"), s.get("source_title"), s.get("source_published")) for s in statements.values()
    }
    verified = sum(bool(record.get("verified")) for record in statements.values())
    return [
        (len(nodes), "node", "nodes"),
        (len(statements), "statement", "statements"),
        (len(sources), "source", "sources"),
        (verified, "quote verified", "quotes verified"),
    ]
