"""Statement files in Parquet: texts stay texts, and no damage ends the process."""

from __future__ import annotations

import datetime as dt
import io
import json
import random
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from onrecord.parse import trial
from reading import Read, read
from small_graph import write_only

COLUMNS = {"source": ["letter"], "subject": ["Rose"], "predicate": ["tends"], "object": ["plot 7"]}


def packed(**columns: object) -> bytes:
    data = io.BytesIO()
    pl.DataFrame(COLUMNS | columns).write_parquet(data)
    return data.getvalue()


def reading(folder: Path, data: bytes, name: str = "a.parquet") -> Read:
    return read(write_only(folder / "garden", **{f"statements/{name}": data}))


def test_columns_are_fields(tmp_path: Path) -> None:
    data = packed(
        **{
            "said_by": [["Rose", "Basil"]],
            "via": ["Ada | Rose"],
            "quote": ["[...] will | come"],
            "not": [True],
            "recorded": [dt.date(2024, 6, 1)],
            "locator": [7],
            "note": ["010"],
            "hedge": pl.Series(["reportedly"], dtype=pl.Categorical),
            "when": pl.Series([None], dtype=pl.Null),
            "when text": [" "],
            "for": [["Rose", "Basil"]],
            "in the words": ["a | b"],
        }
    )
    found = reading(tmp_path, data)
    assert found.problems == []
    (row,) = found.parsed.statements.to_dicts()
    expected = {
        "source": "letter",
        "subject_text": "Rose",
        "said_by": ["Rose", "Basil"],
        "via": ["Ada", "Rose"],
        "negated": True,
        "recorded": "2024-06-01",
        "locator": "7",
        "note": "010",
        "hedge": "reportedly",
        "when": None,
        "when_text": None,
        "line": 1,
        "column": 0,
    }
    assert {name: row[name] for name in expected} == expected
    assert [(item["property"], item["value"]) for item in row["qualifiers"]] == [
        ("for", "Rose"),
        ("for", "Basil"),
        ("in the words", "a"),
        ("in the words", "b"),
    ]


@pytest.mark.parametrize("text", ["NO", "010", "1.50", "é🌹", "a\u2028b", "a,b", "\\[a]"])
def test_texts_stay_as_written(text: str, tmp_path: Path) -> None:
    found = reading(tmp_path, packed(object=[text]))
    assert (found.problems, found.column("object_text")) == ([], [text.removeprefix("\\")])


def test_a_cell_may_be_a_nested_triple(tmp_path: Path) -> None:
    found = reading(
        tmp_path, packed(object=["[Basil, tends, plot 7]"], **{"on condition": ["{triple: [a, tends, b]}"]})
    )
    assert (found.problems, found.column("object_row"), found.column("condition_row")) == (
        [],
        [None, None, 0],
        [None, None, 1],
    )


@pytest.mark.parametrize("name", ["a[1].parquet", "*.parquet", "note=x/a.parquet", "a b.PARQUET", "a?.parquet"])
def test_a_file_is_read_by_its_own_name(name: str, tmp_path: Path) -> None:
    found = reading(tmp_path, packed(), name)
    assert (found.problems, found.column("note")) == ([], [None])


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ([1.5], ["P048"]),
        ([b"x"], ["P048"]),
        ([dt.datetime(2024, 6, 1)], ["P048"]),
        ([dt.timedelta(1)], ["P048"]),
        ([dt.time(1)], ["P048"]),
        ([{"a": 1}], ["P048"]),
        ([[1]], ["P048"]),
        ([[["a"]]], ["P048"]),
        (["a\0b"], ["P006"]),
        ([["a", "b"]], ["P022"]),
        ([["a", None]], ["P022"]),
        ([[]], []),
        ([""], []),
        ([7], []),
        ([True], []),
    ],
)
def test_types_of_columns(values: list[object], codes: list[str], tmp_path: Path) -> None:
    assert reading(tmp_path, packed(note=values)).codes == codes


@pytest.mark.parametrize(
    ("columns", "codes"),
    [
        ({"source": [None]}, ["P021"]),
        ({"source": [["letter"]]}, ["P021"]),
        ({"object": [None]}, ["P021"]),
        ({"object": ["[a"]}, ["P041"]),
        ({"foo": ["a"]}, ["P020"]),
        ({"foo": [None]}, ["P020"]),
        ({"said_by": [["a", ""]]}, ["P024"]),
        ({"said_by": [["a", None]]}, ["P024"]),
        ({"said_by": ["a"], "said by": ["b"]}, ["P044"]),
        ({"not": ["yes"]}, ["P029"]),
    ],
)
def test_problems_of_values(columns: dict[str, object], codes: list[str], tmp_path: Path) -> None:
    assert reading(tmp_path, packed(**columns)).codes == codes


