"""Statement files in CSV: strict on form, exact on places, faithful to every cell."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.errors import Problems
from onrecord.parse.csv import read_records
from reading import Read, read
from small_graph import write_only

HEAD = "source,subject,predicate,object,quote,said_by\n"


def reading(folder: Path, text: str | bytes) -> Read:
    return read(write_only(folder / "garden", **{"statements/a.csv": text}))


def rows(folder: Path, *names: str, text: str) -> list[tuple[object, ...]]:
    found = reading(folder, text)
    assert found.problems == []
    return found.parsed.statements.select(names or ("subject_text", "predicate_text", "object_text")).rows()


def test_columns_are_fields(tmp_path: Path) -> None:
    text = "id,source,subject,predicate,object,not,in the words,on_condition\nx,letter,Rose,tends,plot 7,true,NO,010\n"
    found = rows(tmp_path, "id", "source", "negated", "condition_text", "qualifiers", text=text)
    qualifier = {"property": "in the words", "value": "NO", "value_row": None}
    assert found == [("x", "letter", True, "010", [qualifier])]


@pytest.mark.parametrize(
    "cell", ["NO", "010", "1.50", "2025-12-17", "~", "null", "=1+1", "'a", " a ", "é🌹", "a|b", "a\\b"]
)
def test_cells_stay_as_written(cell: str, tmp_path: Path) -> None:
    assert rows(tmp_path, "object_text", text=f"{HEAD}letter,Rose,tends,{cell},,\n") == [(cell,)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_change_nothing(end: str, mark: bytes, tmp_path: Path) -> None:
    text = f'{HEAD}letter,Rose,tends,plot 7,"a ""quote"", so",\n\nletter,Basil,tends,plot 8,,\n'.replace("\n", end)
    found = reading(tmp_path, mark + text.encode())
    assert found.problems == []
    assert found.column("quotes") == [['a "quote", so'], None]
    assert found.column("line") == [2, 4]


def test_lines_are_right_after_cells_of_several_lines(tmp_path: Path) -> None:
    text = f'{HEAD}letter,Rose,tends,plot 7,"one\ntwo\nthree",\n\n\nletter,Basil,tends,plot 8,"x\n",\nletter,a,b\n'
    found = reading(tmp_path, text)
    assert (found.column("line"), found.column("quotes")) == ([2, 7], [["one\ntwo\nthree"], ["x\n"]])
    assert [place.split("/")[-1] for place in found.places] == ["a.csv:9:1 P042"]


def test_places_of_cells(tmp_path: Path) -> None:
    found = reading(tmp_path, f'{HEAD}letter,"Ro""se",tends,plot 7,"a, b",Ada\n')
    places = {name: found.parsed.places.of(0, name) for name in ("subject", "predicate", "object", "quote", "said by")}
    assert {name: (place.line, place.column, place.length) for name, place in places.items()} == {
        "subject": (2, 9, 5),
        "predicate": (2, 17, 5),
        "object": (2, 23, 6),
        "quote": (2, 31, 4),
        "said by": (2, 37, 3),
    }


def test_several_values_stand_between_bars(tmp_path: Path) -> None:
    text = (
        "source,subject,predicate,object,quote,said_by,via,for\n"
        "letter,a | b,tends,c,one | two,Rose | Basil,Ada|Rose,Rose | Basil\n"
    )
    found = reading(tmp_path, text)
    assert found.problems == []
    assert [found.column(name)[0] for name in ("subject_text", "quotes", "said_by", "via")] == [
        "a | b",
        ["one", "two"],
        ["Rose", "Basil"],
        ["Ada|Rose"],
    ]
    assert [item["value"] for item in found.column("qualifiers")[0]] == ["Rose", "Basil"]  # type: ignore[attr-defined]


def test_an_empty_value_between_bars_is_a_problem(tmp_path: Path) -> None:
    assert reading(tmp_path, f"{HEAD}letter,a,tends,c,,Rose |  | Basil\n").codes == ["P024"]


@pytest.mark.parametrize(
    ("cell", "nested"),
    [
        ('"[Basil, tends, plot 7]"', ("Basil", "tends", "plot 7")),
        ("\"{triple: [Basil, tends, 'a, b'], for: Rose}\"", ("Basil", "tends", "a, b")),
        ("\"['Pier #4', tends, plot 7]\"", ("Pier #4", "tends", "plot 7")),
        ('"[Basil, tends, plot 7] "', ("Basil", "tends", "plot 7")),
        ('"[Basil,\n tends,\n plot 7]"', ("Basil", "tends", "plot 7")),
        ('"[NO, 010, 2025-12-17]"', ("NO", "010", "2025-12-17")),
    ],
)
def test_a_cell_may_be_a_nested_triple(cell: str, nested: tuple[str, ...], tmp_path: Path) -> None:
    found = reading(tmp_path, f"{HEAD}letter,Rose,believes,{cell},,\n")
    assert found.problems == []
    assert found.column("object_row") == [None, 0]
    assert found.parsed.statements.select("subject_text", "predicate_text", "object_text").row(0) == nested
    place = found.parsed.places.of(0, "predicate")
    assert (place.line, place.column) == (2, 23)


@pytest.mark.parametrize(("cell", "text"), [("\\[a]", "[a]"), ("\\{a}", "{a}"), ("\\a", "\\a"), ("a[b]", "a[b]")])
def test_a_bracket_can_be_part_of_the_text(cell: str, text: str, tmp_path: Path) -> None:
    assert rows(tmp_path, "object_text", text=f"{HEAD}letter,Rose,tends,{cell},,\n") == [(text,)]


@pytest.mark.parametrize(
    "cell",
    ["[Rose", "[a, b, c] # d", "[a, b # c\n]", "{a: b", "[a]: b", "[a, &b c, d]", "[a, \u2028, b]", "{a: b, a: c}"],
)
def test_a_broken_nested_triple_is_a_problem_and_its_row_is_left(cell: str, tmp_path: Path) -> None:
    text = f'{HEAD}letter,Rose,tends,"{cell}",,\nletter,Basil,tends,plot 8,,\n'
    found = reading(tmp_path, text)
    assert (found.codes, found.column("subject_text")) == (["P041"], ["Basil"])


def test_a_quote_may_begin_with_a_bracket(tmp_path: Path) -> None:
    assert rows(tmp_path, "quotes", text=f"{HEAD}letter,a,tends,b,[...] will come,\n") == [(["[...] will come"],)]


def test_a_cell_may_be_longer_than_the_limit_of_the_library(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    long = "word " * 100_000
    assert len(long) > before
    assert rows(tmp_path, "quotes", text=f'{HEAD}letter,a,tends,b,"{long}",\n') == [([long],)]
    assert csv.field_size_limit() == before
    reading(tmp_path / "broken", f'{HEAD}letter,a,tends,b,"{long},\n')
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", ["a.csv P032"]),
        (" \n \n", ["a.csv P032"]),
        ("\ufeff", ["a.csv P032"]),
        (HEAD, []),
        (f"{HEAD},,,,,\n", []),
        (f"{HEAD},a,b,c,,\n", ["a.csv:2:1 P021"]),
        (f"{HEAD}letter,a,b,c\nletter,a,b,c,d,e,f\nletter,a,tends,c,,\n", ["a.csv:2:1 P042", "a.csv:3:1 P042"]),
        (f'{HEAD}letter,a,tends,c,,\nletter,"a,b,c,,\nletter,a,b,c,,\n', ["a.csv:3:1 P043"]),
        ("source,source\n", ["a.csv:1:8 P044"]),
        ("source,said by,said_by\n", ["a.csv:1:16 P044"]),
        ("source, \n", ["a.csv:1:8 P044"]),
        (f"{HEAD.strip()},foo\nletter,a,tends,c,,,x\n", ["a.csv:1:47 P020"]),
        (f"{HEAD.strip()},foo\nletter,a,tends,c,,,\n", ["a.csv:1:47 P020"]),
        (f'{HEAD.strip()},foo\nletter,a,tends,c,"x\ny",,1\nletter,a,tends\n', ["a.csv:1:47 P020", "a.csv:4:1 P042"]),
        ("source,subject,predicate,obejct\nletter,a,tends,c\nletter,a,tends,d\n", ["a.csv:1:26 P020"]),
        ("source,subject,predicate\nletter,a,tends\nletter,a,tends\n", ["a.csv:1:1 P021"]),
        (f"{HEAD.strip()},not\nletter,a,tends,c,,,NO\n", ["a.csv:2:20 P029"]),
        ("source;subject;predicate;object\nletter;a;b;c\n", ["a.csv:1:1 P021"]),
        ("source,subject\nletter,a\0\n", ["a.csv:2:9 P006"]),
    ],
)
def test_problems_of_form(text: str, places: list[str], tmp_path: Path) -> None:
    assert [place.split("/")[-1] for place in reading(tmp_path, text).places] == places


def test_rows_before_an_unclosed_quote_are_read(tmp_path: Path) -> None:
    found = reading(tmp_path, f'{HEAD}letter,Rose,tends,c,,\nletter,"a,b,c,,\n')
    assert found.column("subject_text") == ["Rose"]


@pytest.mark.parametrize("text", ["[a, b, c]", "plain", "NO"])
def test_entities_in_csv(text: str, tmp_path: Path) -> None:
    table = f'id,label,type,aliases,same_as,note\nrose,"{text}",person | gardener,Rose | Mrs Marsh,http://a/b | http://a/c,010\n'
    found = read(write_only(tmp_path / "garden", **{"entities.csv": table}))
    assert found.problems == []
    (entity,) = found.parsed.entities
    assert (entity.id, entity.labels, entity.types) == ("rose", ((text, "en"),), ("person", "gardener"))
    assert entity.aliases == (("Rose", "en"), ("Mrs Marsh", "en"))
    assert (entity.same_as, entity.note, entity.place.line) == (("http://a/b", "http://a/c"), "010", 2)


cells = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff") | st.sampled_from('\n",|[]'),
    max_size=8,
)


@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=6))
def test_what_the_library_writes_is_read_back(table: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([["a", "b", "c"], *table])
    problems = Problems()
    found = [
        {key.text: value.text for key, value in record.items()}  # type: ignore[union-attr]
        for record in read_records(out.getvalue(), "a", frozenset(), "a", problems)
    ]
    expected = [{name: cell for name, cell in zip("abc", row, strict=True) if cell.strip()} for row in table]
    assert (found, problems.items) == ([row for row in expected if row], [])


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("source;subject;predicate;object\nletter;a;b;c\nletter;d;e;f\n", "separate the columns by commas, not by ;"),
        ("source\tsubject\nletter\ta\n", "separate the columns by commas, not by tabs"),
        ("Source,subject,predicate,object\nletter,a,b,c\nletter,d,e,f\n", "write source, not Source"),
        ("hello\n", "the first line names the columns, and one is source"),
        ("subject,predicate,object\n", "the first line names the columns, and one is source"),
        ('"sub\nject",predicate\na,b\n', "the first line names the columns, and one is source"),
    ],
)
def test_a_header_without_its_column_is_told_once(text: str, fix: str, tmp_path: Path) -> None:
    found = reading(tmp_path, text)
    assert [place.split("/")[-1] for place in found.places] == ["a.csv:1:1 P021"]
    assert [problem.fix for problem in found.problems] == [fix]
