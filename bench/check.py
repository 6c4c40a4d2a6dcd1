"""Measures the rules of ``onrecord check`` on generated statements: the record, and the SHACL shapes.

    python bench/check.py [STATEMENTS ...]

Prints CPU seconds of this process for each size, and how they grow; the ratio is to reading and
resolving. The statements are those of ``bench/statements.py``, 1 in 2,000 of them broken.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from measure import Stages, by_size, sizes_given
from onrecord.build import dataset, load
from onrecord.check.record import check_record
from onrecord.check.shapes import check_shapes
from onrecord.errors import Problems
from onrecord.lens import Lens
from onrecord.project import open_project
from statements import generate


def measure(count: int) -> Stages:
    """Check ``count`` statements."""
    stages, problems = Stages(), Problems()
    with tempfile.TemporaryDirectory() as name:
        folder = generate(Path(name) / "bench", count, "parquet").folder
        project = open_project(folder, problems)
        loaded = stages.run("read and resolve", lambda: load(project, problems))
        stages.run("record checks", lambda: check_record(loaded.resolved, project, problems))
        quads = stages.run("assemble", lambda: dataset(loaded, Lens(inference=False)))
        files = stages.run("SHACL shapes", lambda: check_shapes(quads, loaded.resolved, problems))
    found = Counter(each.code for each in problems.items)
    codes = ", ".join(f"{number} {code}" for code, number in sorted(found.items()))
    stages.note(f"{quads.height:,} quads, {files} files of shapes; problems: {codes}")
    return stages


if __name__ == "__main__":
    by_size(measure, sizes_given((1_000, 10_000, 100_000)), "read and resolve")
