"""Owns running the steps of a build in shards on Apache Spark: locally, on a cluster, through Connect.

Leaves the steps themselves to ``units`` and ``shards``. Rows are shuffled once, by shard; quads never are.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self

from onrecord.errors import EngineError, MissingExtra
from onrecord.scale.units import SHARD, Job

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from onrecord.scale.sharded import Step

RESULT = "result string"


class Spark:
    """A Spark session; ``master`` is ``local[*]``, ``spark://host:port`` or ``sc://host:port`` (Connect).

    Every machine has Python with onrecord, and sees the graph's and the output's folders under the same paths.

    :raises MissingExtra: without ``onrecord[spark]``.
    :raises EngineError: when there is no such cluster.
    """

    def __init__(self, master: str = "local[*]") -> None:
        self.session = _session(master)

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
                yield _told([step(job, json.loads(text)) for text in batch.column("task").to_pylist()])

        numbered = [(at, json.dumps(task)) for at, task in enumerate(tasks)]
        frame = self.session.createDataFrame(numbered, "at int, task string").repartitionByRange(len(tasks), "at")
        return self._collect(frame.mapInArrow(run, RESULT))

    def seal(self, job: Job, target: str, keys: Sequence[str], shards: Sequence[int]) -> list[dict[str, Any]]:
        """One group for each shard: its rows beside the nodes that they share with others."""

        def write(rows: pa.Table, nodes: pa.Table) -> pa.Table:
            import polars as pl
            import pyarrow as pa

            from onrecord.scale.shards import seal

            left, right = pl.DataFrame(pl.from_arrow(rows)), pl.DataFrame(pl.from_arrow(nodes))
            number = int((left if left.height else right)[SHARD][0])
            return pa.Table.from_batches([_told([seal(job, target, number, left, right)])])

        self.session.conf.set("spark.sql.shuffle.partitions", str(len(shards)))
        rows, nodes = (
            self.session.read.parquet(*(f"file://{job.work}/{kind}-{key}.parquet" for key in keys))
            .where(f"{SHARD} IN ({', '.join(map(str, shards))})")
            .groupBy(SHARD)
            for kind in ("rows", "nodes")
        )
        return self._collect(rows.cogroup(nodes).applyInArrow(write, RESULT))

    def _collect(self, frame: DataFrame) -> list[dict[str, Any]]:
        from pyspark.errors import PySparkException

        try:
            return [json.loads(row["result"]) for row in frame.collect()]
        except PySparkException as error:
            raise EngineError(f"Spark gave up: {_last_line(str(error))}") from error


def _told(results: list[dict[str, Any]]) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_pydict({"result": pa.array([json.dumps(one) for one in results], pa.large_string())})


def _session(master: str) -> SparkSession:
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise MissingExtra("pyspark", "spark") from error
    _reach(master)
    if master.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("onrecord")
    builder = builder.remote(master) if master.startswith("sc://") else builder.master(master)
    settings = {
        "spark.sql.execution.arrow.useLargeVarTypes": "true",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "1000000",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
    }
    if not master.startswith("sc://"):
        settings |= {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except (PySparkException, OSError, RuntimeError) as error:
        raise EngineError(f"{master}: Spark does not start: {_last_line(str(error))}") from error


def _reach(master: str) -> None:
    """Whether anybody answers at the address of a cluster: Spark itself would try for many minutes."""
    if not master.startswith(("spark://", "sc://")):
        return
    for place in master.partition("://")[2].split("/")[0].split(";")[0].split(","):
        host, _, port = place.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
        except (OSError, ValueError):
            continue
        return
    raise EngineError(
        f"{master}: nobody answers there; write the cluster's address as spark://host:7077 or sc://host:15002"
    )


def _last_line(text: str) -> str:
    """What went wrong, of all that Spark prints."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("at ")]
    named = [line for line in lines if "Error" in line or "Exception" in line]
    return (named or lines or ["no reason given"])[-1][:300]
