"""Owns what changed between two states of a graph, as an editor would say it.

Leaves reading the states to ``states`` and telling the changes to ``changelog``. Every change of a
statement carries its record before and after, so that a diff can be applied: it is complete.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import polars as pl

from onrecord.errors import OnRecordError
from onrecord.explain.corroboration import below, corroborate, read_weights, typed
from onrecord.explain.disagreements import CONFLICT
from onrecord.explain.disagreements import disagree as find_disagreements
from onrecord.explain.states import CANONICAL, EVIDENCE, IDENTITY, EntityRecord, SourceRecord, State
from onrecord.infer import TYPE, Triple
from onrecord.resolve import Resolved
from onrecord.terms import ONR, UNIT, iri

Record = dict[str, Any]
"""A row of the canonical table."""

KINDS: dict[str, str] = {
    "added": "a statement that was not on record before",
    "withdrawn": "a statement that is gone",
    "hardened": "the same source puts it more firmly, or no longer on a condition",
    "softened": "the same source puts it less firmly, or on a condition",
    "reversed": "the same source now says the opposite",
    "reworded": "the same quote is put as another proposition",
    "redated": "it holds, was said or went on record at another time",
    "reattributed": "another speaker, messenger, addressee, place of saying or origin",
    "requoted": "it rests on another quote",
    "edited": "hedge, translation, note or another remark changed",
    "carried over": "the same claim, under the new name of an entity or source",
}
"""What can happen to a statement, in the order in which it is told."""

TURNS: dict[str, str] = {
    "now stands as fact": "some statement of it asserts it, and none did",
    "no longer stands as fact": "no statement of it asserts it any more",
    "now follows": "the ontologies entail it, and did not",
    "no longer follows": "nothing entails it any more",
    "newly corroborated": "a second source or origin says so",
    "no longer corroborated": "a single source or origin is left",
    "newly disputed": "statements of it disagree, and did not",
    "no longer disputed": "nothing on record disagrees any more",
}
"""What can happen to a proposition."""

_TIMES = frozenset({"when", "said_when", "recorded"})
_VOICES = frozenset({"said_by", "via", "said_at", "said_to", "origin"})
_REMARKS = tuple(name for name in EVIDENCE if name not in ("recorded", "quotes"))
_PARTS = ("subject", "predicate", "object", "restrictive")
_ORDER = {kind: number for number, kind in enumerate((*KINDS, *TURNS))}


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that changed, in words on both sides; several values are joined by ``; ``."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one statement; ``before`` or ``after`` is None where there is none."""

    kind: str
    text: str
    source: str
    differences: tuple[Difference, ...]
    before: Record | None
    after: Record | None

    @property
    def record(self) -> Record:
        """The statement as it is now, or as it was last."""
        return self.after or self.before or {}


