"""Owns how a build takes the place of the one before it: made aside, then swapped in by one rename.

Leaves writing one file whole to ``files``, and the store to ``store``.

A build's folder ``out`` holds links, and all that they lead to stands in one folder that ``.current``
points to, so that a reader finds all of a build or all of the one before::

    out/.current       -> .built-k2x9…
    out/.built-k2x9…/     the store, the exports, the manifest
    out/miami-talks.ttl -> .current/miami-talks.ttl
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from onrecord.errors import OutputError
from onrecord.files import sync_folder

CURRENT = ".current"
_ASIDE = ".aside-"
_BUILT = ".built-"
_LINK = ".link-"


@contextmanager
def staged(out: Path) -> Iterator[tuple[Path, Callable[[], None]]]:
    """A new folder to build in, and the function that puts what it holds in the place of ``out``'s files.

    Until that function is called nothing that ``out`` shows has changed, whatever happens; the caller
    holds the folder's lock. What killed builds left behind is removed.

    :raises OutputError: when ``out`` cannot be written to.
    """
    sweep(out)
    try:
        aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=out))
    except OSError as error:
        raise OutputError(f"{out}: cannot be written to: {error.strerror or error}") from error

    def publish() -> None:
        try:
            _swap(out, aside)
        except OSError as error:
            raise OutputError(f"{error.filename or out}: cannot be written: {error.strerror or error}") from error
        sweep(out)

    try:
        yield aside, publish
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _swap(out: Path, aside: Path) -> None:
    names = sorted(path.name for path in aside.iterdir() if path.is_symlink() or not path.is_dir())
    for name in names:
        if (out / name).is_dir() and not (out / name).is_symlink():
            raise IsADirectoryError(0, "a folder stands in its place", str(out / name))
    sync_folder(aside)
    aside.chmod(0o755)
    fresh = aside.rename(out / aside.name.replace(_ASIDE, _BUILT))
    for name in names:
        if not os.path.lexists(out / name):  # such a link leads nowhere until the swap
            (out / name).symlink_to(f"{CURRENT}/{name}")
    _point(out / CURRENT, fresh.name)
    for name in names:
        if not (out / name).is_symlink():  # a file of our name takes no part in the swap
            _point(out / name, f"{CURRENT}/{name}")
    sync_folder(out)


def _point(link: Path, target: str) -> None:
    """Make ``link`` a link to ``target`` in one rename, whatever stood there."""
    fresh = link.with_name(f"{_LINK}{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def sweep(out: Path) -> None:
    """Remove what is not of the current build: folders of others, half-made links, links that lead nowhere."""
    current = out / CURRENT
    kept = current.readlink().name if current.is_symlink() else ""
    for path in out.iterdir():
        if path.name.startswith((_ASIDE, _BUILT)) and path.name != kept:
            shutil.rmtree(path, ignore_errors=True)
        elif path.is_symlink():
            ours = path.name.startswith(_LINK) or path.readlink().parent.name == CURRENT
            if ours and not path.exists():
                path.unlink(missing_ok=True)
