"""Owns questions on trial: whether each is sound, and gives the rows that it must give.

Leaves reading them to ``questions`` and answering them to ``query``.
"""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from onrecord.answers import Answer, Term, compact
from onrecord.engine import Job
from onrecord.errors import GraphBroken, OnRecordError, Place, Problems, QueryRefused, QuerySyntaxError, has_errors
from onrecord.limits import Limits
from onrecord.nearest import did_you_mean
from onrecord.query import find_mistake, unknown_terms
from onrecord.questions import (
    Question,
    is_type,
    near_type,
    parameter_term,
    parameter_terms,
    put,
    read_questions,
    resolve_name,
    type_of,
)
from onrecord.sparql.guard import guard, has_from
from onrecord.sparql.tokens import bind_parameters, place, tokens, undeclared_prefixes
from onrecord.worker import Form, read_forms

if TYPE_CHECKING:
    from onrecord.graph import Graph
    from onrecord.names import Names
    from onrecord.project import Project


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question put to the test: passed, failed with a diff, without expected rows, or not ``asked`` at all."""

    question: Question
    passed: bool
    message: str = ""
    diff: tuple[str, ...] = ()
    rows: int = 0
    asked: bool = True
    fix: str = ""
    """What brings it about that it can be asked."""


def check_questions(project: Project, names: Names, problems: Problems) -> int:
    """Add what is wrong with the graph's questions; returns how many there are. None is evaluated."""
    questions = read_questions(project, problems)
    prefixes = names.prefixes()
    readable: list[tuple[Question, dict[str, str]]] = []
    for _, question in sorted(questions.items()):
        name = project.name_of(question.path)
        if has_errors(question.problems):
            continue
        try:
            guard(question.text, names.graphs(), prefixes, name)
        except QueryRefused as error:
            problems.extend([error.problem])
            continue
        problems.extend(unknown_terms(names, question.text, name))
        readable.append((question, _defaults(question, names, name, problems)))
    jobs = []
    for question, terms in readable:
        job = Job(question.text, prefixes, project.base, has_from(question.text, prefixes))
        jobs += [job, replace(job, query=bind_parameters(question.text, terms))]
    forms = iter(read_forms(jobs, Limits(seconds=5.0)))
    for (question, terms), plain, bound in zip(readable, forms, forms, strict=True):
        name = project.name_of(question.path)
        wrong = next((form for form in (plain, bound) if not isinstance(form, Form)), None)
        if isinstance(wrong, ValueError):
            if names.ontology.is_whole or undeclared_prefixes(question.text) <= prefixes.keys():
                problems.extend([find_mistake(question.text, plain, terms, prefixes, name).problem])
        elif wrong is not None:
            problems.error(
                "Q007", Place(name), "this query is too deep or too long to be read in time", "write a simpler one"
            )
        elif isinstance(plain, Form):
            _check_rows(question, plain, project, problems)
    return len(questions)


def _defaults(question: Question, names: Names, name: str, problems: Problems) -> dict[str, str]:
    """The terms of the parameters that have a default; a type or a value that means nothing is a problem."""
    terms: dict[str, str] = {}
    for key, variables in question.parameters.items():
        for variable in variables:
            token = next(token for token in tokens(question.text) if token.text[1:] == variable)
            if not is_type(type_of(key, variable)):
                where = place(question.text, token.start, len(token.text), name)
                what = f'"{type_of(key, variable)}" is no type of a parameter'
                problems.error("Q024", where, what, near_type(type_of(key, variable)))
            elif key in question.defaults:
                try:
                    terms[variable] = parameter_term(names, key, variable, question.defaults[key])
                except OnRecordError as error:
                    if names.is_lost(question.defaults[key]) or names.sources_lost or not names.ontology.is_whole:
                        continue  # what it means may stand in the file that cannot be read
                    what, _, fix = str(error).removeprefix(f"{key}: ").partition("; ")
                    problems.error("Q024", question.places[key], what, fix or "correct the default")
    return terms


def _check_rows(question: Question, form: Form, project: Project, problems: Problems) -> None:
    """Whether the rows of the CSV can be what a query of this form gives."""
    untestable = ""
    if form.kind == "graph":
        untestable = "its answer is a graph, and rows are expected"
    elif question.expected is None:
        untestable = "it has no expected rows"
    elif missing := [key for key in question.parameters if key not in question.defaults]:
        untestable = f'its parameter "{missing[0]}" has no default'
    if untestable or question.expected is None:
        fix = {"graph": "write a SELECT or an ASK"}.get(form.kind) or (
            f"write {question.path.with_suffix('.csv').name} beside it"
            if question.expected is None
            else "write one into the header"
        )
        place_ = Place(project.name_of(question.path))
        problems.warning("Q026", place_, f"this question cannot be put to the test: {untestable}", fix)
        return
    header, *rows = question.expected
    wanted = ("answer",) if form.kind == "boolean" else form.variables
    where = Place(project.name_of(question.path.with_suffix(".csv")), 1, 1)
    if header != wanted:
        what = f"the question gives the columns {', '.join(wanted)}; these rows have {', '.join(header)}"
        problems.error("Q025", where, what, f"write the header  {','.join(wanted)}")
    elif form.kind == "boolean" and [[cell.strip().lower() for cell in row] for row in rows] not in (
        [["true"]],
        [["false"]],
    ):
        problems.error("Q025", where, "the answer to an ASK is one row, true or false", "write  answer  and then  true")


def run_all(graph: Graph, names: tuple[str, ...] = ()) -> list[Outcome]:
    """Put every question (or those of ``names``) and compare with the expected rows."""
    questions = read_questions(graph.project)
    for name in names:
        if name not in questions:
            near = did_you_mean(name, questions) or "see  onrecord ask GRAPH"
            raise OnRecordError(f'there is no question "{name}"; {near}')
    return [_run(graph, question) for name, question in sorted(questions.items()) if not names or name in names]


def _run(graph: Graph, question: Question) -> Outcome:
    reason = graph.remote.refuse(question.lens, question.text) if graph.remote else ""
    if graph.remote and reason:
        return Outcome(question, False, f"not asked: {reason}", asked=False, fix=graph.remote.mend(question.lens))
    try:
        terms = parameter_terms(graph, question, {})
        found = put(graph, question, terms, question.lens, Limits())
    except (QuerySyntaxError, QueryRefused) as error:
        return Outcome(question, False, f"{error.problem.place}: {error.problem.message}")
    except GraphBroken as error:
        return Outcome(question, False, f"{error.problems[0].place}: {error.problems[0].message}")
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
    rows = [tuple(_canonical_term(term) for term in row) for row in found.rows]
    expected = _align(graph, wanted, found)
    same = expected == rows if question.ordered else Counter(expected) == Counter(rows)
    shown = [tuple(_shown(graph, cell) for cell in row) for row in rows]
    wanted_shown = [tuple(_shown(graph, cell) for cell in row) for row in expected]
    diff = () if same else _diff(wanted_shown, shown, question.ordered)
    return Outcome(question, same, "" if same else "the rows differ", diff, len(rows))


def _canonical_term(term: Term | None) -> str:
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
            address = resolve_name(graph.names, cell) if with_iris[index] and cell else None
            cells.append(f"<{address}>" if address else cell)
        out.append(tuple(cells))
    return out


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
