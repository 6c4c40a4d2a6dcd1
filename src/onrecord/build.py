"""Owns the order of the stages, and nothing else: files to checked table to dataset to files on disk.

Leaves every step to the module that it is named after.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl
import pyoxigraph as ox

from onrecord.assemble import assemble, estimate_quads, quad_parts, to_nquads
from onrecord.assemble import describe as describe_all
from onrecord.broken import leave_out
from onrecord.check.evidence import Evidence, check_evidence
from onrecord.check.located import Located
from onrecord.check.record import check_record
from onrecord.check.shapes import check_shapes
from onrecord.delta import Changes, find_changes, find_part, keep_for_next
from onrecord.errors import GraphBroken, Problem, Problems, StoreError, has_errors, sort_problems
from onrecord.export import export
from onrecord.files import locked, write_atomic
from onrecord.infer import entail
from onrecord.judgements import apply_judgements
from onrecord.kept import Keep, Kept, surroundings, write_kept
from onrecord.lens import Lens, select
from onrecord.lock import Lock, can_be_written, read_lock, write_lock
from onrecord.manifest import MANIFEST, describe, render, store_key
from onrecord.model import AS_WRITTEN, count_statements
from onrecord.neighbourhood import find_near, keep_results
from onrecord.ontology import load_ontologies
from onrecord.parse import parse
from onrecord.places import PLACES, render_places
from onrecord.project import Project, input_digest
from onrecord.resolve import Resolved, resolve
from onrecord.sources import Archive
from onrecord.staging import staged
from onrecord.store import StoreStale, build_store, load_store, store_name, update_store
from onrecord.tally import Tally
from onrecord.terms import iri
from onrecord.uptodate import keep_told
from onrecord.written import WRITTEN

BUILD_FORMATS = ("ttl", "trig", "nq")

MOST_EXPORTED = 10_000
"""A graph with more statements is exported when that is asked for: the files take longer than all the rest."""


@dataclass(slots=True)
class Loaded:
    """A graph's files as the checked statement table, with all problems found on the way."""

    project: Project
    resolved: Resolved
    lock: Lock
    problems: list[Problem]
    files: int
    kept: Kept = field(default_factory=lambda: Kept(None))
    evidence: Evidence | None = None
    keep: Keep = field(default_factory=Keep)
    inputs: str = ""
    """The hash of the files before they were read: what is changed meanwhile makes the build stale."""
    surroundings: str = ""
    changes: Changes | None = None
    described: pl.DataFrame | None = None
    """What is known before anything is said (:func:`onrecord.assemble.describe`), where that was made."""
    rejects: list[Problem] = field(default_factory=list)
    """What is wrong with the rows that were left out."""

    def require_sound(self) -> None:
        """Raise when an error stands in the way of computing anything.

        :raises GraphBroken: with the problems.
        """
        if has_errors(self.problems):
            count = sum(problem.severity == "error" for problem in self.problems)
            raise GraphBroken(
                f"{self.project.name} has {count} error{'s' if count > 1 else ''}; run  onrecord check", self.problems
            )


def load(project: Project, problems: Problems, built: Path | None = None) -> Loaded:
    """Parse and resolve: the part that every command needs.

    Files that did not change since the build in ``built`` (default: the graph's own) are not read again.
    """
    loaded = _load(project, problems, built)
    loaded.kept.forget()
    return loaded


def _load(project: Project, problems: Problems, built: Path | None) -> Loaded:
    inputs, around = input_digest(project), surroundings(project)
    kept = Kept(built or project.build_folder)
    ontology = load_ontologies(project, problems)
    parsed = parse(project, ontology, problems, kept)
    resolved = resolve(parsed, ontology, project, problems, kept=kept, surroundings=around)
    resolved = apply_judgements(resolved, project, problems)
    lock = read_lock(project.lock_file, project.name_of(project.lock_file), problems)
    found = sort_problems(problems.items)
    loaded = Loaded(project, resolved, lock, found, parsed.files, kept, keep=parsed.keep)
    loaded.inputs, loaded.surroundings = inputs, around
    return loaded


