"""The editions of a server in this process: what comes of a job, whatever goes wrong, and when nothing is served."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import tempfile
import threading
import tracemalloc
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from onrecord.errors import OnRecordError
from onrecord.serve import live
from onrecord.serve.answers import Answers
from onrecord.serve.desk import Broken, Desk
from onrecord.serve.edition import Counter, Done, answer_jobs
from onrecord.serve.editions import Edition, EditionLost, Editions, LongBody, Reply
from onrecord.serve.log import Log
from onrecord.serve.messages import HEAD, INLINE
from onrecord.serve.metrics import Metrics
from onrecord.serve.server import _tell_end
from onrecord.serve.service import Service
from onrecord.serve.settings import Settings
from onrecord.serve.upstream import Upstream
from onrecord.spool import Spool
from onrecord.workers import Evaluated
from small_graph import ENTITIES, LETTER, LETTER_TEXT, write_graph

HEADS = "SELECT ?who WHERE { ?who gar:chairs ?what }"
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?a != ?i) }"
TYPO = LETTER.replace("[Rose Marsh, chairs,", "[Rosa Marsh, chairs,")
MARKED = ENTITIES.replace("  label: Rose Marsh\n", "  label: Rose Marsh\n  protected: true\n")


def settings_of(folder: Path) -> Settings:
    return Settings(folder, allowed_hosts=("garden.example",))


def open_desk(folder: Path, out: Path) -> Desk:
    return Desk({**settings_of(folder).for_edition(out), "workers": 1})


class Fresh:
    """An edition that is told how it went."""

    is_running = True

    def __init__(self, **facts: Any) -> None:
        self.facts: dict[str, Any] = {"message": "", "problems": [], "build": "one", **facts}
        self.build = self.facts["build"]

    async def end(self) -> None:
        pass

    async def retire(self) -> None:
        pass


def renewed(monkeypatch: pytest.MonkeyPatch, *facts: dict[str, Any]) -> list[tuple[str, bool]]:
    """How each rebuild went that gives these ``facts``, and whether nothing is served after it."""
    coming = iter(facts)

    async def start(settings: Settings) -> Any:
        return Fresh(**next(coming))

    async def renew_all() -> list[tuple[str, bool]]:
        current: Any = Fresh()
        editions = Editions(Settings(Path()), current)
        return [(await editions.renew(), editions.withheld) for _ in facts]

    monkeypatch.setattr(Edition, "start", start)
    return asyncio.run(renew_all())


def test_what_is_withheld_stays_so_until_an_edition_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    undecided, failed = {"state": "undecided", "undecided": True}, {"state": "failed", "undecided": False}
    broken, ready = {"state": "broken", "undecided": False}, {"state": "ready", "build": "two"}
    assert renewed(monkeypatch, broken, failed, undecided, broken, failed, {"state": "failed"}, ready, broken) == [
        ("broken", False),
        ("failed", False),
        ("undecided", True),
        ("broken", True),
        ("failed", True),
        ("failed", True),
        ("ready", False),
        ("broken", False),
    ]


def test_a_graph_that_is_the_same_again_is_served_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found = renewed(monkeypatch, {"state": "undecided", "undecided": True}, {"state": "ready"})
    assert found == [("undecided", True), ("same", False)]


def test_an_edit_that_marks_and_breaks_at_once_withholds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for number, things in enumerate((ENTITIES, MARKED)):
        files = {"statements/letter.yaml": TYPO, "entities.yaml": things}
        folder = write_graph(tmp_path / str(number) / "garden", **files)
        with pytest.raises(Broken) as broken:
            open_desk(folder, tmp_path / "out")
        found.append(broken.value.undecided)
    assert found == [False, True]
    assert renewed(monkeypatch, {"state": "broken", "undecided": True}) == [("broken", True)]


# jobs


class Pipe(io.BytesIO):
    """What a server writes to an edition: jobs, one after another."""

    def __init__(self, *jobs: dict[str, Any]) -> None:
        texts = [json.dumps(job).encode() for job in jobs]
        super().__init__(b"".join(HEAD.pack(len(text), 0) + text for text in texts))


def test_a_cancel_that_comes_before_its_job_has_begun_is_not_lost(tmp_path: Path) -> None:
    desk = open_desk(write_graph(tmp_path / "garden"), tmp_path / "out")
    slow = {"id": 1, "job": "query", "query": SLOW, "formats": {"rows": "csv"}}
    waits = {**slow, "id": 2, "query": HEADS}
    replies: dict[int, dict[str, Any]] = {}

    def hand_out(number: int, done: Done) -> None:
        replies[number] = done.result()[0]

    jobs = Pipe(slow, waits, {"id": 2, "job": "cancel", "of": 2}, {"id": 1, "job": "cancel", "of": 1})
    answer_jobs(jobs, desk, hand_out, 1)
    assert {number: head["error"] for number, head in replies.items()} == {1: "cancelled", 2: "cancelled"}


def test_what_was_cancelled_before_it_began_is_not_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = open_desk(write_graph(tmp_path / "garden"), tmp_path / "out")
    made: list[str] = []
    monkeypatch.setitem(desk._pages, "slow.html", lambda: made.append("slow.html") or b"")  # type: ignore[func-returns-value]
    page = {"id": 1, "job": "page", "path": "slow.html"}
    desk.expect(page)
    desk.cancel(1)
    assert (desk.reply(page)[0]["error"], made) == ("cancelled", [])
    assert (desk.reply({**page, "id": 2})[0]["kind"], made) == ("page", ["slow.html"])


def test_the_address_of_a_thing_waits_for_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = open_desk(write_graph(tmp_path / "garden"), tmp_path / "out")
    is_told = threading.Event()
    order: list[int] = []
    monkeypatch.setitem(desk._pages, "slow.html", lambda: b"in time" if is_told.wait(10) else b"too late")

    def hand_out(number: int, done: Done) -> None:
        order.append(number)
        is_told.set()

    page, address = {"id": 1, "job": "page", "path": "slow.html"}, {"id": 2, "job": "address", "iri": "urn:none"}
    answer_jobs(Pipe(page, address), desk, hand_out, 1)
    assert order == [2, 1]


TENDED = "#+ title: Tended?\nSELECT ?who WHERE { ?who gar:tends ?plot }\n"


@pytest.mark.parametrize("redact", [False, True])
@pytest.mark.parametrize(
    "edited",
    [
        "#+ title: Tended?\nSELECT ?who WHERE { VALUES ?who { 'Rose Marsh' } }\n",
        "#+ title: Tended?\nSELECT ?who WHERE { ?who 'Rose Marsh' }\n",
        "CONSTRUCT { ?a ?b 'Rose Marsh' } WHERE { ?a ?b ?c }\n",
        "#+ defaults: Rose Marsh\nASK {}\n",
        "",
    ],
)
def test_a_question_that_is_edited_is_put_as_it_was(tmp_path: Path, edited: str, redact: bool) -> None:
    """Its new text belongs to the next edition, which looks at it for what is protected first."""
    folder = write_graph(tmp_path / "garden", **{"questions/tended.rq": TENDED, "entities.yaml": MARKED})
    settings = Settings(folder, redact=redact, secret=b"a secret of the garden")
    desk = Desk({**settings.for_edition(tmp_path / "out"), "workers": 1})
    job = {"id": 1, "job": "ask", "name": "tended", "parameters": {}, "formats": {"rows": "csv", "boolean": "csv"}}
    before = desk.reply(job)
    file = folder / "questions/tended.rq"
    file.write_text(edited) if edited else file.unlink()
    (folder / "questions/new.rq").write_text(edited or TENDED)
    assert (desk.reply(job), before[0]) == (before, {"kind": "rows"})
    assert desk.reply({**job, "name": "new"})[0]["error"] == "unknown"


class Out:
    """A counter whose messages are kept."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[dict[str, Any], bytes]] = []
        self.counter = Counter.__new__(Counter)
        self.counter._folder = folder
        monkeypatch.setattr(Counter, "send", lambda _, head, body=b"": self.sent.append((head, body)))

    def hand_out(self, head: dict[str, Any], body: bytes | Evaluated) -> tuple[dict[str, Any], bytes]:
        done: Done = Future()
        done.add_done_callback(lambda done: self.counter.hand_out(7, done))
        done.set_result((head, body))
        return self.sent.pop()


