"""Owns which nodes of a dataset shapes may judge otherwise than in the last build, and what they have to see for that.

Leaves telling what changed to ``delta``, how far shapes look to ``check.reach`` and judging to ``check.shapes``. A node
is judged again when a triple went or came that a walk of a shape leads to from it, before or now; it is shown all that
its walks lead to now. So what is found is what judging the whole dataset would find.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from importlib.metadata import version

import polars as pl

from onrecord.assemble import direct_triples, quad_parts, with_mentioned
from onrecord.check.reach import Step, Walk, find_reach
from onrecord.check.shapes import Near, Result
from onrecord.delta import Changes
from onrecord.errors import Place
from onrecord.kept import Keep, Kept
from onrecord.lens import Lens, select
from onrecord.lock import Lock
from onrecord.model import Source
from onrecord.parse.before import MOST_ROWS
from onrecord.project import Project
from onrecord.resolve import Resolved
from onrecord.terms import OA, ONR, RDF, RDFS, iri

_DESCRIBED, _RESULTS, _ENGINE = "described sources", "shape results", "shape engine"
_SUBCLASS = iri(f"{RDFS}subClassOf")
_TRIPLE = ["subject", "predicate", "object"]

MOST_RESULTS = 10_000
"""Of a graph with more that breaks its shapes nothing is kept: it is judged whole each time."""

MOST_OF_ALL = 0.5
"""Where quads of a larger part of the rows were due, judging everything is no more work."""


def find_near(
    resolved: Resolved, lock: Lock, project: Project, kept: Kept, changes: Changes | None, described: pl.DataFrame
) -> Near | None:
    """What is to be judged again since the build that ``kept`` is of; None where that may be everything.

    ``described`` is what :func:`onrecord.assemble.describe` makes of the graph.
    """
    results: list[list[Result]] | None = kept.facts.get(_RESULTS)
    shapes = resolved.names.ontology.shapes
    if changes is None or results is None or len(results) != len(shapes) or kept.facts[_ENGINE] != _engine():
        return None
    told = kept.table(_DESCRIBED)
    reaches = [find_reach(text, project.base) for _, text in shapes]
    walks = frozenset[Walk]().union(*(reach for reach in reaches if reach is not None))
    if told is None or None in reaches or not walks:
        return None
    if any((rows["predicate"] == _SUBCLASS).any() for rows in (changes.old, changes.new)):
        return None  # all that is of a class may have come under a shape, or gone from it
    dataset = _Dataset(changes, told, walks, resolved, lock, project, described)
    nodes = _judged_again(dataset, walks)
    seen = None if nodes is None else _seen_from(nodes, dataset, walks)
    return None if nodes is None or seen is None else Near(nodes, seen, results)


def keep_results(results: list[list[Result]] | None, resolved: Resolved, described: pl.DataFrame) -> Keep:
    """What :func:`find_near` needs of a graph that was judged; ``described`` as there."""
    if results is None or resolved.statements.height > MOST_ROWS or sum(map(len, results)) > MOST_RESULTS:
        return Keep()
    told = _of_sources(described, resolved)
    return Keep({_DESCRIBED: told}, {_RESULTS: results, _ENGINE: _engine()})


def _engine() -> str:
    return version("shacl-rust")


def _of_sources(described: pl.DataFrame, resolved: Resolved) -> pl.DataFrame:
    head = iri(resolved.names.minter.graph("source/"))[:-1]
    return described.filter(pl.col("graph").str.starts_with(head)).select(_TRIPLE)


def _judged_again(dataset: _Dataset, walks: Collection[Walk]) -> frozenset[str] | None:
    """The nodes from which a walk leads to a triple that changed; None where one of them may be a literal.

    All walks are gone back at once, from where the longest ends. What is there now is enough to go back on: a walk that
    is no longer there leads to a change before that.
    """
    nodes: set[str] = set()
    for position in reversed(range(max(map(len, walks)))):
        back = {_turned(walk[position]) for walk in walks if len(walk) > position + 1}
        found = dataset.reach(nodes, back)
        if found is None:
            return None
        here = {_turned(walk[position]) for walk in walks if len(walk) > position}
        nodes = _ends(found, back) | _ends(dataset.changed, here)
        if any(node.startswith('"') for node in nodes):
            return None  # the engine calls a literal by its value, which may be written in several ways
    return frozenset(nodes)


def _seen_from(judged: frozenset[str], dataset: _Dataset, walks: Collection[Walk]) -> pl.DataFrame | None:
    """All that walks lead to from the nodes, and which classes lie below which."""
    nodes = set(judged)
    seen = [dataset.classes]
    for position in range(max(map(len, walks))):
        found = dataset.reach(nodes, {walk[position] for walk in walks if len(walk) > position})
        if found is None:
            return None
        seen.append(found)
        nodes = _ends(found, {walk[position] for walk in walks if len(walk) > position + 1})
    return pl.concat(seen).unique()


def _turned(step: Step) -> Step:
    return Step(step.predicate, not step.inverse)


def _ends(triples: pl.DataFrame, steps: Iterable[Step]) -> set[str]:
    """Where one of the steps leads to along one of the triples."""
    ahead, behind = _apart(steps)
    found = triples.filter(pl.col("predicate").is_in(ahead))["object"].to_list()
    return {*found, *triples.filter(pl.col("predicate").is_in(behind))["subject"]}


def _apart(steps: Iterable[Step]) -> tuple[list[str], list[str]]:
    """The predicates that are followed from their subjects, and those that are from their objects."""
    ways: tuple[list[str], list[str]] = ([], [])
    for step in sorted(steps):
        ways[step.inverse].append(step.predicate)
    return ways


_SINGLE = ("proposition", "subject", "predicate", "object", "condition", "said_at_term")
_SEVERAL = ("said_by_terms", "via_terms", "said_to_terms", "origin_terms")
_PAIRS = ("restrictive", "additive")
"""The columns in which the objects of a row's quads stand, words aside."""


