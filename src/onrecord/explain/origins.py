"""Owns where statements come from: the independent origins of a proposition, as a range with the reasons.

Leaves what is counted together to ``corroboration``. A statement reaches its source on a *path*:
speakers, then ``origin``, then ``via``. Statements whose paths share somebody have one origin, and
so have those of somebody and of the one whose words they give (``links.origin_links``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onrecord.explain.evidence import Evidence
from onrecord.explain.links import Links
from onrecord.ontology import UNNAMED_SPEAKER
from onrecord.resolve import Resolved
from onrecord.terms import iri

EXACT = 24
"""Up to so many paths of one group, the most that share nobody are found exactly; above, one by one."""

_FEW = 64
"""So many sets are compared with each other: a set may hold thousands, all those for whom somebody speaks."""


@dataclass(frozen=True, slots=True)
class OriginGroup:
    """Statements with one origin, or with origins that cannot be told apart for certain.

    ``why`` says what joins them; ``doubt`` why the group may have its origin in common with another.
    """

    origin: str
    possibly: int
    certain: bool
    statements: tuple[Evidence, ...]
    why: tuple[str, ...] = ()
    doubt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Voice:
    """One way on which a statement's words came: who stands on it, furthest from the source first."""

    statement: int
    path: tuple[tuple[str, ...], ...]
    nodes: frozenset[str]  # the path, those for whom it speaks, and sources that it may stand for
    own: bool  # the source itself, with nobody behind it


