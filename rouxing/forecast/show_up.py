"""Orders and pickups apart: an order that nobody fetches takes stock until closing, and no time at the counter."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from rouxing.forecast.history import day_number, day_numbers

SHOW_UP_HALF_LIFE_DAYS = 21.0
_POOL_ORDERS = 100.0  # a store's own share weighs as much as the chain's at this many orders
_LEAST_SHARE = 0.2


def show_up_shares(outcomes: pd.DataFrame, origin: date) -> pd.DataFrame:
    """Share of orders that are collected, by store as of ``origin``: frame store_id, show_up_share (0.2-1).

    outcomes: store_id, date, orders (closed ones that took stock), collected. Rows after the origin are ignored; days
    weigh half after three weeks; a store is drawn to the chain with the weight of 100 orders, the chain to 1 with the
    weight of one.
    """
    age = day_number(origin) - day_numbers(outcomes["date"])
    known = outcomes[["store_id"]].assign(
        orders=outcomes["orders"] * 0.5 ** (age / SHOW_UP_HALF_LIFE_DAYS),
        collected=outcomes["collected"] * 0.5 ** (age / SHOW_UP_HALF_LIFE_DAYS),
    )
    by_store = known[age >= 0].groupby("store_id")[["orders", "collected"]].sum()
    chain = (float(by_store["collected"].sum()) + 1.0) / (float(by_store["orders"].sum()) + 1.0)
    share = (by_store["collected"] + _POOL_ORDERS * chain) / (by_store["orders"] + _POOL_ORDERS)
    return share.clip(_LEAST_SHARE, 1.0).rename("show_up_share").reset_index().astype({"store_id": "str"})


def with_orders(days: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """The days with show_up_share and orders_mean.

    Args:
        days: ``store_id, mean`` (pickups: collected, or refused for want of stock).
        shares: of ``show_up_shares``; a store it does not name has the mean share of the others, 1 if there are none.

    Returns:
        the columns of ``days``; orders_mean = mean / show_up_share, the orders that take stock on the day.
    """
    usual = float(shares["show_up_share"].mean()) if len(shares) else 1.0
    share = days["store_id"].map(shares.set_index("store_id")["show_up_share"]).fillna(usual).astype(np.float64)
    return days.assign(show_up_share=share, orders_mean=days["mean"] / share)


def orders_of(days: pd.DataFrame) -> pd.DataFrame:
    """The days with mean and quantiles of orders in place of those of pickups: each over show_up_share."""
    columns = [name for name in days.columns if name == "mean" or (name[0] == "p" and name[1:].isdigit())]
    return days.assign(**{name: days[name] / days["show_up_share"] for name in columns})
