"""Owns taking what is protected out of a graph: rows, names, hashes and texts, before anything is made of them.

Leaves who is protected to ``protected``. What comes out is a graph like any other, so that pages, data, search
and feed cannot hold what it does not. IRIs of what named somebody protected are hashed anew under a secret
(HMAC-SHA-256, https://www.rfc-editor.org/rfc/rfc2104): who does not have it cannot try names until one fits.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from onrecord.build import Loaded, dataset
from onrecord.check.evidence import is_free
from onrecord.errors import OnRecordError, Problems
from onrecord.lens import Lens
from onrecord.lock import Lock
from onrecord.model import AS_WRITTEN, STATEMENT_SCHEMA, Entity, Source
from onrecord.names import Names
from onrecord.ontology import UNNAMED_SPEAKER
from onrecord.protected import MASK, Protected
from onrecord.resolve import Resolved, ResolvedEntity
from onrecord.secret import SHORTEST
from onrecord.sources import Archive
from onrecord.terms import PREFIXES, iri, literal, local_name, split_term

Row = dict[str, Any]

_WORDS = ("prefix", "suffix", "translation", "hedge", "when_text", "note", "locator", "id", "curator")
"""Texts of a row that go when they speak of what is protected; of a row that names it they all go."""

_IDS = frozenset({"locator", "id"})
"""Those that may be addresses and names of files, where no capital marks a name."""

_VOCABULARIES = tuple(PREFIXES.values())

_OWN_HASH = re.compile(r"(?:(?<=/)|(?<=protected-))[0-9a-f]{12,32}(?![0-9a-z])")

_SAYING = ("said_when", "said_at_term", "said_to_terms")
"""Circumstances of an act of saying, which can tell who spoke."""


@dataclass(frozen=True)
class _Codes:
    """Names under the secret."""

    secret: bytes

    def code(self, text: str, digits: int) -> str:
        return hmac.new(self.secret, text.encode("utf-8"), hashlib.sha256).hexdigest()[:digits]

    def local_id(self, address: str) -> str:
        """The id of the stand-in for something protected."""
        return f"protected-{self.code(address, 12)}"

    def hashed(self, term: str) -> str:
        """The IRI of a proposition or statement with a hash that only the secret gives."""
        head = term[1:-1].rpartition("/")[0]
        return f"<{head}/{self.code(term, 32)}>"


def redact(loaded: Loaded, known: Protected, secret: bytes, folders: Iterable[Path] = ()) -> Loaded:
    """``loaded`` without anything that is ``known`` to be protected, and without what would give it away.

    Entities, speakers and sources are replaced by stand-ins without name and type. Statements that
    named them stay, without quote, note and circumstances of saying; others lose the quotes in which a
    protected name stands. ``folders`` are further ones with archived texts: one that speaks of what is
    protected is not shown.

    :raises OnRecordError: when a protected name stands where it cannot be taken out, such as in an id, or
        the secret is too short to be one.
    """
    if not known:
        return loaded
    if len(secret) < SHORTEST:
        raise OnRecordError(f"a secret has {SHORTEST} bytes or more")
    found = _Redaction(loaded, known, _Codes(secret), tuple(folders)).run()
    _require_clean(found, known | replaced(loaded, found))
    return found


def replaced(before: Loaded, after: Loaded) -> Protected:
    """The hashes that only ``before`` has: whoever knows the rules can work them out from a name."""
    was, now = (
        {term for name in ("statement", "proposition") for term in loaded.resolved.statements[name].drop_nulls()}
        for loaded in (before, after)
    )
    return Protected(marks=frozenset(local_name(term[1:-1]) for term in was - now))


def withheld(before: Loaded, after: Loaded) -> dict[str, str]:
    """Why ``after``, which is ``before`` redacted, keeps no quote of a statement that had one, by its IRI now."""
    out: dict[str, str] = {}
    kept: set[str] = set()
    columns = ("statement", "quotes")
    old, new = (loaded.resolved.statements.select(columns).iter_rows() for loaded in (before, after))
    for (was, quotes), (statement, left) in zip(old, new, strict=True):
        if statement and left:
            kept.add(statement[1:-1])
        elif statement and quotes:
            out.setdefault(statement[1:-1], "it names" if statement != was else "they speak of")
    return {name: why for name, why in out.items() if name not in kept}


class _Redaction:
    def __init__(self, loaded: Loaded, known: Protected, codes: _Codes, folders: tuple[Path, ...]) -> None:
        self.loaded, self.known, self.codes, self.folders = loaded, known, codes, folders
        self.resolved = loaded.resolved
        self.minter = loaded.resolved.names.minter
        self.stand_ins = {address: codes.local_id(address) for address in known.iris}
        self.rows = self.resolved.statements.to_dicts()
        self.hidden = self._hidden(self.rows)
        # Whoever knows the rules can work out the hashes of old; a note or a question may hold one.
        self.known = known | Protected(marks=frozenset(map(local_name, self._old_hashes())))

    def _old_hashes(self) -> Iterable[str]:
        for row in self.rows:
            if self._is_naming(row):
                yield from (term[1:-1] for term in (row["statement"],) if term)
        yield from (term[1:-1] for term in self.hidden)

    def run(self) -> Loaded:
        known, project = self.known, self.loaded.project
        # In the order of the new ids: where a stand-in is listed would tell what letter the old one began with.
        sources = {
            source.id: source
            for source in sorted(map(self._source, self.resolved.sources.values()), key=lambda source: source.id)
        }
        entities = sorted(self._entities(), key=lambda found: found.iri)
        names = self._names(entities, sources)
        resolved = Resolved(
            self._statements(),
            entities,
            sources,
            names,
            self.resolved.places,
            tuple(
                replace(entry, why=known.mask(entry.why), who=known.mask(entry.who))
                for entry in self.resolved.withdrawn
                if entry.source not in known.sources
            ),
        )
        masked = replace(
            project,
            title=known.mask(project.title),
            description=known.mask(project.description),
            licence=known.mask(project.licence),
            curator=known.mask(project.curator),
        )
        return Loaded(masked, resolved, self._lock(), [], self.loaded.files)

    # things

    def _term(self, term: str | None) -> str | None:
        """A term as it stands afterwards: a stand-in, a masked literal, or itself."""
        if term is None:
            return None
        if term.startswith('"'):
            _, text, datatype, language = split_term(term)
            return literal(self.known.mask(text), datatype=datatype, language=language) if self._tells(text) else term
        address = term[1:-1]
        if address not in self.stand_ins:
            return term
        local = self.stand_ins[address]
        is_source = address in self.resolved.names.source_ids
        return iri(self.minter.source(local) if is_source else self.minter.entity(local))

    def _tells(self, text: str | None) -> bool:
        return self.known.names_in(text)

    def _leads(self, text: str | None) -> bool:
        return self.known.leads_from(text)

    def _source_id(self, name: str) -> str:
        return self.stand_ins[self.minter.source(name)] if name in self.known.sources else name

    def _entities(self) -> Iterable[ResolvedEntity]:
        seen: set[str] = set()
        for found in self.resolved.entities:
            if found.iri in self.stand_ins:
                local = self.stand_ins[found.iri]
                types = (UNNAMED_SPEAKER,) if UNNAMED_SPEAKER in found.types else ()
                label = (f"protected {'speaker' if types else 'name'} {local[-6:]}", self.loaded.project.language)
                entity = Entity(local, found.entity.place, (), (label,))
                yield ResolvedEntity(self.minter.entity(local), entity, types)
                seen.add(local)
                continue
            mask = self.known.mask
            entity = replace(
                found.entity,
                labels=tuple((mask(text), tag) for text, tag in found.entity.labels),
                aliases=tuple((text, tag) for text, tag in found.entity.aliases if not self._tells(text)),
                same_as=tuple(address for address in found.entity.same_as if not self._leads(address)),
                note="" if self._tells(found.entity.note) else found.entity.note,
            )
            yield replace(found, entity=entity)

    def _source(self, source: Source) -> Source:
        known, mask = self.known, self.known.mask
        if source.id in known.sources:
            local = self._source_id(source.id)
            return Source(local, source.place, title=f"protected source {local[-6:]}")
        speakers = tuple(
            replace(speaker, label=mask(speaker.label), note="" if self._tells(speaker.note) else speaker.note)
            for speaker in source.speakers
            if self.resolved.names.merged.get(address := self.minter.entity(speaker.id, source.id), address)
            not in self.stand_ins
        )
        return replace(
            source,
            title=mask(source.title),
            publisher=mask(source.publisher),
            author=mask(source.author),
            published=mask(source.published),
            retrieved=mask(source.retrieved),
            url="" if self._leads(source.url) else source.url,
            text="" if self._leads(source.text) else source.text,
            note="" if self._tells(source.note) else source.note,
            licence="" if self._speaks_of_them(source) else mask(source.licence),
            origin=tuple(dict.fromkeys(self._origin(text, source.id) for text in source.origin)),
            speakers=speakers,
            left_out=tuple(
                left for left in source.left_out if not self._tells(left.quote) and not self._tells(left.reason)
            ),
        )

    def _origin(self, text: str, source: str) -> str:
        """How an origin is written afterwards, so that it is found again."""
        address = self.resolved.names.entity(text, source).iri
        return self.stand_ins.get(address, text) if address else text

    def _speaks_of_them(self, source: Source) -> bool:
        """Whether the text of a source, which its licence lets be shown, speaks of what is protected."""
        if not is_free(source.licence):
            return False
        archive = Archive(self.loaded.project.source_folders(self.folders), Problems())
        text = archive.find(source, self.loaded.lock.texts.get(source.id, ""))
        return text is not None and self._tells(text.content)

    def _names(self, entities: Iterable[ResolvedEntity], sources: Mapping[str, Source]) -> Names:
        before = self.resolved.names
        names = Names(before.ontology, before.minter)
        for found in entities:
            if found.source is None:
                names.add_entity(found.entity, found.iri, found.types)
        for source in sources.values():
            kinds = {
                speaker.id: next(iter(before.types.get(self.minter.entity(speaker.id, source.id), ())), UNNAMED_SPEAKER)
                for speaker in source.speakers
            }
            names.add_source(source, kinds)
        names.merged = {
            address: leader
            for address, leader in before.merged.items()
            if address not in self.stand_ins and leader not in self.stand_ins
        }
        return names

    def _lock(self) -> Lock:
        lock, gone = self.loaded.lock, self.known.sources
        return Lock(
            {name: value for name, value in lock.texts.items() if name not in gone},
            {name: value for name, value in lock.lengths.items() if name not in gone},
            {name: value for name, value in lock.sentences.items() if name not in gone},
            {key: quote for key, quote in lock.quotes.items() if key[0] not in gone},
        )

    # rows

    def _statements(self) -> pl.DataFrame:
        out = [self._row(row) for row in self.rows]
        return pl.DataFrame(out, schema=STATEMENT_SCHEMA).select(self.resolved.statements.columns)

    def _hidden(self, rows: list[Row]) -> set[str]:
        """The propositions that name what is protected, themselves or through others."""
        hidden: set[str] = set()
        grown = True
        while grown:
            size = len(hidden)
            hidden |= {
                row["proposition"]
                for row in rows
                if row["proposition"] and any(self._changes(term, hidden) for term in _parts(row))
            }
            grown = len(hidden) > size
        return hidden

    def _changes(self, term: str | None, hidden: set[str]) -> bool:
        return term is not None and (term in hidden or self._term(term) != term)

    def _is_veiled(self, row: Row) -> bool:
        """Whether a row is of a protected source, or on a protected speaker's word."""
        speakers = [*(row["said_by_terms"] or ()), *(row["via_terms"] or ()), *(row["origin_terms"] or ())]
        return row["source"] in self.known.sources or any(self._changes(value, self.hidden) for value in speakers)

    def _is_naming(self, row: Row) -> bool:
        """Whether a row names what is protected anywhere, so that its hash does."""
        others = [row["said_at_term"], *(row["said_to_terms"] or ()), row["condition"], *_values(row["additive"])]
        return (
            row["proposition"] in self.hidden
            or self._is_veiled(row)
            or any(self._changes(value, self.hidden) for value in others)
        )

    def _row(self, row: Row) -> Row:
        hidden, naming, veiled = self.hidden, self._is_naming(row), self._is_veiled(row)
        about = any(self._changes(part, hidden) for part in _parts(row) if not _is_text(part))

        def term(value: str | None) -> str | None:
            return self.codes.hashed(value) if value in hidden and value is not None else self._term(value)

        def terms(values: list[str] | None) -> list[str | None] | None:
            return None if values is None else [term(value) for value in values]

        def value(found: str | None) -> str | None:
            """A value in a proposition: of one that is protected it may be an address, or a day of birth."""
            return _masked(found) if about and _is_text(found) else term(found)

        out = dict(row)
        for name in ("subject", "predicate", "said_at_term"):
            out[name] = term(row[name])
        out["object"] = value(row["object"])
        words = naming and _is_text(row["condition"])
        out["condition"] = _masked(row["condition"]) if words else term(row["condition"])
        for name in ("said_by_terms", "via_terms", "said_to_terms", "origin_terms"):
            out[name] = terms(row[name])
        for name, changed in (("restrictive", value), ("additive", term)):
            kept = [each for each in row[name] or () if not (naming and name == "additive" and _is_text(each["value"]))]
            out[name] = None if row[name] is None else [{**each, "value": changed(each["value"])} for each in kept]
        out["proposition"] = term(row["proposition"])
        if naming and row["statement"]:
            out["statement"] = self.codes.hashed(row["statement"])
        out["source"] = self._source_id(row["source"]) if row["source"] else row["source"]
        if row["source"] in self.known.sources:
            out["source_iri"] = self.minter.source(out["source"])
            out |= dict.fromkeys(("recorded", "recorded_day", "curated"))
            out["language"] = self.loaded.project.language
        self._forget(out, naming=naming, veiled=veiled)
        return out

    def _forget(self, row: Row, *, naming: bool, veiled: bool) -> None:
        """Drop the words of a row that would give away whom it names."""
        framed = self._tells(row["prefix"]) or self._tells(row["suffix"])
        if naming or framed:
            row["quotes"] = None
        elif row["quotes"]:
            row["quotes"] = [quote for quote in row["quotes"] if not self._tells(quote)] or None
        for name in _WORDS:
            if naming or self._tells(row[name]) or (name in _IDS and self._leads(row[name])):
                row[name] = None
        if veiled:
            row |= dict.fromkeys(_SAYING)
        blank = ("line", "column", "file")
        row |= {name: None for name in AS_WRITTEN if name not in blank}
        if naming or self._leads(self.resolved.places.inner(row["file"])):
            row |= {"file": "", "line": 0, "column": 0}


