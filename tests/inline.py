"""Owns graphs that a test writes inline: a list of statements in, a loaded graph out.

Leaves the garden they are about to ``small_graph``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

import polars as pl

import onrecord
from onrecord.build import Loaded, load
from onrecord.errors import Problem, Problems, sort_problems
from onrecord.graph import Graph
from onrecord.model import statements_only
from onrecord.project import open_project
from small_graph import ENTITIES, ONTOLOGY, SETTINGS, write_graph

BASE = "https://example.org/garden/"
LETTER_HEAD = """\
source:
  id: letter
  title: A letter to the members
  published: 2024-06-01
"""
MINUTES_HEAD = """\
source:
  id: minutes
  title: Minutes of the meeting
  published: 2024-06-09
"""
MORE_TERMS = (
    ONTOLOGY
    + """
gar:count a owl:DatatypeProperty ; rdfs:label "counts"@en ; rdfs:range xsd:integer .
gar:isOpen a owl:DatatypeProperty ; rdfs:label "is open"@en ; rdfs:range xsd:boolean .
gar:code a owl:DatatypeProperty ; rdfs:label "has the code"@en ; rdfs:range xsd:string .
gar:at a owl:ObjectProperty, onr:RestrictiveQualifier ; rdfs:label "at"@en .
gar:how a owl:DatatypeProperty, onr:RestrictiveQualifier ; rdfs:label "how"@en ; rdfs:range rdf:langString .
gar:beside a owl:ObjectProperty, onr:AdditiveQualifier ; rdfs:label "beside"@en .
"""
)


def notes(statements: str, head: str = LETTER_HEAD) -> str:
    """A statement file: ``head`` and the list ``statements``, indented as it should be."""
    return f"{head}statements:\n{indent(dedent(statements).strip(chr(10)), '  ')}\n"


def write_notes(folder: Path, statements: str, **files: str | bytes | None) -> Path:
    """The garden with ``statements`` as its letter, no minutes, no curator, and more terms in its ontology."""
    plain: dict[str, str | bytes | None] = {
        "onrecord.yaml": SETTINGS.replace("curator: Ada\n", ""),
        "statements/letter.yaml": notes(statements),
        "statements/minutes.yaml": None,
        "sources/letter.txt": None,
        "sources/minutes.txt": None,
        "ontology/garden.ttl": MORE_TERMS,
    }
    return write_graph(folder, **{**plain, **files})


@dataclass
class Notes:
    """A loaded graph with what tests ask of it."""

    loaded: Loaded
    folder: Path

    @property
    def table(self) -> pl.DataFrame:
        """All rows."""
        return self.loaded.resolved.statements

    @property
    def own(self) -> pl.DataFrame:
        """The statements."""
        return statements_only(self.table)

    @property
    def problems(self) -> list[Problem]:
        """What loading found."""
        return self.loaded.problems

    @property
    def codes(self) -> list[str]:
        """The codes of what loading found."""
        return [problem.code for problem in self.problems]

    def column(self, name: str) -> list[object]:
        """A column of the statements."""
        return self.own[name].to_list()

    def graph(self) -> Graph:
        """The Python door to the folder."""
        return onrecord.open(self.folder)


def load_folder(folder: Path) -> Notes:
    """Parse and resolve the graph in ``folder``."""
    problems = Problems()
    return Notes(load(open_project(folder, problems), problems), folder)


def load_notes(folder: Path, statements: str, **files: str | bytes | None) -> Notes:
    """Write ``statements`` into ``folder`` and load it."""
    return load_folder(write_notes(folder, statements, **files))


def sound(folder: Path, statements: str, **files: str | bytes | None) -> Notes:
    """Like :func:`load_notes`, and nothing is wrong."""
    found = load_notes(folder, statements, **files)
    assert found.problems == []
    return found


def render(problems: list[Problem]) -> str:
    """Problems as the command line prints them."""

    def line_of(file: str, line: int) -> str | None:
        lines = Path(file).read_text("utf-8").split("\n")
        return lines[line - 1] if line <= len(lines) else None

    return "".join(problem.render(line_of) + "\n" for problem in sort_problems(problems))


def contents(folder: Path) -> Mapping[str, bytes]:
    """Every ordinary file in ``folder``, also by a link that leads to one; stores and lock files aside."""
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.startswith(".")
    }


RICH = """
- id: chairing
  triple: [Rose Marsh, chairs, Garden Society]
  quote: our chairwoman
  locator: p. 1
  note: |-
    two lines,
    one "quoted" \\ and a tab:\tend
  curator: Ben
  curated: 2024-06-02

