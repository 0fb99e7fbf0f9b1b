from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.allocate.store_days import StoreDayParameters, store_day_limits
from rouxing.optimize.checks import RefusedInputError

DAY = date(2026, 6, 18)
STOCK = ["store_id", "business_date", "sku_id", "available_units", "units_per_pickup"]


def world(counter: float = 100.0, staff: float = 10.0, units: tuple[float, ...] = (190.0,)) -> dict[str, pd.DataFrame]:
    """One store with two half hours and two units of each SKU in a pickup."""
    return {
        "staff_slots": pd.DataFrame(
            {"store_id": "S1", "business_date": DAY, "slot": [20, 21], "capacity_pickups": [staff, staff]}
        ),
        "stores": pd.DataFrame({"store_id": ["S1"], "pickup_capacity_day": [counter]}),
        "stock_units": pd.DataFrame([("S1", DAY, f"K{i}", u, 2.0) for i, u in enumerate(units)], columns=STOCK),
        "demand_days": pd.DataFrame(
            {"store_id": ["S1"], "business_date": [DAY], "load_mean": [12.0], "load_upper": [18.0]}
        ),
    }


@pytest.mark.parametrize(
    ("counter", "staff", "units", "capacity", "binding"),
    [
        (15, 10, (190.0,), 15, "counter"),
        (100, 10, (190.0,), 20, "staff"),
        (100, 10, (20.0,), 10, "stock"),
        # Three SKUs are asked for alike; two of them are 60 % of a pickup, and the second covers 12.
        (100, 10, (24.0, 4.0, 90.0), 12, "stock"),
        (100, 10, (0.0,), 0, "stock"),
    ],
)
def test_the_least_limit_counts(
    counter: float, staff: float, units: tuple[float, ...], capacity: float, binding: str
) -> None:
    day = store_day_limits(**world(counter, staff, units)).store_days.iloc[0]
    assert day["capacity_pickups"] == pytest.approx(capacity)
    assert day["binding"] == binding
    assert (day["load_mean"], day["load_upper"]) == (12, 18)


def test_an_sku_that_is_out_does_not_close_the_store() -> None:
    assert store_day_limits(**world(units=(0.0, 500.0, 500.0))).store_days["stock_pickups"].iloc[0] == 250
    assert store_day_limits(**world(units=(0.0, 0.0, 500.0))).store_days["stock_pickups"].iloc[0] == 0


def test_without_rates_a_pickup_is_one_unit() -> None:
    frames = world(units=(3.0, 4.0))
    frames["stock_units"] = frames["stock_units"].assign(units_per_pickup=0.0)
    assert store_day_limits(**frames).store_days["stock_pickups"].iloc[0] == 7


def test_what_nobody_knows_becomes_a_cautious_default_and_a_warning() -> None:
    frames = world(counter=np.nan, staff=100.0, units=(1000.0,))
    limits = store_day_limits(**frames, parameters=StoreDayParameters(default_capacity_pickups=30))
    assert limits.store_days[["capacity_pickups", "binding"]].iloc[0].tolist() == [30, "default"]
    assert limits.warnings.to_dict("records") == [
        {"subject": "S1", "business_date": DAY, "missing": "counter_pickups", "default_used": 30}
    ]
    nothing = frames | {"staff_slots": frames["staff_slots"].iloc[:0], "stock_units": frames["stock_units"].iloc[:0]}
    limits = store_day_limits(**nothing)
    assert limits.warnings["missing"].tolist() == ["counter_pickups", "staff_pickups", "stock_pickups"]
    assert np.isfinite(limits.store_days["capacity_pickups"]).all()


def test_bad_numbers_are_refused_by_name() -> None:
    frames = world()
    frames["stock_units"] = frames["stock_units"].assign(available_units=-1.0)
    with pytest.raises(RefusedInputError, match=r"stock_units\.available_units"):
        store_day_limits(**frames)


@settings(deadline=None, max_examples=40)
@given(units=st.lists(st.floats(0, 1e6), min_size=1, max_size=6), share=st.floats(0.05, 1.0))
def test_one_more_pickup_finds_its_share_up_to_the_limit_and_not_beyond(units: list[float], share: float) -> None:
    frames = world(units=tuple(units))
    days = store_day_limits(**frames, parameters=StoreDayParameters(shelf_share=share)).store_days
    pickups, covered = days["stock_pickups"].iloc[0], np.array(units) / 2
    assert np.mean(covered >= pickups) >= share * (1 - 1e-9)
    assert np.mean(covered > pickups) < share
