"""Owns what all addresses share: the editions, the answers, and how a reply becomes a response.

Leaves which address asks what to the modules that are named after them.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from onrecord.serve.answers import Answers, may_change
from onrecord.serve.editions import Edition, EditionLost, Editions, Reply
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

    async def respond(self, request: Request, formats: Mapping[str, Format], job: str, **more: Any) -> Response:
        """Put a job and send what comes of it, whole or not at all.

        ``formats`` says in which format each kind of answer is wanted. Who hangs up stops the job.

        :raises Refusal: where there is no answer, with the reason.
        """
        edition: Edition = request.state.edition
        names = {kind: format_.name for kind, format_ in formats.items()}
        headers = {"Cache-Control": "no-cache", "Vary": "Accept"}
        if request.method in ("GET", "HEAD") and not self.settings.store and not may_change(more):
            described = repr((edition.build, job, sorted(names.items()), sorted(more.items())))
            headers["ETag"] = f'W/"{hashlib.sha256(described.encode()).hexdigest()[:32]}"'
            if is_known(headers, request):
                return Response(status_code=304, headers=headers)
        asked = asyncio.create_task(self.answers.ask(edition, job, formats=names, **more))
        gone = asyncio.create_task(_hangs_up(request))
        try:
            await asyncio.wait({asked, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise Refusal(499, "the client hung up")
            reply = asked.result()
        except EditionLost as error:
            raise Refusal(503, str(error), Retry_After="1") from None
        finally:
            asked.cancel()
            gone.cancel()
        if "error" in reply.head:
            if "detail" in reply.head:
                self.log.write("store", "error", outcome=reply.head["error"], message=reply.head["detail"])
            status = _STATUS[reply.head["error"]]
            raise Refusal(status, reply.head["message"], **({"Retry_After": "5"} if status == 503 else {}))
        headers["Content-Type"] = formats[reply.head["kind"]].media_type
        return send(reply, headers)


def is_known(headers: Mapping[str, str], request: Request) -> bool:
    """Whether the client has what goes out under these headers already (RFC 9110, section 13.1.2)."""
    known = ",".join(request.headers.getlist("if-none-match")).split(",")
    return headers["ETag"].removeprefix("W/") in [tag.strip().removeprefix("W/") for tag in known]


def send(reply: Reply, headers: Mapping[str, str]) -> Response:
    """The body of a reply with its length, from memory or from its file."""
    named = {**headers, "Content-Length": str(reply.size)}
    file = reply.open()
    return Response(reply.body, headers=named) if file is None else StreamingResponse(_pieces(file), headers=named)


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while piece := await asyncio.to_thread(file.read, _CHUNK):
            yield piece


async def _hangs_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


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
    found = choose(",".join(request.headers.getlist("accept")), offered)
    if found is None:
        raise Refusal(
            406,
            "none of the formats of this answer is acceptable to you; there are: "
            + ", ".join(format_.media_type for format_ in offered),
        )
    return found
