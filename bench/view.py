"""Measures pages in headless Chromium: onrecord's own, pyvis's default and other drawings of the same graph.

    python bench/view.py --nodes 10000 --edges 30000 [--cytoscape cytoscape.min.js] [--only NAME;NAME] [--json]
    python bench/view.py --timeline 2000

The graph is invented: communities of about 150 with hubs of their own, four edges in five within one.
For each drawing: size of the file, seconds until the first whole picture and until the page rests,
JavaScript heap after collection, milliseconds of the page's main thread for one step of panning, zooming and
filtering (sixty movements of the mouse; one class of edges switched off and on eight times: the middle and the most),
and for comparison of all of Chromium's processes. What did not come to rest in ``--patience`` seconds says so. The
machine's load stands below. Needs playwright and Chromium; cytoscape is npm's ``cytoscape``, its
``dist/cytoscape.min.js``: ``npm install --prefix DIR cytoscape`` in a folder of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyvis.network
from playwright.sync_api import Error, Page, sync_playwright

from onrecord.view.frame import asset, embed_json
from onrecord.view.model import ViewEdge, ViewGraph, ViewNode
from onrecord.view.network import CANVAS_FROM, Network, network
from onrecord.view.timeline import render_timeline

BASE = "https://example.org/bench/"
SHAPES = ("person",) * 4 + ("group", "state", "organisation", "organisation", "event", "place", "plan", "thing")
STATUSES = ("stated",) * 5 + ("confirmed", "expected", "claimed", "denied", "planned", "possible")
VERBS = ("meets", "represents", "rejects", "owns", "funds", "employs", "sues", "visits", "advises")
FIRST = ("Ada", "Bo", "Cleo", "Dag", "Ebba", "Finn", "Gita", "Hugo", "Iris", "Jon", "Kaja", "Leo", "Maud", "Nils")
LAST = ("Aas", "Berg", "Dahl", "Eide", "Foss", "Gran", "Holm", "Juul", "Krog", "Lund", "Moen", "Olsen", "Prytz", "Vik")
STEPS = 60
FILTERS = 16


@dataclass
class Measured:
    """One drawing; seconds, megabytes, milliseconds."""

    drawing: str
    write: float
    file: float
    first: float | str | None = None
    rest: float | str | None = None
    heap: float | None = None
    pan: float | None = None
    zoom: float | None = None
    filter: float | None = None
    filter_most: float | None = None
    pan_all: float | None = None


@dataclass(frozen=True)
class Drawing:
    """How to make a page and how to tell what it does; expressions are evaluated in the page."""

    name: str
    write: Callable[[ViewGraph, Network, Path], None]
    first: str  # true once the whole picture stood for the first time
    rest: str  # true while nothing moves or waits
    filter: str  # switches a class of edges off or on
    prepare: str = ""
    still: bool = False  # there is nothing to pan and zoom


def invent(nodes: int, edges: int, seed: int = 5) -> ViewGraph:
    """A scale-free graph of communities, every edge with a quote of twelve words."""
    draw = random.Random(seed)
    blocks = max(2, nodes // 150)
    block = [min(int(draw.paretovariate(1.1)) - 1, blocks - 1) if draw.random() < 0.3 else draw.randrange(blocks)
             for _ in range(nodes)]  # fmt: skip
    members: list[list[int]] = [[] for _ in range(blocks)]
    for node, own in enumerate(block):
        members[own].append(node)
    items = []
    for number in range(nodes):
        shape = draw.choice(SHAPES)
        name = f"{draw.choice(FIRST)} {draw.choice(LAST)}"
        label = {"organisation": f"{name} Ltd", "event": f"Meeting of {name}", "place": f"{name}havn"}.get(shape, name)
        items.append(ViewNode(f"{BASE}entity/{number:06}", label, "entity", BASE + shape, shape, shape))
    lines = []
    while len(lines) < edges:
        a = draw.randrange(nodes)
        near = members[block[a]]
        b = near[min(int(draw.paretovariate(0.8)) - 1, len(near) - 1)] if draw.random() < 0.8 else draw.randrange(nodes)
        if a == b:
            continue
        status, verb, at = draw.choice(STATUSES), draw.choice(VERBS), len(lines)
        day = f"20{10 + at % 20}-{1 + at % 12:02}-{1 + at % 28:02}"
        lines.append(
            ViewEdge(
                f"{BASE}statement/{draw.getrandbits(80):020x}", items[a].iri, items[b].iri, verb, BASE + verb,
                "statement", status, asserting=status in {"stated", "confirmed"},
                quotes=(" ".join(draw.choice(LAST) for _ in range(12)),), recorded=day, verified=at % 3 > 0,
                said_by=(f"{draw.choice(FIRST)} {draw.choice(LAST)}",) if at % 4 == 0 else (),
                source_title=f"Report {at % 200}", source_publisher=f"Paper {at % 20}", source_published=day,
                file=f"statements/report-{at % 200}.yaml", line=at,
            )
        )  # fmt: skip
    return ViewGraph(f"{nodes:,} nodes, {edges:,} edges", "An invented graph.", tuple(items), tuple(lines))


# ---- the drawings ----


def write_own(renderer: str) -> Callable[[ViewGraph, Network, Path], None]:
    def write(_: ViewGraph, net: Network, target: Path) -> None:
        net.renderer = renderer
        target.write_text(net.generate_html(), encoding="utf-8")

    return write


def write_pyvis(graph: ViewGraph, _: Network, target: Path) -> None:
    """What pyvis writes when nobody sets anything: physics on, positions found in the browser."""
    net = pyvis.network.Network(directed=True, cdn_resources="in_line")
    for node in graph.nodes:
        net.add_node(node.iri, label=node.label)
    # Its add_edge looks through all edges each time; what it writes is the same without that.
    net.edges = [{"from": edge.source, "to": edge.target, "arrows": "to", "title": edge.label} for edge in graph.edges]
    target.write_text(net.generate_html(), encoding="utf-8")


def write_vis(_: ViewGraph, net: Network, target: Path) -> None:
    """The same positions on a bare vis-network: no physics, straight edges, none while dragging."""
    data = {
        "nodes": [{name: node[name] for name in ("id", "label", "x", "y")} for node in net.nodes],
        "edges": [{name: edge[name] for name in ("id", "from", "to", "line")} for edge in net.edges],
    }
    script = """
    const data = JSON.parse(document.getElementById('data').textContent);
    const edges = new vis.DataSet(data.edges);
    const options = {
      physics: false, layout: { improvedLayout: false }, nodes: { shape: 'dot', size: 8 }, edges: { smooth: false },
      interaction: { hideEdgesOnDrag: true, hideEdgesOnZoom: true },
    };
    const nodes = new vis.DataSet(data.nodes);
    const network = new vis.Network(document.getElementById('here'), { nodes, edges }, options);
    network.once('afterDrawing', () => { window.drawn = true; });
    function toggle() {
      const some = edges.get({ filter: (edge) => edge.line === 'expected' });
      edges.update(some.map(({ id, hidden }) => ({ id, hidden: !hidden })));
    }
    """
    write_bare(target, data, asset("vendor/vis-network.min.js"), script)


def write_bare(target: Path, data: object, library: str, script: str) -> None:
    target.write_text(
        f"<!doctype html><meta charset=utf-8><style>html,body,#here{{height:100%;margin:0}}</style>"
        f"<div id=here></div><script type='application/json' id=data>{embed_json(data)}</script>"
        f"<script>{library}</script><script>{script}</script>",
        encoding="utf-8",
    )


def write_cytoscape(library: Path) -> Callable[[ViewGraph, Network, Path], None]:
    """The same positions and colours on cytoscape's canvas, with the options its manual names for big graphs."""

    def write(_: ViewGraph, net: Network, target: Path) -> None:
        elements = [
            {"data": {"id": node["id"], "label": node["label"]}, "position": {"x": node["x"], "y": node["y"]}}
            for node in net.nodes
        ] + [
            {"data": {"id": edge["id"], "source": edge["from"], "target": edge["to"], "line": edge["line"]}}
            for edge in net.edges
        ]
        script = """
        const elements = JSON.parse(document.getElementById('data').textContent);
        window.cy = cytoscape({
          container: document.getElementById('here'), elements, layout: { name: 'preset' },
          style: [
            { selector: 'node', style: { width: 16, height: 16, label: 'data(label)', 'min-zoomed-font-size': 9 } },
            { selector: 'edge', style: { width: 1, 'curve-style': 'haystack' } },
            { selector: '.off', style: { display: 'none' } },
          ],
          textureOnViewport: true, hideEdgesOnViewport: true, pixelRatio: 1,
        });
        cy.one('render', () => { window.drawn = true; });
        """
        write_bare(target, elements, library.read_text(encoding="utf-8"), script)

    return write


