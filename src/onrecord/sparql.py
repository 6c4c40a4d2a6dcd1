"""Owns SPARQL as text: tokens, what a query may not do, and where a mistake stands.

Leaves evaluating to ``worker``. The tokens follow SPARQL 1.1, section 19.8
(https://www.w3.org/TR/sparql11-query/#sparqlGrammar); a lexer, because the word ``service`` may
stand in strings, IRIs, comments and variables.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from onrecord.errors import Place, Problem, QueryRefused, QuerySyntaxError
from onrecord.nearest import did_you_mean, nearest_names, offer

QUERY_NAME = "query"
"""What a query without a file is called in problems."""

MAX_QUERY_BYTES = 256 * 1024

_SHORT = 2048
"""Of longer queries no tokens are remembered: 128 of these take some 30 MB at most."""

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>\#[^\n\r]*)
  | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
  | (?P<string>\"{3}(?:(?:\"{1,2})?(?:[^"\\]|\\.))*\"{3} | '{3}(?:(?:'{1,2})?(?:[^'\\]|\\.))*'{3}
             | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*')
  | (?P<variable>[?$][^\W]\w*)
  | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
  | (?P<blank>_:[\w.-]+)
  | (?P<name>(?:[^\W\d_](?:[\w.-]{0,100}[\w-])?)?:
             (?:(?:[\w:]|%[0-9A-Fa-f]{2}|\\[-_~.!$&'()*+,;=/?\#@%])
                (?:\.*(?:[\w:-]|%[0-9A-Fa-f]{2}|\\[-_~.!$&'()*+,;=/?\#@%]))*)?)
  | (?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
  | (?P<word>[^\W\d]\w*)
  | (?P<sign>\^\^|&&|\|\||!=|<=|>=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_SERVICE = re.compile(r"(?:a?(?:true|false|\d[\d.e]*)\.?)?(?P<word>service)", re.IGNORECASE)
_SERVICE_SOMEWHERE = re.compile("service", re.IGNORECASE)
_BRACE = re.compile(r"(?:\s|#[^\n\r]*)*\{")
_WORD_IN_IRI = re.compile(r"<(?P<word>[^\W\d_][\w.-]*)(?P<sign>[:(#])?")
_TAKE_A_NAME = frozenset({"GRAPH", "FROM", "NAMED", "DESCRIBE"})
_SIGNS = frozenset("{}()[].;,=<>!+-*/|^?@~&") | {"^^", "&&", "||", "!=", "<=", ">="}
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


def tokens(query: str) -> tuple[Token, ...]:
    """The tokens of ``query``, white space and comments left out; those of a short one are read once.

    ``?a<b>`` is a variable and an IRI in a pattern; in an expression, where no IRI follows a value, its
    ``<`` compares.

    >>> [token.text for token in tokens("ASK { ?a <b> 'service' } # end")]
    ['ASK', '{', '?a', '<b>', "'service'", '}']
    >>> [token.text for token in tokens("ASK{?a<b>?c FILTER(?c<?a&&?c>1)}")]
    ['ASK', '{', '?a', '<b>', '?c', 'FILTER', '(', '?c', '<', '?a', '&&', '?c', '>', '1', ')', '}']
    """
    return _remembered(query) if len(query) <= _SHORT else tuple(_read(query))


@functools.lru_cache(maxsize=128)
def _remembered(query: str) -> tuple[Token, ...]:
    return tuple(_read(query))


def _read(query: str) -> Iterator[Token]:
    brackets = _Brackets()
    at = 0
    while match := brackets.read(query, at):
        kind, text = match.lastgroup or "sign", match[0]
        if kind not in ("space", "comment"):
            yield Token(kind, text, at)
            brackets.pass_by(kind, text, at)
        at = match.end()


_COMPARING = re.compile(r"<=|<(?![A-Za-z][\w.+-]*://)")
"""What can stand behind a value in an expression; an address there is a mistake, and stays an IRI."""
_SMALLER = re.compile("<")
_VALUES = frozenset({"variable", "string", "language", "number", "name", "iri", "blank"})


class _Brackets:
    """What is open at a place of a query: only in an expression, behind a value, does ``<`` compare.

    Open is a ``query`` (whose clauses may hold expressions), a ``pattern``, an ``expression``, or a
    ``list`` of terms or of steps of a path.
    """

    def __init__(self) -> None:
        self._open = ["query"]
        self._constrains = False  # whether the next ( begins an expression, although a pattern is open
        self._is_value = False  # whether a value was read last
        self._pair = -3  # where the last << stands, the bracket of a triple term

    def read(self, query: str, at: int) -> re.Match[str] | None:
        """The token that begins at ``at``."""
        if query.startswith("<", at):
            if self._is_value and self._open[-1] == "expression":
                return _COMPARING.match(query, at) or _TOKEN.match(query, at)
            if self._pair == at - 1:  # its second half begins no IRI, whatever follows
                return _SMALLER.match(query, at)
            if query.startswith("<<", at):
                self._pair = at
        return _TOKEN.match(query, at)

    def pass_by(self, kind: str, text: str, at: int) -> None:
        """Go on behind a token."""
        word = text.upper() if kind == "word" else ""
        if text == "(":
            may_compute = self._open[-1] in ("query", "expression") and self._pair != at - 2
            self._open.append("expression" if may_compute or self._constrains else "list")
        elif text == "{":
            self._open.append("pattern")
        elif text == ")" and self._open[-1] in ("expression", "list"):
            self._open.pop()
        elif text == "}":
            while len(self._open) > 1 and self._open.pop() in ("expression", "list"):
                pass
        elif "SELECT" in word and self._open[-1] == "pattern":
            self._open[-1] = "query"
        if text in ("(", "{"):
            self._constrains = False
        elif "FILTER" in word or word.endswith("BIND"):  # to the engine trueFILTER and FILTERregex hold it too
            self._constrains = True
        self._is_value = kind in _VALUES or text in (")", "}") or word in ("TRUE", "FALSE")


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


def has_from(query: str, prefixes: Mapping[str, str]) -> bool:
    """Whether the query chooses its graphs itself."""
    found = tokens(query)
    return next(_from_clauses(found, dict(prefixes) | dict(_declared(found))), None) is not None


def is_ordered(query: str) -> bool:
    """Whether the query says in which order its rows come."""
    return any(token.kind == "word" and "ORDER" in token.text.upper() for token in tokens(query))


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
    found = tokens(query)
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
        while at not in seen and (match := _TOKEN.match(query, at)):
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


def _declared(found: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """The prefixes that a query declares; the engine takes ``PREFIXa:<b>`` too."""
    for index, (token, address) in enumerate(pairwise(found)):
        if token.kind == "name" and token.text.endswith(":") and address.kind == "iri":
            prefix = token.text[:-1]
            if index and found[index - 1].text.upper() == "PREFIX":
                yield prefix, address.text[1:-1]
            elif prefix.upper().startswith("PREFIX"):
                yield prefix[len("PREFIX") :], address.text[1:-1]


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


_GRAPH = re.compile(r"\w*?GRAPH", re.IGNORECASE)
_GRAPH_NAME = re.compile(r"\w*?GRAPH(?=(?P<prefix>[^:]*):)", re.IGNORECASE)


def names_graphs(query: str, prefixes: Mapping[str, str]) -> bool:
    """Whether a query says FROM or GRAPH, also where the keyword is glued to what stands beside it.

    >>> names_graphs("ASK { GRAPH ?g { ?s ?p ?o } }", {}), names_graphs("ASK { ?graph a ex:graph }", {})
    (True, False)
    """
    found = tokens(query)
    declared = {**prefixes, **dict(_declared(found))}
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


def explain_values(query: str, parameters: Mapping[str, str], name: str = QUERY_NAME) -> QuerySyntaxError:
    """The problem Q010 for a query that parses, but not with the values of its parameters in it."""
    token = next(token for token in tokens(query) if token.kind == "variable" and token.text[1:] in parameters)
    what = f"the value of {token.text} makes this no SPARQL: {parameters[token.text[1:]]}"
    fix = "a subject or property is an IRI: give the parameter the type iri, as in ?_name_iri"
    return QuerySyntaxError(_problem(query, token, name, what, fix), query)


def explain_syntax(query: str, message: str, prefixes: Mapping[str, str], name: str = QUERY_NAME) -> QuerySyntaxError:
    """The problem Q010 for a query that did not parse, placed at the mistake as well as can be told.

    ``message`` is the engine's; it names the furthest point it reached, often not the mistake. What
    is not closed, a prefix that nobody declared and a misspelt keyword are looked for first.
    """
    found = tokens(query)
    problem = (
        _unclosed(found, query, name)
        or _foreign(found, query, prefixes, name)
        or _unknown_prefix(found, query, prefixes, name)
        or _misspelt(found, query, name)
        or _where_it_stops(found, query, message, name)
    )
    return QuerySyntaxError(problem, query)


def _problem(query: str, token: Token, name: str, message: str, fix: str, length: int = 0) -> Problem:
    return Problem("Q010", place(query, token.start, length or len(token.text), name), message, fix)


_PAIRS = {"}": "{", ")": "(", "]": "["}


def _unclosed(found: Sequence[Token], query: str, name: str) -> Problem | None:
    opened: list[Token] = []
    for token in found:
        if token.kind == "sign" and token.text in "\"'":
            return _problem(query, token, name, "this string is not closed", f"write {token.text} at its end")
        if token.kind != "sign" or token.text not in "{}()[]":
            continue
        if token.text in "{([":
            opened.append(token)
        elif opened and opened[-1].text == _PAIRS[token.text]:
            opened.pop()
        elif all(before.text != _PAIRS[token.text] for before in opened):
            return _problem(query, token, name, f"this {token.text} closes nothing", "delete it, or open one")
        else:
            break
    return _problem(query, opened[-1], name, f"this {opened[-1].text} is not closed", "close it") if opened else None


_INSTEAD = {
    "and": "&&",
    "or": "||",
    "&": "&&",
    "==": "=",
    "@prefix": "PREFIX, without a dot after it",
    "@base": "BASE, without a dot after it",
    **dict.fromkeys("“”„‘’", "straight quotes"),
}


_CLOSED = re.compile(r"<[^<>\s]*>")


def _foreign(found: Sequence[Token], query: str, prefixes: Mapping[str, str], name: str) -> Problem | None:
    """What other languages have and SPARQL has not, and IRIs that are none."""
    known = dict(prefixes) | dict(_declared(found))
    depth = 0
    for token, after in pairwise([*found, Token("end", "", len(query))]):
        text = token.text
        if token.kind == "sign":
            depth += (text in "{([") - (text in "})]")
        if text == "," and depth == 0:
            return _problem(
                query, token, name, '"," cannot stand here', "delete it; variables are listed without commas"
            )
        joined = token.start + len(text) == after.start
        if text == "=" and after.text == "=" and joined:
            text = "=="
        instead = _INSTEAD.get(text.lower()) if token.kind in ("word", "sign", "language") else None
        if instead:
            return _problem(query, token, name, f'"{text}" is no SPARQL', f"write {instead}", len(text))
        if text == "<" and joined and not _CLOSED.match(query, token.start):
            is_word = after.kind == "word" and after.text.upper() not in _KEYWORDS
            is_scheme = after.kind == "name" and after.text.partition(":")[0] not in known
            if is_word or is_scheme:
                return _problem(
                    query, token, name, "this IRI is not closed, or holds a space", "write it as <...> without spaces"
                )
        if token.kind == "sign" and text not in _SIGNS:
            return _problem(query, token, name, f'"{text}" is no SPARQL', "delete it, or put it in a string")
        if text.upper() == "PREFIX" and not (after.kind == "name" and after.text.endswith(":")):
            return _problem(query, after, name, "a prefix is declared with a colon", "write  PREFIX name: <...>")
    return None


def _unknown_prefix(found: Sequence[Token], query: str, prefixes: Mapping[str, str], name: str) -> Problem | None:
    known = dict(prefixes) | dict(_declared(found))
    for index, token in enumerate(found):
        if token.kind != "name" or (index and found[index - 1].text.upper() == "PREFIX"):
            continue
        prefix = token.text.partition(":")[0]
        before = found[index - 1]
        if prefix not in known and before.text == "<" and _CLOSED.match(query, before.start):
            what = f'an IRI cannot stand behind "{found[index - 2].text}" here'
            return _problem(query, before, name, what, "write = or another sign between the two")
        if prefix not in known:
            return _problem(
                query,
                token,
                name,
                f'the prefix "{prefix}:" is not declared',
                did_you_mean(prefix, [key for key in known if key]) or f"write  PREFIX {prefix}: <...>  at the top",
                len(prefix) + 1,
            )
    return None


def _misspelt(found: Sequence[Token], query: str, name: str) -> Problem | None:
    known = {*_KEYWORDS, "a", "true", "false", "TRUE", "FALSE"}
    for token in found:
        if token.kind == "word" and token.text.upper() not in known and token.text not in known:
            near = did_you_mean(token.text[:50].upper(), _KEYWORDS)
            return _problem(
                query,
                token,
                name,
                f'"{token.text}" is no word of SPARQL',
                f"{near} A variable is written ?{token.text}"
                if near and token.text.islower()
                else near or "write a name with its prefix, such as dip:heads",
            )
    return None


_AT = re.compile(r"error at (\d+):(\d+): expected (?:one of )?(.*)", re.DOTALL)


def _where_it_stops(found: Sequence[Token], query: str, message: str, name: str) -> Problem:
    """The token at which the engine gave up.

    It compares a keyword of n letters with the next n characters before it says no, and reports
    the place behind them: n characters too far, unless something else got that far too.
    """
    match = _AT.search(message)
    if match is None:
        return Problem("Q010", Place(name, 1, 1), f"this is not SPARQL: {message}", "read the query again")
    lines = query.split("\n")
    offset = sum(len(line) + 1 for line in lines[: int(match[1]) - 1]) + int(match[2]) - 1
    expected = [item.strip() for item in match[3].split(", ")]
    keywords = [item for item in expected if re.fullmatch(r"[A-Za-z]\w*", item)]
    remark = next((item for item in expected if item[:1] not in "['\"" and len(item.split()) > 2), "")
    if remark == "IRI parsing failed":
        offset, remark = query.rfind("<", 0, offset), ""
    elif keywords and not set(expected) - {*keywords, "[_]"}:
        offset -= min(len(keyword) for keyword in keywords)
    elif query[offset - 1 : offset] == ".":
        offset -= 1
    stopped = next((token for token in found if token.start + len(token.text) > offset), None)
    selects = [token for token in found if token.text.upper() == "SELECT"]
    if "SELECT" in remark and len(selects) == 1:
        stopped = selects[0]
    if stopped is None:
        end = len(query.rstrip())
        return Problem("Q010", place(query, end, 1, name), "the query ends too early", "write the rest of it")
    shown = stopped.text if len(stopped.text) <= 40 else f"{stopped.text[:39]}…"
    return _problem(
        query,
        stopped,
        name,
        f"this is not SPARQL: {remark}" if remark else f'"{shown}" cannot stand here',
        "look at the place marked, and right before it",
    )
