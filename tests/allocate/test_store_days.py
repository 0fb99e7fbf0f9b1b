from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from rouxing.allocate.store_days import StoreDayParameters, store_day_limits
from rouxing.optimize.checks import RefusedInputError

DAY = date(2026, 6, 18)
OVERRIDE = ["store_id", "kind", "value", "last_date"]


def world(counter: float = 100.0, staff: float = 10.0, stock: float = 95.0) -> dict[str, pd.DataFrame]:
    """One store with two half hours."""
    return {
        "staff_slots": pd.DataFrame(
            {"store_id": "S1", "business_date": DAY, "slot": [20, 21], "capacity_pickups": [staff, staff]}
        ),
        "stores": pd.DataFrame({"store_id": ["S1"], "pickup_capacity_day": [counter]}),
        "stock_pickups": pd.DataFrame({"store_id": ["S1"], "business_date": [DAY], "stock_pickups": [stock]}),
        "demand_days": pd.DataFrame(
            {"store_id": ["S1"], "business_date": [DAY], "load_mean": [12.0], "load_upper": [18.0]}
        ),
    }


@pytest.mark.parametrize(
    ("counter", "staff", "stock", "capacity", "binding"),
    [
        (15, 10, 95, 15, "counter"),
        (100, 10, 95, 20, "staff"),
        (100, 10, 12, 12, "stock"),
        (100, 10, 0, 0, "stock"),
    ],
)
def test_the_least_limit_counts(counter: float, staff: float, stock: float, capacity: float, binding: str) -> None:
    day = store_day_limits(**world(counter, staff, stock)).store_days.iloc[0]
    assert day["capacity_pickups"] == capacity
    assert day["binding"] == binding
    assert (day["load_mean"], day["load_upper"]) == (12, 18)


def test_what_nobody_knows_becomes_a_cautious_default_and_a_warning() -> None:
    frames = world(counter=np.nan, staff=100.0, stock=1000.0)
    limits = store_day_limits(**frames, parameters=StoreDayParameters(default_capacity_pickups=30))
    assert limits.store_days[["capacity_pickups", "binding"]].iloc[0].tolist() == [30, "default"]
    assert limits.warnings.to_dict("records") == [
        {"subject": "S1", "business_date": DAY, "missing": "counter_pickups", "default_used": 30}
    ]
    nothing = frames | {name: frames[name].iloc[:0] for name in ("staff_slots", "stock_pickups")}
    limits = store_day_limits(**nothing)
    assert limits.warnings["missing"].tolist() == ["counter_pickups", "staff_pickups", "stock_pickups"]
    assert np.isfinite(limits.store_days["capacity_pickups"]).all()


@pytest.mark.parametrize(
    ("rows", "capacity", "counter", "binding"),
    [
        ([("S1", "capacity_pickups", 14.0, None)], 14, 14, "override"),
        ([("S1", "capacity_pickups", 14.0, None), ("S1", "capacity_pickups", 9.0, None)], 9, 9, "override"),
        ([("S1", "capacity_pickups", 500.0, None)], 20, 100, "staff"),
        ([("S1", "closed", 1.0, None)], 0, 0, "override"),
        ([("S1", "closed", 1.0, pd.Timestamp(DAY))], 0, 0, "override"),
        ([("S1", "closed", 1.0, pd.Timestamp(DAY) - pd.Timedelta(days=1))], 20, 100, "staff"),
        ([("S2", "closed", 1.0, None), ("S1", "staff_max", 0.0, None)], 20, 100, "staff"),
    ],
)
def test_what_people_set_by_hand_caps_the_counter(
    rows: list[tuple[str, str, float, object]], capacity: float, counter: float, binding: str
) -> None:
    overrides = pd.DataFrame(rows, columns=OVERRIDE)
    day = store_day_limits(**world(), overrides=overrides).store_days.iloc[0]
    assert (day["capacity_pickups"], day["counter_pickups"], day["binding"]) == (capacity, counter, binding)


@pytest.mark.parametrize(("days_ahead", "binding"), [(0, "override"), (1, "staff")])
def test_what_people_set_for_later_days_counts_from_its_first_day_on(days_ahead: int, binding: str) -> None:
    first = pd.Timestamp(DAY) + pd.Timedelta(days=days_ahead)
    overrides = pd.DataFrame({"store_id": ["S1"], "kind": ["closed"], "value": [1.0], "first_date": [first]})
    assert store_day_limits(**world(), overrides=overrides).store_days["binding"].tolist() == [binding]


@pytest.mark.parametrize(
    ("frame", "column"),
    [("stock_pickups", "stock_pickups"), ("staff_slots", "capacity_pickups"), ("demand_days", "load_mean")],
)
def test_bad_numbers_are_refused_by_name(frame: str, column: str) -> None:
    frames = world()
    frames[frame] = frames[frame].assign(**{column: -1.0})
    with pytest.raises(RefusedInputError, match=rf"{frame}\.{column}"):
        store_day_limits(**frames)
    with pytest.raises(RefusedInputError, match=r"overrides\.value"):
        store_day_limits(**world(), overrides=pd.DataFrame([("S1", "closed", np.nan, None)], columns=OVERRIDE))
