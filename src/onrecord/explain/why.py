"""Owns the answer to "why?": the minimal proof of a triple, down to the quotes under its premises.

Leaves entailment to ``infer``. For a triple that the graph does not hold it says what the graph
does say: a claim, a denial, an expectation, or nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from onrecord.assemble import proposition_labels
from onrecord.build import Loaded
from onrecord.errors import Place
from onrecord.infer import TYPE, Closure, Triple, close, prove
from onrecord.lens import Lens, select
from onrecord.names import Names
from onrecord.statuses import ASSERTABLE, STATUSES
from onrecord.terms import iri, literal, split_term

NEARBY = 5
"""How many statements that come near a triple are shown."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A statement as evidence: its words, who says them, how firmly, when, and where they stand."""

    statement: str
    text: str
    status: str
    negated: bool
    quotes: tuple[str, ...]
    source: str
    publisher: str
    recorded: str
    said_by: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    hedge: str = ""
    condition: str = ""
    when: str = ""
    when_text: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A triple in a proof. A derived one has a rule, an axiom and premises; a given one has evidence."""

    triple: Triple
    text: str
    rule: str = ""
    axiom: str = ""
    premises: tuple[Step, ...] = ()
    evidence: tuple[Quoted, ...] = ()
    declared: str = ""  # where an entity's type was declared


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a triple holds, or what the graph says instead."""

    triple: Triple
    text: str
    holds: bool
    proof: Step | None = None
    instead: tuple[Quoted, ...] = ()  # statements of the very proposition that do not assert it
    nearby: tuple[Quoted, ...] = ()  # the statements that share most with the triple
    further: int = 0  # how many more share as much as the last of these
    advice: str = ""
    would: Step | None = None  # what it would rest on, through another lens

    def as_dict(self) -> dict[str, Any]:
        """The explanation as plain values, as ``--json`` prints it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a lens lets stand as fact, the rows it comes from, and what follows."""

    loaded: Loaded
    rows: pl.DataFrame
    given: dict[Triple, list[dict[str, Any]]]
    types: dict[Triple, str]  # declared types, and where
    closure: Closure
    texts: dict[str, str]  # propositions in words

    @property
    def names(self) -> Names:
        """The names of the graph."""
        return self.loaded.resolved.names


def grounds(loaded: Loaded, lens: Lens) -> Grounds:
    """The asserted triples of a lens with the rows they come from, closed under the ontologies."""
    rows = select(loaded.resolved.statements, lens, loaded.project.policy)
    plain = rows.filter(pl.col("asserting") & (pl.col("restrictive").list.len().fill_null(0) == 0))
    given: dict[Triple, list[dict[str, Any]]] = defaultdict(list)
    for row in plain.iter_rows(named=True):
        given[row["subject"], row["predicate"], row["object"]].append(row)
    types = {
        (f"<{entity.iri}>", TYPE, f"<{kind}>"): _where(loaded, entity.entity.place)
        for entity in loaded.resolved.entities
        for kind in entity.types
    }
    axioms = [triple for triples in loaded.resolved.names.ontology.graphs.values() for triple in triples]
    distinct = rows.unique("proposition", keep="first", maintain_order=True)
    texts = proposition_labels(distinct, loaded.resolved)
    return Grounds(loaded, rows, dict(given), types, close([*given, *types], axioms if lens.inference else ()), texts)


def _where(loaded: Loaded, place: Place) -> str:
    return f"{loaded.resolved.places.inner(place.file)}:{place.line}"


def read_triple(loaded: Loaded, subject: str, predicate: str, obj: str) -> Triple:
    """The triple that three names stand for; the object of a property that takes values is a text.

    A text gets the datatype or language that it has on record, else that of the property's range
    or of the graph.

    :raises OnRecordError: for a name that nothing has, or that several things have.
    """
    names = loaded.resolved.names
    first = iri(names.require_entity(subject))
    verb = TYPE if predicate in ("a", "is a", "rdf:type") else iri(names.require_property(predicate))
    if verb == TYPE:
        return first, verb, iri(names.require_type(obj))
    prop = names.ontology.properties[verb[1:-1]]
    if not prop.takes_literal:
        return first, verb, iri(names.require_entity(obj))
    same = (pl.col("subject") == first) & (pl.col("predicate") == verb)
    on_record = loaded.resolved.statements.filter(same)["object"].drop_nulls().unique().sort()
    found = [term for term in on_record if term.startswith('"') and split_term(term)[1] == obj]
    language = None if prop.datatype else loaded.project.language
    return first, verb, found[0] if found else literal(obj, datatype=prop.datatype, language=language)


