"""Owns one query put to the engine, and its answer written in one of the formats.

Leaves the process in which that happens, which may end at any moment, to ``worker``.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, cast
from xml.parsers import expat

import pyoxigraph as ox

from onrecord.written import Forms, restore_triples

TERMS = "terms"
"""The format in which rows are read here: TSV, every term of which may stand in full."""

RESULT_FORMATS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
    TERMS: ox.QueryResultsFormat.TSV,
}
"""Format of rows and truth values to the engine's; all of the W3C."""

GRAPH_FORMATS = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdf": ox.RdfFormat.RDF_XML,
}
"""Format of a CONSTRUCT's or DESCRIBE's graph to the engine's."""

_ROWS_A_PIECE = 512


class TooManyRows(Exception):
    """A graph has more triples than there may be."""


@dataclass(frozen=True, slots=True)
class Job:
    """A query with everything that its evaluation needs.

    ``default_graphs`` and ``named_graphs`` are a dataset that is given beside the query and stands
    over its FROM (https://www.w3.org/TR/sparql11-protocol/#dataset); both None for none.
    """

    query: str
    prefixes: Mapping[str, str]
    base: str
    has_dataset: bool = False  # whether FROM chooses among the named graphs
    format: str = "json"  # of rows and booleans: json, xml, csv, tsv
    graph_format: str = "nt"  # of graphs: ttl, nt, nq, trig, jsonld, rdf
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None


