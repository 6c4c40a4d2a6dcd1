"""The manifest of a build: what it tells of damage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import onrecord
from inline import rich_files, write_notes
from onrecord.cli import main
from onrecord.manifest import find_damage


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A build of the rich graph."""
    onrecord.open(write_notes(tmp_path / "graphs" / "garden", "", **rich_files())).build()
    return tmp_path / "build" / "garden"


def cut(path: Path) -> None:
    """Half the file is gone."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    """One bit is another."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_whole_build_has_no_damage(built: Path) -> None:
    assert find_damage(built) == []


@pytest.mark.parametrize("name", ["garden.ttl", "garden.trig", "garden.nq", "places.jsonl", "written.json"])
@pytest.mark.parametrize(
    ("damage", "words"),
    [(cut, " bytes"), (flip, "its bytes are not those that were written"), (Path.unlink, "cannot be read")],
    ids=["cut", "flip", "gone"],
)
def test_damage_of_a_file_is_told(built: Path, name: str, damage: Callable[[Path], None], words: str) -> None:
    damage((built / name).resolve())
    (line,) = find_damage(built)
    assert line.startswith(f"{name}: ") and words in line


@pytest.mark.parametrize("damage", [cut, Path.unlink], ids=["cut", "gone"])
def test_a_damaged_manifest_is_told(built: Path, damage: Callable[[Path], None]) -> None:
    damage((built / "manifest.json").resolve())
    (line,) = find_damage(built)
    assert line.startswith("manifest.json: cannot be read")


def test_a_manifest_that_says_something_else_is_told(built: Path) -> None:
    path = built / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["counts"]["statements"] += 1
    path.write_text(json.dumps(manifest), "utf-8")
    assert find_damage(built) == ["manifest.json: it does not say what was written"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 200_000, "manifest.json: cannot be read"),
        ('{"inputs": "", "sha256": "", "files": {"a": {"bytes": Infinity, "sha256": ""}}}', "manifest.json: cannot"),
        ('{"inputs": "", "sha256": "", "files": {"a\\u0000b": {"bytes": 1, "sha256": ""}}}', "no file has such a name"),
    ],
    ids=["nested", "endless", "no name"],
)
def test_a_manifest_of_anything_is_told(built: Path, text: str, words: str) -> None:
    (built / "manifest.json").write_text(text, "utf-8")
    assert any(words in line for line in find_damage(built))


def test_a_whole_store_of_another_build_is_told(built: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    onrecord.open(tmp_path / "graphs" / "garden").build(other, inference=False)
    store = (built / "store").resolve()
    shutil.rmtree(store)
    link = store.parent / "store"
    link.unlink()
    shutil.copytree((other / "store").resolve(), store.parent / (other / "store").resolve().name)
    link.symlink_to((other / "store").resolve().name)
    assert find_damage(built) == ["store: is not of this build"]


def test_damage_of_any_file_of_the_store_is_told(built: Path) -> None:
    tables = [
        path for path in sorted((built / "store").resolve().iterdir()) if path.stat().st_size and path.name != "LOG"
    ]
    assert {path.suffix for path in tables} >= {".sst", ""}
    for table in tables:
        whole = table.read_bytes()
        flip(table)
        assert find_damage(built), f"a flipped bit in {table.name} was not noticed"
        table.write_bytes(whole)
    assert find_damage(built) == []


def test_files_that_came_or_went_are_told(built: Path) -> None:
    store = (built / "store").resolve()
    table = min(store.glob("*.sst"))
    table.rename(store / "999999.sst")
    assert find_damage(built) == [f"store/{table.name}: is missing", "store/999999.sst: is not of this store"]


def test_reading_changes_nothing(built: Path) -> None:
    graph = onrecord.open(built.parents[1] / "graphs" / "garden")
    assert len(graph.query("SELECT ?s WHERE { ?s a onr:Source }")) == 2
    assert graph.verify() == []


def test_build_verify_says_so(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(built.parents[1])
    whole = CliRunner().invoke(main, ["build", "graphs/garden", "--verify"])
    assert (whole.exit_code, whole.stdout, whole.stderr) == (0, "", "build/garden: whole\n")
    flip((built / "garden.ttl").resolve())
    torn = CliRunner().invoke(main, ["build", "graphs/garden", "--verify"])
    assert (torn.exit_code, torn.stderr) == (1, "build/garden: damaged; run  onrecord build\n")
    assert torn.stdout == "garden.ttl: its bytes are not those that were written\n"
    assert CliRunner().invoke(main, ["build", "graphs/garden"]).exit_code == 0
    assert find_damage(built) == []


def test_a_query_passes_by_a_damaged_store_and_says_so(built: Path, caplog: pytest.LogCaptureFixture) -> None:
    (table,) = (built / "store").resolve().glob("MANIFEST-*")
    cut(table)
    found = onrecord.open(built.parents[1] / "graphs" / "garden").query("SELECT ?s WHERE { ?s a onr:Source }")
    assert len(found) == 2
    assert "answered from the files instead" in caplog.text
