"""Owns the tests of what changed between two states: each kind by hand, then what holds for all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inline import LETTER_HEAD, MINUTES_HEAD, Notes, notes, sound
from onrecord.errors import OnRecordError
from onrecord.explain.changes import compare
from onrecord.explain.corroboration import corroborate
from onrecord.explain.diff import KINDS, TURNS, Change, Diff, Difference, apply, read_diff
from onrecord.explain.states import CANONICAL, State, canonical, read_states, state_of
from onrecord.explain.turns import Support, read_support
from onrecord.lens import Lens
from small_graph import ENTITIES

BASE = """
- triple: [Basil Thorn, tends, plot 7]
  status: expected
  quote: Mr Thorn is to tend plot 7
"""


def state(found: Notes, lens: Lens | None = None) -> State:
    return state_of(found.loaded, lens or Lens(), found.folder.name)


def diff_of(tmp_path: Path, before: str, after: str, files: dict[str, str | None] | None = None) -> Diff:
    """What changed from the letter ``before`` to the letter ``after``; ``files`` are those of the second graph."""
    old, new = sound(tmp_path / "before", before), sound(tmp_path / "after", after, **(files or {}))
    return compare(state(old), state(new))


def only(found: Diff) -> Change:
    assert len(found.statements) == 1
    return found.statements[0]


def told(found: Diff, kind: str) -> list[str]:
    return [turn.text for turn in found.propositions if turn.kind == kind]


# --- statements


@pytest.mark.parametrize(
    ("kind", "after", "differences"),
    [
        ("hardened", BASE.replace("expected", "stated"), [("status", "expected", "stated")]),
        ("hardened", BASE.replace("expected", "planned"), [("status", "expected", "planned")]),
        ("hardened", BASE.replace("  status: expected\n", ""), [("status", "expected", "stated")]),
        ("softened", BASE.replace("expected", "possible"), [("status", "expected", "possible")]),
        (
            "softened",
            BASE + "  on condition: if it rains\n",
            [("condition", "", "if it rains")],
        ),
        ("reversed", BASE + "  not: true\n", [("negated", "", "not")]),
        (
            "reversed",
            BASE.replace("expected", "denied") + "  said by: Basil Thorn\n",
            [("status", "expected", "denied"), ("said by", "", "Basil Thorn")],
        ),
        ("redated", BASE + "  when: 2024-07\n", [("when", "", "2024-07")]),
        ("redated", BASE + "  recorded: 2024-06-03\n", [("recorded", "2024-06-01", "2024-06-03")]),
        (
            "reattributed",
            BASE + "  said by: [Rose Marsh, Basil Thorn]\n",
            [("said by", "", "Basil Thorn; Rose Marsh")],
        ),
        ("reattributed", BASE + "  origin: Garden Society\n", [("origin", "", "Garden Society")]),
        (
            "requoted",
            BASE.replace("is to tend", "will tend"),
            [("quotes", "Mr Thorn is to tend plot 7", "Mr Thorn will tend plot 7")],
        ),
        ("edited", BASE + "  note: a hunch\n", [("note", "", "a hunch")]),
        ("edited", BASE + "  hedge: it seems\n", [("hedge", "", "it seems")]),
        ("edited", BASE + "  in the words: he will\n", [("additive", "", "in the words he will")]),
        (
            "reworded",
            BASE.replace("Basil Thorn, tends", "Rose Marsh, tends"),
            [("proposition", "Basil Thorn tends plot 7", "Rose Marsh tends plot 7")],
        ),
        (
            "hardened",
            BASE.replace("expected", "stated").replace("is to tend", "tends"),
            [("status", "expected", "stated"), ("quotes", "Mr Thorn is to tend plot 7", "Mr Thorn tends plot 7")],
        ),
    ],
)
def test_one_statement_becomes_another(
    tmp_path: Path, kind: str, after: str, differences: list[tuple[str, str, str]]
) -> None:
    change = only(diff_of(tmp_path, BASE, after))
    assert (change.kind, list(change.differences)) == (kind, [Difference(*each) for each in differences])
    assert change.before is not None
    assert change.after is not None


def test_a_statement_without_its_condition_is_hardened(tmp_path: Path) -> None:
    assert only(diff_of(tmp_path, BASE + "  on condition: if it rains\n", BASE)).kind == "hardened"


def test_statements_come_and_go(tmp_path: Path) -> None:
    other = "\n- triple: [Rose Marsh, attends, summer show]\n  quote: Mrs Marsh is at the show\n"
    found = diff_of(tmp_path, BASE, other)
    assert [(change.kind, change.text) for change in found.statements] == [
        ("added", "Rose Marsh attends summer show"),
        ("withdrawn", "Basil Thorn tends plot 7"),
    ]
    assert [(change.before is None, change.after is None) for change in found.statements] == [
        (True, False),
        (False, True),
    ]


def test_the_closest_statements_are_paired(tmp_path: Path) -> None:
    """Two statements of one proposition: each finds the one that shares its speaker."""
    two = """
