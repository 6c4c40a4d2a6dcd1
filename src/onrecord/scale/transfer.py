"""Owns bringing a build in shards to a SPARQL server: a part at a time, whole or by what came and went.

Leaves the requests to ``server``, and a dataset that is at hand as one table to ``push``. The server's ledger
names each part that stands there, by the SHA-256 of its Parquet file; behind it a ``?`` says that some of its
quads may be missing, and that nothing else is there in their place. All deletions come before the first
insertion, so that a quad may move from one part to another; whatever is cut off is taken up from the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from onrecord.assemble import QUADS, TYPE
from onrecord.errors import OnRecordError, ServerError
from onrecord.files import sha256_file
from onrecord.scale.push import (
    BATCH,
    CHANGES,
    HASH,
    LEDGER,
    PART,
    PIECE,
    REMOVED,
    ROWS,
    SAMPLE,
    WHOLE,
    Verified,
    forget_all,
    read_back,
    read_entries,
    read_ledger,
)
from onrecord.scale.server import Server
from onrecord.scale.sharded import changes, quad_files, read_manifest, require_manifest
from onrecord.terms import ONR, iri, literal

IN_SHARDS = "in shards"
"""Stands in the ledger where the hash of a graph stands that was sent by itself."""

GRAPHS_AT_ONCE = 200
"""Graphs that are counted in one query."""

_UNSURE = "?"
_A_PART = 5  # subjects that a part gives to the sample


@dataclass(frozen=True, slots=True)
class Built:
    """A build in shards: its folder, base IRI, and the SHA-256 of each file of quads."""

    folder: Path
    base: str
    files: Mapping[str, str]

    def quads(self, name: str) -> pl.DataFrame:
        """The quads of a part; none of one that the build does not have.

        :raises OnRecordError: when the file is not as the manifest says.
        """
        if name not in self.files:
            return pl.DataFrame(schema=QUADS)
        return pl.read_parquet(self._whole(name))

    def graphs(self) -> Counter[str]:
        """How many triples each named graph holds.

        :raises OnRecordError: when a file is not as the manifest says.
        """
        found: Counter[str] = Counter()
        for name in self.files:
            counted = pl.scan_parquet(self._whole(name)).group_by("graph").len().collect()
            found.update({str(graph)[1:-1]: int(count) for graph, count in counted.iter_rows()})
        return found

    def _whole(self, name: str) -> Path:
        path = self.folder / name
        try:
            if sha256_file(path) == self.files[name]:
                return path
        except OSError as error:
            raise OnRecordError(f"{path}: cannot be read: {error.strerror}; build again") from error
        raise OnRecordError(f"{path}: its bytes are not those of the manifest; build again")


@dataclass(frozen=True, slots=True)
class Part:
    """What is done with one part: sent ``whole``, by its ``changes``, or ``removed``."""

    name: str
    how: str
    quads: int
    insert: int = 0
    delete: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The step as plain values."""
        found = {"part": self.name, "how": self.how, "quads": self.quads}
        return found | ({"insert": self.insert, "delete": self.delete} if self.how == CHANGES else {})


@dataclass(frozen=True, slots=True)
class Transferred:
    """What a transfer did, and what the server was found to hold after it; a rehearsal verifies nothing."""

    kind: str
    parts: tuple[Part, ...]
    unchanged: int
    verified: Verified | None

    def as_dict(self) -> dict[str, Any]:
        """The transfer as plain values."""
        found = {"verified": self.verified.as_dict()} if self.verified else {}
        return {
            "server": self.kind,
            "parts": [part.as_dict() for part in self.parts],
            "unchanged": self.unchanged,
            **found,
        }


def read_built(folder: Path) -> Built | None:
    """The build in shards that stands in ``folder``; None where none does."""
    return require_built(folder) if read_manifest(folder) else None


def require_built(folder: Path) -> Built:
    """The build in shards that stands in ``folder``.

    :raises OnRecordError: where none does.
    """
    manifest = require_manifest(folder)
    return Built(folder, str(manifest["base"]), quad_files(manifest))


