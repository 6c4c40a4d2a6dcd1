"""Owns what of a dataset has to be made anew: the part that follows from the rows that changed since the last build.

Leaves making quads to ``assemble`` and changing the store to ``store``. The tables of the two builds are compared
column by column, all rows but those that ``resolve.before`` took from the last one, so that it makes no difference why
a row changed: its file, a statement that it refers to, the day on which its source was published. What stands beside
the statement files has to be the same.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from onrecord.assemble import (
    QUADS,
    SOURCES_SAY,
    TYPE,
    common_parts,
    describe,
    direct_triples,
    quad_parts,
    to_nquads,
)
from onrecord.files import sha256_hex
from onrecord.infer import entail, entail_near, rules_of
from onrecord.kept import Keep, Kept
from onrecord.lens import Lens, select
from onrecord.lock import Lock
from onrecord.parse.before import MOST_ROWS, ROWS
from onrecord.project import Project
from onrecord.resolve import Resolved
from onrecord.resolve.before import (
    Standing,
    describe_sources,
    keep_rows,
    merged_nodes,
    resolved_rows,
    seen_rows,
)
from onrecord.store import Difference, Scope
from onrecord.tally import Tally
from onrecord.terms import DC, DCTERMS, OA, ONR, OWL, PROV, RDF, RDFS, SCHEMA, SKOS, VOID, iri
from onrecord.written import interchangeable, typed_literals

_INFERRED, _TYPED = "inferred quads", "typed literals"
_GIVEN = tuple(iri(space)[:-1] for space in (RDF, RDFS, OWL, SKOS, DC, DCTERMS, SCHEMA, VOID, PROV, OA, ONR))
"""What the properties begin with that sources, entities and ontologies are described by."""
_OF_FACTS = (
    *("row", "nested", "status", "negated", "said_by_terms", "condition", "withdrawn_day", "statement"),
    *("proposition", "subject", "predicate", "object", "restrictive", "additive"),
)
"""The columns that tell what stands as fact."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a dataset: where it stands, its quads, and what is kept of all quads beside them."""

    scope: Scope
    quads: pl.DataFrame
    graphs: Mapping[str, int]
    typed: pl.DataFrame
    inferred: pl.DataFrame
    counted: bool
    """Whether the store is known to hold as many quads as there are in ``graphs``."""

    @property
    def whole(self) -> int:
        """How many quads the dataset had that this is a part of."""
        return sum(self.graphs.values())

    def tally(self, difference: Difference) -> Tally:
        """What there is to tell of the whole dataset, once the store took the part in."""
        graphs = Counter(self.graphs)
        graphs.update(difference.graphs)
        return Tally(+graphs, self.typed, self.inferred, counted=True)


@dataclass(frozen=True, slots=True)
class Changes:
    """What is not as in the build that ``whole`` names, in rows, and what may follow from that."""

    whole: str
    old: pl.DataFrame
    new: pl.DataFrame
    sources: frozenset[str]
    described: frozenset[str]
    """The sources of which something else is said than before; those that came and went are among them."""
    redescribed: bool
    """Whether one of them was there and still is: its speakers may have other names."""
    propositions: frozenset[str]

    @property
    def chosen(self) -> pl.Expr:
        """The rows, of both tables, that quads can differ of."""
        return pl.col("source").is_in(sorted(self.sources)) | pl.col("proposition").is_in(sorted(self.propositions))


def find_changes(resolved: Resolved, kept: Kept, *, surroundings: str) -> Changes | None:
    """What changed since the build that ``kept`` is of; None where anything may have.

    ``surroundings`` names what stands beside the statement files, as :func:`onrecord.kept.surroundings` does;
    empty where they are not known.
    """
    if not surroundings or kept.facts.get("surroundings") != surroundings:
        return None
    old, new = resolved_rows(kept), seen_rows(resolved)
    if old is None or old.schema != new.schema:
        return None
    told, tells = kept.facts["sources"], describe_sources(resolved.sources)
    described = _different(told, tells)
    names, merged = resolved.names, {*kept.facts["merged"], *merged_nodes(resolved.names)}
    if any(node.startswith(names.minter.entity("", name)) for node in merged for name in described):
        return None  # what is said of a speaker is said of the entity that it was merged with
    standing = resolved.standing
    is_known = standing is not None and standing.whole == kept.whole and standing.before.len() == new.height
    sources = described | _changed_sources(*_without_standing(old, new, standing if is_known else None))
    again = described & told.keys() & tells.keys()
    renamed = [iri(names.minter.source(name)) for name in again]
    renamed += [iri(found.iri) for found in resolved.entities if found.source in again]
    start = pl.col("source").is_in(sorted(sources)) | _names_one_of(renamed)
    links = pl.concat(rows.select(*_LINKS, start.fill_null(False).alias("start")) for rows in (old, new))
    propositions = _tied_together(links, f"<{names.minter.proposition_base}")
    return Changes(
        whole=kept.whole,
        old=old,
        new=new,
        sources=frozenset(sources),
        described=frozenset(described),
        redescribed=bool(again),
        propositions=frozenset(propositions),
    )


