"""Owns paths: how two entities are connected, hop by hop, each with the statements that it rests on.

Leaves the edges to ``analyse`` and which rows there are to ``lens``. A proposition that somebody
believes, seeks or rejects ties its holder to what it is about; it ties its own parts to each other
only where everything counts, because nobody puts it as fact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import combinations, islice, pairwise
from typing import Any

import networkx as nx

from onrecord.analyse import to_view
from onrecord.build import Loaded
from onrecord.errors import OnRecordError
from onrecord.lens import Lens
from onrecord.progress import stage
from onrecord.statuses import ASSERTABLE, STATUSES
from onrecord.view.model import ViewEdge, ViewGraph

MENTIONED = "mentioned"
"""The status of a hop between a proposition and what it is about: it is spoken of, not put."""

_RANK = {status: index for index, status in enumerate(STATUSES)}


@dataclass(frozen=True, slots=True)
class HopStatement:
    """A statement that a hop rests on: the property, how firmly it is put, its words and where they stand."""

    statement: str
    property: str
    status: str
    negated: bool
    stands_as_fact: bool
    quotes: tuple[str, ...]
    source: str
    publisher: str
    recorded: str
    said_by: tuple[str, ...] = ()
    qualifiers: tuple[tuple[str, str], ...] = ()
    condition: str = ""
    hedge: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a path, in the order of walking; the label of a proposition stands in brackets.

    ``property`` leads from ``start`` to ``end`` when ``forward``, else from ``end`` to ``start``. A
    hop between a proposition and its subject or object has no statements of its own.
    """

    start: str
    start_label: str
    property: str
    forward: bool
    end: str
    end_label: str
    status: str
    statements: tuple[HopStatement, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """A path of hops from one end to the other."""

    hops: tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class Paths:
    """The shortest path and its alternatives, or what would give one.

    ``included`` are the smallest sets of statuses that connect the two when they are let stand as
    fact too; ``with_all`` is the number of hops when everything counts, also what is denied, negated,
    conditional or only mentioned; None where not even that connects them.
    """

    start: str
    start_label: str
    end: str
    end_label: str
    everything: bool
    routes: tuple[Route, ...]
    included: tuple[tuple[str, ...], ...] = ()
    with_all: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The paths as plain values, as ``--json`` prints them."""
        return asdict(self)


def find_paths(
    loaded: Loaded,
    start: str,
    end: str,
    *,
    lens: Lens | None = None,
    everything: bool = False,
    alternatives: int = 0,
    avoid: Iterable[str] = (),
) -> Paths:
    """The shortest path between two entities, by name, and up to ``alternatives`` more, shortest first.

    Statements are walked in either direction; parallel ones are one hop. Only what stands as fact
    through the lens counts, or ``everything`` that it lets through. Values are no stations: that
    two things cost the same does not connect them; nor are the entities to ``avoid``, by name.

    :raises OnRecordError: for a name that is none or several, for twice the same entity, and for an
        end that is to be avoided.
    """
    names = loaded.resolved.names
    first, last = names.require_entity(start), names.require_entity(end)
    if first == last:
        raise OnRecordError(f'"{start}" and "{end}" are the same entity')
    avoided = {names.require_entity(name): name for name in avoid}
    for address in (first, last):
        if address in avoided:
            raise OnRecordError(f'"{avoided[address]}" is an end of the path, and cannot be avoided')
    stage("looking for paths")
    web = _Web(to_view(loaded, lens or Lens()), avoided)
    routes = tuple(islice(web.routes(first, last, everything), alternatives + 1))
    found = Paths(first, names.label(first), last, names.label(last), everything, routes)
    if routes or everything:
        return found
    whole = next(web.routes(first, last, True), None)
    included = tuple(web.statuses_between(first, last)) if whole else ()
    return Paths(
        *(found.start, found.start_label, found.end, found.end_label),
        everything=False,
        routes=(),
        included=included,
        with_all=len(whole.hops) if whole else None,
    )


class _Web:
    """The edges of a view, ready to be walked."""

    def __init__(self, view: ViewGraph, avoided: Collection[str] = ()) -> None:
        self.propositions = {node.iri for node in view.nodes if node.kind == "proposition"}
        self.labels = {
            node.iri: f"({node.label})" if node.iri in self.propositions else node.label for node in view.nodes
        }
        closed = {node.iri for node in view.nodes if node.kind == "literal"} | set(avoided)
        edges = [edge for edge in view.edges if edge.source not in closed and edge.target not in closed]
        self.statements = [edge for edge in edges if edge.kind == "statement" and edge.source != edge.target]
        self.links = [edge for edge in edges if edge.kind == "link"]
        self.between: dict[frozenset[str], list[ViewEdge]] = defaultdict(list)
        for edge in edges:
            self.between[frozenset((edge.source, edge.target))].append(edge)

    def graph(self, included: Iterable[str] = (), *, everything: bool = False) -> nx.DiGraph:
        """The simple projection of what counts, every edge in both directions, in a fixed order.

        A proposition is two nodes: one for arriving from its holder, which leads on to its parts,
        and one for arriving from a part, which leads on to its holders only. With ``everything``
        it is one.
        """
        graph = nx.DiGraph()

        def inner(node: str) -> tuple[str, bool]:
            return node, node in self.propositions and not everything

        pairs: set[tuple[tuple[str, bool], tuple[str, bool]]] = set()
        for edge in self.statements:
            if everything or counts(edge, included):
                for here, there in ((edge.source, edge.target), (edge.target, edge.source)):
                    pairs |= {((here, False), inner(there)), (inner(here), inner(there))}
        for link in self.links:
            whole, part = link.source, link.target
            pairs.add((inner(whole), inner(part)))
            pairs |= {((part, False), (whole, False)), (inner(part), (whole, False))}
        graph.add_edges_from(sorted(pair for pair in pairs if pair[0][0] != pair[1][0]))
        return graph

    def routes(self, start: str, end: str, everything: bool) -> Iterator[Route]:
        """All simple paths, the shortest first."""
        graph = self.graph(everything=everything)
        if not _connected(graph, start, end):
            return
        seen = set()
        for path in nx.shortest_simple_paths(graph, (start, False), (end, False)):
            nodes = tuple(node for node, _ in path)
            if nodes not in seen:
                seen.add(nodes)
                yield Route(tuple(self._hop(here, there, everything) for here, there in pairwise(nodes)))

    def statuses_between(self, start: str, end: str) -> Iterator[tuple[str, ...]]:
        """The smallest sets of statuses that connect the two ends when they stand as fact too."""
        used = {edge.status for edge in self.statements if not edge.asserting}
        open_to = [status for status in ASSERTABLE if status in used]
        if not _connected(self.graph(open_to), start, end):
            return
        for size in range(1, len(open_to) + 1):
            found = [chosen for chosen in combinations(open_to, size) if _connected(self.graph(chosen), start, end)]
            yield from found
            if found:
                return

    def _hop(self, start: str, end: str, everything: bool) -> Hop:
        here = self.between[frozenset((start, end))]
        edges = [edge for edge in here if edge.kind == "statement" and (everything or edge.asserting)]
        if not edges:
            edges = [edge for edge in here if edge.kind == "link"]
        edges.sort(
            key=lambda edge: (not edge.asserting, edge.negated, _RANK.get(edge.status, 0), edge.recorded, edge.iri)
        )
        best = edges[0]
        return Hop(
            start,
            self.labels[start],
            best.label,
            best.source == start,
            end,
            self.labels[end],
            best.status if best.kind == "statement" else MENTIONED,
            tuple(_statement(edge) for edge in edges if edge.kind == "statement"),
        )


def _connected(graph: nx.DiGraph, start: str, end: str) -> bool:
    ends = (start, False), (end, False)
    return all(node in graph for node in ends) and bool(nx.has_path(graph, *ends))


def counts(edge: ViewEdge, included: Iterable[str] = ()) -> bool:
    """Whether a statement stands as fact, or would if statuses were ``included``."""
    return edge.asserting or (edge.status in included and not edge.negated and not edge.condition)


def _statement(edge: ViewEdge) -> HopStatement:
    return HopStatement(
        statement=edge.iri,
        property=edge.label,
        status=edge.status,
        negated=edge.negated,
        stands_as_fact=edge.asserting,
        quotes=edge.quotes,
        source=edge.source_title,
        publisher=edge.source_publisher,
        recorded=edge.recorded,
        said_by=edge.said_by,
        qualifiers=edge.qualifiers,
        condition=edge.condition,
        hedge=edge.hedge,
        file=edge.file,
        line=edge.line,
    )
