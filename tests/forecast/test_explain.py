"""The parts of a forecast: they add up, and each moves when its cause does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from rouxing.forecast.champion import RULE, led_by
from rouxing.forecast.demand import DemandModel, ForecastParameters, forecast_demand, predict_demand
from rouxing.forecast.explain import SHARE_COLUMNS, explain_days
from rouxing.forecast.features import FeatureMaker, feature_maker
from rouxing.forecast.history import History, day_number
from rouxing.forecast.panel import build_panel

Chain = Callable[..., History]
ORIGIN = date(2026, 5, 20)  # a Wednesday; no holiday in the two weeks after it


def explained(history: History, origin: date, horizon: int, parameters: ForecastParameters) -> pd.DataFrame:
    """Forecast days with their parts."""
    model, maker = fitted(history, origin, horizon, parameters)
    days = predict_demand(model, maker)
    return days.merge(explain_days(model, maker, days), on=["store_id", "date"])


def fitted(
    history: History, origin: date, horizon: int, parameters: ForecastParameters
) -> tuple[DemandModel, FeatureMaker]:
    known = history.as_of(origin)
    maker = feature_maker(known, build_panel(known, day_number(origin), horizon))
    return forecast_demand(history, origin, horizon, parameters).model, maker


def test_parts_add_up_to_the_mean_of_every_store_day(chain: Chain, quick: ForecastParameters, origin: date) -> None:
    days = explained(chain(), origin, 9, quick)
    assert len(days) == 6 * 9
    assert days[list(SHARE_COLUMNS)].sum(axis=1).to_numpy() == pytest.approx(days["mean"].to_numpy())
    assert (days["level"] >= 0).all()


def test_a_weekend_is_told_by_the_calendar(chain: Chain) -> None:
    """The chain sells 30 % more on weekends, and nothing else about the day matters."""
    days = explained(chain(), ORIGIN, 14, ForecastParameters(most_rows=4_000, iterations=40))
    weekend = days["date"].dt.day_of_week >= 5
    by_kind = days.groupby(weekend)[["mean", *SHARE_COLUMNS]].sum()
    gap = by_kind.loc[True, "calendar"] / by_kind.loc[True, "level"]
    assert gap > 0.1
    assert by_kind.loc[False, "calendar"] < 0
    assert abs(by_kind.loc[True, "commitments"]) < 0.1 * by_kind.loc[True, "mean"]


def test_bookings_are_told_by_the_commitments() -> None:
    """20 walk in and as many come as have booked, 0 to 40: parts of a day with many bookings and of one with none."""
    random = np.random.default_rng(5)
    dates = pd.date_range("2026-03-01", periods=95)
    booked = random.integers(0, 40, (8, 95))
    store, day = np.nonzero(booked)
    names = np.array([f"S{i}" for i in range(8)])
    demand = pd.DataFrame(
        {"store_id": np.repeat(names, 95), "date": np.tile(dates, 8), "pickups": (20 + booked).ravel().astype(float)}
    )
    due = dates[day] + pd.Timedelta(hours=12)
    bookings = pd.DataFrame(
        {"store_id": names[store], "due_at": due, "made_at": due - pd.Timedelta(days=7), "quantity": booked[store, day]}
    )
    days = explained(History(demand, bookings), ORIGIN, 3, ForecastParameters(most_rows=4_000, iterations=40))
    truth = days.merge(demand, on=["store_id", "date"])
    assert np.corrcoef(truth["commitments"], truth["pickups"])[0, 1] > 0.9
    assert truth["commitments"].max() > 5 > -5 > truth["commitments"].min()
    assert truth["calendar"].abs().mean() < 0.3 * truth["commitments"].abs().mean()


def test_a_push_is_told_by_the_campaign() -> None:
    """Every fortnight a push doubles a day; the next one falls on the second day ahead."""
    random = np.random.default_rng(6)
    dates = pd.date_range("2026-02-01", periods=109)
    # 22 May, two days ahead, is the 110th day since 1 February.
    pushes = dates[::-1][::14].union([pd.Timestamp("2026-05-22")])
    lift = np.where(dates.isin(pushes), 2.0, 1.0)
    pickups = random.poisson(random.uniform(20, 60, 10)[:, None] * lift)
    demand = pd.DataFrame(
        {
            "store_id": np.repeat([f"S{i}" for i in range(10)], 109),
            "date": np.tile(dates, 10),
            "pickups": pickups.ravel(),
        }
    )
    promotions = pd.DataFrame({"date": pushes, "intensity": 3, "announced_on": pushes - pd.Timedelta(days=20)})
    history = History(demand.astype({"pickups": float}), promotions=promotions)
    days = explained(history, ORIGIN, 7, ForecastParameters(most_rows=6_000, iterations=40))
    by_day = days.groupby("date")[["mean", *SHARE_COLUMNS]].sum()
    pushed = by_day.loc[pd.Timestamp("2026-05-22")]
    assert 0.25 * pushed["mean"] < pushed["campaign"] < 0.75 * pushed["mean"]
    assert by_day.drop(pd.Timestamp("2026-05-22"))["campaign"].abs().max() < 0.15 * pushed["campaign"]


def test_where_the_rule_leads_its_week_is_the_level(chain: Chain, quick: ForecastParameters) -> None:
    model, maker = fitted(chain(), ORIGIN, 14, quick)
    days = predict_demand(led_by(RULE, model), maker)
    parts = explain_days(led_by(RULE, model), maker, days)
    assert (parts["commitments"] == 0).all()
    assert parts.groupby("store_id")["level"].nunique().eq(1).all()
    assert (parts["level"] + parts["calendar"]).to_numpy() == pytest.approx(days["rule"].to_numpy())


def test_too_little_history_is_explained_too(origin: date) -> None:
    dates = pd.date_range("2026-05-12", periods=9)
    demand = pd.DataFrame({"store_id": ["A"] * 9, "date": dates, "pickups": 5.0})
    days = explained(History(demand), origin, 3, ForecastParameters())
    assert days[list(SHARE_COLUMNS)].sum(axis=1).to_numpy() == pytest.approx(days["mean"].to_numpy())
