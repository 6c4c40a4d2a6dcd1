"""Owns which pages a site has, and makes each when it is asked for.

Leaves what stands in them to the modules that are named after them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from onrecord.build import Loaded
from onrecord.lens import Lens
from onrecord.site.addresses import ROOT
from onrecord.site.downloads import Downloads
from onrecord.site.feed import feed, sitemap
from onrecord.site.frame import Frame, shared_assets
from onrecord.site.page import Maker, Page, SiteOptions
from onrecord.site.picture import draw
from onrecord.site.record import Record
from onrecord.site.search import Index, documents
from onrecord.site.things import newest, thing_pages
from onrecord.site.vocabulary import Vocabulary
from onrecord.view.backing import to_page
from onrecord.view.look import LINES, line_of
from onrecord.view.model import ViewGraph
from onrecord.view.network import Network, network
from onrecord.view.page import render_page
from onrecord.view.timeline import render_timeline

NEWEST = 8
"""So many statements stand on the start page."""

TOP = 14
"""And so many of the entities that most statements name."""


class Site:
    """The pages of a graph, by path; each is made when it is asked for.

    :raises GraphBroken: when the graph holds errors.
    """

    def __init__(self, loaded: Loaded, options: SiteOptions) -> None:
        loaded.require_sound()
        self.options = options
        self.record = Record(loaded)
        project = loaded.project
        self.frame = Frame(
            options,
            {
                "graph_title": project.title,
                "language": project.language,
                "licence": project.licence,
                "curator": project.curator,
                "root": ROOT,
                "navigation": self._navigation(),
            },
        )

    @cached_property
    def makers(self) -> dict[str, Maker]:
        """What makes each page, by path, in the order of the paths."""
        made: dict[str, Maker] = {
            path: partial(bytes, data) for path, data in shared_assets(live=self.options.live).items()
        }
        made |= thing_pages(self.record, self.frame, redacted=self.options.secret is not None, texts={})
        made |= Vocabulary(self.record, self.frame).makers()
        made["index.html"] = self._start
        made["network.html"] = lambda: self.network_page.encode("utf-8")
        made["timeline.html"] = lambda: render_timeline(self._view).encode("utf-8")
        made["404.html"] = self._missing
        made["feed.xml"] = lambda: feed(self.record, self.options.base_url)
        made |= self.downloads.makers(self.frame)
        made |= Index(documents(self.record, self.record.addresses, ())).makers()
        made["search.html"] = self._search
        if self.options.base_url:
            paths = sorted([*made, "sitemap.xml"])
            made["sitemap.xml"] = lambda: sitemap(self.options.base_url, paths)
            made["robots.txt"] = lambda: f"User-agent: *\nSitemap: {self.options.base_url}sitemap.xml\n".encode()
        return dict(sorted(made.items()))

    @cached_property
    def downloads(self) -> Downloads:
        """The data to take away."""
        return Downloads(self.record)

    def page(self, path: str) -> bytes:
        """The bytes of one page.

        :raises KeyError: when there is no such page.
        """
        return self.makers[path]()

    def __iter__(self) -> Iterator[Page]:
        for path, make in self.makers.items():
            yield Page(path, make())

    def _navigation(self) -> list[tuple[str, str]]:
        return [
            ("index.html", "Start"),
            ("entities.html", "Who and what"),
            ("sources.html", "Sources"),
            ("speakers.html", "Speakers"),
            ("disagreements.html", "Disagreements"),
            ("timeline.html", "Timeline"),
            ("network.html", "Network"),
            ("ontology.html", "Ontology"),
            ("downloads.html", "Data"),
        ]

    @cached_property
    def _view(self) -> ViewGraph:
        return replace(to_page(self.record.loaded, Lens()), home="index.html")

    @cached_property
    def _network(self) -> Network:
        return network(self._view)

    @cached_property
    def network_page(self) -> str:
        """The network that can be walked through."""
        return render_page(self._network, self._view)

    def _start(self) -> bytes:
        record = self.record
        project = record.loaded.project
        statements = record.statements.values()
        lines = Counter(line_of(edge).name for edge in statements)
        named = sorted(
            (iri for iri in record.entities if iri in record.named),
            key=lambda iri: (-len(record.named[iri]), record.label(iri), iri),
        )
        return self.frame.page(
            "index.html.j2",
            "index.html",
            title=project.title,
            here="index.html",
            description=project.description,
            figures=list(self._figures()),
            picture=draw(self._network, self._view),
            counted=[(line, lines[name]) for name, line in LINES.items() if name in lines],
            top=[
                (record.addresses.paths[iri], record.label(iri), record.shape(iri), len(record.named[iri]))
                for iri in named[:TOP]
            ],
            entity_count=len(record.entities),
            conflicts=[conflict for conflict in record.conflicts if conflict.found.kind == "conflict"][:5],
            conflict_count=len(record.conflicts),
            newest=record.cards(newest(record, NEWEST)),
        )

    def _figures(self) -> Iterator[tuple[Any, ...]]:
        record = self.record
        yield len(record.statements), "statement", "statements", ""
        yield sum(edge.asserting for edge in record.statements.values()), "stands as fact", "stand as fact", ""
        yield len(record.loaded.resolved.sources), "source", "sources", "sources.html"
        yield len(record.entities), "entity", "entities", "entities.html"
        yield len(record.conflicts), "disagreement", "disagreements", "disagreements.html"

    def _search(self) -> bytes:
        return self.frame.page("search.html.j2", "search.html", title="Search")

    def _missing(self) -> bytes:
        return self.frame.page("missing.html.j2", "404.html", title="There is no such page")