def _names_one_of(nodes: Sequence[str]) -> pl.Expr:
    """Whether one of ``nodes`` stands in the label of a row's proposition."""
    if not nodes:
        return pl.lit(False)
    within = pl.col("restrictive").list.eval(pl.element().struct.field("value").is_in(nodes)).list.any()
    return pl.col("subject").is_in(nodes) | pl.col("object").is_in(nodes) | within.fill_null(False)


def find_part(
    resolved: Resolved,
    lock: Lock,
    project: Project,
    described: pl.DataFrame | None,
    kept: Kept,
    changes: Changes | None,
    *,
    inference: bool,
    store: str,
) -> Part | None:
    """The part of the dataset that is not as in the build that ``kept`` is of; None where all of it may be.

    ``described`` is what :func:`onrecord.assemble.describe` makes of the graph, where that is at hand. ``store`` names
    the store that is there: what was kept of another one says nothing of it.
    """
    typed, inferred = kept.table(_TYPED), kept.table(_INFERRED)
    if kept.facts.get("store") != store:
        return None
    if changes is None or typed is None or inferred is None or kept.facts.get("inference") != inference:
        return None
    old, new, sources, propositions = changes.old, changes.new, changes.sources, changes.propositions
    before, now = (select(rows.select(_OF_FACTS), Lens(), project.policy) for rows in (old, new))
    if _is_about_itself(before, resolved) or _is_about_itself(now, resolved):
        return None
    said_of_sources = _reached(before, resolved) | _reached(now, resolved) if changes.described else set[str]()
    if not said_of_sources.isdisjoint(SOURCES_SAY):
        return None  # what follows may have stood in a source's description, or come to stand there
    minter, chosen = resolved.names.minter, changes.chosen
    said = iri(minter.graph("propositions"))
    heads = frozenset(iri(minter.graph(f"source/{source}")) for source in sources)
    quads = _quads_of(select(new.filter(chosen), Lens(), project.policy), resolved, lock, project, sources)
    quads = quads.filter(pl.col("graph").is_in([*heads, said, iri(minter.graph("asserted"))]))
    direct = [_direct(rows.filter(chosen).with_columns(asserting=pl.lit(True)), resolved) for rows in (old, new)]
    fresh = inferred
    if inference:
        same = kept.facts["speakers"] == _speakers(resolved)
        described = describe(resolved, lock, project) if described is None else described
        near = _entailed(before, now, quads, described, inferred, resolved, project) if same else None
        if near is not None:
            fresh = near
        else:
            whole = select(new, Lens(), project.policy)
            parts = [described, *common_parts(whole, resolved, lock, project, described)]  # statements entail nothing
            fresh = entail(pl.concat(part.select(QUADS.names()) for part in parts), whole, resolved)
    gone, come = _without(inferred, fresh), _without(fresh, inferred)
    single = pl.concat([*direct, gone, come]).unique()
    alike = interchangeable(new["object"].unique())
    if alike and not alike.isdisjoint(single["object"]):
        return None
    scope = Scope(heads, ((said, propositions),), to_nquads(single))
    others = typed.filter(~pl.col("graph").is_in([*heads, *_shared(resolved)]))
    typed = pl.concat([others, *(typed_literals(part) for part in (quads, fresh, _values(now, resolved)))]).unique()
    return Part(scope, pl.concat([quads, come]), kept.facts["graphs"], typed, fresh, kept.facts["counted"])


def _entailed(
    before: pl.DataFrame,
    now: pl.DataFrame,
    quads: pl.DataFrame,
    described: pl.DataFrame,
    inferred: pl.DataFrame,
    resolved: Resolved,
    project: Project,
) -> pl.DataFrame | None:
    """What follows from the rows as they are ``now``; None where there is no telling but from all that there is.

    ``inferred`` is what followed ``before``.
    """
    policy = project.policy
    if not policy.own_voice | policy.speaker <= {"stated", "confirmed"}:
        return None
    old, new = (_direct(rows, resolved) for rows in (before, now))
    lost, won = _without(old, new), _without(new, old)
    if lost.is_empty() and won.is_empty():
        return inferred
    described = described.select(QUADS.names())
    entities = [iri(found.iri) for found in resolved.entities]
    types = described.filter((pl.col("predicate") == TYPE) & pl.col("subject").is_in(entities))
    base, known = pl.concat([new, types]), pl.concat([described, quads])
    return entail_near(base, lost, won, known, inferred, resolved)


def _direct(rows: pl.DataFrame, resolved: Resolved) -> pl.DataFrame:
    """What stands as fact, as quads."""
    names = resolved.names
    return direct_triples(rows, names.ontology, names.minter).select(QUADS.names()).unique()


def keep_for_next(
    resolved: Resolved, tally: Tally, read: Keep, *, surroundings: str, inference: bool, store: str
) -> Keep:
    """What :func:`find_part` needs of a build; nothing of a very large one, or where ``surroundings`` is not known.

    ``read`` is what is kept of the files, ``store`` names the store that was made.
    """
    if not surroundings or resolved.statements.height > MOST_ROWS:
        return Keep()
    facts = {
        "inference": inference,
        "graphs": tally.graphs,
        "counted": tally.counted,
        "store": store,
        "speakers": _speakers(resolved),
    }
    rows = keep_rows(resolved, read.tables.get(ROWS), surroundings=surroundings)
    return rows | Keep({_TYPED: tally.typed, _INFERRED: tally.inferred}, facts)


