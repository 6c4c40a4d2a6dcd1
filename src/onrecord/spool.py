"""Owns the place where an answer is kept until it is read: in memory while it is small, then on disk.

Leaves what is kept to whoever writes it.
"""

from __future__ import annotations

import io
import tempfile
import weakref
from typing import IO

from onrecord.errors import QueryError

IN_MEMORY = 1 << 24
"""An answer that is larger goes to disk, into a file without a name."""


class Spool:
    """Bytes that are written once and read as often as one likes; let go of with the last reference.

    >>> spool = Spool()
    >>> spool.write(b"a\\nb\\n")
    >>> spool.read_at(2, 10), spool.size
    (b'b\\n', 4)
    """

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._in_memory = in_memory
        self._file: IO[bytes] = io.BytesIO()
        self._finalizer = weakref.finalize(self, self._file.close)
        self.size = 0

    def write(self, data: bytes) -> None:
        """Add ``data``.

        :raises QueryError: when the disk is full.
        """
        try:
            if self.size <= self._in_memory < self.size + len(data):
                self._move()
            self._file.write(data)
        except OSError as error:
            raise QueryError(f"the answer cannot be kept while it is read: {error.strerror or error}") from error
        self.size += len(data)

    def _move(self) -> None:
        before = self._file
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # closed with the spool
        self._finalizer.detach()
        self._finalizer = weakref.finalize(self, self._file.close)
        before.seek(0)
        self._file.write(before.read())
        before.close()

    def read_at(self, start: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``start`` on."""
        self._file.seek(start)
        return self._file.read(size)

    def read(self) -> bytes:
        """All of it, in memory."""
        return self.read_at(0, self.size)

    def close(self) -> None:
        """Let go of it now."""
        self._finalizer()
