"""Names to IRIs: every R problem in its words, references, nesting, and what an IRI depends on."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import polars as pl
import pytest

import onrecord
from golden_files import assert_golden
from inline import (
    BASE,
    LETTER_HEAD,
    MINUTES_HEAD,
    MORE_TERMS,
    Notes,
    load_folder,
    load_notes,
    notes,
    render,
    sound,
    write_notes,
)
from onrecord.model import STATEMENT_SCHEMA
from small_graph import ENTITIES, write_graph, write_only

TWO_ROSES = (
    ENTITIES
    + """
- id: other-rose
  label: Rose Field
  type: person
  aliases: [Rose]
"""
)

CASES: dict[str, dict[str, str]] = {
    "R001-entity": {"letter": "- triple: [Basil Torn, tends, plot 7]\n  quote: a"},
    "R001-entity-far": {"letter": "- triple: [Zyxwvu, tends, plot 7]\n  quote: a"},
    "R001-property": {"letter": "- triple: [Basil Thorn, tendz, plot 7]\n  quote: a"},
    "R001-property-far": {"letter": "- triple: [Basil Thorn, xyzzyq, plot 7]\n  quote: a"},
    "R001-class": {"entities.yaml": ENTITIES + "\n- id: hut\n  label: hut\n  type: [plot, xyzzyq]\n"},
    "R001-speaker-type": {
        "statements/letter.yaml": notes(
            "- triple: [Basil Thorn, tends, plot 7]\n  said by: a neighbour\n  quote: a",
            LETTER_HEAD + "  speakers:\n    - id: neighbour\n      label: a neighbour\n      type: persn\n",
        )
    },
    "R001-list": {"letter": "- triple: [Basil Thorn, tends, plot 7]\n  said by: [Rose, Rosalind]\n  quote: a"},
    "R001-qualifier-value": {
        "letter": "- triple: [Basil Thorn, tends, plot 7]\n  at: plot 7\n  for: [Rose, Rosalind]\n  quote: a"
    },
    "R001-source-origin": {
        "statements/letter.yaml": notes(
            "- triple: [Basil Thorn, tends, plot 7]\n  quote: a", LETTER_HEAD + "  origin: [Rose, Rosalind]\n"
        )
    },
    "R002-entities": {"entities.yaml": TWO_ROSES, "letter": "- triple: [Rose, tends, plot 7]\n  quote: a"},
    "R002-properties": {
        "ontology/garden.ttl": MORE_TERMS + 'gar:minds a owl:ObjectProperty ; rdfs:label "tends"@en .\n',
        "letter": "- triple: [Basil Thorn, tends, plot 7]\n  quote: a",
    },
    "R003": {"entities.yaml": ENTITIES + "\n- id: rose\n  label: Rose Field\n  type: person\n"},
    "R004": {
        "letter": "- id: one\n  triple: [Basil Thorn, tends, plot 7]\n  quote: a\n\n"
        "- id: one\n  triple: [Rose Marsh, tends, plot 7]\n  quote: a"
    },
    "R005": {"statements/table.csv": "source,subject,predicate,object,quote\nleter,Basil Thorn,tends,plot 7,a\n"},
    "R005-far": {"statements/table.csv": "source,subject,predicate,object,quote\nzzz,Basil Thorn,tends,plot 7,a\n"},
    "R006": {
        "letter": "- id: tending\n  triple: [Basil Thorn, tends, plot 7]\n  quote: a\n\n"
        "- triple: [Rose Marsh, believes, statement:tendin]\n  on condition: statement:nowhere-near\n  quote: a"
    },
    "R007": {
        "letter": "- triple: [Basil Thorn, motto, [Rose Marsh, tends, plot 7]]\n  quote: a\n\n"
        "- triple: [Basil Thorn, tends, plot 7]\n  how: [Rose Marsh, believes, [Basil Thorn, tends, plot 7]]\n"
        "  quote: a"
    },
    "R008": {
        "letter": "- triple: [Rose Marsh, believes, "
        "{triple: [Basil Thorn, tends, plot 7], in the words: mine}]\n  quote: a"
    },
    "R009": {
        "letter": "- id: chicken\n  triple: [Rose Marsh, believes, statement:egg]\n  quote: a\n\n"
        "- id: egg\n  triple: [Basil Thorn, believes, [Rose Marsh, believes, statement:chicken]]\n  quote: a\n\n"
        "- id: self\n  triple: [Rose Marsh, believes, statement:self]\n  quote: a"
    },
    "R010": {
        "letter": "- triple: [Basil Thorn, tends, plot 7]\n  said by: Rose\n  said when: last week\n"
        "  when: 2024-13\n  curated: 2024\n  recorded: 1 June\n  quote: a"
    },
    "R011": {"statements/letter.yaml": notes("", LETTER_HEAD + "  language: in English\n")},
}


@pytest.mark.parametrize("name", CASES)
def test_problem_text(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, str] = dict(CASES[name])
    monkeypatch.chdir(tmp_path)
    found = load_notes(tmp_path / "garden", files.pop("letter", ""), **files)
    text = render(found.problems)
    assert {problem.code for problem in found.problems} == {name[:4]}
    assert_golden(f"problems/{name}.txt", text)


def test_every_r_code_has_a_golden_text() -> None:
    package = Path(__file__).parents[1] / "src/onrecord"
    files = [package / "names.py", *sorted((package / "resolve").glob("*.py"))]
    text = "".join(path.read_text("utf-8") for path in files)
    used = {word for word in text.replace('"', " ").split() if len(word) == 4 and word[0] == "R" and word[1:].isdigit()}
    assert {name[:4] for name in CASES} == used and len(used) == 11


def test_a_language_that_would_smuggle_in_triples_is_refused(tmp_path: Path) -> None:
    head = LETTER_HEAD + '  language: "en .\\n<urn:a> <urn:b> \\"c\\"@en"\n'
    found = load_notes(tmp_path, "", **{"statements/letter.yaml": notes("- triple: [Rose, tends, plot 7]", head)})
    assert found.codes == ["R011"]
    assert found.column("language") == ["en"]


# --- the table ----------------------------------------------------------------------------------


def test_the_table_has_the_documented_schema_even_when_empty(tmp_path: Path) -> None:
    assert load_folder(write_only(tmp_path / "none")).table.schema == STATEMENT_SCHEMA
    full = sound(tmp_path / "some", "- triple: [Rose, tends, plot 7]\n  when: 2024\n  said by: Basil Thorn")
    assert full.table.schema == STATEMENT_SCHEMA


def test_resolved_columns(tmp_path: Path) -> None:
    found = sound(
        tmp_path,
        """
        - triple: [Rose, tends, plot 7]
          for: Garden Society
          in the words: gladly
          said by: [Rose Marsh, Basil Thorn, rose]
          via: [society, Basil Thorn]
          said to: Garden Society
          said at: summer show
          origin: source:minutes
          when: 2024-07
          on condition: if it rains
          quote: a
        """,
        **{"statements/minutes.yaml": notes("", MINUTES_HEAD)},
    )
    (row,) = found.own.select(pl.exclude("row", "file", "line", "column")).iter_rows(named=True)
    gar = "https://example.org/garden-terms#"
    assert {key: value for key, value in row.items() if value is not None} == {
        "nested": False,
        "source": "letter",
        "subject_text": "Rose",
        "predicate_text": "tends",
        "object_text": "plot 7",
        "qualifiers": [
            {"property": "for", "value": "Garden Society", "value_row": None},
            {"property": "in the words", "value": "gladly", "value_row": None},
        ],
        "negated": False,
        "status": "stated",
        "quotes": ["a"],
        "said_by": ["Rose Marsh", "Basil Thorn", "rose"],
        "via": ["society", "Basil Thorn"],
        "said_at": "summer show",
        "said_to": ["Garden Society"],
        "origin": ["source:minutes"],
        "when": "2024-07",
        "condition_text": "if it rains",
        "source_iri": f"{BASE}source/letter",
        "subject": f"<{BASE}entity/rose>",
        "predicate": f"<{gar}tends>",
        "object": f"<{BASE}entity/plot-7>",
        "restrictive": [{"property": f"<{gar}for>", "value": f"<{BASE}entity/society>"}],
        "additive": [{"property": f"<{gar}inTheWords>", "value": '"gladly"@en'}],
        "said_by_terms": [f"<{BASE}entity/basil>", f"<{BASE}entity/rose>"],
        "via_terms": [f"<{BASE}entity/society>", f"<{BASE}entity/basil>"],
        "said_at_term": f"<{BASE}entity/summer-show>",
        "said_to_terms": [f"<{BASE}entity/society>"],
        "origin_terms": [f"<{BASE}source/minutes>"],
        "condition": '"if it rains"@en',
        "language": "en",
        "recorded_day": dt.date(2024, 6, 1),
        "earliest_start": dt.date(2024, 7, 1),
        "latest_start": dt.date(2024, 7, 31),
        "earliest_end": dt.date(2024, 7, 1),
        "latest_end": dt.date(2024, 7, 31),
        "proposition": row["proposition"],
        "statement": row["statement"],
    }


def test_a_row_with_an_unknown_name_gets_no_iri(tmp_path: Path) -> None:
    found = load_notes(tmp_path, "- triple: [Nobody, tends, plot 7]\n- triple: [Rose, tends, plot 7]")
    assert [value is None for value in found.column("proposition")] == [True, False]
    assert [value is None for value in found.column("statement")] == [True, False]


@pytest.mark.parametrize(
    ("published", "zone", "day"),
    [
        ("2024-06-01", "Europe/London", dt.date(2024, 6, 1)),
        ("2024-06-01T23:30:00Z", "Europe/London", dt.date(2024, 6, 2)),
        ("2024-06-01T23:30:00Z", "UTC", dt.date(2024, 6, 1)),
        ("2024-06-01T00:30:00+02:00", "America/New_York", dt.date(2024, 5, 31)),
        ("2024-06-01T23:30:00", "Asia/Tokyo", dt.date(2024, 6, 1)),
        ("June 2024", "UTC", None),
    ],
)
def test_the_day_on_record_is_the_day_of_publication_in_the_graphs_zone(
    tmp_path: Path, published: str, zone: str, day: dt.date | None
) -> None:
    head = LETTER_HEAD.replace("2024-06-01", published)
    settings = f"title: x\nbase: {BASE}\nontologies: [garden]\ntime zone: {zone}\n"
    letter = notes("- triple: [Rose, tends, plot 7]\n- triple: [Rose, tends, plot 7]\n  recorded: 2024-07-01", head)
    found = sound(tmp_path, "", **{"statements/letter.yaml": letter, "onrecord.yaml": settings})
    assert found.column("recorded_day") == [day, dt.date(2024, 7, 1)]


def test_literals_take_datatype_and_language_from_property_and_source(tmp_path: Path) -> None:
    letter = notes(
        """
        - triple: [plot 7, height in metres, 1.50]
        - triple: [plot 7, counts, 010]
        - triple: [plot 7, motto, "NO"]
        - triple: [plot 7, has the code, +1]
        - triple: [plot 7, is open, no]
        - triple: [summer show, held on, 2024-07-06]
        """,
        LETTER_HEAD + "  language: nb-NO\n",
    )
    xsd = "http://www.w3.org/2001/XMLSchema#"
    assert sound(tmp_path, "", **{"statements/letter.yaml": letter}).column("object") == [
        f'"1.50"^^<{xsd}decimal>',
        f'"010"^^<{xsd}integer>',
        '"NO"@nb-NO',
        '"+1"',
        f'"no"^^<{xsd}boolean>',
        f'"2024-07-06"^^<{xsd}date>',
    ]


def test_a_speaker_label_is_in_the_language_of_the_graph_where_the_source_names_none(tmp_path: Path) -> None:
    head = LETTER_HEAD + "  speakers:\n    - id: nabo\n      label: en nabo\n"
    settings = f"title: x\nbase: {BASE}\nontologies: [garden]\nlanguages: [nb]\n"
    found = sound(tmp_path, "", **{"statements/letter.yaml": notes("", head), "onrecord.yaml": settings})
    assert found.loaded.resolved.entities[-1].entity.labels == (("en nabo", "nb"),)


# --- references and nesting ---------------------------------------------------------------------


def test_references_stand_for_propositions_forward_and_backward(tmp_path: Path) -> None:
    found = sound(
        tmp_path,
        """
        - triple: [Rose Marsh, believes, statement:later]
        - id: later
          triple: [Basil Thorn, tends, plot 7]
        - triple: [Basil Thorn, believes, statement:later]
          on condition: statement:later
          for: statement:later
        - triple: [statement:later, precedes, statement:later]
        """,
        **{"ontology/garden.ttl": MORE_TERMS + 'gar:precedes a owl:ObjectProperty ; rdfs:label "precedes"@en .\n'},
    )
    later = found.column("proposition")[1]
    assert found.column("object") == [later, f"<{BASE}entity/plot-7>", later, later]
    assert found.column("subject")[3] == later
    assert found.column("condition") == [None, None, later, None]
    assert found.column("restrictive")[2] == [{"property": "<https://example.org/garden-terms#for>", "value": later}]


def test_a_reference_reaches_into_another_file(tmp_path: Path) -> None:
    minutes = notes("- triple: [Rose Marsh, believes, statement:tending]", MINUTES_HEAD)
    found = sound(
        tmp_path,
        "- id: tending\n  triple: [Basil Thorn, tends, plot 7]",
        **{"statements/minutes.yaml": minutes},
    )
    assert found.column("object")[1] == found.column("proposition")[0]


def test_a_long_chain_of_references(tmp_path: Path) -> None:
    length = 150
    chain = "".join(
        f"- id: s{number}\n  triple: [Rose Marsh, believes, statement:s{number + 1}]\n" for number in range(length)
    )
    found = sound(tmp_path, f"{chain}- id: s{length}\n  triple: [Basil Thorn, tends, plot 7]\n")
    propositions = found.column("proposition")
    assert found.column("object")[:length] == propositions[1:]
    assert len(set(propositions)) == length + 1


def test_rows_above_a_ring_are_left_out_and_the_others_are_not(tmp_path: Path) -> None:
    found = load_notes(
        tmp_path,
        """
        - id: above
          triple: [Rose Marsh, believes, statement:ring]
        - id: ring
          triple: [Basil Thorn, believes, [Rose Marsh, believes, statement:ring]]
        - id: free
          triple: [Basil Thorn, tends, plot 7]
        """,
    )
    assert found.codes == ["R009", "R009"]
    assert [value is None for value in found.column("proposition")] == [True, True, False]


def test_a_ring_of_conditions_is_none(tmp_path: Path) -> None:
    """A condition is no part of the proposition, so two statements may hang on each other."""
    sound(
        tmp_path,
        """
        - id: one
          triple: [Basil Thorn, tends, plot 7]
          on condition: statement:two
        - id: two
          triple: [Rose Marsh, tends, plot 7]
          on condition: statement:one
        """,
    )


def test_nested_propositions_several_deep(tmp_path: Path) -> None:
    found = sound(
        tmp_path,
        """
        - triple: [Rose, believes, [Basil Thorn, believes, [[Rose, tends, plot 7], supports, {triple: [Rose, believes,
            {triple: [Basil Thorn, attends, summer show], for: Garden Society}], at: plot 7}]]]
        - triple: [Basil Thorn, attends, summer show]
          for: Garden Society
        """,
    )
    table = found.table
    assert table.filter("nested").height == 5
    assert table["statement"].null_count() == 5 and table["proposition"].null_count() == 0
    assert table.filter("nested")["status"].null_count() == 5
    by_name = {row["proposition"]: row for row in table.iter_rows(named=True)}
    outer = found.own.row(0, named=True)
    second = by_name[outer["object"]]
    third = by_name[second["object"]]
    assert by_name[third["subject"]]["object_text"] == "plot 7"
    fourth = by_name[third["object"]]
    assert [q["value"] for q in fourth["restrictive"]] == [f"<{BASE}entity/plot-7>"]
    assert fourth["object"] == found.column("proposition")[1]


# --- what an IRI depends on ---------------------------------------------------------------------

PLAIN = """
- triple: [Basil Thorn, tends, plot 7]
  said by: Rose Marsh
  via: [Garden Society, Rose Marsh]
  quote: he tends it
