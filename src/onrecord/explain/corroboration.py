"""Owns how well a proposition is backed: articles, and independent origins as a range, with the reasons.

Leaves which rows count to ``lens``, telling origins apart to ``origins``, what statuses weigh to the
ontology, and who says otherwise to ``disagreements``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import polars as pl

from onrecord.assemble import with_mentioned
from onrecord.explain.evidence import COLUMNS, Teller, statements_once
from onrecord.explain.links import ontology_pairs, origin_links
from onrecord.explain.origins import OriginGroup, Origins
from onrecord.names import Names
from onrecord.ontology import Ontology
from onrecord.progress import advance, stage
from onrecord.resolve import Resolved
from onrecord.terms import ONR, iri, split_term

TOGETHER = ("proposition", "against", "class", "if")
"""What statements agree in that are counted together."""


@dataclass(frozen=True, slots=True)
class Corroboration:
    """What stands behind a proposition, for or against it, within a class of status.

    ``certainly`` and ``possibly`` bound the number of independent origins. A statement on a
    condition backs only what stands on the same condition.
    """

    proposition: str
    text: str
    against: bool
    status_class: str
    condition: str
    status: str  # the firmest
    articles: tuple[str, ...]  # ids of the sources
    certainly: int
    possibly: int
    first: str
    last: str
    origins: tuple[OriginGroup, ...]

    @property
    def phrase(self) -> str:
        """The count in words.

        >>> count_words(2, 1, 1), count_words(1, 1, 2)
        ('2 articles, 1 origin', '1 article, 1 to 2 origins')
        """
        return count_words(len(self.articles), self.certainly, self.possibly)

    def as_dict(self) -> dict[str, Any]:
        """The finding as plain values, as ``--json`` prints it."""
        return {**asdict(self), "phrase": self.phrase}


def count_words(articles: int, certainly: int, possibly: int) -> str:
    """``2 articles, 1 origin``; a range where it is not certain."""
    origins = str(certainly) if certainly == possibly else f"{certainly} to {possibly}"
    return f"{articles} article{'s' * (articles != 1)}, {origins} origin{'s' * (possibly != 1)}"


def corroborate(
    rows: pl.DataFrame, resolved: Resolved, *, subject: str = "", predicate: str = "", obj: str = ""
) -> list[Corroboration]:
    """Each proposition that ``rows`` (a selection by ``lens.select``) put, with what backs it.

    ``subject``, ``predicate`` and ``obj`` keep the propositions with that part, written by any name;
    an object may also be a value. Best backed first. What is only mentioned backs nothing.

    :raises OnRecordError: for a name that the graph does not know, or that means several things.
    """
    weights = read_weights(resolved.names.ontology)
    own = backers(rows, weights)
    narrow = tuple(_parts(own, resolved.names, subject, predicate, obj))
    own = own.filter(*narrow)
    teller = Teller(_told(own, rows) if narrow else rows, resolved)
    origins = Origins(resolved, origin_links(rows, resolved))
    found = []
    stage("counting origins", own.height, "statements")
    for _, group in groupby(
        own.select(*COLUMNS, "source_iri", *TOGETHER[1:]).iter_rows(named=True),
        lambda row: tuple(row[name] for name in TOGETHER),
    ):
        together = list(group)
        found.append(_weigh(together, weights, teller, origins))
        advance(len(together))
    return sorted(
        found,
        key=lambda one: (
            -len(one.articles),
            -one.certainly,
            -one.possibly,
            one.text,
            one.status_class,
            one.condition,
            one.proposition,
        ),
    )


def backers(rows: pl.DataFrame, weights: Weights) -> pl.DataFrame:
    """The statements of ``rows`` that back or deny something, once each, sorted by :data:`TOGETHER`."""
    own = statements_once(rows).filter(pl.col("status").is_in(sorted(weights.classes)))
    return own.with_columns(
        (pl.col("negated") | (pl.col("status") == "denied")).alias("against"),
        pl.col("status").replace_strict(weights.classes, default=None, return_dtype=pl.String).alias("class"),
        pl.col("condition").fill_null("").alias("if"),
    ).sort(*TOGETHER, "recorded_day", "source", "statement")


def _told(own: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows whose words are told with ``own``: its propositions, its conditions, and what these mention."""
    wanted = pl.concat([own["proposition"], own["condition"].rename("proposition")]).drop_nulls().unique()
    some = rows.filter(pl.col("proposition").is_in(wanted.to_list()))
    return with_mentioned(some, rows)


def _weigh(rows: list[dict[str, Any]], weights: Weights, teller: Teller, origins: Origins) -> Corroboration:
    head = rows[0]
    evidence = [teller.evidence(row) for row in rows]
    groups, certainly = origins.count(rows, evidence)
    days = [row["recorded_day"] for row in rows if row["recorded_day"]]
    return Corroboration(
        proposition=head["proposition"][1:-1],
        text=evidence[0].text,
        against=head["against"],
        status_class=head["class"],
        condition=evidence[0].condition,
        status=max((row["status"] for row in rows), key=lambda status: (weights.strength.get(status, 0), status)),
        articles=tuple(sorted({row["source"] for row in rows})),
        certainly=certainly,
        possibly=sum(group.possibly for group in groups),
        first=str(min(days)) if days else "",
        last=str(max(days)) if days else "",
        origins=groups,
    )


def _parts(own: pl.DataFrame, names: Names, subject: str, predicate: str, obj: str) -> Iterator[pl.Expr]:
    """Conditions on the parts of a proposition that were written down."""
    if subject:
        yield pl.col("subject") == iri(names.require_entity(subject))
    if predicate:
        yield pl.col("predicate") == iri(names.require_property(predicate))
    if obj:
        texts = own["object"].filter(own["object"].str.starts_with('"')).unique().to_list()
        values = [term for term in texts if split_term(term)[1] == obj]
        known = names.entity(obj).iri if values else names.require_entity(obj)
        yield pl.col("object").is_in([*values, *([iri(known)] if known else [])])


# --- what the ontology says


@dataclass(frozen=True, slots=True)
class Weights:
    """The classes in which statuses are counted together, and how firm each status is."""

    classes: Mapping[str, str]
    strength: Mapping[str, int]


def read_weights(ontology: Ontology) -> Weights:
    """The weights that ``onr:statusClass`` and ``onr:strength`` give to the statuses."""
    labels = {iri(address): label for label, address in ontology.statuses.items()}
    classes = {
        labels[status]: ontology.label(value[1:-1])
        for status, value in ontology_pairs(ontology, f"{ONR}statusClass")
        if status in labels
    }
    strength = {
        labels[status]: int(split_term(value)[1])
        for status, value in ontology_pairs(ontology, f"{ONR}strength")
        if status in labels
    }
    return Weights(classes, strength)
