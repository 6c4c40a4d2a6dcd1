"""Owns SPARQL as text: tokens, what a query may not do, and where a mistake stands.

Leaves evaluating to ``worker``. The tokens follow SPARQL 1.1, section 19.8
(https://www.w3.org/TR/sparql11-query/#sparqlGrammar); a lexer, because the word ``service`` may
stand in strings, IRIs, comments and variables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from onrecord.errors import Place, Problem, QueryRefused, QuerySyntaxError
from onrecord.nearest import did_you_mean

QUERY_NAME = "query"
"""What a query without a file is called in problems."""

MAX_QUERY_BYTES = 256 * 1024

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>\#[^\n]*)
  | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
  | (?P<string>\"{3}(?:(?:\"{1,2})?(?:[^"\\]|\\.))*\"{3} | '{3}(?:(?:'{1,2})?(?:[^'\\]|\\.))*'{3}
             | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*')
  | (?P<variable>[?$][^\W]\w*)
  | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
  | (?P<blank>_:[\w.-]+)
  | (?P<name>(?:[^\W\d_](?:[\w.-]*[\w-])?)?:(?:[\w:%.-]|\\[-_~.!$&'()*+,;=/?\#@%])*)
  | (?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
  | (?P<word>[^\W\d]\w*)
  | (?P<sign>\^\^|&&|\|\||!=|<=|>=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_UPDATES = frozenset({"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"})
_KEYWORDS = tuple(
    """
    SELECT CONSTRUCT DESCRIBE ASK WHERE FROM NAMED GRAPH OPTIONAL UNION MINUS FILTER BIND VALUES EXISTS NOT IN AS
    DISTINCT REDUCED GROUP BY HAVING ORDER ASC DESC LIMIT OFFSET PREFIX BASE UNDEF SEPARATOR STR LANG LANGMATCHES
    DATATYPE BOUND IRI URI BNODE RAND ABS CEIL FLOOR ROUND CONCAT SUBSTR STRLEN REPLACE UCASE LCASE ENCODE_FOR_URI
    CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER YEAR MONTH DAY HOURS MINUTES SECONDS TIMEZONE TZ NOW UUID STRUUID MD5
    SHA1 SHA256 SHA384 SHA512 COALESCE IF STRLANG STRDT SAMETERM ISIRI ISURI ISBLANK ISLITERAL ISNUMERIC REGEX COUNT SUM
    MIN MAX AVG SAMPLE GROUP_CONCAT ADJUST TRIPLE SUBJECT PREDICATE OBJECT ISTRIPLE
    """.split()  # noqa: SIM905  # a list of words reads best as one
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a query and the offset at which it starts."""

    kind: str
    text: str
    start: int


def tokens(query: str) -> Iterator[Token]:
    """The tokens of ``query``, white space and comments left out.

    >>> [token.text for token in tokens("ASK { ?a <b> 'service' } # end")]
    ['ASK', '{', '?a', '<b>', "'service'", '}']
    """
    for match in _TOKEN.finditer(query):
        kind = match.lastgroup or "sign"
        if kind not in ("space", "comment"):
            yield Token(kind, match[0], match.start())


def bind_parameters(query: str, terms: Mapping[str, str]) -> str:
    """``query`` with variables replaced by terms in their N-Triples form.

    >>> bind_parameters("ASK { ?_a_iri ?p '?_a_iri' }", {"_a_iri": "<urn:x>"})
    "ASK { <urn:x> ?p '?_a_iri' }"
    """
    out = []
    reached = 0
    for token in tokens(query) if terms else ():
        term = terms.get(token.text[1:]) if token.kind == "variable" else None
        if term is not None:
            out += [query[reached : token.start], term]
            reached = token.start + len(token.text)
    return "".join([*out, query[reached:]])


def has_from(query: str) -> bool:
    """Whether the query chooses its graphs itself."""
    return any(token.kind == "word" and token.text.upper() == "FROM" for token in tokens(query))


