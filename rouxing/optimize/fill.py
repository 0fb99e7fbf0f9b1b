"""Whole steps under every limit: too much is taken away first, what still fits is added after."""

from __future__ import annotations

from typing import Any

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
        given_up = _given_up(stand, is_over, steps)
        # The last steps of a cell may give back nothing: demand ends below them.
        if not given_up.size and (steps * stand.cells.step >= stand.above).all():
            return
        stand.remove(stand.less(given_up, steps * stand.cells.step[given_up]))
        steps *= 2.0


def _given_up(stand: Stand, is_over: BoolArray, steps: float) -> IntArray:
    """Cells that must give up so many steps for the limits (R + 1,) that are over."""
    touched = np.zeros(stand.above.size, dtype=bool)
    for family in stand.limits.families:
        touched |= is_over[family.row] & (family.use > 0)
    cell = np.nonzero(touched & (stand.above > 0))[0]
    moves = stand.less(cell, steps * stand.cells.step[cell])
    # Room that comes free elsewhere is worth nothing here: it may stay unused.
    held = stand.limits.priced(np.where(is_over[:-1], stand.prices, 0.0), cell)
    lost, gone = moves.worth - moves.cost_at(held), np.zeros(cell.size, dtype=bool)
    for family in stand.limits.families:
        gone[_cheapest(stand, family, moves, lost, is_over)] = True
    return cell[gone]


def _cheapest(stand: Stand, family: Family, moves: Moves, lost: FloatArray, is_over: BoolArray) -> IntArray:
    """Which of the moves the limits of a family that are over need, the least ``lost`` for their room first."""
    relief, row = moves.needs(family), family.row[moves.cell]
    useful = np.nonzero(is_over[row] & (relief > 0))[0]
    relief, row = relief[useful], row[useful]
    order = np.lexsort((lost[useful] / relief, row))
    row = row[order]
    return useful[order][ahead(row, relief[order]) < -stand.room[row]]


def ahead(row: IntArray, amount: FloatArray) -> FloatArray:
    """Sum of the amounts of the same row before each entry; rows are sorted."""
    before = np.cumsum(amount) - amount
    return np.asarray(before - before[np.searchsorted(row, row, side="left")])


def top_up(stand: Stand) -> None:
    """Add steps while they gain and every limit has room, best gain for the price of their room first.

    A round accepts what fits together with those ahead of it; who does not fit alone is out, since room only shrinks.
    """
    offer, rank = _offer(stand, np.nonzero(stand.above < stand.cells.top)[0])
    while offer.cell.size:
        fits = _fits_in_turn(stand, offer)
        taken = offer.of(np.nonzero(fits)[0])
        stand.add(taken)
        waiting = np.nonzero(~fits)[0]
        waiting = waiting[_fits_alone(stand, offer.of(waiting))]
        again, its_rank = _offer(stand, taken.cell[stand.above[taken.cell] < stand.cells.top[taken.cell]])
        rank = np.concatenate([rank[waiting], its_rank])
        # Two sorted runs: a stable sort joins them in one pass.
        order = np.argsort(rank, kind="stable")
        offer, rank = offer.of(waiting).joined(again).of(order), rank[order]


def _with_room(stand: Stand, cell: IntArray) -> IntArray:
    """Those of the cells whose limits on units have room for a step."""
    room = np.append(stand.room, np.inf)
    for family in stand.limits.families:
        if not family.is_effect:
            need = family.use[cell] * stand.cells.step[cell]
            cell = cell[need <= room[family.row[cell]] * (1.0 + ROUNDING) + ROUNDING]
    return cell


def _offer(stand: Stand, hopeful: IntArray) -> tuple[Moves, FloatArray]:
    """What each cell would add next if it had all the room to itself, best first; none that gains or fits nothing.

    With it what it is sorted by: the gain for the price of its room, negative.
    """
    hopeful = _with_room(stand, hopeful)
    first = stand.more(hopeful, stand.cells.step[hopeful])
    first = first.of(np.nonzero(first.worth > 0)[0])
    steps = _steps_that_fit(stand, first)
    useful = np.nonzero(steps >= 1)[0]
    first, steps = first.of(useful), steps[useful]
    many = np.nonzero(steps >= _MANY)[0]
    offer = first.of(np.nonzero(steps < _MANY)[0]).joined(_several(stand, first.of(many), steps[many]))
    rank = -np.divide(offer.worth, offer.paid, out=np.full(useful.size, np.inf), where=offer.paid > 0)
    order = np.lexsort((offer.cell, rank))
    return offer.of(order), rank[order]


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


def _fits_alone(stand: Stand, offer: Moves) -> BoolArray:
    """Which of the offers each limit has room for."""
    fits = np.ones(offer.cell.size, dtype=bool)
    room = np.append(stand.room, np.inf)
    for family in stand.limits.families:
        left = room[family.row[offer.cell]]
        fits &= offer.needs(family) <= left * (1.0 + ROUNDING) + ROUNDING
    return fits


def _fits_in_turn(stand: Stand, offer: Moves) -> BoolArray:
    """Which of the offers, in their order, keep every limit even if all of them are taken; always the first.

    One family after the other: who is out in one takes nothing of the next.
    """
    taken = np.arange(offer.cell.size)
    room = np.append(stand.room, np.inf)
    for family in stand.limits.families:
        row = family.row[offer.cell[taken]]
        need = family.use[offer.cell[taken]] * (offer.claims if family.is_effect else offer.units)[taken]
        order = np.argsort(_narrow(row), kind="stable")
        total = ahead(row[order], need[order]) + need[order]
        limit = room[row[order]]
        taken = np.sort(taken[order[(need[order] <= 0) | (total <= limit + ROUNDING * (1.0 + np.abs(limit)))]])
    fits = np.zeros(offer.cell.size, dtype=bool)
    fits[taken] = True
    fits[:1] = True
    return fits


def _narrow(row: IntArray) -> Any:
    """The rows as the smallest whole numbers that hold them: short ones are sorted by radix, many times as fast."""
    return row.astype(np.int16) if row.max(initial=0) < 2**15 else row


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