class Origins:
    """Counts the independent origins of the statements of one proposition."""

    def __init__(self, resolved: Resolved, links: Links) -> None:
        self.names = resolved.names
        self.links = links
        self.publisher: dict[str, str] = {}  # source term -> publisher as written
        self.published: dict[str, list[str]] = defaultdict(list)  # publisher's term -> source terms
        self.source_origin: dict[str, tuple[str, ...]] = {}
        self.declared = {iri(found.iri) for found in resolved.entities if found.source}
        self._unnamed: dict[str, bool] = {}
        for source in resolved.sources.values():
            here = iri(self.names.minter.source(source.id))
            self.publisher[here] = source.publisher
            found = [self.names.entity(text, source.id).iri for text in source.origin]
            self.source_origin[source.id] = tuple(sorted({iri(address) for address in found if address}))
            known = self.names.by_name.get(source.publisher, ()) if source.publisher else ()
            if len(known) == 1:
                self.published[iri(known[0])].append(here)

    def count(self, rows: list[dict[str, Any]], evidence: list[Evidence]) -> tuple[tuple[OriginGroup, ...], int]:
        """The groups of statements that share an origin, and how many are certainly independent."""
        voices = list(self._voices(rows))
        if len(voices) == 1:
            return (OriginGroup(self._name(voices), 1, True, tuple(evidence)),), 1
        out: list[OriginGroup] = []
        certainly = 0
        for group, possibly, doubt in self._weighed(voices, rows):
            certainly += not doubt
            members = sorted({voice.statement for voice in group})
            out.append(
                OriginGroup(
                    origin=self._name(group),
                    possibly=possibly,
                    certain=not doubt,
                    statements=tuple(evidence[index] for index in members),
                    why=tuple(self._why(group)) if len(group) > 1 else (),
                    doubt=tuple(doubt),
                )
            )
        if len(out) == 1:
            out[0] = OriginGroup(out[0].origin, out[0].possibly, True, out[0].statements, out[0].why)
        out.sort(
            key=lambda group: (not group.certain, -len(group.statements), group.origin, group.statements[0].source)
        )
        return tuple(out), max(1, certainly)

    def bounds(self, rows: list[dict[str, Any]]) -> tuple[int, int]:
        """How many origins the statements have, certainly and possibly: the numbers of :meth:`count`."""
        voices = list(self._voices(rows))
        if len(voices) == 1:
            return 1, 1
        weighed = [(possibly, not doubt) for _, possibly, doubt in self._weighed(voices, rows)]
        return max(1, sum(sure for _, sure in weighed)), sum(possibly for possibly, _ in weighed)

    def _weighed(
        self, voices: list[_Voice], rows: list[dict[str, Any]]
    ) -> Iterator[tuple[list[_Voice], int, list[str]]]:
        """The voices in groups that share an origin, each with the most that it may be, and what makes it uncertain."""
        attributed = {rows[voice.statement]["source"] for voice in voices if not voice.own}
        certain: set[str] = set()
        for number, group in enumerate(_joined(voices)):
            doubt = self._doubt(group, rows, attributed)
            publisher = self.publisher.get(group[0].path[0][0], "") if all(voice.own for voice in group) else ""
            key = f"published by {publisher}" if publisher else f"group {number}"
            if not doubt and key in certain:
                doubt = [f"another article of {publisher} says so too"]
            if not doubt:
                certain.add(key)
            yield group, len(_apart([voice.nodes for voice in group])) if len(group) > 1 else 1, doubt

    def _voices(self, rows: list[dict[str, Any]]) -> Iterator[_Voice]:
        paths = [path for index, row in enumerate(rows) for path in self._paths(index, row)]
        voices = {path[0][0] for _, path, own in paths if own}
        for index, path, own in paths:
            nodes = frozenset(node for level in path for node in level)
            yield _Voice(index, path, self._behind(nodes, voices) if len(paths) > 1 else nodes, own)

    def _behind(self, nodes: frozenset[str], sources: set[str]) -> frozenset[str]:
        """Those for whom ``nodes`` speak, and those of ``sources`` that they publish."""
        found = frozenset().union(*map(self.links.reached, nodes)) if len(nodes) > 1 else self.links.reached(*nodes)
        known = [here for node, here in self.published.items() if node in nodes or node in found]
        published = sources.intersection(*[set().union(*known)]) if known else None
        return found | published if published else found

    def _paths(self, index: int, row: Mapping[str, Any]) -> Iterator[tuple[int, tuple[tuple[str, ...], ...], bool]]:
        speakers = tuple(row["said_by_terms"] or ())
        origins = tuple(row["origin_terms"] or self.source_origin.get(row["source"], ()))
        via = tuple(row["via_terms"] or ())
        if speakers and not origins and not via:
            for speaker in speakers:
                yield index, ((speaker,),), False
        elif origins and not speakers and not via:
            for origin in origins:
                yield index, ((origin,),), False
        elif speakers or origins or via:
            levels = (speakers, origins, *((node,) for node in via))
            yield index, tuple(level for level in levels if level), False
        else:
            yield index, ((iri(row["source_iri"]),),), True

    def is_unnamed(self, node: str) -> bool:
        """Whether nobody can tell who ``node`` is, nor for whom it speaks."""
        if node not in self._unnamed:
            self._unnamed[node] = all(self._hides(each) for each in (node, *self.links.reached(node)))
        return self._unnamed[node]

    def _hides(self, node: str) -> bool:
        types = self.names.types.get(node[1:-1], ())
        return node in self.declared or self.names.ontology.is_a(types, UNNAMED_SPEAKER)

    def _doubt(self, group: list[_Voice], rows: list[dict[str, Any]], attributed: set[str]) -> list[str]:
        """Why the origin of the group may also be that of another group; nothing where it cannot."""
        if all(voice.own for voice in group):
            source = rows[group[0].statement]["source"]
            return ["it may have it from those whom it names"] if source in attributed else []
        hidden: set[str] = set()
        behind: set[str] = set()  # who may have it from somebody unnamed
        for voice in group:
            seen = False
            for level in voice.path:
                behind |= set(level) if seen else set()
                found = {node for node in level if self.is_unnamed(node)}
                hidden |= found
                seen = seen or bool(found)
        if any(not hidden & _on(voice) and not behind & set(voice.path[0]) for voice in group):
            return []
        who = ", ".join(sorted({self._label(node) for node in hidden}))
        return [f"{'' if who == self._name(group) else who + ': '}unnamed, may be one of the others"]

    def _name(self, group: list[_Voice]) -> str:
        """The names of those in whom all paths of the group meet, furthest from the sources; else of all firsts."""
        common = frozenset.intersection(*(voice.nodes for voice in group))
        for level in group[0].path:
            here = sorted(self._label(node) for node in level if self.links.one(node) in common)
            if here:
                return ", ".join(here)
        if common:
            return self._label(min(common))
        return ", ".join(sorted({self._label(node) for voice in group for node in voice.path[0]}))

    def _why(self, group: list[_Voice]) -> Iterator[str]:
        """What the paths of the group have in common."""
        on_paths: dict[str, set[int]] = defaultdict(set)
        for voice in group:
            for node in voice.nodes:
                on_paths[node].add(voice.statement)
        own = {voice.path[0][0] for voice in group if voice.own}
        for node in sorted(on_paths, key=lambda node: (-len(on_paths[node]), self._label(node), node)):
            if len(on_paths[node]) > 1 and (node not in own or not self._cites(group, node)):
                yield f"{len(on_paths[node])} statements come from or through {self._label(node)}"
        said = {
            step
            for voice in group
            for node in _on(voice)
            for end in self._ends(node, on_paths)
            for step in self.links.steps(node, end)
        }
        yield from sorted(said)
        for publisher in sorted(set(on_paths) & set(self.published)):
            for source in sorted(own.intersection(self.published[publisher])):
                yield f"{self._label(source)} is published by {self._label(publisher)}"

    def _ends(self, node: str, on_paths: Mapping[str, set[int]]) -> list[str]:
        """Those above ``node`` in whom several statements meet; where a circle does, its members on the paths."""
        ends = [end for end in self.links.reached(node) if len(on_paths.get(end, ())) > 1]
        return sorted(set(ends) - {node})

    def _cites(self, group: list[_Voice], node: str) -> bool:
        """Whether a source is in the group only as what its publisher, named by others, put out."""
        return any(node in voice.nodes and node not in _on(voice) for voice in group)

    def _label(self, node: str) -> str:
        address = node[1:-1]
        return self.names.source_ids.get(address) or self.names.label(address)


