"""What no quotas can be worth more than, at any prices."""

from __future__ import annotations

import numpy as np

from rouxing.optimize.checks import FloatArray
from rouxing.optimize.curves import CurveTable
from rouxing.optimize.pricing import Prices
from rouxing.redistribute.problem import QuotaProblem


def upper_bound(problem: QuotaProblem, prices: Prices) -> float:
    """Most (fen) that quotas within the limits can be worth, whatever they are.

    Each cell takes its best quota at the ``prices`` and the limits are paid for: an upper bound by weak duality for
    all prices >= 0, tightest at the best ones. Customers from next door only take room away, so they are left out.
    A limit that the lower bounds break holds its cells at them. O(J K).
    """
    capacity = np.concatenate([problem.own_limit, problem.exchange_limit])
    at_lower = problem.claims(problem.lower)
    effects = problem.effects
    used = effects @ at_lower
    inherited = used > capacity
    units = problem.budgets @ problem.lower
    over = units > problem.budget
    pinned = (effects.T @ inherited.astype(np.float64) > 0) | (problem.budgets.T @ over.astype(np.float64) > 0)
    upper = np.where(pinned, problem.lower, problem.upper)
    unit, claim = problem.budgets.T @ prices.unit, effects.T @ prices.effect
    best = _best_gain(problem, upper, unit, claim)
    paid = prices.effect @ np.maximum(capacity, used) + prices.unit @ np.maximum(problem.budget, units)
    return float(best.sum() + paid)


def _best_gain(problem: QuotaProblem, upper: FloatArray, unit: FloatArray, claim: FloatArray) -> FloatArray:
    """Most (J,) that a cell gains when a coupon costs ``unit`` and a claim ``claim``.

    With W = worth - claim > 0 the gain is concave with its top where P(D > q) = (unit +- move cost) / W, or at the
    quota in force; with W <= 0 it is convex on both sides of that, so its top is there or at a bound.
    """
    table = CurveTable.of(problem.curves)
    everyone = slice(0, unit.size)
    left = problem.worth - claim
    safe = np.where(left > 0, left, 1.0)
    tops = [
        table.quantile(np.clip(1.0 - (unit + sign * problem.move_cost) / safe, 0.0, 1.0), everyone)[0]
        for sign in (1.0, -1.0)
    ]
    stay = np.clip(problem.previous, problem.lower, upper)
    gain = np.full(unit.size, -np.inf)
    for quota in (problem.lower, stay, upper, *(np.clip(top, problem.lower, upper) for top in tops)):
        worth = left * table.expected_min(quota, everyone) - unit * quota
        gain = np.maximum(gain, worth - problem.move_cost * np.abs(quota - problem.previous))
    return gain
