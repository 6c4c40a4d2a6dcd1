"""Owns what a proposition is made of: nesting, qualifiers, and the IRIs minted from them.

Leaves the terms they are made of to ``columns``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from onrecord.model import RESOLVED
from onrecord.names import report_name
from onrecord.ontology import Property
from onrecord.parse.records import REFERENCE
from onrecord.resolve.before import ResolvedBefore
from onrecord.resolve.columns import datatype_tail, write_literal, write_values
from onrecord.resolve.lookup import Lookup
from onrecord.terms import UNIT, Minter, digest_all, iri

_QUALIFIED = ("row", "nested", "source", "language", "qualifiers")
_PARTS = ("row", "nested", "source", "language", "subject", "predicate", "object", "subject_row", "object_row")


def with_propositions(look: Lookup, table: pl.DataFrame, before: ResolvedBefore | None = None) -> pl.DataFrame:
    """Mint propositions, the innermost first; those of rows that stand are known."""
    referred = _referred_rows(look, table)
    done = before.propositions(referred) if before else {}
    parts: list[pl.DataFrame] = []
    for number, level in enumerate(_levels(look, table.select(*_PARTS, "qualifiers"))):
        links = {row: value for row, value in done.items() if value}
        if links:
            level = level.with_columns(
                pl.when(pl.col(f"{name}_row").is_null())
                .then(pl.col(name))
                .otherwise(pl.col(f"{name}_row").replace_strict(links, default=None, return_dtype=pl.String))
                .alias(name)
                for name in ("subject", "object")
            )
        level = _plain_qualified(look, level) if number == 0 else _qualified_one_by_one(look, level, done)
        level = level.with_columns(mint_propositions(level, look.names.minter))
        done.update(level.filter(pl.col("row").is_in(referred)).select("row", "proposition").iter_rows())
        parts.append(level.select("row", "subject", "object", "restrictive", "additive", "proposition"))
    if not parts:
        empty = (pl.lit(None, RESOLVED[name]).alias(name) for name in ("restrictive", "additive", "proposition"))
        return table.with_columns(*empty)
    made = pl.concat(parts).sort("row")
    out = table.sort("row").with_columns(made.drop("row"))
    known = {row: value for row, value in done.items() if value}
    if not known:
        return out
    condition = pl.col("condition_row").replace_strict(known, default=None, return_dtype=pl.String)
    return out.with_columns(
        pl.when(pl.col("condition_row").is_null()).then(pl.col("condition")).otherwise(condition).alias("condition")
    )


def _plain_qualified(look: Lookup, level: pl.DataFrame) -> pl.DataFrame:
    """Rows with their qualifiers as terms, where none of them points to another row."""
    flat = level.filter(pl.col("qualifiers").is_not_null()).explode("qualifiers").unnest("qualifiers")
    found = {name: look.names.property(name) for name in flat["property"].unique()}
    known = {name: look.names.ontology.properties[hit.iri] for name, hit in found.items() if hit.iri}
    takes = pl.col("property").is_in([name for name, prop in known.items() if prop.takes_literal])
    written = flat.select("source", pl.when(~takes).then("value").alias("text"))
    tails = {name: datatype_tail(prop) for name, prop in known.items() if prop.takes_literal}
    flat = flat.with_columns(
        _mapped("property", {name: iri(prop.iri) for name, prop in known.items()}).alias("name"),
        _mapped("property", {name: str(prop.restrictive) for name, prop in known.items()}).alias("narrows"),
        pl.when(takes)
        .then(write_values(pl.col("value"), _mapped("property", {n: t for n, t in tails.items() if t is not None})))
        .otherwise(look.terms(written))
        .alias("term"),
    )
    wrong = pl.col("name").is_null() | (pl.col("nested") & (pl.col("narrows") != "True"))
    lost = flat.filter(wrong | (pl.col("term").is_null() & pl.col("value").is_not_null()))["row"].unique().to_list()
    for row in level.filter(pl.col("row").is_in(lost)).select(*_QUALIFIED).iter_rows():
        _qualified(look, row, {})
    sound = flat.filter(~wrong & pl.col("term").is_not_null())
    for column, narrow in (("restrictive", "True"), ("additive", "False")):
        pairs = sound.filter(pl.col("narrows") == narrow).select("row", property="name", value="term")
        pairs = pairs.unique().sort("row", "property", "value")
        lists = pairs.group_by("row", maintain_order=True).agg(pl.struct("property", "value").alias(column))
        level = level.join(lists, on="row", how="left", maintain_order="left")
        had = pl.col("qualifiers").is_not_null() & pl.col(column).is_null()
        level = level.with_columns(pl.when(had).then(pl.lit([], RESOLVED[column])).otherwise(column).alias(column))
    return level


def _mapped(column: str, values: Mapping[str, str]) -> pl.Expr:
    """A column with each text replaced, null where nothing is known of it."""
    if not values:
        return pl.lit(None, pl.String)
    return pl.col(column).replace_strict(values, default=None, return_dtype=pl.String)


def _qualified_one_by_one(look: Lookup, level: pl.DataFrame, done: dict[int, str | None]) -> pl.DataFrame:
    """Rows with their qualifiers as terms; ``done`` has the propositions that they may point to."""
    restrictive: dict[int, list[dict[str, str]]] = {}
    additive: dict[int, list[dict[str, str]]] = {}
    for values in level.filter(pl.col("qualifiers").is_not_null()).select(*_QUALIFIED).iter_rows():
        found = _qualified(look, values, done)
        restrictive[values[0]] = distinct_qualifiers(q for q, narrow in found if narrow)
        additive[values[0]] = distinct_qualifiers(q for q, narrow in found if not narrow)
    return level.with_columns(
        pl.Series(name, [values.get(row) for row in level["row"].to_list()], dtype=RESOLVED[name])
        for name, values in (("restrictive", restrictive), ("additive", additive))
    )


def _referred_rows(look: Lookup, table: pl.DataFrame) -> list[int]:
    """The rows whose propositions other rows need."""
    linked = pl.concat([table[name].drop_nulls() for name in ("subject_row", "object_row", "condition_row")])
    values = table.filter(pl.col("qualifiers").list.len() > 0)["qualifiers"].explode().struct.field("value_row")
    nested = table.filter(pl.col("nested"))["row"]
    return sorted({*linked, *values.drop_nulls(), *nested, *look.by_id.values()})


def _levels(look: Lookup, table: pl.DataFrame) -> list[pl.DataFrame]:
    """The table in slices; each refers only to rows of slices before it. A ring is an R009."""
    inner: dict[int, set[int]] = defaultdict(set)
    for name in ("subject_row", "object_row"):
        for row, target in table.select("row", name).drop_nulls().iter_rows():
            inner[row].add(target)
    flat = table.select("row", "qualifiers").filter(pl.col("qualifiers").is_not_null()).explode("qualifiers")
    pointing = flat.unnest("qualifiers").filter(
        pl.col("value_row").is_not_null() | pl.col("value").str.starts_with(REFERENCE)
    )
    for row, name, value, target in pointing.select("row", "property", "value", "value_row").iter_rows():
        found = look.names.property(name).iri
        if value is not None and found and look.takes_reference(iri(found)):
            target = look.by_id.get(value.removeprefix(REFERENCE))
        inner[row].update(() if target is None else (target,))
    if not inner:
        return [table] if table.height else []
    levels: dict[int, int] = {row: 0 for row, targets in inner.items() if not targets}
    for start in sorted(inner):
        _depth(start, inner, levels)
    depth = pl.col("row").replace_strict(levels, default=0, return_dtype=pl.Int32)
    marked = table.with_columns(depth.alias("depth"))
    order = sorted({0, *marked["depth"].unique()})  # rows may point to none but those that stand
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


def _qualified(look: Lookup, values: tuple[Any, ...], done: dict[int, str | None]) -> list[tuple[dict[str, str], bool]]:
    """The qualifiers of one row as terms, and whether each is restrictive; failed look-ups are reported."""
    row, nested, source, language, qualifiers = values
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
    return out


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

    pair = pl.concat_str(pl.element().struct.field("property"), pl.element().struct.field("value"), separator=" ")
    key = pl.concat_str(
        pl.col("source_iri"),
        pl.col("proposition"),
        pl.col("status").fill_null("stated"),
        pl.col("negated").cast(pl.String),
        pl.col("additive").list.eval(pair).list.join("\x1e").fill_null(""),
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
    """The IRI for each key; null for null."""
    known = keys.drop_nulls()
    digests = pl.Series("digest", digest_all(known.cast(pl.Binary)), dtype=pl.Binary)
    made = digests.to_frame().select(pl.concat_str(pl.lit(f"<{base}"), pl.col("digest").bin.encode("hex"), pl.lit(">")))
    if known.len() == keys.len():
        return made.to_series()
    at = pl.DataFrame({"at": keys.is_not_null().arg_true(), "made": made.to_series()})
    every = pl.DataFrame({"at": pl.int_range(keys.len(), dtype=pl.UInt32, eager=True)})
    return every.join(at, on="at", how="left", maintain_order="left")["made"]


def distinct_qualifiers(qualifiers: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """The qualifiers sorted, each once: what is said twice narrows no further."""
    pairs = sorted({(qualifier["property"], qualifier["value"]) for qualifier in qualifiers})
    return [{"property": name, "value": value} for name, value in pairs]
