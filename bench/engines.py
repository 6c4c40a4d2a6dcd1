"""Owns the engines that measurements and tests start on loopback: Spark's master and workers, Oxigraph, Virtuoso.

Leaves what is asked of them to those who start them. All are stopped at the end.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120.0
DEPLOY = "org.apache.spark.deploy"
VIRTUOSO_INI = """\
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {folder}/temporary.db
TransactionFile = {folder}/temporary.trx
[Parameters]
ServerPort = {sql_port}
DirsAllowed = {allowed}
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerThreads = 8
[SPARQL]
ResultSetMaxRows = {rows}
"""
BUFFERS_A_GIB = 85_000
"""Pages of Virtuoso for each GiB of memory, as its documentation advises."""


@dataclass(frozen=True, slots=True)
class Running:
    """A started engine: its address, its processes, and for Virtuoso the port of its SQL."""

    address: str
    pids: tuple[int, ...]
    sql: str = ""


def environment() -> dict[str, str]:
    """For Spark: workers run this Python with this source tree, on loopback."""
    return {
        "PYTHONPATH": str(ROOT / "src"),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_NO_DAEMONIZE": "1",
    }


def program(name: str, package: str) -> str:
    """The path of a program, looked for beside this Python and beside the ``PATH``'s.

    :raises SystemExit: when it is not installed.
    """
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is not installed: {package}")
    return found


@contextmanager
def cluster(folder: Path, workers: int = 2, memory: str = "3g") -> Iterator[Running]:
    """A standalone master and workers of one core each."""
    port = free_port()
    address = f"spark://127.0.0.1:{port}"
    with ExitStack() as stack:

        def start(name: str, words: str, *arguments: str) -> int:
            return stack.enter_context(spark_class(folder, name, words, *arguments))

        master = (f"{DEPLOY}.master.Master", "--host", "127.0.0.1", "--port", str(port))
        pids = [start("master", "I have been elected leader", *master, "--webui-port", str(free_port()))]
        worker = (f"{DEPLOY}.worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", memory)
        for number in range(workers):
            told = "Successfully registered with master"
            pids.append(start(f"worker-{number}", told, *worker, "--webui-port", "0", "-d", str(folder), address))
        yield Running(address, tuple(pids))


@contextmanager
def spark_class(folder: Path, name: str, words: str, *arguments: str) -> Iterator[int]:
    """The id of a Java process of Spark, once it has said ``words`` in its log."""
    import pyspark

    command = [str(Path(pyspark.__file__).parent / "bin/spark-class"), *arguments]
    with _started(command, folder, name) as process:
        _until(lambda: words in (folder / f"{name}.log").read_text("utf-8", "replace"), process, name)
        yield process.pid


@contextmanager
def oxigraph(folder: Path) -> Iterator[Running]:
    """A server on an empty store, or on the one in ``folder``."""
    port = free_port()
    command = [program("oxigraph", "pip install oxigraph"), "serve", "--location", str(folder / "store")]
    with serving([*command, "--bind", f"127.0.0.1:{port}"], port, folder) as running:
        yield running


@contextmanager
def virtuoso(folder: Path, allowed: Path, gib: float = 2.0, rows: int = 1_000_000) -> Iterator[Running]:
    """A server with a new database, its user and password dba, which may read files in ``allowed``.

    It gives at most so many ``rows`` of an answer.
    """
    command = program("virtuoso-t", "apt-get install virtuoso-opensource-7-bin")
    port, sql = free_port(), free_port()
    buffers = int(BUFFERS_A_GIB * gib)
    values = {"port": port, "sql_port": sql, "allowed": allowed, "buffers": buffers, "dirty": buffers * 3 // 4}
    values["rows"] = rows
    (folder / "virtuoso.ini").write_text(VIRTUOSO_INI.format(folder=folder, **values), "utf-8")
    with serving([command, "+foreground", "+configfile", str(folder / "virtuoso.ini")], port, folder) as running:
        yield replace(running, sql=f"127.0.0.1:{sql}")


@contextmanager
def serving(command: list[str], port: int, folder: Path, name: str = "server") -> Iterator[Running]:
    """A server, from its first answer on; what it says goes to ``NAME.log`` in ``folder``."""
    address = f"http://127.0.0.1:{port}"
    with _started(command, folder, name) as process:
        _until(lambda: _answers(address), process, Path(command[0]).name)
        yield Running(address, (process.pid,))


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def _started(command: list[str], folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environment()}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process
        finally:
            _signal_group(process, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal a process and what it started; a group that is gone is none to signal."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _until(happened: Callable[[], bool], process: subprocess.Popen[bytes], name: str) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"{name} does not start")
        time.sleep(0.1)


def _answers(root: str) -> bool:
    try:
        urllib.request.urlopen(root, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
