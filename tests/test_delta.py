"""What is built on top of the last build is what a build from nothing gives, byte by byte and quad by quad."""

from __future__ import annotations

import errno
import io
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import onrecord
from inline import MORE_TERMS, notes, rich_files, write_notes
from onrecord import build as building
from onrecord import delta
from onrecord.cli import main
from onrecord.errors import GraphBroken, Problems
from onrecord.infer import entail
from onrecord.store import graph_names, open_store
from small_graph import ENTITIES

FILES = ("manifest.json", "places.jsonl", "written.json", "garden.ttl", "garden.trig", "garden.nq")
Edit = Callable[[Path], object]


def quads(out: Path) -> list[str]:
    """Every quad of a store, sorted; no triple stands twice in the union of its graphs."""
    store = open_store(out)
    triples = [str(quad.triple) for quad in store]
    assert len(triples) == len(set(triples))
    assert len(graph_names(store)) == len({str(quad.graph_name) for quad in store})
    return sorted(str(quad) for quad in store)


def assert_same_as_from_nothing(folder: Path, out: Path) -> None:
    """Compare with a build of the same files into an empty folder."""
    fresh = out.with_name("fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    assert_checked_as_from_nothing(folder, out, fresh)
    onrecord.open(folder).build(fresh)
    for name in FILES:
        assert (fresh / name).read_bytes() == (out / name).read_bytes(), name
    assert quads(fresh) == quads(out)
    assert onrecord.open(folder).verify(out) == []


def assert_checked_as_from_nothing(folder: Path, out: Path, empty: Path) -> None:
    """Compare the resolved table, and all that is told of it."""
    project = onrecord.open(folder).project
    again, whole = (building.check(project, Problems(), built=built) for built in (out, empty))
    assert_frame_equal(again.resolved.statements, whole.resolved.statements)
    assert again.problems == whole.problems


class Updates:
    """Counts how often a store was brought up to date, and how often that was given up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made, self.tried = 0, 0
        inner = building.update_store

        def outer(*args: object, **kwargs: object) -> object:
            self.tried += 1
            found = inner(*args, **kwargs)  # type: ignore[arg-type]
            self.made += 1
            return found

        monkeypatch.setattr(building, "update_store", outer)


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> Updates:
    return Updates(monkeypatch)


LETTER = """
- id: chairing
  triple: [Rose Marsh, chairs, Garden Society]
  quote: in the chair
- triple: [Basil Thorn, tends, plot 7]
  said by: a neighbour
  quote: says a neighbour
- triple: [Rose, attends, summer show]
  status: expected
  for: Garden Society
  when: 2024-07-06
  quote: is expected
"""
MINUTES = """
- triple: [Rose, chairs, Garden Society]
  quote: Mrs Marsh presided
- triple: [Basil Thorn, believes, statement:chairing]
  quote: he thought so
- triple: [plot 7, height in metres, "1.50"]
  quote: a metre and a half
"""
NEWS = """
- triple: [Rose, believes, [Basil Thorn, tends, plot 7]]
  quote: she believes
- triple: [Basil Thorn, tends, plot 7]
  quote: Thorn's own plot
- triple: [summer show, held on, "2024-07-06"]
  quote: on that day
"""
HEAD = """\
source:
  id: {0}
  title: The {0}
  published: 2024-06-1{1}
  speakers:
    - {{id: n, label: a neighbour}}
"""


def written(number: int, name: str, statements: str) -> dict[str, str | bytes | None]:
    return {f"statements/{name}.yaml": notes(statements, HEAD.format(name, number))}


def files() -> dict[str, str | bytes | None]:
    return {**written(1, "letter", LETTER), **written(2, "minutes", MINUTES), **written(3, "news", NEWS)}


def rewrite(name: str, old: str, new: str) -> Edit:
    def edit(folder: Path) -> None:
        path = folder / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    return edit


def in_news(old: str, new: str) -> Edit:
    return rewrite("statements/news.yaml", old, new)


def in_letter(old: str, new: str) -> Edit:
    return rewrite("statements/letter.yaml", old, new)


TURNED = LETTER[LETTER.index("- triple: [Rose, attends") :] + LETTER[: LETTER.index("- triple: [Rose, attends")]
MORE = "statements:\n  - triple: [Rose, tends, plot 7]\n    quote: she too\n"
EDITS: dict[str, Edit] = {
    "nothing": lambda folder: None,
    "a statement more": in_letter("statements:\n", MORE),
    "a fact that two sources state goes from one": rewrite(
        "statements/minutes.yaml", "[Rose, chairs, Garden Society]", "[Rose, tends, plot 7]"
    ),
    "a fact that one source states goes": rewrite(
        "statements/news.yaml", "    quote: Thorn", "    status: claimed\n    said by: Rose\n    quote: Thorn"
    ),
    "a proposition that is mentioned elsewhere goes": in_letter(
        "[Basil Thorn, tends, plot 7]", "[Rose, tends, plot 7]"
    ),
    "a statement that others refer to says something else": in_letter(
        "[Rose Marsh, chairs, Garden Society]", "[Rose Marsh, attends, summer show]"
    ),
    "an id moves to another statement": lambda folder: (
        in_letter("- id: chairing\n    triple", "- triple")(folder),
        in_letter("- triple: [Rose, attends", "- id: chairing\n    triple: [Rose, attends")(folder),
    ),
    "another quote": in_letter("quote: in the chair", "quote: presided"),
    "another status": in_letter("status: expected", "status: possible"),
    "a speaker's words": in_letter("a neighbour", "the neighbour"),
    "a speaker's type": in_letter("label: a neighbour", "label: a neighbour, type: person"),
    "another day": in_letter("published: 2024-06-11", "published: 2024-05-30"),
    "another title": in_letter("title: The letter", "title: A letter"),
    "another id of the source": in_letter("id: letter", "id: epistle"),
    "two statements become one": in_letter(
        "statements:\n", "statements:\n  - triple: [Rose, chairs, Garden Society]\n    quote: once more\n"
    ),
    "another written form": rewrite("statements/minutes.yaml", '"1.50"', '"1.500"'),
    "two written forms": rewrite(
        "statements/minutes.yaml",
        "statements:\n",
        'statements:\n  - triple: [plot 7, height in metres, "1.5"]\n    quote: so high\n',
    ),
    "a file goes": lambda folder: (folder / "statements/news.yaml").unlink(),
    "a file comes": lambda folder: (folder / "statements/extra.yaml").write_text(
        notes("- triple: [Basil Thorn, chairs, Garden Society]\n  quote: he does", HEAD.format("extra", 4)), "utf-8"
    ),
    "a file is renamed": lambda folder: (folder / "statements/news.yaml").rename(folder / "statements/a.yaml"),
    "lines move": in_letter("statements:\n", "# a remark\nstatements:\n"),
    "statements change places": lambda folder: (folder / "statements/letter.yaml").write_text(
        notes(TURNED, HEAD.format("letter", 1)), "utf-8"
    ),
    "all statements of a file go": in_news(notes(NEWS, ""), "statements: []\n"),
    "a table comes": lambda folder: (folder / "statements/table.csv").write_text(
        "source,subject,predicate,object,quote\nletter,Rose,tends,plot 7,she digs\n", "utf-8"
    ),
    "an entity's name": rewrite("entities.yaml", "label: plot 7", "label: plot seven\n  aliases: [plot 7]"),
    "the title": rewrite("onrecord.yaml", "The garden society", "Our garden"),
    "the ontology": rewrite("ontology/garden.ttl", '"tends"@en', '"looks after"@en, "tends"@en'),
    "a source is withdrawn": lambda folder: (folder / "withdrawn.yaml").write_text(
        "- source: news\n  on: 2024-07-01\n  who: Ada\n  why: it was wrong\n", "utf-8"
    ),
    "entities are judged the same": lambda folder: (folder / "judgements.yaml").write_text(
        "- left: rose\n  judgement: same\n  right: basil\n  who: Ada\n  when: 2024-07-01\n  why: a test\n", "utf-8"
    ),
}
ANEW = {
    *("an entity's name", "the title", "the ontology", "a source is withdrawn", "entities are judged the same"),
    "two written forms",
}
"""Edits after which the store is loaded anew: of what stands beside the statement files; one quad for two."""


FIRST = {
    *("a statement more", "a fact that two sources state goes from one", "another day", "a file goes"),
    *("a statement that others refer to says something else", "a speaker's words", "an entity's name"),
    *("a file is renamed", "two written forms", "nothing"),
}
"""Edits that are tried in every run of the tests; the others take their time."""


@pytest.mark.parametrize(
    "name", [name if name in FIRST else pytest.param(name, marks=pytest.mark.slow) for name in EDITS]
)
def test_an_edited_graph(tmp_path: Path, updates: Updates, name: str) -> None:
    folder, out = write_notes(tmp_path / "garden", "", **files()), tmp_path / "out"
    onrecord.open(folder).build(out)
    EDITS[name](folder)
    onrecord.open(folder).build(out)
    assert (updates.tried, updates.made) == (0 if name in ANEW else 1,) * 2
    assert_same_as_from_nothing(folder, out)


@pytest.mark.slow
def test_one_edit_after_another(tmp_path: Path, updates: Updates) -> None:
    folder, out = write_notes(tmp_path / "garden", "", **files()), tmp_path / "out"
    onrecord.open(folder).build(out)
    for name in ("a table comes", "a statement more", "a file comes", "another day", "a file goes", "lines move"):
        EDITS[name](folder)
        onrecord.open(folder).build(out)
        assert_same_as_from_nothing(folder, out)
    assert updates.made == 6


def test_what_was_kept_of_another_store_says_nothing(tmp_path: Path) -> None:
    folder, out = write_notes(tmp_path / "garden", "", **files()), tmp_path / "out"
    onrecord.open(folder).build(out)
    EDITS["a statement more"](folder)
    graph = onrecord.open(folder)
    graph.build(out)
    entities = folder / "entities.yaml"
    before = entities.read_bytes()
    entities.write_bytes(before + b"# saved meanwhile\n")
    graph.build(out, inference=False)
    entities.write_bytes(before)
    onrecord.open(folder).build(out)
    assert_same_as_from_nothing(folder, out)


def test_what_another_source_passed_on_is_said_in_a_second_file(tmp_path: Path, updates: Updates) -> None:
    said = "- triple: [Basil Thorn, tends, plot 7]\n  via: [Rose, a neighbour]\n  said by: Rose\n  quote: four\n"
    given = {**files(), **written(2, "minutes", MINUTES + said)}
    folder, out = write_notes(tmp_path / "garden", "", **given), tmp_path / "out"
    onrecord.open(folder).build(out)
    (folder / "statements/letter.yaml").write_text(notes(LETTER + said, HEAD.format("letter", 1)), "utf-8")
    onrecord.open(folder).build(out)
    assert updates.made == 1
    assert_same_as_from_nothing(folder, out)


def test_what_the_store_takes_for_one_is_loaded_anew_whenever_it_comes(tmp_path: Path, updates: Updates) -> None:
    folder, out = write_notes(tmp_path / "garden", "", **files()), tmp_path / "out"
    onrecord.open(folder).build(out)
    EDITS["a statement more"](folder)
    onrecord.open(folder).build(out)
    assert updates.made == 1  # its quads were counted: from here on that need not be done again
    other = folder / "statements/other.yaml"
    for height in ("1.5", None, "1.500"):
        if height is None:
            other.unlink()
        else:
            statement = f'- triple: [plot 7, height in metres, "{height}"]\n  quote: so high\n'
            other.write_text(notes(statement, HEAD.format("other", 1)), "utf-8")
        onrecord.open(folder).build(out)
        assert_same_as_from_nothing(folder, out)
    assert updates.made < 4


ROWS = (
    ("Rose", "chairs", "Garden Society", "Mrs Marsh, in the chair", None, None),
    ("Rose", "believes", "[Basil Thorn, tends, plot 7]", "she believes", "a neighbour", "claimed"),
    (
        "Rose",
        "believes",
        "[Basil Thorn, believes, {triple: [Rose, tends, plot 7], for: Garden Society}]",
        "naïve 🌱",
        None,
        None,
    ),
    ("Basil Thorn", "tends", "plot 7", "that | “he” does", "Rose | a neighbour", "claimed"),
    ("plot 7", "height in metres", "1.50", "a metre and a half", None, None),
)
TABLE = pl.DataFrame(
    [("letter", *values) for values in ROWS],
    schema=["source", "subject", "predicate", "object", "quote", "said by", "status"],
    orient="row",
)


def as_csv(table: pl.DataFrame) -> bytes:
    return table.write_csv().encode()


def as_records(table: pl.DataFrame) -> bytes:
    """In CSV with a cell that goes over two lines: such a file is read record by record."""
    return as_csv(table.with_columns(pl.col("quote").str.replace(" ", "\n")))


def as_json_lines(table: pl.DataFrame) -> bytes:
    lines = []
    for row in table.iter_rows(named=True):
        found: dict[str, object] = {name: value for name, value in row.items() if value is not None}
        for name, value in found.items():
            if name == "object" and str(value).startswith("["):
                found[name] = yaml.safe_load(str(value))
            elif " | " in str(value):
                found[name] = str(value).split(" | ")
        lines.append(json.dumps(found, ensure_ascii=False))
    return "\n".join(lines).encode()


def as_parquet(table: pl.DataFrame) -> bytes:
    table.write_parquet(out := io.BytesIO())
    return out.getvalue()


AS_TABLE = {"plain.csv": as_csv, "records.csv": as_records, "lines.jsonl": as_json_lines, "table.parquet": as_parquet}


def with_tables(table: pl.DataFrame = TABLE) -> dict[str, str | bytes | None]:
    return {f"statements/{name}": write(table) for name, write in AS_TABLE.items()}


SNIPPETS = (
    "- triple: [Rose, chairs, Garden Society]\n  quote: one\n",
    "- triple: [Rose, chairs, Garden Society]\n  status: denied\n  said by: a neighbour\n  quote: two\n",
    "- triple: [Rose, chairs, Garden Society]\n  for: Basil Thorn\n  quote: three\n",
    "- triple: [Basil Thorn, tends, plot 7]\n  via: [Rose, a neighbour]\n  said by: Rose\n  quote: four\n",
    "- triple: [Rose, believes, [Basil Thorn, tends, plot 7]]\n  quote: five\n",
    "- triple: [Basil Thorn, believes, [Rose, believes, [Basil Thorn, tends, plot 7]]]\n  quote: six\n  prefix: of\n",
    '- triple: [plot 7, height in metres, "1.50"]\n  quote: seven\n',
    '- triple: [plot 7, height in metres, "1.5"]\n  quote: eight\n  hedge: about\n',
    "- triple: [Rose, supports, hose ban]\n  on condition: [Rose, chairs, Garden Society]\n  quote: nine\n",
    "- triple: [Rose, supports, hose ban]\n  when: 2024-06\n  quote:\n    - one\n    - ten\n  in the words: so\n",
    "- id: chairing\n  triple: [Rose, chairs, Garden Society]\n  quote: eleven\n",
    "- id: chairing\n  triple: [Basil Thorn, believes, [Rose, chairs, Garden Society]]\n  quote: twelve\n",
    "- triple: [Basil Thorn, believes, statement:chairing]\n  quote: thirteen\n",
    "- triple: [Rose, believes, [Basil Thorn, believes, statement:chairing]]\n  quote: fourteen\n",
    "- triple: [Rose, supports, hose ban]\n  on condition: statement:chairing\n  quote: fifteen\n",
    '- triple: ["<https://example.org/garden/entity/letter:n>", attends, summer show]\n  quote: sixteen\n',
)
choices = st.lists(st.sampled_from(SNIPPETS), max_size=5).map("".join)
OTHERWISE = (("title: The", "title: A"), ("a neighbour", "the neighbour"), ("2024-06", "2024-05"))
heads = st.sampled_from([("", ""), ("", ""), *OTHERWISE])
states = st.fixed_dictionaries({name: st.tuples(choices, heads) | st.none() for name in ("letter", "minutes", "news")})
State = dict[str, tuple[str, tuple[str, str]] | None]
tables = st.lists(st.sampled_from(range(len(ROWS))), max_size=4) | st.none()
LEDGER = "- {id: ledger, title: The ledger, published: 2024-06-05, speakers: [{id: n, label: a neighbour}]}\n"


def write_state(folder: Path, state: State, table: list[int] | None) -> None:
    for number, (name, said) in enumerate(state.items()):
        path = folder / f"statements/{name}.yaml"
        path.unlink(missing_ok=True)
        if said is not None:
            statements, other = said
            head = HEAD.format(name, number).replace(*other)
            path.write_text(notes(statements, head) if statements else f"{head}statements: []\n", "utf-8")
    (folder / "statements/plain.csv").unlink(missing_ok=True)
    if table is not None:
        (folder / "statements/plain.csv").write_bytes(as_csv(TABLE[table].with_columns(source=pl.lit("ledger"))))


@pytest.mark.slow
@settings(max_examples=25)
@given(st.lists(st.tuples(states, tables), min_size=2, max_size=4))
def test_any_edit(tmp_path_factory: pytest.TempPathFactory, several: list[tuple[State, list[int] | None]]) -> None:
    home = tmp_path_factory.mktemp("any")
    given_: dict[str, str | bytes | None] = {"statements/letter.yaml": None, "sources.yaml": LEDGER}
    folder, out = write_notes(home / "garden", "", **given_), home / "out"
    (folder / "statements").mkdir(exist_ok=True)
    for state, table in several:
        write_state(folder, state, table)
        with suppress(GraphBroken):  # statements may refer to one that is not there
            onrecord.open(folder).build(out)
        assert_checked_as_from_nothing(folder, out, home / "fresh")
    with suppress(GraphBroken):
        onrecord.open(folder).build(out)
        assert_same_as_from_nothing(folder, out)


SPEAKER = '- triple: ["<https://example.org/garden/entity/letter:n>", attends, summer show]\n  quote: x\n'
TENDING = (
    "- triple: [Rose, tends, plot 7]\n  quote: b\n- triple: [Basil Thorn, tends, plot 7]\n  said by: n\n  quote: d\n"
)
SAME = "- {left: rose, judgement: same, right: 'letter:n', who: Ada, when: 2024-07-01, why: they say so}\n"
LABELS = """\
@prefix gar: <https://example.org/garden-terms#> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix onr: <https://w3id.org/onrecord/ns#> .
gar:Called a sh:NodeShape ; sh:targetClass onr:Proposition ;
  sh:property [ sh:path rdfs:label ; sh:severity sh:Warning ; sh:pattern "^[aR]" ] .
"""
KINDS = """
gar:kind a owl:ObjectProperty ; rdfs:label "kind"@en ; rdfs:subPropertyOf rdf:type .
gar:soil a owl:ObjectProperty ; rdfs:domain gar:Garden ; rdfs:label "soil"@en .
gar:grows a owl:ObjectProperty ; rdfs:label "grows"@en ; rdfs:subPropertyOf gar:soil .
gar:C0 a owl:Class . gar:C1 a owl:Class . gar:C2 a owl:Class . gar:Garden a owl:Class .
"""
OF_KINDS = "".join(
    f'- triple: [hose ban, kind, "<https://example.org/garden-terms#{name}>"]\n  quote: x\n'
    for name in ("C0", "C1", "Garden", "C2")
)
TWO_WAYS = """
@prefix ent: <https://example.org/garden/entity/> .
gar:pa a owl:ObjectProperty ; rdfs:label "pa"@en . gar:pb a owl:ObjectProperty ; rdfs:label "pb"@en .
gar:w a owl:ObjectProperty ; rdfs:label "w"@en ; owl:propertyChainAxiom ( gar:pa gar:pb ) ; rdfs:subPropertyOf gar:q .
gar:r a owl:ObjectProperty ; rdfs:label "r"@en ; rdfs:subPropertyOf gar:q .
gar:q a owl:ObjectProperty ; rdfs:label "q"@en . ent:rose gar:w ent:plot-7 .
"""
BY_CHAIN = "- triple: [Rose, pa, Basil Thorn]\n  quote: x\n- triple: [Basil Thorn, pb, plot 7]\n  quote: y\n"
TITLED = """
gar:titled a owl:DatatypeProperty ; rdfs:label "titled"@en ; rdfs:range rdf:langString ;
  rdfs:subPropertyOf <http://purl.org/dc/terms/title> .
"""
BEFORE = 'gar:precedes a owl:ObjectProperty ; rdfs:label "precedes"@en .\n'
FAR_EDITS: dict[str, tuple[str, str, str, str, dict[str, str | bytes | None]]] = {
    "a speaker that another source names is called otherwise": (
        *(TENDING, SPEAKER, "a neighbour", "the neighbour"),
        {"ontology/garden.shapes.ttl": LABELS},
    ),
    "a source that another one speaks of is called otherwise": (
        *(TENDING, '- triple: ["source:letter", precedes, summer show]\n  quote: x\n', "The letter", "A letter"),
        {"ontology/garden.ttl": MORE_TERMS + BEFORE},
    ),
    "a speaker that is somebody is called otherwise": (
        *(TENDING, SPEAKER, "a neighbour", "the neighbour"),
        {"judgements.yaml": SAME},
    ),
    "a speaker that is somebody is of another type": (
        *(TENDING, "", "type: person", "type: society"),
        {"judgements.yaml": SAME},
    ),
    "a property that types": (
        *("- triple: [hose ban, grows, plot 7]\n  quote: b\n", OF_KINDS, "hose ban, grows", "Rose, tends"),
        {"ontology/garden.ttl": MORE_TERMS + KINDS},
    ),
    "what a chain gives stands in the ontology": (
        *("- triple: [Rose, r, plot 7]\n  quote: c\n", BY_CHAIN, "[Rose, r,", "[Rose, tends,"),
        {"ontology/garden.ttl": MORE_TERMS + TWO_WAYS},
    ),
    "what follows stood in a source's description": (
        *(
            TENDING,
            '- triple: ["source:letter", titled, The letter]\n  quote: c\n',
            "title: The letter",
            "title: A letter",
        ),
        {"ontology/garden.ttl": MORE_TERMS + TITLED},
    ),
    "what follows comes to stand in a source's description": (
        *(
            TENDING,
            '- triple: ["source:letter", titled, A letter]\n  quote: c\n',
            "title: The letter",
            "title: A letter",
        ),
        {"ontology/garden.ttl": MORE_TERMS + TITLED},
    ),
}


def check_and_build(folder: Path, out: Path) -> None:
    """Build as the command does, with what shapes say."""
    graph = onrecord.open(folder)
    graph.examine(built=out)
    graph.build(out)


@pytest.mark.parametrize("name", FAR_EDITS)
def test_an_edit_whose_effects_stand_elsewhere(tmp_path: Path, name: str) -> None:
    letter, minutes, old, new, more = FAR_EDITS[name]
    fill = "".join(f'- triple: [Rose, motto, "m{number}"]\n  quote: q{number}\n' for number in range(30))
    head = HEAD.replace("published", "language: en\n  published").replace("a neighbour", "a neighbour, type: person")
    given_: dict[str, str | bytes | None] = {
        "statements/letter.yaml": notes(letter, head.format("letter", 1)),
        "statements/minutes.yaml": notes(minutes + fill, head.format("minutes", 1)),
        **more,
    }
    folder, out = write_notes(tmp_path / "garden", "", **given_), tmp_path / "out"
    check_and_build(folder, out)
    in_letter(old, new)(folder)
    assert_checked_as_from_nothing(folder, out, tmp_path / "fresh")
    onrecord.open(folder).build(out)
    assert_same_as_from_nothing(folder, out)


def test_a_wrong_name_beside_a_nested_triple_is_told_after_a_build(tmp_path: Path) -> None:
    believed = "- triple: [Rose, believes, [Basil Thorn, tends, plot 7]]\n  quote: b\n"
    folder, out = write_notes(tmp_path / "garden", believed), tmp_path / "out"
    check_and_build(folder, out)
    in_letter("[Rose,", "[Rosa,")(folder)
    assert_checked_as_from_nothing(folder, out, tmp_path / "fresh")
    with pytest.raises(GraphBroken):
        onrecord.open(folder).build(out)


def test_settings_that_are_edited_while_a_graph_is_open(tmp_path: Path) -> None:
    folder, out = write_notes(tmp_path / "garden", "", **files()), tmp_path / "out"
    graph = onrecord.open(folder)
    with (folder / "onrecord.yaml").open("a", encoding="utf-8") as settings_file:
        settings_file.write("curator: Ben\n")
    graph.build(out)
    assert_checked_as_from_nothing(folder, out, tmp_path / "fresh")
    onrecord.open(folder).build(out)
    assert_same_as_from_nothing(folder, out)


@pytest.mark.parametrize("more", [dict, with_tables])
def test_of_a_large_graph_only_files_in_yaml_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: Callable[[], dict[str, str | bytes | None]]
) -> None:
    for module in ("delta", "parse.before"):
        monkeypatch.setattr(f"onrecord.{module}.MOST_ROWS", 3)
    monkeypatch.setattr("onrecord.parse.reading.SMALL", 0)
    folder, out = write_notes(tmp_path / "garden", "", **{**files(), **more()}), tmp_path / "out"
    onrecord.open(folder).build(out)
    assert (out / ".current/kept/rows.parquet").exists() is (more is dict)
    EDITS["a statement more"](folder)
    onrecord.open(folder).build(out)
    assert_same_as_from_nothing(folder, out)


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


KEPT = ("contents.json", "read files.parquet", "rows.parquet", "inferred quads.parquet")


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("how", [damage, Path.unlink], ids=["damaged", "missing"])
@pytest.mark.slow
def test_what_was_kept_and_is_not_whole_is_not_used(
    tmp_path: Path, updates: Updates, name: str, how: Callable[[Path], object]
) -> None:
    folder, out = write_notes(tmp_path / "garden", "", **files()), tmp_path / "out"
    onrecord.open(folder).build(out)
    how(out / ".current/kept" / name)
    EDITS["a statement more"](folder)
    onrecord.open(folder).build(out)
    assert updates.made == (1 if name == "read files.parquet" else 0)
    assert_same_as_from_nothing(folder, out)


def test_what_other_code_kept_is_not_used(tmp_path: Path, updates: Updates, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, out = write_notes(tmp_path / "garden", "", **files()), tmp_path / "out"
    with monkeypatch.context() as older:
        older.setattr("onrecord.kept.code_digest", lambda: "0" * 64)
        onrecord.open(folder).build(out)
    onrecord.open(folder).build(out)
    assert updates.tried == 0
    assert_same_as_from_nothing(folder, out)


def test_a_damaged_store_is_not_built_upon(tmp_path: Path, updates: Updates) -> None:
    folder, out = write_notes(tmp_path / "garden", "", **files()), tmp_path / "out"
    onrecord.open(folder).build(out)
    damage(max((out / "store").glob("*.sst"), key=lambda path: path.stat().st_size))
    EDITS["a statement more"](folder)
    onrecord.open(folder).build(out)
    assert (updates.tried, updates.made) == (1, 0)
    assert_same_as_from_nothing(folder, out)


def test_the_store_that_was_there_is_not_touched(tmp_path: Path, updates: Updates) -> None:
    folder, out = write_notes(tmp_path / "garden", "", **files()), tmp_path / "out"
    onrecord.open(folder).build(out)
    linked = {path.name: path for path in (out / "store").resolve().glob("*.sst")}
    kept = tmp_path / "linked"
    kept.mkdir()
    for name, path in linked.items():
        (kept / name).hardlink_to(path)
    before = {path.name: path.read_bytes() for path in kept.iterdir()}
    EDITS["a statement more"](folder)
    onrecord.open(folder).build(out)
    assert updates.made == 1
    assert before == {path.name: path.read_bytes() for path in kept.iterdir()}
    assert any((out / "store" / name).exists() and (out / "store" / name).samefile(kept / name) for name in before)


def test_files_that_did_not_change_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, out = write_notes(tmp_path / "garden", "", **files()), tmp_path / "out"
    onrecord.open(folder).build(out)
    EDITS["a statement more"](folder)
    read: list[str] = []
    inner = onrecord.parse.yaml.parse_statements  # type: ignore[attr-defined]

    def outer(data: bytes, name: str, *rest: object) -> None:
        read.append(Path(name).name)
        inner(data, name, *rest)

    monkeypatch.setattr("onrecord.parse.yaml.parse_statements", outer)
    first = [problem.as_dict() for problem in onrecord.open(folder).examine(built=out).problems]
    assert read == ["letter.yaml"]
    assert first == [problem.as_dict() for problem in onrecord.open(folder).check()]


@pytest.mark.parametrize("more", [rich_files, with_tables])
def test_places_are_those_of_a_file_that_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: Callable[[], dict[str, str | bytes | None]]
) -> None:
    given = {**files(), **more()}
    folder, out = write_notes(tmp_path / "garden", "", **given), tmp_path / "out"
    graph = onrecord.open(folder)
    graph.build(out)
    rows = graph.statements
    with monkeypatch.context() as unread:
        for name in ("yaml", "csv", "jsonl", "parquet"):
            unread.delattr(f"onrecord.parse.{name}.parse_statements")
        again = onrecord.build.load(graph.project, onrecord.errors.Problems(), out)  # type: ignore[attr-defined]
    assert again.resolved.statements.equals(rows)
    assert again.resolved.sources == graph._sound.resolved.sources
    names = ("", "quote", "quote.1", "subject", "object", "status", "said by.1", "for.0", "condition", "nothing")
    for row in rows["row"]:
        for name in names:
            assert again.resolved.places.of(row, name) == graph._sound.resolved.places.of(row, name)


@pytest.mark.parametrize("name", AS_TABLE)
def test_a_table_of_many(tmp_path: Path, updates: Updates, name: str) -> None:
    folder, out = write_notes(tmp_path / "garden", "", **{**files(), **with_tables()}), tmp_path / "out"
    onrecord.open(folder).build(out)
    fewer = TABLE.head(3).with_columns(pl.col("status").fill_null("expected"))
    (folder / "statements" / name).write_bytes(AS_TABLE[name](fewer))
    onrecord.open(folder).build(out)
    EDITS["a statement that others refer to says something else"](folder)
    onrecord.open(folder).build(out)
    assert updates.made == 2
    assert_same_as_from_nothing(folder, out)


def test_a_table_that_changes_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, out = write_notes(tmp_path / "garden", "", **{**files(), **with_tables()}), tmp_path / "out"
    path, inner = folder / "statements/plain.csv", onrecord.parse.csv.parse_statements  # type: ignore[attr-defined]
    first = path.read_bytes()

    def outer(read: Path, *rest: object) -> None:
        if read == path:
            path.write_bytes(as_csv(TABLE.head(2)))
        inner(read, *rest)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("onrecord.parse.csv.parse_statements", outer)
        onrecord.open(folder).build(out)
    path.write_bytes(first)
    onrecord.open(folder).build(out)
    assert_same_as_from_nothing(folder, out)


FAR = """
gar:near a owl:ObjectProperty, owl:TransitiveProperty ; rdfs:label "near"@en .
gar:beside2 a owl:ObjectProperty ; rdfs:label "touches"@en ; rdfs:subPropertyOf gar:near ; rdfs:domain gar:Plot .
gar:sees a owl:ObjectProperty ; rdfs:label "sees"@en ; rdfs:subPropertyOf gar:knows .
gar:knows a owl:ObjectProperty, owl:SymmetricProperty ; rdfs:label "knows"@en ; rdfs:range gar:Person .
gar:looksOver a owl:ObjectProperty ; rdfs:label "looks over"@en ; owl:propertyChainAxiom ( gar:tends gar:near ) .
"""
PLOTS = "".join(f"- {{id: plot-{number}, label: plot {number}, type: plot}}\n" for number in (8, 9, 10))
BESIDE = """
- triple: [plot 7, touches, plot 8]
  quote: one
- triple: [plot 8, touches, plot 9]
  quote: two
- triple: [plot 9, near, plot 10]
  quote: three
- triple: [Rose, sees, Basil Thorn]
  quote: four
"""


@pytest.mark.parametrize(
    ("old", "new", "near"),
    [
        ("[plot 8, touches, plot 9]", "[plot 8, touches, plot 10]", False),
        ("[plot 8, touches, plot 9]\n    quote", "[plot 8, touches, plot 9]\n    status: expected\n    quote", False),
        ("[Rose, sees, Basil Thorn]", "[Rose, sees, Rose]", True),
        ("[Rose, sees, Basil Thorn]", "[Basil Thorn, sees, Rose]", True),
        ("[Rose, sees, Basil Thorn]", "[Rose, knows, Basil Thorn]", True),
        ("quote: three", "quote: third", True),
    ],
)
def test_what_reaches_far_is_entailed_anew(
    tmp_path: Path, updates: Updates, monkeypatch: pytest.MonkeyPatch, old: str, new: str, near: bool
) -> None:
    more: dict[str, str | bytes | None] = {"ontology/garden.ttl": MORE_TERMS + FAR, "entities.yaml": ENTITIES + PLOTS}
    more |= files() | written(4, "beside", BESIDE)
    folder, out = write_notes(tmp_path / "garden", "", **more), tmp_path / "out"
    onrecord.open(folder).build(out)
    whole: list[object] = []
    monkeypatch.setattr(delta, "entail", lambda *given: whole.append(given) or entail(*given))
    rewrite("statements/beside.yaml", old, new)(folder)
    onrecord.open(folder).build(out)
    assert (updates.made, whole == []) == (1, near)
    assert_same_as_from_nothing(folder, out)
    inferred = [quad for quad in open_store(out) if "graph/inferred" in str(quad.graph_name)]
    names = {str(quad.predicate).rpartition("#")[2][:-1] for quad in inferred}
    assert {"near", "looksOver", "knows"} & names


def build_edit_build(folder: Path, out: Path, edit: Edit) -> None:
    onrecord.open(folder).build(out)
    edit(folder)
    onrecord.open(folder).build(out)
    assert_same_as_from_nothing(folder, out)


def test_words_that_another_source_mentions_are_put_in_its_words_too(tmp_path: Path, updates: Updates) -> None:
    letter = "- id: digging\n  triple: [a neighbour, tends, plot 7]\n  quote: digging\n"
    minutes = "- triple: [Basil Thorn, believes, statement:digging]\n  quote: he thought so\n"
    more = {**written(1, "letter", letter), **written(2, "minutes", minutes), **written(3, "news", NEWS)}
    folder = write_notes(tmp_path / "garden", "", **more)
    edit = rewrite("statements/letter.yaml", "a neighbour", "the neighbour")
    build_edit_build(folder, tmp_path / "out", edit)
    assert updates.made == 1


def test_what_nobody_mentions_any_more_is_gone(tmp_path: Path, updates: Updates) -> None:
    news = "- id: told\n  triple: [Rose, tends, plot 7]\n  quote: she digs\n"
    letter = "- triple: [Basil Thorn, believes, statement:told]\n  quote: he thought so\n"
    more = written(1, "letter", letter) | written(3, "news", news)
    more["withdrawn.yaml"] = "- source: news\n  on: 2024-07-01\n  who: Ada\n  why: it was wrong\n"
    folder = write_notes(tmp_path / "garden", "", **more)
    build_edit_build(folder, tmp_path / "out", in_letter("statement:told", "[Rose, attends, summer show]"))
    assert updates.made == 1


def test_where_files_cannot_be_linked_they_are_copied(
    tmp_path: Path, updates: Updates, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr("onrecord.store.os.link", refuse)
    folder = write_notes(tmp_path / "garden", "", **files())
    build_edit_build(folder, tmp_path / "out", EDITS["a statement more"])
    assert updates.made == 1


def test_a_store_of_many_small_tables_is_loaded_anew(
    tmp_path: Path, updates: Updates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onrecord.store.MAX_TABLES", 1)
    folder = write_notes(tmp_path / "garden", "", **files())
    build_edit_build(folder, tmp_path / "out", EDITS["a statement more"])
    assert (updates.tried, updates.made) == (1, 0)


def test_a_large_graph_is_exported_on_demand_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, updates: Updates
) -> None:
    folder, out, whole = write_notes(tmp_path / "garden", "", **files()), tmp_path / "out", tmp_path / "whole"
    monkeypatch.setattr(building, "MOST_EXPORTED", 3)
    onrecord.open(folder).build(out)
    EDITS["a statement more"](folder)
    run = CliRunner().invoke(main, ["build", str(folder), "-o", str(out), "--no-evidence"])
    assert run.stderr.splitlines()[-1] == "  a graph of this size has no .ttl, .trig and .nq unless --exports is given"
    assert not list(out.glob("garden.*")) and updates.made == 1
    graph = onrecord.open(folder)
    graph.build(whole, exports=True)
    for name in ("garden.ttl", "garden.trig", "garden.nq"):
        graph.export(tmp_path / name)
        assert (tmp_path / name).read_bytes() == (whole / name).read_bytes()


def test_language_tags_that_differ_in_case_are_one_in_the_store(tmp_path: Path) -> None:
    """A text in ``en-gb`` and in ``en-GB`` is one quad there, which stays while one of its sources states it."""
    folder, out = tmp_path / "bridge", tmp_path / "out"
    shutil.copytree(Path(__file__).parents[1] / "graphs/harbour-bridge", folder)
    text = "source: {{id: {0}, title: {0}, published: 2024-05-01, language: {1}}}\nstatements:\n"
    text += "- triple: [pivot bearing, has defect, rusty]\n  locator: p. 1\n"
    first, second = folder / "statements/first.yaml", folder / "statements/second.yaml"
    first.write_text(text.format("first", "en-GB"), "utf-8")
    onrecord.open(folder).build(out, exports=False)
    second.write_text(text.format("second", "en-gb"), "utf-8")
    onrecord.open(folder).build(out, exports=False)
    second.unlink()
    left = onrecord.open(folder).build(out, exports=False)
    assert left["counts"] == onrecord.open(folder).build(tmp_path / "anew", exports=False)["counts"]
