"""Owns how well a proposition is backed: articles, and independent origins as a range, with the reasons.

Leaves which rows count to ``lens``, what statuses weigh to the ontology, and who says otherwise to
``disagreements``. A statement reaches its source on a *path*: speakers, then ``origin``, then ``via``.
Statements whose paths share somebody have one origin, and so have those of somebody and of the one
whose words they give (a property that the ontology types ``onr:OriginLink``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import networkx as nx
import polars as pl

from onrecord.assemble import proposition_labels
from onrecord.errors import OnRecordError
from onrecord.infer import read_rules
from onrecord.names import Names
from onrecord.nearest import did_you_mean
from onrecord.ontology import UNNAMED_SPEAKER, Ontology
from onrecord.resolve import Resolved
from onrecord.terms import ONR, RDF, iri, literal, split_term

COLUMNS = (
    "statement",
    "proposition",
    "status",
    "negated",
    "source",
    "recorded_day",
    "quotes",
    "said_by_terms",
    "origin_terms",
    "via_terms",
    "hedge",
    "condition",
    "when",
    "file",
    "line",
)
"""What of the statement table goes into :class:`Evidence`."""

FAR = 3
"""A reason names at most so many steps from one to the one for whom he speaks."""

EXACT = 24
"""Up to so many paths of one group, the most that share nobody are found exactly; above, one by one."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A statement with what a reader needs to judge it; names are labels, days are ISO text."""

    statement: str
    text: str  # the proposition in words, with "not:" before it where it is denied or negated
    status: str
    against: bool
    source: str
    title: str
    recorded: str
    quotes: tuple[str, ...] = ()
    said_by: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    hedge: str = ""
    condition: str = ""
    when: str = ""
    file: str = ""
    line: int = 0

    @property
    def path(self) -> str:
        """Who it comes from, in words: ``said by Ansel Grome, via Bram Ostler``."""
        parts = [
            f"{word} {', '.join(names)}"
            for word, names in (("said by", self.said_by), ("from", self.origin), ("via", self.via))
            if names
        ]
        return ", ".join(parts) or "in its own voice"

    def as_dict(self) -> dict[str, Any]:
        """The statement as plain values, as ``--json`` prints it."""
        return asdict(self)


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
class Corroboration:
    """What stands behind a proposition, for or against it, within a class of status.

    ``certainly`` and ``possibly`` bound the number of independent origins. A statement on a
    condition backs only what stands on the same condition.
    """

    proposition: str
    text: str
    against: bool
    status_class: str
    condition: str
    status: str  # the firmest
    articles: tuple[str, ...]  # ids of the sources
    certainly: int
    possibly: int
    first: str
    last: str
    origins: tuple[OriginGroup, ...]

    @property
    def phrase(self) -> str:
        """The count in words.

        >>> count_words(2, 1, 1), count_words(1, 1, 2)
        ('2 articles, 1 origin', '1 article, 1 to 2 origins')
        """
        return count_words(len(self.articles), self.certainly, self.possibly)

    def as_dict(self) -> dict[str, Any]:
        """The finding as plain values, as ``--json`` prints it."""
        return {**asdict(self), "phrase": self.phrase}


def count_words(articles: int, certainly: int, possibly: int) -> str:
    """``2 articles, 1 origin``; a range where it is not certain."""
    origins = str(certainly) if certainly == possibly else f"{certainly} to {possibly}"
    return f"{articles} article{'s' * (articles != 1)}, {origins} origin{'s' * (possibly != 1)}"


def corroborate(
    rows: pl.DataFrame, resolved: Resolved, *, subject: str = "", predicate: str = "", obj: str = ""
) -> list[Corroboration]:
    """Each proposition that ``rows`` (a selection by ``lens.select``) put, with what backs it.

    ``subject``, ``predicate`` and ``obj`` keep the propositions with that part, written by any name;
    an object may also be a value. Best backed first. What is only mentioned backs nothing.

    :raises OnRecordError: for a name that the graph does not know, or that means several things.
    """
    weights = read_weights(resolved.names.ontology)
    own = statements_once(rows).filter(pl.col("status").is_in(sorted(weights.classes)))
    own = own.filter(*_parts(resolved.names, subject, predicate, obj))
    own = own.with_columns(
        (pl.col("negated") | (pl.col("status") == "denied")).alias("against"),
        pl.col("status").replace_strict(weights.classes, default=None, return_dtype=pl.String).alias("class"),
        pl.col("condition").fill_null("").alias("if"),
    ).sort("proposition", "against", "class", "if", "recorded_day", "source", "statement")
    teller = Teller(rows, resolved)
    origins = _Origins(resolved, origin_links(rows, resolved))
    found = []
    for _, group in groupby(
        own.select(*COLUMNS, "source_iri", "against", "class", "if").iter_rows(named=True),
        lambda row: (row["proposition"], row["against"], row["class"], row["if"]),
    ):
        found.append(_weigh(list(group), weights, teller, origins))
    return sorted(
        found,
        key=lambda one: (
            -len(one.articles),
            -one.certainly,
            -one.possibly,
            one.text,
            one.status_class,
            one.condition,
            one.proposition,
        ),
    )