- triple: [Rose, chairs, Garden Society]
  quote: Mrs Marsh, in the chair
  hedge: as they say
  recorded: 2024-06-20

- id: tending
  triple: [Basil Thorn, tends, plot 7]
  said by: [a neighbour, Rose]
  via: [Garden Society, Basil Thorn, Garden Society]
  said when: 2024-05-30
  said at: summer show
  said to: [Garden Society, Rose]
  origin: Garden Society
  translation: he tends it
  quote:
    - he is the one
    - |-
      who “tends” it – naïve 🌱

- triple: [Rose, attends, summer show]
  status: expected
  for: [Garden Society, Rose]
  how: gladly
  beside: Basil Thorn
  in the words: with “joy”
  when: 2024-07-06/2024-07-07
  when text: that weekend
  on condition: if it's dry
  quote: is expected
  prefix: Marsh
  suffix: at the

- triple: [Rose, attends, summer show]
  for: Garden Society
  quote: was there

- triple: [Rose, believes, [Basil Thorn, believes, {triple: [Rose, attends, summer show], for: Garden Society}]]
  on condition: statement:tending
  status: claimed
  said by: Rose
  not: true
  when: "[2024-06..]"
  quote: she believes

- triple: [Basil Thorn, opposes, hose ban]
  status: denied
  said by: Basil Thorn
  via: Garden Society
  quote: he denies it

- triple: [plot 7, height in metres, "1.50"]
  quote: a metre and a half
- triple: [plot 7, counts, "010"]
  quote: ten
- triple: [plot 7, is open, "1"]
  quote: open
- triple: [plot 7, is open, "true"]
  quote: yes
- triple: [plot 7, has the code, "NO"]
  quote: no
- triple: [plot 7, has the code, "+1"]
  quote: plus one
- triple: [plot 7, motto, "a \\"b\\" \\\\ c\\nd\\te <é>&\\u00a0🌱"]
  quote: the motto
- triple: [summer show, held on, "2024-07-06"]
  quote: on that day
"""
"""Every field and kind of value at least once."""

RICH_HEAD = (
    LETTER_HEAD
    + """\
  publisher: "Thorn & Sons <press>"
  author: Ada
  url: https://example.org/letter?a=1&b=2
  licence: CC0-1.0
  retrieved: 2024-06-03
  language: en-GB
  sha256: 0f343b0931126a20f133d67c2b018a3b5b2b5fa4a6bd3c4a1d5b3a3c4d5e6f70
  origin: [Garden Society, Rose]
  note: kept in the shed
  speakers:
    - id: neighbour
      label: a neighbour
      note: she did not say more
"""
)

RICH_MINUTES = notes(
    """
- triple: [Rose Marsh, chairs, Garden Society]
  quote: in the chair
- triple: [Basil Thorn, tends, plot 7]
  said by: a neighbour
  quote: says a neighbour
- triple: [source:letter, precedes, summer show]
  quote: as the letter said
""",
    MINUTES_HEAD + "  speakers:\n    - id: neighbour\n      label: a neighbour\n      type: person\n",
)

RICH_TERMS = MORE_TERMS + 'gar:precedes a owl:ObjectProperty ; rdfs:label "precedes"@en .\n'

RICH_ENTITIES = (
    ENTITIES
    + """
- id: hut
  label: {en: tool shed, nb: redskapsbod}
  type: [plot, show]
  aliases: {nb: [bod], en: [the shed]}
  same as: [http://www.wikidata.org/entity/Q42]
  note: behind the lime tree
"""
)


def rich_files() -> dict[str, str | bytes | None]:
    """The files of the rich graph, on top of :func:`write_notes`."""
    return {
        "statements/letter.yaml": notes(RICH, RICH_HEAD),
        "statements/minutes.yaml": RICH_MINUTES,
        "ontology/garden.ttl": RICH_TERMS,
        "entities.yaml": RICH_ENTITIES,
    }


def rich(folder: Path, **files: str | bytes | None) -> Notes:
    """The rich graph, loaded; nothing is wrong with it."""
    return sound(folder, "", **{**rich_files(), **files})