@dataclass(frozen=True, slots=True)
class Turn:
    """What happened to a proposition as a whole, or to the two that disagree."""

    kind: str
    propositions: tuple[str, ...]
    text: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class ThingChange:
    """What happened to an entity or a source: ``added``, ``removed``, ``renamed``, ``changed``, ``merged``,
    ``given a new id``; sources also ``withdrawn`` and ``reinstated``. ``into`` is what it is part of now.
    """

    kind: str
    id: str
    label: str
    into: str = ""
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything that changed; false when nothing did."""

    before: str
    after: str
    statements: tuple[Change, ...] = ()
    propositions: tuple[Turn, ...] = ()
    entities: tuple[ThingChange, ...] = ()
    sources: tuple[ThingChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.statements or self.propositions or self.entities or self.sources)

    def counts(self) -> dict[str, dict[str, int]]:
        """How often each kind of change happened, to statements, propositions, entities and sources."""
        out: dict[str, dict[str, int]] = {}
        for name in ("statements", "propositions", "entities", "sources"):
            found = Counter(item.kind for item in getattr(self, name))
            out[name] = {kind: found[kind] for kind in sorted(found, key=lambda kind: (_ORDER.get(kind, 0), kind))}
        return out

    def as_dict(self) -> dict[str, Any]:
        """The diff as plain values; :func:`read_diff` turns them back."""
        return {
            "before": self.before,
            "after": self.after,
            "counts": self.counts(),
            "statements": [
                {**_plain(change), "before": _dated(change.before), "after": _dated(change.after)}
                for change in self.statements
            ],
            "propositions": [_plain(turn) for turn in self.propositions],
            "entities": [_plain(change) for change in self.entities],
            "sources": [_plain(change) for change in self.sources],
        }


def _plain(item: Change | Turn | ThingChange) -> dict[str, Any]:
    values = {each.name: getattr(item, each.name) for each in fields(item)}
    return values | {"differences": [asdict(each) for each in item.differences]}


def _dated(record: Record | None) -> Record | None:
    if record is None:
        return None
    return record | {"recorded": record["recorded"].isoformat() if record["recorded"] else None}


def read_diff(data: Mapping[str, Any]) -> Diff:
    """The diff that :meth:`Diff.as_dict` wrote.

    :raises OnRecordError: when ``data`` is no diff.
    """

    def record(values: Mapping[str, Any] | None) -> Record | None:
        if values is None:
            return None
        day = values["recorded"]
        return {name: values[name] for name in CANONICAL} | {"recorded": dt.date.fromisoformat(day) if day else None}

    def told(values: Mapping[str, Any]) -> dict[str, Any]:
        return {**values, "differences": tuple(Difference(**each) for each in values["differences"])}

    try:
        return Diff(
            data["before"],
            data["after"],
            tuple(
                Change(**{**told(each), "before": record(each["before"]), "after": record(each["after"])})
                for each in data["statements"]
            ),
            tuple(Turn(**{**told(each), "propositions": tuple(each["propositions"])}) for each in data["propositions"]),
            tuple(ThingChange(**told(each)) for each in data["entities"]),
            tuple(ThingChange(**told(each)) for each in data["sources"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise OnRecordError(f"this is no diff: {error!r}") from error


def apply(table: pl.DataFrame, diff: Diff) -> pl.DataFrame:
    """The canonical table that comes out when the changes of ``diff`` are made to ``table``.

    :raises OnRecordError: when ``table`` is not the one that the diff begins with.
    """
    gone = [change.before for change in diff.statements if change.before is not None]
    new = [change.after for change in diff.statements if change.after is not None]
    names = [record["statement"] for record in gone]
    hit = table.filter(pl.col("statement").is_in(names))
    if not hit.equals(pl.DataFrame(gone, schema=CANONICAL, orient="row").sort("statement")):
        raise OnRecordError("the diff begins with other statements than the table holds")
    kept = table.filter(~pl.col("statement").is_in(names))
    out = pl.concat([kept, pl.DataFrame(new, schema=CANONICAL, orient="row")]).sort("statement")
    if out["statement"].n_unique() != out.height:
        raise OnRecordError("the diff adds statements that the table holds already")
    return out


def compare(before: State, after: State) -> Diff:
    """What changed from one state to the other; sorted, and empty between a state and itself."""
    sources, source_map = _sources(before, after)
    entities, entity_map = _entities(before, after, source_map)
    names = _Names(before, after, entity_map, source_map)
    statements = _statements(before, after, names)
    return Diff(
        before.name,
        after.name,
        tuple(sorted(statements, key=_statement_key)),
        tuple(sorted(_turns(before, after, names), key=lambda turn: (_ORDER[turn.kind], turn.text, turn.propositions))),
        tuple(sorted(entities, key=lambda change: (change.kind, change.label, change.id))),
        tuple(sorted(sources, key=lambda change: (change.kind, change.label, change.id))),
    )


def _statement_key(change: Change) -> tuple[int, str, str, str]:
    return _ORDER[change.kind], change.source, change.text, change.record["statement"]


# --- statements


def _statements(before: State, after: State, names: _Names) -> Iterator[Change]:
    old, new = before.table, after.table
    gone = old.join(new.select("statement"), on="statement", how="anti").to_dicts()
    come = new.join(old.select("statement"), on="statement", how="anti").to_dicts()
    strength = read_weights(after.resolved.names.ontology).strength
    left = [(record, names.record(record)) for record in gone]
    for key in _PASSES:
        pairs, left, come = _paired(left, come, key)
        yield from (_change(record, seen, found, before, after, strength) for record, seen, found in pairs)
    for record, _ in left:
        yield Change("withdrawn", _sentence(record, before), record["source"], (), record, None)
    for record in come:
        yield Change("added", _sentence(record, after), record["source"], (), None, record)
    yield from _edited(before, after, strength)


def _against(record: Record) -> bool:
    """Whether the statement says that it is not so."""
    return bool(record["negated"]) or record["status"] == "denied"


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return tuple(sorted(value.items())) if isinstance(value, dict) else value


def _same(*names: str) -> Callable[[Record], tuple[Any, ...] | None]:
    return lambda record: tuple(_frozen(record[name]) for name in names)


def _claim(record: Record, *more: str) -> tuple[Any, ...]:
    return (record["source"], record["proposition"], _against(record), *(_frozen(record[name]) for name in more))


_CLAIM = tuple(name for name in IDENTITY if name not in ("source", "proposition", "status", "negated", *_PARTS))

_PASSES: tuple[Callable[[Record], tuple[Any, ...] | None], ...] = (
    _same(*IDENTITY, *EVIDENCE),  # under another name of an entity or a source
    _same(*IDENTITY),
    lambda record: _claim(record, *_CLAIM, "quotes"),
    lambda record: _claim(record, *_CLAIM),
    lambda record: _claim(record, "quotes", "status"),
    lambda record: _claim(record, "quotes"),
    lambda record: _claim(record, "status"),
    _claim,
    lambda record: (record["source"], record["proposition"], _frozen(record["quotes"])),
    lambda record: (record["source"], record["proposition"]),
    lambda record: _quoted(record, "predicate", "status", "negated", *_CLAIM),
    lambda record: _quoted(record, "predicate"),
    lambda record: _quoted(record),
)
"""By what a statement that is gone finds the one that took its place, the closest likeness first."""


def _quoted(record: Record, *more: str) -> tuple[Any, ...] | None:
    if not record["quotes"]:
        return None
    return (record["source"], *(_frozen(record[name]) for name in ("quotes", *more)))


def _paired(
    gone: list[tuple[Record, Record]], come: list[Record], key: Callable[[Record], tuple[Any, ...] | None]
) -> tuple[list[tuple[Record, Record, Record]], list[tuple[Record, Record]], list[Record]]:
    """Pairs with equal keys, in the order of the statements' IRIs, and what is left on both sides."""
    waiting: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for record in come:
        at = key(record)
        if at is not None:
            waiting[at].append(record)
    pairs, left = [], []
    taken = set()
    for record, seen in gone:
        at = key(seen)
        found = waiting.get(at) if at is not None else None
        if found:
            match = found.pop(0)
            taken.add(match["statement"])
            pairs.append((record, seen, match))
        else:
            left.append((record, seen))
    return pairs, left, [record for record in come if record["statement"] not in taken]


