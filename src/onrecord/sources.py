"""Owns archived texts: finds them by name or hash, and locates quotes in them.

Leaves what a verdict means for the graph to ``check.evidence``. Offsets count Unicode code points
of the text as archived (https://www.w3.org/TR/annotation-model/#text-position-selector).
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path, PurePosixPath

from onrecord.errors import Place, Problems
from onrecord.files import check_inside, read_bytes, sha256_file, sha256_hex, shown_path
from onrecord.model import Source

MAX_TEXT_BYTES = 64 * 1024 * 1024
_ELISION = re.compile(r"\s*\[(?:\.\.\.|…)\]\s*")
_MARKS = dict.fromkeys("“”„‟«»‹›″", '"') | dict.fromkeys("‘’‚‛′`´", "'") | dict.fromkeys("‐‑‒–—―−", "-")
_MARK = re.compile(f"[{''.join(_MARKS)}]")
_LONG_SPACE = re.compile(r"\s{2,}")
_WORD = re.compile(r"[^\W_]+")
_EDGES = "\"',.;:!?() "
_TURN = re.compile(
    r"[\s,;:—–-]*(?P<word>but|unless|except|however|although|though|provided that|only if|denied|denies"
    r"|(?:he|she|they|it) den(?:y|ies|ied))\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"(?P<word>\b(?:not|never|no longer|denied|denies|denying|without)|n['’]t)\s+(?:that\s+)?$", re.IGNORECASE
)


class Verdict(StrEnum):
    """What became of looking for a quote."""

    EXACT = "exact"
    NORMALISED = "normalised"
    ELIDED = "elided"
    ELSEWHERE = "elsewhere"
    AMBIGUOUS = "ambiguous"
    NOT_FOUND = "not found"
    TEXT_MISSING = "text missing"
    TEXT_CHANGED = "text changed"

    @property
    def is_found(self) -> bool:
        """Whether the quote stands where it should."""
        return self in (Verdict.EXACT, Verdict.NORMALISED, Verdict.ELIDED)


Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Location:
    """Where a quote stands: one span, or one for each part of an elided quote."""

    verdict: Verdict
    spans: tuple[Span, ...] = ()
    count: int = 0  # how many places an ambiguous quote stands in
    nearest: str = ""  # the passage most like a quote that is not found
    turn: str = ""  # the word right after the quote that turns it
    negation: str = ""  # the word right before the quote that negates it


class Text:
    """An archived text, normalised once for all quotes that are looked for in it."""

    def __init__(self, content: str, sha256: str = "", name: str = "") -> None:
        self.content, self.sha256, self.name = content, sha256, name

    @cached_property
    def normal(self) -> str:
        """The text with white space, quote marks, dashes and composition (NFC) made even."""
        return _even(unicodedata.normalize("NFC", self.content))

    @cached_property
    def lowered(self) -> str:
        """:attr:`normal` in lower case, every character in its place."""
        return _lower(self.normal)

    @cached_property
    def _offsets(self) -> tuple[_Offsets, _Offsets]:
        return _shifts_of_spaces(unicodedata.normalize("NFC", self.content)), _shifts_of_letters(self.content)

    def original_span(self, start: int, end: int) -> Span:
        """The span of the archived text that a span of :attr:`normal` stands for."""
        spaces, letters = self._offsets
        first = letters.before(spaces.before(start))
        return first, letters.before(spaces.before(end)) if end < len(self.normal) else len(self.content)


class _Offsets:
    """Where each character of a changed text stood before: kept where the distance changes, not for each."""

    def __init__(self) -> None:
        self._starts, self._shifts = [0], [0]

    def set(self, at: int, before: int) -> None:
        """From ``at`` on, characters stood from ``before`` on; to be called from left to right."""
        if before - at != self._shifts[-1]:
            self._starts.append(at)
            self._shifts.append(before - at)

    def before(self, at: int) -> int:
        """Where the character at ``at`` stood."""
        return at + self._shifts[bisect_right(self._starts, at) - 1]


def normalise(text: str) -> str:
    """What two spellings of the same words share; the documented rule for quotes.

    >>> normalise("the\\u00a0“new” plan —\\n final")
    'the "new" plan - final'
    """
    return _even(unicodedata.normalize("NFC", text)).strip()


def _even(text: str) -> str:
    """The text with plain quote marks and dashes, and one space wherever there is white space; none in front."""
    last = " " if text[-1:].isspace() else ""
    return _MARK.sub(lambda found: _MARKS[found[0]], " ".join(text.split()) + last).lstrip()


def _shifts_of_spaces(text: str) -> _Offsets:
    """Where the characters of :func:`_even` stood."""
    offsets = _Offsets()
    gone = len(text) - len(text.lstrip())
    offsets.set(0, gone)
    for run in _LONG_SPACE.finditer(text, gone):
        gone += len(run[0]) - 1
        offsets.set(run.end() - gone, run.end())
    return offsets


def _shifts_of_letters(text: str) -> _Offsets:
    """Where the characters of the text in NFC stood: what is composed, at its first letter."""
    offsets = _Offsets()
    if unicodedata.is_normalized("NFC", text):
        return offsets
    start = length = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or not (_is_mark(text[end]) or 0x1160 <= ord(text[end]) <= 0x11FF):
            width = len(unicodedata.normalize("NFC", text[start:end]))
            for at in range(length, length + width):
                offsets.set(at, start)
            length += width
            start = end
    return offsets


def _is_mark(char: str) -> bool:
    """Whether ``char`` belongs to the letter before it: an accent, a vowel sign."""
    return unicodedata.category(char).startswith("M")


def locate(quote: str, text: Text, prefix: str = "", suffix: str = "") -> Location:
    """Find ``quote`` in ``text``: to the letter, else normalised, else part by part round ``[...]``.

    ``prefix`` and ``suffix`` are words right before and after it, to choose among several places.
    """
    found = find_quote(quote, text, prefix, suffix)
    if found.verdict is not Verdict.NOT_FOUND:
        return found
    return Location(Verdict.NOT_FOUND, nearest=nearest_passage(quote, text, prefix, suffix))


def find_quote(quote: str, text: Text, prefix: str = "", suffix: str = "") -> Location:
    """What :func:`locate` gives, without the nearest passage where the quote is not found."""
    parts = quote_parts(quote)
    if not parts:
        return Location(Verdict.NOT_FOUND)
    verdict = Verdict.ELIDED if len(parts) > 1 or _ELISION.search(quote) else Verdict.EXACT
    if verdict is Verdict.ELIDED:
        found = _framed(_elided(parts, text), text, prefix, suffix)
    else:
        found = _framed([(span,) for span in _occurrences(quote, text.content)], text, prefix, suffix)
        if not found:
            found = _framed([(span,) for span in _normal_occurrences(quote, text)], text, prefix, suffix)
            verdict = Verdict.NORMALISED
    if not found:
        return Location(Verdict.NOT_FOUND)
    if len(found) > 1:
        return Location(Verdict.AMBIGUOUS, count=len(found))
    spans = found[0]
    turn = _TURN.match(text.content, spans[-1][1])
    negation = _NEGATION.search(text.content[max(0, spans[0][0] - 40) : spans[0][0]])
    return Location(verdict, spans, 1, turn=turn["word"] if turn else "", negation=negation["word"] if negation else "")


class Shelf:
    """Texts by name, with an index of their words: to find in which of them a quote stands."""

    def __init__(self, texts: Mapping[str, Text]) -> None:
        self._texts = [(name, texts[name]) for name in sorted(texts)]

    @cached_property
    def _by_word(self) -> dict[str, array[int]]:
        index: dict[str, array[int]] = defaultdict(lambda: array("L"))
        for number, (_, text) in enumerate(self._texts):
            for word in set(_WORD.findall(text.normal)):
                index[word].append(number)
        return dict(index)

    def holding(self, quote: str) -> Iterator[str]:
        """The names of the texts in which ``quote`` stands, in their order."""
        for number in self._candidates(quote):
            name, text = self._texts[number]
            if find_quote(quote, text).verdict is not Verdict.NOT_FOUND:
                yield name

    def _candidates(self, quote: str) -> Iterable[int]:
        """The numbers of the texts that have all the words of ``quote``, or at least its rarest."""
        parts = [normalise(part) for part in quote_parts(quote)]
        if any(_is_mark(part[0]) for part in parts if part):  # an accent apart from its letter: half a word
            return range(len(self._texts))
        words = {word for part in parts for word in _WORD.findall(part)}
        rarest = sorted((self._by_word.get(word, array("L")) for word in words), key=len)[:4]
        if not rarest:
            return range(len(self._texts))
        return sorted(set(rarest[0]).intersection(*rarest[1:]))


def quote_parts(quote: str) -> list[str]:
    """The words of a quote between its elisions, one for each span in which it stands.

    >>> quote_parts("Kremlin confirmed [...] are preparing")
    ['Kremlin confirmed', 'are preparing']
    """
    return [part for part in _ELISION.split(quote) if part.strip()]


def _occurrences(needle: str, haystack: str) -> list[Span]:
    found = []
    at = haystack.find(needle)
    while at >= 0:
        if _whole_words(haystack, at, at + len(needle)):
            found.append((at, at + len(needle)))
        at = haystack.find(needle, at + 1)
    return found


def _whole_words(text: str, start: int, end: int) -> bool:
    """A quote may not begin or end inside a word, nor between a letter and its accent."""
    before = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
    after = end < len(text) and text[end - 1].isalnum() and (text[end].isalnum() or _is_mark(text[end]))
    return not before and not after


def _normal_occurrences(quote: str, text: Text) -> list[Span]:
    needle = normalise(quote)
    return [text.original_span(*span) for span in _occurrences(needle, text.normal)] if needle else []


def _elided(parts: list[str], text: Text) -> list[tuple[Span, ...]]:
    """The shortest runs in which all parts follow each other."""
    places = [_normal_occurrences(part, text) for part in parts]
    if not all(places):
        return []
    runs: dict[int, tuple[Span, ...]] = {}
    for first in places[0]:
        run = [first]
        for spans in places[1:]:
            at = bisect_left(spans, (run[-1][1], -1))
            if at == len(spans):
                break
            run.append(spans[at])
        else:
            runs[run[-1][1]] = tuple(run)  # a later start with the same end is the shorter run
    return list(runs.values())


def _framed(found: list[tuple[Span, ...]], text: Text, prefix: str, suffix: str) -> list[tuple[Span, ...]]:
    """Those of ``found`` that stand right after ``prefix`` and right before ``suffix``."""
    if not prefix and not suffix:
        return found
    chosen = []
    for spans in found:
        before = normalise(text.content[max(0, spans[0][0] - len(prefix) * 2 - 40) : spans[0][0]])
        after = normalise(text.content[spans[-1][1] : spans[-1][1] + len(suffix) * 2 + 40])
        if before.endswith(normalise(prefix)) and after.startswith(normalise(suffix)):
            chosen.append(spans)
    return chosen


def nearest_passage(quote: str, text: Text, prefix: str = "", suffix: str = "") -> str:
    """The passage of the text that is most like the quote, or nothing when none is."""
    from rapidfuzz import fuzz

    if not quote_parts(quote):
        return ""
    quote = f"{prefix} {quote} {suffix}".strip()
    needle = normalise(_ELISION.sub(" ", quote[:4000]))[:1000]
    hit = fuzz.partial_ratio_alignment(_lower(needle), text.lowered, score_cutoff=50)
    if hit is None or not text.normal:
        return ""
    start, end = hit.dest_start, hit.dest_end
    while start > 0 and text.normal[start - 1] != " ":
        start -= 1
    while end < len(text.normal) and text.normal[end] not in " ":
        end += 1
    return text.normal[start:end].strip()


def _lower(text: str) -> str:
    """``text`` in lower case with every character in its place (``İ`` would become two)."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(min(char.lower(), char, key=len) for char in text)


