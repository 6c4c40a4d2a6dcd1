"""Owns how N-Quads get into a store: as a stream, and onto a disk in parts that bound the memory it takes.

Leaves which store that is, and where, to ``store``. One call of the engine's bulk loader sorts up to three batches of a
million quads at the same time, which takes 2 GB however they are read. A call for each part has one batch, and is done
with it when it returns; so that no core waits, one part is read while the part before it is written.
"""

from __future__ import annotations

import contextvars
import io
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

import pyoxigraph as ox

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PART = 150_000_000
"""About so many bytes of N-Quads are loaded at once: some 700,000 quads."""

_READ_AT_ONCE = 1 << 18
"""The engine asks for two thousand bytes at a time, which the buffer hands out faster than we could."""

_LISTEN = 0.2
"""Seconds after which an interrupt is heard at the latest."""


def load_whole(store: ox.Store, nquads: bytes | Iterable[bytes]) -> None:
    """Load N-Quads, whole or in pieces that end with a line, in one call."""
    if isinstance(nquads, bytes):
        store.bulk_load(nquads, ox.RdfFormat.N_QUADS, lenient=True)
    else:
        _load(store, _Pieces(iter(nquads)))


def load_in_parts(store: ox.Store, pieces: Iterable[bytes]) -> None:
    """Load N-Quads in pieces that end with a line, :data:`PART` bytes at a time.

    The pieces are made in two threads, never in both at once. What goes wrong in one, or an interrupt, ends both.
    """
    turns = _Turns(pieces)
    with ThreadPoolExecutor(2) as pool:
        try:
            ends = [pool.submit(contextvars.copy_context().run, _load_parts, store, turns) for _ in range(2)]
            while wait(ends, _LISTEN).not_done:  # an interrupt that reaches another thread wakes nobody here
                pass
        finally:
            turns.stop()
    if turns.failure is not None:
        raise turns.failure
    for end in ends:
        end.result()


def _load_parts(store: ox.Store, turns: _Turns) -> None:
    while True:
        with turns.next_part() as part:
            if part is None:
                return
            _load(store, part)


def _load(store: ox.Store, source: io.RawIOBase) -> None:
    buffered = io.BufferedReader(source, _READ_AT_ONCE)
    store.bulk_load(cast("IO[bytes]", buffered), ox.RdfFormat.N_QUADS, lenient=True)


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a file that is read once; a piece is let go of when it has been read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill ``buffer`` as far as a piece goes; nothing at the end."""
        while not self._piece:
            following = next(self._pieces, None)
            if following is None:
                return 0
            self._piece = memoryview(following)
        room = memoryview(buffer).cast("B")
        size = min(len(room), len(self._piece))
        room[:size] = self._piece[:size]
        self._piece = self._piece[size:]
        return size


class _Turns:
    """Pieces that two threads load in parts: one thread at a time reads, and one writes what it has read.

    The engine writes a part once it has read to the part's end; so a part changes turns there.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._over = self._stopped = False
        self.failure: BaseException | None = None
        """What went wrong first."""

    def stop(self) -> None:
        """Have nothing more read or written."""
        self._stopped = True

    @contextmanager
    def next_part(self) -> Iterator[_Pieces | None]:
        """The next part, when it is its turn to be read; None where there is nothing more to read.

        What goes wrong with it is kept as the :attr:`failure`, and stops the other thread.
        """
        self._reading.acquire()
        held = [self._reading]
        try:
            yield None if self._over or self._stopped else _Pieces(self._read(held))
        except BaseException as error:  # whoever waits for the thread raises it
            if not self._stopped:
                self.failure = error
            self.stop()
        finally:
            held[0].release()

    def _read(self, held: list[threading.Lock]) -> Iterator[bytes]:
        """The pieces of a part; at its end what is ``held`` is no longer the turn to read but that to write."""
        size = 0
        while size < PART and not self._over:
            piece = next(self._pieces, None)
            self._over = piece is None
            if piece is not None:
                size += len(piece)
                yield piece
            self._go_on()
        self._reading.release()
        self._writing.acquire()
        held[0] = self._writing
        self._go_on()

    def _go_on(self) -> None:
        """Leave a part where it is when the other thread failed."""
        if self._stopped:
            raise InterruptedError
