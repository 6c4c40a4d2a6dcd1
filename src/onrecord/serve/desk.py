"""Owns the answers of one edition: builds the graph, then answers queries and questions and makes pages of it.

Leaves where jobs come from to ``edition``, and evaluating to the guarded workers.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import onrecord
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
from onrecord.files import sha256_hex
from onrecord.lens import Lens
from onrecord.limits import Limits
from onrecord.query import Opened, evaluate
from onrecord.questions import prepare
from onrecord.serve.catalogue import describe_questions
from onrecord.serve.messages import Job
from onrecord.serve.settings import BUSY_SECONDS
from onrecord.site import SiteOptions
from onrecord.store import graph_names, open_store
from onrecord.terms import is_iri
from onrecord.worker import Dataset
from onrecord.workers import Workers
from onrecord.written import read_written

Reply = tuple[dict[str, Any], bytes]

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
        self._running: dict[int, threading.Event] = {}
        self._graph = graph = onrecord.open(options["graph"])
        report = graph.examine(sources)
        if has_errors(report.problems):
            raise GraphBroken(f"{report.project.name} has errors", report.problems)
        self.problems = report.problems
        build = Path(options["out"]) / "build"
        manifest = graph.build(build, exports=False)
        dataset = Dataset(open_store(build), read_written(build))
        opened = Opened(Workers(dataset, options["workers"]), graph_names(dataset.store))
        graph.stores.get(Lens().key, lambda: opened)  # not the one below build/, which others may replace
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
        default, named = job.get("default"), job.get("named")
        return self._evaluate(text, Lens(), job["formats"], stopped, default_graphs=default, named_graphs=named)

    def _ask(self, job: Job, stopped: threading.Event) -> Reply:
        question, terms = prepare(self._graph, job["name"], job["parameters"])
        where = {"parameters": terms, "name": f"questions/{question.path.name}"}
        return self._evaluate(question.text, question.lens, job["formats"], stopped, **where)

    def _thing(self, job: Job, stopped: threading.Event) -> Reply:
        iri = f"<{job['iri']}>"
        if not is_iri(job["iri"]):
            return {"error": "unknown", "message": "nothing has that address"}, b""
        _, known = self._evaluate(_KNOWN.format(iri=iri), Lens(), {"boolean": "csv"}, stopped)
        if known.strip() != b"true":
            return {"error": "unknown", "message": "nothing is known of that"}, b""
        return self._evaluate(_THING.format(iri=iri), Lens(), job["formats"], stopped)

    def _page(self, path: str) -> Reply:
        try:
            data = self._site.page(path)
        except KeyError:
            return {"error": "unknown", "message": "there is no such page"}, b""
        return {"kind": "page", "hash": sha256_hex(data)[:32]}, data

    def _evaluate(self, text: str, lens: Lens, formats: dict[str, str], stopped: threading.Event, **more: Any) -> Reply:
        rows = formats.get("rows") or formats.get("boolean", "json")
        asked: dict[str, Any] = {
            "format_": rows,
            "graph_format": formats.get("graph", "nt"),
            "cancelled": stopped.is_set,
            "patience": BUSY_SECONDS,
        }
        with evaluate(self._graph, text, lens, self._limits, **asked, **more) as found:
            if found.kind not in formats:
                what = {"rows": "rows", "boolean": "true or false", "graph": "a graph"}[found.kind]
                return {
                    "error": "unacceptable",
                    "message": f"this query gives {what}, in no format that you accept",
                }, b""
            return {"kind": found.kind}, found.body


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
