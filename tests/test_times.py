"""Bounds of EDTF expressions: never narrower than what was written, never the wrong way round."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from onrecord.times import NEVER_ENDS, NEVER_STARTS, Bounds, NotADate, bounds, parse_day

LAST, FIRST = "9999-12-31", "0001-01-01"  # NEVER_STARTS and NEVER_ENDS


def shown(text: str) -> str:
    """The four bounds as one line; ``-`` is "no bound on this side"."""
    found = bounds(text)
    days = (found.earliest_start, found.latest_start, found.earliest_end, found.latest_end)
    return " ".join(day.isoformat() if day else "-" for day in days)


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        # a single date: some time within
        ("2025-12-17", "2025-12-17", "2025-12-17"),
        ("2024-02-29", "2024-02-29", "2024-02-29"),
        ("2025-12", "2025-12-01", "2025-12-31"),
        ("2025-02", "2025-02-01", "2025-02-28"),
        ("2025", "2025-01-01", "2025-12-31"),
        ("0001", "0001-01-01", "0001-12-31"),
        ("9999", "9999-01-01", "9999-12-31"),
        ("2025-12-17T10:00:00", "2025-12-17", "2025-12-17"),
        ("2025-12-17T10:00:00Z", "2025-12-17", "2025-12-17"),
        # uncertain: no wider; approximate: one unit of the precision on each side
        ("2025-12-17?", "2025-12-17", "2025-12-17"),
        ("2025-12-17~", "2025-12-16", "2025-12-18"),
        ("2025-12-17%", "2025-12-16", "2025-12-18"),
        ("2025-12~", "2025-10-31", "2026-01-31"),
        ("2025~", "2024-01-02", "2026-12-31"),
        ("2004-06-~11", "2004-06-10", "2004-06-12"),
        # seasons; a winter goes over New Year
        ("2025-21", "2025-03-01", "2025-05-31"),
        ("2025-22", "2025-06-01", "2025-08-31"),
        ("2025-23", "2025-09-01", "2025-11-30"),
        ("2025-24", "2025-12-01", "2026-02-28"),
        ("2023-24", "2023-12-01", "2024-02-29"),
        ("2025-28", "2025-12-01", "2026-02-28"),
        ("2025-30", "2025-12-01", "2026-02-28"),
        ("2025-33", "2025-01-01", "2025-03-31"),
        ("2025-40", "2025-01-01", "2025-06-30"),
        # unspecified digits
        ("202X", "2020-01-01", "2029-12-31"),
        ("20XX", "2000-01-01", "2099-12-31"),
        ("XXXX", "0001-01-01", "9999-12-31"),
        ("2025-XX", "2025-01-01", "2025-12-31"),
        ("2025-1X", "2025-10-01", "2025-12-31"),
        ("2025-12-XX", "2025-12-01", "2025-12-31"),
        ("2025-XX-XX", "2025-01-01", "2025-12-31"),
        ("2025-12-1X", "2025-12-10", "2025-12-19"),
        ("2025-02-3X", None, None),
        ("202X-02-29", "2020-02-29", "2028-02-29"),
        ("2025-1X~", "2025-07-01", "2026-04-02"),
        ("2025-XX-1X?", "2025-01-10", "2025-12-19"),
        ("?2025-~12-XX", "2025-10-31", "2026-01-31"),
        ("156X-12-25", "1560-12-25", "1569-12-25"),
        # sets: one of them
        ("[2025-12-01..2025-12-05]", "2025-12-01", "2025-12-05"),
        ("[2025-12-01,2025-12-05]", "2025-12-01", "2025-12-05"),
        ("[1667,1668, 1670..1672]", "1667-01-01", "1672-12-31"),
        ("[2025-21..2025-22]", "2025-03-01", "2025-08-31"),
        ("[2025-12-17~..2025-12-20]", "2025-12-16", "2025-12-20"),
    ],
)
def test_some_time_within(text: str, earliest: str | None, latest: str | None) -> None:
    if earliest is None:
        with pytest.raises(NotADate):
            bounds(text)
    else:
        assert shown(text) == f"{earliest} {latest} {earliest} {latest}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # intervals hold throughout
        ("2025-12-20/2025-12-21", "2025-12-20 2025-12-20 2025-12-21 2025-12-21"),
        ("2025-11/2025-12", "2025-11-01 2025-11-30 2025-12-01 2025-12-31"),
        ("2024/2025-03-05", "2024-01-01 2024-12-31 2025-03-05 2025-03-05"),
        ("2025-12-20~/2025-12-21", "2025-12-19 2025-12-21 2025-12-21 2025-12-21"),
        ("2025-12-20/2025-12-20", "2025-12-20 2025-12-20 2025-12-20 2025-12-20"),
        # an open end has no bound; an unknown one is not before the start, nor after the end
        ("2025-12-20/..", "2025-12-20 2025-12-20 - -"),
        ("../2025-12-20", "- - 2025-12-20 2025-12-20"),
        ("2025-12-20/", "2025-12-20 2025-12-20 2025-12-20 -"),
        ("/2025-12-20", "- 2025-12-20 2025-12-20 2025-12-20"),
        ("2025-12/", "2025-12-01 2025-12-31 2025-12-31 -"),
        # open sets: before a day, after a day
        ("[..2025-12-05]", f"- 2025-12-05 {FIRST} 2025-12-05"),
        ("[2025-12-05..]", f"2025-12-05 {LAST} 2025-12-05 -"),
        ("[2025-12-01,2025-12-05..]", f"2025-12-01 {LAST} 2025-12-01 -"),
    ],
)
def test_intervals_and_open_ends(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_the_days_that_are_never_reached() -> None:
    assert (NEVER_STARTS.isoformat(), NEVER_ENDS.isoformat()) == (LAST, FIRST)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "today", "unknown", "open", "2025/open", "17 December 2025", "12/17/2025", "2025-12-17/x"),
        *("2025-13", "2025-00", "2025-02-30", "2025-02-29", "2025-12-32", "0000", "10000", "25", "2025-1", "2025-1-1"),
        *("../..", "/", "../", "/..", "//", "2025//2026", "2025/2026/2027", "2025-12-22/2025-12-21"),
        *("[]", "[..]", "[,]", "[2025,]", "[2026..2025]", "[[2025]]", "[2025", "2025]", "{2025,2026}", "{2025..2026}"),
        *("-0100", "Y17E7", "Y-17E7", "9999~", "0001~", "9999-24", "2025-42", "2025-20"),
        *(" 2025", "2025 ", "2025-12-17\n", "2025 -12", "\t2025-12-17", "[2025-12-01 .. 2025-12-05]", "2025-12-17\0"),
        *("２０２５", "２０２５-１２-１７", "2025-12-1٧", "٢٠٢٥", "2025–2026", "2025-12-17T25:00:00"),
        *("a" * 5000, "[" * 150, "2025-" * 30, "X" * 150, "9" * 150, "[" + "2025," * 39),
    ],
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(NotADate):
        bounds(text)


def test_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The library that parses EDTF prints to stdout where it fails, and stdout is for data."""
    for text in ("2025-1X", "2025-12-1X", "1XXX-XX", "XXXX-12-XX", "2025-1X~", "X", "2025-XX-1X?"):
        with contextlib.suppress(NotADate):
            bounds(text)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "text", ["2025", "2025-12", " 2025-12-17", "2025-12-17Z", "2025-02-30", "２０２５-12-17", "", "-"]
)
def test_a_day_is_a_day(text: str) -> None:
    assert parse_day("2024-02-29") == dt.date(2024, 2, 29)
    with pytest.raises(NotADate):
        parse_day(text)


