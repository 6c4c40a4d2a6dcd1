"""Measures ``onrecord build`` against loading the very N-Quads that it produces, as a ratio of CPU time.

    python bench/build_ratio.py --statements 100000 --format parquet --json

Each figure is user and system time of one fresh process with its children: ``onrecord build`` without
SHACL, evidence, inference and whole-graph exports, into memory (``--dry-run``) and onto disk; and a
process that reads the N-Quads and calls ``Store.bulk_load(lenient=True)``, into memory and onto disk. Build and
floor run right after each other, in several rounds; the ratio is the median of theirs. The floor's process takes its
store apart when it ends, as Python does; the command's ends without that.
With ``--format yaml`` it is a build in memory against one of the same statements from JSON Lines; with ``--growth``
what a build onto disk costs at 1,000 statements, ten times as many, and so on up to ``--statements``.
The bad rows are reported by a run of ``onrecord check`` on a copy of the graph that holds them.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from statements import Expected, generate

ROOT = Path(__file__).resolve().parents[1]
SLIM = ("--no-shapes", "--no-evidence", "--no-inference", "--no-exports", "--json")
LOAD = """
import sys, pyoxigraph as ox
store = ox.Store(*sys.argv[2:])
with open(sys.argv[1], "rb") as file:
    data = file.read()
store.bulk_load(data, ox.RdfFormat.N_QUADS, lenient=True)
"""
WRITE = """
import sys
from onrecord.build import _parts, load
from onrecord.errors import Problems
from onrecord.tally import Tally
from onrecord.project import open_project
problems = Problems()
loaded = load(open_project(sys.argv[1], problems), problems)
with open(sys.argv[2], "wb") as file:
    for piece in Tally().pass_on(_parts(loaded)[1]):
        file.write(piece)
"""


def run(*command: str) -> tuple[float, float, str]:
    """CPU seconds and peak resident MB of a process, and what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has its bytecode
    done = subprocess.run([sys.executable, *command], env=env, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return cpu, after.ru_maxrss / 1000, done.stdout + done.stderr


def reported(graph: Path, expected: list[Expected]) -> tuple[int, int]:
    """How many of the bad rows ``onrecord check`` reports at their line with their code, and how many there are."""
    text = run("-m", "onrecord", "build", str(graph), "--no-shapes", "--no-evidence", "--dry-run")[2]
    found = set(re.findall(r"(statements/[^:\s]+):(\d+)(?::\d+)?: (?:error )?([A-Z]\d{3})", text))
    return sum((row.file, str(row.line), row.code) in found for row in expected), len(expected)


def against_jsonl(statements: int, seed: int) -> dict[str, object]:
    """What a build in memory costs from YAML, the format of people, as a ratio to the same statements in JSON Lines."""
    seconds = {}
    with tempfile.TemporaryDirectory() as name:
        for format_ in ("yaml", "jsonl"):
            graph = generate(Path(name, format_, "bench"), statements, format_, seed, bad=0)
            command = ("-m", "onrecord", "build", str(graph.folder), *SLIM, "--dry-run")
            seconds[format_] = min(run(*command)[0] for _ in range(3))
    ratio = round(seconds["yaml"] / seconds["jsonl"], 2)
    return {"statements": statements, "format": "yaml", "cpu_ratio": {"jsonl": ratio}, "cpu_seconds": seconds}


def growth(most: int, format_: str, seed: int) -> dict[str, object]:
    """CPU seconds and peak MB of a build onto disk at each size, and the slope of the cost from 10,000 on."""
    sizes = [10**power for power in range(3, len(str(most)))]
    figures: dict[str, list[float]] = {"cpu_seconds": [], "peak_mb": []}
    with tempfile.TemporaryDirectory() as name:
        for size in sizes:  # from small to large: the peak is that of the largest process so far
            graph = generate(Path(name, str(size), "bench"), size, format_, seed, bad=0).folder
            cpu, peak, _ = run("-m", "onrecord", "build", str(graph), *SLIM, "-o", str(Path(name, "out", str(size))))
            figures["cpu_seconds"].append(round(cpu, 2))
            figures["peak_mb"].append(round(peak))
    large = [at for at, size in enumerate(sizes) if size >= 10_000]
    slopes = {
        f"slope_{key}": round(math.log10(values[large[-1]] / values[large[0]]) / (large[-1] - large[0]), 2)
        for key, values in figures.items()
        if len(large) > 1
    }
    return {"format": format_, "statements": sizes, **figures, **slopes}


def one_round(graph: str, lines: str, folder: Path) -> tuple[dict[str, tuple[float, float, float]], str]:
    """Each way once: CPU seconds of the build and right after it of its floor, peak MB; and what the build printed."""
    memory, most, _ = run("-m", "onrecord", "build", graph, *SLIM, "--dry-run")
    floor_memory, _, _ = run("-c", LOAD, lines)
    disk, peak, text = run("-m", "onrecord", "build", graph, *SLIM, "-o", str(folder / "out"))
    floor_disk, _, _ = run("-c", LOAD, lines, str(folder / "store"))
    shutil.rmtree(folder)
    return {"memory": (memory, floor_memory, most), "disk": (disk, floor_disk, peak)}, text


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU of onrecord build as a ratio to Store.bulk_load.")
    parser.add_argument("--statements", type=int, default=100_000)
    parser.add_argument("--format", choices=("csv", "jsonl", "parquet", "yaml"), default="parquet")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3, help="The ratio is the median over so many rounds.")
    parser.add_argument("--growth", action="store_true", help="CPU and memory by size, and the exponent of each.")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.format == "yaml":
        print(json.dumps(against_jsonl(options.statements, options.seed)))
        return
    if options.growth:
        print(json.dumps(growth(options.statements, options.format, options.seed)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bad = generate(folder / "bad" / "bench", options.statements, options.format, options.seed)
        good = generate(folder / "good" / "bench", options.statements, options.format, options.seed, bad=0)
        seen, seeded = reported(bad.folder, bad.expected)
        shutil.rmtree(bad.folder)
        graph, lines = str(good.folder), str(folder / "all.nq")
        run("-c", WRITE, graph, lines)
        rounds = [one_round(graph, lines, folder / f"round-{number}") for number in range(options.rounds)]
        ways = {way: [(done[way][0], done[way][1]) for done, _ in rounds] for way in ("memory", "disk")}
        result = {
            "statements": options.statements,
            "format": options.format,
            "quads": json.JSONDecoder().raw_decode(rounds[0][1])[0]["counts"]["quads"],
            "cpu_ratio": {way: round(statistics.median(a / b for a, b in found), 3) for way, found in ways.items()},
            "cpu_seconds": {way: [[round(a, 2), round(b, 2)] for a, b in found] for way, found in ways.items()},
            "peak_mb_any": round(max(done["disk"][2] for done, _ in rounds)),
            "bad_rows_reported": [seen, seeded],
        }
    print(json.dumps(result) if options.json else json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
