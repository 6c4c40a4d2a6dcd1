"""Cells of SPARQL TSV as the engine writes them: each is read as the very term."""

from __future__ import annotations

import pyoxigraph as ox
from hypothesis import given
from hypothesis import strategies as st

from onrecord.answers import Term, rows_of
from onrecord.terms import XSD

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00") | st.sampled_from('\n\t\r"\\<>@^'))
terms = st.one_of(
    texts.map(ox.Literal),
    st.builds(lambda text, tag: ox.Literal(text, language=tag), texts, st.sampled_from(["en", "en-gb", "uk"])),
    st.builds(
        lambda text, name: ox.Literal(text, datatype=ox.NamedNode(name)),
        texts,
        st.sampled_from([f"{XSD}date", f"{XSD}decimal", f"{XSD}string", "https://example.org/'a'"]),
    ),
    st.sampled_from(["https://example.org/a", "urn:x:'b'#c", "https://example.org/é"]).map(ox.NamedNode),
    st.integers().map(ox.Literal),
    st.booleans().map(ox.Literal),
)


def as_read(term: ox.NamedNode | ox.Literal) -> Term:
    if isinstance(term, ox.NamedNode):
        return Term("iri", term.value)
    datatype = term.datatype.value
    plain = term.language is not None or datatype == f"{XSD}string"
    return Term("literal", term.value, None if plain else datatype, term.language)


@given(st.lists(st.tuples(terms, terms), min_size=1, max_size=6))
def test_a_cell_is_read_as_its_term(rows: list[tuple[ox.NamedNode | ox.Literal, ...]]) -> None:
    table = " ".join(f"({' '.join(map(str, row))})" for row in rows)
    found = ox.Store().query(f"SELECT ?a ?b {{ VALUES (?a ?b) {{ {table} }} }}")
    body = found.serialize(format=ox.QueryResultsFormat.TSV)
    assert body is not None
    assert list(rows_of([body], 2)) == [tuple(map(as_read, row)) for row in rows]
