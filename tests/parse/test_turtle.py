"""Statement files in Turtle and TriG: what onrecord exports is read back, and nothing else slips in."""

from __future__ import annotations

from pathlib import Path

import pytest

import onrecord
from onrecord.build import Loaded, dataset, load
from onrecord.errors import Problems, has_errors
from onrecord.export import export
from onrecord.model import statements_only
from onrecord.project import open_project
from onrecord.terms import ONR
from problem_cases import TURTLE_HEAD as HEAD
from problem_cases import TURTLE_PROPOSITION as PROPOSITION
from problem_cases import TURTLE_STATEMENT as STATEMENT
from reading import Read, read
from small_graph import FILES, write_graph, write_only

BASE = "https://example.org/garden/"
GAR = "https://example.org/garden-terms#"


def reading(folder: Path, text: str | bytes, name: str = "a.ttl") -> Read:
    return read(write_only(folder / "garden", **{f"statements/{name}": text}))


def test_a_statement_is_read(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        HEAD
        + STATEMENT
        + PROPOSITION
        + 'st:1 onr:quote "two"@en, "one"@en ; onr:negated true ; '
        + 'onr:saidBy entity:rose, entity:basil ; onr:hedge "h"@en ;\n'
        + '  onr:when "2024" ; gar:inTheWords "w"@en ; onr:earliestStart "2024-01-01" ; onr:condition prop:2 .\n'
        + "prop:2 a onr:Proposition ; rdf:subject prop:3 ; rdf:predicate gar:height ; rdf:object 7.0 .\n"
        + "prop:2 gar:for entity:rose .\n"
        + "prop:3 a onr:Proposition ; rdf:subject entity:a ; rdf:predicate gar:tends ; rdf:object entity:b .\n",
    )
    assert found.problems == []
    chosen = found.parsed.statements.select(
        "nested", "subject_text", "subject_row", "predicate_text", "object_text", "condition_row", "negated", "status"
    )
    tends = f"<{GAR}tends>"
    assert sorted(chosen.rows(), key=str) == [
        (False, f"<{BASE}entity/rose>", None, tends, f"<{BASE}entity/plot-7>", 0, True, "stated"),
        (True, f"<{BASE}entity/a>", None, tends, f"<{BASE}entity/b>", None, False, None),
        (True, None, 2, f"<{GAR}height>", "7.0", None, False, None),
    ]
    own = statements_only(found.parsed.statements).to_dicts()[0]
    assert (own["quotes"], own["hedge"], own["when"], own["file"][-4:], own["line"]) == (
        ["one", "two"],
        "h",
        "2024",
        ".ttl",
        9,
    )
    assert own["said_by"] == [f"<{BASE}entity/basil>", f"<{BASE}entity/rose>"]
    assert own["qualifiers"] == [{"property": f"<{GAR}inTheWords>", "value": "w", "value_row": None}]


@pytest.mark.parametrize("name", ["a.ttl", "a.trig", "a.TTL"])
def test_turtle_with_a_byte_order_mark(name: str, tmp_path: Path) -> None:
    found = reading(tmp_path, b"\xef\xbb\xbf" + (HEAD + STATEMENT + PROPOSITION).encode(), name)
    assert (found.problems, found.parsed.statements.height) == ([], 1)


def test_trig_reads_every_graph(tmp_path: Path) -> None:
    found = reading(tmp_path, f"{HEAD}<http://a/g1> {{ {STATEMENT} }}\n<http://a/g2> {{ {PROPOSITION} }}\n", "a.trig")
    assert (found.problems, found.parsed.statements.height) == ([], 1)


def test_relative_names_stand_below_the_graphs_base_unless_the_file_has_its_own(tmp_path: Path) -> None:
    text = (HEAD + STATEMENT + PROPOSITION).replace("source:letter", "<source/letter>")
    assert reading(tmp_path / "a", text).problems == []
    assert reading(tmp_path / "b", f"@base <https://other.example/> .\n{text}").codes == ["P051"]


