"""The statement table: its schema, and where each field was written."""

from __future__ import annotations

import polars as pl
import pytest

from onrecord.errors import Place
from onrecord.model import (
    FIELDS,
    PROSE_FIELDS,
    RESOLVED,
    STATEMENT_SCHEMA,
    WRITTEN,
    Entity,
    Places,
    Source,
    StatementRows,
    empty_statements,
    statements_only,
    unique_texts,
)

PLACE = Place("a.yaml", 3, 5, 7)


def test_the_columns_as_written_and_as_resolved_are_different_ones() -> None:
    assert not set(WRITTEN) & set(RESOLVED)
    assert list(STATEMENT_SCHEMA) == [*WRITTEN, *RESOLVED]


def test_every_field_fills_a_column() -> None:
    assert set(FIELDS.values()) - {"triple"} <= set(WRITTEN)
    assert set(FIELDS) >= PROSE_FIELDS
    beside = {"row", "nested", "file", "line", "column", "source", "qualifiers"}
    rows = {"subject_row", "object_row", "condition_row"}
    assert set(WRITTEN) == set(FIELDS.values()) - {"triple"} | beside | rows


def test_rows_become_a_table() -> None:
    rows = StatementRows()
    first = rows.add(PLACE, {"source": "letter", "subject_text": "Rose", "quotes": ["a", "b"], "negated": True})
    second = rows.add(Place("b.csv", 2), {"nested": True})
    rows.set(second, "object_row", first)
    assert (first, second, len(rows), rows.get(first, "subject_text")) == (0, 1, 2, "Rose")
    table = rows.frame()
    assert table.schema == pl.Schema(WRITTEN)
    chosen = table.select("row", "nested", "file", "line", "column", "negated", "quotes", "object_row").rows()
    assert chosen == [
        (0, False, "a.yaml", 3, 5, True, ["a", "b"], None),
        (1, True, "b.csv", 2, 0, False, None, 0),
    ]
    assert statements_only(table)["row"].to_list() == [0]


def test_qualifiers_are_structs() -> None:
    rows = StatementRows()
    rows.add(PLACE, {"qualifiers": [{"property": "for", "value": "Rose", "value_row": None}]})
    assert rows.frame()["qualifiers"].to_list() == [[{"property": "for", "value": "Rose", "value_row": None}]]


def test_no_rows_are_a_table_too() -> None:
    assert StatementRows().frame().schema == pl.Schema(WRITTEN)
    assert (empty_statements().height, empty_statements().schema) == (0, STATEMENT_SCHEMA)


def test_unique_texts() -> None:
    assert unique_texts(["b", None, "a", "b"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("row", "name", "place"),
    [
        (0, "", PLACE),
        (0, "quote", Place("a.yaml", 4)),
        (0, "quote.1", Place("a.yaml", 5)),
        (0, "quote.2", Place("a.yaml", 4)),
        (0, "status", PLACE),
        (1, "", Place("b.csv", 2, 1)),
        (1, "note", Place("b.csv", 2, 1)),
        (1, "status", Place("b.csv", 2, 9)),
        (1, "quote.3", Place("b.csv", 2, 9)),
        (2, "predicate", Place("b.csv", 2, 9)),
        (3, "status", Place("")),
        (9, "status", Place("")),
    ],
)
def test_places_are_as_near_as_is_known(row: int, name: str, place: Place) -> None:
    places = Places()
    places.set_row(0, PLACE)
    places.set_field(0, "quote", Place("a.yaml", 4))
    places.set_field(0, "quote.1", Place("a.yaml", 5))
    places.add_block(1, "b.csv", pl.Series([2, 2], dtype=pl.UInt32), 1, {2: "object"})
    places.set_finder("b.csv", lambda line, field: Place("b.csv", line, 9) if field != "note" else None)
    assert places.of(row, name) == place


def test_sources_and_entities_know_where_their_fields_stand() -> None:
    source = Source("letter", PLACE, places={"title": Place("a.yaml", 9)})
    entity = Entity("rose", PLACE, ("person",), (("Rose", "en"),), places={"label": Place("a.yaml", 9)})
    assert (source.place_of("title"), source.place_of("note")) == (Place("a.yaml", 9), PLACE)
    assert (entity.place_of("label"), entity.place_of("note")) == (Place("a.yaml", 9), PLACE)
    assert source == Source("letter", PLACE)
