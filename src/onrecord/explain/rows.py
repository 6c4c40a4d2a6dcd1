"""Owns "why?" for a row of a query: the triples on which the row rests, each explained.

Leaves explaining a triple to ``why``. Understood are basic graph patterns, FILTER, OPTIONAL and
UNION (SPARQL 1.1, sections 5 to 8); for anything else there is a reason, not a guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from onrecord.answers import Term
from onrecord.errors import Problem, QueryError, QueryRefused
from onrecord.explain.why import Explanation, Grounds, explain_triple, word
from onrecord.infer import Triple
from onrecord.lens import Lens
from onrecord.limits import Limits
from onrecord.query import answer as ask
from onrecord.sparql import Token, place, tokens
from onrecord.terms import iri, literal

if TYPE_CHECKING:
    from onrecord.graph import Graph

_REFUSED = {
    "GRAPH": "GRAPH",
    "MINUS": "MINUS",
    "VALUES": "VALUES",
    "BIND": "BIND",
    "GROUP": "GROUP BY",
    "HAVING": "HAVING",
    "EXISTS": "EXISTS",
    "CONSTRUCT": "CONSTRUCT",
    "DESCRIBE": "DESCRIBE",
    "ASK": "ASK",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """A triple on which a row rests: explained, or a part of the record itself (a label, a statement's field)."""

    triple: Triple
    text: str
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class RowExplanation:
    """Why a row is among the answers."""

    row: tuple[tuple[str, str], ...]  # variable, value in words
    grounds: tuple[Ground, ...]

    def as_dict(self) -> dict[str, Any]:
        """The explanation as plain values, as ``--json`` prints it."""
        return asdict(self)


def explain_row(graph: Graph, base: Grounds, sparql: str, number: int, lens: Lens) -> RowExplanation:
    """Why the ``number``-th row (from 1) of the answer to ``sparql`` is there.

    ``base`` are the grounds of the graph seen through ``lens``.

    :raises QueryRefused: Q005 for a query with parts that are not understood.
    :raises QueryError: when there is no such row.
    """
    answer = ask(graph, sparql, lens, {}, Limits())
    patterns = _patterns(graph, sparql)
    if not 1 <= number <= len(answer.rows):
        raise QueryError(f"the answer has {len(answer.rows)} rows; there is no row {number}")
    row = {
        name: _ntriples(term)
        for name, term in zip(answer.variables, answer.rows[number - 1], strict=True)
        if term is not None
    }
    bindings = _all_bindings(graph, sparql, row, lens)
    found: dict[Triple, Ground] = {}
    facts = set(graph.quads(lens).select("subject", "predicate", "object").iter_rows())
    for pattern in patterns:
        triple = tuple(_fill(term, bindings) for term in pattern)
        if any(term is None for term in triple):
            continue  # an OPTIONAL or a branch of a UNION that did not match
        ground = (str(triple[0]), str(triple[1]), str(triple[2]))
        if ground in facts or ground in base.closure:
            found.setdefault(ground, _ground(base, ground))
    shown = tuple((name, word(base, term)) for name, term in row.items())
    return RowExplanation(shown, tuple(found.values()))


def _ground(base: Grounds, triple: Triple) -> Ground:
    text = " ".join(word(base, term) for term in triple)
    return Ground(triple, text, explain_triple(base, triple) if triple in base.closure else None)


def _ntriples(term: Term) -> str:
    return (
        iri(term.value) if term.kind == "iri" else literal(term.value, datatype=term.datatype, language=term.language)
    )


def _fill(term: str, bindings: Mapping[str, str]) -> str | None:
    return bindings.get(term[1:]) if term.startswith("?") else term


def _all_bindings(graph: Graph, sparql: str, row: Mapping[str, str], lens: Lens) -> dict[str, str]:
    """The row with the variables that the query does not show: asked for with the row's values fixed."""
    found = list(tokens(sparql))
    opening = next(index for index, token in enumerate(found) if token.text == "{")
    select = next(index for index, token in enumerate(found) if token.text.upper() == "SELECT")
    closing = next(token for token in reversed(found) if token.text == "}")
    head = sparql[: found[select].start] + "SELECT * WHERE "
    body = sparql[found[opening].start + 1 : closing.start]
    fixed = " ".join(f"?{name}" for name in row)
    values = f"VALUES ({fixed}) {{ ({' '.join(row.values())}) }}" if row else ""
    everything = ask(graph, f"{head} {{ {values} {body} }}", lens, {}, Limits())
    solutions = sorted(
        (
            {name: _ntriples(term) for name, term in zip(everything.variables, terms, strict=True) if term is not None}
            for terms in everything.rows
        ),
        key=lambda solution: sorted(solution.items()),
    )
    return (solutions[0] if solutions else {}) | dict(row)


def _patterns(graph: Graph, sparql: str) -> list[tuple[str, str, str]]:
    """The triple patterns of the query, variables as ``?name``, in the order of the text."""
    found = list(tokens(sparql))
    _refuse(found, sparql)
    from pyparsing import ParseException
    from rdflib.plugins.sparql.algebra import translateQuery
    from rdflib.plugins.sparql.parser import parseQuery

    prefixed = "".join(f"PREFIX {name}: <{namespace}>\n" for name, namespace in graph.prefixes().items()) + sparql
    try:
        algebra = translateQuery(parseQuery(prefixed)).algebra
    except (ParseException, RecursionError, ValueError) as error:
        raise _no(found[0], sparql, "this query is not understood by --why") from error
    return list(_walk(algebra, sparql))


def _refuse(found: list[Token], sparql: str) -> None:
    selects = [token for token in found if token.text.upper() == "SELECT"]
    for token in found:
        reason = _REFUSED.get(token.text.upper()) if token.kind == "word" else None
        if reason:
            raise _no(token, sparql, f"{reason} is not understood by --why")
        if token.text in "[]" and token.kind == "sign":
            raise _no(token, sparql, "a node without a name cannot be shown", "write a variable instead of [ ]")
    if len(selects) > 1:
        raise _no(selects[1], sparql, "a query inside a query is not understood by --why")


def _no(token: Token, sparql: str, message: str, fix: str = "") -> QueryRefused:
    fix = fix or "ask for the rows with basic patterns, FILTER, OPTIONAL and UNION"
    return QueryRefused(Problem("Q005", place(sparql, token.start, len(token.text)), message, fix), sparql)


def _walk(node: Any, sparql: str) -> Iterator[tuple[str, str, str]]:
    """The patterns below a node of rdflib's algebra."""
    if node.name == "BGP":
        for triple in node.triples:
            if any(hasattr(term, "name") or type(term).__module__.endswith("paths") for term in triple):
                path = next(token for token in tokens(sparql) if token.text in "/*+?^|" and token.kind == "sign")
                raise _no(path, sparql, "a path is not understood by --why", "write its steps as patterns")
            subject, predicate, obj = (term.n3() for term in triple)
            yield subject, predicate, obj
        return
    for key in ("p", "p1", "p2"):
        child = node.get(key)
        if child is not None and hasattr(child, "name"):
            yield from _walk(child, sparql)
