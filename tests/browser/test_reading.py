"""Owns the tests of reading a statement: clicks, the panel, what backs it, the other side."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest

import view_sample as sample
from onrecord.view.model import ViewGraph

pytestmark = pytest.mark.browser


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


def test_links_lead_out_only_by_http(visit: Any, story: ViewGraph):
    view = visit(story, "#edge=" + quote(statement(1), safe=""))
    assert view.page.get_attribute("#panel a", "href") == "https://news.example/aster/talks"
    assert view.page.get_attribute("#panel a", "rel") == "noopener noreferrer"


def backed(view: ViewGraph, words: str) -> str:
    return next(edge.iri for edge in view.edges if edge.backing == words)


def test_what_backs_a_statement_is_counted_in_origins(visit: Any, bridge_view: ViewGraph):
    view = visit(bridge_view, "#edge=" + quote(backed(bridge_view, "2 articles, 1 origin"), safe=""))
    assert view.page.inner_text("#backing") == "2 articles, 1 origin"
    assert view.page.locator("#panel h3", has_text="The same, as others put it").count() == 1


def test_a_disputed_statement_leads_to_the_other_side_and_back(visit: Any, bridge_view: ViewGraph):
    mine = next(edge for edge in bridge_view.edges if edge.disputes and edge.disputes[0].kind == "conflict")
    other = mine.disputes[0].others[0]
    view = visit(bridge_view, "#edge=" + quote(mine.iri, safe=""))
    assert view.page.inner_text("#disputed") == "≠ disputed"
    assert mine.disputes[0].why in view.panel()
    view.page.click(f'#panel h3:has-text("Who says otherwise") ~ ul [data-edge="{other}"]')
    assert quote(other, safe="") in view.page.evaluate("location.hash")
    assert view.page.locator(f'#panel h3:has-text("Who says otherwise") ~ ul [data-edge="{mine.iri}"]').count()


def test_the_passage_is_there_where_the_licence_lets_it_be_shown(visit: Any, bridge_view: ViewGraph):
    edge = next(edge for edge in bridge_view.edges if edge.passages)
    before, words, after = edge.passages[0]
    view = visit(bridge_view, "#edge=" + quote(edge.iri, safe=""))
    assert view.page.locator("#passage p").is_hidden()
    view.page.click("#passage summary")
    assert view.page.locator("#passage mark").first.text_content() == words
    assert view.page.locator("#passage p").first.text_content() == before + words + after


def test_a_click_takes_the_view_near_enough_to_read(visit: Any):
    view = visit(sample.crowd(300, 500))
    assert view.page.evaluate("onrecord.renderer.scale()") < 0.6
    view.page.evaluate("(id) => onrecord.choose({ kind: 'edge', id })", f"{sample.BASE}s00007")
    view.settle()
    find = "(id) => ['from', 'to'].map((end) => onrecord.record[end][onrecord.record.edgeAt(id)])"
    ends = view.page.evaluate(find, f"{sample.BASE}s00007")
    frame = view.page.locator("#canvas").bounding_box()
    for node in ends:
        at = view.page.evaluate("(at) => onrecord.renderer.point({ kind: 'node', at })", node)
        assert 0 < at["x"] < frame["width"]
        assert 0 < at["y"] < frame["height"]


@pytest.mark.slow
def test_a_long_list_is_shown_in_parts(visit: Any):
    view = visit(sample.crowd(200, 2000))
    hub = view.page.evaluate("onrecord.record.nodeId(0)")
    view.page.evaluate("(id) => onrecord.choose({ kind: 'node', id })", hub)
    headings = [re.search(r"\((\d+)\)$", text) for text in view.page.locator("#panel h3").all_inner_texts()]
    counts = [int(found[1]) if found else 1 for found in headings]
    assert max(counts) > 40
    lists = view.page.locator("#panel .statements")
    place = counts.index(max(counts))
    assert lists.nth(place).locator("[data-edge]").count() == 40
    assert lists.nth(place).locator("li:last-child button").inner_text() == f"{max(counts) - 40:,} more"
    lists.nth(place).locator("li:last-child button").click()
    assert lists.nth(place).locator("[data-edge]").count() == min(max(counts), 240)
    assert view.page.evaluate("Boolean(document.activeElement.dataset.edge)")
