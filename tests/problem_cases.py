"""Owns the smallest graphs that make each problem of the families P, G and O appear.

``CASES[code]`` lists them: a title, and the files that replace or join the bare graph of
``small_graph``. Every message that carries the code has a case of its own.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl


@dataclass(frozen=True, slots=True)
class Case:
    """A graph with something wrong in it."""

    title: str
    files: dict[str, str | bytes]
    prepare: Callable[[Path], None] | None = None  # what no file's content can say, such as a link
    among_others: bool = False  # problems of other codes come with it
    checked: bool = False  # found by the rules of ``check``; only the problems of the code are shown


SOURCE = "source: {id: letter}\n"
ONE = "  - triple: [Rose, tends, plot 7]\n"


def statements(text: str, **more: str | bytes) -> dict[str, str | bytes]:
    """A YAML file of one source; ``text`` follows ``statements:``."""
    return {"statements/a.yaml": f"{SOURCE}statements:\n{text}", **more}


def whole(text: str | bytes) -> dict[str, str | bytes]:
    """A YAML file of statements, all of it."""
    return {"statements/a.yaml": text}


def texted(name: str) -> dict[str, str | bytes]:
    """A YAML file of one source whose archived text is ``name``."""
    return {"statements/a.yaml": f"source:\n  id: letter\n  text: {name}\nstatements:\n{ONE}    quote: words\n"}


def table(text: str | bytes) -> dict[str, str | bytes]:
    """A CSV file of statements."""
    return {"statements/a.csv": text}


def lines(text: str | bytes) -> dict[str, str | bytes]:
    """A JSON Lines file of statements."""
    return {"statements/a.jsonl": text}


def entities(text: str) -> dict[str, str | bytes]:
    """An entity file."""
    return {"entities.yaml": text}


def settings(text: str) -> dict[str, str | bytes]:
    """Settings that name the graph's ontology, and more."""
    return {"onrecord.yaml": f"title: Garden\nbase: https://example.org/garden/\nontologies: [garden]\n{text}"}


def parquet(**columns: object) -> dict[str, str | bytes]:
    """A Parquet file of statements."""
    data = io.BytesIO()
    pl.DataFrame(columns).write_parquet(data)
    return {"statements/a.parquet": data.getvalue()}


TURTLE_HEAD = """\
@prefix onr: <https://w3id.org/onrecord/ns#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix gar: <https://example.org/garden-terms#> .
@prefix entity: <https://example.org/garden/entity/> .
@prefix source: <https://example.org/garden/source/> .
@prefix prop: <https://example.org/garden/proposition/> .
@prefix st: <https://example.org/garden/statement/> .
"""
TURTLE_STATEMENT = """\
st:1 a onr:Statement ; prov:wasQuotedFrom source:letter ; onr:status onr:stated ; onr:proposition prop:1 .
"""
TURTLE_PROPOSITION = """\
prop:1 a onr:Proposition ; rdf:subject entity:rose ; rdf:predicate gar:tends ; rdf:object entity:plot-7 .
"""


def triple_node(predicate: str, obj: str) -> str:
    """The proposition node of a Turtle file, with another predicate and object."""
    return TURTLE_PROPOSITION.replace("gar:tends", predicate).replace("entity:plot-7", obj)


def turtle(text: str, *, whole: bool = True) -> dict[str, str | bytes]:
    """A Turtle file: with a statement and its proposition before ``text``, or ``text`` alone."""
    body = TURTLE_STATEMENT + TURTLE_PROPOSITION + text if whole else text
    return {"statements/a.ttl": TURTLE_HEAD + body}


def _link_out(folder: Path) -> None:
    (folder.parent / "elsewhere.yaml").write_text("source: letter\n")
    (folder / "statements").mkdir()
    (folder / "statements" / "a.yaml").symlink_to(folder.parent / "elsewhere.yaml")


