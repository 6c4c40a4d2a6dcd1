"""Owns the answer to "why?": the minimal proof of a triple, down to the quotes under its premises.

Leaves entailment to ``infer``. For a triple that the graph does not hold it says what the graph
does say: a claim, a denial, an expectation, or nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from onrecord.assemble import proposition_labels
from onrecord.build import Loaded
from onrecord.errors import OnRecordError
from onrecord.infer import TYPE, Closure, Triple, close, prove
from onrecord.lens import Lens, select
from onrecord.names import Found, Names
from onrecord.nearest import did_you_mean
from onrecord.terms import iri, literal, split_term


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
    nearby: tuple[Quoted, ...] = ()  # asserted statements that share subject and property, or both ends
    advice: str = ""

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
        (f"<{entity.iri}>", TYPE, f"<{kind}>"): str(entity.entity.place)
        for entity in loaded.resolved.entities
        for kind in entity.types
    }
    axioms = [triple for triples in loaded.resolved.names.ontology.graphs.values() for triple in triples]
    distinct = rows.unique("proposition", keep="first", maintain_order=True)
    texts = proposition_labels(distinct, loaded.resolved)
    return Grounds(loaded, rows, dict(given), types, close([*given, *types], axioms), texts)


def read_triple(names: Names, subject: str, predicate: str, obj: str) -> Triple:
    """The triple that three names stand for; the object of a property that takes values is a text.

    :raises OnRecordError: for a name that nothing has, or that several things have.
    """
    first = _found(names.entity(subject), subject, names)
    verb = TYPE[1:-1] if predicate in ("a", "is a", "rdf:type") else _found(names.property(predicate), predicate, names)
    prop = names.ontology.properties.get(verb)
    if prop is not None and prop.takes_literal:
        language = None if prop.datatype else "en"
        return iri(first), iri(verb), literal(obj, datatype=prop.datatype, language=language)
    last = _found(names.type(obj) if verb == TYPE[1:-1] else names.entity(obj), obj, names)
    return iri(first), iri(verb), iri(last)


def _found(found: Found, text: str, names: Names) -> str:
    if found.iri is not None:
        return found.iri
    if found.choices:
        ways = ", ".join(names.choose(choice) for choice in found.choices)
        raise OnRecordError(f'"{text}" has several meanings: {ways}')
    raise OnRecordError(f'nothing is called "{text}"; {did_you_mean(text, found.nearest)}'.rstrip("; "))


def why(loaded: Loaded, triple: Triple, lens: Lens | None = None) -> Explanation:
    """Explain ``triple`` (N-Triples terms) in the graph seen through ``lens``."""
    return explain_triple(grounds(loaded, lens or Lens()), triple)


def explain_triple(base: Grounds, triple: Triple) -> Explanation:
    """Explain ``triple`` on grounds that were laid before; see :func:`why`."""
    text = words(base, triple)
    small = prove(base.closure, triple)
    if small is not None:
        return Explanation(triple, text, True, _step(base, small, triple))
    own = base.rows.filter(pl.col("statement").is_not_null())
    subject, predicate, obj = triple
    same = own.filter((pl.col("subject") == subject) & (pl.col("predicate") == predicate) & (pl.col("object") == obj))
    propositions = _propositions_of(base.rows, triple)
    about = own.filter(pl.col("subject").is_in(propositions) | pl.col("object").is_in(propositions))
    near = own.filter(
        ((pl.col("subject") == subject) & (pl.col("predicate") == predicate) & (pl.col("object") != obj))
        | ((pl.col("subject") == subject) & (pl.col("object") == obj) & (pl.col("predicate") != predicate))
        | ((pl.col("subject") == obj) & (pl.col("predicate") == predicate) & (pl.col("object") == subject))
    )
    instead = (*_quoted(base, same.iter_rows(named=True)), *_quoted(base, about.iter_rows(named=True)))
    return Explanation(
        triple,
        text,
        False,
        instead=instead,
        nearby=_quoted(base, near.iter_rows(named=True))[:5],
        advice=_advice(base, same, about),
    )


def _propositions_of(rows: pl.DataFrame, triple: Triple) -> list[str]:
    """The propositions, whatever their qualifiers, with this subject, predicate and object."""
    subject, predicate, obj = triple
    same = rows.filter((pl.col("subject") == subject) & (pl.col("predicate") == predicate) & (pl.col("object") == obj))
    return same["proposition"].unique().sort().to_list()


def _advice(base: Grounds, same: pl.DataFrame, about: pl.DataFrame) -> str:
    """What keeps the statements of a proposition from standing as a plain fact, in one sentence."""
    if same.is_empty() and not about.is_empty():
        return "it is only what somebody believes, wants or says of it: the source does not put it as so"
    if same.is_empty():
        return "no statement puts this on record, and no rule derives it"
    reasons = []
    qualified = same.filter(pl.col("asserting") & (pl.col("restrictive").list.len() > 0))
    if not qualified.is_empty():
        reasons.append("it is on record as fact only with a qualifier, so not in general")
    if not same.filter(pl.col("negated") | (pl.col("status") == "denied")).is_empty():
        reasons.append("it is said not to be so")
    soft = same.filter(~pl.col("asserting") & ~pl.col("negated") & (pl.col("status") != "denied"))
    statuses = sorted(set(soft["status"].to_list()))
    policy = base.loaded.project.policy
    spoken = [status for status in statuses if status in policy.own_voice]
    weak = [status for status in statuses if status not in policy.own_voice]
    if weak:
        reasons.append(f"it is only {' or '.join(weak)} (--include {' --include '.join(weak)} lets it stand)")
    if spoken:
        reasons.append("it is what a speaker says, or hangs on a condition; the source itself does not put it as fact")
    return "; ".join(reasons)


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
    resolved, project = base.loaded.resolved, base.loaded.project
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
        file=project.relative(Path(row["file"]).absolute()),
        line=row["line"],
    )
