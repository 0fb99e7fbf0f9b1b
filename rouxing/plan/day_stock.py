"""The stock decision of a day from what is known: transfers, whose the units are, what they can serve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from rouxing.allocate.grid import Grid, grid_of
from rouxing.allocate.overrides import closed_days
from rouxing.allocate.position import (
    Holdings,
    arrival_dates,
    days_after,
    free_room,
    holdings_now,
    stock_at_arrival,
    units_by_day,
)
from rouxing.allocate.reservations import Rates, Reserved, pickups_served, rates_on, reserve
from rouxing.allocate.staff import WARNING_COLUMNS
from rouxing.allocate.stock import StockAllocation, StockParameters, allocate_stock
from rouxing.forecast.show_up import orders_of
from rouxing.forecast.skus import SkuSplit
from rouxing.forecast.units import sku_cover, sku_demand
from rouxing.model.quantiles import SPREAD_10_90
from rouxing.optimize.checks import FloatArray, IntArray, finite_array, refuse_where

Frames = Mapping[str, pd.DataFrame]
_DAY = ["store_id", "business_date"]


@dataclass(frozen=True)
class DayStock:
    """``transfers``: of ``allocation`` with arrives_on. ``reservations``: store_id, sku_id, business_date,
    priority_units, walk_in_units, open_units, cover_share, where goods are scarce and for every SKU of an exchange
    coupon. ``pickups``: store_id, business_date, stock_pickups. ``units``: store_id, business_date, sku_id,
    available_units for pickups (open and kept for holders of coupons), units_per_pickup (per pickup collected, the
    orders behind it that nobody fetches included). ``warnings``: subject (store), business_date, missing, default_used:
    stores whose goods arrive on a day that nobody forecast; they get none.
    """

    allocation: StockAllocation
    transfers: pd.DataFrame
    reservations: pd.DataFrame
    pickups: pd.DataFrame
    units: pd.DataFrame
    warnings: pd.DataFrame


@dataclass(frozen=True)
class _Chain:
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
        return pd.Timestamp(self.business_date) + pd.Timedelta(days=day)


def decide_stock(
    business_date: date,
    frames: Frames,
    days: pd.DataFrame,
    planned_days: int,
    parameters: StockParameters,
    shelf_share: float,
    store_prices: pd.DataFrame | None = None,
) -> DayStock:
    """Transfers of the business date, and what the goods can serve on it and the days after (``planned_days`` in all).

    ``frames``: stores, skus, counts, in_transit, split, sku_weekdays, walk_ins, exchanges, optional overrides.
    ``days``: forecast days of the stores, with what quotas move already in them. ``store_prices``: store_id,
    business_date, price_fen per pickup: a pickup more asks for U = sum of units_per_pickup units and needs every one of
    them, so a unit that goes into a pickup is worth price / U on top of its margin. Of a SKU's units only the part
    that pickups take does, the rest is walk-in customers': price / U x pickup units / all units of the SKU.
    """
    stores, skus = frames["stores"], frames["skus"]
    chain = _chain(business_date, frames, days)
    arrivals = arrival_dates(stores, business_date)
    demand = _covered_demand(chain, arrivals, skus, parameters.covered_days)
    if store_prices is not None and not store_prices.empty:
        demand = demand.assign(extra_worth_fen=_extra_worth(chain, demand, store_prices, parameters.covered_days))
    left = stock_at_arrival(chain.holdings, _asked_before(chain), chain.lead_days, parameters.covered_days)
    today = stores[["store_id"]].assign(business_date=pd.Timestamp(business_date))
    room = free_room(stores, skus, chain.holdings).assign(is_closed=closed_days(frames.get("overrides"), today))
    everywhere = np.ones(chain.grid.shape, dtype=bool)
    stock = chain.grid.lines(everywhere).assign(available_units=left.ravel())
    allocation = allocate_stock(demand, stock, _supply(frames["counts"], stores), room, skus, parameters)
    transfers = allocation.transfers.merge(arrivals, on="store_id")
    planned = chain.grid.spread(transfers, "quantity_units")
    reserved = _reserved(chain, planned, planned_days, parameters)
    return DayStock(
        allocation=allocation,
        transfers=transfers,
        reservations=_reservations(chain, reserved),
        pickups=_pickups(chain, reserved, shelf_share),
        units=_units(chain, reserved),
        warnings=_unforeseen(chain, arrivals),
    )


def _chain(business_date: date, frames: Frames, days: pd.DataFrame) -> _Chain:
    stores, skus = frames["stores"], frames["skus"]
    grid = grid_of(stores, skus)
    split = frames["split"]
    split = split[grid.cells(split) >= 0]
    return _Chain(
        business_date=business_date,
        grid=grid,
        holdings=holdings_now(grid, frames["counts"], frames["in_transit"], business_date),
        lead_days=grid.of_stores(stores, "lead_time_days").astype(np.int64),
        rates=rates_on(grid, split),
        split=SkuSplit(split, frames["sku_weekdays"], frames["walk_ins"]),
        days=days.assign(day=days_after(days["date"], business_date)),
        exchanges=frames["exchanges"],
    )


def _asked_before(chain: _Chain) -> list[FloatArray]:
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


def _covered_demand(chain: _Chain, arrivals: pd.DataFrame, skus: pd.DataFrame, covered_days: int) -> pd.DataFrame:
    """Units asked for from the arrival of a transfer to that of the next: `sku_cover` with life_mean.

    On the covered days every order takes stock, also those nobody will fetch.
    """
    due = chain.days.merge(arrivals, on="store_id")
    due = orders_of(due.assign(since=(due["date"] - due["arrives_on"]).dt.days))
    covered = due[(due["since"] >= 0) & (due["since"] < covered_days)]
    if covered.empty:
        return _NO_DEMAND
    first, last = covered["date"].min().date(), covered["date"].max().date()
    demand = sku_cover(covered, chain.split, first, last, chain.exchanges)
    return demand.assign(life_mean=_life_mean(chain, due, demand, skus, covered_days))


_NO_DEMAND = pd.DataFrame(
    {name: pd.Series(dtype="str") for name in ("store_id", "sku_id")}
    | {name: pd.Series(dtype="float64") for name in ("mean", "p05", "p10", "p25", "p50", "p75", "p90", "p95")}
)


def _life_mean(
    chain: _Chain, due: pd.DataFrame, demand: pd.DataFrame, skus: pd.DataFrame, covered_days: int
) -> FloatArray:
    """Mean units (rows of ``demand``) asked for within shelf life from the arrival on.

    The covered days' mean grows with the store's orders; goods that keep longer than the forecast reaches sell on at
    its daily mean.
    """
    ahead = int(due["since"].max()) + 1
    orders = np.zeros((len(chain.grid.stores), ahead))
    known = due[due["since"] >= 0]
    orders[chain.grid.place_of_stores(known), known["since"].to_numpy(np.int64)] = known["mean"]
    total = orders.cumsum(axis=1)
    life = chain.grid.of_skus(skus, "shelf_life_days").astype(np.int64)
    reach = np.clip(life, 1, ahead)
    base = total[:, min(covered_days, ahead) - 1, None]
    grown = np.divide(total[:, reach - 1], base, out=np.tile(reach / covered_days, (len(base), 1)), where=base > 0)
    cells = chain.grid.cells(demand)
    return np.asarray(demand["mean"].to_numpy(np.float64) * (grown * life / reach).ravel()[cells])


def _unforeseen(chain: _Chain, arrivals: pd.DataFrame) -> pd.DataFrame:
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


def _extra_worth(chain: _Chain, demand: pd.DataFrame, store_prices: pd.DataFrame, covered_days: int) -> FloatArray:
    """What a unit (rows of ``demand``) is worth to one more pickup of the covered days, fen; see `decide_stock`."""
    refuse_where(store_prices.duplicated(_DAY), "store_prices has two rows for one store and day")
    finite_array(store_prices["price_fen"], "store_prices.price_fen")
    place = chain.grid.place_of_stores(store_prices)
    day = days_after(store_prices["business_date"], chain.business_date)
    since = day - chain.lead_days[place]
    mine = (place >= 0) & (since >= 0) & (since < covered_days)
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


def _supply(counts: pd.DataFrame, stores: pd.DataFrame) -> pd.DataFrame:
    centres = counts[counts["location_id"].isin(stores["dc_id"])]
    return pd.DataFrame(
        {
            "dc_id": centres["location_id"],
            "sku_id": centres["sku_id"],
            "available_units": (centres["on_hand_units"] - centres["locked_units"]).clip(lower=0),
        }
    )


def _reserved(chain: _Chain, planned: FloatArray, planned_days: int, parameters: StockParameters) -> list[Reserved]:
    """The division of the units of each planned day."""
    asked = [chain.rates.asked(chain.of_day(day, "mean")) for day in range(planned_days)]
    there = units_by_day(chain.holdings, planned, chain.lead_days, asked)
    dates = days_after(chain.exchanges["date"], chain.business_date)
    divided = []
    for day, units in enumerate(there):
        mean = chain.of_day(day, "mean")
        spread = (chain.of_day(day, "p90") - chain.of_day(day, "p10")) / SPREAD_10_90
        divided.append(
            reserve(
                units,
                chain.rates,
                chain.of_day(day, "orders_mean"),
                np.divide(spread, mean, out=np.zeros_like(mean), where=mean > 0),
                chain.grid.spread(chain.exchanges[dates == day], "units"),
                parameters.tight_share,
                parameters.priority_quantile,
            )
        )
    return divided


def _reservations(chain: _Chain, reserved: Sequence[Reserved]) -> pd.DataFrame:
    """The told cells by store, SKU and day, the order of the table's key."""
    store, sku, day = np.nonzero(np.stack([divided.is_told for divided in reserved], axis=2))

    def along(values: Sequence[FloatArray]) -> FloatArray:
        return np.stack(values, axis=2)[store, sku, day]

    return pd.DataFrame(
        {
            "store_id": chain.grid.stores.take(store),
            "sku_id": chain.grid.skus.take(sku),
            "business_date": pd.DatetimeIndex([chain.date_of(ahead) for ahead in range(len(reserved))]).take(day),
            "priority_units": along([divided.priority for divided in reserved]),
            "walk_in_units": along([divided.walk_in for divided in reserved]),
            "open_units": along([divided.open_units for divided in reserved]),
            "cover_share": along([divided.cover for divided in reserved]),
        }
    )


def _pickups(chain: _Chain, reserved: Sequence[Reserved], shelf_share: float) -> pd.DataFrame:
    days = [
        pd.DataFrame(
            {
                "store_id": chain.grid.stores,
                "business_date": chain.date_of(day),
                "stock_pickups": pickups_served(divided, chain.rates, chain.show_up(day), shelf_share),
            }
        )
        for day, divided in enumerate(reserved)
    ]
    return pd.concat(days, ignore_index=True)


def _units(chain: _Chain, reserved: Sequence[Reserved]) -> pd.DataFrame:
    cells = chain.grid.lines(np.ones(chain.grid.shape, dtype=bool))
    days = [
        cells.assign(
            business_date=chain.date_of(day),
            available_units=(divided.open_units + divided.priority).ravel(),
            units_per_pickup=(chain.rates.per_pickup / chain.show_up(day)[:, None]).ravel(),
        )
        for day, divided in enumerate(reserved)
    ]
    return pd.concat(days, ignore_index=True)
