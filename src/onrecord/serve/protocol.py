"""Owns reading a request of the SPARQL 1.1 Protocol: what is asked, of which dataset, or why not.

Leaves answering to ``endpoint``. https://www.w3.org/TR/sparql11-protocol/, section 2.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"
_CHARSET = re.compile(r'(?i)charset\s*=\s*"?(?P<name>[\w-]+)')
_DATASET = ("default-graph-uri", "named-graph-uri")
_WRITES = ("update", "using-graph-uri", "using-named-graph-uri")
_ASKS = frozenset({"query", *_DATASET})
MAX_PARAMETERS = 1000


@dataclass(frozen=True, slots=True)
class Dataset:
    """The graphs that a request names; it takes the place of the query's own FROM (section 2.1.4)."""

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """A query operation: its text, its dataset where the request names one, and the format that it names."""

    query: str
    dataset: Dataset | None = None
    format: str = ""


class Refusal(Exception):
    """A request that is not answered: its status, and why, as text."""

    def __init__(self, status: int, reason: str, **headers: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers


READ_ONLY = "this endpoint only reads: updates are refused; change the statement files instead"


def read_pairs(text: bytes, where: str) -> list[tuple[str, str]]:
    """The parameters of a query string or a form.

    :raises Refusal: 400 where they are not UTF-8 in percent encoding, or too many.
    """
    try:
        return parse_qsl(
            text.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=False,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except UnicodeError:
        raise Refusal(400, f"the {where} is not UTF-8 in percent encoding") from None
    except ValueError:
        raise Refusal(400, f"the {where} has more than {MAX_PARAMETERS} parameters") from None


def read_operation(method: str, url: bytes, content_type: str, body: bytes) -> Operation | None:
    """What a request to the endpoint asks; None for a GET that asks nothing, with neither a query nor a dataset.

    ``url`` is the query string as sent. Parameters that the protocol does not know are left aside.

    :raises Refusal: 400 for a request that is malformed, 403 for an update, 405 and 415 for a method
        or a body that the protocol does not have.
    """
    pairs = read_pairs(url, "query string")
    kind = content_type.partition(";")[0].strip().lower()
    if method in ("GET", "HEAD"):
        _refuse_writes(pairs)
        return _operation(pairs, "query string") if any(name in _ASKS for name, _ in pairs) else None
    if method != "POST":
        raise Refusal(405, f"{method} is not a method of this endpoint", Allow="GET, HEAD, POST")
    if kind == UPDATE:
        raise Refusal(403, READ_ONLY)
    if kind == QUERY:
        _refuse_writes(pairs)
        if any(name == "query" for name, _ in pairs):
            raise Refusal(400, "the query stands in the body and in the query string; send it once")
        return _operation([("query", _decoded(body, content_type)), *pairs], "query string")
    if kind == FORM:
        form = read_pairs(body, "form")
        _refuse_writes([*pairs, *form])
        stray = [name for name, _ in pairs if name in ("query", *_DATASET)]
        if stray:
            raise Refusal(400, f'"{stray[0]}" belongs into the form, not into the query string')
        return _operation([*form, *(pair for pair in pairs if pair[0] == "format")], "form")
    what = f'a body of type "{kind}"' if kind else "a body without a Content-Type"
    raise Refusal(415, f"{what} is no query; send {FORM} or {QUERY}", Accept_Post=f"{FORM}, {QUERY}")


def _operation(pairs: Sequence[tuple[str, str]], where: str) -> Operation:
    queries = [value for name, value in pairs if name == "query"]
    if not queries:
        raise Refusal(400, f"the {where} has no parameter query=")
    if len(queries) > 1:
        raise Refusal(400, f"the {where} has {len(queries)} parameters query=; a request asks one query")
    default, named = (tuple(value for name, value in pairs if name == each) for each in _DATASET)
    if "\x00" in queries[0]:
        raise Refusal(400, "the query holds a NUL character")
    dataset = Dataset(default, named) if default or named else None
    return Operation(queries[0], dataset, named_format(pairs))


def named_format(pairs: Sequence[tuple[str, str]]) -> str:
    """The format that parameters name; empty where they name none. Some clients say it twice, in several ways."""
    return next((value for name in ("format", "output") for key, value in pairs if key == name), "")


def _refuse_writes(pairs: Sequence[tuple[str, str]]) -> None:
    for name, _ in pairs:
        if name in _WRITES:
            raise Refusal(403, READ_ONLY)


def _decoded(body: bytes, content_type: str) -> str:
    charset = _CHARSET.search(content_type)
    if charset and charset["name"].lower() not in ("utf-8", "utf8", "us-ascii"):
        raise Refusal(415, f"a query is sent as UTF-8, not as {charset['name']}")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal(400, "the query is not UTF-8") from None
