"""Owns bringing a build in shards to a SPARQL server: a part at a time, whole or by what came and went.

Leaves the requests to ``server``, what the server says of it to ``ledger``, and a dataset that is at hand as one
table to ``push``. The state of a part is the SHA-256 of its Parquet file; behind it a ``?`` says that some of its
quads may be missing, and that nothing else is there in their place. All deletions come before the first
insertion, so that a quad may move from one part to another; whatever is cut off is taken up from the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from onrecord.assemble import QUADS, TYPE
from onrecord.errors import OnRecordError
from onrecord.files import sha256_file
from onrecord.progress import advance, each, stage
from onrecord.scale.alike import KEY, PART, find_alike, find_where
from onrecord.scale.frames import read_frame, scan_frames
from onrecord.scale.ledger import IN_SHARDS, UNSURE, Entries, Ledger
from onrecord.scale.push import (
    BATCH,
    BATCH_BYTES,
    CHANGES,
    PIECE,
    PIECE_BYTES,
    REMOVED,
    SAMPLE,
    WHOLE,
    Verified,
    is_filled,
    miscounted,
    read_back,
    spans,
)
from onrecord.scale.server import Server
from onrecord.scale.sharded import changes, quad_files, read_manifest, require_manifest
from onrecord.terms import ONR, iri

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
        return read_frame(self._whole(name))

    def graphs(self) -> Counter[str]:
        """How many triples each named graph holds.

        :raises OnRecordError: when a file is not as the manifest says.
        """
        found: Counter[str] = Counter()
        for name in each(self.files, "counting parts", "parts"):
            counted = self.scan(name).group_by("graph").len().collect()
            found.update({str(graph)[1:-1]: int(count) for graph, count in counted.iter_rows()})
        return found

    def scan(self, name: str) -> pl.LazyFrame:
        """The quads of a part, of which only what is asked for is read.

        :raises OnRecordError: when the file is not as the manifest says.
        """
        return scan_frames([self._whole(name)])

    def fewest(self, graphs: Iterable[str]) -> dict[str, int]:
        """How many triples of these graphs a server holds that takes those of one value as one.

        :raises OnRecordError: when a file is not as the manifest says.
        """
        names = list(graphs)
        if not names:
            return {}
        alike = find_alike(self.files, self.scan, [iri(name) for name in names])
        merged = alike.group_by("graph").agg(pl.len() - pl.col(KEY).n_unique())
        most, less = self.graphs(), {graph[1:-1]: int(count) for graph, count in merged.iter_rows()}
        return {name: most[name] - less.get(name, 0) for name in names}

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
    again: int = 0
    """Kept quads that a server may lose with what is deleted: another form of the same value."""

    def as_dict(self) -> dict[str, Any]:
        """The step as plain values."""
        found = {"part": self.name, "how": self.how, "quads": self.quads}
        changed = {"insert": self.insert, "delete": self.delete, "again": self.again}
        return found | (changed if self.how == CHANGES else {})


@dataclass(frozen=True, slots=True)
class Transferred:
    """What a transfer did, and what the server was found to hold after it; a rehearsal verifies nothing."""

    kind: str
    parts: tuple[Part, ...]
    unchanged: int
    verified: Verified | None
    found: bool = False
    """Whether all stood there already and no ledger said so: it was loaded in bulk."""
    left: tuple[str, ...] = ()
    """Graphs that are not of this dataset any more, and that others on the server have too."""

    def as_dict(self) -> dict[str, Any]:
        """The transfer as plain values."""
        found = {"verified": self.verified.as_dict()} if self.verified else {}
        return {
            "server": self.kind,
            "parts": [part.as_dict() for part in self.parts],
            "unchanged": self.unchanged,
            "found": self.found,
            "left": list(self.left),
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
    server does not have are sent, and everything is sent anew where it holds others; what a server without a
    ledger holds is taken over where it is found to be the build. ``after`` is called with each part that is done.

    :raises ServerError: when the server refuses or goes away; the next transfer goes on from there.
    :raises OnRecordError: when the server does not hold ``since``, or a file is not as its manifest says.
    """
    if since is not None and since.base != built.base:
        raise OnRecordError(
            f"{since.folder}: this build is of another graph, {since.base} and not {built.base}; "
            "name an earlier build of the same one, or leave --since out to send everything"
        )
    graphs = built.graphs()
    there = Ledger(server, built.base)
    entries = there.read()
    found = None if whole or since is not None else _found(server, there, entries, built, graphs)
    if found:
        if not rehearse:
            there.begin()
            there.set_parts(built.files)
            there.settle(dict.fromkeys(graphs, IN_SHARDS))
        return Transferred(server.kind, (), len(built.files), found, found=True)
    held = {} if whole else _held(server, there, entries, built, since, rehearse=rehearse)
    made = [_plan_part(name, built, held.get(name, ""), since) for name in _parts(built, held)]
    again = _find_again(since, built) if since is not None and held and dict(held) != dict(built.files) else {}
    todo = [part for part in made if held.get(part.name) != built.files.get(part.name) or part.name in again]
    unchanged = len(made) - len(todo)
    before = entries.graphs or (since.graphs() if since else {})
    others = there.find_others(before.keys() | graphs.keys()) if todo else {}
    left = tuple(sorted(others.keys() - graphs.keys()))
    way = _Way(server, there, built, since, left, again)
    if rehearse:
        counted = tuple(way.count(part) for part in todo)
        return Transferred(server.kind, counted, unchanged, None, left=left)
    sent: list[tuple[str, str]] = []
    done: list[Part] = []
    if todo:
        emptied = _begin(server, there, entries, held, graphs, others)
        # What is deleted from one part may leave the server in the place of what another keeps.
        there.set_parts({name: f"{held[name].rstrip(UNSURE)}{UNSURE}" for name in again if name in held})
        dropped = [_take_out(way, part, held, f"{at} of {len(todo)}") for at, part in enumerate(todo, 1)]
        for at, (part, gone) in enumerate(zip(todo, dropped, strict=True), 1):
            done.append(_bring_in(way, part, gone, f"{at} of {len(todo)}", sent))
            if after:
                after(done[-1])
        there.tell_others(emptied, IN_SHARDS)
    wanted = dict.fromkeys(graphs, IN_SHARDS)
    if todo or not entries.is_settled or entries.graphs != wanted:
        there.settle(wanted)
    return Transferred(server.kind, tuple(done), unchanged, _verify(server, built, graphs, sent), left=left)


