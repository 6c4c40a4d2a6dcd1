"""Owns the index in which a reader's browser finds names and quotes.

Leaves ranking to MiniSearch, which is loaded by ``assets/search.js``. The index is cut into files of about equal
size, each with the words from one to another in the order of the alphabet, so that a search in 100,000
statements loads only the files in which its words can be. They are scripts that hand over data, because a
page that is opened from disk may load nothing else.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial

from onrecord.site.addresses import Addresses
from onrecord.site.page import Maker
from onrecord.site.record import Record

FIELDS = ("name", "quote", "told")
"""What a document is found by: what it is called; its quotes; what it says in our own words."""

PART = 120_000
"""About so many bytes are in one file of the index."""

TOGETHER = 250
"""So many documents are in one file of those that are shown."""

EVERYWHERE = 5_000
"""A word that is in more documents than this, and in every fifth of them, finds nothing by itself."""

LONGEST = 40
"""A longer word is found by its beginning."""

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_]+")


@dataclass(frozen=True, slots=True)
class Document:
    """Something that can be found: its page, what it is, its title, and the texts of :data:`FIELDS`."""

    path: str
    kind: str
    title: str
    shown: str  # below the title: its quotes, or its other names
    texts: tuple[str, str, str]


def words(text: str) -> list[str]:
    """The words of a text as they are compared: lower case, without accents; ``assets/search.js`` does the same.

    >>> words("Zelenskyy’s café, 28-point")
    ['zelenskyy', 's', 'cafe', '28', 'point']
    """
    return [word for chunk in text.split() for word in _words(chunk)]


@lru_cache(maxsize=50_000)
def _words(chunk: str) -> list[str]:
    plain = "".join(char for char in unicodedata.normalize("NFKD", chunk) if unicodedata.category(char)[0] != "M")
    return [word[:LONGEST] for word in _WORD.findall(plain.lower())]


def documents(record: Record, addresses: Addresses, questions: Iterable[tuple[str, str, str]]) -> Iterator[Document]:
    """All that can be found, names before statements; ``questions`` are paths, titles and descriptions."""
    for iri in sorted(record.entities, key=lambda iri: (record.label(iri).casefold(), iri)):
        found = record.entities[iri].entity
        label = record.label(iri)
        names = list(dict.fromkeys(text for text, _ in (*found.labels, *found.aliases)))
        others = [name for name in names if name != label]
        yield Document(addresses.paths[iri], record.kind(iri), label, " · ".join(others), (" ".join(names), "", ""))
    minter = record.loaded.resolved.names.minter
    for name, source in sorted(record.loaded.resolved.sources.items()):
        title = source.title or source.id
        shown = ", ".join(part for part in (source.publisher, source.published) if part)
        yield Document(addresses.paths[minter.source(name)], "source", title, shown, (f"{title} {shown}", "", ""))
    for path, title, description in questions:
        yield Document(path, "question", title, description, (title, "", description))
    for edge in record.statements.values():
        told = record.told(edge)
        quotes = " […] ".join((*edge.quotes, *([edge.translation] if edge.translation else [])))
        said = f" {' '.join(edge.said_by)}" if edge.said_by else ""
        yield Document(addresses.paths[edge.iri], edge.status, told, quotes, ("", quotes, told + said))


class Index:
    """The files of the index, by path."""

    def __init__(self, found: Iterable[Document]) -> None:
        self._documents = list(found)

    def makers(self) -> dict[str, Maker]:
        """The files: which parts there are, the parts, and the documents that are shown."""
        return {path: partial(bytes, data) for path, data in self._files.items()}

    @cached_property
    def _files(self) -> dict[str, bytes]:
        parts, everywhere = self._parts()
        head = {
            "documents": len(self._documents),
            "together": TOGETHER,
            "starts": [part[0][0] for part in parts],
            "everywhere": everywhere,
        }
        out = {"search/head.js": _script("head", head)}
        for number, part in enumerate(parts):
            out[f"search/part{number}.js"] = _script(f"part{number}", part)
        for number, start in enumerate(range(0, len(self._documents), TOGETHER)):
            shown = [
                [each.path, each.kind, each.title, each.shown] for each in self._documents[start : start + TOGETHER]
            ]
            out[f"search/documents{number}.js"] = _script(f"documents{number}", shown)
        return out

    def _parts(self) -> tuple[list[list[Sequence[object]]], list[str]]:
        """Words with the documents that hold them, in parts; and the words that are nearly everywhere."""
        postings: defaultdict[str, list[list[int]]] = defaultdict(lambda: [[] for _ in FIELDS])
        for number, each in enumerate(self._documents):
            for field, text in enumerate(each.texts):
                for word in dict.fromkeys(words(text)):
                    postings[word][field].append(number)
        most = max(EVERYWHERE, len(self._documents) // 5)
        everywhere, parts, size = [], list[list[Sequence[object]]](), PART
        # A browser compares words by their UTF-16 units.
        for word in sorted(postings, key=lambda word: word.encode("utf-16-be")):
            found = postings[word]
            if any(len(numbers) > most for numbers in found[1:]) and not found[0]:
                everywhere.append(word)
                continue
            row = [word, *map(_steps, found)]
            length = len(word) + 8 + sum(4 * len(numbers) for numbers in found)
            if size + length > PART and size:
                parts.append([])
                size = 0
            parts[-1].append(row)
            size += length
        return parts, everywhere


def _steps(numbers: list[int]) -> list[int]:
    """Ascending numbers as the steps from each to the next.

    >>> _steps([3, 4, 9])
    [3, 1, 5]
    """
    return [number - before for before, number in zip([0, *numbers], numbers, strict=False)]


def _script(name: str, value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f"onrecordSearch({json.dumps(name)},{text});\n".encode("utf-8", "replace")
