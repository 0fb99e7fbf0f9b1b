"""The redemption hazard: censoring by hand, the true lag found again, and a moved base rate followed within days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.city.claims import LAGS, lag_days
from rouxing.forecast.calendar import day_table
from rouxing.forecast.cohorts import cohorts_of, window_tables
from rouxing.forecast.hazard import fit_hazard
from rouxing.forecast.history import day_number
from rouxing.forecast.redemptions import redemption_curve, weekly_redemptions

ORIGIN = date(2026, 5, 10)
FIRST = date(2026, 3, 2)
Days = npt.NDArray[np.int64]
ShareOf = Callable[[Days, Days], npt.NDArray[np.float64]]  # of claim day and store


def claims(*rows: tuple[str, str, str | None, bool, int], valid_days: int = 3) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["stock_id", "claim_date", "closed_date", "redeemed", "coupons"])
    return frame.assign(
        store_id="S1",
        valid_days=valid_days,
        claim_date=pd.to_datetime(frame["claim_date"]),
        closed_date=pd.to_datetime(frame["closed_date"]),
    )


TWO_COHORTS = claims(
    ("A", "2026-05-01", "2026-05-01", True, 40),
    ("A", "2026-05-01", "2026-05-02", True, 12),
    ("A", "2026-05-01", "2026-05-02", False, 8),
    ("A", "2026-05-01", "2026-05-04", False, 40),
    ("A", "2026-05-10", "2026-05-10", True, 60),
    ("A", "2026-05-10", None, False, 40),
)


def simulated(
    days: int, share: ShareOf, per_day: int = 200, stores: int = 1, valid_days: int = 21, seed: int = 1
) -> pd.DataFrame:
    """Claims by a given law: shares of redemption by claim day and store, the city's lags."""
    random = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), random.poisson(per_day, days))
    store = random.integers(0, stores, len(day))
    will = random.random(len(day)) < share(day, store)
    age = np.where(will, lag_days(random.random(len(day)), np.full(len(day), valid_days)), valid_days)
    claim = pd.Timestamp(FIRST) + pd.to_timedelta(day, unit="D")
    return pd.DataFrame(
        {
            "store_id": [f"S{number}" for number in store],
            "stock_id": "A",
            "claim_date": claim,
            "closed_date": claim + pd.to_timedelta(age, unit="D"),
            "redeemed": will,
            "coupons": 1,
            "valid_days": valid_days,
        }
    )


def shares(frame: pd.DataFrame, origin: date) -> npt.NDArray[np.float64]:
    return redemption_curve(frame, origin)["redeemed_share"].to_numpy()


def test_tables_count_only_ages_lived_through() -> None:
    first, end = day_number(date(2026, 5, 1)), day_number(ORIGIN)
    tables = window_tables(cohorts_of(TWO_COHORTS, np.zeros(6, dtype=np.int64)), first, end).until(end)
    # Age 0: 100 + 100 coupons. Age 1: the 60 left of the first cohort, 8 of them withdrawn on it; the second cohort has
    # not lived it yet. Age 2: 40.
    assert tables.open[0, [0, 9]].tolist() == [[100, 60, 40], [100, 0, 0]]
    assert tables.redeemed[0, [0, 9]].tolist() == [[40, 12, 0], [60, 0, 0]]
    assert tables.present[0, [0, 9]].tolist() == [[100, 100, 92], [100, 0, 0]]


def test_a_thin_stock_is_drawn_to_the_pool() -> None:
    """Both kinds of day and age have one factor, so only the draw of stocks is left to see."""
    thick = ("A", "2026-05-01", "2026-05-01", True, 4000), ("A", "2026-05-01", "2026-05-02", False, 6000)
    frame = claims(*thick, ("B", "2026-05-01", "2026-05-02", False, 50), valid_days=1)
    cohorts = cohorts_of(frame, np.zeros(3, dtype=np.int64))
    first, end = day_number(date(2026, 5, 1)), day_number(ORIGIN)
    hazard = fit_hazard(window_tables(cohorts, first, end).until(end), cohorts, day_table(None, first, end))
    pool = 4000 / 10_050
    day = hazard.by_day[7]  # Labour Day
    wanted = [(4000 + 50 * pool) / 10_050, 50 * pool / 100]
    assert hazard.by_age[:, 0] * day == pytest.approx(wanted, rel=0.01)


