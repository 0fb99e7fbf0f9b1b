"""Quotas by prices on what the cycles have seen, kept within what is true now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rouxing.optimize.checks import FloatArray
from rouxing.optimize.pricing import PricedPlan, Prices, solve
from rouxing.redistribute.problem import QuotaProblem
from rouxing.redistribute.trim import trimmed


@dataclass(frozen=True, slots=True)
class Settled:
    """Whole quotas (J,) that keep every limit, the prices that led there, and a bound on the worth of all."""

    quota: FloatArray
    prices: Prices
    upper_bound: float


def settled(problem: QuotaProblem, start: Prices | None) -> Settled:
    """The engine's quotas on what the cycles have seen, trimmed to what is true now.

    Worth and bound count with the true demand and limits.
    """
    problem = problem.eased()
    seen = problem.as_seen().eased()
    plan = solve(seen.pricing(start))
    return Settled(trimmed(problem, np.round(plan.quantity)), plan.prices, _bound(problem, plan))


def _bound(problem: QuotaProblem, plan: PricedPlan) -> float:
    """The engine's own bound where it was asked the true question, otherwise what its prices lead to on that."""
    if problem.state.has_memory:
        return problem.upper_bound(plan.prices)
    return plan.upper_bound + float(problem.worth_at(problem.lower).sum())
