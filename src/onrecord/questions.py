"""Owns named questions: a query with a ``#+`` header, and the rows that it must give.

Leaves answering to ``query``. The header follows grlc (https://github.com/CLARIAH/grlc): YAML in
comments that begin with ``#+``, and variables like ``?_name_iri`` as parameters.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from onrecord.check.record import is_lexical
from onrecord.documents import Mapping as MappingNode
from onrecord.documents import Scalar, Sequence, parse_yaml
from onrecord.errors import GraphBroken, OnRecordError, Place, Problem, Problems, QueryError, has_errors
from onrecord.files import read_text, shown_path
from onrecord.lens import Lens
from onrecord.nearest import did_you_mean
from onrecord.project import Project, find_files
from onrecord.query import Answer, Term, answer, compact, read_day
from onrecord.sparql import tokens
from onrecord.statuses import ASSERTABLE
from onrecord.terms import XSD, iri, is_iri, is_language, literal

if TYPE_CHECKING:
    from onrecord.graph import Graph

_KEYS = ("title", "description", "defaults", "include", "as of", "valid at", "possibly", "ordered")
_PARAMETER = re.compile(r"[?$]_(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<type>_[A-Za-z0-9]+)?")
_DATATYPES = ("string", "integer", "decimal", "double", "boolean", "date", "dateTime", "gYear", "anyURI")


@dataclass(frozen=True)
class Question:
    """A named query with its title, its parameters' defaults, its lens and its expected rows."""

    name: str
    path: Path
    text: str
    title: str
    description: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)
    lens: Lens = field(default_factory=Lens)
    ordered: bool = False
    expected: tuple[tuple[str, ...], ...] | None = None  # header first

    @property
    def parameters(self) -> dict[str, tuple[str, ...]]:
        """Parameter name to the variables that stand for it in the query, in one type or several."""
        found: dict[str, dict[str, None]] = {}
        for token in tokens(self.text):
            match = _PARAMETER.fullmatch(token.text) if token.kind == "variable" else None
            if match:
                found.setdefault(match["name"], {})[match[0][1:]] = None
        return {name: tuple(variables) for name, variables in found.items()}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question put to the test: passed, failed with a diff, or without expected rows."""

    question: Question
    passed: bool
    message: str = ""
    diff: tuple[str, ...] = ()
    rows: int = 0


def read_questions(project: Project) -> dict[str, Question]:
    """All questions of a graph, by name.

    :raises GraphBroken: when a header or a file of expected rows cannot be read.
    """
    problems = Problems()
    found = {}
    for path in find_files(project, "questions", (".rq", ".csv"), problems):
        if path.suffix == ".rq":
            question = _read(path, project.name_of(path), problems)
            if question is not None:
                found[question.name] = question
        elif not path.with_suffix(".rq").exists():
            problems.error(
                "Q021",
                Place(project.name_of(path)),
                "these rows belong to no question",
                f"write {path.with_suffix('.rq').name} beside it, or delete it",
            )
    if has_errors(problems.items):
        raise GraphBroken("the questions cannot be read", problems.items)
    return found


def _read(path: Path, name: str, problems: Problems) -> Question | None:
    text = read_text(path, name, problems)
    if text is None:
        return None
    lines = text.split("\n")
    header = "\n".join(f"   {line[2:].removeprefix(' ')}" if line.startswith("#+") else "" for line in lines)
    root = parse_yaml(header, name, problems) if header.strip() else None
    values = root if isinstance(root, MappingNode) else MappingNode({}, Place(name))
    if root is not None and root is not values:
        problems.error("Q020", root.place, "the header of a question is keys with values", "write  #+ title: ...")
    for key in values.key_nodes():
        if key.text not in _KEYS:
            problems.error(
                "Q020", key.place, f'unknown key "{key.text}" in a question', f"the keys are: {', '.join(_KEYS)}"
            )
    rows = path.with_suffix(".csv")
    question = Question(
        name=path.stem,
        path=path,
        text=text,
        title=_text(values, "title", problems) or path.stem,
        description=_text(values, "description", problems),
        lens=_lens(values, problems),
        ordered=_flag(values, "ordered", problems),
        expected=_expected(rows, shown_path(rows), problems),
    )
    return replace(question, defaults=_defaults(values, question.parameters, problems))


def _text(values: MappingNode, key: str, problems: Problems) -> str:
    node = values.get(key)
    if node is None or isinstance(node, Scalar):
        return node.text if node else ""
    problems.error("Q020", node.place, f'"{key}" takes a text', f"write  #+ {key}: ...")
    return ""


def _flag(values: MappingNode, key: str, problems: Problems) -> bool:
    node = values.get(key)
    if node is not None and not (isinstance(node, Scalar) and node.text in ("true", "false")):
        problems.error("Q020", node.place, f'"{key}" is true or false', f"write  #+ {key}: true, or delete the line")
    return isinstance(node, Scalar) and node.text == "true"


def _defaults(values: MappingNode, parameters: Iterable[str], problems: Problems) -> dict[str, str]:
    node = values.get("defaults")
    out: dict[str, str] = {}
    for item in node.items if isinstance(node, Sequence) else [node] if node is not None else []:
        for key, value in item.items() if isinstance(item, MappingNode) else ():
            if key.text not in parameters:
                problems.error(
                    "Q020",
                    key.place,
                    f'"{key.text}" is the default of no parameter',
                    did_you_mean(key.text, parameters) or f"write ?_{key.text} in the query, or delete the line",
                )
            elif isinstance(value, Scalar):
                out[key.text] = value.text
            else:
                problems.error("Q020", value.place, "a default is one value", f"write  #+   - {key.text}: value")
        if not isinstance(item, MappingNode):
            problems.error("Q020", item.place, '"defaults" takes names with values', "write  #+   - name: value")
    return out


def _lens(values: MappingNode, problems: Problems) -> Lens:
    node = values.get("include")
    items = node.items if isinstance(node, Sequence) else [node] if node is not None else []
    include = set()
    for item in items:
        if isinstance(item, Scalar) and item.text in ASSERTABLE:
            include.add(item.text)
        else:
            problems.error(
                "Q020", item.place, "this is no status to include", f"write some of: {', '.join(ASSERTABLE)}"
            )
    days: dict[str, dt.date | None] = {}
    for key in ("as of", "valid at"):
        node = values.get(key)
        try:
            days[key] = read_day(_text(values, key, problems) or None)
        except OnRecordError:
            if node is not None:
                problems.error("Q020", node.place, f'"{key}" takes a day', f"write  #+ {key}: 2025-12-17")
    possibly = _flag(values, "possibly", problems)
    if possibly and values.get("valid at") is None:
        place = values.entries["possibly"][0].place
        problems.error("Q020", place, '"possibly" goes with "valid at"', "write  #+ valid at: 2025-12-17")
    return Lens(days.get("as of"), days.get("valid at"), possibly, frozenset(include))


def _expected(path: Path, name: str, problems: Problems) -> tuple[tuple[str, ...], ...] | None:
    if not path.exists():
        return None
    text = read_text(path, name, problems)
    if text is None:
        return None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[str, ...]] = []
    bad = 1
    try:
        for row in reader:
            if row and rows and len(row) != len(rows[0]):
                break
            if row:
                rows.append(tuple(row))
            bad = reader.line_num + 1
        else:
            bad = 0 if rows else 1
    except csv.Error:
        pass  # ``bad`` is the line after the last good row
    if bad:
        problems.error(
            "Q022",
            Place(name, bad, 1),
            "these expected rows are no table",
            "write a header of variables, then one row a line with as many cells",
        )
        return None
    return tuple(rows)


def ask(graph: Graph, name: str, given: Mapping[str, str], lens: Lens | None = None, timeout: float = 30.0) -> Answer:
    """Answer the question ``name`` with ``given`` parameters over its defaults.

    :raises OnRecordError: for an unknown question or parameter, or a value that names nothing.
    """
    question, terms = prepare(graph, name, given)
    return _put(graph, question, terms, lens.over(question.lens) if lens else question.lens, timeout)


def prepare(graph: Graph, name: str, given: Mapping[str, str]) -> tuple[Question, dict[str, str]]:
    """The question ``name`` and the terms that replace its parameters' variables."""
    questions = read_questions(graph.project)
    question = questions.get(name)
    if question is None:
        raise OnRecordError(
            f'there is no question "{name}"; {did_you_mean(name, questions) or "see  onrecord ask GRAPH"}'
        )
    return question, parameter_terms(graph, question, given)


