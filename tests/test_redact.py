"""Owns the tests that nothing protected leaves a redacted graph, however one looks for it."""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import hmac
import json
import re
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import onrecord
from inline import Notes, load_folder, load_notes, sound
from onrecord.build import dataset
from onrecord.cli import main
from onrecord.errors import OnRecordError
from onrecord.lens import Lens
from onrecord.protected import Protected, find_protected, fold
from onrecord.redact import redact
from onrecord.site import SiteOptions, site_pages
from onrecord.terms import digest
from small_graph import ENTITIES

SECRET = b"a secret that nobody else has, 7f"

THINGS = ENTITIES.replace(
    "  label: Basil Thorn\n  type: person\n",
    "  label: Basil Thorn\n  type: person\n  aliases: [the tall gardener, Ocimum]\n"
    "  same as: [http://www.wikidata.org/entity/Q424242]\n  note: lives in Quince Lane\n  protected: true\n",
) + (
    "\n- id: beehive\n  label: beehive of Basil Thorn\n  type: plot\n  note: Thorn keeps it\n"
    "  aliases: [the Thorn hive]\n"
)

LETTER = """\
source:
  id: letter
  title: A letter to the members on Mr Thorn
  published: 2024-06-01
  text: letter.txt
  licence: CC0-1.0
  note: Basil Thorn wrote in the margin
  speakers:
    - id: lodger
      label: the lodger with the Green Hat
      protected: true
    - id: neighbour
      label: a neighbour
  left out:
    - quote: Basil Thorn is a fine man
      reason: no news
statements:
  - triple: [Rose Marsh, chairs, Garden Society]
    quote: our chairwoman, Rose Marsh
  - id: thorn-tends
    triple: [Basil Thorn, tends, plot 7]
    said by: a neighbour
    quote: the man who tends plot 7
    note: it is he, Ocimum
    hedge: as they whisper
  - triple: [Rose Marsh, believes, [Basil Thorn, opposes, hose ban]]
    quote: she thinks that he is against it
  - triple: [Rose Marsh, attends, summer show]
    said by: the lodger with the Green Hat
    said when: 2024-05-30
    said to: Rose Marsh
    status: expected
    quote: she said that at the fence
    in the words: over the fence
  - triple: [Rose Marsh, supports, hose ban]
    quote: unlike Mr THORN, Rose Marsh wants the hose ban
  - triple: [Rose Marsh, tends, beehive of Basil Thorn]
    on condition: if Mr. Thorn lets her
    quote: she looks after the hive
  - triple: [plot 7, motto, "Thorn was here"]
    quote: carved into the fence
"""
MEMO = """\
source:
  id: memo-7
  title: Internal memo number seven
  publisher: Quince Press
  author: Ivo Larkspur
  published: 2024-06-09
  url: https://example.org/memos/7
  text: memo-7.txt
  sha256: 0f343b0931126a20f133d67c2b018a3b5b2b5fa4a6bd3c4a1d5b3a3c4d5e6f70
  protected: true
  speakers:
    - id: clerk
      label: a clerk of the Society
statements:
  - triple: [Rose Marsh, opposes, hose ban]
    said by: a clerk of the Society
    quote: she is dead against any ban of hoses
"""
QUESTION = "#+ title: What does {} do?\nSELECT ?what WHERE {{ {} ?property ?what }}\n"

FILES = {
    "entities.yaml": THINGS,
    "statements/letter.yaml": LETTER,
    "statements/minutes.yaml": None,
    "statements/memo-7.yaml": MEMO,
    "sources/letter.txt": "Basil Thorn is a fine man. our chairwoman, Rose Marsh, met the man who tends plot 7.\n",
    "questions/rose.rq": QUESTION.format("Rose", ":rose"),
    "questions/basil.rq": QUESTION.format("he", ":basil"),
    "questions/by-name.rq": QUESTION.format("Basil Thorn", "?who"),
}
BANNED = (
    *("basil", "thorn", "tall gardener", "ocimum", "q424242", "quince", "lodger", "green hat", "memo-7", "memo number"),
    *("larkspur", "/memos/", "0f343b0931126a20", "clerk", "2024-06-09", "the man who tends", "he is against it"),
    *("at the fence", "over the fence", "carved", "dead against", "as they whisper", "2024-05-30", "looks after"),
)


@pytest.fixture
def garden(tmp_path: Path) -> Notes:
    return sound(tmp_path / "garden", "", **FILES)


def published(found: Notes, secret: bytes | None = SECRET, **options: object) -> dict[str, bytes]:
    return {page.path: page.data for page in site_pages(found.loaded, SiteOptions(secret=secret, **options))}  # type: ignore[arg-type]