def _change(
    record: Record, seen: Record, found: Record, before: State, after: State, strength: Mapping[str, int]
) -> Change:
    """The change from ``record`` (``seen`` under the names of today) to ``found``."""
    differing = {name for name in (*IDENTITY, *EVIDENCE) if seen[name] != found[name]}
    return Change(
        _kind(seen, found, differing, strength),
        _sentence(found, after),
        found["source"],
        tuple(_differences(record, found, differing, before, after)),
        record,
        found,
    )


def _kind(old: Record, new: Record, differing: set[str], strength: Mapping[str, int]) -> str:
    if not differing:
        return "carried over"
    if "proposition" in differing:
        return "reworded"
    if _against(old) != _against(new):
        return "reversed"
    step = strength.get(new["status"], 0) - strength.get(old["status"], 0)
    step = step or bool(old["condition"]) - bool(new["condition"])
    if step:
        return "hardened" if step > 0 else "softened"
    if differing & _TIMES:
        return "redated"
    if differing & _VOICES:
        return "reattributed"
    return "requoted" if "quotes" in differing else "edited"


def _differences(old: Record, new: Record, differing: set[str], before: State, after: State) -> Iterator[Difference]:
    """What changed in words; the parts of another proposition stand for it."""
    if "proposition" in differing:
        yield Difference("proposition", _sentence(old, before), _sentence(new, after))
    for name in CANONICAL:
        if name in differing and name not in ("proposition", *_PARTS):
            first, second = (_words(name, record[name], state) for record, state in ((old, before), (new, after)))
            yield Difference(name.replace("_", " "), first, second)