def _weigh(rows: list[dict[str, Any]], weights: Weights, teller: Teller, origins: _Origins) -> Corroboration:
    head = rows[0]
    evidence = [teller.evidence(row) for row in rows]
    groups, certainly = origins.count(rows, evidence)
    days = [row["recorded_day"] for row in rows if row["recorded_day"]]
    return Corroboration(
        proposition=head["proposition"][1:-1],
        text=evidence[0].text,
        against=head["against"],
        status_class=head["class"],
        condition=evidence[0].condition,
        status=max((row["status"] for row in rows), key=lambda status: (weights.strength.get(status, 0), status)),
        articles=tuple(sorted({row["source"] for row in rows})),
        certainly=certainly,
        possibly=sum(group.possibly for group in groups),
        first=str(min(days)) if days else "",
        last=str(max(days)) if days else "",
        origins=groups,
    )


def _parts(names: Names, subject: str, predicate: str, obj: str) -> Iterator[pl.Expr]:
    """Conditions on the parts of a proposition that were written down."""
    if subject:
        yield pl.col("subject") == iri(_entity(names, subject))
    if predicate:
        found = names.property(predicate)
        if found.iri is None:
            raise OnRecordError(_unknown("property", predicate, found.nearest, found.choices, names))
        yield pl.col("predicate") == iri(found.iri)
    if obj:
        hit = names.entity(obj)
        value = pl.col("object").str.starts_with(literal(obj))
        if hit.iri:
            value = value | (pl.col("object") == iri(hit.iri))
        yield value


def _entity(names: Names, text: str) -> str:
    found = names.entity(text)
    if found.iri is None:
        raise OnRecordError(_unknown("entity", text, found.nearest, found.choices, names))
    return found.iri


def _unknown(kind: str, text: str, nearest: Iterable[str], choices: Iterable[str], names: Names) -> str:
    meant = [names.choose(choice) for choice in choices]
    if meant:
        return f'"{text}" names {len(meant)} things: write {" or ".join(meant)}'
    fix = did_you_mean(text, nearest)
    return f'no {kind} is called "{text}"' + (f": {fix}" if fix else "")


# --- what the ontology says


@dataclass(frozen=True, slots=True)
class Weights:
    """The classes in which statuses are counted together, and how firm each status is."""

    classes: Mapping[str, str]
    strength: Mapping[str, int]


def read_weights(ontology: Ontology) -> Weights:
    """The weights that ``onr:statusClass`` and ``onr:strength`` give to the statuses."""
    labels = {iri(address): label for label, address in ontology.statuses.items()}
    classes = {
        labels[status]: ontology.label(value[1:-1])
        for status, value in ontology_pairs(ontology, f"{ONR}statusClass")
        if status in labels
    }
    strength = {
        labels[status]: int(split_term(value)[1])
        for status, value in ontology_pairs(ontology, f"{ONR}strength")
        if status in labels
    }
    return Weights(classes, strength)


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
    names = resolved.names
    carriers = sorted(below(names.ontology, properties))
    plain = pl.col("restrictive").list.len().fill_null(0) == 0
    facts = rows.filter(pl.col("asserting") & plain & pl.col("predicate").is_in(carriers))
    words: dict[tuple[str, str], str] = {}
    for subject, predicate, obj in facts.select("subject", "predicate", "object").unique().sort(pl.all()).iter_rows():
        if obj.startswith("<") and subject != obj:
            parts = (names.label(term[1:-1]) for term in (subject, predicate, obj))
            words.setdefault((subject, obj), " ".join(parts))
    return Links(words)


# --- statements as evidence


def statements_once(rows: pl.DataFrame) -> pl.DataFrame:
    """Each statement of ``rows`` once, with all its quotes and the first day on which it was recorded."""
    own = rows.filter(~pl.col("nested") & pl.col("statement").is_not_null())
    twice = own.filter(pl.col("statement").is_duplicated())
    if twice.is_empty():
        return own
    merged = twice.group_by("statement", maintain_order=True).agg(
        pl.exclude("quotes", "recorded_day").first(),
        pl.col("quotes").explode().drop_nulls().unique(maintain_order=True),
        pl.col("recorded_day").min(),
    )
    once = own.filter(~pl.col("statement").is_duplicated())
    return pl.concat([once, merged.select(once.columns)]).sort("row")


