"""Owns queries put to a server that ``push`` filled: the graph's own dataset there, answered as the store answers.

Leaves the requests to ``server``, and what a query may say to ``onrecord.query``, which calls this as it
calls the processes of this machine. What a server does otherwise than the standards say is put right
here, or is an error: an answer is never a part of one, and never comes without a word where it may be wrong.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any, cast

import pyoxigraph as ox

from onrecord.engine import Output, Pieces, restored, write_restored, write_results, write_triples
from onrecord.errors import OnRecordError, QueryCancelled, QueryError, QueryLimitExceeded, ServerError
from onrecord.lens import Lens
from onrecord.limits import RowCount
from onrecord.scale.counterpart import find_counterpart
from onrecord.scale.dialect import as_rows, doubts, prologue, require_construct
from onrecord.scale.ledger import Entries, Ledger
from onrecord.scale.lensed import PARTS, describe, description_of, is_lensed, is_whole, plain_name, words_of
from onrecord.scale.server import Reply, Server, why_part
from onrecord.scale.shipment import lenses_of, state_of
from onrecord.sparql.guard import names_graphs
from onrecord.sparql.tokens import tokens
from onrecord.spool import Spool
from onrecord.terms import ONR, RDFS, iri
from onrecord.worker import Answering, read_forms, too_many_rows
from onrecord.workers import PIECE_BYTES, Evaluated
from onrecord.written import Canonical

if TYPE_CHECKING:
    from onrecord.engine import Job
    from onrecord.explain.why import Explanation, Quoted, Step
    from onrecord.graph import Graph
    from onrecord.infer import Triple
    from onrecord.limits import Limits
    from onrecord.scale.counterpart import Counterpart
    from onrecord.worker import Cancelled, Form

_LOG = logging.getLogger(__name__)

INFERRED = "inferred"
"""The named graph that ``--no-inference`` leaves out; its name ends in this."""

STEADY_SECONDS = 10.0
"""For which a server is waited for on a question of our own, where answers are handed on for hours."""

AT_ONCE = 200
"""Of how many terms one query asks."""

_JSON = "application/sparql-results+json"
_TRIPLES = "application/n-triples"
_BOOLEAN_BYTES = 1 << 20
_ASK_VARIABLE = "__ASK_RETVAL"
"""In which variable a Virtuoso answers an ASK."""


class Remote:
    """The dataset of a graph on the server at ``url``; ``kind`` as for :class:`onrecord.scale.server.Server`.

    A ``steady`` one is for who hands answers on for hours, to others: its graphs stay those of the start,
    and :meth:`find_state` says whether the server still has them; a server that does not answer is not
    waited for; and what it may get wrong is refused, since nobody reads a warning.

    :raises ServerError: when the server does not answer.
    :raises OnRecordError: when the graph was not pushed there.
    """

    def __init__(self, graph: Graph, url: str, kind: str | None = None, *, steady: bool = False) -> None:
        self._graph, self._url, self.is_steady = graph, url, steady
        self.server = Server(url, kind, tries=2, seconds=STEADY_SECONDS) if steady else Server(url, kind)
        self.behind = ""
        """How what the server holds differs from what stands here, in words."""
        self._there = Ledger(self.server, graph.project.base)
        self._entries = self._read_ledger()
        self._forms: dict[tuple[str, Lens], Canonical] = {}
        self._compare()

    def open(self, lens: Lens) -> Held:
        """The part of the dataset that a lens leaves.

        :raises OnRecordError: for a lens whose statements no server can choose.
        """
        if not self.is_steady:
            self._entries = self._read_ledger()
        reason = self.refuse(lens)
        if reason:
            raise OnRecordError(f"{reason}; {self.mend(lens) or 'leave --store out, or the choice'}")
        base = self._graph.project.base
        graphs = self._graphs_of(lens)
        is_part = not lens.inference and graphs.pop(f"{base}graph/{INFERRED}", None) is not None
        return Held(self, lens, graphs, is_part)

    def refuse(self, lens: Lens, query: str = "") -> str:
        """Why the server cannot answer a query through a lens; empty where it can.

        What stands as fact, what follows from it and who corroborates it is computed anew from the
        statements that a lens chooses; a server holds these for the lenses that were pushed.
        """
        if is_whole(lens):
            return ""
        if description_of(self._graph.project.base, lens) not in self._entries.graphs:
            return f"the server holds no dataset {words_of(lens)}"
        if names_graphs(query, self._graph.prefixes()):
            return "GRAPH or FROM names graphs, and what a lens leaves has other names on the server"
        return ""

    def mend(self, lens: Lens) -> str:
        """The command that brings what a lens leaves to the server; empty where none does."""
        is_there = description_of(self._graph.project.base, lens) in self._entries.graphs
        if is_there or self._entries.parts or replace(lens, inference=True) not in lenses_of(self._graph):
            return ""
        return f"{self._find_counterpart(self._entries).push} --lenses"

    def forms(self, lens: Lens) -> Canonical:
        """The literals of the server's answers through a lens as they were written."""
        key = self._entries.name, replace(lens, inference=True)
        if key not in self._forms:
            self._forms[key] = Canonical(self._find_counterpart(self._entries).forms(lens))
        return self._forms[key]

    def ask_rows(self, query: str, graphs: Iterable[str]) -> list[tuple[str | None, ...]]:
        """The rows of a query of our own as plain texts; they are few."""
        names = list(graphs)
        reply = self.server.ask(query, _JSON, 600.0, 1 << 28, default_graphs=names, named_graphs=names)
        _require_whole(self.server, reply)
        return [
            tuple(None if term is None else str(getattr(term, "value", term)) for term in row)
            for row in _solutions(self.server, reply)[1]
        ]

    def lacking(self, found: Explanation, lens: Lens) -> list[str]:
        """What an explanation through a lens rests on and the server does not hold as the files do, a line each.

        :raises ServerError: when the server does not answer.
        :raises OnRecordError: as :meth:`open` does.
        """
        graphs = self.open(lens).names
        steps = list(_steps(found.proof)) if found.proof else []
        quoted = {item.statement: item for step in steps for item in step.evidence}
        quoted |= {item.statement: item for item in (*found.instead, *found.nearby)}
        elsewhere = {item.statement: item for step in _steps(found.would) for item in step.evidence}
        lines = [
            f"the server does not hold: {step.text}"
            for step in steps
            if not self.ask_rows(f"SELECT (1 AS ?is) WHERE {{ {_pattern(step.triple)} }} LIMIT 1", graphs)
        ]
        words = self._quotes(list(quoted), graphs) | self._quotes(list(elsewhere), [*self._graphs_of(Lens()).values()])
        lines += [
            f"the server does not hold the statement {name} ({_where(item)})"
            if name not in words
            else f"the server has other words for the statement {name} ({_where(item)})"
            for name, item in (quoted | elsewhere).items()
            if words.get(name) != set(item.quotes)
        ]
        return lines

    def _quotes(self, statements: list[str], graphs: list[str]) -> dict[str, set[str]]:
        """The quotes that the server holds of each statement that it holds."""
        found: dict[str, set[str]] = {}
        for at in range(0, len(statements), AT_ONCE):
            some = " ".join(map(iri, statements[at : at + AT_ONCE]))
            query = (
                f"SELECT ?s ?q WHERE {{ VALUES ?s {{ {some} }} "
                f"?s a <{ONR}Statement> OPTIONAL {{ ?s <{ONR}quote> ?q }} }}"
            )
            for name, quote in self.ask_rows(query, graphs):
                found.setdefault(str(name), set()).update([quote] if quote is not None else [])
        return found

    @property
    def state(self) -> str:
        """What names that which the server held when answers were begun."""
        return self._entries.name

    def find_state(self) -> str:
        """What names that which it holds now.

        :raises ServerError: when the server does not answer.
        """
        return self._there.read().name

    def count(self) -> dict[str, int]:
        """How many triples each named graph has there.

        :raises ServerError: when the server does not answer.
        """
        return self.server.count(self._graphs_of(Lens()))

    def _graphs_of(self, lens: Lens) -> dict[str, str]:
        """The named graphs that a lens leaves, with their names on the server."""
        base, held = self._graph.project.base, self._entries.graphs
        if is_whole(lens):
            return {name: name for name in sorted(held) if not is_lensed(base, name)}
        description = description_of(base, lens)
        parts = sorted(str(part) for (part,) in self.ask_rows(PARTS, [description]))
        if state_of(describe(description, lens, parts)) != held[description]:
            fix = f"{self._find_counterpart(self._entries).push} --whole"
            raise ServerError(f"{self._url}: what says which graphs are {words_of(lens)} is not as it was sent; {fix}")
        return {plain_name(description, base, part): part for part in parts}

    def _find_counterpart(self, entries: Entries) -> Counterpart:
        return find_counterpart(self._graph, self.server, self._url, entries)

    def _read_ledger(self) -> Entries:
        """What the server says that it holds: all of a dataset."""
        entries = self._there.read()
        if not entries.is_settled:
            under_way = "a push to this server is under way, or was cut off, and what it holds is no whole dataset"
            raise OnRecordError(
                f"{self._url}: {under_way}; wait for its end, or {self._find_counterpart(entries).push}"
            )
        if not entries.graphs:
            fix = self._find_counterpart(entries).push
            raise OnRecordError(f"{self._url}: this server holds nothing of the graph; {fix}")
        return entries

    def _compare(self) -> None:
        """Say how what the server holds differs from what stands here."""
        self.behind, fix = self._find_counterpart(self._entries).differs()
        if self.behind:
            _LOG.warning("%s: %s", self._url, "; ".join(filter(None, (self.behind, fix))))


