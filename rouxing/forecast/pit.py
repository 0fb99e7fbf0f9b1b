"""Coverage of whole-number demand: the randomised probability integral transform."""

from __future__ import annotations

import zlib

import numpy as np
import pandas as pd

from rouxing.forecast.history import day_numbers
from rouxing.forecast.panel import Matrix
from rouxing.model.quantiles import LEVELS

_HALF = 0.5
_MIX = np.uint64(0x9E3779B97F4A7C15)


def randomised_pit(quantiles: Matrix, pickups: Matrix, draws: Matrix) -> Matrix:
    """Share of the forecast distribution below each row's pickups, 0-1; uniform when the forecast is right.

    A whole number y takes the step of the distribution from y - 1/2 to y + 1/2; ``draws`` (0-1) say where in the step
    a row falls, so that a store of few pickups is not called covered merely because whole numbers are coarse (Czado,
    Gneiting, Held 2009). ``quantiles``: rows x the seven levels, straight lines between them.
    """
    below, above = (_distribution(quantiles, pickups + half) for half in (-_HALF, _HALF))
    result: Matrix = below + draws * (above - below)
    return result


def row_draws(rows: pd.DataFrame) -> Matrix:
    """One number in 0-1 per row of ``store_id, origin, date``: looks drawn, and is the same in every run."""
    stores, place = np.unique(rows["store_id"].to_numpy(dtype=object), return_inverse=True)
    named = np.array([zlib.crc32(str(store).encode()) for store in stores], dtype=np.uint64)
    key = named[place] << np.uint64(32)
    key += day_numbers(rows["origin"]).astype(np.uint64) << np.uint64(16)
    return _scattered(key + day_numbers(rows["date"]).astype(np.uint64))


def _scattered(key: np.ndarray) -> Matrix:
    """Splitmix64: neighbouring keys give unrelated numbers (Steele, Lea, Flood 2014)."""
    mixed = key + _MIX
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    result: Matrix = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
    return result


def _distribution(quantiles: Matrix, x: Matrix) -> Matrix:
    """Share below ``x``: straight between the levels; beyond the outer ones it runs on as steeply as beside them."""
    result = np.where(x >= quantiles[:, 0], LEVELS[0], 0.0)
    for place in range(len(LEVELS) - 1):
        low, high = quantiles[:, place], quantiles[:, place + 1]
        step = np.divide(x - low, high - low, out=(x >= high).astype(np.float64), where=high > low)
        result = np.where(x >= low, LEVELS[place] + (LEVELS[place + 1] - LEVELS[place]) * np.clip(step, 0, 1), result)
    result += _tail(quantiles[:, 0] - x, quantiles, lower=True) + _tail(x - quantiles[:, -1], quantiles)
    return np.where(x < 0, 0.0, result)


def _tail(beyond: Matrix, quantiles: Matrix, *, lower: bool = False) -> Matrix:
    """What to add outside the outer quantiles: up to their own level (0.05) at the distance to the next but one."""
    reach = quantiles[:, 2] - quantiles[:, 0] if lower else quantiles[:, -1] - quantiles[:, -3]
    share = np.divide(beyond, reach, out=np.ones_like(beyond), where=reach > 0)
    inside = LEVELS[0] * np.clip(share, 0, 1)
    result: Matrix = np.where(beyond > 0, LEVELS[0] - inside if lower else inside, 0.0)
    return result
