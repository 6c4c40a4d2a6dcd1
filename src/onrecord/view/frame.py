"""Owns the frame of every page: its policy, styles, palette, scripts, data block and small drawings.

Leaves what stands in a page to the module of that page.

Data go into a JSON block that no parser of HTML can leave, scripts and styles are allowed by their
hash alone (Content Security Policy, level 3), and the scripts write text, never markup.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from onrecord.view.look import LABEL_SIZE, LINE_HEIGHT, LINES, SHAPES, Line, Shape, line_of, shape_of
from onrecord.view.model import ViewEdge, ViewGraph, ViewNode

_SURROGATE = re.compile("[\ud800-\udfff]")
_DRAWN = frozenset({"iri", "source", "target"})


def render(
    template: str,
    graph: ViewGraph,
    *,
    scripts: Iterable[str],
    styles: Iterable[str],
    data: object,
    libraries: Iterable[str] = (),
    **values: Any,
) -> str:
    """The page of ``template`` for ``graph``: assets by their names, ``data`` for the scripts, ``values`` for the text.

    ``libraries`` are scripts of others, each in an element of its own; ``scripts`` share one scope.
    """
    # Our own files, no data in them.
    style = Markup(theme() + "".join(asset(name) for name in ("palette.css", *styles)))
    own = "\n".join(asset(name) for name in scripts)
    blocks = [*map(asset, libraries), "(async function () {\n'use strict';\n" + own + "})();\n"]
    if graph.live:
        blocks.append(asset("live.js"))
    return (
        _environment()
        .get_template(template)
        .render(
            graph=graph,
            language=graph.language or "en",
            csp=hashed_policy(blocks, (style,), connect=graph.live),
            style=style,
            scripts=[Markup(block) for block in blocks],
            data=embed_json(data),
            shape_mark=shape_mark,
            line_mark=line_mark,
            **values,
        )
    )


def look() -> dict[str, Any]:
    """What the scripts know of shapes and lines; their colours are in the style sheet."""
    return {
        "labelSize": LABEL_SIZE,
        "lineHeight": LINE_HEIGHT,
        "shapes": {
            shape.name: {"vis": shape.vis, "legend": shape.legend, "border": shape.border_width}
            for shape in SHAPES.values()
        },
        "lines": {
            line.name: {
                "legend": line.legend, "width": line.width, "dashes": line.dashes, "arrow": line.arrow, "bar": line.bar,
            }
            for line in LINES.values()
        },
    }  # fmt: skip


def describe_things(nodes: Iterable[ViewNode]) -> dict[str, dict[str, Any]]:
    """What the panel says of each node, by its IRI."""
    return {
        node.iri: without_empty({
            "name": node.label, "kind": node.kind, "type": node.type_label, "typeIri": node.type_iri,
            "shape": shape_of(node).name, "aliases": node.aliases, "note": node.note,
            "language": node.language,
        })
        for node in nodes
    }  # fmt: skip


def describe_statement(edge: ViewEdge) -> dict[str, Any]:
    """What is on record in a statement: the fields of its edge that say something."""
    told = {field.name: getattr(edge, field.name) for field in fields(edge) if field.name not in _DRAWN}
    told["disputes"] = tuple(without_empty(asdict(dispute)) for dispute in edge.disputes)
    return without_empty(told)


def record_rows(graph: ViewGraph, edges: Sequence[ViewEdge]) -> dict[str, Any]:
    """Nodes and edges as the scripts read them, the statements ``edges`` first and in their order."""
    nodes = sorted(graph.nodes, key=lambda node: node.iri)
    links = sorted((edge for edge in graph.edges if edge.kind == "link"), key=lambda edge: (edge.source, edge.label))
    taken: Counter[str] = Counter()
    ids = []
    for edge in [*edges, *links]:
        name = edge.iri or f"link:{edge.source}:{edge.label}"
        taken[name] += 1
        ids.append(name if taken[name] == 1 else f"{name}~{taken[name]}")
    drawn = list(zip(ids, [*edges, *links], strict=True))
    return {
        "nodes": [{"id": node.iri, "label": node.label} for node in nodes],
        "edges": [
            {"id": name, "from": edge.source, "to": edge.target, "label": edge.label, "line": line_of(edge).name}
            for name, edge in drawn
        ],
        "things": describe_things(nodes),
        "statements": {name: describe_statement(edge) for name, edge in drawn if edge.kind == "statement"},
    }


def counted_shapes(nodes: Iterable[ViewNode]) -> list[tuple[Shape, int]]:
    """The shapes that are shown, for the legend, with how many nodes have each."""
    shown = Counter(shape_of(node).name for node in nodes)
    return [(shape, shown[name]) for name, shape in SHAPES.items() if shown[name]]


def counted_lines(shown: Mapping[str, int]) -> list[tuple[Line, int]]:
    """The lines that are shown, for the legend, with how many statements have each."""
    return [(line, shown[name]) for name, line in LINES.items() if shown.get(name)]


def embed_json(value: object) -> Markup:
    """``value`` as JSON that is safe inside a script element, whatever its strings hold.

    >>> print(embed_json({"label": "</script><b>"}))
    {"label":"\\u003c/script\\u003e\\u003cb\\u003e"}
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    # A half of a surrogate pair cannot be written in UTF-8: it stays an escape.
    text = _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return Markup(text)  # escaped above


