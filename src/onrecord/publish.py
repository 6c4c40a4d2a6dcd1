"""Owns writing a site into a folder: whole or not at all, and never over something that is no site.

Leaves what the pages hold to ``site``. The pages are written aside; then the two folders change places.
The file ``site.json`` lists what was written; by it a later run knows a folder as a site of ours, and what
stands in it beside the pages as somebody else's. That is moved after the swap, and by the next run where
a kill came between.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from onrecord.entries import alone
from onrecord.errors import OnRecordError, OutputError
from onrecord.exchange import exchange
from onrecord.files import sha256_hex, sync_folder
from onrecord.progress import advance, stage, unheard
from onrecord.site import Site
from onrecord.site.addresses import outward
from onrecord.terms import is_iri

MARK = "site.json"
"""The list of a site's files with their hashes; no page links to it."""

_ASIDE = ".tmp"
"""Ends the name of the folder in which a site is written, and that of the old site once both have changed places."""

_OLD = ".old"
"""Ends the name of an old site that was moved away because the two cannot change places in one step."""


@dataclass(frozen=True, slots=True)
class Published:
    """What was written: where, how many files, how many bytes."""

    folder: Path
    files: int
    size: int


def read_base_url(text: str) -> str:
    """The address at which a site will stand, with ``/`` at its end; empty where none is given.

    :raises OnRecordError: for what is no address of http or https.

    >>> read_base_url("https://example.org/talks")
    'https://example.org/talks/'
    """
    if not text:
        return ""
    if not outward(text) or not is_iri(text) or "?" in text or "#" in text:
        raise OnRecordError(f'"{text}" is no address of a site; write one like https://example.org/talks/')
    return text.rstrip("/") + "/"


def publish(site: Site, out: Path, graph: str) -> Published:
    """Write the pages of ``site`` into the folder ``out`` in place of the site that stood there.

    ``graph`` is the graph's base IRI. Entries of ``out`` that no site put there, such as ``.git`` or
    ``CNAME``, stay where they are. What an interrupted run left is put right first.

    :raises OutputError: when ``out`` holds something else than a site, or cannot be written to.
    """
    target = Path(os.path.abspath(out))  # noqa: PTH100  # a link is resolved below, only where it leads somewhere
    target = target.resolve() if target.is_symlink() else target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with alone(target.parent):
            _recover(target)
            _check(target)
            aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=_ASIDE, dir=target.parent))
            writing = _claim(aside)
        try:
            done = _write(site, aside, graph)
            # Not around the writing: a process that is forked while a lock is held keeps it.
            with alone(target.parent):
                _check(target)
                _swap(aside, target)
                _recover(target, aside)
        finally:
            os.close(writing)
            _discard(aside)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror or error}; nothing was changed") from error
    return Published(target, *done)


def _check(target: Path) -> None:
    """Whether ``target`` is a site, or may become one.

    :raises OutputError: when it is no folder, no site, or holds files of others between ours.
    """
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise OutputError(f"{target}: this is a file; name a folder")
    if not any(target.iterdir()):
        return
    ours = _listed(target)
    if ours is None:
        raise OutputError(
            f"{target}: this folder holds something else than a site, and is left as it is; name another one"
        )
    for top in sorted(_tops(ours)):
        folder = target / top
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            kept = path.is_symlink() or not path.is_dir()
            if kept and path.relative_to(target).as_posix() not in ours:
                raise OutputError(f"{path}: this file is not of the site that stands here; move it away first")


def _listed(folder: Path) -> set[str] | None:
    """The files that ``site.json`` lists, and itself; None where there is no such list."""
    try:
        listed = json.loads((folder / MARK).read_text("utf-8"))["files"]
        return {MARK, *(str(path) for path in listed)}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _tops(paths: Iterable[str]) -> set[str]:
    return {path.partition("/")[0] for path in paths}


def _strangers(folder: Path) -> list[Path]:
    """What stands in a site's folder and is not of the site; nothing where no site was ever whole in it."""
    ours = _listed(folder)
    return [] if ours is None else sorted(path for path in folder.iterdir() if path.name not in _tops(ours))


