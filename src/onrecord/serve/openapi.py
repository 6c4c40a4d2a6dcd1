"""Owns the description of the HTTP API in OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1.html).

Leaves answering to the modules that are named after the addresses.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from onrecord import __version__
from onrecord.serve.negotiation import ROWS, TRIPLES, Format
from onrecord.serve.protocol import FORM, QUERY

_TERM = {
    "type": "object",
    "required": ["type", "value"],
    "properties": {
        "type": {"enum": ["uri", "literal", "bnode", "triple"]},
        "value": {},
        "datatype": {"type": "string"},
        "xml:lang": {"type": "string"},
    },
}
_RESULTS = {
    "type": "object",
    "description": "SPARQL 1.1 results in JSON: rows, or the truth value of an ASK.",
    "required": ["head"],
    "properties": {
        "head": {"type": "object", "properties": {"vars": {"type": "array", "items": {"type": "string"}}}},
        "boolean": {"type": "boolean"},
        "results": {
            "type": "object",
            "required": ["bindings"],
            "properties": {"bindings": {"type": "array", "items": {"type": "object", "additionalProperties": _TERM}}},
        },
    },
}
_REASONS = {
    "400": "The request is wrong: the text says what and where.",
    "403": "Refused: another origin's page, or an update.",
    "404": "There is no such thing.",
    "406": "None of the formats is acceptable.",
    "413": "The body or the query is too large.",
    "415": "The body is of no type that the endpoint reads.",
    "422": "The query went over a limit of time, memory or rows, or cannot be evaluated.",
    "501": "The server behind this one cannot answer it.",
    "502": "The server behind this one refuses, breaks off, or is gone.",
    "503": "Too many queries are waiting, or the graph changes meanwhile; try again.",
    "504": "The server behind this one does not answer in time.",
}


def describe_api(facts: dict[str, Any], *, behind: bool = False) -> dict[str, Any]:
    """The document for an edition: its questions are paths with typed parameters.

    With ``behind`` another server answers the queries, and there is more that can go wrong.
    """
    cannot, more = (["501"], ["502", "504"]) if behind else ([], [])
    paths: dict[str, Any] = {
        "/api/questions": {"get": _plain("listQuestions", "The questions of this graph", "application/json")},
        "/health": {"get": _plain("health", "Whether queries are answered", "application/json", ["503"])},
        "/live": {"get": _plain("live", "Which build is served", "application/json")},
        "/sparql": {"get": _sparql_get(more), "post": _sparql_post(more)},
        "/graphs": {"get": _graphs(more)},
    }
    for question in facts["questions"]:
        paths[f"/api/questions/{quote(question['name'])}"] = {"get": _question(question, cannot + more)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": facts["title"] or facts["name"],
            "description": facts["description"],
            "version": facts["build"],
            "x-generator": f"onrecord {__version__}",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": {"Results": _RESULTS}},
    }


def _question(question: dict[str, Any], more: list[str]) -> dict[str, Any]:
    offered = TRIPLES if question["form"] == "graph" else ROWS
    taken = {parameter["name"] for parameter in question["parameters"]}
    parameters = [
        {
            "name": parameter["name"],
            "in": "query",
            "required": parameter["required"],
            "description": parameter["takes"],
            "schema": parameter["schema"] | ({} if parameter["default"] is None else {"default": parameter["default"]}),
        }
        for parameter in question["parameters"]
    ]
    return {
        "operationId": f"ask-{question['name']}",
        "summary": question["title"],
        **({"description": question["description"]} if question["description"] else {}),
        "parameters": [*parameters, *([] if "format" in taken else [_format_parameter(offered)])],
        "responses": _responses(offered, ["400", "404", "406", "422", "503", *more]),
    }


def _sparql_get(more: list[str]) -> dict[str, Any]:
    texts = {"type": "array", "items": {"type": "string", "format": "iri"}}
    return {
        "operationId": "query",
        "summary": "A SPARQL 1.1 query; without one, the service description",
        "parameters": [
            {"name": "query", "in": "query", "required": False, "schema": {"type": "string"}},
            {"name": "default-graph-uri", "in": "query", "required": False, "schema": texts},
            {"name": "named-graph-uri", "in": "query", "required": False, "schema": texts},
            _format_parameter((*ROWS, *TRIPLES)),
        ],
        "responses": _responses((*ROWS, *TRIPLES), ["400", "403", "406", "413", "422", "503", *more]),
    }


def _sparql_post(more: list[str]) -> dict[str, Any]:
    form = {"type": "object", "required": ["query"], "properties": {"query": {"type": "string"}}}
    return {
        "operationId": "postQuery",
        "summary": "A SPARQL 1.1 query in a form or as it is",
        "requestBody": {"required": True, "content": {FORM: {"schema": form}, QUERY: {"schema": {"type": "string"}}}},
        "responses": _responses((*ROWS, *TRIPLES), ["400", "403", "406", "413", "415", "422", "503", *more]),
    }


def _graphs(more: list[str]) -> dict[str, Any]:
    return {
        "operationId": "readGraph",
        "summary": "A whole graph, by the Graph Store Protocol",
        "parameters": [
            {"name": "graph", "in": "query", "required": False, "schema": {"type": "string", "format": "iri"}},
            {"name": "default", "in": "query", "required": False, "allowEmptyValue": True, "schema": {"const": ""}},
            _format_parameter(TRIPLES),
        ],
        "responses": _responses(TRIPLES, ["400", "404", "406", "422", "503", *more]),
    }


def _format_parameter(offered: Iterable[Format]) -> dict[str, Any]:
    names = list(dict.fromkeys(format_.name for format_ in offered))
    what = "Instead of an Accept header."
    return {"name": "format", "in": "query", "required": False, "description": what, "schema": {"enum": names}}


def _plain(operation: str, summary: str, media_type: str, errors: Iterable[str] = ()) -> dict[str, Any]:
    content = {media_type: {"schema": {"type": "object"}}}
    return {
        "operationId": operation,
        "summary": summary,
        "responses": {
            "200": {"description": "As asked.", "content": content},
            **{status: {"description": _REASONS[status], "content": content} for status in errors},
        },
    }


def _responses(offered: Iterable[Format], errors: Iterable[str]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for format_ in offered:
        is_results = format_.types[0] == "application/sparql-results+json"
        schema = {"$ref": "#/components/schemas/Results"} if is_results else {}
        content[format_.types[0]] = {"schema": schema}
    text = {"text/plain": {"schema": {"type": "string"}}}
    return {
        "200": {"description": "The whole answer.", "content": content},
        **{status: {"description": _REASONS[status], "content": text} for status in errors},
    }
