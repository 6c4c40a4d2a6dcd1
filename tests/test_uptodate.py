"""A build of what did not change: nothing is made again, and the same is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import onrecord
from onrecord.cli import main
from onrecord.files import locked
from onrecord.graph import Graph
from onrecord.kept import FOLDER, code_digest
from onrecord.manifest import MANIFEST
from onrecord.staging import CURRENT
from onrecord.uptodate import MOST_BYTES, MOST_TOLD, UpToDate, find_up_to_date, keep_told, way_of


def run(folder: Path, out: Path, *options: str) -> Result:
    """The command, as in a terminal."""
    return CliRunner().invoke(main, ["build", str(folder), "-o", str(out), *options], catch_exceptions=False)


def way(folder: Path, *, shapes: bool = True, exports: bool | None = None) -> str:
    """The way in which the graph is built as it is now."""
    return way_of(onrecord.open(folder).project, evidence=True, shapes=shapes, exports=exports)


def found(folder: Path, out: Path, wish: str = "") -> UpToDate | None:
    """What the command finds to be up to date."""
    return find_up_to_date(onrecord.open(folder).project, out, wish or way(folder), inference=True)


@pytest.fixture
def out(graph_folder: Path, tmp_path: Path) -> Path:
    """The folder of a build that is up to date."""
    folder = tmp_path / "out"
    assert run(graph_folder, folder).exit_code == 0
    assert found(graph_folder, folder)
    return folder


@pytest.fixture
def forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever checks or builds fail."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing had changed")

    monkeypatch.setattr(Graph, "examine", refuse)
    monkeypatch.setattr(Graph, "build", refuse)


@pytest.mark.parametrize("options", [(), ("--json",), ("--no-inference", "--no-shapes"), ("--no-exports",)])
def test_the_second_build_says_the_same_and_does_nothing(
    options: tuple[str, ...], graph_folder: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    first = run(graph_folder, tmp_path / "out", *options)
    current = (tmp_path / "out" / CURRENT).readlink()
    request.getfixturevalue("forbidden")
    second = run(graph_folder, tmp_path / "out", *options)
    assert "warning E010" in first.stderr
    assert (second.stdout, second.stderr, second.exit_code) == (first.stdout, first.stderr, first.exit_code)
    assert (tmp_path / "out" / CURRENT).readlink() == current


def test_a_file_that_is_saved_again_as_it_was_is_no_change(graph_folder: Path, out: Path, forbidden: None) -> None:
    assert forbidden is None
    for path in graph_folder.rglob("*.yaml"):
        path.write_bytes(path.read_bytes())
    assert run(graph_folder, out).exit_code == 0


def _edit(folder: Path, _: Path) -> None:
    path = next((folder / "statements").glob("*.yaml"))
    path.write_bytes(path.read_bytes() + b"# more\n")


def _pass_over(folder: Path, _: Path) -> None:
    (folder / "statements/notes.docx").write_bytes(b"")


def _link(folder: Path, _: Path) -> None:
    path = next((folder / "statements").glob("*.yaml"))
    shutil.copyfile(path, folder.parent / path.name)
    path.unlink()
    path.symlink_to(folder.parent / path.name)


def _back_up(folder: Path, _: Path) -> None:
    (folder / "entities.yaml~").touch()


def _pass_over_below(folder: Path, _: Path) -> None:
    (folder / "statements/old~").mkdir()
    (folder / "statements/old~/notes.docx").touch()


def _leave_ontology(folder: Path, _: Path) -> None:
    (folder / "ontology").mkdir(exist_ok=True)
    (folder / "ontology/.#mine.ttl").touch()


def _dangle(folder: Path, _: Path) -> None:
    path = next((folder / "sources").iterdir())
    path.unlink()
    path.symlink_to("nowhere")


def _loop_store(_: Path, out: Path) -> None:
    (out / "store").unlink()
    (out / "store").symlink_to(out / "store")


def _nest_kept(_: Path, out: Path) -> None:
    (out / CURRENT / FOLDER / "contents.json").write_text("[" * 200_000, "utf-8")


def _edit_text(folder: Path, _: Path) -> None:
    path = next((folder / "sources").iterdir())
    path.write_bytes(path.read_bytes().replace(b"e", b"a"))


def _archive(folder: Path, _: Path) -> None:
    (folder / "sources/more.txt").write_bytes(b"")


def _cut_export(_: Path, out: Path) -> None:
    path = out / "garden.ttl"
    path.write_bytes(path.read_bytes()[:-10])


def _damage_store(_: Path, out: Path) -> None:
    path = next((out / "store").glob("*.sst"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _change_manifest(_: Path, out: Path) -> None:
    told = json.loads((out / MANIFEST).read_text("utf-8"))
    told["counts"]["statements"] += 1
    (out / MANIFEST).write_text(json.dumps(told), "utf-8")


def _reformat_manifest(_: Path, out: Path) -> None:
    told = json.loads((out / MANIFEST).read_text("utf-8"))
    (out / MANIFEST).write_text(json.dumps(told), "utf-8")


def _nest_manifest(_: Path, out: Path) -> None:
    (out / MANIFEST).write_text("[" * 200_000, "utf-8")


def _forget(_: Path, out: Path) -> None:
    shutil.rmtree(out / CURRENT / FOLDER)


def _remove(_: Path, out: Path) -> None:
    shutil.rmtree(out)


MANIFESTS = (_change_manifest, _reformat_manifest, _nest_manifest)


@pytest.mark.parametrize(
    "change",
    [
        _back_up,
        _pass_over_below,
        _leave_ontology,
        _dangle,
        _loop_store,
        _nest_kept,
        _edit,
        _pass_over,
        _link,
        _edit_text,
        _archive,
        _cut_export,
        _damage_store,
        *MANIFESTS,
        _forget,
        _remove,
    ],
    ids=lambda change: change.__name__.strip("_"),
)
def test_what_is_not_as_it_was_is_built_again(
    change: Callable[[Path, Path], None], graph_folder: Path, out: Path, tmp_path: Path
) -> None:
    change(graph_folder, out)
    assert found(graph_folder, out) is None
    again = run(graph_folder, out)
    anew = run(graph_folder, tmp_path / "anew")
    assert again.stderr.replace(str(out), "OUT") == anew.stderr.replace(str(tmp_path / "anew"), "OUT")
    assert again.exit_code == anew.exit_code


def test_another_way_to_build_is_another_build(graph_folder: Path, out: Path) -> None:
    assert not found(graph_folder, out, way(graph_folder, exports=False))
    assert not found(graph_folder, out, way(graph_folder, shapes=False))
    project = onrecord.open(graph_folder).project
    assert not find_up_to_date(project, out, way(graph_folder), inference=False)


def test_problems_name_files_as_seen_from_where_one_is(
    graph_folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(graph_folder)
    assert found(graph_folder, out) is None
    assert f"{graph_folder}/" not in run(Path(), out).stderr


def test_settings_count_as_they_were_read(graph_folder: Path) -> None:
    before = onrecord.open(graph_folder).project
    settings = graph_folder / "onrecord.yaml"
    settings.write_text(settings.read_text("utf-8").replace("title: ", "title: Another "), "utf-8")
    assert way_of(before, evidence=True, shapes=True, exports=None) != way(graph_folder)


def test_a_file_that_becomes_a_folder_is_another_thing(graph_folder: Path) -> None:
    (graph_folder / "entities.yml").touch()
    before = way(graph_folder)
    (graph_folder / "entities.yml").unlink()
    (graph_folder / "entities.yml").mkdir()
    assert way(graph_folder) != before


def test_links_count_by_where_they_lead_in_the_end(graph_folder: Path) -> None:
    real = graph_folder / ".real"
    real.mkdir()
    path = next((graph_folder / "statements").glob("*.yaml"))
    path.rename(real / "a.yaml")
    path.symlink_to(real / "a.yaml")
    before = way(graph_folder)
    (real / "a.yaml").rename(graph_folder.parent / "outside.yaml")
    (real / "a.yaml").symlink_to(graph_folder.parent / "outside.yaml")
    assert way(graph_folder) != before


def test_what_an_editor_leaves_is_nothing(graph_folder: Path) -> None:
    before = way(graph_folder)
    (graph_folder / ".letter.yaml.swp").touch()
    assert before and way(graph_folder) == before


def test_of_what_cannot_be_read_there_is_no_telling(graph_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = onrecord.open(graph_folder).project

    def refuse(_: str) -> None:
        raise PermissionError

    monkeypatch.setattr("onrecord.uptodate.os.scandir", refuse)
    assert not way_of(project, evidence=False, shapes=True, exports=None)


def test_folders_of_any_name_are_built_in(graph_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = graph_folder.parent / "bad\udcff"
    home.mkdir()
    graph_folder.rename(home / "garden")
    monkeypatch.chdir(home)
    assert [run(Path("garden"), Path("out")).exit_code for _ in range(2)] == [0, 0]


def test_a_name_that_no_folder_can_have_is_told(graph_folder: Path, tmp_path: Path) -> None:
    told = run(graph_folder, tmp_path / ("a" * 300))
    assert told.exit_code == 2
    assert "cannot be" in told.stderr


def test_errors_are_told_while_somebody_else_builds(graph_folder: Path, out: Path) -> None:
    path = next((graph_folder / "statements").glob("*.yaml"))
    path.write_bytes(path.read_bytes() + b"  - triple: [nobody, knows, nothing]\n")
    with locked(out):
        assert run(graph_folder, out).exit_code == 1


def test_what_a_killed_build_left_goes(graph_folder: Path, out: Path) -> None:
    (out / ".aside-dead").mkdir()
    assert found(graph_folder, out)
    assert not (out / ".aside-dead").exists()


def test_what_other_libraries_found_is_looked_for_again(
    graph_folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onrecord.kept.version", lambda _: "0")
    code_digest.cache_clear()
    try:
        assert found(graph_folder, out) is None
    finally:
        code_digest.cache_clear()


def test_of_a_very_large_archive_there_is_no_telling(graph_folder: Path, out: Path) -> None:
    project = onrecord.open(graph_folder).project
    with (graph_folder / "sources/large.txt").open("wb") as file:
        file.truncate(MOST_BYTES)
    assert not way(graph_folder)
    assert way_of(project, evidence=False, shapes=True, exports=None)
    assert run(graph_folder, out).exit_code == 0
    assert found(graph_folder, out) is None


def test_of_many_problems_nothing_is_kept(graph_folder: Path, out: Path) -> None:
    told = found(graph_folder, out)
    assert told is not None
    assert keep_told(told.problems, "way").facts
    assert not keep_told(told.problems * (MOST_TOLD + 1), "way").facts
    assert not keep_told(told.problems, "").facts
