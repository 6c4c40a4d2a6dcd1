"""Owns the editions that are running: the one that is served, those that still answer, the next one.

Leaves what an edition does to ``edition`` and when there is to be a new one to ``live``. An edition
that was followed by another goes when the last answer from it is out.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import sys
import tempfile
import weakref
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onrecord.errors import OnRecordError
from onrecord.serve.messages import HEAD, NO_ROOM, without_address
from onrecord.serve.settings import Settings


class EditionLost(OnRecordError):
    """The process of an edition ended while it was asked."""


class LongBody:
    """A body that an edition left in a file. It has no name any more, and goes with the last who reads it.

    :raises OSError: when it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(path, os.O_RDONLY)
        finally:
            path.unlink(missing_ok=True)
        weakref.finalize(self, os.close, self._file)
        self.size = os.fstat(self._file).st_size

    def read_at(self, start: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``start`` on; any thread may call this."""
        return os.pread(self._file, size, start)


@dataclass(frozen=True, slots=True)
class Reply:
    """What an edition said: a head, and a body, in memory or long."""

    head: dict[str, Any]
    body: bytes = b""
    long: LongBody | None = None


class Edition:
    """One state of the graph and the process that answers from it."""

    def __init__(self, folder: Path, process: asyncio.subprocess.Process) -> None:
        self.folder = folder
        self.facts: dict[str, Any] = {}
        self._process = process
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._numbers = itertools.count(1)
        self._held = 0
        self._is_last = False
        self._reader: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, settings: Settings) -> Edition:
        """Start a process that builds the graph as its files are now; :attr:`facts` say how that went.

        :raises OnRecordError: when this machine has no room for it at the moment.
        """
        try:
            folder = Path(tempfile.mkdtemp(prefix="onrecord-edition-"))
        except OSError as error:
            raise _not_begun(error) from error
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "onrecord.serve.edition",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C in the terminal is for the server, which ends its editions itself
            )
        except OSError as error:
            folder.rmdir()
            raise _not_begun(error) from error
        edition = cls(folder, process)
        try:
            with contextlib.suppress(EditionLost):  # it is gone already, as its end of the pipe will say
                edition._send(settings.for_edition(folder))
            first = await edition._read()
        except BaseException:
            await edition.end()
            raise
        edition.facts = first.head if first else {"state": "failed", "message": "the build ended early", "problems": []}
        if edition.facts["state"] == "ready":
            edition._reader = asyncio.create_task(edition._read_replies())
        else:
            await edition.end()
        return edition

    @property
    def is_running(self) -> bool:
        """Whether it can be asked."""
        return self._reader is not None and not self._reader.done() and self._process.returncode is None

    @property
    def build(self) -> str:
        """What names this state of the graph."""
        return str(self.facts["build"])

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[Edition]:
        """Keep the edition and its folder while an answer is made of it."""
        self._held += 1
        try:
            yield self
        finally:
            self._held -= 1
            if self._is_last and not self._held:
                await self.end()

    async def ask(self, job: str, **more: Any) -> Reply:
        """Put a job; who stops waiting cancels it.

        :raises EditionLost: when the process ends before it has replied.
        """
        number = next(self._numbers)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            await self._write({"id": number, "job": job, **more})
            return await future
        except asyncio.CancelledError:
            with contextlib.suppress(EditionLost):
                await self._write({"id": number, "job": "cancel", "of": number})
            raise
        finally:
            self._waiting.pop(number, None)

    async def retire(self) -> None:
        """Another edition is served; this one goes when nothing is made of it any more."""
        self._is_last = True
        if not self._held:
            await self.end()

    async def end(self) -> None:
        """End the process and remove what it built."""
        if self._reader is not None:
            self._reader.cancel()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._fail_all()
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    async def _write(self, head: dict[str, Any]) -> None:
        if not self.is_running:
            raise EditionLost("the process that answers has ended")
        try:
            await self._send(head).drain()
        except (BrokenPipeError, ConnectionResetError):
            raise EditionLost("the process that answers has ended") from None

    def _send(self, head: dict[str, Any]) -> asyncio.StreamWriter:
        stream, data = self._process.stdin, json.dumps(head).encode()
        if stream is None or stream.is_closing():
            raise EditionLost("the process that answers has ended")
        stream.write(HEAD.pack(len(data), 0) + data)
        return stream

    async def _read(self) -> Reply | None:
        stream = self._process.stdout
        if stream is None:
            raise AssertionError("the process was started with a pipe")
        try:
            head_size, body_size = HEAD.unpack(await stream.readexactly(HEAD.size))
            head = json.loads(await stream.readexactly(head_size))
            body = await stream.readexactly(body_size)
        except asyncio.IncompleteReadError:
            return None
        try:
            return Reply(head, body, LongBody(Path(head.pop("file"))) if "file" in head else None)
        except OSError as error:
            return Reply({"id": head["id"], "error": "full", "message": NO_ROOM, "detail": f"a long answer: {error}"})

    async def _read_replies(self) -> None:
        try:
            while reply := await self._read():
                future = self._waiting.get(reply.head["id"])
                if future is not None and not future.done():
                    future.set_result(reply)
        finally:
            self._fail_all()

    def _fail_all(self) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(EditionLost("the process that answers has ended; ask again"))


def _not_begun(error: OSError) -> OnRecordError:
    return OnRecordError(f"this machine cannot begin to build the graph: {error.strerror or error}")


@dataclass(slots=True)
class Editions:
    """The edition that is served, and how the last rebuild went."""

    settings: Settings
    current: Edition
    trouble: dict[str, Any] | None = None
    """What stands in the way of a newer edition: ``message`` and ``problems``; None where nothing does."""
    is_building: bool = False
    withheld: bool = False
    """The files mark something as protected that was not, and nobody has said what becomes of it: nothing is served."""

    async def renew(self) -> str:
        """Build the files as they are now beside what is served, and serve that; returns how it went.

        ``ready`` for a new edition, ``same`` where nothing that is served changed; the one before stays where the
        files are ``broken`` or ``undecided``, and where it ``failed`` for another reason, which may pass.
        """
        self.is_building = True
        try:
            fresh = await Edition.start(self.settings)
        except OnRecordError as error:
            self.trouble = {"message": str(error), "detail": str(error), "problems": []}
            return "failed"
        finally:
            self.is_building = False
        state = str(fresh.facts["state"])
        if state == "ready":
            self.withheld = False
        elif fresh.facts.get("undecided"):
            self.withheld = True  # also while the files hold errors as well, until they are ready
        if state != "ready":
            self.trouble = {
                **fresh.facts,
                "message": without_address(fresh.facts["message"], self.settings.store),
                "detail": fresh.facts["message"],
            }
            return state
        before, self.trouble = self.current, None
        if before.is_running and before.build == fresh.build:
            self.current.facts["problems"] = fresh.facts["problems"]
            await fresh.end()
            return "same"
        self.current = fresh
        await before.retire()
        return "ready"

    async def end(self) -> None:
        """End everything."""
        await self.current.end()
