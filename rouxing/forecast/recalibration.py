"""How far observed redemptions are from expected ones, believed as far as their own noise allows."""

from __future__ import annotations

import numpy as np

from rouxing.forecast.panel import Matrix

HALF_LIFE_DAYS = 2.0


def shrunken_ratio(observed: Matrix, expected: Matrix) -> Matrix:
    """Observed over expected counts per group, drawn to 1 by their noise.

    Gamma-Poisson: with variance v of the true ratios between groups, (observed + 1/v) / (expected + 1/v).
    v is found by moments (Marshall 1991, global empirical Bayes): what of the squared differences Poisson noise does
    not explain. No more difference than noise gives 1 everywhere.

    >>> shrunken_ratio(np.array([50.0, 150.0]), np.array([100.0, 100.0])).round(3).tolist()
    [0.52, 1.48]
    """
    variance = _variance_between(observed, expected)
    if variance <= 0:
        return np.ones_like(expected)
    return (observed + 1 / variance) / (expected + 1 / variance)


def cohort_levels(observed: Matrix, expected: Matrix) -> Matrix:
    """Level of each claim day's redemption rate against the expected one, from redemptions up to now.

    ``observed`` and ``expected`` redemptions so far per claim day (expected = claims x share redeemed by their age),
    days in order. Each day's level is the ratio of sums that weigh other days down by half for every two days between,
    so the newest days, which have no later neighbours, follow a moved base rate within days.
    """
    variance = _variance_between(observed, expected)
    if variance <= 0:
        return np.ones_like(expected)
    day = np.arange(len(expected))
    weight = 0.5 ** (np.abs(day[:, None] - day) / HALF_LIFE_DAYS)
    levels: Matrix = (weight @ observed + 1 / variance) / (weight @ expected + 1 / variance)
    return levels


def _variance_between(observed: Matrix, expected: Matrix) -> float:
    squares = float((expected**2).sum())
    return float(((observed - expected) ** 2 - expected).sum()) / squares if squares > 0 else 0.0
