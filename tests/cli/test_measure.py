"""Owns the tests of ``onrecord path``, ``stats`` and ``judge``: what they print, and how they end."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onrecord.cli import main
from small_graph import write_graph

GRAPHS = Path(__file__).resolve().parents[2] / "graphs"


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments, prog_name="onrecord", terminal_width=100, env={"COLUMNS": "100"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def garden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_graph(tmp_path / "garden")


# --- path


def test_a_path_is_printed_with_its_evidence(garden: Path) -> None:
    result = run("path", "garden", "Garden Society", "hose ban", "--alternatives", "3")
    assert (
        result.stdout
        == """\
Garden Society to hose ban: 3 hops
1. Garden Society ← chairs ← Rose Marsh
   “our chairwoman, Rose Marsh”
   stated; Garden Society, 2024-06-01 (statements/letter.yaml:12)
2. Rose Marsh → believes → (Basil Thorn opposes hose ban)
   “Mrs Marsh believes that Mr Thorn is against the hose ban”
   stated; Garden Society, 2024-06-09 (statements/minutes.yaml:9)
3. (Basil Thorn opposes hose ban) is about hose ban, its object
"""
    )
    assert (result.exit_code, result.stderr) == (0, "")


def test_without_a_path_it_says_what_would_give_one(garden: Path) -> None:
    result = run("path", "garden", "rose", "summer show")
    assert (
        result.stdout
        == """\
Rose Marsh to summer show: no path stands as fact
with  --include expected  there is one
with  --all  there is one of 1 hop
"""
    )
    assert result.exit_code == 1
    result = run("path", "garden", "rose", "summer show", "--include", "expected")
    assert (
        result.stdout
        == """\
Rose Marsh to summer show: 1 hop
1. Rose Marsh → attends → summer show, for Garden Society
   “Mrs Marsh is expected at the summer show”
   expected; Garden Society, 2024-06-01 (statements/letter.yaml:20)
