"""Whole steps under every limit: too much is taken away first, what still fits is added after."""

from __future__ import annotations

import numpy as np

from rouxing.optimize.checks import BoolArray, FloatArray, IntArray
from rouxing.optimize.links import ROUNDING, Family, Limits
from rouxing.optimize.response import NO_PRICES, Cells, whole
from rouxing.optimize.stand import Moves, Stand

# Where many steps fit, a cell is offered at most this part of them at once.
_MANY = 64.0
_SHARING = 8.0


def cut_to(cells: Cells, limits: Limits, inherited: BoolArray) -> Cells:
    """The cells with tops that fit each limit alone, 0 on an ``inherited`` (R,) one: this tightens the bound."""
    steps = np.round(cells.top / cells.step)
    room = np.append(np.where(inherited, -1.0, limits.room), np.inf)
    for family in limits.families:
        need = family.use * ((cells.claims_top - cells.claims_level) if family.is_effect else cells.top)
        free = room[family.row]
        tight = np.nonzero((family.use > 0) & (need > free))[0]
        within = _steps_within(cells, steps[tight], family, free[tight], tight)
        steps[tight] = np.where(free[tight] < 0, 0.0, within)
    return cells.with_top(steps * cells.step)


def _steps_within(cells: Cells, steps: FloatArray, family: Family, room: FloatArray, cell: IntArray) -> FloatArray:
    """Most steps (at most ``steps``) of each cell that keep the room on their own."""
    use, step = family.use[cell], cells.step[cell]
    if not family.is_effect:
        return np.minimum(steps, _whole(room / (use * step)))
    low, high = np.zeros(steps.size), steps + 1.0
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        fits = use * cells.claims(middle * step, cell) <= room * (1.0 + ROUNDING)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return low


def _whole(ratio: FloatArray) -> FloatArray:
    return np.asarray(np.floor(np.maximum(ratio, 0.0) * (1.0 + ROUNDING) + ROUNDING))


def trim(stand: Stand) -> None:
    """Take steps away until no limit is broken: those first that give back the most room for what they are worth.

    Each round takes a step of a cell, then two, four and so on, so that it ends whatever it starts from.
    """
    steps = 1.0
    while True:
        stand.count_again()
        is_over = np.append(stand.room < -ROUNDING * (1.0 + stand.limits.room), False)
        if not is_over.any():
            return
        # Room that comes free elsewhere is worth nothing here: it may stay unused.
        held = np.where(is_over[:-1], stand.prices, 0.0)
        gone = np.zeros(stand.above.size, dtype=bool)
        for family in stand.limits.families:
            touched = np.nonzero(is_over[family.row] & (family.use > 0) & (stand.above > 0))[0]
            gone[_cheapest(stand, family, stand.less(touched, steps * stand.cells.step[touched]), held)] = True
        given_up = np.nonzero(gone)[0]
        # The last steps of a cell may give back nothing: demand ends below them.
        if not given_up.size and (steps * stand.cells.step >= stand.above).all():
            return
        stand.remove(stand.less(given_up, steps * stand.cells.step[given_up]))
        steps *= 2.0


def _cheapest(stand: Stand, family: Family, moves: Moves, held: FloatArray) -> IntArray:
    """Cells of a family that must give up steps, the least worth for their room first."""
    relief, row = moves.needs(family), family.row[moves.cell]
    lost = moves.worth - moves.cost_at(stand.limits.priced(held, moves.cell))
    useful = np.nonzero(relief > 0)[0]
    relief, row = relief[useful], row[useful]
    order = np.lexsort((lost[useful] / relief, row))
    row = row[order]
    return moves.cell[useful[order]][ahead(row, relief[order]) < -stand.room[row]]


def ahead(row: IntArray, amount: FloatArray) -> FloatArray:
    """Sum of the amounts of the same row before each entry; rows are sorted."""
    before = np.cumsum(amount) - amount
    return np.asarray(before - before[np.searchsorted(row, row, side="left")])


def top_up(stand: Stand) -> None:
    """Add steps while they gain and every limit has room, best gain for the price of their room first.

    A round accepts what fits together with all that is ahead of it; room only shrinks, so who does not fit is out.
    """
    hopeful = np.nonzero(stand.above < stand.cells.top)[0]
    while hopeful.size:
        offer = _offer(stand, hopeful)
        stand.add(offer.of(np.nonzero(_fits_in_turn(stand, offer))[0]))
        hopeful = offer.cell[stand.above[offer.cell] < stand.cells.top[offer.cell]]


