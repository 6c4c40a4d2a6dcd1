"""Owns what a site is asked for and what it is made of: options, and pages with their paths.

Leaves which pages there are to ``pages`` and writing them to ``publish``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Page:
    """A file of the site: its path with ``/``, relative to the site's folder, and its bytes."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """How a site is to be.

    ``console`` adds the SPARQL console, ``live`` a note on every page when the server has another
    build. ``secret`` redacts under that secret (:mod:`onrecord.redact`); ``redact`` is what was said
    of redacting, None where nothing was. ``since`` is a git revision to tell the changes from;
    ``base_url`` the address at which the site will stand; ``sources`` are further folders of archived texts.
    """

    console: bool = True
    live: bool = False
    secret: bytes | None = None
    redact: bool | None = False
    since: str = ""
    base_url: str = ""
    sources: tuple[Path, ...] = ()


Maker = Callable[[], bytes]
"""Makes the bytes of one page when they are asked for."""
