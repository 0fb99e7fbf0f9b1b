"""Load of a store-day or half hour: its upper quantile when its mean moves, and the mean that a capacity allows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rouxing.optimize.checks import FloatArray, finite_array, refuse_where

# Upper quantiles of the normal distribution; what a load without a forecast of its own is spread by.
NORMAL_QUANTILES = {"p75": 0.6744897501960817, "p90": 1.2815515655446004, "p95": 1.6448536269514722}
# Risk at which a half hour may be fuller than its people can serve: people are planned for the same quantile.
SLOT_QUANTILE = "p75"
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class ForecastLoads:
    """Forecast pickups of N store-days or half hours: ``mean``, its ``upper`` quantile (never below the mean) and
    ``dispersion`` a (variance = mean + a mean^2), arrays (N,). ``z``: normal quantile for those with mean 0.
    """

    mean: FloatArray
    upper: FloatArray
    dispersion: FloatArray
    z: float = NORMAL_QUANTILES["p90"]

    @property
    def distance(self) -> FloatArray:
        """Distance (N,) of the upper quantile from the mean, in standard deviations of the forecast."""
        deviation = np.sqrt(self.mean + self.dispersion * self.mean**2)
        known = deviation > _TINY
        return np.asarray(np.where(known, (self.upper - self.mean) / np.where(known, deviation, 1.0), self.z))


def forecast_loads(mean: FloatArray, upper: FloatArray, dispersion: FloatArray, quantile: str) -> ForecastLoads:
    """The forecast as it enters the limits; an upper quantile below its mean counts as the mean.

    Raises:
        RefusedInputError: NaN, negative numbers, a quantile that is not one of `NORMAL_QUANTILES`.
    """
    names = ", ".join(NORMAL_QUANTILES)
    refuse_where([quantile not in NORMAL_QUANTILES], f"{quantile} is no upper quantile of a load; take one of {names}")
    mean, upper, dispersion = (
        finite_array(values, f"loads.{name}")
        for name, values in (("forecast_mean", mean), ("forecast_upper", upper), ("dispersion", dispersion))
    )
    return ForecastLoads(mean, np.maximum(upper, mean), dispersion, NORMAL_QUANTILES[quantile])


def upper_load(mean: FloatArray, forecast: ForecastLoads) -> FloatArray:
    """Upper quantile (N,) of the total when its mean is ``mean`` (N,) instead of the forecast's.

    U(m) = m + k sqrt(m + a m^2): the distance from the mean grows as the standard deviation does; k is the forecast's.

    >>> loads = forecast_loads(np.array([100.0]), np.array([120.0]), np.array([0.0]), "p90")
    >>> upper_load(np.array([64.0]), loads).tolist()
    [80.0]
    """
    least = np.maximum(mean, 0.0)
    return np.asarray(least + forecast.distance * np.sqrt(least + forecast.dispersion * least**2))


def mean_limit(capacity: FloatArray, forecast: ForecastLoads) -> FloatArray:
    """Largest mean (N,) whose upper quantile is within ``capacity`` (N,): the inverse of `upper_load`.

    The smaller root of (1 - k^2 a) m^2 - (2 C + k^2) m + C^2 = 0, written so that it stays exact where 1 = k^2 a.

    >>> loads = forecast_loads(np.array([100.0]), np.array([120.0]), np.array([0.0]), "p90")
    >>> mean_limit(np.array([80.0]), loads).tolist()
    [64.0]
    """
    most = np.maximum(capacity, 0.0)
    square = forecast.distance**2
    middle = 2.0 * most + square
    root = np.sqrt(square**2 + 4.0 * most * square * (1.0 + forecast.dispersion * most))
    total = middle + root
    return np.asarray(np.where(total > 0, 2.0 * most**2 / np.where(total > 0, total, 1.0), 0.0))


def slot_day_limit(
    capacity: FloatArray, mean: FloatArray, dispersion: FloatArray, day: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """Largest mean (N,) of the whole day that keeps each half hour's ``capacity`` (N,).

    The capacity is the rate of arrivals that keeps the wait target: chance within the rate is in it already. So only
    the rate's own upper quantile counts, ``mean`` x (1 + z sqrt(``dispersion``)), not that of the number who come.
    ``day``: mean of the day and of its half hours still to come, (N,) each, at the half hours. What a day gains falls
    into the half hours to come in proportion to their means; one that expects nobody limits nothing.
    """
    busy = mean > _TINY
    upper = mean * (1.0 + NORMAL_QUANTILES[SLOT_QUANTILE] * np.sqrt(dispersion))
    share = np.maximum(capacity, 0.0) / np.where(busy, upper, 1.0)
    whole, rest = day
    return np.asarray(np.where(busy, np.maximum(whole + rest * (share - 1.0), 0.0), np.inf))
