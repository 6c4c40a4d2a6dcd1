"""Owns the tests of the pages in ``docs/``: nothing in them is written from memory.

Links resolve; help texts, console blocks, problem examples and the table of dates are what the code
gives; the Python examples run; every code, command, field and dependency has its place.

    ONRECORD_UPDATE_DOCS=1 python -m pytest tests/test_docs.py

writes the real output into the pages instead of comparing with it. Three marks, invisible to a
reader, stand right before a block: ``<!-- file: PATH -->`` (the block is that file of the page's
folder), ``<!-- help: COMMAND -->`` and ``<!-- problem: CODE -->``.
"""

from __future__ import annotations

import doctest
import inspect
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from onrecord.answers import Answer
from onrecord.cli import main
from onrecord.cli.render import Excerpts
from onrecord.errors import Problems, QueryRefused, sort_problems
from onrecord.graph import Graph
from onrecord.lens import asserting
from onrecord.model import FIELDS
from onrecord.parse import entities, source
from onrecord.project import _KEYS as SETTINGS
from onrecord.project import AssertPolicy
from onrecord.questions import _KEYS as HEADER
from onrecord.sources import Verdict
from onrecord.statuses import STATUSES
from onrecord.times import Bounds, NotADate, bounds
from onrecord.withdrawn import check_withdrawn, first_days, read_withdrawn
from small_graph import write_graph

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
UPDATE = bool(os.environ.get("ONRECORD_UPDATE_DOCS"))

