"""Owns ``/problems``: what stands in the way of a newer edition, with file and line, while the last good one is served.

Leaves finding it to the checks.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from onrecord.serve.negotiation import HTML, JSON, choose
from onrecord.serve.service import Service

_VEILED = {"file": "", "line": 0, "column": 0, "length": 0, "message": "", "fix": "", "text": ""}
"""What a problem does not say where something is protected."""


@cache
def environment() -> Environment:
    """The templates of the server's own pages, autoescaped."""
    return Environment(
        loader=PackageLoader("onrecord.serve"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


async def send_style(request: Request) -> Response:
    """The styles of the server's own pages."""
    style = files("onrecord.serve").joinpath("assets", "serve.css").read_text("utf-8")
    return Response(style, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


async def send_icon(request: Request) -> Response:
    """Browsers ask for one; there is none."""
    return Response(status_code=204, headers={"Cache-Control": "max-age=86400"})


async def answer_problems(request: Request) -> Response:
    """A page for people, JSON for programs."""
    service: Service = request.app.state.service
    edition, trouble = request.state.edition, service.editions.trouble
    problems: list[dict[str, Any]] = trouble["problems"] if trouble else edition.facts["problems"]
    message = trouble["message"] if trouble else edition.facts["behind"]
    if service.settings.redact:  # who is protected cannot be told from files with errors
        problems = [{**_VEILED, "code": each["code"], "severity": each["severity"]} for each in problems]
        message = "they have errors" if trouble else ""
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    if choose(request.headers.get("accept"), (HTML, JSON)) == JSON:
        state = {"state": "broken" if trouble else "ready", "message": message}
        return JSONResponse({**state, "build": edition.build, "problems": problems}, headers=headers)
    shown = {"trouble": trouble is not None, "message": message, "veiled": service.settings.redact}
    page = environment().get_template("problems.html").render(facts=edition.facts, problems=problems, **shown)
    return HTMLResponse(page, headers=headers)


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
