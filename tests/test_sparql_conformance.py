"""The W3C's SPARQL 1.1 query tests, through the guarded worker.

The data is not part of this repository: it is looked for in ``$ONRECORD_CONFORMANCE``, else in
``../shared/conformance`` beside it.
"""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import permutations
from pathlib import Path

import pyoxigraph as ox
import pytest

from onrecord.errors import QueryError, QueryRefused
from onrecord.limits import Limits
from onrecord.sparql.guard import guard
from onrecord.sparql.tokens import tokens
from onrecord.worker import EngineSyntaxError, Job
from onrecord.workers import run

ROOT = Path(os.environ.get("ONRECORD_CONFORMANCE") or Path(__file__).parents[2] / "shared" / "conformance")
SUITE = ROOT / "sparql" / "sparql11"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
COLLECTED = {"QueryEvaluationTest": 232, "CSVResultFormatTest": 3, "PositiveSyntaxTest": 63, "NegativeSyntaxTest": 48}
LEFT_OUT = {
    "service": "SERVICE is refused",
    "syntax-fed": "SERVICE is refused",
    "entailment": "the engine entails nothing; inference is a stage of its own",
}
"""Folders whose feature does not apply, with the reason."""
_TAGGED = "the engine keeps a language tag that all values share, as SPARQL 1.2 says"
_GRAPH = "the engine joins with the name of GRAPH ?g after it evaluated the group"
_ABSENT = "the engine starts a path of length zero only from terms of the data"
FAILURES: dict[str, str] = {
    "aggregates/agg-groupconcat-04": _TAGGED,
    "aggregates/agg-groupconcat-06": _TAGGED,
    "aggregates/agg-empty-group-count-graph": _GRAPH,
    "bindings/graph": _GRAPH,
    "negation/graph-minus": _GRAPH,
    "csv-tsv-res/csv03": "the store writes 1.0E6 as 1000000; query.py brings back what was written",
    "functions/bnode01": "the engine gives BNODE('a') the same node in every solution",
    "property-path/zero_or_more_set_start": _ABSENT,
    "property-path/zero_or_more_set_end": _ABSENT,
    "property-path/zero_or_one_set_start": _ABSENT,
    "property-path/zero_or_one_set_end": _ABSENT,
}
"""Tests that are known to fail, with the reason; one that passes must leave this list."""

pytestmark = pytest.mark.skipif(
    not SUITE.is_dir(), reason=f"the W3C's tests are no part of this repository, and not at hand in {SUITE}"
)


@dataclass(frozen=True)
class Case:
    """One entry of a manifest."""

    folder: str
    name: str
    kind: str
    query: Path
    data: tuple[Path, ...] = ()
    named: tuple[Path, ...] = ()
    result: Path | None = None

    def __str__(self) -> str:
        return f"{self.folder}/{self.name}"


def _path(iri: str) -> Path:
    return Path(iri.removeprefix("file://"))


def _list(store: ox.Store, head: object) -> Iterator[object]:
    while head != ox.NamedNode(f"{RDF}nil"):
        yield next(store.quads_for_pattern(head, ox.NamedNode(f"{RDF}first"), None)).object
        head = next(store.quads_for_pattern(head, ox.NamedNode(f"{RDF}rest"), None)).object


def _manifest(folder: Path) -> Iterator[Case]:
    path = folder / "manifest.ttl"
    store = ox.Store()
    store.load(path.read_bytes(), ox.RdfFormat.TURTLE, base_iri=f"file://{path}")

    def objects(subject: object, iri: str) -> list[object]:
        return [quad.object for quad in store.quads_for_pattern(subject, ox.NamedNode(iri), None)]

    heads = list(store.quads_for_pattern(None, ox.NamedNode(f"{MF}entries"), None))
    for entry in _list(store, heads[0].object) if heads else ():
        kinds = [str(kind.value).removeprefix(MF).removesuffix("11") for kind in objects(entry, f"{RDF}type")]
        kind = next((kind for kind in kinds if kind in COLLECTED), None)
        if kind is None:
            continue
        action = objects(entry, f"{MF}action")[0]
        queries = objects(action, f"{QT}query") or [action]
        results = objects(entry, f"{MF}result")
        yield Case(
            folder.name,
            str(entry.value).partition("#")[2],
            kind,
            _path(queries[0].value),
            tuple(_path(node.value) for node in objects(action, f"{QT}data")),
            tuple(_path(node.value) for node in objects(action, f"{QT}graphData")),
            _path(results[0].value) if results else None,
        )


