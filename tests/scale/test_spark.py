"""Builds in shards on real Spark: in this process, on a standalone cluster that loses an executor, through Connect.

Everything is started here on loopback and stopped at the end. They are slow, and run in CI.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import engines
from engines import Running
from onrecord.scale.sharded import Embedded, build_shards

ROOT = Path(__file__).resolve().parents[2]
SHARDS = 8
STATEMENTS = int(os.environ.get("ONRECORD_SPARK_STATEMENTS", "200000"))
ENVIRONMENT = {**os.environ, **engines.environment()}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def pyspark() -> None:
    """PySpark is installed; in CI its absence is a failure."""
    if importlib.util.find_spec("pyspark") is None:
        if os.environ.get("CI"):
            pytest.fail("pyspark is not installed: pip install -r requirements-spark.lock")
        pytest.skip("pyspark is not installed: pip install -r requirements-spark.lock")


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


def build_command(graph: Path, out: Path, master: str) -> list[str]:
    command = [sys.executable, "-m", "onrecord", "build", str(graph), "-o", str(out), "--shards", str(SHARDS)]
    return [*command, "--engine", "spark", "--master", master]


def run_build(graph: Path, out: Path, master: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [*build_command(graph, out, master), *more]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=1200)


@pytest.fixture(scope="session")
def cluster(pyspark: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A standalone master with two workers."""
    with engines.cluster(tmp_path_factory.mktemp("cluster"), memory="2g") as running:
        yield running


def executors(cluster: Running) -> list[int]:
    """The processes that do the cluster's work."""
    found = []
    for path in Path("/proc").iterdir():
        try:
            mine = path.name.isdigit() and os.getpgid(int(path.name)) in cluster.pids[1:]
            words = (path / "cmdline").read_bytes().split(b"\0") if mine else []
        except OSError:
            continue
        if b"org.apache.spark.executor.CoarseGrainedExecutorBackend" in words:
            found.append(int(path.name))
    return found


