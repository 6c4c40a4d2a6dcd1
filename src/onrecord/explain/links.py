"""Owns who gives whose words, or is a part of what: links that statements assert, followed upwards.

Leaves what a link means to its readers; which properties make links is said in the ontologies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import networkx as nx
import polars as pl

from onrecord.infer import read_rules
from onrecord.ontology import Ontology
from onrecord.resolve import Resolved
from onrecord.terms import ONR, RDF, iri

FAR = 3
"""A reason names at most so many steps from one to the one for whom he speaks."""


def ontology_pairs(ontology: Ontology, predicate: str) -> list[tuple[str, str]]:
    """Subject and object, as terms, of every triple of the ontologies with this predicate, sorted."""
    wanted = iri(predicate)
    return sorted({(s, o) for triples in ontology.graphs.values() for s, p, o in triples if p == wanted})


def typed(ontology: Ontology, cls: str) -> set[str]:
    """The subjects, as terms, that the ontologies give the type ``cls``."""
    return {subject for subject, kind in ontology_pairs(ontology, f"{RDF}type") if kind == iri(cls)}


def below(ontology: Ontology, properties: Iterable[str]) -> dict[str, set[str]]:
    """Each property, as a term, with those of ``properties`` that it is or lies below."""
    rules = read_rules(triple for triples in ontology.graphs.values() for triple in triples)
    wanted = set(properties)
    out: dict[str, set[str]] = {}
    for address in ontology.properties:
        seen: set[str] = set()
        waiting = [iri(address)]
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                waiting += rules.sub_properties.get(current, ())
                waiting += rules.equivalent_properties.get(current, ())
        if seen & wanted:
            out[iri(address)] = seen & wanted
    return out


class Links:
    """Who gives whose words, or who is a part of what, in the terms of asserted statements.

    ``direct`` leads one step up, ``words`` says each step. Who reaches each other in a circle
    counts as one, under the name of the first of them (:meth:`one`).
    """

    def __init__(self, words: Mapping[tuple[str, str], str]) -> None:
        self.words = dict(sorted(words.items()))
        self.direct: dict[str, list[str]] = defaultdict(list)
        for low, high in self.words:
            self.direct[low].append(high)
        circles = nx.strongly_connected_components(nx.DiGraph(list(self.words)))
        self._one = {node: min(circle) for circle in circles for node in circle}
        self._reached: dict[str, frozenset[str]] = {}
        self._up: dict[str, set[str]] = defaultdict(set)
        for low, high in self.words:
            self._up[self.one(low)].add(self.one(high))

    def one(self, node: str) -> str:
        """The name under which ``node`` and all in a circle with it count."""
        found: str = self._one.get(node, node)
        return found

    def reached(self, node: str) -> frozenset[str]:
        """``node`` itself and all that are above it, near and far, each under its one name."""
        start = self.one(node)
        if start not in self._reached:
            seen = {start}
            waiting = [start]
            while waiting:
                fresh = self._up.get(waiting.pop(), set()) - seen
                seen |= fresh
                waiting += fresh
            self._reached[start] = frozenset(seen)
        return self._reached[start]

    def linked(self, node: str, other: str) -> bool:
        """Whether one step leads from one to the other, up or down."""
        return (node, other) in self.words or (other, node) in self.words

    def steps(self, start: str, end: str) -> list[str]:
        """The shortest way of at most :data:`FAR` steps up from ``start`` to ``end``, in words."""
        ways: dict[str, list[str]] = {start: []}
        edge = [start]
        for _ in range(FAR):
            after = []
            for low in edge:
                for high in self.direct.get(low, ()):
                    if high not in ways:
                        ways[high] = [*ways[low], self.words[low, high]]
                        after.append(high)
                    if high == end:
                        return ways[high]
            edge = after
        return []


def origin_links(rows: pl.DataFrame, resolved: Resolved) -> Links:
    """The links that ``rows`` assert with properties typed ``onr:OriginLink``, or below one."""
    return asserted_links(rows, resolved, typed(resolved.names.ontology, f"{ONR}OriginLink"))


def asserted_links(rows: pl.DataFrame, resolved: Resolved, properties: Iterable[str]) -> Links:
    """The links that ``rows`` assert with ``properties`` or with properties below them.

    A link with a restrictive qualifier holds on that occasion only, and is none.
    """
    words: dict[tuple[str, str], str] = {}
    for link in _asserted(rows, resolved.names.ontology, properties):
        parts = (resolved.names.label(term[1:-1]) for term in link)
        words.setdefault((link[0], link[2]), " ".join(parts))
    return Links(words)


def origin_pairs(rows: pl.DataFrame, ontology: Ontology) -> list[tuple[str, str]]:
    """The two ends of each of :func:`origin_links`, sorted."""
    facts = _asserted(rows, ontology, typed(ontology, f"{ONR}OriginLink"))
    return sorted({(subject, obj) for subject, _, obj in facts})


def _asserted(rows: pl.DataFrame, ontology: Ontology, properties: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    carriers = sorted(below(ontology, properties))
    plain = pl.col("restrictive").list.len().fill_null(0) == 0
    facts = rows.filter(pl.col("asserting") & plain & pl.col("predicate").is_in(carriers))
    for subject, predicate, obj in facts.select("subject", "predicate", "object").unique().sort(pl.all()).iter_rows():
        if obj.startswith("<") and subject != obj:
            yield subject, predicate, obj
