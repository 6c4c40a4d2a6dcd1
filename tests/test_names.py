"""Names: label, alias, id, CURIE and IRI; ambiguity; unnamed speakers within their source."""

from __future__ import annotations

from pathlib import Path

import pytest

import onrecord
from inline import BASE, LETTER_HEAD, MINUTES_HEAD, load_notes, notes, sound, write_notes
from onrecord.names import Found, Names, is_plain_local
from onrecord.terms import PROV
from small_graph import ENTITIES

GAR = "https://example.org/garden-terms#"
SPEAKERS = "  speakers:\n    - id: neighbour\n      label: a neighbour\n"
PLOT = "- triple: [Basil Thorn, tends, plot 7]\n  said by: a neighbour\n"


@pytest.fixture
def names(tmp_path: Path) -> Names:
    """The names of the garden, with a neighbour in each of two sources."""
    files = {
        "statements/letter.yaml": notes(PLOT, LETTER_HEAD + SPEAKERS),
        "statements/minutes.yaml": notes(PLOT, MINUTES_HEAD + SPEAKERS),
        "entities.yaml": ENTITIES
        + "\n- id: hut\n  label: {en: tool shed, nb: redskapsbod}\n  type: plot\n  aliases: {nb: [bod, bua]}\n",
    }
    return sound(tmp_path, "", **files).loaded.resolved.names


@pytest.mark.parametrize(
    "text",
    ["Rose Marsh", "Rose", "Mrs Marsh", "rose", ":rose", f"<{BASE}entity/rose>"],
)
def test_an_entity_goes_by_label_alias_id_curie_and_iri(names: Names, text: str) -> None:
    assert names.entity(text) == Found(f"{BASE}entity/rose")
    assert names.entity(text, "letter") == Found(f"{BASE}entity/rose")


@pytest.mark.parametrize("text", ["tool shed", "redskapsbod", "bod", "bua", "hut"])
def test_names_of_all_languages_count(names: Names, text: str) -> None:
    assert names.entity(text).iri == f"{BASE}entity/hut"


@pytest.mark.parametrize(
    "text",
    [
        "rose marsh",
        "Rose  Marsh",
        " Rose",
        "Rose Marsh ",
        "Röse",
        "ROSE",
        ":roses",
        f"<{BASE}entity/roses>",
        f"{BASE}entity/rose",
        "<rose>",
        ":",
        "",
        "entity:rose",
        ": rose",
    ],
)
def test_names_are_exact(names: Names, text: str) -> None:
    found = names.entity(text)
    assert found.iri is None and found.choices == ()


def test_composed_and_decomposed_letters_are_different_names(tmp_path: Path) -> None:
    """Never merged silently: the nearest name is offered instead."""
    found = load_notes(
        tmp_path,
        "- triple: [Zoe\u0308, tends, plot 7]",
        **{"entities.yaml": ENTITIES + "\n- id: zoe\n  label: Zo\u00eb\n  type: person\n"},
    )
    assert [(problem.code, problem.fix) for problem in found.problems] == [
        ("R001", 'did you mean "zoe", "hose ban" or "Rose Marsh"?')
    ]


def test_sources_classes_and_properties_can_be_spoken_of(names: Names) -> None:
    assert names.entity("source:letter").iri == f"{BASE}source/letter"
    assert names.entity("gar:Plot").iri == f"{GAR}Plot"
    assert names.entity("gar:tends").iri == f"{GAR}tends"
    assert names.entity("source:nothing").iri is None


def test_a_property_goes_by_label_alternative_label_curie_and_iri(names: Names) -> None:
    for text in ("tends", "tended", "tend", "gar:tends", f"<{GAR}tends>"):
        assert names.property(text) == Found(f"{GAR}tends")
    assert names.property("Tends").iri is None
    assert names.property("gar:Plot").iri is None
    assert "tends" in names.property("tendz").nearest


def test_a_class_goes_by_label_alternative_label_curie_and_iri(names: Names) -> None:
    for text in ("plot", "bed", "gar:Plot", f"<{GAR}Plot>"):
        assert names.type(text) == Found(f"{GAR}Plot")
    assert names.type("gar:tends").iri is None
    assert names.type("plott").nearest[0] == "plot"


