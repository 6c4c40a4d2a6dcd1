"""Owns the tests of ``onrecord.entries``; that changes are undone to the byte is tested where the entries are."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import onrecord
from onrecord.entries import alone, dash_indent, line_end, save
from onrecord.errors import OnRecordError
from small_graph import write_graph


@pytest.mark.parametrize(
    ("text", "indent"), [("", ""), ("# none yet\n", ""), ("- a\n", ""), ("\ufeff  - a\n  - b\n", "  ")]
)
def test_entries_stand_under_those_that_are_there(text: str, indent: str) -> None:
    assert dash_indent(text, "list.yaml") == indent


@pytest.mark.parametrize("text", ["[a, b]\n", "a: b\n", "words\n"])
def test_what_is_no_list_of_dashes_takes_no_entry(text: str) -> None:
    with pytest.raises(OnRecordError, match="nothing can be added to this file"):
        dash_indent(text, "list.yaml")


def test_lines_end_as_the_first_one_does() -> None:
    assert [line_end(text) for text in ("", "a", "a\n", "a\r\nb\n", "a\rb\n")] == ["\n", "\n", "\n", "\r\n", "\r"]


def test_a_file_is_replaced_or_deleted(tmp_path: Path) -> None:
    path = tmp_path / "list.yaml"
    save(path, "list.yaml", "- a\r\n")
    assert path.read_bytes() == b"- a\r\n"
    save(path, "list.yaml", None)
    save(path, "list.yaml", None)
    assert not path.exists()


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    order = []

    def other() -> None:
        with alone(tmp_path):
            order.append("second")

    with alone(tmp_path):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_withdrawals_at_once_are_all_kept(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "garden")
    graphs = [onrecord.open(folder) for _ in range(2)]
    for graph in graphs:
        graph.check()
    threads = [
        threading.Thread(target=graph.retract, args=(source,), kwargs={"why": "made up"})
        for graph, source in zip(graphs, ("letter", "minutes"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = (folder / "withdrawn.yaml").read_text("utf-8")
    entries = sorted(line for line in kept.splitlines() if line.startswith("- "))
    assert entries == ["- source: letter", "- source: minutes"]
