"""Classes of store-days whose intervals are set right one by one: how far ahead, how large the store, which weekday."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rouxing.forecast.arrays import Matrix
from rouxing.forecast.history import Days

_HORIZON_STARTS = np.array([4, 8, 15])
_SIZES = 3
_WEEKDAYS = 7
_WITHIN = 0.8
_SHRINKAGE_ROWS = 300.0
_PASSES = 3


@dataclass(frozen=True)
class RowClasses:
    """Days ahead (from 1), usual pickups a day of the store, weekday (0 = Monday), one per row."""

    ahead: Days
    level: Matrix
    weekday: Days


@dataclass(frozen=True)
class DayClasses:
    """Factors on the distance: by days ahead (1-3, 4-7, 8-14, later), by size (split at ``size_edges``), by weekday."""

    size_edges: Matrix
    horizon: Matrix
    size: Matrix
    weekday: Matrix

    @staticmethod
    def plain() -> DayClasses:
        return DayClasses(
            np.full(_SIZES - 1, np.inf), np.ones(len(_HORIZON_STARTS) + 1), np.ones(_SIZES), np.ones(_WEEKDAYS)
        )

    def of(self, rows: RowClasses) -> Matrix:
        """The product of the factors of each row's classes."""
        horizon, size, weekday = _codes(rows, self.size_edges)
        factors: Matrix = self.horizon[horizon] * self.size[size] * self.weekday[weekday]
        return factors


def class_scales(distance: Matrix, rows: RowClasses) -> DayClasses:
    """Factors with which 80 % of ``distance`` (actual over expected, one per row) lie within the same in each class.

    Fitted one dimension after the other in three passes; a class of n rows moves n / (n + 300) of the way, in logs.
    """
    edges = np.quantile(rows.level, np.arange(1, _SIZES) / _SIZES)
    codes = _codes(rows, edges)
    factors = [np.ones(len(_HORIZON_STARTS) + 1), np.ones(_SIZES), np.ones(_WEEKDAYS)]
    usual = max(float(np.quantile(distance, _WITHIN)), 1e-9)
    for _ in range(_PASSES):
        for place, code in enumerate(codes):
            others = np.prod([factors[other][codes[other]] for other in range(3) if other != place], axis=0)
            factors[place] = _shrunken_factors(distance / (usual * others), code, len(factors[place]))
    return DayClasses(edges, *factors)


def _codes(rows: RowClasses, edges: Matrix) -> tuple[Days, Days, Days]:
    horizon = np.searchsorted(_HORIZON_STARTS, rows.ahead, side="right")
    return horizon, np.searchsorted(edges, rows.level, side="right"), rows.weekday


def _shrunken_factors(distance: Matrix, code: Days, classes: int) -> Matrix:
    factors = np.ones(classes)
    for number in range(classes):
        own = distance[code == number]
        if len(own):
            weight = len(own) / (len(own) + _SHRINKAGE_ROWS)
            factors[number] = max(float(np.quantile(own, _WITHIN)), 1e-3) ** weight
    return factors
