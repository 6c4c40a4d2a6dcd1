"""Tests of ``explain.why`` and ``explain.rows`` on the small graph and on the real one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from click.testing import CliRunner

import onrecord
from inline import notes
from onrecord.cli import main
from onrecord.cli.why import explanation_lines
from onrecord.errors import OnRecordError, QueryError, QueryRefused
from onrecord.explain.why import Explanation, Step
from onrecord.graph import Graph
from onrecord.lens import Lens
from small_graph import write_graph

MIAMI = Path(__file__).resolve().parents[2] / "graphs" / "miami-talks"
STATEMENTS = """
- triple: [Rose, chairs, the society]
  quote: Rose chairs
- triple: [Basil, tends, the long plot]
  status: expected
  quote: Basil is to tend it
- triple: [Rose, tends, the long plot]
  not: true
  quote: Rose does not tend it
- triple: [Basil, member of, the society]
  said by: Rose
  quote: he is one of us
- triple: [Rose, believes, [Basil, chairs, the society]]
  quote: she thinks he chairs it
"""


def graph_of(tmp_path: Path, statements: str, **more: str) -> Graph:
    files: dict[str, str | bytes | None] = {
        "entities.yaml": """\
- {id: rose, label: Rose Marsh, type: person, aliases: [Rose]}
- {id: basil, label: Basil Thorn, type: person, aliases: [Basil]}
- {id: society, label: the society, type: society}
- {id: long-plot, label: the long plot, type: plot}
- {id: show, label: the show, type: show}
""",
        "statements/letter.yaml": notes(statements),
        "statements/minutes.yaml": None,
    }
    return onrecord.open(write_graph(tmp_path / "garden", **{**files, **more}))


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return graph_of(tmp_path, STATEMENTS)


def leaves(step: Step) -> list[Step]:
    return [leaf for premise in step.premises for leaf in leaves(premise)] if step.premises else [step]


def proof(found: Explanation) -> Step:
    assert found.proof is not None
    return found.proof


def test_an_asserted_triple_is_explained_by_its_quote(graph: Graph) -> None:
    step = proof(graph.why("Rose", "chairs", "the society"))
    assert (step.rule, step.premises) == ("", ())
    assert [item.quotes for item in step.evidence] == [("Rose chairs",)]


def test_an_entailed_triple_is_explained_by_rule_and_premise(graph: Graph) -> None:
    step = proof(graph.why("rose", "member of", ":society"))
    assert step.rule == "prp-spo1"
    assert step.axiom == "“chairs” is a sub-property of “member of”"
    assert [leaf.text for leaf in leaves(step)] == ["Rose Marsh chairs the society"]


def test_a_declared_type_says_where(graph: Graph) -> None:
    step = proof(graph.why("Rose", "a", "person"))
    assert step.declared == "entities.yaml:1"


@pytest.mark.parametrize(
    ("triple", "advice", "quotes"),
    [
        (
            ("Basil", "tends", "the long plot"),
            "it is only expected (--include expected lets it stand)",
            ["Basil is to tend it"],
        ),
        (("Rose", "tends", "the long plot"), "it is said not to be so", ["Rose does not tend it"]),
        (
            ("Basil", "member of", "the society"),
            "it is what a speaker says, and the source itself does not put it as fact (--include stated lets it stand)",
            ["he is one of us"],
        ),
        (
            ("Basil", "chairs", "the society"),
            "it is only what somebody believes, wants or says of it: the source does not put it as so",
            ["she thinks he chairs it"],
        ),
        (("Basil", "opposes", "the society"), "no statement puts this on record, and no rule derives it", []),
    ],
)
def test_what_the_graph_says_instead(
    graph: Graph, triple: tuple[str, str, str], advice: str, quotes: list[str]
) -> None:
    found = graph.why(*triple)
    assert (found.holds, found.advice) == (False, advice)
    assert [quote for item in found.instead for quote in item.quotes] == quotes


WAYS = """
- triple: [Basil, chairs, the society]
  status: expected
  quote: Basil is to chair it
- triple: [Rose, tends, the long plot]
  for: the society
  status: planned
  quote: for the society she is to tend it