def _link_folder_out(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    (folder / "statements").symlink_to(folder.parent / "elsewhere")


def _loop(folder: Path) -> None:
    (folder / "statements").mkdir()
    (folder / "statements" / "a.yaml").symlink_to(folder / "statements" / "b.yaml")
    (folder / "statements" / "b.yaml").symlink_to(folder / "statements" / "a.yaml")


def _nowhere(folder: Path) -> None:
    (folder / "entities.yaml").symlink_to(folder / "gone.yaml")


def _badly_named(folder: Path) -> None:
    (folder / "statements").mkdir()
    (folder / "statements" / "caf\udce9.yaml").write_text("source: letter\n")


def _folder_as_file(folder: Path) -> None:
    (folder / "statements" / "a.yaml").mkdir(parents=True)


def _file_as_folder(folder: Path) -> None:
    (folder / "statements").write_text("source: letter\n")


def _huge(folder: Path) -> None:
    (folder / "statements").mkdir()
    with (folder / "statements" / "a.yaml").open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)


CASES: dict[str, list[Case]] = {
    "P001": [
        Case("a link that leads out of the folder", {}, _link_out),
        Case("a folder that is a link", {}, _link_folder_out),
        Case("an ontology elsewhere", settings("") | {"onrecord.yaml": "ontologies: [../other.ttl]\n"}, None),
    ],
    "P002": [
        Case("links in a ring", {}, _loop),
        Case("a link to nothing", {}, _nowhere),
        Case("a name in Latin-1", {}, _badly_named),
    ],
    "P003": [
        Case("a folder called a.yaml", {}, _folder_as_file),
        Case("a file called statements", {}, _file_as_folder),
    ],
    "P004": [Case("64 MiB and one byte", {}, _huge)],
    "P005": [
        Case("Latin-1", whole(b"source: letter\nstatements:\n  - triple: [Ros\xe9, tends, plot 7]\n")),
        Case("a cut character, after a wide one", whole("source: letter\nnote: ü—".encode() + b"\xe2\x80")),
        Case("an archived text", texted("letter.txt") | {"sources/letter.txt": b"a\xe9"}, checked=True),
    ],
    "P006": [
        Case("NUL", whole("source: letter\nstatements: \0\n")),
        Case("an escaped NUL in YAML", statements('  - triple: [Rose, tends, "plot\\07"]\n')),
        Case("a control character of C1", statements("  - triple: [Rose, tends, plot\u00927]\n")),
        Case(
            "an escaped control character in JSON", lines('{"source":"letter","triple":["Rose","te\\u001fnds","b"]}\n')
        ),
        Case("one in Parquet", parquet(source=["letter"], subject=["Ro\0se"], predicate=["tends"], object=["plot 7"])),
        Case("one in Turtle", turtle('st:1 onr:quote "a\\u0001b"@en .\n')),
    ],
    "P007": [Case("a file of another kind", {"statements/notes.txt": "hello\n"})],
    "P008": [
        Case("up and away", texted("../letter.txt"), checked=True),
        Case("from the root", texted("/etc/hostname"), checked=True),
        Case("from another machine", texted("http://example.org/letter.txt"), checked=True),
    ],
    "P009": [
        Case("another suffix", {"entities.yml": "- {id: rose}\n"}),
        Case("a singular", {"statement/a.yaml": "source: letter\n", "question/q.rq": "ASK {}\n"}),
        Case("capitals", {"Sources.yaml": "[]\n", "Ontology/a.ttl": "", "EVIDENCE.LOCK": ""}),
        Case("another language", {"judgments.yaml": "[]\n"}),
        Case("an ontology that no setting names", {"ontology/shed.ttl": "", "ontology/shed.shapes.ttl": ""}),
    ],
    "P010": [
        Case("a bracket that is not closed", statements("  - triple: [Rose, tends, plot 7\n")),
        Case("a bracket that is closed too often", statements("  - triple: [Rose, tends, plot 7]]\n")),
        Case("indented too little", statements("  - triple: [Rose, tends, plot 7]\n quote: words\n")),
    ],
    "P011": [Case("a key twice", statements(f"{ONE}    quote: one\n    quote: two\n"))],
    "P012": [Case("tags", statements(f"{ONE}    note: !!str yes\n    quote: !mine\n      - words\n"))],
    "P013": [Case("an anchor and an alias", statements(f"{ONE}    said by: &who Basil\n    via: *who\n"))],
    "P014": [Case("a tab", statements(f"{ONE}\tquote: words\n"))],
    "P015": [Case("two documents", statements(f"{ONE}---\nsource: other\n"))],
    "P016": [
        Case("in YAML", statements("  - triple: " + "[" * 30 + "\n")),
        Case("in JSON", lines('{"source": "letter", "triple": ' + "[" * 30 + "]" * 30 + "}\n")),
        Case("in JSON, past the reader's own limit", lines("[" * 100_000 + "\n")),
    ],
    "P017": [Case("a line separator", statements(f"{ONE}    quote: one\u2028two\n"))],
    "P018": [
        Case("a quote that begins with a quotation mark", statements(f'{ONE}    quote: "I will" she said\n')),
        Case("a quote with a colon", statements(f"{ONE}    quote: she said: I will\n")),
        Case("a quote that begins with a bracket", statements(f"{ONE}    quote: [...] will come\n")),
        Case("a quote that begins with an at sign", statements(f"{ONE}    quote: @home\n")),
        Case("in a list", statements(f"{ONE}    quote:\n      - note: a: b\n")),
    ],
    "P020": [
        Case("in a statement", statements(f"{ONE}    sttus: expected\n    qqqq: 1\n")),
        Case("in a source", whole("source: {id: letter, titel: A letter, qqqq: 1}\nstatements: []\n")),
        Case("in a file", whole("source: letter\nstatement: []\n"), among_others=True),
    ],
    "P021": [
        Case("a statement without a triple", statements("  - quote: words\n")),
        Case("a statement without an object", statements("  - {subject: Rose, predicate: tends}\n")),
        Case("a source without an id", whole("source: {title: A letter}\nstatements: []\n")),
        Case("a file without a source", whole("statements: []\n")),
        Case("entities without id, label, type", entities("- {label: Rose, type: person}\n- {id: rose}\n")),
        Case(
            "a speaker without a label",
            whole("source: {id: letter, speakers: [{id: a}, {label: b}]}\nstatements: []\n"),
        ),
        Case(
            "a left-out sentence without a reason", whole("source: {id: a, left out: [{quote: b}]}\nstatements: []\n")
        ),
        Case("a row of CSV without a source", table("source,subject,predicate,object\n,Rose,tends,plot 7\n")),
        Case("a line of JSON without a source", lines('{"triple": ["Rose", "tends", "plot 7"]}\n')),
        Case("a row of Parquet without a source", parquet(subject=["Rose"], predicate=["tends"], object=["plot 7"])),
    ],
    "P022": [
        Case("a file that is a list", whole("- source: letter\n")),
        Case("statements that are no list", whole("source: letter\nstatements: {a: b}\n")),
        Case("a statement that is a text", statements("  - Rose tends plot 7\n")),
        Case("a list as a key", statements("  - [a, b]: c\n    triple: [Rose, tends, plot 7]\n"), among_others=True),
        Case("a list where a text belongs", statements(f"{ONE}    status: [a, b]\n    said by: [[a]]\n")),
        Case("a predicate that is a list", statements("  - triple: [Rose, [a, b, c], plot 7]\n")),
        Case("a source that is a list", whole("source: [letter]\nstatements: []\n")),
        Case("a source with a list as its title", whole("source: {id: letter, title: [a]}\nstatements: []\n")),
        Case("speakers that are no list", whole("source: {id: letter, speakers: a}\nstatements: []\n")),
        Case("a speaker that is a text", whole("source: {id: letter, speakers: [a]}\nstatements: []\n")),
        Case("entities that are no list", entities("id: rose\n")),
        Case("an entity that is a text", entities("- rose\n")),
        Case("a type that is a mapping", entities("- {id: rose, label: Rose, type: {a: b}}\n")),
        Case("sources that are no list", {"sources.yaml": "id: letter\n"}),
        Case("a line of JSON that is a list", lines('["Rose", "tends", "plot 7"]\n7\n')),
        Case("settings with a list as the title", settings("").copy() | {"onrecord.yaml": "title: [a]\n"}),
        Case("settings with a mapping of languages", settings("languages: {en: English}\n")),
        Case("settings with a nested list of languages", settings("languages: [en, [de]]\n")),
        Case("settings with a mapping of ontologies", {"onrecord.yaml": "ontologies: [{a: b}]\n"}),
        Case("an assert policy that is a list", settings("assert policy: [stated]\n")),
    ],
    "P023": [
        Case("four parts", statements("  - triple: [Rose, Marsh, tends, plot 7]\n")),
        Case("two parts", statements("  - triple: [Rose, tends]\n  - triple: Rose tends plot 7\n")),
        Case("two parts in a nested triple", statements("  - triple: [Rose, believes, [Basil, tends]]\n")),
    ],
    "P024": [
        Case("an empty quote", statements(f"{ONE}    quote:\n    note: ''\n")),
        Case("an empty title", whole("source: {id: letter, title: ''}\nstatements: []\n")),
        Case("an empty alias", entities("- {id: rose, label: Rose, type: person, aliases: ['']}\n")),
        Case("a null in a list of JSON", lines('{"source":"a","triple":["Rose","tends",null]}\n')),
    ],
    "P025": [Case("a quote in square brackets", statements(f"{ONE}    quote: [...]\n"))],
    "P026": [
        Case("triple and subject", statements(f"{ONE}    subject: Rose\n")),
        Case("language and languages", settings("language: en\nlanguages: [de]\n")),
    ],
    "P027": [
        Case("a status inside", statements("  - triple: [Rose, believes, {triple: [a, tends, b], status: denied}]\n")),
    ],
    "P028": [
        Case("a quote", statements(f"{ONE}    quote: the plot #7 is\n")),
        Case("a condition", statements(f"{ONE}    on condition: if #7 is free\n")),
        Case("a qualifier", statements(f"{ONE}    in the words: the #1 plot\n")),
        Case("an object", statements("  - subject: Rose\n    predicate: tends\n    object: plot #7\n")),
        Case("a title", whole("source:\n  id: letter\n  title: Letter #2\nstatements: []\n")),
        Case("a label and an alias", entities("- id: a\n  label: Plot #7\n  type: plot\n  aliases:\n    - Bed #7\n")),
        Case("the graph's title", {"onrecord.yaml": "title: Garden #1\n"}),
    ],
    "P029": [Case("not: yes", statements(f"{ONE}    not: yes\n"))],
    "P030": [
        Case("a source's id", whole("source: {id: a letter}\nstatements: []\n")),
        Case("an entity's id", entities("- {id: ../rose, label: Rose, type: person}\n")),
        Case(
            "a source's id in Turtle",
            turtle("<https://example.org/garden/source/a/../b> a onr:Source .\n"),
        ),
        Case(
            "a speaker's id in Turtle",
            turtle(
                "source:letter a onr:Source .\n<https://example.org/garden/entity/letter:x%20y> a onr:UnnamedSpeaker ;"
                " <http://www.w3.org/2000/01/rdf-schema#label> 'x' .\n"
            ),
        ),
        Case("a statement's id in Turtle", turtle("st:1 <http://purl.org/dc/terms/identifier> 'a b' .\n")),
        Case("a speaker's id", whole("source: {id: a, speakers: [{id: -, label: b}]}\nstatements: []\n")),
    ],
    "P031": [
        Case(
            "a source described twice",
            {
                "sources.yaml": "- {id: letter, title: A}\n",
                "statements/a.yaml": "source: {id: letter}\nstatements: []\n",
            },
        ),
        Case(
            "a speaker twice", whole("source: {id: a, speakers: [{id: b, label: c}, {id: b, label: d}]}\nstatements:\n")
        ),
    ],
    "P032": [
        Case("an empty YAML file", whole(" \n\n")),
        Case("no statements", whole("source: letter\n")),
        Case("an empty CSV file", table("\n")),
        Case("an empty JSON Lines file", lines("")),
        Case("a Turtle file without statements", turtle("", whole=False)),
    ],
    "P033": [
        Case("a word", entities("- {id: a, label: b, type: person, same as: [Q42]}\n")),
        Case("a broken escape", entities("- {id: a, label: b, type: person, same as: 'http://example.org/%'}\n")),
    ],
    "P034": [Case("English", entities("- {id: a, label: {English language: b}, type: person}\n"), among_others=True)],
    "P041": [
        Case("a bracket that is not closed", table('source,subject,predicate,object\na,"[Rose",tends,plot 7\n')),
        Case("a comment", table('source,subject,predicate,object\na,"[a, tends, b] # c",tends,plot 7\n')),
        Case("in Parquet", parquet(source=["a"], subject=["[Rose"], predicate=["tends"], object=["plot 7"])),
    ],
    "P042": [
        Case("too many", table("source,subject,predicate,object\na,Marsh, Rose,tends,plot 7\n")),
        Case("too few", table("source,subject,predicate,object\na,Rose,tends\n")),
    ],
    "P043": [
        Case("a quote that is not closed", table('source,subject,predicate,object\na,"Rose,tends,plot 7\n')),
        Case("a quote in the middle", table('source,subject,predicate,object\na,"Rose"s,tends,plot 7\n')),
    ],
    "P044": [
        Case("the same name twice", table("source,subject,subject\n")),
        Case("the same but for an underscore", table("source,said by,said_by\n")),
        Case("no name", table("source,,subject\n")),
        Case("in Parquet", parquet(source=["a"], said_by=["b"], **{"said by": ["c"]})),
    ],
    "P045": [
        Case("a comma is missing", lines('{"source": "a" "triple": []}\n')),
        Case("single quotes", lines("{'source': 'a'}\n")),
    ],
    "P046": [
        Case("a key twice", lines('{"source": "a", "source": "b"}\n')),
        Case("the same but for an underscore", lines('{"source": "a", "said by": "b", "said_by": "c"}\n')),
        Case("NaN", lines('{"source": "a", "triple": ["Rose", "height in metres", NaN]}\n')),
        Case("half a pair", lines('{"source": "a", "triple": ["Rose", "tends", "\\ud83d"]}\n')),
    ],
    "P047": [
        Case("a text", {"statements/a.parquet": b"source,subject,predicate,object\na,b,c,d\n"}),
        Case("cut short", {"statements/a.parquet": parquet(source=["a"])["statements/a.parquet"][:-8]}),
    ],
    "P048": [
        Case("a column of floats", parquet(source=["a"], note=[1.5])),
        Case("a column of structs", parquet(source=["a"], note=[{"b": 1}])),
    ],
    "P049": [
        Case("a verb is missing", turtle("st:1 onr:quote .\n")),
        Case("a triple term", turtle("st:1 rdf:reifies <<( entity:rose gar:tends entity:plot-7 )>> .\n")),
    ],
    "P051": [
        Case("another base", {"statements/a.ttl": turtle("")["statements/a.ttl"].replace("garden/s", "other/s")}),  # type: ignore[union-attr,arg-type]
        Case("a source of another base", turtle("<https://example.org/other/source/a> a onr:Source .\n")),
        Case("a statement without an IRI", turtle("[] a onr:Statement .\n")),
    ],
    "P052": [
        Case("no proposition", turtle("st:2 a onr:Statement ; prov:wasQuotedFrom source:letter .\n")),
        Case("a proposition elsewhere", turtle(TURTLE_STATEMENT, whole=False)),
        Case("a condition elsewhere", turtle("st:1 onr:condition prop:2 .\n")),
        Case("a selector of nothing", turtle("st:1 onr:selector st:3 .\n")),
        Case("no type", turtle("st:2 prov:wasQuotedFrom source:letter ; onr:proposition prop:1 .\n")),
        Case(
            "a speaker without a label",
            turtle(
                "source:letter a onr:Source .\n<https://example.org/garden/entity/letter:x> a onr:UnnamedSpeaker .\n"
            ),
        ),
    ],
    "P053": [
        Case("a misspelt property", turtle("st:1 onr:saidBye entity:rose .\n")),
        Case(
            "a qualifier of an ontology that is not loaded",
            turtle("prop:1 <https://a.example/at> prop:1 ."),
        ),
        Case("something else on a statement", turtle("st:1 <https://a.example/at> entity:rose .")),
        Case("a property that is no qualifier", turtle("prop:1 gar:attends entity:summer-show .\n")),
        Case("a property of a statement that is no qualifier", turtle("st:1 gar:attends entity:summer-show .\n")),
        Case("something else on a source", turtle("source:letter a onr:Source ; onr:publishedBy 'x' .")),
    ],
    "P054": [
        Case("two statuses", turtle("st:1 onr:status onr:denied .\n")),
        Case("two objects", turtle("prop:1 rdf:object entity:plot-8 .\n")),
        Case(
            "two titles",
            turtle("source:letter a onr:Source ; <http://purl.org/dc/terms/title> 'a', 'b' .\n"),
        ),
    ],
    "P055": [
        Case("a truth that is none", turtle("st:1 onr:negated 'yes' .\n")),
        Case(
            "an IRI for a value",
            turtle(TURTLE_STATEMENT + TURTLE_PROPOSITION.replace("gar:tends", "gar:height"), whole=False),
        ),
        Case("a value for an entity", turtle(TURTLE_STATEMENT + triple_node("gar:tends", "'plot 7'"), whole=False)),
        Case("another datatype", turtle(TURTLE_STATEMENT + triple_node("gar:height", "1"), whole=False)),
        Case("no language", turtle(TURTLE_STATEMENT + triple_node("gar:motto", "'dig'"), whole=False)),
        Case("another language", turtle("source:letter a onr:Source .\nst:1 gar:inTheWords 'creuser'@fr .\n")),
    ],
    "G001": [
        Case("empty settings", {"onrecord.yaml": ""}),
        Case("a list of settings", {"onrecord.yaml": "- title\n"}),
    ],
    "G002": [
        Case("an unknown setting", settings("tittle: A\n")),
        Case("an unknown voice", settings("assert policy: {his voice: [stated]}\n")),
    ],
    "G003": [
        Case("no IRI", {"onrecord.yaml": "base: garden\n"}),
        Case("an end to which nothing can be added", {"onrecord.yaml": "base: https://example.org/garden\n"}),
        Case("a broken escape", {"onrecord.yaml": "base: https://example.org/%/\n"}),
        Case("a file on this machine", {"onrecord.yaml": "base: file:///garden/\n"}),
    ],
    "G004": [Case("a name", settings("languages: [en, 'British English']\n"))],
    "G005": [
        Case("a place", settings("time zone: The garden\n")),
        Case("a folder", settings("time zone: Europe\n")),
        Case("a way out", settings("time zone: ../../etc/passwd\n")),
    ],
    "G006": [
        Case("misspelt", {"onrecord.yaml": "ontologies: [gardn]\n"}),
        Case("unlike any", {"onrecord.yaml": "ontologies: [../x.ttl]\n"}),
        Case("too long for a file", {"onrecord.yaml": f"ontologies: [{'a' * 300}]\n"}),
    ],
    "G007": [
        Case("statuses that assert nothing", settings("assert policy: {own voice: yes, speaker: [denied, true]}\n"))
    ],
    "G008": [
        Case("values out of range", settings("quote limits: {words: 0, share: 1.5}\n")),
        Case("words for numbers", settings("quote limits: {words: many, share: nan, lines: 3}\n")),
        Case("a text", settings("quote limits: none\n")),
    ],
    "O001": [
        Case(
            "no ontology in the file", {"ontology/garden.ttl": "<https://example.org/a> a <https://example.org/b> .\n"}
        ),
        Case("an empty file", {"ontology/garden.ttl": ""}),
    ],
    "O002": [
        Case("a verb is missing", {"ontology/garden.ttl": "<https://example.org/a>\n    a .\n"}),
        Case("a long list", {"ontology/garden.ttl": f"<https://example.org/a> <b> ({' 1' * 101}) .\n"}),
        Case("a triple term", {"ontology/garden.ttl": "<https://example.org/a> <b> <<( <c> <d> <e> )>> .\n"}),
    ],
}
