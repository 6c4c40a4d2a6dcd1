from __future__ import annotations

import gzip
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis.strategies import integers, lists, text

import onrecord
from onrecord.assemble import QUADS
from onrecord.cli import main
from onrecord.errors import EngineError, GraphBroken, OnRecordError, OutputError
from onrecord.files import sha256_hex
from onrecord.kept import code_digest
from onrecord.lens import Lens
from onrecord.manifest import MANIFEST
from onrecord.nearest import nearest_in_pieces, nearest_names
from onrecord.parse import parse
from onrecord.progress import watched
from onrecord.scale.base import Job, base_of, read_base
from onrecord.scale.sharded import REJECTED, Embedded, Sharded, Step, build_shards, delta
from onrecord.scale.units import map_unit, names_of
from onrecord.store import open_store
from small_graph import ENTITIES, LETTER, ONTOLOGY, SETTINGS, write_graph

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
PATTERNS = "day=[1]*{a,b}?\\"
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


def shard_files(out: Path) -> dict[int, set[tuple[str, int, bytes]]]:
    """The files of each shard: name, inode, bytes."""
    found: dict[int, set[tuple[str, int, bytes]]] = {}
    for path in (*out.glob("quads-*"), *out.glob("backing-*")):
        found.setdefault(int(path.name.split("-")[1][:5]), set()).add(
            (path.name, path.stat().st_ino, path.read_bytes())
        )
    return found


def test_only_shards_that_hold_something_of_a_changed_file_are_written_again(folder: Path, tmp_path: Path) -> None:
    out, unit = tmp_path / "out", "statements/register.csv"
    before = made(folder, out, 64).manifest["units"][unit]["shards"]
    was = shard_files(out)
    elsewhere = REGISTER.replace("chairs", "attends").replace("Garden Society,,,,row", "summer show,,,,row")
    (folder / unit).write_text(elsewhere)
    again = made(folder, out, 64)
    now = shard_files(out)
    written = {number for number in now if now[number].isdisjoint(was.get(number, ()))}
    assert (again.mapped, again.sealed) == (1, len(written))
    assert 0 < len(written) < len(again.manifest["shards"]) == len(now)
    assert written == {*before, *again.manifest["units"][unit]["shards"]} & now.keys()
    assert {number for number in now if now[number] == was.get(number)} == now.keys() - written
    made(folder, tmp_path / "fresh", 64)
    assert contents(out) == contents(tmp_path / "fresh")


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
    for module in ("kept", "scale.sharded", "scale.base"):
        monkeypatch.setattr(f"onrecord.{module}.code_digest", lambda: "another")
    again = made(folder, tmp_path / "out")
    assert (again.mapped, again.sealed) == (3, len(again.manifest["shards"]))
    assert contents(tmp_path / "out") == before
    assert [path.name for path in (tmp_path / "out/work").iterdir()] == ["another"]


def test_a_process_that_outlives_a_build_reads_a_changed_graph_anew(folder: Path, tmp_path: Path) -> None:
    before = read_base(str(folder)).whole
    (folder / "onrecord.yaml").write_text(SETTINGS + "curator: Ada\n")
    with pytest.raises(EngineError, match="is another graph here than where the build was started"):
        base_of(Job(str(folder), str(tmp_path), 4, "of a third graph", code_digest()))
    after = read_base(str(folder)).whole
    assert (before != after, base_of(Job(str(folder), str(tmp_path), 4, after, code_digest())).whole) == (True, after)
    (folder / "onrecord.yaml").write_text(SETTINGS)
    assert base_of(Job(str(folder), str(tmp_path), 4, before, code_digest())).whole == before


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


def test_a_file_without_a_sound_row_is_told_as_long_as_it_is_there(folder: Path, tmp_path: Path) -> None:
    made(folder, tmp_path / "out")
    whole = contents(tmp_path / "out")
    broken = folder / "statements/broken.yaml"
    broken.write_text("statements: [\n")
    assert made(folder, tmp_path / "out").mapped == 1
    made(folder, tmp_path / "fresh")
    assert [code for _, _, code in rejects(tmp_path / "out")] == ["P010"]
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")
    broken.unlink()
    made(folder, tmp_path / "out")
    assert contents(tmp_path / "out") == whole


