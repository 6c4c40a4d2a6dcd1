"""Measures builds in shards by size: embedded, Spark in one process, a Spark cluster; CPU, memory, bytes.

    python bench/scale/builds.py --statements 100000 1000000 --engines embedded local cluster --json figures.json

Each build is a fresh ``onrecord build --shards`` of a generated graph in Parquet. CPU is that of every process, also
Java's and the cluster's while it builds; memory the most that all hold at one time. For each engine a line is fitted
through the sizes by least squares: a fixed cost, and a cost for each statement. The reference of the same run, by
which machines and runs are compared, is ``Store.bulk_load`` of up to a million of the same quads into memory.

``--beside`` says what an entity and a source cost: every process of a build holds them all, and every statement file
and every shard looks at them again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from processes import ROOT, Spent, cpu_of, run

from engines import cluster, environment
from statements import SETTINGS

NAMED = """
import pathlib, sys, tracemalloc
import polars as pl
tracemalloc.start()
files = pathlib.Path(sys.argv[1], "work").rglob("scan-*.parquet")
rows = [row for file in files for row in pl.read_parquet(file).drop_nulls("id").iter_rows()]
print(len(rows), tracemalloc.get_traced_memory()[0])
"""
ROWS_A_FILE = 50_000
ROWS_A_SHARD = 50_000
FEWEST_SHARDS = 4
ENTITIES = 20_000
FILES = (2, 22)
"""Statement files, and shards, by which it is found what each of them costs."""

ENGINES = ("embedded", "local", "cluster")
REFERENCE = """
import gzip, itertools, pathlib, sys, time
import pyoxigraph as ox
files = sorted(pathlib.Path(sys.argv[1]).glob("quads-*.nq.gz"))
lines = itertools.chain.from_iterable(map(gzip.open, files))
taken = list(itertools.islice(lines, 1_000_000))
data, count = b"".join(taken), len(taken)
del taken
store, start = ox.Store(), time.process_time()
store.bulk_load(data, ox.RdfFormat.N_QUADS, lenient=True)
print((time.process_time() - start) / count * 1e6)
"""
READ_BASE = """
import resource, sys, time
from onrecord.scale.base import read_base
start = time.process_time()
base = read_base(sys.argv[1])
print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
"""


def fit(points: Sequence[tuple[float, float]]) -> dict[str, float] | None:
    """The line through points by least squares: where it begins, its slope, and how far off a point is at most.

    >>> fit([(1, 3.0), (2, 5.0), (3, 7.0)])
    {'fixed': 1.0, 'each': 2.0, 'residual': 0.0}
    """
    if len(points) < 2:
        return None
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    each = sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)
    fixed = y - each * x
    return {"fixed": fixed, "each": each, "residual": max(abs(b - fixed - each * a) for a, b in points)}


def build(graph: Path, out: Path, shards: int, engine: str, limit: float) -> Spent:
    """A build in shards by an engine; the cluster's start and stop are no part of it, its executors are."""
    command = [sys.executable, "-m", "onrecord", "build", graph, "-o", out, "--shards", str(shards)]
    if engine == "embedded":
        return run(*command, limit=limit)
    command += ["--engine", "spark", "--master"]
    if engine == "local":
        return run(*command, "local[2]", limit=limit, environment=environment())
    with tempfile.TemporaryDirectory() as name, cluster(Path(name)) as there:
        before = cpu_of(there.pids)
        spent = run(*command, there.address, limit=limit, also=there.pids, environment=environment())
        settled = _settled(lambda: cpu_of(there.pids))
        return Spent(spent.cpu + settled - before, spent.wall, spent.peak, spent.out)


def _settled(look: Callable[[], float]) -> float:
    """What is there once two looks, a second apart, find nearly the same: executors are taken down after a build."""
    now = look()
    for _ in range(30):
        time.sleep(1)
        before, now = now, look()
        if now - before < 0.05:
            break
    return now


def reference(out: Path, limit: float) -> float:
    """Microseconds of CPU a quad of ``Store.bulk_load`` into memory."""
    return float(run(sys.executable, "-c", REFERENCE, out, limit=limit).out)


