"""One engine for stock and quotas: the value of expected demand met, under limits on units and on their effects."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rouxing.optimize.checks import BoolArray, FloatArray, IntArray
from rouxing.optimize.exchange import exchange
from rouxing.optimize.fill import blocked_prices, cut_to, top_up, trim
from rouxing.optimize.links import ROUNDING, Limits
from rouxing.optimize.newton import Candidate, best_prices, bound_at
from rouxing.optimize.problem import (
    PricedPlan,
    Prices,
    PricingProblem,
    cells_of,
    check,
    limits_of,
    narrowed,
    whole_steps,
)
from rouxing.optimize.response import Cells, whole
from rouxing.optimize.stand import Stand

__all__ = ["PricedPlan", "Prices", "PricingProblem", "solve", "upper_bound"]

# Exchanges of steps end after so many rounds, or when the plan is this close to its bound (share).
_EXCHANGES = 6
_CLOSE = 1e-4
# They do not see what they pass on, so that trimming takes back much of what they gain: further away, then.
_CLOSE_PASSING = 5e-4
# An exchange that closes less than this share of what is left to the bound is the last one.
_WORTHWHILE = 0.05
# What cells ask may be over the limits by this share of the bound before prices are raised for a first plan.
_OVERSHOOT = 3e-3
_RAISED = 1.003
# A plan this far (share) from its bound is looked for again.
_POOR = 3e-3
# Sweeps for its prices: what is passed on is known too roughly for more.
_FEW_SWEEPS = 12


def solve(problem: PricingProblem) -> PricedPlan:
    """The best whole-step plan that prices lead to, never over a limit (beyond rounding, 1e-9 of it), with a bound.

    Prices come down the Lagrangian dual limit by limit (`optimize.newton`); cells answer them in closed form, whole
    steps are then taken away and added so that no limit can break whatever the prices are (`optimize.fill`).

    Cost: some 50 passes over the cells and their limits. Where demand is certain, answers jump and whole packs are
    few, the plan is still within every limit but its proof is looser (a few per cent, not hundredths).

    Source: Lagrangian relaxation of separable problems (Everett 1963, Operations Research 11, 399-417).

    Raises:
        RefusedInputError: NaN, infinity, negative limits or costs, curves that fall, bounds that cross.
    """
    check(problem)
    can_move = whole_steps(problem) > 0
    if 2 * np.count_nonzero(can_move) < can_move.size:
        return _solved_without(problem, can_move)
    return _solved(problem)


def _solved_without(problem: PricingProblem, can_move: BoolArray) -> PricedPlan:
    """The plan of a question in which most cells stay at their lower bounds: only the others are looked at."""
    plan = _solved(narrowed(problem, can_move))
    quantity = np.asarray(problem.lower, dtype=np.float64).copy()
    quantity[can_move] = plan.quantity
    return replace(plan, quantity=quantity)


def upper_bound(problem: PricingProblem) -> float:
    """What no plan of whole steps within the limits is worth more than, above that of ``lower``.

    Whatever the prices, by weak duality; at ``start`` or better ones. Cells of limits that the lower bounds break are
    held at them, as `solve` does.

    Raises:
        RefusedInputError: as `solve`.
    """
    check(problem)
    return _prepared(problem).best_prices().bound


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A question as the engine works on it: ``asked`` cells in ``order``, ``cells`` cut to what fits each limit alone.

    ``left`` (R,): what lower bounds leave of the limits before anything is passed on; ``inherited`` (R,): they break
    it.
    """

    order: IntArray
    asked: Cells
    cells: Cells
    limits: Limits
    left: FloatArray
    inherited: BoolArray
    start: FloatArray | None

    def best_prices(self) -> Candidate:
        return best_prices(self.cells, self.limits, self.start)


def _prepared(problem: PricingProblem) -> _Prepared:
    order = np.argsort(np.asarray(problem.tie_key), kind="stable")
    asked = cells_of(problem, order)
    limits, left = limits_of(problem, asked, order)
    rounding = ROUNDING * (1.0 + np.abs(np.concatenate([problem.unit_capacity, problem.effect_capacity])))
    inherited = left - limits.received(np.zeros(left.size)) < -rounding
    start = np.concatenate([problem.start.unit, problem.start.effect]) if problem.start else None
    return _Prepared(order, asked, cut_to(asked, limits, inherited), limits, left, inherited, start)


