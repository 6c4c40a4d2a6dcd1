"""Owns the guess at what a misspelt name was meant to be.

Leaves the list of known names to the caller.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import zip_longest

MAX_NAME = 200
"""More of a name than this is not compared: a value can be as long as a file."""


def nearest_names(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Up to ``count`` of ``known`` that look like ``name``, the most alike first."""
    return nearest_in_pieces(name, [known], count)


def nearest_in_pieces(name: str, pieces: Iterable[Iterable[str]], count: int = 3) -> list[str]:
    """:func:`nearest_names` among names that need not all be in memory at once; the same however they are cut."""
    from rapidfuzz import fuzz, process, utils

    name = name[:MAX_NAME]
    found: dict[str, float] = {}
    close: dict[str, float] = {}
    for piece in pieces:
        choices: Sequence[str] = sorted(set(piece))
        alike = process.extract(
            name, choices, scorer=fuzz.WRatio, processor=utils.default_process, limit=count * 4, score_cutoff=60
        )
        plain = process.extract(name, choices, scorer=fuzz.ratio, processor=utils.default_process, limit=count * 4)
        found = _best(found | {choice: score for choice, score, _ in alike}, count * 4)
        close = _best(close | {choice: score for choice, score, _ in plain}, count * 4)
    ranked = sorted(found, key=lambda choice: (-(found[choice] + close.get(choice, 0)), choice))
    return ranked[:count]


def _best(scores: dict[str, float], count: int) -> dict[str, float]:
    """The ``count`` names of the highest scores; of equal ones, the first by name, as they are extracted."""
    return dict(sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))[:count])


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A fix that offers the nearest names, or nothing where none is near.

    >>> did_you_mean("sttus", ["status", "quote"])
    'did you mean "status"?'
    """
    near = nearest_names(name, known)
    hidden = _hidden_difference(name, near[0]) if near else ""
    return f'did you mean "{near[0]}"? {hidden}' if hidden else offer(f'"{choice}"' for choice in near)


_ALIKE = str.maketrans("АВЕКМНОРСТУХІЈЅаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTYXIJSaeopcyxijsABEZHIKMNOPTYXo")
"""Letters of Cyrillic and Greek that look like one of Latin, and that."""


def _hidden_difference(name: str, other: str) -> str:
    """What tells two names apart that look alike, such as a no-break space; empty where an eye can see it."""
    if name == other or _looks(name) != _looks(other):
        return ""
    letters = zip_longest(name.replace(" ", ""), other.replace(" ", ""), fillvalue="")
    pair = next(((a, b) for a, b in letters if a != b), None)
    if pair is None:
        return "the two differ in their spaces alone"
    odd = next(char for char in pair if char and not (char.isascii() and char.isprintable()))
    return f"the two look alike; one has U+{ord(odd):04X} ({unicodedata.name(odd, 'a control character').lower()})"


def _looks(name: str) -> str:
    """What people see of a name: one form of each letter, one kind of space, nothing invisible."""
    seen = "".join(char for char in name.translate(_ALIKE) if unicodedata.category(char) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", seen).split())


def offer(choices: Iterable[str]) -> str:
    """A fix that offers ``choices`` as they are written, or nothing where there are none."""
    *others, last = tuple(choices) or ("",)
    if not last:
        return ""
    return f"did you mean {', '.join(others)} or {last}?" if others else f"did you mean {last}?"
