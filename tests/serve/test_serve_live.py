"""The files change while the graph is served: no request fails, a broken edit changes nothing, a stop is clean."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onrecord.errors import Problems
from onrecord.project import open_project
from onrecord.serve.live import served_files
from serving import SRC, Server, serving, stop
from small_graph import LETTER, LETTER_TEXT, write_graph

HEADS = "SELECT ?who WHERE { ?who gar:chairs ?what }"
EDITED = LETTER.replace("[Rose Marsh, chairs, Garden Society]", "[Basil Thorn, chairs, Garden Society]")
BROKEN = LETTER.replace("[Rose Marsh, chairs, Garden Society]", "[Rosa Marsh, chairs, Garden Society]")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_graph(tmp_path / "garden")


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with serving(folder) as found:
        yield found


class Load:
    """Clients that ask without a pause, and what they got."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._over = threading.Event()
        self.given: list[tuple[int, bytes]] = []
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(4)]

    def _ask(self, number: int) -> None:
        count = 0
        while not self._over.is_set():
            count += 1
            path = ["/sparql", "/", "/sparql", "/entity/basil.html"][number]
            query = {"query": f"{HEADS} # {number} {count}"} if path == "/sparql" else {}
            found = self._server.get(path, **query)
            self.given.append((found.status, found.body))

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def test_an_edit_is_served_without_a_failed_request(server: Server, folder: Path) -> None:
    before = server.get("/live").json["build"]
    assert server.rows(HEADS) == [{"who": "https://example.org/garden/entity/rose"}]
    with Load(server) as load:
        (folder / "statements" / "letter.yaml").write_text(EDITED)
        server.wait_for("/live", lambda found: found["build"] != before)
        time.sleep(1)
    assert {status for status, _ in load.given} == {200}
    assert len(load.given) > 20
    assert server.rows(HEADS) == [{"who": "https://example.org/garden/entity/basil"}]
    assert 'onrecord_builds_total{outcome="ready"} 1.0' in server.get("/metrics").text


def test_a_broken_edit_keeps_the_last_good_graph_and_is_told(server: Server, folder: Path) -> None:
    before = server.get("/live").json["build"]
    letter = folder / "statements" / "letter.yaml"
    letter.write_text(BROKEN)
    server.wait_for("/live", lambda found: found["problems"] > 0)
    assert server.rows(HEADS) == [{"who": "https://example.org/garden/entity/rose"}]
    assert server.get("/health").json["build"] == before
    told = server.get("/problems", "application/json").json
    assert told["state"] == "broken"
    (problem,) = [each for each in told["problems"] if each["severity"] == "error"]
    assert (problem["code"], Path(problem["file"]).name, problem["line"]) == ("R001", "letter.yaml", 12)
    page = server.get("/problems", "text/html").text
    assert "no entity is called &#34;Rosa Marsh&#34;" in page
    assert "did you mean &#34;Rose Marsh&#34;?" in page
    letter.write_text(LETTER)
    server.wait_for("/live", lambda found: found["problems"] == 0)
    assert server.get("/live").json["build"] == before


@pytest.mark.slow
def test_a_corrected_text_is_served(tmp_path: Path) -> None:
    """Wherever it lies: in the graph, or in a folder of sources; and one that comes later."""
    free = LETTER.replace("  text: letter.txt\n", "  text: letter.txt\n  licence: CC0-1.0\n")
    files = {"statements/letter.yaml": free, "statements/minutes.yaml": None, "sources/letter.txt": None}
    folder, beside = write_graph(tmp_path / "garden", **files), tmp_path / "texts"
    beside.mkdir()
    with serving(folder, "--sources", str(beside)) as server:
        for where, season in ((beside, "dry"), (beside, "damp"), (folder / "sources", "wet")):
            before = server.get("/live").json["build"]
            where.mkdir(exist_ok=True)
            (where / "letter.txt").write_text(LETTER_TEXT.replace("dry spring", f"{season} spring"))
            server.wait_for("/live", lambda found, before=before: found["build"] != before)
            assert f"a {season} spring" in server.get("/text/letter.html").text


