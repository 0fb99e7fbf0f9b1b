"""The fallback that needs no prices: quotas in force, cut in proportion until today's limits hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csc_array

from rouxing.optimize.checks import FloatArray
from rouxing.redistribute.problem import QuotaProblem
from rouxing.redistribute.trim import trimmed


def rule_quota(problem: QuotaProblem) -> FloatArray:
    """Quotas (J,): those in force, each cut by the largest share that one of its limits asks for, then trimmed.

    Where the cells have ``wanted_coupons``, these are cut instead.
    """
    cells = problem.cells
    has_wanted = "wanted_coupons" in cells
    wanted = cells["wanted_coupons"].to_numpy(np.float64) if has_wanted else problem.previous
    above = np.clip(wanted, problem.lower, problem.upper) - problem.lower
    kept = _kept(problem.budgets, above, problem.budget - problem.budgets @ problem.lower)
    start = problem.lower + np.floor(above * kept)
    at_lower = problem.claims(problem.lower)
    room = np.concatenate([problem.own_limit, problem.exchange_limit]) - problem.effects @ at_lower
    kept = _kept(problem.effects, problem.claims(start) - at_lower, room)
    return trimmed(problem, problem.lower + np.floor((start - problem.lower) * kept))


def _kept(limits: Any, asked: FloatArray, room: FloatArray) -> FloatArray:
    """Share (J,) of ``asked`` (J,) that the tightest limit of each cell leaves."""
    total = limits @ asked
    left = np.maximum(room, 0.0)
    share = np.where(total > left, left / np.where(total > 0, total, 1.0), 1.0)
    columns = csc_array(limits)
    least = np.ones(asked.size)
    used = columns.data > 0
    cell = np.repeat(np.arange(asked.size), np.diff(columns.indptr))[used]
    np.minimum.at(least, cell, share[columns.indices[used]])
    return least
