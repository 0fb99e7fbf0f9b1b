"""Whole steps as they stand while a plan is filled: what they bring about and what they take of each limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rouxing.optimize.checks import FloatArray, IntArray
from rouxing.optimize.links import Family, Limits
from rouxing.optimize.response import Cells


@dataclass(frozen=True, slots=True)
class Moves:
    """Changes on offer, one per entry: ``units`` and ``claims`` that ``cell`` would gain or lose (both >= 0).

    ``worth`` is what they bring, or what is lost with them, before prices; ``paid`` what they cost at prices.
    """

    cell: IntArray
    units: FloatArray
    claims: FloatArray
    worth: FloatArray
    paid: FloatArray

    def of(self, chosen: IntArray) -> Moves:
        """The chosen entries, in that order."""
        return Moves(self.cell[chosen], self.units[chosen], self.claims[chosen], self.worth[chosen], self.paid[chosen])

    def needs(self, family: Family) -> FloatArray:
        """What each takes of its limit in the family, or gives back."""
        return np.asarray(family.use[self.cell] * (self.claims if family.is_effect else self.units))


class Stand:
    """The steps of all cells, changed in place; ``room`` (R,) is what each limit has left."""

    def __init__(self, cells: Cells, limits: Limits, prices: FloatArray, above: FloatArray, claims: FloatArray) -> None:
        self.cells, self.limits, self.prices = cells, limits, prices
        self.above, self.claims = above.copy(), claims.copy()
        self.room = limits.room - limits.used(self.above, self.claims)

    def copy(self) -> Stand:
        """The same steps, to be changed apart."""
        return Stand(self.cells, self.limits, self.prices, self.above, self.claims)

    def count_again(self) -> None:
        """Room from the steps themselves, free of what rounding left behind."""
        self.room = self.limits.room - self.limits.used(self.above, self.claims)

    def value(self) -> float:
        """What all steps are worth, before prices."""
        return float(self.cells.gain(self.above, self.claims, slice(0, self.above.size)).sum())

    def more(self, cell: IntArray, units: FloatArray) -> Moves:
        """What ``units`` more of each cell would bring."""
        here, made = self.above[cell], self.claims[cell]
        brings = self.cells.claims(here + units, cell) - made
        worth = self.cells.gain(here + units, made + brings, cell) - self.cells.gain(here, made, cell)
        return Moves(cell, units, brings, worth, self._paid(cell, units, brings))

    def less(self, cell: IntArray, units: FloatArray) -> Moves:
        """What ``units`` less of each cell would lose; no more than it has."""
        here, made = self.above[cell], self.claims[cell]
        units = np.minimum(units, here)
        loses = made - self.cells.claims(here - units, cell)
        worth = self.cells.gain(here, made, cell) - self.cells.gain(here - units, made - loses, cell)
        return Moves(cell, units, loses, worth, self._paid(cell, units, loses))

    def add(self, moves: Moves) -> None:
        """Make the moves; no cell twice."""
        self.above[moves.cell] += moves.units
        self.claims[moves.cell] += moves.claims
        self.room -= self.limits.used_by(moves.cell, moves.units, moves.claims)

    def remove(self, moves: Moves) -> None:
        """Take the moves back; no cell twice."""
        self.above[moves.cell] -= moves.units
        self.claims[moves.cell] -= moves.claims
        self.room += self.limits.used_by(moves.cell, moves.units, moves.claims)

    def _paid(self, cell: IntArray, units: FloatArray, claims: FloatArray) -> FloatArray:
        unit, effect = self.limits.priced(self.prices, cell)
        return np.asarray(unit * units + effect * claims)