def check(
    project: Project,
    problems: Problems,
    sources: Iterable[Path] = (),
    *,
    update_lock: bool = False,
    evidence: bool = True,
    shapes: bool = True,
    built: Path | None = None,
    way: str = "",
) -> Loaded:
    """Load, then run every rule; with ``update_lock`` write down what was verified.

    The lock is left as it is where files could not be read: what they hold would be missing from it.
    Without ``evidence`` quotes are not looked for, without ``shapes`` SHACL is not run. Files that did not
    change since the build in ``built`` (default: the graph's own) are not read again. ``way`` is what
    :func:`onrecord.uptodate.way_of` said before, where the next build may ask what this one tells.
    """
    loaded = _load(project, problems, built)
    loaded.evidence = Evidence()
    if evidence:
        archive = Archive(project.source_folders(tuple(sources)), problems)
        located = Located.of_build(loaded.kept)
        loaded.evidence = check_evidence(loaded.resolved, project, loaded.lock, archive, problems, located)
        loaded.keep.add(located.keep())
    lock_name = project.name_of(project.lock_file)
    if update_lock and can_be_written(loaded.problems, lock_name, loaded.evidence.skipped, problems):
        same = input_digest(project) == loaded.inputs
        write_lock(project.lock_file, loaded.evidence.text_entries(loaded.lock), loaded.evidence.locked)
        if same:
            loaded.inputs, loaded.surroundings = input_digest(project), surroundings(project)
        loaded.lock = read_lock(project.lock_file, project.name_of(project.lock_file), problems)
        problems.items = [problem for problem in problems.items if problem.code not in ("E009", "E010")]
    check_record(loaded.resolved, project, problems)
    if shapes:
        _check_shapes(loaded, problems)
    loaded.kept.forget()
    loaded.problems = sort_problems(problems.items)
    loaded.keep.add(keep_told(loaded.problems, way))
    return loaded


def _check_shapes(loaded: Loaded, problems: Problems) -> None:
    """Judge what may have changed since the last build, or all; what is found is the same."""
    resolved, lock, project = loaded.resolved, loaded.lock, loaded.project
    if not resolved.names.ontology.shapes:
        return
    loaded.changes = find_changes(resolved, loaded.kept, surroundings=loaded.surroundings)
    loaded.described = describe_all(resolved, lock, project)
    near = find_near(resolved, lock, project, loaded.kept, loaded.changes, loaded.described)
    results = check_shapes(near or dataset(loaded, Lens(inference=False)), resolved, problems)
    loaded.keep.add(keep_results(results, resolved, loaded.described))


def without_broken(loaded: Loaded) -> Loaded:
    """The graph without the rows that have errors, which are counted in the manifest; nothing of it is kept for later.

    :raises GraphBroken: where something is wrong that stands in no statement file.
    """
    resolved, told = leave_out(loaded.resolved, loaded.problems, loaded.project)
    if not told:
        return loaded
    held = set(told)
    milder = [problem for problem in loaded.problems if problem not in held]
    return replace(
        loaded,
        resolved=resolved,
        problems=milder,
        rejects=sort_problems(told),
        surroundings="",
        changes=None,
        described=None,
    )


def find_evidence(loaded: Loaded, sources: Iterable[Path] = ()) -> Evidence:
    """Look for every quote in the texts at hand or in the lock, without saying what is wrong with them."""
    if loaded.evidence is not None and not sources:
        return loaded.evidence
    problems = Problems()
    archive = Archive(loaded.project.source_folders(tuple(sources)), problems)
    return check_evidence(loaded.resolved, loaded.project, loaded.lock, archive, problems)


def dataset(loaded: Loaded, lens: Lens | None = None) -> pl.DataFrame:
    """The quads that the graph stands for, seen through a lens."""
    lens = lens or Lens()
    rows = select(loaded.resolved.statements, lens, loaded.project.policy)
    quads = assemble(rows, loaded.resolved, loaded.lock, loaded.project)
    return pl.concat([quads, entail(quads, rows, loaded.resolved)]) if lens.inference else quads


