"""Owns ``onrecord query``.

Leaves evaluating to ``onrecord.query``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onrecord.cli.options import graph_argument, lens_options, limit_options, store_options
from onrecord.cli.progress import with_progress
from onrecord.cli.render import echo_table, json_lines, plural, with_line_end, writer
from onrecord.errors import printable

if TYPE_CHECKING:
    from onrecord.answers import Answer
    from onrecord.graph import Graph
    from onrecord.lens import Lens
    from onrecord.limits import Limits
    from onrecord.worker import Answering

ROW_FORMATS = ("table", "md", "csv", "tsv", "json", "jsonl", "xml", "sheet")
TRIPLE_FORMATS = ("ttl", "nt", "jsonld", "rdf")
GRAPH_FORMATS = ("ttl", "nt", "nq", "trig", "jsonld", "rdf")

STREAMED = {"csv": "csv", "tsv": "tsv", "json": "json", "xml": "xml", "jsonl": "terms", "nt": "terms"}
"""Formats for programs, printed while the answer comes, and the one in which its rows are asked for."""

SORTED_BYTES = 1 << 24
"""A graph whose N-Triples are longer is written as the store gives it, and is not held in memory."""

ROWS_AT_ONCE = 5_000
"""Of how many rows labels are looked up together."""

format_option = click.option(
    "--format",
    "format_",
    type=click.Choice([*ROW_FORMATS, *TRIPLE_FORMATS]),
    help="table, md, csv, tsv, json, jsonl or xml for rows, or sheet: CSV that a spreadsheet opens without running "
    "formulas; "
    "ttl, nt, jsonld or rdf for CONSTRUCT and DESCRIBE.",
)
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write to FILE; its suffix can tell the format.",
)
ids_option = click.option("--ids", is_flag=True, help="In tables, show IDs (:steve-witkoff) instead of labels.")


@click.command(short_help="Answer a SPARQL query.")
@graph_argument
@click.argument("sparql")
@lens_options
@format_option
@output_option
@ids_option
@click.option(
    "--why",
    "why_row",
    type=click.IntRange(1),
    metavar="ROW",
    help="Explain row ROW, counted from 1; as text, or with --format json.",
)
@limit_options
@store_options
@with_progress
def query(
    graph: Graph,
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
    text, name = _read(sparql)
    check_output(graph, output)
    if why_row is not None:
        if ids or format_ not in (None, "json"):
            option = "--ids" if ids else f"--format {format_}"
            raise click.UsageError(f"--why goes without {option}; it prints text, or --format json")
        from onrecord.cli.why import show_row

        show_row(graph.why_row(text, why_row, lens=lens, limits=limits, name=name), output, as_json=format_ == "json")
        return
    show(graph, text, lens, {}, format_, output, limits, name, ids=ids)


def check_output(graph: Graph, output: Path | None) -> None:
    """Whether a result may be written there.

    :raises OutputError: for a file of the graph itself.
    """
    if output is not None and str(output) != "-":
        graph.project.require_apart(output)


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
    """Evaluate and print in the format that was asked for, or that the name of the file asks for."""
    from onrecord.query import answer, stream, unknown_in

    suffix = output.suffix.lstrip(".").lower() if output else ""
    if format_ is None and suffix in (*ROW_FORMATS, *TRIPLE_FORMATS):
        format_ = suffix

    graph.known_sources(lens)
    lines = text.split("\n")
    for problem in unknown_in(graph, text, lens, name):
        click.echo(problem.render(lambda _, line: lines[line - 1] if 0 < line <= len(lines) else None), err=True)

    def coming(form: str, graph_form: str) -> AbstractContextManager[Answering]:
        return stream(
            graph, text, lens, limits, parameters=parameters, format_=form, graph_format=graph_form, name=name
        )

    if format_ in STREAMED:
        with coming(STREAMED[format_], "nt") as answering:
            _require(answering.kind, format_)
            pieces = answering.pieces
            if format_ == "jsonl" and answering.kind == "rows":
                pieces = json_lines(answering.variables, pieces)
            writer(output)(with_line_end(pieces))
        return
    found = answer(graph, text, lens, parameters, limits, name)
    _require(found.kind, format_)
    if found.kind == "graph" and found.graph_bytes > SORTED_BYTES:
        with coming("json", format_ or "ttl") as answering:
            writer(output)(answering.pieces)
        return
    render(graph, lens, found, format_, output, ids)


def _require(kind: str, format_: str | None) -> None:
    """Whether an answer of this kind can be written in the format.

    :raises click.UsageError: with those in which it can be.
    """
    if kind == "graph" and format_ in ROW_FORMATS:
        raise click.UsageError(f"this query gives a graph; write --format {', '.join(TRIPLE_FORMATS)}")
    if kind != "graph" and format_ in TRIPLE_FORMATS:
        raise click.UsageError(f"this query gives rows; write --format {', '.join(ROW_FORMATS)}")


def render(graph: Graph, lens: Lens, found: Answer, format_: str | None, output: Path | None, ids: bool) -> None:
    """Print an answer as a table, Markdown, a sheet, or a graph format."""
    if found.kind == "graph":
        writer(output)([graph_bytes(found, format_ or "ttl")])
        return
    if found.kind == "boolean":
        writer(output)([f"{str(found.boolean).lower()}\n".encode()])
        return
    rows = _in_words(graph, lens, found, ids)
    if format_ == "sheet":
        from onrecord.export.sheet import sheet_lines

        writer(output)(sheet_lines(found.variables, rows))
    elif format_ == "md" or output is not None:
        writer(output)(_markdown(found.variables, rows))
    else:
        echo_table(found.variables, rows, note=plural(len(found), "row"))


def _in_words(graph: Graph, lens: Lens, found: Answer, ids: bool) -> Iterator[list[str]]:
    """The rows as people read them, some at a time: labels, or with ``ids`` CURIEs."""
    from onrecord.answers import compact
    from onrecord.query import labels

    rows = iter(found.rows)
    while some := list(islice(rows, ROWS_AT_ONCE)):
        iris = {term.value for row in some for term in row if term and term.kind == "iri"}
        words = {} if ids else labels(graph, lens, iris)
        for row in some:
            yield [words.get(term.value if term else "") or compact(term, found.prefixes) for term in row]


def _markdown(columns: Iterable[str], rows: Iterable[list[str]]) -> Iterator[bytes]:
    def line(cells: Iterable[str]) -> bytes:
        shown = (printable(cell.replace("\n", " ")).replace("|", "\\|") for cell in cells)
        return f"| {' | '.join(shown)} |\n".encode()

    columns = list(columns)
    yield line(columns) + line(["---"] * len(columns))
    for row in rows:
        yield line(row)


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
