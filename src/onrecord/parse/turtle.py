"""Owns statement files in Turtle and TriG: statement nodes as onrecord exports them, back to rows.

Leaves entities, ontologies and direct triples in such a file alone: entities belong in
``entities.yaml``, and the rest is computed anew. Sources and their unnamed speakers are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from onrecord.errors import Place, Problems
from onrecord.files import read_text
from onrecord.model import Source, Speaker, StatementRows
from onrecord.terms import DC, DCTERMS, OA, ONR, PROV, RDF, RDFS, SCHEMA, SKOS

_SINGLE = {
    f"{ONR}saidWhen": "said_when",
    f"{ONR}saidAt": "said_at",
    f"{ONR}when": "when",
    f"{ONR}recorded": "recorded",
    f"{DCTERMS}identifier": "id",
}
_REPEATED = {
    f"{ONR}whenText": "when_text",
    f"{ONR}hedge": "hedge",
    f"{ONR}translation": "translation",
    f"{ONR}locator": "locator",
    f"{ONR}curator": "curator",
    f"{ONR}curated": "curated",
    f"{SKOS}editorialNote": "note",
    f"{OA}prefix": "prefix",
    f"{OA}suffix": "suffix",
}
_MANY = {f"{ONR}saidBy": "said_by", f"{ONR}saidTo": "said_to", f"{ONR}origin": "origin", f"{ONR}via": "via"}
_SOURCE_TEXTS = {
    f"{DCTERMS}title": "title",
    f"{DC}publisher": "publisher",
    f"{DCTERMS}issued": "published",
    f"{DC}creator": "author",
    f"{SCHEMA}url": "url",
    f"{ONR}textHash": "sha256",
    f"{DCTERMS}language": "language",
    f"{DCTERMS}license": "licence",
    f"{DCTERMS}dateAccepted": "retrieved",
    f"{SKOS}editorialNote": "note",
}


def parse_statements(
    path: Path,
    name: str,
    base: str,
    qualifiers: dict[str, str],
    rows: StatementRows,
    add_source: Callable[[Source], None],
    problems: Problems,
) -> None:
    """Read one file into ``rows``; ``qualifiers`` maps property IRIs to their labels."""
    text = read_text(path, name, problems)
    if text is None:
        return
    format_ = ox.RdfFormat.TRIG if path.suffix.lower() == ".trig" else ox.RdfFormat.TURTLE
    nodes: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    try:
        for quad in ox.parse(text, format_, base_iri=base):
            nodes[str(quad.subject)][quad.predicate.value].append(quad.object)
    except SyntaxError as error:
        place = Place(name, error.lineno or 0, error.offset or 0)
        problems.error("P049", place, f"this is not Turtle: {error.msg}", "mend the line, or the one above")
        return
    _Reader(nodes, name, base, qualifiers, rows, add_source, problems).read()


class _Reader:
    def __init__(
        self,
        nodes: dict[str, dict[str, list[Any]]],
        name: str,
        base: str,
        qualifiers: dict[str, str],
        rows: StatementRows,
        add_source: Callable[[Source], None],
        problems: Problems,
    ) -> None:
        self.nodes, self.place, self.base = nodes, Place(name), base
        self.qualifiers, self.rows, self.add_source, self.problems = qualifiers, rows, add_source, problems

    def read(self) -> None:
        kinds: dict[str, list[str]] = defaultdict(list)
        for subject, fields in self.nodes.items():
            for kind in fields.get(f"{RDF}type", ()):
                kinds[kind.value].append(subject)
        for subject in sorted(kinds[f"{ONR}Source"]):
            self._source(subject)
        statements = sorted(kinds[f"{ONR}Statement"])
        if not statements:
            self.problems.warning(
                "P032", self.place, "this file holds no onr:Statement", "export one with  onrecord export --format ttl"
            )
        for subject in statements:
            self._statement(subject)

    def _source_id(self, iri: str) -> str | None:
        head = f"{self.base}source/"
        return iri[len(head) :] if iri.startswith(head) else None

    def _source(self, subject: str) -> None:
        source_id = self._source_id(subject[1:-1])
        if not source_id:
            self._foreign(subject)
            return
        fields = self.nodes[subject]
        values = {key: fields[iri][0].value for iri, key in _SOURCE_TEXTS.items() if fields.get(iri)}
        head = f"{self.base}entity/{source_id}:"
        speakers = [
            Speaker(
                id=node[1 + len(head) : -1],
                label=_first(about, f"{RDFS}label"),
                type=next((f"<{kind.value}>" for kind in about[f"{RDF}type"]), ""),
                place=self.place,
                note=_first(about, f"{SKOS}editorialNote"),
            )
            for node, about in sorted(self.nodes.items())
            if node.startswith(f"<{head}") and about.get(f"{RDF}type")
        ]
        self.add_source(
            Source(
                id=source_id,
                place=self.place,
                origin=tuple(sorted(str(node) for node in fields.get(f"{ONR}origin", ()))),
                speakers=tuple(speakers),
                **values,
            )
        )

    def _foreign(self, subject: str) -> None:
        self.problems.error(
            "P051",
            self.place,
            f"{subject} does not lie below this graph's base {self.base}",
            "export the file from a graph with the same base",
        )

    def _statement(self, subject: str) -> None:
        fields = self.nodes[subject]
        source_id = self._source_id(_first(fields, f"{PROV}wasQuotedFrom"))
        proposition = next(iter(fields.get(f"{ONR}proposition", ())), None)
        values = self._proposition(str(proposition), source_id or "")
        if source_id is None or values is None:
            self._foreign(subject)
            return
        values["status"] = _first(fields, f"{ONR}status").removeprefix(ONR) or None
        values["negated"] = _first(fields, f"{ONR}negated") == "true"
        for iri, column in _SINGLE.items():
            if fields.get(iri):
                values[column] = self._written(fields[iri][0])
        for iri, column in _MANY.items():
            if fields.get(iri):
                values[column] = sorted(self._written(node) for node in fields[iri])
        if fields.get(f"{ONR}viaChain"):
            values["via"] = list(self._list(str(fields[f"{ONR}viaChain"][0])))
        condition = next(iter(fields.get(f"{ONR}condition", ())), None)
        if condition is not None:
            values["condition_row"] = self._nested(str(condition), source_id)
        elif fields.get(f"{ONR}conditionText"):
            values["condition_text"] = _first(fields, f"{ONR}conditionText")
        values["qualifiers"] = (values["qualifiers"] or []) + self._qualifiers(fields, source_id)
        values["quotes"] = sorted(node.value for node in fields.get(f"{ONR}quote", ())) or None
        repeated = [sorted(node.value for node in fields.get(iri, ())) for iri in _REPEATED]
        for extra in list(zip_longest(*repeated)) or [()]:
            self.rows.add(self.place, values | dict(zip(_REPEATED.values(), extra, strict=False)))

    def _proposition(self, node: str, source_id: str) -> dict[str, Any] | None:
        fields = self.nodes.get(node)
        if not fields or not all(fields.get(f"{RDF}{part}") for part in ("subject", "predicate", "object")):
            return None
        values: dict[str, Any] = {"source": source_id}
        for part in ("subject", "object"):
            term = fields[f"{RDF}{part}"][0]
            if str(term) in self.nodes and self._is_proposition(str(term)):
                values[f"{part}_row"] = self._nested(str(term), source_id)
            else:
                values[f"{part}_text"] = self._written(term)
        values["predicate_text"] = self._written(fields[f"{RDF}predicate"][0])
        values["qualifiers"] = self._qualifiers(fields, source_id) or None
        return values

    def _nested(self, node: str, source_id: str) -> int | None:
        values = self._proposition(node, source_id)
        return None if values is None else self.rows.add(self.place, values | {"nested": True})

    def _is_proposition(self, node: str) -> bool:
        return any(kind.value == f"{ONR}Proposition" for kind in self.nodes[node].get(f"{RDF}type", ()))

    def _qualifiers(self, fields: dict[str, list[Any]], source_id: str) -> list[dict[str, Any]]:
        out: list[dict[str, Any]] = []
        for iri in sorted(set(fields) & set(self.qualifiers)):
            for term in sorted(fields[iri], key=str):
                if str(term) in self.nodes and self._is_proposition(str(term)):
                    row = self._nested(str(term), source_id)
                    out.append({"property": f"<{iri}>", "value": None, "value_row": row})
                else:
                    out.append({"property": f"<{iri}>", "value": self._written(term), "value_row": None})
        return out

    def _written(self, term: Any) -> str:
        return str(term) if isinstance(term, ox.NamedNode) else str(term.value)

    def _list(self, cell: str) -> Iterable[str]:
        seen: set[str] = set()
        while cell in self.nodes and cell not in seen:
            seen.add(cell)
            yield from (self._written(node) for node in self.nodes[cell].get(f"{RDF}first", ()))
            cell = next((str(node) for node in self.nodes[cell].get(f"{RDF}rest", ())), "")


def _first(fields: dict[str, list[Any]], iri: str) -> str:
    values = fields.get(iri)
    return str(values[0].value) if values else ""
