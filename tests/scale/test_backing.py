"""Articles and origins counted in shards are those that the embedded build explains."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import onrecord
from onrecord.lens import Lens
from onrecord.scale.backing import BACKING
from onrecord.scale.sharded import Embedded, build_shards, delta
from small_graph import write_graph

ROOT = Path(__file__).resolve().parents[2]
SOURCES = """\
- {id: post, title: The Post, publisher: The Post, published: 2024-06-10}
- {id: times, title: The Times, publisher: The Times, published: 2024-06-11}
- {id: wire, title: The wire, publisher: The wire, published: 2024-06-12, origin: Rose Marsh}
"""
ROW = '{{"subject": "Basil Thorn", "predicate": "tends", "object": "plot 7", "source": "{}", "locator": "1", {}}}\n'
ROWS = (
    ROW.format("post", '"said by": "Rose Marsh"')
    + ROW.format("times", '"said by": "Garden Society"')
    + ROW.format("times", '"status": "denied", "said by": ["Basil Thorn", "Rose Marsh"]')
    + ROW.format("wire", '"status": "expected"')
    + ROW.format("post", '"status": "claimed", "said by": "Basil Thorn", "on condition": "it rains"')
)
LINK = (
    '{"subject": "Rose Marsh", "predicate": "speaks for", "object": "Garden Society", '
    '"source": "wire", "locator": "2"}\n'
)
PROPERTY = """
gar:speaksFor a owl:ObjectProperty, onr:OriginLink ; rdfs:label "speaks for"@en .
"""


def backing(out: Path) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=BACKING), *map(pl.read_parquet, sorted(out.glob("backing-*.parquet")))])


def counted(out: Path) -> list[tuple[object, ...]]:
    names = ("proposition", "against", "class", "status", "articles", "certainly", "possibly", "first", "last")
    return sorted(
        (row[0][1:-1], *row[1:-2], str(row[-2] or ""), str(row[-1] or ""))
        for row in backing(out).select(names).iter_rows()
    )


def explained(folder: Path) -> list[tuple[object, ...]]:
    found = onrecord.open(folder).corroboration(lens=Lens(inference=False))
    return sorted(
        (
            one.proposition,
            one.against,
            one.status_class,
            one.status,
            len(one.articles),
            one.certainly,
            one.possibly,
            one.first,
            one.last,
        )
        for one in found
    )


def write(folder: Path, link: str) -> Path:
    from small_graph import ONTOLOGY

    return write_graph(
        folder,
        **{
            "sources.yaml": SOURCES,
            "statements/rows.jsonl": ROWS,
            "statements/links.jsonl": link,
            "ontology/garden.ttl": ONTOLOGY + PROPERTY,
        },
    )


@pytest.mark.parametrize("shards", [1, 5, 64])
def test_the_numbers_of_a_small_graph(tmp_path: Path, shards: int) -> None:
    folder = write(tmp_path / "garden", LINK)
    build_shards(folder, tmp_path / "out", Embedded(), shards)
    assert counted(tmp_path / "out") == explained(folder)
    assert (3, 1, 2) in {row[4:7] for row in counted(tmp_path / "out")}


def test_a_link_that_another_file_says_joins_origins_and_changes_no_quad(tmp_path: Path) -> None:
    folder = write(tmp_path / "garden", LINK.replace("speaks for", "chairs"))
    build_shards(folder, tmp_path / "apart", Embedded(), 5)
    assert [row[5:7] for row in counted(tmp_path / "apart") if row[4] == 3] == [(2, 3)]
    build_shards(folder, tmp_path / "out", Embedded(), 5)
    write(folder, LINK)
    build_shards(folder, tmp_path / "out", Embedded(), 5)
    assert [row[5:7] for row in counted(tmp_path / "out") if row[4] == 3] == [(1, 2)]
    gone, come = delta(tmp_path / "apart", tmp_path / "out")
    assert not [term for term in (*gone["object"], *come["object"]) if "plot" in term]


@pytest.mark.parametrize("name", ["miami-talks", "harbour-bridge"])
def test_the_numbers_of_both_graphs(tmp_path: Path, name: str) -> None:
    build_shards(ROOT / "graphs" / name, tmp_path / "out", Embedded(), 4)
    assert counted(tmp_path / "out") == explained(ROOT / "graphs" / name)


@pytest.mark.slow
def test_the_numbers_of_a_generated_graph(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "bench/statements.py"), str(tmp_path / "graph"), "--statements", "3000"]
    subprocess.run([*command, "--format", "parquet", "--rows-a-file", "500", "--bad", "0"], check=True)
    build_shards(tmp_path / "graph", tmp_path / "out", Embedded(), 4)
    assert counted(tmp_path / "out") == explained(tmp_path / "graph")
    assert max(row[4] for row in counted(tmp_path / "out")) > 1
