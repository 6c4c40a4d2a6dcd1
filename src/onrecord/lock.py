"""Owns ``evidence.lock``: which quotes were verified, against which text, and where they stand.

Leaves finding a quote in a text to ``sources``. The file is JSON with one quote a line, sorted, so
that a diff shows what changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from onrecord.errors import Place, Problems
from onrecord.files import check_inside, read_text, write_atomic
from onrecord.sources import Verdict
from onrecord.terms import digest

VERSION = 1


@dataclass(frozen=True, slots=True, order=True)
class LockedQuote:
    """A verified quote: the source, the quote's key, how it matched, and its spans.

    Offsets count Unicode code points of the archived text, from 0, the end exclusive.
    """

    source: str
    key: str
    verdict: str
    spans: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Lock:
    """What was verified, by source id and quote key."""

    texts: dict[str, str] = field(default_factory=dict)  # source id -> SHA-256 of the text
    lengths: dict[str, int] = field(default_factory=dict)  # source id -> code points of the text
    sentences: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    quotes: dict[tuple[str, str], LockedQuote] = field(default_factory=dict)

    def get(self, source: str, key: str) -> LockedQuote | None:
        """The entry of a quote, or None where it was never verified."""
        return self.quotes.get((source, key))


def quote_key(quote: str, prefix: str | None = None, suffix: str | None = None) -> str:
    """The name of a quote in the lock; prefix and suffix are part of it."""
    return digest(quote, prefix or "", suffix or "")[:16]


def read_lock(path: Path, name: str, problems: Problems) -> Lock:
    """The lock in ``path``; an empty one where there is none or it is damaged (E090)."""
    if not path.exists() and not path.is_symlink():
        return Lock()
    text = read_text(path, name, problems) if check_inside(path, path.parent, name, problems) else None
    if text is None:
        return Lock()
    try:
        data = json.loads(text)
        if data["version"] != VERSION:
            raise ValueError(f"version {data['version']} is not known")
        lock = Lock()
        for source, entry in data["texts"].items():
            lock.texts[source], lock.lengths[source] = str(entry["sha256"]), int(entry["length"])
            lock.sentences[source] = [(int(start), int(end)) for start, end in entry["sentences"]]
        for source, key, verdict, spans in data["quotes"]:
            pairs = tuple((int(start), int(end)) for start, end in spans)
            if not all(0 <= start < end for start, end in pairs):
                raise ValueError(f"{spans} are no offsets")
            lock.quotes[source, key] = LockedQuote(str(source), str(key), Verdict(verdict), pairs)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        problems.error(
            "E090",
            Place(name),
            f"the lock cannot be read: {error}",
            "delete it, put the texts at hand and run  onrecord check --update-lock",
        )
        return Lock()
    return lock


TextEntry = tuple[str, str, int, list[tuple[int, int]]]
"""Source id, SHA-256, length in code points, and the sentences' spans."""


def render_lock(texts: Iterable[TextEntry], quotes: Iterable[LockedQuote]) -> str:
    """The lock as text: one line for each text, then one for each quote."""

    def line(value: object) -> str:
        return json.dumps(value, ensure_ascii=False)

    heads = [
        f'    {line(source)}: {{"sha256": {line(sha256)}, "length": {length}, "sentences": {line(sentences)}}}'
        for source, sha256, length, sentences in sorted(texts)
    ]
    rows = [f"    {line([q.source, q.key, q.verdict, [list(span) for span in q.spans]])}" for q in sorted(set(quotes))]
    return (
        f'{{\n  "version": {VERSION},\n  "texts": {{\n'
        + ",\n".join(heads)
        + '\n  },\n  "quotes": [\n'
        + ",\n".join(rows)
        + "\n  ]\n}\n"
    )


def write_lock(path: Path, texts: Iterable[TextEntry], quotes: Iterable[LockedQuote]) -> bool:
    """Write the lock when it changes; whether it did."""
    data = render_lock(texts, quotes).encode("utf-8")
    if path.is_file() and path.read_bytes() == data:
        return False
    write_atomic(path, data)
    return True
