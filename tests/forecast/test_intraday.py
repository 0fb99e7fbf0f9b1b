"""The rest of today: moves with the day so far, borrows from the others, and always answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.forecast.intraday import LEVEL_LIMITS, TodayForecast, booking_outlook, update_today
from rouxing.forecast.slots import sums_of_slots
from rouxing.model.quantiles import QUANTILE_COLUMNS

OPEN = np.arange(18, 44)
NONE = pd.DataFrame({"store_id": [], "slot": np.array([], dtype=np.int64), "arrivals": []})


def forecast(stores: int, mean: float = 10.0, shock: float = 0.05, dispersion: float = 0.08) -> pd.DataFrame:
    ids = np.repeat([f"S{i:03d}" for i in range(stores)], len(OPEN))
    frame = pd.DataFrame({"store_id": ids, "slot": np.tile(OPEN, stores), "mean": mean})
    return frame.assign(dispersion=dispersion, shock=shock)


def master(stores: int, districts: int = 1) -> pd.DataFrame:
    ids = np.arange(stores)
    return pd.DataFrame({"store_id": [f"S{i:03d}" for i in ids], "district_id": [f"D{i % districts}" for i in ids]})


def arrived(slots: pd.DataFrame, factor: float | np.ndarray) -> pd.DataFrame:
    return slots[["store_id", "slot"]].assign(arrivals=slots["mean"] * factor)


def rest(today: TodayForecast) -> pd.Series:
    return today.slots.groupby("store_id")["mean"].sum()


def test_one_store_by_hand() -> None:
    slots = forecast(1, mean=20.0, shock=0.1, dispersion=0.1)
    today = update_today(slots, arrived(slots, 1.5), master(1), now_slot=19)
    # One half hour of 20 expected, 30 seen, no dispersion of its own: the ratio 1.5 is worth 20 arrivals. The prior
    # has mean 1 and variance 0.1, hence rate 10: (10 + 20 * 1.5) / 30.
    assert today.stores["level"].iloc[0] == pytest.approx(4 / 3)
    assert today.slots["mean"].to_numpy() == pytest.approx(np.full(25, 20.0 * 4 / 3))
    # What is left of doubt: (4/3) / 30 of the update and a quarter of the shock, relative to the level squared.
    assert today.slots["shock"].to_numpy() == pytest.approx(np.full(25, (4 / 90 + 0.025) / (16 / 9)))


def test_a_day_as_expected_keeps_the_forecast_and_narrows_it() -> None:
    slots = forecast(20)
    today = update_today(slots, arrived(slots, 1.0), master(20, 4), now_slot=30)
    before = sums_of_slots(slots[slots["slot"] >= 30], ["store_id"])
    after = sums_of_slots(today.slots, ["store_id"])
    assert after["mean"].to_numpy() == pytest.approx(before["mean"].to_numpy())
    assert (after["p90"] - after["p10"] < before["p90"] - before["p10"]).all()


def test_a_store_borrows_from_its_district_first() -> None:
    slots = forecast(41)
    busy = np.repeat(np.arange(41) % 2 == 0, len(OPEN))
    seen = arrived(slots, np.where(busy, 1.5, 1.0))
    seen = seen[seen["store_id"] != "S000"]  # it stands in the busy district and tells nothing
    today = update_today(slots, seen, master(41, 2), now_slot=30).stores.set_index("store_id")["level"]
    assert 1.25 < today["S000"] < 1.5
    assert today["S002"] > today["S000"] > today["S001"]
    assert today["S001"] == pytest.approx(1.0, abs=0.05)


def test_what_is_booked_now_is_added_and_only_the_rest_follows_the_level() -> None:
    slots = forecast(1, mean=20.0, shock=0.1, dispersion=0.1)
    booked = pd.DataFrame({"store_id": "S000", "slot": [20, 21], "arrivals": [15.0, 10.0]})
    usual = pd.DataFrame({"slot": OPEN, "share": 0.5})
    today = update_today(slots, arrived(slots, 1.5), master(1), 19, booked, usual).slots.set_index("slot")
    follows = 0.5 * 20.0 * 4 / 3
    assert today["mean"].loc[[20, 21, 22]].tolist() == pytest.approx([follows + 15.0, follows + 10.0, follows])


def test_before_opening_and_after_closing() -> None:
    slots = forecast(3)
    early = update_today(slots, NONE, master(3), now_slot=5)
    assert rest(early).to_numpy() == pytest.approx(np.full(3, 260.0))
    assert not early.warnings
    late = update_today(slots, arrived(slots, 1.2), master(3), now_slot=48)
    assert late.slots.empty
    assert late.stores["arrived"].to_numpy() == pytest.approx(np.full(3, 312.0))


def test_a_missing_feed_leaves_the_forecast_and_says_so() -> None:
    slots = forecast(5)
    today = update_today(slots, NONE, master(5), now_slot=30)
    assert rest(today).to_numpy() == pytest.approx(np.full(5, 140.0))
    assert "since half hour 0, where many were due" in today.warnings[0]


def test_a_feed_that_falls_silent_tells_nothing_from_there_on() -> None:
    slots = forecast(5)
    seen = arrived(slots, 1.3)
    heard = update_today(slots, seen[seen["slot"] < 27], master(5), now_slot=30)
    until_then = update_today(slots, seen, master(5), now_slot=27)
    pd.testing.assert_frame_equal(heard.stores, until_then.stores)
    assert heard.slots["slot"].min() == 30
    assert "since half hour 27" in heard.warnings[0]


def test_one_silent_store_follows_the_others_and_is_named() -> None:
    slots = forecast(30)
    seen = arrived(slots, 1.4)
    today = update_today(slots, seen[seen["store_id"] != "S007"], master(30), now_slot=30)
    level = today.stores.set_index("store_id")["level"]
    assert level["S007"] == pytest.approx(1.37, abs=0.06)
    assert "1 stores report no arrival" in today.warnings[0]


def test_few_expected_and_none_come_is_only_a_little_lower() -> None:
    slots = forecast(1, mean=0.3)
    today = update_today(slots, NONE, master(1), now_slot=30)
    assert 0.8 < today.stores["level"].iloc[0] < 1.0
    assert not today.warnings


def test_a_store_that_the_forecast_does_not_know_is_left_out() -> None:
    slots = forecast(2)
    stranger = pd.DataFrame({"store_id": ["X"], "slot": [20], "arrivals": [50.0]})
    seen = pd.concat([arrived(slots, 1.0), stranger])
    assert set(update_today(slots, seen, master(2), 30).stores["store_id"]) == {"S000", "S001"}


def test_no_forecast_is_an_empty_answer() -> None:
    today = update_today(forecast(0), NONE, master(1), 30)
    assert today.slots.empty
    assert today.stores.empty


def test_half_hours_not_over_are_not_used() -> None:
    slots = forecast(4)
    seen = arrived(slots, 1.0)
    running = seen.assign(arrivals=seen["arrivals"].where(seen["slot"] < 30, 1000.0))
    plain, asked = (update_today(slots, frame, master(4), 30) for frame in (seen, running))
    pd.testing.assert_frame_equal(plain.slots, asked.slots)


@settings(max_examples=60, deadline=None)
@given(
    mean=st.floats(0.0, 500.0),
    shock=st.floats(0.0, 1.0),
    own=st.floats(0.0, 1.0),
    factors=st.lists(st.floats(0.0, 50.0), min_size=1, max_size=5),
    now_slot=st.integers(0, 48),
)
def test_any_day_so_far_gives_an_answer_within_limits(
    mean: float, shock: float, own: float, factors: list[float], now_slot: int
) -> None:
    slots = forecast(len(factors), mean, shock, shock + own)
    seen = arrived(slots, np.repeat(factors, len(OPEN)))
    today = update_today(slots, seen, master(len(factors), 2), now_slot)
    assert today.stores["level"].between(*LEVEL_LIMITS).all()
    assert np.isfinite(today.slots.drop(columns=["store_id", "slot"]).to_numpy()).all()
    assert (np.diff(today.slots[list(QUANTILE_COLUMNS)].to_numpy(), axis=1) >= 0).all()
    assert (today.slots["slot"] >= now_slot).all()


def test_booking_outlook_by_hand() -> None:
    flow = pd.DataFrame(
        {
            "known_slot": [-1, 22, 35, 48, -1],
            "slot": [40, 40, 40, 40, 20],
            "bookings": [6, 4, 5, 0, 99],
            "arrivals": [5, 3, 5, 12, 9],
        }
    )
    booked = pd.DataFrame({"store_id": ["S000"], "slot": [40], "bookings": [10]})
    arrivals, usual = booking_outlook(flow, booked, now_slot=30)
    # For the half hours to come ten bookings were known by now and eight of them came: 8 of 25 arrivals.
    assert arrivals["arrivals"].tolist() == pytest.approx([8.0])
    assert usual.to_numpy().tolist() == [[40.0, pytest.approx(8 / 25)]]


def test_bookings_of_an_unknown_past_are_part_of_the_forecast() -> None:
    flow = pd.DataFrame({"known_slot": [], "slot": [], "bookings": [], "arrivals": []}, dtype="int64")
    booked = pd.DataFrame({"store_id": ["S000"], "slot": [40], "bookings": [10]})
    arrivals, usual = booking_outlook(flow, booked, now_slot=30)
    assert arrivals["arrivals"].tolist() == [0.0]
    assert usual.empty
