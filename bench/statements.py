"""Owns the statements that the benchmarks run on: realistic, of any number, the same for the same seed.

Leaves timing to the scripts beside it. ``python bench/statements.py FOLDER --statements N --format csv``
writes a whole graph: settings, entities, sources, statement files. Entities and properties are drawn
by Zipf's law; every field of a statement is used; some rows are broken on purpose, and what must be
reported of them is returned (and written to ``expected.json`` beside the graph). Rows are drawn and
written a piece at a time, so that memory does not follow their number.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

SETTINGS = """\
title: Statements for measuring
base: https://example.org/bench/
ontologies: [diplomacy]
languages: [en]
curator: Ada
"""
ROWS_A_FILE = 250_000
ROWS_A_PIECE = 250_000
"""Rows that are held at a time."""

REMEMBERED = 100_000
"""Statement ids of earlier pieces that later ones may refer to."""

STATEMENTS_A_SOURCE = 400

AGENT_TO_AGENT = (
    "meets with",
    "supports",
    "represents",
    "speaks for",
    "pressures",
    "addresses",
    "is a member of",
    "heads",
    "is an envoy of",
    "holds a post in",
)
AGENT_TO_EVENT = ("participates in", "prepares for", "acknowledges", "responds to")
AGENT_TO_MEETING = ("convenes",)
STANCES = (
    "accepts",
    "rejects",
    "seeks",
    "offers",
    "demands",
    "prefers",
    "presses for",
    "believes",
    "predicts",
    "warns of",
)
EVENT_TO_PLACE = ("takes place in",)
AGENT_TO_OFFICE = ("holds the post of",)
AGENT_TO_WORDS = ("is described as",)
PROPERTIES = (
    *((name, "person", "agent") for name in AGENT_TO_AGENT),
    *((name, "agent", "meeting") for name in (*AGENT_TO_EVENT, *AGENT_TO_MEETING)),
    *((name, "agent", "provision") for name in STANCES),
    *((name, "meeting", "place") for name in EVENT_TO_PLACE),
    *((name, "person", "office") for name in AGENT_TO_OFFICE),
    *((name, "agent", "words") for name in AGENT_TO_WORDS),
    ("travels to", "agent", "place"),
    ("is about", "meeting", "provision"),
)
"""Property, kind of its subject, kind of its object."""

KINDS = {
    "person": ("person", 0.40),
    "state": ("state", 0.08),
    "organisation": ("organisation", 0.17),
    "meeting": ("meeting", 0.12),
    "provision": ("demand", 0.13),
    "place": ("place", 0.08),
    "office": ("office", 0.02),
}
"""Kind, its class in the ontology, and its share of the entities."""

STATUSES = {
    "stated": 0.70,
    "expected": 0.08,
    "claimed": 0.08,
    "confirmed": 0.04,
    "planned": 0.03,
    "possible": 0.03,
    "unconfirmed": 0.02,
    "denied": 0.02,
}


def _words(text: str) -> list[str]:
    return text.split()


FAMILY = _words("Abel Berg Castro Dumont Eriksen Fazio Grieg Haddad Ibarra Jansen Keller Lindqvist Moreau Novák Okafor")
GIVEN = _words("Ana Boris Carla Dmitri Elif Farid Greta Hugo Inès Jonas Kofi Lena Miguel Nadia Omar Petra Rui Sofia")
WORDS = _words(
    "the a of and to in that for with on as by at from it this will be has had have were was their its his her they "
    "not "
    "talks minister delegation officials weekend ceasefire agreement proposal security guarantees negotiators Monday "
    "Thursday envoy summit region border funding sanctions assets reconstruction partners framework text draft people "
    "familiar planning discussions meeting visit side leaders capital ambassador statement reporters spokesman remains "
    "still under way hours later morning told plans path towards lasting peace terms deal question whether"
)
LIST_COLUMNS = ("said by", "via", "said to", "origin", "quote")
NESTED = "[{0}, accepts, {1}]"


@dataclass
class Expected:
    """A bad row and what must be said of it."""

    file: str
    line: int
    code: str


@dataclass
class Written:
    """What was generated: the graph's folder, how many good rows, and the bad ones."""

    folder: Path
    statements: int
    expected: list[Expected] = field(default_factory=list)


