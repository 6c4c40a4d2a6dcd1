"""Owns who may ask, and how large a request may be: Host, Origin, sizes, and the headers of every answer.

Leaves slow clients to ``connections``. A page in the reader's own browser can reach a server on
loopback, so a request has to name a host that this server answers to, and no foreign origin.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onrecord.serve.protocol import Refusal
from onrecord.serve.settings import MAX_BODY, MAX_HEADERS, MAX_URL

PAGE_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; connect-src 'self'; "
    "font-src 'self'; img-src 'self' data: blob:; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "worker-src 'self' blob:"
)
"""For answers that bring no policy of their own; a page's own policy in its markup holds beside it."""

_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\s:\[\]]+?)\.?(?P<port>:[0-9]{0,5})?")
"""A Host field (RFC 9110, section 7.2): what stands in it becomes part of IRIs, so that all of it has to fit."""

_ABSOLUTE = re.compile(rb"(?i)https?://(?P<host>[^/]*)(?P<path>/.*)?")


class Guard:
    """ASGI middleware that refuses what must not get further, and marks every answer."""

    def __init__(self, app: ASGIApp, hosts: Collection[str], cors: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._cors = frozenset(cors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if not self._cors:
                    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
            await send(message)

        _read_absolute(scope)
        try:
            self._check(scope)
        except Refusal as refusal:
            await refuse(refusal)(scope, receive, marked)
            return
        await self._app(scope, receive, marked)

    def _check(self, scope: Scope) -> None:
        if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_URL:
            raise Refusal(414, f"the address is longer than {MAX_URL >> 10} KiB; send a long query by POST", **_CLOSE)
        if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > MAX_HEADERS:
            raise Refusal(431, f"the header fields are longer than {MAX_HEADERS >> 10} KiB", **_CLOSE)
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._answers_to(hosts[0]):
            raise Refusal(421, "this server does not answer to that host name; --allow-host names another", **_CLOSE)
        self._check_origin(headers, hosts[0])
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > MAX_BODY:
            raise Refusal(413, f"the body is larger than {MAX_BODY >> 20} MiB", **_CLOSE)

    def _answers_to(self, host: str) -> bool:
        found = _HOST.fullmatch(host.strip().lower())
        return found is not None and not self._hosts.isdisjoint((found["name"], found["name"] + (found["port"] or "")))

    def _check_origin(self, headers: Headers, host: str) -> None:
        if "*" in self._cors:
            return
        for origin in headers.getlist("origin"):
            scheme, _, own = origin.lower().partition("://")
            is_own = scheme in ("http", "https") and own == host.strip().lower()
            if origin not in self._cors and not is_own:
                raise Refusal(403, "pages of another origin may not ask this server; --cors names one that may")
        site, mode = headers.get("sec-fetch-site", ""), headers.get("sec-fetch-mode", "")
        if site in ("cross-site", "same-site") and mode != "navigate" and "origin" not in headers:
            raise Refusal(403, "pages of another origin may not embed what this server gives")


def _read_absolute(scope: Scope) -> None:
    """Take an address with a host in it for what it says, over the Host field (RFC 9112, section 3.2.2)."""
    found = _ABSOLUTE.fullmatch(scope["raw_path"])
    if found is not None:
        scope["raw_path"] = found["path"] or b"/"
        scope["path"] = unquote(scope["raw_path"].decode("ascii"))
        others = [field for field in scope["headers"] if field[0] != b"host"]
        scope["headers"] = [(b"host", found["host"]), *others]


_CLOSE = {"Connection": "close"}


def refuse(refusal: Refusal) -> PlainTextResponse:
    """The answer that says why there is none."""
    headers = {name.replace("_", "-"): value for name, value in refusal.headers.items()}
    return PlainTextResponse(f"{refusal.reason}\n", refusal.status, {"Cache-Control": "no-store", **headers})
