from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.allocate.staff import StaffParameters, plan_staff
from rouxing.optimize.checks import RefusedInputError

DAY = date(2026, 6, 18)


def store(**changes: float) -> pd.DataFrame:
    values = {"counters": 3, "handover_seconds": 120, "opens_slot": 20, "closes_slot": 22, "pickup_capacity_slot": 50}
    return pd.DataFrame([{"store_id": "S1", **(values | changes)}])


def roster(rostered: int, callable_staff: int) -> pd.DataFrame:
    return pd.DataFrame([("S1", DAY, rostered, callable_staff)], columns=["store_id", "business_date", *STAFF])


STAFF = ["rostered_staff", "callable_staff"]


def load(arrivals: float, slot: int = 20) -> pd.DataFrame:
    return pd.DataFrame([("S1", DAY, slot, arrivals)], columns=["store_id", "business_date", "slot", "arrivals"])


def test_every_open_half_hour_has_a_row_and_a_closed_one_has_none() -> None:
    slots = plan_staff(pd.concat([load(4.0), load(9.0, slot=40)]), store(), roster(1, 0)).slots
    assert slots["slot"].tolist() == [20, 21]
    assert slots["arrivals"].tolist() == [4.0, 0.0]


def test_people_are_called_in_only_when_the_wait_asks_for_it() -> None:
    # 10 in a half hour, 120 s each: one person keeps the 300 s (240 s if it went on for ever); 14 need a second one.
    quiet = plan_staff(load(10.0), store(), roster(1, 2)).slots.iloc[0]
    assert (quiet["staff_needed"], quiet["staff_planned"]) == (1, 1)
    assert 150 < quiet["expected_wait_seconds"] < 240
    busy = plan_staff(load(14.0), store(), roster(1, 2))
    assert (busy.slots["staff_needed"].iloc[0], busy.slots["staff_planned"].iloc[0]) == (2, 2)
    assert busy.slots["expected_wait_seconds"].iloc[0] < 60
    assert busy.shifts.drop(columns=["store_id", "business_date"]).to_numpy().tolist() == [
        ["called", 20, 22, 1],
        ["rostered", 20, 22, 1],
    ]


def test_those_on_shift_are_there_anyway_but_only_as_many_as_counters() -> None:
    assert plan_staff(load(0.0), store(), roster(5, 0)).slots["staff_planned"].tolist() == [3, 3]


def test_a_line_that_outgrows_the_store_has_no_wait_and_the_need_stays_visible() -> None:
    slot = plan_staff(load(60.0), store(), roster(1, 0)).slots.iloc[0]
    assert (slot["staff_planned"], slot["staff_needed"], slot["shortage_staff"]) == (1, 4, 3)
    assert np.isnan(slot["expected_wait_seconds"])
    # What one person can hand over within the target is all that quotas may bring.
    assert slot["capacity_pickups"] == 10


def test_capacity_is_what_keeps_the_target_up_to_the_counter() -> None:
    # Alone at 120 s a hand-over: 10.7 evenly spread over a half hour, a little less in a burst; .3 go to the next.
    assert plan_staff(load(0.0), store(), roster(1, 0)).slots["capacity_pickups"].tolist() == [10, 10]
    assert plan_staff(load(0.0), store(pickup_capacity_slot=7), roster(1, 0)).slots["capacity_pickups"].max() == 7
    assert plan_staff(load(0.0), store(), roster(0, 0)).slots["capacity_pickups"].max() == 0


def test_a_slow_counter_serves_a_few_over_the_day_where_no_half_hour_alone_holds_a_whole_one() -> None:
    # One person, 12 minutes each: less than one pickup a half hour within the target.
    slow = plan_staff(load(0.0), store(handover_seconds=720, closes_slot=32), roster(1, 0)).slots["capacity_pickups"]
    assert set(slow) == {0, 1}
    assert 8 <= slow.sum() <= 10


def test_overrides_cap_the_persons_and_close_the_store() -> None:
    capped = overrides(("S1", "staff_max", 2.0), ("S1", "staff_max", 3.0), ("S9", "closed", 1.0))
    slots = plan_staff(load(40.0), store(), roster(1, 5), overrides=capped).slots
    assert slots["staff_planned"].max() == 2
    assert (slots["status"] != "closed").any()
    shut = plan_staff(load(40.0), store(), roster(1, 5), overrides=overrides(("S1", "closed", 1.0)))
    assert shut.slots[["staff_planned", "capacity_pickups", "offered_pickups"]].to_numpy().sum() == 0
    assert set(shut.slots["status"]) == {"closed"}
    assert shut.shifts.empty


def overrides(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["store_id", "kind", "value"])


