"""Owns the fixtures that all tests share; the small graph itself is in ``small_graph``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from small_graph import write_graph

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("deep", parent=settings.get_profile("repeatable"), derandomize=False, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture
def graph_folder(tmp_path: Path) -> Path:
    """The small graph in a folder of its own, ``garden``; its one problem is the warning E010 (no lock yet)."""
    return write_graph(tmp_path / "garden")


@pytest.fixture(autouse=True)
def _no_sources_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tester's own ``$ONRECORD_SOURCES`` changes no test."""
    monkeypatch.delenv("ONRECORD_SOURCES", raising=False)
