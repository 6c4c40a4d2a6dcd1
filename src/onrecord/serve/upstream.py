"""Owns how the server is that answers the queries, where that is another one: there, slow, gone, or changed.

Leaves asking it to the edition. Whoever wants to know shares one look at it every two seconds.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from onrecord.serve.editions import Edition, EditionLost, Reply

FRESH_SECONDS = 2.0
"""For so long a look is good."""
LOOK_SECONDS = 5.0
"""A server that takes longer to say what it holds is called slow."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found: ``status`` is ok, changed, slow or unreachable; ``state`` names what the server holds."""

    status: str = "ok"
    message: str = ""
    state: str = ""


_SLOW = Look("slow", "the store does not answer in time")


class Upstream:
    """The server behind this one."""

    def __init__(self) -> None:
        self._edition: Edition | None = None
        self._task: asyncio.Task[Reply] | None = None
        self._found = Look()
        self._until = 0.0

    async def look(self, edition: Edition) -> Look:
        """How it is, or was a moment ago."""
        clock = asyncio.get_running_loop().time
        if edition is not self._edition:  # what another one was told is no word on this
            self._edition, self._task, self._until = edition, None, 0.0
        if clock() < self._until:
            return self._found
        task = self._task = self._task or _ask(edition)
        done, _ = await asyncio.wait({task}, timeout=LOOK_SECONDS)
        found = _read(task) if done else _SLOW
        if edition is self._edition:
            self._found, self._until = found, clock() + FRESH_SECONDS
            self._task = None if done and self._task is task else self._task
        return found


def _ask(edition: Edition) -> asyncio.Task[Reply]:
    task = asyncio.create_task(edition.ask("state"))
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may wait for it any more
    return task


def _read(task: asyncio.Task[Reply]) -> Look:
    try:
        head = task.result().head
    except EditionLost as error:
        return Look("unreachable", str(error))
    if "error" in head:
        return _SLOW if head["error"] == "slow" else Look("unreachable", head["message"])
    if not head["is_current"]:
        return Look("changed", "the store holds something else than before", head["state"])
    return Look(state=head["state"])
