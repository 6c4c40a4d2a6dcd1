"""Owns whether shapes are what SHACL lets them be, and such as the engine may be put to.

Leaves judging by them to ``shapes``. The engine passes over what it cannot read, so that a shape with a slip in it
would never be broken; it follows shapes that are part of themselves until its stack is full, and such lists for ever.
So the file is read here before (https://www.w3.org/TR/shacl/#syntax-rules).
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urljoin

import pyoxigraph as ox

from onrecord.errors import Place, Problem, Severity
from onrecord.nearest import nearest_names, offer
from onrecord.terms import NO_TRIPLE_TERMS, RDF, SH, XSD, may_nest_deep, without_place

MAX_DEPTH = 50
"""Shapes, and paths, may stand in one another so deep."""

MAX_STEPS = 10_000
"""So many shapes may one shape lead to, each counted as often as it is led to."""

MAX_PLACED, MAX_PLACED_FAULTS = 1 << 20, 100
"""In a file of more characters, and behind so many problems, they are told without their places."""

MAX_OFFERED = 20
"""For so many shapes that are not there, and terms that no ontology has, the nearest are looked for."""

_KINDS = ("BlankNode", "IRI", "Literal", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral")
_TARGETS = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
_COUNTS = ("minCount", "maxCount", "minLength", "maxLength", "qualifiedMinCount", "qualifiedMaxCount")
_VALUES = ("minExclusive", "minInclusive", "maxExclusive", "maxInclusive")
_TRUTHS = ("uniqueLang", "closed", "deactivated", "qualifiedValueShapesDisjoint")
_PROPERTIES = ("equals", "disjoint", "lessThan", "lessThanOrEquals")
_SHAPES = ("property", "node", "not", "qualifiedValueShape")
_LISTS_OF_SHAPES = ("and", "or", "xone")
_LISTS = (*_LISTS_OF_SHAPES, "in", "languageIn", "ignoredProperties")
_PATHS = ("inversePath", "alternativePath", "zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath")

CORE = frozenset(
    (
        *("NodeShape", "PropertyShape", "path", "message", "severity", "Violation", "Warning", "Info"),
        *("name", "description", "order", "group", "PropertyGroup", "defaultValue"),
        *(
            "prefixes",
            "declare",
            "prefix",
            "namespace",
            "class",
            "datatype",
            "nodeKind",
            "hasValue",
            "pattern",
            "flags",
        ),
        *(*_KINDS, *_TARGETS, *_COUNTS, *_VALUES, *_TRUTHS, *_PROPERTIES, *_SHAPES, *_LISTS, *_PATHS),
    )
)
"""The terms of SHACL Core (https://www.w3.org/TR/shacl/#core-components) and of prefixes."""

_IN_SPARQL = frozenset(
    (
        *("Shape", "sparql", "select", "ask", "PrefixDeclaration", "ConstraintComponent", "Parameter", "parameter"),
        *(
            "Parameterizable",
            "optional",
            "labelTemplate",
            "Validator",
            "validator",
            "nodeValidator",
            "target",
            "Target",
        ),
        *("propertyValidator", "SPARQLConstraint", "SPARQLConstraintComponent", "SPARQLTarget", "SPARQLExecutable"),
        *("SPARQLAskExecutable", "SPARQLSelectExecutable", "SPARQLAskValidator", "SPARQLSelectValidator"),
    )
)
"""The terms of constraints in SPARQL (https://www.w3.org/TR/shacl/#sparql-constraints), which the engine runs too."""

_NOT_RUN = frozenset(("js", "rule", "values", "expression", "entailment"))
_OF_OTHERS = frozenset(
    (
        *("Rule", "TripleRule", "SPARQLRule", "subject", "predicate", "object", "condition", "construct", "update"),
        *("SPARQLConstructExecutable", "SPARQLUpdateExecutable", "Function", "SPARQLFunction", "returnType"),
        *("TargetType", "SPARQLTargetType", "filterShape", "nodes", "intersection", "union", "this", "NodeKind"),
        *("JSConstraint", "JSExecutable", "JSFunction", "JSLibrary", "JSRule", "JSTarget", "JSTargetType"),
        *("JSValidator", "jsFunctionName", "jsLibrary", "jsLibraryURL", "shapesGraph", "suggestedShapesGraph"),
        *("ValidationReport", "ValidationResult", "AbstractResult", "Severity", "conforms", "detail", "focusNode"),
        *("result", "resultMessage", "resultPath", "resultSeverity", "shapesGraphWellFormed", "sourceConstraint"),
        *("sourceConstraintComponent", "sourceShape", "value", "ResultAnnotation", "resultAnnotation"),
        *("annotationProperty", "annotationValue", "annotationVarName"),
    )
)
"""Terms of rules, functions, JavaScript and reports, which mean nothing where those are not run."""

_ONCE = ("path", "severity", "datatype", "nodeKind", "flags", *_COUNTS, *_VALUES, *_TRUTHS)
_READ_ONCE = ("pattern", "not", "qualifiedValueShape")
"""SHACL lets a shape have several; the engine reads one, whichever comes first."""
_ONCE_LISTED = ("in", "languageIn", "ignoredProperties")

_WHOLE = frozenset(
    f"{XSD}{name}"
    for name in (
        *("integer", "nonNegativeInteger", "positiveInteger", "long", "int", "short", "byte"),
        *("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
    )
)
_OWN_FLAGS = re.compile("[smix]*")
_LOCAL = re.compile(r"[A-Za-z_][\w-]*")


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong, where a triple says so, and what to do."""

    message: str
    fix: str
    predicate: str = ""
    object: object = None
    code: str = "S002"


def parse_shapes(text: str, base: str) -> ox.QuadParser:
    """The triples of ``text``, a file of shapes in Turtle; IRIs without a beginning get that of ``base``, where given.

    :raises SyntaxError: on reading them, for what is no Turtle.
    """
    return ox.parse(text, ox.RdfFormat.TURTLE, base_iri=base or None)


def find_faults(text: str, name: str, base: str = "") -> list[Problem]:
    """What is wrong with ``text``, the Turtle of a file of shapes called ``name``.

    An S002 stands in the way of judging by them; an S003 tells what will not be run.
    """
    if may_nest_deep(text):
        return [Problem("S002", Place(name), *NO_TRIPLE_TERMS)]
    try:
        found = _faults(text, base)
    except SyntaxError as error:
        where = Place(name, error.lineno or 0, error.offset or 0)
        what = f"this is not Turtle: {without_place(error.msg)}"
        return [Problem("S002", where, what, "mend the line, or the one above")]
    return _placed(found, text, name, base)


def find_unknown(text: str, name: str, known: Collection[str], base: str = "") -> list[Problem]:
    """An S004 for each term that sound shapes name and no ontology has, in the namespaces of those it has: ``known``.

    Nothing is ever found by such a property, or judged of such a class.
    """
    return _placed(_Reader(text, base).unknown(known), text, name, base)


def _placed(found: Iterable[_Fault], text: str, name: str, base: str) -> list[Problem]:
    """``found`` as problems, each with its place in ``text``, which is called ``name``."""
    faults = list(found)
    places = _Places(text, name, base) if faults and len(text) <= MAX_PLACED else None
    return [
        Problem(
            fault.code,
            places.find(fault) if places and number < MAX_PLACED_FAULTS else Place(name),
            fault.message,
            fault.fix,
            Severity.ERROR if fault.code == "S002" else Severity.WARNING,
        )
        for number, fault in enumerate(faults)
    ]


def are_sound(text: str, base: str = "") -> bool:
    """Whether nothing stands in the way of judging by these shapes."""
    try:
        return not may_nest_deep(text) and all(fault.code != "S002" for fault in _faults(text, base))
    except SyntaxError:
        return False


@functools.lru_cache(maxsize=16)
def _faults(text: str, base: str) -> tuple[_Fault, ...]:
    reader = _Reader(text, base)
    found = dict.fromkeys(reader.faults())
    return tuple(found) or tuple(dict.fromkeys(reader.knots()))


class _Reader:
    """The triples of a file of shapes."""

    def __init__(self, text: str, base: str) -> None:
        reader = parse_shapes(text, base)
        self._triples = [(quad.subject, quad.predicate, quad.object) for quad in reader]
        self._prefixes = reader.prefixes
        self._of: dict[object, dict[str, list[object]]] = {}
        for subject, predicate, obj in self._triples:
            self._of.setdefault(subject, {}).setdefault(predicate.value, []).append(obj)
        self._named = [self._shown(node) for node in self._of if isinstance(node, ox.NamedNode)]
        self._missed = 0

    def _shown(self, term: object) -> str:
        """A term as the file may write it."""
        if isinstance(term, ox.NamedNode):
            for prefix, space in self._prefixes.items():
                if term.value.startswith(space) and _LOCAL.fullmatch(term.value, len(space)):
                    return f"{prefix}:{term.value.removeprefix(space)}"
        if isinstance(term, ox.Literal):
            return f'"{term.value}"'
        return "what stands between [ and ]" if isinstance(term, ox.BlankNode) else str(term)

    def faults(self) -> Iterator[_Fault]:
        """What is wrong with each triple and each node."""
        if any(isinstance(obj, ox.Triple) for _, _, obj in self._triples):
            yield _Fault(*NO_TRIPLE_TERMS)
            return
        for _, predicate, obj in self._triples:
            yield from _unknown(predicate, predicate)
            yield from _unknown(predicate, obj)
            yield from self._value(predicate.value, obj)
        for node, values in self._of.items():
            yield from self._node(node, values)

    def _value(self, predicate: str, obj: object) -> Iterator[_Fault]:
        """What is wrong with the value of a parameter."""
        name = predicate.removeprefix(SH)
        if predicate == name:
            return
        if name in _MEANT and not _MEANT[name][0](obj):
            what = f"sh:{name} takes {_MEANT[name][1]}, not {self._shown(obj)}"
            yield _Fault(what, "mend the value", predicate, obj)
        elif name == "pattern" and not _compiles(obj):
            what = f"{self._shown(obj)} is no regular expression that can be run"
            fix = "mend its brackets; what looks ahead or behind, and what refers back, is not supported"
            yield _Fault(what, fix, predicate, obj)
        elif name in _SHAPES:
            yield from self._shape(predicate, obj)
        elif name in _LISTS:
            members = self._list(obj)
            if members is None:
                yield _Fault(f"sh:{name} takes a list", "write its values between ( and )", predicate, obj)
            for member in members or ():
                if name in _LISTS_OF_SHAPES:
                    yield from self._shape(predicate, member)
                elif name in _MEMBERS and not _MEMBERS[name][0](member):
                    what = f"a list behind sh:{name} holds {_MEMBERS[name][1]}, not {self._shown(member)}"
                    yield _Fault(what, "mend the value", predicate, member)

    def _shape(self, predicate: str, obj: object) -> Iterator[_Fault]:
        """Whether ``obj`` is a shape that is described in this file."""
        if isinstance(obj, ox.Literal):
            yield _Fault(f"{self._shown(obj)} is no shape", "name one, or write it between [ and ]", predicate, obj)
        elif obj not in self._of and isinstance(obj, ox.NamedNode):
            self._missed += 1
            alike = nearest_names(self._shown(obj), self._named) if self._missed <= MAX_OFFERED else []
            fix = offer(alike) or "describe it in this file"
            yield _Fault(f"there is no shape {self._shown(obj)} in this file", fix, predicate, obj)
        elif predicate == f"{SH}node" and f"{SH}path" in self._of.get(obj, {}):
            what = f"sh:node takes a shape of the node itself, and {self._shown(obj)} has a path"
            yield _Fault(what, "write sh:property", predicate, obj)

    def _node(self, node: object, values: Mapping[str, list[object]]) -> Iterator[_Fault]:
        """What a shape has too often, or lacks."""
        for name in (*_ONCE, *_ONCE_LISTED, *_READ_ONCE):
            several = values.get(f"{SH}{name}", ())
            if len(several) > 1:
                apart = "write each in a shape of its own, and list those in sh:and"
                fix = apart if name in _READ_ONCE else "leave all but one out"
                yield _Fault(f"a shape has one sh:{name} here, not {len(several)}", fix, f"{SH}{name}", several[1])
        for path in values.get(f"{SH}path", ()):
            yield from self._path(path)
        is_property = ox.NamedNode(f"{SH}PropertyShape") in values.get(f"{RDF}type", ())
        for inner in values.get(f"{SH}property", ()):
            is_here = inner in self._of or isinstance(inner, ox.BlankNode)
            if is_here and f"{SH}path" not in self._of.get(inner, {}):
                yield _Fault(_NO_PATH, _NO_PATH_FIX, f"{SH}property", inner)
        if is_property and f"{SH}path" not in values:
            yield _Fault(_NO_PATH, _NO_PATH_FIX, f"{RDF}type", ox.NamedNode(f"{SH}PropertyShape"))

    def _path(self, start: object) -> Iterator[_Fault]:
        """What is wrong with a path and those inside it (https://www.w3.org/TR/shacl/#property-paths)."""
        seen, waiting = set[object](), [start]
        while waiting:
            path = waiting.pop()
            if isinstance(path, ox.NamedNode) or path in seen:
                continue
            seen.add(path)
            inner = self._within_path(path)
            if inner is None:
                what = f"{self._shown(path)} is no path"
                fix = "write a property, a list of paths, or one of " + ", ".join(f"[ sh:{name} … ]" for name in _PATHS)
                yield _Fault(what, fix, f"{SH}path", start)
                return
            waiting += inner

    def _within_path(self, path: object) -> list[object] | None:
        """The paths that one is made of; None where it is none."""
        if isinstance(path, ox.NamedNode):
            return []
        if not isinstance(path, ox.BlankNode):
            return None
        values = self._of.get(path, {})
        kinds = [(name, obj) for name in _PATHS for obj in values.get(f"{SH}{name}", ())]
        if f"{RDF}first" in values:
            return self._list(path) if not kinds else None
        if len(kinds) != 1:
            return None
        ((name, obj),) = kinds
        return self._list(obj) if name == "alternativePath" else [obj]

    def _list(self, head: object) -> list[object] | None:
        """The members of a list; None where it is none, has two ways on, or no end."""
        found, seen = list[object](), set[object]()
        while head != _NIL:
            first, rest = (self._of.get(head, {}).get(f"{RDF}{name}", ()) for name in ("first", "rest"))
            if head in seen or len(first) != 1 or len(rest) != 1:
                return None
            seen.add(head)
            found.append(first[0])
            (head,) = rest
        return found

    def knots(self) -> Iterator[_Fault]:
        """What stands in itself, or too deep: told of files in which nothing else is wrong."""
        shapes = {node: [*self._within_shape(values)] for node, values in self._of.items()}
        paths = {node: self._within_path(node) or [] for node in self._of}
        for nodes in (shapes, paths):
            fault = _find_knot(nodes)
            if fault is None:
                continue
            node, why, fix = fault
            where = next(
                ((p.value, o) for _, p, o in self._triples if o == node and p.value.startswith(SH)), ("", None)
            )
            yield _Fault(f"{self._shown(node)} {why}", fix, *where)

    def unknown(self, known: Collection[str]) -> Iterator[_Fault]:
        """Terms that are none of ``known``, in their namespaces, and that are not described here."""
        homes = defaultdict[str, list[str]](list)
        for iri in known:
            homes[_home(iri)].append(iri)
        told = set[str]()
        for _, predicate, obj in self._triples:
            for term in (predicate, obj):
                if not isinstance(term, ox.NamedNode) or term in self._of or _home(term.value) not in homes:
                    continue
                if term.value in known or term.value in told:
                    continue
                told.add(term.value)
                alike = nearest_names(term.value, homes[_home(term.value)]) if len(told) <= MAX_OFFERED else []
                fix = offer(self._shown(ox.NamedNode(iri)) for iri in alike) or "see the ontology"
                what = f"no ontology of this graph has {self._shown(term)}: nothing is found by it"
                yield _Fault(what, fix, predicate.value, None if term == predicate else term, "S004")

    def _within_shape(self, values: Mapping[str, list[object]]) -> Iterator[object]:
        for name in _SHAPES:
            yield from values.get(f"{SH}{name}", ())
        for name in _LISTS_OF_SHAPES:
            for head in values.get(f"{SH}{name}", ()):
                yield from self._list(head) or ()


_NIL = ox.NamedNode(f"{RDF}nil")
_NO_PATH = "a property shape says with sh:path what it looks at"
_NO_PATH_FIX = "add  sh:path  and the property"


def _home(iri: str) -> str:
    """The namespace of an IRI."""
    return iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]


def _find_knot(nodes: Mapping[object, Iterable[object]]) -> tuple[object, str, str] | None:
    """The first node that leads to itself, too deep or to too many, which of these, and the fix; without recursion."""
    measured: dict[object, tuple[int, int]] = {}
    for root in nodes:
        waiting, above = [root], set[object]()
        while waiting:
            node = waiting[-1]
            inner = list(nodes.get(node, ()))
            due = [each for each in inner if each not in measured]
            if node not in measured and due:
                above.add(node)
                if not above.isdisjoint(due):
                    return node, "is part of itself", "leave out what leads back to it"
                waiting += due
                continue
            waiting.pop()
            above.discard(node)
            depth = 1 + max((measured[each][0] for each in inner), default=0)
            steps = 1 + sum(measured[each][1] for each in inner)
            if depth > MAX_DEPTH:
                return node, f"holds others more than {MAX_DEPTH} deep", "make it flatter"
            if steps > MAX_STEPS:
                return node, f"leads to more than {MAX_STEPS:,} others", "give some of them targets of their own"
            measured[node] = depth, steps
    return None


def _unknown(predicate: ox.NamedNode, term: object) -> Iterator[_Fault]:
    """Whether ``term``, in a triple with ``predicate``, is one that SHACL has."""
    if not isinstance(term, ox.NamedNode) or not term.value.startswith(SH):
        return
    name = term.value.removeprefix(SH)
    obj = None if term == predicate else term
    if name in _NOT_RUN:
        what, fix = f"sh:{name} is not run", "only SHACL Core, and its constraints in SPARQL, are"
        yield _Fault(what, fix, predicate.value, obj, "S003")
    elif name and name not in CORE | _IN_SPARQL | _OF_OTHERS and not name.endswith("ConstraintComponent"):
        near = offer(f"sh:{each}" for each in nearest_names(name, CORE | _IN_SPARQL))
        yield _Fault(f"SHACL has no sh:{name}", near or "see the terms of SHACL Core", predicate.value, obj)


def _is_iri(obj: object) -> bool:
    return isinstance(obj, ox.NamedNode)


def _is_literal(obj: object) -> bool:
    return isinstance(obj, ox.Literal)


def _is_count(obj: object) -> bool:
    return (
        isinstance(obj, ox.Literal)
        and obj.datatype.value in _WHOLE
        and re.fullmatch(r"\+?[0-9]{1,9}", obj.value, re.ASCII) is not None
    )


def _is_truth(obj: object) -> bool:
    return (
        isinstance(obj, ox.Literal)
        and obj.datatype.value == f"{XSD}boolean"
        and obj.value in ("true", "false", "1", "0")
    )


def _is_kind(obj: object) -> bool:
    return isinstance(obj, ox.NamedNode) and obj.value.removeprefix(SH) in _KINDS


def _are_flags(obj: object) -> bool:
    return isinstance(obj, ox.Literal) and _OWN_FLAGS.fullmatch(obj.value) is not None


_MEANT: dict[str, tuple[Callable[[object], bool], str]] = {
    **dict.fromkeys(_COUNTS, (_is_count, "a whole number, from 0 on")),
    **dict.fromkeys(_TRUTHS, (_is_truth, "true or false")),
    **dict.fromkeys(_VALUES, (_is_literal, "a value, not a node")),
    **dict.fromkeys(("message", "name", "description"), (_is_literal, "a text")),
    **dict.fromkeys((*_PROPERTIES, "targetSubjectsOf", "targetObjectsOf"), (_is_iri, "the IRI of a property")),
    **dict.fromkeys(("class", "targetClass"), (_is_iri, "the IRI of a class")),
    "datatype": (_is_iri, "the IRI of a datatype"),
    "severity": (_is_iri, "sh:Violation, sh:Warning or sh:Info"),
    "nodeKind": (_is_kind, f"one of {', '.join(f'sh:{kind}' for kind in _KINDS)}"),
    "flags": (_are_flags, "a text of the letters s, m, i and x"),
}
"""What each parameter takes: how that is told, and in words."""

_MEMBERS: dict[str, tuple[Callable[[object], bool], str]] = {
    "languageIn": (_is_literal, "language tags, each a text"),
    "ignoredProperties": (_is_iri, "IRIs of properties"),
}
"""What the lists behind a parameter hold."""


def _compiles(obj: object) -> bool:
    """Whether a regular expression is one to the library that runs it, which is that of SPARQL's REGEX here."""
    if not isinstance(obj, ox.Literal):
        return False
    rows = cast("ox.QuerySolutions", ox.Store().query(f'SELECT (REGEX("", {ox.Literal(obj.value)}) AS ?is) {{}}'))
    return next(rows)["is"] is not None


_TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n]*)
  | (?P<iri><[^<>"{}|^`\\\s]*>)
  | (?P<string>\"{3}(?:\"{0,2}(?:[^"\\]|\\.))*\"{3} | \'{3}(?:\'{0,2}(?:[^'\\]|\\.))*\'{3}
             | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*')
  | (?P<name>[\w-]*:(?:[\w-]|\\.|\.(?=[\w-]))*)
  | (?P<word>@?[\w+-]+(?:\.\d+)?)
  | (?P<sign>\S)
    """,
    re.VERBOSE | re.DOTALL,
)
"""A token of Turtle, roughly: it is only used to find one again in a text that was parsed."""


class _Places:
    """Where the terms of a Turtle text stand."""

    def __init__(self, text: str, name: str, base: str) -> None:
        self._text, self._name = text, name
        self._tokens = [match for match in _TOKEN.finditer(text) if match.lastgroup != "comment"]
        reader = parse_shapes(text, base)
        for _ in reader:
            pass
        self._prefixes = reader.prefixes
        self._base = reader.base_iri or ""

    def find(self, fault: _Fault) -> Place:
        """The object right behind its predicate, or later in a list, else the predicate, else the file."""
        verbs = [at for at, token in enumerate(self._tokens) if self._is(token, ox.NamedNode(fault.predicate or "a:"))]
        behind = [at + 1 for at in verbs if at + 1 < len(self._tokens)]
        exact = [at for at in behind if fault.object is not None and self._is(self._tokens[at], fault.object)]
        listed = [
            at for at in behind[:1] for at in range(at, len(self._tokens)) if self._is(self._tokens[at], fault.object)
        ]
        for at in exact or listed or verbs:
            start, end = self._tokens[at].span()
            line, column = self._text.count("\n", 0, start) + 1, start - self._text.rfind("\n", 0, start)
            return Place(self._name, line, column, end - start)
        return Place(self._name)

    def _is(self, token: re.Match[str], term: object) -> bool:
        kind, text = token.lastgroup, token[0]
        if isinstance(term, ox.NamedNode):
            if kind == "name":
                prefix, _, local = text.partition(":")
                return self._prefixes.get(prefix, "\0") + local.replace("\\", "") == term.value
            whole = urljoin(self._base, text[1:-1]) if kind == "iri" else ""
            return term.value in (whole, f"{RDF}type" if text == "a" else "")
        if isinstance(term, ox.Literal):
            return kind in ("string", "word") and term.value in (text, text.strip("\"'"))
        return False
