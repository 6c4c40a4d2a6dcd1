"""Owns a shard: the rows of some propositions to their quads, as Parquet and as compressed N-Quads.

Leaves which rows there are to ``units``. The same rows give the same bytes, whatever their order and
wherever the shard is made.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from onrecord.assemble import QUADS, said_parts, sort_quads, to_nquads
from onrecord.errors import MissingExtra, Problems
from onrecord.explain.origins import Origins
from onrecord.files import sha256_file, write_atomic
from onrecord.model import empty_statements
from onrecord.names import Names
from onrecord.resolve import Resolved
from onrecord.scale.aliases import BACKERS, read_asked
from onrecord.scale.backing import count_backing, read_origins
from onrecord.scale.base import Base, Job, base_of, resolve_base
from onrecord.scale.frames import read_frame, write_frame
from onrecord.scale.slim import evidence, evidence_name, slim_quads
from onrecord.scale.units import LINKS, SHARD
from onrecord.terms import Minter

DESCRIBED = "described"
"""The name of what is not sharded: ontologies, entities, sources."""

_SLICE = 200_000  # quads in one piece of compressed text


def shard_name(number: int) -> str:
    """What the files of a shard are called, without their suffix."""
    return f"quads-{number:05}"


def backing_name(number: int) -> str:
    """What the file is called that tells how well a shard's propositions are backed."""
    return f"backing-{number:05}.parquet"


def seal(job: Job, target: str, number: int, rows: pl.DataFrame, nodes: pl.DataFrame) -> dict[str, Any]:
    """Write the quads of a shard into ``target``; returns its counts and hashes.

    ``rows`` and ``nodes`` are what units wrote for this shard.
    """
    base = base_of(job)
    described = read_frame(Path(job.work) / f"{DESCRIBED}.parquet")
    rows = rows.drop(SHARD).sort("statement", "proposition", "source", nulls_last=True).with_row_index("row")
    backing = count_backing(rows, _origins(job, tuple(sha256_file(path) for path in _told_of_origins(job))))
    if job.slim:
        quads = slim_quads(rows, _beside_rows(base), described, base.project.language, backing).unique()
    else:
        parts = said_parts(rows, _beside_rows(base), described, base.project.language)
        quads = pl.concat([*(part.select(QUADS.names()) for part in parts), nodes.select(QUADS.names())]).unique()
    counts = {
        "statements": rows["statement"].drop_nulls().n_unique(),
        "propositions": rows["proposition"].n_unique(),
    }
    written = write_quads(Path(target), shard_name(number), quads)
    written["files"] |= write_table(Path(target), backing_name(number), backing)
    if job.slim:
        written["files"] |= write_table(Path(target), evidence_name(number), evidence(rows))
    return {"shard": number, **counts, **written}


def write_quads(folder: Path, name: str, quads: pl.DataFrame) -> dict[str, Any]:
    """Write quads, sorted, as ``NAME.parquet`` and ``NAME.nq.gz``; returns how many, sizes and hashes."""
    ordered = sort_quads(quads)
    table = write_table(folder, f"{name}.parquet", ordered)
    text = folder / f"{name}.nq.gz"
    _write_compressed(text, (to_nquads(piece) for piece in ordered.iter_slices(_SLICE)))
    return {
        "quads": ordered.height,
        "files": _told(text) | table,
    }


def write_table(folder: Path, name: str, table: pl.DataFrame) -> dict[str, Any]:
    """Write a table as Parquet; returns its size and hash by its name."""
    write_frame(folder / name, table)
    return _told(folder / name)


def _told(path: Path) -> dict[str, Any]:
    return {path.name: {"bytes": path.stat().st_size, "sha256": sha256_file(path)}}


def _told_of_origins(job: Job) -> list[Path]:
    """The files of all units that origins are told apart by."""
    return [Path(job.work) / name for name in (LINKS, *([BACKERS] if job.joined else []))]


@functools.lru_cache(maxsize=1)
def _origins(job: Job, _: tuple[str, ...]) -> Origins:
    """Who speaks for whom, kept from shard to shard: there may be as many links as statements.

    The second argument is the hashes of what is read, because a process may outlive the build.
    """
    links = json.loads((Path(job.work) / LINKS).read_text("utf-8"))
    return read_origins(_backers(job, base_of(job)), links)


def _backers(job: Job, base: Base) -> Resolved:
    """Who is looked up to tell origins apart; of many entities only they are read."""
    if not job.joined:
        return resolve_base(base, Problems())
    parsed = replace(base.parsed, entities=read_asked(Path(job.work) / BACKERS))
    return resolve_base(replace(base, parsed=parsed, known=None), Problems())


def _beside_rows(base: Base) -> Resolved:
    """What a shard needs to know beside its rows."""
    names = Names(base.ontology, Minter(base.project.base))
    return Resolved(empty_statements(), [], base.parsed.sources, names, base.parsed.places)


def _write_compressed(target: Path, pieces: Iterable[bytes]) -> None:
    """One gzip member without name or time."""
    try:
        from isal import igzip
    except ImportError as error:
        raise MissingExtra("isal", "scale") from error

    def write(file: BinaryIO) -> None:
        with igzip.IGzipFile(filename="", mode="wb", compresslevel=1, fileobj=file, mtime=0) as packed:  # type: ignore[no-untyped-call]
            for piece in pieces:
                packed.write(piece)  # type: ignore[no-untyped-call]

    write_atomic(target, write)
