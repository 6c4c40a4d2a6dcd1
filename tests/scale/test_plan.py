"""Owns the test of docs/planning.md: its figures and its plan are what ``bench/scale/plan.py`` gives."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/planning.md"
COMMAND = "python bench/scale/plan.py"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """A module of ``bench/scale``, which forgets it afterwards."""
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", [str(ROOT / "bench/scale"), *sys.path])
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(ROOT / "bench") in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def printed(main: Callable[[list[str]], None], words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    main(words)
    return capsys.readouterr().out


def test_the_page_shows_what_is_computed(
    bench: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    main, text = bench("plan").main, PAGE.read_text("utf-8")
    made, plans = re.subn(
        rf"^(```text\n\$ {re.escape(COMMAND)}([^\n]*)\n).*?^```$",
        lambda found: f"{found[1]}{printed(main, found[2].split(), capsys)}```",
        text,
        flags=re.MULTILINE | re.DOTALL,
    )
    inputs = f"| | | measured |\n|---|---|---|\n{printed(main, ['--inputs'], capsys)}"
    made, tables = re.subn(
        r"(<!-- inputs -->\n).*?(<!-- end -->)", lambda found: f"{found[1]}{inputs}\n{found[2]}", made, flags=re.DOTALL
    )
    assert (plans, tables) == (2, 1)
    if os.environ.get("ONRECORD_UPDATE_DOCS"):
        PAGE.write_text(made, "utf-8")
    assert made == PAGE.read_text("utf-8")


def test_every_input_is_in_a_formula(bench: Callable[[str], ModuleType]) -> None:
    text = PAGE.read_text("utf-8").split("## Formulas")[1].split("\n## ")[0]
    assert [name for name in bench("plan").MEANING if not re.search(rf"\b{name}\b", text)] == []


def test_a_line_through_points_has_its_residual(bench: Callable[[str], ModuleType]) -> None:
    line = bench("builds").fit([(0, 1.0), (1, 3.0), (2, 2.0)])
    assert line == pytest.approx({"fixed": 1.5, "each": 0.5, "residual": 1.0})


def test_rows_do_not_depend_on_what_is_held_at_a_time(bench: Callable[[str], ModuleType]) -> None:
    bench("builds")
    pieces = list(bench("statements").Generator(1000, 7).pieces(400))
    assert [len(piece["subject"]) for piece in pieces] == [400, 400, 200]
    texts = [name for piece in pieces for name in piece["id"] if name]
    targets = [str(name)[10:] for piece in pieces for name in piece["object"] if str(name).startswith("statement:")]
    assert len(texts) == len(set(texts)) and targets and set(targets) <= set(texts)
