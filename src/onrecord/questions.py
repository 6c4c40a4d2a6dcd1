"""Owns named questions: a query with a ``#+`` header, its parameters, and the rows that it must give.

Leaves answering to ``query``, and whether those rows come to ``trials``. The header follows grlc
(https://github.com/CLARIAH/grlc): YAML in comments that begin with ``#+``, and variables like
``?_name_iri`` as parameters.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from onrecord.answers import Answer
from onrecord.check.record import is_lexical
from onrecord.documents import Mapping as MappingNode
from onrecord.documents import Scalar, Sequence, parse_yaml
from onrecord.errors import GraphBroken, OnRecordError, Place, Problem, Problems, has_errors
from onrecord.files import read_text, shown_path
from onrecord.lens import Lens
from onrecord.limits import Limits
from onrecord.nearest import did_you_mean
from onrecord.project import Project, find_files
from onrecord.query import answer, read_day
from onrecord.sparql.tokens import tokens
from onrecord.statuses import ASSERTABLE
from onrecord.terms import XSD, iri, is_iri, literal

if TYPE_CHECKING:
    from onrecord.graph import Graph
    from onrecord.names import Names

_KEYS = ("title", "description", "defaults", "include", "as of", "valid at", "possibly", "ordered")
_PARAMETER = re.compile(r"[?$]_(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<type>_[A-Za-z0-9_]+)?")
_TAG = re.compile(r"[A-Za-z]{2,3}(_[A-Za-z0-9]{1,8})*")
"""A language in a variable's name, where BCP 47 has ``-`` for ``_``; a longer word is a misspelt type."""
_NO_TAGS = ("int",)
"""Datatypes of XSD that could be read as a language too; no property's values have them."""
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
    places: Mapping[str, Place] = field(default_factory=dict)  # where each default stands
    problems: tuple[Problem, ...] = ()

    @property
    def parameters(self) -> dict[str, tuple[str, ...]]:
        """Parameter name to the variables that stand for it in the query, in one type or several."""
        found: dict[str, dict[str, None]] = {}
        for token in tokens(self.text):
            match = _PARAMETER.fullmatch(token.text) if token.kind == "variable" else None
            if match:
                found.setdefault(match["name"], {})[match[0][1:]] = None
        return {name: tuple(variables) for name, variables in found.items()}

    def require_sound(self) -> None:
        """Raise when this question cannot be put; the others can.

        :raises GraphBroken: with what is wrong in its files.
        """
        if has_errors(self.problems):
            raise GraphBroken(f'the question "{self.name}" cannot be read', self.problems)


def read_questions(project: Project, problems: Problems | None = None) -> dict[str, Question]:
    """All questions of a graph, by name, each with what is wrong in its own files.

    What is wrong in the folder as a whole, and in the questions, is added to ``problems``.
    """
    problems = Problems() if problems is None else problems
    files = find_files(project, "questions", (".rq", ".csv"), problems)
    found: dict[str, Question] = {}
    for path in files:
        name = project.name_of(path)
        if path.suffix.lower() != ".rq":
            if path.with_suffix(".rq") not in files:
                problems.error(
                    "Q021",
                    Place(name),
                    "these rows belong to no question",
                    f"write {path.with_suffix('.rq').name} beside it, or delete it",
                )
            continue
        question = _read(path, name, files)
        problems.extend(question.problems)
        first = found.setdefault(question.name, question)
        if first is not question:
            what = f'another question is called "{question.name}": {project.name_of(first.path)}'
            problems.error("Q023", Place(name), what, "rename one of the two files")
    return found


def _read(path: Path, name: str, files: Iterable[Path]) -> Question:
    problems = Problems()
    text = read_text(path, name, problems) or ""
    lines = text.split("\n")
    header = "\n".join(f"   {line[2:].removeprefix(' ')}" if line.startswith("#+") else "" for line in lines)
    root = parse_yaml(header, name, problems) if header.strip() else None
    values = root if isinstance(root, MappingNode) else MappingNode({}, Place(name))
    if root is not None and root is not values:
        problems.error("Q020", root.place, "the header of a question is keys with values", "write  #+ title: ...")
    for key in values.key_nodes():
        if key.text not in _KEYS:
            problems.error(
                "Q020",
                key.place,
                f'unknown key "{key.text}" in a question',
                did_you_mean(key.text, _KEYS) or f"the keys are: {', '.join(_KEYS)}",
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
        expected=_expected(rows, shown_path(rows), problems) if rows in files else None,
    )
    defaults = _defaults(values, question.parameters, problems)
    return replace(
        question,
        defaults={key: value.text for key, value in defaults.items()},
        places={key: value.place for key, value in defaults.items()},
        problems=tuple(problems.items),
    )


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