def _collect() -> list[Case]:
    if not SUITE.is_dir():
        return []
    folders = sorted(path.parent for path in SUITE.glob("*/manifest.ttl"))
    return [case for folder in folders if folder.name not in LEFT_OUT for case in _manifest(folder)]


CASES = _collect()
QUERY_CASES = [case for case in CASES if not case.kind.endswith("SyntaxTest")]
SYNTAX_CASES = [case for case in CASES if case.kind.endswith("SyntaxTest")]
_FORMATS = {".ttl": ox.RdfFormat.TURTLE, ".rdf": ox.RdfFormat.RDF_XML, ".nt": ox.RdfFormat.N_TRIPLES}
_RESULTS = {
    ".srx": ox.QueryResultsFormat.XML,
    ".srj": ox.QueryResultsFormat.JSON,
    ".tsv": ox.QueryResultsFormat.TSV,
}


def _store(case: Case) -> ox.Store:
    store = ox.Store()
    for path in case.data:
        store.load(path.read_bytes(), _FORMATS[path.suffix], base_iri=f"file://{path}")
    for path in case.named:
        name = ox.NamedNode(f"file://{path}")
        store.load(path.read_bytes(), _FORMATS[path.suffix], base_iri=f"file://{path}", to_graph=name)
    return store


def _answer(case: Case, format_: str = "json") -> tuple[str, bytes]:
    job = Job(case.query.read_text("utf-8"), {}, f"file://{case.query}", has_dataset=True, format=format_)
    found = run(_store(case), job, Limits(seconds=10))
    return found.kind, found.body


@cache
def _as_stored(term: object) -> object:
    """A literal as the triple store rewrites it: 1.50 and 1.5 are one to it."""
    if not isinstance(term, ox.Literal):
        return term
    store = ox.Store()
    store.add(ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), term))
    return next(iter(store)).object


Rows = list[tuple[object, ...]]


def _rows(data: bytes, format_: ox.QueryResultsFormat) -> tuple[list[str], Rows] | bool:
    found = ox.parse_query_results(data, format_)
    if isinstance(found, ox.QueryBoolean):
        return bool(found)
    names = sorted(variable.value for variable in found.variables)
    return names, [tuple(_as_stored(solution[name]) for name in names) for solution in found]


def _same_rows(left: Rows, right: Rows) -> bool:
    """Whether two multisets of rows are the same up to the names of blank nodes."""

    def nodes(rows: Rows) -> list[object]:
        return list(dict.fromkeys(term for row in rows for term in row if isinstance(term, ox.BlankNode)))

    ours, theirs = nodes(left), nodes(right)
    if len(ours) != len(theirs) or len(ours) > 7:
        return False
    wanted = Counter(right)
    for chosen in permutations(theirs):
        names = dict(zip(ours, chosen, strict=True))
        if Counter(tuple(names.get(term, term) for term in row) for row in left) == wanted:
            return True
    return False


