"""Owns the tests of reading a state: the same graph gives the same state from a folder, a revision, a build."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest

import onrecord
from inline import sound
from onrecord.errors import GraphBroken, GraphNotFound, OnRecordError
from onrecord.explain.changes import compare
from onrecord.explain.states import CANONICAL, read_states, state_of
from onrecord.lens import Lens
from small_graph import write_graph

GRAPHS = Path(__file__).resolve().parents[2] / "graphs"
TWICE = """
- triple: [Basil Thorn, tends, plot 7]
  quote:
    - he tends it
    - it is his
  hedge: it seems
  recorded: 2024-06-05
- triple: [Basil Thorn, tends, plot 7]
  quote:
    - it is his
    - he digs
  note: said again
"""


def test_rows_of_one_statement_are_one_record(tmp_path: Path) -> None:
    table = state_of(sound(tmp_path / "garden", TWICE).loaded, Lens(), "garden").table
    assert table.schema == CANONICAL
    assert table.select("quotes", "hedge", "note", "status", pl.col("recorded").cast(pl.String)).to_dicts() == [
        {
            "quotes": ["he digs", "he tends it", "it is his"],
            "hedge": ["it seems"],
            "note": ["said again"],
            "status": "stated",
            "recorded": "2024-06-01",
        }
    ]


@pytest.mark.parametrize("name", ["harbour-bridge", "miami-talks"])
def test_a_build_is_read_back_as_it_was(tmp_path: Path, name: str) -> None:
    onrecord.open(GRAPHS / name).build(tmp_path / "out")
    folder, built = read_states(str(GRAPHS / name), str(tmp_path / "out"), Lens())
    assert built.table.equals(folder.table)
    assert built.entities == folder.entities
    assert built.sources == folder.sources
    assert built.words == folder.words
    assert not compare(folder, built)
    day = onrecord.open(GRAPHS / name).statements["recorded_day"].min()
    early = read_states(str(GRAPHS / name), str(tmp_path / "out"), Lens(day))
    assert 0 < early[0].table.height < folder.table.height
    assert not compare(*early)


def test_a_build_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    garden = write_graph(tmp_path / "garden")
    out = tmp_path / "out"
    onrecord.open(garden).build(out)
    (out / "garden.trig").write_text("", "utf-8")
    with pytest.raises(OnRecordError, match="not the file that the build wrote"):
        read_states(str(garden), str(out), Lens())
    (out / "manifest.json").write_text("{}", "utf-8")
    with pytest.raises(OnRecordError, match="cannot be read"):
        read_states(str(garden), str(out), Lens())


def test_the_policy_of_a_build_is_in_its_manifest_or_the_default(tmp_path: Path) -> None:
    garden = write_graph(tmp_path / "garden")
    out = tmp_path / "out"
    onrecord.open(garden).build(out)
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    manifest["assert policy"] = {"own voice": ["stated", "expected"], "speaker": ["stated"]}
    (out / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    found = compare(*read_states(str(garden), str(out), Lens()))
    assert [(turn.kind, turn.text) for turn in found.propositions if "fact" in turn.kind] == [
        ("now stands as fact", "Basil Thorn tends plot 7"),
        ("now stands as fact", "Rose Marsh attends summer show, for Garden Society"),
    ]


def test_a_folder_that_holds_nothing_is_refused(tmp_path: Path) -> None:
    garden = write_graph(tmp_path / "garden")
    with pytest.raises(GraphNotFound, match="neither onrecord\\.yaml nor the manifest\\.json"):
        read_states(str(garden), str(tmp_path), Lens())
    with pytest.raises(GraphNotFound, match="no such folder"):
        read_states(str(garden), str(tmp_path / "nowhere"), Lens())


def test_a_broken_graph_is_refused(tmp_path: Path) -> None:
    garden = write_graph(tmp_path / "garden")
    broken = write_graph(tmp_path / "broken", **{"entities.yaml": "- id: rose\n"})
    with pytest.raises(GraphBroken, match="broken has"):
        read_states(str(garden), str(broken), Lens())


def test_a_lens_may_ask_for_a_source_of_either_side(tmp_path: Path) -> None:
    both = write_graph(tmp_path / "both")
    one = write_graph(tmp_path / "one", **{"statements/minutes.yaml": None})
    found = compare(*read_states(str(one), str(both), Lens(sources=frozenset({"minutes"}))))
    assert found.counts()["statements"] == {"added": 2}
    assert found.counts()["sources"] == {"added": 1}
    with pytest.raises(OnRecordError, match='no source is called "minuets"'):
        read_states(str(one), str(both), Lens(sources=frozenset({"minuets"})))


def test_a_source_of_a_later_day_is_not_there_yet(tmp_path: Path) -> None:
    both = write_graph(tmp_path / "both")
    one = write_graph(tmp_path / "one", **{"statements/minutes.yaml": None})
    assert not compare(*read_states(str(one), str(both), Lens(dt.date(2024, 6, 5))))
    assert compare(*read_states(str(one), str(both), Lens(dt.date(2024, 6, 9))))
