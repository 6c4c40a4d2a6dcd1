"""Owns ``/problems``: what stands in the way of a newer edition, with file and line, while the last good one is served.

Leaves finding it to the checks.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from onrecord.serve.frame import environment
from onrecord.serve.negotiation import HTML, JSON, choose
from onrecord.serve.service import Service, accepted

_VEILED = {"file": "", "line": 0, "column": 0, "length": 0, "message": "", "fix": "", "text": ""}
"""What a problem does not say where something is protected, or may be."""


async def answer_problems(request: Request) -> Response:
    """A page for people, JSON for programs."""
    service: Service = request.app.state.service
    edition, trouble = request.state.edition, service.editions.trouble
    problems: list[dict[str, Any]] = trouble["problems"] if trouble else edition.facts["problems"]
    message = trouble["message"] if trouble else edition.facts["behind"]
    veiled = edition.facts["redacted"] if trouble is None else bool(service.settings.redact)
    if veiled:  # also what files say that are not served: who is protected cannot be told from them
        problems = [{**_VEILED, "code": each["code"], "severity": each["severity"]} for each in problems]
        message = ("they have errors" if problems else "no graph could be built of them") if trouble else ""
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    if choose(accepted(request), (HTML, JSON)) == JSON:
        state = {"state": "broken" if trouble else "ready", "message": message}
        return JSONResponse({**state, "build": edition.build, "problems": problems}, headers=headers)
    shown = {"trouble": trouble is not None, "message": message, "veiled": veiled}
    page = environment().get_template("problems.html").render(facts=edition.facts, problems=problems, **shown)
    return HTMLResponse(page, headers=headers)