def test_an_ambiguous_name_lists_what_it_could_mean_sorted(tmp_path: Path) -> None:
    more = "\n- id: b-rose\n  label: Rose\n  type: person\n"
    more += "\n- id: a-rose\n  label: A. Rose\n  aliases: [Rose]\n  type: person\n"
    names = sound(tmp_path, "", **{"entities.yaml": ENTITIES + more}).loaded.resolved.names
    assert names.entity("Rose").choices == tuple(f"{BASE}entity/{name}" for name in ("a-rose", "b-rose", "rose"))
    assert names.entity("b-rose").iri == f"{BASE}entity/b-rose"


def test_an_id_that_is_the_label_of_another_is_ambiguous(tmp_path: Path) -> None:
    more = "\n- id: marsh\n  label: rose\n  type: plot\n"
    names = sound(tmp_path, "", **{"entities.yaml": ENTITIES + more}).loaded.resolved.names
    assert len(names.entity("rose").choices) == 2
    assert names.choose(f"{BASE}entity/rose") == ":rose"
    assert names.entity(":rose").iri == f"{BASE}entity/rose"
    assert names.choose(f"{BASE}entity/marsh") == "marsh"


def test_an_unnamed_speaker_is_known_in_its_own_source_only(names: Names) -> None:
    for source in ("letter", "minutes"):
        for text in ("a neighbour", "neighbour"):
            assert names.entity(text, source) == Found(f"{BASE}entity/{source}:neighbour")
    assert names.entity("a neighbour", "elsewhere").iri is None
    assert names.entity("a neighbour").choices == (f"{BASE}entity/letter:neighbour", f"{BASE}entity/minutes:neighbour")
    assert names.types[f"{BASE}entity/letter:neighbour"] == ("https://w3id.org/onrecord/ns#UnnamedSpeaker",)


def test_statements_of_two_sources_mean_their_own_neighbour(tmp_path: Path) -> None:
    files = {
        "statements/letter.yaml": notes(PLOT, LETTER_HEAD + SPEAKERS),
        "statements/minutes.yaml": notes(PLOT, MINUTES_HEAD + SPEAKERS),
    }
    found = sound(tmp_path, "", **files)
    assert found.column("said_by_terms") == [
        [f"<{BASE}entity/letter:neighbour>"],
        [f"<{BASE}entity/minutes:neighbour>"],
    ]
    lone = load_notes(
        tmp_path / "lone",
        "",
        **{**files, "statements/minutes.yaml": notes(PLOT, MINUTES_HEAD), "entities.yaml": ENTITIES},
    )
    assert lone.codes == ["R001"]


def test_a_speaker_whose_label_is_an_entitys_is_ambiguous(tmp_path: Path) -> None:
    speakers = "  speakers:\n    - id: somebody\n      label: Rose\n"
    letter = notes("- triple: [Rose, tends, plot 7]", LETTER_HEAD + speakers)
    found = load_notes(tmp_path, "", **{"statements/letter.yaml": letter})
    assert [problem.fix for problem in found.problems] == [
        f'write "<{BASE}entity/letter:somebody>" (Rose) or "rose" (Rose Marsh)'
    ]


@pytest.mark.parametrize("way", ["rose", ":rose", f"<{BASE}entity/rose>"])
def test_what_a_fix_offers_means_just_that(tmp_path: Path, way: str) -> None:
    speakers = "  speakers:\n    - id: somebody\n      label: Rose\n"
    letter = notes(f'- triple: ["{way}", tends, plot 7]', LETTER_HEAD + speakers)
    found = sound(tmp_path, "", **{"statements/letter.yaml": letter})
    assert found.column("subject") == [f"<{BASE}entity/rose>"]


def test_labels_and_compact_forms(names: Names) -> None:
    assert names.label(f"{BASE}entity/hut") == "tool shed"
    assert names.label(f"{BASE}source/letter") == "A letter to the members"
    assert names.label(f"{BASE}entity/letter:neighbour") == "a neighbour"
    assert names.label(f"{GAR}tends") == "tends"
    assert names.label("https://example.org/other#thing") == "thing"
    assert names.compact(f"{BASE}entity/rose") == ":rose"
    assert names.compact(f"{BASE}source/letter") == "source:letter"
    assert names.compact(f"{PROV}Agent") == "prov:Agent"
    assert names.compact(f"{GAR}tends") == "gar:tends"
    assert names.compact(f"{BASE}entity/") == f"<{BASE}entity/>"
    assert names.compact("https://nowhere.example/x") == "<https://nowhere.example/x>"


