"""Owns a real server process for tests: starts ``onrecord serve``, asks it over sockets, stops it.

with serving(folder) as server:
    server.get("/sparql", query="ASK {}").status
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

SRC = Path(__file__).resolve().parents[1] / "src"
START_SECONDS = 90.0


@dataclass(frozen=True)
class Given:
    """An answer: status, header fields by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen[bytes]
    address: str
    log: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        port = urlsplit(self.address).port
        assert port is not None
        return port

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Given:
        """One request on a connection of its own; ``_`` in the name of a header field is a hyphen."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return Given(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path: str, accept: str = "*/*", **parameters: str) -> Given:
        """GET with a query string."""
        return self.ask("GET", f"{path}?{urlencode(parameters)}" if parameters else path, Accept=accept)

    def rows(self, query: str) -> list[dict[str, str]]:
        """The rows of a SELECT, as plain values."""
        given = self.get("/sparql", "application/sparql-results+json", query=query)
        assert given.status == 200, given.text
        return [{name: term["value"] for name, term in row.items()} for row in given.json["results"]["bindings"]]

    def send(self, data: bytes, seconds: float = 10.0) -> bytes:
        """Bytes as they are on a connection of their own; what comes back, until nothing more does."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.sendall(data)
            return read_all(connection, seconds)

    def wait_for(self, path: str, holds: Any, seconds: float = 40.0) -> Any:
        """Ask until ``holds`` says so of the JSON at ``path``."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.get(path, "application/json").json
            if holds(found):
                return found
            assert time.monotonic() < deadline, f"{path} stays {found}"
            time.sleep(0.1)


def read_all(connection: socket.socket, seconds: float) -> bytes:
    """What a connection gives until its end, or until nothing comes for ``seconds``."""
    out = b""
    with contextlib.suppress(OSError):
        connection.settimeout(seconds)
        while piece := connection.recv(1 << 16):
            out += piece
    return out


@contextlib.contextmanager
def serving(folder: Path, *options: str) -> Iterator[Server]:
    """A server on the graph in ``folder``, at a free port; it is gone at the end."""
    command = [sys.executable, "-m", "onrecord", "serve", str(folder), "--port", "0", *options]
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    server = Server(process, "")
    assert process.stdout is not None and process.stderr is not None
    errors = process.stderr

    def collect() -> None:
        with contextlib.suppress(ValueError):
            for line in errors:
                server.log.append(line.decode("utf-8", "replace").rstrip("\n"))

    reader = threading.Thread(target=collect, daemon=True)
    reader.start()
    try:
        ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
        server.address = process.stdout.readline().decode().strip() if ready else ""
        assert server.address, "\n".join(server.log)
        yield server
    finally:
        stop(server)
        reader.join(5)
        process.stdout.close()
        process.stderr.close()


def refused(folder: Path, *options: str) -> tuple[int, str]:
    """Exit code and words of a server that does not start."""
    command = [sys.executable, "-m", "onrecord", "serve", str(folder), "--port", "0", *options]
    found = subprocess.run(
        command, capture_output=True, text=True, timeout=90, env={**os.environ, "PYTHONPATH": str(SRC)}, check=False
    )
    return found.returncode, found.stderr


def stop(server: Server, number: signal.Signals = signal.SIGTERM, seconds: float = 30.0) -> int:
    """Stop a server; its exit code."""
    if server.process.poll() is None:
        server.process.send_signal(number)
    try:
        return server.process.wait(seconds)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
        raise
