"""One allocation of a day: what quotas bring and what people set by hand reach stock, people and limits alike."""

from __future__ import annotations

from typing import Any

import pandas as pd

from rouxing.plan.day_allocation import AllocationParameters, DayAllocation, decide_allocation
from tests.plan.small_chain import DAY, STORES, TODAY, days, frames


def decided(load_shift: pd.DataFrame | None = None, **changes: Any) -> DayAllocation:
    world = frames(days=days(), **changes)
    return decide_allocation(TODAY, world, AllocationParameters(), load_shift=load_shift)


def limits(made: DayAllocation) -> pd.DataFrame:
    return made.store_days.set_index(["store_id", "business_date"])


def test_what_quotas_bring_moves_stock_people_and_limits_of_that_store_alone() -> None:
    shift = pd.DataFrame({"store_id": ["S1"], "business_date": [TODAY], "mean_shift": [60.0]})
    plain, moved = decided(), decided(shift)
    assert limits(moved).loc[("S1", DAY), "load_mean"] == 160
    assert limits(moved).loc[("S1", DAY), "load_upper"] > limits(plain).loc[("S1", DAY), "load_upper"] + 60
    arrivals = [made.staff_slots.groupby(["store_id", "business_date"])["arrivals"].sum() for made in (plain, moved)]
    assert arrivals[1]["S1", DAY] > arrivals[0]["S1", DAY] + 60
    units = [made.transfers.set_index(["store_id", "sku_id"])["quantity_units"] for made in (plain, moved)]
    # 60 pickups more ask for 30 units more of each SKU.
    assert (units[1] - units[0])["S1"].between(28, 36).all()
    assert (units[1] - units[0])["S2"].eq(0).all()
    pd.testing.assert_frame_equal(limits(moved).loc[["S2"]], limits(plain).loc[["S2"]])


def test_a_store_closed_by_hand_hands_over_nothing_and_gets_nothing() -> None:
    overrides = pd.DataFrame({"store_id": ["S1"], "kind": ["closed"], "value": [1.0], "last_date": [DAY]})
    made = decided(overrides=overrides)
    today = limits(made).loc[("S1", DAY)]
    assert (today["capacity_pickups"], today["binding"]) == (0, "override")
    assert limits(made).loc[("S1", DAY + pd.Timedelta(days=1)), "binding"] != "override"
    assert set(made.transfers["store_id"]) == {"S2"}


def test_a_capacity_set_by_hand_caps_the_store_day() -> None:
    overrides = pd.DataFrame({"store_id": STORES, "kind": "capacity_pickups", "value": [30.0, 5000.0]})
    days_of = limits(decided(overrides=overrides))
    assert days_of.loc["S1", "capacity_pickups"].tolist() == [30, 30]
    assert (days_of.loc["S2", "binding"] != "override").all()


def test_store_days_whose_load_has_not_moved_keep_their_people_and_the_others_are_planned_anew() -> None:
    shift = pd.DataFrame({"store_id": ["S1"], "business_date": [TODAY], "mean_shift": [60.0]})
    world = frames(days=days())
    plain, whole = decided(), decided(shift)
    again = decide_allocation(TODAY, world, AllocationParameters(), load_shift=shift, last=plain)
    for name in ("staff_slots", "shifts", "store_days", "warnings"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(whole, name))
    kept = decide_allocation(TODAY, world, AllocationParameters(), last=plain)
    for name in ("staff_slots", "shifts", "store_days", "warnings"):
        pd.testing.assert_frame_equal(getattr(kept, name), getattr(plain, name))
