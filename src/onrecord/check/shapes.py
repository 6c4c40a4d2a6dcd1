"""Owns the SHACL shapes beside the ontologies: runs them and points to where the data was written.

Leaves the engine to ``shacl_rust`` (https://www.w3.org/TR/shacl/, core constraints).
"""

from __future__ import annotations

import polars as pl

from onrecord.errors import Place, Problems
from onrecord.files import shown_path
from onrecord.resolve import Resolved
from onrecord.terms import SH, split_term

_GENERATED = ("Property has ", "Value ", "Node ", "Property ")


def check_shapes(quads: pl.DataFrame, resolved: Resolved, problems: Problems) -> int:
    """Validate the union of all graphs; returns the number of shape files that were run.

    A result becomes an S001 at the statement, entity or source that its focus node comes from.
    """
    ontology = resolved.names.ontology
    if not ontology.shapes:
        return 0
    import shacl_rust

    lines = quads.select("subject", "predicate", "object").unique()
    data = "\n".join(lines.select(pl.concat_str(pl.all(), pl.lit("."), separator=" ")).to_series().sort().to_list())
    homes = _homes(resolved)
    for path, text in ontology.shapes:
        name = shown_path(path)
        try:
            report = shacl_rust.validate(data, text, data_format="nt", shapes_format="turtle")
        except ValueError as error:
            problems.error("S002", Place(name), f"these shapes cannot be run: {error}", "mend the file")
            continue
        for result in report["results"]:
            _report(result, homes, resolved, Place(name), problems)
    return len(ontology.shapes)


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
    result: dict[str, object], homes: dict[str, Place], resolved: Resolved, shapes: Place, problems: Problems
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