def layers(data: bytes) -> list[str]:
    """The text of a file and of whatever is packed inside it."""
    out = [data.decode("utf-8", "replace")]
    out.append(re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), out[0]))
    packed = [data] if data[:2] == b"\x1f\x8b" else []
    for blob in re.findall(rb"[A-Za-z0-9+/]{24,}={0,2}", data):
        try:
            packed.append(base64.b64decode(blob + b"=" * (-len(blob) % 4)))
        except (binascii.Error, ValueError):
            continue
    for blob in packed:
        out.append(blob.decode("utf-8", "replace"))
        if blob[:2] == b"\x1f\x8b":
            out.append(zlib.decompressobj(31).decompress(blob).decode("utf-8", "replace"))
    return out


def found_in(pages: dict[str, bytes], texts: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        (path, text)
        for path, data in pages.items()
        for layer in (*map(fold, layers(data)), fold(path))
        for text in texts
        if fold(text) in layer
    ]


def test_the_search_for_leaks_finds_what_is_packed():
    hidden = base64.b64encode(gzip.compress(b"here stands Basil Thorn " * 9))
    assert found_in({"page": b'{"columns":"' + hidden + b'"}'}, ("thorn",)) == [("page", "thorn")]
    assert found_in({"page": "Bas\u200bil".encode()}, ("basil",))


@pytest.mark.slow
def test_without_redaction_all_of_it_is_published(garden: Notes):
    seen = {text for _, text in found_in(published(garden, None, console=False), BANNED)}
    assert set(BANNED) - seen <= {"0f343b0931126a20"} | {"over the fence"}


def test_nothing_protected_is_left_anywhere(garden: Notes):
    assert found_in(published(garden), BANNED) == []


@pytest.mark.slow
def test_hashes_of_what_named_them_are_new_and_cannot_be_guessed(garden: Notes):
    pages = published(garden)
    everything = "\n".join(layer for data in pages.values() for layer in layers(data)) + "\n".join(pages)
    redacted = redact(garden.loaded, find_protected(garden.loaded), SECRET)
    columns = ("statement", "proposition")
    before = {name[-33:-1] for column in columns for name in garden.table[column].drop_nulls()}
    after = {name[-33:-1] for column in columns for name in redacted.resolved.statements[column].drop_nulls()}
    gone = before - after
    assert len(gone) == 10
    assert [code for code in gone if code in everything] == []
    # One who knows every name, every rule of hashing and every way to call the secret but not the secret itself:
    guesses = set(gone)
    known = find_protected(garden.loaded)
    for address in (*known.iris, *garden.table["statement"].drop_nulls(), *garden.table["proposition"].drop_nulls()):
        guesses |= {hashlib.sha256(text.encode()).hexdigest()[:12] for text in (address, f"<{address}>")}
        guesses |= {digest(address)[:12]}
        for secret in (b"", b"secret", b"onrecord", garden.loaded.project.base.encode()):
            guesses.add(hmac.new(secret, address.encode(), hashlib.sha256).hexdigest()[:12])
    assert [guess for guess in guesses if guess in everything] == []


@pytest.mark.slow
def test_another_secret_gives_other_hashes_and_the_same_one_the_same_bytes(garden: Notes):
    first = published(garden, console=False)
    assert published(load_folder(garden.folder), console=False) == first
    second = published(garden, b"another secret of some length", console=False)
    assert {path for path in first if "protected-" in path}.isdisjoint(second)


def test_statements_that_name_nobody_protected_stay_as_they_were(garden: Notes):
    redacted = redact(garden.loaded, find_protected(garden.loaded), SECRET).resolved.statements
    chairs = garden.table.row(0, named=True)
    kept = redacted.row(0, named=True)
    for name in ("statement", "proposition", "quotes", "status", "source", "recorded_day"):
        assert kept[name] == chairs[name]
    supports = redacted.filter(pl.col("statement").is_in(garden.table["statement"].to_list()))
    assert supports.filter(pl.col("quotes").is_null()).height == 1  # the quote that named him is gone, the hash is not


def test_a_stand_in_keeps_statements_of_one_speaker_together(garden: Notes):
    redacted = redact(garden.loaded, find_protected(garden.loaded), SECRET)
    labels = [found.entity.labels[0][0] for found in redacted.resolved.entities if "protected" in found.iri]
    assert sorted(re.sub(r" [0-9a-f]{6}$", "", label) for label in labels) == [
        "protected name",
        "protected speaker",
        "protected speaker",
    ]
    terms = {term for quad in dataset(redacted, Lens()).iter_rows() for term in quad}
    assert {f"<{found.iri}>" for found in redacted.resolved.entities} <= terms


@pytest.mark.slow
def test_the_text_of_a_source_that_speaks_of_them_is_not_shown(garden: Notes):
    free = published(garden, None, console=False)["source/letter.html"].decode()
    assert "Read the text with its quotes marked" in free
    assert "Read the text" not in published(garden, console=False)["source/letter.html"].decode()


