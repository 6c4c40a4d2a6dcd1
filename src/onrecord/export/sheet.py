"""Owns tables for spreadsheets: any table as CSV, and the statements of a graph as one.

Leaves what stands in the cells to the caller. No cell is one that a spreadsheet takes for a formula.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain

from onrecord.view.model import ViewEdge, ViewNode


def sheet(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """A table as CSV for spreadsheets: with a byte order mark, and no cell that one takes for a formula."""
    return b"".join(sheet_lines(columns, rows))


def sheet_lines(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[bytes]:
    """The same, row by row."""
    line = io.StringIO()
    table = csv.writer(line, lineterminator="\r\n")
    yield codecs.BOM_UTF8
    for row in chain([columns], rows):
        table.writerow(f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell for cell in row)
        yield line.getvalue().encode("utf-8")
        line.seek(0)
        line.truncate()


_COLUMNS = (
    *("statement", "subject", "property", "object", "qualifiers", "not", "status", "as fact", "quote", "translation"),
    *("said by", "via", "origin", "said when", "when", "hedge", "condition", "recorded"),
    *("source", "source title", "publisher", "url"),
)


def statement_sheet(nodes: Iterable[ViewNode], edges: Iterable[ViewEdge]) -> bytes:
    """The statements ``edges`` in their order, a row each, in words; several values in a cell end with `` | ``."""
    labels = {node.iri: node.label for node in nodes}

    def joined(values: Iterable[str]) -> str:
        return " | ".join(values)

    rows = (
        (
            edge.iri, labels.get(edge.source, edge.source), edge.label, labels.get(edge.target, edge.target),
            joined(f"{name}: {value}" for name, value in edge.qualifiers), "yes" if edge.negated else "", edge.status,
            "yes" if edge.asserting else "", joined(edge.quotes), edge.translation, joined(edge.said_by),
            joined(edge.via), joined(edge.origin), edge.said_when, edge.when, edge.hedge, edge.condition,
            edge.recorded, edge.source_id, edge.source_title, edge.source_publisher, edge.source_url,
        )
        for edge in edges
    )  # fmt: skip
    return sheet(_COLUMNS, rows)
