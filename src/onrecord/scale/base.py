"""Owns what all units and shards of a build rest on: its job, and what the files beside the tables say.

Leaves the rows of a unit to ``scans`` and ``units``. It is read once in a process; one that outlives a build, as those
of a cluster do, notices that the graph or the code is another one.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from onrecord.errors import EngineError, Problem, Problems, sort_problems
from onrecord.files import sha256_file, sha256_hex
from onrecord.judgements import apply_judgements
from onrecord.kept import code_digest
from onrecord.model import WRITTEN
from onrecord.ontology import Ontology, load_ontologies
from onrecord.parse import Parsed, parse
from onrecord.places import Places
from onrecord.project import ENTITY_FILES, STATEMENT_SUFFIXES, Project, find_files, input_files, open_project
from onrecord.resolve import Known, Resolved, resolve_names, resolve_statements

TABLES = (".csv", ".jsonl", ".parquet")
"""Statement files that are a unit each; all others are one unit together."""


@dataclass(frozen=True, slots=True)
class Job:
    """What all units of a build share; on every machine the same paths must lead to the same files."""

    folder: str
    work: str
    shards: int
    base: str
    """What names the whole :class:`Base` that the build was started with."""
    code: str
    """The digest of the code that the build was started with."""
    joined: bool = False
    """Whether a unit gets the entities that it names, and not all of them."""
    slim: bool = False
    """Whether counts stand in the place of statements; see ``slim``."""


@dataclass(slots=True)
class Base:
    """What the files beside the tables say: settings, ontologies, entities, sources, the statements written by hand."""

    project: Project
    ontology: Ontology
    parsed: Parsed
    problems: list[Problem]
    digest: str
    """The hash of all that the tables' units depend on beside their own files."""
    by_hand: str
    """The hash of the statement files that people write."""
    known: tuple[Known, list[Problem]] | None = None
    """What its names stand for, and what is wrong with them, once a unit has asked for it."""

    @property
    def whole(self) -> str:
        """The hash of all that was read."""
        return sha256_hex(f"{self.digest}\n{self.by_hand}".encode())


def is_table(path: Path) -> bool:
    """Whether a statement file is a unit of its own."""
    return path.suffix.lower() in TABLES


@lru_cache(maxsize=2)
def read_base(folder: str, joined: bool = False) -> Base:
    """All of a graph but its tables, and with ``joined`` but its entities; read once in a process.

    :raises EngineError: when a file changed meanwhile: what was read must not go by the hash of something else.
    """
    problems = Problems()
    project = open_project(folder, problems)
    files, by_hand = _digest_beside(project), _digest_by_hand(project)
    ontology = load_ontologies(project, problems)

    def is_wanted(path: Path) -> bool:
        return not joined if path.name in ENTITY_FILES and path.parent == project.folder else not is_table(path)

    parsed = parse(project, ontology, problems, is_wanted=is_wanted)
    if (files, by_hand) != (_digest_beside(project), _digest_by_hand(project)):
        raise EngineError(f"{folder}: changed while it was read; build again")
    sources = [json.dumps(_without_places(asdict(source))) for _, source in sorted(parsed.sources.items())]
    digest = sha256_hex("\n".join([project.base, files, *sources]).encode("utf-8"))
    return Base(project, ontology, parsed, sort_problems(problems.items), digest, by_hand)


def base_of(job: Job) -> Base:
    """The base of a build, whatever this process read before.

    :raises EngineError: when the folder, or the code, is another one than where the build was started.
    """
    if job.code != code_digest():
        raise EngineError(
            f"{socket.gethostname()}: onrecord, Python or a library is another version here than where the build was "
            "started; install the same versions on every machine"
        )
    whole = () if not job.joined else (True,)
    base = read_base(job.folder, *whole)
    if base.whole != job.base:  # a process of a cluster outlives builds
        read_base.cache_clear()
        base = read_base(job.folder, *whole)
    if base.whole != job.base:
        raise EngineError(
            f"{socket.gethostname()}: {job.folder} is another graph here than where the build was started, or changed "
            "since; let every machine see the same folder under that path, and build again"
        )
    return base


def known_of(base: Base, problems: Problems) -> Known:
    """What the names of a graph stand for; worked out once in a process, and what is wrong with them told each time."""
    if base.known is None:
        found = Problems()
        base.known = resolve_names(base.parsed, base.ontology, base.project, found), found.items
    known, wrong = base.known
    problems.extend(wrong)
    return known


def resolve_base(base: Base, problems: Problems) -> Resolved:
    """Entities, sources and names, as every unit resolves them; no statements."""
    empty = pl.DataFrame(schema=pl.Schema(WRITTEN))
    resolved = resolve_statements(known_of(base, problems), empty, Places(), base.project, problems)
    return apply_judgements(resolved, base.project, problems)


def statement_files(project: Project) -> list[Path]:
    """All statement files that can be read; what is wrong with others is told where they are parsed."""
    return find_files(project, "statements", STATEMENT_SUFFIXES, Problems())


def digest_file(path: Path) -> str:
    """The hash of a file; of one that cannot be read, that it cannot: what is wrong with it is told by its parser."""
    try:
        return sha256_file(path)
    except OSError as error:
        return error.strerror or "cannot be read"


def _digest_beside(project: Project) -> str:
    return _digest(project, [path for path in input_files(project, statements=False) if path != project.lock_file])


def _digest_by_hand(project: Project) -> str:
    return _digest(project, [path for path in statement_files(project) if not is_table(path)])


def _digest(project: Project, files: Iterable[Path]) -> str:
    return sha256_hex("".join(f"{project.relative(path)}\0{digest_file(path)}\n" for path in files).encode())


def _without_places(value: Any) -> Any:
    """A source without the names of files, which differ from machine to machine, and lines, which nothing rests on."""
    if isinstance(value, dict):
        return {key: _without_places(part) for key, part in value.items() if key not in ("place", "places")}
    return [_without_places(part) for part in value] if isinstance(value, (list, tuple)) else value
