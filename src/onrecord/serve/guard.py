"""Owns who may ask, and how large a request may be: Host, Origin, sizes, and the headers of every answer.

Leaves slow clients to ``connections``. A page in the reader's own browser can reach a server on
loopback, so a request has to name a host that this server answers to, and no foreign origin.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

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
        host = host.strip().lower().removesuffix(".")
        name = host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0].removesuffix(".")
        return host in self._hosts or name in self._hosts

    def _check_origin(self, headers: Headers, host: str) -> None:
        if "*" in self._cors:
            return
        for origin in headers.getlist("origin"):
            if origin not in self._cors and urlsplit(origin).netloc.lower() != host.strip().lower():
                raise Refusal(403, "pages of another origin may not ask this server; --cors names one that may")
        site, mode = headers.get("sec-fetch-site", ""), headers.get("sec-fetch-mode", "")
        if site in ("cross-site", "same-site") and mode != "navigate" and "origin" not in headers:
            raise Refusal(403, "pages of another origin may not embed what this server gives")


_CLOSE = {"Connection": "close"}


def refuse(refusal: Refusal) -> PlainTextResponse:
    """The answer that says why there is none."""
    headers = {name.replace("_", "-"): value for name, value in refusal.headers.items()}
    return PlainTextResponse(f"{refusal.reason}\n", refusal.status, {"Cache-Control": "no-store", **headers})
