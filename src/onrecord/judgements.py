"""Owns what people judged to be the same: ``judgements.yaml``, and what the table is once they are merged.

Leaves the table as the sources wrote it to ``resolve``, and writing the file to ``judge``. A merge
is computed anew from the file each time, so that taking a judgement back restores the dataset;
statements keep their words and their IRIs.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import count, pairwise
from typing import Any

import polars as pl

from onrecord.documents import Mapping as Fields
from onrecord.documents import Node, Scalar, Sequence, parse_yaml
from onrecord.errors import Place, Problems
from onrecord.files import check_inside, read_text
from onrecord.names import Names
from onrecord.nearest import did_you_mean
from onrecord.ontology import UNNAMED_SPEAKER
from onrecord.parse.source import places_of, read_texts
from onrecord.project import JUDGEMENTS, Project
from onrecord.resolve import Resolved, ResolvedEntity
from onrecord.resolve.propositions import distinct_qualifiers, mint_propositions
from onrecord.terms import Minter, iri
from onrecord.times import NotADate, parse_day

VERDICTS = SAME, DIFFERENT, UNSURE = ("same", "different", "unsure")
"""What can be judged of two entities."""

KEYS = ("left", "right", "judgement", "who", "when", "why")
"""The fields of an entry, all of them needed."""

_TERMS = ("subject", "object", "said_at_term", "condition", "proposition")
_LISTS = ("said_by_terms", "said_to_terms", "origin_terms", "via_terms")
_QUALIFIERS = ("restrictive", "additive")


@dataclass(frozen=True, slots=True)
class Judgement:
    """Two entities, by id, and whether somebody holds them to be the same: who, when and why."""

    left: str
    right: str
    judgement: str
    who: str
    when: str
    why: str
    place: Place

    @property
    def pair(self) -> tuple[str, str]:
        """The two ids in order, so that it does not matter which was written first."""
        return (self.left, self.right) if self.left < self.right else (self.right, self.left)

    def as_dict(self) -> dict[str, object]:
        """The judgement as plain values, with where it stands."""
        return {key: getattr(self, key) for key in KEYS} | {"file": self.place.file, "line": self.place.line}


def apply_judgements(resolved: Resolved, project: Project, problems: Problems) -> Resolved:
    """What the graph's judgements make of ``resolved``; problems of the family J are added."""
    return merge(resolved, find_classes(read_judgements(project, resolved.names, problems), resolved.names, problems))


# --- reading


def read_judgements(project: Project, names: Names, problems: Problems) -> list[Judgement]:
    """The judgements of the graph, in the order of the file; none where there is no file.

    An entry that breaks a rule is reported and left out.
    """
    path = project.folder / JUDGEMENTS
    shown = project.name_of(path)
    if not (path.exists() or path.is_symlink()) or not check_inside(path, project.folder, shown, problems):
        return []
    text = read_text(path, shown, problems)
    return [] if text is None else parse_judgements(text, shown, names, problems)


def parse_judgements(text: str, name: str, names: Names, problems: Problems) -> list[Judgement]:
    """The judgements in the text of a file that problems call ``name``."""
    return once(read_entries(text, name, names, problems), problems)


def read_entries(text: str, name: str, names: Names, problems: Problems) -> list[Judgement]:
    """Every entry that makes sense by itself."""
    root = parse_yaml(text, name, problems)
    if root is None:
        return []
    if not isinstance(root, Sequence):
        problems.error("P022", root.place, "this file is a list of judgements", "write  - left: ...")
        return []
    found = (_read(node, names, problems) for node in root.items)
    return [judgement for judgement in found if judgement is not None]


def once(entries: Iterable[Judgement], problems: Problems) -> list[Judgement]:
    """The first entry on each pair of entities; any other is a J003."""
    found: dict[tuple[str, str], Judgement] = {}
    for judgement in entries:
        first = found.setdefault(judgement.pair, judgement)
        if first is not judgement:
            again = "again" if first.judgement == judgement.judgement else f"{judgement.judgement} here"
            problems.error(
                "J003",
                judgement.place,
                f'"{judgement.left}" and "{judgement.right}" are judged {again}, '
                f"and {first.judgement} on line {first.place.line}",
                "keep one of the two entries",
            )
    return list(found.values())


