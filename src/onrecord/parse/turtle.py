"""Owns statement files in Turtle and TriG: statement nodes as onrecord exports them, back to rows.

Leaves entities, ontologies and direct triples in such a file alone: entities belong in
``entities.yaml``, and the rest is computed anew. Sources and their unnamed speakers are read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from onrecord.errors import Place, Problems
from onrecord.files import read_text, without_controls
from onrecord.model import Source, Speaker, StatementRows
from onrecord.nearest import did_you_mean
from onrecord.ontology import Ontology, Property
from onrecord.project import Project, is_local_id
from onrecord.terms import (
    DC,
    DCTERMS,
    NO_TRIPLE_TERMS,
    OA,
    ONR,
    OWL,
    PROV,
    RDF,
    RDFS,
    SCHEMA,
    SKOS,
    literal,
    may_nest_deep,
    without_place,
)

_SINGLE = {
    f"{ONR}saidWhen": "said_when",
    f"{ONR}saidAt": "said_at",
    f"{ONR}when": "when",
    f"{ONR}recorded": "recorded",
}
_REPEATED = {
    f"{DCTERMS}identifier": "id",
    f"{ONR}whenText": "when_text",
    f"{ONR}hedge": "hedge",
    f"{ONR}translation": "translation",
    f"{ONR}locator": "locator",
    f"{ONR}curator": "curator",
    f"{ONR}curated": "curated",
    f"{SKOS}editorialNote": "note",
}
_MANY = {f"{ONR}saidBy": "said_by", f"{ONR}saidTo": "said_to", f"{ONR}origin": "origin", f"{ONR}via": "via"}
_BOUNDS = ("earliestStart", "latestStart", "earliestEnd", "latestEnd")
_OTHERS = (
    "proposition",
    "status",
    "negated",
    "quote",
    "condition",
    "conditionText",
    "viaChain",
    "span",
    "selector",
    *_BOUNDS,
)
_STATEMENT = {
    *_SINGLE,
    *_REPEATED,
    *_MANY,
    *(f"{ONR}{name}" for name in _OTHERS),
    f"{PROV}wasQuotedFrom",
    f"{RDF}type",
}
"""What is read from a statement node; bounds and spans are computed anew."""
_PROPOSITION = {f"{RDF}{name}" for name in ("type", "subject", "predicate", "object")} | {f"{RDFS}label"}
"""What is read from a proposition node beside its restrictive qualifiers; its label is computed anew."""
_ONCE = (*_SINGLE, *(f"{ONR}{name}" for name in ("proposition", "status", "negated", "condition", "viaChain")))
_TRUTHS = {"true": True, "1": True, "false": False, "0": False, "": False}
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
    project: Project,
    ontology: Ontology,
    rows: StatementRows,
    sources: Mapping[str, Source],
    add_source: Callable[[Source], None],
    problems: Problems,
) -> None:
    """Read one file into ``rows``; ``ontology`` says what is a qualifier, and which class is the narrowest."""
    text = read_text(path, name, problems)
    if text is None:
        return
    format_ = ox.RdfFormat.TRIG if path.suffix.lower() == ".trig" else ox.RdfFormat.TURTLE
    nodes: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    if may_nest_deep(text):
        problems.error("P049", Place(name), *NO_TRIPLE_TERMS)
        return
    try:
        reader = ox.parse(text, format_, base_iri=project.base)
        for quad in reader:
            if isinstance(quad.object, ox.Triple):
                problems.error("P049", Place(name), *NO_TRIPLE_TERMS)
                return
            value = quad.object.value
            if isinstance(quad.object, ox.Literal) and without_controls(value, Place(name), problems) != value:
                continue
            nodes[str(quad.subject)][quad.predicate.value].append(quad.object)
    except SyntaxError as error:
        place = Place(name, error.lineno or 0, error.offset or 0)
        what = f"this is not Turtle: {without_place(error.msg)}"
        problems.error("P049", place, what, "mend the line, or the one above")
        return
    places = _places(text, name, reader.prefixes, nodes)
    _Reader(nodes, places, name, project, ontology, rows, sources, add_source, problems).read()


_SUBJECT = re.compile(r"\s*(?:<(?P<iri>[^<>\s]*)>|(?P<prefix>[\w-]*):(?P<local>(?:[\w-]|\\.|\.(?=[\w-]))*))")


def _places(text: str, name: str, prefixes: Mapping[str, str], nodes: Collection[str]) -> dict[str, Place]:
    """Where each of ``nodes`` begins that stands in front of a line: in the first that a description begins with."""
    found: dict[str, Place] = {}
    begins = True
    for number, line in enumerate(text.split("\n"), 1):
        match = _SUBJECT.match(line) if begins else None
        if match is not None:
            iri = match["iri"]
            if iri is None:
                iri = prefixes.get(match["prefix"], "") + match["local"].replace("\\", "")
            start = len(match[0]) - len(match[0].lstrip())
            if f"<{iri}>" in nodes:
                found.setdefault(f"<{iri}>", Place(name, number, start + 1, match.end() - start))
        bare = line.strip()
        if bare and not bare.startswith("#"):
            begins = bare.endswith((".", "{", "}"))
    return found


_WHOLE = "write each statement's onr:proposition, with its rdf:subject, rdf:predicate and rdf:object, into the file"


class _Reader:
    def __init__(
        self,
        nodes: dict[str, dict[str, list[Any]]],
        places: Mapping[str, Place],
        name: str,
        project: Project,
        ontology: Ontology,
        rows: StatementRows,
        sources: Mapping[str, Source],
        add_source: Callable[[Source], None],
        problems: Problems,
    ) -> None:
        self.nodes, self.project, self.base = nodes, project, project.base
        self.places, self.file = places, Place(name)
        self.ontology, self.rows, self.problems = ontology, rows, problems
        self.sources, self.add_source = sources, add_source
        self.statuses = {iri: name for name, iri in ontology.statuses.items()}
        self.qualifiers = {iri for iri, prop in ontology.properties.items() if prop.restrictive or prop.additive}
        triples = (triple for graph in ontology.graphs.values() for triple in graph)
        self.mentioned = {term[1:-1] for triple in triples for term in triple if term.startswith("<")}
        self.links = _links_of(nodes)
        self.reaching = _reaching(ontology)
        self.nested: dict[tuple[str, str], int] = {}
        self.waiting: list[tuple[str, str]] = []

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
                "P032", self.file, "this file holds no onr:Statement", "export one with  onrecord export --format ttl"
            )
        typed = {*statements, *kinds[f"{ONR}Proposition"]}
        for subject in sorted(node for node, fields in self.nodes.items() if f"{ONR}proposition" in fields):
            if subject not in typed:
                self._lacking(subject, "rdf:type onr:Statement")
        for subject in statements:
            self._statement(subject)
        for subject in sorted(kinds[f"{ONR}Proposition"]):
            self._check_known(subject, _PROPOSITION)
        while self.waiting:
            node, source_id = self.waiting.pop()
            values = self._proposition(node, source_id)
            for column, value in (values or {}).items():
                self.rows.set(self.nested[node, source_id], column, value)

    def _at(self, node: str) -> Place:
        """Where the description of a node begins; the file as a whole where that was not found."""
        return self.places.get(node, self.file)

    def _source_id(self, iri: str) -> str | None:
        head = f"{self.base}source/"
        return iri[len(head) :] if iri.startswith(head) else None

    def _source(self, subject: str) -> None:
        source_id = self._source_id(subject[1:-1])
        if not source_id:
            self._foreign(subject)
            return
        fields = self.nodes[subject]
        if not self._is_id(source_id, subject):
            return
        self._check_single(subject, _SOURCE_TEXTS)
        self._check_known(subject, {*_SOURCE_TEXTS, f"{ONR}origin", f"{RDF}type", f"{RDFS}label"})
        values = {key: fields[iri][0].value for iri, key in _SOURCE_TEXTS.items() if fields.get(iri)}
        head = f"{self.base}entity/{source_id}:"
        speakers = [
            Speaker(
                id=node[1 + len(head) : -1],
                label=_first(about, f"{RDFS}label"),
                type=self._narrowest(kind.value for kind in about[f"{RDF}type"]),
                place=self._at(node),
                note=_first(about, f"{SKOS}editorialNote"),
            )
            for node, about in sorted(self.nodes.items())
            if node.startswith(f"<{head}") and about.get(f"{RDF}type") and self._is_speaker(node, len(head))
        ]
        self.add_source(
            Source(
                id=source_id,
                place=self._at(subject),
                origin=tuple(sorted(str(node) for node in fields.get(f"{ONR}origin", ()))),
                speakers=tuple(speakers),
                **values,
            )
        )

    def _is_id(self, text: str, node: str) -> bool:
        if is_local_id(text):
            return True
        fix = "an id has letters A to Z, digits, - _ and . in it, and begins with a letter or digit"
        self.problems.error("P030", self._at(node), f'"{text}" in {node} cannot be an id', fix)
        return False

    def _is_speaker(self, node: str, head: int) -> bool:
        if not _first(self.nodes[node], f"{RDFS}label"):
            self._lacking(node, "rdfs:label", "write what the source calls this speaker")
            return False
        return self._is_id(node[1 + head : -1], node)

    def _narrowest(self, kinds: Iterable[str]) -> str:
        """The class that was declared, beside those above it that were inferred."""
        known = sorted(set(kinds), key=lambda kind: (-len(self.ontology.superclasses(kind)), kind))
        return f"<{known[0]}>"

    def _foreign(self, subject: str) -> None:
        self.problems.error(
            "P051",
            self._at(subject),
            f"{_shown(subject)} does not lie below this graph's base {self.base}",
            "export the file from a graph with the same base",
        )

    def _lacking(self, node: str, what: str, fix: str = _WHOLE) -> None:
        self.problems.error("P052", self._at(node), f"{_shown(node)} has no {what}", fix)

    def _check_known(self, node: str, known: set[str]) -> None:
        """Report what this reader does not know: left out, it would change what is said.

        What an export holds beside the node is computed anew: direct triples, and what is entailed.
        """
        for iri in sorted(set(self.nodes[node]) - known - self.qualifiers):
            if not iri.startswith(ONR) and self._is_computed(node, iri, known):
                continue
            if iri in self.ontology.properties and iri not in known and not iri.startswith(ONR):
                what = f"{_shown(node)} has <{iri}>, which is no qualifier"
                fix = "write it as a statement of its own, or delete it"
            else:
                home = iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]
                beside = {other for other in {*known, *self.qualifiers} if other.startswith(home)}
                what = f"{_shown(node)} has <{iri}>, which means nothing here"
                fix = did_you_mean(iri, beside) or "load the ontology that defines it, or delete it"
            self.problems.error("P053", self._at(node), what, fix)

    def _is_computed(self, node: str, iri: str, known: set[str]) -> bool:
        """Whether this property of a node can follow from what else the file says of it."""
        fields, linked = self.nodes[node], self.links.get(node, set())
        if iri in self.reaching and linked:
            return True
        beside = {str(value) for other in {*known, *self.qualifiers} & set(fields) for value in fields[other]}
        return {str(value) for value in fields[iri]} <= linked | (beside if iri in self.mentioned else set())

    def _check_single(self, node: str, once: Iterable[str]) -> None:
        for iri in once:
            if len({str(value) for value in self.nodes[node].get(iri, ())}) > 1:
                self.problems.error(
                    "P054", self._at(node), f"{_shown(node)} has more than one <{iri}>", "keep one of them"
                )

    def _statement(self, subject: str) -> None:
        fields = self.nodes[subject]
        source_id = self._source_id(_first(fields, f"{PROV}wasQuotedFrom"))
        if source_id is None:
            self._foreign(subject)
            return
        self._check_known(subject, _STATEMENT)
        self._check_single(subject, _ONCE)
        negated = _first(fields, f"{ONR}negated")
        if negated not in _TRUTHS:
            self._no_value(subject, f"{ONR}negated", negated, "write true, or delete it")
        for node in fields.get(f"{DCTERMS}identifier", ()):
            self._is_id(node.value, subject)
        proposition = next(iter(fields.get(f"{ONR}proposition", ())), None)
        if proposition is None:
            self._lacking(subject, "onr:proposition")
            return
        values = self._proposition(str(proposition), source_id)
        if values is None:
            return
        status = _first(fields, f"{ONR}status")
        values["status"] = self.statuses.get(status, status.removeprefix(ONR)) or None
        values["negated"] = _TRUTHS.get(negated, False)
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
        values["qualifiers"] = (values["qualifiers"] or []) + self._qualifiers(subject, source_id)
        repeated = [sorted(node.value for node in fields.get(iri, ())) for iri in _REPEATED]
        extras = list(zip_longest(*repeated)) or [()]
        quoted = self._quotes(subject)
        for index in range(max(len(extras), len(quoted))):
            extra = dict(zip(_REPEATED.values(), extras[index] if index < len(extras) else (), strict=False))
            self.rows.add(self._at(subject), values | extra | quoted[min(index, len(quoted) - 1)])

    def _quotes(self, subject: str) -> list[dict[str, Any]]:
        """The quotes in groups, one for each prefix and suffix; those without come first."""
        plain = {node.value for node in self.nodes[subject].get(f"{ONR}quote", ())}
        framed: dict[tuple[str, str], set[str]] = defaultdict(set)
        for node in self.nodes[subject].get(f"{ONR}selector", ()):
            about = self.nodes.get(str(node), {})
            if not about.get(f"{OA}exact"):
                self._lacking(str(node), "oa:exact", "write the selector's quote into the file")
                continue
            framed[_first(about, f"{OA}prefix"), _first(about, f"{OA}suffix")].add(_first(about, f"{OA}exact"))
        plain -= {quote for quotes in framed.values() for quote in quotes}
        groups: list[dict[str, Any]] = [{"quotes": sorted(plain) or None}] if plain or not framed else []
        for (prefix, suffix), quotes in sorted(framed.items()):
            groups.append({"quotes": sorted(quotes), "prefix": prefix or None, "suffix": suffix or None})
        return groups

    def _proposition(self, node: str, source_id: str) -> dict[str, Any] | None:
        fields = self.nodes.get(node) or {}
        for part in ("subject", "predicate", "object"):
            if not fields.get(f"{RDF}{part}"):
                self._lacking(node, f"rdf:{part}")
                return None
        self._check_single(node, (f"{RDF}subject", f"{RDF}predicate", f"{RDF}object"))
        values: dict[str, Any] = {"source": source_id}
        for part in ("subject", "object"):
            term = fields[f"{RDF}{part}"][0]
            if str(term) in self.nodes and self._is_proposition(str(term)):
                values[f"{part}_row"] = self._nested(str(term), source_id)
            else:
                values[f"{part}_text"] = self._written(term)
        predicate = fields[f"{RDF}predicate"][0]
        self._check_value(node, f"{RDF}object", self.ontology.properties.get(predicate.value), source_id)
        values["predicate_text"] = self._written(predicate)
        values["qualifiers"] = self._qualifiers(node, source_id) or None
        return values

    def _no_value(self, node: str, iri: str, text: str, fix: str) -> None:
        self.problems.error("P055", self._at(node), f"{_shown(node)}: {text} is no value of <{iri}>", fix)

    def _check_value(self, node: str, iri: str, prop: Property | None, source_id: str) -> None:
        """Report a value that would be read as another one: rows keep texts, and the property types them."""
        if prop is None:
            return
        for term in self.nodes[node][iri]:
            if prop.takes_literal != isinstance(term, ox.Literal) and not isinstance(term, ox.BlankNode):
                takes = "a value: write it in quotes" if prop.takes_literal else "an entity: write its IRI"
                self._no_value(node, iri, str(term), f'"{prop.label}" takes {takes}')
            elif isinstance(term, ox.Literal):
                right = self._typed(term, prop, source_id)
                if right != str(term):
                    self._no_value(node, iri, str(term), f'"{prop.label}" takes  {right}')

    def _typed(self, term: Any, prop: Property, source_id: str) -> str:
        """The literal that a property makes of this one's text."""
        if prop.datatype is not None:
            return literal(term.value, datatype=prop.datatype)
        source = self.sources.get(source_id)  # one that another file describes, and later, has a language yet unknown
        wanted = (source.language or self.project.language) if source else term.language or self.project.language
        given = term.language or ""
        return literal(term.value, language=given if given.lower() == wanted.lower() else wanted)

    def _nested(self, node: str, source_id: str) -> int:
        """The row of a nested proposition, one for each source; it is filled when all rows are known."""
        row = self.nested.get((node, source_id))
        if row is None:
            row = self.rows.add(self._at(node), {"nested": True, "source": source_id})
            self.nested[node, source_id] = row
            self.waiting.append((node, source_id))
        return row

    def _is_proposition(self, node: str) -> bool:
        return any(kind.value == f"{ONR}Proposition" for kind in self.nodes[node].get(f"{RDF}type", ()))

    def _qualifiers(self, node: str, source_id: str) -> list[dict[str, Any]]:
        fields = self.nodes[node]
        out: list[dict[str, Any]] = []
        for iri in sorted(set(fields) & self.qualifiers):
            self._check_value(node, iri, self.ontology.properties[iri], source_id)
            for term in sorted(fields[iri], key=str):
                if str(term) in self.nodes and self._is_proposition(str(term)):
                    row = self._nested(str(term), source_id)
                    out.append({"property": f"<{iri}>", "value": None, "value_row": row})
                else:
                    out.append({"property": f"<{iri}>", "value": self._written(term), "value_row": None})
        return out

    def _written(self, term: Any) -> str:
        if isinstance(term, ox.BlankNode):
            return "[]"
        return str(term) if isinstance(term, ox.NamedNode) else str(term.value)

    def _list(self, cell: str) -> Iterable[str]:
        seen: set[str] = set()
        while cell in self.nodes and cell not in seen:
            seen.add(cell)
            yield from (self._written(node) for node in self.nodes[cell].get(f"{RDF}first", ()))
            cell = next((str(node) for node in self.nodes[cell].get(f"{RDF}rest", ())), "")


