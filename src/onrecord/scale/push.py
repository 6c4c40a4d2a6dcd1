"""Owns bringing a dataset to a SPARQL server: what differs is sent, one named graph at a time, then verified.

Leaves the requests to ``server``, what the server says of it to ``ledger`` and the quads to ``assemble``. The state
of a graph is the SHA-256 of its N-Triples. A graph is unsure before it is changed and has its state after, so that
a push that was cut off goes on where it stopped, from any machine.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from onrecord.errors import OnRecordError, ServerError
from onrecord.files import sha256_hex, write_atomic
from onrecord.manifest import render, store_key
from onrecord.progress import advance, each, stage
from onrecord.project import Project, input_digest
from onrecord.scale.alike import find_kept_alike, shared_forms
from onrecord.scale.ledger import UNSURE, Ledger
from onrecord.scale.server import Server
from onrecord.scale.shipment import Shipment, text_of
from onrecord.terms import ONR, RDF, iri, literal, split_ntriples, split_term
from onrecord.written import Forms

BATCH = 500
BATCH_BYTES = 1 << 20
"""Triples in one update, and bytes of them; servers refuse longer ones."""

PIECE = 100_000
PIECE_BYTES = 1 << 25
"""Triples in one request of the Graph Store Protocol, and bytes of them."""

DELTA_SHARE = 0.2
"""Where more of a graph than this changed, it is sent whole."""

SAMPLE = 20
"""Statements that are read back."""

_A_FEW = 10

NOTE = "pushed.json"
"""Beside the copies of what was sent: the :class:`Note` of the push."""

WHOLE, CHANGES, REMOVED, LEFT = "whole", "changes", "removed", "left"


Fewest = Callable[[Iterable[str]], Mapping[str, int]]
"""How many triples of these graphs a server holds that takes those of one value as one."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is done with one named graph: sent ``whole``, by its ``changes``, ``removed``, or ``left`` to others."""

    graph: str
    how: str
    triples: int
    insert: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    """Kept triples that a server may lose with what is deleted: another form of the same value."""
    others: tuple[str, ...] = ()
    """The ledgers of other datasets that list the graph: all where it is left to them, else those it is changed for."""
    through: str = ""
    """What the lens chooses, where the graph is there for a lens only."""

    @property
    def sent(self) -> int:
        """How many triples go over the line."""
        return {WHOLE: self.triples, CHANGES: len(self.insert) + len(self.delete) + len(self.again)}.get(self.how, 0)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a server was found to hold: graphs counted, statements read back, and what is not as it was sent."""

    graphs: int
    triples: int
    statements: int
    rewritten: int
    """Literals that came back in another form with the same value."""
    wrong: tuple[str, ...]
    merged: int = 0
    """Triples that the server holds as one with another form of the same value."""

    def as_dict(self) -> dict[str, Any]:
        """The finding as plain values."""
        return {
            "graphs": self.graphs,
            "triples": self.triples,
            "statements": self.statements,
            "rewritten": self.rewritten,
            "merged": self.merged,
            "wrong": list(self.wrong),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps that bring a server to a dataset, and how many graphs it has already as they should be."""

    steps: tuple[Step, ...]
    unchanged: int
    is_settled: bool = True
    """Whether the ledger says that no push was cut off."""
    found: Verified | None = None
    """What was found where the whole dataset stands there already and no ledger says so: it was loaded in bulk."""
    wants_lenses: bool = False
    """Whether the ledger says that what lenses leave is wanted."""

    def as_dict(self) -> dict[str, Any]:
        """The plan as plain values."""
        steps = [
            {"graph": step.graph, "how": step.how, "triples": step.triples}
            | (
                {"insert": len(step.insert), "delete": len(step.delete), "again": len(step.again)}
                if step.how == CHANGES
                else {}
            )
            | ({"others": list(step.others)} if step.others else {})
            | ({"through": step.through} if step.through else {})
            for step in self.steps
        ]
        return {"steps": steps, "unchanged": self.unchanged, "found": self.found is not None}


