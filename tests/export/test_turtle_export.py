"""Turtle and TriG for people's eyes: the whole text of a small graph, and the rules behind it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyoxigraph as ox
import pytest

import onrecord
from golden_files import assert_golden
from inline import rich
from onrecord.assemble import QUADS
from onrecord.build import dataset
from onrecord.export import export
from onrecord.terms import ONR, OWL, RDF, RDFS, SKOS, XSD

PREFIXES = {
    "": "urn:e:",
    "a": "https://a.example/",
    "ab": "https://a.example/b/",
    "rdf": RDF,
    "rdfs": RDFS,
    "xsd": XSD,
    "onr": ONR,
}


def turtle(*triples: tuple[str, str, str]) -> str:
    """Triples in Turtle."""
    return export(frame(*((*triple, "<urn:g>") for triple in triples)), "ttl", PREFIXES).decode()


def frame(*quads: tuple[str, str, str, str]) -> pl.DataFrame:
    """Quads, graph last, as the table."""
    rows = [(graph, subject, predicate, obj) for subject, predicate, obj, graph in quads]
    return pl.DataFrame(rows, schema=QUADS, orient="row")


@pytest.mark.parametrize("name", ["ttl", "trig"])
def test_the_whole_text_of_the_small_graph(graph_folder: Path, name: str) -> None:
    """Without the ontologies, whose text is theirs."""
    onrecord.open(graph_folder).examine(update_lock=True)
    text = onrecord.open(graph_folder).serialize(name).decode()
    if name == "ttl":
        text = text[: text.index("# Ontologies\n")]
    else:
        blocks = text.split("\n}\n")
        text = "\n}\n".join(block for block in blocks if "owl:Ontology" not in block)
    assert_golden(f"garden.{name}", text)


def test_prefixes_that_are_used_stand_on_top_sorted() -> None:
    text = turtle(("<https://a.example/x>", "<urn:p>", "<https://a.example/b/y>"))
    assert text == ("@prefix a: <https://a.example/> .\n@prefix ab: <https://a.example/b/> .\n\na:x <urn:p> ab:y .\n")


@pytest.mark.parametrize(
    ("term", "short"),
    [
        ("<https://a.example/x-1_y>", "a:x-1_y"),
        ("<https://a.example/9>", "a:9"),
        ("<https://a.example/b/>", "<https://a.example/b/>"),
        ("<https://a.example/>", "<https://a.example/>"),
        ("<https://a.example/-x>", "<https://a.example/-x>"),
        ("<https://a.example/x.>", "<https://a.example/x.>"),
        ("<https://a.example/x/y>", "<https://a.example/x/y>"),
        ("<https://a.example/x%20y>", "<https://a.example/x%20y>"),
        ("<https://a.example/é>", "<https://a.example/é>"),
        ("<https://a.example/b:c>", "a:b:c"),
        ("<https://a.example/:c>", "<https://a.example/:c>"),
        ("<urn:e:rose>", ":rose"),
        ('"a"', '"a"'),
        ('"a"@en', '"a"@en'),
        ('"a: b"^^<https://a.example/dt>', '"a: b"^^a:dt'),
        (f'"true"^^<{XSD}boolean>', "true"),
        (f'"false"^^<{XSD}boolean>', "false"),
        (f'"1"^^<{XSD}boolean>', '"1"^^xsd:boolean'),
        (f'"TRUE"^^<{XSD}boolean>', '"TRUE"^^xsd:boolean'),
        (f'"010"^^<{XSD}integer>', '"010"^^xsd:integer'),
        ('"\\"^^<https://a.example/x>"', '"\\"^^<https://a.example/x>"'),
        ('"\\"^^<https://a.example/x>"@en', '"\\"^^<https://a.example/x>"@en'),
        (r'"a\nb\"c\\"', r'"a\nb\"c\\"'),
    ],
)
def test_terms(term: str, short: str) -> None:
    text = turtle(("<urn:s>", "<urn:p>", term))
    assert text.splitlines()[-1] == f"<urn:s> <urn:p> {short} ."
    (quad,) = ox.parse(text.encode(), ox.RdfFormat.TURTLE)
    (plain,) = ox.parse(f"<urn:s> <urn:p> {term} .".encode(), ox.RdfFormat.N_TRIPLES)
    assert quad == plain


def test_sections_come_in_order_sources_and_entities_first() -> None:
    kinds = {
        "ontology": f"<{OWL}Class>",
        "list": "",
        "span": f"<{ONR}Span>",
        "statement": f"<{ONR}Statement>",
        "proposition": f"<{ONR}Proposition>",
        "entity": "<urn:Person>",
        "source": f"<{ONR}Source>",
        "scheme": f"<{SKOS}ConceptScheme>",
        "other": "",
    }
    triples = [(f"<urn:e:{name}>", f"<{RDF}type>", kind) for name, kind in kinds.items() if kind]
    triples += [("<urn:e:list>", f"<{RDF}first>", "<urn:e:entity>"), ("<urn:e:other>", "<urn:p>", "<urn:e:entity>")]
    lines = turtle(*triples).splitlines()
    assert [line for line in lines if line.startswith("#")] == [
        "# Sources",
        "# Entities",
        "# Propositions",
        "# Statements",
        "# Spans",
        "# Lists",
        "# Ontologies",
        "# Other",
    ]
    subjects = [line.split()[0] for line in lines if line.startswith(":")]
    assert subjects == [
        ":source", ":entity", ":proposition", ":statement", ":span", ":list", ":ontology", ":scheme", ":other",
    ]  # fmt: skip


def test_the_type_and_the_label_come_first_and_the_rest_is_sorted() -> None:
    text = turtle(
        ("<urn:e:x>", "<urn:z>", '"z"'),
        ("<urn:e:x>", "<urn:a>", '"b"'),
        ("<urn:e:x>", "<urn:a>", '"a"'),
        ("<urn:e:x>", f"<{RDFS}label>", '"X"'),
        ("<urn:e:x>", f"<{RDF}type>", "<urn:e:T>"),
    )
    assert text.partition("\n\n")[2].splitlines() == [
        ":x a :T ;",
        '    rdfs:label "X" ;',
        '    <urn:a> "a", "b" ;',
        '    <urn:z> "z" .',
    ]


def test_long_lists_of_objects_stand_on_lines_of_their_own() -> None:
    texts = [f'"{letter * 40}"' for letter in "abc"]
    assert turtle(*(("<urn:s>", "<urn:p>", text) for text in texts)).splitlines() == [
        "<urn:s> <urn:p>",
        f"        {texts[0]},",
        f"        {texts[1]},",
        f"        {texts[2]} .",
    ]


def test_hashed_nodes_are_sorted_by_what_they_say_and_statements_say_it_above() -> None:
    rows = []
    for node, label in (("3", "Anna"), ("1", "Zoe"), ("2", "Bob\\nby # name")):
        rows += [
            (f"<urn:e:p{node}>", f"<{RDF}type>", f"<{ONR}Proposition>"),
            (f"<urn:e:p{node}>", f"<{RDFS}label>", f'"{label}"@en'),
            (f"<urn:e:s{node}>", f"<{RDF}type>", f"<{ONR}Statement>"),
            (f"<urn:e:s{node}>", f"<{ONR}proposition>", f"<urn:e:p{node}>"),
        ]
    lines = [line for line in turtle(*rows).splitlines() if line.startswith((":", "#"))]
    assert [line.split(" a ")[0] for line in lines] == [
        "# Propositions", ":p3", ":p2", ":p1",
        "# Statements", "# Anna", ":s3", "# Bob by # name", ":s2", "# Zoe", ":s1",
    ]  # fmt: skip


def test_the_line_above_a_statement_says_how_firmly_and_on_whose_word() -> None:
    said = ("<urn:e:s>", f"<{RDF}type>", f"<{ONR}Statement>"), ("<urn:e:s>", f"<{ONR}proposition>", "<urn:e:p>")
    label = ("<urn:e:p>", f"<{RDFS}label>", '"Anna sings"@en')
    status = ("<urn:e:s>", f"<{ONR}status>", f"<{ONR}planned>")
    negated = ("<urn:e:s>", f"<{ONR}negated>", f'"true"^^<{XSD}boolean>')
    speakers = [
        triple
        for name in ("Bob", "Zoe")
        for triple in (
            ("<urn:e:s>", f"<{ONR}saidBy>", f"<urn:e:{name}>"),
            (f"<urn:e:{name}>", f"<{RDFS}label>", f'"{name}"@en'),
        )
    ]

    def line(*rows: tuple[str, str, str]) -> str:
        (found,) = [each for each in turtle(*said, label, *rows).splitlines() if each.endswith("Anna sings")]
        return found

    assert line() == "# Anna sings"
    assert line(status) == "# planned: Anna sings"
    assert line(status, negated) == "# planned: not Anna sings"
    assert line(status, *speakers) == "# planned by Bob and Zoe: Anna sings"


def test_trig_has_a_block_for_each_graph_in_order() -> None:
    quads = frame(("<urn:s>", "<urn:p>", "<urn:o>", "<urn:e:b>"), ("<urn:s>", "<urn:p>", "<urn:q>", "<urn:e:a>"))
    assert export(quads, "trig", PREFIXES).decode() == (
        "@prefix : <urn:e:> .\n\n:a {\n    <urn:s> <urn:p> <urn:q> .\n}\n\n:b {\n    <urn:s> <urn:p> <urn:o> .\n}\n"
    )


def test_no_noise(tmp_path: Path) -> None:
    found = rich(tmp_path)
    for name in ("ttl", "trig"):
        text = export(dataset(found.loaded), name, found.loaded.resolved.names.prefixes()).decode()
        lines = text.split("\n")
        assert not any(line != line.rstrip() for line in lines)
        assert "\n\n\n" not in text and text.endswith("\n") and not text.endswith("\n\n")
        assert text.count(f"<{found.loaded.project.base}proposition/") == 1, "the prefix is used everywhere else"
