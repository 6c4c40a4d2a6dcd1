"""What a cluster lacks is said in a line: what is looked at before Spark starts, and what its failures mean."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner

from onrecord.cli import main
from onrecord.errors import EngineError
from onrecord.scale import spark
from onrecord.scale.base import Job
from onrecord.scale.cluster import find_java, on_this_machine, reach, reason, shown_master

SAME = (
    "install the same versions of Python and onrecord[spark] on every machine, and name that Python in PYSPARK_PYTHON"
)
SHARE = "let every machine of the cluster see the folders of the graph and of the output under the same paths"


def build(graph: Path, master: str) -> str:
    result = CliRunner().invoke(
        main, ["build", str(graph), "-o", str(graph / "out"), "--engine", "spark", "--master", master]
    )
    assert result.exit_code == 2
    return result.stderr.strip().removeprefix("onrecord: ")


def put_java(folder: Path, *lines: str) -> None:
    java = folder / "bin/java"
    java.parent.mkdir(parents=True)
    java.write_text("\n".join(("#!/bin/sh", *lines, "")))
    java.chmod(0o755)


@pytest.mark.parametrize("master", ["cluster", "http://cluster:7077", "local[many]", "spark://"])
def test_an_address_that_is_none(graph_folder: Path, master: str) -> None:
    told = build(graph_folder, master)
    assert told == (
        f"{master}: no address of a cluster; write local[*], spark://host:7077 or sc://host:15002 (Connect)"
    )


@pytest.mark.parametrize(
    ("master", "shown"),
    [
        ("sc://127.0.0.1:1/;token=hidden", "sc://127.0.0.1:1/"),
        ("sc://127.0.0.1:1;user_id=ada;token=hid@den", "sc://..."),
        ("sc://127.0.0.1:1/;token=hid@den", "sc://127.0.0.1:1/"),
        ("sc://ada:hidden@127.0.0.1:1/;use_ssl=true", "sc://127.0.0.1:1/"),
        ("sc://ada:hid;den@127.0.0.1:1", "sc://..."),
        ("spark://ada:hidden@127.0.0.1:1", "spark://127.0.0.1:1"),
    ],
)
def test_an_address_is_shown_without_what_lets_somebody_in(master: str, shown: str) -> None:
    assert shown_master(master) == shown
    with pytest.raises(EngineError) as error:
        reach(master)
    assert str(error.value).startswith(f"{shown}: nobody answers there; ")


def test_an_address_that_is_none_is_shown_without_it_too(graph_folder: Path) -> None:
    told = build(graph_folder, "http://ada:hidden@cluster:7077/;token=hidden")
    assert told.startswith("http://cluster:7077/: no address of a cluster; ")
    assert "hidden" not in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "Error: invalid URL sc://host:1/;token=hidden;use_ssl=true for Connect",
            "Error: invalid URL sc://host:1/ for Connect",
        ),
        ("Error: cannot connect to spark://ada:hidden@host:1", "Error: cannot connect to spark://host:1"),
        ("Error: metadata was Authorization: Bearer hidden", "Error: metadata was Authorization: Bearer ..."),
        ("Error: a parameter token=hidden", "Error: a parameter token=..."),
    ],
)
def test_what_a_library_says_of_a_cluster_is_told_without_it(text: str, told: str) -> None:
    assert reason(text) == told


class Busy:
    """A session through Connect whose server waits for workers until it is interrupted."""

    def __init__(self, rows: list[int] | None = None) -> None:
        self.rows, self.over = rows, threading.Event()
        self.said: list[str] = []

    def range(self, count: int) -> Busy:
        return self

    def collect(self) -> list[int]:
        if self.rows is None:
            self.over.wait(30)
            raise ValueError("Cannot invoke RPC: Channel closed!")
        return self.rows or []

    def interruptAll(self) -> None:  # noqa: N802  # Spark's name
        self.said.append("interrupted")
        self.over.set()

    def stop(self) -> None:
        self.said.append("stopped")


def test_a_server_without_a_free_worker_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "PATIENCE", 0.2)
    monkeypatch.setattr(spark, "explained", nullcontext)
    busy, free = Busy(), Busy([0])
    with pytest.raises(EngineError, match=r"^sc://host:15002/: no worker took this build within 0.2 s; start workers"):
        spark._wait_for_work(busy, "sc://host:15002/;token=hidden")  # type: ignore[arg-type]
    spark._wait_for_work(free, "sc://host:15002")  # type: ignore[arg-type]
    assert (busy.said, free.said) == (["interrupted", "stopped"], [])


def test_without_pyspark(graph_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyspark", "pyspark.errors", "pyspark.sql", "py4j", "py4j.protocol"):
        monkeypatch.setitem(sys.modules, name, None)
    assert build(graph_folder, "local[*]") == "pyspark is not installed: pip install 'onrecord[spark]'"


def test_no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError) as error:
        find_java()
    assert str(error.value) == (
        "Spark runs on Java, and there is none here: install Java 17 or newer, and name its folder in JAVA_HOME"
    )


def test_a_home_of_java_that_holds_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EngineError, match=f"there is none in JAVA_HOME, {tmp_path}: install Java 17"):
        find_java()


@pytest.mark.parametrize(("version", "number"), [("1.8.0_392", 8), ("11.0.22", 11), ("16", 16)])
def test_an_old_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, number: int) -> None:
    put_java(tmp_path, f"echo 'openjdk version \"{version}\"' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EngineError) as error:
        find_java()
    assert str(error.value) == (
        f"{tmp_path}/bin/java is Java {number}, and Spark needs 17: "
        "install Java 17 or newer, and name its folder in JAVA_HOME"
    )


def test_a_java_that_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_java(tmp_path, "exit 1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EngineError, match="bin/java: does not start: install Java 17"):
        find_java()


@pytest.mark.parametrize("version", ["17.0.10", "21", "25-ea"])
def test_a_java_that_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    put_java(tmp_path, f"echo 'openjdk version \"{version}\"' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    find_java()


def test_a_folder_that_a_machine_does_not_see(tmp_path: Path) -> None:
    job = Job(str(tmp_path), str(tmp_path / "work"), 4, "", "")
    with (
        pytest.raises(EngineError, match=f"^{os.uname().nodename}: {job.work} is not there; {SHARE}$"),
        on_this_machine(job),
    ):
        pytest.fail("a step ran without its folder")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (
            "Job aborted due to stage failure: Traceback (most recent call last):\n"
            '  File "units.py", line 1, in scan\n    raise EngineError(\n'
            "onrecord.errors.EngineError: host-3: /data/garden: there is no such folder; share it\n\n"
            "\tat org.apache.spark.api.python.BasePythonRunner\nDriver stacktrace:\nCaused by: java.lang.Error: x",
            "host-3: /data/garden: there is no such folder; share it",
        ),
        (
            "PythonException: Traceback:\nModuleNotFoundError: No module named 'onrecord'\n\tat x",
            f"a machine of the cluster has no onrecord: {SAME}",
        ),
        (
            "pyspark.errors.PySparkRuntimeError: [PYTHON_VERSION_MISMATCH] Python in worker has different version: 3.9",
            f"the cluster runs another version of Python: {SAME}",
        ),
        (
            'java.io.IOException: Cannot run program "python3": error=2, No such file or directory',
            f"a machine of the cluster has no python3: {SAME}",
        ),
        (
            "[PATH_NOT_FOUND] Path does not exist: file:/data/out/work/rows-1.parquet. SQLSTATE: 42K03",
            f"/data/out/work/rows-1.parquet is not seen by a machine of the cluster: {SHARE}",
        ),
        (
            "Caused by: java.io.FileNotFoundException: File file:/data/rows-1.parquet does not exist\n\tat x",
            f"/data/rows-1.parquet is not seen by a machine of the cluster: {SHARE}",
        ),
        ("first\n\tat java\nan Error of another kind\n\tat java", "an Error of another kind"),
        ("", "no reason given"),
    ],
)
def test_what_a_failure_means(text: str, meaning: str) -> None:
    assert reason(text) == meaning