def drawings(nodes: int, cytoscape: Path | None) -> Iterator[Drawing]:
    legend = "(() => { const box = document.querySelector('input[data-line=expected]'); box.click(); })()"
    yield Drawing(
        "onrecord, everything", write_own("canvas"), "Boolean(window.onrecord) && onrecord.renderer.settled()",
        "onrecord.renderer.settled()", legend,
        "[...document.querySelectorAll('.groups button')].find((each) => each.textContent === 'Everything')?.click()",
    )  # fmt: skip
    yield Drawing(
        "onrecord, groups", write_own("canvas"), "Boolean(window.onrecord) && onrecord.renderer.settled()",
        "onrecord.renderer.settled()", legend,
    )  # fmt: skip
    if nodes < CANVAS_FROM:
        yield Drawing("onrecord, vis", write_own("vis"), "Boolean(window.onrecord)", "true", legend)
    yield Drawing("vis-network", write_vis, "window.drawn === true", "true", "toggle()")
    yield Drawing(
        "pyvis", write_pyvis, "typeof network !== 'undefined' && network.body.nodeIndices.length > 0",
        "network.physics.stabilized === true",
        "(() => { const some = edges.getIds().slice(0, Math.floor(edges.length / 6)); "
        "edges.update(some.map((id) => ({ id, hidden: !edges.get(id).hidden }))); })()",
    )  # fmt: skip
    if cytoscape:
        yield Drawing(
            "cytoscape", write_cytoscape(cytoscape), "window.drawn === true", "true",
            "cy.batch(() => { const off = cy.edges('[line = \"expected\"]'); off.toggleClass('off'); })",
        )  # fmt: skip


