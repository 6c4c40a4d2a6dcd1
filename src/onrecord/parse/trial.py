"""Owns the trial of Parquet files: each is read once in a process of its own, before this one reads it.

A few flipped bits make the reader ask for more memory than there is, or panic; both end the process that reads.
Leaves the reading that counts to ``parquet``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType

BROKEN_DOWN = "the reader broke down on it"

_PROGRAM = """
import json, os, sys, polars
replies = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for line in sys.stdin:
    try:
        polars.read_parquet(json.loads(line), memory_map=False, glob=False, hive_partitioning=False)
        found = ""
    except (polars.exceptions.PolarsError, OSError) as error:
        found = str(error).strip().split(chr(10))[0][:200]
    print(json.dumps(found), file=replies, flush=True)
"""


class Trial:
    """A process that tries one file after the other; it begins with the first, and another follows one that broke."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Trial:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def find_damage(self, path: Path) -> str:
        """Why a file cannot be read, or nothing."""
        if self._process is None:
            self._process = _start()
        asked, replies = self._process.stdin, self._process.stdout
        if asked is None or replies is None:
            raise AssertionError("both are pipes")
        try:
            asked.write(json.dumps(str(path)) + "\n")
            asked.flush()
            reply = replies.readline()
        except BrokenPipeError:
            reply = ""
        if not reply:
            self._end()
            return BROKEN_DOWN
        return str(json.loads(reply))

    def _end(self) -> None:
        if self._process is not None:
            self._process.communicate()
            self._process = None


def _start() -> subprocess.Popen[str]:
    """``-P`` keeps modules of the working directory out of it."""
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"RUST_BACKTRACE": "0"},
        encoding="utf-8",
    )
