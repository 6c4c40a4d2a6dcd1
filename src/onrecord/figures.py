"""Owns the figures of a graph: what it counts to, who stands in the middle, who belongs together.

Leaves paths to ``paths`` and sentences to ``coverage``. Equal input gives equal figures: ties are
broken by name, and what draws lots draws them from a fixed seed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import networkx as nx
import polars as pl

from onrecord.build import Loaded
from onrecord.check.evidence import covered_length
from onrecord.coverage import sources_through
from onrecord.lens import Lens, select
from onrecord.lock import Lock, quote_key
from onrecord.model import Source
from onrecord.progress import stage
from onrecord.sources import Span
from onrecord.statuses import STATUSES

SEED = 20251217
"""What communities and estimates draw their lots from."""

EXACT = 1000
"""Up to so many entities betweenness is exact."""

PIVOTS = 200
"""From so many of them, drawn by lot, it is estimated above that."""

OWN_VOICE = "own voice"
"""Stands among the speakers for what a source says itself."""


@dataclass(frozen=True, slots=True)
class Count:
    """How often something occurs: its name, how many statements, how many of them stand as fact."""

    name: str
    iri: str
    statements: int
    as_fact: int


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How many entities of a type the statements speak of."""

    name: str
    iri: str
    entities: int


@dataclass(frozen=True, slots=True)
class Central:
    """An entity in the network: with how many others it is tied, and its share of the shortest paths."""

    name: str
    iri: str
    degree: int
    betweenness: float
    community: int


