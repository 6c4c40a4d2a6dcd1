"""Owns the data of a big page as columns: typed arrays and one pool of strings, packed into text.

Leaves reading them to ``assets/columns.js`` and what stands in the rows to ``network`` and ``page``.

A page of 10,000 nodes as objects costs a browser seconds and tens of megabytes before anything is
drawn. As columns it is one block: a header in JSON, then arrays of numbers, each at a multiple of
eight bytes, then all distinct strings one after another; compressed with gzip, written in base64.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onrecord.view.look import LINES, SHAPES

NONE = 255
"""The place in a table of shapes or lines of what has none."""

_PACKED = ("nodes", "edges", "things", "statements")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_INTEGERS = (np.uint8, np.uint16, np.int32)


def in_columns(payload: Mapping[str, Any]) -> dict[str, Any]:
    """``payload`` of a page with its nodes, edges, things and statements packed under ``columns``.

    Goes in: ``nodes`` and ``edges`` as pyvis lists them, ``things`` by node id, ``statements`` by edge
    id. What a node or edge was told of its looks stays where it differs from its class's.
    """
    nodes, edges, things, statements = (payload[name] for name in _PACKED)
    index = {node["id"]: at for at, node in enumerate(nodes)}
    shapes = {name: at for at, name in enumerate(SHAPES)}
    lines = {name: at for at, name in enumerate(LINES)}
    pool = _Pool()
    named = [
        things.get(str(node["id"]))
        or {"name": str(node.get("label") or node.get("title") or node["id"]), "kind": "entity"}
        for node in nodes
    ]
    tables = {
        "nodes": {
            "id": pool.column(str(node["id"]) for node in nodes),
            "x": _numbers([round(node.get("x", 0)) for node in nodes]),
            "y": _numbers([round(node.get("y", 0)) for node in nodes]),
            "size": _numbers([node.get("size", 12.0) for node in nodes], np.float32),
            "shape": _numbers([shapes.get(thing.get("shape", ""), NONE) for thing in named]),
            "community": _numbers([node.get("community", 0) for node in nodes]),
            "words": pool.column(str(node.get("label") or "") for node in nodes),
            "own": pool.records(_own(node, _shape_colours(node)) for node in nodes),
        },
        "things": pool.fields(named),
        "edges": {
            "id": pool.column(edge["id"] for edge in edges),
            "from": _numbers([index[edge["from"]] for edge in edges]),
            "to": _numbers([index[edge["to"]] for edge in edges]),
            "line": _numbers([lines.get(edge.get("line", ""), NONE) for edge in edges]),
            "bend": _numbers([_bend(edge) for edge in edges], np.float32),
            "stated": _numbers([int(edge["id"] in statements) for edge in edges]),
            "label": pool.column(str(edge.get("label") or "") for edge in edges),
            "own": pool.records(_own(edge, _line_colours(edge)) for edge in edges),
        },
        "statements": pool.fields([statements.get(edge["id"], {}) for edge in edges]),
    }  # fmt: skip
    rest = {name: value for name, value in payload.items() if name not in _PACKED}
    return {**rest, "columns": _pack(tables, pool)}


class _Pool:
    """All distinct strings, in the order in which they first came; the empty one, for what is missing, is 0."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {"": 0}

    def column(self, texts: Iterable[str]) -> _Column:
        places = self.places
        return _Column("text", _fit([places.setdefault(text, len(places)) for text in texts]))

    def records(self, values: Iterable[object]) -> _Column:
        """A column of anything else, as JSON; what is empty is missing."""
        found = self.column("" if value in ({}, (), None) else _json(value) for value in values)
        return _Column("json", found.array)

    def fields(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, _Column]:
        """A column a field of ``rows``; one whose values are all strings holds strings, others JSON."""
        names = dict.fromkeys(name for row in rows for name in row)
        out = {}
        for name in names:
            values = [row.get(name) for row in rows]
            if all(value is None or isinstance(value, str) for value in values):
                out[name] = self.column(value or "" for value in values)
            else:
                out[name] = self.records(values)
        return out


class _Column:
    """A column as it is written: what its numbers mean, and the numbers."""

    def __init__(self, kind: str, array: NDArray[Any]) -> None:
        self.kind = kind
        self.array = array


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _fit(values: Sequence[int]) -> NDArray[Any]:
    """Integers in the smallest type that holds them."""
    array = np.array(values, dtype=np.int64)
    low, high = (int(array.min()), int(array.max())) if len(array) else (0, 0)
    return array.astype(next(kind for kind in _INTEGERS if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max))


def _numbers(values: Sequence[Any], kind: type[np.float32] | None = None) -> _Column:
    return _Column("number", _fit(values) if kind is None else np.array(values, dtype=kind))


def _shape_colours(node: Mapping[str, Any]) -> str:
    shape = SHAPES.get(str(node.get("group", "")))
    return shape.fill[0] if shape else ""


def _line_colours(edge: Mapping[str, Any]) -> str:
    line = LINES.get(str(edge.get("line", "")))
    return line.colour[0] if line else ""


def _own(drawn: Mapping[str, Any], usual: str) -> dict[str, Any]:
    """What somebody told pyvis of the looks of one node or edge."""
    own = {name: drawn[name] for name in ("hidden", "title") if drawn.get(name)}
    colour = drawn.get("color")
    main = (colour.get("background") or colour.get("color")) if isinstance(colour, dict) else colour
    return {**own, "color": main} if main and main != usual else own


def _bend(edge: Mapping[str, Any]) -> float:
    """How far an edge bows out to its left, as a share of its length; 0 for a straight one.

    A loop has its angle round the node instead.
    """
    loop = edge.get("selfReference")
    if loop and edge["from"] == edge["to"]:
        return float(loop["angle"])
    smooth = edge.get("smooth")
    if not isinstance(smooth, dict):
        return 0.0
    return float(smooth["roundness"]) * (1 if smooth["type"] == "curvedCCW" else -1)


def _pack(tables: Mapping[str, Mapping[str, _Column]], pool: _Pool) -> str:
    texts = [_LONE_SURROGATE.sub("\ufffd", text) for text in pool.places]
    # Places in the pool count what a browser counts: two for a character beyond the sixteen-bit range.
    lengths = (len(text) + sum(char > "\uffff" for char in text) if not text.isascii() else len(text) for text in texts)
    buffers = [np.array(list(accumulate(lengths, initial=0)), dtype=np.int32)]
    header: dict[str, Any] = {"tables": {}}
    for table, columns in tables.items():
        described = header["tables"][table] = {}
        for name, column in columns.items():
            described[name] = [column.kind, len(buffers)]
            buffers.append(column.array)
    body, spans = bytearray(), []
    for buffer in buffers:
        little = buffer if sys.byteorder == "little" else buffer.astype(buffer.dtype.newbyteorder("<"))
        spans.append([_TYPES[buffer.dtype.name], len(body), len(buffer)])
        body += little.tobytes()
        body += bytes(-len(body) % 8)
    header["arrays"] = spans
    header["strings"] = len(body)
    head = _json(header).encode()
    head += b" " * (-(len(head) + 4) % 8)
    whole = len(head).to_bytes(4, "little") + head + bytes(body) + "".join(texts).encode()
    return base64.b64encode(gzip.compress(whole, 6, mtime=0)).decode()


_TYPES = {"uint8": "Uint8Array", "uint16": "Uint16Array", "int32": "Int32Array", "float32": "Float32Array"}
