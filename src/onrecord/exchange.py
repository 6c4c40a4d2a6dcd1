"""Owns letting two folders change places in one step, where the system can do that.

Leaves what is done where it cannot to those who ask for it.
"""

from __future__ import annotations

import ctypes
import errno
import os
from functools import cache
from pathlib import Path
from typing import Any

_HERE = -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS
_CANNOT = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM})


def exchange(one: Path, other: Path) -> bool:
    """Let ``one`` and ``other`` change places in one step; False where system or disk cannot, and nothing happened.

    Linux has it as ``renameat2`` (https://man7.org/linux/man-pages/man2/rename.2.html), macOS as
    ``renamex_np``.

    :raises OSError: when the two cannot be renamed at all.
    """
    linux, mac = _functions()
    first, second = os.fsencode(one), os.fsencode(other)
    if linux is not None:
        done = linux(_HERE, first, _HERE, second, _EXCHANGE)
    elif mac is not None:
        done = mac(first, second, _EXCHANGE)
    else:
        return False
    if done == 0:
        return True
    code = ctypes.get_errno()
    if code in _CANNOT:
        return False
    raise OSError(code, os.strerror(code), str(one), None, str(other))


@cache
def _functions() -> tuple[Any, Any]:
    """The functions of the C library, where it has them."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
    except (OSError, TypeError):
        return None, None
    linux, mac = getattr(library, "renameat2", None), getattr(library, "renamex_np", None)
    if linux is not None:
        linux.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    if mac is not None:
        mac.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint]
    return linux, mac
