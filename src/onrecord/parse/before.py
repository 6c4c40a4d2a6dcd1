"""Owns statement files that were read before: their rows, sources and places as they were found.

Leaves reading files to the module of each syntax and keeping tables to ``kept``. A file counts as read before when its
bytes are the same and nothing was wrong with it; what is read of it depends on nothing else but the names of the
qualifiers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, replace
from typing import Any

import polars as pl

from onrecord.errors import Place, Problems
from onrecord.files import sha256_hex
from onrecord.kept import Keep, Kept
from onrecord.model import WRITTEN, LeftOut, Source, Speaker, StatementRows
from onrecord.places import Places

ROWS, FILES = "rows", "read files"
"""The tables that are kept: all rows of the graph, and where among them those of each file stand."""

MOST_ROWS = 400_000
"""Of a graph with more rows no table of all of them is kept: two at once would not fit beside the rest."""

_QUALIFIERS = "qualifiers"
_FILE = {"inner": pl.String, "sha256": pl.String, "start": pl.UInt32, "count": pl.UInt32}
_INDEX = pl.Schema({**_FILE, "sources": pl.String, "places": pl.String, "by_line": pl.Boolean})


@dataclass(frozen=True, slots=True)
class _File:
    """A file that was read: its hash, its rows in a table, and the rest as JSON."""

    inner: str
    sha256: str
    start: int
    count: int
    sources: str
    places: str
    by_line: bool
    """Whether it is a file of lines, of which ``places`` leaves out where each of them stands."""


@dataclass(frozen=True, slots=True)
class Same:
    """Rows of a table, ``count`` of them from ``start`` on, that are written as those from ``before`` on were."""

    start: int
    before: int
    count: int


class ReadBefore:
    """Puts the rows of files that were read before where reading them would, and notes those that are read now."""

    def __init__(self, kept: Kept, rows: StatementRows, qualifiers: Iterable[str]) -> None:
        self._rows = rows
        self._names = sha256_hex(json.dumps(sorted(qualifiers)).encode())
        self._table = pl.DataFrame()
        self._known: dict[str, _File] = {}
        self._waiting: list[_File] = []
        self._shown: dict[str, str] = {}
        self._now: list[_File] = []
        self.same: list[Same] = []
        """The rows that were taken from the table that was kept."""
        if kept.facts.get(_QUALIFIERS) == self._names:
            table, files = kept.table(ROWS), kept.table(FILES)
            if table is not None and files is not None:
                self._table = table.select(WRITTEN.keys())
                self._known = {values[0]: _File(*values) for values in files.select(_INDEX.names()).iter_rows()}

    def find(self, inner: str, digest: str) -> _File | None:
        """The file of that name whose bytes have that hash."""
        found = self._known.get(inner)
        return found if found and found.sha256 == digest else None

    def put(self, found: _File, shown: str, add_source: Callable[[Source], None]) -> None:
        """Take in a file that was read before; problems call it ``shown``."""
        if self._waiting and self._waiting[-1].start + self._waiting[-1].count != found.start:
            self.flush()
        start = len(self._rows) + (found.start - self._waiting[0].start if self._waiting else 0)
        self._waiting.append(found)
        self._shown[found.inner] = shown
        if found.by_line:
            lines = self._table["line"].slice(found.start, found.count)
            self._rows.places.set_table(start, lines, shown, found.places)
        else:
            self._rows.places.set_kept(start, found.count, shown, found.places)
        self._now.append(replace(found, start=start))
        last = self.same[-1] if self.same else Same(0, 0, 0)
        if (last.start + last.count, last.before + last.count) == (start, found.start):
            self.same[-1:] = [replace(last, count=last.count + found.count)]
        else:
            self.same.append(Same(start, found.start, found.count))
        for values in json.loads(found.sources):
            add_source(_read_source(values, shown))

    def read(
        self,
        inner: str,
        shown: str,
        digest: str,
        parse: Callable[[Callable[[Source], None]], bool],
        add_source: Callable[[Source], None],
        problems: Problems,
        *,
        by_line: bool,
    ) -> None:
        """Read a file that was not; it is kept when nothing is wrong with it.

        ``parse`` adds its rows and says whether they are those of the bytes that ``digest`` is the hash of.
        """
        self.flush()
        sources: list[Source] = []

        def take(source: Source) -> None:
            sources.append(source)
            add_source(source)

        start, wrong = len(self._rows), len(problems.items)
        is_whole = parse(take)
        self._rows.close()
        if is_whole and len(problems.items) == wrong:
            self._shown[inner] = shown
            count, places = len(self._rows) - start, self._rows.places
            written = json.dumps([_write_source(source) for source in sources], ensure_ascii=False)
            told = places.render_table(start, count) if by_line else places.render_rows(start, count)
            self._now.append(_File(inner, digest, start, count, written, told, by_line))

    def flush(self) -> None:
        """Let the rows that wait take their places; other rows may be added after that."""
        if not self._waiting:
            return
        first, last = self._waiting[0], self._waiting[-1]
        self._rows.put(self._table.slice(first.start, last.start + last.count - first.start), self._shown)
        self._waiting = []

    def keep(self, statements: pl.DataFrame) -> Keep:
        """What to keep of a table of all rows; nothing where none of its files would be known again.

        Rows of files that would not are kept beside the others up to :data:`MOST_ROWS`.
        """
        is_whole = sum(file.count for file in self._now) == statements.height
        if not self._now or (not is_whole and statements.height > MOST_ROWS):
            return Keep()
        index = pl.DataFrame([astuple(file) for file in self._now], schema=_INDEX, orient="row")
        return Keep({ROWS: with_inner(statements, self._rows.places), FILES: index}, {_QUALIFIERS: self._names})


def with_inner(rows: pl.DataFrame, places: Places) -> pl.DataFrame:
    """Rows whose files are called as they are inside the graph, from wherever that is looked at."""
    files = {file: places.inner(file) for file in rows["file"].unique()}
    return rows.with_columns(pl.col("file").replace_strict(files, return_dtype=pl.String)) if files else rows


_TEXTS = ("id", "title", "publisher", "published", "author", "url", "text", "sha256", "language", "licence")
_MORE = ("retrieved", "note", "protected")


def _write_source(source: Source) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(source, name) for name in (*_TEXTS, *_MORE)}
    return values | {
        "place": _spot(source.place),
        "origin": source.origin,
        "speakers": [
            (who.id, who.label, who.type, _spot(who.place), who.note, who.protected) for who in source.speakers
        ],
        "left_out": [(left.quote, left.reason, _spot(left.place)) for left in source.left_out],
        "places": {name: _spot(place) for name, place in source.places.items()},
    }


def _read_source(values: dict[str, Any], shown: str) -> Source:
    return Source(
        **{name: values[name] for name in (*_TEXTS, *_MORE)},
        place=Place(shown, *values["place"]),
        origin=tuple(values["origin"]),
        speakers=tuple(
            Speaker(name, label, kind, Place(shown, *place), note, protected)
            for name, label, kind, place, note, protected in values["speakers"]
        ),
        left_out=tuple(LeftOut(quote, reason, Place(shown, *place)) for quote, reason, place in values["left_out"]),
        places={name: Place(shown, *place) for name, place in values["places"].items()},
    )


def _spot(place: Place) -> tuple[int, int, int]:
    return place.line, place.column, place.length