def differing_words(quote: str, passage: str) -> str:
    """What the quote has and the text has not, and the other way round, in words.

    >>> differing_words("Russia will accept", "Russia may accept")
    'the quote has "will", the text has "may"'
    """
    ours, theirs = (normalise(text).strip(_EDGES).split() for text in (quote, passage))
    notes = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        mine, other = " ".join(ours[a:b]), " ".join(theirs[c:d])
        if tag == "replace":
            notes.append(f'the quote has "{mine}", the text has "{other}"')
        elif tag == "delete":
            notes.append(f'the text lacks "{mine}"')
        elif tag == "insert" and 0 < a < len(ours):  # at the ends the passage is only cut wider
            notes.append(f'the quote lacks "{other}"')
    return "; ".join(notes[:3])


class Archive:
    """The archived texts at hand, looked up by name first, then by SHA-256."""

    def __init__(self, folders: Iterable[Path], problems: Problems) -> None:
        self.folders, self.problems = list(folders), problems
        self._by_hash: dict[str, Path] | None = None
        self._texts: dict[Path, Text | None] = {}

    def find(self, source: Source, known_hash: str = "") -> Text | None:
        """The text of a source; None when it is not at hand.

        A file of the right name with the wrong bytes is given too: its ``sha256`` tells.
        """
        wanted = source.sha256.lower() or known_hash
        named = self._named(source)
        if named is not None and (not wanted or named.sha256 == wanted):
            return named
        if wanted:
            path = self._hashes().get(wanted)
            if path is not None:
                return self._load(path)
        return named

    def _named(self, source: Source) -> Text | None:
        name = source.text
        if not name:
            return None
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or "\\" in name or ":" in name:
            self.problems.error(
                "P008",
                source.place_of("text"),
                f'the text "{name}" would be read from outside the sources',
                "name a file inside the folder of sources, such as paper-2025-12-17.txt",
            )
            return None
        for folder in self.folders:
            path = folder / name
            if os.path.lexists(path) and check_inside(path, folder, shown_path(path), self.problems):
                return self._load(path)
        return None

    def _hashes(self) -> dict[str, Path]:
        if self._by_hash is None:
            self._by_hash = {}
            for folder in self.folders:
                for path in sorted(folder.rglob("*")):
                    with contextlib.suppress(OSError):  # a file that cannot be read is not at hand
                        if path.is_file() and not path.is_symlink() and path.stat().st_size <= MAX_TEXT_BYTES:
                            self._by_hash.setdefault(sha256_file(path), path)
        return self._by_hash

    def _load(self, path: Path) -> Text | None:
        if path not in self._texts:
            data = read_bytes(path, shown_path(path), self.problems)
            self._texts[path] = None
            if data is not None:
                try:
                    content = data.decode("utf-8").removeprefix("\ufeff")
                    self._texts[path] = Text(content, sha256_hex(data), path.name)
                except UnicodeDecodeError as error:
                    self.problems.error(
                        "P005",
                        Place(shown_path(path)),
                        f"the byte 0x{data[error.start]:02X} at offset {error.start} is not UTF-8",
                        "save the archived text in the encoding UTF-8",
                    )
        return self._texts[path]
