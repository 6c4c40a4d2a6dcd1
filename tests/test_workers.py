"""The processes of a dataset: kept, counted, replaced; an answer is whole before its first byte is read."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

import onrecord
from inline import BASE
from onrecord import worker
from onrecord.engine import GRAPH_FORMATS, Job
from onrecord.errors import QueryBusy, QueryCancelled, QueryError, QueryLimitExceeded, QueryRefused
from onrecord.lens import Lens
from onrecord.limits import Limits
from onrecord.query import evaluate
from onrecord.spool import Spool
from onrecord.worker import Dataset, EngineSyntaxError
from onrecord.workers import Workers
from test_worker import PRODUCT, children, none_left, only_mine

NUMBERS = "".join(f'<urn:s{i}> <urn:p> "{i}" .\n' for i in range(1000))
PRICE = '"1.5"^^<http://www.w3.org/2001/XMLSchema#decimal>'
WRITTEN = '"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>'


__all__ = ["only_mine"]


@pytest.fixture
def workers(only_mine: None) -> Iterator[Workers]:
    store = ox.Store()
    store.load((NUMBERS + f"<urn:x> <urn:cost> {WRITTEN} .\n").encode(), ox.RdfFormat.N_TRIPLES)
    found = Workers(Dataset(store, {PRICE: WRITTEN}), most=2)
    yield found
    found.close()
    assert none_left()


def job(query: str, format_: str = "tsv", graph_format: str = "nt") -> Job:
    return Job(query, {"u": "urn:", "": "urn:"}, "urn:base:", format=format_, graph_format=graph_format)


ALL = job("SELECT * { ?s u:p ?o }")
ENDLESS = job(f"SELECT (COUNT(*) AS ?n) {{ {PRODUCT} }}")


def test_one_process_answers_query_after_query(workers: Workers) -> None:
    sizes = {workers.run(ALL, Limits()).size for _ in range(5)}
    assert (len(sizes), len(children())) == (1, 1)


def test_a_process_over_its_limit_is_replaced(workers: Workers) -> None:
    workers.run(ALL, Limits())
    first = children()
    with pytest.raises(QueryLimitExceeded):
        workers.run(ENDLESS, Limits(seconds=0.3))
    assert none_left()
    assert workers.run(ALL, Limits()).rows == 1000
    assert len(children()) == 1 and children() != first


@pytest.mark.parametrize("most", [(0, 1 << 40), (1 << 40, 0)], ids=["mapped", "in use"])
def test_a_process_that_has_grown_is_replaced(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, most: tuple[int, int]
) -> None:
    monkeypatch.setattr(worker, "GROWTH_BYTES", most)
    assert workers.run(ALL, Limits()).rows == 1000
    assert none_left()


def test_a_limit_of_one_query_is_none_of_the_next(workers: Workers) -> None:
    grown = job("SELECT ?t { BIND(REPLACE(REPLACE('aaaaaaaaaa', 'a', 'aaaaaaaaaa'), 'a', 'aaaaaaaaaa') AS ?t) }")
    for memory in (64 << 20, 1 << 30, 64 << 20):
        assert workers.run(grown, Limits(memory=memory)).rows == 1


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (job("SELECT {"), EngineSyntaxError),
        (job("SELECT (<urn:f>(1) AS ?x) {}"), QueryError),
        (job("CONSTRUCT { ?s <urn:1> ?o } { ?s u:p ?o }", graph_format="rdf"), QueryError),
        (job("SELECT * { ?s u:p ?o } LIMIT 900"), QueryLimitExceeded),
        (job("CONSTRUCT WHERE { ?s u:p ?o }", graph_format="ttl"), QueryLimitExceeded),
    ],
)
def test_what_was_left_of_a_failed_answer_is_in_no_other(workers: Workers, bad: Job, error: type[Exception]) -> None:
    for _ in range(2):
        with pytest.raises(error):
            workers.run(bad, Limits(rows=500))
        assert workers.run(ALL, Limits()).body.count(b"\n") == 1001


def test_a_process_that_was_ended_from_outside_is_replaced(workers: Workers) -> None:
    import os
    import signal

    workers.run(ALL, Limits())
    os.kill(int(children()[0]), signal.SIGKILL)
    time.sleep(0.1)
    assert workers.run(ALL, Limits()).rows == 1000


def test_many_threads_share_few_processes(workers: Workers) -> None:
    rows: list[int] = []
    seen: list[int] = []

    def ask() -> None:
        for _ in range(5):
            rows.append(workers.run(ALL, Limits()).rows)
            seen.append(len(children()))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows == [1000] * 30
    assert max(seen) <= 2


def test_who_waits_too_long_for_a_process_is_told(workers: Workers) -> None:
    def hold() -> None:
        with pytest.raises(QueryLimitExceeded):
            workers.run(ENDLESS, Limits(seconds=2))

    threads = [threading.Thread(target=hold) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    with pytest.raises(QueryBusy, match="all 2 workers answer other queries; ask again later"):
        workers.run(ALL, Limits(), patience=0.2)
    for thread in threads:
        thread.join()
    assert workers.run(ALL, Limits()).rows == 1000


def test_a_query_that_nobody_waits_for_is_stopped(workers: Workers) -> None:
    started = time.monotonic()
    with pytest.raises(QueryCancelled):
        workers.run(ENDLESS, Limits(), lambda: time.monotonic() - started > 0.3)
    assert time.monotonic() - started < 5
    assert none_left()


def test_an_answer_left_half_read_ends_its_process(workers: Workers) -> None:
    with workers.stream(job("SELECT * { ?s u:p ?o . ?a u:p ?b }"), Limits()) as answering:
        assert next(answering.pieces).startswith(b"?a\t?b\t?o\t?s\n")
    assert none_left()
    assert workers.run(ALL, Limits()).rows == 1000


def test_no_connection_is_held_by_a_process(workers: Workers) -> None:
    ours, theirs = socket.socketpair()
    workers.run(ALL, Limits())
    assert len(children()) == 1
    ours.close()
    theirs.settimeout(5)
    assert theirs.recv(1) == b""
    theirs.close()


@pytest.mark.parametrize("format_", GRAPH_FORMATS)
def test_graphs_come_in_every_format_as_they_were_written(workers: Workers, format_: str) -> None:
    found = workers.run(job("CONSTRUCT { ?s u:costs ?o } { ?s u:cost ?o }", graph_format=format_), Limits())
    assert (found.kind, found.format, found.size) == ("graph", format_, len(found.body))
    (quad,) = ox.parse(found.body, GRAPH_FORMATS[format_])
    assert str(quad.triple) == f"<urn:x> <urn:costs> {WRITTEN}"


@pytest.mark.parametrize("format_", ["json", "xml", "csv", "tsv"])
def test_rows_come_as_they_were_written(workers: Workers, format_: str) -> None:
    body = workers.run(job("SELECT ?o { ?s u:cost ?o }", format_), Limits()).body
    assert b"1.50" in body


def test_what_no_xml_can_hold_is_an_error(workers: Workers) -> None:
    bell = job("SELECT ?o { BIND('\\u0007' AS ?o) }", "xml")
    with pytest.raises(QueryError, match="cannot be written as XML"):
        workers.run(bell, Limits())


def test_a_graph_in_rdf_1_1_holds_no_triple_terms(workers: Workers) -> None:
    made = "CONSTRUCT { u:a u:b ?t } { BIND(TRIPLE(u:a, u:b, 'x') AS ?t) }"
    with pytest.raises(QueryError, match=r"triple terms, which RDF 1\.1 cannot write"):
        workers.run(job(made, graph_format="ttl"), Limits())


def test_a_dataset_beside_the_query_stands_over_from(graph_folder: Path) -> None:
    garden = onrecord.open(graph_folder)
    letter, minutes = f"{BASE}graph/source/letter", f"{BASE}graph/source/minutes"

    def count(query: str, **dataset: list[str]) -> str:
        found = evaluate(garden, query, Lens(), Limits(), format_="csv", **dataset)  # type: ignore[arg-type]
        return found.body.decode().split()[1]

    plain = "SELECT (COUNT(*) AS ?n) { ?s a onr:Statement }"
    assert count(plain) == "5"
    assert count(plain, default_graphs=[letter]) == "3"
    assert count(plain, default_graphs=[letter, minutes]) == "5"
    assert count(plain.replace("{", f"FROM <{minutes}> {{", 1), default_graphs=[letter]) == "3"
    assert count(plain, named_graphs=[letter]) == "0"
    named = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s a onr:Statement } }"
    assert count(named, named_graphs=[minutes]) == "2"
    with pytest.raises(QueryRefused) as caught:
        count(plain, default_graphs=["file:///etc/passwd"])
    assert caught.value.problem.code == "Q003"


def test_a_large_answer_goes_to_disk() -> None:
    spool = Spool(in_memory=4)
    for piece in (b"ab", b"cd", b"ef"):
        spool.write(piece)
    assert (spool.read(), spool.read_at(3, 2), spool.size) == (b"abcdef", b"de", 6)
    spool.close()


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(**_: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(QueryError, match="the answer cannot be kept while it is read: No space left on device"):
        Spool(in_memory=1).write(b"abc")
