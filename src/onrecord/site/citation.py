"""Owns how a statement is cited: words that can be pasted, with the address that stays.

Leaves what the statement says to ``record``.
"""

from __future__ import annotations

from onrecord.site.record import Record
from onrecord.view.model import ViewEdge


def cite(record: Record, edge: ViewEdge) -> str:
    """The citation of a statement: what is put, how firmly, by whom and where, in which graph."""
    how = "on record as fact" if edge.asserting else edge.status
    said = f", said by {' and '.join(edge.said_by)}" if edge.said_by else ""
    where = ", ".join(
        part
        for part in (f"“{edge.source_title}”" if edge.source_title else edge.source_id, edge.source_publisher,
                     edge.source_published)
        if part
    )  # fmt: skip
    return f"“{record.told(edge)}” ({how}{said}). {where}. In: {record.loaded.project.title}. {edge.iri}"
