"""Owns the tests that nothing of the data runs, and nothing is loaded."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from onrecord.view.model import Dispute, ViewEdge, ViewGraph, ViewNode

pytestmark = pytest.mark.browser


HOSTILE = (
    "<script>window.ran=1</script>",
    "</script><script>window.ran=2</script>",
    "<img src=x onerror=window.ran=3>",
    "javascript:window.ran=4",
    '"><svg onload=window.ran=5>',
    "{{constructor.constructor('window.ran=6')()}}",
    "]]><!--<script>window.ran=7</script>-->\u2028window.ran=8",
)


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
            disputes=(Dispute(a.label, a.label, (a.label,)),), passages=((a.label, b.label, a.label),), backing=a.label,
            articles=2, language=a.label, proposition=a.label, source_id=a.label, bounds=(a.label,) * 4,
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
    view.page.click("#choices summary")
    for name in ("type", "property", "source", "speaker"):
        view.page.select_option(f"#{name}", index=1)
    assert view.page.locator("#chips li").count() == 4
    view.page.click("#reset")
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
