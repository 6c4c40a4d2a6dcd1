"""The Python door: what a Graph offers, and that it never computes from broken files."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

import onrecord
from inline import rich, rich_files, sound, write_notes
from onrecord.errors import GraphBroken, GraphNotFound, OnRecordError, OutputError
from onrecord.graph import KEPT_RESULTS, KEPT_STORES, Graph
from onrecord.lens import Lens
from onrecord.model import STATEMENT_SCHEMA


def test_opening(tmp_path: Path, graph_folder: Path) -> None:
    graph = onrecord.open(graph_folder)
    assert isinstance(graph, Graph)
    assert repr(graph) == f"<onrecord graph 'garden' in {graph_folder}>"
    assert onrecord.open(str(graph_folder)).project == graph.project
    with pytest.raises(GraphNotFound, match="there is no such folder"):
        onrecord.open(tmp_path / "nowhere")
    with pytest.raises(GraphNotFound, match="this folder is no graph"):
        onrecord.open(tmp_path)


def test_checking_returns_problems_and_counts(graph_folder: Path) -> None:
    graph = onrecord.open(graph_folder)
    assert [problem.code for problem in graph.check()] == ["E010"]
    report = graph.examine()
    assert report.severities() == {"error": 0, "warning": 1, "info": 0}
    assert (report.files, report.statements) == (2, 5)
    assert len(report.evidence.checks) == 5
    assert [problem.code for problem in graph.examine(update_lock=True).problems] == []
    assert graph.check() == []


def test_the_statement_table(tmp_path: Path) -> None:
    graph = rich(tmp_path).graph()
    assert graph.statements.schema == STATEMENT_SCHEMA
    assert graph.statements.filter("nested").height == 2


BROKEN = {
    "quads": lambda graph, out: graph.quads(),
    "serialize": lambda graph, out: graph.serialize(),
    "export": lambda graph, out: graph.export(out / "x.ttl"),
    "build": lambda graph, out: graph.build(out / "b"),
    "query": lambda graph, out: graph.query("ASK {}"),
    "rdflib": lambda graph, out: graph.rdflib(),
    "networkx": lambda graph, out: graph.networkx(),
    "pyvis": lambda graph, out: graph.pyvis(),
    "view": lambda graph, out: graph.view(out / "x.html"),
    "why": lambda graph, out: graph.why("Rose Marsh", "tends", "plot 7"),
    "corroboration": lambda graph, out: graph.corroboration(),
    "disagreements": lambda graph, out: graph.disagreements(),
    "retraction": lambda graph, out: graph.retraction("letter"),
    "stats": lambda graph, out: graph.stats(),
    "paths": lambda graph, out: graph.paths("Rose Marsh", "plot 7"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_nothing_is_computed_from_a_broken_graph(tmp_path: Path, name: str) -> None:
    letter = "- triple: [Nobody, tends, plot 7]\n- triple: [Rose, tendz, plot 7]\n"
    graph = onrecord.open(write_notes(tmp_path / "garden", letter))
    with pytest.raises(GraphBroken, match="garden has 2 errors; run  onrecord check") as caught:
        BROKEN[name](graph, tmp_path)
    assert [problem.code for problem in caught.value.problems] == ["R001", "R001"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["garden"]


def test_exports_take_their_format_from_the_name(tmp_path: Path) -> None:
    graph = rich(tmp_path / "garden").graph()
    for name in ("ttl", "trig", "nq", "nt", "jsonld", "rdf"):
        path = tmp_path / f"x.{name}"
        graph.export(path)
        assert path.read_bytes() == graph.serialize(name)
    graph.export(str(tmp_path / "y.txt"), "nq")
    assert (tmp_path / "y.txt").read_bytes() == graph.serialize("nq")
    for wrong in ("z", "z.xlsx", "z.nq.gz"):
        with pytest.raises(OnRecordError, match="there is no format"):
            graph.export(tmp_path / wrong)
        assert not (tmp_path / wrong).exists()
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(OutputError):
        graph.export(tmp_path / "file" / "x.ttl")


def test_a_failing_export_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = rich(tmp_path / "garden").graph()
    target = tmp_path / "x.ttl"
    target.write_text("old", "utf-8")

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        with pytest.raises(OutputError, match="the disk is full; nothing was changed"):
            graph.export(target)
    assert target.read_text("utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["garden", "x.ttl"]


def test_a_lens_names_sources_that_exist(tmp_path: Path) -> None:
    graph = rich(tmp_path).graph()
    wrong = Lens(sources=frozenset({"minuts"}))
    for use in (graph.quads, graph.serialize, graph.rdflib, graph.pyvis):
        with pytest.raises(OnRecordError, match='no source is called "minuts": did you mean "minutes"'):
            use(lens=wrong)  # type: ignore[operator]
    assert graph.known_sources(None) is None
    assert graph.quads(Lens(sources=frozenset({"minutes"}))).height < graph.quads().height


def test_labels(tmp_path: Path) -> None:
    found = rich(tmp_path)
    graph = found.graph()
    belief = found.own["proposition"][5][1:-1]
    base = "https://example.org/garden/"
    assert graph.labels([f"{base}entity/hut", f"{base}source/minutes", belief, f"{base}nothing"]) == {
        f"{base}entity/hut": "tool shed",
        f"{base}source/minutes": "Minutes of the meeting",
        belief: "Rose Marsh believes (Basil Thorn believes (Rose Marsh attends summer show, for Garden Society))",
    }
    assert graph.prefixes()[""] == f"{base}entity/"
    assert graph.prefixes()["gar-q"] == "https://example.org/garden-terms/qualified#"


def test_a_query_through_a_lens(tmp_path: Path) -> None:
    rows = "- triple: [Rose, tends, plot 7]\n  status: expected\n- triple: [Basil Thorn, tends, plot 7]\n"
    graph = sound(tmp_path, rows).graph()
    ask = "SELECT ?who { ?who gar:tends :plot-7 }"
    base = "https://example.org/garden/entity/"
    assert graph.query(ask).values() == [(f"{base}basil",)]
    assert sorted(graph.query(ask, include=["expected"]).values()) == [(f"{base}basil",), (f"{base}rose",)]
    assert graph.query(ask, as_of="2024-05-31").values() == []
    with pytest.raises(OnRecordError, match='"denied" is no status to include'):
        graph.query(ask, include=["denied"])


def test_queries_show_literals_as_written_from_memory_and_from_the_build(tmp_path: Path) -> None:
    folder = write_notes(tmp_path / "garden", "", **rich_files())
    ask = "SELECT ?o { :plot-7 gar:height|gar:count ?o } ORDER BY ?o"
    graph = onrecord.open(folder)
    assert graph.query(ask).values() == [("1.50",), ("010",)]
    graph.build()
    assert onrecord.open(folder).query(ask).values() == [("1.50",), ("010",)]


def test_the_results_of_a_lens_are_kept_and_those_of_many_are_not(graph_folder: Path) -> None:
    graph = onrecord.open(graph_folder)
    days = [dt.date(2024, 6, day) for day in range(1, 2 * KEPT_RESULTS)]
    for day in days:
        graph.query("ASK {}", as_of=day)
        graph.disagreements(Lens(as_of=day))
    assert len(graph.stores) == KEPT_STORES
    assert [Lens(as_of=day).key in graph.stores for day in days] == [day in days[-KEPT_STORES:] for day in days]
    first = graph.corroboration()
    assert [one is again for one, again in zip(first, graph.corroboration(), strict=True)] == [True] * len(first)
    graph.check()
    assert (len(graph.stores), graph.corroboration()) == (0, first)


def test_where_the_process_works_later_changes_no_place(
    graph_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(graph_folder.parent)
    graph = onrecord.open(graph_folder.name)
    (problem,) = graph.check()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = graph.why("Rose Marsh", "chairs", "Garden Society")
    assert found.proof is not None
    assert found.proof.evidence[0].file == "statements/letter.yaml"
    assert problem.place.file == "garden/evidence.lock"


def test_a_query_may_leave_out_what_is_entailed(graph_folder: Path) -> None:
    graph = onrecord.open(graph_folder)
    ask = "ASK { ?who gar:memberOf ?society }"
    assert (bool(graph.query(ask)), bool(graph.query(ask, inference=False))) == (True, False)
