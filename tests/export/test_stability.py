"""The same statements give the same bytes, in any order, in any files, in any syntax."""

from __future__ import annotations

import csv
import io
import json
import random
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import onrecord
from inline import (
    RICH,
    RICH_ENTITIES,
    RICH_HEAD,
    RICH_MINUTES,
    load_folder,
    rich_files,
    write_notes,
)
from onrecord.build import build, dataset
from onrecord.export import export

Record = Mapping[str, Any]

_LISTS = ("said by", "via", "said to", "origin", "quote", "for")


def read(text: str) -> list[dict[str, Any]]:
    """YAML with every scalar as text."""
    found: list[dict[str, Any]] = yaml.load(text, Loader=yaml.BaseLoader)
    return found


STATEMENTS: list[Record] = [{"source": "letter", **record} for record in read(RICH)] + [
    {"source": "minutes", **record}
    for record in read(RICH_MINUTES)["statements"]  # type: ignore[call-overload]
]
ENTITIES: list[Record] = read(RICH_ENTITIES)


def sources() -> str:
    """``sources.yaml`` with both sources."""
    heads = (read(RICH_HEAD)["source"], read(RICH_MINUTES)["source"])  # type: ignore[call-overload]
    return "".join(f"- {json.dumps(head)}\n" for head in heads)


def as_yaml(source: str, records: Sequence[Record]) -> str:
    """One file of one source; values as JSON, which YAML holds."""
    out = [f"source: {source}\nstatements:\n"]
    for record in records:
        lead = "  - "
        for key, value in record.items():
            if key == "source":
                continue
            if key == "quote" and isinstance(value, list):
                out.append(
                    f"{lead}quote:\n" + "".join(f"      - {json.dumps(item, ensure_ascii=False)}\n" for item in value)
                )
            elif key == "not":
                out.append(f"{lead}not: {value}\n")
            else:
                out.append(f"{lead}{key}: {json.dumps(value, ensure_ascii=False)}\n")
            lead = "    "
    return "".join(out)


def cells(record: Record) -> dict[str, str]:
    """A row of a table."""
    row = {key: value for key, value in record.items() if key != "triple"}
    row |= dict(zip(("subject", "predicate", "object"), record["triple"], strict=True))
    for key, value in row.items():
        if isinstance(value, list) and key in _LISTS:
            row[key] = " | ".join(value)
        elif not isinstance(value, str):
            row[key] = json.dumps(value)
    return row


def as_jsonl(records: Sequence[Record]) -> bytes:
    """One object a line."""
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def as_csv(records: Sequence[Record]) -> bytes:
    """A table with a column for each field that is used."""
    rows = [cells(record) for record in records]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, sorted({key for row in rows for key in row}), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8")


def as_parquet(records: Sequence[Record]) -> bytes:
    """The same table in columns."""
    rows = [cells(record) for record in records]
    columns = sorted({key for row in rows for key in row})
    out = io.BytesIO()
    frame = pl.DataFrame(
        {key: [row.get(key) for row in rows] for key in columns}, schema=dict.fromkeys(columns, pl.String)
    )
    frame.write_parquet(out)
    return out.getvalue()


WRITERS: dict[str, Callable[[Sequence[Record]], bytes]] = {"jsonl": as_jsonl, "csv": as_csv, "parquet": as_parquet}


def write(folder: Path, parts: Mapping[str, Sequence[Record]], entities: Sequence[Record], others: int = 0) -> Path:
    """A graph of ``parts`` (file name to records), the last ``others`` of ``entities`` in CSV."""
    shutil.rmtree(folder, ignore_errors=True)
    files: dict[str, str | bytes | None] = {
        **rich_files(),
        "sources.yaml": sources(),
        "statements/letter.yaml": None,
        "statements/minutes.yaml": None,
    }
    for name, records in parts.items():
        suffix = name.rpartition(".")[2]
        files[f"statements/{name}"] = (
            as_yaml(records[0]["source"], records) if suffix == "yaml" else WRITERS[suffix](records)
        )
    table = [entity for entity in entities if isinstance(entity["label"], str)][:others]
    in_yaml = [entity for entity in entities if entity not in table]
    files["entities.yaml"] = "".join(f"- {json.dumps(entity)}\n" for entity in in_yaml)
    if table:
        files["entities.csv"] = "id,label,type,aliases\n" + "".join(
            f"{entity['id']},{entity['label']},{entity['type']},{' | '.join(entity.get('aliases', ()))}\n"
            for entity in table
        )
    return write_notes(folder, "", **files)


def exports(folder: Path) -> tuple[bytes, ...]:
    """What must not change."""
    found = load_folder(folder)
    assert found.problems == []
    quads, prefixes = dataset(found.loaded), found.loaded.resolved.names.prefixes()
    return tuple(export(quads, name, prefixes) for name in ("nq", "ttl", "trig"))


