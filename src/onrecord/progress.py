"""Owns what long work says of itself while it goes on: which stage it is in, how much of it is done.

Leaves showing that to whoever watches (:func:`watched`); without anybody it costs nothing and says
nothing. A stage says its name with :func:`stage`, and where it knows how much there is to do, how
much it has done with :func:`advance`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator
from contextvars import ContextVar
from typing import Protocol, TypeVar

T = TypeVar("T")

_OFTEN = 1000
"""So many items that take a moment each are told at once."""


class Progress(Protocol):
    """Somebody who watches."""

    def stage(self, name: str, total: int | None, unit: str) -> None:
        """A stage begins, and the one before it is over; there are about ``total`` of ``unit`` to do."""

    def advance(self, count: int) -> None:
        """So many more are done."""


class Silent:
    """Nobody watches."""

    def stage(self, name: str, total: int | None, unit: str) -> None:
        """Say nothing."""

    def advance(self, count: int) -> None:
        """Say nothing."""


_WATCHER: ContextVar[Progress] = ContextVar("watcher", default=Silent())  # noqa: B039  # it has no state


@contextlib.contextmanager
def watched(watcher: Progress) -> Iterator[None]:
    """Let ``watcher`` know what goes on in this block, in this thread."""
    token = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(token)


def stage(name: str, total: int | None = None, unit: str = "") -> None:
    """Begin a stage: ``reading``, of (about) 12 ``files``."""
    _WATCHER.get().stage(name, total, unit)


def advance(count: int = 1) -> None:
    """So many more are done in this stage."""
    _WATCHER.get().advance(count)


def over() -> None:
    """No stage goes on any more: what follows is printed."""
    stage("")


def counted(items: Iterable[T]) -> Iterator[T]:
    """The items, of which the stage that goes on counts as done what was taken; for many that take a moment each.

    >>> list(counted("ab"))
    ['a', 'b']
    """
    count = 0
    for count, item in enumerate(items, 1):
        yield item
        if count % _OFTEN == 0:
            advance(_OFTEN)
    advance(count % _OFTEN)


def unheard(items: Iterable[T]) -> Iterator[T]:
    """The items, whose making says nothing of its own: what goes on is one stage of all of them.

    >>> list(unheard("ab"))
    ['a', 'b']
    """
    making = iter(items)
    while True:
        with watched(Silent()):
            try:
                item = next(making)
            except StopIteration:
                return
        yield item


def each(items: Collection[T], name: str, unit: str) -> Iterator[T]:
    """The items, as a stage that goes on with each of them.

    >>> list(each(["a", "b"], "reading", "files"))
    ['a', 'b']
    """
    stage(name, len(items), unit)
    for item in items:
        yield item
        advance()
