"""Quotes against texts and lock: every verdict, its words, the limits, and what is written down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import onrecord
from golden_files import assert_golden
from inline import notes, render
from onrecord.check import located
from onrecord.check.evidence import Evidence, QuoteCheck, covered_length, is_free
from onrecord.errors import Problem
from onrecord.files import sha256_hex
from onrecord.graph import Graph
from onrecord.lock import Lock
from onrecord.sources import Verdict
from small_graph import LETTER, LETTER_TEXT, MINUTES, MINUTES_TEXT, SETTINGS, write_graph

HEAD = LETTER[: LETTER.index("  speakers:")]
TENDS = "- triple: [Basil Thorn, tends, plot 7]\n  quote: "
BLOCK = "- triple: [Basil Thorn, tends, plot 7]\n  quote: |-\n    "


def letter(statements: str, head: str = HEAD) -> str:
    return notes(statements, head)


def with_hash(text: str, head: str = HEAD) -> str:
    return head + f"  sha256: {sha256_hex(text.encode())}\n"


CASES: dict[str, dict[str, str | None]] = {
    "E001-near": {"statements/letter.yaml": letter(TENDS + "Basil Thorn may be the one who tends plot 7")},
    "E001-lacks": {"statements/letter.yaml": letter(TENDS + "one who tends plot 7, and register in the shed")},
    "E001-far": {"statements/letter.yaml": letter(TENDS + "zqxjkvb wqzxj kqzwx jjqqz")},
    "E001-elided": {"statements/letter.yaml": letter(BLOCK + "plot 7 [...] Basil Thorn is the one")},
    "E001-left-out": {
        "statements/letter.yaml": letter(
            TENDS + "tends plot 7", HEAD + "  left out:\n    - quote: the butts are full\n      reason: weather\n"
        )
    },
    "E001-prefix": {"statements/letter.yaml": letter(TENDS + "tends plot 7\n  prefix: the noe who")},
    "E001-suffix": {"statements/letter.yaml": letter(TENDS + "tends plot 7\n  prefix: the one who\n  suffix: an end")},
    "E002": {"statements/letter.yaml": letter(BLOCK + '"I am all for it," Mr Thorn claimed')},
    "E003": {"statements/letter.yaml": letter(TENDS + "the")},
    "E003-elided": {"statements/letter.yaml": letter(BLOCK + "the [...] the")},
    "E004": {
        "statements/letter.yaml": letter(TENDS + "he tends the plot"),
        "text": "Basil said he tends the plot, but not now.",
    },
    "E005": {"statements/letter.yaml": letter(TENDS + "tend the plot"), "text": "Basil doesn’t tend the plot at all."},
    "E007": {"statements/letter.yaml": letter(TENDS + "tends plot 7"), "sources/letter.txt": None},
    "E007-no-text": {
        "statements/letter.yaml": letter(TENDS + "tends plot 7", HEAD.replace("  text: letter.txt\n", "")),
        "sources/letter.txt": None,
    },
    "E008": {"statements/letter.yaml": letter(TENDS + "tends plot 7", with_hash("another text"))},
    "E010": {},
    "E010-one": {"statements/letter.yaml": letter(TENDS + "tends plot 7"), "statements/minutes.yaml": None},
    "E020": {"statements/letter.yaml": letter(TENDS + " ".join(LETTER_TEXT.split()[7:33]))},
    "E021": {
        "statements/letter.yaml": letter(TENDS + "he tends the plot"),
        "text": "And he tends the plot, he says so.",
    },
}
"""Files of the garden by the code that they bring about; ``text`` is the letter's archived text."""


def write(folder: Path, files: dict[str, str | None]) -> Path:
    files = dict(files)
    if "text" in files:
        files["sources/letter.txt"] = files.pop("text")
    return write_graph(folder, **files)


def check(folder: Path) -> list[Problem]:
    return onrecord.open(folder).check()


