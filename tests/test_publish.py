"""Owns the tests of writing a site into a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import onrecord
from onrecord.errors import OnRecordError, OutputError
from onrecord.publish import MARK, read_base_url
from onrecord.site import Site


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
