"""Owns what all addresses share: the editions, the answers, and how a reply becomes a response.

Leaves which address asks what to the modules that are named after them.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from onrecord.serve.answers import Answers, may_change
from onrecord.serve.editions import Edition, Editions, LongBody, Reply
from onrecord.serve.log import Log
from onrecord.serve.metrics import Metrics
from onrecord.serve.negotiation import Format, by_name, choose
from onrecord.serve.protocol import Refusal
from onrecord.serve.settings import Settings
from onrecord.serve.upstream import Upstream

_STATUS = {
    "query": 400,
    "call": 400,
    "busy": 503,
    "unknown": 404,
    "limit": 422,
    "failed": 422,
    "unacceptable": 406,
    "store": 503,
    "cancelled": 503,
    "cannot": 501,
    "gateway": 502,
    "slow": 504,
    "changed": 503,
    "full": 503,
    "bug": 500,
}
"""The status of each kind of reply that is no answer."""
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Service:
    """What answers requests: one a server."""

    settings: Settings
    editions: Editions
    answers: Answers
    metrics: Metrics
    log: Log
    upstream: Upstream = field(default_factory=Upstream)

    @property
    def edition(self) -> Edition:
        """The edition from which a request that comes now is answered."""
        return self.editions.current

    async def respond(
        self, request: Request, formats: Mapping[str, Format], job: str, *, text: str = "", **more: Any
    ) -> Response:
        """Put a job and send what comes of it, whole or not at all.

        ``formats`` says in which format each kind of answer is wanted, ``text`` is the query that is evaluated,
        where a request chose it. Who hangs up stops the job.

        :raises Refusal: where there is no answer, with the reason.
        """
        edition: Edition = request.state.edition
        names = {kind: format_.name for kind, format_ in formats.items()}
        headers = {"Cache-Control": "no-cache", "Vary": "Accept"}
        lasts = not may_change(text)
        if request.method in ("GET", "HEAD") and not self.settings.store and lasts:
            described = repr((edition.build, job, sorted(names.items()), sorted(more.items())))
            headers["ETag"] = f'W/"{hashlib.sha256(described.encode()).hexdigest()[:32]}"'
            if is_known(headers, request):
                return Response(status_code=304, headers=headers)
        asked = asyncio.create_task(self.answers.ask(edition, job, lasts=lasts, formats=names, **more))
        gone = asyncio.create_task(_hangs_up(request))
        try:
            await asyncio.wait({asked, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise Refusal(499, "the client hung up")
            reply = self.require_answer(asked.result())
        finally:
            asked.cancel()
            gone.cancel()
        headers["Content-Type"] = formats[reply.head["kind"]].media_type
        return send(reply, headers)

    def require_answer(self, reply: Reply) -> Reply:
        """The reply, which is an answer.

        :raises Refusal: where it says why there is none.
        """
        kind = reply.head.get("error")
        if kind is None:
            return reply
        if "detail" in reply.head:
            self.log.write("unanswered", "error", outcome=kind, message=reply.head["detail"])
        status = _STATUS[kind]
        raise Refusal(status, reply.head["message"], **({"Retry_After": "5"} if status == 503 else {}))


def is_known(headers: Mapping[str, str], request: Request) -> bool:
    """Whether the client has what goes out under these headers already (RFC 9110, section 13.1.2)."""
    known = ",".join(request.headers.getlist("if-none-match")).split(",")
    return headers["ETag"].removeprefix("W/") in [tag.strip().removeprefix("W/") for tag in known]


def send(reply: Reply, headers: Mapping[str, str]) -> Response:
    """The body of a reply with its length."""
    long = reply.long
    named = {**headers, "Content-Length": str(long.size if long else len(reply.body))}
    return StreamingResponse(_pieces(long), headers=named) if long else Response(reply.body, headers=named)


async def _pieces(long: LongBody) -> AsyncIterator[bytes]:
    at = 0
    while piece := await asyncio.to_thread(long.read_at, at, _CHUNK):
        at += len(piece)
        yield piece


async def _hangs_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def accepted(request: Request) -> str:
    """What a client accepts: all its header fields of that name as one (RFC 9110, section 5.3)."""
    return ",".join(request.headers.getlist("accept"))


def wanted(request: Request, named: str, offered: Sequence[Format]) -> Format:
    """The format that a request wants: the one that it names, else what it accepts.

    :raises Refusal: 400 for a name that is none, 406 where it accepts none.
    """
    listed = ", ".join(format_.name for format_ in offered)
    if named:
        found = by_name(named, offered)
        if found is None:
            raise Refusal(400, f"format={named[:40]} is none of: {listed}")
        return found
    found = choose(accepted(request), offered)
    if found is None:
        raise Refusal(
            406,
            "none of the formats of this answer is acceptable to you; there are: "
            + ", ".join(format_.media_type for format_ in offered),
        )
    return found