class Teller:
    """Turns rows into :class:`Evidence`; labels of propositions are made when first asked for."""

    def __init__(self, rows: pl.DataFrame, resolved: Resolved) -> None:
        self._rows = rows
        self._resolved = resolved
        self._labels: dict[str, str] | None = None

    def words(self, term: str) -> str:
        """A term in words: a label, a literal's text, a proposition's sentence."""
        if term.startswith('"'):
            return split_term(term)[1]
        labels = self._proposition_labels()
        return labels[term] if term in labels else self._resolved.names.label(term[1:-1])

    def _proposition_labels(self) -> dict[str, str]:
        if self._labels is None:
            rows = self._rows.unique("proposition", keep="first", maintain_order=True)
            self._labels = proposition_labels(rows, self._resolved)
        return self._labels

    def evidence(self, row: Mapping[str, Any]) -> Evidence:
        """The statement of a row."""
        against = row["negated"] or row["status"] == "denied"
        text = self.words(row["proposition"])
        source = self._resolved.sources.get(row["source"])
        said_by, origin, via = row["said_by_terms"], row["origin_terms"], row["via_terms"]
        return Evidence(
            statement=row["statement"][1:-1],
            text=f"not: {text}" if against else text,
            status=row["status"],
            against=against,
            source=row["source"],
            title=source.title if source else "",
            recorded=str(row["recorded_day"] or ""),
            quotes=tuple(row["quotes"] or ()),
            said_by=tuple(map(self.words, said_by)) if said_by else (),
            origin=tuple(map(self.words, origin)) if origin else (),
            via=tuple(map(self.words, via)) if via else (),
            hedge=row["hedge"] or "",
            condition=self.words(row["condition"]) if row["condition"] else "",
            when=row["when"] or "",
            file=row["file"],
            line=row["line"],
        )


# --- origins


@dataclass(frozen=True, slots=True)
class _Voice:
    """One way on which a statement's words came: who stands on it, furthest from the source first."""

    statement: int
    path: tuple[tuple[str, ...], ...]
    nodes: frozenset[str]  # the path, those for whom it speaks, and sources that it may stand for
    own: bool  # the source itself, with nobody behind it


class _Origins:
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
        groups = _joined(voices)
        attributed = {rows[voice.statement]["source"] for voice in voices if not voice.own}
        certain: set[str] = set()
        out: list[OriginGroup] = []
        for group in groups:
            doubt = self._doubt(group, rows, attributed)
            publisher = self.publisher.get(group[0].path[0][0], "") if all(voice.own for voice in group) else ""
            key = f"published by {publisher}" if publisher else f"group {len(out)}"
            if not doubt and key in certain:
                doubt = [f"another article of {publisher} says so too"]
            if not doubt:
                certain.add(key)
            members = sorted({voice.statement for voice in group})
            out.append(
                OriginGroup(
                    origin=self._name(group),
                    possibly=len(_apart([voice.nodes for voice in group])) if len(group) > 1 else 1,
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
        return tuple(out), max(1, len(certain))

    def _voices(self, rows: list[dict[str, Any]]) -> Iterator[_Voice]:
        paths = [path for index, row in enumerate(rows) for path in self._paths(index, row)]
        voices = {path[0][0] for _, path, own in paths if own}
        for index, path, own in paths:
            nodes = {node for level in path for node in level}
            found: set[str] = set()
            if len(paths) > 1:
                found.update(*(self.links.reached(node) for node in nodes))
                found.update(*(voices.intersection(self.published.get(node, ())) for node in nodes | found))
            yield _Voice(index, path, frozenset(found or nodes), own)

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
    parent: dict[str, str] = {}

    def find(node: str) -> str:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for voice in voices:
        first, *rest = sorted(voice.nodes)
        for node in rest:
            parent[find(node)] = find(first)
    groups: dict[str, list[_Voice]] = defaultdict(list)
    for voice in voices:
        groups[find(min(voice.nodes))].append(voice)
    return list(groups.values())


def _apart(sets: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """As many of ``sets`` as possible that share nothing.

    >>> sorted(map(sorted, _apart([frozenset("ab"), frozenset("b"), frozenset("cb"), frozenset("d")])))
    [['b'], ['d']]
    """
    distinct = sorted(set(sets), key=lambda each: (len(each), sorted(each)))
    often = Counter(node for one in distinct for node in one)
    least: list[frozenset[str]] = []
    known: dict[str, list[frozenset[str]]] = defaultdict(list)  # by the rarest node, so that no list is long
    for one in distinct:
        if not any(small <= one for node in one for small in known[node]):
            least.append(one)
            known[min(one, key=lambda node: (often[node], node))].append(one)
    holders: dict[str, list[frozenset[str]]] = defaultdict(list)
    for one in least:
        for node in one:
            holders[node].append(one)
    free = [one for one in least if all(len(holders[node]) == 1 for node in one)]
    rest = [one for one in least if any(len(holders[node]) > 1 for node in one)]
    if len(rest) > EXACT:
        return free + _many(rest)
    clashes = {one: {other for node in one for other in holders[node]} - {one} for one in rest}
    return free + _most(set(rest), clashes)


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
