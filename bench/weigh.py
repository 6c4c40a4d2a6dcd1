"""Measures corroboration and disagreements on generated statements, as ratios to reading and resolving them.

    python bench/weigh.py [STATEMENTS ...]

Prints CPU seconds for each size, and how they grow. The table: one source for every 20 statements, a
third of the statements about propositions that others put too, a tenth of them denied or negated,
speakers, agencies and dates. "Some" are the propositions about one person.
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from measure import Stages, by_size, sizes_given
from onrecord.build import Loaded, load
from onrecord.errors import Problems
from onrecord.explain.corroboration import corroborate
from onrecord.explain.disagreements import disagree
from onrecord.lens import Lens, select
from onrecord.project import open_project

SETTINGS = "title: bench\nbase: https://example.org/bench/\nontologies: [diplomacy]\nlanguages: [en]\n"
STATUSES = ("stated",) * 6 + ("confirmed", "expected", "planned", "possible", "unconfirmed")
STANCES = ("accepts", "rejects", "seeks")
TIES = ("speaks for", "is a member of")
PREDICATES = ("supports", "meets with", "represents", "pressures") * 5 + STANCES * 6 + TIES
COLUMNS = ("source", "subject", "predicate", "object", "not", "quote", "status", "said by", "via", "origin", "when")


def write(folder: Path, count: int, seed: int = 7) -> None:
    """A graph of ``count`` statements."""
    draw = random.Random(seed)
    people = max(50, count // 20)
    (folder / "statements").mkdir(parents=True)
    (folder / "onrecord.yaml").write_text(SETTINGS, "utf-8")
    rows = [f"p{index},Person {index},person" for index in range(people)]
    rows += [f"d{index},Demand {index},demand" for index in range(people // 5)]
    rows += [f"a{index},Agency {index},organisation" for index in range(20)]
    (folder / "entities.csv").write_text("id,label,type\n" + "\n".join(rows) + "\n", "utf-8")
    sources = [
        f"- {{id: s{index}, publisher: Paper {index % 300}, published: 2024-01-{1 + index % 28:02}}}"
        for index in range(max(1, count // 20))
    ]
    (folder / "sources.yaml").write_text("\n".join(sources) + "\n", "utf-8")
    lines = [",".join(COLUMNS)]
    past: list[tuple[str, str, str]] = []
    for _ in range(count):
        if past and draw.random() < 1 / 3:
            subject, predicate, obj = draw.choice(past)
        else:
            subject, predicate = f"p{draw.randrange(people)}", draw.choice(PREDICATES)
            obj = f"d{draw.randrange(people // 5)}" if predicate in STANCES else f"p{draw.randrange(people)}"
            past.append((subject, predicate, obj))
        status, negated = draw.choice(STATUSES), "true" if draw.random() < 0.1 else ""
        speaker = f"p{draw.randrange(people)}" if draw.random() < 0.3 else ""
        via = f"a{draw.randrange(20)}" if draw.random() < 0.1 else ""
        origin = f"a{draw.randrange(20)}" if draw.random() < 0.1 else ""
        when = f"2024-{draw.randrange(1, 13):02}" if draw.random() < 0.3 else ""
        source = f"s{draw.randrange(len(sources))}"
        lines.append(",".join((source, subject, predicate, obj, negated, "so", status, speaker, via, origin, when)))
    (folder / "statements" / "all.csv").write_text("\n".join(lines) + "\n", "utf-8")


def read(stages: Stages, count: int) -> Loaded:
    """A graph of ``count`` statements, resolved."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "bench"
        write(folder, count)
        problems = Problems()
        loaded = stages.run("read and resolve", lambda: load(open_project(folder, problems), problems))
    loaded.require_sound()
    return loaded


def measure(count: int) -> Stages:
    """Weigh ``count`` statements."""
    stages = Stages()
    loaded = read(stages, count)
    resolved, policy = loaded.resolved, loaded.project.policy
    rows = stages.run("select", lambda: select(resolved.statements, Lens(), policy))
    backed = stages.run("corroboration", lambda: corroborate(rows, resolved))
    some = stages.run("corroboration of some", lambda: corroborate(rows, resolved, subject="p0"))
    found = stages.run("disagreements", lambda: disagree(rows, resolved))
    many = sum(len(one.articles) > 1 for one in backed)
    conflicts = sum(one.kind == "conflict" for one in found)
    stages.note(f"{len(backed):,} propositions, {many:,} in several articles; {len(some)} about one person")
    stages.note(f"{conflicts:,} conflicts, {len(found) - conflicts:,} possible disagreements")
    return stages


if __name__ == "__main__":
    by_size(measure, sizes_given((1_000, 10_000, 100_000)), "read and resolve")
