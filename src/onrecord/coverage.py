"""Owns coverage: each sentence of a text, and the statements that rest on it.

Leaves finding the quotes to ``check.evidence``. Where a text is not at hand, ``evidence.lock``
knows where its sentences and quotes stand, so that only the words themselves are missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from onrecord.assemble import proposition_labels
from onrecord.build import Loaded
from onrecord.check.evidence import QuoteCheck, covered_length
from onrecord.lens import Lens, select
from onrecord.model import Source
from onrecord.progress import each
from onrecord.resolve import published_day
from onrecord.sentences import split_sentences
from onrecord.sources import Span


@dataclass(frozen=True, slots=True)
class CoveredStatement:
    """A statement that rests on a sentence: what it says, how firmly, and where it was written."""

    text: str
    status: str
    negated: bool
    as_fact: bool
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: its number in the text from 1, its span, its words (None when not at hand)."""

    number: int
    span: Span
    words: str | None
    statements: tuple[CoveredStatement, ...]
    left_out: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether a statement rests on it or a reason is given for leaving it out."""
        return bool(self.statements or self.left_out)


@dataclass(frozen=True, slots=True)
class SourceCoverage:
    """The sentences of one source, and how much of its text the quotes take."""

    source: str
    sentences: tuple[Sentence, ...]
    quoted: float  # share of the code points

    @property
    def news(self) -> int:
        """Sentences that are not left out."""
        return sum(not sentence.left_out or bool(sentence.statements) for sentence in self.sentences)

    @property
    def covered(self) -> int:
        """Sentences on which a statement rests."""
        return sum(bool(sentence.statements) for sentence in self.sentences)

    @property
    def open(self) -> tuple[Sentence, ...]:
        """Sentences that are neither covered nor left out with a reason."""
        return tuple(sentence for sentence in self.sentences if not sentence.is_settled)


def cover(loaded: Loaded, lens: Lens | None = None) -> list[SourceCoverage]:
    """The coverage of every source whose sentences are known, by source id.

    Only what ``lens`` lets through rests on a sentence; a source that it leaves out is not there.
    """
    evidence = loaded.evidence
    if evidence is None:
        raise AssertionError("coverage follows a check")
    lens = lens or Lens()
    statements = _statements(loaded, lens)
    checks: dict[str, list[QuoteCheck]] = {}
    for check in evidence.checks:
        checks.setdefault(check.source, []).append(check)
    out = []
    for source in each(sources_through(loaded, lens), "finding sentences", "texts"):
        source_id = source.id
        text = evidence.texts.get(source_id)
        spans = split_sentences(text.content) if text else loaded.lock.sentences.get(source_id, [])
        if not spans:
            continue
        reasons = {left.quote: left.reason for left in source.left_out}
        resting: dict[int, list[CoveredStatement]] = {}
        left_out: dict[int, str] = {}
        quoted: list[Span] = []
        for check in checks.get(source_id, ()):
            if not check.spans:
                continue
            if check.row is None:
                whole = (check.spans[0][0], check.spans[-1][1])
                left_out.update(dict.fromkeys(touched(spans, [whole]), reasons[check.quote]))
                continue
            if check.row not in statements:
                continue
            quoted += check.spans
            for number in touched(spans, check.spans):
                resting.setdefault(number, []).append(statements[check.row])
        length = len(text.content) if text else loaded.lock.lengths.get(source_id, 0)
        sentences = tuple(
            Sentence(
                number + 1,
                span,
                text.content[slice(*span)] if text else None,
                tuple(dict.fromkeys(resting.get(number, ()))),
                left_out.get(number, ""),
            )
            for number, span in enumerate(spans)
        )
        out.append(SourceCoverage(source_id, sentences, covered_length(quoted) / length if length else 0.0))
    return out


def sources_through(loaded: Loaded, lens: Lens) -> list[Source]:
    """The sources that a lens does not leave out, by id: chosen, published by its day, and not withdrawn by then."""
    gone = {entry.source for entry in loaded.resolved.withdrawn if lens.as_of is None or entry.on <= lens.as_of}
    out = []
    for name, source in sorted(loaded.resolved.sources.items()):
        day = published_day(source, loaded.project.time_zone)
        late = lens.as_of is not None and day is not None and day > lens.as_of
        if name not in gone and not late and (not lens.sources or name in lens.sources):
            out.append(source)
    return out


def touched(sentences: list[Span], spans: Sequence[Span]) -> list[int]:
    """Which of ``sentences`` at least one of ``spans`` runs into, by their place from 0."""
    return [
        number
        for number, (start, end) in enumerate(sentences)
        if any(first < end and last > start for first, last in spans)
    ]


def _statements(loaded: Loaded, lens: Lens) -> dict[int, CoveredStatement]:
    """What the lens lets through, by row; rows that did not resolve have their written words."""
    table = loaded.resolved.statements
    chosen = select(table, lens, loaded.project.policy)
    as_fact = dict(chosen.filter(~pl.col("nested")).select("row", "asserting").iter_rows())
    labels = proposition_labels(
        chosen.drop_nulls("proposition").unique("proposition", keep="first", maintain_order=True), loaded.resolved
    )
    unresolved = pl.col("proposition").is_null() | pl.col("statement").is_null()
    own = table.filter(pl.col("row").is_in(sorted(as_fact)) | (unresolved & pl.col("status").is_not_null()))
    columns = ("row", "proposition", "status", "negated", "file", "line", "subject_text", "predicate_text")
    return {
        row: CoveredStatement(
            labels.get(proposition) or f"{subject} {predicate}",
            status,
            negated,
            as_fact.get(row, False),
            loaded.resolved.places.inner(file),
            line,
        )
        for row, proposition, status, negated, file, line, subject, predicate in own.select(columns).iter_rows()
    }
