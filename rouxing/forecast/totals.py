"""Pickups of the chain and of each district as distributions of their own."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rouxing.forecast.distribution import SharedShock, quantiles_of_sum
from rouxing.forecast.history import day_numbers
from rouxing.model.feeds import WHOLE_CHAIN
from rouxing.model.quantiles import QUANTILE_COLUMNS


def area_totals(days: pd.DataFrame, stores: pd.DataFrame, shock: SharedShock) -> pd.DataFrame:
    """area_id (a district, or ALL for the chain), date, mean, p05 .. p95: pickups of all stores of the area together.

    ``days``: store_id, date, mean, dispersion; ``stores``: store_id, district_id. Quantiles of a sum are not sums of
    quantiles: stores err together only as far as ``shock`` says.
    """
    placed = days[["store_id", "date", "mean", "dispersion"]].merge(stores[["store_id", "district_id"]], on="store_id")
    chain = placed.assign(area_id=WHOLE_CHAIN)
    rows = pd.concat([chain, placed.assign(area_id=placed["district_id"])], ignore_index=True)
    group = rows.groupby(["area_id", "date"], sort=True)
    store = pd.factorize(rows["store_id"], sort=True)[0].astype(np.int64)
    day = day_numbers(rows["date"])
    total, quantiles = quantiles_of_sum(
        rows["mean"].to_numpy(),
        rows["dispersion"].to_numpy(),
        store,
        day - day.min() if len(day) else day,
        np.asarray(group.ngroup(), dtype=np.int64),
        shock,
    )
    names = group.size().reset_index()[["area_id", "date"]]
    return names.assign(mean=total, **dict(zip(QUANTILE_COLUMNS, quantiles.T, strict=True)))
