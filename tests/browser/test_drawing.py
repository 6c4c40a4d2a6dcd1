"""Owns the tests of the drawing: names that stay apart, themes, sizes."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

import view_sample as sample
from onrecord.view.model import ViewGraph
from onrecord.view.network import network

pytestmark = pytest.mark.browser


def statement(number: int | str) -> str:
    return f"{sample.BASE}statement/{number}"


def test_every_label_is_shown_and_none_covers_another(visit: Any, story: ViewGraph):
    view = visit(story)
    labels = view.labels()
    assert len(labels) == sum(node.kind == "entity" for node in story.nodes) == 40
    for a, b in itertools.combinations(labels, 2):
        apart = a["right"] <= b["left"] or b["right"] <= a["left"] or a["bottom"] <= b["top"] or b["bottom"] <= a["top"]
        assert apart, (a["id"], b["id"])
    assert view.page.evaluate("onrecord.renderer.scale()") > 0.85


@pytest.mark.parametrize(("nodes", "edges"), [(3, 3), (20, 30), (60, 90), (100, 150)])
def test_up_to_100_names_none_covers_another_or_a_node(visit: Any, nodes: int, edges: int):
    view = visit(sample.crowd(nodes, edges))
    labels = view.labels()
    assert len(labels) >= min(nodes, 60)
    for a, b in itertools.combinations(labels, 2):
        assert a["right"] <= b["left"] or b["right"] <= a["left"] or a["bottom"] <= b["top"] or b["bottom"] <= a["top"]
    frame = view.page.locator("#canvas").bounding_box()
    assert all(box["left"] >= 0 and box["right"] <= frame["width"] for box in labels)


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_labels_stay_apart_and_readable_on_a_larger_graph(visit: Any, size: tuple[int, int]):
    view = visit(sample.crowd(120, 260), viewport={"width": size[0], "height": size[1]})
    labels = view.labels()
    assert len(labels) > 15
    clashes = [
        (a["id"], b["id"])
        for a, b in itertools.combinations(labels, 2)
        if a["left"] < b["right"] and b["left"] < a["right"] and a["top"] < b["bottom"] and b["top"] < a["bottom"]
    ]
    assert clashes == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_themes_reach_the_drawing(visit: Any, story: ViewGraph, scheme: str):
    view = visit(story, color_scheme=scheme)
    drawn = view.page.evaluate("(id) => onrecord.renderer.network.body.edges[id].options.color.color", statement(1))
    assert drawn == {"light": "#0a62b4", "dark": "#6cb4ff"}[scheme]
    assert (
        view.page.evaluate("getComputedStyle(document.body).backgroundColor")
        == {
            "light": "rgb(255, 255, 255)",
            "dark": "rgb(22, 25, 29)",
        }[scheme]
    )


@pytest.mark.parametrize("count", [0, 1])
def test_small_graphs_open(visit: Any, story: ViewGraph, count: int, tmp_path: Path, browser: Any):
    graph = ViewGraph("Little", "", story.nodes[:count], ())
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    target = tmp_path / "little.html"
    target.write_text(network(graph).generate_html(), encoding="utf-8")
    page.goto(target.as_uri())
    page.wait_for_timeout(300)
    page.click("#tab-table")
    assert errors == []
    assert page.is_visible("#empty") is False
    page.close()


def test_1500_nodes_open_and_filter_within_seconds(visit: Any):
    view = visit(sample.crowd(1500, 3500))
    assert view.page.evaluate("onrecord.renderer.network.body.nodeIndices.length") == 1500
    spent = view.page.evaluate(
        """() => {
            const start = performance.now();
            document.querySelector('input[data-line=claimed]').click();
            return performance.now() - start;
        }"""
    )
    assert spent < 3000
