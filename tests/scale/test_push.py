from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import onrecord
from cutting import Cutting, cutting
from onrecord.cli import main
from onrecord.errors import ServerError
from onrecord.progress import watched
from onrecord.scale import push as module
from onrecord.scale.push import Step, deliver, same_value
from onrecord.scale.server import Server
from onrecord.scale.shipment import Shipment
from small_graph import LETTER, SETTINGS, write_graph

ROOT = Path(__file__).resolve().parents[2]
BASE = "https://example.org/garden/"
LETTER_GRAPH = f"{BASE}graph/source/letter"
XSD = "http://www.w3.org/2001/XMLSchema#"


def held(root: str, graph: str) -> int:
    with Server(root) as there:
        found = there.select(f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
    return int(found[0]["n"]["value"])


def steps(folder: Path, root: str) -> list[tuple[str, str]]:
    """What a push of the graph did, and that all of it was found there."""
    done = onrecord.open(folder).push(root)
    assert done.verified is not None
    assert done.verified.wrong == ()
    return [(step.graph.removeprefix(BASE), step.how) for step in done.plan.steps]


def test_the_first_push_sends_every_graph_whole_and_the_second_nothing(graph_folder: Path, server: str) -> None:
    first = steps(graph_folder, server)
    assert {how for _, how in first} == {"whole"}
    assert {"graph/asserted", "graph/source/letter", "graph/source/minutes"} <= {name for name, _ in first}
    assert steps(graph_folder, server) == []


def test_a_changed_statement_is_sent_as_its_changes(graph_folder: Path, server: str) -> None:
    steps(graph_folder, server)
    write_graph(graph_folder, **{"statements/letter.yaml": LETTER.replace("status: expected", "status: planned")})
    assert ("graph/source/letter", "changes") in steps(graph_folder, server)
    assert steps(graph_folder, server) == []


def test_a_source_that_is_gone_leaves_the_server(graph_folder: Path, server: str) -> None:
    steps(graph_folder, server)
    (graph_folder / "statements/letter.yaml").unlink()
    assert ("graph/source/letter", "removed") in steps(graph_folder, server)
    assert held(server, LETTER_GRAPH) == 0


def test_what_was_sent_and_what_was_removed_is_counted_apart(graph_folder: Path) -> None:
    with cutting() as there:
        steps(graph_folder, there.address)
        (graph_folder / "statements/letter.yaml").unlink()
        told = CliRunner().invoke(main, ["push", str(graph_folder), there.address, "--dry-run"]).stderr
        done = CliRunner().invoke(main, ["push", str(graph_folder), there.address]).stderr
    assert told.splitlines()[-1] == "3 graphs to send, 1 to remove, 4 as they should be"
    assert done.splitlines()[-1].startswith("3 graphs sent, 1 removed, 4 unchanged; 7 graphs counted, ")


def test_without_what_was_sent_before_a_changed_graph_is_sent_whole(graph_folder: Path, server: str) -> None:
    steps(graph_folder, server)
    for path in (onrecord.open(graph_folder).project.build_folder / "pushed").rglob("*.gz"):
        path.write_bytes(b"damaged")
    write_graph(graph_folder, **{"statements/letter.yaml": LETTER.replace("status: expected", "status: planned")})
    assert ("graph/source/letter", "whole") in steps(graph_folder, server)


def test_an_interrupted_push_goes_on_where_it_stopped(graph_folder: Path, server: str) -> None:
    done: list[Step] = []

    def stop(step: Step) -> None:
        done.append(step)
        if len(done) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        onrecord.open(graph_folder).push(server, after=stop)
    rest = steps(graph_folder, server)
    assert rest
    assert not {step.graph.removeprefix(BASE) for step in done} & {name for name, _ in rest}


def test_triples_lost_by_the_server_are_noticed(graph_folder: Path, server: str) -> None:
    steps(graph_folder, server)
    with Server(server) as there:
        there.update(
            f"DELETE {{ GRAPH <{LETTER_GRAPH}> {{ ?s ?p ?o }} }} WHERE {{ GRAPH <{LETTER_GRAPH}> {{ ?s ?p ?o }} }}"
        )
    result = CliRunner().invoke(main, ["push", str(graph_folder), server])
    assert result.exit_code == 1
    assert f"{LETTER_GRAPH} holds 0 of " in result.output
    assert onrecord.open(graph_folder).push(server, whole=True).verified.wrong == ()  # type: ignore[union-attr]


def test_a_rehearsal_sends_nothing(graph_folder: Path, server: str) -> None:
    done = onrecord.open(graph_folder).push(server, dry_run=True)
    assert (len(done.plan.steps) > 4, done.verified, held(server, LETTER_GRAPH)) == (True, None, 0)


def heights(numbers: range) -> str:
    row = '{{"subject": "Basil Thorn", "predicate": "height in metres", "object": "{}.5", "source": "register"}}\n'
    return "".join(row.format(n) for n in numbers)


VERBS = ("DELETE", "INSERT")
REGISTER = "- {id: register, title: The register, published: 2024-06-10}\n"


def test_a_long_change_goes_in_batches(graph_folder: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_graph(graph_folder, **{"statements/register.jsonl": heights(range(200)), "sources.yaml": REGISTER})
    steps(graph_folder, server)
    write_graph(graph_folder, **{"statements/register.jsonl": heights(range(60, 260)), "sources.yaml": REGISTER})
    sent: list[str] = []
    update = Server.update
    monkeypatch.setattr(Server, "update", lambda self, text: (sent.append(text), update(self, text))[1])
    monkeypatch.setattr(module, "BATCH", 50)
    monkeypatch.setattr(module, "DELTA_SHARE", 1.0)
    done = onrecord.open(graph_folder).push(server)
    assert (done.verified is not None and done.verified.wrong) == ()
    heads = {(step.graph, verb): f"{verb} DATA {{ GRAPH <{step.graph}>" for step in done.plan.steps for verb in VERBS}
    found = {key: [text.count("\n") - 1 for text in sent if text.startswith(head)] for key, head in heads.items()}
    lengths = {(step.graph, "DELETE"): len(step.delete) for step in done.plan.steps}
    lengths |= {(step.graph, "INSERT"): len(step.insert) for step in done.plan.steps}
    assert {key: sum(sizes) for key, sizes in found.items()} == lengths
    assert {step.how for step in done.plan.steps} == {"changes"}
    assert all(size == 50 for sizes in found.values() for size in sizes[:-1])
    assert all(size <= 50 for sizes in found.values() for size in sizes)
    assert max(map(len, found.values())) > 2


def test_no_request_is_longer_than_servers_take(graph_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_graph(graph_folder, **{"statements/register.jsonl": heights(range(60)), "sources.yaml": REGISTER})
    with cutting() as there:
        steps(graph_folder, there.address)
        aim, longest = there.dump(), max(there.sizes)
        monkeypatch.setattr(module, "PIECE_BYTES", 4_000)
        monkeypatch.setattr(module, "BATCH_BYTES", 4_000)
        monkeypatch.setattr(module, "DELTA_SHARE", 1.0)
        there.load(frozenset())
        there.mend()
        steps(graph_folder, there.address)
        assert (there.dump(), longest > 8_000, max(there.sizes) < 4_500) == (aim, True, True)
        there.mend()
        write_graph(graph_folder, **{"statements/register.jsonl": heights(range(30, 90)), "sources.yaml": REGISTER})
        assert ("graph/source/register", "changes") in steps(graph_folder, there.address)
        assert max(there.sizes) < 4_500


def test_a_number_that_loses_a_digit_stays_on_a_server_that_keeps_values(graph_folder: Path, server: str) -> None:
    row = '{{"subject": "Basil Thorn", "predicate": "height in metres", "object": "{}", "source": "minutes"}}\n'
    write_graph(graph_folder, **{"statements/heights.jsonl": row.format("1.50")})
    steps(graph_folder, server)
    write_graph(graph_folder, **{"statements/heights.jsonl": row.format("1.5")})
    assert ("graph/asserted", "changes") in steps(graph_folder, server)


TWO = """\
- {id: register, title: The register, published: 2024-06-10}
- {id: roll, title: The roll, published: 2024-06-11}
"""
ROLL = TWO.splitlines()[1] + "\n"


def height_row(text: str, source: str) -> str:
    row = '{{"subject": "Basil Thorn", "predicate": "height in metres", "object": "{}", "source": "{}"}}\n'
    return row.format(text, source)


def test_of_two_forms_of_one_value_the_one_that_stays_is_kept(graph_folder: Path, server: str) -> None:
    write_graph(
        graph_folder,
        **{
            "sources.yaml": TWO,
            "statements/register.jsonl": height_row("1.50", "register"),
            "statements/roll.jsonl": height_row("1.5", "roll"),
        },
    )
    steps(graph_folder, server)
    (graph_folder / "statements/register.jsonl").unlink()
    write_graph(graph_folder, **{"sources.yaml": ROLL})
    done = onrecord.open(graph_folder).push(server)
    (asserted,) = (step for step in done.plan.steps if step.graph == f"{BASE}graph/asserted")
    assert (asserted.how, len(asserted.again), done.verified and done.verified.wrong) == ("changes", 1, ())
    with Server(server) as there:
        pattern = (
            f"GRAPH <{BASE}graph/asserted> {{ <{BASE}entity/basil> <https://example.org/garden-terms#height> ?n }}"
        )
        assert [row["n"]["value"] for row in there.select(f"SELECT ?n WHERE {{ {pattern} }}")] == ["1.5"]
    assert steps(graph_folder, server) == []


def test_triples_held_as_one_are_told_and_one_that_is_lost_beside_them_is_noticed(graph_folder: Path) -> None:
    both = {
        "statements/register.jsonl": height_row("1.50", "register"),
        "statements/roll.jsonl": height_row("1.5", "roll"),
    }
    write_graph(graph_folder, **{"sources.yaml": TWO, **both})
    with cutting() as there:
        told = CliRunner().invoke(main, ["push", str(graph_folder), there.address])
        end = "as they were sent, 1 triple held as one with another form of it"
        assert (told.exit_code, told.stderr.splitlines()[-1].endswith(end)) == (0, True)
        line = next(quad for quad in sorted(there.dump()) if f"{BASE}graph/asserted" in quad)
        there.load(there.dump() - {line})
        wrong = onrecord.open(graph_folder).push(there.address).verified.wrong  # type: ignore[union-attr]
        assert (len(wrong), wrong[0].startswith(f"{BASE}graph/asserted holds ")) == (1, True)


BOATS = """\
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<https://example.org/boats> a owl:Ontology .
<https://example.org/boats#Boat> a owl:Class ; rdfs:label "boat"@en .
"""
BOAT_GRAPH = "https://example.org/boats"


def with_boats(folder: Path, name: str, text: str | None = BOATS) -> Path:
    """A graph with a base IRI of its own and the ontology of boats, or without that."""
    listed = "[garden, boats]" if text else "[garden]"
    settings = SETTINGS.replace("example.org/garden/", f"example.org/{name}/").replace("[garden]", listed)
    return write_graph(folder / name, **{"onrecord.yaml": settings, "ontology/boats.ttl": text})


def labels(folder: Path, root: str) -> list[tuple[str, ...]]:
    query = f"SELECT ?l {{ <{BOAT_GRAPH}#Boat> rdfs:label ?l }}"
    return list(onrecord.open(folder).at(root).query(query).values())


def test_a_graph_that_another_dataset_on_the_server_has_too_stays_there(tmp_path: Path, server: str) -> None:
    one, two = with_boats(tmp_path, "one"), with_boats(tmp_path, "two")
    for folder in (one, two):
        steps(folder, server)
    with_boats(tmp_path, "two", None)
    told = CliRunner().invoke(main, ["push", str(two), server])
    assert f"  {BOAT_GRAPH}  left: another dataset on the server has it too" in told.stderr.splitlines()
    assert (told.exit_code, " 1 left to others, " in told.stderr) == (0, True)
    assert labels(one, server) == [("boat",)]
    assert steps(one, server) == steps(two, server) == []
    with_boats(tmp_path, "one", None)
    assert (BOAT_GRAPH, "removed") in steps(one, server)
    assert held(server, BOAT_GRAPH) == 0


def test_a_graph_that_is_changed_for_others_is_sent_again_with_their_next_push(tmp_path: Path, server: str) -> None:
    one, two = with_boats(tmp_path, "one"), with_boats(tmp_path, "two")
    for folder in (one, two):
        steps(folder, server)
    with_boats(tmp_path, "two", BOATS.replace('"boat"', '"ship"'))
    assert (BOAT_GRAPH, "changes") in steps(two, server)
    assert labels(one, server) == [("ship",)]
    assert [name for name, _ in steps(one, server)] == [BOAT_GRAPH]
    assert labels(one, server) == [("boat",)]


def in_bulk(there: Cutting, base: str = BASE) -> None:
    """Leave what was pushed as a bulk loader leaves it: without a ledger."""
    there.load(frozenset(quad for quad in there.dump() if f"{base}graph/pushed>" not in quad))


def test_what_was_loaded_in_bulk_is_taken_over_and_goes_on_by_changes(graph_folder: Path) -> None:
    with cutting() as there:
        steps(graph_folder, there.address)
        aim = there.dump()
        in_bulk(there)
        shutil.rmtree(onrecord.open(graph_folder).project.build_folder / "pushed")
        bulk = there.dump()
        told = CliRunner().invoke(main, ["push", str(graph_folder), there.address, "--dry-run"])
        assert there.dump() == bulk
        done = CliRunner().invoke(main, ["push", str(graph_folder), there.address])
        assert there.dump() == aim
        end = f"{len(bulk) and 8} found there without a ledger and taken over"
        assert told.stderr.splitlines() == [f"0 graphs to send, {end}"]
        assert done.stderr.splitlines()[-1].startswith(f"0 graphs sent, {end}; 8 graphs counted, ")
        write_graph(graph_folder, **{"statements/letter.yaml": LETTER.replace("status: expected", "status: planned")})
        assert ("graph/source/letter", "changes") in steps(graph_folder, there.address)


@pytest.mark.parametrize("lost", ["<https://example.org/garden/graph/asserted>", "ns#quote>"])
def test_what_was_loaded_in_bulk_and_is_something_else_is_sent_anew(graph_folder: Path, lost: str) -> None:
    with cutting() as there:
        steps(graph_folder, there.address)
        aim = there.dump()
        in_bulk(there)
        gone = next(quad for quad in sorted(there.dump()) if lost in quad)
        there.load(there.dump() - {gone})
        assert {how for _, how in steps(graph_folder, there.address)} == {"whole"}
        assert there.dump() == aim


def test_a_graph_that_is_none_of_the_dataset_is_not_taken_over(graph_folder: Path) -> None:
    with cutting() as there:
        steps(graph_folder, there.address)
        aim = there.dump()
        in_bulk(there)
        there.load(there.dump() | {f"<{BASE}a> <{BASE}b> <{BASE}c> <{BASE}graph/source/withdrawn>"})
        assert ("graph/source/withdrawn", "removed") in steps(graph_folder, there.address)
        assert there.dump() == aim


@pytest.mark.slow
def test_taking_over_is_taken_up_wherever_it_is_cut_off(graph_folder: Path) -> None:
    def push_once() -> None:
        graph = onrecord.open(graph_folder)
        with Server(there.address, tries=1) as server:
            deliver(server, Shipment(graph.project.base, graph.quads), graph.project)

    with cutting() as there:
        steps(graph_folder, there.address)
        aim = there.dump()
        in_bulk(there)
        bulk = there.dump()
        there.mend()
        push_once()
        writes = [at for at, each in enumerate(there.asked) if each == "POST /update"]
        assert len(writes) == 3
        for at in writes:
            there.mend()
            there.load(bulk)
            there.cut(at, is_done=True)
            with pytest.raises(ServerError):
                push_once()
            there.mend()
            steps(graph_folder, there.address)
            assert there.dump() == aim


def test_a_language_tag_in_capitals_arrives(graph_folder: Path, server: str) -> None:
    write_graph(graph_folder, **{"onrecord.yaml": SETTINGS.replace("[en]", "[en-GB]")})
    steps(graph_folder, server)
    assert same_value('"gate"@en-GB', '"gate"@en-gb')


class Watcher:
    """Somebody who watches: what each stage said that there was to do, and what was done."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int | None, int]] = []

    def stage(self, name: str, total: int | None, unit: str) -> None:
        self.stages.append((name, total, 0))

    def advance(self, count: int) -> None:
        name, total, done = self.stages[-1]
        self.stages[-1] = (name, total, done + count)

    def taken(self, start: str) -> list[tuple[str, int | None, int]]:
        return [stage for stage in self.stages if stage[0].startswith(start)]


def test_who_watches_sees_how_much_of_a_graph_is_sent(graph_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE", 5)
    monkeypatch.setattr(module, "BATCH", 5)
    monkeypatch.setattr(module, "DELTA_SHARE", 1.0)
    with cutting() as there:
        first, second = Watcher(), Watcher()
        with watched(first):
            sizes = [step.triples for step in onrecord.open(graph_folder).push(there.address).plan.steps]
        write_graph(graph_folder, **{"statements/letter.yaml": LETTER.replace("status: expected", "status: planned")})
        with watched(second):
            moved = onrecord.open(graph_folder).push(there.address).plan.steps
    assert first.taken("sending graphs") == [("sending graphs", sum(sizes), sum(sizes))]
    both = sum(len(step.insert) + len(step.delete) + len(step.again) for step in moved)
    assert second.taken("sending graphs") == [("sending graphs", both, both)]
    assert [stage[0] for stage in second.stages][-2:] == ["counting graphs", "reading back"]


def test_the_miami_graph_arrives_whole(server: str) -> None:
    done = onrecord.open(ROOT / "graphs/miami-talks").push(server)
    assert done.verified is not None
    assert (done.verified.wrong, done.verified.statements) == ((), 20)


def test_a_line_ends_at_a_line_feed_alone() -> None:
    quads = onrecord.open(ROOT / "graphs/miami-talks").quads()
    shipment = Shipment("https://w3id.org/onrecord/miami-talks/", lambda _: quads)
    assert sum(len(lines) for lines in shipment.lines.values()) == len(quads)


def test_values_are_compared_and_plain_texts_are_not() -> None:
    assert same_value(f'"1.50"^^<{XSD}decimal>', f'"1.5"^^<{XSD}decimal>')
    assert same_value(f'"true"^^<{XSD}boolean>', f'"1"^^<{XSD}boolean>')
    assert not same_value(f'"1"^^<{XSD}decimal>', f'"2"^^<{XSD}decimal>')
    assert not same_value('"1.50"', '"1.5"')


@pytest.mark.parametrize(
    "text",
    ["garden", "ftp://localhost/", "file:///etc/passwd", "http://[::1", "http://localhost:99999", "http://local host"],
)
def test_what_is_no_address_is_refused(graph_folder: Path, text: str) -> None:
    result = CliRunner().invoke(main, ["push", str(graph_folder), text])
    assert result.exit_code == 2
    assert f'"{text}" is no address of a server' in result.output


def test_a_password_in_the_address_is_refused_and_not_shown(graph_folder: Path) -> None:
    result = CliRunner().invoke(main, ["push", str(graph_folder), "http://ada:opensesame@localhost:1/"])
    assert (result.exit_code, "opensesame" in result.output) == (2, False)
    assert "an address holds no password: set ONRECORD_STORE_USER" in result.output


def test_what_stands_behind_a_question_mark_is_refused_and_not_shown(graph_folder: Path) -> None:
    result = CliRunner().invoke(main, ["push", str(graph_folder), "http://localhost:1/?key=opensesame"])
    assert (result.exit_code, "opensesame" in result.output) == (2, False)
    assert "the address of a server ends before ? and #" in result.output


def test_a_wrong_password_is_said_without_showing_it(
    graph_folder: Path, virtuoso_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONRECORD_STORE_USER", "dba")
    monkeypatch.setenv("ONRECORD_STORE_PASSWORD", "opensesame")
    with pytest.raises(ServerError, match="does not let this user in") as caught:
        onrecord.open(graph_folder).push(virtuoso_server)
    assert "opensesame" not in str(caught.value)
