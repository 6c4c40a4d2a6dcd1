"""Owns the comparison with golden files: ``tests/golden/``, one file an expectation.

They are written anew only on purpose: ``ONRECORD_UPDATE_GOLDEN=1 pytest tests``, then read the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"
UPDATE = "ONRECORD_UPDATE_GOLDEN"


def assert_golden(name: str, actual: str) -> None:
    """``actual`` is, byte for byte, what stands in ``golden/NAME``."""
    path = GOLDEN / name
    if os.environ.get(UPDATE) == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(actual.encode("utf-8"))
    assert path.is_file(), f"{path} is missing: {UPDATE}=1 pytest writes it"
    assert path.read_bytes().decode("utf-8") == actual
