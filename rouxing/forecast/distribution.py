"""Demand as a distribution: how uncertain a day is, how much of that it shares with others, quantiles of any sum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import gamma

from rouxing.forecast.arrays import Matrix
from rouxing.forecast.history import Days
from rouxing.model.quantiles import LEVELS

_MOST_SHARED = 0.9


@dataclass(frozen=True)
class SharedShock:
    """Shares (0-1) of a store-day's variance that it has in common with others.

    ``day``: with other stores on the same day (weather, a push, the feed); ``store``: with other days of the same
    store (a level that was read wrong). What is left belongs to the store-day alone.
    """

    day: float
    store: float


def variance_of(mean: Matrix, dispersion: Matrix) -> Matrix:
    """Variance of pickups: mean + dispersion x mean^2 (negative-binomial form), pickups^2."""
    variance: Matrix = mean + dispersion * mean**2
    return variance


def dispersion_of(mean: Matrix, deviation: Matrix) -> Matrix:
    """The dispersion that gives counts of ``mean`` the standard ``deviation``; 0 where they are Poisson or calmer."""
    excess = np.maximum(deviation**2 - mean, 0.0)
    return np.divide(excess, mean**2, out=np.zeros_like(mean), where=mean > 0)


def gamma_quantiles(mean: Matrix, variance: Matrix) -> Matrix:
    """... x the seven levels: quantiles of the gamma distribution of that mean and variance; 0 where mean is 0."""
    safe, spread = np.maximum(mean, 1e-9), np.maximum(variance, 1e-12)
    quantiles = [gamma.ppf(level, safe**2 / spread, scale=spread / safe) for level in LEVELS]
    return np.stack([np.where(mean > 0, quantile, 0.0) for quantile in quantiles], axis=-1)


def quantiles_of_sum(
    mean: Matrix, dispersion: Matrix, store: Days, day: Days, group: Days, shock: SharedShock
) -> tuple[Matrix, Matrix]:
    """Mean (groups) and quantiles (groups x the seven levels) of the sum of the store-days of each group.

    Args:
        mean, dispersion: one per store-day, as forecast.
        store, day, group: codes from 0; ``group`` says which sum a store-day belongs to.
        shock: what store-days have in common.

    Two store-days of one group covary by the day's share of both deviations when the day is the same, by the store's
    when the store is. The sum is taken as gamma distributed. Cost: one pass over the rows.
    """
    groups = int(group.max()) + 1 if len(group) else 0
    variance = variance_of(mean, dispersion)
    deviation = np.sqrt(variance)
    own = (1.0 - shock.day - shock.store) * np.bincount(group, weights=variance, minlength=groups)
    shared = shock.day * _squared_sums(deviation, day, group, groups)
    shared += shock.store * _squared_sums(deviation, store, group, groups)
    total = np.bincount(group, weights=mean, minlength=groups).astype(np.float64)
    return total, gamma_quantiles(total, own + shared)


def shared_shock(residual: Matrix, store: Days, day: Days) -> SharedShock:
    """Shares estimated from standardised residuals of closed store-days, each forecast without having been seen.

    Rows of the same store-day (from several origins) count once, with their mean. A share is the mean product of the
    residuals of two different stores on one day (or of two days of one store) over the mean square; 0 where there is
    no pair.
    """
    cells = np.unique(np.stack([store, day]), axis=1, return_inverse=True)
    (stores, days), place = cells[0], np.ravel(cells[1])
    counts = np.bincount(place)
    value = np.bincount(place, weights=residual) / np.maximum(counts, 1)
    value = value - value.mean() if len(value) else value
    square = float((value**2).mean()) if len(value) else 0.0
    if square <= 0:
        return SharedShock(0.0, 0.0)
    shares = [float(np.clip(_mean_product(value, code) / square, 0.0, _MOST_SHARED)) for code in (days, stores)]
    total = max(1.0, sum(shares) / _MOST_SHARED)
    return SharedShock(shares[0] / total, shares[1] / total)


def _squared_sums(deviation: Matrix, code: Days, group: Days, groups: int) -> Matrix:
    """Per group: the sum over codes of the squared sum of deviations of one code."""
    codes = int(code.max()) + 1 if len(code) else 1
    sums = np.bincount(group * codes + code, weights=deviation, minlength=groups * codes)
    squares: Matrix = (sums.reshape(groups, codes) ** 2).sum(axis=1)
    return squares


def _mean_product(value: Matrix, code: Days) -> float:
    """Mean product of two different rows of the same code."""
    _, place, counts = np.unique(code, return_inverse=True, return_counts=True)
    sums = np.bincount(place, weights=value)
    pairs = float((counts * (counts - 1)).sum())
    return float((sums**2).sum() - (value**2).sum()) / pairs if pairs else 0.0
