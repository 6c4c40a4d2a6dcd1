"""Owns whether a build is up to date: made of the same files in the same way, and whole; then nothing need be done.

Leaves the hashes of files to ``project``, of what was built to ``manifest``, and keeping to ``kept``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onrecord.errors import OutputError, Place, Problem, Severity
from onrecord.files import is_file, locked, sha256_file, sha256_hex
from onrecord.kept import Keep, Kept
from onrecord.manifest import MANIFEST, find_damage, is_fresh, render
from onrecord.project import Project
from onrecord.staging import sweep

MOST_TOLD = 10_000
"""Of a graph with more problems nothing is kept: it is checked each time."""

MOST_TEXTS, MOST_BYTES = 20_000, 200_000_000
"""How many archived texts, and how many bytes of them, are hashed; with more a graph is checked each time."""

_FACT = "told"


@dataclass(frozen=True, slots=True)
class UpToDate:
    """What building anew would tell and return."""

    problems: list[Problem]
    manifest: dict[str, Any]


def way_of(
    project: Project, sources: Sequence[Path] = (), *, evidence: bool, shapes: bool, exports: bool | None
) -> str:
    """What names the way in which a graph is built, beside the bytes of its files; empty where there is no telling.

    In it are what was asked for, the settings as they were read, the working directory, from which problems name
    files, the names of files that are passed over, where links lead, and, where quotes are looked for, the archived
    texts.
    """
    try:
        told = [*_settings(project), str((evidence, shapes, exports)), *_listing(project.folder)]
        if evidence:
            told += _texts(project.source_folders(tuple(sources)))
    except (OSError, _TooMuch):
        return ""
    return sha256_hex("\0".join(told).encode("utf-8", "surrogatepass"))


def _settings(project: Project) -> Iterator[str]:
    yield project.as_read
    for path in (Path.cwd(), project.folder, *project.ontology_files):
        yield from (str(path), os.path.realpath(path))


def _listing(folder: Path) -> Iterator[str]:
    """What stands below a graph's folder, and what it is; hidden files aside that nobody looks at."""
    for entry in _below(folder, hidden=False):
        yield f"{entry.path} {_kind(entry)} {os.path.realpath(entry.path) if entry.is_symlink() else ''}"


def _kind(entry: os.DirEntry[str]) -> str:
    return "folder" if entry.is_dir() else "file" if entry.is_file() else "other"


class _TooMuch(Exception):
    """An archive that cannot be hashed in a moment."""


def _texts(folders: Iterable[Path]) -> Iterator[str]:
    """The name and the hash of each file in an archive.

    :raises _TooMuch: before any is hashed.
    """
    found, left = list[tuple[Path, str]](), MOST_BYTES
    for folder in folders:
        yield str(folder)
        for entry in _below(folder, hidden=True):
            yield f"{entry.path} {_kind(entry)}"
            if entry.is_file():
                left -= entry.stat().st_size
                found.append((Path(entry.path), os.path.realpath(entry.path)))
            if left < 0 or len(found) > MOST_TEXTS:
                raise _TooMuch
    for path, real in found:
        yield f"{path} {real} {sha256_file(path)}"


def _below(folder: Path, *, hidden: bool) -> Iterator[os.DirEntry[str]]:
    """All that stands below a folder, links not followed.

    :raises OSError: for a folder that cannot be read.
    """
    waiting = [os.fspath(folder)]
    while waiting:
        for entry in sorted(os.scandir(waiting.pop()), key=lambda entry: entry.name):
            if hidden or not entry.name.startswith(".") or entry.name.endswith(".ttl"):
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)


def keep_told(problems: Sequence[Problem], way: str) -> Keep:
    """What :func:`find_up_to_date` needs of a build."""
    if not way or len(problems) > MOST_TOLD:
        return Keep()
    rows = [
        (found.code, found.place.file, *_span(found.place), found.message, found.fix, str(found.severity))
        for found in problems
    ]
    try:
        json.dumps(rows, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # the name of a file that is not UTF-8
        return Keep()
    return Keep(facts={_FACT: {"way": way, "problems": rows}})


def find_up_to_date(project: Project, out: Path, way: str, *, inference: bool) -> UpToDate | None:
    """The build in ``out``, where building again would tell and write the very same; None where it may not.

    Where it seems to be, and somebody else builds there, that is waited for. What a killed build left is removed.
    """
    if not way or not is_file(out / MANIFEST):
        return None
    kept = Kept(out)
    told = kept.facts.get(_FACT)
    if told is None or told["way"] != way or not is_fresh(project, out, inference=inference):
        return None
    try:
        with locked(out):
            if Kept(out).whole != kept.whole or find_damage(out):
                return None
            data = (out / MANIFEST).read_bytes()
            manifest = json.loads(data)
            if data != render(manifest):
                return None
            sweep(out)
    except (OSError, OutputError):
        return None
    problems = [
        Problem(code, Place(file, *span), message, fix, Severity(severity))
        for code, file, *span, message, fix, severity in told["problems"]
    ]
    return UpToDate(problems, manifest)


def _span(place: Place) -> tuple[int, int, int]:
    return place.line, place.column, place.length