def _read(node: Node, names: Names, problems: Problems) -> Judgement | None:
    if not isinstance(node, Fields):
        problems.error("P022", node.place, "a judgement is a mapping of fields", "write  - left: ...")
        return None
    values = read_texts(node, KEYS, KEYS, "judgement", problems)
    places = places_of(node)
    sound = True
    for key in KEYS:
        value = node.get(key)
        if value is None:
            problems.error("P021", node.place, f'this judgement has no "{key}"', f"write  {key}: ...")
        elif key in ("who", "why") and isinstance(value, Scalar) and value.cut:
            problems.error(
                "P028",
                value.place,
                f'" #" cuts this {key} short: what follows is a comment to YAML',
                f"write the text on a line of its own:\n{key}: |-\n  {value.text} # ...",
            )
        sound = sound and key in values
    for key in ("left", "right"):
        if key in values and address_of(values[key], names) is None:
            sound = False
            fix = _way_to_write(values[key], names)
            problems.error("J002", places[key], f'no entity has the id "{values[key]}"', fix)
    if "when" in values and not _is_day(values["when"]):
        sound = False
        problems.error("J004", places["when"], f'"{values["when"]}" is no day', "write a day, such as 2025-12-17")
    if "judgement" in values and values["judgement"] not in VERDICTS:
        sound = False
        text = values["judgement"]
        fix = did_you_mean(text, VERDICTS) or "write same, different or unsure"
        problems.error("J005", places["judgement"], f'"{text}" is no judgement', fix)
    if sound and values["left"] == values["right"]:
        sound = False
        problems.error(
            "J006", places["right"], f'"{values["left"]}" is judged against itself', "write the id of the other entity"
        )
    return Judgement(**values, place=node.place) if sound else None


def _is_day(text: str) -> bool:
    try:
        parse_day(text)
    except NotADate:
        return False
    return True


def address_of(text: str, names: Names) -> str | None:
    """The IRI of the entity with that id, or of the unnamed speaker ``SOURCE:ID``; merged ones included."""
    address = f"{names.minter.base}entity/{text}"
    return address if address in names.labels else None


def id_of(address: str, names: Names) -> str | None:
    """The id of an entity or a speaker as judgements write it; None for anything else."""
    head = f"{names.minter.base}entity/"
    return address[len(head) :] if address.startswith(head) else None


def _way_to_write(text: str, names: Names) -> str:
    """A fix for an id that is none: the id of what goes by that name, or the nearest ids."""
    found = replace(names, merged={}).entity(text)
    ids = [known for known in (id_of(each, names) for each in (found.iri, *found.choices) if each) if known]
    if ids:
        return "write its id, " + " or ".join(f'"{known}"' for known in ids)
    known = [each for each in (id_of(address, names) for address in names.labels) if each]
    return did_you_mean(text, known) or "write the id of an entity, or SOURCE:ID for an unnamed speaker"


# --- classes


def find_classes(judgements: Iterable[Judgement], names: Names, problems: Problems) -> dict[str, str]:
    """Each entity that another one stands for, by ``same`` judgements and what follows from them.

    From IRI to IRI. The one that stands for its class is an entity of the graph rather than the
    unnamed speaker of a source, and the smallest id among these. A class that a ``different``
    tears apart (J001) is not merged; an ``unsure`` inside a class is a warning (J007).
    """
    links: dict[str, dict[str, int]] = defaultdict(dict)
    doubts = []
    for judgement in judgements:
        if judgement.judgement == SAME:
            links[judgement.left][judgement.right] = judgement.place.line
            links[judgement.right][judgement.left] = judgement.place.line
        else:
            doubts.append(judgement)
    leaders: dict[str, str] = {}
    for start in sorted(links, key=_rank):
        if start not in leaders:
            leaders.update(dict.fromkeys(_reach(start, links), start))
    torn = set()
    for doubt in doubts:
        if doubt.left not in leaders or leaders[doubt.left] != leaders.get(doubt.right):
            continue
        chain = _chain(doubt.left, doubt.right, links)
        if doubt.judgement == DIFFERENT:
            torn.add(leaders[doubt.left])
            problems.error(
                "J001",
                doubt.place,
                f'"{doubt.left}" and "{doubt.right}" are judged different, and the same through {chain}',
                "take back one of these judgements",
            )
        else:
            problems.warning(
                "J007",
                doubt.place,
                f'"{doubt.left}" and "{doubt.right}" are judged unsure, and the same through {chain}',
                "delete this entry, or take back one of the others",
            )
    out = {}
    for member, leader in sorted(leaders.items()):
        old, new = address_of(member, names), address_of(leader, names)
        if member != leader and leader not in torn and old and new:
            out[old] = new
    return out


