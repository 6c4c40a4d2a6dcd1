"""Owns the door to the graph's files: text in every syntax to one table of statements.

Leaves what the names in it mean to ``resolve``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import polars as pl

from onrecord.errors import Problems, has_errors
from onrecord.files import check_inside
from onrecord.kept import Keep, Kept
from onrecord.model import Entity, Source, StatementRows
from onrecord.ontology import Ontology
from onrecord.parse import entities, yaml
from onrecord.parse.before import ReadBefore, Same
from onrecord.parse.reading import Reading
from onrecord.parse.records import RecordReader
from onrecord.parse.trial import Trial
from onrecord.places import Places
from onrecord.progress import advance, stage
from onrecord.project import ENTITY_FILES, RDF_SUFFIXES, STATEMENT_SUFFIXES, Project, find_files, report_strays
from onrecord.withdrawn import WITHDRAWN, Withdrawal, read_withdrawn

_DESCRIBING = (".yaml", ".yml", *RDF_SUFFIXES)
"""The files in which a source is described beside its statements."""
_UNREAD = ("P00", "P01", "P049")
"""The codes of what keeps a whole file from being read."""


@dataclass(slots=True)
class Parsed:
    """What the files say, as written: statements (:data:`onrecord.model.WRITTEN`) and what is beside them."""

    statements: pl.DataFrame
    places: Places
    sources: dict[str, Source] = field(default_factory=dict)
    entities: list[Entity] = field(default_factory=list)
    files: int = 0
    lost: frozenset[str] | None = frozenset()
    """What the entities are called that could not be read; None where nobody knows."""
    sources_lost: bool = False
    """Whether a file could not be read in which sources may be described."""
    withdrawn: tuple[Withdrawal, ...] = ()
    keep: Keep = field(default_factory=Keep)
    same: list[Same] = field(default_factory=list)
    """The rows that are written as they were in the build that this was read with."""


def parse(
    project: Project,
    ontology: Ontology,
    problems: Problems,
    kept: Kept | None = None,
    *,
    is_wanted: Callable[[Path], bool] = lambda path: True,
) -> Parsed:
    """Read every entity, source and statement file of the graph; what ``kept`` has of a file is not read again.

    A file that cannot be read adds its problems and hides nothing of the others. Entity and
    statement files that are not wanted are left to whoever does want them.
    """
    stage("reading entities")
    sources: dict[str, Source] = {}

    def add_source(source: Source) -> None:
        first = sources.setdefault(source.id, source)
        if first is not source and _differs(first, source):
            problems.error(
                "P031",
                source.place_of("id"),
                f'the source "{source.id}" is described twice; the first time in {first.place_of("id")}',
                "keep one description, or give each source its own id",
            )

    rows = StatementRows()
    reader = RecordReader(rows, frozenset(ontology.qualifier_names()), problems)
    before = ReadBefore(kept or Kept(None), rows, reader.qualifiers)
    found: list[Entity] = []
    lost: frozenset[str] | None = frozenset()
    for name in ENTITY_FILES:
        path = project.folder / name
        shown = project.name_of(path)
        rows.places.set_inner(shown, name)
        there = is_wanted(path) and (path.exists() or path.is_symlink())
        if there and check_inside(path, project.folder, shown, problems):
            some, unread = entities.parse_entities(path, shown, project.language, problems)
            found += some
            lost = None if lost is None or unread is None else lost | unread
    path, beside = project.folder / "sources.yaml", Problems()
    if (path.exists() or path.is_symlink()) and check_inside(path, project.folder, project.name_of(path), problems):
        yaml.parse_sources(path, project.name_of(path), add_source, beside)
    problems.extend(beside.items)
    report_strays(project, problems)
    files = [path for path in find_files(project, "statements", STATEMENT_SUFFIXES, problems) if is_wanted(path)]
    with Trial() as trial:
        reading = Reading(project, ontology, rows, reader, before, sources, add_source, problems, trial)
        for path in _watched(files, reader):
            reading.read(path)
    before.flush()
    path = project.folder / WITHDRAWN
    withdrawn = read_withdrawn(path, project.name_of(path), problems, sources)
    table = rows.frame()
    describing = {project.name_of(file) for file in files if file.suffix.lower() in _DESCRIBING}
    broken = {each.place.file for each in problems.items if each.code.startswith(_UNREAD)}
    sources_lost = has_errors(beside.items) or not broken.isdisjoint(describing)
    keep = before.keep(table)
    return Parsed(table, rows.places, sources, found, len(files), lost, sources_lost, withdrawn, keep, before.same)


def _watched(files: list[Path], reader: RecordReader) -> Iterator[Path]:
    """The files, as a stage that goes on with the bytes of each: one may be as large as all others together.

    Of some the ``reader`` tells parts while they are read.
    """
    sizes = [path.stat().st_size if path.is_file() else 0 for path in files]
    stage("reading", sum(sizes), "bytes")
    for path, size in zip(files, sizes, strict=True):
        told = reader.done
        yield path
        advance(max(size - (reader.done - told), 0))


def _differs(first: Source, second: Source) -> bool:
    """Two YAML files may not both describe a source; the same export read twice may."""
    exported = all(PurePath(source.place.file).suffix.lower() in RDF_SUFFIXES for source in (first, second))
    return not exported or first != second