def explain(triple: Triple, lens: Lens, grounds_of: Callable[[Lens], Grounds]) -> Explanation:
    """Explain ``triple`` (N-Triples terms) in the graph seen through ``lens``, whose grounds ``grounds_of`` gives.

    For one that does not hold it says through which other lens it would, and on what it would rest.
    """
    base = grounds_of(lens)
    found = explain_triple(base, triple)
    if found.holds:
        return found
    if not lens.inference:
        inferring = explain_triple(grounds_of(replace(lens, inference=True)), triple)
        if inferring.holds:
            return replace(found, advice="it only follows by inference, which is left out", would=inferring.proof)
    if lens.as_of or lens.valid_at or lens.sources:
        whole = explain_triple(grounds_of(Lens(include=lens.include, inference=lens.inference)), triple)
        if whole.holds:
            advice = "what is chosen does not say so; the whole record does"
            return replace(found, advice=advice, would=whole.proof)
    everything = grounds_of(replace(lens, include=frozenset(ASSERTABLE)))
    if triple in everything.closure.derivations:
        proof = explain_triple(everything, triple).proof
        weak = sorted(_weak(proof, base.closure), key=STATUSES.index) if proof else []
        advice = f"it would follow if what is {' or '.join(weak)} stood as fact ({_including(weak)})"
        return replace(found, advice="; ".join(part for part in (found.advice, advice) if part), would=proof)
    return found


def _including(statuses: Iterable[str], each: str = " ") -> str:
    return each.join(f"--include {status}" for status in statuses)


def _weak(step: Step, known: Closure) -> set[str]:
    """The statuses of the premises of a proof that are not ``known`` to hold."""
    if step.premises:
        return set().union(*(_weak(premise, known) for premise in step.premises))
    return set() if step.triple in known else {min((item.status for item in step.evidence), key=STATUSES.index)}


def explain_triple(base: Grounds, triple: Triple) -> Explanation:
    """Explain ``triple`` on grounds that were laid before; see :func:`why`."""
    text = words(base, triple)
    small = prove(base.closure, triple)
    if small is not None:
        return Explanation(triple, text, True, _step(base, small, triple))
    own = base.rows.filter(pl.col("statement").is_not_null())
    same = own.filter(_is_triple(triple))
    propositions = base.rows.filter(_is_triple(triple))["proposition"].unique().sort().to_list()
    about = own.filter(pl.col("subject").is_in(propositions) | pl.col("object").is_in(propositions))
    instead = (*_quoted(base, same.iter_rows(named=True)), *_quoted(base, about.iter_rows(named=True)))
    nearby, further = _nearby(base, own, triple)
    return Explanation(
        triple, text, False, instead=instead, nearby=nearby, further=further, advice=_advice(base, triple, same, about)
    )


def _is_triple(triple: Triple) -> pl.Expr:
    """Rows with this subject, predicate and object, whatever their qualifiers."""
    subject, predicate, obj = triple
    return (pl.col("subject") == subject) & (pl.col("predicate") == predicate) & (pl.col("object") == obj)


def _nearby(base: Grounds, own: pl.DataFrame, triple: Triple) -> tuple[tuple[Quoted, ...], int]:
    """The statements that name both ends, else those that share the property and an end; and how many more."""
    subject, predicate, obj = triple
    first, second, verb = _names_term(subject), _names_term(obj), pl.col("predicate") == predicate
    ranked = (
        own.filter(~_is_triple(triple))
        .with_columns(
            pl.when(first & second)
            .then(0)
            .when(verb & (pl.col("subject") == subject))
            .then(1)
            .when(verb & (pl.col("object") == obj))
            .then(2)
            .alias("rank")
        )
        .drop_nulls("rank")
        .sort("rank", "recorded_day", "row", nulls_last=True)
    )
    shown = ranked.head(NEARBY)
    return tuple(quoted_row(base, row) for row in shown.iter_rows(named=True)), ranked.height - shown.height


def _names_term(term: str) -> pl.Expr:
    """Rows that name ``term`` as subject, object or value of a qualifier."""
    found = (pl.col("subject") == term) | (pl.col("object") == term)
    for column in ("restrictive", "additive"):
        values = pl.col(column).list.eval(pl.element().struct.field("value"))
        found |= values.list.contains(term).fill_null(False)
    return found


