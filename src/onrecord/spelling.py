"""Owns in how many ways a name can be spelt: its words as they are compared, and what a coded text reads as.

Leaves which names are looked for to ``protected``.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

MOST_READINGS = 24
"""A text that is coded in layers is read so many ways at most."""

_UNSEEN = frozenset("\u0640\u115f\u1160\u3164\uffa0")
"""Letters that show nothing, or only stretch the word that they stand in."""

_APOSTROPHES = frozenset("\u02b9\u02ba\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\ua78b\ua78c")
"""Signs that Unicode calls letters, and that part names as an apostrophe does."""

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)
"""Letters that do not come apart, as those who lack them write them."""

_DIGRAPHS = (("aa", "a"), ("ae", "a"), ("oe", "o"), ("ue", "u"))
"""Umlauts and the ring as two letters, and as the one that is left without its marks."""

_ASCII_WORD = re.compile(r"[A-Za-z0-9]+")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2}))")
_CODED = re.compile(r"[%&\\]|[^\x00-\x7f]|xn--|-\s", re.IGNORECASE)
_PUNYCODE = re.compile(r"xn--[A-Za-z0-9-]+", re.IGNORECASE)
_BROKEN_LINE = re.compile(r"(?<=\w)[-\u00ad\u2010\u2011]\s+(?=\w)")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: where it stands, how it is compared, and whether it begins with a capital."""

    start: int
    end: int
    text: str
    is_capital: bool


def fold(text: str) -> str:
    """A text as names are compared: no case, no accents, no width, nothing that is not seen, one letter for an umlaut.

    >>> fold("Zoë M\\u00fcller") == fold("ZOE M\\u200bueller")
    True
    """
    return _one_letter(text.lower() if text.isascii() else "".join(map(_plain, text)))


def split_words(text: str) -> list[Word]:
    """The words of a text, each as :func:`fold` has it; marks and what is not seen belong to the word around them.

    >>> [(word.text, word.start, word.end) for word in split_words("O’Neil, M\\u00adue")]
    [('o', 0, 1), ('neil', 2, 6), ('mu', 8, 12)]
    """
    if text.isascii():
        return [
            Word(found.start(), found.end(), _one_letter(found[0].lower()), found[0][0].isupper())
            for found in _ASCII_WORD.finditer(text)
        ]
    out: list[Word] = []
    letters: list[str] = []
    start = end = 0
    for at, char in enumerate(text):
        plain = _plain(char)
        if plain.isalnum() or (plain and letters and unicodedata.category(char) == "Mc"):
            if not letters:
                start = at
            letters.append(plain)
            end = at + 1
        elif plain and letters:
            out.append(_word(text, start, end, letters))
            letters = []
        elif letters:
            end = at + 1
    return [*out, _word(text, start, end, letters)] if letters else out


def readings(text: str) -> Iterator[str]:
    """What else a text reads as: percent signs, entities, escapes, Punycode, broken words and unseen gaps undone.

    >>> list(readings("dora%2Dqu%69ll"))
    ['dora-quill']
    """
    if not _CODED.search(text):
        return
    seen = {text}
    waiting = [text]
    while waiting and len(seen) < MOST_READINGS:
        for found in _decoded(waiting.pop()):
            if found not in seen:
                seen.add(found)
                waiting.append(found)
                yield found


def _decoded(text: str) -> Iterator[str]:
    if "%" in text:
        yield unquote(text)
    if "&" in text:
        yield html.unescape(text)
    if "\\" in text:
        yield _ESCAPE.sub(lambda found: _char(found[1] or found[2] or found[3]), text)
        yield text.replace("\\", "")
    if "xn--" in text.lower():
        yield _PUNYCODE.sub(lambda found: _from_punycode(found[0]), text)
    if _BROKEN_LINE.search(text):
        yield _BROKEN_LINE.sub("", text)
    if not text.isascii() and any(unicodedata.category(char) == "Cf" for char in text):
        yield "".join(" " if unicodedata.category(char) == "Cf" else char for char in text)


def _char(digits: str) -> str:
    code = int(digits, 16)
    return chr(code) if code <= 0x10FFFF else ""


def _from_punycode(label: str) -> str:
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _word(text: str, start: int, end: int, letters: list[str]) -> Word:
    first = next(char for char in text[start:end] if _plain(char))
    return Word(start, end, _one_letter("".join(letters)), first.isupper() or first.istitle())


def _one_letter(folded: str) -> str:
    for two, one in _DIGRAPHS:
        folded = folded.replace(two, one)
    return folded


@lru_cache(maxsize=16_384)
def _plain(char: str) -> str:
    """A character as it is compared; empty for a mark and for what is not seen, a space for what parts words."""
    if char in _UNSEEN or (unicodedata.category(char)[0] == "C" and not char.isspace()):
        return ""
    if char in _APOSTROPHES:
        return "'"
    found = [part for part in unicodedata.normalize("NFKD", char) if not _is_mark(part)]
    return "".join(found).casefold().translate(_LETTERS)


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in ("Mn", "Me", "Cf") or char in _UNSEEN
