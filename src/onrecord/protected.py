"""Owns who is protected in a graph: the entities, speakers and sources marked so, and finding their names in texts.

Leaves taking them out to ``redact``.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from onrecord.build import Loaded
from onrecord.errors import OnRecordError

MASK = "[protected]"
"""Stands where a protected name stood."""

STEM = 6
"""A part of a name of so many letters is also found when its last two differ: it may be declined."""

_UNPARTED = re.compile(r"[\u0e00-\u0eff\u3040-\u9fff]")
_TOKEN = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Protected:
    """What is protected: IRIs, ids of sources, and how texts may speak of it.

    ``names`` are also found by a capitalised part of them, ``phrases`` (the words for unnamed speakers,
    titles) only as a whole.
    """

    iris: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    phrases: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.iris)

    def __or__(self, other: Protected) -> Protected:
        return Protected(
            self.iris | other.iris,
            self.sources | other.sources,
            self.names | other.names,
            self.phrases | other.phrases,
        )

    @cached_property
    def _whole(self) -> dict[str, list[tuple[str, ...]]]:
        """The names as words, by their first word."""
        out: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
        for name in sorted(self.names | self.phrases):
            words = tuple(fold(found[0]) for found in _TOKEN.finditer(name))
            if words:
                out[words[0]].append(words)
        return out

    @cached_property
    def _parts(self) -> frozenset[str]:
        """Words of names that are written with a capital: a surname alone gives somebody away too."""
        found = (match[0] for name in self.names for match in _TOKEN.finditer(name))
        return frozenset(fold(word) for word in found if word[0].isupper() and len(word) > 2)

    @cached_property
    def _stems(self) -> tuple[str, ...]:
        return tuple(sorted(part[:-2] for part in self._parts if len(part) >= STEM))

    @cached_property
    def _caseless(self) -> tuple[str, ...]:
        """Names in scripts that part no words."""
        return tuple(
            sorted(fold(name) for name in self.names | self.phrases if re.search(r"[\u0e00-\u0eff\u3040-\u9fff]", name))
        )

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where ``text`` speaks of what is protected: whole names, and capitalised parts of them.

        >>> Protected(names=frozenset({"Rose Marsh"})).spans("so Mrs Marsh's rose grew")
        [(7, 12)]
        """
        tokens = [(match.start(), match.end(), match[0], fold(match[0])) for match in _TOKEN.finditer(text)]
        found = []
        for at, (start, end, written, word) in enumerate(tokens):
            for words in self._whole.get(word, ()):
                part = tokens[at : at + len(words)]
                if tuple(token[3] for token in part) == words:
                    found.append((start, part[-1][1]))
            if written[0].isupper() and (word in self._parts or word.startswith(self._stems)):
                found.append((start, end))
        if any(name in fold(text) for name in self._caseless):
            return [(0, len(text))]
        return found

    def names_in(self, text: str | None) -> bool:
        """Whether ``text`` speaks of what is protected."""
        return bool(text) and bool(self.spans(text or ""))

    def asked_for(self, query: str) -> bool:
        """Whether the text of a question names what is protected, by name, id or IRI."""
        ids = (address.rpartition("/")[2].rpartition(":")[2] for address in self.iris)
        pattern = "|".join(re.escape(local) for local in sorted({*ids, *self.sources}))
        return self.names_in(query) or (bool(pattern) and bool(re.search(rf"(?<![\w-])(?:{pattern})(?![\w-])", query)))

    def mask(self, text: str) -> str:
        """``text`` with :data:`MASK` where a protected name stood.

        >>> Protected(names=frozenset({"Rose Marsh"})).mask("A talk with Rose Marsh")
        'A talk with [protected]'
        """
        out, reached = [], 0
        for start, end in sorted(self.spans(text)):
            if start >= reached:
                out += [text[reached:start], MASK]
            reached = max(reached, end)
        return re.sub(r"\[protected\](?:[\s'’-]+\[protected\])+", MASK, "".join([*out, text[reached:]]))


def fold(text: str) -> str:
    """A text as names are compared: no case, no accents, no characters that are not seen.

    >>> fold("Zoë M\\u00fcller") == fold("ZOE M\\u200buller")
    True
    """
    plain = unicodedata.normalize("NFKD", text)
    return "".join(char for char in plain if unicodedata.category(char) not in ("Mn", "Cf")).casefold()


def find_protected(loaded: Loaded) -> Protected:
    """What the files mark as protected; a protected source protects the speakers that it leaves unnamed."""
    resolved = loaded.resolved
    minter = resolved.names.minter
    entities = [found for found in resolved.entities if found.entity.protected]
    sources = [source for source in resolved.sources.values() if source.protected]
    speakers = {
        resolved.names.merged.get(iri, iri): speaker.label
        for source in resolved.sources.values()
        for speaker in source.speakers
        if source.protected or speaker.protected
        for iri in (minter.entity(speaker.id, source.id),)
    }
    names = {text for found in entities for text, _ in (*found.entity.labels, *found.entity.aliases)}
    phrases = {source.title for source in sources if len(source.title.split()) > 1}
    phrases |= {label for label in speakers.values() if _tells(label)}
    merged = {iri for iri, leader in resolved.names.merged.items() if leader in {found.iri for found in entities}}
    iris = {*(found.iri for found in entities), *speakers, *merged, *(minter.source(source.id) for source in sources)}
    # The entities of unnamed speakers are marked too, and their labels are no names.
    names -= set(speakers.values())
    return Protected(frozenset(iris), frozenset(source.id for source in sources), frozenset(names), frozenset(phrases))


class Undecided(OnRecordError):
    """A graph holds something protected, and nobody has said what becomes of it."""


def require_choice(loaded: Loaded, redact: bool | None, act: str = "publish") -> None:
    """Whether somebody has said what becomes of what is protected.

    :raises Undecided: when the graph holds something protected and nobody has.
    """
    count = count_protected(loaded) if redact is None else 0
    if count:
        raise Undecided(
            f"{loaded.project.name} holds {count} protected item{'s' * (count > 1)}: {act} it with --redact, "
            f"or with --no-redact to {act} them too"
        )


def count_protected(loaded: Loaded) -> int:
    """How many entities, speakers and sources are protected."""
    return len(find_protected(loaded).iris)


def _tells(label: str) -> bool:
    """Whether the words for an unnamed speaker are more than words that many share, such as "an official"."""
    return len(label.split()) > 2 or any(word[:1].isupper() for word in label.split())


def named_alike(loaded: Loaded, known: Protected) -> Protected:
    """What of another state of the graph is protected because it has an id or a name of what is ``known`` to be."""
    folded = {fold(name) for name in known.names}
    alike = [
        found
        for found in loaded.resolved.entities
        if found.iri in known.iris
        or any(fold(text) in folded for text, _ in (*found.entity.labels, *found.entity.aliases))
    ]
    named = {text for found in alike if not found.source for text, _ in (*found.entity.labels, *found.entity.aliases)}
    phrases = {text for found in alike if found.source for text, _ in found.entity.labels if _tells(text)}
    return known | Protected(frozenset(found.iri for found in alike), frozenset(), frozenset(named), frozenset(phrases))
