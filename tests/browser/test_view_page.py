"""Owns the tests of a view in a real browser, opened from disk, with the network unplugged.

Needs Chromium: skipped without it, unless CI is set; then it fails.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from onrecord.view.model import ViewEdge, ViewGraph, ViewNode
from onrecord.view.network import network

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser

_spec = importlib.util.spec_from_file_location("view_sample", Path(__file__).parent.with_name("view_sample.py"))
assert _spec is not None
assert _spec.loader is not None
sample = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sample)

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

HOSTILE = (
    "<script>window.ran=1</script>",
    "</script><script>window.ran=2</script>",
    "<img src=x onerror=window.ran=3>",
    "javascript:window.ran=4",
    '"><svg onload=window.ran=5>',
    "{{constructor.constructor('window.ran=6')()}}",
    "]]><!--<script>window.ran=7</script>-->\u2028window.ran=8",
)


@dataclass
class Opened:
    """A page, with whatever it said or asked for."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def labels(self) -> list[dict[str, Any]]:
        return self.page.evaluate("onrecord.labels()")

    def shown(self) -> set[str]:
        return set(self.page.evaluate("onrecord.shown()"))

    def panel(self) -> str:
        return self.page.inner_text("#panel")

    def settle(self) -> None:
        self.page.wait_for_timeout(450)

    def point_on_edge(self, edge_id: str) -> dict[str, float]:
        """Where on the screen an edge runs, a third of its way along."""
        return self.page.evaluate("(id) => onrecord.pointOf('edge', id)", edge_id)

    def point_of_node(self, node_id: str) -> dict[str, float]:
        return self.page.evaluate("(id) => onrecord.pointOf('node', id)", node_id)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed: apt-get install chromium")
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Opens a graph's page from disk; afterwards nothing may have failed and nothing been asked for."""
    opened: list[Opened] = []
    contexts = []

    def go(graph: ViewGraph, state: str = "", **options: Any) -> Opened:
        options.setdefault("viewport", {"width": 1440, "height": 900})
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        result = Opened(page)
        opened.append(result)
        context.on("request", lambda request: result.requests.append(request.url))
        context.route(lambda url: not url.startswith("file:"), lambda route: route.abort())
        page.on("console", lambda message: result.errors.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: result.errors.append(str(error)))
        page.on("dialog", lambda dialog: (result.errors.append("dialog"), dialog.dismiss()))
        target = tmp_path / f"page{len(opened)}.html"
        target.write_text(network(graph).generate_html(), encoding="utf-8")
        page.goto(target.as_uri() + state)
        for _ in range(100):  # wait_for_function needs eval, which the page's policy forbids
            if page.evaluate("Boolean(window.onrecord)") or result.errors:
                break
            page.wait_for_timeout(100)
        result.settle()
        return result

    yield go
    for result in opened:
        assert result.errors == []
        assert [url for url in result.requests if not url.startswith("file:")] == []
        assert len(result.requests) == 1
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def story() -> ViewGraph:
    return sample.harbour()


def statement(number: int | str) -> str:
    return f"{sample.BASE}statement/{number}"


def test_a_click_on_an_edge_leads_to_the_quote(visit: Any, story: ViewGraph):
    view = visit(story)
    view.page.mouse.click(**view.point_on_edge(statement(1)))
    view.settle()
    assert view.page.inner_text("#quote") == "“is expected to lead the Kestrian side”"
    assert view.page.inner_text("#status") == "expected"
    assert "Ida Lind — participates in — Aster harbour talks" in view.panel()
    view.page.keyboard.press("Escape")
    assert view.page.is_hidden("#panel")


def test_the_panel_shows_all_that_is_on_record(visit: Any, story: ViewGraph):
    text = visit(story, "#edge=" + quote(statement(11), safe="")).panel()
    for words in (
        "Kestria is expected to send six people", "quote verified", "via Westport Wire", "2031-04-01",
        "Talks on the harbour to open in Aster", "“reportedly”", "if the strike ends",
        "2031-04-04/2031-04-05 (“on Friday and Saturday”)", "Kestrian Ministry of Ports", "a ministry note",
        "paragraph 4", "did not comment", "statements/aster-gazette.yaml:54",
    ):  # fmt: skip
        assert words in text


