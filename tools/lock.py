"""Write requirements.lock and requirements-dev.lock: the exact versions that one clean install gave.

Each file holds ``name==version`` lines and nothing about where packages come from.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ["hatchling", "editables"]
HEAD = "# Exact versions for `make`; written by `make lock` from the ranges in pyproject.toml.\n"


def main() -> None:
    """Install twice into a throw-away environment: for users, then for developers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = Path(folder) / "bin" / "python"
        served = project["project"]["optional-dependencies"]["serve"]
        core = freeze(python, [*project["project"]["dependencies"], *served, *BUILD])
        (ROOT / "requirements.lock").write_text(HEAD + "".join(core), "utf-8")
        everything = freeze(python, project["dependency-groups"]["dev"])
        dev = [line for line in everything if line not in core]
        (ROOT / "requirements-dev.lock").write_text(HEAD + "".join(dev), "utf-8")


def freeze(python: Path, requirements: list[str]) -> list[str]:
    """Install ``requirements`` and list what is there."""
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", *requirements], check=True)
    found = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    return [f"{line}\n" for line in found.splitlines() if "==" in line]


if __name__ == "__main__":
    main()
