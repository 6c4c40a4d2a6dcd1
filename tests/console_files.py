"""Owns how tests write the console of a graph into a folder, with what it needs of the site."""

from __future__ import annotations

from pathlib import Path

from onrecord.graph import Graph
from onrecord.site.page import Maker, SiteOptions
from onrecord.site.pages import Site


def console_files(graph: Graph) -> dict[str, Maker]:
    """The console's files and the site's shared ones, by path."""
    made = Site(graph._sound, SiteOptions()).makers
    return {path: make for path, make in made.items() if path.startswith(("assets/", "console"))}


def write_console(graph: Graph, folder: Path) -> Path:
    """``folder`` with the console of ``graph`` in it."""
    for path, make in console_files(graph).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(make())
    return folder
