"""The rate at which an exposure (pickups, walk-in units) turns into units of each SKU: chain, district, store.

The chain's rate follows fast, a store's taste against the chain slowly; each level is drawn to the one above it by the
gamma-Poisson rule, with a weight that the spread between its members tells (empirical Bayes by moments).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rouxing.forecast.history import Days
from rouxing.forecast.panel import Matrix, summed

_SMOOTHING_DAYS = 7.0
_DISPERSION_UNITS = 200.0  # a SKU's own dispersion weighs as much as that of all at so many units
_LEAST_SPREAD = 1e-3  # squared relative spread of stores or districts below which they are taken to be alike
_MOST_ERROR = 1.0


@dataclass(frozen=True)
class Sales:
    """Rows of sales: codes of store, SKU and day (0 = oldest), units, and the share of the day the SKU was out."""

    store: Days
    sku: Days
    day: Days
    units: Matrix
    out: Matrix

    def take(self, mask: npt.NDArray[np.bool_]) -> Sales:
        """The chosen rows."""
        return Sales(*(getattr(self, name)[mask] for name in self.__dataclass_fields__))

    def sums(self, axes: tuple[str, ...], shape: tuple[int, ...], weights: Matrix) -> Matrix:
        """Sums of ``weights`` by the named codes, an array of ``shape``."""
        cells = np.ravel_multi_index(tuple(getattr(self, axis) for axis in axes), shape)
        return summed(cells, weights, shape)


@dataclass(frozen=True)
class Mix:
    """Units per exposure, stores x SKUs, on an average day of the week as of the last day; and its uncertainty by SKU:
    ``dispersion`` (variance over mean of a day's units) and ``rate_error`` (relative standard deviation of the rate).
    """

    rates: Matrix
    dispersion: Matrix
    rate_error: Matrix


@dataclass(frozen=True)
class MixParameters:
    """Half-lives of the chain's rate and of the stores' tastes, and days held out to tell the rate's error, days."""

    chain_half_life: float
    store_half_life: float
    trial_days: int


@dataclass(frozen=True)
class _Fit:
    """``rates`` (S, K) as of the last day; ``usual`` (K, T) the chain's units per exposure on each day of the past;
    ``tastes`` (S, K) a store's rate over the chain's.
    """

    rates: Matrix
    usual: Matrix
    tastes: Matrix


def fit_mix(
    sales: Sales, exposure: Matrix, weekday: Matrix, district: Days, is_censored: bool, parameters: MixParameters
) -> Mix:
    """The mix as of the last day.

    Args:
        sales: ``units`` of one channel; with ``is_censored``, hours in which a SKU was out are no exposure (what was
            asked for then was not seen); otherwise refused units are among the rows.
        exposure: (S, T) pickups or units in the stores. weekday: (K, T) factor of the day's kind on a SKU's rate.
        district: (S,) codes.
    """
    stores, days = exposure.shape
    fit = _fit(sales, exposure, weekday, district, is_censored, parameters)
    dispersion = _dispersion(sales, exposure, fit, (stores, len(weekday)))
    past = days - parameters.trial_days
    if past < parameters.trial_days:
        return Mix(fit.rates, dispersion, np.zeros(len(weekday)))
    seen = sales.take(sales.day < past)
    trial = _fit(seen, exposure[:, :past], weekday[:, :past], district, is_censored, parameters)
    expected = trial.rates * (exposure[:, past:] @ weekday[:, past:].T)
    if is_censored:
        expected = expected - _unseen(sales, exposure, trial, weekday, past)
    unseen = sales.take(sales.day >= past)
    actual = unseen.sums(("store", "sku"), expected.shape, unseen.units)
    return Mix(fit.rates, dispersion, _rate_error(actual, expected, dispersion))


def _fit(
    sales: Sales, exposure: Matrix, weekday: Matrix, district: Days, is_censored: bool, parameters: MixParameters
) -> _Fit:
    stores, days = exposure.shape
    age = np.arange(days)[::-1]
    missed = sales.out * exposure[sales.store, sales.day] * is_censored
    units = sales.sums(("sku", "day"), weekday.shape, sales.units)
    exposed = (exposure.sum(axis=0) - sales.sums(("sku", "day"), weekday.shape, missed)).clip(min=0.0) * weekday
    # Days before a SKU came into the range say nothing of it.
    exposed = exposed * (np.cumsum(units, axis=1) > 0)
    usual = _smoothed(units, exposed) * weekday
    chain = _ratio(
        (units * _decay(age, parameters.chain_half_life)).sum(1),
        (exposed * _decay(age, parameters.chain_half_life)).sum(1),
    )
    weight = _decay(age, parameters.store_half_life)
    shape = (stores, len(weekday))
    listed = usual * (np.cumsum(units, axis=1) > 0)
    expected = (exposure * weight) @ listed.T - sales.sums(
        ("store", "sku"), shape, missed * weight[sales.day] * usual[sales.sku, sales.day]
    )
    actual = sales.sums(("store", "sku"), shape, sales.units * weight[sales.day])
    tastes = _tastes(actual, expected.clip(min=0.0), district)
    return _Fit(chain * tastes, listed, tastes)


def _tastes(actual: Matrix, expected: Matrix, district: Days) -> Matrix:
    """Stores x SKUs: units over what the chain's rate expects, drawn to the district's and that to 1."""
    districts = int(district.max(initial=-1)) + 1
    member = np.zeros((districts, len(district)))
    member[district, np.arange(len(district))] = 1.0
    actual_there, expected_there = member @ actual, member @ expected
    level = _drawn(actual_there, expected_there, np.ones_like(actual_there))[district]
    return _drawn(actual, expected, level)


def _drawn(actual: Matrix, expected: Matrix, prior: Matrix) -> Matrix:
    """Gamma-Poisson estimate of actual over expected around ``prior``; the prior's weight by moments, in units."""
    base = expected * prior
    spread = ((actual - base) ** 2 - base).sum() / max(float((base**2).sum()), 1e-12)
    weight = 1.0 / max(float(spread), _LEAST_SPREAD)
    result: Matrix = prior * (actual + weight) / (base + weight)
    return result


def _dispersion(sales: Sales, exposure: Matrix, fit: _Fit, shape: tuple[int, int]) -> Matrix:
    """(K,) variance over mean of a store-day's units, from squared deviations of all store-days, zeros included."""
    here = exposure[sales.store, sales.day] * fit.usual[sales.sku, sales.day] * fit.tastes[sales.store, sales.sku]
    seen = sales.sums(("sku",), (shape[1],), sales.units**2 - 2 * sales.units * here)
    square = (exposure**2 @ (fit.usual**2).T * fit.tastes**2).sum(axis=0)
    mean = (exposure @ fit.usual.T * fit.tastes).sum(axis=0)
    deviation = (seen + square).clip(min=0.0)
    pool = float(deviation.sum() / mean.sum()) if mean.sum() > 0 else 1.0
    result: Matrix = (deviation + _DISPERSION_UNITS * pool) / (mean + _DISPERSION_UNITS)
    return result.clip(min=1.0)


def _unseen(sales: Sales, exposure: Matrix, trial: _Fit, weekday: Matrix, past: int) -> Matrix:
    """Units that the trial expects in hours in which SKUs were out, stores x SKUs."""
    late = sales.take(sales.day >= past)
    rate = trial.rates[late.store, late.sku] * weekday[late.sku, late.day]
    return late.sums(("store", "sku"), trial.rates.shape, late.out * exposure[late.store, late.day] * rate)


def _rate_error(actual: Matrix, expected: Matrix, dispersion: Matrix) -> Matrix:
    """(K,) relative error of a rate over the trial days beyond what chance explains, drawn to that of all SKUs."""
    excess = ((actual - expected) ** 2 - dispersion * expected).sum(axis=0)
    square = (expected**2).sum(axis=0)
    if not square.any():
        return np.zeros(len(square))
    weight = square.mean()
    own = (excess + weight * excess.sum() / square.sum()) / (square + weight)
    return np.asarray(np.sqrt(own.clip(min=0.0, max=_MOST_ERROR)))


def _smoothed(units: Matrix, exposed: Matrix) -> Matrix:
    """SKUs x days: units over exposure around each day, on both sides."""
    day = np.arange(units.shape[1])
    kernel = np.exp(-np.abs(day[:, None] - day) / _SMOOTHING_DAYS)
    return _ratio(units @ kernel, exposed @ kernel)


def _decay(age: Days, half_life: float) -> Matrix:
    result: Matrix = 0.5 ** (age / half_life)
    return result


def _ratio(units: Matrix, exposed: Matrix) -> Matrix:
    return np.divide(units, exposed, out=np.zeros_like(units), where=exposed > 0)
