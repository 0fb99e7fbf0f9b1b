"""What forecasts that were really made from past origins say of today's intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rouxing.forecast.demand import DemandModel
from rouxing.forecast.distribution import SharedShock, shared_shock
from rouxing.forecast.history import day_numbers
from rouxing.forecast.pit import row_draws
from rouxing.model.quantiles import SPREAD_10_90

_FEWEST_ORIGINS = 3
_WITHIN = 0.8
_WIDEST = 2.5
_FAR = 6.0


@dataclass(frozen=True)
class Observed:
    """``width`` (>= 1) brings past 80 % intervals to 80 %; ``shock`` is what their errors had in common."""

    width: float
    shock: SharedShock

    @property
    def warnings(self) -> tuple[str, ...]:
        if self.width <= 1.05:
            return ()
        return (
            f"intervals of past origins were too narrow, mostly where all stores moved together; today's are "
            f"{self.width:.2f} times as wide",
        )


def observe(judged: pd.DataFrame) -> Observed | None:
    """What closed days of past origins tell; None with fewer than three origins.

    ``judged``: store_id, origin, date, mean, p10, p50, p90, actual, one row per closed store-day. The calibration of a
    fit has the weeks around each judged week in view and so cannot see what moves all stores from one week to the next
    (weather, a push that works better than planned); origins that were forecast from can. A few origins can show that
    an interval is too narrow, not that it is too wide, so it is never narrowed.
    """
    if judged["origin"].nunique() < _FEWEST_ORIGINS:
        return None
    middle, actual = (judged[name].to_numpy(dtype=np.float64) for name in ("p50", "actual"))
    spread_out = actual + row_draws(judged) - 0.5
    side = np.where(spread_out > middle, judged["p90"].to_numpy() - middle, middle - judged["p10"].to_numpy())
    reach = np.abs(spread_out - middle) / np.maximum(side, 1e-9)
    deviation = np.maximum((judged["p90"] - judged["p10"]).to_numpy() / SPREAD_10_90, 1e-9)
    error = np.clip((actual - judged["mean"].to_numpy()) / deviation, -_FAR, _FAR)
    stores = pd.factorize(judged["store_id"], sort=True)[0].astype(np.int64)
    shock = shared_shock(error, stores, day_numbers(judged["date"]))
    return Observed(float(np.clip(np.quantile(reach, _WITHIN), 1.0, _WIDEST)), shock)


def as_observed(model: DemandModel, observed: Observed | None) -> DemandModel:
    """The model with intervals as wide, and as much in common, as was observed."""
    if observed is None:
        return model
    calibration = model.calibration
    widened = replace(
        calibration,
        stretch=calibration.stretch * observed.width,
        deviation=calibration.deviation * observed.width,
        shock=observed.shock,
    )
    return replace(model, calibration=widened)