"""


def minted(folder: Path, statements: str, **files: str | bytes | None) -> tuple[str, str]:
    """Proposition and statement of the first statement."""
    row = sound(folder, statements, **files).own.row(0, named=True)
    return row["proposition"], row["statement"]


def test_the_iris_themselves(tmp_path: Path) -> None:
    """Pinned: a graph that is published must not change its addresses."""
    found = sound(
        tmp_path,
        PLAIN
        + """
- triple: [Rose, believes, {triple: [Basil Thorn, motto, 'say "hi" – 1.50'], for: [Garden Society, Basil Thorn]}]
  in the words: of her own
  status: claimed
  said by: [Rose, Basil Thorn]
  said when: 2024-05-30
  said at: summer show
  said to: Garden Society
  origin: source:letter
  when: 2024-06
  on condition: if it rains
  not: true
""",
    )
    assert found.table["proposition"].to_list() == [
        f"<{BASE}proposition/49448a5e39fe2347fee0f081057a69ad>",
        f"<{BASE}proposition/88a19d105536659da1bd96a2e9f2e338>",
        f"<{BASE}proposition/23916647a74494bfeed268c53e694cb5>",
    ]
    assert found.column("statement") == [
        f"<{BASE}statement/d673a162a1e2da4cd3c189d9f9191c93>",
        f"<{BASE}statement/c8f36c772d44aca53d26ff58b309d989>",
    ]


def test_the_iris_are_hashes_of_what_is_written_here(tmp_path: Path) -> None:
    """The recipe, spelt out, so that another program can mint the same addresses."""
    found = sound(tmp_path, PLAIN + "  for: Rose\n  in the words: mine\n  not: true\n  when: 2024\n")
    gar = "https://example.org/garden-terms#"
    basil, plot, rose = (f"<{BASE}entity/{name}>" for name in ("basil", "plot-7", "rose"))
    fields = [basil, f"<{gar}tends>", plot, f"<{gar}for>", rose]
    proposition = f"<{BASE}proposition/{hashlib.sha256(chr(31).join(fields).encode()).hexdigest()[:32]}>"
    assert found.column("proposition") == [proposition]
    society = f"<{BASE}entity/society>"
    fields = [f"{BASE}source/letter", proposition, "stated", "true", f'<{gar}inTheWords> "mine"@en', rose]
    fields += [f"{society}\x1e{rose}", "", "", "", "", "", "2024"]
    assert found.column("statement") == [
        f"<{BASE}statement/{hashlib.sha256(chr(31).join(fields).encode()).hexdigest()[:32]}>"
    ]


SAME = {
    "quote": PLAIN.replace("he tends it", "Basil does"),
    "two quotes": PLAIN.replace("quote: he tends it", "quote:\n    - he\n    - tends it"),
    "no quote": PLAIN.replace("  quote: he tends it\n", ""),
    "prefix and suffix": PLAIN + "  prefix: said\n  suffix: daily\n",
    "hedge": PLAIN + "  hedge: reportedly\n",
    "note": PLAIN + "  note: look again\n",
    "translation": PLAIN + "  translation: he does\n",
    "locator": PLAIN + "  locator: p. 4\n",
    "curator": PLAIN + "  curator: Ben\n  curated: 2024-07-01\n",
    "recorded": PLAIN + "  recorded: 2024-07-01\n",
    "when text": PLAIN + "  when text: these days\n",
    "id": PLAIN + "  id: tending\n",
    "status written out": PLAIN + "  status: stated\n",
    "not written out": PLAIN + "  not: false\n",
    "other names of the same": PLAIN.replace("Basil Thorn, tends", "basil, tended").replace(
        "said by: Rose Marsh", "said by: Rose"
    ),
    "speaker twice": PLAIN.replace("said by: Rose Marsh", "said by: [Rose Marsh, Rose]"),
    "keys in another order": "- quote: x\n  via: [Garden Society, Rose Marsh]\n  said by: rose\n"
    "  triple: [Basil Thorn, tends, plot 7]\n",
}


def all_minted(folder: Path, cases: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Proposition and statement of each case, all in one graph."""
    found = sound(folder, "\n".join(cases.values()))
    pairs = zip(found.column("proposition"), found.column("statement"), strict=True)
    return dict(zip(cases, pairs, strict=True))  # type: ignore[arg-type]


