"""Owns the order of the stages, and nothing else: files to checked table to dataset to files on disk.

Leaves every step to the module that it is named after.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from onrecord import __version__
from onrecord.assemble import assemble
from onrecord.check.evidence import Evidence, check_evidence
from onrecord.check.record import check_record
from onrecord.check.shapes import check_shapes
from onrecord.errors import GraphBroken, OutputError, Problem, Problems, StoreError, has_errors, sort_problems
from onrecord.export import export
from onrecord.files import locked, sha256_hex, sync_folder, write_atomic
from onrecord.infer import entail
from onrecord.judgements import apply_judgements
from onrecord.lens import Lens, select
from onrecord.lock import Lock, read_lock, write_lock
from onrecord.model import statements_only
from onrecord.ontology import load_ontologies
from onrecord.parse import parse
from onrecord.project import Project, input_digest
from onrecord.resolve import Resolved, resolve
from onrecord.sources import Archive
from onrecord.store import build_store, is_store_of
from onrecord.written import written_forms

MANIFEST = "manifest.json"
PLACES = "places.jsonl"
WRITTEN = "written.json"
_ASIDE = ".aside-"
BUILD_FORMATS = ("ttl", "trig", "nq")


@dataclass(slots=True)
class Loaded:
    """A graph's files as the checked statement table, with all problems found on the way."""

    project: Project
    resolved: Resolved
    lock: Lock
    problems: list[Problem]
    files: int
    evidence: Evidence | None = None

    def require_sound(self) -> None:
        """Raise when an error stands in the way of computing anything.

        :raises GraphBroken: with the problems.
        """
        if has_errors(self.problems):
            count = sum(problem.severity == "error" for problem in self.problems)
            raise GraphBroken(
                f"{self.project.name} has {count} error{'s' if count > 1 else ''}; run  onrecord check", self.problems
            )


def load(project: Project, problems: Problems) -> Loaded:
    """Parse and resolve: the part that every command needs."""
    ontology = load_ontologies(project, problems)
    parsed = parse(project, ontology, problems)
    resolved = resolve(parsed, ontology, project, problems)
    resolved = apply_judgements(resolved, project, problems)
    lock = read_lock(project.lock_file, project.name_of(project.lock_file), problems)
    return Loaded(project, resolved, lock, sort_problems(problems.items), parsed.files)


def check(project: Project, problems: Problems, sources: Iterable[Path] = (), *, update_lock: bool = False) -> Loaded:
    """Load, then run every rule; with ``update_lock`` write down what was verified."""
    loaded = load(project, problems)
    archive = Archive(project.source_folders(tuple(sources)), problems)
    loaded.evidence = check_evidence(loaded.resolved, project, loaded.lock, archive, problems)
    if update_lock:
        write_lock(project.lock_file, loaded.evidence.text_entries(loaded.lock), loaded.evidence.locked)
        loaded.lock = read_lock(project.lock_file, project.name_of(project.lock_file), problems)
        problems.items = [problem for problem in problems.items if problem.code not in ("E009", "E010")]
    check_record(loaded.resolved, project, problems)
    check_shapes(dataset(loaded, Lens(inference=False)), loaded.resolved, problems)
    loaded.problems = sort_problems(problems.items)
    return loaded


def dataset(loaded: Loaded, lens: Lens | None = None) -> pl.DataFrame:
    """The quads that the graph stands for, seen through a lens."""
    lens = lens or Lens()
    rows = select(loaded.resolved.statements, lens, loaded.project.policy)
    quads = assemble(rows, loaded.resolved, loaded.lock, loaded.project)
    return pl.concat([quads, entail(quads, rows, loaded.resolved)]) if lens.inference else quads


def build(loaded: Loaded, out: Path) -> dict[str, Any]:
    """Write store, exports, places and manifest into ``out``; returns the manifest.

    Everything is written aside first, so that a full disk changes nothing; then the store is
    swapped, and each file is replaced whole, the manifest last. A build that was cut short in
    between is recognised by :func:`is_fresh`: its store is not the one that the manifest names.

    :raises GraphBroken: when there are errors; what was built before stays as it is.
    :raises OutputError: when ``out`` cannot be written to.
    :raises StoreError: when the store cannot be.
    """
    loaded.require_sound()
    with locked(out):
        quads = dataset(loaded)
        prefixes = loaded.resolved.names.prefixes()
        exports = {f"{loaded.project.name}.{name}": export(quads, name, prefixes) for name in BUILD_FORMATS}
        exports[PLACES] = _places(loaded)
        exports[WRITTEN] = _json(written_forms(quads["object"].unique().to_list()))
        manifest = _manifest(loaded, quads, exports)
        with _written_aside(out, {**exports, MANIFEST: _json(manifest)}) as publish:
            build_store(out, exports[f"{loaded.project.name}.nq"], _store_key(manifest))
            publish()
    return manifest


@contextmanager
def _written_aside(out: Path, files: dict[str, bytes]) -> Iterator[Callable[[], None]]:
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


def _store_key(manifest: dict[str, Any]) -> str:
    """What names the store of a build: the hashes of all files that were written with it."""
    return sha256_hex(_json(manifest["files"]))[:16]


def is_fresh(project: Project, out: Path) -> bool:
    """Whether the build in ``out`` was made from the files as they are now."""
    try:
        manifest = json.loads((out / MANIFEST).read_text("utf-8"))
        same = manifest["inputs"] == input_digest(project) and manifest["onrecord"] == __version__
        return bool(same and is_store_of(out, _store_key(manifest)))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def read_written(out: Path) -> dict[str, str]:
    """The written forms of literals that the store in ``out`` rewrote.

    :raises StoreError: when the file that holds them is missing or damaged.
    """
    try:
        found: dict[str, str] = json.loads((out / WRITTEN).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{out / WRITTEN}: cannot be read ({error}); run  onrecord build") from error
    return found


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _manifest(loaded: Loaded, quads: pl.DataFrame, exports: dict[str, bytes]) -> dict[str, Any]:
    own = statements_only(loaded.resolved.statements)
    return {
        "graph": loaded.project.name,
        "title": loaded.project.title,
        "base": loaded.project.base,
        "onrecord": __version__,
        "inputs": input_digest(loaded.project),
        "assert policy": {
            "own voice": sorted(loaded.project.policy.own_voice),
            "speaker": sorted(loaded.project.policy.speaker),
        },
        "counts": {
            "statements": own["statement"].n_unique(),
            "propositions": loaded.resolved.statements["proposition"].n_unique(),
            "entities": len(loaded.resolved.entities),
            "sources": len(loaded.resolved.sources),
            "quads": quads.height,
        },
        "graphs": dict(
            quads.group_by("graph")
            .len()
            .sort("graph")
            .select(pl.col("graph").str.slice(1).str.head(-1), "len")
            .iter_rows()
        ),
        "files": {name: {"bytes": len(data), "sha256": sha256_hex(data)} for name, data in sorted(exports.items())},
    }


def _places(loaded: Loaded) -> bytes:
    """Where each statement was written: one JSON object a line, by file and line."""
    project = loaded.project
    rows = statements_only(loaded.resolved.statements).select("statement", "file", "line", "column").iter_rows()
    lines = sorted(
        (project.relative(Path(file).absolute()), line, column, name[1:-1]) for name, file, line, column in rows
    )
    return "".join(
        json.dumps({"statement": name, "file": file, "line": line, "column": column}, ensure_ascii=False) + "\n"
        for file, line, column, name in lines
    ).encode("utf-8")
