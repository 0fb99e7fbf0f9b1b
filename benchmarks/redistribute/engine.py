"""Coupon quotas: the pricing engine, cold and warm, against SciPy's HiGHS on the same question, in one run.

The peer's straight pieces end at the knots of the demand curves and at the quota in force, each cut in up to `CUTS`:
uncut, its value is .7 % off the expectation that it stands for, cut in three it is about as exact as our certificate.
It gets a time limit for each cut; what counts is the finest that it finishes, and each side's gap is that of what its
quantities are worth on the curves, from the same bound (ours). Its quantities are fractional, ours are whole. Ratios
hold between machines, seconds do not.

    python -m benchmarks.redistribute.engine --full --peer-seconds 180
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, vstack

from benchmarks.relaxation import Relaxed, cut, relaxed
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


def ends_of(asked: PricingProblem) -> FloatArray:
    """Ends (J, 12) of the pieces between lower, the knots, the quota in force and upper."""
    ends = np.column_stack([asked.lower, asked.curves.units, asked.previous, asked.upper])
    return np.sort(np.clip(ends, asked.lower[:, None], asked.upper[:, None]), axis=1)


def finest(asked: PricingProblem, seconds: float) -> tuple[int, Relaxed] | None:
    """The peer's answer on the finest pieces that it is done with in time, and into how many they are cut."""
    found, ends = None, ends_of(asked)
    for pieces in range(1, CUTS + 1):
        answer = relaxed(asked, cut(ends, pieces), seconds)
        if answer is None:
            break
        found = pieces, answer
    return found


def timed(asked: PricingProblem) -> tuple[PricedPlan, float]:
    started = time.perf_counter()
    plan = solve(asked)
    return plan, time.perf_counter() - started


def compare(stores: int, campaigns: int, days: int, repeats: int, peer_seconds: float) -> None:
    """One line: medians of cold and warm with their certificates, and of the peer with its gap from our bound."""
    ours, peers = [], []
    for seed in range(repeats):
        asked = question(stores, campaigns, days, seed)
        plan, cold = timed(asked)
        again, warm = timed(later(asked, plan, seed))
        ours.append((cold, warm, plan.gap_share, again.gap_share))
        peer = finest(asked, peer_seconds)
        if peer is not None:
            pieces, answer = peer
            peers.append((answer.seconds, answer.seconds / cold, 1 - answer.expected / plan.upper_bound, pieces))
    cold, warm, gap, warm_gap = np.median(ours, axis=0)
    line = f"  {stores} x {campaigns}, {days} day(s) of pickups: {cold:.2f} s cold ({gap:.4%}), {warm:.2f} warm "
    line += f"({warm_gap:.4%}); "
    if not peers:
        print(f"{line}the peer finishes nothing in {peer_seconds:.0f} s", flush=True)
        return
    seconds, ratio, behind, pieces = np.median(peers, axis=0)
    print(f"{line}the peer, cut in {pieces:.0f}: {seconds:.1f} s, {ratio:.0f} times ({behind:.4%})", flush=True)


def main(is_full: bool = False, peer_seconds: float = 180.0) -> None:
    print("quotas: the engine and HiGHS (dual simplex, presolve off); in brackets how far each may be from the best")
    for days in (1, 2):
        compare(500, 30, days, REPEATS, peer_seconds)
    if is_full:
        for days in (1, 2):
            compare(5000, 30, days, 1, peer_seconds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true", help="the sizes of a large chain; minutes")
    parser.add_argument("--peer-seconds", type=float, default=180.0, help="time limit of the peer for one cut")
    given = parser.parse_args()
    main(given.full, given.peer_seconds)
