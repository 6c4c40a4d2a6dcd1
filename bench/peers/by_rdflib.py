"""The dataset with rdflib, as a user would write it: ``by_rdflib.py TABLES OUT``.

Leaves the tables to ``bench/peers.py``.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

from rdflib import Dataset, Literal, URIRef


def term(value: str, kind: str) -> URIRef | Literal:
    """The node for the text of a cell."""
    if kind == "iri":
        return URIRef(value)
    if kind.startswith("@"):
        return Literal(value, lang=kind[1:])
    return Literal(value, datatype=URIRef(kind) if kind else None)


def main(folder: Path, out: Path) -> None:
    """Add every cell of every table, and write the dataset."""
    dataset = Dataset()
    for table in json.loads((folder / "tables.json").read_text("utf-8")):
        with (folder / f"{table['name']}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                graph, subject = dataset.graph(URIRef(row["inside"])), URIRef(row["node"])
                for column in table["columns"]:
                    value = row[column["name"]]
                    if value:
                        predicate = URIRef(column["predicate"] or row["verb"])
                        graph.add((subject, predicate, term(value, column["kind"])))
    dataset.serialize(out / "rdflib.nq", format="nquads", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
