"""What is remembered of answers is bounded, whatever is asked: by its real size, not by a count of it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from onrecord.serve.answers import Answers
from onrecord.serve.editions import Reply
from onrecord.serve.metrics import Metrics
from onrecord.serve.settings import Settings

BOUND = 256 << 10


class Counting:
    """An edition that gives another answer of some size to each query."""

    build = "one"

    def __init__(self, size: int) -> None:
        self._size = size

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        yield None

    async def ask(self, job: str, **more: Any) -> Reply:
        return Reply(json.loads(f'{{"id": {len(more["query"])}, "kind": "rows"}}'), bytes(self._size))


@pytest.mark.parametrize("size", [10, 3_500, 50_000])
def test_answers_take_no_more_memory_than_their_bound(tmp_path: Path, size: int) -> None:
    answers = Answers(Settings(tmp_path, cache=BOUND), Metrics())
    edition: Any = Counting(size)
    rounds = 3 * BOUND // (size + 1024)

    async def ask(start: int) -> None:
        for number in range(start, start + rounds):
            await answers.ask(edition, "query", query=f"ASK {{}} # {number}")

    asyncio.run(ask(0))
    gc.collect()
    tracemalloc.start()
    try:
        asyncio.run(ask(rounds))  # every answer of the first round has gone, and is one of these now
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
        assert BOUND // 4 < taken < BOUND * 5 // 4
    finally:
        tracemalloc.stop()
