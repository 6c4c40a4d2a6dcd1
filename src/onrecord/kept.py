"""Owns what a build keeps for the next one: tables and facts in a folder of the build, with their checksums.

Leaves what they mean to those who keep them. They are taken up again only by the very code that kept them, and only
whole: a folder that is missing, damaged or of another version is as good as none, and costs time, never truth.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from onrecord.errors import OutputError
from onrecord.files import sha256_hex
from onrecord.project import Project, input_digest
from onrecord.staging import CURRENT

FOLDER = "kept"
"""The folder inside a build's own; nothing outside leads to it."""

_CONTENTS = "contents.json"


@dataclass(slots=True)
class Keep:
    """What to keep: tables by name, and facts in plain JSON."""

    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def add(self, more: Keep) -> None:
        """Keep that too."""
        self.tables |= more.tables
        self.facts |= more.facts

    def __or__(self, more: Keep) -> Keep:
        """Both, in a new one."""
        return Keep(self.tables | more.tables, self.facts | more.facts)


class Kept:
    """What the build in ``out`` kept; nothing where it kept nothing, or there is no telling whether it is whole."""

    def __init__(self, out: Path | None) -> None:
        self._folder = out / CURRENT / FOLDER if out else None
        self._sums: dict[str, str] = {}
        self._tables: dict[str, pl.DataFrame] = {}
        self.facts: dict[str, Any] = {}
        self.whole = ""
        """What names all that is kept; empty where nothing is."""
        if self._folder is None:
            return
        try:
            contents = json.loads((self._folder / _CONTENTS).read_text("utf-8"))
            told = {"code": contents["code"], "sums": contents["sums"], "facts": contents["facts"]}
            if contents["whole"] == _seal(told) and contents["code"] == code_digest():
                self._sums, self.facts, self.whole = contents["sums"], contents["facts"], contents["whole"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            pass

    def table(self, name: str) -> pl.DataFrame | None:
        """The table of that name; None where there is none, or not the one that was kept."""
        if self._folder is None or name not in self._sums:
            return None
        if name not in self._tables:
            try:
                data = (self._folder / f"{name}.parquet").read_bytes()
            except OSError:
                return None
            if sha256_hex(data) != self._sums[name]:
                return None
            self._tables[name] = pl.read_parquet(io.BytesIO(data))
        return self._tables[name]

    def forget(self) -> None:
        """Let go of the tables that were read; they are read again when one is asked for."""
        self._tables.clear()


def write_kept(folder: Path, keep: Keep) -> None:
    """Put ``keep`` into the build that is made in ``folder``.

    They need not outlive a power cut: what is not whole is not taken up.

    :raises OutputError: when they cannot be written.
    """
    try:
        _write(folder / FOLDER, keep)
    except OSError as error:
        raise OutputError(f"{error.filename or folder}: cannot be written: {error.strerror or error}") from error


def _write(folder: Path, keep: Keep) -> None:
    folder.mkdir()
    sums = {}
    for name, table in keep.tables.items():
        data = io.BytesIO()
        table.write_parquet(data, compression="lz4", statistics=False, row_group_size=max(table.height, 1))
        sums[name] = sha256_hex(data.getvalue())
        (folder / f"{name}.parquet").write_bytes(data.getbuffer())
    told = {"code": code_digest(), "sums": sums, "facts": keep.facts}
    contents = {**told, "whole": _seal(told)}
    (folder / _CONTENTS).write_bytes(json.dumps(contents, ensure_ascii=False).encode())


def _seal(told: Mapping[str, Any]) -> str:
    return sha256_hex(json.dumps(told, sort_keys=True).encode())


@functools.cache
def code_digest() -> str:
    """What names the code that keeps: this package's own, and the libraries that read and hold what is kept."""
    total = hashlib.sha256()
    libraries = ("polars", "pyoxigraph", "pyyaml", "rdflib", "shacl-rust", "edtf", "rapidfuzz")
    versions = (*map(version, libraries), platform.python_version())
    total.update(json.dumps(versions).encode())
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        total.update(f"\0{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes())
    return total.hexdigest()


def surroundings(project: Project) -> str:
    """One hash over what stands beside the statement files: settings, entities, ontologies, lock, judgements.

    The settings count as they are, and as they were read.
    """
    return sha256_hex(f"{input_digest(project, statements=False)}\0{project.as_read}".encode())
