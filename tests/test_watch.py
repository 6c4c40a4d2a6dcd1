"""Watching: what changes is told once it has settled, whenever it changed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

import pytest

from onrecord import watch
from onrecord.errors import Problems
from onrecord.project import open_project
from onrecord.watch import changes

SRC = Path(__file__).parents[1] / "src"
LETTER = "statements/letter.yaml"


@contextmanager
def watched(folder: Path) -> Iterator[Queue[set[str]]]:
    """What is told of the graph in ``folder``, as names inside it."""
    told: Queue[set[str]] = Queue()
    stop = threading.Event()
    watching = changes(open_project(folder, Problems()), stop=stop, pause=0.01, settle=0.03)

    def listen() -> None:
        for changed in watching:
            told.put({path.relative_to(folder).as_posix() for path in changed})

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield told
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def append(path: Path, text: str = "# one more\n") -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


@pytest.mark.parametrize("name", [LETTER, "entities.yaml", "onrecord.yaml", "ontology/garden.ttl"])
def test_a_changed_file_is_told(graph_folder: Path, name: str) -> None:
    with watched(graph_folder) as told:
        append(graph_folder / name)
        assert told.get(timeout=10) == {name}


def test_new_and_removed_files_are_told(graph_folder: Path) -> None:
    with watched(graph_folder) as told:
        (graph_folder / LETTER).rename(graph_folder / "statements/renamed.yaml")
        assert told.get(timeout=10) == {LETTER, "statements/renamed.yaml"}


def test_other_files_are_not_told(graph_folder: Path) -> None:
    with watched(graph_folder) as told:
        (graph_folder / "README.md").write_text("# read me\n", "utf-8")
        (graph_folder / "statements/.letter.yaml.swp").write_text("swap", "utf-8")
        with pytest.raises(Empty):
            told.get(timeout=0.3)
        append(graph_folder / LETTER)
        assert told.get(timeout=10) == {LETTER}


def test_several_changes_in_a_row_are_told_as_one(graph_folder: Path) -> None:
    names = [f"statements/more-{number}.yaml" for number in range(20)]
    with watched(graph_folder) as told:
        for name in names:
            (graph_folder / name).write_text("# nothing yet\n", "utf-8")
        found: set[str] = set()
        while found != set(names):
            found |= told.get(timeout=10)
        with pytest.raises(Empty):
            told.get(timeout=0.2)


def test_what_changes_while_the_caller_is_busy_is_told(graph_folder: Path) -> None:
    watching = changes(open_project(graph_folder, Problems()), pause=0.01, settle=0.01)
    append(graph_folder / LETTER)  # after the call, before the first look
    assert {path.name for path in next(watching)} == {"letter.yaml"}
    append(graph_folder / "entities.yaml")
    assert {path.name for path in next(watching)} == {"entities.yaml"}


def test_an_ontology_that_the_settings_name_is_told_when_it_comes(graph_folder: Path) -> None:
    settings = graph_folder / "onrecord.yaml"
    settings.write_text(settings.read_text("utf-8").replace("[garden]", "[garden, more]"), "utf-8")
    assert "more" in settings.read_text("utf-8")
    with watched(graph_folder) as told:
        (graph_folder / "ontology/more.ttl").write_text("", "utf-8")
        assert told.get(timeout=10) == {"ontology/more.ttl"}


def test_settings_that_are_gone_for_a_moment_end_nothing(graph_folder: Path) -> None:
    settings = graph_folder / "onrecord.yaml"
    text = settings.read_text("utf-8")
    with watched(graph_folder) as told:
        settings.unlink()
        assert told.get(timeout=10) == {"onrecord.yaml"}
        settings.write_text(text, "utf-8")
        assert told.get(timeout=10) == {"onrecord.yaml"}


@pytest.mark.slow
def test_a_look_that_takes_long_is_followed_by_a_long_rest(graph_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many files there are, watching them leaves the machine to others."""
    took, rests = iter([0.0, 0.2, 0.0, 3.0]), list[float]()
    clock = 0.0

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            rests.append(timeout or 0.0)
            return len(rests) == 4

    def files(project: object) -> list[Path]:
        nonlocal clock
        clock += next(took)
        return []

    monkeypatch.setattr(watch.time, "monotonic", lambda: clock)
    assert list(changes(open_project(graph_folder, Problems()), files=files, stop=Stop(), pause=0.5)) == []
    assert rests == pytest.approx([0.5, 2.0, 0.5, 30.0])


def test_build_watches(graph_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "onrecord", "build", str(graph_folder), "--watch", "--no-evidence", "-o", str(out)]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(SRC)}
    ) as process:
        assert process.stderr is not None
        try:
            assert begin(process.stderr.readline()) == "garden: 5 statements"
            first = (out / "garden.ttl").read_bytes()
            append(graph_folder / LETTER, "  - triple: [Rose, tends, plot 7]\n    quote: Rose Marsh\n")
            assert begin(process.stderr.readline()) == f"{LETTER}: garden: 6 statements"
            second = (out / "garden.ttl").read_bytes()
            assert second != first
            append(graph_folder / LETTER, "  - triple: [Nobody, chairs, Garden Society]\n    quote: Rose Marsh\n")
            assert "R001" in process.stderr.readline()
            while "not built" not in (line := process.stderr.readline()):
                assert line
            assert (out / "garden.ttl").read_bytes() == second
            text = (graph_folder / LETTER).read_text("utf-8")
            (graph_folder / LETTER).write_text(text.replace("Nobody", "Basil Thorn"), "utf-8")
            assert begin(process.stderr.readline()) == f"{LETTER}: garden: 7 statements"
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
            assert process.stderr.read() == "\n"
        finally:
            process.kill()


def begin(line: str) -> str:
    """What the line on a build begins with, once the rest of it is looked at."""
    found = re.fullmatch(r"(.*statements) on [0-9]+ propositions, [0-9]+ quads in [0-9]+\.[0-9] s\n", line)
    assert found, line
    return found[1]
