"""Owns how a ``source:`` mapping, its unnamed speakers and its left-out sentences are read.

Leaves looking up the archived text to ``sources``.
"""

from __future__ import annotations

from collections.abc import Iterable

from onrecord.documents import Mapping, Node, Scalar, Sequence
from onrecord.errors import Place, Problems
from onrecord.model import LeftOut, Source, Speaker
from onrecord.nearest import did_you_mean
from onrecord.project import is_local_id

_TEXTS = (
    "id",
    "title",
    "publisher",
    "published",
    "author",
    "url",
    "text",
    "sha256",
    "language",
    "licence",
    "retrieved",
    "note",
)
_KEYS = (*_TEXTS, "origin", "speakers", "left out", "protected")
_SPEAKER_TEXTS = ("id", "label", "type", "note")
_SPEAKER_KEYS = (*_SPEAKER_TEXTS, "protected")
_LEFT_OUT_KEYS = ("quote", "reason")


def read_source(node: Node, problems: Problems) -> Source | None:
    """The source in a mapping, or None with a problem where it has no id."""
    if not isinstance(node, Mapping):
        problems.error("P022", node.place, "a source is a mapping of fields", "write  source: with  id: ...  below it")
        return None
    values = read_texts(node, _TEXTS, _KEYS, "source", problems)
    if not values.get("id"):
        problems.error("P021", node.place, 'this source has no "id"', "write  id: paper-2025-12-17")
        return None
    if not check_id(values["id"], node, problems):
        return None
    origin = node.get("origin")
    origins = origin.items if isinstance(origin, Sequence) else [origin] if origin else []
    return Source(
        **{key.replace(" ", "_"): value for key, value in values.items()},
        place=node.place,
        origin=tuple(item.text for item in origins if isinstance(item, Scalar)),
        speakers=tuple(_speakers(node.get("speakers"), problems)),
        left_out=tuple(_left_out(node.get("left out"), problems)),
        protected=read_flag(node.get("protected"), "protected", problems),
        places=places_of(node),
    )


def places_of(node: Mapping) -> dict[str, Place]:
    """Where each value of a mapping stands."""
    places = {}
    for key, value in node.items():
        places[key.text] = value.place
        if isinstance(value, Sequence):
            for index, item in enumerate(value.items):
                places[f"{key.text}.{index}"] = item.place
    return places


def check_id(text: str, node: Mapping, problems: Problems) -> bool:
    """Whether ``text`` can be an id; a P030 if not."""
    if is_local_id(text):
        return True
    place = value.place if (value := node.get("id")) else node.place
    problems.error(
        "P030",
        place,
        f'"{text}" cannot be an id',
        "an id has letters A to Z, digits, - _ and . in it, begins with a letter or digit, and has no spaces",
    )
    return False


def read_flag(node: Node | None, key: str, problems: Problems) -> bool:
    """Whether a field says true; a P029 where it says neither true nor false."""
    if node is None:
        return False
    if isinstance(node, Scalar) and node.text in ("true", "false"):
        return node.text == "true"
    problems.error("P029", node.place, f'"{key}" is true or false', f"write  {key}: true, or leave it out")
    return False


def read_texts(
    node: Mapping, texts: tuple[str, ...], keys: tuple[str, ...], what: str, problems: Problems
) -> dict[str, str]:
    """The text values of a mapping; unknown keys, lists, empty and cut values are problems."""
    values: dict[str, str] = {}
    for key, value in node.items():
        if key.text not in keys:
            report_unknown(key, keys, what, problems)
        elif key.text in texts:
            if not isinstance(value, Scalar):
                problems.error("P022", value.place, f'"{key.text}" takes a text', f"write  {key.text}: ...")
            elif not value.text.strip():
                problems.error("P024", value.place, f'"{key.text}" is empty', "fill it in, or leave it out")
            else:
                values[key.text] = value.text
                if value.cut and key.text in ("title", "label", "note", "quote", "reason"):
                    problems.error(
                        "P028",
                        value.place,
                        f'" #" cuts this {key.text} short: what follows is a comment to YAML',
                        f"write the text on a line of its own:\n{key.text}: |-\n  {value.text} # ...",
                    )
    return values


def report_unknown(key: Scalar, keys: Iterable[str], what: str, problems: Problems) -> None:
    """Report a key that is none of the ``keys`` that a ``what`` has (P020)."""
    known = list(keys)
    fix = did_you_mean(key.text, known) or f"the fields are: {', '.join(known)}"
    problems.error("P020", key.place, f'unknown field "{key.text}" in a {what}', fix)


def _mappings(node: Node | None, what: str, problems: Problems) -> list[Mapping]:
    if node is None:
        return []
    if not isinstance(node, Sequence):
        problems.error("P022", node.place, f'"{what}" takes a list', f"write each of them after a dash below  {what}:")
        return []
    out = []
    for item in node.items:
        if isinstance(item, Mapping):
            out.append(item)
        else:
            problems.error("P022", item.place, f'each of "{what}" is a mapping of fields', "write  - key: value")
    return out


def _speakers(node: Node | None, problems: Problems) -> list[Speaker]:
    found: dict[str, Speaker] = {}
    for item in _mappings(node, "speakers", problems):
        values = read_texts(item, _SPEAKER_TEXTS, _SPEAKER_KEYS, "speaker", problems)
        missing = next((key for key in ("id", "label") if not values.get(key)), None)
        if missing:
            problems.error("P021", item.place, f'this speaker has no "{missing}"', f"write  {missing}: ...")
        elif check_id(values["id"], item, problems):
            if values["id"] in found:
                problems.error(
                    "P031",
                    item.place,
                    f'the id "{values["id"]}" stands twice; the first is on line {found[values["id"]].place.line}',
                    "give each its own id",
                )
                continue
            found[values["id"]] = Speaker(
                values["id"],
                values["label"],
                values.get("type", ""),
                item.place,
                values.get("note", ""),
                read_flag(item.get("protected"), "protected", problems),
            )
    return list(found.values())


def _left_out(node: Node | None, problems: Problems) -> list[LeftOut]:
    out = []
    for item in _mappings(node, "left out", problems):
        values = read_texts(item, _LEFT_OUT_KEYS, _LEFT_OUT_KEYS, "left-out sentence", problems)
        missing = next((key for key in _LEFT_OUT_KEYS if not values.get(key)), None)
        if missing:
            problems.error("P021", item.place, f'this left-out sentence has no "{missing}"', f"write  {missing}: ...")
        else:
            quote = item.get("quote")
            out.append(LeftOut(values["quote"], values["reason"], quote.place if quote else item.place))
    return out
