from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis.strategies import integers, lists, text

import onrecord
from onrecord.assemble import QUADS
from onrecord.cli import main
from onrecord.errors import EngineError, GraphBroken, OutputError
from onrecord.kept import code_digest
from onrecord.lens import Lens
from onrecord.manifest import MANIFEST
from onrecord.nearest import nearest_in_pieces, nearest_names
from onrecord.scale.sharded import REJECTED, Embedded, Sharded, build_shards, delta
from onrecord.scale.units import Job, base_of, read_base
from small_graph import LETTER, SETTINGS, write_graph

ROOT = Path(__file__).resolve().parents[2]
SOURCES = """\
- {id: register, title: The register, published: 2024-06-10}
- {id: ledger, title: The ledger, published: 2024-06-11}
"""
REGISTER = """\
id,source,subject,predicate,object,said by,via,status,locator
tends-7,register,Basil Thorn,tends,plot 7,Rose Marsh,Garden Society | Basil Thorn,,row 1
,register,Rose Marsh,chairs,Garden Society,,,,row 2
,register,Rose Marsh,supports,statement:belief,,,,row 3
"""
BELIEF = {
    "id": "belief",
    "subject": "Basil Thorn",
    "predicate": "believes",
    "object": ["Rose Marsh", "opposes", "hose ban"],
}
POST = {
    "subject": "Rose Marsh",
    "predicate": "chairs",
    "object": "Garden Society",
    "via": ["Garden Society", "Basil Thorn"],
}
LEDGER = "".join(
    json.dumps({"source": "ledger", "locator": "page 1", **row}) + "\n"
    for row in ({"subject": "Rose Marsh", "predicate": "believes", "object": "statement:tends-7"}, BELIEF, POST)
)
LETTER_TOO = LETTER + "  - triple: [Rose Marsh, opposes, statement:belief]\n    quote: she is against it\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The garden, by hand and in tables, with references from everywhere to everywhere."""
    return write_graph(
        tmp_path / "garden",
        **{
            "sources.yaml": SOURCES,
            "statements/register.csv": REGISTER,
            "statements/more/ledger.jsonl": LEDGER,
            "statements/letter.yaml": LETTER_TOO,
            "statements/minutes.yaml": None,
        },
    )


def made(folder: Path, out: Path, shards: int = 4) -> Sharded:
    return build_shards(folder, out, Embedded(), shards)


def quads(out: Path) -> pl.DataFrame:
    """All quads of a build in shards."""
    parts = [pl.read_parquet(path) for path in sorted((*out.glob("quads-*.parquet"), out / "described.parquet"))]
    return pl.concat(parts).sort(QUADS.names())


def embedded(folder: Path) -> pl.DataFrame:
    return onrecord.open(folder).quads(Lens(inference=False)).select(QUADS.names()).sort(QUADS.names())


def rejects(out: Path) -> list[tuple[str, int, str]]:
    return pl.read_parquet(out / REJECTED).select("file", "line", "code").rows()


def contents(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir() if path.is_file() and not path.name.startswith(".")}


@pytest.mark.parametrize("shards", [1, 4, 64])
def test_the_shards_hold_each_quad_of_the_embedded_build_once(folder: Path, tmp_path: Path, shards: int) -> None:
    made(folder, tmp_path / "out", shards)
    assert rejects(tmp_path / "out") == []
    assert quads(tmp_path / "out").equals(embedded(folder))


def test_both_formats_of_a_shard_say_the_same(folder: Path, tmp_path: Path) -> None:
    made(folder, tmp_path / "out")
    for path in (tmp_path / "out").glob("quads-*.parquet"):
        lines = gzip.decompress(path.with_suffix(".nq.gz").read_bytes()).decode().splitlines()
        assert lines == [f"{s} {p} {o} {g} ." for g, s, p, o in pl.read_parquet(path).iter_rows()]


def test_a_build_from_nothing_and_one_on_top_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    made(folder, tmp_path / "grown")
    changed = REGISTER.replace("chairs", "attends").replace("Garden Society,,,,row", "summer show,,,,row")
    (folder / "statements/register.csv").write_text(changed)
    again = made(folder, tmp_path / "grown")
    made(folder, tmp_path / "fresh")
    assert again.mapped == 1
    assert contents(tmp_path / "grown") == contents(tmp_path / "fresh")


def test_nothing_changed_and_nothing_is_done(folder: Path, tmp_path: Path) -> None:
    made(folder, tmp_path / "out")
    again = made(folder, tmp_path / "out")
    assert (again.mapped, again.sealed) == (0, 0)