class _Dataset:
    """A dataset of which quads are made only where somebody looks."""

    def __init__(
        self,
        changes: Changes,
        told: pl.DataFrame,
        walks: Iterable[Walk],
        resolved: Resolved,
        lock: Lock,
        project: Project,
        described: pl.DataFrame,
    ) -> None:
        """Make the quads of what changed; ``told`` is what was said of the sources before."""
        self._context = resolved, lock, project
        self._named = sorted({_SUBCLASS, *(step.predicate for walk in walks for step in walk)})
        self._lens = Lens(inference=False)
        self._rows = select(changes.new, self._lens, project.policy)
        base = resolved.names.minter.base
        cells, spans = (f"<{base}list/",), (f"<{base}span/",)
        self._hidden: dict[str, tuple[str, ...]] = {
            iri(f"{ONR}status"): tuple(map(iri, resolved.names.ontology.statuses.values())),
            iri(f"{RDF}type"): (f"<{ONR}", f"<{OA}"),
            **{iri(name): cells for name in (f"{ONR}viaChain", f"{RDF}rest")},
            **{iri(f"{ONR}{name}"): spans for name in ("selector", "span")},
        }
        self._made = 0
        described = described.filter(pl.col("predicate").is_in(self._named))
        self._described = described
        old = self._make(select(changes.old.filter(changes.chosen), self._lens, project.policy))
        new = self._make(self._rows.filter(changes.chosen))
        told = told.filter(pl.col("predicate").is_in(self._named))
        tells = _of_sources(described, resolved)
        parts = [_without(told, tells), _without(tells, told)]
        # what a speaker was called before stands in labels, and cannot be told from the rows
        parts += [old, new] if changes.redescribed else [_without(old, new), _without(new, old)]
        self.changed = _without(pl.concat(parts), _without(described.select(_TRIPLE), tells))
        self.classes = described.select(_TRIPLE).filter(pl.col("predicate") == _SUBCLASS)
        self._known = [described.select(_TRIPLE), new]

    def reach(self, nodes: set[str], steps: Collection[Step]) -> pl.DataFrame | None:
        """The triples that one of the steps follows from one of the nodes; None where that is most of all."""
        ahead, behind = _apart(steps)
        if not nodes or not steps:
            return self.classes.clear()
        for name, heads in self._hidden.items():
            if name in behind and any(node.startswith(heads) for node in nodes):
                return None  # what leads there stands in no column
        own = pl.Series(sorted(nodes)).implode()
        rows = self._rows.filter(pl.col("statement").is_in(own) | pl.col("proposition").is_in(own))
        if behind:
            rows = pl.concat([rows, self._rows.filter(self._hold(own))]).unique("row", maintain_order=True)
        rows = with_mentioned(rows, self._rows)
        if self._made + rows.height > self._rows.height * MOST_OF_ALL:
            return None
        self._known.append(self._make(rows))
        facts = self._rows.filter(pl.col("asserting") & pl.col("subject").is_in(own))
        names = self._context[0].names
        near = pl.concat([*self._known, direct_triples(facts, names.ontology, names.minter).select(_TRIPLE)])
        followed = pl.col("predicate").is_in(ahead) & pl.col("subject").is_in(own)
        return near.filter(followed | (pl.col("predicate").is_in(behind) & pl.col("object").is_in(own))).unique()

    def _hold(self, nodes: pl.Series) -> pl.Expr:
        """Whether one of the nodes may be an object of a row's quads."""
        source = pl.concat_str(pl.lit("<"), "source_iri", pl.lit(">"))
        return pl.any_horizontal(
            source.is_in(nodes),
            *(pl.col(name).is_in(nodes) for name in _SINGLE),
            *(pl.col(name).list.eval(pl.element().is_in(nodes)).list.any() for name in _SEVERAL),
            *(pl.col(name).list.eval(pl.element().struct.field("value").is_in(nodes)).list.any() for name in _PAIRS),
        ).fill_null(False)

    def _make(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The triples of some rows that shapes look at."""
        self._made += rows.height
        resolved, lock, project = self._context
        gone = {name: Source(name, Place("")) for name in rows["source"].unique() if name not in resolved.sources}
        some = replace(resolved, sources={**resolved.sources, **gone}) if gone else resolved
        parts = quad_parts(rows, some, lock, project, self._described)
        named = pl.col("predicate").is_in(self._named)
        return pl.concat(part.select(_TRIPLE).filter(named) for part in parts)


def _without(triples: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    return triples.join(others, on=_TRIPLE, how="anti").select(_TRIPLE)
