"""Owns the step from rows to quads: the RDF 1.1 dataset that a selection of statements stands for.

Leaves writing it to ``export`` and loading it to ``store``. Quads are a table of four columns of
N-Triples terms; no blank node, counter or clock is in them, and no triple stands in two graphs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import polars as pl

from onrecord.lock import Lock, quote_key
from onrecord.model import Source
from onrecord.ontology import Ontology
from onrecord.project import Project
from onrecord.resolve import Resolved, published_day
from onrecord.terms import (
    DC,
    DCTERMS,
    EDTF,
    OA,
    ONR,
    OWL,
    PROV,
    RDF,
    RDFS,
    SCHEMA,
    SKOS,
    VOID,
    XSD,
    Minter,
    iri,
    literal,
    split_term,
)

QUADS = pl.Schema({"graph": pl.String, "subject": pl.String, "predicate": pl.String, "object": pl.String})
"""Four terms in N-Triples form; the graph's name is always an IRI."""

LABEL_DEPTH = 8
"""How deep a label goes into nested propositions."""

TYPE = iri(f"{RDF}type")
NIL = iri(f"{RDF}nil")


class Quad(NamedTuple):
    """One row of the table."""

    graph: str
    subject: str
    predicate: str
    object: str


def assemble(rows: pl.DataFrame, resolved: Resolved, lock: Lock, project: Project) -> pl.DataFrame:
    """The dataset of ``rows`` (a selection by ``lens.select``), each triple once, in no order.

    A triple that several graphs would hold stands in the first of them, described things before
    what is said: engines count a triple twice in the union otherwise.
    Entities, sources and ontologies are described whatever the lens lets through, so that an
    answer never lacks a label.
    """
    minter, ontology = resolved.names.minter, resolved.names.ontology
    parts = [
        _frame(_ontology_quads(ontology)),
        _frame(_entity_quads(resolved, minter)),
        _frame(_graph_quads(project, minter)),
        _frame(_source_quads(resolved, minter, lock, project.time_zone)),
        _propositions(rows, resolved, project.language),
        _direct_triples(rows, ontology, minter),
        *_statements(rows, resolved, minter, project.language),
        _selectors(rows, minter),
        _spans(rows, resolved, minter, lock),
    ]
    quads = pl.concat(part.select(QUADS.names()) for part in parts)
    return quads.unique(["subject", "predicate", "object"], keep="first", maintain_order=True)


def sort_quads(quads: pl.DataFrame) -> pl.DataFrame:
    """The quads in the order of their terms' code points: the order of every export."""
    return quads.sort(QUADS.names())


def _frame(quads: Iterable[Quad]) -> pl.DataFrame:
    return pl.DataFrame(list(quads), schema=QUADS, orient="row")


def _ontology_quads(ontology: Ontology) -> Iterator[Quad]:
    """Each ontology in a graph of its own name, with the qualified forms of its properties.

    A triple that two ontologies share stays in the first.
    """
    seen: set[tuple[str, str, str]] = set()
    for name, triples in ontology.graphs.items():
        mine = {
            subject[1:-1]
            for subject, predicate, obj in triples
            if predicate == TYPE and subject[1:-1] in ontology.properties
        }
        qualified = [triple for address in sorted(mine) for triple in _qualified_form(ontology, address)]
        for triple in [*triples, *qualified]:
            if triple not in seen:
                seen.add(triple)
                yield Quad(iri(name), *triple)


def _qualified_form(ontology: Ontology, address: str) -> Iterator[tuple[str, str, str]]:
    """The property that leads to a proposition's node, described (as Wikidata's ``p:`` does)."""
    prop = ontology.properties[address]
    if address.startswith(ONR) or prop.restrictive or prop.additive:
        return
    form = iri(prop.qualified_iri)
    yield iri(address), iri(f"{ONR}qualifiedForm"), form
    yield form, TYPE, iri(f"{OWL}ObjectProperty")
    yield form, iri(f"{RDFS}label"), literal(f"{prop.label} (qualified)", language="en")
    yield form, iri(f"{RDFS}range"), iri(f"{ONR}Proposition")


