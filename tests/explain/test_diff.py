"""Owns the tests of ``onrecord.explain.diff`` on the curated graphs, edited as curators do and compared across git."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from onrecord.errors import GraphBroken
from onrecord.explain.changes import compare
from onrecord.explain.diff import Diff, apply, read_diff
from onrecord.explain.states import State, read_states
from onrecord.lens import Lens

GRAPHS = Path(__file__).resolve().parents[2] / "graphs"
SPEAKERS = {"miami-talks": "Kremlin", "harbour-bridge": "Bram Ostler"}
EDITS = ("drop", "expected", "claimed", "denied", "not", "hedge", "when", "said by", "twice")
_BLOCK = re.compile(r"^  - (?:.*\n)(?:(?!  - |  # |\S).*\n)*", re.MULTILINE)


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module", params=["miami-talks", "harbour-bridge"])
def committed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of a graph in a repository of its own, committed once."""
    root = tmp_path_factory.mktemp("repository")
    folder = root / "graphs" / str(request.param)
    shutil.copytree(GRAPHS / folder.name, folder)
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "as curated")
    return folder


def edited(block: str, how: str, speaker: str) -> str:
    """The statement after an edit."""
    if how in ("drop", "twice"):
        return "" if how == "drop" else block + block
    key, line = {
        "not": ("not", "not: true"),
        "hedge": ("hedge", "hedge: reportedly"),
        "when": ("when", "when: 2025-11"),
        "said by": ("said by", f"said by: {speaker}"),
    }.get(how, ("status", f"status: {how}"))
    kept = re.sub(rf"^    {key}: .*\n", "", block, flags=re.MULTILINE)
    return kept.rstrip("\n") + f"\n    {line}\n"


def turned(before: State, after: State) -> Diff:
    """The diff, once it is known to make the one table into the other, through JSON and back again."""
    found = compare(before, after)
    read = read_diff(json.loads(json.dumps(found.as_dict())))
    assert read == found
    assert apply(before.table, read).equals(after.table)
    assert apply(after.table, compare(after, before)).equals(before.table)
    assert bool(found) != (before.table.equals(after.table) and not found)
    return found


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(EDITS)), min_size=1, max_size=6))
def test_the_diff_of_an_edited_graph_makes_one_table_into_the_other(
    committed: Path, edits: list[tuple[int, str]]
) -> None:
    files = sorted((committed / "statements").glob("*.yaml"))
    kept = {path: path.read_text("utf-8") for path in files}
    try:
        for number, how in edits:
            path = files[number % len(files)]
            text = path.read_text("utf-8")
            head, mark, body = text.partition("\nstatements:\n")
            blocks = list(_BLOCK.finditer(body))
            block = blocks[number // len(files) % len(blocks)]
            changed = body[: block.start()] + edited(block[0], how, SPEAKERS[committed.name]) + body[block.end() :]
            path.write_text(head + mark + changed, "utf-8")
        try:
            states = read_states(f"{committed}@HEAD", str(committed), Lens())
        except GraphBroken:
            assume(False)
        turned(*states)
    finally:
        for path, text in kept.items():
            path.write_text(text, "utf-8")


def test_a_graph_does_not_differ_from_its_commit(committed: Path) -> None:
    assert not turned(*read_states(f"{committed}@HEAD", str(committed), Lens()))
