"""Which changes a cycle leaves out when more would change than WeChat takes in one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rouxing.optimize.checks import BoolArray, FloatArray, IntArray
from rouxing.optimize.pricing import Prices
from rouxing.redistribute.parameters import QuotaParameters
from rouxing.redistribute.problem import QuotaProblem


def held_back(problem: QuotaProblem, quota: FloatArray, prices: Prices, parameters: QuotaParameters) -> BoolArray:
    """Cells (J,) that must keep their quota since the cycle has no changes left for them; all False if it has.

    First come quotas below what is issued, then those that relieve a broken limit, then the most valuable.
    """
    changed = quota != problem.previous
    stock, stocks = pd.factorize(problem.cells["stock_id"])
    nothing = np.zeros(changed.size, dtype=bool)
    few_stocks = np.count_nonzero(np.bincount(stock[changed])) <= parameters.max_changed_stocks
    if few_stocks and changed.sum() <= parameters.max_changed_carriers:
        return nothing
    relief, benefit = _merits(problem, quota, prices)
    relief, benefit = np.where(changed, relief, 0.0), np.where(changed, benefit, 0.0)
    best_stocks = _best(
        np.bincount(stock, relief, minlength=len(stocks)).astype(np.float64),
        np.bincount(stock, benefit, minlength=len(stocks)).astype(np.float64),
        parameters.max_changed_stocks,
    )
    allowed = changed & np.isin(stock, best_stocks)
    candidates = np.nonzero(allowed)[0]
    chosen = nothing.copy()
    chosen[candidates[_best(relief[allowed], benefit[allowed], parameters.max_changed_carriers)]] = True
    return np.asarray(~chosen)


def _merits(problem: QuotaProblem, quota: FloatArray, prices: Prices) -> tuple[FloatArray, FloatArray]:
    """Per cell: how much its change relieves limits that the quotas in force break, and what it gains at prices."""
    before, after = problem.claims(problem.previous), problem.claims(quota)
    effects = problem.effects
    broken = problem.broken(problem.room(before)).astype(np.float64)
    over = (problem.budgets @ problem.previous > problem.budget).astype(np.float64)
    fewer, cut = before - after, problem.previous - quota
    relief = (effects.T @ broken) * np.maximum(fewer, 0.0) + (problem.budgets.T @ over) * np.maximum(cut, 0.0)
    # A quota below what is issued cannot stay; lifting it comes before everything else.
    relief = np.where(problem.previous < problem.lower, 1e18, relief)
    freed = (effects.T @ prices.effect) * fewer + (problem.budgets.T @ prices.unit) * cut
    return relief, np.asarray(problem.worth_at(quota) - problem.worth_at(problem.previous) + freed)


def _best(first: FloatArray, second: FloatArray, count: int) -> IntArray:
    """Positions of the ``count`` highest by ``first``, then ``second``, then position."""
    return np.asarray(np.lexsort((np.arange(first.size), -second, -first))[:count])
