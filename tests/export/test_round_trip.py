"""What is exported as Turtle or TriG can be statements again, and says the same to the byte."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import onrecord
from inline import RICH_ENTITIES, RICH_HEAD, load_folder, notes, rich_files, sound, write_notes
from onrecord.lens import Lens

GRAPHS = Path(__file__).parents[2] / "graphs"


def copy_of(name: str, folder: Path) -> Path:
    """A graph to write into."""
    if name == "rich":
        return write_notes(folder / "garden", "", **rich_files())
    if not (GRAPHS / name / "onrecord.yaml").exists():
        pytest.skip(f"graphs/{name} is not there")
    return Path(shutil.copytree(GRAPHS / name, folder / name))


def statements_become(folder: Path, name: str, data: bytes) -> None:
    """Replace the statement files by one that was exported."""
    shutil.rmtree(folder / "statements")
    (folder / "sources.yaml").unlink(missing_ok=True)
    (folder / "statements").mkdir()
    (folder / "statements" / name).write_bytes(data)


@pytest.mark.parametrize("format_", ["ttl", "trig"])
@pytest.mark.parametrize("name", ["rich", "harbour-bridge", "miami-talks"])
def test_an_export_read_as_statements_is_the_same_graph(tmp_path: Path, name: str, format_: str) -> None:
    folder = copy_of(name, tmp_path)
    before = onrecord.open(folder)
    lines, text = before.serialize("nq"), before.serialize(format_)
    statements_become(folder, f"x.{format_}", text)
    again = onrecord.open(folder)
    assert again.serialize("nq").decode().splitlines() == lines.decode().splitlines()
    assert again.serialize(format_) == text


def test_an_export_beside_the_files_it_came_from_changes_nothing(tmp_path: Path) -> None:
    """Two curators who agree: the same claims twice are one."""
    folder = copy_of("rich", tmp_path)
    before = onrecord.open(folder)
    data, text = before.serialize("nq"), before.serialize("ttl")
    twin = copy_of("rich", tmp_path / "twin")
    statements_become(twin, "x.ttl", text)
    (twin / "statements" / "y.ttl").write_bytes(text)
    assert onrecord.open(twin).serialize("nq") == data


def test_the_bounds_of_a_lens_travel(tmp_path: Path) -> None:
    """What a lens left out is not in the export, and so not in the graph made from it."""
    folder = copy_of("rich", tmp_path)
    lens = Lens(sources=frozenset({"minutes"}))
    text = onrecord.open(folder).serialize("ttl", lens)
    statements_become(folder, "x.ttl", text)
    assert onrecord.open(folder).statements.filter(~onrecord.open(folder).statements["nested"]).height == 3


def test_two_ids_of_one_claim_both_survive(tmp_path: Path) -> None:
    rows = "- id: b\n  triple: [Rose, tends, plot 7]\n- id: a\n  triple: [Rose, tends, plot 7]\n"
    folder = sound(tmp_path, rows).folder
    data, text = (onrecord.open(folder).serialize(name) for name in ("nq", "ttl"))
    statements_become(folder, "x.ttl", text)
    assert onrecord.open(folder).serialize("nq") == data
    assert load_folder(folder).own["id"].to_list() == ["a", "b"]


def test_merged_rows_keep_which_words_frame_which_quote(tmp_path: Path) -> None:
    row = "- triple: [Rose, tends, plot 7]\n  quote: {}\n  prefix: {}\n  suffix: {}\n"
    framed = {("she digs", "when", "at dawn"), ("she digs", "then", "again"), ("she waters", "and", "too")}
    rows = "".join(row.format(*each) for each in sorted(framed)) + "- triple: [Rose, tends, plot 7]\n  quote: q\n"
    folder = sound(tmp_path, rows).folder
    data, text = (onrecord.open(folder).serialize(name) for name in ("nq", "ttl"))
    statements_become(folder, "x.ttl", text)
    assert onrecord.open(folder).serialize("nq") == data
    again = load_folder(folder).own
    found = again.select("quotes", "prefix", "suffix").rows()
    assert {(quote, *rest) for quotes, *rest in found for quote in quotes} == framed | {("q", None, None)}


def test_a_long_chain_survives(tmp_path: Path) -> None:
    """Nested deeper than Python's stack once it is Turtle."""
    chain = "".join(f"- id: s{n}\n  triple: [Rose, believes, statement:s{n + 1}]\n" for n in range(340))
    folder = sound(tmp_path, chain + "- id: s340\n  triple: [Rose, tends, plot 7]\n").folder
    data, text = (onrecord.open(folder).serialize(name) for name in ("nq", "ttl"))
    statements_become(folder, "x.ttl", text)
    assert onrecord.open(folder).serialize("nq") == data


