"""Owns writing a site into a folder: whole or not at all, and never over something that is no site.

Leaves what the pages hold to ``site``. The pages are written aside and swapped in by rename. The file
``site.json`` lists what was written; by it a later run knows a folder as a site of ours.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from onrecord.entries import alone
from onrecord.errors import OnRecordError, OutputError
from onrecord.files import sha256_hex, sync_folder
from onrecord.progress import advance, stage
from onrecord.site import Site
from onrecord.site.addresses import outward
from onrecord.terms import is_iri

MARK = "site.json"
"""The list of a site's files with their hashes; no page links to it."""


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
    ``CNAME``, stay where they are.

    :raises OutputError: when ``out`` holds something else than a site, or cannot be written to.
    """
    target = Path(os.path.abspath(out))  # noqa: PTH100  # a link is resolved below, only where it leads somewhere
    target = target.resolve() if target.is_symlink() else target
    _check(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent))
        try:
            done = _write(site, aside, graph)
            # Not around the writing: a process that is forked while a lock is held keeps it.
            with alone(target.parent):
                _swap(aside, target, _check(target))
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror or error}; nothing was changed") from error
    return Published(target, *done)


def _check(target: Path) -> tuple[str, ...]:
    """The entries of ``target`` that are not ours and stay.

    :raises OutputError: when it is no folder, no site, or holds files of others between ours.
    """
    if not os.path.lexists(target):
        return ()
    if not target.is_dir():
        raise OutputError(f"{target}: this is a file; name a folder")
    if not any(target.iterdir()):
        return ()
    try:
        listed = json.loads((target / MARK).read_text("utf-8"))["files"]
        ours = {MARK, *(str(path) for path in listed)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(
            f"{target}: this folder holds something else than a site, and is left as it is; name another one"
        ) from error
    tops = {path.partition("/")[0] for path in ours}
    for top in sorted(tops):
        folder = target / top
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if not path.is_dir() and path.relative_to(target).as_posix() not in ours:
                raise OutputError(f"{path}: this file is not of the site that stands here; move it away first")
    return tuple(sorted(path.name for path in target.iterdir() if path.name not in tops))


def _write(site: Site, aside: Path, graph: str) -> tuple[int, int]:
    hashes: dict[str, str] = {}
    size = 0
    stage("writing pages", len(site.makers), "files")
    folders: set[Path] = set()
    for page in site:
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


def _swap(aside: Path, target: Path, kept: tuple[str, ...]) -> None:
    """Put ``aside`` where ``target`` stands; what is not ours moves over."""
    if not os.path.lexists(target):
        aside.rename(target)
        sync_folder(target.parent)
        return
    taken = [name for name in kept if os.path.lexists(aside / name)]
    if taken:
        raise OutputError(f"{target / taken[0]}: the new site has a file of this name; move yours away first")
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".old", dir=target.parent))
    target.rename(old / "site")
    try:
        for name in kept:
            (old / "site" / name).rename(aside / name)
        aside.rename(target)
    except OSError:
        for name in kept:
            with contextlib.suppress(OSError):
                (aside / name).rename(old / "site" / name)
        (old / "site").rename(target)
        raise
    sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