def transfer(
    server: Server,
    built: Built,
    *,
    since: Built | None = None,
    whole: bool = False,
    rehearse: bool = False,
    after: Callable[[Part], object] | None = None,
) -> Transferred:
    """Bring the server to a build, and verify it there.

    ``since`` is the build that the server holds: then only what differs is sent. Without it parts that the
    server does not have are sent, and everything is sent anew where it holds others. ``after`` is called with
    each part that is done.

    :raises ServerError: when the server refuses or goes away; the next transfer goes on from there.
    :raises OnRecordError: when the server does not hold ``since``, or a file is not as its manifest says.
    """
    there = _Ledger(server, f"{built.base}graph/{LEDGER}")
    held = {} if whole else _held(there, built, since, rehearse=rehearse)
    made = [_plan_part(name, built, held.get(name, ""), since) for name in _parts(built, held)]
    todo = [part for part in made if held.get(part.name) != built.files.get(part.name)]
    unchanged = len(made) - len(todo)
    if rehearse:
        return Transferred(server.kind, tuple(_counted(part, built, since) for part in todo), unchanged, None)
    sent: list[tuple[str, str]] = []
    done: list[Part] = []
    if todo:
        _begin(server, there, built, held)
        dropped = {part.name: _take_out(server, there, built, since, part, held) for part in todo}
        for part in todo:
            done.append(_bring_in(server, there, built, since, part, dropped[part.name], sent))
            if after:
                after(done[-1])
    graphs = built.graphs()
    there.name_graphs(graphs)
    return Transferred(server.kind, tuple(done), unchanged, _verify(server, built, graphs, sent))


def _parts(built: Built, held: Mapping[str, str]) -> list[str]:
    return [*built.files, *sorted(held.keys() - built.files.keys())]


def _plan_part(name: str, built: Built, state: str, since: Built | None) -> Part:
    if name not in built.files:
        return Part(name, REMOVED, 0)
    known = since is not None and state == since.files.get(name)
    return Part(name, CHANGES if known else WHOLE, 0)


def _counted(part: Part, built: Built, since: Built | None) -> Part:
    """The step with its numbers, for a rehearsal."""
    now = built.quads(part.name)
    if part.how != CHANGES or since is None:
        return replace(part, quads=now.height)
    gone, come = changes(since.quads(part.name), now)
    return replace(part, quads=now.height, insert=come.height, delete=gone.height)


def _held(there: _Ledger, built: Built, since: Built | None, *, rehearse: bool) -> dict[str, str]:
    """The state of each part on the server, as far as a transfer can go on from it; nothing else leads anywhere."""
    held = there.read_parts()
    if not held and since is not None:
        wrong = _miscounted(there.server, since.graphs())
        if wrong:
            raise OnRecordError(
                f"{there.server.at.query}: the server does not hold the build in {since.folder}: {wrong[0]}; "
                "leave --since out to send everything"
            )
        if not rehearse:
            there.write_parts(since.files)
        return dict(since.files)
    lost = [
        name
        for name, state in held.items()
        if state.rstrip(_UNSURE) != built.files.get(name)
        and (since is None or state.rstrip(_UNSURE) != since.files.get(name))
    ]
    if lost and since is not None:
        raise OnRecordError(
            f"{there.server.at.query}: the server holds another {lost[0]} than the build in {since.folder}; "
            "name the build that was pushed last, or leave --since out to send everything"
        )
    return {} if lost else _doubted(held, built)


def _doubted(held: dict[str, str], built: Built) -> dict[str, str]:
    """What another transfer left may be in parts that seem whole by now: then all are completed again."""
    left = [name for name, state in held.items() if state.endswith(_UNSURE)]
    if all(held[name].rstrip(_UNSURE) == built.files.get(name) for name in left):
        return held
    return {name: f"{state.rstrip(_UNSURE)}{_UNSURE}" for name, state in held.items()}


