"""Pickups per store and day as a mean and seven quantiles: one global model over all stores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from rouxing.forecast.binning import Binner, fit_binner
from rouxing.forecast.calibration import Calibration, RawForecast, calibrate, typical_spread
from rouxing.forecast.features import CATEGORICAL, FeatureMaker, feature_maker, training_origins
from rouxing.forecast.history import Days, History, dates_of, day_number
from rouxing.forecast.panel import Matrix, Panel, build_panel
from rouxing.model.errors import PermanentError
from rouxing.model.quantiles import QUANTILE_COLUMNS

_FEWEST_ROWS = 300
_LONGEST_TRAINING_DAYS = 371
_FOLD_DAYS = 7
_WITHIN = 0.8

_Loss = float | Literal["mean"]  # a quantile, or the mean
_Estimators = dict[_Loss, HistGradientBoostingRegressor]
_LOCATION: tuple[_Loss, ...] = ("mean", 0.5)


@dataclass(frozen=True)
class ForecastParameters:
    """How the demand model is trained; the defaults are those of the published figures.

    ``most_rows``: training rows, about; larger chains are thinned to it.
    ``calibration_days``: latest closed days that recalibrate level and intervals and judge the challenger.
    ``challenger_margin``: share by which the weekday rule must be better in a store before it is used there.
    """

    most_rows: int = 150_000
    calibration_days: int = 28
    challenger_margin: float = 0.1
    iterations: int = 100
    learning_rate: float = 0.06
    leaves: int = 31
    leaf_rows: int = 40
    seed: int = 1
    threads: int = 2

    def lean(self) -> ForecastParameters:
        """Half the trees of half the size at twice the rate, for fits that only tell how wrong forecasts are."""
        return replace(
            self, iterations=-(-self.iterations // 2), learning_rate=2 * self.learning_rate, leaves=self.leaves // 2
        )


@dataclass(frozen=True)
class DemandModel:
    """A fitted model; can be stored with joblib and predicts again to the same numbers."""

    parameters: ForecastParameters
    binner: Binner
    location: _Estimators
    spread: HistGradientBoostingRegressor | None
    calibration: Calibration


@dataclass(frozen=True)
class DemandForecast:
    """``days``: one row per store and day; see ``forecast_demand``. ``warnings`` are sentences for people."""

    days: pd.DataFrame
    model: DemandModel
    warnings: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class _Rows:
    """Training rows: features, pickups, level of the store at the origin, day ahead, target column, store, rule."""

    features: npt.NDArray[np.float32]
    pickups: Matrix
    level: Matrix
    target: Days
    store: Days
    rule: Matrix

    def take(self, mask: npt.NDArray[np.bool_]) -> _Rows:
        return _Rows(*(getattr(self, name)[mask] for name in self.__dataclass_fields__))


def forecast_demand(
    history: History, origin: date, horizon_days: int, parameters: ForecastParameters | None = None
) -> DemandForecast:
    """Pickups of every known store on the ``horizon_days`` days after ``origin``, from what was known at its end.

    days: store_id, origin, date, horizon (1..), mean, p05 p10 p25 p50 p75 p90 p95 (never crossing, >= 0), rule (the
    weekday rule), committed (bookings that will show up + expected redemptions), method ("model", or "rule" where the
    rule was clearly better lately); pickups if the store opens. Sorted by store and date. The same rows in any order
    give the same numbers. Weak cases get an answer and a warning.
    Raises PermanentError when the horizon is not positive.
    """
    if horizon_days < 1:
        raise PermanentError(f"horizon of {horizon_days} days; ask for at least 1")
    known = history.as_of(origin)
    panel = build_panel(known, day_number(origin), horizon_days)
    maker = feature_maker(known, panel)
    model = fit_demand(maker, parameters or ForecastParameters())
    days = predict_demand(model, maker)
    return DemandForecast(days, model, (*panel.warnings, *_model_warnings(model, days)))


def fit_demand(maker: FeatureMaker, parameters: ForecastParameters) -> DemandModel:
    """Fit on past origins of the panel: mean and median, a spread around the median, and their calibration.

    Two trial fits each leave out every other week. Their forecasts of the weeks they did not see give the residuals:
    those of older days train the spread, those of the latest days calibrate levels and every quantile. A trial that
    stops weeks before the origin has never seen a campaign that the final fit has, and its bias would be taken for
    spread; one with the weeks around in view is wrong by about as much as the final fit.
    With too few rows the model is empty and the weekday rule with a typical spread stands in.
    """
    rows = _training_rows(maker, parameters)
    late = rows.target > maker.panel.origin - parameters.calibration_days
    fold = (maker.panel.origin - rows.target) // _FOLD_DAYS % 2
    stores = len(maker.panel.store_ids)
    if any(_is_thin(rows.pickups[part]) for part in (late, ~late, fold == 0, fold == 1)):
        return DemandModel(parameters, Binner(()), {}, None, Calibration.none(stores))
    binner = fit_binner(rows.features, CATEGORICAL)
    rows = replace(rows, features=binner.transform(rows.features))
    mean, median = _unseen_predictions(rows, fold, parameters.lean())
    spread = _fit_spread(rows.take(~late), median[~late], parameters.lean())
    judged = rows.take(late)
    raw = RawForecast(mean[late], median[late], _predict(spread, judged.features, judged.level))
    calibration = calibrate(raw, judged.pickups, judged.rule, judged.store, stores, parameters.challenger_margin)
    return DemandModel(parameters, binner, _fit(rows, _LOCATION, parameters), spread, calibration)


def predict_demand(model: DemandModel, maker: FeatureMaker) -> pd.DataFrame:
    """Forecast frame of the panel's horizon; columns as in ``forecast_demand``."""
    panel = maker.panel
    rule = maker.rule.at(panel.origin, panel.horizon)
    predictions = _predictions(model, maker, rule)
    predictions, by_rule = model.calibration.prefer_rule(predictions, rule)
    _, expected, redemptions = maker.commitments.at(panel.origin)
    return _frame(panel, predictions, rule, expected + redemptions, by_rule)


