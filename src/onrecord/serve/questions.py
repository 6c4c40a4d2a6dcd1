"""Owns ``/api``: the graph's questions as a JSON API, and the page that shows it.

Leaves what a question takes to ``catalogue``, and putting it to the edition.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from onrecord.serve.frame import environment
from onrecord.serve.negotiation import ROWS, TRIPLES
from onrecord.serve.openapi import describe_api
from onrecord.serve.protocol import Refusal, read_pairs
from onrecord.serve.service import Service, wanted


async def list_questions(request: Request) -> Response:
    """Every question with its parameters and its address."""
    facts = request.state.edition.facts
    found = [{**question, "href": f"/api/questions/{quote(question['name'])}"} for question in facts["questions"]]
    return JSONResponse({"build": facts["build"], "questions": found}, headers={"Cache-Control": "no-cache"})


async def answer_question(request: Request) -> Response:
    """The answer to a question, with the parameters of the query string over its defaults."""
    service: Service = request.app.state.service
    question = _find(request)
    taken = {parameter["name"] for parameter in question["parameters"]}
    given: dict[str, str] = {}
    for name, value in read_pairs(request.scope["query_string"], "query string"):
        if name in given:
            raise Refusal(400, f'the parameter "{name[:40]}" is given twice')
        given[name] = value
    named = "" if "format" in taken else given.pop("format", "")
    stray = sorted(set(given) - taken)
    if stray:
        has = ", ".join(sorted(taken)) or "none"
        raise Refusal(400, f'this question has no parameter "{stray[0][:40]}"; it has: {has}')
    wrong = next((name for name, value in given.items() if "\x00" in value), None)
    if wrong is not None:
        raise Refusal(400, f'the value of "{wrong}" holds a NUL character')
    offered = TRIPLES if question["form"] == "graph" else ROWS
    format_ = wanted(request, named, offered)
    formats = {question["form"]: format_} if question["form"] == "graph" else {"rows": format_, "boolean": format_}
    return await service.respond(
        request, formats, "ask", text=question["query"], name=question["name"], parameters=given
    )


def _find(request: Request) -> dict[str, Any]:
    name = request.path_params["name"]
    for question in request.state.edition.facts["questions"]:
        if question["name"] == name:
            found: dict[str, Any] = question
            return found
    raise Refusal(404, "there is no such question; /api/questions lists them")


async def send_openapi(request: Request) -> Response:
    """The description of the API, in OpenAPI 3.1."""
    service: Service = request.app.state.service
    found = describe_api(request.state.edition.facts, behind=bool(service.settings.store))
    return JSONResponse(found, headers={"Cache-Control": "no-cache"})


async def show_api(request: Request) -> Response:
    """The same for people: every question with a form to put it."""
    page = environment().get_template("api.html").render(facts=request.state.edition.facts)
    return HTMLResponse(page, headers={"Cache-Control": "no-cache"})
