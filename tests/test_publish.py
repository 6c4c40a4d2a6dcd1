"""Owns the tests of writing a site into a folder."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import onrecord
from onrecord import publish as publishing
from onrecord.errors import OnRecordError, OutputError
from onrecord.exchange import exchange
from onrecord.publish import MARK, publish, read_base_url
from onrecord.site import Page, Site


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def site(graph_folder: Path, tmp_path: Path) -> Path:
    out = tmp_path / "out" / "site"
    onrecord.open(graph_folder).publish(out, console=False)
    return out


def test_a_site_is_written_with_a_list_of_its_files(graph_folder: Path, tmp_path: Path):
    done = onrecord.open(graph_folder).publish(tmp_path / "site", console=False)
    written = files(tmp_path / "site")
    listed = json.loads(written.pop(MARK))
    assert done.files == len(written) == len(listed["files"])
    assert done.size == sum(map(len, written.values()))
    assert set(listed["files"]) == set(written)
    assert listed["graph"] == "https://example.org/garden/"
    assert any((tmp_path / "site" / "statement").iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["garden", "site"]


@pytest.mark.slow
def test_two_runs_write_the_same_bytes_and_what_is_gone_goes(graph_folder: Path, site: Path):
    before = files(site)
    onrecord.open(graph_folder).publish(site, console=False)
    assert files(site) == before
    (graph_folder / "statements" / "minutes.yaml").unlink()
    onrecord.open(graph_folder).publish(site, console=False)
    assert "source/minutes.html" in before
    assert "source/minutes.html" not in files(site)
    assert [path.name for path in site.parent.iterdir()] == ["site"]


def test_a_folder_that_is_no_site_is_left_alone(graph_folder: Path, tmp_path: Path):
    out = tmp_path / "papers"
    out.mkdir()
    (out / "draft.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds something else than a site"):
        onrecord.open(graph_folder).publish(out, console=False)
    assert files(out) == {"draft.txt": b"mine"}
    with pytest.raises(OutputError, match="holds something else than a site"):
        onrecord.open(graph_folder).publish(graph_folder, console=False)
    with pytest.raises(OutputError, match="this is a file"):
        onrecord.open(graph_folder).publish(out / "draft.txt", console=False)


@pytest.mark.slow
def test_what_others_keep_beside_the_pages_stays(graph_folder: Path, site: Path):
    (site / ".git").mkdir()
    (site / ".git" / "HEAD").write_text("ref")
    (site / "CNAME").write_text("example.org")
    onrecord.open(graph_folder).publish(site, console=False)
    assert (site / ".git" / "HEAD").read_text() == "ref"
    assert (site / "CNAME").read_text() == "example.org"


@pytest.mark.slow
def test_a_file_of_others_between_the_pages_is_not_deleted(graph_folder: Path, site: Path):
    (site / "statement" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="is not of the site"):
        onrecord.open(graph_folder).publish(site, console=False)
    assert (site / "statement" / "mine.txt").read_text() == "mine"


@pytest.mark.slow
def test_a_page_that_cannot_be_made_leaves_the_site_as_it_was(
    graph_folder: Path, site: Path, monkeypatch: pytest.MonkeyPatch
):
    before = files(site)

    def full(self: Site) -> object:
        yield next(iter(Site.__dict__["__iter__"](self)))
        raise OSError(28, "No space left on device")

    class Full(Site):
        __iter__ = full  # type: ignore[assignment]

    monkeypatch.setattr("onrecord.site.Site", Full)
    with pytest.raises(OutputError, match="No space left"):
        onrecord.open(graph_folder).publish(site, console=False)
    assert files(site) == before
    assert [path.name for path in site.parent.iterdir()] == ["site"]


@pytest.mark.parametrize("text", ["example.org", "javascript:alert(1)", "https://user@example.org/", "https://a/?b"])
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(OnRecordError, match="is no address of a site"):
        read_base_url(text)


@pytest.mark.slow
def test_an_address_gives_a_sitemap_and_canonical_links(graph_folder: Path, tmp_path: Path):
    onrecord.open(graph_folder).publish(tmp_path / "site", base_url="https://example.org/garden", console=False)
    written = files(tmp_path / "site")
    assert b"<loc>https://example.org/garden/entity/rose.html</loc>" in written["sitemap.xml"]
    assert b"404.html" not in written["sitemap.xml"]
    assert b'<link rel="canonical" href="https://example.org/garden/index.html">' in written["index.html"]
    assert written["robots.txt"] == b"User-agent: *\nSitemap: https://example.org/garden/sitemap.xml\n"


class Pages:
    """Stands for a site: some pages that all say the same."""

    def __init__(self, text: str) -> None:
        names = ("index.html", "entity/a.html", f"entity/{text}.html")
        self.makers = {name: text.encode() for name in names}

    def __iter__(self) -> Iterator[Page]:
        return (Page(path, data) for path, data in self.makers.items())


def put(out: Path, text: str) -> None:
    publish(Pages(text), out, "https://example.org/garden/")  # type: ignore[arg-type]


KEPT = {".git/HEAD": b"ref", ".git/objects/1": b"data", "CNAME": b"example.org"}


@pytest.fixture
def kept_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site that says "old", with a repository and a name of its own; nothing waits for the disk."""
    monkeypatch.setattr(os, "sync", lambda: None)
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    out = tmp_path / "hosts" / "site"
    put(out, "old")
    for name, data in KEPT.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
    return out


