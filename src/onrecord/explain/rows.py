"""Owns "why?" for a row of a query: the triples on which the row rests, each explained.

Leaves explaining a triple to ``why``. Understood are basic graph patterns, FILTER, OPTIONAL, UNION
(SPARQL 1.1, sections 5 to 8), FROM and values that SELECT computes from one solution; for anything
else there is a reason, not a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from onrecord.answers import Answer, Row, Term
from onrecord.errors import Problem, QueryError, QueryRefused
from onrecord.explain.why import Explanation, Grounds, explain_triple, word
from onrecord.infer import Triple
from onrecord.lens import Lens
from onrecord.limits import Limits
from onrecord.query import answer as ask
from onrecord.sparql.tokens import QUERY_NAME, Token, place, tokens
from onrecord.terms import iri, literal, split_term

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
    **{name: name for name in ("COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT")},
    **{name: f"what {name} gives, another thing each time," for name in ("RAND", "UUID", "STRUUID", "BNODE")},
}


_Pattern = tuple[tuple[str, str, str], tuple[str, ...]]
"""A triple pattern, variables as ``?name``, and the variables that are bound when the groups around it matched."""


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


def explain_row(
    graph: Graph,
    base: Grounds,
    sparql: str,
    number: int,
    lens: Lens,
    limits: Limits | None = None,
    name: str = QUERY_NAME,
) -> RowExplanation:
    """Why the ``number``-th row (from 1) of the answer to ``sparql`` is there.

    ``base`` are the grounds of the graph seen through ``lens``; ``name`` is what the query is called in
    problems. Of rows that are the same, each has a solution of its own.

    :raises QueryRefused: Q005 for a query with parts that are not understood.
    :raises QueryError: when there is no such row.
    """
    query = _Query(sparql, name)
    limits = limits or Limits()
    answer = ask(graph, sparql, lens, {}, limits, name)
    patterns, graphs = query.read(graph)
    if not 1 <= number <= len(answer.rows):
        raise QueryError(f"the answer has {len(answer.rows)} rows; there is no row {number}")
    row = answer.rows[number - 1]
    everything = ask(graph, query.with_all_variables(answer.variables, row), lens, {}, replace(limits, rows=None))
    solutions = sorted(_solutions(everything, answer.variables, row), key=lambda solution: sorted(solution.items()))
    if not solutions:
        raise query.refused(query.select, "this row does not come a second time", "leave out what changes, as NOW()")
    before = 0 if query.is_distinct else sum(each == row for each in islice(answer.rows, number - 1))
    solution = solutions[min(before, len(solutions) - 1)]
    quads = graph.quads(lens)
    if graphs:
        quads = quads.filter(quads["graph"].is_in(graphs))
    facts = set(quads.select("subject", "predicate", "object").iter_rows())
    found: dict[Triple, Ground] = {}
    for pattern, groups in patterns:
        if not all(group in solution for group in groups):
            continue  # an OPTIONAL or a branch of a UNION that did not match
        subject, predicate, obj = (solution[term[1:]] if term.startswith("?") else term for term in pattern)
        ground = (subject, predicate, obj)
        if ground not in facts and (graphs or ground not in base.closure):
            ground = _as_written(ground, facts)
        found.setdefault(ground, _ground(base, ground))
    shown = tuple(
        (variable, word(base, _ntriples(term)))
        for variable, term in zip(answer.variables, row, strict=True)
        if term is not None
    )
    return RowExplanation(shown, tuple(found.values()))


def _ground(base: Grounds, triple: Triple) -> Ground:
    text = " ".join(word(base, term) for term in triple)
    return Ground(triple, text, explain_triple(base, triple) if triple in base.closure else None)


def _ntriples(term: Term) -> str:
    return (
        iri(term.value) if term.kind == "iri" else literal(term.value, datatype=term.datatype, language=term.language)
    )


def _as_written(triple: Triple, facts: Iterable[Triple]) -> Triple:
    """The fact of which a query writes the value in another form, as 1.7 for 1.70."""
    value = _value(triple[2])
    return min((fact for fact in facts if fact[:2] == triple[:2] and _value(fact[2]) == value), default=triple)


def _value(term: str) -> object:
    from rdflib import Literal

    kind, text, datatype, language = split_term(term)
    value = Literal(text, datatype=datatype).value if datatype else None
    return kind, datatype, language and language.lower(), text if value is None else value


def _solutions(everything: Answer, variables: tuple[str, ...], row: Row) -> Iterator[dict[str, str]]:
    """The solutions from which the row is made, the variables that the query does not show among them."""
    columns = {name: index for index, name in enumerate(everything.variables)}
    places = [columns.get(name) for name in variables]
    for terms in everything.rows:
        if tuple(None if at is None else terms[at] for at in places) == row:
            yield {name: _ntriples(term) for name, term in zip(columns, terms, strict=True) if term is not None}


class _Query:
    """A SELECT taken apart: what it shows, its dataset, its pattern."""

    def __init__(self, sparql: str, name: str) -> None:
        self._sparql, self._name = sparql, name
        self._tokens = list(tokens(sparql))
        self._mark = "group"
        while any(token.text[1:].startswith(self._mark) for token in self._tokens if token.kind == "variable"):
            self._mark += "_"

    @property
    def select(self) -> Token:
        """The word with which it begins."""
        return self._tokens[self._select]

    @property
    def _select(self) -> int:
        return next(index for index, token in enumerate(self._tokens) if token.text.upper() == "SELECT")

    @property
    def is_distinct(self) -> bool:
        """Whether no two of its rows are the same."""
        return self._tokens[self._select + 1].text.upper() == "DISTINCT"

    def with_all_variables(self, variables: tuple[str, ...], row: Row) -> str:
        """The query for every solution that may be behind ``row``, with all its variables.

        The row's IRIs are compared outside the pattern, so that they complete no OPTIONAL in it. Values, and what is
        computed, are left to the reader of the rows: a server may compare them otherwise than it writes them.
        """
        sparql, shown = self._sparql, self._tokens[self._select + 1 :]
        depth, computed, opened, rest = 0, "", 0, shown[0]
        for token in shown:
            if depth == 0 and (token.text == "{" or token.text.upper() in ("FROM", "WHERE")):
                rest = token
                break
            depth += (token.text == "(") - (token.text == ")")
            if token.text == "(" and depth == 1:
                opened = token.start
            elif token.text == ")" and depth == 0:
                computed += f" BIND{sparql[opened : token.start + 1]}"
        opening, closing = self._braces
        found = {each.text[1:] for each in shown if each.kind == "variable" and opening < each.start < closing}
        same = "".join(
            f" FILTER(sameTerm(?{name}, {_ntriples(term)}))"
            for name, term in zip(variables, row, strict=True)
            if name in found and term is not None and term.kind == "iri"
        )
        head = f"{sparql[: self.select.start]}SELECT * {sparql[rest.start : opening]}"
        return f"{head}{{ {self._marked(opening, closing)}{computed}{same} }}"

    @property
    def _braces(self) -> tuple[int, int]:
        """Where its pattern begins and ends."""
        braces = [token.start for token in self._tokens if token.text in ("{", "}")]
        return braces[0], braces[-1] + 1

    def _marked(self, opening: int, closing: int) -> str:
        """Its pattern; in each group within that a variable is bound, which says whether the group matched."""
        out, reached, depth = "", opening, 0
        for token in self._tokens:
            if token.text == "}" and depth > 1:
                out += f"{self._sparql[reached : token.start]} BIND(true AS ?{self._mark}{token.start}) "
                reached = token.start
            depth += (token.text == "{") - (token.text == "}")
        return out + self._sparql[reached:closing]

    def read(self, graph: Graph) -> tuple[list[_Pattern], list[str]]:
        """The patterns in the order of the text, and the graphs that FROM names."""
        self._refuse()
        from pyparsing import ParseException
        from rdflib.plugins.sparql.algebra import translateQuery
        from rdflib.plugins.sparql.parser import parseQuery

        prefixes = "".join(f"PREFIX {name}: <{namespace}>\n" for name, namespace in graph.prefixes().items())
        try:
            opening, closing = self._braces
            marked = f"{self._sparql[:opening]}{self._marked(opening, closing)}{self._sparql[closing:]}"
            algebra = translateQuery(parseQuery(prefixes + marked), base=graph.project.base).algebra
        except (ParseException, RecursionError, ValueError) as error:
            raise self.refused(self._tokens[0], "this query is not understood by --why") from error
        graphs = [clause.default.n3() for clause in algebra.datasetClause or () if clause.default]
        return list(self._walk(algebra)), graphs

    def _refuse(self) -> None:
        selects = [token for token in self._tokens if token.text.upper() == "SELECT"]
        for token in self._tokens:
            reason = _REFUSED.get(token.text.upper()) if token.kind == "word" else None
            if reason:
                raise self.refused(token, f"{reason} is not understood by --why")
            if token.kind == "blank" or (token.text in "[]" and token.kind == "sign"):
                fix = "write a variable instead of " + ("[ ]" if token.kind == "sign" else token.text)
                raise self.refused(token, "a node without a name cannot be shown", fix)
        if len(selects) > 1:
            raise self.refused(selects[1], "a query inside a query is not understood by --why")

    def refused(self, token: Token, message: str, fix: str = "") -> QueryRefused:
        """The problem Q005 at ``token``."""
        fix = fix or "ask for the rows with basic patterns, FILTER, OPTIONAL and UNION"
        where = place(self._sparql, token.start, len(token.text), self._name)
        return QueryRefused(Problem("Q005", where, message, fix), self._sparql)

    def _walk(self, node: Any, groups: tuple[str, ...] = ()) -> Iterator[_Pattern]:
        """The patterns below a node of rdflib's algebra, which stands in ``groups``."""
        from rdflib import BNode

        if node.name == "BGP":
            for triple in node.triples:
                if any(hasattr(term, "name") or type(term).__module__.endswith("paths") for term in triple):
                    path = next(token for token in self._tokens if token.text in "/*+?^|" and token.kind == "sign")
                    raise self.refused(path, "a path is not understood by --why", "write its steps as patterns")
                if any(isinstance(term, BNode) for term in triple):
                    first = next(token.start for token in self._tokens if token.text == "{")
                    lists = (token for token in self._tokens if token.start > first and token.text == "(")
                    raise self.refused(next(lists), "a list is not understood by --why", "write its nodes as variables")
                subject, predicate, obj = (term.n3() for term in triple)
                yield (subject, predicate, obj), groups
            return
        if node.name == "Extend" and node.var.startswith(self._mark):
            groups = (*groups, str(node.var))
        for key in ("p", "p1", "p2"):
            child = node.get(key)
            if child is not None and hasattr(child, "name"):
                yield from self._walk(child, groups)
