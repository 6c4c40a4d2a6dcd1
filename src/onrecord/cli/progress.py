"""Owns the progress bar of the command line: on stderr, for a person who waits longer than a second.

Leaves what goes on to ``onrecord.progress``. In a pipe, on a terminal that cannot move its cursor
and for what is over in a second nothing is shown, and nothing stays when the work is done.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from onrecord.progress import watched

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

F = TypeVar("F", bound=Callable[..., Any])

DELAY = 1.0
"""Seconds after which a bar appears."""

_STEP = 0.1


class Bar:
    """A line on a terminal: the stage, how much of it is done, how fast, how long it takes yet."""

    def __init__(self, delay: float = DELAY) -> None:
        self._appears = time.monotonic() + delay
        self._shown: Progress | None = None
        self._task: TaskID | None = None
        self._stage: tuple[str, int | None, str] = ("", None, "")
        self._begun = self._told = time.monotonic()
        self._done = 0
        self._lock = threading.RLock()
        self._timer = threading.Timer(delay, self._tell)  # a stage may say nothing for long
        self._timer.daemon = True
        self._timer.start()

    def stage(self, name: str, total: int | None, unit: str) -> None:
        """Show the stage; what it has done is counted anew. One without a name is none: the line goes away."""
        with self._lock:
            self._stage, self._done, self._begun = (name, total, unit), 0, time.monotonic()
            if self._shown is not None and self._task is not None:
                self._shown.remove_task(self._task)
                self._task = None
            if not name:
                self._hide()
        self._tell()

    def advance(self, count: int) -> None:
        """Count; the line itself is written ten times a second at most."""
        self._done += count
        if time.monotonic() - self._told >= _STEP:
            self._tell()

    def _tell(self) -> None:
        with self._lock:
            self._told = now = time.monotonic()
            name, total, unit = self._stage
            if not name or now < self._appears:
                return
            rate = _rate(self._done / max(now - self._begun, 0.001), unit) if unit and self._done else ""
            line = self._shown or _line()
            if self._task is None:
                left = "left" if total else ""
                self._task = line.add_task(name, total=total, completed=self._done, rate=rate, left=left)
                line.tasks[-1].start_time = self._begun
            else:
                line.update(self._task, completed=self._done, rate=rate)
            if self._shown is None:
                self._shown = line
                line.start()

    def _hide(self) -> None:
        if self._shown is not None:
            self._shown.stop()
        self._shown = self._task = None

    def end(self) -> None:
        """Take the line away for good."""
        self._timer.cancel()
        with self._lock:
            self._stage = ("", None, "")
            self._hide()


def _rate(speed: float, unit: str) -> str:
    return f"{speed / 1e6:,.1f} MB/s" if unit == "bytes" else f"{speed:,.0f} {unit}/s"


def _line() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[left]}"),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def somebody_watches() -> bool:
    """Whether stderr is a terminal on which a line can be written over."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def with_progress(command: F) -> F:
    """Show what the command does while a person waits for it."""

    @functools.wraps(command)
    def shown(*args: Any, **options: Any) -> Any:
        if not somebody_watches():
            return command(*args, **options)
        bar = Bar()
        try:
            with watched(bar):
                return command(*args, **options)
        finally:
            bar.end()

    return cast("F", shown)
