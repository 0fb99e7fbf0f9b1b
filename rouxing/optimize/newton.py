"""Prices of shared limits: down the Lagrangian dual, one family of limits after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rouxing.optimize.checks import FloatArray, IntArray
from rouxing.optimize.curves import Where
from rouxing.optimize.links import Family, Limits
from rouxing.optimize.response import Cells, Response, respond, whole

# Jumps of a cell's answer are rounded off over this share while prices are found.
_BLUR = 1e-3
_SMOOTH_SWEEPS = 24
_WHOLE_SWEEPS = 8
# Shares of the value that count as settled: of limits times prices not met, and of the bound's last improvement.
_SETTLED = 4e-3
_STILL = 3e-5
# A price moves by no more than its reach; the reach grows while it goes one way and halves when it turns.
_FIRST_REACH, _WARM_REACH = 0.2, 0.02
_GROWTH, _SHRINKAGE = 1.25, 0.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """Prices (R,), the ``bound`` they prove, and the whole steps (J,) that cells would take at them."""

    prices: FloatArray
    bound: float
    above: FloatArray


def best_prices(cells: Cells, limits: Limits, start: FloatArray | None) -> list[Candidate]:
    """Prices from the last sweeps of the descent, the lowest bound first; zero where a limit cannot bind.

    A sweep takes the families of limits in turn and gives each limit of a family one Newton step on its own price,
    the others' prices held (coordinate descent on a convex dual), first on the smooth answers of the cells, then on
    their whole steps. Where answers jump Newton's step says little, so it is cut to a reach that halves when the price
    turns (Riedmiller and Braun 1993, IEEE International Conference on Neural Networks, 586-591). Cost: a few dozen
    passes over the cells.
    """
    can_bind = limits.used(cells.top, cells.claims_top - cells.claims_level) > limits.room
    descent = _Descent(cells, limits, np.where(can_bind, 0.0 if start is None else start, 0.0), start is not None)
    if can_bind.any():
        descent.settle()
    return descent.candidates()


class _Descent:
    """Prices on their way down, each with its reach and the way it went last."""

    def __init__(self, cells: Cells, limits: Limits, prices: FloatArray, is_warm: bool) -> None:
        self._cells, self._limits, self.prices = cells, limits, prices
        self._everyone: Where = slice(0, cells.worth.size)
        self._highest, usual = _highest(cells, limits), _usual(cells, limits)
        self._reach = np.maximum(_WARM_REACH * prices, _WARM_REACH * usual) if is_warm else _FIRST_REACH * usual
        self._way = np.zeros(prices.size)
        self._met: list[Candidate] = []
        self._rows = [np.unique(family.row[family.use > 0]) for family in limits.families]

    def settle(self) -> None:
        """Sweeps until little is left to gain from better prices."""
        for _ in range(_SMOOTH_SWEEPS):
            if self._sweep(is_whole=False) <= _SETTLED:
                break
        lowest = np.inf
        for _ in range(_WHOLE_SWEEPS):
            unmet = self._sweep(is_whole=True)
            before, lowest = lowest, min(met.bound for met in self._met)
            if unmet <= _SETTLED / 2 or before - lowest <= _STILL * lowest:
                break

    def candidates(self) -> list[Candidate]:
        """What was met, the lowest bound first."""
        if not self._met:
            self._answers(is_whole=True)
        return sorted(self._met, key=lambda met: met.bound)

    def _sweep(self, is_whole: bool) -> float:
        """One step of each price; the value (share) of what prices asked and cells did not answer."""
        unmet, value = 0.0, 0.0
        for family, rows in zip(self._limits.families, self._rows, strict=True):
            answers = self._answers(is_whole)
            excess = family.sums(answers.claims if family.is_effect else answers.above, self.prices.size)[rows]
            excess -= self._limits.room[rows]
            value = float((self._cells.worth * answers.claims).sum())
            slope = answers.claims_slope if family.is_effect else answers.above_slope
            before = self.prices[rows]
            self._step(rows, excess, family.sums(family.use * slope, self.prices.size)[rows])
            unmet += float((np.maximum(before, self.prices[rows]) * np.abs(excess)).sum())
        return unmet / value if value > 0 else 0.0

    def _answers(self, is_whole: bool) -> Response:
        unit, effect = self._limits.priced(self.prices, self._everyone)
        if not is_whole:
            return respond(self._cells, unit, effect, self._everyone, _BLUR)
        answers, worth = whole(self._cells, unit, effect, self._everyone)
        bound = float(worth.sum() + (self.prices * self._limits.room).sum())
        self._met.append(Candidate(self.prices.copy(), bound, answers.above))
        return answers

    def _step(self, rows: IntArray, excess: FloatArray, fall: FloatArray) -> None:
        way, price = np.sign(excess), self.prices[rows]
        turned, kept = way * self._way[rows] < 0, way * self._way[rows] > 0
        reach = self._reach[rows] * np.where(turned, _SHRINKAGE, np.where(kept, _GROWTH, 1.0))
        newton = np.divide(-excess, fall, out=way * reach, where=fall < 0)
        self._reach[rows], self._way[rows] = reach, way
        self.prices[rows] = np.clip(price + np.clip(newton, -reach, reach), 0.0, self._highest[rows])


def _highest(cells: Cells, limits: Limits) -> FloatArray:
    """Prices (R,) at which no cell of the limit does anything; 0 for a limit that no cell touches."""
    made = cells.claims_kink - cells.claims_level
    held = np.divide(cells.move * cells.kink, made, out=np.zeros(made.size), where=made > 0)
    highest = np.zeros(limits.room.size + 1)
    for family in limits.families:
        most = cells.worth + (held if family.is_effect else cells.move)
        ratio = np.divide(most, family.use, out=np.zeros(most.size), where=family.use > 0)
        np.maximum.at(highest, family.row, ratio * (1 + 1e-9))
    return highest[:-1]


def _usual(cells: Cells, limits: Limits) -> FloatArray:
    """What a unit of each limit (R,) is worth in the mean of its cells: the size of a price."""
    made = cells.claims_top - cells.claims_level
    gain = (cells.worth + cells.move) * np.maximum(made, 0.0)
    usual = np.zeros(limits.room.size)
    for family in limits.families:
        amount = family.sums(made if family.is_effect else cells.top, usual.size)
        total = _gain_by_row(family, gain, usual.size)
        usual += np.divide(total, amount, out=np.zeros(usual.size), where=amount > 0)
    return usual


def _gain_by_row(family: Family, gain: FloatArray, rows: int) -> FloatArray:
    return np.bincount(family.row, gain, minlength=rows + 1)[:rows].astype(np.float64)
