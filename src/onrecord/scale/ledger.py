"""Owns the ledger that a server keeps of what was brought there: a named graph of its own, ``<base>graph/pushed``.

Leaves sending to ``push`` and ``transfer``, and the requests to ``server``. An entry says in which state a named
graph, or a part of a build in shards, stands there; behind it a ``?`` says that it may not be whole. The ledger's
own entry stands from the first change of a push to the end of the last, so that nobody takes what lies between
for a dataset.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onrecord.files import sha256_hex
from onrecord.manifest import render
from onrecord.scale.lensed import wish_of
from onrecord.terms import SCHEMA, iri, literal

if TYPE_CHECKING:
    from onrecord.scale.server import Server

LEDGER = "pushed"
"""The name of the ledger ends in this."""

UNSURE = "?"
"""Ends the state of what may not be whole; alone it is the state of what may be there."""

IN_SHARDS = "in shards"
"""The state of a graph whose triples came in parts; that of one that was sent by itself is their SHA-256."""

WANTED = "wanted"
"""The state of what the lenses of questions leave, where it is to be there; that of each graph is beside it."""

ENTRIES = 500
"""Entries that are written in one update."""

_GRAPH = f"{SCHEMA}sha256"
_PART = f"{SCHEMA}identifier"


@dataclass(frozen=True, slots=True)
class Entries:
    """What a ledger says: the state of each graph and part, and whether no push is under way, or was cut off."""

    graphs: Mapping[str, str]
    parts: Mapping[str, str]
    is_settled: bool
    with_lenses: bool = False
    """Whether what the lenses of questions leave is wanted there."""

    @property
    def name(self) -> str:
        """What names the dataset that stands on the server."""
        return sha256_hex(render({"graphs": dict(sorted(self.graphs.items())), "settled": self.is_settled}))


class Ledger:
    """The ledger of the graph with this base IRI on a server; all raise ServerError when that does not answer."""

    def __init__(self, server: Server, base: str) -> None:
        self._server, self._wish = server, wish_of(base)
        self._own = f"{base}graph/"
        self.name = f"{self._own}{LEDGER}"

    def read(self) -> Entries:
        """All that it says."""
        graphs: dict[str, str] = {}
        parts: dict[str, str] = {}
        for row in self._server.select_all(("what", "says", "state"), self._block("?what ?says ?state")):
            what, says, state = (row[name]["value"] for name in ("what", "says", "state"))
            found, name = (parts, what.rpartition("#")[2]) if says == _PART else (graphs, what)
            if says in (_GRAPH, _PART):
                found[name] = state if found.get(name, state) == state else UNSURE
        is_settled = graphs.pop(self.name, None) is None
        with_lenses = graphs.pop(self._wish, None) is not None
        is_sure = not any(state.endswith(UNSURE) for state in graphs.values())
        return Entries(graphs, parts, is_settled and is_sure, with_lenses)

    def want_lenses(self, wanted: bool) -> None:
        """Say whether later pushes are to send what the lenses of questions leave."""
        self.set_graphs({self._wish: WANTED if wanted else ""})

    def find_graphs(self) -> list[str]:
        """The named graphs that stand on the server under the names of this dataset's own, on the ledger or not."""
        where = f"GRAPH ?g {{ ?s ?p ?o }} FILTER(STRSTARTS(STR(?g), {literal(self._own)}))"
        found = (row["g"]["value"] for row in self._server.select_all(("g",), where))
        return [name for name in found if name != self.name]

    def find_others(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        """Of graphs under names that are not this dataset's own, those that other ledgers list, with the states."""
        found: dict[str, dict[str, str]] = {}
        for some in _some(sorted(name for name in names if not name.startswith(self._own))):
            listed = f"?what IN ({', '.join(map(iri, some))})"
            where = (
                f"GRAPH ?g {{ ?what {iri(_GRAPH)} ?state }} "
                f"FILTER({listed} && STRENDS(STR(?g), {literal(f'/graph/{LEDGER}')}))"
            )
            for row in self._server.select_all(("what", "g", "state"), where):
                what, ledger, state = (row[name]["value"] for name in ("what", "g", "state"))
                if ledger != self.name:
                    found.setdefault(what, {})[ledger] = state
        return found

    def begin(self) -> None:
        """Say that a push is under way."""
        self.set_graphs({self.name: UNSURE})

    def end(self) -> None:
        """Say that none is."""
        self.set_graphs({self.name: ""})

    def settle(self, graphs: Mapping[str, str]) -> None:
        """Say that these graphs stand there in these states and no others, and that no push is under way."""
        held = self.read().graphs
        gone = dict.fromkeys(held.keys() - graphs.keys(), "")
        self.set_graphs(gone | {name: state for name, state in graphs.items() if held.get(name) != state})
        self.end()

    def set_graphs(self, states: Mapping[str, str]) -> None:
        """Set the states of graphs; an empty one takes the graph off."""
        self._write(_GRAPH, states)

    def tell_others(self, others: Mapping[str, Iterable[str]], state: str) -> None:
        """Set the state of graphs in the other ledgers that list them."""
        by_ledger: dict[str, dict[str, str]] = {}
        for graph, ledgers in others.items():
            for ledger in ledgers:
                by_ledger.setdefault(ledger, {})[graph] = state
        for ledger, states in by_ledger.items():
            Ledger(self._server, ledger.removesuffix(f"graph/{LEDGER}")).set_graphs(states)

    def set_parts(self, states: Mapping[str, str]) -> None:
        """Set the states of parts; an empty one takes the part off."""
        self._write(_PART, {f"{self.name}#{name}": state for name, state in states.items()})

    def forget_parts(self) -> None:
        """Take all parts off."""
        where = self._block(f"?what {iri(_PART)} ?state")
        self._server.update(f"DELETE {{ {where} }} WHERE {{ {where} }}")

    def _write(self, predicate: str, states: Mapping[str, str]) -> None:
        where = self._block(f"?what {iri(predicate)} ?state")
        for names in _some(sorted(states)):
            listed = ", ".join(map(iri, names))
            steps = [f"DELETE {{ {where} }} WHERE {{ {where} FILTER(?what IN ({listed})) }}"]
            lines = [f"{iri(name)} {iri(predicate)} {literal(states[name])} ." for name in names if states[name]]
            if lines:
                steps.append(f"INSERT DATA {{ {self._block(' '.join(lines))} }}")
            self._server.update(" ;\n".join(steps))

    def _block(self, text: str) -> str:
        return f"GRAPH {iri(self.name)} {{ {text} }}"


def _some(names: Iterable[str]) -> Iterator[list[str]]:
    every = list(names)
    for start in range(0, len(every), ENTRIES):
        yield every[start : start + ENTRIES]
