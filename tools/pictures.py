"""Take the pictures of the README and the docs from the real pages, in headless Chromium.

``python tools/pictures.py`` needs Debian's chromium; it writes docs/pictures/*.webp and nothing else.
"""

from __future__ import annotations

import base64
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, sync_playwright

import onrecord
from onrecord.graph import Graph

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "pictures"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
QUALITY = 82


def main() -> None:
    """Write every picture."""
    browser_path = shutil.which("chromium")
    if browser_path is None:
        sys.exit("no chromium: apt-get install chromium")
    OUT.mkdir(parents=True, exist_ok=True)
    miami, bridge = (onrecord.open(ROOT / "graphs" / name) for name in ("miami-talks", "harbour-bridge"))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pages = Path(folder)
        browser = playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)

        def take(name: str, write: Callable[[Path], Path], state: dict[str, str], *, dark: bool = False) -> None:
            context = browser.new_context(
                viewport={"width": 1400, "height": 820}, color_scheme="dark" if dark else "light"
            )
            page = context.new_page()
            page.goto(f"{write(pages / f'{name}.html').as_uri()}#{urlencode(state)}")
            page.wait_for_timeout(1500)
            save(page, OUT / f"{name}.webp")
            context.close()

        witkoff = {"edge": statement(miami, "Steve Witkoff", "represents", "United States")}
        take("miami-talks", miami.view, {})
        take("miami-talks-statement", miami.view, witkoff)
        take(
            "miami-talks-round", miami.view, {"layout": f"event {miami.names.require_entity('Miami talks')}"}, dark=True
        )
        take("bridge-time", bridge.view, {"layout": "time"})
        opened = {"edge": statement(bridge, "Brackwater Marine", "repairs", "Gannet Bridge")}
        take("bridge-timeline", bridge.timeline, {"group": "none", **opened})
        denied = {"edge": statement(bridge, "Hesper Drall", "receives", "memo on the cost of the bridge")}
        take("bridge-source", bridge.source_page, denied)
        take("miami-source", lambda path: miami.source_page(path), witkoff)
        take("miami-site", lambda path: start_page(miami, path.with_suffix("")), {})
        browser.close()


def start_page(graph: Graph, folder: Path) -> Path:
    """The start page of the graph's site, written into ``folder``."""
    graph.publish(folder)
    return folder / "index.html"


def statement(graph: Graph, subject: str, predicate: str, object_: str) -> str:
    """The IRI of the first statement of that triple."""
    found = graph.query(
        f"""SELECT ?s {{ ?s onr:proposition ?p .
            ?p rdf:subject/rdfs:label {words(subject)} ; rdf:predicate/rdfs:label {words(predicate)} ;
               rdf:object/rdfs:label {words(object_)} }} ORDER BY ?s LIMIT 1"""
    )
    return str(found.rows[0][0])


def words(text: str) -> str:
    """A label in English, as SPARQL writes it."""
    return f'"{text}"@en'


def save(page: Page, target: Path) -> None:
    """What the page shows, as WebP, which is a third of the size of PNG here."""
    session = page.context.new_cdp_session(page)
    shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    target.write_bytes(base64.b64decode(shot["data"]))
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
