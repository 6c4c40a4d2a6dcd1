"""The door to a graph's files: whatever stands in them, problems come out and never a traceback."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord.errors import Problem
from problem_cases import TURTLE_HEAD, TURTLE_PROPOSITION, TURTLE_STATEMENT
from reading import Read, read
from small_graph import ENTITIES, LETTER, MINUTES, ONTOLOGY, SETTINGS, write_graph, write_only

CSV = 'id,source,subject,predicate,object,quote,said_by,for\na,letter,Rose,tends,"[a, b, c]","x\ny",Rose | Ada,\n'
JSONL = '{"source": "letter", "triple": ["Rose", "tends", ["a", 1.50, {"triple": ["a", "b", "c"]}]], "quote": ["x"]}\n'
SAMPLES: dict[str, bytes] = {
    "onrecord.yaml": SETTINGS.encode(),
    "entities.yaml": ENTITIES.encode(),
    "entities.csv": b"id,label,type,aliases\nrose,Rose,person,a | b\n",
    "sources.yaml": b"- id: letter\n  title: A letter\n  speakers:\n    - {id: a, label: b}\n",
    "ontology/garden.ttl": ONTOLOGY.encode(),
    "statements/a.yaml": LETTER.encode(),
    "statements/b.csv": CSV.encode(),
    "statements/c.jsonl": JSONL.encode(),
    "statements/d.ttl": (TURTLE_HEAD + TURTLE_STATEMENT + TURTLE_PROPOSITION).encode(),
    "statements/e.trig": (TURTLE_HEAD + "<http://a/g> {" + TURTLE_STATEMENT + TURTLE_PROPOSITION + "}").encode(),
}
TOKENS = [
    *(
        b"\0",
        b"\xff",
        b"\xc3",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        b"\xc2\x85",
        b"\xed\xa0\x80",
        b"\r",
        b"\n",
        b"\t",
        b"\x1b",
    ),
    *(
        b"'",
        b'"',
        b"[",
        b"]",
        b"{",
        b"}",
        b": ",
        b" #",
        b"- ",
        b",",
        b"|",
        b"&a ",
        b"*a",
        b"!!x ",
        b"---\n",
        b"\\",
        b"|-\n",
    ),
    *(
        b"<<(",
        b")>>",
        b"<",
        b">",
        b";",
        b".",
        b"@base <x:> .",
        b"_:b",
        b"NaN",
        b"null",
        b"\\ud800",
        b"\\u0000",
        b"1e999",
    ),
    *(b"[" * 200, b'{"a":' * 200, b"<<( " * 200, b"x" * 20_000, b'"' * 99),
]

PROFILE = settings().max_examples  # 100, or more with HYPOTHESIS_PROFILE=deep

cuts = st.tuples(st.integers(0, 2**16), st.integers(0, 40), st.one_of(st.sampled_from(TOKENS), st.binary(max_size=6)))


def mutated(data: bytes, changes: list[tuple[int, int, bytes]], length: int) -> bytes:
    """``data`` with stretches replaced, cut off at ``length`` per mille."""
    for at, size, new in changes:
        at %= len(data) + 1
        data = data[:at] + new + data[at + size :]
    return data[: len(data) * length // 1000]


def read_one(name: str, data: bytes) -> Read:
    with TemporaryDirectory() as folder:
        return read(write_only(Path(folder) / "garden", **{name: data}))


def assert_sound(found: Read) -> None:
    for problem in found.problems:
        assert isinstance(problem, Problem)
        assert problem.code[0] in "PGO"
        shown = problem.render(lambda file, line: "x" * 50)
        assert shown.isprintable() or "\n" in shown
        shown.encode("utf-8")
    for text in found.parsed.statements.select(pl.col(pl.String)).iter_rows():
        assert not any(char in "\0\x1f" for value in text if value for char in value)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_read_without_errors(name: str) -> None:
    assert read_one(name, SAMPLES[name]).codes == []


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=max(40, PROFILE // 3))
@given(data=st.data())
def test_no_change_to_a_file_is_a_traceback(name: str, data: st.DataObject) -> None:
    changes = data.draw(st.lists(cuts, max_size=4))
    length = data.draw(st.one_of(st.just(1000), st.integers(0, 1000)))
    assert_sound(read_one(name, mutated(SAMPLES[name], changes, length)))


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=max(20, PROFILE // 5))
@given(data=st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(TOKENS), max_size=12).map(b"".join)))
def test_no_bytes_are_a_traceback(name: str, data: bytes) -> None:
    assert_sound(read_one(name, data))


@pytest.mark.parametrize("name", [*SAMPLES, "statements/f.parquet", "statements/g.yml"])
def test_a_broken_file_hides_nothing_of_the_others(name: str, tmp_path: Path) -> None:
    table = io.BytesIO()
    pl.DataFrame({"source": ["letter"], "foo": ["x"]}).write_parquet(table)
    flawed: dict[str, str | bytes | None] = {
        "entities.yaml": "- {id: a}\n",
        "entities.csv": "id,id\n",
        "sources.yaml": "- {}\n",
        "statements/a.yaml": "source: letter\nstatements:\n  - x\n",
        "statements/b.csv": "source\n\nletter,x\n",
        "statements/c.jsonl": "7\n",
        "statements/d.ttl": "<a",
        "statements/e.trig": "<a",
        "statements/f.parquet": table.getvalue(),
        "statements/g.yml": "source: letter\nstatements:\n  - y\n",
    }
    every = {
        problem.place.file.split("garden/")[1]
        for problem in read(write_only(tmp_path / "a" / "garden", **flawed)).problems
    }
    assert every == set(flawed)
    broken = read(write_only(tmp_path / "b" / "garden", **(flawed | {name: b"\xff\0\xff"})))
    assert {problem.place.file.split("garden/")[1] for problem in broken.problems} == every | {name}


def test_the_order_of_rows_follows_the_names_of_files(tmp_path: Path) -> None:
    files: dict[str, str | bytes | None] = {
        f"statements/{name}": f"source: {name[0]}\nstatements:\n  - triple: [a, b, c]\n"
        for name in ("c.yaml", "a.yml", "b/x.yaml")
    }
    found = read(write_only(tmp_path / "garden", **files))
    assert (found.column("source"), found.parsed.files) == (["a", "b", "c"], 3)


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    folder = write_graph(
        tmp_path / "garden", **{"statements/b.csv": CSV, "statements/c.jsonl": JSONL, "statements/d.yaml": "x: ["}
    )
    first, second = read(folder), read(folder)
    assert first.problems == second.problems
    assert first.parsed.statements.equals(second.parsed.statements)


@pytest.mark.parametrize(
    ("first", "second", "codes"),
    [
        ("source: {id: a}\nstatements: []\n", "source: {id: a}\nstatements: []\n", ["P031"]),
        ("source: {id: a}\nstatements: []\n", "source: a\nstatements: []\n", []),
        ("source: {id: a}\nstatements: []\n", "source: {id: b}\nstatements: []\n", []),
    ],
)
def test_a_source_is_described_once(first: str, second: str, codes: list[str], tmp_path: Path) -> None:
    files = {"statements/a.yaml": first, "statements/b.yaml": second}
    assert read(write_only(tmp_path / "garden", **files)).codes == codes


def test_the_same_export_may_be_read_twice(tmp_path: Path) -> None:
    text = TURTLE_HEAD + "source:letter a onr:Source .\n" + TURTLE_STATEMENT + TURTLE_PROPOSITION
    found = read(write_only(tmp_path / "garden", **{"statements/a.ttl": text, "statements/b.ttl": text}))
    assert (found.codes, found.parsed.statements.height) == ([], 2)


def test_the_small_graph_is_read_whole(graph_folder: Path) -> None:
    found = read(graph_folder)
    assert (found.problems, len(found.parsed.entities), found.parsed.files) == ([], 6, 2)
    assert found.column("nested").count(False) == LETTER.count("- triple") + LETTER.count(
        "- id: tending"
    ) + MINUTES.count("- triple")
