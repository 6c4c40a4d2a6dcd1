"""Statement files in JSON Lines: strict JSON, numbers as they were written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.documents import MAX_DEPTH, Mapping, Node, Scalar, Sequence
from onrecord.errors import Place, Problems
from onrecord.parse.jsonl import _read_line
from reading import Read, read
from small_graph import write_only

START = '{"source": "letter", "triple": ["Rose", "tends", "plot 7"]'


def reading(folder: Path, text: str | bytes) -> Read:
    return read(write_only(folder / "garden", **{"statements/a.jsonl": text}))


def test_the_fields_are_those_of_yaml(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        f'{START}, "quote": ["a", "b"], "said_by": "Ada", "said to": ["Rose"], "not": true, "for": ["x", "y"], '
        '"on condition": ["a", "tends", "b"], "when": null}\n'
        '{"source": "letter", "subject": {"triple": ["a", "tends", "b"], "for": "c"}, '
        '"predicate": "p", "object": "o"}\n',
    )
    assert found.problems == []
    chosen = found.parsed.statements.select("row", "nested", "line", "subject_text", "subject_row", "condition_row")
    assert chosen.rows() == [
        (0, True, 1, "a", None, None),
        (1, False, 1, "Rose", None, 0),
        (2, True, 2, "a", None, None),
        (3, False, 2, None, 2, None),
    ]
    assert [found.column(name)[1] for name in ("quotes", "said_by", "said_to", "negated", "when")] == [
        ["a", "b"],
        ["Ada"],
        ["Rose"],
        True,
        None,
    ]
    assert [item["value"] for item in found.column("qualifiers")[1]] == ["x", "y"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", ["1.50", "1e3", "1E+3", "-0", "0.10", "1" * 5000, "16777217", "-1.0e-10"])
def test_numbers_keep_their_written_form(number: str, tmp_path: Path) -> None:
    text = f'{{"source": "letter", "triple": ["Rose", "height in metres", {number}]}}\n'
    found = reading(tmp_path, text)
    assert (found.problems, found.column("object_text")) == ([], [number])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n \n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_change_nothing(end: str, mark: bytes, tmp_path: Path) -> None:
    found = reading(tmp_path, mark + f"{START}}}{end}{START}}}".encode())
    assert (found.problems, found.parsed.statements.height) == ([], 2)
    assert found.column("line") == [1, 1 + end.count("\n")]


@pytest.mark.parametrize(
    "char", ["\u2028", "\u2029", "\u0085", "\x0b", "🌹", "\\u2028", "\\ud83c\\udf39", "\\n", "\\/"]
)
def test_what_others_take_for_line_ends_stays_in_the_text(char: str, tmp_path: Path) -> None:
    found = reading(tmp_path, f'{START}, "note": "a{char}b"}}\n{START}}}\n')
    if char == "\x0b":
        assert found.codes == ["P006"]
    else:
        expected = json.loads(f'"a{char}b"')
        assert (found.problems, found.column("note")) == ([], [expected, None])


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", ["a.jsonl P032"]),
        (" \n\t\n", ["a.jsonl P032"]),
        ("\ufeff\n", ["a.jsonl P032"]),
        ("[]\n", ["a.jsonl:1:1 P022"]),
        ('7\n"a"\nnull\ntrue\n', [f"a.jsonl:{line}:1 P022" for line in (1, 2, 3, 4)]),
        ("{}\n", ["a.jsonl:1:1 P021"]),
        ('{"triple": ["a", "b", "c"]}\n', ["a.jsonl:1:1 P021"]),
        ('{"source": ["a"]}\n', ["a.jsonl:1:2 P022"]),
        ('{"source": {"id": "a"}}\n', ["a.jsonl:1:2 P022"]),
        ('{"source": null}\n', ["a.jsonl:1:1 P021"]),
        (f'{START}}}\n{{"source"\n{START}, "foo": 1}}\n', ["a.jsonl:2:10 P045", "a.jsonl:3:61 P020"]),
        (f"{START}}} {START}}}\n", ["a.jsonl:1:61 P045"]),
        (f'{START}, "note": "a\tb"}}\n', ["a.jsonl:1:71 P045"]),
        ('{"source": "a", "source": "a"}\n', ["a.jsonl:1:1 P046"]),
        ('{"source": "a", "triple": [{"triple": [], "triple": []}, "b", "c"]}\n', ["a.jsonl:1:1 P046"]),
        (f'{START}, "said_by": "a", "said by": "b"}}\n', ["a.jsonl:1:1 P046"]),
        *((f'{START}, "note": {word}}}\n', ["a.jsonl:1:1 P046"]) for word in ("NaN", "Infinity", "-Infinity")),
        *(
            (f'{START}, "note": "{word}"}}\n', ["a.jsonl:1:1 P046"])
            for word in ("\\ud800", "\\udfffx", "\\ud800\\ud800")
        ),
        (f'{START}, "\\ud800": "a"}}\n', ["a.jsonl:1:1 P046"]),
        (f'{START}, "note": "\\u0000"}}\n', ["a.jsonl:1:61 P006", "a.jsonl:1:61 P024"]),
        (f'{START}, "no\\u0001te": "a"}}\n', ["a.jsonl:1:61 P006"]),
        (f'{START}, "said by": ["a", null], "note": [1]}}\n', ["a.jsonl:1:61 P024", "a.jsonl:1:85 P022"]),
        ('{"source": "a", "subject": "", "predicate": "b", "object": "c"}\n', ["a.jsonl:1:17 P024"]),
        ('{"source": "a", "subject": "a", "predicate": "b", "object": ["a", " ", "c"]}\n', ["a.jsonl:1:51 P024"]),
        ('{"source": "a", "triple": ["a", "b", ""]}\n', ["a.jsonl:1:17 P024"]),
        (f'{START}, "said by": ["a", ""]}}\n', ["a.jsonl:1:61 P024"]),
        (f'{START}, "object": "c"}}\n', ["a.jsonl:1:22 P026"]),
        (f'{START}, "not": "yes", "quote": ""}}\n', ["a.jsonl:1:61 P029", "a.jsonl:1:75 P024"]),
        ('{"source": "a", "triple": ["a", "b"]}\n', ["a.jsonl:1:17 P023"]),
        ('{"source": "a", "triple": "abc"}\n', ["a.jsonl:1:17 P023"]),
        ("\0\n", ["a.jsonl:1:1 P006"]),
        (f"{START}}}".replace("\n", "") + "\r" + f"{START}}}", ["a.jsonl:1:61 P045"]),
    ],
)
def test_problems_of_form(text: str, places: list[str], tmp_path: Path) -> None:
    assert [place.split("/")[-1] for place in reading(tmp_path, text).places] == places


@pytest.mark.parametrize(
    ("before", "column"),
    [
        ('"note": "see \\"status\\": x", "triple": ["status", "b", "c"]', 78),
        ('"triple": [{"triple": ["a", "b", "c"], "for" : "for"}, "b", "status"]', 88),
    ],
)
def test_a_key_is_found_where_it_stands_and_not_in_a_text_before(before: str, column: int, tmp_path: Path) -> None:
    found = reading(tmp_path, f'{{"source": "a", {before}, "status": ""}}\n')
    assert [place.split("/")[-1] for place in found.places] == [f"a.jsonl:1:{column} P024"]


def test_a_key_that_stands_inside_and_outside_has_two_places(tmp_path: Path) -> None:
    line = '{"triple": [{"triple": ["a", "b", "c"], "for": ""}, "b", "c"], "for": "", "source": "a"}\n'
    assert [place.split("/")[-1] for place in reading(tmp_path, line).places] == [
        "a.jsonl:1:41 P024",
        "a.jsonl:1:64 P024",
    ]


@pytest.mark.parametrize("depth", [30, 300, 900, 990, 2000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('["a","b",', "]"), ('{"triple":', "}")])
def test_nesting_without_end_is_one_problem(depth: int, opening: str, closing: str, tmp_path: Path) -> None:
    inner = f'{opening * depth}"c"{closing * depth}'
    found = reading(tmp_path, f'{{"source": "a", "triple": ["a", "b", {inner}]}}\n{START}}}\n')
    assert (found.codes, found.column("line")) == (["P016"], [2])


def test_nesting_up_to_the_bound_is_read(tmp_path: Path) -> None:
    for depth, codes in ((MAX_DEPTH - 2, []), (MAX_DEPTH, ["P016"])):
        triple = '["a", "tends", ' * depth + '"c"' + "]" * depth
        found = reading(tmp_path / str(depth), f'{{"source": "a", "triple": {triple}}}\n')
        assert found.codes == codes


def test_many_keys_take_no_long_time(tmp_path: Path) -> None:
    keys = ", ".join(f'"{"x" * 50}{n}": {{}}' for n in range(3000))
    line = f'{{"source": "a", "triple": ["a", "b", {{"triple": ["a", "b", "c"], "q": {{{keys}}}}}]}}\n'
    assert reading(tmp_path, line).codes == ["P027"]


plain = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"))
values = st.recursive(plain, lambda inner: st.lists(inner, max_size=4), max_leaves=8)


def texts(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [texts(item) for item in node.items]
    return {key.text: texts(value) for key, value in node.items()}


@given(st.dictionaries(plain.filter(lambda key: "_" not in key), values, max_size=4), st.booleans())
def test_what_the_library_writes_is_read_back(value: dict[str, object], ascii_only: bool) -> None:
    problems = Problems()
    found = _read_line(json.dumps(value, ensure_ascii=ascii_only), Place("a", 1, 1), problems)
    assert isinstance(found, Mapping)
    assert (texts(found), [item for item in problems.items if item.code != "P006"]) == (value, [])
