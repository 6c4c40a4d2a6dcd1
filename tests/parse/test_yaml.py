"""Statement files in YAML: every field to its column, every value with its place, nothing skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from onrecord.model import WRITTEN
from reading import Read, read
from small_graph import write_only

HEAD = "source:\n  id: letter\nstatements:\n"


def reading(folder: Path, text: str | bytes) -> Read:
    return read(write_only(folder / "garden", **{"statements/a.yaml": text}))


def of(folder: Path, text: str) -> Read:
    """A file with one source; ``text`` is what stands below ``statements:``."""
    return reading(folder, HEAD + text)


FULL = """\
  - id: first
    triple: [Rose, tends, plot 7]
    quote:
      - one span
      - |-
        [...] another: span # whole
    prefix: before
    suffix: after
    translation: ein Satz
    status: claimed
    not: true
    said by: [Rose, Basil]
    via: Ada
    said when: 2024-06-01
    said at: summer show
    said to: [Basil]
    origin: Ada
    when: 2024-07-06/2024-07-07
    when text: in July
    hedge: reportedly
    on condition: if it rains
    locator: p. 3
    curator: Ada
    curated: 2024-06-10
    note: 010
    recorded: 2024-06-02
    for: [Garden Society, Basil]
    in the words: NO
"""


def test_every_field_fills_its_column(tmp_path: Path) -> None:
    found = of(tmp_path, FULL)
    assert found.problems == []
    (row,) = found.parsed.statements.drop("file").to_dicts()
    assert row == {
        **dict.fromkeys(set(WRITTEN) - {"file"}),
        "row": 0,
        "nested": False,
        "line": 4,
        "column": 5,
        "source": "letter",
        "id": "first",
        "subject_text": "Rose",
        "predicate_text": "tends",
        "object_text": "plot 7",
        "quotes": ["one span", "[...] another: span # whole"],
        "prefix": "before",
        "suffix": "after",
        "translation": "ein Satz",
        "status": "claimed",
        "negated": True,
        "said_by": ["Rose", "Basil"],
        "via": ["Ada"],
        "said_when": "2024-06-01",
        "said_at": "summer show",
        "said_to": ["Basil"],
        "origin": ["Ada"],
        "when": "2024-07-06/2024-07-07",
        "when_text": "in July",
        "hedge": "reportedly",
        "condition_text": "if it rains",
        "locator": "p. 3",
        "curator": "Ada",
        "curated": "2024-06-10",
        "note": "010",
        "recorded": "2024-06-02",
        "qualifiers": [
            {"property": "for", "value": "Garden Society", "value_row": None},
            {"property": "for", "value": "Basil", "value_row": None},
            {"property": "in the words", "value": "NO", "value_row": None},
        ],
    }


@pytest.mark.parametrize(
    ("field", "line", "column"),
    [
        *(("subject", 5, 14), ("predicate", 5, 20), ("object", 5, 27), ("quote", 7, 7), ("quote.0", 7, 9)),
        *(("quote.1", 8, 9), ("status", 13, 13), ("said by", 15, 14), ("said by.1", 15, 21), ("via.0", 16, 10)),
        *(("condition", 24, 19), ("for.1", 30, 27), ("in the words.0", 31, 19), ("", 4, 5)),
    ],
)
def test_every_field_has_its_place(field: str, line: int, column: int, tmp_path: Path) -> None:
    place = of(tmp_path, FULL).parsed.places.of(0, field)
    assert (place.line, place.column) == (line, column)


@pytest.mark.parametrize("text", ["NO", "010", "1.50", "12:30:45", "2025-12-17", "~", "null", "1_000", "true", "0x1F"])
def test_scalars_stay_text(text: str, tmp_path: Path) -> None:
    found = of(tmp_path, f"  - triple: [{text}, tends, {text}]\n    note: {text}\n    when: {text}\n")
    assert found.problems == []
    assert [found.column(name) for name in ("subject_text", "object_text", "note", "when")] == [[text]] * 4


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_change_nothing(end: str, mark: bytes, tmp_path: Path) -> None:
    plain = of(tmp_path / "plain", FULL).parsed.statements.drop("file")
    written = reading(tmp_path / "other", mark + (HEAD + FULL).replace("\n", end).encode())
    assert written.problems == []
    assert written.parsed.statements.drop("file").equals(plain)


def test_nested_triples_are_rows_that_are_only_mentioned(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        "  - triple: [Rose, believes, [Basil, opposes, [Ada, tends, plot 7]]]\n"
        "  - triple: [{triple: [Basil, tends, plot 7], for: Rose}, believes, Ada]\n"
        "    on condition: [Rose, attends, summer show]\n"
        "    for: [[Basil, tends, plot 7]]\n",
    )
    assert found.problems == []
    columns = ("row", "nested", "subject_text", "subject_row", "predicate_text", "object_text", "object_row")
    assert found.parsed.statements.select(columns).rows() == [
        (0, True, "Ada", None, "tends", "plot 7", None),
        (1, True, "Basil", None, "opposes", None, 0),
        (2, False, "Rose", None, "believes", None, 1),
        (3, True, "Basil", None, "tends", "plot 7", None),
        (4, True, "Rose", None, "attends", "summer show", None),
        (5, True, "Basil", None, "tends", "plot 7", None),
        (6, False, None, 3, "believes", "Ada", None),
    ]
    assert found.column("condition_row")[6] == 4
    assert found.column("qualifiers")[6] == [{"property": "for", "value": None, "value_row": 5}]
    assert found.column("qualifiers")[3] == [{"property": "for", "value": "Rose", "value_row": None}]


def test_a_qualifier_takes_one_nested_triple_or_several_names(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        "  - {triple: [a, tends, b], for: [Rose, Basil, Ada]}\n"
        "  - {triple: [a, tends, b], for: [Rose, believes, [Basil, tends, c]]}\n",
    )
    assert found.problems == []
    assert [[item["value"] for item in value] for value in found.column("qualifiers") if value] == [  # type: ignore[attr-defined]
        ["Rose", "Basil", "Ada"],
        [None],
    ]


def test_subject_predicate_and_object_may_be_fields(tmp_path: Path) -> None:
    found = of(tmp_path, "  - subject: Rose\n    predicate: believes\n    object: [Basil, tends, plot 7]\n")
    assert (found.problems, found.column("object_row")) == ([], [None, 0])


def test_a_source_may_be_named_by_its_id(tmp_path: Path) -> None:
    found = reading(tmp_path, "source: 2024-06-01\nstatements:\n  - triple: [a, b, c]\n")
    assert (found.problems, found.column("source"), found.parsed.sources) == ([], ["2024-06-01"], {})


SOURCE = """\
source:
  id: letter
  title: |-
    A letter: to the members
  publisher: Garden Society
  published: 2024-06-01
  author: Ada
  url: https://example.org/letter
  text: letter.txt
  sha256: 00
  language: en
  licence: CC0
  retrieved: 2024-06-02
  note: 007
  origin: [Rose, Basil]
  speakers:
    - {id: neighbour, label: a neighbour}
    - id: child
      label: a child
      type: person
      note: very young
  left out:
    - quote: "Humidity: 83%"
      reason: weather