def test_every_file_that_is_served_is_watched(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "garden", **{"questions/who.rq": HEADS, "sources/.letter.txt.swp": "x"})
    (tmp_path / "texts" / "old").mkdir(parents=True)
    (tmp_path / "texts" / "old" / "note.txt").touch()
    names = {
        path.relative_to(tmp_path).as_posix()
        for path in served_files(open_project(folder, Problems()), (tmp_path / "texts", tmp_path / "none"))
        if path.is_relative_to(tmp_path)
    }
    given = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert names == given - {"garden/sources/.letter.txt.swp"}


@pytest.mark.slow
def test_a_question_that_is_added_can_be_put(server: Server, folder: Path) -> None:
    (folder / "questions").mkdir()
    (folder / "questions" / "heads.rq").write_text("#+ title: Who chairs?\n" + HEADS)
    server.wait_for("/api/questions", lambda found: found["questions"])
    assert len(server.get("/api/questions/heads").json["results"]["bindings"]) == 1


@pytest.mark.slow
def test_an_edition_that_dies_is_replaced(server: Server) -> None:
    edition = children_of(server.process.pid)
    assert len(edition) == 1
    os.kill(edition[0], signal.SIGKILL)

    deadline = time.monotonic() + 40
    while children_of(server.process.pid) in ([], edition):
        assert time.monotonic() < deadline, server.log
        time.sleep(0.1)
    server.wait_for("/health", lambda found: found["status"] == "ok")
    assert len(server.rows(HEADS)) == 1


@pytest.mark.slow
def test_an_edit_whose_build_was_killed_is_served_all_the_same(server: Server, folder: Path) -> None:
    before = set(children_of(server.process.pid))
    (folder / "statements" / "letter.yaml").write_text(EDITED)
    deadline = time.monotonic() + 40
    while not (fresh := set(children_of(server.process.pid)) - before):
        assert time.monotonic() < deadline, server.log
        time.sleep(0.01)
    os.kill(fresh.pop(), signal.SIGKILL)
    told = server.wait_for("/problems", lambda found: found["message"])
    assert (told["message"], told["problems"]) == ("the build ended early", [])
    server.wait_for("/live", lambda found: found["problems"] == 0)
    assert server.rows(HEADS) == [{"who": "https://example.org/garden/entity/basil"}]


def children_of(process: int) -> list[int]:
    """The processes that a process started."""
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(each) for each in found]


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_stop_lets_answers_out(server: Server, number: signal.Signals) -> None:
    found: list[int] = []
    slow = "SELECT (COUNT(*) AS ?n) { { SELECT ?a { ?a ?b ?c } LIMIT 150 } ?d ?e ?f FILTER(?a != ?d) }"
    asking = threading.Thread(target=lambda: found.append(server.get("/sparql", query=slow).status))
    asking.start()
    time.sleep(0.3)
    family = children_of(server.process.pid)
    assert stop(server, number) == 0
    asking.join()
    assert found == [200]
    assert [each for each in family if Path(f"/proc/{each}").exists()] == []
    assert '"event": "stopped"' in server.log[-1]


@pytest.mark.slow
def test_a_stop_waits_for_no_stalled_client(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: lo")
        started = time.monotonic()
        assert stop(server) == 0
        assert time.monotonic() - started < 8


def test_a_graph_with_errors_is_not_served(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "garden", **{"statements/letter.yaml": BROKEN})
    command = [sys.executable, "-m", "onrecord", "serve", str(folder), "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert (run.returncode, run.stdout) == (1, "")
    assert "letter.yaml:12:14: R001" in run.stderr


def test_a_folder_that_is_no_graph(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "onrecord", "serve", str(tmp_path), "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert run.returncode == 2
    assert "onrecord.yaml" in run.stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_behind(server: Server, number: signal.Signals) -> None:
    (edition,) = children_of(server.process.pid)
    assert server.rows(HEADS)
    opened = (str(path.readlink()) for path in Path(f"/proc/{edition}/fd").iterdir() if path.is_symlink())
    folder = next(re.search(r".*/onrecord-edition-[^/]+", name)[0] for name in opened if "/onrecord-edition-" in name)
    assert Path(folder).is_dir()
    stop(server, number)
    deadline = time.monotonic() + 20
    while Path(folder).exists() or Path(f"/proc/{edition}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
