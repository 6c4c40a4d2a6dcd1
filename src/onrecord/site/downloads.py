"""Owns the data that a site offers to take away, with their sizes and hashes.

Leaves every format to ``export``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from onrecord.analyse import to_networkx
from onrecord.assemble import QUADS
from onrecord.build import dataset
from onrecord.export import export
from onrecord.export.graphml import write_graphml
from onrecord.export.sheet import statement_sheet
from onrecord.files import sha256_hex
from onrecord.lens import Lens
from onrecord.site.frame import Frame
from onrecord.site.page import Maker
from onrecord.site.record import Record

_KINDS = {
    "ttl": ("Turtle", "text/turtle", "the union of all named graphs, with a line above each statement"),
    "trig": ("TriG", "application/trig", "the whole dataset, its graphs kept apart"),
    "nq": ("N-Quads", "application/n-quads", "the same, a quad a line"),
    "jsonld": ("JSON-LD", "application/ld+json", "the same, as JSON"),
    "csv": ("CSV", "text/csv", "the statements in words, a row each, for spreadsheets"),
    "graphml": ("GraphML", "application/graphml+xml", "the network, for Gephi, Cytoscape, yEd"),
}


@dataclass(frozen=True, slots=True)
class File:
    """A file to take away."""

    path: str
    name: str
    media: str
    holds: str
    size: int
    sha256: str


class Downloads:
    """The files, made once when one of them is asked for.

    They are kept packed: together they are as large as all the pages, and are wanted twice, for their hashes and as
    they are.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._packed: dict[str, bytes] = {}

    @cached_property
    def _quads(self) -> pl.DataFrame:
        return dataset(self._record.loaded, Lens()).select(QUADS.names())

    def path(self, suffix: str) -> str:
        """Where the file of a format lies."""
        return self._record.addresses.named("data", self._record.loaded.project.name, suffix)

    def data(self, suffix: str) -> bytes:
        """The bytes of the file of a format."""
        if suffix not in self._packed:
            self._packed[suffix] = zlib.compress(self._make(suffix), 1)
        return zlib.decompress(self._packed[suffix])

    def _make(self, suffix: str) -> bytes:
        record = self._record
        if suffix == "csv":
            return statement_sheet(record.view.nodes.values(), record.statements.values())
        if suffix == "graphml":
            return write_graphml(to_networkx(record.loaded, Lens()))
        return export(self._quads, suffix, record.loaded.resolved.names.prefixes())

    @cached_property
    def files(self) -> tuple[File, ...]:
        """What there is to take away."""
        return tuple(self._file(suffix) for suffix in _KINDS)

    def _file(self, suffix: str) -> File:
        data = self.data(suffix)
        return File(self.path(suffix), *_KINDS[suffix], len(data), sha256_hex(data))

    def makers(self, frame: Frame) -> Mapping[str, Maker]:
        """The files, their list of hashes as ``sha256sum`` reads it, and the page that leads to them."""

        def maker(suffix: str) -> Callable[[], bytes]:
            return lambda: self.data(suffix)

        return {
            **{self.path(suffix): maker(suffix) for suffix in _KINDS},
            "data/SHA256SUMS": self._sums,
            "downloads.html": lambda: self._page(frame),
        }

    def _sums(self) -> bytes:
        lines = (f"{file.sha256}  {file.path.removeprefix('data/')}\n" for file in self.files)
        return "".join(lines).encode("utf-8")

    def _page(self, frame: Frame) -> bytes:
        project = self._record.loaded.project
        return frame.page(
            "downloads.html.j2",
            "downloads.html",
            title="Data",
            here="downloads.html",
            description=f"{project.title} as RDF, CSV and GraphML.",
            files=self.files,
            prefixes=sorted(self._record.loaded.resolved.names.prefixes().items()),
            base=project.base,
        )