def test_parallel_statements_are_listed_and_lead_to_each_other(visit: Any, story: ViewGraph):
    view = visit(story, "#edge=" + quote(statement(39), safe=""))
    assert "asserted as fact" in view.panel()
    assert "One more statement between these two" in view.panel()
    view.page.click("#panel .statements button")
    assert view.page.inner_text("#status") == "denied"
    assert "there is no contaminated silt" in view.page.inner_text("#quote")
    assert "Ruth Meyer" in view.panel()


def test_negation_is_told_from_denial(visit: Any, story: ViewGraph):
    view = visit(story, "#edge=" + quote(statement("not"), safe=""))
    assert view.page.inner_text("#status") == "not so"
    assert "Olaf Brandt — not: participates in — Aster harbour talks" in view.panel()


def test_a_quote_that_was_not_looked_up_says_so(visit: Any, story: ViewGraph):
    (number,) = [e.iri for e in story.edges if e.quotes == ("Mr Costa, chairman of the Board",)]
    assert "not at hand" in visit(story, "#edge=" + quote(number, safe="")).panel()


def test_a_click_on_a_node_or_its_label_lists_its_statements(visit: Any, story: ViewGraph):
    view = visit(story)
    view.page.mouse.click(**view.point_of_node(sample.BASE + "talks"))
    view.settle()
    assert "Also called\nAster talks, harbour round" in view.panel().replace("\t", "\n")
    assert "participates in ← (6)" in view.panel()
    view.page.keyboard.press("Escape")
    view.settle()
    (label,) = [box for box in view.labels() if box["id"] == sample.BASE + "hale"]
    at = {"x": (label["left"] + label["right"]) / 2, "y": (label["top"] + label["bottom"]) / 2}
    frame = view.page.locator("#canvas").bounding_box()
    view.page.mouse.click(frame["x"] + at["x"], frame["y"] + at["y"])
    assert view.page.inner_text("#panel h2") == "Thomas Hale"


def test_every_label_is_shown_and_none_covers_another(visit: Any, story: ViewGraph):
    view = visit(story)
    labels = view.labels()
    assert len(labels) == sum(node.kind == "entity" for node in story.nodes) == 40
    for a, b in itertools.combinations(labels, 2):
        apart = a["right"] <= b["left"] or b["right"] <= a["left"] or a["bottom"] <= b["top"] or b["bottom"] <= a["top"]
        assert apart, (a["id"], b["id"])
    assert view.page.evaluate("onrecord.renderer.scale()") > 0.85


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


def test_search_finds_names_and_aliases_with_the_keyboard(visit: Any, story: ViewGraph):
    view = visit(story)
    view.page.keyboard.press("/")
    view.page.keyboard.type("harbour round")
    assert view.page.get_attribute("#search", "aria-expanded") == "true"
    assert "“harbour round”" in view.page.inner_text("#found li[aria-selected=true]")
    view.page.keyboard.press("Enter")
    assert view.page.inner_text("#panel h2") == "Aster harbour talks"
    assert "node=" in view.page.evaluate("location.hash")
    view.page.keyboard.press("/")
    view.page.keyboard.type("costà")
    view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("Enter")
    assert view.page.inner_text("#panel h2") == "Joao Costa"


def test_the_legend_is_the_filter(visit: Any, story: ViewGraph):
    view = visit(story)
    everything = view.shown()
    assert len(everything) == 84
    view.page.uncheck("input[data-line=denied]")
    assert statement(5) not in view.shown()
    assert view.page.inner_text("#shown") == "74 of 80 statements shown"
    view.page.uncheck("input[data-shape=person]")
    assert statement(1) not in view.shown()
    view.page.click("#reset")
    assert view.shown() == everything
    view.page.select_option("#source", label="Westport Wire, Who pays for the dredging of the Grey Estuary, 2031-04-05")
    assert statement(1) not in view.shown()
    assert statement(7) in view.shown()


def test_filters_that_leave_nothing_say_so(visit: Any, story: ViewGraph):
    view = visit(story)
    for box in view.page.query_selector_all("#legend input"):
        box.uncheck()
    assert view.page.inner_text("#empty") == "Nothing is left by these filters."
    view.page.click("#reset")
    assert view.page.is_hidden("#empty")


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


