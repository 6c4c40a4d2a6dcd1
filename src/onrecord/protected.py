"""Owns who is protected in a graph: the entities, speakers and sources marked so, and finding their names in texts.

Leaves how a name can be spelt to ``spelling``, and taking names out to ``redact``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from onrecord.build import Loaded
from onrecord.errors import OnRecordError
from onrecord.model import Source
from onrecord.resolve import ResolvedEntity
from onrecord.spelling import Word, fold, readings, split_words

MASK = "[protected]"
"""Stands where a protected name stood."""

STEM = 6
"""A part of a name of so many letters is also found when its last two differ: it may be declined."""

GLUED = 8
"""A whole name of so many letters is also found inside a word, as in the name of an account."""

_MASKS = re.compile(r"\[protected\](?:[\s'’-]+\[protected\])+")
_RUNNING = re.compile(r"[\u0e00-\u0fff\u1000-\u11ff\u1780-\u17ff\u3040-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
"""A letter of a script that parts no words, or hangs endings on names without a break; Hangul as it comes apart."""

_ADDRESS = re.compile(
    r"\S*(?:://|@|www\.|\w\.[a-z]{2,}/)\S*|\S+\.(?:txt|html?|pdf|docx?|odt|ya?ml|csv|jpe?g|png|mp[34])\b", re.IGNORECASE
)
_JOINS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[^\W\d_]{4})(?=\d)|(?<=\d)(?=[^\W\d_]{4})")
"""Where an address runs words together."""

_HASH = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{32})(?![0-9a-f])", re.IGNORECASE)
_BETWEEN_WORDS = {code: None for code in range(128) if not chr(code).isalnum()}
_SHARED = frozenset(
    [
        *("the", "and", "von", "van", "der", "den", "des", "del", "della", "dos", "das", "las", "los", "bin", "ibn"),
        *("abu", "de", "da", "di", "du", "la", "le", "el", "al", "st"),
        *("mr", "ms", "mrs", "dr", "miss", "prof", "sir", "lord", "lady", "dame", "herr", "frau"),
    ]
)
"""Words of names that so many people share that they tell of nobody, unless they are the surname: particles, titles."""

_AFTER = frozenset({"jr", "sr", "jnr", "snr", "ii", "iii", "iv", "esq", "phd", "md"})
"""What stands behind a surname."""

_EVERYDAY = frozenset(
    [
        *("am", "an", "as", "at", "be", "by", "do", "go", "he", "hi", "if", "in", "is", "it", "me", "my", "no", "of"),
        *("oh", "ok", "on", "or", "so", "to", "up", "us", "we"),
    ]
)
"""Words of two letters that every text holds: where no capital tells, they are no surnames."""

_VOWELS = frozenset("aeiouyаеиоуыэюяь")


@dataclass(frozen=True)
class Protected:
    """What is protected: IRIs, ids of sources, and how texts may speak of it.

    ``names`` are also found by a capitalised part of them, ``phrases`` (the words for unnamed speakers,
    titles) only as a whole. ``marks`` are no words: addresses, ids and hashes that lead to it.
    """

    iris: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    phrases: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.iris)

    def __or__(self, other: Protected) -> Protected:
        return Protected(
            self.iris | other.iris,
            self.sources | other.sources,
            self.names | other.names,
            self.phrases | other.phrases,
            self.marks | other.marks,
        )

    @cached_property
    def _whole(self) -> dict[str, set[tuple[str, ...]]]:
        """The names as their letters alone, with the words that these are parted into."""
        out: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
        for name in self.names | self.phrases:
            for spelling in _spellings(name):
                words = tuple(word.text for word in split_words(spelling))
                for letters in {"".join(words), fold("".join(words))} - {""}:
                    out[letters].add(words)
        return dict(out)

    @cached_property
    def _whole_pattern(self) -> re.Pattern[str] | None:
        return _any_of(self._whole)

    @cached_property
    def _glued(self) -> tuple[str, ...]:
        return tuple(
            letters
            for letters, parted in sorted(self._whole.items())
            if _RUNNING.search(letters) or (len(letters) >= GLUED and any(len(words) > 1 for words in parted))
        )

    @cached_property
    def _parts(self) -> frozenset[str]:
        """Words of names that are written with a capital, or have none: a surname alone gives somebody away too."""
        return frozenset(word for name in self.names for word in _telling(name))

    @cached_property
    def _stems(self) -> tuple[str, ...]:
        return tuple(sorted({_stem(part) for part in self._parts}))

    @cached_property
    def _stem_pattern(self) -> re.Pattern[str] | None:
        return _any_of(self._stems)

    @cached_property
    def _marked(self) -> tuple[re.Pattern[str] | None, frozenset[str]]:
        """The marks as a pattern, and those that are hashes."""
        hashes = frozenset(mark.lower() for mark in self.marks if _HASH.fullmatch(mark))
        pattern = _any_of(mark for mark in self.marks if mark.lower() not in hashes)
        return pattern and re.compile(rf"(?<![\w-])(?:{pattern.pattern})(?![\w-])", re.IGNORECASE), hashes

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where ``text`` speaks of what is protected: whole names, capitalised parts of them, what leads to it.

        All of it where only what it is decoded to does.

        >>> Protected(names=frozenset({"Rose Marsh"})).spans("so Mrs Marsh's rose grew")
        [(7, 12)]
        """
        found = list(self._spoken(text))
        return found or ([(0, len(text))] if any(any(self._spoken(other)) for other in readings(text)) else [])

    def names_in(self, text: str | None) -> bool:
        """Whether ``text`` speaks of what is protected."""
        return bool(text) and bool(self.spans(text or ""))

    def leads_from(self, address: str | None) -> bool:
        """Whether an address, a file's name or an id holds a protected name, in whatever case, or leads to it.

        >>> Protected(names=frozenset({"Dora Quill"})).leads_from("https://news.example/2025/quill-resigns")
        True
        """
        if not address:
            return False
        return self.names_in(address) or any(
            any(self._found(_JOINS.sub(" ", other), any_case=True)) for other in (address, *readings(address))
        )

    def asked_for(self, query: str) -> bool:
        """Whether the text of a question names what is protected, in whatever case, or by id or IRI."""
        ids = self._ids
        return self.names_in(query) or any(
            (ids is not None and bool(ids.search(other))) or any(self._found(other, any_case=True))
            for other in (query, *readings(query))
        )

    @cached_property
    def _ids(self) -> re.Pattern[str] | None:
        local = (address.rpartition("/")[2].rpartition(":")[2] for address in self.iris)
        pattern = _any_of({*local, *self.sources})
        return pattern and re.compile(rf"(?<![\w-])(?:{pattern.pattern})(?![\w-])")

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
        masked = _MASKS.sub(MASK, "".join([*out, text[reached:]]))
        return masked if masked == text or not self.names_in(masked) else MASK

    def _spoken(self, text: str) -> Iterator[tuple[int, int]]:
        yield from self._found(text)
        pattern, hashes = self._marked
        if pattern:
            yield from (found.span() for found in pattern.finditer(text))
        if hashes:
            yield from (found.span() for found in _HASH.finditer(text) if found[0].lower() in hashes)
        if self.names and any(sign in text for sign in "/.@"):
            for found in _ADDRESS.finditer(text):
                if found.span() != (0, len(text)) or len(text.split()) == 1:
                    for other in (found[0], *readings(found[0])):
                        if any(self._found(_JOINS.sub(" ", other), any_case=True)):
                            yield found.span()
                            break

    def _found(self, text: str, *, any_case: bool = False) -> Iterator[tuple[int, int]]:
        """Where names stand in ``text`` as it is written; in ``any_case`` also parts of them without a capital."""
        if not self._may_stand(text):
            return
        words = split_words(text)
        for word in words:
            if _may_be_part(word, text, any_case=any_case) and self._is_part(word.text, any_case):
                yield word.start, word.end
        yield from self._found_whole(words, any_case=any_case)

    def _may_stand(self, text: str) -> bool:
        """Whether a name may stand in ``text``: a quick look, which finds nothing in most texts."""
        if not self._whole or not text.isascii():
            return bool(self._whole)
        folded = fold(text)
        return bool(
            (self._stem_pattern and self._stem_pattern.search(folded))
            or (self._whole_pattern and self._whole_pattern.search(folded.translate(_BETWEEN_WORDS)))
        )

    def _found_whole(self, words: list[Word], *, any_case: bool) -> Iterator[tuple[int, int]]:
        """Where whole names stand, however their letters are parted; a very short one begins with a capital."""
        letters = "".join(word.text for word in words)
        ends = list(accumulate(len(word.text) for word in words))
        starts = {end - len(word.text) for end, word in zip(ends, words, strict=True)}
        borders = set(ends)
        pattern = self._whole_pattern
        at = 0
        while pattern and (found := pattern.search(letters, at)):
            at = found.start() + 1
            for name in self._beginning_at(letters, found.start()):
                end = found.start() + len(name)
                first, last = bisect_right(ends, found.start()), bisect_right(ends, end - 1)
                parted = tuple(word.text for word in words[first : last + 1])
                whole = found.start() in starts and end in borders
                whole = whole and (len(name) >= STEM or parted in self._whole[name])
                if not any_case and len(name) <= 3 and name.isascii() and not words[first].is_capital:
                    continue
                if whole or (name in self._glued and (first == last or _RUNNING.search(name))):
                    yield words[first].start, words[last].end

    def _beginning_at(self, letters: str, at: int) -> Iterator[str]:
        return (name for name in self._whole if letters.startswith(name, at))

    def _is_part(self, word: str, any_case: bool) -> bool:
        if word in self._parts:
            return True
        if not self._stems or not word.startswith(self._stems):
            return False
        return any(_is_declined(part, word, 2 if any_case else 3) for part in self._parts)


