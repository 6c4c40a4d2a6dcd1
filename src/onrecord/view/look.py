"""Owns how things look on a page: shapes and colours by class, lines by how firmly it is put.

Leaves where they stand to ``layout`` and handing them to vis-network to ``network``.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass

from onrecord.view.model import ViewEdge, ViewNode

LABEL_SIZE = 13
"""Height of a node's label, in the units of the layout (pixels at zoom 1)."""

LINE_HEIGHT = 1.18
"""Distance of two lines of a label, as a share of its size; the page's script uses the same."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a class of nodes looks like. Colours are (light theme, dark theme)."""

    name: str
    legend: str
    vis: str
    fill: tuple[str, str]
    border: tuple[str, str]
    scale: float = 1.0
    border_width: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """What a class of statements looks like: dash pattern, width, arrow; colours as in Shape."""

    name: str
    legend: str
    explained: str
    colour: tuple[str, str]
    width: float
    dashes: tuple[int, ...] = ()
    arrow: str = "arrow"
    bar: bool = False


# Hues after Okabe and Ito, told apart in every common kind of colour blindness; each has a form of
# its own as well. Red is kept for what is denied.
SHAPES = {
    shape.name: shape
    for shape in (
        Shape("person", "person", "dot", ("#2f7fb8", "#5aa9e0"), ("#1c5a86", "#a5d3f5")),
        Shape("group", "group", "dot", ("#ffffff", "#16191d"), ("#2f7fb8", "#5aa9e0"), 0.88, 4),
        Shape("state", "state", "star", ("#e69f00", "#e9b03a"), ("#a06e00", "#f6d99a"), 1.3),
        Shape("organisation", "organisation", "square", ("#b8709c", "#cf8fb5"), ("#7d4467", "#eccbdd"), 0.9),
        Shape("event", "event", "diamond", ("#009e73", "#33b892"), ("#006a4d", "#9fe0cb"), 1.2),
        Shape("place", "place", "triangleDown", ("#9a7b4f", "#b9996b"), ("#665030", "#e2cfae"), 1.1),
        Shape("plan", "plan, proposal, document", "triangle", ("#56b4e9", "#7cc6f0"), ("#2a7dab", "#c5e6fa"), 1.1),
        Shape("thing", "thing", "hexagon", ("#8c9299", "#949aa1"), ("#5b6067", "#d0d4d8")),
        Shape("proposition", "proposition, true or not", "box",
              ("#fbf6e6", "#2a271d"), ("#b9a15a", "#8f7d46")),
        Shape("literal", "value", "box", ("#f3f4f5", "#23272c"), ("#b4b9bf", "#5d646c")),
    )
}  # fmt: skip

LINES = {
    line.name: line
    for line in (
        Line("fact", "On record as fact", "the source asserts it in its own voice, or it is confirmed",
             ("#23272d", "#e3e6ea"), 2.1),
        Line("said", "Said, not asserted", "somebody says so, or it hangs on a condition",
             ("#434b55", "#b4bcc5"), 1.1, (), "vee"),
        Line("expected", "Expected or planned", "has not happened yet",
             ("#0a62b4", "#6cb4ff"), 1.7, (9, 6), "vee"),
        Line("claimed", "Claimed or possible", "claimed, possible or unconfirmed",
             ("#7a4ba0", "#c79bf0"), 2.0, (2, 5), "vee"),
        Line("denied", "Denied or not so", "the source or its speaker says that it is not so",
             ("#c4122f", "#ff6f78"), 1.9, (12, 4, 2, 4), "vee", True),
        Line("mentioned", "Only mentioned", "nobody says whether it is so",
             ("#8b929a", "#828a93"), 1.1, (1, 7), "vee"),
        Line("link", "Part of a proposition", "its subject and object",
             ("#b9bfc5", "#5a626a"), 1.0, (), ""),
    )
}  # fmt: skip

_LINE_OF_STATUS = {
    "expected": "expected",
    "planned": "expected",
    "claimed": "claimed",
    "possible": "claimed",
    "unconfirmed": "claimed",
    "denied": "denied",
    "mentioned": "mentioned",
}


def shape_of(node: ViewNode) -> Shape:
    """The shape of a node; a class without one of its own looks like a thing."""
    return SHAPES.get(node.shape_class, SHAPES["thing"])


def line_of(edge: ViewEdge) -> Line:
    """The line of an edge: what is denied or negated before all, then its status, then whether it asserts."""
    if edge.kind == "link":
        return LINES["link"]
    if edge.negated:
        return LINES["denied"]
    if edge.asserting:
        return LINES["fact"]
    return LINES[_LINE_OF_STATUS.get(edge.status, "said")]


def wrap_label(text: str, width: float = 128, lines: int = 4, size: float = LABEL_SIZE) -> tuple[str, ...]:
    """``text`` in lines of about ``width`` pixels, broken between words, cut with an ellipsis after ``lines``.

    >>> wrap_label("Sovereign wealth fund of Ostmark")
    ('Sovereign wealth', 'fund of Ostmark')
    """
    words = [piece for word in text.split() for piece in _pieces(word, width, size)]
    out: list[str] = []
    for word in words:
        joined = f"{out[-1]} {word}" if out else word
        if out and text_width(joined, size) <= width:
            out[-1] = joined
        else:
            out.append(word)
    if len(out) > lines:
        last = out[lines - 1]
        while last and text_width(f"{last}…", size) > width:
            last = last[:-1]
        out = [*out[: lines - 1], f"{last.rstrip()}…"]
    return tuple(out)


def _pieces(word: str, width: float, size: float) -> list[str]:
    """A word that is wider than a line, cut into pieces that fit."""
    pieces, piece, reached = [], "", 0.0
    for char in word:
        step = _char_width(char) * size
        if piece and reached + step > width * 1.25:
            pieces.append(piece)
            piece, reached = "", 0.0
        piece += char
        reached += step
    return [*pieces, piece]


def text_width(text: str, size: float = LABEL_SIZE) -> float:
    """About how wide ``text`` is in pixels in a wide sans-serif face (DejaVu Sans); the same on every machine."""
    return sum(map(_char_width, text)) * size


_NARROW = frozenset("iljtfrI.,:;'|!()[]/ -")
_WIDE = frozenset("mwMW@%—…")


def _char_width(char: str) -> float:
    if char in _NARROW:
        return 0.37
    if char in _WIDE:
        return 0.94
    if unicodedata.east_asian_width(char) in "WF":
        return 1.02
    if unicodedata.combining(char):
        return 0.0
    return 0.71 if char.isupper() else 0.61


def node_size(shape: Shape, degree: int) -> float:
    """The radius of a node: grows with the square root of its degree, to a limit."""
    return round(shape.scale * min(20.0, 7.5 + 2.1 * math.sqrt(degree)), 1)
