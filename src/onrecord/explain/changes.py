"""Owns what changed between two states of a graph, as an editor would say it.

Leaves reading the states to ``states``, names and propositions to ``renames`` and ``turns``, and the
form of a diff to ``diff``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import polars as pl

from onrecord.explain.corroboration import read_weights
from onrecord.explain.diff import ORDER, Change, Diff, Difference, Record, frozen
from onrecord.explain.renames import TERMED, Renames, compare_entities, compare_sources
from onrecord.explain.states import CANONICAL, EVIDENCE, IDENTITY, State
from onrecord.explain.turns import find_turns
from onrecord.progress import stage
from onrecord.terms import UNIT

_TIMES = frozenset({"when", "said_when", "recorded"})
_VOICES = frozenset({"said_by", "via", "said_at", "said_to", "origin"})
_REMARKS = tuple(name for name in EVIDENCE if name not in ("recorded", "quotes"))
_PARTS = ("subject", "predicate", "object", "restrictive")


def compare(before: State, after: State) -> Diff:
    """What changed from one state to the other; sorted, and empty between a state and itself."""
    stage("comparing")
    sources, source_map = compare_sources(before, after)
    entities, entity_map = compare_entities(before, after, source_map)
    names = Renames(before, after, entity_map, source_map)
    statements = _compare_statements(before, after, names)
    return Diff(
        before.name,
        after.name,
        tuple(sorted(statements, key=_statement_key)),
        tuple(
            sorted(find_turns(before, after, names), key=lambda turn: (ORDER[turn.kind], turn.text, turn.propositions))
        ),
        tuple(sorted(entities, key=lambda change: (change.kind, change.label, change.id))),
        tuple(sorted(sources, key=lambda change: (change.kind, change.label, change.id))),
    )


def _statement_key(change: Change) -> tuple[int, str, str, str]:
    return ORDER[change.kind], change.source, change.text, change.record["statement"]


def _compare_statements(before: State, after: State, names: Renames) -> Iterator[Change]:
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


def _same(*names: str) -> Callable[[Record], tuple[Any, ...] | None]:
    return lambda record: tuple(frozen(record[name]) for name in names)


def _claim(record: Record, *more: str) -> tuple[Any, ...]:
    return (record["source"], record["proposition"], _against(record), *(frozen(record[name]) for name in more))


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
    lambda record: (record["source"], record["proposition"], frozen(record["quotes"])),
    lambda record: (record["source"], record["proposition"]),
    lambda record: _quoted(record, "predicate", "status", "negated", *_CLAIM),
    lambda record: _quoted(record, "predicate"),
    lambda record: _quoted(record),
)
"""By what a statement that is gone finds the one that took its place, the closest likeness first."""


def _quoted(record: Record, *more: str) -> tuple[Any, ...] | None:
    if not record["quotes"]:
        return None
    return (record["source"], *(frozen(record[name]) for name in ("quotes", *more)))


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
    if name in TERMED and isinstance(value, str):
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
