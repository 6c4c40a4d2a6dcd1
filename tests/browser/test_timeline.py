"""Owns the tests of the timeline in a real browser: two clocks, lanes, the axis, filters, keys, other people's eyes."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

import view_sample as sample
from onrecord.lens import Lens
from onrecord.view.backing import to_page
from onrecord.view.model import ViewEdge, ViewGraph, ViewNode
from onrecord.view.pages import timeline_page
from onrecord.view.timeline import render_timeline

pytestmark = pytest.mark.browser

HOSTILE = "</script><script>window.ran=1</script><img src=x onerror=window.ran=2>"


@pytest.fixture(scope="module")
def bridge_timeline(bridge: Any) -> str:
    return timeline_page(bridge._sound, Lens())


def row(view: Any, words: str) -> Any:
    return view.page.locator(f"li.row:has-text('{words}')").first


def box(view: Any, words: str, mark: str) -> dict[str, float]:
    return row(view, words).locator(f".bar .{mark}").first.bounding_box()


def lanes(view: Any) -> list[str]:
    return view.page.locator("button.lane .title").all_inner_texts()


def shown(view: Any) -> list[str]:
    return view.page.evaluate("onrecord.shown()")


def test_a_click_on_a_row_leads_to_the_quote(show: Any, bridge_timeline: str):
    view = show(bridge_timeline)
    row(view, "Corvin Sool").click()
    assert view.page.inner_text("#quote") == "“Corvin Sool, who heads the firm”"
    assert "The Quillhaven Lantern" in view.panel()
    assert view.page.locator("button.name[aria-current=true]").count() == 1
    view.page.keyboard.press("Escape")
    assert view.page.is_hidden("#panel")


def test_both_clocks_stand_on_one_axis(show: Any, bridge_timeline: str):
    view = show(bridge_timeline, "#group=none")
    start, recorded = box(view, "repairs Gannet Bridge", "possible"), box(view, "repairs Gannet Bridge", "recorded")
    assert recorded["x"] < start["x"]  # on record on 12 April, to hold some time in May
    old, certain = (
        box(view, "Gannet Bridge open to lorries", "possible"),
        box(view, "Gannet Bridge open to lorries", "certain"),
    )
    assert old["x"] < certain["x"] < certain["x"] + certain["width"] < old["x"] + old["width"]


def test_a_bar_begins_below_its_day(show: Any, bridge_timeline: str):
    for size in ((1440, 900), (390, 844)):
        view = show(bridge_timeline, "#group=none", viewport={"width": size[0], "height": size[1]})
        day = view.page.locator("#days text", has_text="1 Jan").first.bounding_box()
        assert abs(day["x"] - box(view, "Gannet Bridge open to lorries", "possible")["x"]) < 5
        assert day["y"] + day["height"] < row(view, "Gannet Bridge").bounding_box()["y"]


def test_paper_has_the_whole_axis_beside_the_names(show: Any, bridge_timeline: str):
    view = show(bridge_timeline, "#group=none")
    view.page.emulate_media(media="print")
    view.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    day = view.page.locator("#days text", has_text="1 Jan").first.bounding_box()
    assert abs(day["x"] - box(view, "Gannet Bridge open to lorries", "possible")["x"]) < 5
    assert 600 < view.page.locator("#lanes").bounding_box()["width"] < 720  # a sheet of A4 without its margins
    view.page.emulate_media(media="screen")
    view.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert view.page.locator("#lanes").bounding_box()["width"] > 900


def test_an_old_date_does_not_squash_the_rest(show: Any, bridge_timeline: str):
    by_rank = show(bridge_timeline, "#group=none")
    to_scale = show(bridge_timeline, "#group=none&scale=days")
    words = "Bram Ostler chairs"
    assert box(by_rank, words, "certain")["width"] > 20
    assert box(to_scale, words, "certain")["width"] < 4


def test_lanes_close_and_open_by_click_and_by_key(show: Any, bridge_timeline: str):
    view = show(bridge_timeline)
    everything = view.page.evaluate("onrecord.stops()")
    view.page.locator("button.lane").first.click()
    assert view.page.evaluate("onrecord.stops()") == everything - 4
    assert view.page.locator(".summary .step").count() > 0
    view.page.keyboard.press("ArrowRight")
    assert view.page.evaluate("onrecord.stops()") == everything
    view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("ArrowLeft")
    view.page.keyboard.press("ArrowLeft")
    assert view.page.evaluate("onrecord.stops()") == everything - 4
    view.page.click("#fold")
    assert view.page.evaluate("onrecord.stops()") == len(lanes(view))


def test_a_keyboard_reaches_a_quote_and_comes_back(show: Any, bridge_timeline: str):
    view = show(bridge_timeline)
    view.page.keyboard.press("Tab")
    assert view.page.evaluate("document.activeElement.id") == "to-lanes"
    view.page.keyboard.press("Enter")
    for _ in range(3):
        view.page.keyboard.press("ArrowDown")
    chosen = view.page.evaluate("document.activeElement.dataset.edge")
    view.page.keyboard.press("Enter")
    assert view.page.is_visible("#quote")
    assert view.page.evaluate("document.activeElement.id") == "panel"
    view.page.keyboard.press("Escape")
    assert view.page.evaluate("document.activeElement.dataset.edge") == chosen
    view.page.keyboard.press("End")
    view.page.keyboard.press("Home")
    assert view.page.evaluate("document.activeElement.className") == "lane"


def test_lanes_go_by_event_class_status_source_and_speaker(show: Any, bridge_timeline: str):
    view = show(bridge_timeline)
    assert lanes(view)[:2] == ["council meeting of 9 April 2024", "Person"]
    for name, first in (
        ("class", "Person"), ("status", "On record as fact"), ("speaker", "The sources themselves"),
        ("source", "Quillhaven Town Council, Minutes of the meeting of 9 April 2024 (extract), 2024-04-10"),
        ("none", "All statements"),
    ):  # fmt: skip
        view.page.select_option("#group", name)
        assert lanes(view)[0] == first
        assert len(shown(view)) == 61


def test_filters_by_status_source_words_and_clock(show: Any, bridge_timeline: str):
    view = show(bridge_timeline)
    view.page.uncheck("input[data-line=denied]")
    assert len(shown(view)) == 54
    assert view.page.inner_text("#shown") == "54 of 61 statements shown"
    view.page.select_option("#source", label="Lomvifjell Rederi, Melding til passasjerene, 2024-04-15")
    assert len(shown(view)) == 6
    view.page.keyboard.press("Escape")
    view.page.locator("#words").fill("union demands")
    assert view.page.is_visible("#empty")
    view.page.click("#reset")
    assert len(shown(view)) == 61
    view.page.select_option("#clock", "holds")
    assert len(shown(view)) == 23
    assert view.page.locator("li.row .recorded").count() == 0
    view.page.select_option("#clock", "record")
    assert len(shown(view)) == 61
    assert view.page.locator("li.row .certain").count() == 0


def test_both_clocks_are_set_by_sliders_kept_in_the_address_and_played(show: Any, bridge: Any, bridge_timeline: str):
    view = show(bridge_timeline)
    assert view.page.inner_text("#clock-recorded output") == "2024-04-15: everything"
    view.page.focus("#by")
    view.page.keyboard.press("Home")
    view.settle()
    by = view.page.inner_text("#clock-recorded output")
    early = {edge.iri for edge in to_page(bridge._sound, Lens(as_of=date.fromisoformat(by))).edges} - {""}
    assert 0 < len(early) < 61
    assert set(shown(view)) == early
    assert view.page.locator(".grid .set.by").count() == 1
    assert view.page.evaluate("location.hash") == f"#by={by}"
    view.page.keyboard.press("End")
    view.page.focus("#at")
    view.page.keyboard.press("ArrowRight")
    view.settle()
    at = view.page.inner_text("#clock-valid output")
    state = view.page.evaluate("location.hash")
    assert state == f"#at={at}"
    certain = len(shown(view))
    view.page.check("#possibly")
    assert len(shown(view)) > certain
    again = show(bridge_timeline, state)
    assert len(shown(again)) == certain < 61
    again.page.click("#reset")
    assert len(shown(again)) == 61
    again.page.click("#clock-valid button")
    assert again.page.get_attribute("#clock-valid button", "aria-pressed") == "true"


def test_a_lane_without_a_row_left_goes_and_comes_back(show: Any, bridge_timeline: str):
    view = show(bridge_timeline, "#group=status")
    before = view.page.locator("button.lane:visible").count()
    rows = view.page.locator("li.row:visible").all_text_contents()
    view.page.uncheck("input[data-line=denied]")
    assert view.page.locator("button.lane:visible").count() == before - 1
    view.page.check("input[data-line=denied]")
    assert view.page.locator("button.lane:visible").count() == before
    assert view.page.locator("li.row:visible").all_text_contents() == rows


def test_the_address_keeps_the_state(show: Any, bridge_timeline: str):
    view = show(bridge_timeline)
    view.page.uncheck("input[data-line=fact]")
    view.page.select_option("#group", "source")
    view.page.select_option("#scale", "days")
    view.page.fill("#words", "drall")
    row(view, "Hesper Drall").click()
    state, panel = view.page.evaluate("location.hash"), view.panel()
    again = show(bridge_timeline, state)
    assert (shown(again), lanes(again), again.panel()) == (shown(view), lanes(view), panel)
    wrong = show(bridge_timeline, "#group=nothing&edge=nowhere&off=what&source=x")
    assert len(shown(wrong)) == 61
    assert wrong.page.is_hidden("#panel")


def test_a_node_of_the_panel_marks_its_rows(show: Any, bridge_timeline: str):
    view = show(bridge_timeline)
    row(view, "Corvin Sool").click()
    view.page.click("#panel h2 button >> nth=0")
    assert view.page.inner_text("#panel h2") == "Corvin Sool"
    assert view.page.locator("li.row.chosen").count() == 1


def test_days_are_written_without_covering_each_other(show: Any, bridge_timeline: str):
    for state in ("", "#scale=days"):
        for size in ((1440, 900), (700, 900), (390, 844)):
            view = show(bridge_timeline, state, viewport={"width": size[0], "height": size[1]})
            boxes = sorted(
                (found["x"], found["x"] + found["width"])
                for found in (
                    text.bounding_box() for text in view.page.locator("#days text:not(.year):not(.soft)").all()
                )
            )
            assert len(boxes) >= (1 if state else 3)
            assert all(left[1] <= right[0] + 1 for left, right in itertools.pairwise(boxes))


def test_a_phone_does_not_scroll_sideways(show: Any, bridge_timeline: str):
    view = show(bridge_timeline, viewport={"width": 390, "height": 844})
    assert view.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert view.page.evaluate("document.getElementById('chart').scrollWidth") <= 391
    row(view, "Corvin Sool").click()
    assert view.page.inner_text("#quote") == "“Corvin Sool, who heads the firm”"


def test_two_thousand_statements_open_filter_and_unfold(show: Any):
    graph = sample.crowd(600, 2000)
    edges = tuple(
        ViewEdge(**{
            **{name: getattr(edge, name) for name in edge.__slots__},
            "when": f"{1900 + at % 120}-{at % 12 + 1:02}" if at % 3 else "",
            "recorded": f"2031-{at % 12 + 1:02}-{at % 28 + 1:02}",
        })
        for at, edge in enumerate(graph.edges)
    )  # fmt: skip
    view = show(render_timeline(ViewGraph(graph.title, "", graph.nodes, edges)))
    assert len(shown(view)) == 2000
    assert view.page.evaluate("onrecord.stops()") == len(lanes(view))
    spent = view.page.evaluate(
        """() => {
            const start = performance.now();
            document.querySelector('input[data-line=claimed]').click();
            const filtered = performance.now();
            document.getElementById('fold').click();
            return [filtered - start, performance.now() - filtered];
        }"""
    )
    assert spent[0] < 1500 and spent[1] < 6000
    assert view.page.evaluate("onrecord.stops()") > 1500


def test_nothing_to_show_is_said(show: Any):
    view = show(render_timeline(ViewGraph("Empty", "", (), ())))
    assert view.page.inner_text("#empty") == "There is nothing in this view."


def test_hostile_text_runs_nothing(show: Any):
    node = ViewNode(
        "javascript:window.ran=3", HOSTILE, "entity", "javascript:window.ran=4", HOSTILE, "event", (HOSTILE,)
    )
    edge = ViewEdge(
        HOSTILE, node.iri, node.iri, HOSTILE, "p", "statement", "stated", quotes=(HOSTILE,), said_by=(HOSTILE,),
        when="2024", when_text=HOSTILE,
        recorded="2024-01-01", source_title=HOSTILE, source_url="javascript:window.ran=5",
    )  # fmt: skip
    view = show(render_timeline(ViewGraph(HOSTILE, HOSTILE, (node,), (edge,), language='en" onload="window.ran=6')))
    for group in ("", "class", "status", "source", "speaker", "none"):
        view.page.select_option("#group", group)
    view.page.locator("li.row").click()
    assert HOSTILE in view.panel()
    assert view.page.locator("#panel a, body img").count() == 0
    assert view.page.evaluate("window.ran") is None


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}])
def test_axe_finds_nothing(show: Any, bridge_timeline: str, options: dict[str, Any]):
    view = show(bridge_timeline, **options)
    assert Axe().run(view.page).response["violations"] == []
    row(view, "Corvin Sool").click()
    view.page.click("#fold")
    view.settle()
    assert [found["id"] for found in Axe().run(view.page).response["violations"]] == []
