"""How many people each open half hour needs, and how many pickups they can hand over within the wait target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rouxing.optimize.checks import BoolArray, FloatArray, finite_array, finite_columns, refuse_where
from rouxing.optimize.queues import arrivals_within_target, erlang_c_wait, servers_needed

_SLOTS_PER_HOUR = 2.0
_MOST_STAFF = 200
WARNING_COLUMNS = ["subject", "business_date", "missing", "default_used"]


@dataclass(frozen=True, slots=True)
class StaffParameters:
    """``wait_target_seconds``: mean wait a half hour may have. The rest are the cautious defaults where master data
    is silent: persons on shift, persons who can be called, pickups a half hour.
    """

    wait_target_seconds: float = 300.0
    default_rostered_staff: int = 1
    default_callable_staff: int = 0
    default_pickup_capacity_slot: int = 8


@dataclass(frozen=True, slots=True)
class StaffPlan:
    """``slots``: store_id, business_date, slot, arrivals, staff_needed, staff_planned, expected_wait_seconds (NaN
    where the queue would not settle), capacity_pickups, offered_pickups, status, lead_minutes, shortage_staff; every
    open half hour of every store and date. ``shifts``: store_id, business_date, kind (rostered, called), starts_slot,
    ends_slot, staff. ``warnings``: subject (store), business_date, missing (which value), default_used.
    """

    slots: pd.DataFrame
    shifts: pd.DataFrame
    warnings: pd.DataFrame


def plan_staff(
    slot_load: pd.DataFrame,
    stores: pd.DataFrame,
    rosters: pd.DataFrame,
    parameters: StaffParameters | None = None,
) -> StaffPlan:
    """Staff and pickup capacity of each open half hour at the wait target (Erlang-C, `optimize.queues`).

    ``slot_load``: store_id, business_date, slot, arrivals in the half hour (upper quantile); an open slot without a
    row has none, rows of closed slots are left out. ``stores``: store_id, counters, handover_seconds, opens_slot,
    closes_slot, pickup_capacity_slot (may be NaN). ``rosters``: store_id, business_date, rostered_staff,
    callable_staff. Those on shift are there anyway, up to the counters; others are called only where needed.

    Raises:
        RefusedInputError: NaN or negative numbers, repeated keys, a store without master data.
    """
    parameters = parameters or StaffParameters()
    _check(slot_load, stores, rosters)
    slots = _open_slots(slot_load, stores).merge(
        rosters[["store_id", "business_date", "rostered_staff", "callable_staff"]],
        on=["store_id", "business_date"],
        how="left",
    )
    warnings = _warnings(slots, parameters)
    hourly = slots["arrivals"].to_numpy(np.float64) * _SLOTS_PER_HOUR
    service = slots["handover_seconds"].to_numpy(np.float64)
    needed = servers_needed(hourly, service, parameters.wait_target_seconds, _MOST_STAFF)
    planned = _planned(slots, needed.astype(np.float64), parameters)
    wait = erlang_c_wait(hourly, service, planned)
    lines = slots[["store_id", "business_date", "slot", "arrivals"]].assign(
        staff_needed=needed,
        staff_planned=planned.astype(np.int64),
        expected_wait_seconds=np.where(np.isfinite(wait), wait, np.nan),
        capacity_pickups=_capacity(slots, planned, parameters).astype(np.int64),
        status="open",
        lead_minutes=0,
        shortage_staff=np.maximum(needed - planned.astype(np.int64), 0),
    )
    lines["offered_pickups"] = lines["capacity_pickups"]
    return StaffPlan(lines, _shifts(slots, parameters), warnings)


def _shifts(slots: pd.DataFrame, parameters: StaffParameters) -> pd.DataFrame:
    """Those on the roster, from opening to closing."""
    on_roster = np.minimum(
        slots["counters"].to_numpy(np.float64), _or_default(slots["rostered_staff"], parameters.default_rostered_staff)
    )
    days = slots.assign(staff=on_roster.astype(np.int64)).drop_duplicates(["store_id", "business_date"])
    shifts = days[["store_id", "business_date"]].assign(
        kind="rostered", starts_slot=days["opens_slot"], ends_slot=days["closes_slot"], staff=days["staff"]
    )
    return shifts[shifts["staff"] > 0].reset_index(drop=True)


def _check(slot_load: pd.DataFrame, stores: pd.DataFrame, rosters: pd.DataFrame) -> None:
    refuse_where(slot_load.duplicated(["store_id", "business_date", "slot"]), "slot_load has two rows for one slot")
    refuse_where(stores.duplicated("store_id"), "stores has two rows for one store")
    refuse_where(rosters.duplicated(["store_id", "business_date"]), "rosters has two rows for one store and day")
    refuse_where(~slot_load["store_id"].isin(stores["store_id"]), "slot_load names stores that are not in stores")
    finite_array(slot_load["arrivals"], "slot_load.arrivals")
    finite_columns(stores, "stores", ("counters", "opens_slot", "closes_slot"))
    finite_array(stores["handover_seconds"], "stores.handover_seconds", minimum=1)
    finite_array(stores["pickup_capacity_slot"].dropna(), "stores.pickup_capacity_slot")
    finite_columns(rosters, "rosters", ("rostered_staff", "callable_staff"))


def _open_slots(slot_load: pd.DataFrame, stores: pd.DataFrame) -> pd.DataFrame:
    """One row per store x date of ``slot_load`` x open half hour, in that order, with the arrivals."""
    days = slot_load[["store_id", "business_date"]].drop_duplicates().merge(stores, on="store_id")
    hours = (days["closes_slot"] - days["opens_slot"]).clip(lower=0).to_numpy(np.int64)
    slots = days.loc[days.index.repeat(hours)].reset_index(drop=True)
    since_opening = np.arange(hours.sum()) - np.repeat(np.cumsum(hours) - hours, hours)
    slots = slots.assign(slot=slots["opens_slot"].to_numpy(np.int64) + since_opening)
    slots = slots.merge(slot_load, on=["store_id", "business_date", "slot"], how="left")
    slots = slots.assign(arrivals=slots["arrivals"].astype(np.float64).fillna(0.0))
    return slots.sort_values(["store_id", "business_date", "slot"], ignore_index=True)


def _planned(slots: pd.DataFrame, needed: FloatArray, parameters: StaffParameters) -> FloatArray:
    rostered = _or_default(slots["rostered_staff"], parameters.default_rostered_staff)
    callable_staff = _or_default(slots["callable_staff"], parameters.default_callable_staff)
    counters = slots["counters"].to_numpy(np.float64)
    most = np.minimum(counters, rostered + callable_staff)
    return np.asarray(np.maximum(np.minimum(rostered, counters), np.minimum(needed, most)))


def _capacity(slots: pd.DataFrame, planned: FloatArray, parameters: StaffParameters) -> FloatArray:
    hourly = arrivals_within_target(planned, slots["handover_seconds"], parameters.wait_target_seconds)
    counter = _or_default(slots["pickup_capacity_slot"], parameters.default_pickup_capacity_slot)
    # The bisection ends a hair below a whole number it should reach; the hair is far within the target.
    return np.asarray(np.minimum(np.floor(hourly / _SLOTS_PER_HOUR + 1e-9), np.floor(counter)))


def _or_default(values: pd.Series, default: int) -> FloatArray:
    return np.asarray(values.astype(np.float64).fillna(default), dtype=np.float64)


def _warnings(slots: pd.DataFrame, parameters: StaffParameters) -> pd.DataFrame:
    no_roster = slots["rostered_staff"].isna().to_numpy()
    no_capacity = slots["pickup_capacity_slot"].isna().to_numpy()
    return pd.concat(
        [
            _warning(slots, no_roster, "roster", parameters.default_rostered_staff),
            _warning(slots, no_capacity, "pickup_capacity_slot", parameters.default_pickup_capacity_slot),
        ],
        ignore_index=True,
    )


def _warning(slots: pd.DataFrame, where: BoolArray, missing: str, default: int) -> pd.DataFrame:
    days = slots.loc[where, ["store_id", "business_date"]].drop_duplicates()
    named = days.rename(columns={"store_id": "subject"}).assign(missing=missing, default_used=float(default))
    return named[WARNING_COLUMNS]