@dataclass(frozen=True, slots=True)
class Held:
    """What a lens leaves, on a server: asked as the processes of this machine are (:class:`onrecord.query.Answerer`).

    ``named`` are its graphs with their names on the server; ``is_part`` says that one is left out.
    """

    remote: Remote
    lens: Lens
    named: Mapping[str, str]
    is_part: bool

    @property
    def graphs(self) -> list[str]:
        """The IRIs of the named graphs, as the files have them."""
        return list(self.named)

    @property
    def names(self) -> list[str]:
        """The IRIs of the named graphs, as the server has them."""
        return list(self.named.values())

    def run(self, job: Job, limits: Limits, cancelled: Cancelled | None = None, patience: float = 30.0) -> Evaluated:
        """The whole answer to ``job``, its terms in the form in which they were written.

        The query is read here first, so that a mistake in it is told as ever. ``patience`` is the server's matter.

        :raises QueryLimitExceeded: over a limit, this machine's or the server's own.
        :raises QueryCancelled: when ``cancelled`` says that nobody waits; the connection to the server is closed.
        :raises QueryError: for what the server would answer in another way.
        :raises ServerError: when the server refuses or does not answer.
        """
        form = read_forms([job], limits)[0]
        if isinstance(form, Exception):
            raise form
        if job.has_dataset and self.is_part:
            raise QueryError("FROM chooses the graphs; leave --no-inference out, and the inferred graph with it")
        server, found = self.remote.server, list(tokens(job.query))
        reason = self.remote.refuse(self.lens, job.query)
        if reason:
            raise QueryError(f"{reason}; leave --store out, or the choice")
        for doubt in doubts(server.kind, found):
            if self.remote.is_steady:
                raise QueryError(doubt)
            _LOG.warning("%s", doubt)
        if form.kind == "graph":
            require_construct(server.kind, found)
        head = prologue(job, found)
        default, named = _dataset(job, self.named)
        if cancelled is not None and cancelled():
            raise QueryCancelled("nobody waits for the answer any more")
        accept, most = (_TRIPLES if form.kind == "graph" else _JSON), min(limits.memory, limits.answer)

        def ask(query: str, accept: str) -> Reply:
            graphs = {"default_graphs": default, "named_graphs": named}
            reply = server.ask(head + query, accept, limits.seconds, most, cancelled=cancelled, **graphs)
            _require_whole(server, reply)
            return reply

        if form.kind == "graph" and server.kind == "virtuoso":  # it cuts graphs without the header that it gives rows
            ask(as_rows(job.query, found), _JSON).body.close()
        reply = ask(job.query, accept)
        if form.kind == "boolean":
            return self._truth(reply, job)
        return self._rows(reply, job, form, limits) if form.kind == "rows" else self._triples(reply, job, limits)

    @contextlib.contextmanager
    def stream(self, job: Job, limits: Limits) -> Iterator[Answering]:
        """The answer to ``job`` in pieces, once the whole of it is there."""
        with self.run(job, limits) as found:
            yield Answering(found.kind, found.variables, found.pieces(), RowCount(""))

    def has(self, iri: str) -> bool:
        """Whether ``iri`` stands in the dataset as subject or object."""
        term = f"<{iri}>"
        query = f"SELECT (1 AS ?is) WHERE {{ {{ {term} ?p ?o }} UNION {{ ?s ?p {term} }} }} LIMIT 1"
        return iri in self.graphs or bool(self.remote.ask_rows(query, self.names))

    def labels(self, iris: Iterable[str]) -> dict[str, list[str]]:
        """What each of ``iris`` is called, in no order."""
        found: dict[str, list[str]] = {each: [] for each in iris}
        names = list(found)
        for at in range(0, len(names), AT_ONCE):
            some = " ".join(f"<{name}>" for name in names[at : at + AT_ONCE])
            query = f"SELECT ?s ?l WHERE {{ VALUES ?s {{ {some} }} ?s <{RDFS}label> ?l }}"
            for name, label in self.remote.ask_rows(query, self.names):
                found[str(name)].append(str(label))
        return found

    def _truth(self, reply: Reply, job: Job) -> Evaluated:
        spool = Spool()
        with _Target(spool) as target:
            truth = json.dumps({"head": {}, "boolean": _read_truth(self.remote.server, reply)}).encode()
            write_results(ox.parse_query_results(truth, ox.QueryResultsFormat.JSON), job.format, _output(target))
        return Evaluated("boolean", job.format, (), spool, 0)

    def _rows(self, reply: Reply, job: Job, form: Form, limits: Limits) -> Evaluated:
        names, solutions = _solutions(self.remote.server, reply)
        strange = set(names) - set(form.variables)
        if strange:
            raise ServerError(
                f"{self.remote.server.at.query}: the answer has other columns: {', '.join(sorted(strange))}"
            )
        order = [names.index(name) if name in names else -1 for name in form.variables]
        count = 0

        def rows() -> Iterator[list[Any]]:
            nonlocal count
            for row in solutions:
                count += 1
                _require_rows(count, limits)
                yield [row[index] if index >= 0 else None for index in order]

        kept, spool = Spool(), Spool()
        for piece in restored(form.variables, rows(), self.remote.forms(self.lens)):
            kept.write(piece)
        reply.body.close()
        with _Target(spool) as target:
            write_restored(_pieces(kept), job.format, _output(target))
        kept.close()
        return Evaluated("rows", job.format, form.variables, spool, count)

    def _triples(self, reply: Reply, job: Job, limits: Limits) -> Evaluated:
        """A graph, each triple once."""
        lines: dict[str, None] = {}
        forms = self.remote.forms(self.lens)
        try:
            for quad in ox.parse(cast("IO[bytes]", Pieces(_pieces(reply.body))), ox.RdfFormat.TURTLE):
                obj = str(quad.object)
                obj = forms[obj] if isinstance(quad.object, ox.Literal) else obj
                lines[f"{quad.subject} {quad.predicate} {obj} .\n"] = None
                _require_rows(len(lines), limits)
        except (SyntaxError, ValueError) as error:
            raise ServerError(f"{self.remote.server.at.query}: the answer is no whole graph in N-Triples") from error
        spool = Spool()
        text = (line.encode() for line in lines)
        if job.graph_format in ("nt", "nq"):
            for line in text:
                spool.write(line)
        else:
            quads = ox.parse(cast("IO[bytes]", Pieces(text)), ox.RdfFormat.N_TRIPLES)
            with _Target(spool) as target:
                write_triples((quad.triple for quad in quads), job.graph_format, job.prefixes, _output(target))
        return Evaluated("graph", job.graph_format, (), spool, len(lines))


