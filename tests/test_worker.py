"""The process in which a query runs: it ends in time, keeps to its memory, and takes nobody with it."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

import onrecord
from onrecord.engine import Output
from onrecord.errors import QueryBusy, QueryError, QueryLimitExceeded
from onrecord.forked import bound
from onrecord.limits import Limits
from onrecord.worker import EngineSyntaxError, Job, read_forms
from onrecord.workers import Evaluated, run
from test_sparql import PREFIXES, SERVICES

LONGEST = 256 * 1024


@pytest.fixture(scope="module")
def store() -> ox.Store:
    filled = ox.Store()
    lines = "".join(f'<urn:s{i}> <urn:p> "{i}" .\n' for i in range(1000))
    filled.load(lines.encode(), ox.RdfFormat.N_TRIPLES)
    return filled


def put(store: ox.Store, query: str, seconds: float = 20, memory: int = 1 << 30, **more: object) -> Evaluated:
    return run(store, Job(query, PREFIXES, "https://example.org/", **more), Limits(seconds, memory))  # type: ignore[arg-type]


def open_files() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def children() -> list[str]:
    """The processes forked from this one; a server that other tests started runs another program."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    found = [child for task in tasks for child in task.read_text().split()]
    return [child for child in found if child not in _BEFORE and program(child) == program("self")]


_BEFORE: set[str] = set()
"""Processes that stood when the test began: a graph that an earlier one opened may keep its own."""


@pytest.fixture(autouse=True)
def only_mine() -> None:
    _BEFORE.clear()
    _BEFORE.update(children())


def none_left() -> bool:
    """Whether no forked process is left; one that is being ended gets a moment for it."""
    for _ in range(100):
        if not children():
            return True
        time.sleep(0.05)
    return False


def program(process: str) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def test_rows_booleans_and_graphs(store: ox.Store) -> None:
    rows = put(store, "SELECT * { ?s <urn:p> '7' }")
    assert rows.kind == "rows"
    assert json.loads(rows.body)["results"]["bindings"] == [{"s": {"type": "uri", "value": "urn:s7"}}]
    answer = put(store, "ASK { <urn:s1> ?p ?o }")
    assert (answer.kind, json.loads(answer.body)["boolean"]) == ("boolean", True)
    graph = put(store, "CONSTRUCT { ?s a 'line\\nbreak' } { ?s <urn:p> '7' }")
    assert graph.kind == "graph"
    assert graph.body == b'<urn:s7> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "line\\nbreak" .\n'


def test_a_triple_term_stays_one(store: ox.Store) -> None:
    found = put(store, "CONSTRUCT { <urn:a> <urn:b> ?t } { BIND(TRIPLE(<urn:a>, <urn:b>, 'x') AS ?t) }")
    assert found.body == b'<urn:a> <urn:b> <<( <urn:a> <urn:b> "x" )>> .\n'


@pytest.mark.parametrize(
    ("format_", "body"),
    [
        ("csv", b"o\r\nurn:x\r\n"),
        ("tsv", b"?o\n<urn:x>\n"),
        ("json", b'{"head":{"vars":["o"]},"results":{"bindings":[{"o":{"type":"uri","value":"urn:x"}}]}}'),
    ],
)
def test_formats(format_: str, body: bytes) -> None:
    assert put(ox.Store(), "SELECT ?o { BIND(<urn:x> AS ?o) }", format=format_).body == body


def test_prefixes_and_base(store: ox.Store) -> None:
    body = json.loads(put(store, "SELECT (ex:a AS ?a) (<b> AS ?b) {}").body)
    assert body["results"]["bindings"][0]["a"]["value"] == "https://example.org/a"
    assert body["results"]["bindings"][0]["b"]["value"] == "https://example.org/b"


def test_the_union_is_asked_unless_from_chooses() -> None:
    quads = ox.Store()
    quads.load(b"<urn:a> <urn:p> 1 <urn:g> .\n".replace(b"1", b'"1"'), ox.RdfFormat.N_QUADS)
    count = "SELECT (COUNT(*) AS ?n) %s { ?s ?p ?o }"

    def rows(clause: str, has_dataset: bool) -> str:
        body = json.loads(put(quads, count % clause, has_dataset=has_dataset).body)
        return str(body["results"]["bindings"][0]["n"]["value"])

    assert rows("", False) == "1"
    assert rows("FROM <urn:g>", True) == "1"
    assert rows("FROM <urn:h>", True) == "0"


