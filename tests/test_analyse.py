"""The network of a graph: one edge a statement, with its evidence, for networkx and for the views."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import networkx as nx
import pytest

import onrecord
from inline import BASE, MINUTES_HEAD, Notes, load_folder, notes, rich, sound
from onrecord.analyse import source_line, to_networkx, to_view
from onrecord.errors import OnRecordError
from onrecord.lens import Lens
from onrecord.model import Source, statements_only

GRAPHS = Path(__file__).parents[1] / "graphs"
E = f"{BASE}entity/"


@pytest.mark.parametrize("name", ["rich", "harbour-bridge", "miami-talks"])
def test_one_edge_a_statement(tmp_path: Path, name: str) -> None:
    if name != "rich" and not (GRAPHS / name / "onrecord.yaml").exists():
        pytest.skip(f"graphs/{name} is not there")
    found = rich(tmp_path) if name == "rich" else load_folder(GRAPHS / name)
    network = to_networkx(found.loaded, Lens())
    assert isinstance(network, nx.MultiDiGraph)
    keys = sorted(key for _, _, key in network.edges(keys=True))
    assert keys == sorted({value[1:-1] for value in found.own["statement"]})
    ends = {
        row["statement"][1:-1]: (row["subject"], row["object"])
        for row in statements_only(found.table).iter_rows(named=True)
    }
    for source, target, key in network.edges(keys=True):
        assert tuple(term[1:-1] if term[0] == "<" else term for term in ends[key]) == (source, target)
    assert all({"label", "kind", "type"} <= set(data) for _, data in network.nodes(data=True))


def test_attributes(tmp_path: Path) -> None:
    found = rich(tmp_path)
    network = to_networkx(found.loaded, Lens())
    key = found.own["statement"][0][1:-1]
    assert network.edges[f"{E}rose", f"{E}society", key] == {
        "label": "chairs",
        "property": "https://example.org/garden-terms#chairs",
        "status": "stated",
        "negated": False,
        "asserting": True,
        "quotes": ["our chairwoman", "Mrs Marsh, in the chair"],
        "source": "A letter to the members",
        "recorded": "2024-06-01",
    }
    assert network.nodes[f"{E}rose"] == {"label": "Rose Marsh", "kind": "entity", "type": "person"}
    literal = '"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>'
    assert network.nodes[literal] == {"label": "1.50", "kind": "literal", "type": "value"}
    belief = found.own["object"][5][1:-1]
    assert network.nodes[belief]["kind"] == "proposition"
    assert network.nodes[belief]["label"].startswith("Basil Thorn believes (Rose Marsh attends")
    claimed = network.edges[f"{E}rose", belief, found.own["statement"][5][1:-1]]
    assert (claimed["status"], claimed["negated"], claimed["asserting"]) == ("claimed", True, False)


def test_what_stands_as_fact_alone(tmp_path: Path) -> None:
    network = to_networkx(rich(tmp_path).loaded, Lens(), asserted_only=True)
    assert {data["label"] for _, _, data in network.edges(data=True)} == {
        "attends",
        "chairs",
        "counts",
        "has the code",
        "height in metres",
        "held on",
        "is open",
        "motto",
        "precedes",
    }
    assert all(data["asserting"] for _, _, data in network.edges(data=True))
    assert nx.number_of_isolates(network) == 0


def test_the_python_door(tmp_path: Path) -> None:
    rows = "- triple: [Rose, tends, plot 7]\n  status: expected\n- triple: [Basil Thorn, tends, plot 7]\n"
    graph = sound(tmp_path, rows).graph()
    assert graph.networkx().number_of_edges() == 2
    assert graph.networkx(asserted_only=True).number_of_edges() == 1
    assert graph.networkx(include={"expected"}, asserted_only=True).number_of_edges() == 2
    by_day = Lens(as_of=dt.date(2024, 5, 1))
    assert graph.networkx(lens=by_day).number_of_edges() == 0
    later = Lens(as_of=dt.date(2024, 7, 1))
    assert graph.networkx({"expected"}, lens=later, asserted_only=True).number_of_edges() == 2, "both are used"
    with pytest.raises(OnRecordError, match='no source is called "leter": did you mean "letter"'):
        graph.networkx(lens=Lens(sources=frozenset({"leter"})))
    with pytest.raises(OnRecordError, match='"sure" is no status to include'):
        graph.networkx(include={"sure"})


def test_the_view_carries_every_circumstance(tmp_path: Path) -> None:
    found = rich(tmp_path)
    view = to_view(found.loaded, Lens())
    edges = {edge.iri: edge for edge in view.edges if edge.kind == "statement"}
    edge = edges[found.own["statement"][2][1:-1]]
    assert (edge.source, edge.target, edge.label) == (f"{E}basil", f"{E}plot-7", "tends")
    assert edge.said_by == ("a neighbour", "Rose Marsh")
    assert edge.via == ("Garden Society", "Basil Thorn", "Garden Society")
    assert (edge.said_when, edge.said_at, edge.said_to) == (
        "2024-05-30",
        "summer show",
        ("Rose Marsh", "Garden Society"),
    )
    assert edge.origin == ("Garden Society",)
    assert edge.translation == "he tends it" and not edge.asserting and not edge.verified
    assert (edge.source_title, edge.source_published) == ("A letter to the members", "2024-06-01")
    assert edge.source_publisher == "Thorn & Sons <press>"
    assert (edge.file, edge.line) == ("statements/letter.yaml", found.own["line"][2])
    edge = edges[found.own["statement"][3][1:-1]]
    assert edge.condition == "if it's dry" and edge.when == "2024-07-06/2024-07-07" and edge.when_text == "that weekend"
    assert edge.qualifiers == (
        ("for", "Rose Marsh"),
        ("for", "Garden Society"),
        ("how", "gladly"),
        ("beside", "Basil Thorn"),
        ("in the words", "with “joy”"),
    )
    edge = edges[found.own["statement"][0][1:-1]]
    assert edge.hedge == "as they say" and edge.locator == "p. 1" and edge.recorded == "2024-06-01"
    assert edge.origin == ("Garden Society", "Rose Marsh"), "the origin of the source, where the statement names none"
    assert edges[found.own["statement"][5][1:-1]].condition == "Basil Thorn tends plot 7"
    assert view.sources == (
        ("letter", "Thorn & Sons <press>, A letter to the members, 2024-06-01"),
        ("minutes", "Minutes of the meeting, 2024-06-09"),
    )


def test_propositions_that_are_ends_are_tied_to_their_parts(tmp_path: Path) -> None:
    found = sound(tmp_path, "- triple: [Rose, believes, [Basil Thorn, believes, [Rose, tends, plot 7]]]\n")
    view = to_view(found.loaded, Lens())
    inner, middle = found.table["proposition"][0][1:-1], found.table["proposition"][1][1:-1]
    assert [(edge.source, edge.label, edge.target) for edge in view.edges if edge.kind == "link"] == [
        (middle, "subject", f"{E}basil"),
        (middle, "object", inner),
        (inner, "subject", f"{E}rose"),
        (inner, "object", f"{E}plot-7"),
    ]
    assert {node.iri: node.kind for node in view.nodes} == {
        f"{E}basil": "entity",
        f"{E}plot-7": "entity",
        f"{E}rose": "entity",
        inner: "proposition",
        middle: "proposition",
    }


def test_verified_quotes_are_marked(graph_folder: Path) -> None:
    onrecord.open(graph_folder).examine(update_lock=True)
    view = to_view(load_folder(graph_folder).loaded, Lens())
    assert all(edge.verified for edge in view.edges if edge.kind == "statement")


def test_the_view_does_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = ["- triple: [Rose, tends, plot 7]\n  quote: a\n", "- triple: [Basil Thorn, tends, plot 7]\n  quote: b\n"]
    letters = [{"statements/minutes.yaml": notes("".join(order), MINUTES_HEAD)} for order in (rows, rows[::-1])]
    views: list[Notes] = [sound(tmp_path / str(n), "", **files) for n, files in enumerate(letters)]
    keys = [[edge.iri for edge in to_view(each.loaded, Lens()).edges] for each in views]
    assert keys[0] == keys[1] == sorted(keys[0])


def test_a_source_in_one_line(tmp_path: Path) -> None:
    from onrecord.errors import Place

    assert source_line(Source("a", Place("x"))) == "a"
    assert source_line(Source("a", Place("x"), title="T", publisher="P", published="2024")) == "P, T, 2024"