def _begin(server: Server, there: _Ledger, built: Built, held: dict[str, str]) -> None:
    """Take the graphs off the ledger; where the server holds no part to go on from, clear it."""
    if not held:
        there.clear()
        for graph in sorted(graph for graph, count in _count(server, built.graphs()).items() if count):
            server.drop_graph(graph)
        while rows := server.select(
            f"SELECT DISTINCT ?g WHERE {{ GRAPH ?g {{ ?s ?p ?o }} "
            f"FILTER(STRSTARTS(STR(?g), {literal(f'{built.base}graph/')})) }} LIMIT {ROWS}"
        ):
            for row in rows:
                server.drop_graph(row["g"]["value"])
        return
    there.forget_graphs()
    there.write_parts({name: state for name, state in held.items() if state.endswith(_UNSURE)})


def _take_out(
    server: Server, there: _Ledger, built: Built, since: Built | None, part: Part, held: Mapping[str, str]
) -> int | None:
    """Delete what the part does not hold any more; how much, or None where the part is no longer known to be whole."""
    name, state = part.name, held.get(part.name, "")
    old, new = state.rstrip(_UNSURE), built.files.get(name, "")
    gone = None
    if old and old != new and since is not None:
        there.write_parts({name: f"{old}{_UNSURE}"})
        out, _ = changes(since.quads(name), built.quads(name))
        _update(server, "DELETE", out)
        gone = None if state.endswith(_UNSURE) else out.height
    there.write_parts({name: f"{new}{_UNSURE}" if new else ""})
    return gone


def _bring_in(
    server: Server,
    there: _Ledger,
    built: Built,
    since: Built | None,
    part: Part,
    deleted: int | None,
    sent: list[tuple[str, str]],
) -> Part:
    """Insert what the part lacks; some of the subjects that came are added to ``sent``."""
    if part.how == REMOVED:
        return part
    now = built.quads(part.name)
    come = now
    if deleted is None or since is None:
        _send_whole(server, now)
        done = replace(part, how=WHOLE, quads=now.height)
    else:
        _, come = changes(since.quads(part.name), now)
        _update(server, "INSERT", come)
        done = replace(part, quads=now.height, insert=come.height, delete=deleted)
    there.write_parts({part.name: built.files[part.name]})
    sent += [(part.name, subject) for subject in _subjects(come)]
    return done


def _update(server: Server, verb: str, quads: pl.DataFrame) -> None:
    """Insert or delete quads, in updates of at most :data:`BATCH`."""
    for some in quads.sort("graph").iter_slices(BATCH):
        blocks = (
            f"GRAPH {graph} {{\n{_lines(part)}}}"
            for (graph,), part in some.partition_by("graph", as_dict=True, maintain_order=True).items()
        )
        # Virtuoso 7 leaves texts with a language where one DELETE DATA names several graphs.
        server.update(" ;\n".join(f"{verb} DATA {{ {block} }}" for block in blocks))


def _send_whole(server: Server, quads: pl.DataFrame) -> None:
    """Add all quads: large graphs by the Graph Store Protocol, small ones many at a time."""
    sizes = quads.group_by("graph").len()
    large = sizes.filter(pl.col("len") > BATCH)["graph"].sort().to_list()
    for graph in large:
        for some in quads.filter(pl.col("graph") == graph).iter_slices(PIECE):
            server.write_graph(graph[1:-1], _lines(some).encode("utf-8"), add=True)
    _update(server, "INSERT", quads.filter(~pl.col("graph").is_in(large)))


def _lines(triples: pl.DataFrame) -> str:
    return "".join(f"{s} {p} {o} .\n" for s, p, o in triples.select("subject", "predicate", "object").iter_rows())


