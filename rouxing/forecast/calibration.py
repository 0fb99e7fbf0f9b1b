"""Levels and intervals set right on the latest closed days, and the choice between model and rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import gamma

from rouxing.forecast.history import Days
from rouxing.forecast.panel import Matrix
from rouxing.model.quantiles import LEVELS

_MEDIAN = LEVELS.index(0.5)
_TYPICAL_NOISE = 0.35
_FEWEST_DAYS = 10
_LEVEL_LIMITS = (0.8, 1.25)
_LEVEL_WEIGHT = 0.25
_STRETCH_LIMITS = (0.1, 4.0)

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class RawForecast:
    """Rows of pickups: mean, median, and the usual distance of pickups to the median."""

    mean: Matrix
    median: Matrix
    spread: Matrix

    def distance(self, quantile: float) -> Matrix:
        """The distance that carries ``quantile``, signed; never zero, so that each row can be stretched."""
        distance = np.maximum(self.spread, 1e-6 + 0.05 * self.median)
        return -distance if quantile < 0.5 else distance


@dataclass(frozen=True)
class Calibration:
    """Corrections learned out of sample.

    ``mean_factor`` and ``median_factor`` multiply; ``stretch`` (one per quantile) scales the distance that carries the
    quantile; ``prefers_rule`` (one per store) says where the weekday rule was clearly better.
    """

    mean_factor: float
    median_factor: float
    stretch: Matrix
    prefers_rule: Flags

    @staticmethod
    def none(stores: int) -> Calibration:
        return Calibration(1.0, 1.0, np.ones(len(LEVELS)), np.zeros(stores, dtype=bool))

    def apply(self, raw: RawForecast) -> Matrix:
        """Rows x (mean, quantiles), corrected; quantiles sorted and >= 0."""
        median = raw.median * self.median_factor
        quantiles = [median + raw.distance(q) * stretch for q, stretch in zip(LEVELS, self.stretch, strict=True)]
        ordered = np.sort(np.maximum(np.stack(quantiles, axis=1), 0.0), axis=1)
        return np.column_stack([raw.mean * self.mean_factor, ordered])

    def prefer_rule(self, predictions: Matrix, rule: Matrix) -> tuple[Matrix, Flags]:
        """Stores x horizons x (mean, quantiles) moved onto the rule where it is preferred, and where that is."""
        middle = predictions[:, :, 1 + _MEDIAN]
        factor = np.divide(rule, middle, out=np.ones_like(rule), where=middle > 0)
        factor = np.where(self.prefers_rule[:, None], factor, 1.0)
        return predictions * factor[:, :, None], self.prefers_rule


def calibrate(raw: RawForecast, pickups: Matrix, rule: Matrix, store: Days, stores: int, margin: float) -> Calibration:
    """Calibration from forecasts of closed days by models that did not see them.

    Split-conformal in the scale of each row's own spread (Romano, Patterson, Candes 2019, in its scaled form): the
    stretch of quantile t is the t-quantile of (pickups - median) / distance, so that a share t of the judged rows falls
    below the corrected quantile.
    """
    mean_factor = _drawn_to_one(pickups.sum() / max(raw.mean.sum(), 1e-9))
    median_factor = _drawn_to_one(_weighted_median_ratio(pickups, raw.median))
    error = pickups - raw.median * median_factor
    stretch = np.array([_stretch(error, raw.distance(quantile), quantile) for quantile in LEVELS])
    prefers = _prefers_rule(np.abs(error), np.abs(pickups - rule), store, stores, margin)
    return Calibration(mean_factor, median_factor, stretch, prefers)


def typical_spread(mean: Matrix) -> Matrix:
    """``mean`` with gamma quantiles of variance mean + (0.35 mean)^2, for chains too thin to learn."""
    safe = np.maximum(mean, 1e-6)
    variance = safe + (_TYPICAL_NOISE * safe) ** 2
    quantiles = [gamma.ppf(q, safe**2 / variance, scale=variance / safe) for q in LEVELS]
    return np.stack([mean, *(np.where(mean > 0, quantile, 0.0) for quantile in quantiles)], axis=-1)


def _drawn_to_one(factor: float) -> float:
    """A quarter of the correction (in logs): the model fitted again on the judged days has taken up the rest.

    The full correction made the bias of eight recruit origins worse (mean size .076 against .056 without any); the
    least-squares weight was 0.2, and koubei asks for more. Measured with a trial that ended 28 days before the origin.
    """
    return float(np.clip(factor, *_LEVEL_LIMITS) ** _LEVEL_WEIGHT)


def _weighted_median_ratio(pickups: Matrix, median: Matrix) -> float:
    """The factor on the median that has the least absolute error."""
    ratio = pickups / np.maximum(median, 1e-9)
    order = np.argsort(ratio, kind="stable")
    weight = np.cumsum(median[order])
    place = int(np.searchsorted(weight, weight[-1] / 2))
    return float(ratio[order][place])


def _stretch(error: Matrix, distance: Matrix, quantile: float) -> float:
    if quantile == 0.5:
        return 0.0
    wanted = quantile if quantile > 0.5 else 1.0 - quantile
    return float(np.clip(np.quantile(error / distance, wanted), *_STRETCH_LIMITS))


def _prefers_rule(model_error: Matrix, rule_error: Matrix, store: Days, stores: int, margin: float) -> Flags:
    days = np.bincount(store, minlength=stores)
    model = np.bincount(store, weights=model_error, minlength=stores)
    rule = np.bincount(store, weights=rule_error, minlength=stores)
    return (days >= _FEWEST_DAYS) & (rule < (1.0 - margin) * model)
