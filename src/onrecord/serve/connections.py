"""Owns the sockets: how long a client may take for each part of a request, and how many clients there are.

Leaves HTTP to uvicorn's protocol, which has no such limits.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from onrecord.serve.settings import BODY_SECONDS, HEAD_SECONDS, MAX_HEADERS, MAX_URL, STALLED_SECONDS

MAX_HEAD = MAX_HEADERS + MAX_URL + 1024
_REASONS = {
    400: b"this is not HTTP/1.1",
    408: b"the request took too long to arrive",
    414: b"the address is too long; send a long query by POST",
    431: b"the header fields are too long",
    501: b"of the transfer encodings only chunked is known",
    503: b"too many clients are connected; try again",
}


class Connection(H11Protocol):
    """One connection. Where there are too many, the one that has kept its request to itself longest goes first."""

    max_connections = 2000

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: asyncio.TimerHandle | None = None
        self._phase = ""
        self._stalled: asyncio.TimerHandle | None = None
        self._idle_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a client on."""
        super().connection_made(transport)
        self._idle_since = self.loop.time()
        if len(self.connections) > self.max_connections and not self._make_room():
            self._close(503)
            return
        self._expect("head")

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the clocks."""
        self._expect("")
        self._resumed()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A piece of a request."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """An answer has gone out; uvicorn's own clock counts until the next request begins."""
        self._idle_since = self.loop.time()
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        """The client takes its answer more slowly than it is sent."""
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has taken some."""
        super().resume_writing()
        self._resumed()

    def _resumed(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    @property
    def is_answering(self) -> bool:
        """Whether a whole request is here and its answer is not out."""
        return self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body

    def _look(self) -> None:
        """See which part of a request is outstanding."""
        if self.transport.is_closing() or self.is_answering:
            self._expect("")
        elif self.cycle is not None and not self.cycle.response_complete:
            self._expect("body")
        else:
            waits = self.timeout_keep_alive_task is not None and not self.conn.trailing_data[0]
            self._expect("" if waits else "head")

    def _expect(self, phase: str) -> None:
        if phase == self._phase:
            return
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        self._phase = phase
        if phase:
            seconds = HEAD_SECONDS if phase == "head" else BODY_SECONDS
            self._waiting = self.loop.call_later(seconds, self._close, 408)

    def _make_room(self) -> bool:
        waiting = [each for each in self.connections if isinstance(each, Connection) and not each.is_answering]
        oldest = min((each for each in waiting if each is not self), key=lambda each: each._idle_since, default=None)
        if oldest is not None:
            self.connections.discard(oldest)
            oldest.transport.abort()
        return oldest is not None

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, with the status that fits."""
        error = sys.exc_info()[1]
        hint = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        if hint == 431 and b"\n" not in self.conn.trailing_data[0]:
            hint = 414
        self._close(hint if hint in _REASONS else 400)

    def _close(self, status: int) -> None:
        """Say why, where nothing has been said yet, and hang up."""
        if self.transport.is_closing():
            return
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE) and (
            self.cycle is None or not self.cycle.response_started
        ):
            reason = _REASONS[status] + b"\n"
            headers = [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", b"%d" % len(reason)),
                (b"x-content-type-options", b"nosniff"),
                (b"connection", b"close"),
            ]
            if self.cycle is not None:
                self.cycle.response_started = self.cycle.response_complete = True
            for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=reason), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
