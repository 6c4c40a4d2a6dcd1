"""What long work says of itself: to who watches, and to nobody else."""

from __future__ import annotations

import threading
from pathlib import Path

import onrecord
from onrecord.progress import advance, each, over, stage, watched


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
