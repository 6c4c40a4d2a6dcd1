"""Turns: who is gone when the turn comes takes none, and asks nothing; pages take none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from onrecord.serve import answers as turns
from onrecord.serve.answers import Answers
from onrecord.serve.editions import Reply
from onrecord.serve.metrics import Metrics
from onrecord.serve.protocol import Refusal
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


class Slow:
    """An edition that answers no job of one kind before it is told to."""

    build = "one"

    def __init__(self, job: str) -> None:
        self._job = job
        self.may_answer = asyncio.Event()

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        yield None

    async def ask(self, job: str, **more: Any) -> Reply:
        if job == self._job:
            await self.may_answer.wait()
        return Reply({"kind": job})


@pytest.mark.parametrize(("slow", "quick"), [("page", "query"), ("address", "thing"), ("query", "page")])
def test_pages_and_queries_wait_for_none_of_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slow: str, quick: str
) -> None:
    """Nor does a page have to give way to a query that waits for its turn."""
    monkeypatch.setattr(turns, "LONG_SECONDS", 0.0)
    monkeypatch.setattr(turns, "LOOK_SECONDS", 0.01)

    async def ask() -> tuple[list[str], set[str]]:
        answers, edition = Answers(Settings(tmp_path, workers=2), Metrics()), Slow(slow)
        there: Any = edition
        waiting = [asyncio.create_task(answers.ask(there, slow, number=number)) for number in range(2)]
        await asyncio.sleep(0.05)
        found = [await asyncio.wait_for(answers.ask(there, quick, number=number), 5) for number in range(5)]
        await asyncio.sleep(0.05)
        edition.may_answer.set()
        return [reply.head["kind"] for reply in found], {each.head["kind"] for each in await asyncio.gather(*waiting)}

    assert asyncio.run(ask()) == ([quick] * 5, {slow})


def test_so_many_pages_may_wait(tmp_path: Path) -> None:
    async def ask() -> tuple[str, int, int]:
        answers, edition = Answers(Settings(tmp_path, workers=1), Metrics()), Slow("page")
        there: Any = edition
        waiting = [asyncio.create_task(answers.ask(there, "page", path=f"{number}.html")) for number in range(64)]
        await asyncio.sleep(0.05)
        with pytest.raises(Refusal) as refused:
            await answers.ask(there, "page", path="one-more.html")
        edition.may_answer.set()
        await asyncio.gather(*waiting)
        await answers.ask(there, "page", path="one-more.html")
        return refused.value.reason, refused.value.status, answers._pages

    assert asyncio.run(ask()) == ("too many pages are waiting; try again in a few seconds", 503, 0)
