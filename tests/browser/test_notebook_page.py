"""Owns the test that a page works inside the frame in which a notebook shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import onrecord

pytestmark = pytest.mark.browser


def test_a_graph_in_a_notebook_can_be_used_and_touches_nothing(show: Any, graph_folder: Path):
    cell = onrecord.open(graph_folder)._repr_html_()
    view = show(f"<!doctype html><title>notebook</title><script>window.onrecord = {{}}</script>{cell}")
    inside = view.page.frames[1]
    inside.wait_for_selector("#canvas canvas")
    inside.click("#tab-table")
    inside.click("#body button >> nth=0")
    assert inside.inner_text("#quote") != ""
    assert inside.evaluate("window.origin") == "null"  # an origin of its own: the notebook's is out of reach
    assert view.page.evaluate("location.hash") == ""
