"""Owns the SPARQL console of a site: its page, and the files from which a browser answers queries by itself.

Leaves what is drawn and run to the scripts in ``assets/console`` and the rest of a site to the modules beside it.

The graph goes out as N-Quads, packed in parts of :data:`QUADS_A_PART`, inside scripts: those a page may
load from a disk too, where a browser lets it fetch nothing. They come when the first query is put.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, cached_property, partial
from importlib.resources import files
from typing import Any

import polars as pl

from onrecord.build import dataset
from onrecord.errors import OnRecordError, has_errors
from onrecord.export import export
from onrecord.lens import Lens
from onrecord.questions import Question, parameter_term, type_of
from onrecord.site.frame import Frame, asset
from onrecord.site.page import Maker
from onrecord.site.record import Record
from onrecord.terms import ONR, OWL, RDF, RDFS, SKOS, split_term
from onrecord.view.frame import asset as view_asset
from onrecord.view.look import SHAPES
from onrecord.written import written_forms

PAGE = "console.html"
QUADS_A_PART = 100_000
EXAMPLE = """\
# What stands as fact. Write a name to find it; Ctrl+Enter runs the query.
SELECT ?subject ?property ?object WHERE {
  GRAPH graph:asserted { ?subject ?property ?object }
}
"""
_SCRIPTS = (
    "unpack.js",
    "sparql.js",
    "names.js",
    "engine.js",
    "editor.js",
    "results.js",
    "drawing.js",
    "questions.js",
    "main.js",
)
_KINDS = {
    f"{OWL}Class": "class", f"{RDFS}Class": "class", f"{OWL}ObjectProperty": "property",
    f"{OWL}DatatypeProperty": "property", f"{OWL}AnnotationProperty": "property", f"{RDF}Property": "property",
    f"{ONR}Source": "source", f"{ONR}Status": "status",
}  # fmt: skip
_UNNAMED = (f"<{ONR}Proposition>", f"<{ONR}Statement>")
_LABEL, _ALSO, _COMMENT, _TYPE = f"<{RDFS}label>", f"<{SKOS}altLabel>", f"<{RDFS}comment>", f"<{RDF}type>"


def console_pages(record: Record, frame: Frame, questions: Mapping[str, Question]) -> dict[str, Maker]:
    """The files of the console, by path; ``questions`` are the ones to offer."""
    return _Console(record, frame, questions).makers()


class _Console:
    def __init__(self, record: Record, frame: Frame, questions: Mapping[str, Question]) -> None:
        self._record = record
        self._frame = frame
        self._questions = questions

    def makers(self) -> dict[str, Maker]:
        made: dict[str, Maker] = {
            PAGE: self._page,
            "console/console.css": partial(_console_asset, "console.css"),
            "console/codemirror.js": partial(_console_asset, "vendor/codemirror.min.js"),
            "console/console.js": _script,
            "console/engine.js": lambda: _part("worker", _worker()) + _part("engine", _packed_engine()),
            "console/names.js": lambda: _part("names", pack(_json(list(self._names())))),
            "console/forms.js": lambda: _part("forms", pack(_json(list(self._forms())))),
            "console/network.js": lambda: (
                view_asset("vendor/vis-network.min.js").encode("utf-8") + _part("network", "vis-network")
            ),
            "console/LICENCES.txt": lambda: (
                asset("console/vendor/THIRD_PARTY.txt") + "\n" + view_asset("vendor/THIRD_PARTY.txt")
            ).encode("utf-8"),
        }
        for name, quads in self._parts.items():
            made[f"console/{name}.js"] = partial(_data_part, name, quads)
        return made

    @cached_property
    def _quads(self) -> pl.DataFrame:
        return dataset(self._record.loaded).sort("graph", "subject", "predicate", "object")

    @cached_property
    def _parts(self) -> dict[str, pl.DataFrame]:
        slices = self._quads.iter_slices(QUADS_A_PART)
        return {f"data-{number}": quads for number, quads in enumerate(slices, start=1)}

    def _page(self) -> bytes:
        record, project = self._record, self._record.loaded.project
        sizes = [len(_data_part(name, quads)) for name, quads in self._parts.items()]
        names = ("engine", "names", "forms", "network", *self._parts)
        data = {
            "base": project.base,
            "prefixes": dict(sorted(record.loaded.resolved.names.prefixes().items())),
            "graphs": sorted(name[1:-1] for name in self._quads["graph"].unique()),
            "quads": self._quads.height,
            "questions": [self._question(question) for question in self._sound_questions()],
            "parts": {name: f"console/{name}.js" for name in names},
            "sizes": {"engine": len(_packed_engine()) * 3 // 4, "data": sizes},
            "rules": self._rules,
            "shapes": [[shape.name, shape.vis] for shape in SHAPES.values()],
            "example": EXAMPLE,
        }
        return self._frame.page(
            "console.html.j2",
            PAGE,
            title="SPARQL console",
            here=PAGE,
            description=f"Ask {project.title} in SPARQL, in your own browser.",
            csp=f"{self._frame.csp}; worker-src blob:".replace("script-src", "script-src 'wasm-unsafe-eval'", 1),
            data=data,
        )

    # questions

    def _sound_questions(self) -> list[Question]:
        found = [question for question in self._questions.values() if not has_errors(question.problems)]
        return sorted(found, key=lambda question: (question.title.casefold(), question.name))

    def _question(self, question: Question) -> dict[str, Any]:
        text = "\n".join(line for line in question.text.splitlines() if not line.startswith("#+")).strip() + "\n"
        return {
            "name": question.name,
            "title": question.title,
            "description": question.description,
            "text": text,
            "rows": None if question.expected is None else len(question.expected) - 1,
            "lens": _told(question.lens),
            "parameters": [
                {
                    "name": key,
                    "value": question.defaults.get(key, ""),
                    "variables": [
                        (name, type_of(key, name), self._term(key, name, question.defaults)) for name in variables
                    ],
                }
                for key, variables in question.parameters.items()
            ],
        }

    def _term(self, key: str, variable: str, defaults: Mapping[str, str]) -> str:
        """The term of a parameter's default; nothing where it has none, or one that names nothing."""
        try:
            return parameter_term(self._record.loaded.resolved.names, key, variable, defaults[key])
        except (KeyError, OnRecordError):
            return ""

    # names

    @cached_property
    def _rules(self) -> list[tuple[str, str, str]]:
        """Where whole kinds of things have their pages: start of the IRI, start of the path, its end."""
        base = self._record.loaded.resolved.names.minter.statement_base
        kept = all(
            self._record.addresses.paths.get(iri) == f"statement/{iri.removeprefix(base)}.html"
            for iri in self._record.statements
        )
        return [(base, "statement/", ".html")] if kept else []

    def _names(self) -> Iterator[tuple[Any, ...]]:
        """What the editor offers: IRI, label, kind, class, further names, comment, shape, page."""
        told = self._quads.filter(~pl.col("graph").str.ends_with("/graph/inferred>"))
        unnamed = told.filter((pl.col("predicate") == _TYPE) & pl.col("object").is_in(_UNNAMED))["subject"].unique()
        wanted = told.filter(
            pl.col("predicate").is_in([_LABEL, _ALSO, _COMMENT, _TYPE])
            & pl.col("subject").str.starts_with("<")
            & ~pl.col("subject").is_in(unnamed.to_list())
        )
        said: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for subject, predicate, obj in wanted.select("subject", "predicate", "object").iter_rows():
            said[subject[1:-1]][predicate].append(obj)
        labels = {iri: self._best(each[_LABEL]) for iri, each in said.items() if each[_LABEL]}
        for iri, label in labels.items():
            each = said[iri]
            types = [split_term(term)[1] for term in each[_TYPE]]
            kind = next((_KINDS[name] for name in types if name in _KINDS), "entity" if types else "term")
            shape = self._record.shape(iri).name if kind == "entity" else {"source": "plan"}.get(kind, "thing")
            also = sorted({split_term(term)[1] for term in (*each[_LABEL], *each[_ALSO])} - {label})
            page = self._record.addresses.paths.get(iri, "")
            comment = self._best(each[_COMMENT]) if each[_COMMENT] and kind != "entity" else ""
            yield iri, label, kind, self._kind_label(kind, types, labels), also, comment, shape, page

    def _best(self, terms: list[str]) -> str:
        """The text in the graph's language, else in English, else the first."""
        split = [split_term(term) for term in terms]
        order = (self._record.loaded.project.language, "en")
        return min(split, key=lambda term: order.index(term[3]) if term[3] in order else len(order))[1]

    @staticmethod
    def _kind_label(kind: str, types: list[str], labels: Mapping[str, str]) -> str:
        return kind if kind != "entity" else next((labels[name] for name in types if name in labels), "")

    def _forms(self) -> Iterator[tuple[str, str | None, str, str | None]]:
        """The literals that the engine's store rewrites: its value and datatype, then those that were written."""
        for canonical, written in written_forms(self._quads["object"].unique().to_list()).items():
            (_, value, datatype, _), (_, text, type_, _) = split_term(canonical), split_term(written)
            yield value, datatype, text, type_


