"""Owns the questions of a graph as the API shows them: what they ask, and what each parameter takes.

Leaves putting them to ``onrecord.questions``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from onrecord.engine import Job
from onrecord.errors import has_errors
from onrecord.limits import Limits
from onrecord.questions import type_of
from onrecord.worker import Form, read_forms

if TYPE_CHECKING:
    from onrecord.graph import Graph
    from onrecord.questions import Question

_SCHEMAS: dict[str, dict[str, Any]] = {
    "integer": {"type": "string", "pattern": r"^[+-]?[0-9]+$"},
    "decimal": {"type": "string", "pattern": r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$"},
    "double": {"type": "string"},
    "boolean": {"type": "string", "enum": ["true", "false", "1", "0"]},
    "date": {"type": "string", "examples": ["2025-12-17"]},
    "dateTime": {"type": "string", "examples": ["2025-12-17T12:00:00Z"]},
    "gYear": {"type": "string", "examples": ["2025"]},
    "anyURI": {"type": "string"},
}
_WORDS = {
    "": "a text",
    "string": "a text",
    "iri": "a thing of this graph, by any of its names, its id, a CURIE or an IRI in angle brackets",
}


def describe_questions(graph: Graph, questions: Mapping[str, Question]) -> list[dict[str, Any]]:
    """Those of ``questions`` that can be put, by name, each with its parameters."""
    sound = [question for _, question in sorted(questions.items()) if not has_errors(question.problems)]
    puts = [Job(question.text, graph.prefixes(), graph.project.base) for question in sound]
    out = []
    for question, form in zip(sound, read_forms(puts, Limits()), strict=True):
        if not isinstance(form, Form):
            continue  # it does not parse: a problem of the graph
        parameters = []
        for key, variables in question.parameters.items():
            kinds = sorted({type_of(key, variable) for variable in variables})
            default = question.defaults.get(key)
            parameters.append(
                {
                    "name": key,
                    "takes": " and ".join(_takes(kind) for kind in kinds),
                    "schema": _SCHEMAS.get(kinds[0], {"type": "string"}) if len(kinds) == 1 else {"type": "string"},
                    "required": default is None,
                    "default": default,
                }
            )
        out.append(
            {
                "name": question.name,
                "form": form.kind,
                "title": question.title,
                "description": question.description,
                "parameters": parameters,
                "query": question.text,
            }
        )
    return out


def _takes(kind: str) -> str:
    if kind in _WORDS:
        return _WORDS[kind]
    return f"an xsd:{kind}" if kind in _SCHEMAS else f"a text in the language {kind.replace('_', '-')}"
