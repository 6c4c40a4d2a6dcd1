"""Measures queries through onrecord against the engine called directly and against rdflib, as ratios of CPU time.

    python bench/queries.py --statements 100000 --repeat 5 --rdflib 60 --json

A graph of ``statements.py`` is generated and built. Each query of ``queries/`` is then put three ways,
and its answer read to the last value: to ``Graph.query``, with its lexer, guarded process and rows; to
``Store.query`` on the same store, in this process; to rdflib on the same quads, if asked for, each query
with a bound of seconds. The answers must be the same. Figures are medians of user and system time, the
guarded process included; ``idle`` is an ``ASK {}``, what a query costs beside its evaluation.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from statements import generate

ROOT = Path(__file__).resolve().parents[1]
QUERIES = {path.stem: path.read_text("utf-8") for path in sorted((ROOT / "bench" / "queries").glob("*.rq"))}
MATTERS = 0.020
"""Seconds of a query from which on its own ratio counts; below, what a query costs beside its evaluation does."""

Found = Counter[tuple[str | None, ...]]


def spent() -> float:
    """CPU seconds of this process and its children, those that live still too."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    total = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            total += time.clock_gettime((~int(child) << 3) | 2)  # the clock of another process, clock_getcpuclockid(3)
    return total


def measure(put: Callable[[], Found], repeat: int) -> tuple[float, float, Found]:
    """Median CPU and clock seconds of putting a query, and what it found."""
    cpu, wall, found = [], [], Found()
    for _ in range(repeat):
        started, clock = spent(), time.monotonic()
        found = put()
        cpu.append(spent() - started)
        wall.append(time.monotonic() - clock)
    return statistics.median(cpu), statistics.median(wall), found


def tally(rows: Iterable[tuple[str | None, ...]]) -> Found:
    return Counter(rows)


def through_onrecord(graph: Any, text: str) -> Found:
    found = graph.query(text, timeout=600)
    if found.kind == "boolean":
        return Counter([(str(found.boolean).lower(),)])
    if found.kind == "graph":
        return Counter((line,) for line in found.graph.decode().splitlines())
    return Counter(found.texts())


def directly(store: ox.Store, text: str, prefixes: dict[str, str]) -> Found:
    found = store.query(text, prefixes=prefixes, use_default_graph_as_union=True)
    if isinstance(found, ox.QueryBoolean):
        return Counter([(str(bool(found)).lower(),)])
    if isinstance(found, ox.QueryTriples):
        return Counter((f"{triple} .",) for triple in found)
    return Counter(tuple(None if term is None else term.value for term in row) for row in found)


def in_rdflib(pipe: Any, lines: Path, prefixes: dict[str, str]) -> None:
    """A process that answers on rdflib what comes through ``pipe``."""
    import rdflib

    graph = rdflib.Graph()
    graph.parse(lines, format="nt")
    pipe.send("ready")
    while True:
        text = pipe.recv()
        started = time.process_time()
        found = graph.query(text, initNs=prefixes)
        if found.type == "ASK":
            rows = [(str(found.askAnswer).lower(),)]
        elif found.type == "CONSTRUCT":
            rows = [(f"{' '.join(term.n3() for term in triple)} .",) for triple in found.graph or ()]
        else:
            rows = [tuple(None if term is None else str(term) for term in row) for row in found]
        pipe.send((time.process_time() - started, Counter(rows)))


class Rdflib:
    """rdflib in a process that is replaced when a query takes longer than ``seconds`` of the clock."""

    def __init__(self, lines: Path, prefixes: dict[str, str], seconds: float) -> None:
        self.given = lines, prefixes
        self.seconds = seconds
        self.process: Any = None

    def put(self, text: str) -> tuple[float, Found] | None:
        if self.process is None:
            self.pipe, theirs = multiprocessing.Pipe()
            self.process = multiprocessing.get_context("spawn").Process(target=in_rdflib, args=(theirs, *self.given))
            self.process.start()
            self.pipe.recv()
        self.pipe.send(text)
        if self.pipe.poll(self.seconds):
            answer: tuple[float, Found] = self.pipe.recv()
            return answer
        self.end()
        return None

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None


def prepare(folder: Path, statements: int, seed: int) -> Path:
    """A built graph in ``folder``, made only where there is none yet."""
    graph = folder / "bench"
    if not (folder / "build" / "bench" / "manifest.json").exists():
        generate(graph, statements, "parquet", seed, bad=0)
        command = ("-m", "onrecord", "build", str(graph), "--no-shapes", "--no-evidence", "--no-exports", "--json")
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
    return graph


def run(graph_folder: Path, repeat: int, rdflib_seconds: float) -> dict[str, Any]:
    import onrecord
    from onrecord.store import open_store

    graph = onrecord.open(graph_folder)
    prefixes = graph.prefixes()
    store = open_store(graph.project.build_folder)
    other = None
    if rdflib_seconds:
        lines = graph_folder.parent / "all.nt"
        store.query("CONSTRUCT WHERE { ?s ?p ?o }", use_default_graph_as_union=True).serialize(
            str(lines), format=ox.RdfFormat.N_TRIPLES
        )
        other = Rdflib(lines, prefixes, rdflib_seconds)
    graph.query("ASK {}")  # the store is open and a process is there
    idle = measure(lambda: through_onrecord(graph, "ASK {}"), 15)[0]
    rows = []
    for name, text in QUERIES.items():
        theirs, their_clock, expected = measure(lambda text=text: directly(store, text, prefixes), repeat)
        ours, our_clock, found = measure(lambda text=text: through_onrecord(graph, text), repeat)
        if found != expected:
            raise SystemExit(f"{name}: {found - expected} is too much, {expected - found} is missing")
        row = {"query": name, "rows": found.total(), "direct ms": theirs, "onrecord ms": ours}
        row |= {"ratio": ours / theirs, "clock": our_clock / their_clock}
        if other is not None:
            answer = other.put(re.sub(r"^#.*\n", "", text))
            row["rdflib"] = None if answer is None else answer[0] / ours
            if answer is not None and answer[1] != expected:
                row["rdflib"] = "another answer"
        rows.append(row)
        print(f"{name}: {ours / theirs:.2f}", file=sys.stderr)
    if other is not None:
        other.end()
    total = sum(row["onrecord ms"] for row in rows) / sum(row["direct ms"] for row in rows)
    long = [row["ratio"] for row in rows if row["direct ms"] > MATTERS]
    for row in rows:
        row |= {key: round(row[key] * 1000, 1) for key in ("direct ms", "onrecord ms")}
    return {"overall": total, "worst above 20 ms": max(long, default=0), "idle ms": idle * 1000, "queries": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description="Queries through onrecord as ratios to the engine and to rdflib.")
    parser.add_argument("--statements", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rdflib", type=float, default=0.0, metavar="SECONDS", help="Ask rdflib too, so long a query.")
    parser.add_argument("--folder", type=Path, help="Keep the graph there, and use it again.")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        result = run(prepare(folder, options.statements, options.seed), options.repeat, options.rdflib)
    if options.json:
        print(json.dumps(result))
        return
    for row in result.pop("queries"):
        print("  ".join(f"{f'{cell:.2f}' if isinstance(cell, float) else cell!s:>10}" for cell in row.values()))
    print(result)


if __name__ == "__main__":
    main()
