"""What each store can hand over on a day: the least of counter, people and stock, and what people set by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rouxing.allocate.overrides import closed_days, override_values
from rouxing.allocate.staff import WARNING_COLUMNS
from rouxing.optimize.checks import FloatArray, IntArray, finite_array, finite_columns, refuse_where

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
    binding (counter, staff, stock; default where the least is a default, override where it was set by hand),
    load_mean, load_upper. ``warnings``: subject (store), business_date, missing, default_used.
    """

    store_days: pd.DataFrame
    warnings: pd.DataFrame


def store_day_limits(
    staff_slots: pd.DataFrame,
    stores: pd.DataFrame,
    stock_pickups: pd.DataFrame,
    demand_days: pd.DataFrame,
    parameters: StoreDayParameters | None = None,
    overrides: pd.DataFrame | None = None,
) -> StoreDayLimits:
    """Pickup limits of each store and date of ``demand_days``; a limit nobody knows becomes a cautious default.

    ``staff_slots``: store_id, business_date, capacity_pickups per slot (of `plan_staff`). ``stores``: store_id,
    pickup_capacity_day (may be NaN). ``stock_pickups``: store_id, business_date, stock_pickups that the goods can serve
    (of `reservations.pickups_served`). ``demand_days``: store_id, business_date, load_mean, load_upper, pickups.
    ``overrides``: store_id, kind, value, optional last_date: capacity_pickups caps the counter, a closed day hands
    over nothing.

    Raises:
        RefusedInputError: NaN or negative numbers, repeated keys.
    """
    parameters = parameters or StoreDayParameters()
    _check(staff_slots, stores, stock_pickups, demand_days)
    staff = staff_slots.groupby(_DAY)["capacity_pickups"].sum().rename("staff_pickups").astype(np.float64)
    days = (
        demand_days[[*_DAY, "load_mean", "load_upper"]]
        .merge(stores[["store_id", "pickup_capacity_day"]], on="store_id", how="left")
        .rename(columns={"pickup_capacity_day": "counter_pickups"})
        .merge(staff.reset_index(), on=_DAY, how="left")
        .merge(stock_pickups[[*_DAY, "stock_pickups"]], on=_DAY, how="left")
        .sort_values(_DAY, ignore_index=True)
    )
    known = days[[f"{limit}_pickups" for limit in _LIMITS]].astype(np.float64)
    limits = known.fillna(parameters.default_capacity_pickups).to_numpy(np.float64)
    by_hand = _set_by_hand(days, overrides)
    limits = np.column_stack([np.fmin(limits[:, 0], by_hand), limits[:, 1:]])
    store_days = days[_DAY].assign(
        capacity_pickups=limits.min(axis=1),
        counter_pickups=limits[:, 0],
        staff_pickups=limits[:, 1],
        stock_pickups=limits[:, 2],
        binding=_binding(limits, known, by_hand),
        load_mean=days["load_mean"].to_numpy(np.float64),
        load_upper=days["load_upper"].to_numpy(np.float64),
    )
    return StoreDayLimits(store_days, _warnings(days, known, parameters))


def _check(
    staff_slots: pd.DataFrame, stores: pd.DataFrame, stock_pickups: pd.DataFrame, demand_days: pd.DataFrame
) -> None:
    refuse_where(demand_days.duplicated(_DAY), "demand_days has two rows for one store and day")
    refuse_where(stores.duplicated("store_id"), "stores has two rows for one store")
    refuse_where(stock_pickups.duplicated(_DAY), "stock_pickups has two rows for one store and day")
    finite_array(staff_slots["capacity_pickups"], "staff_slots.capacity_pickups")
    finite_array(stores["pickup_capacity_day"].dropna(), "stores.pickup_capacity_day")
    finite_array(stock_pickups["stock_pickups"], "stock_pickups.stock_pickups")
    finite_columns(demand_days, "demand_days", ("load_mean", "load_upper"))


def _set_by_hand(days: pd.DataFrame, overrides: pd.DataFrame | None) -> FloatArray:
    """Most pickups (per row) that people allow: 0 on a closed day, NaN where nobody said anything."""
    most = override_values(overrides, "capacity_pickups", days)
    return np.where(closed_days(overrides, days), 0.0, most)


def _binding(limits: FloatArray, known: pd.DataFrame, by_hand: FloatArray) -> pd.Series[str]:
    rows = np.arange(len(known))
    least: IntArray = limits.argmin(axis=1) if len(known) else np.zeros(0, dtype=np.int64)
    is_default = known.isna().to_numpy()[rows, least]
    names = np.where(is_default, "default", np.array(_LIMITS, dtype=object)[least])
    is_by_hand = (least == 0) & (by_hand <= limits[rows, least])
    return pd.Series(np.where(is_by_hand, "override", names), index=known.index, dtype="str")


def _warnings(days: pd.DataFrame, known: pd.DataFrame, parameters: StoreDayParameters) -> pd.DataFrame:
    """One row per store, day and unknown limit."""
    default = parameters.default_capacity_pickups
    unknown = [
        days.loc[known[f"{limit}_pickups"].isna(), _DAY].assign(missing=f"{limit}_pickups", default_used=default)
        for limit in _LIMITS
    ]
    return pd.concat(unknown, ignore_index=True).rename(columns={"store_id": "subject"})[WARNING_COLUMNS]
