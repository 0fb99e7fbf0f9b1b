"""Stores x SKUs of a day: what they hold, and what the forecast says they are asked for around an arrival."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from rouxing.allocate.grid import Grid, grid_of
from rouxing.allocate.position import Holdings, days_after, holdings_now
from rouxing.allocate.reservations import Rates, rates_on
from rouxing.allocate.staff import WARNING_COLUMNS
from rouxing.forecast.show_up import orders_of
from rouxing.forecast.skus import SkuSplit
from rouxing.forecast.units import sku_cover, sku_demand
from rouxing.optimize.checks import FloatArray, IntArray, finite_array, refuse_where

Frames = Mapping[str, pd.DataFrame]
_DAY = ["store_id", "business_date"]


@dataclass(frozen=True)
class StockChain:
    """Stores x SKUs of the day with what they hold and sell, and the forecast days from the business date on."""

    business_date: date
    grid: Grid
    holdings: Holdings
    lead_days: IntArray
    rates: Rates
    split: SkuSplit
    days: pd.DataFrame
    exchanges: pd.DataFrame

    def of_day(self, day: int, column: str) -> FloatArray:
        """A column of ``days`` (S,), ``day`` days after the business date; 0 where nothing is forecast."""
        mine = self.days[self.days["day"] == day]
        values = np.zeros(len(self.grid.stores))
        values[self.grid.place_of_stores(mine)] = mine[column].to_numpy(np.float64)
        return values

    def show_up(self, day: int) -> FloatArray:
        """Share of orders (S,) that are collected; 1 where nothing is forecast."""
        share = self.of_day(day, "show_up_share")
        return np.where(share > 0, share, 1.0)

    def date_of(self, day: int) -> pd.Timestamp:
        """The date ``day`` days after the business date."""
        return pd.Timestamp(self.business_date) + pd.Timedelta(days=day)


def stock_chain(business_date: date, frames: Frames, days: pd.DataFrame) -> StockChain:
    """The chain of the frames that `day_stock.decide_stock` describes."""
    stores, skus = frames["stores"], frames["skus"]
    grid = grid_of(stores, skus)
    split = frames["split"]
    split = split[grid.cells(split) >= 0]
    return StockChain(
        business_date=business_date,
        grid=grid,
        holdings=holdings_now(grid, frames["counts"], frames["in_transit"], business_date),
        lead_days=grid.of_stores(stores, "lead_time_days").astype(np.int64),
        rates=rates_on(grid, split),
        split=SkuSplit(split, frames["sku_weekdays"], frames["walk_ins"]),
        days=days.assign(day=days_after(days["date"], business_date)),
        exchanges=frames["exchanges"],
    )


def asked_before(chain: StockChain) -> list[FloatArray]:
    """Mean demand (S, K) of each day before the last store's transfer arrives; stores that have theirs ask for none.

    What an order took that nobody fetched is back on the shelf the next morning: what is collected counts.
    """
    lead = pd.Series(chain.lead_days, index=chain.grid.stores)
    asked = []
    for day in range(int(chain.lead_days.max(initial=0))):
        mine = chain.days[(chain.days["day"] == day) & (chain.days["store_id"].map(lead) > day)]
        demand = sku_demand(mine, chain.split, chain.exchanges)
        asked.append(chain.grid.spread(demand, "mean"))
    return asked


def covered_demand(
    chain: StockChain, arrivals: pd.DataFrame, skus: pd.DataFrame, covered_days: IntArray
) -> pd.DataFrame:
    """Units asked for on the ``covered_days`` (S,) from the arrival of a transfer on: `sku_cover` with life_mean.

    On the covered days every order takes stock, also those nobody will fetch.
    """
    due = chain.days.merge(arrivals, on="store_id")
    due = orders_of(due.assign(since=(due["date"] - due["arrives_on"]).dt.days))
    covered = due[(due["since"] >= 0) & (due["since"] < covered_days[chain.grid.place_of_stores(due)])]
    if covered.empty:
        return _NO_DEMAND
    first, last = covered["date"].min().date(), covered["date"].max().date()
    demand = sku_cover(covered, chain.split, first, last, chain.exchanges)
    return demand.assign(life_mean=_life_mean(chain, due, demand, skus, covered_days))


_NO_DEMAND = pd.DataFrame(
    {name: pd.Series(dtype="str") for name in ("store_id", "sku_id")}
    | {name: pd.Series(dtype="float64") for name in ("mean", "p05", "p10", "p25", "p50", "p75", "p90", "p95")}
)


def extra_worth(
    chain: StockChain, demand: pd.DataFrame, store_prices: pd.DataFrame, covered_days: IntArray
) -> FloatArray:
    """What a unit (rows of ``demand``) is worth to one more pickup of the covered days, fen; see `decide_stock`."""
    refuse_where(store_prices.duplicated(_DAY), "store_prices has two rows for one store and day")
    finite_array(store_prices["price_fen"], "store_prices.price_fen")
    place = chain.grid.place_of_stores(store_prices)
    day = days_after(store_prices["business_date"], chain.business_date)
    since = day - chain.lead_days[place]
    mine = (place >= 0) & (since >= 0) & (since < covered_days[place])
    count = len(chain.grid.stores)
    fen = store_prices["price_fen"].to_numpy(np.float64)[mine]
    price = np.bincount(place[mine], fen, minlength=count).astype(np.float64) / covered_days
    orders = np.zeros(count)
    for ahead in np.unique(chain.lead_days):
        orders = np.where(chain.lead_days == ahead, chain.of_day(int(ahead), "orders_mean"), orders)
    in_a_pickup = chain.rates.per_pickup.sum(axis=1)
    by_pickup = orders[:, None] * chain.rates.per_pickup
    asked = by_pickup + chain.rates.walk_in
    part = np.divide(by_pickup, asked, out=np.zeros_like(asked), where=asked > 0)
    worth = part * np.divide(price, in_a_pickup, out=np.zeros_like(price), where=in_a_pickup > 0)[:, None]
    return np.asarray(worth.ravel()[chain.grid.cells(demand)])


def unforeseen(chain: StockChain, arrivals: pd.DataFrame) -> pd.DataFrame:
    """A warning for each store whose day of arrival has no forecast."""
    due = arrivals.rename(columns={"arrives_on": "date"})
    known = chain.days[["store_id", "date"]].astype({"date": due["date"].dtype})
    joined = due.merge(known, on=["store_id", "date"], how="left", indicator="found")
    lacking = joined.loc[joined["found"] == "left_only"].sort_values("store_id", ignore_index=True)
    return pd.DataFrame(
        {
            "subject": lacking["store_id"],
            "business_date": lacking["date"],
            "missing": "forecast_at_arrival",
            "default_used": 0.0,
        }
    )[WARNING_COLUMNS]


def _life_mean(
    chain: StockChain, due: pd.DataFrame, demand: pd.DataFrame, skus: pd.DataFrame, covered_days: IntArray
) -> FloatArray:
    """Mean units (rows of ``demand``) asked for within shelf life from the arrival on.

    The covered days' mean grows with the store's orders; goods that keep longer than the forecast reaches sell on at
    its daily mean.
    """
    known = due[due["since"] >= 0]
    place, since = chain.grid.place_of_stores(known), known["since"].to_numpy(np.int64)
    orders = np.zeros((len(chain.grid.stores), int(since.max()) + 1))
    orders[place, since] = known["mean"]
    total = orders.cumsum(axis=1)
    last = np.zeros(len(orders), dtype=np.int64)
    np.maximum.at(last, place, since)
    life = chain.grid.of_skus(skus, "shelf_life_days").astype(np.int64)
    reach = np.clip(life, 1, (last + 1)[:, None])
    days = covered_days[:, None]
    base = np.take_along_axis(total, np.minimum(days, total.shape[1]) - 1, axis=1)
    grown = np.divide(np.take_along_axis(total, reach - 1, axis=1), base, out=reach / days, where=base > 0)
    cells = chain.grid.cells(demand)
    return np.asarray(demand["mean"].to_numpy(np.float64) * (grown * life / reach).ravel()[cells])
