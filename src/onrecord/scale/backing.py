"""Owns how well the propositions of a shard are backed: articles and origins, counted while it is written.

Leaves which statements are counted together, and telling origins apart, to ``explain``. All statements on a
proposition are in one shard; only who speaks for whom is said in others, and comes as ``links``.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from onrecord.explain.corroboration import TOGETHER, backers, read_weights
from onrecord.explain.links import Links
from onrecord.explain.origins import Origins
from onrecord.resolve import Resolved

BACKING = pl.Schema(
    {
        "proposition": pl.String,
        "against": pl.Boolean,
        "class": pl.String,
        "condition": pl.String,
        "status": pl.String,
        "articles": pl.UInt32,
        "certainly": pl.UInt32,
        "possibly": pl.UInt32,
        "first": pl.Date,
        "last": pl.Date,
    }
)
"""A row for each proposition and polarity, within a class of status and on a condition, empty where there is none.

``status`` is the firmest; ``certainly`` and ``possibly`` bound the number of independent origins; ``first``
and ``last`` are the days on which it went on record.
"""

_WAY = ("source", "source_iri", "said_by_terms", "origin_terms", "via_terms")


def read_origins(resolved: Resolved, links: Iterable[tuple[str, str]]) -> Origins:
    """What tells origins apart; ``links`` are the two ends of each origin link."""
    return Origins(resolved, Links(dict.fromkeys(((low, high) for low, high in links), "")))


def count_backing(rows: pl.DataFrame, origins: Origins) -> pl.DataFrame:
    """The table :data:`BACKING` of the rows of a shard.

    The numbers are those of :func:`onrecord.explain.corroboration.corroborate`.
    """
    weights = read_weights(origins.names.ontology)
    strength = pl.col("status").replace_strict(weights.strength, default=0, return_dtype=pl.Int64)
    own = backers(rows, weights).with_columns(_voices(origins).alias("voices"), strength.alias("strength"))
    groups = own.group_by(TOGETHER, maintain_order=True).agg(
        pl.col("status").sort_by("strength", "status").last(),
        pl.col("source").n_unique().alias("articles"),
        pl.col("voices").sum(),
        pl.col("recorded_day").min().alias("first"),
        pl.col("recorded_day").max().alias("last"),
    )
    several = groups.filter(pl.col("voices") > 1).select(TOGETHER)
    parts = own.join(several, on=TOGETHER, how="semi").select(*TOGETHER, *_WAY).rows_by_key(TOGETHER, named=True)
    bounds = [(*key, *origins.bounds(part)) for key, part in parts.items()]
    schema = groups.select(TOGETHER, certainly=pl.lit(1, pl.UInt32), possibly=pl.lit(1, pl.UInt32)).schema
    counted = groups.join(pl.DataFrame(bounds, schema=schema, orient="row"), on=TOGETHER, how="left")
    named = counted.with_columns(pl.col("certainly", "possibly").fill_null(1)).rename({"if": "condition"})
    return named.select(pl.col(name).cast(kind) for name, kind in BACKING.items()).sort(*BACKING.names()[:4])


def _voices(origins: Origins) -> pl.Expr:
    """On how many ways the words of a statement came; one way has one origin, and nothing is to be told apart."""
    said_by, origin, via = (pl.col(name).list.len().fill_null(0) for name in _WAY[2:])
    known = {source: len(terms) for source, terms in origins.source_origin.items() if terms}
    if known:
        inherited = pl.col("source").replace_strict(known, default=0, return_dtype=pl.UInt32)
        origin = pl.when(origin == 0).then(inherited).otherwise(origin)
    one_kind = pl.when(origin == 0).then(said_by).when(said_by == 0).then(origin).otherwise(1)
    return pl.when(via > 0).then(1).otherwise(one_kind.clip(1)).cast(pl.UInt32)
