"""Owns noticing that the files of a graph changed: looks at them now and then, and says which.

Leaves what to do about it to the caller. Only names, sizes and times are looked at, so that a look costs little
however much the files hold, and works on every file system, in containers and over the network too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from onrecord.errors import GraphNotFound, Problems
from onrecord.project import Project, input_files, open_project

PAUSE = 0.5
"""Seconds between two looks."""

REST = 10
"""And so many times what a look took: however many files there are, watching takes a tenth of a core at most."""

SETTLE = 0.2
"""Seconds for which nothing may change before a change is told: editors and git write in several steps."""

PATIENCE = 5.0
"""Seconds after which a change is told although more follow."""

_Mark = tuple[int, int, int]


def changes(
    project: Project,
    *,
    files: Callable[[Project], Iterable[Path]] = input_files,
    stop: threading.Event | None = None,
    pause: float = PAUSE,
    settle: float = SETTLE,
) -> Iterator[frozenset[Path]]:
    """The files that were added, changed or removed, each time that some were, until ``stop`` is set.

    What changes from the call on is told, also what changes while the caller is busy with the last change; several
    changes in a row are told as one. ``files`` says which files to look at (default: all that a build depends on);
    it is asked at each look, so that new ones count, with the settings as they are then.
    """
    waiter = stop or threading.Event()

    def look() -> dict[Path, _Mark]:
        return {path: mark for path in files(_as_it_is(project)) if (mark := _mark(path)) is not None}

    return _changes(look, look(), waiter, pause, settle)


def _changes(
    look: Callable[[], Mapping[Path, _Mark]],
    told: Mapping[Path, _Mark],
    stop: threading.Event,
    pause: float,
    settle: float,
) -> Iterator[frozenset[Path]]:
    took = 0.0
    while not stop.wait(max(pause, REST * took)):
        started = time.monotonic()
        seen = look()
        took = time.monotonic() - started
        if seen == told:
            continue
        patient_until = time.monotonic() + PATIENCE
        while not stop.wait(settle):
            last, seen = seen, look()
            if seen == last or time.monotonic() > patient_until:
                break
        changed = frozenset(path for path in seen.keys() | told.keys() if seen.get(path) != told.get(path))
        told = seen
        if changed and not stop.is_set():
            yield changed


def _mark(path: Path) -> _Mark | None:
    """What changes with a file; None where there is none. An editor that saves by renaming changes the inode."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _as_it_is(project: Project) -> Project:
    """The project with its settings as they are now, as they may name other ontologies; as it was without settings."""
    try:
        return open_project(project.folder, Problems())
    except GraphNotFound:
        return project
