"""Random days at the counter, and checks of shifts and people that share no code with what plans them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom, poisson

from benchmarks.plan.fuzz_frames import nan_is_refused, shuffled
from rouxing.allocate.shifts import ShiftRules, Shifts, plan_shifts
from rouxing.allocate.slots import OfferRules, slot_offers
from rouxing.allocate.staff import StaffParameters, StaffPlan, plan_staff

Array = npt.NDArray[Any]

_MOST_SLOTS = 30
_DATES = pd.to_datetime(["2026-06-18", "2026-06-19"])
_MAY_BE_NAN = (
    ("slot_load", "arrivals"), ("stores", "counters"), ("stores", "handover_seconds"), ("rosters", "rostered_staff"),
    ("rosters", "callable_staff"),
)  # fmt: skip


def shifts_case(random: np.random.Generator) -> list[str]:
    """What is wrong with the shifts of some random days; nothing if they hold."""
    days = int(random.integers(0, 8))
    horizon = int(random.integers(1, _MOST_SLOTS))
    slots = random.integers(0, horizon + 1, days)
    is_open = np.arange(horizon) < slots[:, None]
    room = _persons(random, (days, horizon)) * is_open
    needed = np.minimum(_persons(random, (days, horizon)), room)
    if days > 1 and random.random() < 0.3:
        needed[1], room[1], slots[1] = needed[0], room[0], slots[0]
    callable_staff = random.choice([0, 1, 2, 5, 40], days)
    least = int(random.integers(1, 12))
    rules = ShiftRules(least, least + int(random.integers(0, 12)), float(random.choice([1.0, 48.0])))
    return _broken(plan_shifts(needed, room, callable_staff, slots, rules), needed, room, callable_staff, slots, rules)


def _persons(random: np.random.Generator, shape: tuple[int, int]) -> Array:
    most = random.choice([0, 1, 3, 30], size=(shape[0], 1))
    return random.integers(0, most + 1, shape)


def _broken(
    made: Shifts, needed: Array, room: Array, callable_staff: Array, slots: Array, rules: ShiftRules
) -> list[str]:
    present = np.zeros_like(needed)
    for day, start, end, persons in zip(made.day, made.start, made.end, made.persons, strict=True):
        present[day, start:end] += persons
    length = made.end - made.start
    least = np.minimum(rules.least_slots, slots[made.day])
    asked = np.bincount(made.day, made.persons, minlength=len(slots))
    paid = np.bincount(made.day, made.persons * length, minlength=len(slots))
    lacking = np.maximum(needed - present, 0)
    cost = paid + rules.lacking_slots * lacking.sum(axis=1)
    checks = {
        "a shift lies outside the opening hours": (made.start < 0) | (made.end > slots[made.day]),
        "a shift is too short or too long": (length < least) | (length > np.maximum(rules.most_slots, least)),
        "a shift has nobody": made.persons <= 0,
        "more persons are called than can be": asked > callable_staff,
        "more persons are there than find a place": present > np.maximum(room, 0),
        "persons on shift are not those of the shifts": made.on_shift != present,
        "persons lacking are not those that lack": made.lacking != lacking,
        "shifts cost more than calling nobody": cost > rules.lacking_slots * needed.sum(axis=1) + 1e-6,
    }
    return [text for text, mask in checks.items() if mask.any()]


def offers_case(random: np.random.Generator) -> list[str]:
    """Whether more customers than a half hour can serve come more often than the stated risk."""
    count = int(random.integers(1, 8))
    capacity = random.choice([0, 1, 5, 20, 300], count)
    unbooked = random.choice([0.0, 0.3, 1.0, 2.0], count) * capacity * random.uniform(0, 1, count)
    show_up = np.where(random.random(count) < 0.2, 1.0, random.uniform(0.05, 1.0, count))
    risk = float(random.choice([0.0, 0.05, 0.25]))
    arrivals = unbooked + random.uniform(0, 1.5, count) * capacity
    offers = slot_offers(capacity, arrivals, unbooked, show_up, OfferRules(overload_risk=risk))
    wrong = []
    for place, bookings in enumerate(offers.bookings):
        come = np.arange(capacity[place] + 1)
        booked = binom.cdf(capacity[place] - come, bookings, show_up[place])
        kept = float((poisson.pmf(come, unbooked[place]) * booked).sum())
        if bookings > 0 and 1 - kept > risk + 1e-9:
            wrong.append(f"{bookings} bookings for {capacity[place]} overload with {1 - kept:.4f}, above {risk}")
    if (offers.bookings[capacity == 0] > 0).any():
        wrong.append("bookings are offered where nobody can be served")
    return wrong


def staff_case(random: np.random.Generator) -> list[str]:
    """What is wrong with the people of one random chain of a few stores; nothing if they hold."""
    asked = _question(random)
    if random.random() < 0.03:
        return nan_is_refused(plan_staff, {**asked}, _MAY_BE_NAN, random)
    made = plan_staff(**asked)
    wrong = _not_held(asked, made)
    if random.random() < 0.05:
        again = plan_staff(**{name: shuffled(frame, random) for name, frame in asked.items()})
        if not (made.slots.equals(again.slots) and made.shifts.equals(again.shifts)):
            wrong.append("the order of rows changes the people")
    return wrong


def _question(random: np.random.Generator) -> dict[str, pd.DataFrame]:
    stores = np.array([f"S{number}" for number in range(random.integers(1, 4))])
    count = len(stores)
    opens = random.integers(0, 30, count)
    load = pd.MultiIndex.from_product([stores, _DATES, range(48)], names=["store_id", "business_date", "slot"])
    load = load.to_frame(index=False)
    load = load[random.random(len(load)) < 0.7].reset_index(drop=True)
    scale = random.choice([0.0, 1.0, 10.0, 60.0], p=[0.1, 0.3, 0.5, 0.1])
    rosters = pd.MultiIndex.from_product([stores, _DATES], names=["store_id", "business_date"]).to_frame(index=False)
    rosters = rosters[random.random(len(rosters)) < 0.8].reset_index(drop=True)
    named = random.random(count) < 0.3
    return {
        "slot_load": load.assign(arrivals=random.uniform(0, 2 * scale, len(load))),
        "stores": pd.DataFrame({
            "store_id": stores, "counters": random.choice([0, 1, 2, 6], count), "opens_slot": opens,
            "closes_slot": np.minimum(opens + random.integers(0, 30, count), 48),
            "handover_seconds": random.choice([1, 60, 137, 900], count),
            "pickup_capacity_slot": random.choice([np.nan, 0.0, 5.0, 40.0], count),
        }),
        "rosters": rosters.assign(
            rostered_staff=random.integers(0, 4, len(rosters)), callable_staff=random.integers(0, 4, len(rosters))
        ),
        "overrides": pd.DataFrame({
            "store_id": stores[named], "kind": random.choice(["staff_max", "closed"], named.sum()),
            "value": random.choice([0.0, 1.0], named.sum()),
        }),
    }  # fmt: skip


def _not_held(asked: dict[str, pd.DataFrame], made: StaffPlan) -> list[str]:
    default = StaffParameters()
    slots = made.slots.merge(asked["stores"], on="store_id").merge(
        asked["rosters"], on=["store_id", "business_date"], how="left"
    )
    staff_max = _override(asked, "staff_max", slots["store_id"], np.inf)
    is_closed = _override(asked, "closed", slots["store_id"], 0.0) > 0
    persons = slots["rostered_staff"].fillna(default.default_rostered_staff) + slots["callable_staff"].fillna(
        default.default_callable_staff
    )
    planned, capacity = slots["staff_planned"], slots["capacity_pickups"]
    checks = {
        "a half hour is outside the opening hours": (slots["slot"] < slots["opens_slot"])
        | (slots["slot"] >= slots["closes_slot"]),
        "more persons are planned than counters": planned > slots["counters"],
        "more persons are planned than there are": planned > persons,
        "more persons are planned than an override allows": planned > staff_max,
        "a closed store has people, pickups or offers": is_closed & (planned + capacity + slots["offered_pickups"] > 0),
        "persons lacking are not those that lack": slots["shortage_staff"]
        != (slots["staff_needed"] - planned).clip(lower=0),
        "more pickups than the counter takes": capacity
        > slots["pickup_capacity_slot"].fillna(default.default_pickup_capacity_slot),
        "pickups without anybody to hand them over": (planned == 0) & (capacity > 0),
    }
    wrong = [text for text, mask in checks.items() if mask.any()]
    if made.slots.duplicated(["store_id", "business_date", "slot"]).any():
        wrong.append("a half hour is there twice")
    return [*wrong, *_not_covered(made, slots)]


def _override(asked: dict[str, pd.DataFrame], kind: str, store_ids: pd.Series, absent: float) -> pd.Series:
    of_kind = asked["overrides"][asked["overrides"]["kind"] == kind]
    least = of_kind.groupby("store_id")["value"].min().to_dict()
    return store_ids.map(lambda store: least.get(store, absent)).astype(float)


def _not_covered(made: StaffPlan, slots: pd.DataFrame) -> list[str]:
    """Shifts are the persons planned, and no more are called than can be."""
    present: dict[tuple[Any, ...], int] = {}
    for shift in made.shifts.itertuples():
        for slot in range(shift.starts_slot, shift.ends_slot):
            key = (shift.store_id, shift.business_date, slot)
            present[key] = present.get(key, 0) + shift.staff
    keys = zip(slots["store_id"], slots["business_date"], slots["slot"], strict=True)
    planned = [(present.pop(key, 0), staff) for key, staff in zip(keys, slots["staff_planned"], strict=True)]
    wrong = ["shifts do not add up to the persons planned"] if any(a != b for a, b in planned) or present else []
    called = made.shifts[made.shifts["kind"] == "called"].groupby(["store_id", "business_date"])["staff"].sum()
    most = slots.groupby(["store_id", "business_date"])["callable_staff"].max().fillna(0)
    if (called > most.reindex(called.index)).any():
        wrong.append("more persons are called than can be")
    return wrong
