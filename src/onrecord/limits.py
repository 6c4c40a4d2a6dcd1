"""Owns what one query may take: time, memory, rows, the size of its answer.

Leaves holding a query to it to ``worker``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may take; an answer over a limit is refused, never cut."""

    seconds: float = 30.0
    """Of the clock."""
    memory: int = 2 << 30
    """Bytes beyond what the store takes."""
    rows: int | None = None
    """Rows of a SELECT, triples of a CONSTRUCT or DESCRIBE."""
    answer: int = 1 << 30
    """Bytes of the answer as it is sent."""


_ENDS = {"json": b'}},{"', "xml": b"</result>", "tsv": b"\n", "terms": b"\n", "csv": b"\n", "graph": b"\n"}
"""What stands once between two rows, or once after each, and in no value, which escapes it."""


class RowCount:
    """Counts the rows of an answer while it is read piece by piece.

    In JSON rows without any value are not counted; in CSV line ends within quotes are no ends of rows.
    Of a format that has no rows nothing is counted.

    >>> count = RowCount("tsv")
    >>> count.add(b"?s\\n<a>\\n<")
    >>> count.add(b"b>\\n")
    >>> count.rows
    2
    """

    def __init__(self, format_: str) -> None:
        self._format, self._end = format_, _ENDS.get(format_, b"")
        self._tail = b""
        self._found = 0
        self._quoted = False

    def add(self, piece: bytes) -> None:
        """The next piece of the answer."""
        if not self._end:
            return
        if self._format == "csv":
            for index, part in enumerate(piece.split(b'"')):
                self._quoted ^= index > 0
                self._found += 0 if self._quoted else part.count(self._end)
            return
        seen = self._tail + piece
        self._found += seen.count(self._end)
        self._tail = seen[len(seen) - len(self._end) + 1 :] if len(self._end) > 1 else b""

    @property
    def rows(self) -> int:
        """The rows so far: the header of a table is none, and a row more than there are separators."""
        match self._format:
            case "json":
                return self._found + 1 if self._found else 0
            case "csv" | "tsv" | "terms":
                return max(0, self._found - 1)
        return self._found
