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
    # 10 in a half hour, 120 s each: a = 2/3, one person makes them wait 240 s, within 300 s.
    quiet = plan_staff(load(10.0), store(), roster(1, 2)).slots.iloc[0]
    assert (quiet["staff_needed"], quiet["staff_planned"]) == (1, 1)
    assert quiet["expected_wait_seconds"] == pytest.approx(240)
    # 14: a = 14/15, 1,680 s alone; two persons: a^2 / (4 - a^2) x 120 s = 33.4 s.
    busy = plan_staff(load(14.0), store(), roster(1, 2)).slots.iloc[0]
    assert (busy["staff_needed"], busy["staff_planned"]) == (2, 2)
    assert busy["expected_wait_seconds"] == pytest.approx(120 * 0.87111 / 3.12889, rel=1e-3)


def test_those_on_shift_are_there_anyway_but_only_as_many_as_counters() -> None:
    assert plan_staff(load(0.0), store(), roster(5, 0)).slots["staff_planned"].tolist() == [3, 3]


def test_a_queue_that_does_not_settle_has_no_wait_and_the_need_stays_visible() -> None:
    slot = plan_staff(load(60.0), store(), roster(1, 0)).slots.iloc[0]
    assert (slot["staff_planned"], slot["staff_needed"]) == (1, 5)
    assert np.isnan(slot["expected_wait_seconds"])


def test_capacity_is_what_keeps_the_target_up_to_the_counter() -> None:
    # Alone at 120 s a hand-over: 300 s of wait at a share 5/7 busy, that is 10.7 in a half hour.
    assert plan_staff(load(0.0), store(), roster(1, 0)).slots["capacity_pickups"].tolist() == [10, 10]
    assert plan_staff(load(0.0), store(pickup_capacity_slot=7), roster(1, 0)).slots["capacity_pickups"].max() == 7
    assert plan_staff(load(0.0), store(), roster(0, 0)).slots["capacity_pickups"].max() == 0


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


@settings(deadline=None, max_examples=40)
@given(
    arrivals=st.floats(0, 1e4),
    counters=st.integers(1, 12),
    rostered=st.integers(0, 15),
    called=st.integers(0, 10),
    handover=st.integers(5, 3600),
    most=st.one_of(st.just(np.nan), st.integers(0, 400)),
)
def test_staff_and_capacity_keep_their_limits(
    arrivals: float, counters: int, rostered: int, called: int, handover: int, most: float
) -> None:
    shop = store(counters=counters, handover_seconds=handover, pickup_capacity_slot=most)
    slots = plan_staff(load(arrivals), shop, roster(rostered, called)).slots
    assert (slots["staff_planned"] <= min(counters, rostered + called)).all()
    assert (slots["staff_planned"] >= min(counters, rostered)).all()
    cap = StaffParameters().default_pickup_capacity_slot if np.isnan(most) else most
    assert slots["capacity_pickups"].between(0, cap).all()
    enough = slots["staff_planned"] >= slots["staff_needed"]
    target = StaffParameters().wait_target_seconds * (1 + 1e-9)
    assert (slots.loc[enough, "expected_wait_seconds"] <= target).all()
