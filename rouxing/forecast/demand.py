"""Pickups per store and day as a mean, a dispersion and seven quantiles: one global model over all stores."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pandas as pd

from rouxing.forecast.arrays import Features, Flags, Matrix
from rouxing.forecast.binning import Binner, fit_binner
from rouxing.forecast.calibration import (
    Calibration,
    Judged,
    RawForecast,
    calibrate,
    typical_dispersion,
    typical_spread,
)
from rouxing.forecast.classes import RowClasses
from rouxing.forecast.distribution import SharedShock
from rouxing.forecast.features import CATEGORICAL, FeatureMaker, feature_maker
from rouxing.forecast.fits import Estimator, Fit, ForecastParameters, Runner, Target, ratios, run_fit, threaded
from rouxing.forecast.history import Days, History, dates_of, day_number
from rouxing.forecast.panel import Panel, build_panel
from rouxing.forecast.training import Rows, training_rows
from rouxing.model.errors import PermanentError
from rouxing.model.quantiles import QUANTILE_COLUMNS

__all__ = ["DemandForecast", "DemandModel", "ForecastParameters", "fit_demand", "forecast_demand", "predict_demand"]

_FEWEST_ROWS = 300
_FOLD_DAYS = 7
_CENTRE: tuple[Target, ...] = ("median", "root")
_FACTOR_LIMITS = (0.5, 2.0)
_RECENT_DAYS = 120


@dataclass(frozen=True)
class DemandModel:
    """A fitted model; can be stored with joblib and predicts again to the same numbers.

    ``centre``: estimators with the factor that brings each to the median of its training rows; their mean counts.
    """

    parameters: ForecastParameters
    binner: Binner
    centre: tuple[tuple[Estimator, float], ...]
    spread: Estimator | None
    calibration: Calibration

    def centre_of(self, features: Features, scale: Matrix, run: Runner | None = None) -> Matrix:
        """Rows of features as ``FeatureMaker`` makes them -> pickups before calibration; ``scale`` in pickups."""
        parts = ratios(self._estimators()[:-1], self.binner.transform(features), run or self._threads())
        return self._centre(parts) * scale

    def raw(self, features: Features, scale: Matrix, run: Runner | None = None) -> tuple[Matrix, Matrix]:
        """Centre and spread of rows, pickups, before calibration."""
        *parts, spread = ratios(self._estimators(), self.binner.transform(features), run or self._threads())
        return self._centre(parts) * scale, spread * scale

    def _estimators(self) -> list[Estimator]:
        """Those of the centre, then the spread's."""
        if self.spread is None:
            raise PermanentError("this model was not trained for want of history; the weekday rule stands in for it")
        return [*(estimator for estimator, _ in self.centre), self.spread]

    def _centre(self, parts: list[Matrix]) -> Matrix:
        factors = (factor for _, factor in self.centre)
        centre: Matrix = np.mean([part * factor for part, factor in zip(parts, factors, strict=True)], axis=0)
        return centre

    def _threads(self) -> Runner:
        return threaded(self.parameters.threads)


@dataclass(frozen=True)
class DemandForecast:
    """``days``: see ``forecast_demand``. ``maker``: what the model saw. ``warnings`` are sentences for people."""

    days: pd.DataFrame
    model: DemandModel
    maker: FeatureMaker
    warnings: tuple[str, ...] = field(default=())

    @property
    def shock(self) -> SharedShock:
        """What the store-days have in common, for ``distribution.quantiles_of_sum``."""
        return self.model.calibration.shock


