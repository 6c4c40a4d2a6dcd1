"""Owns how the server says that it is: ``/health``, ``/live``, and its figures at ``/metrics``.

Leaves counting to ``metrics``, a server behind this one to ``upstream``, and files with errors to ``problems``.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from onrecord.serve.service import Service


async def answer_live(request: Request) -> Response:
    """What open pages ask again and again: which build is served, and whether something is wrong with the files."""
    service: Service = request.app.state.service
    trouble = service.editions.trouble
    found = {
        "build": request.state.edition.build,
        "building": service.editions.is_building,
        "problems": max(1, len(trouble["problems"])) if trouble else 0,
    }
    return JSONResponse(found, headers={"Cache-Control": "no-store"})


async def answer_health(request: Request) -> Response:
    """Whether queries are answered, and where a server behind this one answers them, how that is."""
    edition = request.state.edition
    service: Service = request.app.state.service
    state = "ok" if edition.is_running else "restarting"
    found = {"status": state, "build": edition.build, "quads": sum(edition.facts["graphs"].values())}
    if service.settings.store:
        look = await service.upstream.look(edition)
        found["store"] = {"status": look.status, "message": look.message or edition.facts["behind"]}
        state = found["status"] = state if look.status == "ok" else "store"
    return JSONResponse(found, 200 if state == "ok" else 503, {"Cache-Control": "no-store"})


async def answer_metrics(request: Request) -> Response:
    """The figures of the server, for Prometheus."""
    service: Service = request.app.state.service
    service.metrics.quads.set(sum(request.state.edition.facts["graphs"].values()))
    headers = {"Content-Type": service.metrics.media_type, "Cache-Control": "no-store"}
    return Response(service.metrics.text(), headers=headers)