def measure_size(
    size: int, engines: Sequence[str], folder: Path, limit: float, entities: int
) -> Iterator[dict[str, Any]]:
    """Every engine at one size, the reference after each; what is known by then each time."""
    graph, shards = folder / "graph", max(FEWEST_SHARDS, -(-size // ROWS_A_SHARD))
    generator = [sys.executable, ROOT / "bench/statements.py", graph, "--statements", str(size), "--bad", "0"]
    layout = ("--format", "parquet", "--rows-a-file", str(ROWS_A_FILE), "--entities", str(entities))
    run(*generator, *layout, limit=limit)
    found: dict[str, Any] = {"statements": size, "entities": entities, "shards": shards, "engines": {}}
    manifests = []
    for engine in engines:
        out = folder / engine
        try:
            spent = build(graph, out, shards, engine, limit)
        except SystemExit as failure:
            found["engines"][engine] = {"failed": str(failure)[-300:]}
            continue
        manifest = json.loads((out / "manifest.json").read_text("utf-8"))
        manifests.append(manifest)
        if "quads" not in found:
            found |= {"quads": manifest["counts"]["quads"], **_bytes(graph, out)}
        figures = {"cpu_s": spent.cpu, "wall_s": spent.wall, "peak_mb": spent.peak}
        figures["reference_us_a_quad"] = reference(out, limit)
        figures["statements_a_cpu_s"] = size / spent.cpu
        found["engines"][engine] = {**figures, "load": os.getloadavg()[0]}
        if len(manifests) > 1:
            found["same_manifest"] = all(one == manifests[0] for one in manifests)
        yield found
    yield found


def _bytes(graph: Path, out: Path) -> dict[str, int]:
    def total(paths: Any) -> int:
        return sum(path.stat().st_size for path in paths)

    return {
        "input_bytes": total((graph / "statements").iterdir()),
        "parquet_bytes": total(out.glob("quads-*.parquet")),
        "nq_gz_bytes": total(out.glob("quads-*.nq.gz")),
        "described_bytes": total(out.glob("described.*")),
        "work_bytes": total(path for path in (out / "work").rglob("*") if path.is_file()),
    }


def measure_beside(folder: Path, limit: float) -> dict[str, Any]:
    """What an entity and a source cost: CPU seconds and MB in a process, and CPU for each unit and shard besides."""
    found: dict[str, Any] = {}
    for kind, sizes in (("entities", (10_000, 100_000)), ("sources", (2_000, 20_000))):
        points, slopes = [], []
        for size in sizes:
            graph = folder / f"{kind}-{size}"
            _write_beside(graph, size if kind == "entities" else 10, size if kind == "sources" else 1)
            cpu, peak = map(float, run(sys.executable, "-c", READ_BASE, graph, limit=limit).out.split())
            points.append((size, cpu, peak))
            costs = []
            for files in FILES:
                _write_files(graph, files)
                out = folder / f"{kind}-{size}-{files}"
                costs.append((files, build(graph, out, files, "embedded", limit).cpu))
            line = fit(costs)
            slopes.append((size, line["each"] if line else 0.0))
        found[kind] = {
            "sizes": list(sizes),
            "cpu_s": fit([(size, cpu) for size, cpu, _ in points]),
            "peak_mb": fit([(size, peak) for size, _, peak in points]),
            "cpu_s_a_file": fit(slopes),
        }
    found["named"] = measure_named(folder / "named", limit)
    return found


def measure_named(folder: Path, limit: float, size: int = 20_000) -> dict[str, float]:
    """What the process that deals out the work holds for each statement that has an id, as objects of Python."""
    generator = [sys.executable, ROOT / "bench/statements.py", folder / "graph", "--statements", str(size)]
    run(*generator, "--bad", "0", "--format", "parquet", limit=limit)
    build(folder / "graph", folder / "out", 2, "embedded", limit)
    statements, held = map(float, run(sys.executable, "-c", NAMED, folder / "out", limit=limit).out.split())
    return {"statements": statements, "share": statements / size, "bytes": held / statements}


def _write_beside(graph: Path, entities: int, sources: int) -> None:
    graph.mkdir()
    (graph / "onrecord.yaml").write_text(SETTINGS, "utf-8")
    people = "".join(f"e-{n},Somebody of Place {n},person,E {n}\n" for n in range(entities))
    (graph / "entities.csv").write_text(f"id,label,type,aliases\n{people}", "utf-8")
    reports = (f"- {{id: s-{n}, title: Report {n}, publisher: Paper, published: 2025-01-01}}\n" for n in range(sources))
    (graph / "sources.yaml").write_text("".join(reports), "utf-8")


def _write_files(graph: Path, files: int) -> None:
    """A statement in each of so many files."""
    (graph / "statements").mkdir(exist_ok=True)
    for n in range(files):
        row = f"s-0,Somebody of Place {n % 10},meets with,Somebody of Place {(n + 1) % 10},met in {n}"
        text = f"source,subject,predicate,object,quote\n{row}\n"
        (graph / "statements" / f"part-{n:03}.csv").write_text(text, "utf-8")


def show(found: dict[str, Any]) -> None:
    """The figures as a table."""
    for one in found["sizes"]:
        print(f"{one['statements']:,} statements, {one.get('quads', 0):,} quads, {one['shards']} shards")
        for engine, figures in one["engines"].items():
            if "failed" in figures:
                print(f"  {engine:<10} failed: {figures['failed']}")
                continue
            ratio = figures["cpu_s"] * 1e6 / one["quads"] / figures["reference_us_a_quad"]
            print(
                f"  {engine:<10}{figures['cpu_s']:>8.1f} CPU s{figures['wall_s']:>8.1f} s{figures['peak_mb']:>8,.0f} MB"
                f"{figures['statements_a_cpu_s']:>9,.0f} statements a CPU s{ratio:>6.2f} of bulk_load"
            )
    for engine, line in found["fits"].items():
        fixed, each = line["fixed"], line["each"] * 1e6
        print(f"{engine}: {fixed:.1f} s and {each:.1f} us a statement; off by {line['residual']:.1f} s at most")


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description="CPU, memory and bytes of builds in shards.")
    parser.add_argument("--statements", type=int, nargs="+", default=[100_000, 1_000_000, 4_000_000])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--entities", type=int, default=ENTITIES)
    parser.add_argument("--limit", type=float, default=3600, help="Seconds that one build may take.")
    parser.add_argument("--beside", action="store_true", help="Also what an entity and a source cost in a process.")
    parser.add_argument("--folder", type=Path, help="Where the data goes for the time being.")
    parser.add_argument("--json", type=Path, help="Write the figures there.")
    parser.add_argument("--keep", action="store_true", help="Keep what is there of other sizes.")
    options = parser.parse_args()
    found: dict[str, Any] = {"sizes": []}
    if options.keep and options.json and options.json.exists():
        found = json.loads(options.json.read_text("utf-8"))
        found["sizes"] = [one for one in found["sizes"] if one["statements"] not in options.statements]
    with ExitStack() as stack:
        if options.beside:
            place = stack.enter_context(tempfile.TemporaryDirectory(dir=options.folder))
            found["beside"] = measure_beside(Path(place), options.limit)
        for size in sorted(options.statements):
            with tempfile.TemporaryDirectory(dir=options.folder) as name:
                for one in measure_size(size, options.engines, Path(name), options.limit, options.entities):
                    if options.json:
                        now = {**found, "sizes": [*found["sizes"], one]}
                        options.json.write_text(json.dumps(now, indent=1) + "\n", "utf-8")
                found["sizes"].append(one)
    found["fits"] = {}
    found["sizes"].sort(key=lambda one: int(one["statements"]))
    for engine in ENGINES:
        done = [(one["statements"], one["engines"][engine]) for one in found["sizes"] if engine in one["engines"]]
        line = fit([(size, figures["cpu_s"]) for size, figures in done if "cpu_s" in figures])
        if line:
            found["fits"][engine] = line
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    show(found)


if __name__ == "__main__":
    main()
