"""Arrivals a day from the counter's own recent days: the level where no forecast of the day is at hand."""

from __future__ import annotations

import numpy as np

from rouxing.forecast.calendar import Flags
from rouxing.forecast.history import Days
from rouxing.forecast.panel import Matrix

_HALF_LIFE_DAYS = 56.0
_RECENT_HALF_LIFE_DAYS = 1.0
_RECENT_WEIGHT = 2.0  # days' worth of doubt about what the last days tell
_FADING = 0.6  # share of the last days' surprise that is left from one day to the next
_LARGEST_SURPRISE = 0.7
_WEEKDAY_WEIGHT = 0.5  # days' worth of the store's other weekdays in a weekday
_UNKNOWN_DEVIATION = 0.5


def recent_levels(totals: Matrix, ordinary: Flags, weekday: Days) -> tuple[Matrix, Matrix]:
    """Mean and standard deviation of the arrivals on the days after the history; stores x days ahead each.

    totals: stores x days of history, arrivals. ordinary: which of them count. weekday: 0 = Monday, of the days of
    history and the days ahead. Decayed mean of the weekday, times what the last days were above their own, fading by
    the day. A store without any ordinary day gets the mean of all stores and a deviation of half of it.
    """
    past = totals.shape[1]
    age = np.arange(past - 1, -1, -1)
    base = _weekday_means(totals, ordinary * 0.5 ** (age / _HALF_LIFE_DAYS), weekday[:past])
    surprise = _surprise(totals, base[:, weekday[:past]])
    weight = ordinary * 0.5 ** (age / _RECENT_HALF_LIFE_DAYS)
    recent = (surprise * weight).sum(axis=1) / (weight.sum(axis=1) + _RECENT_WEIGHT)
    ahead = np.arange(len(weekday) - past)
    mean = base[:, weekday[past:]] * np.exp(recent[:, None] * _FADING**ahead)
    known: Flags = np.asarray(ordinary.any(axis=1))
    typical = mean[known].mean(axis=0) if known.any() else np.zeros(len(ahead))
    mean = np.where(known[:, None], mean, typical)
    return mean, mean * np.where(known, _relative_deviation(surprise, totals > 0), _UNKNOWN_DEVIATION)[:, None]


def _weekday_means(totals: Matrix, weight: Matrix, weekday: Days) -> Matrix:
    """Stores x 7: weighted means, drawn to the store's own level times the pool's weekday."""
    of_day = (weekday[:, None] == np.arange(7)) * 1.0
    sums, days = (totals * weight) @ of_day, weight @ of_day
    overall = _divided(sums.sum(axis=1), days.sum(axis=1))[:, None]
    pool = _divided(sums.sum(axis=0), (overall * days).sum(axis=0))
    means: Matrix = (sums + _WEEKDAY_WEIGHT * overall * pool) / (days + _WEEKDAY_WEIGHT)
    return means


def _divided(values: Matrix, by: Matrix) -> Matrix:
    return np.divide(values, by, out=np.ones_like(values), where=by > 0)


def _surprise(totals: Matrix, base: Matrix) -> Matrix:
    """Log of totals over base, within a factor of two; 0 on days without arrivals."""
    ratio = np.log(np.maximum(totals, 1.0) / np.maximum(base, 1.0))
    return np.where(totals > 0, np.clip(ratio, -_LARGEST_SURPRISE, _LARGEST_SURPRISE), 0.0)


def _relative_deviation(surprise: Matrix, seen: Flags) -> Matrix:
    """Root mean square of the surprises per store, drawn to the pool's by a week of days.

    Days that do not count for the level count here: the next unknown holiday comes as unannounced as the last.
    """
    squares, days = (surprise**2).sum(axis=1), seen.sum(axis=1)
    pool = squares.sum() / max(days.sum(), 1)
    deviation: Matrix = np.sqrt((squares + 7.0 * pool) / (days + 7.0))
    return deviation
