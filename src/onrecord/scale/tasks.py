"""Owns what each unit has to know of the others: the statements that it refers to, and what they leave out.

Leaves reading units to ``scans`` and mapping them to ``units``. Of the ids of a graph only those are held here that are
referred to, or that stand twice.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from onrecord import __version__
from onrecord.files import sha256_hex
from onrecord.scale.base import Base, Job
from onrecord.scale.frames import read_frame, scan_frames, write_frame
from onrecord.scale.scans import BY_HAND


@dataclass(frozen=True, slots=True)
class Declared:
    """A statement with an id: its unit, where it stands, what it refers to, and its rows as JSON."""

    unit: str
    file: str
    line: int
    refers: list[str]
    rows: str


@dataclass(slots=True)
class Ids:
    """The ids of a graph that matter beyond their unit."""

    declared: dict[str, Declared]
    twice: dict[str, list[tuple[str, int, str, str]]]
    """Of each unit the ids that stand in another one first: file, line, id, and where that is."""
    refers: dict[str, list[str]]
    """Of each unit the ids that it refers to, its own among them."""


def find_ids(job: Job, scanned: Iterable[Mapping[str, Any]]) -> Ids:
    """The ids of all units that are referred to, or stand in several."""
    paths = {str(one["unit"]): Path(job.work) / str(one["scan"]) for one in scanned}
    refers: dict[str, list[str]] = {}
    hashes = []
    for unit, path in paths.items():
        refers[unit] = read_frame(path)["refers"].explode().drop_nulls().unique().to_list()
        hashes.append(scan_frames([path]).select(pl.col("id").drop_nulls().unique().hash()).collect()["id"])
    every = pl.concat([pl.Series("id", [], dtype=pl.UInt64), *hashes])
    again = every.filter(every.is_duplicated()).unique().implode()
    wanted = pl.Series(sorted({text for ids in refers.values() for text in ids}), dtype=pl.String).implode()
    matters = pl.col("id").is_in(wanted) | pl.col("id").hash().is_in(again)
    found = [
        (PurePosixPath(file).parts, line, text, Declared(unit, file, line, below, rows))
        for unit, path in sorted(paths.items())
        for text, file, line, below, rows in scan_frames([path]).filter(matters).collect().iter_rows()
    ]
    ids = Ids({}, defaultdict(list), refers)
    for _, line, text, one in sorted(found, key=lambda each: each[:2]):  # in the order in which all files are read
        first = ids.declared.setdefault(text, one)
        if first.unit != one.unit:  # within a unit resolving finds it
            ids.twice[one.unit].append((one.file, line, text, f"{first.file}:{first.line}"))
    return ids


def plan_tasks(
    job: Job, base: Base, scanned: Iterable[Mapping[str, Any]], ids: Ids, done: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """A task for every unit, with the rows of other units that it refers to, and what these are known to leave out.

    ``done`` are the results of a round of tasks before, if any. The more they leave out, the more may follow, and
    never less, so that rounds come to an end.
    """
    results = {str(one["unit"]): one for one in done}
    lost = {
        text
        for unit, one in results.items()
        for text in one["lost"]
        if text in ids.declared and ids.declared[text].unit == unit
    }
    sources = set(results[BY_HAND]["lost sources"]) if BY_HAND in results else set()
    tasks = []
    for one in scanned:
        unit = str(one["unit"])
        wanted = _wanted(ids.refers[unit], ids.declared, unit)
        context, digest = _write_context(Path(job.work), [ids.declared[text].rows for text in wanted])
        task = {
            "unit": unit,
            "sha256": one["sha256"],
            "context": context,
            "twice": ids.twice.get(unit, []),
            "lost": sorted(lost.intersection(wanted)),
            "sources": sorted(sources.intersection(results[unit]["rests on"])) if unit in results else [],
        }
        made_of = [__version__, job.shards, base.digest, digest, *(task[key] for key in _TELLING)]
        tasks.append({**task, "key": sha256_hex(json.dumps(made_of).encode())})
    return sorted(tasks, key=lambda task: str(task["unit"]))


_TELLING = ("unit", "sha256", "twice", "lost", "sources")


def _write_context(work: Path, rows: Sequence[str]) -> tuple[str, str]:
    """Write down the rows of other units, unless that was done before; returns the file's name and their hash."""
    if not rows:
        return "", ""
    digest = sha256_hex("\n".join(rows).encode("utf-8"))
    name = f"context-{digest}.parquet"
    if not (work / name).exists():
        write_frame(work / name, pl.DataFrame({"rows": rows}, schema={"rows": pl.String}))
    return name, digest


def _wanted(ids: Iterable[str], declared: Mapping[str, Declared], unit: str) -> list[str]:
    """The ids in other units that are referred to, directly or through one another."""
    found: set[str] = set()
    todo = [text for text in ids if text in declared]
    while todo:
        text = todo.pop()
        if text in found:
            continue
        found.add(text)
        todo += [other for other in declared[text].refers if other in declared]
    return sorted(text for text in found if declared[text].unit != unit)
