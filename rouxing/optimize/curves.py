"""Demand as quantile curves on shares that all cells have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from rouxing.optimize.checks import BoolArray, FloatArray, IntArray

# Which cells: a run of them or their numbers.
Where: TypeAlias = slice | IntArray
_TINY = 1e-200


@dataclass(frozen=True, slots=True)
class DemandCurves:
    """Demand D of J cells in units: quantiles at shares, straight between them.

    ``shares`` (K,) rise from 0 to 1. ``units`` (J, K) are the quantiles, >= 0 and non-decreasing along a row; equal
    neighbours put a lump of chance on one value.
    """

    shares: FloatArray
    units: FloatArray
    _table: CurveTable | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def table(self) -> CurveTable:
        """The same laid out for the engine, made at first use: O(J K)."""
        if self._table is None:
            object.__setattr__(self, "_table", CurveTable.of(self))
        assert self._table is not None
        return self._table

    def expected_min(self, level: FloatArray) -> FloatArray:
        """E[min(D, level)] in units for levels (J,) or (J, M): what sells, or is claimed, of what is offered."""
        return self._by_column(self.table.expected_min, level)

    def exceedance(self, level: FloatArray) -> FloatArray:
        """P(D > level) for levels (J,) or (J, M): the slope of `expected_min` to the right of the level."""
        return self._by_column(self.table.exceedance, level)

    def _by_column(self, function: Callable[[FloatArray, Where], FloatArray], level: FloatArray) -> FloatArray:
        levels = np.asarray(level, dtype=np.float64)
        everyone = slice(0, self.units.shape[0])
        if levels.ndim == 1:
            return function(levels, everyone)
        columns = [function(column, everyone) for column in levels.T]
        return np.stack(columns, axis=1) if columns else levels.copy()


@dataclass(frozen=True, slots=True)
class CurveTable:
    """The curves laid out for the engine: one share after the other, so that neighbouring cells are read together.

    ``units`` (K, J) quantiles; ``area`` (K, J) the integral of the quantile function from 0 to each share.
    """

    shares: FloatArray
    units: FloatArray
    area: FloatArray

    @classmethod
    def of(cls, curves: DemandCurves) -> CurveTable:
        """The table of the curves; O(J K)."""
        units = np.ascontiguousarray(curves.units.T, dtype=np.float64)
        area = np.empty_like(units)
        area[0] = 0.0
        for knot, width in enumerate(np.diff(curves.shares)):
            np.add(units[knot], units[knot + 1], out=area[knot + 1])
            area[knot + 1] *= width / 2
            area[knot + 1] += area[knot]
        return cls(np.asarray(curves.shares, dtype=np.float64), units, area)

    def quantile(self, share: FloatArray, where: Where) -> tuple[FloatArray, FloatArray, FloatArray]:
        """At shares in [0, 1]: the level, E[min(D, level)] and d level / d share, one each per cell of ``where``."""
        knot = _count((share >= known for known in self.shares[1:-1]), share.size)
        low, high, area = self._around(knot, where)
        slope = (high - low) / np.diff(self.shares)[knot]
        inside = share - self.shares[knot]
        level = low + inside * slope
        return level, area + inside * (low + level) / 2 + (1.0 - share) * level, slope

    def expected_min(self, level: FloatArray, where: Where) -> FloatArray:
        """E[min(D, level)] per cell of ``where``."""
        knot, low, high, area, inside = self._located(level, where)
        width = np.diff(self.shares)[knot]
        above = 1.0 - self.shares[knot] - inside * width
        return np.asarray(area + inside * width * (low + np.clip(level, low, high)) / 2 + above * level)

    def exceedance(self, level: FloatArray, where: Where) -> FloatArray:
        """P(D > level) per cell of ``where``."""
        knot, _, _, _, inside = self._located(level, where)
        return np.asarray(1.0 - self.shares[knot] - inside * np.diff(self.shares)[knot])

    def _located(
        self, level: FloatArray, where: Where
    ) -> tuple[IntArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """The segment that holds each level, its ends, the area before it and the part of it (0-1) below the level."""
        knot = _count((units[where] <= level for units in self.units[1:-1]), level.size)
        low, high, area = self._around(knot, where)
        # Within rounding of one value there is no slope to follow: the level is above the lump or below it.
        spread = np.maximum(high - low, 1e-12 * high + _TINY)
        return knot, low, high, area, np.clip((level - low + (level >= high) * spread) / spread, 0.0, 1.0)

    def _around(self, knot: IntArray, where: Where) -> tuple[FloatArray, FloatArray, FloatArray]:
        cells = self.units.shape[1]
        here = knot * cells
        here += np.arange(where.start, where.stop) if isinstance(where, slice) else where
        flat = self.units.ravel()
        low, area = flat[here], self.area.ravel()[here]
        here += cells
        return low, flat[here], area


def _count(tests: Iterable[BoolArray], size: int) -> IntArray:
    """How many of the tests hold, per cell. Bytes are added: this takes a tenth of the time of a binary search."""
    total = np.zeros(size, dtype=np.int8)
    for test in tests:
        total += test.view(np.int8)
    return total.astype(np.int64)
