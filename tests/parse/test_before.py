"""Statement files that were read before: all that a source and a speaker say comes back."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import onrecord
from inline import load_folder, rich_files, write_notes
from onrecord.errors import Place
from onrecord.model import LeftOut, Source, Speaker
from onrecord.parse.before import _read_source, _write_source
from onrecord.protected import count_protected

_ODD: dict[str, Any] = {
    "bool": True,
    "Place": Place("letter.yaml", 3, 5, 7),
    "tuple[str, ...]": ("one", "two"),
    "Mapping[str, Place]": {"id": Place("letter.yaml", 4, 1, 2)},
}


def filled(of: type) -> Any:
    """A record in which no field has its default."""
    values = {}
    for field in dataclasses.fields(of):
        kind = str(field.type)
        inner = {"tuple[Speaker, ...]": Speaker, "tuple[LeftOut, ...]": LeftOut}.get(kind)
        values[field.name] = (filled(inner),) if inner else _ODD.get(kind, f"the {field.name}")
    return of(**values)


def test_every_field_of_a_source_comes_back() -> None:
    source = filled(Source)
    again = _read_source(json.loads(json.dumps(_write_source(source))), "letter.yaml")
    assert dataclasses.asdict(again) == dataclasses.asdict(source)


def test_what_a_statement_file_protects_stays_protected_after_a_build(tmp_path: Path) -> None:
    files = rich_files()
    letter = files["statements/letter.yaml"].replace("source:\n", "source:\n  protected: true\n", 1)
    folder = write_notes(tmp_path / "garden", "", **{**files, "statements/letter.yaml": letter})
    first = count_protected(load_folder(folder).loaded)
    assert first
    onrecord.open(folder).build()
    assert count_protected(load_folder(folder).loaded) == first
