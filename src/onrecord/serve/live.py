"""Owns when there is to be a new edition: the files changed, or the process that answered from them is gone.

Leaves building it to ``edition`` and seeing changes to ``onrecord.watch``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from onrecord.errors import Problems
from onrecord.project import Project, find_files, input_files, open_project
from onrecord.serve.service import Service
from onrecord.serve.upstream import Look
from onrecord.watch import changes

RESTART_SECONDS = 1.0
"""Between two tries to replace a process that is gone, or to build what could not be built."""

MOST_RESTART_SECONDS = 60.0
"""And at most, where one try after the other fails: each builds the graph."""

MOST_LOGGED = 50
"""So many problems are written to the log at a time."""


def served_files(project: Project, sources: tuple[Path, ...] = ()) -> Iterable[Path]:
    """Every file that what is served depends on: also its questions, and the texts in all folders of sources.

    A quote stands or falls with its text, and pages show passages; one that is missing may lie there tomorrow.
    """
    yield from input_files(project)
    yield from find_files(project, "questions", (".rq", ".csv"), Problems())
    for start in project.source_folders(sources):
        for folder, _, names in os.walk(start):
            yield from (Path(folder, name) for name in names if not name.startswith(".") and not name.endswith("~"))


class Watch:
    """Sees every change of the files from now on, and keeps the graph that is served at them."""

    def __init__(self, graph: Path, sources: tuple[Path, ...] = ()) -> None:
        self._stop = threading.Event()
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._store = Look()
        self._tried = ""
        files = partial(served_files, sources=sources)
        self._begin = partial(changes, open_project(graph, Problems()), files=files, stop=self._stop)
        self._changes = self._begin()

    def _look(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            while not self._stop.is_set():
                try:
                    for _ in self._changes:
                        self._loop.call_soon_threadsafe(self._changed.set)
                except OSError:  # a folder that cannot be looked into for a moment: who knows what changes meanwhile
                    self._stop.wait(RESTART_SECONDS)
                    self._changes = self._begin_again()

    def _begin_again(self) -> Iterator[frozenset[Path]]:
        begun = self._begin()
        yield frozenset()
        yield from begun

    async def keep_current(self, service: Service) -> None:
        """Renew the edition whenever it has to be, also where the build before failed; ends when it is cancelled."""
        if service.settings.watch:
            threading.Thread(target=self._look, name="watch", daemon=True).start()
        pause = left = RESTART_SECONDS
        failed = False  # and not for the files' sake, so that their next change is not what it waits for
        try:
            while True:
                wait = min(left, RESTART_SECONDS) if service.settings.store else left
                try:
                    await asyncio.wait_for(self._changed.wait(), wait)
                except TimeoutError:
                    left -= wait
                is_due = (
                    service.edition.is_running and bool(service.settings.store) and await self._look_at_store(service)
                )
                if self._changed.is_set():
                    pause = RESTART_SECONDS
                elif not is_due and (left > 0 or (service.edition.is_running and not failed)):
                    left = left or pause
                    continue
                self._changed.clear()
                failed = await _renew(service) == "failed"
                is_well = service.edition.is_running and not failed
                pause = left = RESTART_SECONDS if is_well else min(2 * pause, MOST_RESTART_SECONDS)
        finally:
            self._stop.set()

    async def _look_at_store(self, service: Service) -> bool:
        """Whether what the server behind this one holds is another thing now, and no longer becoming one.

        So it is too where the files changed while that server was away.
        """
        before, found = self._store, await service.upstream.look(service.edition)
        self._store = found
        if found.status != before.status and (found.message or before.message):
            service.log.write(
                "store", "info" if found.status == "ok" else "warning", outcome=found.status, message=found.message
            )
        if found.status == "changed":
            is_settled = before == found and found is not before and found.state != self._tried
            self._tried = found.state if is_settled else self._tried
            return is_settled
        return found.status == "ok" and before.status not in ("ok", "changed") and service.editions.trouble is not None


async def _renew(service: Service) -> str:
    """Build anew, and tell how that went."""
    started = asyncio.get_running_loop().time()
    before = service.edition.build
    state = await service.editions.renew()
    service.metrics.builds.labels(state).inc()
    if service.edition.build != before:
        service.answers.forget()
    trouble = service.editions.trouble
    if trouble and service.settings.redact:  # its page does not show them
        for each in trouble["problems"][:MOST_LOGGED]:
            service.log.write("problem", each["severity"], message=each["text"])
    service.log.write(
        "build",
        "warning" if trouble else "info",
        outcome=state,
        build=service.edition.build,
        seconds=round(asyncio.get_running_loop().time() - started, 2),
        problems=len(trouble["problems"]) if trouble else None,
        message=trouble["detail"] if trouble else None,
    )
    return state
