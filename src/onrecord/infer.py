"""Owns entailment: what follows from the asserted triples and the ontologies, and from what.

Leaves choosing the triples to ``lens`` and ``assemble``, and telling the proofs to ``explain``.
Rules are those of the OWL 2 RL/RDF profile (https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules)
that say something of the data: prp-dom, prp-rng, prp-symp, prp-trp, prp-spo1, prp-spo2, prp-eqp,
prp-inv, cax-sco, cax-eqc. Evaluation is semi-naive: each round joins only what the last one added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from onrecord.assemble import QUADS
from onrecord.progress import counted, stage
from onrecord.resolve import Resolved
from onrecord.statuses import STATUSES
from onrecord.terms import ONR, OWL, RDF, RDFS, digest, iri

Triple = tuple[str, str, str]
"""Subject, predicate and object as N-Triples terms."""
Passing = Callable[[Iterable[Triple]], Iterable[Triple]]

TYPE = f"<{RDF}type>"
_TRIPLE = ["subject", "predicate", "object"]
_TRIPLE_SCHEMA = dict.fromkeys(_TRIPLE, pl.String)


class Derivation(NamedTuple):
    """How a triple was found: the rule's name, the ontology's axiom in words, and the premises."""

    rule: str
    axiom: str
    premises: tuple[Triple, ...]


@dataclass(slots=True)
class Rules:
    """The axioms of the ontologies, indexed by the predicate or class that sets them off."""

    sub_properties: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sub_classes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    equivalent_properties: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    equivalent_classes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    inverses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    domains: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    ranges: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    symmetric: set[str] = field(default_factory=set)
    transitive: set[str] = field(default_factory=set)
    chains: dict[str, list[tuple[int, tuple[str, ...], str]]] = field(default_factory=lambda: defaultdict(list))
    """Predicate to the chains that it is a link of: its position, all links, the property of the whole."""

    def joining(self) -> frozenset[str]:
        """The properties of what several premises entail at once."""
        return frozenset(self.transitive).union(whole for chains in self.chains.values() for _, _, whole in chains)

    def reached(self, predicates: Iterable[str]) -> set[str]:
        """The properties of triples that may follow from triples of ``predicates``, types aside."""
        steps = (self.sub_properties, self.equivalent_properties, self.inverses)
        found, waiting = set[str](), list(set(predicates) - {TYPE})
        while waiting:
            name = waiting.pop()
            more = {reached for step in steps for reached in step.get(name, ())}
            more = (more | {whole for _, _, whole in self.chains.get(name, ())}) - found
            found |= more
            waiting += more
        return found


def read_rules(ontology_triples: Iterable[Triple]) -> Rules:
    """The rules that the triples of the ontologies state."""
    rules = Rules()
    firsts: dict[str, str] = {}
    rests: dict[str, str] = {}
    chains: list[tuple[str, str]] = []
    simple = {
        f"<{RDFS}subPropertyOf>": rules.sub_properties,
        f"<{RDFS}subClassOf>": rules.sub_classes,
        f"<{RDFS}domain>": rules.domains,
        f"<{RDFS}range>": rules.ranges,
    }
    both_ways = {
        f"<{OWL}equivalentProperty>": rules.equivalent_properties,
        f"<{OWL}equivalentClass>": rules.equivalent_classes,
        f"<{OWL}inverseOf>": rules.inverses,
    }
    for subject, predicate, obj in sorted(set(ontology_triples)):
        if predicate in simple:
            if subject != obj:
                simple[predicate][subject].append(obj)
        elif predicate in both_ways:
            index = both_ways[predicate]
            index[subject].append(obj)
            if subject not in index[obj]:
                index[obj].append(subject)
        elif predicate == TYPE and obj == f"<{OWL}SymmetricProperty>":
            rules.symmetric.add(subject)
        elif predicate == TYPE and obj == f"<{OWL}TransitiveProperty>":
            rules.transitive.add(subject)
        elif predicate == f"<{RDF}first>":
            firsts[subject] = obj
        elif predicate == f"<{RDF}rest>":
            rests[subject] = obj
        elif predicate == f"<{OWL}propertyChainAxiom>":
            chains.append((subject, obj))
    for whole, cell in chains:
        links = tuple(_list(cell, firsts, rests))
        for position, link in enumerate(links):
            rules.chains[link].append((position, links, whole))
    return rules


def _list(cell: str, firsts: Mapping[str, str], rests: Mapping[str, str]) -> Iterator[str]:
    seen: set[str] = set()
    while cell in firsts and cell not in seen:
        seen.add(cell)
        yield firsts[cell]
        cell = rests.get(cell, "")


@dataclass(slots=True)
class Closure:
    """A set of triples closed under the rules, grown by :meth:`add`.

    ``derivations`` holds, for every entailed triple, the first way in which it was found; its
    premises were known before it, so proofs never turn in a circle.
    """

    rules: Rules
    base: set[Triple] = field(default_factory=set)
    derivations: dict[Triple, Derivation] = field(default_factory=dict)
    _objects: dict[str, dict[str, set[str]]] = field(default_factory=dict)  # predicate -> subject -> objects
    _subjects: dict[str, dict[str, set[str]]] = field(default_factory=dict)  # predicate -> object -> subjects

    def __contains__(self, triple: Triple) -> bool:
        return triple in self.base or triple in self.derivations

    def add(self, triples: Iterable[Triple], passing: Passing = iter) -> int:
        """Add base triples and all that follows from them; the number of triples entailed anew.

        The cost grows with what is new, not with what is there. Each triple whose consequences are looked for goes
        through ``passing``.
        """
        before = len(self.derivations)
        fresh = []
        for triple in sorted(set(triples)):
            if triple in self.base:
                continue
            self.base.add(triple)
            known = self.derivations.pop(triple, None)
            if known is None:
                self._index(triple)
                fresh.append(triple)
        while fresh:
            found: dict[Triple, Derivation] = {}
            for triple in passing(fresh):
                for derived, derivation in self._consequences(triple):
                    if derived not in self.base and derived not in self.derivations and derived not in found:
                        found[derived] = derivation
            for derived, derivation in found.items():
                self.derivations[derived] = derivation
                self._index(derived)
            fresh = list(found)
        return len(self.derivations) - before

    def _index(self, triple: Triple) -> None:
        subject, predicate, obj = triple
        self._objects.setdefault(predicate, {}).setdefault(subject, set()).add(obj)
        self._subjects.setdefault(predicate, {}).setdefault(obj, set()).add(subject)

    def _consequences(self, triple: Triple) -> Iterator[tuple[Triple, Derivation]]:
        """All that one application of a rule gives with ``triple`` as a premise."""
        subject, predicate, obj = triple
        rules = self.rules
        if predicate == TYPE:
            yield from self._of_type(triple)
            return
        is_node = not obj.startswith('"')
        for above in rules.sub_properties.get(predicate, ()):
            yield (subject, above, obj), Derivation("prp-spo1", f"{predicate} is a sub-property of {above}", (triple,))
        for equal in rules.equivalent_properties.get(predicate, ()):
            yield (subject, equal, obj), Derivation("prp-eqp", f"{predicate} is equivalent to {equal}", (triple,))
        for cls in rules.domains.get(predicate, ()):
            yield (subject, TYPE, cls), Derivation("prp-dom", f"{predicate} has the domain {cls}", (triple,))
        if is_node:
            for cls in rules.ranges.get(predicate, ()):
                yield (obj, TYPE, cls), Derivation("prp-rng", f"{predicate} has the range {cls}", (triple,))
            for inverse in rules.inverses.get(predicate, ()):
                axiom = f"{predicate} is the inverse of {inverse}"
                yield (obj, inverse, subject), Derivation("prp-inv", axiom, (triple,))
            if predicate in rules.symmetric:
                yield (obj, predicate, subject), Derivation("prp-symp", f"{predicate} is symmetric", (triple,))
            if predicate in rules.transitive:
                yield from self._transitive(triple)
        for position, links, whole in rules.chains.get(predicate, ()):
            yield from self._chain(triple, position, links, whole)

    def _of_type(self, triple: Triple) -> Iterator[tuple[Triple, Derivation]]:
        subject, _, cls = triple
        for above in self.rules.sub_classes.get(cls, ()):
            yield (subject, TYPE, above), Derivation("cax-sco", f"{cls} is a sub-class of {above}", (triple,))
        for equal in self.rules.equivalent_classes.get(cls, ()):
            yield (subject, TYPE, equal), Derivation("cax-eqc", f"{cls} is equivalent to {equal}", (triple,))

    def _transitive(self, triple: Triple) -> Iterator[tuple[Triple, Derivation]]:
        subject, predicate, obj = triple
        axiom = f"{predicate} is transitive"
        for beyond in sorted(self._objects[predicate].get(obj, ())):
            yield (subject, predicate, beyond), Derivation("prp-trp", axiom, (triple, (obj, predicate, beyond)))
        for before in sorted(self._subjects[predicate].get(subject, ())):
            yield (before, predicate, obj), Derivation("prp-trp", axiom, ((before, predicate, subject), triple))

    def _chain(
        self, triple: Triple, position: int, links: tuple[str, ...], whole: str
    ) -> Iterator[tuple[Triple, Derivation]]:
        """Complete the chain to the left and to the right of ``triple``."""
        paths: list[tuple[Triple, ...]] = [(triple,)]
        for link in reversed(links[:position]):
            paths = [
                ((before, link, path[0][0]), *path)
                for path in paths
                for before in sorted(self._subjects.get(link, {}).get(path[0][0], ()))
            ]
        for link in links[position + 1 :]:
            paths = [
                (*path, (path[-1][2], link, beyond))
                for path in paths
                for beyond in sorted(self._objects.get(link, {}).get(path[-1][2], ()))
            ]
        for path in paths:
            axiom = f"{' then '.join(links)} gives {whole}"
            yield (path[0][0], whole, path[-1][2]), Derivation("prp-spo2", axiom, path)


def close(base: Iterable[Triple], ontology_triples: Iterable[Triple]) -> Closure:
    """Everything that follows from ``base`` by the rules that ``ontology_triples`` state."""
    stage("inferring", unit="triples")
    closure = Closure(read_rules(ontology_triples))
    closure.add(base, counted)
    return closure


def proof_leaves(closure: Closure, triple: Triple) -> list[Triple]:
    """The base triples on which ``triple`` rests in its recorded proof, sorted; none if it is not known."""
    leaves: set[Triple] = set()
    waiting = [triple]
    seen: set[Triple] = set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        if current in closure.base:
            leaves.add(current)
        elif current in closure.derivations:
            waiting.extend(closure.derivations[current].premises)
    return sorted(leaves)


def minimal_leaves(closure: Closure, triple: Triple) -> list[Triple]:
    """A smallest-by-inclusion set of base triples that entails ``triple``: drop any and it no longer follows.

    Starts from the recorded proof and takes away what is not needed, replaying the rules each time.
    """
    kept = proof_leaves(closure, triple)
    for leaf in list(kept):
        fewer = [other for other in kept if other != leaf]
        trial = Closure(closure.rules)
        trial.add(fewer)
        if triple in trial:
            kept = fewer
    return kept


def prove(closure: Closure, triple: Triple) -> Closure | None:
    """The minimal proof of ``triple`` as a closure of its own over just its premises; None if it is not entailed."""
    if triple not in closure:
        return None
    small = Closure(closure.rules)
    small.add([triple] if triple in closure.base else minimal_leaves(closure, triple))
    return small


def entail(quads: pl.DataFrame, rows: pl.DataFrame, resolved: Resolved) -> pl.DataFrame:
    """The graph ``inferred``: what follows from the direct triples and the declared types in ``quads``.

    A triple that stands in another graph already is left out. What rests on an included status
    weaker than fact is marked: an ``onr:Entailment`` names the triple and the weakest status.
    """
    minter, ontology = resolved.names.minter, resolved.names.ontology
    graph = iri(minter.graph("inferred"))
    entities = {iri(found.iri) for found in resolved.entities}
    asserted = quads.filter(pl.col("graph") == iri(minter.graph("asserted")))
    types = quads.filter((pl.col("predicate") == TYPE) & pl.col("subject").is_in(sorted(entities)))
    axioms = [triple for triples in ontology.graphs.values() for triple in triples]
    base = pl.concat([asserted, types]).select(_TRIPLE)
    closure = close(base.iter_rows(), axioms)
    found = pl.DataFrame(sorted(closure.derivations), schema=_TRIPLE_SCHEMA, orient="row")
    fresh = found.join(quads.select(_TRIPLE), on=_TRIPLE, how="anti").select(pl.lit(graph).alias("graph"), *_TRIPLE)
    marks = _marks(closure, rows, graph, f"{minter.base}entailment/")
    return pl.concat([fresh, pl.DataFrame(marks, schema=QUADS, orient="row")]).select(QUADS.names())


def rules_of(resolved: Resolved) -> Rules:
    """The rules that the ontologies of a graph state."""
    return read_rules(triple for triples in resolved.names.ontology.graphs.values() for triple in triples)


def far_reaching(rules: Rules) -> frozenset[str]:
    """The properties whose triples may entail something of nodes beyond their own ends.

    All rules but those of transitive properties and chains have one premise, and what they entail is about its subject
    or its object.
    """
    far = {*rules.transitive, *rules.chains}
    steps = (rules.sub_properties, rules.equivalent_properties, rules.inverses)
    grown = True
    while grown:
        more = {name for step in steps for name, reached in step.items() if not far.isdisjoint(reached)} - far
        far |= more
        grown = bool(more)
    return frozenset(far)


def entail_near(
    base: pl.DataFrame,
    gone: pl.DataFrame,
    come: pl.DataFrame,
    known: pl.DataFrame,
    inferred: pl.DataFrame,
    resolved: Resolved,
) -> pl.DataFrame | None:
    """The graph ``inferred`` once some triples went from the base and others came; None where all of it is due.

    ``base`` is what inference starts from now, ``known`` what else stands in the dataset of the nodes that changed,
    ``inferred`` what was entailed before and stood nowhere else.
    """
    rules = rules_of(resolved)
    beside = known.filter(pl.col("graph") != iri(resolved.names.minter.graph("asserted")))
    if not rules.joining().isdisjoint(beside["predicate"].unique()):
        return None  # what several premises entail may stand elsewhere, and then not in ``inferred``
    found = changed_entailments(rules, *(part.select(_TRIPLE) for part in (base, gone, come, inferred)))
    if found is None:
        return None
    touched, entailed = (pl.DataFrame(sorted(part), schema=_TRIPLE_SCHEMA, orient="row") for part in found)
    fresh = entailed.join(pl.concat([base, known]), on=_TRIPLE, how="anti")
    graph = pl.lit(iri(resolved.names.minter.graph("inferred"))).alias("graph")
    still = inferred.join(touched, on=_TRIPLE, how="anti")
    return pl.concat([still.select(QUADS.names()), fresh.select(graph, *_TRIPLE)])


def changed_entailments(
    rules: Rules, base: pl.DataFrame, gone: pl.DataFrame, come: pl.DataFrame, inferred: pl.DataFrame
) -> tuple[set[Triple], set[Triple]] | None:
    """The triples that may follow otherwise once ``gone`` left the base and ``come`` joined it, and those that do now.

    ``base`` is what there is now; all tables have the columns subject, predicate, object. Those that do now include
    the triples of the base among them. None where a changed triple may meet others in a rule of several premises.

    What follows from a changed triple then follows from it alone. All else that was entailed still is; and what
    followed from a triple that went still does where others about the same nodes entail it, or a chain.
    """
    far = far_reaching(rules)
    if TYPE in far or not far.isdisjoint(pl.concat([gone["predicate"], come["predicate"]])):
        return None
    if TYPE in rules.reached(base["predicate"].unique()):
        return None  # what types a node is no longer told by its properties alone
    left, joined = _closed(rules, gone), _closed(rules, come)
    touched, doubtful = left | joined, left - joined
    if not doubtful:
        return touched, joined
    away = pl.DataFrame(sorted(touched), schema=_TRIPLE_SCHEMA, orient="row")
    rest = pl.concat([base, inferred.join(away, on=_TRIPLE, how="anti")])
    near = [rest.join(_both_ways(doubtful), on=["subject", "object"], how="semi"), *_typing(rest, doubtful)]
    if not rules.joining().isdisjoint(predicate for _, predicate, _ in doubtful):
        near.append(rest.filter(pl.col("predicate").is_in(sorted(far))))
    return touched, joined | (doubtful & _closed(rules, pl.concat(near)))


def _closed(rules: Rules, triples: pl.DataFrame) -> set[Triple]:
    """Some triples and all that follows from them."""
    closure = Closure(rules)
    closure.add(triples.iter_rows())
    return closure.base | closure.derivations.keys()


def _both_ways(triples: Iterable[Triple]) -> pl.DataFrame:
    """The two nodes of each triple that types nothing, in either order."""
    pairs = {(subject, obj) for subject, predicate, obj in triples if predicate != TYPE}
    both = sorted(pairs | {(obj, subject) for subject, obj in pairs})
    return pl.DataFrame(both, schema={"subject": pl.String, "object": pl.String}, orient="row")


def _typing(rest: pl.DataFrame, triples: Iterable[Triple]) -> Iterator[pl.DataFrame]:
    """What may type the nodes that ``triples`` give a type: one triple of each property, and types themselves."""
    nodes = sorted({subject for subject, predicate, _ in triples if predicate == TYPE})
    about, to = (rest.filter(pl.col(end).is_in(nodes)) for end in ("subject", "object"))
    is_type = pl.col("predicate") == TYPE
    yield about.filter(is_type)
    value = pl.col("object").str.starts_with('"').alias("value")
    yield about.filter(~is_type).with_columns(value).unique(["subject", "predicate", "value"]).drop("value")
    yield to.filter(~is_type).unique(["predicate", "object"])


def _marks(closure: Closure, rows: pl.DataFrame, graph: str, head: str) -> Iterator[tuple[str, str, str, str]]:
    """One node for each entailed triple that rests on less than a statement of fact."""
    weakest = weakest_statuses(closure, rows)
    for triple, status in sorted(weakest.items()):
        if triple in closure.derivations:
            node = f"<{head}{digest(*triple)}>"
            subject, predicate, obj = triple
            yield graph, node, TYPE, f"<{ONR}Entailment>"
            yield graph, node, f"<{RDF}subject>", subject
            yield graph, node, f"<{RDF}predicate>", predicate
            yield graph, node, f"<{RDF}object>", obj
            yield graph, node, f"<{ONR}weakestStatus>", f"<{ONR}{status}>"


def weakest_statuses(closure: Closure, rows: pl.DataFrame) -> dict[Triple, str]:
    """The triples that rest on a status weaker than stated, each with the weakest in its proof."""
    rank = {status: index for index, status in enumerate(("confirmed", "stated", *STATUSES[2:]))}
    plain = rows.filter(pl.col("asserting") & (pl.col("restrictive").list.len().fill_null(0) == 0))
    best: dict[Triple, int] = {}
    for subject, predicate, obj, status in plain.select("subject", "predicate", "object", "status").iter_rows():
        triple = (subject, predicate, obj)
        best[triple] = min(best.get(triple, len(rank)), rank[status])
    for triple, derivation in closure.derivations.items():  # premises come before what they entail
        best[triple] = max(best.get(premise, 0) for premise in derivation.premises)
    names = {index: status for status, index in rank.items()}
    return {triple: names[index] for triple, index in best.items() if index > rank["stated"]}