def test_every_form_of_true_negates(tmp_path: Path) -> None:
    boolean = '"1"^^<http://www.w3.org/2001/XMLSchema#boolean>'
    for number, (value, expected) in enumerate((("true", True), ("false", False), (boolean, True), ("1", True))):
        found = reading(tmp_path / str(number), f"{HEAD}{STATEMENT}{PROPOSITION}st:1 onr:negated {value} .\n")
        assert found.column("negated") == [expected]


def test_a_source_and_its_speakers_are_read(tmp_path: Path) -> None:
    text = f"""{HEAD}{STATEMENT}{PROPOSITION}
@prefix dcterms: <http://purl.org/dc/terms/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
source:letter a onr:Source ; dcterms:title "A letter"@en ; dcterms:issued "2024-06-01" ; onr:origin entity:rose .
<{BASE}entity/letter:neighbour> a onr:UnnamedSpeaker ; rdfs:label "a neighbour"@en .
"""
    found = reading(tmp_path, text)
    assert found.problems == []
    source = found.parsed.sources["letter"]
    assert (source.title, source.published, source.origin) == ("A letter", "2024-06-01", (f"<{BASE}entity/rose>",))
    assert [(item.id, item.label) for item in source.speakers] == [("neighbour", "a neighbour")]


DEEP = 3000


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("st:1 a\n", "P049"),
        ("@prefix x: <\n", "P049"),
        ("st:1 a <<( st:1 st:2 st:3 )>> .\n", "P049"),
        ("<< st:1 st:2 st:3 >> st:4 st:5 .\n", "P049"),
        ("st:1 st:2 st:3 {| st:4 st:5 |} .\n", "P049"),
        ("st:1 st:2 " + "<<( st:1 st:2 " * 100_000 + "st:3 " + ")>> " * 100_000 + ".\n", "P049"),
        ("st:1 st:2 " + "<<( st:1 st:2 " * 500 + "st:3 " + ")>> " * 500 + ".\n", "P049"),
        ("st:1 st:2 " + "[ st:2 " * 30_000 + "st:3" + "]" * 30_000 + ".\n", "P032"),
        ("st:1 st:2 " + "(" * 30_000 + ")" * 30_000 + ".\n", "P032"),
        ("[" * 100_000, "P049"),
        ('st:1 a "text", [], 7 .\n', "P032"),
        ("[] a onr:Statement, onr:Source, onr:Proposition .\n", "P051"),
        ("st:1 a onr:Statement ; prov:wasQuotedFrom 7 .\n", "P051"),
        ('st:1 a onr:Statement ; prov:wasQuotedFrom source:a ; onr:proposition "x" .\n', "P052"),
        ("st:1 a onr:Statement ; prov:wasQuotedFrom source:a ; onr:proposition [] .\n", "P052"),
        (STATEMENT + PROPOSITION.replace("entity:plot-7", "[]"), ""),
        (STATEMENT + PROPOSITION + "st:1 onr:viaChain ( entity:a [] 7 ) .\n", ""),
        (STATEMENT + PROPOSITION + "st:1 onr:viaChain st:1 .\n", ""),
        (STATEMENT + PROPOSITION.replace("entity:plot-7", "prop:1"), ""),
    ],
)
def test_no_turtle_ends_the_process(text: str, code: str, tmp_path: Path) -> None:
    first, again = reading(tmp_path, HEAD + text), reading(tmp_path, HEAD + text)
    assert set(first.codes) == ({code} if code else set())
    assert first.problems == again.problems


def test_propositions_nest_as_deep_as_they_like(tmp_path: Path) -> None:
    line = "prop:{} a onr:Proposition ; rdf:subject entity:a ; rdf:predicate gar:believes ; rdf:object prop:{} .\n"
    text = HEAD + STATEMENT + "".join(line.format(n, n + 1) for n in range(1, DEEP))
    text += PROPOSITION.replace("prop:1", f"prop:{DEEP}")
    assert (reading(tmp_path, text).problems, reading(tmp_path, text).parsed.statements.height) == ([], DEEP)


