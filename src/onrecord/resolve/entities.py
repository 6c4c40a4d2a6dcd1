"""Owns the entities, unnamed speakers and sources of a graph as things with IRIs.

Leaves the names in statements to ``columns``.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass, replace

from onrecord.errors import Problems
from onrecord.model import Entity, Source
from onrecord.names import Found, Names, report_name
from onrecord.ontology import UNNAMED_SPEAKER
from onrecord.parse import Parsed
from onrecord.terms import is_language
from onrecord.times import NotADate, parse_day


@dataclass(frozen=True, slots=True)
class ResolvedEntity:
    """An entity with its IRI and its classes' IRIs; ``source`` is set for an unnamed speaker."""

    iri: str
    entity: Entity
    types: tuple[str, ...]
    source: str | None = None


def resolve_entities(parsed: Parsed, names: Names, language: str, problems: Problems) -> list[ResolvedEntity]:
    """Mint every entity and unnamed speaker, and make their names known to ``names``."""
    out: list[ResolvedEntity] = []
    first: dict[str, Entity] = {}
    for entity in parsed.entities:
        if entity.id in first:
            problems.error(
                "R003",
                entity.place_of("id"),
                f'the id "{entity.id}" stands twice; the first is in {first[entity.id].place_of("id")}',
                "give each entity its own id, or merge the two",
            )
            continue
        first[entity.id] = entity
        types = []
        for index, text in enumerate(entity.types):
            found = names.type(text)
            if found.iri is None:
                place = entity.places.get(f"type.{index}") or entity.place_of("type")
                report_name(found, text, "classes", place, names, problems)
            else:
                types.append(found.iri)
        address = names.minter.entity(entity.id)
        names.add_entity(entity, address, types)
        out.append(ResolvedEntity(address, entity, tuple(types)))
    for source in parsed.sources.values():
        speaker_types = {}
        for speaker in source.speakers:
            found = names.type(speaker.type) if speaker.type else Found(UNNAMED_SPEAKER)
            if found.iri is None:
                report_name(found, speaker.type, "classes", speaker.place, names, problems)
            speaker_types[speaker.id] = found.iri or UNNAMED_SPEAKER
        names.add_source(source, speaker_types)
        for speaker in source.speakers:
            entity = Entity(
                speaker.id,
                speaker.place,
                (speaker.type,),
                ((speaker.label, source.language or language),),
                note=speaker.note,
                protected=speaker.protected or source.protected,
            )
            address = names.minter.entity(speaker.id, source.id)
            out.append(ResolvedEntity(address, entity, (speaker_types[speaker.id],), source.id))
    return out


def check_origins(parsed: Parsed, names: Names, problems: Problems) -> None:
    """Report every origin of a source that no entity is called."""
    for source in parsed.sources.values():
        for index, text in enumerate(source.origin):
            found = names.entity(text, source.id)
            if found.iri is None:
                place = source.places.get(f"origin.{index}") or source.place_of("origin")
                report_name(found, text, "entities", place, names, problems)


def tagged(source: Source, problems: Problems) -> Source:
    """The source with a language that literals can carry, or none."""
    if not source.language or is_language(source.language):
        return source
    problems.error(
        "R011",
        source.place_of("language"),
        f'"{source.language}" is no language tag',
        "write a tag of BCP 47, such as en or pt-BR",
    )
    return replace(source, language="")


def published_day(source: Source, zone: str) -> dt.date | None:
    """The day on which a source was published, in the graph's time zone; None if it says none."""
    return day_of(source.published, zone)


_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
"""A day with its time: of all that ISO 8601 allows, what people write."""


def day_of(text: str, zone: str) -> dt.date | None:
    """The day of a day, or of a moment in a time zone; None where ``text`` is neither."""
    try:
        return parse_day(text)
    except NotADate:
        pass
    if not _MOMENT.fullmatch(text):
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
        return (moment.astimezone(zoneinfo.ZoneInfo(zone)) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError):  # no moment, or one that the zone moves out of the years 1 to 9999
        return None