class Generator:
    """Draws a graph of ``count`` statements about ``entities`` (default: 1 for every 20) from ``seed``."""

    def __init__(self, count: int, seed: int, entities: int | None = None) -> None:
        self.count = count
        self.start = 0
        self.referable = np.empty(0, dtype=object)
        self.draw = np.random.default_rng(seed)
        self.sources = [f"paper-{number:05}" for number in range(max(3, count // STATEMENTS_A_SOURCE))]
        number = max(70, count // 20 if entities is None else entities)
        self.names: dict[str, np.ndarray[Any, Any]] = {}
        self.entities: list[tuple[str, str, str, str]] = []
        for kind, (cls, share) in KINDS.items():
            mine = [self._name(kind, index) for index in range(max(5, int(number * share)))]
            self.names[kind] = np.array(mine, dtype=object)
            for index, name in enumerate(mine):
                alias = f"{kind[:3].upper()}-{index}" if index % 3 == 0 else ""
                self.entities.append((f"{kind}-{index}", name, cls, alias))
        people = self.names["person"]
        self.names["agent"] = np.concatenate([people, self.names["state"], self.names["organisation"]])
        self.draw.shuffle(self.names["agent"])

    def _name(self, kind: str, index: int) -> str:
        given, family = GIVEN[index % len(GIVEN)], FAMILY[index // len(GIVEN) % len(FAMILY)]
        number = index // (len(GIVEN) * len(FAMILY))
        suffix = f" {number + 1}" if number else ""
        if kind == "person":
            return f"{given} {family}{suffix}"
        return f"{family} {kind} of {given}{suffix}"

    def zipf(self, pool: np.ndarray[Any, Any], size: int) -> np.ndarray[Any, Any]:
        """``size`` draws from ``pool``, the first the most often."""
        ranks = self.draw.random(size)
        index = np.floor(np.exp(ranks * np.log(len(pool) + 1)) - 1).astype(np.int64)  # density 1 / rank
        return pool[np.minimum(index, len(pool) - 1)]

    def some(self, share: float) -> np.ndarray[Any, Any]:
        """Which rows have a field that stands in ``share`` of them."""
        return self.draw.random(self.count) < share

    def maybe(self, share: float | np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """``values`` where the field stands, else None."""
        mask = self.some(share) if isinstance(share, float) else share
        return np.where(mask, values, None)

    def quotes(self, size: int) -> np.ndarray[Any, Any]:
        """Spans of prose of 6 to 20 words, with commas, quote marks and dashes as prose has them."""
        lengths = self.draw.integers(6, 21, size)
        picks = self.draw.integers(0, len(WORDS), int(lengths.sum()))
        marks = self.draw.random(size)
        out = np.empty(size, dtype=object)
        at = 0
        for row in range(size):
            words = [WORDS[pick] for pick in picks[at : at + lengths[row]]]
            at += lengths[row]
            if marks[row] < 0.30:
                words[2] += ","
            elif marks[row] < 0.36:
                words[3] = f'"{words[3]} {words[4]}"'
            elif marks[row] < 0.42:
                words[2] += " – no one’s"
            out[row] = " ".join(words)
        return out

    def pieces(self, rows: int) -> Iterator[dict[str, np.ndarray[Any, Any]]]:
        """The statements, ``rows`` at a time, as :meth:`columns` gives them; each piece has sources of its own."""
        total, sources = self.count, self.sources
        for start in range(0, total, rows):
            self.start, self.count = start, min(rows, total - start)
            first, end = (len(sources) * at // total for at in (start, start + self.count))
            self.sources = sources[first : max(end, first + 1)]
            yield self.columns()
        self.start, self.count, self.sources = 0, total, sources

    def columns(self) -> dict[str, np.ndarray[Any, Any]]:
        """The statements, a column a field; None where a field is left out."""
        size, draw = self.count, self.draw
        kinds = np.array([name for name, _, _ in PROPERTIES], dtype=object)
        picked = self.zipf(np.arange(len(kinds)), size)
        predicate = kinds[picked]
        subject, obj = np.empty(size, dtype=object), np.empty(size, dtype=object)
        described = np.array([f"{a} {b}" for a in WORDS[29:60] for b in WORDS[60:80]], dtype=object)
        for number, (_, left, right) in enumerate(PROPERTIES):
            mine = np.flatnonzero(picked == number)
            subject[mine] = self.zipf(self.names[left], len(mine))
            obj[mine] = self.zipf(described if right == "words" else self.names[right], len(mine))
            same = mine[subject[mine] == obj[mine]]
            obj[same] = self.names["state"][0] if right == "agent" else obj[same]
        status = draw.choice(list(STATUSES), size, p=list(STATUSES.values())).astype(object)
        spoken = np.isin(status, ["claimed", "denied"]) | self.some(0.22)
        agents = self.names["agent"]
        speaker = self.zipf(agents, size)
        second = self.zipf(agents, size)
        unnamed = self.some(0.04)
        pair = self.some(0.06)
        source = np.array(self.sources, dtype=object)[self.source_of_row()]
        month, day = draw.integers(1, 13, size), draw.integers(1, 29, size)
        days = np.array([f"2025-{m:02}-{d:02}" for m, d in zip(month, day, strict=True)], dtype=object)
        precision = draw.random(size)
        when = np.where(
            precision < 0.5,
            days,
            np.where(precision < 0.85, np.array([text[:7] for text in days], dtype=object), days + "/2026-01"),
        )
        said_by = [
            None if not said else ["two officials"] if un else [a, b] if two and a != b else [a]
            for said, un, two, a, b in zip(spoken, unnamed, pair, speaker, second, strict=True)
        ]
        out = {
            "source": source,
            "subject": subject,
            "predicate": predicate,
            "object": obj,
            "status": np.where((status == "stated") & self.some(0.8), None, status),
            "not": self.maybe(self.some(0.03) & (status != "denied"), np.full(size, True, dtype=object)),
            "said by": _column(said_by),
            "via": self._few(0.03, np.array(self.names["organisation"]), needs=spoken),
            "said when": self.maybe(self.some(0.05) & spoken, np.full(size, "2024-12-30", dtype=object)),
            "said to": self._few(0.02, agents, needs=spoken),
            "origin": self._few(0.03, np.array(self.names["organisation"])),
            "when": self.maybe(0.30, when),
            "when text": None,
            "hedge": self.maybe(0.04, np.full(size, "reportedly", dtype=object)),
            "on condition": self.maybe(0.01, np.full(size, "if the terms hold", dtype=object)),
            "at": self.maybe(0.05, self.zipf(self.names["meeting"], size)),
            "on behalf of": self.maybe(0.05, self.zipf(agents, size)),
            "in the words": self.maybe(0.02, self.zipf(described, size)),
            "locator": self.maybe(0.02, np.full(size, "paragraph 3", dtype=object)),
            "note": self.maybe(0.01, np.full(size, "to be followed up", dtype=object)),
            "id": self.maybe(0.05, np.array([f"st-{self.start + row}" for row in range(size)], dtype=object)),
            "quote": self.quotes(size),
        }
        out["when text"] = np.where(out["when"] != None, self.maybe(0.2, np.full(size, "then", dtype=object)), None)  # noqa: E711
        self._refer(out)
        return out

    def source_of_row(self) -> np.ndarray[Any, Any]:
        """Sources of very different length, as an archive has them; each has a statement."""
        number = len(self.sources)
        rows = self.zipf(np.arange(number), self.count)
        rows[:number] = np.arange(number)
        return np.sort(rows)

    def _few(self, share: float, pool: np.ndarray[Any, Any], needs: Any = True) -> np.ndarray[Any, Any]:
        drawn = self.zipf(pool, self.count)
        keep = self.some(share) & needs
        return _column([[name] if kept else None for name, kept in zip(drawn, keep, strict=True)])

    def _refer(self, out: dict[str, np.ndarray[Any, Any]]) -> None:
        """Stances on other statements: by reference in 2 of 100 rows, nested in another 2."""
        stance = np.isin(out["predicate"], STANCES)
        known = out["id"][out["id"] != None]  # noqa: E711
        plain = ~stance
        referring = stance & self.some(0.10) & (out["id"] == None)  # noqa: E711
        targets = np.concatenate([self.referable, out["id"][plain & (out["id"] != None)]])  # noqa: E711
        self.referable = targets[-REMEMBERED:]
        if len(known) and len(targets):
            out["object"][referring] = "statement:" + self.draw.choice(targets, int(referring.sum()))
        nested = stance & self.some(0.10) & ~referring & (out["id"] == None)  # noqa: E711
        provisions, agents = self.names["provision"], self.names["agent"]
        left, right = self.zipf(agents, int(nested.sum())), self.zipf(provisions, int(nested.sum()))
        out["object"][nested] = [NESTED.format(a, b) for a, b in zip(left, right, strict=True)]


def _column(values: list[Any]) -> np.ndarray[Any, Any]:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


BAD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("R001", {"subject": "Nobody Known"}),
    ("R001", {"predicate": "quarrels with"}),
    ("R001", {"said by": ["Someone Else Entirely"]}),
    ("R005", {"source": "paper-unknown"}),
    ("R010", {"when": "last winter"}),
    ("C001", {"status": "certain"}),
    ("C006", {"quote": None, "locator": None}),
    ("P021", {"source": None}),
    ("P021", {"object": None}),
    ("P029", {"not": "maybe"}),
    ("P030", {"id": "no id at all"}),
)
"""The code that a row must be reported with, and what is wrong in it."""


def generate(
    folder: Path,
    count: int,
    format_: str,
    seed: int = 7,
    bad: int | None = None,
    rows_a_file: int = ROWS_A_FILE,
    entities: int | None = None,
) -> Written:
    """Write a graph of ``count`` rows in ``folder``, ``bad`` of them broken (default: 1 in 2,000, at least 11).

    In YAML none may be, because a row of it is several lines."""
    maker = Generator(count, seed, entities)
    (folder / "statements").mkdir(parents=True)
    (folder / "onrecord.yaml").write_text(SETTINGS, "utf-8")
    pl.DataFrame(maker.entities, schema=["id", "label", "type", "aliases"], orient="row").write_csv(
        folder / "entities.csv"
    )
    described = [
        f"- id: {name}\n  title: Report {index}\n  publisher: Paper {index % 90}\n"
        f"  published: 2025-{1 + index % 12:02}-{1 + index % 28:02}\n"
        f"  speakers:\n    - {{id: officials, label: two officials}}\n"
        for index, name in enumerate(maker.sources)
    ]
    (folder / "sources.yaml").write_text("".join(described), "utf-8")
    broken = max(len(BAD), count // 2000) if bad is None else bad
    done = Written(folder, count - broken)
    whole_files = max(1, ROWS_A_PIECE // rows_a_file) * rows_a_file
    for columns in maker.pieces(whole_files):
        start, size = maker.start, maker.count
        _break(maker, columns, broken * (start + size) // count - broken * start // count, done, rows_a_file, format_)
        if format_ == "yaml":
            _write_yaml(columns, folder / "statements")
            continue
        for at in range(0, size, rows_a_file):
            part = {name: values[at : at + rows_a_file] for name, values in columns.items()}
            _write(part, folder / "statements" / f"part-{(start + at) // rows_a_file:03}.{format_}")
    if format_ != "yaml":
        (folder.parent / "expected.json").write_text(
            json.dumps([vars(expected) for expected in done.expected], indent=1) + "\n", "utf-8"
        )
    return done


def _break(
    maker: Generator, columns: dict[str, np.ndarray[Any, Any]], bad: int, done: Written, rows_a_file: int, format_: str
) -> None:
    """Break ``bad`` rows of a piece, and add to ``done`` what must be said of them."""
    unnamed = np.flatnonzero(columns["id"] == None)  # noqa: E711  # no other row refers to these
    for row in map(int, np.sort(maker.draw.choice(unnamed, bad, replace=False))):
        number = len(done.expected)
        code, changes = BAD[number % len(BAD)]
        columns["object"][row] = maker.names["provision"][0]
        columns["predicate"][row], columns["subject"][row] = "accepts", maker.names["person"][0]
        for name, value in changes.items():
            columns[name][row] = f"{value}-{number}" if name == "source" and value else value
        file, at = divmod(maker.start + row, rows_a_file)
        line = at + (2 if format_ == "csv" else 1)
        done.expected.append(Expected(f"statements/part-{file:03}.{format_}", line, code))


def _write(columns: dict[str, np.ndarray[Any, Any]], path: Path) -> None:
    if path.suffix == ".jsonl":
        path.write_text("".join(_json_lines(columns)), "utf-8")
        return
    series = []
    for name, values in columns.items():
        if name in LIST_COLUMNS and path.suffix == ".parquet" and name != "quote":
            series.append(pl.Series(name, list(values), dtype=pl.List(pl.String)))
        elif name == "not":
            texts = [None if value is None else str(value).lower() for value in values]
            series.append(pl.Series(name, texts, dtype=pl.String))
        else:
            texts = [" | ".join(value) if isinstance(value, list) else value for value in values]
            series.append(pl.Series(name, texts, dtype=pl.String))
    frame = pl.DataFrame(series)
    if path.suffix == ".csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)


def _write_yaml(columns: dict[str, np.ndarray[Any, Any]], folder: Path) -> None:
    """A file for each source, as people write them: a field on a line, texts in quotes where YAML needs them."""
    files: dict[str, list[str]] = {}
    for line in _json_lines(columns):
        record = json.loads(line)
        text = files.setdefault(record["source"], [f"source: {record.pop('source')}\n", "statements:\n"])
        record.pop("source", None)
        record = {"triple": [record.pop(part) for part in ("subject", "predicate", "object")], **record}
        start = "  - "
        for key, value in record.items():
            text.append(f"{start}{key}: {json.dumps(value, ensure_ascii=False)}\n")
            start = "    "
    for source, text in files.items():
        (folder / f"{source}.yaml").write_text("".join(text), "utf-8")


def _json_lines(columns: dict[str, np.ndarray[Any, Any]]) -> Iterator[str]:
    names = list(columns)
    for values in zip(*columns.values(), strict=True):
        record = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        obj = record.get("object", "")
        if obj.startswith("["):
            record["object"] = obj[1:-1].split(", ")
        yield json.dumps(record, ensure_ascii=False) + "\n"


def main() -> None:
    """Read the command line and write the graph."""
    parser = argparse.ArgumentParser(description="Write a graph of generated statements.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--statements", type=int, default=1000)
    parser.add_argument("--format", choices=("csv", "jsonl", "parquet", "yaml"), default="csv")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--bad", type=int, default=None, help="How many rows are broken.")
    parser.add_argument("--rows-a-file", type=int, default=ROWS_A_FILE)
    parser.add_argument("--entities", type=int, default=None, help="How many; default: 1 for every 20 statements.")
    options = parser.parse_args()
    written = generate(
        options.folder,
        options.statements,
        options.format,
        options.seed,
        options.bad,
        options.rows_a_file,
        options.entities,
    )
    print(f"{written.folder}: {written.statements} statements and {len(written.expected)} bad rows")


if __name__ == "__main__":
    main()
