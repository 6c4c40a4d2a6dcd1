"""Owns the talk with one SPARQL server: its addresses, each request and its retries, and whole answers.

Leaves what is sent to ``push``, who asks to ``credentials``, and how long one waits to ``connection``. Only what
every server of the kind understands is used: queries by form POST with JSON results
(https://www.w3.org/TR/sparql11-protocol/#query-via-post-urlencoded), updates as a body of their own, and whole graphs
as N-Triples by the Graph Store Protocol (https://www.w3.org/TR/sparql11-http-rdf-update/).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from onrecord.errors import (
    MissingExtra,
    OnRecordError,
    QueryLimitExceeded,
    ServerError,
    printable,
)
from onrecord.scale.credentials import PASSWORD, TOKEN, USER, Credentials, is_loopback
from onrecord.spool import Spool
from onrecord.terms import iri, literal

if TYPE_CHECKING:
    import requests

    from onrecord.scale.connection import Watch
    from onrecord.worker import Cancelled

Row = dict[str, dict[str, str]]
"""A solution: what is bound to each variable, as the JSON results write it."""

TRIES = 6
"""How often a request is made before its failure is the answer; the waits between grow from half a second."""

TRANSIENT = frozenset({408, 425, 429, 502, 503, 504})
"""Answers after which the same request may succeed. Every request made here may be made twice."""

ROWS = 5_000
"""Rows that are asked for at a time."""

GRAPHS_AT_ONCE = 50
"""Graphs that are counted in one query."""

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 600.0
_WAIT = 0.5
_SHORTEST_WAIT = 0.01
_PIECE_BYTES = 1 << 16
_EXCERPT_BYTES = 2000
_MOST_BYTES = 1 << 28
_LONGEST_WAIT = 30.0
_DEADLOCK = "40001"
"""How a server built on SQL says that two writers met."""

_JSON = "application/sparql-results+json"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a server answers queries, takes updates and gives and takes graphs."""

    query: str
    update: str
    graphs: str


_PATHS: Mapping[str, tuple[str, str, str]] = {
    "oxigraph": ("/query", "/update", "/store"),
    "virtuoso": ("/sparql", "/sparql-auth", "/sparql-graph-crud-auth"),
    "fuseki": ("/query", "/update", "/data"),
    "graphdb": ("", "/statements", "/rdf-graphs/service"),
    "neptune": ("/sparql", "/sparql", "/sparql/gsp/"),
    "qlever": ("", "", ""),
    "sparql": ("", "", ""),
}

KINDS = tuple(_PATHS)
"""Kinds of server, by what stands behind their root address; ``sparql`` is one address for everything."""


def endpoints(root: str, kind: str) -> Endpoints:
    """The three addresses of a server of this kind.

    >>> endpoints("http://localhost:7878/", "oxigraph").graphs
    'http://localhost:7878/store'
    """
    base = root.rstrip("/")
    query, update, graphs = _PATHS[kind]
    return Endpoints(base + query, base + update, base + graphs)


