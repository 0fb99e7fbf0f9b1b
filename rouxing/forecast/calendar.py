"""Holidays, make-up workdays and the distance to them, per day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import chinese_calendar
import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.history import Days, day_numbers

_MONDAY_OFFSET = 3  # 1970-01-01 was a Thursday
_FAR = 15

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class DayTable:
    """One entry per day from ``first`` on: weekday (0 = Monday), holiday, and workday (make-up days included)."""

    first: int
    weekday: Days
    is_holiday: Flags
    is_workday: Flags
    warnings: tuple[str, ...]

    @property
    def is_normal(self) -> Flags:
        """Neither a holiday nor a make-up workday."""
        normal: Flags = ~self.is_holiday & (self.is_workday == (self.weekday < 5))
        return normal

    @property
    def is_makeup(self) -> Flags:
        return self.is_workday & (self.weekday >= 5)

    @property
    def is_off(self) -> Flags:
        return ~self.is_workday


def day_table(calendar: pd.DataFrame | None, first: int, last: int) -> DayTable:
    """Day types of day numbers first..last (inclusive).

    A given calendar rules on the days it lists; without one the official Chinese calendar does. Days that neither
    covers are plain weekdays and weekends, and a warning says which.
    """
    days = np.arange(first, last + 1, dtype=np.int64)
    weekday = (days + _MONDAY_OFFSET) % 7
    holiday, workday, covered = _official(days, weekday) if calendar is None else _given(calendar, days, weekday)
    return DayTable(first, weekday, holiday, workday, _coverage_warning(days[~covered]))


def days_since(flags: Flags) -> Days:
    """Days since the last flagged day (0 on it), at most 15."""
    position = np.arange(len(flags), dtype=np.int64)
    last = np.maximum.accumulate(np.where(flags, position, -_FAR - 1))
    return np.minimum(position - last, _FAR)


def days_until(flags: Flags) -> Days:
    """Days until the next flagged day (0 on it), at most 15."""
    return days_since(flags[::-1])[::-1]


def _official(days: Days, weekday: Days) -> tuple[Flags, Flags, Flags]:
    holiday = np.zeros(len(days), dtype=bool)
    workday = weekday < 5
    covered = np.zeros(len(days), dtype=bool)
    for i, day in enumerate(days.astype("datetime64[D]").astype(object)):
        known = _official_day(day)
        if known is not None:
            covered[i] = True
            holiday[i], workday[i] = known
    return holiday, workday, covered


def _official_day(day: date) -> tuple[bool, bool] | None:
    try:
        is_off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None
    return bool(is_off and name is not None), not is_off


def _given(calendar: pd.DataFrame, days: Days, weekday: Days) -> tuple[Flags, Flags, Flags]:
    listed = day_numbers(calendar["date"])
    order = np.argsort(listed, kind="stable")
    place = np.searchsorted(listed[order], days)
    covered = np.zeros(len(days), dtype=bool)
    inside = place < len(listed)
    covered[inside] = listed[order][place[inside]] == days[inside]
    row = order[place[covered]]
    holiday = np.zeros(len(days), dtype=bool)
    holiday[covered] = calendar["is_holiday"].to_numpy(dtype=bool)[row]
    workday = (weekday < 5) & ~holiday
    if "is_workday" in calendar.columns:
        workday[covered] = calendar["is_workday"].to_numpy(dtype=bool)[row]
    return holiday, workday, covered


def _coverage_warning(uncovered: Days) -> tuple[str, ...]:
    if len(uncovered) == 0:
        return ()
    first, last = uncovered[[0, -1]].astype("datetime64[D]")
    return (f"the calendar does not cover {len(uncovered)} days ({first} .. {last}); holidays there are unknown",)