statements: []
"""


def test_a_source_is_read_with_its_speakers_and_what_is_left_out(tmp_path: Path) -> None:
    found = reading(tmp_path, SOURCE)
    assert found.problems == []
    source = found.parsed.sources["letter"]
    assert (source.title, source.published, source.sha256, source.note) == (
        "A letter: to the members",
        "2024-06-01",
        "00",
        "007",
    )
    assert (source.publisher, source.author, source.url) == ("Garden Society", "Ada", "https://example.org/letter")
    assert (source.text, source.language, source.licence, source.retrieved) == ("letter.txt", "en", "CC0", "2024-06-02")
    assert source.origin == ("Rose", "Basil")
    assert [(item.id, item.label, item.type, item.note, item.place.line) for item in source.speakers] == [
        ("neighbour", "a neighbour", "", "", 17),
        ("child", "a child", "person", "very young", 18),
    ]
    assert [(item.quote, item.reason, item.place.line) for item in source.left_out] == [
        ("Humidity: 83%", "weather", 23)
    ]
    assert (source.place_of("title").line, source.place_of("origin.1").column) == (3, 18)


def test_sources_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    listed = "- {id: letter, title: A letter}\n- {id: minutes}\n"
    found = read(write_only(tmp_path / "garden", **{"sources.yaml": listed}))
    assert (found.problems, sorted(found.parsed.sources)) == ([], ["letter", "minutes"])


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n"])
def test_an_empty_list_of_sources_is_none(text: str, tmp_path: Path) -> None:
    found = read(write_only(tmp_path / "garden", **{"sources.yaml": text, "entities.yaml": text}))
    assert (found.codes, found.parsed.sources) in (([], {}), (["P022", "P022"], {}))


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("  - [Rose, tends, plot 7]\n  - triple: [a, b, c]\n    foo: 1\n", ["P022", "P020"]),
        (
            "  - triple: [a, b, c]\n    not: maybe\n    status:\n    quote: [x]\n    note: {}\n",
            ["P029", "P024", "P025", "P022"],
        ),
        ("  - triple: [a, '', c]\n  - triple: [a, b]\n  - {}\n", ["P024", "P023", "P021"]),
        ("  - triple: [a, b, {c: d}]\n", ["P027", "P021"]),
        ("  - triple: [a, b, []]\n", ["P023"]),
        ("  - triple: [a, b, c]\n    said by: [a, [b], '']\n", ["P022", "P024"]),
    ],
)
def test_all_problems_of_a_file_are_found(text: str, codes: list[str], tmp_path: Path) -> None:
    assert sorted(of(tmp_path, text).codes) == sorted(codes)


def test_a_broken_statement_hides_no_other_one(tmp_path: Path) -> None:
    found = of(tmp_path, "  - triple: [a, b]\n  - triple: [a, b, c]\n  - nonsense\n  - triple: [d, e, f]\n")
    assert (found.codes, found.column("subject_text")) == (["P023", "P022"], ["a", "d"])


@pytest.mark.parametrize("size", [10, 100, 1000, 2000])
def test_a_file_that_is_cut_short_is_read_or_is_a_problem(size: int, tmp_path: Path) -> None:
    whole = (HEAD + FULL * 10).encode()
    found = reading(tmp_path, whole[: len(whole) * size // 2001])
    assert found.codes or found.parsed.statements.height


def test_a_line_of_ten_megabytes(tmp_path: Path) -> None:
    found = of(tmp_path, f"  - triple: [a, b, c]\n    quote: {'word ' * 2_000_000}end\n")
    assert (found.problems, [len(quotes[0]) for quotes in found.column("quotes")]) == ([], [10_000_003])  # type: ignore[index]
