"""Owns the servers that tests of remote stores share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from onrecord.scale.server import Server
from servers import oxigraph, virtuoso


@pytest.fixture(scope="session")
def oxigraph_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with oxigraph(tmp_path_factory.mktemp("oxigraph")) as root:
        yield root


@pytest.fixture(scope="session")
def virtuoso_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with virtuoso(tmp_path_factory.mktemp("virtuoso")) as root:
        yield root


@pytest.fixture(params=["oxigraph", "virtuoso"])
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