- triple: [Rose, attends, the show]
  on condition: the sun shines
  quote: she will go if the sun shines
- triple: [Rose, chairs, the society]
  status: mentioned
  quote: her chair
- triple: [Basil, tends, the long plot]
  for: the society
  quote: he tends it for the society
- triple: [Rose, motto, Dig deep]
  quote: Dig deep
"""


@pytest.mark.parametrize(
    ("triple", "advice"),
    [
        (
            ("Basil", "member of", "the society"),
            "no statement puts this on record, and no rule derives it; "
            "it would follow if what is expected stood as fact (--include expected)",
        ),
        (("Rose", "tends", "the long plot"), "it is planned only with a qualifier, so not in general"),
        (("Rose", "attends", "the show"), "it hangs on a condition"),
        (("Rose", "chairs", "the society"), "it is only mentioned"),
        (("Basil", "tends", "the long plot"), "it is on record as fact only with a qualifier, so not in general"),
        (("Basil", "is a", "society"), "it is declared as person"),
        (("Rose", "motto", "Dig"), "no statement puts this on record, and no rule derives it"),
    ],
)
def test_what_is_in_the_way(tmp_path: Path, triple: tuple[str, str, str], advice: str) -> None:
    found = graph_of(tmp_path, WAYS).why(*triple)
    assert (found.holds, found.advice) == (False, advice)


def test_what_would_follow_shows_what_it_would_rest_on(tmp_path: Path) -> None:
    found = graph_of(tmp_path, WAYS).why("Basil", "member of", "the society")
    assert found.would is not None
    assert [(leaf.text, leaf.evidence[0].status) for leaf in leaves(found.would)] == [
        ("Basil Thorn chairs the society", "expected")
    ]


def test_the_nearest_statements_name_both_ends_then_share_the_property(tmp_path: Path) -> None:
    found = graph_of(tmp_path, WAYS).why("Rose", "member of", "the society")
    assert [item.text for item in found.nearby] == [
        "Rose Marsh tends the long plot, for the society",
        "Rose Marsh chairs the society",
    ]
    shared = graph_of(tmp_path, WAYS).why("the society", "tends", "the long plot")
    assert ([item.quotes[0] for item in shared.nearby], shared.further) == (
        ["for the society she is to tend it", "he tends it for the society"],
        0,
    )


def test_no_more_than_a_few_nearby_statements_are_shown(tmp_path: Path) -> None:
    many = "".join(f"- triple: [Rose, motto, word {number}]\n  quote: word {number}\n" for number in range(7))
    found = graph_of(tmp_path, many).why("Rose", "motto", "Dig deep")
    assert (len(found.nearby), found.further) == (5, 2)
    assert "  and 2 further statements" in list(explanation_lines(found))


def test_a_lens_that_leaves_it_out_is_named(graph: Graph) -> None:
    early, bare = Lens(as_of=dt.date(2000, 1, 1)), Lens(inference=False)
    asserted = graph.why("Rose", "chairs", "the society", lens=early)
    assert (asserted.holds, asserted.advice) == (False, "what is chosen does not say so; the whole record does")
    assert asserted.would == graph.why("Rose", "chairs", "the society").proof
    entailed = graph.why("Rose", "member of", "the society", lens=bare)
    assert (entailed.holds, entailed.advice) == (False, "it only follows by inference, which is left out")
    assert graph.why("Rose", "chairs", "the society", lens=bare).holds


def test_a_value_is_known_by_its_text_in_whatever_language(tmp_path: Path) -> None:
    foreign = "source:\n  id: letter\n  title: Brief\n  published: 2024-06-01\n  language: de\n\nstatements:\n"
    statements = foreign + "  - triple: [Rose, motto, Grabe tief]\n    quote: Grabe tief\n"
    graph = graph_of(tmp_path, statements="", **{"statements/letter.yaml": statements})
    assert graph.why("Rose", "motto", "Grabe tief").triple[2] == '"Grabe tief"@de'
    assert graph.why("Rose", "motto", "Dig deep").triple[2] == '"Dig deep"@en'


def test_an_included_status_is_a_proof(graph: Graph) -> None:
    assert graph.why("Basil", "tends", "the long plot", lens=Lens(include=frozenset({"expected"}))).holds


def test_an_unknown_name_is_no_triple(graph: Graph) -> None:
    with pytest.raises(OnRecordError, match='no entity is called "Rosamund Pike": did you mean "Rose"'):
        graph.why("Rosamund Pike", "chairs", "the society")


def test_a_row_rests_on_each_of_its_triples(graph: Graph) -> None:
    found = graph.why_row(
        "SELECT ?who WHERE { ?who gar:memberOf ?s . ?s a gar:Society OPTIONAL { ?who gar:tends ?x } }"
    )
    assert found.row == (("who", "Rose Marsh"),)
    assert sorted(ground.text for ground in found.grounds) == [
        "Rose Marsh member of the society",
        "the society is a society",
    ]


def test_a_union_explains_the_branch_that_matched(graph: Graph) -> None:
    found = graph.why_row(
        "SELECT ?who WHERE { { ?who gar:chairs ?s } UNION { ?who gar:tends ?s } FILTER(ISIRI(?who)) }"
    )
    assert [ground.text for ground in found.grounds] == ["Rose Marsh chairs the society"]


def explained(graph: Graph, query: str) -> list[tuple[list[str], list[str]]]:
    """Each row of a query's answer: its values, and the triples on which it rests."""
    found = [graph.why_row(query, number) for number in range(1, len(graph.query(query)) + 1)]
    return [([value for _, value in each.row], sorted(ground.text for ground in each.grounds)) for each in found]


