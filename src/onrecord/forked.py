"""Owns forking: children that share the memory of this process as it is, and none of its pipes and sockets.

Leaves what a child does to who forks it. Native code that falls over, or that nothing stops, is run in one.
"""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import gc
import os
import resource
import signal
import stat
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path


class ChildDied(Exception):
    """A child ended without a word."""


_FORKING = threading.Lock()
"""Held while a pipe is open for writing here, so that no other child inherits that end."""


@contextlib.contextmanager
def pipes(count: int) -> Iterator[list[tuple[int, int]]]:
    """So many pipes, for reading and for writing, to fork with; who leaves them open takes care of their ends.

    :raises OSError: when there is no room for them.
    """
    with _FORKING, warnings.catch_warnings(), contextlib.ExitStack() as ends:
        warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads: the child calls native code only
        found = []
        for _ in range(count):
            found.append(os.pipe())
            for end in found[-1]:
                ends.callback(os.close, end)
        yield found
        ends.pop_all()


def become_child(kept: tuple[int, ...]) -> list[int]:
    """Let a child that was just forked be one: with only the ends of pipes that are ``kept``, under new numbers."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    gc.freeze()
    ends = _let_go(kept)
    faulthandler.disable()  # nor is the place at which a limit ended it
    bound(resource.RLIMIT_CORE, 0)
    return ends


def _let_go(kept: tuple[int, ...]) -> list[int]:
    """Close every pipe and socket of the parent but those that are ``kept``; the files are the store's.

    A connection that a child holds on to would never end for who is at its other end.
    """
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 3) for end in kept]
    here = Path("/proc/self/fd" if sys.platform == "linux" else "/dev/fd")
    for end in [int(path.name) for path in here.iterdir()]:
        with contextlib.suppress(OSError):  # the folder's own is closed by now
            mode = os.fstat(end).st_mode
            if end not in moved and (stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode)):
                os.close(end)
    null = os.open(os.devnull, os.O_RDWR)
    for end in (0, 1, 2):  # the engine's last words are not for the user's terminal
        os.dup2(null, end)
    return moved


def bound(kind: int, value: int) -> None:
    """Lower a limit of this process for good; where it is lower already it stays."""
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def write_all(end: int, data: bytes) -> None:
    """Write ``data`` into a pipe, however much it takes at once."""
    view = memoryview(data)
    while view:
        view = view[os.write(end, view) :]


def in_child(work: Callable[[], bytes]) -> bytes:
    """What ``work`` returns, done in a child that ends with it; an interruption ends it too.

    :raises ChildDied: when it raised something, or native code ended the process.
    :raises OSError: when this machine has no room for a child.
    """
    with pipes(1) as ((reading, writing),):
        child = os.fork()
        if child == 0:
            _work(work, writing)
        os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            found = pipe.read()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise ChildDied(f"signal {-code}" if code < 0 else "an error")
    return found


def _work(work: Callable[[], bytes], writing: int) -> None:
    """The child's whole life; never returns."""
    code = 1
    try:
        (end,) = become_child((writing,))
        write_all(end, work())
        code = 0
    finally:
        os._exit(code)
