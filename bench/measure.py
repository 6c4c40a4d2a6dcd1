"""Owns how the benchmarks measure: CPU and memory of a process, stages by size, and how cost grows.

Leaves what is measured to the scripts beside it. CPU is user and system time of all threads.
"""

from __future__ import annotations

import math
import os
import resource
import subprocess
import sys
import tempfile
import time
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


def run(*command: str | Path, limit: float = CEILING) -> Spent:
    """Run a process and its children to the end.

    :raises SystemExit: when it fails, with what it said, or takes longer than ``limit`` seconds.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as talk:
        env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        child = subprocess.Popen([str(part) for part in command], stdout=out, stderr=talk, env=env)
        while True:
            done, status, used = os.wait4(child.pid, os.WNOHANG)
            if done:
                break
            if time.perf_counter() - start > limit:
                child.kill()
                os.wait4(child.pid, 0)
                raise SystemExit(f"{command[0]} took longer than {limit:.0f} s")
            time.sleep(0.02)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        talk.seek(0)
        if child.returncode:
            raise SystemExit(f"{' '.join(map(str, command))}\n{talk.read()[-4000:]}")
        return Spent(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1000, out.read())


@dataclass(slots=True)
class Stages:
    """CPU seconds of the stages of one run, in their order, and remarks on what came out."""

    seconds: dict[str, float] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def run(self, name: str, work: Callable[[], T]) -> T:
        """What ``work`` gives; its CPU seconds are kept under ``name``."""
        start = time.process_time()
        result = work()
        self.seconds[name] = time.process_time() - start
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
        cells = "".join(f"{costs[size]:>12.2f}" if size in costs else " " * 12 for size in sizes)
        largest = max(costs)
        print(f"{name:<28}{cells}{_shown(slope(costs)):>8}   {costs[largest] / found[largest].seconds[base]:.2f}")
    print(f"{'peak MB':<28}{''.join(f'{peaks[size]:>12,.0f}' for size in sizes)}{_shown(slope(peaks)):>8}")
    for size, stages in found.items():
        for text in stages.remarks:
            print(f"{size:,}: {text}")


def _alone(measure: Callable[[int], Stages], size: int) -> tuple[Stages, float]:
    return measure(size), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


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
