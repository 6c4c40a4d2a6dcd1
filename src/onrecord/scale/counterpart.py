"""Owns what stands on this machine of a dataset that a server holds: whether both say the same, and how literals
were written.

Leaves asking the server to ``remote``. What was pushed from a graph's files is compared with them; what came in
shards with the builds in shards that stand in the graph's build folder, and never with the files: to build
these as a whole may be more than this machine can do, and they may have rows that a build in shards leaves out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl
from polars.exceptions import PolarsError

from onrecord.errors import GraphBroken
from onrecord.files import shown_path
from onrecord.scale.frames import scan_frames
from onrecord.scale.ledger import IN_SHARDS
from onrecord.scale.lensed import description_of, is_lensed, is_whole
from onrecord.scale.push import files_key, read_note
from onrecord.scale.sharded import quad_files, read_manifest
from onrecord.scale.shipment import ship
from onrecord.written import Forms, typed_literals, written_forms

if TYPE_CHECKING:
    from onrecord.graph import Graph
    from onrecord.lens import Lens
    from onrecord.scale.ledger import Entries
    from onrecord.scale.server import Server

_LOG = logging.getLogger(__name__)

FORMS_QUADS = 5_000_000
"""Of a build with more quads than this, literals are shown in the form of their value: to look for the others takes
longer than an answer."""

SHARDS = "SHARDS"
"""Stands in commands for a folder that is not known."""


_LACKS = {"evidence": "verified spans", "inference": "entailed triples"}
"""What the manifest says that a build leaves out, in words."""


class Counterpart(Protocol):
    """What stands here."""

    @property
    def push(self) -> str:
        """The command that brings it to the server."""
        ...

    def differs(self) -> tuple[str, str]:
        """How it differs from what the server holds, in words, and what mends that; empty where nothing does."""
        ...

    def forms(self, lens: Lens) -> Forms:
        """How literals were written in what a lens leaves, by their canonical terms."""
        ...


def find_counterpart(graph: Graph, server: Server, url: str, entries: Entries) -> Counterpart:
    """What stands here of what the entries of the server's ledger say."""
    if entries.parts or IN_SHARDS in entries.graphs.values():
        return InShards(graph.project.build_folder, url, entries)
    return InFiles(graph, server, url, entries)


class InFiles:
    """The files of a graph, of which named graphs were pushed."""

    def __init__(self, graph: Graph, server: Server, url: str, entries: Entries) -> None:
        self._graph, self._server, self._entries = graph, server, entries
        self.push = f"run  onrecord push {graph.project.folder} {url}"

    def differs(self) -> tuple[str, str]:
        """How many named graphs of the whole dataset the files have in another state.

        The note of the last push from here spares building them.
        """
        project = self._graph.project
        ledger = _whole(project.base, self._entries.graphs)
        note = read_note(project, self._server)
        try:
            own: Mapping[str, str] = (
                _whole(project.base, note.digests)
                if note is not None and note.files == files_key(project)
                else ship(self._graph, lenses=False).digests
            )
        except GraphBroken as error:
            return f"what the server holds is not compared with the files ({error})", ""
        behind = [name for name in {**ledger, **own} if ledger.get(name) != own.get(name)]
        count = f"{len(behind)} of {len({**ledger, **own})} named graphs"
        return (f"the server does not hold what the files say now ({count})", self.push) if behind else ("", "")

    def forms(self, lens: Lens) -> Forms:
        """Those of the last push from here where that is what the server holds, else those of the files."""
        project = self._graph.project
        note = read_note(project, self._server)
        described = "" if is_whole(lens) else description_of(project.base, lens)
        if note and note.digests == self._entries.graphs and isinstance(note.forms.get(described), dict):
            return note.forms[described]
        try:
            return written_forms(self._graph.quads(replace(lens, inference=True))["object"].unique().to_list())
        except GraphBroken:  # that was said when the two were compared
            return {}


def _whole(base: str, states: Mapping[str, str]) -> dict[str, str]:
    """The states of the graphs that make the whole dataset."""
    return {name: state for name, state in states.items() if not is_lensed(base, name)}


class InShards:
    """The builds in shards that stand in a graph's build folder, of which one was pushed."""

    def __init__(self, build_folder: Path, url: str, entries: Entries) -> None:
        self._folder, self._url, self._parts = build_folder, url, entries.parts

    @property
    def push(self) -> str:
        """The command that brings a build in shards to the server."""
        known = [self._same[0]] if self._same else list(self._builds)
        return f"run  onrecord push {shown_path(known[0]) if len(known) == 1 else SHARDS} {self._url}"

    def differs(self) -> tuple[str, str]:
        """What the build that the server holds leaves out; or that there is no such build here."""
        if self._same is not None:
            manifest = self._same[1]
            rejects = int(manifest["counts"].get("rejects", 0))
            lacks = [_LACKS.get(name, name) for name in manifest.get("left out", ())]
            lacks += ["rows with errors"] if rejects else []
            return f"the server holds a build in shards, without {_listed(lacks)}" if lacks else "", ""
        where = shown_path(self._folder)
        if self._builds:
            return f"the server holds another build in shards than those in {where}", self.push
        return f"the server holds a build in shards, and none in {where} tells what it leaves out", ""

    def forms(self, lens: Lens) -> Forms:
        """Those of the same build; none where it is not here, or too large to look through."""
        if self._same is None or self._same[1]["counts"]["quads"] > FORMS_QUADS:
            return {}
        folder, manifest = self._same
        try:
            parts = (scan_frames([folder / name]).select("graph", "object") for name in quad_files(manifest))
            typed = pl.concat(typed_literals(part.collect()).select("object") for part in parts)
            return written_forms(typed["object"].unique().to_list())
        except (OSError, PolarsError) as error:
            _LOG.warning("%s: cannot be read (%s); literals are shown in the form of their value", folder, error)
            return {}

    @cached_property
    def _builds(self) -> dict[Path, dict[str, Any]]:
        return dict(_builds_in(self._folder))

    @cached_property
    def _same(self) -> tuple[Path, dict[str, Any]] | None:
        """The build whose parts are those on the server."""
        same = (found for found in self._builds.items() if quad_files(found[1]) == self._parts)
        return next(same, None)


def _builds_in(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The builds in shards in a folder and in those below it, by name."""
    try:
        below = (path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        places = [folder, *sorted(below)]
    except OSError:
        return
    for place in places:
        manifest = read_manifest(place)
        if manifest is not None:
            yield place, manifest


def _listed(things: list[str]) -> str:
    return " and ".join(part for part in (", ".join(things[:-1]), things[-1]) if part)
