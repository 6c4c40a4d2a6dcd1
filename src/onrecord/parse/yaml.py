"""Owns statement files in YAML: one ``source`` and its list of ``statements``.

Leaves the fields of a statement to ``records``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from onrecord.documents import Mapping, Scalar, Sequence, parse_yaml
from onrecord.errors import Place, Problems
from onrecord.files import decode_text, read_text
from onrecord.model import Source
from onrecord.nearest import did_you_mean
from onrecord.parse.records import RecordReader
from onrecord.parse.source import read_source

_KEYS = ("source", "statements")


def parse_statements(
    data: bytes, name: str, reader: RecordReader, add_source: Callable[[Source], None], problems: Problems
) -> None:
    """Read the bytes of one file into the reader's rows."""
    text = decode_text(data, name, problems)
    root = parse_yaml(text, name, problems) if text is not None else None
    if root is None:
        if text is not None and not text.strip():
            problems.warning(
                "P032", Place(name), "this file is empty", "delete it, or write a source and its statements"
            )
        return
    if not isinstance(root, Mapping):
        problems.error("P022", root.place, "a statement file is a mapping", "write  source:  and  statements:")
        return
    for key in root.key_nodes():
        if key.text not in _KEYS:
            problems.error(
                "P020",
                key.place,
                f'unknown field "{key.text}" in a statement file',
                did_you_mean(key.text, _KEYS) or "a statement file has: source, statements",
            )
    node = root.get("source")
    if node is None:
        problems.error("P021", root.place, 'this file has no "source"', "write  source:  with its id, title and day")
        return
    if isinstance(node, Scalar):
        source_id = node.text
    else:
        source = read_source(node, problems)
        if source is None:
            return
        add_source(source)
        source_id = source.id
    statements = root.get("statements")
    if statements is None:
        problems.warning("P032", root.place, 'this file has no "statements"', "write  statements:  and a list below it")
    elif isinstance(statements, Sequence):
        for record in statements.items:
            reader.read(record, source_id)
    elif not (isinstance(statements, Scalar) and not statements.text):
        problems.error("P022", statements.place, '"statements" takes a list', "write each statement after a dash")


def parse_sources(path: Path, name: str, add_source: Callable[[Source], None], problems: Problems) -> None:
    """Read ``sources.yaml``: the sources of statement files that are tables."""
    text = read_text(path, name, problems)
    root = parse_yaml(text, name, problems) if text is not None else None
    if root is None:
        return
    if not isinstance(root, Sequence):
        problems.error("P022", root.place, "this file is a list of sources", "write  - id: ...")
        return
    for item in root.items:
        source = read_source(item, problems)
        if source is not None:
            add_source(source)
