"""Owns the tests of what a reader takes along: pictures, Turtle, CSV."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pyoxigraph
import pytest

import view_sample as sample
from onrecord.view.model import ViewGraph

pytestmark = pytest.mark.browser


def take(view: Any, button: str) -> Path:
    """Choose an entry of the menu with the keyboard and wait for the file."""
    view.page.focus("#save summary")
    view.page.keyboard.press("Enter")
    with view.page.expect_download() as waiting:
        view.page.focus(f"#{button}")
        view.page.keyboard.press("Enter")
    assert view.page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert view.page.is_hidden(f"#{button}")
    view.requests[:] = [url for url in view.requests if not url.startswith("blob:")]
    return Path(waiting.value.path())


def triples(text: str) -> set[tuple[str, str, str]]:
    parsed = pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.TURTLE)
    return {(str(one.subject), str(one.predicate), str(one.object)) for one in parsed}


def test_a_png_has_the_size_of_what_is_in_sight(visit: Any, story: ViewGraph):
    view = visit(story)
    data = take(view, "save-png").read_bytes()
    assert data.startswith(b"\x89PNG")
    frame = view.page.locator("#canvas").bounding_box()
    assert int.from_bytes(data[16:20], "big") == pytest.approx(frame["width"], abs=2)


def test_an_svg_holds_every_shown_name_and_loads_nothing(visit: Any, story: ViewGraph):
    view = visit(story, "#off=place")
    text = take(view, "save-svg").read_text("utf-8")
    root = ET.fromstring(text)
    words = " ".join(element.text or "" for element in root.iter() if element.tag.endswith("text"))
    assert "Ida Lind" in words
    assert "Low Street" not in [node.strip() for node in words.split("  ")]
    assert "Grey Estuary" not in words
    assert not any("href" in name for element in root.iter() for name in element.attrib)
    paths = [element for element in root.iter() if element.tag.endswith("path")]
    assert len(paths) > len(view.shown())


def test_turtle_is_a_part_of_what_the_graph_itself_exports(visit: Any, bridge: Any, bridge_view: ViewGraph):
    whole = set(bridge.quads().select("subject", "predicate", "object").iter_rows())
    view = visit(bridge_view)
    everything = triples(take(view, "save-turtle").read_text("utf-8"))
    assert everything <= whole
    asserted = bridge.quads().filter(pl.col("graph").str.ends_with("/graph/asserted>"))
    assert set(asserted.select("subject", "predicate", "object").iter_rows()) <= everything
    assert asserted["predicate"].str.contains("/qualified#").sum() > 0
    kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    statement = "<https://w3id.org/onrecord/ns#Statement>"
    assert sum((p, o) == (kind, statement) for _, p, o in everything) == 61
    view.page.uncheck("input[data-line=fact]")
    fewer = triples(take(view, "save-turtle").read_text("utf-8"))
    assert fewer < everything
    shown = view.shown()
    assert {s[1:-1] for s, p, o in fewer if (p, o) == (kind, statement)} == {
        edge.iri for edge in bridge_view.edges if edge.kind == "statement" and edge.iri in shown
    }


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_csv_holds_what_is_shown_and_no_formula(visit: Any, story: ViewGraph, start: str):
    bad = f'{start}HYPERLINK("https://x.example","y")'
    edges = tuple(replace(edge, quotes=(bad,), note=bad) for edge in story.edges)
    view = visit(replace(story, edges=edges), "#property=heads")
    rows = list(csv.DictReader(io.StringIO(take(view, "save-csv").read_bytes().decode("utf-8-sig"), newline="")))
    assert len(rows) == sum(edge.label == "heads" for edge in story.edges)
    assert {row["quote"] for row in rows} == {f"'{bad}"}
    assert rows[0]["property"] == "heads"


def test_hostile_words_stay_words_in_every_file(visit: Any, story: ViewGraph):
    bad = '</svg><script>alert(1)</script>"\\\u2028> <'
    nodes = tuple(replace(node, label=bad) for node in story.nodes)
    edges = tuple(
        replace(edge, quotes=(bad,), language="en", proposition=f"{sample.BASE}p{at}", source_id="x")
        for at, edge in enumerate(story.edges)
    )
    view = visit(replace(story, nodes=nodes, edges=edges, base=sample.BASE, title=bad))
    ET.fromstring(take(view, "save-svg").read_text("utf-8"))
    found = triples(take(view, "save-turtle").read_text("utf-8"))
    assert str(pyoxigraph.Literal(bad, language="en")) in {o for _, _, o in found}