def test_evidence_changes_no_iri(tmp_path: Path) -> None:
    found = all_minted(tmp_path, {"plain": PLAIN, **SAME})
    assert found == dict.fromkeys(found, found["plain"])


def test_file_and_row_change_no_iri(tmp_path: Path) -> None:
    before = minted(tmp_path / "a", PLAIN)
    other = sound(tmp_path / "b", "- triple: [Rose, attends, summer show]\n" + PLAIN)
    assert (other.column("proposition")[1], other.column("statement")[1]) == before
    moved = {"statements/letter.yaml": None, "statements/deep/a.yaml": notes(PLAIN)}
    assert minted(tmp_path / "c", "", **moved) == before


CLAIM = {
    "status": PLAIN + "  status: claimed\n",
    "negation": PLAIN + "  not: true\n",
    "speaker": PLAIN.replace("said by: Rose Marsh", "said by: Basil Thorn"),
    "co-speaker": PLAIN.replace("said by: Rose Marsh", "said by: [Basil Thorn, Rose Marsh]"),
    "no speaker": PLAIN.replace("  said by: Rose Marsh\n", ""),
    "via order": PLAIN.replace("[Garden Society, Rose Marsh]", "[Rose Marsh, Garden Society]"),
    "via": PLAIN.replace("[Garden Society, Rose Marsh]", "Garden Society"),
    "condition in words": PLAIN + "  on condition: if it rains\n",
    "other condition": PLAIN + "  on condition: if it shines\n",
    "condition as a triple": PLAIN + "  on condition: [Rose, attends, summer show]\n",
    "when": PLAIN + "  when: 2024\n",
    "other when": PLAIN + "  when: 2024/2024\n",
    "said when": PLAIN + "  said when: 2024-05-30\n",
    "said at": PLAIN + "  said at: summer show\n",
    "said to": PLAIN + "  said to: Garden Society\n",
    "origin": PLAIN + "  origin: Garden Society\n",
    "additive qualifier": PLAIN + "  in the words: mine\n",
    "other additive qualifier": PLAIN + "  beside: Rose\n",
}