def build(loaded: Loaded, out: Path, *, inference: bool = True, exports: bool | None = None) -> dict[str, Any]:
    """Write store, exports, places and manifest into ``out``; returns the manifest.

    Everything is written aside and swapped in by one rename: a full disk or a kill changes nothing.
    The store of the last build is brought up to date where that is less work than loading a new one.
    ``exports`` are left out, unless asked for, of graphs of over :data:`MOST_EXPORTED` statements. Without
    ``exports`` and ``inference`` the dataset goes into the store part by part, and is never in memory as a whole.

    :raises GraphBroken: when there are errors; what was built before stays as it is.
    :raises OutputError: when ``out`` cannot be written to.
    :raises StoreError: when the store cannot be.
    """
    loaded.require_sound()
    project, resolved = loaded.project, loaded.resolved
    if exports is None:
        exports = count_statements(resolved.statements) <= MOST_EXPORTED
    with locked(out):
        files = dict[str, bytes]()
        quads = dataset(loaded, Lens(inference=inference)) if exports else None
        if quads is not None:
            prefixes = resolved.names.prefixes()
            files = {f"{project.name}.{name}": export(quads, name, prefixes) for name in BUILD_FORMATS}
        with staged(out) as (aside, publish):
            tally, keep = fill_store(loaded, aside, out, quads, inference=inference)
            files[PLACES] = render_places(resolved.statements, resolved.places)
            files[WRITTEN] = render(tally.forms())
            rejects = len(loaded.rejects)
            inputs = loaded.inputs
            manifest = describe(project, resolved, tally, files, inputs=inputs, inference=inference, rejects=rejects)
            for name, data in {**files, MANIFEST: render(manifest)}.items():
                write_atomic(aside / name, data)
            write_kept(aside, loaded.keep | keep)
            publish()
    return manifest


def fill_store(
    loaded: Loaded, aside: Path, out: Path, quads: pl.DataFrame | None, *, inference: bool
) -> tuple[Tally, Keep]:
    """Make the store of the build in ``aside``: a new one, or that of the build in ``out`` with what changed since.

    Returns what there is to tell of it, and what to keep for the next build.
    """
    project, resolved = loaded.project, loaded.resolved
    key = store_key(loaded.inputs, inference=inference)
    around = loaded.surroundings if loaded.surroundings == surroundings(project) else ""
    kept, changes = Kept(out), loaded.changes
    loaded.changes = None
    if changes is None or changes.whole != kept.whole or around != loaded.surroundings:
        changes = find_changes(resolved, kept, surroundings=around)
    part = find_part(
        resolved, loaded.lock, project, loaded.described, kept, changes, inference=inference, store=store_name(out)
    )
    tally = Tally()
    if part is not None and part.quads.height <= part.whole // 2:
        with suppress(StoreStale, StoreError):
            due = to_nquads(part.quads)
            tally = part.tally(update_store(aside, out, key, part.scope, due, part.whole, counted=part.counted))
    if not tally.graphs:
        whole = dataset(loaded, Lens(inference=inference)) if inference and quads is None else quads
        known, parts = _parts(loaded) if whole is None else (whole.height, [whole])
        build_store(aside, tally.pass_on(parts, iri(resolved.names.minter.graph("inferred"))), key, known)
    made = store_name(aside)
    keep = keep_for_next(resolved, tally, loaded.keep, surroundings=around, inference=inference, store=made)
    return tally, keep


def rehearse(loaded: Loaded) -> tuple[dict[str, Any], ox.Store]:
    """A build without inference and exports, made in memory: its manifest and its store."""
    loaded.require_sound()
    tally = Tally()
    known, parts = _parts(loaded)
    store = load_store(tally.pass_on(parts), known)
    files = {PLACES: render_places(loaded.resolved.statements, loaded.resolved.places)}
    files[WRITTEN] = render(tally.forms())
    return describe(loaded.project, loaded.resolved, tally, files, inputs=loaded.inputs, inference=False), store


def _parts(loaded: Loaded) -> tuple[int, Iterable[pl.DataFrame]]:
    """The dataset without what is inferred, part by part, and about how many quads it has."""
    table, resolved = loaded.resolved.statements.drop(AS_WRITTEN), loaded.resolved
    rows = select(table, Lens(inference=False), loaded.project.policy)
    return estimate_quads(rows, resolved, loaded.lock), quad_parts(rows, resolved, loaded.lock, loaded.project)