_FENCE = re.compile(r"^(?P<mark>```+)(?P<language>\w*)\n(?P<body>.*?)^(?P=mark)$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"<!-- (?P<kind>file|help|problem): (?P<value>\S+) -->\s*$")


# --- the pages as text


@dataclass(slots=True)
class Block:
    """A fenced block of a page: its language, its text, where it stands, and the mark before it."""

    language: str
    body: str
    start: int
    end: int
    kind: str = ""
    value: str = ""


def blocks(text: str) -> list[Block]:
    out = []
    for match in _FENCE.finditer(text):
        mark = _MARK.search(text[: match.start()])
        block = Block(match["language"], match["body"], match.start("body"), match.end("body"))
        if mark:
            block.kind, block.value = mark["kind"], mark["value"]
        out.append(block)
    return out


def pages_with(language: str) -> list[Path]:
    return [page for page in PAGES if f"```{language}\n" in page.read_text("utf-8")]


def settle(page: Path, found: list[tuple[Block, str]]) -> None:
    """Compare the bodies of blocks with what was found, or write it into the page."""
    text = page.read_text("utf-8")
    if UPDATE:
        for block, real in sorted(found, key=lambda pair: -pair[0].start):
            text = text[: block.start] + real + text[block.end :]
        page.write_text(text, "utf-8")
        return
    for block, real in found:
        assert block.body == real, f"{page.name}: run ONRECORD_UPDATE_DOCS=1 python -m pytest {Path(__file__).name}"


def run(*arguments: str) -> tuple[str, str, str]:
    """All output of a command as a terminal shows it, its stdout and its stderr."""
    result = CliRunner().invoke(main, arguments, prog_name="onrecord", terminal_width=100, env={"COLUMNS": "100"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output, result.stdout, result.stderr


def tidy(output: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in output.rstrip("\n").split("\n")) if output.strip() else ""


# --- links


def slugs(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    prose = _FENCE.sub("", text)
    heads = re.findall(r"^#+ +(.+?) *$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", head).lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_resolve(page: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", _FENCE.sub("", page.read_text("utf-8")))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in slugs(there.read_text("utf-8")), f"{page.name}: {target}"


def test_the_map_names_every_page() -> None:
    text = (DOCS / "index.md").read_text("utf-8")
    assert [page.name for page in PAGES if page.name != "index.md" and f"({page.name})" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_house_style(page: Path) -> None:
    prose = re.sub(r"`[^`\n]*`", "", _FENCE.sub("", page.read_text("utf-8")))
    assert re.findall(r"\b(?:[Ss]imply|[Ww]e|[Oo]ur)\b", prose) == []
    lines = _FENCE.sub("", page.read_text("utf-8")).split("\n")
    assert [line for line in lines if len(line) > 120 and not line.startswith("|")] == []


# --- examples that are run


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the repository's graphs in it, to be built and changed at will."""
    shutil.copytree(ROOT / "graphs", tmp_path / "graphs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commands(body: str) -> list[str]:
    """The commands of a console block; lines that begin with ``>`` go on with the one before."""
    found: list[str] = []
    for line in body.split("\n"):
        if line.startswith("$ "):
            found.append(line[2:])
        elif line.startswith("> ") and found:
            found[-1] += f"\n{line[2:]}"
    return found


def typed(command: str) -> str:
    return "$ " + command.replace("\n", "\n> ") + "\n"


def shown(command: str) -> str:
    """What a command of a console block prints; the last of a pipe may be head or grep."""
    call, *pipes = command.split(" | ")
    program, *arguments = shlex.split(call)
    assert program == "onrecord", command
    everything, out, err = run(*arguments)
    if not pipes:
        return tidy(everything)
    for pipe in pipes:
        out = subprocess.run(shlex.split(pipe), input=out, capture_output=True, text=True, check=True).stdout
    return tidy(out + err)


@pytest.mark.parametrize("page", pages_with("console"), ids=lambda page: page.name)
def test_console_blocks_show_what_is_printed(page: Path, desk: Path) -> None:
    everything = blocks(page.read_text("utf-8"))
    for block in everything:
        if block.kind == "file":
            path = desk / block.value
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, "utf-8")
    consoles = [block for block in everything if block.language == "console"]
    settle(
        page,
        [(block, "".join(typed(command) + shown(command) for command in commands(block.body))) for block in consoles],
    )


@pytest.mark.filterwarnings("ignore:Dataset.default_context:DeprecationWarning")  # rdflib warns of itself
@pytest.mark.parametrize("page", pages_with("python"), ids=lambda page: page.name)
def test_python_examples_run(page: Path, desk: Path) -> None:
    examples = "\n".join(block.body for block in blocks(page.read_text("utf-8")) if block.language == "python")
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    case = doctest.DocTestParser().get_doctest(examples, {}, page.name, None, 0)
    report: list[str] = []
    result = doctest.DocTestRunner(optionflags=flags).run(case, out=report.append, clear_globs=False)
    assert result.attempted > 0
    assert result.failed == 0, "".join(report)


@pytest.mark.parametrize("door", [Graph, Answer], ids=lambda door: door.__name__)
def test_python_page_names_every_public_method(door: type) -> None:
    text = (DOCS / "python.md").read_text("utf-8")
    names = [name for name in vars(door) if not name.startswith("_")]
    if door is Answer:
        names += [name for name in inspect.get_annotations(Answer) if not name.startswith("_")]
    assert [name for name in names if not re.search(rf"\.{name}\b", text)] == []


# --- the command line


def test_help_texts_are_the_real_ones() -> None:
    page = DOCS / "cli.md"
    found = [block for block in blocks(page.read_text("utf-8")) if block.kind == "help"]
    assert [block.value for block in found] == ["onrecord", *main.commands]
    settle(
        page,
        [(block, tidy(run(*([] if block.value == "onrecord" else [block.value]), "--help")[0])) for block in found],
    )


def test_every_command_has_an_example() -> None:
    text = (DOCS / "cli.md").read_text("utf-8")
    consoles = [block for block in blocks(text) if block.language == "console"]
    called = {shlex.split(command)[1] for block in consoles for command in commands(block.body)}
    assert set(main.commands) <= called


# --- dates


def dates_of(found: Bounds) -> list[str]:
    def day(value: object) -> str:
        text = "" if value is None else str(value)
        return {"": "none", "9999-12-31": "never", "0001-01-01": "never"}.get(text, text)

    return [day(value) for value in (found.earliest_start, found.latest_start, found.earliest_end, found.latest_end)]


def test_the_table_of_bounds_is_computed() -> None:
    page = DOCS / "dates.md"
    out = []
    checked = 0
    for line in page.read_text("utf-8").split("\n"):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 6:
            real = dates_of(bounds(cells[0].strip("`")))
            if UPDATE:
                line = f"| {' | '.join([*cells[:2], *real])} |"
            else:
                assert cells[2:] == real, cells[0]
            checked += 1
        out.append(line)
    assert checked >= 15
    if UPDATE:
        page.write_text("\n".join(out), "utf-8")


def test_what_is_called_no_date_is_none() -> None:
    text = (DOCS / "dates.md").read_text("utf-8")
    section = text.partition("## Not dates")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
    assert len(rows) >= 5
    for row in rows:
        with pytest.raises(NotADate):
            bounds(row)


# --- what asserts


def test_the_table_of_what_asserts_is_computed() -> None:
    import polars as pl

    section = (DOCS / "statuses.md").read_text("utf-8").partition("## What stands as fact")[2]
    rows = dict(re.findall(r"^\| (\w+) \| ((?:yes|no)(?: \| (?:yes|no)){3}) \|$", section, re.MULTILINE))
    cases = pl.DataFrame(
        {
            "said_by_terms": [None, ["<urn:a>"], None, None],
            "negated": [False, False, True, False],
            "condition": [None, None, None, "<urn:b>"],
        }
    )
    for status in STATUSES:
        found = cases.with_columns(pl.lit(status).alias("status")).select(asserting(AssertPolicy()))
        assert rows.pop(status) == " | ".join("yes" if each else "no" for each in found.to_series())
    assert rows == {}


def test_the_table_of_strength_and_conflict_is_that_of_the_ontology() -> None:
    import pyoxigraph as ox

    onr = "https://w3id.org/onrecord/ns#"
    facts = [quad.triple for quad in ox.parse(path=ROOT / "ontology" / "onrecord.ttl")]

    def values(status: str, name: str) -> list[str]:
        found = {str(o.value) for s, p, o in facts if s.value == onr + status and p.value == onr + name}
        if "onflict" in name:
            found |= {str(s.value) for s, p, o in facts if p.value == onr + name and str(o.value) == onr + status}
        return [value.removeprefix(onr).removesuffix("Statuses") for value in found]

    page = DOCS / "statuses.md"
    head, mark, rest = page.read_text("utf-8").partition("## Strength and conflict")
    for status in STATUSES:
        cells = [status, *(", ".join(values(status, name)) for name in ("statusClass", "strength"))]
        cells += [
            ", ".join(sorted(values(status, name), key=STATUSES.index)) for name in ("conflictsWith", "mayConflictWith")
        ]
        row = f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")
        if UPDATE:
            rest = re.sub(rf"^\| {status} \|.*$", row, rest, flags=re.MULTILINE)
        else:
            assert row in rest
    if UPDATE:
        page.write_text(head + mark + rest, "utf-8")


# --- words that must have their place


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("statements.md", [*SETTINGS, *FIELDS, *source._KEYS, *source._SPEAKER_KEYS, *entities._KEYS]),
        ("statuses.md", STATUSES),
        ("evidence.md", [str(verdict) for verdict in Verdict]),
        ("queries.md", HEADER),
    ],
)
def test_every_word_of_the_files_is_explained(page: str, words: list[str]) -> None:
    text = (DOCS / page).read_text("utf-8")
    assert [word for word in words if f"`{word}`" not in text] == []


def test_the_dataset_page_names_every_term_of_the_evidence_layer() -> None:
    text = (DOCS / "dataset.md").read_text("utf-8") + (DOCS / "statuses.md").read_text("utf-8")
    terms = re.findall(r"^(onr:\w+) a ", (ROOT / "ontology" / "onrecord.ttl").read_text("utf-8"), re.MULTILINE)
    assert len(terms) > 30
    assert [term for term in terms if term not in text and term.removeprefix("onr:") not in STATUSES] == []


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    listed = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    for extra in project["project"]["optional-dependencies"].values():
        listed += extra
    text = (DOCS / "dependencies.md").read_text("utf-8").lower()
    names = [re.split(r"[<>=~!\[ ;]", name)[0].lower() for name in listed]
    assert [name for name in names if f"| {name} |" not in text] == []
    assert [extra for extra in project["project"]["optional-dependencies"] if f"`{extra}`" not in text] == []


# --- problems


def codes_of_the_source() -> set[str]:
    """Every code that stands in the source as a string: the calls of ``problems`` and ``Problem``."""
    return {
        code
        for path in (ROOT / "src" / "onrecord").rglob("*.py")
        for code in re.findall(r'"([A-Z]\d{3})"', path.read_text("utf-8"))
    }


def test_every_problem_has_an_entry() -> None:
    text = (DOCS / "problems.md").read_text("utf-8")
    entries = re.findall(r"^### ([A-Z]\d{3})\b", text, re.MULTILINE)
    assert entries == sorted(entries, key=lambda code: ("GPORCJWESQ".index(code[0]), code))
    assert set(entries) == codes_of_the_source()


Files = Mapping[str, "str | bytes | None"]
SOURCE = """\
source:
  id: letter
  title: A letter to the members
  published: 2024-06-01
  text: letter.txt

statements:
"""
SHAPES = """\
@prefix gar: <https://example.org/garden-terms#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
gar:PlotShape a sh:NodeShape ; sh:targetClass gar:Plot ; sh:property gar:PlotShape-label .
gar:PlotShape-label a sh:PropertyShape ; sh:path rdfs:label ; sh:pattern "^bed " ;
    sh:message "a plot is called bed and its number" .
"""
TURTLE = """\
@prefix onr: <https://w3id.org/onrecord/ns#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
<https://example.org/other/statement/1> a onr:Statement ;
    prov:wasQuotedFrom <https://example.org/other/source/letter> .
"""
CHECK = ("check", "garden")


@dataclass(frozen=True, slots=True)
class Example:
    """Files that provoke a problem, the call that shows it, and what is done to the folder before."""

    files: Files = field(default_factory=dict)
    call: tuple[str, ...] | Callable[[], str] = CHECK
    prepare: Callable[[Path], object] | None = None


def settings(text: str) -> Example:
    return Example({"onrecord.yaml": text})


def letter(body: str, **more: str | bytes | None) -> Example:
    return Example({"statements/letter.yaml": SOURCE + body, **more})


def headed(before: str, after: str) -> Example:
    """A letter with another head."""
    return Example({"statements/letter.yaml": SOURCE.replace(before, after) + CHAIRWOMAN})


def table(body: str) -> Example:
    return Example({"statements/list.csv": body})


def lines(body: str) -> Example:
    return Example({"statements/list.jsonl": body})


def node(fields: str) -> Example:
    return Example({"statements/list.ttl": TURTLE.replace("/other/", "/garden/").replace(" ;", f" ; {fields} ;", 1)})


def people(body: str) -> Example:
    return Example({"entities.csv": body})


def query(sparql: str) -> Example:
    return Example(call=("query", "garden", sparql))


def question(text: str, rows: str | None = "who\nrose\n") -> Example:
    return Example({"questions/who.rq": text, "questions/who.csv": rows})


def _link(name: str, target: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).symlink_to(target)


def _row_explained() -> str:
    """What a row cannot be explained by, as the library says it."""
    sparql = "SELECT ?who WHERE { ?who gar:chairs+ ?what }"
    try:
        Graph("garden").why_row(sparql)
    except QueryRefused as error:
        return error.problem.render(lambda _file, _line: sparql) + "\n"
    raise AssertionError(sparql)


def _withdrawals() -> str:
    """What is wrong in ``withdrawn.yaml``, as the library says it."""
    path, problems = Path("garden/withdrawn.yaml"), Problems()
    entries = read_withdrawn(path, str(path), problems, {"letter", "minutes"})
    check_withdrawn(entries, first_days(Graph("garden").statements), problems)
    return "".join(problem.render(Excerpts().line_of) + "\n" for problem in sort_problems(problems.items))


def withdrawn(text: str) -> Example:
    return Example({"withdrawn.yaml": text}, _withdrawals)


def judged(*entries: str, when: str = "2024-06-10") -> Example:
    """Entries such as ``rose same basil``, by Ada, on one day."""
    head = "- left: {}\n  judgement: {}\n  right: {}\n"
    tail = f"  who: Ada\n  when: {when}\n  why: one handwriting\n"
    return Example({"judgements.yaml": "".join(head.format(*entry.split()) + tail for entry in entries)})


def _large(folder: Path) -> None:
    with (folder / "entities.csv").open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)


def _parquet(folder: Path) -> None:
    import polars as pl

    frame = pl.DataFrame({"source": ["letter"], "subject": ["rose"], "predicate": ["tends"], "object": [7.0]})
    frame.write_parquet(folder / "statements" / "list.parquet")


def _changed(folder: Path) -> None:
    run("check", "garden", "--update-lock")
    text = folder / "sources" / "letter.txt"
    text.write_text(text.read_text("utf-8") + "\nP.S. Bring a chair.\n", "utf-8")


CHAIRS = "  - triple: [Rose Marsh, chairs, Garden Society]\n"
CHAIRWOMAN = f"{CHAIRS}    quote: our chairwoman, Rose Marsh\n"
TENDS = "  - triple: [Basil Thorn, tends, plot 7]\n    quote: Basil Thorn is the one who tends plot 7\n"
LONG = "the register in the shed names nobody else; the pages for the last two years are missing altogether. Mrs Marsh"

EXAMPLES: dict[str, Example] = {
    "G001": settings(""),
    "G002": settings("title: The garden society\ncolour: green\n"),
    "G003": settings("title: The garden society\nbase: garden\n"),
    "G004": settings("title: The garden society\nlanguages: [British English]\n"),
    "G005": settings("title: The garden society\ntime zone: London\n"),
    "G006": settings("title: The garden society\nontologies: [gardens]\n"),
    "G007": settings("title: The garden society\nassert policy:\n  own voice: [stated, denied]\n"),
    "G008": settings("title: The garden society\nquote limits: {words: few}\n"),
    "P001": Example(prepare=_link("entities.csv", "../people.csv")),
    "P002": Example(prepare=_link("entities.csv", "people.csv")),
    "P003": Example(prepare=lambda folder: (folder / "entities.csv").mkdir()),
    "P004": Example(prepare=_large),
    "P005": Example({"entities.csv": "id,label,type\nzoe,Zoë,person\n".encode("latin-1")}),
    "P006": people("id,label,type\nzoe,Zoe\x07,person\n"),
    "P007": Example({"statements/todo.txt": "ring the treasurer\n"}),
    "P008": headed("letter.txt", "../letter.txt"),
    "P009": Example({"entities.yml": "- {id: rose}\n"}),
    "P010": letter(f"{CHAIRS}    quote\n    status: expected\n"),
    "P011": letter(CHAIRWOMAN + "    quote: Rose Marsh\n"),
    "P012": letter(f"{CHAIRS}    quote: !!str our chairwoman\n"),
    "P013": letter(f"{CHAIRS}    quote: &words our chairwoman\n"),
    "P014": letter(f"{CHAIRS}\tquote: our chairwoman\n"),
    "P015": letter(f"{CHAIRWOMAN}---\n"),
    "P016": letter(f"  - triple: [Rose Marsh, believes, {'[' * 24}{']' * 24}]\n"),
    "P017": letter(f"{CHAIRS}    quote: our\u2028chairwoman\n"),
    "P018": letter(f'{CHAIRS}    quote: "rain or shine", and hopes\n'),
    "P020": letter(f"{CHAIRS}    qoute: our chairwoman\n"),
    "P021": letter("  - quote: our chairwoman\n"),
    "P022": letter(f"{CHAIRS}    quote: our chairwoman\n    hedge: [reportedly, it seems]\n"),
    "P023": letter("  - triple: [Rose Marsh, chairs, Garden, Society]\n"),
    "P024": letter(f"{CHAIRS}    quote:\n"),
    "P025": letter(f"{CHAIRS}    quote: [our chairwoman]\n"),
    "P026": letter(CHAIRWOMAN + "    subject: Rose Marsh\n"),
    "P027": letter("  - triple: [Rose Marsh, believes, {triple: [Basil Thorn, tends, plot 7], status: expected}]\n"),
    "P028": letter(f"{CHAIRS}    quote: our chairwoman #1\n"),
    "P029": letter(CHAIRWOMAN + "    not: yes\n"),
    "P030": people("id,label,type\nzoe fern,Zoe Fern,person\n"),
    "P031": Example({"sources.yaml": "- id: letter\n  title: Another letter\n  published: 2024-06-02\n"}),
    "P032": Example({"statements/list.csv": ""}),
    "P033": people("id,label,type,same as\nzoe,Zoe Fern,person,Q42\n"),
    "P034": Example({"entities.yaml": "- id: zoe\n  label: {British English: Zoe}\n  type: person\n"}),
    "P041": table('source,subject,predicate,object,quote\nletter,Rose,believes,"[Rose, tends",the water butts\n'),
    "P042": table("source,subject,predicate,object,quote\nletter,Rose,chairs,society,our chairwoman, Rose Marsh\n"),
    "P043": table('source,subject,predicate,object,quote\nletter,Rose,chairs,society,"our chairwoman\n'),
    "P044": table("source,subject,predicate,object,object\nletter,Rose,chairs,society,society\n"),
    "P045": lines('{"source": "letter", "triple": ["Rose", "chairs", "society"],, "quote": "our chairwoman"}\n'),
    "P046": lines('{"source": "letter", "triple": ["Rose", "chairs", "society"], "not": true, "not": false}\n'),
    "P047": Example({"statements/list.parquet": "source,subject\n"}),
    "P048": Example(prepare=_parquet),
    "P049": Example({"statements/list.ttl": TURTLE.replace(" a onr:Statement ;", " a onr:Statement")}),
    "P051": Example({"statements/list.ttl": TURTLE}),
    "P052": Example({"statements/list.ttl": TURTLE.replace("/other/", "/garden/")}),
    "P053": node("onr:statsu onr:stated"),
    "P054": node("onr:status onr:stated, onr:planned"),
    "P055": node('onr:negated "yes"'),
    "O001": Example({"ontology/garden.ttl": "@prefix gar: <https://example.org/garden#> .\ngar:a gar:b gar:c .\n"}),
    "O002": Example({"ontology/garden.ttl": "@prefix gar: <https://example.org/garden#> .\ngar:a gar:b .\n"}),
    "R001": letter("  - triple: [Rose March, chairs, Garden Society]\n    quote: our chairwoman\n"),
    "R002": letter(CHAIRWOMAN, **{"entities.csv": "id,label,type\nrose-m,Rose Marsh,person\n"}),
    "R003": people("id,label,type\nrose,Rose Thorn,person\n"),
    "R004": letter(CHAIRWOMAN + "    id: one\n" + TENDS + "    id: one\n"),
    "R005": table("source,subject,predicate,object,quote\nleter,Rose,chairs,society,our chairwoman\n"),
    "R006": letter(f"{TENDS}    id: tending\n  - triple: [Rose Marsh, believes, statement:tendign]\n    quote: Rose\n"),
    "R007": letter("  - triple: [plot 7, motto, [Rose, tends, plot 7]]\n    quote: our chairwoman\n"),
    "R008": letter("  - triple: [Rose, believes, {triple: [Basil Thorn, tends, plot 7], in the words: so}]\n"),
    "R009": letter("  - id: ring\n    triple: [Rose, believes, statement:ring]\n    quote: our chairwoman\n"),
    "R010": letter(CHAIRWOMAN + "    when: 8 June 2024\n"),
    "R011": headed("  text:", "  language: British English\n  text:"),
    "C001": letter(CHAIRWOMAN + "    status: anounced\n"),
    "C002": letter(CHAIRWOMAN + "    status: denied\n    said by: Basil Thorn\n    not: true\n"),
    "C003": letter(CHAIRWOMAN + "    status: claimed\n"),
    "C004": letter(CHAIRWOMAN + "    via: Basil Thorn\n"),
    "C005": letter(CHAIRWOMAN + "    said when: 2024-05-30\n"),
    "C006": letter(CHAIRS),
    "C007": letter(f"{CHAIRS}    locator: page 2\n    prefix: writes\n"),
    "C008": headed("  text:", "  language: nb\n  text:"),
    "C009": letter(CHAIRWOMAN + CHAIRWOMAN),
    "C010": letter(CHAIRWOMAN + "    recorded: 2024-05-01\n"),
    "C011": letter(TENDS + "    said by: Rose Marsh\n    said when: 2024-06-02\n"),
    "C012": letter(CHAIRWOMAN + "    when text: since the society was founded\n"),
    "C013": letter("  - triple: [Rose Marsh, believes, Rose Marsh]\n    quote: our chairwoman\n"),
    "C014": letter("  - triple: [Rose Marsh, attends, summer show]\n    quote: reportedly at the summer show\n"),
    "C015": letter("  - triple: [Basil Thorn, opposes, summer show]\n    quote: the summer show\n"),
    "C016": letter("  - triple: [Garden Society, tends, plot 7]\n    quote: tends plot 7\n"),
    "C017": letter("  - triple: [Rose Marsh, chairs, summer show]\n    quote: our chairwoman\n"),
    "C018": letter("  - triple: [plot 7, height in metres, about 2]\n    quote: plot 7\n"),
    "C019": headed("  title: A letter to the members\n", ""),
    "C020": headed("2024-06-01", "1 June"),
    "C021": Example({"sources.yaml": "- id: register\n  title: The register\n  published: 2024-05-01\n"}),
    "C022": people("id,label,type\nzoe,Zoe Fern,person\n"),
    "C023": people("id,label,type\nzoe,Rose,person\n"),
    "J001": judged("rose same basil", "basil same society", "rose different society"),
    "J002": judged("rose same basl"),
    "J003": judged("rose same basil", "basil unsure rose"),
    "J004": judged("rose same basil", when="June"),
    "J005": judged("rose sane basil"),
    "J006": judged("rose same rose"),
    "J007": judged("rose same basil", "basil same society", "rose unsure society"),
    "W001": withdrawn("- source: leter\n  on: 2024-06-20\n  why: retracted\n"),
    "W002": withdrawn("- source: letter\n  on: 20 June\n  why: retracted\n"),
    "W003": withdrawn("- source: letter\n  on: 2024-06-20\n  why: retracted\n" * 2),
    "W004": withdrawn("- source: letter\n  on: 2024-05-20\n  why: retracted\n"),
    "E001": letter(f"{CHAIRS}    quote: our chairman, Rose Marsh\n"),
    "E002": letter(f"{CHAIRS}    quote: There was one item on the list\n"),
    "E003": letter(f"{CHAIRS}    quote: the summer show\n",
                   **{"sources/letter.txt": "The summer show: come to the summer show, leave the summer show.\n"}),
    "E004": letter("  - triple: [Basil Thorn, tends, plot 7]\n    quote: who tends plot 7\n",
                   **{"sources/letter.txt": "Basil Thorn is the one who tends plot 7, except in winter.\n"}),
    "E005": letter("  - triple: [Basil Thorn, tends, plot 7]\n    quote: tending plot 7\n",
                   **{"sources/letter.txt": "Basil Thorn denied tending plot 7.\n"}),
    "E007": letter(CHAIRWOMAN, **{"sources/letter.txt": None}),
    "E008": headed("  text:", f"  sha256: {'0' * 64}\n  text:"),
    "E009": Example(prepare=_changed),
    "E010": Example(),
    "E020": letter(f"{CHAIRS}    quote: |-\n      {LONG} is expected at the summer show, where she gives out cups\n"),
    "E021": letter(CHAIRWOMAN, **{"sources/letter.txt": "Thus writes our chairwoman, Rose Marsh.\n"}),
    "E090": Example({"evidence.lock": "{}\n"}),
    "E091": Example({"statements/minutes.yaml": "statements:\n\t- triple: [a, b, c]\n"},
                    call=("check", "garden", "--update-lock")),
    "S001": Example({"ontology/garden.shapes.ttl": SHAPES}),
    "S002": Example({"ontology/garden.shapes.ttl": SHAPES.replace("sh:pattern", "sh:patern")}),
    "S003": Example({"ontology/garden.shapes.ttl": SHAPES.replace("sh:targetClass", "sh:rule [] ; sh:targetClass")}),
    "S004": Example({"ontology/garden.shapes.ttl": SHAPES.replace("gar:Plot ;", "gar:Polt ;")}),
    "Q001": query("SELECT ?who WHERE { SERVICE <https://example.org/sparql> { ?who ?p ?o } }"),
    "Q002": query("DELETE WHERE { ?who ?p ?o }"),
    "Q003": query("SELECT ?who FROM graph:asserte WHERE { ?who gar:chairs ?what }"),
    "Q004": query(f"ASK {{ :rose gar:chairs ?what }} #{' ' * 2**18}"),
    "Q005": Example(call=_row_explained),
    "Q006": query("SELECT ?who WHERE { ?who gar:chiars ?what }"),
    "Q007": question(f"SELECT ?who {{ ?who {'/'.join(['gar:tends'] * 2000)} ?what }}\n"),
    "Q010": query("SELECT ?who WHERE { ?who gar:chairs ?what FILTR(?what = :society) }"),
    "Q020": question("#+ titel: Who chairs it?\nSELECT ?who { ?who gar:chairs ?what }\n"),
    "Q021": Example({"questions/who.csv": "who\nrose\n"}),
    "Q022": question("#+ title: Who chairs it?\nSELECT ?who { ?who gar:chairs ?what }\n", "who\nrose,basil\n"),
    "Q023": Example({"questions/a/who.rq": "ASK {}\n", "questions/b/who.rq": "ASK {}\n"}),
    "Q024": question("SELECT ?who { ?who gar:count ?_count_integr }\n", "who\n"),
    "Q025": question("SELECT ?who ?what { ?who gar:chairs ?what }\n", "who\nrose\n"),
    "Q026": question("SELECT ?who { ?who gar:chairs ?what }\n", None),
}  # fmt: skip


def printed(code: str, output: str) -> str:
    """The first problem with ``code`` in the output, with its excerpt and fix."""
    head = re.search(rf"^\S[^\n]*?: (?:\w+ )?{code} [^\n]*\n(?:    [^\n]*\n)*", output, re.MULTILINE)
    assert head, f"{code} is not in:\n{output}"
    return head[0]


def folder_of(example: Example, folder: Path) -> None:
    write_graph(folder, **dict(example.files))
    if example.prepare:
        (folder.parent / "people.csv").write_text("id,label,type\n", "utf-8")
        example.prepare(folder)


def test_every_code_has_an_example() -> None:
    assert set(EXAMPLES) == codes_of_the_source()


@pytest.mark.parametrize("code", sorted(EXAMPLES))
def test_problems_are_printed_as_the_page_shows(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder_of(EXAMPLES[code], tmp_path / "garden")
    call = EXAMPLES[code].call
    real = tidy(printed(code, call() if callable(call) else run(*call)[0]))
    page = DOCS / "problems.md"
    block = next(
        (block for block in blocks(page.read_text("utf-8")) if block.kind == "problem" and block.value == code), None
    )
    assert block is not None, f"problems.md has no example of {code}"
    settle(page, [(block, real)])
