"""Owns how the files of a build reach their places: written aside, then moved there in order.

Leaves writing one file whole to ``files``.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from onrecord.errors import OutputError
from onrecord.files import sync_folder, write_atomic

_ASIDE = ".aside-"


@contextmanager
def written_aside(out: Path, files: dict[str, bytes]) -> Iterator[Callable[[], None]]:
    """``files`` in a folder beside their places, and the function that moves them there in order."""
    for left in out.glob(f"{_ASIDE}*"):  # by a build that was killed
        shutil.rmtree(left, ignore_errors=True)
    try:
        aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=out))
    except OSError as error:
        raise OutputError(f"{out}: cannot be written to: {error.strerror or error}") from error

    def publish() -> None:
        for name in files:
            try:
                (aside / name).replace(out / name)
            except OSError as error:
                raise OutputError(f"{out / name}: cannot be written: {error.strerror or error}") from error
        sync_folder(out)

    try:
        for name, data in files.items():
            write_atomic(aside / name, data)
        yield publish
    finally:
        shutil.rmtree(aside, ignore_errors=True)