def plan(server: Server, shipment: Shipment, kept: Path, *, whole: bool = False) -> Plan:
    """What has to be sent; ``kept`` is the folder of what was sent from here before.

    With ``whole`` nothing is taken to be there already. What a server without a ledger holds is taken over where
    every count and the statements that are read back are as they should be.

    :raises ServerError: when the server does not answer.
    """
    there = Ledger(server, shipment.base)
    entries = there.read()
    held = entries.graphs
    found, own = None, [name for name in shipment.lines if name not in shipment.through]
    if not whole and not held and not entries.parts and is_filled(server, own):
        found = verify(server, shipment, own)
        if not found.statements or found.wrong:
            found = None
    steps = []
    for name, lines in shipment.lines.items():
        if found and name not in shipment.through:
            continue
        before = held.get(name, "")
        if before == shipment.digests[name] and not whole:
            continue
        old = _read_kept(kept, before) if before not in ("", UNSURE) and not whole else None
        steps.append(replace(_step(name, old, lines), through=shipment.through.get(name, "")))
    is_sure = found is not None or (bool(held) and entries.is_settled and not entries.parts and not whole)
    there_too = held.keys() if is_sure else held.keys() | set(there.find_graphs())
    unchanged = len(shipment.lines) - len(steps)
    steps += [Step(name, REMOVED, 0) for name in sorted(there_too - shipment.lines.keys())]
    others = there.find_others(step.graph for step in steps)
    planned = tuple(_shared(step, others.get(step.graph, {}), shipment.digests) for step in steps)
    return Plan(planned, unchanged, entries.is_settled and not entries.parts, found, entries.with_lenses)


def push(
    server: Server, shipment: Shipment, made: Plan, kept: Path, *, after: Callable[[Step], object] | None = None
) -> None:
    """Carry out a plan; ``after`` is called with each step that is done.

    :raises ServerError: when the server refuses or goes away; what was done until then counts, and
        the next push goes on from there.
    :raises OutputError: when ``kept`` cannot be written to.
    """
    there = Ledger(server, shipment.base)
    if made.found or made.steps or not made.is_settled:
        there.begin()
    if made.wants_lenses != shipment.with_lenses:
        there.want_lenses(shipment.with_lenses)
    if made.found:
        own = {name: digest for name, digest in shipment.digests.items() if name not in shipment.through}
        there.set_graphs(own)
        for name in own:
            _keep(kept, shipment, name)
    elif made.steps or not made.is_settled:
        there.forget_parts()
    stage("sending graphs", sum(step.sent for step in made.steps), "triples")
    for step in made.steps:
        digest = shipment.digests.get(step.graph, "")
        others = {step.graph: step.others} if digest else {}
        there.set_graphs({step.graph: UNSURE})
        there.tell_others(others, UNSURE)
        if step.how == REMOVED:
            server.drop_graph(step.graph)
        elif step.how == CHANGES:
            _change(server, step)
        elif step.how == WHOLE:
            _send_whole(server, step.graph, shipment.lines[step.graph])
        there.set_graphs({step.graph: digest})
        there.tell_others(others, digest)
        if digest:
            _keep(kept, shipment, step.graph)
        if after:
            after(step)
    if made.found or made.steps or not made.is_settled:
        there.end()
    _let_go(kept, shipment.digests.values())


def verify(server: Server, shipment: Shipment, names: Collection[str] | None = None) -> Verified:
    """Count every graph on the server, or those that are named, look for others and read some statements back.

    :raises ServerError: when the server does not answer.
    """
    graphs = {name: lines for name, lines in shipment.lines.items() if names is None or name in names}
    wrong, merged = miscounted(server, {name: len(lines) for name, lines in graphs.items()}, shipment.fewest)
    strays = set(Ledger(server, shipment.base).find_graphs()) - shipment.lines.keys()
    wrong += [f"{name} is no graph of this dataset" for name in sorted(strays)]
    sample = _sample(graphs)
    rewritten = 0
    for name, subject in each(sample, "reading back", "statements"):
        sent = {(p, o) for s, p, o in split_ntriples("\n".join(shipment.lines[name])) if s == subject}
        others, lines = read_back(server, name, subject, sent)
        rewritten += others
        wrong += lines
    triples = sum(len(lines) for lines in graphs.values())
    return Verified(len(graphs), triples, len(sample), rewritten, tuple(wrong), merged)


def miscounted(server: Server, wanted: Mapping[str, int], fewest: Fewest) -> tuple[list[str], int]:
    """The graphs that do not hold as many triples as they should, in words, and how many triples are one with another.

    ``fewest`` says how many are left of graphs that hold fewer, where a server holds those of one value as one.

    :raises ServerError: when the server does not answer.
    """
    stage("counting graphs")
    held = server.count(wanted)
    least = fewest([name for name, count in wanted.items() if 0 < held[name] < count])
    wrong = [
        f"{name} holds {held[name]:,} of {count:,} triples"
        for name, count in wanted.items()
        if not least.get(name, count) <= held[name] <= count
    ]
    return wrong, sum(wanted[name] - held[name] for name, count in least.items() if held[name] >= count)


