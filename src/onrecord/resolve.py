"""Owns the step from names to IRIs: fills the resolved columns of the statement table.

Leaves whether the statements make sense to ``check``. Each distinct name is looked up once; the
table is filled by joins.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from onrecord.errors import Place, Problems
from onrecord.model import RESOLVED, Entity, Places, Source
from onrecord.names import Found, Names
from onrecord.nearest import did_you_mean
from onrecord.ontology import UNNAMED_SPEAKER, Ontology, Property
from onrecord.parse import Parsed
from onrecord.parse.records import REFERENCE
from onrecord.project import Project
from onrecord.terms import UNIT, Minter, digest_all, iri, is_language, literal
from onrecord.times import NotADate, bounds, parse_day
from onrecord.withdrawn import Withdrawal


@dataclass(frozen=True, slots=True)
class ResolvedEntity:
    """An entity with its IRI and its classes' IRIs; ``source`` is set for an unnamed speaker."""

    iri: str
    entity: Entity
    types: tuple[str, ...]
    source: str | None = None


@dataclass(slots=True)
class Resolved:
    """The statement table with both halves filled, and what its IRIs stand for."""

    statements: pl.DataFrame
    entities: list[ResolvedEntity]
    sources: dict[str, Source]
    names: Names
    places: Places
    withdrawn: tuple[Withdrawal, ...] = ()


def resolve(parsed: Parsed, ontology: Ontology, project: Project, problems: Problems) -> Resolved:
    """Replace names by IRIs and mint the IRIs of propositions and statements.

    Rows in which a name stays unknown or ambiguous keep nulls in ``proposition`` and ``statement``;
    each gets a problem of the family R.
    """
    names = Names(ontology, Minter(project.base))
    parsed = replace(parsed, sources={source.id: _tagged(source, problems) for source in parsed.sources.values()})
    entities = _entities(parsed, names, project.language, problems)
    _origins(parsed, names, problems)
    table = _Resolver(parsed, names, project, problems).table()
    return Resolved(table, entities, parsed.sources, names, parsed.places, parsed.withdrawn)


def _tagged(source: Source, problems: Problems) -> Source:
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


def report_name(found: Found, text: str, what: str, place: Place, names: Names, problems: Problems) -> None:
    """Add R001 (unknown name) or R002 (ambiguous name) for a failed look-up."""
    if found.choices:
        ways = [f'"{names.choose(choice)}" ({names.label(choice)})' for choice in found.choices]
        problems.error(
            "R002", place, f'{len(ways)} {what} are called "{text}"', f"write {', '.join(ways[:-1])} or {ways[-1]}"
        )
        return
    one, elsewhere = {
        "entities": ("entity", "declare it in entities.yaml"),
        "properties": ("property", "use a property of the graph's ontologies, or add one to them"),
        "classes": ("class", "use a class of the graph's ontologies, or add one to them"),
    }[what]
    fix = did_you_mean(text, found.nearest) or elsewhere
    problems.error("R001", place, f'no {one} is called "{text}"', fix)


def _entities(parsed: Parsed, names: Names, language: str, problems: Problems) -> list[ResolvedEntity]:
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
            )
            address = names.minter.entity(speaker.id, source.id)
            out.append(ResolvedEntity(address, entity, (speaker_types[speaker.id],), source.id))
    return out


def _origins(parsed: Parsed, names: Names, problems: Problems) -> None:
    for source in parsed.sources.values():
        for index, text in enumerate(source.origin):
            found = names.entity(text, source.id)
            if found.iri is None:
                place = source.places.get(f"origin.{index}") or source.place_of("origin")
                report_name(found, text, "entities", place, names, problems)


def published_day(source: Source, zone: str) -> dt.date | None:
    """The day on which a source was published, in the graph's time zone; None if it says none."""
    try:
        return parse_day(source.published)
    except NotADate:
        pass
    try:
        moment = dt.datetime.fromisoformat(source.published)
    except ValueError:
        return None
    return (moment.astimezone(zoneinfo.ZoneInfo(zone)) if moment.tzinfo else moment).date()


