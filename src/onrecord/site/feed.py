"""Owns the Atom feed and the sitemap of a site.

Leaves what changed to ``changes``. Days come from the statements, never from the clock: the same graph gives
the same feed (https://www.rfc-editor.org/rfc/rfc4287).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from onrecord.site.record import Record
from onrecord.site.things import newest
from onrecord.view.model import ViewEdge

ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
ENTRIES = 50
_UNDATED = "1970-01-01"
"""Stands for the day of what has none: a feed must name one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the feed tells: an address that stays, words, a day, the page, the quote."""

    iri: str
    title: str
    day: str
    path: str
    summary: str
    category: str
    author: str


def entry_of(record: Record, edge: ViewEdge, kind: str = "") -> Entry:
    """A statement as an entry; ``kind`` is what became of it, such as ``hardened``."""
    title = record.told(edge)
    return Entry(
        f"{edge.iri}#{kind}" if kind else edge.iri,
        f"{kind}: {title}" if kind else title,
        edge.recorded,
        record.addresses.paths[edge.iri],
        " […] ".join(edge.quotes),
        edge.status,
        edge.source_publisher or edge.source_title or edge.source_id,
    )


def feed(record: Record, base_url: str, changed: Iterable[Entry] = ()) -> bytes:
    """The feed: what ``changed``, then what went on record last, fifty entries in all."""
    entries = [*changed, *(entry_of(record, edge) for edge in newest(record, ENTRIES))]
    entries = list({entry.iri: entry for entry in entries}.values())[:ENTRIES]
    project = record.loaded.project
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": project.language})
    _add(root, "id", project.base)
    _add(root, "title", project.title)
    if project.description:
        _add(root, "subtitle", project.description)
    _add(root, "updated", _moment(max((entry.day for entry in entries), default="")))
    _add(root, "generator", "onrecord")
    ET.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": f"{base_url}index.html"})
    if base_url:
        ET.SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": f"{base_url}feed.xml"})
    _add(ET.SubElement(root, "author"), "name", project.curator or project.title)
    for entry in entries:
        node = ET.SubElement(root, "entry")
        _add(node, "id", entry.iri)
        _add(node, "title", entry.title)
        _add(node, "updated", _moment(entry.day))
        _add(ET.SubElement(node, "author"), "name", entry.author)
        ET.SubElement(node, "link", {"rel": "alternate", "type": "text/html", "href": f"{base_url}{entry.path}"})
        ET.SubElement(node, "category", {"term": entry.category})
        if entry.summary:
            _add(node, "summary", f"“{entry.summary}”")
    return _written(root)


def sitemap(base_url: str, paths: Iterable[str]) -> bytes:
    """Every page for search engines (https://www.sitemaps.org/protocol.html)."""
    root = ET.Element("urlset", {"xmlns": SITEMAP})
    for path in paths:
        if path.endswith(".html") and path != "404.html":
            _add(ET.SubElement(root, "url"), "loc", base_url + path)
    return _written(root)


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text


def _moment(day: str) -> str:
    return f"{day or _UNDATED}T00:00:00Z"


def _written(root: ET.Element) -> bytes:
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body + b"\n"
