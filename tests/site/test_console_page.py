"""Owns the tests of the console's page and of what is vendored for it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import onrecord
from console_files import console_files
from onrecord.export import export
from onrecord.graph import Graph
from small_graph import write_graph

ROOT = Path(__file__).parents[2]


def vendored(name: str) -> bytes:
    return files("onrecord.site").joinpath("assets", "console", "vendor", name).read_bytes()


def test_vendored_files_are_as_recorded_and_cannot_close_their_element():
    record = json.loads(vendored("vendor.json"))["sha256"]
    assert sorted(record) == ["codemirror.min.js", "oxigraph.min.js", "oxigraph.wasm.gz"]
    for name, digest in record.items():
        assert hashlib.sha256(vendored(name)).hexdigest() == digest
        assert b"</script" not in vendored(name).lower()


def test_what_is_vendored_for_the_console_is_small():
    assert sum(len(vendored(name)) for name in json.loads(vendored("vendor.json"))["sha256"]) < 3_000_000


def test_the_engine_is_webassembly():
    assert gzip.decompress(vendored("oxigraph.wasm.gz"))[:4] == b"\0asm"


@pytest.mark.parametrize("name", sorted(json.loads(vendored("vendor.json"))["packages"]))
def test_versions_and_licences_agree_for(name: str):
    version = json.loads(vendored("vendor.json"))["packages"][name]
    wanted = json.loads((ROOT / "package.json").read_text("utf-8"))
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    assert {**wanted["dependencies"], **wanted["devDependencies"]}[name] == version
    assert lock[f"node_modules/{name}"]["version"] == version
    assert f"\n{name} {version} (MIT" in vendored("THIRD_PARTY.txt").decode()


def test_the_lock_names_no_addresses():
    assert "resolved" not in (ROOT / "package-lock.json").read_text("utf-8")


def test_every_pinned_package_is_vendored_or_bundles():
    wanted = json.loads((ROOT / "package.json").read_text("utf-8"))
    found = {
        name
        for folder in ("src", "tests")
        for path in (ROOT / folder).rglob("vendor.json")
        for name in json.loads(path.read_text("utf-8"))["packages"]
    }
    assert found | {"esbuild"} == set(wanted["dependencies"]) | set(wanted["devDependencies"])


QUESTION = """\
#+ title: Who tends what?
#+ description: As fact </script>.
#+ defaults:
#+   - who: Mrs Marsh
#+   - height: 1.50
SELECT ?plot WHERE { ?_who_iri gar:tends ?plot . FILTER("#+ title" != "") FILTER(?_height_decimal > 1) }
"""
LENSED = "#+ title: What was so?\n#+ as of: 2024-06-02\n#+ include: [claimed]\nASK { ?s ?p ?o }\n"


@pytest.fixture
def garden(tmp_path: Path) -> Graph:
    files = {
        "questions/tends.rq": QUESTION,
        "questions/tends.csv": "plot\nplot 7\n",
        "questions/lensed.rq": LENSED,
        "questions/broken.rq": "#+ titel: no\nASK {}\n",
    }
    return onrecord.open(write_graph(tmp_path / "garden", **files))


def page_data(page: bytes) -> Any:
    return json.loads(re.search(rb'id="console-data">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]


def unpacked(script: bytes) -> bytes:
    """What a part hands to the page."""
    name, text = json.loads(f"[{script.decode().removeprefix('onrecordPart(').removesuffix(');' + chr(10))}]")
    assert name
    return gzip.decompress(base64.b64decode(text))


def test_the_parts_hold_the_dataset_as_the_export_has_it(garden: Graph, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("onrecord.site.console.QUADS_A_PART", 100)
    found = console_files(garden)
    parts = sorted((path for path in found if "data-" in path), key=lambda path: int(re.search(r"\d+", path)[0]))  # type: ignore[index]
    assert len(parts) == -(-garden.quads().height // 100)
    lines = b"".join(unpacked(found[path]()) for path in parts).splitlines()
    assert sorted(lines) == sorted(export(garden.quads(), "nq", {}).splitlines())
    data = page_data(found["console.html"]())
    assert data["quads"] == garden.quads().height
    assert data["sizes"]["data"] == [len(found[path]()) for path in parts]
    assert sorted(data["parts"].values()) == sorted(path for path in found if re.search("console/[^c].*js$", path))


def test_the_same_graph_gives_the_same_bytes(garden: Graph):
    again = console_files(onrecord.open(garden.project.folder))
    assert {path: make() for path, make in console_files(garden).items()} == {p: make() for p, make in again.items()}


def test_scripts_come_from_the_site_alone_and_nothing_else_is_reached(garden: Graph):
    page = console_files(garden)["console.html"]().decode()
    policy = re.search('Content-Security-Policy" content="([^"]*)"', page)[1]  # type: ignore[index]
    rules = dict(rule.split(" ", 1) for rule in policy.replace("&#39;", "'").split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'wasm-unsafe-eval' 'self' file:"
    assert rules["worker-src"] == "blob:"
    assert "connect-src" not in rules
    assert not re.search(r"<script(?! type=\"application/json\"| src=)", page)
    assert not re.search(r'\s(on\w+|style)="', page)


def test_questions_come_with_what_their_defaults_stand_for(garden: Graph):
    lensed, tends = page_data(console_files(garden)["console.html"]())["questions"]
    assert tends["title"] == "Who tends what?"
    assert tends["description"] == "As fact </script>."
    assert tends["text"].startswith("SELECT ?plot")
    assert '"#+ title"' in tends["text"]
    assert tends["rows"] == 1
    assert tends["parameters"] == [
        {
            "name": "who",
            "value": "Mrs Marsh",
            "variables": [["_who_iri", "iri", "<https://example.org/garden/entity/rose>"]],
        },
        {
            "name": "height",
            "value": "1.50",
            "variables": [["_height_decimal", "decimal", '"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>']],
        },
    ]
    assert lensed["lens"] == "on record by 2024-06-02; claimed as fact too"
    assert lensed["rows"] is None


def test_names_are_those_of_the_dataset_without_propositions_and_statements(garden: Graph):
    rows = json.loads(unpacked(console_files(garden)["console/names.js"]()))
    names = {row[0]: row[1:] for row in rows}
    rose = names["https://example.org/garden/entity/rose"]
    assert rose == ["Rose Marsh", "entity", "person", ["Mrs Marsh", "Rose"], "", rose[5], "entity/rose.html"]
    assert names["https://example.org/garden-terms#tends"][:4] == ["tends", "property", "property", ["tend", "tended"]]
    assert names["https://example.org/garden-terms#Plot"][:3] == ["plot", "class", "class"]
    assert names["https://w3id.org/onrecord/ns#stated"][:2] == ["stated", "status"]
    assert not [iri for iri in names if "/proposition/" in iri or "/statement/" in iri]


def test_forms_tell_what_was_written_of_what_the_engine_rewrites(tmp_path: Path):
    statements = """\
source:
  id: letter
  title: A letter
  published: 2024-06-01
statements:
  - triple: [plot 7, height in metres, "1.50"]
    quote: 1.50
"""
    graph = onrecord.open(write_graph(tmp_path / "garden", **{"statements/letter.yaml": statements}))
    decimal = "http://www.w3.org/2001/XMLSchema#decimal"
    assert json.loads(unpacked(console_files(graph)["console/forms.js"]())) == [["1.5", decimal, "1.50", decimal]]


def test_the_engine_and_the_licences_are_given_out(garden: Graph):
    found = console_files(garden)
    assert base64.b64encode(vendored("oxigraph.wasm.gz")) in found["console/engine.js"]()
    licences = found["console/LICENCES.txt"]().decode()
    for name in ("oxigraph", "@codemirror/view", "vis-network"):
        assert f"\n{name} " in licences
