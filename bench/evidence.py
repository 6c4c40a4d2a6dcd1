"""Measures looking for quotes in archived texts: 100 quotes for each text, most of them to the letter.

    python bench/evidence.py [QUOTES ...]

Prints CPU seconds of this process for each size, and how they grow; the ratio is to reading and
resolving the statements. Of 1,000 quotes of the first run 60 differ in quote marks, dashes or line
breaks, 20 are elided, 20 are from another text, 10 have another word in the middle; in the second
run every quote has, so that each is looked for in all texts, and its nearest passage too;
in the third nothing is like any quote.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import polars as pl

from measure import Stages, by_size, sizes_given
from onrecord.build import load
from onrecord.check.evidence import check_evidence
from onrecord.errors import Problems
from onrecord.project import open_project
from onrecord.sources import Archive

SETTINGS = "title: bench\nbase: https://example.org/bench/\nontologies: [diplomacy]\nlanguages: [en]\n"
QUOTES_A_TEXT = 100
WORDS_A_TEXT = 3_500
VOCABULARY = 20_000
PARTS = ("ba", "con", "der", "el", "fi", "gra", "hol", "in", "ju", "ka", "lor", "men", "no", "per", "qui", "ras")


def words(draw: random.Random) -> list[str]:
    """Invented words, the first of them short."""
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        found["".join(draw.choice(PARTS) for _ in range(3 + len(found) // 3_000))] = None
        if len(found) < 15:
            found[draw.choice(PARTS)] = None
    return list(found)


def text(draw: random.Random, vocabulary: list[str], weights: list[float]) -> list[str]:
    """The words of one text, with marks as prose has them."""
    out = draw.choices(vocabulary, cum_weights=weights, k=WORDS_A_TEXT)
    for at in range(0, WORDS_A_TEXT - 2, 9):
        out[at] += draw.choice((",", ".", ".\n\n", "’s", " —", ":"))
        if at % 5 == 0:
            out[at + 1] = f"“{out[at + 1]}”"
    return out


def spans(draw: random.Random, texts: list[list[str]], kind: str, vocabulary: list[str]) -> Iterator[tuple[int, str]]:
    """Number of a text and a quote, for all texts."""
    for number, mine in enumerate(texts):
        for index in range(QUOTES_A_TEXT):
            length = draw.randrange(6, 15)
            start = draw.randrange(WORDS_A_TEXT - 15)
            part = mine[start : start + length]
            chance = (number * QUOTES_A_TEXT + index) % 100
            if kind == "invented":
                part = [f"x{word}y" for word in part]
            elif kind == "changed" or chance == 0:
                part[length // 2] = draw.choice(vocabulary)
            elif chance < 7:
                yield number, " ".join(" ".join(part).split()).replace("“", '"').replace("’", "'").strip(" —")
                continue
            elif chance < 9:
                part = [*part[:2], "[...]", *part[-2:]]
            elif chance < 11:
                other = texts[(number + 1) % len(texts)]
                part = other[start : start + length]
            yield number, " ".join(part).strip(" —\n")


def write(folder: Path, count: int, kind: str) -> None:
    """A graph of ``count`` statements with their texts."""
    draw = random.Random(7)
    for name in ("statements", "sources"):
        (folder / name).mkdir(parents=True)
    (folder / "onrecord.yaml").write_text(SETTINGS, "utf-8")
    (folder / "entities.csv").write_text("id,label,type\nada,Ada,person\nbob,Bob,person\n", "utf-8")
    vocabulary = words(draw)
    weights = list(accumulate(1 / rank for rank in range(1, len(vocabulary) + 1)))
    texts = [text(draw, vocabulary, weights) for _ in range(max(1, count // QUOTES_A_TEXT))]
    described = []
    for number, mine in enumerate(texts):
        (folder / "sources" / f"s{number}.txt").write_text(" ".join(mine), "utf-8")
        described.append(f"- {{id: s{number}, title: T, published: 2025-01-01, text: s{number}.txt}}\n")
    (folder / "sources.yaml").write_text("".join(described), "utf-8")
    found = list(spans(draw, texts, kind, vocabulary))
    table = pl.DataFrame(
        {
            "source": [f"s{number}" for number, _ in found],
            "subject": "Ada",
            "predicate": "meets with",
            "object": "Bob",
            "quote": [quote for _, quote in found],
        },
    )
    table.write_parquet(folder / "statements" / "all.parquet")


def measure(count: int) -> Stages:
    """Check ``count`` quotes, three times over."""
    stages = Stages()
    for kind in ("sound", "changed", "invented"):
        with tempfile.TemporaryDirectory() as name:
            write(Path(name) / "bench", count, kind)
            problems = Problems()
            project = open_project(Path(name) / "bench", problems)
            loaded = stages.run("read and resolve", lambda: load(project, problems))  # noqa: B023  # run at once
            archive = Archive(project.source_folders(()), problems)
            evidence = stages.run(
                f"look for quotes, {kind}",
                lambda: check_evidence(loaded.resolved, project, loaded.lock, archive, problems),  # noqa: B023
            )
        codes = ", ".join(
            f"{number} {code}" for code, number in sorted(Counter(p.code for p in problems.items).items())
        )
        stages.note(f"{kind}: {evidence.counts()}; problems: {codes}")
    return stages


if __name__ == "__main__":
    by_size(measure, sizes_given((1_000, 10_000, 100_000)), "read and resolve")
