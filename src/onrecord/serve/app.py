"""Owns which address is answered how, and what every request goes through.

Leaves the answers to the modules that are named after the addresses.
"""

from __future__ import annotations

import time
import uuid

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onrecord.serve.editions import EditionLost
from onrecord.serve.endpoint import answer_sparql
from onrecord.serve.entities import answer_path
from onrecord.serve.frame import send_icon, send_style
from onrecord.serve.graphstore import answer_graph
from onrecord.serve.guard import Guard, refuse
from onrecord.serve.health import answer_health, answer_live, answer_metrics
from onrecord.serve.negotiation import takes_coding
from onrecord.serve.problems import answer_problems
from onrecord.serve.protocol import Refusal
from onrecord.serve.questions import answer_question, list_questions, send_openapi, show_api
from onrecord.serve.service import Service

_ROUTES = (
    ("/sparql", answer_sparql, ["GET", "POST"]),
    ("/graphs", answer_graph, ["GET"]),
    ("/api", show_api, ["GET"]),
    ("/api/questions", list_questions, ["GET"]),
    ("/api/questions/{name}", answer_question, ["GET"]),
    ("/openapi.json", send_openapi, ["GET"]),
    ("/problems", answer_problems, ["GET"]),
    ("/live", answer_live, ["GET"]),
    ("/health", answer_health, ["GET"]),
    ("/metrics", answer_metrics, ["GET"]),
    ("/assets/serve.css", send_style, ["GET"]),
    ("/favicon.ico", send_icon, ["GET"]),
    ("/{path:path}", answer_path, ["GET"]),
)


def make_app(service: Service) -> ASGIApp:
    """The application that answers for ``service``."""
    settings = service.settings
    middleware = [
        Middleware(Watched, service=service),
        Middleware(Guard, hosts=settings.hosts(), cors=settings.cors),
        *(
            [
                Middleware(
                    CORSMiddleware,
                    allow_origins=list(settings.cors),
                    allow_methods=["GET", "HEAD", "POST"],
                    allow_headers=["Accept", "Content-Type", "If-None-Match"],
                    expose_headers=["ETag", "Link", "Retry-After"],
                )
            ]
            if settings.cors
            else []
        ),
        Middleware(Packing, minimum_size=1024, compresslevel=5),
        Middleware(Holding, service=service),
    ]
    app = Starlette(
        routes=[Route(path, answer, methods=methods) for path, answer, methods in _ROUTES],
        middleware=middleware,
        exception_handlers={Refusal: _refused, EditionLost: _lost, HTTPException: _wrong_method},
    )
    app.router.redirect_slashes = False
    app.state.service = service
    return app


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return refuse(error)


async def _lost(request: Request, error: Exception) -> Response:
    return refuse(Refusal(503, str(error), Retry_After="1"))


async def _wrong_method(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code != 405:
        return refuse(Refusal(error.status_code, "there is nothing at that address"))
    allowed = ", ".join(sorted((error.headers or {}).get("Allow", "GET, HEAD").split(", ")))
    return refuse(
        Refusal(error.status_code, f"{request.method} is refused here: this server only reads", Allow=allowed)
    )


class Packing(GZipMiddleware):
    """Packs answers for who takes them so; Starlette looks for the word alone, also where its weight is 0."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with what is accepted told in the way that is looked for."""
        codings = ",".join(Headers(scope=scope).getlist("accept-encoding"))
        others = [field for field in scope["headers"] if field[0] != b"accept-encoding"]
        scope["headers"] = [*others, (b"accept-encoding", b"gzip")] if takes_coding(codings, "gzip") else others
        await super().__call__(scope, receive, send)


class Holding:
    """Gives each request the edition of its beginning, and keeps that until the answer is out."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        if self._service.editions.withheld:
            await refuse(Refusal(503, "this graph is not served for the time being"))(scope, receive, send)
            return
        async with self._service.edition.held() as edition:
            scope.setdefault("state", {})["edition"] = edition
            await self._app(scope, receive, send)


class Watched:
    """Counts each request and writes a line on it."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and look at what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request = uuid.uuid4().hex[:12]
        status, size = 500, 0

        async def seen(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", request.encode()))
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, seen)
        finally:
            seconds = time.perf_counter() - started
            endpoint = scope.get("endpoint")
            route = getattr(endpoint, "__name__", "none")
            method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "OPTIONS") else "other"
            self._service.metrics.requests.labels(route, method, str(status)).inc()
            self._service.metrics.seconds.labels(route).observe(seconds)
            self._service.log.write(
                "request",
                request=request,
                method=scope["method"][:20],
                path=scope["path"][:200],
                status=status,
                ms=round(seconds * 1000, 1),
                bytes=size,
                query=scope.get("state", {}).get("query"),
                client=scope["client"][0] if scope.get("client") else None,
            )
