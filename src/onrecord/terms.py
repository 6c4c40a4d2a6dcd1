"""Owns RDF terms as text: namespaces, N-Triples escaping, minting and hashing of IRIs.

Leaves which terms a statement needs to ``resolve`` and ``assemble``. A term travels through the
tables in its N-Triples form (https://www.w3.org/TR/n-triples/#n-triples-grammar), so that a quad
is four joined columns and a literal keeps the form in which it was written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache

ONR = "https://w3id.org/onrecord/ns#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
XSD = "http://www.w3.org/2001/XMLSchema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
PROV = "http://www.w3.org/ns/prov#"
DC = "http://purl.org/dc/elements/1.1/"
DCTERMS = "http://purl.org/dc/terms/"
OA = "http://www.w3.org/ns/oa#"
SH = "http://www.w3.org/ns/shacl#"
SCHEMA = "https://schema.org/"
VOID = "http://rdfs.org/ns/void#"
VANN = "http://purl.org/vocab/vann/"
EDTF = "http://id.loc.gov/datatypes/edtf/EDTF"

PREFIXES: dict[str, str] = {
    "dc": DC,
    "dcterms": DCTERMS,
    "oa": OA,
    "onr": ONR,
    "owl": OWL,
    "prov": PROV,
    "rdf": RDF,
    "rdfs": RDFS,
    "schema": SCHEMA,
    "skos": SKOS,
    "void": VOID,
    "xsd": XSD,
}
"""Prefixes that every graph has; its ontologies and its own base add theirs."""

UNIT = "\x1f"
"""Stands between the fields of what is hashed; control characters never pass the parsers."""

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_ESCAPE_TABLE = str.maketrans(_ESCAPES)
_BAD_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')
NO_TRIPLE_TERMS = (
    "a triple term of RDF 1.2 has no meaning here",
    "write RDF 1.1, with a node of its own for the triple",
)
"""What was found, and the fix, where Turtle holds ``<<( s p o )>>``."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def is_iri(text: str) -> bool:
    """Whether ``text`` is an absolute IRI (RFC 3987), as strictly as the engine that will load it.

    >>> is_iri("https://example.org/a"), is_iri("https://example.org/a%"), is_iri("a/b")
    (True, False, False)
    """
    import pyoxigraph

    if not _SCHEME.match(text):
        return False
    try:
        pyoxigraph.NamedNode(text)
    except ValueError:
        return False
    return True


def may_nest_deep(turtle: str) -> bool:
    """Whether ``turtle`` holds so many triple terms that its parser could run out of stack and die."""
    return turtle.count("<<(") > 1000


def without_place(message: str) -> str:
    """What the parser of Turtle says, without the line and column that a problem shows itself.

    >>> without_place("Parser error at line 2 column 1: Unexpected end")
    'Unexpected end'
    """
    return re.sub(r"^Parser error (?:at line \d+ column \d+|between line \d+ column \d+ and .*?): ", "", message)


@lru_cache(maxsize=256)
def is_language(text: str) -> bool:
    """Whether ``text`` is a well-formed language tag (https://www.rfc-editor.org/rfc/rfc5646#section-2.1).

    >>> is_language("en-GB"), is_language("english text"), is_language("d"), is_language("en-GB-GB")
    (True, False, False, False)
    """
    import pyoxigraph as ox

    try:
        ox.Literal("", language=text)  # what is no tag to it would be lost when a file is read again
    except ValueError:
        return False
    return True


def iri(value: str) -> str:
    """The N-Triples form of an IRI.

    >>> iri("https://example.org/a")
    '<https://example.org/a>'
    """
    if _BAD_IRI.search(value):
        raise ValueError(f"not an IRI: {value!r}")
    return f"<{value}>"


