"""Owns answers: rows, a truth value or a graph, read from their spool when somebody asks for them.

Leaves getting them to ``query``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from onrecord.errors import MissingExtra
from onrecord.spool import Spool
from onrecord.terms import XSD, split_term

if TYPE_CHECKING:
    import polars as pl


SORTED_ROWS = 50_000
"""An answer of more rows keeps the order in which the store gives them, and is not held in memory."""

_BLOCK = 1 << 18
_KEPT_TERMS = 50_000


class Term(NamedTuple):
    """An RDF term in an answer; ``kind`` is ``iri``, ``literal``, ``bnode`` or ``triple``."""

    kind: str
    value: str
    datatype: str | None = None
    language: str | None = None

    def __str__(self) -> str:
        return self.value


Row = tuple[Term | None, ...]

_IN_TRIPLE = re.compile(r'<<\(|\)>>|<[^<>]*>|_:\S+|"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^<>]*>)?|[^\s<>"]+')


def read_cell(cell: str) -> Term | None:
    """The term of a cell of SPARQL TSV (https://www.w3.org/TR/sparql11-results-csv-tsv/#tsv-terms).

    >>> read_cell('"a"@en'), read_cell("1.5")
    (Term(kind='literal', value='a', datatype=None, language='en'), \
Term(kind='literal', value='1.5', datatype='http://www.w3.org/2001/XMLSchema#decimal', language=None))
    """
    if not cell:
        return None
    if cell.startswith("<<("):  # RDF 1.2: only a query that makes one with TRIPLE() gets one
        return Term("triple", _IN_TRIPLE.sub(lambda match: _value(match[0]), cell))
    if cell[0] == "<":
        return Term("iri", cell[1:-1])
    if cell[0] == '"' and "\\" not in cell:  # then no quotation mark stands inside
        text, _, tag = cell[1:].rpartition('"')
        if tag[:1] in ("", "@"):
            return Term("literal", text, None, tag[1:] or None)
    if cell[0] in '"_':
        kind, value, datatype, language = split_term(cell)
        return Term(kind, value, None if datatype == f"{XSD}string" else datatype, language)
    if cell in ("true", "false"):
        return Term("literal", cell, f"{XSD}boolean")
    kind = "double" if "e" in cell or "E" in cell else "decimal" if "." in cell else "integer"
    return Term("literal", cell, f"{XSD}{kind}")


def _value(term: str) -> str:
    return split_term(term)[1] if term[0] in '"_' or (term[0] == "<" and term[-1] == ">" and term[1] != "<") else term


class _Terms(dict[str, Term | None]):
    """Cells that were read already; most stand in many rows."""

    def __missing__(self, cell: str) -> Term | None:
        if len(self) >= _KEPT_TERMS:
            self.clear()
        term = self[cell] = read_cell(cell)
        return term


def rows_of(pieces: Iterable[bytes], width: int) -> Iterator[Row]:
    """The rows of SPARQL TSV with ``width`` columns that comes in pieces."""
    term = _Terms().__getitem__
    lines = _lines(pieces)
    next(lines, None)
    if not width:
        return (() for _ in lines)
    return (tuple(map(term, line.split("\t"))) for line in lines)


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for piece in pieces:
        whole, end, rest = (rest + piece).rpartition(b"\n")
        if end:
            yield from whole.decode().split("\n")


def as_json(term: Term) -> dict[str, str]:
    """A term as SPARQL's JSON has it (https://www.w3.org/TR/sparql11-results-json/#select-encode-terms)."""
    out = {"type": {"iri": "uri"}.get(term.kind, term.kind), "value": term.value}
    if term.datatype:
        out["datatype"] = term.datatype
    if term.language:
        out["xml:lang"] = term.language
    return out


class Rows(Sequence[Row]):
    """The rows of an answer in SPARQL TSV, read from ``spool`` each time that they are gone through.

    Up to :data:`SORTED_ROWS` are kept once they were read, and ``is_sorted`` ones stand in the order of
    their terms, which is the same on every run; more are read block by block and never held at once.
    """

    def __init__(self, spool: Spool, count: int, width: int, *, is_sorted: bool) -> None:
        self._spool, self._count, self._width, self._is_sorted = spool, count, width, is_sorted
        self._kept: tuple[Row, ...] | None = None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Row]:
        if self._kept is None and self._count <= SORTED_ROWS:
            rows = self._read()
            self._kept = tuple(sorted(rows, key=_order()) if self._is_sorted else rows)
        return self._read() if self._kept is None else iter(self._kept)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...

    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        rows = iter(self)
        if self._kept is not None:
            return self._kept[index]
        if isinstance(index, slice):
            wanted = range(self._count)[index]
            if wanted.step < 0:
                return tuple(self[number] for number in wanted)
            return tuple(islice(rows, wanted.start, wanted.stop, wanted.step))
        return next(islice(rows, range(self._count)[index], None))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Rows, tuple)):
            return NotImplemented
        return len(self) == len(other) and all(one == another for one, another in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def _read(self) -> Iterator[Row]:
        return rows_of(self._blocks(), self._width)

    def _blocks(self) -> Iterator[bytes]:
        at = 0
        while block := self._spool.read_at(at, _BLOCK):
            at += len(block)
            yield block


def _order() -> Callable[[Row], tuple[str, ...]]:
    """The order of terms, a key of each made once: a text in which what is compared first stands first."""
    key = _Keys().__getitem__
    return lambda row: tuple(map(key, row))


class _Keys(dict[Term | None, str]):
    """The key of each term that was asked for."""

    def __missing__(self, term: Term | None) -> str:
        key = "" if term is None else f"{term.value}\0{term.kind}\0{term.datatype}\0{term.language}"
        self[term] = key
        return key


class Answer:
    """What a query gave: rows (SELECT), a truth value (ASK), or a graph (CONSTRUCT, DESCRIBE).

    Iterating gives the rows as mappings from variable to :class:`Term` (unbound variables left out).
    An answer is a whole one: what went over a limit has raised before. Large ones stay on disk and
    are read as they are gone through.
    """

    def __init__(
        self,
        kind: str,
        variables: tuple[str, ...] = (),
        rows: Sequence[Row] = (),
        boolean: bool | None = None,
        graph: Spool | bytes = b"",
        prefixes: Mapping[str, str] | None = None,
    ) -> None:
        self.kind, self.variables, self.rows, self.boolean = kind, variables, rows, boolean
        self.prefixes = prefixes or {}
        self._graph = Spool()
        if isinstance(graph, Spool):
            self._graph = graph
        else:
            self._graph.write(graph)

    @property
    def graph(self) -> bytes:
        """The triples of a graph as N-Triples, all in memory."""
        return self._graph.read()

    @property
    def graph_bytes(self) -> int:
        """How long the graph is as N-Triples."""
        return self._graph.size

    def __iter__(self) -> Iterator[dict[str, Term]]:
        for row in self.rows:
            yield {name: term for name, term in zip(self.variables, row, strict=True) if term is not None}

    def __len__(self) -> int:
        return len(self.rows)

    def __bool__(self) -> bool:
        return self.boolean if self.boolean is not None else bool(len(self.rows) or self.graph_bytes)

    def texts(self) -> Iterator[tuple[str | None, ...]]:
        """The rows as plain texts, one after the other."""
        return (tuple(None if term is None else term.value for term in row) for row in self.rows)

    def values(self) -> list[tuple[str | None, ...]]:
        """The rows as plain texts."""
        return list(self.texts())

    def to_csv(self) -> str:
        """The rows in SPARQL 1.1 CSV (https://www.w3.org/TR/sparql11-results-csv-tsv/)."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(self.variables)
        for row in self.texts():
            writer.writerow(["" if value is None else value for value in row])
        return out.getvalue()

    def to_polars(self) -> pl.DataFrame:
        """The rows as a Polars frame of texts."""
        import polars as pl

        return pl.DataFrame(self.values(), schema=dict.fromkeys(self.variables, pl.String), orient="row")

    def to_pandas(self) -> Any:
        """The rows as a pandas frame.

        :raises MissingExtra: without ``onrecord[pandas]``.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingExtra("pandas", "pandas") from error
        return pd.DataFrame(self.values(), columns=list(self.variables))

    def _repr_html_(self) -> str:
        """Rows as a table, a truth value as a word, a graph as N-Triples: how a notebook shows an answer."""
        from onrecord.notebook import lines, table

        if self.boolean is not None:
            return lines(str(self.boolean).lower())
        return lines(self.graph.decode("utf-8")) if self.kind == "graph" else table(self.variables, self.values())


def compact(term: Term | None, prefixes: Mapping[str, str]) -> str:
    """A term as a table shows it: IRIs with their prefix, literals as their text."""
    if term is None:
        return ""
    if term.kind != "iri":
        return term.value
    best = max((ns for ns in prefixes.values() if term.value.startswith(ns)), key=len, default="")
    if not best or len(best) == len(term.value):
        return f"<{term.value}>"
    prefix = next(prefix for prefix, namespace in sorted(prefixes.items()) if namespace == best)
    return f"{prefix}:{term.value[len(best) :]}"
