"""Owns reading the user's files safely and writing results so that nothing is ever half there.

Leaves what the text means to the parsers. Every file of a graph is opened here: links that leave
the folder, devices, pipes, undecodable bytes and NUL become problems, not surprises.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from onrecord.errors import OutputError, Place, Problems

MAX_TEXT_BYTES = 64 * 1024 * 1024
"""A curated text file over this is refused; tables (CSV, JSONL, Parquet) have no such bound."""


def shown_path(path: Path, relative_to: Path | None = None) -> str:
    """``path`` as problems print it: relative to the working directory where it lies below it."""
    base = relative_to or Path.cwd()
    try:
        return path.absolute().relative_to(base).as_posix()
    except ValueError:
        return path.as_posix()


def is_file(path: Path) -> bool:
    """Whether ``path`` is a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def check_inside(path: Path, root: Path, name: str | Place, problems: Problems) -> bool:
    """Whether ``path`` is an ordinary file that lies, links resolved, below ``root``.

    Otherwise a P001 (leaves the folder), P002 (cannot be read) or P003 (not a file) is added, at
    ``name``: the file as problems print it, or the place where it is named.
    """
    place = name if isinstance(name, Place) else Place(name)
    try:
        real = path.resolve(strict=True)
        mode = real.stat().st_mode
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the link leads to itself"
        problems.error("P002", place, f"this file cannot be read: {reason}", "mend or delete it")
        return False
    if not real.is_relative_to(root.resolve()):
        problems.error(
            "P001",
            place,
            "this link leads out of the graph's folder",
            "copy the file into the folder instead of linking to it",
        )
        return False
    if not stat.S_ISREG(mode):
        problems.error("P003", place, "this is not an ordinary file", "delete it or move it away")
        return False
    return True


def read_bytes(path: Path, name: str, problems: Problems, *, bounded: bool = True) -> bytes | None:
    """The bytes of an ordinary file, or None with a problem; tables are not ``bounded``."""
    try:
        with open(path, "rb", buffering=0, opener=_open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                problems.error("P003", Place(name), "this is not an ordinary file", "delete it or move it away")
                return None
            is_too_large = bounded and status.st_size > MAX_TEXT_BYTES
            data = b"" if is_too_large else file.read()  # a bound here would take so much memory for each file
    except OSError as error:
        problems.error("P002", Place(name), f"this file cannot be read: {error.strerror}", "mend or delete it")
        return None
    if is_too_large:
        problems.error(
            "P004",
            Place(name),
            f"this file is larger than {MAX_TEXT_BYTES // 1024 // 1024} MiB",
            "split it, or keep statements by the million in Parquet",
        )
        return None
    return data


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting: a pipe that nobody writes to would hold a build for ever."""
    return os.open(path, flags | os.O_NONBLOCK)


def read_text(path: Path, name: str, problems: Problems, *, bounded: bool = True) -> str | None:
    """The text of a UTF-8 file without its byte order mark, or None with a problem.

    Line ends stay as written. Bytes that are not UTF-8 are a P005, NUL and other control
    characters a P006, both with line and column.
    """
    data = read_bytes(path, name, problems, bounded=bounded)
    return None if data is None else decode_text(data, name, problems)


def decode_text(data: bytes, name: str, problems: Problems) -> str | None:
    """UTF-8 ``data`` as text; see :func:`read_text`."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        problems.error(
            "P005",
            Place(name, line, column),
            f"the byte 0x{data[error.start]:02X} is not UTF-8",
            "save the file in the encoding UTF-8",
        )
        return None
    text = text.removeprefix("\ufeff")
    offset = find_control(text) if may_hold_control(data) else None
    if offset is not None:
        line = text.count("\n", 0, offset) + 1
        report_control(text, offset, Place(name, line, offset - text.rfind("\n", 0, offset)), problems)
        return None
    return text


CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]"
"""A character that no text may hold, as a regular expression that Python and Polars both read."""

_CONTROL = re.compile(CONTROL)


_ORDINARY = bytes(byte for byte in range(256) if (byte > 0x1F and byte != 0x7F) or byte in b"\t\n\r")
_NONCHARACTERS = ("\ufffe".encode(), "\uffff".encode())


def may_hold_control(data: bytes) -> bool:
    """A quick look at UTF-8 bytes: whether :func:`find_control` is worth its while."""
    return bool(data.translate(None, _ORDINARY)) or any(char in data for char in _NONCHARACTERS)


def find_control(text: str) -> int | None:
    """Where the first character stands that no text may hold, such as NUL; None where there is none.

    A file is checked as a whole; values that a syntax can escape (``"\\0"`` in YAML) once more.
    """
    match = _CONTROL.search(text)
    return match.start() if match else None


def report_control(text: str, offset: int, place: Place, problems: Problems) -> None:
    """Add a P006 for the control character at ``offset`` of ``text``."""
    what = f"the control character U+{ord(text[offset]):04X} does not belong in a text"
    problems.error("P006", place, what, "delete it")


def without_controls(text: str, place: Place, problems: Problems) -> str:
    """``text`` as it is, or without its control characters and with a P006."""
    offset = find_control(text)
    if offset is None:
        return text
    report_control(text, offset, place, problems)
    return _CONTROL.sub("", text)


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of ``data`` in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """The SHA-256 of a file in lower-case hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _explained(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise OutputError(f"{target}: the disk is full; nothing was changed") from error
        raise OutputError(f"{target}: cannot be written: {error.strerror or error}") from error


def write_atomic(target: Path, write: Callable[[BinaryIO], object] | bytes | str) -> None:
    """Write ``target`` whole or not at all: temporary file beside it, fsync, rename.

    A device or a pipe (``/dev/null``, ``/dev/stdout``) is written to as it is, never replaced.

    :raises OutputError: when the folder cannot be written to or the disk is full; what stood
        under the name before is untouched.
    """
    with _explained(target):
        if target.exists() and not target.is_file() and not target.is_dir():
            with target.open("wb") as device:
                _write(device, write)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                _write(file, write)
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), 0o666 & ~_umask())
            Path(temporary).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise
        sync_folder(target.parent)


def _write(file: BinaryIO, write: Callable[[BinaryIO], object] | bytes | str) -> None:
    if isinstance(write, bytes):
        file.write(write)
    elif isinstance(write, str):
        file.write(write.encode("utf-8"))
    else:
        write(file)


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold ``folder`` for one writer at a time; a second one waits until the first is done.

    :raises OutputError: when the folder cannot be made or written to.
    """
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
