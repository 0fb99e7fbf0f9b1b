"""What a forecast writes about SKUs, and about the orders behind pickups."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import pandas as pd

from rouxing.forecast.exchanges import expected_exchanges
from rouxing.forecast.history import History
from rouxing.forecast.show_up import show_up_shares, with_orders
from rouxing.forecast.skus import sku_split

Frames = dict[str, pd.DataFrame]


def sku_lines(inputs: Frames, history: History, origin: date, horizon_days: int, scope: Collection[str]) -> Frames:
    """Rows by table for the stores of ``scope``: SKU rates, weekday effects, walk-in weekdays, exchange coupons.

    ``inputs``: sku_history, daily_pickups, stores, skus, coupon_stocks.
    """
    split = sku_split(inputs["sku_history"], inputs["daily_pickups"], origin, inputs["stores"], inputs["skus"])
    by_store = {
        "mart.forecast_skus": split.rates,
        "mart.forecast_walk_ins": split.walk_ins,
        "mart.forecast_exchanges": expected_exchanges(history, inputs["coupon_stocks"], origin, horizon_days),
    }
    lines = {table: frame[frame["store_id"].isin(scope)] for table, frame in by_store.items()}
    return {**lines, "mart.forecast_sku_weekdays": split.weekdays}


def order_columns(days: pd.DataFrame, outcomes: pd.DataFrame, origin: date) -> pd.DataFrame:
    """The forecast days with show_up_share and orders_mean."""
    return with_orders(days, show_up_shares(outcomes, origin))
