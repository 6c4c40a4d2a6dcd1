"""Owns one edition: a process that holds one state of the graph, has built it, and answers from it.

Leaves the answers to ``desk`` and deciding which edition is asked to ``editions``. It is started
with ``python -m``, reads what it is to be and then jobs from its standard input, and writes replies to
its standard output: a head of JSON, then a body. The server's own process holds neither the graph nor an engine, so
nothing that a query does can reach its connections.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from onrecord.errors import OnRecordError, Problem, sort_problems
from onrecord.excerpts import Excerpts
from onrecord.protected import Undecided
from onrecord.serve.messages import HEAD, INLINE, NO_ROOM, Job

if TYPE_CHECKING:
    from onrecord.serve.desk import Desk, Reply

Done: TypeAlias = "Future[Reply]"
"""A job that was answered: head and body of the reply, or a mistake of ours."""

MOST_PROBLEMS = 1000
"""So many are shown."""


def main() -> None:
    """Build, say how that went, then answer until nobody asks any more."""
    from onrecord.serve.desk import Broken, Desk

    options = read_job(sys.stdin.buffer)
    if options is None:
        return
    counter = Counter(Path(options["out"]))
    try:
        desk = Desk(options)
    except Broken as error:
        problems = render_problems(error.problems)
        counter.send({"state": "broken", "message": str(error), "problems": problems, "undecided": error.undecided})
        return
    except OnRecordError as error:
        undecided = isinstance(error, Undecided)
        state = "undecided" if undecided else "failed"
        counter.send({"state": state, "message": str(error), "problems": [], "undecided": undecided})
        return
    counter.send({"state": "ready", **desk.facts, "problems": render_problems(desk.problems)})
    answer_jobs(sys.stdin.buffer, desk, counter.hand_out, options["workers"])
    shutil.rmtree(options["out"], ignore_errors=True)  # the server is gone and could not


def answer_jobs(stream: BinaryIO, desk: Desk, hand_out: Callable[[int, Done], None], workers: int) -> None:
    """Have the desk answer every job that comes, up to ``workers`` queries at a time, until nobody asks any more.

    Pages are made one at a time; what the addresses of things are, and how a server behind this one is, waits for none.
    """
    with contextlib.ExitStack() as stack:
        queries = stack.enter_context(ThreadPoolExecutor(workers))
        pools = {job: stack.enter_context(ThreadPoolExecutor(1)) for job in ("page", "address", "state")}
        while job := read_job(stream):
            if job["job"] == "cancel":
                desk.cancel(job["of"])
                continue
            desk.expect(job)
            pools.get(job["job"], queries).submit(desk.reply, job).add_done_callback(partial(hand_out, job["id"]))
        desk.cancel_all()


def read_job(stream: BinaryIO) -> Job | None:
    """The next job, or None at the end."""
    prefix = stream.read(HEAD.size)
    if len(prefix) < HEAD.size:
        return None
    found: Job = json.loads(stream.read(HEAD.unpack(prefix)[0]))
    return found


def render_problems(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Problems as values, each with its text as the command line prints it."""
    excerpts = Excerpts()
    shown = [problem for problem in sort_problems(problems) if problem.severity != "info"]
    return [{**problem.as_dict(), "text": problem.render(excerpts.line_of)} for problem in shown[:MOST_PROBLEMS]]


class Counter:
    """Hands replies out, one at a time, over what was standard output."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._out = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)  # what a library prints is no reply
        self._lock = threading.Lock()

    def send(self, head: dict[str, Any], body: bytes = b"") -> None:
        """Write one message."""
        data = json.dumps(head).encode()
        with self._lock:
            self._out.write(HEAD.pack(len(data), len(body)) + data + body)
            self._out.flush()

    def hand_out(self, number: int, done: Done) -> None:
        """Send what came of a job; a mistake of ours is told to the log, and not to the client."""
        error = done.exception()
        if error is not None:
            traceback.print_exception(error)
            self.send({"id": number, "error": "bug", "message": "this is a mistake of the server; its log tells more"})
            return
        head, body = done.result()
        if isinstance(body, bytes) and len(body) <= INLINE:
            self.send({"id": number, **head}, body)
            return
        try:
            head = {**head, "file": self._put_aside([body] if isinstance(body, bytes) else body.pieces())}
        except OSError as failure:
            head = {"error": "full", "message": NO_ROOM, "detail": f"a long answer: {failure}"}
        self.send({"id": number, **head})

    def _put_aside(self, pieces: Iterable[bytes]) -> str:
        """Write a long body into a file that the server takes off the disk; returns its name."""
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix="answer-", delete=False) as file:
            try:
                file.writelines(pieces)
                file.flush()
            except OSError:
                Path(file.name).unlink()
                raise
        return file.name


if __name__ == "__main__":
    main()
