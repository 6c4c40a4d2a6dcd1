"""Where sentences begin and end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.sentences import split_sentences


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t\n", []),
        ("One", ["One"]),
        ("One. Two.", ["One.", "Two."]),
        ("One.  Two?\tThree! Four…", ["One.", "Two?", "Three!", "Four…"]),
        ("A heading\nThe text.", ["A heading", "The text."]),
        ("He met Mr. Fox. They left.", ["He met Mr. Fox.", "They left."]),
        ("Dr. Ash and Gen. Elm (Ret.) spoke.", ["Dr. Ash and Gen. Elm (Ret.) spoke."]),
        ("J. K. Rowan came.", ["J. K. Rowan came."]),
        ("The U.S. side waits.", ["The U.S. side waits."]),
        ("It grew 1.5 metres. Then it stopped.", ["It grew 1.5 metres.", "Then it stopped."]),
        ("“I am for it.” He sat down.", ["“I am for it.”", "He sat down."]),
        ('"Really?!" She laughed.', ['"Really?!"', "She laughed."]),
        ("He asked why? and left.", ["He asked why? and left."]),
        ("See example.org for it.", ["See example.org for it."]),
        ("Wait... He came.", ["Wait...", "He came."]),
        ("On 5 Jan. 2024 it rained.", ["On 5 Jan. 2024 it rained."]),
        ("No. 7 is free.", ["No. 7 is free."]),
        ("One.\r\nTwo.\r\n", ["One.", "Two."]),
        ("Größe. Ärger.", ["Größe.", "Ärger."]),
        ("🌹 One. 🌹 Two.", ["🌹 One.", "🌹 Two."]),
    ],
)
def test_split_sentences(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@given(st.text('Aa.?!…"”)( \n\t1é🌹', max_size=80))
def test_every_character_but_white_space_lies_in_one_sentence(text: str) -> None:
    spans = split_sentences(text)
    assert spans == sorted(spans)
    covered = [offset for start, end in spans for offset in range(start, end)]
    assert len(covered) == len(set(covered))
    assert all(text[offset].isspace() for offset in set(range(len(text))) - set(covered))
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)
