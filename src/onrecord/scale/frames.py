"""Owns the tables that the steps of a build in shards leave for one another, and those that it is made of.

Leaves what stands in them to the steps. A file is written whole or not at all, and read by its own name, whatever
characters that holds.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from onrecord.files import write_atomic


def write_frame(target: Path, frame: pl.DataFrame) -> None:
    """Write a table whole or not at all.

    :raises OutputError: when it cannot be written: of a disk that is full the library itself says something else.
    """
    data = io.BytesIO()
    frame.write_parquet(data, compression="zstd", statistics=True)
    write_atomic(target, lambda file: file.write(data.getbuffer()))


def read_frame(path: Path) -> pl.DataFrame:
    """The table that :func:`write_frame` wrote."""
    return pl.read_parquet(path, glob=False, hive_partitioning=False)


def scan_frames(paths: Iterable[Path]) -> pl.LazyFrame:
    """Tables of one schema, one below the other, of which only what is asked for is read."""
    return pl.scan_parquet(list(paths), glob=False, hive_partitioning=False)
