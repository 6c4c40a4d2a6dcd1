"""Fuzzes every target for a while, guided by coverage: ``python tests/fuzz/run.py --seconds 3600``.

Leaves what is fuzzed to ``targets``. What ends a target (an exception, a hang of ten seconds, growth
over two GiB) is kept in ``build/fuzz/TARGET/``; move it to ``corpus/TARGET/`` once it is mended, and
``test_fuzz.py`` holds it from then on. Needs atheris (``pip install atheris``).
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CORPUS = HERE / "corpus"
FOUND = ROOT / "build" / "fuzz"
sys.path[:0] = [str(HERE), str(HERE.parent), str(ROOT / "src")]


def fuzz(name: str, arguments: list[str]) -> None:
    """Hand one target to the fuzzer; ends the process."""
    import atheris

    with atheris.instrument_imports(include=["onrecord", "yaml", "edtf"]):
        from targets import TARGETS
    atheris.Setup([sys.argv[0], *arguments], TARGETS[name])
    atheris.Fuzz()


def run_all(names: list[str], seconds: int, seed: int) -> list[str]:
    """Fuzz the targets in turn, ``seconds`` in all; returns those that found something."""
    failed = []
    for name in names:
        learned = FOUND / name / "learned"
        learned.mkdir(parents=True, exist_ok=True)
        seeds = CORPUS / name
        arguments = [
            f"-max_total_time={max(1, seconds // len(names))}",
            f"-seed={seed}",
            "-timeout=10",
            "-rss_limit_mb=2048",
            "-max_len=16384",
            "-verbosity=0",
            "-print_final_stats=1",
            f"-artifact_prefix={FOUND / name}/",
            str(learned),
            *([str(seeds)] if seeds.is_dir() else []),
        ]
        log = FOUND / f"{name}.log"
        with log.open("wb") as out:
            code = subprocess.run(
                [sys.executable, __file__, "--target", name, *arguments], stdout=out, stderr=out, check=False,
                env={**os.environ, "POLARS_MAX_THREADS": "1"},
            ).returncode  # fmt: skip
        runs = re.findall(r"executed_units: *([0-9]+)", log.read_text("utf-8", "replace")) or ["?"]
        print(f"{name:<14}{'FOUND, see ' + str(log) if code else 'clean'}  {runs[-1]} runs", flush=True)
        failed += [name] if code else []
    return failed


def main() -> None:
    """Read the call."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="in all, shared among the targets")
    parser.add_argument("--seed", type=int, default=0, help="draw the same bytes each time; 0 for others")
    parser.add_argument("--target", help="one target, in this process, with the fuzzer's own arguments")
    parser.add_argument("--only", nargs="*", help="these targets")
    known, rest = parser.parse_known_args()
    if known.target:
        fuzz(known.target, rest)
        return
    from targets import TARGETS

    sys.exit(bool(run_all(known.only or list(TARGETS), known.seconds, known.seed)))


if __name__ == "__main__":
    main()
