"""Owns the tests of the source page in a real browser: quotes lead to statements, and what is withheld stays so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

import onrecord
from onrecord.lens import Lens
from onrecord.view.pages import source_page
from small_graph import LETTER, LETTER_TEXT, write_graph

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def bridge_sources(bridge: Any) -> str:
    return source_page(bridge._sound, Lens())


def marked(view: Any) -> list[str]:
    return view.page.evaluate("onrecord.marked()")


def test_a_click_on_a_quote_leads_to_its_statement(show: Any, bridge_sources: str):
    view = show(bridge_sources)
    view.page.get_by_text("barred since 1 March 2024", exact=True).click()
    assert view.page.inner_text("#status") == "not so"
    assert "Gannet Bridge — not: open to — lorries" in view.panel()
    assert marked(view) == ["barred since 1 March 2024"]
    view.page.keyboard.press("Escape")
    assert view.page.is_hidden("#panel")
    assert marked(view) == []


def test_words_of_several_statements_list_them(show: Any, bridge_sources: str):
    view = show(bridge_sources)
    view.page.get_by_text("two bids for lot NO", exact=True).click()
    assert view.page.inner_text("#panel h2") == "2 statements rest on these words"
    view.page.locator("#panel .statements button", has_text="Pell & Osmund").click()
    assert marked(view) == ["two bids for lot NO", "Pell & Osmund asked 1.35 million crowns"]


def test_overlapping_quotes_are_told_apart(show: Any, bridge_sources: str):
    view = show(bridge_sources)
    view.page.locator("article a.quote", has_text="The director of").click()
    assert marked(view) == ["The director of ", "the council’s works department", ", ", "Mr Drall"]
    view.page.get_by_text("the council’s works department", exact=True).click()
    assert view.page.inner_text("#panel h2") == "2 statements rest on these words"


def test_a_keyboard_goes_from_quote_to_quote(show: Any, bridge_sources: str):
    view = show(bridge_sources)
    view.page.keyboard.press("Tab")
    assert view.page.evaluate("document.activeElement.id") == "to-texts"
    view.page.keyboard.press("Enter")
    view.page.keyboard.press("Tab")
    assert view.page.evaluate("document.activeElement.textContent") == "Bram Ostler (chair)"
    view.page.keyboard.press("Enter")
    assert view.page.evaluate("document.activeElement.id") == "panel"
    view.page.keyboard.press("Escape")
    assert view.page.evaluate("document.activeElement.textContent") == "Bram Ostler (chair)"


def test_one_source_at_a_time_and_the_address_keeps_which(show: Any, bridge_sources: str):
    view = show(bridge_sources)
    assert view.page.locator("article:visible").count() == 1
    view.page.select_option("#which", "rederi-notice-2024-04-15")
    assert view.page.inner_text("article:visible h2") == "Melding til passasjerene"
    view.page.get_by_text("Dreielageret er sprukket", exact=True).click()
    view.page.uncheck("input[data-line=denied]")
    assert view.page.inner_text("#shown") == "54 of 61 statements marked"
    view.settle()
    again = show(bridge_sources, view.page.evaluate("location.hash"))
    assert again.page.inner_text("article:visible h2") == "Melding til passasjerene"
    assert marked(again) == ["Dreielageret er sprukket"]
    assert again.page.locator("article:visible a.quote.off").count() == 2
    again.page.click("#reset")
    assert again.page.locator("article:visible a.quote.off").count() == 0
    wrong = show(bridge_sources, "#source=none&quote=99999&edge=x")
    assert wrong.page.is_hidden("#panel")


def test_a_statement_of_another_source_turns_the_page(show: Any, bridge_sources: str):
    view = show(bridge_sources)
    view.page.get_by_text("is cracked", exact=True).click()
    view.page.locator("#panel button[data-edge]", has_text="pivot bearing").first.click()
    assert len(marked(view)) >= 1


def test_what_nobody_covered_and_what_is_left_out_are_visible(show: Any, tmp_path: Path):
    left = LETTER.replace(
        "  speakers:", "  left out:\n    - quote: To all members\n      reason: greeting\n  speakers:"
    )
    graph = onrecord.open(write_graph(tmp_path / "g", **{"statements/letter.yaml": left}))
    view = show(source_page(graph._sound, Lens(sources=frozenset({"letter"})), with_text=True))
    assert "To all members of the Garden Society. [left out: greeting]" in view.page.inner_text("article")
    first = view.page.locator("article .sentence.open").first
    assert first.evaluate("element => getComputedStyle(element).outlineStyle") == "dashed"
    assert first.get_attribute("title") == "No statement rests on this sentence"


def test_words_that_are_withheld_are_nowhere_in_the_page(show: Any, graph_folder: Path):
    view = show(source_page(onrecord.open(graph_folder)._sound, Lens()))
    content = view.page.content()
    quoted = "our chairwoman, Rose Marsh", "Basil Thorn is the one who tends plot 7"
    assert all(words in content for words in quoted)
    for words in ("dry spring", "water butts", "lime tree", "yourselves", "treasurer", "seed potatoes"):
        assert words in LETTER_TEXT or words in (graph_folder / "sources/minutes.txt").read_text()
        assert words not in content
    assert view.page.locator(".unseen i").count() > 30


def test_a_phone_does_not_scroll_sideways(show: Any, bridge_sources: str):
    view = show(bridge_sources, "#source=lantern-2024-04-12", viewport={"width": 390, "height": 844})
    assert view.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert view.page.evaluate("document.getElementById('texts').scrollWidth") <= 390


def test_hostile_text_runs_nothing(show: Any, tmp_path: Path):
    bad = "<script>window.ran=1</script><img src=x onerror=window.ran=2>"
    text = LETTER_TEXT.replace("our chairwoman, Rose Marsh", f"our {bad} Rose Marsh")
    letter = LETTER.replace("our chairwoman, Rose Marsh", f"our {bad} Rose Marsh").replace(
        "A letter to the members", f"|-\n    {bad}"
    )
    graph = onrecord.open(write_graph(tmp_path / "g", **{"statements/letter.yaml": letter, "sources/letter.txt": text}))
    view = show(source_page(graph._sound, Lens(), with_text=True))
    view.page.locator("a.quote").first.click()
    assert bad in view.panel()
    assert bad in view.page.inner_text("article >> nth=0")
    assert view.page.locator("body img").count() == 0
    assert view.page.evaluate("window.ran") is None


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}])
@pytest.mark.parametrize("source", ["council-minutes-2024-04-09", "rederi-notice-2024-04-15"])
def test_axe_finds_nothing(show: Any, bridge_sources: str, source: str, options: dict[str, Any]):
    view = show(bridge_sources, f"#source={source}", **options)
    assert Axe().run(view.page).response["violations"] == []
    view.page.locator("article:visible a.quote").first.click()
    view.settle()
    assert [found["id"] for found in Axe().run(view.page).response["violations"]] == []


def test_axe_finds_nothing_where_words_are_withheld(show: Any, graph_folder: Path):
    view = show(source_page(onrecord.open(graph_folder)._sound, Lens()))
    assert [found["id"] for found in Axe().run(view.page).response["violations"]] == []
