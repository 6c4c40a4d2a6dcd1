"""Owns the tests of ``onrecord corroboration`` and ``onrecord disagreements``: what they print and how they exit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onrecord.cli import main

ROOT = Path(__file__).resolve().parents[2]
BRIDGE, TALKS = (str(ROOT / "graphs" / name) for name in ("harbour-bridge", "miami-talks"))


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments, prog_name="onrecord")
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_corroboration_lists_the_origins() -> None:
    result = run("corroboration", TALKS, "--subject", "Miami talks", "--predicate", "takes place in")
    article, paper = "kremlin-confirms-2025-12-18", "lords-press-2025-12-17"
    assert result.stdout.splitlines() == [
        "Miami talks takes place in Miami",
        "  planned, 2025-12-17 to 2025-12-18: 2 articles, 2 to 5 origins",
        f"  - Kremlin (in {article})",
        f"  - Politico (in {article})",
        f"  - {paper}: it may have it from those whom it names",
        f"  - the first person familiar with the matter (in {paper}): unnamed, may be one of the others",
        f"  - the second person familiar with the matter (in {paper}): unnamed, may be one of the others",
    ]
    assert (result.stderr, result.exit_code) == ("1 proposition\n", 0)


@pytest.mark.parametrize(
    ("option", "name", "message"),
    [
        ("--subject", "Greywatter", 'no entity is called "Greywatter": did you mean "greywater" or "Brackwater"?'),
        ("--predicate", "opposses", 'no property is called "opposses": did you mean "opposes"'),
        ("--object", "zzqqzz", 'no entity is called "zzqqzz"'),
    ],
)
def test_a_name_that_is_none_is_a_wrong_call(option: str, name: str, message: str) -> None:
    result = run("corroboration", BRIDGE, option, name)
    assert (result.stdout, result.exit_code) == ("", 2)
    assert message in result.stderr


def test_two_articles_and_one_origin() -> None:
    result = run("corroboration", BRIDGE, "--min-articles", "2", "--object", "cracked", "--json")
    (found,) = json.loads(result.stdout)
    assert (found["phrase"], found["articles"]) == (
        "2 articles, 1 origin",
        ["council-minutes-2024-04-09", "lantern-2024-04-12"],
    )
    (origin,) = found["origins"]
    assert (origin["origin"], origin["why"]) == ("Ansel Grome", ["2 statements come from or through Ansel Grome"])
    assert [each["quotes"] for each in origin["statements"]] == [["is cracked"], ["the pivot bearing is cracked"]]


def test_a_filter_that_fits_nothing() -> None:
    result = run("corroboration", BRIDGE, "--min-articles", "9")
    assert (len(result.stdout.splitlines()), result.stderr, result.exit_code) == (0, "0 propositions\n", 0)


def test_the_lens_counts() -> None:
    result = run(
        "corroboration", TALKS, "--as-of", "2025-12-17", "--subject", "Jared Kushner", "--predicate", "represents"
    )
    assert "1 article, 1 origin" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("corroboration", BRIDGE, "--subject", "Hesper Dral"), 'no entity is called "Hesper Dral": did you mean'),
        (("corroboration", BRIDGE, "--min-articles", "0"), "0 is not in the range"),
        (("disagreements", BRIDGE, "--source", "lanter"), 'no source is called "lanter"'),
    ],
)
def test_a_wrong_call(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert (message in result.stderr, result.stdout, result.exit_code) == (True, "", 2)


def test_disagreements_stand_side_by_side() -> None:
    result = run("disagreements", BRIDGE)
    assert result.stdout.split("\n\n")[3] == (
        'conflict: "opposes" and "supports" exclude each other\n'
        "  Lomvifjell Rederi opposes repair of the Gannet Bridge\n"
        "    stated; lantern-2024-04-12, 2024-04-12, in its own voice: "
        "“Lomvifjell Rederi [...] opposes the repair”\n"
        "  Lomvifjell Rederi supports repair of the Gannet Bridge\n"
        "    stated; rederi-notice-2024-04-15, 2024-04-15, in its own voice: “Rederiet støtter reparasjonen”"
    )
    assert (result.stderr, result.exit_code) == ("6 conflicts, 4 possible\n", 0)


def test_disagreements_as_json() -> None:
    (found,) = json.loads(run("disagreements", TALKS, "--json").stdout)
    assert (found["kind"], found["rule"]) == ("possible", "opposed")
    assert [side["statements"][0]["quotes"] for side in found["sides"]] == [
        ["NATO-like [...] explicitly rejected"],
        ["seeking [...] NATO-like"],
    ]


def test_conditions_and_times_are_shown() -> None:
    out = run("disagreements", BRIDGE).stdout
    assert "    expected, of 2024-06, if the weather is kind; lantern-2024-04-12" in out
    assert "    stated, of 2024-03-01/; council-minutes-2024-04-09" in out


@pytest.mark.parametrize("command", ["corroboration", "disagreements"])
def test_help_has_an_example_that_runs(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = run(command, "--help").stdout
    example = next(
        line.split() for line in text.split("Example:")[1].splitlines() if line.strip().startswith("onrecord")
    )
    monkeypatch.chdir(ROOT)
    assert run(*example[1:]).exit_code == 0
