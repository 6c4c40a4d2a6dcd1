"""Guesses at what a misspelt name was meant to be."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.nearest import did_you_mean, nearest_names

NAMES = ["Rose Marsh", "Basil Thorn", "Garden Society", "summer show", "plot 7", "plot 17"]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Rose Mash", "Rose Marsh"),
        ("rose marsh", "Rose Marsh"),
        ("Thorn", "Basil Thorn"),
        ("Garden Soceity", "Garden Society"),
        ("plot 77", "plot 7"),
        ("sumer-show", "summer show"),
    ],
)
def test_the_nearest_comes_first(name: str, first: str) -> None:
    assert nearest_names(name, NAMES)[0] == first


@pytest.mark.parametrize("name", ["", "  ", "!!!", "zzzzqqqq", "日本"])
def test_what_is_like_nothing_has_no_guess(name: str) -> None:
    assert (nearest_names(name, NAMES), did_you_mean(name, NAMES)) == ([], "")
    assert nearest_names(name, []) == []


def test_the_fix_reads_as_a_sentence() -> None:
    assert did_you_mean("sttus", ["status"]) == 'did you mean "status"?'
    assert did_you_mean("plot", ["plot 7", "plot 8"]) == 'did you mean "plot 7" or "plot 8"?'
    assert did_you_mean("plot", ["plot 7", "plot 8", "plot 9"]) == 'did you mean "plot 7", "plot 8" or "plot 9"?'


@given(st.permutations(NAMES * 2))
def test_the_order_of_the_known_names_changes_nothing(names: list[str]) -> None:
    assert nearest_names("plot", names) == nearest_names("plot", NAMES)


@given(st.text(max_size=20), st.lists(st.text(max_size=10), max_size=8), st.integers(1, 4))
def test_guesses_are_known_names_and_few(name: str, known: list[str], count: int) -> None:
    found = nearest_names(name, known, count)
    assert set(found) <= set(known)
    assert len(found) == len(set(found)) <= count


def test_a_name_as_long_as_a_file_is_compared_in_part() -> None:
    start = time.process_time()
    assert nearest_names("Rose Marsh " * 1_000_000, ["Rose Marsh", "Basil"])[0] == "Rose Marsh"
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("Rose\u00a0Marsh", "U+00A0 (no-break space)"),
        ("Rose Ma\u00adrsh", "U+00AD (soft hyphen)"),
        ("R\u043ese Marsh", "U+043E (cyrillic small letter o)"),
        ("Rose Marsh\u200b", "U+200B (zero width space)"),
        ("Rose\tMarsh", "U+0009 (a control character)"),
        ("R\u043ese  Marsh", "U+043E (cyrillic small letter o)"),
        ("Rose \u00a0 Marsh", "U+00A0 (no-break space)"),
    ],
)
def test_a_difference_that_nobody_sees_is_named(name: str, odd: str) -> None:
    assert did_you_mean(name, NAMES) == f'did you mean "Rose Marsh"? the two look alike; one has {odd}'
    assert odd in did_you_mean("Rose Marsh", [name, "plot 7"])


@pytest.mark.parametrize("name", ["Rose  Marsh", "Rose Marsh "])
def test_spaces_too_many_are_named(name: str) -> None:
    assert did_you_mean(name, NAMES) == 'did you mean "Rose Marsh"? the two differ in their spaces alone'


@given(st.text("Rose\u043e\u200b\u00a0\t \u0301\ufb01fi", max_size=8), st.text("Rose\u043e \u0301fi", max_size=8))
def test_any_two_names_can_be_told_apart(name: str, other: str) -> None:
    assert bool(did_you_mean(name, [other])) == bool(nearest_names(name, [other]))


def test_accents_of_their_own_are_named() -> None:
    assert "U+00E9 (latin small letter e with acute)" in did_you_mean("Rene\u0301", ["Ren\u00e9"])
    assert did_you_mean("Rene", ["Ren\u00e9"]) == 'did you mean "Ren\u00e9"?'