def test_each_part_of_the_claim_makes_another_statement_of_one_proposition(tmp_path: Path) -> None:
    found = all_minted(tmp_path / "all", {"plain": PLAIN, **CLAIM})
    found["other source"] = minted(
        tmp_path / "m", "", **{"statements/minutes.yaml": notes(PLAIN, MINUTES_HEAD), "statements/letter.yaml": None}
    )
    assert len({proposition for proposition, _ in found.values()}) == 1
    assert len({statement for _, statement in found.values()}) == len(CLAIM) + 2


PROPOSED = {
    "plain": PLAIN,
    "subject": PLAIN.replace("Basil Thorn, tends", "Rose Marsh, tends"),
    "property": PLAIN.replace("tends, plot 7", "attends, plot 7"),
    "object": PLAIN.replace("tends, plot 7", "tends, summer show"),
    "literal": PLAIN.replace("tends, plot 7", 'motto, "1.5"'),
    "written form": PLAIN.replace("tends, plot 7", 'motto, "1.50"'),
    "restrictive qualifier": PLAIN + "  for: Garden Society\n",
    "its value": PLAIN + "  for: Rose\n",
    "its property": PLAIN + "  at: Garden Society\n",
    "two of them": PLAIN + "  for: [Garden Society, Rose]\n",
    "literal qualifier": PLAIN + "  how: gladly\n",
    "nested qualifier": PLAIN + "  at: [Rose, believes, [Rose, attends, summer show]]\n",
}


