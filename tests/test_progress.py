"""What long work says of itself: to who watches, and to nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import onrecord
from onrecord.check.located import Located
from onrecord.progress import advance, counted, each, over, stage, unheard, watched
from onrecord.sources import Location, Text


class Heard:
    def __init__(self) -> None:
        self.said: list[tuple[object, ...]] = []

    def stage(self, name: str, total: int | None, unit: str) -> None:
        self.said.append((name, total, unit))

    def advance(self, count: int) -> None:
        self.said.append((count,))


def test_who_watches_hears() -> None:
    heard = Heard()
    with watched(heard):
        assert list(each("ab", "reading", "letters")) == ["a", "b"]
        over()
    stage("nobody listens")
    advance()
    assert heard.said == [("reading", 2, "letters"), (1,), (1,), ("", None, "")]


def test_what_is_made_says_nothing_of_its_own() -> None:
    def make(name: str) -> str:
        stage(f"making {name}")
        advance(7)
        return name

    heard = Heard()
    with watched(heard):
        stage("making all", 2, "things")
        for _ in unheard(map(make, "ab")):
            advance()
    assert heard.said == [("making all", 2, "things"), (1,), (1,)]


def test_many_quick_things_are_told_many_at_once() -> None:
    heard = Heard()
    with watched(heard):
        assert sum(1 for _ in counted(range(2500))) == 2500
        assert list(counted("")) == []
    assert heard.said == [(1000,), (1000,), (500,), (0,)]


def done_in(heard: Heard) -> dict[str, tuple[int | None, int]]:
    """What each stage said: how much there is to do, and how much was done in the end."""
    found: dict[str, tuple[int | None, int]] = {}
    name = ""
    for said in heard.said:
        if len(said) == 3:
            name, total = str(said[0]), said[1]
            found[name] = (total if isinstance(total, int) else None, 0)
        elif isinstance(said[0], int):
            found[name] = (found[name][0], found[name][1] + said[0])
    return found


def stages_of(work: Callable[[], object]) -> dict[str, tuple[int | None, int]]:
    heard = Heard()
    with watched(heard):
        work()
    return done_in(heard)


def test_what_was_to_be_done_is_done_in_the_end(graph_folder: Path) -> None:
    graph = onrecord.open(graph_folder)
    checked = stages_of(lambda: graph.examine(update_lock=True))
    assert checked["reading texts"] == checked["finding sentences"] == (2, 2)
    assert checked["looking for quotes"] == (5, 5)
    assert checked["checking the record"] == (11, 11)
    built = stages_of(graph.build)
    quads = built["making quads"][1]
    assert built["making quads"][0] is None and quads > 100
    assert built["inferring"][0] is None and built["inferring"][1] > 10
    for name in ("writing ttl", "writing trig", "loading the store"):
        total, done = built[name]
        assert total == done and done > 10
    for name in ("jsonld", "rdf"):
        total, done = stages_of(lambda name=name: graph.serialize(name))[f"writing {name}"]  # type: ignore[misc]
        assert total == done and done > quads / 2
    verified = stages_of(graph.verify)
    size = sum(path.stat().st_size for path in (graph.project.build_folder / "store").iterdir())
    total, done = verified["verifying the store"]
    assert total == done and size / 2 < done <= size
    total, done = verified["verifying files"]
    assert total == done and done > 1000


def test_a_quote_is_told_once_it_was_looked_for(graph_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One text may have all the quotes of a graph."""
    heard, seen = Heard(), []
    inner = Located.find

    def find(located: Located, quote: str, text: Text, prefix: str, suffix: str) -> Location:
        seen.append(sum(said == (1,) for said in heard.said[heard.said.index(("looking for quotes", 5, "quotes")) :]))
        return inner(located, quote, text, prefix, suffix)

    monkeypatch.setattr(Located, "find", find)
    with watched(heard):
        onrecord.open(graph_folder).check()
    assert seen == [0, 1, 2, 3, 4]


def test_another_thread_is_not_watched() -> None:
    heard = Heard()
    with watched(heard):
        thread = threading.Thread(target=stage, args=("elsewhere",))
        thread.start()
        thread.join()
    assert heard.said == []


def test_the_stages_of_a_check_and_a_query(graph_folder: Path) -> None:
    heard = Heard()
    graph = onrecord.open(graph_folder)
    with watched(heard):
        graph.check()
        said = list(heard.said)
        checked = [said[0] for said in heard.said if isinstance(said[0], str)]
        heard.said.clear()
        graph.query("SELECT * { ?s a onr:Statement }")
    size = sum(path.stat().st_size for path in (graph_folder / "statements").iterdir())
    assert said[1] == ("reading", size, "bytes")
    assert sum(count for (count,) in said[2 : said.index(("resolving names", None, ""))]) == size
    assert [name for name in checked if name in ("looking for quotes", "checking the record", "checking shapes")] == [
        "looking for quotes",
        "checking the record",
        "checking shapes",
    ]
    assert heard.said[-2:] == [("answering", None, "rows"), (5,)]
