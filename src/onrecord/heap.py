"""Owns the heaps of the C library that the store's engine allocates from: how many, and what goes back of them.

Leaves the memory of tables to their own allocator, which gives back by itself.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ctypes

_M_ARENA_MAX = -8
_HEAPS = 2


def keep_few_heaps() -> None:
    """Have all threads to come share two heaps; does nothing with another C library than GNU's.

    The loader of the store starts a thread for every batch. glibc gives each a heap of its own, up to eight for a core
    (mallopt(3), ``M_ARENA_MAX``), and what one thread has freed another does not find.
    """
    library = _glibc()
    if library is not None:
        library.mallopt(_M_ARENA_MAX, _HEAPS)


def give_back() -> None:
    """Return the free pages of every heap to the system (malloc_trim(3)); does nothing with another C library."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


@functools.cache
def _glibc() -> ctypes.CDLL | None:
    import ctypes  # not needed by a command that loads nothing

    try:
        library = ctypes.CDLL(None)
    except (OSError, TypeError):  # where there is no such thing as the process's own symbols
        return None
    return library if hasattr(library, "gnu_get_libc_version") else None
