"""Owns one unit of work: a statement file to rows that are ready for their shard, and to rejects.

Leaves which files there are and where units run to ``sharded``. A unit reads files and writes files,
all named after their content, so that it may run anywhere, twice, or not again.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from onrecord import __version__
from onrecord.assemble import label_propositions, shared_nodes
from onrecord.check.record import check_record
from onrecord.errors import EngineError, Place, Problem, Problems, Severity, sort_problems
from onrecord.explain.links import origin_pairs
from onrecord.files import sha256_file, sha256_hex, write_atomic
from onrecord.judgements import apply_judgements
from onrecord.kept import code_digest
from onrecord.lens import Lens, select
from onrecord.model import AS_WRITTEN, WRITTEN, StatementRows
from onrecord.names import Names
from onrecord.ontology import Ontology, load_ontologies
from onrecord.parse import Parsed, csv, jsonl, parquet, parse
from onrecord.parse.records import REFERENCE, RecordReader
from onrecord.places import Places
from onrecord.project import ENTITY_FILES, Project, input_files, open_project
from onrecord.resolve import Known, Resolved, resolve_names, resolve_statements
from onrecord.scale.aliases import ALIASES, ASKED, PartNames, names_in, read_asked
from onrecord.terms import Minter

TABLES = (".csv", ".jsonl", ".parquet")
"""Statement files that are a unit each; all others are one unit together."""

BY_HAND = ""
"""The name of the unit of all files that people write: YAML and Turtle."""

LINKS = "links.json"
"""The file of who gives whose words, or is a part of what, by the statements of all units."""

SHARD = "shard"
_HASH = -33  # where the hash begins in a proposition's IRI, up to its closing bracket
REJECTS = pl.Schema(
    {
        "file": pl.String,
        "line": pl.UInt32,
        "column": pl.UInt32,
        "code": pl.String,
        "message": pl.String,
        "fix": pl.String,
    }
)
"""Columns of the table of rows that were left out."""


@dataclass(frozen=True, slots=True)
class Job:
    """What all units of a build share; on every machine the same paths must lead to the same files."""

    folder: str
    work: str
    shards: int
    base: str
    """The digest of the :class:`Base` that the build was started with."""
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
    known: tuple[Known, list[Problem]] | None = None
    """What its names stand for, and what is wrong with them, once a unit has asked for it."""


def is_table(path: Path) -> bool:
    """Whether a statement file is a unit of its own."""
    return path.suffix.lower() in TABLES


@lru_cache(maxsize=2)
def read_base(folder: str, joined: bool = False) -> Base:
    """All of a graph but its tables, and with ``joined`` but its entities; read once in a process."""
    problems = Problems()
    project = open_project(folder, problems)
    ontology = load_ontologies(project, problems)

    def is_wanted(path: Path) -> bool:
        return not joined if path.name in ENTITY_FILES and path.parent == project.folder else not is_table(path)

    parsed = parse(project, ontology, problems, is_wanted=is_wanted)
    return Base(project, ontology, parsed, sort_problems(problems.items), _base_digest(project, parsed))


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
    if base.digest != job.base:  # a process of a cluster outlives builds
        read_base.cache_clear()
        base = read_base(job.folder, *whole)
    if base.digest != job.base:
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


def _base_digest(project: Project, parsed: Parsed) -> str:
    statements = project.folder / "statements"
    files = [path for path in input_files(project) if path != project.lock_file and statements not in path.parents]
    told = [f"{project.relative(path)}\0{sha256_file(path)}" for path in files]
    told += [repr(replace(source, place=Place(""), places={})) for _, source in sorted(parsed.sources.items())]
    return sha256_hex("\n".join(told).encode("utf-8"))


# --- scanning: which statements have ids, and which refer to others


def scan(job: Job, name: str) -> dict[str, Any]:
    """Hash a unit's files and write down its statement ids and references, unless that was done before."""
    base = base_of(job)
    digest = sha256_file(base.project.folder / name) if name else _digest_by_hand(base)
    target = Path(job.work) / f"scan-{digest}.parquet"
    if not target.exists():
        rows, places = _read(base, name, Problems())
        write_frame(target, _declared(_inner(rows, places)))
    return {"unit": name, "sha256": digest, "scan": target.name}


def _digest_by_hand(base: Base) -> str:
    rows = base.parsed.statements
    if rows.is_empty():
        return sha256_hex(b"")
    inner = sorted({base.parsed.places.inner(name) for name in rows["file"].unique()})
    return sha256_hex("".join(f"{name}\0{sha256_file(base.project.folder / name)}\n" for name in inner).encode())


_DECLARED: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "file": pl.String,
    "line": pl.UInt32,
    "refers": pl.List(pl.String),
    "rows": pl.String,
}


