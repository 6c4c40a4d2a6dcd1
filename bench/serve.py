"""Owns the load on ``onrecord serve``, beside ``oxigraph serve-read-only`` on the same data in the same run.

Leaves the statements to ``statements``. ``python bench/serve.py --seconds 60`` builds a graph, starts
both servers (``pip install oxigraph`` brings the other) and lets hundreds of clients ask each in
turn, in short blocks, so that both meet the same machine: a client sends a query, reads the answer,
thinks, and sends the next. It counts failures, percentiles of the latency by query, and resident
memory over time. With ``--bombs`` some clients send what no server should answer.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import h11
import psutil

from engines import free_port, program, serving
from statements import generate

HEAVY = 0.050
"""Seconds: a query over it at the other server's median is a heavy one."""

PREFIXES = """PREFIX : <https://example.org/bench/entity/>
PREFIX dip: <https://w3id.org/onrecord/diplomacy#>
PREFIX onr: <https://w3id.org/onrecord/ns#>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""

QUERIES: dict[str, tuple[int, str]] = {
    "label": (20, "SELECT ?label {{ <{entity}> rdfs:label ?label }}"),
    "neighbours": (20, "SELECT ?p ?o {{ <{entity}> ?p ?o }} LIMIT 100"),
    "statements": (
        20,
        "SELECT ?s ?status ?quote {{ ?p rdf:subject <{entity}> . ?s onr:proposition ?p ; onr:status ?status ; "
        "onr:quote ?quote }} LIMIT 50",
    ),
    "two hops": (15, "SELECT DISTINCT ?c {{ <{entity}> dip:meetsWith ?b . ?b dip:meetsWith ?c }} LIMIT 100"),
    "known": (10, "ASK {{ <{entity}> dip:represents ?o }}"),
    "described": (5, "CONSTRUCT {{ <{entity}> ?p ?o }} WHERE {{ <{entity}> ?p ?o }}"),
    "by source": (
        4,
        "SELECT ?source (COUNT(?s) AS ?n) {{ ?s prov:wasQuotedFrom ?source . FILTER(?source > <{entity}>) }} "
        "GROUP BY ?source ORDER BY DESC(?n) LIMIT 10",
    ),
    "quotes like": (3, 'SELECT ?s ?q {{ ?s onr:quote ?q . FILTER(CONTAINS(?q, "{word}")) }} LIMIT 50'),
    "without": (
        3,
        "SELECT (COUNT(*) AS ?n) {{ ?a dip:supports ?b . FILTER NOT EXISTS {{ ?b dip:supports ?a }} "
        "FILTER(?a != <{entity}>) }}",
    ),
}
"""Name to weight and text; ``entity`` and ``word`` are drawn anew for each request."""

BOMBS = (
    "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != <{entity}>) }}",
    "SELECT * {{ ?a ?b ?c . ?d ?e ?f FILTER(?a != <{entity}>) }} ORDER BY ?c ?f",
    "SELECT ?x {{ " + "{{ " * 3000 + "<{entity}> ?p ?x" + " }}" * 3000 + " }}",
)


@dataclass
class Tally:
    """What a server gave."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: list[str] = field(default_factory=list)
    refused: int = 0
    stale: int = 0
    memory: list[int] = field(default_factory=list)


class Client:
    """One connection that is kept, over which one request follows the other."""

    def __init__(self, port: int, path: str) -> None:
        self._port, self._path = port, path
        self._connection: h11.Connection | None = None
        self.stale = 0
        """How often a kept connection had been closed meanwhile, and the request went out again on another."""

    async def ask(self, query: str) -> tuple[int, bytes]:
        """Status and body of the answer to a query by GET; once more where a kept connection turns out to be closed."""
        is_kept = self._connection is not None
        try:
            return await self._ask(query)
        except (ConnectionError, h11.RemoteProtocolError):
            self.close()
            if not is_kept:
                raise
            self.stale += 1
            return await self._ask(query)

    async def _ask(self, query: str) -> tuple[int, bytes]:
        if self._connection is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
            self._connection = h11.Connection(h11.CLIENT)
        connection = self._connection
        target = f"{self._path}?{urlencode({'query': query})}"
        headers = [("Host", f"127.0.0.1:{self._port}"), ("Accept", "application/sparql-results+json, text/turtle")]
        self._writer.write(connection.send(h11.Request(method="GET", target=target, headers=headers)) or b"")
        self._writer.write(connection.send(h11.EndOfMessage()) or b"")
        status, body = 0, []
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await self._reader.read(1 << 16))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                break
            else:
                self.close()
                raise ConnectionError("the server closed the connection")
        if connection.our_state is h11.MUST_CLOSE or connection.their_state is h11.MUST_CLOSE:
            self.close()
        else:
            connection.start_next_cycle()
        return status, b"".join(body)

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._writer.close()
            self._connection = None


def memory_of(process: psutil.Process) -> int:
    """Bytes that a server takes with all its processes, what they share counted once."""
    total = 0
    for each in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            total += each.memory_full_info().pss
    return total