def _words(name: str, value: Any, state: State) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "; ".join(_words(name, item, state) for item in value)
    if name in _TERMED and isinstance(value, str):
        return state.word(value)
    if isinstance(value, dict):
        return f"{state.word(value['property'])} {state.word(value['value'])}"
    if isinstance(value, bool):
        return "not" if value else ""
    return str(value)


def _sentence(record: Record, state: State) -> str:
    """The statement's proposition in words."""
    return ("not: " if record["negated"] else "") + state.word(record["proposition"])


def _edited(before: State, after: State, strength: Mapping[str, int]) -> Iterator[Change]:
    """Statements on both sides whose evidence differs."""
    old, new = _evidence(before.table), _evidence(after.table)
    both = old.join(new, on="statement", suffix="_new")
    names = both.filter(pl.col("evidence") != pl.col("evidence_new"))["statement"]
    sides = (state.table.filter(pl.col("statement").is_in(names.implode())).to_dicts() for state in (before, after))
    for record, found in zip(*sides, strict=True):
        yield _change(record, record, found, before, after, strength)


def _evidence(table: pl.DataFrame) -> pl.DataFrame:
    """One text a statement that differs exactly where its evidence does."""
    lists = [pl.col(name).list.join("\x1e") for name in ("quotes", *_REMARKS)]
    counts = [pl.col(name).list.len().cast(pl.String) for name in ("quotes", *_REMARKS)]
    day = pl.col("recorded").cast(pl.String).fill_null("")
    return table.select("statement", pl.concat_str(day, *lists, *counts, separator=UNIT).alias("evidence"))


# --- names that changed


_TERMED = frozenset(
    {"proposition", "subject", "object", "restrictive", "additive", "said_by", "via", "said_at", "said_to", "origin"}
    | {"condition"}
)
"""Columns of terms that a new name of an entity or source changes."""


class _Names:
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
        if value is None or name not in _TERMED:
            return value
        if not isinstance(value, list):
            return self.term(value)
        items = [
            {**item, "value": self.term(item["value"])} if isinstance(item, dict) else self.term(item) for item in value
        ]
        return items if name == "via" else sorted(items, key=_frozen)


def _entities(before: State, after: State, source_map: Mapping[str, str]) -> tuple[list[ThingChange], dict[str, str]]:
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


def _sources(before: State, after: State) -> tuple[list[ThingChange], dict[str, str]]:
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


# --- propositions


def _turns(before: State, after: State, names: _Names) -> Iterator[Turn]:
    yield from _fact_turns(before, after, names)
    yield from _entailed_turns(before, after, names)
    yield from _support_turns(before, after, names)
    yield from _dispute_turns(before, after, names)


def _fact_turns(before: State, after: State, names: _Names) -> Iterator[Turn]:
    old, new = (set(state.rows.filter(pl.col("asserting"))["proposition"].to_list()) for state in (before, after))
    today = {names.term(name) for name in old}
    for name in new - today:
        yield Turn("now stands as fact", (name[1:-1],), after.word(name))
    for name in old:
        if names.term(name) not in new:
            yield Turn("no longer stands as fact", (name[1:-1],), before.word(name))


def _entailed_turns(before: State, after: State, names: _Names) -> Iterator[Turn]:
    """Entailed triples that are new or gone, in the words of the graph's own ontologies.

    Types are left out, since they follow from the entities' own, and so are the properties of
    other vocabularies that those of the graph are aligned to.
    """
    if before.closure is None or after.closure is None:
        return
    held = {
        (names.term(subject), predicate, names.term(obj)): (subject, predicate, obj)
        for subject, predicate, obj in (*before.closure.base, *before.closure.derivations)
    }
    for triple in after.closure.derivations:
        if triple not in held and is_told(triple, after):
            yield Turn("now follows", (), " ".join(after.word(term) for term in triple))
    for triple, old in held.items():
        if old in before.closure.derivations and triple not in after.closure and is_told(old, before):
            yield Turn("no longer follows", (), " ".join(before.word(term) for term in old))


def is_told(triple: Triple, state: State) -> bool:
    """Whether an entailed triple says something in the words of the graph's own ontologies."""
    return triple[1] != TYPE and triple[1][1:-1] in state.resolved.names.ontology.properties


