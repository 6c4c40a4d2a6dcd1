"""Owns the written forms of literals: gives answers back the ``1.50`` that the store calls ``1.5``.

Leaves storing to ``store``. Where two written forms of one value stand in a dataset, the store has
one term for both, and answers show its canonical form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyoxigraph as ox

from onrecord.errors import StoreError
from onrecord.terms import RDF, XSD, split_term

WRITTEN = "written.json"
"""The file of a build that keeps them."""

_UNTOUCHED = (f"{XSD}string", f"{RDF}langString", f"{XSD}anyURI")
_TYPED = re.compile(r'"(?:[^"\\]|\\.)*"\^\^<[^>]*>')

_KEPT_TERMS = 50_000

Forms = Mapping[str, str]
"""Canonical term to written term, both in N-Triples form."""


def written_forms(objects: Iterable[str]) -> dict[str, str]:
    """The typed literals among ``objects`` (N-Triples terms) that the store would rewrite.

    >>> written_forms(['"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>'])
    {'"1.5"^^<http://www.w3.org/2001/XMLSchema#decimal>': '"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>'}
    """
    by_canonical = _by_canonical(objects)
    return {
        canonical: forms[0]
        for canonical, forms in sorted(by_canonical.items())
        if len(forms) == 1 and forms[0] != canonical
    }


def interchangeable(objects: Iterable[str]) -> set[str]:
    """The literals among ``objects`` that the store takes for another one of them.

    Beside those of one value, these are texts whose language tags differ in the case of their letters alone
    (RDF 1.1 Concepts, section 3.3).

    >>> sorted(interchangeable(['"rusty"@en-GB', '"rusty"@en-gb', '"rusty"@en']))
    ['"rusty"@en-GB', '"rusty"@en-gb']
    """
    objects = list(objects)
    by_term = _by_canonical(objects)
    for term in {term for term in objects if term.startswith('"') and not term.endswith(('"', ">"))}:
        text, _, tag = term.rpartition("@")
        by_term.setdefault(f"{text}@{tag.lower()}", []).append(term)
    return {form for forms in by_term.values() if len(forms) > 1 for form in forms}


def canonical_forms(objects: Iterable[str]) -> dict[str, str]:
    """The typed literals among ``objects`` that the store would rewrite, each with the form that it gives them.

    >>> canonical_forms(['"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>'])
    {'"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>': '"1.5"^^<http://www.w3.org/2001/XMLSchema#decimal>'}
    """
    by_canonical = _by_canonical(objects)
    return {form: canonical for canonical, forms in by_canonical.items() for form in forms if form != canonical}


def _by_canonical(objects: Iterable[str]) -> dict[str, list[str]]:
    """The written terms of each canonical one."""
    typed = sorted({term for term in objects if term.startswith('"') and term.endswith(">")})
    store = ox.Store()
    predicate = ox.NamedNode("urn:onrecord:form")
    for index, term in enumerate(typed):
        _, text, datatype, _ = split_term(term)
        if datatype and datatype not in _UNTOUCHED:
            value = ox.Literal(text, datatype=ox.NamedNode(datatype))
            store.add(ox.Quad(ox.NamedNode(f"urn:onrecord:{index}"), predicate, value))
    by_canonical: dict[str, list[str]] = {}
    for quad in store:
        written = typed[int(str(quad.subject)[len("<urn:onrecord:") : -1])]
        by_canonical.setdefault(str(quad.object), []).append(written)
    return by_canonical


class Canonical(dict[str, str]):
    """Typed literals that came from elsewhere to their written form, or to the store's where that is not known.

    >>> Canonical({})['"1"^^<http://www.w3.org/2001/XMLSchema#boolean>']
    '"true"^^<http://www.w3.org/2001/XMLSchema#boolean>'
    """

    def __init__(self, forms: Forms) -> None:
        super().__init__()
        self._forms = forms

    def __missing__(self, term: str) -> str:
        if len(self) >= _KEPT_TERMS:
            self.clear()
        canonical = next(iter(_by_canonical([term])), term)
        found = self[term] = self._forms.get(canonical, canonical)
        return found

    def get(self, term: str, default: Any = None) -> str:
        """The form of ``term``, whatever ``default`` says."""
        return self[term]


def typed_literals(quads: pl.DataFrame) -> pl.DataFrame:
    """The literals with a datatype among the objects of ``quads``, once for each graph that they stand in."""
    term = pl.col("object")
    found = quads.filter(term.str.ends_with(">") & term.str.starts_with('"')).select_seq("graph", "object")
    return found.unique() if found.height else found


def restore_triples(body: bytes, forms: Forms) -> bytes:
    """N-Triples with literals as written."""
    return _TYPED.sub(lambda match: forms.get(match[0], match[0]), body.decode()).encode()


def read_written(out: Path) -> dict[str, str]:
    """The written forms of literals that the store in ``out`` rewrote.

    :raises StoreError: when the file that holds them is missing or damaged.
    """
    try:
        found: dict[str, str] = json.loads((out / WRITTEN).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{out / WRITTEN}: cannot be read ({error}); run  onrecord build") from error
    return found