def _put(graph: Graph, question: Question, terms: Mapping[str, str], lens: Lens, timeout: float) -> Answer:
    return answer(graph, question.text, lens, terms, timeout, graph.project.name_of(question.path))


def parameter_terms(graph: Graph, question: Question, given: Mapping[str, str]) -> dict[str, str]:
    """The terms that replace the variables of the parameters: ``given`` values over the defaults.

    :raises OnRecordError: for an unknown parameter, one without a value, or a value that names nothing.
    """
    parameters = question.parameters
    for key in given:
        if key not in parameters:
            near = did_you_mean(key, parameters) or f"it has: {', '.join(parameters) or 'none'}"
            raise OnRecordError(f'the question "{question.name}" has no parameter "{key}"; {near}')
    terms: dict[str, str] = {}
    for key, variables in parameters.items():
        value = given.get(key, question.defaults.get(key))
        if value is None:
            raise OnRecordError(f'the question "{question.name}" needs a value: {key}=...')
        terms |= {variable: _parameter_term(graph, key, variable, value) for variable in variables}
    return terms


def _parameter_term(graph: Graph, key: str, variable: str, value: str) -> str:
    kind = variable.removeprefix(f"_{key}").removeprefix("_")
    if kind == "iri":
        names = graph.names
        for found in (names.entity(value), names.property(value), names.type(value)):
            if found.iri is not None:
                return iri(found.iri)
            if found.choices:
                ways = " or ".join(f'"{names.choose(choice)}"' for choice in found.choices)
                raise OnRecordError(f'{key}: {len(found.choices)} things are called "{value}"; write {ways}')
        address = resolve_name(graph, value)
        if address and is_iri(address) and not address.startswith(names.minter.base):
            return iri(address)
        near = did_you_mean(value, [*names.by_name, *names.ontology.property_names])
        raise OnRecordError(f'{key}: nothing is called "{value}"' + (f"; {near}" if near else ""))
    if kind in _DATATYPES:
        if not is_lexical(value, f"{XSD}{kind}"):
            raise OnRecordError(f'{key}: "{value}" is no xsd:{kind}')
        return literal(value, datatype=f"{XSD}{kind}")
    if kind and is_language(kind):
        return literal(value, language=kind)
    return literal(value)