def test_a_computed_value_is_tied_to_its_own_triple(graph: Graph) -> None:
    query = "SELECT (STRAFTER(STR(?who), 'entity/') AS ?name) (STRLEN(?name) AS ?n) { ?who a gar:Person }"
    assert explained(graph, query) == [
        (["“basil”", "“5”"], ["Basil Thorn is a person"]),
        (["“rose”", "“4”"], ["Rose Marsh is a person"]),
    ]


def test_a_branch_that_a_filter_shuts_is_no_ground(graph: Graph) -> None:
    branches = "{ ?who gar:chairs ?what FILTER(?what != :society) } UNION { ?who gar:memberOf ?what }"
    optional = "OPTIONAL { ?who gar:chairs ?group FILTER(?group != :society) }"
    member = [(["Rose Marsh"], ["Rose Marsh member of the society"])]
    assert explained(graph, f"SELECT ?who {{ {branches} }}") == member
    assert explained(graph, f"SELECT ?who {{ ?who gar:memberOf ?group {optional} }}") == member
    both = branches.replace("!=", "=")
    assert sorted(grounds for _, grounds in explained(graph, f"SELECT ?who {{ {both} }}")) == [
        ["Rose Marsh chairs the society"],
        ["Rose Marsh member of the society"],
    ]


def test_a_row_rests_on_the_graphs_that_from_names(graph: Graph) -> None:
    for name, verb in (("asserted", "chairs"), ("inferred", "member of")):
        query = (
            f"SELECT ?who FROM graph:{name} # of one\nWHERE {{ ?who ?how :society OPTIONAL {{ ?who gar:chairs ?s }} }}"
        )
        assert explained(graph, query) == [(["Rose Marsh"], [f"Rose Marsh {verb} the society"])]


def test_a_value_that_is_missing_is_part_of_the_row(graph: Graph) -> None:
    query = "SELECT ?what { ?who a gar:Person OPTIONAL { ?who gar:chairs ?what } }"
    assert explained(graph, query) == [
        ([], ["Basil Thorn is a person"]),
        (["the society"], ["Rose Marsh chairs the society", "Rose Marsh is a person"]),
    ]


def test_rows_that_are_the_same_rest_on_triples_of_their_own(graph: Graph) -> None:
    query = "SELECT ?type { ?who a ?type FILTER(?type = gar:Person) }"
    assert explained(graph, query) == [
        (["person"], ["Basil Thorn is a person"]),
        (["person"], ["Rose Marsh is a person"]),
    ]
    assert explained(graph, query.replace("?type", "DISTINCT ?type", 1)) == [(["person"], ["Basil Thorn is a person"])]


