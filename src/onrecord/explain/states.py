"""Owns a state of a graph as it is compared: statements, entities and sources seen through a lens.

Leaves what differs between two states to ``changes``. A state is read from a folder, from a folder
at a git revision, or from a build; each takes the same road from rows to the canonical table.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl
import pyoxigraph as ox

from onrecord.assemble import proposition_labels
from onrecord.build import Loaded, load
from onrecord.errors import GraphBroken, GraphNotFound, OnRecordError, Place, Problems, has_errors, sort_problems
from onrecord.explain.revisions import Revision, extract, split_revision
from onrecord.files import sha256_file
from onrecord.infer import TYPE, Closure, close
from onrecord.lens import Lens, require_sources, select
from onrecord.lock import Lock
from onrecord.manifest import MANIFEST
from onrecord.model import QUALIFIER, Entity, Source, StatementRows
from onrecord.ontology import load_ontologies
from onrecord.parse import Parsed
from onrecord.parse.turtle import parse_statements
from onrecord.project import SETTINGS, AssertPolicy, Project, bundled_ontologies, open_project
from onrecord.resolve import Resolved, published_day, resolve
from onrecord.terms import ONR, OWL, RDF, RDFS, SKOS, Minter, iri, local_name, split_term

IDENTITY: dict[str, pl.DataType | type[pl.DataType]] = {
    "source": pl.String,
    "proposition": pl.String,
    "subject": pl.String,
    "predicate": pl.String,
    "object": pl.String,
    "restrictive": pl.List(QUALIFIER),
    "additive": pl.List(QUALIFIER),
    "status": pl.String,
    "negated": pl.Boolean,
    "said_by": pl.List(pl.String),
    "via": pl.List(pl.String),
    "said_when": pl.String,
    "said_at": pl.String,
    "said_to": pl.List(pl.String),
    "origin": pl.List(pl.String),
    "condition": pl.String,
    "when": pl.String,
}
"""What makes a statement a claim of its own; terms are in N-Triples form."""

EVIDENCE: dict[str, pl.DataType | type[pl.DataType]] = {
    "recorded": pl.Date,
    "quotes": pl.List(pl.String),
    "translation": pl.List(pl.String),
    "hedge": pl.List(pl.String),
    "when_text": pl.List(pl.String),
    "id": pl.List(pl.String),
    "locator": pl.List(pl.String),
    "prefix": pl.List(pl.String),
    "suffix": pl.List(pl.String),
    "curator": pl.List(pl.String),
    "curated": pl.List(pl.String),
    "note": pl.List(pl.String),
}
"""What rows of one statement add up to: the first day on record, and sorted sets of texts."""

CANONICAL = pl.Schema({"statement": pl.String, **IDENTITY, **EVIDENCE})
"""The table of a state: one row a statement, sorted by its IRI, in no way tied to files and lines."""

_TERMS = {"said_by": "said_by_terms", "via": "via_terms", "said_to": "said_to_terms", "origin": "origin_terms"}

Facts = tuple[str, str, str, tuple[tuple[str, str], ...]]
"""Subject, predicate, object and restrictive qualifiers of a proposition."""


@dataclass(frozen=True, slots=True)
class EntityRecord:
    """An entity or unnamed speaker as it is compared; what is plural is sorted."""

    iri: str
    id: str
    label: str
    labels: tuple[str, ...]  # text@language, as are aliases
    aliases: tuple[str, ...]
    types: tuple[str, ...]
    same_as: tuple[str, ...]
    note: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A source as it is compared; ``published`` is a day."""

    id: str
    title: str
    publisher: str
    published: str
    author: str
    url: str
    language: str
    licence: str
    retrieved: str
    note: str
    sha256: str
    origin: tuple[str, ...]
    withdrawn: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """A graph seen through a lens, ready to be compared."""

    name: str
    table: pl.DataFrame  # CANONICAL
    rows: pl.DataFrame  # the lens's selection, with ``asserting``
    resolved: Resolved
    entities: Mapping[str, EntityRecord]  # by IRI
    sources: Mapping[str, SourceRecord]  # by id
    words: Mapping[str, str] = field(default_factory=dict)  # propositions as text
    closure: Closure | None = None  # what follows, unless the lens leaves it out

    def word(self, term: str) -> str:
        """A term as a reader knows it: a label, a proposition in words, the text of a literal."""
        if term in self.words:
            return self.words[term]
        kind, value, _, _ = split_term(term)
        return self.resolved.names.label(value) if kind == "iri" else value

    def facts(self) -> dict[str, Facts]:
        """What each proposition of the selection consists of."""
        columns = ("proposition", "subject", "predicate", "object", "restrictive")
        return {
            row[0]: (row[1], row[2], row[3], tuple((each["property"], each["value"]) for each in row[4] or ()))
            for row in self.rows.unique("proposition", keep="first", maintain_order=True).select(columns).iter_rows()
        }


