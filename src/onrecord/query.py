"""Owns the road from a SPARQL text to an answer: guard, dataset, evaluation.

Leaves the text to ``sparql``, the processes to ``workers``, what was found to ``answers`` and named
queries to ``questions``. :func:`evaluate` is for who sends an answer on, in any format and from any
thread; :func:`answer` for who reads rows; :func:`stream` for who prints while it comes.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from onrecord.answers import Answer, Row, Rows, Term, compact
from onrecord.errors import OnRecordError, Place, Problem, QueryError, QueryRefused, Severity
from onrecord.lens import Lens
from onrecord.limits import Limits
from onrecord.nearest import nearest_names, offer
from onrecord.sparql.guard import MAX_QUERY_BYTES, guard, has_from
from onrecord.sparql.mistakes import explain_syntax, explain_values
from onrecord.sparql.tokens import QUERY_NAME, bind_parameters, is_ordered, place, tokens

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from onrecord.engine import Job
    from onrecord.errors import QuerySyntaxError
    from onrecord.graph import Graph
    from onrecord.names import Names
    from onrecord.worker import Answering, Cancelled, EngineSyntaxError, Form
    from onrecord.workers import Evaluated, Workers

__all__ = ["Answer", "Row", "Term", "answer", "compact", "evaluate", "labels", "stream", "unknown_in"]

_LOG = logging.getLogger(__name__)

MAX_UNKNOWN = 10
"""How many unknown terms of one query are reported."""

MAX_COMPARED = 20_000
"""Among more names than this, none is offered for a misspelt one: the search would take longer than the query."""


def read_day(value: object) -> dt.date | None:
    """A day given as a date or as ISO text.

    :raises OnRecordError: for anything else.
    """
    if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError as error:
        raise OnRecordError(f'"{value}" is no day; write one like 2025-12-17') from error


def answer(
    graph: Graph,
    sparql: str,
    lens: Lens,
    parameters: Mapping[str, str],
    limits: Limits,
    name: str = QUERY_NAME,
) -> Answer:
    """Evaluate a query on the graph seen through ``lens``; see :meth:`onrecord.graph.Graph.query`."""
    from onrecord.engine import TERMS

    found = evaluate(graph, sparql, lens, limits, parameters=parameters, format_=TERMS, name=name)
    prefixes = graph.prefixes()
    if found.kind == "graph":
        return Answer("graph", graph=found.spool, prefixes=prefixes)
    if found.kind == "boolean":
        return Answer("boolean", boolean=found.body == b"true", prefixes=prefixes)
    rows = Rows(found.spool, found.rows, len(found.variables), is_sorted=not is_ordered(sparql))
    return Answer("rows", found.variables, rows, prefixes=prefixes)


def evaluate(
    graph: Graph,
    sparql: str,
    lens: Lens,
    limits: Limits,
    *,
    parameters: Mapping[str, str] | None = None,
    format_: str = "json",
    graph_format: str = "nt",
    default_graphs: Sequence[str] | None = None,
    named_graphs: Sequence[str] | None = None,
    cancelled: Cancelled | None = None,
    patience: float = 30.0,
    name: str = QUERY_NAME,
) -> Evaluated:
    """The whole answer, spooled in the format in which it is to be sent; any thread may call this.

    Rows and truth values come in ``format_`` (``json``, ``xml``, ``csv``, ``tsv`` of the W3C), graphs
    in ``graph_format`` (``ttl``, ``nt``, ``nq``, ``trig``, ``jsonld``, ``rdf``)::

        with evaluate(graph, text, Lens(), Limits(), format_="xml", graph_format="ttl") as found:
            found.kind, found.format, found.size   # "rows", "xml", 4711: all known before the first byte
            for piece in found.pieces(): ...

    ``default_graphs`` and ``named_graphs`` are the dataset of the SPARQL protocol: with one of them the
    query's own FROM does not count. ``cancelled`` is asked ten times a second whether the answer is
    still wanted. A query runs when one of the guarded processes of the lens is free, for which it
    waits ``patience`` seconds.

    :raises QueryRefused: for what would reach out or change the graph, and for a graph that is not there.
    :raises QuerySyntaxError: for a query that does not parse.
    :raises QueryLimitExceeded: over a limit.
    :raises QueryBusy: when no process was free in time.
    :raises QueryCancelled: when ``cancelled`` said so.
    :raises QueryError: for what the engine cannot evaluate, or not write in the format.
    """
    asked = _ask(graph, sparql, lens, parameters or {}, limits, name)
    job = replace(asked.job, format=format_, graph_format=graph_format)
    if default_graphs is not None or named_graphs is not None:
        default, named = tuple(default_graphs or ()), tuple(named_graphs or ())
        asked.require_graphs((*default, *named))
        job = replace(job, default_graphs=default, named_graphs=named)
    with asked.explained():
        return asked.opened.run(job, limits, cancelled, patience)


@contextlib.contextmanager
def stream(
    graph: Graph,
    sparql: str,
    lens: Lens,
    limits: Limits,
    *,
    parameters: Mapping[str, str] | None = None,
    format_: str = "json",
    graph_format: str = "nt",
    name: str = QUERY_NAME,
) -> Iterator[Answering]:
    """The answer piece by piece while it is made, for who can say afterwards that it broke off.

    Its pieces raise what :func:`evaluate` raises, some of it after the first of them.
    """
    asked = _ask(graph, sparql, lens, parameters or {}, limits, name)
    job = replace(asked.job, format=format_, graph_format=graph_format)
    with asked.explained(), asked.opened.stream(job, limits) as answering:
        yield answering


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query that the guard let through."""

    opened: Answerer
    job: Job
    sparql: str
    parameters: Mapping[str, str]
    limits: Limits
    name: str

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Turn the engine's words about a query that does not parse into a problem with a place."""
        from onrecord.worker import EngineSyntaxError, read_forms

        try:
            yield
        except EngineSyntaxError as error:
            plain = replace(self.job, query=self.sparql)
            form = read_forms([plain], self.limits)[0] if self.parameters else error
            raise find_mistake(self.sparql, form, self.parameters, self.job.prefixes, self.name) from error

    def require_graphs(self, wanted: Iterable[str]) -> None:
        """Whether every graph of a dataset that is given beside the query is there.

        :raises QueryRefused: Q003 for the first that is not.
        """
        known = set(self.opened.graphs)
        for graph in wanted:
            if graph not in known:
                what = f"<{graph}> is no graph of this dataset, and nothing is fetched"
                near = offer(f"<{one}>" for one in nearest_names(graph, known)) or "leave it out"
                raise QueryRefused(Problem("Q003", Place(self.name), what, near), self.sparql)


