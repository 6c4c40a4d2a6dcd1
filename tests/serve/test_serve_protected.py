"""A graph with protected items, served: nothing of them is in any answer, before and after the files change."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import quote

import pytest

import onrecord
from onrecord.site import SiteOptions
from protected_garden import BANNED, FILES, LETTER, layers
from serving import Given, Server, refused, serving
from small_graph import ENTITIES, write_graph
from small_graph import LETTER as GARDEN_LETTER

pytestmark = pytest.mark.slow

SECRET = "a secret that nobody else has, 7f"
BASE = "https://example.org/garden/"
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
FORMATS = {
    "SELECT * WHERE { GRAPH ?g { ?s ?p ?o } }": ("json", "xml", "csv", "tsv"),
    "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }": ("ttl", "nt", "jsonld", "rdf", "trig", "nq"),
}
TYPO = GARDEN_LETTER.replace("[Rose Marsh, chairs,", "[Rosa Marsh, chairs,")
ROSE = "- id: rose\n  label: Rose Marsh\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_graph(tmp_path / "garden", **{**FILES, "sources/letter.txt": None})


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    found = tmp_path / "secret"
    found.write_text(SECRET)
    return found


def every_answer(server: Server, folder: Path) -> dict[str, Given]:
    """What stands at each address: all pages and files, whole graphs, queries, the API, and what is not there."""
    site = onrecord.open(folder).site(SiteOptions(live=True, secret=SECRET.encode()))
    given = {f"/{path}": server.get(f"/{quote(path)}", BROWSER) for path in site.makers}
    for path in ("/sparql", "/graphs?default", "/openapi.json", "/live", "/health", "/metrics", "/problems"):
        given[path] = server.get(path)
    for path in ("/api", "/api/questions", "/problems", "/sparql"):
        given[f"{path} (page)"] = server.get(path, BROWSER)
    for query, formats in FORMATS.items():
        for format_ in formats:
            given[f"{query} {format_}"] = server.get("/sparql", query=query, format=format_)
    for row in server.rows("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }"):
        given[row["g"]] = server.get("/graphs", graph=row["g"])
    for each in server.get("/api/questions").json["questions"]:
        given[each["href"]] = server.get(each["href"])
    for path in ("/entity/rose", "/entity/basil", "/source/memo-7", "/entity/basil.html", "/api/questions/by-nam"):
        given[path] = server.get(path, "text/turtle")
    return given


def told(given: dict[str, Given], banned: tuple[str, ...] = BANNED) -> list[tuple[str, str]]:
    """Where one of the words stands that nobody is to read."""
    return [
        (address, word)
        for address, each in given.items()
        for text in (*layers(each.body), str(each.headers))
        for word in banned
        if word in text.casefold()
    ]


def test_nothing_protected_is_served(folder: Path, secret: Path) -> None:
    with serving(folder, "--redact", "--secret", str(secret), "--allow-host", "garden.example") as server:
        given = every_answer(server, folder)
        assert told(given) == []
        assert len(given) > 100
        wrong = {path: each.status for path, each in given.items() if each.status != 200 and path != "/404.html"}
        missing = ("/entity/basil", "/source/memo-7", "/entity/basil.html", "/api/questions/by-nam")
        assert wrong == dict.fromkeys(missing, 404)
        assert [each["name"] for each in server.get("/api/questions").json["questions"]] == ["rose"]
        assert server.get("/api/questions/basil").status == 404
        assert "its problems are told in full to its curators alone" in server.get("/problems", BROWSER).text


def test_nothing_protected_is_served_after_the_files_changed(folder: Path, secret: Path) -> None:
    letter = folder / "statements/letter.yaml"
    with serving(folder, "--redact", "--secret", str(secret)) as server:
        before = server.get("/live").json["build"]
        letter.write_text(LETTER.replace("[Basil Thorn, tends, plot 7]", "[Basil Thorn, tends, Thornfield]"))
        server.wait_for("/live", lambda found: found["problems"] > 0)
        found = server.get("/problems", "application/json").json
        assert (found["state"], {each["text"] for each in found["problems"]}) == ("broken", {""})
        assert told({accept: server.get("/problems", accept) for accept in (BROWSER, "application/json")}) == []
        assert any("Thornfield" in line for line in server.log)

        letter.write_text(LETTER)
        things = folder / "entities.yaml"
        things.write_text(things.read_text().replace(ROSE, f"{ROSE}  protected: true\n"))
        server.wait_for("/live", lambda found: found["build"] != before and found["problems"] == 0)
        given = every_answer(server, folder)
        assert told(given, (*BANNED, "rose marsh", "chairwoman")) == []
        assert {given["/index.html"].status, given["/graphs?default"].status} == {200}


def test_others_are_served_such_a_graph_by_choice_alone(folder: Path, secret: Path) -> None:
    choice = "garden holds 5 protected items: serve it with --redact, or with --no-redact to serve them too"
    for beyond in (("--allow-host", "garden.example"), ("--cors", "https://reader.example")):
        code, error = refused(folder, *beyond)
        assert (code, choice in error) == (2, True), error
    with serving(folder, "--no-redact", "--allow-host", "garden.example", "--no-watch") as server:
        assert "Basil Thorn" in server.get("/entity/basil.html").text
    with serving(folder, "--no-watch") as server:
        assert "Basil Thorn" in server.get("/entity/basil.html").text
        assert any("what is protected is shown, since this machine alone can ask" in line for line in server.log)
    code, error = refused(folder, "--redact", "--store", "http://127.0.0.1:1", "--secret", str(secret))
    assert (code, "takes nothing out of what the server at --store holds" in error) == (2, True)
    code, error = refused(folder, "--secret", str(secret))
    assert (code, "--secret goes with --redact" in error) == (2, True)


def test_what_becomes_protected_while_others_read_it_is_served_no_more(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "garden")
    things = folder / "entities.yaml"
    with serving(folder, "--allow-host", "garden.example") as server:
        assert "Rose Marsh" in server.get("/entity/rose.html").text
        things.write_text(ENTITIES.replace(ROSE, f"{ROSE}  protected: true\n"))
        wait_for_status(server, 503)
        for path in ("/", "/entity/rose.html", "/graphs?default", "/api", "/problems", "/health"):
            given = server.get(path)
            assert (given.status, given.text) == (503, "this graph is not served for the time being\n")
        assert any("holds 1 protected item: serve it with --redact" in line for line in server.log)
        letter = folder / "statements/letter.yaml"
        letter.write_text(TYPO)
        wait_for_builds(server, "broken", 1)
        assert server.get("/entity/rose.html").status == 503
        things.write_text(ENTITIES)
        wait_for_builds(server, "broken", 2)
        assert server.get("/entity/rose.html").status == 503
        letter.write_text(GARDEN_LETTER)
        wait_for_status(server, 200)
        assert server.get("/entity/rose.html").status == 200


def wait_for_builds(server: Server, outcome: str, count: int) -> None:
    deadline = time.monotonic() + 60
    while sum(f'"outcome": "{outcome}"' in line for line in server.log) < count:
        assert time.monotonic() < deadline, server.log
        time.sleep(0.1)


def wait_for_status(server: Server, status: int) -> None:
    deadline = time.monotonic() + 60
    while server.get("/health").status != status:
        assert time.monotonic() < deadline, server.log
        time.sleep(0.1)
