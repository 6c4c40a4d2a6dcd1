"""Measures ``onrecord export`` against what a user would pick instead: rdflib, morph-kgc, maplib.

    python bench/peers.py --statements 10000 [--venvs FOLDER] [--without rdflib]

onrecord starts from the statements as they were written. The others are handed tables (CSV) in which
its work is done: names are resolved, IRIs hashed, days bounded, repeats merged, one column for each
property and kind of value; what has several values, and direct triples, stand in tables of their own.
They have to make the same quads of them. The quads of the ontologies, which are the same for any
number of statements, are left out of the comparison. "maplib, one" puts all triples into one graph.
morph-kgc and maplib get an environment of their own each; ``--venvs`` keeps them for another run.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyoxigraph as ox

from measure import Spent, run
from onrecord.terms import split_term
from statements import generate

HERE = Path(__file__).parent / "peers"
PINS = {"morph-kgc": "morph-kgc==2.10.0", "maplib": "maplib==0.20.26"}
KEYS = ("inside", "node")
ONE_GRAPH = "maplib, one"
PREFIXES = """\
@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
"""


def read_quads(path: Path) -> Iterator[ox.Quad]:
    """The quads of an N-Quads file, those of ontologies aside."""
    for quad in ox.parse(path=path, format=ox.RdfFormat.N_QUADS):
        if "/graph/" in str(quad.graph_name):
            yield quad


def write_tables(lines: Path, folder: Path) -> None:
    """The quads as tables, with ``tables.json`` beside them."""
    rows = []
    for quad in read_quads(lines):
        kind, value, datatype, language = split_term(str(quad.object))
        shape = "iri" if kind == "iri" else f"@{language}" if language else datatype or ""
        shape = "" if shape.endswith("#string") else shape
        rows.append((quad.graph_name.value, quad.subject.value, quad.predicate.value, shape, value))
    names = (*KEYS, "verb", "kind", "value")
    quads = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row").sort(names)
    statements = quads.filter(pl.col("verb").str.ends_with("#proposition")).select(KEYS).unique()
    direct = pl.col("inside").str.ends_with("/asserted")
    several = pl.len().over(*KEYS, "verb", "kind") > 1
    loose = quads.with_columns((direct | several).alias("loose"))
    wide = loose.filter(~pl.col("loose")).drop("loose")
    stated = wide.join(statements, on=KEYS, how="semi")
    beside = wide.join(statements, on=KEYS, how="anti")
    parts = {
        "statements": stated,
        "sources": beside.filter(pl.col("inside").str.contains("/graph/source/")),
        "propositions": beside.filter(pl.col("inside").str.ends_with("/propositions")),
        "entities": beside.filter(pl.col("inside").str.ends_with("/entities")),
    }
    tables = []
    folder.mkdir()
    for name, part in parts.items():
        kinds = part.select("verb", "kind").unique().sort("verb", "kind").rows()
        columns = [{"name": f"c{at}", "predicate": it, "kind": kind} for at, (it, kind) in enumerate(kinds)]
        codes = pl.DataFrame(
            [(*pair, f"c{at}") for at, pair in enumerate(kinds)], ["verb", "kind", "column"], orient="row"
        )
        part.join(codes, on=["verb", "kind"]).pivot(
            "column", index=KEYS, values="value", aggregate_function="first"
        ).write_csv(folder / f"{name}.csv")
        tables.append({"name": name, "columns": columns})
    for at, ((kind,), part) in enumerate(sorted(loose.filter("loose").partition_by("kind", as_dict=True).items())):
        part.select(*KEYS, "verb", "value").write_csv(folder / f"more{at}.csv")
        tables.append({"name": f"more{at}", "columns": [{"name": "value", "predicate": "", "kind": kind}]})
    (folder / "tables.json").write_text(json.dumps(tables, indent=1) + "\n", "utf-8")


def write_mapping(tables: Path, out: Path) -> Path:
    """An RML mapping of the tables and the settings of morph-kgc."""
    parts = [PREFIXES]
    for table in json.loads((tables / "tables.json").read_text("utf-8")):
        parts.append(
            f"<urn:map:{table['name']}> a rr:TriplesMap ;\n"
            f'  rml:logicalSource [ rml:source "{tables / table["name"]}.csv" ; rml:referenceFormulation ql:CSV ] ;\n'
            '  rr:subjectMap [ rml:reference "node" ; rr:termType rr:IRI ; '
            'rr:graphMap [ rml:reference "inside" ; rr:termType rr:IRI ] ] ;\n'
        )
        for column in table["columns"]:
            kind = column["kind"]
            given = f"rr:predicate <{column['predicate']}>"
            predicate = given if column["predicate"] else 'rr:predicateMap [ rml:reference "verb" ]'
            more = "rr:termType rr:Literal" + (f" ; rr:datatype <{kind}>" if kind else "")
            more = f'rr:language "{kind[1:]}"' if kind.startswith("@") else more
            more = "rr:termType rr:IRI" if kind == "iri" else more
            parts.append(
                f"  rr:predicateObjectMap [ {predicate} ; "
                f'rr:objectMap [ rml:reference "{column["name"]}" ; {more} ] ] ;\n'
            )
        parts.append(".\n")
    (out / "mapping.ttl").write_text("".join(parts), "utf-8")
    settings = out / "morph.ini"
    settings.write_text(
        f"[CONFIGURATION]\noutput_file={out / 'morph-kgc.nq'}\noutput_format=N-QUADS\nlogging_level=WARNING\n"
        f"[DataSource1]\nmappings={out / 'mapping.ttl'}\n",
        "utf-8",
    )
    return settings


def python_of(folder: Path, name: str) -> Path:
    """The interpreter of an environment with one of the peers, made if it is not there."""
    python = folder / name / "bin" / "python"
    if not python.exists():
        run(sys.executable, "-m", "venv", folder / name)
        run(python, "-m", "pip", "install", "--quiet", PINS[name])
    return python


def quads_of(out: Path, name: str) -> set[int]:
    """What a peer wrote, each quad as a number."""
    if not name.startswith("maplib"):
        return {hash(str(quad)) for quad in read_quads(out / f"{name}.nq")}
    if name == ONE_GRAPH:
        triples = ox.parse(path=out / "one" / "maplib-0.nt", format=ox.RdfFormat.N_TRIPLES)
        return {hash(str(quad.triple)) for quad in triples}
    found = set()
    for number, graph in enumerate(json.loads((out / "graphs.json").read_text("utf-8"))):
        for quad in ox.parse(path=out / f"maplib-{number}.nt", format=ox.RdfFormat.N_TRIPLES):
            found.add(hash(str(ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(graph)))))
    return found


def main() -> None:
    """Read the call, run each in turn, and print what it took as a ratio to onrecord."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--statements", type=int, default=10_000)
    parser.add_argument("--venvs", type=Path, help="where the environments of the peers are, or are to be kept")
    parser.add_argument("--without", nargs="*", default=[], help="peers to leave out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        graph = generate(base / "bench", options.statements, "csv", bad=0).folder
        venvs = (options.venvs or base / "venvs").resolve()
        spent = {
            "onrecord": run(
                sys.executable, "-m", "onrecord", "export", graph, "--no-inference", "-o", base / "onrecord.nq"
            )
        }
        tables = base / "tables"
        write_tables(base / "onrecord.nq", tables)
        commands = {
            "rdflib": lambda: (sys.executable, HERE / "by_rdflib.py", tables, base),
            "morph-kgc": lambda: (python_of(venvs, "morph-kgc"), "-m", "morph_kgc", write_mapping(tables, base)),
            "maplib": lambda: (python_of(venvs, "maplib"), HERE / "by_maplib.py", tables, base),
        }
        (base / "one").mkdir()
        commands[ONE_GRAPH] = lambda: (*commands["maplib"]()[:3], base / "one", "--one-graph")
        wanted = quads_of(base, "onrecord")
        triples = {hash(str(quad.triple)) for quad in read_quads(base / "onrecord.nq")}
        agreed = {"onrecord": (len(wanted), 0)}
        for peer, command in commands.items():
            if peer not in options.without:
                spent[peer] = run(*command())
                found = quads_of(base, peer)
                whole = triples if peer == ONE_GRAPH else wanted
                agreed[peer] = (len(found & whole), len(found - whole))
    report(spent, agreed, options.statements)


def report(spent: dict[str, Spent], agreed: dict[str, tuple[int, int]], statements: int) -> None:
    """A table of what each took and made."""
    own, whole = spent["onrecord"], agreed["onrecord"][0]
    print(f"{statements:,} statements, {whole:,} quads")
    print(f"{'':<12}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}{'CPU':>7}{'wall':>7}{'peak':>7}   same quads  others")
    for name, took in spent.items():
        same, others = agreed[name]
        print(
            f"{name:<12}{took.cpu:>8.2f}{took.wall:>8.2f}{took.peak:>9,.0f}{took.cpu / own.cpu:>7.1f}"
            f"{took.wall / own.wall:>7.1f}{took.peak / own.peak:>7.1f}{same / whole:>13.2%}{others:>8,}"
        )


if __name__ == "__main__":
    main()