def test_the_true_lag_is_found_again() -> None:
    """R43: from claims that are still open in part, the curve that the claims were made by, within two points."""
    curve = shares(simulated(70, lambda day, store: np.full(len(day), 0.4), per_day=600), FIRST + timedelta(days=60))
    found = [curve[first : (last if last >= first else 20) + 1].sum() / 0.4 for first, last, _ in LAGS]
    assert found == pytest.approx([share for *_, share in LAGS], abs=0.02)


def test_a_moved_base_rate_shows_within_days() -> None:
    """The rate doubles on a day. A week later the curve is within 15 %; without levels it takes a month."""
    moves = 45
    frame = simulated(80, lambda day, store: np.where(day < moves, 0.3, 0.6), per_day=400)
    found = [shares(frame, FIRST + timedelta(days=moves + lived - 1)).sum() for lived in (7, 14)]
    assert found[0] == pytest.approx(0.6, rel=0.15)
    assert found[1] == pytest.approx(0.6, rel=0.07)
    assert life_table(frame, FIRST + timedelta(days=moves + 29)) < 0.85 * 0.6


def test_a_rate_that_moves_on_a_holiday_is_not_taken_for_the_holiday() -> None:
    moves = 60  # Labour Day, the first of five
    frame = simulated(80, lambda day, store: np.where(day < moves, 0.3, 0.6), per_day=400)
    assert shares(frame, FIRST + timedelta(days=moves + 6)).sum() == pytest.approx(0.6, rel=0.15)


def life_table(frame: pd.DataFrame, origin: date) -> float:
    """Share redeemed by the plain life table of the claims of 56 days: what stood here before there were levels."""
    end = day_number(origin)
    known = frame[frame["claim_date"] <= pd.Timestamp(origin)]
    tables = window_tables(cohorts_of(known, np.zeros(len(known), dtype=np.int64)), end - 55, end).until(end)
    hazard = tables.redeemed.sum(axis=(0, 1)) / tables.open.sum(axis=(0, 1))
    return float(1 - np.prod(1 - hazard))


def test_a_steady_rate_is_left_alone() -> None:
    frame = simulated(80, lambda day, store: np.full(len(day), 0.35), per_day=300)
    ends = [FIRST + timedelta(days=day) for day in range(60, 80, 4)]
    assert [shares(frame, end).sum() for end in ends] == pytest.approx([0.35] * len(ends), rel=0.06)


def test_stores_and_customers_are_told_apart() -> None:
    frame = simulated(70, lambda day, store: 0.2 + 0.2 * store, per_day=300, stores=3)
    frame = frame.assign(customer_class=frame["store_id"].map({"S0": "new", "S1": "redeemed", "S2": "redeemed"}))
    end = day_number(FIRST) + 69
    cohorts = cohorts_of(frame, frame["store_id"].str[1:].to_numpy(dtype=np.int64))
    days = day_table(None, end - 70, end + 7)
    ((_, fitted),) = weekly_redemptions(cohorts, days, range(end, end + 1), stores=3, horizon=7)
    level = fitted.by_customer[[0, 1, 1]] * fitted.by_store
    assert level / level[1] == pytest.approx([0.5, 1.0, 1.5], rel=0.08)


