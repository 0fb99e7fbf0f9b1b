"""Which cells share which limits, split so that the limits of one family can be priced side by side."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.sparse import csc_array, csr_array

from rouxing.optimize.checks import FloatArray, IntArray
from rouxing.optimize.curves import Where
from rouxing.optimize.passing import Passing
from rouxing.optimize.response import CellPrices

# Rounding (share of a limit) that counts as nothing.
ROUNDING = 1e-12
# Up to so many families a look at each of them is quicker than a table of all.
_FEW_FAMILIES = 4
# Whole numbers below this are exact as floats.
_EXACT = 2.0**53


@dataclass(frozen=True, slots=True)
class Family:
    """Limits of which each cell is in at most one: given the prices of all others, each has a problem of its own.

    ``row`` (J,) is the limit of each cell, the number of limits where it has none; ``use`` (J,) what a unit takes
    of it (0 where it has none). ``is_effect``: the limit counts what the decision brings about, not the units.
    """

    row: IntArray
    use: FloatArray
    is_effect: bool

    def sums(self, amount: FloatArray, rows: int) -> FloatArray:
        """Sum (rows,) of use x ``amount`` (J,) over the cells of each limit."""
        return np.bincount(self.row, self.use * amount, minlength=rows + 1)[:rows].astype(np.float64)


def families(limits: Any, is_effect: bool, first_row: int, rows: int) -> list[Family]:
    """The limits (R, J) as families; their rows are numbered from ``first_row``, ``rows`` stands for none.

    A row joins the first family in which no row before it shares a cell with it. Each round looks at every entry
    once; a plan's limits take as many rounds as a cell has limits.
    """
    columns = csc_array(limits)
    columns.sum_duplicates()
    cell = np.repeat(np.arange(columns.shape[1]), np.diff(columns.indptr))[columns.data > 0]
    row = columns.indices[columns.data > 0].astype(np.int64)
    use = columns.data[columns.data > 0].astype(np.float64)
    found = []
    while row.size:
        chosen = _independent(row, cell, columns.shape)[row]
        rows_of, use_of = np.full(columns.shape[1], rows), np.zeros(columns.shape[1])
        rows_of[cell[chosen]], use_of[cell[chosen]] = row[chosen] + first_row, use[chosen]
        found.append(Family(rows_of, use_of, is_effect))
        row, cell, use = row[~chosen], cell[~chosen], use[~chosen]
    return found


def _independent(row: IntArray, cell: IntArray, shape: tuple[int, int]) -> Any:
    """Which rows (R,) bool form a largest set, first come first served, without a cell in common."""
    rows, cells = shape
    chosen = np.zeros(rows, dtype=bool)
    while row.size:
        first = np.full(cells, rows)
        np.minimum.at(first, cell, row)
        entries = np.bincount(row, minlength=rows)
        leads = (np.bincount(row, first[cell] == row, minlength=rows) == entries) & (entries > 0)
        chosen |= leads
        taken = np.zeros(cells, dtype=bool)
        taken[cell[leads[row]]] = True
        blocked = np.zeros(rows, dtype=bool)
        blocked[row[taken[cell]]] = True
        row, cell = row[~blocked[row]], cell[~blocked[row]]
    return chosen


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits as families, and the ``room`` (R,) >= 0 that each has above the lower bounds.

    ``passing``: who gets what cells miss, ``turned`` (R,) what they miss at the lower bounds; both None where nothing
    is passed on.
    """

    families: list[Family]
    room: FloatArray
    passing: Passing | None = None
    turned: FloatArray | None = None
    _by_cell: tuple[Any, Any] | None = field(init=False, repr=False)
    _chord: Passing | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_cell", self._tables() if len(self.families) > _FEW_FAMILIES else None)
        chord = None if self.passing is None or self.turned is None else self.passing.under_chord(self.turned)
        object.__setattr__(self, "_chord", chord)

    def _tables(self) -> tuple[Any, Any]:
        """What a unit and what a claim of each cell takes of each limit, sparse (J, R): zones make many families."""
        tables = []
        for is_effect in (False, True):
            chosen = [family for family in self.families if family.is_effect == is_effect]
            inside = [np.nonzero(family.use > 0)[0] for family in chosen]
            nothing = [np.zeros(0, dtype=np.int64)]
            cell = np.concatenate(nothing + inside)
            row = np.concatenate(nothing + [family.row[at] for family, at in zip(chosen, inside, strict=True)])
            use = np.concatenate([np.zeros(0)] + [family.use[at] for family, at in zip(chosen, inside, strict=True)])
            tables.append(csr_array((use, (cell, row)), shape=(self.families[0].row.size, self.room.size)))
        return tables[0], tables[1]

    def in_whole_steps(self, step: FloatArray) -> Limits:
        """The same limits with the room on units that whole steps (J,) can make use of: this tightens the bound."""
        room = np.append(self.room, 0.0)
        for family in self.families:
            if not family.is_effect:
                common = _common_need(family, step, room.size)
                whole = common > 0
                room[whole] = np.floor(room[whole] / common[whole] * (1 + ROUNDING) + ROUNDING) * common[whole]
        return replace(self, room=room[:-1])

    @property
    def least_room(self) -> FloatArray:
        """Room (R,) >= 0 above the lower bounds when all that they miss is passed on."""
        if self.passing is None or self.turned is None:
            return self.room
        return np.asarray(np.maximum(self.room - self.passing.received(self.turned), 0.0))

    def received(self, relief: FloatArray) -> FloatArray:
        """What comes to each limit (R,) when decisions relieve the limits by ``relief`` (R,) of what they miss."""
        if self.passing is None or self.turned is None:
            return np.zeros(self.room.size)
        return self.passing.received(np.maximum(self.turned - relief, 0.0))

    def as_received(self, relief: FloatArray) -> Limits:
        """The limits that are left when what comes to each is what comes to it at ``relief`` (R,), whatever is done."""
        return replace(self, room=np.maximum(self.room - self.received(relief), 0.0), passing=None, turned=None)

    def spared(self, relief: FloatArray) -> FloatArray:
        """The most that ``relief`` (R,) may spare each limit (R,) of what comes to it at the lower bounds.

        Linear and never less than the truth, so that prices on `least_room` and this prove a bound.
        """
        return np.zeros(self.room.size) if self._chord is None else self._chord.asked(relief)

    def used(self, above: FloatArray, claims: FloatArray) -> FloatArray:
        """What decisions y = ``above`` (J,) and their ``claims`` take of each limit (R,)."""
        if self._by_cell is not None:
            return np.asarray(self._by_cell[0].T @ above + self._by_cell[1].T @ claims)
        total = np.zeros(self.room.size)
        for family in self.families:
            total += family.sums(claims if family.is_effect else above, self.room.size)
        return total

    def effects(self, claims: FloatArray) -> FloatArray:
        """What ``claims`` (J,) take of each limit (R,) on effects."""
        if self._by_cell is not None:
            return np.asarray(self._by_cell[1].T @ claims)
        total = np.zeros(self.room.size)
        for family in self.families:
            if family.is_effect:
                total += family.sums(claims, self.room.size)
        return total

    def used_by(self, cell: IntArray, above: FloatArray, claims: FloatArray) -> FloatArray:
        """What the decisions and claims of some cells take of each limit (R,)."""
        if self._by_cell is not None:
            parts = []
            for table, amount in zip(self._by_cell, (above, claims), strict=True):
                place, row, use = _entries(table, cell)
                parts.append(np.bincount(row, use * amount[place], minlength=self.room.size))
            return np.asarray(parts[0] + parts[1], dtype=np.float64)
        total = np.zeros(self.room.size + 1)
        for family in self.families:
            amount = family.use[cell] * (claims if family.is_effect else above)
            total += np.bincount(family.row[cell], amount, minlength=total.size)
        return total[:-1]

    def priced(self, prices: FloatArray, where: Where) -> CellPrices:
        """What a unit and what a claim of each cell costs at the ``prices`` (R,) of the limits, and what it saves."""
        known, saved = np.append(prices, 0.0), np.zeros(1)
        if self._chord is not None:
            saved = np.append(self._chord.saved(prices), 0.0)
        if self._by_cell is not None:
            unit, effect = (_at_prices(table, where, prices) for table in self._by_cell)
            relief = saved if self._chord is None else _at_prices(self._by_cell[1], where, saved[:-1])
            return CellPrices(unit, effect, relief)
        unit, effect, relief = np.zeros(1), np.zeros(1), np.zeros(1)
        for family in self.families:
            row, use = family.row[where], family.use[where]
            if not family.is_effect:
                unit = unit + use * known[row]
                continue
            effect = effect + use * known[row]
            if self._chord is not None:
                relief = relief + use * saved[row]
        return CellPrices(unit, effect, relief)