@cache
def expected() -> tuple[bytes, ...]:
    """The bytes of the graph as it was written."""
    with tempfile.TemporaryDirectory() as folder:
        return exports(write_notes(Path(folder) / "garden", "", **rich_files()))


def arrangement(seed: int) -> tuple[dict[str, list[Record]], list[Record], int]:
    """Every statement in some file of some syntax, every entity in some order."""
    chance = random.Random(seed)
    parts: dict[str, list[Record]] = {}
    files = chance.sample("abcdef", 2)
    suffixes = ["yaml", "jsonl", "csv"]
    if seed % 8 == 0:  # Parquet is read in a process of its own, a second each
        suffixes.append("parquet")
    for record in chance.sample(STATEMENTS, len(STATEMENTS)):
        suffix = chance.choice(suffixes)
        name = chance.choice(files)
        key = f"{name}-{record['source']}.{suffix}" if suffix == "yaml" else f"{name}.{suffix}"
        parts.setdefault(key, []).append(record)
    return parts, chance.sample(ENTITIES, len(ENTITIES)), chance.randint(0, 3)


@given(st.integers(0, 2**32))
@settings(max_examples=12, phases=[Phase.generate])
def test_arrangement_changes_no_byte(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    folder = write(tmp_path_factory.getbasetemp() / "arranged" / "garden", *arrangement(seed))
    for name, found, wanted in zip(("nq", "ttl", "trig"), exports(folder), expected(), strict=True):
        assert found.decode().splitlines() == wanted.decode().splitlines(), name
        assert found == wanted


def every(suffix: str, records: Sequence[Record]) -> dict[str, Sequence[Record]]:
    """All of it in one file of a syntax (YAML takes one for each source)."""
    if suffix != "yaml":
        return {f"all.{suffix}": records}
    names = dict.fromkeys(record["source"] for record in records)
    return {f"{name}.yaml": [record for record in records if record["source"] == name] for name in names}


@pytest.mark.parametrize("suffix", ["yaml", "jsonl", "csv", "parquet"])
def test_each_syntax_alone(tmp_path: Path, suffix: str) -> None:
    assert exports(write(tmp_path / "garden", every(suffix, STATEMENTS), ENTITIES)) == expected()


@cache
def turtle_of(source: str) -> bytes:
    """The statements of one source as an export holds them, without the source itself."""
    with tempfile.TemporaryDirectory() as folder:
        records = [record for record in STATEMENTS if record["source"] == source]
        # what the others refer to has to be there
        data = (
            onrecord.open(write(Path(folder) / "garden", every("jsonl", records), ENTITIES)).serialize("ttl").decode()
        )
    blocks = data.split("\n\n")
    return "\n\n".join(block for block in blocks if not block.startswith("source:")).encode()


@pytest.mark.parametrize("source", ["letter", "minutes"])
def test_turtle_beside_another_syntax(tmp_path: Path, source: str) -> None:
    others = [record for record in STATEMENTS if record["source"] != source]
    folder = write(tmp_path / "garden", every("csv", others), ENTITIES)
    (folder / "statements/x.ttl").write_bytes(turtle_of(source))
    assert exports(folder) == expected()


def test_a_file_in_two_halves(tmp_path: Path) -> None:
    halves = {"b.jsonl": STATEMENTS[:9], "a.jsonl": STATEMENTS[9:]}
    assert exports(write(tmp_path / "garden", halves, ENTITIES)) == expected()


def test_statements_written_twice(tmp_path: Path) -> None:
    """Another curator who found the same adds nothing (the ids aside, which must differ)."""
    again = [{key: value for key, value in record.items() if key != "id"} for record in STATEMENTS]
    parts = {"a.jsonl": STATEMENTS, "b.csv": again}
    assert exports(write(tmp_path / "garden", parts, ENTITIES)) == expected()


def test_manifests_differ_in_what_they_were_made_from_alone(tmp_path: Path) -> None:
    one = write(tmp_path / "a" / "garden", every("yaml", STATEMENTS), ENTITIES)
    other = write(tmp_path / "b" / "garden", every("csv", STATEMENTS[::-1]), ENTITIES[::-1])
    found = []
    for folder in (one, other):
        manifest = build(load_folder(folder).loaded, tmp_path / "out" / folder.parent.name)
        assert manifest.pop("inputs") and manifest.pop("sha256")
        assert manifest["files"].pop("places.jsonl")
        found.append(manifest)
    assert found[0] == found[1]


def test_the_same_files_in_another_folder_give_the_same_manifest(tmp_path: Path) -> None:
    found = []
    for name in ("a", "deeper/b"):
        folder = write(tmp_path / name / "garden", every("csv", STATEMENTS), ENTITIES)
        out = tmp_path / "out" / name
        build(load_folder(folder).loaded, out)
        found.append({path.name: path.read_bytes() for path in out.glob("[a-z]*.*") if path.is_file()})
    assert found[0] == found[1] and len(found[0]) == 6
