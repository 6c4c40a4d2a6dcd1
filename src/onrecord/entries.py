"""Owns the YAML lists that commands write to: one entry more or one less, and every other byte as it was.

Leaves what the entries mean, and reading a change back before it is written, to ``withdrawn`` and
``judge``.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onrecord.documents import Scalar, Sequence, parse_yaml
from onrecord.errors import OnRecordError, OutputError, Problems
from onrecord.files import sync_folder, write_atomic

MARK = "\ufeff"
"""The byte order mark that a file may begin with; it stays where it is."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the graph's folder itself for one writer at a time; no file is left behind."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def line_end(text: str) -> str:
    """How the first line of ``text`` ends, and with it those that are added.

    >>> line_end("- a\\r\\n- b\\n"), line_end("")
    ('\\r\\n', '\\n')
    """
    return next(iter(re.findall(r"\r\n|\n|\r", text)), "\n")


def dash_indent(text: str, name: str) -> str:
    """The white space before the dashes of the list in ``text``; none where there is no list yet.

    :raises OnRecordError: when nothing can be added, because the text is no list of dashes.
    """
    root = parse_yaml(text.removeprefix(MARK), name, Problems())
    if root is None or (isinstance(root, Scalar) and not root.text):
        return ""
    if not isinstance(root, Sequence) or root.flow:
        raise cannot_add(name)
    return " " * (root.place.column - 1)


def cannot_add(name: str) -> OnRecordError:
    """What is said of a file that would not read as the same entries and one more."""
    return OnRecordError(f"{name}: nothing can be added to this file as it is written; add the entry by hand")


def save(path: Path, name: str, text: str | None) -> None:
    """Replace the file whole, or delete it where ``text`` is None.

    :raises OutputError: when it cannot be.
    """
    if text is not None:
        write_atomic(path, text.encode("utf-8"))
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{name}: cannot be deleted: {error.strerror or error}") from error
    sync_folder(path.parent)
