"""The scorecard by hand: two stores, one without a forecast or a wait."""

import math

import pandas as pd
import pytest

from rouxing.learn.scorecard import UNITS, scorecard

STORES = pd.DataFrame(
    {
        "pickups": [40, 60],
        "forecast_mean": [50.0, float("nan")],
        "forecast_p10": [41.0, float("nan")],
        "forecast_p90": [60.0, float("nan")],
        "ordered_units": [100, 100],
        "filled_units": [90, 100],
        "arrivals": [30, 10],
        "mean_wait_seconds": [60.0, 180.0],
        "p90_wait_seconds": [120.0, 400.0],
        "overload_minutes": [0.0, 60.0],
        "claims": [80, 20],
        "redemptions": [20, 5],
    }
)


def values(outcomes: pd.DataFrame) -> dict[str, float]:
    return dict(zip(scorecard(outcomes)["measure"], scorecard(outcomes)["value"], strict=True))


def test_measures_worked_by_hand() -> None:
    assert values(STORES) == pytest.approx(
        {
            "pickups": 100,
            "forecast_wape": 10 / 40,
            "forecast_bias": 10 / 40,
            "forecast_coverage_80": 0.0,
            "fill_rate": 0.95,
            "mean_wait_seconds": (60 * 30 + 180 * 10) / 40,
            "worst_p90_wait_seconds": 400,
            "overload_minutes": 60,
            "redemptions_per_claim": 0.25,
        }
    )


def test_a_day_without_stores_is_unknown_and_not_perfect() -> None:
    empty = values(STORES.iloc[:0])
    assert set(empty) == set(UNITS)
    assert all(math.isnan(empty[name]) for name in ("forecast_wape", "fill_rate", "mean_wait_seconds"))
