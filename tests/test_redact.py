"""Owns the tests that nothing protected leaves a redacted graph, however one looks for it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import re
import subprocess
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import onrecord
from inline import MORE_TERMS, Notes, load_folder, load_notes, sound
from onrecord.build import dataset
from onrecord.cli import main
from onrecord.errors import OnRecordError
from onrecord.lens import Lens
from onrecord.protected import Protected, find_protected
from onrecord.redact import redact
from onrecord.secret import read_secret
from onrecord.site import SiteOptions, site_pages
from onrecord.spelling import fold
from onrecord.terms import digest
from protected_garden import BANNED, FILES, THINGS, layers, named_everywhere
from small_graph import ENTITIES, SETTINGS

SECRET = b"a secret that nobody else has, 7f"


@pytest.fixture
def garden(tmp_path: Path) -> Notes:
    return sound(tmp_path / "garden", "", **FILES)


def published(found: Notes, secret: bytes | None = SECRET, **options: object) -> dict[str, bytes]:
    return {page.path: page.data for page in site_pages(found.loaded, SiteOptions(secret=secret, **options))}  # type: ignore[arg-type]


def git(folder: Path, *arguments: str) -> None:
    name = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", "-C", str(folder), *name, *arguments], check=True, capture_output=True)


def found_in(pages: dict[str, bytes], texts: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        (path, text)
        for path, data in pages.items()
        for layer in (
            *(fold(layer) if len(layer) < 1 << 20 else layer.casefold() for layer in layers(data)),
            fold(path),
        )
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
    assert set(BANNED) - seen <= {"0f343b0931126a20", "over the fence", "will not have it"}


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
    assert len(gone) == 13
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


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        *(
            "Basil Thorn",
            "basil thorn",
            "Thorn’s",
            "Bas\u00adil Tho\u00adrn",
            "T\u200bhorn",
            "Ｔｈｏｒｎ",
            "BasilThorn",
        ),
        *(
            "https://news.example/basil-thorn",
            "https://news.example/%74horn-x",
            "Tho&#114;n",
            "scan-thorn.pdf",
            "Tho- rn",
        ),
    ],
)
def test_no_field_lets_a_name_through(tmp_path: Path, words: str):
    found = sound(tmp_path / "garden", "", **named_everywhere(words))
    pages = published(found, console=False)
    assert found_in(pages, ("thorn", "basil", words)) == []
    assert "questions.html" in pages
    assert not [path for path in pages if path.startswith("question/")]


def test_statements_that_name_nobody_protected_stay_as_they_were(garden: Notes):
    redacted = redact(garden.loaded, find_protected(garden.loaded), SECRET).resolved.statements
    chairs = garden.table.row(0, named=True)
    kept = redacted.row(0, named=True)
    for name in ("statement", "proposition", "quotes", "status", "source", "recorded_day"):
        assert kept[name] == chairs[name]
    supports = redacted.filter(pl.col("statement").is_in(garden.table["statement"].to_list()))
    assert supports.filter(pl.col("quotes").is_null()).height == 1  # the quote that named him is gone, the hash is not


def test_a_statement_without_a_quote_says_why(tmp_path: Path):
    letter = FILES["statements/letter.yaml"]
    assert letter is not None
    located = "  - triple: [{}, attends, summer show]\n    locator: page 4\n"
    more = located.format("Basil Thorn") + located.format("Rose Marsh").replace("attends", "supports")
    found = sound(tmp_path / "garden", "", **{**FILES, "statements/letter.yaml": letter + more})
    pages = published(found, console=False)
    told = {
        words[1]: page
        for page in (data.decode() for path, data in pages.items() if path.startswith("statement/"))
        for words in [re.search(r"<title>(.*?)( · |</title>)", page)]
        if words
    }

    def why(*words: str) -> list[str]:
        (page,) = (page for title, page in told.items() if re.fullmatch(".*".join(words), title))
        return re.findall(r'<p class="note">(.*?)</p>', page) or ["a quote"]

    who = "protected name [0-9a-f]{6}"
    assert why("Rose Marsh chairs Garden Society") == ["a quote"]
    withheld = "The words of this statement are withheld: {} somebody who is protected."
    assert why(who, "tends plot 7") == [withheld.format("it names")]
    assert why("Rose Marsh supports hose ban") == [withheld.format("they speak of")]
    for words in ((who, "attends summer show"), ("Rose Marsh supports summer show",)):
        assert why(*words) == ["No quote is kept with this statement."]


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
    plain = THINGS.replace("  protected: true\n", "")
    (garden.folder / "entities.yaml").write_text(plain)
    (garden.folder / "statements" / "memo-7.yaml").unlink()
    git(garden.folder, "init", "-q")
    git(garden.folder, "add", ".")
    git(garden.folder, "commit", "-qm", "then")
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
        "onrecord: garden holds 5 protected items: publish it with --redact, or with --no-redact to publish them too\n"
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


def test_a_hash_of_old_is_found_in_notes_and_questions(tmp_path: Path):
    found = sound(tmp_path / "garden", "", **FILES)
    old = found.own.filter(pl.col("id") == "thorn-tends")
    hashes = [str(old[name][0])[1:-1].rpartition("/")[2] for name in ("statement", "proposition")]
    things = f"{THINGS}\n- id: well\n  label: the well\n  type: plot\n  note: see {hashes[0]}\n"
    asks = {f"questions/q{number}.rq": f"SELECT * {{ ?s ?p ?o }} # {name}\n" for number, name in enumerate(hashes)}
    found = sound(tmp_path / "other", "", **{**FILES, **asks, "entities.yaml": things})
    assert found_in(published(found, None, console=False), tuple(hashes)) != []
    assert found_in(published(found, console=False), tuple(hashes)) == []


def test_stand_ins_are_listed_in_the_order_of_their_own_ids(garden: Notes):
    resolved = redact(garden.loaded, find_protected(garden.loaded), SECRET).resolved
    for names in ([found.iri for found in resolved.entities], list(resolved.sources)):
        assert names == sorted(names)


@pytest.mark.slow
def test_what_was_protected_then_is_not_told_of(garden: Notes):
    git(garden.folder, "init", "-q")
    git(garden.folder, "add", ".")
    git(garden.folder, "commit", "-qm", "then")
    plain = ENTITIES.replace("- id: basil\n  label: Basil Thorn\n  type: person\n\n", "")
    (garden.folder / "entities.yaml").write_text(plain)
    (garden.folder / "onrecord.yaml").write_text(SETTINGS)
    for path in (garden.folder / "statements").iterdir():
        path.unlink()
    for name in ("withdrawn.yaml", "questions/basil.rq", "questions/by-name.rq"):
        (garden.folder / name).unlink()
    now = load_folder(garden.folder)
    assert find_protected(now.loaded) == Protected()
    pages = published(now, since="HEAD", console=False)
    assert found_in({"changes.html": pages["changes.html"]}, BANNED) == []
    assert b"protected name" in pages["changes.html"]
    with pytest.raises(OnRecordError, match="5 protected items: publish it with --redact"):
        published(now, None, redact=None, since="HEAD", console=False)


@pytest.mark.parametrize("said", [{"base_url": "https://thorn.example/"}, {"since": "before-basil"}])
def test_what_stands_on_every_page_names_nobody(garden: Notes, said: dict[str, str]):
    with pytest.raises(OnRecordError, match="a protected name stands in"):
        published(garden, **said)


def test_a_secret_among_what_is_published_is_refused(garden: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("ONRECORD_SECRET", raising=False)
    site = tmp_path / "site"
    (tmp_path / "link").symlink_to(site)
    for key in (
        garden.folder / "key",
        site / "key",
        tmp_path / "link" / "key",
        tmp_path / "garden" / ".." / "site" / "key",
    ):
        refused = CliRunner().invoke(main, ["publish", str(garden.folder), str(site), "--redact", "--secret", str(key)])
        assert (refused.exit_code, "keep it elsewhere" in refused.output) == (2, True)


def test_an_ontology_that_names_somebody_is_refused(tmp_path: Path):
    terms = MORE_TERMS.replace('"member of"@en', '"member of what Basil Thorn founded"@en')
    found = sound(tmp_path / "garden", "", **{**FILES, "ontology/garden.ttl": terms})
    with pytest.raises(OnRecordError, match='stands in an ontology, in "member of what'):
        published(found, console=False)


def test_a_chosen_file_comes_before_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ONRECORD_SECRET", "the secret of the variable")
    assert read_secret(tmp_path / "key") == (b"the secret of the variable", False)
    made, is_new = read_secret(tmp_path / "key", chosen=True)
    assert (is_new, len(made)) == (True, 64)
    assert read_secret(tmp_path / "key", chosen=True) == (made, False)


def test_a_protected_source_has_no_language(tmp_path: Path):
    memo = FILES["statements/memo-7.yaml"].replace("  protected: true\n", "  protected: true\n  language: gd\n", 1)
    found = sound(tmp_path / "garden", "", **{**FILES, "statements/memo-7.yaml": memo})
    redacted = redact(found.loaded, find_protected(found.loaded), SECRET)
    assert "gd" in set(found.table["language"])
    assert "@gd" in " ".join(dataset(found.loaded, Lens())["object"])
    assert "gd" not in {
        *redacted.resolved.statements["language"],
        *(s.language for s in redacted.resolved.sources.values()),
    }
    assert "@gd" not in " ".join(dataset(redacted, Lens())["object"])


def test_a_value_that_is_said_of_somebody_protected_goes(tmp_path: Path):
    tall = '  - triple: [{}, height in metres, "1.93"]\n    quote: so tall\n'
    letters = (FILES["statements/letter.yaml"] + tall.format(who) for who in ("Basil Thorn", "plot 7"))
    ofthem, ofplot = (
        sound(tmp_path / str(number), "", **{**FILES, "statements/letter.yaml": letter})
        for number, letter in enumerate(letters)
    )

    def told(found: Notes) -> set[str]:
        return {
            term
            for term in dataset(redact(found.loaded, find_protected(found.loaded), SECRET))["object"]
            if "1.93" in term
        }

    assert told(ofthem) == set()
    assert told(ofplot) == {'"1.93"^^<http://www.w3.org/2001/XMLSchema#decimal>', '"plot 7 height in metres 1.93"@en'}


def test_an_empty_secret_is_refused(garden: Notes, tmp_path: Path):
    with pytest.raises(OnRecordError, match="16 bytes or more"):
        onrecord.open(garden.folder).publish(tmp_path / "site", redact=True, secret=b"")


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
