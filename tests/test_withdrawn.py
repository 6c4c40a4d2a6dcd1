"""Owns the tests of ``withdrawn.yaml``: what is read, what is wrong with it, how it is written and mended."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onrecord
from inline import load_folder, render
from onrecord.errors import GraphBroken, OnRecordError, OutputError, Problem, Problems, has_errors
from onrecord.lens import Lens, select
from onrecord.withdrawn import WITHDRAWN, Withdrawal, latest_day, read_withdrawn, reinstate, withdraw
from small_graph import write_graph

ENTRY = Withdrawal("letter", dt.date(2024, 6, 20), "Ada", "it was a hoax")
WRITTEN = """\
- source: letter
  on: 2024-06-20
  who: Ada
  why: it was a hoax
"""


def read(text: str, tmp_path: Path) -> tuple[tuple[Withdrawal, ...], list[Problem]]:
    path, problems = tmp_path / WITHDRAWN, Problems()
    path.write_text(text, "utf-8")
    return read_withdrawn(path, WITHDRAWN, problems, {"letter", "minutes"}), problems.items


# --- reading


def test_entries_are_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "# gone\n- source: minutes\n  on: 2024-06-21\n  why: |-\n    so: it is\n\n" + WRITTEN
    found, problems = read(text, tmp_path)
    assert problems == []
    assert [each.as_dict() for each in found] == [
        {"source": "minutes", "on": "2024-06-21", "who": "", "why": "so: it is"},
        ENTRY.as_dict(),
    ]
    assert (found[0].place.line, found[0].place.column) == (2, 11)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "\n\n"])
def test_a_file_of_nothing_withdraws_nothing(tmp_path: Path, text: str) -> None:
    assert read(text, tmp_path) == ((), [])


def test_no_file_withdraws_nothing(tmp_path: Path) -> None:
    problems = Problems()
    assert read_withdrawn(tmp_path / WITHDRAWN, WITHDRAWN, problems) == ()
    assert problems.items == []


PROBLEMS = {
    WRITTEN.replace("letter", "leter"): """\
withdrawn.yaml:1:11: W001 no source is called "leter"
    fix: did you mean "letter"?
""",
    WRITTEN.replace("2024-06-20", "20 June"): """\
withdrawn.yaml:2:7: W002 "20 June" is no day
    fix: write a day like 2025-12-17
""",
    WRITTEN + WRITTEN: """\
withdrawn.yaml:5:11: W003 the source "letter" is withdrawn twice; the first time on line 1
    fix: keep one entry
""",
    WRITTEN.replace("  why: it was a hoax\n", ""): """\
withdrawn.yaml:1:3: P021 this withdrawal has no "why"
    fix: write  why: ...
""",
    WRITTEN.replace("it was a hoax", '""'): """\
withdrawn.yaml:1:3: P021 this withdrawal has no "why"
    fix: write  why: ...
""",
    WRITTEN.replace("who:", "whom:"): """\
withdrawn.yaml:3:3: P020 unknown field "whom" in a withdrawal
    fix: did you mean "who"?
""",
    WRITTEN.replace("Ada", "[Ada, Bert]"): """\
withdrawn.yaml:3:8: P022 "who" takes a text
    fix: write  who: ...
""",
    "source: letter\n": """\
withdrawn.yaml:1:1: P022 this file is a list of withdrawals
    fix: write  - source: ...
""",
    "- letter\n": """\
withdrawn.yaml:1:3: P022 a withdrawal is a mapping of fields
    fix: write  - source: ...
""",
}


@pytest.mark.parametrize(("text", "told"), PROBLEMS.items(), ids=[told.split()[1] for told in PROBLEMS.values()])
def test_problems(tmp_path: Path, text: str, told: str) -> None:
    _, problems = read(text, tmp_path)
    assert "".join(problem.render(lambda file, line: None) + "\n" for problem in problems) == told


def test_an_entry_before_the_first_day_is_a_warning(tmp_path: Path) -> None:
    early = WRITTEN.replace("2024-06-20", "2024-05-20")
    folder = write_graph(tmp_path / "garden", **{WITHDRAWN: early})
    problems = [each for each in onrecord.open(folder).check() if each.code.startswith("W")]
    assert (
        render(problems)
        == f"""\
{problems[0].place}: warning W004 "letter" is withdrawn on 2024-05-20, before it was on record (2024-06-01)
    - source: letter
              ^^^^^^
    fix: write  on: 2024-06-01  or a later day