# Properties

days = st.dates(dt.date(1, 3, 1), dt.date(9998, 1, 1))
dates = st.one_of(
    days.map(dt.date.isoformat),
    days.map(lambda day: f"{day:%Y-%m}".zfill(7)),
    days.map(lambda day: f"{day:%Y}".zfill(4)),
    st.builds(lambda day, season: f"{day.year:04}-{season}", days, st.integers(21, 41)),
    st.from_regex(r"[12X][0-9X][0-9X]{2}(-(0[1-9X]|1[0-2X]|XX)(-([012][0-9X]|XX))?)?", fullmatch=True),
)
marked = st.builds(str.__add__, dates, st.sampled_from(["", "", "?", "~", "%"]))
ends = st.one_of(marked, st.sampled_from(["", ".."]))
expressions = st.one_of(
    marked,
    st.builds("{}/{}".format, ends, ends),
    st.builds("[{}..{}]".format, st.one_of(marked, st.just("")), st.one_of(marked, st.just(""))),
    st.lists(marked, min_size=1, max_size=4).map(lambda parts: f"[{','.join(parts)}]"),
)


def ordered(found: Bounds) -> bool:
    pairs = (
        (found.earliest_start, found.latest_start),
        (found.earliest_end, found.latest_end),
        (found.earliest_start, found.latest_end),
    )
    return all(low is None or high is None or low <= high for low, high in pairs)


@given(expressions)
def test_the_earliest_is_never_after_the_latest(text: str) -> None:
    try:
        found = bounds(text)
    except NotADate:
        assume(False)
    assert ordered(found)


@given(st.one_of(expressions, st.text("0123456789-/.[]{}X~?%,YTZ: \n", max_size=24), st.text(max_size=12)))
def test_a_text_is_a_date_or_is_not(text: str) -> None:
    with contextlib.suppress(NotADate):
        assert ordered(bounds(text))


@given(days)
def test_a_day_lies_in_every_wider_expression(day: dt.date) -> None:
    texts = [f"{day.year:04}", f"{day.year:04}-{day.month:02}", day.isoformat(), f"{day.year // 10:03}X"]
    for text in [*texts, *(f"{text}~" for text in texts[:3]), f"{day.year:04}-XX-{day.day:02}"]:
        try:
            found = bounds(text)
        except NotADate:
            assume(False)
        assert found.earliest_start is not None
        assert found.latest_end is not None
        assert found.earliest_start <= day <= found.latest_end


MONTHS = {
    "March to May": (21, 25, 31),
    "June to August": (22, 26, 32),
    "September to November": (23, 27, 29),
    "December to February": (24, 28, 30),
}


@pytest.mark.parametrize("months", MONTHS)
def test_a_season_is_three_whole_months(months: str) -> None:
    names = ["January", "February", "March", "April", "May", "June", "July", "August", "September"]
    names += ["October", "November", "December"]
    first, last = (names.index(name) + 1 for name in months.split(" to "))
    for code in MONTHS[months]:
        found = bounds(f"2024-{code}")
        assert found.earliest_start == dt.date(2024, first, 1)
        assert found.latest_end is not None
        assert (found.latest_end + dt.timedelta(days=1)).replace(day=1).month == last % 12 + 1
        assert (found.latest_end + dt.timedelta(days=1)).day == 1
        assert found.latest_end.year == (2025 if first == 12 else 2024)
