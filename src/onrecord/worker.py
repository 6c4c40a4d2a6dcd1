"""Owns the guarded process in which a query runs: its time, memory, files and stack are bounded.

Leaves what the query means to ``query``. The engine runs in native code that no signal of Python
stops, follows SERVICE unless it has no sockets, and dies on deep nesting: so each query gets a
process of its own, which the parent ends at the limit.
"""

from __future__ import annotations

import faulthandler
import functools
import json
import os
import resource
import selectors
import signal
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, TypeAlias

import pyoxigraph as ox

from onrecord.errors import QueryError, QueryLimitExceeded
from onrecord.limits import Limits, RowCount

STACK_BYTES = 1 << 30
Spool: TypeAlias = tempfile.SpooledTemporaryFile[bytes]
Task: TypeAlias = Callable[[IO[bytes], threading.Event], None]
"""What a child does: write to the pipe, and say with the event that it came to its end."""
_FORKING = threading.Lock()
"""Held while a pipe is open for writing here, so that no other query's child inherits that end."""


@dataclass(frozen=True, slots=True)
class Job:
    """A query with everything that its evaluation needs."""

    query: str
    prefixes: Mapping[str, str]
    base: str
    has_dataset: bool = False  # whether FROM chooses among the named graphs
    format: str = "json"  # of rows and booleans: json, xml, csv, tsv


@dataclass(frozen=True, slots=True)
class Form:
    """What a query that parses would give: ``kind`` as in :class:`Evaluated`, and a SELECT's columns."""

    kind: str
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What came back: ``kind`` is ``rows``, ``boolean`` or ``graph`` (N-Triples)."""

    kind: str
    body: bytes


class EngineSyntaxError(ValueError):
    """The engine's own words about a query that does not parse."""


def run(store: ox.Store, job: Job, limits: Limits) -> Evaluated:
    """Evaluate ``job`` on ``store`` in a forked process.

    :raises EngineSyntaxError: when the query does not parse.
    :raises QueryLimitExceeded: when the process was ended, or ended itself, before an answer.
    :raises QueryError: when the engine cannot evaluate it.
    """
    with tempfile.SpooledTemporaryFile(1 << 24) as spool:
        status = _guarded(functools.partial(_evaluate, store, job), limits, spool, job.format)
        spool.seek(0)
        return _outcome(spool.readline(), spool.read(), status, limits)


def read_forms(jobs: Sequence[Job], limits: Limits) -> list[Form | QueryError | EngineSyntaxError]:
    """What each of ``jobs`` would give, without evaluating it, or the error that :func:`run` would raise.

    One process reads them all; where a query ends it, the next one goes on behind that query.
    """
    found: list[Form | QueryError | EngineSyntaxError] = []
    while len(found) < len(jobs):
        waiting = jobs[len(found) :]
        with tempfile.SpooledTemporaryFile(1 << 24) as spool:
            ended: QueryError | None = None
            try:
                _guarded(functools.partial(_read_forms, waiting), limits, spool)
            except QueryLimitExceeded as error:
                ended = error
            spool.seek(0)
            found += [_form(json.loads(line)) for line in spool if line.endswith(b"\n")]
        if len(found) < len(jobs):
            found.append(ended or _too_large(limits))
    return found


def _form(header: dict[str, Any]) -> Form | QueryError | EngineSyntaxError:
    if header["kind"] == "syntax":
        return EngineSyntaxError(header["message"])
    return Form(header["kind"], tuple(header["variables"]))


def _guarded(task: Task, limits: Limits, spool: Spool, format_: str = "") -> int:
    """Run ``task`` in a forked process and collect what it writes; returns its wait status."""
    with _FORKING, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads: the child calls the engine only
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            _serve(task, limits, writer)
        os.close(writer)
    try:
        with os.fdopen(reader, "rb", buffering=0) as pipe:
            _collect(pipe, spool, limits, format_)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    return os.waitpid(child, 0)[1]