def test_an_address_is_no_folder_to_write_to(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match=r"^s3:/bucket/out: an address, and no folder; mount it"):
        made(folder, Path("s3://bucket/out"))
    assert not (tmp_path / "s3:").exists()


def test_another_program_takes_nothing_up(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(folder, tmp_path / "out")
    before = contents(tmp_path / "out")
    for module in ("kept", "scale.sharded", "scale.units"):
        monkeypatch.setattr(f"onrecord.{module}.code_digest", lambda: "another")
    again = made(folder, tmp_path / "out")
    assert (again.mapped, again.sealed) == (3, len(again.manifest["shards"]))
    assert contents(tmp_path / "out") == before
    assert [path.name for path in (tmp_path / "out/work").iterdir()] == ["another"]


def test_a_process_that_outlives_a_build_reads_a_changed_graph_anew(folder: Path, tmp_path: Path) -> None:
    before = read_base(str(folder)).digest
    (folder / "onrecord.yaml").write_text(SETTINGS + "curator: Ada\n")
    with pytest.raises(EngineError, match="is another graph here than where the build was started"):
        base_of(Job(str(folder), str(tmp_path), 4, "of a third graph", code_digest()))
    after = read_base(str(folder)).digest
    assert (before != after, base_of(Job(str(folder), str(tmp_path), 4, after, code_digest())).digest) == (True, after)
    (folder / "onrecord.yaml").write_text(SETTINGS)
    assert base_of(Job(str(folder), str(tmp_path), 4, before, code_digest())).digest == before


def test_a_machine_with_other_code_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="is another version here than where the build was started"):
        base_of(Job(str(folder), str(tmp_path), 4, read_base(str(folder)).digest, "other code"))


def test_a_row_that_others_refer_to_reaches_them(folder: Path, tmp_path: Path) -> None:
    made(folder, tmp_path / "out")
    (folder / "statements/more/ledger.jsonl").write_text(LEDGER.replace("opposes", "supports"))
    again = made(folder, tmp_path / "out")
    assert again.mapped == 3
    assert quads(tmp_path / "out").equals(embedded(folder))


def test_a_new_number_of_shards_and_a_lost_shard_are_made_anew(folder: Path, tmp_path: Path) -> None:
    made(folder, tmp_path / "out")
    name = next(path.name for path in sorted((tmp_path / "out").glob("quads-*.parquet")))
    (tmp_path / "out" / name).resolve().write_bytes(b"damaged")
    assert made(folder, tmp_path / "out").sealed == 1
    assert made(folder, tmp_path / "out", 2).sealed == 2
    assert quads(tmp_path / "out").equals(embedded(folder))


def test_bad_rows_are_left_out_and_told(folder: Path, tmp_path: Path) -> None:
    rows = (
        REGISTER + ",register,Nobody Known,tends,plot 7,,,,row 4\n,register,Rose Marsh,tends,plot 7,,,certain,row 5\n"
    )
    (folder / "statements/register.csv").write_text(rows)
    twice = LEDGER + LEDGER.split("\n")[1].replace("opposes", "supports") + "\n"
    (folder / "statements/more/ledger.jsonl").write_text(twice)
    made(folder, tmp_path / "out")
    assert rejects(tmp_path / "out") == [
        ("statements/more/ledger.jsonl", 4, "R004"),
        ("statements/register.csv", 5, "R001"),
        ("statements/register.csv", 6, "C001"),
    ]
    (folder / "statements/register.csv").write_text(REGISTER)
    (folder / "statements/more/ledger.jsonl").write_text(LEDGER)
    assert quads(tmp_path / "out").equals(embedded(folder))


def test_settings_that_are_broken_stop_the_build(folder: Path, tmp_path: Path) -> None:
    (folder / "onrecord.yaml").write_text(SETTINGS + "titel: twice\n")
    with pytest.raises(GraphBroken, match="what every shard needs has errors"):
        made(folder, tmp_path / "out")


def test_a_withdrawn_source_is_left_out(folder: Path, tmp_path: Path) -> None:
    onrecord.open(folder).retract("ledger", who="Ada", why="a forgery")
    made(folder, tmp_path / "out")
    assert quads(tmp_path / "out").equals(embedded(folder))


def test_judgements_merge_entities_in_shards_too(folder: Path, tmp_path: Path) -> None:
    onrecord.open(folder).judge("rose", "same", "basil", who="Ada", why="a test")
    made(folder, tmp_path / "out")
    assert quads(tmp_path / "out").equals(embedded(folder))


