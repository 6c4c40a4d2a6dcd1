"""A build that leaves out broken rows is the build of a graph without them, and says what it left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import onrecord
from inline import notes, write_notes
from onrecord.cli import main
from onrecord.errors import GraphBroken
from onrecord.manifest import is_fresh

GOOD = """
- triple: [Rose Marsh, chairs, Garden Society]
  quote: in the chair
- triple: [Basil Thorn, tends, plot 7]
  said by: a neighbour
  quote: says a neighbour
"""
LAST = """
- triple: [Rose, believes, [Basil Thorn, tends, plot 7]]
  quote: she believes
"""
HEAD = """\
source:
  id: letter
  title: The letter
  published: 2024-06-10
  speakers:
    - {id: n, label: a neighbour}
"""
OTHER = notes("- triple: [Rose, tends, plot 7]\n  quote: she does", HEAD.replace("letter", "minutes"))
BROKEN = {
    "unknown name": "- triple: [Rose, chairs, Nobody At All]\n  quote: one\n",
    "unknown field": "- triple: [Rose, tends, plot 7]\n  stauts: expected\n  quote: one\n",
    "wrong status": "- triple: [Rose, tends, plot 7]\n  status: perhaps\n  quote: one\n",
    "wrong date": "- triple: [Rose, attends, summer show]\n  when: next week\n  quote: one\n",
    "wrong range": "- triple: [Rose, chairs, plot 7]\n  quote: one\n",
    "no triple": "- quote: one\n",
    "inside another": "- triple: [Basil, believes, [Rose, chairs, Nobody At All]]\n  quote: one\n",
    "what refers to it": "- id: wrong\n  triple: [Rose, chairs, plot 7]\n  quote: one\n"
    "- triple: [Basil Thorn, believes, statement:wrong]\n  quote: two\n",
    "what is qualified by it": "- id: wrong\n  triple: [Rose, chairs, Nobody At All]\n  quote: one\n"
    "- triple: [Basil Thorn, attends, summer show]\n  at: statement:wrong\n  quote: two\n",
    "what refers to it, though another source says the same": "- id: wrong\n  triple: [Rose, tends, plot 7]\n"
    "  status: perhaps\n  quote: one\n- triple: [Basil Thorn, believes, statement:wrong]\n  quote: two\n",
}


def build(folder: Path, out: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["build", str(folder), "-o", str(out), "--no-evidence", *options])
    return done.exit_code, done.output


def dataset(out: Path) -> bytes:
    return (out / "garden.nq").read_bytes()


def garden(home: Path, name: str, letter: str, **files: str | bytes | None) -> Path:
    more: dict[str, str | bytes | None] = {"statements/letter.yaml": notes(letter, HEAD)}
    return write_notes(home / name / "garden", "", **{**more, "statements/minutes.yaml": OTHER, **files})


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_row_is_left_out(tmp_path: Path, name: str) -> None:
    whole = garden(tmp_path, "whole", GOOD + LAST)
    broken = garden(tmp_path, "broken", GOOD + BROKEN[name] + LAST)
    code, said = build(whole, tmp_path / "a", "--skip-broken")
    assert code == 0
    assert build(broken, tmp_path / "b")[0] == 1
    assert not (tmp_path / "b").exists(), "by default nothing is written"
    code, said = build(broken, tmp_path / "b", "--skip-broken")
    assert code == 1
    assert "letter.yaml:" in said and "fix: " in said and "left out" in said
    assert dataset(tmp_path / "a") == dataset(tmp_path / "b")
    sound, left = (json.loads((tmp_path / out / "manifest.json").read_text("utf-8")) for out in "ab")
    assert left["counts"].pop("rejects") >= (2 if name.startswith("what ") else 1)
    assert left["counts"] == sound["counts"]
    assert left.pop("left out") == ["broken rows"]
    assert not is_fresh(onrecord.open(broken).project, tmp_path / "b"), "no query is answered from it unasked"
    assert onrecord.open(broken).verify(tmp_path / "b") == []


def test_rows_of_a_table(tmp_path: Path) -> None:
    lines = ["letter,Rose,tends,plot 7,she digs", "letter,Basil Thorn,attends,summer show,he goes"]
    head = "source,subject,predicate,object,quote\n"
    bad = "letter,Rose,chairs,Nobody At All,one"
    whole = garden(tmp_path, "whole", GOOD, **{"statements/table.csv": head + "\n".join(lines)})
    broken = garden(tmp_path, "broken", GOOD, **{"statements/table.csv": head + "\n".join([lines[0], bad, lines[1]])})
    assert build(whole, tmp_path / "a")[0] == 0
    assert build(broken, tmp_path / "b", "--skip-broken")[0] == 1
    assert dataset(tmp_path / "a") == dataset(tmp_path / "b")


def test_the_source_takes_its_rows_along(tmp_path: Path) -> None:
    wrong = {"statements/letter.yaml": notes(GOOD + LAST, HEAD.replace("2024-06-10", "in June"))}
    whole = garden(tmp_path, "whole", GOOD, **{"statements/letter.yaml": None})
    assert build(whole, tmp_path / "a")[0] == 0
    assert build(garden(tmp_path, "broken", "", **wrong), tmp_path / "b", "--skip-broken")[0] == 1
    assert dataset(tmp_path / "a") == dataset(tmp_path / "b")


def test_what_all_rows_rest_on_stops_the_build(tmp_path: Path) -> None:
    broken = garden(tmp_path, "broken", GOOD + BROKEN["unknown name"], **{"entities.yaml": "- id: rose\n"})
    assert build(broken, tmp_path / "b", "--skip-broken")[0] == 1
    assert not (tmp_path / "b").exists()
    with pytest.raises(GraphBroken):
        onrecord.open(broken).build(tmp_path / "b", skip_broken=True)


def test_after_the_mending_nothing_is_missing(tmp_path: Path) -> None:
    folder, out = garden(tmp_path, "one", GOOD + BROKEN["wrong status"] + LAST), tmp_path / "out"
    assert build(folder, out, "--skip-broken")[0] == 1
    path = folder / "statements/letter.yaml"
    path.write_text(path.read_text("utf-8").replace("perhaps", "expected"), "utf-8")
    assert build(folder, out)[0] == 0
    assert build(folder, tmp_path / "fresh")[0] == 0
    assert dataset(out) == dataset(tmp_path / "fresh")
    assert (out / "manifest.json").read_bytes() == (tmp_path / "fresh/manifest.json").read_bytes()


def test_it_goes_with_building_only(tmp_path: Path) -> None:
    assert build(tmp_path, tmp_path / "out", "--skip-broken", "--watch")[0] == 2
