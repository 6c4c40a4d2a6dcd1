"""Owns the statement table: its columns, and Source and Entity as the tables beside it.

Leaves filling it to ``parse`` and ``resolve``. One row is one statement, or one nested proposition
that a statement mentions; as written (``subject_text``) and as resolved (``subject``) are different
columns, and ``file``, ``line`` and ``column`` say where the row was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from onrecord.errors import Place
from onrecord.places import Places

QUALIFIER_WRITTEN = pl.Struct({"property": pl.String, "value": pl.String, "value_row": pl.UInt32})
QUALIFIER = pl.Struct({"property": pl.String, "value": pl.String})

WRITTEN: dict[str, pl.DataType | type[pl.DataType]] = {
    "row": pl.UInt32,  # the row's number in this table; what *_row columns point to
    "nested": pl.Boolean,  # a proposition that another row mentions, not a statement of its own
    "file": pl.String,
    "line": pl.UInt32,
    "column": pl.UInt32,
    "source": pl.String,  # the source's local id
    "id": pl.String,
    "subject_text": pl.String,
    "subject_row": pl.UInt32,  # the row of the nested proposition or statement that is the subject
    "predicate_text": pl.String,
    "object_text": pl.String,
    "object_row": pl.UInt32,
    "qualifiers": pl.List(QUALIFIER_WRITTEN),
    "negated": pl.Boolean,
    "status": pl.String,
    "quotes": pl.List(pl.String),
    "prefix": pl.String,  # words right before the quote, where it stands in several places
    "suffix": pl.String,
    "translation": pl.String,
    "said_by": pl.List(pl.String),
    "via": pl.List(pl.String),
    "said_when": pl.String,
    "said_at": pl.String,
    "said_to": pl.List(pl.String),
    "origin": pl.List(pl.String),
    "when": pl.String,
    "when_text": pl.String,
    "hedge": pl.String,
    "condition_text": pl.String,
    "condition_row": pl.UInt32,
    "locator": pl.String,
    "curator": pl.String,
    "curated": pl.String,
    "note": pl.String,
    "recorded": pl.String,
}
"""Columns of the statement table as ``parse`` returns it. Dates are text here."""

RESOLVED: dict[str, pl.DataType | type[pl.DataType]] = {
    "source_iri": pl.String,
    "subject": pl.String,  # a term in its N-Triples form
    "predicate": pl.String,
    "object": pl.String,
    "restrictive": pl.List(QUALIFIER),  # part of the proposition; property and value are terms
    "additive": pl.List(QUALIFIER),  # said of the statement
    "said_by_terms": pl.List(pl.String),
    "via_terms": pl.List(pl.String),
    "said_at_term": pl.String,
    "said_to_terms": pl.List(pl.String),
    "origin_terms": pl.List(pl.String),
    "condition": pl.String,  # a proposition's IRI, or the words as a literal
    "language": pl.String,  # of the source's own words
    "recorded_day": pl.Date,
    "withdrawn_day": pl.Date,  # from that day on the source no longer counts; null while it does
    "earliest_start": pl.Date,
    "latest_start": pl.Date,
    "earliest_end": pl.Date,
    "latest_end": pl.Date,
    "proposition": pl.String,  # the proposition's IRI in N-Triples form
    "statement": pl.String,  # the statement's IRI in N-Triples form; null on nested rows
}
"""Columns that ``resolve`` adds."""

AS_WRITTEN = (
    *("file", "line", "column", "subject_text", "predicate_text", "object_text", "condition_text"),
    *("subject_row", "object_row", "condition_row", "qualifiers", "said_by", "via", "said_at", "said_to", "origin"),
)
"""Columns that no quad is made of: once a table is resolved, others stand for them."""

STATEMENT_SCHEMA = pl.Schema(WRITTEN | RESOLVED)
"""The whole table."""

FIELDS: dict[str, str] = {
    "id": "id",
    "triple": "triple",
    "subject": "subject_text",
    "predicate": "predicate_text",
    "object": "object_text",
    "quote": "quotes",
    "prefix": "prefix",
    "suffix": "suffix",
    "translation": "translation",
    "status": "status",
    "not": "negated",
    "said by": "said_by",
    "via": "via",
    "said when": "said_when",
    "said at": "said_at",
    "said to": "said_to",
    "origin": "origin",
    "when": "when",
    "when text": "when_text",
    "hedge": "hedge",
    "on condition": "condition_text",
    "locator": "locator",
    "curator": "curator",
    "curated": "curated",
    "note": "note",
    "recorded": "recorded",
}
"""The key of a field in a file, and the column that it fills."""

PROSE_FIELDS = frozenset({"quote", "prefix", "suffix", "translation", "when text", "hedge", "note", "locator"})
"""Fields that hold a text of their own, where a YAML comment would cut it."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody unnamed, as one source describes them."""

    id: str
    label: str
    type: str
    place: Place = field(compare=False)
    note: str = ""
    protected: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A sentence of a source that no statement covers, with the curator's reason."""

    quote: str
    reason: str
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Source:
    """A document that says things. ``text`` is the file name of its archived text."""

    id: str
    place: Place = field(compare=False)
    title: str = ""
    publisher: str = ""
    published: str = ""
    author: str = ""
    url: str = ""
    text: str = ""
    sha256: str = ""
    language: str = ""
    licence: str = ""
    retrieved: str = ""
    note: str = ""
    origin: tuple[str, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    protected: bool = False
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)

    def place_of(self, key: str) -> Place:
        """Where a field of the source stands."""
        return self.places.get(key, self.place)


