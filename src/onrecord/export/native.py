"""Owns the formats that are lines or that a library writes: N-Quads, N-Triples, JSON-LD, RDF/XML.

Leaves the formats for people's eyes to ``turtle``.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.parsers import expat

import polars as pl
import pyoxigraph as ox

from onrecord.errors import OnRecordError
from onrecord.progress import counted, stage


def write_nquads(quads: pl.DataFrame, prefixes: Mapping[str, str]) -> bytes:
    """N-Quads (https://www.w3.org/TR/n-quads/), one line a quad, sorted."""
    columns = ("subject", "predicate", "object", "graph")
    return _lines(quads.select(pl.concat_str(*columns, pl.lit("."), separator=" ")).to_series())


def write_ntriples(quads: pl.DataFrame, prefixes: Mapping[str, str]) -> bytes:
    """N-Triples (https://www.w3.org/TR/n-triples/) of the union of all graphs, sorted."""
    columns = ("subject", "predicate", "object")
    return _lines(quads.select(pl.concat_str(*columns, pl.lit("."), separator=" ")).to_series().unique())


def _lines(lines: pl.Series) -> bytes:
    return "".join(f"{line}\n" for line in lines.sort().to_list()).encode("utf-8")


def write_jsonld(quads: pl.DataFrame, prefixes: Mapping[str, str]) -> bytes:
    """JSON-LD 1.1 in expanded, flattened form (https://www.w3.org/TR/json-ld11/)."""
    return _serialize(write_nquads(quads, prefixes), ox.RdfFormat.JSON_LD, {}, "jsonld")


def write_rdfxml(quads: pl.DataFrame, prefixes: Mapping[str, str]) -> bytes:
    """RDF/XML (https://www.w3.org/TR/rdf-syntax-grammar/) of the union of all graphs.

    :raises OnRecordError: for what XML cannot hold: a control character, or a property whose
        address ends in no XML name.
    """
    named = {prefix: iri for prefix, iri in prefixes.items() if prefix}
    data = _serialize(write_ntriples(quads, prefixes), ox.RdfFormat.RDF_XML, named, "rdf")
    data = data.replace(b"\r", b"&#xD;")  # XML readers make a line feed of a bare carriage return
    try:
        expat.ParserCreate(namespace_separator=" ").Parse(data, True)
    except expat.ExpatError as error:
        raise OnRecordError(f"the graph cannot be written as RDF/XML: {error}; write Turtle instead") from error
    return data


def _serialize(lines: bytes, format_: ox.RdfFormat, prefixes: dict[str, str], name: str) -> bytes:
    """Rewrite sorted lines in another syntax; ``parse`` keeps every literal as written."""
    stage(f"writing {name}", lines.count(b"\n"), "quads" if format_.supports_datasets else "triples")
    quads = counted(ox.parse(lines, ox.RdfFormat.N_QUADS))
    try:
        found = ox.serialize(
            (quad if format_.supports_datasets else quad.triple for quad in quads),
            format=format_,
            prefixes=prefixes,
        )
    except ValueError as error:
        raise OnRecordError(f"the graph cannot be written as {format_.name}: {error}") from error
    return found or b""