def test_the_address_keeps_the_state(visit: Any, story: ViewGraph):
    view = visit(story)
    view.page.uncheck("input[data-line=claimed]")
    view.page.click("#tab-table")
    view.page.fill("#words", "silt")
    view.page.click("#body button")
    state, panel, shown = view.page.evaluate("location.hash"), view.panel(), view.shown()
    again = visit(story, state)
    assert again.page.is_visible("#table")
    assert (again.panel(), again.shown()) == (panel, shown)
    assert again.page.input_value("#words") == "silt"
    assert visit(story, "#edge=nowhere&off=nothing&source=none").page.is_hidden("#panel")


def test_links_lead_out_only_by_http(visit: Any, story: ViewGraph):
    view = visit(story, "#edge=" + quote(statement(1), safe=""))
    assert view.page.get_attribute("#panel a", "href") == "https://news.example/aster/talks"
    assert view.page.get_attribute("#panel a", "rel") == "noopener noreferrer"


def test_hostile_text_runs_nothing(visit: Any):
    nodes = [
        ViewNode(f"http://x.example/{bad}", bad, "entity", "javascript:window.ran=9", bad, "person", (bad,), bad)
        for bad in HOSTILE
    ]
    edges = [
        ViewEdge(
            f"{a.iri}{b.iri}", a.iri, b.iri, a.label, "javascript:window.ran=10", "statement", "stated",
            quotes=(a.label,),
            translation=a.label, said_by=(a.label,), via=(a.label,), hedge=a.label, condition=a.label, when=a.label,
            qualifiers=((a.label, b.label),), note=a.label, source_title=a.label, source_publisher=a.label,
            source_published=a.label, source_url="javascript:window.ran=11", file=a.label, line=1, origin=(a.label,),
        )
        for a, b in itertools.pairwise(nodes)
    ]  # fmt: skip
    edges.append(
        ViewEdge("s", nodes[0].iri, nodes[1].iri, "x", "p", "statement", source_title="t",
                 source_url="data:text/html,<script>window.ran=12</script>")
    )  # fmt: skip
    view = visit(ViewGraph(HOSTILE[1], HOSTILE[2], tuple(nodes), tuple(edges), language='en" onload="window.ran=13'))
    for edge in edges:
        view.page.evaluate("(id) => onrecord.choose({ kind: 'edge', id })", edge.iri)
        assert view.page.locator("#panel a").count() == 0
    for node in nodes:
        view.page.evaluate("(id) => onrecord.choose({ kind: 'node', id })", node.iri)
        assert node.label.split("\u2028")[0] in view.panel()
        assert view.page.locator("#panel a[href^='javascript']").count() == 0
    view.page.click("#tab-table")
    view.page.fill("#words", "script")
    view.page.fill("#search", "<")
    view.page.mouse.move(700, 400)
    view.settle()
    assert view.page.locator("#panel img, #panel svg[onload], #body img, #found img").count() == 0
    assert view.page.evaluate("window.ran") is None


def test_the_policy_stops_what_would_run_or_load(visit: Any, story: ViewGraph):
    view = visit(story)
    failures: list[str] = []
    view.page.on("requestfailed", lambda request: failures.append(request.failure))
    view.page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.ran = 1';
            document.body.append(script);
            const image = new Image();
            image.src = 'https://x.example/pixel';
            document.body.append(image);
        }"""
    )
    view.settle()
    assert view.page.evaluate("window.ran") is None
    assert len(view.errors) == 2
    assert all("Content Security Policy" in error for error in view.errors)
    assert failures == ["csp"]
    view.errors.clear()
    view.requests.remove("https://x.example/pixel")  # Playwright lists it though the policy stopped it


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


def test_a_phone_shows_network_and_panel_without_sideways_scrolling(visit: Any, story: ViewGraph):
    view = visit(story, "#edge=" + quote(statement(1), safe=""), viewport={"width": 390, "height": 844})
    assert view.page.evaluate("document.documentElement.scrollWidth") <= 390
    canvas, panel = (view.page.locator(part).bounding_box() for part in ("#canvas", "#panel"))
    assert canvas["height"] > 200
    assert panel["y"] >= canvas["y"] + canvas["height"] - 1


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
