"""Owns the page: one HTML file that holds its data, scripts and styles, and loads nothing.

Leaves what is in the network to ``network`` and writing the file to the caller.

Data go into a JSON block that no parser of HTML can leave, scripts and styles are allowed by their
hash alone (Content Security Policy, level 3), and the scripts write text, never markup.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from onrecord.view.look import LABEL_SIZE, LINE_HEIGHT, LINES, SHAPES, Line, Shape, shape_of
from onrecord.view.model import ViewEdge, ViewGraph

if TYPE_CHECKING:
    from onrecord.view.network import Network

_SCRIPTS = ("data.js", "look.js", "draw.js", "panel.js", "filters.js", "search.js", "table.js", "main.js")
_DRAWN = frozenset({"iri", "source", "target"})


def render_page(network: Network, graph: ViewGraph) -> str:
    """The page that shows ``network``, with the evidence that ``graph`` holds for its edges.

    Nodes and edges that only ``network`` has, added by hand, are drawn with what pyvis was told of
    them. The same input gives the same text.
    """
    nodes, edges, _, _, _, options = network.get_network_data()
    statements = _statements(network)
    payload = {
        "title": graph.title,
        "nodes": nodes,
        "edges": edges,
        "options": json.loads(options),
        "things": {
            node.iri: _without_empty({
                "name": node.label, "kind": node.kind, "type": node.type_label, "typeIri": node.type_iri,
                "shape": shape_of(node).name, "aliases": node.aliases, "note": node.note,
            })
            for node in graph.nodes
        },
        "statements": statements,
        "look": {
            "labelSize": LABEL_SIZE,
            "lineHeight": LINE_HEIGHT,
            "shapes": {shape.name: {"vis": shape.vis, "legend": shape.legend} for shape in SHAPES.values()},
            "lines": {line.name: {"legend": line.legend} for line in LINES.values()},
        },
    }  # fmt: skip
    style = Markup(_theme() + _asset("page.css"))  # our own file, no data in it
    library, script = (Markup(text) for text in (_asset("vendor/vis-network.min.js"), _script()))
    shapes_shown = Counter(shape_of(node).name for node in graph.nodes)
    lines_shown = Counter(str(edge.get("line", "")) for edge in edges)
    lines_shown.pop("", None)
    return (
        _environment()
        .get_template("network.html.j2")
        .render(
            graph=graph,
            language=graph.language or "en",
            csp=_policy(scripts=(library, script), styles=(style,)),
            style=style,
            library=library,
            script=script,
            data=embed_json(payload),
            counts=_counts(nodes, statements),
            shapes=[(shape, shapes_shown[name]) for name, shape in SHAPES.items() if shapes_shown[name]],
            lines=[(line, lines_shown[name]) for name, line in LINES.items() if lines_shown[name]],
            shape_mark=_shape_mark,
            line_mark=_line_mark,
            licences=_asset("vendor/THIRD_PARTY.txt"),
        )
    )


def embed_json(value: object) -> Markup:
    """``value`` as JSON that is safe inside a script element, whatever its strings hold.

    >>> print(embed_json({"label": "</script><b>"}))
    {"label":"\\u003c/script\\u003e\\u003cb\\u003e"}
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    # A half of a surrogate pair cannot be written in UTF-8: it stays an escape.
    text = "".join(f"\\u{ord(char):04x}" if "\ud800" <= char <= "\udfff" else char for char in text)
    return Markup(text)  # escaped above


def _statements(network: Network) -> dict[str, dict[str, Any]]:
    """What is on record for each drawn edge, by the edge's id; empty fields left out."""
    names = [field.name for field in fields(ViewEdge) if field.name not in _DRAWN]
    return {
        edge["id"]: _without_empty({name: getattr(record, name) for name in names})
        for edge in network.edges
        if (record := network.evidence.get(edge["id"])) is not None and record.kind == "statement"
    }


def _without_empty(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value not in ("", (), 0, False)}


def _counts(nodes: list[Any], statements: dict[str, dict[str, Any]]) -> list[tuple[int, str, str]]:
    sources = {
        (s.get("source_publisher"), s.get("source_title"), s.get("source_published")) for s in statements.values()
    }
    verified = sum(bool(record.get("verified")) for record in statements.values())
    return [
        (len(nodes), "node", "nodes"),
        (len(statements), "statement", "statements"),
        (len(sources), "source", "sources"),
        (verified, "quote verified", "quotes verified"),
    ]


def _policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    def hashes(texts: Iterable[str]) -> str:
        return " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts
        )

    return (
        f"default-src 'none'; script-src {hashes(scripts)}; style-src {hashes(styles)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _asset(name: str) -> str:
    return files("onrecord.view").joinpath("assets", *name.split("/")).read_text(encoding="utf-8")


def _script() -> str:
    return "(function () {\n'use strict';\n" + "\n".join(_asset(name) for name in _SCRIPTS) + "})();\n"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("onrecord.view"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


def _theme() -> str:
    """The palette as CSS custom properties, light and dark: the page's only list of colours of the graph."""

    def block(theme: int) -> str:
        pairs = [(f"shape-{s.name}-fill", s.fill[theme]) for s in SHAPES.values()]
        pairs += [(f"shape-{s.name}-border", s.border[theme]) for s in SHAPES.values()]
        pairs += [(f"line-{line.name}", line.colour[theme]) for line in LINES.values()]
        return "".join(f"--{name}:{value};" for name, value in pairs)

    return f":root{{{block(0)}}}\n@media screen and (prefers-color-scheme:dark){{:root:not(.light){{{block(1)}}}}}\n"


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


def _shape_mark(shape: Shape) -> Markup:
    """A small drawing of a shape, for the legend."""
    width = 3 if shape.border_width > 2 else 1.2
    return Markup(
        '<svg class="mark" viewBox="0 0 32 20" width="32" height="20" aria-hidden="true">'
        '<path class="shape shape-{}" stroke-width="{}" d="{}"/></svg>'
    ).format(shape.name, width, _OUTLINES[shape.vis])


def _line_mark(line: Line) -> Markup:
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
