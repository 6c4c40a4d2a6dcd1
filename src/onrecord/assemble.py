"""Owns the step from rows to quads: the RDF 1.1 dataset that a selection of statements stands for.

Leaves writing it to ``export`` and loading it to ``store``. Quads are a table of four columns of
N-Triples terms; no blank node, counter or clock is in them, and no triple stands in two graphs.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import polars as pl

from onrecord.literals import quoted, tagged, typed
from onrecord.lock import Lock, quote_key
from onrecord.model import Source
from onrecord.ontology import Ontology
from onrecord.progress import advance, stage
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

_TRIPLE = ["subject", "predicate", "object"]

LABEL_DEPTH = 8
"""How deep a label goes into nested propositions."""

_ROWS_AT_ONCE = 60_000
"""About so many statements at a time are made quads of, so that memory does not hold the quads of all."""

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
    stage("making quads", unit="quads")
    parts = []
    for part in quad_parts(rows, resolved, lock, project):
        parts.append(part.select(QUADS.names()))
        advance(part.height)
    return pl.concat(parts)


def to_nquads(quads: pl.DataFrame) -> bytes:
    """Quads as N-Quads (https://www.w3.org/TR/n-quads/), in their order."""
    out = io.BytesIO()
    lines = quads.select("subject", "predicate", "object", "graph")
    form: Any = {"include_header": False, "quote_style": "never", "separator": " ", "line_terminator": " .\n"}
    lines.lazy().sink_csv(out, engine="in-memory", **form)  # the streaming engine's threads cost more than they save
    return out.getvalue()


def quad_parts(
    rows: pl.DataFrame, resolved: Resolved, lock: Lock, project: Project, described: pl.DataFrame | None = None
) -> Iterator[pl.DataFrame]:
    """The dataset of :func:`assemble` in parts that share no triple, one at a time.

    What :func:`describe` makes of the graph is left out where it is known already, as ``described``.
    """
    minter = resolved.names.minter
    yield from common_parts(rows, resolved, lock, project, described)
    for some in _by_source(rows):
        yield from _statements(some, resolved, minter, project.language)
    marks = pl.concat([_selectors(rows, minter), _spans(rows, minter, lock)])
    yield marks.unique(_TRIPLE, keep="first", maintain_order=True)


def estimate_quads(rows: pl.DataFrame, resolved: Resolved, lock: Lock) -> int:
    """About how many quads :func:`quad_parts` makes, counted from the cells that are filled: some per cent too many."""
    values = [pl.col("asserting").sum(), pl.col("negated").sum(), 5 * pl.col("proposition").n_unique()]
    for name in (*_OWN, "restrictive"):
        if isinstance(rows.schema[name], pl.List):
            values.append(pl.col(name).list.len().sum())
        elif name not in ("row", "language", "negated"):
            values.append(pl.col(name).count())
    spans = sum(len(quote.spans) for quote in lock.quotes.values())
    terms = sum(map(len, resolved.names.ontology.graphs.values()))
    beside = terms + 4 * len(resolved.entities) + 8 * len(resolved.sources)
    return int(rows.select(pl.sum_horizontal(values)).item()) + beside + 4 * spans


def common_parts(
    rows: pl.DataFrame, resolved: Resolved, lock: Lock, project: Project, described: pl.DataFrame | None = None
) -> Iterator[pl.DataFrame]:
    """The parts of :func:`quad_parts` that are not of statements: what is described, then propositions and facts."""
    minter, ontology = resolved.names.minter, resolved.names.ontology
    if described is None:
        described = describe(resolved, lock, project)
        yield described
    direct = direct_triples(rows, ontology, minter).unique(_TRIPLE, keep="first", maintain_order=True)
    is_alike = pl.col("predicate").is_in(direct["predicate"].unique().to_list())
    near = [described.filter(is_alike)]
    for part in _propositions(rows, resolved, project.language):
        near.append(part.filter(is_alike))
        yield part
    yield _without(direct, near)


def describe(resolved: Resolved, lock: Lock, project: Project) -> pl.DataFrame:
    """What is known before anything is said: ontologies, entities, the graph itself, sources."""
    minter = resolved.names.minter
    return pl.concat(
        [
            _frame(_ontology_quads(resolved.names.ontology)),
            _frame(_entity_quads(resolved, minter)),
            _frame(_graph_quads(project, minter)),
            _frame(_source_quads(resolved, minter, lock, project.time_zone)),
        ]
    ).unique(_TRIPLE, keep="first", maintain_order=True)


def label_propositions(rows: pl.DataFrame, resolved: Resolved) -> pl.DataFrame:
    """Each proposition of ``rows`` and its ``label``; all that it mentions must be among them."""
    return _labelled(rows.unique("proposition", keep="first", maintain_order=True), resolved)


def said_parts(
    rows: pl.DataFrame, resolved: Resolved, described: pl.DataFrame, language: str
) -> Iterator[pl.DataFrame]:
    """The quads of some propositions, with a ``label``, and of all that is said of them.

    Left out are the nodes that statements on other propositions may share (:func:`shared_nodes`), and
    what ``described`` holds.
    """
    minter = resolved.names.minter
    propositions = list(_propositions(rows, resolved, language))
    yield from propositions
    direct = direct_triples(rows, resolved.names.ontology, minter).unique(_TRIPLE)
    yield _without(direct, [described, *propositions])
    for part in (*_statements(rows, resolved, minter, language), _selectors(rows, minter).unique(_TRIPLE)):
        yield part.filter(~_is_shared(minter)) if part.height else part


def shared_nodes(rows: pl.DataFrame, minter: Minter) -> pl.DataFrame:
    """The list cells and quote selectors of ``rows``: nodes named after what they hold."""
    source = iri(minter.graph("source/"))[:-1]
    own = rows.filter(pl.col("statement").is_not_null())
    graphs = own.with_columns(pl.concat_str(pl.lit(source), "source", pl.lit(">")).alias("graph"))
    parts = pl.concat([_chains(graphs, minter), _selectors(own, minter)])
    return parts.filter(_is_shared(minter)).unique(_TRIPLE, keep="first", maintain_order=True)


def _is_shared(minter: Minter) -> pl.Expr:
    heads = (f"<{minter.base}list/", f"<{minter.base}span/")
    return pl.any_horizontal(pl.col("subject").str.starts_with(head) for head in heads)


def _without(quads: pl.DataFrame, others: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """``quads`` without the triples that stand among ``others``."""
    used = quads["predicate"].unique().to_list()
    near = pl.concat(part.select(_TRIPLE).filter(pl.col("predicate").is_in(used)) for part in others)
    return quads.join(near, on=_TRIPLE, how="anti", maintain_order="left") if near.height else quads


def _by_source(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The rows in parts that share no source, and so no statement."""
    counts = rows.group_by("source").len().sort("source")
    parts = counts.select("source", part=pl.col("len").cum_sum() // _ROWS_AT_ONCE)
    if parts["part"].n_unique() < 2:
        yield rows
        return
    part = pl.col("source").replace_strict(parts["source"], parts["part"], return_dtype=pl.UInt32)
    which = rows.select(part.alias("part"))["part"]
    for number in parts["part"].unique().sort():
        yield rows.filter(which == number)


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


SOURCES_SAY = frozenset(
    iri(name)
    for name in (
        *(f"{RDFS}label", f"{SKOS}altLabel", f"{SKOS}exactMatch", f"{SKOS}editorialNote"),
        *(f"{DCTERMS}{name}" for name in ("title", "language", "license", "dateAccepted", "issued")),
        *(f"{DC}publisher", f"{DC}creator", f"{SCHEMA}url", f"{ONR}textHash", f"{ONR}origin"),
    )
)
"""The properties by which sources and unnamed speakers are described, their types aside."""


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


def _propositions(rows: pl.DataFrame, resolved: Resolved, language: str) -> Iterator[pl.DataFrame]:
    """Type, the three parts, the restrictive qualifiers and a label for every proposition."""
    given = ["label"] if "label" in rows.columns else []
    distinct = rows.select("proposition", *_TRIPLE, "restrictive", *given)
    distinct = distinct.unique("proposition", keep="first", maintain_order=True)
    if not given:
        labels = _labelled(distinct, resolved)
        distinct = distinct.join(labels, on="proposition", how="left", maintain_order="left")
    graph = pl.lit(iri(resolved.names.minter.graph("propositions"))).alias("graph")
    node, label = pl.col("proposition"), pl.concat_str(quoted(pl.col("label")), pl.lit(f"@{language}"))
    for some in distinct.iter_slices(_ROWS_AT_ONCE):
        yield _triples(some, node, TYPE, pl.lit(iri(f"{ONR}Proposition"))).with_columns(graph)
        for part in _TRIPLE:
            yield _triples(some, node, iri(f"{RDF}{part}"), pl.col(part)).with_columns(graph)
        yield _qualifiers(some, node, "restrictive").with_columns(graph)
        yield _triples(some, node, iri(f"{RDFS}label"), label).with_columns(graph)


def _labelled(rows: pl.DataFrame, resolved: Resolved) -> pl.DataFrame:
    """Each proposition of ``rows`` and its label; those that mention no other one get theirs all at once."""
    head = f"<{resolved.names.minter.proposition_base}"
    narrowed = rows.filter(pl.col("restrictive").list.len() > 0).select("proposition", "restrictive")
    pairs = narrowed.explode("restrictive").unnest("restrictive")
    deep = pl.col("subject").str.starts_with(head) | pl.col("object").str.starts_with(head)
    around = pairs.filter(pl.col("value").str.starts_with(head))["proposition"]
    if around.len():
        deep |= pl.col("proposition").is_in(around.unique().to_list())
    plain, others = rows.filter(~deep), rows.filter(deep)
    found = []
    if plain.height:
        terms = pl.concat([plain[end] for end in _TRIPLE] + [pairs["property"], pairs["value"]]).unique()
        words = pl.Series([_words(term, resolved) for term in terms], dtype=pl.String)
        of = {name: pl.col(name).replace_strict(terms, words) for name in (*_TRIPLE, "property", "value")}
        added = pairs.select("proposition", pl.concat_str(pl.lit(", "), of["property"], pl.lit(" "), of["value"]))
        added = added.group_by("proposition", maintain_order=True).agg(pl.col("literal").str.join("").alias("more"))
        label = pl.concat_str((of[end] for end in _TRIPLE), separator=" ").alias("label")
        labels = plain.select("proposition", label).join(added, on="proposition", how="left", maintain_order="left")
        found.append(labels.select("proposition", pl.concat_str("label", "more", ignore_nulls=True).alias("label")))
    if others.height:
        one_by_one = proposition_labels(with_mentioned(others, rows), resolved)
        own = others["proposition"]
        found.append(pl.DataFrame({"proposition": own, "label": [one_by_one[node] for node in own]}))
    return pl.concat(found) if found else pl.DataFrame(schema={"proposition": pl.String, "label": pl.String})


def _words(term: str, resolved: Resolved) -> str:
    """What a term is called that is no proposition."""
    return split_term(term)[1] if term.startswith('"') else resolved.names.label(term[1:-1])


def with_mentioned(some: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """``some`` of the propositions in ``rows``, and those that they mention, at whatever depth."""
    while True:
        values = some.select(pl.col("restrictive").list.eval(pl.element().struct.field("value"))).to_series()
        inside = pl.concat([some["subject"], some["object"], values.explode().rename("subject")]).drop_nulls().unique()
        more = rows.filter(pl.col("proposition").is_in(inside.to_list()))
        more = more.join(some, on="proposition", how="anti", maintain_order="left")
        if more.is_empty():
            return some
        some = pl.concat([some, more])


def proposition_labels(rows: pl.DataFrame, resolved: Resolved) -> dict[str, str]:
    """Each proposition in words: ``Kirill Dmitriev heads Russian sovereign wealth fund``.

    What is nested more than :data:`LABEL_DEPTH` deep is elided, counted from the proposition
    itself, so that its label is the same wherever else it is mentioned.
    """
    columns = ("proposition", "subject", "predicate", "object", "restrictive")
    facts = {row[0]: row[1:] for row in rows.select(columns).iter_rows()}
    done: dict[tuple[str, int], str] = {}

    def words(term: str, depth: int) -> str:
        if term in facts:
            return f"({sentence(term, depth + 1)})" if depth < LABEL_DEPTH else "(…)"
        return _words(term, resolved)

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


def direct_triples(rows: pl.DataFrame, ontology: Ontology, minter: Minter) -> pl.DataFrame:
    """What is asserted, as plain triples; with restrictive qualifiers, through the qualified form."""
    facts = rows.select("asserting", "proposition", *_TRIPLE, "restrictive").filter("asserting")
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
    part = rows.select_seq(
        subject.alias("subject"), pl.lit(predicate, pl.String).alias("predicate"), obj.alias("object")
    )
    return part.drop_nulls("object") if part["object"].null_count() else part


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


def _day(column: str) -> pl.Expr:
    """A day within the years that a bound may name; the sentinels of ``times`` give null."""
    day = pl.col(column)
    inside = (day.dt.year() > 1) & (day.dt.year() < 9999)
    return pl.when(inside).then(pl.concat_str(pl.lit('"'), day.dt.strftime("%Y-%m-%d"), pl.lit(f'"^^<{XSD}date>')))


_OWN = (
    *("row", "statement", "proposition", "source_iri", "language", "status", "negated", "additive", "condition"),
    *("when", "said_when", "said_at_term", "said_by_terms", "via_terms", "said_to_terms", "origin_terms"),
    *("recorded_day", "earliest_start", "latest_start", "earliest_end", "latest_end", "quotes", "when_text"),
    *("hedge", "translation", "id", "locator", "curator", "note", "curated"),
)
"""The columns that statement nodes are made of."""


def _statements(rows: pl.DataFrame, resolved: Resolved, minter: Minter, language: str) -> Iterator[pl.DataFrame]:
    """The statement nodes, each in the graph of its source, which must be among those of ``resolved``."""
    statuses = {name: iri(address) for name, address in resolved.names.ontology.statuses.items()}
    status = pl.col("status").replace_strict(statuses, default=None, return_dtype=pl.String)
    heads = {iri(minter.source(source)): iri(minter.graph(f"source/{source}")) for source in resolved.sources}
    graph = pl.concat_str(pl.lit("<"), pl.col("source_iri"), pl.lit(">")).replace_strict(
        heads, default=None, return_dtype=pl.String
    )
    own = rows.select(*_OWN, graph.alias("graph")).filter(
        pl.col("statement").is_not_null() & status.is_not_null() & pl.col("graph").is_not_null()
    )
    again = own["statement"].is_duplicated()
    alone, merged = own.filter(~again), own.filter(again)
    once = pl.concat([alone, merged.unique("statement", keep="first", maintain_order=True)])
    first_day = merged.group_by("statement").agg(pl.col("recorded_day").min(), pl.col("graph").first())
    first_day = pl.concat([alone.select(first_day.columns), first_day])
    condition, spoken = pl.col("condition"), pl.col("language")

    def every(obj: pl.Expr, predicate: str, table: pl.DataFrame = once) -> pl.DataFrame:
        part = table.select_seq(
            "graph",
            pl.col("statement").alias("subject"),
            pl.lit(iri(predicate)).alias("predicate"),
            obj.alias("object"),
        )
        return part.drop_nulls("object") if part["object"].null_count() else part

    def evidence(obj: pl.Expr, predicate: str) -> Iterator[pl.DataFrame]:
        """What each of several merged rows may have."""
        yield every(obj, predicate, alone)
        if merged.height:
            yield every(obj, predicate, merged).unique(maintain_order=True)

    yield every(pl.lit(iri(f"{ONR}Statement")), f"{RDF}type")
    yield every(pl.col("proposition"), f"{ONR}proposition")
    yield every(status, f"{ONR}status")
    yield every(pl.lit(f'"true"^^<{XSD}boolean>'), f"{ONR}negated", once.filter(pl.col("negated")))
    yield every(pl.concat_str(pl.lit("<"), pl.col("source_iri"), pl.lit(">")), f"{PROV}wasQuotedFrom")
    yield every(_day("recorded_day"), f"{ONR}recorded", first_day)
    yield every(typed(pl.col("when"), EDTF), f"{ONR}when")
    yield every(typed(pl.col("said_when"), EDTF), f"{ONR}saidWhen")
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
        terms = f"{column}_terms"
        some = once.filter(pl.col(terms).list.len() > 0).select("graph", "statement", terms).explode(terms)
        part = every(pl.col(terms), f"{ONR}{name}", some)
        yield part.unique(maintain_order=True) if column == "via" else part
    yield _chains(once, minter).unique(_TRIPLE, keep="first", maintain_order=True)
    yield _qualifiers(once, pl.col("statement"), "additive").join(
        once.select(pl.col("statement").alias("subject"), "graph"), on="subject", how="left"
    )
    quoted_twice = (pl.col("quotes").list.len() > 1) | pl.col("statement").is_in(merged["statement"].unique().to_list())
    quotes = own.select("graph", "statement", "language", "quotes", quoted_twice.alias("twice"))
    for twice, table in ((False, quotes.filter(~pl.col("twice"))), (True, quotes.filter(pl.col("twice")))):
        part = every(tagged(pl.col("quotes"), spoken), f"{ONR}quote", table.explode("quotes"))
        yield part.unique(maintain_order=True) if twice else part
    for column, predicate in (("when_text", f"{ONR}whenText"), ("hedge", f"{ONR}hedge")):
        yield from evidence(tagged(pl.col(column), spoken), predicate)
    yield from evidence(pl.concat_str(quoted(pl.col("translation")), pl.lit(f"@{language}")), f"{ONR}translation")
    for column, predicate in (
        ("id", f"{DCTERMS}identifier"),
        ("locator", f"{ONR}locator"),
        ("curator", f"{ONR}curator"),
        ("note", f"{SKOS}editorialNote"),
    ):
        yield from evidence(quoted(pl.col(column)), predicate)
    yield from evidence(typed(pl.col("curated"), f"{XSD}date"), f"{ONR}curated")


def _chains(rows: pl.DataFrame, minter: Minter) -> pl.DataFrame:
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
    return _frame(quads)


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


def _spans(rows: pl.DataFrame, minter: Minter, lock: Lock) -> pl.DataFrame:
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