def test_nearest_names_offer_each_thing_once(names: Names) -> None:
    assert names.entity("Rose Marshh").nearest[:1] == ("Rose Marsh",)
    meant = [names.entity(name, "letter").iri for name in names.entity("Mrs Rose", "letter").nearest]
    assert len(meant) == len(set(meant))


@pytest.mark.parametrize(
    ("local", "plain"),
    [
        ("a", True),
        ("9a", True),
        ("a-b_c", True),
        ("", False),
        ("-a", False),
        ("a.b", False),
        ("é", False),
        ("a b", False),
    ],
)
def test_plain_local_names(local: str, plain: bool) -> None:
    assert is_plain_local(local) is plain


@pytest.mark.parametrize(
    "entities",
    ["- id: [\n", "id: rose\n", b"\xff", ENTITIES + "\n- label: Nobody\n  type: gar:Person\n  aliases: [nobody]\n"],
    ids=["syntax", "no list", "bytes", "one of them"],
)
def test_what_an_entity_that_cannot_be_read_is_called_is_no_problem_of_its_own(
    tmp_path: Path, entities: str | bytes
) -> None:
    question = "SELECT ?who { ?who gar:chairs :nobody }\n"
    files = {"entities.yaml": entities, "questions/q.rq": question}
    found = onrecord.open(write_notes(tmp_path / "g", "- triple: [Nobody, tends, plot 7]", **files)).check()
    assert {problem.code for problem in found}.isdisjoint({"R001", "Q006"})
    assert any(problem.place.file.endswith("entities.yaml") for problem in found)


def test_a_default_is_not_looked_for_among_entities_that_could_not_be_read(tmp_path: Path) -> None:
    question = "#+ defaults:\n#+   - entity: Nobody\nSELECT ?what { ?_entity gar:chairs ?what }\n"
    files = {"entities.yaml": "- id: [\n", "questions/q.rq": question}
    found = onrecord.open(write_notes(tmp_path / "g", "- triple: [Nobody, tends, plot 7]", **files)).check()
    assert "Q024" not in [problem.code for problem in found]


def test_only_the_names_of_an_entity_that_cannot_be_read_are_spared(tmp_path: Path) -> None:
    files = {"entities.yaml": ENTITIES + "\n- label: {en: Nobody}\n  type: gar:Person\n"}
    text = "- triple: [Nobody, tends, plot 7]\n- triple: [Noone, tends, plot 7]\n"
    found = onrecord.open(write_notes(tmp_path / "g", text, **files)).check()
    assert [problem.message for problem in found if problem.code == "R001"] == ['no entity is called "Noone"']


SOURCES = (
    "- id: letter\n  title: A letter\n  published: 2024-06-01\n  speakers:\n    - {id: neighbour, label: a neighbour}\n"
)


@pytest.mark.parametrize("sources", [SOURCES + "  ]\n", "id: letter\n", b"\xff"], ids=["syntax", "no list", "bytes"])
def test_what_a_file_of_sources_that_cannot_be_read_describes_is_no_problem_of_its_own(
    tmp_path: Path, sources: str | bytes
) -> None:
    question = "#+ defaults:\n#+   - it: source:letter\nSELECT ?p { ?p prov:wasQuotedFrom ?_it, source:letter }\n"
    files = {"sources.yaml": sources, "questions/q.rq": question}
    files["statements/letter.yaml"] = notes(PLOT, "source: letter\n")
    found = onrecord.open(write_notes(tmp_path / "g", "", **files)).check()
    codes = {problem.code for problem in found}
    assert codes & {"P005", "P010", "P022"}
    assert codes.isdisjoint({"R001", "R005", "Q006", "Q024"})
    (tmp_path / "g/sources.yaml").write_text(SOURCES)
    assert {problem.code for problem in onrecord.open(tmp_path / "g").check()}.isdisjoint(
        {"R001", "R005", "Q006", "Q024"}
    )


def test_under_a_misspelt_source_nobody_is_called_unknown(tmp_path: Path) -> None:
    files = {"sources.yaml": SOURCES, "statements/letter.yaml": notes(PLOT, "source: lettre\n")}
    found = onrecord.open(write_notes(tmp_path / "g", "", **files)).check()
    assert [problem.code for problem in found if problem.code[0] == "R"] == ["R005"]
