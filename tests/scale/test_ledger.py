from __future__ import annotations

from pathlib import Path

import pytest

import onrecord
from cutting import cutting
from onrecord.errors import ServerError
from onrecord.scale.ledger import Entries, Ledger
from onrecord.scale.server import Server
from servers import virtuoso
from small_graph import write_graph

BASE = "https://example.org/garden/"
GRAPHS = {f"{BASE}graph/source/{n}": f"{n:064x}" for n in range(30)}
PARTS = {f"quads-{n:05}.parquet": "?" for n in range(12)}


def test_what_was_written_is_read(server: str) -> None:
    with Server(server) as there:
        ledger = Ledger(there, BASE)
        assert ledger.read() == Entries({}, {}, True)
        ledger.begin()
        ledger.set_graphs(dict.fromkeys(GRAPHS, "?"))
        ledger.set_parts(PARTS)
        assert ledger.read() == Entries(dict.fromkeys(GRAPHS, "?"), PARTS, False)
        ledger.forget_parts()
        ledger.set_graphs(GRAPHS)
        assert ledger.read() == Entries(GRAPHS, {}, False)
        ledger.end()
        assert ledger.read() == Entries(GRAPHS, {}, True)
        two = dict(list(GRAPHS.items())[:2])
        ledger.settle(two)
        assert ledger.read() == Entries(two, {}, True)
        assert ledger.find_graphs() == []
        there.write_graph(f"{BASE}graph/stray", b"<urn:a> <urn:b> <urn:c> .\n")
        assert ledger.find_graphs() == [f"{BASE}graph/stray"]
        there.drop_graph(f"{BASE}graph/stray")


def test_of_two_states_neither_is_sure() -> None:
    with cutting() as behind, Server(behind.address) as there:
        ledger = Ledger(there, BASE)
        ledger.set_graphs({f"{BASE}graph/asserted": "a"})
        (entry,) = behind.dump()
        behind.load(frozenset({entry, entry.replace('"a"', '"b"')}))
        assert ledger.read() == Entries({f"{BASE}graph/asserted": "?"}, {}, False)


def test_states_have_names_of_their_own() -> None:
    names = {Entries(graphs, {}, sure).name for graphs in ({}, {"a": "1"}, {"a": "2"}) for sure in (True, False)}
    assert len(names) == 6


@pytest.mark.parametrize("tells", [True, False])
def test_a_limit_of_rows_does_not_end_the_reading(tells: bool) -> None:
    with cutting() as behind, Server(behind.address) as there:
        ledger = Ledger(there, BASE)
        ledger.set_graphs(GRAPHS)
        ledger.set_parts(PARTS)
        behind.rows, behind.tells = 7, tells
        assert ledger.read() == Entries(GRAPHS, PARTS, True)


@pytest.mark.slow
def test_a_virtuoso_that_cuts_rows_gives_all_or_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECORD_STORE_USER", "dba")
    monkeypatch.setenv("ONRECORD_STORE_PASSWORD", "dba")
    sources = "".join(f"- {{id: register-{n}, title: Register {n}, published: 2024-06-10}}\n" for n in range(60))
    row = '{{"subject": "Basil Thorn", "predicate": "height in metres", "object": "{}.5", "source": "register-{}"}}\n'
    rows = "".join(row.format(n, n) for n in range(60))
    folder = write_graph(tmp_path / "garden", **{"sources.yaml": sources, "statements/register.jsonl": rows})
    (tmp_path / "virtuoso").mkdir()
    with virtuoso(tmp_path / "virtuoso", rows=50) as root:
        graph = onrecord.open(folder)
        first = graph.push(root)
        assert (first.verified is not None and first.verified.wrong) == ()
        assert len(first.plan.steps) > 60
        assert graph.push(root).plan.steps == ()
        there = graph.at(root)
        count = "SELECT (COUNT(DISTINCT ?g) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }"
        assert there.query(count).values() == graph.query(count).values() == [(str(len(first.plan.steps)),)]
        with Server(root) as asked, pytest.raises(ServerError, match="the server cuts answers at 50 rows"):
            asked.select("SELECT ?g ?s WHERE { GRAPH ?g { ?s ?p ?o } }")
