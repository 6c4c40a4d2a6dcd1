"""Owns the promise that every command of the README works as printed.

Leaves the pages of ``docs/`` to ``test_docs``.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from onrecord.cli import main

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language, without their indent."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", README, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", body, flags=re.MULTILINE) for indent, body in found]


def console() -> list[tuple[str, str]]:
    """Each shown command with its shown output."""
    out = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            out.append((command, shown))
    return out


def stripped(text: str) -> list[str]:
    """Lines without the blanks at their ends, which a README should not carry."""
    return [line.rstrip(" ─") for line in text.strip().splitlines()]


@pytest.fixture
def at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.usefixtures("at_root")
@pytest.mark.parametrize(("command", "shown"), console(), ids=lambda text: text[:40])
def test_shown_commands_print_what_is_shown(command: str, shown: str) -> None:
    call, _, head = command.partition(" | head -n ")
    program, *arguments = shlex.split(call)
    result = CliRunner().invoke(main, arguments)
    assert (program, result.exit_code) == ("onrecord", 1 if arguments[0] == "why" else 0)
    lines = stripped(result.stdout)
    assert (lines[: int(head)] if head else lines) == stripped(shown)


def listed() -> list[str]:
    """The commands of the shell blocks that are onrecord's."""
    lines = [line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith("onrecord ")]


@pytest.mark.parametrize("command", listed())
def test_listed_commands_run(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("graphs", "ontology"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    arguments = shlex.split(command)[1:]
    if arguments[0] == "build":
        arguments += ["-o", "out"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output


def test_there_are_commands_to_test() -> None:
    assert len(console()) >= 3
    assert len(listed()) >= 8


def test_the_python_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("graphs", "ontology"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    (block,) = blocks("python")
    names: dict[str, object] = {}
    exec(compile(block, "README.md", "exec"), names)
    assert (tmp_path / "miami.html").stat().st_size > 100_000
    assert (tmp_path / "miami.ttl").read_text("utf-8").startswith("@prefix")


def test_the_statement_shown_is_in_the_graph() -> None:
    (statement,) = blocks("yaml")
    written = (ROOT / "graphs/miami-talks/statements/lords-press-2025-12-17.yaml").read_text("utf-8")
    for line in statement.splitlines():
        assert line.strip() in written


def test_the_layout_names_every_module() -> None:
    named = set(re.findall(r"`([a-z_]+)(?:\.py|/)`", README))
    package = ROOT / "src" / "onrecord"
    modules = {path.stem for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert modules - named == {"__init__", "__main__"}


def test_pictures_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target
