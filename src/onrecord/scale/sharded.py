"""Owns the road of a build in shards: scan, map, seal, manifest; only what changed is done again.

Leaves where its steps run to an engine, in this process or on a cluster. Quads, shards and manifest
are the same bytes wherever that is. Inference and verified spans are left to the embedded build.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from onrecord import __version__
from onrecord.assemble import QUADS, describe, sort_quads
from onrecord.broken import without_sources
from onrecord.check.record import check_record
from onrecord.errors import EngineError, GraphBroken, OnRecordError, OutputError, Problems, Severity, sort_problems
from onrecord.files import locked, sha256_file, sha256_hex, write_atomic
from onrecord.kept import Keep, Kept, code_digest, write_kept
from onrecord.lock import Lock, read_lock
from onrecord.manifest import MANIFEST, render
from onrecord.progress import Silent, advance, each, over, stage, watched
from onrecord.project import Project
from onrecord.resolve import Resolved
from onrecord.scale.aliases import ALIASES, BACKERS, count_names, list_aliases, list_backers
from onrecord.scale.base import Base, Job, is_table, read_base, resolve_base, statement_files
from onrecord.scale.frames import read_frame, scan_frames, write_frame
from onrecord.scale.scans import BY_HAND, scan
from onrecord.scale.shards import DESCRIBED, seal, write_quads, write_table
from onrecord.scale.slim import split_described
from onrecord.scale.tasks import find_ids, plan_tasks
from onrecord.scale.units import LINKS, REJECTS, SHARD, map_unit, names_of, write_asked
from onrecord.staging import CURRENT, staged

WORK = "work"
"""The folder of what units wrote, beside the shards, in one named after the code that wrote it; safe to delete."""

REJECTED = "rejects.parquet"
SOURCES = "sources.parquet"

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # a path keeps one slash of the two

Step = Callable[[Job, Any], dict[str, Any]]


class Engine(Protocol):
    """Where steps run."""

    @property
    def broadcast(self) -> int:
        """So many names of entities are read by whoever runs a step; of more, each unit gets its own."""
        ...

    @property
    def counts(self) -> bool:
        """Whether it tells who watches of each step that is done."""
        ...

    def join(self, job: Job, tasks: Sequence[Mapping[str, Any]]) -> None:
        """:func:`onrecord.scale.units.write_asked` for every task, of the table of names those that it mentions."""
        ...

    def each(self, step: Step, job: Job, tasks: Sequence[Any]) -> list[dict[str, Any]]:
        """``step(job, task)`` for every task, the results in any order."""
        ...

    def seal(self, job: Job, target: str, keys: Sequence[str], shards: Sequence[int]) -> list[dict[str, Any]]:
        """:func:`onrecord.scale.shards.seal` for every shard, on what the units of ``keys`` wrote for it."""
        ...


@dataclass(frozen=True, slots=True)
class Embedded:
    """Runs every step in this process."""

    broadcast: int = sys.maxsize
    counts: bool = True

    def join(self, job: Job, tasks: Sequence[Mapping[str, Any]]) -> None:
        """One task after the other."""
        known = scan_frames([Path(job.work) / ALIASES])
        for task in tasks:
            write_asked(job, task["key"], known.filter(pl.col("name").is_in(names_of(job, task))).collect())

    def each(self, step: Step, job: Job, tasks: Sequence[Any]) -> list[dict[str, Any]]:
        """One task after the other."""
        return [_tell_as_one(step, job, task) for task in tasks]

    def seal(self, job: Job, target: str, keys: Sequence[str], shards: Sequence[int]) -> list[dict[str, Any]]:
        """One shard after the other; each reads only what is its own."""
        rows, nodes = (scan_frames(Path(job.work) / f"{kind}-{key}.parquet" for key in keys) for kind in KINDS)
        found = []
        for number in shards:
            mine = pl.col(SHARD) == number
            own = (rows.filter(mine).collect(), nodes.filter(mine).collect())
            found.append(_tell_as_one(seal, job, target, number, *own))
        return found


def _tell_as_one(step: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
    """Do a step: who watches hears that one more is done, and nothing of the stages within it."""
    with watched(Silent()):
        found = step(*given)
    advance()
    return found


def _begin(engine: Engine, name: str, count: int, unit: str) -> None:
    """Begin a stage of so many steps; how many of them a cluster has done is not told."""
    if engine.counts:
        stage(name, count, unit)
    else:
        stage(f"{name} {count:,} {unit} on Spark")


@contextmanager
def engine_for(where: str | None) -> Iterator[Engine]:
    """The engine that a name means: ``embedded``, ``spark`` (on this machine), or the address of a Spark cluster.

    :raises MissingExtra: without ``onrecord[spark]``.
    :raises EngineError: when there is no such cluster.
    """
    if where in (None, "embedded"):
        yield Embedded()
        return
    from onrecord.scale.spark import Spark

    with Spark("local[*]" if where == "spark" else str(where)) as engine:
        yield engine


KINDS = ("rows", "nodes")


@dataclass(frozen=True, slots=True)
class Sharded:
    """What a build in shards made."""

    folder: Path
    manifest: dict[str, Any]
    mapped: int
    sealed: int


def build_shards(folder: Path, out: Path, engine: Engine, shards: int = 16, *, slim: bool = False) -> Sharded:
    """Build the graph in ``folder`` into shards in ``out``; ``slim`` ones hold counts in the place of statements.

    Rows with errors are left out and stand in ``rejects.parquet``.

    :raises GraphBroken: when settings, ontologies, entities or sources have errors: they are in every shard.
    :raises OutputError: when ``out`` cannot be written to.
    :raises EngineError: when the machines of a cluster do not see the same folders, or the graph changes meanwhile.
    :raises MissingExtra: without ``onrecord[scale]``.
    """
    for path in (folder, out):
        if _ADDRESS.match(str(path)):
            raise OutputError(
                f"{path}: an address, and no folder; mount it on every machine under one path, and name that path"
            )
    read_base.cache_clear()
    base = read_base(str(folder.absolute()))
    files = statement_files(base.project)
    resolved = _resolve_base(base, files)
    code = code_digest()
    work = out.absolute() / WORK / code[:16]
    joined = count_names(base.parsed) > engine.broadcast
    job = Job(str(folder.absolute()), str(work), shards, base.whole, code, joined, slim)
    with locked(out):
        _make_folder(work)
        before = read_manifest(out) if Kept(out).facts else None
        if joined:
            (work / ALIASES).unlink(missing_ok=True)  # it may be that of another graph, from a build that was killed
            write_frame(work / BACKERS, list_backers(resolved, base.parsed.entities))
        units = _units(base, files)
        _begin(engine, "scanning", len(units), "units")
        scanned = engine.each(scan, job, units)
        _seen_here(work, (str(one["scan"]) for one in scanned))
        done, tasks, mapped = _map(engine, job, base, resolved, scanned)
        lost = {name for one in done for name in one["lost sources"]}
        stage("describing entities and sources")
        described = describe(without_sources(resolved, lost), _lock(base.project), base.project)
        basis = _write_basis(work, base, described, done)
        with staged(out) as (aside, publish):
            description = _write_described(aside, described, base, slim=slim)
            every = {number for one in done for number in one["shards"]}
            kept = _keep(before, out, aside, every - _changed(before, done, job, basis))
            changed = sorted(every - kept.keys())
            _begin(engine, "writing", len(changed), "shards")
            sealed = engine.seal(job, str(aside), [one["key"] for one in done], changed) if changed else []
            stage("writing the manifest")
            rejects = [read_frame(work / f"rejects-{one['key']}.parquet") for one in done]
            told = pl.concat([pl.DataFrame(schema=REJECTS), *rejects]).sort(REJECTS.names())
            rejected = write_table(aside, REJECTED, told)
            shown = {**kept, **_by_number(sealed)}
            manifest = _manifest(job, base, done, description, shown, told.height, rejected, basis)
            write_atomic(aside / MANIFEST, render(manifest))
            write_kept(aside, Keep(facts={"shards": shards}))
            _sweep(aside, manifest)
            publish()
        _let_go(work, scanned, tasks)
    over()
    return Sharded(out, manifest, mapped, len(changed))


def _make_folder(work: Path) -> None:
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{work}: cannot be made: {error.strerror or error}") from error


def _sweep(aside: Path, manifest: Mapping[str, Any]) -> None:
    """Remove what no file of the build is: the half-written files of processes that were killed."""
    known = {MANIFEST, *_told_files(manifest)}
    for path in aside.iterdir():
        if path.is_file() and path.name not in known:
            path.unlink(missing_ok=True)


def _seen_here(work: Path, names: Iterable[str]) -> None:
    for name in names:
        if not (work / name).exists():
            raise EngineError(
                f"{work / name}: written by a machine of the cluster, and not here; let every machine see the "
                "folders of the graph and of the output under the same paths"
            )


def delta(before: Path, after: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The quads to delete and to insert between two builds, from the shards whose hashes differ.

    :raises OnRecordError: when no build in shards stands in one of the folders.
    """
    old, new = require_manifest(before), require_manifest(after)
    gone, come = [pl.DataFrame(schema=QUADS)], [pl.DataFrame(schema=QUADS)]
    was_in, now_in = quad_files(old), quad_files(new)
    for name in sorted({*was_in, *now_in}):
        if was_in.get(name) == now_in.get(name):
            continue
        was = read_frame(before / name) if name in was_in else pl.DataFrame(schema=QUADS)
        now = read_frame(after / name) if name in now_in else pl.DataFrame(schema=QUADS)
        out, into = changes(was, now)
        gone.append(out)
        come.append(into)
    deleted, inserted = pl.concat(gone), pl.concat(come)
    stay = deleted.join(inserted, on=QUADS.names(), how="semi")  # moved from one shard to another
    return tuple(part.join(stay, on=QUADS.names(), how="anti").sort(QUADS.names()) for part in (deleted, inserted))  # type: ignore[return-value]


