"""Owns the small graph that tests start from: a garden society, its plots and its show.

Import it with ``from small_graph import write_graph``, or take the fixture ``graph_folder``, which
holds the graph as it stands here: two sources and five statements. Its one problem is the warning
E010, because ``evidence.lock`` is not written yet.

    folder = write_graph(tmp_path / "garden", **{"statements/letter.yaml": "..."})

A file that is named replaces the one of :data:`FILES`, or comes on top; ``None`` leaves it out;
bytes are written as they are, text as UTF-8 with its line ends kept. ``write_only`` starts from
the settings and the ontology alone, without entities and statements.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SETTINGS = """\
title: The garden society
description: Who tends what, and who says so.
base: https://example.org/garden/
ontologies: [garden]
languages: [en]
time zone: Europe/London
curator: Ada
"""

ONTOLOGY = """\
@prefix gar: <https://example.org/garden-terms#> .
@prefix onr: <https://w3id.org/onrecord/ns#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix vann: <http://purl.org/vocab/vann/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<https://example.org/garden-terms> a owl:Ontology ;
    vann:preferredNamespacePrefix "gar" ;
    vann:preferredNamespaceUri "https://example.org/garden-terms#" .

gar:Person a owl:Class ; rdfs:label "person"@en ; rdfs:subClassOf prov:Agent .
gar:Society a owl:Class ; rdfs:label "society"@en ; rdfs:subClassOf prov:Agent .
gar:Plot a owl:Class ; rdfs:label "plot"@en ; skos:altLabel "bed"@en .
gar:Show a owl:Class ; rdfs:label "show"@en .
gar:Plan a owl:Class ; rdfs:label "plan"@en ; rdfs:subClassOf onr:Provision .

gar:memberOf a owl:ObjectProperty ; rdfs:label "member of"@en ;
    rdfs:domain gar:Person ; rdfs:range gar:Society .
gar:chairs a owl:ObjectProperty ; rdfs:label "chairs"@en ; rdfs:subPropertyOf gar:memberOf ;
    rdfs:domain gar:Person ; rdfs:range gar:Society .
gar:tends a owl:ObjectProperty ; rdfs:label "tends"@en ; skos:altLabel "tended"@en, "tend"@en ;
    rdfs:domain gar:Person ; rdfs:range gar:Plot .
gar:attends a owl:ObjectProperty ; rdfs:label "attends"@en ;
    rdfs:domain prov:Agent ; rdfs:range gar:Show .
gar:height a owl:DatatypeProperty ; rdfs:label "height in metres"@en ; rdfs:range xsd:decimal .
gar:motto a owl:DatatypeProperty ; rdfs:label "motto"@en ; rdfs:range rdf:langString .
gar:heldOn a owl:DatatypeProperty ; rdfs:label "held on"@en ; rdfs:domain gar:Show ; rdfs:range xsd:date .

gar:believes a owl:ObjectProperty, onr:Stance ; rdfs:label "believes"@en ; skos:altLabel "believe"@en .
gar:supports a owl:ObjectProperty, onr:Stance ; rdfs:label "supports"@en ; owl:propertyDisjointWith gar:opposes .
gar:opposes a owl:ObjectProperty, onr:Stance ; rdfs:label "opposes"@en .

gar:for a owl:ObjectProperty, onr:RestrictiveQualifier ; rdfs:label "for"@en ; rdfs:range prov:Agent .
gar:inTheWords a owl:DatatypeProperty, onr:AdditiveQualifier ; rdfs:label "in the words"@en ;
    rdfs:range rdf:langString .
"""

ENTITIES = """\
- id: rose
  label: Rose Marsh
  type: person
  aliases: [Rose, Mrs Marsh]

- id: basil
  label: Basil Thorn
  type: person

- id: society
  label: Garden Society
  type: society

- id: plot-7
  label: plot 7
  type: plot

- id: summer-show
  label: summer show
  type: show

- id: hose-ban
  label: hose ban
  type: plan
"""

LETTER = """\
source:
  id: letter
  title: A letter to the members
  publisher: Garden Society
  published: 2024-06-01
  text: letter.txt
  speakers:
    - id: neighbour
      label: a neighbour

statements:
  - triple: [Rose Marsh, chairs, Garden Society]
    quote: our chairwoman, Rose Marsh

  - id: tending
    triple: [Basil Thorn, tends, plot 7]
    said by: a neighbour
    quote: Basil Thorn is the one who tends plot 7

  - triple: [Rose Marsh, attends, summer show]
    status: expected
    for: Garden Society
    when: 2024-07-06/2024-07-07
    quote: Mrs Marsh is expected at the summer show
"""

LETTER_TEXT = """\
To all members of the Garden Society.

It has been a dry spring and the water butts are low, writes our chairwoman, Rose Marsh, who has
held the post since the society was founded under the old lime tree. A neighbour told her that
Basil Thorn is the one who tends plot 7, and the register in the shed names nobody else; the
pages for the last two years are missing altogether.

Mrs Marsh is expected at the summer show, where she will give out the cups on both days, rain or
shine, and hopes to see every one of you there with something you have grown yourselves.
"""

MINUTES = """\
source:
  id: minutes
  title: Minutes of the meeting
  publisher: Garden Society
  published: 2024-06-09
  text: minutes.txt

statements:
  - triple: [Rose Marsh, believes, [Basil Thorn, opposes, hose ban]]
    quote: Mrs Marsh believes that Mr Thorn is against the hose ban

  - triple: [Basil Thorn, supports, hose ban]
    status: claimed
    said by: Basil Thorn
    in the words: I am all for it
    quote: “I am all for it,” Mr Thorn claimed
"""

MINUTES_TEXT = """\
Minutes of the meeting of 8 June, taken by the treasurer.

There was one item on the list. Mrs Marsh believes that Mr Thorn is against the hose ban, which
the committee had put forward in May after the second dry month in a row. “I am all for it,”
Mr Thorn claimed; he had only asked who would read the meters on Sundays. The meeting then went
on to the price of seed potatoes, to the broken gate, and to the question of who has the key.
"""

BARE: dict[str, str] = {"onrecord.yaml": SETTINGS, "ontology/garden.ttl": ONTOLOGY}
"""Settings and ontology; a graph of nothing."""

FILES: dict[str, str] = {
    **BARE,
    "entities.yaml": ENTITIES,
    "statements/letter.yaml": LETTER,
    "statements/minutes.yaml": MINUTES,
    "sources/letter.txt": LETTER_TEXT,
    "sources/minutes.txt": MINUTES_TEXT,
}
"""The whole small graph."""


def write_graph(folder: Path, **files: str | bytes | None) -> Path:
    """Write the small graph into ``folder``, with ``files`` in place of or beside its own."""
    return _write(folder, {**FILES, **files})


def write_only(folder: Path, **files: str | bytes | None) -> Path:
    """Write a graph that holds its settings, its ontology and ``files``, and nothing else."""
    return _write(folder, {**BARE, **files})


def _write(folder: Path, files: Mapping[str, str | bytes | None]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if content is None:
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return folder
