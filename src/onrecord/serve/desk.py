"""Owns the answers of one edition: builds the graph, then answers queries and questions and makes pages of it.

Leaves where jobs come from to ``edition``, and evaluating to the guarded workers.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import onrecord
from onrecord.engine import Job as Put
from onrecord.errors import (
    GraphBroken,
    OnRecordError,
    QueryBusy,
    QueryCancelled,
    QueryError,
    QueryLimitExceeded,
    QueryRefused,
    QuerySyntaxError,
    StoreError,
    has_errors,
)
from onrecord.export import export
from onrecord.files import sha256_hex
from onrecord.lens import Lens
from onrecord.limits import Limits
from onrecord.questions import prepare
from onrecord.recent import Recent
from onrecord.serve.catalogue import describe_questions
from onrecord.serve.messages import Job
from onrecord.site import Site, SiteOptions
from onrecord.sparql import bind_parameters, explain_syntax, explain_values, guard, has_from
from onrecord.store import graph_names, load_store, open_store
from onrecord.terms import is_iri
from onrecord.worker import Dataset, EngineSyntaxError
from onrecord.workers import Workers
from onrecord.written import read_written, written_forms

Reply = tuple[dict[str, Any], bytes]

KEPT_LENSES = 8
"""Of how many lenses the store of a question is kept, besides the graph's own."""

_GRAPH = "CONSTRUCT {{ ?s ?p ?o }} {dataset} WHERE {{ ?s ?p ?o }}"
_THING = "CONSTRUCT {{ {iri} ?p ?o . ?s ?q {iri} }} WHERE {{ {{ {iri} ?p ?o }} UNION {{ ?s ?q {iri} }} }}"
_KNOWN = "ASK {{ {{ {iri} ?p ?o }} UNION {{ ?s ?q {iri} }} }}"

_KINDS: tuple[tuple[type[OnRecordError], str], ...] = (
    (QueryLimitExceeded, "limit"),
    (QueryBusy, "busy"),
    (QueryCancelled, "cancelled"),
    (QueryError, "failed"),
    (StoreError, "store"),
)


