"""Owns the pyvis network: what stands in it, and the guards against pyvis's traps.

Leaves positions to ``layout``, looks to ``look`` and the page to ``page``. The only module that
imports pyvis, which imports IPython: import it where a network is drawn, not before.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyvis.network

from onrecord.errors import OnRecordError
from onrecord.files import write_atomic
from onrecord.notebook import frame
from onrecord.progress import stage
from onrecord.view.arrangements import Arrangement, arrangements
from onrecord.view.communities import divide
from onrecord.view.layout import Box, place
from onrecord.view.look import (
    LABEL_SIZE,
    LINE_HEIGHT,
    Line,
    Shape,
    line_of,
    node_size,
    shape_of,
    text_width,
    wrap_label,
)
from onrecord.view.model import ViewEdge, ViewGraph, ViewNode
from onrecord.view.page import render_page

FEW_EDGES = 14
"""Up to so many edges, every edge shows its label; above, those of what is selected."""

CANVAS_FROM = 1_501
"""From so many nodes on a page draws its network itself: vis-network takes seconds to filter so many."""


class Network(pyvis.network.Network):  # type: ignore[misc]  # pyvis has no type hints: its classes are Any
    """A pyvis network that writes one safe page which needs no network.

    All of pyvis's methods work, and what they add or change is drawn. What differs: parallel edges
    stay, an empty label stays empty, adding takes constant time, ``set_options`` takes JSON or a
    mapping and keeps its spaces, and the page is onrecord's: nothing in it is loaded from elsewhere
    and no label, title, heading or option is ever executed. ``evidence`` holds the statement behind
    an edge, by the edge's id; ``further_options`` what is handed to vis-network besides pyvis's options.
    ``renderer`` says what draws the page: "vis" for vis-network, "canvas" for the page's own drawing of big graphs.
    """

    def __init__(self, graph: ViewGraph | None = None, *, height: str = "720px", width: str = "100%",
                 directed: bool = True, heading: str = "") -> None:  # fmt: skip
        super().__init__(height=height, width=width, directed=directed, cdn_resources="in_line")
        self.heading = heading
        self.graph = graph
        self.evidence: dict[str, ViewEdge] = {}
        self.further_options: dict[str, Any] = {}
        self.renderer = "vis"
        self.arrangements: tuple[Arrangement, ...] = ()
        self._edge_ids: Counter[str] = Counter()

    def add_node(self, n_id: str | int, label: str | int | None = None, shape: str | None = None,
                 color: Any = None, **options: Any) -> None:  # fmt: skip
        """Add a node once; its label is its id only when none is given at all."""
        if n_id in self.node_map:
            return
        node: dict[str, Any] = {"id": n_id, "label": str(n_id if label is None else label), **options}
        if shape is not None or "group" not in options:
            node["shape"] = shape or self.shape
        if color is not None:
            node["color"] = color
        self.nodes.append(node)
        self.node_ids.append(n_id)
        self.node_map[n_id] = node

    def add_edge(self, source: str | int, to: str | int, **options: Any) -> None:
        """Add an edge, also where one between the same two nodes stands already.

        ``id`` is made where none is given, and kept apart where it is taken.

        :raises OnRecordError: when one of the ends is no node of the network.
        """
        for end in (source, to):
            if end not in self.node_map:
                raise OnRecordError(f"an edge ends at {end!r}, which is no node of this network")
        wanted = str(options.get("id") or f"edge:{source}:{to}")
        self._edge_ids[wanted] += 1
        taken = self._edge_ids[wanted]
        edge: dict[str, Any] = {
            **options,
            "id": wanted if taken == 1 else f"{wanted}~{taken}",
            "from": source,
            "to": to,
        }
        if self.directed:
            edge.setdefault("arrows", "to")
        self.edges.append(edge)

    def get_network_data(self) -> tuple[list[Any], list[Any], str, str, str, str]:
        """Nodes, edges, heading, height, width and the options as JSON."""
        options = self.options if isinstance(self.options, dict) else json.loads(self.options.to_json())
        options = _merge(self.further_options, options)
        return self.nodes, self.edges, self.heading, self.height, self.width, json.dumps(options)

    def set_options(self, options: str | dict[str, Any]) -> None:
        """Replace vis-network's options, given as a mapping or as JSON (also ``var options = {...}``).

        :raises OnRecordError: when the text is not JSON.
        """
        if isinstance(options, str):
            start, end = options.find("{"), options.rfind("}")
            try:
                options = json.loads(options[start : end + 1])
            except ValueError as error:
                raise OnRecordError(f"the options are not JSON: {error}") from error
        if not isinstance(options, dict):
            raise OnRecordError("the options are no JSON object")
        self.options = options
        self.further_options = {}

    def generate_html(self, name: str = "index.html", local: bool = True, notebook: bool = False) -> str:
        """The page, as text. The parameters are pyvis's and change nothing."""
        del name, local, notebook
        self.html = render_page(self, self.graph or ViewGraph(self.heading or "Network", "", (), ()))
        return self.html

    def write_html(self, name: str, local: bool = True, notebook: bool = False, open_browser: bool = False) -> None:
        """Write the page to ``name`` in UTF-8, whole or not at all; no ``lib`` folder appears beside it.

        :raises OutputError: when it cannot be written.
        """
        del local, notebook
        target = Path(name)
        write_atomic(target, self.generate_html())
        if open_browser:
            import webbrowser

            webbrowser.open(target.absolute().as_uri())

    def save_graph(self, name: str) -> None:
        """Write the page to ``name``."""
        self.write_html(name)

    def show(self, name: str, local: bool = True, notebook: bool = True) -> Any:
        """Write the page to ``name``; in a notebook return a frame that shows it, else open a browser."""
        del local
        self.write_html(name, open_browser=not notebook)
        if not notebook:
            return None
        from IPython.display import IFrame

        return IFrame(name, width=self.width, height=self.height)

    def _repr_html_(self) -> str:
        """The page in a frame of its own, which is how a notebook shows a network."""
        return frame(self.generate_html(), self.heading or "network", width=str(self.width), height=str(self.height))


