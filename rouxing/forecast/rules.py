"""The simple rules that every model has to beat."""

from __future__ import annotations

import numpy as np

from rouxing.forecast.arrays import Matrix
from rouxing.forecast.panel import Panel
from rouxing.forecast.weekday_means import RULE_DEPTH, WeekdayMeans, filled, last_means


class WeekdayRule:
    """The weekday-and-promotion rule: the last days of the same kind, freed of pushes, times the lift planned."""

    def __init__(self, panel: Panel, depth: int = RULE_DEPTH) -> None:
        self._means = WeekdayMeans(panel.base, panel.days, depth)
        self._lift = panel.promotions.lift

    def at(self, origin: int, horizon: int) -> Matrix:
        """Stores x horizons 1..horizon, as of the end of column ``origin``; never NaN."""
        rule: Matrix = self.freed(origin, horizon) * self._lift[:, origin + 1 : origin + horizon + 1]
        return rule

    def freed(self, origin: int, horizon: int) -> Matrix:
        """The same without any push."""
        return self._means.at(origin, horizon)


class SeasonalNaive:
    """The last observed day with the same weekday, holiday or not."""

    def __init__(self, panel: Panel) -> None:
        self._weekday = panel.days.weekday
        self._last = [last_means(panel.pickups, self._weekday == day, 1) for day in range(7)]
        self._any = last_means(panel.pickups, np.ones(len(self._weekday), dtype=bool), 1)

    def at(self, origin: int, horizon: int) -> Matrix:
        """Stores x horizons 1..horizon, as of the end of column ``origin``; never NaN."""
        weekdays = self._weekday[origin + 1 : origin + horizon + 1]
        values = np.stack([self._last[day].at(origin) for day in weekdays], axis=1)
        return filled(np.where(np.isnan(values), self._any.at(origin)[:, None], values))


def weekday_rule(panel: Panel) -> Matrix:
    """Stores x horizons: the weekday rule as of the panel's origin, pickups."""
    return WeekdayRule(panel).at(panel.origin, panel.horizon)


def seasonal_naive(panel: Panel) -> Matrix:
    """Stores x horizons: the last same weekday as of the panel's origin, pickups."""
    return SeasonalNaive(panel).at(panel.origin, panel.horizon)