def test_each_part_of_the_proposition_makes_another(tmp_path: Path) -> None:
    found = all_minted(tmp_path, PROPOSED).values()
    assert len({proposition for proposition, _ in found}) == len(PROPOSED)
    assert len({statement for _, statement in found}) == len(PROPOSED)


def test_qualifiers_are_a_set(tmp_path: Path) -> None:
    once = PLAIN + "  for: [Garden Society, Rose]\n  in the words: [a, b]\n"
    again = PLAIN + "  in the words: [b, a, b]\n  for: [Rose Marsh, Garden Society, rose]\n"
    assert minted(tmp_path / "b", again) == minted(tmp_path / "a", once)


def test_the_language_of_the_source_is_part_of_words_only(tmp_path: Path) -> None:
    norse = {"statements/letter.yaml": notes(PLAIN, LETTER_HEAD + "  language: nb\n")}
    assert minted(tmp_path / "b", "", **norse) == minted(tmp_path / "a", PLAIN)
    words = PLAIN + "  on condition: if it rains\n"
    norse = {"statements/letter.yaml": notes(words, LETTER_HEAD + "  language: nb\n")}
    assert minted(tmp_path / "d", "", **norse)[1] != minted(tmp_path / "c", words)[1]


def test_two_sources_that_say_the_same_share_the_proposition(tmp_path: Path) -> None:
    found = sound(tmp_path, PLAIN, **{"statements/minutes.yaml": notes(PLAIN, MINUTES_HEAD)})
    assert len(set(found.column("proposition"))) == 1
    assert len(set(found.column("statement"))) == 2


