"""Owns the tests of the console's page and of what is vendored for it."""

from __future__ import annotations

import gzip
import hashlib
import json
from importlib.resources import files
from pathlib import Path

import pytest

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
        for path in (ROOT / "src" / "onrecord").rglob("vendor.json")
        for name in json.loads(path.read_text("utf-8"))["packages"]
    }
    assert found | {"esbuild"} == set(wanted["dependencies"]) | set(wanted["devDependencies"])