def _write(site: Site, aside: Path, graph: str) -> tuple[int, int]:
    hashes: dict[str, str] = {}
    size = 0
    stage("writing pages", len(site.makers), "files")
    folders: set[Path] = set()
    for page in unheard(site):
        path = aside / page.path
        if path.parent not in folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            folders.add(path.parent)
        path.write_bytes(page.data)
        hashes[page.path] = sha256_hex(page.data)
        size += len(page.data)
        advance()
    told = {"generator": "onrecord", "graph": graph, "files": dict(sorted(hashes.items()))}
    (aside / MARK).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    aside.chmod(0o777 & ~_umask())
    os.sync()
    return len(hashes), size


def _swap(aside: Path, target: Path) -> None:
    """Put ``aside`` where ``target`` stands, and that where ``aside`` stood.

    In one step where the system can; elsewhere in two, and :func:`_recover` undoes the first where
    the second never came.
    """
    kept = [path.name for path in _strangers(target)] if target.is_dir() else []
    taken = [name for name in kept if os.path.lexists(aside / name)]
    if taken:
        raise OutputError(f"{target / taken[0]}: the new site has a file of this name; move yours away first")
    if not os.path.lexists(target) or not any(target.iterdir()):
        aside.rename(target)
    elif not exchange(aside, target):
        old = aside.with_suffix(_OLD)
        target.rename(old)
        try:
            aside.rename(target)
        except OSError:
            old.rename(target)
            raise
    sync_folder(target.parent)


def _recover(target: Path, swapped: Path | None = None) -> None:
    """Put right what a swap, just done or interrupted, has left beside ``target``; the caller holds the parent's lock.

    A site that was moved away comes back where none stands. Entries of others that are still in a
    site that was replaced move to the one that stands; then the old one is removed.

    :raises OutputError: when such an entry cannot move, because another one has its place.
    """
    left = [path for path in sorted(target.parent.iterdir()) if _is_left(path, target)]
    for path in left:
        if path.suffix == _OLD and _listed(path) is not None and not os.path.lexists(target):
            path.rename(target)
            sync_folder(target.parent)
    for path in left:
        if path.is_dir() and target.is_dir():
            _bring_back(path, target, undo=swapped is not None and path.stem == swapped.stem)
        _discard(path)


def _bring_back(old: Path, target: Path, *, undo: bool) -> None:
    """Move what is not of the site ``old`` into ``target``; ``undo`` the swap where that fails."""
    moved: list[Path] = []
    try:
        for path in _strangers(old):
            if os.path.lexists(target / path.name):
                raise OutputError(
                    f"{path}: an interrupted run left this here, and {target / path.name} stands too; "
                    "move or delete one of them"
                )
            path.rename(target / path.name)
            moved.append(path)
    except OSError:
        if undo:
            new = _swap_back(old, target)
            for path in moved:
                (new / path.name).rename(target / path.name)
        raise
    if moved:
        sync_folder(target)
        sync_folder(old)


def _swap_back(old: Path, target: Path) -> Path:
    """Undo a swap; where the new site stands then."""
    if exchange(old, target):
        return old
    new = old.with_suffix(_ASIDE)
    target.rename(new)
    old.rename(target)
    return new


def _is_left(path: Path, target: Path) -> bool:
    """Whether ``path`` is a folder that a run for ``target`` made, and nobody writes to."""
    if not re.fullmatch(rf"\.{re.escape(target.name)}\.[a-z0-9_]{{8}}(?:{_ASIDE}|{_OLD})", path.name):
        return False
    if path.is_symlink() or not path.is_dir():
        return False
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:  # somebody else's
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


def _claim(folder: Path) -> int:
    """Hold ``folder`` while it is written, so that no other run takes it for left behind."""
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def _discard(folder: Path) -> None:
    """Remove a site that nobody needs any more, unless it holds what is of others."""
    if not folder.is_dir() or _strangers(folder):
        return
    if folder.suffix == _OLD:
        if _listed(folder) is None:
            return
        # Half removed it is no site any more, and nobody could tell what it was.
        folder = folder.rename(folder.with_suffix(_ASIDE))
    shutil.rmtree(folder, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