def check_address(url: str) -> None:
    """Refuse what is no address of a server, and one that holds a password.

    :raises OnRecordError: with the fix.
    """
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, half of an IPv6 address
        is_address = False
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise OnRecordError(f"an address holds no password: set {USER} and {PASSWORD} in the environment")
    if not set(url).isdisjoint("?#"):
        raise OnRecordError("the address of a server ends before ? and #: write one like http://localhost:7878")
    if not is_address or not url.isprintable() or not set(url).isdisjoint(' <>"\\'):
        raise OnRecordError(f'"{printable(url)}" is no address of a server; write one like http://localhost:7878')


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered to a query: the status and headers, and the body in a spool."""

    status: int
    headers: Mapping[str, str]
    body: Spool


class Server:
    """A SPARQL 1.1 server. Who asks comes from the environment: a user and a password, or a token.

    The server's own challenge decides between Basic and Digest (RFC 7617, RFC 7616). A request is made up
    to ``tries`` times, and one that is not given a time of its own has ``seconds`` for all of them.

    :raises OnRecordError: for an address that is none.
    :raises MissingExtra: without ``onrecord[remote]``.
    """

    def __init__(
        self,
        url: str,
        kind: str | None = None,
        environment: Mapping[str, str] = os.environ,
        *,
        tries: int = TRIES,
        seconds: float = float("inf"),
    ) -> None:
        check_address(url)
        try:
            import requests
        except ImportError as error:
            raise MissingExtra("requests", "remote") from error
        from onrecord.scale.connection import Adapter

        self._credentials = Credentials(environment)
        self._tries, self._seconds = tries, seconds
        self._session = requests.Session()
        self._session.mount("http://", Adapter())
        self._session.mount("https://", Adapter())
        self._session.auth = self._credentials.sign(url)
        self._session.headers["User-Agent"] = "onrecord"
        self._session.headers["Accept-Encoding"] = "identity"
        try:
            self.kind = kind or self._find_kind(url)
        except OnRecordError:
            self._session.close()
            raise
        self.at = endpoints(url, self.kind)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._session.close()

    def select(self, query: str) -> list[Row]:
        """The bindings of a SELECT query, as the JSON results name them: all of them.

        :raises ServerError: when the server does not answer, not with JSON results, or with a part of its rows.
        """
        rows, headers = self._rows(query)
        reason = why_part(200, headers)
        if reason:
            raise ServerError(f"{self.at.query}: {reason}; raise the limit there")
        return rows

    def select_all(self, names: Sequence[str], where: str) -> Iterator[Row]:
        """Every solution of a pattern once, by the order of its texts; these variables are bound in all.

        However few rows the server gives at a time, it is asked for those behind them until there are none.

        :raises ServerError: when the server does not answer, or not with JSON results.
        """
        columns = " ".join(f"?{name}" for name in names)
        order = " ".join(f"STR(?{name})" for name in names)
        beyond = ""
        seen: set[tuple[str, ...]] = set()
        while True:
            query = f"SELECT DISTINCT {columns} WHERE {{ {where} {beyond} }} ORDER BY {order} LIMIT {ROWS}"
            rows, _ = self._rows(query)
            try:
                found = {tuple(row[name]["value"] for name in names): row for row in rows}
            except KeyError as error:
                raise ServerError(f"{self.at.query}: the answer has other columns than were asked for") from error
            if found.keys() <= seen:
                return
            yield from (row for key, row in found.items() if key not in seen)
            seen |= found.keys()
            beyond = f"FILTER({_behind(list(zip(names, list(found)[-1], strict=True)))})"

    def count(self, graphs: Iterable[str]) -> dict[str, int]:
        """How many triples each of these named graphs holds.

        :raises ServerError: when the server does not answer, or not with numbers.
        """
        names = sorted(graphs)
        found = dict.fromkeys(names, 0)
        for start in range(0, len(names), GRAPHS_AT_ONCE):
            left = names[start : start + GRAPHS_AT_ONCE]
            while left:
                counted, is_part = self._count(left)
                found |= counted
                left = [name for name in left if name not in counted] if is_part else []
        return found

    def ask(
        self,
        query: str,
        accept: str,
        seconds: float,
        most: int,
        *,
        default_graphs: Iterable[str] = (),
        named_graphs: Iterable[str] = (),
        cancelled: Cancelled | None = None,
    ) -> Reply:
        """The whole answer to a query on a dataset, of at most ``most`` bytes, within ``seconds``.

        Without graphs the dataset is what the query's FROM or the server says
        (https://www.w3.org/TR/sparql11-protocol/#dataset). ``cancelled`` is asked ten times a second, in a
        thread of its own, whether anybody still waits.

        :raises QueryLimitExceeded: over either limit.
        :raises QueryCancelled: when ``cancelled`` says so; the connection is closed.
        :raises ServerError: when the server refuses, or its answer breaks off.
        """
        import urllib3

        from onrecord.scale.connection import Watch

        if self.kind == "virtuoso":
            # It says every graph of the protocol back in a header, and clients take a hundred of those.
            chosen = [f"define input:default-graph-uri {iri(graph)} " for graph in default_graphs]
            chosen += [f"define input:named-graph-uri {iri(graph)} " for graph in named_graphs]
            form = [("query", "".join(chosen) + query), ("timeout", str(max(1000, int(seconds * 1000))))]
        else:
            form = [("query", query)]
            form += [("default-graph-uri", graph) for graph in default_graphs]
            form += [("named-graph-uri", graph) for graph in named_graphs]
        spool = Spool()
        with Watch(self.at.query, seconds, cancelled) as watch:
            response, _ = self._request(
                "POST", self.at.query, watch, is_read=False, data=form, headers={"Accept": accept}
            )
            try:
                while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
                    spool.write(piece)
                    if spool.size > most:
                        raise QueryLimitExceeded(f"{self.at.query}: the answer is over its limit of {most:,} bytes")
                    watch.require()
            except (urllib3.exceptions.HTTPError, OSError) as error:
                watch.require(error)
                if isinstance(error, urllib3.exceptions.TimeoutError):
                    raise watch.too_slow() from error
                raise ServerError(f"{self.at.query}: the answer broke off") from error
            finally:
                response.close()
            watch.require()
        return Reply(response.status_code, response.headers, spool)

    def update(self, text: str) -> None:
        """Run a SPARQL update.

        :raises ServerError: when the server refuses or does not answer.
        """
        headers = {"Content-Type": "application/sparql-update; charset=utf-8"}
        self._exchange("POST", self.at.update, data=text.encode("utf-8"), headers=headers)

    def write_graph(self, graph: str, triples: bytes, *, add: bool = False) -> None:
        """Put N-Triples in the place of a named graph, or ``add`` them to it.

        :raises ServerError: when the server refuses or does not answer.
        """
        headers = {"Content-Type": "application/n-triples"}
        self._exchange("POST" if add else "PUT", self.at.graphs, params={"graph": graph}, data=triples, headers=headers)

    def drop_graph(self, graph: str) -> None:
        """Delete a named graph; one that is not there is no mistake.

        :raises ServerError: when the server refuses or does not answer.
        """
        self._exchange("DELETE", self.at.graphs, params={"graph": graph}, fine=(404,))

    def _find_kind(self, url: str) -> str:
        name = self._exchange("GET", url, fine=range(400, 600))[0].headers.get("Server", "").lower()
        for kind in ("oxigraph", "virtuoso"):
            if name.startswith(kind):
                return kind
        known = ", ".join(KINDS)
        raise OnRecordError(f"{url}: the server does not say what it is; choose one of --server {known}")

    def _rows(self, query: str) -> tuple[list[Row], Mapping[str, str]]:
        """The bindings that a SELECT query was answered with, and the headers, which say whether these are all."""
        response, body = self._exchange("POST", self.at.query, data={"query": query}, headers={"Accept": _JSON})
        if "X-SQL-State" in response.headers:
            raise ServerError(f"{self.at.query}: {why_part(200, response.headers)}")
        try:
            rows = [
                {name: {key: _require_text(value) for key, value in term.items()} for name, term in row.items()}
                for row in json.loads(body)["results"]["bindings"]
            ]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            words = self._excerpt(body[:_EXCERPT_BYTES].decode("utf-8", "replace"))
            raise ServerError(f"{self.at.query}: the answer is not SPARQL JSON results: {words}") from error
        return rows, response.headers

    def _count(self, graphs: list[str]) -> tuple[dict[str, int], bool]:
        """How many triples some of these graphs hold, and whether more of them may hold any."""
        # Virtuoso 7 keeps the plan of a query that ranges over graphs, even once what was empty is full.
        counts = (
            f"{{ SELECT ({iri(graph)} AS ?g) (COUNT(*) AS ?n) WHERE {{ GRAPH {iri(graph)} {{ ?s ?p ?o }} }} }}"
            for graph in graphs
        )
        rows, headers = self._rows(f"SELECT ?g ?n WHERE {{ {' UNION '.join(counts)} }}")
        try:
            found = {row["g"]["value"]: int(row["n"]["value"]) for row in rows if "g" in row}
        except (KeyError, ValueError) as error:
            raise ServerError(f"{self.at.query}: the server does not count its triples") from error
        reason = why_part(200, headers)
        if reason and found.keys().isdisjoint(graphs):
            raise ServerError(f"{self.at.query}: {reason}; raise the limit there")
        return found, bool(reason)

    def _exchange(self, method: str, url: str, **others: Any) -> tuple[requests.Response, bytes]:
        """The answer to a request of our own, and its body."""
        from onrecord.scale.connection import Watch

        with Watch(url, self._seconds) as watch:
            return self._request(method, url, watch, **others)

    def _request(
        self,
        method: str,
        url: str,
        watch: Watch,
        *,
        fine: range | tuple[int, ...] = (),
        is_read: bool = True,
        **others: Any,
    ) -> tuple[requests.Response, bytes]:
        """Make a request until it succeeds, waiting longer each time; a challenge is answered once.

        :raises ServerTooSlow: when nothing was answered in time.
        """
        import requests

        # What is sent to this machine is nobody else's, whatever proxy the environment names.
        host = urlsplit(url).hostname or ""
        proxies = {"no_proxy": host} if is_loopback(host) else None

        def send() -> requests.Response:
            most = max(_SHORTEST_WAIT, watch.left())
            seconds = (min(CONNECT_SECONDS, most), min(ANSWER_SECONDS, most))
            return self._session.request(
                method, url, timeout=seconds, allow_redirects=False, stream=True, proxies=proxies, **others
            )

        challenged, wait, reason = False, _WAIT, ""
        for left in reversed(range(self._tries)):
            try:
                response = send()
                if response.status_code == 401 and not challenged and self._answer(url, response):
                    challenged = True
                    response.close()
                    response = send()
                if (response.ok and not response.is_redirect) or response.status_code in fine:
                    with _closed_on_failure(response):
                        body = _read(response) if is_read else b""
                        watch.require()
                    return response, body
            except requests.RequestException as error:
                watch.require(error)
                reason, asked = _why(error), 0.0
                if isinstance(error, ValueError):  # no request could be made of it
                    break
            else:
                words = _beginning(response)
                response.close()
                watch.require()
                reason, asked = self._refusal(method, url, response, words), _retry_after(response)
                if not _is_transient(response, words):
                    raise ServerError(reason)
            pause = min(max(wait, asked), _LONGEST_WAIT)
            if pause > watch.left():
                break
            if left:
                watch.sleep(pause)
                wait *= 2
        raise ServerError(reason if reason.startswith(method) else f"{method} {url}: {reason}")

    def _answer(self, url: str, response: requests.Response) -> bool:
        """Take up the server's challenge with what the environment holds."""
        with _closed_on_failure(response):
            found = self._credentials.answer(url, response.headers.get("WWW-Authenticate", ""))
        self._session.auth = found or self._session.auth
        return found is not None

    def _refusal(self, method: str, url: str, response: requests.Response, words: str) -> str:
        if response.is_redirect:
            return f"{method} {url}: the server sends elsewhere ({response.status_code}); use the address that it names"
        if response.status_code in (401, 403):
            found = f"{method} {url}: the server does not let this user in ({response.status_code})"
            return f"{found}; set {USER} and {PASSWORD}, or {TOKEN}, in the environment"
        return f"{method} {url}: the server refuses ({response.status_code}): {self._excerpt(words)}"

    def _excerpt(self, words: str) -> str:
        return printable(self._credentials.hide(" ".join(words.split())))[:300] or "nothing"


def why_part(status: int, headers: Mapping[str, str]) -> str:
    """Why an answer is a part of one, as far as the server says so; empty where it does not."""
    if "X-SQL-State" in headers or status == 206:
        return "the server stopped at a limit of time and gave a part"
    most = headers.get("X-SPARQL-MaxRows")
    return "" if most is None else f"the server cuts answers at {printable(most)} rows"


def _behind(last: Sequence[tuple[str, str]]) -> str:
    """The condition that a solution comes behind one, by the texts of its variables."""
    (name, text), *rest = last
    found = f"STR(?{name}) > {literal(text)}"
    return f"{found} || (STR(?{name}) = {literal(text)} && ({_behind(rest)}))" if rest else found


def _require_text(value: str) -> str:
    """What can be written again; JSON may hold halves of characters."""
    value.encode("utf-8")
    return value


@contextlib.contextmanager
def _closed_on_failure(response: requests.Response) -> Iterator[None]:
    try:
        yield
    except BaseException:
        response.close()
        raise


def _read(response: requests.Response) -> bytes:
    found = bytearray()
    for piece in response.iter_content(_PIECE_BYTES):
        found += piece
        if len(found) > _MOST_BYTES:
            raise ServerError(f"{response.url}: the answer is over its limit of {_MOST_BYTES:,} bytes")
    return bytes(found)


def _is_transient(response: requests.Response, words: str) -> bool:
    return response.status_code in TRANSIENT or (response.status_code == 500 and _DEADLOCK in words)


def _retry_after(response: requests.Response) -> float:
    """The seconds that the server asks to wait; a date is not taken for one."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else 0.0


def _why(error: requests.RequestException) -> str:
    """A failed connection in words, without the addresses of objects."""
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate cannot be trusted"
    if isinstance(error, requests.Timeout):
        return "the server does not answer in time"
    if isinstance(error, requests.ConnectionError):
        return "the server cannot be reached"
    return f"the request failed ({type(error).__name__})"


def _beginning(response: requests.Response) -> str:
    """The first words of an answer, which is not read any further; as far as they come."""
    import requests

    with contextlib.suppress(requests.RequestException):
        return next(response.iter_content(_EXCERPT_BYTES), b"").decode("utf-8", "replace")
    return ""