def test_a_long_answer_for_which_there_is_no_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        name = str(tmp_path / "answer-1")

        def writelines(self, lines: Any) -> None:
            raise OSError(28, "No space left on device")

    def temporary(**options: Any) -> Full:
        (tmp_path / "answer-1").touch()
        return Full()

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", temporary)
    head, body = Out(tmp_path, monkeypatch).hand_out({"kind": "rows"}, bytes(INLINE + 1))
    assert (head["id"], head["error"], body) == (7, "full", b"")
    assert (head["message"], head["detail"]) == (
        "this machine has no room for so long an answer; narrow the query, or ask again later",
        "a long answer: [Errno 28] No space left on device",
    )
    assert list(tmp_path.iterdir()) == []


def test_a_long_answer_goes_through_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = bytes(range(256)) * (INLINE // 200)
    head, body = Out(tmp_path, monkeypatch).hand_out({"kind": "rows"}, sent)
    long = LongBody(Path(head["file"]))
    assert (body, long.size, list(tmp_path.iterdir())) == (b"", len(sent), [])
    assert long.read_at(5, 1000) + long.read_at(1005, len(sent)) == sent[5:]


def test_a_long_answer_is_never_whole_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = open_desk(write_graph(tmp_path / "garden"), tmp_path / "out")
    wide = (
        "SELECT ?a ?d ?g { { SELECT ?a { ?a ?b ?c } LIMIT 100 } { SELECT ?d { ?d ?e ?f } LIMIT 100 } ?g a gar:Person }"
    )
    job = {"id": 1, "job": "query", "query": wide, "formats": {"rows": "csv"}}
    out = Out(tmp_path, monkeypatch)
    monkeypatch.setattr(Spool.__init__, "__defaults__", (INLINE // 8,))
    tracemalloc.start()
    try:
        head, body = out.hand_out(*desk.reply(job))
        assert tracemalloc.get_traced_memory()[1] < INLINE * 3 // 2
    finally:
        tracemalloc.stop()
    assert (body, LongBody(Path(head["file"])).size > 2 * INLINE) == (b"", True)


# replies


class Stream:
    """One end of a process: what it says, and what it is told."""

    def __init__(self, *messages: tuple[dict[str, Any], bytes]) -> None:
        texts = [(json.dumps(head).encode(), body) for head, body in messages]
        self._data = io.BytesIO(b"".join(HEAD.pack(len(head), len(body)) + head + body for head, body in texts))

    async def readexactly(self, size: int) -> bytes:
        found = self._data.read(size)
        if len(found) < size:
            raise asyncio.IncompleteReadError(found, size)
        return found


class Process:
    """A process that says what it is given to say."""

    returncode = None
    stdin = None

    def __init__(self, stdout: Any) -> None:
        self.stdout = stdout


def test_an_answer_that_nobody_waits_for_leaves_no_file(tmp_path: Path) -> None:
    left = tmp_path / "answer-1"
    left.write_bytes(b"rows")
    stdout = Stream(({"id": 1, "kind": "rows", "file": str(left)}, b""), ({"id": 2, "file": str(left)}, b""))

    async def read() -> list[Reply | None]:
        found: Any = Process(stdout)
        edition = Edition(tmp_path, found)
        return [await edition._read() for _ in range(3)]

    first, second, last = asyncio.run(read())
    assert not left.exists()
    assert first is not None and first.long is not None and first.long.read_at(0, 9) == b"rows"
    assert second is not None and (second.head["id"], second.head["error"]) == (2, "full")
    assert last is None


def test_what_cannot_be_read_of_a_process_keeps_nobody_waiting(tmp_path: Path) -> None:
    class Garbage(Stream):
        async def readexactly(self, size: int) -> bytes:
            return b"\x00" * size

    async def ask() -> None:
        found: Any = Process(Garbage())
        edition = Edition(tmp_path, found)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        edition._waiting[1] = future
        with pytest.raises(ValueError):
            await edition._read_replies()
        with pytest.raises(EditionLost):
            await asyncio.wait_for(future, 5)

    asyncio.run(ask())


@pytest.mark.parametrize("what", ["folder", "process"])
def test_a_process_that_cannot_be_started_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def fail(*_: Any, **options: Any) -> Any:
        raise OSError(28, "No space left on device", "/a/path/of/this/machine")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    if what == "folder":
        monkeypatch.setattr(tempfile, "mkdtemp", fail)
    else:
        monkeypatch.setattr(asyncio, "create_subprocess_exec", fail)
    told = "this machine cannot begin to build the graph: No space left on device"
    with pytest.raises(OnRecordError, match=f"^{told}$"):
        asyncio.run(Edition.start(settings_of(tmp_path)))
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_is_gone_at_once_is_a_failed_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(Process):
        def kill(self) -> None:
            raise ProcessLookupError

        async def wait(self) -> int:
            return -9

    async def start(*command: str, **options: Any) -> Gone:
        return Gone(Stream())

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(asyncio, "create_subprocess_exec", start)
    facts = asyncio.run(Edition.start(settings_of(tmp_path))).facts
    assert facts == {"state": "failed", "message": "the build ended early", "problems": []}
    assert list(tmp_path.iterdir()) == []


# the name of a build


def edited_while(monkeypatch: pytest.MonkeyPatch, name: str, edit: Callable[[], object]) -> None:
    """Have ``edit`` happen right before the desk does ``name``."""
    import onrecord.graph

    before = getattr(onrecord.graph.Graph, name)

    def do(self: Any, *given: Any, **more: Any) -> Any:
        edit()
        return before(self, *given, **more)

    monkeypatch.setattr(onrecord.graph.Graph, name, do)


def test_a_corrected_text_is_another_build(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "garden")
    names = [open_desk(folder, tmp_path / "1").facts["build"], open_desk(folder, tmp_path / "2").facts["build"]]
    (folder / "sources/letter.txt").write_text(LETTER_TEXT.replace("dry spring", "wet spring"))
    names.append(open_desk(folder, tmp_path / "3").facts["build"])
    assert (names[0] == names[1], names[1] == names[2]) == (True, False)


def test_an_edit_during_a_build_is_another_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read before the edit must not pass for what is there after it, or it would be served for good."""
    folder = write_graph(tmp_path / "garden")
    letter = folder / "statements/letter.yaml"
    with monkeypatch.context() as patched:
        edited_while(
            patched, "build", lambda: letter.write_text(LETTER.replace("Rose Marsh, chairs", "Basil Thorn, chairs"))
        )
        old = open_desk(folder, tmp_path / "1")
    new = open_desk(folder, tmp_path / "2")
    ask = {"id": 1, "job": "query", "query": HEADS, "formats": {"rows": "csv"}}
    assert [desk.reply(ask)[1].splitlines()[1][-5:] for desk in (old, new)] == [b"/rose", b"basil"]
    assert old.facts["build"] != new.facts["build"]


# following the files


@pytest.mark.parametrize("running", [False, True], ids=["gone", "failed"])
def test_what_cannot_be_replaced_is_tried_less_and_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: bool
) -> None:
    pauses: list[float] = []
    edition = SimpleNamespace(is_running=running)

    async def wait_for(waiting: Coroutine[Any, Any, bool], seconds: float) -> bool:
        waiting.close()
        pauses.append(seconds)
        if len(pauses) == 12:
            raise asyncio.CancelledError
        raise TimeoutError

    async def renew(service: Any) -> str:
        edition.is_running = running or len(pauses) == 9
        return "ready" if len(pauses) == 9 else "failed"

    async def follow() -> None:
        service: Any = SimpleNamespace(edition=edition, settings=SimpleNamespace(watch=False, store=""))
        watch = live.Watch(write_graph(tmp_path / "garden"))
        if running:
            watch._changed.set()
        with monkeypatch.context() as patched, contextlib.suppress(asyncio.CancelledError):
            patched.setattr(asyncio, "wait_for", wait_for)
            await watch.keep_current(service)

    monkeypatch.setattr(live, "_renew", renew)
    asyncio.run(follow())
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0, 1.0, 1.0, 1.0]


def test_a_server_behind_is_looked_at_every_second_however_often_builds_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    tries: list[int] = []

    async def wait_for(waiting: Coroutine[Any, Any, bool], seconds: float) -> bool:
        waiting.close()
        looks.append(seconds)
        if len(looks) == 20:
            raise asyncio.CancelledError
        raise TimeoutError

    async def look(watch: Any, service: Any) -> bool:
        return len(looks) == 18

    async def renew(service: Any) -> str:
        tries.append(len(looks))
        return "failed"

    async def follow() -> None:
        settings = SimpleNamespace(watch=False, store="http://127.0.0.1:1")
        service: Any = SimpleNamespace(edition=SimpleNamespace(is_running=True), settings=settings)
        watch = live.Watch(write_graph(tmp_path / "garden"))
        watch._changed.set()
        with monkeypatch.context() as patched, contextlib.suppress(asyncio.CancelledError):
            patched.setattr(asyncio, "wait_for", wait_for)
            await watch.keep_current(service)

    monkeypatch.setattr(live, "_renew", renew)
    monkeypatch.setattr(live.Watch, "_look_at_store", look)
    asyncio.run(follow())
    assert (set(looks), tries) == ({1.0}, [1, 3, 7, 15, 18])


def test_what_failed_for_a_passing_reason_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other file has to change for that: the edit that could not be built is served once it can be."""
    coming = iter(
        [
            OnRecordError("this machine cannot begin to build the graph: No space left on device"),
            Fresh(state="failed", message="the build ended early"),
            Fresh(state="ready", build="two"),
        ]
    )
    told: list[str | None] = []

    async def follow() -> None:
        settings = Settings(write_graph(tmp_path / "garden"), watch=False)
        before: Any = Fresh()
        editions, metrics = Editions(settings, before), Metrics()
        log = Log(as_json=True, stream=io.StringIO())
        service = Service(settings, editions, Answers(settings, metrics), metrics, log)

        async def start(settings: Settings) -> Any:
            told.append(editions.trouble and editions.trouble["message"])
            fresh = next(coming)
            if isinstance(fresh, OnRecordError):
                raise fresh
            return fresh

        monkeypatch.setattr(Edition, "start", start)
        watch = live.Watch(settings.graph)
        watch._changed.set()
        keeping = asyncio.create_task(watch.keep_current(service))
        try:
            async with asyncio.timeout(5):
                while service.edition.build != "two":
                    await asyncio.sleep(0.01)
        finally:
            keeping.cancel()
            told.append(editions.trouble and editions.trouble["message"])

    monkeypatch.setattr(live, "RESTART_SECONDS", 0.01)
    asyncio.run(follow())
    no_space = "this machine cannot begin to build the graph: No space left on device"
    assert told == [None, no_space, "the build ended early", None]


def test_a_folder_that_cannot_be_looked_into_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Path] = []
    told = threading.Event()

    def changes(project: Any, *, files: Any, stop: threading.Event) -> Iterator[frozenset[Path]]:
        begun.append(project.folder)
        if len(begun) < 3:
            raise PermissionError(13, "Permission denied")
        yield frozenset({tmp_path})
        told.set()
        stop.wait()

    async def follow() -> tuple[bool, bool, bool]:
        watch = live.Watch(write_graph(tmp_path / "garden"))
        thread = threading.Thread(target=watch._look, daemon=True)
        thread.start()
        is_told = await asyncio.to_thread(told.wait, 10)
        watch._stop.set()
        await asyncio.to_thread(thread.join, 10)
        return is_told, watch._changed.is_set(), thread.is_alive()

    monkeypatch.setattr(live, "RESTART_SECONDS", 0.01)
    monkeypatch.setattr(live, "changes", changes)
    assert asyncio.run(follow()) == (True, True, False)


def test_a_mistake_in_following_the_files_is_told() -> None:
    told: list[dict[str, Any]] = []

    async def fail() -> None:
        raise AssertionError("a mistake of ours")

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(context))
        for keeping in (loop.create_task(fail()), loop.create_task(asyncio.sleep(60))):
            keeping.add_done_callback(_tell_end)
            await asyncio.sleep(0)
            keeping.cancel()
            await asyncio.wait({keeping})
            await asyncio.sleep(0)

    asyncio.run(run())
    assert [(each["message"], str(each["exception"])) for each in told] == [
        ("the files are followed no more", "a mistake of ours")
    ]


# the server behind


class Behind:
    """An edition that says what a server behind it holds."""

    def __init__(self, *, is_current: bool) -> None:
        self._head = {"kind": "state", "state": "s", "is_current": is_current}
        self.asked = 0

    async def ask(self, job: str) -> Reply:
        self.asked += 1
        return Reply(self._head)


def test_a_new_edition_is_looked_at_anew() -> None:
    """What was found of the one before, that the store has changed, is no word on the one that followed it."""
    before: Any = Behind(is_current=False)
    after: Any = Behind(is_current=True)
    upstream = Upstream()

    async def look() -> list[str]:
        return [(await upstream.look(each)).status for each in (before, before, after, after)]

    assert asyncio.run(look()) == ["changed", "changed", "ok", "ok"]
    assert (before.asked, after.asked) == (1, 1)
