"""Owns the tests of the page's own drawing of big graphs, by mouse and by keyboard, from disk, without a network."""

from __future__ import annotations

import itertools
import random
from typing import Any
from xml.etree import ElementTree

import pytest

import view_sample as sample
from onrecord.view.model import ViewEdge, ViewGraph, ViewNode
from onrecord.view.network import CANVAS_FROM, Network, network

pytestmark = pytest.mark.browser
BASE = "https://example.org/many/"
HOSTILE = '"></script><script>window.ran=1</script><img src=x onerror=window.ran=2>\u2028{{7*7}}&'


@pytest.fixture(scope="module")
def many() -> Network:
    """Just enough nodes for the page's own drawing: sixteen blocks, names of their own, a hostile one among them."""
    draw = random.Random(4)
    nodes = tuple(
        ViewNode(f"{BASE}n{at:04}", HOSTILE if at == 7 else f"Person {at}", "entity", BASE + "person", "person",
                 ("person", "event", "state")[at % 3], ("Seventeen",) if at == 17 else ())
        for at in range(CANVAS_FROM)
    )  # fmt: skip
    edges = []
    for at in range(4000):
        a = draw.randrange(len(nodes))
        near = a % 16 + 16 * draw.randrange(len(nodes) // 16)
        b = near if draw.random() < 0.85 else draw.randrange(len(nodes))
        status = ("stated", "denied", "expected")[at % 3]
        edges.append(
            ViewEdge(f"{BASE}s{at:04}", nodes[a].iri, nodes[b].iri, "meets", BASE + "meets", "statement", status,
                     asserting=status == "stated", quotes=(f"the words of {at}",), source_title="Register")
        )  # fmt: skip
    net = network(ViewGraph("Many", "", nodes, tuple(edges)))
    assert net.renderer == "canvas"
    return net


@pytest.fixture(scope="module")
def harbour() -> Network:
    net = network(sample.harbour())
    net.renderer = "canvas"
    return net


def settle(view: Any) -> None:
    """Waits until the picture is whole; animations have ended by then."""
    view.page.wait_for_timeout(450)
    for _ in range(200):
        if view.page.evaluate("onrecord.renderer.settled()"):
            return
        view.page.wait_for_timeout(50)
    raise AssertionError("the picture never came to rest")


def groups(view: Any) -> list[dict[str, Any]]:
    return view.page.evaluate("onrecord.renderer.groups()")


def click(view: Any, point: dict[str, float]) -> None:
    view.page.mouse.click(point["x"], point["y"])
    settle(view)


def on_page(view: Any, spot: dict[str, Any]) -> dict[str, float]:
    box = view.page.query_selector("#canvas").bounding_box()
    return {"x": box["x"] + spot["x"], "y": box["y"] + spot["y"]}


def drawn(view: Any) -> int:
    """How many nodes are drawn."""
    return view.page.evaluate("onrecord.renderer.positions().x.filter((x) => !Number.isNaN(x)).length")


def everything(view: Any) -> None:
    view.page.click(".groups button:has-text('Everything')")
    settle(view)


def test_a_big_graph_opens_on_its_communities_and_a_click_shows_who_is_in_one(show: Any, many: Network):
    view = show(many.generate_html())
    settle(view)
    found = groups(view)
    assert 8 <= len(found) <= 40
    assert sum(group["count"] for group in found) == CANVAS_FROM
    click(view, on_page(view, found[0]))
    assert drawn(view) == found[0]["count"]
    assert f"Only the group of {found[0]['name']}" in view.page.inner_text(".groups")
    view.page.click(".groups button:has-text('Groups')")
    settle(view)
    assert len(groups(view)) == len(found)
    everything(view)
    assert groups(view) == []
    assert drawn(view) == CANVAS_FROM


def test_communities_by_keyboard(show: Any, many: Network):
    view = show(many.generate_html())
    settle(view)
    view.page.focus("#canvas canvas")
    view.page.keyboard.press("ArrowRight")
    settle(view)
    first = view.page.inner_text("#said")
    assert first.startswith("Group of ")
    view.page.keyboard.press("ArrowRight")
    settle(view)
    second = view.page.inner_text("#said")
    assert second.startswith("Group of ")
    assert second != first
    view.page.keyboard.press("Enter")
    settle(view)
    assert 1 < drawn(view) < CANVAS_FROM
    view.page.keyboard.press("Escape")
    settle(view)
    assert len(groups(view)) > 2


def test_a_click_on_a_node_and_on_an_edge_opens_the_panel(show: Any, many: Network):
    view = show(many.generate_html())
    settle(view)
    everything(view)
    for _ in range(12):
        view.page.mouse.move(800, 450)
        view.page.mouse.wheel(0, -240)
    settle(view)
    node = view.labels()[0]["id"]
    click(view, view.point_of_node(node))
    assert view.page.inner_text("#panel h2") == view.page.evaluate(
        "(id) => onrecord.record.thing(onrecord.record.nodeAt(id)).name", node
    )
    view.page.keyboard.press("Escape")
    settle(view)
    edge = many.edges[1234]["id"]
    view.page.evaluate("(id) => onrecord.choose({ kind: 'edge', id })", edge)
    settle(view)
    words = view.page.inner_text("#quote")
    # While it stands out, the edge is what a click on its line finds.
    view.page.click("#panel .close")
    settle(view)
    click(view, view.point_of_node(many.edges[1234]["from"]))
    click(view, view.point_on_edge(edge))
    assert view.page.inner_text("#quote") == words


def test_a_name_that_is_searched_is_brought_into_sight(show: Any, many: Network):
    view = show(many.generate_html())
    settle(view)
    view.page.fill("#search", "seventeen")
    view.page.keyboard.press("Enter")
    settle(view)
    assert view.page.inner_text("#panel h2") == "Person 17"
    point = view.point_of_node(f"{BASE}n0017")
    box = view.page.query_selector("#canvas").bounding_box()
    assert box["x"] < point["x"] < box["x"] + box["width"]
    assert box["y"] < point["y"] < box["y"] + box["height"]
    assert f"{BASE}n0017" in {label["id"] for label in view.labels()}


def test_the_address_opens_a_statement_of_a_big_graph(show: Any, many: Network):
    view = show(many.generate_html(), f"#edge={BASE}s1234")
    settle(view)
    assert "the words of 1234" in view.panel()


def test_the_address_keeps_what_is_open_and_the_back_button_leads_back(show: Any, many: Network):
    view = show(many.generate_html())
    settle(view)
    first = groups(view)[0]
    click(view, on_page(view, first))
    inside = view.page.evaluate("location.hash")
    assert inside.startswith("#open=https%3A%2F%2Fexample.org%2Fmany%2Fn")
    everything(view)
    assert view.page.evaluate("location.hash") == "#open=everything"
    view.page.go_back()
    settle(view)
    assert drawn(view) == first["count"]
    assert view.page.get_attribute(".groups button:has-text('Everything')", "aria-pressed") == "false"
    view.page.go_back()
    settle(view)
    assert len(groups(view)) > 2
    view.page.go_forward()
    settle(view)
    assert drawn(view) == first["count"]
    again = show(many.generate_html(), inside)
    settle(again)
    assert drawn(again) == first["count"]


def test_a_community_and_a_name_in_it_are_one_step_back(show: Any, many: Network):
    view = show(many.generate_html(), f"#node={BASE}n0100")
    settle(view)
    before = view.page.evaluate("history.length")
    view.page.click(".groups button:has-text('Everything')")
    view.page.click(".groups button:has-text('Groups')")
    settle(view)
    assert view.page.evaluate("history.length") == before + 2
    assert view.page.evaluate("location.hash") == ""


def test_a_filter_takes_effect_in_groups_and_in_everything(show: Any, many: Network):
    view = show(many.generate_html())
    settle(view)
    view.page.click("label:has(input[data-shape=event])")
    settle(view)
    events = sum(node["group"] == "event" for node in many.nodes)
    assert 0 < drawn(view) <= CANVAS_FROM - events
    assert len(view.shown()) < 4000
    before = drawn(view)
    view.page.click("label:has(input[data-line=denied])")
    settle(view)
    assert len(view.shown()) < 2000
    view.page.click("#reset")
    settle(view)
    assert len(view.shown()) == 4000
    assert drawn(view) > before


def test_no_name_covers_another(show: Any, many: Network):
    view = show(many.generate_html())
    settle(view)
    everything(view)
    for step in range(3):
        labels = view.labels()
        assert len(labels) > 15
        for a, b in itertools.combinations(labels, 2):
            apart = (
                a["left"] >= b["right"] or b["left"] >= a["right"] or a["top"] >= b["bottom"] or b["top"] >= a["bottom"]
            )
            assert apart, (step, a, b)
        view.page.mouse.move(800, 450)
        view.page.mouse.wheel(0, -400)
        settle(view)


def test_dragging_and_the_wheel_move_the_view(show: Any, many: Network):
    view = show(many.generate_html())
    settle(view)
    everything(view)
    node = f"{BASE}n0100"
    start = view.point_of_node(node)
    view.page.mouse.move(700, 400)
    view.page.mouse.down()
    view.page.mouse.move(760, 430, steps=6)
    view.page.mouse.up()
    settle(view)
    moved = view.point_of_node(node)
    assert (round(moved["x"] - start["x"]), round(moved["y"] - start["y"])) == (60, 30)
    scale = view.page.evaluate("onrecord.renderer.scale()")
    view.page.mouse.wheel(0, -300)
    settle(view)
    assert view.page.evaluate("onrecord.renderer.scale()") > scale * 1.2
    assert view.page.query_selector("#panel").is_hidden()


def test_each_of_several_statements_between_two_can_be_picked(show: Any, harbour: Network):
    view = show(harbour.generate_html())
    settle(view)
    between = {}
    for edge in harbour.edges:
        between.setdefault(frozenset((edge["from"], edge["to"])), []).append(edge["id"])
    ends, several = next((ends, ids) for ends, ids in between.items() if len(ids) == 3)
    view.page.evaluate(
        """(ids) => {
            onrecord.renderer.fit({ nodes: ids.map(onrecord.record.nodeAt) });
            onrecord.renderer.zoomBy(3);
        }""",
        sorted(ends),
    )
    settle(view)
    for wanted in several:
        click(view, view.point_on_edge(wanted))
        assert wanted.rsplit("/", 1)[1] in view.page.evaluate("location.hash")
        view.page.keyboard.press("Escape")
        settle(view)


def test_columns_lose_no_word_that_rows_have(show: Any, harbour: Network):
    texts = []
    for net in (network(sample.harbour()), harbour):
        view = show(net.generate_html(), "#tab=table")
        texts.append(view.page.inner_text("#body"))
        view.page.goto(view.page.url.split("#")[0] + f"#edge={sample.BASE}statement/11")
        view.settle()
        texts[-1] += view.panel()
    assert texts[0] == texts[1]
    assert "Kestria is expected to send six people" in texts[0]


def test_hostile_words_do_nothing_and_an_svg_holds_them_as_text(show: Any, many: Network):
    view = show(many.generate_html(), f"#node={BASE}n0007")
    settle(view)
    assert view.page.evaluate("window.ran") is None
    assert view.page.inner_text("#panel h2").startswith('"></script>')
    text = view.page.evaluate("onrecord.renderer.svg()")
    root = ElementTree.fromstring(text)
    assert any((part.text or "").startswith('"></script>') for part in root.iter())
    assert not [part for part in root.iter() if part.tag.endswith("}script") or part.tag.endswith("}img")]


def test_an_svg_of_everything_has_every_node(show: Any, harbour: Network):
    view = show(harbour.generate_html())
    settle(view)
    words = " ".join(ElementTree.fromstring(view.page.evaluate("onrecord.renderer.svg()")).itertext())
    missing = [node["label"] for node in harbour.nodes if node["label"].split("\n")[0] not in words]
    assert len(missing) <= 4


def test_a_picture_is_drawn_at_once(show: Any, many: Network):
    view = show(many.generate_html())
    settle(view)
    everything(view)
    shades = view.page.evaluate(
        """() => {
            const canvas = onrecord.renderer.picture({ scale: 1 });
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.buffer)).size;
        }"""
    )
    assert shades > 100