def test_a_cluster_that_loses_an_executor_gives_the_bytes_of_the_embedded_build(
    generated: Path, expected: dict[str, bytes], cluster: Running, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = build_command(generated, out, cluster.address)
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
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
    again = run_build(generated, out, cluster.address)
    assert "0 units read, 0 shards written" in again.stderr
    assert contents(out) == expected


IN_ONE_SESSION = """
import sys
from pathlib import Path
from onrecord.errors import EngineError
from onrecord.scale.sharded import build_shards
from onrecord.kept import code_digest
from onrecord.scale.spark import Spark
from onrecord.scale.base import Job
from onrecord.scale.scans import scan

graph, out, elsewhere, shards = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
with Spark("local[2]", broadcast=0) as engine:
    build_shards(graph, out / "joined", engine, shards)
    engine.broadcast = 1_000_000
    build_shards(graph, out / "broadcast", engine, shards)
    changed = graph / "statements/named-3.csv"
    changed.write_text(changed.read_text("utf-8").replace("tends,plot 7", "attends,summer show"), "utf-8")
    again = build_shards(graph, out / "broadcast", engine, shards)
    print(again.mapped, 0 < again.sealed < len(again.manifest["shards"]))
    for work in (elsewhere, str(out)):
        try:
            engine.each(scan, Job(elsewhere, work, shards, "", code_digest()), [""])
        except EngineError as error:
            print(error)
"""
PATTERNS = "day=[1]*{a,b}? 50%20#x\\"
"""A folder with every character that stands for others in what Spark reads."""


def test_names_joined_by_a_shuffle_and_folders_that_are_not_there(
    named_graph: Path, pyspark: None, tmp_path: Path
) -> None:
    build_shards(named_graph, tmp_path / "embedded", Embedded(), SHARDS)
    out = tmp_path / PATTERNS
    out.mkdir()
    graph = shutil.copytree(named_graph, out / named_graph.name)
    elsewhere = "/nowhere/on this machine"
    command = [sys.executable, "-c", IN_ONE_SESSION, str(graph), str(out), elsewhere, str(SHARDS)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode == 0, done.stderr
    assert contents(out / "joined") == contents(tmp_path / "embedded")
    build_shards(graph, tmp_path / "changed", Embedded(), SHARDS)
    assert contents(out / "broadcast") == contents(tmp_path / "changed") != contents(tmp_path / "embedded")
    share = "; let every machine of the cluster see the folders of the graph and of the output under the same paths\n"
    host = socket.gethostname()
    assert done.stdout == (
        "1 True\n"
        f"Spark gave up: {host}: {elsewhere} is not there{share}"
        f"Spark gave up: {host}: {elsewhere}: there is no such folder{share}"
    )


MINUTES = """\
source: {id: minutes, title: Minutes of the meeting, published: 2024-06-09}
statements:
  - {id: doubtful, triple: [Basil Thorn, supports, hose ban], status: perhaps, quote: he may be for it}
  - {triple: [Basil Thorn, tends, plot 7], quote: he digs}
"""
REFERS = "source,subject,predicate,object,locator\nminutes,Rose Marsh,believes,statement:doubtful,page 1\n"


def test_spark_through_connect(graph_folder: Path, pyspark: None, tmp_path: Path) -> None:
    port = engines.free_port()
    build_shards(graph_folder, tmp_path / "embedded", Embedded(), SHARDS)
    submit = ["org.apache.spark.deploy.SparkSubmit", "--master", "local[2]", "--conf", "spark.ui.enabled=false"]
    for name, value in (("port", port), ("address", "127.0.0.1")):
        submit += ["--conf", f"spark.connect.grpc.binding.{name}={value}"]
    submit += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    with engines.spark_class(tmp_path, "connect", "Spark Connect server started", *submit):
        first = run_build(graph_folder, tmp_path / "out", f"sc://127.0.0.1:{port}")
        assert (first.returncode, contents(tmp_path / "out")) == (0, contents(tmp_path / "embedded")), first.stderr
        settings = graph_folder / "onrecord.yaml"  # workers outlive builds, and must not remember this graph
        settings.write_text(settings.read_text("utf-8").replace("curator: Ada", "curator: Grace"), "utf-8")
        build_shards(graph_folder, tmp_path / "changed", Embedded(), SHARDS)
        second = run_build(graph_folder, tmp_path / "out", f"sc://127.0.0.1:{port}")
        assert (second.returncode, contents(tmp_path / "out")) == (0, contents(tmp_path / "changed")), second.stderr
        (graph_folder / "statements/minutes.yaml").write_text(MINUTES)  # nor these notes
        (graph_folder / "statements/refers.csv").write_text(REFERS)
        build_shards(graph_folder, tmp_path / "noted", Embedded(), SHARDS)
        third = run_build(graph_folder, tmp_path / "out", f"sc://127.0.0.1:{port}")
    assert (third.returncode, contents(tmp_path / "out")) == (1, contents(tmp_path / "noted")), third.stderr
    told = pl.read_parquet(tmp_path / "out/rejects.parquet").select("file", "code").rows()
    assert told == [("statements/minutes.yaml", "C001"), ("statements/refers.csv", "R006")]


def test_a_cluster_that_is_not_there_is_said(graph_folder: Path, pyspark: None, tmp_path: Path) -> None:
    done = run_build(graph_folder, tmp_path / "out", "sc://127.0.0.1:1/;token=hidden")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "sc://127.0.0.1:1/: nobody answers there" in done.stderr


def test_a_slim_build_has_the_bytes_of_the_embedded_one(generated: Path, cluster: Running, tmp_path: Path) -> None:
    build_shards(generated, tmp_path / "embedded", Embedded(), SHARDS, slim=True)
    done = run_build(generated, tmp_path / "out", cluster.address, "--slim")
    assert (done.returncode, "8 shards written" in done.stderr) == (1, True), done.stderr
    assert contents(tmp_path / "out") == contents(tmp_path / "embedded")
