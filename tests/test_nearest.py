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