def _on(voice: _Voice) -> set[str]:
    return {node for level in voice.path for node in level}


def _joined(voices: list[_Voice]) -> list[list[_Voice]]:
    """The voices in groups: two that share somebody are in one, directly or through others."""
    same = _meeting(list(dict.fromkeys(voice.nodes for voice in voices)))
    groups: dict[frozenset[str], list[_Voice]] = defaultdict(list)
    for voice in voices:
        groups[same(voice.nodes)].append(voice)
    return list(groups.values())


def _meeting(sets: list[frozenset[str]]) -> Callable[[frozenset[str]], frozenset[str]]:
    """Which of the sets stands for all that share a member with one of them, directly or through others."""
    parent = {one: one for one in sets}

    def find(one: frozenset[str]) -> frozenset[str]:
        while parent[one] is not one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    if len(sets) <= _FEW:
        for one, others in _clashes(sets).items():
            for other in others:
                parent[find(other)] = find(one)
        return find
    holder: dict[str, frozenset[str]] = {}
    for one in sets:
        for node in one:
            parent[find(holder.setdefault(node, one))] = find(one)
    return find


def _clashes(sets: list[frozenset[str]]) -> dict[frozenset[str], set[frozenset[str]]]:
    """Which of a few sets share a member with each of them; two by two, which is quick however large they are."""
    found: dict[frozenset[str], set[frozenset[str]]] = {one: set() for one in sets}
    for number, one in enumerate(sets):
        for other in sets[:number]:
            if not one.isdisjoint(other):
                found[one].add(other)
                found[other].add(one)
    return found


def _apart(sets: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """As many of ``sets`` as possible that share nothing.

    >>> sorted(map(sorted, _apart([frozenset("ab"), frozenset("b"), frozenset("cb"), frozenset("d")])))
    [['b'], ['d']]
    """
    distinct = _in_order(set(sets))
    least: list[frozenset[str]] = []
    if len(distinct) <= _FEW:
        for one in distinct:
            if not any(small <= one for small in least):
                least.append(one)
    else:
        often = Counter(node for one in distinct for node in one)
        known: dict[str, list[frozenset[str]]] = defaultdict(list)  # by the rarest node, so that no list is long
        for one in distinct:
            if not any(small <= one for node in one for small in known[node]):
                least.append(one)
                known[min(one, key=lambda node: (often[node], node))].append(one)
    if len(least) <= _FEW:
        sharing = {one for one, others in _clashes(least).items() if others}
    else:
        often = Counter(node for one in least for node in one)
        sharing = {one for one in least if any(often[node] > 1 for node in one)}
    free = [one for one in least if one not in sharing]
    rest = [one for one in least if one in sharing]
    if len(rest) > EXACT:
        return free + _many(rest)
    return free + _most(set(rest), _clashes(rest))


def _in_order(sets: set[frozenset[str]]) -> list[frozenset[str]]:
    """From small to large; those of one size by their members, which are looked at only there."""
    by_size: dict[int, list[frozenset[str]]] = defaultdict(list)
    for one in sets:
        by_size[len(one)].append(one)
    found: list[frozenset[str]] = []
    for _, same in sorted(by_size.items()):
        found += sorted(same, key=sorted) if len(same) > 1 else same
    return found


def _most(open_: set[frozenset[str]], clashes: Mapping[frozenset[str], set[frozenset[str]]]) -> list[frozenset[str]]:
    """The largest choice without a clash."""
    if not open_:
        return []
    busiest = max(open_, key=lambda one: (len(clashes[one] & open_), sorted(one)))
    beside = clashes[busiest] & open_
    if not beside:
        return sorted(open_, key=sorted)
    with_it = [busiest, *_most(open_ - beside - {busiest}, clashes)]
    without = _most(open_ - {busiest}, clashes)
    return with_it if len(with_it) >= len(without) else without


def _many(sets: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """A choice that shares nothing, each taken in turn where nothing of it is taken yet."""
    chosen = []
    taken: set[str] = set()
    for one in sets:
        if taken.isdisjoint(one):
            chosen.append(one)
            taken |= one
    return chosen
