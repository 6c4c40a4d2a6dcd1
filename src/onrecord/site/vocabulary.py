"""Owns the pages of the ontologies: what each class and property means, what it is aligned to, where it is used.

Leaves reading ontologies to ``ontology``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Any

from markupsafe import Markup

from onrecord.site.addresses import anchor, outward
from onrecord.site.frame import Frame
from onrecord.site.page import Maker
from onrecord.site.record import Record
from onrecord.site.things import LEAF, leaves
from onrecord.terms import DCTERMS, OWL, RDF, RDFS, SKOS, split_term
from onrecord.view.model import ViewEdge

_COMMENTS = (f"{RDFS}comment", f"{DCTERMS}description", f"{SKOS}definition", f"{SKOS}scopeNote")
_TOLD = {
    f"{RDFS}subClassOf": "is a kind of",
    f"{RDFS}subPropertyOf": "is a way of",
    f"{RDFS}domain": "said of",
    f"{RDFS}range": "leads to",
    f"{OWL}inverseOf": "the other way round",
    f"{OWL}propertyDisjointWith": "excludes",
    f"{OWL}equivalentClass": "the same as",
    f"{OWL}equivalentProperty": "the same as",
    f"{SKOS}exactMatch": "matches",
    f"{SKOS}closeMatch": "close to",
    f"{SKOS}broadMatch": "narrower than",
    f"{SKOS}narrowMatch": "broader than",
    f"{SKOS}relatedMatch": "related to",
    f"{RDFS}seeAlso": "see also",
}
"""What is told of a term besides its names and its comment, in this order."""


class Vocabulary:
    """The terms of a graph's ontologies, with what stands beside each."""

    def __init__(self, record: Record, frame: Frame) -> None:
        self._record, self._frame = record, frame
        self._names = record.loaded.resolved.names
        self._told: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._home: dict[str, str] = {}
        for name, triples in self._names.ontology.graphs.items():
            for subject, predicate, obj in triples:
                self._told[subject[1:-1]][predicate[1:-1]].append(obj)
                if predicate == f"<{RDF}type>":
                    self._home.setdefault(subject[1:-1], name)
        self._used: defaultdict[str, list[ViewEdge]] = defaultdict(list)
        for edge in record.statements.values():
            for iri in dict.fromkeys((edge.property_iri, *(name for name, _ in (*edge.narrowed, *edge.terms)))):
                self._used[iri].append(edge)

    def makers(self) -> dict[str, Maker]:
        """The page of all terms, and one for each class and property."""
        out: dict[str, Maker] = {"ontology.html": self._list}
        ontology = self._names.ontology
        members: defaultdict[str, list[str]] = defaultdict(list)
        for iri in sorted(self._record.entities, key=lambda iri: (self._record.label(iri).casefold(), iri)):
            for kind in self._names.types.get(iri, ()):
                members[kind].append(iri)
        for iri in (*ontology.classes, *ontology.properties):
            paths = leaves(self._record.addresses.paths[iri], max(len(self._used[iri]), len(members[iri])))
            for number, path in enumerate(paths, 1):
                out[path] = partial(self._term, iri, members[iri], paths, number)
        return out

    def _list(self) -> bytes:
        ontology = self._names.ontology
        groups = []
        for name in ontology.graphs:
            parts = [
                (title, sorted((iri for iri in terms if self._home.get(iri) == name), key=self._order))
                for title, terms in (("Classes", ontology.classes), ("Properties", ontology.properties),
                                     ("Statuses and other values", ontology.individuals))
            ]  # fmt: skip
            head = next((iri for iri in self._told if iri.rstrip("#/") == name), name)
            groups.append(
                {
                    "title": self._text(head, f"{RDFS}label")
                    or self._text(head, "http://purl.org/dc/terms/title")
                    or name,
                    "iri": head,
                    "comment": self._comment(head),
                    "parts": [(title, [self._row(iri) for iri in terms]) for title, terms in parts if terms],
                }
            )
        return self._frame.page(
            "ontology.html.j2",
            "ontology.html",
            title="Ontology",
            here="ontology.html",
            description="The classes and properties of this graph, what they mean and where they are used.",
            ontologies=groups,
        )

    def _order(self, iri: str) -> tuple[str, str]:
        return self._record.label(iri).casefold(), iri

    def _row(self, iri: str) -> dict[str, Any]:
        return {
            "label": self._record.label(iri),
            "path": self._record.addresses.paths.get(iri, ""),
            "anchor": anchor(iri),
            "comment": self._comment(iri),
            "curie": self._names.compact(iri),
            "used": len(self._used[iri]),
            "own": iri not in self._names.ontology.individuals,
        }

    def _term(self, iri: str, members: list[str], paths: list[str], number: int) -> bytes:
        ontology = self._names.ontology
        prop = ontology.properties.get(iri)
        part = slice((number - 1) * LEAF, number * LEAF)
        kinds = [
            name
            for name, holds in (
                ("class", iri in ontology.classes),
                ("restrictive qualifier", prop is not None and prop.restrictive),
                ("additive qualifier", prop is not None and prop.additive),
                ("stance", prop is not None and prop.stance),
            )
            if holds
        ] or ["property"]
        return self._frame.page(
            "term.html.j2",
            paths[number - 1],
            title=self._record.label(iri),
            here="ontology.html",
            description=self._comment(iri),
            kinds=kinds,
            iri=iri,
            curie=self._names.compact(iri),
            comment=self._comment(iri),
            others=[text for text in self._texts(iri, f"{SKOS}altLabel") if text != self._record.label(iri)],
            told=list(self._circumstances(iri)),
            members=[self._record.link(each) for each in members[part]],
            member_count=len(members),
            cards=self._record.cards(self._used[iri][part]),
            used=len(self._used[iri]),
            leaves=paths,
            number=number,
        )

    def _circumstances(self, iri: str) -> Iterator[tuple[str, Markup]]:
        for predicate, words in _TOLD.items():
            found = [term for term in self._told[iri].get(predicate, ()) if "/genid/" not in term]
            if found:
                yield words, Markup(", ").join(map(self._link, found))

    def _link(self, term: str) -> Markup:
        kind, value, _, _ = split_term(term)
        if kind != "iri":
            return Markup("{}").format(value)
        if value in self._record.addresses.paths:
            return self._record.link(value)
        name = self._names.compact(value)
        name = value if name.startswith("<") else name
        if outward(value):
            return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(value, name)
        return Markup("{}").format(name)

    def _texts(self, iri: str, predicate: str) -> list[str]:
        return [split_term(term)[1] for term in self._told[iri].get(predicate, ()) if term.startswith('"')]

    def _text(self, iri: str, predicate: str) -> str:
        return next(iter(self._texts(iri, predicate)), "")

    def _comment(self, iri: str) -> str:
        return " ".join(text for predicate in _COMMENTS for text in self._texts(iri, predicate))
