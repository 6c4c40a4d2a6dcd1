"""Terms as text, and IRIs that are hashes."""

from __future__ import annotations

import hashlib

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.terms import (
    PREFIXES,
    UNIT,
    XSD,
    Minter,
    digest,
    digest_all,
    iri,
    is_iri,
    is_language,
    literal,
    local_name,
    may_nest_deep,
    split_ntriples,
    split_term,
)

texts = st.text(st.characters(exclude_categories=("Cs",)))
languages = st.sampled_from(["en", "en-GB", "uk", "x-a1"])


def quad_of(term: str) -> ox.Quad:
    (quad,) = ox.parse(f"<http://a/s> <http://a/p> {term} .\n", ox.RdfFormat.N_TRIPLES)
    return quad


@given(texts)
def test_a_literal_is_read_back_letter_for_letter(text: str) -> None:
    assert quad_of(literal(text)).object == ox.Literal(text)
    assert split_term(literal(text)) == ("literal", text, None, None)


@given(texts, languages)
def test_a_literal_keeps_its_language(text: str, language: str) -> None:
    term = literal(text, language=language)
    assert split_term(term) == ("literal", text, None, language)
    assert quad_of(term).object == ox.Literal(text, language=language)


@pytest.mark.parametrize("text", ["1.50", "01", "+00:00", "1e3", "", "T24:00:00"])
def test_a_typed_literal_keeps_its_form(text: str) -> None:
    term = literal(text, datatype=f"{XSD}decimal")
    assert split_term(term) == ("literal", text, f"{XSD}decimal", None)
    assert str(quad_of(term).object) == term


def test_a_plain_literal_has_no_datatype_written() -> None:
    assert literal("a", datatype=f"{XSD}string") == '"a"'
    assert literal("a", datatype=f"{XSD}date", language="en") == '"a"@en'


@pytest.mark.parametrize(
    "text", ["https://example.org/a", "http://é.example/ü?q=1#f", "urn:isbn:1", "mailto:a@b", "HTTP://A", "x:"]
)
def test_what_is_an_iri(text: str) -> None:
    assert is_iri(text)
    assert str(quad_of(iri(text)).object) == f"<{text}>"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "a",
            "/a",
            "//a/b",
            "a b:c",
            "1a:b",
            "http://a/ b",
            "http://a/<",
            "http://a/{b}",
            "http://a/\\",
            "http://a/^",
        ),
        *("http://a/%", "http://a/%zz", "http://[::1", "http://a:b/", "http://a/#b#c", "http://a/\0", "http://a/\n"),
        *("http://a/\ud800", "http://a/\ufffe", "http://a/\ue000", "Q42", "wd:Q 42"),
    ],
)
def test_what_is_no_iri(text: str) -> None:
    assert not is_iri(text)


@given(st.text(max_size=20).map("http://a/".__add__))
def test_what_is_an_iri_can_be_loaded(text: str) -> None:
    if is_iri(text):
        assert quad_of(iri(text)).object == ox.NamedNode(text)


@pytest.mark.parametrize("text", ["a b", "<a>", 'a"', "a\nb", "a`b"])
def test_no_iri_term_is_made_of_what_would_break_out(text: str) -> None:
    with pytest.raises(ValueError, match="not an IRI"):
        iri(text)


@pytest.mark.parametrize(
    ("text", "good"),
    [("en", True), ("en-GB", True), ("zh-Hans-CN", True), ("i-klingon", True)]
    + [(text, False) for text in ("", "english text", "en_GB", "en-", "toolongtag", "é", "en-ü", "en\n")],
)
def test_language_tags(text: str, good: bool) -> None:
    assert is_language(text) is good


@pytest.mark.parametrize(
    ("term", "parts"),
    [
        ("<http://a>", ("iri", "http://a", None, None)),
        ("_:b1", ("bnode", "b1", None, None)),
        (r'"\u00e9\U0001F339\t\\\""', ("literal", 'é🌹\t\\"', None, None)),
    ],
)
def test_split_term(term: str, parts: tuple[str, str, str | None, str | None]) -> None:
    assert split_term(term) == parts


@pytest.mark.parametrize("term", ["", "a", '"a', '"a"@', '"a"^^b', "<a", "<a> <b>", '"a"b"'])
def test_split_term_refuses_the_rest(term: str) -> None:
    with pytest.raises(ValueError, match="not an N-Triples term"):
        split_term(term)


@given(st.lists(st.tuples(texts, languages), max_size=5))
def test_split_ntriples(values: list[tuple[str, str]]) -> None:
    triples = [(f"<http://a/{n}>", "<http://a/p>", literal(text, language=tag)) for n, (text, tag) in enumerate(values)]
    assert split_ntriples("".join(f"{s} {p} {o} .\n" for s, p, o in triples)) == triples


def test_digests_are_the_head_of_sha256() -> None:
    assert digest("a", "b") == hashlib.sha256(b"a\x1fb").hexdigest()[:32]
    found = digest_all([b"a\x1fb", "ü".encode()])
    assert [bits.hex() for bits in found] == [digest("a", "b"), digest("ü")]
    assert UNIT == "\x1f"


@given(
    st.lists(st.text(st.characters(min_codepoint=32, exclude_categories=("Cs",)), max_size=4), min_size=1, max_size=3)
)
def test_different_fields_have_different_digests(fields: list[str]) -> None:
    assert digest(*fields) != digest(*fields, "")
    if fields != fields[::-1]:
        assert digest(*fields) != digest(*fields[::-1])


@pytest.mark.parametrize(
    ("value", "name"), [("http://a/b#c", "c"), ("http://a/b", "b"), ("urn:x:y", "y"), ("http://a/", "")]
)
def test_local_name(value: str, name: str) -> None:
    assert local_name(value) == name


def test_the_minter_stays_below_the_base() -> None:
    minter = Minter("https://example.org/garden/")
    assert minter.entity("rose") == "https://example.org/garden/entity/rose"
    assert minter.entity("a", "letter") == "https://example.org/garden/entity/letter:a"
    assert minter.source("letter") == "https://example.org/garden/source/letter"
    assert minter.graph("asserted") == "https://example.org/garden/graph/asserted"
    assert minter.span("a", "1", "2") == f"https://example.org/garden/span/{digest('a', '1', '2')}"
    assert minter.chain(["<a>", "<b>"]) == f"https://example.org/garden/list/{digest('<a>', '<b>')}"
    own = [minter.proposition_base, minter.statement_base, *minter.prefixes().values()]
    assert all(value.startswith("https://example.org/garden/") for value in own)
    assert not set(minter.prefixes()) & set(PREFIXES)


def test_prefixes_end_where_a_name_can_follow() -> None:
    assert all(value[-1] in "#/" and is_iri(value) for value in PREFIXES.values())


def test_may_nest_deep() -> None:
    assert not may_nest_deep("<< a b c >> " * 100_000 + "<<( a b c )>>")
    assert may_nest_deep("<<( a b " * 20_000)
