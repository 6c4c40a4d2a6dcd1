"""Owns the tests of what measurements and tests start: it is told when it does not start, and nothing stays behind."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import engines

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.setattr(sys, "path", [str(ROOT / "bench/scale"), *sys.path])
    yield importlib.import_module("processes")
    del sys.modules["processes"]


def test_a_server_that_ends_at_once_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"^false does not start$"), engines.serving(["false"], 1, tmp_path):
        pytest.fail("it was taken for a server")


def test_a_process_that_is_gone_leaves_none_of_the_others_alive(
    processes: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, gone = processes.tree, []

    def tree(roots: list[int]) -> list[int]:
        end = time.monotonic() + 30
        while len(found := own(roots)) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        gone.extend(found)
        return [2**22 + 1, *found]  # beyond every process that there can be

    monkeypatch.setattr(processes, "tree", tree)
    with pytest.raises(SystemExit, match="took longer than 1 s"):
        processes.run(sys.executable, "-c", "import time; time.sleep(60)", limit=1)
    assert len(gone) == 2
    end = time.monotonic() + 30
    while any(map(_is_alive, gone)):
        assert time.monotonic() < end
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False
