"""Crashes: a process killed at any moment leaves what was there before, or all of what comes after.

Each run is a process of its own that says which stage it has entered; it is killed a random part
into a stage that was drawn at random, so that short stages are hit as often as long ones.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

import onrecord
from inline import rich_files, write_notes
from onrecord.manifest import is_fresh
from onrecord.store import open_store

SRC = Path(__file__).parents[1] / "src"
KILLS = int(os.environ.get("ONRECORD_KILLS", "200"))

TRACED = """
import importlib, sys
from pathlib import Path

def traced(module, path):
    home = importlib.import_module(module)
    *owners, name = path.split(".")
    for owner in owners:
        home = getattr(home, owner)
    inner = getattr(home, name)
    def outer(*args, **kwargs):
        print(name, flush=True)
        return inner(*args, **kwargs)
    setattr(home, name, outer)

for target in sys.argv[1].split():
    traced(*target.split(":"))
import onrecord
graph = onrecord.open(sys.argv[3])
work = sys.argv[2]
if work == "build":
    graph.build(sys.argv[4])
elif work == "export":
    graph.export(sys.argv[4])
else:
    graph.examine(update_lock=True)
print("done", flush=True)
"""


@dataclass(frozen=True)
class Work:
    """What is killed: how it is called and the functions whose calls mark its stages."""

    name: str
    stages: tuple[str, ...]

    def start(self, folder: Path, target: Path) -> subprocess.Popen[str]:
        """The work in a process of its own; a line on its stdout for each stage that it enters."""
        return subprocess.Popen(
            [sys.executable, "-c", TRACED, " ".join(self.stages), self.name, str(folder), str(target)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SRC)},
        )

    def time_stages(self, folder: Path, target: Path) -> list[tuple[str, float]]:
        """Each stage in the order of its calls, and the seconds until the next one, in a run that is left alone."""
        process = self.start(folder, target)
        assert process.stdout is not None
        marks = [(line.strip(), time.monotonic()) for line in process.stdout]
        process.stdout.close()
        assert process.wait(60) == 0 and marks[-1][0] == "done"
        return [(name, after - at) for (name, at), (_, after) in pairwise(marks)]

    def kill(self, folder: Path, target: Path, index: int, delay: float) -> None:
        """Start the work and end it ``delay`` seconds into the stage number ``index``."""
        process = self.start(folder, target)
        assert process.stdout is not None
        for _ in range(index + 1):
            process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        process.stdout.close()


BUILD = Work(
    "build",
    (
        "onrecord.build:parse",
        "onrecord.build:resolve",
        "onrecord.build:apply_judgements",
        "onrecord.build:assemble",
        "onrecord.build:entail",
        "onrecord.build:export",
        "onrecord.build:build_store",
        "onrecord.staging:sync_folder",
        "onrecord.build:write_atomic",
        "onrecord.staging:_swap",
    ),
)


def built(out: Path) -> str:
    """The digest that names a build, once every byte of it is found to be what its manifest says."""
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    for name, entry in manifest["files"].items():
        data = (out / name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["bytes"], entry["sha256"]), f"{name} is torn"
    assert len(open_store(out)) > 0
    return str(manifest["inputs"])


UPDATE = Work(
    "build",
    (
        "onrecord.build:parse",
        "onrecord.build:resolve",
        "onrecord.build:find_part",
        "onrecord.build:update_store",
        "onrecord.store:_link_or_copy",
        "onrecord.store:_in_scope",
        "onrecord.store:_publish",
        "onrecord.build:keep_for_next",
        "onrecord.build:write_atomic",
        "onrecord.build:write_kept",
        "onrecord.staging:_swap",
        "onrecord.staging:sweep",
    ),
)
EXPORT = Work("export", ("onrecord.graph:Graph.quads", "onrecord.export:export", "onrecord.files:write_atomic"))
LOCK = Work("lock", ("onrecord.build:load", "onrecord.build:check_evidence", "onrecord.build:write_lock"))


def add_statement(folder: Path) -> None:
    """One statement more in the letter."""
    with (folder / "statements/letter.yaml").open("a", encoding="utf-8") as file:
        file.write("  - triple: [Basil Thorn, attends, summer show]\n    quote: he\n")


@dataclass
class Killing:
    """Draws the moments, and counts how often each stage was hit."""

    work: Work
    folder: Path
    target: Path
    chance: random.Random

    def __post_init__(self) -> None:
        self.stages = self.work.time_stages(self.folder, self.target)
        self.hits: Counter[str] = Counter()

    def once(self) -> None:
        """Kill the work at a moment of a stage drawn at random."""
        name = self.chance.choice(sorted({name for name, _ in self.stages}))
        index = self.chance.choice([at for at, stage in enumerate(self.stages) if stage[0] == name])
        seconds = self.stages[index][1]
        self.work.kill(self.folder, self.target, index, self.chance.random() * seconds)
        self.hits[name] += 1

    def histogram(self) -> str:
        """How often each stage was hit, a line each."""
        return "".join(f"  {name:<24}{self.hits[name]:4} {'#' * self.hits[name]}\n" for name in self.hits)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The rich graph, in a folder called garden."""
    return write_notes(tmp_path / "garden", "", **rich_files())


