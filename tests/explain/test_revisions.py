"""Owns the tests of reading a folder at a git revision: what is copied, and that nothing in it is run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from onrecord.errors import GraphBroken, GraphNotFound, OnRecordError
from onrecord.explain.changes import compare
from onrecord.explain.revisions import Revision, extract, split_revision
from onrecord.explain.states import read_states
from onrecord.lens import Lens
from small_graph import LETTER, write_graph


def git(folder: Path, *arguments: str) -> str:
    names = {
        f"GIT_{role}_{what}": "garden@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | names | alone,
    )
    assert done.returncode == 0, f"git {' '.join(arguments)} in {Path.cwd()}: {done.stderr}"
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the garden in ``graphs/garden``, changed once: the expectation became a fact."""
    root = tmp_path / "repository"
    folder = write_graph(root / "graphs" / "garden")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "one")
    git(root, "tag", "v1")
    (folder / "statements" / "letter.yaml").write_text(LETTER.replace("    status: expected\n", ""), "utf-8")
    git(root, "commit", "--quiet", "-a", "-m", "two")
    return root


@pytest.mark.parametrize(
    ("text", "folder", "name"),
    [
        ("{there}@HEAD", "{there}", "HEAD"),
        ("{there}@HEAD@{{1}}", "{there}", "HEAD@{{1}}"),
        ("{there}@@", "{there}", "@"),
        ("gone@v1", "gone", "v1"),
        ("gone@HEAD@{{1}}", "gone", "HEAD@{{1}}"),
        ("g@ne@v1", "g@ne", "v1"),
    ],
)
def test_folder_and_revision_are_told_apart(tmp_path: Path, text: str, folder: str, name: str) -> None:
    there = tmp_path / "a@b"
    there.mkdir()
    found = split_revision(text.format(there=there))
    assert found is not None
    assert (str(found.folder), found.name) == (folder.format(there=there), name.format())


@pytest.mark.parametrize("text", ["graphs/garden", "@HEAD", "garden@"])
def test_without_a_revision_there_is_none(text: str) -> None:
    assert split_revision(text) is None


def test_a_revision_is_compared_with_the_folder(repository: Path) -> None:
    folder = repository / "graphs" / "garden"
    found = compare(*read_states(f"{folder}@v1", str(folder), Lens()))
    assert [(change.kind, change.text) for change in found.statements] == [
        ("hardened", "Rose Marsh attends summer show, for Garden Society")
    ]
    assert not compare(*read_states(f"{folder}@HEAD", str(folder), Lens()))
    assert not compare(*read_states(f"{folder}@HEAD~1", f"{folder}@v1", Lens()))


def test_the_path_may_be_relative_and_the_folder_gone(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(repository, "rm", "-r", "--quiet", "graphs")
    git(repository, "commit", "--quiet", "-m", "three")
    assert not (repository / "graphs").exists()
    monkeypatch.chdir(repository)
    assert compare(*read_states("graphs/garden@v1", "graphs/garden@HEAD~1", Lens()))
    with pytest.raises(OnRecordError, match='no such folder in "HEAD"'):
        read_states("graphs/garden@v1", "graphs/garden@HEAD", Lens())


def test_a_graph_may_be_a_repository_of_its_own(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "garden")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    assert not compare(*read_states(f"{folder}@HEAD", str(folder), Lens()))


def test_texts_are_left_out(repository: Path, tmp_path: Path) -> None:
    found = split_revision(f"{repository / 'graphs' / 'garden'}@v1")
    assert found is not None
    copy = extract(found, tmp_path / "copy")
    assert copy.name == "garden"
    names = sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file())
    assert names == [
        "entities.yaml",
        "onrecord.yaml",
        "ontology/garden.ttl",
        "statements/letter.yaml",
        "statements/minutes.yaml",
    ]


