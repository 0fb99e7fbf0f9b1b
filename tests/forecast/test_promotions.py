"""Planned pushes move the forecast on the day they are for; half a day that was not seen is no low day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from rouxing.forecast.calendar import day_table
from rouxing.forecast.demand import ForecastParameters, forecast_demand
from rouxing.forecast.history import History, day_number
from rouxing.forecast.panel import build_panel
from rouxing.forecast.promotions import planned_intensity, promotions_of

Chain = Callable[..., History]
FIRST, DAYS, STORES = pd.Timestamp("2026-03-01"), 100, 10
PUSHES = {30: 2, 31: 4, 32: 2, 55: 3, 56: 3, 78: 1, 79: 4, 80: 1, 93: 5}


def pushed_chain(effect: float) -> tuple[History, np.ndarray]:
    """Ten stores of Poisson pickups; on planned days exp(effect x intensity) times as many."""
    random = np.random.default_rng(7)
    intensity = np.zeros(DAYS)
    intensity[list(PUSHES)] = list(PUSHES.values())
    usual = random.uniform(60, 200, STORES)
    pickups = random.poisson(usual[:, None] * np.exp(effect * intensity)).astype(float)
    dates = pd.date_range(FIRST, periods=DAYS)
    demand = pd.DataFrame(
        {
            "store_id": np.repeat([f"S{i}" for i in range(STORES)], DAYS),
            "date": np.tile(dates, STORES),
            "pickups": pickups.ravel(),
        }
    )
    plan = pd.DataFrame({"date": dates, "intensity": intensity, "announced_on": dates - pd.Timedelta(days=20)})
    return History(demand, promotions=plan[plan["intensity"] > 0]), usual


def test_lift_is_learned_from_past_pushes() -> None:
    history, _ = pushed_chain(0.15)
    panel = build_panel(history.as_of(date(2026, 5, 29)), day_number(date(2026, 5, 29)), 14)
    pushed, plain = panel.column_of(np.array([day_number(date(2026, 4, 1)), day_number(date(2026, 4, 10))]))
    assert panel.promotions.lift.max() == pytest.approx(np.exp(0.15 * 5), rel=0.1)
    assert np.mean(panel.base[:, pushed]) == pytest.approx(np.mean(panel.base[:, plain]), rel=0.1)


def test_a_push_stronger_than_any_before_is_forecast_on_its_day() -> None:
    """Intensity 5 was never seen; the plan says it for 2 June (day 93)."""
    history, usual = pushed_chain(0.15)
    parameters = ForecastParameters(most_rows=8_000, iterations=30)
    forecast = forecast_demand(history, date(2026, 5, 31), 4, parameters)
    daily = forecast.days.groupby("date")["mean"].sum()
    assert daily[pd.Timestamp("2026-06-02")] == pytest.approx(usual.sum() * np.exp(0.75), rel=0.15)
    assert daily[pd.Timestamp("2026-06-03")] == pytest.approx(usual.sum(), rel=0.12)
    rule = forecast.days.groupby("date")["rule"].sum()
    assert rule[pd.Timestamp("2026-06-02")] > 1.6 * rule[pd.Timestamp("2026-06-03")]


def test_a_push_announced_after_the_origin_is_not_known() -> None:
    history, _ = pushed_chain(0.15)
    assert history.promotions is not None
    late = history.promotions.assign(announced_on=pd.Timestamp("2026-06-01"))
    days = forecast_demand(replace(history, promotions=late), date(2026, 5, 31), 4, ForecastParameters(iterations=8))
    none = forecast_demand(replace(history, promotions=None), date(2026, 5, 31), 4, ForecastParameters(iterations=8))
    pd.testing.assert_frame_equal(days.days, none.days, check_exact=True)


def test_a_plan_for_one_store_and_for_all_the_stronger_counts() -> None:
    plan = pd.DataFrame(
        {"date": ["2026-03-02", "2026-03-02", "2026-03-03"], "store_id": ["B", None, "X"], "intensity": [3, 1, 5]}
    )
    first = day_number(date(2026, 3, 1))
    found = planned_intensity(plan, np.array(["A", "B"], dtype=object), first, (2, 3))
    assert found.tolist() == [[0, 1, 0], [0, 3, 0]]


def test_too_few_pushes_teach_nothing() -> None:
    table = day_table(None, day_number(date(2026, 3, 1)), day_number(date(2026, 5, 9)))
    intensity = np.zeros((2, 70))
    intensity[:, 50] = 3
    pickups = np.where(intensity > 0, 90.0, 30.0)
    assert (promotions_of(intensity, pickups, table).lift == 1.0).all()


def test_half_a_day_that_was_not_seen_is_scaled_up_and_less_is_unknown() -> None:
    demand = pd.DataFrame(
        {
            "store_id": "A",
            "date": pd.date_range("2026-05-01", periods=4),
            "pickups": [40.0, 20.0, 4.0, 44.0],
            "open_share": [1.0, 0.5, 0.1, np.nan],
        }
    )
    panel = build_panel(History(demand), day_number(date(2026, 5, 4)), 2)
    assert panel.pickups[0, -4:].tolist() == pytest.approx([40.0, 40.0, np.nan, 44.0], nan_ok=True)


@pytest.mark.parametrize("closed", [40, 85])
def test_a_store_closed_for_months_gets_an_answer(chain: Chain, quick: ForecastParameters, closed: int) -> None:
    history = chain()
    dates = history.demand["date"]
    shut = (history.demand["store_id"] == "S01") & (dates < FIRST + pd.Timedelta(days=closed))
    forecast = forecast_demand(replace(history, demand=history.demand[~shut]), date(2026, 5, 28), 5, quick)
    own = forecast.days[forecast.days["store_id"] == "S01"]
    assert len(own) == 5
    assert np.isfinite(own["mean"]).all()
    assert (own["mean"] > 0).all()


def test_two_stores_and_five_weeks_borrow_from_each_other(chain: Chain, quick: ForecastParameters) -> None:
    history = chain(stores=2, days=36)
    days = forecast_demand(history, date(2026, 4, 4), 7, quick).days
    usual = history.demand.groupby("store_id")["pickups"].mean()
    assert days.groupby("store_id")["p50"].mean().to_numpy() == pytest.approx(usual.to_numpy(), rel=0.35)


def test_moments_around_a_clock_change_fall_on_their_local_day(chain: Chain, quick: ForecastParameters) -> None:
    """Booking moments of a zone that changes its clock count on their day in Shanghai, whichever way they are told."""
    history = chain()
    assert history.bookings is not None
    moments = ["made_at", "due_at", "cancelled_at"]
    told = {name: history.bookings[name].dt.tz_localize("Asia/Shanghai") for name in moments}
    abroad = {name: column.dt.tz_convert("Europe/Berlin") for name, column in told.items()}
    origin = date(2026, 3, 30)
    here, there = (
        forecast_demand(replace(history, bookings=history.bookings.assign(**columns)), origin, 5, quick).days
        for columns in (told, abroad)
    )
    pd.testing.assert_frame_equal(here, there, check_exact=True)


def test_a_year_without_holidays_in_the_calendar_is_warned_of(chain: Chain, quick: ForecastParameters) -> None:
    history = chain()
    moved = replace(
        history, demand=history.demand.assign(date=history.demand["date"] + pd.DateOffset(years=10)), bookings=None
    )
    forecast = forecast_demand(replace(moved, claims=None), date(2036, 5, 20), 3, quick)
    assert any("calendar does not cover" in text for text in forecast.warnings)
    assert (forecast.days["mean"] > 0).all()