Put = tuple[str, bool]
"""A proposition, and whether it is said not to be so."""


@dataclass(frozen=True, slots=True)
class Support:
    """How many articles, and how many origins for certain, put a proposition or its opposite on record."""

    articles: int = 0
    origins: int = 0

    @property
    def corroborated(self) -> bool:
        """Whether a second article or origin says so."""
        return self.articles > 1 or self.origins > 1


def read_support(rows: pl.DataFrame, resolved: Resolved) -> dict[Put, Support]:
    """Who says so, for each proposition and polarity: that of the status class with most behind it.

    What one statement in one voice puts needs no counting; the rest is left to ``corroborate``, with
    the statements that link one origin to another.
    """
    ontology = resolved.names.ontology
    mixed = [source.id for source in resolved.sources.values() if len(source.origin) > 1]
    against = pl.col("negated") | (pl.col("status") == "denied")
    voices = pl.max_horizontal(pl.col(name).list.len().fill_null(0) for name in ("said_by_terms", "origin_terms"))
    counted = (
        rows.filter(pl.col("statement").is_not_null() & pl.col("status").is_in(sorted(read_weights(ontology).classes)))
        .with_columns(against.alias("against"), ((voices > 1) | pl.col("source").is_in(mixed)).alias("many"))
        .group_by("proposition", "against")
        .agg((pl.col("statement").n_unique() == 1) & ~pl.col("many").any())
    )
    single, several = counted.filter("statement"), counted.filter(~pl.col("statement"))
    out = {(name, no): Support(1, 1) for name, no in single.select("proposition", "against").iter_rows()}
    links = sorted(below(ontology, typed(ontology, f"{ONR}OriginLink")))
    needed = pl.col("proposition").is_in(several["proposition"].unique().implode()) | pl.col("predicate").is_in(links)
    for one in corroborate(rows.filter(needed | pl.col("nested")), resolved):
        put = iri(one.proposition), one.against
        known = out.get(put, Support())
        out[put] = Support(max(known.articles, len(one.articles)), max(known.origins, one.certainly))
    return out


def _support_turns(before: State, after: State, names: _Names) -> Iterator[Turn]:
    first, new = (read_support(state.rows, state.resolved) for state in (before, after))
    old = {(names.term(name), against): found for (name, against), found in first.items()}
    texts = {names.term(name): before.word(name) for name, _ in first} | {name: after.word(name) for name, _ in new}
    for put in old.keys() | new.keys():
        was, now = old.get(put, Support()), new.get(put, Support())
        if was.corroborated == now.corroborated or not now.articles:
            continue  # a proposition that nobody puts any more is told by its statements
        name, against = put
        kind = "newly corroborated" if now.corroborated else "no longer corroborated"
        told = tuple(
            Difference(each.name, str(getattr(was, each.name)), str(getattr(now, each.name)))
            for each in fields(Support)
            if getattr(was, each.name) != getattr(now, each.name)
        )
        yield Turn(kind, (name[1:-1],), ("not: " if against else "") + texts[name], told)


def _disputes(state: State, term: Callable[[str], str]) -> dict[tuple[Any, ...], Turn]:
    """The conflicts on record, each by its rule and the propositions on its two sides."""
    about = dict(state.table.select("statement", "proposition").iter_rows())
    out = {}
    for one in find_disagreements(state.rows, state.resolved):
        if one.kind == CONFLICT:
            sides = [sorted({about[iri(each.statement)] for each in side.statements}) for side in one.sides]
            key = one.rule, tuple(sorted(tuple(sorted(map(term, side))) for side in sides))
            told = " | ".join(sorted(side.text for side in one.sides))
            propositions = tuple(sorted({name[1:-1] for side in sides for name in side}))
            out[key] = Turn("newly disputed", propositions, told, (Difference("why", "", one.why),))
    return out


def _dispute_turns(before: State, after: State, names: _Names) -> Iterator[Turn]:
    old, new = _disputes(before, names.term), _disputes(after, lambda name: name)
    yield from (new[key] for key in new.keys() - old.keys())
    for key in old.keys() - new.keys():
        why = old[key].differences[0].after
        yield replace(old[key], kind="no longer disputed", differences=(Difference("why", why, ""),))
