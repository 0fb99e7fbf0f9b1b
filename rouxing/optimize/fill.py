"""Whole steps under every limit: too much is taken away first, what still fits is added after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rouxing.optimize.checks import BoolArray, FloatArray, IntArray
from rouxing.optimize.links import ROUNDING, Family, Limits
from rouxing.optimize.response import Cells, whole

# A cell is offered at most this part of the room at once.
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


def fill(cells: Cells, limits: Limits, prices: FloatArray, above: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Whole steps (J,) near ``above`` that keep every limit, and their claims (J,), whatever the prices are."""
    everyone = slice(0, above.size)
    above = _trimmed(cells, limits, prices, above, cells.claims(above, everyone))
    above = _added(cells, limits, prices, above, cells.claims(above, everyone))
    return above, cells.claims(above, everyone)


def _trimmed(cells: Cells, limits: Limits, prices: FloatArray, above: FloatArray, claims: FloatArray) -> FloatArray:
    """Fewer steps where a limit is broken: those go first that give back the most room for what they are worth.

    Each round takes a step of a cell, then two, four and so on, so that it ends whatever it starts from.
    """
    above, steps = above.copy(), 1.0
    while True:
        excess = limits.used(above, claims) - limits.room
        is_over = np.append(excess > ROUNDING * (1.0 + limits.room), False)
        if not is_over.any():
            return above
        gone = np.zeros(above.size, dtype=bool)
        for family in limits.families:
            touched = np.nonzero(is_over[family.row] & (family.use > 0) & (above > 0))[0]
            gone[_cheapest(cells, limits, prices, above, claims, touched, steps, family, excess)] = True
        hit = np.nonzero(gone)[0]
        above[hit] = np.maximum(above[hit] - steps * cells.step[hit], 0.0)
        claims[hit] = cells.claims(above[hit], hit)
        steps *= 2.0


def _cheapest(
    cells: Cells,
    limits: Limits,
    prices: FloatArray,
    above: FloatArray,
    claims: FloatArray,
    touched: IntArray,
    steps: float,
    family: Family,
    excess: FloatArray,
) -> IntArray:
    """Those of the ``touched`` cells of a family that must give up steps, the least worth for their room first."""
    fewer = np.maximum(above[touched] - steps * cells.step[touched], 0.0)
    given_up, unmade = above[touched] - fewer, claims[touched] - cells.claims(fewer, touched)
    unit, effect = limits.priced(prices, touched)
    lost = cells.gain(above[touched], claims[touched], touched) - cells.gain(fewer, claims[touched] - unmade, touched)
    relief = family.use[touched] * (unmade if family.is_effect else given_up)
    score = np.divide(
        lost - unit * given_up - effect * unmade, relief, out=np.full(relief.size, np.inf), where=relief > 0
    )
    order = np.lexsort((score, family.row[touched]))
    row = family.row[touched][order]
    return touched[order][_ahead(row, relief[order]) < excess[row]]


def _ahead(row: IntArray, amount: FloatArray) -> FloatArray:
    """Sum of the amounts of the same row before each entry; rows are sorted."""
    total = np.cumsum(amount)
    first = np.searchsorted(row, row, side="left")
    return np.asarray(total - amount - (total[first] - amount[first]))


def _added(cells: Cells, limits: Limits, prices: FloatArray, above: FloatArray, claims: FloatArray) -> FloatArray:
    """More steps while they gain and every limit has room, best gain for the price of their room first.

    A round accepts what fits together with all that is ahead of it; room only shrinks, so who does not fit is out.
    """
    above, claims = above.copy(), claims.copy()
    wanted = whole(cells, np.zeros(1), np.zeros(1), slice(0, above.size))[0]
    used = limits.used(above, claims)
    hopeful = np.nonzero(above < wanted)[0]
    while hopeful.size:
        room = limits.room - used
        offer = _offer(cells, limits, prices, above, claims, wanted, hopeful, room)
        if not offer.cell.size:
            break
        taken = _fits_in_turn(limits, offer, room)
        accepted = offer.cell[taken]
        above[accepted] += offer.units[taken]
        claims[accepted] += offer.claims[taken]
        used += limits.used_by(accepted, offer.units[taken], offer.claims[taken])
        hopeful = offer.cell[above[offer.cell] < wanted[offer.cell]]
    return above