def _solved(problem: PricingProblem) -> PricedPlan:
    ready = _prepared(problem)
    stand, bound = _settled(ready)
    value, units = stand.value(), problem.unit_capacity.size
    quantity = np.asarray(problem.lower, dtype=np.float64).copy()
    quantity[ready.order] += stand.above
    prices = blocked_prices(stand, ready.asked)
    room = ready.left - ready.limits.room + stand.room
    return PricedPlan(
        quantity=quantity,
        prices=Prices(prices[:units], prices[units:]),
        value=value,
        upper_bound=max(bound, value),
        unit_room=room[:units],
        effect_room=room[units:],
        unit_inherited=ready.inherited[:units],
        effect_inherited=ready.inherited[units:],
    )


def _settled(ready: _Prepared) -> tuple[Stand, float]:
    """The plan and its bound; where prices do not meet what is passed on, by the old road.

    That is to price what comes to each limit as it came to it in a first plan.
    """
    cells, limits, found = ready.cells, ready.limits, ready.best_prices()
    if not cells.has_mark:
        return _filled(cells, limits, found), found.bound
    stand = _first(cells, limits, found) if found.is_rough else _filled(cells, limits, found)
    if found.bound - stand.value() <= _POOR * found.bound:
        return stand, found.bound
    fixed, unmarked = limits.as_received(stand.relief), replace(cells, has_mark=False)
    again = best_prices(unmarked, fixed, ready.start, _FEW_SWEEPS)
    planned = _filled(unmarked, fixed, again)
    kept = _first(cells, limits, replace(again, above=planned.above))
    return max(stand, kept, key=Stand.value), min(found.bound, bound_at(cells, limits, again.prices))


def _first(cells: Cells, limits: Limits, found: Candidate) -> Stand:
    """Whole steps that keep every limit, without looking for better ones: what is passed on is to be learnt."""
    stand = Stand(cells, limits, found.prices, found.above, cells.claims(found.above, slice(0, found.above.size)))
    trim(stand)
    top_up(stand)
    return stand


def _filled(cells: Cells, limits: Limits, found: Candidate) -> Stand:
    """Whole steps that keep every limit, near those that cells would take at the prices found.

    Where that is far too much, near those at prices a little higher: where many answers jump at one price, adding in
    order of worth beats trimming limit by limit. Where it does not, the better of both.
    """
    everyone = slice(0, found.above.size)
    asked = Stand(cells, limits, found.prices, found.above, cells.claims(found.above, everyone))
    if -float((found.prices * np.minimum(asked.room, 0.0)).sum()) <= _OVERSHOOT * found.bound:
        return _kept(asked, found.bound)
    answers, _ = whole(cells, limits.priced(found.prices * _RAISED, everyone), everyone)
    raised = _kept(Stand(cells, limits, found.prices, answers.above, answers.claims), found.bound)
    if found.bound - raised.value() <= _POOR * found.bound:
        return raised
    return max(raised, _kept(asked, found.bound), key=Stand.value)


def _kept(stand: Stand, bound: float) -> Stand:
    """The steps cut until every limit is kept, then filled up and exchanged until that is no longer worth while."""
    if stand.cells.has_mark:
        # A step that fits here may keep a limit elsewhere from which nothing has to be taken then.
        top_up(stand)
    trim(stand)
    top_up(stand)
    close = _CLOSE_PASSING if stand.cells.has_mark else _CLOSE
    for _ in range(_EXCHANGES):
        before = stand.value()
        if bound - before <= close * bound:
            break
        tried = stand.copy()
        for family in stand.limits.families:
            exchange(tried, family)
        trim(tried)
        top_up(tried)
        gained = tried.value() - before
        stand = tried if gained > 0 else stand
        if gained <= _WORTHWHILE * (bound - before):
            break
    trim(stand)
    return stand
