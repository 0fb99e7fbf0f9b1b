"""The rate at which an exposure (pickups, walk-in units) turns into units of each SKU: chain, district, store.

The chain's rate follows fast, a store's taste against the chain slowly; each level is drawn to the one above it by the
gamma-Poisson rule, with a weight that the spread between its members tells (empirical Bayes by moments).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from rouxing.forecast.history import Days
from rouxing.forecast.panel import Matrix, summed

_SMOOTHING_DAYS = 7.0
_HALF_LIVES = (3.0, 6.0, 12.0, 24.0)  # each twice the one before
_AHEAD, _JUDGED_DAYS = 2, 28
_DAMPING, _MOST_TREND = 1.0, 1.3
_DISPERSION_UNITS = 200.0  # a SKU's own dispersion weighs as much as that of all at so many units
_LEAST_SPREAD = 1e-3  # squared relative spread of stores or districts below which they are taken to be alike
_USUAL_ERROR, _MOST_ERROR = 0.2, 1.0


@dataclass(frozen=True)
class Rows:
    """Amounts by store, SKU and day: codes (day 0 = oldest) and the amount, in any order, cells repeated or missing."""

    store: Days
    sku: Days
    day: Days
    amount: Matrix

    def take(self, mask: npt.NDArray[np.bool_]) -> Rows:
        """The chosen rows."""
        return Rows(self.store[mask], self.sku[mask], self.day[mask], self.amount[mask])

    def times(self, factor: Matrix) -> Rows:
        """The rows with each amount times its factor."""
        return Rows(self.store, self.sku, self.day, self.amount * factor)

    def by_sku_day(self, shape: tuple[int, int]) -> Matrix:
        """SKUs x days: sums of the amounts."""
        return summed(self.sku * shape[1] + self.day, self.amount, shape)

    def by_store_sku(self, shape: tuple[int, int]) -> Matrix:
        """Stores x SKUs: sums of the amounts."""
        return summed(self.store * shape[1] + self.sku, self.amount, shape)


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
    """Half-life of the stores' tastes, and days held out to tell the rate's error; both in days."""

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
    sold: Rows, missed: Rows, exposure: Matrix, weekday: Matrix, district: Days, parameters: MixParameters
) -> Mix:
    """The mix as of the last day.

    Args:
        sold: units of one channel. missed: exposure that could not turn into units of a SKU, because it was out and
            what was asked for then was not seen.
        exposure: (S, T) pickups, or units sold in the store. weekday: (K, T) factor of the day's kind on a rate.
        district: (S,) codes.
    """
    past = exposure.shape[1] - parameters.trial_days
    fit = _fit(sold, missed, exposure, weekday, district, parameters)
    dispersion = _dispersion(sold, exposure, fit)
    if past < parameters.trial_days:
        return Mix(fit.rates, dispersion, np.zeros(len(weekday)))
    before = (sold.take(sold.day < past), missed.take(missed.day < past))
    trial = _fit(*before, exposure[:, :past], weekday[:, :past], district, parameters)
    shape = fit.rates.shape
    lost = missed.take(missed.day >= past)
    lost = lost.times(weekday[lost.sku, lost.day])
    met = exposure[:, past:] @ weekday[:, past:].T - lost.by_store_sku(shape)
    actual = sold.take(sold.day >= past).by_store_sku(shape)
    return Mix(fit.rates, dispersion, _rate_error(actual, trial.rates * met.clip(min=0.0), dispersion))


def _fit(
    sold: Rows, missed: Rows, exposure: Matrix, weekday: Matrix, district: Days, parameters: MixParameters
) -> _Fit:
    units = sold.by_sku_day(weekday.shape)
    # Days before a SKU came into the range say nothing of it.
    in_range = np.cumsum(units, axis=1) > 0
    exposed = (exposure.sum(axis=0) - missed.by_sku_day(weekday.shape)).clip(min=0.0) * weekday * in_range
    usual = _smoothed(units, exposed) * weekday * in_range
    weight = 0.5 ** (np.arange(exposure.shape[1])[::-1] / parameters.store_half_life)
    shape = (exposure.shape[0], len(weekday))
    lost = missed.times(weight[missed.day] * usual[missed.sku, missed.day])
    expected = (exposure * weight) @ usual.T - lost.by_store_sku(shape)
    actual = sold.times(weight[sold.day]).by_store_sku(shape)
    tastes = _tastes(actual, expected.clip(min=0.0), district)
    return _Fit(_latest_rate(units, exposed) * tastes, usual, tastes)


def _latest_rate(units: Matrix, exposed: Matrix) -> Matrix:
    """(K,) units over exposure two days ahead: of several half-lives, with and without a damped trend, each SKU has
    what would have told its latest days best, so that a fashion is followed as fast as it can be seen.
    """
    slow = [_exponential(units, exposed, half_life) for half_life in _HALF_LIVES]
    rates = [*slow, *(_with_trend(fast, level) for fast, level in pairwise(slow))]
    losses = [_loss(rate, units, exposed) for rate in rates]
    best: Matrix = np.stack(rates)[np.argmin(np.stack(losses), axis=0), np.arange(len(units)), -1]
    return best


def _exponential(units: Matrix, exposed: Matrix, half_life: float) -> Matrix:
    """SKUs x days: units over exposure up to each day, older days weighing less."""
    day = np.arange(units.shape[1])
    age = day - day[:, None]
    kernel = np.where(age >= 0, 0.5 ** (age.clip(min=0) / half_life), 0.0)
    return _ratio(units @ kernel, exposed @ kernel)


def _with_trend(fast: Matrix, slow: Matrix) -> Matrix:
    """The faster rate moved on by its lead over the one of twice the half-life, damped."""
    lead = np.divide(fast, slow, out=np.ones_like(fast), where=slow > 0).clip(1 / _MOST_TREND, _MOST_TREND)
    result: Matrix = fast * lead**_DAMPING
    return result


def _loss(rate: Matrix, units: Matrix, exposed: Matrix) -> Matrix:
    """(K,) squared error over the mean of the latest days, each told by the rate two days before."""
    expected = (rate[:, :-_AHEAD] * exposed[:, _AHEAD:])[:, -_JUDGED_DAYS:]
    error: Matrix = ((units[:, _AHEAD:][:, -_JUDGED_DAYS:] - expected) ** 2 / (expected + 1.0)).sum(axis=1)
    return error


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


def _dispersion(sold: Rows, exposure: Matrix, fit: _Fit) -> Matrix:
    """(K,) variance over mean of a store-day's units, from squared deviations of all store-days, zeros included."""
    here = exposure[sold.store, sold.day] * fit.usual[sold.sku, sold.day] * fit.tastes[sold.store, sold.sku]
    seen = summed(sold.sku, sold.amount**2 - 2 * sold.amount * here, (fit.rates.shape[1],))
    square = (exposure**2 @ (fit.usual**2).T * fit.tastes**2).sum(axis=0)
    mean = (exposure @ fit.usual.T * fit.tastes).sum(axis=0)
    deviation = (seen + square).clip(min=0.0)
    pool = float(deviation.sum() / mean.sum()) if mean.sum() > 0 else 1.0
    result: Matrix = (deviation + _DISPERSION_UNITS * pool) / (mean + _DISPERSION_UNITS)
    return result.clip(min=1.0)


