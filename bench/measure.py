"""Owns how the benchmarks measure: CPU and memory of a process, stages by size, and how cost grows.

Leaves what is measured to the scripts beside it. CPU is user and system time of all threads.
"""

from __future__ import annotations

import json
import math
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[1]
T = TypeVar("T")
CEILING = 600.0


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process took: CPU and wall seconds, peak resident MB; and what it printed."""

    cpu: float
    wall: float
    peak: float
    out: str


WATCH = """
import json, os, subprocess, sys, time
start = time.perf_counter()
with open(sys.argv[1], "w") as out, open(sys.argv[2], "w") as talk:
    child = subprocess.Popen(sys.argv[4:], stdout=out, stderr=talk)
    _, status, used = os.wait4(child.pid, 0)
wall = time.perf_counter() - start
with open(sys.argv[3], "w") as result:
    json.dump([used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1000, os.waitstatus_to_exitcode(status)], result)
"""
"""Runs a process from a small one: a child starts with the peak of whoever starts it."""


def run(*command: str | Path, limit: float = CEILING) -> Spent:
    """Run a process and its children to the end.

    :raises SystemExit: when it fails, with what it said, or takes longer than ``limit`` seconds.
    """
    with tempfile.TemporaryDirectory() as name:
        out, talk, result = (Path(name) / part for part in ("out", "talk", "result"))
        watcher = subprocess.Popen(
            [sys.executable, "-S", "-E", "-c", WATCH, *map(str, (out, talk, result, *command))],
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
            start_new_session=True,
        )
        try:
            watcher.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(watcher.pid, signal.SIGKILL)
            watcher.wait()
            raise SystemExit(f"{' '.join(map(str, command))}\ntook longer than {limit:.0f} s") from None
        cpu, wall, peak, code = json.loads(result.read_text("utf-8"))
        if code:
            raise SystemExit(f"{' '.join(map(str, command))}\n{talk.read_text('utf-8')[-4000:]}")
        return Spent(cpu, wall, peak, out.read_text("utf-8"))


@dataclass(slots=True)
class Stages:
    """CPU seconds of the stages of one run, in their order, and remarks on what came out."""

    seconds: dict[str, float] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def run(self, name: str, work: Callable[[], T]) -> T:
        """What ``work`` gives; its CPU seconds are kept under ``name``."""
        start = _spent()
        result = work()
        self.seconds[name] = _spent() - start
        return result

    def note(self, text: str) -> None:
        """A remark to be printed below the table."""
        self.remarks.append(text)


def by_size(measure: Callable[[int], Stages], sizes: Sequence[int], base: str) -> None:
    """Measure each size in a process of its own and print CPU seconds, slopes, and ratios to the stage ``base``."""
    found: dict[int, Stages] = {}
    peaks: dict[int, float] = {}
    for size in sizes:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            found[size], peaks[size] = pool.submit(_alone, measure, size).result()
    names = list(dict.fromkeys(name for stages in found.values() for name in stages.seconds))
    head = "".join(f"{size:>12,}" for size in sizes)
    print(f"{'CPU seconds':<28}{head}{'slope':>8}   of {base}")
    for name in names:
        costs = {size: stages.seconds[name] for size, stages in found.items() if name in stages.seconds}
        cells = "".join(
            f"{costs[size]:>12.{2 if costs[size] >= 0.1 else 4}f}" if size in costs else " " * 12 for size in sizes
        )
        largest = max(costs)
        print(f"{name:<28}{cells}{_shown(slope(costs)):>8}   {costs[largest] / found[largest].seconds[base]:.2f}")
    print(f"{'peak MB':<28}{''.join(f'{peaks[size]:>12,.0f}' for size in sizes)}{_shown(slope(peaks)):>8}")
    for size, stages in found.items():
        for text in stages.remarks:
            print(f"{size:,}: {text}")


def _spent() -> float:
    """CPU seconds of this process and the children that it waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _alone(measure: Callable[[int], Stages], size: int) -> tuple[Stages, float]:
    found = measure(size)
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return found, max(resource.getrusage(who).ru_maxrss for who in whose) / 1000


def slope(costs: Mapping[int, float]) -> float | None:
    """The exponent with which cost grows with size, fitted to the three largest sizes; 1 is linear."""
    points = [(math.log(size), math.log(cost)) for size, cost in sorted(costs.items())[-3:] if cost > 0]
    if len(points) < 2:
        return None
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def sizes_given(default: Iterable[int]) -> list[int]:
    """The sizes of the command line, ascending."""
    return sorted(int(text.replace(",", "")) for text in sys.argv[1:]) or list(default)
