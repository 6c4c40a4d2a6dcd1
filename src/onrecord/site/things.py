"""Owns the pages of entities, speakers, sources, statements and disagreements.

Leaves what is on record to ``record`` and the other pages to the modules that are named after them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup

from onrecord.site.citation import cite
from onrecord.site.frame import Frame, plural
from onrecord.site.linked import linked
from onrecord.site.page import Maker
from onrecord.site.record import Conflict, Record
from onrecord.site.texts import Texts
from onrecord.view.look import SHAPES, Shape, line_of
from onrecord.view.model import ViewEdge

LEAF = 200
"""So many statements stand on one page; the rest follow on further ones."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a list: where it leads, what it is called, what stands beside it."""

    path: str
    label: str
    note: str = ""
    count: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of a list under one heading."""

    title: str
    anchor: str
    items: Sequence[Item]
    shape: Shape | None = None


def thing_pages(record: Record, frame: Frame, texts: Texts, withheld: Mapping[str, str]) -> dict[str, Maker]:
    """The pages, by path; ``texts`` knows where each source can be read.

    ``withheld`` says by statement why no quote of it is kept, where it had one: "it names", or "they speak of", whom
    nobody is to know.
    """
    makers: dict[str, Maker] = {}
    for iri in sorted(record.entities):
        makers |= _entity_pages(record, frame, iri)
    for name in sorted(record.loaded.resolved.sources):
        makers |= _source_pages(record, frame, name, texts)
    for edge in record.statements.values():
        path = record.addresses.paths[edge.iri]
        makers[path] = partial(_statement_page, record, frame, edge, path, withheld.get(edge.iri, ""))
    for conflict in record.conflicts:
        makers[conflict.path] = partial(_disagreement_page, record, frame, conflict)
    makers["entities.html"] = partial(_entity_list, record, frame)
    makers["sources.html"] = partial(_source_list, record, frame)
    makers["speakers.html"] = partial(_speaker_list, record, frame)
    makers["disagreements.html"] = partial(_disagreement_list, record, frame)
    return makers


def leaves(path: str, count: int) -> list[str]:
    """The pages that a list of ``count`` statements takes, the first at ``path``.

    >>> leaves("entity/rose.html", 201)
    ['entity/rose.html', 'more/entity/rose/2.html']
    """
    further = range(2, (count + LEAF - 1) // LEAF + 1)
    return [path, *(f"more/{path.removesuffix('.html')}/{number}.html" for number in further)]


def _entity_pages(record: Record, frame: Frame, iri: str) -> dict[str, Maker]:
    named, spoken = record.named.get(iri, []), record.spoken.get(iri, [])
    paths = leaves(record.addresses.paths[iri], len(named) + len(spoken))
    return {path: partial(_entity_page, record, frame, iri, paths, number) for number, path in enumerate(paths, 1)}


def _entity_page(record: Record, frame: Frame, iri: str, paths: list[str], number: int) -> bytes:
    found = record.entities[iri].entity
    grouped = record.grouped(record.named.get(iri, []))
    spoken = record.spoken.get(iri, [])
    listed = [(line.name, edge) for line, edges in grouped for edge in edges] + [("", edge) for edge in spoken]
    chosen = listed[(number - 1) * LEAF : number * LEAF]
    shown: defaultdict[str, list[Markup]] = defaultdict(list)
    for name, edge in chosen:
        shown[name].append(record.card(edge))
    names = record.loaded.resolved.names
    others = [text for text, _ in (*found.labels, *found.aliases)]
    label = record.label(iri)
    total = len(listed) - len(spoken)
    conflicts: dict[str, Conflict] = {}
    for edge in record.named.get(iri, ()):
        conflicts |= {conflict.path: conflict for conflict in record.disputed.get(edge.iri, ())}
    return frame.page(
        "entity.html.j2",
        paths[number - 1],
        title=label,
        here="entities.html",
        description=f"What is on record about {label}: {plural(total, 'statement')}, each with its quote.",
        linked=linked(record, iri) if number == 1 else None,
        iri=iri,
        shape=record.shape(iri),
        kinds=[Markup('<a href="{}">{}</a>').format(record.addresses.href(kind), record.label(kind))
               if record.addresses.href(kind) else record.label(kind)
               for kind in names.types.get(iri, ())] or ["thing"],
        names=[text for text in dict.fromkeys(others) if text != label],
        note=found.note,
        same_as=found.same_as,
        groups=[(line, shown[line.name], len(edges)) for line, edges in grouped if line.name in shown],
        spoken=shown.get("", []),
        total=total,
        spoken_total=len(spoken),
        disputes=list(conflicts.values()),
        leaves=paths,
        number=number,
    )  # fmt: skip


def _source_pages(record: Record, frame: Frame, name: str, texts: Texts) -> dict[str, Maker]:
    iri = record.loaded.resolved.names.minter.source(name)
    paths = leaves(record.addresses.paths[iri], len(record.by_source.get(name, ())))
    return {
        path: partial(_source_page, record, frame, name, paths, number, texts) for number, path in enumerate(paths, 1)
    }


def _source_page(record: Record, frame: Frame, name: str, paths: list[str], number: int, texts: Texts) -> bytes:
    resolved = record.loaded.resolved
    source = resolved.sources[name]
    iri = resolved.names.minter.source(name)
    edges = record.by_source.get(name, [])
    return frame.page(
        "source.html.j2",
        paths[number - 1],
        title=source.title or source.id,
        here="sources.html",
        description=f"{plural(len(edges), 'statement')} that {source.title or source.id} puts on record.",
        linked=linked(record, iri) if number == 1 else None,
        source=source,
        iri=iri,
        hash=source.sha256 or record.loaded.lock.texts.get(name, ""),
        withdrawn=next((entry for entry in resolved.withdrawn if entry.source == name), None),
        speakers=[
            Markup("{} <small>{}</small>").format(record.link(speaker), len(record.spoken.get(speaker, ())))
            for speaker in (resolved.names.minter.entity(each.id, name) for each in source.speakers)
        ],
        text=texts.path(name),
        shown=texts.is_whole(name),
        cards=record.cards(edges[(number - 1) * LEAF : number * LEAF]),
        total=len(edges),
        leaves=paths,
        number=number,
    )


def _statement_page(record: Record, frame: Frame, edge: ViewEdge, path: str, withheld: str) -> bytes:
    words = record.told(edge)
    return frame.page(
        "statement.html.j2",
        path,
        title=words,
        here="",
        description=" […] ".join(edge.quotes) or words,
        linked=linked(record, edge.iri, edge.proposition),
        edge=edge,
        line=line_of(edge),
        sentence=record.sentence(f"<{edge.proposition}>"),
        told=list(_told(record, edge)),
        conflicts=record.disputed.get(edge.iri, []),
        others=record.cards(other for other in record.backed[edge.proposition] if other.iri != edge.iri),
        citation=cite(record, edge),
        withheld=withheld,
    )


def _told(record: Record, edge: ViewEdge) -> Iterator[tuple[str, Any]]:
    """The circumstances of a statement: name and words."""

    def joined(name: str) -> Markup:
        return Markup(", ").join(record.people(edge, name))

    source = record.link(record.loaded.resolved.names.minter.source(edge.source_id))
    yield "source", Markup("{}, {}").format(source, edge.source_publisher) if edge.source_publisher else source
    yield "on record since", edge.recorded
    yield "said by", joined("saidBy") or "the source itself"
    yield "via", joined("via")
    yield "comes from", joined("origin") or ", ".join(edge.origin)
    yield "said when", edge.said_when
    yield "said at", joined("saidAt")
    yield "said to", joined("saidTo")
    yield "holds", f"{edge.when_text} ({edge.when})" if edge.when and edge.when_text else edge.when or edge.when_text
    yield "hedge", edge.hedge
    yield "on condition", edge.condition
    narrowed = {record.label(name) for name, _ in edge.narrowed}
    for name, value in edge.qualifiers:
        if name not in narrowed:
            yield name, value
    yield "stands at", edge.locator
    yield "note", edge.note


def _disagreement_page(record: Record, frame: Frame, conflict: Conflict) -> bytes:
    sides = []
    for side in conflict.found.sides:
        known = [record.statements[each.statement] for each in side.statements if each.statement in record.statements]
        sides.append((side.text, record.cards({edge.iri: edge for edge in known}.values())))
    return frame.page(
        "disagreement.html.j2",
        conflict.path,
        title=conflict.title,
        here="disagreements.html",
        description=conflict.found.why,
        found=conflict.found,
        sides=sides,
    )


def _list(frame: Frame, path: str, title: str, lead: str, groups: Iterable[Group], empty: str) -> bytes:
    return frame.page(
        "list.html.j2", path, title=title, here=path, description=lead, lead=lead, groups=list(groups), empty=empty
    )


def _entity_list(record: Record, frame: Frame) -> bytes:
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for iri in record.entities:
        kinds[record.shape(iri).name].append(iri)
    groups = [
        Group(
            shape.legend,
            name,
            [
                Item(
                    record.addresses.paths[iri],
                    record.label(iri),
                    record.kind(iri) if record.kind(iri) != shape.legend else "",
                    f"{len(record.named.get(iri, ())) + len(record.spoken.get(iri, ())):,}",
                )
                for iri in sorted(kinds[name], key=lambda iri: (record.label(iri).casefold(), iri))
            ],
            shape,
        )
        for name, shape in SHAPES.items()
        if name in kinds
    ]
    lead = "Everybody and everything that this graph speaks of; beside each, how many statements name it."
    return _list(frame, "entities.html", "Who and what", lead, groups, "This graph has no entities.")


def _source_list(record: Record, frame: Frame) -> bytes:
    sources = sorted(record.loaded.resolved.sources.values(), key=lambda source: (source.published, source.id))
    items = [
        Item(
            record.addresses.paths[record.loaded.resolved.names.minter.source(source.id)],
            source.title or source.id,
            ", ".join(part for part in (source.publisher, source.published) if part),
            f"{len(record.by_source.get(source.id, ())):,}",
        )
        for source in sources
    ]
    groups = [Group("", "all", items)] if items else []
    lead = "The documents that put things on record, the oldest first; beside each, its statements."
    return _list(frame, "sources.html", "Sources", lead, groups, "This graph has no sources.")


def _speaker_list(record: Record, frame: Frame) -> bytes:
    speakers = [iri for iri in record.spoken if iri in record.addresses.paths]
    unnamed = {iri for iri in speakers if (found := record.entities.get(iri)) and found.source}

    def items(chosen: Iterable[str]) -> list[Item]:
        ordered = sorted(chosen, key=lambda iri: (-len(record.spoken[iri]), record.label(iri).casefold(), iri))
        return [_speaker(record, iri) for iri in ordered]

    groups = [
        Group(title, name, items(chosen))
        for title, name, chosen in (
            ("Named", "named", set(speakers) - unnamed),
            ("Left unnamed by their source", "unnamed", unnamed),
        )
        if chosen
    ]
    lead = "On whose word statements rest: who said them, passed them on, or where they came from."
    empty = "Every statement of this graph is in its source's own voice."
    return _list(frame, "speakers.html", "Speakers", lead, groups, empty)


def _speaker(record: Record, iri: str) -> Item:
    path = f"{record.addresses.paths[iri]}#says"
    return Item(path, record.label(iri), _of(record, iri), f"{len(record.spoken[iri]):,}")


def _of(record: Record, iri: str) -> str:
    """The source that leaves a speaker unnamed."""
    found = record.entities.get(iri)
    source = record.loaded.resolved.sources.get(found.source or "") if found else None
    return (source.publisher or source.title or source.id) if source else ""


def _disagreement_list(record: Record, frame: Frame) -> bytes:
    groups = [
        Group(
            title,
            kind,
            [Item(conflict.path, conflict.title, conflict.found.why) for conflict in record.conflicts
             if conflict.found.kind == kind],
        )
        for kind, title in (("conflict", "Cannot both be so"), ("possible", "Possible disagreements"))
    ]  # fmt: skip
    lead = "What the record says both ways. The sides stand next to each other; nothing is resolved."
    kept = [group for group in groups if group.items]
    return _list(frame, "disagreements.html", "Disagreements", lead, kept, "Nothing in it contradicts anything else.")


def newest(record: Record, count: int) -> list[ViewEdge]:
    """The statements that went on record last, those of one day in the order of their sources."""
    days = sorted({edge.recorded for edge in record.statements.values()}, reverse=True)
    by_day: defaultdict[str, list[ViewEdge]] = defaultdict(list)
    for edge in record.statements.values():
        by_day[edge.recorded].append(edge)
    return [edge for day in days for edge in by_day[day]][:count]
