"""Boards by hand, coverage of whole numbers, weekly origins, who leads, and how often drift cries wolf."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom, poisson

from rouxing.forecast.champion import MODEL, RULE, Champion, choose_champion, led_by
from rouxing.forecast.demand import ForecastParameters, forecast_demand, predict_demand
from rouxing.forecast.drift import drift_alerts
from rouxing.forecast.features import feature_maker
from rouxing.forecast.history import History, day_number
from rouxing.forecast.judgement import boards, judged_rows
from rouxing.forecast.panel import build_panel
from rouxing.forecast.pit import randomised_pit, row_draws
from rouxing.forecast.rolling import forecast_again, judged_origins, known_at, with_actuals
from rouxing.model.quantiles import LEVELS, QUANTILE_COLUMNS

Chain = Callable[..., History]


def row(store: str, day: str, actual: float, origin: str = "2026-05-10", **changes: object) -> dict[str, object]:
    ladder = dict(zip(QUANTILE_COLUMNS, (5.0, 6.0, 8.0, 10.0, 12.0, 14.0, 15.0), strict=True))
    known = {"mean": 10.0, **ladder, "rule": 8.0, "naive": 20.0, "method": "model"}
    when = {"origin": pd.Timestamp(origin), "date": pd.Timestamp(day)}
    ahead = (pd.Timestamp(day) - pd.Timestamp(origin)).days
    return {"store_id": store, **when, "horizon": ahead, **known, "actual": actual, **changes}


# Right quantiles of a discrete distribution, as a straight line between half numbers shows them.
def continuous_quantiles(distribution: object) -> np.ndarray:
    numbers = np.arange(0, 400)
    shares = distribution.cdf(numbers)  # type: ignore[attr-defined]
    return np.interp(LEVELS, np.concatenate([[0.0], shares]), np.concatenate([[-0.5], numbers + 0.5]))


@pytest.mark.parametrize(
    ("distribution", "within"),
    # Straight lines between seven quantiles tell little of a distribution on 0, 1 and 2.
    [(poisson(0.7), 0.035), (poisson(3), 0.02), (poisson(40), 0.015), (nbinom(4, 0.1), 0.015)],
)
def test_the_pit_of_a_right_forecast_is_uniform(distribution: object, within: float) -> None:
    random = np.random.default_rng(1)
    pickups = distribution.rvs(20_000, random_state=random).astype(float)  # type: ignore[attr-defined]
    quantiles = np.maximum(np.tile(continuous_quantiles(distribution), (20_000, 1)), 0.0)
    pit = randomised_pit(quantiles, pickups, random.random(20_000))
    assert [(pit <= level).mean() for level in LEVELS] == pytest.approx(LEVELS, abs=within)


def test_a_store_of_nothing_but_zeros_is_covered_as_the_levels_say() -> None:
    pit = randomised_pit(np.zeros((1_000, 7)), np.zeros(1_000), np.random.default_rng(1).random(1_000))
    assert [(pit <= level).mean() for level in LEVELS] == pytest.approx(LEVELS, abs=0.04)
    assert (randomised_pit(np.zeros((3, 7)), np.full(3, 9.0), np.full(3, 0.5)) == 1.0).all()


@given(
    quantiles=st.lists(st.floats(0, 1e6), min_size=7, max_size=7).map(sorted),
    pickups=st.integers(0, 10**6),
    draw=st.floats(0, 1),
)
def test_a_pit_is_a_share_and_rises_with_pickups(quantiles: list[float], pickups: int, draw: float) -> None:
    ladder = np.array([quantiles, quantiles])
    low, high = randomised_pit(ladder, np.array([pickups, pickups + 1.0]), np.array([draw, draw]))
    assert 0.0 <= low <= high <= 1.0


def test_draws_are_the_same_in_every_run_and_look_drawn() -> None:
    days = pd.date_range("2026-01-01", periods=200)
    rows = pd.DataFrame({"store_id": ["S1"] * 200, "origin": days[0], "date": days})
    other = rows.assign(store_id="S2")
    draws = row_draws(rows)
    assert draws.tolist() == row_draws(rows.iloc[::-1])[::-1].tolist()
    assert abs(np.corrcoef(draws[1:], draws[:-1])[0, 1]) < 0.2
    assert abs(np.corrcoef(draws, row_draws(other))[0, 1]) < 0.2
    assert 0.4 < draws.mean() < 0.6


def test_boards_by_hand() -> None:
    """Two stores, two days: 10 forecast; 10 and 14 came at A, 5 and none (not closed) at B, which is new."""
    rows = pd.DataFrame(
        [
            row("A", "2026-05-11", 10.0),
            row("A", "2026-05-12", 14.0),
            row("B", "2026-05-11", 5.0, method="rule", rule=4.0),
            row("B", "2026-05-12", float("nan")),
        ]
    )
    past = pd.date_range("2026-02-01", "2026-05-10")
    demand = pd.DataFrame({"store_id": ["A"] * len(past), "date": past, "pickups": 10.0})
    stores = pd.DataFrame({"store_id": ["A", "B"], "district": ["Z1", "Z2"]})
    found = boards(judged_rows(rows, demand, stores)).set_index(["board", "group_name", "method"])
    every = found.loc[("all", "all", "ours")]
    assert every["store_days"] == 3
    assert every["wape"] == pytest.approx((0 + 4 + 5) / 29)
    assert every["bias"] == pytest.approx((0 - 4 + 5) / 29)
    assert found.loc[("all", "all", "weekday_rule"), "wape"] == pytest.approx((2 + 6 + 1) / 29)
    assert found.loc[("all", "all", "seasonal_naive"), "bias"] == pytest.approx((10 + 6 + 15) / 29)
    assert found.loc[("horizon", "2", "ours"), "wape"] == pytest.approx(4 / 14)
    assert found.loc[("weekday", "0", "ours"), "store_days"] == 2
    assert found.loc[("age", "new", "ours"), "wape"] == pytest.approx(1.0)
    assert found.loc[("age", "settled", "ours"), "store_days"] == 2
    assert found.loc[("used", "rule", "weekday_rule"), "wape"] == pytest.approx(0.2)
    assert found.loc[("district", "Z2", "ours"), "bias"] == pytest.approx(1.0)
    assert found.loc[("size", "small", "ours"), "store_days"] == 1


def test_ages_are_those_at_the_origin() -> None:
    days = pd.date_range("2026-01-01", "2026-06-30")
    gaps = days[::4]
    demand = pd.DataFrame({"store_id": ["A"] * len(days) + ["T"] * len(gaps), "date": [*days, *gaps], "pickups": 1.0})
    rows = pd.DataFrame(
        [row(store, "2026-06-02", 1.0, "2026-06-01") for store in ("A", "T", "NEVER")]
        + [row("A", "2026-02-02", 1.0, "2026-02-01")]
    )
    assert judged_rows(rows, demand, None)["age"].tolist() == ["settled", "thin", "new", "new"]


def test_nothing_closed_is_no_board() -> None:
    rows = pd.DataFrame([row("A", "2026-05-11", float("nan"))])
    demand = pd.DataFrame({"store_id": [], "date": pd.to_datetime([]), "pickups": []})
    judged = judged_rows(rows, demand, None)
    assert boards(judged).empty
    assert drift_alerts(judged).empty
    assert choose_champion(MODEL, judged).kind == MODEL


def test_origins_are_the_sundays_of_the_window() -> None:
    wednesday = date(2026, 6, 17)
    assert judged_origins(wednesday, 21) == [date(2026, 5, 31), date(2026, 6, 7), date(2026, 6, 14)]
    # A Sunday is no origin of its own: none of its days has closed.
    assert judged_origins(date(2026, 6, 14), 14) == [date(2026, 5, 31), date(2026, 6, 7)]
    assert judged_origins(wednesday, 6) == []


def test_what_was_known_at_an_origin_looks_the_same_whenever_it_is_looked_at(chain: Chain) -> None:
    history, origin = chain(days=60), date(2026, 4, 12)
    assert history.claims is not None
    # A day on which nothing is left of the claims: the rows that later closings split are one again.
    early, late = known_at(history.as_of(date(2026, 4, 13)), origin), known_at(history, origin)
    for name in ("demand", "bookings", "claims"):
        pd.testing.assert_frame_equal(getattr(early, name), getattr(late, name))
    split = history.claims.assign(coupons=history.claims["coupons"] / 2)
    halves = replace(history, claims=pd.concat([split, split], ignore_index=True))
    merged = known_at(halves, origin).claims
    assert merged is not None
    assert late.claims is not None
    assert merged["coupons"].tolist() == late.claims["coupons"].tolist()


def test_past_forecasts_see_nothing_later(chain: Chain, quick: ForecastParameters) -> None:
    history, origin = chain(days=60), date(2026, 4, 12)
    later = replace(history, demand=history.demand.assign(pickups=history.demand["pickups"] + 7.0))
    after = pd.to_datetime(history.demand["date"]) > pd.Timestamp(origin)
    changed = replace(history, demand=later.demand.where(after, history.demand))
    rows = [forecast_again(known_at(one, origin), origin, 5, quick) for one in (history, changed)]
    pd.testing.assert_frame_equal(*rows, check_exact=True)
    scored = with_actuals(rows[0], changed.demand)
    assert scored["actual"].notna().sum() == after.sum() - (
        (pd.to_datetime(changed.demand["date"]) > pd.Timestamp(origin) + pd.Timedelta(days=5)).sum()
    )


def test_days_seen_in_part_judge_nobody() -> None:
    rows = pd.DataFrame([row("A", "2026-05-11", 0.0), row("B", "2026-05-11", 0.0)]).drop(columns="actual")
    day = pd.Timestamp("2026-05-11")
    demand = pd.DataFrame({"store_id": ["A", "B"], "date": day, "pickups": [4.0, 5.0], "open_share": [0.5, 1.0]})
    assert with_actuals(rows, demand)["actual"].fillna(-1).tolist() == [-1.0, 5.0]


def paired(model: list[float], rule: list[float]) -> pd.DataFrame:
    """One row per origin with these absolute errors."""
    origins = [pd.Timestamp("2026-05-03") + pd.Timedelta(weeks=week) for week in range(len(model))]
    return pd.DataFrame({"origin": origins, "p50": 100.0 + np.array(model), "rule": 100.0 - np.array(rule)}).assign(
        actual=100.0
    )


@pytest.mark.parametrize(
    ("incumbent", "model", "rule", "kind"),
    [
        (MODEL, [10, 10, 10], [9, 9, 9], RULE),
        (MODEL, [10, 10, 10], [9.8, 9.8, 9.8], MODEL),  # better everywhere, but not by enough
        (MODEL, [10, 10, 10], [1, 1, 10.5], MODEL),  # far better in sum, but not at every origin
        (MODEL, [10, 10], [1, 1], MODEL),  # too few origins
        (RULE, [9, 9, 9], [10, 10, 10], MODEL),
        (RULE, [11, 9, 9], [10, 10, 10], RULE),
        (MODEL, [], [], MODEL),
    ],
)
def test_the_champion_changes_only_when_every_origin_says_so(
    incumbent: str, model: list[float], rule: list[float], kind: str
) -> None:
    chosen = choose_champion(incumbent, paired(model, rule))
    assert (chosen.kind, chosen.has_changed) == (kind, kind != incumbent)
    assert chosen.reason.startswith(f"{kind} {'takes over' if chosen.has_changed else 'kept'}: ")


def test_a_leading_rule_forecasts_every_store(chain: Chain, quick: ForecastParameters, origin: date) -> None:
    known = chain().as_of(origin)
    maker = feature_maker(known, build_panel(known, day_number(origin), 3))
    model = forecast_demand(chain(), origin, 3, quick).model
    assert led_by(MODEL, model) is model
    days = predict_demand(led_by(RULE, model), maker)
    assert set(days["method"]) == {"rule"}
    assert days["p50"].to_numpy() == pytest.approx(days["rule"].to_numpy())
    assert Champion.unjudged(RULE).kind == RULE


def clean_rows(random: np.random.Generator, days: int, shared: float = 0.06) -> pd.DataFrame:
    """A right forecast of 24 stores in 4 districts with a shared daily shock that the quantiles know of."""
    stores, level = [f"S{i:02d}" for i in range(24)], np.repeat(random.uniform(10, 60, 24), days)
    shock = np.tile(np.exp(random.normal(0, shared, days)), 24)
    own = random.gamma(25, 1 / 25, 24 * days)
    pickups = random.poisson(level * shock * own).astype(float)
    deviation = np.sqrt(level + level**2 * (shared**2 + 1 / 25))
    normal = np.array([-1.645, -1.282, -0.674, 0.0, 0.674, 1.282, 1.645])
    ladder = np.maximum(level[:, None] + deviation[:, None] * normal, 0.0)
    date_of = np.tile(pd.date_range("2026-03-02", periods=days), 24)
    return pd.DataFrame(
        {
            "store_id": np.repeat(stores, days),
            "origin": date_of - np.timedelta64(1, "D"),
            "date": date_of,
            "horizon": 1,
            "mean": level,
            **dict(zip(QUANTILE_COLUMNS, ladder.T, strict=True)),
            "rule": level,
            "naive": level,
            "method": "model",
            "actual": pickups,
        }
    )


def judged(rows: pd.DataFrame) -> pd.DataFrame:
    stores = pd.DataFrame({"store_id": [f"S{i:02d}" for i in range(24)]})
    stores["district"] = [f"Z{i % 4}" for i in range(24)]
    return judged_rows(rows, rows[["store_id", "date"]], stores)


def test_a_clean_month_has_at_most_a_few_alerts() -> None:
    """Six clean months, each day judged as a run of that day would: on the three weeks before it."""
    random, alerts = np.random.default_rng(7), 0
    whole = judged(clean_rows(random, 6 * 30 + 21))
    first = whole["date"].min()
    for day in range(21, 6 * 30 + 21):
        window = whole[
            (whole["date"] >= first + timedelta(days=day - 20)) & (whole["date"] <= first + timedelta(days=day))
        ]
        alerts += len(drift_alerts(window))
    assert alerts / 6 <= 3


@pytest.mark.parametrize(("factor", "cause"), [(1.6, "bias"), (0.5, "bias")])
def test_a_moved_level_is_one_alert_of_the_chain(factor: float, cause: str) -> None:
    rows = clean_rows(np.random.default_rng(3), 24)
    late = rows["date"] > rows["date"].max() - pd.Timedelta(days=3)
    rows.loc[late, "actual"] = np.round(rows.loc[late, "actual"] * factor)
    found = drift_alerts(judged(rows))
    assert found[["scope", "cause"]].to_numpy().tolist() == [["chain", cause]]
    assert (found["value"].iloc[0] < found["lower"].iloc[0]) == (factor > 1)
    assert found["last_day"].iloc[0] == rows["date"].max()


def test_one_district_that_drifts_is_named() -> None:
    rows = clean_rows(np.random.default_rng(4), 24)
    late = rows["date"] > rows["date"].max() - pd.Timedelta(days=3)
    here = late & rows["store_id"].isin([f"S{i:02d}" for i in range(0, 24, 4)])
    rows.loc[here, "actual"] = 0.0
    # The chain as a whole moves too, by less than its own usual range lets pass.
    assert set(drift_alerts(judged(rows))["scope"]) <= {"chain", "Z0"}
    assert len(drift_alerts(judged(rows))) == 1