def _is_thin(pickups: Matrix) -> bool:
    """Too few rows to learn from, or none above zero, which the Poisson loss cannot take."""
    return len(pickups) < _FEWEST_ROWS or not pickups.any()


def _training_rows(maker: FeatureMaker, parameters: ForecastParameters) -> _Rows:
    """About ``most_rows`` rows at most: origins of the last year, further apart in larger chains, then a draw."""
    panel = maker.panel
    rows_daily = int((~np.isnan(panel.pickups[:, -_LONGEST_TRAINING_DAYS:])).sum()) * panel.horizon
    step = int(np.clip(-(-rows_daily // parameters.most_rows), 1, 7))
    keep = min(1.0, parameters.most_rows * step / max(rows_daily, 1))
    origins = training_origins(panel, step)
    recent = origins[origins > panel.origin - _LONGEST_TRAINING_DAYS]
    blocks = [_block(maker, int(origin), keep, parameters.seed) for origin in recent]
    if not blocks:
        empty = np.zeros(0)
        return _Rows(np.zeros((0, 0), dtype=np.float32), empty, empty, empty.astype(int), empty.astype(int), empty)
    return _Rows(*(np.concatenate([getattr(b, name) for b in blocks]) for name in _Rows.__dataclass_fields__))


def _block(maker: FeatureMaker, origin: int, keep: float, seed: int) -> _Rows:
    """Rows of one past origin: days ahead closed by the panel's origin, a drawn share of observed store-days."""
    panel = maker.panel
    ahead = min(panel.horizon, panel.origin - origin)
    pickups = panel.pickups[:, origin + 1 : origin + 1 + ahead]
    store, step = np.nonzero(~np.isnan(pickups))
    drawn = np.random.default_rng((seed, panel.origin - origin)).random(len(store)) < keep
    store, step = store[drawn], step[drawn]
    return _Rows(
        features=maker.at(origin, ahead)[store, step],
        pickups=pickups[store, step],
        level=maker.levels(origin)[store],
        target=origin + 1 + step,
        store=store,
        rule=maker.rule.at(origin, ahead)[store, step],
    )


def _fit(rows: _Rows, losses: tuple[_Loss, ...], parameters: ForecastParameters) -> _Estimators:
    """Estimators of pickups over the store's level, weighted by level, one per loss.

    With y = level r the Poisson and pinball losses of y are level times those of r, so the weights make the fit that
    of pickups themselves while trees see stores of all sizes alike. Each fit has one thread: the numbers are the same
    on any machine, and busy cores do not stall the others at every barrier.
    """
    ratio = rows.pickups / rows.level

    def fit(loss: _Loss) -> HistGradientBoostingRegressor:
        with threadpool_limits(1, user_api="openmp"):
            return _estimator(parameters, loss).fit(rows.features, ratio, sample_weight=rows.level)

    with ThreadPoolExecutor(parameters.threads) as pool:
        return dict(zip(losses, pool.map(fit, losses), strict=True))


def _unseen_predictions(rows: _Rows, fold: Days, parameters: ForecastParameters) -> tuple[Matrix, Matrix]:
    """Mean and median of every row, pickups, from a fit on the rows of the other fold (0 or 1)."""
    mean, median = np.zeros((2, len(fold)))
    for left_out in (0, 1):
        trial, unseen = _fit(rows.take(fold != left_out), _LOCATION, parameters), fold == left_out
        for loss, result in zip(_LOCATION, (mean, median), strict=True):
            result[unseen] = _predict(trial[loss], rows.features[unseen], rows.level[unseen])
    return mean, median


def _fit_spread(rows: _Rows, median: Matrix, parameters: ForecastParameters) -> HistGradientBoostingRegressor:
    """Estimator of the distance to their unseen ``median`` within which 80 % of pickups lie, over the store's level.

    One scale for both sides: two quantile fits of the residuals learn the bias of single weeks and shift their sides
    against each other (a stretch of 4 in a campaign). The skew is left to the calibration, which has it per quantile.
    """
    distance = np.abs(rows.pickups - median) / rows.level
    with threadpool_limits(1, user_api="openmp"):
        return _estimator(parameters, _WITHIN).fit(rows.features, distance, sample_weight=rows.level)


def _estimator(parameters: ForecastParameters, loss: _Loss) -> HistGradientBoostingRegressor:
    quantile = None if loss == "mean" else loss
    return HistGradientBoostingRegressor(
        loss="poisson" if quantile is None else "quantile",
        quantile=quantile,
        max_iter=parameters.iterations,
        learning_rate=parameters.learning_rate,
        max_leaf_nodes=parameters.leaves,
        min_samples_leaf=parameters.leaf_rows,
        categorical_features=list(CATEGORICAL),
        early_stopping=False,
        random_state=parameters.seed,
    )


def _predict(estimator: HistGradientBoostingRegressor, features: npt.NDArray[np.float32], level: Matrix) -> Matrix:
    with threadpool_limits(1, user_api="openmp"):
        pickups: Matrix = np.maximum(estimator.predict(features), 0.0) * level
    return pickups


def _predictions(model: DemandModel, maker: FeatureMaker, rule: Matrix) -> Matrix:
    """Stores x horizons x (mean, quantiles), calibrated."""
    panel = maker.panel
    if model.spread is None:
        return typical_spread(rule)
    level = np.repeat(maker.levels(panel.origin), panel.horizon)
    features = model.binner.transform(maker.at(panel.origin, panel.horizon).reshape(len(level), -1))
    estimators = (*(model.location[loss] for loss in _LOCATION), model.spread)
    raw = RawForecast(*(_predict(estimator, features, level) for estimator in estimators))
    return model.calibration.apply(raw).reshape(len(panel.store_ids), panel.horizon, -1)


def _frame(
    panel: Panel, predictions: Matrix, rule: Matrix, committed: Matrix, by_rule: npt.NDArray[np.bool_]
) -> pd.DataFrame:
    stores, horizon = rule.shape
    origin = panel.days.first + panel.origin
    ahead = np.arange(1, horizon + 1)
    flat = predictions.reshape(stores * horizon, predictions.shape[-1])
    columns = {
        "store_id": np.repeat(panel.store_ids, horizon),
        "origin": np.full(stores * horizon, dates_of(np.array([origin]))[0]),
        "date": np.tile(dates_of(origin + ahead), stores),
        "horizon": np.tile(ahead, stores),
        **{name: flat[:, place] for place, name in enumerate(("mean", *QUANTILE_COLUMNS))},
        "rule": rule.ravel(),
        "committed": committed.ravel(),
        "method": np.repeat(np.where(by_rule, "rule", "model"), horizon),
    }
    return pd.DataFrame(columns).astype({"store_id": "str", "method": "str"})


def _model_warnings(model: DemandModel, days: pd.DataFrame) -> tuple[str, ...]:
    if days.empty:
        return ("no store is known at the origin; the forecast is empty",)
    if not model.location:
        return ("too little history to train on; the weekday rule with a typical spread stands in",)
    return ()
