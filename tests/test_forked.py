"""Work in a child: what it returns, how it ends, and what it holds on to."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from onrecord.forked import ChildDied, in_child, pipes


def test_what_it_returns_comes_back_whole() -> None:
    assert in_child(lambda: b"") == b""
    assert in_child(lambda: b"x" * 3_000_000) == b"x" * 3_000_000
    assert int(in_child(lambda: str(os.getpid()).encode())) != os.getpid()


def _fail() -> bytes:
    raise ValueError("no")


def _kill() -> bytes:
    os.kill(os.getpid(), signal.SIGSEGV)
    return b"never"


def test_one_that_ends_without_a_word_is_told() -> None:
    with pytest.raises(ChildDied, match="an error"):
        in_child(_fail)
    with pytest.raises(ChildDied, match="signal 11"):
        in_child(_kill)


def held() -> list[Path]:
    """What this process has open."""
    return [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]


def children() -> set[str]:
    return {child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()}


def test_it_holds_on_to_no_socket_and_no_pipe() -> None:
    ours, theirs = socket.socketpair()
    open_pipe = os.pipe()
    with ours, theirs:
        kinds = in_child(lambda: " ".join(map(str, held())).encode())
    for end in open_pipe:
        os.close(end)
    assert "socket" not in kinds.decode()
    assert kinds.decode().count("pipe") == 1, "its own"


def test_an_interruption_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    before = children()
    monkeypatch.setattr("os.fdopen", interrupted)
    with pytest.raises(KeyboardInterrupt):
        in_child(lambda: signal.pause() or b"")
    assert children() == before


def test_pipes_are_closed_where_there_is_no_fork() -> None:
    before = len(held())
    with pytest.raises(OSError, match="none"), pipes(3):
        raise OSError("none")
    assert len(held()) == before