class Output(io.RawIOBase):
    """A file that counts what is written to it; the count says whether all of it arrived."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = 0

    def writable(self) -> bool:
        """It is written to only."""
        return True

    def write(self, data: Any) -> int:
        """Pass ``data`` on."""
        self.size += len(data)
        return self._file.write(data)


class _Xml(io.RawIOBase):
    """XML on its way out; what no XML may hold is an error, where the engine writes it."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._parser = expat.ParserCreate(namespace_separator=" ")

    def writable(self) -> bool:
        """It is written to only."""
        return True

    def write(self, data: Any) -> int:
        """Pass ``data`` on; XML readers make a line feed of a bare carriage return, so that is written as a number."""
        text = bytes(data).replace(b"\r", b"&#xD;")
        self._parse(text, last=False)
        self._out.write(text)
        return len(data)

    def end(self) -> None:
        """No more comes."""
        self._parse(b"", last=True)

    def _parse(self, text: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(text, last)
        except expat.ExpatError as error:
            raise ValueError(f"the answer cannot be written as XML: {error}") from error


def put(store: ox.Store, job: Job) -> Any:
    """The engine's results: rows, a truth value, or triples."""
    if job.default_graphs is not None or job.named_graphs is not None:
        default: list[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] = [*map(ox.NamedNode, job.default_graphs or ())]
        named: list[ox.NamedNode | ox.BlankNode] = [*map(ox.NamedNode, job.named_graphs or ())]
        return store.query(
            job.query, prefixes=dict(job.prefixes), base_iri=job.base, default_graph=default, named_graphs=named
        )
    return store.query(
        job.query, prefixes=dict(job.prefixes), base_iri=job.base, use_default_graph_as_union=not job.has_dataset
    )


def answer(
    store: ox.Store, written: Forms, job: Job, rows: int | None, out: Output, head: Callable[[str, list[str]], None]
) -> None:
    """Say with ``head`` what the answer is, then write it, its literals in the form in which they were written.

    ``rows`` is how many triples a graph may have in a format whose lines are not its triples.

    :raises SyntaxError: when the query does not parse; nothing is said before.
    :raises OSError, RuntimeError, ValueError: when the engine cannot evaluate it, or not write it in the format.
    :raises TooManyRows: when the graph has more.
    """
    results = put(store, job)
    if isinstance(results, ox.QueryTriples):
        head("graph", [])
        _write_graph(results, written, job, rows, out)
        return
    if isinstance(results, ox.QuerySolutions):
        head("rows", [variable.value for variable in results.variables])
        if written:
            variables = [variable.value for variable in results.variables]
            write_restored(restored(variables, results, written), job.format, out)
            return
    else:
        head("boolean", [])
    write_results(results, job.format, out)


def write_restored(pieces: Iterator[bytes], format_: str, out: Output) -> None:
    """Write rows that :func:`restored` gives in one of :data:`RESULT_FORMATS`."""
    if format_ == TERMS:
        for piece in pieces:
            out.write(piece)
        return
    source = cast("IO[bytes]", Pieces(pieces))
    write_results(ox.parse_query_results(source, ox.QueryResultsFormat.TSV), format_, out)


def write_results(results: Any, format_: str, out: Output) -> None:
    """Write the engine's rows or truth value in one of :data:`RESULT_FORMATS`."""
    target = _Xml(out) if format_ == "xml" else out
    results.serialize(output=cast("IO[bytes]", target), format=RESULT_FORMATS[format_])
    if isinstance(target, _Xml):
        target.end()


def _write_graph(results: ox.QueryTriples, written: Forms, job: Job, rows: int | None, out: Output) -> None:
    if job.graph_format in ("nt", "nq"):
        target = _Restoring(out, written) if written else out
        results.serialize(output=cast("IO[bytes]", target), format=ox.RdfFormat.N_TRIPLES)
        if isinstance(target, _Restoring):
            target.end()
        return
    write_triples(_triples(results, written, rows), job.graph_format, job.prefixes, out)


def write_triples(triples: Iterable[ox.Triple], graph_format: str, known: Mapping[str, str], out: Output) -> None:
    """Write a graph in one of :data:`GRAPH_FORMATS`, with the prefixes that are ``known``."""
    xml = _Xml(out) if graph_format == "rdf" else None
    prefixes = {} if graph_format == "jsonld" else {key: iri for key, iri in known.items() if key or not xml}
    ox.serialize(triples, cast("IO[bytes]", xml or out), GRAPH_FORMATS[graph_format], prefixes=prefixes)
    if xml:
        xml.end()


def _triples(results: ox.QueryTriples, written: Forms, rows: int | None) -> Iterator[ox.Triple]:
    for number, triple in enumerate(results, 1):
        if rows is not None and number > rows:
            raise TooManyRows
        obj = triple.object
        if isinstance(obj, ox.Triple):
            raise ValueError("it holds triple terms, which RDF 1.1 cannot write")
        form = written.get(str(obj)) if written and isinstance(obj, ox.Literal) else None
        yield triple if form is None else ox.Triple(triple.subject, triple.predicate, _term(form))


def _term(form: str) -> ox.Literal:
    """The literal of an N-Triples term, letter for letter."""
    (quad,) = ox.parse(f"<urn:s> <urn:p> {form} .", ox.RdfFormat.N_TRIPLES)
    return cast("ox.Literal", quad.object)


def restored(variables: Sequence[str], rows: Iterable[Iterable[Any]], written: Forms) -> Iterator[bytes]:
    """Rows as TSV (https://www.w3.org/TR/sparql11-results-csv-tsv/) with every term in full."""
    yield ("\t".join(f"?{variable}" for variable in variables) + "\n").encode()
    lines: list[str] = []
    for row in rows:
        cells = ("" if term is None else _in_full(term) for term in row)
        lines.append("\t".join([cell if cell[:1] != '"' else written.get(cell, cell) for cell in cells]))
        if len(lines) == _ROWS_A_PIECE:
            yield ("\n".join(lines) + "\n").encode()
            lines.clear()
    if lines:
        yield ("\n".join(lines) + "\n").encode()


def _in_full(term: Any) -> str:
    if isinstance(term, ox.Triple):
        return f"<<( {_in_full(term.subject)} {_in_full(term.predicate)} {_in_full(term.object)} )>>"
    return str(term)


class Pieces(io.RawIOBase):
    """Pieces of bytes as a file that is read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = b""

    def readable(self) -> bool:
        """It is read only."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        while not self._piece:
            following = next(self._pieces, None)
            if following is None:
                return b""
            self._piece = following
        taken = self._piece if size < 0 else self._piece[:size]
        self._piece = self._piece[len(taken) :]
        return taken


class _Restoring(io.RawIOBase):
    """N-Triples on their way out, whose literals become those that were written, line by line."""

    def __init__(self, out: Output, written: Forms) -> None:
        self._out, self._written = out, written
        self._rest = b""

    def writable(self) -> bool:
        """It is written to only."""
        return True

    def write(self, data: Any) -> int:
        """Pass on the lines that are whole."""
        lines, end, rest = (self._rest + bytes(data)).rpartition(b"\n")
        self._out.write(restore_triples(lines + end, self._written))
        self._rest = rest
        return len(data)

    def end(self) -> None:
        """No more comes."""
        self._out.write(restore_triples(self._rest, self._written))
