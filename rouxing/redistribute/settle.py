"""Quotas by prices, solved again until the customers they send next door are accounted for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rouxing.optimize.checks import FloatArray
from rouxing.optimize.pricing import PricedPlan, Prices, solve
from rouxing.redistribute.bound import upper_bound
from rouxing.redistribute.problem import QuotaProblem
from rouxing.redistribute.trim import trimmed

# Pickups of a store-day by which two rounds may differ and count as settled.
_SETTLED_PICKUPS = 0.25


@dataclass(frozen=True, slots=True)
class Settled:
    """Whole quotas (J,) that keep every limit, the prices that led there, a bound on the worth of all, rounds taken."""

    quota: FloatArray
    prices: Prices
    upper_bound: float
    rounds: int


def settled(problem: QuotaProblem, rounds: int, start: Prices | None) -> Settled:
    """The engine's quotas on what the cycles have seen, trimmed to what is true now.

    Each round gives stores the room that customers from next door leave of the last one; at most ``rounds``. Worth and
    bound count with the true demand and limits.
    """
    problem = problem.eased()
    seen = problem.as_seen().eased()
    spill, number = np.zeros(problem.own_limit.size), 1
    plan = solve(seen.pricing(spill, start))
    bound = _bound(problem, plan)
    while number < rounds:
        sent = problem.spill(problem.claims(plan.quantity))
        if np.abs(sent - spill).max(initial=0.0) <= _SETTLED_PICKUPS:
            break
        plan, spill, number = solve(seen.pricing(sent, plan.prices)), sent, number + 1
    return Settled(trimmed(problem, np.round(plan.quantity)), plan.prices, bound, number)


def _bound(problem: QuotaProblem, first: PricedPlan) -> float:
    """A bound from the first round, in which nobody comes from next door: spill only takes room away.

    The engine's own where it was asked the true question, otherwise the one that its prices give on that.
    """
    if problem.state.has_memory:
        return upper_bound(problem, first.prices)
    return first.upper_bound + float(problem.worth_at(problem.lower).sum())