def test_bookings_are_inflated_for_those_who_do_not_come_and_leave_room_for_those_who_come_unbooked() -> None:
    week = {"store_id": ["S1"], "bookings": [1000], "arrivals": [700], "unbooked": [0], "early": [420]}
    booked_only = plan_staff(load(8.0), store(), roster(1, 0), bookings=pd.DataFrame(week)).slots.iloc[0]
    assert booked_only["offered_pickups"] > booked_only["capacity_pickups"]
    mixed = pd.DataFrame({**week, "arrivals": [1400], "unbooked": [700], "early": [840]})
    half = plan_staff(load(8.0), store(), roster(1, 0), bookings=mixed).slots.iloc[0]
    assert half["offered_pickups"] < booked_only["offered_pickups"]


def test_no_load_is_no_people() -> None:
    plan = plan_staff(load(1.0).iloc[:0], store(), roster(1, 0))
    assert plan.slots.empty
    assert plan.shifts.empty


def test_missing_roster_and_capacity_become_cautious_defaults_with_a_warning() -> None:
    parameters = StaffParameters(default_rostered_staff=1, default_pickup_capacity_slot=6)
    plan = plan_staff(load(30.0), store(pickup_capacity_slot=np.nan), roster(1, 0).iloc[:0], parameters)
    assert plan.slots["staff_planned"].tolist() == [1, 1]
    assert plan.slots["capacity_pickups"].tolist() == [6, 6]
    assert plan.warnings.to_dict("records") == [
        {"subject": "S1", "business_date": DAY, "missing": "roster", "default_used": 1.0},
        {"subject": "S1", "business_date": DAY, "missing": "pickup_capacity_slot", "default_used": 6.0},
    ]


def test_bad_numbers_are_refused_by_name() -> None:
    with pytest.raises(RefusedInputError, match=r"slot_load\.arrivals"):
        plan_staff(load(np.nan), store(), roster(1, 0))
    with pytest.raises(RefusedInputError, match=r"stores\.handover_seconds"):
        plan_staff(load(1.0), store(handover_seconds=0), roster(1, 0))


def test_stores_do_not_depend_on_the_order_they_come_in() -> None:
    random = np.random.default_rng(4)
    ids = [f"S{number:02d}" for number in range(30)]
    shops = pd.concat([store(handover_seconds=int(random.integers(60, 700))).assign(store_id=name) for name in ids])
    loads = pd.concat(
        [load(float(random.gamma(2, 5)), slot).assign(store_id=name) for name in ids for slot in (20, 21)]
    )
    rosters = pd.concat([roster(1, int(random.integers(0, 3))).assign(store_id=name) for name in ids])
    straight = plan_staff(loads, shops, rosters)
    mixed = plan_staff(*(frame.sample(frac=1, random_state=1) for frame in (loads, shops, rosters)))
    pd.testing.assert_frame_equal(straight.slots, mixed.slots)
    pd.testing.assert_frame_equal(straight.shifts, mixed.shifts)


@settings(deadline=None, max_examples=20)
@given(
    arrivals=st.floats(0, 300),
    counters=st.integers(1, 8),
    rostered=st.integers(0, 15),
    called=st.integers(0, 10),
    handover=st.integers(45, 3600),
    most=st.one_of(st.just(np.nan), st.integers(0, 400)),
    cap=st.integers(0, 14),
)
def test_staff_and_capacity_keep_their_limits(
    arrivals: float, counters: int, rostered: int, called: int, handover: int, most: float, cap: int
) -> None:
    shop = store(counters=counters, handover_seconds=handover, pickup_capacity_slot=most)
    plan = plan_staff(load(arrivals), shop, roster(rostered, called), overrides=overrides(("S1", "staff_max", cap)))
    slots = plan.slots
    assert (slots["staff_planned"] <= min(counters, rostered + called, cap)).all()
    assert (slots["staff_planned"] >= min(counters, rostered, cap)).all()
    assert plan.shifts.loc[plan.shifts["kind"] == "called", "staff"].sum() <= called
    for slot, planned in zip(slots["slot"], slots["staff_planned"], strict=True):
        there = plan.shifts[(plan.shifts["starts_slot"] <= slot) & (plan.shifts["ends_slot"] > slot)]
        assert there["staff"].sum() == planned
    limit = StaffParameters().default_pickup_capacity_slot if np.isnan(most) else most
    assert slots["capacity_pickups"].between(0, limit).all()
    assert (slots["shortage_staff"] == (slots["staff_needed"] - slots["staff_planned"]).clip(lower=0)).all()
    if (slots["shortage_staff"] == 0).all():
        assert (slots["expected_wait_seconds"] <= StaffParameters().wait_target_seconds * (1 + 1e-9)).all()
