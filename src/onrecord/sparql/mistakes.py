"""Owns where a query that does not parse goes wrong, and what would mend it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from onrecord.errors import Place, Problem, QuerySyntaxError
from onrecord.nearest import did_you_mean
from onrecord.sparql.tokens import QUERY_NAME, Token, declared_prefixes, place, tokens

_SIGNS = frozenset("{}()[].;,=<>!+-*/|^?@~&") | {"^^", "&&", "||", "!=", "<=", ">="}
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
    known = dict(prefixes) | dict(declared_prefixes(found))
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
    known = dict(prefixes) | dict(declared_prefixes(found))
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