def _ask(graph: Graph, sparql: str, lens: Lens, parameters: Mapping[str, str], limits: Limits, name: str) -> _Asked:
    from onrecord.engine import Job

    opened = _open(graph, lens)
    prefixes = graph.prefixes()
    try:
        guard(sparql, opened.graphs, prefixes, name)
    except QueryRefused as refused:
        if refused.problem.code != "Q003":
            raise
        guard(sparql, [*opened.graphs, *graph.names.graphs()], prefixes, name)  # also those that are empty
    job = Job(bind_parameters(sparql, parameters), prefixes, graph.project.base, has_from(sparql, prefixes))
    return _Asked(opened, job, sparql, parameters, limits, name)


def find_mistake(
    sparql: str,
    form: Form | QueryError | EngineSyntaxError,
    parameters: Mapping[str, str],
    prefixes: Mapping[str, str],
    name: str,
) -> QuerySyntaxError:
    """Where a query that does not parse goes wrong; ``form`` is what it gives without its parameters' values.

    The place is one in ``sparql`` as it was written, whatever the values are.
    """
    if isinstance(form, ValueError):
        return explain_syntax(sparql, str(form), prefixes, name)
    return explain_values(sparql, parameters, name)


class Answerer(Protocol):
    """What queries are put to: processes of this machine, or a server."""

    @property
    def graphs(self) -> list[str]:
        """The IRIs of the named graphs."""

    def run(self, job: Job, limits: Limits, cancelled: Cancelled | None, patience: float) -> Evaluated:
        """The whole answer to ``job``; raises as :func:`evaluate` does."""

    def stream(self, job: Job, limits: Limits) -> AbstractContextManager[Answering]:
        """The answer to ``job`` while it comes; raises as :func:`stream` does."""

    def has(self, iri: str) -> bool:
        """Whether ``iri`` stands anywhere in the dataset."""

    def labels(self, iris: Iterable[str]) -> dict[str, list[str]]:
        """What each of ``iris`` is called, in no order."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A dataset with the processes that answer on it, and the IRIs of its named graphs."""

    workers: Workers
    graphs: list[str]

    def run(self, job: Job, limits: Limits, cancelled: Cancelled | None, patience: float) -> Evaluated:
        """The whole answer to ``job``."""
        return self.workers.run(job, limits, cancelled, patience)

    def stream(self, job: Job, limits: Limits) -> AbstractContextManager[Answering]:
        """The answer to ``job`` while it comes."""
        return self.workers.stream(job, limits)

    def has(self, iri: str) -> bool:
        """Whether ``iri`` stands anywhere in the dataset."""
        from onrecord.store import is_mentioned

        return is_mentioned(self.workers.dataset.store, iri)

    def labels(self, iris: Iterable[str]) -> dict[str, list[str]]:
        """What each of ``iris`` is called, in no order."""
        from onrecord.store import labels_of

        return {iri: labels_of(self.workers.dataset.store, iri) for iri in iris}