def literal(text: str, *, datatype: str | None = None, language: str | None = None) -> str:
    r"""The N-Triples form of a literal; ``text`` is kept letter for letter.

    >>> literal("1.50", datatype=XSD + "decimal")
    '"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>'
    >>> literal('say "hi"', language="en")
    '"say \\"hi\\""@en'
    """
    quoted = f'"{text.translate(_ESCAPE_TABLE)}"'
    if language:
        return f"{quoted}@{language}"
    if datatype and datatype != XSD + "string":
        return f"{quoted}^^<{datatype}>"
    return quoted


def digest(*fields: str) -> str:
    """32 hexadecimal digits: the first 128 bits of the SHA-256 over ``fields``."""
    return hashlib.sha256(UNIT.join(fields).encode("utf-8")).hexdigest()[:32]


def digest_all(keys: Iterable[bytes]) -> list[bytes]:
    """The digest of each key of a column, as the 128 bits that :func:`digest` writes down."""
    sha256 = hashlib.sha256
    return [sha256(key).digest()[:16] for key in keys]


@lru_cache(maxsize=4096)
def local_name(value: str) -> str:
    """What stands behind the last ``#``, ``/`` or ``:`` of an IRI."""
    return re.split(r"[#/:]", value)[-1]


_TERM = re.compile(
    r'<([^>]*)>|_:(\S+)|"([^"\\]*(?:\\.[^"\\]*)*)"(?:@([A-Za-z0-9-]+)|\^\^<([^>]*)>)?',
    re.DOTALL,
)
_UNESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_UNESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _UNESCAPES.get(match[3], match[3])


def split_term(term: str) -> tuple[str, str, str | None, str | None]:
    """Kind (``iri``, ``bnode``, ``literal``), value, datatype and language of an N-Triples term.

    >>> split_term('"a"@en')
    ('literal', 'a', None, 'en')
    """
    match = _TERM.fullmatch(term)
    if match is None:
        raise ValueError(f"not an N-Triples term: {term!r}")
    iri, bnode, text, language, datatype = match.groups()
    if iri is not None:
        return "iri", iri, None, None
    if bnode is not None:
        return "bnode", bnode, None, None
    return "literal", _UNESCAPE.sub(_unescape, text) if "\\" in text else text, datatype, language


class Minter:
    """Mints the IRIs of one graph below its base IRI."""

    def __init__(self, base: str) -> None:
        self.base = base

    def entity(self, local_id: str, source_id: str | None = None) -> str:
        """An entity of the graph, or a speaker that one source declares."""
        return f"{self.base}entity/{source_id}:{local_id}" if source_id else f"{self.base}entity/{local_id}"

    def source(self, source_id: str) -> str:
        """A source, known by its id."""
        return f"{self.base}source/{source_id}"

    @property
    def proposition_base(self) -> str:
        """What stands before a proposition's hash."""
        return f"{self.base}proposition/"

    @property
    def statement_base(self) -> str:
        """What stands before a statement's hash."""
        return f"{self.base}statement/"

    def span(self, *fields: str) -> str:
        """A verified span of an archived text."""
        return f"{self.base}span/{digest(*fields)}"

    def chain(self, members: Iterable[str]) -> str:
        """A list cell, named after all that follows it."""
        return f"{self.base}list/{digest(*members)}"

    def graph(self, name: str) -> str:
        """A named graph of the dataset: ``entities``, ``propositions``, ``asserted``, ``source/ID``."""
        return f"{self.base}graph/{name}"

    def prefixes(self) -> dict[str, str]:
        """Prefixes for the graph's own IRIs; the empty one is its entities."""
        return {
            "": f"{self.base}entity/",
            "graph": f"{self.base}graph/",
            "list": f"{self.base}list/",
            "prop": f"{self.base}proposition/",
            "source": f"{self.base}source/",
            "span": f"{self.base}span/",
            "st": f"{self.base}statement/",
        }


_NTRIPLE = re.compile(r'(<[^>]*>|_:\S+) (<[^>]*>) (<[^>]*>|_:\S+|"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^>]*>)?) \.')


def split_ntriples(text: str) -> list[tuple[str, str, str]]:
    """The triples of an N-Triples document, as terms."""
    return [(match[1], match[2], match[3]) for match in _NTRIPLE.finditer(text)]