def _collect(pipe: IO[bytes], spool: Spool, limits: Limits, format_: str) -> None:
    """Read until the child closes its end; more than the limit of time, bytes or rows ends it."""
    deadline = time.monotonic() + limits.seconds
    size = 0
    count: RowCount | None = None
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise QueryLimitExceeded(
                    f"the query took more than {limits.seconds:g} seconds and was stopped; "
                    "narrow it, or raise --timeout"
                )
            chunk = pipe.read(1 << 20)
            if not chunk:
                return
            if size == 0 and limits.rows is not None and format_:
                head, _, chunk_body = chunk.partition(b"\n")  # the child writes the head in one piece
                count = RowCount("graph" if b'"graph"' in head else format_)
                count.add(chunk_body)
            elif count is not None:
                count.add(chunk)
            size += len(chunk)
            if size > limits.answer:
                raise QueryLimitExceeded(
                    f"the answer is larger than {limits.answer >> 20} MiB; narrow the query, or add a LIMIT"
                )
            if count is not None and limits.rows is not None and count.rows > limits.rows:
                raise QueryLimitExceeded(
                    f"the answer has more than {limits.rows:,} rows; narrow the query, add a LIMIT, or raise --max-rows"
                )
            spool.write(chunk)


def _outcome(head: bytes, body: bytes, status: int, limits: Limits) -> Evaluated:
    if os.waitstatus_to_exitcode(status) != 0 or not head.endswith(b"\n"):
        raise _too_large(limits)
    header = json.loads(head)
    if header["kind"] == "syntax":
        raise EngineSyntaxError(header["message"])
    if header["kind"] == "failed":
        raise QueryError(f"the query cannot be answered: {header['message']}")
    return Evaluated(header["kind"], body)


def _too_large(limits: Limits) -> QueryLimitExceeded:
    return QueryLimitExceeded(
        f"the query needed more than {limits.memory >> 20} MiB of memory, or is nested too deep; "
        "simplify it, or raise --max-memory"
    )


def _serve(task: Task, limits: Limits, writer: int) -> None:
    """The child's whole life; never returns."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)  # the engine's last words are not for the user's terminal
        faulthandler.disable()  # nor is the place at which a limit ended it
        used = _address_space()
        _bound(resource.RLIMIT_CORE, 0)
        _bound(resource.RLIMIT_AS, used + STACK_BYTES + limits.memory)
        _bound(resource.RLIMIT_NOFILE, 0)
        _bound(resource.RLIMIT_CPU, int(limits.seconds) + 5)
        threading.stack_size(STACK_BYTES - (1 << 20))
        done = threading.Event()
        with os.fdopen(writer, "wb") as out:
            thread = threading.Thread(target=task, args=(out, done))
            thread.start()
            thread.join()
            out.flush()
        code = 0 if done.is_set() else 1  # an answer that broke off is none
    finally:
        os._exit(code)


def _bound(kind: int, value: int) -> None:
    """Lower a limit of this process for good; where it is lower already it stays."""
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _address_space() -> int:
    """Bytes of virtual memory that the process has mapped."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  # one read, no path to handle
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 4 << 30


def _evaluate(store: ox.Store, job: Job, out: IO[bytes], done: threading.Event) -> None:
    """Write the answer and set ``done``; what is raised on the way ends the thread, not the answer."""

    def head(kind: str, **more: str) -> None:
        out.write(json.dumps({"kind": kind, **more}).encode() + b"\n")

    try:
        results = _put(store, job)
    except SyntaxError as error:
        head("syntax", message=str(error))
        done.set()
        return
    except (OSError, RuntimeError, ValueError) as error:
        head("failed", message=str(error))
        done.set()
        return
    head(_kind(results))
    if isinstance(results, ox.QueryTriples):
        results.serialize(output=out, format=ox.RdfFormat.N_TRIPLES)
    else:
        results.serialize(output=out, format=_FORMATS[job.format])
    done.set()


def _put(store: ox.Store, job: Job) -> Any:
    return store.query(
        job.query, prefixes=dict(job.prefixes), base_iri=job.base, use_default_graph_as_union=not job.has_dataset
    )


def _kind(results: Any) -> str:
    if isinstance(results, ox.QueryTriples):
        return "graph"
    return "boolean" if isinstance(results, ox.QueryBoolean) else "rows"


def _read_forms(jobs: Sequence[Job], out: IO[bytes], done: threading.Event) -> None:
    """Write a line on each query as soon as it is read, for the next may end this process."""
    store = ox.Store()
    for job in jobs:
        found: dict[str, object]
        try:
            results = _put(store, job)
            rows = isinstance(results, ox.QuerySolutions)
            columns = [variable.value for variable in results.variables] if rows else []
            found = {"kind": _kind(results), "variables": columns}
        except SyntaxError as error:
            found = {"kind": "syntax", "message": str(error)}
        except (OSError, RuntimeError, ValueError):
            found = {"kind": "boolean", "variables": []}  # only an ASK is evaluated at once; it parses
        out.write(json.dumps(found).encode() + b"\n")
        out.flush()
    done.set()


_FORMATS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
