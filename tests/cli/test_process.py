"""What the libraries of a command's process may take."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from onrecord.cli import process
from onrecord.cli.process import SMALL, tune

THREADS = "POLARS_MAX_THREADS"


@pytest.fixture(autouse=True)
def before_polars(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has not loaded polars, and without what this one was told."""
    monkeypatch.delitem(sys.modules, "polars", raising=False)
    for name in (THREADS, "_RJEM_MALLOC_CONF"):
        monkeypatch.setenv(name, "")  # so that what the test sets goes again
        monkeypatch.delenv(name)


def test_a_small_graph_is_worked_on_by_one_thread(tmp_path: Path) -> None:
    (tmp_path / "onrecord.yaml").write_text("name: small\n", "utf-8")
    tune(tmp_path)
    assert os.environ[THREADS] == "1"
    assert "narenas:1" in os.environ["_RJEM_MALLOC_CONF"]


@pytest.mark.parametrize(("name", "size"), [("large.csv", SMALL + 1), ("large.parquet", SMALL // 5)])
def test_a_large_graph_is_worked_on_by_all(
    name: str, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    monkeypatch.setattr(process, "keep_few_heaps", lambda: kept.append("few"))
    with (tmp_path / name).open("wb") as file:
        file.truncate(size)
    tune(tmp_path)
    assert THREADS not in os.environ
    assert kept == ["few"]


def test_what_the_user_has_set_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS, "7")
    tune(tmp_path)
    assert os.environ[THREADS] == "7"


def test_nothing_is_set_once_polars_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", os)
    tune(tmp_path)
    assert THREADS not in os.environ


def test_a_folder_that_is_not_there_is_told_by_those_who_read_it(tmp_path: Path) -> None:
    (tmp_path / "broken").symlink_to(tmp_path / "gone")
    tune(tmp_path)
    tune(tmp_path / "gone")


def test_no_command_loads_polars_before_it_is_told() -> None:
    code = "import sys; import onrecord.cli, onrecord.cli.process; print('polars' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
