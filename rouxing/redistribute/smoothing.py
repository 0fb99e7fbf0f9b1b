"""What the cycles of one forecast have seen, smoothed: so that noise of five minutes moves no quota."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rouxing.optimize.checks import FloatArray
from rouxing.redistribute.keys import CELL, DAY, KeyBook
from rouxing.redistribute.parameters import QuotaParameters


@dataclass(frozen=True, slots=True)
class Smoothed:
    """Smoothed claims of a day (J,), forecast mean and mean limit (N,).

    ``has_memory``: False in a first cycle, where all are what is seen now.
    """

    wanted_claims: FloatArray
    forecast_mean: FloatArray
    mean_limit: FloatArray
    has_memory: bool


def smoothed(
    state: pd.DataFrame,
    cells: pd.DataFrame,
    store_days: pd.DataFrame,
    mean_limit: FloatArray,
    parameters: QuotaParameters,
) -> Smoothed:
    """Exponentially weighted means of what was seen and what is remembered; what is new starts as it is seen.

    ``state``: measure (wanted_claims, forecast_mean, mean_limit), stock_id (empty for stores), carrier_id,
    business_date, value. Source of the weight: measured, see benchmarks/redistribute/stability.py.
    """
    issued, rest = (cells[name].to_numpy(np.float64) for name in ("issued_coupons", "rest_claims"))
    wanted = _blend(_remembered(state, "wanted_claims", cells, CELL), issued + rest, parameters.smoothing)
    days = store_days[DAY].assign(stock_id="")
    columns = ["stock_id", *DAY]
    mean = store_days["forecast_mean"].to_numpy(np.float64)
    mean_before = _remembered(state, "forecast_mean", days, columns)
    forecast_mean = _blend(mean_before, mean, parameters.smoothing)
    room = _cautious(_remembered(state, "mean_limit", days, columns) - mean_before, mean_limit - mean, parameters)
    return Smoothed(
        wanted_claims=wanted,
        forecast_mean=forecast_mean,
        mean_limit=forecast_mean + room,
        has_memory=bool(len(state)),
    )


def _blend(remembered: FloatArray, seen: FloatArray, weight: float) -> FloatArray:
    return np.where(np.isnan(remembered), seen, remembered + weight * (seen - remembered))


def _cautious(remembered: FloatArray, seen: FloatArray, parameters: QuotaParameters) -> FloatArray:
    """Room that went is gone at once; room that came is believed bit by bit, so that noise does not give and take."""
    trusted = remembered + parameters.trust * (seen - remembered)
    return np.where(np.isnan(remembered), seen, np.minimum(seen, trusted))


def _remembered(state: pd.DataFrame, measure: str, rows: pd.DataFrame, columns: list[str]) -> FloatArray:
    known = state[state["measure"] == measure].reset_index(drop=True)
    place = KeyBook.of(known, CELL).rows(rows, columns)
    return np.asarray(np.append(known["value"].to_numpy(np.float64), np.nan)[place])