def _graph_quads(project: Project, minter: Minter) -> Iterator[Quad]:
    """The graph itself, as VoID (https://www.w3.org/TR/void/) and Dublin Core describe a dataset."""
    graph, subject = iri(minter.graph("entities")), iri(project.base)
    yield Quad(graph, subject, TYPE, iri(f"{VOID}Dataset"))
    yield Quad(graph, subject, iri(f"{DCTERMS}title"), literal(project.title, language=project.language))
    if project.description:
        yield Quad(
            graph, subject, iri(f"{DCTERMS}description"), literal(project.description, language=project.language)
        )
    if project.licence:
        yield Quad(graph, subject, iri(f"{DCTERMS}license"), literal(project.licence))
    if project.curator:
        yield Quad(graph, subject, iri(f"{DC}creator"), literal(project.curator))


def _entity_quads(resolved: Resolved, minter: Minter) -> Iterator[Quad]:
    for found in resolved.entities:
        graph = iri(minter.graph(f"source/{found.source}" if found.source else "entities"))
        subject = iri(found.iri)
        entity = found.entity
        for kind in found.types:
            yield Quad(graph, subject, TYPE, iri(kind))
        for text, language in entity.labels:
            yield Quad(graph, subject, iri(f"{RDFS}label"), literal(text, language=language))
        for text, language in entity.aliases:
            yield Quad(graph, subject, iri(f"{SKOS}altLabel"), literal(text, language=language))
        for address in entity.same_as:
            yield Quad(graph, subject, iri(f"{SKOS}exactMatch"), iri(address))
        if entity.note:
            yield Quad(graph, subject, iri(f"{SKOS}editorialNote"), literal(entity.note))


def _source_quads(resolved: Resolved, minter: Minter, lock: Lock, time_zone: str) -> Iterator[Quad]:
    for source in resolved.sources.values():
        graph = iri(minter.graph(f"source/{source.id}"))
        subject = iri(minter.source(source.id))
        for predicate, term in _source_terms(source, lock, time_zone):
            yield Quad(graph, subject, iri(predicate), term)
        for text in source.origin:
            address = resolved.names.entity(text, source.id).iri
            if address:
                yield Quad(graph, subject, iri(f"{ONR}origin"), iri(address))


def _source_terms(source: Source, lock: Lock, time_zone: str) -> Iterator[tuple[str, str]]:
    language = source.language or None
    yield f"{RDF}type", iri(f"{ONR}Source")
    yield f"{RDFS}label", literal(source.title or source.id, language=language)
    texts = {
        f"{DCTERMS}title": (source.title, language),
        f"{DC}publisher": (source.publisher, None),
        f"{DC}creator": (source.author, None),
        f"{DCTERMS}language": (source.language, None),
        f"{DCTERMS}license": (source.licence, None),
        f"{SCHEMA}url": (source.url, None),
        f"{DCTERMS}dateAccepted": (source.retrieved, None),
        f"{SKOS}editorialNote": (source.note, None),
        f"{ONR}textHash": (source.sha256 or lock.texts.get(source.id, ""), None),
    }
    for predicate, (text, tag) in texts.items():
        if text:
            yield predicate, literal(text, language=tag)
    day = published_day(source, time_zone)
    if day:
        yield f"{DCTERMS}issued", literal(day.isoformat(), datatype=f"{XSD}date")


