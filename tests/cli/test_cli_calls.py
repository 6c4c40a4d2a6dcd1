"""Every command: its help, its exit codes, and bad calls that end in one sentence."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from onrecord.cli import main
from small_graph import LETTER, write_graph

COMMANDS = sorted(main.commands)


def call(*words: str, input: str | bytes | None = None) -> Result:  # noqa: A002
    """Run a command; an exception that click does not know is the test's."""
    found = CliRunner().invoke(main, list(words), input=input)
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


@pytest.fixture
def here(graph_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The garden is ``garden`` in the working directory, beside files that are none of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.rq").mkdir()
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x01")
    (tmp_path / "binary.rq").write_bytes(b"\xff\xfe\x00\x01")
    (tmp_path / "good.rq").write_text("\ufeffASK { ?s ?p ?o }", "utf-8")
    (graph_folder / "questions").mkdir()
    (graph_folder / "questions" / "q.rq").write_text("#+ title: Who?\nSELECT ?who { ?who gar:chairs ?_what_iri }\n")
    return tmp_path


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_ends_in_an_example(name: str, flag: str) -> None:
    found = call(name, flag)
    assert found.exit_code == 0
    text = click.Context(main.commands[name]).command.help or ""
    assert re.search(r"Example:\n\s+onrecord \S[^\n]*(?:\n\s+onrecord \S[^\n]*)*\s*$", text)
    assert f"onrecord {name} " in text.split("Example:")[1]
    assert text.split("Example:")[0].strip()
    assert found.stderr == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    for parameter in main.commands[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help or parameter.name == "timeout", parameter.name


def test_the_program_says_what_it_is() -> None:
    assert call("--version").output.startswith("onrecord, version ")
    top = call("--help")
    assert top.exit_code == 0 and all(re.search(rf"^  {name} ", top.output, re.MULTILINE) for name in COMMANDS)
    assert call("frobnicate").exit_code == 2


GRAPH_COMMANDS = [
    name
    for name in COMMANDS
    if [parameter.name for parameter in main.commands[name].params if isinstance(parameter, click.Argument)][:1]
    == ["graph"]
]


def words_for(name: str, graph: str) -> list[str]:
    """A call of the command with every argument that it must have."""
    arguments = [p for p in main.commands[name].params if isinstance(p, click.Argument) and p.required]
    return [name, graph, *["x"] * (len(arguments) - 1)]


@pytest.mark.parametrize("name", GRAPH_COMMANDS)
@pytest.mark.parametrize("graph", ["nowhere", "folder", "binary", "/dev/null", ""])
def test_what_is_no_graph(here: Path, name: str, graph: str) -> None:
    found = call(*words_for(name, graph))
    assert found.exit_code == 2
    assert found.stdout == ""
    assert "Traceback" not in found.stderr and found.stderr.startswith(("onrecord: ", "Usage: "))


def test_there_are_commands_to_call() -> None:
    assert {"check", "build", "query", "ask", "test", "coverage", "view", "export"} <= set(GRAPH_COMMANDS)


BAD = {
    # call, exit code, the end of what is said
    "no query": (["query", "garden"], 2, "Missing argument 'SPARQL'."),
    "no such file": (["query", "garden", "no.rq"], 2, "no.rq: there is no such file"),
    "folder": (
        ["query", "garden", "folder.rq"],
        2,
        "folder.rq: cannot be read: [Errno 21] Is a directory: 'folder.rq'",
    ),
    "binary file": (["query", "garden", "binary.rq"], 2, "invalid start byte"),
    "binary file without a suffix": (["query", "garden", "binary"], 2, "invalid start byte"),
    "bad day": (["query", "garden", "ASK {}", "--as-of", "2024-02-30"], 2, "is no day; write one like 2025-12-17"),
    "short day": (["query", "garden", "ASK {}", "--valid-at", "2024"], 2, "is no day; write one like 2025-12-17"),
    "possibly alone": (["query", "garden", "ASK {}", "--possibly"], 2, "--possibly goes with --valid-at"),
    "no such status": (["query", "garden", "ASK {}", "--include", "denied"], 2, "'unconfirmed'."),
    "no such source": (["query", "garden", "ASK {}", "--source", "leter"], 2, 'did you mean "letter"?'),
    "no such format": (["query", "garden", "ASK {}", "--format", "pdf"], 2, "'rdf'."),
    "no time": (["query", "garden", "ASK {}", "--timeout", "0"], 2, "is not in the range 0.1<=x<=86400."),
    "rows as a graph": (["query", "garden", "SELECT * {}", "--format", "ttl"], 2, "csv, tsv, json, jsonl, xml, sheet"),
    "a graph as rows": (["query", "garden", "CONSTRUCT WHERE { ?s ?p ?o }", "--format", "csv"], 2, "jsonld, rdf"),
    "a graph as a table": (["query", "garden", "DESCRIBE :rose", "--format", "table"], 2, "jsonld, rdf"),
    "a triple term": (
        ["query", "garden", "CONSTRUCT { :a :b ?t } { BIND(TRIPLE(:a, :b, 1) AS ?t) }"],
        1,
        "the answer holds triple terms, which RDF 1.1 cannot write",
    ),
    "output is a folder": (
        ["query", "garden", "ASK {}", "-o", "folder"],
        2,
        "folder: cannot be written: Is a directory",
    ),
    "no output folder": (["export", "garden", "-o", "binary/x.ttl"], 2, "binary/x.ttl: cannot be written: File exists"),
    "empty query": (["query", "garden", ""], 1, "fix: write the rest of it"),
    "mistake": (["query", "garden", "SELECT { ?s ?p ?o }"], 1, "fix: look at the place marked, and right before it"),
    "service": (
        ["query", "garden", "ASK { SERVICE <a> {} }"],
        1,
        "fix: delete it, or load that data as a source of its own",
    ),
    "too slow": (
        [
            "query",
            "garden",
            "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }",
            "--timeout",
            "0.3",
        ],
        1,
        "narrow it, or raise --timeout",
    ),
    "no such question": (["ask", "garden", "qq"], 2, 'there is no question "qq"; did you mean "q"?'),
    "no parameter": (["ask", "garden", "q", "what"], 2, '"what" is no parameter; write name=value'),
    "no such parameter": (
        ["ask", "garden", "q", "whom=x"],
        2,
        'the question "q" has no parameter "whom"; it has: what',
    ),
    "a parameter is missing": (["ask", "garden", "q"], 2, 'the question "q" needs a value: what=...'),
    "no such test": (["test", "garden", "zzzz"], 2, 'there is no question "zzzz"; see  onrecord ask GRAPH'),
    "sources are a file": (["check", "garden", "--sources", "binary"], 2, "Directory 'binary' is a file."),
    "sources are nowhere": (["coverage", "garden", "--sources", "nowhere"], 2, "Directory 'nowhere' does not exist."),
    "export to what": (
        ["export", "garden", "-o", "x.doc"],
        2,
        '"doc" is no format; write --format ttl, nt, nq, trig, jsonld, rdf',
    ),
    "build into a file": (["build", "garden", "-o", "binary"], 2, "Directory 'binary' is a file."),
    "view with the text of what": (["view", "garden", "--with-text"], 2, "--with-text goes with --kind source"),
    "view with sources of what": (
        ["view", "garden", "--kind", "timeline", "--sources", "garden"],
        2,
        "--sources goes with --kind source",
    ),
    "view of no source": (
        ["view", "garden", "--kind", "source", "--source", "leter"],
        2,
        'no source is called "leter": did you mean "letter"?',
    ),
    "view into a file": (["view", "garden", "-o", "binary/x.html"], 2, "cannot be written: File exists"),
}


SHARDS_HOLD_NONE = (
    "--sources garden", "--no-inference", "--exports", "--no-exports", "--no-shapes", "--no-evidence", "--skip-broken",
    "--dry-run", "--watch", "--verify",
)  # fmt: skip
DROPPED = [
    *(f"--shards 2 {option}" for option in SHARDS_HOLD_NONE),
    *(f"--engine embedded {option}" for option in SHARDS_HOLD_NONE),
    *(f"--verify {option}" for option in SHARDS_HOLD_NONE[:-1]),
    *(f"--dry-run {option}" for option in ("--exports", "--skip-broken", "--watch")),
    *(f"--watch {option}" for option in ("--skip-broken", "--json")),
]


@pytest.mark.parametrize("words", DROPPED)
def test_no_option_of_build_is_passed_over_in_silence(here: Path, words: str) -> None:
    name, *_, other = [word for word in words.split() if word.startswith("--")]
    found = call("build", "garden", *words.split(), "-o", "out")
    assert (found.exit_code, found.stdout) == (2, "")
    assert f"Error: {name} goes without {other}" in found.stderr
    assert not (here / "out").exists() and not (here / "build").exists()


def test_all_options_that_are_in_the_way_are_told(here: Path) -> None:
    words = ("--shards", "2", "--dry-run", "--verify", "--no-inference", "-o", "sh")
    assert call("build", "garden", *words).stderr.endswith(
        "Error: --shards goes without --no-inference, --dry-run and --verify; shards hold no inferences, exports and "
        "verified quotes, and rows with errors are always left out\n"
    )
    assert not (here / "sh").exists()


def test_a_rehearsal_goes_with_what_it_leaves_out_anyway(here: Path) -> None:
    words = ("--dry-run", "--no-inference", "--no-exports", "--no-shapes", "--no-evidence", "--json")
    assert call("build", "garden", *words).exit_code == 0
    assert not (here / "build").exists()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_call_is_one_sentence(here: Path, name: str) -> None:
    words, code, said = BAD[name]
    found = call(*words)
    assert found.stdout == ""
    assert found.exit_code == code
    assert " ".join(found.stderr.split()).endswith(" ".join(said.split()))


def test_a_query_from_a_file_and_from_standard_input(here: Path) -> None:
    assert call("query", "garden", "good.rq").stdout == "true\n"
    assert call("query", "garden", "-", input="ASK { ?s ?p ?o }").stdout == "true\n"
    found = call("query", "garden", "-", input=b"ASK \xff")
    assert (found.exit_code, found.stdout) == (2, "") and "standard input: cannot be read" in found.stderr


def test_mistakes_are_shown_with_a_caret(here: Path) -> None:
    Path("bad.rq").write_text("SELECT ?who WHERE {\n  ?who gar:chairs ?what ?x .\n}\n")
    found = call("query", "garden", "bad.rq")
    assert (found.exit_code, found.stdout) == (1, "")
    assert found.stderr == (
        'bad.rq:2:25: Q010 "?x" cannot stand here\n'
        "    ?who gar:chairs ?what ?x .\n"
        "                          ^^\n"
        "    fix: look at the place marked, and right before it\n"
    )


@pytest.mark.parametrize("name", GRAPH_COMMANDS)
def test_a_graph_with_errors_is_told_and_not_used(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_graph(Path("garden"), **{"statements/letter.yaml": LETTER.replace("Rose Marsh, chairs", "Rosalind, chairs")})
    words = words_for(name, "garden")
    if name == "query":
        words[-1] = "ASK {}"
    found = call(*words)
    assert found.exit_code in (1, 2) or name in ("coverage", "ask", "test")
    assert "Traceback" not in found.output
    if name in ("check", "query", "build", "export", "view"):
        assert found.exit_code == 1
        assert 'R001 no entity is called "Rosalind"' in found.output
    if name != "check":
        assert "R001" not in found.stdout


def test_data_is_not_mixed_with_talk(here: Path) -> None:
    found = call("query", "garden", "SELECT ?who { ?who gar:chairs ?what }")
    assert found.stdout.split() == ["who", *["─" * len("Rose Marsh")], "Rose", "Marsh"]
    assert found.stderr == "1 row\n"
    built = call("build", "garden", "-o", "out")
    assert built.stdout == "" and "garden: 5 statements" in built.stderr
    assert call("view", "garden", "-o", "out/x.html").stdout == "out/x.html\n"
    for kind in ("timeline", "source"):
        written = call("view", "garden", "--kind", kind).stdout.strip()
        assert Path(written).name == f"garden-{kind}.html"
        assert Path(written).read_text("utf-8").startswith("<!doctype html>")


def test_no_colours_where_nobody_watches(here: Path) -> None:
    (here / "garden" / "statements" / "letter.yaml").write_text(
        LETTER.replace("Rose Marsh, chairs", "Rosalind, chairs")
    )
    for words in (["check", "garden"], ["coverage", "garden"], ["test", "garden"], ["query", "garden", "ASK { a }"]):
        assert "\x1b" not in call(*words).output


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(here: Path) -> None:
    (here / "folder").chmod(0o500)
    found = call("export", "garden", "-o", "folder/x.ttl")
    assert found.exit_code == 2 and "cannot be written" in found.stderr
