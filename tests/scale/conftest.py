"""Owns the servers that tests of remote stores share, and the graph whose names are hard."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from onrecord.scale.server import Server
from servers import oxigraph, virtuoso
from small_graph import ENTITIES, write_graph

REGISTER = "- {id: register, title: The register, published: 2024-06-10, origin: [Mrs Marsh]}\n"
ALIKE = """
- {id: ivy, type: person, label: Ivy Chair, aliases: [R. Marsh, rose, chair]}
- {id: chair, type: person, label: R. Marsh, aliases: [Thorn]}
- {id: thorn, type: person, label: Jo Thorn, aliases: [Thorn, "Jo: the younger"]}
"""
HEAD = "id,source,subject,predicate,object,said by,via,said to,for,locator\n"
NAMED = """\
,register,R. Marsh,chairs,Garden Society,,,,,ambiguous
,register,Mrs Marsh,tends,plot 7,Thorn,,,,ambiguous speaker
,register,Rose Mash,tends,plot 7,Basl Thorn | chair,Nobody At All,,,unknown
,register,:basil,tends,plot 7,<https://example.org/garden/entity/rose>,,Jo: the younger,,addresses
,register,rose marsh,tends,plot seven,,,R.  Marsh,,letters
,register,rose,chairs,Garden Society,thorn,,,,an id that is a name too
,register,Basil Thorn,attends,summer show,,,,Garden Sociaty,a qualifier
tended,register,Jo Thorn,tends,plot 7,,,,,referred to
"""
REFERRING = """\
{"source": "register", "subject": "basil", "predicate": "believes", "object": "statement:tended", "locator": "a"}
{"source": "register", "locator": "b", "subject": "basil", "predicate": "opposes", "object": ["ivy", "tends", "plot 7"]}
"""


@pytest.fixture(scope="module", autouse=True)
def left_open() -> Iterator[None]:
    """What a module leaves open is told at its end: a warning there is an error, and no other module's."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def oxigraph_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with oxigraph(tmp_path_factory.mktemp("oxigraph")) as root:
        yield root


@pytest.fixture(scope="session")
def virtuoso_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with virtuoso(tmp_path_factory.mktemp("virtuoso")) as root:
        yield root


@pytest.fixture(params=["oxigraph", pytest.param("virtuoso", marks=pytest.mark.slow)])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server that holds nothing of ours."""
    monkeypatch.setenv("ONRECORD_STORE_USER", "dba")
    monkeypatch.setenv("ONRECORD_STORE_PASSWORD", "dba")
    root = request.getfixturevalue(f"{request.param}_server")
    with Server(root) as there:
        for row in there.select("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }"):
            if row["g"]["value"].startswith(("https://example.org/", "https://w3id.org/onrecord")):
                there.drop_graph(row["g"]["value"])
    yield root


@pytest.fixture
def named_graph(tmp_path: Path) -> Path:
    """Names that are shared, misspelt, addresses, nested, in rows that other files refer to: each alone in a file."""
    named = {f"statements/named-{at}.csv": HEAD + row for at, row in enumerate(NAMED.splitlines(keepends=True))}
    return write_graph(
        tmp_path / "garden",
        **{
            "sources.yaml": REGISTER,
            "entities.yaml": ENTITIES + ALIKE,
            **named,
            "statements/referring.jsonl": REFERRING,
        },
    )
