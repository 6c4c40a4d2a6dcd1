"""Owns the names of very many entities as a table, and the few of them that a unit of work needs.

Leaves joining the two to the engines. What a unit does not mention it never holds: more names than it
needs change nothing, fewer would.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from onrecord.errors import Place
from onrecord.model import Entity
from onrecord.names import NEAR, Names
from onrecord.nearest import nearest_in_pieces
from onrecord.ontology import UNNAMED_SPEAKER
from onrecord.parse import Parsed
from onrecord.resolve import Resolved
from onrecord.scale.frames import read_frame, scan_frames

ALIASES = "aliases.parquet"
"""The table of all names, among the files of units."""

BROADCAST = 200_000
"""So many names are read by every process of a cluster, for some seconds and some 100 MB each; more are joined to
the units that mention them."""

BACKERS = "backers.parquet"
"""The table of entities that everybody reads, whichever names it mentions: no name of theirs is joined for that."""

ASKED = pl.Schema({"name": pl.String, "entity": pl.String, "means": pl.Boolean})
"""Columns of the table: a name, an entity as JSON, and whether the name means it or only has to know of it."""

_PIECE = 100_000  # names in memory at once while looking for those like an unknown one


def count_names(parsed: Parsed) -> int:
    """How many rows a table of all names would have, about."""
    return sum(1 + len(entity.labels) + len(entity.aliases) for entity in parsed.entities)


def list_aliases(resolved: Resolved, entities: Iterable[Entity]) -> pl.DataFrame:
    """The table of all names, by name; ``resolved`` has the sources and judgements of the graph, and all names."""
    names = resolved.names
    ids = {names.minter.entity(entity.id): entity.id for entity in entities}
    told = {names.minter.entity(entity.id): _told(entity) for entity in entities}
    rows = []
    for name, mean in names.by_name.items():
        beside = {other for iri in mean for other in names.by_name[ids[iri]]}  # whether an id says which one is meant
        rows += [(name, told[iri], iri in mean) for iri in beside.union(mean)]
    return pl.DataFrame(rows, schema=ASKED, orient="row").sort("name", "entity")


def list_backers(resolved: Resolved, entities: Iterable[Entity]) -> pl.DataFrame:
    """The entities of judgements, those that sources rest on, and those by which origins are told apart.

    They are all that is looked up beside the names that rows mention: see ``judgements``, and
    :class:`onrecord.explain.origins.Origins` for those that publish sources or cannot be identified.
    """
    names = resolved.names
    every = {kind for types in names.types.values() for kind in types}
    unnamed = {kind for kind in every if names.ontology.is_a((kind,), UNNAMED_SPEAKER)}
    backers = {*names.merged, *names.merged.values()}
    for source in resolved.sources.values():
        backers.update(iri for text in source.origin for iri in names.choices(text, source.id))
        backers.update(names.by_name.get(source.publisher, ()))
    backers.update(iri for iri, types in names.types.items() if not unnamed.isdisjoint(types))
    rows = [(one.id, _told(one), True) for one in entities if names.minter.entity(one.id) in backers]
    return pl.DataFrame(rows, schema=ASKED, orient="row").sort("name", "entity")


def names_in(rows: pl.DataFrame, names: Names) -> list[str]:
    """Every text in rows as written that may be the name of an entity."""
    takes = (found for found in names.ontology.properties.values() if found.takes_literal)
    literal = {found.iri for found in takes}
    values = [text for text in rows["predicate_text"].unique() if text and names.property(text).iri in literal]
    named = pl.col("predicate_text").is_in(values).fill_null(False)
    qualifiers = rows["qualifiers"].explode().drop_nulls()
    parts = [
        rows["subject_text"],
        rows.filter(~named)["object_text"],
        rows["said_at"],
        *(rows[column].explode() for column in ("said_by", "via", "said_to", "origin")),
        *([qualifiers.struct.field("value")] if len(qualifiers) else []),
    ]
    texts = pl.concat([part.rename("name").cast(pl.String) for part in parts]).drop_nulls().unique()
    home = names.minter.entity("")
    expanded = (names.expand(text) or "" for text in texts.filter(texts.str.contains(":", literal=True)))
    return sorted({*texts, *(iri.removeprefix(home) for iri in expanded if iri.startswith(home))})


def read_asked(*paths: Path) -> list[Entity]:
    """The entities of tables of names, each once."""
    found = pl.concat([read_frame(path)["entity"] for path in paths]).unique(maintain_order=True).to_list()
    return [_entity(json.loads(text)) for text in found]


@dataclass(slots=True)
class PartNames(Names):
    """The names of a graph of which those of a unit are in memory, and all others in a table on disk."""

    table: Path = Path()

    def _near(self, text: str, more: Iterable[str]) -> list[str]:
        return nearest_in_pieces(text, chain([list(more)], self._pieces()), NEAR)

    def _meant(self, names: Iterable[str]) -> Mapping[str, Iterable[str]]:
        rows = scan_frames([self.table]).filter(pl.col("name").is_in(list(names)) & pl.col("means")).collect()
        found: dict[str, list[str]] = {}
        for name, text in rows.select("name", "entity").iter_rows():
            found.setdefault(name, []).append(self.minter.entity(json.loads(text)["id"]))
        return found

    def _pieces(self) -> Iterator[list[str]]:
        column = scan_frames([self.table]).filter(pl.col("means")).select("name")
        at = 0
        while len(piece := column.slice(at, _PIECE).collect()["name"]):
            yield piece.to_list()
            at += _PIECE


def _told(entity: Entity) -> str:
    kept = {key: getattr(entity, key) for key in ("id", "types", "labels", "aliases")}
    return json.dumps(kept, ensure_ascii=False)


def _entity(fields: Mapping[str, Any]) -> Entity:
    def pairs(key: str) -> tuple[tuple[str, str], ...]:
        return tuple((text, language) for text, language in fields[key])

    return Entity(fields["id"], Place(""), tuple(fields["types"]), pairs("labels"), pairs("aliases"))
