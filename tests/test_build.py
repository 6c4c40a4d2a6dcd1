"""Builds: whole or not at all, told apart when cut short, one at a time, and the same bytes each time."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import onrecord
from inline import contents, load_folder, rich_files, write_notes
from onrecord import build as building
from onrecord.build import build
from onrecord.errors import GraphBroken, OutputError, StoreError
from onrecord.lens import Lens
from onrecord.manifest import MANIFEST, is_fresh, store_key
from onrecord.progress import Silent, watched
from onrecord.store import is_store_of, open_store
from statements import generate

SRC = Path(__file__).parents[1] / "src"
NAMES = ["garden.nq", "garden.trig", "garden.ttl", "manifest.json", "places.jsonl", "written.json"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The rich graph, in a folder called garden."""
    return write_notes(tmp_path / "garden", "", **rich_files())


def change(folder: Path) -> None:
    """One statement more."""
    path = folder / "statements/letter.yaml"
    path.write_text(
        path.read_text("utf-8") + "  - triple: [Basil Thorn, attends, summer show]\n    quote: he\n", "utf-8"
    )


def test_what_is_built(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    graph = onrecord.open(folder)
    manifest = graph.build(out)
    assert sorted(contents(out)) == NAMES
    assert json.loads((out / MANIFEST).read_text("utf-8")) == manifest
    for name in ("nq", "trig", "ttl"):
        assert (out / f"garden.{name}").read_bytes() == graph.serialize(name)
    lines = (out / "garden.nq").read_bytes().splitlines()
    assert len(open_store(out)) == len(lines) - 1, "the store calls 1 and true the same"


def test_the_manifest_matches_files_and_counts(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    manifest = onrecord.open(folder).build(out)
    assert sorted(manifest["files"]) == [name for name in NAMES if name != MANIFEST]
    for name, entry in manifest["files"].items():
        data = (out / name).read_bytes()
        assert entry == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    lines = (out / "garden.nq").read_text("utf-8").splitlines()
    counts = manifest["counts"]
    assert counts["quads"] == len(lines) == sum(manifest["graphs"].values())
    in_graphs: dict[str, int] = {}
    for line in lines:
        name = line.rsplit(" ", 2)[1][1:-1]
        in_graphs[name] = in_graphs.get(name, 0) + 1
    assert manifest["graphs"] == in_graphs and list(manifest["graphs"]) == sorted(in_graphs)
    kinds = {kind: sum(f"#type> <{kind}>" in line for line in lines) for kind in KINDS}
    assert list(kinds.values()) == [counts["statements"], counts["propositions"], counts["sources"]] == [17, 16, 2]
    assert counts["entities"] == 9
    assert {key: manifest[key] for key in ("graph", "title", "base", "onrecord")} == {
        "graph": "garden",
        "title": "The garden society",
        "base": "https://example.org/garden/",
        "onrecord": onrecord.__version__,
    }


KINDS = [f"https://w3id.org/onrecord/ns#{name}" for name in ("Statement", "Proposition", "Source")]


def test_places_lead_back_to_the_files(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (folder / "statements/letter").mkdir()
    (folder / "statements/letter/deep.jsonl").write_text(
        '{"source": "letter", "triple": ["Rose", "tends", "plot 7"], "quote": "a"}\n', "utf-8"
    )
    onrecord.open(folder).build(out)
    rows = [json.loads(line) for line in (out / "places.jsonl").read_text("utf-8").splitlines()]
    own = load_folder(folder).own
    assert len(rows) == own.height == 19
    assert {row["statement"] for row in rows} == {name[1:-1] for name in own["statement"]}
    assert [(row["file"], row["line"]) for row in rows] == sorted((row["file"], row["line"]) for row in rows)
    assert [row["file"] for row in rows[-5:-3]] == ["statements/letter.yaml", "statements/letter/deep.jsonl"]
    for row in rows[:-4]:
        line = (folder / row["file"]).read_text("utf-8").split("\n")[row["line"] - 1]
        assert line[row["column"] - 3 : row["column"] - 1] == "- "


def test_a_build_may_leave_out_inference_and_exports(folder: Path, tmp_path: Path) -> None:
    graph = onrecord.open(folder)
    slim = graph.build(tmp_path / "slim", inference=False, exports=False)
    assert sorted(contents(tmp_path / "slim")) == ["manifest.json", "places.jsonl", "written.json"]
    quads = graph.quads(Lens(inference=False))
    assert (slim["left out"], slim["counts"]["quads"]) == (["inference"], quads.height)
    whole = graph.build(tmp_path / "whole")
    inferred = whole["graphs"].pop("https://example.org/garden/graph/inferred")
    assert slim["graphs"] == whole["graphs"] and len(open_store(tmp_path / "whole")) - inferred == len(
        open_store(tmp_path / "slim")
    )
    assert is_fresh(graph.project, tmp_path / "slim", inference=False)
    assert not is_fresh(graph.project, tmp_path / "slim")
    assert not is_fresh(graph.project, tmp_path / "whole", inference=False)
    assert graph.rehearse() == slim


def test_an_answer_never_misses_what_a_build_left_out(folder: Path) -> None:
    graph = onrecord.open(folder)
    graph.build(inference=False, exports=False)
    entailed = "ASK { GRAPH graph:inferred { ?s ?p ?o } }"
    assert graph.query(entailed).boolean is True


def test_a_second_build_changes_no_byte(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    onrecord.open(folder).build(out)
    first = contents(out)
    onrecord.open(folder).build(out)
    assert contents(out) == first


# --- fresh --------------------------------------------------------------------------------------


def test_fresh_until_an_input_changes(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    graph = onrecord.open(folder)
    assert not is_fresh(graph.project, out)
    graph.build(out)
    assert is_fresh(graph.project, out)
    for name in ("statements/letter.yaml", "entities.yaml", "onrecord.yaml", "ontology/garden.ttl"):
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(before + b"\n")
        assert not is_fresh(graph.project, out), name
        (folder / name).write_bytes(before)
        assert is_fresh(graph.project, out), name
    for name in ("statements/more.yaml", "evidence.lock", "sources.yaml", "entities.csv"):
        (folder / name).write_text("", "utf-8")
        assert not is_fresh(graph.project, out), name
        (folder / name).unlink()
    (folder / "questions").mkdir()
    (folder / "questions" / "a.rq").write_text("ASK {}", "utf-8")
    assert is_fresh(graph.project, out)


def test_a_damaged_manifest_or_that_of_another_build_is_not_fresh(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    graph = onrecord.open(folder)
    manifest = graph.build(out)
    damages = [b"", b"{}", b"[]", b"\xff", b"null", b'{"inputs": 1}']
    damages += [json.dumps({**manifest, key: "0.0.0"}).encode() for key in ("inputs", "onrecord", "files")]
    for damage in damages:
        (out / MANIFEST).write_bytes(damage)
        assert not is_fresh(graph.project, out)
    (out / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    assert is_fresh(graph.project, out)


def test_a_file_saved_while_a_build_goes_on_makes_it_stale(folder: Path) -> None:
    graph = onrecord.open(folder)
    graph.examine(update_lock=True)
    change(folder)
    assert graph.build()["counts"]["statements"] == 17
    assert not is_fresh(graph.project, graph.project.build_folder)
    assert len(onrecord.open(folder).query("SELECT ?s { ?s a onr:Statement }")) == 18


def test_a_file_saved_while_the_lock_is_written_makes_the_build_stale(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = building.check_evidence

    def outer(*given: Any) -> Any:
        change(folder)
        return inner(*given)

    monkeypatch.setattr(building, "check_evidence", outer)
    graph = onrecord.open(folder)
    graph.examine(update_lock=True)
    graph.build()
    assert not is_fresh(graph.project, graph.project.build_folder)


def test_a_hidden_file_with_any_name_stops_no_build(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder / "statements") + b"/.\xff.yaml")).write_text("- [", "utf-8")
    assert onrecord.open(folder).build()["counts"]["statements"] == 17


def test_about_how_many_quads_there_will_be_is_known_before(tmp_path: Path) -> None:
    folder = generate(tmp_path / "bench", 2000, "csv", seed=7, bad=0).folder
    totals = []

    class Watcher(Silent):
        def stage(self, name: str, total: int | None, unit: str) -> None:
            totals.extend([total] if name == "loading the store" and total else [])

    with watched(Watcher()):
        manifest = onrecord.open(folder).build(tmp_path / "out", inference=False, exports=False)
    (total,) = totals
    assert total == pytest.approx(manifest["counts"]["quads"], rel=0.05)


def test_what_is_missing_is_passed_by_in_queries(folder: Path) -> None:
    graph = onrecord.open(folder)
    graph.build()
    (graph.project.build_folder / "written.json").unlink()
    assert len(onrecord.open(folder).query("SELECT ?s { ?s a onr:Statement }")) == 17
    (graph.project.build_folder / "store").unlink()
    assert len(onrecord.open(folder).query("SELECT ?s { ?s a onr:Statement }")) == 17


# --- failing ------------------------------------------------------------------------------------


def test_a_graph_with_errors_is_not_built(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    onrecord.open(folder).build(out)
    before = contents(out)
    (folder / "statements/bad.jsonl").write_text('{"source": "letter", "triple": ["X", "tends", "plot 7"]}\n', "utf-8")
    with pytest.raises(GraphBroken, match="garden has 1 error; run  onrecord check") as caught:
        onrecord.open(folder).build(out)
    assert [problem.code for problem in caught.value.problems] == ["R001"]
    with pytest.raises(GraphBroken):
        build(load_folder(folder).loaded, out)
    assert contents(out) == before and len(open_store(out)) > 0
    with pytest.raises(GraphBroken):
        onrecord.open(folder).build(tmp_path / "new")
    assert not (tmp_path / "new").exists()


STAGES = ["assemble", "export", "render_places", "describe", "staged", "write_atomic", "build_store"]


def test_a_failing_stage_leaves_the_old_build(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    onrecord.open(folder).build(out)
    before, names = contents(out), sorted(path.name for path in out.iterdir())
    change(folder)
    loaded = load_folder(folder).loaded

    def fail(*_: object, **__: object) -> Any:
        raise StoreError("the disk is full")

    for stage in STAGES:
        with monkeypatch.context() as patch:
            patch.setattr(building, stage, fail)
            with pytest.raises(StoreError):
                build(loaded, out)
        assert contents(out) == before
        assert len(open_store(out)) > 0
        assert sorted(path.name for path in out.iterdir()) == names == sorted([*names[:3], "store", *NAMES])


def test_a_disk_that_fills_up_while_files_are_written_changes_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    onrecord.open(folder).build(out)
    before = contents(out)
    change(folder)
    loaded = load_folder(folder).loaded
    written = building.write_atomic
    for number in range(len(NAMES)):
        calls = iter(range(100))

        def fill(target: Path, data: bytes, number: int = number, calls: Iterator[int] = calls) -> None:
            if next(calls) == number:
                raise OutputError(f"{target}: the disk is full; nothing was changed")
            written(target, data)

        with monkeypatch.context() as patch:
            patch.setattr(building, "write_atomic", fill)
            with pytest.raises(OutputError, match="the disk is full"):
                build(loaded, out)
        assert contents(out) == before and is_old(out, before)
    build(loaded, out)
    assert contents(out) != before


def is_old(out: Path, before: dict[str, bytes] | Any) -> bool:
    """Whether the store belongs to the manifest that stands there."""
    return is_store_of(out, store_key(json.loads(before[MANIFEST])["inputs"]))


@pytest.mark.parametrize("block", ["garden.ttl", "manifest.json"])
def test_a_name_that_is_taken_by_a_folder_is_told(folder: Path, tmp_path: Path, block: str) -> None:
    out = tmp_path / "out"
    (out / block / "mine").mkdir(parents=True)
    with pytest.raises(OutputError, match=f"{block}: cannot be written"):
        onrecord.open(folder).build(out)
    assert (out / block / "mine").is_dir()
    assert not is_fresh(onrecord.open(folder).project, out)


def test_a_file_in_place_of_the_folder_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine", "utf-8")
    with pytest.raises(OutputError, match="cannot be written"):
        onrecord.open(folder).build(tmp_path / "out")
    assert (tmp_path / "out").read_text("utf-8") == "mine"


class Killed(BaseException):
    """What ends a build at once, as a kill does."""


@pytest.mark.slow
@pytest.mark.parametrize("first", [True, False], ids=["the first build", "a build over another"])
def test_a_build_killed_between_any_two_changes_of_the_folder_is_whole(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    """Dies before the first, the second, ... call that moves, links or removes something; nothing is cleaned up."""
    kept, new = tmp_path / "kept", tmp_path / "new"
    kept.mkdir()
    if not first:
        onrecord.open(folder).build(kept)
        change(folder)
    loaded = load_folder(folder).loaded
    build(loaded, new)
    states: set[str] = set()
    for last in range(100):
        out = tmp_path / f"out{last}"
        if not first:
            shutil.copytree(kept, out, symlinks=True)
        calls = itertools.count()
        with monkeypatch.context() as patch:
            for name in ("rename", "replace", "symlink_to", "unlink", "chmod"):
                patch.setattr(Path, name, dying(getattr(Path, name), calls, last))
            patch.setattr(shutil, "rmtree", dying(shutil.rmtree, calls, last))
            try:
                build(loaded, out)
            except Killed:
                pass
            else:
                break
        found = contents(out)
        states |= {state for state, files in (("old", contents(kept)), ("new", contents(new))) if found == files}
        assert found in (contents(kept), contents(new)), f"torn after {last} calls"
        if found:
            assert is_store_of(out, store_key(json.loads(found[MANIFEST])["inputs"])) and len(open_store(out)) > 0
        build(loaded, out)
        assert contents(out) == contents(new)
        assert [path.name for path in out.iterdir() if path.name.startswith((".aside-", ".link-"))] == []
    assert last > 10 and states == {"old", "new"}


def dying(inner: Callable[..., Any], calls: Iterator[int], last: int) -> Callable[..., Any]:
    """``inner``, but once ``last`` calls were counted every further one ends the build."""

    def outer(*args: Any, **kwargs: Any) -> Any:
        if next(calls) >= last:
            raise Killed
        return inner(*args, **kwargs)

    return outer


# --- in processes of their own ------------------------------------------------------------------

SCRIPT = """
import sys, onrecord
for _ in range(int(sys.argv[3])):
    onrecord.open(sys.argv[1]).build(sys.argv[2])
    print("built", flush=True)
"""


def start(folder: Path, out: Path, times: int = 1, **env: str) -> subprocess.Popen[bytes]:
    """Build in another process."""
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), str(out), str(times)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SRC), **env},
    )


def test_a_killed_build_leaves_the_old_or_the_new(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    onrecord.open(folder).build(out)
    old = contents(out)
    change(folder)
    onrecord.open(folder).build(tmp_path / "other")
    new = contents(tmp_path / "other")
    assert old != new
    counts = {len(open_store(out)), len(open_store(tmp_path / "other"))}
    kills = 0
    for attempt in range(4):
        process = start(folder, out, 50)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05 + 0.06 * attempt)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        process.stdout.close()
        kills += process.returncode == -signal.SIGKILL
        found = contents(out)
        for name in NAMES:
            assert found[name] in (old[name], new[name]), f"{name} is torn"
        assert len(open_store(out)) in counts
    assert kills == 4
    onrecord.open(folder).build(out)
    assert contents(out) == new
    built = (out / ".current").readlink().name
    assert sorted(path.name for path in out.iterdir()) == sorted([".current", ".lock", built, "store", *NAMES]), (
        "what the killed builds left is gone"
    )


def test_builds_at_the_same_time_wait_for_each_other(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    processes = [start(folder, out, 2) for _ in range(3)]
    for process in processes:
        stdout, _ = process.communicate(timeout=60)
        assert process.returncode == 0 and stdout == b"built\nbuilt\n"
    onrecord.open(folder).build(tmp_path / "alone")
    assert contents(out) == contents(tmp_path / "alone")
    assert is_fresh(onrecord.open(folder).project, out)


def test_a_build_waits_while_another_holds_the_folder(folder: Path, tmp_path: Path) -> None:
    from onrecord.files import locked

    out = tmp_path / "out"
    with locked(out):
        process = start(folder, out)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.5)
        assert process.poll() is None and contents(out) == {}
    assert process.wait(30) == 0
    assert process.stdout is not None
    process.stdout.close()
    assert sorted(contents(out)) == NAMES


ENVIRONMENTS = {
    "hash seed 1": {"PYTHONHASHSEED": "1"},
    "hash seed 2, C": {"PYTHONHASHSEED": "2", "LC_ALL": "C", "LANG": "C", "TZ": "Pacific/Kiritimati"},
    "Turkish": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "America/New_York", "PYTHONUTF8": "0"},
    "one thread": {"POLARS_MAX_THREADS": "1", "PYTHONHASHSEED": "3"},
}


def test_the_machine_changes_no_byte(folder: Path, tmp_path: Path) -> None:
    onrecord.open(folder).build(tmp_path / "here")
    expected = contents(tmp_path / "here")
    processes = {name: start(folder, tmp_path / name, **env) for name, env in ENVIRONMENTS.items()}
    for name, process in processes.items():
        process.communicate(timeout=60)
        assert process.returncode == 0
        assert contents(tmp_path / name) == expected, name


def test_the_working_directory_changes_no_byte(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Any] = []
    wheres: list[tuple[Path, Callable[[], Any]]] = [
        (tmp_path, lambda: "garden"),
        (folder, lambda: "."),
        (folder / "statements", lambda: ".."),
        (Path("/"), lambda: folder),
    ]
    for number, (where, path) in enumerate(wheres):
        monkeypatch.chdir(where)
        graph = onrecord.open(folder if where == folder / "statements" else path())
        found.append({**graph.build(tmp_path / str(number)), "graph": "", "files": {}})
        found[-1]["places"] = (tmp_path / str(number) / "places.jsonl").read_bytes()
    assert all(each == found[0] for each in found)


def test_moving_away_after_loading_changes_no_byte(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = onrecord.open(folder).build(tmp_path / "here")
    monkeypatch.chdir(folder)
    graph = onrecord.open(".")
    assert graph.statements.height
    monkeypatch.chdir("/")
    assert graph.build(tmp_path / "there") == expected


def test_a_function_call_builds_too(folder: Path, tmp_path: Path) -> None:
    loaded = load_folder(folder).loaded
    assert build(loaded, tmp_path / "a") == onrecord.open(folder).build(tmp_path / "b")
