"""SKU demand adds up, and sums over days have quantiles of their own."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rouxing.forecast.skus import SkuSplit
from rouxing.forecast.units import sku_cover, sku_demand, slot_arrivals, whole_units
from rouxing.model.quantiles import LEVELS, QUANTILE_COLUMNS

MONDAY = pd.Timestamp("2026-06-08")


def split_of(rates: dict[str, tuple[float, float, float]], **more: float) -> SkuSplit:
    """Split of store A: per SKU units per pickup, of these by exchange coupon, walk-in units per day."""
    frame = pd.DataFrame.from_dict(
        rates, orient="index", columns=["units_per_pickup", "exchange_units_per_pickup", "walk_in_units_per_day"]
    )
    frame = frame.rename_axis("sku_id").reset_index()
    frame = frame.assign(store_id="A", units_dispersion=1.0, rate_error=0.0).assign(**more)
    weekdays = pd.DataFrame({"sku_id": ["X", "X"], "weekday": [5, 6], "factor": 2.0})
    walk_ins = pd.DataFrame({"store_id": ["A"], "weekday": [6], "factor": [3.0]})
    return SkuSplit(frame, weekdays, walk_ins)


def days_of(*means: float, first: pd.Timestamp = MONDAY, deviation: float = 0.0) -> pd.DataFrame:
    mean = np.array(means)
    dates = pd.date_range(first, periods=len(means))
    spread = deviation * stats.norm.ppf(0.9)
    return pd.DataFrame({"store_id": "A", "date": dates, "mean": mean, "p10": mean - spread, "p90": mean + spread})


SPLIT = split_of({"X": (0.5, 0.0, 2.0), "Y": (0.3, 0.2, 1.0)})


def test_means_by_hand() -> None:
    demand = sku_demand(days_of(10.0), SPLIT)
    assert demand["sku_id"].tolist() == ["X", "Y"]
    assert demand["mean"].to_numpy() == pytest.approx([0.5 * 10 + 2, 0.3 * 10 + 1])


def test_a_weekday_moves_units_between_skus_and_keeps_their_sum() -> None:
    saturday = sku_demand(days_of(10.0, first=pd.Timestamp("2026-06-13")), SPLIT).set_index("sku_id")["mean"]
    # Without coupons X : Y = .5 : .1 of 0.6 units a pickup, X twice: 1.0 : .1; over the counter 2 : 1 becomes 4 : 1.
    assert saturday["X"] == pytest.approx(10 * 0.6 * 10 / 11 + 3 * 4 / 5)
    assert saturday.sum() == pytest.approx(10 * 0.8 + 3)
    sunday = sku_demand(days_of(10.0, first=pd.Timestamp("2026-06-14")), SPLIT)["mean"]
    assert sunday.sum() == pytest.approx(10 * 0.8 + 3 * 3)


def test_exchange_coupons_add_to_their_sku_and_leave_fewer_pickups_for_the_rest() -> None:
    told = pd.DataFrame({"store_id": "A", "sku_id": "Y", "date": [MONDAY], "units": [5.0]})
    demand = sku_demand(days_of(10.0, 10.0), SPLIT, told).set_index(["date", "sku_id"])["mean"]
    # One pickup in five was by coupon: the others take .5 / .8 of X and .1 / .8 of Y.
    assert demand[MONDAY, "X"] == pytest.approx(5 * 0.625 + 2)
    assert demand[MONDAY, "Y"] == pytest.approx(5 + 5 * 0.125 + 1)
    assert demand[MONDAY + pd.Timedelta(days=1), "X"] == pytest.approx(0.5 * 10 + 2)
    flood = sku_demand(days_of(10.0), SPLIT, told.assign(units=99.0)).set_index("sku_id")["mean"]
    assert flood.to_dict() == pytest.approx({"X": 2.0, "Y": 11.0})


def test_quantiles_are_those_of_the_gamma() -> None:
    demand = sku_demand(days_of(40.0, deviation=8.0), split_of({"X": (0.5, 0.0, 0.0)}, rate_error=0.1)).iloc[0]
    variance = 20.0 + 20.0**2 * ((8 / 40) ** 2 + 0.1**2)
    exact = stats.gamma.ppf(LEVELS, 20.0**2 / variance, scale=variance / 20.0)
    assert demand[list(QUANTILE_COLUMNS)].to_numpy(dtype=float) == pytest.approx(exact, rel=1e-3)


def test_cover_of_one_day_is_that_day_and_chance_cancels_out_over_several() -> None:
    days = days_of(10.0, 10.0, 10.0, 10.0, deviation=3.0)
    columns = ["mean", *QUANTILE_COLUMNS]
    one = sku_cover(days, SPLIT, MONDAY.date(), MONDAY.date())
    pd.testing.assert_frame_equal(one[columns], sku_demand(days.head(1), SPLIT)[columns])
    four = sku_cover(days, SPLIT, MONDAY.date(), date(2026, 6, 11)).set_index("sku_id")
    by_day = sku_demand(days, SPLIT).groupby("sku_id")[columns].sum()
    assert four["mean"].to_numpy() == pytest.approx(by_day["mean"].to_numpy())
    assert (four["p90"] < by_day["p90"]).all()
    assert (four["p10"] > by_day["p10"]).all()


def test_a_wrong_rate_is_wrong_on_every_day() -> None:
    sure, unsure = (split_of({"X": (5.0, 0.0, 0.0)}, rate_error=error) for error in (0.0, 0.5))
    days = days_of(*[20.0] * 7)
    spread = []
    for split in (sure, unsure):
        cover = sku_cover(days, split, MONDAY.date(), date(2026, 6, 14)).iloc[0]
        spread.append((cover["p90"] - cover["p10"]) / cover["mean"])
    assert spread[0] < 0.12
    assert spread[1] == pytest.approx(2.56 * 0.5, rel=0.1)


@settings(max_examples=25, deadline=None)
@given(
    pickups=st.lists(st.floats(0, 1e4), min_size=1, max_size=5),
    rates=st.lists(st.tuples(st.floats(0, 5), st.floats(0, 1), st.floats(0, 50)), min_size=1, max_size=4),
    coupons=st.floats(0, 1e4),
    first=st.integers(0, 6),
)
def test_skus_add_up_to_the_day_and_quantiles_never_cross(
    pickups: list[float], rates: list[tuple[float, float, float]], coupons: float, first: int
) -> None:
    # By coupon at most half a unit a pickup in all: a coupon is for one unit, so there cannot be more than pickups.
    named = {f"K{i}": (u, min(u, u * c, 0.5 / len(rates)), w) for i, (u, c, w) in enumerate(rates)}
    split = split_of(named)
    days = days_of(*pickups, first=MONDAY + pd.Timedelta(days=first))
    told = pd.DataFrame({"store_id": "A", "sku_id": "K0", "date": days["date"].iloc[:1], "units": coupons})
    for redemptions in (None, told.iloc[:0]):
        demand = sku_demand(days, split, redemptions)
        weekday = days["date"].dt.day_of_week.to_numpy()
        by_day = sum(w for _, _, w in named.values()) * np.where(weekday == 6, 3.0, 1.0)
        expected = days["mean"] * sum(u for u, _, _ in named.values()) + by_day
        assert demand.groupby("date")["mean"].sum().to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-9, abs=1e-9)
    quantiles = sku_demand(days, split, told)[list(QUANTILE_COLUMNS)].to_numpy()
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles, axis=1) >= -1e-9).all()


def test_stores_without_a_split_and_no_days_at_all() -> None:
    assert sku_demand(days_of(10.0).assign(store_id="ELSEWHERE"), SPLIT).empty
    assert sku_demand(days_of(), SPLIT).empty
    assert sku_cover(days_of(10.0), SPLIT, date(2020, 1, 1), date(2020, 1, 2)).empty


def test_whole_units() -> None:
    assert whole_units(np.array([0.0, 0.4, 0.6, 2.5, 2.51])).tolist() == [0, 0, 1, 2, 3]


def test_arrivals_of_a_day_fall_on_its_half_hours() -> None:
    profile = pd.DataFrame({"store_id": "A", "weekday": 0, "slot": [20, 21], "share": [0.25, 0.75]})
    slots = slot_arrivals(days_of(40.0), profile, "mean")
    assert slots["arrivals"].tolist() == [10.0, 30.0]
