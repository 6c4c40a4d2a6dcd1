"""Owns how one record, a mapping of fields, becomes rows of the statement table.

Leaves the syntax round it to the module of each format, and what names mean to ``resolve``.
"""

from __future__ import annotations

from typing import Any

from onrecord.documents import Mapping, Node, Scalar, Sequence
from onrecord.errors import Place, Problems
from onrecord.model import FIELDS, PROSE_FIELDS, StatementRows
from onrecord.nearest import did_you_mean
from onrecord.parse.source import check_id, read_flag
from onrecord.progress import advance

REFERENCE = "statement:"
"""Stands before the id of a statement where its proposition is meant."""

LISTS = {
    "said by": "said_by",
    "via": "via",
    "said to": "said_to",
    "origin": "origin",
    "quote": "quotes",
}
"""Fields that may hold several values, and the columns that they fill."""

REQUIRED = ("subject", "predicate", "object")
"""The fields of a triple, where it is not written as one."""

_TEXTS = {
    key: column
    for key, column in FIELDS.items()
    if key not in LISTS and key not in (*REQUIRED, "triple", "not", "on condition")
}


class RecordReader:
    """Turns records into rows, with a problem for every value that has no place in a row."""

    def __init__(self, rows: StatementRows, qualifiers: frozenset[str], problems: Problems) -> None:
        self.rows, self.qualifiers, self.problems = rows, qualifiers, problems
        self.done = 0
        """So many bytes were read of files of which parts are told."""

    def advance(self, size: int) -> None:
        """Tell that so many bytes of a large file are done."""
        self.done += size
        advance(size)

    def columns(self, header: list[Scalar]) -> list[str]:
        """The names of a table's columns, empty for those that mean nothing; none where no row can be a statement.

        What is wrong with the header is told once, and not in each row.
        """
        unknown = [key for key in header if key.text not in {*FIELDS, *self.qualifiers, "source"}]
        for key in unknown:
            self._unknown(key)
        names = [key.text for key in header]
        lacks = [] if "triple" in names else [name for name in REQUIRED if name not in names]
        if lacks and not unknown:
            what = f'the header has no column "{lacks[0]}"'
            self.problems.error("P021", header[0].place, what, f"name a column for each of {', '.join(REQUIRED)}")
        return [] if lacks else ["" if key in unknown else key.text for key in header]

    def read(self, record: Node, source: str, extra_keys: frozenset[str] = frozenset()) -> int | None:
        """Add the statement in ``record`` and what is nested in it; the row's number, or None.

        ``extra_keys`` are keys that the caller reads itself.
        """
        if not isinstance(record, Mapping):
            self.problems.error(
                "P022",
                record.place,
                "a statement is a mapping of fields",
                "write  - triple: [subject, predicate, object]",
            )
            return None
        values: dict[str, Any] = {"source": source}
        places: dict[str, Place] = {}
        qualifiers: list[tuple[Scalar, Node]] = []
        for key, node in record.items():
            name = key.text
            if name in extra_keys:
                places[name] = node.place
                continue
            if name in _TEXTS:
                values[_TEXTS[name]] = self.text(name, node)
            elif name in LISTS:
                values[LISTS[name]] = self.texts(name, node, places)
            elif name == "not":
                values["negated"] = read_flag(node, "not", self.problems)
            elif name in self.qualifiers:
                qualifiers.append((key, node))
            elif name not in FIELDS:
                self._unknown(key)
            places[name] = node.place
        if values.get("id") and not check_id(values["id"], record, self.problems):
            values["id"] = None
        terms = self._triple(record)
        if terms is None:
            return None
        subject, predicate, obj = terms
        condition = record.get("on condition")
        self._term("subject", subject, source, values, places)
        values["predicate_text"] = self.text("predicate", predicate)
        places["predicate"] = predicate.place
        self._term("object", obj, source, values, places)
        if condition is not None:
            self._term("condition", condition, source, values, places)
        values["qualifiers"] = self._qualifiers(qualifiers, source, places)
        row = self.rows.add(record.place, values)
        for name, place in places.items():
            self.rows.places.set_field(row, name, place)
        return row

    def _triple(self, record: Mapping) -> tuple[Node, Node, Node] | None:
        node = record.get("triple")
        if node is None:
            parts = [record.get(key) for key in REQUIRED]
            missing = [key for key, part in zip(REQUIRED, parts, strict=True) if part is None]
            if missing:
                what = '"triple"' if len(missing) == 3 else f'"{missing[0]}"'
                self.problems.error(
                    "P021",
                    record.place,
                    f"this statement has no {what}",
                    "write  triple: [subject, predicate, object]",
                )
                return None
            return parts[0], parts[1], parts[2]  # type: ignore[return-value]  # none is missing
        clash = next((key for key in REQUIRED if record.get(key) is not None), None)
        if clash:
            self.problems.error("P026", node.place, f'"triple" and "{clash}" say the same thing', "keep one of them")
        return self._three(node)

    def _three(self, node: Node) -> tuple[Node, Node, Node] | None:
        if isinstance(node, Sequence) and len(node.items) == 3:
            return node.items[0], node.items[1], node.items[2]
        if isinstance(node, Sequence) and len(node.items) > 3:
            found = f"a triple has three parts; this one has {len(node.items)}"
            self.problems.error(
                "P023", node.place, found, 'put a name that holds a comma in quotes: ["A, B", knows, C]'
            )
        else:
            self.problems.error("P023", node.place, "a triple has three parts", "write  [subject, predicate, object]")
        return None

    def _term(self, name: str, node: Node, source: str, values: dict[str, Any], places: dict[str, Place]) -> None:
        """Fill ``name_text``, or ``name_row`` when the node is a nested triple."""
        places[name] = node.place
        if isinstance(node, Scalar):
            self._prose("on condition" if name == "condition" else name, node)
            values[f"{name}_text"] = self._kept(name, node)
        else:
            values[f"{name}_row"] = self._nested(node, source)

    def _nested(self, node: Node, source: str) -> int | None:
        values: dict[str, Any] = {"source": source, "nested": True}
        places: dict[str, Place] = {}
        qualifiers: list[tuple[Scalar, Node]] = []
        if isinstance(node, Mapping):
            for key, value in node.items():
                if key.text in self.qualifiers:
                    qualifiers.append((key, value))
                    places[key.text] = value.place
                elif key.text not in ("triple", *REQUIRED):
                    self.problems.error(
                        "P027",
                        key.place,
                        f'"{key.text}" cannot stand in a nested triple',
                        "a nested triple is only mentioned; it takes restrictive qualifiers and nothing else",
                    )
            terms = self._triple(node)
        else:
            terms = self._three(node)
        if terms is None:
            return None
        self._term("subject", terms[0], source, values, places)
        values["predicate_text"] = self.text("predicate", terms[1])
        places["predicate"] = terms[1].place
        self._term("object", terms[2], source, values, places)
        values["qualifiers"] = self._qualifiers(qualifiers, source, places)
        row = self.rows.add(node.place, values)
        for name, place in places.items():
            self.rows.places.set_field(row, name, place)
        return row

    def _qualifiers(
        self, found: list[tuple[Scalar, Node]], source: str, places: dict[str, Place]
    ) -> list[dict[str, Any]] | None:
        out: list[dict[str, Any]] = []
        for key, node in found:
            several = isinstance(node, Sequence) and not _looks_like_triple(node)
            items = node.items if several and isinstance(node, Sequence) else [node]
            for index, item in enumerate(items):
                places[f"{key.text}.{index}"] = item.place
                if isinstance(item, Scalar):
                    if item.cut:
                        self._prose("quote", item, key.text)
                    out.append({"property": key.text, "value": self._kept(key.text, item), "value_row": None})
                else:
                    out.append({"property": key.text, "value": None, "value_row": self._nested(item, source)})
        return out or None

    def text(self, name: str, node: Node) -> str | None:
        """The text of a scalar field; None, with a problem, for a list or an empty value."""
        if not isinstance(node, Scalar):
            self.problems.error("P022", node.place, f'"{name}" takes a text', f"write  {name}: ...")
            return None
        if name in PROSE_FIELDS:
            self._prose(name, node)
        return self._kept(name, node)

    def texts(self, name: str, node: Node, places: dict[str, Place]) -> list[str] | None:
        """The texts of a field that may be one or several."""
        if name == "quote" and isinstance(node, Sequence) and node.flow:
            self.problems.error(
                "P025",
                node.place,
                "a quote that begins with [ is read as a list",
                "write the text on a line of its own:\nquote: |-\n  [...] the words\n"
                "several spans are written as a list, one on a line:\nquote:\n  - first span\n  - second span",
            )
            return None
        out: list[str] = []
        items = node.items if isinstance(node, Sequence) else [node]
        for index, item in enumerate(items):
            text = self.text(name, item)
            if text is not None:
                places[f"{name}.{len(out)}"] = item.place
                out.append(text)
            elif index == 0 and not isinstance(item, Scalar):
                return None
        return out or None

    def _kept(self, name: str, node: Scalar) -> str | None:
        if not node.text.strip():
            self.problems.error("P024", node.place, f'"{name}" is empty', "fill it in, or leave it out")
            return None
        return node.text

    def _prose(self, name: str, node: Scalar, shown: str = "") -> None:
        if node.cut:
            key = shown or name
            self.problems.error(
                "P028",
                node.place,
                f'" #" cuts this {key} short: what follows is a comment to YAML',
                f"write the text on a line of its own:\n{key}: |-\n  {node.text} # ...",
            )

    def _unknown(self, key: Scalar) -> None:
        known = [*FIELDS, *self.qualifiers]
        self.problems.error(
            "P020",
            key.place,
            f'unknown field "{key.text}"',
            did_you_mean(key.text, known) or f"the fields are: {', '.join(FIELDS)}",
        )


def _looks_like_triple(node: Sequence) -> bool:
    """Whether a qualifier's list is one nested triple: a block list of names is several values."""
    return len(node.items) == 3 and node.flow and any(not isinstance(item, Scalar) for item in node.items)