def _links_of(nodes: Mapping[str, Mapping[str, list[Any]]]) -> dict[str, set[str]]:
    """What stands beside each term in a proposition, and the propositions that it is the subject of."""
    links: dict[str, set[str]] = defaultdict(set)
    for node, fields in nodes.items():
        for subject in map(str, fields.get(f"{RDF}subject", ())):
            links[subject].add(node)
            for obj in map(str, fields.get(f"{RDF}object", ())):
                links[subject].add(obj)
                links[obj].add(subject)
    return links


def _reaching(ontology: Ontology) -> set[str]:
    """The properties through which more than one step leads: transitive ones, chains, and what follows from them."""
    after: dict[str, set[str]] = defaultdict(set)
    found: set[str] = set()
    waiting: list[str] = []
    for subject, predicate, obj in (triple for graph in ontology.graphs.values() for triple in graph):
        if predicate in (f"<{RDFS}subPropertyOf>", f"<{OWL}inverseOf>", f"<{OWL}equivalentProperty>"):
            after[subject].add(obj)
            if predicate != f"<{RDFS}subPropertyOf>":
                after[obj].add(subject)
        elif predicate == f"<{OWL}propertyChainAxiom>" or obj == f"<{OWL}TransitiveProperty>":
            waiting.append(subject)
    while waiting:
        term = waiting.pop()
        if term not in found:
            found.add(term)
            waiting += after[term]
    return {term[1:-1] for term in found}


def _shown(node: str) -> str:
    """A node in a message; the label of a blank one is another one each time."""
    return "a blank node" if node.startswith("_:") else node


def _first(fields: dict[str, list[Any]], iri: str) -> str:
    values = fields.get(iri)
    return str(values[0].value) if values else ""