def is_filled(server: Server, graphs: Iterable[str]) -> bool:
    """Whether the first few of these graphs hold anything, before a server is looked at that may be empty.

    :raises ServerError: when the server does not answer.
    """
    return all(server.count(sorted(graphs)[:_A_FEW]).values())


def read_back(server: Server, graph: str, subject: str, sent: Iterable[tuple[str, str]]) -> tuple[int, list[str]]:
    """Of the predicates and objects that a subject was sent with: how many have another form now, and what is lacking.

    :raises ServerError: when the server does not answer.
    """
    query = f"SELECT ?p ?o WHERE {{ GRAPH {iri(graph)} {{ {subject} ?p ?o }} }}"
    try:
        held = {(_term(row["p"]), _term(row["o"])) for row in server.select(query)}
    except (KeyError, ValueError) as error:
        raise ServerError(f"{server.at.query}: the answer has other terms than were asked for") from error
    rewritten, wrong = 0, []
    for predicate, term in sorted(set(sent) - held):
        if any(same_value(term, other) for p, other in held if p == predicate):
            rewritten += 1
        else:
            wrong.append(f"{subject[1:-1]} lacks {predicate} {term[:100]}")
    return rewritten, wrong


def same_value(one: str, other: str) -> bool:
    """Whether two terms are one literal in two forms.

    >>> xsd = "http://www.w3.org/2001/XMLSchema#"
    >>> same_value(f'"01"^^<{xsd}integer>', f'"1"^^<{xsd}integer>'), same_value('"a"', '"b"')
    (True, False)
    """
    from rdflib import Literal, URIRef

    if shared_forms([one]).get(one, one) == shared_forms([other]).get(other, other):
        return True
    first, second = split_term(one), split_term(other)
    if first[0] != "literal" or second[0] != "literal" or not first[2] or not second[2]:
        return one == other
    values = [Literal(text, datatype=URIRef(datatype or "")).value for _, text, datatype, _ in (first, second)]
    return values[0] is not None and values[0] == values[1]


def _shared(step: Step, others: Mapping[str, str], digests: Mapping[str, str]) -> Step:
    """The step with a graph that other datasets on the server may have too: they keep it, and know of its changes."""
    if others and step.how == REMOVED:
        return replace(step, how=LEFT, others=tuple(others))
    return replace(step, others=tuple(name for name, state in others.items() if state != digests.get(step.graph)))


def _step(name: str, old: list[str] | None, new: list[str]) -> Step:
    if old is None:
        return Step(name, WHOLE, len(new))
    before, after = set(old), set(new)
    insert, delete = sorted(after - before), sorted(before - after)
    if len(insert) + len(delete) > max(BATCH, DELTA_SHARE * len(new)):
        return Step(name, WHOLE, len(new))
    return Step(name, CHANGES, len(new), tuple(insert), tuple(delete), tuple(find_kept_alike(delete, before & after)))


def _change(server: Server, step: Step) -> None:
    # What goes comes first: a server may hold 1.50 and 1.5 as one.
    for verb, lines in (("DELETE", step.delete), ("INSERT", (*step.again, *step.insert))):
        for batch in _batches(lines, BATCH, BATCH_BYTES):
            server.update(f"{verb} DATA {{ GRAPH {iri(step.graph)} {{\n" + "\n".join(batch) + "\n} }")
            advance(len(batch))


def _send_whole(server: Server, name: str, lines: list[str]) -> None:
    for number, batch in enumerate(_batches(lines, PIECE, PIECE_BYTES)):
        server.write_graph(name, text_of(batch), add=number > 0)
        advance(len(batch))


@dataclass(frozen=True, slots=True)
class Note:
    """What is remembered here of a push: the files' hash, each graph's, and literals as they were written.

    ``digests`` and ``forms`` (its ``written``) are those of the :class:`onrecord.scale.shipment.Shipment`.
    """

    files: str
    digests: Mapping[str, str]
    forms: Mapping[str, Forms]


def files_key(project: Project) -> str:
    """What names the dataset of the files as they are now."""
    return store_key(input_digest(project))


