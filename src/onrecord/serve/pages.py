"""Owns giving out the files of the site: types, validators, what is asked for and not there.

Leaves making them to the edition, one at a time when it is asked for.
"""

from __future__ import annotations

import mimetypes

from starlette.requests import Request
from starlette.responses import Response

from onrecord.serve.negotiation import HTML, TRIPLES, quality_of
from onrecord.serve.service import Service, accepted, is_known, send
from onrecord.site import is_view

_TYPES = {
    **{f".{format_.name}": format_.media_type for format_ in TRIPLES},
    ".wasm": "application/wasm",
    ".atom": "application/atom+xml",
    ".graphml": "application/graphml+xml",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml",
    ".json": "application/json",
}


VIEW_POLICY = "frame-ancestors 'none'"
"""For pages whose markup allows their own scripts by hash and nothing else: a second list would forbid those."""


async def send_page(request: Request, path: str, status: int = 200) -> Response:
    """A file of the site.

    :raises Refusal: 404 where there is none.
    """
    service: Service = request.app.state.service
    path = f"{path}index.html" if not path or path.endswith("/") else path
    reply = await service.answers.ask(request.state.edition, "page", path=path)
    is_missing = reply.head.get("error") == "unknown"
    if is_missing and status == 200 and quality_of(accepted(request), HTML):
        return await send_page(request, "404.html", 404)
    service.require_answer(reply)
    suffix = path[path.rfind(".") :]
    kind = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    headers = {"Content-Type": kind, "Cache-Control": "no-cache", "ETag": f'W/"{reply.head["hash"]}"'}
    if is_view(path):
        headers["Content-Security-Policy"] = VIEW_POLICY
    if status == 404:
        headers["Vary"] = "Accept"  # who takes no page gets a line of text
    if status == 200 and is_known(headers, request):
        return Response(status_code=304, headers=headers)
    response = send(reply, headers)
    response.status_code = status
    return response
