"""A graph's folder: settings, borders, the files that a build depends on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from onrecord.errors import GraphNotFound, Problems
from onrecord.project import (
    AssertPolicy,
    Project,
    QuoteLimits,
    bundled_ontologies,
    find_files,
    input_digest,
    input_files,
    is_local_id,
    open_project,
    shapes_beside,
)
from onrecord.terms import is_iri
from reading import read
from small_graph import ONTOLOGY, SETTINGS, write_graph, write_only


def project_of(folder: Path) -> tuple[Project, list[str]]:
    problems = Problems()
    project = open_project(folder, problems)
    return project, [item.code for item in problems.items]


def with_settings(folder: Path, text: str) -> tuple[Project, list[str]]:
    return project_of(write_only(folder / "garden", **{"onrecord.yaml": text}))


# Opening


@pytest.mark.parametrize("name", ["gone", "a" * 300, "a\0b", "file", "empty"])
def test_what_is_no_graph_is_not_found(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(GraphNotFound, match=r"no such folder|is no graph"):
        open_project(tmp_path / name, Problems())


def test_settings_are_read(tmp_path: Path) -> None:
    project, found = with_settings(
        tmp_path,
        SETTINGS.replace("languages: [en]", "languages: [en, uk]")
        + "licence: CC-BY-4.0\nassert policy:\n  own voice: [confirmed]\n  speaker: []\n"
        + "quote limits: {words: 12, share: 0.25}\n",
    )
    assert found == []
    assert project == Project(
        folder=tmp_path / "garden",
        name="garden",
        title="The garden society",
        base="https://example.org/garden/",
        description="Who tends what, and who says so.",
        languages=("en", "uk"),
        licence="CC-BY-4.0",
        time_zone="Europe/London",
        curator="Ada",
        policy=AssertPolicy(frozenset({"confirmed"}), frozenset()),
        limits=QuoteLimits(12, 0.25),
        ontology_files=(bundled_ontologies()["onrecord"], tmp_path / "garden" / "ontology" / "garden.ttl"),
    )
    assert (project.language, project.lock_file) == ("en", tmp_path / "garden" / "evidence.lock")
    assert project.places["title"].line == 1


def test_settings_have_defaults(tmp_path: Path) -> None:
    project, found = with_settings(tmp_path, "title: ''\n")
    assert found == []
    assert (project.title, project.base) == ("garden", "https://example.org/garden/")
    assert (project.languages, project.time_zone, project.policy) == (("en",), "UTC", AssertPolicy())
    assert (project.limits, project.ontology_files) == (QuoteLimits(), (bundled_ontologies()["onrecord"],))


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("language: de\n", ("de",)),
        ("languages: de\n", ("de",)),
        ("languages: [NO, de]\n", ("NO", "de")),
        ("languages:\n", ("en",)),
        ("languages: ['no language']\n", ("en",)),
    ],
)
def test_languages(text: str, languages: tuple[str, ...], tmp_path: Path) -> None:
    assert with_settings(tmp_path, text)[0].languages == languages


@pytest.mark.parametrize("name", ["My graph", "größe", 'a"b', "a%zz", "a#b", "日本", "caf\udce9", "a\nb"])
def test_the_default_base_is_an_iri_whatever_the_folder_is_called(name: str, tmp_path: Path) -> None:
    project, found = project_of(write_only(tmp_path / name, **{"onrecord.yaml": "title: a\n"}))
    assert (is_iri(project.base), project.base[-1], found) == (True, "/", [])


@pytest.mark.parametrize("text", ["", " \n", "- a\n", "title: [\n", "title: a\ntitle: b\n", "\0", "title: !a b\n"])
def test_broken_settings_leave_a_graph_that_can_be_looked_at(text: str, tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "garden", **{"onrecord.yaml": text})
    found = read(folder)
    assert found.codes
    assert {"letter", "minutes"} == set(found.parsed.sources)


def test_a_wrong_setting_hides_no_other_one(tmp_path: Path) -> None:
    text = "tittle: a\nbase: b\nlanguages: ['c d']\ntime zone: e\nontologies: [f]\nassert policy: g\nquote limits: h\n"
    assert with_settings(tmp_path, text)[1] == ["G002", "G003", "G004", "G005", "P022", "G008", "G006"]


@pytest.mark.parametrize(
    ("text", "good"),
    [
        *((text, True) for text in ("a", "A1", "miami-talks", "a.b", "a_b", "a_", "a-", "7", "a" * 120)),
        *((text, False) for text in ("", "-a", ".a", "..", "a.", "a b", "a/b", "a:b", "ä", "a\n", "a" * 121, "٧")),
    ],
)
def test_ids(text: str, good: bool) -> None:
    assert is_local_id(text) is good


# Ontologies


@pytest.mark.parametrize("name", ["garden", "ontology/garden.ttl", "./ontology/garden.ttl"])
def test_an_ontology_is_named_by_stem_or_path(name: str, tmp_path: Path) -> None:
    project, found = with_settings(tmp_path, f"ontologies: ['{name}']\n")
    assert ([path.name for path in project.ontology_files], found) == (["onrecord.ttl", "garden.ttl"], [])


def test_an_ontology_is_read_once(tmp_path: Path) -> None:
    project, found = with_settings(tmp_path, "ontologies: [onrecord, diplomacy, garden, garden, diplomacy]\n")
    assert [path.name for path in project.ontology_files] == ["onrecord.ttl", "diplomacy.ttl", "garden.ttl"]
    assert found == []


def test_an_ontology_may_be_a_text(tmp_path: Path) -> None:
    assert len(with_settings(tmp_path, "ontologies: garden\n")[0].ontology_files) == 2


@pytest.mark.parametrize(
    "name", ["../other", "../other.ttl", "/etc/hostname", "{root}/other.ttl", "entities.yaml", "''"]
)
def test_an_ontology_lies_inside_the_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "other.ttl").write_text(ONTOLOGY)
    project, found = with_settings(tmp_path, f"ontologies: [{name.format(root=tmp_path)}]\n")
    assert [path.name for path in project.ontology_files] == ["onrecord.ttl"]
    assert found in (["P001"], ["G006"])


def test_bundled_ontologies_come_with_shapes() -> None:
    assert set(bundled_ontologies()) == {"diplomacy", "onrecord"}
    assert all(shapes_beside(path) for path in bundled_ontologies().values())


# Files


def test_find_files_sorts_and_passes_over_what_editors_leave(tmp_path: Path) -> None:
    folder = write_only(
        tmp_path / "garden",
        **dict.fromkeys(
            [f"statements/{name}" for name in ("b.yaml", "a.CSV", "d/c.jsonl", ".x.yaml", ".git/a.yaml", "a.yaml~")], ""
        ),
    )
    problems = Problems()
    found = find_files(project_of(folder)[0], "statements", (".yaml", ".csv", ".jsonl"), problems)
    assert [path.relative_to(folder / "statements").as_posix() for path in found] == ["a.CSV", "b.yaml", "d/c.jsonl"]
    assert problems.items == []
    assert find_files(project_of(folder)[0], "questions", (".rq",), problems) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_folder_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    folder = write_only(tmp_path / "garden", **{"statements/a/b.yaml": ""})
    (folder / "statements" / "a").chmod(0)
    assert read(folder).codes == ["P002"]


def test_paths_as_problems_and_as_builds_write_them(graph_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = project_of(graph_folder)[0]
    path = graph_folder / "statements" / "letter.yaml"
    monkeypatch.chdir(graph_folder.parent)
    assert project.name_of(path) == "garden/statements/letter.yaml"
    assert project.relative(path) == "statements/letter.yaml"
    assert project.relative(Path("/elsewhere/a.ttl")) == "a.ttl"


def test_where_builds_go(tmp_path: Path) -> None:
    inside = project_of(write_only(tmp_path / "graphs" / "garden"))[0]
    assert (inside.root, inside.build_folder) == (tmp_path, tmp_path / "build" / "garden")
    alone = project_of(write_only(tmp_path / "garden"))[0]
    assert (alone.root, alone.build_folder) == (tmp_path, tmp_path / "build" / "garden")


def test_source_folders_in_their_order(graph_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("ONRECORD_SOURCES", os.pathsep.join(["", str(tmp_path / "one"), "gone", str(tmp_path / "two")]))
    folders = project_of(graph_folder)[0].source_folders((tmp_path / "three", tmp_path / "gone"))
    assert folders == [graph_folder / "sources", tmp_path / "one", tmp_path / "two", tmp_path / "three"]


def test_input_files_are_what_a_build_depends_on(graph_folder: Path) -> None:
    project = project_of(graph_folder)[0]
    (graph_folder / "ontology" / "garden.shapes.ttl").write_text("")
    (graph_folder / "README.md").write_text("")
    own = [path.relative_to(graph_folder).as_posix() for path in input_files(project) if graph_folder in path.parents]
    assert own == [
        "entities.yaml",
        "onrecord.yaml",
        "ontology/garden.shapes.ttl",
        "ontology/garden.ttl",
        "statements/letter.yaml",
        "statements/minutes.yaml",
    ]


def test_the_digest_follows_names_and_bytes_and_nothing_else(tmp_path: Path) -> None:
    def digest(folder: Path) -> str:
        return input_digest(project_of(folder)[0])

    first, twin = write_graph(tmp_path / "a" / "garden"), write_graph(tmp_path / "b" / "garden")
    start = digest(first)
    assert digest(twin) == start
    (first / "README.md").write_text("x")
    (first / "sources" / "new.txt").write_text("x")
    assert digest(first) == start
    (first / "statements" / "letter.yaml").rename(first / "statements" / "note.yaml")
    assert digest(first) != start
    with (twin / "entities.yaml").open("a") as file:
        file.write("\n")
    assert digest(twin) != start
