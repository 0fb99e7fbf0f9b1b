"""One allocation of a day: stock first, then people, then what each store-day can keep. Frames in, frames out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from rouxing.allocate.staff import StaffParameters
from rouxing.allocate.stock import StockAllocation, StockParameters
from rouxing.allocate.store_days import StoreDayParameters, store_day_limits
from rouxing.forecast.units import slot_arrivals
from rouxing.plan.day_staff import decide_staff
from rouxing.plan.day_stock import decide_stock
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
    """All that one allocation writes, and ``units``: what pickups of each planned day can draw on; `DayStock` tells
    the columns of ``transfers``, ``reservations`` and ``units``.
    """

    stock: StockAllocation
    transfers: pd.DataFrame
    reservations: pd.DataFrame
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
    through_planned: bool = False,
    last: DayAllocation | None = None,
) -> DayAllocation:
    """Transfers, people per half hour and store-day limits for the business date and the day after.

    ``frames`` are those of `warehouse.plan_inputs.read_allocation_inputs`: stores, skus, rosters, counts, in_transit,
    days, slots, split, sku_weekdays, walk_ins, exchanges; overrides (store_id, kind, value) and bookings (by store, of
    the last week) may be absent.
    ``load_shift``: store_id, business_date, mean_shift (pickups): what quotas decided since the forecast bring or take
    away (`shifted_days`); demand, people and limits follow. ``store_prices``: store_id, business_date, price_fen: what
    one more pickup that the store's goods could serve is worth. ``through_planned``: goods are sent for both days where
    a transfer can serve both, not only up to the next transfer. ``last``: an allocation of the same stores, rosters
    and bookings; store-days whose arrivals are as they were there keep its people.
    """
    stores, overrides = frames["stores"], frames.get("overrides")
    days = frames["days"][frames["days"]["store_id"].isin(stores["store_id"])]
    days = shifted_days(days, load_shift)
    stock = decide_stock(
        business_date, frames, days, PLANNED_DAYS, parameters.stock, parameters.store_days.shelf_share, store_prices,
        through_planned=through_planned,
    )  # fmt: skip
    planned = days[days["date"] < pd.Timestamp(business_date) + pd.Timedelta(days=PLANNED_DAYS)]
    load = slot_arrivals(planned, frames["slots"], parameters.staffing_quantile)
    staff = decide_staff(load, frames, parameters.staff, last)
    loads = planned.rename(columns={"date": "business_date", "mean": "load_mean"})
    loads = loads.assign(load_upper=loads[parameters.load_quantile])[
        ["store_id", "business_date", "load_mean", "load_upper"]
    ]
    limits = store_day_limits(staff.slots, stores, stock.pickups, loads, parameters.store_days, overrides)
    return DayAllocation(
        stock=stock.allocation,
        transfers=stock.transfers,
        reservations=stock.reservations,
        staff_slots=staff.slots,
        shifts=staff.shifts,
        store_days=limits.store_days,
        warnings=pd.concat([stock.warnings, staff.warnings, limits.warnings], ignore_index=True),
        units=stock.units,
    )