def test_ids_stand_twice_in_a_file_and_its_copy(folder: Path, tmp_path: Path) -> None:
    (folder / "statements/copy.csv").write_text(REGISTER)
    made(folder, tmp_path / "out")
    assert rejects(tmp_path / "out") == [("statements/register.csv", 2, "R004")]
    assert made(folder, tmp_path / "out").mapped == 0


def test_which_of_two_ids_is_the_first_is_told_by_folders_not_letters(folder: Path, tmp_path: Path) -> None:
    (folder / "statements/more-of-it.csv").write_text(REGISTER.replace("Basil Thorn,tends", "Rose Marsh,tends"))
    (folder / "statements/more/register.csv").write_text(REGISTER)
    (folder / "statements/register.csv").unlink()
    made(folder, tmp_path / "out")
    assert rejects(tmp_path / "out") == [("statements/more-of-it.csv", 2, "R004")]
    (folder / "statements/more-of-it.csv").write_text(
        "\n".join(line for line in REGISTER.splitlines() if not line.startswith("tends-7"))
    )
    assert quads(tmp_path / "out").equals(embedded(folder))


def test_a_qualifier_that_comes_later_is_read_in_files_that_did_not_change(folder: Path, tmp_path: Path) -> None:
    row = {"source": "ledger", "locator": "page 2", "because of": "statement:belief", **POST}
    (folder / "statements/why.jsonl").write_text(json.dumps(row) + "\n")
    made(folder, tmp_path / "out")
    assert [code for _, _, code in rejects(tmp_path / "out")] == ["P020"]
    more = 'gar:because a owl:ObjectProperty, onr:RestrictiveQualifier ; rdfs:label "because of"@en .\n'
    (folder / "ontology/garden.ttl").write_text(ONTOLOGY + more)
    made(folder, tmp_path / "out")
    made(folder, tmp_path / "fresh")
    assert rejects(tmp_path / "out") == []
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")
    assert quads(tmp_path / "out").equals(embedded(folder))


@pytest.mark.parametrize(("name", "text"), [("entities.yaml", "- id: [\n"), ("sources.yaml", "- {id: register}\n")])
def test_what_is_wrong_beside_statements_stops_the_build_wherever_the_graph_stands(
    tmp_path: Path, name: str, text: str
) -> None:
    folder = write_graph(tmp_path / "statements/garden", **{"sources.yaml": SOURCES, name: text})
    with pytest.raises(GraphBroken, match="what every shard needs has errors"):
        made(folder, tmp_path / "out")


def test_the_manifest_has_the_hash_of_every_file(folder: Path, tmp_path: Path) -> None:
    (folder / "statements/register.csv").write_text(REGISTER.replace("row 2", ""))
    for slim in (False, True):
        manifest = build_shards(folder, tmp_path / f"{slim}", Embedded(), 4, slim=slim).manifest
        entries = [manifest["description"], manifest["rejects"], *manifest["shards"].values()]
        told = {name: one["sha256"] for entry in entries for name, one in entry["files"].items()}
        files = {name: sha256_hex(data) for name, data in contents(tmp_path / f"{slim}").items() if name != MANIFEST}
        assert told == files


def test_what_a_killed_process_left_half_written_is_no_file_of_the_build(folder: Path, tmp_path: Path) -> None:
    class Killed(Embedded):
        def seal(self, job: Job, target: str, keys: Sequence[str], shards: Sequence[int]) -> list[dict[str, Any]]:
            (Path(target) / ".quads-00001.nq.gz.half").write_bytes(b"half")
            return super().seal(job, target, keys, shards)

    build_shards(folder, tmp_path / "out", Killed(), 4)
    made(folder, tmp_path / "whole")
    names = [{path.name for path in out.iterdir()} for out in (tmp_path / "out/.current", tmp_path / "whole/.current")]
    assert names[0] == names[1]


@pytest.mark.parametrize("most", [10_000, 6000, 3000, 1000])
def test_what_cannot_be_written_is_said_and_the_old_build_stays(folder: Path, tmp_path: Path, most: int) -> None:
    made(folder, tmp_path / "out")
    before = contents(tmp_path / "out")
    letter = folder / "statements/letter.yaml"
    letter.write_text(letter.read_text("utf-8").replace("she is against it", "she does not want it"), "utf-8")
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        with pytest.raises(OutputError, match="cannot be written: File too large"):
            made(folder, tmp_path / "out", 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))
    assert contents(tmp_path / "out") == before
    made(folder, tmp_path / "out")
    assert quads(tmp_path / "out").equals(embedded(folder))


