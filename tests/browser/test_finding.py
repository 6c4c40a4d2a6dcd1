"""Owns the tests of finding: search, filters, the two clocks, neighbourhoods, paths, the address."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import quote

import networkx as nx
import pytest

import view_sample as sample
from onrecord.analyse import to_view
from onrecord.lens import Lens
from onrecord.view.model import ViewGraph

pytestmark = pytest.mark.browser


def statement(number: int | str) -> str:
    return f"{sample.BASE}statement/{number}"


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
    view.page.click("#choices summary")
    view.page.select_option("#source", "Westport Wire, Who pays for the dredging of the Grey Estuary, 2031-04-05")
    assert statement(1) not in view.shown()
    assert statement(7) in view.shown()


def test_filters_that_leave_nothing_say_so(visit: Any, story: ViewGraph):
    view = visit(story)
    for box in view.page.query_selector_all("#legend input[data-line], #legend input[data-shape]"):
        box.uncheck()
    assert view.page.inner_text("#empty") == "Nothing is left by these filters."
    view.page.click("#reset")
    assert view.page.is_hidden("#empty")


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


@pytest.mark.parametrize(
    ("name", "value", "keeps"),
    [
        ("property", "participates in", lambda edge: edge.label == "participates in"),
        ("put-as", "denied", lambda edge: edge.status == "denied"),
        ("speaker", "Nell Ferris", lambda edge: edge.said_by == ("Nell Ferris",)),
        ("speaker", "the source itself", lambda edge: not edge.said_by),
    ],
)
def test_each_choice_keeps_its_statements(visit: Any, story: ViewGraph, name: str, value: str, keeps: Any):
    view = visit(story)
    view.page.click("#choices summary")
    view.page.select_option(f"#{name}", value)
    wanted = {edge.iri for edge in story.edges if edge.kind == "statement" and keeps(edge)}
    assert {edge for edge in view.shown() if "statement" in edge} == wanted
    assert value in view.page.inner_text("#chips")
    state = view.page.evaluate("location.hash")
    view.page.click("#chips button")
    assert len(view.shown()) == 84
    assert {edge for edge in visit(story, state).shown() if "statement" in edge} == wanted


def test_a_choice_of_type_looks_at_both_ends(visit: Any, story: ViewGraph):
    view = visit(story)
    view.page.click("#choices summary")
    view.page.select_option("#type", "company")
    companies = {node.iri for node in story.nodes if node.type_label == "company"}
    wanted = {edge.iri for edge in story.edges if edge.kind == "statement" and {edge.source, edge.target} & companies}
    assert {edge for edge in view.shown() if "statement" in edge} == wanted


def test_only_what_is_backed_or_disputed(visit: Any, bridge_view: ViewGraph):
    view = visit(bridge_view)
    view.page.check("#only-disputed")
    assert statements_of(view.shown(), bridge_view) == {edge.iri for edge in bridge_view.edges if edge.disputes}
    view.page.uncheck("#only-disputed")
    view.page.check("#only-backed")
    assert statements_of(view.shown(), bridge_view) == {edge.iri for edge in bridge_view.edges if edge.articles > 1}


def statements_of(shown: set[str], graph: ViewGraph) -> set[str]:
    return shown & {edge.iri for edge in graph.edges if edge.kind == "statement"}


def through(bridge: Any, lens: Lens) -> set[str]:
    return {edge.iri for edge in to_view(bridge._sound, lens).edges if edge.kind == "statement"}


def test_the_clock_of_the_record_shows_what_the_lens_lets_through(visit: Any, bridge: Any, bridge_view: ViewGraph):
    view = visit(bridge_view)
    view.page.focus("#by")
    view.page.keyboard.press("Home")
    days = sorted({edge.recorded for edge in bridge_view.edges if edge.recorded})
    for day in days[:-1]:
        assert view.page.inner_text("#clock-recorded output") == day
        assert statements_of(view.shown(), bridge_view) == through(bridge, Lens(as_of=dt.date.fromisoformat(day)))
        view.page.keyboard.press("ArrowRight")
    assert view.page.inner_text("#clock-recorded output") == f"{days[-1]}: everything"
    view.settle()
    assert "by=" not in view.page.evaluate("location.hash")


def test_the_clock_of_the_world_shows_what_the_lens_lets_through(visit: Any, bridge: Any, bridge_view: ViewGraph):
    view = visit(bridge_view)
    last = int(view.page.get_attribute("#at", "max"))
    move = """(at) => {
        const field = document.getElementById('at');
        field.value = at;
        field.dispatchEvent(new Event('input'));
    }"""
    seen = set()
    for possibly in (False, True):
        view.page.set_checked("#possibly", possibly)
        for at in sorted({1, 2, last // 2, last - 1, last}):
            view.page.evaluate(move, at)
            day = view.page.inner_text("#clock-valid output")
            lens = Lens(valid_at=dt.date.fromisoformat(day), possibly=possibly)
            assert statements_of(view.shown(), bridge_view) == through(bridge, lens), (day, possibly)
            seen.add(len(view.shown()))
    assert len(seen) > 3


def test_a_clock_plays_and_stops_at_the_end(visit: Any, bridge_view: ViewGraph):
    view = visit(bridge_view)
    view.page.focus("#clock-recorded button")
    view.page.keyboard.press("Enter")
    assert view.page.get_attribute("#clock-recorded button", "aria-pressed") == "true"
    assert view.page.input_value("#by") == "0"
    view.page.wait_for_timeout(3200)
    assert view.page.get_attribute("#clock-recorded button", "aria-pressed") == "false"
    assert view.page.input_value("#by") == view.page.get_attribute("#by", "max")


def all_in_sight(view: Any) -> dict[str, float]:
    """What is in sight once a movement has ended."""
    for _ in range(40):
        found = view.page.evaluate("onrecord.renderer.sight()")
        if found["seen"] == found["shown"]:
            break
        view.page.wait_for_timeout(100)
    return found


def test_after_a_filter_the_view_is_fitted_to_what_is_left_or_offers_it(visit: Any, story: ViewGraph):
    view = visit(story)
    assert view.page.is_hidden("#refit")
    view.page.evaluate("onrecord.renderer.zoomBy(4)")
    view.page.uncheck("input[data-line=denied]")
    view.settle()
    before = view.page.evaluate("onrecord.renderer.sight()")
    assert 0 < before["seen"] < before["shown"] / 2
    view.page.click("#refit")
    assert view.page.is_hidden("#refit")
    after = all_in_sight(view)
    assert after["seen"] == after["shown"] == before["shown"]
    view.page.evaluate("onrecord.renderer.panBy(9000, 0)")
    view.page.uncheck("input[data-line=fact]")
    left = all_in_sight(view)
    assert left["seen"] == left["shown"] > 0


def web(graph: ViewGraph) -> nx.Graph:
    return nx.Graph((edge.source, edge.target) for edge in graph.edges)


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_a_neighbourhood_hides_the_rest_and_moves_nothing(visit: Any, story: ViewGraph, hops: int):
    node = sample.BASE + "costa"
    view = visit(story, "#node=" + quote(node, safe=""))
    before = view.page.evaluate("Array.from(onrecord.renderer.positions().x)")
    view.page.click(f"#panel .steps button:has-text('{hops}')")
    assert set(view.page.evaluate("onrecord.visible()")) == set(nx.ego_graph(web(story), node, hops))
    assert view.page.evaluate("Array.from(onrecord.renderer.positions().x)") == before
    assert f"hops={hops}" in view.page.evaluate("location.hash")
    view.page.click("#chips button")
    assert len(view.page.evaluate("onrecord.visible()")) == len(story.nodes)


def test_a_path_is_the_shortest_and_keeps_to_what_is_shown(visit: Any, story: ViewGraph):
    start, end = sample.BASE + "varga", sample.BASE + "silt"
    view = visit(story, "#node=" + quote(start, safe=""))
    view.page.click("#path-from")
    assert "Path from Petra Varga" in view.page.inner_text("#asking")
    view.page.keyboard.type("Contaminated")
    view.page.keyboard.press("Enter")
    length = nx.shortest_path_length(web(story), start, end)
    assert f"{length} steps" in view.panel()
    assert view.page.locator("#panel h3").count() == length
    assert view.page.locator("#panel h3").first.inner_text().startswith("Petra Varga →")
    assert view.page.locator("#panel h3").last.inner_text().endswith("→ Contaminated silt")
    state = view.page.evaluate("location.hash")
    assert visit(story, state).panel() == view.panel()
    view.page.click("#panel .statements button")
    assert view.page.is_visible("#quote")
    view.page.go_back()
    assert view.page.locator("#panel h3").count() == length


def test_a_path_is_picked_with_the_mouse_and_can_be_given_up(visit: Any, story: ViewGraph):
    view = visit(story, "#node=" + quote(sample.BASE + "hale", safe=""))
    view.page.click("#path-from")
    view.page.click("#stop-asking")
    assert view.page.is_hidden("#asking")
    view.page.click("#path-from")
    view.page.mouse.click(**view.point_of_node(sample.BASE + "talks"))
    assert view.page.inner_text("#panel h2") == "Thomas Hale → Aster harbour talks"


def test_the_back_button_goes_back_through_what_was_selected(visit: Any, story: ViewGraph):
    view = visit(story)
    for name in ("hale", "varga"):
        view.page.evaluate("(id) => onrecord.choose({ kind: 'node', id })", sample.BASE + name)
    assert view.page.inner_text("#panel h2") == "Petra Varga"
    view.page.go_back()
    assert view.page.inner_text("#panel h2") == "Thomas Hale"
    view.page.go_back()
    assert view.page.is_hidden("#panel")
    view.page.go_forward()
    assert view.page.inner_text("#panel h2") == "Thomas Hale"
