"""Queries that no server should answer, beside normal ones: each is refused with its reason, and nobody else waits."""

from __future__ import annotations

import socket
import threading
import time
from itertools import pairwise
from statistics import median
from urllib.parse import quote

import pytest

from serving import Server

HEADS = "SELECT ?who WHERE { ?who gar:chairs ?what }"
LETTERS = "abcdefghijklmnopz"
GROWTH = " ".join(
    f"BIND(CONCAT(?{before}, ?{before}, ?{before}, ?{before}) AS ?{after})" for before, after in pairwise(LETTERS)
)
BOMBS = {
    "cartesian": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }",
    "sorted": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i",
    "many rows": "SELECT * { ?a ?b ?c . ?d ?e ?f }",
    "many triples": "CONSTRUCT { ?a ?e ?i } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "growth": f"SELECT ?z {{ BIND('{'a' * 1000}' AS ?a) {GROWTH} }}",
    "long path": "ASK { ?a " + "/".join(["(<urn:x>|!<urn:y>)"] * 1000) + " ?b }",
    "grouped": "SELECT (GROUP_CONCAT(CONCAT(STR(?a), STR(?d), STR(?g))) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
}
NESTED = {
    "braces": "SELECT * { " + "{ " * 10_000 + "?a ?b ?c" + " }" * 10_000 + " }",
    "ifs": "SELECT (" + "IF(true, " * 3_000 + "1" + ", 2)" * 3_000 + " AS ?x) {}",
    "brackets": "SELECT ((" + "(" * 20_000 + "1" + ")" * 20_000 + ") AS ?x) {}",
    "exists": "ASK { " + "FILTER EXISTS { " * 2_000 + "?a ?b ?c" + " }" * 2_000 + " }",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_with_its_reason(garden: Server, name: str) -> None:
    started = time.monotonic()
    given = garden.ask("POST", "/sparql", BOMBS[name].encode(), Content_Type="application/sparql-query")
    assert time.monotonic() - started < 2 + 5 + 10  # its limit, what THREATS allows, and a busy machine
    assert given.status == 422, given.text[:200]
    assert given.headers["content-type"] == "text/plain; charset=utf-8"
    assert "the query " in given.text or "the answer " in given.text
    assert garden.get("/sparql", query=HEADS).status == 200


@pytest.mark.slow
@pytest.mark.parametrize("name", NESTED)
def test_deep_nesting_ends_no_process_but_its_own(garden: Server, name: str) -> None:
    given = garden.ask("POST", "/sparql", NESTED[name].encode(), Content_Type="application/sparql-query")
    assert given.status in (200, 400, 422)
    assert garden.get("/sparql", query=HEADS).status == 200
    assert garden.get("/health").json["status"] == "ok"


@pytest.mark.slow
def test_normal_queries_go_on_beside_bombs(garden: Server) -> None:
    """Sixteen clients throw bombs, more than there are workers; what others ask is answered all the time."""
    over = threading.Event()
    bombs: list[tuple[int, float]] = []

    def throw(number: int) -> None:
        count = 0
        while not over.is_set():
            count += 1
            text = f"{list(BOMBS.values())[number % 2]} # {number} {count}".encode()
            started = time.monotonic()
            status = garden.ask("POST", "/sparql", text, Content_Type="application/sparql-query").status
            bombs.append((status, time.monotonic() - started))

    threads = [threading.Thread(target=throw, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1)
        taken = []
        for number in range(30):
            started = time.monotonic()
            assert garden.get("/sparql", query=f"{HEADS} # {number}").status == 200
            taken.append(time.monotonic() - started)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert {status for status, _ in bombs} <= {422, 503}
    assert median(taken) < median(seconds for status, seconds in bombs if status == 422)


@pytest.mark.slow
def test_who_hangs_up_stops_the_query(garden: Server) -> None:
    path = f"/sparql?query={quote(BOMBS['cartesian'])}"
    with socket.create_connection(("127.0.0.1", garden.port)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        time.sleep(0.5)
        assert "onrecord_queries_running 1.0" in garden.get("/metrics").text
    time.sleep(0.5)
    assert "onrecord_queries_running 0.0" in garden.get("/metrics").text