def _defaults(values: MappingNode, parameters: Iterable[str], problems: Problems) -> dict[str, Scalar]:
    node = values.get("defaults")
    out: dict[str, Scalar] = {}
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
                out[key.text] = value
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


def ask(graph: Graph, name: str, given: Mapping[str, str], lens: Lens | None = None) -> Answer:
    """Answer the question ``name`` with ``given`` parameters over its defaults.

    :raises OnRecordError: for an unknown question or parameter, or a value that names nothing.
    """
    question, terms = prepare(graph, name, given)
    return put(graph, question, terms, lens.over(question.lens) if lens else question.lens, Limits())


def prepare(graph: Graph, name: str, given: Mapping[str, str]) -> tuple[Question, dict[str, str]]:
    """The question ``name`` and the terms that replace its parameters' variables."""
    questions = read_questions(graph.project)
    question = questions.get(name)
    if question is None:
        raise OnRecordError(
            f'there is no question "{name}"; {did_you_mean(name, questions) or "see  onrecord ask GRAPH"}'
        )
    return question, parameter_terms(graph, question, given)


def put(graph: Graph, question: Question, terms: Mapping[str, str], lens: Lens, limits: Limits) -> Answer:
    """The answer to a question with ``terms`` for its parameters, seen through ``lens``."""
    return answer(graph, question.text, lens, terms, limits, graph.project.name_of(question.path))


def parameter_terms(graph: Graph, question: Question, given: Mapping[str, str]) -> dict[str, str]:
    """The terms that replace the variables of the parameters: ``given`` values over the defaults.

    :raises GraphBroken: when the question's own files are wrong.
    :raises OnRecordError: for an unknown parameter, one without a value, or a value that names nothing.
    """
    question.require_sound()
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
        terms |= {variable: parameter_term(graph.names, key, variable, value) for variable in variables}
    return terms


def is_type(kind: str) -> bool:
    """Whether a parameter can be of this type: ``iri``, a datatype, a language tag, or nothing."""
    return kind in ("", "iri", *_DATATYPES) or (kind not in _NO_TAGS and bool(_TAG.fullmatch(kind)))


def near_type(kind: str) -> str:
    """What to write instead of ``kind``, which is no type of a parameter."""
    known = ("iri", *_DATATYPES)
    return did_you_mean(kind, known) or f"the types are: {', '.join(known)}, or a language tag"


def type_of(key: str, variable: str) -> str:
    """The type in a parameter's variable: ``iri`` in ``_who_iri``."""
    return variable.removeprefix(f"_{key}").removeprefix("_")


def parameter_term(names: Names, key: str, variable: str, value: str) -> str:
    """The term that a value of the parameter ``key`` stands for.

    :raises OnRecordError: for a value that names nothing, or that its type does not take.
    """
    kind = type_of(key, variable)
    if not is_type(kind):
        raise OnRecordError(f'{key}: "{kind}" is no type of a parameter; {near_type(kind)}')
    if kind == "iri":
        for found in (names.entity(value), names.property(value), names.type(value)):
            if found.iri is not None:
                return iri(found.iri)
            if found.choices:
                ways = " or ".join(f'"{names.choose(choice)}"' for choice in found.choices)
                raise OnRecordError(f'{key}: {len(found.choices)} things are called "{value}"; write {ways}')
        address = resolve_name(names, value)
        if address and is_iri(address) and not address.startswith(names.minter.base):
            return iri(address)
        looked_up = (names.entity(value), names.property(value), names.type(value))
        near = did_you_mean(value, [name for found in looked_up for name in found.nearest])
        raise OnRecordError(f'{key}: nothing is called "{value}"' + (f"; {near}" if near else ""))
    if kind in _DATATYPES:
        if not is_lexical(value, f"{XSD}{kind}"):
            raise OnRecordError(f'{key}: "{value}" is no xsd:{kind}')
        return literal(value, datatype=f"{XSD}{kind}")
    return literal(value, language=kind.replace("_", "-")) if kind else literal(value)


def resolve_name(names: Names, text: str) -> str | None:
    """The IRI that a name (label, alias, id, CURIE, IRI) stands for, or None."""
    for found in (names.entity(text), names.property(text), names.type(text)):
        if found.iri is not None:
            return found.iri
    status = names.ontology.statuses.get(text)
    return status or names.expand(text) or (text if is_iri(text) else None)