def _told(lens: Lens) -> str:
    """A question's lens in words; nothing for the default one."""
    parts = [f"on record by {lens.as_of}"] if lens.as_of else []
    parts += [f"{'possibly ' if lens.possibly else ''}valid on {lens.valid_at}"] if lens.valid_at else []
    parts += [f"{', '.join(sorted(lens.include))} as fact too"] if lens.include else []
    return "; ".join(parts)


def pack(data: bytes) -> str:
    """``data`` compressed with gzip, in base64; the same bytes give the same text."""
    return base64.b64encode(gzip.compress(data, 6, mtime=0)).decode("ascii")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _part(name: str, text: str) -> bytes:
    """A script that hands ``text`` to the page."""
    return f"onrecordPart({json.dumps(name)},{json.dumps(text)});\n".encode("ascii")


def _data_part(name: str, quads: pl.DataFrame) -> bytes:
    return _part(name, pack(export(quads, "nq", {})))


def _console_asset(name: str) -> bytes:
    return asset(f"console/{name}").encode("utf-8")


def _script() -> bytes:
    own = "\n".join(asset(f"console/{name}") for name in _SCRIPTS)
    shared = view_asset("elements.js")
    return f"(function () {{\n'use strict';\n{shared}\n{own}\n}})();\n".encode()


def _worker() -> str:
    return "\n".join(asset(f"console/{name}") for name in ("vendor/oxigraph.min.js", "unpack.js", "worker.js"))


@cache
def _packed_engine() -> str:
    found = files("onrecord.site").joinpath("assets", "console", "vendor", "oxigraph.wasm.gz")
    return base64.b64encode(found.read_bytes()).decode("ascii")