- triple: [Basil Thorn, tends, plot 7]
  status: {0}
  said by: Basil Thorn
  quote: I {0} do
- triple: [Basil Thorn, tends, plot 7]
  status: {0}
  said by: Rose Marsh
  quote: he {0} does
"""
    found = diff_of(tmp_path, two.format("possible"), two.format("claimed"))
    assert [(each.kind, [d.field for d in each.differences]) for each in found.statements] == [
        ("hardened", ["status", "quotes"]),
        ("hardened", ["status", "quotes"]),
    ]


def test_another_source_is_never_paired(tmp_path: Path) -> None:
    found = diff_of(
        tmp_path,
        BASE,
        "\n- triple: [Rose Marsh, chairs, Garden Society]\n  quote: our chairwoman\n",
        {"statements/minutes.yaml": notes(BASE, MINUTES_HEAD)},
    )
    assert sorted(change.kind for change in found.statements) == ["added", "added", "withdrawn"]


# --- propositions


def test_a_hardened_statement_stands_as_fact_and_entails(tmp_path: Path) -> None:
    chair = "\n- triple: [Rose Marsh, chairs, Garden Society]\n  status: expected\n  quote: our chairwoman\n"
    found = diff_of(tmp_path, chair, chair.replace("  status: expected\n", ""))
    assert told(found, "now stands as fact") == ["Rose Marsh chairs Garden Society"]
    assert told(found, "now follows") == ["Rose Marsh member of Garden Society"]
    back = compare(*reversed([state(sound(tmp_path / name, text)) for name, text in _pair(chair)]))
    assert told(back, "no longer stands as fact") == ["Rose Marsh chairs Garden Society"]
    assert told(back, "no longer follows") == ["Rose Marsh member of Garden Society"]


def _pair(text: str) -> list[tuple[str, str]]:
    return [("one", text), ("two", text.replace("  status: expected\n", ""))]


def test_without_inference_nothing_follows(tmp_path: Path) -> None:
    chair = "\n- triple: [Rose Marsh, chairs, Garden Society]\n  status: expected\n  quote: our chairwoman\n"
    lens = Lens(inference=False)
    one, two = (state(sound(tmp_path / name, text), lens) for name, text in _pair(chair))
    assert [turn.kind for turn in compare(one, two).propositions] == ["now stands as fact"]


def test_include_lets_an_expectation_stand(tmp_path: Path) -> None:
    lens = Lens(include=frozenset({"expected"}))
    one, two = sound(tmp_path / "one", BASE), sound(tmp_path / "two", BASE.replace("expected", "stated"))
    assert told(compare(state(one), state(two)), "now stands as fact") == ["Basil Thorn tends plot 7"]
    assert told(compare(state(one, lens), state(two, lens)), "now stands as fact") == []


def test_a_second_source_corroborates(tmp_path: Path) -> None:
    found = diff_of(tmp_path, BASE, BASE, {"statements/minutes.yaml": notes(BASE, MINUTES_HEAD)})
    turn = next(turn for turn in found.propositions if turn.kind == "newly corroborated")
    assert turn.text == "Basil Thorn tends plot 7"
    assert turn.differences == (Difference("articles", "1", "2"), Difference("origins", "1", "2"))
    assert [(each.kind, each.id) for each in found.sources] == [("added", "minutes")]


def test_a_lost_source_leaves_one(tmp_path: Path) -> None:
    old = sound(tmp_path / "old", BASE, **{"statements/minutes.yaml": notes(BASE, MINUTES_HEAD)})
    found = compare(state(old), state(sound(tmp_path / "new", BASE)))
    assert told(found, "no longer corroborated") == ["Basil Thorn tends plot 7"]


def test_a_denial_starts_a_dispute_and_its_end_ends_it(tmp_path: Path) -> None:
    plain = BASE.replace("  status: expected\n", "")
    no = notes("- triple: [Basil Thorn, tends, plot 7]\n  not: true\n  quote: he does not", MINUTES_HEAD)
    calm = sound(tmp_path / "calm", plain)
    row = sound(tmp_path / "row", plain, **{"statements/minutes.yaml": no})
    text = "Basil Thorn tends plot 7 | not: Basil Thorn tends plot 7"
    assert told(compare(state(calm), state(row)), "newly disputed") == [text]
    assert told(compare(state(row), state(calm)), "no longer disputed") == [text]


# --- entities and sources


def entities(found: Diff) -> list[tuple[str, str, str]]:
    return [(each.kind, each.label, each.into) for each in found.entities]


def test_entities_come_go_and_change_their_names(tmp_path: Path) -> None:
    changed = (
        ENTITIES.replace("label: hose ban", "label: ban on hoses")
        .replace("aliases: [Rose, Mrs Marsh]", "aliases: [Rose]")
        .replace("- id: summer-show\n  label: summer show\n  type: show\n", "")
        + "\n- id: gate\n  label: the gate\n  type: plot\n"
    )
    found = diff_of(tmp_path, BASE, BASE, {"entities.yaml": changed})
    assert entities(found) == [
        ("added", "the gate", ""),
        ("changed", "Rose Marsh", ""),
        ("removed", "summer show", ""),
        ("renamed", "ban on hoses", ""),
    ]
    assert found.entities[3].differences == (Difference("labels", "hose ban@en", "ban on hoses@en"),)
    assert found.entities[1].differences == (Difference("aliases", "Mrs Marsh@en; Rose@en", "Rose@en"),)
    assert found.statements == ()


def test_statements_of_a_merged_entity_are_carried_over(tmp_path: Path) -> None:
    merged = ENTITIES.replace("- id: basil\n  label: Basil Thorn\n  type: person\n", "").replace(
        "[Rose, Mrs Marsh]", "[Rose, Mrs Marsh, Basil Thorn]"
    )
    nested = BASE + "- triple: [Rose Marsh, believes, [Basil Thorn, opposes, hose ban]]\n  quote: she thinks so\n"
    found = diff_of(tmp_path, nested, nested, {"entities.yaml": merged})
    assert entities(found) == [("changed", "Rose Marsh", ""), ("merged", "Basil Thorn", "rose")]
    assert [(each.kind, each.text) for each in found.statements] == [
        ("carried over", "Rose Marsh believes (Rose Marsh opposes hose ban)"),
        ("carried over", "Rose Marsh tends plot 7"),
    ]
    assert [turn.kind for turn in found.propositions] == []


def test_a_merger_does_not_hide_a_hardening(tmp_path: Path) -> None:
    rekeyed = ENTITIES.replace("- id: basil", "- id: thorn")
    found = diff_of(tmp_path, BASE, BASE.replace("expected", "stated"), {"entities.yaml": rekeyed})
    assert entities(found) == [("given a new id", "Basil Thorn", "thorn")]
    assert only(found).kind == "hardened"


def test_a_source_under_a_new_id_keeps_its_statements(tmp_path: Path) -> None:
    speaker = "  speakers:\n    - id: neighbour\n      label: a neighbour\n"
    said = BASE + "  said by: a neighbour\n"
    old = sound(tmp_path / "old", said, **{"statements/letter.yaml": notes(said, LETTER_HEAD + speaker)})
    head = LETTER_HEAD.replace("id: letter", "id: letter-1") + speaker
    new = sound(tmp_path / "new", said, **{"statements/letter.yaml": notes(said, head)})
    found = compare(state(old), state(new))
    assert [(each.kind, each.id, each.into) for each in found.sources] == [("given a new id", "letter", "letter-1")]
    assert only(found).kind == "carried over"
    assert entities(found) == []


def test_a_withdrawn_source_is_told_with_its_reason(tmp_path: Path) -> None:
    gone = "- source: letter\n  on: 2024-06-20\n  why: it was a hoax\n"
    found = diff_of(tmp_path, BASE, BASE, {"withdrawn.yaml": gone})
    assert [(each.kind, each.id) for each in found.sources] == [("withdrawn", "letter")]
    assert found.sources[0].differences == (
        Difference("withdrawn", "", "2024-06-20"),
        Difference("why", "", "it was a hoax"),
    )
    assert only(found).kind == "withdrawn"


def test_what_describes_a_source_is_compared(tmp_path: Path) -> None:
    head = LETTER_HEAD.replace("A letter to the members", "A letter").replace("2024-06-01", "2024-06-02")
    found = diff_of(tmp_path, BASE, BASE, {"statements/letter.yaml": notes(BASE, head)})
    assert found.sources[0].differences == (
        Difference("title", "A letter to the members", "A letter"),
        Difference("published", "2024-06-01", "2024-06-02"),
    )


# --- the diff as data

_POOL = "".join(
    f"""
