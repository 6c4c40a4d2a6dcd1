"""Owns GraphML: the network of statements for Gephi, Cytoscape, yEd and others.

Leaves which nodes and edges there are to ``analyse``.
"""

from __future__ import annotations

from typing import Any

import networkx as nx


def write_graphml(graph: nx.MultiDiGraph) -> bytes:
    """The graph in GraphML (http://graphml.graphdrawing.org), nodes and edges in their order.

    Lists become one text, their items parted by a vertical bar; an edge's id is its statement's IRI.
    """
    plain = nx.MultiDiGraph(name=graph.graph.get("name", ""))
    plain.add_nodes_from((node, _flat(values)) for node, values in graph.nodes(data=True))
    for start, end, key, values in graph.edges(keys=True, data=True):
        plain.add_edge(start, end, key=key, **_flat(values))
    lines = nx.generate_graphml(plain, encoding="utf-8", named_key_ids=True, edge_id_from_attribute="id")
    return ('<?xml version="1.0" encoding="utf-8"?>\n' + "\n".join(lines) + "\n").encode("utf-8")


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    return {name: " | ".join(value) if isinstance(value, list) else value for name, value in values.items()}
