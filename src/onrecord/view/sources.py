"""Owns the page that shows sources as they are read: their text with its quotes marked.

Leaves cutting a text to ``passages``, finding quotes to ``check.evidence`` and what all pages share to ``frame``.

Archived texts are other people's work: their words are shown where the licence field allows it, or
where the caller asks for them; else the page shows the quotes in their order and how much stands between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import polars as pl

from onrecord.build import Loaded
from onrecord.check.evidence import Evidence, QuoteCheck, covered_length, is_free
from onrecord.coverage import touched
from onrecord.model import Source
from onrecord.sentences import split_sentences
from onrecord.sources import quote_parts
from onrecord.view.frame import counted_lines, look, record_rows, render
from onrecord.view.look import line_of
from onrecord.view.model import ViewEdge, ViewGraph
from onrecord.view.passages import Passage, Piece, Quoted, cut

_SCRIPTS = (
    "elements.js",
    "data.js",
    "look.js",
    "theme.js",
    "theme-button.js",
    "selection.js",
    "panel.js",
    "sources.js",
)
_BARS = (4, 7, 3, 6, 9, 5, 2, 8)


@dataclass(frozen=True, slots=True)
class Reading:
    """A source as it is read.

    ``withheld`` says why the words of the text are not shown, and is empty where they are;
    ``quoted`` is the share of the text that quotes take; ``unplaced`` are the IRIs of statements
    whose quotes have no place in it.
    """

    source: Source
    passages: tuple[Passage, ...]
    withheld: str
    quoted: float
    unplaced: tuple[str, ...]

    @property
    def link(self) -> str:
        """The source's address, if a page may link to it."""
        parts = urlsplit(self.source.url)
        return self.source.url if parts.scheme in ("http", "https") and "@" not in parts.netloc else ""

    def count(self, state: str) -> int:
        """How many sentences are in that state."""
        return sum(passage.state == state for passage in self.passages)


def read_sources(
    loaded: Loaded, evidence: Evidence, rows: pl.DataFrame, wanted: Iterable[str], *, with_text: bool
) -> tuple[Reading, ...]:
    """The sources called ``wanted`` (all when empty), by day and id, with the quotes of the statements in ``rows``."""
    sources = loaded.resolved.sources
    chosen = [sources[name] for name in sorted(set(wanted) or sources)]
    checks: dict[str, list[QuoteCheck]] = {source.id: [] for source in chosen}
    for check in evidence.checks:
        checks.get(check.source, []).append(check)
    statements = {row: name[1:-1] for row, name in rows.select("row", "statement").drop_nulls().iter_rows()}
    mine: dict[str, list[str]] = {source.id: [] for source in chosen}
    for name, source in rows.select("statement", "source").drop_nulls().iter_rows():
        mine.get(source, []).append(name[1:-1])
    readings = [
        _read(loaded, evidence, source, checks[source.id], statements, mine[source.id], with_text) for source in chosen
    ]
    return tuple(sorted(readings, key=lambda reading: (reading.source.published, reading.source.id)))


def _read(
    loaded: Loaded,
    evidence: Evidence,
    source: Source,
    checks: list[QuoteCheck],
    statements: dict[int, str],
    mine: list[str],
    with_text: bool,
) -> Reading:
    text = evidence.texts.get(source.id)
    sentences = split_sentences(text.content) if text else loaded.lock.sentences.get(source.id, [])
    length = len(text.content) if text else loaded.lock.lengths.get(source.id, 0)
    withheld = ""
    if text is None:
        withheld = "The text is not at hand" if sentences else "The text is not at hand and was never verified"
    elif source.sha256 and text.sha256 != source.sha256.lower():
        withheld = "The text at hand is not the one that was archived"
    elif not with_text and not is_free(source.licence):
        withheld = "The text is its publisher's"
    reasons = {left.quote: left.reason for left in source.left_out}
    quotes: list[Quoted] = []
    left_out: dict[int, str] = {}
    aside: set[int] = set()
    for check in (check for check in checks if check.spans):
        if check.row is None:
            whole = (check.spans[0][0], check.spans[-1][1])
            left_out.update(dict.fromkeys(touched(sentences, [whole]), reasons[check.quote]))
        elif check.row in statements:
            parts = [text.content[slice(*span)] for span in check.spans] if text else quote_parts(check.quote)
            quotes.append(Quoted(statements[check.row], check.spans, tuple(parts)))
        else:
            aside.update(touched(sentences, check.spans))
    quotes.sort(key=lambda quote: (quote.spans, quote.statement))
    placed = {quote.statement for quote in quotes}
    return Reading(
        source,
        cut(
            sentences,
            quotes,
            text=None if withheld or text is None else text.content,
            left_out=left_out,
            aside=frozenset(aside),
        ),
        withheld,
        covered_length(span for quote in quotes for span in quote.spans) / length if length else 0.0,
        tuple(dict.fromkeys(name for name in mine if name not in placed)),
    )


def render_sources(graph: ViewGraph, readings: tuple[Reading, ...]) -> str:
    """The page that shows ``readings``, with what ``graph`` holds on record for their statements."""
    order: dict[str, int] = {}
    for reading in readings:
        quoted = (name for passage in reading.passages for piece in passage.pieces for name in piece.quoted_by)
        for name in (*quoted, *reading.unplaced):
            order.setdefault(name, len(order))
    edges = sorted(
        (edge for edge in graph.edges if edge.iri in order and edge.kind == "statement"),
        key=lambda edge: order[edge.iri],
    )
    by_iri = {edge.iri: edge for edge in edges}
    place = {edge.iri: at for at, edge in enumerate(edges)}
    passages = [passage for reading in readings for passage in reading.passages]
    return render(
        "sources.html.j2",
        graph,
        scripts=_SCRIPTS,
        styles=("page.css", "sources.css"),
        data={"title": graph.title, **record_rows(graph, edges), "look": look()},
        counts=[
            (len(readings), "source", "sources"),
            (len(edges), "statement", "statements"),
            (len(passages), "sentence", "sentences"),
            (
                sum(passage.state == "open" for passage in passages),
                "sentence nobody covered",
                "sentences nobody covered",
            ),
        ],
        lines=counted_lines(Counter(line_of(edge).name for edge in edges)),
        readings=readings,
        numbers=lambda names: " ".join(str(place[name]) for name in names if name in place),
        line_class=lambda names: _line_class(by_iri[name] for name in names if name in by_iri),
        bars=_bars,
        statements=by_iri,
        place=place,
        licences="",
    )


def _line_class(edges: Iterable[ViewEdge]) -> str:
    """How a quoted stretch is marked: its line where all statements share one, and how many there are."""
    lines = {line_of(edge).name for edge in edges}
    return f"line-{lines.pop()}" if len(lines) == 1 else "line-mixed"


def _bars(piece: Piece) -> list[int]:
    """Widths of the bars, in characters, that stand for words which are not shown."""
    out: list[int] = []
    left = piece.unseen
    while left > 0:
        width = min(_BARS[(left + len(out)) % len(_BARS)], left)
        out.append(width)
        left -= width + 1
    return out
