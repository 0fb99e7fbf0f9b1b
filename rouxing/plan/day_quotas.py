"""The quota question of a day, put together from what is known. Frames in, frames out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pandas as pd

from rouxing.redistribute.cells import carrier_shares, coupon_worth, quota_budgets, quota_cells, quota_loads


def quota_question(
    business_date: date, frames: Mapping[str, pd.DataFrame], scope: tuple[str, ...] = ()
) -> dict[str, pd.DataFrame]:
    """Arguments of `redistribute_quotas` from the frames of `warehouse.plan_inputs.read_quota_inputs`.

    ``scope``: stores whose carriers may change; empty = all.
    """
    stocks = frames["coupon_stocks"]
    worth = coupon_worth(stocks, frames["curves"], frames["sku_split"], frames["skus"])
    growth = carrier_growth(frames["store_days"], frames["pickups"], frames["stores"])
    cells = quota_cells(frames["quotas"], stocks, frames["campaigns"], growth, worth, business_date)
    carriers = carrier_shares(cells, stocks, frames["stores"], frames["claims"])
    last_day = business_date + timedelta(days=1)
    daily, totals = quota_budgets(cells, stocks, frames["campaigns"])
    in_scope = carriers[carriers["store_id"].isin(scope)] if scope else carriers
    return {
        "cells": cells.assign(in_scope=cells["carrier_id"].isin(in_scope["carrier_id"])),
        "loads": quota_loads(cells, frames["curves"], carriers, last_day),
        "store_days": frames["store_days"],
        "budgets": daily,
        "totals": totals,
    }


def carrier_growth(store_days: pd.DataFrame, pickups: pd.DataFrame, stores: pd.DataFrame) -> pd.DataFrame:
    """Forecast pickups over the recent daily mean, per store and per district: carrier_id, business_date, growth."""
    districts = stores[["store_id", "district_id"]]
    days = store_days.merge(pickups, on="store_id", how="left").merge(districts, on="store_id")
    own = days.assign(carrier_id=days["store_id"])
    zone = days.assign(carrier_id=days["district_id"])
    sums = (
        pd.concat([own, zone])
        .groupby(["carrier_id", "business_date"], as_index=False)[["load_mean", "daily_pickups"]]
        .sum()
    )
    growth = (sums["load_mean"] / sums["daily_pickups"].where(sums["daily_pickups"] > 0)).fillna(1.0)
    return sums[["carrier_id", "business_date"]].assign(growth=growth.clip(0.25, 4.0))