def unknown_in(graph: Graph, sparql: str, lens: Lens, name: str = QUERY_NAME) -> list[Problem]:
    """What :func:`unknown_terms` says of a query on ``graph``; only where it says anything are the statements read."""
    opened, vocabulary = _open(graph, lens), graph.vocabulary
    found = unknown_terms(vocabulary, sparql, name, lambda iri: vocabulary.is_known(iri) or opened.has(iri))
    return unknown_terms(graph.names, sparql, name) if found else []


def labels(graph: Graph, lens: Lens, iris: Iterable[str]) -> dict[str, str]:
    """What :meth:`onrecord.graph.Graph.labels` says; where the store can tell, the statements are not read for it."""
    opened, vocabulary = _open(graph, lens), graph.vocabulary
    found: dict[str, str] = {}
    others = []
    for iri in iris:
        if vocabulary.is_known(iri) or iri in vocabulary.ontology.individuals:
            found[iri] = vocabulary.label(iri)
        elif iri.startswith(graph.project.base):
            others.append(iri)
    called = opened.labels(others)
    found |= {iri: called[iri][0] for iri in others if len(called[iri]) == 1}
    unsure = [iri for iri in others if len(called[iri]) > 1]
    return found | (graph.labels(unsure) if unsure else {})


def _open(graph: Graph, lens: Lens) -> Answerer:
    """The dataset for a lens: on the graph's server, else the built store when it is fresh, else one in memory."""
    if graph.remote is not None:
        return graph.remote.open(lens)
    from onrecord.errors import StoreError
    from onrecord.export import export
    from onrecord.manifest import is_fresh
    from onrecord.store import graph_names, load_store, open_store
    from onrecord.worker import Dataset
    from onrecord.workers import Workers
    from onrecord.written import read_written, written_forms

    def opened() -> Opened:
        dataset, folder = None, graph.project.build_folder
        plain = graph.is_of_files and lens == Lens(inference=lens.inference)
        if plain and is_fresh(graph.project, folder, inference=lens.inference):
            try:
                dataset = Dataset(open_store(folder), read_written(folder))
            except StoreError as error:  # the files are the truth
                _LOG.warning("%s; answered from the files instead", error)
        if dataset is None:
            quads = graph.quads(lens)
            store = load_store(export(quads, "nq", {}))
            dataset = Dataset(store, written_forms(quads["object"].unique().to_list()))
        return Opened(Workers(dataset), graph_names(dataset.store))

    return graph.stores.get(lens.key, opened)


def unknown_terms(
    names: Names, sparql: str, name: str = QUERY_NAME, is_known: Callable[[str], bool] | None = None
) -> list[Problem]:
    """A Q006 warning for each term of the graph's own vocabulary that nothing defines.

    Such a query is sound SPARQL and finds nothing; a misspelt property should not pass for "no".
    A term is reported where it stands first, and no more than :data:`MAX_UNKNOWN` of them.
    """
    prefixes = names.prefixes()
    ontology, minter = names.ontology, names.minter
    terms = {*ontology.classes, *ontology.properties, *ontology.individuals}
    terms |= {prop.qualified_iri for prop in ontology.properties.values()}
    homes = {_home(iri) for iri in terms} | {minter.entity(""), minter.source("")}
    out: dict[str, Problem] = {}
    for token in tokens(sparql) if len(sparql) <= MAX_QUERY_BYTES else ():
        if token.kind not in ("iri", "name"):
            continue
        prefix, _, local = token.text.partition(":")
        iri = token.text[1:-1] if token.kind == "iri" else prefixes.get(prefix, "") + local.replace("\\", "")
        home = _home(iri)
        if home == minter.entity("") and names.is_lost(iri[len(home) :]):
            continue
        if home == minter.source("") and names.sources_lost:
            continue
        if iri in out or home not in homes or iri == home or iri in terms or (is_known or names.is_known)(iri):
            continue
        alike = nearest_names(iri[len(home) :], _locals([*terms, *names.labels], home))
        near = offer(f'"{names.compact(home + other)}"' for other in alike)
        where = place(sparql, token.start, len(token.text), name)
        fix = near or "see the ontology, or entities.yaml"
        out[iri] = Problem("Q006", where, f"nothing is called {token.text}", fix, Severity.WARNING)
        if len(out) == MAX_UNKNOWN:
            break
    return list(out.values())


def _locals(iris: list[str], home: str) -> list[str]:
    """The local names of ``iris`` in one namespace; none where there are too many to compare with."""
    return [iri[len(home) :] for iri in iris if _home(iri) == home] if len(iris) <= MAX_COMPARED else []


def _home(iri: str) -> str:
    """The namespace of an IRI."""
    return iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]