@pytest.mark.slow
@pytest.mark.parametrize("first", [True, False], ids=["the first build", "a build over another"])
def test_a_killed_build_leaves_a_whole_one(folder: Path, tmp_path: Path, first: bool) -> None:
    out, kept = tmp_path / "out", tmp_path / "kept"
    old = "" if first else built_by(folder, kept)
    if not first:
        add_statement(folder)
    killing = Killing(BUILD, folder, tmp_path / "timed", random.Random(f"build {first}"))
    new, killing.target = built(tmp_path / "timed"), out
    assert new != old
    for _ in range(KILLS * 3 // 8):
        shutil.rmtree(out, ignore_errors=True)
        if not first:
            shutil.copytree(kept, out, symlinks=True)
        killing.once()
        if (out / "manifest.json").exists():
            assert built(out) in (old, new)
        else:
            assert first, "the build that was there is gone"
        if killing.hits.total() % 5 == 0:
            assert built_by(folder, out) == new
            assert sorted(path.name for path in out.iterdir() if "tmp" in path.name) == []
    print(f"\nkills of {'a first build' if first else 'a build over another'}:\n{killing.histogram()}", end="")


@pytest.mark.slow
def test_a_killed_update_of_a_build_leaves_a_whole_one(graph_folder: Path, tmp_path: Path) -> None:
    out, kept, timed = tmp_path / "out", tmp_path / "kept", tmp_path / "timed"
    old = built_by(graph_folder, kept)
    tables = {path.name: path.read_bytes() for path in (kept / "store").glob("*.sst")}
    add_statement(graph_folder)
    shutil.copytree(kept, timed, symlinks=True)
    killing = Killing(UPDATE, graph_folder, timed, random.Random("update"))
    new, killing.target = built(timed), out
    assert new != old
    assert {name for name, _ in killing.stages} == {stage.rpartition(":")[2] for stage in UPDATE.stages}
    found: Counter[str] = Counter()
    for _ in range(KILLS // 4):
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(kept, out, symlinks=True, copy_function=os.link)
        killing.once()
        found[built(out)] += 1
        assert onrecord.open(graph_folder).verify(out) == []
        assert {path.name: path.read_bytes() for path in (kept / "store").glob("*.sst")} == tables
        if killing.hits.total() % 5 == 0:
            assert built_by(graph_folder, out) == new
            assert onrecord.open(graph_folder).verify(out) == []
    assert found.keys() <= {old, new} and found[old]
    print(f"\nkills of an update of a build:\n{killing.histogram()}", end="")


def built_by(folder: Path, out: Path) -> str:
    """Build, and say what :func:`built` says."""
    onrecord.open(folder).build(out)
    assert is_fresh(onrecord.open(folder).project, out)
    return built(out)


@pytest.mark.slow
def test_a_killed_export_leaves_a_whole_file(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "garden.ttl"
    onrecord.open(folder).export(target)
    old = target.read_bytes()
    add_statement(folder)
    killing = Killing(EXPORT, folder, tmp_path / "timed.ttl", random.Random("export"))
    new, killing.target = (tmp_path / "timed.ttl").read_bytes(), target
    assert new != old
    for _ in range(KILLS // 8):
        target.write_bytes(old)
        killing.once()
        assert target.read_bytes() in (old, new)
    onrecord.open(folder).export(target)
    assert target.read_bytes() == new
    print(f"\nkills of an export:\n{killing.histogram()}", end="")


@pytest.mark.slow
def test_a_killed_update_leaves_a_whole_lock(graph_folder: Path) -> None:
    lock = graph_folder / "evidence.lock"
    onrecord.open(graph_folder).examine(update_lock=True)
    whole = lock.read_bytes()
    text = whole.decode("utf-8").splitlines(keepends=True)
    first = text.index('  "quotes": [\n') + 1
    fewer = "".join(text[:first] + text[first + 1 :]).encode("utf-8")
    lock.unlink()
    killing = Killing(LOCK, graph_folder, graph_folder, random.Random("lock"))
    for number in range(KILLS // 8):
        before = fewer if number % 2 else None
        if before is None:
            lock.unlink(missing_ok=True)
        else:
            lock.write_bytes(before)
        killing.once()
        assert (lock.read_bytes() if lock.exists() else None) in (before, whole)
    onrecord.open(graph_folder).examine(update_lock=True)
    assert lock.read_bytes() == whole
    print(f"\nkills of a lock update:\n{killing.histogram()}", end="")