"""
    )


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.yaml").write_text(WRITTEN, "utf-8")
    folder = write_graph(tmp_path / "garden")
    (folder / WITHDRAWN).symlink_to(tmp_path / "elsewhere.yaml")
    assert load_folder(folder).codes == ["P001"]
    with pytest.raises(OnRecordError, match="this is a link"):
        withdraw(folder, ENTRY)


# --- writing


def test_the_first_entry_makes_the_file_and_its_undoing_deletes_it(tmp_path: Path) -> None:
    assert withdraw(tmp_path, ENTRY) == WRITTEN.encode()
    assert (tmp_path / WITHDRAWN).read_text("utf-8") == WRITTEN
    assert reinstate(tmp_path, "letter") == ENTRY
    assert list(tmp_path.iterdir()) == []


def test_a_later_entry_stands_apart(tmp_path: Path) -> None:
    withdraw(tmp_path, ENTRY)
    withdraw(tmp_path, Withdrawal("minutes", dt.date(2024, 6, 22), "", "a: b # c\n\n  and more  \n"))
    assert (tmp_path / WITHDRAWN).read_text("utf-8") == (
        WRITTEN + "\n- source: minutes\n  on: 2024-06-22\n  why: |-\n    a: b # c\n\n      and more\n"
    )


@pytest.mark.parametrize(
    "before",
    [
        "",
        "\n",
        "# a remark",
        "# a remark\n",
        "# a remark\n\n\n",
        "\ufeff# a remark\n",
        "- source: minutes\n  on: 2024-06-21\n  why: gone  # said the paper\n# the end\n",
        "- source: minutes\n  on: 2024-06-21\n  why: gone",
        "- source: minutes\r\n  on: 2024-06-21\r\n  why: gone\r\n",
        "- source: minutes\r\n  on: 2024-06-21\r\n  why: gone",
        "  - source: minutes\n    on: 2024-06-21\n    why: >\n      gone\n\n",
        "-   why: gone\n    source: minutes\n    on: 2024-06-21\n",
    ],
)
def test_undoing_restores_every_byte(tmp_path: Path, before: str) -> None:
    path = tmp_path / WITHDRAWN
    path.write_bytes(before.encode())
    added = withdraw(tmp_path, ENTRY)
    assert path.read_bytes() == before.encode() + added
    problems = Problems()
    assert read_withdrawn(path, WITHDRAWN, problems)[-1] == ENTRY
    assert problems.items == []
    reinstate(tmp_path, "letter")
    assert path.read_bytes() == before.encode()


TEXTS = st.text(
    st.characters(
        codec="utf-8",
        exclude_categories=["Cc", "Cs"],
        exclude_characters="\ufffe\uffff",
        include_characters="\n :#-'\"|>[]{}&*",
    )
)
LINES = st.lists(
    st.one_of(
        st.sampled_from(["", "   ", "# a remark", "  # another", "#"]),
        st.builds(
            lambda name, why: f"- source: s{name}\n  on: 2024-01-01\n  why: {why}",
            st.uuids().map(str),
            st.sampled_from(["gone", "|-\n    gone\n\n    and gone", '"so: it is"', ">\n    gone", "gone # so"]),
        ),
    ),
    max_size=5,
)


@settings(max_examples=40)
@given(LINES, st.sampled_from(["\n", "\r\n"]), st.booleans(), TEXTS, TEXTS)
def test_withdrawing_and_undoing_is_nothing(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], line_end: str, ended: bool, who: str, why: str
) -> None:
    folder = tmp_path_factory.mktemp("graph")
    path = folder / WITHDRAWN
    text = line_end.join(line for block in lines for line in block.split("\n")) + (line_end if ended else "")
    path.write_bytes(text.encode())
    try:
        withdraw(folder, Withdrawal("letter", dt.date(2024, 6, 20), who, why))
    except OnRecordError as error:
        allowed = ("needs a reason", "plain text", "nothing can be added", "cannot be read")
        assert any(part in str(error) for part in allowed), error
        assert path.read_bytes() == text.encode()
        return
    problems = Problems()
    entry = read_withdrawn(path, WITHDRAWN, problems)[-1]
    assert not has_errors(problems.items)
    assert (entry.source, entry.on) == ("letter", dt.date(2024, 6, 20))
    for given_text, kept in ((who, entry.who), (why, entry.why)):
        assert kept.split() == given_text.split()
    reinstate(folder, "letter")
    assert path.read_bytes() == text.encode()


@settings(max_examples=15)
@given(st.permutations(["a", "b", "c", "d"]), st.booleans())
def test_undoing_in_any_order_leaves_the_file_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, order: list[str], there: bool
) -> None:
    folder = tmp_path_factory.mktemp("graph")
    path = folder / WITHDRAWN
    if there:
        path.write_text("# what the desk withdrew\n", "utf-8")
    for name in "abcd":
        withdraw(folder, Withdrawal(name, dt.date(2024, 6, 20), "Ada", "it: was a hoax"))
    for name in order:
        reinstate(folder, name)
    assert (path.read_text("utf-8") if path.exists() else None) == ("# what the desk withdrew\n" if there else None)


def test_an_entry_written_by_hand_is_taken_out_too(tmp_path: Path) -> None:
    by_hand = (
        "# head\n- why: |\n    gone:\n    for good\n  source: letter\n  on: 2024-06-20\n# tail\n- source: minutes\n"
    )
    (tmp_path / WITHDRAWN).write_text(by_hand + "  on: 2024-06-21\n  why: gone\n", "utf-8")
    with pytest.raises(OnRecordError, match="delete it by hand"):
        reinstate(tmp_path, "letter")
    plain = "# head\n- source: letter\n  on: '2024-06-20'\n  why: gone\n\n# tail\n- source: minutes\n"
    (tmp_path / WITHDRAWN).write_text(plain + "  on: 2024-06-21\n  why: gone\n", "utf-8")
    reinstate(tmp_path, "letter")
    left = "# head\n\n# tail\n- source: minutes\n  on: 2024-06-21\n  why: gone\n"
    assert (tmp_path / WITHDRAWN).read_text("utf-8") == left


@pytest.mark.parametrize(
    "text",
    [
        "[{source: minutes, on: 2024-06-21, why: gone}]\n",
        "---\n- source: minutes\n  on: 2024-06-21\n  why: gone\n...\n",
    ],
)
def test_what_cannot_be_added_to_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / WITHDRAWN).write_text(text, "utf-8")
    with pytest.raises(OnRecordError, match="add the entry by hand"):
        withdraw(tmp_path, ENTRY)
    assert (tmp_path / WITHDRAWN).read_text("utf-8") == text


def test_wrong_calls(tmp_path: Path) -> None:
    with pytest.raises(OnRecordError, match='the source "letter" is not withdrawn'):
        reinstate(tmp_path, "letter")
    with pytest.raises(OnRecordError, match="needs a reason"):
        withdraw(tmp_path, Withdrawal("letter", dt.date(2024, 6, 20), "Ada", " "))
    with pytest.raises(OnRecordError, match="without control characters"):
        withdraw(tmp_path, Withdrawal("letter", dt.date(2024, 6, 20), "Ada", "\x1b[31m"))
    withdraw(tmp_path, ENTRY)
    with pytest.raises(OnRecordError, match="withdrawn already"):
        withdraw(tmp_path, ENTRY)
    with pytest.raises(OnRecordError, match='did you mean "letter"'):
        reinstate(tmp_path, "leter")
    (tmp_path / WITHDRAWN).write_text("- nonsense\n", "utf-8")
    with pytest.raises(GraphBroken, match="cannot be read"):
        withdraw(tmp_path, ENTRY)


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(OutputError):
        withdraw(tmp_path / "file", ENTRY)


# --- what counts


def test_the_source_counts_until_the_day(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "garden", **{WITHDRAWN: WRITTEN})
    found = load_folder(folder)

    def sources(lens: Lens) -> set[str]:
        return set(select(found.table, lens, found.loaded.project.policy)["source"].to_list())

    assert sources(Lens()) == {"minutes"}
    assert sources(Lens(dt.date(2024, 6, 19))) == {"letter", "minutes"}
    assert sources(Lens(dt.date(2024, 6, 20))) == {"minutes"}
    assert sources(Lens(dt.date(2024, 6, 1))) == {"letter"}
    assert sources(Lens(sources=frozenset({"letter"}))) == set()
    assert latest_day(found.table, found.loaded.resolved.withdrawn) == dt.date(2024, 6, 20)


def test_a_withdrawal_makes_a_build_stale(tmp_path: Path) -> None:
    from onrecord.manifest import is_fresh

    folder = write_graph(tmp_path / "graphs" / "garden")
    graph = onrecord.open(folder)
    out = graph.project.build_folder
    graph.build()
    assert is_fresh(graph.project, out)
    withdraw(folder, ENTRY)
    assert not is_fresh(graph.project, out)
    reinstate(folder, "letter")
    assert is_fresh(graph.project, out)
