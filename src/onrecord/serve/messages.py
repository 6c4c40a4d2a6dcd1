"""Owns how the server and the processes of its editions speak: what stands before each message.

Leaves what is said to ``editions`` on one side and ``edition`` on the other.
"""

from __future__ import annotations

import struct
from typing import Any

HEAD = struct.Struct(">IQ")
"""How long the head of a message is, in JSON, and its body."""

Job = dict[str, Any]
"""What an edition is asked: ``id``, ``job``, and what that job needs."""