def _advice(base: Grounds, triple: Triple, same: pl.DataFrame, about: pl.DataFrame) -> str:
    """What keeps the statements of a proposition from standing as a plain fact, in one sentence."""
    if same.is_empty() and triple[1] == TYPE:
        kinds = [word(base, kind) for subject, _, kind in base.types if subject == triple[0]]
        return f"it is declared as {' and '.join(kinds)}" if kinds else "no type is declared for it"
    if same.is_empty() and not about.is_empty():
        return "it is only what somebody believes, wants or says of it: the source does not put it as so"
    if same.is_empty():
        return "no statement puts this on record, and no rule derives it"
    reasons = []
    narrowed = pl.col("restrictive").list.len().fill_null(0) > 0
    tied = pl.col("condition").is_not_null()
    if not same.filter(pl.col("asserting") & narrowed).is_empty():
        reasons.append("it is on record as fact only with a qualifier, so not in general")
    against = pl.col("negated") | (pl.col("status") == "denied")
    if not same.filter(against).is_empty():
        reasons.append("it is said not to be so")
    soft = same.filter(~pl.col("asserting") & ~against)
    plain = _statuses(soft.filter(~narrowed & ~tied))
    own_voice = base.loaded.project.policy.own_voice
    weak = [status for status in plain if status not in own_voice and status in ASSERTABLE]
    spoken = [status for status in plain if status in own_voice]
    if weak:
        reasons.append(f"it is only {' or '.join(weak)} ({_including(weak, ' or ')} lets it stand)")
    if spoken:
        said = f"({_including(spoken, ' or ')} lets it stand)"
        reasons.append(f"it is what a speaker says, and the source itself does not put it as fact {said}")
    if "mentioned" in plain:
        reasons.append("it is only mentioned")
    if not soft.filter(tied).is_empty():
        reasons.append("it hangs on a condition")
    qualified = _statuses(soft.filter(narrowed & ~tied))
    if qualified:
        reasons.append(f"it is {' or '.join(qualified)} only with a qualifier, so not in general")
    return "; ".join(reasons)


def _statuses(rows: pl.DataFrame) -> list[str]:
    """The statuses of the rows, in the order of the scheme."""
    return sorted(set(rows["status"].to_list()), key=STATUSES.index)


def _step(base: Grounds, closure: Closure, triple: Triple) -> Step:
    text = words(base, triple)
    if triple in closure.base:
        rows = base.given.get(triple, [])
        return Step(triple, text, evidence=_quoted(base, rows), declared=base.types.get(triple, ""))
    derivation = closure.derivations[triple]
    premises = tuple(_step(base, closure, premise) for premise in derivation.premises)
    return Step(triple, text, derivation.rule, _axiom(base, derivation.axiom), premises)


def _axiom(base: Grounds, axiom: str) -> str:
    """An axiom with the labels of its terms."""
    return " ".join(
        f"“{base.names.label(word[1:-1])}”" if word.startswith("<") and word.endswith(">") else word
        for word in axiom.split(" ")
    )


def words(base: Grounds, triple: Triple) -> str:
    """A triple in words."""
    return " ".join(word(base, term) for term in triple)


def word(base: Grounds, term: str) -> str:
    """A term in words: label, proposition text, or the literal's text."""
    if term in base.texts:
        return f"({base.texts[term]})"
    if term == TYPE:
        return "is a"
    kind, value, _, _ = split_term(term)
    return base.names.label(value) if kind == "iri" else f"“{value}”"


def _quoted(base: Grounds, rows: Iterable[dict[str, Any]]) -> tuple[Quoted, ...]:
    """Rows as evidence, the firmest and earliest first."""
    out = [quoted_row(base, row) for row in rows]
    return tuple(sorted(out, key=lambda item: (item.recorded, item.source, item.file, item.line)))


def quoted_row(base: Grounds, row: dict[str, Any]) -> Quoted:
    """One row of the statement table as evidence."""
    resolved = base.loaded.resolved
    source = resolved.sources[row["source"]]
    condition = row["condition"]
    return Quoted(
        statement=row["statement"][1:-1],
        text=base.texts.get(row["proposition"], ""),
        status=row["status"],
        negated=row["negated"],
        quotes=tuple(row["quotes"] or ()),
        source=source.title or source.id,
        publisher=source.publisher,
        recorded=str(row["recorded_day"] or ""),
        said_by=tuple(word(base, term) for term in row["said_by_terms"] or ()),
        via=tuple(word(base, term) for term in row["via_terms"] or ()),
        hedge=row["hedge"] or "",
        condition=word(base, condition) if condition else "",
        when=row["when"] or "",
        when_text=row["when_text"] or "",
        file=resolved.places.inner(row["file"]),
        line=row["line"],
    )
