"""Lenses: which rows count, what asserts, and what comes along."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

import polars as pl
import pytest

from inline import MINUTES_HEAD, Notes, load_notes, notes, sound
from onrecord.errors import OnRecordError
from onrecord.lens import Lens, asserting, select
from onrecord.project import AssertPolicy
from onrecord.statuses import ASSERTABLE, STATUSES

DAY = dt.date.fromisoformat


def ids(found: Notes, lens: Lens) -> set[str | None]:
    """The ids of the statements that the lens lets through."""
    rows = select(found.table, lens, found.loaded.project.policy)
    return set(rows.filter(pl.col("statement").is_not_null())["id"].to_list())


def test_the_default_lens_keeps_everything(tmp_path: Path) -> None:
    found = sound(
        tmp_path,
        "- triple: [Rose, believes, [Basil Thorn, tends, plot 7]]\n  when: 1000/1001\n"
        "- triple: [Rose, tends, plot 7]\n  status: denied\n  said by: Rose\n  recorded: 9999-01-01",
    )
    rows = select(found.table, Lens(), found.loaded.project.policy)
    assert rows.drop("asserting").sort("row").equals(found.table.sort("row"))
    assert rows["asserting"].to_list() == [False, True, False]


# --- what asserts -------------------------------------------------------------------------------

POLICIES = {
    "default": AssertPolicy(),
    "wider": AssertPolicy(frozenset({"stated", "confirmed", "expected"}), frozenset({"confirmed", "stated"})),
    "nothing": AssertPolicy(frozenset(), frozenset()),
}


def stands(status: str, spoken: bool, negated: bool, conditional: bool, policy: AssertPolicy) -> bool:
    """DESIGN, section 3, in words of one syllable."""
    if negated or conditional or status in ("denied", "mentioned"):
        return False
    return status in (policy.speaker if spoken else policy.own_voice)


@pytest.mark.parametrize("policy", POLICIES)
def test_what_asserts(policy: str) -> None:
    cases = list(itertools.product(STATUSES, (False, True), (False, True), (False, True)))
    assert len(cases) == 72
    table = pl.DataFrame(
        {
            "status": [case[0] for case in cases],
            "said_by_terms": [["<urn:a>"] if case[1] else None for case in cases],
            "negated": [case[2] for case in cases],
            "condition": ['"if"' if case[3] else None for case in cases],
        },
        schema_overrides={"said_by_terms": pl.List(pl.String), "condition": pl.String},
    )
    found = table.select(asserting(POLICIES[policy]).alias("it"))["it"].to_list()
    assert found == [stands(*case, POLICIES[policy]) for case in cases]
    assert sum(found) == {"default": 3, "wider": 5, "nothing": 0}[policy]


@pytest.mark.parametrize("status", ASSERTABLE)
def test_include_lets_a_status_stand_as_fact_whoever_says_it(tmp_path: Path, status: str) -> None:
    found = sound(
        tmp_path,
        "\n".join(
            f"- triple: [Rose, tends, plot 7]\n  status: {each}\n{extra}"
            for each in STATUSES
            for extra in ("", "  said by: Rose\n", "  not: true\n", "  on condition: if it rains\n")
            if not (each == "denied" and "not" in extra)
        ),
    )
    rows = select(found.table, Lens(include=frozenset({status})), found.loaded.project.policy)
    more = rows.filter(pl.col("asserting") & (pl.col("status") == status))
    assert more.height == 2 and more["negated"].any() is False and more["condition"].null_count() == 2
    assert rows.filter("asserting").height == {"stated": 4, "confirmed": 3}.get(status, 5)


@pytest.mark.parametrize("status", ["denied", "mentioned", "sure", "Expected"])
def test_a_status_that_cannot_stand_as_fact_is_a_wrong_call(status: str) -> None:
    with pytest.raises(OnRecordError, match=f'"{status}" is no status to include; write one of stated, confirmed,'):
        Lens(include=frozenset({status}))


def test_the_policy_of_the_settings_is_used(tmp_path: Path) -> None:
    settings = (
        "title: x\nbase: https://example.org/garden/\nontologies: [garden]\n"
        "assert policy:\n  own voice: [confirmed]\n  speaker: [stated]\n"
    )
    found = sound(
        tmp_path,
        "- triple: [Rose, tends, plot 7]\n- triple: [Rose, tends, plot 7]\n  said by: Rose\n",
        **{"onrecord.yaml": settings},
    )
    rows = select(found.table, Lens(), found.loaded.project.policy)
    assert rows["asserting"].to_list() == [False, True]


# --- which rows ---------------------------------------------------------------------------------


def test_as_of_keeps_what_was_on_record_by_that_day(tmp_path: Path) -> None:
    minutes = notes("- id: later\n  triple: [Rose, tends, plot 7]", MINUTES_HEAD)
    letter = """
    - id: first
      triple: [Rose, tends, plot 7]
    - id: given
      triple: [Rose, tends, plot 7]
      recorded: 2024-06-05
    """
    found = sound(tmp_path, letter, **{"statements/minutes.yaml": minutes})
    seen = {day: ids(found, Lens(as_of=DAY(day))) for day in ("2024-05-31", "2024-06-01", "2024-06-05", "2024-06-09")}
    assert seen == {
        "2024-05-31": set(),
        "2024-06-01": {"first"},
        "2024-06-05": {"first", "given"},
        "2024-06-09": {"first", "given", "later"},
    }


WHENS = {
    "always": None,
    "day": "2024-07-06",
    "month": "2024-07",
    "throughout": "2024-07-01/2024-07-31",
    "within": "[2024-07-01..2024-07-31]",
    "from": "2024-07-01/..",
    "until": "../2024-07-31",
    "unknown-end": "2024-07-01/",
    "unknown-start": "/2024-07-31",
    "some-day-since": "[2024-07-01..]",
    "some-day-before": "[..2024-07-31]",
}


@pytest.fixture
def timed(tmp_path: Path) -> Notes:
    """A statement for each kind of time."""
    return sound(
        tmp_path,
        "".join(
            f"- id: {name}\n  triple: [Rose, tends, plot 7]\n" + (f"  when: '{when}'\n" if when else "")
            for name, when in WHENS.items()
        ),
    )


CERTAIN = {
    "2024-06-30": {"always", "until"},
    "2024-07-01": {"always", "until", "from", "throughout", "unknown-end"},
    "2024-07-06": {"always", "until", "from", "throughout", "day"},
    "2024-07-31": {"always", "until", "from", "throughout", "unknown-start"},
    "2024-08-01": {"always", "from"},
}
POSSIBLE = {
    "2024-06-30": {"always", "until", "unknown-start", "some-day-before"},
    "2024-07-01": set(WHENS) - {"day"},
    "2024-07-06": set(WHENS),
    "2024-07-31": set(WHENS) - {"day"},
    "2024-08-01": {"always", "from", "unknown-end", "some-day-since"},
}


@pytest.mark.parametrize("day", CERTAIN)
def test_valid_at_keeps_what_certainly_holds(timed: Notes, day: str) -> None:
    assert ids(timed, Lens(valid_at=DAY(day))) == CERTAIN[day]


@pytest.mark.parametrize("day", POSSIBLE)
def test_possibly_keeps_what_may_hold(timed: Notes, day: str) -> None:
    assert ids(timed, Lens(valid_at=DAY(day), possibly=True)) == POSSIBLE[day]
    assert CERTAIN[day] <= POSSIBLE[day]


def test_sources_and_the_parts_of_a_lens_combine(tmp_path: Path) -> None:
    minutes = notes("- id: b\n  triple: [Rose, tends, plot 7]\n  when: 2024", MINUTES_HEAD)
    found = sound(tmp_path, "- id: a\n  triple: [Rose, tends, plot 7]\n", **{"statements/minutes.yaml": minutes})
    assert ids(found, Lens(sources=frozenset({"minutes"}))) == {"b"}
    assert ids(found, Lens(sources=frozenset({"minutes", "letter"}))) == {"a", "b"}
    assert ids(found, Lens(sources=frozenset({"minutes"}), as_of=DAY("2024-06-08"))) == set()
    assert ids(found, Lens(valid_at=DAY("2025-01-01"))) == {"a"}


# --- what comes along ---------------------------------------------------------------------------


def test_mentioned_propositions_come_along_and_assert_nothing(tmp_path: Path) -> None:
    letter = """
    - id: outer
      triple: [Rose, believes, [Basil Thorn, believes, statement:inner]]
      on condition: [Rose, attends, summer show]
      beside: {triple: [Basil Thorn, attends, summer show]}
      at: statement:place
    - id: alone
      triple: [Basil Thorn, tends, plot 7]
    """
    minutes = notes(
        "- id: inner\n  triple: [Rose, tends, plot 7]\n- id: place\n  triple: [Rose, member of, Garden Society]",
        MINUTES_HEAD,
    )
    found = sound(tmp_path, letter, **{"statements/minutes.yaml": minutes})
    rows = select(found.table, Lens(as_of=DAY("2024-06-01")), found.loaded.project.policy)
    kept = dict(zip(rows["proposition"], rows["asserting"], strict=True))
    by_id = dict(zip(found.own["id"], found.own["proposition"], strict=True))
    assert kept[by_id["inner"]] is False and kept[by_id["place"]] is False and kept[by_id["alone"]] is True
    assert rows.filter(pl.col("statement").is_not_null())["id"].sort().to_list() == ["alone", "outer"]
    assert rows.filter("nested").height == 5 and len(kept) == rows.height == 7
    gone = select(found.table, Lens(sources=frozenset({"minutes"})), found.loaded.project.policy)
    assert gone["id"].sort().to_list() == ["inner", "place"]


def test_a_mentioned_proposition_that_is_stated_too_stands_once(tmp_path: Path) -> None:
    found = sound(
        tmp_path,
        "- triple: [Rose, believes, [Basil Thorn, tends, plot 7]]\n- triple: [Basil Thorn, tends, plot 7]\n"
        "- triple: [Rose, believes, [Rose, believes, [Basil Thorn, tends, plot 7]]]\n",
    )
    rows = select(found.table, Lens(), found.loaded.project.policy)
    assert rows["proposition"].n_unique() == 3
    assert rows.filter("nested").height == 0, "each of the nested is a statement of its own as well"


def test_rows_that_did_not_resolve_are_left_out(tmp_path: Path) -> None:
    found = load_notes(tmp_path, "- triple: [Nobody, tends, plot 7]\n- triple: [Rose, tends, plot 7]\n")
    assert select(found.table, Lens(), AssertPolicy()).height == 1


def test_the_key_of_a_lens_tells_lenses_apart() -> None:
    lenses = [
        Lens(),
        Lens(as_of=DAY("2024-01-01")),
        Lens(valid_at=DAY("2024-01-01")),
        Lens(valid_at=DAY("2024-01-01"), possibly=True),
        Lens(include=frozenset({"expected"})),
        Lens(include=frozenset({"expected", "planned"})),
        Lens(sources=frozenset({"expected"})),
        Lens(sources=frozenset({"a", "b"})),
        Lens(sources=frozenset({"a"})),
        Lens(inference=False),
    ]
    assert len({lens.key for lens in lenses}) == len(lenses)
    assert Lens(sources=frozenset(("b", "a"))).key == Lens(sources=frozenset(("a", "b"))).key
    assert [lens.is_default for lens in lenses] == [True] + [False] * 9
