"""Owns the SHACL shapes beside the ontologies: runs them and points to where the data was written.

Leaves what shapes may be to ``wellformed`` and the engine to ``shacl_rust`` (https://www.w3.org/TR/shacl/, core
constraints, and those in SPARQL). It runs in a child, which it may bring down, and which an interruption ends.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyoxigraph as ox

from onrecord.check.reach import ALONG_PATHS
from onrecord.check.wellformed import find_faults, find_unknown, parse_shapes
from onrecord.errors import Place, Problems, Severity
from onrecord.files import shown_path
from onrecord.forked import ChildDied, in_child
from onrecord.progress import stage
from onrecord.resolve import Resolved
from onrecord.terms import RDF, RDFS, SH, split_term

_GENERATED = ("Property has ", "Value ", "Node ", "Property ")
Result = dict[str, Any]
"""What the engine says of one thing that is broken: texts, and a list of messages."""

_BLANK = re.compile(r"_:\w+")
"""The engine gives blank nodes other names each time."""

_TOLD = ("focusNode", "resultPath", "value", "severity")


@dataclass(frozen=True, slots=True)
class Near:
    """What is to be judged again: some ``nodes``, with the ``quads`` that this takes.

    ``results`` are those of the last time, one list for each file of shapes; all others of them still hold.
    """

    nodes: frozenset[str]
    quads: pl.DataFrame
    results: list[list[Result]]


def check_shapes(data: pl.DataFrame | Near, resolved: Resolved, problems: Problems) -> list[list[Result]] | None:
    """Validate the union of all graphs, or what changed of it; returns what each file of shapes found.

    A result becomes an S001 at the statement, entity or source that its focus node comes from. None is returned where
    shapes cannot be run.
    """
    stage("checking shapes")
    ontology, base = resolved.names.ontology, resolved.names.minter.base
    found: list[list[Result]] = []
    homes: dict[str, Place] = {}
    known = {*ontology.classes, *ontology.properties, *ontology.individuals}
    known |= {prop.qualified_iri for prop in ontology.properties.values()}
    for number, (path, text) in enumerate(ontology.shapes):
        name = shown_path(path)
        faults = find_faults(text, name, base)
        problems.items += faults
        if any(fault.severity is Severity.ERROR for fault in faults):
            continue
        problems.items += find_unknown(text, name, known, base)
        try:
            results = _judge_near(data, number, text, base) if isinstance(data, Near) else _judge(data, text, base)
        except ValueError as error:
            problems.error("S002", Place(name), f"these shapes cannot be run: {error}", "mend the file")
            continue
        found.append(results)
        homes = homes or (_homes(resolved) if results else {})
        for result in results:
            _report(result, homes, resolved, Place(name), problems)
    return found if len(found) == len(ontology.shapes) else None


def _judge(quads: pl.DataFrame, shapes: str, base: str) -> list[Result]:
    return [_told(result) for result in validate(quads, shapes, base)]


def _judge_near(near: Near, number: int, shapes: str, base: str) -> list[Result]:
    """Nodes that are only there because others lead to them do not have everything there: no word of them."""
    kept = [result for result in near.results[number] if result["focusNode"] not in near.nodes]
    new = _judge(near.quads, shapes, base) if near.nodes else []
    return kept + [result for result in new if result["focusNode"] in near.nodes]


def _told(result: Mapping[str, Any]) -> Result:
    messages = result.get("messages")
    texts = [_BLANK.sub("one without a name", str(text)) for text in messages] if isinstance(messages, list) else []
    return {"messages": texts, **{name: str(result.get(name) or "") for name in _TOLD}}


def validate(quads: pl.DataFrame, shapes: str, base: str = "") -> list[dict[str, Any]]:
    """What breaks ``shapes``, a Turtle text with that ``base``, in the union of ``quads``.

    :raises ValueError: for shapes that the engine cannot run.
    """
    named = _predicates(shapes, base)
    seen = quads if named is None else quads.filter(pl.col("predicate").is_in(named))
    line = pl.concat_str("subject", "predicate", "object", pl.lit("."), separator=" ")
    data, text = "\n".join(seen.select(line).to_series()), _without_deactivated(shapes, base)
    is_at_work_here = "shacl_rust" in sys.modules  # by somebody else: a child would wait for its threads for ever
    try:
        told: dict[str, Any] = json.loads(_run(data, text) if is_at_work_here else in_child(lambda: _run(data, text)))
    except ChildDied as error:
        raise ValueError(f"the engine fell over them ({error})") from error
    except OSError as error:
        raise ValueError(f"this machine has no room for another process ({error.strerror})") from error
    if "error" in told:
        raise ValueError(told["error"])
    found: list[dict[str, Any]] = told["results"]
    return found


def _run(data: str, shapes: str) -> bytes:
    """What the engine says, as JSON: ``results``, or an ``error`` of the shapes."""
    import shacl_rust

    try:
        told = shacl_rust.validate(data, shapes, data_format="nt", shapes_format="turtle", experimental_index=True)
    except ValueError as error:
        return json.dumps({"error": str(error)}).encode()
    return json.dumps({"results": told["results"]}).encode()


def _without_deactivated(shapes: str, base: str) -> str:
    """``shapes`` without what is deactivated: everything conforms to that, but the engine judges by it inside others.

    See https://www.w3.org/TR/shacl/#deactivated.
    """
    if "deactivated" not in shapes:
        return f"@base <{base}> .\n{shapes}" if base else shapes
    triples = [(quad.subject, quad.predicate, quad.object) for quad in parse_shapes(shapes, base)]
    off = {
        subject
        for subject, predicate, value in triples
        if predicate.value == f"{SH}deactivated" and isinstance(value, ox.Literal) and value.value in ("true", "1")
    }
    kept = [
        ox.Triple(subject, predicate, obj)
        for subject, predicate, obj in triples
        if subject not in off and not (obj in off and predicate.value in (f"{SH}property", f"{SH}node"))
    ]
    kept += [ox.Triple(each, ox.NamedNode(f"{RDF}type"), ox.NamedNode(f"{SH}NodeShape")) for each in off]
    written = io.BytesIO()
    ox.serialize(kept, written, ox.RdfFormat.TURTLE)
    return written.getvalue().decode()


def _predicates(shapes: str, base: str) -> list[str] | None:
    """The properties that ``shapes`` can look at; None where they may look at any, as ``sh:closed`` and SPARQL do."""
    terms = {f"{RDF}type", f"{RDFS}subClassOf"}
    for triple in parse_shapes(shapes, base):
        terms.update(term.value for term in triple if isinstance(term, ox.NamedNode))
    if any(term.startswith(SH) and term not in ALONG_PATHS for term in terms):
        return None
    return sorted(f"<{term}>" for term in terms)


def _homes(resolved: Resolved) -> dict[str, Place]:
    """Where each node of the dataset was written."""
    homes = {f"<{resolved.names.minter.source(source.id)}>": source.place for source in resolved.sources.values()}
    homes.update({f"<{found.iri}>": found.entity.place for found in resolved.entities})
    table = resolved.statements.select("row", "proposition", "statement").sort("row", descending=True)
    for row, proposition, statement in table.iter_rows():
        place = resolved.places.of(row)
        if proposition:
            homes[proposition] = place
        if statement:
            homes[statement] = place
    return homes


def _report(result: Result, homes: dict[str, Place], resolved: Resolved, shapes: Place, problems: Problems) -> None:
    focus, texts = result["focusNode"], result["messages"]
    own = [text for text in texts if not text.startswith(_GENERATED)]
    message = (own or texts or ["a shape is broken"])[-1]
    path, value = result["resultPath"], result["value"]
    if path.startswith("<"):
        message += f" ({resolved.names.label(path[1:-1])}"
        message += f": {_shown(value, resolved)})" if value else ")"
    if focus.startswith("<") and focus not in homes:
        message = f"{resolved.names.compact(focus[1:-1])}: {message}"
    place = homes.get(focus, shapes)
    fix = "correct the statement or the entity, or the shape in " + shapes.file
    match result["severity"].removeprefix(f"<{SH}").rstrip(">"):
        case "Warning":
            problems.warning("S001", place, message, fix)
        case "Info":
            problems.info("S001", place, message, fix)
        case _:
            problems.error("S001", place, message, fix)


def _shown(term: str, resolved: Resolved) -> str:
    try:
        kind, text, _, _ = split_term(term)
    except ValueError:
        return term
    return resolved.names.label(text) if kind == "iri" else f'"{text}"'
