"""Owns the SHACL shapes beside the ontologies: runs them and points to where the data was written.

Leaves the engine to ``shacl_rust`` (https://www.w3.org/TR/shacl/, core constraints).
"""

from __future__ import annotations

from typing import Any

import polars as pl
import pyoxigraph as ox

from onrecord.errors import Place, Problems
from onrecord.files import shown_path
from onrecord.progress import stage
from onrecord.resolve import Resolved
from onrecord.terms import RDF, RDFS, SH, split_term

_GENERATED = ("Property has ", "Value ", "Node ", "Property ")
_ALONG_PATHS = frozenset(
    f"{SH}{name}"
    for name in (
        *("NodeShape", "PropertyShape", "property", "path", "message", "severity", "Violation", "Warning", "Info"),
        *("name", "description", "order", "group", "PropertyGroup", "defaultValue", "deactivated"),
        *("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf", "prefixes", "declare", "prefix"),
        *("inversePath", "alternativePath", "zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath", "namespace"),
        *("class", "datatype", "nodeKind", "minCount", "maxCount", "hasValue", "in", "languageIn", "uniqueLang"),
        *("IRI", "BlankNode", "Literal", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral"),
        *("minExclusive", "minInclusive", "maxExclusive", "maxInclusive", "minLength", "maxLength", "pattern", "flags"),
        *("equals", "disjoint", "lessThan", "lessThanOrEquals", "not", "and", "or", "xone", "node"),
        *("qualifiedValueShape", "qualifiedMinCount", "qualifiedMaxCount", "qualifiedValueShapesDisjoint"),
    )
)
"""Terms of SHACL that look at no property but those that the shapes name, and at types."""


def check_shapes(quads: pl.DataFrame, resolved: Resolved, problems: Problems) -> int:
    """Validate the union of all graphs; returns the number of shape files that were run.

    A result becomes an S001 at the statement, entity or source that its focus node comes from.
    """
    stage("checking shapes")
    ontology = resolved.names.ontology
    if not ontology.shapes:
        return 0
    homes: dict[str, Place] = {}
    for path, text in ontology.shapes:
        name = shown_path(path)
        try:
            results = validate(quads, text)
        except ValueError as error:
            problems.error("S002", Place(name), f"these shapes cannot be run: {error}", "mend the file")
            continue
        homes = homes or (_homes(resolved) if results else {})
        for result in results:
            _report(result, homes, resolved, Place(name), problems)
    return len(ontology.shapes)


def validate(quads: pl.DataFrame, shapes: str) -> list[dict[str, Any]]:
    """What breaks ``shapes``, a Turtle text, in the union of ``quads``.

    :raises ValueError: for shapes that the engine cannot run.
    """
    import shacl_rust

    named = _predicates(shapes)
    seen = quads if named is None else quads.filter(pl.col("predicate").is_in(named))
    line = pl.concat_str("subject", "predicate", "object", pl.lit("."), separator=" ")
    data = "\n".join(seen.select(line).to_series())
    report = shacl_rust.validate(data, shapes, data_format="nt", shapes_format="turtle", experimental_index=True)
    found: list[dict[str, Any]] = report["results"]
    return found


def _predicates(shapes: str) -> list[str] | None:
    """The properties that ``shapes`` can look at; None where they may look at any, as ``sh:closed`` and SPARQL do."""
    terms = {f"{RDF}type", f"{RDFS}subClassOf"}
    try:
        for triple in ox.parse(shapes, ox.RdfFormat.TURTLE):
            terms.update(term.value for term in triple if isinstance(term, ox.NamedNode))
    except SyntaxError:
        return None
    if any(term.startswith(SH) and term not in _ALONG_PATHS for term in terms):
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


def _report(
    result: dict[str, Any], homes: dict[str, Place], resolved: Resolved, shapes: Place, problems: Problems
) -> None:
    focus = str(result.get("focusNode", ""))
    messages = result.get("messages")
    texts = [str(text) for text in messages] if isinstance(messages, list) else []
    own = [text for text in texts if not text.startswith(_GENERATED)]
    message = (own or texts or ["a shape is broken"])[-1]
    path, value = str(result.get("resultPath") or ""), str(result.get("value") or "")
    if path.startswith("<"):
        message += f" ({resolved.names.label(path[1:-1])}"
        message += f": {_shown(value, resolved)})" if value else ")"
    if focus.startswith("<") and focus not in homes:
        message = f"{resolved.names.compact(focus[1:-1])}: {message}"
    place = homes.get(focus, shapes)
    fix = "correct the statement or the entity, or the shape in " + shapes.file
    match str(result.get("severity", "")).removeprefix(f"<{SH}").rstrip(">"):
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