def _propositions(rows: pl.DataFrame, resolved: Resolved, language: str) -> pl.DataFrame:
    """Type, the three parts, the restrictive qualifiers and a label for every proposition."""
    minter = resolved.names.minter
    distinct = rows.unique("proposition", keep="first", maintain_order=True)
    node = pl.col("proposition")
    parts = [
        _triples(distinct, node, TYPE, pl.lit(iri(f"{ONR}Proposition"))),
        _triples(distinct, node, iri(f"{RDF}subject"), pl.col("subject")),
        _triples(distinct, node, iri(f"{RDF}predicate"), pl.col("predicate")),
        _triples(distinct, node, iri(f"{RDF}object"), pl.col("object")),
        _qualifiers(distinct, node, "restrictive"),
    ]
    labels = proposition_labels(distinct, resolved)
    labelled = pl.DataFrame(
        {
            "subject": list(labels),
            "predicate": [iri(f"{RDFS}label")] * len(labels),
            "object": [literal(text, language=language) for text in labels.values()],
        },
        schema={"subject": pl.String, "predicate": pl.String, "object": pl.String},
    )
    return pl.concat([*parts, labelled]).with_columns(pl.lit(iri(minter.graph("propositions"))).alias("graph"))


def proposition_labels(rows: pl.DataFrame, resolved: Resolved) -> dict[str, str]:
    """Each proposition in words: ``Kirill Dmitriev heads Russian sovereign wealth fund``.

    What is nested more than :data:`LABEL_DEPTH` deep is elided, counted from the proposition
    itself, so that its label is the same wherever else it is mentioned.
    """
    columns = ("proposition", "subject", "predicate", "object", "restrictive")
    facts = {row[0]: row[1:] for row in rows.select(columns).iter_rows()}
    done: dict[tuple[str, int], str] = {}

    def words(term: str, depth: int) -> str:
        if term.startswith('"'):
            return split_term(term)[1]
        if term in facts:
            return f"({sentence(term, depth + 1)})" if depth < LABEL_DEPTH else "(…)"
        return resolved.names.label(term[1:-1])

    def sentence(node: str, depth: int) -> str:
        found = done.get((node, depth))
        if found is None:
            subject, predicate, obj, restrictive = facts[node]
            found = " ".join((words(subject, depth), words(predicate, depth), words(obj, depth)))
            for qualifier in restrictive or ():
                found += f", {words(qualifier['property'], depth)} {words(qualifier['value'], depth)}"
            done[node, depth] = found
        return found

    return {node: sentence(node, 0) for node in facts}


def _direct_triples(rows: pl.DataFrame, ontology: Ontology, minter: Minter) -> pl.DataFrame:
    """What is asserted, as plain triples; with restrictive qualifiers, through the qualified form."""
    facts = rows.filter(pl.col("asserting"))
    qualified = pl.col("restrictive").list.len().fill_null(0) > 0
    forms = {iri(prop.iri): iri(prop.qualified_iri) for prop in ontology.properties.values()}
    plain = facts.filter(~qualified).select("subject", "predicate", "object")
    narrowed = facts.filter(qualified).select(
        "subject",
        pl.col("predicate").replace_strict(forms, default=None, return_dtype=pl.String).alias("predicate"),
        pl.col("proposition").alias("object"),
    )
    return pl.concat([plain, narrowed]).with_columns(pl.lit(iri(minter.graph("asserted"))).alias("graph"))


def _triples(rows: pl.DataFrame, subject: pl.Expr, predicate: str, obj: pl.Expr) -> pl.DataFrame:
    return rows.select(
        subject.alias("subject"), pl.lit(predicate, pl.String).alias("predicate"), obj.alias("object")
    ).drop_nulls("object")


def _qualifiers(rows: pl.DataFrame, subject: pl.Expr, column: str) -> pl.DataFrame:
    return (
        rows.filter(pl.col(column).list.len() > 0)
        .select(subject.alias("subject"), pl.col(column))
        .explode(column)
        .select(
            "subject",
            pl.col(column).struct.field("property").alias("predicate"),
            pl.col(column).struct.field("value").alias("object"),
        )
    )


def _quoted(column: str) -> pl.Expr:
    """The N-Triples string of a text column, without datatype or language."""
    text = pl.col(column)
    for char, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.str.replace_all(char, escape, literal=True)
    return pl.concat_str(pl.lit('"'), text, pl.lit('"'))