def forecast_demand(
    history: History,
    origin: date,
    horizon_days: int,
    parameters: ForecastParameters | None = None,
    run: Runner | None = None,
) -> DemandForecast:
    """Pickups of every known store on the ``horizon_days`` days after ``origin``, from what was known at its end.

    days: store_id, origin, date, horizon (1..), mean, dispersion (variance = mean + dispersion mean^2), p05 p10 p25 p50
    p75 p90 p95 (never crossing, >= 0), rule (the weekday-and-promotion rule), committed (bookings that will show up +
    expected redemptions + group orders), to_come (what quotas of coming days would bring), method ("model", or "rule"
    where the rule was clearly better lately); pickups if the store opens. Sorted by store and date. The same rows in
    any order give the same numbers. Weak cases get an answer and a warning.
    ``run`` maps the fits and blocks of predictions, by default over ``parameters.threads`` threads.
    Raises PermanentError when the horizon is not positive.
    Cost: features O(stores x days), fits O(most_rows): flat per store beyond about 1,000 stores.
    """
    if horizon_days < 1:
        raise PermanentError(f"horizon of {horizon_days} days; ask for at least 1")
    parameters = parameters or ForecastParameters()
    run = run or threaded(parameters.threads)
    known = history.as_of(origin)
    panel = build_panel(known, day_number(origin), horizon_days)
    maker = feature_maker(known, panel)
    model = fit_demand(maker, parameters, run)
    days = predict_demand(model, maker, run)
    return DemandForecast(days, model, maker, (*panel.warnings, *_model_warnings(model, days)))


def fit_demand(maker: FeatureMaker, parameters: ForecastParameters, run: Runner | None = None) -> DemandModel:
    """Fit on past origins of the panel: a centre, a spread around it, and their calibration.

    The centre is the mean of a median fit and of a cube-root fit, which err in different places. Two lean trial fits
    each leave out every other week. Their forecasts of the weeks they did not see give the residuals: those of older
    days train the spread, those of the latest days calibrate level and every quantile. A trial that stops weeks before
    the origin has never seen a campaign that the final fit has, and its bias would be taken for spread; one with the
    weeks around in view is wrong by about as much as the final fit.
    With too few rows the model is empty and the weekday rule with a typical spread stands in.
    """
    run = run or threaded(parameters.threads)
    stores = len(maker.panel.store_ids)
    rows = training_rows(maker, parameters.rows_of(stores), parameters.seed)
    late = rows.target > maker.panel.origin - parameters.calibration_days
    fold = (maker.panel.origin - rows.target) // _FOLD_DAYS % 2 == 1
    if any(_is_thin(rows.pickups[part]) for part in (late, ~late, fold, ~fold)):
        return DemandModel(parameters, Binner((), ()), (), None, Calibration.none(stores))
    binner = fit_binner(rows.features, CATEGORICAL)
    rows = replace(rows, features=binner.transform(rows.features))
    age = maker.panel.origin - rows.target
    lean, parts = parameters.lean(), (~fold, fold)
    fits = [_fit(rows, target, age, binner, parameters) for target in _CENTRE]
    fits += [_fit(rows.take(part), "root", age[part], binner, lean) for part in parts]
    *final, first, second = run(run_fit, fits)
    unseen = np.zeros(len(rows))
    for trial, seen in zip((first, second), parts, strict=True):
        factor = _median_factor(trial, rows.take(seen & (age < _RECENT_DAYS)))
        unseen[~seen] = trial.ratio(rows.features[~seen]) * factor * rows.scale[~seen]
    distance = replace(rows, pickups=np.abs(rows.pickups - unseen))
    [spread] = run(run_fit, [_fit(distance.take(~late), "spread", age[~late], binner, lean)])
    recent = rows.take(age < _RECENT_DAYS)
    centre = tuple((estimator, _median_factor(estimator, recent)) for estimator in final)
    return DemandModel(parameters, binner, centre, spread, _calibration(maker, rows, unseen, spread, late, parameters))


def predict_demand(model: DemandModel, maker: FeatureMaker, run: Runner | None = None) -> pd.DataFrame:
    """Forecast frame of the panel's horizon; columns as in ``forecast_demand``."""
    panel = maker.panel
    rule = maker.rule.at(panel.origin, panel.horizon)
    predictions, dispersion = _predictions(model, maker, rule, run)
    predictions, by_rule = model.calibration.prefer_rule(predictions, rule)
    return _frame(maker, predictions, dispersion, rule, by_rule)


def _is_thin(pickups: Matrix) -> bool:
    """Too few rows to learn from, or none above zero."""
    return len(pickups) < _FEWEST_ROWS or not pickups.any()


