"""Owns what the pages of a site are made of: every statement with its evidence, by whom and what it names.

Leaves reading the graph to the stages, and the pages to the modules that are named after them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl
from markupsafe import Markup

from onrecord.analyse import shape_class
from onrecord.build import Loaded, dataset
from onrecord.explain.disagreements import Disagreement, disagree
from onrecord.lens import Lens, select
from onrecord.resolve import ResolvedEntity
from onrecord.site.addresses import ROOT, Addresses
from onrecord.site.frame import piece
from onrecord.terms import ONR, digest, split_term
from onrecord.view.backing import to_page
from onrecord.view.look import LINES, SHAPES, Line, Shape, line_of
from onrecord.view.model import ViewEdge, ViewGraph, ViewNode

SPEAKS = frozenset({f"{ONR}saidBy", f"{ONR}via", f"{ONR}origin"})
"""What makes somebody a speaker of a statement: it is said by them, passed on by them, or comes from them."""

KEPT_CARDS = 20_000
"""So many statements in lists are kept: each stands in three or four, mostly of one source or neighbourhood."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A disagreement with the address of its page."""

    path: str
    found: Disagreement

    @property
    def title(self) -> str:
        """Both sides in a line."""
        return " / ".join(side.text for side in self.found.sides)


@dataclass
class Record:
    """A graph as a site shows it, through the default lens; ``folders`` are further ones with archived texts."""

    loaded: Loaded
    folders: tuple[Path, ...] = ()
    entities: dict[str, ResolvedEntity] = field(init=False)

    def __post_init__(self) -> None:
        self.entities = {found.iri: found for found in self.loaded.resolved.entities}

    @cached_property
    def shown(self) -> ViewGraph:
        """The graph as a view shows it, each statement with what backs it and who says otherwise."""
        return to_page(self.loaded, Lens(), self.folders)

    @cached_property
    def view(self) -> ViewGraphParts:
        """Nodes and statements of what is shown, the first on record first."""
        edges = [edge for edge in self.shown.edges if edge.kind == "statement"]
        edges.sort(key=lambda edge: (edge.recorded, edge.source_id, edge.line, edge.iri))
        return ViewGraphParts({node.iri: node for node in self.shown.nodes}, {edge.iri: edge for edge in edges})

    @property
    def statements(self) -> Mapping[str, ViewEdge]:
        """Every statement by its IRI, the first on record first."""
        return self.view.statements

    @cached_property
    def rows(self) -> pl.DataFrame:
        """The rows behind the statements, nested propositions included."""
        return select(self.loaded.resolved.statements, Lens(), self.loaded.project.policy)

    @cached_property
    def addresses(self) -> Addresses:
        """Where everything has its page."""
        return Addresses(self.loaded.resolved.names, self.statements, self.entities)

    @cached_property
    def facts(self) -> dict[str, tuple[str, str, str, tuple[tuple[str, str], ...]]]:
        """Subject, predicate, object and restrictive qualifiers of each proposition, as terms."""
        columns = ("proposition", "subject", "predicate", "object", "restrictive")
        rows = self.rows.unique("proposition", keep="first", maintain_order=True).select(columns)
        return {
            node: (s, p, o, tuple((each["property"], each["value"]) for each in narrowed or ()))
            for node, s, p, o, narrowed in rows.iter_rows()
        }

    @cached_property
    def described(self) -> dict[str, dict[str, list[str]]]:
        """What the dataset says of each subject: predicate to objects, as terms without brackets round subjects."""
        out: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        quads = dataset(self.loaded, Lens(inference=False)).select("subject", "predicate", "object")
        for subject, predicate, obj in quads.unique().sort("subject", "predicate", "object").iter_rows():
            out[subject[1:-1]][predicate[1:-1]].append(obj)
        return {subject: dict(told) for subject, told in out.items()}

    # who is named where

    @cached_property
    def named(self) -> dict[str, list[ViewEdge]]:
        """By IRI: the statements whose proposition names it, at whatever depth, and those it qualifies."""
        out: defaultdict[str, dict[str, ViewEdge]] = defaultdict(dict)
        for edge in self.statements.values():
            for iri in self._about(edge):
                out[iri][edge.iri] = edge
        return {iri: list(edges.values()) for iri, edges in out.items()}

    def _about(self, edge: ViewEdge) -> set[str]:
        told = {term for name, term in edge.terms if name not in SPEAKS}
        waiting = [f"<{edge.proposition}>", *told]
        seen: set[str] = set()
        while waiting:
            term = waiting.pop()
            if term in seen or not term.startswith("<"):
                continue
            seen.add(term)
            if term in self.facts:
                subject, predicate, obj, narrowed = self.facts[term]
                waiting += [subject, predicate, obj, *(part for pair in narrowed for part in pair)]
        return {term[1:-1] for term in seen if term not in self.facts}

    @cached_property
    def spoken(self) -> dict[str, list[ViewEdge]]:
        """By IRI: the statements that are said by it, or reached the source through or from it."""
        out: defaultdict[str, dict[str, ViewEdge]] = defaultdict(dict)
        for edge in self.statements.values():
            for name, term in edge.terms:
                if name in SPEAKS and term.startswith("<"):
                    out[term[1:-1]][edge.iri] = edge
        return {iri: list(edges.values()) for iri, edges in out.items()}

    @cached_property
    def by_source(self) -> dict[str, list[ViewEdge]]:
        """The statements of each source, by its id, in the order in which they were written down."""
        out: defaultdict[str, list[ViewEdge]] = defaultdict(list)
        for edge in sorted(self.statements.values(), key=lambda edge: (edge.file, edge.line, edge.iri)):
            out[edge.source_id].append(edge)
        return dict(out)

    @cached_property
    def backed(self) -> dict[str, list[ViewEdge]]:
        """The statements about each proposition, by its IRI, for and against."""
        out: defaultdict[str, list[ViewEdge]] = defaultdict(list)
        for edge in self.statements.values():
            out[edge.proposition].append(edge)
        return dict(out)

    @cached_property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Every disagreement, conflicts before possible ones."""
        out = []
        for found in disagree(self.rows, self.loaded.resolved):
            sides = ["|".join(sorted({each.statement for each in side.statements})) for side in found.sides]
            out.append(Conflict(f"disagreement/{digest(found.rule, *sorted(sides))[:16]}.html", found))
        return tuple({conflict.path: conflict for conflict in out}.values())

    @cached_property
    def disputed(self) -> dict[str, list[Conflict]]:
        """By statement: the disagreements in which it stands."""
        out: defaultdict[str, dict[str, Conflict]] = defaultdict(dict)
        for conflict in self.conflicts:
            for side in conflict.found.sides:
                for each in side.statements:
                    out[each.statement][conflict.path] = conflict
        return {iri: list(found.values()) for iri, found in out.items()}

    # words

    def label(self, iri: str) -> str:
        """What people call it."""
        return self.loaded.resolved.names.label(iri)

    def shape(self, iri: str) -> Shape:
        """The shape that stands for the classes of an entity."""
        names = self.loaded.resolved.names
        return SHAPES.get(shape_class(names.types.get(iri, ()), names.ontology), SHAPES["thing"])

    def kind(self, iri: str) -> str:
        """The label of its first class."""
        types = self.loaded.resolved.names.types.get(iri, ())
        return self.loaded.resolved.names.ontology.label(types[0]) if types else "thing"

    def word(self, term: str) -> Markup:
        """A term in words, with a link to its page."""
        if term.startswith('"'):
            return Markup('<span class="value">{}</span>').format(split_term(term)[1])
        if term in self.facts:
            return Markup('<span class="nested">({})</span>').format(self.sentence(term))
        return self.link(term[1:-1])

    def link(self, iri: str) -> Markup:
        """The label of something, linked to its page."""
        href = self.addresses.href(iri)
        return Markup('<a href="{}">{}</a>').format(href, self.label(iri)) if href else Markup("{}").format(
            self.label(iri)
        )  # fmt: skip

    def sentence(self, proposition: str) -> Markup:
        """A proposition in words, each of them linked."""
        if proposition in self._sentences:
            return self._sentences[proposition]
        subject, predicate, obj, narrowed = self.facts[proposition]
        prop = Markup('<a class="property" href="{}">{}</a>')
        out = Markup(" ").join(
            (
                self.word(subject),
                prop.format(self.addresses.href(predicate[1:-1]), self.label(predicate[1:-1])),
                self.word(obj),
            )
        )
        for name, value in narrowed:
            label = prop.format(self.addresses.href(name[1:-1]), self.label(name[1:-1]))
            out += Markup(", {} {}").format(label, self.word(value))
        self._sentences[proposition] = out
        return out

    @cached_property
    def _sentences(self) -> dict[str, Markup]:
        return {}

    def told(self, edge: ViewEdge) -> str:
        """A statement's proposition in plain words, with "not:" before it where it is denied or negated."""
        text = self._plain[f"<{edge.proposition}>"]
        return f"not: {text}" if edge.negated else text

    @cached_property
    def _plain(self) -> dict[str, str]:
        from onrecord.assemble import proposition_labels

        return proposition_labels(
            self.rows.unique("proposition", keep="first", maintain_order=True), self.loaded.resolved
        )

    def card(self, edge: ViewEdge) -> Markup:
        """A statement as it stands in a list: sentence, badges, quote, who says so."""
        found = self._cards.get(edge.iri)
        if found is None:
            if len(self._cards) >= KEPT_CARDS:
                self._cards.clear()
            found = self._cards[edge.iri] = piece(
                "card.html.j2",
                edge=edge,
                line=line_of(edge),
                sentence=self.sentence(f"<{edge.proposition}>"),
                href=self.addresses.href(edge.iri),
                source=self.addresses.href(self.loaded.resolved.names.minter.source(edge.source_id)),
                said_by=self.people(edge, "saidBy"),
                via=self.people(edge, "via"),
                origin=self.people(edge, "origin"),
                disputed=next((f"{ROOT}{conflict.path}" for conflict in self.disputed.get(edge.iri, ())), ""),
            )
        return found

    @cached_property
    def _cards(self) -> dict[str, Markup]:
        return {}

    def people(self, edge: ViewEdge, name: str) -> list[Markup]:
        """Who a statement is said by, went through or comes from, linked."""
        return [self.word(term) for told, term in edge.terms if told == f"{ONR}{name}"]

    def cards(self, edges: Iterable[ViewEdge]) -> list[Markup]:
        """The cards of statements, in their order."""
        return [self.card(edge) for edge in edges]

    def grouped(self, edges: Iterable[ViewEdge]) -> list[tuple[Line, list[ViewEdge]]]:
        """Statements by how firmly they are put, what stands as fact first."""
        out: defaultdict[str, list[ViewEdge]] = defaultdict(list)
        for edge in edges:
            out[line_of(edge).name].append(edge)
        return [(line, out[name]) for name, line in LINES.items() if name in out]

    def root(self, path: str) -> str:
        """A link to a page of the site from any other."""
        return f"{ROOT}{path}"


@dataclass(frozen=True, slots=True)
class ViewGraphParts:
    """Nodes and statements by IRI."""

    nodes: dict[str, ViewNode]
    statements: dict[str, ViewEdge]
