"""A request that nobody waits for any more, or for too long: the server sees that the connection is closed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from onrecord.errors import OnRecordError, QueryCancelled, ServerTooSlow
from onrecord.scale.server import Server

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

Slow = Callable[..., tuple[str, threading.Event, threading.Event]]


@pytest.fixture
def slow() -> Iterator[Slow]:
    """Starts a server that begins an answer and never ends it: its address, and when it was asked and left."""
    opened: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(beginning: bytes = b"", drip: bytes = b"") -> tuple[str, threading.Event, threading.Event]:
        asked, left = threading.Event(), threading.Event()
        listening = socket.create_server(("127.0.0.1", 0))
        opened.append(listening)

        def answer() -> None:
            client, _ = listening.accept()
            opened.append(client)
            client.recv(1 << 16)
            asked.set()
            try:
                client.sendall(beginning)
                client.settimeout(0.05)
                end = time.monotonic() + 30
                while time.monotonic() < end:
                    try:
                        if not client.recv(1 << 16):
                            break
                    except TimeoutError:
                        client.sendall(drip)
            except OSError:
                pass
            left.set()

        threads.append(threading.Thread(target=answer))
        threads[-1].start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}", asked, left

    yield serve
    for each in opened:
        each.close()
    for thread in threads:
        thread.join(30)


ANSWERS = pytest.mark.parametrize(
    ("beginning", "drip"),
    [
        (b"", b""),
        (HEAD, b"X-More: 1\r\n"),
        (HEAD + b"Content-Length: 100000\r\n\r\n", b""),
        (HEAD + b"Connection: close\r\n\r\nbeginning", b"."),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n.\r\n"),
        (HEAD.replace(b"200", b"400") + b"\r\n", b"."),
    ],
)


@ANSWERS
def test_a_query_that_nobody_waits_for_is_ended(slow: Slow, beginning: bytes, drip: bytes) -> None:
    root, asked, left = slow(beginning, drip)
    gone = threading.Event()
    found: list[OnRecordError] = []

    def ask() -> None:
        with Server(root, "sparql", {}) as there, pytest.raises(QueryCancelled) as caught:
            there.ask("ASK {}", "text/plain", 600.0, 1 << 20, cancelled=gone.is_set)
        found.append(caught.value)

    thread = threading.Thread(target=ask)
    thread.start()
    assert asked.wait(30)
    assert not left.wait(0.3)
    gone.set()
    assert left.wait(10)
    thread.join(10)
    assert len(found) == 1


@ANSWERS
def test_an_answer_that_drips_is_ended_when_its_time_is_over(slow: Slow, beginning: bytes, drip: bytes) -> None:
    root, _, left = slow(beginning, drip)
    began = time.monotonic()
    with Server(root, "sparql", {}) as there, pytest.raises(ServerTooSlow):
        there.ask("ASK {}", "text/plain", 0.5, 1 << 20)
    assert left.wait(10)
    assert time.monotonic() - began < 10


@ANSWERS
def test_so_is_one_to_a_question_of_our_own(slow: Slow, beginning: bytes, drip: bytes) -> None:
    root, _, left = slow(beginning, drip)
    with Server(root, "sparql", {}, tries=2, seconds=0.5) as there, pytest.raises(ServerTooSlow):
        there.select("ASK {}")
    assert left.wait(10)


def test_nobody_waits_between_two_tries(slow: Slow) -> None:
    root, asked, _ = slow(BUSY)
    began = time.monotonic()
    with Server(root, "sparql", {}) as there, pytest.raises(QueryCancelled):
        there.ask("ASK {}", "text/plain", 600.0, 1 << 20, cancelled=asked.is_set)
    assert time.monotonic() - began < 10
