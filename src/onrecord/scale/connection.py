"""Owns the connections to a SPARQL server: a request that waits on one can be ended from another thread.

Leaves the requests to ``server``. What ends it shuts the socket, so that who waits is told at once, and the server
sees that nobody does any more.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from requests.adapters import HTTPAdapter

from onrecord.errors import QueryCancelled, ServerTooSlow

if TYPE_CHECKING:
    from onrecord.worker import Cancelled

CHECK_SECONDS = 0.1
"""How often it is asked whether a request is to be ended."""

_HERE = threading.local()
_LOCK = threading.Lock()


class Watch:
    """How long the requests of a thread are waited for: until its time is over, or ``cancelled`` says so.

    While it is entered it ends them then.
    """

    def __init__(self, url: str, seconds: float, cancelled: Cancelled | None = None) -> None:
        self._url = url
        self._deadline = time.monotonic() + seconds
        self._cancelled = cancelled
        self._left = threading.Event()
        self._thread: threading.Thread | None = None
        self._at: tuple[Any, socket.socket] | None = None
        self._has_ended = False
        if cancelled is not None or seconds < float("inf"):
            self._thread = threading.Thread(target=self._look, name="watch of a request", daemon=True)

    def __enter__(self) -> Self:
        _HERE.watch = self
        if self._thread is not None:
            self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        _HERE.watch = None
        self._left.set()
        if self._thread is not None:
            self._thread.join()

    def left(self) -> float:
        """How many seconds there are; none are below zero."""
        return max(0.0, self._deadline - time.monotonic())

    def require(self, cause: Exception | None = None) -> None:
        """See that somebody still waits, and that what was read is no answer that was ended.

        :raises QueryCancelled: when nobody does.
        :raises ServerTooSlow: when the time is over.
        """
        if self._cancelled is not None and self._cancelled():
            raise QueryCancelled("nobody waits for the answer any more") from cause
        if self._has_ended or not self.left():
            raise self.too_slow() from cause

    def too_slow(self) -> ServerTooSlow:
        """What is said when the time is over."""
        return ServerTooSlow(f"{self._url}: the query took longer than its limit of time; raise it with --timeout")

    def sleep(self, seconds: float) -> None:
        """Wait before a request is made again.

        :raises QueryCancelled: when nobody waits for it any more.
        """
        end = time.monotonic() + seconds
        while self._cancelled is not None and time.monotonic() < end:
            self.require()
            time.sleep(CHECK_SECONDS)
        if self._cancelled is None:
            time.sleep(seconds)

    def follow(self, connection: Any) -> None:
        """Take up the connection on which this thread waits from now on."""
        self._at = (connection, connection.sock)

    def _look(self) -> None:
        while not self._left.wait(CHECK_SECONDS):
            if not self.left() or (self._cancelled is not None and self._cancelled()):
                self._end()

    def _end(self) -> None:
        with _LOCK:
            self._has_ended = True
            # A connection that went back to the pool may be another thread's by now.
            if self._at is not None and self._at[0].watch is self:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._at[1], socket.SHUT_RDWR)


class Adapter(HTTPAdapter):
    """Makes connections that the :class:`Watch` of their thread knows of."""

    def get_connection_with_tls_context(self, *arguments: Any, **more: Any) -> Any:
        """The pool for a request, as its base class chooses it."""
        pool: Any = super().get_connection_with_tls_context(*arguments, **more)
        pool.ConnectionCls = _watched(type(pool).ConnectionCls)
        return pool


@cache
def _watched(kind: type[Any]) -> type[Any]:
    """A kind of connection that can be ended."""

    class Watched(kind):  # type: ignore[misc]  # plain or with TLS
        watch: Watch | None = None

        def connect(self) -> None:
            super().connect()
            self._tell()

        def request(self, *arguments: Any, **more: Any) -> None:
            self._tell()
            super().request(*arguments, **more)

        def _tell(self: Any) -> None:
            with _LOCK:
                self.watch = getattr(_HERE, "watch", None)
                if self.watch is not None and self.sock is not None:
                    self.watch.follow(self)

    return Watched
