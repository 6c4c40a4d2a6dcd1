"""YAML as texts with places: nothing is typed, nothing is skipped, nothing runs away."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.documents import MAX_DEPTH, Mapping, Node, Scalar, Sequence, parse_yaml
from onrecord.errors import Problems


def parsed(text: str) -> tuple[Node | None, list[str]]:
    problems = Problems()
    node = parse_yaml(text, "a", problems)
    return node, [f"{item.place.line}:{item.place.column} {item.code}" for item in problems.items]


def plain(node: Node | None) -> object:
    """The tree as lists, dicts and texts."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key.text: plain(value) for key, value in node.items()} if node else None


def value_of(text: str) -> Scalar:
    node, found = parsed(text)
    assert found == []
    value = node.get("k") if isinstance(node, Mapping) else None
    assert isinstance(value, Scalar)
    return value


# Every scalar stays the text that was written


@pytest.mark.parametrize(
    "text",
    [
        *("NO", "no", "Yes", "on", "OFF", "true", "False", "~", "null", "Null", "y", "n"),
        *("010", "0x1F", "0o17", "0b1", "1_000", "12:30:45", "190:20:30", "+1", "-0", "1.50", "1e3", ".inf", ".NaN"),
        *("2025-12-17", "2020-13-45", "2025-12-17T10:00:00Z", "2025-12-17 10:00:00", "9" * 5000),
        *("<<", "=", "a#b", "a:b", "http://example.org/#a", "it's", 'say "hi"', "50%", "a, b", "[sic", "é 日本 🌹"),
    ],
)
def test_a_scalar_stays_as_written(text: str) -> None:
    if text != "[sic":
        assert value_of(f"k: {text}\n").text == text
    assert value_of(f"k: '{text.replace(chr(39), chr(39) * 2)}'\n").text == text
    assert value_of(f"k: |-\n  {text}\n").text == text


def test_keys_stay_as_written() -> None:
    assert plain(parsed("NO: a\n010: b\n~: c\n")[0]) == {"NO": "a", "010": "b", "~": "c"}


def test_an_empty_value_is_an_empty_text() -> None:
    assert plain(parsed("a:\nb: ''\nc: []\nd: {}\n")[0]) == {"a": "", "b": "", "c": [], "d": {}}


@given(st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1))
def test_any_text_survives_single_quotes(text: str) -> None:
    assert value_of("k: '" + text.replace("'", "''") + "'\n").text == text


@given(st.lists(st.text(st.characters(exclude_categories=("C", "Zl", "Zp", "Zs")), min_size=1), min_size=1))
def test_any_lines_survive_a_block(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert value_of("k: |-\n" + "".join(f"  {line}\n" for line in lines)).text == text


# Places


def test_every_node_has_its_place() -> None:
    text = "# head\nsource:\n  id: ä🌹\n  list: [one, 'two', [x]]\n  block: |-\n    a\n    b\n"
    node, found = parsed(text)
    assert found == []
    seen: list[tuple[str, int, int, int]] = []

    def walk(node: Node) -> None:
        kind = node.text if isinstance(node, Scalar) else type(node).__name__
        seen.append((kind, node.place.line, node.place.column, node.place.length))
        for child in node.items if isinstance(node, Sequence) else ():
            walk(child)
        for key, child in node.items() if isinstance(node, Mapping) else ():
            walk(key)
            walk(child)

    assert node is not None
    walk(node)
    assert seen == [
        ("Mapping", 2, 1, 1),
        ("source", 2, 1, 6),
        ("Mapping", 3, 3, 1),
        ("id", 3, 3, 2),
        ("ä🌹", 3, 7, 2),
        ("list", 4, 3, 4),
        ("Sequence", 4, 9, 1),
        ("one", 4, 10, 3),
        ("two", 4, 15, 5),
        ("Sequence", 4, 22, 1),
        ("x", 4, 23, 1),
        ("block", 5, 3, 5),
        ("a\nb", 5, 10, 2),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_change_no_text_and_no_place(end: str) -> None:
    text = "a: 1\nb: the words # cut\nc: |-\n  x\n  y\nd: [1]\n"
    node, found = parsed(text.replace("\n", end))
    assert (plain(node), found) == ({"a": "1", "b": "the words", "c": "x\ny", "d": ["1"]}, [])
    assert isinstance(node, Mapping)
    assert [key.place.line for key in node.key_nodes()] == [1, 2, 3, 6]
    cut = node.get("b")
    assert isinstance(cut, Scalar)
    assert cut.cut


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: x\u2028\n", ["2:5 P017"]),
        ("a: 1\nb: x\u0085\n", ["2:5 P017"]),
        ("a: 1\nb: x\x91\n", ["2:5 P006"]),
        ("a: 1\n\tb: 2\n", ["2:1 P014"]),
        ("a: 1\nb: c: d\n", ["2:4 P018"]),
    ],
)
def test_line_ends_change_no_place_of_a_problem(end: str, text: str, found: list[str]) -> None:
    assert parsed(text.replace("\n", end)) == (None, found)


def test_flow_and_block_are_told_apart() -> None:
    node, _ = parsed("a: [1]\nb:\n  - 1\nc: {d: 1}\n")
    assert isinstance(node, Mapping)
    assert [getattr(value, "flow", None) for _, value in node.items()] == [True, False, True]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("k: the words # cut\n", True),
        ("k: the words\t# cut\n", True),
        ("k: the words#whole\n", False),
        ("k: 'the words' # a comment\n", False),
        ("k: |- # a comment\n  the words # whole\n", False),
        ("k: the words\n# a comment\n", False),
    ],
)
def test_a_cut_text_is_known(text: str, cut: bool) -> None:
    assert value_of(text).cut is cut