def _typed(column: str, datatype: str) -> pl.Expr:
    return pl.concat_str(_quoted(column), pl.lit(f"^^<{datatype}>"))


def _tagged(column: str) -> pl.Expr:
    return pl.concat_str(_quoted(column), pl.lit("@"), pl.col("language"))


def _day(column: str) -> pl.Expr:
    """A day within the years that a bound may name; the sentinels of ``times`` give null."""
    day = pl.col(column)
    inside = (day.dt.year() > 1) & (day.dt.year() < 9999)
    return pl.when(inside).then(pl.concat_str(pl.lit('"'), day.dt.strftime("%Y-%m-%d"), pl.lit(f'"^^<{XSD}date>')))


def _statements(rows: pl.DataFrame, resolved: Resolved, minter: Minter, language: str) -> Iterator[pl.DataFrame]:
    """The statement nodes, each in the graph of its source."""
    statuses = {name: iri(address) for name, address in resolved.names.ontology.statuses.items()}
    status = pl.col("status").replace_strict(statuses, default=None, return_dtype=pl.String)
    own = rows.filter(pl.col("statement").is_not_null() & status.is_not_null())
    heads = {iri(minter.source(source)): iri(minter.graph(f"source/{source}")) for source in resolved.sources}
    graph = pl.concat_str(pl.lit("<"), pl.col("source_iri"), pl.lit(">")).replace_strict(
        heads, default=None, return_dtype=pl.String
    )
    own = own.with_columns(graph.alias("graph"))
    once = own.unique("statement", keep="first", maintain_order=True)
    first_day = own.group_by("statement").agg(
        pl.col("recorded_day").min().alias("recorded_day"), pl.col("graph").first(), pl.col("language").first()
    )
    condition = pl.col("condition")

    def every(obj: pl.Expr, predicate: str, table: pl.DataFrame = once) -> pl.DataFrame:
        return table.select(
            "graph",
            pl.col("statement").alias("subject"),
            pl.lit(iri(predicate)).alias("predicate"),
            obj.alias("object"),
        ).drop_nulls("object")

    yield every(pl.lit(iri(f"{ONR}Statement")), f"{RDF}type")
    yield every(pl.col("proposition"), f"{ONR}proposition")
    yield every(status, f"{ONR}status")
    yield every(pl.lit(f'"true"^^<{XSD}boolean>'), f"{ONR}negated", once.filter(pl.col("negated")))
    yield every(pl.concat_str(pl.lit("<"), pl.col("source_iri"), pl.lit(">")), f"{PROV}wasQuotedFrom")
    yield every(_day("recorded_day"), f"{ONR}recorded", first_day)
    yield every(_typed("when", EDTF), f"{ONR}when")
    yield every(_typed("said_when", EDTF), f"{ONR}saidWhen")
    yield every(pl.col("said_at_term"), f"{ONR}saidAt")
    for column, name in (
        ("earliest_start", "earliestStart"),
        ("latest_start", "latestStart"),
        ("earliest_end", "earliestEnd"),
        ("latest_end", "latestEnd"),
    ):
        yield every(_day(column), f"{ONR}{name}")
    yield every(condition, f"{ONR}condition", once.filter(condition.str.starts_with("<")))
    yield every(condition, f"{ONR}conditionText", once.filter(condition.str.starts_with('"')))
    for column, name in (("said_by", "saidBy"), ("via", "via"), ("said_to", "saidTo"), ("origin", "origin")):
        yield every(pl.col(f"{column}_terms"), f"{ONR}{name}", once.explode(f"{column}_terms"))
    yield from _chains(once, minter)
    yield _qualifiers(once, pl.col("statement"), "additive").join(
        once.select(pl.col("statement").alias("subject"), "graph"), on="subject", how="left"
    )
    quotes = own.explode("quotes")
    yield every(_tagged("quotes"), f"{ONR}quote", quotes)
    for column, predicate in (("when_text", f"{ONR}whenText"), ("hedge", f"{ONR}hedge")):
        yield every(_tagged(column), predicate, own)
    yield every(pl.concat_str(_quoted("translation"), pl.lit(f"@{language}")), f"{ONR}translation", own)
    for column, predicate in (
        ("id", f"{DCTERMS}identifier"),
        ("locator", f"{ONR}locator"),
        ("curator", f"{ONR}curator"),
        ("note", f"{SKOS}editorialNote"),
    ):
        yield every(_quoted(column), predicate, own)
    yield every(_typed("curated", f"{XSD}date"), f"{ONR}curated", own)


