"""Owns a diff as data: what each change is called, the JSON form there and back, and applying it.

Leaves finding the changes to ``changes`` and telling them to ``changelog``. Every change of a
statement carries its record before and after, so that a diff can be applied: it is complete.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import polars as pl

from onrecord.errors import OnRecordError
from onrecord.explain.states import CANONICAL

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

ORDER = {kind: number for number, kind in enumerate((*KINDS, *TURNS))}


def frozen(value: Any) -> Any:
    """The value of a field in a form that can be a key."""
    if isinstance(value, list):
        return tuple(frozen(item) for item in value)
    return tuple(sorted(value.items())) if isinstance(value, dict) else value


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
            out[name] = {kind: found[kind] for kind in sorted(found, key=lambda kind: (ORDER.get(kind, 0), kind))}
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