class Desk:
    """A graph that has been built, and the jobs it takes.

    :raises GraphBroken: when the graph has errors.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        sources = tuple(map(Path, options["sources"]))
        self._limits = Limits(**options["limits"])
        self._most = options["workers"]
        self._running: dict[int, threading.Event] = {}
        self._graph = graph = onrecord.open(options["graph"])
        report = graph.examine(sources)
        if has_errors(report.problems):
            raise GraphBroken(f"{report.project.name} has errors", report.problems)
        self.problems = report.problems
        build = Path(options["out"]) / "build"
        manifest = graph.build(build, exports=False)
        store = open_store(build)
        self._names = graph_names(store)
        self._workers = Workers(Dataset(store, read_written(build)), self._most)
        self._others: Recent[Workers] = Recent(KEPT_LENSES)
        self._site = graph.site(SiteOptions(live=True, sources=sources))
        self.facts: dict[str, Any] = {
            "build": _name_build(self._graph.questions(), manifest),
            "name": graph.project.name,
            "title": graph.project.title,
            "description": graph.project.description,
            "base": graph.project.base,
            "graphs": manifest["graphs"],
            "questions": describe_questions(graph),
        }

    def reply(self, job: Job) -> Reply:
        """Answer one job, or say why not."""
        stopped = self._running.setdefault(job["id"], threading.Event())
        try:
            return self._answer(job, stopped)
        except OnRecordError as error:
            return _refusal(error), b""
        finally:
            self._running.pop(job["id"], None)

    def cancel(self, job: int) -> None:
        """Nobody waits for this job any more."""
        stopped = self._running.get(job)
        if stopped is not None:
            stopped.set()

    def cancel_all(self) -> None:
        """Nobody waits for any."""
        for stopped in list(self._running.values()):
            stopped.set()

    def _answer(self, job: Job, stopped: threading.Event) -> Reply:
        match job["job"]:
            case "query":
                return self._query(job["query"], job, stopped)
            case "ask":
                return self._ask(job, stopped)
            case "graph":
                dataset = f"FROM <{job['graph']}>" if job["graph"] else ""
                return self._query(_GRAPH.format(dataset=dataset), job, stopped)
            case "thing":
                return self._thing(job, stopped)
            case "page":
                return self._page(job["path"])
            case "address":
                return {"path": self._site.record.addresses.paths.get(job["iri"], "")}, b""
        raise AssertionError(f"there is no job {job['job']}")

    def _query(self, text: str, job: Job, stopped: threading.Event) -> Reply:
        graph, formats = self._graph, job["formats"]
        default, named = job.get("default"), job.get("named")
        for name in (*(default or ()), *(named or ())):
            if name not in self._names:
                raise OnRecordError(f"<{name}> is no graph of this dataset, and nothing is fetched")
        prefixes = graph.prefixes()
        guard(text, self._names, prefixes)
        put = Put(
            text,
            prefixes,
            graph.project.base,
            has_from(text, prefixes),
            formats.get("rows", "json"),
            formats.get("graph", "nt"),
            None if default is None else tuple(default),
            None if named is None else tuple(named),
        )
        try:
            return self._run(self._workers, put, formats, stopped)
        except EngineSyntaxError as error:
            raise explain_syntax(text, str(error), prefixes) from error

    def _ask(self, job: Job, stopped: threading.Event) -> Reply:
        graph, formats = self._graph, job["formats"]
        question, terms = prepare(graph, job["name"], job["parameters"])
        prefixes = graph.prefixes()
        put = Put(
            bind_parameters(question.text, terms),
            prefixes,
            graph.project.base,
            has_from(question.text, prefixes),
            formats.get("rows", "json"),
            formats.get("graph", "nt"),
        )
        try:
            return self._run(self._workers_of(question.lens), put, formats, stopped)
        except EngineSyntaxError:
            raise explain_values(question.text, terms, question.name) from None

    def _thing(self, job: Job, stopped: threading.Event) -> Reply:
        iri = f"<{job['iri']}>"
        if not is_iri(job["iri"]):
            return {"error": "unknown", "message": "nothing has that address"}, b""
        _, known = self._query(_KNOWN.format(iri=iri), {"formats": {"rows": "csv", "boolean": "csv"}}, stopped)
        if known.strip() != b"true":
            return {"error": "unknown", "message": "nothing is known of that"}, b""
        return self._query(_THING.format(iri=iri), job, stopped)

    def _page(self, path: str) -> Reply:
        try:
            data = self._site.page(path)
        except KeyError:
            return {"error": "unknown", "message": "there is no such page"}, b""
        return {"kind": "page", "hash": sha256_hex(data)[:32]}, data

    def _run(self, workers: Workers, put: Put, formats: dict[str, str], stopped: threading.Event) -> Reply:
        with workers.run(put, self._limits, stopped.is_set) as found:
            if found.kind not in formats:
                what = {"rows": "rows", "boolean": "true or false", "graph": "a graph"}[found.kind]
                return {"error": "unacceptable", "message": f"this query gives {what}, which you accept no format of"}, b""
            return {"kind": found.kind}, found.body

    def _workers_of(self, lens: Lens) -> Workers:
        """The workers on the dataset that a question's lens lets through."""
        return self._workers if lens == Lens() else self._others.get(lens.key, lambda: self._load(lens))

    def _load(self, lens: Lens) -> Workers:
        quads = self._graph.quads(lens)
        forms = written_forms(quads["object"].unique().to_list())
        return Workers(Dataset(load_store(export(quads, "nq", {})), forms), self._most)


def _refusal(error: OnRecordError) -> dict[str, str]:
    if isinstance(error, (QuerySyntaxError, QueryRefused)):
        lines = error.query.split("\n")
        text = error.problem.render(lambda _, line: lines[line - 1] if 0 < line <= len(lines) else None)
        return {"error": "query", "message": text}
    return {"error": next((name for kind, name in _KINDS if isinstance(error, kind)), "call"), "message": str(error)}


def _name_build(questions: dict[str, Any], manifest: dict[str, Any]) -> str:
    """A name for all that an edition serves; it stays while the files stay."""
    parts = [manifest["inputs"], manifest["onrecord"]]
    for name, question in sorted(questions.items()):
        parts += [name, question.text]
    return sha256_hex("\0".join(parts).encode())[:16]
