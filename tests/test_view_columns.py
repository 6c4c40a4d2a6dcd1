"""Owns the tests of the columns of a big page, read back as the page's script reads them."""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.view.columns import NONE, in_columns
from onrecord.view.look import LINES, SHAPES
from onrecord.view.model import ViewEdge, ViewGraph, ViewNode
from onrecord.view.network import CANVAS_FROM, network
from onrecord.view.page import render_page

TYPES = {"Uint8Array": "<u1", "Uint16Array": "<u2", "Int32Array": "<i4", "Float32Array": "<f4"}


def unpack(packed: str) -> dict[str, dict[str, list[Any]]]:
    """Tables of columns: numbers, texts ("" where missing), and other values (None where missing)."""
    whole = gzip.decompress(base64.b64decode(packed))
    length = int.from_bytes(whole[:4], "little")
    assert (4 + length) % 8 == 0
    header = json.loads(whole[4 : 4 + length])
    body = whole[4 + length :]
    arrays = []
    for kind, at, count in header["arrays"]:
        assert at % 8 == 0
        arrays.append(np.frombuffer(body, TYPES[kind], count, at))
    units = body[header["strings"] :].decode().encode("utf-16-le")

    def text(place: int) -> str:
        return units[2 * arrays[0][place] : 2 * arrays[0][place + 1]].decode("utf-16-le")

    def read(kind: str, array: Any) -> list[Any]:
        if kind == "number":
            return array.tolist()
        if kind == "text":
            return [text(place) for place in array]
        return [json.loads(text(place)) if place else None for place in array]

    return {
        table: {name: read(kind, arrays[place]) for name, (kind, place) in columns.items()}
        for table, columns in header["tables"].items()
    }


def payload(nodes: list[Any], edges: list[Any], things: Any = None, statements: Any = None) -> dict[str, Any]:
    return {"title": "t", "nodes": nodes, "edges": edges, "things": things or {}, "statements": statements or {}}


def test_what_is_drawn_and_what_is_said_come_back():
    nodes = [
        {"id": "a", "label": "Ada\nLind", "group": "person", "x": -70_000, "y": 3, "size": 9.5, "community": 1,
         "color": {"background": SHAPES["person"].fill[0]}},
        {"id": "b", "label": "", "group": "state", "x": 12, "y": 40, "color": "red", "hidden": True},
    ]  # fmt: skip
    edges = [
        {"id": "s", "from": "a", "to": "b", "label": "meets", "line": "fact", "smooth": False},
        {"id": "t", "from": "b", "to": "a", "label": "not: meets", "line": "denied",
         "smooth": {"enabled": True, "type": "curvedCW", "roundness": 0.25}},
        {"id": "u", "from": "a", "to": "a", "line": "none", "selfReference": {"size": 16, "angle": 0.75}},
    ]  # fmt: skip
    things = {"a": {"name": "Ada Lind", "kind": "entity", "shape": "person", "aliases": ("A. Lind", "the minister")}}
    statements = {"s": {"label": "meets", "quotes": ("“they met”",), "asserting": True, "line": 7}}
    packed = in_columns(payload(nodes, edges, things, statements))
    assert (packed["title"], sorted(packed)) == ("t", ["columns", "title"])
    tables = unpack(packed["columns"])
    shapes, lines = list(SHAPES), list(LINES)
    assert tables["nodes"] == {
        "id": ["a", "b"], "x": [-70_000, 12], "y": [3, 40], "size": [9.5, 12.0],
        "shape": [shapes.index("person"), NONE], "community": [1, 0], "words": ["Ada\nLind", ""],
        "own": [None, {"hidden": True, "color": "red"}],
    }  # fmt: skip
    assert tables["things"] == {
        "name": ["Ada Lind", "b"], "kind": ["entity", "entity"], "shape": ["person", ""],
        "aliases": [["A. Lind", "the minister"], None],
    }  # fmt: skip
    assert tables["edges"] == {
        "id": ["s", "t", "u"], "from": [0, 1, 0], "to": [1, 0, 0],
        "line": [lines.index("fact"), lines.index("denied"), NONE], "bend": [0.0, -0.25, 0.75],
        "stated": [1, 0, 0], "label": ["meets", "not: meets", ""], "own": [None, None, None],
    }  # fmt: skip
    assert tables["statements"] == {
        "label": ["meets", "", ""], "quotes": [["“they met”"], None, None], "asserting": [True, None, None],
        "line": [7, None, None],
    }  # fmt: skip


@given(st.lists(st.text(max_size=12), min_size=1, max_size=20, unique=True))
def test_any_text_comes_back(names: list[str]):
    nodes = [{"id": f"n{at}", "label": name} for at, name in enumerate(names)]
    things = {f"n{at}": {"name": name, "note": name[::-1]} for at, name in enumerate(names)}
    tables = unpack(in_columns(payload(nodes, [], things))["columns"])
    assert tables["nodes"]["words"] == names
    assert tables["things"]["name"] == names
    assert tables["things"]["note"] == [name[::-1] for name in names]


def test_half_a_surrogate_pair_moves_nothing_else():
    nodes = [{"id": "a", "label": "x\ud800y"}, {"id": "b", "label": "😀 after"}, {"id": "c", "label": "end"}]
    assert unpack(in_columns(payload(nodes, []))["columns"])["nodes"]["words"] == ["x\ufffdy", "😀 after", "end"]


def big(nodes: int = CANVAS_FROM, edges: int = 3000) -> ViewGraph:
    people = tuple(
        ViewNode(f"https://e.org/{at:05}", f"Person {at}", "entity", "", "person", "person") for at in range(nodes)
    )
    told = tuple(
        ViewEdge(
            f"https://e.org/s{at}",
            people[at * 7 % nodes].iri,
            people[at * at % nodes].iri,
            "meets",
            "p",
            "statement",
            "stated",
            quotes=(f"word {at}",),
        )
        for at in range(edges)
    )
    return ViewGraph("Many", "", people, told)


@pytest.mark.slow
def test_from_so_many_nodes_on_a_page_draws_itself():
    graph = big()
    net = network(graph)
    assert net.renderer == "canvas"
    text = render_page(net, graph)
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    tables = unpack(data["columns"])
    assert Counter(map(len, tables["nodes"].values())) == {CANVAS_FROM: len(tables["nodes"])}
    assert sorted(tables["edges"]["id"]) == sorted(edge.iri for edge in graph.edges)
    assert tables["statements"]["quotes"][0][0].startswith("word ")
    assert "vis.Network" not in text
    assert "createCanvasRenderer" in text
    assert render_page(net, graph) == text


def test_a_smaller_graph_stays_with_vis_network_unless_told():
    graph = big(20, 30)
    net = network(graph)
    assert net.renderer == "vis"
    net.renderer = "canvas"
    assert '"columns":' in render_page(net, graph)