def _subjects(quads: pl.DataFrame) -> list[str]:
    """Some subjects of quads that came: statements, or others where there are none."""
    said = quads.filter((pl.col("predicate") == TYPE) & (pl.col("object") == iri(f"{ONR}Statement")))
    found = (said if said.height else quads)["subject"].unique().sort()
    return found.gather_every(max(1, found.len() // _A_PART)).head(_A_PART).to_list()


# --- verifying


def _count(server: Server, graphs: Iterable[str]) -> dict[str, int]:
    """How many triples the server holds of each of ``graphs``."""
    names = sorted(graphs)
    found = dict.fromkeys(names, 0)
    for start in range(0, len(names), GRAPHS_AT_ONCE):
        some = " ".join(map(iri, names[start : start + GRAPHS_AT_ONCE]))
        query = f"SELECT ?g (COUNT(*) AS ?n) WHERE {{ VALUES ?g {{ {some} }} GRAPH ?g {{ ?s ?p ?o }} }} GROUP BY ?g"
        try:
            found |= {row["g"]["value"]: int(row["n"]["value"]) for row in server.select(query) if "g" in row}
        except (KeyError, ValueError) as error:
            raise ServerError(f"{server.at.query}: the server does not count its triples") from error
    return found


def _miscounted(server: Server, graphs: Mapping[str, int]) -> list[str]:
    held = _count(server, graphs)
    return [
        f"{name} holds {held[name]:,} of {count:,} triples" for name, count in graphs.items() if held[name] != count
    ]


def _verify(server: Server, built: Built, graphs: Mapping[str, int], sent: list[tuple[str, str]]) -> Verified:
    """Count every graph, and read some subjects back: of what was sent, else of parts all over the build."""
    wrong = _miscounted(server, graphs)
    if not sent:
        names = list(built.files)
        spread = names[:: max(1, len(names) // SAMPLE)]
        sent = [(name, subject) for name in spread for subject in _subjects(built.quads(name))]
    sample = sent[:: max(1, len(sent) // SAMPLE)][:SAMPLE]
    rewritten = 0
    for name in dict.fromkeys(part for part, _ in sample):
        quads = built.quads(name)
        for subject in (subject for part, subject in sample if part == name):
            mine = quads.filter(pl.col("subject") == subject)
            for (graph,), some in mine.partition_by("graph", as_dict=True).items():
                pairs = set(some.select("predicate", "object").iter_rows())
                others, lines = read_back(server, graph[1:-1], subject, pairs)
                rewritten += others
                wrong += lines
    return Verified(len(graphs), sum(graphs.values()), len(sample), rewritten, tuple(wrong))


# --- the ledger


class _Ledger:
    """The graph of a server that says which parts stand there."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name

    def _block(self, text: str) -> str:
        return f"GRAPH {iri(self.name)} {{ {text} }}"

    def read_parts(self) -> dict[str, str]:
        """The state of each part, in the order of their names."""
        found = read_entries(self.server, self.name, PART)
        return {name.rpartition("#")[2]: state for name, state in found.items()}

    def write_parts(self, states: Mapping[str, str]) -> None:
        """Set the state of parts; an empty one takes the part off."""
        for names in _some(states):
            parts = {name: iri(f"{self.name}#{name}") for name in names}
            listed = ", ".join(parts.values())
            where = self._block(f"?part {iri(PART)} ?state")
            self.server.update(f"DELETE {{ {where} }} WHERE {{ {where} FILTER(?part IN ({listed})) }}")
            lines = " ".join(f"{parts[name]} {iri(PART)} {literal(states[name])} ." for name in names if states[name])
            if lines:
                self.server.update(f"INSERT DATA {{ {self._block(lines)} }}")

    def name_graphs(self, graphs: Iterable[str]) -> None:
        """Say that these graphs stand there, and no others."""
        wanted = set(graphs)
        if read_ledger(self.server, self.name).keys() == wanted:
            return
        self.forget_graphs()
        for names in _some(sorted(wanted)):
            lines = " ".join(f"{iri(name)} {iri(HASH)} {literal(IN_SHARDS)} ." for name in names)
            self.server.update(f"INSERT DATA {{ {self._block(lines)} }}")

    def forget_graphs(self) -> None:
        """Take all graphs off, and leave the parts."""
        forget_all(self.server, self.name, HASH)

    def clear(self) -> None:
        """Take everything off."""
        self.server.drop_graph(self.name)


def _some(names: Iterable[str]) -> Iterator[list[str]]:
    every = list(names)
    for start in range(0, len(every), BATCH):
        yield every[start : start + BATCH]
