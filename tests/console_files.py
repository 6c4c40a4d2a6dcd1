"""Owns how tests write the console of a graph into a folder, with what it needs of the site."""

from __future__ import annotations

from pathlib import Path

from onrecord.graph import Graph
from onrecord.questions import read_questions
from onrecord.site.console import console_pages
from onrecord.site.page import Maker, SiteOptions
from onrecord.site.pages import Site


def console_files(graph: Graph) -> dict[str, Maker]:
    """The console's files and the site's shared ones, by path."""
    site = Site(graph._sound, SiteOptions())
    shared = {path: make for path, make in site.makers.items() if path.startswith("assets/")}
    return shared | console_pages(site.record, site.frame, read_questions(graph.project))


def write_console(graph: Graph, folder: Path) -> Path:
    """``folder`` with the console of ``graph`` in it."""
    for path, make in console_files(graph).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(make())
    return folder