def _rate_error(actual: Matrix, expected: Matrix, dispersion: Matrix) -> Matrix:
    """(K,) relative error of a rate over the trial days beyond what chance explains, drawn to that of all SKUs.

    Squared deviations weigh by the inverse of their variance, so that small stores count as well.
    """
    chance = dispersion * expected
    weight = 1.0 / (chance + _USUAL_ERROR**2 * expected**2 + 1e-9) ** 2
    excess = (weight * expected**2 * ((actual - expected) ** 2 - chance)).sum(axis=0)
    square = (weight * expected**4).sum(axis=0)
    if not square.any():
        return np.zeros(len(square))
    pool = square.mean()
    own = (excess + pool * excess.sum() / square.sum()) / (square + pool)
    return np.asarray(np.sqrt(own.clip(min=0.0, max=_MOST_ERROR)))


def _smoothed(units: Matrix, exposed: Matrix) -> Matrix:
    """SKUs x days: units over exposure around each day, on both sides."""
    day = np.arange(units.shape[1])
    kernel = np.exp(-np.abs(day[:, None] - day) / _SMOOTHING_DAYS)
    return _ratio(units @ kernel, exposed @ kernel)


def _ratio(units: Matrix, exposed: Matrix) -> Matrix:
    return np.divide(units, exposed, out=np.zeros_like(units), where=exposed > 0)
