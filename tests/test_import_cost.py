"""``import onrecord`` and ``onrecord --help`` are fast: heavy libraries wait until they are used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = [
    "polars",
    "rdflib",
    "pyoxigraph",
    "networkx",
    "pyvis",
    "numpy",
    "pandas",
    "jinja2",
    "shacl_rust",
    "edtf",
    "rich",
]
LISTS = "print(*sorted({name.partition('.')[0] for name in sys.modules}))"


def modules(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has imported after ``code``."""
    run = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\n{LISTS}"], capture_output=True, text=True, check=True
    )
    return set(run.stdout.split("\n")[-2].split())


@pytest.mark.parametrize(
    "code",
    [
        "import onrecord",
        "import onrecord.cli",
        "from onrecord.cli import main\nmain(['--help'], standalone_mode=False)",
        "from onrecord.cli import main\nmain(['query', '--help'], standalone_mode=False)",
        "from onrecord.cli import main\nmain(['--version'], standalone_mode=False)",
        "import contextlib\nfrom onrecord.cli import main\nwith contextlib.suppress(SystemExit):\n    main(['check'])",
    ],
    ids=["import", "cli", "help", "query help", "version", "wrong call"],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    found = modules(code)
    assert "onrecord" in found
    assert [name for name in HEAVY if name in found] == []


def test_the_list_of_modules_is_the_real_one() -> None:
    assert "polars" in modules("import polars")


def test_a_build_of_a_small_graph_imports_nothing_for_large_ones(graph_folder: Path) -> None:
    build = ["build", str(graph_folder), "-o", str(graph_folder / "out")]
    found = modules(
        f"from onrecord.cli import main\nmain({build}, standalone_mode=False)\nimport onrecord.manifest\n"
        "assert 'onrecord.manifest' in sys.modules and not [name for name in sys.modules if 'onrecord.scale' in name]"
    )
    assert (graph_folder / "out/manifest.json").exists()
    assert sorted(found & {"pyspark", "pyarrow", "py4j", "grpc", "isal", "requests", "starlette"}) == []
