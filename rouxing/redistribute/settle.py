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
_SETTLED_PICKUPS = 0.05


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
    seen = problem.as_seen()
    spill = np.zeros(problem.own_limit.size)
    prices, plan, number = start, None, 0
    while number < max(rounds, 1):
        number += 1
        plan = solve(seen.pricing(spill, prices))
        prices = plan.prices
        sent = problem.spill(problem.claims(plan.quantity))
        if np.abs(sent - spill).max(initial=0.0) <= _SETTLED_PICKUPS:
            break
        spill = sent
    assert plan is not None
    quota = trimmed(problem, np.round(plan.quantity))
    return Settled(quota, plan.prices, _bound(problem, plan, number), number)


def _bound(problem: QuotaProblem, plan: PricedPlan, rounds: int) -> float:
    """The engine's own bound where it solved the true question, otherwise the one its prices give on that."""
    if rounds == 1 and not problem.state.has_memory:
        return plan.upper_bound + float(problem.worth_at(problem.lower).sum())
    return upper_bound(problem, plan.prices)
