"""Owns the guarded process in which queries run: its time, memory, files and stack are bounded.

Leaves what a query means to ``query``, how many processes there are and where answers are kept to
``workers``. The engine runs in native code that no signal of Python stops, follows SERVICE unless
it has no sockets, and dies on deep nesting: so it runs in a process of its own, which the parent
ends at the limit. A process that came to the end of a query takes the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import resource
import selectors
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, fields
from operator import lt
from typing import Any

import pyoxigraph as ox

from onrecord.engine import Job, Output, TooManyRows, answer
from onrecord.errors import QueryBusy, QueryCancelled, QueryError, QueryLimitExceeded
from onrecord.forked import become_child, bound, pipes, write_all
from onrecord.limits import Limits, RowCount
from onrecord.written import Forms

STACK_BYTES = 1 << 30
GROWTH_BYTES = (256 << 20, 96 << 20)
"""A process that has mapped, or has in use, so much more than at its start takes no further query."""

_PIPE_BYTES = 1 << 20
_CHECK_SECONDS = 0.1
"""How often somebody who may cancel is asked."""

Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Dataset:
    """What queries are put to: a store, and the written forms of the literals that it rewrote."""

    store: ox.Store
    written: Forms = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """What a query that parses would give: ``rows``, ``boolean`` or ``graph``, and a SELECT's columns."""

    kind: str
    variables: tuple[str, ...] = ()


class EngineSyntaxError(ValueError):
    """The engine's own words about a query that does not parse."""


def read_forms(jobs: Sequence[Job], limits: Limits) -> list[Form | QueryError | EngineSyntaxError]:
    """What each of ``jobs`` would give, without evaluating it, or the error that putting it would raise.

    Where a query ends the process, another one goes on behind it.

    :raises QueryBusy: when this machine has no room for a process.
    """
    found: list[Form | QueryError | EngineSyntaxError] = []
    store = Dataset(ox.Store())
    while len(found) < len(jobs):
        worker = Worker(store)
        try:
            found.extend(_read_form(worker, job, limits) for job in jobs[len(found) :])
        except QueryLimitExceeded as error:
            found.append(error)
        finally:
            worker.end()
    return found


def _read_form(worker: Worker, job: Job, limits: Limits) -> Form | EngineSyntaxError:
    """The form of one query; an ASK, evaluated at once, may fail on the empty store, but parses."""
    try:
        answering = worker.put(job, limits)
        form = Form(answering.kind, answering.variables)
        for _ in answering.pieces:
            pass
    except EngineSyntaxError as error:
        return error
    except (QueryBusy, QueryLimitExceeded):
        raise
    except QueryError:
        return Form("boolean")
    return form


@dataclass(slots=True)
class Answering:
    """An answer on its way: what it is, then its body in pieces as they come.

    Only when ``pieces`` has come to its end without an exception is the answer a whole one.
    """

    kind: str
    variables: tuple[str, ...]
    pieces: Iterator[bytes]
    count: RowCount


