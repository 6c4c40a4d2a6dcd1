"""The C library's heap: few for all threads, free pages given back, and nothing said where there is none of GNU's."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Iterator

import pyoxigraph as ox
import pytest

from onrecord import heap, store

PROBE = """
import sys
from onrecord.heap import give_back, keep_few_heaps
keep_few_heaps()
held = [bytes(1000) for _ in range(300_000)]
kept = held[::4000]  # holes between them, so that the heap cannot shrink from its end
del held
rss = lambda: int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])
before = rss()
give_back()
print(before - rss())
"""


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    heap._glibc.cache_clear()
    yield
    heap._glibc.cache_clear()


def test_free_pages_go_back() -> None:
    if heap._glibc() is None:
        pytest.skip("the C library here is not GNU's")
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 200_000, "KiB of 300,000"


@pytest.mark.parametrize("library", [object(), OSError, TypeError])
def test_another_library_is_left_alone(library: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_: None) -> object:
        if isinstance(library, type):
            raise library
        return library

    monkeypatch.setattr(ctypes, "CDLL", load)
    heap.keep_few_heaps()
    heap.give_back()


def test_it_is_given_back_as_quads_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[None] = []
    monkeypatch.setattr(store, "give_back", lambda: given.append(None))
    monkeypatch.setattr(store, "_BETWEEN_GIVING_BACK", 1000)
    small, large = (f'<urn:s> <urn:p> "{"x" * size}" <urn:g> .\n'.encode() for size in (400, 1001))
    made = store.load_store(iter([large, small, small, small, large]))
    assert {len(quad.object.value) for quad in made if isinstance(quad.object, ox.Literal)} == {400, 1001}
    assert len(given) == 3, "once for each large one, once for the three small ones"
