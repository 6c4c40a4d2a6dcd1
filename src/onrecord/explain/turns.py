"""Owns the turns of propositions between two states: fact or not, entailed, corroborated, disputed.

Leaves what happened to single statements to ``changes``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import polars as pl

from onrecord.explain.corroboration import corroborate, read_weights
from onrecord.explain.diff import Difference, Turn
from onrecord.explain.disagreements import CONFLICT
from onrecord.explain.disagreements import disagree as find_disagreements
from onrecord.explain.links import below, typed
from onrecord.explain.renames import Renames
from onrecord.explain.states import State
from onrecord.infer import TYPE, Triple
from onrecord.resolve import Resolved
from onrecord.terms import ONR, iri


def find_turns(before: State, after: State, names: Renames) -> Iterator[Turn]:
    """Every turn from one state to the other, in no order."""
    yield from _fact_turns(before, after, names)
    yield from _entailed_turns(before, after, names)
    yield from _support_turns(before, after, names)
    yield from _dispute_turns(before, after, names)


def _fact_turns(before: State, after: State, names: Renames) -> Iterator[Turn]:
    old, new = (set(state.rows.filter(pl.col("asserting"))["proposition"].to_list()) for state in (before, after))
    today = {names.term(name) for name in old}
    for name in new - today:
        yield Turn("now stands as fact", (name[1:-1],), after.word(name))
    for name in old:
        if names.term(name) not in new:
            yield Turn("no longer stands as fact", (name[1:-1],), before.word(name))


def _entailed_turns(before: State, after: State, names: Renames) -> Iterator[Turn]:
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


def _support_turns(before: State, after: State, names: Renames) -> Iterator[Turn]:
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


def _dispute_turns(before: State, after: State, names: Renames) -> Iterator[Turn]:
    old, new = _disputes(before, names.term), _disputes(after, lambda name: name)
    yield from (new[key] for key in new.keys() - old.keys())
    for key in old.keys() - new.keys():
        why = old[key].differences[0].after
        yield replace(old[key], kind="no longer disputed", differences=(Difference("why", why, ""),))
