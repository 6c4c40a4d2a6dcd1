"""Counting rows of an answer: the same whatever the pieces in which it comes."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.limits import RowCount

FORMATS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
values = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n"{},<>/')).map(ox.Literal)


@pytest.mark.parametrize("format_", FORMATS)
@given(rows=st.lists(st.tuples(values, values), min_size=2, max_size=8), cuts=st.lists(st.integers(1, 40), max_size=30))
def test_rows_are_counted_whatever_they_hold(format_: str, rows: list[tuple[ox.Literal, ...]], cuts: list[int]) -> None:
    table = " ".join(f"({' '.join(map(str, row))})" for row in rows)
    body = ox.Store().query(f"SELECT ?a ?b {{ VALUES (?a ?b) {{ {table} }} }}").serialize(format=FORMATS[format_])
    count = RowCount(format_)
    assert body is not None
    for size in cuts:
        count.add(body[:size])
        body = body[size:]
    count.add(body)
    assert count.rows == len(rows)
