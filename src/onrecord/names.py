"""Owns the names by which a graph's entities, sources, speakers, properties and classes are known.

Leaves replacing names in the statement table to ``resolve``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from onrecord.errors import OnRecordError, Place, Problems
from onrecord.model import Entity, Source
from onrecord.nearest import did_you_mean, nearest_names
from onrecord.ontology import Ontology
from onrecord.terms import Minter

NEAR = 9
"""So many names like an unknown one are weighed; several may mean the same."""


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome of a look-up: an IRI, or the IRIs that the name could mean, or the nearest names."""

    iri: str | None = None
    choices: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()


@dataclass(slots=True)
class Names:
    """Every name of a graph, exact to the letter."""

    ontology: Ontology
    minter: Minter
    labels: dict[str, str] = field(default_factory=dict)  # IRI -> the label that views show
    types: dict[str, tuple[str, ...]] = field(default_factory=dict)  # IRI -> class IRIs
    by_name: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    by_source: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    source_ids: dict[str, str] = field(default_factory=dict)  # IRI -> id
    merged: dict[str, str] = field(default_factory=dict)  # IRI -> the IRI that stands for it, by judgement
    lost: frozenset[str] | None = frozenset()  # what entities that cannot be read are called; None: nobody knows
    sources_lost: bool = False  # True: a file cannot be read in which sources may be described

    def add_entity(self, entity: Entity, iri: str, types: Iterable[str]) -> None:
        """Make an entity known under its id, labels and aliases."""
        self.labels[iri] = entity.labels[0][0]
        self.types[iri] = tuple(types)
        for name in {entity.id, *(text for text, _ in (*entity.labels, *entity.aliases))}:
            if iri not in self.by_name[name]:
                self.by_name[name].append(iri)

    def add_source(self, source: Source, speaker_types: dict[str, str]) -> None:
        """Make a source known, and its unnamed speakers within it."""
        iri = self.minter.source(source.id)
        self.labels[iri] = source.title or source.id
        self.source_ids[iri] = source.id
        mine: dict[str, list[str]] = defaultdict(list)
        for speaker in source.speakers:
            speaker_iri = self.minter.entity(speaker.id, source.id)
            self.labels[speaker_iri] = speaker.label
            self.types[speaker_iri] = (speaker_types[speaker.id],)
            for name in {speaker.id, speaker.label}:
                mine[name].append(speaker_iri)
        self.by_source[source.id] = dict(mine)

    def is_known(self, iri: str) -> bool:
        """Whether the graph or one of its ontologies describes ``iri``."""
        return iri in self.labels or iri in self.ontology.classes or iri in self.ontology.properties

    def is_lost(self, text: str) -> bool:
        """Whether ``text`` may be what an entity is called that could not be read, which is a problem already."""
        return self.lost is None or text in self.lost

    def label(self, iri: str) -> str:
        """What to call ``iri`` in front of people."""
        return self.labels.get(iri) or self.ontology.label(iri)

    def prefixes(self) -> dict[str, str]:
        """All prefixes that names and queries may use."""
        return {**self.ontology.prefixes, **self.minter.prefixes()}

    def expand(self, text: str) -> str | None:
        """The IRI of a CURIE or of an IRI in angle brackets; None for anything else."""
        if text.startswith("<") and text.endswith(">"):
            return text[1:-1]
        prefix, colon, local = text.partition(":")
        namespace = self.prefixes().get(prefix) if colon else None
        return namespace + local if namespace is not None and local and " " not in text else None

    def choices(self, text: str, source: str | None = None) -> tuple[str, ...]:
        """The IRIs that ``text`` could mean as an entity, a source, or a speaker of ``source``."""
        own = self.by_source.get(source or "", {}).get(text, ())
        iris = self._one_each([*own, *self.by_name.get(text, ())])
        if iris:
            return tuple(sorted(iris))
        iri = self.expand(text)
        if iri is not None and self.is_known(iri):
            return (self.merged.get(iri, iri),)
        if source is None:
            everywhere = (iri for mine in self.by_source.values() for iri in mine.get(text, ()))
            return tuple(sorted(self._one_each(everywhere)))
        return ()

    def entity(self, text: str, source: str | None = None) -> Found:
        """Look up an entity, a source, or a speaker of ``source``."""
        iris = self.choices(text, source)
        if not iris:
            return Found(nearest=self._nearest(text, source))
        return Found(iris[0]) if len(iris) == 1 else Found(choices=iris)

    def require_entity(self, text: str) -> str:
        """The IRI of the one entity, source or speaker of that name.

        :raises OnRecordError: when there is none, or several, with the names to choose from.
        """
        return self._required(self.entity(text), text, "entity", "entities")

    def require_property(self, text: str) -> str:
        """The IRI of the one property of that name; raises as :meth:`require_entity` does."""
        return self._required(self.property(text), text, "property", "properties")

    def require_type(self, text: str) -> str:
        """The IRI of the one class of that name; raises as :meth:`require_entity` does."""
        return self._required(self.type(text), text, "class", "classes")

    def _required(self, found: Found, text: str, one: str, many: str) -> str:
        if found.iri is not None:
            return found.iri
        if found.choices:
            ways = [f'"{self.choose(choice)}" ({self.label(choice)})' for choice in found.choices]
            raise OnRecordError(f'{len(ways)} {many} are called "{text}": write {", ".join(ways[:-1])} or {ways[-1]}')
        near = did_you_mean(text, found.nearest)
        raise OnRecordError(f'no {one} is called "{text}"' + (f": {near}" if near else ""))

    def _one_each(self, iris: Iterable[str]) -> list[str]:
        """The IRIs that stand for ``iris``, each once."""
        return list(dict.fromkeys(self.merged.get(iri, iri) for iri in iris))

    def _nearest(self, text: str, source: str | None) -> tuple[str, ...]:
        """The names most like ``text``, one for each thing that they name."""
        mine = self.by_source.get(source or "", {})
        near = self._near(text, mine)
        meant = self._meant(near)
        return _one_name_each(near, {name: [*meant.get(name, ()), *mine.get(name, ())] for name in near})

    def _near(self, text: str, more: Iterable[str]) -> list[str]:
        """The names most like ``text``, of all entities and of ``more``."""
        return nearest_names(text, [*self.by_name, *more], NEAR)

    def _meant(self, names: Iterable[str]) -> Mapping[str, Iterable[str]]:
        """The entities that go by each of ``names``, where any does."""
        return self.by_name

    def property(self, text: str) -> Found:
        """Look up a property by label, alternative label, CURIE or IRI."""
        iris = self.ontology.property_names.get(text, [])
        if len(iris) == 1:
            return Found(iris[0])
        if iris:
            return Found(choices=tuple(sorted(iris)))
        iri = self.expand(text)
        if iri in self.ontology.properties:
            return Found(iri)
        return Found(nearest=self._nearest_term(text, self.ontology.property_names))

    def type(self, text: str) -> Found:
        """Look up a class by label, alternative label, CURIE or IRI."""
        iris = self.ontology.class_names.get(text, [])
        if len(iris) == 1:
            return Found(iris[0])
        if iris:
            return Found(choices=tuple(sorted(iris)))
        iri = self.expand(text)
        if iri in self.ontology.classes:
            return Found(iri)
        return Found(nearest=self._nearest_term(text, self.ontology.class_names))

    def _nearest_term(self, text: str, known: Mapping[str, list[str]]) -> tuple[str, ...]:
        """The properties or classes most like ``text``, each by its label where that is near enough."""
        near = nearest_names(text, known, NEAR)
        labels = [name for name in near if self.ontology.label(known[name][0]) == name]
        first = {name: next((label for label in labels if known[label] == known[name]), name) for name in near}
        return _one_name_each((first[name] for name in near), known)

    def graphs(self) -> list[str]:
        """The named graphs that a dataset may have; a lens can leave some of them empty."""
        own = ("entities", "propositions", "asserted", "inferred", *(f"source/{each}" for each in self.by_source))
        return [*(self.minter.graph(name) for name in own), *self.ontology.graphs]

    def compact(self, iri: str) -> str:
        """The CURIE of an IRI, or the IRI in angle brackets where no prefix fits."""
        best = max(
            ((ns, prefix) for prefix, ns in self.prefixes().items() if iri.startswith(ns)),
            default=None,
            key=lambda p: len(p[0]),
        )
        if best and is_plain_local(iri[len(best[0]) :]):
            return f"{best[1]}:{iri[len(best[0]) :]}"
        return f"<{iri}>"

    def choose(self, iri: str) -> str:
        """How to write an IRI so that it means nothing else: the id of an entity, else the CURIE."""
        head = f"{self.minter.base}entity/"
        if iri.startswith(head) and ":" not in iri[len(head) :] and len(self.by_name.get(iri[len(head) :], ())) == 1:
            return iri[len(head) :]
        return self.compact(iri)


