"""A machine that does not play along: full and read-only disks, lost permissions, clocks that jump.

Nothing here is pretended: disks of their own are mounted, and processes give up their rights. Where the
tester may do neither, file sizes are limited instead.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

import onrecord
from inline import contents, rich_files, write_notes
from onrecord.manifest import find_damage, is_fresh

SRC = Path(__file__).parents[1] / "src"
NO_TRACE = ("Traceback", "panicked", "RuntimeError")


def cannot_be_tried(why: str) -> NoReturn:
    """CI runs as root, who may do all that is tried here: what cannot be there is a failure."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The rich graph, in a folder called garden."""
    return write_notes(tmp_path / "garden", "", **rich_files())


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a disk of its own with the options that it is given."""
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        place = tmp_path / "disk"
        place.mkdir(exist_ok=True)
        call = ["mount", "-o", options] if place in mounted else ["mount", "-t", "tmpfs", "-o", options, "tmpfs"]
        done = subprocess.run([*call, str(place)], capture_output=True, text=True, check=False)
        if done.returncode:
            cannot_be_tried(f"no disk can be mounted here: {done.stderr.strip()}")
        if place not in mounted:
            mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "-l", str(place)], check=True)


def command(*arguments: str | Path, before: Callable[[], None] | None = None, **env: str) -> tuple[int, str]:
    """Exit code and stderr of ``onrecord`` in a process of its own."""
    found = subprocess.run(
        [sys.executable, "-m", "onrecord", *map(str, arguments)],
        capture_output=True, text=True, preexec_fn=before, check=False, timeout=120,
        env={**os.environ, "PYTHONPATH": str(SRC), **env},
    )  # fmt: skip
    assert not any(word in found.stderr for word in NO_TRACE), found.stderr
    return found.returncode, found.stderr


WITHOUT_RIGHTS = """
import os, sys
from click.testing import CliRunner
from onrecord.cli import main
for words in (["build", sys.argv[1], "-o", sys.argv[2]], ["check", sys.argv[1]]):
    CliRunner().invoke(main, words)  # loads what nobody might not read