@dataclass(frozen=True, slots=True)
class Entity:
    """Something that statements speak of, with its types and names, and nothing that is news."""

    id: str
    place: Place
    types: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]  # (text, language)
    aliases: tuple[tuple[str, str], ...] = ()
    same_as: tuple[str, ...] = ()
    note: str = ""
    protected: bool = False  # what names it is withheld from a redacted site
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)

    def place_of(self, key: str) -> Place:
        """Where a field of the entity stands."""
        return self.places.get(key, self.place)


class StatementRows:
    """Collects rows, one by one or a table at a time, and turns them into the statement table."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []
        self._start = 0  # the number of the first of _rows
        self._rows: list[dict[str, Any]] = []
        self.places = Places()

    def __len__(self) -> int:
        return self._start + len(self._rows)

    def add(self, place: Place, values: Mapping[str, Any]) -> int:
        """Add a row; columns that ``values`` leaves out are null. Returns the row's number."""
        row = len(self)
        kept = {"nested": False, "negated": False, **values}
        self._rows.append(kept | {"row": row, "file": place.file, "line": place.line, "column": place.column})
        self.places.set_row(row, place)
        return row

    def set(self, row: int, name: str, value: object) -> None:
        """Fill a column of a row after the fact, before the next :meth:`close`."""
        self._rows[row - self._start][name] = value

    def get(self, row: int, name: str) -> Any:
        """What stands in a column of a row."""
        return self._rows[row - self._start].get(name)

    def close(self) -> None:
        """End a file: its rows stay as they are."""
        if self._rows:
            self._parts.append(_frame(self._rows))
            self._start += len(self._rows)
            self._rows = []

    def take(self, plain: pl.DataFrame, file: str, column: int) -> None:
        """Take in a table of rows, by line among those that were added since the last :meth:`close`.

        ``plain`` has the columns of :data:`WRITTEN` but ``row``, ``file`` and ``column``, and a
        column ``cell``: the field in which a nested row stands. Its ``*_row`` columns point to rows of
        its own, from 0.
        """
        start, several = self._start, len(self._rows)
        lines = pl.concat([pl.Series("line", [row["line"] for row in self._rows], dtype=pl.UInt32), plain["line"]])
        order = pl.DataFrame({"line": lines, "old": pl.int_range(len(lines), dtype=pl.UInt32, eager=True)}).sort(
            "line", "old"
        )
        new = order.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias("new")).sort("old")["new"] + start
        if several:
            final = dict(zip(range(start, start + several), new.head(several).to_list(), strict=True))
            for row in self._rows:
                _point(row, final)
            self.places.renumber(final)
        links = {
            name: pl.col(name).replace_strict(_links(plain[name], several, new), default=None, return_dtype=pl.UInt32)
            for name in _ROWS
            if plain[name].null_count() < plain.height
        }
        plain = plain.with_columns(new.slice(several).alias("row"), file=pl.lit(file), column=pl.lit(column), **links)
        nested = plain.filter(pl.col("cell").is_not_null()).select("row", "cell")
        self.places.add_block(start, file, order["line"], column, dict(nested.iter_rows()))
        merged = plain.select(pl.col(name).cast(dtype) for name, dtype in WRITTEN.items())
        if several or nested.height:
            merged = pl.concat([_frame(self._rows), merged]).sort("row")
        self._parts.append(merged)
        self._start += len(lines)
        self._rows = []

    def put(self, rows: pl.DataFrame, files: Mapping[str, str]) -> None:
        """Add rows in the schema of :data:`WRITTEN`, numbered one after the other; ``files`` renames their files.

        Their places are set by the caller.
        """
        self.close()
        if rows.height:
            file = pl.col("file").replace_strict(files, return_dtype=pl.String)
            self._parts.append(renumber(rows.with_columns(file), self._start))
            self._start += rows.height

    def frame(self) -> pl.DataFrame:
        """The table, in the schema of :data:`WRITTEN`."""
        self.close()
        return pl.concat(self._parts) if self._parts else pl.DataFrame(schema=pl.Schema(WRITTEN))


