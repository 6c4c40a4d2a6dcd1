"""Owns how a text is cut for reading: sentences, and in them the stretches that statements quote.

Leaves finding quotes to ``check.evidence`` and the page to ``sources``. Where the words of a text are
not shown, those of its quotes still are, and how long the rest is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from onrecord.sources import Span


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote of a statement where it stands: the statement's IRI, the spans, and each span's words as written."""

    statement: str
    spans: tuple[Span, ...]
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a sentence: its words, or how many code points are not shown; the statements that quote it."""

    words: str
    unseen: int
    quoted_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence in its pieces.

    ``state`` is ``quoted``, ``left out`` (``reason`` says why), ``open`` when nothing rests on it, or
    ``aside`` when only statements that are not looked at do. ``gap`` is what stands before it: a
    space, a line break, or ``paragraph``.
    """

    number: int
    pieces: tuple[Piece, ...]
    state: str
    reason: str
    gap: str


def cut(
    sentences: Sequence[Span],
    quotes: Iterable[Quoted],
    *,
    text: str | None,
    left_out: Mapping[int, str],
    aside: frozenset[int] = frozenset(),
) -> tuple[Passage, ...]:
    """The sentences of a text, each cut wherever a quote begins or ends.

    ``text`` is None when it may not be shown. ``left_out`` gives reasons and ``aside`` the sentences
    quoted by others, both by the sentence's place in ``sentences``. Quotes may overlap: a piece
    lists every statement that quotes it, in the order of ``quotes``.
    """
    found = list(quotes)
    known = None if text is not None else _known_words(found)
    waiting = sorted((span, order) for order, quote in enumerate(found) for span in quote.spans)[::-1]
    marks = sorted({at for quote in found for span in quote.spans for at in span}, reverse=True)
    covering: list[tuple[Span, int]] = []
    out = []
    before = 0
    for number, (start, end) in enumerate(sentences):
        borders = [start]
        while marks and marks[-1] < end:
            mark = marks.pop()
            if mark > start:
                borders.append(mark)
        pieces: list[Piece] = []
        for low, high in pairwise([*borders, end]):
            while waiting and waiting[-1][0][0] <= low:
                covering.append(waiting.pop())
            covering = [entry for entry in covering if entry[0][1] > low]
            by = tuple(dict.fromkeys(found[order].statement for order in sorted(order for _, order in covering)))
            pieces += [Piece(text[low:high], 0, by)] if text is not None else _pieces(known or {}, low, high, by)
        quoted = any(piece.quoted_by for piece in pieces)
        reason = "" if quoted else left_out.get(number, "")
        state = "quoted" if quoted else "left out" if reason else "aside" if number in aside else "open"
        out.append(Passage(number + 1, tuple(pieces), state, reason, _gap(text, before, start)))
        before = end
    return tuple(out)


def _known_words(quotes: Iterable[Quoted]) -> dict[int, str]:
    """What the quotes tell of a text: the character at an offset, or all words of a span at its first offset.

    The latter where the curator's spelling is longer or shorter than the text's.
    """
    known: dict[int, str] = {}
    uneven = []
    for quote in quotes:
        for (start, end), part in zip(quote.spans, quote.parts, strict=False):
            if len(part) == end - start:
                known.update(zip(range(start, end), part, strict=True))
            else:
                uneven.append((start, end, part))
    for start, end, part in uneven:
        if any(at not in known for at in range(start, end)):
            known.update(dict.fromkeys(range(start, end), ""))
            known[start] = part
    return known


def _pieces(known: Mapping[int, str], low: int, high: int, by: tuple[str, ...]) -> Iterator[Piece]:
    """A stretch whose text is not shown: words where quotes have told them, else only its length."""
    for told, places in groupby(range(low, high), key=known.__contains__):
        run = list(places)
        words = "".join(known[at] for at in run) if told else ""
        if words or not told:
            yield Piece(words, 0 if told else len(run), by)


def _gap(text: str | None, before: int, start: int) -> str:
    if not before:
        return "paragraph"
    if text is None:
        return "paragraph" if start - before > 1 else "\n"
    breaks = text.count("\n", before, start)
    return "paragraph" if breaks > 1 else "\n" if breaks else " "
