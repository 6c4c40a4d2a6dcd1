"""Owns content negotiation: which of the formats on offer a client takes.

Leaves writing them to whoever offers. RFC 9110, section 12.5.1
(https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_RANGE = re.compile(r"\s*(?P<type>[\w.+*-]+)/(?P<subtype>[\w.+*-]+)\s*(?P<parameters>(?:;[^,]*)?)\s*")
_QUALITY = re.compile(r"(?i);\s*q\s*=\s*(?P<q>0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)")
_WRONG_QUALITY = re.compile(r"(?i);\s*q\s*=")
_PROFILE = re.compile(r"(?i);\s*(?!q\s*=|charset\s*=)[\w.-]+\s*=")


@dataclass(frozen=True, slots=True)
class Format:
    """A format of answers: its short name, its media type as sent, what else asks for it by type or by name."""

    name: str
    media_type: str
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def types(self) -> tuple[str, ...]:
        """Every media type that means this format, in lower case and without parameters."""
        return (self.media_type.partition(";")[0], *self.aliases)


ROWS = (
    Format("json", "application/sparql-results+json", ("application/json",)),
    Format("xml", "application/sparql-results+xml", ("application/xml", "text/xml")),
    Format("csv", "text/csv; charset=utf-8"),
    Format("tsv", "text/tab-separated-values; charset=utf-8"),
)
"""What rows and truth values are sent as; the first where a client takes anything."""

TRIPLES = (
    Format("ttl", "text/turtle; charset=utf-8", ("application/x-turtle", "application/turtle"), ("turtle", "n3")),
    Format("nt", "application/n-triples", ("text/plain",), ("ntriples",)),
    Format("jsonld", "application/ld+json", ("application/json",), ("json-ld", "json")),
    Format("rdf", "application/rdf+xml", ("application/xml", "text/xml"), ("rdf+xml", "rdf/xml", "xml")),
    Format("trig", "application/trig", ("application/x-trig",)),
    Format("nq", "application/n-quads", ("text/x-nquads",)),
)
"""What graphs are sent as."""

HTML = Format("html", "text/html; charset=utf-8", ("application/xhtml+xml",))
JSON = Format("json", "application/json")


def choose(accept: str | None, offered: Sequence[Format]) -> Format | None:
    """The format that ``accept`` prefers, or None where it takes none of them.

    Of formats that are taken equally the first on offer is chosen. A header that is missing, empty
    or cannot be read takes anything, as most servers have it.

    >>> choose("text/csv;q=0.5, application/sparql-results+xml", ROWS).name
    'xml'
    >>> choose("image/png", ROWS)
    >>> choose("text/*", ROWS).name
    'csv'
    """
    ranges = _ranges(accept or "*/*") or [("*", "*", 1.0)]
    exact = [each for each in ranges if "*" not in each[:2]]
    best: Format | None = None
    best_quality = 0.0
    for each in offered:
        own, *others = each.types
        quality = max([_quality(own, ranges), *(_quality(media_type, exact) for media_type in others)])
        if quality > best_quality:
            best, best_quality = each, quality
    return best


def by_name(name: str, offered: Sequence[Format]) -> Format | None:
    """The format that a ``format=`` parameter names, by its short name or one of its media types.

    >>> by_name("application/n-triples", TRIPLES).name
    'nt'
    """
    wanted = name.strip().lower()
    return next((each for each in offered if wanted in (each.name, *each.names, *each.types)), None)


def quality_of(accept: str | None, format_: Format) -> float:
    """How much ``accept`` wants a format, 0 to 1; a wildcard does not count."""
    ranges = [each for each in _ranges(accept or "") if "*" not in each[:2]]
    return max((_quality(media_type, ranges) for media_type in format_.types), default=0.0)


def takes_coding(accept: str, coding: str) -> bool:
    """Whether a list of content codings names one, and not with the weight 0 (RFC 9110, section 12.5.3).

    >>> takes_coding("gzip;q=0, br", "gzip"), takes_coding("br, GZIP;q=0.2", "gzip")
    (False, True)
    """
    for part in accept.lower().split(","):
        name, separator, parameters = part.partition(";")
        if name.strip() == coding:
            quality = _QUALITY.search(separator + parameters)
            return quality is None or float(quality["q"]) > 0
    return False


def _ranges(accept: str) -> list[tuple[str, str, float]]:
    out = []
    for part in accept.split(",")[:50]:
        match = _RANGE.fullmatch(part)
        if match is None:
            continue
        parameters = match["parameters"]
        if _PROFILE.search(parameters):
            continue  # a profile that is not on offer
        quality = _QUALITY.search(parameters)
        if quality is None and _WRONG_QUALITY.search(parameters):
            continue
        out.append((match["type"].lower(), match["subtype"].lower(), float(quality["q"]) if quality else 1.0))
    return out


def _quality(media_type: str, ranges: Sequence[tuple[str, str, float]]) -> float:
    """The quality that the most specific range gives to a media type."""
    kind, _, subtype = media_type.partition("/")
    found = [
        ((each_kind != "*") + (each_subtype != "*"), quality)
        for each_kind, each_subtype, quality in ranges
        if each_kind in ("*", kind) and each_subtype in ("*", subtype)
    ]
    return max(found, default=(0, 0.0))[1]
