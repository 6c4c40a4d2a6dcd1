"""Owns what the server says about itself: one line a request and an event, for people or as JSON.

Leaves counting to ``metrics``. What a client asks may be nobody's business: query strings, bodies,
cookies and credentials are never written, a query only as the first digits of its hash.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from typing import Any, TextIO

from onrecord.errors import printable


class Log:
    """Writes to a stream, by default stderr."""

    def __init__(self, *, as_json: bool, stream: TextIO | None = None) -> None:
        self._as_json = as_json
        self._stream = stream or sys.stderr

    def write(self, event: str, level: str = "info", **fields: Any) -> None:
        """A line: what happened, and its figures."""
        now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        known = {name: value for name, value in fields.items() if value is not None}
        if self._as_json:
            line = json.dumps({"time": now, "level": level, "event": event, **known}, ensure_ascii=True)
        else:
            rest = " ".join(
                str(value) if name in ("message", "method", "path") else f"{name}={value}"
                for name, value in known.items()
            )
            line = printable(f"{now[11:19]} {event if event != 'request' else ''} {rest}".replace("  ", " "))
        try:
            print(line, file=self._stream, flush=True)
        except (OSError, ValueError):  # nobody reads the log any more; the graph is served all the same
            return

    def take_warnings(self) -> None:
        """Write what uvicorn and asyncio say through this log, too."""
        handler = _Handler(self)
        for name in ("uvicorn.error", "uvicorn.access", "asyncio", "onrecord"):
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = [handler], False
            logger.setLevel(logging.WARNING)


class _Handler(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        trace = self.formatter or logging.Formatter()
        more = {"trace": trace.formatException(record.exc_info)} if record.exc_info else {}
        self._log.write("warning", record.levelname.lower(), message=record.getMessage(), **more)
