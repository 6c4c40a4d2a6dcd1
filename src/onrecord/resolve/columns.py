"""Owns the columns of the statement table that names, dates and words are resolved into.

Leaves the look-ups to ``lookup`` and what propositions are made of them to ``propositions``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import polars as pl

from onrecord.model import RESOLVED
from onrecord.names import report_name
from onrecord.nearest import did_you_mean
from onrecord.ontology import Property
from onrecord.parse.records import REFERENCE
from onrecord.resolve.entities import published_day
from onrecord.resolve.lookup import Lookup
from onrecord.terms import iri, literal
from onrecord.times import NotADate, bounds, parse_day


def with_sources(look: Lookup, table: pl.DataFrame) -> pl.DataFrame:
    """Fill the source's IRI, language, day of publication and of withdrawal."""
    rows = []
    withdrawn = {entry.source: entry.on for entry in look.parsed.withdrawn}
    for text in table["source"].unique().to_list():
        source = look.parsed.sources.get(text)
        if source is not None:
            day = published_day(source, look.project.time_zone)
            language = source.language or look.project.language
            rows.append((text, look.names.minter.source(text), language, day, withdrawn.get(text)))
    schema = {"source": pl.String, "source_iri": pl.String, "language": pl.String}
    days = {"published": pl.Date, "withdrawn_day": pl.Date}
    known = pl.DataFrame(rows, schema=pl.Schema({**schema, **days}), orient="row")
    table = table.join(known, on="source", how="left", maintain_order="left")
    lost = table.filter(pl.col("source_iri").is_null()).unique("source", keep="first", maintain_order=True)
    for row, text in lost.select("row", "source").iter_rows():
        look.problems.error(
            "R005",
            look.places.of(row, "source"),
            f'no source is called "{text}"',
            did_you_mean(text, look.parsed.sources) or "describe it in sources.yaml",
        )
    return table


def with_references(look: Lookup, table: pl.DataFrame) -> pl.DataFrame:
    """Turn ``statement:ID`` into the row that it refers to; where the property takes a value it stays text."""
    for name in ("subject", "object", "condition"):
        text, target = pl.col(f"{name}_text"), f"{name}_row"
        found = table.filter(text.str.starts_with(REFERENCE)).select("row", f"{name}_text", "predicate")
        links = {}
        for row, written, predicate in found.iter_rows():
            if name != "object" or look.takes_reference(predicate):
                links[row] = look.referred(written, row, "on condition" if name == "condition" else name)
        if links:
            row_of = pl.col("row").replace_strict(links, default=pl.col(target), return_dtype=pl.UInt32)
            table = table.with_columns(row_of.alias(target))
    return table


def with_predicates(look: Lookup, table: pl.DataFrame) -> pl.DataFrame:
    """Fill the property of each row."""
    found = {}
    for text in table["predicate_text"].drop_nulls().unique().sort().to_list():
        hit = look.names.property(text)
        found[text] = hit
    mapping = {text: iri(hit.iri) if hit.iri else None for text, hit in found.items()}
    table = table.with_columns(
        pl.col("predicate_text").replace_strict(mapping, default=None, return_dtype=pl.String).alias("predicate")
    )
    bad = table.filter(pl.col("predicate").is_null() & pl.col("predicate_text").is_not_null())
    for row, text in bad.select("row", "predicate_text").iter_rows():
        report_name(found[text], text, "properties", look.places.of(row, "predicate"), look.names, look.problems)
    return table


def with_terms(look: Lookup, table: pl.DataFrame, name: str) -> pl.DataFrame:
    """Fill ``subject`` or ``object`` from its text; rows of nested propositions come later."""
    text = f"{name}_text"
    keys = ["source", text] if name == "subject" else ["source", text, "predicate", "language"]
    todo = table.filter(pl.col(text).is_not_null() & pl.col(f"{name}_row").is_null())
    rows = []
    for key in todo.select(keys).unique().iter_rows():
        source, written, *rest = key
        term: str | None
        prop = look.property(rest[0]) if rest else None
        if prop is not None and prop.takes_literal:
            term = write_literal(written, prop, rest[1])
        else:
            term = look.term(written, source)
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
    if name == "object":  # under an unknown property nobody knows whether this is a name or a value
        bad = bad.filter(pl.col("predicate").is_not_null())
    for row, source, written in bad.select("row", "source", text).iter_rows():
        found = look.names.entity(written, source)
        report_name(found, written, "entities", look.places.of(row, name), look.names, look.problems)
    if name == "object":
        _nested_literals(look, table)
    return table