class Worker:
    """A forked process with a dataset; it answers one query after the other.

    :raises QueryBusy: when this machine has no room for it.
    """

    def __init__(self, dataset: Dataset) -> None:
        try:
            with pipes(3) as ((jobs, self._jobs), (self._body, body), (self._notes, notes)):
                self._owner = os.getpid()
                self._child = os.fork()
                if self._child == 0:
                    _live(dataset, jobs, body, notes)
                for end in (jobs, body, notes):
                    os.close(end)
        except OSError as error:
            raise _no_room(error) from error
        with contextlib.suppress(OSError, AttributeError):  # a larger pipe is only faster
            fcntl.fcntl(self._body, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._ended = False
        self._count = RowCount("")
        self.is_ready = True
        """Whether it can take a query."""

    @property
    def is_alive(self) -> bool:
        """Whether the process is there; one that an interruption reached is not."""
        if self._ended or os.getpid() != self._owner:
            return False
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(self._child, os.WNOHANG)[0] == 0:
                return True
        self._close()
        return False

    def end(self) -> None:
        """End the process, whatever it does."""
        if self._ended or os.getpid() != self._owner:  # a fork of the owner has no say over its children
            return
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
        self._close()

    def _close(self) -> None:
        self._ended, self.is_ready = True, False
        for end in (self._jobs, self._body, self._notes):
            os.close(end)

    def put(self, job: Job, limits: Limits, cancelled: Cancelled | None = None) -> Answering:
        """Begin to answer ``job``; returns when it is known what the answer is.

        The time that counts is that spent waiting for the process, not that which the reader of the
        pieces takes. ``cancelled`` is asked ten times a second whether anybody still waits.

        :raises EngineSyntaxError: when the query does not parse.
        :raises QueryLimitExceeded: over a limit, here or between the pieces; the process is ended.
        :raises QueryCancelled: when ``cancelled`` says so; the process is ended.
        :raises QueryBusy: when this machine has no room to wait for the answer; the process is ended.
        :raises QueryError: when the engine cannot evaluate it.
        """
        self.is_ready = False
        following = self._follow(job, limits, cancelled)
        head: dict[str, Any] = json.loads(next(following))
        return Answering(head["kind"], tuple(head["variables"]), following, self._count)

    def _follow(self, job: Job, limits: Limits, cancelled: Cancelled | None) -> Iterator[bytes]:
        """The head of the answer, then its body; whatever stops it in between ends the process."""
        again = False
        try:
            with contextlib.suppress(BrokenPipeError):  # its notes say so too
                write_all(self._jobs, _message(job, limits))
            again = yield from self._read(job, limits, cancelled)
        except _NoAnswer as error:
            again = error.again
            raise error.reason from None
        except OSError as error:
            raise _no_room(error) from error
        finally:
            self.is_ready = again
            if not again:
                self.end()

    def _read(self, job: Job, limits: Limits, cancelled: Cancelled | None) -> Generator[bytes, None, bool]:
        """The head and the body; at their end, whether the process takes another query."""
        left, size, notes = limits.seconds, 0, b""
        expected: int | None = None
        again = False
        has_head = False
        with selectors.DefaultSelector() as selector:
            selector.register(self._notes, selectors.EVENT_READ)
            selector.register(self._body, selectors.EVENT_READ)
            while expected is None or size < expected:
                started = time.monotonic()
                ready = {key.fd for key, _ in selector.select(min(left, _CHECK_SECONDS) if cancelled else left)}
                left -= time.monotonic() - started
                if cancelled is not None and cancelled():
                    raise QueryCancelled("nobody waits for the answer any more")
                if left <= 0:
                    raise QueryLimitExceeded(
                        f"the query took more than {limits.seconds:g} seconds and was stopped; "
                        "narrow it, or raise --timeout"
                    )
                if self._notes in ready:
                    found = os.read(self._notes, 1 << 16)
                    if not found:
                        raise _too_large(limits)
                    *lines, notes = (notes + found).split(b"\n")
                    for line in lines:
                        note = json.loads(line)
                        if "end" in note:
                            expected, again = _end(note, limits, has_head=has_head)
                            selector.unregister(self._notes)
                        else:
                            has_head = True
                            self._count = RowCount(_counted(note["kind"], job))
                            yield line
                if self._body in ready and has_head:
                    piece = os.read(self._body, _PIPE_BYTES)
                    size += len(piece)
                    _keep_to(limits, size, self._count, piece)
                    if piece:
                        yield piece
                    else:
                        selector.unregister(self._body)
        return again


class _NoAnswer(Exception):
    """A query that did not come to an answer, although its process is sound."""

    def __init__(self, reason: Exception, *, again: bool) -> None:
        super().__init__(str(reason))
        self.reason, self.again = reason, again


def _end(note: dict[str, Any], limits: Limits, *, has_head: bool) -> tuple[int, bool]:
    """How many bytes the whole body has, and whether the process takes another query.

    :raises _NoAnswer: for what the last note says instead; behind the beginning of a body, which
        nobody will read, no other query is put.
    """
    reason: Exception
    match note["end"]:
        case "whole":
            return note["size"], note["again"]
        case "syntax":
            reason = EngineSyntaxError(note["message"])
        case "rows":
            reason = too_many_rows(limits)
        case _:
            reason = QueryError(f"the query cannot be answered: {note['message']}")
    raise _NoAnswer(reason, again=note["again"] and not has_head)


def _message(job: Job, limits: Limits) -> bytes:
    bounds = {"seconds": limits.seconds, "memory": limits.memory, "rows": limits.rows}
    given = {each.name: getattr(job, each.name) for each in fields(job)}  # asdict() copies, which takes longer
    return json.dumps({"job": given, **bounds}).encode() + b"\n"


def _counted(kind: str, job: Job) -> str:
    """The format whose rows or lines are counted; a graph of other syntax counts its triples where it is made."""
    if kind == "graph":
        return "graph" if job.graph_format in ("nt", "nq") else ""
    return job.format if kind == "rows" else ""


def _no_room(error: OSError) -> QueryBusy:
    return QueryBusy(f"this machine has no room for another query: {error.strerror or error}; ask again later")


def _keep_to(limits: Limits, size: int, count: RowCount, piece: bytes) -> None:
    """Refuse more bytes or rows than there may be."""
    if size > limits.answer:
        raise QueryLimitExceeded(
            f"the answer is larger than {limits.answer >> 20} MiB; narrow the query, or add a LIMIT"
        )
    count.add(piece)
    if limits.rows is not None and count.rows > limits.rows:
        raise too_many_rows(limits)


def too_many_rows(limits: Limits) -> QueryLimitExceeded:
    """The refusal of an answer with more rows than ``limits`` let through."""
    return QueryLimitExceeded(
        f"the answer has more than {limits.rows:,} rows; narrow the query, add a LIMIT, or raise --max-rows"
    )


def _too_large(limits: Limits) -> QueryLimitExceeded:
    return QueryLimitExceeded(
        f"the query needed more than {limits.memory >> 20} MiB of memory, or is nested too deep; "
        "simplify it, or raise --max-memory"
    )


def _live(dataset: Dataset, jobs: int, body: int, notes: int) -> None:
    """The child's whole life; never returns. It ends with the parent, which holds the other end of ``jobs``."""
    try:
        ends = become_child((jobs, body, notes))
        threading.stack_size(STACK_BYTES - (1 << 20))
        thread = threading.Thread(target=_work, args=(dataset, *ends, os.open("/proc/self/statm", os.O_RDONLY)))
        bound(resource.RLIMIT_NOFILE, 0)
        thread.start()
        thread.join()
    finally:
        os._exit(0)


def _work(dataset: Dataset, jobs: int, body: int, notes: int, statm: int) -> None:
    """Answer query after query; what is raised ends the thread, and with it the process."""
    at_start = _memory(statm)
    with os.fdopen(jobs, "rb") as lines, os.fdopen(body, "wb", 1 << 16) as out:
        for line in lines:
            message = json.loads(line)
            _bound_job(message, _memory(statm)[0])
            note = _answer(dataset, message, Output(out), notes)
            out.flush()
            grown = (now - then for now, then in zip(_memory(statm), at_start, strict=True))
            again = all(map(lt, grown, GROWTH_BYTES))
            _note(notes, **note, again=again)
            if not again:
                return


def _bound_job(message: dict[str, Any], used: int) -> None:
    """Set memory and time for one query; the next one may have others."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(spent.ru_utime + spent.ru_stime + message["seconds"]) + 5
    for kind, value in ((resource.RLIMIT_AS, used + message["memory"]), (resource.RLIMIT_CPU, seconds)):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _memory(statm: int) -> tuple[int, int]:
    """Bytes of memory that the process has mapped, and that it has in use (proc(5), statm)."""
    mapped, used = os.pread(statm, 64, 0).split()[:2]
    return int(mapped) * resource.getpagesize(), int(used) * resource.getpagesize()


def _note(notes: int, **values: object) -> None:
    write_all(notes, json.dumps(values).encode() + b"\n")


def _answer(dataset: Dataset, message: dict[str, Any], out: Output, notes: int) -> dict[str, object]:
    """Answer one query and return how it ended."""

    def head(kind: str, variables: Sequence[str]) -> None:
        _note(notes, kind=kind, variables=variables)

    try:
        answer(dataset.store, dataset.written, Job(**message["job"]), message["rows"], out, head)
    except TooManyRows:
        return {"end": "rows"}
    except SyntaxError as error:
        return {"end": "syntax", "message": str(error)}
    except (OSError, RuntimeError, ValueError) as error:
        return {"end": "failed", "message": str(error)}
    return {"end": "whole", "size": out.size}