class _Target(io.RawIOBase):
    """A spool as a file to write to."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def writable(self) -> bool:
        """It is written to only."""
        return True

    def write(self, data: Any) -> int:
        """Keep ``data``."""
        self._spool.write(bytes(data))
        return len(data)


def _output(target: _Target) -> Output:
    return Output(cast("IO[bytes]", target))


def _pieces(spool: Spool) -> Iterator[bytes]:
    at = 0
    while piece := spool.read_at(at, PIECE_BYTES):
        at += len(piece)
        yield piece


def _dataset(job: Job, named: Mapping[str, str]) -> tuple[Iterable[str], Iterable[str]]:
    """What the protocol says of the dataset: a server's other graphs, the ledger among them, are no part of it."""
    if job.default_graphs is not None or job.named_graphs is not None:
        default, others = job.default_graphs or (), job.named_graphs or ()
        return [named.get(name, name) for name in default], [named.get(name, name) for name in others]
    return ((), ()) if job.has_dataset else (named.values(), named.values())


def _require_whole(server: Server, reply: Reply) -> None:
    """Whether the server gave all that it found.

    :raises QueryLimitExceeded: when it stopped at a limit of its own.
    """
    reason = why_part(reply.status, reply.headers)
    if reason:
        raise QueryLimitExceeded(f"{server.at.query}: {reason}; narrow the query, or raise the limit there")


