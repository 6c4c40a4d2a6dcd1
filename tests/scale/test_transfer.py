"""A build in shards on real servers: sent whole, by what came and went, cut off and taken up again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import onrecord
from cutting import cutting
from onrecord.assemble import QUADS
from onrecord.cli import main
from onrecord.errors import OnRecordError, ServerError
from onrecord.progress import watched
from onrecord.scale import transfer as module
from onrecord.scale.frames import read_frame
from onrecord.scale.ledger import LEDGER, Ledger
from onrecord.scale.server import Server
from onrecord.scale.sharded import Embedded, build_shards
from onrecord.scale.transfer import Part, Transferred, require_built, transfer
from small_graph import LETTER, SETTINGS, write_graph

BASE = "https://example.org/garden/"
SOURCES = "- {id: register, title: The register, published: 2024-06-10}\n"
HEIGHT = (
    '{{"subject": "Basil Thorn", "predicate": "height in metres", "object": "{}", '
    '"source": "register", "locator": "page 1"}}\n'
)
ROWS = 60


def write(folder: Path, *, first: int = 0, letter: str | None = LETTER, height: str = "100.50") -> Path:
    rows = "".join(HEIGHT.format(f"{n}.25") for n in range(first, first + ROWS)) + HEIGHT.format(height)
    files = {"sources.yaml": SOURCES, "statements/register.jsonl": rows, "statements/letter.yaml": letter}
    return write_graph(folder, **files)


def build(folder: Path, out: Path, shards: int = 4) -> Path:
    build_shards(folder, out, Embedded(), shards)
    return out


@pytest.fixture
def monday(tmp_path: Path) -> Path:
    return build(write(tmp_path / "monday-graph"), tmp_path / "monday")


@pytest.fixture
def tuesday(tmp_path: Path) -> Path:
    """Thirty heights went and thirty came, a source is gone, and one number is written with fewer digits."""
    return build(write(tmp_path / "tuesday-graph", first=30, letter=None, height="100.5"), tmp_path / "tuesday")


@pytest.fixture
def there(server: str) -> Iterator[Server]:
    with Server(server) as found:
        yield found


def send(
    there: Server, folder: Path, since: Path | None = None, *, whole: bool = False, rehearse: bool = False
) -> Transferred:
    old = require_built(since) if since else None
    return transfer(there, require_built(folder), since=old, whole=whole, rehearse=rehearse)


def hows(done: Transferred) -> set[str]:
    """What was done with parts, after it was found there."""
    assert done.verified is not None
    assert done.verified.wrong == ()
    return {part.how for part in done.parts}


def on_server(there: Server) -> dict[str, int]:
    """How many triples each named graph of the garden holds."""
    rows = there.select("SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
    found = {row["g"]["value"]: int(row["n"]["value"]) for row in rows if row["g"]["value"].startswith(BASE)}
    return {name: count for name, count in found.items() if name != f"{BASE}graph/{LEDGER}"}


def in_files(folder: Path) -> dict[str, int]:
    every = pl.concat([read_frame(folder / name) for name in require_built(folder).files])
    counted = every.select(QUADS.names()).group_by("graph").len()
    return {graph[1:-1]: count for graph, count in counted.iter_rows() if graph[1:-1].startswith(BASE)}


def test_all_parts_are_sent_and_a_second_time_none(there: Server, monday: Path) -> None:
    first = send(there, monday)
    assert (hows(first), first.unchanged, len(first.parts)) == ({"whole"}, 0, 5)
    assert on_server(there) == in_files(monday)
    again = send(there, monday)
    assert (hows(again), again.unchanged) == (set(), 5)


def test_between_two_builds_only_what_came_and_went_is_sent(there: Server, monday: Path, tuesday: Path) -> None:
    send(there, monday)
    told = send(there, tuesday, monday, rehearse=True)
    done = send(there, tuesday, monday)
    assert hows(done) == {"changes"}
    assert done.parts == told.parts
    assert on_server(there) == in_files(tuesday)
    assert 0 < sum(part.insert for part in done.parts) < sum(in_files(tuesday).values())
    rows = there.select(f"SELECT ?n WHERE {{ GRAPH <{BASE}graph/propositions> {{ ?s ?p ?n FILTER(?n = 100.5) }} }}")
    assert len(rows) == 1  # the server may hold 100.50 and 100.5 as one


def test_another_number_of_shards_is_a_change_like_any_other(there: Server, monday: Path, tmp_path: Path) -> None:
    send(there, monday)
    three = build(tmp_path / "monday-graph", tmp_path / "three", 3)
    assert hows(send(there, three, monday)) == {"changes", "removed"}
    assert on_server(there) == in_files(monday)
    six = build(tmp_path / "monday-graph", tmp_path / "six", 6)
    assert hows(send(there, six, three)) == {"changes", "whole"}
    assert on_server(there) == in_files(monday)


def test_without_the_build_before_everything_is_sent_anew(there: Server, monday: Path, tuesday: Path) -> None:
    send(there, monday)
    done = send(there, tuesday)
    assert (hows(done), done.unchanged) == ({"whole"}, 0)
    assert on_server(there) == in_files(tuesday)


def test_a_build_that_was_loaded_in_bulk_is_counted_and_taken_for_what_it_is(
    there: Server, monday: Path, tuesday: Path
) -> None:
    send(there, monday)
    there.drop_graph(f"{BASE}graph/{LEDGER}")
    assert hows(send(there, tuesday, monday)) == {"changes"}
    assert on_server(there) == in_files(tuesday)


TWO = """\
- {id: register, title: The register, published: 2024-06-10}
- {id: roll, title: The roll, published: 2024-06-11}
"""


def two_forms(folder: Path, *, both: bool) -> Path:
    """One height from two sources, in two written forms, whose propositions are in two of five shards, and others."""
    row = HEIGHT.replace("register", "{}")
    files = {"sources.yaml": TWO if both else TWO.splitlines()[1] + "\n"}
    files["statements/roll.jsonl"] = "".join(row.format(text, "roll") for text in ("1.5", *map(str, range(2, 22))))
    if both:
        files["statements/register.jsonl"] = row.format("1.50", "register")
    return build(write_graph(folder, **files), folder.with_suffix(".built"), 5)


def parts_of(folder: Path, text: str) -> list[str]:
    """The parts with an asserted triple of this literal."""
    found = {name: read_frame(folder / name) for name in require_built(folder).files}
    said = (pl.col("graph") == f"<{BASE}graph/asserted>") & pl.col("object").str.starts_with(f'"{text}"')
    return [name for name, quads in found.items() if quads.filter(said).height]


def test_two_forms_of_one_value_in_two_shards_are_one_and_the_one_that_stays_is_kept(
    there: Server, tmp_path: Path
) -> None:
    both, one = two_forms(tmp_path / "both", both=True), two_forms(tmp_path / "one", both=False)
    assert parts_of(both, "1.50") != parts_of(both, "1.5") == parts_of(one, "1.5")
    hows(send(there, both))
    told = send(there, one, both, rehearse=True)
    done = send(there, one, both)
    assert hows(done) == {"changes"}
    assert done.parts == told.parts
    assert sum(part.again for part in done.parts) == 1
    assert on_server(there) == in_files(one)


@pytest.mark.slow
def test_a_form_that_was_lost_with_another_comes_back_wherever_a_transfer_is_cut_off(tmp_path: Path) -> None:
    both, one = two_forms(tmp_path / "both", both=True), two_forms(tmp_path / "one", both=False)
    with cutting() as behind, Server(behind.address, tries=1) as there:
        send(there, one)
        aim = behind.dump()
        there.drop_graph(f"{BASE}graph/{LEDGER}")
        send(there, both, whole=True)
        before = behind.dump()
        behind.mend()
        send(there, one, both)
        assert behind.dump() == aim
        writes = [at for at, each in enumerate(behind.asked) if each != "POST /query"]
        for at in writes[2:12]:  # all deletions
            for since in (both, None) if at % 3 else (None,):
                behind.mend()
                behind.load(before)
                behind.cut(at, is_done=True)
                with pytest.raises(ServerError):
                    send(there, one, both)
                behind.mend()
                hows(send(there, one, since))
                assert behind.dump() == aim, at


BOATS = """\
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<https://example.org/boats> a owl:Ontology ; rdfs:label "boats"@en .
"""


BOATS_GRAPH = "https://example.org/boats"


@pytest.mark.slow
def test_a_graph_that_another_dataset_on_the_server_has_too_stays_there(tmp_path: Path) -> None:
    settings = SETTINGS.replace("[garden]", "[garden, boats]")
    graph = write_graph(tmp_path / "two", **{"onrecord.yaml": settings, "ontology/boats.ttl": BOATS})
    of_another = settings.replace("example.org/garden/", "example.org/other/")
    other = write_graph(tmp_path / "one", **{"onrecord.yaml": of_another, "ontology/boats.ttl": BOATS})
    one, two = build(other, tmp_path / "one-built"), build(graph, tmp_path / "two-built")
    without = build(write_graph(graph, **{"onrecord.yaml": SETTINGS, "ontology/boats.ttl": None}), tmp_path / "without")
    for since in (two, None):
        with cutting() as behind, Server(behind.address) as there:
            send(there, one)
            send(there, two)
            behind.mend()
            hows(send(there, two, whole=True))
            theirs = {quad for quad in behind.dump() if quad.endswith((f"<{BOATS_GRAPH}>", "/other/graph/pushed>"))}
            told = send(there, without, since, rehearse=True)
            done = send(there, without, since)
            assert ("whole" in hows(done), done.left, told.left) == (since is None, (BOATS_GRAPH,), (BOATS_GRAPH,))
            assert theirs <= behind.dump()
            assert sum(quad.endswith(f"<{BOATS_GRAPH}>") for quad in theirs) == 2
            assert send(there, one).verified.wrong == ()  # type: ignore[union-attr]


def test_a_build_of_another_graph_is_refused_before_anything_is_asked(tmp_path: Path, monday: Path) -> None:
    settings = SETTINGS.replace("example.org/garden/", "example.org/other/")
    other = build(write_graph(tmp_path / "other-graph", **{"onrecord.yaml": settings}), tmp_path / "other")
    with cutting() as behind:
        result = CliRunner().invoke(main, ["push", str(other), behind.address, "--since", str(monday)])
        assert (result.exit_code, set(behind.asked) - {"GET /"}) == (2, set())
    assert f"this build is of another graph, {BASE} and not https://example.org/other/" in result.output


def test_a_folder_whose_name_holds_signs_of_patterns_is_sent(tmp_path: Path, monday: Path) -> None:
    place = monday.rename(tmp_path / "day=[1]*?")
    with cutting() as behind, Server(behind.address) as there:
        assert hows(send(there, place)) == {"whole"}
        assert (hows(send(there, place, place)), on_server(there)) == (set(), in_files(place))


def test_a_server_that_does_not_hold_the_build_before_is_refused(there: Server, monday: Path, tuesday: Path) -> None:
    with pytest.raises(OnRecordError, match="does not hold the build in"):
        send(there, tuesday, monday)
    send(there, tuesday)
    wednesday = build(write(monday.parent / "wednesday-graph", first=7), monday.parent / "wednesday")
    with pytest.raises(OnRecordError, match=r"holds another (described|quads-00000)"):
        send(there, wednesday, monday)


def test_a_build_that_was_loaded_in_bulk_is_taken_over(there: Server, server: str, monday: Path, tuesday: Path) -> None:
    send(there, monday)
    there.drop_graph(f"{BASE}graph/{LEDGER}")
    told = send(there, monday, rehearse=True)
    assert (told.parts, told.found, Ledger(there, BASE).read().parts) == ((), True, {})
    done = CliRunner().invoke(main, ["push", str(monday), server])
    lead = "0 parts sent, 5 found there without a ledger and taken over; "
    assert (done.exit_code, done.stderr.startswith(lead)) == (0, True)
    again = send(there, monday)
    assert (hows(again), again.unchanged, again.found) == (set(), 5, False)
    assert hows(send(there, tuesday, monday)) == {"changes"}
    assert on_server(there) == in_files(tuesday)


@pytest.mark.parametrize("graph", ["asserted", "stray"])
def test_something_else_that_was_loaded_in_bulk_is_sent_anew(there: Server, monday: Path, graph: str) -> None:
    send(there, monday)
    there.drop_graph(f"{BASE}graph/{LEDGER}")
    there.update(f"INSERT DATA {{ GRAPH <{BASE}graph/{graph}> {{ <urn:a> <urn:b> <urn:c> }} }}")
    done = send(there, monday)
    assert (hows(done), done.found) == ({"whole"}, False)
    assert on_server(there) == in_files(monday)


def test_who_watches_sees_how_much_of_a_part_is_sent(
    monday: Path, tuesday: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 20)
    told: dict[str, list[int]] = {}

    class Watcher:
        name = ""

        def stage(self, name: str, total: int | None, unit: str) -> None:
            self.name = name
            told[name] = [total or 0, 0]  # of a stage that comes again the last counts

        def advance(self, count: int) -> None:
            told[self.name][1] += count

    with cutting() as behind, Server(behind.address) as there, watched(Watcher()):
        parts = send(there, monday).parts
        sent = {f"sending part {at} of {len(parts)}": [part.quads] * 2 for at, part in enumerate(parts, 1)}
        assert {name: numbers for name, numbers in told.items() if " part " in name} == sent
        told.clear()
        parts = send(there, tuesday, monday).parts
    for at, part in enumerate(parts, 1):
        assert told[f"taking out of part {at} of {len(parts)}"] == [part.delete] * 2
        assert told[f"sending part {at} of {len(parts)}"] == [part.insert + part.again] * 2
    assert "counting graphs" in told


class CutError(Exception):
    """Stands for a process that is killed."""


@pytest.mark.slow
@pytest.mark.parametrize("request_number", [1, 3, 5, 8, 12, 14, 16])
def test_a_transfer_that_is_cut_off_anywhere_is_taken_up(
    there: Server, monday: Path, tuesday: Path, monkeypatch: pytest.MonkeyPatch, request_number: int
) -> None:
    send(there, monday)

    def cut(aim: Path, since: Path) -> None:
        """A transfer with many small updates, whose n-th write never comes."""
        left = request_number
        with monkeypatch.context() as patched:
            update = Server.update

            def count(self: Server, text: str) -> None:
                nonlocal left
                left -= 1
                if left < 0:
                    raise CutError
                update(self, text)

            patched.setattr(Server, "update", count)
            patched.setattr(module, "BATCH", 20)
            with pytest.raises(CutError):
                send(there, aim, since)

    cut(tuesday, monday)
    assert send(there, tuesday, monday).verified.wrong == ()  # type: ignore[union-attr]
    assert on_server(there) == in_files(tuesday)
    cut(monday, tuesday)
    send(there, tuesday, monday)  # back again before it got there
    assert on_server(there) == in_files(tuesday)


def test_a_first_transfer_that_is_cut_off_goes_on_with_the_parts_that_are_missing(there: Server, monday: Path) -> None:
    done: list[Part] = []

    def stop(part: Part) -> None:
        done.append(part)
        if len(done) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        transfer(there, require_built(monday), after=stop)
    rest = send(there, monday)
    assert (rest.unchanged, len(rest.parts)) == (2, 3)
    assert on_server(there) == in_files(monday)


def test_quads_that_the_server_lost_are_noticed_and_sent_again(there: Server, monday: Path) -> None:
    send(there, monday)
    there.drop_graph(f"{BASE}graph/asserted")
    verified = send(there, monday).verified
    assert verified is not None
    assert verified.wrong[0].startswith(f"{BASE}graph/asserted holds 0 of ")
    assert hows(send(there, monday, whole=True)) == {"whole"}


def test_a_dataset_that_was_pushed_from_its_files_gives_way_and_comes_back(
    there: Server, server: str, monday: Path
) -> None:
    graph = str(monday.parent / "monday-graph")
    for folder in (graph, str(monday), graph, str(monday)):
        result = CliRunner().invoke(main, ["push", folder, server])
        assert (result.exit_code, result.stderr.splitlines()[-1].endswith("read back: as they were sent")) == (0, True)
    assert on_server(there) == in_files(monday)


def test_what_came_in_shards_answers_queries(there: Server, server: str, monday: Path) -> None:
    send(there, monday)
    graph = onrecord.open(monday.parent / "monday-graph").at(server)
    counted = graph.query("SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }")
    assert [row["n"].value for row in counted] == [str(sum(require_built(monday).graphs().values()))]


def test_a_damaged_shard_is_not_sent(server: str, monday: Path) -> None:
    (monday / "quads-00001.parquet").resolve().write_bytes(b"damaged")
    result = CliRunner().invoke(main, ["push", str(monday), server])
    assert result.exit_code == 2
    assert "quads-00001.parquet: its bytes are not those of the manifest" in result.output


def test_the_command_sends_what_differs(server: str, monday: Path, tuesday: Path) -> None:
    first = CliRunner().invoke(main, ["push", str(monday), server])
    assert first.stderr.splitlines()[-1].startswith("5 parts sent, 0 unchanged; ")
    told = CliRunner().invoke(main, ["push", str(tuesday), server, "--since", str(monday), "--dry-run"])
    assert told.stderr.splitlines()[-1] == "5 parts to send, 0 as they should be"
    done = CliRunner().invoke(main, ["push", str(tuesday), server, "--since", str(monday)])
    assert done.stderr.splitlines()[:-1] == told.stderr.splitlines()[:-1]
    assert (done.exit_code, " in, " in done.stderr) == (0, True)


def test_since_goes_with_shards(tmp_path: Path) -> None:
    folder = write(tmp_path / "garden")
    result = CliRunner().invoke(main, ["push", str(folder), "http://localhost:1", "--since", str(tmp_path)])
    assert (result.exit_code, "--since goes with a folder of shards" in result.output) == (2, True)
    built = build(folder, tmp_path / "out")
    result = CliRunner().invoke(main, ["push", str(built), "http://localhost:1", "--since", str(folder)])
    assert (result.exit_code, "no build in shards stands here" in result.output) == (2, True)