def _values(rows: pl.DataFrame, resolved: Resolved) -> pl.DataFrame:
    """The objects and the values of restrictive qualifiers of ``rows``, as they stand among the propositions."""
    narrowed = rows.filter(pl.col("restrictive").list.len() > 0)["restrictive"].explode().struct.field("value")
    objects = pl.concat([rows["object"], narrowed.rename("object")])
    return pl.DataFrame({"object": objects.unique()}).with_columns(graph=pl.lit(_shared(resolved)[0]))


def _shared(resolved: Resolved) -> list[str]:
    """The graphs that hold something of every source."""
    return [iri(resolved.names.minter.graph(name)) for name in ("propositions", "asserted", "inferred")]


def _without_standing(
    old: pl.DataFrame, new: pl.DataFrame, standing: Standing | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of both tables of which it is not known yet that they are the same in the other."""
    if standing is None:
        return old, new
    here = pl.int_range(old.height, dtype=pl.UInt32, eager=True)
    return old.filter(~here.is_in(standing.before.drop_nulls().implode())), new.filter(standing.is_due)


def _changed_sources(old: pl.DataFrame, new: pl.DataFrame) -> set[str]:
    """The sources of all rows that are not the same in both tables, file by file and row by row."""
    counts = old.group_by("file").len().join(new.group_by("file").len(), on=["file", "len"])
    same = pl.col("file").is_in(counts["file"].implode())
    left, right = old.filter(same), new.filter(same)
    if not left["file"].equals(right["file"]):
        left, right, same = old.clear(), new.clear(), pl.lit(False)
    differs = pl.select(
        pl.any_horizontal(left[name].ne_missing(right[name]) for name in old.columns if name != "row")
    ).to_series()
    parts = [old.filter(~same), new.filter(~same), left.filter(differs), right.filter(differs)]
    return {name for part in parts for name in part["source"].unique()}


_LINKS = ("proposition", "subject", "object", "condition", "restrictive", "additive")


def _tied_together(rows: pl.DataFrame, head: str) -> set[str]:
    """The propositions of the rows marked ``start``, all that mention them or that they mention, and so on."""
    ends = [rows.select("proposition", pl.col(name).alias("other")) for name in ("subject", "object", "condition")]
    for name in ("restrictive", "additive"):
        values = rows.filter(pl.col(name).list.len() > 0).select("proposition", name).explode(name)
        ends.append(values.select("proposition", pl.col(name).struct.field("value").alias("other")))
    links: dict[str, set[str]] = {}
    known = pl.concat(ends).filter(pl.col("other").str.starts_with(head)).drop_nulls("proposition")
    for one, other in known.unique().iter_rows():
        links.setdefault(one, set()).add(other)
        links.setdefault(other, set()).add(one)
    found = set(rows.filter("start")["proposition"].drop_nulls().unique())
    waiting = list(found)
    while waiting:
        more = links.get(waiting.pop(), set()) - found
        found |= more
        waiting += more
    return found


def _quads_of(
    rows: pl.DataFrame, resolved: Resolved, lock: Lock, project: Project, sources: Collection[str]
) -> pl.DataFrame:
    """The quads of ``rows`` that a lens let through, those of statements for some ``sources`` only."""
    if not sources:
        return pl.DataFrame(schema=QUADS)
    some = replace(
        resolved,
        sources={name: source for name, source in resolved.sources.items() if name in sources},
        entities=[found for found in resolved.entities if found.source in sources],
    )
    return pl.concat(part.select(QUADS.names()) for part in quad_parts(rows, some, lock, project))


def _is_about_itself(rows: pl.DataFrame, resolved: Resolved) -> bool:
    """Whether a fact may stand in a graph that describes something: then it stands there alone."""
    used = {predicate for triples in resolved.names.ontology.graphs.values() for _, predicate, _ in triples}
    return any(predicate in used or predicate.startswith(_GIVEN) for predicate in _asserted(rows))


def _reached(rows: pl.DataFrame, resolved: Resolved) -> set[str]:
    """The properties of what may follow from ``rows``."""
    return rules_of(resolved).reached(_asserted(rows))


def _asserted(rows: pl.DataFrame) -> pl.Series:
    """The properties of the rows that stand as fact."""
    return rows.select("asserting", "predicate").filter("asserting")["predicate"].unique()


def _speakers(resolved: Resolved) -> str:
    """One hash over the sources and the types of their unnamed speakers, which inference starts from too."""
    types = sorted((found.iri, found.types) for found in resolved.entities if found.source)
    return sha256_hex(json.dumps([sorted(resolved.sources), types]).encode())


def _different(old: Mapping[str, str], new: Mapping[str, str]) -> set[str]:
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def _without(quads: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    return quads.join(others, on=QUADS.names(), how="anti").select(QUADS.names())