os.seteuid(65534)
found = CliRunner().invoke(main, sys.argv[3:])
print(found.output)
sys.exit(found.exit_code)
"""


def without_rights(folder: Path, *arguments: str | Path) -> tuple[int, str]:
    """Exit code and output of ``onrecord`` in a process that gave up being root."""
    script = [sys.executable, "-c", WITHOUT_RIGHTS, folder, folder.parent / "rehearsal", *arguments]
    found = subprocess.run(
        [*map(str, script)], capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(SRC)}
    )
    assert not any(word in found.stdout + found.stderr for word in NO_TRACE), found.stderr
    return found.returncode, found.stdout


def add_statement(folder: Path) -> None:
    """One statement more in the letter."""
    with (folder / "statements/letter.yaml").open("a", encoding="utf-8") as file:
        file.write("  - triple: [Basil Thorn, attends, summer show]\n    quote: he\n")


def test_a_full_disk_loses_nothing(folder: Path, disk: Callable[[str], Path]) -> None:
    out = disk("size=64m") / "out"
    onrecord.open(folder).build(out)
    before = contents(out)
    used = sum(path.lstat().st_blocks * 512 for path in out.rglob("*"))
    add_statement(folder)
    for room in (4096, 65536, 400_000, used // 2):
        disk(f"remount,size={(used + room) // 4096 * 4096}")
        code, words = command("build", folder, "-o", out)
        assert code == 2 and ("disk" in words or "No space" in words), words
        assert contents(out) == before and find_damage(out) == []
    disk("remount,size=64m")
    assert command("build", folder, "-o", out)[0] == 0
    assert contents(out) != before and find_damage(out) == []
    left = [path.name for path in out.iterdir() if path.name.startswith((".aside-", ".link-"))]
    assert left == [], "what did not fit was cleared away"


def test_a_full_disk_loses_no_export_and_no_lock(graph_folder: Path, disk: Callable[[str], Path]) -> None:
    place = disk("size=8m")
    target = place / "garden.ttl"
    target.write_text("what was there before", "utf-8")
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        while os.statvfs(place).f_bavail:
            file.write(b"x" * 4096)
    code, words = command("export", graph_folder, "-o", target)
    assert (code, target.read_text("utf-8")) == (2, "what was there before")
    assert "the disk is full; nothing was changed" in words
    code, words = command("view", graph_folder, "-o", target)
    assert (code, target.read_text("utf-8")) == (2, "what was there before")
    assert [path.name for path in place.iterdir() if path.name != "filler"] == ["garden.ttl"]


def test_files_may_not_grow(folder: Path, tmp_path: Path) -> None:
    """What a quota does, for a tester who may not mount disks."""
    out = tmp_path / "out"
    onrecord.open(folder).build(out)
    before = contents(out)
    add_statement(folder)
    for limit in (1000, 50_000):
        code, words = command("build", folder, "-o", out, before=lambda limit=limit: bound_files(limit))  # type: ignore[misc]
        assert code == 2 and words, words
        assert contents(out) == before and find_damage(out) == []


def bound_files(size: int) -> None:
    """No file of this process may get larger."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_read_only_disk_answers_and_builds_nothing(folder: Path, disk: Callable[[str], Path]) -> None:
    place = disk("size=64m")
    home = place / "graphs" / "garden"
    home.parent.mkdir()
    folder.rename(home) if folder.stat().st_dev == place.stat().st_dev else subprocess.run(
        ["cp", "-r", str(folder), str(home)], check=True
    )
    onrecord.open(home).build()
    before = contents(place / "build" / "garden")
    disk("remount,ro,size=64m")
    code, words = command("build", home)
    assert code == 2 and "Read-only file system" in words
    code, words = command("query", home, "ASK { ?s a onr:Source }")
    assert code == 0, words
    assert is_fresh(onrecord.open(home).project, place / "build" / "garden")
    assert contents(place / "build" / "garden") == before and find_damage(place / "build" / "garden") == []


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that everybody may enter; those of pytest close again when a second run of it starts."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_permission_that_was_lost_is_told(open_place: Path) -> None:
    if os.geteuid():
        cannot_be_tried("only root can give up its rights")
    folder, out = write_notes(open_place / "garden", "", **rich_files()), open_place / "out"
    onrecord.open(folder).build(out)
    before = contents(out)
    add_statement(folder)
    code, words = without_rights(folder, "build", folder, "-o", out)
    assert code == 2 and "Permission denied" in words
    (folder / "statements/letter.yaml").chmod(0o600)
    code, words = without_rights(folder, "check", folder)
    assert code == 1 and "statements/letter.yaml: P002 this file cannot be read: Permission denied" in words
    assert contents(out) == before


@pytest.mark.parametrize("name", ["entities.yaml", "evidence.lock", "onrecord.yaml", "ontology/garden.ttl"])
def test_a_permission_that_was_lost_beside_the_statements_is_told(open_place: Path, name: str) -> None:
    if os.geteuid():
        pytest.skip("only root can give up its rights")
    folder, out = write_notes(open_place / "garden", "", **rich_files()), open_place / "out"
    graph = onrecord.open(folder)
    graph.examine(update_lock=True)
    graph.build(out)
    out.chmod(0o777)
    (folder / name).chmod(0o600)
    code, words = without_rights(folder, "build", folder, "-o", out)
    assert code and f"{name}: P002 this file cannot be read: Permission denied" in words


def test_a_clock_that_jumps_changes_nothing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    onrecord.open(folder).build(tmp_path / "now")
    for day in (0, 4102444800):  # 1970 and 2100
        for path in folder.rglob("*"):
            os.utime(path, (day, day))
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda day=day: float(day))
            onrecord.open(folder).build(tmp_path / "then")
            assert is_fresh(onrecord.open(folder).project, tmp_path / "then")
        assert contents(tmp_path / "then") == contents(tmp_path / "now")