- triple: [{who}, {verb}, {what}]
  status: {status}
  said by: {speaker}
  quote: {quote}
{extra}"""
    for who in ("Basil Thorn", "Rose Marsh")
    for verb, what in (("tends", "plot 7"), ("supports", "hose ban"), ("opposes", "hose ban"))
    for speaker in ("Basil Thorn", "Rose Marsh")
    for status, quote, extra in (
        ("claimed", "so it is", ""),
        ("possible", "so it is", "  hedge: perhaps\n"),
        ("confirmed", "it is so", "  when: 2024\n"),
        ("confirmed", "it is not", "  not: true\n"),
    )
)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> State:
    """A state of 96 statements in two sources."""
    folder = tmp_path_factory.mktemp("pool") / "pool"
    return state(sound(folder, _POOL, **{"statements/minutes.yaml": notes(_POOL, MINUTES_HEAD)}))


def _part(whole: State, chosen: set[int], requoted: set[int]) -> State:
    """The state of some of the statements, a few of them with another quote."""
    own = whole.rows.filter(pl.col("statement").is_not_null()).with_row_index("at")
    other = pl.when(pl.col("at").is_in(requoted)).then(pl.lit(["other words"], dtype=pl.List(pl.String)))
    kept = own.filter(pl.col("at").is_in(chosen)).with_columns(other.otherwise(pl.col("quotes")).alias("quotes"))
    rows = kept.drop("at")
    return replace(whole, rows=rows, table=canonical(rows), closure=None)


_CHOICE = st.sets(st.integers(0, 95), max_size=20)


@settings(max_examples=25)
@given(_CHOICE, _CHOICE, _CHOICE)
def test_a_diff_turns_one_table_into_the_other(pool: State, first: set[int], second: set[int], odd: set[int]) -> None:
    before, after = _part(pool, first, set()), _part(pool, second, odd)
    found = compare(before, after)
    assert apply(before.table, found).equals(after.table)
    again = read_diff(json.loads(json.dumps(found.as_dict())))
    assert again == found
    assert apply(before.table, again).equals(after.table)
    back = compare(after, before)
    assert apply(after.table, back).equals(before.table)
    assert bool(found) == bool(back)
    pairs = [change for change in found.statements if change.before and change.after]
    assert all(change.differences for change in pairs)
    assert {change.kind for change in found.statements} <= set(KINDS)
    assert {turn.kind for turn in found.propositions} <= set(TURNS)


@pytest.mark.slow
@settings(max_examples=25)
@given(_CHOICE, _CHOICE)
def test_nothing_differs_from_itself_and_order_means_nothing(pool: State, first: set[int], odd: set[int]) -> None:
    one = _part(pool, first, odd)
    assert not compare(one, one)
    assert compare(one, one) == Diff("pool", "pool")
    rows = one.rows.sort("row", descending=True)  # reverse() loses the type of a list column without values
    mixed = replace(one, rows=rows, table=canonical(rows))
    assert mixed.table.equals(one.table)
    whole = _part(pool, set(range(96)), set())
    assert compare(mixed, whole) == compare(one, whole)


def test_a_diff_is_refused_by_another_table(tmp_path: Path) -> None:
    found = diff_of(tmp_path, BASE, BASE.replace("expected", "stated"))
    with pytest.raises(OnRecordError, match="other statements than the table holds"):
        apply(pl.DataFrame(schema=CANONICAL), found)
    after = state(sound(tmp_path / "again", BASE.replace("expected", "stated")))
    added = replace(found, statements=(replace(only(found), kind="added", before=None),))
    with pytest.raises(OnRecordError, match="holds already"):
        apply(after.table, added)


@pytest.mark.parametrize("data", [{}, {"before": "a"}, {"statements": 1}, []])
def test_what_is_no_diff_is_refused(data: object) -> None:
    with pytest.raises(OnRecordError, match="this is no diff"):
        read_diff(data)  # type: ignore[arg-type]


def test_counts_are_in_the_order_of_the_kinds(tmp_path: Path) -> None:
    extra = "- triple: [Rose Marsh, tends, plot 7]\n  quote: she tends it\n"
    found = diff_of(tmp_path, BASE, BASE.replace("expected", "stated") + extra)
    assert found.counts()["statements"] == {"added": 1, "hardened": 1}
    assert list(found.counts()["statements"]) == ["added", "hardened"]


@settings(max_examples=25)
@given(_CHOICE)
def test_support_is_what_corroboration_counts(pool: State, chosen: set[int]) -> None:
    """What is not counted for being plain has the count that it would have."""
    rows = _part(pool, chosen, set()).rows
    expected: dict[tuple[str, bool], Support] = {}
    for one in corroborate(rows, pool.resolved):
        put = f"<{one.proposition}>", one.against
        known = expected.get(put, Support())
        expected[put] = Support(max(known.articles, len(one.articles)), max(known.origins, one.certainly))
    assert read_support(rows, pool.resolved) == expected


@pytest.mark.parametrize("name", ["harbour-bridge", "miami-talks"])
def test_support_of_the_graphs_is_what_corroboration_counts(name: str) -> None:
    graphs = Path(__file__).resolve().parents[2] / "graphs"
    whole = read_states(str(graphs / name), str(graphs / name), Lens())[0]
    found = read_support(whole.rows, whole.resolved)
    for one in corroborate(whole.rows, whole.resolved):
        counted = found[f"<{one.proposition}>", one.against]
        assert counted.articles >= len(one.articles)
        assert counted.origins >= one.certainly
    assert len(found) == len({(one.proposition, one.against) for one in corroborate(whole.rows, whole.resolved)})
