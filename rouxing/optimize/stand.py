"""Whole steps as they stand while a plan is filled: what they bring about and what they take of each limit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rouxing.optimize.checks import FloatArray, IntArray
from rouxing.optimize.links import Family, Limits
from rouxing.optimize.response import CellPrices, Cells

FIELDS = ("cell", "units", "claims", "relief", "worth", "paid")


@dataclass(frozen=True, slots=True)
class Moves:
    """Changes on offer, one per entry: ``units`` and ``claims`` that ``cell`` would gain or lose (both >= 0).

    ``relief``: the part of the claims that others would get if they were missed. ``worth`` is what they bring, or what
    is lost with them, before prices; ``paid`` what they cost at prices.
    """

    cell: IntArray
    units: FloatArray
    claims: FloatArray
    relief: FloatArray
    worth: FloatArray
    paid: FloatArray

    def of(self, chosen: IntArray) -> Moves:
        """The chosen entries, in that order."""
        return Moves(*(getattr(self, name)[chosen] for name in FIELDS))

    def joined(self, other: Moves) -> Moves:
        """These moves, then the others."""
        return Moves(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in FIELDS))

    def cost_at(self, prices: CellPrices) -> FloatArray:
        """What they cost at the prices of their cells."""
        return np.asarray(prices.unit * self.units + prices.effect * self.claims - prices.relief * self.relief)

    def needs(self, family: Family) -> FloatArray:
        """What each takes of its limit in the family, or gives back."""
        return np.asarray(family.use[self.cell] * (self.claims if family.is_effect else self.units))


class Stand:
    """The steps of all cells, changed in place; ``room`` (R,) is what each limit has left.

    ``relief`` (R,): what limits no longer miss of the effects that others would get.
    """

    def __init__(self, cells: Cells, limits: Limits, prices: FloatArray, above: FloatArray, claims: FloatArray) -> None:
        self.cells, self.limits, self.prices = cells, limits, prices
        self.above, self.claims = above.copy(), claims.copy()
        self.count_again()

    def copy(self) -> Stand:
        """The same steps, to be changed apart."""
        return Stand(self.cells, self.limits, self.prices, self.above, self.claims)

    def count_again(self) -> None:
        """Room from the steps themselves, free of what rounding left behind."""
        self._own_room = self.limits.room - self.limits.used(self.above, self.claims)
        if self.cells.has_mark:
            self.relief = self.limits.effects(self.cells.relief(self.claims, slice(0, self.claims.size)))
        else:
            self.relief = np.zeros(self._own_room.size)
        self._count_room()

    def value(self) -> float:
        """What all steps are worth, before prices."""
        return float(self.cells.gain(self.above, self.claims, slice(0, self.above.size)).sum())

    def more(self, cell: IntArray, units: FloatArray) -> Moves:
        """What ``units`` more of each cell would bring."""
        here, made = self.above[cell], self.claims[cell]
        after = made + (self.cells.claims(here + units, cell) - made)
        worth = self.cells.gain(here + units, after, cell) - self.cells.gain(here, made, cell)
        return self._moves(cell, units, made, after, worth)

    def less(self, cell: IntArray, units: FloatArray) -> Moves:
        """What ``units`` less of each cell would lose; no more than it has."""
        here, made = self.above[cell], self.claims[cell]
        units = np.minimum(units, here)
        after = made - (made - self.cells.claims(here - units, cell))
        worth = self.cells.gain(here, made, cell) - self.cells.gain(here - units, after, cell)
        return self._moves(cell, units, after, made, worth)

    def add(self, moves: Moves) -> None:
        """Make the moves; no cell twice."""
        self._change(moves, 1.0)

    def remove(self, moves: Moves) -> None:
        """Take the moves back; no cell twice."""
        self._change(moves, -1.0)

    def _moves(self, cell: IntArray, units: FloatArray, low: FloatArray, high: FloatArray, worth: FloatArray) -> Moves:
        relief = np.zeros(cell.size)
        if self.cells.has_mark:
            relief = self.cells.relief(high, cell) - self.cells.relief(low, cell)
        moves = Moves(cell, units, high - low, relief, worth, relief)
        return replace(moves, paid=moves.cost_at(self.limits.priced(self.prices, cell)))

    def _change(self, moves: Moves, sign: float) -> None:
        self.above[moves.cell] += sign * moves.units
        self.claims[moves.cell] += sign * moves.claims
        self._own_room -= sign * self.limits.used_by(moves.cell, moves.units, moves.claims)
        if self.cells.has_mark:
            self.relief += sign * self.limits.used_by(moves.cell, np.zeros(moves.cell.size), moves.relief)
        self._count_room()

    def _count_room(self) -> None:
        self.room = self._own_room - self.limits.received(self.relief)
