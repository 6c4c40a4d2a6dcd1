"""Owns ``/graphs``: reading whole graphs by the Graph Store Protocol.

Leaves writing aside: the graph is its files. https://www.w3.org/TR/sparql11-http-rdf-update/
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from onrecord.serve.negotiation import TRIPLES
from onrecord.serve.protocol import Refusal, read_pairs
from onrecord.serve.service import Service, wanted


async def answer_graph(request: Request) -> Response:
    """``?graph=IRI`` gives that named graph, ``?default`` the union of all, which is the default graph."""
    service: Service = request.app.state.service
    pairs = read_pairs(request.scope["query_string"], "query string")
    graphs = [value for name, value in pairs if name == "graph"]
    default = [value for name, value in pairs if name == "default"]
    if len(graphs) + len(default) != 1 or any(default):
        raise Refusal(400, "name one graph: ?graph=IRI, or ?default for the union of all")
    named = next((value for name, value in pairs if name == "format"), "")
    return await send_graph(request, service, graphs[0] if graphs else None, named)


async def send_graph(request: Request, service: Service, iri: str | None, named: str = "") -> Response:
    """The triples of a graph, or of all.

    :raises Refusal: 404 for a graph that does not exist.
    """
    if iri is not None and iri not in request.state.edition.facts["graphs"]:
        raise Refusal(404, "there is no such graph; the service description at /sparql lists them")
    format_ = wanted(request, named, TRIPLES)
    return await service.respond(request, {"graph": format_}, "graph", graph=iri)