def _require_rows(count: int, limits: Limits) -> None:
    if limits.rows is not None and count > limits.rows:
        raise too_many_rows(limits)


def _read_truth(server: Server, reply: Reply) -> bool:
    """The answer to an ASK, also as rows of one number, or of none."""
    try:
        found = json.loads(reply.body.read_at(0, _BOOLEAN_BYTES))
        if isinstance(found.get("boolean"), bool):
            return bool(found["boolean"])
        if found["head"]["vars"] == [_ASK_VARIABLE]:
            return [row[_ASK_VARIABLE]["value"] for row in found["results"]["bindings"]] == ["1"]
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise ServerError(f"{server.at.query}: the answer is no truth value in SPARQL JSON")


def _solutions(server: Server, reply: Reply) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """The columns and rows of SPARQL JSON, read as they are gone through."""
    bad = f"{server.at.query}: the answer is no whole table in SPARQL JSON"
    try:
        results = ox.parse_query_results(cast("IO[bytes]", Pieces(_pieces(reply.body))), ox.QueryResultsFormat.JSON)
    except (SyntaxError, ValueError) as error:
        raise ServerError(bad) from error
    if not isinstance(results, ox.QuerySolutions):
        raise ServerError(bad)
    solutions = results

    def rows() -> Iterator[tuple[Any, ...]]:
        try:
            for row in solutions:
                yield tuple(row)
        except (SyntaxError, ValueError) as error:
            raise ServerError(bad) from error

    return [variable.value for variable in solutions.variables], rows()


def _steps(step: Step | None) -> Iterator[Step]:
    if step is not None:
        yield step
        for premise in step.premises:
            yield from _steps(premise)


def _pattern(triple: Triple) -> str:
    """A triple of N-Triples terms as a pattern; a literal is found by its value, which is what servers keep."""
    subject, predicate, obj = triple
    if obj.startswith('"') and "^^" in obj:
        return f"{subject} {predicate} ?o FILTER(?o = {obj})"
    return f"{subject} {predicate} {obj}"


def _where(item: Quoted) -> str:
    return f"{item.file}:{item.line}"
