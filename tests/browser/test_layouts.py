"""Owns the tests of switching the layout of a network: in order of time, round an event, and back."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

import view_sample as sample
from onrecord.view.model import ViewGraph, ViewNode
from onrecord.view.network import network

pytestmark = pytest.mark.browser

TALKS = f"event {sample.BASE}talks"


def at(view: Any, name: str) -> tuple[int, int]:
    """Where a node stands in the layout."""
    x, y = view.page.evaluate(
        """(id) => {
            const { renderer, record } = onrecord;
            const places = renderer.positions();
            return [places.x[record.nodeAt(id)], places.y[record.nodeAt(id)]];
        }""",
        sample.BASE + name,
    )
    return round(x), round(y)


def choose(view: Any, layout: str) -> None:
    view.page.select_option("#layout", layout)
    view.settle()


def test_in_order_of_time_with_the_days_above(visit: Any, story: ViewGraph):
    view = visit(story)
    assert view.page.is_hidden("#day-strip")
    choose(view, "time")
    days = view.page.locator("#day-strip li").all_inner_texts()
    assert days == ["2031-03-28", "2031-04-02", "2031-04-05"]
    assert at(view, "pier4")[0] < at(view, "okoro")[0]  # in the minutes of 28 March; in the paper of 2 April
    first, last = (view.page.locator("#day-strip li").nth(place).bounding_box() for place in (0, 2))
    assert first["x"] < view.point_of_node(sample.BASE + "okoro")["x"] < last["x"] + last["width"] + 300
    assert at(view, "lind")[1] < at(view, "norland")[1] < at(view, "talks")[1] < at(view, "aster")[1]


def test_round_an_event_and_back(visit: Any, story: ViewGraph):
    view = visit(story)
    before = at(view, "talks"), at(view, "hale")
    choose(view, TALKS)
    assert view.page.inner_text("#layout-explained").startswith("Who takes part")
    assert at(view, "talks") != before[0] or at(view, "hale") != before[1]
    choose(view, "")
    assert (at(view, "talks"), at(view, "hale")) == before
    assert view.page.inner_text("#layout-explained") == ""


def test_a_keyboard_chooses_and_the_address_keeps_it(visit: Any, story: ViewGraph):
    view = visit(story)
    view.page.focus("#layout")
    view.page.keyboard.press("ArrowDown")
    view.settle()
    assert view.page.input_value("#layout") == "time"
    state, place = view.page.evaluate("location.hash"), at(view, "talks")
    assert "layout=time" in state
    again = visit(story, state)
    assert at(again, "talks") == place
    assert again.page.is_visible("#day-strip")
    again.page.evaluate("history.pushState(null, '', '#layout=none')")
    assert visit(story, "#layout=nowhere").page.input_value("#layout") == ""
    chosen = visit(story, f"#layout={quote(TALKS, safe='')}")
    assert chosen.page.input_value("#layout") == TALKS


def test_a_node_added_by_hand_leaves_the_usual_layout_alone(show: Any, story: ViewGraph):
    net = network(story)
    net.add_node("more", "One more")
    assert show(net.generate_html()).page.is_hidden("#layout-field")


def test_nothing_to_arrange_no_choice(visit: Any):
    assert visit(ViewGraph("One", "", (ViewNode("a", "A", "entity", "", "", "person"),), ())).page.is_hidden(
        "#layout-field"
    )