def canonical(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the statement table (a selection by ``lens.select``) as the table of a state."""
    own = rows.filter(~pl.col("nested") & pl.col("statement").is_not_null())
    texts = [name for name in EVIDENCE if name not in ("recorded", "quotes")]
    first = [
        pl.col(_TERMS.get(name, {"said_at": "said_at_term"}.get(name, name))).first().alias(name) for name in IDENTITY
    ]
    grouped = own.group_by("statement").agg(
        *first,
        pl.col("recorded_day").min().alias("recorded"),
        *(pl.col(name).drop_nulls().unique().sort() for name in texts),
    )
    quotes = (
        own.select("statement", "quotes")
        .filter(pl.col("quotes").list.len() > 0)
        .explode("quotes")
        .group_by("statement")
        .agg(pl.col("quotes").drop_nulls().unique().sort())
    )
    lists = [name for name, dtype in CANONICAL.items() if isinstance(dtype, pl.List)]
    return (
        grouped.join(quotes, on="statement", how="left")
        .with_columns(pl.col(name).fill_null(pl.lit([], dtype=CANONICAL[name])) for name in lists)
        .select([pl.col(name).cast(dtype) for name, dtype in CANONICAL.items()])
        .sort("statement")
    )


def close_rows(rows: pl.DataFrame, resolved: Resolved) -> Closure:
    """The plain triples that ``rows`` assert and the declared types, with all that follows from them."""
    plain = rows.filter(pl.col("asserting") & (pl.col("restrictive").list.len().fill_null(0) == 0))
    types = ((iri(found.iri), TYPE, iri(kind)) for found in resolved.entities for kind in found.types)
    axioms = (triple for triples in resolved.names.ontology.graphs.values() for triple in triples)
    return close([*plain.select("subject", "predicate", "object").iter_rows(), *types], axioms)


def state_of(loaded: Loaded, lens: Lens, name: str) -> State:
    """The state of a loaded graph through a lens.

    :raises GraphBroken: when the graph holds errors.
    """
    loaded.require_sound()
    resolved = loaded.resolved
    rows = select(resolved.statements, lens, loaded.project.policy)
    words = proposition_labels(rows.unique("proposition", keep="first", maintain_order=True), resolved)
    language = loaded.project.language
    sources = {
        source.id: record
        for source in resolved.sources.values()
        if (not lens.sources or source.id in lens.sources) and (record := _source(source, loaded, lens)) is not None
    }
    entities = {
        record.iri: record
        for record in (
            _entity(found.iri, found.entity, found.types, found.source, language) for found in resolved.entities
        )
        if not record.source or record.source in sources
    }
    closure = close_rows(rows, resolved) if lens.inference else None
    return State(name, canonical(rows), rows, resolved, entities, sources, words, closure)


def _entity(address: str, entity: Entity, types: Iterable[str], source: str | None, language: str) -> EntityRecord:
    def literals(names: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        return tuple(sorted({f"{text}@{tag}" for text, tag in names}))

    shown = min(entity.labels, key=lambda label: (label[1] != language, label[0]))
    return EntityRecord(
        iri=address,
        id=entity.id,
        label=shown[0],
        labels=literals(entity.labels),
        aliases=literals(entity.aliases),
        types=tuple(sorted(set(types))),
        same_as=tuple(sorted(set(entity.same_as))),
        note=entity.note,
        source=source or "",
    )


def _source(source: Source, loaded: Loaded, lens: Lens) -> SourceRecord | None:
    """The source's record; None for one that the lens's day does not know yet."""
    day = published_day(source, loaded.project.time_zone)
    if lens.as_of and day and day > lens.as_of:
        return None
    names = loaded.resolved.names
    origins = {names.entity(text, source.id).iri for text in source.origin}
    gone = next((entry for entry in loaded.resolved.withdrawn if entry.source == source.id), None)
    if gone and lens.as_of and gone.on > lens.as_of:
        gone = None
    return SourceRecord(
        id=source.id,
        title=source.title,
        publisher=source.publisher,
        published=day.isoformat() if day else "",
        author=source.author,
        url=source.url,
        language=source.language,
        licence=source.licence,
        retrieved=source.retrieved,
        note=source.note,
        sha256=source.sha256 or loaded.lock.texts.get(source.id, ""),
        origin=tuple(sorted(address for address in origins if address)),
        withdrawn=gone.on.isoformat() if gone else "",
        why=gone.why if gone else "",
    )


def read_states(before: str, after: str, lens: Lens) -> tuple[State, State]:
    """The two states that ``before`` and ``after`` name: FOLDER, FOLDER@REVISION, or a build's folder.

    :raises GraphNotFound: when there is no such folder, or nothing to read in it.
    :raises GraphBroken: when one of the two holds errors.
    :raises OnRecordError: when the revision is not there, or the lens asks for a source that neither has.
    """
    with tempfile.TemporaryDirectory(prefix="onrecord-diff-") as aside:
        sides = [load_side(text, Path(aside) / str(number)) for number, text in enumerate((before, after))]
        known = {source for side in sides for source in side.resolved.sources}
        require_sources(lens.sources, known)
        first, second = (state_of(side, lens, text) for side, text in zip(sides, (before, after), strict=True))
    return first, second


def load_side(text: str, aside: Path) -> Loaded:
    """The graph that ``text`` names, as for :func:`read_states`; what git or a build holds is unpacked below ``aside``.

    :raises OnRecordError: when there is nothing to read.
    """
    path = Path(text)
    if (path / SETTINGS).exists():
        return _load_folder(path)
    if (path / MANIFEST).is_file():
        return _load_build(path, aside)
    revision = None if path.is_dir() else split_revision(text)
    if revision is not None:
        return _load_revision(revision, aside)
    if path.is_dir():
        raise GraphNotFound(f"{text or '.'}: this folder holds neither {SETTINGS} nor the {MANIFEST} of a build")
    raise GraphNotFound(f"{text}: there is no such folder")


def _load_folder(path: Path) -> Loaded:
    problems = Problems()
    return load(open_project(path, problems), problems)


def _load_revision(revision: Revision, aside: Path) -> Loaded:
    folder = extract(revision, aside)
    if not (folder / SETTINGS).exists():
        raise GraphNotFound(f"{revision.text}: this folder is no graph, it holds no {SETTINGS}")
    loaded = _load_folder(folder)
    # What is wrong there is said of the revision, not of the copy, which is gone in a moment.
    loaded.problems = [
        replace(problem, place=replace(problem.place, file=_renamed(problem.place.file, folder, revision.text)))
        for problem in loaded.problems
    ]
    return loaded


def _renamed(file: str, folder: Path, name: str) -> str:
    path = Path(file).absolute()
    return f"{name}:{path.relative_to(folder).as_posix()}" if path.is_relative_to(folder) else file


def _load_build(folder: Path, aside: Path) -> Loaded:
    """The statements of a build, read back from its TriG; nothing else of the graph need be there.

    :raises OnRecordError: when the build is not whole.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        name, base = str(manifest["graph"]), str(manifest["base"])
        path = folder / f"{name}.trig"
        whole = manifest["files"][path.name]["sha256"] == sha256_file(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OnRecordError(f"{folder}: this build cannot be read ({error}); run  onrecord build --exports") from error
    if not whole:
        raise OnRecordError(f"{path}: this is not the file that the build wrote; run  onrecord build")
    graphs: dict[str, list[ox.Quad]] = defaultdict(list)
    for quad in ox.parse(path.read_bytes(), ox.RdfFormat.TRIG):
        graphs[str(quad.graph_name.value)].append(quad)  # every quad of a build is in a named graph
    minter, problems = Minter(base), Problems()
    project = Project(
        folder=folder.absolute(),
        name=name,
        title=str(manifest.get("title", name)),
        base=base,
        languages=(_language(graphs[minter.graph("propositions")]),),
        policy=_policy(manifest),
        ontology_files=tuple(_ontologies(graphs, base, aside)),
    )
    ontology = load_ontologies(project, problems)
    rows, sources = StatementRows(), dict[str, Source]()
    quiet = Problems()  # a build without statements is no problem here

    def add_source(source: Source) -> None:
        sources[source.id] = source

    parse_statements(path, str(path), project, ontology, rows, sources, add_source, quiet)
    problems.extend(problem for problem in quiet.items if problem.code != "P032")
    entities = _entities(graphs[minter.graph("entities")], minter, project.language, str(path))
    parsed = Parsed(rows.frame(), rows.places, sources, entities, 1)
    resolved = resolve(parsed, ontology, project, problems)
    if has_errors(problems.items):
        raise GraphBroken(f"{path} cannot be read back", sort_problems(problems.items))
    return Loaded(project, resolved, Lock(), sort_problems(problems.items), 1)


def _policy(manifest: Mapping[str, Any]) -> AssertPolicy:
    """The policy that the manifest names, or the default one."""
    found = manifest.get("assert policy")
    if not isinstance(found, dict):
        return AssertPolicy()
    return AssertPolicy(frozenset(found["own voice"]), frozenset(found["speaker"]))


def _language(propositions: Iterable[ox.Quad]) -> str:
    """The language of the graph: the one in which its propositions are put into words."""
    label = f"{RDFS}label"
    found = Counter(
        quad.object.language
        for quad in propositions
        if quad.predicate.value == label and isinstance(quad.object, ox.Literal) and quad.object.language
    )
    return min(found, key=lambda tag: (-found[tag], tag), default="en")


def _ontologies(graphs: Mapping[str, list[ox.Quad]], base: str, aside: Path) -> list[Path]:
    """The ontologies of a build, each in a file of its own."""
    aside.mkdir(parents=True, exist_ok=True)
    out = []
    for name in sorted(graphs):
        if name == ONR.rstrip("#/"):
            out.append(bundled_ontologies()["onrecord"])  # its rules are those of the tool, as for any folder
            continue
        triples = [quad.triple for quad in graphs[name]]
        if any(
            triple.predicate.value == f"{RDF}type" and triple.object == ox.NamedNode(f"{OWL}Ontology")
            for triple in triples
        ) and not name.startswith(f"{base}graph/"):
            path = aside / f"{len(out)}-{local_name(name) or 'ontology'}.ttl"
            path.write_bytes(ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b"")
            out.append(path)
    return out


def _entities(quads: Iterable[ox.Quad], minter: Minter, language: str, file: str) -> list[Entity]:
    """The entities of a build, without its unnamed speakers, which stand with their sources."""
    head = f"<{minter.entity('')}"
    about: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for quad in quads:
        about[str(quad.subject)][quad.predicate.value].append(quad.object)

    def names(fields: Mapping[str, list[Any]], key: str) -> tuple[tuple[str, str], ...]:
        found = ((term.value, term.language or "") for term in fields.get(key, ()))
        return tuple(sorted(found, key=lambda name: (name[1] != language, name)))

    return [
        Entity(
            id=address.removeprefix(head).removesuffix(">"),
            place=Place(file),
            types=tuple(sorted(str(term) for term in fields.get(f"{RDF}type", ()))),
            labels=names(fields, f"{RDFS}label"),
            aliases=names(fields, f"{SKOS}altLabel"),
            same_as=tuple(sorted(term.value for term in fields.get(f"{SKOS}exactMatch", ()))),
            note=next((term.value for term in fields.get(f"{SKOS}editorialNote", ())), ""),
        )
        for address, fields in sorted(about.items())
        if address.startswith(head)
    ]
