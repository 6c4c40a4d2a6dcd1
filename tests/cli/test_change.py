"""Owns the tests of ``onrecord diff`` and ``onrecord retract``: options, output, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onrecord.cli import main
from onrecord.explain.diff import read_diff
from small_graph import LETTER, write_graph


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The garden after the expectation became a fact."""
    return write_graph(tmp_path / "changed", **{"statements/letter.yaml": LETTER.replace("    status: expected\n", "")})


def test_nothing_changed(graph_folder: Path) -> None:
    result = run("diff", graph_folder, graph_folder)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "nothing changed\n", "")


def test_something_changed(graph_folder: Path, changed: Path) -> None:
    result = run("diff", graph_folder, changed)
    assert result.exit_code == 1
    assert (
        result.stdout
        == """\
Statements hardened (1)
  ▲ Rose Marsh attends summer show, for Garden Society  (letter)
      status: expected → stated

Now stands as fact (1)
  + Rose Marsh attends summer show, for Garden Society

1 statement hardened, 1 proposition now stands as fact
"""
    )


@pytest.mark.parametrize(
    ("suffix", "begins"),
    [("txt", "Statements hardened"), ("md", "# "), ("json", "{"), ("html", "<!doctype html>")],
)
def test_the_format_is_that_of_the_file(
    graph_folder: Path, changed: Path, tmp_path: Path, suffix: str, begins: str
) -> None:
    out = tmp_path / f"out.{suffix}"
    result = run("diff", graph_folder, changed, "-o", out)
    assert (result.exit_code, result.stdout) == (1, "")
    assert out.read_text("utf-8").startswith(begins)


def test_json_holds_the_whole_diff(graph_folder: Path, changed: Path) -> None:
    result = run("diff", graph_folder, changed, "--json")
    assert result.exit_code == 1
    assert result.stdout == run("diff", graph_folder, changed, "--format", "json").stdout
    found = read_diff(json.loads(result.stdout))
    assert found.counts()["statements"] == {"hardened": 1}


def test_the_lens_is_put_over_both(graph_folder: Path, changed: Path) -> None:
    assert run("diff", graph_folder, changed, "--source", "minutes").exit_code == 0
    assert run("diff", graph_folder, changed, "--as-of", "2024-05-31").exit_code == 0
    assert run("diff", graph_folder, changed, "--valid-at", "2024-07-06").exit_code == 1
    assert run("diff", graph_folder, changed, "--valid-at", "2024-07-08").exit_code == 0
    told = run("diff", graph_folder, changed, "--include", "expected").stdout
    assert "Now stands as fact" not in told


def test_wrong_calls(graph_folder: Path, tmp_path: Path) -> None:
    for arguments in (
        ("diff", graph_folder, tmp_path / "nowhere"),
        ("diff", graph_folder, f"{graph_folder}@HEAD"),
        ("diff", graph_folder, graph_folder, "--source", "nobody"),
        ("diff", graph_folder, graph_folder, "--possibly"),
        ("diff", graph_folder),
        ("retract", graph_folder, "nobody", "--dry-run"),
        ("retract", graph_folder, "letter"),
        ("retract", graph_folder, "letter", "--undo"),
        ("retract", graph_folder, "letter", "--undo", "--why", "so"),
        ("retract", graph_folder, "letter", "--on", "soon", "--why", "so"),
        ("retract", graph_folder, "letter", "--on", "2024-05-01", "--why", "so"),
    ):
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (2, ""), arguments
        assert result.stderr
    assert not (graph_folder / "withdrawn.yaml").exists()


def test_a_broken_side_shows_its_problems(graph_folder: Path, tmp_path: Path) -> None:
    broken = write_graph(tmp_path / "broken", **{"entities.yaml": "- id: rose\n"})
    result = run("diff", graph_folder, broken)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "P021" in result.stderr


DRY = """\
Minutes of the meeting (minutes)

Statements that fall (2)
  - Rose Marsh believes (Basil Thorn opposes hose ban)  (stated, in its own voice)
  - Basil Thorn supports hose ban  (claimed, said by Basil Thorn)

Propositions that nobody else puts on record (2)
  - Basil Thorn supports hose ban
  - Rose Marsh believes (Basil Thorn opposes hose ban)

Facts that no longer stand (1)
  - Rose Marsh believes (Basil Thorn opposes hose ban)

2 statements, 2 propositions lost, 1 fact, 0 inferences, 0 answers
"""


def test_a_dry_run_writes_nothing(graph_folder: Path) -> None:
    result = run("retract", graph_folder, "minutes", "--dry-run")
    assert (result.exit_code, result.stdout) == (0, DRY)
    assert result.stderr == "minutes withdrawn on 2024-06-09: nothing was written\n"
    assert not (graph_folder / "withdrawn.yaml").exists()


def test_retract_and_undo(graph_folder: Path) -> None:
    result = run("retract", graph_folder, "minutes", "--why", "the vote was not taken", "--on", "2024-06-30")
    assert (result.exit_code, result.stdout) == (0, DRY)
    path = graph_folder / "withdrawn.yaml"
    assert result.stderr == f"minutes withdrawn on 2024-06-30: written to {path}\n"
    assert path.read_text("utf-8") == (
        "- source: minutes\n  on: 2024-06-30\n  who: Ada\n  why: the vote was not taken\n"
    )
    again = run("retract", graph_folder, "minutes", "--why", "again")
    assert (again.exit_code, again.stderr) == (
        2,
        'onrecord: the source "minutes" is withdrawn already, on 2024-06-30\n',
    )
    undone = run("retract", graph_folder, "minutes", "--undo")
    assert (undone.exit_code, undone.stdout, undone.stderr) == (0, "", f"{graph_folder}: minutes counts again\n")
    assert not path.exists()


def test_retract_as_json(graph_folder: Path) -> None:
    found = json.loads(run("retract", graph_folder, "letter", "--dry-run", "--json").stdout)
    assert (found["source"], found["on"], len(found["statements"])) == ("letter", "2024-06-09", 3)
    written = run("retract", graph_folder, "letter", "--why", "so", "--who", "Bert", "--json")
    assert json.loads(written.stdout) == found
    undone = json.loads(run("retract", graph_folder, "letter", "--undo", "--json").stdout)
    assert undone == {"source": "letter", "on": "2024-06-09", "who": "Bert", "why": "so"}


def test_help_ends_in_an_example() -> None:
    for name in ("diff", "retract"):
        told = run(name, "--help").stdout
        assert f"onrecord {name} graphs/miami-talks" in told
    assert "Exit code 0 when nothing changed" in " ".join(run("diff", "--help").stdout.split())
