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
from onrecord.errors import OnRecordError
from onrecord.explain.diff import Diff
from onrecord.protected import Protected, find_protected, named_alike, require_choice
from onrecord.redact import redact, replaced, withheld
from onrecord.site.addresses import ROOT
from onrecord.site.answers import Answers
from onrecord.site.changes import changed_entries, changes_page, find_changes
from onrecord.site.console import console_pages
from onrecord.site.downloads import Downloads
from onrecord.site.feed import feed, sitemap
from onrecord.site.frame import Frame, shared_assets
from onrecord.site.missing import missing_page
from onrecord.site.page import Maker, Page, SiteOptions
from onrecord.site.picture import draw
from onrecord.site.record import Record
from onrecord.site.search import Index, documents
from onrecord.site.texts import Texts
from onrecord.site.things import newest, thing_pages
from onrecord.site.vocabulary import Vocabulary
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
        known = Protected() if options.secret is None else find_protected(loaded)
        self._require_silent(known)
        before, loaded = loaded, self._redact(loaded, known)
        self.protected = known | replaced(before, loaded) if known else known
        self.withheld = withheld(before, loaded) if known else {}
        self.record = Record(loaded, options.sources)
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
        record, frame, options = self.record, self.frame, self.options
        made: dict[str, Maker] = {path: partial(bytes, data) for path, data in shared_assets(live=options.live).items()}
        made |= thing_pages(record, frame, self.texts, self.withheld)
        made |= self.texts.makers()
        made |= self.answers.makers()
        made |= Vocabulary(record, frame).makers()
        made |= self.downloads.makers(frame)
        made |= Index(documents(record, record.addresses, self.answers.documents())).makers()
        if options.console:
            made |= console_pages(record, frame, self.answers.questions)
        if self.changes is not None:
            made["changes.html"] = partial(changes_page, record, frame, self.changes)
        made |= {
            "index.html": self._start,
            "network.html": lambda: self.network_page.encode("utf-8", "replace"),
            "timeline.html": lambda: render_timeline(self._view).encode("utf-8", "replace"),
            "search.html": lambda: frame.page("search.html.j2", "search.html", title="Search"),
            "404.html": partial(missing_page, frame, options),
            "feed.xml": self._feed,
        }
        if options.base_url:
            paths = sorted(made)
            made["sitemap.xml"] = lambda: sitemap(options.base_url, paths)
            made["robots.txt"] = lambda: f"User-agent: *\nSitemap: {options.base_url}sitemap.xml\n".encode()
        return dict(sorted(made.items()))

    @cached_property
    def changes(self) -> Diff | None:
        """What changed since the revision that was asked for."""
        if not self.options.since:
            return None
        return find_changes(self.record.loaded, self.options.since, self._redact_then)

    @cached_property
    def answers(self) -> Answers:
        """The questions of the graph."""
        return Answers(self.record, self.frame, self.protected, console=self.options.console)

    @cached_property
    def texts(self) -> Texts:
        """The sources as they are read."""
        return Texts(self.record, self._view, self.options.sources)

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
            ("questions.html", "Questions"),
            *([("console.html", "Console")] if self.options.console else []),
            ("timeline.html", "Timeline"),
            ("network.html", "Network"),
            *([("changes.html", "Changes")] if self.options.since else []),
            ("ontology.html", "Ontology"),
            ("downloads.html", "Data"),
        ]

    def _redact(self, loaded: Loaded, known: Protected) -> Loaded:
        return redact(loaded, known, self.options.secret or b"", self.options.sources)

    def _redact_then(self, then: Loaded) -> Loaded:
        """The graph of an earlier day without what is protected today, or was then."""
        if self.options.secret is None:
            require_choice(then, self.options.redact)
            return then
        return self._redact(then, named_alike(then, self.protected))

    def _require_silent(self, known: Protected) -> None:
        """Whether what the caller has put on every page names nothing protected.

        :raises OnRecordError: when it does.
        """
        for text in (self.options.base_url, self.options.since):
            if known.leads_from(text):
                raise OnRecordError(f'a protected name stands in "{text}", which the pages show: choose another one')

    @cached_property
    def _view(self) -> ViewGraph:
        return replace(self.record.shown, home="index.html", live=self.options.live)

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
        yield len(self.answers.questions), "question", "questions", "questions.html"

    def _feed(self) -> bytes:
        changed = changed_entries(self.record, self.changes) if self.changes is not None else ()
        return feed(self.record, self.options.base_url, changed)


def is_view(path: str) -> bool:
    """Whether a page is a view, which holds its own scripts and allows them by their hashes alone."""
    return path in ("network.html", "timeline.html") or (path.startswith("text/") and path.endswith(".html"))