def _result_set(path: Path) -> tuple[list[str], Rows] | bool | None:
    """Rows that are written as a graph (http://www.w3.org/2001/sw/DataAccess/tests/result-set#), or None."""
    rs = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
    store = ox.Store()
    store.load(path.read_bytes(), _FORMATS[path.suffix], base_iri=f"file://{path}")

    def objects(subject: object, name: str) -> list[object]:
        return [quad.object for quad in store.quads_for_pattern(subject, ox.NamedNode(rs + name), None)]

    sets = list(store.quads_for_pattern(None, ox.NamedNode(f"{RDF}type"), ox.NamedNode(f"{rs}ResultSet")))
    if not sets:
        return None
    head = sets[0].subject
    if objects(head, "boolean"):
        return str(objects(head, "boolean")[0].value) == "true"
    names = sorted(node.value for node in objects(head, "resultVariable"))
    rows = []
    for solution in objects(head, "solution"):
        bound = {
            objects(binding, "variable")[0].value: objects(binding, "value")[0]
            for binding in objects(solution, "binding")
        }
        rows.append(tuple(_as_stored(bound.get(name)) for name in names))
    return names, rows


def _canonical(data: bytes, format_: ox.RdfFormat, base: str) -> ox.Dataset:
    store = ox.Store()
    store.load(data, format_, base_iri=base)
    dataset = ox.Dataset(store)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return dataset


def _table(data: bytes) -> Counter[tuple[tuple[str, str], ...]]:
    """The rows of a CSV by column, blank nodes without their names."""
    rows = csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""))
    return Counter(
        tuple(sorted((name, "_:" if cell.startswith("_:") else cell) for name, cell in row.items())) for row in rows
    )


def _passes(case: Case) -> bool:
    assert case.result is not None
    data, suffix = case.result.read_bytes(), case.result.suffix
    if suffix == ".csv":
        _, body = _answer(case, "csv")
        return _table(body) == _table(data)
    kind, body = _answer(case, "tsv" if suffix == ".tsv" else "json")
    if kind == "graph":
        ours = _canonical(body, ox.RdfFormat.N_TRIPLES, "urn:x")
        return ours == _canonical(data, _FORMATS[suffix], f"file://{case.result}")
    expected = _rows(data, _RESULTS[suffix]) if suffix in _RESULTS else _result_set(case.result)
    found = _rows(body, ox.QueryResultsFormat.TSV if suffix == ".tsv" else ox.QueryResultsFormat.JSON)
    if isinstance(expected, bool) or isinstance(found, bool) or expected is None:
        return expected is found
    return expected[0] == found[0] and _same_rows(found[1], expected[1])


@pytest.mark.parametrize("case", QUERY_CASES, ids=str)
def test_evaluation(case: Case) -> None:
    try:
        passed = _passes(case)
    except EngineSyntaxError:
        passed = False
    assert passed is (str(case) not in FAILURES), FAILURES.get(str(case), "fails")


@pytest.mark.parametrize("case", SYNTAX_CASES, ids=str)
def test_syntax(case: Case) -> None:
    try:
        _answer(case)
        parsed = True
    except EngineSyntaxError:
        parsed = False
    except QueryError as error:
        parsed = "custom function" in str(error)  # it was read, and cannot be evaluated
    assert (parsed is (case.kind == "PositiveSyntaxTest")) is (str(case) not in FAILURES)


def test_the_number_of_tests_is_known() -> None:
    assert Counter(case.kind for case in CASES) == COLLECTED
    assert set(FAILURES) <= {str(case) for case in CASES}


@pytest.mark.parametrize("case", [case for case in CASES if case.kind != "NegativeSyntaxTest"], ids=str)
def test_the_guard_lets_queries_through(case: Case) -> None:
    text = case.query.read_text("utf-8")
    try:
        guard(text, [], {})
    except QueryRefused as refused:
        assert refused.problem.code == "Q003"
    assert not [token for token in tokens(text) if token.kind == "sign" and token.text in "\"'\\"]


@pytest.mark.parametrize("path", sorted((SUITE / "service").glob("*.rq")), ids=lambda path: path.name)
def test_every_service_query_of_the_suite_is_refused(path: Path) -> None:
    with pytest.raises(QueryRefused) as caught:
        guard(path.read_text("utf-8"), [], {})
    assert caught.value.problem.code == "Q001"
