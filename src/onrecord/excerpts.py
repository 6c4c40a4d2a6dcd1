"""Owns the lines of the user's files that are shown beside a problem.

Leaves finding the problems to the stages, and showing them to the doors.
"""

from __future__ import annotations

from pathlib import Path


class Excerpts:
    """Lines of the user's files for one printing of problems: each file is read once, and as it is now."""

    def __init__(self) -> None:
        self._files: dict[str, list[str]] = {}

    def line_of(self, file: str, line: int) -> str | None:
        """A line of one of the user's files, or None."""
        if file not in self._files:
            self._files[file] = _read_lines(Path(file))
        lines = self._files[file]
        return lines[line - 1] if 0 < line <= len(lines) else None


def _read_lines(path: Path) -> list[str]:
    try:
        if not path.is_file() or path.suffix == ".parquet":
            return []
        return path.read_bytes().decode("utf-8", "replace").removeprefix("\ufeff").split("\n")
    except OSError:
        return []
