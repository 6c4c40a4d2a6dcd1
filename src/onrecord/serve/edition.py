"""Owns one edition: a process that holds one state of the graph, has built it, and answers from it.

Leaves the answers to ``desk`` and deciding which edition is asked to ``editions``. It is started
with ``python -m``, reads what it is to be and then jobs from its standard input, and writes replies to
its standard output: a head of JSON, then a body. The server's own process holds neither the graph nor an engine, so
nothing that a query does can reach its connections.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from onrecord.errors import GraphBroken, OnRecordError, Problem, sort_problems
from onrecord.excerpts import Excerpts
from onrecord.protected import Undecided
from onrecord.serve.messages import HEAD, Job

INLINE = 1 << 20
"""A longer body is left in a file, from which the server sends it piece by piece."""

MOST_PROBLEMS = 1000
"""So many are shown."""


def main() -> None:
    """Build, say how that went, then answer until nobody asks any more."""
    from onrecord.serve.desk import Desk

    options = read_job(sys.stdin.buffer)
    if options is None:
        return
    counter = Counter(Path(options["out"]))
    try:
        desk = Desk(options)
    except GraphBroken as error:
        counter.send({"state": "broken", "message": str(error), "problems": render_problems(error.problems)})
        return
    except OnRecordError as error:
        state = "undecided" if isinstance(error, Undecided) else "failed"
        counter.send({"state": state, "message": str(error), "problems": []})
        return
    counter.send({"state": "ready", **desk.facts, "problems": render_problems(desk.problems)})
    with (
        ThreadPoolExecutor(options["workers"]) as queries,
        ThreadPoolExecutor(1) as pages,
        ThreadPoolExecutor(1) as own,
    ):
        pools = {"page": pages, "address": pages, "state": own}
        while job := read_job(sys.stdin.buffer):
            if job["job"] == "cancel":
                desk.cancel(job["of"])
                continue
            pools.get(job["job"], queries).submit(desk.reply, job).add_done_callback(
                partial(counter.hand_out, job["id"])
            )
        desk.cancel_all()
    shutil.rmtree(options["out"], ignore_errors=True)  # the server is gone and could not


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

    def hand_out(self, number: int, done: Future[tuple[dict[str, Any], bytes]]) -> None:
        """Send what came of a job; a mistake of ours is told to the log, and not to the client."""
        error = done.exception()
        if error is not None:
            traceback.print_exception(error)
            self.send({"id": number, "error": "bug", "message": "this is a mistake of the server; its log tells more"})
            return
        head, body = done.result()
        if len(body) > INLINE:
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix="answer-", delete=False) as file:
                file.write(body)
            head, body = {**head, "file": file.name}, b""
        self.send({"id": number, **head}, body)


if __name__ == "__main__":
    main()
