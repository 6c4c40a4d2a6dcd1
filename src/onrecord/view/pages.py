"""Owns which pages a graph has and what each of them is given.

Leaves drawing to the modules beside it and writing files to the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from onrecord.build import Loaded, find_evidence
from onrecord.lens import Lens, select
from onrecord.view.backing import to_page
from onrecord.view.sources import read_sources, render_sources
from onrecord.view.timeline import render_timeline


def timeline_page(loaded: Loaded, lens: Lens) -> str:
    """When each statement that the lens lets through holds, and when it went on record."""
    return render_timeline(to_page(loaded, lens))


def source_page(loaded: Loaded, lens: Lens, folders: Iterable[Path] = (), *, with_text: bool = False) -> str:
    """The texts of the lens's sources (of all, where it names none), with the quotes that it lets through.

    ``folders`` are further ones with archived texts; ``with_text`` shows the words of all texts at hand.
    """
    folders = tuple(folders)
    evidence = find_evidence(loaded, folders)
    rows = select(loaded.resolved.statements, lens, loaded.project.policy)
    readings = read_sources(loaded, evidence, rows, lens.sources, with_text=with_text)
    # What stands beside a statement may come from any source.
    return render_sources(to_page(loaded, replace(lens, sources=frozenset()), folders), readings)
