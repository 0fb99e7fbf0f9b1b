"""People of each half hour: how many are needed, who is there on which shift, what they can serve, what is offered."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from rouxing.allocate.habits import Habits, UsualHabits, booking_habits
from rouxing.allocate.shifts import ShiftRules, Shifts, plan_shifts
from rouxing.allocate.slots import OfferRules, slot_offers
from rouxing.allocate.store_hours import StoreHours, store_hours
from rouxing.optimize.checks import BoolArray, FloatArray, IntArray
from rouxing.optimize.queues_capacity import arrivals_within_wait
from rouxing.optimize.queues_day import WaitTarget
from rouxing.optimize.queues_staffing import mean_waits, staff_within_target
from rouxing.optimize.queues_transient import ArrivalProfile

_SERVICE_STEP = 1.01
WARNING_COLUMNS = ["subject", "business_date", "missing", "default_used"]
SHIFT_COLUMNS = ["store_id", "business_date", "kind", "starts_slot", "ends_slot", "staff"]


@dataclass(frozen=True, slots=True)
class StaffParameters:
    """``wait_target_seconds``: the service target. The customers who come in a half hour wait at most so long on
    average until somebody serves them.

    ``most_staff``: persons beyond whom no counter is planned. The defaults are cautious and stand in where master data
    is silent: persons on shift, persons who can be called, pickups a half hour, and shares (0-1) of booked customers
    who come, of customers without a booking, and of those who come in the first ten minutes of their half hour.
    """

    wait_target_seconds: float = 300.0
    most_staff: int = 60
    default_rostered_staff: int = 1
    default_callable_staff: int = 0
    default_pickup_capacity_slot: int = 8
    default_show_up_share: float = 1.0
    default_unbooked_share: float = 0.5
    default_early_share: float = 0.6
    shifts: ShiftRules = field(default_factory=ShiftRules)
    offers: OfferRules = field(default_factory=OfferRules)

    @property
    def usual_habits(self) -> UsualHabits:
        """What customers are taken to do where nothing is known of them."""
        return UsualHabits(self.default_show_up_share, self.default_unbooked_share, self.default_early_share)


@dataclass(frozen=True, slots=True)
class StaffPlan:
    """``slots``: store_id, business_date, slot, arrivals, staff_needed, staff_planned, shortage_staff,
    expected_wait_seconds (NaN where nobody is there or the line outgrows the store), capacity_pickups, offered_pickups,
    status, lead_minutes; every open half hour of every store and date. ``shifts``: store_id, business_date, kind
    (rostered, called), starts_slot, ends_slot (first half hour without), staff. ``warnings``: subject (store),
    business_date, missing (which value), default_used.
    """

    slots: pd.DataFrame
    shifts: pd.DataFrame
    warnings: pd.DataFrame


def plan_staff(
    slot_load: pd.DataFrame,
    stores: pd.DataFrame,
    rosters: pd.DataFrame,
    parameters: StaffParameters | None = None,
    overrides: pd.DataFrame | None = None,
    bookings: pd.DataFrame | None = None,
) -> StaffPlan:
    """Staff, shifts, pickup capacity and offers of each open half hour at the wait target (transient queues).

    ``slot_load``: store_id, business_date, slot, arrivals in the half hour (upper quantile); an open slot without a
    row has none, rows of closed slots are left out. ``stores``: store_id, counters, handover_seconds, opens_slot,
    closes_slot, pickup_capacity_slot (may be NaN). ``rosters``: store_id, business_date, rostered_staff,
    callable_staff. Those on the roster are there from opening to closing, up to the counters; others are called for
    shifts where they are needed. Where too few can be had the capacity is what those there can serve. ``overrides``:
    store_id, kind, value, optional last_date; staff_max caps the persons, closed leaves the store without people,
    pickups and offers.
    ``bookings``: what customers of each store did lately (`booking_habits`); absent = the defaults.

    Raises:
        RefusedInputError: NaN or negative numbers, repeated keys, a store without master data.
    """
    parameters = parameters or StaffParameters()
    days = store_hours(slot_load, stores, rosters, overrides)
    habits = booking_habits(bookings, days.keys["store_id"], parameters.usual_habits)
    target = WaitTarget(parameters.wait_target_seconds, ArrivalProfile(habits.early))
    needed = staff_within_target(days.arrivals, days.handover_seconds, target, parameters.most_staff)
    on_roster, most = _present(days, parameters)
    shifts = _called(days, needed, on_roster, most, parameters)
    planned = np.where(days.is_open, on_roster[:, None] + shifts.on_shift, 0)
    waits = mean_waits(days.arrivals, days.handover_seconds, planned, target)
    capacity = _capacity(days, planned, target, parameters)
    lines = days.lines(
        arrivals=days.arrivals,
        staff_needed=needed,
        staff_planned=planned,
        shortage_staff=np.maximum(needed - planned, 0),
        expected_wait_seconds=np.where(np.isfinite(waits), waits, np.nan),
        capacity_pickups=capacity,
    )
    lines = _with_offers(lines, days, habits, parameters.offers)
    return StaffPlan(lines, _shift_lines(days, on_roster, shifts), _warnings(days, parameters))


def _present(days: StoreHours, parameters: StaffParameters) -> tuple[IntArray, IntArray]:
    """Persons on the roster and most persons at a time, by store-day."""
    most = np.minimum(days.counters, days.staff_most)
    rostered = _or_default(days.rostered, parameters.default_rostered_staff)
    return np.minimum(rostered, most).astype(np.int64), most.astype(np.int64)


def _called(
    days: StoreHours, needed: IntArray, on_roster: IntArray, most: IntArray, parameters: StaffParameters
) -> Shifts:
    room = np.where(days.is_open, (most - on_roster)[:, None], 0)
    beyond = np.clip(needed - on_roster[:, None], 0, room)
    callable_staff = _or_default(days.callable_staff, parameters.default_callable_staff).astype(np.int64)
    return plan_shifts(beyond, room, callable_staff, days.hours, parameters.shifts)


def _capacity(days: StoreHours, planned: IntArray, target: WaitTarget, parameters: StaffParameters) -> IntArray:
    """Whole pickups by half hour, up to the counter; what a half hour has beyond whole ones goes to the next.

    Hand-over times are rounded up, by less than 1 %, so that counters that are alike are worked out once.
    """
    service = _SERVICE_STEP ** np.ceil(np.log(days.handover_seconds) / np.log(_SERVICE_STEP))
    pairs = np.column_stack([planned.ravel(), np.broadcast_to(service[:, None], planned.shape).ravel()])
    kinds, which = np.unique(pairs, axis=0, return_inverse=True)
    persons, seconds = kinds[:, 0].astype(np.int64), np.asarray(kinds[:, 1], dtype=np.float64)
    served = arrivals_within_wait(persons, seconds, target)[which].reshape(planned.shape)
    counter = np.floor(_or_default(days.pickup_capacity, parameters.default_pickup_capacity_slot))
    sums = np.cumsum(np.minimum(served, counter[:, None]), axis=1)
    # A sum of floats ends a hair below a whole number that it should reach.
    return np.diff(np.floor(sums + 1e-9), axis=1, prepend=0.0).astype(np.int64)


def _with_offers(lines: pd.DataFrame, days: StoreHours, habits: Habits, rules: OfferRules) -> pd.DataFrame:
    arrivals = lines["arrivals"].to_numpy(np.float64)
    unbooked = arrivals * days.by_line(habits.unbooked)
    capacity = lines["capacity_pickups"].to_numpy(np.int64)
    offers = slot_offers(capacity, arrivals, unbooked, days.by_line(habits.show_up), rules)
    return lines.assign(
        offered_pickups=offers.bookings,
        status=pd.Series(offers.status, index=lines.index, dtype="str"),
        lead_minutes=offers.lead_minutes,
    )


def _shift_lines(days: StoreHours, on_roster: IntArray, shifts: Shifts) -> pd.DataFrame:
    """Those on the roster from opening to closing, and those called."""
    there = np.flatnonzero((on_roster > 0) & (days.hours > 0))
    opens = days.opens_slot
    rostered = days.keys.iloc[there].assign(
        kind="rostered", starts_slot=opens[there], ends_slot=(opens + days.hours)[there], staff=on_roster[there]
    )
    called = days.keys.iloc[shifts.day].assign(
        kind="called",
        starts_slot=opens[shifts.day] + shifts.start,
        ends_slot=opens[shifts.day] + shifts.end,
        staff=shifts.persons,
    )
    lines = pd.concat([rostered, called], ignore_index=True)[SHIFT_COLUMNS]
    return lines.sort_values(["store_id", "business_date", "kind", "starts_slot", "ends_slot"], ignore_index=True)


def _or_default(values: FloatArray, default: float) -> FloatArray:
    return np.where(np.isnan(values), default, values)


def _warnings(days: StoreHours, parameters: StaffParameters) -> pd.DataFrame:
    return pd.concat(
        [
            _warning(days, np.isnan(days.rostered), "roster", parameters.default_rostered_staff),
            _warning(
                days, np.isnan(days.pickup_capacity), "pickup_capacity_slot", parameters.default_pickup_capacity_slot
            ),
        ],
        ignore_index=True,
    )


def _warning(days: StoreHours, where: BoolArray, missing: str, default: int) -> pd.DataFrame:
    named = days.keys[where & (days.hours > 0)].rename(columns={"store_id": "subject"})
    return named.assign(missing=missing, default_used=float(default))[WARNING_COLUMNS]