def test_syntax_errors_keep_the_words_of_the_engine(store: ox.Store) -> None:
    with pytest.raises(EngineSyntaxError, match=r"error at 1:\d+: expected"):
        put(store, "SELECT { }")
    with pytest.raises(EngineSyntaxError):
        put(store, "INSERT DATA { <urn:a> <urn:b> <urn:c> }")


def test_what_the_engine_cannot_evaluate_is_said(store: ox.Store) -> None:
    with pytest.raises(QueryError, match="the query cannot be answered: The custom function <urn:f> is not supported"):
        put(store, "SELECT (<urn:f>(1) AS ?x) {}")
    with pytest.raises(QueryError, match="surrogates"):
        put(store, "ASK { ?s ?p '\ud800' }")


PRODUCT = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l"


def test_the_clock_ends_a_query(store: ox.Store) -> None:
    started = time.monotonic()
    with pytest.raises(QueryLimitExceeded, match=r"took more than 0\.5 seconds"):
        put(store, f"SELECT (COUNT(*) AS ?n) {{ {PRODUCT} }}", seconds=0.5)
    assert time.monotonic() - started < 3
    assert none_left()


def test_the_clock_ends_a_query_that_keeps_giving_rows(store: ox.Store) -> None:
    with pytest.raises(QueryLimitExceeded, match="took more than"):
        put(store, f"SELECT ?a ?d ?g {{ {PRODUCT} }}", seconds=0.5)


def doubling(times: int) -> str:
    binds = " ".join(f"BIND(CONCAT(?x{i}, ?x{i}) AS ?x{i + 1})" for i in range(times))
    return f"SELECT (STRLEN(?x{times}) AS ?n) {{ BIND('aaaaaaaaaaaaaaaa' AS ?x0) {binds} }}"


def growing(times: int) -> str:
    text = '"aaaaaaaaaa"'
    for _ in range(times):
        text = f'REPLACE({text}, "a", "aaaaaaaaaa")'
    return f"SELECT (STRLEN({text}) AS ?n) {{}}"


