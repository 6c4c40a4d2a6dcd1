"""A build in shards leaves out the rows that a build in one piece leaves out, whatever is wrong in whichever file."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy, fixed_dictionaries, lists, sampled_from

from inline import notes, write_notes
from onrecord.assemble import QUADS
from onrecord.build import check, dataset, without_broken
from onrecord.errors import Problems
from onrecord.lens import Lens
from onrecord.project import open_project
from onrecord.scale.sharded import REJECTED, Embedded, build_shards
from problem_cases import TURTLE_HEAD, TURTLE_PROPOSITION, TURTLE_STATEMENT

SOURCES = """\
- {id: register, title: The register, published: 2024-06-10}
- {id: ledger, title: The ledger, published: 2024-06-11}
"""
HEAD = """\
source:
  id: letter
  title: The letter
  published: 2024-06-10
  speakers: [{id: n, label: a neighbour}]
"""
WRONG_HEAD = HEAD.replace("2024-06-10", "in June")
UNKNOWN_TYPE = HEAD.replace("label: a neighbour", "label: a neighbour, type: gnome")
Row = dict[str, str]


def row(*triple: str, **more: str) -> Row:
    names = {"said_by": "said by", "on_condition": "on condition"}
    fields = {names.get(key, key): value for key, value in more.items()}
    return dict(zip(("subject", "predicate", "object"), triple, strict=True)) | {"locator": "p. 1"} | fields


ROWS: dict[str, Row] = {
    "sound": row("Rose Marsh", "chairs", "Garden Society"),
    "sound too": row("Basil Thorn", "tends", "plot 7", status="expected"),
    "of the letter": row("Basil Thorn", "attends", "summer show", source="letter"),
    "of the letter, with an id": row("Rose Marsh", "tends", "plot 7", id="one", source="letter"),
    "with an id": row("Rose Marsh", "tends", "plot 7", id="one"),
    "the id again": row("Basil Thorn", "attends", "summer show", id="one"),
    "refers to it": row("Basil Thorn", "believes", "statement:one"),
    "broken with an id": row("Rose Marsh", "tends", "plot 7", id="two", status="perhaps"),
    "unknown name with an id": row("Rose Marsh", "chairs", "Nobody", id="two"),
    "refers to the broken": row("Basil Thorn", "supports", "statement:two", id="three"),
    "on a broken condition": row("Basil Thorn", "tends", "plot 7", on_condition="statement:two"),
    "at a broken one": row("Basil Thorn", "attends", "summer show", at="statement:two"),
    "beside a broken one": row("Basil Thorn", "attends", "summer show", beside="statement:three"),
    "refers to what refers": row("Rose Marsh", "opposes", "statement:three"),
    "says the same": row("Rose Marsh", "tends", "plot 7", status="expected"),
    "wrong status": row("Rose Marsh", "tends", "plot 7", status="perhaps"),
    "wrong date": row("Rose Marsh", "attends", "summer show", when="next week"),
    "unknown field": row("Rose Marsh", "tends", "plot 7", stauts="expected"),
    "no object": {"subject": "Rose Marsh", "predicate": "tends", "locator": "p. 1"},
    "nothing to show": {"subject": "Rose Marsh", "predicate": "tends", "object": "plot 7"},
    "unknown speaker": row("Rose Marsh", "tends", "plot 7", said_by="Nobody"),
    "over two lines": row("Rose Marsh", "tends", "plot 7", note="one\ntwo"),
    "nested": row("Basil Thorn", "believes", "[Rose Marsh, tends, plot 7]"),
    "broken inside": row("Basil Thorn", "believes", "[Rose Marsh, chairs, Nobody]"),
    "inside it a broken one": row("Basil Thorn", "believes", "[Rose Marsh, supports, statement:two]"),
}
MORE = ("wrong status", "over two lines")
FORMATS = ("first.yaml", "second.yaml", "table.csv", "more/lines.jsonl", "rows.parquet")
HEADS = {"sound": HEAD, "wrong day": WRONG_HEAD, "unknown type": UNKNOWN_TYPE}
TURTLE = (TURTLE_HEAD + TURTLE_STATEMENT + TURTLE_PROPOSITION).replace("source:letter", "source:register")
TURTLE += 'st:1 onr:quote "she digs"@en .\n'
TURTLES = {
    "none": None,
    "sound": TURTLE,
    "broken": TURTLE.replace("entity:plot-7", "entity:nowhere"),
    "unreadable": TURTLE + "st:1 onr:hedge ",
}


def as_yaml(rows: Iterable[Row], head: str) -> str:
    lines = []
    for each in rows:
        for at, (key, value) in enumerate(pair for pair in each.items() if pair[0] != "source"):
            text = value if value.startswith("[") else json.dumps(value)
            lines.append(f"{'- ' if at == 0 else '  '}{key}: {text}")
    return notes("\n".join(lines), head) if lines else head


def as_csv(rows: Iterable[Row]) -> str:
    given = [{"source": "register", **each} for each in rows]
    names = dict.fromkeys(key for each in given for key in each)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(names), lineterminator="\n")
    writer.writeheader()
    writer.writerows(given)
    return out.getvalue()


def as_jsonl(rows: Iterable[Row]) -> str:
    told: list[dict[str, object]] = []
    for each in rows:
        values: dict[str, object] = dict(each)
        if each.get("object", "").startswith("["):
            values["object"] = each["object"].strip("[]").split(", ")
        told.append({"source": "ledger", **values})
    return "".join(json.dumps(one) + "\n" for one in told)


def as_parquet(rows: Iterable[Row]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame([{"source": "register", **each} for each in rows], infer_schema_length=None).write_parquet(out)
    return out.getvalue()


def write(folder: Path, chosen: Mapping[str, list[str]], head: str, turtle: str) -> Path:
    files: dict[str, str | bytes | None] = {"statements/letter.yaml": None, "sources.yaml": SOURCES}
    for name, keys in chosen.items():
        rows = [ROWS[key] for key in keys]
        if not rows:
            continue
        match Path(name).suffix:
            case ".yaml":
                mine = HEADS[head] if name == "first.yaml" else HEAD.replace("letter", "note")
                files[f"statements/{name}"] = as_yaml(rows, mine)
            case ".csv":
                files[f"statements/{name}"] = as_csv(rows)
            case ".jsonl":
                files[f"statements/{name}"] = as_jsonl(rows)
            case _:
                files[f"statements/{name}"] = as_parquet(rows)
    return write_notes(folder, "", **files, **{"statements/other.ttl": TURTLES[turtle]})


def in_one_piece(folder: Path) -> pl.DataFrame:
    """The quads of ``build --skip-broken``, without what is left to it."""
    problems = Problems()
    loaded = without_broken(check(open_project(folder, problems), problems, evidence=False, shapes=False))
    return dataset(loaded, Lens(inference=False)).select(QUADS.names()).sort(QUADS.names())


def in_shards(out: Path) -> pl.DataFrame:
    parts = [pl.read_parquet(path) for path in sorted((*out.glob("quads-*.parquet"), out / "described.parquet"))]
    return pl.concat(parts).sort(QUADS.names())


def compare(chosen: Mapping[str, list[str]], head: str, turtle: str) -> tuple[int, int]:
    """Compare both; returns how many rejects there are, and how many quads."""
    with tempfile.TemporaryDirectory() as home:
        folder, out = write(Path(home) / "garden", chosen, head, turtle), Path(home) / "out"
        build_shards(folder, out, Embedded(), 3)
        expected, found = in_one_piece(folder), in_shards(out)
        assert found.rows() == expected.rows()
        build_shards(folder, Path(home) / "joined", Embedded(broadcast=0), 3)
        assert in_shards(Path(home) / "joined").equals(found)
        again = build_shards(folder, out, Embedded(), 3)
        assert (again.mapped, again.sealed) == (0, 0)
        return pl.read_parquet(out / REJECTED).height, found.height


@pytest.mark.slow
@pytest.mark.parametrize("name", [*FORMATS[:-1], pytest.param(FORMATS[-1], marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "kind", [*("no object", "broken inside"), *(pytest.param(kind, marks=pytest.mark.slow) for kind in MORE)]
)
def test_a_broken_row_among_sound_ones(name: str, kind: str) -> None:
    wrong, _ = compare({name: ["sound", kind, "nested", "sound too"]}, "sound", "none")
    assert bool(wrong) == (kind != "over two lines")


@pytest.mark.parametrize(
    ("chosen", "head", "turtle"),
    [
        ({"first.yaml": ["broken with an id"], "table.csv": ["refers to the broken", "sound"]}, "sound", "none"),
        ({"table.csv": ["broken with an id", "sound"], "first.yaml": ["refers to the broken"]}, "sound", "none"),
        (
            {
                "table.csv": ["unknown name with an id", "sound"],
                "first.yaml": ["refers to the broken"],
                "more/lines.jsonl": ["refers to what refers", "sound too"],
                "second.yaml": ["at a broken one", "beside a broken one", "on a broken condition", "says the same"],
            },
            "sound",
            "none",
        ),
        ({"first.yaml": ["sound"], "table.csv": ["of the letter", "sound"]}, "wrong day", "none"),
        (
            {
                "first.yaml": ["sound"],
                "more/lines.jsonl": ["refers to it", "sound"],
                "table.csv": ["of the letter, with an id"],
            },
            "wrong day",
            "none",
        ),
        ({"first.yaml": ["sound"], "table.csv": ["of the letter", "sound"]}, "unknown type", "none"),
        ({"first.yaml": ["with an id"], "table.csv": ["the id again", "refers to it", "sound"]}, "sound", "none"),
        ({"more/lines.jsonl": ["with an id"], "second.yaml": ["the id again", "refers to it"]}, "sound", "none"),
        ({"table.csv": ["wrong status", "over two lines", "sound"]}, "sound", "broken"),
        ({"first.yaml": ["sound", "wrong status"], "more/lines.jsonl": ["sound", "wrong date"]}, "sound", "unreadable"),
    ],
)
def test_rows_of_several_files(chosen: dict[str, list[str]], head: str, turtle: str) -> None:
    wrong, quads = compare(chosen, head, turtle)
    assert wrong and quads


def files() -> SearchStrategy[dict[str, list[str]]]:
    return fixed_dictionaries({name: lists(sampled_from(sorted(ROWS)), max_size=4) for name in FORMATS})


@pytest.mark.slow
@settings(max_examples=20)
@given(files(), sampled_from(sorted(HEADS)), sampled_from(sorted(TURTLES)))
def test_any_rows_of_any_files(chosen: dict[str, list[str]], head: str, turtle: str) -> None:
    compare(chosen, head, turtle)
