"""Owns ``/sparql``: queries over HTTP, and what is said where no query is asked.

Leaves reading a request to ``protocol`` and evaluating to the edition.
"""

from __future__ import annotations

import hashlib

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from onrecord.serve.description import describe
from onrecord.serve.negotiation import HTML, ROWS, TRIPLES, Format, choose
from onrecord.serve.pages import send_page
from onrecord.serve.protocol import Operation, Refusal, named_format, read_operation, read_pairs
from onrecord.serve.service import Service, accepted, wanted
from onrecord.serve.settings import MAX_BODY
from onrecord.sparql.guard import MAX_QUERY_BYTES

CONSOLE = "console.html"


async def answer_sparql(request: Request) -> Response:
    """A query is answered; without one browsers get the console and programs the service description."""
    service: Service = request.app.state.service
    body = await read_body(request) if request.method == "POST" else b""
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if packed not in ("", "identity"):
        raise Refusal(415, f"a body packed by {packed[:40]} is not read; send it as it is", Accept_Encoding="identity")
    kind = request.headers.get("content-type", "")
    operation = read_operation(request.method, request.scope["query_string"], kind, body)
    if operation is None:
        return await _introduce(request)
    if len(operation.query.encode("utf-8", "replace")) > MAX_QUERY_BYTES:
        raise Refusal(413, f"this query is longer than {MAX_QUERY_BYTES >> 10} KiB; shorten it")
    request.state.query = hashlib.sha256(operation.query.encode("utf-8", "replace")).hexdigest()[:12]
    dataset = operation.dataset
    return await service.respond(
        request,
        _formats(request, operation),
        "query",
        text=operation.query,
        query=operation.query,
        default=list(dataset.default) if dataset else None,
        named=list(dataset.named) if dataset else None,
    )


def _formats(request: Request, operation: Operation) -> dict[str, Format]:
    """In which format each kind of answer is wanted; a kind that the client does not take is refused by ``respond``."""
    found: dict[str, Format] = {}
    refusal: Refusal | None = None
    for kind, offered in (("rows", ROWS), ("graph", TRIPLES)):
        try:
            found[kind] = wanted(request, operation.format, offered)
        except Refusal as error:
            refusal = error
    if refusal is not None and not found:
        raise refusal
    if "rows" in found:
        found["boolean"] = found["rows"]
    return found


async def _introduce(request: Request) -> Response:
    named = named_format(read_pairs(request.scope["query_string"], "query string"))
    if not named and choose(accepted(request), (*TRIPLES, HTML)) == HTML:
        page = await send_page(request, CONSOLE)
        page.headers["Vary"] = "Accept"
        return page
    return describe(request.state.edition, str(request.url.replace(query="")), wanted(request, named, TRIPLES))


async def read_body(request: Request) -> bytes:
    """The whole body.

    :raises Refusal: 413 as soon as it is larger than a body may be.
    """
    pieces, size = [], 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > MAX_BODY:
                raise Refusal(413, f"the body is larger than {MAX_BODY >> 20} MiB", Connection="close")
            pieces.append(piece)
    except ClientDisconnect:
        raise Refusal(499, "the client hung up") from None
    return b"".join(pieces)