def test_the_base_is_part_of_the_address_and_of_the_hash(tmp_path: Path) -> None:
    settings = "title: x\nbase: https://example.org/elsewhere/\nontologies: [garden]\n"
    there = minted(tmp_path / "b", PLAIN, **{"onrecord.yaml": settings})
    here = minted(tmp_path / "a", PLAIN)
    assert there[0].startswith("<https://example.org/elsewhere/proposition/")
    assert there[0][-33:] != here[0][-33:]


def test_a_missing_period_between_fields_cannot_make_two_claims_one(tmp_path: Path) -> None:
    """Fields are parted by a character that no text can hold."""
    one = PLAIN + "  on condition: a\n  when: 2024\n"
    other = PLAIN + "  on condition: a2024\n"
    assert minted(tmp_path / "a", one)[1] != minted(tmp_path / "b", other)[1]


def test_carets_of_qualifiers_point_at_the_value(tmp_path: Path) -> None:
    found: Notes = load_notes(
        tmp_path,
        "- triple: [Basil Thorn, tends, plot 7]\n  at: [Rose, plot 7]\n  for: [Nobody, Rose, Noone]\n",
    )
    assert [(problem.place.line, problem.place.column) for problem in found.problems] == [(8, 11), (8, 25)]


def test_a_value_that_begins_like_a_reference_stays_a_value(tmp_path: Path) -> None:
    found = sound(
        tmp_path / "garden",
        """
        - id: tending
          triple: [Basil Thorn, tends, plot 7]
          how: statement:tending
          in the words: statement:nobody
          quote: tends
        - triple: [plot 7, motto, "statement: of intent"]
          quote: its motto
        - triple: [plot 7, motto, statement:tending]
          quote: another
        - triple: [Rose, believes, statement:tending]
          quote: she believes
        """,
    )
    assert found.column("object")[1:3] == ['"statement: of intent"@en', '"statement:tending"@en']
    assert found.column("object")[3] == found.column("proposition")[0]
    assert found.own["restrictive"][0].to_list()[0]["value"] == '"statement:tending"@en'


