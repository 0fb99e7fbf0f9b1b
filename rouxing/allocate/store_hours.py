"""Store-days with their open half hours side by side, as arrays that the people of all of them are planned on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rouxing.allocate.overrides import closed_days, override_values
from rouxing.optimize.checks import BoolArray, FloatArray, IntArray, finite_array, finite_columns, refuse_where

_DAY = ["store_id", "business_date"]


@dataclass(frozen=True, slots=True)
class StoreHours:
    """D store-days in the order of ``keys`` (store_id, business_date) x T half hours since opening.

    ``arrivals`` (D, T) and ``is_open`` (D, T); the rest (D,). NaN = nobody told: ``rostered``, ``callable_staff``,
    ``pickup_capacity`` a half hour. ``staff_most`` persons may be infinite. A store that ``is_closed`` by an override
    has its half hours, and nobody comes.
    """

    keys: pd.DataFrame
    opens_slot: IntArray
    hours: IntArray
    arrivals: FloatArray
    is_open: BoolArray
    is_closed: BoolArray
    counters: FloatArray
    staff_most: FloatArray
    handover_seconds: FloatArray
    rostered: FloatArray
    callable_staff: FloatArray
    pickup_capacity: FloatArray

    def lines(self, **columns: Any) -> pd.DataFrame:
        """One row per open half hour: the keys, slot, and the (D, T) columns."""
        day, hour = np.nonzero(self.is_open)
        rows = self.keys.iloc[day].reset_index(drop=True).assign(slot=self.opens_slot[day] + hour)
        return rows.assign(**{name: values[day, hour] for name, values in columns.items()})

    def by_line(self, values: Any) -> Any:
        """Values (D,) of the store-day at each row of `lines`."""
        return np.repeat(values, self.hours)


def store_hours(
    slot_load: pd.DataFrame,
    stores: pd.DataFrame,
    rosters: pd.DataFrame,
    overrides: pd.DataFrame | None = None,
) -> StoreHours:
    """The store-days of ``slot_load`` with all that planning people needs; frames as in `allocate.staff.plan_staff`.

    Raises:
        RefusedInputError: NaN or negative numbers, repeated keys, a store without master data.
    """
    _check(slot_load, stores, rosters)
    days = slot_load[_DAY].drop_duplicates().sort_values(_DAY, ignore_index=True)
    days = days.merge(stores, on="store_id", how="left").merge(
        rosters[[*_DAY, "rostered_staff", "callable_staff"]], on=_DAY, how="left"
    )
    opens = days["opens_slot"].to_numpy(np.int64)
    hours = np.maximum(days["closes_slot"].to_numpy(np.int64) - opens, 0)
    is_open = np.arange(hours.max(initial=0)) < hours[:, None]
    is_closed = closed_days(overrides, days).to_numpy()
    staff_max = np.nan_to_num(override_values(overrides, "staff_max", days), nan=np.inf)
    arrivals = _arrivals(slot_load, days, opens, is_open)
    return StoreHours(
        keys=days[_DAY],
        opens_slot=opens,
        hours=hours,
        arrivals=np.where(is_closed[:, None], 0.0, arrivals),
        is_open=is_open,
        is_closed=is_closed,
        counters=days["counters"].to_numpy(np.float64),
        staff_most=np.where(is_closed, 0.0, np.floor(staff_max)),
        handover_seconds=days["handover_seconds"].to_numpy(np.float64),
        rostered=_column(days, "rostered_staff"),
        callable_staff=_column(days, "callable_staff"),
        pickup_capacity=_column(days, "pickup_capacity_slot"),
    )


def _check(slot_load: pd.DataFrame, stores: pd.DataFrame, rosters: pd.DataFrame) -> None:
    refuse_where(slot_load.duplicated(["store_id", "business_date", "slot"]), "slot_load has two rows for one slot")
    refuse_where(stores.duplicated("store_id"), "stores has two rows for one store")
    refuse_where(rosters.duplicated(_DAY), "rosters has two rows for one store and day")
    refuse_where(~slot_load["store_id"].isin(stores["store_id"]), "slot_load names stores that are not in stores")
    finite_array(slot_load["arrivals"], "slot_load.arrivals")
    finite_columns(stores, "stores", ("counters", "opens_slot", "closes_slot"))
    finite_array(stores["handover_seconds"], "stores.handover_seconds", minimum=1)
    finite_array(stores["pickup_capacity_slot"].dropna(), "stores.pickup_capacity_slot")
    finite_columns(rosters, "rosters", ("rostered_staff", "callable_staff"))


def _arrivals(slot_load: pd.DataFrame, days: pd.DataFrame, opens: IntArray, is_open: BoolArray) -> FloatArray:
    day = pd.MultiIndex.from_frame(days[_DAY]).get_indexer(pd.MultiIndex.from_frame(slot_load[_DAY]))
    hour = slot_load["slot"].to_numpy(np.int64) - opens[day]
    inside = (hour >= 0) & (hour < is_open.sum(axis=1)[day])
    arrivals = np.zeros(is_open.shape)
    arrivals[day[inside], hour[inside]] = slot_load["arrivals"].to_numpy(np.float64)[inside]
    return arrivals


def _column(days: pd.DataFrame, name: str) -> FloatArray:
    return days[name].to_numpy(np.float64, na_value=np.nan)
