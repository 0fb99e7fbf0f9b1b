"""Stock transfers: our prices against SciPy's HiGHS on the same linear relaxation, in one run.

The peer solves the same piecewise-linear problem without whole packs, by dual simplex with presolve off (its defaults
spend most of their time in presolve here). Ratios hold between machines, seconds do not.
"""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_array, hstack

from rouxing.optimize.prices import PriceProblem, solve_prices

SIZES = ((30, 24), (200, 24))
CENTRES = 2
PIECES = 6
REPEATS = 3


def problem(stores: int, skus: int, seed: int) -> PriceProblem:
    """A random but ordinary day: newsvendor gains, centres that hold 70 % of what is wanted, rooms 80 %."""
    random = np.random.default_rng(seed)
    count = stores * skus
    mean = random.gamma(2.0, 4.0, count) + 1
    margin = np.tile(random.uniform(200, 2000, skus), stores)
    shares = np.linspace(0.15, 0.95, PIECES)
    breakpoints = np.maximum.accumulate(np.round(mean[:, None] * (0.4 + 1.6 * shares)), axis=1)
    breakpoints += np.arange(PIECES)
    gains = margin[:, None] * (1.05 * (1 - shares))
    cell = np.arange(count)
    centre_row = (cell // skus % CENTRES) * skus + cell % skus
    room_row = CENTRES * skus + cell // skus
    volume = np.tile(random.uniform(200, 2000, skus), stores)
    rows, columns = np.concatenate([centre_row, room_row]), np.concatenate([cell, cell])
    limits = csr_array((np.concatenate([np.ones(count), volume]), (rows, columns)))
    wanted = limits @ breakpoints[:, -2]
    capacity = wanted * np.where(np.arange(wanted.size) < CENTRES * skus, 0.7, 0.8)
    return PriceProblem(
        breakpoints=breakpoints,
        gains=gains,
        limits=limits,
        capacity=capacity,
        lower=np.zeros(count),
        step=np.ones(count),
        tie_key=cell,
    )


def peer_value(asked: PriceProblem) -> float:
    """Value of the relaxation, one variable a piece of each gain curve."""
    widths: npt.NDArray[np.float64] = np.diff(asked.breakpoints, axis=1, prepend=0.0)
    by_piece = [asked.limits for _ in range(widths.shape[1])]
    solved = linprog(
        -asked.gains.T.ravel(),
        A_ub=hstack(by_piece, format="csr"),
        b_ub=asked.capacity,
        bounds=np.column_stack([np.zeros(widths.size), widths.T.ravel()]),
        method="highs-ds",
        options={"presolve": False},
    )
    return float(-solved.fun)


def main() -> None:
    print("stock: seconds ours / HiGHS (dual simplex, presolve off), gap to our own bound and to HiGHS")
    for stores, skus in SIZES:
        ours, peers, gaps = [], [], []
        for seed in range(REPEATS):
            asked = problem(stores, skus, seed)
            started = time.perf_counter()
            plan = solve_prices(asked)
            ours.append(time.perf_counter() - started)
            started = time.perf_counter()
            best = peer_value(asked)
            peers.append(time.perf_counter() - started)
            gaps.append((plan.gap_share, 1 - plan.value / best))
        own, peer = np.median(gaps, axis=0)
        print(f"  {stores} x {skus}: {np.median(ours):.2f} / {np.median(peers):.2f} s, gap {own:.3%} / {peer:.3%}")


if __name__ == "__main__":
    main()