def test_one_mistake_is_one_problem(tmp_path: Path) -> None:
    found = load_notes(
        tmp_path / "garden",
        """
        - triple: [plot 7, heigth in metres, "1.50"]
          quote: a metre and a half
        - triple: [Rose, beleives, statement:nobody]
          quote: she does
        """,
    )
    assert found.codes == ["R001", "R001"]
    assert [problem.place.line for problem in found.problems] == [6, 8]


@pytest.mark.parametrize("text", ["20240601", "2024-W22-6", "2024-06-01T08", "2024-153", "banana", "June 2024"])
def test_a_day_is_written_as_people_read_it(tmp_path: Path, text: str) -> None:
    for field in ("published", "retrieved"):
        head = LETTER_HEAD.replace("published: 2024-06-01", "published: 2024-06-01\n  retrieved: 2024-06-01")
        head = head.replace(f"{field}: 2024-06-01", f"{field}: {text}")
        files = {"statements/letter.yaml": notes("- triple: [Rose, tends, plot 7]", head)}
        found = onrecord.open(write_notes(tmp_path / field, "", **files)).check()
        assert [problem.message.split(" is no ")[0] for problem in found if problem.code == "C020"] == [f'"{text}"']


@pytest.mark.parametrize(
    "text", ["2024-06-01T08:30", "2024-06-01 08:30:10.5", "2024-06-01T08:30:00Z", "2024-06-01T08:30+0200"]
)
def test_a_moment_is_a_day_too(tmp_path: Path, text: str) -> None:
    head = LETTER_HEAD.replace("published: 2024-06-01", f"published: {text}\n  retrieved: {text}")
    files = {"statements/letter.yaml": notes("- triple: [Rose, tends, plot 7]", head)}
    found = onrecord.open(write_notes(tmp_path / "garden", "", **files)).check()
    assert "C020" not in [problem.code for problem in found]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_moment_that_the_zone_moves_out_of_the_calendar_is_no_day(tmp_path: Path, moment: str) -> None:
    head = LETTER_HEAD.replace("2024-06-01", moment)
    files = {"statements/letter.yaml": notes("- triple: [Rose, tends, plot 7]", head)}
    found = onrecord.open(write_notes(tmp_path / "g", "", **files)).check()
    assert "C020" in [problem.code for problem in found]


@pytest.mark.parametrize(
    "files",
    [
        {"ontology/garden.ttl": "gar:Person a owl:Class ."},
        {"ontology/garden.ttl": b"\xff"},
        {"ontology/garden.ttl": None},
        {"onrecord.yaml": "title: [\n"},
    ],
    ids=["syntax", "bytes", "missing", "settings"],
)
def test_what_an_unreadable_ontology_would_define_is_no_problem_of_its_own(
    tmp_path: Path, files: dict[str, str | bytes | None]
) -> None:
    found = load_folder(write_graph(tmp_path / "g", **files))
    places = {Path(problem.place.file).name for problem in found.problems if problem.code != "P020"}
    assert len(found.problems) >= 1
    assert places <= {"onrecord.yaml", "garden.ttl"}
