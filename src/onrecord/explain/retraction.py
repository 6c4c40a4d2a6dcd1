"""Owns what falls when a source is withdrawn: statements, propositions, facts, inferences, answers.

Leaves writing the withdrawal down to ``withdrawn``. Both sides are computed by the functions that
every other command uses: the graph as it is, and the graph without the source's rows.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from onrecord.answers import Answer, Term
from onrecord.build import Loaded
from onrecord.errors import OnRecordError, QueryError
from onrecord.explain.changes import compare
from onrecord.explain.diff import Turn
from onrecord.explain.evidence import Evidence, Teller, statements_once
from onrecord.explain.states import State, state_of
from onrecord.explain.turns import is_told, read_support
from onrecord.infer import TYPE, Triple
from onrecord.lens import Lens, require_sources
from onrecord.limits import Limits
from onrecord.questions import Question, parameter_terms, put, read_questions
from onrecord.withdrawn import latest_day

if TYPE_CHECKING:
    from onrecord.graph import Graph


@dataclass(frozen=True, slots=True)
class Weakened:
    """A proposition (``against``: its opposite) with fewer articles or origins behind it than before."""

    proposition: str
    text: str
    against: bool
    articles: tuple[int, int]  # before, after
    origins: tuple[int, int]

    @property
    def is_lost(self) -> bool:
        """Whether no article is left."""
        return self.articles[1] == 0


@dataclass(frozen=True, slots=True)
class FallenTriple:
    """A triple that no longer stands; ``how`` is ``asserted``, or the rule by which it followed.

    ``told`` is false for a type, and for a property of a vocabulary that the graph is aligned to.
    """

    triple: Triple
    text: str
    how: str
    told: bool = True


@dataclass(frozen=True, slots=True)
class ChangedAnswer:
    """A question of the graph whose answer changes: rows in words that go and that come, or a message."""

    question: str
    title: str
    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True)
class Retraction:
    """All that falls when the source is withdrawn on the day ``on``."""

    source: str
    title: str
    on: str
    statements: tuple[Evidence, ...] = ()
    propositions: tuple[Weakened, ...] = ()
    facts: tuple[FallenTriple, ...] = ()
    inferences: tuple[FallenTriple, ...] = ()
    settled: tuple[str, ...] = ()  # disagreements that end
    questions: tuple[ChangedAnswer, ...] = ()
    asked: int = 0  # how many questions were put

    @property
    def lost(self) -> tuple[Weakened, ...]:
        """The propositions that nobody else puts on record."""
        return tuple(each for each in self.propositions if each.is_lost)

    def as_dict(self) -> dict[str, Any]:
        """The retraction as plain values, as ``--json`` prints it."""
        return asdict(self)


def default_day(loaded: Loaded) -> dt.date:
    """The day of a withdrawal for which none is given: the latest in the graph, withdrawals included.

    :raises OnRecordError: for a graph without any day.
    """
    day = latest_day(loaded.resolved.statements, loaded.resolved.withdrawn)
    if day is None:
        raise OnRecordError("there is no day in this graph; say on which the source is withdrawn:  --on DAY")
    return day


def check_source(loaded: Loaded, source: str, on: dt.date) -> None:
    """Whether the source can be withdrawn on that day.

    :raises OnRecordError: when the graph has no such source, it is withdrawn already, or it puts
        something on record only later.
    """
    resolved = loaded.resolved
    require_sources([source], resolved.sources)
    known = next((entry for entry in resolved.withdrawn if entry.source == source), None)
    if known is not None:
        raise OnRecordError(f'the source "{source}" is withdrawn already, on {known.on}')
    first = resolved.statements.filter(pl.col("source") == source)["recorded_day"].min()
    if isinstance(first, dt.date) and on < first:
        raise OnRecordError(f'the source "{source}" was not on record on {on}; the first day is {first}')


def retraction(graph: Graph, loaded: Loaded, source: str, on: dt.date) -> Retraction:
    """What falls from ``graph`` (read as ``loaded``) when ``source`` is withdrawn on the day ``on``.

    :raises OnRecordError: see :func:`check_source`.
    :raises GraphBroken: when the graph holds errors.
    """
    loaded.require_sound()
    check_source(loaded, source, on)
    rest = without(loaded, source)
    before, after = state_of(loaded, Lens(), "with"), state_of(loaded, rest, "without")
    turns = compare(before, after).propositions
    asked, questions = _questions(graph, rest, on)
    own = before.rows.filter((pl.col("source") == source) & ~pl.col("nested"))
    teller = Teller(before.rows, loaded.resolved)
    evidence = [teller.evidence(row) for row in statements_once(own).iter_rows(named=True)]
    return Retraction(
        source=source,
        title=loaded.resolved.sources[source].title,
        on=on.isoformat(),
        statements=tuple(sorted(evidence, key=lambda each: (each.file, each.line, each.statement))),
        propositions=tuple(
            sorted(_weakened(before, after), key=lambda each: (not each.is_lost, each.text, each.against))
        ),
        facts=tuple(_facts(before, turns)),
        inferences=tuple(sorted(_inferences(before, after), key=lambda each: (each.text, each.triple))),
        settled=tuple(turn.text for turn in turns if turn.kind == "no longer disputed"),
        questions=tuple(questions),
        asked=asked,
    )


def without(loaded: Loaded, source: str, lens: Lens | None = None) -> Lens:
    """``lens`` without the statements of ``source``."""
    lens = lens or Lens()
    others = (lens.sources or frozenset(loaded.resolved.sources)) - {source}
    # No sources at all would mean every source: before the first of days nothing is on record.
    return replace(lens, sources=others) if others else replace(lens, as_of=dt.date.min)


def _weakened(before: State, after: State) -> Iterator[Weakened]:
    old, new = (read_support(state.rows, state.resolved) for state in (before, after))
    for (name, against), was in old.items():
        now = new.get((name, against))
        articles, origins = (now.articles, now.origins) if now else (0, 0)
        if (articles, origins) != (was.articles, was.origins):
            text = ("not: " if against else "") + before.word(name)
            yield Weakened(name[1:-1], text, against, (was.articles, articles), (was.origins, origins))


def _facts(before: State, turns: tuple[Turn, ...]) -> Iterator[FallenTriple]:
    """The direct triples that fall; with restrictive qualifiers, the one to the proposition's node."""
    facts = before.facts()
    forms = {prop.iri: prop.qualified_iri for prop in before.resolved.names.ontology.properties.values()}
    for turn in turns:
        if turn.kind == "no longer stands as fact":
            node = f"<{turn.propositions[0]}>"
            subject, predicate, obj, narrowed = facts[node]
            triple = (subject, f"<{forms[predicate[1:-1]]}>", node) if narrowed else (subject, predicate, obj)
            yield FallenTriple(triple, turn.text, "asserted")