def test_nothing_of_the_repository_is_run(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "pwned"
    folder = repository / "graphs" / "garden"
    (repository / ".gitattributes").write_text("* filter=evil text eol=crlf export-ignore\n", "utf-8")
    git(repository, "add", ".gitattributes")
    git(repository, "commit", "--quiet", "-m", "attributes")
    run = f"touch {mark}; cat"
    for key in ("filter.evil.smudge", "filter.evil.process", "core.fsmonitor", "core.pager", "pager.ls-tree"):
        git(repository, "config", key, run)
    for name in ("post-checkout", "pre-auto-gc", "reference-transaction"):
        hook = repository / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {mark}\n", "utf-8")
        hook.chmod(0o755)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert not compare(*read_states(f"{folder}@HEAD", str(folder), Lens()))
    assert not mark.exists()


@pytest.mark.parametrize("name", ["nowhere", "--upload-pack=touch", "-h", "v1:graphs", "HEAD^{tree}"])
def test_what_is_no_commit_is_refused(repository: Path, name: str) -> None:
    folder = repository / "graphs" / "garden"
    with pytest.raises(OnRecordError, match="has no revision"):
        read_states(f"{folder}@{name}", str(folder), Lens())


def test_a_folder_outside_of_a_repository_is_refused(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "garden")
    with pytest.raises(OnRecordError, match="does not lie in a git repository"):
        read_states(f"{folder}@HEAD", str(folder), Lens())


def test_without_git_there_is_no_revision(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(OnRecordError, match="git is not installed"):
        read_states(f"{repository / 'graphs' / 'garden'}@v1", str(repository), Lens())


def test_a_folder_that_was_no_graph_then_is_refused(repository: Path) -> None:
    with pytest.raises(GraphNotFound, match="is no graph"):
        read_states(f"{repository / 'graphs'}@v1", str(repository / "graphs" / "garden"), Lens())


def test_problems_are_said_of_the_revision(repository: Path) -> None:
    folder = repository / "graphs" / "garden"
    (folder / "statements" / "letter.yaml").write_text(LETTER.replace("Rose Marsh, chairs", "Nobody, chairs"), "utf-8")
    git(repository, "commit", "--quiet", "-a", "-m", "broken")
    with pytest.raises(GraphBroken) as caught:
        read_states(f"{folder}@HEAD", f"{folder}@v1", Lens())
    assert [problem.place.file for problem in caught.value.problems if problem.code == "R001"] == [
        f"{folder}@HEAD:statements/letter.yaml"
    ]


def test_links_are_copied_and_never_written_through(repository: Path, tmp_path: Path) -> None:
    folder = repository / "graphs" / "garden"
    (folder / "statements" / "out.yaml").symlink_to("/etc/passwd")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "a link")
    revision = Revision("garden@HEAD", folder, "HEAD")
    copy = extract(revision, tmp_path / "copy")
    assert (copy / "statements" / "out.yaml").readlink() == Path("/etc/passwd")
    with pytest.raises(GraphBroken) as caught:
        read_states(f"{folder}@HEAD", f"{folder}@v1", Lens())
    assert [problem.code for problem in caught.value.problems] == ["P001"]


def _forged(repository: Path, *entries: tuple[str, str, str]) -> None:
    """A commit whose tree git itself would not write: mode, name and content of its files below ``garden``."""
    blobs = b""
    for mode, name, content in entries:
        oid = subprocess.run(
            ["git", "-C", str(repository), "hash-object", "-w", "--stdin"],
            input=content.encode(), capture_output=True, check=True,
        ).stdout.decode().strip()  # fmt: skip
        blobs += f"{mode} {name}".encode() + b"\0" + bytes.fromhex(oid)
    tree = _tree_object(repository, blobs)
    top = _tree_object(repository, b"40000 garden\0" + bytes.fromhex(tree))
    git(repository, "update-ref", "refs/heads/forged", git(repository, "commit-tree", top, "-m", "forged"))


def _tree_object(repository: Path, data: bytes) -> str:
    done = subprocess.run(
        ["git", "-C", str(repository), "hash-object", "-w", "-t", "tree", "--literally", "--stdin"],
        input=data, capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout.decode().strip()


@pytest.mark.parametrize("name", ["..", ".git", "../../evil"])
def test_a_path_that_leads_out_is_refused(repository: Path, tmp_path: Path, name: str) -> None:
    _forged(repository, ("100644", "onrecord.yaml", "title: x\n"), ("100644", name, "evil"))
    with pytest.raises(OnRecordError):
        extract(Revision("garden@forged", repository / "garden", "forged"), tmp_path / "a" / "copy")
    assert not (tmp_path / "evil").exists()
    assert not (tmp_path / "a" / "evil").exists()
