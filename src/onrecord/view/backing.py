"""Owns what a page says of a statement besides its own words: what backs it, who says otherwise, the passage.

Leaves the counting and comparing to ``explain``, and the statements as they stand to ``analyse``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from onrecord.analyse import to_view
from onrecord.build import Loaded
from onrecord.check.evidence import is_free
from onrecord.errors import Problems
from onrecord.explain.corroboration import Corroboration, corroborate
from onrecord.explain.disagreements import disagree
from onrecord.lens import Lens, select
from onrecord.lock import quote_key
from onrecord.sources import Archive, Text
from onrecord.view.model import Dispute, ViewEdge, ViewGraph

AROUND = 220
"""So many characters of the passage stand before a quote and after it, to the next word."""


def to_page(loaded: Loaded, lens: Lens, folders: Iterable[Path] = ()) -> ViewGraph:
    """The view of the statements that ``lens`` lets through, each with what backs it and who says otherwise.

    ``folders`` are further ones with archived texts.
    """
    view = to_view(loaded, lens)
    rows = select(loaded.resolved.statements, lens, loaded.project.policy)
    backings = _backings(corroborate(rows, loaded.resolved))
    disputes = _disputes(rows, loaded)
    passages = _passages(rows, loaded, folders)

    def backed(edge: ViewEdge) -> ViewEdge:
        if edge.kind != "statement":
            return edge
        found = backings.get(edge.iri)
        edge = replace(edge, disputes=tuple(disputes.get(edge.iri, ())), passages=tuple(passages.get(edge.iri, ())))
        if found is None:
            return edge
        return replace(edge, articles=len(found.articles), origins=found.certainly, backing=found.phrase)

    return replace(view, edges=tuple(map(backed, view.edges)))


def _backings(found: Iterable[Corroboration]) -> dict[str, Corroboration]:
    return {statement.statement: one for one in found for group in one.origins for statement in group.statements}


def _disputes(rows: pl.DataFrame, loaded: Loaded) -> dict[str, list[Dispute]]:
    """By statement: what stands against it."""
    out: defaultdict[str, list[Dispute]] = defaultdict(list)
    for one in disagree(rows, loaded.resolved):
        sides = [tuple(dict.fromkeys(evidence.statement for evidence in side.statements)) for side in one.sides]
        for mine, theirs in (sides, reversed(sides)):
            for statement in mine:
                others = tuple(other for other in theirs if other != statement)
                if others:
                    out[statement].append(Dispute(one.kind, one.why, others))
    return out


def _passages(rows: pl.DataFrame, loaded: Loaded, folders: Iterable[Path]) -> dict[str, list[tuple[str, str, str]]]:
    """By statement: the words round its quotes, where the text is at hand and its licence lets it be shown."""
    archive = Archive(loaded.project.source_folders(tuple(folders)), Problems())
    texts: dict[str, Text] = {}
    for source in loaded.resolved.sources.values():
        text = archive.find(source, loaded.lock.texts.get(source.id, "")) if is_free(source.licence) else None
        if text is not None and text.sha256 == loaded.lock.texts.get(source.id):
            texts[source.id] = text
    out: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
    shown = rows.filter(pl.col("statement").is_not_null() & pl.col("source").is_in(sorted(texts)))
    for row in shown.select("statement", "source", "quotes", "prefix", "suffix").iter_rows(named=True):
        out[row["statement"][1:-1]] += _passages_of(row, texts[row["source"]].content, loaded)
    return out


def _passages_of(row: dict[str, Any], text: str, loaded: Loaded) -> Iterable[tuple[str, str, str]]:
    for quote in row["quotes"] or ():
        locked = loaded.lock.get(row["source"], quote_key(quote, row["prefix"], row["suffix"]))
        if locked is None or not locked.spans:
            continue
        start, end = locked.spans[0][0], locked.spans[-1][1]
        before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
        if start > AROUND:
            before = "…" + before.partition(" ")[2]
        if end + AROUND < len(text):
            after = after.rpartition(" ")[0] + "…"
        yield before, text[start:end], after