def _inferences(before: State, after: State) -> Iterator[FallenTriple]:
    if before.closure is None or after.closure is None:
        return
    for triple, derivation in before.closure.derivations.items():
        if triple not in after.closure:
            words = ("is a" if term == TYPE else before.word(term) for term in triple)
            yield FallenTriple(triple, " ".join(words), derivation.rule, is_told(triple, before))


# --- questions


def _questions(graph: Graph, rest: Lens, on: dt.date) -> tuple[int, list[ChangedAnswer]]:
    """How many questions were put, and those whose answers differ without the source.

    A question about an earlier day keeps its answer: on that day the source still counts.
    """
    asked = 0
    found = []
    questions = read_questions(graph.project)
    for name in sorted(questions):
        question = questions[name]
        if question.lens.as_of is not None and question.lens.as_of < on:
            continue
        narrowed = replace(question.lens, sources=rest.sources, as_of=rest.as_of or question.lens.as_of)
        try:
            terms = parameter_terms(graph, question, {})
        except OnRecordError:
            continue  # it has no answer with or without the source;  onrecord test  says why
        asked += 1
        old, new = (_put(graph, question, terms, lens) for lens in (question.lens, narrowed))
        changed = _compared(graph, question, old, new)
        if changed is not None:
            found.append(changed)
    return asked, found


def _put(graph: Graph, question: Question, terms: dict[str, str], lens: Lens) -> Answer | str:
    """The answer, or why there is none."""
    try:
        return put(graph, question, terms, lens, Limits())
    except QueryError as error:
        return str(error)


def _compared(graph: Graph, question: Question, old: Answer | str, new: Answer | str) -> ChangedAnswer | None:
    if isinstance(old, str) or isinstance(new, str):
        message = new if isinstance(new, str) else str(old)
        return None if old == new else ChangedAnswer(question.name, question.title, message=message)
    before, after = _rows(graph, old), _rows(graph, new)
    if before == after if question.ordered else Counter(before) == Counter(after):
        return None
    gone = sorted((Counter(before) - Counter(after)).elements())
    come = sorted((Counter(after) - Counter(before)).elements())
    message = "" if gone or come else "the same rows come in another order"
    return ChangedAnswer(question.name, question.title, tuple(gone), tuple(come), message)


def _rows(graph: Graph, found: Answer) -> list[str]:
    """Each row of an answer in words."""
    if found.kind == "boolean":
        return [str(bool(found)).lower()]
    if found.kind == "graph":
        return found.graph.decode("utf-8").splitlines()
    labels = graph.labels({term.value for row in found.rows for term in row if term is not None and term.kind == "iri"})

    def word(term: Term | None) -> str:
        if term is None:
            return ""
        return labels.get(term.value, term.value) if term.kind == "iri" else term.value

    return [" | ".join(word(term) for term in row) for row in found.rows]
