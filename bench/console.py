"""Measures the SPARQL console of a site in headless Chromium, beside the same engine on the machine itself.

    python bench/console.py [--statements 100000] [--json]

Writes the console of a graph of bench/statements.py, opens it from disk with no network, and puts queries: seconds
until the graph is loaded, the memory that it takes there, and each query in the console and in pyoxigraph's store.
Only the console's own files are written; what else a site holds is left out. Needs playwright and Chromium.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

import onrecord
from onrecord.export import export
from onrecord.graph import Graph
from onrecord.site import Site, SiteOptions
from onrecord.site.console import console_pages
from onrecord.site.frame import shared_assets
from onrecord.site.record import ViewGraphParts
from onrecord.store import load_store
from statements import generate

QUERIES = {
    "count of everything": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "look-up of a label": 'SELECT ?s { ?s rdfs:label "stated"@en }',
    "who heads what": "SELECT ?who ?what { ?who dip:heads ?what } LIMIT 100",
    "statements by status": "SELECT ?status (COUNT(?s) AS ?n) { ?s onr:status ?status } GROUP BY ?status",
    "statements of a kind": "SELECT ?s ?who { ?s onr:proposition ?p . ?p rdf:predicate dip:represents ; "
    "rdf:subject ?who } LIMIT 1000",
}
PATIENCE = 600


def write_console(graph: Graph, folder: Path) -> None:
    """The console without the pages that its labels would lead to."""
    site = Site(graph._sound, SiteOptions())
    site.record.__dict__["view"] = ViewGraphParts({}, {})
    for path, data in shared_assets(live=False).items():
        _write(folder / path, data)
    for path, make in console_pages(site.record, site.frame, {}).items():
        _write(folder / path, make())


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def run(page: Page, query: str) -> float:
    """Seconds from the click to the rows."""
    page.evaluate("(query) => onrecord.editor.write(query)", query)
    began = time.monotonic()
    page.click("#run")
    while not page.is_disabled("#cancel"):
        if time.monotonic() - began > PATIENCE:
            raise SystemExit("the console did not answer")
        page.wait_for_timeout(5)
    if page.is_visible("#problem"):
        raise SystemExit(page.inner_text("#problem"))
    return time.monotonic() - began


def measure(folder: Path) -> dict[str, Any]:
    """What the console takes, in Chromium."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_context(offline=True).new_page()
        began = time.monotonic()
        page.goto(f"{folder.as_uri()}/console.html")
        while not page.evaluate("Boolean(window.onrecord)"):
            page.wait_for_timeout(5)
        opened = time.monotonic() - began
        first = run(page, "ASK {}")
        loaded, bytes_ = page.evaluate("[onrecord.engine.seconds, onrecord.engine.bytes]")
        found = {"open": opened, "first answer": first, "load": loaded, "memory MB": bytes_ / 1e6}
        found["queries"] = {name: run(page, query) for name, query in QUERIES.items()}
        browser.close()
    return found


def floor(graph: Graph) -> dict[str, Any]:
    """The same with pyoxigraph's store in memory."""
    nquads = export(graph.quads(), "nq", {})
    began = time.monotonic()
    store = load_store(nquads)
    found: dict[str, Any] = {"load": time.monotonic() - began, "queries": {}}
    for name, query in QUERIES.items():
        began = time.monotonic()
        list(store.query(query, prefixes=graph.prefixes(), use_default_graph_as_union=True))
        found["queries"][name] = time.monotonic() - began
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--statements", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        generate(folder / "graph", options.statements, "csv", bad=0)
        graph = onrecord.open(folder / "graph")
        began = time.monotonic()
        write_console(graph, folder / "site")
        written = time.monotonic() - began
        size = sum(path.stat().st_size for path in (folder / "site").rglob("*") if path.is_file()) / 1e6
        ours, theirs = measure(folder / "site"), floor(graph)
        quads = graph.quads().height
    result = {"quads": quads, "write": written, "site MB": size, "console": ours, "pyoxigraph": theirs}
    if options.json:
        print(json.dumps(result, indent=2))
        return
    print(f"{quads:,} quads; written in {written:.1f} s, {size:.1f} MB")
    print(f"opens in {ours['open']:.1f} s, first answer after {ours['first answer']:.1f} s, {ours['memory MB']:.0f} MB")
    print(f"loading: {ours['load']:.1f} s, {ours['load'] / theirs['load']:.1f} times pyoxigraph's", file=sys.stdout)
    for name, seconds in ours["queries"].items():
        print(f"{name}: {seconds:.3f} s, in pyoxigraph {theirs['queries'][name]:.3f} s")


if __name__ == "__main__":
    main()