def _declared(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with an id, each with the rows nested in it, and the ids that rows refer to.

    Columns: ``id`` (null for the references of a row without one), ``file``, ``line``, ``refers`` (list of
    ids) and ``rows`` (the rows as JSON, numbered from 0).
    """
    referring = pl.any_horizontal(
        pl.col(f"{name}_text").str.starts_with(REFERENCE).fill_null(False)
        for name in ("subject", "object", "condition")
    )
    pointing = referring | pl.col("qualifiers").is_not_null()
    heads = rows.filter(~pl.col("nested") & (pl.col("id").is_not_null() | pointing))
    inside = rows.filter(pl.col("nested") | pl.col("row").is_in(heads["row"].to_list()))
    table = {row["row"]: row for row in inside.iter_rows(named=True)}
    found = []
    for head in heads["row"].to_list():
        members = _below(head, table)
        refers = sorted({text for row in members for text in _references(row)})
        if head in table and (table[head]["id"] is not None or refers):
            first = members[0]
            texts = json.dumps(_renumbered(members), ensure_ascii=False) if first["id"] is not None else None
            found.append((first["id"], first["file"], first["line"], refers, texts))
    return pl.DataFrame(found, schema=_DECLARED, orient="row")


def _below(head: int, table: Mapping[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """A row and all that are nested in it."""
    found: list[dict[str, Any]] = []
    todo = [head]
    while todo:
        row = table.get(todo.pop())
        if row is None or any(other is row for other in found):
            continue
        found.append(row)
        todo += [row[name] for name in ("subject_row", "object_row", "condition_row") if row[name] is not None]
        todo += [one["value_row"] for one in row["qualifiers"] or () if one["value_row"] is not None]
    return found


def _references(row: Mapping[str, Any]) -> Iterable[str]:
    texts = [row["subject_text"], row["object_text"], row["condition_text"]]
    texts += [one["value"] for one in row["qualifiers"] or ()]
    return [text.removeprefix(REFERENCE) for text in texts if text is not None and text.startswith(REFERENCE)]


def _renumbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that point to each other by their place in the list."""
    place = {row["row"]: at for at, row in enumerate(rows)}
    out = []
    for row in rows:
        changed = {**row, "row": place[row["row"]]}
        for name in ("subject_row", "object_row", "condition_row"):
            changed[name] = place.get(row[name]) if row[name] is not None else None
        if row["qualifiers"]:
            changed["qualifiers"] = [
                {**one, "value_row": place[one["value_row"]] if one["value_row"] is not None else None}
                for one in row["qualifiers"]
            ]
        out.append(changed)
    return out


# --- mapping: rows with everything that their shard needs


def map_unit(job: Job, task: Mapping[str, Any]) -> dict[str, Any]:
    """Resolve and check a unit's rows; write them, the nodes they share and the rejects under the task's key.

    The task names the ``unit``, its ``key``, the file of its ``context`` (rows of other units that it refers
    to) and the places whose id stands ``twice``: file, line, id, and where it stands first.
    """
    base, work, key = base_of(job), Path(job.work), str(task["key"])
    problems = Problems()
    rows, places = _read(base, str(task["unit"]), problems)
    own = rows.height
    context = _context(work / str(task["context"]), own) if task["context"] else rows.clear()
    for file, line, text, first in task["twice"]:
        problems.error(
            "R004",
            Place(base.project.name_of(base.project.folder / file), line),
            f'the statement id "{text}" stands twice; the first is in {first}',
            "give each statement its own id",
        )
    if job.joined:
        parsed = replace(base.parsed, entities=read_asked(work / f"names-{key}.parquet"))
        names = PartNames(base.ontology, Minter(base.project.base), table=work / ALIASES)
        known = resolve_names(parsed, base.ontology, base.project, problems, names)
    else:
        known = known_of(base, problems)
    resolved = resolve_statements(known, pl.concat([rows, context]), places, base.project, problems)
    resolved = apply_judgements(resolved, base.project, problems)
    mine = resolved.statements.filter(pl.col("row") < own)
    # The rules on entities only warn, and of what all units say together.
    check_record(replace(resolved, statements=mine, entities=[]), base.project, problems)
    wrong = _rejects(problems, str(task["unit"]), places)
    table = _sound(_inner(resolved.statements, places), wrong, own)
    seen = select(table.drop(AS_WRITTEN), Lens(inference=False), base.project.policy)
    labels = label_propositions(seen, resolved)
    shard = pl.col("proposition").str.slice(_HASH, 8).str.to_integer(base=16, dtype=pl.Int64) % job.shards
    out = seen.join(labels, on="proposition", how="left").with_columns(shard.cast(pl.Int32).alias(SHARD)).drop("row")
    nodes = shared_nodes(seen, resolved.names.minter)
    spot = pl.col("subject").str.slice(_HASH, 8).str.to_integer(base=16, dtype=pl.Int64) % job.shards
    nodes = nodes.with_columns(spot.cast(pl.Int32).alias(SHARD))
    write_frame(work / f"rows-{key}.parquet", out.sort(SHARD))
    write_frame(work / f"nodes-{key}.parquet", nodes.sort(SHARD))
    write_frame(work / f"rejects-{key}.parquet", wrong)
    touched = sorted({*out[SHARD].unique().to_list(), *nodes[SHARD].unique().to_list()})
    links = origin_pairs(seen, base.ontology)
    told = {"unit": task["unit"], "key": key, "rejects": wrong.height, "shards": touched, "links": links}
    write_atomic(work / f"done-{key}.json", json.dumps(told))
    return told


def names_of(job: Job, task: Mapping[str, Any]) -> list[str]:
    """What a unit and the rows that it refers to may call an entity."""
    base = base_of(job)
    rows, _ = _read(base, str(task["unit"]), Problems())
    if task["context"]:
        rows = pl.concat([rows, _context(Path(job.work) / str(task["context"]), rows.height)])
    return names_in(rows, Names(base.ontology, Minter(base.project.base)))


def write_asked(job: Job, key: str, asked: pl.DataFrame) -> None:
    """Write the rows of the table of names that a unit asked for."""
    write_frame(Path(job.work) / f"names-{key}.parquet", asked.select(ASKED.names()).unique().sort("name", "entity"))


def task_key(job: Job, base_digest: str, unit_digest: str, context_digest: str, twice: object) -> str:
    """What names the output of a unit: the hash of all that it is made from."""
    return sha256_hex(json.dumps([__version__, job.shards, base_digest, unit_digest, context_digest, twice]).encode())


def _read(base: Base, name: str, problems: Problems) -> tuple[pl.DataFrame, Places]:
    """The rows of a unit as written, and where they stand."""
    if name == BY_HAND:
        problems.extend(base.problems)
        return base.parsed.statements, base.parsed.places
    rows = StatementRows()
    reader = RecordReader(rows, frozenset(base.ontology.qualifier_names()), problems)
    path = base.project.folder / name
    shown = base.project.name_of(path)
    rows.places.set_inner(shown, name)
    readers = {".csv": csv.parse_statements, ".jsonl": jsonl.parse_statements, ".parquet": parquet.parse_statements}
    readers[path.suffix.lower()](path, shown, reader, problems)
    return rows.frame(), rows.places


def _context(path: Path, start: int) -> pl.DataFrame:
    """Rows of other units, numbered from ``start``; they are spoken of and say nothing here."""
    rows: list[dict[str, Any]] = []
    for text in pl.read_parquet(path)["rows"].to_list():
        at = start + len(rows)
        for row in json.loads(text):
            for name in ("row", "subject_row", "object_row", "condition_row"):
                row[name] = None if row[name] is None else row[name] + at
            for one in row["qualifiers"] or ():
                one["value_row"] = None if one["value_row"] is None else one["value_row"] + at
            rows.append(row)
    return pl.DataFrame(rows, schema=pl.Schema(WRITTEN), orient="row")


def _inner(rows: pl.DataFrame, places: Places) -> pl.DataFrame:
    """The rows with each file named as it is inside the graph: the same on every machine."""
    return rows.with_columns(pl.col("file").replace({name: places.inner(name) for name in rows["file"].unique()}))


def _rejects(problems: Problems, file: str, places: Places) -> pl.DataFrame:
    """What is wrong in the unit's own files, by place; what is wrong beside them is told once, elsewhere."""
    told = [
        (places.inner(found.place.file), found.place.line, found.place.column, found.code, found.message, found.fix)
        for found in sort_problems(problems.items)
        if found.severity is Severity.ERROR and _is_of(places.inner(found.place.file), file)
    ]
    return pl.DataFrame(told, schema=REJECTS, orient="row").unique(maintain_order=True)


def _is_of(file: str, unit: str) -> bool:
    return file == unit if unit else file.startswith("statements/") and not is_table(Path(file))


def _sound(table: pl.DataFrame, wrong: pl.DataFrame, own: int) -> pl.DataFrame:
    """The table without rejected rows; rows of other units only stand by to be mentioned."""
    mine = pl.col("row") < own
    bad = wrong.select("file", "line").unique()
    good = table.filter(mine).join(bad, on=["file", "line"], how="anti", maintain_order="left")
    others = table.filter(~mine).with_columns(
        pl.lit(True).alias("nested"),
        pl.lit(None, pl.String).alias("statement"),
        pl.lit(None, pl.String).alias("status"),
    )
    return pl.concat([good, others])


def write_frame(target: Path, frame: pl.DataFrame) -> None:
    """Write a table whole or not at all."""
    write_atomic(target, lambda file: frame.write_parquet(file, compression="zstd", statistics=True))