def without_empty(record: dict[str, Any]) -> dict[str, Any]:
    """``record`` without the fields that say nothing."""
    return {name: value for name, value in record.items() if value not in ("", (), 0, False)}


def hashed_policy(scripts: Iterable[str], styles: Iterable[str], *, connect: bool) -> str:
    """The Content Security Policy of a page that holds these scripts and styles; it may ``connect`` to its own host."""

    def hashes(texts: Iterable[str]) -> str:
        return " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts
        )

    own = "connect-src 'self'; " if connect else ""
    return (
        f"default-src 'none'; script-src {hashes(scripts)}; style-src {hashes(styles)}; img-src data:; "
        f"{own}base-uri 'none'; form-action 'none'"
    )


@cache
def asset(name: str) -> str:
    """The text of a file beside the templates, ``vendor/...`` included."""
    return files("onrecord.view").joinpath("assets", *name.split("/")).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("onrecord.view"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


def theme() -> str:
    """The palette as CSS custom properties, light and dark: the page's only list of colours of the graph."""

    def block(theme: int) -> str:
        pairs = [(f"shape-{s.name}-fill", s.fill[theme]) for s in SHAPES.values()]
        pairs += [(f"shape-{s.name}-border", s.border[theme]) for s in SHAPES.values()]
        pairs += [(f"line-{line.name}", line.colour[theme]) for line in LINES.values()]
        return "".join(f"--{name}:{value};" for name, value in pairs)

    return (
        f":root{{{block(0)}}}\n@media screen and (prefers-color-scheme:dark){{:root:not(.light){{{block(1)}}}}}\n"
        f"@media screen{{:root.dark{{{block(1)}}}}}\n"
    )


_OUTLINES = {
    "dot": "M16 3a7 7 0 1 0 .01 0z",
    "square": "M9.5 3.5h13v13h-13z",
    "diamond": "M16 1.5l8.5 8.5-8.5 8.5L7.500 10z",
    "star": "M16 1l2.600 6 6.400.5-4.900 4.200 1.500 6.300-5.600-3.400-5.600 3.400 1.500-6.300L7 7.500 13.400 7z",
    "triangle": "M16 2.500l7.800 14H8.200z",
    "triangleDown": "M16 17.500L8.200 3.500h15.600z",
    "hexagon": "M12 3h8l4 7-4 7h-8l-4-7z",
    "box": "M5 4.500h22a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2z",
}


def shape_mark(shape: Shape) -> Markup:
    """A small drawing of a shape, for the legend."""
    width = 3 if shape.border_width > 2 else 1.2
    return Markup(
        '<svg class="mark" viewBox="0 0 32 20" width="32" height="20" aria-hidden="true">'
        '<path class="shape shape-{}" stroke-width="{}" d="{}"/></svg>'
    ).format(shape.name, width, _OUTLINES[shape.vis])


def line_mark(line: Line) -> Markup:
    """A small drawing of a line, for the legend."""
    parts = [
        Markup('<path class="line line-{}" stroke-width="{}" stroke-dasharray="{}" d="M2 8H{}"/>').format(
            line.name, max(line.width, 1), " ".join(map(str, line.dashes)), 44 if line.arrow else 50
        )
    ]
    if line.arrow == "arrow":
        parts.append(Markup('<path class="head line-{}" d="M50 8l-8-4v8z"/>').format(line.name))
    elif line.arrow:
        parts.append(Markup('<path class="line line-{}" stroke-width="1.6" d="M43 4l6 4-6 4"/>').format(line.name))
    if line.bar:
        parts.append(Markup('<path class="line line-{}" stroke-width="2.6" d="M24 2v12"/>').format(line.name))
    return Markup('<svg class="mark" viewBox="0 0 52 16" width="52" height="16" aria-hidden="true">{}</svg>').format(
        Markup("").join(parts)
    )
