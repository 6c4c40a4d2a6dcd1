"""Owns the progress bar of the command line: on stderr, for a person who waits longer than a second.

Leaves what goes on to ``onrecord.progress``. In a pipe, on a terminal that cannot move its cursor
and for what is over in a second nothing is shown, and nothing stays when the work is done. Whatever is
printed meanwhile takes the line away first; it comes back when the work goes on.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TextIO, TypeVar, cast

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
        self._delay = delay
        self._appears = time.monotonic() + delay
        self._terminal = sys.stderr
        self._shown: Progress | None = None
        self._task: TaskID | None = None
        self._stage: tuple[str, int | None, str] = ("", None, "")
        self._begun = self._told = time.monotonic()
        self._done = 0
        self._gave_way = False
        self._lock = threading.RLock()
        self._timer = threading.Timer(delay, self._tell)  # a stage may say nothing for long
        self._timer.daemon = True
        self._timer.start()

    def stage(self, name: str, total: int | None, unit: str) -> None:
        """Show the stage; what it has done is counted anew. One without a name is none: the line goes away."""
        with self._lock:
            self._stage, self._done, self._begun = (name, total, unit), 0, time.monotonic()
            self._gave_way = False
            if self._shown is not None and self._task is not None:
                self._shown.remove_task(self._task)
                self._task = None
            if not name:
                self._hide()
        self._tell()

    def advance(self, count: int) -> None:
        """Count; the line itself is written ten times a second at most."""
        self._done += count
        self._gave_way = False
        if time.monotonic() - self._told >= _STEP:
            self._tell()

    def give_way(self) -> None:
        """Take the line away, because something is printed; it comes back when the work goes on."""
        with self._lock:
            self._gave_way = True
            self._hide()

    @contextlib.contextmanager
    def beside_what_is_printed(self) -> Iterator[None]:
        """Give way to whatever is printed on the terminal in this block."""
        with contextlib.redirect_stderr(cast("TextIO", _Printed(sys.stderr, self))):
            if not sys.stdout.isatty():
                yield
                return
            with contextlib.redirect_stdout(cast("TextIO", _Printed(sys.stdout, self))):
                yield

    def _tell(self) -> None:
        with self._lock:
            self._told = now = time.monotonic()
            name, total, unit = self._stage
            if not name or self._gave_way or now < self._appears:
                return
            spent = max(now - self._begun, 0.001)
            done = self._done if spent >= self._delay else 0  # the first of many may take longer than all others
            said: dict[str, Any] = {
                "rate": _rate(done / spent, unit) if unit and done else "",
                "left": _left(spent, done, total) if total else "",
            }
            line = self._shown or _line(self._terminal)
            if self._task is None:
                self._task = line.add_task(name, total=total, completed=self._done, **said)
                line.tasks[-1].start_time = self._begun
            else:
                line.update(self._task, completed=self._done, **said)
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
        self._timer.join()  # a process with another thread ends more slowly


class _Printed:
    """A stream to the terminal on which the bar stands."""

    def __init__(self, stream: TextIO, bar: Bar) -> None:
        self._stream, self._bar = stream, bar

    def write(self, text: str) -> int:
        self._bar.give_way()
        return self._stream.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        self._bar.give_way()
        self._stream.writelines(lines)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _rate(speed: float, unit: str) -> str:
    if unit == "bytes":
        return f"{speed / 1e6:,.1f} MB/s"
    return f"{speed:,.{0 if speed >= 10 else 1}f} {unit}/s"


def _left(spent: float, done: int, total: int) -> str:
    """How long the rest takes if it goes on as it did so far."""
    if not done:
        return "-:--:-- left"
    return f"{timedelta(seconds=round(spent * max(total - done, 0) / done))} left"


def _line(terminal: TextIO) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        console=Console(file=terminal),
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
            with watched(bar), bar.beside_what_is_printed():
                return command(*args, **options)
        finally:
            bar.end()

    return cast("F", shown)
