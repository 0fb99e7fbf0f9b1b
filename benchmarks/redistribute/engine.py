"""Coupon quotas: the pricing engine, cold and warm, against SciPy's HiGHS on the same question, in one run.

The peer gets the linear relaxation, fractional, by dual simplex with presolve off (with presolve it takes longer). Its
straight pieces end at the knots of the demand curves and at the quota in force, each cut in three: uncut, its value is
.7 % off the expectation that it stands for, cut it is about as exact as our certificate. Ratios hold between machines,
seconds do not.

    python -m benchmarks.redistribute.engine --full
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from rouxing.optimize.curves import DemandCurves
from rouxing.optimize.pricing import PricedPlan, PricingProblem, solve

FloatArray = npt.NDArray[np.float64]

SHARES = np.array([0.0, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 1.0])
DEVIATIONS = np.array([-9.0, -1.645, -1.282, -0.674, 0.0, 0.674, 1.282, 1.645, 2.6])
DISPERSION = 0.2
NOISE = 0.03
CUTS = 3
REPEATS = 3


def question(stores: int, campaigns: int, days: int, seed: int) -> PricingProblem:
    """One cycle: quotas may move by 30 %, budgets and about two thirds of the store-days are scarce.

    Rows: the budget of each campaign; pickups of each store on the day of the claim and, with ``days`` = 2, the next.
    """
    random = np.random.default_rng(seed)
    cells = stores * campaigns
    store, campaign = np.divmod(np.arange(cells), campaigns)
    mean = random.gamma(2.0, 12.0, cells) + 1.0
    units = np.maximum(mean[:, None] + np.sqrt(mean + DISPERSION * mean**2)[:, None] * DEVIATIONS, 0.0)
    curves = DemandCurves(SHARES, units)
    previous = np.round(mean * random.uniform(0.6, 1.4, cells))
    move = np.maximum(np.floor(0.3 * previous), 5.0)
    lower = np.maximum(previous - move, np.floor(previous * random.uniform(0.0, 0.3, cells)))
    value = random.uniform(200, 1500, campaigns)[campaign] * random.uniform(0.9, 1.1, cells)
    pickups = random.uniform(0.1, 0.4, campaigns)[campaign] * random.uniform(0.9, 1.1, cells)
    everyone = np.arange(cells)
    budgets = csr_array((np.ones(cells), (campaign, everyone)))
    by_day = [csr_array((pickups * part, (store, everyone))) for part in (1.0, 0.15)[:days]]
    loads = csr_array(vstack(by_day))
    zero = np.zeros(cells)
    return PricingProblem(
        curves=curves,
        worth=value,
        cost=zero,
        base=zero,
        lower=lower,
        upper=previous + move,
        step=zero + 1.0,
        previous=previous,
        move_cost=np.full(cells, 0.005 * value.mean()),
        unit_limits=budgets,
        unit_capacity=np.floor(budgets @ previous * random.uniform(0.8, 1.1, campaigns)),
        effect_limits=loads,
        effect_capacity=loads @ curves.expected_min(previous) * random.uniform(0.9, 1.4, loads.shape[0]),
        tie_key=everyone,
    )


def later(asked: PricingProblem, plan: PricedPlan, seed: int) -> PricingProblem:
    """The next cycle's question: a few per cent of noise on demand, and the prices of this cycle to start from."""
    noise = np.random.default_rng(seed).normal(1.0, NOISE, asked.worth.size)
    curves = DemandCurves(asked.curves.shares, asked.curves.units * np.maximum(noise, 0.5)[:, None])
    return replace(asked, curves=curves, start=plan.prices)


def relaxed(asked: PricingProblem) -> tuple[float, float]:
    """Value of the relaxation above ``lower``, and the seconds it took to solve."""
    ends = np.column_stack([asked.lower, asked.curves.units, asked.previous, asked.upper])
    ends = np.sort(np.clip(ends, asked.lower[:, None], asked.upper[:, None]), axis=1)
    cuts = [ends[:, :-1] + np.diff(ends, axis=1) * cut / CUTS for cut in range(CUTS)]
    ends = np.column_stack([np.stack(cuts, axis=2).reshape(len(ends), -1), ends[:, -1:]])
    claims = asked.curves.expected_min(ends)
    cell, piece = np.nonzero(np.diff(ends, axis=1) > 1e-9)
    width = np.diff(ends, axis=1)[cell, piece]
    made = np.diff(claims, axis=1)[cell, piece] / width
    moved = np.diff(np.abs(ends - asked.previous[:, None]), axis=1)[cell, piece] / width
    effects = csr_array(asked.effect_limits)[:, cell].tocoo()
    matrix = vstack(
        [
            csr_array(asked.unit_limits)[:, cell],
            csr_array((effects.data * made[effects.col], (effects.row, effects.col)), shape=effects.shape),
        ]
    )
    left = np.concatenate(
        [
            asked.unit_capacity - asked.unit_limits @ asked.lower,
            asked.effect_capacity - asked.effect_limits @ asked.curves.expected_min(asked.lower),
        ]
    )
    started = time.perf_counter()
    solved = linprog(
        -(asked.worth[cell] * made - asked.move_cost[cell] * moved),
        A_ub=csr_array(matrix),
        b_ub=np.maximum(left, 0.0),
        bounds=np.column_stack([np.zeros(width.size), width]),
        method="highs-ds",
        options={"presolve": False},
    )
    return float(-solved.fun), time.perf_counter() - started


def timed(asked: PricingProblem) -> tuple[PricedPlan, float]:
    started = time.perf_counter()
    plan = solve(asked)
    return plan, time.perf_counter() - started


def compare(stores: int, campaigns: int, days: int, repeats: int) -> None:
    """One line: medians of cold, warm and peer, both certificates, and the value below the peer's relaxation."""
    found = []
    for seed in range(repeats):
        asked = question(stores, campaigns, days, seed)
        plan, cold = timed(asked)
        again, warm = timed(later(asked, plan, seed))
        best, theirs = relaxed(asked)
        found.append((cold, warm, theirs, theirs / cold, plan.gap_share, again.gap_share, 1 - plan.value / best))
    cold, warm, theirs, ratio, gap, warm_gap, behind = np.median(found, axis=0)
    print(
        f"  {stores} x {campaigns}, {days} day(s) of pickups: {cold:.2f} cold, {warm:.2f} warm, {theirs:.2f} s "
        f"({ratio:.0f} times), certificates {gap:.4%} and {warm_gap:.4%}, relaxation {behind:+.4%}",
        flush=True,
    )


def main(is_full: bool = False) -> None:
    print(
        "quotas: seconds ours cold, warm, and HiGHS (dual simplex, presolve off); certificates; value below the peer's"
    )
    for days in (1, 2):
        compare(500, 30, days, REPEATS)
    if is_full:
        compare(5000, 30, 1, REPEATS)
        compare(5000, 30, 2, 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true", help="the sizes of a large chain; minutes")
    main(parser.parse_args().full)