def in_two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a system where folders cannot change places in one step."""
    monkeypatch.setattr(publishing, "exchange", lambda one, other: False)


def told(folder: Path) -> str:
    """Which of the sites stands in ``folder``, every file of it."""
    found = {name: data for name, data in files(folder).items() if name not in KEPT and name != MARK}
    text = found["index.html"].decode()
    assert found == {name: text.encode() for name in Pages(text).makers}
    assert set(json.loads((folder / MARK).read_text())["files"]) == set(found)
    return text


def kept_in(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in files(folder).items() if name in KEPT}


_STEPS = ("os.", "open", "shutil.", "tempfile.", "fcntl.", "swap")


def kill_at(step: int, out: Path) -> bool:
    """Publish "new" in a process that is killed right before its ``step``th touch of the disk; whether it was."""
    child = os.fork()
    if not child:
        count = itertools.count(1)

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event.startswith(_STEPS) and next(count) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        whole = publishing.exchange

        def swap(one: Path, other: Path) -> bool:
            sys.audit("swap")
            return whole(one, other)

        try:
            publishing.exchange = swap
            sys.addaudithook(hook)
            put(out, "new")
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.slow
@pytest.mark.parametrize("steps", ["one", "two"])
def test_a_kill_at_any_moment_costs_nothing(kept_site: Path, monkeypatch: pytest.MonkeyPatch, steps: str):
    if steps == "two":
        in_two_steps(monkeypatch)
    seen, apart, gone = set(), 0, 0
    for step in itertools.count(1):
        killed = kill_at(step, kept_site)
        if kept_site.exists():
            seen.add(told(kept_site))
        else:
            gone += 1
        apart += not kept_site.exists() or kept_in(kept_site) != KEPT
        put(kept_site, "old")
        assert told(kept_site) == "old", step
        assert kept_in(kept_site) == KEPT, step
        assert [path.name for path in kept_site.parent.iterdir()] == ["site"], step
        if not killed:
            break
    assert step > 50
    assert seen == {"old", "new"}
    assert apart > 0  # a kill came between the swap and what is kept
    assert bool(gone) == (steps == "two")


def test_folders_change_places_in_one_step(tmp_path: Path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not exchange(tmp_path / "one", tmp_path / "other"):
        pytest.skip("neither system nor disk can")
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["other"]
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["one"]
    with pytest.raises(FileNotFoundError):
        exchange(tmp_path / "one", tmp_path / "none")


@pytest.mark.parametrize("steps", ["one", "two"])
def test_what_cannot_move_undoes_the_swap(kept_site: Path, monkeypatch: pytest.MonkeyPatch, steps: str):
    if steps == "two":
        in_two_steps(monkeypatch)
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "CNAME":
            raise OSError(16, "Device or resource busy")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutputError, match="Device or resource busy; nothing was changed"):
        put(kept_site, "new")
    assert told(kept_site) == "old"
    assert kept_in(kept_site) == KEPT
    assert [path.name for path in kept_site.parent.iterdir()] == ["site"]


def test_what_cannot_move_either_way_is_never_deleted(kept_site: Path, monkeypatch: pytest.MonkeyPatch):
    def stuck(*folders: Path) -> Path:
        raise OSError(16, "Device or resource busy")

    rename = Path.rename
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", lambda path, to: stuck() if path.name == "CNAME" else rename(path, to))
        patched.setattr(publishing, "_swap_back", stuck)
        with pytest.raises(OutputError, match="busy"):
            put(kept_site, "new")
    assert KEPT.items() <= {path.split("/", 1)[1]: data for path, data in files(kept_site.parent).items()}.items()
    put(kept_site, "newer")
    assert (told(kept_site), kept_in(kept_site)) == ("newer", KEPT)


def test_what_an_interrupted_run_left_never_replaces_what_stands(kept_site: Path):
    left = kept_site.parent / ".site.abcdefgh.tmp"
    put(left, "older")
    (left / "CNAME").write_text("older.example.org")
    with pytest.raises(OutputError, match=r"\.tmp/CNAME: an interrupted run left this here, and .*/site/CNAME stands"):
        put(kept_site, "new")
    assert (left / "CNAME").read_text() == "older.example.org"
    assert told(kept_site) == "old"
    (left / "CNAME").unlink()
    put(kept_site, "new")
    assert [path.name for path in kept_site.parent.iterdir()] == ["site"]


def test_what_another_run_writes_is_not_taken_for_left_behind(kept_site: Path):
    mine = kept_site.parent / ".site.abcdefgh.tmp"
    others = [kept_site.parent / name for name in (".site.backup.tmp", ".site.abcdefg.tmp", ".other.abcdefgh.tmp")]
    for folder in (mine, *others):
        folder.mkdir()
    handle = os.open(mine, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    put(kept_site, "new")
    assert mine.is_dir()
    os.close(handle)
    put(kept_site, "newer")
    assert not mine.exists()
    assert all(folder.is_dir() for folder in others)


def test_a_link_of_others_between_the_pages_is_not_deleted(kept_site: Path):
    (kept_site / "entity" / "mine").symlink_to(kept_site.parent)
    with pytest.raises(OutputError, match="is not of the site"):
        put(kept_site, "new")
    assert (kept_site / "entity" / "mine").is_symlink()
