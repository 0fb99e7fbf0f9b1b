"""SKU rates worked by hand, and what must not move them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from rouxing.forecast.skus import SkuSplit, day_kinds, sku_split

FIRST = pd.Timestamp("2026-02-25")  # 56 days to the origin; Qingming's Monday counts as a Sunday
ORIGIN = date(2026, 4, 21)
DATES = pd.date_range(FIRST, ORIGIN)
PICKUP, WALK_IN, EXCHANGE = "pickup", "walk_in", "exchange"


def demand_of(*stores: str, pickups: float = 10.0) -> pd.DataFrame:
    return pd.concat([pd.DataFrame({"store_id": store, "date": DATES, "pickups": pickups}) for store in stores])


def sold(store: str, sku: str, channel: str, units: object) -> pd.DataFrame:
    frame = pd.DataFrame({"store_id": store, "sku_id": sku, "channel": channel, "date": DATES, "units": units})
    return frame.assign(out_share=0.0)


def rates_of(split: SkuSplit) -> pd.DataFrame:
    return split.rates.set_index(["store_id", "sku_id"])


def test_steady_sales_by_hand() -> None:
    history = pd.concat([sold("A", "X", PICKUP, 4), sold("A", "X", WALK_IN, 3), sold("A", "Y", WALK_IN, 1)])
    rates = rates_of(sku_split(history, demand_of("A"), ORIGIN))
    assert rates["units_per_pickup"].to_dict() == pytest.approx({("A", "X"): 0.4, ("A", "Y"): 0.0})
    assert rates["walk_in_units_per_day"].to_dict() == pytest.approx({("A", "X"): 3.0, ("A", "Y"): 1.0})
    assert (rates["units_dispersion"] >= 1).all()
    assert rates["rate_error"].to_numpy() == pytest.approx(0.0)


def test_exchange_coupons_stand_apart_and_within_the_whole() -> None:
    history = pd.concat([sold("A", "X", PICKUP, 4), sold("A", "X", EXCHANGE, 2)])
    rates = rates_of(sku_split(history, demand_of("A"), ORIGIN)).loc[("A", "X")]
    assert rates["exchange_units_per_pickup"] == pytest.approx(0.2)
    # Eight pickups without a coupon take four units: half a unit each, on four in five pickups, and 0.2 by coupon.
    assert rates["units_per_pickup"] == pytest.approx(0.5 * 0.8 + 0.2)


def test_a_new_store_sells_like_its_district_and_without_one_like_the_chain() -> None:
    history = pd.concat([sold("A", "X", PICKUP, 30), sold("B", "X", PICKUP, 10), sold("B", "Y", PICKUP, 20)])
    history = pd.concat([history, sold("A", "Y", PICKUP, 0.0)])
    stores = pd.DataFrame({"store_id": ["A", "B", "NEW", "FAR"], "district_id": ["D1", "D2", "D1", None]})
    rates = rates_of(sku_split(history, demand_of("A", "B"), ORIGIN, stores))["units_per_pickup"]
    assert rates[("FAR", "X")] == pytest.approx(2.0)
    assert rates[("NEW", "X")] == pytest.approx(rates[("A", "X")], rel=0.02)
    assert rates[("A", "X")] == pytest.approx(3.0, rel=0.02)


def test_hours_in_which_a_sku_was_out_are_no_lack_of_demand() -> None:
    half = np.arange(len(DATES)) % 7 < 3  # out three days of every week
    often_out = sold("A", "X", WALK_IN, np.where(half, 2, 4)).assign(out_share=np.where(half, 0.5, 0.0))
    history = pd.concat([often_out, sold("A", "Y", WALK_IN, np.where(half, 6, 4))])
    seen = rates_of(sku_split(history, demand_of("A"), ORIGIN))["walk_in_units_per_day"]
    blind = rates_of(sku_split(history.assign(out_share=0.0), demand_of("A"), ORIGIN))["walk_in_units_per_day"]
    assert blind[("A", "X")] == pytest.approx(22 / 7, rel=0.06)
    assert seen[("A", "X")] == pytest.approx(4.0, rel=0.06)


def test_the_latest_weeks_rule_and_a_new_sku_is_judged_from_its_first_day() -> None:
    since = np.arange(len(DATES)) - len(DATES) + 14
    history = pd.concat(
        [
            sold("A", "RISING", PICKUP, np.where(since >= 0, 400, 200)),
            sold("A", "NEW", PICKUP, np.where(since >= 0, 300, 0))[since >= 0],
        ]
    )
    rates = rates_of(sku_split(history, demand_of("A", pickups=1000.0), ORIGIN))["units_per_pickup"]
    assert 0.38 < rates[("A", "RISING")] < 0.45
    assert rates[("A", "NEW")] == pytest.approx(0.3, rel=0.02)


def test_weekday_effects_are_found_and_average_out() -> None:
    weekend = DATES.day_of_week >= 5
    history = pd.concat(
        [sold("A", "MILK", PICKUP, np.where(weekend, 600, 300)), sold("A", "RICE", PICKUP, np.where(weekend, 400, 700))]
    )
    split = sku_split(history, demand_of("A", pickups=1000.0), ORIGIN)
    milk = split.weekdays[split.weekdays["sku_id"] == "MILK"].set_index("weekday")["factor"]
    assert milk[5] / milk[1] == pytest.approx(2.0, rel=0.15)
    assert split.weekdays.groupby("sku_id")["factor"].mean().to_numpy() == pytest.approx([1.0, 1.0], abs=0.03)


def test_walk_in_weekdays_are_those_of_the_store() -> None:
    weekend = DATES.day_of_week >= 5
    history = pd.concat([sold("A", "X", WALK_IN, np.where(weekend, 200, 100)), sold("B", "X", WALK_IN, 100)])
    week = sku_split(history, demand_of("A", "B"), ORIGIN).walk_ins.set_index(["store_id", "weekday"])["factor"]
    assert week["A", 5] / week["A", 2] == pytest.approx(2.0, rel=0.1)
    assert week["B", 5] / week["B", 2] == pytest.approx(1.0, rel=0.1)


def test_what_came_after_the_origin_and_the_order_of_rows_change_nothing() -> None:
    rng = np.random.default_rng(4)
    parts = [sold(s, k, c, rng.poisson(3, len(DATES))) for s in "AB" for k in "XYZ" for c in (PICKUP, WALK_IN)]
    history = pd.concat(parts, ignore_index=True)
    later = history.assign(date=history["date"] + pd.Timedelta(days=100), units=77)
    demand = demand_of("A", "B")
    plain = sku_split(history, demand, ORIGIN)
    more = pd.concat([history, later]).sample(frac=1.0, random_state=1)
    again = sku_split(more, pd.concat([demand, demand.assign(date=demand["date"] + pd.Timedelta(days=90))]), ORIGIN)
    for name in ("rates", "weekdays", "walk_ins"):
        pd.testing.assert_frame_equal(getattr(plain, name), getattr(again, name))


def test_no_sales_is_an_empty_split_and_one_day_is_an_answer() -> None:
    none = sold("A", "X", PICKUP, 1).iloc[:0]
    assert sku_split(none, demand_of("A"), ORIGIN).rates.empty
    split = sku_split(sold("A", "X", PICKUP, 4).tail(1), demand_of("A").tail(1), ORIGIN)
    assert split.rates["units_per_pickup"].to_numpy() == pytest.approx([0.4])
    assert np.isfinite(split.weekdays["factor"]).all()


def test_holidays_are_sundays_and_make_up_workdays_wednesdays() -> None:
    days = np.array(["2026-10-01", "2026-10-10", "2026-10-12"], dtype="datetime64[D]").astype(np.int64)
    assert day_kinds(days).tolist() == [6, 2, 0]
