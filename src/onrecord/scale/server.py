"""Owns the talk with one SPARQL server: its addresses, who asks, each request and its retries.

Leaves what is sent to ``push``. Only what every server of the kind understands is used: queries by
form POST with JSON results (https://www.w3.org/TR/sparql11-protocol/#query-via-post-urlencoded),
updates as a body of their own, and whole graphs as N-Triples by the Graph Store Protocol
(https://www.w3.org/TR/sparql11-http-rdf-update/).
"""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from onrecord.errors import MissingExtra, OnRecordError, QueryLimitExceeded, ServerError, ServerTooSlow, printable
from onrecord.spool import Spool

if TYPE_CHECKING:
    import requests

USER = "ONRECORD_STORE_USER"
PASSWORD = "ONRECORD_STORE_PASSWORD"
TOKEN = "ONRECORD_STORE_TOKEN"
CLEARTEXT = "ONRECORD_STORE_CLEARTEXT"
"""Set to 1, a password or token may travel unencrypted to another machine."""

TRIES = 6
"""How often a request is made before its failure is the answer; the waits between grow from half a second."""

TRANSIENT = frozenset({408, 425, 429, 502, 503, 504})
"""Answers after which the same request may succeed. Every request made here may be made twice."""

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 600.0
_WAIT = 0.5
_SHORTEST_WAIT = 0.01
_PIECE_BYTES = 1 << 16
_EXCERPT_BYTES = 2000
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
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise OnRecordError(f'"{printable(url)}" is no address of a server; write one like http://localhost:7878')
    if parts.username is not None or parts.password is not None:
        raise OnRecordError(f"an address holds no password: set {USER} and {PASSWORD} in the environment")


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
        self._environment = environment
        self._tries, self._seconds = tries, seconds
        self._session = requests.Session()
        self._session.auth = _nobody  # else a .netrc would speak for the user
        self._session.headers["User-Agent"] = "onrecord"
        token = environment.get(TOKEN)
        if token:
            self._require_private(url)
            self._session.auth = _bearer(token)
        self.kind = kind or self._find_kind(url)
        self.at = endpoints(url, self.kind)
        self.limits_rows = False
        """Whether an answer said that its rows are cut at a limit."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._session.close()

    def select(self, query: str) -> list[dict[str, dict[str, str]]]:
        """The bindings of a SELECT query, as the JSON results name them.

        :raises ServerError: when the server does not answer, or not with JSON results.
        """
        response = self._request("POST", self.at.query, data={"query": query}, headers={"Accept": _JSON})
        self.limits_rows = self.limits_rows or "X-SPARQL-MaxRows" in response.headers
        try:
            bindings: list[dict[str, dict[str, str]]] = response.json()["results"]["bindings"]
        except (ValueError, KeyError, TypeError) as error:
            raise ServerError(
                f"{self.at.query}: the answer is not SPARQL JSON results: {_excerpt(_beginning(response))}"
            ) from error
        return bindings

    def ask(
        self,
        query: str,
        accept: str,
        seconds: float,
        most: int,
        *,
        default_graphs: Iterable[str] = (),
        named_graphs: Iterable[str] = (),
    ) -> Reply:
        """The whole answer to a query on a dataset, of at most ``most`` bytes, within ``seconds``.

        Without graphs the dataset is what the query's FROM or the server says
        (https://www.w3.org/TR/sparql11-protocol/#dataset).

        :raises QueryLimitExceeded: over either limit.
        :raises ServerError: when the server refuses, or its answer breaks off.
        """
        import urllib3

        form = [("query", query)]
        form += [("default-graph-uri", graph) for graph in default_graphs]
        form += [("named-graph-uri", graph) for graph in named_graphs]
        if self.kind == "virtuoso":
            form.append(("timeout", str(max(1000, int(seconds * 1000)))))
        deadline = time.monotonic() + seconds
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        response = self._request("POST", self.at.query, data=form, headers=headers, stream=True, deadline=deadline)
        spool = Spool()
        try:
            while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
                spool.write(piece)
                if spool.size > most:
                    raise QueryLimitExceeded(f"{self.at.query}: the answer is over its limit of {most:,} bytes")
                if time.monotonic() > deadline:
                    raise _too_slow(self.at.query)
        except urllib3.exceptions.TimeoutError as error:
            raise _too_slow(self.at.query) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ServerError(f"{self.at.query}: the answer broke off") from error
        finally:
            response.close()
        return Reply(response.status_code, response.headers, spool)

    def update(self, text: str) -> None:
        """Run a SPARQL update.

        :raises ServerError: when the server refuses or does not answer.
        """
        headers = {"Content-Type": "application/sparql-update; charset=utf-8"}
        self._request("POST", self.at.update, data=text.encode("utf-8"), headers=headers)

    def write_graph(self, graph: str, triples: bytes, *, add: bool = False) -> None:
        """Put N-Triples in the place of a named graph, or ``add`` them to it.

        :raises ServerError: when the server refuses or does not answer.
        """
        headers = {"Content-Type": "application/n-triples"}
        self._request("POST" if add else "PUT", self.at.graphs, params={"graph": graph}, data=triples, headers=headers)

    def drop_graph(self, graph: str) -> None:
        """Delete a named graph; one that is not there is no mistake.

        :raises ServerError: when the server refuses or does not answer.
        """
        self._request("DELETE", self.at.graphs, params={"graph": graph}, fine=(404,))

    def _find_kind(self, url: str) -> str:
        name = self._request("GET", url, fine=range(400, 600)).headers.get("Server", "").lower()
        for kind in ("oxigraph", "virtuoso"):
            if name.startswith(kind):
                return kind
        known = ", ".join(KINDS)
        raise OnRecordError(f"{url}: the server does not say what it is; choose one of --server {known}")

    def _require_private(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "https" or _is_loopback(parts.hostname or "") or self._environment.get(CLEARTEXT) == "1":
            return
        raise OnRecordError(
            f"{url}: a password or token would travel unencrypted; "
            f"use https, or set {CLEARTEXT}=1 if the network is yours"
        )

    def _request(
        self,
        method: str,
        url: str,
        *,
        fine: range | tuple[int, ...] = (),
        deadline: float | None = None,
        **others: Any,
    ) -> requests.Response:
        """Make a request until it succeeds, waiting longer each time; a challenge is answered once.

        :raises ServerTooSlow: when nothing was answered by ``deadline``, on the monotonic clock.
        """
        import requests

        deadline = time.monotonic() + self._seconds if deadline is None else deadline

        def send() -> requests.Response:
            most = max(_SHORTEST_WAIT, deadline - time.monotonic())
            seconds = (min(CONNECT_SECONDS, most), min(ANSWER_SECONDS, most))
            return self._session.request(method, url, timeout=seconds, allow_redirects=False, **others)

        challenged, wait, reason = False, _WAIT, ""
        for left in reversed(range(self._tries)):
            try:
                response = send()
                if response.status_code == 401 and not challenged and self._answer(url, response):
                    challenged = True
                    response = send()
            except requests.RequestException as error:
                if time.monotonic() >= deadline:
                    raise _too_slow(url) from error
                reason, asked = _why(error), 0.0
            else:
                if response.ok and not response.is_redirect:
                    return response
                if response.status_code in fine:
                    return response
                words = _beginning(response)
                reason, asked = _refusal(method, url, response, words), _retry_after(response)
                response.close()
                if not _is_transient(response, words):
                    raise ServerError(reason)
            pause = min(max(wait, asked), _LONGEST_WAIT)
            if time.monotonic() + pause > deadline:
                break
            if left:
                time.sleep(pause)
                wait *= 2
        raise ServerError(reason if reason.startswith(method) else f"{method} {url}: {reason}")

    def _answer(self, url: str, response: requests.Response) -> bool:
        """Take up the server's challenge with what the environment holds."""
        from requests.auth import HTTPBasicAuth, HTTPDigestAuth

        user, password = self._environment.get(USER), self._environment.get(PASSWORD)
        if user is None or password is None:
            return False
        challenge = response.headers.get("WWW-Authenticate", "").lower()
        if "digest" in challenge:
            self._session.auth = HTTPDigestAuth(user, password)
            return True
        if "basic" in challenge:
            self._require_private(url)
            self._session.auth = HTTPBasicAuth(user.encode("utf-8"), password.encode("utf-8"))
            return True
        return False


def _too_slow(url: str) -> ServerTooSlow:
    return ServerTooSlow(f"{url}: the query took longer than its limit of time; raise it with --timeout")


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _bearer(token: str) -> Any:
    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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


def _refusal(method: str, url: str, response: requests.Response, words: str) -> str:
    if response.is_redirect:
        return f"{method} {url}: the server sends elsewhere ({response.status_code}); use the address that it names"
    if response.status_code in (401, 403):
        found = f"{method} {url}: the server does not let this user in ({response.status_code})"
        return f"{found}; set {USER} and {PASSWORD}, or {TOKEN}, in the environment"
    return f"{method} {url}: the server refuses ({response.status_code}): {_excerpt(words)}"


def _beginning(response: requests.Response) -> str:
    """The first words of an answer, which is not read any further."""
    return next(response.iter_content(_EXCERPT_BYTES), b"").decode("utf-8", "replace")


def _excerpt(words: str) -> str:
    return printable(" ".join(words.split()))[:300] or "nothing"
