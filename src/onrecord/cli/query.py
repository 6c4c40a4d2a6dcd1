"""Owns ``onrecord query``.

Leaves evaluating to ``onrecord.query``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import graph_argument, lens_options, limit_options
from onrecord.cli.render import echo_table, plural, writer
from onrecord.errors import printable

if TYPE_CHECKING:
    from onrecord.graph import Graph
    from onrecord.lens import Lens
    from onrecord.limits import Limits
    from onrecord.query import Answer

ROW_FORMATS = ("table", "md", "csv", "tsv", "json", "xml", "sheet")
TRIPLE_FORMATS = ("ttl", "nt", "jsonld", "rdf")
GRAPH_FORMATS = ("ttl", "nt", "nq", "trig", "jsonld", "rdf")

format_option = click.option(
    "--format",
    "format_",
    type=click.Choice([*ROW_FORMATS, *TRIPLE_FORMATS]),
    help="table, md, csv, tsv, json or xml for rows, or sheet: CSV that a spreadsheet opens without running formulas; "
    "ttl, nt, jsonld or rdf for CONSTRUCT and DESCRIBE.",
)
output_option = click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE.")
ids_option = click.option("--ids", is_flag=True, help="In tables, show IDs (:steve-witkoff) instead of labels.")


@click.command(short_help="Answer a SPARQL query.")
@graph_argument
@click.argument("sparql")
@lens_options
@format_option
@output_option
@ids_option
@click.option("--why", "why_row", type=click.IntRange(1), metavar="ROW", help="Explain row ROW, counted from 1.")
@limit_options
def query(
    graph: Path,
    sparql: str,
    lens: Lens,
    format_: str | None,
    output: Path | None,
    ids: bool,
    why_row: int | None,
    limits: Limits,
) -> None:
    """Answer SPARQL on GRAPH: a query, a FILE that holds one, or - for standard input.

    Prefixes are declared already: onr: and those of the graph's ontologies, and : for its
    entities. What a source only expects, claims or denies is found through its statements, or
    with --include.

    \b
    Example:
        onrecord query graphs/miami-talks 'SELECT ?who ?what WHERE { ?who dip:heads ?what }'
    """
    import onrecord

    opened = onrecord.open(graph)
    text, name = _read(sparql)
    if why_row is not None:
        from onrecord.cli.why import row_lines

        click.echo("\n".join(row_lines(opened.why_row(text, why_row, lens=lens))))
        return
    show(opened, text, lens, {}, format_, output, limits, name, ids=ids)


def _read(sparql: str) -> tuple[str, str]:
    """The query's text and what to call it in problems."""
    if sparql == "-":
        try:
            return sys.stdin.buffer.read().decode("utf-8-sig"), "query"
        except UnicodeDecodeError as error:
            raise click.UsageError(f"standard input: cannot be read: {error}") from None
    if sparql.endswith((".rq", ".sparql")) or (len(sparql) < 256 and "{" not in sparql and Path(sparql).is_file()):
        try:
            return Path(sparql).read_text("utf-8-sig"), sparql
        except FileNotFoundError:
            raise click.UsageError(f"{sparql}: there is no such file") from None
        except (OSError, UnicodeDecodeError) as error:
            raise click.UsageError(f"{sparql}: cannot be read: {error}") from None
    return sparql, "query"


def show(
    graph: Graph,
    text: str,
    lens: Lens,
    parameters: dict[str, str],
    format_: str | None,
    output: Path | None,
    limits: Limits,
    name: str,
    *,
    ids: bool = False,
) -> None:
    """Evaluate and print in the format that was asked for."""
    from onrecord.query import answer, raw, unknown_terms

    graph.known_sources(lens)
    lines = text.split("\n")
    for problem in unknown_terms(graph.names, text, name):
        click.echo(problem.render(lambda _, line: lines[line - 1] if 0 < line <= len(lines) else None), err=True)
    if format_ in ("csv", "tsv", "json", "xml"):
        kind, body = raw(graph, text, lens, parameters, limits, format_, name)
        if kind == "graph":
            raise click.UsageError(f"this query gives a graph; write --format {', '.join(TRIPLE_FORMATS)}")
        writer(output)(body if body.endswith(b"\n") else body + b"\n")
        return
    render(graph, answer(graph, text, lens, parameters, limits, name), format_, output, ids)


def render(graph: Graph, found: Answer, format_: str | None, output: Path | None, ids: bool) -> None:
    """Print an answer as a table, Markdown, or a graph format."""
    from onrecord.query import compact

    if found.kind == "graph":
        if format_ in ROW_FORMATS:
            raise click.UsageError(f"this query gives a graph; write --format {', '.join(TRIPLE_FORMATS)}")
        writer(output)(graph_bytes(found, format_ or "ttl"))
        return
    if format_ in TRIPLE_FORMATS:
        raise click.UsageError(f"this query gives rows; write --format {', '.join(ROW_FORMATS)}")
    if found.kind == "boolean":
        writer(output)(f"{str(found.boolean).lower()}\n".encode())
        return
    labels = (
        {} if ids else graph.labels(term.value for row in found.rows for term in row if term and term.kind == "iri")
    )
    rows = [
        [labels.get(term.value if term else "") or compact(term, found.prefixes) for term in row] for row in found.rows
    ]
    if format_ == "sheet":
        from onrecord.export.sheet import sheet

        writer(output)(sheet(found.variables, rows))
        return
    if format_ == "md" or output is not None:
        writer(output)(_markdown(found.variables, rows).encode())
        return
    echo_table(found.variables, rows, note=plural(len(rows), "row"))


def _markdown(columns: tuple[str, ...], rows: list[list[str]]) -> str:
    def line(cells: list[str] | tuple[str, ...]) -> str:
        shown = (printable(cell.replace("\n", " ")).replace("|", "\\|") for cell in cells)
        return f"| {' | '.join(shown)} |\n"

    return line(columns) + line(["---"] * len(columns)) + "".join(line(row) for row in rows)


def graph_bytes(found: Answer, format_: str) -> bytes:
    """A CONSTRUCT or DESCRIBE answer in one of the export formats."""
    import polars as pl

    from onrecord.assemble import QUADS
    from onrecord.errors import QueryError
    from onrecord.export import export
    from onrecord.terms import split_ntriples

    quads = [("", *triple) for triple in split_ntriples(found.graph.decode("utf-8"))]
    if len(quads) != found.graph.count(b"\n"):
        raise QueryError("the answer holds triple terms, which RDF 1.1 cannot write")
    return export(pl.DataFrame(quads, schema=QUADS, orient="row"), format_, found.prefixes)
