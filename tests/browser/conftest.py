"""Owns the fixtures of tests in a real browser: pages opened from disk with the network unplugged.

Needs Chromium: skipped without it, unless CI is set; then it fails. `make test` opens the network page, reads a
statement on it and tries hostile text; CI runs them all.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import onrecord
import view_sample as sample
from onrecord.lens import Lens
from onrecord.view.backing import to_page
from onrecord.view.model import ViewGraph
from onrecord.view.network import network

playwright = pytest.importorskip("playwright.sync_api")
ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUICK = {"test_safety", "test_reading", "test_notebook_page"}
"""Of these files every test runs in `make test`; the others are marked slow."""
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a real browser take minutes: most are for CI and ``make test-all``."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.stem not in QUICK:
            item.add_marker(pytest.mark.slow)


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
def show(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Opens a page, given as text, from disk; afterwards nothing may have failed and nothing been asked for."""
    opened: list[Opened] = []
    contexts = []

    def go(text: str, state: str = "", **options: Any) -> Opened:
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
        target.write_text(text, encoding="utf-8")
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


@pytest.fixture
def visit(show: Any) -> Any:
    """Opens the network of a graph, as ``show`` does."""

    def go(graph: ViewGraph, state: str = "", **options: Any) -> Opened:
        return show(network(graph).generate_html(), state, **options)  # type: ignore[no-any-return]

    return go


@pytest.fixture(scope="module")
def story() -> ViewGraph:
    return sample.harbour()


@pytest.fixture(scope="session")
def bridge() -> Any:
    """The graph ``harbour-bridge``: three sources with free texts that back and contradict each other."""
    return onrecord.open(ROOT / "graphs" / "harbour-bridge")


@pytest.fixture(scope="session")
def bridge_view(bridge: Any) -> ViewGraph:
    return to_page(bridge._sound, Lens())