# What YAML can do beyond plain data


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: 2\na: 3\n", ["3:1 P011"]),
        ("{a: 1, a: 2}\n", ["1:8 P011"]),
        ("a: !!int 1\n", ["1:4 P012"]),
        ("a: !!python/object/apply:os.system [true]\n", ["1:4 P012"]),
        ("a: &b 1\n", ["1:4 P013"]),
        ("a: &b 1\nc: *b\n", ["1:4 P013", "2:4 P013"]),
        ("a: &b {c: d}\ne:\n  <<: *b\n", ["1:4 P013", "3:7 P013"]),
        ("? [a]\n: b\n", ["1:3 P022"]),
        ("a: 1\n---\nb: 2\n", ["2:1 P015"]),
        ("a: 1\n...\n---\nb: 2\n", ["3:1 P015"]),
        ('a: "\\0"\n', ["1:4 P006"]),
        ('a: "\\x1f"\n', ["1:4 P006"]),
        ('"\\0": b\n', ["1:1 P006"]),
        ('a: "\\uD800"\n', ["1:4 P018"]),
        ("a: 1\n\tb: 2\n", ["2:1 P014"]),
        ("a:\n  - b\n\t- c\n", ["3:1 P014"]),
        ("%YAML 3.0\n---\na: b\n", ["1:1 P010"]),
        ("a: 'b\n", ["1:4 P018"]),
        ('a: "[1]"\n  ]b: c\n', ["2:3 P010"]),
        ("a: [b\n", ["1:4 P010"]),
        ("a: {b: c\n\n\n", ["1:4 P010"]),
        ("]\n", ["1:1 P010"]),
        ("a: b\nc\n", ["2:1 P010"]),
    ],
)
def test_what_is_not_plain_data(text: str, found: list[str]) -> None:
    assert parsed(text)[1] == found


def test_an_alias_bomb_is_a_line_of_problems() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 200)]
    started = time.process_time()
    _, found = parsed("\n".join(lines))
    assert {item.split()[1] for item in found} == {"P013"}
    assert len(found) == 200 + 2 * 199
    assert time.process_time() - started < 2


@pytest.mark.parametrize("piece", ["[", "{a: ", "- ", "? ", "[{a: "])
def test_nesting_without_end_is_one_problem(piece: str) -> None:
    started = time.process_time()
    node, found = parsed("a:\n  " + piece * 100_000)
    assert (node, found[-1].split()[1], len(found) <= MAX_DEPTH) == (None, "P016", True)
    assert time.process_time() - started < 2


def test_nesting_up_to_the_bound_is_read() -> None:
    assert parsed("[" * MAX_DEPTH + "]" * MAX_DEPTH)[1] == []
    assert parsed("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))[1] == [f"1:{MAX_DEPTH + 1} P016"]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "# only a comment\n", "---\n"])
def test_an_empty_file_is_nothing(text: str) -> None:
    node, found = parsed(text)
    assert (plain(node) or None, found) == (None, [])


@pytest.mark.parametrize(
    "text",
    [
        "k: " + "word " * 2_000_000 + "\n",
        "k: '" + "x" * 10_000_000 + "'\n",
        "k: a" + " " * 1_000_000 + "b: c\n",
        'k: "a' + " " * 1_000_000 + 'b" c\n',
        "k: [" + "a, " * 100_000 + "a\n",
        "- " * 10 + "k" * 1_000_000 + ": a: b\n",
    ],
)
def test_a_long_line_takes_no_long_time(text: str) -> None:
    started = time.process_time()
    _, found = parsed(text)
    assert len(found) <= 1
    assert time.process_time() - started < 10


# The traps of prose


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('quote: "I will" she said', "begins with "),
        ("quote: 'I will' she said", "begins with "),
        ("quote: [...] will come", "begins with "),
        ("quote: {sic} will come", "begins with "),
        ("quote: @home", "begins with "),
        ("quote: `ls`", "begins with "),
        ("quote: %d", "begins with "),
        ("quote: > 50", "begins with "),
        ("quote: | pipe", "begins with "),
        ("quote: she said: yes", 'holds ": "'),
        ("- note: a: b", 'holds ": "'),
    ],
)
def test_prose_that_is_syntax_gets_the_block_form_as_its_fix(line: str, what: str) -> None:
    problems = Problems()
    assert parse_yaml(f"{line}\n", "a", problems) is None
    (problem,) = problems.items
    assert (problem.code, what in problem.message) == ("P018", True)
    fix = problem.fix.removeprefix("write the text on a line of its own:\n")
    node, found = parsed(fix + "\n")
    value = line.partition(": ")[2]
    assert (plain(node), found) in (({"quote": value}, []), ([{"note": value}], []))


@pytest.mark.parametrize("line", ["triple: [a, b, c", "triple: [a, b, c]]", "triple: [[a, b, c], d, e", "k: {a: b"])
def test_a_bracket_that_is_meant_as_one_gets_no_advice_on_prose(line: str) -> None:
    assert [item.split()[1] for item in parsed(f"{line}\n")[1]] == ["P010"]


@given(st.text("abc:#[]{}&*!|>'\"%@`,?- \n\t\r\0é\u2028\ufeff\\", max_size=60))
def test_no_text_makes_the_parser_fail(text: str) -> None:
    problems = Problems()
    node = parse_yaml(text, "a", problems)
    assert node is None or not any(problem.code in ("P010", "P017", "P018") for problem in problems.items)
    for problem in problems.items:
        assert problem.code[0] == "P"
        assert problem.place.line <= len(text.splitlines()) + 1