def test_redemption_follows_the_day_of_redemption() -> None:
    """Coupons of one law but half as many redeemed on Sundays: the factor of Sundays is half the others'."""
    random = np.random.default_rng(4)
    day = np.repeat(np.arange(70), 400)
    closed = np.full(len(day), -1)
    for age in range(5):
        sunday = (day + age) % 7 == 6  # FIRST is a Monday
        now = (closed < 0) & (random.random(len(day)) < np.where(sunday, 0.05, 0.1))
        closed[now] = age
    claim = pd.Timestamp(FIRST) + pd.to_timedelta(day, unit="D")
    frame = pd.DataFrame({"stock_id": "A", "claim_date": claim, "redeemed": closed >= 0, "coupons": 1, "valid_days": 5})
    frame["closed_date"] = claim + pd.to_timedelta(np.where(closed < 0, 5, closed), unit="D")
    cohorts = cohorts_of(frame, np.zeros(len(frame), dtype=np.int64))
    end = day_number(FIRST) + 69
    hazard = fit_hazard(window_tables(cohorts, end - 55, end).until(end), cohorts, day_table(None, end - 56, end + 6))
    assert hazard.by_day[6] / hazard.by_day[:5].mean() == pytest.approx(0.5, rel=0.1)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9), st.booleans(), st.integers(1, 50)), max_size=30))
def test_shares_are_shares_and_no_coupon_comes_twice(rows: list[tuple[int, int, bool, int]]) -> None:
    start = pd.Timestamp("2026-04-20")
    moments = [(start + pd.Timedelta(days=day), start + pd.Timedelta(days=day + age)) for day, age, _, _ in rows]
    parts = [("A", *moment, redeemed, count) for moment, (_, _, redeemed, count) in zip(moments, rows, strict=True)]
    frame = claims(*parts, valid_days=8)
    curve = shares(frame, ORIGIN)
    assert (curve >= 0).all()
    assert curve.sum() <= 1 + 1e-12
    end = day_number(ORIGIN)
    cohorts = cohorts_of(frame, np.zeros(len(frame), dtype=np.int64))
    still_open = sum(
        count
        for (claimed, closed), (*_, count) in zip(moments, rows, strict=True)
        if claimed <= pd.Timestamp(ORIGIN) < closed
    )
    days = day_table(None, end - 70, end + 14)
    for _, fitted in weekly_redemptions(cohorts, days, range(end, end + 1), stores=1, horizon=14):
        assert 0 <= fitted.to_come_of_open(end, 14, 1).sum() <= still_open + 1e-9
        assert (fitted.share_of_new(end, 14).sum(axis=2) <= 1 + 1e-12).all()


def test_open_coupons_bring_their_conditional_chance() -> None:
    """Oracle, coupon by coupon: share(b) / (1 - redeemed by a) at the coupon's own multiplier."""
    frame = simulated(80, lambda day, store: 0.3 + 0.1 * store, per_day=40, stores=2)
    end = day_number(FIRST) + 75
    store = frame["store_id"].str[1:].to_numpy(dtype=np.int64)
    known = day_number(FIRST) + (frame["claim_date"] - pd.Timestamp(FIRST)).dt.days.to_numpy() <= end
    cohorts = cohorts_of(frame[known], store[known])
    days = day_table(None, end - 90, end + 5)
    ((_, fitted),) = weekly_redemptions(cohorts, days, range(end, end + 1), stores=2, horizon=5)
    wanted, levels = np.zeros((2, 5)), fitted.levels(end)
    for row, shop in zip(frame[known].itertuples(), store[known], strict=True):
        claimed = day_number(row.claim_date.date())
        age = end - claimed
        if day_number(row.closed_date.date()) <= end:
            continue
        share = fitted.share[0, claimed - fitted.first]
        much = fitted.by_store[shop] * fitted.by_customer[0] * levels[claimed - end + 55]
        later = np.append(share, np.zeros(5))[age + 1 : age + 6]
        wanted[shop] += much * later / (1 - much * share[: age + 1].sum())
    assert fitted.to_come_of_open(end, 5, 2) == pytest.approx(wanted)
