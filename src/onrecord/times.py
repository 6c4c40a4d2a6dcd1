"""Owns dates as sources give them: EDTF text to bounds in days.

Leaves which statements hold on a day to ``lens``. The syntax is Extended Date/Time Format levels
0 to 2 (ISO 8601-2:2019, https://www.loc.gov/standards/datetime/), parsed by the ``edtf`` library;
the bounds are computed here because an open end is no date ten years later.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_YEAR = re.compile(r"[0-9]{4}")
_UNSPECIFIED = re.compile(r"Q([0-9X]{4})Q(?:-Q([0-9X]{2})Q(?:-Q([0-9X]{2})Q)?)?".replace("Q", "[?~%]?"))
_OVER_NEW_YEAR = re.compile(r"([0-9]{4})-(?:24|28|30)[?~%]?")


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a proposition begins and ends, as far as known; None is "no bound on this side".

    A proposition *certainly* holds on day d when ``latest_start <= d <= earliest_end``, and
    *possibly* when ``earliest_start <= d <= latest_end``.
    """

    earliest_start: dt.date | None = None
    latest_start: dt.date | None = None
    earliest_end: dt.date | None = None
    latest_end: dt.date | None = None


NEVER_STARTS = dt.date.max
"""A latest start that no day reaches: the start may be as late as one likes."""
NEVER_ENDS = dt.date.min
"""An earliest end that no day reaches: the end may be as early as one likes."""


class NotADate(ValueError):
    """The text is no EDTF date."""


def parse_day(text: str) -> dt.date:
    """A single calendar day, ``YYYY-MM-DD``.

    :raises NotADate: for anything else.
    """
    if _DAY.fullmatch(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            pass
    raise NotADate(text)


@lru_cache(maxsize=65536)
def bounds(text: str) -> Bounds:
    """The bounds of an EDTF expression.

    An interval ``a/b`` holds throughout, a single date or a set ``[a..b]`` at some time within;
    ``..`` is an open end, an empty end is an unknown one; ``~`` and ``%`` widen what is possible
    by one unit of the precision on each side and leave nothing narrower than before.

    >>> bounds("2025-12-20/2025-12-21").earliest_end
    datetime.date(2025, 12, 21)

    :raises NotADate: when the text is not EDTF, or lies outside the years 1 to 9999.
    """
    first, last = _simple(text)
    if first is not None:
        return Bounds(first, last, first, last)
    if len(text) > 200:
        raise NotADate(text)
    try:
        return _complex(text)
    except NotADate:
        raise
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise NotADate(text) from error


def _simple(text: str) -> tuple[dt.date | None, dt.date | None]:
    """Day, month and year precision without the library's grammar (milliseconds each)."""
    try:
        if _DAY.fullmatch(text):
            day = dt.date.fromisoformat(text)
            return day, day
        if _MONTH.fullmatch(text) and "01" <= text[5:] <= "12":
            year, month = int(text[:4]), int(text[5:])
            return dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1])
        if _YEAR.fullmatch(text):
            return dt.date(int(text), 1, 1), dt.date(int(text), 12, 31)
    except ValueError as error:
        raise NotADate(text) from error
    return None, None


def _complex(text: str) -> Bounds:
    if text.startswith("{"):
        raise NotADate(text)
    if "/" in text and not text.startswith("["):
        left, _, right = text.partition("/")
        return _interval(left, right, text)
    if text.startswith("[") and text.endswith("]"):
        return _one_of(text)
    earliest, _, _, latest = _section(text)
    return Bounds(earliest, latest, earliest, latest)


def _interval(left: str, right: str, text: str) -> Bounds:
    if left in ("", "..") and right in ("", ".."):
        raise NotADate(text)
    start = None if left in ("", "..") else _section(left)
    end = None if right in ("", "..") else _section(right)
    result = Bounds(
        earliest_start=start[0] if start else None,
        latest_start=start[3] if start else (end[0] if end and left == "" else None),
        earliest_end=end[0] if end else (start[3] if start and right == "" else None),
        latest_end=end[3] if end else None,
    )
    if start and end and start[0] > end[3]:
        raise NotADate(text)
    return result


def _one_of(text: str) -> Bounds:
    inner = text[1:-1]
    if not inner.strip("., "):
        raise NotADate(text)
    lows: list[dt.date | None] = []
    highs: list[dt.date | None] = []
    for part in inner.split(","):
        low, dots, high = part.strip().partition("..")
        if not low and not high:
            raise NotADate(text)
        lows.append(_section(low)[0] if low else (None if dots else _section(high)[0]))
        highs.append(_section(high)[3] if high else (None if dots else _section(low)[3]))
        low_day, high_day = lows[-1], highs[-1]
        if low_day and high_day and low_day > high_day:
            raise NotADate(text)
    known_lows = [day for day in lows if day is not None]
    known_highs = [day for day in highs if day is not None]
    first = min(known_lows) if len(known_lows) == len(lows) else None
    last = max(known_highs) if len(known_highs) == len(highs) else None
    return Bounds(first, last or NEVER_STARTS, first or NEVER_ENDS, last)


@lru_cache(maxsize=4096)
def _section(text: str) -> tuple[dt.date, dt.date, dt.date, dt.date]:
    """Earliest, first, last and latest day of one date; the outer two allow for ``~`` and ``%``."""
    if not text.isascii() or any(char.isspace() for char in text):
        raise NotADate(text)
    first, last = _simple(text)
    if first is not None and last is not None:
        return first, first, last, last
    winter = _OVER_NEW_YEAR.fullmatch(text)
    if "X" in text:
        first, last = _unspecified(text)
    elif winter:
        year = int(winter[1])
        first, last = dt.date(year, 12, 1), dt.date(year + 1, 3, 1) - dt.timedelta(days=1)
    else:
        parsed = _parse(text)
        low, high = parsed.lower_strict(), parsed.upper_strict()
        first, last = dt.date(low.tm_year, low.tm_mon, low.tm_mday), dt.date(high.tm_year, high.tm_mon, high.tm_mday)
    if "~" in text or "%" in text:
        unit = (last - first) + dt.timedelta(days=1)
        return first - unit, first, last, last + unit
    return first, first, last, last


def _unspecified(text: str) -> tuple[dt.date, dt.date]:
    """First and last day that unspecified digits leave open: ``202X``, ``2025-1X``, ``XXXX-12-25``."""
    match = _UNSPECIFIED.fullmatch(text)
    if match is None:
        raise NotADate(text)
    parts = match[1], match[2] or "XX", match[3] or "XX"
    first, last = next(_days(*parts, step=1), None), next(_days(*parts, step=-1), None)
    if first is None or last is None:
        raise NotADate(text)
    return first, last


def _days(year: str, month: str, day: str, *, step: int) -> Iterator[dt.date]:
    for y in _fitting(year, 9999, step):
        for m in _fitting(month, 12, step):
            for d in _fitting(day, calendar.monthrange(y, m)[1], step):
                yield dt.date(y, m, d)


def _fitting(pattern: str, top: int, step: int) -> Iterator[int]:
    digits = re.compile(pattern.replace("X", "[0-9]"))
    numbers = range(1, top + 1)[::step]
    return (number for number in numbers if digits.fullmatch(f"{number:0{len(pattern)}}"))


def _parse(text: str) -> Any:
    import edtf
    from edtf.parser.edtf_exceptions import EDTFParseException

    try:
        parsed = edtf.parse_edtf(text)
    except EDTFParseException as error:
        raise NotADate(text) from error
    if isinstance(parsed, (edtf.Interval, edtf.OneOfASet, edtf.MultipleDates)):
        raise NotADate(text)
    return parsed
