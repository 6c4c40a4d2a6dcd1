"""Owns the linked data in the pages: what the dataset says of a thing, as JSON-LD.

Leaves the dataset to ``assemble``. The blocks are in expanded form
(https://www.w3.org/TR/json-ld11/#expanded-document-form): nothing has to be fetched to read them.
"""

from __future__ import annotations

from typing import Any

from onrecord.site.record import Record
from onrecord.terms import RDF, split_term


def linked(record: Record, *iris: str) -> list[dict[str, Any]]:
    """What the dataset says of ``iris``, a node object each."""
    return [_node(record, iri) for iri in iris if iri in record.described]


def _node(record: Record, iri: str) -> dict[str, Any]:
    told = record.described[iri]
    types = told.get(f"{RDF}type", ())
    return {
        "@id": iri,
        **({"@type": [term[1:-1] for term in types]} if types else {}),
        **{name: [_value(term) for term in terms] for name, terms in told.items() if name != f"{RDF}type"},
    }


def _value(term: str) -> dict[str, str]:
    kind, value, datatype, language = split_term(term)
    if kind == "iri":
        return {"@id": value}
    return {"@value": value} | ({"@language": language} if language else {}) | ({"@type": datatype} if datatype else {})