def network(graph: ViewGraph) -> Network:
    """The pyvis network of ``graph``: one node a node, one edge a statement or link, with fixed positions.

    Node ids are IRIs; an edge's id is its statement's IRI. The order in which ``graph`` lists nodes
    and edges changes nothing.

    :raises OnRecordError: when an edge ends at a node that ``graph`` does not list.
    """
    stage("laying out")
    nodes = sorted({node.iri: node for node in reversed(graph.nodes)}.values(), key=lambda node: node.iri)
    edges = sorted(graph.edges, key=_edge_key)
    degree: Counter[str] = Counter()
    for edge in edges:
        degree.update({edge.source: 1, edge.target: 1} if edge.source != edge.target else {edge.source: 1})
    net = Network(graph)
    net.toggle_physics(False)
    net.toggle_hide_edges_on_drag(len(nodes) > 500)
    net.further_options = _options(len(nodes))
    index = {node.iri: at for at, node in enumerate(nodes)}
    for edge in edges:
        for end in (edge.source, edge.target):
            if end not in index:
                raise OnRecordError(f"an edge ends at {end!r}, which is no node of this network")
    sketches = [_node(node, degree[node.iri]) for node in nodes]
    pairs = [(index[edge.source], index[edge.target]) for edge in edges]
    if len(nodes) < CANVAS_FROM:
        spots = place([box for _, box in sketches], pairs)
    else:
        net.renderer = "canvas"
        levels = divide(len(nodes), pairs)
        spots = place([_core(box) for _, box in sketches], pairs, levels)
        for (options, _), community in zip(sketches, levels[-1], strict=True):
            options["community"] = community
    for (options, _), (x, y) in zip(sketches, spots, strict=True):
        net.add_node(options.pop("id"), x=x, y=y, **options)
    net.arrangements = arrangements(nodes, edges, [box for _, box in sketches], spots)
    bends = _bends(edges)
    for edge, bend in zip(edges, bends, strict=True):
        net.add_edge(edge.source, edge.target, **_edge(edge, line_of(edge)), **bend)
        net.evidence[net.edges[-1]["id"]] = edge
    return net


def _edge_key(edge: ViewEdge) -> tuple[str, ...]:
    return (edge.source, edge.target, edge.kind, edge.property_iri, edge.label, edge.iri, edge.file, f"{edge.line:09}")


