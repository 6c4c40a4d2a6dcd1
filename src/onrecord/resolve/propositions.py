"""Owns what a proposition is made of: nesting, qualifiers, and the IRIs minted from them.

Leaves the terms they are made of to ``columns``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from onrecord.names import report_name
from onrecord.ontology import Property
from onrecord.parse.records import REFERENCE
from onrecord.resolve.columns import column, write_literal
from onrecord.resolve.lookup import Lookup
from onrecord.terms import UNIT, Minter, digest_all, iri


def with_propositions(look: Lookup, table: pl.DataFrame) -> pl.DataFrame:
    """Mint propositions, the innermost first."""
    restrictive: dict[int, list[dict[str, str]]] = {}
    additive: dict[int, list[dict[str, str]]] = {}
    done: dict[int, str | None] = {}
    waiting = _levels(look, table)
    referred = _referred_rows(look, table)
    parts: list[pl.DataFrame] = []
    for level in waiting:
        for row, found in _qualified(look, level, done):
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
        level = level.with_columns(column(level, restrictive, "restrictive"))
        level = level.with_columns(mint_propositions(level, look.names.minter))
        done.update(level.filter(pl.col("row").is_in(referred)).select("row", "proposition").iter_rows())
        parts.append(level)
    out = (
        pl.concat(parts).sort("row")
        if parts
        else table.with_columns(pl.lit(None, pl.String).alias("proposition"), column(table, {}, "restrictive"))
    )
    known = {row: value for row, value in done.items() if value}
    condition = pl.col("condition_row").replace_strict(known, default=None, return_dtype=pl.String)
    return out.with_columns(
        column(out, additive, "additive"),
        pl.when(pl.col("condition_row").is_null()).then(pl.col("condition")).otherwise(condition).alias("condition"),
    )


def _referred_rows(look: Lookup, table: pl.DataFrame) -> list[int]:
    """The rows whose propositions other rows need."""
    linked = pl.concat([table[name].drop_nulls() for name in ("subject_row", "object_row", "condition_row")])
    nested = table.filter(pl.col("nested"))["row"]
    return sorted({*linked.to_list(), *nested.to_list(), *look.by_id.values()})


def _levels(look: Lookup, table: pl.DataFrame) -> list[pl.DataFrame]:
    """The table in slices; each refers only to rows of slices before it. A ring is an R009."""
    inner: dict[int, set[int]] = {}
    refs = table.filter(
        pl.col("subject_row").is_not_null() | pl.col("object_row").is_not_null() | pl.col("qualifiers").is_not_null()
    )
    for row, subject, obj, qualifiers in refs.select("row", "subject_row", "object_row", "qualifiers").iter_rows():
        targets = {subject, obj, *(q["value_row"] for q in qualifiers or ())} - {None}
        targets |= {look.by_id[q["value"].removeprefix(REFERENCE)] for q in qualifiers or () if _refers(q, look)}
        if targets:
            inner[row] = targets
    levels: dict[int, int] = {}
    for start in sorted(inner):
        _depth(start, inner, levels)
    depth = pl.col("row").replace_strict(levels, default=0, return_dtype=pl.Int32)
    marked = table.with_columns(depth.alias("depth"))
    order = sorted(marked["depth"].unique().to_list())
    return [marked.filter(pl.col("depth") == level).drop("depth") for level in order if level >= 0] + (
        [_ring(look, marked.filter(pl.col("depth") < 0).drop("depth"))] if order and order[0] < 0 else []
    )


def _depth(start: int, inner: dict[int, set[int]], levels: dict[int, int]) -> None:
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


def _ring(look: Lookup, rows: pl.DataFrame) -> pl.DataFrame:
    for row in rows.filter(~pl.col("nested"))["row"].to_list():
        look.problems.error(
            "R009",
            look.places.of(row),
            "this statement refers to itself in the end",
            "break the ring of  statement:  references",
        )
    return rows


def _qualified(
    look: Lookup, level: pl.DataFrame, done: dict[int, str | None]
) -> Iterator[tuple[int, list[tuple[dict[str, str], bool]]]]:
    """The qualifiers of each row that has some, as terms, and whether each is restrictive."""
    rows = level.filter(pl.col("qualifiers").is_not_null())
    columns = ("row", "nested", "source", "language", "qualifiers")
    for row, nested, source, language, qualifiers in rows.select(columns).iter_rows():
        out = []
        seen: Counter[str] = Counter()
        for qualifier in qualifiers:
            hit = look.names.property(qualifier["property"])
            prop = look.names.ontology.properties[hit.iri] if hit.iri else None
            field = f"{qualifier['property']}.{seen[qualifier['property']]}"
            seen[qualifier["property"]] += 1
            if prop is None:
                place = look.places.of(row, field)
                report_name(hit, qualifier["property"], "properties", place, look.names, look.problems)
                continue
            if nested and not prop.restrictive:
                look.problems.error(
                    "R008",
                    look.places.of(row, field),
                    f'"{prop.label}" adds to a statement; a nested triple takes restrictive qualifiers only',
                    "move it to the statement itself",
                )
                continue
            term = _qualifier_term(look, qualifier, prop, source, language, row, field, done)
            if term is not None:
                out.append(({"property": iri(prop.iri), "value": term}, prop.restrictive))
        yield row, out


def _qualifier_term(
    look: Lookup,
    qualifier: dict[str, Any],
    prop: Property,
    source: str,
    language: str,
    row: int,
    field: str,
    done: dict[int, str | None],
) -> str | None:
    target, text = qualifier["value_row"], qualifier["value"]
    if target is None and text is not None and text.startswith(REFERENCE) and not prop.takes_literal:
        target = look.referred(text, row, field)
        if target is None:
            return None
    if target is not None:
        if prop.takes_literal:
            look.no_value(prop, row, field)
        return done.get(target)
    if text is None:
        return None
    if prop.takes_literal:
        return write_literal(text, prop, language)
    return look.named(text, source, row, field)


def with_statements(look: Lookup, table: pl.DataFrame) -> pl.DataFrame:
    """Mint the statements: their IRI is the hash of all that makes them a claim of their own."""

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
        column(table, additive, "adding").fill_null(""),
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
    minted = _minted(table["key"], look.names.minter.statement_base)
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


def _refers(qualifier: dict[str, Any], look: Lookup) -> bool:
    value = qualifier["value"]
    if value is None or not value.startswith(REFERENCE) or value.removeprefix(REFERENCE) not in look.by_id:
        return False
    found = look.names.property(qualifier["property"]).iri
    return look.takes_reference(found and iri(found))


def distinct_qualifiers(qualifiers: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """The qualifiers sorted, each once: what is said twice narrows no further."""
    pairs = sorted({(qualifier["property"], qualifier["value"]) for qualifier in qualifiers})
    return [{"property": name, "value": value} for name, value in pairs]
