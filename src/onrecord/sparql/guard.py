"""Owns what a query may not do: reach out of the graph, change it, or name graphs that are not there.

The engine's parser has no lexer, so a keyword is looked for wherever the engine may see one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from onrecord.errors import Place, Problem, QueryRefused
from onrecord.nearest import nearest_names, offer
from onrecord.sparql.tokens import QUERY_NAME, TOKEN, Token, declared_prefixes, place, tokens

MAX_QUERY_BYTES = 256 * 1024

_SERVICE = re.compile(r"(?:a?(?:true|false|\d[\d.e]*)\.?)?(?P<word>service)", re.IGNORECASE)
_SERVICE_SOMEWHERE = re.compile("service", re.IGNORECASE)
_BRACE = re.compile(r"(?:\s|#[^\n\r]*)*\{")
_WORD_IN_IRI = re.compile(r"<(?P<word>[^\W\d_][\w.-]*)(?P<sign>[:(#])?")
_TAKE_A_NAME = frozenset({"GRAPH", "FROM", "NAMED", "DESCRIBE"})
_UPDATES = frozenset({"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"})


def guard(query: str, graphs: Iterable[str], prefixes: Mapping[str, str], name: str = QUERY_NAME) -> None:
    """Refuse what would reach out of the graph or change it.

    ``graphs`` are the IRIs of the named graphs that exist: FROM may name nothing else.

    :raises QueryRefused: Q001 for SERVICE, Q002 for an update, Q003 for a FROM that names no graph
        of this dataset, Q004 for a query that is too long.
    """
    if len(query.encode("utf-8", "replace")) > MAX_QUERY_BYTES:
        problem = Problem("Q004", Place(name), f"this query is longer than {MAX_QUERY_BYTES // 1024} KiB", "shorten it")
        raise QueryRefused(problem, query)
    found = tokens(query)
    known = set(graphs)
    declared = dict(prefixes) | dict(declared_prefixes(found))
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
    service = _service(query, declared)
    if service is not None:
        problem = Problem(
            "Q001",
            place(query, service, len("SERVICE"), name),
            "SERVICE would send data to another server; this graph is queried alone",
            "delete it, or load that data as a source of its own",
        )
        raise QueryRefused(problem, query)
    for token in _from_clauses(found, declared):
        _check_from(token, known, declared, query, name)


def _service(query: str, declared: Mapping[str, str]) -> int | None:
    """Where the keyword SERVICE stands on any reading of the query that the engine may try.

    The engine's parser has no lexer: ``trueSERVICE<a>{`` and ``SERVICEex:a{`` are the keyword to it,
    and ``<`` means "less than" where no IRI fits. So a ``<`` that may be either is read both ways.
    """
    if not _SERVICE_SOMEWHERE.search(query):
        return None
    for match, before in _readings(query, declared):
        keyword = _SERVICE.match(match[0])
        if keyword and (
            match.lastgroup == "word"
            or (match.lastgroup == "name" and before not in _TAKE_A_NAME and _BRACE.match(query, match.end()))
        ):
            return match.start() + keyword.start("word")
    return None


def may_call(query: str, functions: Iterable[str]) -> bool:
    """Whether a query calls one of ``functions`` on any reading of it; prefixes may be declared elsewhere.

    >>> may_call("ASK { ?a ?b ?c FILTER(?c<rand()&&?c>0) }", ["RAND"])
    True
    >>> may_call("ASK { ?rand <http://example.org/rand> 'rand()' }", ["RAND"])
    False
    """
    called = re.compile(rf"\w*(?:{'|'.join(functions)})", re.IGNORECASE)  # DISTINCTRAND() holds the call too
    return any(match.lastgroup == "word" and called.fullmatch(match[0]) for match, _ in _readings(query, None))


def _readings(query: str, declared: Mapping[str, str] | None) -> Iterator[tuple[re.Match[str], str]]:
    """Each token on any reading of a query, with the one before it; None: any prefix may be declared."""
    seen: set[int] = set()
    starts = [(0, "")]
    while starts:
        at, before = starts.pop()
        while at not in seen and (match := TOKEN.match(query, at)):
            seen.add(at)
            at, text = match.end(), match[0]
            if match.lastgroup in ("space", "comment"):
                continue
            if match.lastgroup == "iri" and _may_be_less_than(text, declared):
                starts.append((match.start() + 1, "<"))
            yield match, before
            before = text.upper()


def _may_be_less_than(text: str, declared: Mapping[str, str] | None) -> bool:
    """Whether what looks like an IRI could also be ``<`` and something to compare with."""
    match = _WORD_IN_IRI.match(text)
    if match is None or match["word"].lower().startswith(("true", "false")):
        return True
    if declared is None and match["sign"] == ":":
        return not text.startswith("//", match.end())  # nothing is divided by nothing
    return match["word"] in (declared or ()) if match["sign"] == ":" else match["sign"] is not None


_FROM = re.compile(r"\w*?FROM(?:NAMED)?", re.IGNORECASE)
_FROM_NAME = re.compile(r"\w*?FROM(?:NAMED)?(?=(?P<prefix>[^:]*):)", re.IGNORECASE)
_NAMED_NAME = re.compile(r"NAMED(?=(?P<prefix>[^:]*):)", re.IGNORECASE)


def _from_clauses(found: Sequence[Token], declared: Mapping[str, str]) -> Iterator[Token]:
    """What each FROM of a query names.

    ``ASKFROM<a>``, ``FROMex:a`` and ``FROMNAMED`` hold the keyword to the engine. Where a name may be
    a FROM and a name, or only a name, it is taken for the FROM.
    """
    depth = 0
    for index, token in enumerate(found):
        if token.kind == "sign":
            depth += (token.text in "{([") - (token.text in "})]")
        elif depth == 0 and token.kind == "word" and _FROM.fullmatch(token.text):
            after = found[index + 1 : index + 3]
            if after and after[0].text.upper() == "NAMED":
                after = after[1:]
            yield from after[:1]
            yield from _glued(_NAMED_NAME, after[:1], declared)
        elif depth == 0 and token.kind == "name":
            declares = token.text.endswith(":") and [each.kind for each in found[index + 1 : index + 2]] == ["iri"]
            yield from () if declares else _glued(_FROM_NAME, [token], declared)


def has_from(query: str, prefixes: Mapping[str, str]) -> bool:
    """Whether the query chooses its graphs itself."""
    found = tokens(query)
    return next(_from_clauses(found, dict(prefixes) | dict(declared_prefixes(found))), None) is not None


_GRAPH = re.compile(r"\w*?GRAPH", re.IGNORECASE)
_GRAPH_NAME = re.compile(r"\w*?GRAPH(?=(?P<prefix>[^:]*):)", re.IGNORECASE)


def names_graphs(query: str, prefixes: Mapping[str, str]) -> bool:
    """Whether a query says FROM or GRAPH, also where the keyword is glued to what stands beside it.

    >>> names_graphs("ASK { GRAPH ?g { ?s ?p ?o } }", {}), names_graphs("ASK { ?graph a ex:graph }", {})
    (True, False)
    """
    found = tokens(query)
    declared = {**prefixes, **dict(declared_prefixes(found))}
    if next(_from_clauses(found, declared), None) is not None:
        return True
    for token, after in pairwise([*found, Token("sign", "", len(query))]):
        if token.kind == "word" and _GRAPH.fullmatch(token.text):
            return True
        if token.kind == "name" and next(_glued(_GRAPH_NAME, [token], declared), None) is not None:
            own = token.text.partition(":")[0] in declared
            if not own or after.text == "{":
                return True
    return False


def _glued(keyword: re.Pattern[str], names: Sequence[Token], declared: Mapping[str, str]) -> Iterator[Token]:
    """What stays of each name without the keyword before it, where its prefix is declared."""
    for token in names:
        match = keyword.match(token.text)
        if match and match["prefix"] in declared:
            yield Token("name", token.text[match.end() :], token.start + match.end())


def _check_from(token: Token, known: set[str], prefixes: Mapping[str, str], query: str, name: str) -> None:
    if token.kind == "iri":
        address = token.text[1:-1]
    elif token.kind == "name":
        prefix, _, local = token.text.partition(":")
        if prefix not in prefixes:
            return  # an unknown prefix is a syntax error with a place of its own
        address = prefixes[prefix] + local.replace("\\", "")
    elif token.text == "<":
        address = ""  # the engine reads escapes in an IRI; a graph's name has none
    else:
        return  # a syntax error
    if address not in known:
        problem = Problem(
            "Q003",
            place(query, token.start, len(token.text), name),
            f"{token.text} is no graph of this dataset, and nothing is fetched",
            offer(f'"{_written_like(token, graph, prefixes)}"' for graph in nearest_names(address, known))
            or "delete the FROM",
        )
        raise QueryRefused(problem, query)


def _written_like(token: Token, graph: str, prefixes: Mapping[str, str]) -> str:
    """A graph's IRI as ``token`` is written: with its prefix, or whole."""
    prefix = token.text.partition(":")[0]
    if token.kind == "name" and graph.startswith(prefixes[prefix]):
        return f"{prefix}:{graph[len(prefixes[prefix]) :].replace('/', chr(92) + '/')}"
    return f"<{graph}>"
