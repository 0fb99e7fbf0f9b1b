"""The demand forecast: sees nothing after the origin, and always answers."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rouxing.forecast.calibration import Judged, RawForecast, calibrate, typical_spread
from rouxing.forecast.classes import RowClasses
from rouxing.forecast.demand import ForecastParameters, forecast_demand, predict_demand
from rouxing.forecast.distribution import variance_of
from rouxing.forecast.features import feature_maker
from rouxing.forecast.history import History, day_number
from rouxing.forecast.panel import build_panel
from rouxing.model.errors import PermanentError
from rouxing.model.quantiles import LEVELS, QUANTILE_COLUMNS

Chain = Callable[..., History]


def disturbed(history: History, origin: date, seed: int) -> History:
    """The same history up to the end of ``origin``; everything after it changed, dropped or added."""
    random = np.random.default_rng(seed)
    end = pd.Timestamp(origin) + pd.Timedelta(days=1)
    assert history.bookings is not None
    assert history.claims is not None
    demand, bookings, claims = history.demand.copy(), history.bookings.copy(), history.claims.copy()
    late = (demand["date"] >= end).to_numpy()
    demand.loc[late, "pickups"] = random.integers(0, 9999, late.sum()).astype(float)
    demand = demand[~late | (random.random(len(demand)) < 0.5)]
    bookings = bookings[(bookings["made_at"] < end) | (random.random(len(bookings)) < 0.5)]
    later = bookings["cancelled_at"] >= end
    bookings["cancelled_at"] = bookings["cancelled_at"].where(~later, end + pd.Timedelta(days=int(seed % 5)))
    claims = claims[(claims["claim_date"] < end) | (random.random(len(claims)) < 0.5)]
    closes_later = (claims["closed_date"] >= end).to_numpy()
    claims["redeemed"] = np.where(closes_later, random.random(len(claims)) < 0.5, claims["redeemed"])
    shuffle = random.permutation(len(demand))
    plans = plans_disturbed(history, end, random)
    return replace(history, demand=demand.iloc[shuffle], bookings=bookings[::-1], claims=claims[::-1], **plans)


def with_plans(history: History, seed: int = 3) -> History:
    """The history with partly seen days, pushes, quotas, group-buys and signals; some told before, some after a day."""
    random = np.random.default_rng(seed)
    days = pd.Series(history.demand["date"].unique())
    told = days - pd.to_timedelta(random.integers(0, 10, len(days)), unit="D")
    plan = pd.DataFrame({"date": days, "intensity": random.integers(0, 4, len(days)), "announced_on": told})
    quotas = pd.concat(
        [
            pd.DataFrame({"store_id": f"S{store:02d}", "stock_id": f"C{stock}", "date": days, "set_on": told})
            for store in range(6)
            for stock in range(3)
        ],
        ignore_index=True,
    )
    opened = days.repeat(2).reset_index(drop=True)
    closes = opened + pd.Timedelta(days=2)
    groups = pd.DataFrame(
        {
            "group_id": [f"G{number}" for number in range(len(opened))],
            "store_id": [f"S{store:02d}" for store in random.integers(0, 6, len(opened))],
            "closes_at": closes,
            "due_date": closes + pd.Timedelta(days=1),
            "needed": 5,
        }
    )
    opening = groups.assign(changed_at=opened, joined=1, closed_at=pd.NaT, succeeded=False)
    joined = random.integers(1, 9, len(groups))
    closing = groups.assign(changed_at=closes, joined=joined, closed_at=closes, succeeded=joined >= 5)
    return replace(
        history,
        demand=history.demand.assign(open_share=random.choice([1.0, 1.0, 0.6, 0.2], len(history.demand))),
        promotions=plan,
        quotas=quotas.assign(coupons=random.integers(0, 30, len(quotas))),
        groups=pd.concat([opening, closing], ignore_index=True),
        signals=history.demand[["store_id", "date"]].assign(views=random.random(len(history.demand))),
    )


def plans_disturbed(history: History, end: pd.Timestamp, random: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Plans, groups and signals with other values, or none, in every row that was told at ``end`` or later."""
    frames = {}
    for name, told, value in (
        ("promotions", "announced_on", "intensity"),
        ("quotas", "set_on", "coupons"),
        ("groups", "changed_at", "joined"),
        ("signals", "date", "views"),
    ):
        frame = getattr(history, name)
        late = (frame[told] >= end).to_numpy()
        frame = frame.assign(**{value: np.where(late, random.integers(0, 99, len(frame)), frame[value])})
        frames[name] = frame[~late | (random.random(len(frame)) < 0.5)][::-1]
    return frames


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), back=st.integers(0, 20))
def test_nothing_after_the_origin_changes_the_forecast(
    chain: Chain, quick: ForecastParameters, origin: date, seed: int, back: int
) -> None:
    history, moment = with_plans(chain()), origin - timedelta(days=back)
    plain = forecast_demand(history, moment, 7, quick)
    other = forecast_demand(disturbed(history, moment, seed), moment, 7, quick)
    pd.testing.assert_frame_equal(plain.days, other.days, check_exact=True)
    assert plain.model.spread, "the model must have been trained"
    assert (plain.days["to_come"] > 0).any(), "quotas must have been read"


