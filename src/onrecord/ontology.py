"""Owns the ontologies of a graph: classes, properties, qualifiers, statuses, and their names.

Leaves entailment to a stage of its own; here an ontology only answers questions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from onrecord.errors import Place, Problems
from onrecord.files import check_inside, read_text, shown_path
from onrecord.project import Project, shapes_beside
from onrecord.terms import (
    NO_TRIPLE_TERMS,
    ONR,
    OWL,
    PREFIXES,
    RDF,
    RDFS,
    SKOS,
    VANN,
    XSD,
    digest,
    local_name,
    may_nest_deep,
    split_term,
    without_place,
)

PROVISION = f"{ONR}Provision"
PROPOSITION = f"{ONR}Proposition"
UNNAMED_SPEAKER = f"{ONR}UnnamedSpeaker"

MAX_KNOT = 100
"""Blank nodes that hang together, such as the cells of a list; naming them takes the cube of this."""

Triple = tuple[str, str, str]
"""Subject, predicate and object as N-Triples terms."""


@dataclass(frozen=True, slots=True)
class Property:
    """A property of an ontology, with what ``resolve`` and ``check`` ask of it."""

    iri: str
    label: str
    takes_literal: bool
    domain: tuple[str, ...]
    range: tuple[str, ...]
    restrictive: bool
    additive: bool
    stance: bool
    qualified_iri: str

    @property
    def datatype(self) -> str | None:
        """The datatype of its literals; None for plain text in the source's language."""
        for iri in self.range:
            if iri not in (f"{RDF}langString", f"{RDFS}Literal"):
                return iri
        return None if f"{RDF}langString" in self.range else f"{XSD}string"


@dataclass(slots=True)
class Ontology:
    """All ontologies of a graph, read as one."""

    graphs: dict[str, list[Triple]] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=lambda: dict(PREFIXES))
    properties: dict[str, Property] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)  # IRI -> label
    statuses: dict[str, str] = field(default_factory=dict)  # label -> IRI
    individuals: dict[str, str] = field(default_factory=dict)  # IRI -> label
    property_names: dict[str, list[str]] = field(default_factory=dict)
    class_names: dict[str, list[str]] = field(default_factory=dict)
    supers: dict[str, frozenset[str]] = field(default_factory=dict)
    shapes: list[tuple[Path, str]] = field(default_factory=list)
    is_whole: bool = True  # False: a file is missing or cannot be read, so nobody knows what it defines

    def superclasses(self, iri: str) -> frozenset[str]:
        """The class itself and all classes above it."""
        return self.supers.get(iri, frozenset({iri}))

    def is_a(self, types: Iterable[str], wanted: str) -> bool:
        """Whether one of ``types`` is ``wanted`` or lies below it."""
        return any(wanted in self.superclasses(iri) for iri in types)

    def qualifier_names(self) -> list[str]:
        """All labels under which a statement may carry a qualifier."""
        return sorted(
            name
            for name, iris in self.property_names.items()
            if any(self.properties[iri].restrictive or self.properties[iri].additive for iri in iris)
        )

    def label(self, iri: str) -> str:
        """The label of a term, or its local name."""
        if iri in self.properties:
            return self.properties[iri].label
        return self.classes.get(iri) or self.individuals.get(iri) or local_name(iri)


def load_ontologies(project: Project, problems: Problems) -> Ontology:
    """Read the graph's ontologies and the shapes beside them.

    Blank nodes get names derived from the canonical form of their file (RDFC-1.0,
    https://www.w3.org/TR/rdf-canon/), so that two builds agree on them.
    """
    lost = ("G001", "G006", "P")  # settings that cannot be read, or that name what is not there
    ontology = Ontology(is_whole=not any(each.code.startswith(lost) for each in problems.items))
    everything: list[Triple] = []
    for path in project.ontology_files:
        triples = _read_turtle(path, project, ontology, problems)
        ontology.is_whole &= triples is not None
        if triples is not None:
            name = next((s for s, p, o in triples if p == f"<{RDF}type>" and o == f"<{OWL}Ontology>"), None)
            if name is None:
                problems.error(
                    "O001",
                    Place(shown_path(path)),
                    "this file names no owl:Ontology",
                    "write  <https://example.org/my-ontology> a owl:Ontology .",
                )
            everything += triples
            graph = name[1:-1].rstrip("#/") if name else project.base + path.stem
            ontology.graphs[graph] = sorted({*ontology.graphs.get(graph, ()), *triples})
        shapes = shapes_beside(path)
        root = project.folder if path.is_relative_to(project.folder) else path.parent
        if shapes and check_inside(shapes, root, shown_path(shapes), problems):
            text = read_text(shapes, shown_path(shapes), problems)
            ontology.shapes += [(shapes, text)] if text is not None else []
    _Reader(everything).fill(ontology)
    return ontology