def place(query: str, start: int, length: int = 1, name: str = QUERY_NAME) -> Place:
    """Line and column of an offset in a query."""
    line = query.count("\n", 0, start) + 1
    return Place(name, line, start - query.rfind("\n", 0, start), max(1, length))


def guard(query: str, graphs: Iterable[str], prefixes: Mapping[str, str], name: str = QUERY_NAME) -> None:
    """Refuse what would reach out of the graph or change it.

    ``graphs`` are the IRIs of the named graphs that exist: FROM may name nothing else.

    :raises QueryRefused: Q001 for SERVICE, Q002 for an update, Q003 for a FROM that names no graph
        of this dataset, Q004 for a query that is too long.
    """
    if len(query.encode("utf-8", "replace")) > MAX_QUERY_BYTES:
        problem = Problem("Q004", Place(name), f"this query is longer than {MAX_QUERY_BYTES // 1024} KiB", "shorten it")
        raise QueryRefused(problem, query)
    found = list(tokens(query))
    known = set(graphs)
    declared = dict(prefixes) | dict(_declared(found))
    form = next(
        (token for token in found if token.kind == "word" and token.text.upper() not in ("PREFIX", "BASE")), None
    )
    if form is not None and form.text.upper() in _UPDATES:
        problem = Problem(
            "Q002",
            place(query, form.start, len(form.text), name),
            f"{form.text.upper()} would change the graph; queries only read",
            "change the statement files instead",
        )
        raise QueryRefused(problem, query)
    for index, token in enumerate(found):
        if _reaches_out(token, found, index):
            problem = Problem(
                "Q001",
                place(query, token.start, len(token.text), name),
                "SERVICE would send data to another server; this graph is queried alone",
                "delete it, or load that data as a source of its own",
            )
            raise QueryRefused(problem, query)
        if token.kind == "word" and token.text.upper() == "FROM":
            after = found[index + 1 : index + 3]
            if after and after[0].text.upper() == "NAMED":
                after = after[1:]
            if after and after[0].kind in ("iri", "name"):
                _check_from(after[0], known, declared, query, name)


def _reaches_out(token: Token, found: list[Token], index: int) -> bool:
    """Whether a token is the keyword SERVICE, also where no space sets it apart.

    A parser without a lexer reads ``SERVICEex:a {`` and ``1<?b)SERVICE#>`` as the keyword too.
    """
    text = token.text.upper()
    if token.kind == "word":
        return text.startswith("SERVICE")
    if token.kind == "name" and text.startswith("SERVICE"):
        after = found[index + 1].text if index + 1 < len(found) else ""
        before = found[index - 1].text.upper() if index else ""
        return after == "{" and before != "GRAPH"
    return token.kind == "iri" and bool(re.search(r"\).*SERVICE", text))


def _declared(found: list[Token]) -> Iterator[tuple[str, str]]:
    for index, token in enumerate(found[:-2]):
        if token.kind == "word" and token.text.upper() == "PREFIX":
            prefix, address = found[index + 1], found[index + 2]
            if prefix.kind == "name" and address.kind == "iri":
                yield prefix.text.rstrip(":"), address.text[1:-1]


def _check_from(token: Token, known: set[str], prefixes: Mapping[str, str], query: str, name: str) -> None:
    if token.kind == "iri":
        address = token.text[1:-1]
    else:
        prefix, _, local = token.text.partition(":")
        if prefix not in prefixes:
            return  # an unknown prefix is a syntax error with a place of its own
        address = prefixes[prefix] + local.replace("\\", "")
    if address not in known:
        problem = Problem(
            "Q003",
            place(query, token.start, len(token.text), name),
            f"{token.text} is no graph of this dataset, and nothing is fetched",
            did_you_mean(address, known) or "delete the FROM",
        )
        raise QueryRefused(problem, query)


