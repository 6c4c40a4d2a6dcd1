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
from onrecord.serve.service import Service, accepted, wanted

KINDS = ("entity", "source", "statement", "proposition", "span", "list", "graph")
"""What stands after the base in the IRIs that a graph mints."""


async def answer_path(request: Request) -> Response:
    """A page of the site, or what is known of the thing whose IRI ends in this path."""
    service: Service = request.app.state.service
    edition, path = request.state.edition, request.path_params["path"]
    kind, _, rest = path.partition("/")
    if kind not in KINDS or not rest or path.endswith((".html", "/")):
        return await send_page(request, path)
    iri = edition.facts["base"] + path
    named = next((format_.name for format_ in TRIPLES if path.endswith(f".{format_.name}")), "")
    if kind == "graph":
        named = "" if iri in edition.facts["graphs"] else named
        return await send_graph(request, service, _without(iri, named), named)
    page = await _find_page(request, iri)
    if named and page:
        named = ""  # an id that ends so
    elif named:
        iri = _without(iri, named)
        page = await _find_page(request, iri)
    if page and not named and choose(accepted(request), (*TRIPLES, HTML)) == HTML:
        return RedirectResponse(f"/{page}", 303, {"Vary": "Accept"})
    response = await service.respond(request, {"graph": wanted(request, named, TRIPLES)}, "thing", iri=iri)
    if page:
        response.headers["Link"] = f'</{page}>; rel="alternate"; type="text/html"'
    return response


async def _find_page(request: Request, iri: str) -> str:
    """The page of a thing; empty where it has none."""
    service: Service = request.app.state.service
    found = await service.answers.ask(request.state.edition, "address", iri=iri)
    return str(service.require_answer(found).head["path"])


def _without(iri: str, suffix: str) -> str:
    return iri.removesuffix(f".{suffix}") if suffix else iri
