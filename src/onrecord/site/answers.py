"""Owns the pages of the questions: what is asked, the answer, the query, and the way into the console.

Leaves reading questions to ``questions`` and answering them to ``query``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property, partial
from urllib.parse import quote

from markupsafe import Markup

from onrecord.answers import Answer, Term, compact
from onrecord.errors import GraphBroken, OnRecordError, QueryBusy, QueryLimitExceeded
from onrecord.graph import graph_over
from onrecord.lens import Lens
from onrecord.limits import Limits
from onrecord.protected import Protected
from onrecord.questions import Question, parameter_terms, put, read_questions
from onrecord.site.frame import Frame
from onrecord.site.page import Maker
from onrecord.site.record import Record
from onrecord.sparql.tokens import bind_parameters
from onrecord.terms import ONR

MOST = 1_000
"""So many rows of an answer stand on its page; its CSV has them all."""


class Answers:
    """The questions of a graph, put when their page is asked for."""

    def __init__(self, record: Record, frame: Frame, protected: Protected, *, console: bool) -> None:
        self._record, self._frame, self._protected, self._console = record, frame, protected, console
        self._graph = graph_over(record.loaded)
        self._found: dict[str, Answer | str] = {}

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        """Those that can be read and ask for nothing protected, by name; without the rows that all would give."""
        found = read_questions(self._record.loaded.project)
        if self._protected:
            found = {name: replace(each, expected=None) for name, each in found.items()}
        return {name: found[name] for name in sorted(found) if not self._is_withheld(found[name])}

    def _is_withheld(self, question: Question) -> bool:
        texts = (question.text, question.title, question.description, *question.defaults.values())
        return (
            _is_broken(question)
            or self._protected.leads_from(question.name)
            or any(map(self._protected.asked_for, texts))
        )

    def path(self, name: str) -> str:
        """Where the page of a question lies."""
        return self._record.addresses.named("question", name)

    def documents(self) -> list[tuple[str, str, str]]:
        """Path, title and description of each, for the search."""
        return [(self.path(name), each.title, each.description) for name, each in self.questions.items()]

    def makers(self) -> dict[str, Maker]:
        """The list of questions, a page each, and the rows of each as CSV."""
        out: dict[str, Maker] = {"questions.html": self._list}
        for name in self.questions:
            out[self.path(name)] = partial(self._page, name)
            out[self._csv(name)] = partial(self._rows, name)
        return out

    def _csv(self, name: str) -> str:
        return self.path(name).removesuffix(".html") + ".csv"

    def answer(self, name: str) -> Answer | str:
        """The answer, or why there is none; that a limit was passed may be another's work, and is not kept.

        :raises QueryBusy: when nobody is free to answer.
        """
        if name not in self._found:
            question = self.questions[name]
            try:
                self._found[name] = put(self._graph, question, self._terms(question), question.lens, Limits())
            except GraphBroken as error:
                self._found[name] = error.problems[0].message
            except QueryBusy:
                raise
            except QueryLimitExceeded as error:
                return str(error)
            except OnRecordError as error:
                self._found[name] = str(error)
        return self._found[name]

    def _terms(self, question: Question) -> dict[str, str]:
        return parameter_terms(self._graph, question, {})

    def _list(self) -> bytes:
        return self._frame.page(
            "questions.html.j2",
            "questions.html",
            title="Questions",
            here="questions.html",
            description="Questions kept with this graph, each with its answer and its query.",
            questions=[(self.path(name), each.title, each.description) for name, each in self.questions.items()],
        )

    def _page(self, name: str) -> bytes:
        question = self.questions[name]
        found = self.answer(name)
        wanted = dict(question.defaults)
        return self._frame.page(
            "question.html.j2",
            self.path(name),
            title=question.title,
            here="questions.html",
            description=question.description,
            question=question,
            about=question.description,
            parameters=[(key, wanted.get(key, "")) for key in question.parameters],
            lens=list(_told(question.lens)),
            refused=found if isinstance(found, str) else "",
            answer=None if isinstance(found, str) else found,
            rows=[] if isinstance(found, str) else [[self._cell(term) for term in row] for row in found.rows[:MOST]],
            most=MOST,
            csv=self._csv(name),
            console=f"console.html#query={quote(self._query(question), safe='')}" if self._console else "",
        )

    def _query(self, question: Question) -> str:
        """The query with its parameters filled in, as the console runs it."""
        try:
            return bind_parameters(question.text, self._terms(question))
        except OnRecordError:
            return question.text

    def _rows(self, name: str) -> bytes:
        found = self.answer(name)
        if isinstance(found, str):
            return b""
        if found.boolean is not None:
            return f"answer\r\n{str(found.boolean).lower()}\r\n".encode()
        return found.graph if found.kind == "graph" else found.to_csv().encode("utf-8", "replace")

    def _cell(self, term: Term | None) -> Markup:
        """A term of an answer in words, with a link to its page."""
        if term is None:
            return Markup("")
        if term.kind != "iri":
            return Markup("{}").format(term.value)
        record = self._record
        value = term.value
        if f"<{value}>" in record.facts:
            return Markup('<span class="nested">{}</span>').format(record.sentence(f"<{value}>"))
        if value in record.statements:
            edge = record.statements[value]
            return Markup('<a href="{}">{}</a>').format(record.addresses.href(value), record.told(edge))
        if value in record.addresses.paths:
            return record.link(value)
        if value.startswith(ONR):
            return Markup("{}").format(record.label(value))
        return Markup("<code>{}</code>").format(compact(term, record.loaded.resolved.names.prefixes()))


def _is_broken(question: Question) -> bool:
    try:
        question.require_sound()
    except GraphBroken:
        return True
    return False


def _told(lens: Lens) -> Iterator[str]:
    """Through which lens a question is answered, in words."""
    if lens.as_of:
        yield f"on record by {lens.as_of}"
    if lens.valid_at:
        yield f"{'what may hold' if lens.possibly else 'what certainly holds'} on {lens.valid_at}"
    if lens.include:
        yield f"with what is {', '.join(sorted(lens.include))} taken as fact too"