def _with_room(stand: Stand, cell: IntArray) -> IntArray:
    """Those of the cells whose limits on units have room for a step."""
    room = np.append(stand.room, np.inf)
    for family in stand.limits.families:
        if not family.is_effect:
            need = family.use[cell] * stand.cells.step[cell]
            cell = cell[need <= room[family.row[cell]] * (1.0 + ROUNDING) + ROUNDING]
    return cell


def _offer(stand: Stand, hopeful: IntArray) -> Moves:
    """What each cell would add next if it had all the room to itself, best first; none that gains or fits nothing."""
    hopeful = _with_room(stand, hopeful)
    first = stand.more(hopeful, stand.cells.step[hopeful])
    steps = _steps_that_fit(stand, first)
    useful = np.nonzero((steps >= 1) & (first.worth > 0))[0]
    first, steps = first.of(useful), steps[useful]
    offer = _several(stand, first, steps) if (steps >= _MANY).any() else first
    ratio = np.divide(offer.worth, offer.paid, out=np.full(useful.size, np.inf), where=offer.paid > 0)
    return offer.of(np.argsort(-ratio, kind="stable"))


def _several(stand: Stand, first: Moves, steps: FloatArray) -> Moves:
    """Many steps at once where there is room for many, never beyond the best level without prices.

    A part of the room at a time, so that a cell whose gain falls leaves some to the others.
    """
    cell, step = first.cell, stand.cells.step[first.cell]
    wanted = whole(stand.cells, NO_PRICES, cell)[0].above
    steps = np.minimum(steps, np.round((wanted - stand.above[cell]) / step))
    return stand.more(cell, step * np.maximum(np.floor(steps / _SHARING), 1.0))


def _steps_that_fit(stand: Stand, first: Moves) -> FloatArray:
    """Steps that each cell could add if it had all the room to itself; later steps never need more than the first."""
    steps = np.full(first.cell.size, np.inf)
    room = np.append(stand.room, np.inf)
    for family in stand.limits.families:
        need = first.needs(family)
        ratio = np.divide(room[family.row[first.cell]], need, out=np.full(need.size, np.inf), where=need > 0)
        steps = np.minimum(steps, _whole(ratio))
    return steps


def _fits_in_turn(stand: Stand, offer: Moves) -> BoolArray:
    """Which of the offers, in their order, keep every limit even if all before them are taken; always the first."""
    fits = np.ones(offer.cell.size, dtype=bool)
    room = np.append(stand.room, np.inf)
    for family in stand.limits.families:
        need = offer.needs(family)
        using = np.nonzero(need > 0)[0]
        using = using[np.argsort(family.row[offer.cell[using]], kind="stable")]
        row = family.row[offer.cell[using]]
        total = ahead(row, need[using]) + need[using]
        fits[using] &= total <= room[row] + ROUNDING * (1.0 + np.abs(room[row]))
    fits[:1] = True
    return fits


def blocked_prices(stand: Stand, asked: Cells) -> FloatArray:
    """The prices, and for a limit that costs nothing but has no room the worth of the best step that it blocks.

    ``asked``: the cells with the bounds that were asked for. Whole steps hide some limits from the dual: one that is
    full with the lower bounds, or that fits its steps exactly, never binds there.
    """
    room, raised = np.append(stand.room, np.inf), np.append(stand.prices, 0.0)
    is_free = raised == 0
    wider = Stand(asked, stand.limits, stand.prices, stand.above, stand.claims)
    for family in stand.limits.families:
        cell = np.nonzero(is_free[family.row] & (family.use > 0) & (stand.above < asked.top))[0]
        if not family.is_effect:
            cell = cell[room[family.row[cell]] < family.use[cell] * asked.step[cell]]
        step = wider.more(cell, asked.step[cell])
        need, left = step.needs(family), step.worth - step.paid
        held = (need > 0) & (room[family.row[cell]] < need) & (left > 0)
        most = ((asked.worth + asked.move)[cell] / family.use[cell])[held]
        np.maximum.at(raised, family.row[cell[held]], np.minimum(left[held] / need[held], most))
    return raised[:-1]
