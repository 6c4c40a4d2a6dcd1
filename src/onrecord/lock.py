"""Owns ``evidence.lock``: which quotes were verified, against which text, and where they stand.

Leaves finding a quote in a text to ``sources``. The file is JSON with one quote a line, sorted, so
that a diff shows what changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from onrecord.errors import Place, Problem, Problems, Severity
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
    is_whole: bool = field(default=True, compare=False)
    """False: the file is there, and cannot be read."""

    def get(self, source: str, key: str) -> LockedQuote | None:
        """The entry of a quote, or None where it was never verified."""
        return self.quotes.get((source, key))


def quote_key(quote: str, prefix: str | None = None, suffix: str | None = None) -> str:
    """The name of a quote in the lock; prefix and suffix are part of it."""
    return digest(quote, prefix or "", suffix or "")[:16]


class _Unfit(ValueError):
    """A value that no lock has, in words for people."""


def read_lock(path: Path, name: str, problems: Problems) -> Lock:
    """The lock in ``path``; an empty one where there is none or it is damaged (E090)."""
    if not path.exists() and not path.is_symlink():
        return Lock()
    text = read_text(path, name, problems) if check_inside(path, path.parent, name, problems) else None
    if text is None:
        return Lock(is_whole=False)
    try:
        data = json.loads(text)
        if data["version"] != VERSION:
            raise _Unfit(f"version {data['version']} is not known")
        lock = Lock()
        for source, entry in data["texts"].items():
            lock.texts[source], lock.lengths[source] = str(entry["sha256"]), int(entry["length"])
            lock.sentences[source] = [(int(start), int(end)) for start, end in entry["sentences"]]
        for source, key, verdict, spans in data["quotes"]:
            pairs = tuple((int(start), int(end)) for start, end in spans)
            if not all(0 <= start < end for start, end in pairs):
                raise _Unfit(f"{spans} are no offsets")
            lock.quotes[source, key] = LockedQuote(str(source), str(key), Verdict(verdict), pairs)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        problems.error("E090", *_find_damage(text, name, error))
        return Lock(is_whole=False)
    return lock


_MARK = re.compile(r"^(?:<{7}|>{7})(?: .*)?$", re.MULTILINE)


def _find_damage(text: str, name: str, error: Exception) -> tuple[Place, str, str]:
    """Where a lock cannot be read, why, and the fix."""
    if mark := _MARK.search(text):
        where = Place(name, text.count("\n", 0, mark.start()) + 1, 1, len(mark[0]))
        what = "the lock cannot be read: two versions of it were merged and stand side by side"
        return where, what, "take one of them, then run  onrecord check --update-lock  with the texts at hand"
    where, why = Place(name), "it is not as onrecord writes it"
    if isinstance(error, json.JSONDecodeError):
        where, why = Place(name, error.lineno, error.colno), f"this is not JSON: {error.msg}"
    elif isinstance(error, _Unfit):
        why = str(error)
    fix = (
        "take the version that was committed, or delete it, put the texts at hand and run  onrecord check --update-lock"
    )
    return where, f"the lock cannot be read: {why}", fix


def can_be_written(found: Iterable[Problem], name: str, skipped: int, problems: Problems) -> bool:
    """Whether all that the lock called ``name`` is made of is there; else an E091 says so.

    ``found`` are the problems of reading the graph. A lock that could not be read matters where quotes were
    ``skipped``, because their texts are not at hand: only it tells of them.
    """
    errors = [each for each in found if each.severity is Severity.ERROR]
    files = {each.place.file for each in errors if each.code[0] in "GP" or each.code == "E090"}
    lost = sorted(files if skipped else files - {name})
    if lost:
        what = f"the lock is left as it is: {', '.join(lost[:3])} could not be read whole"
        problems.error("E091", Place(name), what, "mend that, then run  onrecord check --update-lock  again")
    return not lost


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
