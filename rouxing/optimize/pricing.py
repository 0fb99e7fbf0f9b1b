"""One engine for stock and quotas: the value of expected demand met, under limits on units and on their effects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rouxing.optimize.checks import BoolArray
from rouxing.optimize.exchange import exchange
from rouxing.optimize.fill import blocked_prices, cut_to, top_up, trim
from rouxing.optimize.links import ROUNDING, Limits
from rouxing.optimize.newton import Candidate, best_prices
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

__all__ = ["PricedPlan", "Prices", "PricingProblem", "solve"]

# Exchanges of steps end after so many rounds, or when the plan is this close to its bound (share).
_EXCHANGES = 6
_CLOSE = 1e-4
# An exchange that closes less than this share of what is left to the bound is the last one.
_WORTHWHILE = 0.05
# What cells ask may be over the limits by this share of the bound before prices are raised for a first plan.
_OVERSHOOT = 3e-3
_RAISED = 1.003


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


def _solved(problem: PricingProblem) -> PricedPlan:
    order = np.argsort(np.asarray(problem.tie_key), kind="stable")
    asked = cells_of(problem, order)
    limits, left = limits_of(problem, asked, order)
    inherited = left < -ROUNDING * (1.0 + np.abs(np.concatenate([problem.unit_capacity, problem.effect_capacity])))
    cells = cut_to(asked, limits, inherited)
    start = np.concatenate([problem.start.unit, problem.start.effect]) if problem.start else None
    found = best_prices(cells, limits, start)
    stand = _filled(cells, limits, found)
    value, units = stand.value(), problem.unit_capacity.size
    quantity = np.asarray(problem.lower, dtype=np.float64).copy()
    quantity[order] += stand.above
    prices = blocked_prices(stand, asked)
    room = left - limits.used(stand.above, stand.claims)
    return PricedPlan(
        quantity=quantity,
        prices=Prices(prices[:units], prices[units:]),
        value=value,
        upper_bound=max(found.bound, value),
        unit_room=room[:units],
        effect_room=room[units:],
        unit_inherited=inherited[:units],
        effect_inherited=inherited[units:],
    )


def _filled(cells: Cells, limits: Limits, found: Candidate) -> Stand:
    """Whole steps that keep every limit, near those that cells would take at the prices found."""
    stand = _first_stand(cells, limits, found)
    trim(stand)
    top_up(stand)
    for _ in range(_EXCHANGES):
        before = stand.value()
        if found.bound - before <= _CLOSE * found.bound:
            break
        tried = stand.copy()
        for family in limits.families:
            exchange(tried, family)
        trim(tried)
        top_up(tried)
        gained = tried.value() - before
        stand = tried if gained > 0 else stand
        if gained <= _WORTHWHILE * (found.bound - before):
            break
    trim(stand)
    return stand


def _first_stand(cells: Cells, limits: Limits, found: Candidate) -> Stand:
    """What cells would take at the prices found; where that is far too much, at prices a little higher.

    Too much where many answers jump at one price: there adding in order of worth beats trimming limit by limit.
    """
    everyone = slice(0, found.above.size)
    stand = Stand(cells, limits, found.prices, found.above, cells.claims(found.above, everyone))
    if -float((found.prices * np.minimum(stand.room, 0.0)).sum()) <= _OVERSHOOT * found.bound:
        return stand
    unit, effect = limits.priced(found.prices * _RAISED, everyone)
    answers, _ = whole(cells, unit, effect, everyone)
    return Stand(cells, limits, found.prices, answers.above, answers.claims)
