"""Owns the graph's own IRIs: what a client gets that follows one of them to this server.

Leaves the pages to ``pages``. A browser is led to the page, a program gets the triples
(https://www.w3.org/TR/cooluris/#r303gendocument).
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from onrecord.serve.graphstore import send_graph
from onrecord.serve.negotiation import HTML, TRIPLES, choose
from onrecord.serve.pages import send_page
from onrecord.serve.service import Service, wanted

KINDS = ("entity", "source", "statement", "proposition", "span", "list", "graph")
"""What stands after the base in the IRIs that a graph mints."""


async def answer_path(request: Request) -> Response:
    """A page of the site, or what is known of the thing whose IRI ends in this path."""
    service: Service = request.app.state.service
    edition, path = request.state.edition, request.path_params["path"]
    kind, _, rest = path.partition("/")
    if kind not in KINDS or not rest or path.endswith((".html", "/")):
        return await send_page(request, path)
    named = next((format_.name for format_ in TRIPLES if path.endswith(f".{format_.name}")), "")
    iri = edition.facts["base"] + (path[: -len(named) - 1] if named else path)
    if kind == "graph":
        return await send_graph(request, service, iri, named)
    page = (await service.answers.ask(edition, "address", iri=iri)).head["path"]
    if page and not named and choose(request.headers.get("accept"), (*TRIPLES, HTML)) == HTML:
        return RedirectResponse(f"/{page}", 303, {"Vary": "Accept"})
    response = await service.respond(request, {"graph": wanted(request, named, TRIPLES)}, "thing", iri=iri)
    if page:
        response.headers["Link"] = f'</{page}>; rel="alternate"; type="text/html"'
    return response