@dataclass(frozen=True, slots=True)
class Community:
    """Entities more tied to each other than to the rest, the most tied first."""

    number: int
    size: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What ``evidence.lock`` knows of a source's text: sentences, and the share that the quotes take.

    ``news`` are the sentences that are not left out with a reason; None where no text was verified.
    """

    source: str
    news: int | None
    covered: int | None
    quoted: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures. Lists of ``Count`` hold every item; networks and their measures hold the first ``top``."""

    statements: int
    as_fact: int
    propositions: int
    entities: int
    types: tuple[TypeCount, ...]
    statuses: tuple[Count, ...]
    sources: tuple[Count, ...]
    properties: tuple[Count, ...]
    speakers: tuple[Count, ...]
    everything: bool
    nodes: int
    ties: int
    components: int
    pivots: int | None  # betweenness is estimated from so many entities; None: exact
    by_degree: tuple[Central, ...]
    by_betweenness: tuple[Central, ...]
    communities: tuple[Community, ...]
    modularity: float
    coverage: tuple[Coverage, ...]

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain values, as ``--json`` prints them."""
        return asdict(self)


def measure(loaded: Loaded, *, lens: Lens | None = None, everything: bool = False, top: int = 10) -> Figures:
    """The figures of what a lens lets through.

    The network has one node an entity and one tie a pair of entities that a statement connects; a
    stance ties its holder to what it is about. Only what stands as fact makes ties, or, with
    ``everything``, every statement and mention that the lens lets through.
    """
    lens = lens or Lens()
    rows = select(loaded.resolved.statements, lens, loaded.project.policy)
    own = rows.filter(~pl.col("nested")).unique("statement", keep="first", maintain_order=True)
    names = loaded.resolved.names
    label = names.label
    spoken_of = _spoken_of(rows) & {found.iri for found in loaded.resolved.entities}
    graph = project(rows, spoken_of, everything=everything)
    pivots = PIVOTS if len(graph) > EXACT else None
    stage("measuring the network")
    between: dict[str, float] = nx.betweenness_centrality(graph, k=pivots, seed=SEED)
    groups, modularity = _communities(graph)
    number = {node: index for index, group in enumerate(groups, 1) for node in group}
    central = [Central(label(node), node, graph.degree(node), round(between[node], 6), number[node]) for node in graph]
    return Figures(
        statements=own.height,
        as_fact=int(own["asserting"].sum()),
        propositions=rows["proposition"].n_unique(),
        entities=len(spoken_of),
        types=_types(loaded, spoken_of),
        statuses=tuple(
            sorted(
                _counts(own, "status", lambda text: (text, names.ontology.statuses.get(text, ""))),
                key=lambda each: (STATUSES.index(each.name) if each.name in STATUSES else len(STATUSES), each.name),
            )
        ),
        sources=_counts(own, "source", lambda text: (text, names.minter.source(text))),
        properties=_counts(own, "predicate", lambda term: (label(term[1:-1]), term[1:-1])),
        speakers=_counts(
            own.explode("said_by_terms"),
            "said_by_terms",
            lambda term: (label(term[1:-1]), term[1:-1]) if term else (OWN_VOICE, ""),
        ),
        everything=everything,
        nodes=len(graph),
        ties=graph.number_of_edges(),
        components=nx.number_connected_components(graph),
        pivots=pivots,
        by_degree=tuple(sorted(central, key=lambda each: (-each.degree, each.name, each.iri))[:top]),
        by_betweenness=tuple(sorted(central, key=lambda each: (-each.betweenness, each.name, each.iri))[:top]),
        communities=tuple(
            Community(
                index,
                len(group),
                tuple(label(node) for node in sorted(group, key=lambda node: (-graph.degree(node), label(node), node))),
            )
            for index, group in enumerate(groups[:top], 1)
        ),
        modularity=round(modularity, 6),
        coverage=tuple(_coverage(source, rows, loaded.lock) for source in sources_through(loaded, lens)),
    )


def project(rows: pl.DataFrame, entities: Iterable[str], *, everything: bool = False) -> nx.Graph:
    """The network of entities: one tie a connected pair, ``weight`` the number of statements that connect it.

    ``rows`` are a selection by ``lens.select``; ``entities`` are the IRIs that can be nodes. Nodes
    and ties come in the order of their IRIs.
    """
    known = {f"<{address}>" for address in entities}
    parts = {name: ends for name, *ends in rows.select("proposition", "subject", "object").iter_rows()}
    leaves = _leaves(parts, known)
    own = rows.filter(~pl.col("nested")).unique("statement", keep="first", maintain_order=True)
    counted = own if everything else own.filter(pl.col("asserting"))
    found = list(counted.select("subject", "object").iter_rows())
    if everything:
        said = set(own["proposition"])
        found += [(subject, obj) for name, (subject, obj) in parts.items() if name not in said]
    weights: Counter[tuple[str, str]] = Counter()
    for ends in found:
        first, second = (leaves.get(end, {end} & known) for end in ends)
        weights.update({(min(pair), max(pair)) for pair in product(first, second) if pair[0] != pair[1]})
    graph = nx.Graph()
    graph.add_nodes_from(sorted({end[1:-1] for pair in weights for end in pair}))
    for (one, other), weight in sorted(weights.items()):
        graph.add_edge(one[1:-1], other[1:-1], weight=weight)
    return graph


def _leaves(parts: Mapping[str, Iterable[str]], known: set[str]) -> dict[str, set[str]]:
    """The entities that each proposition is about, at whatever depth."""
    done: dict[str, set[str]] = {}
    for start in parts:
        waiting = [start]
        while waiting:
            name = waiting[-1]
            inner = [end for end in parts[name] if end in parts and end not in done]
            if name not in done and not inner:
                done[name] = set().union(*(done.get(end, {end} & known) for end in parts[name]))
            if inner:
                waiting += inner
            else:
                waiting.pop()
    return done


def _communities(graph: nx.Graph) -> tuple[list[list[str]], float]:
    """Louvain's communities, the largest first, and their modularity.

    Nodes go in as numbers: sets of texts have another order in each process.
    """
    if not graph.number_of_edges():
        return [], 0.0
    nodes = list(graph)
    numbered = nx.convert_node_labels_to_integers(graph)
    found = nx.community.louvain_communities(numbered, weight="weight", seed=SEED)
    modularity: float = nx.community.modularity(numbered, found, weight="weight")
    return sorted(
        (sorted(nodes[index] for index in group) for group in found), key=lambda each: (-len(each), each)
    ), modularity


def _spoken_of(rows: pl.DataFrame) -> set[str]:
    """The IRIs of all that the rows name, in whatever place."""
    found: set[str] = set()
    for column in ("subject", "object", "said_at_term"):
        found.update(rows[column].drop_nulls().to_list())
    for column in ("said_by_terms", "via_terms", "said_to_terms", "origin_terms"):
        found.update(rows[column].drop_nulls().explode().drop_nulls().to_list())
    for column in ("restrictive", "additive"):
        values = rows.filter(pl.col(column).list.len() > 0)[column].explode().struct.field("value")
        found.update(values.drop_nulls().to_list())
    return {term[1:-1] for term in found if term.startswith("<")}


def _types(loaded: Loaded, spoken_of: set[str]) -> tuple[TypeCount, ...]:
    names = loaded.resolved.names
    found = Counter(kind for each in spoken_of for kind in names.types.get(each, ()))
    counts = [TypeCount(names.label(kind), kind, number) for kind, number in found.items()]
    return tuple(sorted(counts, key=lambda each: (-each.entities, each.name, each.iri)))


def _counts(own: pl.DataFrame, column: str, name: Callable[[str], tuple[str, str]]) -> tuple[Count, ...]:
    """Statements by the values of a column, the most frequent first."""
    grouped = own.group_by(column).agg(pl.len(), pl.col("asserting").sum())
    counts = [Count(*name(value), number, as_fact) for value, number, as_fact in grouped.iter_rows()]
    return tuple(sorted(counts, key=lambda each: (-each.statements, each.name, each.iri)))


def _coverage(source: Source, rows: pl.DataFrame, lock: Lock) -> Coverage:
    sentences = lock.sentences.get(source.id)
    length = lock.lengths.get(source.id)
    if not sentences or not length:
        return Coverage(source.id, None, None, None)
    own = rows.filter((pl.col("source") == source.id) & ~pl.col("nested") & pl.col("quotes").is_not_null())
    spans: list[Span] = []
    for quotes, prefix, suffix in own.select("quotes", "prefix", "suffix").iter_rows():
        for quote in quotes:
            locked = lock.get(source.id, quote_key(quote, prefix, suffix))
            spans += locked.spans if locked else ()
    wholes = []
    for left in source.left_out:
        locked = lock.get(source.id, quote_key(left.quote))
        if locked and locked.spans:
            wholes.append((locked.spans[0][0], locked.spans[-1][1]))
    covered = set(_touched(sentences, spans))
    left_out = set(_touched(sentences, wholes)) - covered
    return Coverage(source.id, len(sentences) - len(left_out), len(covered), round(covered_length(spans) / length, 6))


def _touched(sentences: list[Span], spans: Iterable[Span]) -> Iterator[int]:
    """The sentences, in the order of the text, into which one of ``spans`` reaches."""
    starts = [start for start, _ in sentences]
    ends = [end for _, end in sentences]
    for first, last in spans:
        yield from range(bisect_right(ends, first), bisect_left(starts, last))