"""
    )
    assert result.exit_code == 0


def test_nothing_at_all_connects_them(garden: Path) -> None:
    result = run("path", "garden", "summer show", "hose ban", "--source", "minutes")
    expected = "summer show to hose ban: no path stands as fact\nno statement of any status connects them\n"
    assert (result.stdout, result.exit_code) == (expected, 1)
    result = run("path", "garden", "summer show", "hose ban", "--source", "minutes", "--all")
    assert (result.stdout, result.exit_code) == ("summer show to hose ban: no path\n", 1)


def test_all_counts_claims_with_their_speaker(garden: Path) -> None:
    result = run("path", "garden", "Basil Thorn", "plot 7", "--all", "--json")
    found = json.loads(result.stdout)
    (hop,) = found["routes"][0]["hops"]
    assert (hop["property"], hop["forward"], hop["status"]) == ("tends", True, "stated")
    assert hop["statements"][0]["said_by"] == ["a neighbour"]
    assert hop["statements"][0]["stands_as_fact"] is False
    assert "stated, said by a neighbour; Garden Society" in run("path", "garden", "basil", "plot 7", "--all").stdout


def test_an_unknown_name_is_a_wrong_call(garden: Path) -> None:
    result = run("path", "garden", "Rose March", "plot 7")
    assert result.exit_code == 2
    assert result.stderr.startswith('onrecord: no entity is called "Rose March": did you mean "Rose Marsh"')


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [("miami-talks", "Steve Witkoff", "Dmitry Peskov"), ("harbour-bridge", "Corvin Sool", "Tamsin Wrack")],
)
def test_paths_in_the_curated_graphs(name: str, start: str, end: str) -> None:
    result = run("path", str(GRAPHS / name), start, end, "--alternatives", "2")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{start} to {end}: ")
    assert result.stdout.count(f"{start} to {end}: ") == 3
    assert result.stdout == run("path", str(GRAPHS / name), start, end, "--alternatives", "2").stdout


# --- stats


def test_figures_are_printed(garden: Path) -> None:
    result = run("stats", "garden")
    text = "\n".join(line.rstrip() for line in result.stdout.splitlines())
    assert text.startswith("5 statements, 2 as fact; 6 propositions, 7 entities\n")
    for part in (
        "status     statements   as fact\n" + "─" * 31 + "\nstated     3            2\nexpected   1            0\n",
        "speaker       statements   as fact\n" + "─" * 34 + "\nown voice     3            2\n",
        "the network of what stands as fact: 4 entities, 3 ties, 1 component\n",
        "most ties        degree   community\n" + "─" * 35 + "\nRose Marsh       3        1\n",
        "most between     betweenness   community\n" + "─" * 40 + "\nRose Marsh       1.0000        1\n",
        "text      news sentences   covered   quoted\n" + "─" * 43 + "\nletter    –                –         –\n",
    ):
        assert part in text
    assert result.exit_code == 0


def test_top_shortens_every_list_and_says_so(garden: Path) -> None:
    text = run("stats", "garden", "--top", "1", "--all").stdout
    assert "and 2 more" in text
    assert "the network of every statement and mention:" in text


def test_figures_as_json(garden: Path) -> None:
    found = json.loads(run("stats", "garden", "--json", "--include", "expected").stdout)
    assert (found["statements"], found["as_fact"], found["everything"]) == (5, 3, False)


@pytest.mark.parametrize("name", ["miami-talks", "harbour-bridge"])
def test_figures_of_the_curated_graphs(name: str) -> None:
    found = json.loads(run("stats", str(GRAPHS / name), "--json").stdout)
    assert found["statements"] == sum(each["statements"] for each in found["sources"])
    assert all(each["quoted"] <= 0.4 for each in found["coverage"])
    assert run("stats", str(GRAPHS / name)).exit_code == 0


# --- judge


def test_a_judgement_is_written_used_and_taken_back(garden: Path) -> None:
    before = run("export", "garden", "--format", "nq").stdout
    result = run(
        "judge", "garden", "Rose", "same", "Basil Thorn", "--why", "one hand", "--who", "Bo", "--when", "2024-06-10"
    )
    assert (result.stdout, result.stderr) == ("garden/judgements.yaml:1\n", "rose and basil are judged same\n")
    assert (garden / "judgements.yaml").read_text() == (
        "- left: rose\n  right: basil\n  judgement: same\n  who: Bo\n  when: 2024-06-10\n  why: one hand\n"
    )
    merged = run("export", "garden", "--format", "nq").stdout
    assert "entity/rose>" not in merged
    assert "entity/basil>" in merged
    result = run("judge", "garden", "basil", "same", "rose", "--undo")
    assert (result.stdout, result.stderr) == (
        "garden/judgements.yaml:1\n",
        "taken back: rose and basil are judged same\n",
    )
    assert run("export", "garden", "--format", "nq").stdout == before
    assert not (garden / "judgements.yaml").exists()


def test_a_judgement_as_json(garden: Path) -> None:
    result = run(
        "judge", "garden", "Rose", "unsure", "basil", "--why", "a hand", "--who", "Bo", "--when", "2024-06-10", "--json"
    )
    assert json.loads(result.stdout) == {
        "left": "rose",
        "right": "basil",
        "judgement": "unsure",
        "who": "Bo",
        "when": "2024-06-10",
        "why": "a hand",
        "file": "garden/judgements.yaml",
        "line": 1,
    }


def test_the_curator_judges_today_unless_told_otherwise(garden: Path) -> None:
    assert run("judge", "garden", "rose", "unsure", "basil", "--why", "so").exit_code == 0
    text = (garden / "judgements.yaml").read_text()
    assert f"  who: Ada\n  when: {dt.date.today().isoformat()}\n" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("rose", "same", "basil"), "a judgement says why: write --why TEXT"),
        (("rose", "equal", "basil", "--why", "so"), "'equal' is not one of 'same', 'different', 'unsure'"),
        (("rose", "same", "basil", "--undo", "--why", "so"), "--undo goes without --why, --who and --when"),
        (("rose", "same", "basil", "--undo"), '"basil" and "rose" are not judged same in garden/judgements.yaml'),
        (("rose", "same", "Rose", "--why", "so"), '"rose" is judged against itself'),
    ],
)
def test_wrong_calls_write_nothing(arguments: tuple[str, ...], message: str, garden: Path) -> None:
    result = run("judge", "garden", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (garden / "judgements.yaml").exists()


def test_nobody_judges_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_graph(tmp_path / "garden", **{"onrecord.yaml": "title: The garden\nontologies: [garden]\n"})
    result = run("judge", "garden", "rose", "same", "basil", "--why", "so")
    assert (result.exit_code, "a judgement says who judged" in result.stderr) == (2, True)


def test_a_curated_graph_answers_under_either_name(tmp_path: Path) -> None:
    folder = tmp_path / "harbour-bridge"
    shutil.copytree(GRAPHS / "harbour-bridge", folder)
    assert run("path", str(folder), "Corvin Sool", "Pell & Osmund").stdout.startswith(
        "Corvin Sool to Pell & Osmund: 3 hops"
    )
    assert run("judge", str(folder), "Brackwater Marine", "same", "Pell & Osmund", "--why", "a trial").exit_code == 0
    assert run("path", str(folder), "Corvin Sool", "Pell & Osmund").stdout.startswith(
        "Corvin Sool to Brackwater Marine: 1 hop"
    )
    assert run("judge", str(folder), "Brackwater Marine", "same", "Pell & Osmund", "--undo").exit_code == 0
    assert run("path", str(folder), "Corvin Sool", "Pell & Osmund").stdout.startswith(
        "Corvin Sool to Pell & Osmund: 3 hops"
    )


@pytest.mark.parametrize("command", ["path", "stats", "judge"])
def test_help_ends_in_an_example(command: str) -> None:
    assert f"Example:\n      onrecord {command} graphs/miami-talks" in run(command, "--help").stdout
