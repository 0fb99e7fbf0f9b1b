"""Prices of shared limits: down the Lagrangian dual, one family of limits after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from rouxing.optimize.checks import FloatArray, IntArray
from rouxing.optimize.curves import Where
from rouxing.optimize.links import Family, Limits
from rouxing.optimize.response import Cells, Response, respond, whole

# Jumps of a cell's answer are rounded off over this share while prices are found.
_BLUR = 1e-3
_SMOOTH_SWEEPS = 24
_WHOLE_SWEEPS = 8
# Shares of the value that count as settled: of limits times prices not met, and of what two sweeps took off the bound.
_SETTLED = 4e-3
_STILL = 3e-5
# Where effects are passed on, prices are given up if after so many sweeps this share of the value is not met.
_PATIENCE, _ROUGH = 5, 0.008
# A price moves by no more than its reach; the reach grows while it goes one way and halves when it turns.
_FIRST_REACH, _WARM_REACH = 0.5, 0.05
_GROWTH, _SHRINKAGE = 1.25, 0.5
# Cells looked at together: arrays of this size stay where the processor finds them again.
_BLOCK = 2**16


@dataclass(frozen=True, slots=True)
class Candidate:
    """Prices (R,), the ``bound`` they prove, and the whole steps (J,) that cells would take at them.

    ``is_rough``: prices were given up since they do not meet what is passed on.
    """

    prices: FloatArray
    bound: float
    above: FloatArray
    is_rough: bool = False


def best_prices(cells: Cells, limits: Limits, start: FloatArray | None, sweeps: int = _SMOOTH_SWEEPS) -> Candidate:
    """The prices with the lowest bound met on the descent; zero where a limit cannot bind.

    A sweep takes the families of limits in turn and gives each limit of a family one Newton step on its own price,
    the others' prices held (coordinate descent on a convex dual), first on the smooth answers of the cells, then on
    their whole steps. Where answers jump Newton's step says little, so a price that went past its mark goes back along
    the chord between the two looks, and each step is cut to a reach that halves when the price turns (Riedmiller and
    Braun 1993, IEEE International Conference on Neural Networks, 586-591). Cost: a few dozen passes over the cells.
    """
    can_bind = limits.used(cells.top, cells.claims_top - cells.claims_level) > limits.least_room
    descent = _Descent(cells, limits, np.where(can_bind, 0.0 if start is None else start, 0.0), start is not None)
    for family in limits.families:
        rows = np.unique(family.row[family.use > 0])
        descent.watch(family, rows[can_bind[rows]])
    return descent.settled(sweeps)


def bound_at(cells: Cells, limits: Limits, prices: FloatArray) -> float:
    """What these ``prices`` (R,) prove: no plan within the limits is worth more."""
    descent = _Descent(cells, limits, prices, False)
    return descent.settled(0).bound


@dataclass(frozen=True, slots=True)
class _Pass:
    """What one look at the cells of a family tells: per limit (R,) what is asked of it and how fast that falls."""

    asked: FloatArray
    fall: FloatArray
    value: float


class _Descent:
    """Prices on their way down, each with its reach and the way it went last."""

    def __init__(self, cells: Cells, limits: Limits, prices: FloatArray, is_warm: bool) -> None:
        self._cells, self._limits, self._room = cells, limits, limits.least_room
        self._relief = np.zeros(prices.size)
        self._highest, usual = _highest(cells, limits), _usual(cells, limits)
        self._prices = np.minimum(prices, self._highest)
        self._reach = _WARM_REACH * np.maximum(prices, usual) if is_warm else _FIRST_REACH * usual
        self._way = np.zeros(prices.size)
        self._looked_at, self._found = np.full(prices.size, np.nan), np.zeros(prices.size)
        count = cells.worth.size
        self._everyone: list[Where] = [slice(first, min(first + _BLOCK, count)) for first in range(0, count, _BLOCK)]
        self._watched: list[tuple[Family, IntArray, list[Where]]] = []
        self._best = Candidate(prices, np.inf, np.zeros(count))

    def watch(self, family: Family, rows: IntArray) -> None:
        """Price the ``rows`` of the family, which can bind; few cells are looked at on their own."""
        if not rows.size:
            return
        inside = np.nonzero(family.use > 0)[0]
        few: list[Where] = [inside[first : first + _BLOCK] for first in range(0, inside.size, _BLOCK)]
        self._watched.append((family, rows, few if 2 * inside.size < family.use.size else self._everyone))

    def settled(self, sweeps: int) -> Candidate:
        """The best of the sweeps until little is left to gain from better prices; at most so many smooth ones."""
        for number in range(sweeps if self._watched else 0):
            unmet = self._sweep(self._smooth)
            if unmet <= _SETTLED:
                break
            if self._cells.has_mark and number >= _PATIENCE and unmet > _ROUGH:
                self._prove(None)
                return replace(self._best, is_rough=True)
        last = before = np.inf
        for _ in range(_WHOLE_SWEEPS if self._watched else 0):
            last, before = before, self._best.bound
            unmet = self._sweep(self._whole)
            if all(parts is not self._everyone for _, _, parts in self._watched):
                self._prove(None)
            if unmet <= _SETTLED / 2 or last - self._best.bound <= _STILL * self._best.bound:
                break
        if not self._watched:
            self._prove(None)
        return self._best

    def _sweep(self, look: Callable[[Family, list[Where]], _Pass]) -> float:
        """One step of each price; the value (share) of what prices asked and cells did not answer."""
        unmet, value = 0.0, 0.0
        for family, rows, parts in self._watched:
            found, before = look(family, parts), self._prices[rows]
            excess = found.asked[rows] - self._room[rows]
            self._step(rows, excess, self._chord(rows, excess, found.fall[rows]))
            unmet += float((np.maximum(before, self._prices[rows]) * np.abs(excess)).sum())
            value = max(value, found.value)
        # At prices at which nobody does anything, all that is unmet is still to be settled.
        return unmet / value if value > 0 else float(unmet > 0)

    def _smooth(self, family: Family, parts: list[Where]) -> _Pass:
        seen = _Sums(self._cells, family, self._prices.size)
        for part in parts:
            seen.add(respond(self._cells, self._limits.priced(self._prices, part), part, _BLUR), part)
        return self._counted(seen)

    def _whole(self, family: Family, parts: list[Where]) -> _Pass:
        """The same on whole steps: of few cells on their own, of all cells with the bound that this proves."""
        seen = _Sums(self._cells, family, self._prices.size)
        if parts is self._everyone:
            self._prove(seen)
        else:
            for part in parts:
                seen.add(whole(self._cells, self._limits.priced(self._prices, part), part)[0], part)
        return self._counted(seen)

    def _prove(self, seen: _Sums | None) -> None:
        """The bound at the prices as they are: the best there is if it is lower than those before."""
        above, bound = np.zeros(self._cells.worth.size), float((self._prices * self._room).sum())
        for part in self._everyone:
            answers, worth = whole(self._cells, self._limits.priced(self._prices, part), part)
            above[part], bound = answers.above, bound + float(worth.sum())
            if seen is not None:
                seen.add(answers, part)
        if bound < self._best.bound:
            self._best = Candidate(self._prices.copy(), bound, above)

    def _counted(self, seen: _Sums) -> _Pass:
        """What is asked of the limits less what neighbours are relieved by; of others' cells what was seen last."""
        if seen.relief is not None:
            self._relief = np.where(seen.is_own, seen.relief, self._relief)
            seen.asked -= self._limits.spared(self._relief)
        return _Pass(seen.asked, seen.fall, seen.value)

    def _chord(self, rows: IntArray, excess: FloatArray, fall: FloatArray) -> FloatArray:
        """``fall``, and where a price went past its mark how fast answers fell on the way.

        Slopes where a price stands tell nothing of a jump or a flat stretch that it went over.
        """
        run, rise = self._prices[rows] - self._looked_at[rows], excess - self._found[rows]
        self._looked_at[rows], self._found[rows] = self._prices[rows], excess
        is_past = (rise * run < 0) & (excess * self._way[rows] < 0)
        return np.asarray(np.divide(rise, run, out=fall, where=is_past))

    def _step(self, rows: IntArray, excess: FloatArray, fall: FloatArray) -> None:
        way, price = np.sign(excess), self._prices[rows]
        turned, kept = way * self._way[rows] < 0, way * self._way[rows] > 0
        reach = self._reach[rows] * np.where(turned, _SHRINKAGE, np.where(kept, _GROWTH, 1.0))
        newton = np.divide(-excess, fall, out=way * reach, where=fall < 0)
        self._reach[rows], self._way[rows] = reach, way
        self._prices[rows] = np.clip(price + np.clip(newton, -reach, reach), 0.0, self._highest[rows])