def _read_turtle(path: Path, project: Project, ontology: Ontology, problems: Problems) -> list[Triple] | None:
    text = read_text(path, shown_path(path), problems)
    if text is None:
        return None
    place = Place(shown_path(path))
    if may_nest_deep(text):
        problems.error("O002", place, *NO_TRIPLE_TERMS)
        return None
    dataset = ox.Dataset()
    try:
        reader = ox.parse(text, ox.RdfFormat.TURTLE, base_iri=project.base)
        for quad in reader:
            if isinstance(quad.object, ox.Triple):
                problems.error("O002", place, *NO_TRIPLE_TERMS)
                return None
            dataset.add(quad)
        for prefix, iri in reader.prefixes.items():
            if prefix:
                ontology.prefixes.setdefault(prefix, iri)
    except SyntaxError as error:
        problems.error(
            "O002",
            Place(place.file, error.lineno or 0, error.offset or 0),
            f"this is not Turtle: {without_place(error.msg)}",
            "mend the line, or the one above",
        )
        return None
    knot = _largest_knot(dataset)
    if knot > MAX_KNOT:
        what = f"{knot} blank nodes hang together here, more than the {MAX_KNOT} that can be told apart in time"
        problems.error("O002", place, what, "give some of them IRIs")
        return None
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)

    def term(node: object) -> str:
        if isinstance(node, ox.BlankNode):
            return f"<{project.base}genid/{digest(path.stem, node.value)}>"
        return str(node)

    triples = sorted((term(q.subject), term(q.predicate), term(q.object)) for q in dataset)
    for subject, predicate, obj in triples:
        if predicate == f"<{VANN}preferredNamespacePrefix>":
            prefix = split_term(obj)[1]
            for other, verb, value in triples:
                if other == subject and verb == f"<{VANN}preferredNamespaceUri>":
                    namespace = split_term(value)[1]
                    ontology.prefixes[prefix] = namespace
                    if namespace != ONR:
                        ontology.prefixes[f"{prefix}-q"] = qualified_namespace(namespace)
    return triples


def _largest_knot(dataset: ox.Dataset) -> int:
    """How many blank nodes hang together at most."""
    beside: dict[object, list[object]] = defaultdict(list)
    for quad in dataset:
        if isinstance(quad.subject, ox.BlankNode) and isinstance(quad.object, ox.BlankNode):
            beside[quad.subject].append(quad.object)
            beside[quad.object].append(quad.subject)
    largest = 0
    while beside:
        waiting, size = [beside.popitem()[1]], 1
        while waiting:
            for node in waiting.pop():
                if node in beside:
                    waiting.append(beside.pop(node))
                    size += 1
        largest = max(largest, size)
    return largest


def qualified_namespace(namespace: str) -> str:
    """Where the qualified forms of a namespace's properties live.

    >>> qualified_namespace("https://w3id.org/onrecord/diplomacy#")
    'https://w3id.org/onrecord/diplomacy/qualified#'
    """
    return f"{namespace.rstrip('#/')}/qualified#"


class _Reader:
    """Turns the triples of all ontologies into answers."""

    def __init__(self, triples: list[Triple]) -> None:
        self.by_predicate: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for subject, predicate, obj in triples:
            self.by_predicate[predicate[1:-1]][subject[1:-1]].append(obj)

    def iris(self, subject: str, predicate: str) -> list[str]:
        values = self.by_predicate[predicate].get(subject, [])
        return [value[1:-1] for value in values if value.startswith("<")]

    def texts(self, subject: str, predicate: str) -> list[str]:
        values = self.by_predicate[predicate].get(subject, [])
        return [split_term(value)[1] for value in values if value.startswith('"')]

    def fill(self, ontology: Ontology) -> None:
        types = {s: set(self.iris(s, f"{RDF}type")) for s in self.by_predicate[f"{RDF}type"]}
        names: dict[str, list[str]] = {}
        for subject, kinds in sorted(types.items()):
            labels = self.texts(subject, f"{RDFS}label") + self.texts(subject, f"{SKOS}prefLabel")
            names[subject] = sorted({*labels, *self.texts(subject, f"{SKOS}altLabel")})
            label = labels[0] if labels else local_name(subject)
            if kinds & {f"{OWL}Class", f"{RDFS}Class"}:
                ontology.classes[subject] = label
                for name in names[subject]:
                    ontology.class_names.setdefault(name, []).append(subject)
            if kinds & {f"{OWL}ObjectProperty", f"{OWL}DatatypeProperty", f"{RDF}Property"}:
                ontology.properties[subject] = self._property(subject, label, kinds)
                for name in names[subject]:
                    ontology.property_names.setdefault(name, []).append(subject)
            if f"{OWL}NamedIndividual" in kinds:
                ontology.individuals[subject] = label
            if f"{ONR}Status" in kinds:
                ontology.statuses[label] = subject
        for iri in ontology.classes:
            ontology.supers[iri] = self._closure(iri, f"{RDFS}subClassOf")

    def _property(self, iri: str, label: str, kinds: set[str]) -> Property:
        cut = max(iri.rfind("#"), iri.rfind("/")) + 1
        return Property(
            iri=iri,
            label=label,
            takes_literal=f"{OWL}DatatypeProperty" in kinds,
            domain=tuple(sorted(self.iris(iri, f"{RDFS}domain"))),
            range=tuple(sorted(self.iris(iri, f"{RDFS}range"))),
            restrictive=f"{ONR}RestrictiveQualifier" in kinds,
            additive=f"{ONR}AdditiveQualifier" in kinds,
            stance=f"{ONR}Stance" in kinds,
            qualified_iri=qualified_namespace(iri[:cut]) + iri[cut:],
        )

    def _closure(self, iri: str, predicate: str) -> frozenset[str]:
        seen = {iri}
        waiting = [iri]
        while waiting:
            for above in self.iris(waiting.pop(), predicate):
                if above not in seen:
                    seen.add(above)
                    waiting.append(above)
        return frozenset(seen)
