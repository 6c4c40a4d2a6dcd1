"""From SPARQL text to an answer: refusals and mistakes in their words, lenses, terms, formats."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

import onrecord
from golden_files import assert_golden
from inline import BASE, MORE_TERMS, write_notes
from onrecord.answers import Answer, Term, compact
from onrecord.errors import (
    GraphBroken,
    MissingExtra,
    OnRecordError,
    QueryLimitExceeded,
    QueryRefused,
    QuerySyntaxError,
)
from onrecord.graph import Graph
from onrecord.lens import Lens
from onrecord.limits import Limits
from onrecord.query import MAX_UNKNOWN, evaluate, read_day, unknown_terms
from onrecord.sparql.guard import MAX_QUERY_BYTES
from small_graph import LETTER, write_graph

PROBLEMS = {
    "Q001": "SELECT ?who WHERE {\n  ?who gar:tends :plot-7 .\n  SERVICE SILENT <http://127.0.0.1:9/> { ?who ?p ?o }\n}",
    "Q002": "DELETE WHERE { ?s ?p ?o }",
    "Q003-near": f"SELECT * FROM <{BASE}graph/assertd> {{ ?s ?p ?o }}",
    "Q003-far": "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
    "Q003-name": "SELECT *\nFROM NAMED graph:zzzzzzzzzzzzzzz\n{ ?s ?p ?o }",
    "Q004": "ASK {} #" + "x" * (256 * 1024),
    "Q010-unclosed": "SELECT ?who WHERE {\n  ?who gar:tends :plot-7 .\n",
    "Q010-prefix": "SELECT ?who WHERE { ?who garr:tends :plot-7 }",
    "Q010-word": "SELECT ?who WHERE { ?who gar:tends :plot-7 } ORDR BY ?who",
    "Q010-dot": "SELECT ?who WHERE {\n  ?who gar:tends :plot-7\n  ?who a gar:Person .\n}",
    "Q010-end": "SELECT ?who WHERE { ?who gar:tends :plot-7 } LIMIT\n",
    "Q010-string": "ASK { ?who rdfs:label 'Rose }",
    "Q010-foreign": "ASK { ?a ?b ?c FILTER(?a == ?b) }",
    "Q010-IRI": "ASK { ?a <http://x y> ?c }",
    "Q010-unbound": "SELECT ?who ?what {\n  ?who gar:tends ?what\n} GROUP BY ?who",
}


@pytest.fixture
def garden(graph_folder: Path) -> Graph:
    return onrecord.open(graph_folder)


def raw(garden: Graph, query: str, format_: str) -> tuple[str, bytes]:
    found = evaluate(garden, query, Lens(), Limits(), format_=format_)
    return found.kind, found.body


def rendered(error: QueryRefused | QuerySyntaxError) -> str:
    lines = error.query.split("\n")
    return error.problem.render(lambda _, line: lines[line - 1]) + "\n"


@pytest.mark.parametrize("name", PROBLEMS)
def test_problem(garden: Graph, name: str) -> None:
    with pytest.raises((QueryRefused, QuerySyntaxError)) as caught:
        garden.query(PROBLEMS[name])
    assert caught.value.problem.code == name[:4]
    assert_golden(f"problems/{name}.txt", rendered(caught.value))


@pytest.mark.parametrize("name", ["GROUP", "["])
def test_what_why_does_not_understand(garden: Graph, name: str) -> None:
    query = {"GROUP": "SELECT ?a {\n  ?a ?b ?c\n} GROUP BY ?a", "[": "SELECT ?a { ?a gar:chairs [ a gar:Society ] }"}[
        name
    ]
    with pytest.raises(QueryRefused) as caught:
        garden.why_row(query, 1)
    assert_golden(f"problems/Q005{'-blank' if name == '[' else ''}.txt", rendered(caught.value))


def test_a_name_that_nothing_has_is_a_warning(garden: Graph) -> None:
    query = "SELECT ?who WHERE {\n  ?who gar:tend :plot-7 ; a gar:Person ; <urn:x> ex:y .\n  :nobody ?p source:letter }"
    found = unknown_terms(garden.names, query)
    text = "".join(problem.render(lambda _, line: query.split("\n")[line - 1]) + "\n" for problem in found)
    assert_golden("problems/Q006.txt", text)
    assert [problem.severity for problem in found] == ["warning", "warning"]


def test_unknown_names_are_counted_once_and_not_without_end(garden: Graph) -> None:
    query = "SELECT * { ?s gar:tend ?o . ?o gar:tend ?s }"
    assert [problem.place.column for problem in unknown_terms(garden.names, query)] == [15]
    query = "SELECT * {" + "".join(f"?s gar:zz{number} ?o ." for number in range(9_000)) + "}"
    assert len(unknown_terms(garden.names, query)) == MAX_UNKNOWN
    assert unknown_terms(garden.names, "#" * MAX_QUERY_BYTES + query) == []


def test_rows(garden: Graph) -> None:
    found = garden.query("SELECT ?who ?name ?none { ?who gar:chairs :society ; rdfs:label ?name } ORDER BY ?who")
    assert found.kind == "rows"
    assert found.variables == ("who", "name", "none")
    rose = Term("iri", f"{BASE}entity/rose")
    assert found.rows == ((rose, Term("literal", "Rose Marsh", None, "en"), None),)
    assert list(found) == [{"who": rose, "name": Term("literal", "Rose Marsh", None, "en")}]
    assert found.values() == [(f"{BASE}entity/rose", "Rose Marsh", None)]
    assert len(found) == 1 and bool(found) and str(rose) == f"{BASE}entity/rose"
    assert found.to_csv() == f"who,name,none\r\n{BASE}entity/rose,Rose Marsh,\r\n"
    assert found.to_polars().rows() == [(f"{BASE}entity/rose", "Rose Marsh", None)]
    assert not garden.query("SELECT * { ?s gar:tends 987654 }")


def test_truth(garden: Graph) -> None:
    yes, no = garden.query("ASK { :rose ?p ?o }"), garden.query("ASK { :rose ?p 987654 }")
    assert (yes.kind, yes.boolean, bool(yes), bool(no), len(yes)) == ("boolean", True, True, False, 0)


def test_graphs(garden: Graph) -> None:
    found = garden.query("CONSTRUCT { ?who gar:leads ?what } { ?who gar:chairs ?what }")
    assert (found.kind, bool(found)) == ("graph", True)
    assert found.graph == (
        f"<{BASE}entity/rose> <https://example.org/garden-terms#leads> <{BASE}entity/society> .\n".encode()
    )
    described = garden.query("DESCRIBE :rose")
    assert described.kind == "graph" and b"Rose Marsh" in described.graph
    assert not garden.query("CONSTRUCT { ?s ?p ?o } { ?s ?p 987654 . ?s ?p ?o }")


def test_html_is_escaped() -> None:
    found = Answer("rows", ("<b>",), ((Term("literal", "<script>"),), (None,)))
    assert found._repr_html_() == (
        "<table><thead><tr><th>&lt;b&gt;</th></tr></thead>"
        "<tbody><tr><td>&lt;script&gt;</td></tr><tr><td></td></tr></tbody></table>"
    )


def test_pandas_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match=r"pandas is not installed: pip install 'onrecord\[pandas\]'"):
        Answer("rows").to_pandas()


def test_a_triple_term_is_shown_and_no_crash(garden: Graph) -> None:
    found = garden.query("SELECT (TRIPLE(:rose, gar:tends, 'x') AS ?t) {}")
    assert found.values() == [(f"<<( {BASE}entity/rose https://example.org/garden-terms#tends x )>>",)]


FORMATS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "tsv": ox.QueryResultsFormat.TSV,
}


@pytest.mark.parametrize("format_", ["json", "xml", "tsv", "csv"])
def test_result_formats_say_the_same(garden: Graph, format_: str) -> None:
    query = "SELECT ?s ?label { ?s rdfs:label ?label ; a gar:Person } ORDER BY ?s"
    kind, body = raw(garden, query, format_)
    assert kind == "rows"
    if format_ == "csv":
        assert list(csv.reader(io.StringIO(body.decode(), newline=""))) == [
            ["s", "label"],
            [f"{BASE}entity/basil", "Basil Thorn"],
            [f"{BASE}entity/rose", "Rose Marsh"],
        ]
        return
    found = ox.parse_query_results(body, FORMATS[format_])
    assert isinstance(found, ox.QuerySolutions)
    assert [(str(row["s"]), str(row["label"])) for row in found] == [
        (f"<{BASE}entity/basil>", '"Basil Thorn"@en'),
        (f"<{BASE}entity/rose>", '"Rose Marsh"@en'),
    ]


@pytest.mark.parametrize("format_", ["json", "xml"])
def test_truth_in_every_format(garden: Graph, format_: str) -> None:
    kind, body = raw(garden, "ASK {}", format_)
    assert kind == "boolean" and b"true" in body


def test_from_chooses_among_the_graphs(garden: Graph) -> None:
    count = "SELECT (COUNT(*) AS ?n) %s { ?s a onr:Statement }"

    def statements(clause: str) -> str | None:
        return garden.query(count % clause).values()[0][0]

    assert statements("") == "5"
    assert statements("FROM graph:source\\/letter") == "3"
    assert statements(f"FROM <{BASE}graph/source/letter> FROM <{BASE}graph/source/minutes>") == "5"
    assert statements("FROM graph:entities") == "0"


def test_every_triple_stands_in_one_graph(garden: Graph) -> None:
    doubled = garden.query("SELECT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } } GROUP BY ?s ?p ?o HAVING (COUNT(?g) > 1)")
    assert doubled.values() == []


def chairs(garden: Graph, **options: object) -> list[str | None]:
    rows = garden.query("SELECT ?p ?o { :rose ?p ?o FILTER(?p IN (gar:chairs, gar:attends)) }", **options)  # type: ignore[arg-type]
    return sorted(str(row["p"]).partition("#")[2] for row in rows)


def statements_of(garden: Graph, **options: object) -> int:
    return len(garden.query("SELECT ?s { ?s a onr:Statement }", **options))  # type: ignore[arg-type]


def test_lens_options(garden: Graph) -> None:
    assert statements_of(garden) == 5
    assert statements_of(garden, as_of="2024-06-01") == 3
    assert statements_of(garden, as_of=dt.date(2024, 5, 31)) == 0
    assert statements_of(garden, valid_at="2024-07-06") == 5
    assert statements_of(garden, valid_at="2024-07-08") == 4
    assert statements_of(garden, sources=["minutes"]) == 2
    assert statements_of(garden, sources=["minutes", "letter"], as_of="2024-06-01") == 3
    assert chairs(garden) == ["chairs"]
    assert chairs(garden, sources=["minutes"]) == []


def test_what_is_included_stands_as_fact(tmp_path: Path) -> None:
    plain = LETTER.replace("    for: Garden Society\n", "")
    garden = onrecord.open(write_graph(tmp_path / "garden", **{"statements/letter.yaml": plain}))
    assert chairs(garden) == ["chairs"]
    assert chairs(garden, include={"expected"}) == ["attends", "chairs"]
    assert chairs(garden) == ["chairs"]


def test_days_that_are_possible_and_certain(tmp_path: Path) -> None:
    text = LETTER.replace("2024-07-06/2024-07-07", '"[2024-07-06..2024-07-09]"')
    garden = onrecord.open(write_graph(tmp_path / "garden", **{"statements/letter.yaml": text}))
    assert statements_of(garden, valid_at="2024-07-07") == 4
    assert statements_of(garden, valid_at="2024-07-07", possibly=True) == 5
    assert statements_of(garden, valid_at="2024-07-10", possibly=True) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"as_of": "2024-02-30"}, '"2024-02-30" is no day; write one like 2025-12-17'),
        ({"valid_at": "soon"}, '"soon" is no day; write one like 2025-12-17'),
        ({"as_of": dt.datetime(2024, 1, 1)}, '"2024-01-01 00:00:00" is no day; write one like 2025-12-17'),
        ({"sources": ["leter"]}, 'no source is called "leter": did you mean "letter"?'),
        ({"sources": ["qqqq"]}, 'no source is called "qqqq"'),
        (
            {"include": ["denied"]},
            '"denied" is no status to include; write one of '
            "stated, confirmed, expected, planned, claimed, possible, unconfirmed",
        ),
    ],
)
def test_a_lens_that_means_nothing_is_refused(garden: Graph, options: dict[str, object], message: str) -> None:
    with pytest.raises(OnRecordError) as caught:
        garden.query("ASK {}", **options)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_read_day() -> None:
    assert read_day(None) is None
    assert read_day(dt.date(2024, 1, 2)) == read_day("2024-01-02") == dt.date(2024, 1, 2)


def test_parameters_of_a_query(garden: Graph) -> None:
    found = garden.query("SELECT ?o { ?who gar:chairs ?o }", parameters={"who": f"<{BASE}entity/rose>"})
    assert len(found) == 1
    with pytest.raises(QuerySyntaxError) as caught:
        garden.query("SELECT ?o {\n ?who gar:chairs ?o ?x }", parameters={"who": '"a long literal"'})
    problem = caught.value.problem
    assert caught.value.query.split("\n")[problem.place.line - 1][problem.place.column - 1 :].startswith("?x")


def test_the_time_limit_is_kept(garden: Graph) -> None:
    with pytest.raises(QueryLimitExceeded):
        garden.query("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }", timeout=0.5)


def test_a_broken_graph_answers_nothing(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "garden", **{"statements/letter.yaml": LETTER.replace("Rose Marsh", "Rosalind")})
    with pytest.raises(GraphBroken):
        onrecord.open(folder).query("ASK {}")


def test_the_built_store_answers_as_the_files_do(graph_folder: Path) -> None:
    query = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o"
    from_files = onrecord.open(graph_folder).query(query).rows
    onrecord.open(graph_folder).build()
    built = onrecord.open(graph_folder)
    assert built.query(query).rows == from_files
    (graph_folder / "statements" / "minutes.yaml").unlink()
    changed = onrecord.open(graph_folder)
    assert statements_of(changed) == 3  # a build that is behind is passed by


def test_literals_keep_the_form_in_which_they_were_written(tmp_path: Path) -> None:
    statements = """
        - triple: [plot 7, height in metres, 1.50]
          quote: a

        - triple: [plot 7, counts, 00987654]
          quote: b
        """
    garden = onrecord.open(write_notes(tmp_path / "garden", statements, **{"ontology/garden.ttl": MORE_TERMS}))
    query = "SELECT ?o { :plot-7 gar:height|gar:count ?o } ORDER BY ?o"
    assert garden.query(query).values() == [("1.50",), ("00987654",)]
    for format_ in ("json", "csv", "tsv", "xml"):
        body = raw(garden, query, format_)[1]
        assert b"1.50" in body and b"00987654" in body
    assert b'"1.50"' in garden.query("CONSTRUCT { ?s gar:h ?o } { ?s gar:height ?o }").graph


@pytest.mark.parametrize(
    ("term", "shown"),
    [
        (None, ""),
        (Term("literal", "a:b", None, "en"), "a:b"),
        (Term("bnode", "n1"), "n1"),
        (Term("iri", "https://example.org/a/b"), "deep:b"),
        (Term("iri", "https://example.org/c"), "ex:c"),
        (Term("iri", "https://example.org/"), "<https://example.org/>"),
        (Term("iri", "urn:x"), "<urn:x>"),
    ],
)
def test_compact(term: Term | None, shown: str) -> None:
    assert compact(term, {"ex": "https://example.org/", "deep": "https://example.org/a/"}) == shown


def test_raw_json_is_what_the_protocol_says(garden: Graph) -> None:
    body = json.loads(raw(garden, "SELECT ?x { BIND('a'@en AS ?x) }", "json")[1])
    assert body == {
        "head": {"vars": ["x"]},
        "results": {"bindings": [{"x": {"type": "literal", "value": "a", "xml:lang": "en"}}]},
    }