def explain_syntax(query: str, message: str, prefixes: Mapping[str, str], name: str = QUERY_NAME) -> QuerySyntaxError:
    """The problem Q010 for a query that did not parse, placed at the mistake as well as can be told.

    ``message`` is the engine's; it names the furthest point it reached, often not the mistake. A
    prefix that nobody declared and a misspelt keyword are looked for first.
    """
    found = list(tokens(query))
    problem = (
        _unclosed(found, query, name)
        or _unknown_prefix(found, query, prefixes, name)
        or _misspelt(found, query, name)
        or _where_it_stops(query, message, name)
    )
    return QuerySyntaxError(problem, query)


def _unknown_prefix(found: list[Token], query: str, prefixes: Mapping[str, str], name: str) -> Problem | None:
    known = dict(prefixes) | dict(_declared(found))
    for index, token in enumerate(found):
        if token.kind != "name" or (index and found[index - 1].text.upper() == "PREFIX"):
            continue
        prefix = token.text.partition(":")[0]
        if prefix not in known:
            return Problem(
                "Q010",
                place(query, token.start, len(prefix) + 1, name),
                f'the prefix "{prefix}:" is not declared',
                did_you_mean(prefix, [key for key in known if key]) or f"write  PREFIX {prefix}: <...>  at the top",
            )
    return None


def _misspelt(found: list[Token], query: str, name: str) -> Problem | None:
    known = {*_KEYWORDS, "a", "true", "false", "TRUE", "FALSE"}
    for token in found:
        if token.kind == "word" and token.text.upper() not in known and token.text not in known:
            return Problem(
                "Q010",
                place(query, token.start, len(token.text), name),
                f'"{token.text}" is no word of SPARQL',
                did_you_mean(token.text.upper(), _KEYWORDS) or "write names with a prefix, such as dip:heads",
            )
    return None


_PAIRS = {"}": "{", ")": "(", "]": "["}


def _unclosed(found: list[Token], query: str, name: str) -> Problem | None:
    opened: list[Token] = []
    for token in found:
        if token.kind == "sign" and token.text in "\"'":
            return Problem(
                "Q010",
                place(query, token.start, 1, name),
                "this string is not closed",
                f"write {token.text} at its end",
            )
        if token.kind != "sign" or token.text not in "{}()[]":
            continue
        if token.text in "{([":
            opened.append(token)
        elif opened and opened[-1].text == _PAIRS[token.text]:
            opened.pop()
        else:
            return Problem(
                "Q010",
                place(query, token.start, 1, name),
                f"this {token.text} closes nothing",
                "delete it, or open one",
            )
    if opened:
        token = opened[-1]
        return Problem("Q010", place(query, token.start, 1, name), f"this {token.text} is not closed", "close it")
    return None


_AT = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)


def _where_it_stops(query: str, message: str, name: str) -> Problem:
    """The furthest point that the engine or, beside it, rdflib's parser reached."""
    match = _AT.search(message)
    where = Place(name, 1, 1)
    reason = "this is not SPARQL"
    if match:
        where = Place(name, int(match[1]), int(match[2]))
        expected = " ".join(match[3].split())
        if len(expected) <= 80:
            reason += f": {expected}"
    other = _second_opinion(query)
    lines = query.split("\n")
    if other and (other < (where.line, where.column)) and where.line >= len(lines):
        where = Place(name, *other)
    if any(word in message for word in ("unbound", "GROUP BY", "aggregate")):
        where = Place(name, 1, 1)
    return Problem("Q010", where, reason, "look at the place marked, and right before it")


def _second_opinion(query: str) -> tuple[int, int] | None:
    from pyparsing import ParseException
    from rdflib.plugins.sparql.parser import parseQuery

    if max((query.count(char) for char in "{(["), default=0) > 100:
        return None
    try:
        parseQuery(query)
    except ParseException as error:
        return error.lineno, error.column
    except RecursionError:
        return None
    return None