def _options(nodes: int) -> dict[str, Any]:
    return {
        "autoResize": True,
        "layout": {"improvedLayout": False},
        "interaction": {
            "hover": True,
            "hideEdgesOnZoom": nodes > 500,
            "multiselect": False,
            "selectConnectedEdges": False,
            "tooltipDelay": 350,
            "zoomSpeed": 0.7,
            "keyboard": {"enabled": True, "bindToWindow": False},
        },
        "nodes": {
            "borderWidth": 1,
            "borderWidthSelected": 3,
            "font": {"size": LABEL_SIZE},
            "scaling": {"label": {"drawThreshold": 8}},
        },
        "edges": {"arrowStrikethrough": False, "hoverWidth": 0.6, "selectionWidth": 1.2},
    }


def _merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for name, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = _merge(merged[name], value) if both else value
    return merged


def _node(node: ViewNode, degree: int) -> tuple[dict[str, Any], Box]:
    """What pyvis is given for a node, and the room it takes."""
    shape = shape_of(node)
    inside = shape.vis == "box"
    lines = wrap_label(node.label, 150, 6, LABEL_SIZE - 1) if inside else wrap_label(node.label)
    options: dict[str, Any] = {
        "id": node.iri,
        "label": "\n".join(lines),
        "group": shape.name,
        "shape": shape.vis,
        "color": _colour(shape),
        "borderWidth": shape.border_width,
    }
    size = LABEL_SIZE - 1 if inside else LABEL_SIZE
    width = max((text_width(line, size) for line in lines), default=0)
    height = max(len(lines), 1) * size * LINE_HEIGHT
    if inside:
        options["margin"] = 6
        options["font"] = {"size": size}
        options["shapeProperties"] = {"borderRadius": 7 if node.kind == "proposition" else 2}
        return options, Box(width + 16, height / 2 + 8, height / 2 + 8)
    radius = node_size(shape, degree)
    options["size"] = radius
    return options, Box(max(width, radius * 2), radius, radius + 4 + (height if lines else 0))


def _core(box: Box) -> Box:
    """The room of a node among thousands: its figure and a part of its name, the rest of which shows near by."""
    return Box(min(box.width, 56.0), min(box.above, 20.0), min(box.below, box.above + 16.0, 34.0))


def _colour(shape: Shape) -> dict[str, Any]:
    fill, border = shape.fill[0], shape.border[0]
    same = {"background": fill, "border": border}
    return {**same, "highlight": same, "hover": same}


def _edge(edge: ViewEdge, line: Line) -> dict[str, Any]:
    """What pyvis is given for an edge, bends apart."""
    arrows: dict[str, Any] = {}
    if line.arrow:
        arrows["to"] = {"enabled": True, "type": line.arrow, "scaleFactor": 0.55}
    if line.bar:
        arrows["middle"] = {"enabled": True, "type": "bar", "scaleFactor": 0.6}
    colour = line.colour[0]
    return {
        "id": edge.iri if edge.kind == "statement" and edge.iri else f"link:{edge.source}:{edge.label}",
        "label": f"not: {edge.label}" if edge.negated else edge.label,
        "line": line.name,
        "color": {"color": colour, "highlight": colour, "hover": colour},
        "width": line.width,
        "dashes": list(line.dashes) or False,
        "arrows": arrows,
    }


def _bends(edges: Sequence[ViewEdge]) -> list[dict[str, Any]]:
    """A bend for each edge, so that those between the same two nodes fan out and loops lie apart."""
    between: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for at, edge in enumerate(edges):
        between[min(edge.source, edge.target), max(edge.source, edge.target)].append(at)
    out: list[dict[str, Any]] = [{}] * len(edges)
    for (first, second), members in between.items():
        count = len(members)
        step = min(0.16, 0.9 / count)
        for rank, at in enumerate(members):
            if first == second:
                angle = round(6.2832 * rank / count + 0.8, 3)
                out[at] = {"selfReference": {"size": 16 + 3 * rank, "angle": angle, "renderBehindTheNode": False}}
                continue
            bend = round((rank - (count - 1) / 2) * step, 3)
            if bend == 0:
                out[at] = {"smooth": False}
                continue
            clockwise = (bend > 0) == (edges[at].source == first)
            out[at] = {
                "smooth": {"enabled": True, "type": "curvedCW" if clockwise else "curvedCCW", "roundness": abs(bend)}
            }
    return out