def test_a_file_where_the_work_should_stand(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/work").write_text("mine")
    with pytest.raises(OutputError, match=r"out/work/\w+: cannot be made: Not a directory$"):
        made(folder, tmp_path / "out")


@pytest.mark.parametrize("kind", ["rows", "nodes", "rejects"])
def test_a_unit_that_was_half_swept_away_is_mapped_again(folder: Path, tmp_path: Path, kind: str) -> None:
    made(folder, tmp_path / "out")
    before = contents(tmp_path / "out")
    next((tmp_path / "out/work").glob(f"*/{kind}-*.parquet")).unlink()
    assert made(folder, tmp_path / "out").mapped == 1
    assert contents(tmp_path / "out") == before


def test_a_file_that_changes_while_it_is_built_is_not_taken_for_what_it_was(folder: Path, tmp_path: Path) -> None:
    class Slow(Embedded):
        def each(self, step: Step, job: Job, tasks: Sequence[Any]) -> list[dict[str, Any]]:
            if step is map_unit:
                (folder / "statements/register.csv").write_text(REGISTER + ",register,Rose,tends,plot 7,,,,row 4\n")
            return super().each(step, job, tasks)

    with pytest.raises(EngineError, match=r"^statements/register.csv: changed while the graph was built; build again$"):
        build_shards(folder, tmp_path / "out", Slow(), 4)
    (folder / "statements/register.csv").write_text(REGISTER)
    made(folder, tmp_path / "out")
    assert quads(tmp_path / "out").equals(embedded(folder))


@pytest.mark.parametrize("name", ["entities.yaml", "statements/letter.yaml"])
def test_a_graph_that_changes_while_it_is_read_is_not_taken_for_what_it_was(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def slow_parse(*given: Any, **chosen: Any) -> Any:
        found = parse(*given, **chosen)
        (folder / name).write_text((folder / name).read_text("utf-8") + "# more\n", "utf-8")
        return found

    monkeypatch.setattr("onrecord.scale.base.parse", slow_parse)
    with pytest.raises(EngineError, match=r"garden: changed while it was read; build again$"):
        made(folder, tmp_path / "out")


@pytest.mark.parametrize("name", ["pipe.yaml", "pipe.csv"])
@pytest.mark.parametrize("at", [".", ".."])
def test_what_is_no_file_of_statements_stops_the_build_from_wherever_it_is_seen(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, at: str
) -> None:
    os.mkfifo(folder / "statements" / name)
    monkeypatch.chdir(folder / at)
    with pytest.raises(GraphBroken) as error:
        made(folder, tmp_path / "out")
    assert [found.code for found in error.value.problems] == ["P003"]


def test_a_graph_that_is_named_by_its_folder_and_moved(folder: Path, tmp_path: Path) -> None:
    (folder / "onrecord.yaml").write_text(SETTINGS.replace("base: https://example.org/garden/\n", ""))
    made(folder, tmp_path / "out")
    moved = folder.rename(tmp_path / "orchard")
    made(moved, tmp_path / "out")
    assert quads(tmp_path / "out").equals(embedded(moved))


def test_a_process_that_outlives_a_build_reads_changed_notes_anew(folder: Path, tmp_path: Path) -> None:
    letter = folder / "statements/letter.yaml"
    before = read_base(str(folder))
    letter.write_text(LETTER_TOO.replace("she is against it", "she does not want it"))
    after = read_base.__wrapped__(str(folder))
    assert (before.digest == after.digest, before.whole == after.whole) == (True, False)
    job = Job(str(folder), str(tmp_path), 4, after.whole, code_digest())
    assert base_of(job).parsed.statements.equals(after.parsed.statements)


def test_a_graph_is_the_same_from_wherever_it_is_seen(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "statements/more/ledger.jsonl").write_text(LEDGER + LEDGER)
    (folder / "statements/second.yaml").write_text(LETTER)
    seen = []
    for at in (folder, tmp_path, Path("/")):
        monkeypatch.chdir(at)
        made(folder, tmp_path / f"out-{len(seen)}")
        seen.append(contents(tmp_path / f"out-{len(seen)}"))
    assert {code for _, _, code in rejects(tmp_path / "out-0")} == {"P031", "R004"}
    assert seen[0] == seen[1] == seen[2]


def test_folders_whose_names_hold_patterns(folder: Path, tmp_path: Path) -> None:
    made(folder, tmp_path / "plain")
    (tmp_path / PATTERNS).mkdir()
    moved = folder.rename(tmp_path / PATTERNS / "garden")
    for broadcast, name in ((0, "joined"), (100, "whole")):
        build_shards(moved, tmp_path / PATTERNS / name, Embedded(broadcast), 4)
        assert contents(tmp_path / PATTERNS / name) == contents(tmp_path / "plain")
    gone, come = delta(tmp_path / PATTERNS / "joined", tmp_path / "plain")
    assert (gone.height, come.height) == (0, 0)


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


def test_a_difference_needs_two_builds(folder: Path, tmp_path: Path) -> None:
    made(folder, tmp_path / "monday")
    for pair in (("monday", "tusday"), ("munday", "monday")):
        with pytest.raises(OnRecordError, match=r"/(tusday|munday): no build in shards stands here; make one: "):
            delta(tmp_path / pair[0], tmp_path / pair[1])


def test_the_command_says_what_was_done(folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    result = CliRunner().invoke(main, ["build", str(folder), "-o", str(tmp_path / "out"), "--shards", "2", "--json"])
    assert (result.exit_code, json.loads(result.stdout)) == (0, json.loads((tmp_path / "out" / MANIFEST).read_text()))
    again = CliRunner().invoke(main, ["build", str(folder), "-o", str(tmp_path / "out"), "--shards", "2"])
    assert "0 units read, 0 shards written" in again.stderr


class Heard:
    """Who watches, and what was heard."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int | None, str]] = []
        self.done: list[int] = []

    def stage(self, name: str, total: int | None, unit: str) -> None:
        self.stages.append((name, total, unit))
        self.done.append(0)

    def advance(self, count: int) -> None:
        self.done[-1] += count


def test_who_watches_hears_of_units_and_shards(folder: Path, tmp_path: Path) -> None:
    heard = Heard()
    with watched(heard):
        first = made(folder, tmp_path / "out")
    number = len(first.manifest["shards"])
    told = dict(zip(heard.stages, heard.done, strict=True))
    counted = (("scanning", 3, "units"), ("reading", 3, "units"), ("writing", number, "shards"))
    assert [told[stage] for stage in counted] == [3, 3, number]
    assert heard.stages[-1] == ("", None, "")
    again = Heard()
    with watched(again):
        made(folder, tmp_path / "out")
    assert dict(zip(again.stages, again.done, strict=True))[("taking over", number, "shards")] == number


def test_a_cluster_tells_its_stages_without_a_count(folder: Path, tmp_path: Path) -> None:
    class Cluster(Embedded):
        def __init__(self) -> None:
            super().__init__(counts=False)

    heard = Heard()
    with watched(heard):
        build_shards(folder, tmp_path / "out", Cluster(), 4)
    names = [name for name, _, _ in heard.stages]
    assert [name for name in names if name.endswith(" on Spark")][:2] == [
        "scanning 3 units on Spark",
        "reading 3 units on Spark",
    ]


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


def generate(folder: Path, statements: int) -> Path:
    """A graph with propositions in propositions, references by id, and statements that two files make."""
    command = [sys.executable, str(ROOT / "bench/statements.py"), str(folder), "--statements", str(statements)]
    layout = ["--bad", "0", "--entities", "300", "--format", "jsonl", "--rows-a-file", str(statements // 3)]
    subprocess.run([*command, *layout], check=True, stdout=subprocess.DEVNULL)
    files = (path.read_text("utf-8") for path in (folder / "statements").iterdir())
    rows = [json.loads(line) for text in files for line in text.splitlines()]
    assert any(isinstance(row["object"], list) for row in rows)
    assert any(str(row["object"]).startswith("statement:") for row in rows)
    again = ({**row, "quote": f"once more {row['quote']}"} for row in rows[::5] if "id" not in row)
    (folder / "statements/twice.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in again), "utf-8")
    return folder


@pytest.mark.slow
def test_the_shards_of_a_generated_graph_are_what_its_store_and_its_exports_hold(tmp_path: Path) -> None:
    graph = generate(tmp_path / "generated", 3000)
    counts = made(graph, tmp_path / "shards", 16).manifest["counts"]
    lines = [
        line
        for path in (tmp_path / "shards").glob("*.nq.gz")
        for line in gzip.decompress(path.read_bytes()).decode().splitlines()
    ]
    built = onrecord.open(graph).build(tmp_path / "exported", inference=False, exports=True)
    assert (counts["rejects"], counts["statements"]) == (0, built["counts"]["statements"])
    rows = sum(path.read_text("utf-8").count("\n") for path in (graph / "statements").iterdir())
    assert counts["statements"] < rows - 500, "none were merged"
    assert sorted(lines) == sorted((tmp_path / "exported/generated.nq").read_text("utf-8").splitlines())
    onrecord.open(graph).build(tmp_path / "part-by-part", inference=False, exports=False)
    store = ox.Store()
    store.load("\n".join(lines).encode(), format=ox.RdfFormat.N_QUADS)
    assert set(open_store(tmp_path / "part-by-part")) == set(store)


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
        ("4", 'no entity is called "R.  Marsh"', 'did you mean "R. Marsh"? the two differ in their spaces alone'),
        ("5", '2 entities are called "rose"', 'write "ivy" (Ivy Chair) or ":rose" (Rose Marsh)'),
        ("6", 'no entity is called "Garden Sociaty"', 'did you mean "Garden Society"?'),
    ]


def test_shards_look_up_few_of_the_entities_that_are_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that publish sources, that sources have it from, that are merged, or that nobody knows."""
    unnamed = ONTOLOGY + 'gar:Someone a owl:Class ; rdfs:label "someone"@en ; rdfs:subClassOf onr:UnnamedSpeaker .\n'
    sources = SOURCES.replace("published", "publisher: Garden Society, origin: [Rose Marsh], published", 1)
    said = (("Basil Thorn", "register"), ("a gardener", "ledger"), ("Garden Society", "ledger"), ("Rose", "ledger"))
    row = '{{"source": "{}", "subject": "Basil Thorn", "predicate": "tends", "object": "plot 7", {}"locator": "{}"}}\n'
    rows = [row.format(source, f'"said by": "{who}", ', who) for who, source in said]
    folder = write_graph(
        tmp_path / "garden",
        **{
            "ontology/garden.ttl": unnamed,
            "sources.yaml": sources,
            "entities.yaml": ENTITIES + "\n- {id: gardener, label: a gardener, type: someone}\n",
            "statements/rows.jsonl": "".join(rows) + row.format("register", "", "own"),
            "statements/letter.yaml": None,
            "statements/minutes.yaml": None,
        },
    )
    onrecord.open(folder).judge("rose", "same", "society", who="Ada", why="a test")
    made(folder, tmp_path / "whole")

    class Joined(Embedded):
        def seal(self, job: Job, target: str, keys: Sequence[str], shards: Sequence[int]) -> list[dict[str, Any]]:
            read_base.cache_clear()
            with monkeypatch.context() as patch:
                patch.setattr("onrecord.parse.entities.parse_entities", lambda *given: pytest.fail("read all entities"))
                return super().seal(job, target, keys, shards)

        def join(self, job: Job, tasks: Sequence[Mapping[str, Any]]) -> None:
            asked = [name for task in tasks for name in names_of(job, task)]
            assert sorted(asked) == ["Basil Thorn", "Garden Society", "Rose", "a gardener", "plot 7"], "none for all"
            super().join(job, tasks)

    build_shards(folder, tmp_path / "joined", Joined(broadcast=0), 4)
    assert contents(tmp_path / "joined") == contents(tmp_path / "whole")


@given(text(), lists(text(), unique=True), integers(1, 5), integers(1, 4))
def test_names_near_another_are_the_same_however_they_are_cut(
    name: str, known: list[str], size: int, count: int
) -> None:
    pieces = [known[at : at + size] for at in range(0, len(known), size)]
    assert nearest_in_pieces(name, pieces, count) == nearest_names(name, known, count)
