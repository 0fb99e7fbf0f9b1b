"""Half hours: coherent with the day, answers for weak cases, blind to what came later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma

from rouxing.forecast.calendar import day_table
from rouxing.forecast.history import day_number
from rouxing.forecast.profile import HOLIDAY, MAKE_UP, PROFILE_DAYS, day_kinds, slot_profile
from rouxing.forecast.slots import SLOT_COLUMNS, SLOT_DAYS, forecast_slots, sums_of_slots, with_quantiles
from rouxing.model.quantiles import QUANTILE_COLUMNS

ORIGIN = date(2026, 8, 23)  # a Sunday; the eight weeks before hold no holiday
NO_DAYS = pd.DataFrame({"store_id": [], "date": pd.to_datetime([]), "mean": [], "p10": [], "p90": []})


def stores_open(*hours: tuple[int, int]) -> pd.DataFrame:
    frame = pd.DataFrame(hours, columns=["opens_slot", "closes_slot"])
    return frame.assign(store_id=[f"S{i}" for i in range(len(hours))])


def history(level: float, stores: int = 1, seed: int = 1) -> pd.DataFrame:
    """Eight weeks of arrivals in half hours 18-43, busier from 36 on and on weekends."""
    random = np.random.default_rng(seed)
    dates = pd.date_range(end=pd.Timestamp(ORIGIN), periods=PROFILE_DAYS)
    shape = np.where(np.arange(18, 44) >= 36, 2.0, 1.0) / 34.0
    weekly = 1.0 + 0.5 * (dates.day_of_week.to_numpy() >= 5)
    counts = random.poisson(level * weekly[None, :, None] * shape * np.ones((stores, 1, 1)))
    store, day, slot = np.nonzero(counts)
    return pd.DataFrame(
        {
            "store_id": np.array([f"S{i}" for i in range(stores)])[store],
            "date": dates[day],
            "slot": slot + 18,
            "pickups": counts[store, day, slot],
        }
    )


def days_of(mean: float, half_width: float, stores: int = 1) -> pd.DataFrame:
    dates = pd.date_range(pd.Timestamp(ORIGIN) + pd.Timedelta(days=1), periods=SLOT_DAYS)
    frame = pd.DataFrame({"date": np.tile(dates, stores), "mean": mean, "p10": mean - half_width})
    return frame.assign(p90=mean + half_width, store_id=np.repeat([f"S{i}" for i in range(stores)], SLOT_DAYS))


def test_half_hours_add_up_to_the_day_in_the_mean_and_in_the_interval() -> None:
    days = days_of(200.0, 51.2621)  # a standard deviation of 40
    slots = forecast_slots(days, history(150.0), stores_open((18, 44)), ORIGIN).slots
    assert tuple(slots.columns) == SLOT_COLUMNS
    assert len(slots) == SLOT_DAYS * 26
    whole = sums_of_slots(slots, ["store_id", "date"])
    assert whole["mean"].to_numpy() == pytest.approx(np.full(3, 200.0))
    deviation = np.sqrt(whole["mean"] + whole["dispersion"] * whole["mean"] ** 2)
    assert deviation.to_numpy() == pytest.approx(np.full(3, 40.0), rel=1e-4)
    relative = ((slots["p90"] - slots["p10"]) / slots["mean"]).min()
    assert relative > ((whole["p90"] - whole["p10"]) / whole["mean"]).max()


def test_the_profile_of_the_store_is_found() -> None:
    slots = forecast_slots(days_of(340.0, 50.0), history(400.0), stores_open((18, 44)), ORIGIN).slots
    mean = slots.groupby("slot")["mean"].mean()
    assert mean.loc[:35].to_numpy() == pytest.approx(np.full(18, 10.0), rel=0.12)
    assert mean.loc[36:].to_numpy() == pytest.approx(np.full(8, 20.0), rel=0.12)


def test_quantiles_by_hand() -> None:
    rows = with_quantiles(pd.DataFrame({"mean": [10.0, 0.0], "dispersion": [0.1, 0.1]}))
    # Variance 10 + 0.1 * 100 = 20: a gamma of shape 5 and scale 2.
    assert rows["p50"].iloc[0] == pytest.approx(gamma.ppf(0.5, 5.0, scale=2.0), abs=1e-5)
    assert rows[list(QUANTILE_COLUMNS)].iloc[1].tolist() == [0.0] * 7


def test_sums_by_hand() -> None:
    rows = pd.DataFrame({"store_id": "S0", "mean": [10.0, 30.0], "dispersion": 0.3, "shock": 0.1})
    total = sums_of_slots(rows, ["store_id"]).iloc[0]
    # Own part of the dispersion 0.2: (0.2 * 100 + 0.2 * 900) / 40^2 = 0.125.
    assert total["mean"] == pytest.approx(40.0)
    assert total["dispersion"] == pytest.approx(0.225)


def test_arrivals_after_the_origin_change_nothing() -> None:
    past = history(80.0, stores=2)
    later = past.assign(date=past["date"] + pd.Timedelta(days=PROFILE_DAYS), pickups=999)
    asked = (days_of(90.0, 30.0, 2), stores_open((18, 44), (20, 40)), ORIGIN)
    alone = forecast_slots(asked[0], past, *asked[1:])
    with_later = forecast_slots(asked[0], pd.concat([later, past]), *asked[1:])
    pd.testing.assert_frame_equal(alone.slots, with_later.slots)
    assert alone.warnings == with_later.warnings


def test_holidays_and_make_up_workdays_are_kinds_of_their_own() -> None:
    # National Day 2026: 1-7 October off; Saturday 10 October is worked for it.
    kinds = day_kinds(day_table(None, day_number(date(2026, 9, 30)), day_number(date(2026, 10, 10))))
    assert kinds.tolist() == [2, *[HOLIDAY] * 7, 3, 4, MAKE_UP]


def test_an_unseen_holiday_runs_like_the_weekend() -> None:
    dates = pd.date_range(end=pd.Timestamp(ORIGIN), periods=PROFILE_DAYS)
    weekend = dates.day_of_week.to_numpy() >= 5
    rows = pd.DataFrame({"store_id": "S0", "date": dates, "slot": np.where(weekend, 30, 20), "pickups": 100})
    profile = slot_profile(rows, stores_open((18, 44)), day_table(None, day_number(dates[0].date()), 30_000))
    assert profile.shares[0, HOLIDAY, 30] > 0.6
    assert profile.shares[0, MAKE_UP, 20] > 0.6


def test_a_day_unlike_the_others_does_not_bend_the_profile() -> None:
    past = history(400.0)
    odd_day = past["date"] == pd.Timestamp("2026-08-19")
    odd = pd.concat([past[~odd_day], past[odd_day].head(1).assign(slot=25, pickups=5000)])
    asked = (days_of(400.0, 50.0), stores_open((18, 44)), ORIGIN)
    plain, bent = (forecast_slots(asked[0], frame, *asked[1:]).slots["mean"] for frame in (past, odd))
    assert bent.to_numpy() == pytest.approx(plain.to_numpy(), rel=0.1)


def test_a_clock_change_barely_moves_the_half_hours() -> None:
    """One Sunday lacks two half hours, another has two of them twice."""
    past = history(400.0)
    lacking = past[~((past["date"] == pd.Timestamp("2026-08-02")) & past["slot"].isin([22, 23]))]
    twice = past[(past["date"] == pd.Timestamp("2026-08-16")) & past["slot"].isin([22, 23])]
    asked = (days_of(400.0, 50.0), stores_open((18, 44)), ORIGIN)
    plain, changed = (
        forecast_slots(asked[0], frame, *asked[1:]).slots["mean"] for frame in (past, pd.concat([lacking, twice]))
    )
    assert changed.to_numpy() == pytest.approx(plain.to_numpy(), rel=0.05)


WEAK: dict[str, tuple[Callable[[], pd.DataFrame], str]] = {
    "no history": (lambda: history(50.0).iloc[:0], "without arrivals in eight weeks"),
    "closed for months": (lambda: history(50.0)[lambda rows: rows["date"] < "2026-07-10"], "in the last 28 days"),
    "opening hours changed": (
        lambda: history(50.0).assign(slot=lambda rows: rows["slot"] - 12),
        "outside the opening hours",
    ),
}


@pytest.mark.parametrize("case", WEAK)
def test_weak_histories_get_an_answer_and_a_warning(case: str) -> None:
    made, words = WEAK[case]
    forecast = forecast_slots(days_of(90.0, 30.0), made(), stores_open((18, 44)), ORIGIN)
    assert any(words in warning for warning in forecast.warnings), forecast.warnings
    assert forecast.slots.groupby("date")["mean"].sum().to_numpy() == pytest.approx(np.full(3, 90.0))


def test_a_store_without_a_day_forecast_gets_its_recent_level() -> None:
    forecast = forecast_slots(NO_DAYS, history(100.0), stores_open((18, 44)), ORIGIN)
    assert any("without a day forecast" in warning for warning in forecast.warnings)
    total = forecast.slots.groupby("date")["mean"].sum()
    assert total.to_numpy() == pytest.approx(np.full(3, 100.0), rel=0.15)  # Monday to Wednesday
    assert (sums_of_slots(forecast.slots, ["date"])["p90"].to_numpy() > total.to_numpy()).all()


def test_a_store_that_never_opens_has_no_half_hours() -> None:
    forecast = forecast_slots(days_of(90.0, 30.0, 2), history(50.0, 2), stores_open((18, 44), (30, 30)), ORIGIN)
    assert set(forecast.slots["store_id"]) == {"S0"}
    assert any("never open" in warning for warning in forecast.warnings)


@settings(max_examples=30, deadline=None)
@given(
    mean=st.floats(0.0, 5000.0),
    width=st.floats(0.0, 2.0),
    level=st.floats(0.0, 60.0),
    hours=st.lists(st.tuples(st.integers(0, 47), st.integers(1, 48)), min_size=1, max_size=3),
)
def test_any_day_is_met(mean: float, width: float, level: float, hours: list[tuple[int, int]]) -> None:
    stores = stores_open(*hours)
    past = history(level)
    slots = forecast_slots(days_of(mean, mean * width, len(hours)), past, stores, ORIGIN).slots
    assert np.isfinite(slots.drop(columns=["store_id", "date", "slot"]).to_numpy()).all()
    assert (np.diff(slots[list(QUANTILE_COLUMNS)].to_numpy(), axis=1) >= 0).all()
    totals = slots.groupby(["store_id", "date"])["mean"].sum()
    assert totals.to_numpy() == pytest.approx(np.full(len(totals), mean))
    joined = slots.merge(stores, on="store_id")
    assert ((joined["slot"] >= joined["opens_slot"]) & (joined["slot"] < joined["closes_slot"])).all()
    assert (slots["dispersion"] >= slots["shock"]).all()


def test_half_hours_of_a_real_counter_beat_the_mean_of_four_weeks(real_history: Path) -> None:
    """The call centre, a day ahead, every sixth day of the second half."""
    table = pd.read_parquet(real_history / "callcentre" / "slots.parquet")
    past = pd.DataFrame({"store_id": "S0", "date": pd.to_datetime(table["date"]), "slot": table["half_hour"]})
    past["pickups"] = table["arrivals"]
    counts = past.pivot(index="date", columns="slot", values="pickups")
    errors = np.zeros(2)
    for origin in range(150, len(counts) - 1, 6):
        last = counts.index[origin]
        slots = forecast_slots(NO_DAYS, past[past["date"] <= last], stores_open((0, 48)), last.date()).slots
        ours = slots.loc[slots["date"] == slots["date"].min(), "p50"].to_numpy()
        mean = counts.iloc[[origin + 1 - 7 * week for week in (1, 2, 3, 4)]].mean().to_numpy()
        actual = counts.iloc[origin + 1].to_numpy()
        errors += np.abs(ours - actual).sum(), np.abs(mean - actual).sum()
    assert errors[0] < 0.95 * errors[1]
