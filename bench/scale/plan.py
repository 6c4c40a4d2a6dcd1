"""Plans a build in shards and a load of any size from measured figures: cores, memory, disk, hours.

    python bench/scale/plan.py --statements 1e9 --cores 64

The figures are ``figures.json`` beside this file, put together from what ``builds.py`` and ``loads.py`` wrote; the
formulas are those of docs/planning.md, and a test compares that page with what is printed here.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from builds import ROWS_A_FILE, fit

FIGURES = Path(__file__).with_name("figures.json")
WORKERS = 2
"""Cores of the cluster that was measured, and of Spark in one process."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be built, and on what."""

    statements: float
    cores: int
    entities: float
    sources: float
    rows_a_file: float
    busy: float
    """The share of the cores' time that a build can use."""
    named: float
    """The share of statements that have an id."""

    @property
    def files(self) -> float:
        """Statement files, and as many shards."""
        return max(1.0, self.statements / self.rows_a_file)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The measured figures that the formulas take, each with the name that docs/planning.md gives it."""

    q: float
    i: float
    w: float
    p: float
    z: float
    c0: float
    c: float
    e: float
    s: float
    ef: float
    sf: float
    m0: float
    mr: float
    me: float
    ms: float
    d: float


MEANING = {
    "q": "quads a statement",
    "i": "bytes of input a statement, Parquet",
    "w": "bytes of `work/` a statement",
    "p": "bytes a quad, Parquet",
    "z": "bytes a quad, `.nq.gz`",
    "c0": "CPU s of a build, fixed",
    "c": "CPU µs a statement",
    "e": "CPU µs for an entity in a process",
    "s": "CPU µs for a source in a process",
    "ef": "CPU µs for an entity in a file and its shard",
    "sf": "CPU µs for a source in a file and its shard",
    "m0": "MB for a core, fixed, Java and all",
    "mr": "KB for a statement of a shard in a process",
    "me": "KB for an entity in a process",
    "ms": "KB for a source in a process",
    "d": "KB in the driver for a statement with an id",
}


def read_inputs(figures: dict[str, Any], engine: str) -> Inputs:
    """What the formulas take of the figures of ``engine``.

    CPU of the builds is fitted without what their entities cost in each file, which is counted by itself.
    """
    builds, beside = figures["builds"], figures["builds"]["beside"]
    sizes = [one for one in builds["sizes"] if "cpu_s" in one["engines"].get(engine, {})]

    def slope(pick: Callable[[dict[str, Any]], float]) -> float:
        line = fit([(one["statements"], pick(one)) for one in builds["sizes"]])
        assert line, "two sizes make a line"
        return line["each"]

    a_file = beside["entities"]["cpu_s_a_file"]["each"]
    costs = fit([(one["statements"], _net(one, engine, a_file)) for one in sizes])
    alone = [
        (one["statements"] / one["shards"], one["engines"]["embedded"]["peak_mb"])
        for one in builds["sizes"]
        if "peak_mb" in one["engines"].get("embedded", {})
    ]
    rows = fit(alone)
    assert costs, "two sizes make a line"
    assert rows, "two sizes make a line"
    spark, peak = _peak_of_spark(builds)
    quads = slope(lambda one: one["quads"])
    return Inputs(
        q=quads,
        i=slope(lambda one: one["input_bytes"]),
        w=slope(lambda one: one["work_bytes"]),
        p=slope(lambda one: one["parquet_bytes"]) / quads,
        z=slope(lambda one: one["nq_gz_bytes"]) / quads,
        c0=costs["fixed"],
        c=costs["each"] * 1e6,
        e=beside["entities"]["cpu_s"]["each"] * 1e6,
        s=beside["sources"]["cpu_s"]["each"] * 1e6,
        ef=a_file * 1e6,
        sf=beside["sources"]["cpu_s_a_file"]["each"] * 1e6,
        m0=peak / WORKERS - rows["each"] * spark["statements"] / spark["shards"],
        mr=rows["each"] * 1e3,
        me=beside["entities"]["peak_mb"]["each"] * 1e3,
        ms=beside["sources"]["peak_mb"]["each"] * 1e3,
        d=beside["named"]["bytes"] / 1e3,
    )


def _peak_of_spark(builds: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """The largest size built by the cluster, or by Spark in one process if by none, and the MB held there."""
    for engine in ("cluster", "local"):
        done = [one for one in builds["sizes"] if "peak_mb" in one["engines"].get(engine, {})]
        if done:
            largest = max(done, key=lambda one: int(one["statements"]))
            return largest, float(largest["engines"][engine]["peak_mb"])
    raise SystemExit("no build on Spark was measured")


def _net(one: dict[str, Any], engine: str, a_file: float) -> float:
    """CPU seconds of a measured build without what its entities cost in each file and shard."""
    files = (-(-one["statements"] // ROWS_A_FILE) + one["shards"]) / 2
    return float(one["engines"][engine]["cpu_s"]) - files * one["entities"] * a_file


def plan_build(x: Inputs, n: Wanted) -> dict[str, float]:
    """Quads, CPU, hours, memory and disk of a build; the formulas of docs/planning.md."""
    quads = x.q * n.statements
    rows = x.c0 + x.c * 1e-6 * n.statements
    started = n.cores * (x.e * n.entities + x.s * n.sources) * 1e-6
    files = n.files * (x.ef * n.entities + x.sf * n.sources) * 1e-6
    worker = x.m0 + (n.rows_a_file * x.mr + n.entities * x.me + n.sources * x.ms) / 1e3
    return {
        "quads": quads,
        "cpu_h_rows": rows / 3600,
        "cpu_h_started": started / 3600,
        "cpu_h_files": files / 3600,
        "hours": (rows + started + files) / n.cores / n.busy / 3600,
        "worker_gb": worker / 1e3,
        "driver_gb": x.d * n.named * n.statements / 1e6,
        "memory_gb": worker * n.cores / 1e3,
        "input_gb": x.i * n.statements / 1e9,
        "work_gb": x.w * n.statements / 1e9,
        "parquet_gb": x.p * quads / 1e9,
        "nq_gz_gb": x.z * quads / 1e9,
    }


@dataclass(frozen=True, slots=True)
class Load:
    """What a way of loading takes on a server, and how many statements it was measured with."""

    cpu_h: float
    disk_gb: float
    measured: int


def plan_loads(figures: dict[str, Any], quads: float) -> dict[str, Load]:
    """What a server takes, by the way in which it is loaded; from the largest size that was measured of each."""
    found = {}
    for one in sorted(figures["loads"]["sizes"], key=lambda one: int(one["statements"])):
        for name, told in one.items():
            if isinstance(told, dict):
                cpu, disk = quads / told["quads_a_cpu_s"] / 3600, quads * told["disk_bytes"] / told["held"] / 1e9
                found[name] = Load(cpu, disk, int(one["statements"]))
    return found


def tell_inputs(x: Inputs) -> list[str]:
    """The inputs as rows of a table."""
    return [f"| `{name}` | {meaning} | {getattr(x, name):.3g} |" for name, meaning in MEANING.items()]


def tell(figures: dict[str, Any], x: Inputs, n: Wanted, engine: str) -> list[str]:
    """The plan as text."""
    made = plan_build(x, n)
    measured = max(one["statements"] for one in figures["builds"]["sizes"] if "cpu_s" in one["engines"].get(engine, {}))
    lines = [
        f"{n.statements:,.0f} statements about {n.entities:,.0f} entities in {n.sources:,.0f} sources",
        f"{n.files:,.0f} files of {n.rows_a_file:,.0f}, as many shards; {n.cores} cores, {n.busy:.0%} of them busy",
        f"builds measured up to {measured:,} statements: extrapolated by a factor of {n.statements / measured:,.0f}",
        "",
        f"{'quads':<34}{made['quads'] / 1e9:>9.1f} thousand million",
        f"{'CPU for the statements':<34}{made['cpu_h_rows']:>9.1f} h",
        f"{'CPU to start on each core':<34}{made['cpu_h_started']:>9.1f} h",
        f"{'CPU for entities in every file':<34}{made['cpu_h_files']:>9.1f} h",
        f"{'build':<34}{made['hours']:>9.1f} h",
        f"{'memory for a core':<34}{made['worker_gb']:>9.1f} GB",
        f"{'memory for all cores':<34}{made['memory_gb']:>9.0f} GB",
        f"{'memory of the driver, for ids':<34}{made['driver_gb']:>9.1f} GB",
        f"{'disk, statements as Parquet':<34}{made['input_gb']:>9.0f} GB",
        f"{'disk, work/':<34}{made['work_gb']:>9.0f} GB",
        f"{'disk, shards as Parquet':<34}{made['parquet_gb']:>9.0f} GB",
        f"{'disk, shards as .nq.gz':<34}{made['nq_gz_gb']:>9.0f} GB",
    ]
    for name, load in plan_loads(figures, made["quads"]).items():
        stretched = f"by a factor of {n.statements / load.measured:,.0f}"
        lines.append(f"{name:<34}{load.cpu_h:>9.0f} CPU h, {load.disk_gb:>6,.0f} GB on its disk, {stretched}")
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and print the plan."""
    parser = argparse.ArgumentParser(description="Cores, memory, disk and hours of a build and a load.")
    parser.add_argument("--statements", type=float, default=1e9)
    parser.add_argument("--cores", type=int, default=64)
    parser.add_argument("--entities", type=float, default=200_000)
    parser.add_argument("--sources", type=float, default=100_000)
    parser.add_argument("--rows-a-file", type=float, default=250_000)
    parser.add_argument("--busy", type=float, default=0.7, help="The share of the cores' time that a build can use.")
    parser.add_argument("--named", type=float, default=0.05, help="The share of statements that have an id.")
    parser.add_argument("--engine", default="embedded", help="Whose figures: embedded, local or cluster.")
    parser.add_argument("--inputs", action="store_true", help="Print what the formulas take instead.")
    options = parser.parse_args(arguments)
    figures = json.loads(FIGURES.read_text("utf-8"))
    inputs = read_inputs(figures, options.engine)
    if options.inputs:
        print("\n".join(tell_inputs(inputs)))
        return
    named = ("statements", "cores", "entities", "sources", "rows_a_file", "busy", "named")
    wanted = Wanted(**{name: getattr(options, name) for name in named})
    print("\n".join(tell(figures, inputs, wanted, options.engine)))


if __name__ == "__main__":
    main()
