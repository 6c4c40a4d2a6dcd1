"""Owns the guarded processes of one dataset: how many there are, and where their answers are kept.

Leaves one process to ``worker``. Any number of threads may call; a query that finds every process
at work waits for one. An answer is either whole, in a spool of known size, or an exception: who
sends it on never has to take a beginning back.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyoxigraph as ox

from onrecord.engine import Job
from onrecord.errors import QueryBusy, QueryCancelled
from onrecord.limits import Limits
from onrecord.progress import advance, stage
from onrecord.spool import Spool
from onrecord.worker import Answering, Cancelled, Dataset, Worker

PIECE_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A whole answer: ``kind`` is ``rows``, ``boolean`` or ``graph``; ``format`` that of its body.

    ``spool`` holds its ``size`` bytes; closing it (or leaving a ``with``) frees them, as does the
    last reference to it. ``rows`` counts the rows of tables and the triples of N-Triples, else it is 0.
    """

    kind: str
    format: str
    variables: tuple[str, ...]
    spool: Spool
    rows: int

    @property
    def size(self) -> int:
        """The bytes of the body."""
        return self.spool.size

    @property
    def body(self) -> bytes:
        """All of it, in memory."""
        return self.spool.read()

    def pieces(self) -> Iterator[bytes]:
        """The body, piece by piece."""
        at = 0
        while piece := self.spool.read_at(at, PIECE_BYTES):
            at += len(piece)
            yield piece

    def __enter__(self) -> Evaluated:
        return self

    def __exit__(self, *_: object) -> None:
        self.spool.close()


class Workers:
    """Up to ``most`` guarded processes with one dataset; they are forked when they are needed and kept.

    A process that went over a limit is ended and replaced. All end when nothing refers to this any
    more, or with :meth:`close`.
    """

    def __init__(self, dataset: Dataset, most: int = 0) -> None:
        self.dataset = dataset
        self.most = most or max(2, os.cpu_count() or 1)
        self._free = threading.Semaphore(self.most)
        self._idle: list[Worker] = []
        self._lock = threading.Lock()
        self._finalizer = weakref.finalize(self, _end_all, self._idle)

    def close(self) -> None:
        """End the processes that wait for work; those at work end when their answer is read."""
        with self._lock:
            _end_all(self._idle)

    def run(self, job: Job, limits: Limits, cancelled: Cancelled | None = None, patience: float = 30.0) -> Evaluated:
        """The whole answer to ``job``, kept in a spool.

        :raises QueryBusy: when no process is free within ``patience`` seconds.
        :raises QueryCancelled: when ``cancelled``, asked ten times a second, says that nobody waits any more.
        :raises QueryError: and the rest of what :meth:`onrecord.worker.Worker.put` raises.
        """
        spool = Spool()
        with self.stream(job, limits, cancelled, patience) as answering:
            for piece in answering.pieces:
                spool.write(piece)
        format_ = job.graph_format if answering.kind == "graph" else job.format
        return Evaluated(answering.kind, format_, answering.variables, spool, answering.count.rows)

    @contextlib.contextmanager
    def stream(
        self, job: Job, limits: Limits, cancelled: Cancelled | None = None, patience: float = 30.0
    ) -> Iterator[Answering]:
        """The answer to ``job`` while it comes, for who can say afterwards that it broke off; raises as :meth:`run`.

        When the block is left before the last piece is read, the process is ended.
        """
        self._wait(cancelled, patience)
        try:
            worker = self._take()
            try:
                stage("answering", unit="rows")
                answering = worker.put(job, limits, cancelled)
                yield replace(answering, pieces=_counted(answering))
            finally:
                if worker.is_ready:
                    with self._lock:
                        self._idle.append(worker)
                else:
                    worker.end()
        finally:
            self._free.release()

    def _wait(self, cancelled: Cancelled | None, patience: float) -> None:
        deadline = time.monotonic() + patience
        while not self._free.acquire(timeout=0.1 if cancelled else max(0.0, patience)):
            if cancelled is not None and cancelled():
                raise QueryCancelled("nobody waits for the answer any more")
            if time.monotonic() >= deadline:
                raise QueryBusy(f"all {self.most} workers answer other queries; ask again later")

    def _take(self) -> Worker:
        """An idle process, or a new one."""
        while True:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            if worker is None:
                return Worker(self.dataset)
            if worker.is_alive:
                return worker


def _counted(answering: Answering) -> Iterator[bytes]:
    before = 0
    for piece in answering.pieces:
        advance(answering.count.rows - before)
        before = answering.count.rows
        yield piece


def run(store: ox.Store, job: Job, limits: Limits) -> Evaluated:
    """The answer to one query in a process that ends with it; raises as :meth:`Workers.run` does."""
    workers = Workers(Dataset(store), 1)
    try:
        return workers.run(job, limits)
    finally:
        workers.close()


def _end_all(workers: list[Worker]) -> None:
    while workers:
        workers.pop().end()
