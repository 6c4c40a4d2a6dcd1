"""Measures building a graph after one of its statement files changed, against building it from nothing.

    python bench/incremental.py --files 100 300 1000 --format yaml --json

Each figure is user and system time of one fresh ``onrecord build --no-evidence`` (there are no texts to look in) with
its children; graphs of over 10,000 statements are built without whole-graph exports, as by default. The graph has 100
statements a file. The changed file has one quote and one property changed and one statement more. The slope is
that of a line through the logarithms of time and size: 1 follows the graph, 0 does not.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import polars as pl

from statements import SETTINGS, Generator, generate

ROOT = Path(__file__).resolve().parents[1]
STATEMENTS_A_FILE = 100
PARTS = ("source", "subject", "predicate", "object")
NAMES = ("from nothing", "one file changed", "another file changed", "nothing changed")


def write_graph(folder: Path, files: int, format_: str = "yaml", seed: int = 7) -> None:
    """A graph of that many files; those in YAML have a source each."""
    if format_ != "yaml":
        generate(folder, files * STATEMENTS_A_FILE, format_, seed, bad=0, rows_a_file=STATEMENTS_A_FILE)
        return
    maker = Generator(files * STATEMENTS_A_FILE, seed)
    (folder / "statements").mkdir(parents=True)
    (folder / "onrecord.yaml").write_text(SETTINGS, "utf-8")
    entities = pl.DataFrame(maker.entities, schema=["id", "label", "type", "aliases"], orient="row")
    entities.write_csv(folder / "entities.csv")
    columns = maker.columns()
    for file in range(files):
        lines = [
            f"source:\n  id: paper-{file:05}\n  title: Report {file}\n  publisher: Paper {file % 90}\n"
            f"  published: 2025-{1 + file % 12:02}-{1 + file % 28:02}\n"
            f"  speakers:\n    - {{id: officials, label: two officials}}\n\nstatements:\n"
        ]
        for row in range(file * STATEMENTS_A_FILE, (file + 1) * STATEMENTS_A_FILE):
            subject, predicate, obj = (columns[name][row] for name in PARTS[1:])
            nested = obj[1:-1].split(", ") if obj.startswith("[") else obj
            lines.append(f"  - triple: {_flow([subject, predicate, nested])}\n")
            for name, values in columns.items():
                if name not in PARTS and values[row] is not None:
                    lines.append(f"    {name}: {'true' if name == 'not' else _flow(values[row])}\n")
        (folder / "statements" / f"paper-{file:05}.yaml").write_text("".join(lines), "utf-8")


def _flow(value: object) -> str:
    """A text, or a list of such, as YAML on one line."""
    return json.dumps(value, ensure_ascii=False)


def change(folder: Path, number: int, format_: str = "yaml") -> None:
    """Edit one file in the middle of the graph."""
    name = f"paper-{number:05}.yaml" if format_ == "yaml" else f"part-{number:03}.{format_}"
    path = folder / "statements" / name
    match format_:
        case "yaml":
            head, _, rest = path.read_text("utf-8").partition("statements:\n")
            text = rest.replace('quote: "', 'quote: "once more, ', 1).replace("accepts", "rejects", 1)
            path.write_text(f"{head}statements:\n{text}{_one_more()}", "utf-8")
        case "jsonl":
            records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
            path.write_text("".join(json.dumps(record) + "\n" for record in _edited(records)), "utf-8")
        case "csv":
            table = pl.read_csv(path, infer_schema=False)
            pl.DataFrame(_edited(table.to_dicts()), schema=table.schema).write_csv(path)
        case _:
            table = pl.read_parquet(path)
            pl.DataFrame(_edited(table.to_dicts()), schema=table.schema).write_parquet(path)


def _edited(records: list[dict[str, object]]) -> list[dict[str, object]]:
    """One quote and one property changed, one statement more."""
    records[0]["quote"] = f"once more, {records[0]['quote']}"
    held = next((record for record in records if record["predicate"] == "accepts"), records[0])
    held["predicate"] = "rejects" if held["predicate"] == "accepts" else held["predicate"]
    met = {"subject": "Ana Abel", "predicate": "meets with", "object": "Boris Abel", "quote": "they met again"}
    return [*records, {"source": records[0]["source"], **met}]


def _one_more() -> str:
    return '  - triple: ["Ana Abel", "meets with", "Boris Abel"]\n    quote: "they met again"\n'


def build(folder: Path, out: Path, *options: str) -> float:
    """CPU seconds of a build in a fresh process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "onrecord", "build", str(folder), "-o", str(out), "--no-evidence", *options]
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure(files: int, format_: str, options: list[str]) -> dict[str, float]:
    """CPU seconds from nothing, after one file changed, after another did, and with nothing changed."""
    with tempfile.TemporaryDirectory() as home:
        folder, out = Path(home) / "graph", Path(home) / "out"
        write_graph(folder, files, format_)
        whole = build(folder, out, *options)
        change(folder, files // 2, format_)
        changed = build(folder, out, *options)
        change(folder, files // 3, format_)
        another = build(folder, out, *options)
        same = build(folder, out, *options)
    return {
        "files": files,
        "statements": files * STATEMENTS_A_FILE,
        "from nothing": round(whole, 2),
        "one file changed": round(changed, 2),
        "another file changed": round(another, 2),
        "nothing changed": round(same, 2),
        "ratio": round(whole / changed, 1),
    }


def slopes(results: list[dict[str, float]], name: str) -> list[float]:
    """How time grows from each size to the next, as the exponent of the size."""
    return [round(math.log(b[name] / a[name]) / math.log(b["files"] / a["files"]), 2) for a, b in pairwise(results)]


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, nargs="+", default=[100, 300, 1000])
    parser.add_argument("--format", choices=("yaml", "csv", "jsonl", "parquet"), default="yaml")
    parser.add_argument("--options", nargs="*", default=[], help="Further options of onrecord build, without dashes.")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    results = [measure(files, chosen.format, [f"--{name}" for name in chosen.options]) for files in chosen.files]
    found = {
        "results": results,
        "slope": {name: slopes(results, name) for name in NAMES},
    }
    if chosen.json:
        print(json.dumps(found, indent=2))
        return
    for result in results:
        print(", ".join(f"{name}: {value}" for name, value in result.items()))
    print(f"slope: {found['slope']}")


if __name__ == "__main__":
    main()