def _any_of(texts: Iterable[str]) -> re.Pattern[str] | None:
    kept = sorted({text for text in texts if text}, key=lambda text: (-len(text), text))
    return re.compile("|".join(map(re.escape, kept))) if kept else None


def _spellings(name: str) -> Iterator[str]:
    """A name as it stands, without what stands in brackets, and with a surname that stands first put last."""
    yield name
    plain = re.sub(r"\s*\([^)]*\)", "", name)
    yield plain
    last, comma, first = plain.partition(",")
    if comma:
        yield f"{first} {last}"


def _telling(name: str) -> Iterator[str]:
    """The words of a name that tell of somebody by themselves; a surname does however many share it.

    >>> sorted(_telling("Mrs Anna von Quill")), sorted(_telling("Das, Anita")), sorted(_telling("Ng Mei"))
    (['anna', 'quill'], ['anita', 'das'], ['mei', 'ng'])
    """
    words = [word for word in split_words(name) if word.end - word.start > 1]
    surname = _surname(name, words)
    for word in words:
        tells = word.text not in _SHARED | _AFTER and (word.end - word.start > 2 or _is_short_name(word, name))
        if (tells or word is surname) and (word.is_capital or _is_caseless(word.text)):
            yield word.text


def _surname(name: str, words: Iterable[Word]) -> Word | None:
    """The last word before a comma, or of all; what stands in brackets or behind a surname is none."""
    plain = re.sub(r"\([^)]*\)", lambda found: " " * len(found[0]), name).partition(",")[0]
    found = [word for word in words if word.end <= len(plain) and plain[word.start : word.end].strip()]
    return next((word for word in reversed(found) if word.text not in _AFTER), None)


