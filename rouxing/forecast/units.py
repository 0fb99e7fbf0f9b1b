"""Demand for units of a SKU, from the day's pickups and the SKU's part in them."""

from __future__ import annotations

import pandas as pd
from scipy import stats

from rouxing.model.quantiles import LEVELS, QUANTILE_COLUMNS

# Distance between the .10 and the .90 quantile of a normal distribution, in standard deviations.
_SPREAD_10_90 = 2.5631031310892007


def sku_demand(days: pd.DataFrame, split: pd.DataFrame) -> pd.DataFrame:
    """Demand of each SKU on each store-day as a mean and quantiles, units.

    Args:
        days: ``store_id, date, mean, p10, p90`` (pickups).
        split: ``store_id, sku_id, units_per_pickup, walk_in_units_per_day``.

    Returns:
        ``store_id, date, sku_id, mean, p05 .. p95``. A SKU's units are taken as gamma distributed with the mean
        ``pickups * units_per_pickup + walk_in`` and the variance of Poisson units plus the day's own uncertainty
        (law of total variance).
    """
    table = days[["store_id", "date", "mean", "p10", "p90"]].merge(split, on="store_id")
    mean = table["mean"] * table["units_per_pickup"] + table["walk_in_units_per_day"]
    day_deviation = (table["p90"] - table["p10"]) / _SPREAD_10_90
    variance = mean + (table["units_per_pickup"] * day_deviation) ** 2
    result = table[["store_id", "date", "sku_id"]].assign(mean=mean)
    shape = (mean**2 / variance).where(mean > 0, 1.0).to_numpy()
    scale = (variance / mean).where(mean > 0, 0.0).to_numpy()
    for level, column in zip(LEVELS, QUANTILE_COLUMNS, strict=True):
        result[column] = stats.gamma.ppf(level, shape, scale=scale.clip(min=1e-12))
    return result


def slot_arrivals(days: pd.DataFrame, profile: pd.DataFrame, quantile: str) -> pd.DataFrame:
    """Arrivals per half hour on days of the height of ``quantile``: store_id, business_date, slot, arrivals.

    Args:
        days: ``store_id, date`` and the column named by ``quantile`` (pickups).
        profile: ``store_id, weekday`` (0 = Monday), ``slot, share``.
        quantile: column of ``days``, e.g. ``p75``.
    """
    table = days[["store_id", "date", quantile]].assign(weekday=days["date"].dt.day_of_week)
    table = table.merge(profile, on=["store_id", "weekday"]).rename(columns={"date": "business_date"})
    return table[["store_id", "business_date", "slot"]].assign(arrivals=table[quantile] * table["share"])
