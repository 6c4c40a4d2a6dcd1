"""Owns the tests of the SPARQL console in a real browser: by mouse and by keys, from disk and over HTTP.

Leaves what stands in its files to ``tests/site/test_console_page.py``.
"""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from console_files import write_console
from onrecord.graph import Graph

pytestmark = pytest.mark.browser
HEADS = "SELECT ?who ?body WHERE { ?who works:directs ?body }"
PRODUCT = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


@dataclass
class Console:
    """An open console, with whatever it said or asked for."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def write(self, query: str) -> None:
        self.page.evaluate("(query) => onrecord.editor.write(query)", query)

    def wait(self) -> None:
        """Until no query runs."""
        for _ in range(2400):
            if self.page.is_disabled("#cancel"):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("the query did not come to an end")

    def run(self, query: str) -> str:
        """Puts a query with the keys; returns how it went."""
        self.write(query)
        self.page.evaluate("onrecord.editor.focus()")
        self.page.keyboard.press("Control+Enter")
        self.wait()
        return self.outcome()

    def outcome(self) -> str:
        return self.page.inner_text("#outcome")  # type: ignore[no-any-return]

    def problem(self) -> str:
        return self.page.inner_text("#problem")  # type: ignore[no-any-return]

    def text(self) -> str:
        return self.page.evaluate("onrecord.editor.text()")  # type: ignore[no-any-return]

    def file(self, format_: str) -> str:
        return self.page.evaluate(  # type: ignore[no-any-return]
            "(format) => onrecord.engine.ask('file', { format }).then((blob) => blob.text())", format_
        )

    def cells(self) -> list[list[str]]:
        """What the rows show, each cell without the short form below it."""
        return self.page.eval_on_selector_all(  # type: ignore[no-any-return]
            "#rows tr", "(rows) => rows.map((row) => [...row.cells].map((cell) => cell.firstChild.textContent))"
        )

    def type(self, text: str) -> list[str]:
        """Types into an empty editor; returns what completion offers."""
        self.write("")
        self.page.evaluate("onrecord.editor.focus()")
        self.page.keyboard.type(text, delay=5)
        options = self.page.locator(".cm-tooltip-autocomplete li")
        options.first.wait_for()
        self.page.wait_for_timeout(250)
        return options.all_inner_texts()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def folder(bridge: Graph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_console(bridge, tmp_path_factory.mktemp("console"))


@pytest.fixture
def visit(browser: Any, folder: Path) -> Iterator[Callable[..., Console]]:
    """Opens the console with nothing to reach but its own files; afterwards nothing may have failed."""
    opened: list[Console] = []
    contexts = []

    def go(state: str = "", *, base: str = "", **options: Any) -> Console:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        own = base or f"{folder.as_uri()}/"
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(120_000)  # a busy machine is slow, and no test is about that
        context.set_offline(own.startswith("file:"))
        page = context.new_page()
        found = Console(page)
        opened.append(found)
        context.on("request", lambda request: found.requests.append(request.url))
        context.route(lambda url: not url.startswith(own), lambda route: route.abort())
        page.on("console", lambda message: found.errors.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: found.errors.append(str(error)))
        page.on("dialog", lambda dialog: (found.errors.append("dialog"), dialog.dismiss()))
        page.goto(f"{own}console.html{state}")
        for _ in range(600):
            if page.evaluate("Boolean(window.onrecord)") or found.errors:
                break
            page.wait_for_timeout(50)
        return found

    yield go
    for found in opened:
        assert found.errors == []
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.mark.parametrize("road", ["disk", "http"])
def test_the_graph_is_loaded_when_the_first_query_runs_and_asks_nobody_else(
    visit: Callable[..., Console], folder: Path, address: str, road: str, bridge: Graph
):
    base = address if road == "http" else f"{folder.as_uri()}/"
    console = visit(base=base)
    console.page.wait_for_timeout(300)
    assert not [url for url in console.requests if "engine" in url or "data" in url]
    console.page.evaluate(
        "globalThis.said = []; new MutationObserver(() => said.push(document.getElementById('stage').textContent))"
        ".observe(document.getElementById('stage'), { childList: true })"
    )
    console.page.click("#run")
    console.wait()
    assert console.outcome().startswith(
        f"{len(bridge.query('SELECT * { GRAPH graph:asserted { ?s ?p ?o } }'))} rows in"
    )
    assert console.page.inner_text("#loaded").startswith(f"{bridge.quads().height:,} quads loaded in")
    said = [text.split(" (")[0].split(":")[0] for text in console.page.evaluate("said") if text]
    assert said == [
        "Fetching the engine",
        "Starting the engine",
        "Fetching the graph",
        "Loading the graph",
        "Answering",
    ]
    strangers = [url for url in console.requests if not url.startswith((base, "blob:"))]
    assert strangers == []


def test_every_question_has_the_rows_that_it_has_on_the_command_line(visit: Callable[..., Console], bridge: Graph):
    console = visit()
    asked = 0
    for name, question in bridge.questions().items():
        console.page.click(f"#questions button[data-name='{name}']")
        console.wait()
        assert console.page.inner_text("#question h2") == question.title
        if console.page.locator("#question .lens").count():
            continue
        asked += 1
        assert "As many as the question expects" in console.outcome()
        answer = bridge.ask(name)
        if answer.kind == "rows":
            assert console.file("csv") == answer.to_csv()
    assert asked > 4


def test_a_question_asked_through_a_lens_says_so(visit: Callable[..., Console], bridge: Graph):
    console = visit()
    console.page.click("#questions button[data-name='award-on-10-april']")
    console.wait()
    assert "through a lens (on record by 2024-04-10)" in console.page.inner_text("#question .lens")
    assert "expects" not in console.outcome()


def test_a_parameter_takes_any_name_and_says_what_names_nothing(visit: Callable[..., Console], folder: Path):
    console = visit()
    console.page.click("#questions button[data-name='for-and-against']")
    console.wait()
    field = console.page.locator("#question input")
    assert field.input_value() == "bridge repair"
    field.fill("Brackwater")
    field.press("Enter")
    console.wait()
    assert ":brackwater" in console.text()
    field.fill("nobody at all")
    field.press("Enter")
    assert 'nothing is called "nobody at all"' in console.problem()


def test_questions_are_found_by_their_words(visit: Callable[..., Console]):
    console = visit()
    console.page.fill("#find-question", "behind firm")
    assert console.page.locator("#questions li").count() == 1
    console.page.fill("#find-question", "xyzzy")
    assert console.page.is_visible("#no-question")


def test_values_are_shown_as_they_were_written(visit: Callable[..., Console]):
    console = visit()
    console.run("SELECT ?cost WHERE { :bridge-repair works:cost ?cost FILTER(?cost = 1.5) }")
    assert console.cells() == [["1.50"]]
    assert "1.50" in console.file("csv")
    assert json.loads(console.file("json"))["results"]["bindings"][0]["cost"]["value"] == "1.50"
    console.run("CONSTRUCT { ?s works:cost ?cost } WHERE { ?s works:cost ?cost FILTER(?cost = 1.5) }")
    assert '"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal> .' in console.file("nt")


def test_files_hold_every_row(visit: Callable[..., Console], bridge: Graph):
    console = visit()
    query = "SELECT ?s ?p ?o WHERE { GRAPH graph:propositions { ?s ?p ?o } }"
    console.run(query)
    with console.page.expect_download() as download:
        console.page.click("#save-csv")
    assert download.value.suggested_filename == "answer.csv"
    saved = Path(download.value.path()).read_bytes().decode()
    assert saved == bridge.query(query).to_csv()


def test_a_long_answer_is_shown_in_pieces(visit: Callable[..., Console], bridge: Graph):
    console = visit()
    console.run("SELECT ?s ?p ?o WHERE { GRAPH graph:propositions { ?s ?p ?o } }")
    count = len(bridge.query("SELECT ?s ?p ?o WHERE { GRAPH graph:propositions { ?s ?p ?o } }"))
    assert len(console.cells()) == 100
    assert console.page.inner_text("#range") == f"The first 100 of {count}; files hold them all."
    console.page.click("#more")
    console.page.locator(f"#rows tr:nth-child({min(count, 600)})").wait_for()
    assert len(console.cells()) == count


def test_rows_are_sorted_by_numbers_and_by_what_is_shown(visit: Callable[..., Console]):
    console = visit()
    console.run("SELECT ?n ?who WHERE { VALUES (?n ?who) { (10 :corvin-sool) (9 :hesper-drall) (100 UNDEF) } }")
    console.page.click("#heads button:has-text('n')")
    console.page.wait_for_timeout(200)
    assert [row[0] for row in console.cells()] == ["9", "10", "100"]
    console.page.click("#heads button:has-text('who')")
    console.page.click("#heads button:has-text('who')")
    console.page.wait_for_timeout(200)
    assert [row[1] for row in console.cells()] == ["Hesper Drall", "Corvin Sool", "not bound"]
    assert console.page.get_attribute("#heads th:nth-child(2)", "aria-sort") == "descending"


def test_labels_lead_to_pages_of_the_site_and_short_forms_stand_below(visit: Callable[..., Console]):
    console = visit()
    console.run(HEADS + " ORDER BY ?who")
    first = console.page.locator("#rows tr:first-child td:first-child")
    assert first.locator("a").get_attribute("href") == "entity/corvin-sool.html"
    assert first.inner_text().split("\n") == ["Corvin Sool", ":corvin-sool"]
    console.run("SELECT ?s WHERE { ?s a onr:Statement } LIMIT 1")
    assert console.page.get_attribute("#rows a", "href").startswith("statement/")


def test_ask_construct_and_describe(visit: Callable[..., Console], bridge: Graph):
    console = visit()
    console.run("ASK { ?who works:directs ?body }")
    assert console.page.inner_text("#truth") == "true"
    assert json.loads(console.file("json")) == {"head": {}, "boolean": True}
    query = "CONSTRUCT { ?who works:directs ?body } WHERE { ?who works:directs ?body }"
    console.run(query)
    assert sorted(console.file("nt").splitlines()) == sorted(bridge.query(query).graph.decode().splitlines())
    assert console.outcome().startswith("2 triples")
    console.run("DESCRIBE :corvin-sool")
    assert ["Corvin Sool", "directs", "Brackwater Marine"] in console.cells()


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("SELECT * { Hesper Dr", ":hesper-drall"),
        ("SELECT * { ?x works:dire", "works:directs"),
        ("SELECT * { ?x directs", "works:directs"),
        ("SELECT * { ?x a perso", "works:Person"),
        ("SELECT * { ?somebody works:directs ?x . ?some", "?somebody"),
        ("SELE", "SELECT"),
        ("SELECT * { ?x sko", "skos:"),
    ],
)
def test_completion_writes_short_forms_for_names(visit: Callable[..., Console], typed: str, first: str):
    console = visit()
    console.type(typed)
    console.page.keyboard.press("Enter")
    written = console.text().rstrip("} ")
    assert written.endswith(first)


def test_tab_leaves_the_editor_and_keys_alone_do_everything(visit: Callable[..., Console]):
    console = visit()
    page = console.page
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "editor":
            break
    page.keyboard.press("Control+a")
    page.keyboard.press("Backspace")  # typed over, Chromium tries a style of its own, which the policy forbids
    page.keyboard.type("ASK { Hesper Dr", delay=5)
    page.locator(".cm-tooltip-autocomplete li").first.wait_for()
    page.wait_for_timeout(200)
    page.keyboard.press("Enter")
    page.keyboard.type(" ?p ?o ", delay=5)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "run"
    page.keyboard.press("Enter")
    console.wait()
    assert page.inner_text("#truth") == "true"
    console.run(HEADS)
    page.focus("#tab-table")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-drawing"
    page.wait_for_selector("#canvas canvas")


LOOK = "Look at the place marked, and right before it."
NOBODY = "http://127.0.0.1:9/"


@pytest.mark.parametrize(
    ("query", "place", "said", "marked"),
    [
        ("SELECT ?x WHERE {\n  ?x works:directs ?y\n", (1, 17), "This { is not closed. Close it.", "{"),
        (
            "SELECT ?x {\n  ?x wroks:a ?y }",
            (2, 6),
            'The prefix "wroks:" is not declared. Did you mean works:?',
            "wroks:",
        ),
        ("SELECT ?x WHRE { ?x a ?y }", (1, 11), '"WHRE" is no word of SPARQL. Did you mean WHERE?', "WHRE"),
        ("SELECT ?x {\n\n ?x works:directs }", (3, 19), f'"}}" cannot stand here. {LOOK}', "}"),
        ("SELECT * { ?a ?b 'c }", (1, 18), "This string is not closed. Write ' at its end.", "'"),
        (f"SELECT * {{ SERVICE <{NOBODY}> {{ ?a ?b ?c }} }}", (1, 12), "SERVICE would send data to", "SERVICE"),
        (f"# SERVICE\nLOAD <{NOBODY}>", (2, 1), "LOAD would change the graph; queries only read.", "LOAD"),
        (f"SELECT * FROM <{NOBODY}> {{}}", (1, 15), f"<{NOBODY}> is no graph of this dataset", f"<{NOBODY}>"),
    ],
)
def test_a_mistake_is_marked_and_explained(
    visit: Callable[..., Console], query: str, place: tuple[int, int], said: str, marked: str
):
    console = visit()
    console.run(query)
    assert console.problem().startswith(f"Line {place[0]}, column {place[1]} {said}")
    assert console.page.locator(".cm-lintRange-error").first.inner_text() == marked
    assert console.page.locator(".cm-lint-marker-error").count() == 1
    console.page.click("#problem button")
    assert console.page.evaluate("document.activeElement.id") == "editor"
    console.page.keyboard.type(" ")
    assert console.page.is_hidden("#problem")


def test_service_in_words_and_names_is_no_service(visit: Callable[..., Console]):
    console = visit()
    assert console.run("SELECT ?service WHERE { VALUES ?service { 'SERVICE' } } # SERVICE").startswith("1 row")


def test_from_chooses_among_the_graphs_and_a_triple_is_counted_once(visit: Callable[..., Console], bridge: Graph):
    console = visit()
    for query in ("SELECT (COUNT(*) AS ?n) FROM graph:asserted { ?s ?p ?o }", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"):
        console.run(query)
        assert console.cells() == [[bridge.query(query).values()[0][0]]]


@pytest.mark.parametrize("depth", [5000, 40000])
def test_a_query_nested_too_deep_ends_the_engine_and_the_next_one_is_answered(
    visit: Callable[..., Console], depth: int
):
    console = visit()
    console.run("SELECT * { " + "{" * depth + "}" * depth + " }")
    assert console.problem().startswith("The query is nested too deep for the engine")
    assert "starts anew" in console.problem()
    assert console.run("ASK {}").startswith("Answered")


def test_a_query_can_be_cancelled_and_the_graph_is_loaded_again(visit: Callable[..., Console]):
    console = visit()
    console.run("ASK {}")
    console.write(PRODUCT)
    console.page.click("#run")
    console.page.wait_for_timeout(400)
    console.page.click("#cancel")
    assert console.outcome() == "Cancelled. The graph is loaded again."
    assert console.run(HEADS).startswith("2 rows")


def test_loading_can_be_cancelled(visit: Callable[..., Console]):
    console = visit()
    console.write(HEADS)
    console.page.evaluate("document.getElementById('run').click(); document.getElementById('cancel').click()")
    assert console.outcome() == "Cancelled."
    console.page.wait_for_timeout(600)
    assert console.page.evaluate("onrecord.engine.worker === null")
    assert console.run(HEADS).startswith("2 rows")


def test_an_answer_is_drawn(visit: Callable[..., Console]):
    console = visit()
    console.run("SELECT ?who ?property ?body WHERE { GRAPH graph:asserted { ?who ?property ?body } }")
    console.page.click("#tab-drawing")
    console.page.wait_for_selector("#canvas canvas")
    console.page.wait_for_selector("#drawn:has-text('The table holds the same for reading.')")
    assert {"Hesper Drall", "Corvin Sool"} <= set(
        console.page.evaluate("onrecord.drawing.network.body.data.nodes.get().map((node) => node.label)")
    )
    console.page.wait_for_timeout(1500)
    console.page.evaluate(
        "(() => { const { network } = onrecord.drawing;"
        " const id = network.body.nodeIndices.find((id) => id.endsWith('corvin-sool'));"
        " network.selectNodes([id]); network.body.emitter.emit('selectNode', { nodes: [id] }); })()"
    )
    assert console.page.get_attribute("#picked a", "href") == "entity/corvin-sool.html"
    console.run("SELECT ?label WHERE { :corvin-sool rdfs:label ?label }")
    console.page.click("#tab-drawing")
    console.page.wait_for_selector("#drawn:has-text('nothing to draw')")


def test_the_address_holds_the_query_and_the_way_back(visit: Callable[..., Console], folder: Path):
    console = visit()
    console.run(HEADS)
    console.run("ASK {}")
    assert console.page.evaluate("decodeURIComponent(location.hash)") == "#query=ASK {}"
    console.page.go_back()
    console.page.wait_for_timeout(300)
    assert console.text() == HEADS
    shared = visit(console.page.evaluate("location.hash"))
    assert shared.text() == HEADS
    assert shared.outcome() == "The query of this link. Run it to see its answer."
    shared.page.click("#run")
    shared.wait()
    assert shared.outcome().startswith("2 rows")


def test_recent_queries_are_a_click_away(visit: Callable[..., Console]):
    console = visit()
    console.run(HEADS)
    console.run("ASK {}")
    console.page.click("#recent summary")
    assert console.page.locator("#recent-list button").all_inner_texts() == ["ASK {}", HEADS]
    console.page.click("#recent-list li:nth-child(2) button")
    assert console.text() == HEADS


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_console_is_accessible_in_both_themes_and_on_a_phone(visit: Callable[..., Console], theme: str, width: int):
    console = visit(viewport={"width": width, "height": 844}, color_scheme=theme)
    console.page.click("#questions button[data-name='for-and-against']")
    console.wait()
    console.type("SELECT * { Hesper")
    for state in ("completing", "answered", "drawn", "mistaken"):
        if state == "answered":
            console.run(HEADS)
        elif state == "drawn":
            console.page.click("#tab-drawing")
            console.page.wait_for_selector("#canvas canvas")
        elif state == "mistaken":
            console.run("SELECT ?x {")
        result = Axe().run(console.page, options={"preload": False})
        assert [
            (found["id"], [node["html"] for node in found["nodes"]]) for found in result.response["violations"]
        ] == []
        assert console.page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_labels_and_terms_do_nothing(visit: Callable[..., Console], hostile: Path):
    console = visit(base=f"{hostile.as_uri()}/")
    console.page.click("#questions button")
    console.wait()
    assert console.page.inner_text("#question h2") == "<img src=x onerror=alert(1)>"
    console.run("SELECT ?s ?p ?o WHERE { ?s ?p ?o }")
    console.page.click("#more") if console.page.is_visible("#more") else None
    console.page.wait_for_timeout(300)
    console.run(
        "SELECT ?a ?b ?c ?d { VALUES ?b { <javascript:alert(3)> <data:text/html,x> <http://user:pw@example.org/> } "
        "BIND(:rose AS ?a) BIND('<script>alert(4)</script>'@en AS ?c) BIND(<file:///etc/passwd> AS ?d) }"
    )
    assert console.cells()[0][0] == "Rose <img src=x onerror=alert(2)> Marsh"
    links = console.page.eval_on_selector_all("#rows a", "(found) => found.map((each) => each.getAttribute('href'))")
    assert set(links) == {"entity/rose.html"}
    console.page.click("#tab-drawing")
    console.page.wait_for_selector("#canvas canvas")
    console.page.wait_for_timeout(1000)
    console.type("SELECT * { Rose")
    console.page.keyboard.press("Escape")
    console.run("SELECT * { <img src=x onerror=alert(5)> }")
    assert console.page.locator("#problem img, #rows img, #rows script").count() == 0


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import onrecord
    from small_graph import ENTITIES, write_graph

    folder = write_graph(
        tmp_path_factory.mktemp("hostile") / "garden",
        **{
            "entities.yaml": ENTITIES.replace("Rose Marsh", '"Rose <img src=x onerror=alert(2)> Marsh"', 1)
            + "- id: rose-2\n  label: Rose Marsh\n  type: person\n",
            "questions/bad.rq": "#+ title: <img src=x onerror=alert(1)>\n"
            "#+ description: </script><script>alert(6)</script>\nSELECT ?s WHERE { ?s ?p '</script>' }\n",
        },
    )
    return write_console(onrecord.open(folder), tmp_path_factory.mktemp("hostile-console"))