def changes(was: pl.DataFrame, now: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The quads that went and those that came."""
    return was.join(now, on=QUADS.names(), how="anti"), now.join(was, on=QUADS.names(), how="anti")


def _units(base: Base, files: Collection[Path]) -> list[str]:
    tables = [base.project.relative(path) for path in files if is_table(path)]
    return [*tables, *([BY_HAND] if len(tables) < len(files) else [])]


def _resolve_base(base: Base, files: Iterable[Path]) -> Resolved:
    """All that no statement says; what is wrong in statement files that can be read is left to their units."""
    problems = Problems(list(base.problems))
    resolved = resolve_base(base, problems)
    check_record(replace(resolved, entities=[], withdrawn=()), base.project, problems)
    theirs = {base.project.name_of(path) for path in files}
    wrong = [
        found
        for found in sort_problems(problems.items)
        if found.severity is Severity.ERROR and found.place.file not in theirs
    ]
    if wrong:
        raise GraphBroken(f"{base.project.name}: what every shard needs has errors", wrong)
    return resolved


def _map(
    engine: Engine, job: Job, base: Base, resolved: Resolved, scanned: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """Map every unit, and once more those that others leave something out for.

    Returns the results, all tasks on the way to them, and how many units were mapped.
    """
    work, ids = Path(job.work), find_ids(job, scanned)
    tasks = plan_tasks(job, base, scanned, ids, ())
    every: list[dict[str, Any]] = []
    mapped: set[str] = set()
    while True:
        every += tasks
        todo = [task for task in tasks if not all((work / name).exists() for name in _made_of(task))]
        if job.joined and todo:
            if not (work / ALIASES).exists():
                write_frame(work / ALIASES, list_aliases(resolved, base.parsed.entities))
            engine.join(job, todo)
        _begin(engine, "reading", len(todo), "units")
        engine.each(map_unit, job, todo)
        _seen_here(work, (f"done-{task['key']}.json" for task in todo))
        mapped.update(str(task["unit"]) for task in todo)
        done = [json.loads((work / f"done-{task['key']}.json").read_text("utf-8")) for task in tasks]
        before, tasks = tasks, plan_tasks(job, base, scanned, ids, done)
        if tasks == before:
            return done, every, len(mapped)


def _made_of(task: Mapping[str, Any]) -> list[str]:
    """The files that a unit's task makes."""
    return [f"{kind}-{task['key']}.parquet" for kind in (*KINDS, "rejects")] + [f"done-{task['key']}.json"]


def _lock(project: Project) -> Lock:
    return read_lock(project.lock_file, project.name_of(project.lock_file), Problems())


def _write_described(aside: Path, described: pl.DataFrame, base: Base, *, slim: bool) -> dict[str, Any]:
    """Write what no statement says; of a slim build sources stand beside it."""
    if not slim:
        return write_quads(aside, DESCRIBED, described)
    kept, sources = split_described(described, base.project.base)
    written = write_quads(aside, DESCRIBED, kept)
    written["files"] |= write_table(aside, SOURCES, sort_quads(sources))
    return written


def _write_basis(work: Path, base: Base, described: pl.DataFrame, done: list[dict[str, Any]]) -> str:
    """Write what every shard looks at: what is described by properties that statements use too, and origin links.

    Returns its hash.
    """
    properties = [f"<{address}>" for address in base.ontology.properties]
    write_frame(work / f"{DESCRIBED}.parquet", described.filter(pl.col("predicate").is_in(properties)))
    write_atomic(work / LINKS, json.dumps(sorted({(low, high) for one in done for low, high in one["links"]})))
    return sha256_hex("".join(sha256_file(work / name) for name in (f"{DESCRIBED}.parquet", LINKS)).encode())


def _changed(before: Mapping[str, Any] | None, done: list[dict[str, Any]], job: Job, described: str) -> set[int]:
    """The shards that hold anything of a unit that came, went or changed."""
    now = {one["key"]: one["shards"] for one in done}
    every = {number for touched in now.values() for number in touched}
    if before is None or before["shard count"] != job.shards or before["onrecord"] != __version__:
        return every
    old: dict[str, list[int]] = {entry["key"]: entry["shards"] for entry in before["units"].values()}
    if before["described"] != described or ("slim" in before) != job.slim:
        return every
    moved = [old[key] for key in old.keys() - now.keys()] + [now[key] for key in now.keys() - old.keys()]
    return {number for touched in moved for number in touched} & every


def _keep(before: Mapping[str, Any] | None, out: Path, aside: Path, stay: set[int]) -> dict[int, dict[str, Any]]:
    """Link the shards that stay as they are into the new build; one whose files are not whole is left out."""
    kept: dict[int, dict[str, Any]] = {}
    for number in each(sorted(stay), "taking over", "shards") if stay else ():
        entry = before["shards"][str(number)] if before else {"files": {}}
        try:
            for name, told in entry["files"].items():
                source = out / CURRENT / name
                if source.stat().st_size != told["bytes"] or sha256_file(source) != told["sha256"]:
                    raise FileNotFoundError(name)
                os.link(source, aside / name)
        except OSError:
            for name in entry["files"]:
                (aside / name).unlink(missing_ok=True)
        else:
            kept[number] = entry
    return kept


def _by_number(sealed: Iterable[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {one["shard"]: {key: value for key, value in one.items() if key != "shard"} for one in sealed}


def _manifest(
    job: Job,
    base: Base,
    done: list[dict[str, Any]],
    described: dict[str, Any],
    shards: Mapping[int, dict[str, Any]],
    rejects: int,
    rejected: Mapping[str, Any],
    basis: str,
) -> dict[str, Any]:
    """What was built from what: the same wherever it ran."""
    total = {name: sum(entry[name] for entry in shards.values()) for name in ("statements", "propositions", "quads")}
    total["quads"] += described["quads"]
    left_out = ["evidence", "inference", *(["statements"] if job.slim else [])]
    return ({"slim": True} if job.slim else {}) | {
        "graph": base.project.name,
        "base": base.project.base,
        "onrecord": __version__,
        "left out": left_out,
        "shard count": job.shards,
        "counts": total | {"rejects": rejects},
        "rejects": {"files": rejected},
        "described": basis,
        "description": described,
        "shards": {str(number): shards[number] for number in sorted(shards)},
        "units": {one["unit"] or "by hand": {"key": one["key"], "shards": one["shards"]} for one in done},
    }


def read_manifest(out: Path) -> dict[str, Any] | None:
    """The manifest of a build in shards; None where there is none that can be read."""
    try:
        found: dict[str, Any] = json.loads((out / MANIFEST).read_text("utf-8"))
        return found if {"shards", "units", "shard count", "described", "onrecord"} <= found.keys() else None
    except (OSError, ValueError, AttributeError):
        return None


def require_manifest(out: Path) -> dict[str, Any]:
    """The manifest of the build in shards that stands in ``out``.

    :raises OnRecordError: where none does.
    """
    found = read_manifest(out)
    if found is None:
        raise OnRecordError(f"{out}: no build in shards stands here; make one:  onrecord build GRAPH --shards N")
    return found


def _told_files(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Every file of a build but the manifest itself, with its size and hash."""
    entries = [manifest["description"], manifest["rejects"], *manifest["shards"].values()]
    return {name: told for entry in entries for name, told in entry["files"].items()}


def quad_files(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The Parquet files of quads of a build, what is described first, each with its hash."""
    entries = [manifest.get("description", {"files": {}}), *manifest.get("shards", {}).values()]
    files = {name: str(told["sha256"]) for entry in entries for name, told in entry["files"].items()}
    texts = [name for name in files if name.endswith(".nq.gz")]
    return {name: files[name] for text in texts if (name := f"{text.removesuffix('.nq.gz')}.parquet") in files}


def _let_go(work: Path, scanned: Iterable[Mapping[str, Any]], tasks: Iterable[Mapping[str, Any]]) -> None:
    """Remove what no unit needs any more."""
    needed = {f"{DESCRIBED}.parquet", LINKS}
    needed |= {str(one["scan"]) for one in scanned} | {str(task["context"]) for task in tasks}
    needed |= {name for task in tasks for name in _made_of(task)}
    for path in (*work.iterdir(), *work.parent.iterdir()):
        if path.is_dir() and path != work:
            shutil.rmtree(path, ignore_errors=True)
        elif path.is_file() and (path.parent != work or path.name not in needed):
            path.unlink(missing_ok=True)