def test_quantiles_rise_and_every_store_day_is_there(chain: Chain, quick: ForecastParameters, origin: date) -> None:
    days = forecast_demand(chain(), origin, 7, quick).days
    assert len(days) == 6 * 7
    assert (np.diff(days[list(QUANTILE_COLUMNS)].to_numpy(), axis=1) >= 0).all()
    assert (days[["mean", "p05", "committed", "rule"]] >= 0).all(axis=None)
    assert days["horizon"].tolist() == list(range(1, 8)) * 6
    assert set(days["method"]) <= {"model", "rule"}


def test_number_of_threads_changes_no_number(chain: Chain, quick: ForecastParameters, origin: date) -> None:
    one = forecast_demand(chain(), origin, 7, replace(quick, threads=1)).days
    four = forecast_demand(chain(), origin, 7, replace(quick, threads=4)).days
    pd.testing.assert_frame_equal(one, four, check_exact=True)


def test_a_stored_model_predicts_the_same(chain: Chain, quick: ForecastParameters, origin: date) -> None:
    forecast = forecast_demand(chain(), origin, 7, quick)
    store = io.BytesIO()
    joblib.dump(forecast.model, store)
    store.seek(0)
    known = chain().as_of(origin)
    maker = feature_maker(known, build_panel(known, day_number(origin), 7))
    pd.testing.assert_frame_equal(predict_demand(joblib.load(store), maker), forecast.days, check_exact=True)


def test_known_bookings_move_the_forecast(origin: date) -> None:
    """Demand that is half bookings: a day with many of them must be forecast higher than one with none."""
    random = np.random.default_rng(5)
    dates = pd.date_range("2026-03-01", periods=90)
    booked = random.integers(0, 40, (8, 90))
    store, day = np.nonzero(booked)
    names = np.array([f"S{i}" for i in range(8)])
    demand = pd.DataFrame(
        {"store_id": np.repeat(names, 90), "date": np.tile(dates, 8), "pickups": (20 + booked).ravel().astype(float)}
    )
    due = dates[day] + pd.Timedelta(hours=12)
    bookings = pd.DataFrame(
        {"store_id": names[store], "due_at": due, "made_at": due - pd.Timedelta(days=3), "quantity": booked[store, day]}
    )
    days = forecast_demand(
        History(demand, bookings), origin, 3, ForecastParameters(most_rows=4_000, iterations=40)
    ).days
    truth = days.merge(demand, on=["store_id", "date"])
    assert np.corrcoef(truth["mean"], truth["pickups"])[0, 1] > 0.9


def test_a_campaign_moves_the_level_and_does_not_blow_up_the_interval() -> None:
    """Poisson pickups rise by 60 % twelve days before the origin; p90 / mean is 1.2 for the Poisson noise alone."""
    random = np.random.default_rng(4)
    dates = pd.date_range("2026-03-01", periods=90)
    usual = random.uniform(20, 60, 12)
    pickups = random.poisson(usual[:, None] * np.where(np.arange(90) >= 78, 1.6, 1.0))
    stores = [f"S{i:02d}" for i in range(12)]
    demand = pd.DataFrame({"store_id": np.repeat(stores, 90), "date": np.tile(dates, 12), "pickups": pickups.ravel()})
    parameters = ForecastParameters(most_rows=8_000, iterations=30)
    days = forecast_demand(History(demand.astype({"pickups": float})), date(2026, 5, 29), 3, parameters).days
    assert days["mean"].sum() == pytest.approx(1.6 * 3 * usual.sum(), rel=0.05)
    assert 0.7 < (days["p10"] / days["mean"]).median() < 0.9
    assert 1.1 < (days["p90"] / days["mean"]).median() < 1.4


