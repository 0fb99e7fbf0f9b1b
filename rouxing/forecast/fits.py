"""Fits of one forecast: each a job that can be pickled and run anywhere, on one thread, to the same bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from rouxing.forecast.arrays import Features, Matrix

Runner = Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]
"""Maps a function that can be pickled over arguments that can; results in the order of the arguments."""

Target = Literal["median", "root", "spread"]
_ROOT = 3.0
_BLOCK_ROWS = 50_000


@dataclass(frozen=True)
class ForecastParameters:
    """How the demand model is trained; the defaults are those of the published figures.

    ``rows_per_store``, ``fewest_rows``, ``most_rows``: training rows, about; what is more is thinned out.
    ``half_life_days``: age at which a training row counts half.
    ``calibration_days``: latest closed days that recalibrate level and intervals and judge the challenger.
    ``challenger_margin``: share by which the weekday rule must be better in a store before it is used there.
    """

    rows_per_store: int = 150
    fewest_rows: int = 60_000
    most_rows: int = 150_000
    half_life_days: float = 180.0
    calibration_days: int = 28
    challenger_margin: float = 0.1
    iterations: int = 100
    learning_rate: float = 0.1
    leaves: int = 63
    leaf_rows: int = 40
    seed: int = 1
    threads: int = 2

    def rows_of(self, stores: int) -> int:
        """Training rows for a chain of so many stores: the cost per store is flat, and bounded for all."""
        return min(self.most_rows, max(self.fewest_rows, self.rows_per_store * stores))

    def lean(self) -> ForecastParameters:
        """Half the trees of a third the size at a higher rate, for fits that only tell how wrong forecasts are."""
        return replace(
            self, iterations=-(-self.iterations // 2), learning_rate=1.5 * self.learning_rate, leaves=self.leaves // 3
        )


@dataclass(frozen=True)
class Fit:
    """One fit: what of (``values`` over scale) is learned, from which rows, with which weights."""

    target: Target
    features: Features
    values: Matrix
    weight: Matrix
    categorical: tuple[bool, ...]
    parameters: ForecastParameters


@dataclass(frozen=True)
class Estimator:
    """A fitted target; predicts ratios to the scale."""

    target: Target
    trees: HistGradientBoostingRegressor

    def ratio(self, features: Features) -> Matrix:
        """Rows: pickups (or, for a spread, distance) over scale, >= 0."""
        with threadpool_limits(1, user_api="openmp"):
            raw = np.maximum(self.trees.predict(features), 0.0)
        result: Matrix = raw ** _power(self.target)
        return result


def run_fit(fit: Fit) -> Estimator:
    """The fitted estimator.

    The median has the pinball loss, weighted so that the loss is that of pickups themselves while trees see stores of
    all sizes alike. The root is the mean of the cube root: close to the median for skewed counts, much steadier where
    a leaf has few rows, and a third cheaper. The spread is the mean of the root of the distance to the centre.
    """
    values = fit.values ** (1.0 / _power(fit.target))
    with threadpool_limits(1, user_api="openmp"):
        trees = _trees(fit).fit(fit.features, values, sample_weight=fit.weight)
    return Estimator(fit.target, trees)


def threaded(threads: int) -> Runner:
    """Runs the calls on threads of this process. One fit is one thread: busy cores do not stall each other."""

    def run(function: Callable[[Any], Any], arguments: Sequence[Any]) -> list[Any]:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(function, arguments))

    return run


def ratios(estimators: Sequence[Estimator], features: Features, run: Runner) -> list[Matrix]:
    """Ratios of every estimator, each over all rows; predicted in blocks of rows."""
    blocks = [features[start : start + _BLOCK_ROWS] for start in range(0, len(features), _BLOCK_ROWS)]
    parts = run(partial(_predict_block, tuple(estimators)), blocks)
    return [np.concatenate([part[place] for part in parts]) for place in range(len(estimators))]


def _predict_block(estimators: tuple[Estimator, ...], features: Features) -> list[Matrix]:
    return [estimator.ratio(features) for estimator in estimators]


def _power(target: Target) -> float:
    return {"median": 1.0, "root": _ROOT, "spread": 2.0}[target]


def _trees(fit: Fit) -> HistGradientBoostingRegressor:
    is_median, parameters = fit.target == "median", fit.parameters
    return HistGradientBoostingRegressor(
        loss="quantile" if is_median else "squared_error",
        quantile=0.5 if is_median else None,
        max_iter=parameters.iterations,
        learning_rate=parameters.learning_rate,
        max_leaf_nodes=parameters.leaves,
        min_samples_leaf=parameters.leaf_rows,
        l2_regularization=0.0 if is_median else 3.0,
        categorical_features=list(fit.categorical),
        early_stopping=False,
        random_state=parameters.seed,
    )
