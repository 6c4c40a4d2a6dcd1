"""Owns the road from a SPARQL text to an answer: guard, evaluate, rows.

Leaves the text to ``sparql``, the process to ``worker`` and named queries to ``questions``.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from onrecord.errors import MissingExtra, OnRecordError, Problem, QueryError, Severity
from onrecord.lens import Lens
from onrecord.limits import Limits
from onrecord.nearest import nearest_names, offer
from onrecord.sparql import (
    MAX_QUERY_BYTES,
    QUERY_NAME,
    bind_parameters,
    explain_syntax,
    explain_values,
    guard,
    has_from,
    is_ordered,
    place,
    tokens,
)
from onrecord.terms import XSD

if TYPE_CHECKING:
    import polars as pl
    import pyoxigraph as ox

    from onrecord.errors import QuerySyntaxError
    from onrecord.graph import Graph
    from onrecord.names import Names
    from onrecord.worker import EngineSyntaxError, Evaluated, Form
    from onrecord.written import Forms

    Opened = tuple[ox.Store, list[str], Forms]


MAX_UNKNOWN = 10
"""How many unknown terms of one query are reported."""

MAX_COMPARED = 20_000
"""Among more names than this, none is offered for a misspelt one: the search would take longer than the query."""


class Term(NamedTuple):
    """An RDF term in an answer; ``kind`` is ``iri``, ``literal``, ``bnode`` or ``triple``."""

    kind: str
    value: str
    datatype: str | None = None
    language: str | None = None

    def __str__(self) -> str:
        return self.value


Row = tuple[Term | None, ...]
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """What a query gave: rows (SELECT), a truth value (ASK), or a graph (CONSTRUCT, DESCRIBE).

    Iterating gives the rows as mappings from variable to :class:`Term` (unbound variables left out).
    """

    kind: str
    variables: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    boolean: bool | None = None
    graph: bytes = b""  # N-Triples
    prefixes: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[dict[str, Term]]:
        for row in self.rows:
            yield {name: term for name, term in zip(self.variables, row, strict=True) if term is not None}

    def __len__(self) -> int:
        return len(self.rows)

    def __bool__(self) -> bool:
        return self.boolean if self.boolean is not None else bool(self.rows or self.graph)

    def values(self) -> list[tuple[str | None, ...]]:
        """The rows as plain texts."""
        return [tuple(None if term is None else term.value for term in row) for row in self.rows]

    def to_csv(self) -> str:
        """The rows in SPARQL 1.1 CSV (https://www.w3.org/TR/sparql11-results-csv-tsv/)."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(self.variables)
        for row in self.values():
            writer.writerow(["" if value is None else value for value in row])
        return out.getvalue()

    def to_polars(self) -> pl.DataFrame:
        """The rows as a Polars frame of texts."""
        import polars as pl

        return pl.DataFrame(self.values(), schema=dict.fromkeys(self.variables, pl.String), orient="row")

    def to_pandas(self) -> Any:
        """The rows as a pandas frame.

        :raises MissingExtra: without ``onrecord[pandas]``.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingExtra("pandas", "pandas") from error
        return pd.DataFrame(self.values(), columns=list(self.variables))

    def _repr_html_(self) -> str:
        """Rows as a table, a truth value as a word, a graph as N-Triples: how a notebook shows an answer."""
        from onrecord.notebook import lines, table

        if self.boolean is not None:
            return lines(str(self.boolean).lower())
        return lines(self.graph.decode("utf-8")) if self.kind == "graph" else table(self.variables, self.values())


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
    prefixes = graph.prefixes()
    body = raw(graph, sparql, lens, parameters, limits, "json", name)
    if body[0] == "graph":
        return Answer("graph", graph=body[1], prefixes=prefixes)
    data = json.loads(body[1])
    if body[0] == "boolean":
        return Answer("boolean", boolean=data["boolean"], prefixes=prefixes)
    variables = tuple(data["head"]["vars"])
    rows = tuple(tuple(_term(row.get(name)) for name in variables) for row in data["results"]["bindings"])
    if not is_ordered(sparql):
        rows = tuple(sorted(rows, key=_sort_key))
    return Answer("rows", variables, rows, prefixes=prefixes)


def raw(
    graph: Graph,
    sparql: str,
    lens: Lens,
    parameters: Mapping[str, str],
    limits: Limits,
    format_: str,
    name: str = QUERY_NAME,
) -> tuple[str, bytes]:
    """The kind of an answer and its body in one of the W3C result formats (N-Triples for graphs)."""
    from onrecord.worker import EngineSyntaxError, Job, read_forms, run

    prefixes = graph.prefixes()
    store, names, written = _store(graph, lens)
    guard(sparql, [*names, *graph.names.graphs()], prefixes, name)
    wanted = "json" if written and format_ != "json" else format_
    job = Job(bind_parameters(sparql, parameters), prefixes, graph.project.base, has_from(sparql, prefixes), wanted)
    try:
        evaluated = run(store, job, limits)
    except EngineSyntaxError as error:
        form = read_forms([replace(job, query=sparql)], limits)[0] if parameters else error
        raise find_mistake(sparql, form, parameters, prefixes, name) from error
    return evaluated.kind, _as_written(evaluated, written, format_)


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


def _as_written(evaluated: Evaluated, written: Forms, format_: str) -> bytes:
    """The body of an answer in ``format_``, its literals in the form in which they were written."""
    from onrecord.store import convert_results
    from onrecord.written import restore_rows, restore_triples

    if not written:
        return evaluated.body
    if evaluated.kind == "graph":
        return restore_triples(evaluated.body, written)
    body = restore_rows(evaluated.body, written) if evaluated.kind == "rows" else evaluated.body
    return body if format_ == "json" else convert_results(body, format_)


def _store(graph: Graph, lens: Lens) -> Opened:
    """The triple store for a lens: the built one when it is fresh, else one in memory."""
    from onrecord.errors import StoreError
    from onrecord.export import export
    from onrecord.manifest import is_fresh
    from onrecord.store import graph_names, load_store, open_store
    from onrecord.written import read_written, written_forms

    def opened() -> Opened:
        store, written = None, {}
        folder = graph.project.build_folder
        if lens == Lens(inference=lens.inference) and is_fresh(graph.project, folder, inference=lens.inference):
            try:
                store, written = open_store(folder), read_written(folder)
            except StoreError as error:  # the files are the truth
                _LOG.warning("%s; answered from the files instead", error)
        if store is None:
            quads = graph.quads(lens)
            store, written = load_store(export(quads, "nq", {})), written_forms(quads["object"].unique().to_list())
        return store, graph_names(store), written

    return graph.stores.get(lens.key, opened)


def unknown_terms(names: Names, sparql: str, name: str = QUERY_NAME) -> list[Problem]:
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
        if iri in out or home not in homes or iri == home or iri in terms or names.is_known(iri):
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


def _sort_key(row: Row) -> tuple[tuple[str, ...], ...]:
    """Rows that the query leaves unordered come in the order of their terms, the same on every run."""
    return tuple(
        ("",) if term is None else (term.value, term.kind, str(term.datatype), str(term.language)) for term in row
    )


def _home(iri: str) -> str:
    """The namespace of an IRI."""
    return iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]


@lru_cache(maxsize=4096)
def _datatype(iri: str | None) -> str | None:
    return None if iri == f"{XSD}string" else iri


def _term(binding: dict[str, Any] | None) -> Term | None:
    if binding is None:
        return None
    if binding["type"] == "triple":  # RDF 1.2: only a query that makes one with TRIPLE() gets one
        parts = (_term(binding["value"][part]) for part in ("subject", "predicate", "object"))
        return Term("triple", f"<<( {' '.join(str(part) for part in parts)} )>>")
    kind = {"uri": "iri", "bnode": "bnode"}.get(binding["type"], "literal")
    return Term(kind, binding["value"], _datatype(binding.get("datatype")), binding.get("xml:lang"))


def compact(term: Term | None, prefixes: Mapping[str, str]) -> str:
    """A term as a table shows it: IRIs with their prefix, literals as their text."""
    if term is None:
        return ""
    if term.kind != "iri":
        return term.value
    best = max((ns for ns in prefixes.values() if term.value.startswith(ns)), key=len, default="")
    if not best or len(best) == len(term.value):
        return f"<{term.value}>"
    prefix = next(prefix for prefix, namespace in sorted(prefixes.items()) if namespace == best)
    return f"{prefix}:{term.value[len(best) :]}"
