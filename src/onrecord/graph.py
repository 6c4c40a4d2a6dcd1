"""Owns the Python door: a Graph opens a folder and offers what can be done with it.

Leaves the doing to the stages; results are computed when asked for and kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onrecord.errors import GraphBroken, Problem, Problems
from onrecord.lens import Lens, require_sources
from onrecord.project import open_project
from onrecord.recent import Recent

if TYPE_CHECKING:
    import datetime as dt

    import networkx as nx
    import polars as pl
    import pyoxigraph as ox
    import rdflib

    from onrecord.answers import Answer
    from onrecord.build import Loaded
    from onrecord.check.evidence import Evidence
    from onrecord.coverage import SourceCoverage
    from onrecord.explain.corroboration import Corroboration
    from onrecord.explain.diff import Diff
    from onrecord.explain.disagreements import Disagreement
    from onrecord.explain.retraction import Retraction
    from onrecord.explain.rows import RowExplanation
    from onrecord.explain.why import Explanation, Grounds
    from onrecord.figures import Figures
    from onrecord.judgements import Judgement
    from onrecord.limits import Limits
    from onrecord.names import Names
    from onrecord.paths import Paths
    from onrecord.project import Project
    from onrecord.publish import Published
    from onrecord.query import Opened
    from onrecord.questions import Question
    from onrecord.scale.push import Pushed, Step
    from onrecord.scale.remote import Remote
    from onrecord.site import Site, SiteOptions
    from onrecord.trials import Outcome
    from onrecord.view.network import Network
    from onrecord.withdrawn import Withdrawal


KEPT_STORES = 4
"""Of how many lenses a graph keeps the triple store in memory."""

KEPT_RESULTS = 8
"""Of how many lenses it keeps each of the other results: rows, grounds, corroboration, disagreements."""


@dataclass(frozen=True, slots=True)
class Report:
    """What checking a graph found."""

    project: Project
    problems: list[Problem]
    evidence: Evidence
    files: int
    statements: int
    questions: int = 0

    def severities(self) -> dict[str, int]:
        """How many errors, warnings and infos there are."""
        found = Counter(str(problem.severity) for problem in self.problems)
        return {name: found[name] for name in ("error", "warning", "info")}


class Graph:
    """A graph in a folder.

    Every method that needs sound data raises :class:`onrecord.errors.GraphBroken` with the
    problems when the files hold errors; :meth:`check` returns them instead.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        opening = Problems()
        self._begin(open_project(Path(path), opening), opening)

    def _begin(self, project: Project, opening: Problems) -> None:
        self.project, self._opening = project, opening
        self.is_of_files = True
        self.remote: Remote | None = None
        self.stores: Recent[Opened] = Recent(KEPT_STORES)
        self._rows_of: Recent[pl.DataFrame] = Recent(KEPT_RESULTS)
        self._grounds_of: Recent[Grounds] = Recent(KEPT_RESULTS)
        self._corroboration: Recent[list[Corroboration]] = Recent(KEPT_RESULTS)
        self._disagreements: Recent[list[Disagreement]] = Recent(KEPT_RESULTS)
        self._rehearsed: ox.Store | None = None

    def __repr__(self) -> str:
        return f"<onrecord graph {self.project.name!r} in {self.project.folder}>"

    @cached_property
    def _loaded(self) -> Loaded:
        from onrecord.build import load

        return load(self.project, Problems(list(self._opening.items)))

    @property
    def _sound(self) -> Loaded:
        self._loaded.require_sound()
        return self._loaded

    @property
    def statements(self) -> pl.DataFrame:
        """The statement table (:data:`onrecord.model.STATEMENT_SCHEMA`), nested propositions included."""
        return self._loaded.resolved.statements

    def check(self, sources: Iterable[str | PathLike[str]] = ()) -> list[Problem]:
        """Run every rule; ``sources`` are further folders of archived texts."""
        return self.examine(sources).problems

    def examine(
        self,
        sources: Iterable[str | PathLike[str]] = (),
        *,
        update_lock: bool = False,
        questions: bool = True,
        evidence: bool = True,
        shapes: bool = True,
        built: str | PathLike[str] | None = None,
        way: str = "",
    ) -> Report:
        """Run every rule and return the problems with the evidence that was looked at.

        Without ``questions`` those are passed over: nothing that is built depends on them. Without
        ``evidence`` quotes are not looked for, without ``shapes`` SHACL is not run. Statement files that
        did not change since the build in ``built`` (default ``build/NAME``) are not read again. What is found
        is kept in the next build under ``way`` (:func:`onrecord.uptodate.way_of`).
        """
        from onrecord.build import check
        from onrecord.errors import sort_problems
        from onrecord.model import count_statements

        folders = [Path(folder) for folder in sources]
        before = Problems(list(self._opening.items))
        rules = {"update_lock": update_lock, "evidence": evidence, "shapes": shapes}
        loaded = check(self.project, before, folders, **rules, built=Path(built) if built else None, way=way)
        self._forget()
        self.__dict__["_loaded"] = loaded
        seen = loaded.evidence
        if seen is None:
            raise AssertionError("check always says what evidence it looked at")
        found = Problems(list(loaded.problems))
        asked = self._check_questions(found) if questions else 0
        count = count_statements(loaded.resolved.statements)
        return Report(self.project, sort_problems(found.items), seen, loaded.files, count, asked)

    def _check_questions(self, found: Problems) -> int:
        from onrecord.trials import check_questions

        return check_questions(self.project, self.names, found)

    def build(
        self,
        out: str | PathLike[str] | None = None,
        *,
        inference: bool = True,
        exports: bool | None = None,
        skip_broken: bool = False,
    ) -> dict[str, Any]:
        """Write store, exports and manifest into ``out`` (default ``build/NAME``); returns the manifest.

        Without ``inference`` nothing is entailed, without ``exports`` there are no files of the whole graph;
        unless asked for, those of a graph of over 10,000 statements are left out too. With ``skip_broken`` rows
        with errors are left out, and the manifest counts the errors as ``rejects``.
        """
        from onrecord.build import build

        folder = self._apart(out) if out else self.project.build_folder
        loaded = self._without_broken if skip_broken else self._sound
        return build(loaded, folder, inference=inference, exports=exports)

    def rejects(self) -> list[Problem]:
        """What is wrong with the rows that ``build(skip_broken=True)`` leaves out: errors, and what follows from them.

        :raises onrecord.errors.GraphBroken: where something is wrong that stands in no statement file.
        """
        return self._without_broken.rejects

    @cached_property
    def _without_broken(self) -> Loaded:
        from onrecord.build import without_broken

        return without_broken(self._loaded)

    def rehearse(self) -> dict[str, Any]:
        """Build store and counts in memory, without inference and exports; returns the manifest, writes nothing."""
        from onrecord.build import rehearse

        manifest, self._rehearsed = rehearse(self._sound)  # kept: taking it apart takes long
        return manifest

    def verify(self, out: str | PathLike[str] | None = None) -> list[str]:
        """What of the build in ``out`` (default ``build/NAME``) is damaged, a line each; empty where it is whole."""
        from onrecord.manifest import find_damage

        return find_damage(Path(out) if out else self.project.build_folder)

    def quads(self, lens: Lens | None = None) -> pl.DataFrame:
        """The dataset as a table of four columns of N-Triples terms."""
        from onrecord.build import dataset

        return dataset(self._sound, self.known_sources(lens))

    def known_sources(self, lens: Lens | None) -> Lens | None:
        """The lens itself, once its sources are known to exist.

        :raises OnRecordError: for a source that is not there.
        """
        if lens is not None and lens.sources:
            require_sources(lens.sources, self._loaded.resolved.sources)
        return lens

    def corroboration(
        self,
        lens: Lens | None = None,
        *,
        subject: str = "",
        predicate: str = "",
        object: str = "",  # noqa: A002  # as in why()
    ) -> list[Corroboration]:
        """What backs each proposition: articles, and origins that are certainly to possibly independent.

        ``subject``, ``predicate`` and ``object`` keep propositions with that part, written by any name.
        """
        from onrecord.explain.corroboration import corroborate

        rows, resolved = self._rows(lens), self._sound.resolved
        key = ((lens or Lens()).key, subject, predicate, object)
        return list(
            self._corroboration.get(
                key, lambda: corroborate(rows, resolved, subject=subject, predicate=predicate, obj=object)
            )
        )

    def disagreements(self, lens: Lens | None = None) -> list[Disagreement]:
        """What the record says both ways: conflicts first, then possible ones."""
        from onrecord.explain.disagreements import disagree

        rows, resolved = self._rows(lens), self._sound.resolved
        return list(self._disagreements.get((lens or Lens()).key, lambda: disagree(rows, resolved)))

    def _rows(self, lens: Lens | None) -> pl.DataFrame:
        """The statements that a lens lets through."""
        from onrecord.lens import select

        statements, seen = self._sound.resolved.statements, self.known_sources(lens) or Lens()
        return self._rows_of.get(seen.key, lambda: select(statements, seen, self.project.policy))

    def _grounds(self, lens: Lens | None) -> Grounds:
        """What stands as fact through a lens, and what follows from it."""
        from onrecord.explain.why import grounds

        loaded, seen = self._sound, self.known_sources(lens) or Lens()
        return self._grounds_of.get(seen.key, lambda: grounds(loaded, seen))

    def diff(self, other: str | PathLike[str], lens: Lens | None = None) -> Diff:
        """What changed from this graph to ``other``: a folder, FOLDER@REVISION, or the folder of a build."""
        from onrecord.explain.changes import compare
        from onrecord.explain.states import read_states

        return compare(*read_states(str(self.project.folder), str(other), lens or Lens()))

    def retraction(self, source: str, on: Any = None) -> Retraction:
        """What would fall if ``source`` were withdrawn on the day ``on`` (default: the latest in the graph).

        :raises OnRecordError: when there is no such source, or it cannot be withdrawn on that day.
        """
        from onrecord.explain.retraction import default_day, retraction
        from onrecord.query import read_day

        loaded = self._sound
        require_sources([source], loaded.resolved.sources)
        return retraction(self, loaded, source, read_day(on) or default_day(loaded))

    def retract(self, source: str, on: Any = None, who: str = "", why: str = "") -> Withdrawal:
        """Write into ``withdrawn.yaml`` that ``source`` is withdrawn; returns the entry.

        :raises OnRecordError: as :meth:`retraction` does, and without a reason in ``why``.
        """
        from onrecord.explain.retraction import check_source, default_day
        from onrecord.query import read_day
        from onrecord.withdrawn import WITHDRAWN, Withdrawal, withdraw

        loaded = self._sound
        entry = Withdrawal(source, read_day(on) or default_day(loaded), who or self.project.curator, why)
        check_source(loaded, source, entry.on)
        withdraw(self.project.folder, entry, self.project.name_of(self.project.folder / WITHDRAWN))
        self._forget()
        return entry

    def reinstate(self, source: str) -> Withdrawal:
        """Take the withdrawal of ``source`` out of ``withdrawn.yaml`` again; returns the entry.

        :raises OnRecordError: when the source is not withdrawn.
        """
        from onrecord.withdrawn import WITHDRAWN, reinstate

        entry = reinstate(self.project.folder, source, self.project.name_of(self.project.folder / WITHDRAWN))
        self._forget()
        return entry

    def _forget(self) -> None:
        """Read the files anew when they are asked for next."""
        for name in ("_loaded", "_without_broken", "_terms"):
            self.__dict__.pop(name, None)
        for kept in (self.stores, self._rows_of, self._grounds_of, self._corroboration, self._disagreements):
            kept.clear()

    def export(self, path: str | PathLike[str], format: str | None = None, lens: Lens | None = None) -> None:  # noqa: A002
        """Write the dataset to ``path``; the format is taken from the suffix unless given."""
        from onrecord.files import write_atomic

        target = self._apart(path)
        write_atomic(target, self.serialize(format or target.suffix.lstrip("."), lens))

    def push(
        self,
        url: str,
        *,
        server: str | None = None,
        lenses: bool | None = None,
        whole: bool = False,
        dry_run: bool = False,
        after: Callable[[Step], object] | None = None,
    ) -> Pushed:
        """Bring the dataset to a SPARQL 1.1 server at ``url`` and verify it there.

        Only graphs that differ are sent; ``whole`` sends all, ``dry_run`` none. With ``lenses`` the datasets
        that the lenses of the questions leave are sent too, so that these can be asked there; None keeps to
        what the last push wanted. ``server`` is one of
        :data:`onrecord.scale.server.KINDS`, where the server does not say itself what it is.
        ``after`` is called with each step that is done. User and password, or a token, come from the
        environment (:data:`onrecord.scale.credentials.USER`, ``PASSWORD``, ``TOKEN``).

        :raises ServerError: when the server refuses or does not answer.
        :raises MissingExtra: without ``onrecord[remote]``.
        """
        from onrecord.scale.ledger import Ledger
        from onrecord.scale.push import deliver
        from onrecord.scale.server import Server
        from onrecord.scale.shipment import ship

        self._loaded.require_sound()
        with Server(url, server) as there:
            if lenses is None:
                lenses = Ledger(there, self.project.base).read().with_lenses
            shipment = ship(self, lenses=lenses)
            return deliver(there, shipment, self.project, whole=whole, rehearse=dry_run, after=after)

    def at(self, url: str, *, server: str | None = None) -> Graph:
        """The same graph, its queries and questions answered by the SPARQL server at ``url`` that :meth:`push` filled.

        The answers are those of the files, or an error says why they cannot be. ``server`` and who
        asks are as for :meth:`push`.

        :raises ServerError: when the server refuses or does not answer.
        :raises OnRecordError: when the server holds nothing of this graph.
        :raises MissingExtra: without ``onrecord[remote]``.
        """
        from onrecord.scale.remote import Remote

        there = Graph(self.project.folder)
        there.remote = Remote(there, url, server)
        return there

    def serialize(self, format: str = "ttl", lens: Lens | None = None) -> bytes:  # noqa: A002
        """The dataset as bytes: ``ttl``, ``trig``, ``nq``, ``nt``, ``jsonld`` or ``rdf``."""
        from onrecord.export import export

        return export(self.quads(lens), format, self.prefixes())

    @property
    def names(self) -> Names:
        """Every name of the graph and what it stands for."""
        return self._loaded.resolved.names

    def labels(self, iris: Iterable[str]) -> dict[str, str]:
        """What people call each of ``iris``; a proposition in its words. Unknown ones are left out."""
        from onrecord.assemble import proposition_labels

        wanted = set(iris)
        names = self.names
        found = {iri: names.label(iri) for iri in wanted if names.is_known(iri) or iri in names.ontology.individuals}
        head = names.minter.proposition_base
        if any(iri.startswith(head) for iri in wanted):
            rows = self.statements.drop_nulls("proposition").unique("proposition", keep="first", maintain_order=True)
            words = proposition_labels(rows, self._loaded.resolved)
            found |= {iri: words[f"<{iri}>"] for iri in wanted if f"<{iri}>" in words}
        return found

    def prefixes(self) -> dict[str, str]:
        """The prefixes that queries and exports of this graph use."""
        return self.vocabulary.prefixes()

    @property
    def vocabulary(self) -> Names:
        """Names of which only those of the ontologies are sure to be there: the statements need not be read."""
        return self._loaded.resolved.names if "_loaded" in self.__dict__ else self._terms

    @cached_property
    def _terms(self) -> Names:
        from onrecord.names import Names
        from onrecord.ontology import load_ontologies
        from onrecord.terms import Minter

        return Names(load_ontologies(self.project, Problems()), Minter(self.project.base))

    def query(
        self,
        sparql: str,
        *,
        as_of: Any = None,
        valid_at: Any = None,
        possibly: bool = False,
        include: Iterable[str] = (),
        sources: Iterable[str] = (),
        inference: bool = True,
        parameters: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        max_memory: int = 2 << 30,
        max_rows: int | None = None,
    ) -> Answer:
        """Answer a SPARQL 1.1 query in a guarded worker process.

        ``as_of`` and ``valid_at`` are days (``datetime.date`` or ISO text); without ``inference``
        nothing is entailed; ``timeout`` is in seconds, ``max_memory`` in bytes beyond the store's.

        :raises onrecord.errors.QueryError: for a query that does not parse, would reach out, or
            goes over its limits.
        """
        from onrecord.limits import Limits
        from onrecord.query import answer, read_day

        chosen = frozenset(include), frozenset(sources)
        lens = Lens(read_day(as_of), read_day(valid_at), possibly, *chosen, inference)
        return answer(self, sparql, lens, parameters or {}, Limits(timeout, max_memory, max_rows))

    def why(self, subject: str, predicate: str, object: str, *, lens: Lens | None = None) -> Explanation:  # noqa: A002
        """Why a triple holds, down to the quotes; or what the graph says instead.

        Names may be labels, aliases, ids, CURIEs; an object may be the text of a value.

        :raises OnRecordError: for a name that nothing has.
        """
        from onrecord.explain.why import explain, read_triple

        triple = read_triple(self._sound, subject, predicate, object)
        return explain(triple, lens or Lens(), self._grounds)

    def why_row(
        self,
        sparql: str,
        row: int = 1,
        *,
        lens: Lens | None = None,
        limits: Limits | None = None,
        name: str = "query",
    ) -> RowExplanation:
        """Why the ``row``-th row (from 1) of a query's answer is there: each triple that it rests on.

        ``name`` is what the query is called in problems.
        """
        from onrecord.explain.rows import explain_row

        return explain_row(self, self._grounds(lens), sparql, row, lens or Lens(), limits, name)

    def questions(self) -> dict[str, Question]:
        """The named questions of the graph."""
        from onrecord.questions import read_questions

        return read_questions(self.project)

    def ask(self, name: str, **parameters: str) -> Answer:
        """Answer a named question; keyword arguments replace its defaults."""
        from onrecord.questions import ask

        return ask(self, name, parameters)

    def test(self) -> list[Outcome]:
        """Answer every question and compare with its expected rows."""
        from onrecord.trials import run_all

        return run_all(self)

    def coverage(self, sources: Iterable[str | PathLike[str]] = (), lens: Lens | None = None) -> list[SourceCoverage]:
        """Each sentence of each text with the statements that rest on it, of those that ``lens`` lets through."""
        from onrecord.coverage import cover

        self.examine(sources)
        return cover(self._loaded, self.known_sources(lens))

    def rdflib(self, lens: Lens | None = None, *, store: str = "default") -> rdflib.Dataset:
        """The dataset in rdflib; ``store="Oxigraph"`` keeps it in oxrdflib's store instead."""
        from onrecord.export.rdflib import to_rdflib

        return to_rdflib(self.quads(lens), self.prefixes(), store)

    def networkx(
        self, include: Iterable[str] = (), *, asserted_only: bool = False, lens: Lens | None = None
    ) -> nx.MultiDiGraph:
        """One node an entity, proposition or literal, one edge a statement (key: its IRI)."""
        from onrecord.analyse import to_networkx

        return to_networkx(self._sound, self._seen(lens, include), asserted_only=asserted_only)

    def pyvis(self, lens: Lens | None = None) -> Network:
        """The very network that :meth:`view` writes."""
        from onrecord.view.backing import to_page
        from onrecord.view.network import network

        return network(to_page(self._sound, self.known_sources(lens) or Lens()))

    def _apart(self, path: str | PathLike[str]) -> Path:
        self.project.require_apart(Path(path))
        return Path(path)

    def view(self, path: str | PathLike[str], lens: Lens | None = None) -> Path:
        """Write the network as one HTML file that needs no network to open."""
        from onrecord.files import write_atomic
        from onrecord.view.backing import to_page
        from onrecord.view.network import network
        from onrecord.view.page import render_page

        target = self._apart(path)
        shown = to_page(self._sound, self.known_sources(lens) or Lens())
        write_atomic(target, render_page(network(shown), shown))
        return target

    def timeline(self, path: str | PathLike[str], lens: Lens | None = None) -> Path:
        """Write the timeline as one HTML file: when each statement holds, and when it went on record."""
        from onrecord.files import write_atomic
        from onrecord.view.pages import timeline_page

        target = self._apart(path)
        write_atomic(target, timeline_page(self._sound, self.known_sources(lens) or Lens()))
        return target

    def source_page(
        self,
        path: str | PathLike[str],
        *names: str,
        with_text: bool = False,
        sources: Iterable[str | PathLike[str]] = (),
        lens: Lens | None = None,
    ) -> Path:
        """Write a page with the texts of the sources called ``names`` (default: all), their quotes marked.

        The words of a text are shown where the source's licence allows it, or ``with_text`` asks for
        them; else its quotes in their order. ``sources`` are further folders of archived texts.

        :raises OnRecordError: for a source that is not there.
        """
        from onrecord.files import write_atomic
        from onrecord.view.pages import source_page

        target = self._apart(path)
        seen = Lens(sources=frozenset(names)).over(lens or Lens())
        self.known_sources(seen)
        write_atomic(target, source_page(self._sound, seen, map(Path, sources), with_text=with_text))
        return target

    def publish(
        self,
        out: str | PathLike[str],
        *,
        base_url: str = "",
        since: str = "",
        console: bool = True,
        redact: bool | None = None,
        secret: bytes | None = None,
        sources: Iterable[str | PathLike[str]] = (),
    ) -> Published:
        """Write the graph as a site into the folder ``out``, in place of the site that stands there.

        ``base_url`` is the address at which it will stand, ``since`` a git revision to tell the changes
        from, ``sources`` are further folders of archived texts. A graph with protected items needs
        ``redact``: True takes them out, with IRIs hashed anew under ``secret`` (default: the one kept for
        this graph), False publishes them.

        :raises OutputError: when ``out`` holds something else than a site, or cannot be written to.
        :raises OnRecordError: for an address or a revision that is none.
        """
        from onrecord.protected import require_choice
        from onrecord.publish import publish, read_base_url
        from onrecord.secret import default_file, read_secret
        from onrecord.site import Site, SiteOptions

        require_choice(self._sound, redact)
        if redact and secret is None:
            secret = read_secret(default_file(self.project.name, self.project.base))[0]
        options = SiteOptions(
            console=console,
            secret=secret if redact else None,
            redact=redact,
            since=since,
            base_url=read_base_url(base_url),
            sources=tuple(map(Path, sources)),
        )
        return publish(Site(self._sound, options), Path(out), self.project.base)

    def site(self, options: SiteOptions | None = None) -> Site:
        """The pages of the graph's site, each made when it is asked for."""
        from onrecord.site import Site, SiteOptions

        return Site(self._sound, options or SiteOptions())

    def _repr_html_(self) -> str:
        """The network in a frame, which is how a notebook shows a graph; or what is wrong with its files."""
        from onrecord.notebook import lines

        try:
            return self.pyvis()._repr_html_()
        except GraphBroken as broken:
            return lines("\n".join(problem.render(lambda file, line: None) for problem in broken.problems))

    def paths(
        self,
        start: str,
        end: str,
        *,
        alternatives: int = 0,
        everything: bool = False,
        include: Iterable[str] = (),
        lens: Lens | None = None,
        avoid: Iterable[str] = (),
    ) -> Paths:
        """How two entities are connected: the shortest path, and up to ``alternatives`` more.

        Only what stands as fact counts, with ``include`` also those statuses, with ``everything``
        every statement and mention; ``avoid`` names entities that no path may lead through. Without
        a path the result says what would give one.
        """
        from onrecord.paths import find_paths

        seen = self._seen(lens, include)
        return find_paths(
            self._sound, start, end, lens=seen, everything=everything, alternatives=alternatives, avoid=avoid
        )

    def stats(
        self, *, top: int = 10, everything: bool = False, include: Iterable[str] = (), lens: Lens | None = None
    ) -> Figures:
        """What the graph counts to, who stands in the middle, who belongs together; ``top`` of each measure."""
        from onrecord.figures import measure

        return measure(self._sound, lens=self._seen(lens, include), everything=everything, top=top)

    def judgements(self) -> list[Judgement]:
        """Who judged which entities to be the same, different, or unsure."""
        from onrecord.judgements import read_judgements

        return read_judgements(self.project, self.names, Problems())

    def judge(
        self,
        left: str,
        judgement: str,
        right: str,
        *,
        why: str = "",
        who: str = "",
        when: dt.date | None = None,
        undo: bool = False,
    ) -> Judgement:
        """Write a judgement on two entities into ``judgements.yaml``, or take it back with ``undo``.

        ``who`` is the graph's curator and ``when`` is today unless given. Entities that are judged
        the same are one from the next look at the graph on.

        :raises onrecord.errors.OnRecordError: for what cannot be written, or would contradict the rest.
        """
        from onrecord.judge import add_judgement, remove_judgement

        if undo:
            found = remove_judgement(self.project, self.names, left, judgement, right)
        else:
            who = who or self.project.curator
            found = add_judgement(self.project, self.names, left, judgement, right, who=who, why=why, when=when)
        self._forget()
        return found

    def _seen(self, lens: Lens | None, include: Iterable[str]) -> Lens:
        seen = self.known_sources(lens) or Lens()
        return replace(seen, include=seen.include | frozenset(include))


def graph_over(loaded: Loaded) -> Graph:
    """The door to rows that are loaded already; neither their folder nor a build of it is read."""
    graph = Graph.__new__(Graph)
    graph._begin(loaded.project, Problems())
    graph.__dict__["_loaded"] = loaded
    graph.is_of_files = False
    return graph