def _fit(rows: Rows, target: Target, age: Days, binner: Binner, parameters: ForecastParameters) -> Fit:
    """The fit of ``target`` on pickups over scale; older rows count less, rows of large stores more.

    With y = scale r the pinball loss of y is scale times that of r, so a median weighted by scale is that of pickups.
    The other targets are roots, whose spread falls with size, and take the root of the scale.
    """
    recency = 0.5 ** (age / parameters.half_life_days)
    size = rows.scale if target == "median" else np.sqrt(rows.scale)
    return Fit(target, rows.features, rows.pickups / rows.scale, size * recency, binner.categorical, parameters)


def _median_factor(estimator: Estimator, rows: Rows) -> float:
    """What brings an estimator's pickups to the weighted median of the rows."""
    if not len(rows):
        return 1.0
    ratio = rows.pickups / rows.scale / np.maximum(estimator.ratio(rows.features), 1e-9)
    order = np.argsort(ratio, kind="stable")
    weight = np.cumsum((rows.pickups / np.maximum(ratio, 1e-9))[order])
    return float(np.clip(ratio[order][np.searchsorted(weight, weight[-1] / 2)], *_FACTOR_LIMITS))


def _calibration(
    maker: FeatureMaker, rows: Rows, unseen: Matrix, spread: Estimator, late: Flags, parameters: ForecastParameters
) -> Calibration:
    judged = rows.take(late)
    weekday = maker.panel.days.weekday[judged.target]
    classes = RowClasses(judged.ahead, judged.level, weekday)
    raw = RawForecast(unseen[late], spread.ratio(judged.features) * judged.scale, classes)
    became = Judged(judged.pickups, judged.rule, judged.store, judged.target, len(maker.panel.store_ids))
    return calibrate(raw, became, parameters.challenger_margin, parameters.seed)


def _predictions(model: DemandModel, maker: FeatureMaker, rule: Matrix, run: Runner | None) -> tuple[Matrix, Matrix]:
    """Stores x horizons x (mean, quantiles), calibrated, and stores x horizons of dispersion."""
    panel = maker.panel
    if model.spread is None:
        return typical_spread(rule), typical_dispersion(rule)
    stores, horizon = rule.shape
    scale = maker.scale(panel.origin, horizon).ravel()
    centre, spread = model.raw(maker.at(panel.origin, horizon).reshape(len(scale), -1), scale, run)
    ahead = np.arange(1, horizon + 1)
    classes = RowClasses(
        ahead=np.tile(ahead, stores),
        level=np.repeat(maker.levels(panel.origin), horizon),
        weekday=np.tile(panel.days.weekday[panel.origin + ahead], stores),
    )
    predictions, dispersion = model.calibration.apply(RawForecast(centre, spread, classes))
    return predictions.reshape(stores, horizon, -1), dispersion.reshape(stores, horizon)


def _frame(maker: FeatureMaker, predictions: Matrix, dispersion: Matrix, rule: Matrix, by_rule: Flags) -> pd.DataFrame:
    panel: Panel = maker.panel
    stores, horizon = rule.shape
    origin = panel.days.first + panel.origin
    ahead = np.arange(1, horizon + 1)
    flat = predictions.reshape(stores * horizon, predictions.shape[-1])
    columns = {
        "store_id": np.repeat(panel.store_ids, horizon),
        "origin": np.full(stores * horizon, dates_of(np.array([origin]))[0]),
        "date": np.tile(dates_of(origin + ahead), stores),
        "horizon": np.tile(ahead, stores),
        "mean": flat[:, 0],
        "dispersion": dispersion.ravel(),
        **{name: flat[:, place] for place, name in enumerate(QUANTILE_COLUMNS, start=1)},
        "rule": rule.ravel(),
        "committed": maker.commitments.committed(panel.origin).ravel(),
        "to_come": maker.commitments.to_come[:, panel.origin].astype(np.float64).ravel(),
        "method": np.repeat(np.where(by_rule, "rule", "model"), horizon),
    }
    return pd.DataFrame(columns).astype({"store_id": "str", "method": "str"})


def _model_warnings(model: DemandModel, days: pd.DataFrame) -> tuple[str, ...]:
    if days.empty:
        return ("no store is known at the origin; the forecast is empty",)
    if model.spread is None:
        return ("too little history to train on; the weekday rule with a typical spread stands in",)
    return ()