@dataclass(frozen=True, slots=True)
class _Offer:
    """Steps on offer, best first: ``cell`` numbers, the ``units`` each would add and the ``claims`` these bring."""

    cell: IntArray
    units: FloatArray
    claims: FloatArray


def _offer(
    cells: Cells,
    limits: Limits,
    prices: FloatArray,
    above: FloatArray,
    claims: FloatArray,
    wanted: FloatArray,
    hopeful: IntArray,
    room: FloatArray,
) -> _Offer:
    """What each cell would add next if it had all the room to itself; without those that gain or fit nothing."""
    step, here, made = cells.step[hopeful], above[hopeful], claims[hopeful]
    brings = cells.claims(here + step, hopeful) - made
    steps = _steps_that_fit(limits, hopeful, step, brings, room)
    # A part of the room at a time, so that a cell whose gain falls leaves some to the others.
    steps = np.minimum(steps, np.round((wanted[hopeful] - here) / step))
    units = step * np.where(steps >= _SHARING, np.floor(steps / _SHARING), np.minimum(steps, 1.0))
    brings = np.where(units > step, cells.claims(here + units, hopeful) - made, brings)
    gain = cells.gain(here + units, made + brings, hopeful) - cells.gain(here, made, hopeful)
    useful = (units > 0) & (gain > 0)
    unit, effect = limits.priced(prices, hopeful)
    paid = unit * units + effect * brings
    ratio = np.divide(gain, paid, out=np.full(gain.size, np.inf), where=paid > 0)
    best = np.argsort(-ratio[useful], kind="stable")
    return _Offer(hopeful[useful][best], units[useful][best], brings[useful][best])


def _steps_that_fit(
    limits: Limits, cell: IntArray, step: FloatArray, brings: FloatArray, room: FloatArray
) -> FloatArray:
    """Steps that each cell could add if it had all the room to itself; claims of later steps are never more."""
    steps = np.full(cell.size, np.inf)
    known = np.append(room, np.inf)
    for family in limits.families:
        need = family.use[cell] * (brings if family.is_effect else step)
        ratio = np.divide(known[family.row[cell]], need, out=np.full(cell.size, np.inf), where=need > 0)
        steps = np.minimum(steps, _whole(ratio))
    return steps


def _fits_in_turn(limits: Limits, offer: _Offer, room: FloatArray) -> BoolArray:
    """Which of the offers, in their order, keep every limit even if all before them are taken; always the first."""
    fits = np.ones(offer.cell.size, dtype=bool)
    known = np.append(room, np.inf)
    for family in limits.families:
        row = family.row[offer.cell]
        need = family.use[offer.cell] * (offer.claims if family.is_effect else offer.units)
        by_row = np.argsort(row, kind="stable")
        total = _ahead(row[by_row], need[by_row]) + need[by_row]
        limit = known[row[by_row]]
        fits[by_row] &= (need[by_row] <= 0) | (total <= limit + ROUNDING * (1.0 + np.abs(limit)))
    fits[:1] = True
    return fits


def blocked_prices(
    cells: Cells, limits: Limits, prices: FloatArray, above: FloatArray, claims: FloatArray
) -> FloatArray:
    """The prices, and for a limit that costs nothing but has no room the worth of the best step that it blocks.

    ``cells`` with the bounds that were asked for. Whole steps hide some limits from the dual: one that is full
    with the lower bounds, or that fits its steps exactly, never binds there.
    """
    cell = np.nonzero(above < cells.top)[0]
    step = np.minimum(cells.step[cell], cells.top[cell] - above[cell])
    brings = cells.claims(above[cell] + step, cell) - claims[cell]
    gain = cells.gain(above[cell] + step, claims[cell] + brings, cell) - cells.gain(above[cell], claims[cell], cell)
    unit, effect = limits.priced(prices, cell)
    left = gain - unit * step - effect * brings
    room, raised = np.append(limits.room - limits.used(above, claims), np.inf), np.append(prices, 0.0)
    for family in limits.families:
        row, use = family.row[cell], family.use[cell]
        need = use * (brings if family.is_effect else step)
        held = (raised[row] == 0) & (need > 0) & (room[row] < need) & (left > 0)
        worth = np.minimum(left[held] / need[held], (cells.worth + cells.move)[cell][held] / use[held])
        np.maximum.at(raised, row[held], worth)
    return raised[:-1]