def _one_name_each(near: Iterable[str], meanings: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Up to three of the names ``near``, one for each thing, or group of things, that they mean."""
    chosen: dict[tuple[str, ...], str] = {}
    for name in near:
        chosen.setdefault(tuple(sorted(set(meanings[name]))), name)
    return tuple(chosen.values())[:3]


def is_plain_local(local: str) -> bool:
    """Whether ``local`` can follow a prefix in Turtle without escapes."""
    return bool(local) and local.isascii() and local.replace("-", "").replace("_", "").isalnum() and local[0] != "-"


def report_name(found: Found, text: str, what: str, place: Place, names: Names, problems: Problems) -> None:
    """Add R001 (unknown name) or R002 (ambiguous name) for a failed look-up."""
    if found.choices:
        ways = [f'"{names.choose(choice)}" ({names.label(choice)})' for choice in found.choices]
        problems.error(
            "R002", place, f'{len(ways)} {what} are called "{text}"', f"write {', '.join(ways[:-1])} or {ways[-1]}"
        )
        return
    if names.is_lost(text) if what == "entities" else not names.ontology.is_whole:
        return  # it may stand in the file that cannot be read, which is a problem already
    one, elsewhere = {
        "entities": ("entity", "declare it in entities.yaml"),
        "properties": ("property", "use a property of the graph's ontologies, or add one to them"),
        "classes": ("class", "use a class of the graph's ontologies, or add one to them"),
    }[what]
    fix = did_you_mean(text, found.nearest) or elsewhere
    problems.error("R001", place, f'no {one} is called "{text}"', fix)