def test_a_tree_of_shared_propositions_stays_small(tmp_path: Path) -> None:
    line = "prop:{} a onr:Proposition ; rdf:subject prop:{} ; rdf:predicate gar:believes ; rdf:object prop:{} .\n"
    text = HEAD + STATEMENT + "".join(line.format(n, n + 1, n + 1) for n in range(1, 60))
    text += PROPOSITION.replace("prop:1", "prop:60")
    assert (reading(tmp_path, text).problems, reading(tmp_path, text).parsed.statements.height) == ([], 60)


def loaded(folder: Path) -> Loaded:
    problems = Problems()
    return load(open_project(folder, problems), problems)


@pytest.mark.parametrize("format_", ["ttl", "trig"])
def test_what_is_exported_is_read_back(format_: str, tmp_path: Path) -> None:
    before = loaded(write_graph(tmp_path / "one" / "garden"))
    text = export(dataset(before), format_, before.resolved.names.prefixes())
    files: dict[str, str | bytes | None] = {name: None for name in FILES if name.startswith("statements/")}
    after = loaded(write_graph(tmp_path / "two" / "garden", **files, **{f"statements/a.{format_}": text}))
    assert not has_errors(after.problems)
    for column in ("statement", "proposition"):
        first, second = (set(item.resolved.statements[column].drop_nulls()) for item in (before, after))
        assert first == second
    assert export(dataset(after), format_, after.resolved.names.prefixes()) == text


def test_a_statement_stands_where_its_description_begins(tmp_path: Path) -> None:
    text = (
        f"@prefix onr: <{ONR}> . @prefix prov: <http://www.w3.org/ns/prov#> .\n"
        f"@prefix st: <{BASE}statement/> .\n"
        "# st:1 is not here .\n\n"
        f"st:0 onr:hedge st:1 ;\n   onr:note '''ends with a stop.\n''' .\n"
        f"  st:1 a onr:Statement ;\n  prov:wasQuotedFrom <{BASE}source/letter> .\n"
        f"<{BASE}statement/2> a onr:Statement ; prov:wasQuotedFrom <{BASE}source/letter> . st:3 a onr:Statement .\n"
    )
    found = reading(tmp_path, text)
    places = {
        problem.message.split("/statement/")[1][0]: str(problem.place).split(".ttl")[1] for problem in found.problems
    }
    assert places == {"1": ":8:3", "2": ":10:1", "3": ""}


def test_what_is_wrong_with_a_statement_has_the_line_of_its_node(tmp_path: Path) -> None:
    text = HEAD + STATEMENT.replace("onr:stated", "onr:whispered") + PROPOSITION
    folder = write_graph(tmp_path / "garden", **{"statements/a.ttl": text.replace("entity:rose", "entity:nobody")})
    found = [
        each for each in onrecord.open(folder).check() if each.place.file.endswith("a.ttl") and each.code == "R001"
    ]
    lines = (folder / "statements/a.ttl").read_text("utf-8").splitlines()
    assert [lines[each.place.line - 1].split()[0] for each in found] == ["st:1"]


def test_a_node_of_several_rows_has_its_id_once(tmp_path: Path) -> None:
    selectors = '[ oa:exact "a" ; oa:prefix "b" ], [ oa:exact "c" ; oa:prefix "d" ]'
    prefixes = "@prefix dcterms: <http://purl.org/dc/terms/> . @prefix oa: <http://www.w3.org/ns/oa#> .\n"
    text = f'{HEAD}{prefixes}{STATEMENT}{PROPOSITION}st:1 dcterms:identifier "x" ; onr:selector {selectors} .\n'
    assert reading(tmp_path, text).column("quotes") == [["a"], ["c"]]
    folder = write_graph(tmp_path / "whole", **{"statements/a.ttl": text})
    assert "R004" not in [each.code for each in onrecord.open(folder).check()]
