"""Means of the last days of one kind, the kinds being weekdays, holidays and make-up workdays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rouxing.forecast.arrays import Matrix
from rouxing.forecast.calendar import DayTable, Flags
from rouxing.forecast.history import Days

_OFF, _WORK, _ANY = 7, 8, 9
RULE_DEPTH = 4


@dataclass(frozen=True)
class LastMeans:
    """For each day of one kind: the mean of the last ``depth`` observed days of that kind, that day included."""

    columns: Days
    means: Matrix

    def at(self, origin: int) -> Matrix:
        """Means as of the end of column ``origin``, one per store; NaN before the first observation."""
        place = int(np.searchsorted(self.columns, origin, side="right")) - 1
        if place < 0:
            return np.full(self.means.shape[0], np.nan)
        return self.means[:, place]


def last_means(pickups: Matrix, members: Flags, depth: int) -> LastMeans:
    """Running means of the last ``depth`` observed days among ``members`` (one flag per column of pickups)."""
    columns = np.flatnonzero(members[: pickups.shape[1]])
    values = pickups[:, columns]
    seen = ~np.isnan(values)
    # Observations packed to the left; a running sum over them is a running sum over observed days only.
    rank = np.cumsum(seen, axis=1)
    packed = np.zeros((len(values), len(columns) + 1))
    rows, places = np.nonzero(seen)
    packed[rows, rank[rows, places]] = values[rows, places]
    sums = np.cumsum(packed, axis=1)
    oldest = np.maximum(rank - depth, 0)
    total = np.take_along_axis(sums, rank, axis=1) - np.take_along_axis(sums, oldest, axis=1)
    count = rank - oldest
    means = np.divide(np.maximum(total, 0.0), count, out=np.full(values.shape, np.nan), where=count > 0)
    return LastMeans(columns, means)


class WeekdayMeans:
    """Mean of the last ``depth`` days of the same kind, for stores x columns of pickups (NaN = closed or unknown).

    Kinds: the seven weekdays without holidays and make-up workdays; a holiday looks at the last days off (weekends and
    holidays); a make-up workday at the last normal workdays. Without such a day: the store's last days, then the
    median of the other stores, then 0.
    """

    def __init__(self, pickups: Matrix, days: DayTable, depth: int = RULE_DEPTH) -> None:
        normal, weekday = days.is_normal, days.weekday
        members = [normal & (weekday == day) for day in range(7)]
        members += [days.is_off, normal & (weekday < 5), np.ones(len(weekday), dtype=bool)]
        self._kinds = [last_means(pickups, member, depth) for member in members]
        self._kind_of = _kind_of(days)

    def before(self) -> Matrix:
        """Stores x columns: what earlier days of its kind said of each day; NaN without any."""
        rows, columns = self._kinds[_ANY].means.shape
        result = np.full((rows, columns), np.nan)
        for kind in np.unique(self._kind_of[:columns]):
            last, days = self._kinds[kind], np.flatnonzero(self._kind_of[:columns] == kind)
            place = np.searchsorted(last.columns, days) - 1
            result[:, days[place >= 0]] = last.means[:, place[place >= 0]]
        return result

    def at(self, origin: int, horizon: int) -> Matrix:
        """Stores x horizons 1..horizon, as of the end of column ``origin``; never NaN."""
        kinds = self._kind_of[origin + 1 : origin + horizon + 1]
        values = np.stack([self._kinds[kind].at(origin) for kind in kinds], axis=1)
        anyday = self._kinds[_ANY].at(origin)[:, None]
        return filled(np.where(np.isnan(values), anyday, values))


def _kind_of(days: DayTable) -> Days:
    kind = np.where(days.is_holiday, _OFF, days.weekday)
    return np.where(days.is_makeup & ~days.is_holiday, _WORK, kind)


def filled(values: Matrix) -> Matrix:
    """Missing stores take the median of the others; all missing together give 0."""
    known = ~np.isnan(values)
    if known.all():
        return values
    if not known.any():
        return np.zeros_like(values)
    return np.where(known, values, np.median(values[known.all(axis=1)], axis=0))
