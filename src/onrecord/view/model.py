"""Owns what a page is given: nodes, edges with their evidence, and the graph around them.

Leaves filling it to ``analyse`` and drawing it to the modules beside it.
"""

from dataclasses import dataclass

from onrecord.terms import ONR

_CIRCUMSTANCES = frozenset(
    f"{ONR}{name}" for name in ("saidBy", "via", "saidTo", "origin", "saidAt", "condition", "conditionText")
)
"""What RDF says of a statement that is no qualifier."""


@dataclass(frozen=True, slots=True)
class ViewNode:
    """Something that the picture shows: an entity, a proposition that is spoken of, a value."""

    iri: str
    label: str
    kind: str  # "entity" | "proposition" (mentioned or talked about) | "literal"
    type_iri: str  # first declared class; "" for propositions and literals
    type_label: str  # "person", "meeting", ... ; "proposition", "value"
    shape_class: (
        str  # the nearest of: person, group, state, organisation, event, place, plan, thing, proposition, literal
    )
    aliases: tuple[str, ...] = ()
    note: str = ""
    language: str = ""  # of the label


@dataclass(frozen=True, slots=True)
class Dispute:
    """That other statements say otherwise, and why both cannot be so."""

    kind: str  # "conflict" | "possible"
    why: str
    others: tuple[str, ...]  # IRIs of the statements on the other side


@dataclass(frozen=True, slots=True)
class ViewEdge:
    """A statement with its evidence, or the link of a proposition node to its parts."""

    iri: str  # the statement's IRI ("" for the links of a proposition node to its subject and object)
    source: str  # IRI of the subject node
    target: str  # IRI of the object node
    label: str  # property label
    property_iri: str
    kind: str  # "statement" | "link" (proposition node -> its subject / object, label "subject"/"object")
    status: str = ""  # stated, confirmed, expected, planned, claimed, possible, unconfirmed, denied, mentioned
    negated: bool = False
    asserting: bool = False  # stands as fact in the graph
    quotes: tuple[str, ...] = ()
    translation: str = ""
    said_by: tuple[str, ...] = ()  # labels
    via: tuple[str, ...] = ()
    said_when: str = ""
    said_at: str = ""
    said_to: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    hedge: str = ""
    condition: str = ""  # words, or the label of the proposition
    when: str = ""
    when_text: str = ""
    recorded: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()  # (label, value label)
    locator: str = ""
    note: str = ""
    verified: bool = False  # the quote was located in the archived text
    source_title: str = ""
    source_publisher: str = ""
    source_published: str = ""
    source_url: str = ""
    file: str = ""  # where it was written: file and line
    line: int = 0
    proposition: str = ""  # its IRI: what is said, by whomever
    source_id: str = ""
    language: str = ""  # of the quotes
    bounds: tuple[str, ...] = ()  # earliest and latest start, earliest and latest end; "" is open; none: at any time
    articles: int = 0  # that put the proposition as firmly, on this side
    origins: int = 0  # how many of them are certainly independent
    backing: str = ""  # "2 articles, 1 origin"
    disputes: tuple[Dispute, ...] = ()
    passages: tuple[
        tuple[str, str, str], ...
    ] = ()  # before, quote, after; only where the licence lets the text be shown
    terms: tuple[tuple[str, str], ...] = ()  # of the statement's node in RDF: property IRI and N-Triples term
    narrowed: tuple[tuple[str, str], ...] = ()  # the same of the proposition's node: restrictive qualifiers
    qualified_iri: str = ""  # the property that leads to that node, where a fact has such qualifiers

    @property
    def qualified_by(self) -> tuple[str, ...]:
        """The IRIs that its qualifiers name; words that are spelt like the label of something name nothing."""
        added = (pair for pair in self.terms if pair[0] not in _CIRCUMSTANCES)
        return tuple(term[1:-1] for _, term in (*self.narrowed, *added) if term.startswith("<"))


@dataclass(frozen=True, slots=True)
class ViewGraph:
    """All that one page shows."""

    title: str
    description: str
    nodes: tuple[ViewNode, ...]
    edges: tuple[ViewEdge, ...]
    sources: tuple[tuple[str, str], ...] = ()  # (id, "Publisher, Title, date")
    language: str = "en"
    base: str = ""  # IRI of the graph
    statuses: tuple[tuple[str, str], ...] = ()  # (label, IRI)
    home: str = ""  # where the start page is, for a page that belongs to a site
    live: bool = False  # whether the page asks its server if the graph has changed
