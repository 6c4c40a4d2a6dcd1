"""What units have to know of each other, and no more than that."""

from __future__ import annotations

from pathlib import Path

from onrecord.kept import code_digest
from onrecord.scale.base import Job, read_base
from onrecord.scale.scans import scan
from onrecord.scale.tasks import find_ids, plan_tasks
from small_graph import write_graph

HEAD = "id,source,subject,predicate,object,locator\n"
ROW = "{},letter,Basil Thorn,{},{},p. 1\n"


def test_only_ids_that_matter_elsewhere_are_held(tmp_path: Path) -> None:
    """Those that are referred to, at whatever distance, and those that stand in several files."""
    folder = write_graph(
        tmp_path / "garden",
        **{
            "statements/a.csv": HEAD + "".join(ROW.format(f"a-{at}", "tends", "plot 7") for at in range(50)),
            "statements/b.csv": HEAD
            + ROW.format("b", "believes", "statement:a-7")
            + ROW.format("again", "tends", "plot 7"),
            "statements/c.csv": HEAD
            + ROW.format("", "supports", "statement:b")
            + ROW.format("again", "tends", "plot 7"),
        },
    )
    base = read_base(str(folder))
    job = Job(str(folder), str(tmp_path), 4, base.whole, code_digest())
    scanned = [scan(job, f"statements/{name}.csv") for name in "abc"]
    ids = find_ids(job, scanned)
    assert {text: one.unit[-5:] for text, one in ids.declared.items()} == {
        "a-7": "a.csv",
        "b": "b.csv",
        "again": "b.csv",
    }
    assert ids.twice == {"statements/c.csv": [("statements/c.csv", 3, "again", "statements/b.csv:3")]}
    nothing = {"lost": [], "lost sources": [], "rests on": []}
    done = [{**nothing, "unit": f"statements/{name}.csv"} for name in "abc"]
    assert plan_tasks(job, base, scanned, ids, done) == plan_tasks(job, base, scanned, ids, ())
    done[0] = {**nothing, "unit": "statements/a.csv", "lost": ["a-3", "a-7"]}
    tasks = plan_tasks(job, base, scanned, ids, done)
    assert [task["lost"] for task in tasks] == [[], ["a-7"], ["a-7"]]
