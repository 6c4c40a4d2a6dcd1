"""The dataset with maplib, a template for each table: ``by_maplib.py TABLES OUT [--one-graph]``.

Leaves the tables to ``bench/peers.py``. maplib writes no N-Quads, so each named graph becomes a file
of N-Triples, and ``graphs.json`` says which.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl
from maplib import Model, RDFType, SolutionMappings

LANGUAGE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
STRING = "http://www.w3.org/2001/XMLSchema#string"
DATE = "http://www.w3.org/2001/XMLSchema#date"
BOOLEAN = "http://www.w3.org/2001/XMLSchema#boolean"


def rdf_type(kind: str) -> Any:
    """The type of a column."""
    if kind == "iri":
        return RDFType.IRI
    return RDFType.Literal(LANGUAGE if kind.startswith("@") else kind or STRING)


def cells(name: str, kind: str, language: pl.DataType) -> pl.Expr:
    """A column as maplib keeps it."""
    column = pl.col(name)
    if kind.startswith("@"):
        first, second = (field.name for field in language.fields)
        value = pl.struct(column.alias(first), pl.lit(kind[1:]).alias(second))
        return pl.when(column.is_not_null()).then(value).otherwise(None).cast(language).alias(name)
    if kind == DATE:
        return column.str.to_date()
    return column == "true" if kind == BOOLEAN else column


def template(name: str, columns: list[dict[str, str]]) -> str:
    """A table's template, in stOTTR: a triple for each cell that is not empty."""
    predicate = "" if columns[0]["predicate"] else ", ottr:IRI ?verb"
    parameters = "".join(f", ? ?{column['name']}" for column in columns)
    triples = ", ".join(
        f"ottr:Triple(?node, {'<' + column['predicate'] + '>' if column['predicate'] else '?verb'}, ?{column['name']})"
        for column in columns
    )
    return f"""@prefix ottr: <http://ns.ottr.xyz/0.4/> .
<urn:table:{name}> [ ottr:IRI ?node{predicate}{parameters} ] :: {{ {triples} }} ."""


def main(folder: Path, out: Path, *, one_graph: bool) -> None:
    """Map every table, a named graph at a time or all into one, and write the graphs."""
    model, sample = Model(), Model()
    sample.reads('<urn:a> <urn:b> "c"@en .', format="ntriples")
    found = sample.query("SELECT ?o { ?s ?p ?o }", solution_mappings=True).mappings
    language = found["o"].dtype
    graphs: dict[str, None] = {}
    for table in json.loads((folder / "tables.json").read_text("utf-8")):
        columns = table["columns"]
        model.add_template(template(table["name"], columns))
        types = {"node": RDFType.IRI} | {column["name"]: rdf_type(column["kind"]) for column in columns}
        if not columns[0]["predicate"]:
            types["verb"] = RDFType.IRI
        frame = pl.read_csv(folder / f"{table['name']}.csv", infer_schema=False)
        frame = frame.with_columns(cells(column["name"], column["kind"], language) for column in columns)
        if one_graph:
            frame = frame.with_columns(pl.lit("urn:graph:all").alias("inside"))
        for (graph,), part in frame.partition_by("inside", as_dict=True).items():
            graphs[graph] = None
            rows = SolutionMappings(part.select(list(types)), types)
            model.map(f"urn:table:{table['name']}", rows, graph=graph, validate_iris=False)
    for number, graph in enumerate(graphs):
        model.write(out / f"maplib-{number}.nt", format="ntriples", graph=graph)
    (out / "graphs.json").write_text(json.dumps(list(graphs)), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), one_graph="--one-graph" in sys.argv)
