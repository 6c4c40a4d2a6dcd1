"""Owns where the sentences of a text begin and end.

Leaves what rests on them to ``coverage``.
"""

from __future__ import annotations

import re

_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|[.!?…]+[\"'”’»)\]]*$")
_ABBREVIATIONS = frozenset(
    """
    mr mrs ms dr prof st sr jr gen col lt sgt capt gov sen rep rev hon no nos vs etc al fig vol pp ed approx inc ltd co
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun
    """.split()  # noqa: SIM905  # a list of words reads best as one
)
_INITIALS = re.compile(r"(?:[A-Za-z]\.)*[A-Za-z]")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence in code points, end exclusive, white space left outside.

    A line break ends a sentence; abbreviations and initials do not, unless a capital follows a
    title-less initial such as ``U.S.`` at the end of a clause that a new sentence could follow.

    >>> split_sentences("He met Mr. Fox. They left.")
    [(0, 15), (16, 26)]
    """
    spans: list[tuple[int, int]] = []
    offset = 0
    for line in text.splitlines(keepends=True):
        start = 0
        for match in _END.finditer(line):
            if _ends_sentence(line, match):
                _add(spans, line, start, match.end(), offset)
                start = match.end()
        _add(spans, line, start, len(line), offset)
        offset += len(line)
    return spans


def _ends_sentence(line: str, match: re.Match[str]) -> bool:
    after = line[match.end() :].lstrip()
    if not after:
        return True
    if after[0].islower():
        return False
    if line[match.start()] != ".":
        return True
    word = re.split(r"[\s(\"'“‘\[]", line[: match.start()])[-1]
    return not (word.lower() in _ABBREVIATIONS or _INITIALS.fullmatch(word))


def _add(spans: list[tuple[int, int]], line: str, start: int, end: int, offset: int) -> None:
    piece = line[start:end]
    stripped = piece.strip()
    if stripped:
        lead = len(piece) - len(piece.lstrip())
        spans.append((offset + start + lead, offset + start + lead + len(stripped)))
