"""Owns the secret under which a redacted graph is hashed anew: made once, kept outside every graph and site.

Leaves what is hashed to ``redact``.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from onrecord.errors import OnRecordError, OutputError
from onrecord.terms import digest

VARIABLE = "ONRECORD_SECRET"
SHORTEST = 16
"""A secret of fewer characters could be tried."""


def default_file(name: str, base: str) -> Path:
    """Where the secret of a graph is kept unless it is said otherwise: among the user's settings."""
    home = os.environ.get("XDG_CONFIG_HOME")
    folder = Path(home) if home else Path.home() / ".config"
    return folder / "onrecord" / f"{name}-{digest(base)[:8]}.secret"


def read_secret(file: Path, *, chosen: bool = False) -> tuple[bytes, bool]:
    """The secret in ``$ONRECORD_SECRET`` or else in ``file``, made there when it is missing; and whether it was made.

    A file that somebody has ``chosen`` comes before the variable.

    :raises OnRecordError: for a secret that is too short to be one.
    :raises OutputError: when it cannot be read or kept.
    """
    given = "" if chosen else os.environ.get(VARIABLE, "").strip()
    if given:
        return _checked(given, f"${VARIABLE}"), False
    try:
        return _checked(file.read_text("utf-8").strip(), str(file)), False
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{file}: the secret cannot be read: {error}") from error
    made = secrets.token_hex(32)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(f"{made}\n")
    except OSError as error:
        raise OutputError(f"{file}: the secret cannot be kept: {error.strerror or error}") from error
    return made.encode("utf-8"), True


def _checked(text: str, where: str) -> bytes:
    if len(text) < SHORTEST:
        raise OnRecordError(f"{where}: a secret has {SHORTEST} characters or more; delete it to have one made")
    return text.encode("utf-8")