@pytest.mark.slow
def test_questions_about_them_are_left_out(garden: Notes):
    pages = published(garden, console=False)
    assert [path for path in pages if path.startswith("question/") and path.endswith(".html")] == ["question/rose.html"]


@pytest.mark.slow
def test_a_revision_is_redacted_by_what_is_protected_now(garden: Notes):
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(garden.folder), *arguments], check=True, capture_output=True)

    name = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    plain = THINGS.replace("  protected: true\n", "")
    (garden.folder / "entities.yaml").write_text(plain)
    (garden.folder / "statements" / "memo-7.yaml").unlink()
    git("init", "-q")
    git("add", ".")
    git(*name, "commit", "-qm", "then")
    (garden.folder / "entities.yaml").write_text(THINGS)
    pages = published(load_folder(garden.folder), since="HEAD", console=False)
    assert b"Changes since HEAD" in pages["changes.html"]
    assert found_in(pages, ("basil", "thorn", "ocimum")) == []


def test_an_id_that_holds_a_protected_name_is_refused(tmp_path: Path):
    things = THINGS.replace("id: beehive", "id: thorn-hive")
    found = sound(tmp_path / "garden", "", **{**FILES, "entities.yaml": things})
    with pytest.raises(OnRecordError, match=r'still stands in ".*thorn-hive": mark that as protected too'):
        published(found)


@pytest.mark.slow
def test_who_publishes_must_choose(garden: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("ONRECORD_SECRET", raising=False)
    call = ["publish", str(garden.folder), str(tmp_path / "site"), "--no-console"]
    refused = CliRunner().invoke(main, call)
    assert refused.exit_code == 2
    assert refused.output == (
        "onrecord: garden holds 4 protected items: publish it with --redact, or with --no-redact to publish them too\n"
    )
    assert not (tmp_path / "site").exists()
    done = CliRunner().invoke(main, [*call, "--redact"])
    assert done.exit_code == 0, done.output
    (kept,) = (tmp_path / "config" / "onrecord").iterdir()
    assert f"a secret was made in {kept}" in done.output
    assert kept.stat().st_mode & 0o777 == 0o600
    listed = json.loads((tmp_path / "site" / "site.json").read_text())
    assert kept.read_text().strip() not in json.dumps(listed)
    again = CliRunner().invoke(main, [*call, "--redact"])
    assert "a secret was made" not in again.output
    assert json.loads((tmp_path / "site" / "site.json").read_text()) == listed
    inside = CliRunner().invoke(main, [*call, "--redact", "--secret", str(tmp_path / "site" / "key")])
    assert inside.exit_code == 2
    assert "keep it elsewhere" in inside.output
    assert CliRunner().invoke(main, [*call, "--no-redact"]).exit_code == 0


def test_a_short_secret_is_refused(garden: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ONRECORD_SECRET", "abc")
    with pytest.raises(OnRecordError, match="16 characters or more"):
        onrecord.open(garden.folder).publish(tmp_path / "site", redact=True)


def test_a_misspelt_mark_is_a_problem(tmp_path: Path):
    found = load_notes(
        tmp_path / "garden",
        "",
        **{**FILES, "entities.yaml": THINGS.replace("protected: true", "protected: yes")},
    )
    assert [(problem.code, problem.message) for problem in found.problems] == [("P029", '"protected" is true or false')]
    found = load_notes(
        tmp_path / "other", "", **{**FILES, "entities.yaml": THINGS.replace("protected: true", "protectd: true")}
    )
    assert [problem.code for problem in found.problems] == ["P020"]


def test_entities_that_are_judged_the_same_are_protected_together(garden: Notes):
    (garden.folder / "judgements.yaml").write_text(
        "- left: society\n  right: hose-ban\n  judgement: same\n  who: Ada\n  when: 2024-06-10\n  why: a test\n"
    )
    things = THINGS.replace("  label: hose ban\n", "  label: hose ban\n  protected: true\n")
    (garden.folder / "entities.yaml").write_text(things)
    known = find_protected(load_folder(garden.folder).loaded)
    base = garden.loaded.project.base
    assert {f"{base}entity/society", f"{base}entity/hose-ban"} <= known.iris


def test_names_are_found_in_other_dress():
    known = Protected(names=frozenset({"Zoë Müller", "Владимир Зеленский", "王小明"}))
    for text in ("ZOE MULLER", "Zoe  Mueller", "says Müller's aide", "о Зеленском", "记者王小明说", "Zoë-Müller"):
        assert known.names_in(text) or text == "Zoe  Mueller", text
    for text in ("a miller", "muller as a verb", "Muldoon"):
        assert not known.names_in(text), text
    assert replace(known, names=frozenset()).names_in("Zoë") is False