@pytest.mark.parametrize(
    ("demand", "warning"),
    [
        ([("A", "2026-05-20", 5.0)], "too little history"),
        ([(s, d, 0.0) for s in "AB" for d in pd.date_range("2026-02-01", "2026-05-20")], "only zero pickups"),
        ([(s, d, 0.0) for s in "ABCDEF" for d in pd.date_range("2026-02-01", "2026-05-20")], "too little history"),
        ([(s, d, 5.0) for s in "AB" for d in pd.date_range("2026-02-01", "2026-04-01")], "none in the last 28 days"),
        ([(s, d, 5.0) for s in "AAB" for d in pd.date_range("2026-02-01", "2026-05-20")], "repeated store-days"),
    ],
)
def test_weak_history_gets_an_answer_and_a_warning(
    demand: list[tuple[str, object, float]], warning: str, quick: ForecastParameters, origin: date
) -> None:
    frame = pd.DataFrame(demand, columns=["store_id", "date", "pickups"])
    frame["date"] = pd.to_datetime(frame["date"])
    forecast = forecast_demand(History(frame), origin, 3, quick)
    assert any(warning in text for text in forecast.warnings)
    assert np.isfinite(forecast.days[["mean", *QUANTILE_COLUMNS]].to_numpy()).all()
    assert len(forecast.days) == 3 * frame["store_id"].nunique()


def test_a_store_without_demand_borrows_from_the_chain(chain: Chain, quick: ForecastParameters, origin: date) -> None:
    stores = pd.DataFrame({"store_id": [f"S{i:02d}" for i in range(6)] + ["NEW"]})
    forecast = forecast_demand(replace(chain(), stores=stores), origin, 3, quick)
    new = forecast.days[forecast.days["store_id"] == "NEW"]
    assert (new["mean"] > 0).all()
    assert any("without any demand row" in text for text in forecast.warnings)


def test_commitments_without_demand_get_an_answer(chain: Chain, origin: date, quick: ForecastParameters) -> None:
    history = chain()
    forecast = forecast_demand(replace(history, demand=history.demand[:0]), origin, 3, quick)
    assert len(forecast.days) == 6 * 3
    assert forecast.warnings


def test_no_store_at_all_is_an_empty_forecast(origin: date) -> None:
    empty = pd.DataFrame({"store_id": [], "date": [], "pickups": []})
    forecast = forecast_demand(History(empty), origin, 3)
    assert forecast.days.empty
    assert forecast.warnings


def test_refusals_say_what_and_where(origin: date) -> None:
    bad = pd.DataFrame({"store_id": ["A"], "date": [origin], "pickups": [-1.0]})
    with pytest.raises(PermanentError, match="negative"):
        History(bad)
    with pytest.raises(PermanentError, match="demand lacks pickups"):
        History(bad[["store_id", "date"]])
    with pytest.raises(PermanentError, match="horizon"):
        forecast_demand(History(bad.assign(pickups=1.0)), origin, 0)


def test_calibrated_quantiles_cover_what_they_say_in_every_class() -> None:
    """Noise that grows with the days ahead and on Sundays, a spread that knows neither: each class has its share."""
    random = np.random.default_rng(2)
    rows = 40_000
    classes = RowClasses(random.integers(1, 15, rows), random.uniform(20, 100, rows), random.integers(0, 7, rows))
    noise = 5.0 * np.where(classes.ahead > 7, 2.0, 1.0) * np.where(classes.weekday == 6, 1.5, 1.0)
    raw = RawForecast(classes.level, np.full(rows, 5.0), classes)
    pickups = np.round(classes.level + noise * random.standard_normal(rows))
    became = Judged(pickups, classes.level, np.arange(rows) % 50, np.arange(rows) // 50, 50)
    calibration = calibrate(raw, became, 0.1, 1)
    predictions, dispersion = calibration.apply(raw)
    fresh = np.round(classes.level + noise * random.standard_normal(rows)) + random.random(rows) - 0.5
    for inside in (classes.ahead <= 3, classes.ahead > 7, classes.weekday == 6, classes.weekday < 6):
        below = (fresh[inside, None] <= predictions[inside, 1:]).mean(axis=0)
        assert below == pytest.approx(LEVELS, abs=0.025)
    assert predictions[:, 0] == pytest.approx(classes.level, rel=0.02)
    far = (classes.ahead > 7) & (classes.weekday < 6)
    assert np.median(np.sqrt(variance_of(predictions[:, 0], dispersion))[far]) == pytest.approx(10.0, rel=0.1)
    assert calibration.shock.day < 0.02
    assert not calibration.prefers_rule.any()


def test_typical_spread_of_zero_is_zero() -> None:
    assert typical_spread(np.zeros((1, 2))).tolist() == [[[0.0] * 8] * 2]
