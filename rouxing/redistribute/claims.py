"""Demand for coupons of a day as a quantile curve: what is issued already and a gamma for the rest."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import gammainc, gammaincinv

from rouxing.optimize.checks import BoolArray, FloatArray
from rouxing.optimize.curves import DemandCurves

SHARES = np.array([0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0])
# Shapes of the table; between two of them quantiles differ by less than a thousandth of the standard deviation.
_SHAPES = np.geomspace(1e-3, 1e6, 2_000)


def claim_curves(issued: FloatArray, rest: FloatArray, dispersion: FloatArray) -> DemandCurves:
    """Claims of the whole day if no quota cut them off, with mean exactly ``issued + rest``.

    ``issued`` (J,) coupons are out; ``rest`` (J,) mean claims still to come, gamma distributed with variance
    rest + ``dispersion`` (J,) x rest^2 as a negative binomial. The first knot keeps the mean of the lowest twentieth,
    the last one makes up for the straight lines between the others. Cost: one table look-up per cell and share.
    """
    shape = np.clip(rest / (1.0 + dispersion * rest), _SHAPES[0], _SHAPES[-1])
    known = _between(_gamma_table(), shape) * (rest / shape)[:, None]
    units = np.empty((rest.size, SHARES.size))
    units[:, 1:-1] = known[:, 1:]
    units[:, 0] = np.minimum(known[:, 0], known[:, 1])
    widths = np.diff(SHARES)
    below = (widths[:-1] * (units[:, :-2] + units[:, 1:-1])).sum(axis=1) / 2.0
    units[:, -1] = np.maximum(2.0 * (rest - below) / widths[-1] - units[:, -2], units[:, -2])
    return DemandCurves(SHARES, issued[:, None] + units)


def rest_of_claims(
    wanted: FloatArray, issued: FloatArray, is_sold_out: BoolArray, left_share: FloatArray, dispersion: float
) -> tuple[FloatArray, FloatArray]:
    """Mean and dispersion (J,) of the claims still to come on a day of which ``left_share`` (J,) is left.

    Before the day, claims have mean ``wanted`` and variance wanted + a wanted^2: a Poisson number whose level is
    gamma distributed with shape 1 / a. Claims so far move the level to (1 / a + issued) / (1 / a + wanted x share
    gone); what remains unknown shrinks to 1 / (1 / a + issued). A cell that is sold out can only show that more was
    wanted, never less. Source: gamma-Poisson conjugacy (Gelman et al., Bayesian Data Analysis, section 2.6).
    """
    shape = 1.0 / dispersion
    gone = wanted * (1.0 - left_share)
    level = (shape + issued) / (shape + gone)
    level = np.where(is_sold_out, np.maximum(level, 1.0), level)
    return wanted * left_share * level, 1.0 / (shape + issued)


def _between(table: FloatArray, shape: FloatArray) -> FloatArray:
    """Rows of the table (shapes, columns) at each shape (J,), straight between two of them on the logarithm."""
    place = (np.log(shape) - np.log(_SHAPES[0])) / np.log(_SHAPES[1] / _SHAPES[0])
    low = np.clip(np.floor(place).astype(np.int64), 0, _SHAPES.size - 2)
    above = (place - low)[:, None]
    return np.asarray(table[low] * (1.0 - above) + table[low + 1] * above)


@cache
def _gamma_table() -> FloatArray:
    """Shapes x (first knot, inner shares): quantiles of a gamma of scale 1.

    The first knot is where a straight line up to the next has the mean of the values below that: never below 0.
    """
    inner = gammaincinv(_SHAPES[:, None], SHARES[None, 1:-1])
    lowest_mean = _SHAPES * gammainc(_SHAPES + 1.0, inner[:, 0]) / SHARES[1]
    return np.column_stack([np.maximum(2.0 * lowest_mean - inner[:, 0], 0.0), inner])
