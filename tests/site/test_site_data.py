"""Owns the tests of what a site gives to machines: data, hashes, feed, JSON-LD, and the index of the search."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import networkx as nx
import pyoxigraph as ox
import pytest

import onrecord
from onrecord.files import sha256_hex
from onrecord.site import SiteOptions, site_pages
from onrecord.site.search import Document, Index, words

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def pages(graph_folder: Path) -> dict[str, bytes]:
    graph = onrecord.open(graph_folder)
    return {page.path: page.data for page in site_pages(graph._sound, SiteOptions(console=False))}


def test_downloads_are_the_exports_and_their_hashes_are_right(pages: dict[str, bytes], graph_folder: Path):
    graph = onrecord.open(graph_folder)
    assert pages["data/garden.ttl"] == graph.serialize("ttl")
    assert pages["data/garden.trig"] == graph.serialize("trig")
    listed = dict(reversed(line.split("  ")) for line in pages["data/SHA256SUMS"].decode().splitlines())
    assert listed == {
        path.removeprefix("data/"): sha256_hex(data)
        for path, data in pages.items()
        if path.startswith("data/") and path != "data/SHA256SUMS"
    }
    shown = pages["downloads.html"].decode()
    for name, digest in listed.items():
        assert digest in shown
        assert f"{len(pages[f'data/{name}']):,}" in shown
    rows = list(csv.DictReader(io.StringIO(pages["data/garden.csv"].decode("utf-8-sig"), newline="")))
    assert {row["statement"] for row in rows} == {name[1:-1] for name in graph.statements["statement"].drop_nulls()}
    network = nx.parse_graphml(pages["data/garden.graphml"].decode(), force_multigraph=True)
    assert {key for *_, key in network.edges(keys=True)} == {row["statement"] for row in rows}


def test_the_feed_tells_days_of_the_statements_and_never_the_clock(pages: dict[str, bytes]):
    feed = ET.fromstring(pages["feed.xml"])
    entries = feed.findall(f"{ATOM}entry")
    days = [entry.findtext(f"{ATOM}updated") for entry in entries]
    assert feed.findtext(f"{ATOM}id") == "https://example.org/garden/"
    assert feed.findtext(f"{ATOM}updated") == max(days) == "2024-06-09T00:00:00Z"
    assert days == sorted(days, reverse=True)
    assert set(days) == {"2024-06-09T00:00:00Z", "2024-06-01T00:00:00Z"}
    for entry in entries:
        link = entry.find(f"{ATOM}link")
        assert link is not None
        assert link.get("href") in pages


def test_the_json_ld_of_a_page_says_what_the_dataset_says(pages: dict[str, bytes]):
    dataset = {quad.triple for quad in ox.parse(pages["data/garden.nq"], ox.RdfFormat.N_QUADS)}
    seen = 0
    for path, data in pages.items():
        for block in re.findall(rb'<script type="application/ld\+json">(.*?)</script>', data):
            triples = {quad.triple for quad in ox.parse(block, ox.RdfFormat.JSON_LD)}
            assert triples, path
            assert triples <= dataset, path
            seen += len(triples)
    assert seen > 60


def decoded(script: bytes) -> tuple[str, object]:
    name, value = json.loads(f"[{script.decode().removeprefix('onrecordSearch(').rstrip().removesuffix(');')}]")
    return name, value


def test_every_word_of_names_and_quotes_leads_to_what_has_it():
    texts = ["Zoë Müller", "the harbour bridge", "王小明", "28-point plan", "x" * 60]
    found = [Document(f"entity/{at}.html", "person", text, "", (text, "", "")) for at, text in enumerate(texts)]
    files = dict(decoded(make()) for make in Index(found).makers().values())
    postings = {row[0]: row[1:] for name, rows in files.items() if name.startswith("part") for row in rows}
    for at, text in enumerate(texts):
        for word in words(text):
            steps = postings[word][0]
            assert at in [sum(steps[: end + 1]) for end in range(len(steps))], word
    assert words("Zoë Müller") == ["zoe", "muller"]
    assert words("王小明") == ["王", "小", "明"]
    assert files["documents0"][1] == ["entity/1.html", "person", "the harbour bridge", ""]


def test_a_large_index_is_cut_by_the_alphabet(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("onrecord.site.search.PART", 500)
    found = [Document(f"{at}", "", "", "", (f"name{at:04} \U0001d504{at}", "", "")) for at in range(200)]
    files = dict(decoded(make()) for make in Index(found).makers().values())
    head = files["head"]
    parts = [files[f"part{number}"] for number in range(len(head["starts"]))]
    assert len(parts) > 5
    assert head["starts"] == [part[0][0] for part in parts]
    everything = [row[0].encode("utf-16-be") for part in parts for row in part]
    assert everything == sorted(everything)
    assert len(everything) == len(set(everything)) >= 200


def test_a_word_that_is_everywhere_finds_nothing_by_itself(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("onrecord.site.search.EVERYWHERE", 10)
    found = [Document(f"{at}", "", "", "", ("", f"the word{at}", "")) for at in range(50)]
    files = dict(decoded(make()) for make in Index(found).makers().values())
    assert files["head"]["everywhere"] == ["the"]