def _nested_literals(look: Lookup, table: pl.DataFrame) -> None:
    nested = table.filter(pl.col("object_row").is_not_null() & pl.col("predicate").is_not_null())
    for row, predicate in nested.select("row", "predicate").iter_rows():
        prop = look.property(predicate)
        if prop is not None and prop.takes_literal:
            look.no_value(prop, row, "object")


def with_lists(look: Lookup, table: pl.DataFrame) -> pl.DataFrame:
    """Fill said by, via, said at, said to and origin."""
    columns = {"said_by": "said by", "via": "via", "said_to": "said to", "origin": "origin", "said_at": "said at"}
    for name, field in columns.items():
        many = name != "said_at"
        target = f"{name}_terms" if many else "said_at_term"
        found: dict[int, Any] = {}
        rows = table.filter(pl.col(name).is_not_null()).select("row", "source", name)
        for row, source, value in rows.iter_rows():
            texts: Iterable[str] = value if many else [value]
            terms = [
                look.named(text, source, row, f"{field}.{index}" if many else field) for index, text in enumerate(texts)
            ]
            kept = [term for term in terms if term is not None]
            if many and field != "via":
                kept = sorted(set(kept))
            found[row] = kept if many else (kept[0] if kept else None)
        table = table.with_columns(column(table, found, target))
    return table


def with_conditions(look: Lookup, table: pl.DataFrame) -> pl.DataFrame:
    """Fill the conditions that are words."""
    found = {}
    todo = table.filter(pl.col("condition_text").is_not_null() & pl.col("condition_row").is_null())
    for row, text, language in todo.select("row", "condition_text", "language").iter_rows():
        if not text.startswith(REFERENCE):
            found[row] = literal(text, language=language)
    return table.with_columns(column(table, found, "condition"))


def with_dates(look: Lookup, table: pl.DataFrame) -> pl.DataFrame:
    """Fill the bounds of ``when`` and the day on record."""
    days: dict[int, dt.date] = {}
    for row, text in table.filter(pl.col("recorded").is_not_null()).select("row", "recorded").iter_rows():
        try:
            days[row] = parse_day(text)
        except NotADate:
            _bad_date(look, "recorded", text, row, "a day, such as 2025-12-17")
    for name in ("said_when", "curated"):
        for row, text in table.filter(pl.col(name).is_not_null()).select("row", name).iter_rows():
            try:
                bounds(text) if name == "said_when" else parse_day(text)
            except NotADate:
                wanted = "EDTF, such as 2025-12-17" if name == "said_when" else "a day, such as 2025-12-17"
                _bad_date(look, name.replace("_", " "), text, row, wanted)
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
        _bad_date(
            look, "when", text, row, "EDTF, such as 2025-12-20, 2025-12, [2025-12-20..2025-12-21] or 2025-12-20/.."
        )
    frame = pl.DataFrame(limits, schema={"when": pl.String, **dict.fromkeys(["es", "ls", "ee", "le"], pl.Date)})
    frame = frame.rename({"es": "earliest_start", "ls": "latest_start", "ee": "earliest_end", "le": "latest_end"})
    table = table.join(frame, on="when", how="left", maintain_order="left")
    return table.with_columns(
        pl.coalesce(column(table, days, "recorded_day"), pl.col("published")).alias("recorded_day")
    )


def _bad_date(look: Lookup, field: str, text: str, row: int, wanted: str) -> None:
    look.problems.error("R010", look.places.of(row, field), f'"{text}" is no date', f"write {wanted}")


def write_literal(text: str, prop: Property, language: str | None) -> str:
    """The literal that a property makes of a text: its datatype, or the language of the source."""
    datatype = prop.datatype
    return literal(text, language=language or "en") if datatype is None else literal(text, datatype=datatype)


def column(table: pl.DataFrame, values: dict[int, Any], name: str) -> pl.Expr:
    """A column of ``values`` by row number, typed as the table's schema says."""
    dtype = RESOLVED.get(name, pl.String)
    if not values:
        return pl.lit(None, dtype=dtype).alias(name)
    series = pl.Series(name, [values.get(row) for row in table["row"].to_list()], dtype=dtype)
    return pl.lit(series).alias(name)
