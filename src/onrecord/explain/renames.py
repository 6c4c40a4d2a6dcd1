"""Owns what happened to the names of a graph: entities and sources that came, went, changed or became others.

Leaves statements to ``changes``, which reads those of before under the names of today.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from onrecord.explain.diff import Difference, Record, ThingChange, frozen
from onrecord.explain.states import EntityRecord, SourceRecord, State
from onrecord.terms import iri

TERMED = frozenset(
    {"proposition", "subject", "object", "restrictive", "additive", "said_by", "via", "said_at", "said_to", "origin"}
    | {"condition"}
)
"""Columns of terms that a new name of an entity or source changes."""


class Renames:
    """Reads what stands in the state of before under the names of today."""

    def __init__(
        self, before: State, after: State, entity_map: Mapping[str, str], source_map: Mapping[str, str]
    ) -> None:
        self.sources = source_map
        self.known: dict[str, str] = {}
        old, new = before.resolved.names.minter, after.resolved.names.minter
        documents = {old.source(name): new.source(heir) for name, heir in source_map.items()}
        self.terms = {iri(name): iri(heir) for name, heir in {**entity_map, **documents}.items()}
        self.facts = before.facts() if self.terms else {}
        self.by_facts = {facts: name for name, facts in after.facts().items()} if self.terms else {}

    def term(self, value: str) -> str:
        """The term of today; a proposition is known again by what it consists of."""
        if not self.terms:
            return value
        waiting = [value]
        while waiting:
            name = waiting[-1]
            if name not in self.known and name in self.facts:
                subject, predicate, obj, narrowed = self.facts[name]
                inner = [part for part in (subject, obj, *(each for _, each in narrowed)) if part not in self.known]
                if inner:
                    waiting += inner
                    continue
                now = tuple(sorted((prop, self.known[each]) for prop, each in narrowed))
                self.known[name] = self.by_facts.get((self.known[subject], predicate, self.known[obj], now), name)
            self.known.setdefault(name, self.terms.get(name, name))
            waiting.pop()
        return self.known[value]

    def record(self, record: Record) -> Record:
        """A row of the canonical table under the names of today."""
        if not self.terms:
            return record
        return {name: self._value(name, value) for name, value in record.items()}

    def _value(self, name: str, value: Any) -> Any:
        if name == "source":
            return self.sources.get(value, value)
        if value is None or name not in TERMED:
            return value
        if not isinstance(value, list):
            return self.term(value)
        items = [
            {**item, "value": self.term(item["value"])} if isinstance(item, dict) else self.term(item) for item in value
        ]
        return items if name == "via" else sorted(items, key=frozen)


def compare_entities(
    before: State, after: State, source_map: Mapping[str, str]
) -> tuple[list[ThingChange], dict[str, str]]:
    """What happened to entities, and which IRIs of old are which of today.

    Unnamed speakers that moved with their source are told with the source.
    """
    speakers = {(record.source, record.id): record.iri for record in after.entities.values() if record.source}
    moved = {
        record.iri: speakers[source_map[record.source], record.id]
        for record in before.entities.values()
        if (source_map.get(record.source, ""), record.id) in speakers
    }
    heirs_of_moved = set(moved.values()) - set(before.entities)
    old = {address: record for address, record in before.entities.items() if address not in moved}
    new = {address: record for address, record in after.entities.items() if address not in heirs_of_moved}
    called: dict[str, set[str]] = defaultdict(set)
    for record in new.values():
        for name in _names(record):
            called[name].add(record.iri)
    merged: dict[str, str] = {}
    for address in sorted(set(old) - set(new)):
        record = old[address]
        known_as = {record.id, *(label.rpartition("@")[0] for label in record.labels), *record.same_as}
        heirs = {heir for name in known_as for heir in called[name]}
        heirs = {heir for heir in heirs if new[heir].source == record.source}
        if len(heirs) == 1:
            merged[address] = heirs.pop()
    out = [
        ThingChange("merged" if heir in old else "given a new id", old[address].id, old[address].label, new[heir].id)
        for address, heir in merged.items()
    ]
    rekeyed = {heir for heir in merged.values() if heir not in old}
    out += [ThingChange("removed", old[gone].id, old[gone].label) for gone in set(old) - set(new) - set(merged)]
    out += [ThingChange("added", new[come].id, new[come].label) for come in set(new) - set(old) - rekeyed]
    for address in set(old) & set(new):
        differences = tuple(_differing(old[address], new[address], after))
        if differences:
            renamed = old[address].labels != new[address].labels
            out.append(
                ThingChange("renamed" if renamed else "changed", new[address].id, new[address].label, "", differences)
            )
    return out, merged | moved


def _names(record: EntityRecord) -> set[str]:
    return {record.id, *(name.rpartition("@")[0] for name in (*record.labels, *record.aliases)), *record.same_as}


def compare_sources(before: State, after: State) -> tuple[list[ThingChange], dict[str, str]]:
    """What happened to sources, and which ids of old are which of today."""
    old, new = before.sources, after.sources
    alike: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for record in new.values():
        for key in _likeness(record):
            alike[key].add(record.id)
    merged: dict[str, str] = {}
    for name in sorted(set(old) - set(new)):
        heirs = {heir for key in _likeness(old[name]) for heir in alike[key]}
        if len(heirs) == 1:
            merged[name] = heirs.pop()
    out = [
        ThingChange("merged" if heir in old else "given a new id", name, old[name].title, heir)
        for name, heir in merged.items()
    ]
    rekeyed = {heir for heir in merged.values() if heir not in old}
    out += [ThingChange("removed", name, old[name].title) for name in set(old) - set(new) - set(merged)]
    out += [ThingChange("added", name, new[name].title) for name in set(new) - set(old) - rekeyed]
    for name in set(old) & set(new):
        differences = tuple(_differing(old[name], new[name], after))
        if differences:
            was, now = bool(old[name].withdrawn), bool(new[name].withdrawn)
            kind = "changed" if was == now else "withdrawn" if now else "reinstated"
            out.append(ThingChange(kind, name, new[name].title, "", differences))
    return out, merged


def _likeness(record: SourceRecord) -> Iterator[tuple[str, ...]]:
    """By what a source is known again under another id: its text, or title, publisher and day."""
    if record.sha256:
        yield ("sha256", record.sha256)
    if record.title and record.published:
        yield ("title", record.title, record.publisher, record.published)


def _differing(
    old: EntityRecord | SourceRecord, new: EntityRecord | SourceRecord, state: State
) -> Iterator[Difference]:
    for each in fields(old):
        first, second = getattr(old, each.name), getattr(new, each.name)
        if first == second or each.name == "label":  # the label is one of the labels
            continue
        yield Difference(each.name.replace("_", " "), _listed(first, state), _listed(second, state))


def _listed(value: str | Sequence[str], state: State) -> str:
    if isinstance(value, str):
        return value
    names = state.resolved.names
    return "; ".join(
        names.label(item) if names.is_known(item) or item in names.ontology.individuals else item for item in value
    )
