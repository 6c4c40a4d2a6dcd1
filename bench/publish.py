"""Measures writing a whole site against building the same graph, each in a process of its own.

    python bench/publish.py [1000 10000 100000]

CPU is user and system time of the process and its children; files and bytes are those of the site. The graph is
one of bench/statements.py, without texts to look its quotes up in.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from measure import run, sizes_given, slope
from statements import generate

LIMIT = 3600.0
HEAD = f"{'statements':>12}{'build s':>10}{'publish s':>11}{'ratio':>7}{'build MB':>10}{'publish MB':>12}{'files':>9}"


def main() -> None:
    """Print a line for each size, and how the cost of publishing grows."""
    print(f"{HEAD}{'bytes MB':>10}")
    costs: dict[int, float] = {}
    for size in sizes_given((1_000, 10_000, 100_000)):
        with tempfile.TemporaryDirectory() as name:
            graph, site = Path(name) / "graph", Path(name) / "site"
            generate(graph, size, "csv", bad=0)
            own = (sys.executable, "-m", "onrecord")
            built = run(*own, "build", graph, "-o", Path(name) / "built", limit=LIMIT)
            shutil.rmtree(Path(name) / "built")
            published = run(*own, "publish", graph, site, limit=LIMIT)
            sizes = [path.stat().st_size for path in site.rglob("*") if path.is_file()]
        costs[size] = published.cpu
        print(
            f"{size:>12,}{built.cpu:>10.1f}{published.cpu:>11.1f}{published.cpu / built.cpu:>7.1f}{built.peak:>10,.0f}"
            f"{published.peak:>12,.0f}{len(sizes):>9,}{sum(sizes) / 1e6:>10,.0f}",
            flush=True,
        )
    grown = slope(costs)
    if grown is not None:
        print(f"slope of publish: {grown:.2f}")


if __name__ == "__main__":
    main()
