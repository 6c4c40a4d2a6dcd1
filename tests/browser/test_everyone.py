"""Owns the tests of reading without a mouse, without eyes, on a phone and on paper."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe

import view_sample as sample
from onrecord.view.model import ViewGraph

pytestmark = pytest.mark.browser


def statement(number: int | str) -> str:
    return f"{sample.BASE}statement/{number}"


def test_the_table_has_every_statement_sorts_and_filters(visit: Any, story: ViewGraph):
    view = visit(story)
    view.page.click("#tab-table")
    assert view.page.locator("#body tr").count() == 80
    view.page.click("th:has-text('Status') button")
    assert view.page.get_attribute("th:has-text('Status')", "aria-sort") == "ascending"
    assert view.page.inner_text("#body tr:first-child .status") == "asserted as fact"
    view.page.click("th:has-text('Status') button")
    assert view.page.inner_text("#body tr:first-child .status") == "unconfirmed"
    view.page.fill("#words", "kestria six people")
    assert view.page.inner_text("#rows") == "1 of 80"
    view.page.click("#body button")
    assert "Kestria is expected to send six people" in view.page.inner_text("#quote")


def test_a_keyboard_reaches_a_quote_and_comes_back(visit: Any, story: ViewGraph):
    view = visit(story)
    view.page.keyboard.press("Tab")
    assert view.page.evaluate("document.activeElement.id") == "to-table"
    view.page.keyboard.press("Enter")
    assert view.page.evaluate("document.activeElement.id") == "words"
    for _ in range(20):
        view.page.keyboard.press("Tab")
        if view.page.evaluate("document.activeElement.matches('#body button')"):
            break
    chosen = view.page.evaluate("document.activeElement.dataset.edge")
    view.page.keyboard.press("Enter")
    assert view.page.is_visible("#quote")
    assert view.page.evaluate("document.activeElement.id") == "panel"
    view.page.keyboard.press("Escape")
    assert view.page.is_hidden("#panel")
    assert view.page.evaluate("document.activeElement.dataset.edge") == chosen


def test_a_phone_shows_network_and_panel_without_sideways_scrolling(visit: Any, story: ViewGraph):
    view = visit(story, "#edge=" + quote(statement(1), safe=""), viewport={"width": 390, "height": 844})
    assert view.page.evaluate("document.documentElement.scrollWidth") <= 390
    canvas, panel = (view.page.locator(part).bounding_box() for part in ("#canvas", "#panel"))
    assert canvas["height"] > 200
    assert panel["y"] >= canvas["y"] + canvas["height"] - 1


def focused(view: Any) -> str:
    return view.page.evaluate("document.activeElement.id || document.activeElement.className")


def test_arrow_keys_walk_from_node_to_node_and_edge_to_edge(visit: Any, story: ViewGraph):
    view = visit(story)
    view.page.focus("#canvas")
    view.page.keyboard.press("ArrowRight")
    assert view.page.inner_text("#panel h2") == "Aster harbour talks"
    assert view.page.text_content("#said") == "Aster harbour talks, meeting, 15 edges"
    at = view.point_of_node(sample.BASE + "talks")
    view.page.keyboard.press("ArrowLeft")
    left = view.page.evaluate("new URLSearchParams(location.hash.slice(1)).get('node')")
    assert view.point_of_node(left)["x"] < at["x"]
    view.page.keyboard.press("e")
    first = view.page.inner_text("#quote")
    assert view.page.text_content("#said").startswith(view.page.inner_text("#panel h2"))
    for _ in range(12):
        view.page.keyboard.press("e")
    view.page.keyboard.press("ArrowRight")
    assert "node=" in view.page.evaluate("location.hash")
    assert focused(view) == "canvas"
    view.page.keyboard.press("Enter")
    assert focused(view) == "panel"
    view.page.keyboard.press("Escape")
    assert view.page.is_hidden("#panel")
    assert focused(view) == "canvas"
    assert first


def test_every_node_and_edge_is_reached_by_keys(visit: Any):
    """From each node some arrow leads on, and ``e`` comes round all of its edges."""
    view = visit(sample.crowd(12, 30))
    view.page.focus("#canvas")
    view.page.keyboard.press("ArrowDown")
    node = view.page.evaluate("new URLSearchParams(location.hash.slice(1)).get('node')")
    degree = view.page.evaluate(
        "(id) => { const r = onrecord.record; const n = r.nodeAt(id); return r.firstEdge[n + 1] - r.firstEdge[n]; }",
        node,
    )
    seen = set()
    for _ in range(degree):
        view.page.keyboard.press("e")
        seen.add(view.page.evaluate("new URLSearchParams(location.hash.slice(1)).get('edge')"))
    assert len(seen) == degree
    view.page.keyboard.press("e")
    assert view.page.evaluate("new URLSearchParams(location.hash.slice(1)).get('edge')") in seen


def test_keys_zoom_move_and_show_everything(visit: Any, story: ViewGraph):
    view = visit(story)
    view.page.focus("#canvas")
    scale = view.page.evaluate("onrecord.renderer.scale()")
    view.page.keyboard.press("+")
    assert view.page.evaluate("onrecord.renderer.scale()") > scale
    before = view.point_of_node(sample.BASE + "talks")
    view.page.keyboard.press("Shift+ArrowRight")
    assert view.point_of_node(sample.BASE + "talks")["x"] == pytest.approx(before["x"] - 80, abs=1)
    view.page.keyboard.press("0")
    view.page.wait_for_timeout(1500)
    assert view.page.evaluate("onrecord.renderer.scale()") == pytest.approx(scale, rel=0.02)
    view.page.keyboard.press("?")
    assert view.page.is_visible("#help")
    view.page.keyboard.press("Escape")
    assert view.page.is_hidden("#help")


def test_escape_closes_what_was_opened_last(visit: Any, story: ViewGraph):
    view = visit(story, "#node=" + quote(sample.BASE + "talks", safe=""))
    view.page.click("#path-from")
    view.page.keyboard.press("?")  # in a field it is a character
    assert view.page.is_hidden("#help")
    view.page.fill("#search", "")
    view.page.keyboard.press("Escape")
    assert view.page.is_hidden("#asking")
    assert view.page.is_visible("#panel")
    view.page.click("#show-help")
    view.page.keyboard.press("Escape")
    assert view.page.is_hidden("#help")
    assert view.page.is_visible("#panel")
    view.page.keyboard.press("Escape")
    assert view.page.is_hidden("#panel")


def test_focus_is_visible_wherever_it_stands(visit: Any, story: ViewGraph):
    view = visit(story, "#node=" + quote(sample.BASE + "talks", safe=""))
    seen = set()
    for _ in range(60):
        view.page.keyboard.press("Tab")
        name, width = view.page.evaluate(
            """() => {
                const at = document.activeElement;
                const style = getComputedStyle(at);
                const width = style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth);
                return [at === document.body ? 'BODY' : at.id || at.className || at.tagName, width];
            }"""
        )
        if name not in {"BODY", "panel"}:
            assert width >= 1, name
        seen.add(name)
    assert {"search", "tab-network", "canvas", "zoom-in", "theme", "plain"} <= seen


def test_the_theme_button_switches_and_is_remembered(visit: Any, story: ViewGraph):
    view = visit(story)
    view.page.click("#theme")
    assert view.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 25, 29)"
    drawn = "(id) => onrecord.renderer.network.body.edges[id].options.color.color"
    assert view.page.evaluate(drawn, statement(1)) == "#6cb4ff"
    view.page.reload()
    view.settle()
    view.requests.pop()
    assert view.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 25, 29)"
    assert view.page.get_attribute("#theme", "aria-pressed") == "true"
    view.page.click("#theme")
    assert view.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_paper_gets_the_picture_the_legend_and_all_rows(visit: Any, story: ViewGraph):
    view = visit(story, color_scheme="dark")
    assert len(view.page.pdf()) > 20_000
    assert view.page.locator("#printed canvas").count() == 1
    assert view.page.locator("#body tr").count() == 80
    assert view.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 25, 29)"
    view.page.emulate_media(media="print")
    assert view.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert view.page.is_visible("#legend svg")
    assert view.page.is_hidden("#canvas")


def test_the_table_lists_what_the_filters_let_through(visit: Any, story: ViewGraph):
    view = visit(story, "#tab=table&status=denied")
    wanted = sum(edge.status == "denied" for edge in story.edges)
    assert view.page.locator("#body tr").count() == wanted


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
@pytest.mark.parametrize("state", ["", "#node=talks", "#edge", "#tab=table", "help"])
def test_axe_finds_nothing_serious(visit: Any, bridge_view: ViewGraph, scheme: str, size: tuple[int, int], state: str):
    edge = next(edge for edge in bridge_view.edges if edge.disputes and edge.passages)
    address = {
        "#node=talks": "#node=" + quote(edge.source, safe="") + "&hops=2&around=" + quote(edge.source, safe=""),
        "#edge": "#edge=" + quote(edge.iri, safe=""),
    }.get(state, state if state.startswith("#") else "")
    view = visit(bridge_view, address, color_scheme=scheme, viewport={"width": size[0], "height": size[1]})
    if state == "#edge":
        view.page.click("#passage summary")
    if state == "help":
        view.page.keyboard.press("?")
    if size[0] < 500 and not state:
        view.page.click("#legend > summary")
    found = Axe().run(view.page)
    bad = [
        (each["id"], each["impact"], [node["html"][:120] for node in each["nodes"]])
        for each in found.response["violations"]
        if each["impact"] in {"serious", "critical"}
    ]
    assert bad == []
    assert view.page.evaluate("document.documentElement.scrollWidth") <= size[0]