def _at_prices(table: Any, where: Where, prices: FloatArray) -> FloatArray:
    """What some rows of a sparse table (J, R) cost at the ``prices`` (R,) of its columns."""
    if isinstance(where, slice):
        is_all = where == slice(0, table.shape[0])
        return np.asarray((table if is_all else table[where]) @ prices)
    place, column, value = _entries(table, where)
    return np.bincount(place, value * prices[column], minlength=where.size).astype(np.float64)


def _entries(table: Any, rows: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Entries of some rows of a sparse table: number of the row in ``rows``, column, value.

    For the few rows of most calls a tenth of the time that slicing the table takes.
    """
    first = table.indptr[rows]
    count = table.indptr[rows + 1] - first
    place = np.repeat(np.arange(rows.size), count)
    at = np.arange(place.size) + (first - count.cumsum() + count)[place]
    return place, table.indices[at], table.data[at]


def _common_need(family: Family, step: FloatArray, rows: int) -> IntArray:
    """Greatest whole number (rows,) that divides what a step of each cell takes of the limit; 0 where there is none."""
    need = family.use * step
    whole = np.where(family.use > 0, np.round(need), 0.0)
    is_whole = (np.abs(need - whole) <= ROUNDING * whole) & (whole < _EXACT)
    common, is_loose = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=bool)
    np.gcd.at(common, family.row, np.where(is_whole, whole, 0.0).astype(np.int64))
    is_loose[family.row[~is_whole]] = True
    return np.where(is_loose, 0, common)