def read_note(project: Project, server: Server) -> Note | None:
    """The note of the last push from here to this server."""
    try:
        note = Note(**json.loads((kept_folder(project.build_folder, server) / NOTE).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return note if isinstance(note.digests, dict) and isinstance(note.forms, dict) else None


def _sample(lines_of: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """Statement nodes with the graph of each, spread over the sources and over what lenses leave.

    Their names are hashes, so the first ones are as good as any.
    """
    marker = f" <{RDF}type> <{ONR}Statement> ."
    graphs: dict[str, list[str]] = {}
    for name, lines in lines_of.items():
        for line in lines:
            if line.endswith(marker):
                graphs.setdefault(line[: -len(marker)], []).append(name)
    some = enumerate(sorted(graphs)[:SAMPLE])
    return [(graphs[subject][at % len(graphs[subject])], subject) for at, subject in some]


def _term(binding: Mapping[str, str]) -> str:
    """A term of SPARQL JSON results as N-Triples."""
    if binding["type"] == "uri":
        return iri(binding["value"])
    return literal(binding["value"], datatype=binding.get("datatype"), language=binding.get("xml:lang"))


def _lines(data: bytes) -> list[str]:
    """Lines end at a line feed alone: a literal may hold the other separators of Unicode."""
    return data.decode("utf-8").split("\n")[:-1]


def spans(sizes: Iterable[int], most: int, most_bytes: int) -> Iterator[slice]:
    """What goes together of things of these sizes, in their order; one that is too large goes alone.

    >>> list(spans([3, 3, 9, 1, 1, 1], 2, 6))
    [slice(0, 2, None), slice(2, 3, None), slice(3, 5, None), slice(5, 6, None)]
    """
    start = at = total = 0
    for at, size in enumerate(sizes):
        if at > start and (at - start == most or total + size > most_bytes):
            yield slice(start, at)
            start, total = at, 0
        total += size
    if total:
        yield slice(start, at + 1)


def _batches(lines: Sequence[str], most: int, most_bytes: int) -> Iterator[Sequence[str]]:
    for some in spans((len(line.encode("utf-8")) + 1 for line in lines), most, most_bytes):
        yield lines[some]


def _keep(kept: Path, shipment: Shipment, name: str) -> None:
    data = gzip.compress(text_of(shipment.lines[name]), 1, mtime=0)
    write_atomic(kept / f"{shipment.digests[name]}.nt.gz", data)


def _read_kept(kept: Path, digest: str) -> list[str] | None:
    """What was sent from here under this hash; None where it is gone or damaged."""
    try:
        data = gzip.decompress((kept / f"{digest}.nt.gz").read_bytes())
    except (OSError, EOFError, ValueError):
        return None
    return _lines(data) if sha256_hex(data) == digest else None


def _let_go(kept: Path, digests: Iterable[str]) -> None:
    """Remove what is kept of graphs that stand on no server any more."""
    current = {f"{digest}.nt.gz" for digest in digests}
    for path in kept.glob("*.nt.gz"):
        if path.name not in current:
            path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did, and what the server was found to hold after it; a rehearsal verifies nothing."""

    kind: str
    plan: Plan
    verified: Verified | None

    def as_dict(self) -> dict[str, Any]:
        """The push as plain values."""
        found = {"verified": self.verified.as_dict()} if self.verified else {}
        return {"server": self.kind, **self.plan.as_dict(), **found}


def deliver(
    server: Server,
    shipment: Shipment,
    project: Project,
    *,
    whole: bool = False,
    rehearse: bool = False,
    after: Callable[[Step], object] | None = None,
) -> Pushed:
    """Plan, push and verify; see :meth:`onrecord.graph.Graph.push`."""
    kept = kept_folder(project.build_folder, server)
    made = plan(server, shipment, kept, whole=whole)
    if rehearse:
        return Pushed(server.kind, made, None)
    push(server, shipment, made, kept, after=after)
    note = Note(files_key(project), shipment.digests, shipment.written)
    write_atomic(kept / NOTE, render(asdict(note)))
    found = made.found if made.found and not made.steps else verify(server, shipment)
    return Pushed(server.kind, made, found)


def kept_folder(build_folder: Path, server: Server) -> Path:
    """Where copies of what was sent to this server stand."""
    if build_folder.exists() and not build_folder.is_dir():
        raise OnRecordError(f"{build_folder}: a file stands where the build belongs")
    return build_folder / "pushed" / sha256_hex(server.at.query.encode("utf-8"))[:16]