def test_what_follows_about_a_proposition_is_no_problem(tmp_path: Path) -> None:
    """Its node carries direct triples, qualified forms, and what is entailed; none of them is a statement."""
    terms = (
        "gar:precedes a owl:TransitiveProperty ; rdfs:subPropertyOf gar:before ; owl:inverseOf gar:follows .\n"
        "gar:before a owl:ObjectProperty . gar:follows a owl:ObjectProperty .\n"
        "gar:for rdfs:subPropertyOf gar:by . gar:by a owl:ObjectProperty .\n"
    )
    rows = (
        "- id: a\n  triple: [Rose, tends, plot 7]\n  for: Garden Society\n"
        "- id: b\n  triple: [Rose, chairs, Garden Society]\n- id: c\n  triple: [Basil Thorn, tends, plot 7]\n"
        "- triple: [statement:a, precedes, statement:b]\n- triple: [statement:b, precedes, statement:c]\n"
        "- triple: [statement:a, precedes, statement:c]\n  for: Garden Society\n"
    )
    files = {**rich_files(), "statements/minutes.yaml": None, "statements/letter.yaml": notes(rows)}
    files["ontology/garden.ttl"] = str(files["ontology/garden.ttl"]) + terms
    folder = sound(tmp_path, "", **files).folder
    data, text = (onrecord.open(folder).serialize(name) for name in ("nq", "ttl"))
    assert b"gar:follows prop:" in text
    statements_become(folder, "x.ttl", text)
    assert [problem for problem in load_folder(folder).problems if problem.code.startswith("P")] == []
    assert onrecord.open(folder).serialize("nq") == data


def test_propositions_that_double_at_each_step_survive(tmp_path: Path) -> None:
    rows = ["- id: s0\n  triple: [Rose, tends, plot 7]\n"] + [
        f"- id: s{n}\n  triple: [statement:s{n - 1}, precedes, statement:s{n - 1}]\n" for n in range(1, 30)
    ]
    files = {**rich_files(), "statements/minutes.yaml": None, "statements/letter.yaml": notes("".join(rows))}
    folder = sound(tmp_path, "", **files).folder
    data, text = (onrecord.open(folder).serialize(name) for name in ("nq", "ttl"))
    statements_become(folder, "x.ttl", text)
    assert onrecord.open(folder).serialize("nq") == data
    assert load_folder(folder).table.height == 59, "each proposition is read once"


PREFIXES = """\
@prefix : <https://example.org/garden/entity/> .
@prefix gar: <https://example.org/garden-terms#> .
@prefix onr: <https://w3id.org/onrecord/ns#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix source: <https://example.org/garden/source/> .
@prefix dcterms: <http://purl.org/dc/terms/> .

source:letter a onr:Source ; dcterms:title "A letter" ; dcterms:issued "2024-06-01" .
"""


def hand_written(folder: Path, text: str) -> list[tuple[str, str]]:
    """The problems of a Turtle file."""
    files = {"statements/letter.yaml": None, "statements/x.ttl": PREFIXES + text}
    return [(p.code, p.message) for p in load_folder(write_notes(folder, "", **files)).problems]


def test_a_ring_in_turtle_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    found = hand_written(
        tmp_path,
        """
        <urn:s> a onr:Statement ; onr:proposition <urn:a> ; prov:wasQuotedFrom source:letter .
        <urn:a> a onr:Proposition ; rdf:subject :rose ; rdf:predicate gar:believes ; rdf:object <urn:b> .
        <urn:b> a onr:Proposition ; rdf:subject :rose ; rdf:predicate gar:believes ; rdf:object <urn:a> .
        """,
    )
    assert found == [("R009", "this statement refers to itself in the end")]


def test_what_is_lacking_in_turtle_is_named(tmp_path: Path) -> None:
    found = hand_written(
        tmp_path,
        """
        <urn:s> a onr:Statement ; onr:proposition <urn:a> ; prov:wasQuotedFrom source:letter .
        <urn:a> a onr:Proposition ; rdf:subject :rose ; rdf:predicate gar:believes ; rdf:object <urn:b> .
        <urn:b> a onr:Proposition ; rdf:subject :rose ; rdf:predicate gar:tends .
        <urn:t> a onr:Statement ; prov:wasQuotedFrom source:letter .
        <urn:u> a onr:Statement ; onr:proposition <urn:c> ; prov:wasQuotedFrom source:letter ; onr:qoute "a" .
        <urn:c> a onr:Proposition ; rdf:subject :rose ; rdf:predicate gar:tends ; rdf:object :plot-7 .
        """,
    )
    assert found == [
        ("P052", "<urn:b> has no rdf:object"),
        ("P052", "<urn:t> has no onr:proposition"),
        ("P053", "<urn:u> has <https://w3id.org/onrecord/ns#qoute>, which means nothing here"),
    ]


def test_speakers_keep_their_types_whatever_is_inferred_of_them(tmp_path: Path) -> None:
    head = RICH_HEAD + "      type: person\n"
    letter = notes("- triple: [Rose, tends, plot 7]\n  said by: a neighbour\n", head)
    files = {"statements/letter.yaml": letter, "statements/minutes.yaml": None, "entities.yaml": RICH_ENTITIES}
    folder = sound(tmp_path, "", **{**rich_files(), **files}).folder
    data, text = (onrecord.open(folder).serialize(name) for name in ("nq", "ttl"))
    assert b":letter:neighbour a prov:Agent, gar:Person" in text
    statements_become(folder, "x.ttl", text)
    assert onrecord.open(folder).serialize("nq") == data
