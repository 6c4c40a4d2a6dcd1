"""Owns the network of a graph: statements as edges, for networkx and for the views.

Leaves drawing to ``view``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import networkx as nx
import polars as pl

from onrecord.assemble import proposition_labels
from onrecord.build import Loaded
from onrecord.lens import Lens, select
from onrecord.lock import quote_key
from onrecord.model import Source
from onrecord.ontology import Ontology
from onrecord.resolve import Resolved
from onrecord.terms import ONR, PROV, split_term
from onrecord.view.model import ViewEdge, ViewGraph, ViewNode

_KINDS = (
    ("person", ("https://schema.org/Person", "http://xmlns.com/foaf/0.1/Person", f"{PROV}Person")),
    ("state", ("https://schema.org/Country", "https://schema.org/AdministrativeArea")),
    ("place", ("https://schema.org/Place", "http://www.w3.org/2003/01/geo/wgs84_pos#SpatialThing")),
    ("event", ("https://schema.org/Event", "http://semanticweb.cs.vu.nl/2009/11/sem/Event", f"{PROV}Activity")),
    ("group", ("http://xmlns.com/foaf/0.1/Group",)),
    (
        "organisation",
        ("http://www.w3.org/ns/org#Organization", "https://schema.org/Organization", f"{PROV}Organization"),
    ),
    ("plan", ("https://w3id.org/onrecord/ns#Provision", f"{PROV}Plan", "https://schema.org/CreativeWork")),
    ("group", ("https://w3id.org/onrecord/ns#UnnamedSpeaker", f"{PROV}Agent")),
)
"""Shape of a node by the well-known classes that its own class is aligned to, the first match."""


def to_networkx(loaded: Loaded, lens: Lens, *, asserted_only: bool = False) -> nx.MultiDiGraph:
    """One node an entity, proposition or literal; one edge a statement, keyed by its IRI.

    Node attributes: ``label``, ``kind``, ``type``. Edge attributes: ``label``, ``property``,
    ``status``, ``negated``, ``asserting``, ``quotes``, ``source``, ``recorded``.
    ``asserted_only`` keeps what stands as fact.
    """
    view = to_view(loaded, lens)
    graph = nx.MultiDiGraph(name=loaded.project.title)
    edges = [edge for edge in view.edges if edge.kind == "statement" and (edge.asserting or not asserted_only)]
    used = {edge.source for edge in edges} | {edge.target for edge in edges}
    for node in view.nodes:
        if node.iri in used or (node.kind == "entity" and not asserted_only):
            graph.add_node(node.iri, label=node.label, kind=node.kind, type=node.type_label)
    for edge in edges:
        graph.add_edge(
            edge.source,
            edge.target,
            key=edge.iri,
            label=edge.label,
            property=edge.property_iri,
            status=edge.status,
            negated=edge.negated,
            asserting=edge.asserting,
            quotes=list(edge.quotes),
            source=edge.source_title,
            recorded=edge.recorded,
        )
    return graph


def to_view(loaded: Loaded, lens: Lens) -> ViewGraph:
    """What a page is given: every statement that the lens lets through, with its evidence.

    Rows of one statement (the same claim with several quotes) become one edge. A proposition that
    is the object or subject of another gets a node, tied to its own subject and object by links.
    """
    rows = select(loaded.resolved.statements, lens, loaded.project.policy)
    builder = _ViewBuilder(loaded, rows)
    edges = builder.edges()
    return ViewGraph(
        title=loaded.project.title,
        description=loaded.project.description,
        nodes=tuple(builder.nodes(edges)),
        edges=tuple(edges),
        sources=tuple(
            (source.id, source_line(source)) for source in sorted(loaded.resolved.sources.values(), key=lambda s: s.id)
        ),
        language=loaded.project.language,
        base=loaded.project.base,
        statuses=tuple(sorted(loaded.resolved.names.ontology.statuses.items())),
    )


def shape_class(types: Iterable[str], ontology: Ontology) -> str:
    """The name of the shape that stands for something of these classes."""
    above = {up for kind in types for up in ontology.superclasses(kind)}
    return next((shape for shape, classes in _KINDS if above & set(classes)), "thing")


def source_line(source: Source) -> str:
    """A source in one line: publisher, title, day."""
    return ", ".join(part for part in (source.publisher, source.title or source.id, source.published) if part)


class _ViewBuilder:
    def __init__(self, loaded: Loaded, rows: pl.DataFrame) -> None:
        self.loaded, self.rows = loaded, rows
        self.resolved: Resolved = loaded.resolved
        self.names = loaded.resolved.names
        distinct = rows.unique("proposition", keep="first", maintain_order=True)
        self.labels = proposition_labels(distinct, self.resolved)
        self.parts = {
            row[0]: row[1:] for row in distinct.select("proposition", "subject", "predicate", "object").iter_rows()
        }

    def edges(self) -> list[ViewEdge]:
        grouped: dict[str, list[dict[str, Any]]] = {}
        for row in self.rows.filter(pl.col("statement").is_not_null()).iter_rows(named=True):
            grouped.setdefault(row["statement"], []).append(row)
        found = [self._edge(rows) for _, rows in sorted(grouped.items())]
        return found + self._links(found)

    def _edge(self, rows: list[dict[str, Any]]) -> ViewEdge:
        row = rows[0]
        source = self.resolved.sources[row["source"]]
        predicate = row["predicate"][1:-1]
        condition = row["condition"]
        qualifiers = [*(row["restrictive"] or ()), *(row["additive"] or ())]

        def every(name: str) -> tuple[str, ...]:
            return tuple(dict.fromkeys(value for each in rows for value in _values(each[name])))

        return ViewEdge(
            iri=row["statement"][1:-1],
            source=self._node_id(row["subject"]),
            target=self._node_id(row["object"]),
            label=self.names.label(predicate),
            property_iri=predicate,
            kind="statement",
            status=row["status"],
            negated=row["negated"],
            asserting=row["asserting"],
            quotes=every("quotes"),
            translation="; ".join(every("translation")),
            said_by=self._words(row["said_by_terms"]),
            via=self._words(row["via_terms"]),
            said_when=row["said_when"] or "",
            said_at=self._word(row["said_at_term"]) if row["said_at_term"] else "",
            said_to=self._words(row["said_to_terms"]),
            origin=self._words(row["origin_terms"]) or self._source_origin(source),
            hedge="; ".join(every("hedge")),
            condition=self._word(condition) if condition else "",
            when=row["when"] or "",
            when_text="; ".join(every("when_text")),
            recorded=min((str(each["recorded_day"]) for each in rows if each["recorded_day"]), default=""),
            qualifiers=tuple((self.names.label(q["property"][1:-1]), self._word(q["value"])) for q in qualifiers),
            locator="; ".join(every("locator")),
            note="; ".join(every("note")),
            verified=all(self._is_verified(each) for each in rows),
            source_title=source.title,
            source_publisher=source.publisher,
            source_published=source.published,
            source_url=source.url,
            file=self.resolved.places.inner(row["file"]),
            line=row["line"],
            proposition=row["proposition"][1:-1],
            source_id=source.id,
            language=row["language"] or "",
            bounds=self._bounds(row),
            terms=tuple(_statement_terms(row)),
            narrowed=tuple((q["property"][1:-1], q["value"]) for q in row["restrictive"] or ()),
            qualified_iri=self._qualified(row),
        )

    def _qualified(self, row: dict[str, Any]) -> str:
        prop = self.names.ontology.properties.get(row["predicate"][1:-1])
        return prop.qualified_iri if prop and row["asserting"] and row["restrictive"] else ""

    @staticmethod
    def _bounds(row: dict[str, Any]) -> tuple[str, ...]:
        days = [row[name] for name in ("earliest_start", "latest_start", "earliest_end", "latest_end")]
        return tuple(str(day or "") for day in days) if any(days) else ()

    def _source_origin(self, source: Source) -> tuple[str, ...]:
        found = (self.names.entity(text, source.id).iri for text in source.origin)
        return tuple(self.names.label(iri) for iri in found if iri)

    def _is_verified(self, row: dict[str, Any]) -> bool:
        lock = self.loaded.lock
        keys = [quote_key(quote, row["prefix"], row["suffix"]) for quote in row["quotes"] or ()]
        return bool(keys) and all(lock.get(row["source"], key) for key in keys)

    def _links(self, edges: Iterable[ViewEdge]) -> list[ViewEdge]:
        """The ties of propositions that are drawn as nodes, found from the edges inwards."""
        waiting = sorted({end for edge in edges for end in (edge.source, edge.target) if f"<{end}>" in self.parts})
        seen: set[str] = set()
        links = []
        while waiting:
            node = waiting.pop(0)
            if node in seen:
                continue
            seen.add(node)
            subject, predicate, obj = self.parts[f"<{node}>"]
            for label, term in (("subject", subject), ("object", obj)):
                target = self._node_id(term)
                links.append(ViewEdge("", node, target, label, predicate[1:-1], "link"))
                if f"<{target}>" in self.parts:
                    waiting.append(target)
        return links

    def nodes(self, edges: Iterable[ViewEdge]) -> list[ViewNode]:
        used = {end for edge in edges for end in (edge.source, edge.target)}
        entities = {found.iri: found for found in self.resolved.entities}
        out = []
        for iri in sorted(used):
            if f"<{iri}>" in self.parts:
                out.append(ViewNode(iri, self.labels[f"<{iri}>"], "proposition", "", "proposition", "proposition"))
            elif iri in entities:
                found = entities[iri]
                kind = found.types[0] if found.types else ""
                aliases = tuple(text for text, _ in found.entity.aliases)
                label = self.names.ontology.label(kind) if kind else "thing"
                out.append(
                    ViewNode(
                        iri,
                        self.names.label(iri),
                        "entity",
                        kind,
                        label,
                        shape_class(found.types, self.names.ontology),
                        aliases,
                        found.entity.note,
                        next((tag or "" for text, tag in found.entity.labels if text == self.names.label(iri)), ""),
                    )
                )
            elif iri.startswith('"'):
                out.append(ViewNode(iri, split_term(iri)[1], "literal", "", "value", "literal"))
            else:
                kind = "source" if iri in self.names.source_ids else "term"
                out.append(ViewNode(iri, self.names.label(iri), "entity", "", kind, "thing"))
        return out

    @staticmethod
    def _node_id(term: str) -> str:
        return term[1:-1] if term.startswith("<") else term

    def _word(self, term: str) -> str:
        if term in self.labels:
            return self.labels[term]
        return split_term(term)[1] if term.startswith('"') else self.names.label(term[1:-1])

    def _words(self, terms: Iterable[str] | None) -> tuple[str, ...]:
        return tuple(self._word(term) for term in terms or ())


def _statement_terms(row: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """What RDF says of a statement that words do not tell exactly: who, where, what it hangs on."""
    for column, name in (("said_by", "saidBy"), ("via", "via"), ("said_to", "saidTo"), ("origin", "origin")):
        yield from ((f"{ONR}{name}", term) for term in row[f"{column}_terms"] or ())
    if row["said_at_term"]:
        yield f"{ONR}saidAt", row["said_at_term"]
    if row["condition"]:
        yield f"{ONR}condition{'' if row['condition'].startswith('<') else 'Text'}", row["condition"]
    yield from ((q["property"][1:-1], q["value"]) for q in row["additive"] or ())


def _values(value: Any) -> Iterable[str]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)