@pytest.mark.parametrize(
    "query",
    [doubling(40), growing(12), f"SELECT * {{ {PRODUCT} }} ORDER BY ?c ?f"],
    ids=["CONCAT", "REPLACE", "ORDER BY"],
)
def test_memory_is_bounded(store: ox.Store, query: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(QueryLimitExceeded, match="needed more than 256 MiB of memory, or is nested too deep"):
        put(store, query, memory=256 << 20, seconds=60)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB, of this process
    assert put(store, "ASK {}").kind == "boolean"


def nested(before: str, opened: str, inner: str, closed: str, after: str, depth: int | None) -> str:
    room = (LONGEST - len(before + inner + after)) // len(opened + closed)
    return before + opened * (depth or room) + inner + closed * (depth or room) + after


NESTED = {
    "{": ("ASK ", "{", "", "}", ""),
    "(": ("ASK {FILTER(", "(", "1", ")", ")}"),
    "!": ("ASK {FILTER(", "!", "true", "", ")}"),
    "-": ("ASK {FILTER(", "-(", "1", ")", ")}"),
    "IF": ("ASK {FILTER(", "IF(true,", "true", ",false)", ")}"),
    "EXISTS": ("ASK {", "FILTER EXISTS{", "", "}", "}"),
    "UNION": ("ASK {", "{", "", "}UNION{}", "}"),
    "sub-select": ("ASK {", "{SELECT*{", "", "}}", "}"),
    "OPTIONAL": ("ASK {", "OPTIONAL{", "", "}", "}"),
    "MINUS": ("ASK {", "MINUS{", "", "}", "}"),
    "GRAPH": ("ASK {", "GRAPH?g{", "", "}", "}"),
    "path": ("ASK {?s ", "(", "<a>", ")", " ?o}"),
    "inverse path": ("ASK {?s ", "^(", "<a>", ")", " ?o}"),
    "collection": ("ASK {?s ?p ", "(", "1", ")", "}"),
    "[ ]": ("ASK {?s ?p ", "[<a> ", "1", "]", "}"),
    "triple term": ("ASK {?s ?p ", "<<(<a> <b> ", "1", ")>>", "}"),
    "sequence": ("ASK {?s <a>", "/<a>", "", "", " ?o}"),
    "&&": ("ASK {FILTER(1", "&&1", "", "", ")}"),
}


@pytest.mark.parametrize("depth", [30, 3000, None], ids=["30", "3000", "256 KiB"])
@pytest.mark.parametrize("name", NESTED)
def test_nesting_gives_an_answer_or_a_clean_error(store: ox.Store, name: str, depth: int | None) -> None:
    query = nested(*NESTED[name], depth)
    assert len(query) <= LONGEST
    try:
        assert put(store, query, seconds=20 if depth == 30 else 0.5).kind == "boolean"
    except (QueryLimitExceeded, EngineSyntaxError):
        assert depth != 30
    assert none_left()


@pytest.mark.parametrize("name", ["{", "(", "!", "IF", "EXISTS", "sub-select", "GRAPH"])
def test_nesting_that_would_end_the_tool_is_answered(store: ox.Store, name: str) -> None:
    """On a common stack each of these ends the process that evaluates it."""
    assert put(store, nested(*NESTED[name], 3000), seconds=20).kind == "boolean"


def test_no_process_and_no_file_is_left_behind(store: ox.Store) -> None:
    put(store, "ASK {}")
    before = open_files()
    for number in range(50):
        try:
            put(
                store,
                ["ASK {}", "SELECT", "SELECT * { ?s ?p ?o }", f"ASK {{ {PRODUCT} FILTER(1=2) }}"][number % 4],
                0.1,
            )
        except (EngineSyntaxError, QueryLimitExceeded):
            continue
    assert open_files() == before
    assert none_left()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def connections(server: socket.socket) -> int:
    found = 0
    while True:
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return found
        found += 1


def test_the_listener_hears_a_connection(listener: socket.socket) -> None:
    socket.create_connection(listener.getsockname()).close()
    assert connections(listener) == 1


@pytest.mark.parametrize("name", SERVICES)
def test_the_worker_has_no_network_even_without_the_guard(listener: socket.socket, name: str) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    store = ox.Store()
    store.update(f"INSERT DATA {{ <urn:s> <urn:p> 1, true, 'x', <{address}> ; a true, 1 }}")
    query = SERVICES[name].replace("http://127.0.0.1:9/", address)
    prefixes = {**PREFIXES, "https://example.org/": address, "ex": address}
    with contextlib.suppress(QueryError, EngineSyntaxError):
        run(store, Job(query, prefixes, address), Limits(5))
    assert connections(listener) == 0


def test_from_fetches_nothing(listener: socket.socket, store: ox.Store) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    found = put(store, f"SELECT * FROM <{address}> FROM NAMED <{address}b> {{ ?s ?p ?o }}", has_dataset=True)
    assert json.loads(found.body)["results"]["bindings"] == []
    with pytest.raises(EngineSyntaxError):
        put(store, f"LOAD <{address}>")
    assert connections(listener) == 0


def test_a_child_that_dies_is_no_answer(store: ox.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(store: ox.Store, written: object, job: Job, rows: object, out: Output, head: Any) -> None:
        head("rows", ["a"])
        out.write(b'{"head":{"vars":["a"]},"resu')
        raise MemoryError

    monkeypatch.setattr("onrecord.worker.answer", broken)
    with pytest.raises(QueryLimitExceeded):
        put(store, "ASK {}")


def test_an_answer_may_not_be_endless(store: ox.Store) -> None:
    with pytest.raises(QueryLimitExceeded, match="the answer is larger than 1 MiB"):
        run(store, Job("SELECT * { ?s ?p ?o . ?a ?b ?c }", PREFIXES, "https://example.org/"), Limits(answer=1 << 20))
    assert none_left()


ROWS = """SELECT ?n ?t { VALUES ?n { 1 2 3 4 5 6 7 } BIND("a \\"}},{\\" </result>, \\n b" AS ?t) }"""


@pytest.mark.parametrize("format_", ["json", "xml", "csv", "tsv"])
def test_rows_are_counted_as_they_come(store: ox.Store, format_: str) -> None:
    job = Job(ROWS, PREFIXES, "https://example.org/", format=format_)
    assert run(store, job, Limits(rows=7)).kind == "rows"
    with pytest.raises(
        QueryLimitExceeded, match="more than 6 rows; narrow the query, add a LIMIT, or raise --max-rows"
    ):
        run(store, job, Limits(rows=6))


def test_triples_are_counted_too(store: ox.Store) -> None:
    job = Job(
        'CONSTRUCT { <urn:a> <urn:b> ?n } WHERE { VALUES ?n { 1 2 3 "a\\nb" } }', PREFIXES, "https://example.org/"
    )
    assert run(store, job, Limits(rows=4)).kind == "graph"
    with pytest.raises(QueryLimitExceeded, match="more than 3 rows"):
        run(store, job, Limits(rows=3))


def test_an_interruption_ends_the_child(store: ox.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    before = open_files()
    monkeypatch.setattr("onrecord.worker._keep_to", interrupted)
    monkeypatch.setattr("onrecord.worker._end", interrupted)
    with pytest.raises(KeyboardInterrupt):
        put(store, "SELECT * { ?s ?p ?o }")
    assert none_left()
    assert open_files() == before


@pytest.mark.parametrize(("what", "after"), [("fork", 0), ("pipe", 0), ("pipe", 1), ("pipe", 2)])
def test_a_process_that_cannot_be_started_leaves_no_pipes(
    store: ox.Store, monkeypatch: pytest.MonkeyPatch, what: str, after: int
) -> None:
    made = []
    real = getattr(os, what)

    def fail() -> Any:
        if len(made) == after:
            raise OSError(11, "Resource temporarily unavailable")
        made.append(what)
        return real()

    before = open_files()
    with monkeypatch.context() as patched:
        patched.setattr(os, what, fail)
        with pytest.raises(QueryBusy, match="no room for another query: Resource temporarily unavailable; ask again"):
            put(store, "ASK {}")
    assert open_files() == before
    assert put(store, "ASK {}").body == b'{"head":{},"boolean":true}'


def test_who_cannot_wait_for_an_answer_ends_the_process(store: ox.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Any:
        raise OSError(24, "Too many open files")

    before = open_files()
    monkeypatch.setattr("selectors.DefaultSelector", fail)
    for ask in (lambda job: run(store, job, Limits(20)), lambda job: read_forms([job], Limits(20))):
        with pytest.raises(QueryBusy, match="no room for another query: Too many open files; ask again later"):
            ask(Job("ASK {}", PREFIXES, "https://example.org/"))
    assert none_left()
    assert open_files() == before


def test_queries_in_threads_do_not_wait_for_each_other(store: ox.Store) -> None:
    """A child that inherits another query's pipe would keep that query waiting until it ends itself."""
    slow_done: list[float] = []
    quick_took: list[float] = []

    def slow() -> None:
        with pytest.raises(QueryLimitExceeded):
            put(store, f"SELECT (COUNT(*) AS ?n) {{ {PRODUCT} }}", seconds=4)
        slow_done.append(time.monotonic())

    def quick() -> None:
        for _ in range(10):
            started = time.monotonic()
            put(store, "ASK {}", seconds=10)
            quick_took.append(time.monotonic() - started)

    threads = [threading.Thread(target=job) for job in (slow, quick, slow, quick, quick)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(quick_took) == 30 and len(slow_done) == 2
    assert max(quick_took) < 3


def test_it_works_after_a_build_in_the_same_process(graph_folder: Path) -> None:
    graph = onrecord.open(graph_folder)
    graph.build()
    for _ in range(3):
        assert len(graph.query("SELECT * { ?s a onr:Statement }")) == 5
        assert graph.statements.height > 0  # Polars' threads are at work between the forks
    again = onrecord.open(graph_folder)
    assert len(again.query("SELECT * { ?s a onr:Statement }")) == 5


def test_a_limit_is_only_ever_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (5, 100))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: set_to.append(limits))
    bound(resource.RLIMIT_AS, 1000)
    bound(resource.RLIMIT_AS, 10)
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (5, resource.RLIM_INFINITY))
    bound(resource.RLIMIT_AS, 1000)
    assert set_to == [(100, 100), (10, 10), (1000, 1000)]
