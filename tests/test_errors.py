"""Problems as they are printed, the exception tree, and the exact text of every problem of P, G and O."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import onrecord
import onrecord.errors as errors
from golden_files import assert_golden
from onrecord.errors import (
    GraphBroken,
    MissingExtra,
    Place,
    Problem,
    Problems,
    Severity,
    has_errors,
    printable,
    sort_problems,
)
from problem_cases import CASES
from reading import read, rendered
from small_graph import write_only

SOURCES = Path(errors.__file__).parent
FAMILIES = "PGO"


def test_every_code_of_the_families_has_cases() -> None:
    found = {
        code
        for path in SOURCES.rglob("*.py")
        for code in re.findall(rf'"([{FAMILIES}]\d{{3}})"', path.read_text("utf-8"))
    }
    assert sorted(found) == sorted(CASES)


def test_no_golden_file_is_left_over() -> None:
    folder = Path(__file__).parent / "golden" / "problems"
    ours = {path.stem for path in folder.glob("*.txt") if path.stem[0] in FAMILIES}
    assert ours == set(CASES)


@pytest.mark.parametrize("code", sorted(CASES))
def test_the_text_of_a_problem(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = []
    for number, case in enumerate(CASES[code]):
        root = tmp_path / str(number)
        folder = write_only(root / "garden", **case.files)
        if case.prepare:
            case.prepare(folder)
        if case.files.get("onrecord.yaml") == "ontologies: [../other.ttl]\n":
            (root / "other.ttl").write_text("")
        monkeypatch.chdir(root)
        found = read(folder).problems
        if case.checked:
            found = [problem for problem in onrecord.open(folder).check() if problem.code == code]
        codes = {problem.code for problem in found}
        assert code in codes, f"{case.title}: {codes or 'nothing found'}"
        if not case.among_others:
            assert codes == {code}, case.title
        parts.append(f"# {case.title}\n{rendered(found)}\n")
    assert_golden(f"problems/{code}.txt", "\n".join(parts))


# Printing


def problem(message: str = "it is odd", **more: object) -> Problem:
    return Problem("P999", **({"place": Place("a.yaml", 2, 3, 4), "message": message} | more))  # type: ignore[arg-type]


def test_render_shows_place_code_line_caret_and_fix() -> None:
    text = problem(fix="mend it\nlike so").render(lambda file, line: f"{file} line {line}\r\n")
    assert text.split("\n") == [
        "a.yaml:2:3: P999 it is odd",
        "    a.yaml line 2",
        "      ^^^^",
        "    fix: mend it",
        "         like so",
    ]


def test_render_without_a_line_shows_no_caret() -> None:
    assert problem().render(lambda file, line: None) == "a.yaml:2:3: P999 it is odd"
    assert problem(place=Place("a.yaml")).render(lambda file, line: "never") == "a.yaml: P999 it is odd"


@pytest.mark.parametrize(
    ("severity", "head"),
    [(Severity.ERROR, "P999"), (Severity.WARNING, "warning P999"), (Severity.INFO, "info P999")],
)
def test_render_names_what_is_no_error(severity: Severity, head: str) -> None:
    assert problem(severity=severity).render(lambda file, line: None) == f"a.yaml:2:3: {head} it is odd"


def test_render_shows_what_a_terminal_would_obey() -> None:
    place = Place("a\x1b[2Jb\nc.yaml", 1, 1)
    text = problem("\x1b[31m \u202e \u200b", place=place, fix="\x07").render(lambda file, line: "x\x1b\u202ey")
    assert text.split("\n") == [
        "a\\x1b[2Jb\\nc.yaml:1:1: P999 \\x1b[31m \\u202e \\u200b",
        "    x  y",
        "    ^",
        "    fix: \\x07",
    ]


def test_render_keeps_long_values_short_and_as_dict_keeps_them_whole() -> None:
    long = problem("m" * 5000, fix="f" * 5000)
    assert max(map(len, long.render(lambda file, line: None).split("\n"))) < 1100
    assert len(str(long.as_dict()["message"])) == 5000


@pytest.mark.parametrize(
    ("line", "column", "shown"),
    [
        ("abc", 1, ["    abc", "    ^^^^"[:7]]),
        ("        abc", 9, ["    abc", "    ^^^"]),
        (
            "x" * 200 + "HERE" + "y" * 200,
            201,
            ["    …" + "x" * 40 + "HERE" + "y" * 56 + "…", "    " + " " * 41 + "^^^^"],
        ),
        ("\tabcd", 2, ["    abcd", "    ^^^^"]),
        ("ab\tcdef", 4, ["    ab cdef", "       ^^^^"]),
        ("日本abcd", 3, ["    日本abcd", "        ^^^^"]),
        ("e\u0301日本語ok", 3, ["    e\u0301日本語ok", "     ^^^^^^^"]),
    ],
)
def test_the_caret_stands_under_the_span(line: str, column: int, shown: list[str]) -> None:
    text = problem(place=Place("a.yaml", 1, column, 4)).render(lambda file, number: line)
    assert text.split("\n")[1:] == shown


def test_printable_keeps_what_people_read() -> None:
    assert printable("Größe — “so”\u00a0日本 😀") == "Größe — “so”\u00a0日本 😀"
    assert printable("a\udce9b") == "a\\udce9b"
    assert printable("a\nb", keep_newlines=True) == "a\nb"


# Order and weight


def test_problems_are_sorted_by_place_then_weight_and_stand_once() -> None:
    problems = Problems()
    problems.warning("B", Place("b.yaml", 1), "second")
    problems.error("A", Place("b.yaml", 1), "first")
    problems.info("C", Place("a.yaml", 10), "a")
    problems.info("C", Place("a.yaml", 9), "b")
    problems.extend([Problem("A", Place("b.yaml", 1), "first")])
    assert [item.message for item in sort_problems(problems.items)] == ["b", "a", "first", "second"]


def test_only_errors_stop_a_build() -> None:
    problems = Problems()
    problems.warning("A", Place("a"), "a")
    problems.info("A", Place("a"), "a")
    assert not has_errors(problems.items)
    problems.error("A", Place("a"), "a")
    assert has_errors(problems.items)


# Exceptions


def exceptions() -> dict[str, type[errors.OnRecordError]]:
    return {
        name: item
        for name, item in vars(errors).items()
        if isinstance(item, type) and issubclass(item, errors.OnRecordError)
    }


def test_the_docstring_draws_the_whole_tree() -> None:
    drawn = set(re.findall(r"^[ │├└─]*(\w+) {2,}", errors.__doc__ or "", re.MULTILINE))
    assert drawn == set(exceptions())


def test_exit_codes() -> None:
    assert {name for name, item in exceptions().items() if item.exit_code == 1} == {
        "GraphBroken",
        "QueryBusy",
        "QueryCancelled",
        "QueryError",
        "QueryLimitExceeded",
        "QueryRefused",
        "QuerySyntaxError",
        "ServerTooSlow",
    }
    assert {item.exit_code for item in exceptions().values()} == {1, 2}


def test_exceptions_carry_what_they_say() -> None:
    assert GraphBroken("bad", [problem()]).problems == (problem(),)
    assert errors.QueryRefused(problem(), "SELECT").problem == problem()
    assert str(MissingExtra("pandas", "pandas")) == "pandas is not installed: pip install 'onrecord[pandas]'"
