"""Owns what is fuzzed: a function from bytes to nothing for each door that foreign bytes come in by.

Leaves making the bytes to ``run``. A target may find any number of problems in its bytes; what it may
not do is raise something else than an :class:`OnRecordError`, hang, grow, or say that a graph is sound
which cannot be written and read again.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import polars as pl
import pyoxigraph as ox

from inline import rich_files, write_notes
from onrecord.assemble import assemble
from onrecord.check.reach import find_reach
from onrecord.check.shapes import validate
from onrecord.check.wellformed import are_sound, find_faults
from onrecord.errors import OnRecordError, Problems, QueryError, has_errors
from onrecord.export import export
from onrecord.graph import Graph
from onrecord.judgements import apply_judgements
from onrecord.lens import Lens, select
from onrecord.limits import Limits
from onrecord.lock import read_lock
from onrecord.names import Names
from onrecord.ontology import Ontology, load_ontologies
from onrecord.parse import parse
from onrecord.project import open_project
from onrecord.resolve import resolve
from onrecord.sources import Text, locate
from onrecord.sparql.guard import guard, names_graphs
from onrecord.sparql.mistakes import explain_syntax
from onrecord.sparql.tokens import is_ordered
from onrecord.store import load_store
from onrecord.times import NotADate, bounds
from onrecord.trials import check_questions
from onrecord.worker import EngineSyntaxError, Job
from onrecord.workers import run

Target = Callable[[bytes], None]


@cache
def folder() -> Path:
    """A small sound graph on the quickest disk at hand, one for the life of the process."""
    memory = Path("/dev/shm")
    root = Path(tempfile.mkdtemp(prefix="onrecord-fuzz-", dir=memory if memory.is_dir() else None))
    return write_notes(root / "garden", "", **rich_files())


@cache
def _ontology() -> Ontology:
    return load_ontologies(open_project(folder(), Problems()), Problems())


def _read_with(name: str, data: bytes, anew: bool) -> None:
    """Read the graph with one of its files replaced by ``data``; what is sound must survive its export."""
    path = folder() / name
    kept = path.read_bytes() if path.exists() else None
    path.write_bytes(data)
    try:
        _read(anew)
    finally:
        if kept is None:
            path.unlink()
        else:
            path.write_bytes(kept)


def _read(anew: bool) -> None:
    problems = Problems()
    try:
        project = open_project(folder(), problems)
    except OnRecordError:
        return
    ontology = load_ontologies(project, problems) if anew else _ontology()
    resolved = resolve(parse(project, ontology, problems), ontology, project, problems)
    resolved = apply_judgements(resolved, project, problems)
    lock = read_lock(project.lock_file, project.name_of(project.lock_file), problems)
    for problem in problems.items:
        problem.render(lambda _file, _line: None)
    if has_errors(problems.items):
        return
    quads = assemble(select(resolved.statements, Lens(), project.policy), resolved, lock, project)
    written = export(quads, "nq", {})
    read_again = {str(quad) for quad in ox.parse(written, ox.RdfFormat.N_QUADS)}
    assert len(read_again) == written.count(b"\n"), "a quad was lost in N-Quads"
    turtle = export(quads, "ttl", resolved.names.prefixes())
    assert {str(quad.triple) for quad in ox.parse(turtle, ox.RdfFormat.TURTLE)} == {
        str(quad.triple) for quad in ox.parse(written, ox.RdfFormat.N_QUADS)
    }, "Turtle and N-Quads differ"


def _file(name: str, *, anew: bool = False) -> Target:
    """The target for a file of a graph; ``anew`` where the file decides which ontology is read."""

    def target(data: bytes) -> None:
        _read_with(name, data, anew)

    return target


@cache
def _garden() -> Graph:
    home = folder().with_name("garden-for-queries")
    shutil.copytree(folder(), home)
    return Graph(home)


@cache
def _names() -> Names:
    return _garden().names


@cache
def _store() -> ox.Store:
    return load_store(_garden().serialize("nq"))


def _question(name: str) -> Target:
    """The target for a file of a question: its header, its query and its expected rows."""

    def target(data: bytes) -> None:
        questions = folder() / "questions"
        questions.mkdir(exist_ok=True)
        (questions / "q.rq").write_bytes(b"#+ title: Who chairs what?\nSELECT ?who ?what { ?who gar:chairs ?what }\n")
        (questions / "q.csv").write_bytes(b"who,what\nrose,society\n")
        (questions / name).write_bytes(data)
        problems = Problems()
        try:
            check_questions(open_project(folder(), problems), _names(), problems)
        finally:
            shutil.rmtree(questions)
        for problem in problems.items:
            problem.render(lambda _file, _line: None)

    return target


def fuzz_name(data: bytes) -> None:
    """The resolver, with any text as a name."""
    text = data.decode("utf-8", "replace")
    for found in (_names().entity(text), _names().entity(text, "letter"), _names().property(text), _names().type(text)):
        assert found.iri is None or found.iri


def fuzz_quote(data: bytes) -> None:
    """The locator: quote, prefix, suffix and text, apart at NUL; a found span lies in the text."""
    quote, prefix, suffix, content = (data.decode("utf-8", "replace").split("\0", 3) + [""] * 4)[:4]
    found = locate(quote, Text(content), prefix, suffix)
    for start, end in found.spans:
        assert 0 <= start < end <= len(content)


def fuzz_date(data: bytes) -> None:
    """EDTF of any kind: bounds in order, or a refusal."""
    with contextlib.suppress(NotADate):
        found = bounds(data.decode("utf-8", "replace"))
        assert (found.earliest_start or dt.date.min) <= (found.latest_end or dt.date.max)


def fuzz_sparql(data: bytes) -> None:
    """The lexer and the guard, without an engine behind them."""
    query = data.decode("utf-8", "replace")
    is_ordered(query)
    names_graphs(query, _names().prefixes())
    with contextlib.suppress(OnRecordError):
        guard(query, ["https://example.org/garden/graph/asserted"], _names().prefixes())


def fuzz_query(data: bytes) -> None:
    """The whole road of a query, with an engine in a process of its own."""
    query = data.decode("utf-8", "replace")
    prefixes = _names().prefixes()
    try:
        guard(query, [], prefixes)
        run(_store(), Job(query, prefixes, "https://example.org/garden/"), Limits(seconds=3, memory=1 << 28))
    except EngineSyntaxError as error:
        explain_syntax(query, str(error), prefixes).problem.render(lambda _file, _line: query)
    except (QueryError, OnRecordError):
        pass


@cache
def _quads() -> pl.DataFrame:
    return _garden().quads(Lens())


def fuzz_shapes(data: bytes) -> None:
    """A file of shapes, and the engine that judges by it, in a process of its own."""
    text = data.decode("utf-8", "replace")
    for problem in find_faults(text, "garden.shapes.ttl"):
        problem.render(lambda _file, _line: text)
    find_reach(text)
    if are_sound(text):
        try:
            validate(_quads(), text)
        except ValueError as error:
            assert "fell over" not in str(error) or "SELECT" in text.upper() or "ASK" in text.upper(), error


TARGETS: dict[str, Target] = {
    "yaml": _file("statements/letter.yaml"),
    "csv": _file("statements/more.csv"),
    "jsonl": _file("statements/more.jsonl"),
    "parquet": _file("statements/more.parquet"),
    "turtle": _file("statements/more.ttl"),
    "trig": _file("statements/more.trig"),
    "entities": _file("entities.yaml"),
    "entities-csv": _file("entities.csv"),
    "settings": _file("onrecord.yaml", anew=True),
    "sources": _file("sources.yaml"),
    "withdrawn": _file("withdrawn.yaml"),
    "judgements": _file("judgements.yaml"),
    "lock": _file("evidence.lock"),
    "ontology": _file("ontology/garden.ttl", anew=True),
    "shapes": fuzz_shapes,
    "question": _question("q.rq"),
    "expected": _question("q.csv"),
    "name": fuzz_name,
    "quote": fuzz_quote,
    "date": fuzz_date,
    "sparql": fuzz_sparql,
    "query": fuzz_query,
}