def write_timeline(graph: ViewGraph, _: Network, target: Path) -> None:
    """Every third statement holds at no time of its own, the others in a month of 120 years."""
    edges = tuple(
        replace(edge, when=f"{1900 + at % 120}-{at % 12 + 1:02}" if at % 3 else "")
        for at, edge in enumerate(graph.edges)
    )
    target.write_text(render_timeline(replace(graph, edges=edges)), encoding="utf-8")


def timelines() -> Iterator[Drawing]:
    """The timeline as it opens with many statements, every lane closed; and with every lane open."""
    box = "document.querySelector('input[data-line=expected]').click()"
    unfold = "document.getElementById('fold').click()"
    for name, prepare in (("timeline", ""), ("timeline, open lanes", unfold)):
        yield Drawing(name, write_timeline, "Boolean(window.onrecord)", "true", box, prepare, still=True)


# ---- measuring ----


def cpu_of_tree(root: int) -> float:
    """CPU seconds of a process and all that it started."""
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    tick = os.sysconf("SC_CLK_TCK")
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(folder.name)] = int(fields[1])
            used[int(folder.name)] = (int(fields[11]) + int(fields[12])) / tick
    total = 0.0
    for process, seconds in used.items():
        at = process
        while at not in (0, root):
            at = parents.get(at, 0)
        total += seconds if at == root else 0.0
    return total


class Meter:
    """Reads what one page has used."""

    def __init__(self, page: Page, root: int) -> None:
        self.page, self.root = page, root
        self.session = page.context.new_cdp_session(page)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def main_thread(self) -> float:
        found = {each["name"]: each["value"] for each in self.session.send("Performance.getMetrics")["metrics"]}
        return float(found["TaskDuration"])

    def heap(self) -> float:
        self.session.send("HeapProfiler.collectGarbage")
        found = {each["name"]: each["value"] for each in self.session.send("Performance.getMetrics")["metrics"]}
        return float(found["JSHeapUsedSize"]) / 1e6

    def true(self, expression: str, seconds: float) -> float | None:
        """Seconds until an expression holds; None when it does not in time."""
        start = time.perf_counter()
        while time.perf_counter() - start < seconds:
            if self.page.evaluate(expression):
                return time.perf_counter() - start
            self.page.wait_for_timeout(15)
        return None

    @contextmanager
    def step(self, steps: int) -> Iterator[dict[str, float]]:
        """Milliseconds of CPU for one of ``steps`` done inside."""
        out: dict[str, float] = {}
        main, everything = self.main_thread(), cpu_of_tree(self.root)
        yield out
        out["main"] = (self.main_thread() - main) * 1000 / steps
        out["all"] = (cpu_of_tree(self.root) - everything) * 1000 / steps


