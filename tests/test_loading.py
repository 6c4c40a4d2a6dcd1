"""Loading in parts: the same quads whatever the size of a part, and an end to all of it when one part fails."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from onrecord import loading
from onrecord.loading import load_in_parts, load_whole


def pieces(count: int, each: int = 10) -> Iterator[bytes]:
    """N-Quads in pieces; a generator that two threads ran at once would raise ValueError."""
    for piece in range(count):
        numbers = range(piece * each, (piece + 1) * each)
        yield "".join(f'<urn:s{i}> <urn:p> "{i}" <urn:g{i % 3}> .\n' for i in numbers).encode()


@pytest.fixture
def store(tmp_path: Path) -> ox.Store:
    """A new store on disk."""
    return ox.Store(str(tmp_path / "store"))


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@pytest.mark.parametrize("part", [1, 300, 400, 5_000, 1 << 30])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 50])
def test_the_same_quads_whatever_the_size_of_a_part(
    store: ox.Store, monkeypatch: pytest.MonkeyPatch, part: int, count: int
) -> None:
    monkeypatch.setattr(loading, "PART", part)
    load_in_parts(store, pieces(count))
    whole = ox.Store()
    load_whole(whole, b"".join(pieces(count)))
    assert set(store) == set(whole)
    assert len(store) == len(whole) == 10 * count


def test_a_quad_in_two_parts_counts_once(store: ox.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "PART", 1)
    load_in_parts(store, [*pieces(5), *pieces(5)])
    assert len(store) == 50


@pytest.mark.parametrize("part", [1, 1_000, 1 << 30])
@pytest.mark.parametrize("good", [0, 1, 5, 30])
def test_what_fails_in_making_a_piece_is_raised_as_it_is(
    store: ox.Store, monkeypatch: pytest.MonkeyPatch, part: int, good: int
) -> None:
    monkeypatch.setattr(loading, "PART", part)
    made: list[int] = []

    def failing() -> Iterator[bytes]:
        for piece in pieces(good):
            made.append(len(piece))
            yield piece
        raise LookupError("the disk of the pieces is gone")

    with pytest.raises(LookupError, match="the disk of the pieces is gone"):
        load_in_parts(store, failing())
    assert len(made) == good


@pytest.mark.parametrize("good", [0, 1, 5, 30])
def test_a_line_that_is_not_nquads_ends_the_load(store: ox.Store, monkeypatch: pytest.MonkeyPatch, good: int) -> None:
    monkeypatch.setattr(loading, "PART", 1_000)
    asked = []

    def broken() -> Iterator[bytes]:
        yield from pieces(good)
        yield b"this is not N-Quads\n"
        for piece in pieces(2_000):
            asked.append(piece)
            yield piece

    with pytest.raises(SyntaxError):
        load_in_parts(store, broken())
    assert len(asked) < 2_000, "the rest is not read"


def test_an_interrupt_ends_the_load(store: ox.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "PART", 1_000)

    def endless() -> Iterator[bytes]:
        number = 0
        while True:
            number += 1
            yield f"<urn:s{number}> <urn:p> <urn:o> <urn:g> .\n".encode()
            if number == 500:
                os.kill(os.getpid(), signal.SIGINT)  # as a terminal does: to the process, not to a thread

    with pytest.raises(KeyboardInterrupt):
        load_in_parts(store, endless())