def test_the_difference_of_two_builds(folder: Path, tmp_path: Path) -> None:
    made(folder, tmp_path / "before")
    old = quads(tmp_path / "before")
    (folder / "statements/register.csv").write_text(
        REGISTER.replace("chairs", "attends").replace("Garden Society,,,,row", "summer show,,,,row")
    )
    made(folder, tmp_path / "after")
    new = quads(tmp_path / "after")
    gone, come = delta(tmp_path / "before", tmp_path / "after")
    assert gone.equals(old.join(new, on=QUADS.names(), how="anti").sort(QUADS.names()))
    assert come.equals(new.join(old, on=QUADS.names(), how="anti").sort(QUADS.names()))
    assert gone.height and come.height


def test_the_command_says_what_was_done(folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    result = CliRunner().invoke(main, ["build", str(folder), "-o", str(tmp_path / "out"), "--shards", "2", "--json"])
    assert (result.exit_code, json.loads(result.stdout)) == (0, json.loads((tmp_path / "out" / MANIFEST).read_text()))
    again = CliRunner().invoke(main, ["build", str(folder), "-o", str(tmp_path / "out"), "--shards", "2"])
    assert "0 units read, 0 shards written" in again.stderr


def test_the_master_belongs_to_spark(folder: Path) -> None:
    result = CliRunner().invoke(main, ["build", str(folder), "--master", "local[2]"])
    assert (result.exit_code, "--master goes with --engine spark" in result.output) == (2, True)


def test_the_shards_of_both_graphs_are_the_embedded_build_without_spans(tmp_path: Path) -> None:
    for name in ("miami-talks", "harbour-bridge"):
        made(ROOT / "graphs" / name, tmp_path / name)
        whole = embedded(ROOT / "graphs" / name)
        build_shards(ROOT / "graphs" / name, tmp_path / f"{name}-joined", Embedded(broadcast=0), 4)
        assert contents(tmp_path / f"{name}-joined") == contents(tmp_path / name)
        extra = whole.join(quads(tmp_path / name), on=QUADS.names(), how="anti")
        assert rejects(tmp_path / name) == []
        assert quads(tmp_path / name).join(whole, on=QUADS.names(), how="anti").is_empty()
        spans = extra.filter(pl.col("subject").str.contains("/span/") | pl.col("predicate").str.ends_with("#span>"))
        assert spans.height == extra.height


@pytest.mark.parametrize("judged", [False, True])
def test_names_that_are_joined_mean_what_names_in_memory_mean(named_graph: Path, tmp_path: Path, judged: bool) -> None:
    if judged:
        onrecord.open(named_graph).judge("basil", "same", "thorn", who="Ada", why="a test")
    made(named_graph, tmp_path / "whole")
    build_shards(named_graph, tmp_path / "joined", Embedded(broadcast=0), 4)
    assert contents(tmp_path / "joined") == contents(tmp_path / "whole")
    told = pl.read_parquet(tmp_path / "joined" / REJECTED)
    assert told.select(pl.col("file").str.extract(r"named-(\d)"), "message", "fix").rows() == [
        ("0", '2 entities are called "R. Marsh"', 'write ":chair" (R. Marsh) or "ivy" (Ivy Chair)'),
        ("1", '2 entities are called "Thorn"', 'write ":chair" (R. Marsh) or "thorn" (Jo Thorn)'),
        ("2", 'no entity is called "Rose Mash"', 'did you mean "Rose Marsh", "rose" or "R. Marsh"?'),
        ("2", 'no entity is called "Basl Thorn"', 'did you mean "Basil Thorn", "Thorn" or "thorn"?'),
        ("2", '2 entities are called "chair"', 'write ":chair" (R. Marsh) or "ivy" (Ivy Chair)'),
        ("2", 'no entity is called "Nobody At All"', "declare it in entities.yaml"),
        ("4", 'no entity is called "rose marsh"', 'did you mean "Rose Marsh", "R. Marsh" or "rose"?'),
        ("4", 'no entity is called "plot seven"', 'did you mean "plot 7"?'),
        ("4", 'no entity is called "R.  Marsh"', 'did you mean "R. Marsh" or "Mrs Marsh"?'),
        ("5", '2 entities are called "rose"', 'write "ivy" (Ivy Chair) or ":rose" (Rose Marsh)'),
        ("6", 'no entity is called "Garden Sociaty"', 'did you mean "Garden Society"?'),
    ]


@given(text(), lists(text(), unique=True), integers(1, 5), integers(1, 4))
def test_names_near_another_are_the_same_however_they_are_cut(
    name: str, known: list[str], size: int, count: int
) -> None:
    pieces = [known[at : at + size] for at in range(0, len(known), size)]
    assert nearest_in_pieces(name, pieces, count) == nearest_names(name, known, count)
