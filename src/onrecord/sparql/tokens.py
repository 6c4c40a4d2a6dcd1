"""Owns the tokens of a query: where each stands, and a query with values in place of its parameters.

The tokens follow SPARQL 1.1, section 19.8 (https://www.w3.org/TR/sparql11-query/#sparqlGrammar).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from onrecord.errors import Place

QUERY_NAME = "query"
"""What a query without a file is called in problems."""

_SHORT = 2048
"""Of longer queries no tokens are remembered: 128 of these take some 30 MB at most."""

TOKEN = re.compile(
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
"""A token, white space or a comment, the kind of which is the name of the group that matched."""


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
                return _COMPARING.match(query, at) or TOKEN.match(query, at)
            if self._pair == at - 1:  # its second half begins no IRI, whatever follows
                return _SMALLER.match(query, at)
            if query.startswith("<<", at):
                self._pair = at
        return TOKEN.match(query, at)

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


def declared_prefixes(found: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """The prefixes that a query declares; the engine takes ``PREFIXa:<b>`` too."""
    for index, (token, address) in enumerate(pairwise(found)):
        if token.kind == "name" and token.text.endswith(":") and address.kind == "iri":
            prefix = token.text[:-1]
            if index and found[index - 1].text.upper() == "PREFIX":
                yield prefix, address.text[1:-1]
            elif prefix.upper().startswith("PREFIX"):
                yield prefix[len("PREFIX") :], address.text[1:-1]


def undeclared_prefixes(query: str) -> set[str]:
    """The prefixes that a query uses, but does not declare.

    >>> sorted(undeclared_prefixes("PREFIX a: <urn:a:> ASK { a:x b:y _:z }"))
    ['b']
    """
    found = list(tokens(query))
    used = {token.text.partition(":")[0] for token in found if token.kind == "name"}
    return used - dict(declared_prefixes(found)).keys() - {"_"}


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


def is_ordered(query: str) -> bool:
    """Whether the query says in which order its rows come."""
    return any(token.kind == "word" and "ORDER" in token.text.upper() for token in tokens(query))


def place(query: str, start: int, length: int = 1, name: str = QUERY_NAME) -> Place:
    """Line and column of an offset in a query."""
    line = query.count("\n", 0, start) + 1
    return Place(name, line, start - query.rfind("\n", 0, start), max(1, length))
