"""Owns putting jobs to an edition: how many queries run at once, who waits, and what was answered lately.

Leaves evaluating to the edition. The same query on the same edition in the same format has the same
answer, so it is evaluated once for all who ask at the same time, and a small answer is remembered.
Pages are made beside the queries, and neither waits for the other.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from onrecord.serve.editions import Edition, Reply
from onrecord.serve.metrics import Metrics
from onrecord.serve.protocol import Refusal
from onrecord.serve.settings import BUSY_SECONDS, Settings
from onrecord.sparql.guard import may_call

SMALL = 256 << 10
"""Bytes of the largest answer that is remembered."""
LONG = 16 << 10
"""Characters of the longest query that is looked at for that."""
_CHANGING = ("NOW", "RAND", "UUID", "STRUUID", "BNODE")
_OF_SITE = ("page", "address")
"""The jobs that are no queries: no worker answers them, and nothing but a new edition changes their replies."""

LONG_SECONDS = 2.0
"""A query that has run for longer may have to give way."""
LOOK_SECONDS = 0.5
"""For which a query waits before another has to give way to it."""
_GAVE_WAY = "the query was stopped so that others could run; narrow it, or try again when less is asked"


@dataclass(slots=True)
class _Run:
    """A query that is being evaluated."""

    task: asyncio.Task[Reply]
    since: float
    gives_way: bool = False


@dataclass(slots=True)
class _Shared:
    """An evaluation that several requests may wait for."""

    task: asyncio.Task[Reply]
    waiting: int = 0


class Answers:
    """All answers of a server."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._metrics = metrics
        self._most = settings.workers
        self._turns = asyncio.Semaphore(self._most)
        self._runs: list[_Run] = []
        self._queue = 64 * settings.workers
        self._waiting = 0
        self._pages = 0
        self._bound = settings.cache
        self._lasting = _OF_SITE if settings.store else ()
        """The jobs whose replies last; all do where that is empty: nothing but a new edition changes them."""
        self._size = 0
        self._kept: OrderedDict[str, Reply] = OrderedDict()
        self._shared: dict[str, _Shared] = {}

    async def ask(self, edition: Edition, job: str, *, lasts: bool = True, **more: Any) -> Reply:
        """What ``edition`` replies to a job; one whose reply does not last is put each time.

        :raises Refusal: 503 where too many others wait already.
        """
        if not lasts:
            return await self._put(edition, job, more)
        key = hashlib.sha256(json.dumps([edition.build, job, more], sort_keys=True).encode()).hexdigest()
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            self._metrics.remembered.inc()
            return kept
        shared = self._shared.get(key)
        if shared is None:
            task = asyncio.create_task(self._put(edition, job, more))
            shared = self._shared[key] = _Shared(task)
            task.add_done_callback(lambda done: self._finish(key, job, done))
        shared.waiting += 1
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.waiting -= 1
            if not shared.waiting and not shared.task.done():
                self._shared.pop(key, None)
                shared.task.cancel()

    def _finish(self, key: str, job: str, done: asyncio.Task[Reply]) -> None:
        if self._shared.get(key) is not None and self._shared[key].task is done:
            del self._shared[key]
        if done.cancelled() or done.exception() is not None or (self._lasting and job not in self._lasting):
            return
        reply = done.result()
        if "error" in reply.head or reply.long is not None or len(reply.body) > SMALL:
            return
        self._kept[key] = reply
        self._size += _weight(reply)
        while self._size > self._bound and self._kept:
            _, gone = self._kept.popitem(last=False)
            self._size -= _weight(gone)

    async def _put(self, edition: Edition, job: str, more: dict[str, Any]) -> Reply:
        return await (self._fetch if job in _OF_SITE else self._evaluate)(edition, job, more)

    async def _fetch(self, edition: Edition, job: str, more: dict[str, Any]) -> Reply:
        if self._pages >= self._queue:
            raise Refusal(503, "too many pages are waiting; try again in a few seconds", Retry_After="5")
        self._pages += 1
        try:
            async with edition.held():
                return await edition.ask(job, **more)
        finally:
            self._pages -= 1

    async def _evaluate(self, edition: Edition, job: str, more: dict[str, Any]) -> Reply:
        await self._wait_for_turn()
        loop = asyncio.get_running_loop()
        async with edition.held():
            run = _Run(asyncio.create_task(edition.ask(job, **more)), loop.time())
            self._runs.append(run)
            self._metrics.running.inc()
            try:
                reply = await run.task
            except asyncio.CancelledError:
                if not run.gives_way:
                    run.task.cancel()
                    raise
                self._metrics.queries.labels("gave way").inc()
                raise Refusal(503, _GAVE_WAY, Retry_After="10") from None
            finally:
                self._runs.remove(run)
                self._metrics.running.dec()
                self._turns.release()
        self._metrics.queries.labels(str(reply.head.get("error", "answered"))).inc()
        return reply

    async def _wait_for_turn(self) -> None:
        """Wait until a query may run; one that has run long gives way where many of those hold the others up."""
        if self._waiting >= self._queue:
            raise Refusal(503, "too many queries are waiting; try again in a few seconds", Retry_After="5")
        self._waiting += 1
        self._metrics.waiting.inc()
        deadline = asyncio.get_running_loop().time() + BUSY_SECONDS
        try:
            while True:
                try:
                    async with asyncio.timeout(LOOK_SECONDS):  # wait_for would hand a turn to one who is gone
                        await self._turns.acquire()
                except TimeoutError:
                    if asyncio.get_running_loop().time() > deadline:
                        raise Refusal(503, "all workers answer other queries; try again", Retry_After="5") from None
                    self._make_way()
                else:
                    return
        finally:
            self._waiting -= 1
            self._metrics.waiting.dec()

    def _make_way(self) -> None:
        now = asyncio.get_running_loop().time()
        long = [run for run in self._runs if now - run.since > LONG_SECONDS and not run.gives_way]
        if len(long) > self._most // 2:
            oldest = min(long, key=lambda run: run.since)
            oldest.gives_way = True
            oldest.task.cancel()

    def forget(self) -> None:
        """Another edition is served: what was remembered is of no use."""
        self._kept.clear()
        self._size = 0


def _weight(reply: Reply) -> int:
    return len(reply.body) + 1024


def may_change(query: str) -> bool:
    """Whether a query may give something else each time; a very long one is taken to."""
    if len(query) > LONG:
        return True
    return may_call(query, _CHANGING)