def _rank(name: str) -> tuple[bool, str]:
    return ":" in name, name


def _reach(start: str, links: Mapping[str, Mapping[str, int]]) -> set[str]:
    seen, waiting = {start}, [start]
    while waiting:
        for neighbour in links[waiting.pop()]:
            if neighbour not in seen:
                seen.add(neighbour)
                waiting.append(neighbour)
    return seen


def _chain(start: str, end: str, links: Mapping[str, Mapping[str, int]]) -> str:
    """The shortest chain of ``same`` judgements from ``start`` to ``end``, in words."""
    before = {start: ""}
    waiting = deque([start])
    while waiting and end not in before:
        here = waiting.popleft()
        for neighbour in sorted(links[here]):
            if neighbour not in before:
                before[neighbour] = here
                waiting.append(neighbour)
    path = [end]
    while before[path[-1]]:
        path.append(before[path[-1]])
    path.reverse()
    return ", ".join(f'"{left}" = "{right}" (line {links[left][right]})' for left, right in pairwise(path))


# --- merging


def merge(resolved: Resolved, classes: Mapping[str, str]) -> Resolved:
    """``resolved`` with one entity in place of each class; ``classes`` as :func:`find_classes` gives them.

    What was there before is not changed. Every name still leads to the entity that stands for it.
    """
    if not classes:
        return resolved
    entities = merge_entities(resolved.entities, classes)
    types = resolved.names.types | {found.iri: found.types for found in entities}
    return replace(
        resolved,
        statements=merge_table(resolved.statements, resolved.names.minter, classes),
        entities=entities,
        names=replace(resolved.names, types=types, merged=dict(classes)),
        standing=None,
    )


def merge_table(table: pl.DataFrame, minter: Minter, classes: Mapping[str, str]) -> pl.DataFrame:
    """The resolved statement table (:data:`onrecord.model.STATEMENT_SCHEMA`) with merged entities.

    The IRIs of propositions that speak of them are minted anew, the innermost first, so that
    statements about one thing meet in one proposition. What was written and the statements' own
    IRIs stay.
    """
    terms = {iri(old): iri(new) for old, new in classes.items()}
    if not terms:
        return table
    terms |= _reminted(table, minter, terms)
    table = table.with_columns(pl.col(_TERMS).replace(terms))
    for column in _LISTS:
        table = _rewritten(table, column, terms)
    for column in _QUALIFIERS:
        table = _rewritten(table, column, terms)
    return table


def _reminted(table: pl.DataFrame, minter: Minter, terms: Mapping[str, str]) -> dict[str, str]:
    """The new IRI of every proposition in which one of ``terms`` stands, at whatever depth."""
    columns = ("row", "proposition", "subject", "predicate", "object", "restrictive")
    distinct = table.select(columns).drop_nulls("proposition").unique("proposition", keep="first", maintain_order=True)
    inside = pl.concat(
        [
            *(distinct.select("proposition", pl.col(end).alias("part")) for end in ("subject", "object")),
            distinct.select("proposition", part=pl.col("restrictive").list.eval(pl.element().struct.field("value")))
            .filter(pl.col("part").list.len() > 0)
            .explode("part"),
        ]
    ).drop_nulls("part")
    nested = inside.filter(pl.col("part").str.starts_with(f"<{minter.proposition_base}"))
    above: dict[str, list[str]] = defaultdict(list)
    for whole, part in nested.iter_rows():
        above[part].append(whole)
    touched = inside.filter(pl.col("part").is_in(list(terms)))["proposition"].unique().sort().to_list()
    depths = _depths(touched, above)
    if not depths:
        return {}
    depth = pl.col("proposition").replace_strict(depths, default=None, return_dtype=pl.Int32)
    levels = distinct.with_columns(depth.alias("depth")).drop_nulls("depth").sort("depth", "row")
    known = dict(terms)
    for level in levels.partition_by("depth", maintain_order=True):
        renamed = _rewritten(level.with_columns(pl.col("subject", "object").replace(known)), "restrictive", known)
        known.update(zip(level["proposition"], mint_propositions(renamed, minter), strict=True))
    return {old: new for old, new in known.items() if old not in terms}


