"""Owns the columns of the statement table that names, dates and words are resolved into.

Leaves the look-ups to ``lookup`` and what propositions are made of them to ``propositions``.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from onrecord.literals import quoted, tagged
from onrecord.names import report_name
from onrecord.nearest import did_you_mean
from onrecord.ontology import Property
from onrecord.parse.records import REFERENCE
from onrecord.resolve.entities import published_day
from onrecord.resolve.lookup import Lookup
from onrecord.terms import XSD, iri, literal
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
    if look.names.sources_lost:
        return table
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
    text = pl.col(f"{name}_text")
    open_ = text.is_not_null() & pl.col(f"{name}_row").is_null()
    reference = text.str.starts_with(REFERENCE)
    value = _value(look, text) if name == "object" else None
    takes = pl.col("predicate").is_in(list(look.literal_properties)) if value is not None else pl.lit(False)
    named = pl.when(open_ & ~takes.fill_null(False) & ~reference).then(text).alias("text")
    terms = look.terms(table.select("source", named)).alias("term")
    term = pl.col("term") if value is None else pl.when(open_ & takes).then(value).otherwise("term")
    table = table.with_columns(terms).with_columns(term.alias(name)).drop("term")
    bad = table.filter(pl.col(name).is_null() & open_ & ~reference)
    if name == "object":  # under an unknown property nobody knows whether this is a name or a value
        bad = bad.filter(pl.col("predicate").is_not_null())
    for row, source, written in bad.select("row", "source", f"{name}_text").iter_rows():
        look.no_entity(written, source, row, name)
    if name == "object":
        _nested_literals(look, table)
    return table


def _value(look: Lookup, text: pl.Expr) -> pl.Expr:
    """The literal that the property of each row makes of a text."""
    tails = {predicate: datatype_tail(prop) for predicate, prop in look.literal_properties.items()}
    fixed = {predicate: tail for predicate, tail in tails.items() if tail is not None}
    return write_values(text, pl.col("predicate").replace_strict(fixed, default=None, return_dtype=pl.String))


def datatype_tail(prop: Property) -> str | None:
    """What follows the string of a property's literals; None where that is the source's language."""
    datatype = prop.datatype
    return None if datatype is None else "" if datatype == f"{XSD}string" else f"^^<{datatype}>"


def write_values(text: pl.Expr, tail: pl.Expr) -> pl.Expr:
    """Literals of a column of texts: with ``tail``, or where that is null in the source's ``language``."""
    language = pl.concat_str(pl.lit("@"), pl.col("language").fill_null("en"))
    return pl.concat_str(quoted(text), pl.coalesce(tail, language))


def _nested_literals(look: Lookup, table: pl.DataFrame) -> None:
    nested = table.filter(pl.col("object_row").is_not_null() & pl.col("predicate").is_in(list(look.literal_properties)))
    for row, predicate in nested.select("row", "predicate").iter_rows():
        look.no_value(look.literal_properties[predicate], row, "object")


def with_lists(look: Lookup, table: pl.DataFrame) -> pl.DataFrame:
    """Fill said by, via, said at, said to and origin."""
    for name, field in {"said_by": "said by", "via": "via", "said_to": "said to", "origin": "origin"}.items():
        table = table.with_columns(_named_lists(look, table, name, field).alias(f"{name}_terms"))
    at = look.terms(table.select("source", pl.col("said_at").alias("text"))).alias("said_at_term")
    table = table.with_columns(at)
    lost = table.filter(pl.col("said_at").is_not_null() & pl.col("said_at_term").is_null())
    for row, source, text in lost.select("row", "source", "said_at").iter_rows():
        look.named(text, source, row, "said at")
    return table


def _named_lists(look: Lookup, table: pl.DataFrame, name: str, field: str) -> pl.Series:
    """The terms of a column of lists, sorted and each once; the order of ``via`` tells who passed words to whom."""
    used = table.select("row", "source", name).filter(pl.col(name).is_not_null())
    flat = used.explode(name).rename({name: "text"})
    flat = flat.with_columns(look.terms(flat.select("source", "text")).alias("term"))
    if flat["term"].null_count():
        counted = flat.with_columns(pl.int_range(pl.len()).over("row").alias("index"))
        for row, source, text, index in (
            counted.filter(pl.col("term").is_null()).select("row", "source", "text", "index").iter_rows()
        ):
            look.named(text, source, row, f"{field}.{index}")
    shared = flat["row"].is_duplicated() | flat["term"].is_null()
    alone = flat.filter(~shared).select("row", pl.concat_list("term"))
    terms = pl.col("term").drop_nulls()
    together = flat.filter(shared).group_by("row", maintain_order=True)
    listed = pl.concat([alone, together.agg(terms if name == "via" else terms.unique().sort())])
    return table.select("row").join(listed, on="row", how="left", maintain_order="left")["term"]


def with_conditions(look: Lookup, table: pl.DataFrame) -> pl.DataFrame:
    """Fill the conditions that are words."""
    words = pl.col("condition_text")
    plain = pl.col("condition_row").is_null() & ~words.str.starts_with(REFERENCE)
    return table.with_columns(pl.when(plain).then(tagged(words, pl.col("language"))).alias("condition"))


def with_dates(look: Lookup, table: pl.DataFrame) -> pl.DataFrame:
    """Fill the bounds of ``when`` and the day on record."""
    days: dict[str, dt.date] = {}
    bad: set[str] = set()
    for name in ("recorded", "said_when", "curated"):
        wrong = set()
        for text in table[name].drop_nulls().unique().to_list():
            try:
                if name == "said_when":
                    bounds(text)
                elif name == "recorded":
                    days[text] = parse_day(text)
                else:
                    parse_day(text)
            except NotADate:
                wrong.add(text)
        wanted = "EDTF, such as 2025-12-17" if name == "said_when" else "a day, such as 2025-12-17"
        for row, text in table.filter(pl.col(name).is_in(sorted(wrong))).select("row", name).iter_rows():
            _bad_date(look, name.replace("_", " "), text, row, wanted)
    limits: dict[str, list[Any]] = {"when": [], "es": [], "ls": [], "ee": [], "le": []}
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
    given = (
        pl.col("recorded").replace_strict(days, default=None, return_dtype=pl.Date) if days else pl.lit(None, pl.Date)
    )
    return table.with_columns(pl.coalesce(given, pl.col("published")).alias("recorded_day"))


def _bad_date(look: Lookup, field: str, text: str, row: int, wanted: str) -> None:
    look.problems.error("R010", look.places.of(row, field), f'"{text}" is no date', f"write {wanted}")


def write_literal(text: str, prop: Property, language: str | None) -> str:
    """The literal that a property makes of a text: its datatype, or the language of the source."""
    datatype = prop.datatype
    return literal(text, language=language or "en") if datatype is None else literal(text, datatype=datatype)
