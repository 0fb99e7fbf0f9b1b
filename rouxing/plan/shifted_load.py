"""Days of the forecast at another mean: what quotas bring or take away, told to stock and people."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from rouxing.model.quantiles import LEVELS, QUANTILE_COLUMNS
from rouxing.optimize.checks import BoolArray, FloatArray, finite_array, refuse_where

_DAY = ["store_id", "date"]


def shifted_days(days: pd.DataFrame, load_shift: pd.DataFrame | None) -> pd.DataFrame:
    """The days with mean, quantiles and orders_mean moved by ``load_shift``; days it does not name stay as they are.

    Args:
        days: store_id, date, mean, p05 .. p95 (pickups), dispersion (may be NaN = 0), orders_mean, show_up_share.
        load_shift: store_id, business_date, mean_shift (pickups, may be negative; the mean stays at 0 or above).

    The distance of a quantile from the mean grows as the standard deviation, of which the variance is m + a m^2:
    U(m) = m + (U0 - m0) sqrt((m + a m^2) / (m0 + a m0^2)); from a mean of 0 it is that of a normal, z sqrt(m).

    Raises:
        RefusedInputError: two shifts for one store-day, or a shift that is NaN.
    """
    if load_shift is None or load_shift.empty:
        return days
    refuse_where(load_shift.duplicated(["store_id", "business_date"]), "load_shift has two rows for one store and day")
    finite_array(load_shift["mean_shift"], "load_shift.mean_shift", minimum=None)
    named = load_shift[["store_id", "business_date", "mean_shift"]].rename(columns={"business_date": "date"})
    shift = days[_DAY].merge(named.astype({"date": days["date"].dtype}), on=_DAY, how="left")["mean_shift"]
    before = days["mean"].to_numpy(np.float64)
    after = np.maximum(before + shift.fillna(0.0).to_numpy(np.float64), 0.0)
    moved = after != before
    dispersion = days["dispersion"].fillna(0.0).to_numpy(np.float64)
    wider = np.sqrt((after + dispersion * after**2) / np.where(before > 0, before + dispersion * before**2, 1.0))
    quantiles = {
        name: _moved(days[name].to_numpy(np.float64), before, after, wider, float(ndtri(level)), moved)
        for name, level in zip(QUANTILE_COLUMNS, LEVELS, strict=True)
    }
    orders = np.where(moved, after / days["show_up_share"].to_numpy(np.float64), days["orders_mean"])
    return days.assign(mean=after, orders_mean=orders, **quantiles)


def _moved(
    quantile: FloatArray,
    before: FloatArray,
    after: FloatArray,
    wider: FloatArray,
    score: float,
    moved: BoolArray,
) -> FloatArray:
    distance = np.where(before > 0, (quantile - before) * wider, score * np.sqrt(after))
    return np.where(moved, np.maximum(after + distance, 0.0), quantile)
