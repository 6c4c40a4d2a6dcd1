"""Owns coverage: each sentence of a text, and the statements that rest on it.

Leaves finding the quotes to ``check.evidence``. Where a text is not at hand, ``evidence.lock``
knows where its sentences and quotes stand, so that only the words themselves are missing.
"""

from __future__ import annotations

from dataclasses import dataclass

from onrecord.assemble import proposition_labels
from onrecord.build import Loaded
from onrecord.check.evidence import covered_length
from onrecord.sentences import split_sentences
from onrecord.sources import Span


@dataclass(frozen=True, slots=True)
class CoveredStatement:
    """A statement that rests on a sentence: what it says, how firmly, and where it was written."""

    text: str
    status: str
    negated: bool
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


def cover(loaded: Loaded) -> list[SourceCoverage]:
    """The coverage of every source whose sentences are known, by source id."""
    evidence = loaded.evidence
    if evidence is None:
        raise AssertionError("coverage follows a check")
    out = []
    for source_id, source in sorted(loaded.resolved.sources.items()):
        text = evidence.texts.get(source_id)
        spans = split_sentences(text.content) if text else loaded.lock.sentences.get(source_id, [])
        if not spans:
            continue
        statements = _statements(loaded)
        reasons = {left.quote: left.reason for left in source.left_out}
        resting: dict[int, list[CoveredStatement]] = {}
        left_out: dict[int, str] = {}
        quoted: list[Span] = []
        for check in evidence.checks:
            if check.source != source_id or not check.spans:
                continue
            if check.row is None:
                whole = (check.spans[0][0], check.spans[-1][1])
                left_out.update(dict.fromkeys(_touched(spans, [whole]), reasons[check.quote]))
                continue
            quoted += check.spans
            for number in _touched(spans, check.spans):
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


def _touched(sentences: list[Span], spans: tuple[Span, ...] | list[Span]) -> list[int]:
    return [
        number
        for number, (start, end) in enumerate(sentences)
        if any(first < end and last > start for first, last in spans)
    ]


def _statements(loaded: Loaded) -> dict[int, CoveredStatement]:
    table = loaded.resolved.statements
    labels = proposition_labels(
        table.drop_nulls("proposition").unique("proposition", keep="first", maintain_order=True), loaded.resolved
    )
    columns = ("row", "proposition", "status", "negated", "file", "line", "subject_text", "predicate_text")
    return {
        row: CoveredStatement(labels.get(proposition) or f"{subject} {predicate}", status, negated, file, line)
        for row, proposition, status, negated, file, line, subject, predicate in table.select(columns).iter_rows()
        if status is not None
    }
