"""Half hours add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.forecast.profile import half_hour_profile


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
