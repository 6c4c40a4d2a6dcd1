"""Where results are written: by the suffix of the file, and never over the graph that they are drawn from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import onrecord
from onrecord.cli import main
from onrecord.errors import OutputError

CHAIRS = "SELECT ?who { ?who gar:chairs ?what }"


def call(*words: str) -> Result:
    found = CliRunner().invoke(main, list(words))
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


@pytest.fixture
def here(graph_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The garden is ``garden`` in the working directory."""
    monkeypatch.chdir(tmp_path)
    return graph_folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "words",
    [
        ("build", "garden", "-o", "garden"),
        ("build", "garden", "-o", "garden/statements"),
        ("build", "garden", "--shards", "2", "-o", "garden/statements/made"),
        ("view", "garden", "-o", "garden/onrecord.yaml"),
        ("view", "garden", "--kind", "timeline", "-o", "garden/sources/letter.txt"),
        ("query", "garden", CHAIRS, "-o", "garden/entities.csv"),
        ("query", "garden", "DESCRIBE :rose", "-o", "garden/statements/rose.ttl"),
        ("query", "garden", CHAIRS, "--why", "1", "-o", "garden/evidence.lock"),
        ("export", "garden", "--format", "ttl", "-o", "garden/entities.yaml"),
        ("export", "garden", "-o", "link/statements/all.trig"),
    ],
    ids=" ".join,
)
def test_a_graph_is_not_written_over(here: Path, words: tuple[str, ...]) -> None:
    (here.parent / "link").symlink_to("garden")
    before = contents(here)
    found = call(*words)
    assert (found.exit_code, found.stdout) == (2, "")
    assert "the graph, which is read, not written; choose another name" in found.stderr
    assert contents(here) == before


def test_a_link_that_is_one_of_its_files_is_not_replaced(here: Path, tmp_path: Path) -> None:
    (here / "sources.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(OutputError):
        onrecord.open(here).export(here / "sources.yaml", "ttl")


def test_beside_them_there_is_room(here: Path) -> None:
    for target in ("garden/out/view.html", "garden/questions/who.csv", "gardens.csv"):
        Path(target).parent.mkdir(exist_ok=True)
        onrecord.open(here).project.require_apart(Path(target))
    assert call("build", "garden", "-o", "garden/build").exit_code == 0
    assert call("check", "garden").exit_code == 0


def test_the_suffix_tells_the_format(here: Path) -> None:
    for suffix in ("csv", "json", "jsonl", "tsv", "md", "txt", "CSV"):
        assert call("query", "garden", CHAIRS, "-o", f"who.{suffix}").exit_code == 0
    assert Path("who.csv").read_text().startswith("who\r\n") or Path("who.csv").read_text().startswith("who\n")
    assert json.loads(Path("who.json").read_text())["head"]["vars"] == ["who"]
    assert Path("who.CSV").read_bytes() == Path("who.csv").read_bytes()
    assert Path("who.tsv").read_text().startswith("?who")
    assert Path("who.txt").read_bytes() == Path("who.md").read_bytes()
    assert call("query", "garden", CHAIRS, "--format", "json", "-o", "a.csv").exit_code == 0
    assert json.loads(Path("a.csv").read_text())
    found = call("query", "garden", CHAIRS, "-o", "who.ttl")
    assert found.exit_code == 2 and "this query gives rows" in found.stderr
    assert call("query", "garden", "DESCRIBE :rose", "-o", "rose.nt").exit_code == 0
    assert Path("rose.nt").read_text().startswith("<")
