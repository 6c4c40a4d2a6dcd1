"""evidence.lock: what is in it, that it is read as written, and that damage is a problem and no crash."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import onrecord
from onrecord.errors import Place, Problems
from onrecord.lock import Lock, LockedQuote, quote_key, read_lock, render_lock, write_lock

TEXTS = [("b", "f" * 64, 12, [(0, 5), (6, 12)]), ("a", "0" * 64, 0, [])]
QUOTES = [
    LockedQuote("b", "22", "elided", ((0, 2), (3, 5))),
    LockedQuote("b", "11", "exact", ((6, 9),)),
    LockedQuote("b", "11", "exact", ((6, 9),)),
]
RENDERED = f"""\
{{
  "version": 1,
  "texts": {{
    "a": {{"sha256": "{"0" * 64}", "length": 0, "sentences": []}},
    "b": {{"sha256": "{"f" * 64}", "length": 12, "sentences": [[0, 5], [6, 12]]}}
  }},
  "quotes": [
    ["b", "11", "exact", [[6, 9]]],
    ["b", "22", "elided", [[0, 2], [3, 5]]]
  ]
}}
"""


def read(path: Path) -> tuple[Lock, Problems]:
    """The lock and the problems that reading it made."""
    problems = Problems()
    return read_lock(path, "evidence.lock", problems), problems


def test_the_lock_is_sorted_lines(tmp_path: Path) -> None:
    assert render_lock(TEXTS, QUOTES) == RENDERED
    assert render_lock(reversed(TEXTS), reversed(QUOTES)) == RENDERED


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "evidence.lock"
    assert write_lock(path, TEXTS, QUOTES) is True
    lock, problems = read(path)
    assert problems.items == []
    assert lock.texts == {"a": "0" * 64, "b": "f" * 64}
    assert lock.lengths == {"a": 0, "b": 12}
    assert lock.sentences == {"a": [], "b": [(0, 5), (6, 12)]}
    assert lock.get("b", "11") == QUOTES[1]
    assert lock.get("b", "22") == QUOTES[0]
    assert lock.get("a", "11") is None and lock.get("b", "33") is None


def test_an_unchanged_lock_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "evidence.lock"
    write_lock(path, TEXTS, QUOTES)
    inode = path.stat().st_ino
    assert write_lock(path, TEXTS, QUOTES) is False and path.stat().st_ino == inode
    assert write_lock(path, TEXTS, QUOTES[:1]) is True and path.stat().st_ino != inode


def test_an_empty_lock_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "evidence.lock"
    write_lock(path, [], [])
    assert read(path) == (Lock(), Problems())


def test_no_lock_is_an_empty_one(tmp_path: Path) -> None:
    assert read(tmp_path / "evidence.lock") == (Lock(), Problems())


OTHER = "it is not as onrecord writes it"
DAMAGED = {
    "empty": ("", ":1:1", "this is not JSON: Expecting value"),
    "cut": (RENDERED[:90], ":4:21", "this is not JSON: Unterminated string starting at"),
    "version": (RENDERED.replace('"version": 1', '"version": 2'), "", "version 2 is not known"),
    "no version": ("{}", "", OTHER),
    "list": ("[]", "", OTHER),
    "offset": (RENDERED.replace("[[6, 9]]", '[["x", 9]]'), "", OTHER),
    "order": (RENDERED.replace("[[6, 9]]", "[[9, 6]]"), "", "[[9, 6]] are no offsets"),
    "spans": (RENDERED.replace("[[6, 9]]", "[[6]]"), "", OTHER),
    "verdict": (RENDERED.replace('"exact"', '"sure"'), "", OTHER),
    "quote": (RENDERED.replace('["b", "11", "exact", [[6, 9]]]', "null"), "", OTHER),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_lock_is_a_problem(case: str, tmp_path: Path) -> None:
    text, where, reason = DAMAGED[case]
    path = tmp_path / "evidence.lock"
    path.write_text(text, "utf-8")
    lock, problems = read(path)
    assert lock == Lock()
    (problem,) = problems.items
    assert (problem.code, str(problem.place)) == ("E090", f"evidence.lock{where}")
    assert problem.message == f"the lock cannot be read: {reason}"
    assert problem.fix.startswith("take the version that was committed, or delete it")


def test_a_lock_of_a_merge_that_is_not_finished(tmp_path: Path) -> None:
    path = tmp_path / "evidence.lock"
    path.write_text(RENDERED.replace('  "quotes"', '<<<<<<< HEAD\n  "quotes"'), "utf-8")
    (problem,) = read(path)[1].items
    assert (problem.code, str(problem.place)) == (
        "E090",
        f"evidence.lock:{RENDERED[: RENDERED.index('quotes')].count(chr(10)) + 1}:1",
    )
    assert "two versions" in problem.message


def test_a_lock_nested_too_deep_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "evidence.lock"
    path.write_text('{"version": 1, "texts": ' + "[" * 200_000, "utf-8")
    assert [problem.code for problem in read(path)[1].items] == ["E090"]


@pytest.mark.parametrize(
    ("kind", "code"), [("fifo", "P003"), ("folder", "P003"), ("dangling", "P002"), ("out", "P001")]
)
def test_a_lock_that_is_no_file_of_the_graph(tmp_path: Path, kind: str, code: str) -> None:
    folder = tmp_path / "garden"
    folder.mkdir()
    path = folder / "evidence.lock"
    (tmp_path / "elsewhere").write_text(RENDERED, "utf-8")
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "dangling":
            path.symlink_to("nowhere")
        case "out":
            path.symlink_to(tmp_path / "elsewhere")
    lock, problems = read(path)
    assert lock == Lock()
    assert [(problem.code, problem.place) for problem in problems.items] == [(code, Place("evidence.lock"))]


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe\x00", b"\x80" * 10, b"{}"])
def test_updating_mends_a_damaged_lock(graph_folder: Path, damage: bytes) -> None:
    path = graph_folder / "evidence.lock"
    path.write_bytes(damage)
    onrecord.open(graph_folder).examine(update_lock=True)
    assert onrecord.open(graph_folder).check() == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("statements/minutes.yaml", "statements:\n\t- a: b\n"),
        ("onrecord.yaml", "title: ["),
        ("evidence.lock", "<<<<<<< A\n"),
    ],
)
def test_updating_loses_nothing_of_what_could_not_be_read(graph_folder: Path, name: str, text: str) -> None:
    """The texts are not at hand: only the lock tells of their quotes."""
    onrecord.open(graph_folder).examine(update_lock=True)
    for path in (graph_folder / "sources").iterdir():
        path.unlink()
    sound = {path: path.read_bytes() for path in (graph_folder / name, graph_folder / "evidence.lock")}
    (graph_folder / name).write_text(text, "utf-8")
    before = (graph_folder / "evidence.lock").read_bytes()
    found = onrecord.open(graph_folder).examine(update_lock=True).problems
    assert "E091" in [problem.code for problem in found] or name == "onrecord.yaml"
    assert (graph_folder / "evidence.lock").read_bytes() == before
    for path, data in sound.items():
        path.write_bytes(data)
    assert onrecord.open(graph_folder).examine(update_lock=True).problems == []
    assert (graph_folder / "evidence.lock").read_bytes() == sound[graph_folder / "evidence.lock"]


def test_updating_twice_changes_nothing(graph_folder: Path) -> None:
    path = graph_folder / "evidence.lock"
    onrecord.open(graph_folder).examine(update_lock=True)
    first = path.read_bytes()
    onrecord.open(graph_folder).examine(update_lock=True)
    assert path.read_bytes() == first
    assert first.decode().count('"exact"') + first.decode().count('"normalised"') == 5


def test_the_key_of_a_quote_depends_on_prefix_and_suffix() -> None:
    keys = [quote_key("a"), quote_key("a", "b"), quote_key("a", None, "b"), quote_key("ab"), quote_key("a", "b", "b")]
    assert len(set(keys)) == len(keys)
    assert quote_key("a", "", "") == quote_key("a") == "134588e256d361c9"


names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn"]), max_size=8)
numbers = st.integers(0, 10**9)
pairs = st.tuples(numbers, st.integers(1, 100)).map(lambda pair: (pair[0], sum(pair)))
locked = st.builds(
    LockedQuote, names, names, st.sampled_from(["exact", "elided"]), st.lists(pairs, max_size=3).map(tuple)
)
entries = st.tuples(names, names, numbers, st.lists(pairs, max_size=3))


@given(st.lists(entries, unique_by=lambda e: e[0]), st.lists(locked, unique_by=lambda q: (q.source, q.key)))
def test_any_lock_survives_the_file(
    tmp_path_factory: pytest.TempPathFactory,
    texts: list[tuple[str, str, int, list[tuple[int, int]]]],
    quotes: list[LockedQuote],
) -> None:
    problems = Problems()
    path = tmp_path_factory.mktemp("lock") / "evidence.lock"
    path.write_bytes(render_lock(texts, quotes).encode("utf-8"))
    lock = read_lock(path, "evidence.lock", problems)
    assert problems.items == []
    assert sorted(lock.quotes.values()) == sorted(quotes)
    assert sorted((s, lock.texts[s], lock.lengths[s], lock.sentences[s]) for s in lock.texts) == sorted(texts)