async def load(port: int, path: str, tally: Tally, options: argparse.Namespace, seconds: float, seed: int) -> None:
    """Let all clients ask for ``seconds``."""
    deadline = time.monotonic() + seconds
    names = list(QUERIES)
    weights = [QUERIES[name][0] for name in names]

    async def one(number: int) -> None:
        draw = random.Random(seed * 100_003 + number)
        client = Client(port, path)
        is_bomber = number < options.bombs
        await asyncio.sleep(draw.random() * options.think)
        while time.monotonic() < deadline:
            name = "bomb" if is_bomber else draw.choices(names, weights)[0]
            text = draw.choice(BOMBS) if is_bomber else QUERIES[name][1]
            query = PREFIXES + text.format(entity=draw.choice(options.entities), word=draw.choice(options.words))
            started = time.perf_counter()
            try:
                status, body = await asyncio.wait_for(client.ask(query), 60)
            except (OSError, TimeoutError, h11.ProtocolError) as error:
                client.close()
                status, body = 0, repr(error).encode()
            taken = time.perf_counter() - started
            if is_bomber:
                tally.refused += status in (400, 413, 422, 503)
                tally.seconds["bomb"].append(taken)
            elif status != 200 or not is_whole(body):
                tally.failures.append(f"{name}: {status} {body[:120]!r}")
            else:
                tally.seconds[name].append(taken)
            pause = draw.expovariate(1 / options.think) if options.think else 0.0
            await asyncio.sleep(min(pause, max(0.0, deadline - time.monotonic())))
        client.close()
        tally.stale += client.stale

    await asyncio.gather(*(one(number) for number in range(options.clients)))


def is_whole(body: bytes) -> bool:
    """Whether a body is all of an answer: JSON that parses; Turtle that ends with a line."""
    if not body.startswith(b"{"):
        return not body or body.endswith(b"\n")
    with contextlib.suppress(ValueError):
        json.loads(body)
        return True
    return False


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description="Load onrecord serve and oxigraph serve-read-only in turn.")
    parser.add_argument("--statements", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=300)
    parser.add_argument("--think", type=float, default=5.0, help="Mean seconds between an answer and the next query.")
    parser.add_argument("--seconds", type=float, default=120, help="For each server.")
    parser.add_argument("--block", type=float, default=20, help="Seconds before it is the other's turn.")
    parser.add_argument("--bombs", type=int, default=0, help="How many of the clients send bombs, to onrecord only.")
    parser.add_argument("--cpus", type=int, default=os.cpu_count())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "graphs" / "bench"
        generate(graph, options.statements, "csv", bad=0)
        environment = [sys.executable, "-m", "onrecord"]
        build = Path(folder) / "build"
        quiet = ["--no-shapes", "--no-evidence"]
        subprocess.run([*environment, "build", str(graph), "-o", str(build), *quiet], check=True, capture_output=True)
        lines = (graph / "entities.csv").read_text("utf-8").splitlines()[1:]
        options.entities = [f"https://example.org/bench/entity/{line.split(',')[0]}" for line in lines]
        options.words = ["peace", "talks", "border", "troops", "money", "plan", "vote", "port", "gas", "grain"]
        ours, theirs = free_port(), free_port()
        served = [*environment, "serve", str(graph), "--port", str(ours), "--no-watch"]
        store = str((build / "store").resolve())
        beside = [program("oxigraph", "pip install oxigraph"), "serve-read-only", "--union-default-graph", "-l", store]
        beside += ["-b", f"127.0.0.1:{theirs}"]
        with (
            serving(served, ours, Path(folder), "onrecord") as mine,
            serving(beside, theirs, Path(folder), "oxigraph") as other,
        ):
            ports = {"onrecord": (ours, "/sparql", mine.pids[0]), "oxigraph": (theirs, "/query", other.pids[0])}
            servers = {name: (port, path, psutil.Process(pid)) for name, (port, path, pid) in ports.items()}
            tallies = asyncio.run(run(options, servers))
    report(options, tallies)


async def run(options: argparse.Namespace, servers: dict[str, tuple[int, str, psutil.Process]]) -> dict[str, Tally]:
    """Every server in turn, block by block, after a block that does not count."""
    tallies = {name: Tally() for name in servers}
    bombs = options.bombs
    for block in range(-1, max(1, round(options.seconds / options.block))):
        for name, (port, path, process) in servers.items():
            options.bombs = bombs if name == "onrecord" else 0
            tally = Tally() if block < 0 else tallies[name]
            await load(port, path, tally, options, options.block if block >= 0 else 5, block + 2)
            tallies[name].memory.append(memory_of(process))
            if block < 0:
                tallies[name].failures += tally.failures
    options.bombs = bombs
    return tallies


def report(options: argparse.Namespace, tallies: dict[str, Tally]) -> None:
    """Print what was found: milliseconds, then memory."""
    print(f"{options.clients} clients, {options.think:g} s between queries, {options.statements:,} statements")
    print(f"{'':14}" + "".join(f"{f'{name} n':>12}{'p50':>8}{'p95':>8}{'p99':>8}" for name in tallies))
    everything = {name: [each for kind in QUERIES for each in tally.seconds[kind]] for name, tally in tallies.items()}
    for kind in [*QUERIES, "all", "heavy", "bomb"]:
        heavy = [each for each in QUERIES if statistics.median(tallies["oxigraph"].seconds[each] or [0]) > HEAVY]
        line = f"{kind:14}"
        for name, tally in tallies.items():
            chosen = {"all": everything[name], "heavy": [each for one in heavy for each in tally.seconds[one]]}
            values = chosen.get(kind, tally.seconds[kind])
            line += f"{len(values):12}" + "".join(f"{1000 * percentile(values, q):8.1f}" for q in (0.5, 0.95, 0.99))
        print(line)
    for name, tally in tallies.items():
        memory = " ".join(str(each >> 20) for each in tally.memory)
        print(
            f"{name}: {len(tally.failures)} failures, {tally.stale} requests sent again on a new connection, "
            f"{tally.refused} bombs refused, MiB after each block: {memory}"
        )
        for failure in tally.failures[:5]:
            print(f"    {failure}")


if __name__ == "__main__":
    main()
