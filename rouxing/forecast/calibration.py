"""Levels and intervals set right on the latest closed days, and the choice between model and rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import gamma

from rouxing.forecast.history import Days
from rouxing.forecast.panel import Matrix

QUANTILES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
_MEDIAN = QUANTILES.index(0.5)
_TYPICAL_NOISE = 0.35
_FEWEST_DAYS = 10
_LEVEL_LIMITS = (0.8, 1.25)
_STRETCH_LIMITS = (0.25, 4.0)

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Calibration:
    """Corrections learned out of sample.

    ``mean_factor`` and ``median_factor`` multiply; ``stretch`` (one per quantile) scales each quantile's distance from
    the median; ``prefers_rule`` (one per store) says where the weekday rule was clearly better.
    """

    mean_factor: float
    median_factor: float
    stretch: Matrix
    prefers_rule: Flags

    @staticmethod
    def none(stores: int) -> Calibration:
        return Calibration(1.0, 1.0, np.ones(len(QUANTILES)), np.zeros(stores, dtype=bool))

    def apply(self, raw: Matrix) -> Matrix:
        """Rows x (mean, quantiles), corrected; quantiles sorted and >= 0."""
        median = raw[:, 1 + _MEDIAN, None]
        quantiles = median * self.median_factor + (raw[:, 1:] - median) * self.stretch
        return np.concatenate([raw[:, :1] * self.mean_factor, np.sort(np.maximum(quantiles, 0.0), axis=1)], axis=1)

    def prefer_rule(self, predictions: Matrix, rule: Matrix) -> tuple[Matrix, Flags]:
        """Stores x horizons x (mean, quantiles) moved onto the rule where it is preferred, and where that is."""
        middle = predictions[:, :, 1 + _MEDIAN]
        factor = np.divide(rule, middle, out=np.ones_like(rule), where=middle > 0)
        factor = np.where(self.prefers_rule[:, None], factor, 1.0)
        return predictions * factor[:, :, None], self.prefers_rule


def calibrate(raw: Matrix, pickups: Matrix, rule: Matrix, store: Days, stores: int, margin: float) -> Calibration:
    """Calibration from out-of-sample predictions (rows x (mean, quantiles)) of days that have closed.

    Split-conformal in the scale of each row's own spread: the stretch of quantile t is the t-quantile of
    (pickups - median) / (quantile - median), so that a share t of the judged rows falls below the corrected quantile.
    """
    mean_factor = float(np.clip(pickups.sum() / max(raw[:, 0].sum(), 1e-9), *_LEVEL_LIMITS))
    median = raw[:, 1 + _MEDIAN]
    median_factor = _weighted_median_ratio(pickups, median)
    stretch = np.array(
        [_stretch(pickups - median * median_factor, raw[:, 1 + i] - median, q) for i, q in enumerate(QUANTILES)]
    )
    prefers = _prefers_rule(np.abs(pickups - median * median_factor), np.abs(pickups - rule), store, stores, margin)
    return Calibration(mean_factor, median_factor, stretch, prefers)


def typical_spread(mean: Matrix) -> Matrix:
    """``mean`` with quantiles of a gamma distribution of variance mean + (0.35 mean)^2; for stores too thin to learn."""
    safe = np.maximum(mean, 1e-6)
    variance = safe + (_TYPICAL_NOISE * safe) ** 2
    quantiles = [gamma.ppf(q, safe**2 / variance, scale=variance / safe) for q in QUANTILES]
    return np.stack([mean, *(np.where(mean > 0, quantile, 0.0) for quantile in quantiles)], axis=-1)


def _weighted_median_ratio(pickups: Matrix, median: Matrix) -> float:
    """The factor on the median that has the least absolute error."""
    ratio = pickups / np.maximum(median, 1e-9)
    order = np.argsort(ratio, kind="stable")
    weight = np.cumsum(median[order])
    place = int(np.searchsorted(weight, weight[-1] / 2))
    return float(np.clip(ratio[order][place], *_LEVEL_LIMITS))


def _stretch(error: Matrix, distance: Matrix, quantile: float) -> float:
    usable = np.abs(distance) > 1e-9
    if quantile == 0.5 or not usable.any():
        return 1.0
    wanted = quantile if quantile > 0.5 else 1.0 - quantile
    return float(np.clip(np.quantile(error[usable] / distance[usable], wanted), *_STRETCH_LIMITS))


def _prefers_rule(model_error: Matrix, rule_error: Matrix, store: Days, stores: int, margin: float) -> Flags:
    days = np.bincount(store, minlength=stores)
    model = np.bincount(store, weights=model_error, minlength=stores)
    rule = np.bincount(store, weights=rule_error, minlength=stores)
    return (days >= _FEWEST_DAYS) & (rule < (1.0 - margin) * model)
