"""The server's own pages, on problems and on the API, in a real browser: axe-core, both themes, a phone's width."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from serving import Server, serving
from small_graph import LETTER, write_graph

QUESTIONS = {
    "questions/who-tends.rq": (
        "#+ title: Who tends a plot?\n#+ description: By its name, as people write it.\n"
        "#+ defaults:\n#+   - plot: plot 7\n"
        "SELECT ?who WHERE { ?s onr:proposition ?p .\n"
        "?p rdf:subject ?who ; rdf:predicate gar:tends ; rdf:object ?_plot_iri # too long for a phone\n}\n"
    ),
    "questions/on-record-by.rq": (
        "#+ title: What was on record by a day?\nSELECT ?s WHERE { ?s onr:recorded ?day FILTER(?day <= ?_day_date) }\n"
    ),
    "questions/as-triples.rq": "#+ title: Everything, as a graph\nCONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }\n",
}
PATHS = ("sound/problems", "sound/api", "broken/problems", "veiled/problems")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    """A graph as it should be, one that an edit broke, and one whose problems are not for everybody."""
    folders = {
        name: write_graph(tmp_path_factory.mktemp(name) / "garden", **QUESTIONS)
        for name in ("sound", "broken", "veiled")
    }
    secret = folders["veiled"].parent / "secret"
    secret.write_text("a secret that nobody else has, 7f")
    with (
        serving(folders["sound"], "--no-watch") as sound,
        serving(folders["broken"]) as broken,
        serving(folders["veiled"], "--redact", "--secret", str(secret)) as veiled,
    ):
        for name, server in (("broken", broken), ("veiled", veiled)):
            letter = folders[name] / "statements/letter.yaml"
            letter.write_text(LETTER.replace("[Rose Marsh, chairs, Garden Society]", "[Rosa Marsh, chairs, Society]"))
            server.wait_for("/live", lambda found: found["problems"] > 0)
        yield {"sound": sound, "broken": broken, "veiled": veiled}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing_and_no_page_scrolls_sideways(
    browser: Any, servers: dict[str, Server], scheme: str, width: int, path: str
) -> None:
    name, _, address = path.partition("/")
    page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 844})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    try:
        page.goto(f"{servers[name].address}{address}")
        assert page.inner_text("h1") in ("Problems", "Questions as an API")
        assert said == []
        found = Axe().run(page, options={"preload": False})  # what it would load anew, the policy forbids
        violations = found.response["violations"]
        assert [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in violations] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    finally:
        page.close()


def test_a_question_is_put_by_keys_alone(browser: Any, servers: dict[str, Server]) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    try:
        page.goto(f"{servers['sound'].address}api")
        field = page.get_by_label("plot")
        field.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/api/questions/who-tends?plot=plot+7&format=json")
        assert "https://example.org/garden/entity/basil" in page.inner_text("body")
    finally:
        page.close()
