"""Owns where each thing has its page, and how one page links to another.

Leaves what stands in the pages to the modules that are named after them. Paths hold nothing but ASCII
letters, digits and ``-_./``, so that any file host and any disk takes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from onrecord.names import Names
from onrecord.project import is_local_id
from onrecord.terms import digest

ROOT = "\x02"
"""Stands in rendered pieces for the way back to the site's folder; control characters never pass the parsers."""


class Addresses:
    """The path of the page of every entity, source, statement and term, by IRI."""

    def __init__(self, names: Names, statements: Iterable[str], entities: Iterable[str]) -> None:
        self.names = names
        self.paths: dict[str, str] = {}
        self._taken: set[str] = set()
        minter, ontology = names.minter, names.ontology
        for iri in sorted(entities):
            self._add(iri, "entity", *iri.removeprefix(minter.entity("")).split(":"))
        for iri, name in sorted(names.source_ids.items()):
            self._add(iri, "source", name)
        for iri in statements:
            self.paths[iri] = f"statement/{iri.rsplit('/', 1)[-1]}.html"
        for iri in sorted({*ontology.properties, *ontology.classes}):
            prefix, _, local = names.compact(iri).partition(":")
            self._add(iri, "term", f"{prefix}-{local}" if local else digest(iri)[:16])
        for iri in sorted(ontology.individuals):
            self.paths.setdefault(iri, f"ontology.html#{anchor(iri)}")

    def _add(self, iri: str, folder: str, *parts: str) -> None:
        """Give ``iri`` a page named after its id, or after a hash where a disk could not tell two ids apart."""
        path = "/".join((folder, *parts)) + ".html"
        if path.lower() in self._taken or not all(is_local_id(part) and not _is_device(part) for part in parts):
            path = f"{folder}/{digest(iri)[:16]}.html"
        self._taken.add(path.lower())
        self.paths[iri] = path

    def href(self, iri: str) -> str:
        """The link to the page of ``iri`` from anywhere, with :data:`ROOT` before it; empty where it has none."""
        path = self.paths.get(iri)
        return f"{ROOT}{path}" if path else ""

    def named(self, folder: str, name: str, suffix: str = "html") -> str:
        """The path of a page or file for something that has a name and no IRI, such as a question."""
        plain = is_local_id(name) and not _is_device(name)
        return f"{folder}/{name if plain else digest(name)[:16]}.{suffix}"


def anchor(iri: str) -> str:
    """The name of a place in a page that is about ``iri``."""
    return f"t-{digest(iri)[:12]}"


def _is_device(name: str) -> bool:
    """Whether Windows keeps this name to itself."""
    stem = name.lower().partition(".")[0]
    return stem in {"con", "prn", "aux", "nul"} or (stem[:3] in {"com", "lpt"} and stem[3:].isdigit())


def root_of(path: str) -> str:
    """The way from a page back to the site's folder.

    >>> root_of("entity/rose.html"), root_of("index.html")
    ('../', '')
    """
    return "../" * path.count("/")


def resolve_root(text: str, path: str) -> str:
    """``text`` as it stands in the page at ``path``: every :data:`ROOT` becomes the way back."""
    return text.replace(ROOT, root_of(path))


def outward(address: str) -> str:
    """``address`` where a page may link to it: http or https, and no user in it; else nothing.

    >>> outward("https://example.org/a"), outward("javascript:alert(1)")
    ('https://example.org/a', '')
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in ("http", "https") and parts.netloc and "@" not in parts.netloc else ""


def fragment(value: str) -> str:
    """``value`` as it can stand in the fragment of a link."""
    return quote(value, safe="")
