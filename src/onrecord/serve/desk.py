"""Owns the answers of one edition: builds the graph, then answers queries and questions and makes pages of it.

Leaves where jobs come from to ``edition``, and evaluating to the guarded workers.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onrecord
from onrecord import __version__
from onrecord.build import load
from onrecord.errors import (
    GraphBroken,
    OnRecordError,
    Problems,
    QueryBusy,
    QueryCancelled,
    QueryError,
    QueryLimitExceeded,
    QueryRefused,
    QuerySyntaxError,
    ServerError,
    ServerTooSlow,
    StoreError,
    has_errors,
)
from onrecord.files import sha256_hex
from onrecord.graph import graph_over
from onrecord.lens import Lens
from onrecord.limits import Limits
from onrecord.project import Project, input_digest
from onrecord.protected import count_protected, require_choice
from onrecord.query import Opened, evaluate
from onrecord.questions import Question, parameter_terms
from onrecord.serve.catalogue import describe_questions
from onrecord.serve.messages import INLINE, Job, without_address
from onrecord.serve.settings import BUSY_SECONDS
from onrecord.site import SiteOptions
from onrecord.store import graph_names, open_store
from onrecord.terms import is_iri
from onrecord.worker import Dataset
from onrecord.workers import Evaluated, Workers
from onrecord.written import read_written

if TYPE_CHECKING:
    from onrecord.graph import Report

Reply = tuple[dict[str, Any], bytes | Evaluated]
"""Head and body; a long answer as it was kept when it came, so that many of them fit beside each other."""

_GRAPH = "CONSTRUCT {{ ?s ?p ?o }} {dataset} WHERE {{ ?s ?p ?o }}"
_THING = "CONSTRUCT {{ {iri} ?p ?o . ?s ?q {iri} }} WHERE {{ {{ {iri} ?p ?o }} UNION {{ ?s ?q {iri} }} }}"
_KNOWN = "ASK {{ {{ {iri} ?p ?o }} UNION {{ ?s ?q {iri} }} }}"

_CHANGED = "the store holds something else than before; ask again in a few seconds"

_KINDS: tuple[tuple[type[OnRecordError], str], ...] = (
    (ServerTooSlow, "slow"),
    (QueryLimitExceeded, "limit"),
    (QueryBusy, "busy"),
    (QueryCancelled, "cancelled"),
    (QueryError, "failed"),
    (ServerError, "gateway"),
    (StoreError, "store"),
)


class Broken(GraphBroken):
    """A graph with errors. ``undecided``: what can be read of it marks something as protected, without a choice."""

    def __init__(self, report: Report, *, undecided: bool) -> None:
        super().__init__(f"{report.project.name} has errors", report.problems)
        self.undecided = undecided


class Desk:
    """A graph that has been built, and the jobs it takes.

    What is protected is taken out under a secret (``redact`` is true), or shown (false); without either a
    graph that holds such is refused.

    :raises Broken: when the graph has errors.
    :raises Undecided: when nobody has said what becomes of what is protected.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        sources = tuple(map(Path, options["sources"]))
        self._limits = Limits(**options["limits"])
        self._running: dict[int, threading.Event] = {}
        graph = onrecord.open(options["graph"])
        state = [__version__, input_digest(graph.project)]  # and again at the end: the files may change meanwhile
        report = graph.examine(sources)
        if has_errors(report.problems):
            raise Broken(report, undecided=options["redact"] is None and _holds_protected(report.project))
        self.problems = report.problems
        state += [f"{source} {text.sha256}" for source, text in sorted(report.evidence.texts.items())]
        secret = bytes.fromhex(options["secret"]) if options["redact"] else None
        self._site = graph.site(SiteOptions(live=True, secret=secret, sources=sources if secret else ()))
        loaded = self._site.record.loaded
        require_choice(loaded, options["redact"], "serve")
        self._pages = self._site.makers  # now, since the texts that are shown are to be those that were checked
        self._graph = graph = graph_over(loaded) if secret else graph
        self._store = options["store"]
        if self._store:
            from onrecord.scale.remote import Remote

            graph.remote = Remote(graph, self._store, options["kind"], steady=True)
            graphs = graph.remote.count()
            state += [graph.remote.state, input_digest(graph.project)]
        else:
            build = Path(options["out"]) / "build"
            manifest = graph.build(build, exports=False)
            dataset = Dataset(open_store(build), read_written(build))
            opened = Opened(Workers(dataset, options["workers"]), graph_names(dataset.store))
            graph.stores.get(Lens().key, lambda: opened)  # not the one below build/, which others may replace
            graphs = manifest["graphs"]
            state.append(manifest["inputs"])
        state += [secret.hex()] if secret else []
        self._questions = questions = self._site.answers.questions  # as they were read with all else
        refused = {name: self._refuse(question) for name, question in questions.items()}
        self.facts: dict[str, Any] = {
            "build": _name_build(questions, state),
            "name": graph.project.name,
            "title": graph.project.title,
            "description": graph.project.description,
            "base": graph.project.base,
            "graphs": graphs,
            "questions": [{**each, "refused": refused[each["name"]]} for each in describe_questions(graph, questions)],
            "behind": graph.remote.behind if graph.remote else "",
            "protected": 0 if secret else count_protected(loaded),
            "redacted": bool(secret and self._site.protected),
        }

    def expect(self, job: Job) -> None:
        """A job waits for its reply; it can be cancelled from now on."""
        self._running[job["id"]] = threading.Event()

    def reply(self, job: Job) -> Reply:
        """Answer one job, or say why not."""
        stopped = self._running.setdefault(job["id"], threading.Event())
        try:
            if stopped.is_set():
                raise QueryCancelled("nobody waits for the answer any more")
            return self._answer(job, stopped)
        except OnRecordError as error:
            return self._tell(error), b""
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
            case "state":
                return self._look_at_store()
        raise AssertionError(f"there is no job {job['job']}")

    def _refuse(self, question: Question) -> str:
        """Why a question cannot be put; empty where it can."""
        return self._graph.remote.refuse(question.lens, question.text) if self._graph.remote else ""

    def _look_at_store(self) -> Reply:
        """Whether the server that answers the queries does, and holds what it held."""
        remote = self._graph.remote
        if remote is None:
            return {"kind": "state", "state": "", "is_current": True}, b""
        state = remote.find_state()
        return {"kind": "state", "state": state, "is_current": state == remote.state}, b""

    def _query(self, text: str, job: Job, stopped: threading.Event) -> Reply:
        default, named = job.get("default"), job.get("named")
        return self._evaluate(text, Lens(), job["formats"], stopped, default_graphs=default, named_graphs=named)

    def _ask(self, job: Job, stopped: threading.Event) -> Reply:
        question = self._questions.get(job["name"])
        if question is None:
            return {"error": "unknown", "message": "there is no such question"}, b""
        terms = parameter_terms(self._graph, question, job["parameters"])
        reason = self._refuse(question)
        if reason:
            return {"error": "cannot", "message": f"this question is not answered here: {reason}"}, b""
        where = {"parameters": terms, "name": f"questions/{question.path.name}"}
        return self._evaluate(question.text, question.lens, job["formats"], stopped, **where)

    def _thing(self, job: Job, stopped: threading.Event) -> Reply:
        iri = f"<{job['iri']}>"
        if not is_iri(job["iri"]):
            return {"error": "unknown", "message": "nothing has that address"}, b""
        head, known = self._evaluate(_KNOWN.format(iri=iri), Lens(), {"boolean": "csv"}, stopped)
        if "error" in head:
            return head, b""
        if known != b"true":
            return {"error": "unknown", "message": "nothing is known of that"}, b""
        return self._evaluate(_THING.format(iri=iri), Lens(), job["formats"], stopped)

    def _page(self, path: str) -> Reply:
        make = self._pages.get(path)
        if make is None:
            return {"error": "unknown", "message": "there is no such page"}, b""
        data = make()
        return {"kind": "page", "hash": sha256_hex(data)[:32]}, data

    def _evaluate(self, text: str, lens: Lens, formats: dict[str, str], stopped: threading.Event, **more: Any) -> Reply:
        rows = formats.get("rows") or formats.get("boolean", "json")
        asked: dict[str, Any] = {
            "format_": rows,
            "graph_format": formats.get("graph", "nt"),
            "cancelled": stopped.is_set,
            "patience": BUSY_SECONDS,
        }
        found = evaluate(self._graph, text, lens, self._limits, **asked, **more)
        if found.kind not in formats:
            what = {"rows": "rows", "boolean": "true or false", "graph": "a graph"}[found.kind]
            return {"error": "unacceptable", "message": f"this query gives {what}, in no format that you accept"}, b""
        remote = self._graph.remote
        if remote and remote.find_state() != remote.state:  # the answer may be of two states, half of each
            return {"error": "changed", "message": _CHANGED}, b""
        return {"kind": found.kind}, found.body if found.size <= INLINE else found

    def _tell(self, error: OnRecordError) -> dict[str, str]:
        found = _refusal(error)
        told = without_address(found["message"], self._store)
        return found if told == found["message"] else {**found, "message": told, "detail": found["message"]}


def _refusal(error: OnRecordError) -> dict[str, str]:
    if isinstance(error, (QuerySyntaxError, QueryRefused)):
        lines = error.query.split("\n")
        text = error.problem.render(lambda _, line: lines[line - 1] if 0 < line <= len(lines) else None)
        return {"error": "query", "message": text}
    return {"error": next((name for kind, name in _KINDS if isinstance(error, kind)), "call"), "message": str(error)}


def _holds_protected(project: Project) -> bool:
    """Whether the files, as far as they can be read, mark something as protected."""
    return count_protected(load(project, Problems())) > 0


def _name_build(questions: Mapping[str, Question], state: list[str]) -> str:
    """A name for all that an edition serves; it stays while the files, and a server's store, stay."""
    parts = list(state)
    for name, question in sorted(questions.items()):
        parts += [name, question.text]
    return sha256_hex("\0".join(parts).encode())[:16]
