"""Owns the tests of the commands that docs/servers.md gives for loading in bulk: those that can be run are run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from onrecord.build import build, load
from onrecord.cli import main
from onrecord.errors import Problems
from onrecord.project import open_project
from onrecord.scale.server import Server
from onrecord.scale.sharded import Embedded, build_shards
from servers import find_program, oxigraph, virtuoso

ROOT = Path(__file__).resolve().parents[2]
RECIPES = (ROOT / "docs/servers.md").read_text("utf-8").split("## Loading in bulk")[1]
FILE = "build/miami-talks/miami-talks.nq"
TAKEN = " found there without a ledger and taken over; "
OURS = ("https://example.org/", "https://w3id.org/onrecord")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["miami-talks.nq", "*.nq.gz"])
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, int]:
    """A folder with the files of a build, the pattern that they have, and how many quads they hold."""
    out = tmp_path_factory.mktemp("built")
    if request.param.endswith(".gz"):
        made = build_shards(ROOT / "graphs/miami-talks", out, Embedded(), 3).manifest
        return out, request.param, int(made["counts"]["quads"])
    problems = Problems()
    build(load(open_project(ROOT / "graphs/miami-talks", problems), problems), out)
    return out, request.param, len((out / request.param).read_bytes().splitlines())


def recipe(language: str, start: str) -> str:
    """The block of the page that begins so."""
    found = re.findall(rf"^```{language}\n({re.escape(start)}.*?)^```", RECIPES, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, start
    return str(found[0])


def held(root: str) -> int:
    with Server(root) as there:
        rows = there.select("SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
    return sum(int(row["n"]["value"]) for row in rows if row["g"]["value"].startswith(OURS))


def push(root: str, folder: Path, pattern: str) -> str:
    """What the first push after the load says: nothing is sent, and all is taken over."""
    graph = folder if pattern.endswith(".gz") else ROOT / "graphs/miami-talks"
    result = CliRunner().invoke(main, ["push", str(graph), root])
    assert result.exit_code == 0, result.output
    return result.stderr.splitlines()[0]


def test_oxigraph(files: tuple[Path, str, int], tmp_path: Path) -> None:
    folder, pattern, quads = files
    program, *words = shlex.split(recipe("sh", "oxigraph load"))
    place = words.index(FILE)
    words[place:] = [str(path) for path in sorted(folder.glob(pattern))]
    words[words.index("--location") + 1] = str(tmp_path / "store")
    done = subprocess.run([find_program(program, "pip install oxigraph"), *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with oxigraph(tmp_path) as root:
        assert held(root) == quads
        assert TAKEN in push(root, folder, pattern)


def test_virtuoso(files: tuple[Path, str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, pattern, quads = files
    isql = find_program("isql-vt", "apt-get install virtuoso-opensource-7-bin")
    orders = recipe("sql", "ld_dir").replace("/data/in", str(tmp_path / "in")).replace("'*.nq'", f"'{pattern}'")
    (tmp_path / "in").mkdir()
    for path in folder.glob(pattern):
        shutil.copy(path, tmp_path / "in")
    with virtuoso(tmp_path) as root:
        port = re.findall(r"^ServerPort = (\d+)$", (tmp_path / "virtuoso.ini").read_text("utf-8"), re.MULTILINE)[0]
        done = subprocess.run(
            [isql, f"127.0.0.1:{port}", "dba", "dba", "ERRORS=STDOUT"], input=orders, capture_output=True, text=True
        )
        assert "*** Error" not in done.stdout and "\n0 Rows." in done.stdout, done.stdout
        assert held(root) == quads
        monkeypatch.setenv("ONRECORD_STORE_USER", "dba")
        monkeypatch.setenv("ONRECORD_STORE_PASSWORD", "dba")
        assert TAKEN in push(root, folder, pattern)
