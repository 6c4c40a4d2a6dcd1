"""Turns: who is gone when the turn comes takes none, and asks nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from onrecord.serve.answers import Answers
from onrecord.serve.editions import Reply
from onrecord.serve.metrics import Metrics
from onrecord.serve.settings import Settings


class Counting:
    """An edition that counts what it is asked."""

    build = "one"
    asked = 0

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        yield None

    async def ask(self, job: str, **more: Any) -> Reply:
        self.asked += 1
        return Reply({"kind": "rows"})


@pytest.mark.parametrize("steps", range(4))
def test_who_is_gone_when_the_turn_comes_takes_none(tmp_path: Path, steps: int) -> None:
    """However many steps lie between the turn and the hang-up."""

    async def ask() -> tuple[bool, int, int]:
        answers, edition = Answers(Settings(tmp_path, workers=1), Metrics()), Counting()
        there: Any = edition
        await answers._turns.acquire()
        task = asyncio.create_task(answers.ask(there, "query", lasts=False, query="ASK {}"))
        for _ in range(5):
            await asyncio.sleep(0)
        answers._turns.release()
        for _ in range(steps):
            await asyncio.sleep(0)
        is_late = task.done() or edition.asked > 0
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return is_late, edition.asked, answers._turns._value

    is_late, asked, free = asyncio.run(ask())
    assert (is_late or asked == 0, free) == (True, 1)