class _Resolver:
    def __init__(self, parsed: Parsed, names: Names, project: Project, problems: Problems) -> None:
        self.parsed, self.names, self.project, self.problems = parsed, names, project, problems
        self.places = parsed.places
        self.by_id = self._ids()
        self._terms: dict[tuple[str, str], str | None] = {}

    def _ids(self) -> dict[str, int]:
        """The row of every statement id; an id that stands twice is an R004."""
        table = self.parsed.statements.filter(pl.col("id").is_not_null() & ~pl.col("nested")).select("id", "row")
        rows: dict[str, int] = {}
        for text, row in table.iter_rows():
            if text in rows and self.places.of(row).line:
                self.problems.error(
                    "R004",
                    self.places.of(row, "id"),
                    f'the statement id "{text}" stands twice; the first is in {self.places.of(rows[text], "id")}',
                    "give each statement its own id",
                )
            else:
                rows.setdefault(text, row)
        return rows

    def table(self) -> pl.DataFrame:
        table = self.parsed.statements
        table = self._with_sources(table)
        table = self._with_references(table)
        table = self._with_predicates(table)
        table = self._with_terms(table, "subject")
        table = self._with_terms(table, "object")
        table = self._with_lists(table)
        table = self._with_conditions(table)
        table = self._with_dates(table)
        table = self._with_propositions(table)
        table = self._with_statements(table)
        if self.project.curator:
            by_default = pl.when(~pl.col("nested")).then(pl.lit(self.project.curator))
            table = table.with_columns(pl.col("curator").fill_null(by_default))
        return table.select([*self.parsed.statements.columns, *RESOLVED])

    def _with_sources(self, table: pl.DataFrame) -> pl.DataFrame:
        rows = []
        withdrawn = {entry.source: entry.on for entry in self.parsed.withdrawn}
        for text in table["source"].unique().to_list():
            source = self.parsed.sources.get(text)
            if source is not None:
                day = published_day(source, self.project.time_zone)
                language = source.language or self.project.language
                rows.append((text, self.names.minter.source(text), language, day, withdrawn.get(text)))
        schema = {"source": pl.String, "source_iri": pl.String, "language": pl.String}
        days = {"published": pl.Date, "withdrawn_day": pl.Date}
        known = pl.DataFrame(rows, schema=pl.Schema({**schema, **days}), orient="row")
        table = table.join(known, on="source", how="left", maintain_order="left")
        lost = table.filter(pl.col("source_iri").is_null()).unique("source", keep="first", maintain_order=True)
        for row, text in lost.select("row", "source").iter_rows():
            self.problems.error(
                "R005",
                self.places.of(row, "source"),
                f'no source is called "{text}"',
                did_you_mean(text, self.parsed.sources) or "describe it in sources.yaml",
            )
        return table

    def _with_references(self, table: pl.DataFrame) -> pl.DataFrame:
        """Turn ``statement:ID`` into the row that it refers to."""
        for name in ("subject", "object", "condition"):
            text, target = pl.col(f"{name}_text"), f"{name}_row"
            found = table.filter(text.str.starts_with(REFERENCE)).select("row", f"{name}_text")
            if found.is_empty():
                continue
            links = {}
            for row, written in found.iter_rows():
                links[row] = self._referred(written, row, "on condition" if name == "condition" else name)
            table = table.with_columns(
                pl.col("row").replace_strict(links, default=pl.col(target), return_dtype=pl.UInt32).alias(target)
            )
        return table

    def _referred(self, written: str, row: int, name: str) -> int | None:
        target = self.by_id.get(written.removeprefix(REFERENCE))
        if target is None:
            near = did_you_mean(written, [REFERENCE + known for known in self.by_id])
            self.problems.error(
                "R006", self.places.of(row, name), f'no statement has the id of "{written}"', near or "write  id: on it"
            )
        return target

    def _with_predicates(self, table: pl.DataFrame) -> pl.DataFrame:
        found = {}
        for text in table["predicate_text"].drop_nulls().unique().sort().to_list():
            hit = self.names.property(text)
            found[text] = hit
        mapping = {text: iri(hit.iri) if hit.iri else None for text, hit in found.items()}
        table = table.with_columns(
            pl.col("predicate_text").replace_strict(mapping, default=None, return_dtype=pl.String).alias("predicate")
        )
        bad = table.filter(pl.col("predicate").is_null() & pl.col("predicate_text").is_not_null())
        for row, text in bad.select("row", "predicate_text").iter_rows():
            report_name(found[text], text, "properties", self.places.of(row, "predicate"), self.names, self.problems)
        return table

    def _property(self, predicate: str | None) -> Property | None:
        return self.names.ontology.properties.get(predicate[1:-1]) if predicate else None

    def _with_terms(self, table: pl.DataFrame, name: str) -> pl.DataFrame:
        """Fill ``subject`` or ``object`` from its text; rows of nested propositions come later."""
        text = f"{name}_text"
        keys = ["source", text] if name == "subject" else ["source", text, "predicate", "language"]
        todo = table.filter(pl.col(text).is_not_null() & pl.col(f"{name}_row").is_null())
        rows = []
        for key in todo.select(keys).unique().iter_rows():
            source, written, *rest = key
            term: str | None
            prop = self._property(rest[0]) if rest else None
            if prop is not None and prop.takes_literal:
                term = _literal(written, prop, rest[1])
            else:
                term = self._term(written, source)
            rows.append((*key, term))
        schema = dict.fromkeys([*keys, name], pl.String)
        terms = pl.DataFrame(rows, schema=schema, orient="row")
        table = table.join(terms, on=keys, how="left", nulls_equal=True, maintain_order="left")
        table = table.with_columns(pl.when(pl.col(f"{name}_row").is_null()).then(pl.col(name)).alias(name))
        bad = table.filter(
            pl.col(name).is_null()
            & pl.col(text).is_not_null()
            & pl.col(f"{name}_row").is_null()
            & ~pl.col(text).str.starts_with(REFERENCE)
        )
        for row, source, written in bad.select("row", "source", text).iter_rows():
            found = self.names.entity(written, source)
            report_name(found, written, "entities", self.places.of(row, name), self.names, self.problems)
        if name == "object":
            self._nested_literals(table)
        return table

    def _nested_literals(self, table: pl.DataFrame) -> None:
        nested = table.filter(pl.col("object_row").is_not_null() & pl.col("predicate").is_not_null())
        for row, predicate in nested.select("row", "predicate").iter_rows():
            prop = self._property(predicate)
            if prop is not None and prop.takes_literal:
                self._no_value(prop, row, "object")

    def _no_value(self, prop: Property, row: int, field: str) -> None:
        self.problems.error(
            "R007",
            self.places.of(row, field),
            f'"{prop.label}" takes a value, not a triple',
            "write the value as text, or use another property",
        )

    def _term(self, written: str, source: str) -> str | None:
        key = (source, written)
        if key not in self._terms:
            found = self.names.entity(written, source)
            self._terms[key] = iri(found.iri) if found.iri else None
        return self._terms[key]

    def _named(self, written: str, source: str, row: int, name: str) -> str | None:
        """The term of a name in a list; a failed look-up is reported."""
        term = self._term(written, source)
        if term is None:
            found = self.names.entity(written, source)
            report_name(found, written, "entities", self.places.of(row, name), self.names, self.problems)
        return term

    def _with_lists(self, table: pl.DataFrame) -> pl.DataFrame:
        """Fill said by, via, said at, said to and origin."""
        columns = {"said_by": "said by", "via": "via", "said_to": "said to", "origin": "origin", "said_at": "said at"}
        for column, field in columns.items():
            many = column != "said_at"
            target = f"{column}_terms" if many else "said_at_term"
            found: dict[int, Any] = {}
            rows = table.filter(pl.col(column).is_not_null()).select("row", "source", column)
            for row, source, value in rows.iter_rows():
                texts: Iterable[str] = value if many else [value]
                terms = [
                    self._named(text, source, row, f"{field}.{index}" if many else field)
                    for index, text in enumerate(texts)
                ]
                kept = [term for term in terms if term is not None]
                if many and field != "via":
                    kept = sorted(set(kept))
                found[row] = kept if many else (kept[0] if kept else None)
            table = table.with_columns(_column(table, found, target))
        return table

    def _with_conditions(self, table: pl.DataFrame) -> pl.DataFrame:
        found = {}
        todo = table.filter(pl.col("condition_text").is_not_null() & pl.col("condition_row").is_null())
        for row, text, language in todo.select("row", "condition_text", "language").iter_rows():
            if not text.startswith(REFERENCE):
                found[row] = literal(text, language=language)
        return table.with_columns(_column(table, found, "condition"))

    def _with_dates(self, table: pl.DataFrame) -> pl.DataFrame:
        days: dict[int, dt.date] = {}
        for row, text in table.filter(pl.col("recorded").is_not_null()).select("row", "recorded").iter_rows():
            try:
                days[row] = parse_day(text)
            except NotADate:
                self._bad_date("recorded", text, row, "a day, such as 2025-12-17")
        for name in ("said_when", "curated"):
            for row, text in table.filter(pl.col(name).is_not_null()).select("row", name).iter_rows():
                try:
                    bounds(text) if name == "said_when" else parse_day(text)
                except NotADate:
                    wanted = "EDTF, such as 2025-12-17" if name == "said_when" else "a day, such as 2025-12-17"
                    self._bad_date(name.replace("_", " "), text, row, wanted)
        limits: dict[str, list[Any]] = {"when": [], "es": [], "ls": [], "ee": [], "le": []}
        bad = set()
        for text in table["when"].drop_nulls().unique().sort().to_list():
            try:
                found = bounds(text)
            except NotADate:
                bad.add(text)
                continue
            for key, value in zip(
                limits,
                (text, found.earliest_start, found.latest_start, found.earliest_end, found.latest_end),
                strict=True,
            ):
                limits[key].append(value)
        for row, text in table.filter(pl.col("when").is_in(sorted(bad))).select("row", "when").iter_rows():
            self._bad_date(
                "when", text, row, "EDTF, such as 2025-12-20, 2025-12, [2025-12-20..2025-12-21] or 2025-12-20/.."
            )
        frame = pl.DataFrame(limits, schema={"when": pl.String, **dict.fromkeys(["es", "ls", "ee", "le"], pl.Date)})
        frame = frame.rename({"es": "earliest_start", "ls": "latest_start", "ee": "earliest_end", "le": "latest_end"})
        table = table.join(frame, on="when", how="left", maintain_order="left")
        return table.with_columns(
            pl.coalesce(_column(table, days, "recorded_day"), pl.col("published")).alias("recorded_day")
        )

    def _bad_date(self, field: str, text: str, row: int, wanted: str) -> None:
        self.problems.error("R010", self.places.of(row, field), f'"{text}" is no date', f"write {wanted}")

    def _with_propositions(self, table: pl.DataFrame) -> pl.DataFrame:
        """Mint propositions, the innermost first."""
        restrictive: dict[int, list[dict[str, str]]] = {}
        additive: dict[int, list[dict[str, str]]] = {}
        done: dict[int, str | None] = {}
        waiting = self._levels(table)
        referred = self._referred_rows(table)
        parts: list[pl.DataFrame] = []
        for level in waiting:
            for row, found in self._qualified(level, done):
                restrictive[row] = distinct_qualifiers(q for q, narrow in found if narrow)
                additive[row] = distinct_qualifiers(q for q, narrow in found if not narrow)
            links = {row: value for row, value in done.items() if value}
            level = level.with_columns(
                pl.when(pl.col(f"{name}_row").is_null())
                .then(pl.col(name))
                .otherwise(pl.col(f"{name}_row").replace_strict(links, default=None, return_dtype=pl.String))
                .alias(name)
                for name in ("subject", "object")
            )
            level = level.with_columns(_column(level, restrictive, "restrictive"))
            level = level.with_columns(mint_propositions(level, self.names.minter))
            done.update(level.filter(pl.col("row").is_in(referred)).select("row", "proposition").iter_rows())
            parts.append(level)
        out = (
            pl.concat(parts).sort("row")
            if parts
            else table.with_columns(pl.lit(None, pl.String).alias("proposition"), _column(table, {}, "restrictive"))
        )
        known = {row: value for row, value in done.items() if value}
        condition = pl.col("condition_row").replace_strict(known, default=None, return_dtype=pl.String)
        return out.with_columns(
            _column(out, additive, "additive"),
            pl.when(pl.col("condition_row").is_null())
            .then(pl.col("condition"))
            .otherwise(condition)
            .alias("condition"),
        )

    def _referred_rows(self, table: pl.DataFrame) -> list[int]:
        """The rows whose propositions other rows need."""
        linked = pl.concat([table[name].drop_nulls() for name in ("subject_row", "object_row", "condition_row")])
        nested = table.filter(pl.col("nested"))["row"]
        return sorted({*linked.to_list(), *nested.to_list(), *self.by_id.values()})

    def _levels(self, table: pl.DataFrame) -> list[pl.DataFrame]:
        """The table in slices; each refers only to rows of slices before it. A ring is an R009."""
        inner: dict[int, set[int]] = {}
        refs = table.filter(
            pl.col("subject_row").is_not_null()
            | pl.col("object_row").is_not_null()
            | pl.col("qualifiers").is_not_null()
        )
        for row, subject, obj, qualifiers in refs.select("row", "subject_row", "object_row", "qualifiers").iter_rows():
            targets = {subject, obj, *(q["value_row"] for q in qualifiers or ())} - {None}
            targets |= {
                self.by_id[q["value"].removeprefix(REFERENCE)] for q in qualifiers or () if _refers(q, self.by_id)
            }
            if targets:
                inner[row] = targets
        levels: dict[int, int] = {}
        for start in sorted(inner):
            self._depth(start, inner, levels)
        depth = pl.col("row").replace_strict(levels, default=0, return_dtype=pl.Int32)
        marked = table.with_columns(depth.alias("depth"))
        order = sorted(marked["depth"].unique().to_list())
        return [marked.filter(pl.col("depth") == level).drop("depth") for level in order if level >= 0] + (
            [self._ring(marked.filter(pl.col("depth") < 0).drop("depth"))] if order and order[0] < 0 else []
        )

    def _depth(self, start: int, inner: dict[int, set[int]], levels: dict[int, int]) -> None:
        """Depth of ``start`` and all below it, without recursion; -1 for rows in or above a ring."""
        path: list[int] = [start]
        on_path = {start}
        while path:
            row = path[-1]
            if row in levels:
                on_path.discard(path.pop())
                continue
            targets = inner.get(row, set())
            if any(target in on_path for target in targets) or any(levels.get(target, 0) < 0 for target in targets):
                levels[row] = -1
                continue
            todo = [target for target in targets if target in inner and target not in levels]
            if todo:
                path.append(min(todo))
                on_path.add(path[-1])
            else:
                levels[row] = 1 + max((levels.get(target, 0) for target in targets), default=-1)

    def _ring(self, rows: pl.DataFrame) -> pl.DataFrame:
        for row in rows.filter(~pl.col("nested"))["row"].to_list():
            self.problems.error(
                "R009",
                self.places.of(row),
                "this statement refers to itself in the end",
                "break the ring of  statement:  references",
            )
        return rows

    def _qualified(
        self, level: pl.DataFrame, done: dict[int, str | None]
    ) -> Iterator[tuple[int, list[tuple[dict[str, str], bool]]]]:
        """The qualifiers of each row that has some, as terms, and whether each is restrictive."""
        rows = level.filter(pl.col("qualifiers").is_not_null())
        columns = ("row", "nested", "source", "language", "qualifiers")
        for row, nested, source, language, qualifiers in rows.select(columns).iter_rows():
            out = []
            seen: Counter[str] = Counter()
            for qualifier in qualifiers:
                hit = self.names.property(qualifier["property"])
                prop = self.names.ontology.properties[hit.iri] if hit.iri else None
                field = f"{qualifier['property']}.{seen[qualifier['property']]}"
                seen[qualifier["property"]] += 1
                if prop is None:
                    place = self.places.of(row, field)
                    report_name(hit, qualifier["property"], "properties", place, self.names, self.problems)
                    continue
                if nested and not prop.restrictive:
                    self.problems.error(
                        "R008",
                        self.places.of(row, field),
                        f'"{prop.label}" adds to a statement; a nested triple takes restrictive qualifiers only',
                        "move it to the statement itself",
                    )
                    continue
                term = self._qualifier_term(qualifier, prop, source, language, row, field, done)
                if term is not None:
                    out.append(({"property": iri(prop.iri), "value": term}, prop.restrictive))
            yield row, out

    def _qualifier_term(
        self,
        qualifier: dict[str, Any],
        prop: Property,
        source: str,
        language: str,
        row: int,
        field: str,
        done: dict[int, str | None],
    ) -> str | None:
        target, text = qualifier["value_row"], qualifier["value"]
        if target is None and text is not None and text.startswith(REFERENCE):
            target = self._referred(text, row, field)
            if target is None:
                return None
        if target is not None:
            if prop.takes_literal:
                self._no_value(prop, row, field)
            return done.get(target)
        if text is None:
            return None
        if prop.takes_literal:
            return _literal(text, prop, language)
        return self._named(text, source, row, field)

    def _with_statements(self, table: pl.DataFrame) -> pl.DataFrame:
        def text(name: str) -> pl.Expr:
            return pl.col(name).fill_null("")

        def many(name: str) -> pl.Expr:
            return pl.col(name).list.join("\x1e").fill_null("")

        additive = {
            row: "\x1e".join(f"{q['property']} {q['value']}" for q in found)
            for row, found in table.filter(pl.col("additive").list.len() > 0).select("row", "additive").iter_rows()
        }
        key = pl.concat_str(
            pl.col("source_iri"),
            pl.col("proposition"),
            pl.col("status").fill_null("stated"),
            pl.col("negated").cast(pl.String),
            _column(table, additive, "adding").fill_null(""),
            many("said_by_terms"),
            many("via_terms"),
            text("said_when"),
            text("said_at_term"),
            many("said_to_terms"),
            many("origin_terms"),
            text("condition"),
            text("when"),
            separator=UNIT,
        )
        table = table.with_columns(
            pl.when(pl.col("nested")).then(None).otherwise(pl.col("status").fill_null("stated")).alias("status"),
            pl.when(pl.col("nested")).then(None).otherwise(key).alias("key"),
        )
        minted = _minted(table["key"], self.names.minter.statement_base)
        return table.with_columns(minted.alias("statement")).drop("key")


