"""Entity files: ids, names with their language, types, external ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from onrecord.model import Entity
from reading import Read, read
from small_graph import BARE, write_only


def reading(folder: Path, text: str) -> Read:
    return read(write_only(folder / "garden", **{"entities.yaml": text}))


def entity(folder: Path, text: str) -> Entity:
    found = reading(folder, text)
    assert found.problems == []
    (one,) = found.parsed.entities
    return one


def test_an_entity_is_read(tmp_path: Path) -> None:
    found = entity(
        tmp_path,
        "- id: rose\n  label: {en: Rose, uk: [Роза, Троянда]}\n  type: [person, plan]\n  aliases: [NO, 010]\n"
        "  same as:\n    - http://www.wikidata.org/entity/Q1\n  note: |-\n    a # remark: yes\n",
    )
    assert (found.id, found.types, found.note) == ("rose", ("person", "plan"), "a # remark: yes")
    assert found.labels == (("Rose", "en"), ("Роза", "uk"), ("Троянда", "uk"))
    assert found.aliases == (("NO", "en"), ("010", "en"))
    assert found.same_as == ("http://www.wikidata.org/entity/Q1",)
    assert (found.place.line, found.place_of("type.1").column, found.place_of("same as.0").line) == (1, 18, 6)


def test_names_are_in_the_language_of_the_graph(tmp_path: Path) -> None:
    settings = BARE["onrecord.yaml"].replace("languages: [en]", "languages: [uk, en]")
    files = {"onrecord.yaml": settings, "entities.yaml": "- {id: a, label: b, type: c, aliases: {de: d}}\n"}
    (found,) = read(write_only(tmp_path / "garden", **files)).parsed.entities
    assert (found.labels, found.aliases) == ((("b", "uk"),), (("d", "de"),))


def test_both_files_are_read(tmp_path: Path) -> None:
    files = {"entities.yaml": "- {id: a, label: a, type: b}\n", "entities.csv": "id,label,type\nc,c,d\n"}
    found = read(write_only(tmp_path / "garden", **files))
    assert (found.problems, [one.id for one in found.parsed.entities]) == ([], ["a", "c"])


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", []),
        ("- {id: a, label: b, type: c}\n", []),
        ("- {id: a, label: b}\n", ["P021"]),
        ("- {id: a, type: c}\n", ["P021"]),
        ("- {}\n", ["P021"] * 3),
        ("- {id: a b, label: b, type: c}\n", ["P030"]),
        ("- {id: [a], label: b, type: c}\n", ["P022", "P021"]),
        ("- {id: a, label: b, type: c, born: 1970}\n", ["P020"]),
        ("- {id: a, label: [[b]], type: c}\n", ["P022"]),
        ("- {id: a, label: {en: {x: y}}, type: c}\n", ["P022"]),
        ("- {id: a, label: {english language: b, en: c}, type: c}\n", ["P034"]),
        ("- {id: a, label: b, type: c, same as: [x, 'http://a/', '']}\n", ["P024", "P033"]),
        ("- {id: a, label: '', type: ''}\n", ["P024", "P024"]),
        ("a: b\n", ["P022"]),
        ("- a\n- {id: a, label: b, type: c}\n- [d]\n", ["P022", "P022"]),
    ],
)
def test_problems(text: str, codes: list[str], tmp_path: Path) -> None:
    assert sorted(reading(tmp_path, text).codes) == sorted(codes)


def test_a_broken_entity_hides_no_other_one(tmp_path: Path) -> None:
    found = reading(tmp_path, "- {id: a}\n- {id: b, label: b, type: c}\n- x\n- {id: d, label: d, type: c}\n")
    assert [one.id for one in found.parsed.entities] == ["b", "d"]


def test_a_cut_name_is_known_as_far_as_it_goes(tmp_path: Path) -> None:
    """The entity stays, so that the one problem is not followed by an unknown name in every statement."""
    found = reading(tmp_path, "- id: a\n  label: Plot #7\n  type: plot\n")
    assert (found.codes, found.parsed.entities[0].labels) == (["P028"], (("Plot", "en"),))


def test_a_column_that_no_entity_has_is_told_once(tmp_path: Path) -> None:
    table = "id,label,type,alais\nrose,Rose,person,Rosie\nbasil,Basil,person,Baz\n"
    found = read(write_only(tmp_path / "garden", **{"entities.csv": table}))
    assert [str(problem.place).split("/")[-1] for problem in found.problems] == ["entities.csv:1:15"]
    assert (found.problems[0].code, found.problems[0].fix) == ("P020", 'did you mean "aliases"?')
