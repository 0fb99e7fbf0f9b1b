"""How much more or less came lately than the same kinds of day had let expect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rouxing.forecast.arrays import Matrix
from rouxing.forecast.panel import Panel
from rouxing.forecast.weekday_means import WeekdayMeans

_DEPTH = 8


@dataclass(frozen=True)
class Surprise:
    """Running sums over days of pickups seen and of pickups that earlier days of the same kind had let expect.

    Both stores x (columns + 1), zero before the first column; a day counts where both are known.
    """

    seen: Matrix
    expected: Matrix

    def of_stores(self, origin: int, days: int) -> Matrix:
        """Seen over expected in the last ``days`` days up to column ``origin``, one per store; NaN without any."""
        return ratio(*self._sums(origin, days))

    def of_chain(self, origin: int, days: int) -> float:
        """The same of all stores together; NaN without any."""
        seen, expected = self._sums(origin, days)
        return float(ratio(seen.sum(keepdims=True), expected.sum(keepdims=True))[0])

    def of_groups(self, origin: int, days: int, group: Matrix) -> Matrix:
        """The same of each store's group (a code, NaN = none), one per store."""
        seen, expected = self._sums(origin, days)
        return ratio(_spread(seen, group), _spread(expected, group))

    def _sums(self, origin: int, days: int) -> tuple[Matrix, Matrix]:
        first, end = max(origin + 1 - days, 0), origin + 1
        return self.seen[:, end] - self.seen[:, first], self.expected[:, end] - self.expected[:, first]


def surprise_of(panel: Panel) -> Surprise:
    """Surprise of every column of ``panel``; what a day let expect comes from the days before it alone."""
    base = panel.base
    expected = WeekdayMeans(base, panel.days, _DEPTH).before()
    known = ~np.isnan(base) & ~np.isnan(expected)
    seen = np.where(known, base, 0.0)
    return Surprise(_running(seen), _running(np.where(known, expected, 0.0)))


def group_ratio(part: Matrix, whole: Matrix, group: Matrix) -> Matrix:
    """Sum of ``part`` over sum of ``whole`` (both stores x days) within each store's group, NaN without any."""
    sums = [[_spread(values[:, day], group) for day in range(values.shape[1])] for values in (part, whole)]
    return ratio(*(np.stack(columns, axis=1) for columns in sums))


def ratio(part: Matrix, whole: Matrix) -> Matrix:
    """Part over whole, NaN where there is no whole."""
    result: Matrix = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return result


def _running(values: Matrix) -> Matrix:
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def _spread(values: Matrix, group: Matrix) -> Matrix:
    """Each store's group's sum of ``values``; a store without a group has its own."""
    member = ~np.isnan(group)
    code = group[member].astype(np.int64)
    sums = np.bincount(code, weights=values[member])
    result = values.copy()
    result[member] = sums[code]
    return result
