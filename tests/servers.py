"""Owns real SPARQL servers for tests: a program that is not installed skips a test, and fails it in CI.

Leaves starting and stopping them to ``bench/engines.py``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import engines


def find_program(name: str, package: str) -> str:
    """The path of a server's program; in CI its absence is a failure."""
    try:
        return engines.program(name, package)
    except SystemExit as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@contextmanager
def oxigraph(folder: Path) -> Iterator[str]:
    """The address of a running Oxigraph server."""
    find_program("oxigraph", "pip install oxigraph")
    with engines.oxigraph(folder) as running:
        yield running.address


@contextmanager
def virtuoso(folder: Path, rows: int = 1_000_000) -> Iterator[str]:
    """The address of a running Virtuoso 7 that gives so many rows; its user is dba, and so is the password."""
    find_program("virtuoso-t", "apt-get install virtuoso-opensource-7-bin")
    with engines.virtuoso(folder, allowed=folder, gib=0.1, rows=rows) as running:
        yield running.address