def _is_short_name(word: Word, name: str) -> bool:
    """Whether a word of two letters is a name as ``Ng`` is: no abbreviation, and no ``Of`` amid others."""
    return (name.isupper() or name[word.start : word.end].istitle()) and not (word.start and word.text in _EVERYDAY)


def _may_be_part(word: Word, text: str, *, any_case: bool) -> bool:
    """Whether a word of ``text`` is written as part of a name: with a capital, where the case tells anything."""
    if word.end - word.start < 2:
        return False
    if word.is_capital or _is_caseless(word.text):
        return True
    # A country's ending, as in example.ng, names nobody.
    return any_case and not (
        word.end - word.start == 2 and (word.text in _EVERYDAY or text[word.start - 1 : word.start] == ".")
    )


def _is_caseless(word: str) -> bool:
    """Whether a word of four letters or more is of a script without capitals, which parts its words."""
    return len(word) > 3 and word.upper() == word and word.isalpha() and not _RUNNING.search(word)


def _stem(part: str) -> str:
    """How a word begins that may be a declined ``part``."""
    if len(part) >= STEM:
        return part[:-2]
    return part[:-1] if part[-1] in _VOWELS and (len(part) == STEM - 1 or not part.isascii()) else part


def _is_declined(part: str, word: str, more: int) -> bool:
    """Whether ``word`` is a protected ``part`` with another ending, of at most ``more`` letters for a short one.

    >>> _is_declined("quill", "quills", 3), _is_declined("путин", "путиным", 3), _is_declined("lee", "leeds", 3)
    (True, True, False)
    """
    if len(part) >= STEM:
        return word.startswith(part[:-2])
    if len(part) <= 3:
        return word == f"{part}s"
    return word.startswith(_stem(part)) and len(word) <= len(part) + more


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
    merged = {iri for iri, leader in resolved.names.merged.items() if leader in {found.iri for found in entities}}
    iris = {*(found.iri for found in entities), *speakers, *merged, *(minter.source(source.id) for source in sources)}
    return Protected(
        frozenset(iris),
        frozenset(source.id for source in sources),
        frozenset(_names_of(entities, set(speakers.values()))),
        frozenset({*_titles_of(sources), *(label for label in speakers.values() if _tells(label))}),
        frozenset({*iris, *_marks_of(entities), *_marks_of_sources(sources, loaded)}),
    )


