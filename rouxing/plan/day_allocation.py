"""One allocation of a day: stock first, then people, then what each store-day can keep. Frames in, frames out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from rouxing.allocate.position import arrival_dates, free_room, stock_at_arrival, stock_for_pickups, units_now
from rouxing.allocate.staff import StaffParameters, plan_staff
from rouxing.allocate.stock import StockAllocation, StockParameters, allocate_stock
from rouxing.allocate.store_days import StoreDayParameters, store_day_limits
from rouxing.forecast.show_up import orders_of
from rouxing.forecast.skus import SkuSplit
from rouxing.forecast.units import sku_demand, slot_arrivals
from rouxing.plan.shifted_load import shifted_days

PLANNED_DAYS = 2


@dataclass(frozen=True)
class AllocationParameters:
    """``staffing_quantile``: quantile of the day's pickups that people are planned for; ``load_quantile``: the one
    that store-day limits hold against.
    """

    staffing_quantile: str = "p75"
    load_quantile: str = "p90"
    stock: StockParameters = field(default_factory=StockParameters)
    staff: StaffParameters = field(default_factory=StaffParameters)
    store_days: StoreDayParameters = field(default_factory=StoreDayParameters)


@dataclass(frozen=True)
class DayAllocation:
    """All that one allocation writes, and ``units``: what pickups of each planned day can draw on (of
    `stock_for_pickups`).
    """

    stock: StockAllocation
    transfers: pd.DataFrame
    staff_slots: pd.DataFrame
    shifts: pd.DataFrame
    store_days: pd.DataFrame
    warnings: pd.DataFrame
    units: pd.DataFrame


def decide_allocation(
    business_date: date,
    frames: Mapping[str, pd.DataFrame],
    parameters: AllocationParameters,
    *,
    load_shift: pd.DataFrame | None = None,
    store_prices: pd.DataFrame | None = None,
) -> DayAllocation:
    """Transfers, people per half hour and store-day limits for the business date and the day after.

    ``frames`` are those of `warehouse.plan_inputs.read_allocation_inputs`: stores, skus, rosters, counts, in_transit,
    days, slots, split, sku_weekdays, walk_ins, exchanges; overrides (store_id, kind, value) may be absent.
    ``load_shift``: store_id, business_date, mean_shift (pickups): what quotas decided since the forecast bring or take
    away (`shifted_days`); demand, people and limits follow. ``store_prices``: store_id, business_date, price_fen: what
    one more pickup that the store's goods could serve is worth.
    """
    stores, skus = frames["stores"], frames["skus"]
    days = frames["days"][frames["days"]["store_id"].isin(stores["store_id"])]
    days = shifted_days(days, load_shift)
    split = frames["split"][frames["split"]["sku_id"].isin(skus["sku_id"])]
    now = units_now(stores, skus, frames["counts"], frames["in_transit"])
    arrivals = arrival_dates(stores, business_date)
    shares = SkuSplit(split, frames["sku_weekdays"], frames["walk_ins"])
    demand = _demand(days, shares, frames["exchanges"], arrivals)
    stock = _stock(stores, skus, now, demand, arrivals, frames["counts"], parameters.stock)
    transfers = stock.transfers.merge(arrivals, on="store_id")
    planned = days[days["date"] < pd.Timestamp(business_date) + pd.Timedelta(days=PLANNED_DAYS)]
    load = slot_arrivals(planned, frames["slots"], parameters.staffing_quantile)
    staff = plan_staff(load, stores, frames["rosters"], parameters.staff)
    loads = planned.rename(columns={"date": "business_date", "mean": "load_mean"})
    loads = loads.assign(load_upper=loads[parameters.load_quantile])[
        ["store_id", "business_date", "load_mean", "load_upper", "show_up_share"]
    ]
    units = stock_for_pickups(now, transfers, arrivals, loads.drop(columns="load_upper"), split)
    limits = store_day_limits(staff.slots, stores, units, loads, parameters.store_days)
    warnings = pd.concat([staff.warnings, limits.warnings], ignore_index=True)
    return DayAllocation(stock, transfers, staff.slots, staff.shifts, limits.store_days, warnings, units)


def _demand(days: pd.DataFrame, split: SkuSplit, exchanges: pd.DataFrame, arrivals: pd.DataFrame) -> pd.DataFrame:
    """Units of each SKU asked for before and on the day on which a transfer arrives.

    On the covered day every order takes stock, also those nobody will fetch. What these took is back on the shelf the
    next morning, so the days before it use up what is collected.
    """
    due = days.merge(arrivals, on="store_id")
    before = due[due["date"] < due["arrives_on"]]
    covered = orders_of(due[due["date"] == due["arrives_on"]])
    return pd.concat([sku_demand(part, split, exchanges) for part in (before, covered)], ignore_index=True)


def _stock(
    stores: pd.DataFrame,
    skus: pd.DataFrame,
    now: pd.DataFrame,
    demand: pd.DataFrame,
    arrivals: pd.DataFrame,
    counts: pd.DataFrame,
    parameters: StockParameters,
) -> StockAllocation:
    due = demand.merge(arrivals, on="store_id")
    covered = due[due["date"] == due["arrives_on"]]
    at_centres = counts[~counts["location_id"].isin(stores["store_id"])]
    supply = at_centres.rename(columns={"location_id": "dc_id"}).assign(
        available_units=(at_centres["on_hand_units"] - at_centres["locked_units"]).clip(lower=0)
    )[["dc_id", "sku_id", "available_units"]]
    return allocate_stock(
        covered, stock_at_arrival(now, demand, arrivals), supply, free_room(stores, skus, now), skus, parameters
    )
