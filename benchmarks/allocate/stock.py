"""Stock transfers: the pricing engine against SciPy's HiGHS on the same question, in one run.

The peer gets the linear relaxation, one variable a piece of each gain curve, no whole packs. At full size the pieces
end at the knots of the demand curves; with packs they end at each pack, so that the peer's value is the hull that whole
packs are judged by. Ratios hold between machines, seconds do not.

    python -m benchmarks.allocate.stock --full
"""

from __future__ import annotations

import argparse
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from benchmarks.relaxation import relaxed
from rouxing.optimize.curves import DemandCurves
from rouxing.optimize.pricing import PricedPlan, PricingProblem, solve

FloatArray = npt.NDArray[np.float64]

CENTRES = 3
SHARES = np.array([0.0, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 1.0])
DEVIATIONS = np.array([-9.0, -1.645, -1.282, -0.674, 0.0, 0.674, 1.282, 1.645, 2.6])
REPEATS = 3


def question(stores: int, skus: int, seed: int, pack: float = 1.0) -> PricingProblem:
    """A random but ordinary day: half of the supply rows and rooms are scarce, a third of the day is on hand.

    Rows: supply of each centre x SKU, volume of each store x zone (cold is every fourth SKU).
    """
    random = np.random.default_rng(seed)
    cells = stores * skus
    store, sku = np.divmod(np.arange(cells), skus)
    mean = random.gamma(2.0, 4.0, cells) + 0.2
    units = np.maximum(1.0 + random.uniform(0.3, 0.9, cells)[:, None] * DEVIATIONS, 0.0)
    units *= mean[:, None]
    margin, volume = random.uniform(200, 2000, skus), random.uniform(200, 2000, skus)
    holding = margin * random.uniform(0.02, 0.15, skus)
    base = np.floor(mean * random.uniform(0.0, 0.6, cells))
    rows = np.concatenate([store % CENTRES * skus + sku, CENTRES * skus + 2 * store + (sku % 4 == 0)])
    use = np.concatenate([np.ones(cells), volume[sku]])
    count = CENTRES * skus + 2 * stores
    limits = csr_array((use, (rows, np.tile(np.arange(cells), 2))), shape=(count, cells))
    scarcity = np.concatenate([random.uniform(0.5, 1.0, CENTRES * skus), random.uniform(0.6, 1.1, 2 * stores)])
    capacity = np.floor(limits @ np.maximum(units[:, 6] - base, 0.0) * scarcity)
    # Centres hold whole packs.
    capacity[: CENTRES * skus] = np.floor(capacity[: CENTRES * skus] / pack) * pack
    zero = np.zeros(cells)
    return PricingProblem(
        curves=DemandCurves(SHARES, units),
        worth=(margin + holding)[sku],
        cost=holding[sku],
        base=base,
        lower=zero,
        upper=np.ceil(np.maximum(units[:, -1] - base, 0.0) / pack) * pack,
        step=np.full(cells, pack),
        previous=zero,
        move_cost=zero,
        unit_limits=limits,
        unit_capacity=capacity,
        effect_limits=csr_array((0, cells)),
        effect_capacity=np.zeros(0),
        tie_key=np.arange(cells),
    )


def knots(asked: PricingProblem) -> FloatArray:
    """Ends (J, 10) of the pieces between the knots of the demand curves, in units sent."""
    inner = np.clip(asked.curves.units - asked.base[:, None], 0.0, asked.upper[:, None])
    return np.hstack([np.zeros((len(inner), 1)), inner])


def packs(asked: PricingProblem) -> FloatArray:
    """Ends (J, most packs + 1) of the pieces, one a pack."""
    most = int((asked.upper / asked.step).max())
    return np.minimum(np.arange(most + 1) * asked.step[:, None], asked.upper[:, None])


def timed(asked: PricingProblem) -> tuple[PricedPlan, float]:
    started = time.perf_counter()
    plan = solve(asked)
    return plan, time.perf_counter() - started


def compare(stores: int, skus: int, pack: float) -> None:
    """One line: medians of both, how far our bound and the peer's value lie above our plan of whole packs."""
    found = []
    for seed in range(REPEATS):
        asked = question(stores, skus, seed, pack)
        plan, ours = timed(asked)
        peer = relaxed(asked, packs(asked) if pack > 1 else knots(asked))
        assert peer is not None
        found.append((ours, peer.seconds, peer.seconds / ours, plan.gap_share, 1 - plan.value / peer.value))
    ours, theirs, ratio, gap, behind = np.median(found, axis=0)
    print(
        f"  {stores} x {skus}, packs of {pack:g}: {ours:.2f} / {theirs:.2f} s ({ratio:.1f} times), "
        f"certificate {gap:.4%}, {'hull' if pack > 1 else 'pieces between knots'} {behind:+.4%}",
        flush=True,
    )


def large(stores: int, skus: int) -> tuple[float, float, float]:
    """Seconds, certificate and peak memory (GB, with the question itself) of one big question."""
    plan, seconds = timed(question(stores, skus, 0))
    return seconds, plan.gap_share, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main(is_full: bool = False) -> None:
    print("stock: seconds ours / HiGHS (dual simplex, presolve off), certificate, value below the peer's relaxation")
    if is_full:
        # A process of its own, so that the memory is that of this question alone.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            seconds, gap, memory = alone.submit(large, 10_000, 500).result()
        print(f"  10000 x 500: {seconds:.1f} s, certificate {gap:.4%}, {memory:.1f} GB at most", flush=True)
    compare(200, 50, 6.0)
    compare(300, 200, 6.0)
    compare(300, 200, 12.0)
    compare(*((2000, 200) if is_full else (300, 60)), 1.0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true", help="the sizes of a large chain; minutes")
    main(parser.parse_args().full)
