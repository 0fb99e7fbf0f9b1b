"""Prices of shared limits: down the Lagrangian dual, one family of limits after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rouxing.optimize.checks import FloatArray
from rouxing.optimize.links import Family, Limits
from rouxing.optimize.response import Cells, respond, whole

# Blurs (shares) of the descents, each of which starts where the last one ended.
_BLURS = (0.1, 0.01, 0.001)
_SWEEPS = 12
_STEPS = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """Prices (R,), the bound they prove, and the whole steps (J,) that cells would take at them."""

    prices: FloatArray
    bound: float
    above: FloatArray


def best_prices(cells: Cells, limits: Limits, start: FloatArray) -> Candidate:
    """The prices with the lowest bound met on the way; zero where a limit cannot bind.

    Each limit's price is found by Newton steps inside a bracket, all limits of a family at once, the others' prices
    held (block coordinate descent on a convex dual).
    """
    can_bind = limits.used(cells.top, cells.claims_top - cells.claims_level) > limits.room
    prices = np.where(can_bind, start, 0.0)
    best = _candidate(cells, limits, prices)
    if not can_bind.any():
        return best
    highest = np.where(can_bind, _highest(cells, limits), 0.0)
    for blur in _BLURS:
        for _ in range(_SWEEPS):
            for family in limits.families:
                prices = _solved(cells, limits, family, prices, highest, blur)
        met = _candidate(cells, limits, prices)
        best = met if met.bound < best.bound else best
    return best


def _candidate(cells: Cells, limits: Limits, prices: FloatArray) -> Candidate:
    everyone = slice(0, cells.worth.size)
    unit, effect = limits.priced(prices, everyone)
    above, _, worth = whole(cells, unit, effect, everyone)
    return Candidate(prices, float(worth.sum() + (prices * limits.room).sum()), above)


def _highest(cells: Cells, limits: Limits) -> FloatArray:
    """Prices (R,) at which no cell of the limit does anything."""
    moved = np.divide(
        cells.move * cells.kink,
        cells.claims_kink - cells.claims_level,
        out=np.zeros(cells.move.size),
        where=cells.claims_kink > cells.claims_level,
    )
    highest = np.zeros(limits.room.size + 1)
    for family in limits.families:
        most = cells.worth + (moved if family.is_effect else cells.move)
        ratio = np.divide(most, family.use, out=np.zeros(most.size), where=family.use > 0)
        np.maximum.at(highest, family.row, ratio * (1 + 1e-9))
    return highest[:-1]


def _solved(
    cells: Cells, limits: Limits, family: Family, prices: FloatArray, highest: FloatArray, blur: float
) -> FloatArray:
    """The prices with those of ``family`` moved to where its limits are just kept, the others as they are."""
    low, high = np.zeros(prices.size), highest.copy()
    everyone, rows = slice(0, cells.worth.size), prices.size
    mine = np.zeros(rows + 1, dtype=bool)
    mine[family.row] = True
    for _ in range(_STEPS):
        answer = respond(cells, *limits.priced(prices, everyone), everyone, blur)
        amount, slope = (answer.claims, answer.claims_slope) if family.is_effect else (answer.above, answer.above_slope)
        excess = family.sums(amount, rows) - limits.room
        fall = family.sums(family.use * slope, rows)
        low, high = np.where(excess > 0, prices, low), np.where(excess > 0, high, prices)
        ahead = prices - np.divide(excess, fall, out=np.full(rows, -np.inf), where=fall < 0)
        ahead = np.where((ahead > low) & (ahead < high), ahead, (low + high) / 2)
        ahead = np.where((excess <= 0) & (prices == 0), 0.0, ahead)
        prices = np.where(mine[:-1], ahead, prices)
    return prices
