"""Owns the tests of a published site in a real browser: from disk, without a network, by mouse and by keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

import onrecord

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graph ``harbour-bridge``, published."""
    out = tmp_path_factory.mktemp("published") / "bridge"
    onrecord.open(ROOT / "graphs" / "harbour-bridge").publish(out, base_url="https://example.org/bridge/")
    return out


@pytest.fixture
def read(browser: Any, site: Path) -> Iterator[Any]:
    """Opens pages of the site; afterwards nothing may have failed and nothing been asked for outside of it."""
    told: list[str] = []
    contexts = []

    def go(path: str = "index.html", **options: Any) -> Any:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        context.on(
            "request", lambda request: None if request.url.startswith(("file:", "blob:")) else told.append(request.url)
        )
        page.on("console", lambda message: told.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto((site / path.partition("#")[0]).as_uri() + path[len(path.partition("#")[0]) :])
        return page

    yield go
    for context in contexts:
        context.close()
    assert told == []


def test_one_click_leads_from_the_start_page_to_a_quote(read: Any):
    page = read()
    page.click(".people a >> nth=0")
    quote = page.locator("blockquote").first
    quote.wait_for()  # a click that leads elsewhere returns before it is there
    assert len(quote.inner_text()) > 5


def test_a_statement_can_be_cited(read: Any, site: Path):
    page = read()
    page.click("a.badge >> nth=0")
    assert page.url.startswith((site / "statement").as_uri())
    citation = page.inner_text("#citation")
    assert page.inner_text("#address") in citation
    assert "In: " in citation
    assert page.is_visible("text=Copy the citation")


def test_names_are_found_by_their_beginnings_and_opened_with_the_keyboard(read: Any):
    page = read()
    page.keyboard.press("/")
    page.keyboard.type("grom")
    page.wait_for_selector("#found li")
    assert page.get_attribute("#search", "aria-expanded") == "true"
    assert page.locator("#found li mark").first.inner_text().startswith("Grom")
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#search", "aria-activedescendant") == "hit-0"
    page.keyboard.press("ArrowUp")
    assert page.get_attribute("#search", "aria-activedescendant") is None
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    assert page.inner_text("h1") == "Ansel Grome"


def test_quotes_are_found_by_words_in_any_order_and_mistyped(read: Any, site: Path):
    page = read("search.html#q=bridge%20repair")
    page.wait_for_selector("#search-results li")
    assert "found" in page.inner_text("#found-count")
    first = page.inner_text("#search-results li >> nth=0").lower()
    assert "bridge" in first or "repair" in first
    page.fill("#search", "Gromme")
    page.wait_for_selector("#search-results li:has-text('Grome')")
    page.fill("#search", "zzzzqq")
    page.wait_for_selector("#found-count:has-text('Nothing found')")
    page.fill("#search", "grome")
    page.wait_for_selector("#search-results a:has-text('Ansel Grome')")
    page.click("#search-results a:has-text('Ansel Grome') >> nth=0")
    page.wait_for_load_state()
    assert page.url.startswith(site.as_uri())


def test_every_page_of_the_site_opens_without_an_error(read: Any, site: Path):
    page = read()
    seen = set()
    for path in sorted(site.rglob("*.html")):
        kind = path.relative_to(site).parts[0]
        if kind in seen and len(path.relative_to(site).parts) > 1:
            continue
        seen.add(kind)
        page.goto(path.as_uri())
        assert page.inner_text("h1"), path
    assert {"entity", "source", "statement", "question", "term", "text"} <= seen


def test_the_theme_is_kept_from_page_to_page(read: Any):
    page = read()
    page.click("#theme")
    page.click(".brand a")
    page.wait_for_selector("#theme[aria-pressed=true]")
    assert page.evaluate("document.documentElement.className") == "dark"


def test_a_kept_theme_is_worn_before_the_first_paint(read: Any):
    page = read()
    page.click("#theme")
    page.add_init_script(
        "new MutationObserver((_, watch) => { if (document.body) {"
        " window.worn = document.documentElement.className; watch.disconnect(); } })"
        ".observe(document, { childList: true, subtree: true });"
    )
    page.goto(page.url)
    page.wait_for_selector("#theme[aria-pressed=true]")
    assert page.evaluate("window.worn") == "dark"


def test_the_pages_are_read_without_scripts(read: Any):
    page = read("entities.html", java_script_enabled=False)
    page.click(".rows a >> nth=0")
    assert page.locator(".statement, main p").count() > 0


def test_on_a_phone_the_menu_shows_where_the_reader_is(read: Any):
    page = read("downloads.html", viewport={"width": 390, "height": 844})
    left, right = page.evaluate(
        "(() => { const { left, right } = document.querySelector('nav [aria-current]').getBoundingClientRect();"
        " return [left, right]; })()"
    )
    assert (left >= 0, right <= 390) == (True, True)
    assert page.evaluate("scrollY") == 0


def test_search_and_console_share_a_page(read: Any):
    page = read("console.html")
    page.fill("#search", "grom")
    page.wait_for_selector("#found li")
    page.keyboard.press("Escape")
    page.click("#run")
    page.wait_for_selector("#rows tr", timeout=120_000)
    ids = page.eval_on_selector_all("[id]", "(all) => all.map((each) => each.id)")
    assert sorted(ids) == sorted(set(ids))


def test_the_page_for_a_wrong_address_finds_the_site_above_it(browser: Any, tmp_path: Path):
    out = tmp_path / "served" / "talks" / "bridge"
    onrecord.open(ROOT / "graphs" / "harbour-bridge").publish(out, console=False)

    def answer(route: Any) -> None:
        path = tmp_path / "served" / urlsplit(route.request.url).path.removeprefix("/")
        lost = not path.is_file()
        route.fulfill(status=404 if lost else 200, path=out / "404.html" if lost else path)

    page = browser.new_page()
    page.route("**/*", answer)
    for address in ("talks/bridge/none.html", "talks/bridge/entity/a/b/none.html"):
        page.goto(f"https://talks.example/{address}")
        page.wait_for_selector('a[href="https://talks.example/talks/bridge/index.html"]')
        page.click("text=Sources")
        page.wait_for_url("https://talks.example/talks/bridge/sources.html")
        assert page.inner_text("h1") == "Sources"
    page.close()


PAGES = (
    *("index.html", "entities.html", "sources.html", "speakers.html", "disagreements.html", "questions.html"),
    *("ontology.html", "downloads.html", "404.html", "search.html#q=bridge"),
    *("entity/ansel-grome.html", "source/lantern-2024-04-12.html", "question/bids.html"),
    *("term/wrk-worksFor.html", "*statement", "*disagreement"),
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_no_page_scrolls_sideways(read: Any, site: Path, scheme: str, width: int, path: str):
    if path.startswith("*"):
        path = next(iter(sorted((site / path[1:]).iterdir()))).relative_to(site).as_posix()
    if not (site / path.partition("#")[0]).exists():
        path = next(iter(sorted((site / path).parent.iterdir()))).relative_to(site).as_posix()
    page = read(path, color_scheme=scheme, viewport={"width": width, "height": 844})
    found = Axe().run(page, options={"preload": False})  # what it would load anew, the policy forbids
    assert [
        (each["id"], each["impact"], [node["html"][:160] for node in each["nodes"]])
        for each in found.response["violations"]
    ] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