def _parts(row: Row) -> Iterable[str | None]:
    """What a proposition is made of."""
    yield row["subject"]
    yield row["predicate"]
    yield row["object"]
    yield from _values(row["restrictive"])


def _values(qualifiers: list[dict[str, str]] | None) -> Iterable[str]:
    return (each["value"] for each in qualifiers or ())


def _is_text(term: str | None) -> bool:
    return term is not None and term.startswith('"')


def _masked(term: str | None) -> str:
    """A literal that says nothing, in the language of ``term``."""
    return literal(MASK, language=split_term(term or '""')[3])


def _require_clean(found: Loaded, known: Protected) -> None:
    """Whether nothing protected is left in the data that anything is made of.

    Ontologies are published as they are: of them only a whole name of several words is too much.
    """
    names = found.resolved.names
    minter, ontology = names.minter, names.ontology
    addresses = known.iris | {minter.graph(f"source/{source}") for source in known.sources}
    below = tuple(minter.entity("", source) for source in known.sources)
    quads = dataset(found, Lens())
    axioms = quads["graph"].is_in([iri(graph) for graph in ontology.graphs])
    defined = {term for name in ("subject", "object") for term in quads.filter(axioms)[name].unique()}
    whole = Protected(phrases=frozenset(name for name in known.names | known.phrases if len(name.split()) > 1))
    for term in sorted(defined):
        if whole.names_in(split_term(term)[1]):
            raise OnRecordError(f'a protected name stands in an ontology, in "{split_term(term)[1]}": reword it')
    terms = {term for name in ("graph", "subject", "object") for term in quads.filter(~axioms)[name].unique()}
    for term in sorted(terms - defined):
        kind, value, _, _ = split_term(term)
        if kind != "iri":
            told = known.names_in(value)
        elif value.startswith(minter.base):
            told = known.leads_from(_OWN_HASH.sub("", value.removeprefix(minter.base)))
            told = told or value in addresses or value.startswith(below) or local_name(value) in known.marks
        else:
            told = not value.startswith(_VOCABULARIES) and known.leads_from(value)
        if told:
            raise OnRecordError(
                f'a protected name still stands in "{value}": mark that as protected too, or give it another id or name'
            )
    if known.leads_from(f"{found.project.name} {minter.base}"):
        raise OnRecordError("a protected name stands in the graph's own name or base: give it another one")
