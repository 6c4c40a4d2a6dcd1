"""Owns the tests of the ways in which a name can be spelt."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.spelling import fold, readings, split_words

TEXTS = st.text(st.sampled_from("aAeoué ü\u0308\u00ad\u200b’'-ßşıøæ王ा\u0640\u02bc.%6&;"), max_size=30)


@given(TEXTS)
def test_composition_makes_no_difference(text: str):
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert fold(unicodedata.normalize(form, text)) == fold(text)


@given(TEXTS)
def test_a_word_stands_where_it_says(text: str):
    words = split_words(text)
    assert [word.text for word in words] == [split_words(text[word.start : word.end])[0].text for word in words]
    assert all(before.end <= after.start for before, after in pairwise(words))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Zoe\u0308 Mu\u0308ller", ["zo", "muller"]),
        ("Zo\u200bë Mül\u00adler", ["zo", "muller"]),
        ("Ｄｏｒａ\u00a0Ｑｕｉｌｌ", ["dora", "quill"]),
        ("O’Neil O\u02bcNeil O'Neil", ["o", "neil"] * 3),
        ("GROẞ groß", ["gross", "gross"]),
        ("Łukasz Sørensen Işık", ["lukasz", "sorensen", "isik"]),
        ("Müller Mueller Muller", ["muller"] * 3),
        ("नरेन्द्र मोदी", ["नरनदर", "मोदी"]),
        ("dora_quill", ["dora", "quill"]),
    ],
)
def test_words_as_they_are_compared(text: str, words: list[str]):
    assert [word.text for word in split_words(text)] == words


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("dora%20quill", "dora quill"),
        ("dora%2520quill", "dora quill"),
        ("D&#111;ra", "Dora"),
        ("M&uuml;ller", "Müller"),
        ("\\u0044ora", "Dora"),
        ("xn--mller-kva.example", "müller.example"),
        ("Mül-\nler", "Müller"),
        ("Dora\u200bQuill", "Dora Quill"),
    ],
)
def test_what_is_coded_is_read(text: str, reading: str):
    assert reading in list(readings(text))


@given(st.text(st.sampled_from("%&\\u0025;amp\u200b- xn"), max_size=60))
def test_reading_ends(text: str):
    assert len(list(readings(text))) < 30