_ROWS = ("subject_row", "object_row", "condition_row")


def renumber(rows: pl.DataFrame, start: int) -> pl.DataFrame:
    """Rows that are numbered one after the other, and all that they point to, numbered from ``start`` on."""
    shift = start - rows["row"][0] if rows.height else 0
    if not shift:
        return rows

    def moved(number: pl.Expr) -> pl.Expr:
        return (number.cast(pl.Int64) + shift).cast(pl.UInt32)

    qualifier = pl.element().struct
    value_row = moved(qualifier.field("value_row")).alias("value_row")
    return rows.with_columns(
        *(moved(pl.col(name)).alias(name) for name in ("row", *_ROWS)),
        pl.col("qualifiers").list.eval(pl.struct(qualifier.field("property"), qualifier.field("value"), value_row)),
    )


def _links(targets: pl.Series, offset: int, new: pl.Series) -> dict[int, int]:
    """The final number of each row that a column of a table points to."""
    old = targets.drop_nulls().unique()
    return dict(zip(old, new.gather(old + offset), strict=True))


def _point(row: dict[str, Any], final: Mapping[int, int]) -> None:
    """Let a row, and all that it points to, have their final numbers."""
    row["row"] = final[row["row"]]
    for name in _ROWS:
        if row.get(name) is not None:
            row[name] = final[row[name]]
    for qualifier in row.get("qualifiers") or ():
        if qualifier["value_row"] is not None:
            qualifier["value_row"] = final[qualifier["value_row"]]


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame([_series(name, [row.get(name) for row in rows], dtype) for name, dtype in WRITTEN.items()])


def _series(name: str, values: list[Any], dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
    """A column; lists are flattened first, because the library makes each into a series of its own."""
    if not isinstance(dtype, pl.List):
        return pl.Series(name, values, dtype=dtype)
    flat = pl.DataFrame(
        {
            "at": pl.Series([at for at, items in enumerate(values) for _ in items or ()], dtype=pl.UInt32),
            name: pl.Series([item for items in values for item in items or ()], dtype=dtype.inner),
        }
    )
    every = pl.DataFrame({"at": pl.int_range(len(values), dtype=pl.UInt32, eager=True)})
    grouped = flat.group_by("at", maintain_order=True).agg(name)
    return every.join(grouped, on="at", how="left", maintain_order="left")[name]


def empty_statements() -> pl.DataFrame:
    """A table of no statements."""
    return pl.DataFrame(schema=STATEMENT_SCHEMA)


def statements_only(table: pl.DataFrame) -> pl.DataFrame:
    """The rows that are statements, without the propositions nested in them."""
    return table.filter(~pl.col("nested"))


def count_statements(table: pl.DataFrame) -> int:
    """How many rows are statements."""
    return table.height - int(table["nested"].sum())


def unique_texts(values: Iterable[str | None]) -> list[str]:
    """The distinct texts of a column, sorted."""
    return sorted({value for value in values if value is not None})
