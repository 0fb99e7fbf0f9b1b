"""The stock decision of a day from what is known: transfers, whose the units are, what they can serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from rouxing.allocate.grid import Grid, places
from rouxing.allocate.overrides import closed_days
from rouxing.allocate.position import (
    arrival_dates,
    days_after,
    free_room,
    stock_at_arrival,
    units_by_day,
)
from rouxing.allocate.reservations import Reserved, pickups_served, reserve
from rouxing.allocate.stock import StockAllocation, StockParameters, allocate_stock
from rouxing.model.quantiles import SPREAD_10_90
from rouxing.optimize.checks import FloatArray
from rouxing.plan.stock_chain import (
    Frames,
    StockChain,
    asked_before,
    covered_demand,
    extra_worth,
    stock_chain,
    unforeseen,
)


@dataclass(frozen=True)
class DayStock:
    """``transfers``: of ``allocation`` with arrives_on. ``reservations``: store_id, sku_id, business_date,
    priority_units, walk_in_units, open_units, cover_share, where goods are scarce and a unit is kept for somebody, and
    for every SKU of an exchange coupon. ``pickups``: store_id, business_date, stock_pickups. ``units``: store_id,
    business_date, sku_id, available_units for pickups (open and kept for holders of coupons), units_per_pickup (per
    pickup collected, the orders behind it that nobody fetches included). ``warnings``: subject (store), business_date,
    missing, default_used: stores whose goods arrive on a day that nobody forecast; they get none.
    """

    allocation: StockAllocation
    transfers: pd.DataFrame
    reservations: pd.DataFrame
    pickups: pd.DataFrame
    units: pd.DataFrame
    warnings: pd.DataFrame


def decide_stock(
    business_date: date,
    frames: Frames,
    days: pd.DataFrame,
    planned_days: int,
    parameters: StockParameters,
    shelf_share: float,
    store_prices: pd.DataFrame | None = None,
    *,
    through_planned: bool = False,
) -> DayStock:
    """Transfers of the business date, and what the goods can serve on it and the days after (``planned_days`` in all).

    ``frames``: stores, skus, counts, in_transit, split, sku_weekdays, walk_ins, exchanges, optional overrides.
    ``days``: forecast days of the stores, with what quotas move already in them. ``store_prices``: store_id,
    business_date, price_fen per pickup: a pickup more asks for U = sum of units_per_pickup units and needs every one of
    them, so a unit that goes into a pickup is worth price / U on top of its margin. Of a SKU's units only the part
    that pickups take does, the rest is walk-in customers': price / U x pickup units / all units of the SKU.
    ``through_planned``: goods are sent for all planned days that a transfer can serve, not only for those up to the
    next transfer.
    """
    stores, skus = frames["stores"], frames["skus"]
    chain = stock_chain(business_date, frames, days)
    arrivals = arrival_dates(stores, business_date)
    covered = np.full(len(chain.grid.stores), parameters.covered_days, dtype=np.int64)
    if through_planned:
        covered = np.maximum(covered, planned_days - chain.lead_days)
    demand = covered_demand(chain, arrivals, skus, covered)
    if store_prices is not None and not store_prices.empty:
        demand = demand.assign(extra_worth_fen=extra_worth(chain, demand, store_prices, covered))
    left = stock_at_arrival(chain.holdings, asked_before(chain), chain.lead_days, covered)
    today = stores[["store_id"]].assign(business_date=pd.Timestamp(business_date))
    room = free_room(stores, skus, chain.holdings).assign(is_closed=closed_days(frames.get("overrides"), today))
    everywhere = np.ones(chain.grid.shape, dtype=bool)
    stock = chain.grid.lines(everywhere).assign(available_units=left.ravel())
    supply = _supply(frames["counts"], stores)
    allocation = allocate_stock(demand, stock, supply, room, skus, parameters)
    transfers = allocation.transfers.merge(arrivals, on="store_id")
    planned = chain.grid.spread(transfers, "quantity_units")
    asked = [chain.rates.asked(chain.of_day(day, "mean")) for day in range(planned_days)]
    made_up = _made_up(chain, stores, supply, planned, asked)
    there = units_by_day(chain.holdings, planned, chain.lead_days, asked, made_up)
    reserved = _reserved(chain, there, parameters)
    return DayStock(
        allocation=allocation,
        transfers=transfers,
        reservations=_reservations(chain, reserved),
        pickups=_pickups(chain, reserved, shelf_share),
        units=_units(chain, reserved),
        warnings=unforeseen(chain, arrivals),
    )


def _supply(counts: pd.DataFrame, stores: pd.DataFrame) -> pd.DataFrame:
    centres = counts[counts["location_id"].isin(stores["dc_id"])]
    return pd.DataFrame(
        {
            "dc_id": centres["location_id"],
            "sku_id": centres["sku_id"],
            "available_units": (centres["on_hand_units"] - centres["locked_units"]).clip(lower=0),
        }
    )


def _made_up(
    chain: StockChain, stores: pd.DataFrame, supply: pd.DataFrame, planned: FloatArray, asked: Sequence[FloatArray]
) -> FloatArray:
    """Share (S, K), 0-1, of what sells after an arrival that the centre can send again from what it has left.

    Nobody tells what suppliers will bring to a centre, so what is not there today does not count for tomorrow.
    """
    centres = pd.Index(stores["dc_id"].unique()).sort_values()
    centre = np.zeros(len(chain.grid.stores), dtype=np.int64)
    centre[chain.grid.place_of_stores(stores)] = places(centres, stores["dc_id"])
    sold = np.zeros(chain.grid.shape)
    for day, units in enumerate(asked[:-1]):
        sold += units * (chain.lead_days <= day)[:, None]
    held = Grid(centres, chain.grid.skus)
    sent, gone = np.zeros(held.shape), np.zeros(held.shape)
    np.add.at(sent, centre, planned)
    np.add.at(gone, centre, sold)
    left = np.maximum(held.spread(supply, "available_units", store="dc_id") - sent, 0.0)
    share = np.divide(left, gone, out=np.ones_like(left), where=gone > 0)
    return np.asarray(np.minimum(share, 1.0)[centre])


def _reserved(chain: StockChain, there: Sequence[FloatArray], parameters: StockParameters) -> list[Reserved]:
    """The division of the units ``there`` (S, K) on each planned day."""
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


def _reservations(chain: StockChain, reserved: Sequence[Reserved]) -> pd.DataFrame:
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


def _pickups(chain: StockChain, reserved: Sequence[Reserved], shelf_share: float) -> pd.DataFrame:
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


def _units(chain: StockChain, reserved: Sequence[Reserved]) -> pd.DataFrame:
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
