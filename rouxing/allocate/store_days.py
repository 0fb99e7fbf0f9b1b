"""What each store can hand over on a day: the least of counter, people and stock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rouxing.allocate.staff import WARNING_COLUMNS
from rouxing.optimize.checks import finite_array, finite_columns, refuse_where

_DAY = ["store_id", "business_date"]
_LIMITS = ("counter", "staff", "stock")


@dataclass(frozen=True, slots=True)
class StoreDayParameters:
    """``default_capacity_pickups``: cautious pickups a day wherever a limit is unknown. ``shelf_share``: share (0-1)
    of what a pickup asks for that must still be on the shelf; it says how many pickups the stock can serve.
    """

    default_capacity_pickups: float = 60.0
    shelf_share: float = 0.6


@dataclass(frozen=True, slots=True)
class StoreDayLimits:
    """``store_days``: store_id, business_date, capacity_pickups, counter_pickups, staff_pickups, stock_pickups,
    binding (counter, staff, stock, or default where the least is a default), load_mean, load_upper.
    ``warnings``: subject (store), business_date, missing, default_used.
    """

    store_days: pd.DataFrame
    warnings: pd.DataFrame


def store_day_limits(
    staff_slots: pd.DataFrame,
    stores: pd.DataFrame,
    stock_units: pd.DataFrame,
    demand_days: pd.DataFrame,
    parameters: StoreDayParameters | None = None,
) -> StoreDayLimits:
    """Pickup limits of each store and date of ``demand_days``; a limit nobody knows becomes a cautious default.

    ``staff_slots``: store_id, business_date, capacity_pickups per slot (of `plan_staff`). ``stores``: store_id,
    pickup_capacity_day (may be NaN). ``stock_units``: store_id, business_date, sku_id, available_units for pickup
    that day (planned transfers included, walk-in already taken off), units_per_pickup (>= 0). ``demand_days``:
    store_id, business_date, load_mean, load_upper, pickups.

    Raises:
        RefusedInputError: NaN or negative numbers, repeated keys.
    """
    parameters = parameters or StoreDayParameters()
    _check(staff_slots, stores, stock_units, demand_days)
    staff = staff_slots.groupby(_DAY)["capacity_pickups"].sum().rename("staff_pickups").astype(np.float64)
    days = (
        demand_days[[*_DAY, "load_mean", "load_upper"]]
        .merge(stores[["store_id", "pickup_capacity_day"]], on="store_id", how="left")
        .rename(columns={"pickup_capacity_day": "counter_pickups"})
        .merge(staff.reset_index(), on=_DAY, how="left")
        .merge(_stock_pickups(stock_units, parameters.shelf_share), on=_DAY, how="left")
        .sort_values(_DAY, ignore_index=True)
    )
    known = days[[f"{limit}_pickups" for limit in _LIMITS]].astype(np.float64)
    limits = known.fillna(parameters.default_capacity_pickups).to_numpy(np.float64)
    least = limits.argmin(axis=1) if len(days) else np.zeros(0, dtype=np.int64)
    is_default = known.isna().to_numpy()[np.arange(len(days)), least]
    store_days = days[_DAY].assign(
        capacity_pickups=limits.min(axis=1),
        counter_pickups=limits[:, 0],
        staff_pickups=limits[:, 1],
        stock_pickups=limits[:, 2],
        binding=np.where(is_default, "default", np.array(_LIMITS, dtype=object)[least]).astype(str),
        load_mean=days["load_mean"].to_numpy(np.float64),
        load_upper=days["load_upper"].to_numpy(np.float64),
    )
    return StoreDayLimits(store_days, _warnings(days, known, parameters))


def _check(
    staff_slots: pd.DataFrame, stores: pd.DataFrame, stock_units: pd.DataFrame, demand_days: pd.DataFrame
) -> None:
    refuse_where(demand_days.duplicated(_DAY), "demand_days has two rows for one store and day")
    refuse_where(stores.duplicated("store_id"), "stores has two rows for one store")
    refuse_where(stock_units.duplicated([*_DAY, "sku_id"]), "stock_units has two rows for one store, day and SKU")
    finite_array(staff_slots["capacity_pickups"], "staff_slots.capacity_pickups")
    finite_array(stores["pickup_capacity_day"].dropna(), "stores.pickup_capacity_day")
    finite_columns(stock_units, "stock_units", ("available_units", "units_per_pickup"))
    finite_columns(demand_days, "demand_days", ("load_mean", "load_upper"))


def _stock_pickups(stock_units: pd.DataFrame, shelf_share: float) -> pd.DataFrame:
    """Most pickups (per store and day) at which one more still finds ``shelf_share`` of what it asks for.

    SKU k is on the shelf up to available_k / units_per_pickup_k pickups; the answer is the largest number that SKUs
    with that share of the units asked for can cover. A few SKUs that are out do not close the store: fewer coupons
    would not bring them back. Where no SKU has a rate, a pickup is taken to be one unit.
    """
    available, rate = (stock_units[name].to_numpy(np.float64) for name in ("available_units", "units_per_pickup"))
    covered = np.divide(available, rate, out=np.zeros(rate.size), where=rate > 0)
    units = stock_units[_DAY].assign(available=available, rate=rate, covered=covered)
    units = units.sort_values([*_DAY, "covered"], ascending=[True, True, False], ignore_index=True)
    by_day = units.groupby(_DAY)
    asked = by_day["rate"].transform("sum")
    is_enough = by_day["rate"].cumsum() >= shelf_share * asked * (1 - 1e-12)
    pickups = units["covered"].where(asked > 0, by_day["available"].transform("sum"))
    limits = units[_DAY].assign(stock_pickups=pickups)[is_enough]
    return limits.drop_duplicates(_DAY, ignore_index=True)


def _warnings(days: pd.DataFrame, known: pd.DataFrame, parameters: StoreDayParameters) -> pd.DataFrame:
    """One row per store, day and unknown limit."""
    default = parameters.default_capacity_pickups
    unknown = [
        days.loc[known[f"{limit}_pickups"].isna(), _DAY].assign(missing=f"{limit}_pickups", default_used=default)
        for limit in _LIMITS
    ]
    return pd.concat(unknown, ignore_index=True).rename(columns={"store_id": "subject"})[WARNING_COLUMNS]