def _names_of(entities: Iterable[ResolvedEntity], unnamed: Collection[str]) -> Iterator[str]:
    """What somebody is called; not by the words for whom a source leaves ``unnamed``, unless they are the label."""
    for found in entities:
        labels = {text for text, _ in found.entity.labels} if found.source is None else set()
        texts = {text for text, _ in (*found.entity.labels, *found.entity.aliases)}
        yield from labels | texts.difference(unnamed)


def _titles_of(sources: Iterable[Source]) -> Iterator[str]:
    return (source.title for source in sources if len(source.title.split()) > 1)


def _marks_of(entities: Iterable[ResolvedEntity]) -> Iterator[str]:
    for found in entities:
        yield from _marks_of_id(found.entity.id)
        for address in found.entity.same_as:
            yield from _marks_of_address(address)
            last = re.split(r"[/#=:]", address.rstrip("/"))[-1]
            if len(re.findall(r"\d", last)) > 3:
                yield last


def _marks_of_sources(sources: Iterable[Source], loaded: Loaded) -> Iterator[str]:
    for source in sources:
        yield from _marks_of_id(source.id)
        yield from _marks_of_address(source.url)
        yield from filter(None, (source.text, source.sha256, loaded.lock.texts.get(source.id)))


def _marks_of_id(name: str) -> Iterator[str]:
    """An id that is no word and no number: it has a digit in it, or a hyphen."""
    if len(name) > 2 and re.search(r"[\d_.-]", name) and re.search(r"[A-Za-z]", name):
        yield name


def _marks_of_address(address: str) -> Iterator[str]:
    """An address without its scheme, where it is that of a page."""
    plain = re.sub(r"^[a-z]+://(?:www\.)?", "", address.lower()).rstrip("/")
    if "/" in plain:
        yield plain


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
    """What is protected of another state of the graph: what it marks, and what is ``known`` here by id or name."""
    resolved = loaded.resolved
    folded = {fold(name) for name in known.names}
    sources = [source for source in resolved.sources.values() if source.id in known.sources]
    alike = [
        found
        for found in resolved.entities
        if found.iri in known.iris
        or found.source in known.sources
        or any(fold(text) in folded for text, _ in (*found.entity.labels, *found.entity.aliases))
    ]
    named = [found for found in alike if not found.source]
    phrases = {text for found in alike if found.source for text, _ in found.entity.labels if _tells(text)}
    then = Protected(
        frozenset(found.iri for found in alike),
        frozenset(),
        frozenset(_names_of(named, ())),
        frozenset({*phrases, *_titles_of(sources)}),
        frozenset({*_marks_of(alike), *_marks_of_sources(sources, loaded)}),
    )
    return known | then | find_protected(loaded)
