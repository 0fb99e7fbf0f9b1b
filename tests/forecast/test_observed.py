"""Past origins widen today's intervals where all stores moved together; areas have totals of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from rouxing.forecast.demand import ForecastParameters, forecast_demand
from rouxing.forecast.distribution import SharedShock
from rouxing.forecast.history import History
from rouxing.forecast.observed import as_observed, observe
from rouxing.forecast.totals import area_totals
from rouxing.model.feeds import WHOLE_CHAIN


def judged(shock: float, origins: int = 4, stores: int = 60) -> pd.DataFrame:
    """Normal forecasts of 100 with a deviation of 10; actuals with that noise and a day shock of ``shock`` on top."""
    random = np.random.default_rng(4)
    dates = pd.date_range("2026-05-01", periods=7 * origins)
    moved = shock * random.standard_normal(len(dates))
    actual = 100 + moved[None, :] + 10 * random.standard_normal((stores, len(dates)))
    store, day = np.indices(actual.shape).reshape(2, -1)
    return pd.DataFrame(
        {
            "store_id": [f"S{number}" for number in store],
            "origin": dates[day - day % 7] - pd.Timedelta(days=1),
            "date": dates[day],
            "mean": 100.0,
            "p10": 100 - 12.816,
            "p50": 100.0,
            "p90": 100 + 12.816,
            "actual": np.round(actual).ravel(),
        }
    )


def test_intervals_that_held_stay_and_those_that_did_not_are_widened() -> None:
    calm, moved = observe(judged(0.0)), observe(judged(10.0))
    assert calm is not None
    assert moved is not None
    assert calm.width == pytest.approx(1.0, abs=0.05)
    assert calm.shock.day < 0.05
    assert not calm.warnings
    assert moved.width == pytest.approx(np.sqrt(2.0), rel=0.15)
    assert moved.shock.day == pytest.approx(0.5, abs=0.15)
    assert "times as wide" in moved.warnings[0]


def test_too_few_origins_tell_nothing() -> None:
    assert observe(judged(10.0, origins=2)) is None


def test_a_widened_model_keeps_its_median_and_its_mean(
    chain: Callable[..., History], quick: ForecastParameters, origin: date
) -> None:
    forecast = forecast_demand(chain(), origin, 3, quick)
    wide = as_observed(forecast.model, observe(judged(10.0)))
    assert as_observed(forecast.model, None) is forecast.model
    before, after = forecast.model.calibration, wide.calibration
    assert (after.factor, after.skew) == (before.factor, before.skew)
    assert (np.abs(after.stretch) >= np.abs(before.stretch)).all()
    assert after.deviation > before.deviation


def test_totals_by_hand() -> None:
    """Two stores of mean 100 and variance 400 in two districts: the chain's variance is 800 alone, 1600 together."""
    days = pd.DataFrame({"store_id": ["A", "B"], "date": pd.Timestamp("2026-06-18"), "mean": 100.0, "dispersion": 0.03})
    stores = pd.DataFrame({"store_id": ["A", "B"], "district_id": ["D1", "D2"]})
    width = {}
    for share in (0.0, 0.9):
        totals = area_totals(days, stores, SharedShock(share, 0.0)).set_index("area_id")
        assert totals["mean"].to_dict() == {WHOLE_CHAIN: 200.0, "D1": 100.0, "D2": 100.0}
        width[share] = totals["p90"] - totals["p10"]
    assert width[0.0][WHOLE_CHAIN] == pytest.approx(2.563 * np.sqrt(800), rel=0.02)
    assert width[0.9][WHOLE_CHAIN] == pytest.approx(2.563 * np.sqrt(800 + 0.9 * 800), rel=0.02)
    assert width[0.9]["D1"] == pytest.approx(width[0.0]["D1"])
