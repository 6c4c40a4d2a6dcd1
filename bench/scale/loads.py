"""Measures what it costs to bring a dataset to a server: by push, and by the server's own loader of files.

    python bench/scale/loads.py --statements 10000 100000 --json loads.json

A generated graph is built in shards, and every quad of it goes to a new Oxigraph and a new Virtuoso 7, in three ways:
``bulk``, the commands of docs/servers.md on the ``.nq.gz`` of the shards; ``shards``, ``onrecord push SHARDS``, the
only push for what no machine holds as a whole; ``files``, ``onrecord push GRAPH``, whose client reads, checks and
infers all of the graph in memory and sends the entailed triples too. Quads are counted on the server after each
load. CPU is that of the server and of the client; the reference of the same run is ``Store.bulk_load`` of up to a
million of the same quads into memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from builds import ENTITIES, FEWEST_SHARDS, ROWS_A_FILE, ROWS_A_SHARD, reference
from processes import ROOT, cpu_of, memory_of, run

from engines import Running, oxigraph, program, virtuoso

WAYS = ("bulk", "shards", "files")
WHO = {"ONRECORD_STORE_USER": "dba", "ONRECORD_STORE_PASSWORD": "dba"}
BASE = "https://example.org/bench/"
COUNT = f"""\
SELECT (COUNT(*) AS ?n) WHERE {{
  GRAPH ?g {{ ?s ?p ?o }}
  FILTER(STRSTARTS(STR(?g), "{BASE}") || STRSTARTS(STR(?g), "https://w3id.org/onrecord"))
  FILTER(STR(?g) != "{BASE}graph/pushed")
}}
"""
BULK = """\
ld_dir('{folder}', '*.nq.gz', '{base}graph/asserted');
rdf_loader_run();
SELECT ll_file, ll_error FROM DB.DBA.load_list WHERE ll_error IS NOT NULL;
checkpoint;
"""


def push(folder: Path, there: Running, limit: float) -> dict[str, float]:
    """What ``onrecord push`` of a graph or of shards costs, at both ends; what it verifies is in it."""
    before = cpu_of(there.pids)
    done = run(sys.executable, "-m", "onrecord", "push", folder, there.address, limit=limit, environment=WHO)
    server = cpu_of(there.pids) - before
    return {"server_cpu_s": server, "client_cpu_s": done.cpu, "wall_s": done.wall, "client_peak_mb": done.peak}


def load_virtuoso(shards: Path, there: Running, limit: float) -> dict[str, float]:
    """What Virtuoso's loader costs, a checkpoint at its end.

    :raises SystemExit: when it tells of an error in a file.
    """
    isql = program("isql-vt", "apt-get install virtuoso-opensource-7-bin")
    before, start = cpu_of(there.pids), time.perf_counter()
    orders = BULK.format(folder=shards, base=BASE)
    done = subprocess.run(
        [isql, there.sql, "dba", "dba", "ERRORS=STDOUT"], input=orders, capture_output=True, text=True, timeout=limit
    )
    wall = time.perf_counter() - start
    if done.returncode or "*** Error" in done.stdout or "\n0 Rows." not in done.stdout:
        raise SystemExit(f"isql: {done.stdout[-2000:]}{done.stderr[-1000:]}")
    return {"server_cpu_s": cpu_of(there.pids) - before, "client_cpu_s": 0.0, "wall_s": wall}


def load_oxigraph(shards: Path, location: Path, limit: float) -> dict[str, float]:
    """What ``oxigraph load`` costs; no server runs meanwhile."""
    command = [program("oxigraph", "pip install oxigraph"), "load", "--location", location, "--file"]
    done = run(*command, *sorted(shards.glob("*.nq.gz")), limit=limit)
    return {"server_cpu_s": done.cpu, "client_cpu_s": 0.0, "wall_s": done.wall, "server_peak_mb": done.peak}


def count(there: Running, path: str) -> int:
    """The quads of the dataset that a server holds; the graph of what was pushed is no part of it."""
    request = urllib.request.Request(
        there.address + path,
        urllib.parse.urlencode({"query": COUNT}).encode(),
        {"Accept": "application/sparql-results+json"},
    )
    with urllib.request.urlopen(request, timeout=600) as answer:
        return int(json.load(answer)["results"]["bindings"][0]["n"]["value"])


def measure_size(size: int, folder: Path, ways: Sequence[str], limit: float) -> dict[str, Any]:
    """Both servers at one size.

    :raises SystemExit: when a server does not hold what was loaded.
    """
    graph, shards = folder / "graph", folder / "shards"
    layout = ("--format", "parquet", "--bad", "0", "--rows-a-file", str(ROWS_A_FILE), "--entities", str(ENTITIES))
    run(sys.executable, ROOT / "bench/statements.py", graph, "--statements", str(size), *layout, limit=limit)
    number = max(FEWEST_SHARDS, -(-size // ROWS_A_SHARD))
    run(sys.executable, "-m", "onrecord", "build", graph, "-o", shards, "--shards", str(number), limit=limit)
    quads = json.loads((shards / "manifest.json").read_text("utf-8"))["counts"]["quads"]
    found: dict[str, Any] = {"statements": size, "quads": quads, "reference_us_a_quad": [reference(shards, limit)]}

    @contextmanager
    def place(name: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=folder, prefix=name) as made:
            yield Path(made)

    def note(name: str, figures: dict[str, float], there: Running, path: str, where: Path, files: str) -> None:
        held = count(there, path)
        if held != quads and not name.endswith("files"):
            raise SystemExit(f"{name}: {held:,} quads of {quads:,} arrived")
        figures |= {"held": held, "server_mb": memory_of(there.pids), "load": os.getloadavg()[0]}
        figures["disk_bytes"] = sum(file.stat().st_size for file in where.rglob(files) if file.is_file())
        figures["quads_a_cpu_s"] = held / (figures["server_cpu_s"] + figures["client_cpu_s"])
        figures["quads_a_s"] = held / figures["wall_s"]
        found[name] = figures

    if "bulk" in ways:
        with place("oxigraph") as where:
            figures = load_oxigraph(shards, where / "store", limit)
            with oxigraph(where) as there:
                note("oxigraph bulk", figures, there, "/query", where / "store", "*")
        with place("virtuoso") as where, virtuoso(where, shards) as there:
            figures = load_virtuoso(shards, there, limit)
            note("virtuoso bulk", figures, there, "/sparql", where, "virtuoso.db")
    for way, pushed in (("shards", shards), ("files", graph)):
        if way not in ways:
            continue
        with place("oxigraph") as where, oxigraph(where) as there:
            note(f"oxigraph push of {way}", push(pushed, there, limit), there, "/query", where / "store", "*")
        with place("virtuoso") as where, virtuoso(where, shards) as there:
            note(f"virtuoso push of {way}", push(pushed, there, limit), there, "/sparql", where, "virtuoso.db")
    found["reference_us_a_quad"].append(reference(shards, limit))
    return found


def show(found: dict[str, Any]) -> None:
    """The figures as a table."""
    for one in found["sizes"]:
        print(f"{one['statements']:,} statements, {one['quads']:,} quads")
        for name, figures in one.items():
            if not isinstance(figures, dict):
                continue
            ratio = 1e6 / figures["quads_a_cpu_s"] / min(one["reference_us_a_quad"])
            bytes_ = figures["disk_bytes"] / figures["held"]
            print(
                f"  {name:<25}{figures['quads_a_cpu_s']:>9,.0f} quads a CPU s{figures['quads_a_s']:>9,.0f} a second"
                f"{ratio:>7.2f} of bulk_load{figures['held']:>12,} held{bytes_:>7.0f} B a quad"
            )


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description="CPU and time of loading a dataset into servers.")
    parser.add_argument("--statements", type=int, nargs="+", default=[100_000])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--limit", type=float, default=3600, help="Seconds that one load may take.")
    parser.add_argument("--folder", type=Path, help="Where the data goes for the time being.")
    parser.add_argument("--json", type=Path, help="Write the figures there.")
    options = parser.parse_args()
    found: dict[str, Any] = {"sizes": []}
    for size in sorted(options.statements):
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            found["sizes"].append(measure_size(size, Path(name), options.ways, options.limit))
        if options.json:
            options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    show(found)


if __name__ == "__main__":
    main()
