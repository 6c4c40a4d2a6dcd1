"""Owns the tests of which pages a site has and what stands in them; the browser has tests of its own."""

from __future__ import annotations

import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import pytest

import onrecord
from inline import Notes, load_folder, sound
from onrecord.errors import GraphBroken, QueryBusy, QueryError, QueryLimitExceeded
from onrecord.site import SiteOptions, is_view, site_pages
from small_graph import LETTER, LETTER_TEXT, write_graph

DEAR = """
- triple: [Rose Marsh, chairs, Garden Society]
  quote: our chairwoman
- triple: [Rose Marsh, believes, [Basil Thorn, opposes, hose ban]]
  status: claimed
  said by: a neighbour
  quote: she believes he is against it
- triple: [Basil Thorn, opposes, hose ban]
  not: true
  quote: he is not against it
- triple: [Basil Thorn, opposes, hose ban]
  quote: against <b>it</b> & "all"
- triple: [plot 7, motto, "</script><script>alert(1)</script>"]
  quote: javascript:alert(1)
"""
HEAD = """\
source:
  id: letter
  title: A letter to the members
  url: javascript:alert(2)
  published: 2024-06-01
  speakers:
    - id: neighbour
      label: a neighbour
"""


class Seen(HTMLParser):
    """Links, ids and inline scripts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.scripts: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.links += [value for name in ("href", "src") if (value := found.get(name)) is not None]
        self.ids += [value for name in ("id",) if (value := found.get(name))]
        self.scripts += [found] if tag == "script" else []


@pytest.fixture
def garden(tmp_path: Path) -> Notes:
    from inline import notes

    return sound(tmp_path / "garden", "", **{"statements/letter.yaml": notes(DEAR, HEAD)})


def pages(found: Notes, **options: object) -> dict[str, bytes]:
    return {page.path: page.data for page in site_pages(found.loaded, SiteOptions(**options))}  # type: ignore[arg-type]


def test_everything_on_record_has_a_page(garden: Notes):
    found = pages(garden)
    own = [name.rsplit("/", 1)[1].rstrip(">") for name in garden.own["statement"]]
    assert {path for path in found if path.startswith("statement/")} == {f"statement/{name}.html" for name in own}
    assert {path for path in found if path.startswith("entity/")} == {
        *(f"entity/{name}.html" for name in ("basil", "hose-ban", "plot-7", "rose", "society", "summer-show")),
        "entity/letter/neighbour.html",
    }
    assert "source/letter.html" in found
    assert sum(path.startswith("disagreement/") for path in found) == 1
    assert {"index.html", "404.html", "entities.html", "sources.html", "speakers.html", "network.html"} <= set(found)


def test_every_link_inside_the_site_leads_somewhere(garden: Notes):
    found = pages(garden)
    seen = {path: Seen(data.decode()) for path, data in found.items() if path.endswith(".html")}
    checked = 0
    for path, page in seen.items():
        for link in page.links:
            target, place = urldefrag(link)
            if re.match(r"[a-z]+:", target):
                continue
            parts = [*path.split("/")[:-1]] if target else path.split("/")
            parts = [] if path == "404.html" else parts  # its links lead from the host's top, wherever it is given
            for step in unquote(target).removeprefix("/").split("/") if target else ():
                parts = parts[:-1] if step == ".." else [*parts, step]
            assert "/".join(parts) in found, (path, link)
            checked += 1
            if place and "=" not in place and "/".join(parts) in seen:
                assert place in seen["/".join(parts)].ids, (path, link)
    assert checked > 200


def test_scripts_know_the_way_back_to_the_sites_folder(garden: Notes):
    found = pages(garden)
    given = {path: re.findall(rb'id="data">({"root":[^<]*})<', data) for path, data in found.items()}
    ways = {path.count("/"): way for path, way in given.items() if way}
    assert {depth: json.loads(way[0])["root"] for depth, way in ways.items()} == {0: "", 1: "../", 2: "../../"}


def test_nothing_from_the_data_is_executed_or_linked(garden: Notes):
    found = pages(garden)
    for path, data in found.items():
        if not path.endswith(".html"):
            continue
        text = data.decode()
        page = Seen(text)
        assert not [link for link in page.links if link.lower().startswith(("javascript:", "data:"))], path
        assert "<b>it" not in text
        assert "<script>alert" not in text
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
        assert policy is not None
        assert "unsafe" not in policy[1].replace("wasm-unsafe-eval", "")
        assert policy[1].startswith("default-src &#39;none&#39;; script-src")


@pytest.mark.parametrize(
    ("options", "root"),
    [
        ({}, "/"),
        ({"base_url": "https://example.org/the%20talks/a&b/"}, "/the%20talks/a%26b/"),
        ({"base_url": "https://example.org/"}, "/"),
        ({"live": True}, "/"),
    ],
)
def test_the_page_for_a_wrong_address_leads_home_from_any_depth(garden: Notes, options: dict[str, Any], root: str):
    links = Seen(pages(garden, console=False, **options)["404.html"].decode()).links
    own = [link for link in links if link and not link.startswith(("#", "https:"))]
    assert f"{root}index.html" in own
    assert [link for link in own if not link.startswith(root)] == []
    loaded = [link for link in own if not link.endswith(".html")]
    assert bool(loaded) == ("live" in options)


def test_the_data_of_a_graph_with_an_odd_name_can_be_taken_away(tmp_path: Path):
    folder = write_graph(tmp_path / "talks #2 100%")
    found = {page.path: page.data for page in site_pages(onrecord.open(folder)._sound, SiteOptions(console=False))}
    given = [path for path in found if path.startswith("data/")]
    assert [path for path in given if not re.fullmatch(r"[A-Za-z0-9_./-]+", path)] == []
    assert set(given) - {"data/SHA256SUMS"} <= set(Seen(found["downloads.html"].decode()).links)


def test_passages_come_from_further_folders_too(tmp_path: Path):
    free = LETTER.replace("  text: letter.txt\n", "  text: letter.txt\n  licence: CC0-1.0\n")
    folder = write_graph(tmp_path / "garden", **{"statements/letter.yaml": free, "sources/letter.txt": None})
    apart = tmp_path / "texts"
    apart.mkdir()
    (apart / "letter.txt").write_text(LETTER_TEXT)
    graph = onrecord.open(folder)
    graph.examine([apart], update_lock=True)
    seen = {}
    for name, sources in (("without", ()), ("with", (apart,))):
        found = site_pages(onrecord.open(folder)._sound, SiteOptions(console=False, sources=sources))
        seen[name] = {page.path: page.data for page in found}
    assert not [path for path, data in seen["without"].items() if b"dry spring" in data]
    told = {path.partition("/")[0] for path, data in seen["with"].items() if b"dry spring" in data}
    assert told == {"text", "statement", "network.html", "timeline.html"}
    graph.source_page(tmp_path / "source.html", sources=[apart])
    assert '"passages":[' in (tmp_path / "source.html").read_text()


def test_the_same_graph_gives_the_same_bytes(garden: Notes):
    assert pages(garden) == pages(load_folder(garden.folder))


def test_a_live_site_asks_whether_the_graph_changed_and_a_published_one_does_not(garden: Notes):
    live, published = pages(garden, live=True), pages(garden)
    assert b"assets/live.js" in live["index.html"]
    assert b"live.js" not in published["index.html"]
    assert "assets/live.js" not in published
    for path in ("network.html", "timeline.html", "text/letter.html"):
        if path in live:
            assert b"connect-src &#39;self&#39;" in live[path]
            assert b'id="live"' in live[path]
            assert b"connect-src" not in published[path]
            assert b'id="live"' not in published[path]


def test_the_vendored_search_library_is_as_recorded():
    folder = files("onrecord.site").joinpath("assets", "vendor")
    record = json.loads(folder.joinpath("vendor.json").read_text("utf-8"))
    for name, digest in record["sha256"].items():
        assert hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() == digest
    for name, version in record["packages"].items():
        assert f"\n{name} {version} (MIT" in folder.joinpath("THIRD_PARTY.txt").read_text("utf-8")


def test_a_broken_graph_has_no_site(tmp_path: Path):
    from inline import load_notes

    broken = load_notes(tmp_path / "garden", "- triple: [Nobody, chairs, Garden Society]\n  quote: nobody")
    with pytest.raises(GraphBroken):
        pages(broken)


def test_views_are_the_pages_that_allow_scripts_by_hash(garden: Notes):
    for path, data in pages(garden, live=True).items():
        if path.endswith(".html"):
            assert is_view(path) == (b"script-src &#39;sha256-" in data), path


@pytest.mark.parametrize(
    ("failure", "is_told"), [(QueryBusy("all are at work"), False), (QueryLimitExceeded("it took too long"), True)]
)
def test_what_stood_in_the_way_once_is_not_the_answer_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: QueryError, is_told: bool
):
    folder = write_graph(tmp_path / "garden", **{"questions/chairs.rq": "#+ title: Who?\nSELECT ?s { ?s ?p ?o }\n"})
    site = onrecord.open(folder).site(SiteOptions(live=True))

    def fail(*_: object) -> object:
        raise failure

    with monkeypatch.context() as patched:
        patched.setattr("onrecord.site.answers.put", fail)
        if is_told:
            assert b"it took too long" in site.page("question/chairs.html")
        else:
            with pytest.raises(QueryBusy):
                site.page("question/chairs.html")
    page = site.page("question/chairs.html")
    assert b"it took too long" not in page
    assert b"rose" in page.lower()