def measure(found: Measured, drawing: Drawing, page: Page, root: int, target: Path, patience: float) -> None:
    """Fills in what can be measured of a page; what it does not live to show stays open."""
    page.set_default_timeout(patience * 1000)
    late = f"not in {patience:.0f} s"
    start = time.perf_counter()
    page.goto(target.as_uri(), wait_until="commit")
    meter = Meter(page, root)
    if meter.true(drawing.first, patience) is None:
        found.first = late
        return
    found.first = time.perf_counter() - start
    if drawing.prepare:
        page.evaluate(drawing.prepare)
    if meter.true(drawing.rest, patience) is None:
        found.rest = late
        return
    page.wait_for_timeout(500)
    found.rest = time.perf_counter() - start - 0.5
    if drawing.still:
        measure_filter(found, drawing, meter)
        return
    page.mouse.move(760, 420)
    page.mouse.down()
    with meter.step(STEPS) as used:
        for at in range(STEPS):
            page.mouse.move(760 + 4 * (at + 1), 420 + 2 * (at + 1))
            page.wait_for_timeout(16)
    page.mouse.up()
    found.pan, found.pan_all = used["main"], used["all"]
    page.wait_for_timeout(1500)
    with meter.step(STEPS) as used:
        for at in range(STEPS):
            page.mouse.wheel(0, -40 if at < STEPS // 2 else 40)
            page.wait_for_timeout(16)
    found.zoom = used["main"]
    page.mouse.move(20, 880)  # who sets a filter does not point into the drawing
    page.wait_for_timeout(1500)
    meter.true(drawing.rest, patience)
    measure_filter(found, drawing, meter)


def measure_filter(found: Measured, drawing: Drawing, meter: Meter) -> None:
    steps = []
    for _ in range(FILTERS):
        with meter.step(1) as used:
            meter.page.evaluate(drawing.filter)
            meter.page.wait_for_timeout(800)  # no questions meanwhile: they would be counted
        steps.append(used["main"])
    found.filter, found.filter_most = statistics.median(steps), max(steps)
    found.heap = meter.heap()  # last: collecting everything throws compiled code away too


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    words.add_argument("--nodes", type=int, default=10_000)
    words.add_argument("--edges", type=int, default=30_000)
    words.add_argument("--timeline", type=int, help="statements; measures the timeline instead")
    words.add_argument("--patience", type=float, default=40.0, help="seconds to wait for a picture, and for rest")
    words.add_argument("--cytoscape", type=Path, help="cytoscape.min.js of npm's package, for a further drawing")
    words.add_argument("--only", default="", help="names of drawings, with semicolons")
    words.add_argument("--json", action="store_true")
    asked = words.parse_args()
    wanted = {name.strip() for name in asked.only.split(";") if name.strip()}
    if asked.timeline:
        asked.nodes, asked.edges = asked.timeline // 3, asked.timeline
    graph = invent(asked.nodes, asked.edges)
    start = time.process_time()
    net = network(graph)
    laid_out = time.process_time() - start
    print(f"layout: {laid_out:.1f} s of CPU", file=sys.stderr)
    chromium = shutil.which("chromium") or "/usr/bin/chromium"
    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        for drawing in timelines() if asked.timeline else drawings(asked.nodes, asked.cytoscape):
            if wanted and drawing.name not in wanted:
                continue
            browser = driver.chromium.launch(
                executable_path=chromium,
                args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
            )
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            target = Path(folder) / "page.html"
            start = time.process_time()
            drawing.write(graph, net, target)
            rows.append(Measured(drawing.name, time.process_time() - start, target.stat().st_size / 1e6))
            try:
                measure(rows[-1], drawing, page, os.getpid(), target, asked.patience)
            except Error as error:
                print(f"{drawing.name}: {str(error).splitlines()[0]}", file=sys.stderr)
            finally:
                browser.close()
            show = rows[-1]
            print(show if asked.json else as_line(show), file=sys.stderr)
    if asked.json:
        print(json.dumps([asdict(row) for row in rows]))
        return
    names = list(asdict(rows[0]))
    print("| " + " | ".join(names) + " |\n|" + "---|" * len(names))
    for row in rows:
        print(as_line(row))
    print("load of the machine over 1, 5 and 15 minutes: " + " ".join(f"{load:.1f}" for load in os.getloadavg()))


def as_line(row: Measured) -> str:
    cells = [
        value if isinstance(value, str) else "-" if value is None else f"{value:.3g}" for value in asdict(row).values()
    ]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
