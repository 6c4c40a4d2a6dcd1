"""Builds in shards on real Spark: in this process, on a standalone cluster that loses an executor, through Connect.

Everything is started here on loopback and stopped at the end. They are slow, and run in CI.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from onrecord.scale.sharded import Embedded, build_shards
from servers import free_port

ROOT = Path(__file__).resolve().parents[2]
SHARDS = 8
STATEMENTS = int(os.environ.get("ONRECORD_SPARK_STATEMENTS", "200000"))
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def pyspark() -> Path:
    """Where PySpark is installed; in CI its absence is a failure."""
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        if os.environ.get("CI"):
            pytest.fail("pyspark is not installed: pip install -r requirements-spark.lock")
        pytest.skip("pyspark is not installed: pip install -r requirements-spark.lock")
    return Path(found.origin).parent


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph of many statements in several files, some of them bad."""
    folder = tmp_path_factory.mktemp("generated") / "graph"
    command = [sys.executable, str(ROOT / "bench/statements.py"), str(folder), "--statements", str(STATEMENTS)]
    subprocess.run([*command, "--format", "parquet", "--rows-a-file", str(max(1, STATEMENTS // 6))], check=True)
    return folder


@pytest.fixture(scope="session")
def expected(generated: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the embedded build makes of it."""
    out = tmp_path_factory.mktemp("embedded") / "out"
    build_shards(generated, out, Embedded(), SHARDS)
    return contents(out)


def contents(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir() if path.is_file() and not path.name.startswith(".")}


def environment() -> dict[str, str]:
    """Workers run this Python, with this source tree, and talk on loopback."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_NO_DAEMONIZE": "1",
    }


def build_command(graph: Path, out: Path, master: str) -> list[str]:
    command = [sys.executable, "-m", "onrecord", "build", str(graph), "-o", str(out), "--shards", str(SHARDS)]
    return [*command, "--engine", "spark", "--master", master]


def run_build(graph: Path, out: Path, master: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [*build_command(graph, out, master), *more]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, timeout=1200)


@contextmanager
def started(pyspark: Path, folder: Path, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Java process of Spark."""
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [str(pyspark / "bin/spark-class"), *arguments], cwd=folder, env=environment(), stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(log: Path, words: str) -> None:
    end = time.monotonic() + 180
    while words not in log.read_text("utf-8", "replace"):
        if time.monotonic() > end:
            pytest.fail(f"{log.name} never said {words!r}: {log.read_text('utf-8', 'replace')[-2000:]}")
        time.sleep(0.2)


class Cluster(NamedTuple):
    """The address of a master, and the process groups of its workers."""

    master: str
    workers: tuple[int, ...]


@pytest.fixture(scope="session")
def cluster(pyspark: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A standalone master with two workers."""
    folder = tmp_path_factory.mktemp("cluster")
    port, deploy = free_port(), "org.apache.spark.deploy"
    address = f"spark://127.0.0.1:{port}"
    master = [f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(free_port())]
    with started(pyspark, folder, "master", *master):
        wait_for(folder / "master.log", "I have been elected leader")
        worker = [f"{deploy}.worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "2g"]
        worker += ["--webui-port", "0", address]
        with started(pyspark, folder, "one", *worker) as one, started(pyspark, folder, "two", *worker) as two:
            for name in ("one", "two"):
                wait_for(folder / f"{name}.log", "Successfully registered with master")
            yield Cluster(address, (one.pid, two.pid))


def executors(cluster: Cluster) -> list[int]:
    """The processes that do the cluster's work."""
    found = []
    for path in Path("/proc").iterdir():
        try:
            mine = path.name.isdigit() and os.getpgid(int(path.name)) in cluster.workers
            words = (path / "cmdline").read_bytes().split(b"\0") if mine else []
        except OSError:
            continue
        if b"org.apache.spark.executor.CoarseGrainedExecutorBackend" in words:
            found.append(int(path.name))
    return found


def test_a_cluster_that_loses_an_executor_gives_the_bytes_of_the_embedded_build(
    generated: Path, expected: dict[str, bytes], cluster: Cluster, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = build_command(generated, out, cluster.master)
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        end = time.monotonic() + 1200
        while process.poll() is None and not list(out.glob(".aside-*/quads-*.parquet")):
            assert time.monotonic() < end
            time.sleep(0.05)
        found = executors(cluster)
        assert process.poll() is None and len(found) == 2, "the build was over before an executor could be killed"
        os.kill(found[0], signal.SIGKILL)
        words = process.communicate(timeout=1200)[0].decode()
    assert process.returncode == 1, words  # some rows are bad, and are told
    assert contents(out) == expected
    again = run_build(generated, out, cluster.master)
    assert "0 units read, 0 shards written" in again.stderr
    assert contents(out) == expected


IN_ONE_SESSION = """
import sys
from pathlib import Path
from onrecord.errors import EngineError
from onrecord.scale.sharded import build_shards
from onrecord.kept import code_digest
from onrecord.scale.spark import Spark
from onrecord.scale.units import Job, scan

graph, out, elsewhere, shards = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
with Spark("local[2]", broadcast=0) as engine:
    build_shards(graph, out / "joined", engine, shards)
    engine.broadcast = 1_000_000
    build_shards(graph, out / "broadcast", engine, shards)
    for work in (elsewhere, str(out)):
        try:
            engine.each(scan, Job(elsewhere, work, shards, "", code_digest()), [""])
        except EngineError as error:
            print(error)
"""


def test_names_joined_by_a_shuffle_and_folders_that_are_not_there(
    named_graph: Path, pyspark: Path, tmp_path: Path
) -> None:
    build_shards(named_graph, tmp_path / "embedded", Embedded(), SHARDS)
    elsewhere = "/nowhere/on this machine"
    command = [sys.executable, "-c", IN_ONE_SESSION, str(named_graph), str(tmp_path), elsewhere, str(SHARDS)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode == 0, done.stderr
    for way in ("joined", "broadcast"):
        assert contents(tmp_path / way) == contents(tmp_path / "embedded")
    share = "; let every machine of the cluster see the folders of the graph and of the output under the same paths\n"
    host = socket.gethostname()
    assert done.stdout == (
        f"Spark gave up: {host}: {elsewhere} is not there{share}"
        f"Spark gave up: {host}: {elsewhere}: there is no such folder{share}"
    )


def test_spark_through_connect(graph_folder: Path, pyspark: Path, tmp_path: Path) -> None:
    port = free_port()
    build_shards(graph_folder, tmp_path / "embedded", Embedded(), SHARDS)
    submit = ["org.apache.spark.deploy.SparkSubmit", "--master", "local[2]", "--conf", "spark.ui.enabled=false"]
    for name, value in (("port", port), ("address", "127.0.0.1")):
        submit += ["--conf", f"spark.connect.grpc.binding.{name}={value}"]
    submit += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    with started(pyspark, tmp_path, "connect", *submit):
        wait_for(tmp_path / "connect.log", "Spark Connect server started")
        first = run_build(graph_folder, tmp_path / "out", f"sc://127.0.0.1:{port}")
        assert (first.returncode, contents(tmp_path / "out")) == (0, contents(tmp_path / "embedded")), first.stderr
        settings = graph_folder / "onrecord.yaml"  # workers outlive builds, and must not remember this graph
        settings.write_text(settings.read_text("utf-8").replace("curator: Ada", "curator: Grace"), "utf-8")
        build_shards(graph_folder, tmp_path / "changed", Embedded(), SHARDS)
        second = run_build(graph_folder, tmp_path / "out", f"sc://127.0.0.1:{port}")
    assert (second.returncode, contents(tmp_path / "out")) == (0, contents(tmp_path / "changed")), second.stderr


def test_a_cluster_that_is_not_there_is_said(graph_folder: Path, pyspark: Path, tmp_path: Path) -> None:
    done = run_build(graph_folder, tmp_path / "out", "sc://127.0.0.1:1")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "sc://127.0.0.1:1: nobody answers there" in done.stderr


def test_a_slim_build_has_the_bytes_of_the_embedded_one(generated: Path, cluster: Cluster, tmp_path: Path) -> None:
    build_shards(generated, tmp_path / "embedded", Embedded(), SHARDS, slim=True)
    done = run_build(generated, tmp_path / "out", cluster.master, "--slim")
    assert (done.returncode, "8 shards written" in done.stderr) == (1, True), done.stderr
    assert contents(tmp_path / "out") == contents(tmp_path / "embedded")