def _parts(built: Built, held: Mapping[str, str]) -> list[str]:
    return [*built.files, *sorted(held.keys() - built.files.keys())]


def _plan_part(name: str, built: Built, state: str, since: Built | None) -> Part:
    if name not in built.files:
        return Part(name, REMOVED, 0)
    known = since is not None and state == since.files.get(name)
    return Part(name, CHANGES if known else WHOLE, 0)


@dataclass(frozen=True, slots=True)
class _Way:
    """From one build to another on a server: what goes and comes, and what has to stay."""

    server: Server
    there: Ledger
    built: Built
    since: Built | None
    left: Collection[str]
    """Graphs that others have too, from which nothing is deleted."""
    again: Mapping[str, pl.DataFrame]
    """The quads of each part that a server may lose with other forms of their values."""

    def changes(self, name: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The quads of a part that are deleted, and those that come."""
        was = self.since.quads(name) if self.since else pl.DataFrame(schema=QUADS)
        gone, come = changes(was, self.built.quads(name))
        return gone.filter(~pl.col("graph").is_in([iri(graph) for graph in self.left])), come

    def count(self, part: Part) -> Part:
        """The step with its numbers, for a rehearsal."""
        height = self.built.quads(part.name).height
        if part.how != CHANGES:
            return replace(part, quads=height)
        gone, come = self.changes(part.name)
        return replace(part, quads=height, insert=come.height, delete=gone.height, again=self.lost(part.name).height)

    def lost(self, name: str) -> pl.DataFrame:
        """The quads of a part that are sent again."""
        return self.again.get(name, pl.DataFrame(schema=QUADS))


def _find_again(since: Built, built: Built) -> dict[str, pl.DataFrame]:
    """The quads that stay in each part while another form of the same value goes."""
    alike = find_alike(since.files, since.scan)
    if alike.is_empty():
        return {}
    stays = find_where(alike, built.files, built.scan)
    gone = alike.join(stays, on=[*QUADS.names(), PART], how="anti")
    kept = stays.join(gone, on=KEY, how="semi")
    return {str(name): part.select(QUADS.names()) for (name,), part in kept.partition_by(PART, as_dict=True).items()}


def _found(server: Server, there: Ledger, entries: Entries, built: Built, graphs: Mapping[str, int]) -> Verified | None:
    """What is found on a server without a ledger, where every count and some subjects are those of the build."""
    if entries.graphs or not entries.parts.items() <= built.files.items() or not is_filled(server, graphs):
        return None
    found = _verify(server, built, graphs, [])
    return found if found.statements and not found.wrong and graphs.keys() >= set(there.find_graphs()) else None


def _held(
    server: Server, there: Ledger, entries: Entries, built: Built, since: Built | None, *, rehearse: bool
) -> dict[str, str]:
    """The state of each part on the server, as far as a transfer can go on from it; nothing else leads anywhere."""
    held = dict(entries.parts) if entries.graphs else {}  # else somebody began to write them, below
    if not held and since is not None:
        # What was sent from a graph's files may have as many triples.
        wrong = (
            ["something else was pushed there"]
            if entries.graphs
            else miscounted(server, since.graphs(), since.fewest)[0]
        )
        if wrong:
            raise OnRecordError(
                f"{server.at.query}: the server does not hold the build in {since.folder}: {wrong[0]}; "
                "leave --since out to send everything"
            )
        if not rehearse:
            there.begin()
            there.set_parts(since.files)
        return dict(since.files)
    lost = [
        name
        for name, state in held.items()
        if state.rstrip(UNSURE) != built.files.get(name)
        and (since is None or state.rstrip(UNSURE) != since.files.get(name))
    ]
    if lost and since is not None:
        raise OnRecordError(
            f"{server.at.query}: the server holds another {lost[0]} than the build in {since.folder}; "
            "name the build that was pushed last, or leave --since out to send everything"
        )
    return {} if lost else _doubted(held, built)


def _doubted(held: dict[str, str], built: Built) -> dict[str, str]:
    """What another transfer left may be in parts that seem whole by now: then all are completed again."""
    left = [name for name, state in held.items() if state.endswith(UNSURE)]
    if all(held[name].rstrip(UNSURE) == built.files.get(name) for name in left):
        return held
    return {name: f"{state.rstrip(UNSURE)}{UNSURE}" for name, state in held.items()}


def _begin(
    server: Server,
    there: Ledger,
    entries: Entries,
    held: Mapping[str, str],
    graphs: Mapping[str, int],
    others: Mapping[str, Mapping[str, str]],
) -> dict[str, Mapping[str, str]]:
    """Name what will be there; where the server holds no part to go on from, empty it of the dataset.

    Returns the graphs that were emptied and that other datasets have too, with their ledgers.
    """
    there.begin()
    named = entries.graphs.keys() | graphs.keys()
    there.set_graphs({name: UNSURE for name in named if entries.graphs.get(name) != IN_SHARDS})
    if held:
        there.set_parts({name: state for name, state in held.items() if state.endswith(UNSURE)})
        return {}
    there.forget_parts()
    filled = {name: count for name, count in server.count(named).items() if count}
    # Others keep what is theirs; what seems to be the same is only added to.
    same = {name for name in others if name not in graphs or filled.get(name) == graphs[name]}
    emptied = {name: ledgers for name, ledgers in others.items() if name not in same}
    there.tell_others(emptied, UNSURE)
    for name in sorted((filled.keys() | set(there.find_graphs())) - same):
        server.drop_graph(name)
    return emptied


def _take_out(way: _Way, part: Part, held: Mapping[str, str], at: str) -> int | None:
    """Delete what the part does not hold any more; how much, or None where the part is no longer known to be whole."""
    name, state = part.name, held.get(part.name, "")
    old, new = state.rstrip(UNSURE), way.built.files.get(name, "")
    gone = 0 if state == new else None
    if old and old != new and way.since is not None:
        way.there.set_parts({name: f"{old}{UNSURE}"})
        out, _ = way.changes(name)
        stage(f"taking out of part {at}", out.height, "quads")
        _update(way.server, "DELETE", out)
        gone = None if state.endswith(UNSURE) else out.height
    way.there.set_parts({name: f"{new}{UNSURE}" if new else ""})
    return gone


def _bring_in(way: _Way, part: Part, deleted: int | None, at: str, sent: list[tuple[str, str]]) -> Part:
    """Insert what the part lacks; some of the subjects that came are added to ``sent``."""
    if part.how == REMOVED:
        return part
    come = now = way.built.quads(part.name)
    if deleted is None or way.since is None:
        stage(f"sending part {at}", now.height, "quads")
        _send_whole(way.server, now)
        done = replace(part, how=WHOLE, quads=now.height)
    else:
        _, come = way.changes(part.name)
        lost = way.lost(part.name)
        stage(f"sending part {at}", come.height + lost.height, "quads")
        _update(way.server, "INSERT", pl.concat([come.select(QUADS.names()), lost]))
        done = replace(part, how=CHANGES, quads=now.height, insert=come.height, delete=deleted, again=lost.height)
    way.there.set_parts({part.name: way.built.files[part.name]})
    sent += [(part.name, subject) for subject in _subjects(come)]
    return done


def _update(server: Server, verb: str, quads: pl.DataFrame) -> None:
    """Insert or delete quads, in updates of at most :data:`BATCH`."""
    for some in _slices(quads.sort("graph"), BATCH, BATCH_BYTES):
        blocks = (
            f"GRAPH {graph} {{\n{_lines(part)}}}"
            for (graph,), part in some.partition_by("graph", as_dict=True, maintain_order=True).items()
        )
        # Virtuoso 7 leaves texts with a language where one DELETE DATA names several graphs.
        server.update(" ;\n".join(f"{verb} DATA {{ {block} }}" for block in blocks))
        advance(some.height)


def _send_whole(server: Server, quads: pl.DataFrame) -> None:
    """Add all quads: large graphs by the Graph Store Protocol, small ones many at a time."""
    sizes = quads.group_by("graph").len()
    large = sizes.filter(pl.col("len") > BATCH)["graph"].sort().to_list()
    for graph in large:
        for some in _slices(quads.filter(pl.col("graph") == graph), PIECE, PIECE_BYTES):
            server.write_graph(graph[1:-1], _lines(some).encode("utf-8"), add=True)
            advance(some.height)
    _update(server, "INSERT", quads.filter(~pl.col("graph").is_in(large)))


def _slices(quads: pl.DataFrame, most: int, most_bytes: int) -> Iterator[pl.DataFrame]:
    sizes = quads.select(pl.sum_horizontal(pl.col(QUADS.names()).str.len_bytes())).to_series().to_list()
    for some in spans(sizes, most, most_bytes):
        yield quads[some]


def _lines(triples: pl.DataFrame) -> str:
    return "".join(f"{s} {p} {o} .\n" for s, p, o in triples.select("subject", "predicate", "object").iter_rows())


def _subjects(quads: pl.DataFrame) -> list[str]:
    """Some subjects of quads that came: statements, or others where there are none."""
    said = quads.filter((pl.col("predicate") == TYPE) & (pl.col("object") == iri(f"{ONR}Statement")))
    found = (said if said.height else quads)["subject"].unique().sort()
    return found.gather_every(max(1, found.len() // _A_PART)).head(_A_PART).to_list()


# --- verifying


def _verify(server: Server, built: Built, graphs: Mapping[str, int], sent: list[tuple[str, str]]) -> Verified:
    """Count every graph, and read some subjects back: of what was sent, else of parts all over the build."""
    wrong, merged = miscounted(server, graphs, built.fewest)
    if not sent:
        names = list(built.files)
        spread = names[:: max(1, len(names) // SAMPLE)]
        sent = [(name, subject) for name in spread for subject in _subjects(built.quads(name))]
    sample = sent[:: max(1, len(sent) // SAMPLE)][:SAMPLE]
    rewritten = 0
    for name in each(dict.fromkeys(part for part, _ in sample), "reading back", "parts"):
        quads = built.quads(name)
        for subject in (subject for part, subject in sample if part == name):
            mine = quads.filter(pl.col("subject") == subject)
            for (graph,), some in mine.partition_by("graph", as_dict=True).items():
                pairs = set(some.select("predicate", "object").iter_rows())
                others, lines = read_back(server, graph[1:-1], subject, pairs)
                rewritten += others
                wrong += lines
    return Verified(len(graphs), sum(graphs.values()), len(sample), rewritten, tuple(wrong), merged)
