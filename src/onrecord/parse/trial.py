"""Owns the trial of Parquet files: each is read once in a process of its own, before this one reads it.

A few flipped bits make the reader ask for more memory than there is, or panic; both end the process that reads.
Leaves the reading that counts to ``parquet``. Run as a program it is such a process.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, NoReturn

import polars as pl

BROKEN_DOWN = "the reader broke down on it"

_BEFORE_WORK = frozenset({"jemalloc_bg_thd", "polars-ooc-clea"})
"""Threads that polars has once it is imported. It reads in others, which a copy of this process would wait for."""


class Trial:
    """A process that tries one file after the other; it begins with the first, and another follows one that broke."""

    def __init__(self) -> None:
        self._process: _Trying | None = None

    def __enter__(self) -> Trial:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def find_damage(self, path: Path) -> str:
        """Why a file cannot be read, or nothing."""
        if self._process is None:
            self._process = _start()
        try:
            self._process.asked.write(json.dumps(str(path)) + "\n")
            self._process.asked.flush()
            reply = self._process.replies.readline()
        except BrokenPipeError:
            reply = ""
        if not reply:
            self._end()
            return BROKEN_DOWN
        return str(json.loads(reply))

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None


@dataclass(frozen=True, slots=True)
class _Trying:
    """A process that is told names of files, and replies why each cannot be read."""

    asked: IO[str]
    replies: IO[str]
    wait: Callable[[], object]

    def end(self) -> None:
        """See it end, which it does when nothing more can come."""
        with contextlib.suppress(BrokenPipeError):
            self.asked.close()
        self.replies.close()
        with contextlib.suppress(ChildProcessError):  # somebody else saw it end
            self.wait()


def _start() -> _Trying:
    """A copy of this process where that is safe, because it has everything imported; else a fresh one."""
    return _copy() if _threads() <= _BEFORE_WORK else _spawn()


def _threads() -> set[str]:
    """The names of the threads beside the main one; one nobody knows where the system does not tell."""
    try:
        tasks = [path for path in Path("/proc/self/task").iterdir() if path.name != str(os.getpid())]
        return {(path / "comm").read_text().strip() for path in tasks}
    except OSError:
        return {""}


def _copy() -> _Trying:
    names, asked = os.pipe()
    replies, said = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads: none of them holds anything
        child = os.fork()
    if child == 0:
        _live(names, said)
    os.close(names)
    os.close(said)
    wait = partial(os.waitpid, child, 0)
    return _Trying(os.fdopen(asked, "w", encoding="utf-8"), os.fdopen(replies, encoding="utf-8"), wait)


def _live(names: int, said: int) -> NoReturn:
    """The whole life of a copy; what the parent has open it lets go of."""
    try:
        os.dup2(names, 0)
        os.dup2(said, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.environ["RUST_BACKTRACE"] = "0"
        with os.fdopen(0, encoding="utf-8") as lines, os.fdopen(1, "w", encoding="utf-8") as replies:
            _try_each(lines, replies)
    finally:
        os._exit(0)


def _spawn() -> _Trying:
    """``-P`` keeps modules of this folder and of the working directory out of it."""
    process = subprocess.Popen(
        [sys.executable, "-P", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"RUST_BACKTRACE": "0"},
        encoding="utf-8",
    )
    if process.stdin is None or process.stdout is None:
        raise AssertionError("both are pipes")
    return _Trying(process.stdin, process.stdout, process.wait)


def _try_each(names: Iterable[str], replies: IO[str]) -> None:
    for line in names:
        try:
            pl.read_parquet(json.loads(line), memory_map=False, glob=False, hive_partitioning=False)
            found = ""
        except (pl.exceptions.PolarsError, OSError) as error:
            found = str(error).strip().split("\n")[0][:200]
        print(json.dumps(found), file=replies, flush=True)


if __name__ == "__main__":
    kept = os.dup(1)
    os.dup2(2, 1)  # what the reader says is no reply
    with os.fdopen(kept, "w", encoding="utf-8") as written:
        _try_each(sys.stdin, written)
