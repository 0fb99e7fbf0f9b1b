"""Half hours and SKUs add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.forecast.profile import half_hour_profile, sku_split


@settings(max_examples=40, deadline=None)
@given(
    opens=st.lists(st.tuples(st.integers(0, 47), st.integers(1, 48)), min_size=1, max_size=4),
    rows=st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 20), st.integers(0, 47), st.integers(0, 90)), max_size=30
    ),
)
def test_shares_add_up_over_open_half_hours(
    opens: list[tuple[int, int]], rows: list[tuple[int, int, int, int]]
) -> None:
    stores = pd.DataFrame(opens, columns=["opens_slot", "closes_slot"])
    stores["store_id"] = [f"S{i}" for i in range(len(stores))]
    frame = pd.DataFrame(rows, columns=["store", "day", "slot", "pickups"])
    history = frame.assign(
        store_id="S" + frame["store"].astype("str"),
        date=pd.Timestamp("2026-05-01") + pd.to_timedelta(frame["day"].astype("int64"), unit="D"),
    )
    profile = half_hour_profile(history, stores)
    joined = profile.merge(stores, on="store_id")
    assert ((joined["slot"] >= joined["opens_slot"]) & (joined["slot"] < joined["closes_slot"])).all()
    assert profile["share"].between(0, 1).all()
    total = profile.groupby(["store_id", "weekday"])["share"].sum()
    assert total.to_numpy() == pytest.approx(np.ones(len(total)))
    assert len(total) == 7 * (stores["opens_slot"] < stores["closes_slot"]).sum()


def test_much_history_speaks_for_itself_and_none_for_the_pool() -> None:
    stores = pd.DataFrame({"store_id": ["A", "NEW"], "opens_slot": [20, 20], "closes_slot": [22, 22]})
    history = pd.DataFrame({"store_id": "A", "date": "2026-05-11", "slot": [20, 21], "pickups": [30_000, 10_000]})
    profile = half_hour_profile(history, stores).set_index(["store_id", "weekday", "slot"])["share"]
    assert profile["A", 0, 20] == pytest.approx(0.75, abs=1e-3)
    assert profile["NEW", 3, 20] == pytest.approx(0.75, abs=1e-3)


def test_sku_split_by_hand() -> None:
    demand = pd.DataFrame({"store_id": "A", "date": pd.date_range("2026-05-01", periods=28), "pickups": 10.0})
    sales = pd.DataFrame(
        {
            "store_id": "A",
            "sku_id": ["X", "X", "Y", "X"],
            "channel": ["pickup", "walk_in", "walk_in", "pickup"],
            "date": pd.to_datetime(["2026-05-28", "2026-05-02", "2026-05-03", "2026-04-01"]),
            "units": [56, 14, 28, 999],
        }
    )
    split = sku_split(sales, demand).set_index("sku_id")
    # One store is its own pool, so shrinking changes nothing: 56 / 280 pickups, 14 and 28 over 28 days.
    assert split["units_per_pickup"].to_dict() == pytest.approx({"X": 0.2, "Y": 0.0})
    assert split["walk_in_units_per_day"].to_dict() == pytest.approx({"X": 0.5, "Y": 1.0})


def test_a_new_store_sells_like_the_pool() -> None:
    demand = pd.DataFrame({"store_id": "A", "date": pd.date_range("2026-05-01", periods=28), "pickups": 10.0})
    sales = pd.DataFrame(
        {
            "store_id": ["A", "B"],
            "sku_id": "X",
            "channel": ["pickup", "walk_in"],
            "date": pd.Timestamp("2026-05-28"),
            "units": [560, 0],
        }
    )
    split = sku_split(sales, demand).set_index("store_id")["units_per_pickup"]
    assert split["B"] == pytest.approx(2.0)


def test_no_sales_is_an_empty_split() -> None:
    none = pd.DataFrame({"store_id": [], "sku_id": [], "channel": [], "date": [], "units": []})
    assert sku_split(none, pd.DataFrame({"store_id": ["A"], "date": ["2026-05-01"], "pickups": [1.0]})).empty