def _depths(touched: Iterable[str], above: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """How many levels of ``touched`` propositions lie below each of them and of those around them."""
    reached = set(touched)
    waiting = sorted(reached)
    below: dict[str, int] = dict.fromkeys(waiting, 0)  # parts that wait to be minted themselves
    while waiting:
        for whole in above.get(waiting.pop(), ()):
            below[whole] = below.get(whole, 0) + 1
            if whole not in reached:
                reached.add(whole)
                waiting.append(whole)
    depths: dict[str, int] = {}
    level = sorted(name for name, parts in below.items() if not parts)
    for depth in count():
        if not level:
            break
        depths.update(dict.fromkeys(level, depth))
        after = []
        for name in level:
            for whole in above.get(name, ()):
                below[whole] -= 1
                if not below[whole]:
                    after.append(whole)
        level = after
    return depths


def _rewritten(table: pl.DataFrame, column: str, terms: Mapping[str, str]) -> pl.DataFrame:
    """The table with ``terms`` replaced in a column of lists, each list as ``resolve`` would leave it."""
    member = pl.element().struct.field("value") if column in _QUALIFIERS else pl.element()
    hit = pl.col(column).list.eval(member.is_in(list(terms))).list.any()
    touched = table.filter(hit).select("row", column)
    if touched.is_empty():
        return table
    new: list[Any] = []
    for values in touched[column].to_list():
        if column in _QUALIFIERS:
            pairs = ({**each, "value": terms.get(each["value"], each["value"])} for each in values)
            new.append(distinct_qualifiers(pairs))
        else:
            renamed = [terms.get(value, value) for value in values]
            new.append(renamed if column == "via_terms" else sorted(set(renamed)))
    fresh = pl.DataFrame({"row": touched["row"], "fresh": pl.Series(new, dtype=table.schema[column])})
    joined = table.join(fresh, on="row", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("fresh", column).alias(column)).drop("fresh")


def merge_entities(entities: Iterable[ResolvedEntity], classes: Mapping[str, str]) -> list[ResolvedEntity]:
    """One entity for each class, in the place of the one that stands for it.

    It keeps its id, label and note, and takes the others' labels and aliases as aliases, their
    types, external ids and notes. Being an unnamed speaker of a source is no type of somebody who
    has a name.
    """
    groups: dict[str, list[ResolvedEntity]] = defaultdict(list)
    order = []
    for found in entities:
        leader = classes.get(found.iri, found.iri)
        groups[leader].append(found)
        if leader == found.iri:
            order.append(leader)
    return [_merged(groups[leader]) for leader in order]


def _merged(members: list[ResolvedEntity]) -> ResolvedEntity:
    if len(members) == 1:
        return members[0]
    first, *others = sorted(members, key=lambda found: (found.source is not None, found.source or "", found.entity.id))
    aliases = [*first.entity.aliases]
    for other in others:
        aliases += [*other.entity.labels, *other.entity.aliases]
    kinds = dict.fromkeys(kind for found in (first, *others) for kind in found.types)
    if first.source is None and len(kinds) > 1:
        kinds.pop(UNNAMED_SPEAKER, None)
    entity = replace(
        first.entity,
        aliases=tuple(name for name in dict.fromkeys(aliases) if name not in first.entity.labels),
        same_as=tuple(dict.fromkeys(address for found in (first, *others) for address in found.entity.same_as)),
        protected=any(found.entity.protected for found in members),
        note="\n".join(dict.fromkeys(found.entity.note for found in (first, *others) if found.entity.note)),
    )
    return replace(first, entity=entity, types=tuple(kinds))
