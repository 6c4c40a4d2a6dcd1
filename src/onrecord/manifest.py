"""Owns the manifest of a build: what was built from what, and whether that still holds.

Leaves writing it to ``build``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onrecord import __version__
from onrecord.files import sha256_hex
from onrecord.model import statements_only
from onrecord.progress import advance, stage
from onrecord.project import Project, input_digest
from onrecord.resolve import Resolved
from onrecord.store import find_store_damage, is_store_of
from onrecord.tally import Tally

MANIFEST = "manifest.json"


def describe(
    project: Project,
    resolved: Resolved,
    tally: Tally,
    files: Mapping[str, bytes],
    *,
    inputs: str,
    inference: bool = True,
    rejects: int = 0,
) -> dict[str, Any]:
    """The manifest of a build: inputs, counts, the hash of each of its ``files``, and its own.

    ``inputs`` is the digest of what it was made from, ``rejects`` how many errors there are in rows that were left out.
    """
    own = statements_only(resolved.statements.select("nested", "statement"))
    left_out = [*([] if inference else ["inference"]), *(["broken rows"] if rejects else [])]
    told = ({"left out": left_out} if left_out else {}) | {
        "graph": project.name,
        "title": project.title,
        "base": project.base,
        "onrecord": __version__,
        "inputs": inputs,
        "assert policy": {
            "own voice": sorted(project.policy.own_voice),
            "speaker": sorted(project.policy.speaker),
        },
        "counts": {
            "statements": own["statement"].n_unique(),
            "propositions": resolved.statements["proposition"].n_unique(),
            "entities": len(resolved.entities),
            "sources": len(resolved.sources),
            "quads": tally.graphs.total(),
        }
        | ({"rejects": rejects} if rejects else {}),
        "graphs": {graph[1:-1]: count for graph, count in sorted(tally.graphs.items())},
        "files": {name: {"bytes": len(data), "sha256": sha256_hex(data)} for name, data in sorted(files.items())},
    }
    return told | {"sha256": _seal(told)}


def _seal(told: Mapping[str, Any]) -> str:
    """The hash of all that a manifest says beside it."""
    return sha256_hex(json.dumps({key: told[key] for key in told if key != "sha256"}, sort_keys=True).encode())


def store_key(inputs: str, *, inference: bool = True) -> str:
    """What names the store of a build: the hash of all that it was made from."""
    return sha256_hex(render([inputs, __version__, inference]))[:16]


def is_fresh(project: Project, out: Path, *, inference: bool = True) -> bool:
    """Whether the build in ``out`` was made from the files as they are now, with ``inference`` or without."""
    try:
        manifest = json.loads((out / MANIFEST).read_text("utf-8"))
        same = manifest["inputs"] == input_digest(project) and manifest["onrecord"] == __version__
        same = same and manifest.get("left out", []) == ([] if inference else ["inference"])
        same = same and isinstance(manifest["files"], dict)
        return bool(same and is_store_of(out, store_key(manifest["inputs"], inference=inference)))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def find_damage(out: Path) -> list[str]:
    """What of the build in ``out`` is not as its manifest says, a line each; nothing where it is whole.

    Every file is hashed, those of the store too: a damaged store can open without a word.
    """
    try:
        manifest = json.loads((out / MANIFEST).read_text("utf-8"))
        key = store_key(manifest["inputs"], inference="inference" not in manifest.get("left out", []))
        seal = manifest["sha256"]
        files = {str(name): (int(entry["bytes"]), str(entry["sha256"])) for name, entry in manifest["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        return [f"{MANIFEST}: cannot be read ({error})"]
    damage = [] if seal == _seal(manifest) else [f"{MANIFEST}: it does not say what was written"]
    stage("verifying files", sum(size for size, _ in files.values()), "bytes")
    for name, (size, digest) in sorted(files.items()):
        try:
            data = (out / name).read_bytes()
        except OSError as error:
            damage.append(f"{name}: cannot be read ({error.strerror})")
            continue
        except ValueError:
            damage.append(f"{name!r}: no file has such a name")
            continue
        if len(data) != size:
            damage.append(f"{name}: {len(data):,} of {size:,} bytes")
        elif sha256_hex(data) != digest:
            damage.append(f"{name}: its bytes are not those that were written")
        advance(len(data))
    try:
        if not is_store_of(out, key):
            damage.append("store: is not of this build")
    except OSError as error:
        return [*damage, f"store: cannot be read ({error.strerror})"]
    return damage + find_store_damage(out)


def render(value: object) -> bytes:
    """JSON for a file that people read too."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8")
