"""What the quota decision is told of a day: today as it goes, half hours, overrides, scope, goods; and its memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rouxing.plan.day_cover import goods_cover
from rouxing.plan.day_loads import exchange_limits, store_day_loads
from rouxing.plan.day_quotas import left_share
from tests.redistribute.world import TODAY

DAY = pd.Timestamp(TODAY)
NEXT = DAY + pd.Timedelta(days=1)


def frames(**changes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """One store, two days of 100 and 80 pickups, two half hours a day with people for 12 and 30."""
    days = pd.DataFrame({"store_id": "S1", "date": [DAY, NEXT], "mean": [100.0, 80.0], "p90": [120.0, 95.0]})
    slots = pd.DataFrame({"store_id": "S1", "date": [DAY, DAY, NEXT, NEXT], "slot": [20, 24, 20, 24]})
    people = slots.rename(columns={"date": "business_date"}).assign(
        capacity_pickups=[12, 30, 12, 30], status=["open", "open", "open", "closed"]
    )
    nothing = pd.DataFrame({"store_id": pd.Series(dtype="str"), "slot": pd.Series(dtype="int64")})
    none = {name: pd.Series(dtype="float64") for name in ("mean", "dispersion", "shock")}
    overrides = pd.DataFrame({"store_id": ["S9"], "kind": ["closed"], "value": [1.0], "last_date": [DAY]})
    return {
        "store_days": pd.DataFrame(
            {"store_id": "S1", "business_date": [DAY, NEXT], "capacity_pickups": [130.0, 130.0], "binding": "counter"}
        ),
        "days": days.assign(dispersion=[0.02, np.nan]),
        "staff_slots": people,
        "slot_days": slots.assign(mean=[10.0, 20.0, 10.0, 20.0], dispersion=0.0),
        "today": nothing.assign(**none),
        "arrivals_today": nothing.assign(arrivals=pd.Series(dtype="int64")),
        "overrides": overrides,
        **changes,
    }


def loads(now_slot: int = 0, **changes: pd.DataFrame) -> pd.DataFrame:
    return store_day_loads(TODAY, frames(**changes), now_slot, "p90")


def test_before_the_day_the_forecast_and_the_fullest_open_half_hour_count() -> None:
    found = loads()
    assert found["forecast_mean"].tolist() == [100.0, 80.0]
    assert found["forecast_upper"].tolist() == [120.0, 95.0]
    assert found["dispersion"].tolist() == [0.02, 0.0]
    # 10 pickups at 10:00 may be 12: a fifth more of the day.
    assert found["slot_limit"].tolist() == pytest.approx([120.0, 96.0])
    assert found["slot_binding"].tolist() == ["slot 10:00", "slot 10:00"]


def test_half_hours_gone_by_limit_nothing() -> None:
    found = loads(now_slot=22)
    # 20 at noon may be 30; tomorrow's is without booking, so that only 10:00 counts.
    assert found["slot_limit"].tolist() == pytest.approx([150.0, 96.0])


def test_today_is_who_came_and_the_rest_as_updated() -> None:
    today = pd.DataFrame({"store_id": ["S1"], "slot": [24], "mean": [36.0], "dispersion": [0.05], "shock": [0.03]})
    came = pd.DataFrame({"store_id": ["S1"], "slot": [20], "arrivals": [70]})
    found = loads(now_slot=22, today=today, arrivals_today=came).iloc[0]
    assert (found["forecast_mean"], found["arrived_pickups"], found["rest_mean"]) == (106.0, 70.0, 36.0)
    variance = 36 + 0.02 * 36**2 + 0.03 * 36**2
    assert found["forecast_upper"] == pytest.approx(106 + 1.2815515655 * np.sqrt(variance))
    # The half hour of 36, one day in four 36 x (1 + 0.6745 sqrt(0.05)), takes 30.
    assert found["slot_limit"] == pytest.approx(106 + 36 * (30 / (36 * (1 + 0.6744898 * np.sqrt(0.05))) - 1))


def test_an_override_holds_from_its_first_day_on() -> None:
    rows = [("S1", "capacity_pickups", 90.0, NEXT, NEXT), ("S1", "capacity_pickups", 70.0, DAY, DAY)]
    overrides = pd.DataFrame(rows, columns=["store_id", "kind", "value", "first_date", "last_date"])
    assert loads(overrides=overrides)["capacity_pickups"].tolist() == [70.0, 90.0]


def test_an_override_holds_until_its_last_day() -> None:
    rows = [("S1", "capacity_pickups", 90.0, DAY), ("S9", "closed", 1.0, NEXT)]
    overrides = pd.DataFrame(rows, columns=["store_id", "kind", "value", "last_date"])
    found = loads(overrides=overrides)
    assert found["capacity_pickups"].tolist() == [90.0, 130.0]
    assert found["binding"].tolist() == ["override", "counter"]
    closed = loads(overrides=overrides.assign(kind="closed"))
    assert closed["capacity_pickups"].isna().tolist() == [True, False]


def test_exchange_goods_count_those_kept_and_those_open() -> None:
    kept = pd.DataFrame({"store_id": ["S1"], "sku_id": ["K8"], "business_date": [DAY]})
    expected = pd.DataFrame({"store_id": ["S1"], "sku_id": ["K8"], "date": [DAY], "units": [2.5]})
    cells = pd.DataFrame({"stock_id": ["B1", "B2"], "exchange_sku_id": ["K8", None]})
    carriers = pd.DataFrame({"stock_id": ["B1", "B2"], "store_id": ["S1", "S1"]})
    given = {"reservations": kept.assign(priority_units=4.0, open_units=5.0), "exchanges": expected}
    row = exchange_limits(cells, carriers, loads(), given).iloc[0]
    assert (row["forecast_units"], row["open_units"]) == (2.5, 9.0)
    # m + 1.2816 sqrt(m) = 9.
    assert row["mean_limit"] + 1.2815515655 * np.sqrt(row["mean_limit"]) == pytest.approx(9.0)


def test_cover_of_a_class_is_that_of_its_goods_by_demand() -> None:
    split = pd.DataFrame({"store_id": "S1", "sku_id": ["K1", "K2", "K8"], "units_per_pickup": [3.0, 1.0, 0.5]})
    told = pd.DataFrame({"store_id": "S1", "sku_id": ["K1", "K8"], "business_date": DAY, "cover_share": [0.6, 0.4]})
    given = {
        "coupon_stocks": pd.DataFrame(
            {"kind": ["NORMAL", "EXCHANGE"], "exchange_sku_id": [None, "K8"], "status": "SENDING"}
        ),
        "sku_split": split,
        "skus": pd.DataFrame({"sku_id": ["K1", "K2", "K8"], "storage_class": ["cold", "cold", "ambient"]}),
        "reservations": told,
    }
    cover = goods_cover(TODAY, given).set_index(["coupon_kind", "sku_class"])["cover"]
    # Nobody tells of K2: it is not scarce. 3 of 4 units have 0.6.
    assert cover["NORMAL", "cold"] == pytest.approx(0.7)
    assert cover["NORMAL", "ambient"] == pytest.approx(0.4)
    assert cover["EXCHANGE", "K8"] == pytest.approx(0.4)


def test_the_rest_of_a_day_is_as_claims_usually_come() -> None:
    usual = pd.DataFrame({"slot": [16, 24, 40], "claims": [50, 30, 20]})
    assert [left_share(usual, slot) for slot in (0, 24, 41)] == pytest.approx([1.0, 0.5, 0.0])
    assert left_share(usual.iloc[:0], 12) == 0.75
