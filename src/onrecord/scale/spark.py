"""Owns running the steps of a build in shards on Apache Spark: locally, on a cluster, through Connect.

Leaves the steps themselves to ``units`` and ``shards``, and what must be there before a session starts and
what its failures mean to ``cluster``. Rows are shuffled once, by shard; quads never are.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from onrecord.errors import EngineError, MissingExtra
from onrecord.progress import stage
from onrecord.scale.aliases import ALIASES, ASKED, BROADCAST
from onrecord.scale.base import Job
from onrecord.scale.cluster import explained, find_java, on_this_machine, reach, read_master, reason, shown_master
from onrecord.scale.units import SHARD, names_of, write_asked

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from onrecord.scale.sharded import Step

RESULT = "result string"
PATIENCE = 120
"""Seconds that a cluster has to give this build its first executor; through Connect, to do its first work."""

INTERRUPTED = 10
"""Seconds in which work that is interrupted may end."""


class Spark:
    """A Spark session; ``master`` is ``local[*]``, ``spark://host:port``, ``sc://host:port`` (Connect), or another.

    Every machine has Python with onrecord, and sees the graph's and the output's folders under the same paths.
    More names of entities than ``broadcast`` are joined to the units that mention them, by a shuffle.

    :raises MissingExtra: without ``onrecord[spark]``.
    :raises EngineError: when there is no such cluster, or no Java for it.
    """

    counts = False

    def __init__(self, master: str = "local[*]", broadcast: int = BROADCAST) -> None:
        self.broadcast = broadcast
        stage("starting Spark")
        self.session = _session(master)
        if master.startswith("sc://"):
            _wait_for_work(self.session, master)
        elif not master.startswith("local"):
            _wait_for_executors(self.session, master)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.session.stop()

    def each(self, step: Step, job: Job, tasks: Sequence[Any]) -> list[dict[str, Any]]:
        """One Spark task for each of ``tasks``."""
        if not tasks:
            return []

        def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                with on_this_machine(job):
                    yield _told([step(job, json.loads(text)) for text in batch.column("task").to_pylist()])

        return self._collect(lambda: self._spread(tasks).mapInArrow(run, RESULT))

    def join(self, job: Job, tasks: Sequence[Mapping[str, Any]]) -> None:
        """Names of units and names of entities, both shuffled by name; what meets is shuffled by unit."""

        def ask(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            import pyarrow as pa

            for batch in batches:
                for task in map(json.loads, batch.column("task").to_pylist()):
                    with on_this_machine(job):
                        names = names_of(job, task)
                    columns = {"key": [task["key"]] * len(names), "name": names}
                    yield pa.RecordBatch.from_pydict(
                        {name: pa.array(values, pa.large_string()) for name, values in columns.items()}
                    )

        def write(rows: pa.Table) -> pa.Table:
            import polars as pl
            import pyarrow as pa

            asked = pl.DataFrame(pl.from_arrow(rows))
            with on_this_machine(job):
                write_asked(job, asked["key"][0], asked)
            return pa.Table.from_batches([_told([{"key": asked["key"][0]}])])

        def met() -> DataFrame:
            known = self.session.read.parquet(_address(job.work, ALIASES))
            asked = self._spread(tasks).mapInArrow(ask, "key string, name string")
            return asked.join(known.hint("merge"), "name").groupBy("key").applyInArrow(write, RESULT)

        self.session.conf.set("spark.sql.shuffle.partitions", str(max(job.shards, len(tasks))))
        written = {one["key"] for one in self._collect(met)}
        for task in tasks:
            if task["key"] not in written:
                write_asked(job, task["key"], ASKED.to_frame())

    def seal(self, job: Job, target: str, keys: Sequence[str], shards: Sequence[int]) -> list[dict[str, Any]]:
        """One group for each shard: its rows beside the nodes that they share with others."""

        def write(rows: pa.Table, nodes: pa.Table) -> pa.Table:
            import polars as pl
            import pyarrow as pa

            from onrecord.scale.shards import seal

            left, right = pl.DataFrame(pl.from_arrow(rows)), pl.DataFrame(pl.from_arrow(nodes))
            number = int((left if left.height else right)[SHARD][0])
            with on_this_machine(job):
                return pa.Table.from_batches([_told([seal(job, target, number, left, right)])])

        def met() -> DataFrame:
            rows, nodes = (
                self.session.read.parquet(*(_address(job.work, f"{kind}-{key}.parquet") for key in keys))
                .where(f"{SHARD} IN ({', '.join(map(str, shards))})")
                .groupBy(SHARD)
                for kind in ("rows", "nodes")
            )
            return rows.cogroup(nodes).applyInArrow(write, RESULT)

        self.session.conf.set("spark.sql.shuffle.partitions", str(len(shards)))
        return self._collect(met)

    def _spread(self, tasks: Sequence[Any]) -> DataFrame:
        numbered = [(at, json.dumps(task)) for at, task in enumerate(tasks)]
        return self.session.createDataFrame(numbered, "at int, task string").repartitionByRange(len(tasks), "at")

    def _collect(self, frame: Callable[[], DataFrame]) -> list[dict[str, Any]]:
        with explained():
            return [json.loads(row["result"]) for row in frame().collect()]


def _address(folder: str, name: str) -> str:
    """One file as Spark reads it: in what it is given, some characters stand for many files."""
    return "file://" + re.sub(r"([\[\]{}*?\\])", r"\\\1", f"{folder}/{name}")


def _told(results: list[dict[str, Any]]) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_pydict({"result": pa.array([json.dumps(one) for one in results], pa.large_string())})


def _session(master: str) -> SparkSession:
    read_master(master)
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise MissingExtra("pyspark", "spark") from error
    reach(master)
    remote = master.startswith("sc://")
    if not remote:
        find_java()
    if master.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("onrecord")
    builder = builder.remote(master) if remote else builder.master(master)
    settings = {
        "spark.sql.execution.arrow.useLargeVarTypes": "true",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "1000000",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
    }
    if not remote:
        settings |= {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, Py4JError, OSError, RuntimeError) as error:
        raise EngineError(f"{shown_master(master)}: Spark does not start: {reason(str(error))}") from error
    if not remote:
        session.sparkContext.setLogLevel("OFF")  # what goes wrong is told once, without Java's stack
    return session


def _wait_for_executors(session: SparkSession, master: str) -> None:
    """Spark itself would wait for ever."""
    context: Any = session.sparkContext
    end = time.monotonic() + PATIENCE
    while context._jsc.sc().getExecutorMemoryStatus().size() < 2:  # the driver is the first
        if time.monotonic() > end:
            session.stop()
            raise _nobody_took_it(master)
        time.sleep(0.2)


def _wait_for_work(session: SparkSession, master: str) -> None:
    """Let a server do the least that there is: who works for it is not told, and it would wait for ever."""
    failures: list[EngineError] = []

    def work() -> None:
        try:
            with suppress(ValueError), explained():  # which is what a session says that is stopped meanwhile
                session.range(1).collect()
        except EngineError as error:
            failures.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if thread.is_alive():
        session.interruptAll()
        thread.join(INTERRUPTED)
        session.stop()
        raise _nobody_took_it(master)
    if failures:
        raise failures[0]


def _nobody_took_it(master: str) -> EngineError:
    return EngineError(
        f"{shown_master(master)}: no worker took this build within {PATIENCE} s; start workers there, "
        "or wait until some of their cores and memory are free"
    )
