"""Owns the way into rdflib: the quads as an ``rdflib.Dataset``, literals as written.

Leaves querying it to rdflib; queries through onrecord go to the guarded worker instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from onrecord.errors import OnRecordError
from onrecord.terms import split_term

if TYPE_CHECKING:
    import rdflib


def to_rdflib(quads: pl.DataFrame, prefixes: Mapping[str, str], store: str = "default") -> rdflib.Dataset:
    """A Dataset with the union of the named graphs as its default graph.

    ``store`` is ``default`` (rdflib's own memory) or ``Oxigraph`` (oxrdflib, which answers SPARQL
    faster and rewrites numbers to their canonical form). Fetching from the web in FROM is switched
    off for the whole process.
    """
    import rdflib
    import rdflib.plugins.sparql

    rdflib.plugins.sparql.SPARQL_LOAD_GRAPHS = False
    if store not in ("default", "Oxigraph"):
        raise OnRecordError(f'there is no store "{store}"; write default or Oxigraph')
    dataset = rdflib.Dataset(store=store, default_union=True)
    for prefix, namespace in prefixes.items():
        dataset.bind(prefix, namespace, override=True, replace=True)
    terms: dict[str, Any] = {}

    def term(text: str) -> Any:
        found = terms.get(text)
        if found is None:
            kind, value, datatype, language = split_term(text)
            if kind == "iri":
                found = rdflib.URIRef(value)
            else:
                found = rdflib.Literal(
                    value, lang=language, datatype=rdflib.URIRef(datatype) if datatype else None, normalize=False
                )
            terms[text] = found
        return found

    contexts = {name: dataset.graph(term(name)) for name in quads["graph"].unique().sort().to_list()}
    dataset.addN(
        (term(subject), term(predicate), term(obj), contexts[graph])
        for graph, subject, predicate, obj in quads.iter_rows()
    )
    return dataset
