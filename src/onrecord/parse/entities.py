"""Owns entity files: ``entities.yaml`` and ``entities.csv`` to a list of entities.

Leaves types and names to ``resolve``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from onrecord.documents import Mapping, Node, Scalar, Sequence, parse_yaml
from onrecord.errors import Problems, has_errors
from onrecord.files import read_text
from onrecord.model import Entity
from onrecord.parse.csv import read_records
from onrecord.parse.source import check_id, places_of, read_flag, read_texts, report_unknown
from onrecord.terms import is_iri, is_language

_TEXTS = ("id", "note")
_KEYS = ("id", "label", "type", "aliases", "same as", "note", "protected")


def parse_entities(
    path: Path, name: str, language: str, problems: Problems
) -> tuple[list[Entity], frozenset[str] | None]:
    """The entities of one file, YAML or CSV by its suffix, and what those are called that could not be read.

    None stands for names of which nobody knows, because the file cannot be read to its end.
    """
    text = read_text(path, name, problems)
    if text is None:
        return [], None
    broken = Problems()
    found: list[Entity] = []
    lost: set[str] = set()
    for node in _records(text, path.suffix, name, broken):
        entity = _read_entity(node, language, problems)
        if entity is not None:
            found.append(entity)
        else:
            lost.update(_texts(node))
    problems.extend(broken.items)
    return found, None if has_errors(broken.items) else frozenset(lost)


def _texts(node: Node) -> Iterator[str]:
    """Every text in a node; the names of an entity are among them."""
    if isinstance(node, Scalar):
        yield node.text
        return
    for child in node.items if isinstance(node, Sequence) else (value for _, value in node.items()):
        yield from _texts(child)


def _records(text: str, suffix: str, name: str, problems: Problems) -> Iterable[Node]:
    if suffix == ".csv":
        return read_records(text, name, {"aliases", "same as", "type"}, "id", problems, partial(_columns, problems))
    root = parse_yaml(text, name, problems)
    if root is None:
        return ()
    if not isinstance(root, Sequence):
        problems.error("P022", root.place, "this file is a list of entities", "write  - id: ...")
        return ()
    return root.items


def _columns(problems: Problems, header: list[Scalar]) -> list[str]:
    """The names of the columns; those that no entity has are told, and empty."""
    for key in header:
        if key.text not in _KEYS:
            report_unknown(key, _KEYS, "entity", problems)
    return [key.text if key.text in _KEYS else "" for key in header]


def _read_entity(node: Node, language: str, problems: Problems) -> Entity | None:
    if not isinstance(node, Mapping):
        problems.error("P022", node.place, "an entity is a mapping of fields", "write  - id: ...")
        return None
    values = read_texts(node, _TEXTS, _KEYS, "entity", problems)
    labels = _names(node.get("label"), "label", language, problems)
    types = _list(node.get("type"), "type", problems)
    for key, present in (("id", values.get("id")), ("label", labels), ("type", types)):
        if not present and (key not in ("label", "type") or node.get(key) is None):
            problems.error("P021", node.place, f'this entity has no "{key}"', f"write  {key}: ...")
    if not values.get("id") or not check_id(values["id"], node, problems) or not labels:
        return None
    same_as = _list(node.get("same as"), "same as", problems)
    places = places_of(node)
    for index, value in enumerate(same_as):
        if not is_iri(value):
            problems.error(
                "P033",
                places.get(f"same as.{index}") or places["same as"],
                f'"{value}" is no IRI',
                "write the whole address, such as http://www.wikidata.org/entity/Q42",
            )
    return Entity(
        id=values["id"],
        place=node.place,
        types=tuple(types),
        labels=tuple(labels),
        aliases=tuple(_names(node.get("aliases"), "aliases", language, problems)),
        same_as=tuple(value for value in same_as if is_iri(value)),
        note=values.get("note", ""),
        protected=read_flag(node.get("protected"), "protected", problems),
        places=places,
    )


def _list(node: Node | None, key: str, problems: Problems) -> list[str]:
    out = []
    for item in node.items if isinstance(node, Sequence) else [node] if node is not None else []:
        if not isinstance(item, Scalar):
            problems.error("P022", item.place, f'"{key}" takes a text or a list of texts', f"write  {key}: [a, b]")
        elif not item.text.strip():
            problems.error("P024", item.place, f'"{key}" is empty', "fill it in, or leave it out")
        else:
            out.append(item.text)
            if item.cut and key in ("label", "aliases"):
                problems.error(
                    "P028",
                    item.place,
                    f'" #" cuts this {"label" if key == "label" else "alias"} short: what follows is a comment to YAML',
                    f'put it in quotes: "{item.text} #..."',
                )
    return out


def _names(node: Node | None, key: str, language: str, problems: Problems) -> list[tuple[str, str]]:
    """Names with their language: a text, a list of texts, or a mapping from language to either."""
    if not isinstance(node, Mapping):
        return [(text, language) for text in _list(node, key, problems)]
    out = []
    for tag, value in node.items():
        if not is_language(tag.text):
            problems.error(
                "P034", tag.place, f'"{tag.text}" is no language tag', "write a tag of BCP 47, such as en or pt-BR"
            )
            continue
        out += [(text, tag.text) for text in _list(value, key, problems)]
    return out