def mint_propositions(rows: pl.DataFrame, minter: Minter) -> pl.Series:
    """The IRI of each row's proposition, from its columns ``subject``, ``predicate``, ``object`` and ``restrictive``.

    Null where one of the three parts is. Qualifiers must stand as :func:`distinct_qualifiers` leaves them.
    """
    pair = pl.concat_str(pl.element().struct.field("property"), pl.element().struct.field("value"), separator=UNIT)
    narrowing = pl.col("restrictive").list.eval(pair).list.join(UNIT).fill_null("")
    key = pl.concat_str(pl.col("subject"), pl.col("predicate"), pl.col("object"), narrowing, separator=UNIT)
    return _minted(rows.select(key).to_series(), minter.proposition_base).alias("proposition")


def _minted(keys: pl.Series, base: str) -> pl.Series:
    known = keys.drop_nulls().unique()
    hashes = pl.Series([f"<{base}{value}>" for value in digest_all(known)], dtype=pl.String)
    return keys.replace_strict(known, hashes, default=None, return_dtype=pl.String)


def _refers(qualifier: dict[str, Any], by_id: dict[str, int]) -> bool:
    value = qualifier["value"]
    return value is not None and value.startswith(REFERENCE) and value.removeprefix(REFERENCE) in by_id


def distinct_qualifiers(qualifiers: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """The qualifiers sorted, each once: what is said twice narrows no further."""
    pairs = sorted({(qualifier["property"], qualifier["value"]) for qualifier in qualifiers})
    return [{"property": name, "value": value} for name, value in pairs]


def _literal(text: str, prop: Property, language: str | None) -> str:
    datatype = prop.datatype
    return literal(text, language=language or "en") if datatype is None else literal(text, datatype=datatype)


def _column(table: pl.DataFrame, values: dict[int, Any], name: str) -> pl.Expr:
    """A column of ``values`` by row number, typed as the table's schema says."""
    dtype = RESOLVED.get(name, pl.String)
    if not values:
        return pl.lit(None, dtype=dtype).alias(name)
    series = pl.Series(name, [values.get(row) for row in table["row"].to_list()], dtype=dtype)
    return pl.lit(series).alias(name)
