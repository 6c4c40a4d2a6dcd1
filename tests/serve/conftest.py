"""Owns the server that the tests of ``serve`` share: the small graph with two questions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from serving import Server, serving
from small_graph import write_graph

QUESTIONS = {
    "questions/who-tends.rq": (
        "#+ title: Who tends a plot?\n#+ defaults:\n#+   - plot: plot 7\n"
        "SELECT ?who WHERE { ?s onr:proposition ?p .\n"
        "?p rdf:subject ?who ; rdf:predicate gar:tends ; rdf:object ?_plot_iri }\n"
    ),
    "questions/at-the-show.rq": (
        "#+ title: Who is at the show, if what is expected comes?\n#+ include: [expected]\n"
        "SELECT ?who WHERE { ?who gar-q:attends ?p }\n"
    ),
    "questions/on-record-by.rq": (
        "#+ title: What was on record by a day?\nSELECT ?s WHERE { ?s onr:recorded ?day FILTER(?day <= ?_day_date) }\n"
    ),
    "questions/as-triples.rq": (
        "#+ title: Everything on a person, as a graph\n#+ defaults:\n#+   - who: Rose Marsh\n"
        "CONSTRUCT { ?_who_iri ?p ?o } WHERE { ?_who_iri ?p ?o }\n"
    ),
}


@pytest.fixture(scope="session")
def garden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The small graph, served; no test changes its files."""
    folder = write_graph(tmp_path_factory.mktemp("served") / "garden", **QUESTIONS)
    with serving(folder, "--timeout", "2", "--no-watch", "--max-rows", "5000") as server:
        yield server
