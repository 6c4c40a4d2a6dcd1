"""Owns Turtle and TriG for people's eyes: prefixes, sections, entities first, sorted throughout.

Leaves the other formats to ``native``. RDF 1.1 Turtle (https://www.w3.org/TR/turtle/) and TriG
(https://www.w3.org/TR/trig/); every literal keeps its written form.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import polars as pl

from onrecord.names import is_plain_local
from onrecord.progress import counted, stage
from onrecord.terms import OA, ONR, OWL, RDF, RDFS, SKOS, VOID, split_term

_TYPE = f"<{RDF}type>"
_LABEL = f"<{RDFS}label>"
_STATUS = f"<{ONR}status>"
_NEGATED = f"<{ONR}negated>"
_SAID_BY = f"<{ONR}saidBy>"
_FIRST = {
    _TYPE: 0,
    _LABEL: 1,
    f"<{SKOS}prefLabel>": 2,
    f"<{SKOS}altLabel>": 3,
    f"<{RDFS}comment>": 4,
    f"<{RDF}subject>": 5,
    f"<{RDF}predicate>": 6,
    f"<{RDF}object>": 7,
    f"<{ONR}proposition>": 5,
    _STATUS: 6,
    _NEGATED: 7,
    f"<{ONR}quote>": 8,
}
_SECTIONS = ("Graph", "Sources", "Entities", "Propositions", "Statements", "Spans", "Lists", "Ontologies", "Other")
_SHORT_BOOLEAN = re.compile(r'"(true|false)"\^\^<http://www\.w3\.org/2001/XMLSchema#boolean>')

Facts = dict[str, list[tuple[str, str]]]


def write_turtle(quads: pl.DataFrame, prefixes: Mapping[str, str]) -> bytes:
    """The union of all graphs as one Turtle document."""
    writer = _Writer(prefixes)
    facts: Facts = defaultdict(list)
    triples = quads.select("subject", "predicate", "object").unique().sort(["subject", "predicate", "object"])
    for subject, predicate, obj in triples.iter_rows():
        facts[subject].append((predicate, obj))
    stage("writing ttl", len(facts), "nodes")
    body = list(writer.document(facts))
    return _text([*writer.head(), *body])


def write_trig(quads: pl.DataFrame, prefixes: Mapping[str, str]) -> bytes:
    """Every named graph as one block of a TriG document."""
    writer = _Writer(prefixes)
    out: list[str] = []
    graphs: dict[str, Facts] = defaultdict(lambda: defaultdict(list))
    everything: Facts = defaultdict(list)
    for graph, subject, predicate, obj in quads.iter_rows():
        graphs[graph][subject].append((predicate, obj))
        everything[subject].append((predicate, obj))
    writer.learn(everything)
    stage("writing trig", sum(map(len, graphs.values())), "nodes")
    for graph, facts in sorted(graphs.items()):
        *block, _ = writer.document(facts, learn=False)
        out += [f"{writer.term(graph)} {{", *(f"    {line}" if line else "" for line in block), "}", ""]
    return _text([*writer.head(), *out])


class _Writer:
    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self.prefixes = sorted(prefixes.items(), key=lambda item: -len(item[1]))
        self.used: set[str] = set()
        self.labels: dict[str, str] = {}
        self.statements: dict[str, str] = {}
        self._short: dict[str, str] = {}

    def head(self) -> Iterator[str]:
        """The prefixes that were used."""
        for prefix, namespace in sorted(self.prefixes):
            if prefix in self.used:
                yield f"@prefix {prefix}: <{namespace}> ."
        yield ""

    def learn(self, facts: Facts) -> None:
        """Take note of labels, for the comments above hashed nodes."""
        for subject, pairs in facts.items():
            for predicate, obj in pairs:
                if predicate == _LABEL:
                    self.labels.setdefault(subject, split_term(obj)[1])
                elif predicate == f"<{ONR}proposition>":
                    self.statements[subject] = obj

    def document(self, facts: Facts, *, learn: bool = True) -> Iterator[str]:
        """The lines of all sections."""
        if learn:
            self.learn(facts)
        sections: dict[str, list[str]] = defaultdict(list)
        for subject, pairs in facts.items():
            sections[_section({obj for predicate, obj in pairs if predicate == _TYPE}, pairs)].append(subject)
        for name in _SECTIONS:
            subjects = sections.get(name)
            if not subjects:
                continue
            if len(sections) > 1:
                yield f"# {name}"
                yield ""
            for subject in counted(sorted(subjects, key=lambda node: self._order(name, node))):
                yield from self._block(subject, facts[subject])

    def _order(self, section: str, subject: str) -> tuple[str, str]:
        """Entities by their address; hashed nodes by what they say, so that a diff stays local."""
        if section == "Propositions":
            return self.labels.get(subject, ""), subject
        if section == "Statements":
            return self.labels.get(self.statements.get(subject, ""), ""), subject
        return "", subject

    def _block(self, subject: str, pairs: list[tuple[str, str]]) -> Iterator[str]:
        said = self.labels.get(self.statements.get(subject, ""))
        if said:
            yield f"# {_one_line(self._put_as(said, pairs))}"
        grouped: dict[str, list[str]] = defaultdict(list)
        for predicate, obj in pairs:
            grouped[predicate].append(obj)
        order = sorted(grouped, key=lambda predicate: (_FIRST.get(predicate, 9), self.term(predicate)))
        lines = []
        for index, predicate in enumerate(order):
            verb = "a" if predicate == _TYPE else self.term(predicate)
            objects = [self.term(obj) for obj in grouped[predicate]]
            lead = f"{self.term(subject)} " if index == 0 else "    "
            end = " ." if index == len(order) - 1 else " ;"
            if len(objects) > 1 and sum(map(len, objects)) > 80:
                lines.append(f"{lead}{verb}")
                lines += [f"        {obj}," for obj in objects[:-1]]
                lines.append(f"        {objects[-1]}{end}")
            else:
                lines.append(f"{lead}{verb} {', '.join(objects)}{end}")
        yield from lines
        yield ""

    def _put_as(self, said: str, pairs: Iterable[tuple[str, str]]) -> str:
        """What a statement says, how firmly and on whose word; in a diff the lines below it may not show."""
        status, negation, speakers = "", "", []
        for predicate, obj in pairs:
            if predicate == _STATUS:
                status = obj[1:-1].removeprefix(ONR)
            elif predicate == _NEGATED and obj.startswith('"true"'):
                negation = "not "
            elif predicate == _SAID_BY and obj in self.labels:
                speakers.append(self.labels[obj])
        lead = " by ".join(part for part in (status, " and ".join(speakers)) if part)
        return f"{lead}: {negation}{said}" if lead else f"{negation}{said}"

    def term(self, term: str) -> str:
        """A term with its prefix, or as it is."""
        if term.startswith("<"):
            return self._iri(term)
        match = _SHORT_BOOLEAN.fullmatch(term)
        if match:
            return match[1]
        cut = term.rfind('"^^<')
        if cut > 0 and term.endswith(">"):
            return f"{term[: cut + 3]}{self._iri(term[cut + 3 :])}"
        return term

    def _iri(self, term: str) -> str:
        short = self._short.get(term)
        if short is None:
            address = term[1:-1]
            short = term
            for prefix, namespace in self.prefixes:
                local = address[len(namespace) :]
                if address.startswith(namespace) and _is_local(local):
                    self.used.add(prefix)
                    short = f"{prefix}:{local}"
                    break
            self._short[term] = short
        return short


def _is_local(local: str) -> bool:
    """Whether ``local`` can follow a prefix as it is (PN_LOCAL, Turtle 6.5)."""
    return all(is_plain_local(part) for part in local.split(":"))


def _section(types: set[str], pairs: Iterable[tuple[str, str]]) -> str:
    kinds = {kind[1:-1] for kind in types}
    if f"{VOID}Dataset" in kinds:
        return "Graph"
    for name in ("Source", "Proposition", "Statement", "Span"):
        if f"{ONR}{name}" in kinds:
            return f"{name}s"
    if f"{OA}TextQuoteSelector" in kinds:
        return "Spans"
    if any(predicate == f"<{RDF}first>" for predicate, _ in pairs):
        return "Lists"
    if any(kind.startswith((OWL, RDFS, ONR + "Status", SKOS)) for kind in kinds):
        return "Ontologies"
    return "Entities" if kinds else "Other"


def _text(lines: Iterable[str]) -> bytes:
    """The lines without blank ones at the ends, which say nothing."""
    text = "\n".join(lines).strip("\n")
    return f"{text}\n".encode() if text else b""


def _one_line(text: str) -> str:
    return " ".join(text.split())
