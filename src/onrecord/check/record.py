"""Owns the rules on statements and entities as such: what a careful editor would catch.

Leaves quotes to ``evidence`` and the shapes of the ontologies to ``shapes``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

import polars as pl

from onrecord.errors import Place, Problems, Severity
from onrecord.lens import asserting
from onrecord.model import statements_only
from onrecord.nearest import did_you_mean
from onrecord.ontology import PROPOSITION, PROVISION
from onrecord.progress import each
from onrecord.project import Project
from onrecord.resolve import Resolved, published_day
from onrecord.resolve.entities import day_of
from onrecord.statuses import STATUSES
from onrecord.terms import ONR, XSD, split_term
from onrecord.times import NotADate, parse_day
from onrecord.withdrawn import check_withdrawn, first_days

_UNREAD = ("qualifiers", "origin", "via_terms", "said_at_term", "said_to_terms", "origin_terms", "note", "curator")
"""Columns that no rule on statements looks at."""
_DISTANCE = re.compile(r"\b(reportedly|allegedly|purportedly|supposedly|expected to|set to|likely to)\b", re.IGNORECASE)
_LEXICAL = {
    f"{XSD}integer": re.compile(r"[+-]?[0-9]+"),
    f"{XSD}nonNegativeInteger": re.compile(r"\+?[0-9]+|-0+"),
    f"{XSD}positiveInteger": re.compile(r"\+?0*[1-9][0-9]*"),
    f"{XSD}decimal": re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"),
    f"{XSD}double": re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?INF|NaN"),
    f"{XSD}boolean": re.compile(r"true|false|1|0"),
    f"{XSD}gYear": re.compile(r"-?[0-9]{4,}(Z|[+-][0-9][0-9]:[0-9][0-9])?"),
    f"{XSD}gYearMonth": re.compile(r"-?[0-9]{4,}-(0[1-9]|1[0-2])(Z|[+-][0-9][0-9]:[0-9][0-9])?"),
    f"{XSD}dateTime": re.compile(
        r"-?[0-9]{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T(([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?|24:00:00)"
        r"(Z|[+-][0-9][0-9]:[0-9][0-9])?"
    ),
}


def check_record(resolved: Resolved, project: Project, problems: Problems) -> None:
    """Run every rule of the family C; each looks at the whole table and reports the rows that break it."""
    table = statements_only(resolved.statements.drop(_UNREAD))
    said = (_statuses, _speakers, _quotes, _duplicates, _times, _self_reference, _distance)
    mentioned = (_stances, _domains, _ranges, _literals)
    for rule in each((*said, *mentioned), "checking the record", "rules"):
        rule(table if rule in said else resolved.statements, resolved, project, problems)
    check_withdrawn(resolved.withdrawn, first_days(table), problems)
    _sources(resolved, project, problems)
    _entities(resolved, project, problems)


def _report(
    rows: pl.DataFrame,
    columns: Iterable[str],
    resolved: Resolved,
    field: str,
) -> Iterable[tuple[Place, tuple[object, ...]]]:
    """The place of ``field`` and the values of ``columns`` for each row."""
    for row, *values in rows.select("row", *columns).iter_rows():
        yield resolved.places.of(row, field), tuple(values)


def _statuses(table: pl.DataFrame, resolved: Resolved, _: Project, problems: Problems) -> None:
    known = sorted(resolved.names.ontology.statuses) or list(STATUSES)
    for place, (status,) in _report(table.filter(~pl.col("status").is_in(known)), ["status"], resolved, "status"):
        problems.error(
            "C001",
            place,
            f'there is no status "{status}"',
            did_you_mean(str(status), known) or f"the statuses are: {', '.join(STATUSES)}",
        )
    both = table.filter((pl.col("status") == "denied") & pl.col("negated"))
    for place, _values in _report(both, [], resolved, "not"):
        problems.error(
            "C002",
            place,
            '"denied" already asserts the negation',
            "delete  not: true  , or write another status if the denial itself is negated",
        )


def _speakers(table: pl.DataFrame, resolved: Resolved, _: Project, problems: Problems) -> None:
    mute = table.filter(pl.col("status").is_in(["claimed", "denied"]) & pl.col("said_by").is_null())
    for place, (status,) in _report(mute, ["status"], resolved, "status"):
        problems.error(
            "C003", place, f'"{status}" needs somebody who says so', "write  said by: ...  , or another status"
        )
    chain = table.filter(pl.col("via").is_not_null() & pl.col("said_by").is_null())
    for place, _values in _report(chain, [], resolved, "via"):
        problems.warning("C004", place, '"via" names who passed words on, but nobody said them', "write  said by: ...")
    act = table.filter(
        pl.col("said_by").is_null()
        & (pl.col("said_when").is_not_null() | pl.col("said_at").is_not_null() | pl.col("said_to").is_not_null())
    )
    for row, when, at in act.select("row", "said_when", "said_at").iter_rows():
        field = "said when" if when else "said at" if at else "said to"
        problems.warning("C005", resolved.places.of(row, field), f'"{field}" has no speaker', "write  said by: ...")


def _quotes(table: pl.DataFrame, resolved: Resolved, project: Project, problems: Problems) -> None:
    bare = table.filter(pl.col("quotes").is_null())
    for row, locator in bare.select("row", "locator").iter_rows():
        if locator is None:
            problems.error(
                "C006",
                resolved.places.of(row),
                "this statement has no quote",
                "write  quote:  with the words that support it, or a locator where the source has no words",
            )
    framed = bare.filter(pl.col("prefix").is_not_null() | pl.col("suffix").is_not_null())
    for row, prefix in framed.select("row", "prefix").iter_rows():
        field = "prefix" if prefix else "suffix"
        problems.warning(
            "C007", resolved.places.of(row, field), f'"{field}" without a quote has no meaning', "write the quote"
        )
    foreign = table.filter(
        pl.col("quotes").is_not_null()
        & pl.col("translation").is_null()
        & ~pl.col("language").str.split("-").list.first().is_in([tag.split("-")[0] for tag in project.languages])
    )
    for place, (language,) in _report(foreign, ["language"], resolved, "quote"):
        problems.info("C008", place, f"the quote is in {language} and has no translation", "write  translation: ...")


def _duplicates(table: pl.DataFrame, resolved: Resolved, _: Project, problems: Problems) -> None:
    """The same statement twice; the same claim with another quote is merged and fine."""
    quotes = pl.col("quotes").list.sort().list.join("\x1e").fill_null("")
    merged = table.filter(pl.col("statement").is_not_null() & pl.col("statement").is_duplicated())
    keyed = merged.select("row", pl.concat_str("statement", quotes, separator="\x1f").alias("key"))
    twice = keyed.filter(pl.col("key").is_duplicated())
    first: dict[str, int] = {}
    for row, text in twice.sort("row").iter_rows():
        if text not in first:
            first[text] = row
            continue
        place = resolved.places.of(row)
        earlier = resolved.places.of(first[text])
        if place != earlier:
            problems.warning("C009", place, f"the same statement stands in {earlier}", "delete one of them")


def _times(table: pl.DataFrame, resolved: Resolved, project: Project, problems: Problems) -> None:
    days = {
        source.id: day
        for source in resolved.sources.values()
        if (day := published_day(source, project.time_zone)) is not None
    }
    given = table.filter(pl.col("recorded").is_not_null() & pl.col("recorded_day").is_not_null())
    for row, source_id, day in given.select("row", "source", "recorded_day").iter_rows():
        published = days.get(source_id)
        if published is not None and day < published:
            problems.error(
                "C010",
                resolved.places.of(row, "recorded"),
                f"recorded on {day}, before its source was published on {published}",
                "correct one of the two days",
            )
    for row, text, day in (
        table.filter(pl.col("said_when").is_not_null()).select("row", "said_when", "recorded_day").iter_rows()
    ):
        if day is not None and text[:10] > day.isoformat() and text[:4].isdigit():
            problems.error(
                "C011",
                resolved.places.of(row, "said when"),
                f"said on {text}, after it went on record on {day}",
                "correct one of the two days",
            )
    wordless = table.filter(pl.col("when_text").is_not_null() & pl.col("when").is_null())
    for place, (words,) in _report(wordless, ["when_text"], resolved, "when text"):
        problems.info(
            "C012", place, f'"{words}" is not resolved to a date', "write  when:  in EDTF if the text settles it"
        )


def _self_reference(table: pl.DataFrame, resolved: Resolved, _: Project, problems: Problems) -> None:
    same = table.filter(pl.col("subject") == pl.col("object"))
    for place, (text,) in _report(same, ["subject_text"], resolved, "object"):
        problems.warning("C013", place, f'"{text}" is both subject and object', "write whom or what it is said of")


def _distance(table: pl.DataFrame, resolved: Resolved, project: Project, problems: Problems) -> None:
    """A statement that stands as fact on words that keep a distance."""
    stances = sorted(f"<{prop.iri}>" for prop in resolved.names.ontology.properties.values() if prop.stance)
    is_firm = (
        asserting(project.policy)
        & pl.col("hedge").is_null()
        & pl.col("language").str.starts_with("en")
        & ~pl.col("predicate").is_in(stances)
        & pl.col("quotes").is_not_null()
    )
    firm = table.select("row", "quotes", is_firm.alias("firm")).filter("firm")
    spans = firm.select("row", "quotes").explode("quotes")
    kept_away = spans.filter(pl.col("quotes").str.contains(f"(?i){_DISTANCE.pattern}"))["row"].unique().to_list()
    for row, quotes in firm.filter(pl.col("row").is_in(kept_away)).select("row", "quotes").iter_rows():
        for index, quote in enumerate(quotes):
            match = _DISTANCE.search(quote)
            if match:
                problems.warning(
                    "C014",
                    resolved.places.of(row, f"quote.{index}"),
                    f'stated as fact, while the quote says "{match[0]}"',
                    "write  status: expected  , or  hedge:  with the word if the fact itself is not hedged",
                )


def _types(term: str, resolved: Resolved) -> tuple[str, ...] | None:
    """The classes of a term; None where nothing is known of it."""
    if not term.startswith("<"):
        return None
    address = term[1:-1]
    if address.startswith(resolved.names.minter.proposition_base):
        return (PROPOSITION,)
    if address in resolved.names.source_ids:
        return (f"{ONR}Source",)
    return resolved.names.types.get(address) or None


def _stances(table: pl.DataFrame, resolved: Resolved, _: Project, problems: Problems) -> None:
    ontology = resolved.names.ontology
    stances = sorted(f"<{prop.iri}>" for prop in ontology.properties.values() if prop.stance)
    held = table.filter(pl.col("predicate").is_in(stances) & pl.col("object").is_not_null())
    bad = [
        term
        for term in held["object"].unique()
        if (types := _types(term, resolved)) and types != (PROPOSITION,) and not ontology.is_a(types, PROVISION)
    ]
    wrong = held.filter(pl.col("object").is_in(bad))
    for place, (predicate, text) in _report(wrong, ["predicate", "object_text"], resolved, "object"):
        label = ontology.label(str(predicate)[1:-1])
        problems.error(
            "C015",
            place,
            f'"{label}" is a stance: it is held on a proposition or a provision, and "{text}" is neither',
            f"write what is meant: [subject, {label}, [{text}, ..., ...]], or give {text} a type below provision",
        )


def _domains(table: pl.DataFrame, resolved: Resolved, _: Project, problems: Problems) -> None:
    _check_ends(table, resolved, problems, "subject", "C016")


def _ranges(table: pl.DataFrame, resolved: Resolved, _: Project, problems: Problems) -> None:
    _check_ends(table, resolved, problems, "object", "C017")


def _check_ends(table: pl.DataFrame, resolved: Resolved, problems: Problems, end: str, code: str) -> None:
    """Domain and range against declared types, before a later stage infers types from them."""
    ontology = resolved.names.ontology
    wanted = {
        f"<{prop.iri}>": prop.domain if end == "subject" else () if prop.takes_literal else prop.range
        for prop in ontology.properties.values()
    }
    terms = table[end].drop_nulls().unique()
    kinds_of = {term: types for term in terms if (types := _types(term, resolved))}
    groups = {types: number for number, types in enumerate(sorted(set(kinds_of.values())))}
    group = pl.lit(None, pl.UInt32)
    if kinds_of:
        numbers = {term: groups[types] for term, types in kinds_of.items()}
        group = pl.col(end).replace_strict(numbers, default=None, return_dtype=pl.UInt32)
    named = sorted(groups, key=lambda types: groups[types])
    marked = table.select("row", "predicate", end, f"{end}_text", group.alias("types"))
    bad: dict[tuple[str, int], str] = {}
    for predicate, number in marked.select("predicate", "types").drop_nulls().unique().iter_rows():
        for cls in wanted.get(predicate, ()):
            if not ontology.is_a(named[number], cls):
                bad[predicate, number] = cls
    if not bad:
        return
    broken = pl.DataFrame(list(bad), schema={"predicate": pl.String, "types": pl.UInt32}, orient="row")
    found = marked.join(broken, on=["predicate", "types"], how="semi", maintain_order="left")
    for row, predicate, text, number in found.select("row", "predicate", f"{end}_text", "types").iter_rows():
        wrong, types = bad[predicate, number], named[number]
        kinds = ", ".join(sorted(ontology.label(kind) for kind in types))
        label = ontology.label(predicate[1:-1])
        verb = "is said of" if end == "subject" else "leads to"
        name = f'"{text}"' if text else "this"
        problems.error(
            code,
            resolved.places.of(row, end),
            f'"{label}" {verb} a {ontology.label(wrong)}; {name} is a {kinds}',
            f"use another property, or correct the type of {text or 'the triple'}",
        )


def _literals(table: pl.DataFrame, resolved: Resolved, _: Project, problems: Problems) -> None:
    values = table.filter(pl.col("object").str.starts_with('"'))
    for row, term in values.select("row", "object").iter_rows():
        text, datatype = split_term(term)[1:3]
        if datatype and not is_lexical(text, datatype):
            problems.error(
                "C018",
                resolved.places.of(row, "object"),
                f'"{text}" is no {resolved.names.compact(datatype)}',
                f"write it as {resolved.names.compact(datatype)} is written in XML Schema",
            )


def is_lexical(text: str, datatype: str) -> bool:
    """Whether ``text`` is in the lexical space of ``datatype`` (https://www.w3.org/TR/xmlschema11-2/).

    Datatypes that are not checked here let everything through.
    """
    if datatype == f"{XSD}date":
        try:
            parse_day(text[:10])
        except NotADate:
            return False
        return bool(re.fullmatch(r"(Z|[+-][0-9]{2}:[0-9]{2})?", text[10:]))
    pattern = _LEXICAL.get(datatype)
    return pattern is None or bool(pattern.fullmatch(text))


def _sources(resolved: Resolved, project: Project, problems: Problems) -> None:
    used = set(resolved.statements["source"].unique())
    for source in resolved.sources.values():
        if not source.title:
            problems.error("C019", source.place, f'the source "{source.id}" has no title', "write  title: ...")
        if published_day(source, project.time_zone) is None:
            found = (
                f'"{source.published}" is no day of publication'
                if source.published
                else (f'the source "{source.id}" has no day of publication')
            )
            problems.error("C020", source.place_of("published"), found, "write  published: 2025-12-17")
        if source.retrieved and day_of(source.retrieved, project.time_zone) is None:
            found = f'"{source.retrieved}" is no day on which it was looked up'
            problems.error("C020", source.place_of("retrieved"), found, "write  retrieved: 2025-12-17")
        if source.id not in used:
            problems.info("C021", source.place, f'no statement comes from "{source.id}"', "add some, or delete it")


def _entities(resolved: Resolved, project: Project, problems: Problems) -> None:
    table = resolved.statements
    used: set[str] = set()
    for column in ("subject", "object", "said_at_term", "condition"):
        used.update(table[column].drop_nulls().unique().to_list())
    for column in ("said_by_terms", "via_terms", "said_to_terms", "origin_terms"):
        used.update(table[column].drop_nulls().explode().drop_nulls().unique().to_list())
    for column in ("restrictive", "additive"):
        values = table.select(pl.col(column).filter(pl.col(column).list.len() > 0)).to_series().explode()
        used.update(values.struct.field("value").drop_nulls().unique().to_list())
    for source in resolved.sources.values():
        found = (resolved.names.entity(text, source.id).iri for text in source.origin)
        used.update(f"<{iri}>" for iri in found if iri)
    statements = project.name_of(project.folder / "statements")
    errors = (each for each in problems.items if each.severity is Severity.ERROR)
    is_whole = not any(each.code[0] == "P" and each.place.file.startswith(statements) for each in errors)
    clashes: dict[str, list[int]] = defaultdict(list)
    for index, found_entity in enumerate(resolved.entities):
        entity = found_entity.entity
        if f"<{found_entity.iri}>" not in used and is_whole:
            what = "speaker" if found_entity.source else "entity"
            problems.warning(
                "C022", entity.place, f'no statement uses the {what} "{entity.id}"', "use it, or delete it"
            )
        if found_entity.source is None:
            for name in {entity.id, *(text for text, _ in (*entity.labels, *entity.aliases))}:
                clashes[name].append(index)
    for name, indexes in sorted(clashes.items()):
        for index in indexes[1:]:
            first, entity = resolved.entities[indexes[0]].entity, resolved.entities[index].entity
            problems.warning(
                "C023",
                entity.place if name == entity.id else entity.place_of("label"),
                f'"{name}" is also a name of "{first.id}" in {first.place}',
                f"tell them apart, for example as :{entity.id}; statements cannot use the shared name",
            )