@pytest.mark.parametrize("name", CASES)
def test_problem(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = check(write(Path("garden"), CASES[name]))
    mine = [problem for problem in found if problem.code == name[:4]]
    assert_golden(f"problems/{name}.txt", render(mine))
    assert len(mine) == 1
    others = {problem.code for problem in found} - {name[:4], "E010", "C022", "E021"}
    assert others == set()


def test_of_very_many_missing_quotes_the_first_have_a_nearest_passage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("onrecord.check.evidence.NEAREST", 1)
    missing = "\n".join((TENDS + "one who tends plot 8", TENDS + "one who tends plot 9"))
    found = check(write(Path("garden"), {"statements/letter.yaml": letter(missing)}))
    first, second = [problem for problem in found if problem.code == "E001"]
    assert (first.message, second.message) == (
        'this quote is not in the text: the quote has "8", the text has "7"',
        "this quote is not in the text",
    )
    assert_golden("problems/E001-many.txt", render([second]))


def locked(folder: Path) -> Graph:
    graph = onrecord.open(folder)
    graph.examine(update_lock=True)
    return graph


def test_a_text_that_changed_since_it_was_locked(
    graph_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    locked(graph_folder)
    (graph_folder / "sources" / "letter.txt").write_text(LETTER_TEXT + "P.S. It rained.\n")
    found = check(Path("garden"))
    assert [problem.code for problem in found] == ["E010", "E009"]
    assert_golden("problems/E009.txt", render(found[1:]))
    assert_golden("problems/E010-several.txt", render(found[:1]))
    locked(graph_folder)
    assert check(graph_folder) == []


def test_a_text_whose_hash_is_written_in_the_source(graph_folder: Path) -> None:
    statements = LETTER.replace("  text:", f"  sha256: {sha256_hex(LETTER_TEXT.encode()).upper()}\n  text:")
    (graph_folder / "statements" / "letter.yaml").write_text(statements)
    locked(graph_folder)
    assert check(graph_folder) == []
    (graph_folder / "sources" / "letter.txt").write_text(LETTER_TEXT + "P.S.\n")
    assert [problem.code for problem in check(graph_folder)] == ["E010", "E008"]
    (graph_folder / "sources" / "kept.txt").write_text(LETTER_TEXT)
    assert check(graph_folder) == []  # the right bytes are found by their hash


def test_a_lock_of_another_text(graph_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    locked(graph_folder)
    (graph_folder / "sources" / "letter.txt").unlink()
    (graph_folder / "statements" / "letter.yaml").write_text(
        LETTER.replace("  text:", f"  sha256: {sha256_hex(b'other')}\n  text:")
    )
    found = check(Path("garden"))
    assert [problem.code for problem in found] == ["E008", "E007", "E007", "E007"]
    assert_golden("problems/E008-lock.txt", render(found[:1]))


def test_a_damaged_lock(graph_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (graph_folder / "evidence.lock").write_text('{"version": 7}')
    found = check(Path("garden"))
    assert [problem.code for problem in found] == ["E090", "E010"]
    assert_golden("problems/E090.txt", render(found[:1]))


def test_a_lock_of_files_that_could_not_be_read_is_left_as_it_is(
    graph_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lock = graph_folder / "evidence.lock"
    locked(graph_folder)
    before = lock.read_bytes()
    (graph_folder / "statements" / "minutes.yaml").write_text("statements:\n\t- triple: [a, b, c]\n")
    found = onrecord.open(Path("garden")).examine(update_lock=True).problems
    assert lock.read_bytes() == before
    assert_golden("problems/E091.txt", render([problem for problem in found if problem.code == "E091"]))


def test_without_text_and_lock_that_can_be_read_no_quote_is_called_unverified(graph_folder: Path) -> None:
    for text in (graph_folder / "sources").iterdir():
        text.unlink()
    (graph_folder / "evidence.lock").write_text("<<<<<<< HEAD")
    assert [problem.code for problem in check(graph_folder)] == ["E090"]


DAMAGES = [
    '{"version": 1, "texts": {}, "quotes": [["letter", "k", "exact", [[5, 2]]]]}',
    '{"version": 1, "texts": {}, "quotes": [["letter", "k", "exact", [[-3, 2]]]]}',
    '{"version": 1, "texts": {"a": {"sha256": "", "length": 1e999, "sentences": []}}, "quotes": []}',
    '{"version": 1, "texts": [], "quotes": 3}',
    "<<<<<<< HEAD",
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_lock_that_makes_no_sense_is_a_problem(graph_folder: Path, damage: str) -> None:
    (graph_folder / "evidence.lock").write_text(damage)
    assert "E090" in [problem.code for problem in check(graph_folder)]


def test_the_lock_stands_in_for_the_texts(graph_folder: Path) -> None:
    graph = locked(graph_folder)
    before = graph.examine()
    lock = (graph_folder / "evidence.lock").read_bytes()
    for name in ("letter", "minutes"):
        (graph_folder / "sources" / f"{name}.txt").unlink()
    again = onrecord.open(graph_folder)
    after = again.examine()
    assert after.problems == []
    assert (len(after.evidence.checks), after.evidence.passed, after.evidence.skipped) == (5, 5, 0)
    assert after.evidence.counts() == before.evidence.counts()
    assert [check.spans for check in after.evidence.checks] == [check.spans for check in before.evidence.checks]
    assert all(check.from_lock for check in after.evidence.checks)
    assert not any(check.from_lock for check in before.evidence.checks)
    again.examine(update_lock=True)
    assert (graph_folder / "evidence.lock").read_bytes() == lock  # what is not at hand is kept


def test_who_writes_a_lock_looks_at_each_check_once() -> None:
    """A graph may have as many texts as quotes."""

    class Checks(list[QuoteCheck]):
        looked = 0

        def __iter__(self) -> Iterator[QuoteCheck]:
            self.looked += 1
            return super().__iter__()

    names = [f"source {number}" for number in range(50)]
    checks = Checks(QuoteCheck(name, 1, "words", Verdict.EXACT, ((0, 5),), True) for name in names[1:])
    lock = Lock(texts=dict.fromkeys(names, "0" * 64), lengths=dict.fromkeys(names, 9))
    assert [entry[0] for entry in Evidence(checks=checks).text_entries(lock)] == sorted(names[1:])
    assert checks.looked == 1


def test_a_quote_that_was_never_locked_is_skipped_and_counted(graph_folder: Path) -> None:
    locked(graph_folder)
    (graph_folder / "sources" / "letter.txt").unlink()
    (graph_folder / "statements" / "letter.yaml").write_text(LETTER.replace("tends plot 7\n", "tends plot\n", 1))
    report = onrecord.open(graph_folder).examine()
    assert report.evidence.counts() == {"exact": 3, "normalised": 1, "text missing": 1}
    assert (len(report.evidence.checks), report.evidence.passed, report.evidence.skipped) == (5, 4, 1)
    assert [problem.code for problem in report.problems] == ["E007"]


def test_prefix_and_suffix_are_part_of_what_is_locked(graph_folder: Path) -> None:
    quote = letter(TENDS + "the\n  prefix: members of")
    (graph_folder / "statements" / "letter.yaml").write_text(quote)
    locked(graph_folder)
    (graph_folder / "statements" / "letter.yaml").write_text(quote.replace("members of", "register in"))
    assert "E010" in [problem.code for problem in check(graph_folder)]


def test_the_lock_is_the_same_whoever_writes_it(tmp_path: Path) -> None:
    first, second = write_graph(tmp_path / "a" / "garden"), write_graph(tmp_path / "b" / "garden")
    names = {"statements/letter.yaml": "statements/z.yaml", "statements/minutes.yaml": "statements/a.yaml"}
    for old, new in names.items():
        (second / old).rename(second / new)
    for folder in (first, second):
        locked(folder)
    assert (first / "evidence.lock").read_bytes() == (second / "evidence.lock").read_bytes()


def test_the_lock_says_where_each_quote_stands(graph_folder: Path) -> None:
    locked(graph_folder)
    data = json.loads((graph_folder / "evidence.lock").read_text("utf-8"))
    assert data["texts"]["letter"]["sha256"] == sha256_hex(LETTER_TEXT.encode())
    assert data["texts"]["letter"]["length"] == len(LETTER_TEXT)
    spans = [(source, verdict, spans) for source, _, verdict, spans in data["quotes"]]
    text = {"letter": LETTER_TEXT, "minutes": MINUTES_TEXT}
    found = sorted(text[source][slice(*spans[0])] for source, _, spans in spans)
    assert found == [
        "Basil Thorn is the one who tends plot 7",
        "Mrs Marsh believes that Mr Thorn is against the hose ban",
        "Mrs Marsh is expected at the summer show",
        "our chairwoman, Rose Marsh",
        "“I am all for it,”\nMr Thorn claimed",
    ]
    assert sorted(verdict for _, verdict, _ in spans) == ["exact"] * 4 + ["normalised"]


def test_sources_from_elsewhere(graph_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (graph_folder / "sources").rename(tmp_path / "archive")
    assert onrecord.open(graph_folder).examine().evidence.skipped == 5
    assert onrecord.open(graph_folder).examine([tmp_path / "archive"]).evidence.passed == 5
    monkeypatch.setenv("ONRECORD_SOURCES", f"/nowhere:{tmp_path / 'archive'}")
    assert onrecord.open(graph_folder).examine().evidence.passed == 5


NEGATED = "Basil doesn't tend the plot, but Rose does tend it well on most days of the summer and the spring."


@pytest.mark.parametrize("more", ["\n  not: true", "\n  status: denied\n  said by: Basil Thorn"])
def test_what_turns_or_negates_is_no_news_to_a_negation(more: str, tmp_path: Path) -> None:
    files = {"statements/letter.yaml": letter(TENDS + "tend the plot" + more), "text": NEGATED}
    codes = [problem.code for problem in check(write(tmp_path / "garden", dict(files)))]
    assert "E004" not in codes and "E005" not in codes
    files["statements/letter.yaml"] = letter(TENDS + "tend the plot")
    codes = [problem.code for problem in check(write(tmp_path / "other", dict(files)))]
    assert "E004" in codes and "E005" in codes


def test_a_quote_of_25_words_is_short(tmp_path: Path) -> None:
    words = LETTER_TEXT.split()[7:32]
    assert len(words) == 25
    files: dict[str, str | None] = {"statements/letter.yaml": letter(TENDS + " ".join(words))}
    assert "E020" not in [problem.code for problem in check(write(tmp_path / "garden", files))]


def test_the_limits_can_be_set(tmp_path: Path) -> None:
    files: dict[str, str | None] = {
        "onrecord.yaml": SETTINGS + "quote limits: {words: 2, share: 0.01}\n",
        "statements/letter.yaml": letter(TENDS + "tends plot 7"),
    }
    codes = [problem.code for problem in check(write(tmp_path / "garden", files))]
    assert "E020" in codes and "E021" in codes


@pytest.mark.parametrize(("covered", "refused"), [(40, False), (41, True)])
def test_the_share_of_a_text(covered: int, refused: bool, tmp_path: Path) -> None:
    """Overlapping quotes count once, left-out sentences not at all."""
    text = "a" * (covered - 10) + " " + "b" * 9 + "." + "c" * (100 - covered - 1)
    assert len(text) == 100
    quotes = f"\n    - {'a' * (covered - 10)}\n    - {'a' * (covered - 10)} {'b' * 9}"
    left = f"  left out:\n    - quote: {'c' * (100 - covered - 1)}\n      reason: nothing\n"
    files: dict[str, str | None] = {"statements/letter.yaml": letter(TENDS + quotes, HEAD + left), "text": text}
    codes = [problem.code for problem in check(write(tmp_path / "garden", files))]
    assert ("E021" in codes) is refused
    files["statements/letter.yaml"] = letter(TENDS + quotes, HEAD + left + "  licence: CC-BY-4.0\n")
    assert "E021" not in [problem.code for problem in check(write(tmp_path / "free", files))]


def test_the_share_is_known_from_the_lock(tmp_path: Path) -> None:
    files = {
        "statements/letter.yaml": letter(TENDS + "he tends the plot"),
        "text": "And he tends the plot, he says so.",
    }
    folder = write(tmp_path / "garden", dict(files))
    locked(folder)
    (folder / "sources" / "letter.txt").unlink()
    assert "E021" in [problem.code for problem in check(folder)]


@pytest.mark.parametrize(
    ("licence", "free"),
    [
        ("CC0", True),
        ("CC-BY-4.0", True),
        ("cc by-sa 4.0", True),
        ("CC-BY-NC-4.0", False),
        ("© Lord's Press", False),
        ("", False),
    ],
)
def test_free_licences(licence: str, free: bool) -> None:
    assert is_free(licence) is free


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10)).map(lambda pair: (pair[0], pair[0] + pair[1]))))
def test_covered_length(spans: list[tuple[int, int]]) -> None:
    assert covered_length(spans) == len({at for start, end in spans for at in range(start, end)})


def test_counts_of_nothing() -> None:
    nothing = Evidence()
    assert (nothing.passed, nothing.skipped, nothing.counts()) == (0, 0, {})


def test_a_quote_of_several_spans_is_several_checks(graph_folder: Path) -> None:
    (graph_folder / "statements" / "minutes.yaml").write_text(
        MINUTES.replace("quote: Mrs Marsh believes", "quote:\n      - one item\n      - Mrs Marsh believes")
    )
    report = onrecord.open(graph_folder).examine()
    assert report.evidence.counts() == {"exact": 5, "normalised": 1}


EDITS = {
    "nothing": ("statements/letter.yaml", "", "", 0),
    "another quote": ("statements/letter.yaml", "our chairwoman", "chairwoman", 1),
    "words before a quote": ("statements/letter.yaml", "    quote: our", "    prefix: writes\n    quote: our", 1),
    "a quote that is not there": ("statements/letter.yaml", "our chairwoman", "our headmistress", 1),
    "another word of the text": ("sources/minutes.txt", "the", "a", None),
    "the title": ("onrecord.yaml", "The garden society", "Our garden", 0),
}


@pytest.mark.parametrize("name", EDITS)
def test_only_what_changed_is_looked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    graph, out = onrecord.open(write_graph(tmp_path / "garden")), tmp_path / "out"
    graph.examine(built=out)
    graph.build(out)
    looked: list[str] = []
    inner = located.find_quote

    def outer(quote: str, *rest: str) -> object:
        looked.append(quote)
        return inner(quote, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(located, "find_quote", outer)
    file, old, new, count = EDITS[name]
    path = tmp_path / "garden" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    found = onrecord.open(tmp_path / "garden").examine(built=out)
    if count is None:
        assert set(looked) == {check.quote for check in found.evidence.checks if check.source == "minutes"}
    else:
        assert len(looked) == count
    again = onrecord.open(tmp_path / "garden").examine(built=tmp_path / "none")
    assert found.problems == again.problems
    assert found.evidence.checks == again.evidence.checks
    assert found.evidence.locked == again.evidence.locked
