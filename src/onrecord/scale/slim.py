"""Owns the slim form of a build in shards: propositions, direct triples, and counts in the place of statements.

Leaves the counting to ``backing`` and the rest of a shard to ``shards``. Statements and sources stay beside it
in Parquet. What is written is RDF 1.1 without blank nodes: the part of the standards that every server takes.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from onrecord.assemble import QUADS, TYPE, said_parts
from onrecord.explain.links import ontology_pairs
from onrecord.resolve import Resolved
from onrecord.terms import DCTERMS, ONR, OWL, PROV, RDF, RDFS, SKOS, UNIT, VOID, XSD, digest_all, iri, literal

_DATA = f"{OWL}DatatypeProperty"

VOCABULARY = "https://w3id.org/onrecord/slim"
"""The named graph of the terms that only slim datasets have."""

_TERMS = (
    (
        "Backing",
        f"{OWL}Class",
        "backing",
        "What is behind a proposition, or against it.",
        "",
        f"{PROV}Collection",
    ),
    ("backs", f"{OWL}ObjectProperty", "backs", "What is backed, or denied.", f"{ONR}Proposition", f"{DCTERMS}subject"),
    ("against", _DATA, "against", "True where it is said not to be so.", f"{XSD}boolean", f"{RDF}Statement"),
    ("countedAs", f"{OWL}ObjectProperty", "counted as", "The class of status.", f"{ONR}StatusClass", f"{SKOS}member"),
    ("provided", f"{RDF}Property", "provided", "The condition: a proposition or words.", "", f"{DCTERMS}requires"),
    ("articles", _DATA, "articles", "How many sources say so.", f"{XSD}integer", f"{VOID}documents"),
    ("origins", _DATA, "origins", "So many are certainly independent.", f"{XSD}integer", f"{PROV}hadPrimarySource"),
    ("originsAtMost", _DATA, "origins at most", "So many may be, if more.", f"{XSD}integer", f"{PROV}hadPrimarySource"),
)
"""Name, kind, label, comment, range, and what is near it elsewhere."""

EVIDENCE = (
    *("proposition", "statement", "source", "status", "negated", "recorded_day", "quotes", "translation"),
    *("said_by_terms", "via_terms", "origin_terms", "said_when", "said_at_term", "said_to_terms", "when"),
    *("when_text", "hedge", "condition", "additive", "id", "locator", "curator", "curated", "note"),
)
"""The columns of a shard's statements in Parquet, as the statement table has them."""


def evidence_name(number: int) -> str:
    """What the file is called that holds the statements of a shard."""
    return f"evidence-{number:05}.parquet"


def evidence(rows: pl.DataFrame) -> pl.DataFrame:
    """The statements among the rows of a shard."""
    own = rows.filter(pl.col("statement").is_not_null()).select(EVIDENCE)
    return own.unique(maintain_order=True).sort("proposition", "statement", "locator", "quotes", maintain_order=True)


def slim_quads(
    rows: pl.DataFrame, resolved: Resolved, described: pl.DataFrame, language: str, backing: pl.DataFrame
) -> pl.DataFrame:
    """The quads of a shard: direct triples, the parts of each proposition, and how it is backed."""
    silent = rows.with_columns(pl.lit(None, pl.String).alias("statement"))
    said = pl.concat(part.select(QUADS.names()) for part in said_parts(silent, resolved, described, language))
    minter = resolved.names.minter
    told = pl.col("predicate").is_in([TYPE, iri(f"{RDFS}label")])
    plain = said.filter(~(told & (pl.col("graph") == iri(minter.graph("propositions")))))
    return pl.concat([plain, *_counts(backing, resolved)])


def _counts(backing: pl.DataFrame, resolved: Resolved) -> Iterator[pl.DataFrame]:
    minter, ontology = resolved.names.minter, resolved.names.ontology
    classes = {ontology.label(value[1:-1]): value for _, value in ontology_pairs(ontology, f"{ONR}statusClass")}
    key = pl.concat_str("proposition", pl.col("against").cast(pl.String), "class", "condition", separator=UNIT)
    names = digest_all(text.encode("utf-8") for text in backing.select(key.alias("key"))["key"])
    node = pl.Series("subject", [f"<{minter.base}backing/{name.hex()}>" for name in names], dtype=pl.String)
    table = backing.with_columns(node, graph=pl.lit(iri(minter.graph("backing"))))

    def each(name: str, value: pl.Expr, some: pl.Expr | None = None) -> pl.DataFrame:
        part = table if some is None else table.filter(some)
        return part.select("graph", "subject", predicate=pl.lit(iri(f"{ONR}{name}")), object=value)

    def number(name: str) -> pl.Expr:
        return pl.concat_str(pl.lit('"'), pl.col(name).cast(pl.String), pl.lit(f'"^^<{XSD}integer>'))

    yield each("backs", pl.col("proposition"))
    yield each("against", pl.lit(f'"true"^^<{XSD}boolean>'), pl.col("against"))
    yield each("countedAs", pl.col("class").replace_strict(classes, default=None, return_dtype=pl.String))
    yield each("provided", pl.col("condition"), pl.col("condition") != "")
    yield each("articles", number("articles"))
    yield each("origins", number("certainly"))
    yield each("originsAtMost", number("possibly"), pl.col("possibly") > pl.col("certainly"))


def split_described(described: pl.DataFrame, base: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is described without the sources, with the terms of the slim form; and the sources."""
    of_source = pl.col("subject").str.starts_with(f"<{base}source/")
    terms = pl.DataFrame(list(_term_quads()), schema=QUADS, orient="row")
    return pl.concat([described.filter(~of_source), terms]), described.filter(of_source)


def _term_quads() -> Iterator[tuple[str, str, str, str]]:
    graph = iri(VOCABULARY)
    yield graph, graph, TYPE, iri(f"{OWL}Ontology")
    for name, kind, label, comment, reach, near in _TERMS:
        term = iri(f"{ONR}{name}")
        yield graph, term, TYPE, iri(kind)
        yield graph, term, iri(f"{RDFS}label"), literal(label, language="en")
        yield graph, term, iri(f"{RDFS}comment"), literal(comment, language="en")
        yield graph, term, iri(f"{RDFS}isDefinedBy"), graph
        yield graph, term, iri(f"{RDFS}seeAlso"), iri(near)
        if name != "Backing":
            yield graph, term, iri(f"{RDFS}domain"), iri(f"{ONR}Backing")
        if reach:
            yield graph, term, iri(f"{RDFS}range"), iri(reach)
