"""Owns reading one statement file after the other, each in its syntax, or taking up what was read of it before.

Leaves a syntax to the module that it is named after, and what was read before to ``before``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from onrecord.errors import Problems
from onrecord.files import read_bytes, sha256_file, sha256_hex
from onrecord.model import Source, StatementRows
from onrecord.ontology import Ontology
from onrecord.parse import csv, jsonl, parquet, turtle, yaml
from onrecord.parse.before import ReadBefore
from onrecord.parse.records import RecordReader
from onrecord.parse.trial import Trial
from onrecord.project import Project

SMALL = 4 << 20
"""Files of lines with more bytes are read again each time."""

_BY_LINE = (".csv", ".jsonl", ".parquet")

AddSource: TypeAlias = Callable[[Source], None]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a statement file is read with, and into."""

    project: Project
    ontology: Ontology
    rows: StatementRows
    reader: RecordReader
    before: ReadBefore
    sources: dict[str, Source]
    add_source: AddSource
    problems: Problems
    trial: Trial

    def read(self, path: Path) -> None:
        """Add the rows of a file, or those that were read of the same bytes before."""
        shown, inner, suffix = self.project.name_of(path), self.project.relative(path), path.suffix.lower()
        self.rows.close()
        self.rows.places.set_inner(shown, inner)
        by_line, data = suffix in _BY_LINE, b""
        if suffix in (".yaml", ".yml"):
            content = read_bytes(path, shown, self.problems)
            if content is None:
                return
            data, digest = content, sha256_hex(content)
        else:
            digest = _digest(path) if by_line else ""
        found = self.before.find(inner, digest) if digest else None
        if found is None:
            parse = partial(self._parse, path, shown, data, digest)
            self.before.read(inner, shown, digest, parse, self.add_source, self.problems, by_line=by_line)
            return
        self.before.put(found, shown, self.add_source)
        if suffix == ".csv":
            self.rows.places.set_finder(shown, csv.FieldFinder(path, shown, self.reader.qualifiers))
        elif suffix == ".jsonl":
            self.rows.places.set_finder(shown, jsonl.FieldFinder(path, shown))

    def _parse(self, path: Path, shown: str, data: bytes, digest: str, add_source: AddSource) -> bool:
        """Whether the rows that are added are those of the bytes that ``digest`` is the hash of."""
        match path.suffix.lower():
            case ".yaml" | ".yml":
                yaml.parse_statements(data, shown, self.reader, add_source, self.problems)
                return True
            case ".csv":
                csv.parse_statements(path, shown, self.reader, self.problems)
            case ".jsonl":
                jsonl.parse_statements(path, shown, self.reader, self.problems)
            case ".parquet":
                parquet.parse_statements(path, shown, self.reader, self.problems, self.trial)
            case _:
                turtle.parse_statements(
                    path, shown, self.project, self.ontology, self.rows, self.sources, add_source, self.problems
                )
        return bool(digest) and _digest(path) == digest


def _digest(path: Path) -> str:
    """The hash of a file that is small; reading a large one is less work than taking up what was read of it."""
    try:
        return sha256_file(path) if path.is_file() and path.stat().st_size <= SMALL else ""
    except OSError:  # whoever reads it says why
        return ""