def test_a_table_without_rows_is_read(tmp_path: Path) -> None:
    data = io.BytesIO()
    pl.DataFrame(COLUMNS).clear().write_parquet(data)
    assert reading(tmp_path, data.getvalue()).problems == []


def test_a_broken_row_hides_no_other_one(tmp_path: Path) -> None:
    data = io.BytesIO()
    pl.DataFrame({name: values * 3 for name, values in COLUMNS.items()} | {"object": ["a", "[", "c"]}).write_parquet(
        data
    )
    found = reading(tmp_path, data.getvalue())
    assert ([place.split("/")[-1] for place in found.places], found.column("object_text")) == (
        ["a.parquet:2 P041"],
        ["a", "c"],
    )


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1PAR1", b"x" * 1000, packed()[:-1], packed()[4:], packed()[:200]])
def test_what_is_no_parquet_is_a_problem(data: bytes, tmp_path: Path) -> None:
    assert reading(tmp_path, data).codes == ["P047"]


def test_damage_does_not_end_the_process(tmp_path: Path) -> None:
    """Flipped bits make polars ask for 2**61 bytes of memory, which aborts the process that reads."""
    whole, chance = packed(note=["a note"]), random.Random(7)
    codes: list[str] = []
    for number in range(8):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        codes += reading(tmp_path / str(number), bytes(data)).codes
    assert "P047" in codes
    assert {code[0] for code in codes} == {"P"}


def test_the_trial_imports_nothing_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "polars.py").write_text("raise SystemExit(70)")
    monkeypatch.chdir(tmp_path)
    assert reading(tmp_path, packed()).problems == []


def test_a_reader_that_breaks_down_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "program.py"
    monkeypatch.setattr(trial, "_copy", trial._spawn)
    monkeypatch.setattr(trial, "__file__", str(program))
    for script in ("import os; os.abort()", "raise KeyError('a panic')", "import sys; sys.exit(70)"):
        program.write_text(script)
        found = reading(tmp_path / "graph", packed())
        assert [problem.message for problem in found.problems] == ["this is not Parquet: the reader broke down on it"]


BREAKING = """
import json, os, runpy, sys
from pathlib import Path
import polars as pl

def read(path, whole=pl.read_parquet, **options):
    if "abort" in path:
        os.abort()
    if "panic" in path:
        raise KeyError("a panic")
    return whole(path, **options)

pl.read_parquet = read
"""
TRYING = """
from onrecord.parse import trial

if sys.argv[2]:
    pl.LazyFrame({"a": [1]}).select(pl.col("a").sum()).collect()
    trial.__file__ = sys.argv[2]
started = []
for kind in ("_copy", "_spawn"):
    setattr(trial, kind, lambda kind=kind, begin=getattr(trial, kind): started.append(kind) or begin())
with trial.Trial() as tried:
    found = {path.stem: tried.find_damage(path) for path in sorted(Path(sys.argv[1]).glob("*.parquet"), reverse=True)}
try:
    os.waitpid(-1, os.WNOHANG)
    left = True
except ChildProcessError:
    left = False
print(json.dumps([found, started, left]))
"""


@pytest.mark.parametrize("is_copy", [True, False])
def test_one_process_tries_all_files_and_is_replaced_where_one_breaks_it(tmp_path: Path, is_copy: bool) -> None:
    program = tmp_path / "program.py"
    program.write_text(f"{BREAKING}\nrunpy.run_path({trial.__file__!r}, run_name='__main__')\n")
    for name in ("one", "Zoë's\n[2]", "abort", "panic", "four"):
        (tmp_path / f"{name}.parquet").write_bytes(packed())
    (tmp_path / "text.parquet").write_bytes(b"x" * 100)
    command = [sys.executable, "-c", BREAKING + TRYING, str(tmp_path), "" if is_copy else str(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found, started, left = json.loads(done.stdout)
    assert {name for name, damage in found.items() if damage} == {"abort", "panic", "text"}
    assert found["abort"] == found["panic"] == trial.BROKEN_DOWN
    assert started == ["_copy" if is_copy and sys.platform == "linux" else "_spawn"] * 3
    assert (left, done.stderr) == (False, "")
