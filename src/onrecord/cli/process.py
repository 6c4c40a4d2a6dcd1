"""Owns what the libraries in a command's process may take: cores and memory, set before they are loaded.

Leaves how long a command runs to the commands, and queries, which run in processes of their own, to ``limits``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from onrecord.heap import keep_few_heaps

SMALL = 64_000_000
"""Bytes of files in a graph's folder up to which one core reads and joins tables as soon as several do."""

_PACKED = 6
"""Rows in Parquet take about so many times as many bytes in CSV."""

_SPARING = {
    "POLARS_MAX_THREADS": "1",
    "_RJEM_MALLOC_CONF": "narenas:1,oversize_threshold:0,dirty_decay_ms:5000,muzzy_decay_ms:-1",
}
"""One thread, and freed memory used again for five seconds instead of asking the kernel for new pages."""


def tune(folder: Path) -> None:
    """Have the libraries work sparingly on the tables of a small graph; what the user has set in the environment stays.

    Threads that wait for a task of a tenth of a millisecond burn more than the task takes. It has to be called before
    polars is imported, and does nothing after that. For a large graph the heap is kept together instead.
    """
    if "polars" in sys.modules:
        return
    total = 0
    for size in _sizes(folder):
        total += size
        if total > SMALL:
            keep_few_heaps()
            return
    for name, value in _SPARING.items():
        os.environ.setdefault(name, value)


def _sizes(folder: Path) -> Iterator[int]:
    """The size of each file below a folder, as text; what cannot be looked at is told by those who read it."""
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                yield Path(root, name).stat().st_size * (_PACKED if name.endswith(".parquet") else 1)
            except OSError:
                continue
