"""Say what ``make demo`` built, where it is, and what to open first."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    """Read the manifest of the build and print ten lines about it."""
    folder = Path(sys.argv[1])
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    counts, name = manifest["counts"], manifest["graph"]
    print()
    print(f"Built {manifest['title']}:")
    print(
        f"  {counts['statements']} statements from {counts['sources']} sources on "
        f"{counts['propositions']} propositions, {counts['entities']} entities, {counts['quads']:,} quads"
    )
    print()
    print(f"  network   {folder / name}.html   <- open this in a browser, click an edge, read its quote")
    print(f"  Turtle    {folder / name}.ttl")
    print(f"  also      {folder / name}.trig, .nq, manifest.json")
    print()
    print("Next:")
    print("  . .venv/bin/activate")
    print(f"  onrecord ask graphs/{name}                     the questions kept with the graph")
    print(f"  onrecord query graphs/{name} 'SELECT ?who ?what WHERE {{ ?who dip:heads ?what }}'")


if __name__ == "__main__":
    main()
