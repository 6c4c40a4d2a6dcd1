"""Owns the pages on which a source is read: its text with the quotes marked, where its licence lets it be shown.

Leaves cutting and drawing to ``view.sources``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

from onrecord.build import find_evidence
from onrecord.site.page import Maker
from onrecord.site.record import Record
from onrecord.view.model import ViewGraph
from onrecord.view.sources import Reading, read_sources, render_sources


class Texts:
    """The readings of all sources."""

    def __init__(self, record: Record, view: ViewGraph, folders: Iterable[Path]) -> None:
        self._record, self._view, self._folders = record, view, tuple(folders)

    @cached_property
    def readings(self) -> dict[str, Reading]:
        """By source: its sentences with what quotes them; those of which nothing is known are left out."""
        loaded = self._record.loaded
        found = read_sources(
            loaded,
            find_evidence(loaded, self._folders),
            self._record.rows,
            sorted(loaded.resolved.sources),
            with_text=False,
        )
        return {reading.source.id: reading for reading in found if reading.passages}

    def path(self, name: str) -> str:
        """Where a source is read; empty where there is nothing to read."""
        return self._record.addresses.named("text", name) if name in self.readings else ""

    def is_whole(self, name: str) -> bool:
        """Whether the words of the text are shown."""
        return name in self.readings and not self.readings[name].withheld

    def makers(self) -> dict[str, Maker]:
        """The pages, by path."""
        return {self.path(name): partial(self._page, name) for name in self.readings}

    def _page(self, name: str) -> bytes:
        home = "../" + self._record.addresses.paths[self._record.loaded.resolved.names.minter.source(name)]
        return render_sources(self._about(name, home), (self.readings[name],)).encode("utf-8", "replace")

    def _about(self, name: str, home: str) -> ViewGraph:
        """The part of the graph that the source's statements and those against them need."""
        mine = [edge for edge in self._view.edges if edge.source_id == name]
        against = {iri for edge in mine for dispute in edge.disputes for iri in dispute.others}
        edges = [*mine, *(edge for edge in self._view.edges if edge.iri in against and edge.source_id != name)]
        ends = {end for edge in edges for end in (edge.source, edge.target)}
        links = [edge for edge in self._view.edges if edge.kind == "link" and edge.source in ends]
        while more := {edge.target for edge in links} - ends:
            ends |= more
            links = [edge for edge in self._view.edges if edge.kind == "link" and edge.source in ends]
        nodes = tuple(node for node in self._view.nodes if node.iri in ends)
        return replace(self._view, nodes=nodes, edges=(*edges, *links), home=home)
