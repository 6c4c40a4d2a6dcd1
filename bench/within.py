"""Builds a large graph where the kernel grants no more than so much memory, page cache included.

    python bench/within.py --statements 1000000 --mib 4096 --format csv

``onrecord build`` onto disk, without SHACL, evidence, inference and exports, runs in a control group of that limit
and, right before it, in one without: the ratio of their CPU seconds tells whether the limit made it struggle. It
needs a writable memory controller (version 1 or 2), so mostly root. A build that is killed ends with exit code 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from build_ratio import ROOT, SLIM
from statements import generate

_MOUNT = Path("/sys/fs/cgroup")
_VERSIONS = ((_MOUNT / "memory", "memory.limit_in_bytes"), (_MOUNT, "memory.max"))
_NONE = 1 << 60


@contextmanager
def group(limit: int) -> Iterator[Path]:
    """A control group whose processes may hold ``limit`` bytes; the file to write a process's number to."""
    for root, file in _VERSIONS:
        folder = root / f"onrecord-{os.getpid()}"
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            if (folder / file).exists():
                (folder / file).write_text(str(limit))
                yield folder / "cgroup.procs"
                return
        finally:
            folder.rmdir()
    raise SystemExit("there is no memory controller here that this user may write to")


def build(graph: Path, out: Path, limit: int) -> tuple[int, float, int]:
    """Exit code, CPU seconds and peak resident MiB of a build that may hold ``limit`` bytes."""
    command = [sys.executable, "-m", "onrecord", "build", str(graph), *SLIM, "-o", str(out)]
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    with group(limit) as members:
        enter = f'echo $$ > {members}; exec "$@"'
        with subprocess.Popen(
            ["sh", "-c", enter, "sh", *command], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, round(used.ru_utime + used.ru_stime, 1), used.ru_maxrss // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description="A build onto disk within so much memory.")
    parser.add_argument("--statements", type=int, default=1_000_000)
    parser.add_argument("--mib", type=int, default=4096)
    parser.add_argument("--format", choices=("csv", "jsonl", "parquet"), default="csv")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        graph = generate(Path(name, "bench"), options.statements, options.format, options.seed, bad=0).folder
        _, free, free_peak = build(graph, Path(name, "out"), _NONE)
        code, held, held_peak = build(graph, Path(name, "held"), options.mib << 20)
    figures = {
        "statements": options.statements,
        "format": options.format,
        "limit_mib": options.mib,
        "exit_code": code,
        "cpu_ratio": round(held / free, 2),
        "cpu_seconds": {"unlimited": free, "limited": held},
        "peak_mib": {"unlimited": free_peak, "limited": held_peak},
    }
    print(json.dumps(figures))
    sys.exit(0 if code == 0 else 1)


if __name__ == "__main__":
    main()