def _chains(rows: pl.DataFrame, minter: Minter) -> Iterator[pl.DataFrame]:
    """The order of ``via`` where several passed the words on: a list of hashed cells."""
    quads = []
    for graph, statement, members in (
        rows.filter(pl.col("via_terms").list.len() > 1).select("graph", "statement", "via_terms").iter_rows()
    ):
        cells = [iri(minter.chain((graph, *members[index:]))) for index in range(len(members))]
        quads.append(Quad(graph, statement, iri(f"{ONR}viaChain"), cells[0]))
        for cell, member, rest in zip(cells, members, [*cells[1:], NIL], strict=True):
            quads.append(Quad(graph, cell, iri(f"{RDF}first"), member))
            quads.append(Quad(graph, cell, iri(f"{RDF}rest"), rest))
    yield _frame(quads)


def _selectors(rows: pl.DataFrame, minter: Minter) -> pl.DataFrame:
    """A Web Annotation quote selector for every quote with words before or after it.

    On a node of its own: statements that merge keep which words frame which quote.
    """
    framed = pl.col("prefix").is_not_null() | pl.col("suffix").is_not_null()
    own = rows.filter(pl.col("statement").is_not_null() & pl.col("quotes").is_not_null() & framed)
    quads = []
    columns = ("source", "language", "statement", "quotes", "prefix", "suffix")
    for source, language, statement, quotes, prefix, suffix in own.select(columns).iter_rows():
        graph = iri(minter.graph(f"source/{source}"))
        for quote in quotes:
            node = iri(minter.span(source, "quote", quote, prefix or "", suffix or ""))
            quads.append(Quad(graph, statement, iri(f"{ONR}selector"), node))
            quads.append(Quad(graph, node, TYPE, iri(f"{OA}TextQuoteSelector")))
            quads.append(Quad(graph, node, iri(f"{OA}exact"), literal(quote, language=language)))
            for name, text in (("prefix", prefix), ("suffix", suffix)):
                if text:
                    quads.append(Quad(graph, node, iri(f"{OA}{name}"), literal(text)))
    return _frame(quads)


def _spans(rows: pl.DataFrame, resolved: Resolved, minter: Minter, lock: Lock) -> pl.DataFrame:
    """A Web Annotation position selector for every verified stretch of text."""
    quads = []
    if lock.quotes:
        own = rows.filter(pl.col("statement").is_not_null() & pl.col("quotes").is_not_null())
        for source, statement, quotes, prefix, suffix in own.select(
            "source", "statement", "quotes", "prefix", "suffix"
        ).iter_rows():
            graph = iri(minter.graph(f"source/{source}"))
            for quote in quotes:
                locked = lock.get(source, quote_key(quote, prefix, suffix))
                for start, end in locked.spans if locked else ():
                    node = iri(minter.span(source, lock.texts.get(source, ""), str(start), str(end)))
                    quads.append(Quad(graph, statement, iri(f"{ONR}span"), node))
                    quads.append(Quad(graph, node, TYPE, iri(f"{ONR}Span")))
                    quads.append(Quad(graph, node, iri(f"{OA}start"), literal(str(start), datatype=f"{XSD}integer")))
                    quads.append(Quad(graph, node, iri(f"{OA}end"), literal(str(end), datatype=f"{XSD}integer")))
    return _frame(quads)