def run_all(graph: Graph, names: tuple[str, ...] = ()) -> list[Outcome]:
    """Put every question (or those of ``names``) and compare with the expected rows."""
    questions = read_questions(graph.project)
    for name in names:
        if name not in questions:
            near = did_you_mean(name, questions) or "see  onrecord ask GRAPH"
            raise OnRecordError(f'there is no question "{name}"; {near}')
    return [_run(graph, question) for name, question in sorted(questions.items()) if not names or name in names]


def _run(graph: Graph, question: Question) -> Outcome:
    try:
        found = _put(graph, question, parameter_terms(graph, question, {}), question.lens, 30.0)
    except QueryError as error:
        problem: Problem | None = getattr(error, "problem", None)
        return Outcome(question, False, f"{problem.place}: {problem.message}" if problem else str(error))
    except OnRecordError as error:
        return Outcome(question, False, str(error))
    if question.expected is None:
        return Outcome(question, False, f"no expected rows; write {question.path.with_suffix('.csv').name}")
    if found.kind == "graph":
        return Outcome(question, False, "a question is a SELECT or an ASK")
    return _compare(graph, question, found)


def _compare(graph: Graph, question: Question, found: Answer) -> Outcome:
    header, *wanted = question.expected or ((),)
    if found.kind == "boolean":
        got: list[tuple[str, ...]] = [(str(bool(found)).lower(),)]
        same = [tuple(cell.strip().lower() for cell in row) for row in wanted] == got
        return Outcome(
            question, same, "" if same else "the answer differs", _diff(wanted, got, True) if not same else (), 1
        )
    if tuple(header) != found.variables:
        message = f"the columns are {', '.join(found.variables)}; expected {', '.join(header)}"
        return Outcome(question, False, message, rows=len(found))
    rows = [tuple(_canonical_term(graph, term) for term in row) for row in found.rows]
    expected = _align(graph, wanted, found)
    same = expected == rows if question.ordered else Counter(expected) == Counter(rows)
    shown = [tuple(_shown(graph, cell) for cell in row) for row in rows]
    wanted_shown = [tuple(_shown(graph, cell) for cell in row) for row in expected]
    diff = () if same else _diff(wanted_shown, shown, question.ordered)
    return Outcome(question, same, "" if same else "the rows differ", diff, len(rows))


def _canonical_term(graph: Graph, term: Term | None) -> str:
    if term is None:
        return ""
    return f"<{term.value}>" if term.kind == "iri" else term.value


def _align(graph: Graph, expected: list[tuple[str, ...]], found: Answer) -> list[tuple[str, ...]]:
    """Turn names into IRIs in the columns in which the answer has IRIs."""
    width = len(found.variables)
    with_iris = [
        any(term is not None and term.kind == "iri" for term in (row[index] for row in found.rows))
        for index in range(width)
    ]
    out = []
    for row in expected:
        cells = []
        for index, cell in enumerate(row):
            address = resolve_name(graph, cell) if with_iris[index] and cell else None
            cells.append(f"<{address}>" if address else cell)
        out.append(tuple(cells))
    return out


def resolve_name(graph: Graph, text: str) -> str | None:
    """The IRI that a name (label, alias, id, CURIE, IRI) stands for, or None."""
    names = graph.names
    for found in (names.entity(text), names.property(text), names.type(text)):
        if found.iri is not None:
            return found.iri
    status = names.ontology.statuses.get(text)
    return status or names.expand(text) or (text if is_iri(text) else None)


def _shown(graph: Graph, cell: str) -> str:
    if cell.startswith("<") and cell.endswith(">"):
        return compact(Term("iri", cell[1:-1]), graph.prefixes())
    return cell


def _diff(expected: list[tuple[str, ...]], found: list[tuple[str, ...]], ordered: bool) -> tuple[str, ...]:
    before = [" | ".join(row) for row in expected]
    after = [" | ".join(row) for row in found]
    if not ordered:
        before, after = sorted(before), sorted(after)
    lines = difflib.ndiff(before, after)
    return tuple(line for line in lines if line[0] in "-+")
