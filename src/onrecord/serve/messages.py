"""Owns how the server and the processes of its editions speak: what stands before each message.

Leaves what is said to ``editions`` on one side and ``edition`` on the other.
"""

from __future__ import annotations

import re
import struct
from typing import Any

HEAD = struct.Struct(">IQ")
"""How long the head of a message is, in JSON, and its body."""

INLINE = 1 << 20
"""A longer body is left in a file, from which the server sends it piece by piece."""

NO_ROOM = "this machine has no room for so long an answer; narrow the query, or ask again later"
"""What a client is told where a long answer cannot be put into a file, or read from it."""

Job = dict[str, Any]
"""What an edition is asked: ``id``, ``job``, and what that job needs."""


def without_address(message: str, store: str) -> str:
    """What is said of a server, without where it stands: that is nobody's business who asks from outside.

    >>> without_address("POST http://localhost:7878/query: the server cannot be reached", "http://localhost:7878/")
    'the store: the server cannot be reached'
    """
    return re.sub(rf"(?:\b[A-Z]+ )?{re.escape(store.rstrip('/'))}[^\s:]*", "the store", message) if store else message
