"""Owns what trees of processes cost: CPU of every descendant, also Java's, and the most memory held at one time.

Leaves what runs to the scripts beside it. ``python processes.py RESULT OUT TALK ALSO COMMAND...`` runs a command
as :func:`run` does, from a small process that takes in what its children leave behind.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2): orphans below this process become its children
PAUSE = 0.2
IGNORED = 1 << (signal.SIGCHLD - 1)  # in the mask of signals that a process ignores


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU and wall seconds, most MB at one time (proportional set size of all processes), and what was printed."""

    cpu: float
    wall: float
    peak: float
    out: str


def tree(roots: Iterable[int]) -> list[int]:
    """Processes and all that descend from them."""
    below: dict[int, list[int]] = {}
    for path in Path("/proc").iterdir():
        fields = _stat(int(path.name)) if path.name.isdigit() else None
        if fields:
            below.setdefault(int(fields[1]), []).append(int(path.name))
    found, todo = [], list(roots)
    while todo:
        found.append(todo.pop())
        todo += below.get(found[-1], [])
    return found


def cpu_of(roots: Iterable[int]) -> float:
    """CPU seconds of processes, of all that descend from them, and of those of these that have ended."""
    every = [fields for pid in tree(roots) if (fields := _stat(pid))]
    return sum(int(ticks) for fields in every for ticks in fields[11:15]) / TICKS


def memory_of(roots: Iterable[int]) -> float:
    """MB that processes and their descendants hold now; what they share counts once."""
    return sum(_memory(pid) for pid in tree(roots))


def _memory(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1000


def _stat(pid: int) -> list[str] | None:
    """The fields of a process after its name: state, parent, ..., from the twelfth on the CPU of it and its dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(") ")[2].split()
    except OSError:
        return None


def _unclaimed(roots: Iterable[int]) -> dict[tuple[int, str], float]:
    """CPU seconds of the processes whose parent will not be told of their end, by number and start.

    Spark's workers in Python are such: the system adds what they took to nobody's account.
    """
    found: dict[tuple[int, str], float] = {}
    ignores: dict[int, bool] = {}
    for pid in tree(roots):
        fields = _stat(pid)
        if not fields:
            continue
        parent = int(fields[1])
        if parent not in ignores:
            ignores[parent] = _ignores_children(parent)
        if ignores[parent]:
            found[pid, fields[19]] = sum(map(int, fields[11:15])) / TICKS
    return found


def _ignores_children(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/status").read_text("utf-8", "replace")
    except OSError:
        return False
    return any(int(line.split()[1], 16) & IGNORED for line in text.splitlines() if line.startswith("SigIgn:"))


def run(
    *command: str | Path, limit: float, also: Iterable[int] = (), environment: Mapping[str, str] | None = None
) -> Spent:
    """Run a command to the end of its last descendant; ``also`` are processes whose memory counts as well.

    :raises SystemExit: when it fails or takes longer than ``limit`` seconds.
    """
    with tempfile.TemporaryDirectory() as name:
        result, out, talk = (Path(name, part) for part in ("result", "out", "talk"))
        others = ",".join(map(str, also))
        watcher = subprocess.Popen(
            [sys.executable, "-S", "-E", __file__, *map(str, (result, out, talk, others, *command))],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **(environment or {})},
            start_new_session=True,
        )
        try:
            watcher.wait(limit)
        except BaseException as cause:  # whatever ends the wait, nothing is left running
            for pid in tree([watcher.pid]):
                with suppress(ProcessLookupError):  # one that has ended meanwhile leaves none of the others alive
                    os.kill(pid, signal.SIGKILL)
            watcher.wait()
            if isinstance(cause, subprocess.TimeoutExpired):
                raise SystemExit(f"{' '.join(map(str, command))}\ntook longer than {limit:.0f} s") from None
            raise
        cpu, wall, peak, code = json.loads(result.read_text("utf-8"))
        if code:
            raise SystemExit(f"{' '.join(map(str, command))}\n{talk.read_text('utf-8')[-4000:]}")
        return Spent(cpu, wall, peak, out.read_text("utf-8"))


def _watch(result: str, out: str, talk: str, others: str, *command: str) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(SUBREAPER, 1, 0, 0, 0)
    also = [int(pid) for pid in others.split(",") if pid]
    own, peak, over = os.getpid(), 0.0, threading.Event()
    unclaimed: dict[tuple[int, str], float] = {}
    reaped: set[int] = set()

    def sample() -> None:
        nonlocal peak
        turn = 0
        while not over.wait(PAUSE):
            unclaimed.update(_unclaimed([*also, own]))
            if turn % 3 == 0:
                peak = max(peak, memory_of([*also, own]) - _memory(own))
            turn += 1

    sampler = threading.Thread(target=sample, daemon=True)
    start = time.perf_counter()
    with Path(out).open("w") as told, Path(talk).open("w") as said:
        child = subprocess.Popen(command, stdout=told, stderr=said)
    sampler.start()
    cpu, code, wall = 0.0, 0, 0.0
    while True:
        try:
            pid, status, used = os.wait4(-1, 0)
        except ChildProcessError:
            break
        cpu += used.ru_utime + used.ru_stime
        reaped.add(pid)
        if pid == child.pid:
            code, wall = os.waitstatus_to_exitcode(status), time.perf_counter() - start
    over.set()
    sampler.join()
    cpu += sum(seconds for (pid, _), seconds in unclaimed.items() if pid not in reaped)
    Path(result).write_text(json.dumps([cpu, wall, peak, code]), "utf-8")


if __name__ == "__main__":
    _watch(*sys.argv[1:])