class _Sums:
    """Sums over the cells of a family, by limit (R,); ``is_own``: the limits of the family."""

    def __init__(self, cells: Cells, family: Family, limits: int) -> None:
        self._cells, self._family = cells, family
        self.asked, self.fall, self.value = np.zeros(limits), np.zeros(limits), 0.0
        self.relief = np.zeros(limits) if cells.has_mark and family.is_effect else None
        self.is_own = np.zeros(limits + 1, dtype=bool)
        self.is_own[family.row] = True
        self.is_own = self.is_own[:-1]

    def add(self, answers: Response, part: Where) -> None:
        """Count the answers of some of the cells."""
        row, use, by_claim = self._family.row[part], self._family.use[part], self._family.is_effect
        self.asked += self._by_row(row, use * (answers.claims if by_claim else answers.above))
        self.fall += self._by_row(row, use * use * (answers.claims_slope if by_claim else answers.above_slope))
        if self.relief is not None:
            self.relief += self._by_row(row, use * self._cells.relief(answers.claims, part))
        self.value += float((self._cells.worth[part] * answers.claims).sum())

    def _by_row(self, row: IntArray, amount: FloatArray) -> FloatArray:
        return np.bincount(row, amount, minlength=self.asked.size + 1)[:-1].astype(np.float64)


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
