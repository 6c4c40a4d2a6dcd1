"""A push that is cut off at any of its requests, and what the next one makes of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import onrecord
from cutting import Cutting, cutting
from onrecord.cli import main
from onrecord.errors import OnRecordError, ServerError
from onrecord.project import Project
from onrecord.scale.push import Pushed, deliver, kept_folder
from onrecord.scale.server import Server
from onrecord.scale.sharded import Embedded, build_shards
from onrecord.scale.shipment import Shipment
from onrecord.scale.transfer import Built, require_built, transfer
from servers import oxigraph
from small_graph import FILES, LETTER, write_graph

BASE = "https://example.org/garden/"
MINUTES_GRAPH = f"{BASE}graph/source/minutes"
SOURCES = "- {id: register, title: The register, published: 2024-06-10}\n"
ROWS = '{"subject": "Basil Thorn", "predicate": "height in metres", "object": "1.25", "source": "register"}\n'


@dataclass(frozen=True)
class State:
    """A graph on one day: its folder, and the dataset of it."""

    project: Project
    quads: pl.DataFrame

    def push(self, there: Cutting, *, whole: bool = False) -> Pushed:
        with Server(there.address, tries=1) as server:
            return deliver(server, Shipment(self.project.base, lambda _: self.quads), self.project, whole=whole)


def state(folder: Path, **files: str | None) -> State:
    graph = onrecord.open(write_graph(folder, **files))
    return State(graph.project, graph.quads())


@pytest.fixture
def monday(tmp_path: Path) -> State:
    return state(tmp_path / "monday")


@pytest.fixture
def tuesday(tmp_path: Path) -> State:
    """One source changed, one came and one went."""
    minutes = next(name for name in FILES if "minutes" in name and name.startswith("statements/"))
    files = {
        "statements/letter.yaml": LETTER.replace("status: expected", "status: planned"),
        "statements/register.jsonl": ROWS,
        "sources.yaml": SOURCES,
        minutes: None,
    }
    return state(tmp_path / "tuesday", **files)


@pytest.fixture
def there() -> Iterator[Cutting]:
    """A server in this process."""
    with cutting() as found:
        yield found


def keep_as(there: Cutting, state: State, kept: Path | None) -> None:
    """What was sent is kept in the folder of ``state`` as it is in another; or nothing is."""
    with Server(there.address, tries=1) as server:
        folder = kept_folder(state.project.build_folder, server)
    shutil.rmtree(folder, ignore_errors=True)
    if kept is not None:
        shutil.copytree(kept, folder)


def test_a_source_that_is_withdrawn_leaves_the_server_wherever_the_push_is_cut_off(
    there: Cutting, monday: State, tuesday: State
) -> None:
    monday.push(there)
    before = there.dump()
    tuesday.push(there)
    aim = there.dump()
    there.load(before)
    there.mend()
    tuesday.push(there)
    place = there.asked.index("DELETE /store")
    for at in (place - 1, place, place + 1):
        for is_done in (False, True):
            there.mend()
            there.load(before)
            there.cut(at, is_done=is_done)
            with pytest.raises(ServerError):
                tuesday.push(there)
            there.mend()
            assert tuesday.push(there).verified.wrong == ()  # type: ignore[union-attr]
            assert there.dump() == aim, (at, is_done)


@pytest.mark.slow
@pytest.mark.parametrize(("is_kept", "goes_back"), [(True, False), (False, True)])
def test_a_push_that_is_cut_off_at_any_request_is_taken_up(
    there: Cutting, monday: State, tuesday: State, is_kept: bool, goes_back: bool
) -> None:
    monday.push(there)
    before = there.dump()
    with Server(there.address, tries=1) as server:
        kept = kept_folder(monday.project.build_folder, server) if is_kept else None
    keep_as(there, tuesday, kept)
    there.mend()
    hows = {step.how for step in tuesday.push(there).plan.steps}
    assert hows == ({"whole", "changes", "removed"} if is_kept else {"whole", "removed"})
    requests, aim = len(there.asked), there.dump()
    for at in range(requests):
        for is_done in (False, True):
            there.mend()
            there.load(before)
            keep_as(there, tuesday, kept)
            there.cut(at, is_done=is_done)
            with pytest.raises(ServerError):
                tuesday.push(there)
            there.mend()
            done = (monday if goes_back else tuesday).push(there)
            assert done.verified is not None
            assert done.verified.wrong == ()
            assert there.dump() == (before if goes_back else aim), (at, is_done)
    there.mend()
    again = (monday if goes_back else tuesday).push(there)
    assert (again.plan.steps, {each for each in there.asked if each != "POST /query"}) == ((), {"GET /"})


@pytest.fixture
def built(tmp_path: Path, monday: State, tuesday: State) -> tuple[Built, Built]:
    for name, each in (("monday", monday), ("tuesday", tuesday)):
        build_shards(each.project.folder, tmp_path / f"{name}-built", Embedded(), 2)
    return require_built(tmp_path / "monday-built"), require_built(tmp_path / "tuesday-built")


@pytest.mark.slow
@pytest.mark.parametrize(("has_since", "then"), [(True, "again"), (False, "from its files")])
def test_a_transfer_that_is_cut_off_at_any_request_is_taken_up(
    there: Cutting, monday: State, tuesday: State, built: tuple[Built, Built], has_since: bool, then: str
) -> None:
    since = built[0] if has_since else None

    def send(new: Built, old: Built | None) -> None:
        with Server(there.address, tries=1) as server:
            verified = transfer(server, new, since=old).verified
            assert verified is not None
            assert verified.wrong == ()

    send(built[0], None)
    before = there.dump()
    if then == "again":
        send(built[1], since)
        aim = there.dump()
    else:
        tuesday.push(there)
        aim = there.dump()
    there.load(before)
    there.mend()
    send(built[1], since)
    for at in range(len(there.asked)):
        for is_done in (False, True):
            there.mend()
            there.load(before)
            there.cut(at, is_done=is_done)
            with pytest.raises(ServerError):
                send(built[1], since)
            there.mend()
            if then == "again":
                send(built[1], since)
            else:
                assert tuesday.push(there).verified.wrong == ()  # type: ignore[union-attr]
            assert there.dump() == aim, (at, is_done)


def test_while_a_push_is_under_way_or_after_it_was_cut_off_nothing_is_answered(
    there: Cutting, monday: State, tuesday: State
) -> None:
    monday.push(there)
    before = there.dump()
    there.mend()
    tuesday.push(there)
    first = next(at for at, each in enumerate(there.asked) if each == "POST /update")
    writes = [at for at, each in enumerate(there.asked) if each != "POST /query" and at >= first]
    graph = onrecord.open(tuesday.project.folder)
    for at in [*writes[:-1:5], writes[-1]]:
        there.mend()
        there.load(before)
        there.cut(at, is_done=True)
        with pytest.raises(ServerError):
            tuesday.push(there)
        there.mend()
        if at < writes[-1]:
            with pytest.raises(OnRecordError, match="a push to this server is under way, or was cut off"):
                graph.at(there.address)
        else:
            assert graph.at(there.address).remote is not None


def test_a_graph_that_is_none_of_the_dataset_is_told_and_taken_away_by_whole(there: Cutting, monday: State) -> None:
    monday.push(there)
    aim = there.dump()
    stray = f"{BASE}graph/source/withdrawn"
    there.load(aim | {f"<{BASE}a> <{BASE}b> <{BASE}c> <{stray}>"})
    verified = monday.push(there).verified
    assert verified is not None
    assert verified.wrong == (f"{stray} is no graph of this dataset",)
    assert monday.push(there, whole=True).verified.wrong == ()  # type: ignore[union-attr]
    assert there.dump() == aim


def test_a_dataset_from_its_files_is_not_taken_for_shards_with_as_many_triples(
    there: Cutting, monday: State, built: tuple[Built, Built]
) -> None:
    monday.push(there)
    with (
        Server(there.address, tries=1) as server,
        pytest.raises(OnRecordError, match="something else was pushed there"),
    ):
        transfer(server, built[1], since=built[0])


@pytest.mark.slow
def test_a_push_whose_process_is_killed_is_taken_up(tmp_path: Path, monday: State, tuesday: State) -> None:
    """Nine moments of it, before a request is carried out and after, on a real server."""

    def dump(root: str) -> list[str]:
        with Server(root) as server:
            rows = server.select("SELECT ?g ?s ?p ?o WHERE { GRAPH ?g { ?s ?p ?o } }")
        return sorted(repr(sorted((name, sorted(term.items())) for name, term in row.items())) for row in rows)

    def push(folder: Path, root: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["push", str(folder), root])
        return result.exit_code, result.stderr

    with oxigraph(tmp_path) as root, cutting(root) as there:
        first, second = monday.project.folder, tuesday.project.folder
        assert push(second, there.address)[0] == 0
        aim = dump(root)
        assert push(first, there.address)[0] == 0
        there.mend()
        assert push(second, there.address)[0] == 0
        requests = len(there.asked)
        command = [sys.executable, "-m", "onrecord", "push", str(second), there.address]
        for at in range(2, requests, max(1, requests // 8)):
            there.mend()
            assert push(first, there.address)[0] == 0
            there.cut(at, is_done=at % 2 == 0)
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
                there.when_cut = lambda pid=process.pid: os.kill(pid, signal.SIGKILL)  # type: ignore[misc]
                assert process.stderr is not None
                told = process.stderr.read().decode()
            assert (process.returncode, "Traceback" in told) == (-signal.SIGKILL, False)
            there.mend()
            code, told = push(second, there.address)
            assert (code, told.splitlines()[-1].partition(": ")[2].partition(",")[0]) == (0, "as they were sent")
            assert dump(root) == aim, at