def test_a_number_is_tied_as_it_is_written(tmp_path: Path) -> None:
    heights = (("Rose", "1.70"), ("Basil", "1.8"))
    tall = "".join(f"- triple: [{who}, height in metres, {size}]\n  quote: of {size}\n" for who, size in heights)
    query = "SELECT ?h { ?who gar:height ?h } ORDER BY ?h"
    assert explained(graph_of(tmp_path, tall), query) == [
        (["“1.70”"], ["Rose Marsh height in metres “1.70”"]),
        (["“1.8”"], ["Basil Thorn height in metres “1.8”"]),
    ]


def test_a_value_in_another_form_is_the_same_value(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, "- triple: [Rose, height in metres, 1.70]\n  quote: of 1.70\n")
    assert explained(graph, "SELECT ?who { ?who gar:height 1.7 }") == [
        (["Rose Marsh"], ["Rose Marsh height in metres “1.70”"])
    ]


def test_an_address_is_read_from_the_base(graph: Graph) -> None:
    assert explained(graph, "SELECT ?what { <entity/rose> gar:chairs ?what }") == [
        (["the society"], ["Rose Marsh chairs the society"])
    ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT ?w WHERE { ?w gar:chairs/gar:tends ?s }", "a path is not understood by --why"),
        ("SELECT ?w WHERE { ?w gar:chairs [] }", "a node without a name cannot be shown"),
        ("SELECT ?w WHERE { ?w gar:chairs ?s MINUS { ?w gar:tends ?s } }", "MINUS is not understood by --why"),
        ("SELECT ?w WHERE { ?w gar:chairs ?s } GROUP BY ?w", "GROUP BY is not understood by --why"),
        ("SELECT (COUNT(*) AS ?n) WHERE { ?w gar:chairs ?s }", "COUNT is not understood by --why"),
        (
            "SELECT (RAND() AS ?n) WHERE { ?w gar:chairs ?s }",
            "what RAND gives, another thing each time, is not understood by --why",
        ),
        ("SELECT (NOW() AS ?n) WHERE { ?w gar:chairs ?s }", "this row does not come a second time"),
        ("SELECT ?w WHERE { ?w gar:chairs _:s }", "a node without a name cannot be shown"),
        ("SELECT ?w WHERE { ?w gar:chairs ?s OPTIONAL { ?w gar:tends (1 2) } }", "a list is not understood by --why"),
        (
            "SELECT ?w WHERE { { SELECT ?w WHERE { ?w gar:chairs ?s } } }",
            "a query inside a query is not understood by --why",
        ),
    ],
)
def test_other_queries_are_refused_with_a_reason(graph: Graph, query: str, message: str) -> None:
    with pytest.raises(QueryRefused) as caught:
        graph.why_row(query)
    assert (caught.value.problem.code, caught.value.problem.message) == ("Q005", message)


def test_a_row_that_is_not_there(graph: Graph) -> None:
    with pytest.raises(QueryError, match="there is no row 2"):
        graph.why_row("SELECT ?w WHERE { ?w gar:chairs ?s }", 2)


def test_the_miami_graph_shows_a_chain_down_to_two_quotes() -> None:
    step = proof(onrecord.open(MIAMI).why("Rustem Umerov", "represents", "Ukraine"))
    assert [leaf.text for leaf in leaves(step)] == [
        "Rustem Umerov heads Ukrainian delegation",
        "Ukrainian delegation represents Ukraine",
    ]
    assert all(leaf.evidence[0].quotes for leaf in leaves(step))


def test_the_command_prints_the_tree() -> None:
    result = CliRunner().invoke(main, ["why", str(MIAMI), "Dmitry Peskov", "represents", "Kremlin"])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:3] == [
        "Dmitry Peskov represents Kremlin",
        "prp-spo1: “speaks for” is a sub-property of “represents”",
        "└─ Dmitry Peskov speaks for Kremlin",
    ]


def test_the_command_says_what_the_graph_says_instead() -> None:
    result = CliRunner().invoke(main, ["why", str(MIAMI), "Witkoff", "represents", "United States"])
    assert result.exit_code == 1
    assert "because it is expected only with a qualifier, so not in general" in result.stdout
